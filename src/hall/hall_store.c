/*
 * The hall's rows: what boards, phones and desks read.
 */
#include "hall/queue.h"

#include <string.h>

const struct migration hall_migrations[] = {
    {"hall", 1,
     "CREATE TABLE hall_queues (\n"
     "  id BIGKEY,\n"
     "  hall TEXT NOT NULL,\n"
     "  zone TEXT NOT NULL,\n"
     "  day BIGINT NOT NULL,\n"
     "  seq BIGINT NOT NULL,\n"
     "  tickets BIGINT NOT NULL,\n"
     "  waiting BIGINT NOT NULL,\n"
     "  booked BIGINT NOT NULL,\n"
     "  served BIGINT NOT NULL,\n"
     "  no_shows BIGINT NOT NULL,\n"
     "  unserved BIGINT NOT NULL,\n"
     "  cancelled BIGINT NOT NULL,\n"
     "  windows BIGINT NOT NULL,\n"
     "  mean_ms BIGINT NOT NULL,\n"
     "  waited_ms BIGINT NOT NULL,\n"
     "  served_ms BIGINT NOT NULL,\n"
     "  estimated BIGINT NOT NULL,\n"
     "  off_ms BIGINT NOT NULL,\n"
     "  ended BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX hall_queues_day ON hall_queues (hall, day);\n"
     "CREATE TABLE hall_windows (\n"
     "  queue BIGINT NOT NULL,\n"
     "  number BIGINT NOT NULL,\n"
     "  opened BIGINT NOT NULL,\n"
     "  clerk TEXT NOT NULL,\n"
     "  visit BIGINT NOT NULL,\n"
     "  since BIGINT NOT NULL,\n"
     "  PRIMARY KEY (queue, number)\n"
     ");\n"
     "CREATE TABLE visits (\n"
     "  code TEXT NOT NULL PRIMARY KEY,\n"
     "  queue BIGINT NOT NULL,\n"
     "  n BIGINT NOT NULL,\n"
     "  hall TEXT NOT NULL,\n"
     "  zone TEXT NOT NULL,\n"
     "  day BIGINT NOT NULL,\n"
     "  state TEXT NOT NULL,\n"
     "  present BIGINT NOT NULL,\n" /* 1: not over */
     "  slot BIGINT NOT NULL,\n"
     "  ticket TEXT NOT NULL,\n"
     "  skill TEXT NOT NULL,\n"
     "  thing TEXT NOT NULL,\n"
     "  account TEXT NOT NULL,\n"
     "  phone TEXT NOT NULL,\n"
     "  note TEXT NOT NULL,\n"
     "  channel TEXT NOT NULL,\n"
     "  priority BIGINT NOT NULL,\n"
     "  case_id BIGINT NOT NULL,\n"
     "  case_number TEXT NOT NULL,\n"
     "  made BIGINT NOT NULL,\n"
     "  arrived BIGINT NOT NULL,\n"
     "  turn BIGINT NOT NULL,\n"
     "  called BIGINT NOT NULL,\n"
     "  served BIGINT NOT NULL,\n"
     "  ended BIGINT NOT NULL,\n"
     "  desk BIGINT NOT NULL,\n"
     "  for_desk BIGINT NOT NULL,\n"
     "  calls BIGINT NOT NULL,\n"
     "  promised BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX visits_queue ON visits (queue, present, n);\n"
     "CREATE INDEX visits_account ON visits (account, day);\n"
     "CREATE INDEX visits_case ON visits (case_id, made);\n"
     "CREATE TABLE visit_log (\n"
     "  code TEXT NOT NULL,\n"
     "  seq BIGINT NOT NULL,\n"
     "  at BIGINT NOT NULL,\n"
     "  event TEXT NOT NULL,\n"
     "  desk BIGINT NOT NULL,\n"
     "  words TEXT NOT NULL,\n"
     "  actor TEXT NOT NULL,\n"
     "  PRIMARY KEY (code, seq)\n"
     ");\n"
     "CREATE INDEX visit_log_seq ON visit_log (seq);\n"},
    /* A row a place: of an appointment that is moved twice at once two places stand for a moment. */
    {"hall", 2,
     "CREATE TABLE hall_visits (\n"
     "  queue BIGINT NOT NULL,\n"
     "  n BIGINT NOT NULL,\n"
     "  code TEXT NOT NULL,\n"
     "  hall TEXT NOT NULL,\n"
     "  zone TEXT NOT NULL,\n"
     "  day BIGINT NOT NULL,\n"
     "  state TEXT NOT NULL,\n"
     "  present BIGINT NOT NULL,\n"   /* 1: not over */
     "  elsewhere BIGINT NOT NULL,\n" /* 1: it goes on in another queue */
     "  slot BIGINT NOT NULL,\n"
     "  ticket TEXT NOT NULL,\n"
     "  skill TEXT NOT NULL,\n"
     "  thing TEXT NOT NULL,\n"
     "  account TEXT NOT NULL,\n"
     "  phone TEXT NOT NULL,\n"
     "  note TEXT NOT NULL,\n"
     "  channel TEXT NOT NULL,\n"
     "  priority BIGINT NOT NULL,\n"
     "  case_id BIGINT NOT NULL,\n"
     "  case_number TEXT NOT NULL,\n"
     "  made BIGINT NOT NULL,\n"
     "  arrived BIGINT NOT NULL,\n"
     "  turn BIGINT NOT NULL,\n"
     "  called BIGINT NOT NULL,\n"
     "  served BIGINT NOT NULL,\n"
     "  ended BIGINT NOT NULL,\n"
     "  desk BIGINT NOT NULL,\n"
     "  for_desk BIGINT NOT NULL,\n"
     "  calls BIGINT NOT NULL,\n"
     "  promised BIGINT NOT NULL,\n"
     "  PRIMARY KEY (queue, n)\n"
     ");\n"
     "INSERT INTO hall_visits (queue, n, code, hall, zone, day, state, present, elsewhere, slot, ticket, skill, thing, account,"
     " phone, note, channel, priority, case_id, case_number, made, arrived, turn, called, served, ended, desk, for_desk, calls,"
     " promised)"
     " SELECT queue, n, code, hall, zone, day, state, present, CASE WHEN state = 'moved' THEN 1 ELSE 0 END, slot, ticket, skill, thing, account, phone, note, channel,"
     " priority, case_id, case_number, made, arrived, turn, called, served, ended, desk, for_desk, calls, promised"
     " FROM visits;\n"
     "DROP TABLE visits;\n"
     "CREATE INDEX hall_visits_code ON hall_visits (code);\n"
     "CREATE INDEX hall_visits_present ON hall_visits (queue, present, n);\n"
     "CREATE INDEX hall_visits_account ON hall_visits (account, day);\n"
     "CREATE INDEX hall_visits_case ON hall_visits (case_id, made);\n"},
    {"hall", 3,
     "ALTER TABLE hall_visits ADD COLUMN confirmed BIGINT NOT NULL DEFAULT 0;\n"
     "ALTER TABLE hall_visits ADD COLUMN denied BIGINT NOT NULL DEFAULT 0;\n"},
    {0},
};

