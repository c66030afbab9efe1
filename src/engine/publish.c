#include "engine/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define PAGE 4096
#define RETRY_MS 1000

static const struct sql signed_note = {"SELECT note, at FROM checkpoints WHERE size = $1"};
static const struct sql some_leaves = {"SELECT seq, hash, entry FROM leaves WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT 4096"};
static const struct sql set_published = {"UPDATE checkpoints SET published = $2, published_at = $3 WHERE size = $1"};

/* ---- opening ---- */

static int open_verifiers(struct public_log *l, const struct signer *const *keys, size_t n, struct error *error)
{
  for (size_t i = 0; i < n; i++) {
    if (verifier_open(span_of(signer_vkey(keys[i])), &l->verifiers[i], error))
      return -1;
    l->verifier_count++;
  }
  return 0;
}

static int behind(int64_t lock, int64_t store, const char *path, struct error *error)
{
  (void)error_set(
      error, ERROR_CONFLICT, "ledger-behind",
      "存储（账本 %2$lld 条）比已公布的账本（%1$lld 条）旧：存储是从旧备份恢复的。请勿启用；请恢复更新的备份，"
      "或按运维手册“恢复之后”一节另立账本名称",
      "The store (%2$lld entries) is older than the ledger already published (%1$lld): it was restored from an old backup."
      " Do not go on with it: restore a newer backup, or begin a ledger under a new name (see docs/operations.md)",
      (long long)lock, (long long)store);
  return error_at(error, "%s", path);
}

static int forked(int64_t size, const char *path, struct error *error)
{
  (void)error_set(error, ERROR_CONFLICT, "ledger-forked", "存储中第 %lld 条之前的记录与已公布的检查点不一致，不能继续公布",
                  "The store does not agree with the checkpoint of %lld entries that was published: it cannot be gone on with",
                  (long long)size);
  return error_at(error, "%s", path);
}

static int read_signed(struct db *db, int64_t size, struct arena *arena, struct span *ret_note, moment *ret_at, struct error *error)
{
  struct rows rows;
  *ret_note = (struct span){0};
  if (DB_QUERY(db, &signed_note, &rows, error, V_INT(size)))
    return -1;
  if (rows_next(&rows)) {
    *ret_note = arena_span(arena, rows_span(&rows, 0));
    *ret_at = rows_int(&rows, 1);
  }
  return rows_close(&rows, error);
}

/* The checkpoint a note says; its text stands before the first empty line. False where there is none. */
static bool checkpoint_of(struct arena *arena, struct span note, struct checkpoint *ret)
{
  struct note parsed;
  return note_parse(arena, note, &parsed, NULL) == 0 && checkpoint_parse(arena, parsed.text, ret);
}

/* Whatever was let out, by the lock or as DIR/checkpoint, must be in the store. */
static int check_let_out(struct publisher *p, const struct checkpoint *out, const char *path, struct error *error)
{
  int64_t sealed = p->engine->sealing->edge.size;
  struct arena arena = {0};
  struct span note;
  struct checkpoint ours;
  moment at;
  if (out->size == 0)
    return 0;
  if (out->size > sealed)
    return behind(out->size, sealed, path, error);
  int bad = read_signed(p->db, out->size, &arena, &note, &at, error);
  if (!bad && (!checkpoint_of(&arena, note, &ours) || !digest_eq(&ours.root, &out->root)))
    bad = forked(out->size, path, error);
  arena_release(&arena);
  return bad;
}

static int check_directory(struct publisher *p, struct public_log *l, bool compare, struct checkpoint *ret, struct error *error)
{
  struct arena arena = {0};
  struct span note;
  char path[720];
  (void)snprintf(path, sizeof path, "%s/checkpoint", l->dir);
  *ret = (struct checkpoint){0};
  int bad = logdir_checkpoint(l->dir, &arena, &note, error);
  if (!bad && note.n) {
    if (!checkpoint_of(&arena, note, ret))
      bad = error_set(error, ERROR_INTERNAL, "log-broken", "账本目录中的检查点已损坏",
                      "The checkpoint in the ledger's directory is damaged"),
      error_at(error, "%s", path);
    else if (!span_is(ret->origin, verifier_name(l->verifiers[0])))
      bad = error_set(error, ERROR_CONFLICT, "log-other", "账本目录属于另一个账本", "The directory holds another ledger"),
      error_at(error, "%s", path);
    else
      bad = compare ? check_let_out(p, ret, path, error) : 0;
  }
  ret->origin = (struct span){0};
  arena_release(&arena);
  return bad;
}

