/*
 * shapes_hall.c: the halls: two layouts, zones, windows, skills, shifts, appointments.
 */
#include "catalog/shape.h"

#include <string.h>

/* ---- zones ---- */

static void check_skill(struct reader *r, const struct node *node, void *target)
{
  const struct hall_skill *skill = target;
  if (skill->first && skill->last && skill->last < skill->first)
    reader_add(r, node_get(node, "last"), "bad-value", ((struct words){"不小于 first", "write no less than first"}),
               "窗口 %d 到 %d 是反的", "windows %d to %d go the wrong way", skill->first, skill->last);
}

static const struct key skill_keys[] = {
    {"skill", KEY_ID, AT(struct hall_skill, id), MUST},
    {"name", KEY_WORDS, AT(struct hall_skill, name), MUST},
    {"first", KEY_INT, AT(struct hall_skill, first), MUST, .low = 1, .high = 1000},
    {"last", KEY_INT, AT(struct hall_skill, last), MUST, .low = 1, .high = 1000},
    {"things", KEY_REFS, COUNTED(struct hall_skill, things, thing_count), MUST, .index = INDEX_THING},
};
static const struct shape skill_shape = {SHAPE("专窗", "a skill", struct hall_skill, skill_keys), .check = check_skill};

/* A skill lies in the zone's windows, and its things belong to the zone. */
static void check_hall_zone(struct reader *r, const struct node *node, void *target)
{
  const struct hall_zone *zone = target;
  const struct node *skills = node_get(node, "skills");
  for (size_t i = 0; skills && i < zone->skill_count; i++) {
    const struct hall_skill *skill = &zone->skills[i];
    if (skill->last > zone->windows)
      reader_add(r, node_get(skills->list[i], "last"), "bad-value",
                 ((struct words){"按本区窗口从 1 数起", "count the zone's windows from 1"}), "本区只有 %d 个窗口",
                 "the zone has only %d windows", zone->windows);
    for (size_t k = 0; k < skill->thing_count; k++)
      if (skill->things[k] && skill->things[k]->hall_zone && zone->id && strcmp(skill->things[k]->hall_zone, zone->id) != 0)
        reader_add(r, node_get(skills->list[i], "things"), "bad-value",
                   ((struct words){"写在它所属的分区", "write it in the zone it belongs to"}), "「%s」属于另一个分区",
                   "'%s' belongs to another zone", skill->things[k]->id);
  }
}

static const struct key hall_zone_keys[] = {
    {"zone", KEY_WORD, AT(struct hall_zone, id), MUST, .vocabulary = &hall_zones},
    {"name", KEY_WORDS, AT(struct hall_zone, name), MUST},
    {"windows", KEY_INT, AT(struct hall_zone, windows), MUST, .low = 1, .high = 1000},
    {"departments", KEY_REFS, COUNTED(struct hall_zone, departments, department_count), MUST, .index = INDEX_AGENCY},
    {"skills", KEY_MANY, COUNTED(struct hall_zone, skills, skill_count), .shape = &skill_shape},
};
static const struct shape hall_zone_shape = {SHAPE("大厅分区", "a zone of the hall", struct hall_zone, hall_zone_keys),
                                             .check = check_hall_zone};

static const struct key layout_keys[] = {
    {"layout", KEY_SKIP, MUST}, /* read_layouts() */
    {"departments", KEY_SKIP},
    {"zones", KEY_MANY, COUNTED(struct hall, zones, zone_count), .shape = &hall_zone_shape},
    {"general-windows", KEY_INT, AT(struct hall, general_windows), .low = 1, .high = 1000},
};
static const struct shape layout_shape = {SHAPE("布局", "a layout", struct hall, layout_keys)};

static void read_counts(struct reader *r, const struct node *departments, struct hall *hall)
{
  if (departments->kind != NODE_MAP) {
    reader_add(r, departments, "wrong-type", ((struct words){"写成「部门: 窗口数」", "write 'agency: windows'"}),
               "「%s」的写法不对", "'%s' is not written as it should be", "departments");
    return;
  }
  struct hall_count *counts = arena_array(r->arena, departments->count, sizeof *counts);
  for (size_t i = 0; i < departments->count; i++) {
    const struct node *windows = departments->members[i].value;
    int64_t n = 0;
    counts[i].department = reader_ref(r, INDEX_AGENCY, departments->members[i].key);
    if (windows->kind != NODE_SCALAR || !span_int(windows->text, &n) || n < 1 || n > 1000)
      reader_add(r, windows, "bad-value", ((struct words){"写 1 到 1000 的整数", "write a whole number from 1 to 1000"}),
                 "「%.*s」的窗口数不对", "the windows of '%.*s' are no number", (int)departments->members[i].key->text.n,
                 departments->members[i].key->text.p);
    counts[i].windows = (int)n;
  }
  hall->before = counts;
  hall->before_count = departments->count;
}

static void read_layouts(struct reader *r, const struct node *node, void *target)
{
  struct hall *hall = target;
  check_in_district(r, node_get(node, "district"), hall->district);
  const struct node *layouts = node_get(node, "layouts");
  for (size_t i = 0; layouts && layouts->kind == NODE_LIST && i < layouts->count; i++) {
    const struct node *layout = layouts->list[i], *which = node_get(layout, "layout");
    read_shape(r, &layout_shape, layout, hall);
    bool before = which && which->kind == NODE_SCALAR && span_is(which->text, "before");
    bool after = which && which->kind == NODE_SCALAR && span_is(which->text, "after");
    if (which && !before && !after)
      reader_add(r, which, "bad-value", ((struct words){"写 before 或 after", "write before or after"}), "没有这种「%s」",
                 "there is no such '%s'", "layout");
    if (before && node_get(layout, "departments"))
      read_counts(r, node_get(layout, "departments"), hall);
    else if (before)
      reader_add(r, layout, "missing-key", ((struct words){"加上「departments:」", "add 'departments:'"}), "布局缺少「%s」",
                 "the layout has no '%s'", "departments");
  }
}

