/*
 * fault.c: LD_PRELOADed: the process ends at its n-th change to a file, as if the power had gone.
 *
 *   FAULT_AT=n      counts write, pwrite, fsync, fdatasync, rename, unlink, ftruncate and opening for writing, on regular
 *                   files, in all threads; the n-th is not done any more (exit code 99)
 *   FAULT_TORN=1    the n-th, where it writes, writes half of its bytes first
 *   FAULT_COUNT=F   at a normal end the number of changes is written to the file F
 */
#undef _FILE_OFFSET_BITS /* else open and open64 would be one name */
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long count;
static long fault_at;
static bool torn;

__attribute__((constructor)) static void begin(void)
{
  const char *at = getenv("FAULT_AT"), *half = getenv("FAULT_TORN");
  fault_at = at ? atol(at) : 0;
  torn = half && *half == '1';
}

__attribute__((destructor)) static void end(void)
{
  const char *path = getenv("FAULT_COUNT");
  char text[32];
  int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
  int n = snprintf(text, sizeof text, "%ld\n", atomic_load(&count));
  if (fd >= 0)
    (void)syscall(SYS_write, fd, text, (size_t)n);
}

static bool due(void)
{
  return atomic_fetch_add(&count, 1) + 1 == fault_at;
}

static bool regular(int fd)
{
  struct stat st;
  return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

ssize_t write(int fd, const void *p, size_t n)
{
  if (regular(fd) && due()) {
    if (torn)
      (void)syscall(SYS_write, fd, p, n / 2);
    _exit(99);
  }
  return syscall(SYS_write, fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
  if (regular(fd) && due()) {
    if (torn)
      (void)syscall(SYS_pwrite64, fd, p, n / 2, at);
    _exit(99);
  }
  return syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
  return pwrite(fd, p, n, at);
}

static void maybe(void)
{
  if (due())
    _exit(99);
}

int fsync(int fd)
{
  maybe();
  return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
  maybe();
  return (int)syscall(SYS_fdatasync, fd);
}

int rename(const char *from, const char *to)
{
  maybe();
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
  maybe();
  return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int unlink(const char *path)
{
  maybe();
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int unlinkat(int dir, const char *path, int flags)
{
  maybe();
  return (int)syscall(SYS_unlinkat, dir, path, flags);
}

int ftruncate(int fd, off_t n)
{
  maybe();
  return (int)syscall(SYS_ftruncate, fd, n);
}

int ftruncate64(int fd, off_t n)
{
  return ftruncate(fd, n);
}

int mkdir(const char *path, mode_t mode)
{
  maybe();
  return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
  if (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))
    maybe();
  return (int)syscall(SYS_openat, dir, path, flags, mode);
}

#define MODE(flags, mode)                                                                                                          \
  do {                                                                                                                             \
    va_list ap;                                                                                                                    \
    va_start(ap, flags);                                                                                                           \
    (mode) = (flags) & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;                                                             \
    va_end(ap);                                                                                                                    \
  } while (0)

int open(const char *path, int flags, ...)
{
  mode_t mode;
  MODE(flags, mode);
  return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
  mode_t mode;
  MODE(flags, mode);
  return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
  mode_t mode;
  MODE(flags, mode);
  return open_at(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
  mode_t mode;
  MODE(flags, mode);
  return open_at(dir, path, flags, mode);
}
