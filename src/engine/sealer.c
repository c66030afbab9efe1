#include "engine/sealer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

#define BATCH_MAX 2000
#define RETRY_MS 1000

static const struct sql last_checkpoint = {"SELECT size, edge FROM checkpoints ORDER BY size DESC LIMIT 1"};
static const struct sql unsealed = {
    "SELECT e.seq, e.kind, e.aggregate, e.version, e.prev, e.type, e.at, e.actor, e.role, e.agency, e.channel, e.item, e.key, e.body, e.salt,"
    " a.pseudonym, l.hash FROM events e JOIN aggregates a ON a.id = e.aggregate LEFT JOIN leaves l ON l.seq = e.prev"
    " WHERE e.seq > $1 ORDER BY e.seq LIMIT $2"};
static const struct sql insert_leaf = {"INSERT INTO leaves (seq, hash, entry) VALUES ($1, $2, $3)"};
static const struct sql insert_checkpoint = {"INSERT INTO checkpoints (size, at, note, edge) VALUES ($1, $2, $3, $4)"};
static const struct sql insert_key = {
    "INSERT INTO ledger_keys (name, vkey, since) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING"};

/* ---- keys ---- */

/* The department's signer, its key made at first use; the log's name is the origin, a department's «origin/department». */
static struct signer *department_signer(struct engine *engine, struct sealer *s, const char *department, struct error *error)
{
  char name[NOTE_NAME_MAX + 1];
  (void)snprintf(name, sizeof name, "%s/%s", engine->options.origin, department);
  for (size_t i = 0; i < s->department_count; i++)
    if (strcmp(signer_name(s->departments[i]), name) == 0)
      return s->departments[i];
  struct signer *signer;
  if (signer_open(engine->options.key_dir, department, name, true, &signer, error))
    return NULL;
  if (s->department_count == s->department_cap) {
    s->department_cap = s->department_cap ? 2 * s->department_cap : 16;
    s->departments = realloc(s->departments, s->department_cap * sizeof(struct signer *));
    if (!s->departments)
      abort();
  }
  return s->departments[s->department_count++] = signer;
}

static int read_edge(struct sealer *s, struct error *error)
{
  struct rows rows;
  bool right = true;
  if (db_query(s->db, &last_checkpoint, NULL, 0, &rows, error))
    return -1;
  if (rows_next(&rows))
    right = merkle_edge_read(rows_int(&rows, 0), rows_span(&rows, 1), &s->edge);
  if (rows_close(&rows, error))
    return -1;
  return right ? 0 : error_set(error, ERROR_INTERNAL, "broken-ledger", "最后一个检查点已损坏", "The last checkpoint is damaged");
}

int sealer_open(struct engine *engine, struct sealer *ret, struct error *error)
{
  struct sealer s = {0};
  if (signer_open(engine->options.key_dir, "log", engine->options.origin, true, &s.log, error))
    return -1;
  if (store_connect(engine->store, DB_READ, &s.db, error) || read_edge(&s, error)) {
    sealer_close(&s);
    return -1;
  }
  *ret = s;
  return 0;
}

void sealer_close(struct sealer *s)
{
  if (s->db)
    db_close(s->db);
  for (size_t i = 0; i < s->department_count; i++)
    signer_free(s->departments[i]);
  free(s->departments);
  signer_free(s->log);
}

/* ---- one batch ---- */

struct batch {
  struct arena arena;
  struct merkle_edge edge;
  struct span *entries;
  struct digest *hashes;
  size_t n;
  struct span note;
  const struct sealer *sealer;
};

static bool previous_leaf(const struct batch *b, const struct sealer *s, int64_t prev, struct span stored, struct digest *ret)
{
  if (prev > s->edge.size && prev <= s->edge.size + (int64_t)b->n)
    *ret = b->hashes[prev - s->edge.size - 1];
  else if (stored.n == DIGEST_BYTES)
    memcpy(ret->b, stored.p, DIGEST_BYTES);
  else
    return false;
  return true;
}

static int add_leaf(struct engine *engine, struct sealer *s, struct batch *b, struct rows *rows, struct error *error)
{
  struct event event;
  if (event_read(rows, engine->options.kinds, &b->arena, &event, error))
    return -1;
  struct leaf_source source = {.event = &event, .salt = rows_span(rows, 14), .pseudonym = rows_span(rows, 15)};
  int64_t prev = rows_int(rows, 4);
  source.has_prev = prev > 0;
  bool right =
      event.seq == s->edge.size + (int64_t)b->n + 1 && (!prev || previous_leaf(b, s, prev, rows_span(rows, 16), &source.prev));
  struct signer *signer = right ? department_signer(engine, s, event_department(&event), error) : NULL;
  if (signer) {
    struct span entry = leaf_sign(&b->arena, event_leaf_lines(&b->arena, &source), signer);
    b->entries[b->n] = entry;
    b->hashes[b->n] = merkle_leaf(entry);
    merkle_append(&b->edge, b->hashes[b->n]);
    b->n++;
  }
  event_release(&event);
  if (!right)
    return error_set(error, ERROR_INTERNAL, "broken-ledger", "第 %lld 号事件与账本不连续",
                     "Event %lld does not continue the ledger", (long long)event.seq);
  return signer ? 0 : -1;
}

