/*
 * Signing in and out. Applicants come by an identity provider: /sign-in/applicant sends the browser there with a state that a
 * cookie binds to it, /sign-in/callback takes the one-time code back. In the sample city the provider is /sample-idp.
 */
#include "account/account_pages.h"

#include <string.h>

#include "app/app.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/codes.h"
#include "templates_account.h"

static const struct {
  unsigned stored, web;
} role_pairs[] = {{ACCOUNT_CLERK, ROLE_CLERK},           {ACCOUNT_OFFICER, ROLE_OFFICER}, {ACCOUNT_ISSUER, ROLE_ISSUER},
                  {ACCOUNT_SUPERVISOR, ROLE_SUPERVISOR}, {ACCOUNT_ADMIN, ROLE_ADMIN},     {ACCOUNT_APPLICANT, ROLE_APPLICANT},
                  {ACCOUNT_RECORDS, ROLE_RECORDS},       {ACCOUNT_EDITOR, ROLE_EDITOR},   {ACCOUNT_LEGAL, ROLE_LEGAL}};

int account_authenticate(void *context, struct request *rq, struct span token, struct principal *ret, struct error *error)
{
  struct account_row row;
  bool found = false;
  (void)context;
  if (rq->db && account_of_session(rq->db, rq->arena, token, rq->now, &row, &found, error))
    return -1;
  if (!found)
    return 0;
  unsigned roles = 0;
  for (size_t i = 0; i < sizeof role_pairs / sizeof *role_pairs; i++)
    roles |= row.roles & role_pairs[i].stored ? role_pairs[i].web : 0;
  *ret = (struct principal){.id = row.actor, .name = row.name, .roles = roles, .agency = row.agency};
  return 0;
}

static struct account_at at_of(struct request *rq)
{
  return (struct account_at){.engine = rq->engine, .db = rq->db, .arena = rq->arena, .channel = web_channel(rq), .now = rq->now};
}

/* ---- staff ---- */

/* As typed: a password may begin or end with a space. */
static struct span raw_field(const struct request *rq, const char *name)
{
  for (size_t i = 0; i < rq->fields_n; i++)
    if (span_is(rq->fields[i].name, name))
      return rq->fields[i].value;
  return SPAN("");
}

static int sign_in_page(struct request *rq, struct error *error)
{
  (void)error;
  return web_page(rq, 200, account_sign_in(rq, rq_str(rq, "return")));
}

static int wait_seconds(struct request *rq, const char *login)
{
  struct throttle *t = rq->app->throttle;
  int address = throttle_take(t, span_of(arena_printf(rq->arena, "sign-in:%s", rq->address)), 100, 10 * MINUTE_MS, rq->now);
  int account = throttle_take(t, span_of(login), ACCOUNT_FAILURES_MAX, ACCOUNT_LOCK, rq->now);
  return address > account ? address : account;
}

static int sign_in(struct request *rq, struct error *error)
{
  const char *login = arena_printf(rq->arena, "login:%s", rq_str(rq, "login")), *back = rq_str(rq, "return");
  struct account_at at = at_of(rq);
  struct signed_in in;
  struct error why = {0};
  if (rq->errors_n)
    return web_page(rq, 400, account_sign_in(rq, back));
  int wait = wait_seconds(rq, login);
  if (wait) {
    web_retry_after(rq, wait);
    web_field_error(rq, "login", tr(rq, "There were too many attempts: try again in 15 minutes"));
    return web_page(rq, 429, account_sign_in(rq, back));
  }
  if (accounts_sign_in(rq->app->accounts, &at, rq_span(rq, "login"), raw_field(rq, "password"), &in, &why)) {
    if (why.code != ERROR_SIGN_IN && why.code != ERROR_TOO_MANY) {
      *error = why;
      return -1;
    }
    web_field_error(rq, "login", arena_str(rq->arena, say(rq, why.zh, why.en)));
    return web_page(rq, (unsigned)error_http(why.code), account_sign_in(rq, back));
  }
  throttle_forget(rq->app->throttle, span_of(login));
  web_session_start(rq, in.token);
  return web_redirect(rq, 303, web_local_path(back));
}

int account_leave(struct request *rq, struct error *error)
{
  struct account_at at = at_of(rq);
  if (rq->who && account_sign_out(&at, rq->who->id, web_session_token(rq), error))
    return -1;
  web_session_end(rq);
  return 0;
}

static int sign_out(struct request *rq, struct error *error)
{
  return account_leave(rq, error) ? -1 : web_redirect(rq, 303, rq->kiosk ? KIOSK_HOME : "/");
}

/* ---- applicants ---- */

#define STATE_TEXT 33
#define STATE_COOKIE "identity"

static int no_provider(struct error *error)
{
  return error_set(error, ERROR_NOT_FOUND, "page-not-found", "没有这个页面", "There is no such page");
}

