/*
 * The public pages over real HTTP: the sample city's catalogue, a real server on a free port, libcurl as the visitor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "app/app.h"
#include "catalog/catalog_pages.h"
#include "plan/plan_pages.h"

#define ANSWERS                                                                                                                    \
  "a.has_company=false&a.area=320&a.premises_owned=false&a.food_kind=hot&a.cold_dishes=true&a.signboard=true&a.gas=true"           \
  "&a.sewage=true&a.delivery_only=false&a.staff_certified=true"
#define RESTAURANT "/things/open-a-restaurant"
#define CRAWL_MAX 260

static struct arena arena;
static struct catalog *catalog;
static struct app app;
static struct web *web;
static CURL *curl;
static struct buf body;
static const char *lang = "zh";

static int open_site(void **state)
{
  static const struct route *const routes[] = {catalog_routes, catalog_api_routes, plan_routes, NULL};
  const char *source = getenv("ONEVISIT_SOURCE");
  struct findings findings = {0};
  struct error error = {0};
  (void)state;
  assert_int_equal(
      catalog_load(arena_printf(&arena, "%s/catalogs/ningbo", source ? source : "."), &catalog, &arena, &findings, &error), 0);
  app = (struct app){.catalog = catalog, .sample = true};
  const struct web_options options = {
      .listen = "127.0.0.1:0", .routes = routes, .app = &app, .threads = 1, .workers = 1, .sample = true};
  assert_int_equal(web_open(&options, &web, &error), 0);
  curl = curl_easy_init();
  buf_init(&body, (size_t)8 << 20);
  return 0;
}

static int close_site(void **state)
{
  (void)state;
  curl_easy_cleanup(curl);
  web_close(web);
  catalog_free(catalog);
  buf_release(&body);
  arena_release(&arena);
  return 0;
}

static size_t take(char *p, size_t size, size_t n, void *context)
{
  buf_bytes(context, p, size * n);
  return size * n;
}

static long get(const char *path)
{
  long status = 0;
  buf_clear(&body);
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_URL, arena_printf(&arena, "http://127.0.0.1:%d%s", web_port(web), path));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  struct curl_slist *headers = curl_slist_append(NULL, arena_printf(&arena, "Accept-Language: %s", lang));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  assert_int_equal(curl_easy_perform(curl), CURLE_OK);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  buf_char(&body, '\0');
  return status;
}

static bool shows(const char *text)
{
  return strstr(body.p, text) != NULL;
}

static void must_show(const char *path, long status, const char *text)
{
  long got = get(path);
  if (got != status || !shows(text))
    fail_msg("%s: status %ld, wanted %ld and «%s»: %.600s", path, got, status, text, body.p);
}

static json_t *get_json(const char *path)
{
  struct error error = {0};
  json_t *value = NULL;
  long status = get(path);
  if (status != 200 || json_read(span_of(body.p), path, &value, &error))
    fail_msg("%s: %ld %s: %.300s", path, status, error.en, body.p);
  return value;
}

static void every_page_answers_in_both_languages(void **state)
{
  static const struct {
    const char *path, *zh, *en;
  } pages[] = {
      {"/", "您想办什么事", "What do you want to do?"},
      {"/search?q=restaurant", "我要开餐馆", "Open a restaurant"},
      {"/search", "大家在找", "Others look for"},
      {"/things", "我要开餐馆", "A child is born"},
      {"/things?for=person", "新生儿出生一件事", "A child is born"},
      {"/items", "权力和服务事项清单", "The public list of items"},
      {"/items?agency=market-regulation&kind=licence", "食品经营许可", "Food business licence"},
      {"/items/food-business-licence", "承诺办结时限", "Promised limit"},
      {"/agencies", "市场监督管理局", "Market Regulation"},
      {"/agencies/market-regulation", "实施的事项", "Its single items"},
      {RESTAURANT, "回答 10 个问题", "Answer 10 questions"},
      {RESTAURANT "/ask", "是否已有营业执照", "Do you have a business licence already?"},
      {RESTAURANT "/plan?" ANSWERS, "您要提交", "What you hand in"},
      {RESTAURANT "/plan.svg?" ANSWERS, "<svg", "<svg"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    lang = "en";
    must_show(pages[i].path, 200, pages[i].en);
    lang = "zh";
    must_show(pages[i].path, 200, pages[i].zh);
  }
}

static void a_guide_shows_the_law_and_article_of_each_material(void **state)
{
  const struct item *item = catalog_item(catalog, SPAN("food-business-licence"));
  (void)state;
  assert_int_equal(get("/items/food-business-licence"), 200);
  assert_true(item->material_count > 5);
  const char *at = strstr(body.p, "id=\"materials\"");
  for (size_t i = 0; i < item->material_count; i++) {
    const struct item_material *m = &item->materials[i];
    const char *row = strstr(at, m->material->name.zh);
    assert_non_null(row);
    const char *law = strstr(row, arena_printf(&arena, "《%s》%s", m->basis->law, m->basis->article)), *end = strstr(row, "</tr>");
    assert_true(law && end && law < end);
    at = end;
  }
  assert_true(shows("由填写的表单生成") && shows("申请人提交") && shows("政府部门核验") && shows("其他事项的办理结果"));
  assert_true(shows(item->implementation_code));
}

static void what_does_not_exist_is_not_found(void **state)
{
  static const char *const paths[] = {
      "/items/nope",    "/things/nope",       "/things/nope/ask", "/things/nope/plan?a.x=1", "/things/nope/plan.svg",
      "/agencies/nope", "/items?agency=nope", "/api/items/nope",  "/api/things/nope",        "/api/things/nope/plan"};
  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    assert_int_equal(get(paths[i]), 404);
}

#define PROJECT                                                                                                                    \
  "/things/invest-an-industrial-project/plan?a.project_kind=record&a.eia_class=table&a.energy_tce=3000&a.land_hectares=6"          \
  "&a.site_type=plain&a.water_relation=none&a.fire_special=false&a.road_work=false&a.negative_list=false&a.tce_per_10k=0.4"

static void every_line_of_the_plan_says_why(void **state)
{
  (void)state;
  lang = "en";
  must_show(RESTAURANT "/plan?" ANSWERS, 200, "<details class=\"why\">");
  assert_true(shows("What is not asked of you, and why"));
  must_show("/api" RESTAURANT "/plan/why?" ANSWERS, 200, "\"pass\":\"items\"");
  assert_true(shows("\"verdict\":\"not-selected\""));
  lang = "zh";
}

static void a_project_finds_its_zone_by_its_coordinates(void **state)
{
  (void)state;
  lang = "en";
  must_show(PROJECT, 200, "Stage by stage");
  assert_false(shows("id=\"zone\""));
  must_show(PROJECT "&sites=121.62,29.90", 200, "In the zone “High-tech zone (sample)”");
  assert_true(shows("Not needed any more:") && shows("tce_per_10k_cny"));
  must_show(PROJECT "&sites=A@121.62,29.90%0AB@121.63,29.90", 200, "The package: 2 projects, one file");
  must_show(PROJECT "&sites=nowhere", 400, "is no site");
  assert_true(shows("id=\"trips\"")); /* the plan is still there */
  must_show(PROJECT "&sites=A@121.62,29.90%0AB@121.2,30.3", 400, "do not lie in one zone");
  must_show("/api" PROJECT "&sites=A@121.62,29.90;B@121.63,29.90", 200, "\"package\":{\"sites\":[");
  assert_int_equal(get("/api" PROJECT "&sites=nowhere"), 400);
  lang = "zh";
}

