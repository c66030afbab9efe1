/*
 * source.h: where a log is read from: a directory, or a web server that serves one (tlog-tiles).
 */
#ifndef ONEVISIT_WITNESS_SOURCE_H
#define ONEVISIT_WITNESS_SOURCE_H

#include "ledger/tile.h"

#define SOURCE_CHECKPOINT_MAX 65536

struct source; /* one thread at a time */

/* "https://…/log", "http://…", or a path. Nothing is read yet. Errors: bad-source. */
int source_open(const char *from, struct source **ret, struct error *error);
void source_close(struct source *source);

/* From another thread: what is being fetched ends soon, and with it everything later. */
void source_stop(struct source *source);

/* Errors, all BUSY: source-away (no answer, not 200, not there), source-too-large. */
int source_checkpoint(struct source *source, struct arena *arena, struct span *ret, struct error *error);

/*
 * The bytes of a hash tile or bundle of this width. Where the partial file is gone, the full one's beginning: a log may drop
 * partial files once the full one is there. Not checked, but for a hash tile's length. Errors: as above.
 */
int source_tile(struct source *source, struct arena *arena, const struct tile *tile, struct span *ret, struct error *error);

#endif
