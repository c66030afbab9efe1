/*
 * Accounts: the rules and rows on both stores, then the pages through the real server with a real client.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <curl/curl.h>
#include <pthread.h>

#include "account/account.h"
#include "account/account_pages.h"
#include "app/app.h"
#include "base/json.h"
#include "base/text.h"
#include "both_stores.h"
#include "catalog/catalog.h"

/* Tuesday 24 November 2026, 09:00 in China. */
#define NINE INT64_C(1795482000000)
static const char good[] = "plum rain over the tide gate";

struct town {
  struct fresh_store fresh;
  struct store *store;
  struct db *writer, *db;
  struct engine *engine;
  struct accounts *accounts;
  struct arena arena;
  struct error error;
  char key_dir[600];
  moment now;
};

static moment clock_of(void *context)
{
  return ((struct town *)context)->now;
}

#define GOOD(t, call)                                                                                                              \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s: %s (%s)", #call, (t)->error.en, (t)->error.name);                                                              \
  } while (0)

static void town_open(struct town *t, const struct fresh_store *fresh)
{
  static const struct migration *const sets[] = {engine_migrations, account_migrations, NULL};
  static const struct kind *const kinds[] = {&account_kind, NULL};
  memset(t, 0, sizeof *t);
  t->fresh = *fresh;
  t->now = NINE;
  (void)snprintf(t->key_dir, sizeof t->key_dir, "%s/keys", fresh->directory);
  GOOD(t, store_open(fresh->url, &t->store, &t->error));
  GOOD(t, store_connect(t->store, DB_WRITE, &t->writer, &t->error));
  GOOD(t, store_migrate(t->writer, sets, &t->error));
  db_close(t->writer);
  struct engine_options options = {
      .kinds = kinds, .key_dir = t->key_dir, .origin = "test/log", .seal_ms = 20, .clock = clock_of, .context = t};
  GOOD(t, engine_open(t->store, &options, &t->engine, &t->error));
  GOOD(t, store_connect(t->store, DB_READ, &t->db, &t->error));
  GOOD(t, accounts_open(t->key_dir, 2, &t->accounts, &t->error));
}

static void town_close(struct town *t)
{
  db_close(t->db);
  engine_close(t->engine);
  accounts_close(t->accounts);
  store_close(t->store);
  arena_release(&t->arena);
}

static struct account_at at(struct town *t)
{
  return (struct account_at){.engine = t->engine, .db = t->db, .arena = &t->arena, .channel = "web", .now = t->now};
}

static const struct actor the_system = {"system", "system", "", "system"};
static const struct actor admin = {"staff:root", "admin", "centre", "web"};

/* "" when done, else the error's name. Takes over data. */
static const char *tell(struct town *t, const char *login, struct actor actor, const char *type, json_t *data)
{
  struct command c = {.kind = &account_kind,
                      .id = account_staff_id(login),
                      .expect = -1,
                      .type = type,
                      .key = "",
                      .actor = actor,
                      .at = t->now,
                      .data = data};
  t->error = (struct error){0};
  int bad = engine_do(t->engine, &c, NULL, &t->error);
  json_decref(data);
  return bad ? t->error.name : "";
}

static json_t *staff(const char *login, const char *role, const char *agency)
{
  return json_pack("{s:s, s:s, s:[s], s:s}", "login", login, "name", "陈静", "roles", role, "agency", agency);
}

static json_t *stored(struct town *t, const char *password)
{
  return json_pack("{s:s}", "password", accounts_hash(t->accounts, &t->arena, span_of(password)));
}

static void hire(struct town *t, const char *login, const char *role, const char *agency)
{
  assert_string_equal(tell(t, login, the_system, "create", staff(login, role, agency)), "");
  assert_string_equal(tell(t, login, the_system, "set-password", stored(t, good)), "");
}

static const char *sign_in(struct town *t, const char *login, const char *password, struct signed_in *ret)
{
  struct account_at a = at(t);
  t->error = (struct error){0};
  return accounts_sign_in(t->accounts, &a, span_of(login), span_of(password), ret, &t->error) ? t->error.name : "";
}

static const char *sign_in_person(struct town *t, const char *name, const char *identity, struct signed_in *ret)
{
  struct account_at a = at(t);
  t->error = (struct error){0};
  return accounts_sign_in_person(t->accounts, &a, span_of(name), span_of(identity), ret, &t->error) ? t->error.name : "";
}

static bool holds(struct town *t, const struct signed_in *in)
{
  struct account_row row;
  bool found;
  GOOD(t, account_of_session(t->db, &t->arena, span_of(in->token), t->now, &row, &found, &t->error));
  return found && strcmp(row.actor, in->actor) == 0;
}

/* ---- rules ---- */

