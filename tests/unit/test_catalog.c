#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/tree.h"

static const char *source(void)
{
  const char *dir = getenv("ONEVISIT_SOURCE");
  return dir ? dir : ".";
}

/* ---- the sample city ---- */

static struct catalog *ningbo;
static struct arena city_arena;

static int load_ningbo(void **state)
{
  (void)state;
  struct findings findings = {0};
  struct error error = {0};
  char *dir = arena_printf(&city_arena, "%s/catalogs/ningbo", source());
  if (catalog_load(dir, &ningbo, &city_arena, &findings, &error) == 0)
    return 0;
  print_error("%s\n", error.en);
  for (size_t i = 0; i < findings.n; i++)
    print_error("%s:%d:%d: %s\n", findings.list[i].place.file, findings.list[i].place.line, findings.list[i].place.column,
                findings.list[i].wrong.en);
  return -1;
}

static int unload_ningbo(void **state)
{
  (void)state;
  catalog_free(ningbo);
  arena_release(&city_arena);
  return 0;
}

static void the_sample_city_is_whole(void **state)
{
  (void)state;
  assert_int_equal(ningbo->agency_count, 48);
  assert_int_equal(ningbo->item_count, 376);
  assert_int_equal(ningbo->thing_count, 78);
  assert_int_equal(ningbo->district_count, 10 + 162);
  assert_string_equal(ningbo->city, "宁波市");
  assert_string_equal(ningbo->city_name.en, "Ningbo");
  assert_string_equal(ningbo->region, "330200");
  assert_string_equal(ningbo->paper_prefix, "甬政服");
  assert_int_equal(strlen(ningbo->version.hex), 64);
  size_t windows = 0;
  for (size_t i = 0; i < ningbo->halls[0].before_count; i++)
    windows += (size_t)ningbo->halls[0].before[i].windows;
  assert_int_equal(ningbo->halls[0].before_count, 42);
  assert_int_equal(windows, 158);
  windows = 0;
  for (size_t i = 0; i < ningbo->halls[0].zone_count; i++)
    windows += (size_t)ningbo->halls[0].zones[i].windows;
  assert_int_equal(ningbo->halls[0].zone_count, 8);
  assert_int_equal(windows, 87);
  assert_int_equal(ningbo->zones[0].point_count, 6);
  assert_true(ningbo->zones[0].polygon[0][0] > 121.6 && ningbo->zones[0].polygon[0][0] < 121.601);
}

static void entries_are_found_by_id(void **state)
{
  (void)state;
  for (size_t i = 0; i < ningbo->item_count; i++)
    assert_ptr_equal(catalog_item(ningbo, span_of(ningbo->items[i].id)), &ningbo->items[i]);
  for (size_t i = 0; i < ningbo->material_count; i++)
    assert_ptr_equal(catalog_material(ningbo, span_of(ningbo->materials[i].id)), &ningbo->materials[i]);
  assert_non_null(catalog_agency(ningbo, SPAN("market-regulation")));
  assert_non_null(catalog_thing(ningbo, SPAN("open-a-restaurant")));
  assert_non_null(catalog_field(ningbo, SPAN("company_name")));
  assert_non_null(catalog_certificate(ningbo, SPAN("business-licence")));
  assert_null(catalog_item(ningbo, SPAN("open-a-restaurant")));
  assert_null(catalog_item(ningbo, SPAN("")));
}

static void an_item_is_read_in_full(void **state)
{
  (void)state;
  const struct item *item = catalog_item(ningbo, SPAN("food-business-licence"));
  assert_non_null(item);
  assert_string_equal(item->name.zh, "食品经营许可（新办）");
  assert_int_equal(item->kind, ITEM_LICENCE);
  assert_int_equal(item->level, LEVEL_COUNTY);
  assert_string_equal(item->agency->id, "market-regulation");
  assert_int_equal(item->statutory, 10);
  assert_int_equal(item->promised, 5);
  assert_false(item->instant);
  assert_int_equal(item->channels, CHANNEL_ONLINE | CHANNEL_MOBILE | CHANNEL_WINDOW);
  assert_int_equal(item->delivery, DELIVERY_E_CERTIFICATE | DELIVERY_COURIER | DELIVERY_WINDOW);
  assert_int_equal(item->basis_count, 2);
  assert_string_equal(item->basis[1].article, "第十三条");
  assert_int_equal(item->material_count, 9);
  assert_int_equal(item->materials[1].from, FROM_RESULT);
  assert_string_equal(item->materials[2].material->id, "floor-plan");
  assert_true(span_is(feel_text(item->materials[2].when), "area > 50"));
  assert_int_equal(item->step_count, 3);
  assert_string_equal(item->steps[1].merge, "site-visit");
  assert_ptr_equal(item->steps[1].agency, item->agency);
  assert_string_equal(item->needs[0]->id, "business-registration");
  assert_string_equal(item->result->id, "food-business-licence");
  assert_int_equal(item->valid_months, 60);
  assert_int_equal(item->follow_up_within, 30);
  assert_string_equal(item->place.file, "items/food-business-licence.yaml");
  const struct item *fee = catalog_item(ningbo, SPAN("driving-licence-renewal"));
  assert_int_equal(fee->fees[0].fen, 1000);
}

