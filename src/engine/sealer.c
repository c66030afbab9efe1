#include "engine/sealer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "base/log.h"
#include "engine/publish.h"

#define BITE 1024 /* leaves at once while commands wait */
#define RETRY_MS 1000
#define FOLLOW_MS 200 /* how often one that does not lead looks how far the ledger is */
#define DEBT_PART 50  /* under full load the ledger gets this part of all time */

static const struct sql last_checkpoint = {"SELECT size, edge FROM checkpoints ORDER BY size DESC LIMIT 1"};
static const struct sql insert_leaf = {"INSERT INTO leaves (seq, hash, entry) VALUES ($1, $2, $3)"};
static const struct sql insert_checkpoint = {"INSERT INTO checkpoints (size, at, note, edge) VALUES ($1, $2, $3, $4)"};
static const struct sql insert_key = {
    "INSERT INTO ledger_keys (name, vkey, since) VALUES ($1, $2, $3) ON CONFLICT (vkey) DO NOTHING"};

/* ---- keys ---- */

struct department_context {
  struct engine *engine;
  struct sealer *sealer;
};

/* One that is open already: that very key, or any of the name. */
static struct signer *open_signer(const struct sealer *s, const char *name, const char *vkey)
{
  for (size_t i = 0; i < s->department_count; i++)
    if (strcmp(vkey ? signer_vkey(s->departments[i]) : signer_name(s->departments[i]), vkey ? vkey : name) == 0)
      return s->departments[i];
  return NULL;
}

/* The signer that the table of keys names; a key of a department it does not know yet is made. */
static int open_department(struct engine *engine, const char *department, const char *name, const struct ledger_key *key,
                           struct signer **ret, struct error *error)
{
  const char *file = key->file && *key->file ? key->file : department;
  struct signer *signer;
  if (signer_open(engine->options.key_dir, file, name, !key->vkey, &signer, error))
    return -1;
  if (key->vkey && strcmp(signer_vkey(signer), key->vkey) != 0) {
    signer_free(signer);
    return error_set(error, ERROR_INTERNAL, "key-differs", "密钥文件 %s.key 不是登记的密钥",
                     "The key file %s.key is not the key that is registered", file);
  }
  *ret = signer;
  return 0;
}

/* The department's signer for the batch that comes next; the log's name is the origin, a department's «origin/department». */
static const struct signer *department_signer(void *context, const char *department, struct error *error)
{
  const struct department_context *c = context;
  struct sealer *s = c->sealer;
  char name[NOTE_NAME_MAX + 1];
  struct arena arena = {0};
  struct ledger_key key;
  (void)snprintf(name, sizeof name, "%s/%s", c->engine->options.origin, department);
  if (key_in_use(s->keys, &arena, name, s->edge.size + 1, &key, error)) {
    arena_release(&arena);
    return NULL;
  }
  struct signer *signer = open_signer(s, name, key.vkey);
  int bad = signer ? 0 : open_department(c->engine, department, name, &key, &signer, error);
  bool fresh = !bad && !open_signer(s, name, signer_vkey(signer));
  arena_release(&arena);
  if (bad || !fresh)
    return bad ? NULL : signer;
  if (s->department_count == s->department_cap) {
    s->department_cap = s->department_cap ? 2 * s->department_cap : 16;
    s->departments = realloc(s->departments, s->department_cap * sizeof(struct signer *));
    if (!s->departments)
      abort();
  }
  return s->departments[s->department_count++] = signer;
}

/* One of the log's further keys, where its file is there (or is to be made). */
static int open_further_key(struct engine *engine, struct sealer *s, const char *file, enum note_algorithm algorithm, bool create,
                            struct error *error)
{
  struct error why = {0};
  if (signer_open_as(engine->options.key_dir, file, engine->options.origin, algorithm, create, &s->log[s->log_count], &why) == 0) {
    s->log_count++;
    return 0;
  }
  if (why.name && strcmp(why.name, "no-key") == 0)
    return 0;
  *error = why;
  return -1;
}

static int open_log_keys(struct engine *engine, struct sealer *s, struct error *error)
{
  const struct engine_options *o = &engine->options;
  if (signer_open(o->key_dir, "log", o->origin, true, &s->log[0], error))
    return -1;
  s->log_count = 1;
  return open_further_key(engine, s, "log.next", NOTE_ED25519, false, error) ||
                 open_further_key(engine, s, "log-sm2", NOTE_SM2, o->sm2, error)
             ? -1
             : 0;
}

