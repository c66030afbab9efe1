/*
 * What may happen in a queue: the commands and their rules. Pure.
 */
#include "hall/queue.h"

#include <string.h>

#include "account/account.h"
#include "base/text.h"
#include "casework/world.h"

struct work {
  const struct queue *q;
  const struct command *c;
  struct decision *d;
  struct error *error;
  const struct catalog *catalog;
  struct hall_place place;
  struct visit *v;       /* of the command's «visit» */
  struct hall_window *w; /* of the command's «window»; NULL: not open today */
};

#define REFUSE(w, code, name, ...) error_set((w)->error, ERROR_##code, name, __VA_ARGS__)

static bool is(const struct work *w, const char *role)
{
  return strcmp(w->c->actor.role, role) == 0;
}

static bool is_staff(const struct work *w)
{
  return is(w, "clerk") || is(w, "supervisor") || is(w, "system");
}

/* ---- arguments ---- */

/* A short plain text; 0 and *ret "" where there is none. */
static int text(struct work *w, const char *key, size_t max, const char **ret)
{
  struct span s = span_trim(span_of(json_str(w->c->data, key)));
  if (s.n > max || !text_plain(s)) {
    (void)REFUSE(w, BAD_INPUT, "bad-argument", "填写的文字过长或含有不能用的字符（最多 %zu 字节）",
                 "The text is too long or has characters that cannot be taken (at most %zu bytes)", max);
    return error_at(w->error, "%s", key);
  }
  *ret = arena_dup(w->d->arena, s);
  return 0;
}

static int reason(struct work *w, const char **ret)
{
  if (text(w, "reason", NOTE_MAX, ret))
    return -1;
  if (**ret)
    return 0;
  (void)REFUSE(w, BAD_INPUT, "no-reason", "请写明原因", "Please say why");
  return error_at(w->error, "reason");
}

/* What a person brings along: into a new object. */
static int particulars(struct work *w, json_t **ret)
{
  const char *note, *phone, *thing, *number;
  if (text(w, "note", NOTE_MAX, &note) || text(w, "phone", 20, &phone) || text(w, "thing", 64, &thing) ||
      text(w, "case_number", 32, &number))
    return -1;
  if (*thing) {
    const struct thing *t = catalog_thing(w->catalog, span_of(thing));
    struct hall_place right;
    if (!t || !hall_route_thing(w->place.hall, w->place.hall->uses_before, t, &right) || strcmp(right.zone, w->place.zone) != 0)
      return REFUSE(w, BAD_INPUT, "wrong-zone", "这件事不在这个分区办理", "This matter is not done in this zone");
  }
  const struct hall_skill *skill = hall_skill_of(&w->place, span_of(thing));
  unsigned known = (unsigned)json_int(w->c->data, "known") & PRIORITY_ALL;
  unsigned priority = ((unsigned)json_int(w->c->data, "priority") & PRIORITY_ALL) | known;
  bool seen = is(w, "clerk") && strcmp(w->c->actor.channel, "window") == 0; /* the clerk says so who has him before his eyes */
  *ret = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:I,s:s}", "thing", thing, "skill", skill ? skill->id : "", "note", note,
                   "phone", phone, "account", json_str(w->c->data, "account"), "channel", w->c->actor.channel, "priority",
                   (int)priority, "confirmed", (int)(seen ? priority : known), "case", (json_int_t)json_int(w->c->data, "case"),
                   "case_number", number);
  return 0;
}

static void name_visit(struct work *w, json_t *data)
{
  char code[33];
  hex_encode(w->d->random, 16, code);
  (void)json_object_set_new(data, "code", json_string(code));
  (void)json_object_set_new(data, "made", json_integer(w->d->now));
}

