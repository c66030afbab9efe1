/*
 * What the hall's pages show.
 */
#include "hall/hall_view.h"

#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "hall/queue.h"

/* ---- words ---- */

const char *hall_words(const struct request *rq, struct words words)
{
  return say(rq, words.zh, words.en);
}

const char *clock_words(struct request *rq, int minute)
{
  return arena_printf(rq->arena, "%02d:%02d", minute / 60, minute % 60);
}

const char *wait_words(struct request *rq, const struct queue_now *now, int windows, int64_t ms)
{
  int minutes = (int)((ms + MINUTE_MS / 2) / MINUTE_MS);
  if (!windows)
    return tr(rq, "no window is open yet");
  if (ms < 0)
    return tr(rq, "not enough data to estimate the wait yet");
  if (minutes < 1)
    return tr(rq, "hardly any wait");
  return now->mean_before ? trf(rq, "about %s minutes (by an earlier day's measure)", minutes)
                          : trf(rq, "about %s minutes", minutes);
}

const char *priority_text(struct request *rq, unsigned set)
{
  const char *text = "";
  for (const struct priority_words *p = priorities; p->bit; p++)
    if (set & p->bit)
      text = arena_printf(rq->arena, "%s%s%s", text, *text ? say(rq, "、", ", ") : "", hall_words(rq, p->name));
  return text;
}

const char *priority_claims(struct request *rq, const struct visit *v)
{
  unsigned claimed = v->priority & ~v->confirmed;
  const char *sure = priority_text(rq, v->priority & v->confirmed), *said = priority_text(rq, claimed);
  if (!claimed)
    return sure;
  said = trf(rq, "%s (by his own word)", said);
  return *sure ? arena_printf(rq->arena, "%s%s%s", sure, say(rq, "、", ", "), said) : said;
}

const char *visit_thing(const struct request *rq, const struct visit *v)
{
  const struct thing *thing = catalog_thing(rq->app->catalog, span_of(v->thing));
  return thing ? hall_words(rq, thing->name) : tr(rq, "a matter to be named at the window");
}

const char *event_text(const struct request *rq, const char *event)
{
  static const char *const words[][2] = {{"booked", N_("Appointment made")},
                                         {"rebooked", N_("Time changed")},
                                         {"ticketed", N_("Ticket taken")},
                                         {"arrived", N_("Checked in")},
                                         {"called", N_("Called to a window")},
                                         {"recalled", N_("Called again")},
                                         {"served", N_("At the window")},
                                         {"parked", N_("Set aside")},
                                         {"missed", N_("Called in vain")},
                                         {"returned", N_("Back in the queue")},
                                         {"transferred", N_("Passed on")},
                                         {"finished", N_("Visit ended")},
                                         {"cancelled", N_("Cancelled")},
                                         {"released", N_("Moved to another time")},
                                         {"move-undone", N_("Moved twice at once: the first move counts")},
                                         {"given-back", N_("The second time is free again for others")},
                                         {"no-show", N_("Nobody came: the place was given up")},
                                         {"linked", N_("Linked to a case")},
                                         {"priority-confirmed", N_("Priority confirmed at the window")},
                                         {"priority-denied", N_("Priority taken away at the window")},
                                         {"ended", N_("The hall closed")}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i][0], event) == 0)
      return tr(rq, words[i][1]);
  return event;
}

/* ---- zones and halls ---- */

int zone_view(struct request *rq, const struct hall_place *place, struct zone_view *ret, struct error *error)
{
  struct zone_view z = {.place = *place, .name = hall_words(rq, place->name)};
  if (queue_now(rq->db, place, day_of(rq->now), rq->arena, &z.now, error))
    return -1;
  for (size_t i = 0; i < z.now.q.n; i++)
    z.waiting += z.now.q.visits[i].state == VISIT_WAITING;
  for (size_t i = 0; i < z.now.q.window_count; i++)
    z.open += z.now.q.windows[i].open;
  const struct visit newcomer = {.n = INT32_MAX, .skill = "", .rank = rq->now};
  z.wait_ms = z.open ? queue_forecast(&z.now.q, place, &newcomer, z.now.mean_ms, rq->now, NULL) : -1;
  z.wait = wait_words(rq, &z.now, z.open, z.wait_ms);
  *ret = z;
  return 0;
}

