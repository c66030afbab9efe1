#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/logdir_internal.h"

#define STAGED_MAX 64 /* files open at once, on their way */

struct staged {
  int fd; /* -1 where the file is in its place already */
  struct tile tile;
};

struct log_writer {
  struct logdir *log;
  int lock;
  struct tiler tiler;
  struct buf bundle;   /* the one that is being filled */
  int64_t bundle_told; /* entries whose bundles are staged or in place */
  struct staged staged[STAGED_MAX];
  int staged_n;
  struct arena arena; /* of one settling */
  const char **directories;
  size_t directory_n, directory_cap;
};

/* ---- files ---- */

static int say_write(struct error *error, const char *path)
{
  if (errno == ENOSPC || errno == EDQUOT)
    error_set(error, ERROR_BUSY, "log-full", "账本所在磁盘已满", "The disk of the log is full");
  else
    error_set(error, ERROR_INTERNAL, "log-unwritable", "账本文件无法写入：%s", "A file of the log cannot be written: %s",
              strerror(errno));
  return error_at(error, "%s", path);
}

static int say_sync(struct error *error, const char *path)
{
  if (errno == ENOSPC || errno == EDQUOT)
    return say_write(error, path);
  error_set(error, ERROR_INTERNAL, "log-failed", "账本未能写入磁盘（%s）；程序须停止并重新启动",
            "The log did not reach the disk (%s); the program must stop and start again", strerror(errno));
  return error_at(error, "%s", path);
}

static int sync_directory(const char *path, struct error *error)
{
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return say_write(error, path);
  int bad = fsync(fd) ? say_sync(error, path) : 0;
  (void)close(fd);
  return bad;
}

static bool write_all(int fd, struct span s)
{
  while (s.n) {
    ssize_t n = write(fd, s.p, s.n);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    s.p += n;
    s.n -= (size_t)n;
  }
  return true;
}

static int write_file(const char *path, struct span bytes, int *ret_fd, struct error *error)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0)
    return say_write(error, path);
  if (!write_all(fd, bytes)) {
    (void)say_write(error, path);
    (void)close(fd);
    return -1;
  }
  *ret_fd = fd;
  return 0;
}

static const char *parent_of(struct arena *arena, const char *path)
{
  const char *slash = strrchr(path, '/');
  if (!slash)
    return ".";
  return slash == path ? "/" : arena_dup(arena, (struct span){path, (size_t)(slash - path)});
}

/* Remembers a directory that must reach the disk when the files are in place. */
static void note_directory(struct log_writer *w, const char *path)
{
  for (size_t i = w->directory_n; i-- > 0;)
    if (strcmp(w->directories[i], path) == 0)
      return;
  w->directories = arena_grow(&w->arena, w->directories, w->directory_n, &w->directory_cap, sizeof *w->directories);
  w->directories[w->directory_n++] = path;
}

/* Makes the directory and those above it up to the log's own. */
static int make_directory(struct log_writer *w, const char *path, struct error *error)
{
  if (mkdir(path, 0755) == 0) {
    note_directory(w, parent_of(&w->arena, path));
    return 0;
  }
  if (errno == EEXIST)
    return 0;
  if (errno != ENOENT || strlen(path) <= strlen(w->log->dir))
    return say_write(error, path);
  return make_directory(w, parent_of(&w->arena, path), error) || make_directory(w, path, error) ? -1 : 0;
}

/* ---- staging and settling ---- */

static const char *staging_path(struct log_writer *w, int i)
{
  return arena_printf(&w->arena, "%s/" LOG_STAGING "/%d", w->log->dir, i);
}

/* The partial files of a tile whose full one is durable. */
static int remove_partials(struct log_writer *w, const char *full, struct error *error)
{
  const char *path = arena_printf(&w->arena, "%s.p", full);
  DIR *dir = opendir(path);
  if (!dir)
    return errno == ENOENT ? 0 : say_write(error, path);
  bool ok = true;
  for (struct dirent *entry; ok && (entry = readdir(dir));)
    if (entry->d_name[0] != '.')
      ok = unlinkat(dirfd(dir), entry->d_name, 0) == 0;
  (void)closedir(dir);
  return ok && rmdir(path) == 0 ? 0 : say_write(error, path);
}