static bool has_rule(const struct findings *findings, const char *rule)
{
  for (size_t i = 0; i < findings->n; i++) {
    if (strcmp(findings->list[i].rule, rule) == 0)
      return true;
  }
  return false;
}

static void the_sample_city_gives_a_reviewer_nothing_to_say(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct findings findings = {0};
  catalog_lint(ningbo, &arena, &findings);
  for (size_t i = 0; i < findings.n; i++)
    print_error("%s:%d: %s\n", findings.list[i].place.file, findings.list[i].place.line, findings.list[i].wrong.en);
  assert_int_equal(findings.n, 0);
  arena_release(&arena);
}

/* What lint says of a material of this name. */
static bool is_vague(const char *zh, const char *en)
{
  struct material material = {.id = "one", .name = {zh, en}, .place = {"materials.yaml", 1, 1}};
  struct catalog catalog = {.materials = &material, .material_count = 1};
  struct arena arena = {0};
  struct findings findings = {0};
  catalog_lint(&catalog, &arena, &findings);
  bool vague = has_rule(&findings, "vague-wording");
  if (vague)
    assert_true(findings.list[0].wrong.zh[0] && findings.list[0].wrong.en[0] && findings.list[0].remedy.zh[0]);
  arena_release(&arena);
  return vague;
}

static void catch_all_clauses_are_found_and_honest_words_are_not(void **state)
{
  (void)state;
  static const char *const vague[] = {"其他材料",
                                      "法律法规规定的其他材料",
                                      "身份证、户口簿等",
                                      "营业执照等证件",
                                      "相关证明",
                                      "视情况提供的说明",
                                      "有关部门认为需要的资料",
                                      "必要时的检测报告",
                                      "原则上应提交的合同",
                                      "学历证书等材料",
                                      "其它文件",
                                      "若干照片"};
  static const char *const honest[] = {
      "等级证书",         "高等学校毕业证书", "中等职业学历",     "特种设备等级评定", "平等协商记录",
      "同等学历证明",     "排队等候记录",     "等额担保",         "一等功证书",       "法人或者其他组织登记证书",
      "其他权利人同意书", "必要性论证报告",   "相关系数检测报告", "营业执照",         "不等臂天平检定证书",
      "初等教育证书"};
  static const char *const vague_english[] = {"Other documents",       "Identity card, etc.", "Relevant materials",
                                              "Report (if necessary)", "Proof as required",   "any other paper"};
  static const char *const honest_english[] = {"Fee (other than homes)",    "Etching plan",
                                               "Letter of the other party", "Sketch",
                                               "Certificate of relevance",  "Mother's identity card"};
  for (size_t i = 0; i < sizeof vague / sizeof *vague; i++) {
    if (!is_vague(vague[i], "Paper"))
      fail_msg("%s passed", vague[i]);
  }
  for (size_t i = 0; i < sizeof honest / sizeof *honest; i++) {
    if (is_vague(honest[i], "Paper"))
      fail_msg("%s did not pass", honest[i]);
  }
  for (size_t i = 0; i < sizeof vague_english / sizeof *vague_english; i++) {
    if (!is_vague("材料", vague_english[i]))
      fail_msg("%s passed", vague_english[i]);
  }
  for (size_t i = 0; i < sizeof honest_english / sizeof *honest_english; i++) {
    if (is_vague("材料", honest_english[i]))
      fail_msg("%s did not pass", honest_english[i]);
  }
}

static void one_thing_has_one_name(void **state)
{
  (void)state;
  static const struct {
    const char *a, *b;
    bool same;
  } pairs[] = {{"营业执照副本", "营业执照（副本）", true},
               {"营业执照", "营业执照（复印件）", true},
               {"申请人身份证", "身份证原件", true},
               {"企业年度报告", "年度报告", true},
               {"规划许可证", "施工许可证", false},
               {"环境影响报告书", "环境影响报告表", false},
               {"特种设备使用登记证（电梯）", "特种设备使用登记证（锅炉）", false}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    struct material materials[2] = {{.id = "a", .name = {pairs[i].a, "A"}}, {.id = "b", .name = {pairs[i].b, "B"}}};
    struct catalog catalog = {.materials = materials, .material_count = 2};
    struct arena arena = {0};
    struct findings findings = {0};
    catalog_lint(&catalog, &arena, &findings);
    if (has_rule(&findings, "one-thing-two-names") != pairs[i].same)
      fail_msg("%s, %s", pairs[i].a, pairs[i].b);
    arena_release(&arena);
  }
}

