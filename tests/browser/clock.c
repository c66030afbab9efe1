/*
 * clock.c: LD_PRELOADed: the wall clock runs ahead of the machine's by so many milliseconds as the file $CLOCK_FILE says, so that
 * a journey in the browser goes through days. The monotonic clock is left alone.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t which, struct timespec *ret);

static long long ahead_ms(void)
{
  char text[32] = "";
  const char *path = getenv("CLOCK_FILE");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
  if (fd >= 0)
    (void)close(fd);
  return n > 0 ? atoll(text) : 0;
}

int clock_gettime(clockid_t which, struct timespec *ret)
{
  static int (*real)(clockid_t, struct timespec *);
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
  int bad = real(which, ret);
  if (bad || which != CLOCK_REALTIME)
    return bad;
  long long ms = ahead_ms();
  ret->tv_sec += ms / 1000;
  return 0;
}
