#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define WAKES_MAX 256
#define ROOM_LEAST 256
#define WAKE_AGAIN (60 * SECOND_MS)

static const struct sql add_aggregate = {"INSERT INTO aggregates (id, kind, version, head, pseudonym) VALUES ($1, $2, $3, $4, $5)"};
static const struct sql move_aggregate = {"UPDATE aggregates SET version = $2, head = $3 WHERE id = $1"};
static const struct sql save_timer = {
    "INSERT INTO timers (id, due) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET due = excluded.due"};
static const struct sql drop_timer = {"DELETE FROM timers WHERE id = $1"};

static const struct actor system_actor = {"system", "system", "", "system"};

/* ---- deadlines that have passed become commands ---- */

static struct request *make_wake(struct writer *writer, int64_t id)
{
  struct aggregate *a;
  struct error error = {0};
  if (cache_get(writer, id, &a, &error) || !a->kind) {
    if (error.code)
      log_error("a deadline could not be handled", &error);
    timers_set(&writer->timers, id, engine_now(writer->engine) + HOUR_MS);
    return NULL;
  }
  struct request *wake = calloc(1, sizeof *wake);
  if (!wake)
    abort();
  wake->wake = true;
  wake->command = (struct command){.kind = a->kind, .id = id, .expect = -1, .type = "wake", .key = "", .actor = system_actor};
  return wake;
}

static struct request *due_wakes(struct writer *writer)
{
  struct request *first = NULL, **last = &first;
  struct timer timer;
  moment now = engine_now(writer->engine);
  for (int n = 0; n < WAKES_MAX && timers_next(&writer->timers, &timer) && timer.due <= now; n++) {
    timers_pop(&writer->timers);
    struct request *wake = make_wake(writer, timer.id);
    if (wake) {
      *last = wake;
      last = &wake->next;
    }
  }
  return first;
}

/* After a wake the timer stands again where the state says; never at once, or a rule that forgets to move on would spin. */
static void reschedule(struct writer *writer, int64_t id)
{
  struct idmap_slot *slot = idmap_find(&writer->cache.map, id);
  const struct aggregate *a = slot ? slot->value.pointer : NULL;
  moment now = engine_now(writer->engine);
  bool stuck = !a || (a->due && a->due <= now);
  timers_set(&writer->timers, id, stuck ? now + WAKE_AGAIN : a->due);
}

/* ---- one group ---- */

static int save_aggregate(struct writer *writer, const struct aggregate *a, struct error *error)
{
  if (a->stored)
    return DB_EXEC(writer->db, &move_aggregate, error, V_INT(a->id), V_INT(a->version), V_INT(a->head));
  return DB_EXEC(writer->db, &add_aggregate, error, V_INT(a->id), V_STR(a->kind->name), V_INT(a->version), V_INT(a->head),
                 V_BYTES(a->pseudonym, sizeof a->pseudonym));
}

static int save_touched(struct writer *writer, struct error *error)
{
  for (struct aggregate *a = writer->touched; a; a = a->next_touched) {
    if (save_aggregate(writer, a, error))
      return -1;
    moment due = a->kind->due ? a->kind->due(a->state) : 0;
    if (due != a->due && due && DB_EXEC(writer->db, &save_timer, error, V_INT(a->id), V_INT(due)))
      return -1;
    if (due != a->due && !due && DB_EXEC(writer->db, &drop_timer, error, V_INT(a->id)))
      return -1;
    a->next_due = due;
  }
  return 0;
}

static void settle_touched(struct writer *writer, bool committed)
{
  struct aggregate *a = writer->touched;
  writer->touched = NULL;
  while (a) {
    struct aggregate *next = a->next_touched;
    a->touched = false;
    a->next_touched = NULL;
    if (!committed) {
      cache_drop(&writer->cache, a);
      a = next;
      continue;
    }
    a->stored = true;
    if (a->next_due != a->due) {
      a->due = a->next_due;
      timers_set(&writer->timers, a->id, a->due);
    }
    a = next;
  }
}

/* A store that may have lost what it said it had: nothing more may be answered from it. */
static void stop_if_broken(struct writer *writer, const struct error *error)
{
  if (!db_is_broken(writer->db))
    return;
  log_error("the store is broken: stopping without answering; start again to recover", error);
  _exit(70);
}

/* error NULL: it has not failed, whatever came of an earlier try. */
static void settle(struct request *r, const struct error *error)
{
  free(r->error);
  r->error = NULL;
  if (!error)
    return;
  r->error = malloc(sizeof *r->error);
  if (!r->error)
    abort();
  *r->error = *error;
}

/* A request is small: it goes from thread to thread, and hardly any needs room for an error. */
static int run_one(struct writer *writer, struct request *r, struct error *error)
{
  int bad = r->op ? r->op(writer, r->argument, error) : command_run(writer, r, error);
  settle(r, bad ? error : NULL);
  if (r->op && bad)
    return -2;
  return bad;
}

static int commit(struct writer *writer, struct error *error)
{
  int64_t from = monotonic_us();
  int bad = db_commit(writer->db, error);
  writer->commit_us += monotonic_us() - from;
  return bad;
}