/* One person has one place for one matter. */
static int check_only_one(struct work *w, const json_t *data)
{
  const char *account = json_str(data, "account"), *phone = json_str(data, "phone"), *thing = json_str(data, "thing");
  for (size_t i = 0; i < w->q->n; i++) {
    const struct visit *v = &w->q->visits[i];
    bool same = (*account && strcmp(v->account, account) == 0) || (!*account && *phone && strcmp(v->phone, phone) == 0);
    if (same && !visit_is_over(v->state) && strcmp(v->thing, thing) == 0)
      return REFUSE(w, CONFLICT, "has-place", "您当天在这个分区已有预约或号票",
                    "You have an appointment or a ticket here for that day already");
  }
  return 0;
}

/* ---- the beginning of a day ---- */

static void begin(struct work *w)
{
  const struct hall *hall = w->place.hall;
  day d = (day)json_int(w->c->data, "day");
  if (w->q->hall)
    return;
  json_t *data =
      json_pack("{s:s,s:s,s:i,s:i,s:i}", "hall", hall->id, "zone", w->place.zone, "day", (int)d, "closes",
                hall->shifts[hall->shift_count - 1].to, "grace", hall->appointments.grace ? hall->appointments.grace : 15);
  moment remind = day_start(calendar_before(&w->catalog->calendar, d, 1)) + HALL_REMIND;
  if (remind > w->d->now)
    (void)json_object_set_new(data, "remind", json_integer(remind));
  decision_emit(w->d, "begun", "", data);
}

static day day_here(const struct work *w)
{
  return w->q->hall ? w->q->day : (day)json_int(w->c->data, "day");
}

static int check_today(struct work *w)
{
  if (w->q->ended || day_here(w) != day_of(w->d->now))
    return REFUSE(w, RULE, "not-today", "只能在当天办理，今天已结束或还没到",
                  "This can be done on the day itself only, while it lasts");
  return 0;
}

/* ---- appointments ---- */

static int check_slot(struct work *w, int64_t slot)
{
  const struct hall *hall = w->place.hall;
  day d = day_here(w);
  int capacity = slot >= 0 && slot < 24 * 60 ? hall_slot_capacity(&w->place, (int)slot) : 0;
  bool bookable = false;
  for (int i = 0; i <= hall->appointments.ahead && !bookable; i++)
    bookable = hall_bookable_day(w->catalog, hall, w->d->now, i) == d;
  if (!bookable || !capacity || w->q->ended || day_start(d) + slot * MINUTE_MS <= w->d->now)
    return REFUSE(w, RULE, "no-such-slot", "这个时段不开放预约", "There are no appointments at that time");
  if (queue_booked(w->q, (int)slot) >= capacity)
    return REFUSE(w, CONFLICT, "slot-full", "这个时段已约满，请另选", "That time is full: please choose another");
  return 0;
}

static int do_book(struct work *w)
{
  int64_t slot = json_int(w->c->data, "slot");
  json_t *data;
  if (check_slot(w, slot) || particulars(w, &data))
    return -1;
  if (check_only_one(w, data)) {
    json_decref(data);
    return -1;
  }
  begin(w);
  name_visit(w, data);
  (void)json_object_set_new(data, "slot", json_integer(slot));
  decision_emit(w->d, "booked", "", data);
  return 0;
}

static int do_rebook(struct work *w);

/* The visit of that code that is here and not over; NULL. */
static struct visit *open_visit(const struct queue *q, const char *code)
{
  for (size_t i = 0; i < q->n; i++)
    if (!visit_is_over(q->visits[i].state) && strcmp(q->visits[i].code, code) == 0)
      return &q->visits[i];
  return NULL;
}