static int hall_asked(const struct request *rq, const struct hall **ret, struct error *error)
{
  *ret = catalog_hall(rq->app->catalog, rq_span(rq, "hall"));
  return *ret ? 0 : error_set(error, ERROR_NOT_FOUND, "no-such-hall", "没有这个大厅", "There is no such hall");
}

int hall_view(struct request *rq, struct hall_view *ret, struct error *error)
{
  struct hall_view h = {0};
  if (hall_asked(rq, &h.hall, error))
    return -1;
  const struct catalog *catalog = rq->app->catalog;
  h.name = hall_words(rq, h.hall->name);
  h.live = arena_printf(rq->arena, "/halls/%s/live", h.hall->id);
  h.open = hall_is_open(catalog, h.hall, rq->now);
  moment opens = h.open ? 0 : hall_next_opening(catalog, h.hall, rq->now);
  h.opens = opens ? trf(rq, "opens %s", moment_words(rq, opens)) : "";
  h.thing = catalog_thing(catalog, rq_span(rq, "thing"));
  h.case_number = rq_str(rq, "case");
  h.version = hall_version(rq->db, h.hall->id, "", day_of(rq->now));
  h.n = h.hall->shift_count ? hall_place_count(h.hall) : 0;
  h.zones = arena_array(rq->arena, h.n + 1, sizeof *h.zones);
  for (size_t i = 0; i < h.n; i++) {
    struct hall_place place = hall_place_at(h.hall, i);
    if (zone_view(rq, &place, &h.zones[i], error))
      return -1;
  }
  *ret = h;
  return 0;
}

static int newest_first(const void *a, const void *b)
{
  const struct call_line *x = a, *y = b;
  return x->called < y->called ? 1 : x->called > y->called ? -1 : strcmp(x->ticket, y->ticket);
}

struct call_line *call_lines(struct request *rq, const struct hall_view *h, size_t max, size_t *ret_n)
{
  struct call_line *list = NULL;
  size_t n = 0, cap = 0;
  for (size_t z = 0; z < h->n; z++) {
    const struct queue *q = &h->zones[z].now.q;
    for (size_t i = 0; i < q->window_count; i++) {
      const struct visit *v = q->windows[i].visit ? queue_visit(q, q->windows[i].visit) : NULL;
      if (!v)
        continue;
      list = arena_grow(rq->arena, list, n, &cap, sizeof *list);
      list[n++] = (struct call_line){.ticket = v->ticket,
                                     .zone_zh = h->zones[z].place.name.zh,
                                     .zone_en = h->zones[z].place.name.en,
                                     .window = q->windows[i].number,
                                     .calls = v->calls,
                                     .called = v->called,
                                     .served = v->state == VISIT_SERVED};
    }
  }
  if (n)
    qsort(list, n, sizeof *list, newest_first);
  *ret_n = n < max ? n : max;
  return list;
}

/* ---- one visit ---- */

static const char *tag_of(enum visit_state state)
{
  switch (state) {
  case VISIT_CALLED:
  case VISIT_SERVED:
    return "now";
  case VISIT_DONE:
    return "good";
  case VISIT_NO_SHOW:
  case VISIT_MISSED:
  case VISIT_UNSERVED:
    return "bad";
  case VISIT_WAITING:
  case VISIT_PARKED:
    return "wait";
  default:
    return "";
  }
}

