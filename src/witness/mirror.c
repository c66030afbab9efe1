#include "witness/mirror.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/logdir.h"
#include "witness/internal.h"
#include "witness/source.h"

#define BUNDLE_MAX ((size_t)TILE_WIDTH * (2 + ENTRY_MAX))

struct mirror {
  struct mirror_options options;
  struct trusted trusted;
  enum merkle_hash tree;
  struct witness *witness;
  char *dir;

  pthread_mutex_t lock; /* for what follows */
  struct source *source;
  struct logdir *held; /* NULL after a failure: opened again at `durable` */
  int64_t durable;     /* entries in their place on disk */
  bool failed;         /* an fsync has: what is on disk is not known, nothing more is signed before a restart */
  struct digest shown; /* of the checkpoint in the copy, so that an unchanged one is not written again */
};

/* ---- the copy ---- */

static int parse_signed(const struct trusted *trusted, struct arena *arena, struct span bytes, struct checkpoint *ret,
                        struct error *error)
{
  struct note note;
  if (note_parse(arena, bytes, &note, error))
    return -1;
  int by = trusted_signed(trusted, &note, error);
  if (by < 0)
    return -1;
  if (by == 0 || !checkpoint_parse(arena, note.text, ret) || !span_is(ret->origin, verifier_name(trusted->keys[0])))
    return error_set(error, ERROR_BAD_INPUT, "unsigned-note", "检查点没有“%s”的签名，或不属于它",
                     "The checkpoint is not signed by “%s”, or not of it", verifier_name(trusted->keys[0]));
  return 0;
}

static int bad_copy(struct error *error, const char *dir)
{
  return error_set(error, ERROR_INTERNAL, "bad-copy", "副本 %s 与其检查点不符：请移走它，由镜像重新取回",
                   "The copy %s is not what its checkpoint says: move it away and let the mirror fetch it again", dir);
}

static struct digest copy_root(const struct logdir *log)
{
  struct merkle_edge edge;
  logdir_edge(log, &edge);
  return merkle_root(&edge);
}

/* Opens the copy where its checkpoint says, or at `from` when that is larger. */
static int open_copy(struct mirror *m, struct error *error)
{
  struct arena arena = {0};
  struct span note;
  struct checkpoint c = {0};
  int bad = logdir_checkpoint(m->dir, &arena, &note, error);
  if (!bad && note.n) {
    bad = parse_signed(&m->trusted, &arena, note, &c, error);
    m->shown = sha256(note);
  }
  if (!bad)
    bad = logdir_append(m->dir, m->tree, m->durable > c.size ? m->durable : c.size, &m->held, error);
  if (!bad && m->durable <= c.size && c.size) {
    struct digest root = copy_root(m->held);
    m->durable = c.size;
    bad = digest_eq(&root, &c.root) ? 0 : bad_copy(error, m->dir);
  }
  if (bad && m->held) {
    logdir_close(m->held);
    m->held = NULL;
  }
  arena_release(&arena);
  return bad;
}

static int split(struct error *error, int64_t size)
{
  return error_set(error, ERROR_RULE, "mirror-split", "账本签署了与此前不同的历史：大小 %lld 处与本镜像所存不符",
                   "The log has signed another history: at size %lld it is not what this mirror holds", (long long)size);
}

static int root_is(struct mirror *m, const struct checkpoint *c, struct error *error)
{
  struct digest root;
  struct merkle_reader reader = logdir_reader(m->held);
  if (merkle_root_at(&reader, c->size, &root, error))
    return -1;
  if (digest_eq(&root, &c->root))
    return 0;
  return split(error, c->size);
}

/* ---- what is to come, as hashes under the signed root ---- */

/* The tree beyond the whole bundles that are held. */
struct ahead {
  int64_t first;          /* the first bundle that is not held whole */
  int64_t whole;          /* whole bundles of the new tree */
  int width;              /* entries of its last, partial bundle */
  struct digest *bundles; /* roots of bundles first … whole-1 */
  struct digest *leaves;  /* of the partial bundle */
};

static int fetch_hashes(struct mirror *m, struct arena *arena, const struct tile *tile, int from, struct digest *out,
                        struct error *error)
{
  struct span bytes;
  if (source_tile(m->source, arena, tile, &bytes, error))
    return -1;
  size_t skip = (size_t)from * DIGEST_BYTES;
  memcpy(out, bytes.p + skip, bytes.n - skip);
  return 0;
}

