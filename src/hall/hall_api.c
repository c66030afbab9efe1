/*
 * The hall as JSON: the same handlers' work, for kiosks, boards and messengers' mini pages.
 */
#include "hall/hall_pages.h"

#include <string.h>

#include "app/app.h"
#include "hall/hall_view.h"

static void put_words(struct json_writer *w, const char *key, struct words words)
{
  json_begin_object(w, key);
  json_put_str(w, "zh", words.zh);
  json_put_str(w, "en", words.en);
  json_end(w);
}

static void put_moment(struct json_writer *w, const char *key, moment at)
{
  char text[MOMENT_TEXT];
  moment_format(at, text);
  json_put_str(w, key, at ? text : NULL);
}

static void put_zone(struct json_writer *w, const struct zone_view *z)
{
  json_begin_object(w, NULL);
  json_put_str(w, "zone", z->place.zone);
  put_words(w, "name", z->place.name);
  json_put_int(w, "first_window", z->place.first);
  json_put_int(w, "windows", z->place.windows);
  json_put_int(w, "windows_open", z->open);
  json_put_int(w, "waiting", z->waiting);
  if (z->wait_ms < 0)
    json_put_null(w, "wait_seconds");
  else
    json_put_int(w, "wait_seconds", z->wait_ms / SECOND_MS);
  json_put_bool(w, "measured_earlier", z->now.mean_before);
  json_end(w);
}

static int halls(struct request *rq, struct error *error)
{
  const struct catalog *c = rq->app->catalog;
  struct json_writer w = web_json(rq, 200);
  (void)error;
  json_begin_object(&w, NULL);
  json_begin_array(&w, "halls");
  for (size_t i = 0; i < c->hall_count; i++) {
    const struct hall *hall = &c->halls[i];
    if (!hall->shift_count)
      continue;
    bool open = hall_is_open(c, hall, rq->now);
    json_begin_object(&w, NULL);
    json_put_str(&w, "hall", hall->id);
    put_words(&w, "name", hall->name);
    json_put_str(&w, "district", hall->district);
    json_put_bool(&w, "open", open);
    put_moment(&w, "opens", open ? 0 : hall_next_opening(c, hall, rq->now));
    json_end(&w);
  }
  json_end(&w);
  json_end(&w);
  return 0;
}

static int hall(struct request *rq, struct error *error)
{
  struct hall_view h;
  if (hall_view(rq, &h, error))
    return -1;
  size_t n;
  struct call_line *calls = call_lines(rq, &h, 500, &n);
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_put_str(&w, "hall", h.hall->id);
  put_words(&w, "name", h.hall->name);
  json_put_bool(&w, "open", h.open);
  json_put_int(&w, "version", h.version);
  json_begin_array(&w, "zones");
  for (size_t i = 0; i < h.n; i++)
    put_zone(&w, &h.zones[i]);
  json_end(&w);
  json_begin_array(&w, "calls");
  for (size_t i = 0; i < n; i++) {
    json_begin_object(&w, NULL);
    json_put_str(&w, "ticket", calls[i].ticket);
    json_put_int(&w, "window", calls[i].window);
    put_moment(&w, "called", calls[i].called);
    json_put_int(&w, "calls", calls[i].calls);
    json_put_bool(&w, "served", calls[i].served);
    json_end(&w);
  }
  json_end(&w);
  json_end(&w);
  return 0;
}