static void gaps_of_the_guide_are_named(void **state)
{
  (void)state;
  static const struct basis law = {"某法", "第一条"};
  static const struct presence pick_up = {.why = WHY_PICK_UP, .basis = &law};
  static const struct step review = {.step = "review", .takes = 1};
  struct item whole = {.id = "x",
                       .name = {"许可", "Licence"},
                       .basis = &law,
                       .basis_count = 1,
                       .statutory = 20,
                       .promised = 5,
                       .channels = CHANNEL_ONLINE,
                       .delivery = DELIVERY_COURIER,
                       .steps = &review,
                       .step_count = 1};
  struct item items[] = {whole, whole, whole, whole, whole, whole};
  items[1].channels = CHANNEL_WINDOW; /* on the spot, for no reason given */
  items[2].delivery = DELIVERY_WINDOW;
  items[3].step_count = 0;
  items[4].promised = 0;
  items[5].channels = CHANNEL_WINDOW | CHANNEL_KIOSK; /* on the spot, to pick up, with the law for it */
  items[5].delivery = DELIVERY_WINDOW;
  items[5].presence = &pick_up;
  items[5].presence_count = 1;
  for (size_t i = 0; i < 6; i++) {
    struct catalog catalog = {.items = &items[i], .item_count = 1};
    struct arena arena = {0};
    struct findings findings = {0};
    catalog_lint(&catalog, &arena, &findings);
    assert_int_equal(findings.n, i >= 1 && i <= 4);
    assert_int_equal(has_rule(&findings, "missing-element"), i >= 1 && i <= 4);
    arena_release(&arena);
  }
  struct certificate certificate = {.id = "c", .name = {"证", "Certificate"}};
  struct catalog catalog = {.items = items, .item_count = 1, .certificates = &certificate, .certificate_count = 1};
  struct arena arena = {0};
  struct findings findings = {0};
  catalog_lint(&catalog, &arena, &findings);
  assert_true(has_rule(&findings, "certificate-without-law"));
  items[0].result = &certificate;
  findings.n = 0;
  catalog_lint(&catalog, &arena, &findings);
  assert_int_equal(findings.n, 0);
  arena_release(&arena);
}

struct shop {
  const char *kind;
  int64_t area;
};

static struct feel_value shop_answer(void *context, struct span name)
{
  const struct shop *shop = context;
  if (span_is(name, "food_kind"))
    return (struct feel_value){.type = FEEL_STRING, .string = span_of(shop->kind)};
  if (span_is(name, "area"))
    return (struct feel_value){.type = FEEL_NUMBER, .number = {shop->area, 0, 0}};
  return (struct feel_value){.type = FEEL_NULL};
}

/* The table of the sample city says what three conditions said before it. */
static void a_table_decides_what_conditions_would(void **state)
{
  (void)state;
  const struct thing *thing = catalog_thing(ningbo, SPAN("open-a-convenience-store"));
  assert_int_equal(thing->table_count, 1);
  const struct thing_table *table = &thing->tables[0];
  assert_string_equal(table->id, "food_regime");
  assert_int_equal(table->table.hit, HIT_UNIQUE);
  assert_int_equal(table->table.rule_count, 3);
  assert_int_equal(table->input_count, 2);
  assert_null(table->otherwise);
  assert_true(span_is(table->values[1].string, "small-shop"));
  assert_true(span_is(feel_text(table->table.rules[2].when), "food_kind in not(\"prepackaged\") and area in (> 50)"));
  static const char *const kinds[] = {"prepackaged", "bulk", "hot"};
  for (int64_t area = 48; area < 53; area++) {
    for (size_t i = 0; i < 3; i++) {
      struct arena arena = {0};
      struct shop shop = {kinds[i], area};
      const char *want = i == 0 ? "filing" : area <= 50 ? "small-shop" : "licence";
      struct feel_value got = feel_table_eval(&table->table, &arena, shop_answer, &shop);
      assert_int_equal(got.type, FEEL_STRING);
      assert_true(span_is(got.string, want));
      arena_release(&arena);
    }
  }
}

static void codes_of_every_item_fit_together(void **state)
{
  (void)state;
  for (size_t i = 0; i < ningbo->item_count; i++) {
    for (size_t j = 0; j < i; j++)
      assert_string_not_equal(ningbo->items[i].basic_code, ningbo->items[j].basic_code);
  }
}

