#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/logdir_internal.h"

/* ---- errors and files ---- */

int log_say_read(struct error *error, const char *path)
{
  error_set(error, ERROR_INTERNAL, "log-unreadable", "账本文件无法读取：%s", "A file of the log cannot be read: %s",
            strerror(errno));
  return error_at(error, "%s", path);
}

int log_say_broken(struct error *error, const char *path)
{
  error_set(error, ERROR_CONFLICT, "log-broken", "账本文件已损坏或被改动", "A file of the log is damaged or has been changed");
  return error_at(error, "%s", path);
}

char *log_tile_path(struct arena *arena, const char *dir, const struct tile *tile)
{
  char path[TILE_PATH_MAX];
  tile_path(tile, path);
  return arena_printf(arena, "%s/%s", dir, path);
}

static bool read_all(int fd, char *p, size_t n)
{
  for (ssize_t got; n > 0; p += got, n -= (size_t)got)
    if ((got = read(fd, p, n)) <= 0)
      return false;
  return true;
}

int log_read_file(struct arena *arena, const char *path, size_t max, struct span *ret, struct error *error)
{
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT || errno == ENOTDIR ? 1 : log_say_read(error, path);
  errno = EIO;
  bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size <= max;
  char *bytes = ok ? arena_alloc(arena, (size_t)st.st_size + 1) : NULL;
  ok = ok && read_all(fd, bytes, (size_t)st.st_size);
  (void)close(fd);
  if (!ok)
    return log_say_read(error, path);
  *ret = (struct span){bytes, (size_t)st.st_size};
  return 0;
}

bool log_cut(const struct tile *file, struct span bytes, int width, struct span *ret)
{
  struct span rest = bytes, entry;
  if (width > file->width)
    return false;
  if (file->level != TILE_ENTRIES) {
    *ret = (struct span){bytes.p, (size_t)width * DIGEST_BYTES};
    return bytes.n == (size_t)file->width * DIGEST_BYTES;
  }
  for (int i = 0; i < file->width; i++) {
    if (i == width)
      *ret = (struct span){bytes.p, bytes.n - rest.n};
    if (!bundle_next(&rest, &entry))
      return false;
  }
  if (width == file->width)
    *ret = bytes;
  return rest.n == 0;
}

/* ---- reading ---- */

int logdir_open(const char *dir, enum merkle_hash hash, int64_t size, struct logdir **ret, struct error *error)
{
  if (size < 0)
    return error_set(error, ERROR_BAD_INPUT, "bad-index", "账本大小不能为负", "The size of a log cannot be negative");
  struct logdir *log = calloc(1, sizeof *log);
  if (!log || !(log->dir = strdup(dir)))
    abort();
  for (size_t n = strlen(dir); n > 1 && log->dir[n - 1] == '/'; n--)
    log->dir[n - 1] = '\0';
  log->hash = hash;
  log->size = size;
  *ret = log;
  return 0;
}

void logdir_close(struct logdir *log)
{
  if (!log)
    return;
  if (log->writer)
    log_writer_close(log->writer);
  for (int i = 0; i < TILE_LEVELS; i++)
    free(log->kept[i]);
  arena_release(&log->bundle_arena);
  free(log->dir);
  free(log);
}

int64_t logdir_size(const struct logdir *log)
{
  return log->size;
}

static int bad_place(struct error *error, int level, int64_t index)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-index", "账本中没有第 %d 层第 %lld 号",
                   "The log has no number %2$lld on level %1$d", level, (long long)index);
}

/* The file as it is called by this size, else the full one that took its place. */
static int read_tile(struct logdir *log, struct arena *arena, const struct tile *tile, struct span *ret, struct error *error)
{
  struct tile file = *tile;
  struct span bytes = {0};
  const char *path = log_tile_path(arena, log->dir, &file);
  int missing = log_read_file(arena, path, LOG_FILE_MAX, &bytes, error);
  if (missing > 0 && file.width < TILE_WIDTH) {
    file.width = TILE_WIDTH;
    missing = log_read_file(arena, log_tile_path(arena, log->dir, &file), LOG_FILE_MAX, &bytes, error);
  }
  if (missing > 0) {
    errno = ENOENT;
    return log_say_read(error, path);
  }
  if (missing == 0 && !log_cut(&file, bytes, tile->width, ret))
    return log_say_broken(error, path);
  return missing;
}

int logdir_tile(struct logdir *log, struct arena *arena, int level, int64_t index, struct span *ret, struct error *error)
{
  struct tile tile;
  if (!tile_of_size(log->size, level, index, &tile))
    return bad_place(error, level, index);
  return read_tile(log, arena, &tile, ret, error);
}

/* Makes the bundle the one at hand. */
static int keep_bundle(struct logdir *log, const struct tile *tile, struct error *error)
{
  struct span bytes;
  if (log->bundle_width == tile->width && log->bundle_index == tile->index)
    return 0;
  log->bundle_width = 0;
  arena_reset(&log->bundle_arena);
  if (read_tile(log, &log->bundle_arena, tile, &bytes, error))
    return -1;
  if (!bundle_parse(bytes, tile->width, log->entries))
    return log_say_broken(error, log_tile_path(&log->bundle_arena, log->dir, tile));
  log->bundle_index = tile->index;
  log->bundle_width = tile->width;
  return 0;
}

int logdir_entry(struct logdir *log, struct arena *arena, int64_t index, struct span *ret, struct error *error)
{
  struct tile tile;
  if (index < 0 || index >= log->size || !tile_of_size(log->size, TILE_ENTRIES, index / TILE_WIDTH, &tile))
    return bad_place(error, TILE_ENTRIES, index);
  if (keep_bundle(log, &tile, error))
    return -1;
  *ret = arena_span(arena, log->entries[index % TILE_WIDTH]);
  return 0;
}

static int keep_tile(struct logdir *log, const struct tile *tile, struct error *error)
{
  struct kept_tile *kept = log->kept[tile->level];
  struct arena arena = {0};
  struct span bytes = {0};
  if (kept && kept->index == tile->index && kept->width == tile->width)
    return 0;
  if (!kept && !(kept = log->kept[tile->level] = calloc(1, sizeof *kept)))
    abort();
  kept->width = 0;
  int bad = read_tile(log, &arena, tile, &bytes, error);
  if (!bad && bytes.p) {
    memcpy(kept->hashes, bytes.p, bytes.n);
    kept->index = tile->index;
    kept->width = tile->width;
  }
  arena_release(&arena);
  return bad;
}

static int read_node(void *context, int level, int64_t index, struct digest *ret, struct error *error)
{
  struct logdir *log = context;
  struct tile tile;
  struct tile_slots slots = tile_slots_of(level, index);
  if (!tile_of_size(log->size, slots.level, slots.index, &tile) || slots.first + slots.n > tile.width)
    return bad_place(error, level, index);
  if (keep_tile(log, &tile, error))
    return -1;
  *ret = merkle_fold(log->hash, &log->kept[slots.level]->hashes[slots.first], (size_t)slots.n);
  return 0;
}

struct merkle_reader logdir_reader(struct logdir *log)
{
  return (struct merkle_reader){.node = read_node, .context = log, .hash = log->hash};
}

int logdir_checkpoint(const char *dir, struct arena *arena, struct span *ret_note, struct error *error)
{
  struct span note = {0};
  if (log_read_file(arena, arena_printf(arena, "%s/checkpoint", dir), LOG_FILE_MAX, &note, error) < 0)
    return -1;
  *ret_note = note;
  return 0;
}
