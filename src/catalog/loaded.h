/*
 * loaded.h: a catalogue with its indexes (private to this room). catalog_load() gives out its first member.
 */
#ifndef ONEVISIT_CATALOG_LOADED_H
#define ONEVISIT_CATALOG_LOADED_H

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

struct posting { /* one document that holds a gram, with its weight there */
  uint32_t document;
  float weight;
};

struct gram {
  uint64_t key; /* 0: a free slot */
  struct posting *postings;
  uint32_t n, cap;
  float rarity;
};

struct search_document {
  const struct thing *thing;
  const struct item *item;
};

struct search {
  struct gram *grams;
  size_t mask, used;
  struct search_document *documents;
  size_t n;
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

void search_build(struct loaded *loaded);

#endif
