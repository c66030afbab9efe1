/*
 * Where things are done and when: zones, windows, skills, routing, opening hours. Pure functions of the catalogue.
 */
#include "hall/hall.h"

#include <string.h>

/* ---- the two layouts ---- */

static bool zoned(const struct hall *hall)
{
  return hall->zone_count > 0;
}

size_t hall_layout_count(const struct hall *hall, bool before)
{
  if (before)
    return hall->before_count;
  return zoned(hall) ? hall->zone_count : hall->general_windows > 0;
}

static void letter_of(size_t index, char out[3])
{
  if (index < 26) {
    out[0] = (char)('A' + index);
    out[1] = 0;
  } else {
    out[0] = (char)('A' + index / 26 - 1);
    out[1] = (char)('A' + index % 26);
    out[2] = 0;
  }
}

struct hall_place hall_layout_at(const struct hall *hall, bool before, size_t index)
{
  struct hall_place place = {.hall = hall, .first = 1};
  letter_of(index, place.letter);
  for (size_t i = 0; i < index; i++)
    place.first += before ? hall->before[i].windows : hall->zones[i].windows;
  if (before) {
    const struct hall_count *c = &hall->before[index];
    place.zone = place.agency = c->department->id;
    place.name = c->department->name;
    place.windows = c->windows;
  } else if (zoned(hall)) {
    place.of = &hall->zones[index];
    place.zone = place.of->id;
    place.name = place.of->name;
    place.windows = place.of->windows;
  } else {
    place.zone = "general";
    place.name = (struct words){"综合窗口", "General windows"};
    place.windows = hall->general_windows;
  }
  return place;
}

size_t hall_place_count(const struct hall *hall)
{
  return hall_layout_count(hall, hall->uses_before);
}

struct hall_place hall_place_at(const struct hall *hall, size_t index)
{
  return hall_layout_at(hall, hall->uses_before, index);
}

static bool place_named(const struct hall *hall, bool before, struct span zone, struct hall_place *ret)
{
  for (size_t i = 0; i < hall_layout_count(hall, before); i++) {
    struct hall_place place = hall_layout_at(hall, before, i);
    if (span_is(zone, place.zone)) {
      *ret = place;
      return true;
    }
  }
  return false;
}

bool hall_place_find(const struct catalog *catalog, struct span hall, struct span zone, struct hall_place *ret)
{
  const struct hall *h = catalog_hall(catalog, hall);
  return h && place_named(h, h->uses_before, zone, ret);
}

/* ---- routing ---- */

bool hall_route_thing(const struct hall *hall, bool before, const struct thing *thing, struct hall_place *ret)
{
  if (before)
    return place_named(hall, true, span_of(thing->lead->id), ret);
  return place_named(hall, false, zoned(hall) ? span_of(thing->hall_zone) : SPAN("general"), ret);
}

bool hall_route_item(const struct hall *hall, bool before, const struct item *item, struct hall_place *ret)
{
  if (before)
    return place_named(hall, true, span_of(item->agency->id), ret);
  if (!zoned(hall))
    return place_named(hall, false, SPAN("general"), ret);
  for (size_t i = 0; i < hall->zone_count; i++)
    for (size_t k = 0; k < hall->zones[i].department_count; k++)
      if (hall->zones[i].departments[k] == item->agency) {
        *ret = hall_layout_at(hall, false, i);
        return true;
      }
  return false;
}

const struct hall_skill *hall_skill_of(const struct hall_place *place, struct span thing)
{
  for (size_t i = 0; place->of && i < place->of->skill_count; i++)
    for (size_t k = 0; k < place->of->skills[i].thing_count; k++)
      if (span_is(thing, place->of->skills[i].things[k]->id))
        return &place->of->skills[i];
  return NULL;
}

bool hall_window_has(const struct hall_place *place, int window, const char *skill)
{
  int n = window - place->first + 1;
  if (!*skill)
    return true;
  for (size_t i = 0; place->of && i < place->of->skill_count; i++)
    if (strcmp(place->of->skills[i].id, skill) == 0)
      return n >= place->of->skills[i].first && n <= place->of->skills[i].last;
  return true; /* a skill the catalogue has no more: any window */
}

/* ---- hours ---- */

int hall_minute(moment at)
{
  return (int)((at - day_start(day_of(at))) / MINUTE_MS);
}

bool hall_opens_on(const struct catalog *catalog, const struct hall *hall, day d)
{
  return hall->shift_count > 0 && (hall->every_day || calendar_works(&catalog->calendar, d));
}

const struct hall_shift *hall_shift_at(const struct hall *hall, int minute)
{
  for (size_t i = 0; i < hall->shift_count; i++)
    if (minute >= hall->shifts[i].from && minute < hall->shifts[i].to)
      return &hall->shifts[i];
  return NULL;
}

bool hall_is_open(const struct catalog *catalog, const struct hall *hall, moment at)
{
  return hall_opens_on(catalog, hall, day_of(at)) && hall_shift_at(hall, hall_minute(at));
}

moment hall_next_opening(const struct catalog *catalog, const struct hall *hall, moment after)
{
  day today = day_of(after);
  for (int i = 0; i < 366; i++) {
    if (!hall_opens_on(catalog, hall, today + i))
      continue;
    for (size_t k = 0; k < hall->shift_count; k++) {
      moment at = day_start(today + i) + hall->shifts[k].from * MINUTE_MS;
      if (at > after)
        return at;
    }
  }
  return 0;
}

int hall_manned(const struct hall_place *place, const struct hall_shift *shift)
{
  int n = shift->share ? place->windows * shift->share / 100 : place->windows;
  return n > 0 ? n : 1;
}

int hall_slot_capacity(const struct hall_place *place, int minute)
{
  const struct hall_appointments *a = &place->hall->appointments;
  const struct hall_shift *shift = hall_shift_at(place->hall, minute);
  if (!a->slot || !shift || (minute - shift->from) % a->slot || minute + a->slot > shift->to)
    return 0;
  int n = hall_manned(place, shift) * a->slot * a->share / (a->minutes * 100);
  return n > 0 ? n : 1;
}

day hall_bookable_day(const struct catalog *catalog, const struct hall *hall, moment now, int n)
{
  day today = day_of(now);
  if (!hall->appointments.slot || !hall->shift_count || n > hall->appointments.ahead)
    return DAY_NONE;
  bool over = hall_minute(now) >= hall->shifts[hall->shift_count - 1].to;
  for (int i = over ? 1 : 0, found = -1; i < 366; i++)
    if (hall_opens_on(catalog, hall, today + i) && ++found == n)
      return today + i;
  return DAY_NONE;
}
