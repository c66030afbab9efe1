#include "plan/blueprint.h"

#include <string.h>

const char *item_yields(const struct item *item)
{
  return item->result ? item->result->id : item->document;
}

int thing_stage(const struct thing *thing, const struct item *item)
{
  if (thing->audience != FOR_PROJECT)
    return 0;
  for (size_t i = 0; i < thing->item_count; i++)
    if (thing->items[i].item == item && thing->items[i].stage)
      return thing->items[i].stage;
  return item->stage;
}

static struct blueprint_item *line_of(struct blueprint *b, const struct item *item)
{
  for (size_t i = 0; i < b->n; i++)
    if (b->items[i].item == item)
      return &b->items[i];
  return NULL;
}

static void list_items(struct arena *arena, struct blueprint *b)
{
  const struct thing *thing = b->thing;
  b->items = arena_array(arena, thing->item_count + 1, sizeof *b->items);
  for (size_t i = 0; i < thing->item_count; i++) {
    const struct thing_item *entry = &thing->items[i];
    struct blueprint_item *line = line_of(b, entry->item);
    if (!line) {
      line = &b->items[b->n++];
      *line = (struct blueprint_item){.item = entry->item};
      line->when = arena_array(arena, thing->item_count - i, sizeof *line->when);
    }
    line->when[line->when_count++] = entry->when;
  }
}

struct builder {
  struct arena *arena;
  struct blueprint *blueprint;
  size_t cap;
  uint32_t *yields; /* hashes of the ids of what the items yield */
  bool *waits;      /* n squared: were every edge active, transitively */
};

static void add_edge(struct builder *builder, struct edge edge)
{
  struct blueprint *b = builder->blueprint;
  b->edges = arena_grow(builder->arena, b->edges, b->edge_count, &builder->cap, sizeof *b->edges);
  b->edges[b->edge_count++] = edge;
}

static void list_needs(struct builder *builder, int i)
{
  const struct blueprint *b = builder->blueprint;
  const struct item *item = b->items[i].item;
  for (size_t k = 0; k < item->need_count; k++)
    for (size_t p = 0; p < b->n; p++)
      if (b->items[p].item == item->needs[k])
        add_edge(builder, (struct edge){i, (int)p, EDGE_NEEDS, -1, NULL});
}

static enum edge_why why_of(enum material_source from)
{
  return from == FROM_RESULT ? EDGE_RESULT : from == FROM_GOVERNMENT ? EDGE_HELD : EDGE_YIELD;
}

static uint32_t hash_of(const char *id)
{
  uint32_t hash = 2166136261u;
  for (; id && *id; id++)
    hash = (hash ^ (unsigned char)*id) * 16777619u;
  return hash;
}

static void list_results(struct builder *builder, int i)
{
  const struct blueprint *b = builder->blueprint;
  const struct item *item = b->items[i].item;
  for (size_t m = 0; m < item->material_count; m++) {
    const struct item_material *ask = &item->materials[m];
    uint32_t wanted = hash_of(ask->material->id);
    for (size_t p = 0; p < b->n; p++) {
      const char *yields = builder->yields[p] == wanted && (int)p != i ? item_yields(b->items[p].item) : NULL;
      if (yields && strcmp(yields, ask->material->id) == 0)
        add_edge(builder, (struct edge){i, (int)p, why_of(ask->from), (int)m, ask->when});
    }
  }
}

/* i waits for p, and so for all that p waits for, and so does all that waits for i. */
static void close_over(struct builder *builder, size_t i, size_t p)
{
  size_t n = builder->blueprint->n;
  bool *waits = builder->waits;
  if (waits[i * n + p])
    return;
  for (size_t a = 0; a < n; a++) {
    if (a != i && !waits[a * n + i])
      continue;
    waits[a * n + p] = true;
    for (size_t b = 0; b < n; b++)
      waits[a * n + b] |= waits[p * n + b];
  }
}

/* A stage is accepted when the one before it is through: what a later one yields is never waited for. */
static bool is_of_later_stage(const struct blueprint *b, const struct edge *edge)
{
  return thing_stage(b->thing, b->items[edge->producer].item) > thing_stage(b->thing, b->items[edge->item].item);
}

/* What must be waited for comes first; then what need not be, each where it closes no circle with all before it. */
static void order_edges(struct builder *builder)
{
  struct blueprint *b = builder->blueprint;
  builder->waits = arena_array(builder->arena, b->n * b->n + 1, sizeof *builder->waits);
  for (size_t e = 0; e < b->edge_count; e++)
    if (b->edges[e].why <= EDGE_RESULT)
      close_over(builder, (size_t)b->edges[e].item, (size_t)b->edges[e].producer);
  for (size_t i = 0; i < b->n; i++)
    b->circular |= builder->waits[i * b->n + i];
  for (size_t e = 0; e < b->edge_count; e++) {
    struct edge *edge = &b->edges[e];
    size_t i = (size_t)edge->item, p = (size_t)edge->producer;
    if (edge->why == EDGE_YIELD && (builder->waits[p * b->n + i] || is_of_later_stage(b, edge)))
      edge->why = EDGE_REFUSED;
    else if (edge->why == EDGE_YIELD)
      close_over(builder, i, p);
  }
}

struct blueprint *blueprint_make(struct arena *arena, const struct thing *thing)
{
  struct blueprint *b = arena_new(arena, struct blueprint);
  b->thing = thing;
  list_items(arena, b);
  struct builder builder = {.arena = arena, .blueprint = b};
  builder.yields = arena_array(arena, b->n + 1, sizeof *builder.yields);
  for (size_t i = 0; i < b->n; i++)
    builder.yields[i] = hash_of(item_yields(b->items[i].item));
  for (size_t i = 0; i < b->n; i++) {
    list_needs(&builder, (int)i);
    list_results(&builder, (int)i);
  }
  order_edges(&builder);
  return b;
}
