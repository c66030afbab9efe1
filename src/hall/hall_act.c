/*
 * From a form or a JSON body to the command of a queue.
 */
#include "hall/hall_view.h"

#include <string.h>

#include "account/account.h"
#include "app/app.h"
#include "casework/casework.h"

enum { PLACES_AN_HOUR = 12 };

const char *const visit_commands[] = {"cancel", "arrive", "return", "rebook", NULL};
const char *const window_commands[] = {
    "open",   "close",       "next", "call",   "recall",           "serve",         "miss", "park", "finish", "transfer",
    "return", "finish-next", "link", "arrive", "confirm-priority", "deny-priority", NULL};

int hall_command(struct request *rq, const struct hall_act *act, const char *type, json_t *data, struct outcome *ret,
                 struct error *error)
{
  struct outcome outcome;
  const char *once = rq_once(rq);
  const struct hall_place *p = act->place;
  (void)json_object_set_new(data, "hall", json_string(p->hall->id));
  (void)json_object_set_new(data, "zone", json_string(p->zone));
  (void)json_object_set_new(data, "day", json_integer(act->day));
  const struct command command = {
      .kind = &queue_kind,
      .id = queue_id(p->hall->id, p->zone, act->day),
      .expect = -1,
      .type = type,
      .key = *once ? arena_printf(rq->arena, "%s%d", once, act->part) : "",
      .actor = {rq->who ? rq->who->id : "kiosk", act->role, rq->who ? rq->who->agency : "", act->channel},
      .data = data};
  int bad = engine_do(rq->engine, &command, ret ? ret : &outcome, error);
  json_decref(data);
  if (!bad)
    web_changed(rq);
  return bad;
}

/* ---- what a person brings along ---- */

/* The case by its number: the person's own; a clerk's any. Nothing where none is named. */
static int find_case(struct request *rq, bool staff, const char *field, json_t *data, struct error *error)
{
  struct case_row row;
  if (!rq_has(rq, field))
    return 0;
  bool found = casework_find(rq->db, rq_span(rq, field), SPAN(""), rq->arena, &row, error) == 0;
  if (!found && error->code != ERROR_NOT_FOUND)
    return -1;
  if (!found || (!staff && (!rq->who || strcmp(row.account, rq->who->id) != 0))) {
    (void)error_set(error, ERROR_BAD_INPUT, "no-such-case", "没有这个办件编号", "There is no case of that number");
    return error_at(error, "%s", field);
  }
  (void)json_object_set_new(data, "case", json_integer(row.id));
  (void)json_object_set_new(data, "case_number", json_string(row.number));
  return 0;
}

unsigned hall_known_priority(struct request *rq, day d)
{
  int64_t id;
  bool known = rq->who && (rq->who->roles & ROLE_APPLICANT) && account_id_of(rq->who->id, &id);
  return known ? priority_known(span_of(account_identity(rq->db, rq->arena, id)), d) : 0;
}

int hall_particulars(struct request *rq, bool staff, json_t **ret, struct error *error)
{
  unsigned priority = 0;
  bool own = rq->who && (rq->who->roles & ROLE_APPLICANT) && !staff;
  for (size_t i = 0; i < rq_count(rq, "priority"); i++)
    priority |= priority_of(rq_nth(rq, "priority", i));
  unsigned known = own ? hall_known_priority(rq, rq_has(rq, "slot") ? rq_day(rq, "day") : day_of(rq->now)) : 0;
  *ret = json_pack("{s:s,s:s,s:s,s:i,s:i,s:s}", "thing", rq_str(rq, "thing"), "note", rq_str(rq, "note"), "phone",
                   rq_str(rq, "phone"), "priority", (int)priority, "known", (int)known, "account", own ? rq->who->id : "");
  if (find_case(rq, staff, "case", *ret, error)) {
    json_decref(*ret);
    return -1;
  }
  return 0;
}

int hall_place_asked(struct request *rq, struct hall_place *ret, struct error *error)
{
  const struct hall *hall = catalog_hall(rq->app->catalog, rq_span(rq, "hall"));
  const struct thing *thing = catalog_thing(rq->app->catalog, rq_span(rq, "thing"));
  if (!hall || !hall->shift_count)
    return error_set(error, ERROR_NOT_FOUND, "no-such-hall", "没有这个大厅", "There is no such hall");
  if (rq_has(rq, "zone") ? hall_place_find(rq->app->catalog, span_of(hall->id), rq_span(rq, "zone"), ret)
                         : thing && hall_route_thing(hall, hall->uses_before, thing, ret))
    return 0;
  (void)error_set(error, ERROR_BAD_INPUT, "no-such-zone", "请选择要办的事或分区", "Choose the matter or the zone");
  return error_at(error, "zone");
}

/* Each place sends a message to the number that was typed: nobody shall be called with it again and again. */
static int check_not_too_often(struct request *rq, struct error *error)
{
  const char *who = rq->who ? rq->who->id : rq->address;
  if (rq_may(rq, ROLE_CLERK | ROLE_SUPERVISOR))
    return 0;
  int wait = throttle_take(rq->app->throttle, span_of(arena_printf(rq->arena, "book %s", who)), PLACES_AN_HOUR, HOUR_MS, rq->now);
  if (!wait)
    return 0;
  web_retry_after(rq, wait);
  return error_set(error, ERROR_TOO_MANY, "too-many-bookings", "您预约和改期过于频繁，请过一会儿再试",
                   "You have booked or moved too often: please wait a while");
}

