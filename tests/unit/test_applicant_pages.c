/*
 * The applicant's pages over real HTTP: a real server and engine on a fresh store of each kind, the sample city's catalogue,
 * libcurl as the browser. Who a session belongs to is the test's: the token is the name of the person.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "account/account.h"
#include "app/app.h"
#include "both_stores.h"
#include "credit/credit.h"
#include "casework/applicant_pages.h"
#include "casework/casework.h"
#include "web/web.h"

struct town {
  struct arena arena;
  struct catalog *catalog;
  struct world world;
  struct store *store;
  struct db *db;
  struct engine *engine;
  struct app app;
  struct web *web;
  const char *who; /* token of the session; "" nobody */
  bool bearer;     /* as a program, without cookies */
  CURL *curl;
  struct buf body;
  char location[300], type[100];
};

static const struct kind *const kinds[] = {&casefile_kind, NULL};

static int authenticate(void *context, struct request *rq, struct span token, struct principal *ret, struct error *error)
{
  (void)context;
  (void)error;
  if (!span_is(token, "li") && !span_is(token, "wang"))
    return 0;
  bool li = span_is(token, "li");
  *ret = (struct principal){.id = li ? "person:li" : "person:wang", .name = "李𠮷", .roles = ROLE_APPLICANT, .agency = ""};
  (void)rq;
  return 0;
}

static int connect_reader(void *context, struct db **ret, struct error *error)
{
  return store_connect(((struct town *)context)->store, DB_READ, ret, error);
}

static void disconnect_reader(void *context, struct db *db)
{
  (void)context;
  db_close(db);
}

static struct error error;
#define GOOD(call)                                                                                                                 \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s: %s (%s)", #call, error.en, error.name);                                                                        \
  } while (0)

static void open_catalog(struct town *t)
{
  const char *source = getenv("ONEVISIT_SOURCE");
  struct findings findings = {0};
  GOOD(catalog_load(arena_printf(&t->arena, "%s/catalogs/ningbo", source ? source : "."), &t->catalog, &t->arena, &findings,
                    &error));
  t->world.catalog = t->catalog;
}

static void town_open(struct town *t, const struct fresh_store *fresh)
{
  static const struct migration *const sets[] = {engine_migrations, account_migrations, casework_migrations, credit_migrations,
                                                 NULL};
  static const struct route *const routes[] = {applicant_routes, applicant_api_routes, NULL};
  static const struct outlet outlets[] = {{NULL}};
  struct db *writer;
  memset(t, 0, sizeof *t);
  open_catalog(t);
  GOOD(store_open(fresh->url, &t->store, &error));
  GOOD(store_connect(t->store, DB_WRITE, &writer, &error));
  GOOD(store_migrate(writer, sets, &error));
  db_close(writer);
  const struct engine_options options = {.kinds = kinds,
                                         .outlets = outlets,
                                         .world = &t->world,
                                         .key_dir = arena_printf(&t->arena, "%s/keys", fresh->directory),
                                         .origin = "test.example/log",
                                         .seal_ms = -1};
  GOOD(engine_open(t->store, &options, &t->engine, &error));
  GOOD(store_connect(t->store, DB_READ, &t->db, &error));
  t->app = (struct app){.catalog = t->catalog, .store = t->store, .throttle = throttle_open(1000)};
  const struct web_options web = {.listen = "127.0.0.1:0",
                                  .routes = routes,
                                  .engine = t->engine,
                                  .app = &t->app,
                                  .authenticate = authenticate,
                                  .connect = connect_reader,
                                  .disconnect = disconnect_reader,
                                  .context = t,
                                  .threads = 1,
                                  .workers = 4};
  GOOD(web_open(&web, &t->web, &error));
  t->curl = curl_easy_init();
  t->who = "li";
  buf_init(&t->body, 8 << 20);
}

static void town_close(struct town *t)
{
  curl_easy_cleanup(t->curl);
  web_close(t->web);
  engine_close(t->engine);
  throttle_close(t->app.throttle);
  db_close(t->db);
  store_close(t->store);
  catalog_free(t->catalog);
  buf_release(&t->body);
  arena_release(&t->arena);
}

