#include "engine/internal.h"

#include <sys/stat.h>

#include "base/log.h"

#define HOLD_US 20000 /* then it is looked whether another process waits */
#define REST_US 2500  /* without work the lease is given back */
#define ALONE_US 5000000
#define MOVED_MAX 20000 /* events; after more than that everything is read again */

static const struct sql read_newest = {"SELECT seq, mark FROM newest WHERE one = 1"};
static const struct sql lock_newest = {"UPDATE newest SET mark = mark WHERE one = 1"};
static const struct sql set_newest = {"UPDATE newest SET seq = $1, mark = $2 WHERE one = 1"};
/* NULL where the row is not as expected: the constraint fails the transaction. */
static const struct sql move_newest = {
    "UPDATE newest SET seq = CASE WHEN seq = $1 AND mark = $2 THEN CAST($3 AS BIGINT) END, mark = $4"
    " WHERE one = 1"};
static const struct sql last_event = {"SELECT seq FROM events ORDER BY seq DESC LIMIT 1"};
static const struct sql moved_aggregates = {"SELECT DISTINCT aggregate FROM events WHERE seq > $1 AND seq <= $2"};
static const struct sql moved_timers = {
    "SELECT DISTINCT t.id, t.due FROM events e JOIN timers t ON t.id = e.aggregate WHERE e.seq > $1 AND e.seq <= $2"};

void turn_enter(struct engine *engine)
{
  pthread_mutex_lock(&engine->turn.lock);
}

void turn_leave(struct engine *engine)
{
  pthread_mutex_unlock(&engine->turn.lock);
}

static void wait_for_move(struct turn *t)
{
  pthread_cond_wait(&t->moved, &t->lock);
}

static int64_t fresh_mark(struct engine *engine)
{
  int64_t mark;
  writer_random(engine->writers, &mark, sizeof mark);
  return mark & INT64_MAX;
}

/* ---- what is in memory ---- */

static int forget_all(struct engine *engine, struct db *db, struct error *error)
{
  for (size_t i = 0; i < engine->writer_count; i++) {
    cache_release(&engine->writers[i].cache);
    timers_release(&engine->writers[i].timers);
  }
  return timers_load(engine, db, error);
}

static int forget_moved(struct engine *engine, int64_t after, int64_t to, struct error *error)
{
  struct rows rows;
  struct db *db = engine->turn.db;
  if (DB_QUERY(db, &moved_aggregates, &rows, error, V_INT(after), V_INT(to)))
    return -1;
  while (rows_next(&rows)) {
    int64_t id = rows_int(&rows, 0);
    struct writer *w = writer_of(engine, id);
    struct idmap_slot *slot = idmap_find(&w->cache.map, id);
    if (slot)
      cache_drop(&w->cache, slot->value.pointer);
    timers_set(&w->timers, id, 0);
  }
  if (rows_close(&rows, error) || DB_QUERY(db, &moved_timers, &rows, error, V_INT(after), V_INT(to)))
    return -1;
  while (rows_next(&rows))
    timers_set(&writer_of(engine, rows_int(&rows, 0))->timers, rows_int(&rows, 0), rows_int(&rows, 1));
  return rows_close(&rows, error);
}

static void tell_committed(struct engine *engine, int64_t seq)
{
  pthread_mutex_lock(&engine->lock);
  if (engine->committed != seq) {
    engine->committed = seq;
    engine->outbox_filled = true;
    pthread_cond_broadcast(&engine->changed);
    if (engine->sealer_idle)
      pthread_cond_signal(&engine->seal_due);
    engine->sealer_idle = false;
  }
  pthread_mutex_unlock(&engine->lock);
}

/* ---- the row ---- */

static int read_row(struct db *db, int64_t *ret_seq, int64_t *ret_mark, struct error *error)
{
  struct rows rows;
  if (db_query(db, &read_newest, NULL, 0, &rows, error))
    return -1;
  bool found = rows_next(&rows);
  *ret_seq = found ? rows_int(&rows, 0) : 0;
  *ret_mark = found ? rows_int(&rows, 1) : 0;
  if (rows_close(&rows, error))
    return -1;
  return found ? 0
               : error_set(error, ERROR_INTERNAL, "broken-store", "数据库缺少写入次序的记录",
                           "The store lacks the row that orders its writers");
}

