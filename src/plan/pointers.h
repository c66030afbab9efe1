/* pointers.h: a small map from pointers to numbers, made and gone with one plan (private to src/plan). */
#ifndef ONEVISIT_PLAN_POINTERS_H
#define ONEVISIT_PLAN_POINTERS_H

#include "base/arena.h"

struct pointer_slot {
  const void *key; /* NULL: free */
  size_t value;
};

struct pointers {
  struct pointer_slot *slots; /* open addressing, never more than half full */
  size_t mask;
};

/* Room for n pointers. */
static inline void pointers_init(struct pointers *map, struct arena *arena, size_t n)
{
  size_t size = 16;
  while (size < 2 * n)
    size *= 2;
  map->slots = arena_array(arena, size, sizeof *map->slots);
  map->mask = size - 1;
}

/* The slot of a pointer, or the free one where it goes. */
static inline struct pointer_slot *pointers_slot(const struct pointers *map, const void *key)
{
  size_t at = (size_t)(((uintptr_t)key >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
  while (map->slots[at & map->mask].key && map->slots[at & map->mask].key != key)
    at++;
  return &map->slots[at & map->mask];
}

#endif