static void questions_come_one_by_one_and_lead_to_the_plan(void **state)
{
  char *url = NULL;
  (void)state;
  must_show(RESTAURANT "/ask?a.has_company=false&q=has_company", 200, "name=\"a.area\"");
  assert_true(shows("name=\"a.has_company\" value=\"false\""));
  must_show(RESTAURANT "/ask?" ANSWERS "&at=gas", 200, "name=\"a.gas\" value=\"true\" checked");
  assert_int_equal(get(RESTAURANT "/ask?" ANSWERS "&q=gas"), 302);
  curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &url);
  assert_non_null(strstr(url, RESTAURANT "/plan?a.has_company=false&a.area=320"));
}

static void a_wrong_or_missing_answer_is_told_in_an_error_summary(void **state)
{
  static const char *const paths[] = {RESTAURANT "/ask?q=has_company",
                                      RESTAURANT "/ask?q=has_company&a.has_company=maybe",
                                      RESTAURANT "/ask?a.has_company=true&q=area&a.area=4",
                                      RESTAURANT "/ask?a.has_company=true&q=area&a.area=",
                                      RESTAURANT "/ask?a.has_company=true&q=area&a.area=1&a.area=20",
                                      RESTAURANT "/plan",
                                      RESTAURANT "/plan?a.has_company=true&a.area=hundred"};
  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    must_show(paths[i], 400, "class=\"error-summary\"");
  must_show(RESTAURANT "/ask?a.has_company=true&q=area&a.area=9999", 400, "请填写 5 至 5000 平方米之间的数字");
  must_show(RESTAURANT "/plan?a.nonsense=1", 400, "nonsense");
  assert_int_equal(get("/api" RESTAURANT "/plan?a.area=x"), 400);
  assert_int_equal(get(RESTAURANT "/plan?" ANSWERS "&zone=nowhere"), 400);
}