/* ---- a browser ---- */

static size_t take(char *p, size_t size, size_t n, void *context)
{
  buf_bytes(context, p, size * n);
  return size * n;
}

static size_t head(char *p, size_t size, size_t n, void *context)
{
  struct town *t = context;
  struct span line = span_trim((struct span){p, size * n});
  if (line.n > 10 && strncasecmp(line.p, "location: ", 10) == 0)
    (void)snprintf(t->location, sizeof t->location, "%.*s", (int)line.n - 10, line.p + 10);
  return size * n;
}

static long perform(struct town *t, const char *method, const char *path, const char *body, curl_mime *mime, const char *key)
{
  long status = 0;
  struct curl_slist *headers = NULL;
  buf_clear(&t->body);
  t->location[0] = '\0';
  curl_easy_reset(t->curl);
  curl_easy_setopt(t->curl, CURLOPT_URL, arena_printf(&t->arena, "http://127.0.0.1:%d%s", web_port(t->web), path));
  curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, &t->body);
  curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, head);
  curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
  if (body)
    curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, body);
  if (mime)
    curl_easy_setopt(t->curl, CURLOPT_MIMEPOST, mime);
  curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, method);
  if (t->bearer) {
    headers = curl_slist_append(headers, arena_printf(&t->arena, "Authorization: Bearer %s", t->who));
    if (body)
      headers = curl_slist_append(headers, "Content-Type: application/json");
  } else if (*t->who) {
    curl_easy_setopt(t->curl, CURLOPT_COOKIE, arena_printf(&t->arena, "session=%s", t->who));
  }
  if (key)
    headers = curl_slist_append(headers, arena_printf(&t->arena, "Idempotency-Key: %s", key));
  headers = curl_slist_append(headers, "Accept-Language: en");
  curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
  assert_int_equal(curl_easy_perform(t->curl), CURLE_OK);
  curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  buf_char(&t->body, '\0');
  return status;
}

static long get(struct town *t, const char *path)
{
  return perform(t, "GET", path, NULL, NULL, NULL);
}

static bool shows(const struct town *t, const char *text)
{
  return strstr(t->body.p, text) != NULL;
}

/* The value of a hidden field of the page that was read last. */
static const char *hidden(struct town *t, const char *name)
{
  const char *at = strstr(t->body.p, arena_printf(&t->arena, "name=\"%s\" value=\"", name));
  if (!at)
    fail_msg("the page has no field %s: %.400s", name, t->body.p);
  at = strstr(at, "value=\"") + 7;
  return arena_dup(&t->arena, (struct span){at, strcspn(at, "\"")});
}

/* The guard of the page at the path, as a browser would send it. */
static const char *guard(struct town *t, const char *page)
{
  assert_int_equal(get(t, page), 200);
  const char *csrf = hidden(t, "csrf"), *once = hidden(t, "once");
  return arena_printf(&t->arena, "csrf=%s&once=%s&expect=%s", csrf, once,
                      strstr(t->body.p, "name=\"expect\"") ? hidden(t, "expect") : "");
}

static long post(struct town *t, const char *path, const char *guarded, const char *rest)
{
  return perform(t, "POST", path, arena_printf(&t->arena, "%s&%s", guarded, rest), NULL, NULL);
}

static long upload(struct town *t, const char *path, const char *name, const char *type, struct span content, const char *guarded)
{
  curl_mime *mime = curl_mime_init(t->curl);
  curl_mimepart *part = curl_mime_addpart(mime);
  curl_mime_name(part, "file");
  curl_mime_filename(part, name);
  curl_mime_type(part, type);
  curl_mime_data(part, content.p, content.n);
  struct span rest = span_of(guarded), pair, key;
  while (span_cut(&rest, '&', &pair) && span_cut(&pair, '=', &key)) {
    part = curl_mime_addpart(mime);
    curl_mime_name(part, arena_dup(&t->arena, key));
    curl_mime_data(part, pair.p, pair.n);
  }
  long status = perform(t, "POST", path, NULL, mime, NULL);
  curl_mime_free(mime);
  return status;
}

