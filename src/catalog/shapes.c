/*
 * shapes.c: the dictionaries: agencies, fields, certificates, materials, zones, city, districts, calendar.
 */
#include "catalog/shape.h"

#include <string.h>

#include "catalog/codes.h"

/* ---- agencies ---- */

static void check_agency(struct reader *r, const struct node *node, void *target)
{
  const struct agency *agency = target;
  const struct node *code = node_get(node, "uscc");
  if (code && agency->uscc && !uscc_valid(span_of(agency->uscc)))
    reader_add(r, code, "wrong-code",
               ((struct words){"核对统一社会信用代码的 18 位与校验码（GB 32100-2015）",
                               "check the 18 characters and check digits (GB 32100-2015)"}),
               "统一社会信用代码「%s」不对", "the social credit code '%s' is wrong", agency->uscc);
}

static const struct key agency_keys[] = {
    {"agency", KEY_ID, AT(struct agency, id), MUST},
    {"name", KEY_WORDS, AT(struct agency, name), MUST},
    {"short", KEY_TEXT, AT(struct agency, abbreviation), MUST},
    {"level", KEY_WORD, AT(struct agency, level), MUST, .vocabulary = &levels},
    {"uscc", KEY_TEXT, AT(struct agency, uscc), MUST},
    {"lines", KEY_TEXTS, COUNTED(struct agency, lines, line_count)},
    SAMPLE,
};
const struct shape agency_shape = {SHAPE("部门", "an agency", struct agency, agency_keys), PLACED(struct agency),
                                   .check = check_agency};

/* ---- fields, certificates, materials ---- */

static const struct key field_keys[] = {
    {"field", KEY_NAME, AT(struct field, id), MUST},
    {"name", KEY_WORDS, AT(struct field, name), MUST},
    {"type", KEY_ENUM, AT(struct field, type), MUST, .vocabulary = &field_types},
    {"unit", KEY_TEXT, AT(struct field, unit)},
    {"group", KEY_ENUM, AT(struct field, group), .vocabulary = &form_groups},
    {"prefill", KEY_WORD, AT(struct field, prefill), .vocabulary = &prefills},
    {"answered-by", KEY_NAME, AT(struct field, answered_by)},
    {"per-site", KEY_TRUE, AT(struct field, per_site)},
    SAMPLE,
};
const struct shape field_shape = {SHAPE("字段", "a field", struct field, field_keys), PLACED(struct field)};

static const struct key certificate_keys[] = {
    {"certificate", KEY_ID, AT(struct certificate, id), MUST},
    {"name", KEY_WORDS, AT(struct certificate, name), MUST},
    {"issuer", KEY_REF, AT(struct certificate, issuer), MUST, .index = INDEX_AGENCY},
    {"fields", KEY_REFS, COUNTED(struct certificate, fields, field_count), MUST, .index = INDEX_FIELD},
    SAMPLE,
};
const struct shape certificate_shape = {SHAPE("证照", "a certificate", struct certificate, certificate_keys),
                                        PLACED(struct certificate)};

static void check_material(struct reader *r, const struct node *node, void *target)
{
  const struct material *m = target;
  const struct node *shared = node_get(node, "shared"), *holder = node_get(node, "holder");
  bool none = holder && holder->kind == NODE_SCALAR && span_is(holder->text, "none");
  if (shared && none && m->shared != SHARED_NO)
    reader_add(r, shared, "bad-value", ((struct words){"写 shared: no，或写明由谁持有", "write shared: no, or name who holds it"}),
               "没有部门持有「%s」，不能共享", "nobody holds '%s', so it cannot be shared", m->id ? m->id : "");
}

