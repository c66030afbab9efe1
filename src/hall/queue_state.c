/*
 * The state of a queue: what each event makes of it, and what time will bring.
 */
#include "hall/queue.h"

#include <string.h>

#include "catalog/codes.h"

/* ---- words ---- */

static const struct {
  const char *word;
  struct words name;
} state_words[] = {
#define X(name, word, zh, en) [VISIT_##name] = {word, {zh, en}},
    VISIT_STATES(X)
#undef X
};

const char *visit_state_word(enum visit_state state)
{
  return state_words[state].word;
}

struct words visit_state_words(enum visit_state state)
{
  return state_words[state].name;
}

bool visit_state_parse(struct span word, enum visit_state *ret)
{
  for (size_t i = 0; i < sizeof state_words / sizeof *state_words; i++)
    if (span_is(word, state_words[i].word)) {
      *ret = (enum visit_state)i;
      return true;
    }
  return false;
}

const struct priority_words priorities[] = {
#define X(name, bit, word, zh, en) {bit, word, {zh, en}},
    PRIORITIES(X)
#undef X
        {0},
};

unsigned priority_of(struct span word)
{
  for (const struct priority_words *p = priorities; p->bit; p++)
    if (span_is(word, p->word))
      return p->bit;
  return 0;
}

/* Whoever was born on 29 February is a year older on 1 March. */
unsigned priority_known(struct span identity, day d)
{
  int year, month, mday;
  if (!citizen_id_valid(identity, d))
    return 0;
  day_parts(citizen_id_born(identity), &year, &month, &mday);
  day birthday = day_make(year + ELDERLY_YEARS, month, mday);
  if (birthday == DAY_NONE)
    birthday = day_make(year + ELDERLY_YEARS, month + 1, 1);
  return d >= birthday ? PRIORITY_ELDERLY : 0;
}

/* ---- lookups ---- */

int64_t queue_id(const char *hall, const char *zone, day d)
{
  char what[200], text[DAY_TEXT];
  day_format(d, text);
  (void)snprintf(what, sizeof what, "%s/%s/%s", hall, zone, text);
  return aggregate_id_from("hall-queue", what);
}

struct visit *queue_visit(const struct queue *q, int64_t n)
{
  if (n >= 1 && (size_t)n <= q->n && q->visits[n - 1].n == n)
    return &q->visits[n - 1];
  for (size_t i = 0; i < q->n; i++)
    if (q->visits[i].n == n)
      return &q->visits[i];
  return NULL;
}

struct hall_window *queue_window(const struct queue *q, int number)
{
  for (size_t i = 0; i < q->window_count; i++)
    if (q->windows[i].number == number)
      return &q->windows[i];
  return NULL;
}

int queue_booked(const struct queue *q, int slot)
{
  int n = 0;
  for (size_t i = 0; i < q->n; i++)
    n += q->visits[i].slot == slot && q->visits[i].state != VISIT_CANCELLED && q->visits[i].state != VISIT_MOVED;
  return n;
}

moment visit_slot_at(const struct queue *q, const struct visit *v)
{
  return v->slot < 0 ? 0 : day_start(q->day) + v->slot * MINUTE_MS;
}

/* ---- visits ---- */

static struct visit *add_visit(struct queue *q, struct arena *arena, const struct event *e)
{
  const json_t *d = e->data;
  q->visits = arena_grow(arena, q->visits, q->n, &q->cap, sizeof *q->visits);
  struct visit *v = &q->visits[q->n++];
  *v = (struct visit){.n = (int)q->n,
                      .code = arena_str(arena, json_str(d, "code")),
                      .slot = json_object_get(d, "slot") ? (int)json_int(d, "slot") : -1,
                      .ticket = arena_str(arena, json_str(d, "ticket")),
                      .skill = arena_str(arena, json_str(d, "skill")),
                      .thing = arena_str(arena, json_str(d, "thing")),
                      .account = arena_str(arena, json_str(d, "account")),
                      .phone = arena_str(arena, json_str(d, "phone")),
                      .note = arena_str(arena, json_str(d, "note")),
                      .channel = arena_str(arena, json_str(d, "channel")),
                      .priority = (unsigned)json_int(d, "priority"),
                      .confirmed = (unsigned)json_int(d, "confirmed"),
                      .denied = (unsigned)json_int(d, "denied"),
                      .case_id = json_int(d, "case"),
                      .case_number = arena_str(arena, json_str(d, "case_number")),
                      .made = json_int(d, "made")};
  return v;
}

json_t *visit_json(const struct visit *v, bool ticket)
{
  json_t *data = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:I,s:s,s:I}", "code", v->code, "thing", v->thing, "skill",
                           v->skill, "note", v->note, "phone", v->phone, "account", v->account, "channel", v->channel, "priority",
                           (int)v->priority, "confirmed", (int)v->confirmed, "denied", (int)v->denied, "case",
                           (json_int_t)v->case_id, "case_number", v->case_number, "made", (json_int_t)v->made);
  if (ticket) {
    (void)json_object_set_new(data, "ticket", json_string(v->ticket));
    (void)json_object_set_new(data, "arrived", json_integer(v->arrived));
    (void)json_object_set_new(data, "rank", json_integer(v->rank));
  }
  return data;
}