static void on_five_failures(const struct fresh_store *fresh)
{
  struct town t;
  struct signed_in in;
  town_open(&t, fresh);
  hire(&t, "chen", "clerk", "centre");
  for (int i = 0; i < 4; i++) {
    assert_string_equal(sign_in(&t, "chen", "not the password", &in), "wrong-credentials");
    t.now += MINUTE_MS;
  }
  assert_string_equal(sign_in(&t, "CHEN ", good, &in), ""); /* a success begins the count afresh */
  for (int i = 0; i < 5; i++) {
    assert_string_equal(sign_in(&t, "chen", "not the password", &in), "wrong-credentials");
    t.now += MINUTE_MS;
  }
  assert_string_equal(sign_in(&t, "chen", good, &in), "account-locked");
  assert_string_equal(sign_in(&t, "chen", "not the password", &in), "account-locked");
  t.now += 14 * MINUTE_MS; /* trying on has not made it longer */
  assert_string_equal(sign_in(&t, "chen", good, &in), "");
  assert_true(holds(&t, &in));
  town_close(&t);
}

static void five_failures_lock_an_account_for_a_quarter_of_an_hour(void **state)
{
  (void)state;
  for_each_fresh_store(on_five_failures);
}

static void on_slow_failures(const struct fresh_store *fresh)
{
  struct town t;
  struct signed_in in;
  town_open(&t, fresh);
  hire(&t, "chen", "clerk", "centre");
  for (int i = 0; i < 8; i++) {
    assert_string_equal(sign_in(&t, "chen", "not the password", &in), "wrong-credentials");
    t.now += 4 * MINUTE_MS;
  }
  assert_string_equal(sign_in(&t, "chen", good, &in), "");
  assert_string_equal(sign_in(&t, "nobody", good, &in), "wrong-credentials");
  assert_string_equal(sign_in(&t, "no body!", good, &in), "wrong-credentials");
  town_close(&t);
}

static void failures_far_apart_lock_nobody_out(void **state)
{
  (void)state;
  for_each_fresh_store(on_slow_failures);
}

static void on_roles(const struct fresh_store *fresh)
{
  struct town t;
  const struct actor self = {"staff:chen", "admin", "centre", "web"}, clerk = {"staff:wang", "clerk", "centre", "web"};
  town_open(&t, fresh);
  assert_string_equal(tell(&t, "chen", clerk, "create", staff("chen", "clerk", "centre")), "not-administrator");
  assert_string_equal(tell(&t, "chen", admin, "create", staff("chen", "applicant", "centre")), "bad-role");
  assert_string_equal(tell(&t, "chen", admin, "create", staff("chen", "mayor", "centre")), "bad-role");
  assert_string_equal(tell(&t, "chen", admin, "create", staff("chen", "officer", "centre")), "officer-needs-agency");
  assert_string_equal(tell(&t, "chen", admin, "create", staff("chen", "clerk", "fire-rescue")), "window-staff-of-centre");
  assert_string_equal(tell(&t, "chen", admin, "create", staff("chen", "clerk", "Not An Id")), "bad-agency");
  assert_string_equal(tell(&t, "chen", admin, "create", staff("Chen", "clerk", "centre")), "bad-login");
  assert_string_equal(tell(&t, "chen", admin, "create", staff("wang", "clerk", "centre")), "bad-login");
  assert_string_equal(tell(&t, "chen", admin, "disable", NULL), "not-found");
  assert_string_equal(tell(&t, "chen", admin, "create", staff("chen", "admin", "centre")), "");
  assert_string_equal(tell(&t, "chen", admin, "create", staff("chen", "admin", "centre")), "exists");
  json_t *more = json_pack("{s:[s,s], s:s}", "roles", "admin", "supervisor", "agency", "");
  assert_string_equal(tell(&t, "chen", self, "set-roles", json_incref(more)), "own-account");
  assert_string_equal(tell(&t, "chen", self, "disable", NULL), "own-account");
  assert_string_equal(tell(&t, "chen", clerk, "set-roles", json_incref(more)), "not-administrator");
  assert_string_equal(tell(&t, "chen", admin, "set-roles", json_incref(more)), "");
  assert_string_equal(tell(&t, "chen", admin, "nonsense", NULL), "bad-command");
  assert_string_equal(tell(&t, "chen", clerk, "set-password", stored(&t, good)), "not-administrator");
  json_decref(more);
  struct account_row row;
  GOOD(&t, account_read(t.db, &t.arena, account_staff_id("chen"), &row, &t.error));
  assert_int_equal(row.roles, ACCOUNT_ADMIN | ACCOUNT_SUPERVISOR);
  assert_string_equal(row.agency, "centre");
  town_close(&t);
}

static void roles_and_agencies_follow_the_rules_and_nobody_changes_his_own(void **state)
{
  (void)state;
  for_each_fresh_store(on_roles);
}