static const struct key material_keys[] = {
    {"material", KEY_ID, AT(struct material, id), MUST},
    {"name", KEY_WORDS, AT(struct material, name), MUST},
    {"kind", KEY_WORD, AT(struct material, kind), MUST, .vocabulary = &material_kinds},
    {"holder", KEY_REF, AT(struct material, holder), MUST, .index = INDEX_AGENCY, .none = true},
    {"shared", KEY_ENUM, AT(struct material, shared), MUST, .vocabulary = &sharings},
    {"core", KEY_ENUM, AT(struct material, core), .vocabulary = &cores},
    {"fields", KEY_REFS, COUNTED(struct material, fields, field_count), MUST, .index = INDEX_FIELD},
    SAMPLE,
};
const struct shape material_shape = {SHAPE("材料", "a material", struct material, material_keys), PLACED(struct material),
                                     .check = check_material};

/* ---- zones ---- */

/* The districts are read before what lies in them. */
void check_in_district(struct reader *r, const struct node *node, const char *code)
{
  const struct catalog *c = &r->loaded->catalog;
  bool known = !node || !code || c->district_count == 0 || (c->region && strcmp(code, c->region) == 0);
  for (size_t i = 0; i < c->district_count && !known; i++)
    known = c->districts[i].code && strcmp(c->districts[i].code, code) == 0;
  if (!known)
    reader_add(r, node, "unknown-reference", ((struct words){"写 districts.yaml 里的代码", "write a code of districts.yaml"}),
               "目录里没有区划代码「%s」", "there is no district '%s'", code);
}

static bool degree_at(const struct node *node, double limit, double *ret)
{
  return node->kind == NODE_SCALAR && degree_parse(node->text, limit, ret);
}

static bool corner_at(const struct node *node, double ret[2])
{
  return node->kind == NODE_LIST && node->count == 2 && degree_at(node->list[0], 180, &ret[0]) &&
         degree_at(node->list[1], 90, &ret[1]);
}

static void check_zone(struct reader *r, const struct node *node, void *target)
{
  struct zone *zone = target;
  check_in_district(r, node_get(node, "district"), zone->district);
  const struct node *polygon = node_get(node, "polygon");
  if (!polygon)
    return;
  struct words remedy = {"写成至少三个 [经度, 纬度]", "write at least three [longitude, latitude]"};
  if (polygon->kind != NODE_LIST || polygon->count < 3) {
    reader_add(r, polygon, "bad-value", remedy, "范围「%s」不是多边形", "'%s' is not an outline", "polygon");
    return;
  }
  double(*corners)[2] = arena_array(r->arena, polygon->count, sizeof *corners);
  for (size_t i = 0; i < polygon->count; i++) {
    if (!corner_at(polygon->list[i], corners[i]))
      reader_add(r, polygon->list[i], "bad-value", remedy, "第 %zu 个点不是经纬度", "corner %zu is no longitude and latitude",
                 i + 1);
  }
  zone->polygon = (const double(*)[2])corners;
  zone->point_count = polygon->count;
}

