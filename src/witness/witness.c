#include "witness/witness.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "ledger/cosign.h"
#include "witness/internal.h"

#define HASH_HEX (2 * DIGEST_BYTES + 1)

/* One log and the newest checkpoint we cosigned of it. */
struct watched {
  char origin[NOTE_NAME_MAX + 1];
  char hash[HASH_HEX]; /* hex SHA-256 of the origin: the file's name, and the path it is asked for by */
  enum merkle_hash tree;
  struct trusted trusted;

  pthread_mutex_t turn; /* one request at a time decides: check and persist are one */
  pthread_mutex_t lock; /* for what follows, which only who has the turn changes: readers never wait for a disk or a log */
  int64_t size;         /* 0: none was cosigned */
  struct digest root;
  int64_t at;  /* Unix second of our cosignature */
  char *note;  /* as on disk; NULL: none */
  bool unsure; /* an fsync failed: nobody knows what a crash would leave, so nothing more is signed */
};

struct witness {
  struct witness_options options;
  int lock_fd;
  char *logs_dir;
  struct signer *signer;
  struct verifier *self;
  struct watched *logs;
  size_t logs_n;
};

static void *must(void *p)
{
  if (!p)
    abort();
  return p;
}

/* ---- opening ---- */

static struct watched *find_log(struct witness *w, struct span origin)
{
  for (size_t i = 0; i < w->logs_n; i++)
    if (span_is(origin, w->logs[i].origin))
      return &w->logs[i];
  return NULL;
}

static struct watched *new_log(struct witness *w, const char *origin)
{
  struct watched *log = &w->logs[w->logs_n++];
  (void)strncpy(log->origin, origin, NOTE_NAME_MAX);
  struct digest d = sha256(span_of(origin));
  hex_encode(d.b, DIGEST_BYTES, log->hash);
  log->tree = tree_of(origin);
  pthread_mutex_init(&log->turn, NULL);
  pthread_mutex_init(&log->lock, NULL);
  return log;
}

static int add_key(struct witness *w, const char *vkey, struct error *error)
{
  struct verifier *key;
  if (trusted_key(vkey, &key, error))
    return -1;
  struct watched *log = find_log(w, span_of(verifier_name(key)));
  trusted_add(log ? &log->trusted : &new_log(w, verifier_name(key))->trusted, key);
  return 0;
}

static int add_keys(struct witness *w, struct error *error)
{
  size_t n = 0;
  while (w->options.logs && w->options.logs[n])
    n++;
  w->logs = must(calloc(n ? n : 1, sizeof *w->logs));
  for (size_t i = 0; i < n; i++)
    if (add_key(w, w->options.logs[i], error))
      return -1;
  return 0;
}

static int bad_state(const struct watched *log, struct error *error)
{
  return error_set(error, ERROR_INTERNAL, "bad-state", "账本“%s”的见证状态文件 logs/%s 无法核验：不得继续见证，请查明原因",
                   "The witness's state of the log “%s”, logs/%s, does not verify: find out why before it signs anything more",
                   log->origin, log->hash);
}

/* What we persisted bears our own cosignature: a state that somebody else wrote is not taken for ours. */
static int load_log(const struct witness *w, struct watched *log, struct arena *arena, struct error *error)
{
  struct span bytes;
  struct note note;
  struct checkpoint checkpoint;
  if (state_read(arena, w->logs_dir, log->hash, 2 * (size_t)WITNESS_REQUEST_MAX, &bytes, error))
    return -1;
  if (!bytes.p)
    return 0;
  if (note_parse(arena, bytes, &note, error) || !checkpoint_parse(arena, note.text, &checkpoint) ||
      !span_is(checkpoint.origin, log->origin) || note_signed_by(&note, w->self, &log->at, error) != 1)
    return bad_state(log, error);
  log->size = checkpoint.size;
  log->root = checkpoint.root;
  log->note = must(strndup(bytes.p, bytes.n));
  return 0;
}

static int load_logs(struct witness *w, struct arena *arena, struct error *error)
{
  w->logs_dir = must(strdup(arena_printf(arena, "%s/logs", w->options.state)));
  if (state_dir(w->logs_dir, error))
    return -1;
  for (size_t i = 0; i < w->logs_n; i++)
    if (load_log(w, &w->logs[i], arena, error))
      return -1;
  return 0;
}

int witness_open(const struct witness_options *options, struct witness **ret, struct error *error)
{
  struct arena arena = {0};
  struct witness *w = must(calloc(1, sizeof *w));
  w->options = *options;
  w->lock_fd = -1;
  bool bad = add_keys(w, error) || state_lock(options->state, &w->lock_fd, error) ||
             signer_open_as(options->state, "witness", options->name, NOTE_COSIGNATURE, true, &w->signer, error) ||
             verifier_open(span_of(signer_vkey(w->signer)), &w->self, error) || load_logs(w, &arena, error);
  arena_release(&arena);
  if (bad) {
    witness_close(w);
    return -1;
  }
  *ret = w;
  return 0;
}