static void on_disable(const struct fresh_store *fresh)
{
  struct town t;
  struct signed_in in, later;
  town_open(&t, fresh);
  hire(&t, "chen", "clerk", "centre");
  assert_string_equal(sign_in(&t, "chen", good, &in), "");
  assert_true(holds(&t, &in));
  assert_string_equal(tell(&t, "chen", admin, "disable", NULL), "");
  assert_false(holds(&t, &in));
  assert_string_equal(sign_in(&t, "chen", good, &later), "wrong-credentials");
  assert_string_equal(tell(&t, "chen", admin, "enable", NULL), "");
  assert_false(holds(&t, &in));
  assert_string_equal(sign_in(&t, "chen", good, &later), "");
  assert_true(holds(&t, &later));
  town_close(&t);
}

static void disabling_ends_the_sessions_for_good(void **state)
{
  (void)state;
  for_each_fresh_store(on_disable);
}

/* ---- sessions ---- */

static void on_sessions(const struct fresh_store *fresh)
{
  struct town t;
  struct signed_in work, person, other, third, unknown = {.token = "", .actor = "staff:chen"};
  struct session_row *list;
  size_t n;
  town_open(&t, fresh);
  hire(&t, "chen", "clerk", "centre");
  assert_string_equal(sign_in(&t, "chen", good, &work), "");
  assert_string_equal(sign_in_person(&t, sample_persons[0].name, sample_persons[0].identity, &person), "");
  assert_false(holds(&t, &unknown));
  memset(unknown.token, 'a', sizeof unknown.token - 1);
  assert_false(holds(&t, &unknown));
  t.now = NINE + 12 * HOUR_MS - 1;
  assert_true(holds(&t, &work));
  t.now++;
  assert_false(holds(&t, &work));
  t.now = NINE + 24 * HOUR_MS - 1;
  assert_true(holds(&t, &person));
  t.now++;
  assert_false(holds(&t, &person));

  assert_string_equal(sign_in(&t, "chen", good, &work), "");
  assert_string_equal(sign_in(&t, "chen", good, &other), "");
  assert_string_equal(sign_in(&t, "chen", good, &third), "");
  struct account_at a = at(&t);
  GOOD(&t, account_sessions(t.db, &t.arena, account_staff_id("chen"), span_of(work.token), t.now, &list, &n, &t.error));
  assert_int_equal(n, 3);
  assert_true(list[0].this_one && !list[1].this_one && !list[2].this_one);
  GOOD(&t, account_sign_out(&a, "staff:chen", span_of(third.token), &t.error));
  assert_false(holds(&t, &third));
  assert_true(holds(&t, &other));
  GOOD(&t, account_end_others(&a, "staff:chen", span_of(work.token), &t.error));
  assert_true(holds(&t, &work));
  assert_false(holds(&t, &other));

  assert_string_equal(sign_in(&t, "chen", good, &other), "");
  a = at(&t);
  static const char wanted[] = "another set of words";
  assert_int_equal(accounts_change_password(t.accounts, &a, "staff:chen", span_of(work.token), SPAN("wrong wrong wrong"),
                                            span_of(wanted), &t.error),
                   -1);
  assert_string_equal(t.error.name, "wrong-password");
  GOOD(&t, accounts_change_password(t.accounts, &a, "staff:chen", span_of(work.token), span_of(good), span_of(wanted), &t.error));
  assert_true(holds(&t, &work));
  assert_false(holds(&t, &other));
  assert_string_equal(sign_in(&t, "chen", good, &other), "wrong-credentials");
  assert_string_equal(sign_in(&t, "chen", wanted, &other), "");
  town_close(&t);
}

static void a_session_lives_twelve_hours_for_staff_and_a_day_for_applicants(void **state)
{
  (void)state;
  for_each_fresh_store(on_sessions);
}

static void weak_passwords_are_refused(void **state)
{
  struct error error;
  char words[3 * (PASSWORD_MAX + 1) + 1] = "";
  (void)state;
  static const char *const weak[] = {"",
                                     "short",
                                     "123456789",
                                     "1234567890",
                                     "Password123",
                                     "aaaaaaaaaaaa",
                                     "tab\there ok",
                                     "long.login.name",
                                     "九个汉字还不够长啊",
                                     NULL};
  for (size_t i = 0; weak[i]; i++)
    assert_int_equal(password_check("Long.Login.Name", span_of(weak[i]), &error), -1);
  for (int i = 0; i <= PASSWORD_MAX; i++)
    memcpy(words + 3 * i, i % 2 ? "天" : "地", 3);
  assert_int_equal(password_check("chen", span_of(words), &error), -1);
  words[3 * (size_t)PASSWORD_MAX] = '\0';
  assert_int_equal(password_check("chen", span_of(words), &error), 0);
  assert_int_equal(password_check("chen", SPAN("十个汉字刚好可以通过了"), &error), 0);
  assert_int_equal(password_check("chen", span_of(good), &error), 0);
}