/* A mapping of names that conditions can read, to a number or a word. */
static void read_indicators(struct reader *r, const struct node *node, void *target)
{
  struct assessment *assessment = target;
  const struct node *map = node_get(node, "indicators");
  struct words remedy = {"写成「名称: 数或词」，名称用小写字母、数字和下划线",
                         "write 'name: number or word', the name in lower case, digits and underscores"};
  if (!map)
    return;
  if (map->kind != NODE_MAP) {
    reader_add(r, map, "wrong-type", remedy, "「%s」的写法不对", "'%s' is not written as it should be", "indicators");
    return;
  }
  struct indicator *list = arena_array(r->arena, map->count + 1, sizeof *list);
  for (size_t i = 0; i < map->count; i++) {
    const struct node *name = map->members[i].key, *value = map->members[i].value;
    size_t plain = strspn(name->text.p, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (value->kind != NODE_SCALAR || plain == 0 || plain != name->text.n) {
      reader_add(r, name, "bad-value", remedy, "指标「%s」的写法不对", "the indicator '%s' is not written as it should be",
                 name->text.p);
      continue;
    }
    struct indicator *indicator = &list[assessment->indicator_count++];
    indicator->id = arena_dup(r->arena, name->text);
    indicator->text = arena_dup(r->arena, value->text);
    indicator->is_number = decimal_parse(value->text, &indicator->number);
  }
  assessment->indicators = list;
}

static const struct key assessment_keys[] = {
    {"kind", KEY_WORD, AT(struct assessment, kind), MUST, .vocabulary = &assessments},
    {"valid-until", KEY_DATE, AT(struct assessment, valid_until), MUST},
    {"indicators", KEY_SKIP}, /* read_indicators() */
};
static const struct shape assessment_shape = {SHAPE("区域评估", "an assessment", struct assessment, assessment_keys),
                                              .check = read_indicators};

static const struct key zone_keys[] = {
    {"zone", KEY_ID, AT(struct zone, id), MUST},
    {"name", KEY_WORDS, AT(struct zone, name), MUST},
    {"district", KEY_TEXT, AT(struct zone, district), MUST},
    {"polygon", KEY_SKIP, MUST}, /* check_zone() */
    {"assessments", KEY_MANY, COUNTED(struct zone, assessments, assessment_count), MUST, .shape = &assessment_shape},
    SAMPLE,
};
const struct shape zone_shape = {SHAPE("功能区", "a zone", struct zone, zone_keys), .check = check_zone};

/* ---- the city ---- */

static bool digits(const char *s, size_t n)
{
  return s && strlen(s) == n && strspn(s, "0123456789") == n;
}

static void check_region(struct reader *r, const struct node *code, const char *text, size_t n)
{
  if (code && text && !digits(text, n))
    reader_add(r, code, "wrong-code", ((struct words){"按 GB/T 2260 写数字，并加引号", "write the digits of GB/T 2260, in quotes"}),
               "区划代码「%s」应有 %zu 位数字", "the region code '%s' should have %zu digits", text, n);
}

static void check_city(struct reader *r, const struct node *node, void *target)
{
  check_region(r, node_get(node, "region"), ((struct city_file *)target)->region, 6);
}

static const struct key city_keys[] = {
    {"city", KEY_ID, AT(struct city_file, id), MUST},
    {"name", KEY_WORDS, AT(struct city_file, name), MUST},
    {"region", KEY_TEXT, AT(struct city_file, region), MUST},
    {"paper-prefix", KEY_TEXT, AT(struct city_file, paper_prefix), MUST},
    SAMPLE,
};
const struct shape city_shape = {SHAPE("城市", "the city", struct city_file, city_keys), .check = check_city};

static void check_street(struct reader *r, const struct node *node, void *target)
{
  check_region(r, node_get(node, "code"), ((struct district *)target)->code, 9);
}

static const struct key street_keys[] = {
    {"code", KEY_TEXT, AT(struct district, code), MUST},
    {"name", KEY_WORDS_ZH, AT(struct district, name), MUST},
};
static const struct shape street_shape = {SHAPE("街道", "a street", struct district, street_keys), .check = check_street};

static void check_district(struct reader *r, const struct node *node, void *target)
{
  struct district_group *group = target;
  check_region(r, node_get(node, "code"), group->district.code, 6);
  const struct node *streets = node_get(node, "streets");
  for (size_t i = 0; i < group->street_count && digits(group->district.code, 6); i++) {
    struct district *street = &group->streets[i];
    street->parent = group->district.code;
    if (digits(street->code, 9) && strncmp(street->code, group->district.code, 6) != 0)
      reader_add(r, streets->list[i], "wrong-code",
                 ((struct words){"前六位应是所在区县的代码", "its first six digits are the district's"}),
                 "街道代码「%s」不在「%s」里", "the street code '%s' is not within '%s'", street->code, group->district.code);
  }
}

static const struct key district_keys[] = {
    {"code", KEY_TEXT, AT(struct district_group, district.code), MUST},
    {"name", KEY_WORDS_ZH, AT(struct district_group, district.name), MUST},
    {"streets", KEY_MANY, COUNTED(struct district_group, streets, street_count), MUST, .shape = &street_shape},
};
static const struct shape district_shape = {SHAPE("区县", "a district", struct district_group, district_keys),
                                            .check = check_district};

static const struct key districts_keys[] = {
    {"source", KEY_SKIP},
    {"districts", KEY_MANY, COUNTED(struct districts_file, groups, n), MUST, .shape = &district_shape},
};
const struct shape districts_shape = {SHAPE("区划文件", "the file of districts", struct districts_file, districts_keys)};

/* ---- the calendar ---- */

static const struct node *day_node(const struct node *node, const char *key, size_t i)
{
  const struct node *list = node_get(node, key);
  return list && list->kind == NODE_LIST && i < list->count ? list->list[i] : node;
}

static void check_days(struct reader *r, const struct node *node, const char *key, const struct calendar_year *year,
                       const day *days, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    int y, m, d;
    day_parts(days[i], &y, &m, &d);
    if (y != year->year)
      reader_add(r, day_node(node, key, i), "calendar-order", ((struct words){"写到它自己的年份下", "write it under its own year"}),
                 "%d-%02d-%02d 不在 %d 年", "%d-%02d-%02d is not in %d", y, m, d, year->year);
  }
}

