/*
 * buf.h: a growable output buffer with a mandatory maximum.
 *
 * Writing past the maximum sets `full` and drops the rest, so that a long chain of appends is checked
 * once, at its end. The bytes are NUL-terminated whenever there are any (the NUL is not counted).
 */
#ifndef ONEVISIT_BASE_BUF_H
#define ONEVISIT_BASE_BUF_H

#include <stdarg.h>

#include "base/span.h"

struct buf {
  char *p;
  size_t n, cap, max;
  bool full; /* something did not fit: the content is not usable */
};

void buf_init(struct buf *buf, size_t max);
void buf_release(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory */

void buf_bytes(struct buf *buf, const void *p, size_t n);
void buf_span(struct buf *buf, struct span s);
void buf_str(struct buf *buf, const char *s);
void buf_char(struct buf *buf, char c);
void buf_int(struct buf *buf, int64_t value); /* in decimal digits */
void buf_printf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* The content, owned by the buffer until it is written to or released. */
struct span buf_view(const struct buf *buf);

#endif