/* has_company, staff_certified and size as the case says; everything else is answered «no» or small */
struct restaurant {
  bool has_company, staff_certified;
};

static struct feel_value answer(void *context, struct span name)
{
  const struct restaurant *r = context;
  struct feel_value yes = {.type = FEEL_BOOLEAN, .truth = true};
  if (span_is(name, "has_company"))
    yes.truth = r->has_company;
  if (span_is(name, "staff_certified"))
    yes.truth = r->staff_certified;
  if (span_is(name, "area"))
    return (struct feel_value){.type = FEEL_NUMBER, .number = {320, 0}};
  if (span_is(name, "food_kind"))
    return (struct feel_value){.type = FEEL_STRING, .string = SPAN("hot")};
  return yes;
}

static int presences(struct restaurant answers)
{
  struct arena arena = {0};
  int n = 0;
  const struct thing *thing = catalog_thing(ningbo, SPAN("open-a-restaurant"));
  for (size_t i = 0; i < thing->item_count; i++) {
    const struct item *item = thing->items[i].item;
    if (thing->items[i].when && !FEEL_IS_TRUE(feel_eval(thing->items[i].when, &arena, answer, &answers)))
      continue;
    for (size_t j = 0; j < item->presence_count; j++)
      n += !item->presence[j].when || FEEL_IS_TRUE(feel_eval(item->presence[j].when, &arena, answer, &answers));
  }
  arena_release(&arena);
  return n;
}

static void a_restaurant_with_certified_staff_needs_no_presence(void **state)
{
  (void)state;
  assert_int_equal(presences((struct restaurant){true, true}), 0);
  assert_int_equal(presences((struct restaurant){false, true}), 0);
  assert_int_equal(presences((struct restaurant){false, false}), 1);
}

static void words_of_the_code_lists_are_there(void **state)
{
  (void)state;
  assert_string_equal(item_kind_words(ITEM_LICENCE).zh, "行政许可");
  assert_int_equal(item_kind_code(ITEM_LICENCE), 1);
  assert_int_equal(item_kind_code(ITEM_BENEFIT), 5);
  assert_int_equal(item_kind_code(ITEM_CONFIRMATION), 7);
  assert_int_equal(item_kind_code(ITEM_OTHER_POWER), 10);
  assert_int_equal(item_kind_code(ITEM_PUBLIC_SERVICE), 20);
  assert_string_equal(level_words(LEVEL_TOWN).en, "town or street");
  assert_string_equal(step_words("site-visit").zh, "现场踏勘");
  assert_string_equal(presence_words(WHY_PICK_UP).zh, "领取结果");
  assert_string_equal(material_kind_words("contract").zh, "合同协议");
}

/* ---- search ---- */

static const struct {
  const char *question, *id; /* expected among the first three */
} questions[] = {
    {"餐馆", "open-a-restaurant"},
    {"开餐馆", "open-a-restaurant"},
    {"开餐官", "open-a-restaurant"},
    {"开参馆", "open-a-restaurant"},
    {"我想开个小饭店", "open-a-restaurant"},
    {"饭店", "open-a-restaurant"},
    {"restaurant", "open-a-restaurant"},
    {"I want to open a restaurant", "open-a-restaurant"},
    {"restarant", "open-a-restaurant"},
    {"营业执照", "business-registration"},
    {"营业执兆", "business-registration"},
    {"营亚执照", "business-registration"},
    {"办营业执照", "business-registration"},
    {"business registration", "business-registration"},
    {"奶茶店", "open-a-tea-shop"},
    {"开个奶茶店要什么手续", "open-a-tea-shop"},
    {"便利店", "open-a-convenience-store"},
    {"便力店", "open-a-convenience-store"},
    {"超市", "open-a-supermarket"},
    {"药店", "open-a-pharmacy"},
    {"pharmacy", "open-a-pharmacy"},
    {"宠物医院", "open-a-pet-clinic"},
    {"网吧", "open-an-internet-cafe"},
    {"结婚", "marriage"},
    {"我们要结婚了", "marriage"},
    {"退休", "retirement"},
    {"新生儿", "newborn"},
    {"孩子出生", "newborn"},
    {"二手房过户", "buy-a-second-hand-home"},
    {"护照", "passport-and-travel-permit"},
    {"刻章", "seal-engraving"},
    {"健康证", "employee-health-certificate"},
    {"户外招牌", "outdoor-signboard"},
    {"食品经营许可证", "food-business-licence"},
    {"食品经营许可正", "food-business-licence"},
    {"驾照到期", "driving-licence-renewal"},
    {"幼儿园", "open-a-kindergarten"},
    {"注销公司", "close-a-company"},
};