static const char pdf[] = "%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";
#define PDF SPAN("%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")

static const char answers[] =
    "a.has_company=true&a.area=86&a.premises_owned=false&a.food_kind=hot&a.cold_dishes=false&a.signboard=true"
    "&a.gas=true&a.sewage=true&a.delivery_only=false&a.staff_certified=true";

static char *at(struct town *t, const char *no, const char *rest)
{
  return arena_printf(&t->arena, "/cases/%s%s", no, rest);
}

/* Begins a draft as a browser does; its number. */
static const char *begin(struct town *t)
{
  const char *guarded = guard(t, arena_printf(&t->arena, "/apply?thing=open-a-restaurant&%s", answers));
  long status = post(t, "/apply", guarded, arena_printf(&t->arena, "thing=open-a-restaurant&phone=13800000000&%s", answers));
  if (status != 303)
    fail_msg("%ld: %s", status, t->body.p);
  return arena_str(&t->arena, strstr(t->location, "/cases/") + 7);
}

/* The case as the API tells it. */
static json_t *told(struct town *t, const char *no)
{
  json_t *value;
  assert_int_equal(get(t, arena_printf(&t->arena, "/api/cases/%s", no)), 200);
  GOOD(json_read(span_of(t->body.p), "answer", &value, &error));
  return value;
}

static const char *field_body(struct town *t, const char *no)
{
  json_t *told_case = told(t, no);
  const json_t *fields = json_list(told_case, "fields");
  const char *body = "";
  for (size_t i = 0; i < json_array_size(fields); i++) {
    const json_t *f = json_array_get(fields, i);
    const char *type = json_str(f, "type");
    const char *value = strcmp(type, "number") == 0    ? "86"
                        : strcmp(type, "date") == 0    ? "2026-12-01"
                        : strcmp(type, "boolean") == 0 ? "true"
                                                       : "%E5%AE%81%E6%B3%A2";
    body = arena_printf(&t->arena, "%s&fields.%s=%s", body, json_str(f, "field"), value);
  }
  json_decref(told_case);
  return body;
}

static void hand_in_materials(struct town *t, const char *no, bool all)
{
  json_t *told_case = told(t, no);
  const json_t *materials = json_list(told_case, "materials");
  for (size_t i = 0; i < json_array_size(materials); i++) {
    const json_t *m = json_array_get(materials, i);
    if (strcmp(json_str(m, "source"), "upload") != 0 || (!all && json_int(m, "defer") > 0))
      continue;
    const char *path = at(t, no, arena_printf(&t->arena, "/materials/%s", json_str(m, "material")));
    assert_int_equal(upload(t, path, "图.pdf", "application/pdf", PDF, guard(t, at(t, no, "/materials"))), 303);
  }
  json_decref(told_case);
}

static const char *ready(struct town *t)
{
  const char *no = begin(t);
  assert_int_equal(post(t, at(t, no, "/form"), guard(t, at(t, no, "/form")), field_body(t, no)), 303);
  hand_in_materials(t, no, true);
  assert_int_equal(post(t, at(t, no, "/delivery"), guard(t, at(t, no, "/delivery")), "mode=courier&address=Zhongshan+Road+1"), 303);
  return no;
}

static const char *submitted(struct town *t)
{
  const char *no = ready(t);
  long status = post(t, at(t, no, "/submit"), guard(t, at(t, no, "/check")), "commitment=");
  if (status != 303)
    fail_msg("%ld: %s", status, t->body.p);
  return no;
}

static void staff(struct town *t, const char *no, const char *type, json_t *data)
{
  struct case_row row;
  struct outcome outcome;
  GOOD(casework_find(t->db, span_of(no), SPAN(""), &t->arena, &row, &error));
  const struct command command = {.kind = &casefile_kind,
                                  .id = row.id,
                                  .expect = -1,
                                  .type = type,
                                  .key = "",
                                  .actor = {"staff:chen", "clerk", "centre", "web"},
                                  .data = data};
  GOOD(engine_do(t->engine, &command, &outcome, &error));
  json_decref(data);
}