/* ---- writing ---- */

static const struct sql put_queue = {
    "INSERT INTO hall_queues (id, hall, zone, day, seq, tickets, waiting, booked, served, no_shows, unserved, cancelled, windows,"
    " mean_ms, waited_ms, served_ms, estimated, off_ms, ended)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
    " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, tickets = excluded.tickets, waiting = excluded.waiting,"
    " booked = excluded.booked, served = excluded.served, no_shows = excluded.no_shows, unserved = excluded.unserved,"
    " cancelled = excluded.cancelled, windows = excluded.windows, mean_ms = excluded.mean_ms, waited_ms = excluded.waited_ms,"
    " served_ms = excluded.served_ms, estimated = excluded.estimated, off_ms = excluded.off_ms, ended = excluded.ended"};
static const struct sql put_window = {
    "INSERT INTO hall_windows (queue, number, opened, clerk, visit, since) VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (queue, number) DO UPDATE SET opened = excluded.opened, clerk = excluded.clerk, visit = excluded.visit,"
    " since = excluded.since"};
static const struct sql put_visit = {
    "INSERT INTO hall_visits (queue, n, code, hall, zone, day, state, present, elsewhere, slot, ticket, skill, thing, account, phone,"
    " note, channel, priority, case_id, case_number, made, arrived, turn, called, served, ended, desk, for_desk, calls, promised,"
    " confirmed, denied)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,"
    " $26, $27, $28, $29, $30, $31, $32)"};
