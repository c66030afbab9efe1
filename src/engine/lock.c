#include "engine/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOTE_MAX 65536

/* The file's content; an empty span where there is no file. */
static int read_note(const char *path, struct arena *arena, struct span *ret, struct error *error)
{
  char bytes[NOTE_MAX];
  size_t n = 0;
  ssize_t got = 1;
  *ret = (struct span){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return 0;
  while (fd >= 0 && n < sizeof bytes && (got = read(fd, bytes + n, sizeof bytes - n)) > 0)
    n += (size_t)got;
  int number = errno;
  if (fd >= 0)
    (void)close(fd);
  if (fd < 0 || got < 0)
    return error_set(error, ERROR_INTERNAL, "lock-damaged", "账本锁文件无法读取：%s", "The ledger's lock cannot be read: %s",
                     strerror(number)),
           error_at(error, "%s", path);
  *ret = arena_span(arena, (struct span){bytes, n});
  return 0;
}

static bool signed_checkpoint(struct arena *arena, struct span note, const struct verifier *const *keys, size_t n,
                              struct checkpoint *ret)
{
  for (size_t i = 0; i < n; i++) {
    struct span text;
    if (note_open(arena, note, keys[i], &text, NULL) == 0)
      return checkpoint_parse(arena, text, ret) && span_is(ret->origin, verifier_name(keys[i]));
  }
  return false;
}

int lock_open(const char *dir, const char *file, const struct verifier *const *keys, size_t n, struct lock *ret,
              struct error *error)
{
  struct lock lock = {0};
  (void)snprintf(lock.path, sizeof lock.path, "%s/%s", dir, file);
  if (read_note(lock.path, &lock.arena, &lock.note, error)) {
    lock_close(&lock);
    return -1;
  }
  if (lock.note.n && !signed_checkpoint(&lock.arena, lock.note, keys, n, &lock.checkpoint)) {
    (void)error_set(error, ERROR_INTERNAL, "lock-damaged", "账本锁文件不是本账本密钥签名的检查点，请从密钥的备份恢复该文件",
                    "The ledger's lock is no checkpoint signed by the ledger's key: restore it from the backup of the keys");
    (void)error_at(error, "%s", lock.path);
    lock_close(&lock);
    return -1;
  }
  *ret = lock;
  return 0;
}

void lock_close(struct lock *lock)
{
  arena_release(&lock->arena);
  *lock = (struct lock){0};
}

/* ---- moving on ---- */

static int sync_directory(const char *path)
{
  char dir[700];
  (void)snprintf(dir, sizeof dir, "%s", path);
  char *slash = strrchr(dir, '/');
  if (slash)
    *slash = '\0';
  int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  int bad = fsync(fd);
  (void)close(fd);
  return bad;
}

static bool write_all(int fd, struct span s)
{
  while (s.n) {
    ssize_t n = write(fd, s.p, s.n);
    if (n < 0 && errno != EINTR)
      return false;
    s = n > 0 ? (struct span){s.p + n, s.n - (size_t)n} : s;
  }
  return true;
}

static int replace(const char *path, struct span note, struct error *error)
{
  char fresh[710];
  (void)snprintf(fresh, sizeof fresh, "%s.new", path);
  int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && write_all(fd, note) && fsync(fd) == 0;
  int number = errno;
  if (fd >= 0 && close(fd) != 0 && ok) {
    ok = false;
    number = errno;
  }
  if (ok && (rename(fresh, path) != 0 || sync_directory(path) != 0)) {
    ok = false;
    number = errno;
  }
  if (ok)
    return 0;
  (void)error_set(error, ERROR_BUSY, "lock-unwritable", "账本锁文件无法写入，检查点暂不公布：%s",
                  "The ledger's lock cannot be written, so no checkpoint goes out: %s", strerror(number));
  return error_at(error, "%s", path);
}

static int compare(const struct lock *lock, const struct checkpoint *next, struct error *error)
{
  struct arena arena = {0};
  struct span now;
  if (read_note(lock->path, &arena, &now, error)) {
    arena_release(&arena);
    return -1;
  }
  bool same = span_eq(now, lock->note);
  arena_release(&arena);
  if (!same)
    return error_set(error, ERROR_INTERNAL, "lock-moved", "另有程序在用同一密钥公布账本，已停止公布",
                     "Another process publishes under this key: publishing has stopped"),
           error_at(error, "%s", lock->path);
  const struct checkpoint *last = &lock->checkpoint;
  if (next->size < last->size || (next->size == last->size && last->size && !digest_eq(&next->root, &last->root)))
    return error_set(error, ERROR_INTERNAL, "ledger-forked", "账本与已公布的检查点（%lld）不一致，不予公布",
                     "The ledger does not agree with the checkpoint already let out (%lld): nothing is published",
                     (long long)last->size);
  return 0;
}

int lock_move(struct lock *lock, struct span note, const struct checkpoint *checkpoint, struct error *error)
{
  if (compare(lock, checkpoint, error))
    return -1;
  if (lock->note.n && checkpoint->size == lock->checkpoint.size)
    return 0;
  if (replace(lock->path, note, error))
    return -1;
  arena_release(&lock->arena);
  lock->note = arena_span(&lock->arena, note);
  lock->checkpoint = *checkpoint;
  lock->checkpoint.origin = arena_span(&lock->arena, checkpoint->origin);
  return 0;
}
