#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN ((size_t)1024)
#define CHUNK_MAX ((size_t)1 << 20) /* of those that are more than what was asked for */

struct arena_chunk {
  struct arena_chunk *next;
  size_t size, used;
  _Alignas(max_align_t) unsigned char data[];
};

static void *must(void *p)
{
  if (!p)
    abort();
  return p;
}

static void add_chunk(struct arena *arena, size_t n)
{
  size_t least = arena->first ? arena->first : CHUNK_MIN;
  size_t size = n > least ? n : least;
  if (arena->chunks && size < 2 * arena->chunks->size)
    size = arena->chunks->size < CHUNK_MAX / 2 ? 2 * arena->chunks->size : size > CHUNK_MAX ? size : CHUNK_MAX;
  struct arena_chunk *chunk = must(malloc(sizeof *chunk + size));
  chunk->next = arena->chunks;
  chunk->size = size;
  chunk->used = 0;
  arena->chunks = chunk;
  arena->held += sizeof *chunk + size;
}

static size_t aligned(size_t n)
{
  const size_t align = _Alignof(max_align_t);
  if (n > SIZE_MAX / 4)
    abort();
  return (n + align - 1) / align * align;
}

static size_t room_in(const struct arena *arena)
{
  return arena->chunks ? arena->chunks->size - arena->chunks->used : 0;
}

/* n bytes as they are; the first of the newest chunk's room where they fit it. */
static void *take(struct arena *arena, size_t n)
{
  n = aligned(n);
  if (!arena->chunks || room_in(arena) < n)
    add_chunk(arena, n);
  void *p = arena->chunks->data + arena->chunks->used;
  arena->chunks->used += n;
  arena->used += n;
  return p;
}

void *arena_alloc(struct arena *arena, size_t n)
{
  return memset(take(arena, n), 0, aligned(n));
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
  size_t n;
  if (__builtin_mul_overflow(count, size, &n))
    abort();
  return arena_alloc(arena, n);
}

static void free_from(struct arena_chunk *chunk)
{
  while (chunk) {
    struct arena_chunk *next = chunk->next;
    free(chunk);
    chunk = next;
  }
}

void arena_release(struct arena *arena)
{
  free_from(arena->chunks);
  *arena = (struct arena){.first = arena->first};
}

void arena_reset(struct arena *arena)
{
  if (arena->chunks) {
    free_from(arena->chunks->next);
    arena->chunks->next = NULL;
    arena->chunks->used = 0;
    arena->held = sizeof *arena->chunks + arena->chunks->size;
  }
  arena->used = 0;
}

char *arena_dup(struct arena *arena, struct span s)
{
  char *copy = take(arena, s.n + 1);
  if (s.n)
    memcpy(copy, s.p, s.n);
  copy[s.n] = '\0';
  return copy;
}

struct span arena_span(struct arena *arena, struct span s)
{
  return (struct span){arena_dup(arena, s), s.n};
}

char *arena_str(struct arena *arena, const char *s)
{
  return arena_dup(arena, span_of(s));
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
{
  va_list again;
  va_copy(again, ap);
  size_t room = room_in(arena);
  int n = vsnprintf(room ? (char *)arena->chunks->data + arena->chunks->used : NULL, room, fmt, ap);
  if (n < 0)
    abort();
  bool done = room >= aligned((size_t)n + 1); /* it stands where take() gives it: formatted only once */
  char *s = take(arena, (size_t)n + 1);
  if (!done)
    (void)vsnprintf(s, (size_t)n + 1, fmt, again);
  va_end(again);
  return s;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  char *s = arena_vprintf(arena, fmt, ap);
  va_end(ap);
  return s;
}

void *arena_grow(struct arena *arena, void *list, size_t n, size_t *cap, size_t size)
{
  if (n < *cap)
    return list;
  *cap = *cap ? 2 * *cap : 8;
  void *grown = arena_array(arena, *cap, size);
  if (n)
    memcpy(grown, list, n * size);
  return grown;
}