static int start_applicant(struct request *rq, struct error *error)
{
  unsigned char random[16];
  char state[STATE_TEXT];
  if (!rq->app->sample)
    return no_provider(error);
  const char *back = web_local_path(rq_str(rq, "return"));
  size_t n = strlen(back) <= 500 ? strlen(back) : 0;
  char *hex = arena_alloc(rq->arena, 2 * n + 1);
  hex_encode(back, n, hex);
  random_bytes(random, sizeof random);
  hex_encode(random, sizeof random, state);
  web_cookie(rq, STATE_COOKIE, arena_printf(rq->arena, "%s.%s", state, hex), 600);
  return web_redirect(rq, 302, arena_printf(rq->arena, "/sample-idp?state=%s", state));
}

static int callback(struct request *rq, struct error *error)
{
  struct span rest = rq_cookie(rq, STATE_COOKIE), state = {"", 0};
  struct sample_person person;
  struct signed_in in;
  struct account_at at = at_of(rq);
  if (!rq->app->sample)
    return no_provider(error);
  (void)span_cut(&rest, '.', &state);
  struct digest kept = sha256(state), sent = sha256(rq_span(rq, "state"));
  if (state.n != STATE_TEXT - 1 || !digest_eq(&kept, &sent) ||
      !idp_take(rq->app->accounts, rq->arena, rq_span(rq, "code"), rq->now, &person))
    return error_set(error, ERROR_FORBIDDEN, "stale-sign-in", "这次登录已过期，或不是从这个浏览器发起的，请重新登录",
                     "This sign-in is out of date or was not begun in this browser: please sign in again");
  if (accounts_sign_in_person(rq->app->accounts, &at, span_of(person.name), span_of(person.identity), &in, error))
    return -1;
  char *back = arena_alloc(rq->arena, rest.n / 2 + 1);
  web_cookie(rq, STATE_COOKIE, "", -1);
  web_session_start(rq, in.token);
  return web_redirect(rq, 302, hex_decode(rest, back, rest.n / 2) ? web_local_path(back) : "/");
}

static bool state_fits(struct span state)
{
  unsigned char bytes[16];
  return hex_decode(state, bytes, sizeof bytes);
}

static int idp_page(struct request *rq, struct error *error)
{
  if (!rq->app->sample)
    return no_provider(error);
  if (!state_fits(rq_span(rq, "state")))
    return web_redirect(rq, 302, "/sign-in/applicant");
  return web_page(rq, 200, account_sample_idp(rq, rq_str(rq, "state")));
}

static void check_person(struct request *rq, struct sample_person *person)
{
  size_t n = 0, i = (size_t)rq_int(rq, "person");
  while (sample_persons[n].name)
    n++;
  if (rq_has(rq, "person") && i < n) {
    *person = sample_persons[i];
    return;
  }
  *person = (struct sample_person){rq_str(rq, "name"), rq_str(rq, "identity")};
  size_t last = strlen(person->identity);
  if (last && person->identity[last - 1] == 'x')
    person->identity = arena_printf(rq->arena, "%.*sX", (int)last - 1, person->identity);
  if (!*person->name)
    web_field_error(rq, "name", tr(rq, "Enter the name"));
  if (!citizen_id_valid(span_of(person->identity), day_of(rq->now)))
    web_field_error(rq, "identity", tr(rq, "The identity number is not valid: check its 18 characters"));
}

static int idp_submit(struct request *rq, struct error *error)
{
  struct sample_person person;
  char code[IDP_CODE_TEXT];
  if (!rq->app->sample)
    return no_provider(error);
  if (!state_fits(rq_span(rq, "state")))
    return web_redirect(rq, 303, "/sign-in/applicant");
  if (throttle_take(rq->app->throttle, span_of(arena_printf(rq->arena, "idp:%s", rq->address)), 100, 10 * MINUTE_MS, rq->now))
    return error_set(error, ERROR_TOO_MANY, "too-many", "登录过于频繁，请稍后再试", "Too many sign-ins: please try again shortly");
  check_person(rq, &person);
  if (rq->errors_n)
    return web_page(rq, 400, account_sample_idp(rq, rq_str(rq, "state")));
  if (idp_give(rq->app->accounts, span_of(person.name), span_of(person.identity), rq->now, code, error))
    return -1;
  return web_redirect(rq, 303, arena_printf(rq->arena, "/sign-in/callback?code=%s&state=%s", code, rq_str(rq, "state")));
}

/* ---- my account ---- */

static const char *roles_words(struct request *rq, unsigned roles)
{
  static const struct {
    unsigned bit;
    const char *zh, *en;
  } words[] = {
#define X(name, bit, word, zh, en) {(bit), (zh), (en)},
      ACCOUNT_ROLES(X)
#undef X
  };
  const char *list = "";
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (roles & words[i].bit)
      list = arena_printf(rq->arena, "%s%s%s", list, *list ? say(rq, "、", ", ") : "", say(rq, words[i].zh, words[i].en));
  return list;
}

static const char *agency_words(struct request *rq, const char *id)
{
  const struct catalog *catalog = rq->app->catalog;
  if (strcmp(id, ACCOUNT_CENTRE) == 0)
    return tr(rq, "Service centre");
  for (size_t i = 0; catalog && i < catalog->agency_count; i++)
    if (strcmp(catalog->agencies[i].id, id) == 0)
      return say(rq, catalog->agencies[i].name.zh, catalog->agencies[i].name.en);
  return id;
}

