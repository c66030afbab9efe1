#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t now_ns(void)
{
  struct timespec ts;
  (void)clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void give_up(const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  (void)fputs("bench: ", stderr);
  (void)vfprintf(stderr, fmt, ap);
  (void)fputc('\n', stderr);
  va_end(ap);
  exit(1);
}

void give_up_with(const char *what, const struct error *error)
{
  give_up("%s: %s (%s)", what, error->en, error->name ? error->name : "");
}

uint64_t chance(uint64_t *state)
{
  uint64_t x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return x * UINT64_C(0x2545f4914f6cdd1d);
}

void durations_add(struct durations *d, int64_t ns)
{
  if (d->n == d->cap) {
    d->cap = d->cap ? 2 * d->cap : 65536;
    d->list = realloc(d->list, d->cap * sizeof *d->list);
    if (!d->list)
      give_up("out of memory");
  }
  d->list[d->n++] = ns;
}

static int by_size(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

void durations_sort(struct durations *d)
{
  if (d->n)
    qsort(d->list, d->n, sizeof *d->list, by_size);
}

double durations_quantile(const struct durations *d, double q)
{
  if (!d->n)
    return 0;
  return (double)d->list[(size_t)(q * (double)(d->n - 1))] / 1000;
}

static int by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double median(double *list, size_t n)
{
  if (!n)
    return 0;
  qsort(list, n, sizeof *list, by_value);
  return list[(n - 1) / 2];
}
