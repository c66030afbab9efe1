/*
 * The staff's pages through HTTP: a real server, the real engine, the sample city, on each store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "account/account.h"
#include "account/account_pages.h"
#include "app/app.h"
#include "both_stores.h"
#include "credit/credit.h"
#include "casework/casework.h"
#include "casework/desk_pages.h"
#include "casework/joint_pages.h"
#include "hall/hall.h"
#include "hall/hall_pages.h"
#include "notice/notice_pages.h"
#include "paper/paper_pages.h"
#include "web/web.h"

#define PASSWORD "window-and-desk-9"

static const struct kind *const kinds[] = {&account_kind, &casefile_kind, &queue_kind, NULL};
static const struct route *const routes[] = {account_routes,  desk_routes,      office_routes, issue_routes,
                                             overview_routes, staff_api_routes, window_routes, NULL};
static const struct migration *const sets[] = {engine_migrations, account_migrations, casework_migrations,
                                               credit_migrations, hall_migrations,    NULL};

struct city {
  struct arena arena;
  struct catalog *catalog;
  struct world world;
  struct store *store;
  struct engine *engine;
  struct db *db;
  struct app app;
  struct web *web;
  struct error error;
} city;

#define GOOD(call)                                                                                                                 \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s: %s (%s)", #call, city.error.en, city.error.name);                                                              \
  } while (0)

/* ---- the city ---- */

static int connect_reader(void *context, struct db **ret, struct error *error)
{
  return store_connect(((struct city *)context)->store, DB_READ, ret, error);
}

static void disconnect_reader(void *context, struct db *db)
{
  (void)context;
  db_close(db);
}

/* Somebody who is a clerk and an officer at once: the rules keep his two desks apart. */
static void hire(const char *login, const char *agency)
{
  const char *hash = accounts_hash(city.app.accounts, &city.arena, SPAN(PASSWORD));
  const struct actor system = {"system", "system", "", "system"};
  json_t *create = json_pack("{s:s,s:s,s:[s,s],s:s}", "login", login, "name", login, "roles", "clerk", "officer", "agency", agency);
  json_t *password = json_pack("{s:s}", "password", hash);
  struct command command = {.kind = &account_kind,
                            .id = account_staff_id(login),
                            .expect = -1,
                            .type = "create",
                            .key = "",
                            .actor = system,
                            .data = create};
  struct outcome outcome;
  GOOD(engine_do(city.engine, &command, &outcome, &city.error));
  command.type = "set-password";
  command.data = password;
  GOOD(engine_do(city.engine, &command, &outcome, &city.error));
  json_decref(create);
  json_decref(password);
}

static void open_city(const struct fresh_store *fresh)
{
  static const struct outlet none[] = {{NULL}};
  struct findings findings = {0};
  struct db *writer;
  const char *source = getenv("ONEVISIT_SOURCE");
  memset(&city, 0, sizeof city);
  GOOD(catalog_load(arena_printf(&city.arena, "%s/catalogs/ningbo", source ? source : "."), &city.catalog, &city.arena, &findings,
                    &city.error));
  city.world.catalog = city.catalog;
  GOOD(store_open(fresh->url, &city.store, &city.error));
  GOOD(store_connect(city.store, DB_WRITE, &writer, &city.error));
  GOOD(store_migrate(writer, sets, &city.error));
  db_close(writer);
  city.app = (struct app){.catalog = city.catalog,
                          .store = city.store,
                          .throttle = throttle_open(1000),
                          .key_dir = arena_printf(&city.arena, "%s/keys", fresh->directory),
                          .sample = true};
  struct engine_options options = {.kinds = kinds,
                                   .outlets = none,
                                   .world = &city.world,
                                   .key_dir = city.app.key_dir,
                                   .origin = "test.example/log",
                                   .seal_ms = -1};
  GOOD(engine_open(city.store, &options, &city.engine, &city.error));
  GOOD(accounts_open(city.app.key_dir, 0, &city.app.accounts, &city.error));
  GOOD(account_sample(city.app.accounts, city.engine, city.catalog, PASSWORD, &city.error));
  hire("double", "market-regulation");
  struct web_options web = {.listen = "127.0.0.1:0",
                            .routes = routes,
                            .engine = city.engine,
                            .app = &city.app,
                            .authenticate = account_authenticate,
                            .connect = connect_reader,
                            .disconnect = disconnect_reader,
                            .context = &city,
                            .upload_dir = fresh->directory,
                            .sample = true,
                            .threads = 1,
                            .workers = 4};
  GOOD(web_open(&web, &city.web, &city.error));
  GOOD(store_connect(city.store, DB_READ, &city.db, &city.error));
}