static bool among(const struct hit *hits, size_t n, const char *id)
{
  for (size_t i = 0; i < n; i++) {
    if (strcmp(hits[i].thing ? hits[i].thing->id : hits[i].item->id, id) == 0)
      return true;
  }
  return false;
}

static void what_people_ask_is_among_the_first_three(void **state)
{
  (void)state;
  int missed = 0;
  for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
    struct hit hits[8];
    size_t n = catalog_search(ningbo, span_of(questions[i].question), 8, hits);
    if (among(hits, n < 3 ? n : 3, questions[i].id))
      continue;
    missed++;
    print_error("«%s» should find %s:\n", questions[i].question, questions[i].id);
    for (size_t j = 0; j < n; j++)
      print_error("   %.3f %s\n", hits[j].score, hits[j].thing ? hits[j].thing->id : hits[j].item->id);
  }
  assert_int_equal(missed, 0);
}

static void hits_are_ordered_bounded_and_once_each(void **state)
{
  (void)state;
  struct hit hits[40];
  size_t n = catalog_search(ningbo, SPAN("食品"), 40, hits);
  assert_true(n >= 20);
  for (size_t i = 0; i < n; i++) {
    assert_true((hits[i].thing == NULL) != (hits[i].item == NULL));
    assert_true(hits[i].score > 0 && hits[i].score <= 1);
    assert_true(i == 0 || hits[i].score <= hits[i - 1].score);
    for (size_t j = 0; j < i; j++)
      assert_false(hits[i].thing == hits[j].thing && hits[i].item == hits[j].item);
  }
  struct hit best[1];
  assert_int_equal(catalog_search(ningbo, SPAN("食品"), 1, best), 1);
  assert_true(best[0].score >= hits[0].score);
  assert_int_equal(catalog_search(ningbo, SPAN("食品"), 0, best), 0);
}

static void where_nothing_is_shared_nothing_is_found(void **state)
{
  (void)state;
  struct hit hits[5];
  assert_int_equal(catalog_search(ningbo, SPAN(""), 5, hits), 0);
  assert_int_equal(catalog_search(ningbo, SPAN("  ，。 "), 5, hits), 0);
  assert_int_equal(catalog_search(ningbo, SPAN("魑魅魍魉"), 5, hits), 0);
  assert_int_equal(catalog_search(ningbo, SPAN("xqzwv"), 5, hits), 0);
  assert_int_equal(catalog_search(ningbo, SPAN("\xff\xfe\x80"), 5, hits), 0);
}

/* ---- mistakes ---- */

static const char *const files[] = {
    "city.yaml",      "districts.yaml",  "calendar.yaml",           "agencies.yaml",          "fields.yaml", "certificates.yaml",
    "materials.yaml", "items/food.yaml", "items/registration.yaml", "things/restaurant.yaml", "zones.yaml",  "halls.yaml"};
#define FILES (sizeof files / sizeof *files)

static struct span read_file(struct arena *arena, const char *path)
{
  FILE *f = fopen(path, "rb");
  if (!f)
    return (struct span){0};
  char *p = arena_alloc(arena, 65536);
  size_t n = fread(p, 1, 65535, f);
  (void)fclose(f);
  return (struct span){p, n};
}

static void write_file(const char *dir, const char *name, struct span content)
{
  char path[300];
  (void)snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
  assert_int_equal(fclose(f), 0);
}

struct bench { /* a copy of the good catalogue that may be spoiled */
  char dir[64];
  struct arena arena;
  struct span good[FILES];
};

static void bench_reset(struct bench *b)
{
  for (size_t i = 0; i < FILES; i++)
    write_file(b->dir, files[i], b->good[i]);
}

static void bench_init(struct bench *b)
{
  (void)strncpy(b->dir, "/tmp/onevisit-catalog-XXXXXX", sizeof b->dir);
  assert_non_null(mkdtemp(b->dir));
  assert_int_equal(mkdir(arena_printf(&b->arena, "%s/items", b->dir), 0700), 0);
  assert_int_equal(mkdir(arena_printf(&b->arena, "%s/things", b->dir), 0700), 0);
  for (size_t i = 0; i < FILES; i++) {
    b->good[i] = read_file(&b->arena, arena_printf(&b->arena, "%s/tests/catalog/good/%s", source(), files[i]));
    assert_true(b->good[i].n > 0);
  }
  bench_reset(b);
}

