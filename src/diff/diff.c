#include "diff/diff.h"

#include <string.h>

#include "diff/pair.h"
#include "diff/sides.h"

const char *diff_aspect_id(enum diff_aspect aspect)
{
  static const char *const ids[DIFF_ASPECTS] = {"items", "materials", "fields", "trips-online", "trips-window", "presences",
                                                "fees",  "days",      "needs",  "results",      "channels",     "limits"};
  return ids[aspect];
}

struct words diff_aspect_words(enum diff_aspect aspect)
{
  static const struct words words[DIFF_ASPECTS] = {
      {"事项", "items"},
      {"上传的材料", "papers handed in"},
      {"填写的字段", "form entries"},
      {"网上办跑动", "trips, applied for online"},
      {"窗口办跑动", "trips, handed in at a window"},
      {"到场", "presences"},
      {"收费", "fees"},
      {"工作日", "working days"},
      {"前置", "what waits for what"},
      {"结果与送达", "results and delivery"},
      {"申请渠道", "where to apply"},
      {"承诺与法定时限", "promises and legal limits"},
  };
  return words[aspect];
}

bool diff_thing_differs(const struct diff_thing *thing)
{
  bool differs = !thing->before || !thing->after || thing->note_count || thing->disagrees;
  for (enum diff_aspect a = 0; a < DIFF_ASPECTS && !differs; a++)
    differs = thing->aspects[a] == DIFF_DIFFERS || thing->aspects[a] == DIFF_UNKNOWN;
  return differs;
}

static void compare(struct arena *arena, const struct catalog *before, const struct catalog *after, bool same_zones,
                    const struct diff_options *options, struct diff_thing *ret)
{
  if (!ret->before || !ret->after)
    return;
  struct arena work = {0};
  bool same = same_zones && span_eq(thing_text(&work, ret->before), thing_text(&work, ret->after));
  arena_release(&work);
  ret->nobody_worse = ret->nobody_else = same;
  if (!same)
    pair_compare(arena, before, after, options, ret);
}

static void add_thing(struct diff *diff, const struct thing *before, const struct thing *after)
{
  diff->things[diff->thing_count++] = (struct diff_thing){.before = before, .after = after};
}

static bool wanted(const struct diff_options *options, const struct thing *thing)
{
  return !options->one.n || span_is(options->one, thing->id);
}

static void note_zones(struct arena *arena, const struct catalog *a, const struct catalog *b, bool gone, struct diff *ret)
{
  struct words *notes = arena_array(arena, ret->note_count + a->zone_count + 1, sizeof *notes);
  if (ret->note_count)
    memcpy(notes, ret->notes, ret->note_count * sizeof *notes);
  for (size_t z = 0; z < a->zone_count; z++) {
    const struct zone *zone = &a->zones[z];
    if (!catalog_zone(b, span_of(zone->id)))
      notes[ret->note_count++] = (struct words){
          arena_printf(arena, gone ? "区域「%s」只在旧目录，没有比较" : "区域「%s」只在新目录，没有比较", zone->name.zh),
          arena_printf(arena,
                       gone ? "the zone '%s' is only in the old catalogue and was not compared"
                            : "the zone '%s' is only in the new catalogue and was not compared",
                       zone->name.en)};
  }
  ret->notes = notes;
}

int diff_run(struct arena *arena, const struct catalog *before, const struct catalog *after, const struct diff_options *options,
             struct diff *ret, struct error *error)
{
  *ret = (struct diff){.things = arena_array(arena, before->thing_count + after->thing_count + 1, sizeof *ret->things)};
  for (size_t t = 0; t < after->thing_count; t++)
    if (wanted(options, &after->things[t]))
      add_thing(ret, catalog_thing(before, span_of(after->things[t].id)), &after->things[t]);
  for (size_t t = 0; t < before->thing_count; t++)
    if (wanted(options, &before->things[t]) && !catalog_thing(after, span_of(before->things[t].id)))
      add_thing(ret, &before->things[t], NULL);
  if (options->one.n && ret->thing_count == 0)
    return error_set(error, ERROR_BAD_INPUT, "unknown-thing", "两份目录里都没有这件事", "neither catalogue has this thing");
  note_zones(arena, before, after, true, ret);
  note_zones(arena, after, before, false, ret);
  struct arena work = {0};
  bool same_zones = span_eq(zones_text(&work, before), zones_text(&work, after));
  arena_release(&work);
  for (size_t t = 0; t < ret->thing_count; t++) {
    compare(arena, before, after, same_zones, options, &ret->things[t]);
    if (options->progress && !options->progress(options->context, t + 1, ret->thing_count))
      return error_set(error, ERROR_CONFLICT, "stopped", "比较已中止", "The comparison was stopped");
  }
  return 0;
}
