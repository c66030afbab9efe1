/*
 * arena.h: memory of one request, one command or one loaded file, freed whole.
 *
 * Whoever opens an arena frees it; what is allocated in it is never freed by hand. Allocation never
 * fails to the caller: a process that cannot get a few kilobytes aborts (the limits on input make
 * that the machine's fault, not a visitor's). Not thread-safe: an arena belongs to one thread at a time.
 */
#ifndef ONEVISIT_BASE_ARENA_H
#define ONEVISIT_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/span.h"

struct arena_chunk;

struct arena {
  struct arena_chunk *chunks; /* newest first */
  size_t used;                /* bytes handed out since the last reset */
  size_t held;                /* bytes of the chunks */
  size_t first;               /* size of the first chunk, for arenas of which there are very many; 0: 1 KiB */
};

/* A zeroed struct arena is valid and empty; arena_release() makes it so again. */
void arena_release(struct arena *arena);

/* Forgets everything, keeping the newest chunk for the next use. */
void arena_reset(struct arena *arena);

/* n zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t n);

/* count zeroed elements of the given size; aborts when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Copies, always NUL-terminated. arena_str(a, NULL) is "". */
char *arena_str(struct arena *arena, const char *s);
char *arena_dup(struct arena *arena, struct span s);
struct span arena_span(struct arena *arena, struct span s);

char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

/*
 * Grows an array held in an arena to room for one more element: the array doubles, the old copy
 * stays behind in the arena. Use: list = arena_grow(a, list, n, &cap, sizeof *list); list[n++] = x;
 */
void *arena_grow(struct arena *arena, void *list, size_t n, size_t *cap, size_t size);

#endif