static const struct sql change_visit = {
    "UPDATE hall_visits SET state = $3, present = $4, elsewhere = $5, slot = $6, ticket = $7, case_id = $8,"
    " case_number = $9, arrived = $10, turn = $11, called = $12, served = $13, ended = $14, desk = $15, for_desk = $16, calls = $17,"
    " promised = $18, priority = $19, confirmed = $20, denied = $21 WHERE queue = $1 AND n = $2"};
static const struct sql put_line = {
    "INSERT INTO visit_log (code, seq, at, event, desk, words, actor) VALUES ($1, $2, $3, $4, $5, $6, $7)"};
/* What was moved to a later day is kept with that day. */
static const struct sql forget_lines = {"DELETE FROM visit_log WHERE code IN (SELECT v.code FROM hall_visits v WHERE v.queue = $1"
                                        " AND NOT EXISTS (SELECT 1 FROM hall_visits o WHERE o.code = v.code AND o.queue <> $1))"};
static const struct sql forget_visits = {"DELETE FROM hall_visits WHERE queue = $1"};
static const struct sql forget_windows = {"DELETE FROM hall_windows WHERE queue = $1"};

static void write_new(struct rowset *rows, int64_t id, const struct queue *q, const struct visit *v)
{
  ROW_PUT(rows, &put_visit, V_INT(id), V_INT(v->n), V_STR(v->code), V_STR(q->hall), V_STR(q->zone), V_INT(q->day),
          V_STR(visit_state_word(v->state)), V_INT(!visit_is_over(v->state)), V_INT(v->elsewhere), V_INT(v->slot), V_STR(v->ticket),
          V_STR(v->skill), V_STR(v->thing), V_STR(v->account), V_STR(v->phone), V_STR(v->note), V_STR(v->channel),
          V_INT(v->priority), V_INT(v->case_id), V_STR(v->case_number), V_INT(v->made), V_INT(v->arrived), V_INT(v->rank),
          V_INT(v->called), V_INT(v->served), V_INT(v->ended), V_INT(v->window), V_INT(v->for_window), V_INT(v->calls),
          V_INT(v->promised), V_INT(v->confirmed), V_INT(v->denied));
}

static void write_change(struct rowset *rows, int64_t id, const struct visit *v)
{
  ROW_PUT(rows, &change_visit, V_INT(id), V_INT(v->n), V_STR(visit_state_word(v->state)), V_INT(!visit_is_over(v->state)),
          V_INT(v->elsewhere), V_INT(v->slot), V_STR(v->ticket), V_INT(v->case_id), V_STR(v->case_number), V_INT(v->arrived),
          V_INT(v->rank), V_INT(v->called), V_INT(v->served), V_INT(v->ended), V_INT(v->window), V_INT(v->for_window),
          V_INT(v->calls), V_INT(v->promised), V_INT(v->priority), V_INT(v->confirmed), V_INT(v->denied));
}

static void write_line(struct rowset *rows, const struct event *e, const struct visit *v)
{
  const char *words = json_str(e->data, "reason");
  if (!*words)
    words = json_str(e->data, "note");
  ROW_PUT(rows, &put_line, V_STR(v->code), V_INT(e->seq), V_INT(e->at), V_STR(e->type), V_INT(json_int(e->data, "window")),
          V_STR(words), V_STR(e->actor.id));
}

static const struct visit *newest_of(const struct queue *q, const char *code)
{
  for (size_t i = q->n; i-- > 0;)
    if (strcmp(q->visits[i].code, code) == 0)
      return &q->visits[i];
  return NULL;
}

static void send(struct rowset *rows, const char *topic, json_t *message)
{
  struct arena arena = {0};
  rowset_send(rows, topic, json_text(&arena, message));
  arena_release(&arena);
  json_decref(message);
}

/* The case hears that its applicant was here; one visit tells it once. */
static void send_presence(struct rowset *rows, const struct event *e, const struct visit *v)
{
  char key[64];
  (void)snprintf(key, sizeof key, "visit-%s", v->code);
  send(rows, "hall-presence",
       json_pack("{s:I,s:s,s:s,s:s,s:s,s:I}", "case", (json_int_t)v->case_id, "why", "hand-in", "key", key, "clerk", e->actor.id,
                 "agency", e->actor.agency, "at", (json_int_t)e->at));
}

