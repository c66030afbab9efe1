#include "store/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store/store_internal.h"

#define HEX (2 * DIGEST_BYTES)
#define BLOCK ((size_t)64 * 1024)

/* ---- errors ---- */

int store_say_file(struct error *error, int number, const char *path)
{
  if (number == ENOSPC || number == EDQUOT || number == EFBIG)
    return store_say_full(error);
  if (number == EROFS || number == EACCES || number == EPERM)
    store_say_read_only(error);
  else
    error_set(error, ERROR_INTERNAL, "store-file", "无法读写文件：%s", "A file could not be read or written: %s", strerror(number));
  return error_at(error, "%s", path);
}

static int say_sync(struct error *error, const char *path)
{
  if (errno == ENOSPC || errno == EDQUOT)
    return store_say_full(error);
  error_set(error, ERROR_INTERNAL, "store-broken", "数据未能写入磁盘（%s）；程序须停止并重新启动",
            "Data did not reach the disk (%s); the program must stop and start again", strerror(errno));
  return error_at(error, "%s", path);
}

/* ---- places ---- */

static char *place_of(const struct store *store, struct arena *arena, const struct digest *digest)
{
  char hex[HEX + 1];
  hex_encode(digest->b, sizeof digest->b, hex);
  return arena_printf(arena, "%s/%.2s/%s", store->files, hex, hex + 2);
}

static char *directory_of(struct arena *arena, const char *path)
{
  const char *slash = strrchr(path, '/');
  if (!slash)
    return arena_str(arena, ".");
  return slash == path ? arena_str(arena, "/") : arena_dup(arena, (struct span){path, (size_t)(slash - path)});
}

int store_sync_directory(const char *path, struct error *error)
{
  struct arena arena = {0};
  const char *directory = directory_of(&arena, path);
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int failed = fd < 0 ? store_say_file(error, errno, directory) : fsync(fd) ? say_sync(error, directory) : 0;
  if (fd >= 0)
    (void)close(fd);
  arena_release(&arena);
  return failed;
}

static int make_directory(const char *path, struct error *error)
{
  if (mkdir(path, 0700) == 0)
    return store_sync_directory(path, error);
  return errno == EEXIST ? 0 : store_say_file(error, errno, path);
}

/* ---- writing ---- */

int blob_writer_open(struct store *store, struct blob_writer *w, struct error *error)
{
  *w = (struct blob_writer){.store = store, .fd = -1};
  if (make_directory(store->files, error))
    return -1;
  char *temporary = arena_printf(&w->arena, "%s/new-XXXXXX", store->files);
  w->fd = mkostemp(temporary, O_CLOEXEC);
  if (w->fd < 0) {
    store_say_file(error, errno, store->files);
    blob_writer_close(w);
    return -1;
  }
  w->temporary = temporary;
  w->hash = EVP_MD_CTX_new();
  if (!w->hash || !EVP_DigestInit_ex(w->hash, EVP_sha256(), NULL))
    abort();
  return 0;
}

void blob_writer_close(struct blob_writer *w)
{
  if (w->fd >= 0)
    (void)close(w->fd);
  if (w->temporary)
    (void)unlink(w->temporary);
  EVP_MD_CTX_free(w->hash);
  arena_release(&w->arena);
  *w = (struct blob_writer){.fd = -1};
}

int store_write_all(int fd, const void *bytes, size_t n, struct error *error)
{
  for (const char *p = bytes; n;) {
    ssize_t written = write(fd, p, n);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return store_say_file(error, written < 0 ? errno : ENOSPC, "");
    p += written;
    n -= (size_t)written;
  }
  return 0;
}

int blob_writer_add(struct blob_writer *w, const void *bytes, size_t n, struct error *error)
{
  if (!EVP_DigestUpdate(w->hash, bytes, n))
    abort();
  return store_write_all(w->fd, bytes, n, error);
}

