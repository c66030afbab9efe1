/*
 * Small secret files: read whole, written whole or not at all, mode 0600.
 */
#include "account/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define SECRET_MAX 1024
#define WEB_KEY "web.key"

static int file_error(struct error *error, const char *path)
{
  int why = errno;
  (void)error_set(error, ERROR_INTERNAL, "key-dir", "无法读写密钥目录中的文件：%s",
                  "A file of the key directory cannot be read or written: %s", strerror(why));
  return error_at(error, "%s", path);
}

static ssize_t read_all(int fd, char *out, size_t max)
{
  size_t n = 0;
  while (n < max) {
    ssize_t got = read(fd, out + n, max - n);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    n += (size_t)got;
  }
  return (ssize_t)n;
}

int secret_read(const char *dir, const char *name, struct arena *arena, char **ret, struct error *error)
{
  const char *path = arena_printf(arena, "%s/%s", dir, name);
  char text[SECRET_MAX];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    *ret = NULL;
    return 0;
  }
  if (fd < 0)
    return file_error(error, path);
  ssize_t n = read_all(fd, text, sizeof text);
  if (n < 0)
    (void)file_error(error, path);
  (void)close(fd);
  if (n < 0)
    return -1;
  *ret = arena_dup(arena, (struct span){text, (size_t)n});
  explicit_bzero(text, sizeof text);
  return 0;
}

static int write_all(int fd, struct span text)
{
  while (text.n) {
    ssize_t put = write(fd, text.p, text.n);
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return -1;
    text.p += put;
    text.n -= (size_t)put;
  }
  return fsync(fd);
}

int secret_write(const char *dir, const char *name, struct span text, bool replace, struct error *error)
{
  struct arena arena = {0};
  const char *path = arena_printf(&arena, "%s/%s", dir, name);
  const char *fresh = arena_printf(&arena, "%s.%d.new", path, (int)getpid());
  int bad = 0;
  if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
    bad = file_error(error, dir);
  } else {
    (void)unlink(fresh); /* of a process of this number that was killed */
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bad = fd < 0 || write_all(fd, text) != 0;
    if (fd >= 0 && close(fd) != 0)
      bad = -1;
    if (!bad)
      bad = replace ? rename(fresh, path) : link(fresh, path) != 0 && errno != EEXIST;
    bad = bad ? file_error(error, path) : 0;
    (void)unlink(fresh);
  }
  arena_release(&arena);
  return bad;
}

int account_web_secret(const char *key_dir, struct arena *arena, char **ret, struct error *error)
{
  unsigned char random[32];
  char fresh[2 * sizeof random + 1], *text = NULL;
  if (secret_read(key_dir, WEB_KEY, arena, &text, error))
    return -1;
  if (!text) { /* of two nodes that begin at once one writes it, and both read it */
    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, fresh);
    if (secret_write(key_dir, WEB_KEY, (struct span){fresh, 2 * sizeof random}, false, error) ||
        secret_read(key_dir, WEB_KEY, arena, &text, error))
      return -1;
  }
  *ret = arena_dup(arena, span_trim(span_of(text ? text : "")));
  return 0;
}