static void send_release(struct rowset *rows, const struct event *e, const struct queue *q, const struct visit *v)
{
  const json_t *from = json_object_get(e->data, "from");
  char key[64];
  (void)snprintf(key, sizeof key, "release-%lld-%d", (long long)e->id, v->n);
  if (from)
    send(rows, "hall-move",
         json_pack("{s:s,s:I,s:I,s:s,s:{s:s,s:s,s:i,s:i,s:i}}", "do", "release", "queue", (json_int_t)json_int(from, "queue"),
                   "visit", (json_int_t)json_int(from, "visit"), "key", key, "to", "hall", q->hall, "zone", q->zone, "day",
                   (int)q->day, "slot", v->slot, "visit", v->n));
}

/* To the place that lost: where the appointment stands. */
static void send_undo(struct rowset *rows, const struct event *e)
{
  const json_t *lost = json_object_get(e->data, "undone");
  char key[64];
  (void)snprintf(key, sizeof key, "undo-%lld", (long long)e->seq);
  send(rows, "hall-move",
       json_pack("{s:s,s:I,s:I,s:s,s:O,s:b,s:b}", "do", "release", "queue",
                 (json_int_t)queue_id(json_str(lost, "hall"), json_str(lost, "zone"), (day)json_int(lost, "day")), "visit",
                 (json_int_t)json_int(lost, "visit"), "key", key, "to", json_object_get(e->data, "stays"), "undo", 1, "last",
                 (int)json_flag(e->data, "last")));
}

static void send_transfer(struct rowset *rows, const struct event *e, const struct queue *q, const struct visit *v)
{
  const char *zone = json_str(e->data, "zone");
  char key[64];
  (void)snprintf(key, sizeof key, "over-%lld-%d", (long long)e->id, v->n);
  if (*zone)
    send(rows, "hall-move",
         json_pack("{s:s,s:I,s:s,s:s,s:i,s:s,s:o,s:{s:I,s:i}}", "do", "take-over", "queue",
                   (json_int_t)queue_id(q->hall, zone, q->day), "hall", q->hall, "zone", zone, "day", (int)q->day, "key", key,
                   "visit_data", visit_json(v, true), "from", "queue", (json_int_t)e->id, "visit", v->n));
}

/* Who can be told: an account, or a telephone number. */
static void send_notice(struct rowset *rows, day on, const struct visit *v, const char *event)
{
  char text[DAY_TEXT];
  day_format(on, text);
  if (*v->account || *v->phone)
    send(rows, "notice", json_pack("{s:s,s:s,s:s}", "visit", v->code, "event", event, "day", text));
}

/* What he did himself just now he knows, but for the place that he has got. */
static void tell_person(struct rowset *rows, const struct event *e, const struct queue *q, const struct visit *v)
{
  bool himself = strcmp(e->actor.role, "applicant") == 0 || strcmp(e->actor.role, "kiosk") == 0;
  if (strcmp(e->type, "booked") == 0 && !json_object_get(e->data, "from"))
    send_notice(rows, q->day, v, "visit-booked");
  else if (strcmp(e->type, "released") == 0) /* of two moves at once only the one that counts */
    send_notice(rows, v->went.day, v, "visit-moved");
  else if (strcmp(e->type, "rebooked") == 0)
    send_notice(rows, q->day, v, "visit-moved");
  else if (strcmp(e->type, "cancelled") == 0 && v->slot >= 0 && !*v->ticket && !himself)
    send_notice(rows, q->day, v, "visit-cancelled");
}

static void send_reminders(struct rowset *rows, const struct queue *q)
{
  for (size_t i = 0; i < q->n; i++)
    if (q->visits[i].state == VISIT_BOOKED)
      send_notice(rows, q->day, &q->visits[i], "visit-soon");
}