/* The place of another day is taken with all that is known of the visit; the old one hears of it and lets go. */
static int do_move_in(struct work *w)
{
  int64_t slot = json_int(w->c->data, "slot");
  const json_t *visit = json_object_get(w->c->data, "visit_data");
  if (!json_is_object(visit))
    return REFUSE(w, BAD_INPUT, "bad-argument", "没有可改期的预约", "There is no appointment to move");
  w->v = open_visit(w->q, json_str(visit, "code"));
  if (w->v) /* moved to this day twice at once: the later word is the time */
    return do_rebook(w);
  if (check_slot(w, slot))
    return -1;
  begin(w);
  json_t *data = json_deep_copy(visit);
  (void)json_object_set_new(data, "slot", json_integer(slot));
  (void)json_object_set_new(data, "from", json_deep_copy(json_object_get(w->c->data, "from")));
  decision_emit(w->d, "booked", "", data);
  return 0;
}

static json_t *of(const struct work *w)
{
  return json_pack("{s:i}", "visit", w->v->n);
}

static int wrong_state(struct work *w)
{
  const struct words is_now = visit_state_words(w->v->state);
  return REFUSE(w, CONFLICT, "wrong-state", "现在是「%1$s」（%2$s），不能这样做", "This cannot be done now: it is %2$s (%1$s)",
                is_now.zh, is_now.en);
}

static int do_rebook(struct work *w)
{
  int64_t slot = json_int(w->c->data, "slot");
  if (w->v->state != VISIT_BOOKED)
    return wrong_state(w);
  if (slot == w->v->slot)
    return 0;
  if (check_slot(w, slot))
    return -1;
  json_t *data = of(w);
  (void)json_object_set_new(data, "slot", json_integer(slot));
  (void)json_object_set_new(data, "was", json_integer(w->v->slot));
  decision_emit(w->d, "rebooked", "", data);
  return 0;
}

static int do_cancel(struct work *w)
{
  const char *why;
  if (w->v->state != VISIT_BOOKED && w->v->state != VISIT_WAITING && w->v->state != VISIT_PARKED && w->v->state != VISIT_MISSED)
    return wrong_state(w);
  if (text(w, "reason", NOTE_MAX, &why))
    return -1;
  json_t *data = of(w);
  (void)json_object_set_new(data, "reason", json_string(why));
  decision_emit(w->d, "cancelled", "", data);
  return 0;
}

/* The place that a message names: {hall, zone, day, slot, visit}. */
static const json_t *named_place(const struct work *w)
{
  return json_object_get(w->c->data, "to");
}

static json_t *place_json(const struct work *w, day d, int n)
{
  return json_pack("{s:s,s:s,s:i,s:i}", "hall", w->q->hall, "zone", w->q->zone, "day", (int)d, "visit", n);
}

/* The place named has lost: it is told where the appointment stands. last: the other may not say the same of us. */
static int undo_move(struct work *w, json_t *stays, bool last)
{
  json_t *data = of(w);
  (void)json_object_set_new(data, "undone", json_deep_copy(named_place(w)));
  (void)json_object_set_new(data, "stays", stays);
  (void)json_object_set_new(data, "last", json_boolean(last));
  decision_emit(w->d, "move-undone", "", data);
  return 0;
}

/*
 * Another place has the visit and says so, or («undo») a place that lost it does. Whichever says so first is believed. One that
 * says so after it, of a move that was asked for at the same time, is told to give its place back; so in the end one place has it,
 * however often it was moved meanwhile. Who is in the hall already stays where he is.
 */
static int do_release(struct work *w)
{
  const struct visit *v = w->v;
  const json_t *to = named_place(w);
  bool undo = json_flag(w->c->data, "undo"), went = v->went.n != 0;
  bool here = (v->state != VISIT_BOOKED && !visit_is_over(v->state)) || (v->elsewhere && !went);
  if (went && v->went.n == json_int(to, "visit") && v->went.day == json_int(to, "day"))
    return 0;
  if (went)
    return undo_move(w, place_json(w, v->went.day, v->went.n), false);
  if (here)
    return json_flag(w->c->data, "last") ? 0 : undo_move(w, place_json(w, w->q->day, v->n), true);
  if (undo && visit_is_over(v->state))
    return 0; /* it ended meanwhile: nothing is held any more */
  json_t *data = of(w);
  (void)json_object_set_new(data, "to", json_deep_copy(to));
  decision_emit(w->d, undo ? "given-back" : "released", "", data);
  return 0;
}