/* From where the files are surely in place, or else all again from the store. */
static int open_files(struct public_log *l, int64_t size, struct error *error)
{
  struct error why = {0};
  if (logdir_append(l->dir, l->hash, size, &l->files, &why)) {
    bool missing = why.name && strcmp(why.name, "log-unreadable") == 0;
    if (!missing || size == 0 || logdir_append(l->dir, l->hash, 0, &l->files, &why)) {
      *error = why;
      l->files = NULL;
      return -1;
    }
    size = 0;
  }
  l->in_place = size;
  return 0;
}

static int open_log(struct publisher *p, struct public_log *l, const char *lock, const struct signer *const *keys, size_t n,
                    struct error *error)
{
  bool main = l == &p->log;
  struct checkpoint out;
  l->key = keys[0];
  if (open_verifiers(l, keys, n, error) ||
      lock_open(p->engine->options.key_dir, lock, (const struct verifier *const *)l->verifiers, n, &l->lock, error))
    return -1;
  if ((main && check_let_out(p, &l->lock.checkpoint, l->lock.path, error)) || check_directory(p, l, main, &out, error))
    return -1;
  int64_t sealed = p->engine->sealing->edge.size;
  if (l->lock.checkpoint.size > sealed || out.size > sealed)
    return behind(l->lock.checkpoint.size > out.size ? l->lock.checkpoint.size : out.size, sealed, l->lock.path, error);
  l->out = out.size;
  return open_files(l, l->lock.checkpoint.size > out.size ? l->lock.checkpoint.size : out.size, error);
}

static int open_policy(struct publisher *p, struct error *error)
{
  char path[700];
  const struct engine_options *o = &p->engine->options;
  (void)snprintf(path, sizeof path, "%s/policy", o->key_dir);
  if (!o->policy && access(path, F_OK) != 0)
    return 0;
  if (policy_load(o->policy ? o->policy : path, &p->policy, error))
    return -1;
  bool ours = policy_log_count(p->policy) == 0;
  for (size_t i = 0; !ours && i < policy_log_count(p->policy); i++)
    for (size_t k = 0; k < p->log.verifier_count; k++)
      ours = ours || verifier_same_key(policy_log_at(p->policy, i)->key, p->log.verifiers[k]);
  if (!ours)
    return error_set(error, ERROR_BAD_INPUT, "policy-other-log", "见证策略中没有本账本的密钥 %s",
                     "The policy names other logs than this one, whose key is %s", signer_vkey(p->log.key));
  return cosigners_open(p->policy, p->log.lock.checkpoint.size, &p->cosigners, error);
}

static int open_sm3(struct publisher *p, struct error *error)
{
  const struct engine_options *o = &p->engine->options;
  int n = snprintf(p->sm3_origin, sizeof p->sm3_origin, "%s/sm3", o->origin);
  if (n < 0 || (size_t)n >= sizeof p->sm3_origin)
    return error_set(error, ERROR_BAD_INPUT, "bad-key", "账本名称过长", "The ledger's name is too long");
  (void)snprintf(p->sm3.dir, sizeof p->sm3.dir, "%s/sm3", o->log_dir);
  p->sm3.hash = MERKLE_SM3;
  p->with_sm3 = true;
  if (signer_open_as(o->key_dir, "log-sm3", p->sm3_origin, NOTE_SM2, true, &p->sm3_key, error))
    return -1;
  const struct signer *keys[] = {p->sm3_key};
  return open_log(p, &p->sm3, "log-sm3.lock", keys, 1, error);
}

static void init_status(struct publisher *p)
{
  struct engine_log_status *s = &p->engine->log;
  *s = (struct engine_log_status){.on = true, .size = p->log.out};
  s->witness_count = p->cosigners ? cosigners_count(p->cosigners) : 0;
  s->witnesses = calloc(s->witness_count + 1, sizeof *s->witnesses);
  if (!s->witnesses)
    abort();
  for (size_t i = 0; i < s->witness_count; i++)
    s->witnesses[i] = *cosigners_status(p->cosigners, i);
}

int publisher_open(struct engine *engine, struct publisher **ret, struct error *error)
{
  struct publisher *p = calloc(1, sizeof *p);
  if (!p)
    abort();
  const struct engine_options *o = &engine->options;
  p->engine = engine;
  p->empty = engine->sealing->edge.size == 0;
  (void)snprintf(p->log.dir, sizeof p->log.dir, "%s", o->log_dir);
  bool bad =
      store_connect(engine->store, DB_READ, &p->db, error) ||
      open_log(p, &p->log, "log.lock", (const struct signer *const *)engine->sealing->log, engine->sealing->log_count, error) ||
      open_policy(p, error) || (o->sm3_log && open_sm3(p, error));
  if (bad) {
    publisher_close(p);
    return -1;
  }
  init_status(p);
  *ret = p;
  return 0;
}