int visit_view(struct request *rq, struct visit_view *ret, struct error *error)
{
  struct visit_view v = {0};
  if (visit_read(rq->db, rq_span(rq, "code"), rq->arena, &v.row, error))
    return -1;
  if (!hall_place_find(rq->app->catalog, span_of(v.row.hall), span_of(v.row.zone), &v.place))
    return error_set(error, ERROR_NOT_FOUND, "no-such-zone", "目录里已没有这个分区", "The catalogue has no such zone any more");
  if (zone_view(rq, &v.place, &v.zone, error) ||
      visit_lines(rq->db, span_of(v.row.v.code), rq->arena, &v.lines, &v.line_count, error))
    return -1;
  const struct visit *own = &v.row.v;
  v.today = v.row.day == day_of(rq->now);
  v.thing = visit_thing(rq, own);
  v.state = hall_words(rq, visit_state_words(own->state));
  v.tag = tag_of(own->state);
  v.when = "";
  if (own->slot >= 0)
    v.when = arena_printf(rq->arena, "%s %s–%s", day_words(rq, v.row.day), clock_words(rq, own->slot),
                          clock_words(rq, own->slot + v.place.hall->appointments.slot));
  int64_t wait = -1;
  if (own->state == VISIT_WAITING)
    wait = queue_forecast(&v.zone.now.q, &v.place, own, v.zone.now.mean_ms, rq->now, &v.before);
  v.wait = wait_words(rq, &v.zone.now, v.zone.open, wait);
  v.mine = !*own->account || rq_may(rq, ROLE_CLERK) || (rq->who && strcmp(rq->who->id, own->account) == 0);
  /* on its way to another zone: whichever it is will say so */
  const char *zone = own->state == VISIT_MOVED ? "" : v.row.zone;
  v.live = arena_printf(rq->arena, "/halls/%s/live%s%s", v.row.hall, *zone ? "?zone=" : "", zone);
  v.version = hall_version(rq->db, v.row.hall, zone, day_of(rq->now));
  *ret = v;
  return 0;
}

struct stage_line *visit_stages(struct request *rq, const struct visit_view *v)
{
  struct stage_line *list = arena_array(rq->arena, v->line_count + 1, sizeof *list);
  for (size_t i = 0; i < v->line_count; i++) {
    const struct visit_line *line = &v->lines[v->line_count - 1 - i];
    const char *where = line->window ? trf(rq, "window %s", line->window) : "";
    list[i] =
        (struct stage_line){.text = event_text(rq, line->event),
                            .stage = i || visit_is_over(v->row.v.state) ? STAGE_DONE : STAGE_NOW,
                            .when = moment_words(rq, line->at),
                            .detail = *line->words ? arena_printf(rq->arena, "%s%s%s", where, *where ? " · " : "", line->words)
                                      : *where     ? where
                                                   : NULL};
  }
  return list;
}

/* ---- slots ---- */

int slots_view(struct request *rq, const struct hall_place *place, day wanted, struct slots_view *ret, struct error *error)
{
  struct slots_view s = {.place = *place};
  const struct hall_appointments *a = &place->hall->appointments;
  int *booked = arena_array(rq->arena, 24 * 60 / 5 + 1, sizeof *booked);
  s.days = arena_array(rq->arena, (size_t)a->ahead + 2, sizeof *s.days);
  for (int i = 0; i <= a->ahead; i++) {
    day d = hall_bookable_day(rq->app->catalog, place->hall, rq->now, i);
    if (d != DAY_NONE)
      s.days[s.day_count++] = d;
  }
  s.day = s.day_count ? s.days[0] : DAY_NONE;
  for (size_t i = 0; i < s.day_count; i++)
    if (s.days[i] == wanted)
      s.day = wanted;
  *ret = s;
  if (s.day == DAY_NONE || slots_booked(rq->db, queue_id(place->hall->id, place->zone, s.day), a->slot, booked, 24 * 60 / 5, error))
    return s.day == DAY_NONE ? 0 : -1;
  s.slots = arena_array(rq->arena, (size_t)(24 * 60 / a->slot) + 1, sizeof *s.slots);
  for (int minute = 0; minute < 24 * 60; minute++) {
    int capacity = hall_slot_capacity(place, minute);
    if (!capacity || day_start(s.day) + minute * MINUTE_MS <= rq->now)
      continue;
    int left = capacity - booked[minute / a->slot];
    s.slots[s.n++] =
        (struct slot_view){minute, left > 0 ? left : 0, clock_words(rq, minute), arena_printf(rq->arena, "%d", minute)};
  }
  *ret = s;
  return 0;
}