/* ---- tickets ---- */

/* The number, the rank and what was estimated; added to the event. */
static void give_ticket(struct work *w, json_t *data, const struct visit *like)
{
  struct visit v = *like;
  char ticket[16];
  moment now = w->d->now;
  v.rank = hall_rank(now, visit_slot_at(w->q, like), like->priority);
  int64_t wait = queue_forecast(w->q, &w->place, &v, queue_mean(w->q), now, NULL);
  (void)snprintf(ticket, sizeof ticket, "%s%03d", w->place.letter, w->q->tickets + 1);
  (void)json_object_set_new(data, "ticket", json_string(ticket));
  (void)json_object_set_new(data, "arrived", json_integer(now));
  (void)json_object_set_new(data, "rank", json_integer(v.rank));
  (void)json_object_set_new(data, "promised", json_integer(wait < 0 ? 0 : now + wait));
}

static int do_draw(struct work *w)
{
  json_t *data;
  if (check_today(w))
    return -1;
  if (!is_staff(w) && !hall_is_open(w->catalog, w->place.hall, w->d->now))
    return REFUSE(w, RULE, "hall-closed", "大厅现在不开放，不能取号；可以预约",
                  "The hall is closed now, so there are no tickets; book a time instead");
  if (particulars(w, &data))
    return -1;
  if (check_only_one(w, data)) {
    json_decref(data);
    return -1;
  }
  begin(w);
  name_visit(w, data);
  give_ticket(
      w, data,
      &(struct visit){.slot = -1, .skill = json_str(data, "skill"), .priority = (unsigned)json_int(data, "priority"), .n = -1});
  decision_emit(w->d, "ticketed", "", data);
  return 0;
}

static int do_arrive(struct work *w)
{
  if (check_today(w))
    return -1;
  if (w->v->state != VISIT_BOOKED)
    return wrong_state(w);
  if (w->d->now < visit_slot_at(w->q, w->v) - EARLY_MS)
    return REFUSE(w, RULE, "too-early", "预约时间前一小时起才能报到", "You can check in from one hour before your time");
  json_t *data = of(w);
  give_ticket(w, data, w->v);
  decision_emit(w->d, "arrived", "", data);
  return 0;
}

/* From another zone: the ticket keeps its number and its place by time. */
static int do_take_over(struct work *w)
{
  const json_t *visit = json_object_get(w->c->data, "visit_data");
  if (!json_is_object(visit))
    return REFUSE(w, BAD_INPUT, "bad-argument", "没有可接手的号票", "There is no ticket to take over");
  if (check_today(w))
    return -1;
  begin(w);
  json_t *data = json_deep_copy(visit);
  const struct hall_skill *skill = hall_skill_of(&w->place, span_of(json_str(data, "thing")));
  (void)json_object_set_new(data, "skill", json_string(skill ? skill->id : ""));
  (void)json_object_set_new(data, "kept", json_true());
  (void)json_object_set_new(data, "from", json_deep_copy(json_object_get(w->c->data, "from")));
  decision_emit(w->d, "ticketed", "", data);
  return 0;
}

static int do_link(struct work *w)
{
  const char *number;
  int64_t id = json_int(w->c->data, "case");
  if (text(w, "case_number", 32, &number))
    return -1;
  if (id <= 0 || !*number)
    return REFUSE(w, BAD_INPUT, "bad-argument", "没有这个办件", "There is no such case");
  if (visit_is_over(w->v->state))
    return wrong_state(w);
  if (id == w->v->case_id)
    return 0;
  json_t *data = of(w);
  (void)json_object_set_new(data, "case", json_integer(id));
  (void)json_object_set_new(data, "case_number", json_string(number));
  decision_emit(w->d, "linked", "", data);
  return 0;
}