static int fetch_ahead(struct mirror *m, struct arena *arena, int64_t size, struct ahead *a, struct error *error)
{
  struct tile tile;
  a->first = logdir_size(m->held) / TILE_WIDTH;
  a->whole = size / TILE_WIDTH;
  a->width = (int)(size % TILE_WIDTH);
  a->bundles = arena_array(arena, (size_t)(a->whole - a->first) + 1, sizeof *a->bundles);
  a->leaves = arena_array(arena, TILE_WIDTH, sizeof *a->leaves);
  for (int64_t i = a->first; i < a->whole; i = (i / TILE_WIDTH + 1) * TILE_WIDTH)
    if (!tile_of_size(size, 1, i / TILE_WIDTH, &tile) ||
        fetch_hashes(m, arena, &tile, (int)(i % TILE_WIDTH), a->bundles + (i - a->first), error))
      return -1;
  if (a->width && tile_of_size(size, 0, a->whole, &tile))
    return fetch_hashes(m, arena, &tile, 0, a->leaves, error);
  return 0;
}

/* The root of what is held in whole bundles, continued by these hashes. */
static struct digest root_ahead(const struct mirror *m, const struct ahead *a)
{
  struct merkle_edge edge;
  logdir_edge(m->held, &edge);
  edge.size = a->first; /* counted in bundles: the largest perfect subtrees are the same */
  for (int64_t i = a->first; i < a->whole; i++)
    merkle_append(&edge, a->bundles[i - a->first]);
  edge.size *= TILE_WIDTH;
  for (int i = 0; i < a->width; i++)
    merkle_append(&edge, a->leaves[i]);
  return merkle_root(&edge);
}

/* ---- taking it ---- */

static bool bundle_fits(const struct mirror *m, const struct ahead *a, int64_t index, struct span bytes,
                        struct span entries[TILE_WIDTH], struct digest hashes[TILE_WIDTH])
{
  int width = index < a->whole ? TILE_WIDTH : a->width;
  if (!bundle_parse(bytes, width, entries))
    return false;
  for (int i = 0; i < width; i++)
    hashes[i] = merkle_leaf_of(m->tree, entries[i]);
  if (index == a->whole)
    return memcmp(hashes, a->leaves, (size_t)width * sizeof *hashes) == 0;
  struct digest root = merkle_fold(m->tree, hashes, TILE_WIDTH);
  return digest_eq(&root, &a->bundles[index - a->first]);
}

/* From the copy where an interrupted catch-up has left it, else from the log. */
static int fetch_bundle(struct mirror *m, struct arena *arena, const struct ahead *a, int64_t index, struct span *ret,
                        struct span entries[TILE_WIDTH], struct digest hashes[TILE_WIDTH], struct error *error)
{
  struct tile tile = {TILE_ENTRIES, index, index < a->whole ? TILE_WIDTH : a->width};
  char path[TILE_PATH_MAX];
  tile_path(&tile, path);
  if (state_read(arena, m->dir, path, BUNDLE_MAX, ret, NULL) == 0 && ret->p && bundle_fits(m, a, index, *ret, entries, hashes))
    return 0;
  if (source_tile(m->source, arena, &tile, ret, error))
    return -1;
  if (bundle_fits(m, a, index, *ret, entries, hashes))
    return 0;
  (void)error_set(error, ERROR_RULE, "mirror-entry", "账本给出的条目与它签署的根不符",
                  "The log serves entries that are not under the root it signed");
  return error_at(error, "%s", path);
}

/* The edge binds the whole bundles that are held; the entries of a bundle that is held in part must come again in the whole one. */
static int continues_part(struct mirror *m, struct arena *arena, const struct digest hashes[TILE_WIDTH], struct error *error)
{
  int64_t size = logdir_size(m->held);
  struct span bytes;
  if (size % TILE_WIDTH == 0)
    return 0;
  if (logdir_tile(m->held, arena, 0, size / TILE_WIDTH, &bytes, error))
    return -1;
  return memcmp(bytes.p, hashes, bytes.n) == 0 ? 0 : split(error, size);
}

/* Whole files reach the disk while it goes on, so that what a crash interrupts is not fetched again. */
static int take_bundles(struct mirror *m, struct arena *arena, const struct ahead *a, struct error *error)
{
  struct span entries[TILE_WIDTH], bytes;
  struct digest hashes[TILE_WIDTH];
  int64_t end = a->whole + (a->width ? 1 : 0), begin = logdir_size(m->held);
  for (int64_t i = a->first; i < end; i++, arena_reset(arena)) {
    int width = i < a->whole ? TILE_WIDTH : a->width;
    if (fetch_bundle(m, arena, a, i, &bytes, entries, hashes, error) || (i == a->first && continues_part(m, arena, hashes, error)))
      return -1;
    for (int k = i == a->first ? (int)(begin % TILE_WIDTH) : 0; k < width; k++)
      if (logdir_add(m->held, entries[k], &hashes[k], error))
        return -1;
  }
  if (logdir_commit(m->held, error))
    return -1;
  m->durable = logdir_size(m->held);
  return 0;
}