static void ticketed(struct queue *q, struct visit *v, const struct event *e)
{
  v->state = VISIT_WAITING;
  v->arrived = json_int(e->data, "arrived");
  v->rank = json_int(e->data, "rank");
  v->promised = json_int(e->data, "promised");
  if (!json_flag(e->data, "kept")) /* a ticket of another zone keeps its number */
    q->tickets++;
}

static struct hall_window *window_for(struct queue *q, struct arena *arena, int number)
{
  struct hall_window *w = queue_window(q, number);
  if (w)
    return w;
  q->windows = arena_grow(arena, q->windows, q->window_count, &q->window_cap, sizeof *q->windows);
  w = &q->windows[q->window_count++];
  *w = (struct hall_window){.number = number, .clerk = ""};
  return w;
}

/* The window that has the visit is free again. */
static void leave_window(struct queue *q, struct visit *v, moment at)
{
  struct hall_window *w = v->window ? queue_window(q, v->window) : NULL;
  if (w && w->visit == v->n) {
    w->visit = 0;
    w->since = at;
  }
}

static void end(struct queue *q, struct visit *v, enum visit_state state, moment at)
{
  leave_window(q, v, at);
  v->state = state;
  v->ended = at;
}

static void called(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  struct hall_window *w = window_for(q, arena, (int)json_int(e->data, "window"));
  w->visit = v->n;
  w->since = e->at;
  v->state = VISIT_CALLED;
  v->window = w->number;
  v->called = e->at;
  v->calls = 1;
  if (v->promised) {
    q->estimated++;
    q->off_ms += e->at > v->promised ? e->at - v->promised : v->promised - e->at;
    v->promised = 0;
  }
}

static void finished(struct queue *q, struct visit *v, moment at)
{
  q->services[q->served % MEASURED_MOST] = at - v->called;
  q->served++;
  q->waited_ms += v->called - v->arrived;
  q->served_ms += at - v->called;
  end(q, v, VISIT_DONE, at);
}

static void wait_again(struct queue *q, struct visit *v, const struct event *e)
{
  leave_window(q, v, e->at);
  v->state = VISIT_WAITING;
  v->for_window = (int)json_int(e->data, "window");
  v->window = 0;
  if (json_object_get(e->data, "rank"))
    v->rank = json_int(e->data, "rank");
}

/* ---- events ---- */

static int on_begun(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)v;
  q->hall = arena_str(arena, json_str(e->data, "hall"));
  q->zone = arena_str(arena, json_str(e->data, "zone"));
  q->day = (day)json_int(e->data, "day");
  q->closes = (int)json_int(e->data, "closes");
  q->grace = (int)json_int(e->data, "grace");
  q->remind = json_int(e->data, "remind");
  return 0;
}

static int on_booked(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  v = add_visit(q, arena, e);
  v->state = VISIT_BOOKED;
  v->placed = e->at;
  return 0;
}

static int on_ticketed(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  v = add_visit(q, arena, e);
  ticketed(q, v, e);
  return 0;
}

static int on_arrived(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  v->ticket = arena_str(arena, json_str(e->data, "ticket"));
  ticketed(q, v, e);
  return 0;
}

static int on_rebooked(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)q;
  (void)arena;
  v->slot = (int)json_int(e->data, "slot");
  return 0;
}

static int on_reminded(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)arena;
  (void)v;
  (void)e;
  q->remind = 0;
  return 0;
}

static int on_opened(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)v;
  struct hall_window *w = window_for(q, arena, (int)json_int(e->data, "window"));
  w->open = true;
  w->clerk = arena_str(arena, e->actor.id);
  w->since = e->at;
  return 0;
}

static int on_closed(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)v;
  struct hall_window *w = window_for(q, arena, (int)json_int(e->data, "window"));
  w->open = false;
  w->since = e->at;
  return 0;
}

static int on_called(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  called(q, arena, v, e);
  return 0;
}

static int on_recalled(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)arena;
  v->calls++;
  v->called = e->at;
  queue_window(q, v->window)->since = e->at;
  return 0;
}

static int on_served(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)q;
  (void)arena;
  v->state = VISIT_SERVED;
  v->served = e->at;
  v->present = v->present || v->case_id != 0;
  return 0;
}

static int on_parked(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)arena;
  leave_window(q, v, e->at);
  v->state = VISIT_PARKED;
  return 0;
}

static int on_missed(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)arena;
  leave_window(q, v, e->at);
  v->state = VISIT_MISSED;
  return 0;
}

static int on_waiting(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)arena;
  v->elsewhere = *json_str(e->data, "zone") != 0;
  if (v->elsewhere)
    end(q, v, VISIT_MOVED, e->at);
  else
    wait_again(q, v, e);
  return 0;
}

static int on_finished(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)arena;
  finished(q, v, e->at);
  return 0;
}

static int on_cancelled(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)arena;
  end(q, v, VISIT_CANCELLED, e->at);
  q->cancelled++;
  return 0;
}