int hall_book(struct request *rq, const char *role, const char *channel, const char **ret_code, struct error *error)
{
  struct hall_place place;
  struct outcome outcome;
  json_t *data;
  if (hall_place_asked(rq, &place, error) || check_not_too_often(rq, error) ||
      hall_particulars(rq, strcmp(role, "clerk") == 0, &data, error))
    return -1;
  (void)json_object_set_new(data, "slot", json_integer(rq_int(rq, "slot")));
  const struct hall_act act = {&place, rq_day(rq, "day"), role, channel, 0};
  return hall_command(rq, &act, "book", data, &outcome, error) || visit_made(rq->db, outcome.seq, rq->arena, ret_code, error) ? -1
                                                                                                                              : 0;
}

int hall_draw(struct request *rq, const char *role, const char *channel, const char **ret_code, struct error *error)
{
  struct hall_place place;
  struct outcome outcome;
  json_t *data;
  if (hall_place_asked(rq, &place, error) || hall_particulars(rq, strcmp(role, "clerk") == 0, &data, error))
    return -1;
  const struct hall_act act = {&place, day_of(rq->now), role, channel, 0};
  return hall_command(rq, &act, "draw", data, &outcome, error) || visit_made(rq->db, outcome.seq, rq->arena, ret_code, error) ? -1
                                                                                                                              : 0;
}

/* ---- a visit ---- */

/* To another day: the new place first, the old one after that; a message does the second where this is cut short. */
static int move(struct request *rq, const struct visit_row *row, struct hall_act act, struct error *error)
{
  struct hall_act there = act;
  there.day = rq_day(rq, "day");
  json_t *data = json_pack("{s:I,s:o,s:{s:I,s:i}}", "slot", (json_int_t)rq_int(rq, "slot"), "visit_data",
                           visit_json(&row->v, false), "from", "queue", (json_int_t)row->queue, "visit", row->v.n);
  return hall_command(rq, &there, "move-in", data, NULL, error);
}

int hall_visit_act(struct request *rq, const struct visit_row *row, const char *command, struct error *error)
{
  struct hall_place place;
  bool clerk = rq_may(rq, ROLE_CLERK | ROLE_SUPERVISOR);
  const char *role = clerk ? "clerk" : rq->who ? "applicant" : "kiosk", *channel = clerk ? "window" : rq->who ? "mobile" : "kiosk";
  bool own = clerk || !*row->v.account || (rq->who && strcmp(rq->who->id, row->v.account) == 0);
  if (!own || !hall_place_find(rq->app->catalog, span_of(row->hall), span_of(row->zone), &place))
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这次到厅记录", "There is no such visit");
  const struct hall_act act = {&place, row->day, role, rq->api ? "api" : channel, 0};
  if (strcmp(command, "rebook") == 0 && check_not_too_often(rq, error))
    return -1;
  if (strcmp(command, "rebook") == 0 && rq_day(rq, "day") != row->day) {
    if (row->v.state != VISIT_BOOKED)
      return error_set(error, ERROR_CONFLICT, "wrong-state", "只有预约可以改期", "Only an appointment can be moved");
    return move(rq, row, act, error);
  }
  json_t *data = json_pack("{s:i,s:s,s:s,s:I}", "visit", row->v.n, "code", row->v.code, "reason", rq_str(rq, "reason"), "slot",
                           (json_int_t)rq_int(rq, "slot"));
  return hall_command(rq, &act, command, data, NULL, error);
}

/* ---- a window ---- */

/* «to»: «w23» a window, «z-social» a zone. */
static void add_target(struct request *rq, json_t *data)
{
  const char *to = rq_str(rq, "to");
  int64_t n;
  if (*to == 'w' && span_int(span_of(to + 1), &n))
    (void)json_object_set_new(data, "to_window", json_integer(n));
  else if (strncmp(to, "z-", 2) == 0)
    (void)json_object_set_new(data, "to_zone", json_string(to + 2));
}

int hall_window_act(struct request *rq, const struct hall_place *place, const char *command, struct error *error)
{
  const char *role = rq_may(rq, ROLE_CLERK) ? "clerk" : "supervisor";
  struct hall_act act = {place, day_of(rq->now), role, rq->api ? "api" : "window", 0};
  bool both = strcmp(command, "finish-next") == 0, link = strcmp(command, "link") == 0;
  json_t *data = json_pack("{s:I,s:I,s:s,s:s}", "window", (json_int_t)rq_int(rq, "window"), "visit",
                           (json_int_t)rq_int(rq, "visit"), "reason", rq_str(rq, "reason"), "note", rq_str(rq, "note"));
  (void)json_object_set_new(data, "claim", json_string(rq_str(rq, "claim")));
  add_target(rq, data);
  if (link && find_case(rq, true, "case", data, error)) {
    json_decref(data);
    return -1;
  }
  if (hall_command(rq, &act, both ? "finish" : command, data, NULL, error))
    return -1;
  if (!both)
    return 0;
  act.part = 1;
  data = json_pack("{s:I}", "window", (json_int_t)rq_int(rq, "window"));
  if (hall_command(rq, &act, "next", data, NULL, error) == 0 || strcmp(error->name, "nobody-waiting") == 0)
    return 0; /* he is finished; that nobody waits is no mistake */
  return -1;
}