static void bench_release(struct bench *b)
{
  for (size_t i = 0; i < FILES; i++)
    (void)unlink(arena_printf(&b->arena, "%s/%s", b->dir, files[i]));
  (void)rmdir(arena_printf(&b->arena, "%s/items", b->dir));
  (void)rmdir(arena_printf(&b->arena, "%s/things", b->dir));
  assert_int_equal(rmdir(b->dir), 0);
  arena_release(&b->arena);
}

/* «file:line:column rule» of every finding, one a line. */
static const char *findings_text(struct arena *arena, const struct findings *findings)
{
  const char *text = "";
  for (size_t i = 0; i < findings->n; i++) {
    const struct finding *f = &findings->list[i];
    assert_true(f->wrong.zh[0] && f->wrong.en[0] && f->remedy.zh[0] && f->remedy.en[0]);
    text = arena_printf(arena, "%s%s:%d:%d %s\n", text, f->place.file, f->place.line, f->place.column, f->rule);
  }
  return text;
}

static const char *spoiled(struct bench *b, struct arena *arena)
{
  struct catalog *catalog = NULL;
  struct findings findings = {0};
  struct error error = {0};
  if (catalog_load(b->dir, &catalog, arena, &findings, &error) == 0) {
    catalog_free(catalog);
    return "";
  }
  assert_string_equal(error.name, "catalog-findings");
  return findings_text(arena, &findings);
}

static int check_case(struct bench *b, const char *name)
{
  struct arena arena = {0};
  const char *dir = arena_printf(&arena, "%s/tests/catalog/bad/%s", source(), name);
  for (size_t i = 0; i < FILES; i++) {
    const char *path = arena_printf(&arena, "%s/%s", dir, files[i]);
    if (access(path, R_OK) == 0)
      write_file(b->dir, files[i], read_file(&arena, path));
  }
  struct span expected = read_file(&arena, arena_printf(&arena, "%s/expect", dir));
  const char *got = spoiled(b, &arena);
  int wrong = expected.n == 0 || !span_is(expected, got);
  if (wrong)
    print_error("%s: expected\n%.*sbut found\n%s\n", name, (int)expected.n, expected.p ? expected.p : "", got);
  arena_release(&arena);
  bench_reset(b);
  return wrong;
}

static void every_mistake_is_found_where_it_stands(void **state)
{
  (void)state;
  struct bench b = {0};
  bench_init(&b);
  DIR *dir = opendir(arena_printf(&b.arena, "%s/tests/catalog/bad", source()));
  assert_non_null(dir);
  int cases = 0, wrong = 0;
  for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
    if (e->d_name[0] == '.')
      continue;
    cases++;
    wrong += check_case(&b, e->d_name);
  }
  (void)closedir(dir);
  bench_release(&b);
  assert_true(cases >= 60);
  assert_int_equal(wrong, 0);
}

static void missing_and_stray_files_are_named(void **state)
{
  (void)state;
  struct bench b = {0};
  bench_init(&b);
  (void)unlink(arena_printf(&b.arena, "%s/zones.yaml", b.dir));
  assert_string_equal(spoiled(&b, &b.arena), "zones.yaml:1:1 missing-file\n");
  write_file(b.dir, "zonse.yaml", b.good[10]);
  assert_string_equal(spoiled(&b, &b.arena), "zones.yaml:1:1 missing-file\nzonse.yaml:1:1 unknown-file\n");
  (void)unlink(arena_printf(&b.arena, "%s/zonse.yaml", b.dir));
  bench_reset(&b);
  write_file(b.dir, "items/x.yml", b.good[7]);
  assert_string_equal(spoiled(&b, &b.arena), "items/x.yml:1:1 unknown-file\n");
  (void)unlink(arena_printf(&b.arena, "%s/items/x.yml", b.dir));
  bench_release(&b);
}

static bool same_tree(const struct node *a, const struct node *b)
{
  if (a->kind != b->kind || a->place.line != b->place.line || a->place.column != b->place.column || a->quoted != b->quoted ||
      a->count != b->count || !span_eq(a->text, b->text))
    return false;
  for (size_t i = 0; i < a->count; i++) {
    bool same = a->kind == NODE_LIST
                    ? same_tree(a->list[i], b->list[i])
                    : same_tree(a->members[i].key, b->members[i].key) && same_tree(a->members[i].value, b->members[i].value);
    if (!same)
      return false;
  }
  return true;
}

/* true where the fast reader took the text; then libyaml must have read the same. */
static bool both_read_the_same(struct span text)
{
  struct arena arena = {0};
  struct findings findings = {0};
  struct report report = {&arena, &findings};
  const struct node *fast = text_utf8(text) ? plain_read(&arena, "x.yaml", text) : NULL;
  const struct node *slow = fast ? libyaml_read(&arena, "x.yaml", text, &report) : NULL;
  if (fast && (!slow || !same_tree(fast, slow)))
    fail_msg("read otherwise than by libyaml (%s):\n%.*s", slow ? "tree" : findings.list[0].wrong.en, (int)text.n, text.p);
  arena_release(&arena);
  return fast != NULL;
}