static int slots(struct request *rq, struct error *error)
{
  struct hall_place place;
  struct slots_view s;
  char text[DAY_TEXT];
  if (hall_place_asked(rq, &place, error) || slots_view(rq, &place, rq_day(rq, "day"), &s, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_begin_array(&w, "days");
  for (size_t i = 0; i < s.day_count; i++) {
    day_format(s.days[i], text);
    json_put_str(&w, NULL, text);
  }
  json_end(&w);
  if (s.day != DAY_NONE) {
    day_format(s.day, text);
    json_put_str(&w, "day", text);
  }
  json_begin_array(&w, "slots");
  for (size_t i = 0; i < s.n; i++) {
    json_begin_object(&w, NULL);
    json_put_int(&w, "slot", s.slots[i].minute);
    json_put_str(&w, "from", s.slots[i].from);
    json_put_int(&w, "free", s.slots[i].free);
    json_end(&w);
  }
  json_end(&w);
  json_end(&w);
  return 0;
}

/* ---- visits ---- */

static void put_visit(struct json_writer *w, const struct visit_view *v)
{
  const struct visit *own = &v->row.v;
  char text[DAY_TEXT];
  day_format(v->row.day, text);
  json_begin_object(w, NULL);
  json_put_str(w, "visit", own->code);
  json_put_str(w, "hall", v->row.hall);
  json_put_str(w, "zone", v->row.zone);
  json_put_str(w, "day", text);
  json_put_str(w, "state", visit_state_word(own->state));
  put_words(w, "state_name", visit_state_words(own->state));
  if (v->mine)
    json_put_str(w, "thing", own->thing);
  json_put_str(w, "ticket", own->ticket);
  if (own->slot >= 0)
    json_put_int(w, "slot", own->slot);
  if (own->window)
    json_put_int(w, "window", own->window);
  if (own->state == VISIT_WAITING)
    json_put_int(w, "before", (int64_t)v->before);
  json_put_str(w, "wait", v->wait);
  json_put_int(w, "version", v->version);
  json_end(w);
}

static int show_visit(struct request *rq, unsigned status, struct error *error)
{
  struct visit_view v;
  if (visit_view(rq, &v, error))
    return -1;
  struct json_writer w = web_json(rq, status);
  put_visit(&w, &v);
  return 0;
}

static int visit(struct request *rq, struct error *error)
{
  return show_visit(rq, 200, error);
}

/* With a slot an appointment, without one a ticket for now. */
static int make(struct request *rq, struct error *error)
{
  const char *code, *role = rq_may(rq, ROLE_CLERK) ? "clerk" : "applicant";
  if (rq_has(rq, "slot") ? hall_book(rq, role, "api", &code, error) : hall_draw(rq, role, "api", &code, error))
    return -1;
  struct json_writer w = web_json(rq, 201);
  json_begin_object(&w, NULL);
  json_put_str(&w, "visit", code);
  json_end(&w);
  return 0;
}

static int visit_act(struct request *rq, struct error *error)
{
  struct visit_row row;
  if (visit_read(rq->db, rq_span(rq, "code"), rq->arena, &row, error) || hall_visit_act(rq, &row, rq_str(rq, "command"), error))
    return -1;
  return show_visit(rq, 200, error);
}

/* ---- windows ---- */

static int window_act(struct request *rq, struct error *error)
{
  struct hall_place place;
  struct queue_now now;
  int number = (int)rq_int(rq, "window");
  if (!hall_place_find(rq->app->catalog, rq_span(rq, "hall"), rq_span(rq, "zone"), &place))
    return error_set(error, ERROR_NOT_FOUND, "no-such-zone", "没有这个分区", "There is no such zone");
  if (hall_window_act(rq, &place, rq_str(rq, "command"), error) ||
      queue_now(rq->db, &place, day_of(rq->now), rq->arena, &now, error))
    return -1;
  const struct hall_window *window = queue_window(&now.q, number);
  const struct visit *v = window && window->visit ? queue_visit(&now.q, window->visit) : NULL;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_put_int(&w, "window", number);
  json_put_bool(&w, "open", window && window->open);
  json_put_str(&w, "ticket", v ? v->ticket : NULL);
  json_put_str(&w, "visit", v ? v->code : NULL);
  json_put_str(&w, "state", v ? visit_state_word(v->state) : NULL);
  json_end(&w);
  return 0;
}

/* ---- the table ---- */

static const struct parameter of_hall[] = {{"hall", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "大厅", .en = "the hall"}, {0}};
static const struct parameter slots_query[] = {
    {"hall", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "大厅", .en = "the hall"},
    {"zone", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "分区", .en = "the zone"},
    {"thing", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "要办的事", .en = "the matter"},
    {"day", IN_QUERY, TYPE_DATE, false, .zh = "哪天", .en = "the day"},
    {0}};
static const struct parameter make_form[] = {
    {"hall", IN_FORM, TYPE_TEXT, true, .max = 64, .zh = "大厅", .en = "the hall"},
    {"zone", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "分区", .en = "the zone"},
    {"thing", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "要办的事", .en = "the matter"},
    {"day", IN_FORM, TYPE_DATE, false, .zh = "哪天（预约）", .en = "the day, of an appointment"},
    {"slot", IN_FORM, TYPE_INT, false, .max = 1439, .zh = "时段：从零点起的分钟（预约）", .en = "its time, in minutes of the day"},
    {"note", IN_FORM, TYPE_TEXT, false, .max = 160, .zh = "要告诉窗口的话", .en = "what the window should know"},
    {"phone", IN_FORM, TYPE_TEXT, false, .max = 20, .zh = "电话", .en = "the telephone number"},
    {"case", IN_FORM, TYPE_TEXT, false, .max = 32, .zh = "办件编号", .en = "the case"},
    {"priority", IN_FORM, TYPE_TEXT, false, .max = 20, .many = true, .zh = "优先（elderly、disabled、pregnant）",
     .en = "priority: elderly, disabled, pregnant"},
    {0}};
static const struct parameter of_visit[] = {{"code", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "到厅编号", .en = "the visit"},
                                            {0}};
static const struct parameter visit_form[] = {
    {"code", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "到厅编号", .en = "the visit"},
    {"command", IN_PATH, TYPE_CHOICE, true, .choices = visit_commands, .zh = "操作", .en = "the command"},
    {"day", IN_FORM, TYPE_DATE, false, .zh = "改到哪天", .en = "the new day"},
    {"slot", IN_FORM, TYPE_INT, false, .max = 1439, .zh = "改到哪个时段", .en = "the new time"},
    {"reason", IN_FORM, TYPE_TEXT, false, .max = 160, .zh = "原因", .en = "the reason"},
    {0}};
static const struct parameter window_form[] = {
    {"hall", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "大厅", .en = "the hall"},
    {"zone", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "分区", .en = "the zone"},
    {"window", IN_PATH, TYPE_INT, true, .max = 9999, .min = 1, .zh = "窗口", .en = "the window"},
    {"command", IN_PATH, TYPE_CHOICE, true, .choices = window_commands, .zh = "操作", .en = "the command"},
    {"visit", IN_FORM, TYPE_INT, false, .max = 100000, .zh = "哪一位", .en = "which visit"},
    {"claim", IN_FORM, TYPE_TEXT, false, .max = 20, .zh = "哪项优先（elderly、disabled、pregnant）",
     .en = "which claim: elderly, disabled, pregnant"},
    {"reason", IN_FORM, TYPE_TEXT, false, .max = 160, .zh = "原因", .en = "the reason"},
    {"note", IN_FORM, TYPE_TEXT, false, .max = 160, .zh = "备注", .en = "the note"},
    {"to", IN_FORM, TYPE_TEXT, false, .max = 66, .zh = "转到哪里（w23 窗口，z-social 分区）",
     .en = "where to: w23 a window, z-social a zone"},
    {"case", IN_FORM, TYPE_TEXT, false, .max = 32, .zh = "办件编号", .en = "the case"},
    {0}};

const struct route hall_api_routes[] = {
    {METHOD_GET, "/api/halls", ROLE_PUBLIC, halls, ROUTE_API, NULL, "政务大厅", "The halls"},
    {METHOD_GET, "/api/halls/{hall}", ROLE_PUBLIC, hall, ROUTE_API, of_hall, "大厅现况：分区、等候、叫号",
     "A hall as it stands: zones, who waits, calls"},
    {METHOD_GET, "/api/halls/{hall}/slots", ROLE_PUBLIC, slots, ROUTE_API, slots_query, "可约时段", "Times that can be booked"},
    {METHOD_POST, "/api/visits", ROLE_APPLICANT | ROLE_CLERK, make, ROUTE_API, make_form, "预约或取号",
     "Booking a visit, or taking a ticket"},
    {METHOD_GET, "/api/visits/{code}", ROLE_PUBLIC, visit, ROUTE_API, of_visit, "一次到厅", "One visit"},
    {METHOD_POST, "/api/visits/{code}/{command}", ROLE_APPLICANT | ROLE_CLERK, visit_act, ROUTE_API, visit_form,
     "取消、报到、回队、改期", "Cancelling, checking in, coming back, moving"},
    {METHOD_POST, "/api/queue/{hall}/{zone}/{window}/{command}", ROLE_CLERK | ROLE_SUPERVISOR, window_act, ROUTE_API, window_form,
     "窗口叫号", "What is done at a window"},
    {0}};
