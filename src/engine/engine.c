#include "engine/engine.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "engine/publish.h"

#define QUEUE_MAX 8192
#define WAIT_MS 50
#define GROUP_MAX 1024
#define CACHE_BYTES ((size_t)48 * 1024 * 1024)
#define SEAL_MS 500
#define WRITERS 2

moment engine_now(struct engine *engine)
{
  return engine->options.clock ? engine->options.clock(engine->options.context) : moment_now();
}

static void draw(struct engine *engine, void *out, size_t n)
{
  if (engine->options.random)
    engine->options.random(engine->options.context, out, n);
  else
    random_bytes(out, n);
}

void writer_random(struct writer *writer, void *out, size_t n)
{
  if (writer->pool_left < n) {
    draw(writer->engine, writer->pool, sizeof writer->pool);
    writer->pool_left = sizeof writer->pool;
  }
  writer->pool_left -= n;
  unsigned char *from = writer->pool + writer->pool_left;
  memcpy(out, from, n);
  explicit_bzero(from, n);
}

/* ---- open and close ---- */

static void set_defaults(struct engine_options *o)
{
  static const struct outlet none[] = {{0}};
  o->queue_max = o->queue_max ? o->queue_max : QUEUE_MAX;
  o->wait_ms = o->wait_ms ? o->wait_ms : WAIT_MS;
  o->group_max = o->group_max ? o->group_max : GROUP_MAX;
  o->cache_bytes = o->cache_bytes ? o->cache_bytes : CACHE_BYTES;
  o->seal_ms = o->seal_ms ? o->seal_ms : SEAL_MS;
  o->outlets = o->outlets ? o->outlets : none;
}

/* Until the writer knows its pace, what fits in one group. */
static size_t first_limit(const struct engine_options *o)
{
  return o->wait_ms < 0 || o->queue_max < o->group_max ? o->queue_max : o->group_max;
}

static int start_sealer(struct engine *engine, struct error *error)
{
  if (engine->options.seal_ms < 0)
    return 0;
  engine->sealing = calloc(1, sizeof *engine->sealing);
  if (!engine->sealing)
    abort();
  if (sealer_open(engine, engine->sealing, error))
    return -1;
  engine->sealed = engine->sealing->edge.size;
  if (!atomic_load(&engine->leads)) /* others write while we look */
    return 0;
  engine->sealing->on_duty = true;
  if (engine->sealed > engine->last_seq)
    return error_set(error, ERROR_INTERNAL, "broken-ledger", "账本比记录新（%lld 对 %lld）：存储可能是从旧备份恢复的",
                     "The ledger is ahead of the records (%lld against %lld): events have been removed from the store",
                     (long long)engine->sealed, (long long)engine->last_seq);
  return engine->options.log_dir ? publisher_open(engine, &engine->publishing, error) : 0;
}

/* The name is what top, perf and a debugger show. */
static void start_thread(pthread_t *thread, bool *ret_on, const char *name, void *(*body)(void *), void *argument)
{
  if (pthread_create(thread, NULL, body, argument) != 0)
    abort();
  (void)pthread_setname_np(*thread, name);
  *ret_on = true;
}

static void start_threads(struct engine *engine)
{
  for (size_t i = 0; i < engine->writer_count; i++)
    start_thread(&engine->writers[i].thread, &engine->writers[i].on, "writer", writer_main, &engine->writers[i]);
  if (engine->sealing)
    start_thread(&engine->sealer, &engine->sealer_on, "sealer", sealer_main, engine);
  if (engine->publishing)
    start_thread(&engine->publisher, &engine->publisher_on, "publisher", publisher_main, engine);
  if (engine->options.outlets->topic)
    start_thread(&engine->delivery, &engine->delivery_on, "delivery", delivery_main, engine);
}

/* PostgreSQL works for several at once, SQLite for one. */
static size_t writers_wanted(const struct engine *engine)
{
  size_t wanted = engine->options.writers ? engine->options.writers : WRITERS;
  return store_is_sqlite(engine->store) ? 1 : wanted;
}

static int open_writers(struct engine *engine, size_t n, struct error *error)
{
  engine->writers = calloc(n, sizeof *engine->writers);
  if (!engine->writers)
    abort();
  engine->writer_count = n;
  for (size_t i = 0; i < n; i++) {
    struct writer *w = &engine->writers[i];
    w->engine = engine;
    w->cache.bytes_max = engine->options.cache_bytes / n;
    queue_init(&w->queue, first_limit(&engine->options));
  }
  for (size_t i = 0; i < n; i++)
    if (store_connect(engine->store, DB_SHARE, &engine->writers[i].db, error))
      return -1;
  return turn_open(engine, error);
}