static void write_visit_event(struct rowset *rows, const struct event *e, const struct queue *q)
{
  bool created = strcmp(e->type, "booked") == 0 || strcmp(e->type, "ticketed") == 0;
  const struct visit *v = created ? newest_of(q, json_str(e->data, "code")) : queue_visit(q, json_int(e->data, "visit"));
  if (!v)
    return;
  if (created)
    write_new(rows, e->id, q, v);
  else
    write_change(rows, e->id, v);
  write_line(rows, e, v);
  tell_person(rows, e, q, v);
  if (created && strcmp(e->type, "booked") == 0)
    send_release(rows, e, q, v);
  if (strcmp(e->type, "transferred") == 0)
    send_transfer(rows, e, q, v);
  if (strcmp(e->type, "move-undone") == 0)
    send_undo(rows, e);
  bool here = strcmp(e->type, "served") == 0 || (strcmp(e->type, "linked") == 0 && v->state == VISIT_SERVED);
  if (here && v->case_id)
    send_presence(rows, e, v);
}

static void write_ended(struct rowset *rows, const struct event *e, const struct queue *q)
{
  for (size_t i = 0; i < q->n; i++)
    if (q->visits[i].ended == e->at) {
      write_change(rows, e->id, &q->visits[i]);
      write_line(rows, e, &q->visits[i]);
    }
}

static void write_windows(struct rowset *rows, int64_t id, const struct queue *q, moment at)
{
  for (size_t i = 0; i < q->window_count; i++) {
    const struct hall_window *w = &q->windows[i];
    if (w->since == at || q->ended)
      ROW_PUT(rows, &put_window, V_INT(id), V_INT(w->number), V_INT(w->open), V_STR(w->clerk), V_INT(w->visit), V_INT(w->since));
  }
}

static void write_queue(struct rowset *rows, const struct event *last, const struct queue *q)
{
  int waiting = 0, booked = 0, windows = 0;
  for (size_t i = 0; i < q->n; i++) {
    waiting += q->visits[i].state == VISIT_WAITING;
    booked += q->visits[i].state == VISIT_BOOKED;
  }
  for (size_t i = 0; i < q->window_count; i++)
    windows += q->windows[i].open;
  ROW_PUT(rows, &put_queue, V_INT(last->id), V_STR(q->hall), V_STR(q->zone), V_INT(q->day), V_INT(last->seq), V_INT(q->tickets),
          V_INT(waiting), V_INT(booked), V_INT(q->served), V_INT(q->no_shows), V_INT(q->unserved), V_INT(q->cancelled),
          V_INT(windows), V_INT(queue_mean(q)), V_INT(q->waited_ms), V_INT(q->served_ms), V_INT(q->estimated), V_INT(q->off_ms),
          V_INT(q->ended));
}

void queue_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct queue *q = state;
  const struct event *last = &events[n - 1];
  if (q->forgotten)
    return;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(events[i].type, "ended") == 0)
      write_ended(rows, &events[i], q);
    else if (strcmp(events[i].type, "reminded") == 0)
      send_reminders(rows, q);
    else
      write_visit_event(rows, &events[i], q);
  }
  write_windows(rows, last->id, q, last->at);
  write_queue(rows, last, q);
}

/* The sums stay. */
void queue_erase(const void *state, struct rowset *rows)
{
  const struct queue *q = state;
  int64_t id = queue_id(q->hall, q->zone, q->day);
  ROW_PUT(rows, &forget_lines, V_INT(id));
  ROW_PUT(rows, &forget_visits, V_INT(id));
  ROW_PUT(rows, &forget_windows, V_INT(id));
}

/* ---- reading ---- */

#define VISIT_COLUMNS                                                                                                              \
  "queue, n, code, hall, zone, day, state, slot, ticket, skill, thing, account, phone, note, channel, priority, case_id,"          \
  " case_number, made, arrived, turn, called, served, ended, desk, for_desk, calls, promised, confirmed, denied"
static const struct sql visit_by_code = {"SELECT " VISIT_COLUMNS
                                         " FROM hall_visits WHERE code = $1 ORDER BY elsewhere, present DESC, day DESC LIMIT 1"};
static const struct sql visits_by_account = {
    "SELECT " VISIT_COLUMNS " FROM hall_visits WHERE account = $1 AND elsewhere = 0 ORDER BY day DESC, made DESC LIMIT $2"};
static const struct sql visits_by_case = {"SELECT " VISIT_COLUMNS
                                          " FROM hall_visits WHERE case_id = $1 AND elsewhere = 0 ORDER BY made LIMIT 50"};
