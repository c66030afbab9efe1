#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/logdir_internal.h"

#define DEPTH_MAX 10 /* tile/entries/x…/x…/x…/x…/x…/NNN.p/W */

/* ---- everything the checkpoint covers ---- */

struct check {
  struct logdir *log;
  struct tiler tiler;
  struct logdir_report report;
};

/* Computed from the entries; the file must say the same. */
static int compare_tile(void *context, const struct tile *tile, struct span bytes, struct error *error)
{
  struct check *c = context;
  struct arena arena = {0};
  struct span found;
  int bad = logdir_tile(c->log, &arena, tile->level, tile->index, &found, error);
  if (!bad && !span_eq(found, bytes))
    bad = log_say_broken(error, log_tile_path(&arena, c->log->dir, tile));
  arena_release(&arena);
  c->report.files++;
  return bad;
}

/* Adds the hash of every entry of the log, in order. */
static int add_entries(struct logdir *log, struct tiler *tiler, struct error *error)
{
  struct arena arena = {0};
  struct span bytes, entries[TILE_WIDTH];
  struct tile tile;
  int bad = 0;
  for (int64_t n = 0; !bad && tile_of_size(log->size, TILE_ENTRIES, n, &tile); n++, arena_reset(&arena)) {
    bad = logdir_tile(log, &arena, TILE_ENTRIES, tile.index, &bytes, error);
    if (!bad && !bundle_parse(bytes, tile.width, entries))
      bad = log_say_broken(error, log_tile_path(&arena, log->dir, &tile));
    for (int i = 0; !bad && i < tile.width; i++)
      bad = tiler_add(tiler, merkle_leaf_of(log->hash, entries[i]), error);
  }
  arena_release(&arena);
  return bad;
}

static int check_tree(struct check *c, const struct digest *root, struct error *error)
{
  struct merkle_edge edge;
  if (add_entries(c->log, &c->tiler, error) || tiler_partials(&c->tiler, error))
    return -1;
  tiler_edge(&c->tiler, &edge);
  struct digest computed = merkle_root(&edge);
  c->report.leaves = c->tiler.size;
  c->report.files += (c->tiler.size + TILE_WIDTH - 1) / TILE_WIDTH;
  if (digest_eq(&computed, root))
    return 0;
  error_set(error, ERROR_CONFLICT, "log-broken", "账本条目算出的根与检查点不符", "The entries do not give the checkpoint's root");
  return error_at(error, "%s/checkpoint", c->log->dir);
}

/* ---- every other file that is served ---- */

/* A file of another width than the tree's own: as far as the tree goes, it must say the same. */
static int check_width(struct check *c, const struct tile *file, const char *path, struct error *error)
{
  struct tile own;
  struct arena arena = {0};
  struct span bytes, part, right;
  int bad = log_read_file(&arena, path, LOG_FILE_MAX, &bytes, error);
  if (bad > 0) {
    arena_release(&arena);
    return 0; /* removed meanwhile: the full one is there */
  }
  bool covered = tile_of_size(c->log->size, file->level, file->index, &own);
  int width = covered && own.width < file->width ? own.width : covered ? file->width : 0;
  if (!bad && !log_cut(file, bytes, width, &part))
    bad = log_say_broken(error, path);
  if (!bad && covered) {
    bad = logdir_tile(c->log, &arena, own.level, own.index, &right, error);
    if (!bad && (!log_cut(&own, right, width, &right) || !span_eq(part, right)))
      bad = log_say_broken(error, path);
  }
  *(covered ? &c->report.files : &c->report.beyond) += 1;
  arena_release(&arena);
  return bad;
}

static int check_file(struct check *c, const char *path, struct error *error)
{
  struct tile file, own;
  if (!tile_path_parse(span_of(path + strlen(c->log->dir) + 1), &file) || file.level >= TILE_LEVELS)
    return log_say_broken(error, path);
  bool same = tile_of_size(c->log->size, file.level, file.index, &own) && own.width == file.width;
  return same ? 0 : check_width(c, &file, path, error);
}

static int check_directory(struct check *c, const char *path, int depth, struct error *error)
{
  struct arena arena = {0};
  DIR *dir = opendir(path);
  int bad = 0;
  if (!dir)
    return errno == ENOENT ? 0 : log_say_read(error, path);
  for (struct dirent *entry; !bad && (entry = readdir(dir)); arena_reset(&arena)) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    struct stat st;
    const char *name = arena_printf(&arena, "%s/%s", path, entry->d_name);
    if (lstat(name, &st) != 0)
      bad = errno == ENOENT ? 0 : log_say_read(error, name);
    else if (S_ISDIR(st.st_mode))
      bad = depth < DEPTH_MAX ? check_directory(c, name, depth + 1, error) : log_say_broken(error, name);
    else
      bad = check_file(c, name, error);
  }
  (void)closedir(dir);
  arena_release(&arena);
  return bad;
}

int logdir_check(const char *dir, enum merkle_hash hash, const struct checkpoint *checkpoint, struct logdir_report *ret,
                 struct error *error)
{
  struct logdir *log;
  if (logdir_open(dir, hash, checkpoint->size, &log, error))
    return -1;
  struct check *c = calloc(1, sizeof *c);
  if (!c)
    abort();
  struct arena arena = {0};
  c->log = log;
  c->tiler = (struct tiler){.hash = hash, .sink = compare_tile, .context = c};
  int bad = check_tree(c, &checkpoint->root, error);
  if (!bad)
    bad = check_directory(c, arena_printf(&arena, "%s/tile", log->dir), 0, error);
  if (!bad)
    *ret = c->report;
  arena_release(&arena);
  logdir_close(log);
  free(c);
  return bad;
}

/* ---- rebuilding ---- */

int logdir_rebuild(const char *dir, enum merkle_hash hash, int64_t size, struct digest *ret_root, struct error *error)
{
  struct logdir *log;
  struct merkle_edge edge;
  if (logdir_open(dir, hash, size, &log, error))
    return -1;
  int bad = log_writer_open(log, error);
  if (!bad)
    bad = add_entries(log, log_writer_tiler(log), error);
  if (!bad)
    bad = log_writer_finish(log, error);
  if (!bad) {
    logdir_edge(log, &edge);
    *ret_root = merkle_root(&edge);
  }
  logdir_close(log);
  return bad;
}