static void close_log(struct public_log *l)
{
  if (l->files)
    logdir_close(l->files);
  lock_close(&l->lock);
  for (size_t i = 0; i < l->verifier_count; i++)
    verifier_free(l->verifiers[i]);
}

void publisher_close(struct publisher *p)
{
  if (!p)
    return;
  cosigners_close(p->cosigners);
  policy_free(p->policy);
  close_log(&p->log);
  close_log(&p->sm3);
  signer_free(p->sm3_key);
  free(p->engine->log.witnesses);
  p->engine->log.witnesses = NULL;
  if (p->db)
    db_close(p->db);
  free(p);
}

/* ---- tiles ---- */

/* A disk that may have lost what it said it had: the program must stop, as for the store. */
static int stop_if_failed(const struct error *error)
{
  if (error->name && strcmp(error->name, "log-failed") == 0) {
    log_error("the ledger's directory could not be made durable: stopping; start again to recover", error);
    _exit(70);
  }
  return -1;
}

static int add_page(struct publisher *p, struct public_log *l, int64_t *after, int64_t to, struct error *error)
{
  struct rows rows;
  struct digest hash;
  int64_t from = *after;
  int bad = 0;
  if (DB_QUERY(p->db, &some_leaves, &rows, error, V_INT(*after), V_INT(to)))
    return -1;
  while (!bad && rows_next(&rows)) {
    struct span stored = rows_span(&rows, 1);
    bool right = rows_int(&rows, 0) == *after + 1 && stored.n == DIGEST_BYTES;
    if (right)
      memcpy(hash.b, stored.p, DIGEST_BYTES);
    bad = right ? logdir_add(l->files, rows_span(&rows, 2), l->hash == MERKLE_SHA256 ? &hash : NULL, error)
                : error_set(error, ERROR_INTERNAL, "broken-ledger", "账本缺少第 %lld 条", "Entry %lld is missing from the ledger",
                            (long long)*after + 1);
    *after += 1;
  }
  if (rows_close(&rows, bad ? NULL : error))
    bad = -1;
  if (!bad && *after == from)
    return error_set(error, ERROR_INTERNAL, "broken-ledger", "账本缺少第 %lld 条", "Entry %lld is missing from the ledger",
                     (long long)from + 1);
  return bad;
}

/* Who stops the engine does not wait for a directory that is being built anew. */
static int too_much_to_end_with(const struct publisher *p, int64_t left, struct error *error)
{
  if (left <= 100000 || !atomic_load(&p->engine->stopping))
    return 0;
  return error_set(error, ERROR_BUSY, "engine-stopped", "系统正在停机，账本目录将在下次启动后补齐",
                   "The system is shutting down: the ledger's directory is completed after the next start");
}

static int add_leaves(struct publisher *p, struct public_log *l, int64_t to, struct error *error)
{
  int bad = 0;
  for (int64_t after = l->in_place; !bad && after < to;)
    bad = too_much_to_end_with(p, to - after, error) || add_page(p, l, &after, to, error);
  if (!bad && logdir_commit(l->files, error) == 0) {
    l->in_place = to;
    return 0;
  }
  logdir_close(l->files);
  l->files = NULL;
  return -1;
}

/* Tiles of a tree of so many leaves durably in place; its root. */
static int bring_files(struct publisher *p, struct public_log *l, int64_t to, struct digest *ret_root, struct error *error)
{
  if (!l->files && open_files(l, l->in_place, error))
    return stop_if_failed(error);
  if (l->in_place < to && add_leaves(p, l, to, error))
    return stop_if_failed(error);
  struct merkle_edge edge;
  logdir_edge(l->files, &edge);
  *ret_root = merkle_root(&edge);
  return 0;
}

/* ---- publishing ---- */

struct publishing {
  int64_t size;
  struct span note;
  moment at;
};

/* Runs on the writer. */
static int write_published(struct writer *writer, void *argument, struct error *error)
{
  const struct publishing *w = argument;
  return DB_EXEC(writer->db, &set_published, error, V_INT(w->size), V_TEXT(w->note), V_INT(w->at));
}

