#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define WAKES_MAX 256
#define ROOM_LEAST 256
#define WAKE_AGAIN (60 * SECOND_MS)
#define TURN_REST_MS 3 /* then the lease is given back */
#define TRIES 8
#define FIND_OUT_US 10000000 /* a database that comes back after so long: its people look for themselves */

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
    return GROUP_PUT(writer, &move_aggregate, error, V_INT(a->id), V_INT(a->version), V_INT(a->head));
  return GROUP_PUT(writer, &add_aggregate, error, V_INT(a->id), V_STR(a->kind->name), V_INT(a->version), V_INT(a->head),
                   V_BYTES(a->pseudonym, sizeof a->pseudonym));
}

static int save_touched(struct writer *writer, struct error *error)
{
  for (struct aggregate *a = writer->touched; a; a = a->next_touched) {
    if (save_aggregate(writer, a, error))
      return -1;
    moment due = a->kind->due ? a->kind->due(a->state) : 0;
    if (due != a->due && due && GROUP_PUT(writer, &save_timer, error, V_INT(a->id), V_INT(due)))
      return -1;
    if (due != a->due && !due && GROUP_PUT(writer, &drop_timer, error, V_INT(a->id)))
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
  if (r->op)
    writer->wrote = true;
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

static bool is(const struct error *error, const char *name)
{
  return error->name && strcmp(error->name, name) == 0;
}

enum group_end {
  GROUP_COMMITTED,
  GROUP_FAILED,  /* rolled back, and *error says why */
  GROUP_AGAIN,   /* rolled back: a group before it failed */
  GROUP_UNKNOWN, /* the connection was lost while it committed */
};

/* Inside: everything is decided, upon the states that the groups before leave. */
static int decide_group(struct writer *writer, struct request *first, struct place *ret, struct error *error)
{
  writer->rows = (struct group_rows){0};
  writer->wrote = false;
  writer->first_seq = 0;
  int bad = db_begin(writer->db, error);
  for (struct request *r = first; r && !bad; r = r->next)
    bad = run_one(writer, r, error) == -2 ? -1 : 0;
  if (bad || save_touched(writer, error))
    return -1;
  series_note(writer);
  writer->erased_to = writer->engine->erased.size;
  turn_number(writer->engine, writer->wrote, ret);
  return 0;
}

/* Outside: the rows go to the store beside those of other writers, and are committed in turn. */
static enum group_end write_group(struct writer *writer, const struct place *place, struct error *error)
{
  if (group_write(writer, error))
    return GROUP_FAILED;
  int64_t from = monotonic_us();
  bool right = turn_wait(writer->engine, place);
  writer->commit_us += monotonic_us() - from;
  if (!right)
    return GROUP_AGAIN;
  if (series_save(writer, error) || (writer->wrote && turn_stamp(writer, place, error)))
    return GROUP_FAILED;
  if (commit(writer, error) == 0)
    return GROUP_COMMITTED;
  return writer->wrote && is(error, "store-unreachable") ? GROUP_UNKNOWN : GROUP_FAILED;
}

/* Everything in one transaction. Inside the turn, which it leaves while the store works. */
static enum group_end try_group(struct writer *writer, struct request *first, struct error *error)
{
  struct engine *engine = writer->engine;
  struct place place = {0};
  enum group_end end = GROUP_FAILED;
  turn_begin(engine);
  bool numbered = decide_group(writer, first, &place, error) == 0;
  if (numbered) {
    turn_leave(engine);
    end = write_group(writer, &place, error);
    turn_enter(engine);
  }
  bool committed = end == GROUP_COMMITTED;
  if (!committed) {
    stop_if_broken(writer, error);
    db_rollback(writer->db);
  } else {
    series_commit(writer);
  }
  if (committed || end == GROUP_UNKNOWN)
    erasure_settle(engine, writer->erased_to); /* of what may stand the line stays */
  turn_end(engine, &place, committed);
  settle_touched(writer, committed);
  return end;
}

static void fail_all(struct request *first, const struct error *error)
{
  for (struct request *r = first; r; r = r->next)
    settle(r, error);
}

static int say_unknown(struct error *error)
{
  return error_set(
      error, ERROR_BUSY, "outcome-unknown", "保存时与数据库的连接中断，尚不知道是否已保存；请先刷新查看，再决定是否重试",
      "The connection to the store broke while this was being saved, and it is not known yet whether it was: look first, "
      "then try again");
}

/* Whether the group stands: its first event is there with its salt. Inside; waits for the store for a while. */
static int find_out(struct writer *writer, bool *ret_stands, struct error *error)
{
  static const struct sql salt_of = {"SELECT salt FROM events WHERE seq = $1"};
  struct rows rows;
  int bad = -1;
  for (int64_t until = monotonic_us() + FIND_OUT_US; bad && monotonic_us() < until;) {
    bad = turn_hold(writer->engine, error);
    if (bad) {
      turn_leave(writer->engine);
      (void)usleep(100000);
      turn_enter(writer->engine);
    }
  }
  if (bad || DB_QUERY(writer->db, &salt_of, &rows, error, V_INT(writer->first_seq)))
    return say_unknown(error);
  *ret_stands = rows_next(&rows) && span_eq(rows_span(&rows, 0), (struct span){(const char *)writer->first_salt, LEAF_SALT_BYTES});
  return rows_close(&rows, error) ? say_unknown(error) : 0;
}

static enum group_end try_until_clear(struct writer *writer, struct request *first, struct error *error)
{
  struct turn *turn = &writer->engine->turn;
  enum group_end end = GROUP_AGAIN;
  for (int tries = 0; tries < TRIES; tries++) {
    bool stands = false;
    arena_reset(&writer->group);
    if (tries && turn_hold(writer->engine, error))
      return GROUP_FAILED;
    int64_t moves = turn->moves;
    end = try_group(writer, first, error);
    if (end == GROUP_COMMITTED || (!turn->db && end == GROUP_FAILED))
      return end;
    if (end == GROUP_UNKNOWN) {
      if (find_out(writer, &stands, error))
        return end;
      if (stands)
        return GROUP_COMMITTED;
    } else if (end == GROUP_FAILED) {
      bool waited = is(error, "store-locked");
      bool lost = is(error, "store-unreachable");
      struct error why = {0};
      if (waited)
        turn_one_by_one(writer->engine);
      if (turn_hold(writer->engine, &why)) {
        *error = why;
        return end;
      }
      if (turn->moves == moves && !waited && !lost)
        return end; /* nobody came between: it is the group's own */
    }
  }
  if (end == GROUP_AGAIN)
    (void)error_set(error, ERROR_BUSY, "store-locked", "数据库正被占用，什么都没有改变；请稍后重试",
                    "The store is in use by somebody else and nothing was changed; try again shortly");
  return GROUP_FAILED;
}

/*
 * A group that fails for one member's sake (a projection against a constraint) is done again one by one, so that the others
 * do not suffer; a store that is full or away refuses them all.
 */
static void run_group(struct writer *writer, struct request *first)
{
  struct error error = {0};
  if (try_until_clear(writer, first, &error) == GROUP_COMMITTED)
    return;
  if (error.code == ERROR_BUSY || !first->next) {
    fail_all(first, &error);
    return;
  }
  for (struct request *r = first; r; r = r->next) {
    struct request *next = r->next;
    r->next = NULL;
    if (turn_hold(writer->engine, &error) || try_until_clear(writer, r, &error) != GROUP_COMMITTED)
      fail_all(r, &error);
    r->next = next;
  }
}

/* Inside: deadlines that were woken stand again. */
static void settle_wakes(struct writer *writer, const struct request *first)
{
  for (const struct request *r = first; r; r = r->next)
    if (r->wake)
      reschedule(writer, r->command.id);
}

static void answer(struct engine *engine, struct request *first)
{
  for (struct request *r = first, *next; r; r = next) {
    next = r->next;
    atomic_fetch_add(&engine->commands, 1);
    struct error *error = r->error;
    if (error)
      atomic_fetch_add(&engine->refused, 1);
    if (r->wake) {
      if (error)
        log_error("a deadline could not be handled", error);
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

/* Inside: when there is something to do that nobody asks for. */
static int64_t next_look(struct writer *writer)
{
  struct timer timer;
  int64_t wait = SECOND_MS; /* the wall clock may jump: look at it at least each second */
  if (timers_next(&writer->timers, &timer)) {
    int64_t left = timer.due - engine_now(writer->engine);
    wait = left < 0 ? 0 : left < wait ? left : wait;
  }
  if (writer->engine->turn.held)
    wait = wait < TURN_REST_MS ? wait : TURN_REST_MS;
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

static bool any_timer_due(struct writer *writer)
{
  struct timer timer;
  return timers_next(&writer->timers, &timer) && timer.due <= engine_now(writer->engine);
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
  tempo_note(&writer->tempo, n, monotonic_us() - from - writer->commit_us, writer->commit_us);
  admit(writer);
}

/* Inside: deadlines that have passed, and what was asked. */
static struct request *begin_group(struct writer *writer, struct request *asked)
{
  struct error error = {0};
  if (!asked && !any_timer_due(writer))
    return NULL;
  if (turn_hold(writer->engine, &error)) {
    fail_all(asked, &error);
    return asked;
  }
  struct request *first = due_wakes(writer), **last = &first;
  while (*last)
    last = &(*last)->next;
  *last = asked;
  if (first)
    serve(writer, first);
  return first;
}

void *writer_main(void *argument)
{
  struct writer *writer = argument;
  struct engine *engine = writer->engine;
  for (;;) {
    bool closed;
    turn_enter(engine);
    int64_t until = next_look(writer);
    turn_leave(engine);
    int64_t from = monotonic_us();
    struct request *asked = queue_take(&writer->queue, engine->options.group_max, until, &closed);
    atomic_fetch_add(&engine->idle_us, monotonic_us() - from);
    turn_enter(engine);
    struct request *first = begin_group(writer, asked);
    settle_wakes(writer, first);
    erasure_scrub(writer);
    cache_trim(&writer->cache);
    if (!first && !closed)
      turn_look(engine);
    turn_rest(engine);
    turn_leave(engine);
    answer(engine, first);
    arena_reset(&writer->group);
    if (!first && closed)
      return NULL;
  }
}