static const struct sql visits_here = {"SELECT " VISIT_COLUMNS " FROM hall_visits WHERE queue = $1 AND present = 1 ORDER BY n"};
static const struct sql windows_here = {
    "SELECT number, opened, clerk, visit, since FROM hall_windows WHERE queue = $1 ORDER BY number"};
static const struct sql window_by_clerk = {
    "SELECT q.zone, w.number FROM hall_queues q JOIN hall_windows w ON w.queue = q.id WHERE q.hall = $1 AND q.day = $2"
    " AND w.clerk = $3 AND w.opened = 1 ORDER BY w.number LIMIT 1"};
#define QUEUE_COLUMNS                                                                                                              \
  "id, hall, zone, day, seq, tickets, waiting, booked, served, no_shows, unserved, cancelled, windows, mean_ms, waited_ms,"        \
  " served_ms, estimated, off_ms, ended"
static const struct sql queue_by_id = {"SELECT " QUEUE_COLUMNS " FROM hall_queues WHERE id = $1"};
static const struct sql queues_of_day = {"SELECT " QUEUE_COLUMNS " FROM hall_queues WHERE hall = $1 AND day = $2"};
static const struct sql queue_earlier = {"SELECT " QUEUE_COLUMNS
                                         " FROM hall_queues WHERE hall = $1 AND day < $2 AND day > $2 - 30 AND zone = $3"
                                         " AND mean_ms > 0 ORDER BY day DESC LIMIT 1"};
static const struct sql slots_here = {
    "SELECT slot, count(*) FROM hall_visits WHERE queue = $1 AND slot >= 0 AND state <> 'cancelled'"
    " AND state <> 'moved' GROUP BY slot"};
static const struct sql lines_of = {"SELECT event, desk, words, actor, at FROM visit_log WHERE code = $1 ORDER BY seq LIMIT 200"};
static const struct sql code_by_seq = {"SELECT code FROM visit_log WHERE seq = $1"};
static const struct sql version_of_queue = {"SELECT seq FROM hall_queues WHERE id = $1"};
static const struct sql version_of_hall = {"SELECT coalesce(max(seq), 0) FROM hall_queues WHERE hall = $1 AND day = $2"};

static struct visit_row read_visit(const struct rows *r, struct arena *arena)
{
  enum visit_state state = VISIT_BOOKED;
  (void)visit_state_parse(rows_span(r, 6), &state);
  return (struct visit_row){.queue = rows_int(r, 0),
                            .hall = rows_str(r, 3, arena),
                            .zone = rows_str(r, 4, arena),
                            .day = (day)rows_int(r, 5),
                            .v = {.n = (int)rows_int(r, 1),
                                  .code = rows_str(r, 2, arena),
                                  .state = state,
                                  .slot = (int)rows_int(r, 7),
                                  .ticket = rows_str(r, 8, arena),
                                  .skill = rows_str(r, 9, arena),
                                  .thing = rows_str(r, 10, arena),
                                  .account = rows_str(r, 11, arena),
                                  .phone = rows_str(r, 12, arena),
                                  .note = rows_str(r, 13, arena),
                                  .channel = rows_str(r, 14, arena),
                                  .priority = (unsigned)rows_int(r, 15),
                                  .case_id = rows_int(r, 16),
                                  .case_number = rows_str(r, 17, arena),
                                  .made = rows_int(r, 18),
                                  .arrived = rows_int(r, 19),
                                  .rank = rows_int(r, 20),
                                  .called = rows_int(r, 21),
                                  .served = rows_int(r, 22),
                                  .ended = rows_int(r, 23),
                                  .window = (int)rows_int(r, 24),
                                  .for_window = (int)rows_int(r, 25),
                                  .calls = (int)rows_int(r, 26),
                                  .promised = rows_int(r, 27),
                                  .confirmed = (unsigned)rows_int(r, 28),
                                  .denied = (unsigned)rows_int(r, 29)}};
}