static void tell_published(struct engine *engine, int64_t size, moment at)
{
  pthread_mutex_lock(&engine->lock);
  engine->log.size = size;
  engine->log.at = at;
  if (engine->log.waiting_size <= size)
    engine->log.waiting_size = engine->log.waiting_since = 0;
  engine->log.missing = 0;
  engine->log.error = (struct error){0};
  pthread_cond_broadcast(&engine->sealed_more);
  pthread_mutex_unlock(&engine->lock);
}

static void tell_waiting(struct publisher *p, int64_t size, moment since, size_t missing, const struct error *error)
{
  struct engine *engine = p->engine;
  pthread_mutex_lock(&engine->lock);
  struct engine_log_status *s = &engine->log;
  s->waiting_size = size;
  s->waiting_since = s->waiting_since ? s->waiting_since : since;
  s->missing = missing;
  s->error = error ? *error : (struct error){0};
  pthread_mutex_unlock(&engine->lock);
}

static void tell_witnesses(struct publisher *p)
{
  pthread_mutex_lock(&p->engine->lock);
  for (size_t i = 0; p->cosigners && i < cosigners_count(p->cosigners); i++)
    p->engine->log.witnesses[i] = *cosigners_status(p->cosigners, i);
  pthread_mutex_unlock(&p->engine->lock);
}

/* The second log follows what the first has published; no witness knows its hash. */
static int publish_sm3(struct publisher *p, int64_t size, struct arena *arena, struct error *error)
{
  struct checkpoint c = {.origin = span_of(p->sm3_origin), .size = size};
  struct public_log *l = &p->sm3;
  if (!p->with_sm3)
    return 0;
  if (l->lock.checkpoint.size > size)
    return 0; /* this checkpoint was out already */
  if (bring_files(p, l, size, &c.root, error))
    return -1;
  struct span note = note_sign(arena, checkpoint_text(arena, &c), p->sm3_key);
  if (lock_move(&l->lock, note, &c, error) || logdir_publish(l->files, note, error))
    return stop_if_failed(error);
  return 0;
}

/* 1: the quorum is missing. */
static int cosign(struct publisher *p, int64_t size, struct arena *arena, struct span *note, size_t *ret_missing,
                  struct error *error)
{
  bool quorum = true;
  *ret_missing = 0;
  if (!p->cosigners)
    return 0;
  struct merkle_reader reader = logdir_reader(p->log.files);
  int bad = cosigners_ask(p->cosigners, &reader, size, arena, note, &quorum, ret_missing, error);
  tell_witnesses(p);
  return bad ? -1 : !quorum;
}

/* A witness that knows another ledger under our name is worse than one that is away. */
static bool witness_disagrees(struct publisher *p, struct error *error)
{
  for (size_t i = 0; i < cosigners_count(p->cosigners); i++) {
    const struct witness_status *w = cosigners_status(p->cosigners, i);
    if (w->answer != WITNESS_AHEAD && w->answer != WITNESS_INCONSISTENT)
      continue;
    (void)error_set(error, ERROR_CONFLICT, "witness-disagrees", "见证方 %s 见过另一份账本（%lld 条）：存储可能是从旧备份恢复的",
                    "The witness %s has seen another ledger under this name (%lld entries): the store may come from an old backup",
                    w->name, (long long)w->size);
    if (!p->disagreement)
      log_error("the ledger is not cosigned", error);
    return p->disagreement = true;
  }
  return p->disagreement = false;
}

/* One checkpoint through all steps. 1: it waits for witnesses. */
static int publish_one(struct publisher *p, int64_t size, struct arena *arena, struct error *error)
{
  struct publishing w = {.size = size};
  struct checkpoint c;
  struct digest root;
  moment since = 0;
  size_t missing;
  if (read_signed(p->db, size, arena, &w.note, &since, error) || bring_files(p, &p->log, size, &root, error))
    return -1;
  if (!checkpoint_of(arena, w.note, &c) || c.size != size || !digest_eq(&root, &c.root))
    return forked(size, p->log.dir, error);
  if (lock_move(&p->log.lock, w.note, &c, error))
    return -1;
  int waits = cosign(p, size, arena, &w.note, &missing, error);
  if (waits) {
    struct error other = {0};
    if (waits > 0)
      tell_waiting(p, size, since, missing, witness_disagrees(p, &other) ? &other : NULL);
    return waits;
  }
  if (logdir_publish(p->log.files, w.note, error))
    return stop_if_failed(error);
  w.at = engine_now(p->engine);
  if (publish_sm3(p, size, arena, error) || engine_ask(p->engine, write_published, &w, error))
    return -1;
  tell_published(p->engine, size, w.at);
  return 0;
}

/* ---- the thread ---- */