static void close_city(void)
{
  web_close(city.web);
  engine_close(city.engine);
  accounts_close(city.app.accounts);
  throttle_close(city.app.throttle);
  db_close(city.db);
  store_close(city.store);
  catalog_free(city.catalog);
  arena_release(&city.arena);
}

/* ---- a browser ---- */

struct browser {
  CURL *curl;
  char *body;
  size_t n;
  long status;
  const char *location;
};

static size_t take(char *p, size_t size, size_t n, void *context)
{
  struct browser *b = context;
  b->body = realloc(b->body, b->n + size * n + 1);
  assert_non_null(b->body);
  memcpy(b->body + b->n, p, size * n);
  b->n += size * n;
  b->body[b->n] = '\0';
  return size * n;
}

static void fetch(struct browser *b, const char *path)
{
  char *to = NULL;
  b->n = 0;
  b->body = realloc(b->body, 1);
  assert_non_null(b->body);
  b->body[0] = '\0';
  curl_easy_setopt(b->curl, CURLOPT_URL, arena_printf(&city.arena, "http://127.0.0.1:%d%s", web_port(city.web), path));
  assert_int_equal(curl_easy_perform(b->curl), CURLE_OK);
  curl_easy_getinfo(b->curl, CURLINFO_RESPONSE_CODE, &b->status);
  curl_easy_getinfo(b->curl, CURLINFO_REDIRECT_URL, &to);
  const char *slash = to ? strchr(to + 7, '/') : NULL;
  b->location = arena_str(&city.arena, slash);
}

static long get(struct browser *b, const char *path)
{
  curl_easy_setopt(b->curl, CURLOPT_MIMEPOST, NULL);
  curl_easy_setopt(b->curl, CURLOPT_HTTPGET, 1L);
  fetch(b, path);
  return b->status;
}

static long post(struct browser *b, const char *path, const char *body)
{
  curl_easy_setopt(b->curl, CURLOPT_POST, 1L);
  curl_easy_setopt(b->curl, CURLOPT_COPYPOSTFIELDS, body);
  fetch(b, path);
  return b->status;
}

static const char *hidden(const struct browser *b, const char *form, const char *name)
{
  const char *from = *form ? strstr(b->body, arena_printf(&city.arena, "id=\"f-form-%s\"", form)) : b->body;
  if (!from)
    fail_msg("no form %s on the page", form);
  const char *want = arena_printf(&city.arena, "name=\"%s\" value=\"", name), *at = strstr(from, want);
  if (!at)
    fail_msg("no field %s in form %s", name, form);
  at += strlen(want);
  return arena_dup(&city.arena, (struct span){at, strcspn(at, "\"")});
}

/* The hidden fields of a form on the page that is open, and more: «&why-refuse=not-required». */
static const char *filled(struct browser *b, const char *form, const char *more)
{
  return arena_printf(&city.arena, "csrf=%s&once=%s&version=%s&form=%s%s", hidden(b, form, "csrf"), hidden(b, form, "once"),
                      hidden(b, form, "version"), form, more);
}

