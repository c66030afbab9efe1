/*
 * span.h: text or bytes somebody else owns: a pointer and a length, passed by value.
 *
 * A span need not end in NUL. An empty span may have a NULL pointer.
 */
#ifndef ONEVISIT_BASE_SPAN_H
#define ONEVISIT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
  const char *p;
  size_t n;
};

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})

/* The span of a C string; NULL gives an empty span. */
struct span span_of(const char *s);

bool span_eq(struct span a, struct span b);
bool span_is(struct span a, const char *s);
bool span_starts(struct span a, const char *prefix);
struct span span_trim(struct span s); /* without ASCII white space at both ends */

/* The part before the first c goes to *head, the part after it remains in *rest; false when *rest was empty. */
bool span_cut(struct span *rest, char c, struct span *ret_head);

/* A whole decimal integer with optional '-', nothing else; false where it is not one or does not fit. */
bool span_int(struct span s, int64_t *ret);

/* The same for 0, 1, 2 … written the one way formats allow: digits only, no leading zero. */
bool span_natural(struct span s, int64_t *ret);

/* 64 bits of a good, unkeyed hash (for tables inside the process, never for security). */
uint64_t span_hash(struct span s);

#endif
