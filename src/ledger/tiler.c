#include "ledger/tiler.h"

static int tell(struct tiler *t, const struct tile *tile, struct error *error)
{
  struct span bytes = {(const char *)t->rows[tile->level], (size_t)tile->width * DIGEST_BYTES};
  return t->sink(t->context, tile, bytes, error);
}

int tiler_add(struct tiler *t, struct digest leaf, struct error *error)
{
  int64_t n = t->size++;
  for (int level = 0; level < TILE_LEVELS; level++, n /= TILE_WIDTH) {
    t->rows[level][n % TILE_WIDTH] = leaf;
    if (n % TILE_WIDTH != TILE_WIDTH - 1)
      return 0;
    if (tell(t, &(struct tile){level, n / TILE_WIDTH, TILE_WIDTH}, error))
      return -1;
    leaf = merkle_fold(t->hash, t->rows[level], TILE_WIDTH);
  }
  return 0;
}

int tiler_partials(struct tiler *t, struct error *error)
{
  struct tile_walk walk = tile_walk(t->told, t->size);
  for (struct tile tile; tile_walk_next(&walk, &tile);)
    if (tile.level != TILE_ENTRIES && tile.width < TILE_WIDTH && tell(t, &tile, error))
      return -1;
  t->told = t->size;
  return 0;
}

/* The perfect subtrees of the edge lie in the tiles that are being filled. */
static int row_node(void *context, int level, int64_t index, struct digest *ret, struct error *error)
{
  const struct tiler *t = context;
  struct tile_slots slots = tile_slots_of(level, index);
  (void)error;
  *ret = merkle_fold(t->hash, &t->rows[slots.level][slots.first], (size_t)slots.n);
  return 0;
}

void tiler_edge(const struct tiler *t, struct merkle_edge *ret)
{
  struct merkle_reader reader = {.node = row_node, .context = (void *)(uintptr_t)t, .hash = t->hash};
  (void)merkle_edge_at(&reader, t->size, ret, NULL);
}
