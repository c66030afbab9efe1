/*
 * buf.h: a growable output buffer with a mandatory maximum.
 *
 * Writing past the maximum sets `full` and drops the rest, so that a long chain of appends is checked
 * once, at its end. The bytes are NUL-terminated whenever there are any (the NUL is not counted).
 */
#ifndef ONEVISIT_BASE_BUF_H
#define ONEVISIT_BASE_BUF_H

#include <stdarg.h>
#include <string.h>

#include "base/span.h"

struct buf {
  char *p;
  size_t n, cap, max;
  bool full; /* something did not fit: the content is not usable */
};

void buf_init(struct buf *buf, size_t max);
void buf_release(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory */

bool buf_grow(struct buf *buf, size_t more); /* for the functions below: room for more bytes and the NUL after them */

/* A page or a JSON document is made of a thousand small pieces: these are inline. */
static inline bool buf_reserve(struct buf *buf, size_t more)
{
  return (!buf->full && more < buf->cap - buf->n) || buf_grow(buf, more);
}

static inline void buf_bytes(struct buf *buf, const void *p, size_t n)
{
  if (n == 0 || !buf_reserve(buf, n))
    return;
  memcpy(buf->p + buf->n, p, n);
  buf->n += n;
  buf->p[buf->n] = '\0';
}

static inline void buf_char(struct buf *buf, char c)
{
  if (!buf_reserve(buf, 1))
    return;
  buf->p[buf->n++] = c;
  buf->p[buf->n] = '\0';
}

void buf_span(struct buf *buf, struct span s);
void buf_str(struct buf *buf, const char *s);
void buf_int(struct buf *buf, int64_t value); /* in decimal digits */
void buf_printf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* The content, owned by the buffer until it is written to or released. */
struct span buf_view(const struct buf *buf);

#endif