static int collect(struct engine *engine, struct sealer *s, struct batch *b, struct error *error)
{
  struct rows rows;
  int bad = 0;
  b->edge = s->edge;
  b->entries = arena_array(&b->arena, BATCH_MAX, sizeof *b->entries);
  b->hashes = arena_array(&b->arena, BATCH_MAX, sizeof *b->hashes);
  if (DB_QUERY(s->db, &unsealed, &rows, error, V_INT(s->edge.size), V_INT(BATCH_MAX)))
    return -1;
  while (!bad && rows_next(&rows))
    bad = add_leaf(engine, s, b, &rows, error);
  if (rows_close(&rows, bad ? NULL : error))
    bad = -1;
  return bad;
}

static int write_keys(const struct sealer *s, struct db *db, moment now, struct error *error)
{
  if (DB_EXEC(db, &insert_key, error, V_STR(signer_name(s->log)), V_STR(signer_vkey(s->log)), V_INT(now)))
    return -1;
  for (size_t i = 0; i < s->department_count; i++)
    if (DB_EXEC(db, &insert_key, error, V_STR(signer_name(s->departments[i])), V_STR(signer_vkey(s->departments[i])), V_INT(now)))
      return -1;
  return 0;
}

/* Runs on the writer: leaves and checkpoint stand or fall together, so no tree is ever signed that is not stored. */
static int write_batch(struct engine *engine, struct db *db, void *argument, struct error *error)
{
  const struct batch *b = argument;
  moment now = engine_now(engine);
  int64_t first = b->sealer->edge.size + 1;
  for (size_t i = 0; i < b->n; i++)
    if (DB_EXEC(db, &insert_leaf, error, V_INT(first + (int64_t)i), V_BYTES(b->hashes[i].b, DIGEST_BYTES),
                V_BYTES(b->entries[i].p, b->entries[i].n)))
      return -1;
  struct span edge = merkle_edge_bytes(&b->edge);
  if (DB_EXEC(db, &insert_checkpoint, error, V_INT(b->edge.size), V_INT(now), V_TEXT(b->note), V_BYTES(edge.p, edge.n)))
    return -1;
  return write_keys(b->sealer, db, now, error);
}

static int seal_batch(struct engine *engine, struct sealer *s, struct error *error)
{
  struct batch b = {.sealer = s};
  int bad = collect(engine, s, &b, error);
  if (!bad && b.n) {
    struct checkpoint checkpoint = {span_of(engine->options.origin), b.edge.size, merkle_root(&b.edge)};
    b.note = note_sign(&b.arena, checkpoint_text(&b.arena, &checkpoint), s->log);
    bad = engine_ask(engine, write_batch, &b, error);
    if (!bad)
      s->edge = b.edge;
  }
  arena_release(&b.arena);
  return bad;
}

/* ---- the thread ---- */

static void sleep_changed(struct engine *engine, int64_t ms)
{
  int64_t until = monotonic_us() + ms * 1000;
  struct timespec ts = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
  (void)pthread_cond_timedwait(&engine->changed, &engine->lock, &ts);
}

/* Waits for something to seal, then lets a little more of it come. False: the engine stops and all is sealed. */
static bool wait_for_work(struct engine *engine)
{
  pthread_mutex_lock(&engine->lock);
  while (engine->committed <= engine->sealed && !engine->stopping)
    pthread_cond_wait(&engine->changed, &engine->lock);
  int64_t until = monotonic_us() + engine->options.seal_ms * 1000;
  for (int64_t left; !engine->seal_wanted && !engine->stopping && (left = until - monotonic_us()) > 0;)
    sleep_changed(engine, left / 1000 + 1);
  bool work = engine->committed > engine->sealed;
  pthread_mutex_unlock(&engine->lock);
  return work;
}

static void publish(struct engine *engine, int64_t sealed, const struct error *error)
{
  pthread_mutex_lock(&engine->lock);
  engine->sealed = sealed;
  engine->sealer_failed = error != NULL;
  if (error)
    engine->seal_error = *error;
  pthread_cond_broadcast(&engine->changed);
  if (error && !engine->stopping)
    sleep_changed(engine, RETRY_MS);
  pthread_mutex_unlock(&engine->lock);
}

void *sealer_main(void *argument)
{
  struct engine *engine = argument;
  struct sealer *s = engine->sealing;
  while (wait_for_work(engine)) {
    struct error error = {0};
    bool failed = seal_batch(engine, s, &error) != 0;
    if (failed)
      log_error("events could not be sealed", &error);
    publish(engine, s->edge.size, failed ? &error : NULL);
    if (failed && atomic_load(&engine->stopping))
      break;
  }
  return NULL;
}