static int account_page_for(struct request *rq, unsigned status, struct error *error)
{
  struct account_view view = {0};
  struct session_row *sessions;
  int64_t id;
  if (!account_id_of(rq->who->id, &id))
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这个账号", "There is no such account");
  if (account_read(rq->db, rq->arena, id, &view.row, error) ||
      account_sessions(rq->db, rq->arena, id, web_session_token(rq), rq->now, &sessions, &view.sessions_n, error))
    return -1;
  view.sessions = sessions;
  view.password_changed = !rq->errors_n && span_is(rq_span(rq, "done"), "password");
  view.others_ended = !rq->errors_n && span_is(rq_span(rq, "done"), "others");
  view.roles = roles_words(rq, view.row.roles);
  view.agency = agency_words(rq, view.row.agency);
  return web_page(rq, status, account_page(rq, &view));
}

static int show_account(struct request *rq, struct error *error)
{
  return account_page_for(rq, 200, error);
}

static int end_others(struct request *rq, struct error *error)
{
  struct account_at at = at_of(rq);
  if (account_end_others(&at, rq->who->id, web_session_token(rq), error))
    return -1;
  return web_redirect(rq, 303, "/account?done=others");
}

static int change_password(struct request *rq, struct error *error)
{
  struct account_at at = at_of(rq);
  struct error why = {0};
  if (!rq->errors_n && !span_eq(raw_field(rq, "wanted"), raw_field(rq, "again")))
    web_field_error(rq, "again", tr(rq, "The two new passwords are not the same"));
  if (rq->errors_n)
    return account_page_for(rq, 400, error);
  if (accounts_change_password(rq->app->accounts, &at, rq->who->id, web_session_token(rq), raw_field(rq, "now"),
                               raw_field(rq, "wanted"), &why) == 0)
    return web_redirect(rq, 303, "/account?done=password");
  bool weak = strcmp(why.name, "weak-password") == 0;
  if (!weak && strcmp(why.name, "wrong-password") != 0 && why.code != ERROR_TOO_MANY) {
    *error = why;
    return -1;
  }
  web_field_error(rq, weak ? "wanted" : "now", arena_str(rq->arena, say(rq, why.zh, why.en)));
  return account_page_for(rq, (unsigned)error_http(why.code), error);
}

static const struct parameter password_form[] = {
    {"now", IN_FORM, TYPE_TEXT, true, .max = PASSWORD_MAX, .zh = "现用密码", .en = "password in use"},
    {"wanted", IN_FORM, TYPE_TEXT, true, .max = PASSWORD_MAX, .zh = "新密码", .en = "new password"},
    {"again", IN_FORM, TYPE_TEXT, true, .max = PASSWORD_MAX, .zh = "再次输入的新密码", .en = "new password once more"},
    {0}};
static const struct parameter sign_in_form[] = {
    {"login", IN_FORM, TYPE_TEXT, true, .max = 64, .zh = "登录名", .en = "login name"},
    {"password", IN_FORM, TYPE_TEXT, true, .max = PASSWORD_MAX, .zh = "密码", .en = "password"},
    {"return", IN_FORM, TYPE_TEXT, false, .max = 4096, .zh = "返回页面", .en = "page to go back to"},
    {0}};
static const struct parameter idp_form[] = {
    {"state", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "状态", .en = "state"},
    {"person", IN_FORM, TYPE_INT, false, .max = 99, .zh = "样例人物", .en = "sample person"},
    {"name", IN_FORM, TYPE_TEXT, false, .max = 50, .zh = "姓名", .en = "name"},
    {"identity", IN_FORM, TYPE_TEXT, false, .max = 18, .zh = "公民身份号码", .en = "identity number"},
    {0}};

const struct route account_routes[] = {
    {METHOD_GET, "/sign-in", ROLE_PUBLIC, sign_in_page},
    {METHOD_POST, "/sign-in", ROLE_PUBLIC, sign_in, ROUTE_SHOWS_ERRORS, sign_in_form},
    {METHOD_POST, "/sign-out", ROLE_PUBLIC, sign_out},
    {METHOD_GET, "/sign-in/applicant", ROLE_PUBLIC, start_applicant},
    {METHOD_GET, "/sign-in/callback", ROLE_PUBLIC, callback, ROUTE_WORKER},
    {METHOD_GET, "/sample-idp", ROLE_PUBLIC, idp_page},
    {METHOD_POST, "/sample-idp", ROLE_PUBLIC, idp_submit, ROUTE_SHOWS_ERRORS, idp_form},
    {METHOD_GET, "/account", ROLE_ANYONE_SIGNED_IN, show_account},
    {METHOD_POST, "/account/end-others", ROLE_ANYONE_SIGNED_IN, end_others},
    {METHOD_POST, "/account/password", ROLE_STAFF, change_password, ROUTE_SHOWS_ERRORS, password_form},
    {0}};
