#include "watch/job.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "watch/alarm.h"
#include "watch/registry.h"

#define PERIOD_MS 5000
#define STATE_EVERY_MS 60000
#define STATE_MAX ((size_t)1 << 30)
#define BOOK_MAX ((size_t)16 << 20)
#define RAISED_MAX 100 /* alarms of one look: a log that is all wrong must not drown its supervisor */

struct watch_job {
  struct watch_options options;
  struct db *db;
  struct monitor *monitor;
  struct arena arena;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool on, stop;
  int raised;         /* in this look */
  int64_t saved_ms;   /* when the state was written last */
  int64_t saved_size; /* and what of */
  size_t book_bytes;  /* of the key book as written last */
  bool booked;        /* the key book is read, and published where it is to be */
  struct watch_catalog held;
  bool turning; /* the next leaf is of another catalogue's time */
};

/* ---- one look ---- */

static void found(void *context, const struct anomaly *anomaly)
{
  struct watch_job *job = context;
  struct error error = {0};
  if (job->raised++ < RAISED_MAX && alarm_raise(job->options.engine, anomaly, &error))
    log_error("an alarm could not be raised", &error);
}

static int see_entry(void *context, int64_t index, struct span entry, struct error *error)
{
  struct watch_job *job = context;
  if (index != monitor_size(job->monitor))
    return error_set(error, ERROR_INTERNAL, "broken-ledger", "账本缺少第 %lld 条", "The ledger lacks leaf %lld",
                     (long long)monitor_size(job->monitor));
  job->turning = job->held.next && index + 1 >= job->held.next; /* leaf n is event n + 1 */
  if (job->turning)
    return error_set(error, ERROR_INTERNAL, "other-catalogue", "目录换了版本", "Another catalogue counts from here on");
  monitor_leaf(job->monitor, entry);
  return 0;
}

/* The catalogue of the next leaf's time. */
static int turn_catalog(struct watch_job *job, struct error *error)
{
  const void *before = job->held.owner;
  const struct watch_options *o = &job->options;
  if (!o->lend)
    return 0;
  if (o->lend(o->context, job->db, monitor_size(job->monitor) + 1, &job->held, error))
    return -1;
  if (job->held.owner != before)
    monitor_catalog(job->monitor, job->held.catalog);
  return 0;
}

/* All that are sealed and not seen yet, each with the catalogue of its time. */
static int read_entries(struct watch_job *job, struct error *error)
{
  int bad;
  do {
    job->turning = false;
    bad = turn_catalog(job, error) || engine_entries(job->db, monitor_size(job->monitor), see_entry, job, error) ? -1 : 0;
  } while (bad && job->turning);
  return bad;
}

static int look_at_keys(struct watch_job *job, struct error *error)
{
  struct buf book;
  buf_init(&book, BOOK_MAX);
  int bad = keybook_write(job->db, &book, error);
  if (!bad) {
    monitor_keybook(job->monitor, buf_view(&book));
    if (job->options.log_dir && book.n != job->book_bytes && access(job->options.log_dir, W_OK) == 0) {
      bad = file_write(arena_printf(&job->arena, "%s/keys", job->options.log_dir), buf_view(&book), error);
      job->book_bytes = bad ? SIZE_MAX : book.n;
    }
    job->booked = !job->options.log_dir || book.n == job->book_bytes;
  }
  buf_release(&book);
  return bad;
}

static int save_state(struct watch_job *job, bool now, struct error *error)
{
  int64_t at = monotonic_us() / 1000;
  if (monitor_size(job->monitor) == job->saved_size || (!now && at - job->saved_ms < STATE_EVERY_MS))
    return 0;
  struct buf state;
  buf_init(&state, STATE_MAX);
  monitor_state(job->monitor, &state);
  int bad = file_write(arena_printf(&job->arena, "%s/monitor", job->options.key_dir), buf_view(&state), error);
  buf_release(&state);
  job->saved_ms = at;
  job->saved_size = monitor_size(job->monitor);
  return bad;
}

/*
 * Entries and the newest checkpoint are read in one snapshot, so that they fit. Leaves are stored with their checkpoint, and the
 * key book holds what is sealed: while the ledger is as long as it was, neither says anything new.
 */