/* On the connection that no reading thread uses. */
static int read_edge(struct sealer *s, struct error *error)
{
  struct rows rows;
  bool right = true;
  struct merkle_edge edge = {0};
  if (db_query(s->keys, &last_checkpoint, NULL, 0, &rows, error))
    return -1;
  if (rows_next(&rows))
    right = merkle_edge_read(rows_int(&rows, 0), rows_span(&rows, 1), &edge);
  if (rows_close(&rows, error))
    return -1;
  if (right)
    s->edge = edge;
  return right ? 0 : error_set(error, ERROR_INTERNAL, "broken-ledger", "最后一个检查点已损坏", "The last checkpoint is damaged");
}

int sealer_open(struct engine *engine, struct sealer *ret, struct error *error)
{
  *ret = (struct sealer){0};
  if (open_log_keys(engine, ret, error) || store_connect(engine->store, DB_READ, &ret->db, error) ||
      store_connect(engine->store, DB_READ, &ret->keys, error) || read_edge(ret, error)) {
    sealer_close(ret);
    return -1;
  }
  return 0;
}

void sealer_close(struct sealer *s)
{
  ahead_close(&s->ahead);
  batch_release(&s->last);
  if (s->db)
    db_close(s->db);
  if (s->keys)
    db_close(s->keys);
  for (size_t i = 0; i < s->department_count; i++)
    signer_free(s->departments[i]);
  free(s->departments);
  for (size_t i = 0; i < s->log_count; i++)
    signer_free(s->log[i]);
  *s = (struct sealer){0};
}

struct span sealer_note(const struct sealer *s, struct arena *arena, const struct checkpoint *checkpoint)
{
  struct span text = checkpoint_text(arena, checkpoint), note = note_sign(arena, text, s->log[0]);
  for (size_t i = 1; i < s->log_count; i++) {
    struct span line = note_line(arena, text, s->log[i]);
    note = span_of(arena_printf(arena, "%.*s%.*s", (int)note.n, note.p, (int)line.n, line.p));
  }
  return note;
}

/* ---- one batch ---- */

struct writing {
  const struct sealer *sealer;
  const struct batch *batch;
  const struct merkle_edge *edge; /* after the batch */
  struct span note;
  int64_t took_us; /* of the writer's time */
};

static int write_keys(const struct sealer *s, struct db *db, moment now, struct error *error)
{
  int bad = 0;
  for (size_t i = 0; !bad && i < s->log_count; i++)
    bad = DB_EXEC(db, &insert_key, error, V_STR(signer_name(s->log[i])), V_STR(signer_vkey(s->log[i])), V_INT(now));
  for (size_t i = 0; !bad && i < s->department_count; i++)
    bad = DB_EXEC(db, &insert_key, error, V_STR(signer_name(s->departments[i])), V_STR(signer_vkey(s->departments[i])), V_INT(now));
  return bad;
}

/* Runs on the writer: leaves and checkpoint stand or fall together, so no tree is ever signed that is not stored. */
static int write_batch(struct writer *writer, void *argument, struct error *error)
{
  struct engine *engine = writer->engine;
  struct db *db = writer->db;
  struct writing *w = argument;
  const struct batch *b = w->batch;
  if (!atomic_load(&engine->leads))
    return error_set(error, ERROR_BUSY, "not-leading", "另一个节点正在封存账本", "Another node seals the ledger");
  moment now = engine_now(engine);
  int64_t start = monotonic_us();
  for (size_t i = 0; i < b->n; i++)
    if (DB_EXEC(db, &insert_leaf, error, V_INT(b->first + (int64_t)i), V_BYTES(b->list[i].hash.b, DIGEST_BYTES),
                V_BYTES(b->list[i].entry.p, b->list[i].entry.n)))
      return -1;
  struct span edge = merkle_edge_bytes(w->edge);
  if (DB_EXEC(db, &insert_checkpoint, error, V_INT(w->edge->size), V_INT(now), V_TEXT(w->note), V_BYTES(edge.p, edge.n)) ||
      write_keys(w->sealer, db, now, error))
    return -1;
  w->took_us = monotonic_us() - start;
  atomic_fetch_add(&engine->sealing_us, w->took_us);
  return 0;
}