static int put_in_place(struct log_writer *w, int i, struct error *error)
{
  const char *from = staging_path(w, i), *to = log_tile_path(&w->arena, w->log->dir, &w->staged[i].tile);
  const char *parent = parent_of(&w->arena, to);
  if (make_directory(w, parent, error))
    return -1;
  if (w->staged[i].fd >= 0 && rename(from, to) != 0)
    return say_write(error, to);
  note_directory(w, parent);
  return 0;
}

static void close_staged(struct log_writer *w)
{
  for (int i = 0; i < w->staged_n; i++)
    if (w->staged[i].fd >= 0)
      (void)close(w->staged[i].fd);
  w->staged_n = 0;
}

/* Each file's bytes, then the names, then the directories; only then what they replace goes. */
static int settle(struct log_writer *w, struct error *error)
{
  for (int i = 0; i < w->staged_n; i++)
    if (w->staged[i].fd >= 0 && fsync(w->staged[i].fd) != 0)
      return say_sync(error, staging_path(w, i));
  for (int i = 0; i < w->staged_n; i++)
    if (put_in_place(w, i, error))
      return -1;
  for (size_t i = 0; i < w->directory_n; i++)
    if (sync_directory(w->directories[i], error))
      return -1;
  for (int i = 0; i < w->staged_n; i++) {
    const struct tile *tile = &w->staged[i].tile;
    if (tile->width == TILE_WIDTH && remove_partials(w, log_tile_path(&w->arena, w->log->dir, tile), error))
      return -1;
  }
  close_staged(w);
  w->directories = NULL;
  w->directory_n = w->directory_cap = 0;
  arena_reset(&w->arena);
  return 0;
}

/* What is there already is never written again: it must have these very bytes. 0 it has, 1 it is not there. */
static int compare_file(struct log_writer *w, const struct tile *tile, struct span bytes, struct error *error)
{
  struct arena arena = {0};
  struct span found;
  const char *path = log_tile_path(&arena, w->log->dir, tile);
  int missing = log_read_file(&arena, path, LOG_FILE_MAX, &found, error);
  if (missing == 0 && !span_eq(found, bytes)) {
    error_set(error, ERROR_CONFLICT, "log-conflict", "账本文件已存在且内容不同，不会覆盖",
              "The file of the log is there already with other content; it is not overwritten");
    missing = error_at(error, "%s", path);
  }
  arena_release(&arena);
  return missing;
}

static int stage(void *context, const struct tile *tile, struct span bytes, struct error *error)
{
  struct log_writer *w = context;
  if (w->staged_n == STAGED_MAX && settle(w, error))
    return -1;
  struct staged *s = &w->staged[w->staged_n];
  *s = (struct staged){.fd = -1, .tile = *tile};
  int missing = compare_file(w, tile, bytes, error);
  if (missing < 0 || (missing && write_file(staging_path(w, w->staged_n), bytes, &s->fd, error)))
    return -1;
  w->staged_n++;
  return 0;
}

/* ---- opening ---- */

/* What a crash left on its way. */
static int empty_staging(const char *path, struct error *error)
{
  if (mkdir(path, 0755) == 0)
    return 0;
  DIR *dir = errno == EEXIST ? opendir(path) : NULL;
  if (!dir)
    return say_write(error, path);
  bool ok = true;
  for (struct dirent *entry; ok && (entry = readdir(dir));)
    if (entry->d_name[0] != '.')
      ok = unlinkat(dirfd(dir), entry->d_name, 0) == 0;
  (void)closedir(dir);
  return ok ? 0 : say_write(error, path);
}

static int take_lock(struct log_writer *w, struct error *error)
{
  const char *path = arena_printf(&w->arena, "%s/" LOG_LOCK, w->log->dir);
  w->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (w->lock < 0)
    return say_write(error, path);
  if (flock(w->lock, LOCK_EX | LOCK_NB) == 0)
    return 0;
  error_set(error, ERROR_BUSY, "log-locked", "另一个程序正在写此账本", "Another program is writing this log");
  return error_at(error, "%s", w->log->dir);
}

static int make_log(struct log_writer *w, struct error *error)
{
  if (mkdir(w->log->dir, 0755) == 0)
    return sync_directory(parent_of(&w->arena, w->log->dir), error);
  return errno == EEXIST ? 0 : say_write(error, w->log->dir);
}

