#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int file_error(struct error *error, const char *path)
{
  (void)error_set(error, ERROR_INTERNAL, "file", "文件无法读写：%s", "A file cannot be read or written: %s", strerror(errno));
  return error_at(error, "%s", path);
}

static int write_all(int fd, struct span bytes)
{
  while (bytes.n) {
    ssize_t n = write(fd, bytes.p, bytes.n);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return -1;
    bytes.p += n;
    bytes.n -= (size_t)n;
  }
  return fsync(fd);
}

int file_write(const char *path, struct span bytes, struct error *error)
{
  struct arena arena = {0};
  const char *beside = arena_printf(&arena, "%s.new", path);
  int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  int bad = fd < 0 || write_all(fd, bytes) != 0;
  if (fd >= 0)
    bad |= close(fd) != 0;
  bad = bad || rename(beside, path) != 0;
  if (!bad) { /* the name is durable with its directory */
    int dir = open(dirname(arena_str(&arena, path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bad = dir < 0 || fsync(dir) != 0;
    if (dir >= 0)
      (void)close(dir);
  }
  if (bad)
    (void)file_error(error, path);
  arena_release(&arena);
  return bad ? -1 : 0;
}

int file_read(const char *path, struct arena *arena, struct span *ret, struct error *error)
{
  struct stat st;
  *ret = (struct span){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? 0 : file_error(error, path);
  int bad = fstat(fd, &st) != 0;
  char *bytes = bad ? NULL : arena_alloc(arena, (size_t)st.st_size + 1);
  size_t n = 0;
  while (!bad && n < (size_t)st.st_size) {
    ssize_t got = read(fd, bytes + n, (size_t)st.st_size - n);
    bad = got <= 0 && errno != EINTR;
    n += got > 0 ? (size_t)got : 0;
  }
  if (bad)
    (void)file_error(error, path);
  (void)close(fd);
  if (!bad)
    *ret = (struct span){bytes, n};
  return bad ? -1 : 0;
}