/* ---- what it does ---- */

static void whole_way(struct town *t)
{
  const char *no = submitted(t);
  assert_int_equal(get(t, at(t, no, "")), 200);
  assert_true(shows(t, "Your application has been received"));
  assert_true(shows(t, "Receipt"));
  assert_true(shows(t, "tells you by"));
  assert_int_equal(get(t, at(t, no, "/files/1")), 200);
  assert_int_equal(t->body.n - 1, sizeof pdf - 1);
  assert_memory_equal(t->body.p, pdf, sizeof pdf - 1);
  staff(t, no, "accept", json_object());
  assert_int_equal(get(t, at(t, no, "")), 200);
  assert_true(shows(t, "promised by"));
  assert_true(shows(t, "Notice of acceptance"));
  assert_int_equal(get(t, "/cases"), 200);
  assert_true(shows(t, no));
}

static void posted_twice(struct town *t)
{
  const char *guarded = guard(t, arena_printf(&t->arena, "/apply?thing=open-a-restaurant&%s", answers));
  const char *rest = arena_printf(&t->arena, "thing=open-a-restaurant&phone=13800000000&%s", answers);
  assert_int_equal(post(t, "/apply", guarded, rest), 303);
  const char *first = arena_str(&t->arena, t->location);
  assert_int_equal(post(t, "/apply", guarded, rest), 303);
  assert_string_equal(t->location, first);
  const char *no = ready(t), *form = guard(t, at(t, no, "/check"));
  assert_int_equal(post(t, at(t, no, "/submit"), form, ""), 303);
  assert_int_equal(post(t, at(t, no, "/submit"), form, ""), 303);
  json_t *now = told(t, no);
  assert_int_equal(json_array_size(json_list(now, "papers")), 1);
  json_decref(now);
}

static void stale(struct town *t)
{
  const char *no = begin(t), *old = guard(t, at(t, no, "/delivery")), *other = guard(t, at(t, no, "/delivery"));
  assert_int_equal(post(t, at(t, no, "/delivery"), old, "mode=window&address=Road+1"), 303);
  assert_int_equal(post(t, at(t, no, "/delivery"), other, "mode=e-certificate&address=Road+1"), 409);
  assert_true(shows(t, "This case has changed meanwhile"));
  json_t *now = told(t, no);
  assert_string_equal(json_str(json_object_get(now, "delivery"), "mode"), "window");
  json_decref(now);
}

static void not_his(struct town *t)
{
  static const char *const pages[] = {"", "/form", "/materials", "/delivery", "/check", "/withdraw", "/files/1"};
  const char *no = submitted(t), *guarded = guard(t, at(t, no, "/withdraw"));
  t->who = "wang";
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
    assert_int_equal(get(t, at(t, no, pages[i])), 404);
  assert_int_equal(get(t, arena_printf(&t->arena, "/api/cases/%s", no)), 404);
  assert_int_equal(get(t, "/cases"), 200);
  assert_false(shows(t, no));
  assert_true(shows(t, "You have no applications yet"));
  const char *own = begin(t);
  guarded = guard(t, at(t, own, "/withdraw"));
  assert_int_equal(post(t, at(t, no, "/withdraw"), guarded, "reason=mine"), 404);
  t->who = "";
  assert_int_equal(get(t, at(t, no, "")), 302);
}