/* ---- applicants ---- */

struct visit {
  struct town *town;
  struct signed_in in;
  char actor[64], name[32];
};

static void *first_visit(void *argument)
{
  struct visit *v = argument;
  struct arena arena = {0};
  struct db *db;
  struct error error = {0};
  (void)snprintf(v->name, sizeof v->name, "%s", "unreachable");
  if (store_connect(v->town->store, DB_READ, &db, &error) == 0) {
    struct account_at a = {.engine = v->town->engine, .db = db, .arena = &arena, .channel = "web", .now = v->town->now};
    (void)accounts_sign_in_person(v->town->accounts, &a, span_of(sample_persons[2].name), span_of(sample_persons[2].identity),
                                  &v->in, &error);
    (void)snprintf(v->name, sizeof v->name, "%s", error.name ? error.name : "");
    (void)snprintf(v->actor, sizeof v->actor, "%s", v->in.actor ? v->in.actor : "");
    db_close(db);
  }
  arena_release(&arena);
  return NULL;
}

static void on_two_visits(const struct fresh_store *fresh)
{
  struct town t;
  struct visit visits[6] = {0};
  pthread_t threads[6];
  town_open(&t, fresh);
  for (size_t i = 0; i < 6; i++) {
    visits[i].town = &t;
    assert_int_equal(pthread_create(&threads[i], NULL, first_visit, &visits[i]), 0);
  }
  for (size_t i = 0; i < 6; i++)
    (void)pthread_join(threads[i], NULL);
  for (size_t i = 0; i < 6; i++) {
    assert_string_equal(visits[i].name, "");
    assert_string_equal(visits[i].actor, visits[0].actor);
  }
  static const struct sql count = {"SELECT count(*) FROM accounts"};
  struct rows rows;
  GOOD(&t, db_query(t.db, &count, NULL, 0, &rows, &t.error));
  assert_true(rows_next(&rows));
  assert_int_equal(rows_int(&rows, 0), 1);
  GOOD(&t, rows_close(&rows, &t.error));
  town_close(&t);
}

static void first_visits_at_once_make_one_account(void **state)
{
  (void)state;
  for_each_fresh_store(on_two_visits);
}

static void on_identity(const struct fresh_store *fresh)
{
  struct town t;
  struct signed_in in;
  struct account_row row;
  int64_t id;
  const char *number = sample_persons[0].identity;
  town_open(&t, fresh);
  assert_string_equal(sign_in_person(&t, sample_persons[0].name, number, &in), "");
  assert_true(account_id_of(in.actor, &id));
  GOOD(&t, account_read(t.db, &t.arena, id, &row, &t.error));
  assert_string_equal(row.identity, "3302**********998X");
  assert_int_equal(row.roles, ACCOUNT_APPLICANT);
  static const struct sql clear = {"SELECT count(*) FROM accounts WHERE actor = $1 OR login = $1 OR name = $1 OR identity = $1"};
  struct rows rows;
  GOOD(&t, DB_QUERY(t.db, &clear, &rows, &t.error, V_STR(number)));
  assert_true(rows_next(&rows));
  assert_int_equal(rows_int(&rows, 0), 0);
  GOOD(&t, rows_close(&rows, &t.error));
  assert_string_equal(sign_in_person(&t, "别人", number, &in), "other-name");
  assert_string_equal(sign_in_person(&t, "别人", "330200199003219981", &in), "bad-identity");
  assert_string_equal(sign_in_person(&t, "", sample_persons[1].identity, &in), "bad-name");
  const char *first = row.actor;
  assert_string_equal(sign_in_person(&t, sample_persons[0].name, "33020019900321998x", &in), ""); /* the small x too */
  assert_string_equal(in.actor, first);
  const struct actor self = {first, "applicant", "", "web"};
  struct command forged = {
      .kind = &account_kind, .id = 77, .expect = -1, .type = "register", .key = "", .actor = self, .at = t.now};
  assert_int_equal(engine_do(t.engine, &forged, NULL, &t.error), -1);
  assert_string_equal(t.error.name, "not-provider");
  for (const struct sample_person *p = sample_persons; p->name; p++)
    assert_string_equal(sign_in_person(&t, p->name, p->identity, &in), "");
  town_close(&t);
}

static void an_identity_number_stands_in_no_row_and_belongs_to_one_name(void **state)
{
  (void)state;
  for_each_fresh_store(on_identity);
}

