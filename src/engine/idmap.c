#include "engine/idmap.h"

#include <stdlib.h>

static size_t slot_of(const struct idmap *map, int64_t id)
{
  uint64_t h = (uint64_t)id * 0x9e3779b97f4a7c15ULL;
  return (size_t)(h >> 20) & (map->cap - 1);
}

void idmap_release(struct idmap *map)
{
  free(map->slots);
  *map = (struct idmap){0};
}

static struct idmap_slot *probe(const struct idmap *map, int64_t id)
{
  size_t i = slot_of(map, id);
  while (map->slots[i].id && map->slots[i].id != id)
    i = (i + 1) & (map->cap - 1);
  return &map->slots[i];
}

struct idmap_slot *idmap_find(const struct idmap *map, int64_t id)
{
  if (map->n == 0)
    return NULL;
  struct idmap_slot *slot = probe(map, id);
  return slot->id ? slot : NULL;
}

static void grow(struct idmap *map)
{
  struct idmap bigger = {.cap = map->cap ? 2 * map->cap : 64, .n = map->n};
  bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
  if (!bigger.slots)
    abort();
  for (size_t i = 0; i < map->cap; i++)
    if (map->slots[i].id)
      *probe(&bigger, map->slots[i].id) = map->slots[i];
  free(map->slots);
  *map = bigger;
}

struct idmap_slot *idmap_add(struct idmap *map, int64_t id)
{
  if (2 * (map->n + 1) > map->cap)
    grow(map);
  struct idmap_slot *slot = probe(map, id);
  if (!slot->id) {
    *slot = (struct idmap_slot){.id = id};
    map->n++;
  }
  return slot;
}

void idmap_remove(struct idmap *map, int64_t id)
{
  struct idmap_slot *slot = idmap_find(map, id);
  if (!slot)
    return;
  map->n--;
  /* backward shift: what follows in the run moves up where its home allows, so that no tombstone is needed */
  size_t hole = (size_t)(slot - map->slots), mask = map->cap - 1;
  for (size_t i = (hole + 1) & mask; map->slots[i].id; i = (i + 1) & mask) {
    size_t home = slot_of(map, map->slots[i].id);
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      map->slots[hole] = map->slots[i];
      hole = i;
    }
  }
  map->slots[hole] = (struct idmap_slot){0};
}