static void lying_type(struct town *t)
{
  const char *no = begin(t), *material = NULL;
  json_t *now = told(t, no);
  const json_t *materials = json_list(now, "materials");
  for (size_t i = 0; i < json_array_size(materials) && !material; i++)
    if (strcmp(json_str(json_array_get(materials, i), "source"), "upload") == 0)
      material = arena_str(&t->arena, json_str(json_array_get(materials, i), "material"));
  json_decref(now);
  const char *path = at(t, no, arena_printf(&t->arena, "/materials/%s", material));
  assert_int_equal(upload(t, path, "图.pdf", "application/pdf", SPAN("MZ program"), guard(t, at(t, no, "/materials"))), 415);
  assert_int_equal(upload(t, path, "图.png", "image/png", PDF, guard(t, at(t, no, "/materials"))), 415);
  now = told(t, no);
  assert_int_equal(json_int(now, "version"), 1);
  json_decref(now);
  assert_int_equal(upload(t, path, "图.png", "image/png", SPAN("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), guard(t, at(t, no, "/materials"))),
                   303);
}

/* One page a group: what the account knows stands there, saving one page leads to the next and keeps the others. */
static void page_by_page(struct town *t)
{
  const char *no = begin(t);
  const char *guarded = guard(t, at(t, no, "/form"));
  assert_true(shows(t, "name=\"part\" value=\"applicant\""));
  assert_true(shows(t, "name=\"fields.contact_phone\"") && shows(t, "value=\"13800000000\""));
  assert_false(shows(t, "name=\"fields.sign_text\""));
  assert_int_equal(post(t, at(t, no, "/form"), guarded, "part=applicant&fields.contact_phone=13900000000"), 303);
  (void)guard(t, at(t, no, "/form?part=facilities"));
  assert_true(shows(t, "name=\"fields.sign_text\"") && shows(t, "aria-current=\"step\""));
  assert_int_equal(post(t, at(t, no, "/form"), guard(t, at(t, no, "/form?part=facilities")), "part=facilities&fields.sign_text=X"),
                   303);
  json_t *now = told(t, no);
  for (size_t i = 0; i < json_array_size(json_list(now, "fields")); i++) {
    const json_t *f = json_array_get(json_list(now, "fields"), i);
    if (strcmp(json_str(f, "field"), "contact_phone") == 0)
      assert_string_equal(json_str(f, "value"), "13900000000");
    if (strcmp(json_str(f, "field"), "sign_text") == 0)
      assert_string_equal(json_str(f, "value"), "X");
  }
  json_decref(now);
}

static void all_lacks(struct town *t)
{
  const char *no = begin(t);
  json_t *now = told(t, no);
  size_t lacks = json_array_size(json_list(now, "lacks"));
  assert_true(lacks > 5);
  json_decref(now);
  assert_int_equal(post(t, at(t, no, "/submit"), guard(t, at(t, no, "/check")), ""), 422);
  assert_true(shows(t, arena_printf(&t->arena, "Still missing: %zu", lacks)));
  assert_true(shows(t, "#f-fields."));
  assert_true(shows(t, "/materials#m-"));
  assert_true(shows(t, arena_printf(&t->arena, "/cases/%s/delivery", no)));
  assert_int_equal(post(t, at(t, no, "/form"), guard(t, at(t, no, "/form")), "fields.business_area=many"),
                   303); /* not of the form */
  const char *number = NULL;
  now = told(t, no);
  for (size_t i = 0; i < json_array_size(json_list(now, "fields")) && !number; i++)
    if (strcmp(json_str(json_array_get(json_list(now, "fields"), i), "type"), "number") == 0)
      number = arena_str(&t->arena, json_str(json_array_get(json_list(now, "fields"), i), "field"));
  json_decref(now);
  if (number) {
    assert_int_equal(post(t, at(t, no, "/form"), guard(t, at(t, no, "/form")), arena_printf(&t->arena, "fields.%s=many", number)),
                     400);
    assert_true(shows(t, "enter a number"));
    assert_true(shows(t, "value=\"many\""));
  }
}

static void corrected(struct town *t)
{
  const char *no = submitted(t), *material = NULL;
  json_t *now = told(t, no);
  for (size_t i = 0; i < json_array_size(json_list(now, "materials")) && !material; i++)
    if (strcmp(json_str(json_array_get(json_list(now, "materials"), i), "source"), "upload") == 0)
      material = arena_str(&t->arena, json_str(json_array_get(json_list(now, "materials"), i), "material"));
  json_decref(now);
  staff(t, no, "ask-correction", json_pack("{s:[{s:s,s:s}]}", "missing", "material", material, "standard", "每页加盖公章"));
  assert_int_equal(get(t, at(t, no, "")), 200);
  assert_true(shows(t, "每页加盖公章"));
  assert_true(shows(t, "Please correct by"));
  assert_int_equal(post(t, at(t, no, "/resubmit"), guard(t, at(t, no, "/check")), ""), 422);
  assert_true(shows(t, "Not corrected yet"));
  const char *path = at(t, no, arena_printf(&t->arena, "/materials/%s", material));
  assert_int_equal(upload(t, path, "新.pdf", "application/pdf", PDF, guard(t, at(t, no, "/materials"))), 303);
  assert_int_equal(post(t, at(t, no, "/resubmit"), guard(t, at(t, no, "/check")), ""), 303);
  assert_int_equal(post(t, at(t, no, "/withdraw"), guard(t, at(t, no, "/withdraw")), "reason="), 400);
  assert_int_equal(post(t, at(t, no, "/withdraw"), guard(t, at(t, no, "/withdraw")), "reason=moved"), 303);
  assert_int_equal(get(t, at(t, no, "")), 200);
  assert_true(shows(t, "This application is closed"));
}

static void progress(struct town *t)
{
  const char *no = submitted(t);
  json_t *now = told(t, no);
  const char *code = arena_str(&t->arena, json_str(now, "code"));
  json_decref(now);
  t->who = "";
  const char *wrong = strcmp(code, "000000") == 0 ? "000001" : "000000";
  assert_int_equal(get(t, arena_printf(&t->arena, "/progress?number=%s&code=%s", no, code)), 200);
  assert_true(shows(t, "Application received"));
  assert_false(shows(t, "李𠮷"));
  assert_int_equal(get(t, arena_printf(&t->arena, "/api/progress?number=%s&code=%s", no, wrong)), 404);
  const char *one = arena_str(&t->arena, strstr(t->body.p, "\"title\""));
  assert_int_equal(get(t, arena_printf(&t->arena, "/api/progress?number=20200101000001X&code=%s", wrong)), 404);
  assert_int_equal(strncmp(one, strstr(t->body.p, "\"title\""), 60), 0);
  assert_int_equal(get(t, arena_printf(&t->arena, "/progress?number=%s&code=", no)), 404);
  long status = 0;
  for (int i = 0; i < 40 && status != 429; i++)
    status = get(t, arena_printf(&t->arena, "/api/progress?number=%s&code=%s", no, wrong));
  assert_int_equal(status, 429);
}

static void programs(struct town *t)
{
  static const char draft[] =
      "{\"thing\":\"open-a-restaurant\",\"phone\":\"13800000000\",\"answers\":{\"has_company\":true,\"area\":86,"
      "\"premises_owned\":false,\"food_kind\":\"hot\",\"cold_dishes\":false,\"signboard\":true,\"gas\":true,"
      "\"sewage\":true,\"delivery_only\":false,\"staff_certified\":true}}";
  t->bearer = true;
  assert_int_equal(perform(t, "POST", "/api/cases", draft, NULL, "k1"), 201);
  const char *no = arena_str(&t->arena, strstr(t->location, "/api/cases/") + 11);
  assert_int_equal(perform(t, "POST", "/api/cases", draft, NULL, "k1"), 201);
  assert_string_equal(strstr(t->location, "/api/cases/") + 11, no);
  char *path = arena_printf(&t->arena, "/api/cases/%s", no);
  assert_int_equal(perform(t, "POST", arena_printf(&t->arena, "%s/submit", path), "{}", NULL, NULL), 422);
  assert_true(shows(t, "incomplete"));
  json_t *now = told(t, no), *fields = json_object();
  for (size_t i = 0; i < json_array_size(json_list(now, "fields")); i++) {
    const json_t *f = json_array_get(json_list(now, "fields"), i);
    const char *type = json_str(f, "type");
    (void)json_object_set_new(fields, json_str(f, "field"),
                              strcmp(type, "number") == 0    ? json_integer(86)
                              : strcmp(type, "date") == 0    ? json_string("2026-12-01")
                              : strcmp(type, "boolean") == 0 ? json_true()
                                                             : json_string("宁波"));
  }
  json_t *body = json_pack("{s:o,s:{s:s,s:s}}", "fields", fields, "delivery", "mode", "courier", "address", "宁波市中山路1号");
  char *text = arena_dup(&t->arena, json_text(&t->arena, body));
  json_decref(body);
  long status = perform(t, "PUT", arena_printf(&t->arena, "%s/fields", path), text, NULL, "k2");
  if (status != 200)
    fail_msg("%ld %s", status, t->body.p);
  for (size_t i = 0; i < json_array_size(json_list(now, "materials")); i++) {
    const json_t *m = json_array_get(json_list(now, "materials"), i);
    if (strcmp(json_str(m, "source"), "upload") == 0 && json_int(m, "defer") == 0)
      assert_int_equal(
          upload(t, arena_printf(&t->arena, "%s/materials/%s", path, json_str(m, "material")), "a.pdf", "application/pdf", PDF, ""),
          200);
  }
  json_decref(now);
  status = perform(t, "POST", arena_printf(&t->arena, "%s/submit", path), "{\"commitment\":true,\"expect\":1}", NULL, "k3");
  assert_int_equal(status, 409);
  status = perform(t, "POST", arena_printf(&t->arena, "%s/submit", path), "{\"commitment\":true}", NULL, "k4");
  if (status != 200)
    fail_msg("%ld %s", status, t->body.p);
  assert_true(shows(t, "\"state\":\"submitted\""));
  assert_int_equal(perform(t, "GET", "/api/cases", NULL, NULL, NULL), 200);
  assert_true(shows(t, no));
  assert_int_equal(perform(t, "POST", arena_printf(&t->arena, "%s/withdraw", path), "{}", NULL, "k5"), 400);
  assert_int_equal(perform(t, "POST", arena_printf(&t->arena, "%s/withdraw", path), "{\"reason\":\"搬家\"}", NULL, "k6"), 200);
  assert_true(shows(t, "\"state\":\"withdrawn\""));
}

static void (*body)(struct town *t);

static void in_a_town(const struct fresh_store *fresh)
{
  struct town t;
  town_open(&t, fresh);
  body(&t);
  town_close(&t);
}

#define TEST(name, what)                                                                                                           \
  static void name(void **state)                                                                                                   \
  {                                                                                                                                \
    (void)state;                                                                                                                   \
    body = what;                                                                                                                   \
    for_each_fresh_store(in_a_town);                                                                                               \
  }

TEST(an_applicant_goes_from_the_guide_to_acceptance, whole_way)
TEST(a_form_posted_twice_counts_once, posted_twice)
TEST(a_stale_page_changes_nothing_and_says_so, stale)
TEST(another_persons_case_is_not_found, not_his)
TEST(a_lying_content_type_is_refused, lying_type)
TEST(the_form_has_a_page_a_group, page_by_page)
TEST(everything_that_is_missing_is_said_at_once, all_lacks)
TEST(corrections_are_shown_and_have_to_be_made, corrected)
TEST(progress_needs_number_and_code, progress)
TEST(programs_go_the_same_way, programs)

int main(void)
{
  curl_global_init(CURL_GLOBAL_ALL);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_applicant_goes_from_the_guide_to_acceptance),
      cmocka_unit_test(a_form_posted_twice_counts_once),
      cmocka_unit_test(a_stale_page_changes_nothing_and_says_so),
      cmocka_unit_test(another_persons_case_is_not_found),
      cmocka_unit_test(a_lying_content_type_is_refused),
      cmocka_unit_test(the_form_has_a_page_a_group),
      cmocka_unit_test(everything_that_is_missing_is_said_at_once),
      cmocka_unit_test(corrections_are_shown_and_have_to_be_made),
      cmocka_unit_test(progress_needs_number_and_code),
      cmocka_unit_test(programs_go_the_same_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