/* Every file of the sample city, and each again with one place spoiled by a sign that means something to YAML. */
static void the_fast_reader_reads_what_libyaml_reads(void **state)
{
  (void)state;
  static const char *const signs[] = {":",
                                      ": ",
                                      "\n",
                                      " ",
                                      "- ",
                                      "-",
                                      "#",
                                      " #",
                                      "'",
                                      "\"",
                                      "[",
                                      "]",
                                      "{",
                                      "}",
                                      ",",
                                      "\n  ",
                                      "\n- ",
                                      "|\n",
                                      "&a ",
                                      "*a",
                                      "!t ",
                                      "\t",
                                      "?",
                                      "? ",
                                      "---\n",
                                      "\n---\n",
                                      "a: b",
                                      "\\",
                                      "\r\n",
                                      "%",
                                      "@",
                                      "",
                                      "\xc2\x85",
                                      "\xe2\x80\xa8",
                                      "\xef\xbb\xbf",
                                      ">",
                                      "''",
                                      "~",
                                      "\n\n",
                                      "...\n",
                                      "x:",
                                      ":x",
                                      "[]",
                                      "{}"};
  const char *often = getenv("ONEVISIT_SPOIL"); /* how often each file is spoiled; a long run says so */
  int rounds = often ? atoi(often) : 20;
  struct arena all = {0};
  uint64_t seed = 11;
  size_t read = 0, fast = 0, spoiled = 0, taken = 0;
  static const char *const folders[] = {"items", "things", "."};
  for (size_t f = 0; f < 3; f++) {
    const char *folder = arena_printf(&all, "%s/catalogs/ningbo/%s", source(), folders[f]);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
      struct arena arena = {0};
      struct span text =
          strstr(e->d_name, ".yaml") ? read_file(&arena, arena_printf(&arena, "%s/%s", folder, e->d_name)) : (struct span){0};
      if (text.n) {
        read++;
        fast += both_read_the_same(text);
      }
      for (int i = 0; text.n && text.n < 4000 && i < rounds; i++) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        size_t at = (size_t)(seed >> 33) % text.n, cut = (size_t)(seed >> 20) % 3;
        const char *sign = signs[(size_t)(seed >> 10) % (sizeof signs / sizeof *signs)];
        cut = at + cut > text.n ? 0 : cut;
        char *changed = arena_alloc(&arena, text.n + 8);
        size_t n = strlen(sign);
        memcpy(changed, text.p, at);
        memcpy(changed + at, sign, n);
        memcpy(changed + at + n, text.p + at + cut, text.n - at - cut);
        taken += both_read_the_same((struct span){changed, text.n + n - cut});
        spoiled++;
      }
      arena_release(&arena);
    }
    (void)closedir(dir);
  }
  print_message("%zu of %zu files read fast; %zu of %zu spoiled ones\n", fast, read, taken, spoiled);
  assert_true(fast * 10 >= read * 9); /* or it would be of no use */
  arena_release(&all);
}

static void deep_and_large_files_are_refused(void **state)
{
  (void)state;
  struct bench b = {0};
  bench_init(&b);
  size_t n = 9 * 1024 * 1024;
  char *text = arena_alloc(&b.arena, n);
  memset(text, '[', n);
  write_file(b.dir, "items/food.yaml", (struct span){text, 10000});
  assert_non_null(strstr(spoiled(&b, &b.arena), "items/food.yaml:1:17 too-deep\n"));
  write_file(b.dir, "items/food.yaml", (struct span){text, n});
  assert_non_null(strstr(spoiled(&b, &b.arena), "items/food.yaml:1:1 too-large\n"));
  for (size_t i = 0; i < 900000; i += 3)
    memcpy(text + i, "-\n ", 3);
  write_file(b.dir, "items/food.yaml", (struct span){text, 900000});
  assert_true(spoiled(&b, &b.arena)[0] != '\0');
  bench_release(&b);
}

static void what_is_no_catalogue_is_unusable(void **state)
{
  (void)state;
  struct catalog *catalog = NULL;
  struct arena arena = {0};
  struct findings findings = {0};
  struct error error = {0};
  assert_int_equal(catalog_load("/nowhere/at/all", &catalog, &arena, &findings, &error), -1);
  assert_string_equal(error.name, "unusable-catalog");
  assert_int_equal(catalog_load("/proc", &catalog, &arena, &findings, &error), -1);
  assert_string_equal(error.name, "unusable-catalog");
  assert_int_equal(findings.n, 0);
  assert_null(catalog);
  arena_release(&arena);
}

