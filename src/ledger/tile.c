#include "ledger/tile.h"

#include <stdio.h>
#include <string.h>

#define GROUP 1000 /* three digits a folder */
#define GROUPS_MAX 6
#define INDEX_MAX (INT64_MAX / TILE_WIDTH) /* no tree of less than 2^63 leaves has more tiles */

/* ---- paths ---- */

void tile_path(const struct tile *tile, char out[TILE_PATH_MAX])
{
  int groups[GROUPS_MAX], n = 0;
  int64_t index = tile->index;
  do
    groups[n++] = (int)(index % GROUP);
  while ((index /= GROUP) && n < GROUPS_MAX);
  size_t at = (size_t)(tile->level == TILE_ENTRIES ? snprintf(out, TILE_PATH_MAX, "tile/entries")
                                                   : snprintf(out, TILE_PATH_MAX, "tile/%d", tile->level));
  while (n-- > 0)
    at += (size_t)snprintf(out + at, TILE_PATH_MAX - at, n ? "/x%03d" : "/%03d", groups[n]);
  if (tile->width < TILE_WIDTH)
    (void)snprintf(out + at, TILE_PATH_MAX - at, ".p/%d", tile->width);
}

/* Reads what might be one; the caller compares it with how it is written. */
static bool read_path(struct span path, struct tile *ret)
{
  struct span part;
  int64_t number;
  *ret = (struct tile){.width = TILE_WIDTH};
  if (!span_cut(&path, '/', &part) || !span_is(part, "tile") || !span_cut(&path, '/', &part))
    return false;
  if (span_is(part, "entries"))
    ret->level = TILE_ENTRIES;
  else if (span_natural(part, &number) && number < 64)
    ret->level = (int)number;
  else
    return false;
  while (span_cut(&path, '/', &part)) {
    bool last = part.n && part.p[0] != 'x';
    bool partial = part.n > 2 && memcmp(part.p + part.n - 2, ".p", 2) == 0;
    struct span digits = {part.p + !last, part.n - !last - (partial ? 2 : 0)};
    if (part.n < 3 || digits.n != 3 || !span_int(digits, &number) || number < 0 || ret->index > INDEX_MAX / GROUP)
      return false;
    ret->index = ret->index * GROUP + number;
    if (!last)
      continue;
    if (partial && (!span_natural(path, &number) || number < 1 || number >= TILE_WIDTH))
      return false;
    if (partial)
      ret->width = (int)number;
    return ret->index <= INDEX_MAX;
  }
  return false;
}

bool tile_path_parse(struct span path, struct tile *ret)
{
  struct tile tile;
  char written[TILE_PATH_MAX];
  if (path.n >= TILE_PATH_MAX || !read_path(path, &tile))
    return false;
  tile_path(&tile, written);
  if (!span_is(path, written))
    return false;
  *ret = tile;
  return true;
}

/* ---- which tiles there are ---- */

/* How many hashes (for bundles: entries) a level holds of a tree. */
static int64_t hashes_on(int64_t size, int level)
{
  return level == TILE_ENTRIES ? size : level < TILE_LEVELS ? size >> (TILE_HEIGHT * level) : 0;
}

bool tile_of_size(int64_t size, int level, int64_t index, struct tile *ret)
{
  int64_t n = hashes_on(size, level);
  if (index < 0 || level < TILE_ENTRIES || index > n / TILE_WIDTH || index * TILE_WIDTH == n)
    return false;
  int64_t width = n - index * TILE_WIDTH;
  *ret = (struct tile){level, index, width < TILE_WIDTH ? (int)width : TILE_WIDTH};
  return true;
}

struct tile_walk tile_walk(int64_t from, int64_t to)
{
  return (struct tile_walk){from, to, TILE_ENTRIES, from / TILE_WIDTH};
}

bool tile_walk_next(struct tile_walk *w, struct tile *ret)
{
  while (w->level < TILE_LEVELS) {
    bool grown = hashes_on(w->to, w->level) > hashes_on(w->from, w->level);
    if (grown && tile_of_size(w->to, w->level, w->index, ret)) {
      w->index++;
      return true;
    }
    w->level++;
    w->index = hashes_on(w->from, w->level) / TILE_WIDTH;
  }
  return false;
}

struct tile_slots tile_slots_of(int level, int64_t index)
{
  int above = level % TILE_HEIGHT;
  int64_t first = index << above;
  return (struct tile_slots){level / TILE_HEIGHT, first / TILE_WIDTH, (int)(first % TILE_WIDTH), 1 << above};
}

/* ---- entry bundles ---- */

bool bundle_put(struct buf *buf, struct span entry)
{
  if (entry.n > ENTRY_MAX)
    return false;
  buf_char(buf, (char)(entry.n >> 8));
  buf_char(buf, (char)(entry.n & 0xff));
  buf_span(buf, entry);
  return true;
}

bool bundle_next(struct span *rest, struct span *ret_entry)
{
  if (rest->n < 2)
    return false;
  size_t n = (size_t)(unsigned char)rest->p[0] << 8 | (unsigned char)rest->p[1];
  if (rest->n - 2 < n)
    return false;
  *ret_entry = (struct span){rest->p + 2, n};
  rest->p += 2 + n;
  rest->n -= 2 + n;
  return true;
}

bool bundle_parse(struct span bytes, int width, struct span entries[TILE_WIDTH])
{
  for (int i = 0; i < width; i++)
    if (!bundle_next(&bytes, &entries[i]))
      return false;
  return bytes.n == 0;
}