/* Waits for whoever has the row in hand, and gives it a new mark: a commit that was on its way cannot arrive any more. */
static int shut_out(struct engine *engine, int64_t *ret_seq, int64_t *ret_mark, int64_t fresh, struct error *error)
{
  struct db *db = engine->turn.db;
  if (db_begin(db, error))
    return -1;
  int bad = db_exec(db, &lock_newest, NULL, 0, error) || read_row(db, ret_seq, ret_mark, error) ||
            DB_EXEC(db, &set_newest, error, V_INT(*ret_seq), V_INT(fresh));
  if (bad)
    db_rollback(db);
  return bad || db_commit(db, error) ? -1 : 0;
}

/* Everything in memory as of the row. */
static int catch_up(struct engine *engine, struct error *error)
{
  struct turn *t = &engine->turn;
  int64_t seq, mark, fresh = fresh_mark(engine);
  bool unsure = t->unsure || db_incarnation(t->db) != t->incarnation;
  if (unsure ? shut_out(engine, &seq, &mark, fresh, error) : read_row(t->db, &seq, &mark, error))
    return -1;
  bool same = seq == t->seq && mark == t->mark;
  int bad = same                                                 ? 0
            : unsure || seq < t->seq || seq - t->seq > MOVED_MAX ? forget_all(engine, t->db, error)
                                                                 : forget_moved(engine, t->seq, seq, error);
  if (bad) {
    t->unsure = true;
    return -1;
  }
  if (!same) {
    series_release(engine);
    erasure_look(engine);
    t->moves++;
  }
  t->unsure = false;
  t->incarnation = db_incarnation(t->db);
  t->seq = t->next_seq = engine->last_seq = seq;
  t->mark = t->next_mark = unsure ? fresh : mark;
  tell_committed(engine, seq);
  return 0;
}

/* ---- leading ---- */

static void tell_leads(struct engine *engine, bool leads)
{
  pthread_mutex_lock(&engine->lock);
  atomic_store(&engine->leads, leads);
  pthread_cond_broadcast(&engine->changed);
  pthread_cond_broadcast(&engine->seal_due);
  pthread_cond_broadcast(&engine->sealed_more);
  pthread_mutex_unlock(&engine->lock);
}

/* The lead goes with the connection. */
static int try_to_lead(struct engine *engine, struct error *error)
{
  struct turn *t = &engine->turn;
  bool before = atomic_load(&engine->leads), leads = before && t->lead_incarnation == db_incarnation(t->db);
  if (!leads && lease_lead(t->db, &leads, error))
    return -1;
  t->lead_incarnation = db_incarnation(t->db);
  t->looked_us = monotonic_us();
  if (before != leads)
    tell_leads(engine, leads);
  return 0;
}

/* ---- holding the lease ---- */

static int take(struct engine *engine, struct error *error)
{
  struct turn *t = &engine->turn;
  bool held = t->held;
  t->held = false;
  if ((held && lease_give(t->db, error)) || /* who took it twice would have to give it twice */
      lease_take(t->db, error) || catch_up(engine, error) || try_to_lead(engine, error)) {
    t->unsure = true;
    return -1;
  }
  t->held = true;
  t->since_us = t->used_us = monotonic_us();
  return 0;
}

static void give(struct turn *t)
{
  struct error error = {0};
  t->held = false;
  if (lease_give(t->db, &error))
    t->unsure = true;
}

/* After a failure nothing stands but what is committed. */
static void go_back(struct engine *engine)
{
  struct turn *t = &engine->turn;
  t->broken = false;
  t->over = t->numbered;
  t->next_mark = t->mark;
  engine->last_seq = t->next_seq = t->seq;
  series_rollback(engine);
  erasure_take_back(engine);
}

/* Somebody else waits and has not been let in, or the lease is lost. */
static bool must_yield(struct turn *t)
{
  struct error error = {0};
  bool wanted = false;
  if (monotonic_us() - t->since_us < HOLD_US)
    return false;
  if (lease_wanted(t->db, &wanted, &error)) {
    t->unsure = true;
    return true;
  }
  if (!wanted)
    t->since_us = monotonic_us();
  return wanted;
}

int turn_hold(struct engine *engine, struct error *error)
{
  struct turn *t = &engine->turn;
  for (;;) {
    bool stop = t->broken || t->unsure || (t->db && !t->held) || monotonic_us() < t->one_by_one_until_us;
    if (t->db && !stop && must_yield(t)) {
      if (t->under_way == 0 && !t->unsure)
        give(t);
      stop = true;
    }
    if (stop && t->under_way) {
      wait_for_move(t);
      continue;
    }
    if (t->broken)
      go_back(engine);
    if (t->db && (!t->held || t->unsure) && take(engine, error))
      return -1;
    return 0;
  }
}