static void the_identity_key_is_kept_and_is_for_its_owner_only(void **state)
{
  (void)state;
  struct fresh_store fresh;
  struct accounts *accounts = NULL;
  struct error error;
  struct stat st;
  char dir[600], path[700];
  fresh_store(ON_SQLITE, &fresh);
  (void)snprintf(dir, sizeof dir, "%s/keys", fresh.directory);
  (void)snprintf(path, sizeof path, "%s/identity.key", dir);
  assert_int_equal(accounts_open(dir, 0, &accounts, &error), 0);
  accounts_close(accounts);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  (void)fputs("not a key\n", f);
  assert_int_equal(fclose(f), 0);
  assert_int_equal(accounts_open(dir, 0, &accounts, &error), -1);
  assert_string_equal(error.name, "bad-key-file");
  fresh_store_remove(&fresh);
}

/* ---- the pages ---- */

struct site {
  struct town town;
  struct app app;
  struct web *web;
  CURL *curl;
  struct buf body;
  char location[2048];
  char csrf[128];
};

static int connect_reader(void *context, struct db **ret, struct error *error)
{
  return store_connect(((struct site *)context)->town.store, DB_READ, ret, error);
}

static void disconnect_reader(void *context, struct db *db)
{
  (void)context;
  db_close(db);
}

static void site_open(struct site *s, const struct fresh_store *fresh, bool sample)
{
  static const struct route *const routes[] = {account_routes, NULL};
  memset(s, 0, sizeof *s);
  town_open(&s->town, fresh);
  s->town.now = moment_now();
  s->app = (struct app){.accounts = s->town.accounts,
                        .store = s->town.store,
                        .throttle = throttle_open(1000),
                        .key_dir = s->town.key_dir,
                        .sample = sample};
  struct web_options options = {.listen = "127.0.0.1:0",
                                .routes = routes,
                                .engine = s->town.engine,
                                .app = &s->app,
                                .authenticate = account_authenticate,
                                .connect = connect_reader,
                                .disconnect = disconnect_reader,
                                .context = s,
                                .upload_dir = fresh->directory,
                                .sample = sample};
  GOOD(&s->town, web_open(&options, &s->web, &s->town.error));
  buf_init(&s->body, 1 << 20);
  s->curl = curl_easy_init();
  assert_non_null(s->curl);
}

static void site_close(struct site *s)
{
  curl_easy_cleanup(s->curl);
  buf_release(&s->body);
  web_close(s->web);
  throttle_close(s->app.throttle);
  town_close(&s->town);
}

/* Another browser: no cookies. */
static void forget(struct site *s)
{
  curl_easy_cleanup(s->curl);
  s->curl = curl_easy_init();
  assert_non_null(s->curl);
  s->csrf[0] = '\0';
}

static size_t keep_body(char *p, size_t size, size_t n, void *context)
{
  buf_span(&((struct site *)context)->body, (struct span){p, size * n});
  return size * n;
}

static size_t keep_header(char *p, size_t size, size_t n, void *context)
{
  struct site *s = context;
  if (n * size > 10 && strncasecmp(p, "Location: ", 10) == 0)
    (void)snprintf(s->location, sizeof s->location, "%.*s", (int)(n * size - 12), p + 10);
  return size * n;
}

static long send_to(struct site *s, const char *path, const char *form)
{
  char url[4096];
  long status = 0;
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", web_port(s->web), path);
  s->body.n = 0;
  s->location[0] = '\0';
  curl_easy_setopt(s->curl, CURLOPT_URL, url);
  curl_easy_setopt(s->curl, CURLOPT_COOKIEFILE, "");
  curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, keep_body);
  curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, s);
  curl_easy_setopt(s->curl, CURLOPT_HEADERFUNCTION, keep_header);
  curl_easy_setopt(s->curl, CURLOPT_HEADERDATA, s);
  curl_easy_setopt(s->curl, CURLOPT_NOPROXY, "*");
  if (form)
    curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, form);
  else
    curl_easy_setopt(s->curl, CURLOPT_HTTPGET, 1L);
  assert_int_equal(curl_easy_perform(s->curl), CURLE_OK);
  curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
  buf_char(&s->body, '\0');
  const char *token = strstr(s->body.p, "name=\"csrf\" value=\"");
  if (token)
    (void)snprintf(s->csrf, sizeof s->csrf, "%.64s", token + strlen("name=\"csrf\" value=\""));
  return status;
}

static long get(struct site *s, const char *path)
{
  return send_to(s, path, NULL);
}

/* form: what follows the csrf token, as «&a=b». */
static long post(struct site *s, const char *path, const char *form)
{
  char text[4096];
  (void)snprintf(text, sizeof text, "csrf=%s%s", s->csrf, form);
  return send_to(s, path, text);
}

static bool shows(const struct site *s, const char *words)
{
  return strstr(s->body.p, words) != NULL;
}

