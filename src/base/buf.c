#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *buf, size_t max)
{
  *buf = (struct buf){.max = max};
}

void buf_release(struct buf *buf)
{
  free(buf->p);
  *buf = (struct buf){.max = buf->max};
}

void buf_clear(struct buf *buf)
{
  buf->n = 0;
  buf->full = false;
}

bool buf_grow(struct buf *buf, size_t more)
{
  if (buf->full || more > buf->max - buf->n) {
    buf->full = true;
    return false;
  }
  size_t need = buf->n + more + 1;
  if (need <= buf->cap)
    return true;
  size_t cap = buf->cap ? buf->cap : 256;
  while (cap < need)
    cap *= 2;
  if (cap > buf->max && buf->max < SIZE_MAX) /* so what fits the memory fits the maximum: see buf_reserve() */
    cap = buf->max + 1;
  char *p = realloc(buf->p, cap);
  if (!p)
    abort();
  buf->p = p;
  buf->cap = cap;
  return true;
}

void buf_span(struct buf *buf, struct span s)
{
  buf_bytes(buf, s.p, s.n);
}

void buf_str(struct buf *buf, const char *s)
{
  buf_bytes(buf, s, strlen(s));
}

void buf_int(struct buf *buf, int64_t value)
{
  char digits[20], *p = digits + sizeof digits;
  uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
  do
    *--p = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0)
    *--p = '-';
  buf_bytes(buf, p, (size_t)(digits + sizeof digits - p));
}

/* Most often what is written fits the room there is: then it is formatted only once. */
void buf_vprintf(struct buf *buf, const char *fmt, va_list ap)
{
  va_list again;
  va_copy(again, ap);
  size_t room = buf->full ? 0 : buf->cap - buf->n;
  int n = vsnprintf(room ? buf->p + buf->n : NULL, room, fmt, ap);
  bool done = n >= 0 && (size_t)n < room;
  if (done || (n > 0 && buf_reserve(buf, (size_t)n))) {
    if (!done)
      (void)vsnprintf(buf->p + buf->n, (size_t)n + 1, fmt, again);
    buf->n += (size_t)n;
  } else if (room) {
    buf->p[buf->n] = '\0';
  }
  va_end(again);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  buf_vprintf(buf, fmt, ap);
  va_end(ap);
}

struct span buf_view(const struct buf *buf)
{
  return (struct span){buf->p ? buf->p : "", buf->n};
}