void turn_look(struct engine *engine)
{
  struct turn *t = &engine->turn;
  struct error error = {0};
  if (!t->db || monotonic_us() - t->looked_us < SECOND_MS * 1000)
    return;
  t->looked_us = monotonic_us();
  if (turn_hold(engine, &error) == 0 && !t->unsure && try_to_lead(engine, &error))
    t->unsure = true;
}

void turn_rest(struct engine *engine)
{
  struct turn *t = &engine->turn;
  if (t->held && t->under_way == 0 && monotonic_us() - t->used_us >= REST_US)
    give(t);
}

void turn_one_by_one(struct engine *engine)
{
  engine->turn.one_by_one_until_us = monotonic_us() + ALONE_US;
}

/* ---- one group ---- */

void turn_begin(struct engine *engine)
{
  engine->turn.under_way++;
}

void turn_number(struct engine *engine, bool writes, struct place *ret)
{
  struct turn *t = &engine->turn;
  *ret = (struct place){.number = ++t->numbered, .mark_before = t->next_mark, .seq_before = t->next_seq, .seq = engine->last_seq};
  ret->mark = writes && t->db ? fresh_mark(engine) : t->next_mark;
  t->next_mark = ret->mark;
  t->next_seq = ret->seq;
}

bool turn_wait(struct engine *engine, const struct place *place)
{
  struct turn *t = &engine->turn;
  turn_enter(engine);
  while (!t->broken && t->over != place->number - 1)
    wait_for_move(t);
  bool right = !t->broken;
  turn_leave(engine);
  return right;
}

int turn_stamp(struct writer *writer, const struct place *p, struct error *error)
{
  if (!writer->engine->turn.db)
    return 0;
  return DB_EXEC(writer->db, &move_newest, error, V_INT(p->seq_before), V_INT(p->mark_before), V_INT(p->seq), V_INT(p->mark));
}

void turn_end(struct engine *engine, const struct place *place, bool committed)
{
  struct turn *t = &engine->turn;
  t->under_way--;
  t->used_us = monotonic_us();
  if (committed) {
    t->over = place->number;
    t->seq = place->seq;
    t->mark = place->mark;
    tell_committed(engine, place->seq);
  } else {
    t->broken = true;
    t->unsure = t->db != NULL;
  }
  pthread_cond_broadcast(&t->moved);
}

/* ---- opening ---- */

static int read_last(struct engine *engine, struct db *db, int64_t *ret, struct error *error)
{
  struct rows rows;
  (void)engine;
  *ret = 0;
  if (db_query(db, &last_event, NULL, 0, &rows, error))
    return -1;
  if (rows_next(&rows))
    *ret = rows_int(&rows, 0);
  return rows_close(&rows, error);
}

/* A store that was filled by one writer alone (SQLite, then restored here) has not kept the row: it is put right. */
static int put_right(struct engine *engine, struct error *error)
{
  int64_t last;
  struct db *db = engine->turn.db;
  if (read_last(engine, db, &last, error))
    return -1;
  if (last == engine->turn.seq)
    return 0;
  engine->turn.unsure = true;
  return DB_EXEC(db, &set_newest, error, V_INT(last), V_INT(fresh_mark(engine))) || turn_hold(engine, error) ? -1 : 0;
}

void turn_init(struct engine *engine)
{
  pthread_mutex_init(&engine->turn.lock, NULL);
  pthread_cond_init(&engine->turn.moved, NULL);
}

int turn_open(struct engine *engine, struct error *error)
{
  struct turn *t = &engine->turn;
  t->seq = -1; /* nothing is known yet: the first look reads all */
  if (store_is_sqlite(engine->store)) {
    atomic_store(&engine->leads, true);
    if (read_last(engine, engine->writers->db, &t->seq, error))
      return -1;
    engine->last_seq = engine->committed = t->next_seq = t->seq;
    return timers_load(engine, engine->writers->db, error);
  }
  if (store_connect(engine->store, DB_SHARE, &t->db, error))
    return -1;
  turn_enter(engine);
  t->unsure = true;
  int bad = turn_hold(engine, error) || put_right(engine, error);
  turn_leave(engine);
  return bad ? -1 : 0;
}

void turn_close(struct engine *engine)
{
  struct turn *t = &engine->turn;
  if (t->db)
    db_close(t->db);
  pthread_cond_destroy(&t->moved);
  pthread_mutex_destroy(&t->lock);
}