static void browser_open(struct browser *b, const char *login)
{
  *b = (struct browser){.curl = curl_easy_init()};
  assert_non_null(b->curl);
  curl_easy_setopt(b->curl, CURLOPT_COOKIEFILE, "");
  curl_easy_setopt(b->curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(b->curl, CURLOPT_WRITEDATA, b);
  curl_easy_setopt(b->curl, CURLOPT_NOPROXY, "*");
  assert_int_equal(get(b, "/sign-in"), 200);
  const char *form = arena_printf(&city.arena, "csrf=%s&once=%s&login=%s&password=" PASSWORD "&return=/", hidden(b, "", "csrf"),
                                  hidden(b, "", "once"), login);
  assert_int_equal(post(b, "/sign-in", form), 303);
}

static void browser_close(struct browser *b)
{
  curl_easy_cleanup(b->curl);
  free(b->body);
}

#define PATH(...) arena_printf(&city.arena, __VA_ARGS__)
#define SHOWS(b, text)                                                                                                             \
  do {                                                                                                                             \
    if (!strstr((b)->body, text))                                                                                                  \
      fail_msg("the page does not show: %s (status %ld)", text, (b)->status);                                                      \
  } while (0)

/* ---- at the window ---- */

static struct casefile *load(const char *no)
{
  struct case_row row;
  struct casefile *c = NULL;
  GOOD(casework_find(city.db, span_of(no), SPAN(""), &city.arena, &row, &city.error));
  GOOD(casework_load(city.db, row.id, &city.arena, &c, &city.error));
  return c;
}

static const char *answers(const struct thing *thing)
{
  const char *text = "";
  for (size_t i = 0; i < thing->question_count; i++) {
    const struct question *q = &thing->questions[i];
    const char *value = q->type == ASK_NUMBER             ? "100"
                        : q->type == ASK_CHOICE           ? q->choices[0].value
                        : strcmp(q->id, "signboard") == 0 ? "true"
                                                          : "false";
    text = PATH("%s&%s=%s", text, q->id, value);
  }
  return text;
}

/* Finds the matter, answers, names the applicant: the number of the draft. */
static const char *take_in(struct browser *b)
{
  const struct thing *thing = catalog_thing(city.catalog, SPAN("open-a-restaurant"));
  assert_int_equal(get(b, "/desk/new?q=%E9%A4%90%E9%A6%86"), 200);
  SHOWS(b, "/desk/new/open-a-restaurant");
  assert_int_equal(get(b, "/desk/new/open-a-restaurant"), 200);
  const char *guard = PATH("csrf=%s&once=%s", hidden(b, "", "csrf"), hidden(b, "", "once"));
  assert_int_equal(post(b, "/desk/new/open-a-restaurant", PATH("%s&applicant_name=&applicant_id=1&applicant_phone=1", guard)), 400);
  SHOWS(b, "error-summary");
  const char *who =
      "&applicant_name=%E6%9D%8E%F0%A0%80%80&applicant_id=11010519491231002X&applicant_phone=13800000000&district=330203";
  assert_int_equal(post(b, "/desk/new/open-a-restaurant", PATH("%s%s%s", guard, who, answers(thing))), 303);
  const char *at = b->location + strlen("/desk/cases/");
  return arena_dup(&city.arena, (struct span){at, strcspn(at, "/?")});
}

static void part(curl_mime *mime, const char *name, const char *value)
{
  curl_mimepart *p = curl_mime_addpart(mime);
  curl_mime_name(p, name);
  curl_mime_data(p, value, CURL_ZERO_TERMINATED);
}

static void add_file(curl_mime *mime, const char *material)
{
  static const char pdf[] = "%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n";
  curl_mimepart *p = curl_mime_addpart(mime);
  curl_mime_name(p, PATH("material-%s", material));
  curl_mime_data(p, pdf, sizeof pdf - 1);
  curl_mime_filename(p, "scan.pdf");
  curl_mime_type(p, "application/pdf");
}

static long send_page(struct browser *b, const char *no, bool with_files, const char *button)
{
  const struct casefile *c = load(no);
  static const char *const values[] = {"甬上小馆", "100", "2026-12-01", "a", "true"}; /* by enum field_type */
  curl_mime *mime = curl_mime_init(b->curl);
  assert_int_equal(get(b, PATH("/desk/cases/%s/fill", no)), 200);
  static const char *const guards[] = {"csrf", "once", "version"};
  for (size_t i = 0; i < 3; i++)
    part(mime, guards[i], hidden(b, "fill", guards[i]));
  part(mime, "form", "fill");
  for (size_t i = 0; i < c->field_count; i++)
    part(mime, PATH("field-%s", c->fields[i].field), values[c->fields[i].type]);
  for (size_t i = 0; i < c->material_count; i++)
    if (with_files && c->materials[i].source == SOURCE_UPLOAD)
      add_file(mime, c->materials[i].material);
  part(mime, "mode", "e-certificate");
  part(mime, "address", "海曙区中山东路1号");
  part(mime, button, "1");
  curl_easy_setopt(b->curl, CURLOPT_MIMEPOST, mime);
  fetch(b, PATH("/desk/cases/%s/fill", no));
  curl_easy_setopt(b->curl, CURLOPT_MIMEPOST, NULL);
  curl_mime_free(mime);
  return b->status;
}

/* ---- the departments ---- */

static struct browser *officer_of(struct browser *officers, const char **agencies, size_t *n, const char *agency)
{
  for (size_t i = 0; i < *n; i++)
    if (strcmp(agencies[i], agency) == 0)
      return &officers[i];
  assert_true(*n < 20);
  browser_open(&officers[*n], agency);
  agencies[*n] = arena_str(&city.arena, agency);
  return &officers[(*n)++];
}

static void do_step(struct browser *b, const char *no, size_t step)
{
  const char *key = PATH("step-%zu", step), *page = PATH("/office/cases/%s", no);
  assert_int_equal(get(b, page), 200);
  const char *form = filled(b, key, PATH("&step-%s=%zu&result-%s=pass&opinion-%s=%%E5%%90%%8C%%E6%%84%%8F", key, step, key, key));
  assert_int_equal(post(b, PATH("%s/step-done", page), form), 303);
  assert_int_equal(post(b, PATH("%s/step-done", page), form), 303); /* the same page sent twice does nothing twice */
}

static void decide(struct browser *b, const char *no, const char *item, size_t i)
{
  const char *key = PATH("decide-%zu", i), *page = PATH("/office/cases/%s", no);
  assert_int_equal(get(b, page), 200);
  /* reasons are mandatory */
  assert_int_equal(post(b, PATH("%s/decide", page), filled(b, key, PATH("&item-%s=%s&granted-%s=true", key, item, key))), 400);
  SHOWS(b, PATH("e-reasons-%s", key));
  assert_int_equal(
      post(b, PATH("%s/decide", page), filled(b, key, PATH("&item-%s=%s&granted-%s=true&reasons-%s=ok", key, item, key, key))),
      303);
  assert_int_equal(get(b, b->location), 200);
  SHOWS(b, "准予行政许可决定书");
}

/* One round: everything that somebody can do now. */
static size_t work(struct browser *officers, const char **agencies, size_t *n, const char *no)
{
  size_t done = 0;
  const struct casefile *c = load(no);
  for (size_t i = 0; i < c->step_count; i++) {
    const struct case_step *s = &c->steps[i];
    enum item_state state = c->items[s->item].state;
    bool decides = !s->assist && strcmp(s->step, "decide") == 0;
    if (!decides && (state == ITEM_OPEN || state == ITEM_REVIEW) && casefile_step_is_next(c, i)) {
      do_step(officer_of(officers, agencies, n, s->agency), no, i);
      done++;
    }
  }
  c = load(no);
  for (size_t i = 0; i < c->item_count; i++)
    if (casefile_item_decidable(c, i)) {
      decide(officer_of(officers, agencies, n, c->items[i].agency), no, c->items[i].item, i);
      done++;
    }
  return done;
}

static size_t count_events(const char *no, const char *type)
{
  struct event *events;
  size_t n, found = 0;
  GOOD(engine_history(city.db, kinds, load(no)->id, &city.arena, &events, &n, &city.error));
  for (size_t i = 0; i < n; i++)
    found += strcmp(events[i].type, type) == 0;
  history_free(events, n);
  return found;
}

static void deliver_all(struct browser *b, const char *no)
{
  const struct casefile *c = load(no);
  for (size_t i = 0; i < c->item_count; i++) {
    if (c->items[i].state != ITEM_ISSUED)
      continue;
    const char *key = PATH("deliver-%zu", i), *page = PATH("/issue/cases/%s", no), *mode = casefile_delivery(c, i);
    assert_int_equal(get(b, page), 200);
    if (!c->items[i].delivery || c->items[i].delivery & DELIVERY_WINDOW) { /* who picks up shows his card */
      const char *form = PATH("&item-%s=%s&mode-%s=window", key, c->items[i].item, key);
      assert_int_equal(post(b, PATH("%s/deliver", page), filled(b, key, form)), 400);
      SHOWS(b, "field-wrong");
      assert_int_equal(get(b, page), 200);
      assert_int_equal(post(b, PATH("%s/deliver", page), filled(b, key, PATH("%s&identity-%s=0000", form, key))), 422);
      SHOWS(b, "field-wrong");
      assert_int_equal(get(b, page), 200);
    }
    assert_int_equal(post(b, PATH("%s/deliver", page),
                          filled(b, key, PATH("&item-%s=%s&mode-%s=%s&tracking-%s=SF1", key, c->items[i].item, key, mode, key))),
                     303);
  }
}

static void a_case_lives(struct browser *chen)
{
  struct browser officers[20], sun, wu, zhou;
  const char *agencies[20], *no = take_in(chen), *page = PATH("/desk/cases/%s", no);
  size_t n = 0;
  assert_int_equal(send_page(chen, no, false, "submit"), 422); /* files are missing: all of them are named */
  SHOWS(chen, "field-wrong");
  assert_int_equal(send_page(chen, no, true, "submit"), 303);
  assert_int_equal(load(no)->state, CASE_SUBMITTED);
  assert_int_equal(load(no)->trips_applicant, 1);

  browser_open(&zhou, "zhou");
  assert_int_equal(get(&zhou, "/desk"), 200);
  SHOWS(&zhou, no);
  assert_int_equal(get(&zhou, PATH("/desk?q=%s", no)), 302);
  assert_int_equal(get(&zhou, page), 200);
  SHOWS(&zhou, "1101**********002X");
  assert_null(strstr(zhou.body, "11010519491231002X"));
  assert_int_equal(get(&zhou, PATH("%s/files/1", page)), 200);
  assert_memory_equal(zhou.body, "%PDF", 4);
  assert_int_equal(get(&zhou, PATH("%s/files/999", page)), 404);

  get(&zhou, page);
  const char *accept = filled(&zhou, "accept", ""), *stale = PATH("%s", filled(&zhou, "presence", "&why-presence=original"));
  assert_int_equal(post(&zhou, PATH("%s/accept", page), accept), 303);
  assert_int_equal(post(&zhou, PATH("%s/accept", page), accept), 303);
  assert_int_equal(count_events(no, "accepted"), 1);
  assert_int_equal(get(&zhou, PATH("%s?done=accept", page)), 200);
  SHOWS(&zhou, "甬政服受〔");
  assert_int_equal(post(&zhou, PATH("%s/presence", page), stale), 409);
  SHOWS(&zhou, "error-summary");

  while (work(officers, agencies, &n, no))
    ;
  assert_true(n >= 3); /* several agencies */
  assert_int_equal(load(no)->state, CASE_DECIDED);

  browser_open(&sun, "sun");
  assert_int_equal(get(&sun, "/issue"), 200);
  SHOWS(&sun, no);
  assert_int_equal(get(&sun, PATH("/issue/cases/%s", no)), 200);
  const char *all = filled(&sun, "all", "");
  assert_int_equal(post(&sun, PATH("/issue/cases/%s/issue-all", no), all), 303);
  deliver_all(&sun, no);
  assert_int_equal(load(no)->state, CASE_ARCHIVED);
  assert_int_equal(load(no)->trips_applicant, 1);

  browser_open(&wu, "wu");
  assert_int_equal(get(&wu, "/overview"), 200);
  assert_int_equal(get(&wu, PATH("/overview/cases/%s", no)), 200);
  const char *revoke =
      filled(&wu, "revoke-0", PATH("&item-revoke-0=%s&reasons-revoke-0=fraud&basis-revoke-0=art69", load(no)->items[0].item));
  assert_int_equal(post(&wu, PATH("/overview/cases/%s/revoke", no), revoke), 303);
  assert_int_equal(load(no)->items[0].state, ITEM_REVOKED);
  assert_int_equal(get(&wu, PATH("/api/cases/%s/history", no)), 200);
  SHOWS(&wu, "\"revoked\"");

  browser_close(&wu);
  browser_close(&sun);
  browser_close(&zhou);
  while (n)
    browser_close(&officers[--n]);
}

static void corrections_are_asked_for_once_and_whole(struct browser *chen)
{
  const char *no = take_in(chen), *page = PATH("/desk/cases/%s", no);
  assert_int_equal(send_page(chen, no, true, "submit"), 303);
  const struct casefile *c = load(no);
  size_t m = 0;
  while (c->materials[m].source != SOURCE_UPLOAD)
    m++;
  const char *id = c->materials[m].material, *ask = PATH("%s/ask-correction", page);
  get(chen, page);
  assert_int_equal(post(chen, ask, filled(chen, "correct", "")), 400);
  SHOWS(chen, "f-missing-correct");
  get(chen, page);
  assert_int_equal(
      post(chen, ask, filled(chen, "correct", PATH("&missing-correct=material:%s&standard-material-%s=legible", id, id))), 303);
  assert_int_equal(load(no)->state, CASE_CORRECTION);
  assert_int_equal(send_page(chen, no, true, "submit"), 303);
  assert_int_equal(load(no)->state, CASE_SUBMITTED);
  /* a field that did not change is not offered again, and is refused where it is sent all the same */
  get(chen, page);
  size_t f = 0;
  while (f < load(no)->field_count && load(no)->fields[f].changed)
    f++;
  if (f < load(no)->field_count) {
    const char *field = load(no)->fields[f].field;
    assert_null(strstr(chen->body, PATH("value=\"field:%s\"", field)));
    assert_int_equal(post(chen, ask, filled(chen, "correct", PATH("&missing-correct=field:%s&standard-field-%s=x", field, field))),
                     422);
    SHOWS(chen, "补正须一次性告知");
  }
}

static void who_accepted_does_not_decide(void)
{
  struct browser both;
  browser_open(&both, "double");
  const char *no = take_in(&both), *page = PATH("/desk/cases/%s", no);
  assert_int_equal(send_page(&both, no, true, "submit"), 303);
  get(&both, page);
  assert_int_equal(post(&both, PATH("%s/accept", page), filled(&both, "accept", "")), 303);
  assert_int_equal(get(&both, PATH("/office/cases/%s", no)), 200);
  SHOWS(&both, "您受理了本办件");
  assert_null(strstr(both.body, "id=\"f-form-step-"));
  assert_null(strstr(both.body, "id=\"f-form-decide-"));
  get(&both, page);
  const char *forced = PATH("csrf=%s&once=forced&form=x&item-x=%s&granted-x=true&reasons-x=ok", hidden(&both, "presence", "csrf"),
                            load(no)->items[0].item);
  assert_int_equal(post(&both, PATH("/office/cases/%s/decide", no), forced), 403);
  SHOWS(&both, "受理与办理相分离");
  assert_int_equal(load(no)->items[0].decided, 0);
  browser_close(&both);
}

static void each_role_is_refused_elsewhere(struct browser *chen)
{
  static const struct {
    const char *login, *own, *others[3];
  } table[] = {{"zhou", "/desk", {"/office", "/issue", "/overview"}},
               {"fire-rescue", "/office", {"/desk", "/issue", "/overview"}},
               {"sun", "/issue", {"/desk", "/office", "/overview"}},
               {"wu", "/overview", {"/desk", "/office", "/issue"}}};
  const char *no = take_in(chen);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct browser b;
    browser_open(&b, table[i].login);
    assert_int_equal(get(&b, table[i].own), 200);
    for (size_t k = 0; k < 3; k++) {
      assert_int_equal(get(&b, table[i].others[k]), 403);
      assert_int_equal(get(&b, PATH("%s/cases/%s", table[i].others[k], no)), 403);
    }
    browser_close(&b);
  }
  struct browser stranger; /* an officer whose agency takes no part */
  browser_open(&stranger, "meteorology");
  assert_int_equal(get(&stranger, PATH("/office/cases/%s", no)), 403);
  assert_int_equal(get(&stranger, PATH("/desk/cases/%s/files/1", no)), 403);
  browser_close(&stranger);
}