/*
 * An empty ledger shows the empty tree, signed and cosigned: so witnesses can begin before there is anything to dispute.
 * It is no checkpoint of the store; where the quorum is missing, the first one that is goes out instead.
 */
static int publish_nothing(struct publisher *p, struct arena *arena, struct error *error)
{
  const struct checkpoint c = {span_of(p->engine->options.origin), 0, merkle_empty_of(MERKLE_SHA256)};
  struct span note = sealer_note(p->engine->sealing, arena, &c);
  size_t missing;
  int waits = cosign(p, 0, arena, &note, &missing, error);
  if (waits)
    return waits < 0 ? -1 : 0;
  return logdir_publish(p->log.files, note, error) ? stop_if_failed(error) : 0;
}

/*
 * What a crash has left: `checkpoint` is replaced before the store hears of it, and files may have been taken away. The
 * status begins with the directory's size.
 */
static int finish_last_time(struct publisher *p, struct arena *arena, struct error *error)
{
  struct engine_published stored;
  struct publishing w = {.size = p->log.out, .at = engine_now(p->engine)};
  struct digest root;
  if (w.size == 0 && p->empty)
    return publish_nothing(p, arena, error);
  if (w.size == 0)
    return 0;
  if (engine_published(p->db, arena, &stored, error))
    return -1;
  if (stored.size >= w.size)
    w.at = stored.at;
  else if (logdir_checkpoint(p->log.dir, arena, &w.note, error) || engine_ask(p->engine, write_published, &w, error))
    return -1;
  pthread_mutex_lock(&p->engine->lock);
  p->engine->log.at = w.at;
  pthread_mutex_unlock(&p->engine->lock);
  return bring_files(p, &p->log, w.size, &root, error);
}

/* Runs on the writer: whoever looks at the ledger's keys finds the second log's among them. */
static int write_sm3_key(struct writer *writer, void *argument, struct error *error)
{
  const struct signer *key = argument;
  return DB_EXEC(writer->db, &engine_key_enters, error, V_STR(signer_name(key)), V_STR(signer_vkey(key)), V_STR("log-sm3"),
                 V_INT(engine_now(writer->engine)), V_INT(0));
}

/* A second log that was asked for later begins at once with what the first has out, not with the next event. */
static int catch_up_sm3(struct publisher *p, struct arena *arena, struct error *error)
{
  if (!p->with_sm3)
    return 0;
  if (engine_ask(p->engine, write_sm3_key, p->sm3_key, error))
    return -1;
  return p->sm3.out < p->log.out ? publish_sm3(p, p->log.out, arena, error) : 0;
}

/* The newest signed checkpoint that is not out. 0: the engine stops. */
static int64_t wait_for_work(struct engine *engine, int64_t waiting)
{
  pthread_mutex_lock(&engine->lock);
  if (waiting && !engine->sealing_done) { /* for witnesses, or after a failure: again a little later */
    int64_t until = monotonic_us() + (int64_t)RETRY_MS * 1000 / 2;
    struct timespec ts = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
    while (engine->sealed == waiting && !engine->sealing_done && monotonic_us() < until && atomic_load(&engine->leads))
      (void)pthread_cond_timedwait(&engine->sealed_more, &engine->lock, &ts);
  }
  while (engine->sealed <= engine->log.size && !engine->sealing_done && atomic_load(&engine->leads))
    pthread_cond_wait(&engine->sealed_more, &engine->lock);
  int64_t size = engine->sealed > engine->log.size ? engine->sealed : 0;
  if (!atomic_load(&engine->leads)) /* another process publishes now */
    size = 0;
  if (engine->sealing_done && waiting == size) /* once more was tried after the last seal */
    size = 0;
  pthread_mutex_unlock(&engine->lock);
  return size;
}

void *publisher_main(void *argument)
{
  struct engine *engine = argument;
  struct publisher *p = engine->publishing;
  struct arena arena = {0};
  run_behind_others();
  int64_t waiting = 0;
  struct error first = {0};
  if (finish_last_time(p, &arena, &first) || catch_up_sm3(p, &arena, &first))
    log_error("the ledger's directory could not be completed", &first);
  for (int64_t size; (size = wait_for_work(engine, waiting)) != 0;) {
    struct error error = {0};
    int result = publish_one(p, size, &arena, &error);
    waiting = result ? size : 0;
    if (result < 0) {
      log_error("the ledger could not be published", &error);
      tell_waiting(p, size, engine_now(engine), 0, &error);
    }
    arena_reset(&arena);
  }
  arena_release(&arena);
  return NULL;
}