int log_writer_open(struct logdir *log, struct error *error)
{
  struct log_writer *w = calloc(1, sizeof *w);
  if (!w)
    abort();
  log->writer = w;
  w->log = log;
  w->lock = -1;
  buf_init(&w->bundle, SIZE_MAX / 2);
  w->tiler = (struct tiler){.hash = log->hash, .sink = stage, .context = w};
  if (make_log(w, error) || take_lock(w, error))
    return -1;
  return empty_staging(arena_printf(&w->arena, "%s/" LOG_STAGING, log->dir), error);
}

/* The tiles and the bundle that the tree of this size is in the middle of. */
static int resume(struct logdir *log, struct error *error)
{
  struct log_writer *w = log->writer;
  for (int level = TILE_ENTRIES; level < TILE_LEVELS; level++) {
    struct tile tile;
    struct span bytes;
    int64_t n = level == TILE_ENTRIES ? log->size : log->size >> (TILE_HEIGHT * level);
    if (!tile_of_size(log->size, level, n / TILE_WIDTH, &tile))
      continue;
    if (logdir_tile(log, &w->arena, level, tile.index, &bytes, error))
      return -1;
    if (level == TILE_ENTRIES)
      buf_span(&w->bundle, bytes);
    else
      memcpy(w->tiler.rows[level], bytes.p, bytes.n);
  }
  w->tiler.size = w->tiler.told = w->bundle_told = log->size;
  arena_reset(&w->arena);
  return 0;
}

int logdir_append(const char *dir, enum merkle_hash hash, int64_t size, struct logdir **ret, struct error *error)
{
  struct logdir *log;
  if (logdir_open(dir, hash, size, &log, error))
    return -1;
  if (log_writer_open(log, error) || resume(log, error)) {
    logdir_close(log);
    return -1;
  }
  *ret = log;
  return 0;
}

void log_writer_close(struct log_writer *w)
{
  close_staged(w);
  if (w->lock >= 0)
    (void)close(w->lock);
  buf_release(&w->bundle);
  arena_release(&w->arena);
  free(w);
}

/* ---- appending ---- */

static int stage_bundle(struct log_writer *w, int64_t entries, struct error *error)
{
  struct tile tile;
  (void)tile_of_size(entries, TILE_ENTRIES, (entries - 1) / TILE_WIDTH, &tile);
  w->bundle_told = entries;
  return stage(w, &tile, buf_view(&w->bundle), error);
}

struct tiler *log_writer_tiler(struct logdir *log)
{
  return &log->writer->tiler;
}

int logdir_add(struct logdir *log, struct span entry, const struct digest *hash, struct error *error)
{
  struct log_writer *w = log->writer;
  int64_t n = w->tiler.size + 1;
  if (!bundle_put(&w->bundle, entry))
    return error_set(error, ERROR_TOO_LARGE, "log-entry", "账本条目超过 %d 字节", "An entry of the log is longer than %d bytes",
                     ENTRY_MAX);
  if (n % TILE_WIDTH == 0) {
    if (stage_bundle(w, n, error))
      return -1;
    buf_clear(&w->bundle);
  }
  return tiler_add(&w->tiler, hash ? *hash : merkle_leaf_of(log->hash, entry), error);
}

int log_writer_finish(struct logdir *log, struct error *error)
{
  struct log_writer *w = log->writer;
  if (tiler_partials(&w->tiler, error) || settle(w, error))
    return -1;
  log->size = w->tiler.size;
  return 0;
}

int logdir_commit(struct logdir *log, struct error *error)
{
  struct log_writer *w = log->writer;
  if (w->tiler.size > w->bundle_told && stage_bundle(w, w->tiler.size, error))
    return -1;
  return log_writer_finish(log, error);
}

void logdir_edge(const struct logdir *log, struct merkle_edge *ret)
{
  tiler_edge(&log->writer->tiler, ret);
}

int logdir_publish(struct logdir *log, struct span note, struct error *error)
{
  struct arena arena = {0};
  const char *from = arena_printf(&arena, "%s/" LOG_STAGING "/checkpoint", log->dir);
  const char *to = arena_printf(&arena, "%s/checkpoint", log->dir);
  int fd = -1, bad = write_file(from, note, &fd, error);
  if (!bad) {
    bad = fsync(fd) ? say_sync(error, from) : 0;
    (void)close(fd);
  }
  if (!bad && rename(from, to) != 0)
    bad = say_write(error, to);
  bad = bad ? bad : sync_directory(log->dir, error);
  arena_release(&arena);
  return bad;
}