static void programs_do_the_same_by_json(struct browser *chen)
{
  const char *no = take_in(chen);
  assert_int_equal(send_page(chen, no, true, "submit"), 303);
  assert_int_equal(get(chen, "/api/desk/inbox"), 200);
  SHOWS(chen, no);
  get(chen, PATH("/desk/cases/%s", no));
  const char *token = hidden(chen, "accept", "csrf");
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  headers = curl_slist_append(headers, PATH("X-CSRF-Token: %s", token));
  headers = curl_slist_append(headers, "Idempotency-Key: program-1");
  curl_easy_setopt(chen->curl, CURLOPT_HTTPHEADER, headers);
  assert_int_equal(post(chen, PATH("/api/cases/%s/commands/decide", no), "{}"), 403);
  assert_int_equal(post(chen, PATH("/api/cases/%s/commands/accept?version=1", no), "{}"), 409);
  assert_int_equal(post(chen, PATH("/api/cases/%s/commands/accept", no), "{}"), 200);
  SHOWS(chen, "\"repeated\":false");
  assert_int_equal(post(chen, PATH("/api/cases/%s/commands/accept", no), "{}"), 200);
  SHOWS(chen, "\"repeated\":true");
  curl_easy_setopt(chen->curl, CURLOPT_HTTPHEADER, NULL);
  curl_slist_free_all(headers);
  assert_int_equal(load(no)->state, CASE_ACCEPTED);
}