static int extend(struct mirror *m, const struct checkpoint *c, struct error *error)
{
  struct arena arena = {0}, bundles = {0};
  struct ahead ahead;
  int bad = fetch_ahead(m, &arena, c->size, &ahead, error);
  if (!bad) {
    struct digest root = root_ahead(m, &ahead);
    if (!digest_eq(&root, &c->root))
      bad = error_set(error, ERROR_RULE, "mirror-root", "账本给出的哈希不是它签署的大小 %lld 的根，或不是此前历史的延续",
                      "The log's hashes are not those of the root it signed at size %lld, or do not continue what it signed before",
                      (long long)c->size);
  }
  if (!bad)
    bad = take_bundles(m, &bundles, &ahead, error);
  arena_release(&arena);
  arena_release(&bundles);
  return bad;
}

/* The copy's checkpoint is the log's newest: never a smaller one, and of one size the last that was published. */
static int show(struct mirror *m, struct span note, struct error *error)
{
  struct digest d = sha256(note);
  if (digest_eq(&d, &m->shown))
    return 0;
  if (logdir_publish(m->held, note, error))
    return -1;
  m->shown = d;
  return 0;
}

/* Under the lock: the tree of this signed checkpoint is the one held here, whole and durable, when this returns 0. */
static int hold_locked(struct mirror *m, const struct checkpoint *before, const struct checkpoint *c, struct span note,
                       struct error *error)
{
  if (m->failed)
    return error_set(error, ERROR_INTERNAL, "log-failed", "写副本失败，重启前不再见证",
                     "Writing the copy has failed: nothing more is signed before a restart");
  if (!m->held && open_copy(m, error))
    return -1;
  if (c->size > logdir_size(m->held) && extend(m, c, error))
    return -1;
  if (root_is(m, c, error) || (before->size && root_is(m, before, error)))
    return -1;
  return c->size == logdir_size(m->held) ? show(m, note, error) : 0;
}

static int hold(void *context, const struct checkpoint *before, const struct checkpoint *c, struct span note, struct error *error)
{
  struct mirror *m = context;
  pthread_mutex_lock(&m->lock);
  int bad = hold_locked(m, before, c, note, error);
  m->failed = m->failed || (bad && strcmp(error->name, "log-failed") == 0);
  if (bad && m->held) { /* entries may wait in it that are not committed */
    logdir_close(m->held);
    m->held = NULL;
  }
  pthread_mutex_unlock(&m->lock);
  return bad;
}

/* ---- the outside ---- */

static int open_trusted(const char *const *logs, struct trusted *ret, struct error *error)
{
  struct verifier *key;
  for (; logs && *logs; logs++) {
    if (trusted_key(*logs, &key, error))
      return -1;
    trusted_add(ret, key);
    if (strcmp(verifier_name(key), verifier_name(ret->keys[0])) != 0)
      return error_set(error, ERROR_BAD_INPUT, "several-logs", "一个镜像只保存一个账本，“%s”与“%s”不同名",
                       "A mirror holds one log: “%s” and “%s” are two", verifier_name(ret->keys[0]), verifier_name(key));
  }
  return ret->n ? 0 : error_set(error, ERROR_BAD_INPUT, "several-logs", "没有给出账本的公钥", "No key of a log was given");
}

static char *copy_dir(const char *state)
{
  size_t n = strlen(state) + sizeof "/log";
  char *dir = malloc(n);
  if (!dir)
    abort();
  memcpy(dir, state, n - sizeof "/log");
  memcpy(dir + n - sizeof "/log", "/log", sizeof "/log");
  return dir;
}

static void watch_answer(void *context, const struct witness_answer *answer)
{
  const struct mirror_options *o = &((struct mirror *)context)->options;
  if (o->answered)
    o->answered(o->context, answer);
}

int mirror_open(const struct mirror_options *options, struct mirror **ret, struct error *error)
{
  struct mirror *m = calloc(1, sizeof *m);
  if (!m)
    abort();
  m->options = *options;
  m->dir = copy_dir(options->state);
  pthread_mutex_init(&m->lock, NULL);
  struct witness_options witness = {
      .state = options->state, .name = options->name, .logs = options->logs, .hold = hold, .answered = watch_answer, .context = m};
  bool bad = open_trusted(options->logs, &m->trusted, error);
  if (!bad) {
    m->tree = tree_of(verifier_name(m->trusted.keys[0]));
    bad = source_open(options->from, &m->source, error) || witness_open(&witness, &m->witness, error) || open_copy(m, error);
  }
  if (bad) {
    mirror_close(m);
    return -1;
  }
  *ret = m;
  return 0;
}

void mirror_close(struct mirror *m)
{
  if (!m)
    return;
  if (m->held)
    logdir_close(m->held);
  witness_close(m->witness);
  source_close(m->source);
  trusted_release(&m->trusted);
  pthread_mutex_destroy(&m->lock);
  free(m->dir);
  free(m);
}