static void close_writer(struct writer *w)
{
  cache_release(&w->cache);
  timers_release(&w->timers);
  arena_release(&w->group);
  if (w->db)
    db_close(w->db);
  queue_release(&w->queue);
}

struct writer *writer_of(struct engine *engine, int64_t id)
{
  uint64_t mixed = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);
  return &engine->writers[(mixed >> 32) % engine->writer_count];
}

int engine_open(struct store *store, const struct engine_options *options, struct engine **ret, struct error *error)
{
  struct engine *engine = calloc(1, sizeof *engine);
  if (!engine)
    abort();
  engine->store = store;
  engine->erased.fd = -1;
  engine->options = *options;
  set_defaults(&engine->options);
  engine->opened_us = monotonic_us();
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&engine->changed, &attr);
  pthread_cond_init(&engine->seal_due, &attr);
  pthread_cond_init(&engine->sealed_more, &attr);
  pthread_condattr_destroy(&attr);
  pthread_mutex_init(&engine->lock, NULL);
  turn_init(engine);
  if (open_writers(engine, writers_wanted(engine), error) || start_sealer(engine, error) || erasure_open(engine, error)) {
    engine_close(engine);
    return -1;
  }
  start_threads(engine);
  if (atomic_load(&engine->leads) && erasure_again(engine, error)) {
    engine_close(engine);
    return -1;
  }
  *ret = engine;
  return 0;
}

/* Writers answer what is queued, and end. */
static void end_writers(struct engine *engine)
{
  for (size_t i = 0; i < engine->writer_count; i++)
    queue_close(&engine->writers[i].queue);
  for (size_t i = 0; i < engine->writer_count; i++)
    if (engine->writers[i].on)
      pthread_join(engine->writers[i].thread, NULL);
}

/* What was sealed last still goes out. */
static void end_publishing(struct engine *engine)
{
  pthread_mutex_lock(&engine->lock);
  engine->sealing_done = true;
  pthread_cond_broadcast(&engine->sealed_more);
  pthread_mutex_unlock(&engine->lock);
  if (engine->publisher_on)
    pthread_join(engine->publisher, NULL);
}

void engine_close(struct engine *engine)
{
  if (!engine)
    return;
  pthread_mutex_lock(&engine->lock);
  atomic_store(&engine->stopping, true);
  pthread_cond_broadcast(&engine->changed);
  pthread_cond_broadcast(&engine->seal_due);
  pthread_cond_broadcast(&engine->sealed_more);
  pthread_mutex_unlock(&engine->lock);
  if (engine->delivery_on)
    pthread_join(engine->delivery, NULL);
  if (engine->sealer_on)
    pthread_join(engine->sealer, NULL);
  end_publishing(engine);
  end_writers(engine);
  publisher_close(engine->publishing);
  if (engine->sealing)
    sealer_close(engine->sealing);
  free(engine->sealing);
  for (size_t i = 0; i < engine->writer_count; i++)
    close_writer(&engine->writers[i]);
  free(engine->writers);
  turn_close(engine);
  series_release(engine);
  erasure_close(engine);
  pthread_cond_destroy(&engine->changed);
  pthread_cond_destroy(&engine->seal_due);
  pthread_cond_destroy(&engine->sealed_more);
  pthread_mutex_destroy(&engine->lock);
  free(engine);
}

/* ---- asking the writer ---- */

struct waiting {
  struct request request;
  sem_t answered;
  struct outcome outcome;
  struct error error;
  bool failed;
};

static void wake_up(void *context, const struct outcome *outcome, const struct error *error)
{
  struct waiting *w = context;
  w->outcome = *outcome;
  w->failed = error != NULL;
  if (error)
    w->error = *error;
  sem_post(&w->answered);
}

static int push_and_wait(struct writer *writer, struct waiting *w, bool even_if_full, struct error *error)
{
  w->request.done = wake_up;
  w->request.context = w;
  sem_init(&w->answered, 0, 0);
  int bad = queue_push(&writer->queue, &w->request, even_if_full, error);
  if (!bad) {
    while (sem_wait(&w->answered) != 0)
      ; /* a signal */
    bad = w->failed ? -1 : 0;
    if (bad && error)
      *error = w->error;
  }
  sem_destroy(&w->answered);
  return bad;
}