int blob_writer_finish(struct blob_writer *w, struct digest *ret, struct error *error)
{
  struct digest digest;
  if (!EVP_DigestFinal_ex(w->hash, digest.b, NULL))
    abort();
  const char *path = place_of(w->store, &w->arena, &digest);
  if (make_directory(directory_of(&w->arena, path), error))
    return -1;
  if (fsync(w->fd))
    return say_sync(error, w->temporary);
  if (rename(w->temporary, path)) /* over an equal one, where there is one */
    return store_say_file(error, errno, path);
  w->temporary = NULL;
  if (store_sync_directory(path, error))
    return -1;
  *ret = digest;
  return 0;
}

/* ---- the public ones ---- */

static int copy(struct blob_writer *w, int fd, int64_t *ret_size, struct error *error)
{
  unsigned char *block = malloc(BLOCK);
  if (!block)
    abort();
  int64_t at = 0;
  int failed = 0;
  while (!failed) {
    ssize_t n = pread(fd, block, BLOCK, at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      failed = error_set(error, ERROR_INTERNAL, "blob-unreadable", "无法读取附件：%s", "The attachment could not be read: %s",
                         strerror(errno));
    if (n <= 0)
      break;
    failed = blob_writer_add(w, block, (size_t)n, error);
    at += n;
  }
  free(block);
  *ret_size = at;
  return failed;
}

int blob_put(struct store *store, int fd, struct digest *ret, int64_t *ret_size, struct error *error)
{
  struct blob_writer w;
  int64_t size;
  if (blob_writer_open(store, &w, error))
    return -1;
  int failed = copy(&w, fd, &size, error) || blob_writer_finish(&w, ret, error) ? -1 : 0;
  blob_writer_close(&w);
  if (!failed && ret_size)
    *ret_size = size;
  return failed;
}

int blob_open(struct store *store, const struct digest *digest, int *ret_fd, int64_t *ret_size, struct error *error)
{
  struct arena arena = {0};
  struct stat st;
  const char *path = place_of(store, &arena, digest);
  int fd = open(path, O_RDONLY | O_CLOEXEC), number = errno;
  arena_release(&arena);
  if (fd < 0 && (number == ENOENT || number == ENOTDIR))
    return error_set(error, ERROR_NOT_FOUND, "blob-missing", "没有这个附件", "There is no such attachment");
  if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
    *ret_fd = fd;
    if (ret_size)
      *ret_size = st.st_size;
    return 0;
  }
  if (fd >= 0)
    (void)close(fd);
  return error_set(error, ERROR_INTERNAL, "blob-unreadable", "无法读取附件：%s", "The attachment could not be read: %s",
                   strerror(fd < 0 ? number : EIO));
}

int blob_remove(struct store *store, const struct digest *digest, struct error *error)
{
  struct arena arena = {0};
  const char *path = place_of(store, &arena, digest);
  int failed = 0;
  if (unlink(path) == 0)
    failed = store_sync_directory(path, error);
  else if (errno != ENOENT && errno != ENOTDIR)
    failed = store_say_file(error, errno, path);
  arena_release(&arena);
  return failed;
}

/* ---- all of them ---- */

static int each_in(const char *files, const char *head, blob_visit *visit, void *context, struct error *error)
{
  struct arena arena = {0};
  DIR *directory = opendir(arena_printf(&arena, "%s/%s", files, head));
  int failed = 0;
  while (directory && !failed) {
    const struct dirent *entry = readdir(directory);
    if (!entry)
      break;
    struct digest digest;
    char hex[HEX + 1];
    if (strlen(entry->d_name) != HEX - 2)
      continue;
    memcpy(hex, head, 2);
    memcpy(hex + 2, entry->d_name, HEX - 1);
    if (hex_decode(span_of(hex), digest.b, sizeof digest.b))
      failed = visit(context, &digest, error);
  }
  if (directory)
    (void)closedir(directory);
  arena_release(&arena);
  return failed;
}

int blob_each(struct store *store, blob_visit *visit, void *context, struct error *error)
{
  int failed = 0;
  for (unsigned i = 0; i < 256 && !failed; i++) {
    char head[3];
    unsigned char byte = (unsigned char)i;
    hex_encode(&byte, 1, head);
    failed = each_in(store->files, head, visit, context, error);
  }
  return failed;
}