static int read_log(struct watch_job *job, struct engine_checkpoint *ret, struct error *error)
{
  if (db_begin(job->db, error))
    return -1;
  int bad = engine_last_checkpoint(job->db, &job->arena, ret, error);
  if (!bad && (!job->booked || ret->size != monitor_size(job->monitor)))
    bad = look_at_keys(job, error) || read_entries(job, error);
  db_rollback(job->db);
  return bad;
}

static void look(struct watch_job *job)
{
  struct error error = {0};
  struct engine_checkpoint checkpoint = {0};
  int64_t before = monitor_size(job->monitor), now = moment_now() / SECOND_MS;
  job->raised = 0;
  if (read_log(job, &checkpoint, &error)) {
    log_error("the monitor could not read the ledger", &error);
  } else {
    if (checkpoint.size && (monitor_size(job->monitor) != before || checkpoint.size != before))
      monitor_checkpoint(job->monitor, checkpoint.note, now);
    monitor_clock(job->monitor, now);
    if (save_state(job, false, &error))
      log_error("the monitor's state could not be kept", &error);
  }
  arena_reset(&job->arena);
}

/* ---- the thread ---- */

static void *job_main(void *argument)
{
  struct watch_job *job = argument;
  pthread_mutex_lock(&job->lock);
  while (!job->stop) {
    pthread_mutex_unlock(&job->lock);
    if (engine_leads(job->options.engine)) /* one monitor for all nodes */
      look(job);
    pthread_mutex_lock(&job->lock);
    int64_t until = monotonic_us() + (int64_t)job->options.period_ms * 1000;
    struct timespec ts = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
    while (!job->stop && monotonic_us() < until)
      (void)pthread_cond_timedwait(&job->changed, &job->lock, &ts);
  }
  pthread_mutex_unlock(&job->lock);
  return NULL;
}

static int open_monitor(struct watch_job *job, struct error *error)
{
  struct ledger_key *keys;
  size_t n;
  struct span state;
  const char *vkey = NULL;
  if (engine_keys(job->db, &job->arena, &keys, &n, error))
    return -1;
  for (size_t i = 0; i < n; i++)
    if (strcmp(keys[i].name, job->options.origin) == 0 && !vkey)
      vkey = keys[i].vkey;
  if (!vkey)
    return error_set(error, ERROR_INTERNAL, "no-key", "账本的密钥还没有登记", "The log's key is not registered yet");
  struct monitor_options options = {.vkey = vkey, .sink = found, .context = job};
  struct error why = {0};
  if (file_read(arena_printf(&job->arena, "%s/monitor", job->options.key_dir), &job->arena, &state, error))
    return -1;
  if (monitor_open(&options, state, &job->monitor, &why) == 0)
    return 0;
  log_error("the monitor begins anew", &why);
  return monitor_open(&options, (struct span){0}, &job->monitor, error);
}

int watch_start(const struct watch_options *options, struct watch_job **ret, struct error *error)
{
  struct watch_job *job = calloc(1, sizeof *job);
  if (!job)
    abort();
  job->options = *options;
  job->options.period_ms = options->period_ms ? options->period_ms : PERIOD_MS;
  job->book_bytes = SIZE_MAX;
  pthread_mutex_init(&job->lock, NULL);
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&job->changed, &attr);
  pthread_condattr_destroy(&attr);
  if (store_connect(options->store, DB_READ, &job->db, error) || open_monitor(job, error)) {
    watch_stop(job);
    return -1;
  }
  job->saved_size = monitor_size(job->monitor);
  if (pthread_create(&job->thread, NULL, job_main, job) != 0)
    abort();
  job->on = true;
  *ret = job;
  return 0;
}

void watch_stop(struct watch_job *job)
{
  struct error error = {0};
  if (!job)
    return;
  pthread_mutex_lock(&job->lock);
  job->stop = true;
  pthread_cond_broadcast(&job->changed);
  pthread_mutex_unlock(&job->lock);
  if (job->on) {
    pthread_join(job->thread, NULL);
    if (save_state(job, true, &error))
      log_error("the monitor's state could not be kept", &error);
  }
  monitor_close(job->monitor);
  if (job->held.owner)
    job->options.give_back(job->options.context, &job->held);
  if (job->db)
    db_close(job->db);
  arena_release(&job->arena);
  pthread_cond_destroy(&job->changed);
  pthread_mutex_destroy(&job->lock);
  free(job);
}