/* Nobody can be seen to be what he says before he is there. The claim of the command that is not confirmed yet; 0: refused. */
static unsigned open_claim(struct work *w)
{
  unsigned claim = priority_of(span_of(json_str(w->c->data, "claim")));
  if (w->v->state == VISIT_BOOKED || visit_is_over(w->v->state)) {
    (void)wrong_state(w);
    return 0;
  }
  if (claim & w->v->priority & ~w->v->confirmed)
    return claim;
  (void)REFUSE(w, CONFLICT, "no-such-claim", "没有待确认的这项优先", "There is no such claim to be confirmed");
  return 0;
}

static int do_confirm_priority(struct work *w)
{
  if (!open_claim(w))
    return -1;
  json_t *data = of(w);
  (void)json_object_set_new(data, "claim", json_string(json_str(w->c->data, "claim")));
  decision_emit(w->d, "priority-confirmed", "", data);
  return 0;
}

/* He waits as everybody does, from when he came. */
static int do_deny_priority(struct work *w)
{
  unsigned claim = open_claim(w);
  if (!claim)
    return -1;
  moment rank = w->v->priority & ~claim ? w->v->rank : w->v->rank + CREDIT_PRIORITY;
  json_t *data = of(w);
  (void)json_object_set_new(data, "claim", json_string(json_str(w->c->data, "claim")));
  (void)json_object_set_new(data, "rank", json_integer(rank));
  decision_emit(w->d, "priority-denied", "", data);
  return 0;
}

/* ---- windows ---- */

static int64_t window_number(const struct work *w)
{
  return json_int(w->c->data, "window");
}

static json_t *at_window(const struct work *w)
{
  return json_pack("{s:I,s:i}", "window", (json_int_t)window_number(w), "visit", w->w && w->w->visit ? w->w->visit : 0);
}

static int do_open(struct work *w)
{
  const char *agency = w->place.agency ? w->place.agency : ACCOUNT_CENTRE;
  int64_t n = window_number(w);
  if (check_today(w))
    return -1;
  if (n < w->place.first || n >= w->place.first + w->place.windows)
    return REFUSE(w, BAD_INPUT, "no-such-window", "这个分区没有这个窗口", "This zone has no such window");
  if (is(w, "clerk") && strcmp(w->c->actor.agency, agency) != 0)
    return REFUSE(w, FORBIDDEN, "not-your-window", "这个窗口由别的单位值守", "This window belongs to the staff of another body");
  if (w->w && w->w->open && strcmp(w->w->clerk, w->c->actor.id) == 0)
    return 0;
  if (w->w && w->w->open)
    return REFUSE(w, CONFLICT, "window-taken", "这个窗口已有人值守", "Somebody sits at this window already");
  for (size_t i = 0; i < w->q->window_count; i++)
    if (w->q->windows[i].open && strcmp(w->q->windows[i].clerk, w->c->actor.id) == 0)
      return REFUSE(w, CONFLICT, "at-another-window", "您已在 %d 号窗口值守，请先关闭",
                    "You sit at window %d already: close it first", w->q->windows[i].number);
  begin(w);
  decision_emit(w->d, "opened", "", json_pack("{s:I}", "window", (json_int_t)n));
  return 0;
}

/* Who acts at a window sits there; a supervisor may, too. */
static int check_window(struct work *w)
{
  if (!w->w || !w->w->open)
    return REFUSE(w, CONFLICT, "window-closed", "窗口没有开放", "The window is not open");
  if (!is(w, "supervisor") && strcmp(w->w->clerk, w->c->actor.id) != 0)
    return REFUSE(w, FORBIDDEN, "not-your-window", "这个窗口由别人值守", "Somebody else sits at this window");
  return 0;
}

static int check_free(struct work *w)
{
  if (check_window(w))
    return -1;
  if (w->w->visit)
    return REFUSE(w, CONFLICT, "window-busy", "窗口还有一位没有办完", "The one at the window is not finished yet");
  return 0;
}

