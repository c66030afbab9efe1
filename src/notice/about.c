/*
 * What a notice is about: of a case or of a visit to a hall, whom, and whether it is still so. Read when the notice is made and
 * again whenever it goes out.
 */
#include <string.h>

#include "hall/hall.h"
#include "notice/internal.h"

static bool something_deferred(const struct casefile *c)
{
  for (size_t i = 0; i < c->material_count; i++)
    if (c->materials[i].deferred.day != DAY_NONE)
      return true;
  return false;
}

static int about_case(struct db *db, const json_t *message, struct arena *arena, struct about *ret, struct error *error)
{
  struct casefile *c;
  const char *item = json_str(message, "item");
  if (casework_load(db, json_int(message, "case"), arena, &c, error))
    return -1;
  *ret = (struct about){.account = c->account,
                        .phone = c->phone,
                        .what = c->name,
                        .number = c->number,
                        .which = c->number,
                        .page = arena_printf(arena, "/cases/%s", c->number),
                        .on = DAY_NONE};
  (void)day_parse(span_of(json_str(message, "day")), &ret->on);
  for (size_t i = 0; i < c->item_count && *item; i++)
    if (strcmp(c->items[i].item, item) == 0)
      ret->what = c->items[i].name;
  if (c->erased)
    ret->gone = "erased";
  else if (strcmp(json_str(message, "event"), "deferred-due") == 0 && !something_deferred(c))
    ret->gone = "past"; /* it came */
  return 0;
}

/* An appointment that was cancelled, or moved once more, has a notice of its own about that. */
static bool still_so(const struct visit_row *row, const char *event, day on)
{
  bool cancelled = strcmp(event, "visit-cancelled") == 0;
  return row->v.state == (cancelled ? VISIT_CANCELLED : VISIT_BOOKED) && row->day == on;
}

/* That of his case where he gave none at the booking. */
static int phone_of(struct db *db, const struct visit *v, struct arena *arena, const char **ret, struct error *error)
{
  struct casefile *c;
  struct error why = {0};
  *ret = v->phone;
  if (*v->phone || !v->case_id)
    return 0;
  if (casework_load(db, v->case_id, arena, &c, &why) == 0) {
    if (strcmp(c->account, v->account) == 0)
      *ret = c->phone;
    return 0;
  }
  if (why.code == ERROR_NOT_FOUND)
    return 0;
  *error = why;
  return -1;
}

static int about_visit(struct db *db, const json_t *message, struct arena *arena, struct about *ret, struct error *error)
{
  struct visit_row row;
  char date[DAY_TEXT];
  const char *phone;
  day on = DAY_NONE;
  if (visit_read(db, span_of(json_str(message, "visit")), arena, &row, error) || phone_of(db, &row.v, arena, &phone, error))
    return -1;
  (void)day_parse(span_of(json_str(message, "day")), &on);
  day_format(row.day, date);
  const char *time = arena_printf(arena, "%02d:%02d", row.v.slot / 60, row.v.slot % 60);
  *ret = (struct about){.account = row.v.account,
                        .phone = phone,
                        .hall = row.hall,
                        .zone = row.zone,
                        .number = arena_printf(arena, "%s %s", date, time),
                        .which = time,
                        .page = arena_printf(arena, "/visits/%s", row.v.code),
                        .on = row.day};
  if (!still_so(&row, json_str(message, "event"), on))
    ret->gone = "past";
  return 0;
}

int notice_about(struct db *db, const json_t *message, struct arena *arena, struct about *ret, struct error *error)
{
  struct error why = {0};
  bool visit = *json_str(message, "visit");
  if ((visit ? about_visit : about_case)(db, message, arena, ret, &why) == 0)
    return 0;
  if (why.code == ERROR_NOT_FOUND) {
    *ret = (struct about){.gone = "erased"};
    return 0;
  }
  *error = why;
  return -1;
}
