#include "proof/holdings.h"

#include <stdlib.h>
#include <string.h>

struct yield {
  const char *id;
  const struct item *item;
};

struct holdings {
  const struct catalog *catalog;
  const struct item **producers; /* by what they yield, a NULL after each group */
  struct yield *groups;          /* sorted by id; item is the first of its group */
  size_t group_count;
  const struct item *const **lists; /* beside groups */
  const struct item **stack;
  unsigned *seen, round; /* beside the catalogue's items: the round they were reached in */
};

static int by_id(const void *a, const void *b)
{
  const struct yield *x = a, *y = b;
  int order = strcmp(x->id, y->id);
  return order ? order : (x->item > y->item) - (x->item < y->item);
}

static void group(struct holdings *h, const struct yield *all, size_t n)
{
  size_t at = 0;
  for (size_t i = 0; i < n; i++) {
    if (i == 0 || strcmp(all[i].id, all[i - 1].id) != 0) {
      at += i > 0; /* the NULL that ends the group before */
      h->lists[h->group_count] = (const struct item *const *)&h->producers[at];
      h->groups[h->group_count++] = all[i];
    }
    h->producers[at++] = all[i].item;
  }
}

struct holdings *holdings_make(struct arena *arena, const struct catalog *catalog)
{
  struct holdings *h = arena_new(arena, struct holdings);
  size_t n = 0, items = catalog->item_count;
  struct yield *all = arena_array(arena, items + 1, sizeof *all);
  *h = (struct holdings){.catalog = catalog,
                         .producers = arena_array(arena, 2 * items + 2, sizeof(struct item *)),
                         .groups = arena_array(arena, items + 1, sizeof *h->groups),
                         .lists = arena_array(arena, items + 1, sizeof *h->lists),
                         .stack = arena_array(arena, items + 1, sizeof *h->stack),
                         .seen = arena_array(arena, items + 1, sizeof *h->seen)};
  for (size_t i = 0; i < items; i++) {
    const char *id = item_yields(&catalog->items[i]);
    if (id)
      all[n++] = (struct yield){id, &catalog->items[i]};
  }
  if (n)
    qsort(all, n, sizeof *all, by_id);
  group(h, all, n);
  return h;
}

static int to_group(const void *key, const void *entry)
{
  return strcmp(key, ((const struct yield *)entry)->id);
}

const struct item *const *holdings_producers(const struct holdings *h, const struct material *material)
{
  static const struct item *const nobody[] = {NULL};
  const struct yield *found = h->group_count ? bsearch(material->id, h->groups, h->group_count, sizeof *h->groups, to_group) : NULL;
  return found ? h->lists[found - h->groups] : nobody;
}

static void reach(struct holdings *h, const struct item *item, size_t *depth)
{
  unsigned *seen = &h->seen[item - h->catalog->items];
  if (*seen == h->round)
    return;
  *seen = h->round;
  h->stack[(*depth)++] = item;
}

const int *holdings_before(struct holdings *h, struct arena *arena, const struct item *item, const struct blueprint *blueprint)
{
  size_t depth = 0;
  h->round++;
  reach(h, item, &depth);
  while (depth) {
    const struct item *at = h->stack[--depth];
    for (size_t k = 0; k < at->need_count; k++)
      reach(h, at->needs[k], &depth);
    for (size_t m = 0; m < at->material_count; m++) {
      const struct item_material *ask = &at->materials[m];
      if (ask->from != FROM_RESULT || ask->when)
        continue;
      const struct item *const *producers = holdings_producers(h, ask->material);
      if (producers[0] && !producers[1])
        reach(h, producers[0], &depth);
    }
  }
  int *before = arena_array(arena, blueprint->n + 1, sizeof *before);
  size_t n = 0;
  for (size_t i = 0; i < blueprint->n; i++)
    if (blueprint->items[i].item != item && h->seen[blueprint->items[i].item - h->catalog->items] == h->round)
      before[n++] = (int)i;
  before[n] = -1;
  return before;
}
