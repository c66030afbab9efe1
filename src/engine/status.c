#include "engine/internal.h"

#include <errno.h>
#include <string.h>
#include <time.h>

int engine_seal(struct engine *engine, struct error *error)
{
  int bad = 0;
  pthread_mutex_lock(&engine->lock);
  int64_t want = engine->committed;
  engine->seal_wanted++;
  engine->sealer_failed = false;
  pthread_cond_broadcast(&engine->seal_due);
  while (engine->sealed < want && !engine->sealer_failed && engine->sealer_on)
    pthread_cond_wait(&engine->sealed_more, &engine->lock);
  if (engine->sealed < want && engine->sealer_failed) {
    bad = -1;
    if (error)
      *error = engine->seal_error;
  }
  engine->seal_wanted--;
  pthread_mutex_unlock(&engine->lock);
  return bad;
}

static int not_published(const struct engine_log_status *s, struct error *error)
{
  if (s->error.code != ERROR_OK) {
    if (error)
      *error = s->error;
    return -1;
  }
  if (!s->on)
    return error_set(error, ERROR_NOT_FOUND, "not-published", "本系统没有公布账本的目录",
                     "This system has no directory to publish the ledger in");
  return error_set(error, ERROR_BUSY, "not-published", "检查点尚未公布：还缺 %zu 份见证签名",
                   "The checkpoint is not published yet: %zu cosignatures are missing", s->missing);
}

int engine_publish(struct engine *engine, int wait_ms, struct error *error)
{
  if (engine_seal(engine, error))
    return -1;
  int64_t until = monotonic_us() + (int64_t)wait_ms * 1000;
  struct timespec ts = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
  pthread_mutex_lock(&engine->lock);
  int64_t want = engine->sealed;
  while (engine->log.size < want && (engine->publisher_on || !atomic_load(&engine->leads)) && monotonic_us() < until)
    (void)pthread_cond_timedwait(&engine->sealed_more, &engine->lock, &ts);
  int bad = engine->log.size < want || !engine->log.on ? not_published(&engine->log, error) : 0;
  pthread_mutex_unlock(&engine->lock);
  return bad;
}

void engine_log_status(struct engine *engine, struct arena *arena, struct engine_log_status *ret)
{
  pthread_mutex_lock(&engine->lock);
  *ret = engine->log;
  ret->witnesses = arena_array(arena, ret->witness_count + 1, sizeof *ret->witnesses);
  if (ret->witness_count)
    memcpy(ret->witnesses, engine->log.witnesses, ret->witness_count * sizeof *ret->witnesses);
  pthread_mutex_unlock(&engine->lock);
}

/* ---- from the store ---- */

/* Of the keys that have borne the log's name the one, Ed25519, that has signed the note. */
static int find_vkey(struct db *db, struct arena *arena, struct span text, struct span *ret, struct error *error)
{
  static const struct sql keys = {"SELECT vkey FROM ledger_keys WHERE name = $1 ORDER BY since, vkey"};
  struct rows rows;
  struct span rest = text, origin = {0};
  struct note note;
  (void)span_cut(&rest, '\n', &origin);
  *ret = (struct span){0};
  if (note_parse(arena, text, &note, error) || DB_QUERY(db, &keys, &rows, error, V_TEXT(origin)))
    return -1;
  while (rows_next(&rows)) {
    struct verifier *v;
    if (ret->n || verifier_open(rows_span(&rows, 0), &v, NULL))
      continue;
    if (verifier_algorithm(v) == NOTE_ED25519 && note_signed_by(&note, v, NULL, NULL) == 1)
      *ret = arena_span(arena, rows_span(&rows, 0));
    verifier_free(v);
  }
  return rows_close(&rows, error);
}

int engine_last_checkpoint(struct db *db, struct arena *arena, struct engine_checkpoint *ret, struct error *error)
{
  static const struct sql newest = {"SELECT size, at, note FROM checkpoints ORDER BY size DESC LIMIT 1"};
  struct rows rows;
  struct engine_checkpoint found = {0};
  if (db_query(db, &newest, NULL, 0, &rows, error))
    return -1;
  if (rows_next(&rows))
    found = (struct engine_checkpoint){rows_int(&rows, 0), rows_int(&rows, 1), arena_span(arena, rows_span(&rows, 2)), {0}};
  if (rows_close(&rows, error) || (found.size && find_vkey(db, arena, found.note, &found.vkey, error)))
    return -1;
  *ret = found;
  return 0;
}

int engine_published(struct db *db, struct arena *arena, struct engine_published *ret, struct error *error)
{
  static const struct sql newest = {
      "SELECT size, published_at, published FROM checkpoints WHERE published IS NOT NULL ORDER BY size DESC LIMIT 1"};
  struct rows rows;
  struct engine_published found = {0};
  if (db_query(db, &newest, NULL, 0, &rows, error))
    return -1;
  if (rows_next(&rows))
    found = (struct engine_published){rows_int(&rows, 0), rows_int(&rows, 1), arena_span(arena, rows_span(&rows, 2))};
  if (rows_close(&rows, error))
    return -1;
  *ret = found;
  return 0;
}