void witness_close(struct witness *w)
{
  if (!w)
    return;
  for (size_t i = 0; i < w->logs_n; i++) {
    struct watched *log = &w->logs[i];
    trusted_release(&log->trusted);
    free(log->note);
    pthread_mutex_destroy(&log->turn);
    pthread_mutex_destroy(&log->lock);
  }
  free(w->logs);
  free(w->logs_dir);
  verifier_free(w->self);
  signer_free(w->signer);
  if (w->lock_fd >= 0)
    close(w->lock_fd);
  free(w);
}

const char *witness_vkey(const struct witness *w)
{
  return signer_vkey(w->signer);
}

size_t witness_log_count(const struct witness *w)
{
  return w->logs_n;
}

const char *witness_log_origin(const struct witness *w, size_t i)
{
  return w->logs[i].origin;
}

int64_t witness_log_size(struct witness *w, size_t i)
{
  pthread_mutex_lock(&w->logs[i].lock);
  int64_t size = w->logs[i].size;
  pthread_mutex_unlock(&w->logs[i].lock);
  return size;
}

/* ---- one request ---- */

/* What is being asked, as far as it was read. */
struct ask {
  struct witness *witness;
  struct arena *arena;
  struct witness_request request;
  struct note note;
  struct checkpoint checkpoint;
  bool proved; /* `hold` proves the consistency: there is no old size and no proof */
  moment now;
  struct witness_answer *answer;
};

static int refuse(struct ask *ask, unsigned status)
{
  struct witness_answer *a = ask->answer;
  a->status = status;
  a->body = span_of(arena_printf(ask->arena, "%s\n", a->error.en));
  return -1;
}

static int read_checkpoint(struct ask *ask)
{
  struct error *error = &ask->answer->error;
  if (note_parse(ask->arena, ask->request.note, &ask->note, error))
    return refuse(ask, 400);
  if (!checkpoint_parse(ask->arena, ask->note.text, &ask->checkpoint)) {
    (void)error_set(error, ERROR_BAD_INPUT, "bad-checkpoint", "检查点应恰为三行：名称、大小、根；不接受扩展行",
                    "A checkpoint must be exactly three lines, origin, size and root; extension lines are not taken");
    return refuse(ask, 400);
  }
  ask->answer->origin = ask->checkpoint.origin;
  ask->answer->size = ask->checkpoint.size;
  return 0;
}

static int read_request(struct ask *ask, struct span body)
{
  struct error *error = &ask->answer->error;
  if (body.n > WITNESS_REQUEST_MAX) {
    (void)error_set(error, ERROR_BAD_INPUT, "bad-request", "请求超过 %d 字节", "The request is longer than %d bytes",
                    WITNESS_REQUEST_MAX);
    return refuse(ask, 400);
  }
  if (witness_request_parse(ask->arena, body, &ask->request, error))
    return refuse(ask, 400);
  return read_checkpoint(ask);
}

static int check_signature(struct ask *ask, const struct watched *log)
{
  struct error *error = &ask->answer->error;
  int signed_by = trusted_signed(&log->trusted, &ask->note, error);
  if (signed_by == 0)
    (void)error_set(error, ERROR_FORBIDDEN, "unsigned-note", "检查点没有可信账本密钥的签名",
                    "The checkpoint has no signature of a trusted key of its log");
  return signed_by > 0 ? 0 : refuse(ask, 403);
}

static int conflict(struct ask *ask, const struct watched *log)
{
  struct witness_answer *a = ask->answer;
  (void)error_set(&a->error, ERROR_CONFLICT, "old-size", "旧大小与最近见证的大小 %lld 不符",
                  "The old size is not %lld, which was cosigned last", (long long)log->size);
  a->status = 409;
  a->type = "text/x.tlog.size";
  a->body = span_of(arena_printf(ask->arena, "%lld\n", (long long)log->size));
  return -1;
}

/* In turn. */
static int check_growth(struct ask *ask, const struct watched *log)
{
  const struct checkpoint *c = &ask->checkpoint;
  ask->answer->before = log->size;
  if (ask->proved ? c->size <= log->size : ask->request.old_size != log->size)
    return conflict(ask, log);
  if (ask->proved ||
      merkle_check_growth(log->tree, log->size, c->size, &log->root, &c->root, ask->request.proof, ask->request.proof_n))
    return 0;
  (void)error_set(&ask->answer->error, ERROR_RULE, "not-consistent", "一致性证明不成立：新树不是旧树的延续",
                  "The consistency proof fails: it does not show that the new tree continues the old one");
  return refuse(ask, 422);
}

static int hold(struct ask *ask, const struct watched *log)
{
  const struct witness_options *o = &ask->witness->options;
  struct error *error = &ask->answer->error;
  const struct checkpoint before = {.origin = span_of(log->origin), .size = log->size, .root = log->root};
  if (!o->hold || o->hold(o->context, &before, &ask->checkpoint, ask->request.note, error) == 0)
    return 0;
  return refuse(ask, error->code == ERROR_BUSY ? 503 : error->code == ERROR_RULE ? 422 : 500);
}

