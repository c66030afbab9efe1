/*
 * idmap.h: a hash table from positive 64-bit ids to pointers or numbers (open addressing, linear probing).
 */
#ifndef ONEVISIT_ENGINE_IDMAP_H
#define ONEVISIT_ENGINE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap_slot {
  int64_t id; /* 0: free */
  union {
    void *pointer;
    int64_t number;
  } value;
};

struct idmap {
  struct idmap_slot *slots;
  size_t n, cap;
};

void idmap_release(struct idmap *map);
struct idmap_slot *idmap_find(const struct idmap *map, int64_t id); /* NULL where there is none */
struct idmap_slot *idmap_add(struct idmap *map, int64_t id); /* found or fresh (value zero); valid until the next add or remove */
void idmap_remove(struct idmap *map, int64_t id);

#endif