static void on_sign_in_page(const struct fresh_store *fresh)
{
  struct site s;
  site_open(&s, fresh, false);
  hire(&s.town, "chen", "clerk", "centre");
  assert_int_equal(get(&s, "/sign-in?return=/desk%3Fpage%3D2"), 200);
  assert_false(shows(&s, "/sign-in/applicant"));
  assert_int_equal(post(&s, "/sign-in", "&login=chen&password=wrong+wrong+1&return=/desk"), 401);
  assert_true(shows(&s, "登录名或密码不正确"));
  assert_true(shows(&s, "value=\"chen\""));
  assert_false(shows(&s, "wrong wrong 1"));
  assert_int_equal(post(&s, "/sign-in", "&login=&password="), 400);
  assert_int_equal(send_to(&s, "/sign-in", "login=chen&password=plum+rain+over+the+tide+gate"), 403);
  assert_int_equal(post(&s, "/sign-in", "&login=chen&password=plum+rain+over+the+tide+gate&return=/desk%3Fpage%3D2"), 303);
  assert_string_equal(s.location, "/desk?page=2");
  assert_int_equal(get(&s, "/account"), 200);
  assert_true(shows(&s, "陈静"));
  assert_int_equal(post(&s, "/sign-out", ""), 303);
  assert_int_equal(get(&s, "/account"), 302);
  site_close(&s);
}

static void staff_sign_in_with_their_password_and_out_again(void **state)
{
  (void)state;
  for_each_fresh_store(on_sign_in_page);
}

static void a_sign_in_leads_to_no_other_site(void **state)
{
  static const char *const away[] = {"https://evil.example/", "//evil.example/", "/%5Cevil.example", "javascript:alert(1)",
                                     "/%0d%0aSet-Cookie:x=y"};
  (void)state;
  struct fresh_store fresh;
  struct site s;
  fresh_store(ON_SQLITE, &fresh);
  site_open(&s, &fresh, false);
  hire(&s.town, "chen", "clerk", "centre");
  for (size_t i = 0; i < sizeof away / sizeof *away; i++) {
    char form[256];
    forget(&s);
    assert_int_equal(get(&s, "/sign-in"), 200);
    (void)snprintf(form, sizeof form, "&login=chen&password=plum+rain+over+the+tide+gate&return=%s", away[i]);
    assert_int_equal(post(&s, "/sign-in", form), 303);
    assert_string_equal(s.location, "/");
  }
  site_close(&s);
  fresh_store_remove(&fresh);
}

static void guessing_is_throttled_whether_the_account_exists_or_not(void **state)
{
  static const char *const logins[] = {"chen", "nobody"};
  (void)state;
  struct fresh_store fresh;
  struct site s;
  fresh_store(ON_SQLITE, &fresh);
  site_open(&s, &fresh, false);
  hire(&s.town, "chen", "clerk", "centre");
  assert_int_equal(get(&s, "/sign-in"), 200);
  for (size_t i = 0; i < 2; i++) {
    char form[128];
    (void)snprintf(form, sizeof form, "&login=%s&password=guess+and+guess", logins[i]);
    for (int n = 0; n < 5; n++)
      assert_int_equal(post(&s, "/sign-in", form), 401);
    assert_int_equal(post(&s, "/sign-in", form), 429);
    assert_true(shows(&s, "15 分钟后"));
  }
  site_close(&s);
  fresh_store_remove(&fresh);
}

static void without_the_sample_city_there_is_no_sample_provider(void **state)
{
  (void)state;
  struct fresh_store fresh;
  struct site s;
  fresh_store(ON_SQLITE, &fresh);
  site_open(&s, &fresh, false);
  assert_int_equal(get(&s, "/sign-in"), 200);
  assert_int_equal(get(&s, "/sample-idp?state=00112233445566778899aabbccddeeff"), 404);
  assert_int_equal(post(&s, "/sample-idp", "&person=0&state=00112233445566778899aabbccddeeff"), 404);
  assert_int_equal(get(&s, "/sign-in/applicant"), 404);
  assert_int_equal(get(&s, "/sign-in/callback?code=00112233445566778899aabbccddeeff"), 404);
  site_close(&s);
  fresh_store_remove(&fresh);
}

