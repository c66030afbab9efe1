/*
 * record.h: what people see and hold of the ledger: receipts and their check, the pages /ledger and /verify, the log's
 * files under /log/.
 *
 * A receipt (回执) is a .tlog-proof file (ledger/proof.h) whose «extra» is the entry itself, over the newest checkpoint that
 * was published, with all its cosignatures: whoever holds it needs neither the city nor a network to check it.
 *
 * Who gets which receipt: the entry says nothing but what the public log says (ledger/leaf.h), so what has to be kept is
 * only whose case it is. A case's pseudonym, 128 random bits, is on the pages of those who may see the case and nowhere
 * else beside a name; who knows it gets the case's receipts, from anywhere, without signing in. Who does not, learns
 * not even that there is such a step (error no-receipt).
 */
#ifndef ONEVISIT_RECORD_RECORD_H
#define ONEVISIT_RECORD_RECORD_H

#include "ledger/leaf.h"
#include "ledger/logdir.h"
#include "ledger/proof.h"
#include "store/store.h"

extern const struct migration record_migrations[];

/* ---- whom to believe ---- */

/*
 * The policy by which this city judges its own log: the file (c2sp.org/tlog-policy), where there is one, with the log's
 * keys (log_vkeys, one a line) before it where the file names no log; else those keys and «quorum none». What /verify offers
 * to its readers, who may put their own in its place. path may be NULL. Error no-policy where the file is there but unreadable.
 */
int record_policy_text(struct arena *arena, const char *path, struct span log_vkeys, struct span *ret, struct error *error);

/* ---- the newest published checkpoint ---- */

struct record_published {
  struct span note; /* empty: nothing has been published yet, and all else is zero */
  struct checkpoint checkpoint;
  struct policy_verdict verdict;
};

/* From a log's directory; its signatures judged. Errors: those of logdir_checkpoint(), note_parse(), policy_judge(). */
int record_published(struct arena *arena, const char *dir, const struct policy *policy, struct record_published *ret,
                     struct error *error);

/* ---- receipts ---- */

struct record_receipt {
  int64_t index;
  struct span entry, text; /* text: the .tlog-proof file */
  struct digest hash;      /* of the leaf */
  struct leaf_view leaf;
  struct checkpoint checkpoint;
  struct policy_verdict verdict;
};

/*
 * Makes the receipt of entry `index` under a published checkpoint, and checks it before it is given away. Errors:
 * not-published (NOT_FOUND: the checkpoint does not reach it yet), those of logdir.h, and record_check()'s.
 */
int record_make(struct arena *arena, const char *dir, const struct policy *policy, const struct record_published *published,
                int64_t index, struct record_receipt *ret, struct error *error);

/*
 * Reads a receipt and checks it: form, entry, inclusion, the log's signature, the witnesses'. Errors are bad-proof,
 * bad-leaf, bad-note, bad-signature, unsigned-note, not-included and no-quorum (then all of *ret is filled).
 */
int record_check(struct arena *arena, struct span text, const struct policy *policy, struct record_receipt *ret,
                 struct error *error);

/* What was pasted into a form: CR LF becomes LF, white space at both ends goes, one LF ends it. */
struct span record_tidy(struct arena *arena, struct span text);

/* Did one of these keys, one vkey a line, sign the entry as its department? Keys that cannot be read sign nothing. */
bool record_department_signed(struct arena *arena, const struct leaf_view *leaf, struct span vkeys);

/* ---- words ---- */

struct record_type {
  const char *type; /* «case.accepted» */
  const char *zh, *en;
};
extern const struct record_type record_types[];               /* ended by {0} */
const struct record_type *record_type_find(struct span type); /* NULL for one this program does not know */

/* An SVG of a QR code, with four modules of white around it. Empty where the text is too long for one (2,300 bytes). */
struct span record_qr(struct arena *arena, const char *text);

/* ---- what the store knows (record_store.c) ---- */

/* One step: an event, by its place in the log (index = seq - 1), sealed or not. */
struct record_step {
  int64_t index;
  unsigned char pseudonym[LEAF_PSEUDONYM_BYTES];
  const char *type, *item, *agency; /* item and agency "" for none */
  moment at;
  int64_t version;
  bool sealed; /* it has a leaf and a signed checkpoint */
  struct digest hash;
};

/* NOT_FOUND no-receipt where there is none, or it is of another case than this pseudonym's (32 hex digits). */
int record_step(struct db *db, int64_t index, struct span pseudonym, struct arena *arena, struct record_step *ret,
                struct error *error);
/* The same by the leaf's hash (64 hex digits), as a receipt's QR code holds it; sealed ones only. */
int record_step_by_hash(struct db *db, int64_t index, struct span hash, struct arena *arena, struct record_step *ret,
                        struct error *error);

/*
 * The steps of a case, newest first, at most max, from the one at index `from` on (-1: the newest). None, without an error,
 * where there is no such case. Costs what it shows, however long the log is.
 */
int record_steps(struct db *db, struct span pseudonym, int64_t from, size_t max, struct arena *arena, struct record_step **ret,
                 size_t *ret_n, struct error *error);

struct record_key {
  const char *name, *vkey;
  moment since;
};
/* The log's and the departments' public keys, by name. */
int record_keys(struct db *db, struct arena *arena, struct record_key **ret, size_t *ret_n, struct error *error);
/* Every key of one name, a vkey a line; empty for none. */
int record_keys_named(struct db *db, struct span name, struct arena *arena, struct span *ret, struct error *error);

struct record_checkpoint {
  int64_t size;
  moment signed_at, published_at; /* published_at 0: not published */
  struct span note;               /* with its cosignatures where it was published */
};
/* Published checkpoints below a size (0: from the newest), newest first. */
int record_checkpoints(struct db *db, int64_t below, size_t max, struct arena *arena, struct record_checkpoint **ret, size_t *ret_n,
                       struct error *error);
/* The newest signed one, published or not; size 0 for none. */
int record_last_signed(struct db *db, struct arena *arena, struct record_checkpoint *ret, struct error *error);
/* The one signed for exactly this size; size 0 where none was. */
int record_checkpoint_of(struct db *db, int64_t size, struct arena *arena, struct record_checkpoint *ret, struct error *error);

#endif
