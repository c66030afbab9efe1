/*
 * leaf.h: what the log holds of an event: signed, salted commitments and nothing personal.
 *
 *   gov-event/v1
 *   case <hex32: the aggregate's random pseudonym>
 *   seq <version within the case>
 *   prev <base64 leaf hash of seq-1, or ->
 *   type <kind.event>
 *   item <id of the catalogue's item, or ->
 *   dept <department, or ->
 *   time <Unix seconds>
 *   body <base64 RFC 6962 root over the commitments of the fields, in the order given>
 *   keys <base64 commitment to the id of the data key that protects the values, field "key-id">
 *   sig <key name> <base64 keyid||signature of all lines before>
 *
 * or, of a batch that the department signed once, as its last line
 *
 *   sig <key name> <base64 keyid||signature of the batch> <i> <n> <base64 of the inclusion path's hashes, or ->
 *
 * where the batch is a Merkle tree (merkle.h, SHA-256) over the n leaves' lines before «sig», this leaf is its entry i, and
 * what is signed is: gov-batch/v1 LF <key name> LF <n> LF <base64 root> LF.
 *
 * Commitment of a field: HMAC-SHA-256(r, "gov-commit/v1" 0x00 name 0x00 value), where r = HMAC-SHA-256(salt,
 * "gov-salt/v1" 0x00 name) and salt is 32 random bytes kept with the event. To disclose a field one reveals its r
 * and value and the path to the root; to erase it, salt and value are destroyed: what stays in the log says nothing.
 */
#ifndef ONEVISIT_LEDGER_LEAF_H
#define ONEVISIT_LEDGER_LEAF_H

#include "base/arena.h"
#include "base/moment.h"
#include "ledger/merkle.h"
#include "ledger/note.h"

#define LEAF_SALT_BYTES 32
#define LEAF_PSEUDONYM_BYTES 16

struct leaf_field {
  struct span name, value;
};

struct leaf {
  unsigned char pseudonym[LEAF_PSEUDONYM_BYTES];
  int64_t seq;
  bool has_prev;
  struct digest prev;
  const char *type, *item, *dept; /* printable ASCII without space; "" is written as - */
  moment at;
  struct span salt;
  const struct leaf_field *fields;
  size_t field_count;
  struct span key_id; /* of the data key that protects the values; empty where none does */
};

/* The lines up to and with «keys», which the department signs. */
struct span leaf_unsigned(struct arena *arena, const struct leaf *leaf);

/* The same in two steps: the costly one needs nothing of other leaves, so it can be done ahead and on another thread. */
struct leaf_commitments {
  struct digest body, keys;
};
/* Of the fields and the key's id: looks at salt, fields and key_id alone. */
struct leaf_commitments leaf_commit(const struct leaf *leaf);
/* Looks at all the others. */
struct span leaf_lines(struct arena *arena, const struct leaf *leaf, const struct leaf_commitments *commitments);

/* The whole entry. */
struct span leaf_sign(struct arena *arena, struct span unsigned_lines, const struct signer *signer);
/* The entries of n leaves of one department under one signature; for one leaf the same as leaf_sign(). */
void leaf_sign_batch(struct arena *arena, const struct span *unsigned_lines, size_t n, const struct signer *signer,
                     struct span *ret_entries);

struct leaf_signature {
  struct span name;      /* of the key */
  struct span signature; /* base64(keyid || signature) */
  bool batched;
  int64_t index, count; /* in the batch */
  struct merkle_proof path;
};

/* Splits an entry before its last line, which must be a «sig» line of either form. */
bool leaf_split_signature(struct arena *arena, struct span entry, struct span *ret_unsigned, struct leaf_signature *ret);
/* Has the key signed these lines, alone or in their batch? The signature's name must be the verifier's. */
bool leaf_check_signature(struct arena *arena, struct span unsigned_lines, const struct leaf_signature *signature,
                          const struct verifier *verifier);

/* What an entry says, spans within it. */
struct leaf_view {
  unsigned char pseudonym[LEAF_PSEUDONYM_BYTES];
  int64_t seq; /* from 1 */
  bool has_prev;
  struct digest prev;
  struct span type, item, dept; /* item and dept empty where «-» stands */
  int64_t seconds;              /* Unix time */
  struct digest body, keys;
  struct span unsigned_lines;
  struct leaf_signature signature;
};

/*
 * Takes exactly the grammar above, LF after each line, at most ENTRY_MAX bytes; checks no signature. Error bad-leaf
 * (BAD_INPUT): its place is the line's name.
 */
int leaf_parse(struct arena *arena, struct span entry, struct leaf_view *ret, struct error *error);

struct digest leaf_field_salt(struct span salt, struct span name);
struct digest leaf_commitment(const struct digest *field_salt, struct span name, struct span value);

#endif
