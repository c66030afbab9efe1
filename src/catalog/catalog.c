#include "catalog/loaded.h"

#include <stdlib.h>

static const char *id_of(const void *entry)
{
  return *(const char *const *)entry;
}

void id_index_init(struct id_index *index, struct arena *arena, size_t n)
{
  size_t size = 16;
  while (size < 2 * n)
    size *= 2;
  index->slots = arena_array(arena, size, sizeof *index->slots);
  index->all = arena_array(arena, n, sizeof *index->all);
  index->mask = size - 1;
  index->n = 0;
}

static size_t slot_of(const struct id_index *index, struct span id)
{
  size_t i = (size_t)span_hash(id) & index->mask;
  while (index->slots[i] && !span_is(id, id_of(index->slots[i])))
    i = (i + 1) & index->mask;
  return i;
}

bool id_index_add(struct id_index *index, const void *entry)
{
  size_t i = slot_of(index, span_of(id_of(entry)));
  if (index->slots[i])
    return false;
  index->slots[i] = entry;
  index->all[index->n++] = entry;
  return true;
}

const void *id_index_get(const struct id_index *index, struct span id)
{
  return index->slots ? index->slots[slot_of(index, id)] : NULL;
}

static const void *look(const struct catalog *catalog, enum index_kind kind, struct span id)
{
  return id_index_get(&((const struct loaded *)catalog)->indexes[kind], id);
}

const struct agency *catalog_agency(const struct catalog *catalog, struct span id)
{
  return look(catalog, INDEX_AGENCY, id);
}

const struct item *catalog_item(const struct catalog *catalog, struct span id)
{
  return look(catalog, INDEX_ITEM, id);
}

const struct thing *catalog_thing(const struct catalog *catalog, struct span id)
{
  return look(catalog, INDEX_THING, id);
}

const struct material *catalog_material(const struct catalog *catalog, struct span id)
{
  return look(catalog, INDEX_MATERIAL, id);
}

const struct field *catalog_field(const struct catalog *catalog, struct span id)
{
  return look(catalog, INDEX_FIELD, id);
}

const struct certificate *catalog_certificate(const struct catalog *catalog, struct span id)
{
  return look(catalog, INDEX_CERTIFICATE, id);
}

const struct zone *catalog_zone(const struct catalog *catalog, struct span id)
{
  return look(catalog, INDEX_ZONE, id);
}

const struct hall *catalog_hall(const struct catalog *catalog, struct span id)
{
  return look(catalog, INDEX_HALL, id);
}

void catalog_free(struct catalog *catalog)
{
  if (!catalog)
    return;
  search_release(&((struct loaded *)catalog)->search);
  arena_release(&catalog->arena);
  free((struct loaded *)catalog);
}