/* Everything in one transaction. 0 committed; -1 rolled back with *error, nothing has happened. */
static int try_group(struct writer *writer, struct request *first, struct error *error)
{
  int64_t seq_before = writer->engine->last_seq;
  int bad = db_begin(writer->db, error);
  for (struct request *r = first; r && !bad; r = r->next)
    bad = run_one(writer, r, error) == -2 ? -1 : 0;
  bad = bad || save_touched(writer, error) || series_save(writer, error) || commit(writer, error);
  if (bad) {
    stop_if_broken(writer, error);
    db_rollback(writer->db);
    writer->engine->last_seq = seq_before;
    series_rollback(writer->engine);
  } else {
    series_commit(writer->engine);
  }
  erasure_settle(writer->engine, !bad);
  settle_touched(writer, !bad);
  arena_reset(&writer->group);
  return bad ? -1 : 0;
}

static void fail_all(struct request *first, const struct error *error)
{
  for (struct request *r = first; r; r = r->next)
    settle(r, error);
}

/*
 * A group that fails for one member's sake (a projection against a constraint) is done again one by one, so that the others
 * do not suffer; a store that is full or away refuses them all.
 */
static void run_group(struct writer *writer, struct request *first)
{
  struct error error = {0};
  if (try_group(writer, first, &error) == 0)
    return;
  if (error.code == ERROR_BUSY || !first->next) {
    fail_all(first, &error);
    return;
  }
  for (struct request *r = first; r; r = r->next) {
    struct request *next = r->next;
    r->next = NULL;
    if (try_group(writer, r, &error))
      fail_all(r, &error);
    r->next = next;
  }
}

static void publish(struct engine *engine)
{
  pthread_mutex_lock(&engine->lock);
  if (engine->committed != engine->last_seq) {
    engine->committed = engine->last_seq;
    engine->outbox_filled = true;
    pthread_cond_broadcast(&engine->changed);
    if (engine->sealer_idle)
      pthread_cond_signal(&engine->seal_due);
    engine->sealer_idle = false;
  }
  pthread_mutex_unlock(&engine->lock);
}

static void answer(struct writer *writer, struct request *first)
{
  for (struct request *r = first, *next; r; r = next) {
    next = r->next;
    atomic_fetch_add(&writer->engine->commands, 1);
    struct error *error = r->error;
    if (error)
      atomic_fetch_add(&writer->engine->refused, 1);
    if (r->wake) {
      if (error)
        log_error("a deadline could not be handled", error);
      reschedule(writer, r->command.id);
      free(r);
    } else if (r->done) {
      r->done(r->context, &r->outcome, error); /* the request is the caller's again */
    }
    free(error);
  }
}

/* What the group will need is read before its transaction begins, so that nothing waits on the store inside it. */
static void load_ahead(struct writer *writer, struct request *first)
{
  struct error error = {0};
  struct aggregate *a;
  for (struct request *r = first; r; r = r->next)
    if (!r->op && r->command.id > 0)
      (void)cache_get(writer, r->command.id, &a, &error); /* what fails here fails again, and is told, in command_run() */
}

static int64_t next_look(struct writer *writer)
{
  struct timer timer;
  int64_t wait = SECOND_MS; /* the wall clock may jump: look at it at least each second */
  if (timers_next(&writer->timers, &timer)) {
    int64_t left = timer.due - engine_now(writer->engine);
    wait = left < 0 ? 0 : left < wait ? left : wait;
  }
  return monotonic_us() + wait * 1000;
}

/*
 * Whoever asks is told at once when the answer would come late: the queue takes as many as are done in the time that one may
 * wait, at the pace of the last groups. A few are taken in any case: they fit in the next group, and people come in flocks.
 */
static void admit(struct writer *writer)
{
  const struct engine_options *o = &writer->engine->options;
  if (o->wait_ms < 0)
    return;
  size_t limit = tempo_limit(&writer->tempo, o->group_max, (int64_t)o->wait_ms * 1000);
  size_t least = o->group_max < ROOM_LEAST ? o->group_max : ROOM_LEAST;
  limit = limit < least ? least : limit;
  queue_limit(&writer->queue, limit < o->queue_max ? limit : o->queue_max);
}

static void serve(struct writer *writer, struct request *first)
{
  int64_t from = monotonic_us();
  size_t n = 0;
  for (const struct request *r = first; r; r = r->next)
    n++;
  writer->commit_us = 0;
  load_ahead(writer, first);
  run_group(writer, first);
  atomic_fetch_add(&writer->engine->groups, 1);
  erasure_scrub(writer);
  publish(writer->engine);
  answer(writer, first);
  cache_trim(&writer->cache);
  tempo_note(&writer->tempo, n, monotonic_us() - from - writer->commit_us, writer->commit_us);
  admit(writer);
}

void *writer_main(void *argument)
{
  struct writer *writer = argument;
  for (;;) {
    bool closed;
    int64_t from = monotonic_us();
    struct request *asked = queue_take(&writer->queue, writer->engine->options.group_max, next_look(writer), &closed);
    atomic_fetch_add(&writer->engine->idle_us, monotonic_us() - from);
    struct request *first = due_wakes(writer), **last = &first;
    while (*last)
      last = &(*last)->next;
    *last = asked;
    if (!first && closed)
      return NULL;
    if (!first) {
      erasure_scrub(writer);
      continue;
    }
    serve(writer, first);
  }
}
