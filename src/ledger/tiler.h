/*
 * tiler.h: leaf hashes in, hash tiles out: what the writer, the rebuilder and the checker of a log share. Inside the ledger.
 */
#ifndef ONEVISIT_LEDGER_TILER_H
#define ONEVISIT_LEDGER_TILER_H

#include "ledger/tile.h"

/* Takes one finished tile: 0, or -1 with its error. */
typedef int tile_sink(void *context, const struct tile *tile, struct span bytes, struct error *error);

struct tiler {
  enum merkle_hash hash;
  int64_t size;                                /* leaves added */
  int64_t told;                                /* the partial tiles of this size are with the sink */
  struct digest rows[TILE_LEVELS][TILE_WIDTH]; /* of each level the tile that is being filled */
  tile_sink *sink;
  void *context;
};

/* Full tiles go to the sink as they fill. */
int tiler_add(struct tiler *tiler, struct digest leaf, struct error *error);
/* The partial tiles that have grown since the last time go to the sink. */
int tiler_partials(struct tiler *tiler, struct error *error);
/* The edge of what was added. */
void tiler_edge(const struct tiler *tiler, struct merkle_edge *ret);

#endif