int engine_do(struct engine *engine, const struct command *command, struct outcome *ret, struct error *error)
{
  struct waiting w = {.request = {.command = *command}};
  if (push_and_wait(writer_of(engine, command->id), &w, false, error))
    return -1;
  if (ret)
    *ret = w.outcome;
  return 0;
}

static int ask_writer(struct writer *writer, engine_op *op, void *argument, struct error *error)
{
  struct waiting w = {.request = {.op = op, .argument = argument}};
  return push_and_wait(writer, &w, true, error);
}

int engine_ask(struct engine *engine, engine_op *op, void *argument, struct error *error)
{
  return ask_writer(engine->writers, op, argument, error);
}

struct submitted {
  struct request request;
  engine_done *done;
  void *context;
};

static void pass_on(void *context, const struct outcome *outcome, const struct error *error)
{
  struct submitted *s = context;
  s->done(s->context, outcome, error);
  free(s);
}

int engine_submit(struct engine *engine, const struct command *command, engine_done *done, void *context, struct error *error)
{
  struct submitted *s = calloc(1, sizeof *s);
  if (!s)
    abort();
  *s = (struct submitted){.request = {.command = *command, .done = pass_on, .context = s}, .done = done, .context = context};
  if (queue_push(&writer_of(engine, command->id)->queue, &s->request, false, error)) {
    free(s);
    return -1;
  }
  return 0;
}

static int any_due(struct writer *writer, void *argument, struct error *error)
{
  (void)error;
  struct timer timer;
  bool *due = argument;
  *due = timers_next(&writer->timers, &timer) && timer.due <= engine_now(writer->engine);
  return 0;
}

void engine_wake(struct engine *engine)
{
  /* the writer takes what is due before what was asked, so one answered question means one round of deadlines */
  for (size_t i = 0; i < engine->writer_count; i++) {
    bool due = true;
    while (due && ask_writer(&engine->writers[i], any_due, &due, NULL) == 0)
      ;
  }
}

int64_t commands_waiting(struct engine *engine)
{
  int64_t n = 0;
  for (size_t i = 0; i < engine->writer_count; i++) {
    struct queue *queue = &engine->writers[i].queue;
    pthread_mutex_lock(&queue->lock);
    n += (int64_t)queue->n;
    pthread_mutex_unlock(&queue->lock);
  }
  return n;
}

void engine_set_world(struct engine *engine, const struct world *world)
{
  __atomic_store_n(&engine->options.world, world, __ATOMIC_RELEASE);
  engine_wake(engine); /* what was being decided is answered before this */
}

void engine_stats(struct engine *engine, struct engine_stats *ret)
{
  *ret = (struct engine_stats){.commands = engine->commands,
                               .groups = engine->groups,
                               .refused = engine->refused,
                               .up_us = monotonic_us() - engine->opened_us,
                               .sealing_us = engine->sealing_us};
  pthread_mutex_lock(&engine->lock);
  ret->events = engine->committed;
  ret->sealed = engine->sealed;
  pthread_mutex_unlock(&engine->lock);
  ret->waiting = commands_waiting(engine);
}

bool engine_leads(struct engine *engine)
{
  return atomic_load(&engine->leads);
}

/* ---- ids ---- */

static uint32_t id_start;
static pthread_once_t id_started = PTHREAD_ONCE_INIT;

static void start_ids(void)
{
  random_bytes(&id_start, sizeof id_start);
}

/*
 * 43 bits of milliseconds since 2020 (until 2298), 20 bits that count on from where chance has put them at the start: new
 * aggregates lie side by side in the tables, and a million in one millisecond differ.
 */
int64_t aggregate_id_new(moment now)
{
  static _Atomic uint32_t made;
  const moment epoch = INT64_C(1577836800000);
  (void)pthread_once(&id_started, start_ids);
  int64_t ms = now > epoch ? now - epoch : 0;
  return (ms << 20 | ((id_start + atomic_fetch_add(&made, 1)) & 0xfffff)) + 1;
}

int64_t aggregate_id_from(const char *actor_id, const char *key)
{
  struct span parts[] = {span_of(actor_id), {"\0", 1}, span_of(key)};
  struct digest d = sha256_parts(parts, 3);
  int64_t id = 0;
  for (int i = 0; i < 8; i++)
    id = (int64_t)((uint64_t)id << 8 | d.b[i]);
  id &= INT64_MAX;
  return id ? id : 1;
}
