/*
 * witness.h: who promises to have seen one history only (c2sp.org/tlog-witness v1.0.0, cosignature/v1).
 *
 * A witness keeps, for each log it knows, the newest checkpoint it cosigned. It cosigns another only after a proof that the
 * new tree begins with the old one, and only after the new one is on disk: so no crash, no race and no clock turned back lets
 * it sign two histories. It never sees a leaf. docs/ledger.md, «Witnesses and mirrors».
 *
 * State, in one directory that one process holds (a lock on DIR/lock):
 *
 *   witness.key          the signing key (0600); its public half is the witness's vkey, of type 04
 *   logs/HEX             HEX = SHA-256(origin): the newest cosigned checkpoint, with the log's signatures and ours
 *
 * The state of a log is the file: it is read and verified at start and replaced whole (temp, fsync, rename, fsync).
 */
#ifndef ONEVISIT_WITNESS_WITNESS_H
#define ONEVISIT_WITNESS_WITNESS_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/moment.h"
#include "ledger/checkpoint.h"

/* ---- the request ------------------------------------------------------------------------------------------ */

#define WITNESS_PROOF_MAX 63
#define WITNESS_REQUEST_MAX 65536 /* bytes of a request; the proof takes 2,835 of them at most */

/* «old SIZE» LF, up to 63 lines of base64(hash) LF, LF, then a signed checkpoint. */
struct witness_request {
  int64_t old_size;
  struct digest proof[WITNESS_PROOF_MAX];
  size_t proof_n;
  struct span note; /* the checkpoint as it came: a part of the body, not yet looked at */
};

/*
 * Pure. Errors: bad-request (which line, and why). Sizes have no leading zeros and fit 63 bits; hashes are canonical base64 of
 * 32 bytes.
 */
int witness_request_parse(struct arena *arena, struct span body, struct witness_request *ret, struct error *error);

/* The other way round, for whoever asks. */
struct span witness_request_text(struct arena *arena, const struct witness_request *request);

/* ---- the witness ------------------------------------------------------------------------------------------ */

struct witness; /* thread-safe: requests of one log wait for each other, those of two logs do not */

/* What became of a request; for the answer, and for the log of the one who runs it. */
struct witness_answer {
  unsigned status;      /* 200, or 400 403 404 409 422 500 503 */
  const char *type;     /* media type of the body */
  struct span body;     /* 200: our signature line; 409: the size we hold; else a sentence in English */
  struct span origin;   /* "" while the request could not be read that far */
  int64_t size, before; /* asked for; cosigned last when it came. -1: not known */
  struct error error;   /* with a status other than 200: why, for the log */
};

struct witness_options {
  const char *state; /* directory; made where it is not there, 0700 */
  const char *name;  /* the key's name: a URL without scheme, as «witness.justice.example/w1» */
  /* vkeys of logs, ended by NULL. A key's name is its log's origin; of several keys of one name (a rotation) any may sign. */
  const char *const *logs;
  /*
   * A mirror holds the leaves before it signs: called with the checkpoint cosigned last (size 0: none) and the one to be
   * cosigned, which is signed by the log, before it is persisted. 0, or *error: ERROR_BUSY becomes
   * 503 (cannot be had just now), ERROR_RULE 422 (what was got is not what was signed), another 500. May be NULL.
   */
  int (*hold)(void *context, const struct checkpoint *before, const struct checkpoint *checkpoint, struct span note,
              struct error *error);
  /* Every answer, for the log; may be NULL. From any thread. */
  void (*answered)(void *context, const struct witness_answer *answer);
  void *context;
};

/*
 * Errors: state-in-use (another process has it), bad-key, key-name, bad-state (a file of the state does not verify: it says
 * which; nothing is ever repaired silently), state-io.
 */
int witness_open(const struct witness_options *options, struct witness **ret, struct error *error);
void witness_close(struct witness *witness);

const char *witness_vkey(const struct witness *witness); /* type 04, as it stands in a policy */
size_t witness_log_count(const struct witness *witness);
const char *witness_log_origin(const struct witness *witness, size_t i);
int64_t witness_log_size(struct witness *witness, size_t i); /* of the newest cosigned checkpoint; 0: none */

/* add-checkpoint. now is the wall clock; a cosignature is never dated before the last one of its log. */
void witness_add_checkpoint(struct witness *witness, struct arena *arena, struct span body, moment now, struct witness_answer *ret);

/* The same for a note whose consistency `hold` proves by itself, having every leaf: no old size, no proof (a mirror's tail). */
void witness_take(struct witness *witness, struct arena *arena, struct span note, moment now, struct witness_answer *ret);

/* The newest cosigned checkpoint by hex SHA-256 of its origin: an empty span where there is none. */
struct span witness_latest(struct witness *witness, struct arena *arena, struct span origin_hash);

#endif