static bool is_off(const struct calendar_year *year, day d)
{
  for (size_t i = 0; i < year->off_count; i++) {
    if (year->off[i] == d)
      return true;
  }
  return false;
}

static void check_year(struct reader *r, const struct node *node, void *target)
{
  const struct calendar_year *year = target;
  check_days(r, node, "off", year, year->off, year->off_count);
  check_days(r, node, "make-up", year, year->makeup, year->makeup_count);
  for (size_t i = 0; i < year->makeup_count; i++) {
    int y, m, d;
    day_parts(year->makeup[i], &y, &m, &d);
    if (day_weekday(year->makeup[i]) < 6 || is_off(year, year->makeup[i]))
      reader_add(r, day_node(node, "make-up", i), "calendar-make-up",
                 ((struct words){"补班日只能是不放假的周六或周日", "a make-up day is a Saturday or Sunday that is not off"}),
                 "%d-%02d-%02d 不是补班日", "%d-%02d-%02d is no make-up day", y, m, d);
  }
}

static const struct key year_keys[] = {
    {"year", KEY_INT, AT(struct calendar_year, year), MUST, .low = 1949, .high = 2999},
    {"notice", KEY_SKIP},
    {"off", KEY_DATES, COUNTED(struct calendar_year, off, off_count), MUST},
    {"make-up", KEY_DATES, COUNTED(struct calendar_year, makeup, makeup_count), MUST},
};
static const struct shape year_shape = {SHAPE("年份", "a year", struct calendar_year, year_keys), .check = check_year};

/* A gap between two announced years would make weekdays of a year that surely had holidays. */
static void check_calendar(struct reader *r, const struct node *node, void *target)
{
  const struct calendar *calendar = target;
  const struct node *years = node_get(node, "years");
  for (size_t i = 1; i < calendar->n; i++) {
    if (calendar->years[i].year != calendar->years[i - 1].year + 1)
      reader_add(r, years->list[i], "calendar-order",
                 ((struct words){"年份要一年接一年", "years follow one another without a gap"}), "%d 年不能接在 %d 年后面",
                 "%d cannot follow %d", calendar->years[i].year, calendar->years[i - 1].year);
  }
}

static const struct key calendar_keys[] = {
    {"source", KEY_SKIP},
    {"years", KEY_MANY, COUNTED(struct calendar, years, n), MUST, .shape = &year_shape},
};
const struct shape calendar_shape = {SHAPE("日历", "the calendar", struct calendar, calendar_keys), .check = check_calendar};