/* The checkpoint with the log's lines that we checked, then ours: what is kept and shown. */
static struct span cosigned_note(struct ask *ask, const struct watched *log, struct span ours)
{
  struct buf out;
  buf_init(&out, 2 * (size_t)WITNESS_REQUEST_MAX);
  buf_span(&out, ask->note.text);
  buf_char(&out, '\n');
  for (size_t i = 0; i < ask->note.n; i++)
    if (trusted_line(&log->trusted, &ask->note.lines[i]))
      buf_span(&out, ask->note.lines[i].line);
  buf_span(&out, ours);
  struct span note = arena_span(ask->arena, buf_view(&out));
  buf_release(&out);
  return note;
}

/* A cosignature is made, put on disk with its checkpoint, and only then given away. */
static int persist(struct ask *ask, struct watched *log)
{
  struct witness *w = ask->witness;
  struct witness_answer *a = ask->answer;
  int64_t at = ask->now / SECOND_MS;
  at = at > log->at ? at : log->at;
  struct span line = cosign_line(ask->arena, ask->note.text, w->signer, at), note = cosigned_note(ask, log, line);
  if (state_replace(ask->arena, w->logs_dir, log->hash, note, &a->error)) {
    log->unsure = a->error.code != ERROR_BUSY;
    return refuse(ask, log->unsure ? 500 : 503);
  }
  pthread_mutex_lock(&log->lock);
  free(log->note);
  log->note = must(strndup(note.p, note.n));
  log->size = ask->checkpoint.size;
  log->root = ask->checkpoint.root;
  log->at = at;
  pthread_mutex_unlock(&log->lock);
  a->status = 200;
  a->body = line;
  return 0;
}

static int decide(struct ask *ask, struct watched *log)
{
  if (log->unsure) {
    (void)error_set(&ask->answer->error, ERROR_INTERNAL, "state-io", "上次写状态失败，重启前不再见证",
                    "Writing the state has failed: nothing more is signed before a restart");
    return refuse(ask, 500);
  }
  if (check_growth(ask, log) || hold(ask, log))
    return -1;
  return persist(ask, log);
}

static int judge(struct ask *ask)
{
  struct error *error = &ask->answer->error;
  struct watched *log = find_log(ask->witness, ask->checkpoint.origin);
  if (!log) {
    (void)error_set(error, ERROR_NOT_FOUND, "unknown-log", "不认识名为“%.*s”的账本", "The log “%.*s” is not known here",
                    (int)(ask->checkpoint.origin.n < 120 ? ask->checkpoint.origin.n : 120), ask->checkpoint.origin.p);
    return refuse(ask, 404);
  }
  if (check_signature(ask, log))
    return -1;
  if (ask->request.old_size > ask->checkpoint.size) {
    (void)error_set(error, ERROR_BAD_INPUT, "old-size", "旧大小大于检查点的大小", "The old size is larger than the checkpoint's");
    return refuse(ask, 400);
  }
  pthread_mutex_lock(&log->turn);
  int bad = decide(ask, log);
  pthread_mutex_unlock(&log->turn);
  return bad;
}

static void begin(struct ask *ask, struct witness *w, struct arena *arena, moment now, struct witness_answer *ret)
{
  *ret = (struct witness_answer){.type = "text/plain; charset=utf-8", .size = -1, .before = -1};
  *ask = (struct ask){.witness = w, .arena = arena, .now = now, .answer = ret};
}

static void end(const struct ask *ask)
{
  const struct witness_options *o = &ask->witness->options;
  if (o->answered)
    o->answered(o->context, ask->answer);
}

void witness_add_checkpoint(struct witness *w, struct arena *arena, struct span body, moment now, struct witness_answer *ret)
{
  struct ask ask;
  begin(&ask, w, arena, now, ret);
  if (read_request(&ask, body) == 0)
    (void)judge(&ask);
  end(&ask);
}

void witness_take(struct witness *w, struct arena *arena, struct span note, moment now, struct witness_answer *ret)
{
  struct ask ask;
  begin(&ask, w, arena, now, ret);
  ask.proved = true;
  ask.request.note = note;
  if (read_checkpoint(&ask) == 0)
    (void)judge(&ask);
  end(&ask);
}

struct span witness_latest(struct witness *w, struct arena *arena, struct span origin_hash)
{
  struct span note = {0};
  for (size_t i = 0; i < w->logs_n; i++) {
    struct watched *log = &w->logs[i];
    if (!span_is(origin_hash, log->hash))
      continue;
    pthread_mutex_lock(&log->lock);
    if (log->note)
      note = arena_span(arena, span_of(log->note));
    pthread_mutex_unlock(&log->lock);
  }
  return note;
}
