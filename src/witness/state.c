#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "witness/internal.h"

static int failed(struct error *error, const char *path)
{
  return error_set(error, ERROR_INTERNAL, "state-io", "无法读写状态文件 %s：%s", "Cannot read or write the state file %s: %s", path,
                   strerror(errno));
}

static int full(struct error *error, const char *path)
{
  return error_set(error, ERROR_BUSY, "state-full", "状态文件 %s 现在写不下：%s",
                   "There is no room for the state file %s just now: %s", path, strerror(errno));
}

static int sync_dir(const char *dir)
{
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int bad = fd < 0 ? -1 : fsync(fd);
  if (fd >= 0)
    close(fd);
  return bad;
}

static int sync_parent(const char *path)
{
  char *copy = strdup(path);
  if (!copy)
    abort();
  char *slash = strrchr(copy, '/');
  while (slash && slash > copy && !slash[1]) { /* «dir/» */
    *slash = '\0';
    slash = strrchr(copy, '/');
  }
  const char *parent = !slash ? "." : slash == copy ? "/" : (*slash = '\0', copy);
  int bad = sync_dir(parent);
  free(copy);
  return bad;
}

int state_dir(const char *dir, struct error *error)
{
  if (mkdir(dir, 0700) != 0)
    return errno == EEXIST ? 0 : failed(error, dir);
  return sync_parent(dir) ? failed(error, dir) : 0;
}

int state_lock(const char *dir, int *ret_fd, struct error *error)
{
  struct arena arena = {0};
  if (state_dir(dir, error))
    return -1;
  const char *path = arena_printf(&arena, "%s/lock", dir);
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), bad = 0;
  if (fd < 0)
    bad = failed(error, path);
  else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
    bad = error_set(error, ERROR_CONFLICT, "state-in-use", "状态目录 %s 正由另一个进程使用",
                    "The state directory %s is in use by another process", dir);
  if (bad && fd >= 0)
    close(fd);
  arena_release(&arena);
  if (!bad)
    *ret_fd = fd;
  return bad;
}

static bool write_all(int fd, struct span bytes)
{
  while (bytes.n) {
    ssize_t n = write(fd, bytes.p, bytes.n);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    bytes.p += n;
    bytes.n -= (size_t)n;
  }
  return true;
}

int state_replace(struct arena *arena, const char *dir, const char *name, struct span bytes, struct error *error)
{
  const char *path = arena_printf(arena, "%s/%s", dir, name), *fresh = arena_printf(arena, "%s.new", path);
  int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0)
    return full(error, fresh);
  if (!write_all(fd, bytes)) {
    (void)full(error, fresh);
    close(fd);
    (void)unlink(fresh);
    return -1;
  }
  bool synced = fsync(fd) == 0;
  if (close(fd) != 0 || !synced || rename(fresh, path) != 0 || sync_dir(dir) != 0)
    return failed(error, path);
  return 0;
}

int state_read(struct arena *arena, const char *dir, const char *name, size_t max, struct span *ret, struct error *error)
{
  const char *path = arena_printf(arena, "%s/%s", dir, name);
  *ret = (struct span){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? 0 : failed(error, path);
  struct stat st;
  bool fits = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 && (size_t)st.st_size <= max;
  char *bytes = fits ? arena_alloc(arena, (size_t)st.st_size + 1) : NULL;
  ssize_t n = fits ? read(fd, bytes, (size_t)st.st_size) : -1;
  if (fits && n == st.st_size)
    *ret = (struct span){bytes, (size_t)n};
  else if (n >= 0 || !fits)
    errno = EFBIG;
  close(fd);
  return ret->p ? 0 : failed(error, path);
}