void mirror_stop(struct mirror *mirror)
{
  source_stop(mirror->source);
}

struct witness *mirror_witness(struct mirror *mirror)
{
  return mirror->witness;
}

const char *mirror_log_dir(const struct mirror *mirror)
{
  return mirror->dir;
}

static int64_t held_size(struct mirror *m)
{
  pthread_mutex_lock(&m->lock);
  int64_t size = m->durable;
  pthread_mutex_unlock(&m->lock);
  return size;
}

static int follow(struct mirror *m, struct arena *arena, moment now, struct error *error)
{
  struct span note;
  struct checkpoint c = {0};
  struct witness_answer answer;
  pthread_mutex_lock(&m->lock);
  int bad = source_checkpoint(m->source, arena, &note, error);
  pthread_mutex_unlock(&m->lock);
  if (bad || parse_signed(&m->trusted, arena, note, &c, error))
    return -1;
  if (c.size <= witness_log_size(m->witness, 0)) /* seen, and perhaps asked for before it was published */
    return hold(m, &c, &c, note, error);
  witness_take(m->witness, arena, note, now, &answer);
  if (answer.status == 200 || answer.status == 409) /* 409: somebody was quicker with the same or a larger one */
    return 0;
  *error = answer.error;
  return -1;
}

int mirror_follow(struct mirror *m, moment now, int64_t *ret_size, struct error *error)
{
  struct arena arena = {0};
  int bad = follow(m, &arena, now, error);
  arena_release(&arena);
  *ret_size = held_size(m);
  return bad;
}

/* ---- restoring ---- */

static int copy_entries(struct logdir *from, struct logdir *to, struct error *error)
{
  struct arena arena = {0};
  struct span bytes, entries[TILE_WIDTH];
  struct tile tile;
  int bad = 0;
  for (int64_t i = 0; !bad && tile_of_size(logdir_size(from), TILE_ENTRIES, i, &tile); i++, arena_reset(&arena)) {
    bad = logdir_tile(from, &arena, TILE_ENTRIES, i, &bytes, error);
    if (!bad && !bundle_parse(bytes, tile.width, entries))
      bad = error_set(error, ERROR_INTERNAL, "log-broken", "副本的条目文件已损坏", "A file of entries in the copy is broken");
    for (int k = 0; !bad && k < tile.width; k++)
      bad = logdir_add(to, entries[k], NULL, error);
  }
  arena_release(&arena);
  return bad || logdir_commit(to, error);
}

static int restore_to(const char *from_dir, const char *to_dir, enum merkle_hash tree, const struct checkpoint *c, struct span note,
                      struct error *error)
{
  struct logdir *from = NULL, *to = NULL;
  int bad = logdir_open(from_dir, tree, c->size, &from, error) || logdir_append(to_dir, tree, 0, &to, error) ||
            copy_entries(from, to, error);
  if (!bad) {
    struct digest root = copy_root(to);
    bad = digest_eq(&root, &c->root) ? logdir_publish(to, note, error) : bad_copy(error, from_dir);
  }
  if (from)
    logdir_close(from);
  if (to)
    logdir_close(to);
  return bad ? -1 : 0;
}

/* A log that was published there may be newer than the copy: to go back is what must never happen. */
static int nothing_there(struct arena *arena, const char *to, struct error *error)
{
  struct span note;
  if (logdir_checkpoint(to, arena, &note, error))
    return -1;
  return note.n ? error_set(error, ERROR_CONFLICT, "log-there", "%s 里已有账本，不会覆盖",
                            "There is a log in %s: it is not overwritten", to)
                : 0;
}

static int restore(struct arena *arena, const char *dir, const struct trusted *trusted, const char *to, int64_t *ret_size,
                   struct error *error)
{
  struct span note;
  struct checkpoint c = {0};
  if (logdir_checkpoint(dir, arena, &note, error))
    return -1;
  if (!note.n)
    return error_set(error, ERROR_NOT_FOUND, "no-checkpoint", "%s 里没有副本", "There is no copy in %s", dir);
  if (parse_signed(trusted, arena, note, &c, error) || nothing_there(arena, to, error) ||
      restore_to(dir, to, tree_of(verifier_name(trusted->keys[0])), &c, note, error))
    return -1;
  *ret_size = c.size;
  return 0;
}

int mirror_restore(const char *state, const char *const *logs, const char *to, int64_t *ret_size, struct error *error)
{
  struct arena arena = {0};
  struct trusted trusted = {0};
  char *dir = copy_dir(state);
  int bad = open_trusted(logs, &trusted, error) || restore(&arena, dir, &trusted, to, ret_size, error);
  trusted_release(&trusted);
  free(dir);
  arena_release(&arena);
  return bad ? -1 : 0;
}