/* A file is added by sending it: whoever knows the digest of another one, of his case or not, cannot make it a photograph here. */
static void files_are_sent_and_not_named(struct browser *chen)
{
  static const char jpeg[] = "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9";
  struct browser officer;
  const char *no = take_in(chen);
  assert_int_equal(send_page(chen, no, true, "submit"), 303);
  const struct casefile *c = load(no);
  assert_true(c->attachment_count > 0);
  browser_open(&officer, "double"); /* of a department of the case */
  assert_int_equal(get(&officer, PATH("/office/cases/%s", no)), 200);
  const char *token = PATH("X-CSRF-Token: %s", hidden(&officer, "", "csrf"));
  struct curl_slist *headers = curl_slist_append(NULL, token);
  headers = curl_slist_append(headers, "Content-Type: application/json");
  curl_easy_setopt(officer.curl, CURLOPT_HTTPHEADER, headers);
  const char *named = PATH("{\"sha256\":\"%s\",\"name\":\"a.jpg\",\"type\":\"image/jpeg\",\"size\":3", c->attachments[0].sha256);
  const char *minutes = PATH("/api/cases/%s/commands/minutes", no);
  assert_int_equal(post(&officer, minutes, PATH("{\"gathering\":1,\"findings\":\"x\",\"photos\":[%s}]}", named)), 403);
  SHOWS(&officer, "not-uploaded");
  assert_int_equal(post(&officer, PATH("/api/cases/%s/commands/attach", no),
                        PATH("%s,\"material\":\"%s\"}", named, c->materials[c->attachments[0].material].material)),
                   403);
  SHOWS(&officer, "not-uploaded");
  assert_int_equal(post(&officer, minutes, "{\"gathering\":1,\"findings\":\"x\"}"), 400);
  SHOWS(&officer, "bad-argument"); /* without a file it comes to the rules: there is no such visit */
  struct curl_slist *form = curl_slist_append(NULL, token);
  curl_easy_setopt(officer.curl, CURLOPT_HTTPHEADER, form);
  curl_mime *mime = curl_mime_init(officer.curl);
  part(mime, "data", "{\"gathering\":1,\"findings\":\"x\"}");
  curl_mimepart *p = curl_mime_addpart(mime);
  curl_mime_name(p, "photos");
  curl_mime_data(p, jpeg, sizeof jpeg - 1);
  curl_mime_filename(p, "a.jpg");
  curl_mime_type(p, "image/jpeg");
  curl_easy_setopt(officer.curl, CURLOPT_MIMEPOST, mime);
  fetch(&officer, minutes);
  assert_int_equal(officer.status, 400);
  SHOWS(&officer, "bad-argument"); /* and with one that was sent as well */
  fetch(&officer, PATH("/api/cases/%s/commands/message", no));
  SHOWS(&officer, "no-files-here");
  curl_easy_setopt(officer.curl, CURLOPT_MIMEPOST, NULL);
  curl_mime_free(mime);
  curl_easy_setopt(officer.curl, CURLOPT_HTTPHEADER, NULL);
  curl_slist_free_all(headers);
  curl_slist_free_all(form);
  browser_close(&officer);
  assert_int_equal(load(no)->joint_work.photo_count, 0);
}