static int read_visits(struct rows *rows, struct arena *arena, struct visit_row **ret, size_t *ret_n, struct error *error)
{
  struct visit_row *list = NULL;
  size_t n = 0, cap = 0;
  while (rows_next(rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = read_visit(rows, arena);
  }
  *ret = list;
  *ret_n = n;
  return rows_close(rows, error);
}

int visit_read(struct db *db, struct span code, struct arena *arena, struct visit_row *ret, struct error *error)
{
  struct rows rows;
  struct visit_row *list;
  size_t n;
  if (DB_QUERY(db, &visit_by_code, &rows, error, V_TEXT(code)) || read_visits(&rows, arena, &list, &n, error))
    return -1;
  if (!n)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这次到厅记录", "There is no such visit");
  *ret = list[0];
  return 0;
}

int visits_of(struct db *db, struct span account, size_t max, struct arena *arena, struct visit_row **ret, size_t *ret_n,
              struct error *error)
{
  struct rows rows;
  return DB_QUERY(db, &visits_by_account, &rows, error, V_TEXT(account), V_INT((int64_t)max)) ||
                 read_visits(&rows, arena, ret, ret_n, error)
             ? -1
             : 0;
}

int visits_of_case(struct db *db, int64_t case_id, struct arena *arena, struct visit_row **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  return DB_QUERY(db, &visits_by_case, &rows, error, V_INT(case_id)) || read_visits(&rows, arena, ret, ret_n, error) ? -1 : 0;
}

static struct queue_row read_queue(const struct rows *r, struct arena *arena)
{
  return (struct queue_row){.id = rows_int(r, 0),
                            .hall = rows_str(r, 1, arena),
                            .zone = rows_str(r, 2, arena),
                            .day = (day)rows_int(r, 3),
                            .seq = rows_int(r, 4),
                            .tickets = (int)rows_int(r, 5),
                            .waiting = (int)rows_int(r, 6),
                            .booked = (int)rows_int(r, 7),
                            .served = (int)rows_int(r, 8),
                            .no_shows = (int)rows_int(r, 9),
                            .unserved = (int)rows_int(r, 10),
                            .cancelled = (int)rows_int(r, 11),
                            .open_windows = (int)rows_int(r, 12),
                            .mean_ms = rows_int(r, 13),
                            .waited_ms = rows_int(r, 14),
                            .served_ms = rows_int(r, 15),
                            .estimated = rows_int(r, 16),
                            .off_ms = rows_int(r, 17),
                            .ended = rows_int(r, 18) != 0};
}

int queues_of(struct db *db, const char *hall, day d, struct arena *arena, struct queue_row **ret, size_t *ret_n,
              struct error *error)
{
  struct rows rows;
  struct queue_row *list = NULL;
  size_t n = 0, cap = 0;
  if (DB_QUERY(db, &queues_of_day, &rows, error, V_STR(hall), V_INT(d)))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = read_queue(&rows, arena);
  }
  *ret = list;
  *ret_n = n;
  return rows_close(&rows, error);
}

static int read_windows(struct db *db, int64_t id, struct arena *arena, struct queue *q, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &windows_here, &rows, error, V_INT(id)))
    return -1;
  while (rows_next(&rows)) {
    q->windows = arena_grow(arena, q->windows, q->window_count, &q->window_cap, sizeof *q->windows);
    q->windows[q->window_count++] = (struct hall_window){.number = (int)rows_int(&rows, 0),
                                                         .open = rows_int(&rows, 1) != 0,
                                                         .clerk = rows_str(&rows, 2, arena),
                                                         .visit = (int)rows_int(&rows, 3),
                                                         .since = rows_int(&rows, 4)};
  }
  return rows_close(&rows, error);
}

static int read_open_visits(struct db *db, int64_t id, struct arena *arena, struct queue *q, struct error *error)
{
  struct rows rows;
  struct visit_row *list;
  size_t n;
  if (DB_QUERY(db, &visits_here, &rows, error, V_INT(id)) || read_visits(&rows, arena, &list, &n, error))
    return -1;
  q->visits = arena_array(arena, n + 1, sizeof *q->visits);
  for (size_t i = 0; i < n; i++)
    q->visits[i] = list[i].v;
  q->n = n;
  return 0;
}

/* Where nothing was measured today yet, the newest day of the month before speaks. */
static int read_mean(struct db *db, const struct hall_place *place, day d, struct queue_now *now, struct error *error)
{
  struct arena arena = {0};
  struct rows rows;
  if (now->mean_ms)
    return 0;
  if (DB_QUERY(db, &queue_earlier, &rows, error, V_STR(place->hall->id), V_INT(d), V_STR(place->zone)))
    return -1;
  if (rows_next(&rows)) {
    now->mean_ms = read_queue(&rows, &arena).mean_ms;
    now->mean_before = now->mean_ms > 0;
  }
  arena_release(&arena);
  return rows_close(&rows, error);
}