static int store_batch(struct engine *engine, struct sealer *s, struct batch *b, struct error *error)
{
  struct merkle_edge edge = s->edge;
  for (size_t i = 0; i < b->n; i++)
    merkle_append(&edge, b->list[i].hash);
  const struct checkpoint checkpoint = {span_of(engine->options.origin), edge.size, merkle_root(&edge)};
  struct writing w = {.sealer = s, .batch = b, .edge = &edge, .note = sealer_note(s, &b->arena, &checkpoint)};
  if (engine_ask(engine, write_batch, &w, error)) {
    struct error why = {0};
    (void)read_edge(s, &why); /* where it is not known whether the batch stands, the store says */
    return -1;
  }
  s->edge = edge;
  s->pace.debt_us += w.took_us;
  return 0;
}

static size_t bite(struct engine *engine)
{
  return commands_waiting(engine) > 0 ? BITE : BATCH_MAX;
}

static int64_t committed(struct engine *engine)
{
  pthread_mutex_lock(&engine->lock);
  int64_t n = engine->committed;
  pthread_mutex_unlock(&engine->lock);
  return n;
}

static int seal_batch(struct engine *engine, struct sealer *s, struct error *error)
{
  struct batch b;
  struct department_context context = {engine, s};
  int64_t start = thread_us();
  if (ahead_take(&s->ahead, s->edge.size, bite(engine), &b, error))
    return -1;
  bool more = b.n && committed(engine) > s->edge.size + (int64_t)b.n;
  if (more)
    ahead_ask(&s->ahead, s->edge.size + (int64_t)b.n, bite(engine));
  int bad = batch_sign(&b, &s->last, department_signer, &context, error);
  if (!bad && b.n)
    bad = store_batch(engine, s, &b, error);
  s->pace.debt_us += (b.cost_us + thread_us() - start) / s->pace.processors;
  batch_release(&s->last);
  if (!bad && more)
    s->last = b;
  else
    batch_release(&b);
  return bad;
}

/* ---- the thread ---- */

static void sleep_until(struct engine *engine, int64_t until_us)
{
  struct timespec ts = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
  (void)pthread_cond_timedwait(&engine->seal_due, &engine->lock, &ts);
}

/* Somebody waits for the checkpoint, or the engine stops: now. */
static bool in_a_hurry(const struct engine *engine)
{
  return engine->seal_wanted || atomic_load(&engine->stopping);
}

/*
 * What the writer spent on storing leaves, and what reading, hashing and signing them took of all processors (senders and
 * readers want those), is paid back by the time the writer is idle, and by a small part of all time; while anything is
 * owed, no more is sealed. So a city at its usual work is sealed at once, and a writer at its limit loses
 * little; what is left over then is caught up with later. The lock is held.
 */
static void pace_wait(struct engine *engine, struct pace *pace)
{
  for (;;) {
    int64_t now = monotonic_us(), idle = atomic_load(&engine->idle_us);
    pace->debt_us -= (now - pace->at_us) / DEBT_PART + (idle - pace->idle_us);
    pace->debt_us = pace->debt_us > 0 ? pace->debt_us : 0;
    pace->at_us = now;
    pace->idle_us = idle;
    if (pace->debt_us == 0 || in_a_hurry(engine) || !atomic_load(&engine->leads))
      return;
    int64_t wait = pace->debt_us < 1000 ? 1000 : pace->debt_us < 20000 ? pace->debt_us : 20000;
    sleep_until(engine, now + wait);
  }
}

/* Waits for something to seal, then lets a little more of it come. False: the engine stops and all is sealed. */
static bool wait_for_work(struct engine *engine, struct pace *pace, bool behind)
{
  pthread_mutex_lock(&engine->lock);
  while (engine->committed <= engine->sealed && !engine->stopping && atomic_load(&engine->leads)) {
    engine->sealer_idle = true;
    pthread_cond_wait(&engine->seal_due, &engine->lock);
  }
  engine->sealer_idle = false;
  int64_t until = monotonic_us() + (int64_t)engine->options.seal_ms * 1000;
  while (!behind && !in_a_hurry(engine) && monotonic_us() < until && atomic_load(&engine->leads))
    sleep_until(engine, until);
  pace_wait(engine, pace);
  bool work = engine->committed > engine->sealed;
  pthread_mutex_unlock(&engine->lock);
  return work;
}