/* The visit at the window, in one of two states. */
static int check_at_window(struct work *w)
{
  if (check_window(w))
    return -1;
  w->v = w->w->visit ? queue_visit(w->q, w->w->visit) : NULL;
  if (!w->v)
    return REFUSE(w, CONFLICT, "nobody-there", "窗口现在没有人", "Nobody is at the window now");
  return 0;
}

static int do_close(struct work *w)
{
  if (check_free(w))
    return -1;
  decision_emit(w->d, "closed", "", json_pack("{s:I}", "window", (json_int_t)window_number(w)));
  return 0;
}

/* Why this one: what the published order made of him. */
static void emit_call(struct work *w, const struct visit *v, const char *why)
{
  json_t *data = json_pack("{s:i,s:I,s:I,s:I,s:s}", "visit", v->n, "window", (json_int_t)window_number(w), "waited",
                           (json_int_t)(w->d->now - v->arrived), "credit", (json_int_t)(v->arrived - v->rank), "reason", why);
  decision_emit(w->d, "called", "", data);
}

static int do_next(struct work *w)
{
  if (check_today(w) || check_free(w))
    return -1;
  const struct visit *v = queue_next(w->q, &w->place, w->w->number);
  if (!v)
    return REFUSE(w, CONFLICT, "nobody-waiting", "没有等候的人", "Nobody is waiting");
  emit_call(w, v, "");
  return 0;
}

/* One out of turn: who was set aside or missed his call, or any other with a reason that stays on record. */
static int do_call(struct work *w)
{
  const char *why = "";
  if (check_today(w) || check_free(w))
    return -1;
  bool waits = w->v->state == VISIT_WAITING;
  if (!waits && w->v->state != VISIT_PARKED && w->v->state != VISIT_MISSED)
    return wrong_state(w);
  if (waits ? reason(w, &why) : text(w, "reason", NOTE_MAX, &why))
    return -1;
  emit_call(w, w->v, why);
  return 0;
}

/* He is called once more, he is here, he did not come: what can follow a call. */
static int do_after_call(struct work *w)
{
  static const char *const events[][2] = {{"recall", "recalled"}, {"serve", "served"}, {"miss", "missed"}};
  size_t i = 0;
  if (check_at_window(w))
    return -1;
  if (w->v->state != VISIT_CALLED)
    return wrong_state(w);
  while (strcmp(events[i][0], w->c->type) != 0)
    i++;
  decision_emit(w->d, events[i][1], "", at_window(w));
  return 0;
}

static int do_park(struct work *w)
{
  const char *why;
  if (check_at_window(w) || reason(w, &why))
    return -1;
  json_t *data = at_window(w);
  (void)json_object_set_new(data, "reason", json_string(why));
  decision_emit(w->d, "parked", "", data);
  return 0;
}

static int do_finish(struct work *w)
{
  const char *note;
  if (check_at_window(w) || text(w, "note", NOTE_MAX, &note))
    return -1;
  if (w->v->state == VISIT_CALLED) /* he was there, or nothing could be finished */
    decision_emit(w->d, "served", "", at_window(w));
  json_t *data = at_window(w);
  (void)json_object_set_new(data, "note", json_string(note));
  decision_emit(w->d, "finished", "", data);
  return 0;
}

static int to_window(struct work *w, int64_t to, const char *why)
{
  const struct hall_window *other = queue_window(w->q, (int)to);
  if (!other || !other->open || to == w->w->number)
    return REFUSE(w, CONFLICT, "window-closed", "要转去的窗口没有开放", "The window to go to is not open");
  json_t *data = json_pack("{s:i,s:I,s:i,s:s}", "visit", w->v->n, "window", (json_int_t)to, "from", w->w->number, "reason", why);
  decision_emit(w->d, "transferred", "", data);
  return 0;
}