int queue_now(struct db *db, const struct hall_place *place, day d, struct arena *arena, struct queue_now *ret, struct error *error)
{
  struct queue_now now = {.id = queue_id(place->hall->id, place->zone, d)};
  struct rows rows;
  now.q = (struct queue){.hall = place->hall->id, .zone = place->zone, .day = d};
  if (DB_QUERY(db, &queue_by_id, &rows, error, V_INT(now.id)))
    return -1;
  if (rows_next(&rows)) {
    struct queue_row row = read_queue(&rows, arena);
    now.seq = row.seq;
    now.mean_ms = row.mean_ms;
    now.q.tickets = row.tickets;
    now.q.served = row.served;
    now.q.no_shows = row.no_shows;
    now.q.ended = row.ended;
  }
  if (rows_close(&rows, error) || read_windows(db, now.id, arena, &now.q, error) ||
      read_open_visits(db, now.id, arena, &now.q, error) || read_mean(db, place, d, &now, error))
    return -1;
  *ret = now;
  return 0;
}

int slots_booked(struct db *db, int64_t queue, int slot, int *ret, size_t n, struct error *error)
{
  struct rows rows;
  memset(ret, 0, n * sizeof *ret);
  if (DB_QUERY(db, &slots_here, &rows, error, V_INT(queue)))
    return -1;
  while (rows_next(&rows)) {
    size_t i = (size_t)(rows_int(&rows, 0) / slot);
    if (i < n)
      ret[i] += (int)rows_int(&rows, 1);
  }
  return rows_close(&rows, error);
}

int visit_lines(struct db *db, struct span code, struct arena *arena, struct visit_line **ret, size_t *ret_n, struct error *error)
{
  struct visit_line *list = NULL;
  struct rows rows;
  size_t n = 0, cap = 0;
  if (DB_QUERY(db, &lines_of, &rows, error, V_TEXT(code)))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = (struct visit_line){.event = rows_str(&rows, 0, arena),
                                    .window = (int)rows_int(&rows, 1),
                                    .words = rows_str(&rows, 2, arena),
                                    .actor = rows_str(&rows, 3, arena),
                                    .at = rows_int(&rows, 4)};
  }
  *ret = list;
  *ret_n = n;
  return rows_close(&rows, error);
}

int visit_made(struct db *db, int64_t seq, struct arena *arena, const char **ret, struct error *error)
{
  struct rows rows;
  *ret = "";
  if (DB_QUERY(db, &code_by_seq, &rows, error, V_INT(seq)))
    return -1;
  if (rows_next(&rows))
    *ret = rows_str(&rows, 0, arena);
  if (rows_close(&rows, error))
    return -1;
  return **ret ? 0 : error_set(error, ERROR_INTERNAL, "no-visit", "系统未能给出号票", "The system gave no ticket");
}

int window_of_clerk(struct db *db, const char *hall, day d, const char *clerk, struct arena *arena, const char **ret_zone,
                    int *ret_number, struct error *error)
{
  struct rows rows;
  *ret_number = 0;
  if (DB_QUERY(db, &window_by_clerk, &rows, error, V_STR(hall), V_INT(d), V_STR(clerk)))
    return -1;
  if (rows_next(&rows)) {
    *ret_zone = rows_str(&rows, 0, arena);
    *ret_number = (int)rows_int(&rows, 1);
  }
  return rows_close(&rows, error);
}

int64_t hall_version(struct db *db, const char *hall, const char *zone, day d)
{
  struct rows rows;
  int64_t n = 0;
  int bad = *zone ? DB_QUERY(db, &version_of_queue, &rows, NULL, V_INT(queue_id(hall, zone, d)))
                  : DB_QUERY(db, &version_of_hall, &rows, NULL, V_STR(hall), V_INT(d));
  if (bad)
    return -1;
  if (rows_next(&rows))
    n = rows_int(&rows, 0);
  return rows_close(&rows, NULL) ? -1 : n;
}