static void on_sample_sign_in(const struct fresh_store *fresh)
{
  struct site s;
  char form[256], callback[2048];
  site_open(&s, fresh, true);
  assert_int_equal(get(&s, "/sample-idp"), 302);
  assert_string_equal(s.location, "/sign-in/applicant");
  assert_int_equal(get(&s, "/sign-in/applicant?return=/cases/1%3Fa%3Db%26c"), 302);
  assert_int_equal(strncmp(s.location, "/sample-idp?state=", 18), 0);
  const char *state = strchr(s.location, '=') + 1;
  (void)snprintf(form, sizeof form, "&state=%s&person=0", state);
  char page[256];
  (void)snprintf(page, sizeof page, "/sample-idp?state=%s", state);
  assert_int_equal(get(&s, page), 200);
  assert_true(shows(&s, "3302**********998X"));
  assert_false(shows(&s, sample_persons[0].identity));
  assert_int_equal(post(&s, "/sample-idp", form), 303);
  (void)snprintf(callback, sizeof callback, "%s", s.location);
  CURL *first = s.curl;
  s.curl = curl_easy_init(); /* the link opened in another browser signs nobody in */
  assert_int_equal(get(&s, callback), 403);
  curl_easy_cleanup(s.curl);
  s.curl = first;
  assert_int_equal(get(&s, callback), 302);
  assert_string_equal(s.location, "/cases/1?a=b&c");
  assert_int_equal(get(&s, "/account"), 200);
  assert_true(shows(&s, sample_persons[0].name));
  assert_true(shows(&s, "3302**********998X"));
  assert_false(shows(&s, sample_persons[0].identity));
  assert_false(shows(&s, "name=\"wanted\"")); /* no password to change */
  assert_int_equal(get(&s, callback), 403);   /* a code is good once */
  site_close(&s);
}

static void an_applicant_comes_back_to_the_wanted_page(void **state)
{
  (void)state;
  for_each_fresh_store(on_sample_sign_in);
}

static void an_erased_person_is_known_no_more(const struct fresh_store *fresh)
{
  struct town t;
  struct signed_in in, again;
  struct account_row row;
  int64_t id;
  town_open(&t, fresh);
  assert_string_equal(sign_in_person(&t, sample_persons[0].name, sample_persons[0].identity, &in), "");
  assert_true(account_id_of(in.actor, &id));
  json_t *data = json_pack("{s:s}", "ground", "consent-withdrawn");
  struct command c = {.kind = &account_kind, .id = id, .expect = -1, .type = "erase", .key = "", .actor = admin, .data = data};
  GOOD(&t, engine_seal(t.engine, &t.error));
  assert_int_equal(engine_do(t.engine, &c, NULL, &t.error), -1);
  assert_string_equal(t.error.name, "not-records");
  c.actor = (struct actor){"staff:xu", "records", "centre", "web"};
  GOOD(&t, engine_do(t.engine, &c, NULL, &t.error));
  json_decref(data);
  assert_int_equal(account_read(t.db, &t.arena, id, &row, &t.error), -1);
  assert_string_equal(t.error.name, "not-found");
  assert_string_equal(account_identity(t.db, &t.arena, id), "");
  assert_false(holds(&t, &in));
  assert_string_equal(sign_in_person(&t, sample_persons[0].name, sample_persons[0].identity, &again), "");
  assert_string_not_equal(again.actor, in.actor); /* who comes again is somebody new */
  town_close(&t);
}

static void an_erased_person_is_known_no_more_test(void **state)
{
  (void)state;
  for_each_fresh_store(an_erased_person_is_known_no_more);
}

static void a_typed_person_needs_a_valid_number(void **state)
{
  (void)state;
  struct fresh_store fresh;
  struct site s;
  char form[256];
  fresh_store(ON_SQLITE, &fresh);
  site_open(&s, &fresh, true);
  assert_int_equal(get(&s, "/sign-in/applicant"), 302);
  char state_text[64], page[128];
  (void)snprintf(state_text, sizeof state_text, "%s", strchr(s.location, '=') + 1);
  (void)snprintf(page, sizeof page, "/sample-idp?state=%s", state_text);
  assert_int_equal(get(&s, page), 200);
  (void)snprintf(form, sizeof form, "&state=%s&name=Li&identity=330200199003219981", state_text);
  assert_int_equal(post(&s, "/sample-idp", form), 400);
  assert_true(shows(&s, "id=\"e-identity\""));
  (void)snprintf(form, sizeof form, "&state=%s&name=Li&identity=33020019900321998x", state_text);
  assert_int_equal(post(&s, "/sample-idp", form), 303);
  assert_int_equal(get(&s, s.location), 302);
  assert_string_equal(s.location, "/");
  site_close(&s);
  fresh_store_remove(&fresh);
}

