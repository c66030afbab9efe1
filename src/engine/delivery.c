#include "engine/internal.h"

#include <time.h>

#include "base/log.h"

/* Messages to the outside: at least once, with back-off; the outlet's far end knows a repetition by its delivery id. */

#define PAGE 100
#define RETRY_FIRST SECOND_MS
#define RETRY_MAX HOUR_MS
#define LOOK_MS 1000

static const struct sql due_messages = {
    "SELECT seq, n, body, attempts FROM outbox WHERE topic = $1 AND next <= $2 ORDER BY topic, next LIMIT 100"};
static const struct sql delete_message = {"DELETE FROM outbox WHERE seq = $1 AND n = $2"};
static const struct sql postpone_message = {"UPDATE outbox SET attempts = $3, next = $4 WHERE seq = $1 AND n = $2"};

struct message {
  int64_t seq, n, attempts;
  struct span body;
  bool delivered;
};

struct page {
  struct message list[PAGE];
  size_t n;
  moment now;
};

static int read_page(struct db *db, const char *topic, struct arena *arena, struct page *page, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &due_messages, &rows, error, V_STR(topic), V_INT(page->now)))
    return -1;
  while (page->n < PAGE && rows_next(&rows))
    page->list[page->n++] =
        (struct message){rows_int(&rows, 0), rows_int(&rows, 1), rows_int(&rows, 3), arena_span(arena, rows_span(&rows, 2)), false};
  return rows_close(&rows, error);
}

static moment next_try(moment now, int64_t attempts)
{
  moment wait = attempts < 12 ? RETRY_FIRST << attempts : RETRY_MAX;
  return now + (wait < RETRY_MAX ? wait : RETRY_MAX);
}

static int write_page(struct writer *writer, void *argument, struct error *error)
{
  struct db *db = writer->db;
  const struct page *page = argument;
  for (size_t i = 0; i < page->n; i++) {
    const struct message *m = &page->list[i];
    int bad = m->delivered ? DB_EXEC(db, &delete_message, error, V_INT(m->seq), V_INT(m->n))
                           : DB_EXEC(db, &postpone_message, error, V_INT(m->seq), V_INT(m->n), V_INT(m->attempts + 1),
                                     V_INT(next_try(page->now, m->attempts)));
    if (bad)
      return -1;
  }
  return 0;
}

static bool deliver_page(struct engine *engine, struct db *db, const struct outlet *outlet, struct arena *arena)
{
  struct page page = {.now = engine_now(engine)};
  struct error error = {0};
  if (read_page(db, outlet->topic, arena, &page, &error)) {
    log_error("the outbox could not be read", &error);
    return false;
  }
  size_t delivered = 0;
  for (size_t i = 0; i < page.n && !atomic_load(&engine->stopping); i++) {
    struct message *m = &page.list[i];
    const char *id = arena_printf(arena, "%lld-%lld", (long long)m->seq, (long long)m->n);
    m->delivered = outlet->deliver(outlet->context, id, m->body, &error) == 0;
    delivered += m->delivered;
    if (!m->delivered)
      log_error("a message was not delivered and will be tried again", &error);
  }
  if (page.n && engine_ask(engine, write_page, &page, &error)) {
    log_error("the outbox could not be written", &error);
    return false;
  }
  return delivered == PAGE; /* there may be more at once */
}

static void wait_for_work(struct engine *engine)
{
  int64_t until = monotonic_us() + LOOK_MS * 1000;
  struct timespec ts = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
  pthread_mutex_lock(&engine->lock);
  if (!engine->outbox_filled && !engine->stopping)
    (void)pthread_cond_timedwait(&engine->changed, &engine->lock, &ts);
  engine->outbox_filled = false;
  pthread_mutex_unlock(&engine->lock);
}

void *delivery_main(void *argument)
{
  struct engine *engine = argument;
  struct arena arena = {0};
  struct db *db;
  struct error error = {0};
  if (store_connect(engine->store, DB_READ, &db, &error)) {
    log_error("the delivery of messages could not start", &error);
    return NULL;
  }
  while (!atomic_load(&engine->stopping)) {
    for (const struct outlet *o = engine->options.outlets; o->topic && atomic_load(&engine->leads); o++)
      while (deliver_page(engine, db, o, &arena))
        arena_reset(&arena);
    arena_reset(&arena);
    wait_for_work(engine);
  }
  arena_release(&arena);
  db_close(db);
  return NULL;
}