/* One that was cancelled, or to which nobody came, while it was moved stays what it is; the other place has it all the same. */
static int on_released(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  const json_t *to = json_object_get(e->data, "to");
  (void)arena;
  if (!visit_is_over(v->state))
    end(q, v, VISIT_MOVED, e->at);
  v->elsewhere = true;
  v->went.day = (day)json_int(to, "day");
  v->went.n = (int)json_int(to, "visit");
  return 0;
}

static int on_move_undone(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)q;
  (void)arena;
  (void)v;
  (void)e;
  return 0;
}

static int on_no_show(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)arena;
  end(q, v, VISIT_NO_SHOW, e->at);
  q->no_shows++;
  return 0;
}

static int on_linked(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)q;
  v->case_id = json_int(e->data, "case");
  v->case_number = arena_str(arena, json_str(e->data, "case_number"));
  v->present = v->present || v->state == VISIT_SERVED;
  return 0;
}

static int on_priority_confirmed(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)q;
  (void)arena;
  v->confirmed |= priority_of(span_of(json_str(e->data, "claim")));
  return 0;
}

/* Who was called before his time for it waits again; who is being served is served. */
static int on_priority_denied(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  unsigned claim = priority_of(span_of(json_str(e->data, "claim")));
  (void)arena;
  v->priority &= ~claim;
  v->denied |= claim;
  v->rank = json_int(e->data, "rank");
  if (v->state == VISIT_CALLED && !v->priority)
    wait_again(q, v, e);
  return 0;
}

static int on_ended(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)arena;
  for (size_t i = 0; i < q->n; i++) {
    v = &q->visits[i];
    if (v->state == VISIT_BOOKED)
      (void)on_no_show(q, arena, v, e);
    else if (!visit_is_over(v->state)) {
      end(q, v, VISIT_UNSERVED, e->at);
      q->unserved++;
    }
  }
  for (size_t i = 0; i < q->window_count; i++)
    q->windows[i].open = false;
  q->ended = true;
  return 0;
}

static int on_forgotten(struct queue *q, struct arena *arena, struct visit *v, const struct event *e)
{
  (void)on_begun(q, arena, v, e);
  q->ended = q->forgotten = true;
  return 0;
}

static const struct {
  const char *type;
  bool of_visit;
  int (*apply)(struct queue *q, struct arena *arena, struct visit *v, const struct event *e);
} changes[] = {
    {"begun", false, on_begun},
    {"booked", false, on_booked},
    {"ticketed", false, on_ticketed},
    {"arrived", true, on_arrived},
    {"rebooked", true, on_rebooked},
    {"opened", false, on_opened},
    {"closed", false, on_closed},
    {"called", true, on_called},
    {"recalled", true, on_recalled},
    {"served", true, on_served},
    {"parked", true, on_parked},
    {"missed", true, on_missed},
    {"transferred", true, on_waiting},
    {"returned", true, on_waiting},
    {"finished", true, on_finished},
    {"cancelled", true, on_cancelled},
    {"released", true, on_released},
    {"no-show", true, on_no_show},
    {"priority-confirmed", true, on_priority_confirmed},
    {"priority-denied", true, on_priority_denied},
    {"given-back", true, on_released},
    {"move-undone", true, on_move_undone},
    {"reminded", false, on_reminded},
    {"linked", true, on_linked},
    {"ended", false, on_ended},
    {"forgotten", false, on_forgotten},
};

int queue_evolve(void *state, struct arena *arena, const struct event *event)
{
  struct queue *q = state;
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    if (strcmp(changes[i].type, event->type) != 0)
      continue;
    struct visit *v = changes[i].of_visit ? queue_visit(q, json_int(event->data, "visit")) : NULL;
    return changes[i].of_visit && !v ? -1 : changes[i].apply(q, arena, v, event);
  }
  return -1;
}

/* ---- time ---- */

moment queue_over(const struct queue *q)
{
  moment at = day_start(q->day) + q->closes * MINUTE_MS + CLOSING_MS;
  return at < day_end(q->day) ? at : day_end(q->day);
}

static void earlier(moment *due, moment at)
{
  if (!*due || at < *due)
    *due = at;
}

/* Who took his place when it was time has just been told. */
bool queue_reminds(const struct queue *q)
{
  for (size_t i = 0; i < q->n && q->remind; i++)
    if (q->visits[i].state == VISIT_BOOKED && q->visits[i].placed < q->remind)
      return true;
  return false;
}

moment queue_due(const void *state)
{
  const struct queue *q = state;
  moment due = 0;
  if (!q->hall || q->forgotten)
    return 0;
  if (q->ended)
    return day_start(q->day + KEPT_DAYS);
  earlier(&due, queue_over(q));
  if (queue_reminds(q))
    earlier(&due, q->remind);
  for (size_t i = 0; i < q->n; i++) {
    const struct visit *v = &q->visits[i];
    if (v->state == VISIT_BOOKED)
      earlier(&due, visit_slot_at(q, v) + q->grace * MINUTE_MS);
    else if (v->state == VISIT_CALLED)
      earlier(&due, v->called + CALL_LIMIT);
  }
  return due;
}