/* ---- from the queue to the desk ---- */

#define WINDOW "/queue/demo/commerce/1"

static void in_the_hall(struct actor who, const char *type, json_t *data)
{
  day today = day_of(moment_now());
  (void)json_object_set_new(data, "hall", json_string("demo"));
  (void)json_object_set_new(data, "zone", json_string("commerce"));
  (void)json_object_set_new(data, "day", json_integer(today));
  (void)json_object_set_new(data, "window", json_integer(1));
  const struct command c = {.kind = &queue_kind,
                            .id = queue_id("demo", "commerce", today),
                            .expect = -1,
                            .type = type,
                            .key = "",
                            .actor = who,
                            .data = data};
  GOOD(engine_do(city.engine, &c, NULL, &city.error));
  json_decref(data);
}

static const char *account_of(const struct sample_person *person)
{
  struct signed_in in;
  const struct account_at at = {city.engine, city.db, &city.arena, "web", moment_now()};
  GOOD(accounts_sign_in_person(city.app.accounts, &at, span_of(person->name), span_of(person->identity), &in, &city.error));
  return in.actor;
}

/* Somebody is called to the window, and the clerk begins his application with this number; the case's account, NULL: none was
 * begun. */
static const char *begun_at_window(struct browser *chen, const char *account, const char *number)
{
  static const struct actor clerk = {"staff:chen", "clerk", ACCOUNT_CENTRE, "window"};
  const struct actor machine = {"kiosk", "kiosk", "", "kiosk"}, person = {account, "applicant", "", "web"};
  const char *form = WINDOW "/application/open-a-restaurant";
  in_the_hall(*account ? person : machine, "draw", json_pack("{s:s,s:s}", "thing", "open-a-restaurant", "account", account));
  in_the_hall(clerk, "next", json_object());
  in_the_hall(clerk, "serve", json_object());
  assert_int_equal(get(chen, WINDOW "/application"), 303);
  assert_string_equal(chen->location, form);
  assert_int_equal(get(chen, form), 200);
  assert_null(strstr(chen->body, "value=\"1101")); /* the number is not given to the clerk: he reads it from the card */
  const char *sent = PATH("csrf=%s&once=%s&applicant_name=x&applicant_phone=13800000000&district=330203%s%s%s",
                          hidden(chen, "", "csrf"), hidden(chen, "", "once"), *number ? "&applicant_id=" : "", number,
                          answers(catalog_thing(city.catalog, SPAN("open-a-restaurant"))));
  long status = post(chen, form, sent);
  in_the_hall(clerk, "finish", json_object());
  if (status == 400)
    return NULL;
  assert_int_equal(status, 303);
  const char *at = chen->location + strlen("/desk/cases/");
  return load(arena_dup(&city.arena, (struct span){at, strcspn(at, "/?")}))->account;
}

