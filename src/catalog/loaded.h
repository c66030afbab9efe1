/*
 * loaded.h: a catalogue with its indexes (private to this room). catalog_load() gives out its first member.
 */
#ifndef ONEVISIT_CATALOG_LOADED_H
#define ONEVISIT_CATALOG_LOADED_H

#include <pthread.h>
#include <stdatomic.h>

#include "catalog/catalog.h"

enum index_kind {
  INDEX_AGENCY,
  INDEX_FIELD,
  INDEX_CERTIFICATE,
  INDEX_MATERIAL,
  INDEX_ITEM,
  INDEX_THING,
  INDEX_ZONE,
  INDEX_HALL,
  INDEX_KINDS
};

/* Ids to structs whose first member is the id; open addressing. */
struct id_index {
  const void **slots;
  size_t mask, n;
  const void **all; /* in the order of adding, for suggestions */
};

/* One piece of text that can be found: a name, an everyday word, a law … of a thing or an item. */
struct search_entry {
  const struct thing *thing; /* one of the two */
  const struct item *item;
  float worth; /* of a hit here, 0 … 1 */
  float total; /* the sum of its grams */
};

struct search_gram {
  uint64_t key;      /* 0: a free slot */
  uint32_t *entries; /* ascending */
  size_t n, cap;
};

/* Built when something is searched for the first time: a check or a plan never pays for it. */
struct search {
  pthread_mutex_t building;
  atomic_bool built;
  struct arena arena;
  struct search_gram *grams; /* open addressing */
  size_t mask, used;
  struct search_entry *entries;
  size_t n, cap;
};

struct loaded {
  struct catalog catalog; /* first: a struct catalog * is a struct loaded * */
  struct id_index indexes[INDEX_KINDS];
  struct search search;
};

const void *id_index_get(const struct id_index *index, struct span id);
/* Makes room for n ids. */
void id_index_init(struct id_index *index, struct arena *arena, size_t n);
/* false where the id is known already; nothing is changed then. */
bool id_index_add(struct id_index *index, const void *entry);

void search_init(struct search *search);
void search_release(struct search *search);

#endif
