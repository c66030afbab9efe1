/*
 * tile.h: how a tree lies in files (c2sp.org/tlog-tiles): hash tiles, entry bundles and their paths.
 *
 * A tile is 256 hashes wide and 8 levels of the tree high. Tile (level L, index N) holds at its lowest row the tree's nodes
 * (8·L, 256·N) … (8·L, 256·N+255), 32 bytes each; the rows above follow by folding and are not stored. The last tile of
 * a level is partial, with a width of 1 … 255. An entry bundle holds the entries under one tile of level 0, each as
 * uint16 big-endian length || bytes.
 *
 *   tile/<L>/<N>[.p/<W>]   tile/entries/<N>[.p/<W>]     N in groups of three digits: 1234067 → x001/x234/067
 */
#ifndef ONEVISIT_LEDGER_TILE_H
#define ONEVISIT_LEDGER_TILE_H

#include "base/buf.h"
#include "ledger/merkle.h"

#define TILE_HEIGHT 8
#define TILE_WIDTH 256
#define TILE_ENTRIES (-1) /* the «level» of entry bundles */
#define TILE_LEVELS 8     /* levels 0 … 7 reach 2^63 leaves */
#define TILE_PATH_MAX 64
#define ENTRY_MAX 65535 /* bytes of one entry */

struct tile {
  int level;     /* 0 … 63, or TILE_ENTRIES */
  int64_t index; /* from 0 */
  int width;     /* hashes or entries in it: 1 … 256 */
};

/* The path as above, without a slash before it. */
void tile_path(const struct tile *tile, char out[TILE_PATH_MAX]);
/* False for anything tile_path() would not write. */
bool tile_path_parse(struct span path, struct tile *ret);

/* The tile as a tree of `size` leaves has it, its width filled in; false where the tree has none there. */
bool tile_of_size(int64_t size, int level, int64_t index, struct tile *ret);

/*
 * Every tile and bundle that a tree of `to` leaves has and one of `from` has not (a grown partial counts as new): bundles
 * first, then level 0, 1, …; from 0 gives all of a tree.
 *
 *   struct tile_walk walk = tile_walk(from, to);
 *   for (struct tile t; tile_walk_next(&walk, &t);) …
 */
struct tile_walk {
  int64_t from, to;
  int level;
  int64_t index;
};
struct tile_walk tile_walk(int64_t from, int64_t to);
bool tile_walk_next(struct tile_walk *walk, struct tile *ret);

/* Where node (level, index) of the tree is found: n hashes from slot `first` of a tile, folded. */
struct tile_slots {
  int level;
  int64_t index;
  int first, n; /* n is 1, 2, 4 … 128 */
};
struct tile_slots tile_slots_of(int level, int64_t index);

/* ---- entry bundles ---- */

/* Appends one entry; false where it is longer than ENTRY_MAX. */
bool bundle_put(struct buf *buf, struct span entry);
/* Takes the next entry off the front; false at the end and where the bytes do not hold it. */
bool bundle_next(struct span *rest, struct span *ret_entry);
/* The entries of a bundle of exactly `width`; false unless they fill the bytes to the last. */
bool bundle_parse(struct span bytes, int width, struct span entries[TILE_WIDTH]);

#endif