/* ---- shifts and appointments ---- */

/* «09:00» … «24:00» in minutes of the day. */
static int minutes_at(struct reader *r, const struct node *node, const char *key)
{
  const struct node *text = node_get(node, key);
  int64_t hour = -1, minute = -1;
  if (!text)
    return -1;
  if (text->kind == NODE_SCALAR && text->text.n == 5 && text->text.p[2] == ':') {
    const char *p = text->text.p;
    bool digits = strspn(p, "0123456789") == 2 && strspn(p + 3, "0123456789") >= 2;
    hour = digits ? (p[0] - '0') * 10 + p[1] - '0' : -1;
    minute = digits ? (p[3] - '0') * 10 + p[4] - '0' : -1;
  }
  if (hour >= 0 && minute >= 0 && minute < 60 && hour * 60 + minute <= 24 * 60)
    return (int)(hour * 60 + minute);
  reader_add(r, text, "bad-value", ((struct words){"写成 \"09:00\"，加引号", "write \"09:00\", in quotes"}), "「%s」不是时刻",
             "'%s' is no time of day", key);
  return -1;
}

static void check_shift(struct reader *r, const struct node *node, void *target)
{
  struct hall_shift *shift = target;
  shift->from = minutes_at(r, node, "from");
  shift->to = minutes_at(r, node, "to");
  if (shift->from >= 0 && shift->to >= 0 && shift->to <= shift->from)
    reader_add(r, node_get(node, "to"), "bad-value", ((struct words){"写得晚于 from", "write it later than from"}),
               "班次「%s」不到开始就结束了", "the shift '%s' ends before it begins", shift->id ? shift->id : "");
}

static const struct key shift_keys[] = {
    {"shift", KEY_ID, AT(struct hall_shift, id), MUST},
    {"name", KEY_WORDS, AT(struct hall_shift, name), MUST},
    {"from", KEY_SKIP, MUST}, /* check_shift() */
    {"to", KEY_SKIP, MUST},
    {"share", KEY_INT, AT(struct hall_shift, share), .low = 1, .high = 100},
};
static const struct shape shift_shape = {SHAPE("班次", "a shift", struct hall_shift, shift_keys), .check = check_shift};

static const struct key appointment_keys[] = {
    {"slot", KEY_INT, AT(struct hall, appointments.slot), MUST, .low = 5, .high = 240},
    {"minutes", KEY_INT, AT(struct hall, appointments.minutes), MUST, .low = 1, .high = 240},
    {"share", KEY_INT, AT(struct hall, appointments.share), MUST, .low = 1, .high = 100},
    {"ahead", KEY_INT, AT(struct hall, appointments.ahead), MUST, .low = 0, .high = 60},
    {"grace", KEY_INT, AT(struct hall, appointments.grace), MUST, .low = 1, .high = 240},
};
static const struct shape appointment_shape = {SHAPE("预约", "appointments", struct hall, appointment_keys)};

/* Shifts follow one another, so that each minute of the day belongs to one of them at most. */
static void check_shifts(struct reader *r, const struct node *node, const struct hall *hall)
{
  const struct node *shifts = node_get(node, "shifts");
  for (size_t i = 1; shifts && i < hall->shift_count; i++)
    if (hall->shifts[i].from >= 0 && hall->shifts[i].from < hall->shifts[i - 1].to)
      reader_add(r, shifts->list[i], "bad-value",
                 ((struct words){"按时间先后写，互不重叠", "write them in order, without overlap"}), "班次「%s」与前一个重叠",
                 "the shift '%s' begins before the one before it ends", hall->shifts[i].id ? hall->shifts[i].id : "");
}

static void check_hall(struct reader *r, const struct node *node, void *target)
{
  const struct hall *hall = target;
  read_layouts(r, node, target);
  check_shifts(r, node, hall);
  if (hall->uses_before && !hall->before_count)
    reader_add(r, node_get(node, "in-use"), "missing-key", ((struct words){"写出 before 布局", "write the layout before"}),
               "大厅没有「%s」布局", "the hall has no layout '%s'", "before");
}

static const struct key hall_keys[] = {
    {"hall", KEY_ID, AT(struct hall, id), MUST},
    {"name", KEY_WORDS, AT(struct hall, name), MUST},
    {"level", KEY_WORD, AT(struct hall, level), MUST, .vocabulary = &levels},
    {"district", KEY_TEXT, AT(struct hall, district), MUST},
    {"published", KEY_SKIP},
    {"layouts", KEY_SKIP, MUST},
    {"in-use", KEY_YES, AT(struct hall, uses_before), .vocabulary = &hall_layouts},
    {"open", KEY_YES, AT(struct hall, every_day), .vocabulary = &openings},
    {"shifts", KEY_MANY, COUNTED(struct hall, shifts, shift_count), .shape = &shift_shape},
    {"appointments", KEY_INSIDE, .shape = &appointment_shape},
    SAMPLE,
};
const struct shape hall_shape = {SHAPE("大厅", "a hall", struct hall, hall_keys), PLACED(struct hall), .check = check_hall};