static void the_plan_tells_trips_materials_days_and_the_way_on(void **state)
{
  (void)state;
  json_t *plan = get_json("/api" RESTAURANT "/plan?" ANSWERS);
  assert_string_equal(json_str(plan, "thing"), "open-a-restaurant");
  int64_t days = json_int(plan, "days"), serial = json_int(plan, "serial"),
          online = json_int(json_object_get(plan, "trips"), "online");
  must_show(RESTAURANT "/plan?" ANSWERS, 200, arena_printf(&arena, "并联办理 %lld 个工作日", (long long)days));
  assert_true(shows(arena_printf(&arena, "逐个办理需 %lld 个工作日", (long long)serial)));
  assert_true(shows(online == 0 ? "一次都不用跑" : online == 1 ? "最多跑一次" : "次"));
  size_t at;
  json_t *material;
  json_array_foreach(json_object_get(plan, "materials"), at, material)
  {
    if (strcmp(json_str(material, "source"), "form") != 0)
      assert_true(shows(json_str(json_object_get(material, "name"), "zh")));
  }
  assert_true(shows("href=\"/apply?thing=open-a-restaurant&amp;a.has_company=false&amp;a.area=320"));
  assert_true(shows("at=area"));
  json_decref(plan);
}

static void search_finds_by_two_characters_and_forgives_a_slip(void **state)
{
  (void)state;
  must_show("/search?q=%E9%A4%90%E9%A6%86", 200, "href=\"/things/open-a-restaurant\"");
  must_show("/search?q=zzqqxx", 200, "没有找到");
  json_t *hits = get_json("/api/search?q=%E9%A4%90%E9%A6%86");
  assert_true(json_array_size(json_object_get(hits, "hits")) > 0);
  json_decref(hits);
}

static void hostile_words_are_shown_as_words(void **state)
{
  (void)state;
  must_show("/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27", 200, "&lt;script&gt;");
  assert_false(shows("<script>alert"));
  assert_int_equal(get(RESTAURANT "/ask?q=area&a.area=%22%3E%3Cimg%20src%3Dx%3E"), 400);
  assert_false(shows("<img src=x"));
  assert_int_equal(get("/items/%3Cb%3E"), 404);
  assert_false(shows("<b>"));
}