static int do_transfer(struct work *w)
{
  const char *why, *zone;
  struct hall_place place;
  if (check_at_window(w) || reason(w, &why) || text(w, "to_zone", 64, &zone))
    return -1;
  if (json_int(w->c->data, "to_window"))
    return to_window(w, json_int(w->c->data, "to_window"), why);
  if (strcmp(zone, w->place.zone) == 0 || !hall_place_find(w->catalog, span_of(w->q->hall), span_of(zone), &place))
    return REFUSE(w, BAD_INPUT, "no-such-zone", "请选择要转去的窗口或分区", "Choose the window or the zone to go to");
  json_t *data = json_pack("{s:i,s:s,s:i,s:s}", "visit", w->v->n, "zone", zone, "from", w->w->number, "reason", why);
  decision_emit(w->d, "transferred", "", data);
  return 0;
}

/* Back into the queue: from where he was set aside, at his old place; after a call in vain, at the end. */
static int do_return(struct work *w)
{
  if (w->v->state != VISIT_PARKED && w->v->state != VISIT_MISSED)
    return wrong_state(w);
  json_t *data = of(w);
  if (w->v->state == VISIT_MISSED)
    (void)json_object_set_new(data, "rank", json_integer(w->d->now));
  decision_emit(w->d, "returned", "", data);
  return 0;
}

/* ---- time ---- */

static void forget(struct work *w)
{
  const struct queue *q = w->q;
  decision_emit(w->d, "forgotten", "",
                json_pack("{s:s,s:s,s:i,s:i,s:i,s:i,s:i,s:i}", "hall", q->hall, "zone", q->zone, "day", (int)q->day, "closes",
                          q->closes, "grace", q->grace, "tickets", q->tickets, "served", q->served, "unserved", q->unserved));
}

static int do_wake(struct work *w)
{
  moment now = w->d->now;
  if (!w->q->hall)
    return 0;
  if (w->q->ended) {
    if (!w->q->forgotten && now >= day_start(w->q->day + KEPT_DAYS))
      forget(w);
    return 0;
  }
  if (now >= queue_over(w->q)) {
    decision_emit(w->d, "ended", "", NULL);
    return 0;
  }
  if (queue_reminds(w->q) && now >= w->q->remind)
    decision_emit(w->d, "reminded", "", NULL);
  for (size_t i = 0; i < w->q->n; i++) {
    const struct visit *v = &w->q->visits[i];
    if (v->state == VISIT_BOOKED && now >= visit_slot_at(w->q, v) + w->q->grace * MINUTE_MS)
      decision_emit(w->d, "no-show", "", json_pack("{s:i}", "visit", v->n));
    else if (v->state == VISIT_CALLED && now >= v->called + CALL_LIMIT)
      decision_emit(w->d, "missed", "", json_pack("{s:i,s:i}", "visit", v->n, "window", v->window));
  }
  return 0;
}

/* ---- the table ---- */

enum { BY_PERSON = 1, BY_CLERK = 2, BY_SYSTEM = 4, STARTS = 8, OF_VISIT = 16, ANYWHERE = 32 };