static void staff_see_their_sessions_and_change_their_password(void **state)
{
  (void)state;
  struct fresh_store fresh;
  struct site s;
  struct signed_in elsewhere;
  fresh_store(ON_SQLITE, &fresh);
  site_open(&s, &fresh, false);
  hire(&s.town, "chen", "clerk", "centre");
  assert_string_equal(sign_in(&s.town, "chen", good, &elsewhere), "");
  assert_int_equal(get(&s, "/account"), 302);
  assert_int_equal(get(&s, "/sign-in"), 200);
  assert_int_equal(post(&s, "/sign-in", "&login=chen&password=plum+rain+over+the+tide+gate"), 303);
  assert_int_equal(get(&s, "/account"), 200);
  assert_true(shows(&s, "/account/end-others"));
  assert_int_equal(send_to(&s, "/account/end-others", "a=b"), 403);
  assert_true(holds(&s.town, &elsewhere));
  assert_int_equal(get(&s, "/account"), 200);
  assert_int_equal(post(&s, "/account/end-others", ""), 303);
  assert_false(holds(&s.town, &elsewhere));
  assert_int_equal(get(&s, "/account"), 200);
  assert_false(shows(&s, "/account/end-others"));
  assert_int_equal(post(&s, "/account/password", "&now=wrong+wrong+1&wanted=words+that+nobody+knows&again=words+that+nobody+knows"),
                   400);
  assert_true(shows(&s, "id=\"e-now\""));
  assert_int_equal(post(&s, "/account/password", "&now=plum+rain+over+the+tide+gate&wanted=short&again=short"), 400);
  assert_true(shows(&s, "id=\"e-wanted\""));
  assert_int_equal(post(&s, "/account/password", "&now=plum+rain+over+the+tide+gate&wanted=words+that+nobody+knows&again=other"),
                   400);
  assert_true(shows(&s, "id=\"e-again\""));
  assert_int_equal(post(&s, "/account/password",
                        "&now=plum+rain+over+the+tide+gate&wanted=words+that+nobody+knows&again=words+that+nobody+knows"),
                   303);
  assert_int_equal(get(&s, s.location), 200);
  assert_true(shows(&s, "notice-good"));
  assert_string_equal(sign_in(&s.town, "chen", good, &elsewhere), "wrong-credentials");
  assert_string_equal(sign_in(&s.town, "chen", "words that nobody knows", &elsewhere), "");
  site_close(&s);
  fresh_store_remove(&fresh);
}

/* ---- the sample city's staff ---- */

static void on_sample_staff(const struct fresh_store *fresh)
{
  struct town t;
  struct signed_in in;
  struct account_row *list;
  struct catalog catalog = {0};
  struct agency agencies[] = {{.id = "fire-rescue", .name = {"消防救援支队", ""}},
                              {.id = "market-regulation", .name = {"市场监管局", ""}}};
  size_t n;
  catalog.agencies = agencies;
  catalog.agency_count = 2;
  town_open(&t, fresh);
  GOOD(&t, account_sample(t.accounts, t.engine, &catalog, good, &t.error));
  GOOD(&t, account_list(t.db, &t.arena, &list, &n, &t.error));
  assert_int_equal(n, 11);
  assert_string_equal(sign_in(&t, "fire-rescue", good, &in), "");
  assert_string_equal(sign_in(&t, "admin", good, &in), "");
  assert_string_equal(tell(&t, "chen", the_system, "set-password", stored(&t, "her own words now")), "");
  GOOD(&t, account_sample(t.accounts, t.engine, &catalog, NULL, &t.error)); /* a second start changes nothing */
  assert_string_equal(sign_in(&t, "chen", "her own words now", &in), "");
  assert_string_equal(sign_in(&t, "wu", good, &in), "");
  assert_int_equal(account_sample(t.accounts, t.engine, &catalog, "short", &t.error), -1);
  town_close(&t);
}

static void the_sample_staff_are_made_once(void **state)
{
  (void)state;
  for_each_fresh_store(on_sample_staff);
}

static int setup(void **state)
{
  (void)state;
  return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

static int teardown(void **state)
{
  (void)state;
  curl_global_cleanup();
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(five_failures_lock_an_account_for_a_quarter_of_an_hour),
      cmocka_unit_test(failures_far_apart_lock_nobody_out),
      cmocka_unit_test(roles_and_agencies_follow_the_rules_and_nobody_changes_his_own),
      cmocka_unit_test(disabling_ends_the_sessions_for_good),
      cmocka_unit_test(a_session_lives_twelve_hours_for_staff_and_a_day_for_applicants),
      cmocka_unit_test(weak_passwords_are_refused),
      cmocka_unit_test(first_visits_at_once_make_one_account),
      cmocka_unit_test(an_identity_number_stands_in_no_row_and_belongs_to_one_name),
      cmocka_unit_test(the_identity_key_is_kept_and_is_for_its_owner_only),
      cmocka_unit_test(the_sample_staff_are_made_once),
      cmocka_unit_test(staff_sign_in_with_their_password_and_out_again),
      cmocka_unit_test(a_sign_in_leads_to_no_other_site),
      cmocka_unit_test(guessing_is_throttled_whether_the_account_exists_or_not),
      cmocka_unit_test(without_the_sample_city_there_is_no_sample_provider),
      cmocka_unit_test(an_applicant_comes_back_to_the_wanted_page),
      cmocka_unit_test(an_erased_person_is_known_no_more_test),
      cmocka_unit_test(a_typed_person_needs_a_valid_number),
      cmocka_unit_test(staff_see_their_sessions_and_change_their_password),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