static void lists_of_the_api_are_read_page_by_page(void **state)
{
  static const char *const lists[] = {"things", "items", "agencies"};
  const size_t counts[] = {catalog->thing_count, catalog->item_count, catalog->agency_count};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    const char *after = "";
    size_t seen = 0;
    do {
      json_t *page = get_json(arena_printf(&arena, "/api/%s?limit=37%s%s", lists[i], *after ? "&after=" : "", after));
      seen += json_array_size(json_object_get(page, lists[i]));
      after = arena_str(&arena, json_str(page, "next"));
      json_decref(page);
    } while (*after && seen < 10000);
    assert_int_equal(seen, counts[i]);
  }
  json_decref(get_json("/api/items/food-business-licence"));
  json_decref(get_json("/api" RESTAURANT));
  assert_int_equal(get("/api/items?limit=101"), 400);
  assert_int_equal(get("/api/items?after=nope"), 400);
}

/* ---- every link leads somewhere ---- */

struct crawl {
  const char *paths[CRAWL_MAX];
  size_t n;
};

static bool elsewhere(const char *path)
{
  static const char *const others[] = {"/apply", "/progress", "/cases", "/consult", "/halls", "/sign-in", NULL};
  for (size_t i = 0; others[i]; i++)
    if (span_starts(span_of(path), others[i]))
      return true;
  return path[0] != '/' || path[1] == '/';
}

static const char *unescaped(const char *path)
{
  char *out = arena_str(&arena, path), *to = out;
  for (const char *p = path; *p; p++) {
    if (*p == '#')
      break;
    *to++ = *p;
    if (strncmp(p, "&amp;", 5) == 0)
      p += 4;
  }
  *to = '\0';
  return out;
}

static void add_links(struct crawl *c)
{
  for (const char *p = body.p; (p = strstr(p, " href=\"")) != NULL;) {
    p += 7;
    const char *path = unescaped(arena_dup(&arena, (struct span){p, strcspn(p, "\"")}));
    bool known = elsewhere(path);
    for (size_t i = 0; !known && i < c->n; i++)
      known = !strcmp(c->paths[i], path);
    if (!known && c->n < CRAWL_MAX)
      c->paths[c->n++] = path;
  }
}

static void every_internal_link_leads_somewhere(void **state)
{
  struct crawl *c = arena_new(&arena, struct crawl);
  (void)state;
  c->paths[c->n++] = "/";
  c->paths[c->n++] = RESTAURANT "/plan?" ANSWERS;
  for (size_t i = 0; i < c->n; i++) {
    long status = get(c->paths[i]);
    if (status >= 400)
      fail_msg("%s answers %ld", c->paths[i], status);
    add_links(c);
  }
  assert_true(c->n > 150);
}

/* Each thing's first answers give a plan: no condition, name or law of the catalogue breaks a page. */
static void every_thing_has_a_start_page_and_every_item_a_guide(void **state)
{
  (void)state;
  for (size_t i = 0; i < catalog->thing_count; i++)
    assert_int_equal(get(arena_printf(&arena, "/things/%s", catalog->things[i].id)), 200);
  for (size_t i = 0; i < catalog->item_count; i++)
    assert_int_equal(get(arena_printf(&arena, "/items/%s", catalog->items[i].id)), 200);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_page_answers_in_both_languages),
      cmocka_unit_test(a_guide_shows_the_law_and_article_of_each_material),
      cmocka_unit_test(what_does_not_exist_is_not_found),
      cmocka_unit_test(every_line_of_the_plan_says_why),
      cmocka_unit_test(a_project_finds_its_zone_by_its_coordinates),
      cmocka_unit_test(questions_come_one_by_one_and_lead_to_the_plan),
      cmocka_unit_test(a_wrong_or_missing_answer_is_told_in_an_error_summary),
      cmocka_unit_test(the_plan_tells_trips_materials_days_and_the_way_on),
      cmocka_unit_test(search_finds_by_two_characters_and_forgives_a_slip),
      cmocka_unit_test(hostile_words_are_shown_as_words),
      cmocka_unit_test(lists_of_the_api_are_read_page_by_page),
      cmocka_unit_test(every_internal_link_leads_somewhere),
      cmocka_unit_test(every_thing_has_a_start_page_and_every_item_a_guide),
  };
  return cmocka_run_group_tests(tests, open_site, close_site);
}