/* A case is the visitor's own only where the number on the card is his account's. */
static void a_case_begun_at_the_window_is_the_visitors(struct browser *chen)
{
  static const struct actor clerk = {"staff:chen", "clerk", ACCOUNT_CENTRE, "window"};
  const char *account = account_of(&sample_persons[0]);
  in_the_hall(clerk, "open", json_object());
  assert_int_equal(get(chen, "/queue/mine"), 303);
  assert_string_equal(chen->location, WINDOW);
  assert_string_equal(begun_at_window(chen, account, sample_persons[0].identity), account);
  (void)account_of(&sample_persons[1]);
  assert_string_equal(begun_at_window(chen, account, sample_persons[1].identity), ""); /* he came for another one */
  assert_null(begun_at_window(chen, account, ""));
  SHOWS(chen, "error-summary");
  assert_string_equal(begun_at_window(chen, "", sample_persons[0].identity), "");           /* a ticket of the machine */
  assert_string_equal(begun_at_window(chen, "staff:chen", sample_persons[0].identity), ""); /* an account without a number */
  in_the_hall(clerk, "close", json_object());
  assert_int_equal(get(chen, "/queue/mine"), 303);
  assert_string_equal(chen->location, "/queue");
}

static void on_store(const struct fresh_store *fresh)
{
  struct browser chen;
  open_city(fresh);
  browser_open(&chen, "chen");
  a_case_lives(&chen);
  corrections_are_asked_for_once_and_whole(&chen);
  who_accepted_does_not_decide();
  each_role_is_refused_elsewhere(&chen);
  programs_do_the_same_by_json(&chen);
  files_are_sent_and_not_named(&chen);
  a_case_begun_at_the_window_is_the_visitors(&chen);
  browser_close(&chen);
  close_city();
}

static void staff_handle_cases_through_their_pages(void **state)
{
  (void)state;
  for_each_fresh_store(on_store);
}

/* Nor may a role that is added one day: each route names those it is for. */
static void who_keeps_accounts_or_the_catalogue_sees_no_case(void **state)
{
  static const struct route *const lists[] = {desk_routes,      joint_routes, office_routes, issue_routes, overview_routes,
                                              staff_api_routes, paper_routes, notice_routes, NULL};
  (void)state;
  for (size_t i = 0; lists[i]; i++)
    for (const struct route *r = lists[i]; r->pattern; r++)
      if (strstr(r->pattern, "/cases/") && (r->roles & (ROLE_ADMIN | ROLE_EDITOR | ROLE_LEGAL)))
        fail_msg("%s is open to them", r->pattern);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(who_keeps_accounts_or_the_catalogue_sees_no_case),
                                     cmocka_unit_test(staff_handle_cases_through_their_pages)};
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
