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

static bool grow(struct buf *buf, size_t more)
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
  char *p = realloc(buf->p, cap);
  if (!p)
    abort();
  buf->p = p;
  buf->cap = cap;
  return true;
}

/* Room for more bytes and the NUL after them; false, and full from then on, where the maximum forbids it. */
static inline bool reserve(struct buf *buf, size_t more)
{
  bool fits = !buf->full && more < buf->cap - buf->n && more <= buf->max - buf->n;
  return fits || grow(buf, more);
}

void buf_bytes(struct buf *buf, const void *p, size_t n)
{
  if (n == 0 || !reserve(buf, n))
    return;
  memcpy(buf->p + buf->n, p, n);
  buf->n += n;
  buf->p[buf->n] = '\0';
}

void buf_span(struct buf *buf, struct span s)
{
  buf_bytes(buf, s.p, s.n);
}

void buf_str(struct buf *buf, const char *s)
{
  buf_bytes(buf, s, strlen(s));
}

void buf_char(struct buf *buf, char c)
{
  if (!reserve(buf, 1))
    return;
  buf->p[buf->n++] = c;
  buf->p[buf->n] = '\0';
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

void buf_vprintf(struct buf *buf, const char *fmt, va_list ap)
{
  va_list again;
  va_copy(again, ap);
  char none[1];
  int n = vsnprintf(none, sizeof none, fmt, ap);
  if (n > 0 && reserve(buf, (size_t)n)) {
    (void)vsnprintf(buf->p + buf->n, (size_t)n + 1, fmt, again);
    buf->n += (size_t)n;
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