static void the_version_changes_with_any_byte_and_with_nothing_else(void **state)
{
  (void)state;
  struct bench b = {0};
  bench_init(&b);
  struct findings findings = {0};
  struct error error = {0};
  struct catalog *first = NULL, *again = NULL, *changed = NULL;
  assert_int_equal(catalog_load(b.dir, &first, &b.arena, &findings, &error), 0);
  assert_int_equal(catalog_load(b.dir, &again, &b.arena, &findings, &error), 0);
  struct span city = b.good[0];
  char *longer = arena_printf(&b.arena, "%.*s#\n", (int)city.n, city.p);
  write_file(b.dir, files[0], span_of(longer));
  assert_int_equal(catalog_load(b.dir, &changed, &b.arena, &findings, &error), 0);
  assert_string_equal(first->version.hex, again->version.hex);
  assert_string_not_equal(first->version.hex, changed->version.hex);
  catalog_free(first);
  catalog_free(again);
  catalog_free(changed);
  bench_release(&b);
}

static uint64_t next_random(uint64_t *seed)
{
  *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
  return *seed >> 33;
}

/* One to four changes: a byte replaced, taken out or put in, mostly by what means something to YAML or FEEL. */
static struct span mutate(struct arena *arena, struct span good, uint64_t *seed)
{
  static const char telling[] = "{}[]:,-'\"&*!#\n \t%|>?0123456789azAZ_=<()\xe4\x80\xff";
  char *p = arena_alloc(arena, good.n + 8);
  memcpy(p, good.p, good.n);
  size_t n = good.n;
  for (uint64_t i = 1 + next_random(seed) % 4; i > 0; i--) {
    size_t at = next_random(seed) % n;
    uint64_t how = next_random(seed) % 3;
    if (how == 0) {
      memmove(p + at, p + at + 1, n - at - 1);
      n--;
      continue;
    }
    if (how == 1) {
      memmove(p + at + 1, p + at, n - at);
      n++;
    }
    p[at] = telling[next_random(seed) % (sizeof telling - 1)];
  }
  return (struct span){p, n};
}

static void a_spoiled_catalogue_loads_or_says_why(void **state)
{
  (void)state;
  struct bench b = {0};
  bench_init(&b);
  uint64_t seed = 20261124;
  int loaded = 0, refused = 0;
  for (int round = 0; round < 3000; round++) {
    struct arena arena = {0};
    size_t i = next_random(&seed) % FILES;
    write_file(b.dir, files[i], mutate(&arena, b.good[i], &seed));
    const char *text = spoiled(&b, &arena); /* asserts that a refusal has findings with sentences */
    if (text[0])
      refused++;
    else
      loaded++;
    write_file(b.dir, files[i], b.good[i]);
    arena_release(&arena);
  }
  bench_release(&b);
  assert_true(refused > 1500);
  print_message("%d loaded, %d refused\n", loaded, refused);
  assert_true(loaded > 50); /* changes within names and comments are nobody's mistake */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_sample_city_is_whole),
      cmocka_unit_test(entries_are_found_by_id),
      cmocka_unit_test(an_item_is_read_in_full),
      cmocka_unit_test(the_sample_city_gives_a_reviewer_nothing_to_say),
      cmocka_unit_test(catch_all_clauses_are_found_and_honest_words_are_not),
      cmocka_unit_test(one_thing_has_one_name),
      cmocka_unit_test(gaps_of_the_guide_are_named),
      cmocka_unit_test(a_table_decides_what_conditions_would),
      cmocka_unit_test(codes_of_every_item_fit_together),
      cmocka_unit_test(a_restaurant_with_certified_staff_needs_no_presence),
      cmocka_unit_test(words_of_the_code_lists_are_there),
      cmocka_unit_test(what_people_ask_is_among_the_first_three),
      cmocka_unit_test(hits_are_ordered_bounded_and_once_each),
      cmocka_unit_test(where_nothing_is_shared_nothing_is_found),
      cmocka_unit_test(every_mistake_is_found_where_it_stands),
      cmocka_unit_test(missing_and_stray_files_are_named),
      cmocka_unit_test(the_fast_reader_reads_what_libyaml_reads),
      cmocka_unit_test(deep_and_large_files_are_refused),
      cmocka_unit_test(what_is_no_catalogue_is_unusable),
      cmocka_unit_test(the_version_changes_with_any_byte_and_with_nothing_else),
      cmocka_unit_test(a_spoiled_catalogue_loads_or_says_why),
  };
  return cmocka_run_group_tests(tests, load_ningbo, unload_ningbo);
}