static const struct {
  const char *name;
  unsigned flags;
  int (*run)(struct work *w);
} commands[] = {
    {"book", BY_PERSON | BY_CLERK | STARTS, do_book},
    {"move-in", BY_PERSON | BY_CLERK | STARTS, do_move_in},
    {"rebook", BY_PERSON | BY_CLERK | OF_VISIT, do_rebook},
    {"cancel", BY_PERSON | BY_CLERK | OF_VISIT, do_cancel},
    {"release", BY_SYSTEM | OF_VISIT, do_release},
    {"draw", BY_PERSON | BY_CLERK | STARTS, do_draw},
    {"arrive", BY_PERSON | BY_CLERK | OF_VISIT, do_arrive},
    {"take-over", BY_SYSTEM | STARTS, do_take_over},
    {"link", BY_CLERK | OF_VISIT, do_link},
    {"confirm-priority", BY_CLERK | OF_VISIT, do_confirm_priority},
    {"deny-priority", BY_CLERK | OF_VISIT, do_deny_priority},
    {"open", BY_CLERK | STARTS, do_open},
    {"close", BY_CLERK, do_close},
    {"next", BY_CLERK, do_next},
    {"call", BY_CLERK | OF_VISIT, do_call},
    {"recall", BY_CLERK, do_after_call},
    {"serve", BY_CLERK, do_after_call},
    {"miss", BY_CLERK, do_after_call},
    {"park", BY_CLERK, do_park},
    {"finish", BY_CLERK, do_finish},
    {"transfer", BY_CLERK, do_transfer},
    {"return", BY_PERSON | BY_CLERK | OF_VISIT, do_return},
    {"wake", BY_SYSTEM | ANYWHERE, do_wake},
};

static unsigned role_of(const struct work *w)
{
  if (is(w, "applicant") || is(w, "kiosk"))
    return BY_PERSON;
  if (is(w, "system"))
    return BY_SYSTEM | BY_CLERK | BY_PERSON;
  return is(w, "clerk") || is(w, "supervisor") ? BY_CLERK : 0;
}

/* Whose visit it is: the account's; without one, whoever knows its code. */
static int check_own(struct work *w)
{
  const struct visit *v = w->v;
  bool own = *v->account ? strcmp(v->account, w->c->actor.id) == 0 : strcmp(v->code, json_str(w->c->data, "code")) == 0;
  bool kiosk = is(w, "kiosk") && strcmp(v->code, json_str(w->c->data, "code")) == 0;
  if (own || kiosk || is_staff(w))
    return 0;
  return REFUSE(w, NOT_FOUND, "not-found", "没有这次到厅记录", "There is no such visit");
}

static int find_place(struct work *w, unsigned flags)
{
  const char *hall = w->q->hall ? w->q->hall : json_str(w->c->data, "hall");
  const char *zone = w->q->hall ? w->q->zone : json_str(w->c->data, "zone");
  if (w->q->forgotten || (!w->q->hall && !(flags & STARTS)) ||
      !hall_place_find(w->catalog, span_of(hall), span_of(zone), &w->place) || !w->place.hall->shift_count)
    return REFUSE(w, NOT_FOUND, "not-found", "没有这个大厅或分区", "There is no such hall or zone");
  if (!w->q->hall && w->c->id != queue_id(hall, zone, (day)json_int(w->c->data, "day")))
    return REFUSE(w, BAD_INPUT, "bad-command", "命令的编号无效", "The command's id is not valid");
  return 0;
}

static int run(struct work *w, size_t i)
{
  unsigned flags = commands[i].flags;
  if (!(role_of(w) & flags))
    return REFUSE(w, FORBIDDEN, "not-your-role", "您的角色不能这样做", "Your role may not do this");
  if (!(flags & ANYWHERE) && find_place(w, flags))
    return -1;
  if (flags & OF_VISIT) {
    w->v = queue_visit(w->q, json_int(w->c->data, "visit"));
    if (!w->v)
      return REFUSE(w, NOT_FOUND, "not-found", "没有这次到厅记录", "There is no such visit");
    if (check_own(w))
      return -1;
  }
  w->w = queue_window(w->q, (int)window_number(w));
  return commands[i].run(w);
}

static int decide(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  struct work w = {.q = state, .c = command, .d = d, .error = error, .catalog = d->world->catalog};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (strcmp(commands[i].name, command->type) == 0)
      return run(&w, i);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", command->type);
}

const struct kind queue_kind = {.name = "queue",
                                .state_size = sizeof(struct queue),
                                .decide = decide,
                                .evolve = queue_evolve,
                                .project = queue_project,
                                .due = queue_due,
                                .erasing = "forgotten",
                                .erase = queue_erase};