static void tell_sealed(struct engine *engine, int64_t sealed, const struct error *error)
{
  pthread_mutex_lock(&engine->lock);
  engine->sealed = sealed;
  engine->sealer_failed = error != NULL;
  if (error)
    engine->seal_error = *error;
  pthread_cond_broadcast(&engine->sealed_more);
  if (error && !engine->stopping)
    sleep_until(engine, monotonic_us() + (int64_t)RETRY_MS * 1000);
  pthread_mutex_unlock(&engine->lock);
}

/* ---- leading and following ---- */

/* Another process led until now: the ledger is as far as the store says. */
static int begin_duty(struct engine *engine, struct sealer *s, struct error *error)
{
  if (read_edge(s, error))
    return -1;
  batch_release(&s->last);
  if (engine->options.log_dir && publisher_open(engine, &engine->publishing, error))
    return -1;
  if (engine->publishing) {
    if (pthread_create(&engine->publisher, NULL, publisher_main, engine) != 0)
      abort();
    engine->publisher_on = true;
  }
  s->on_duty = true;
  log_line("info", "this node seals and publishes now", NULL);
  return 0;
}

static void end_duty(struct engine *engine, struct sealer *s)
{
  if (engine->publisher_on)
    pthread_join(engine->publisher, NULL); /* it sees by itself that it does not lead */
  engine->publisher_on = false;
  pthread_mutex_lock(&engine->lock);
  engine->log.witness_count = 0;
  pthread_mutex_unlock(&engine->lock);
  publisher_close(engine->publishing);
  engine->publishing = NULL;
  s->on_duty = false;
  log_line("info", "another node seals and publishes now", NULL);
}

/* How far the process that leads has come. */
static void follow(struct engine *engine, struct sealer *s)
{
  struct error error = {0};
  struct arena arena = {0};
  struct engine_published out = {0};
  bool failed = read_edge(s, &error) || engine_published(s->keys, &arena, &out, &error);
  if (!failed) {
    pthread_mutex_lock(&engine->lock);
    engine->log.on = engine->options.log_dir != NULL;
    engine->log.size = out.size;
    engine->log.at = out.at;
    pthread_mutex_unlock(&engine->lock);
  }
  arena_release(&arena);
  tell_sealed(engine, failed ? engine->sealed : s->edge.size, failed ? &error : NULL);
  pthread_mutex_lock(&engine->lock);
  if (!engine->stopping && !failed)
    sleep_until(engine, monotonic_us() + (int64_t)FOLLOW_MS * 1000);
  pthread_mutex_unlock(&engine->lock);
}

/* False: the engine stops, and all is sealed that this process has to seal. */
static bool lead(struct engine *engine, struct sealer *s)
{
  struct error error = {0};
  if (!wait_for_work(engine, &s->pace, s->ahead.asked))
    return !atomic_load(&engine->stopping);
  bool failed = seal_batch(engine, s, &error) != 0;
  if (failed)
    log_error("events could not be sealed", &error);
  tell_sealed(engine, s->edge.size, failed ? &error : NULL);
  return !failed || !atomic_load(&engine->stopping);
}

void *sealer_main(void *argument)
{
  struct engine *engine = argument;
  struct sealer *s = engine->sealing;
  run_behind_others();
  s->pace.processors = get_nprocs();
  ahead_open(&s->ahead, s->db, engine->options.kinds);
  for (bool on = true; on;) {
    struct error error = {0};
    bool leads = atomic_load(&engine->leads);
    if (leads && !s->on_duty && begin_duty(engine, s, &error)) {
      log_error("this node cannot seal", &error);
      tell_sealed(engine, s->edge.size, &error);
      on = !atomic_load(&engine->stopping);
    } else if (leads) {
      on = lead(engine, s);
    } else {
      if (s->on_duty)
        end_duty(engine, s);
      follow(engine, s);
      on = !atomic_load(&engine->stopping);
    }
  }
  return NULL;
}
