/*
 * mirror.h: a witness that also holds every entry of one log, and cosigns nothing it does not hold.
 *
 * It follows the log by HTTP or from a directory. Nothing is believed: the root that the log signed is recomputed from the
 * edge of what is held here already and the log's tiles (level 1 and the last partial tile of level 0); each bundle is then
 * checked, entry by entry, against those hashes before it is written. A tree that is not the one held here, continued, can
 * have no such root: so what is held is one history.
 *
 *   DIR/log/      the copy: tiles, bundles and the log's newest signed checkpoint: a log directory (ledger/logdir.h)
 *   DIR/…         the witness's key and state (witness.h); its name should not be that of a witness
 *
 * A crash loses nothing that was cosigned: entries are durable before. What was written of a catch-up is not fetched again.
 */
#ifndef ONEVISIT_WITNESS_MIRROR_H
#define ONEVISIT_WITNESS_MIRROR_H

#include "witness/witness.h"

struct mirror;

struct mirror_options {
  const char *state, *name;
  const char *const *logs;                                              /* vkeys of one log, ended by NULL: all of one name */
  const char *from;                                                     /* http(s)://…/log, or a directory */
  void (*answered)(void *context, const struct witness_answer *answer); /* as in witness.h */
  void *context;
};

/* Errors: those of witness_open(), bad-source, several-logs, bad-copy (what lies in DIR/log is not what its checkpoint says). */
int mirror_open(const struct mirror_options *options, struct mirror **ret, struct error *error);
void mirror_close(struct mirror *mirror);
/* From another thread: ends what is being fetched; mirror_follow() then returns with source-away. */
void mirror_stop(struct mirror *mirror);

struct witness *mirror_witness(struct mirror *mirror); /* for add-checkpoint: the log may ask before it publishes */
const char *mirror_log_dir(const struct mirror *mirror);

/*
 * One look at the log: takes what is new, holds it, cosigns its checkpoint. ret_size: entries held durably. Errors: of
 * kind BUSY when the log is away; mirror-root, mirror-entry, mirror-split when what it serves is not what it signed, or not
 * what it signed before (somebody must look at that); those of note.h and logdir.h.
 */
int mirror_follow(struct mirror *mirror, moment now, int64_t *ret_size, struct error *error);

/*
 * Writes a log directory from the copy in STATE: its tiles computed from the entries, its checkpoint byte for byte the log's.
 * Every root is compared. `to` must not be there, or be what an interrupted restore has left.
 */
int mirror_restore(const char *state, const char *const *logs, const char *to, int64_t *ret_size, struct error *error);

#endif
