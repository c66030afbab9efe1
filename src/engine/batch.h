/*
 * batch.h: events on their way to leaves. Private to the engine.
 *
 * Reading and committing (the costly half) needs nothing of other leaves and runs ahead on a thread of its own; signing
 * needs the hash of each case's leaf before, so it goes batch by batch.
 */
#ifndef ONEVISIT_ENGINE_BATCH_H
#define ONEVISIT_ENGINE_BATCH_H

#include "engine/internal.h"

#define BATCH_MAX 8192

struct fresh_leaf {
  struct leaf leaf; /* without salt and fields */
  struct leaf_commitments commitments;
  int64_t prev; /* event; 0: none */
  bool prev_known;
  struct span lines, entry;
  struct digest hash;
};

struct batch {
  struct arena arena;
  int64_t first; /* seq of list[0] */
  struct fresh_leaf *list;
  size_t n;
  int64_t cost_us; /* processor time of reading it */
};

/* The events after the one given, at most max (BATCH_MAX), none after one that changes keys, without gaps. Error broken-ledger. */
int batch_read(struct db *db, const struct kind *const *kinds, int64_t after, size_t max, struct batch *ret, struct error *error);
void batch_release(struct batch *batch);

/* The signer of a department (its short name), made at first use. */
typedef const struct signer *signer_finder(void *context, const char *department, struct error *error);
/*
 * Fills lines, entry and hash of all. before: the batch before this one, where it may not have been stored yet when this one
 * was read; NULL for none.
 */
int batch_sign(struct batch *batch, const struct batch *before, signer_finder *find, void *context, struct error *error);

#endif
