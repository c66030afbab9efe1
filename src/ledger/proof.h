/*
 * proof.h: the receipt: a proof, checked without any server, that an entry is in a log (c2sp.org/tlog-proof@v1).
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64>              may be absent; nobody has signed it
 *   index <n>
 *   <base64 hash>               zero or more: the inclusion path, from the leaf's side
 *   (an empty line)
 *   <the cosigned checkpoint, a signed note>
 *
 * Files end in .tlog-proof.
 */
#ifndef ONEVISIT_LEDGER_PROOF_H
#define ONEVISIT_LEDGER_PROOF_H

#include "ledger/checkpoint.h"
#include "ledger/policy.h"

struct tlog_proof {
  bool has_extra;
  struct span extra; /* decoded */
  int64_t index;
  struct merkle_proof inclusion;
  struct span note;
};

struct span tlog_proof_text(struct arena *arena, const struct tlog_proof *proof);
/* Error bad-proof; looks at the form alone (of the note: that it is not empty). */
int tlog_proof_parse(struct arena *arena, struct span text, struct tlog_proof *ret, struct error *error);

struct tlog_proof_verdict {
  struct checkpoint checkpoint;
  struct policy_verdict policy;
};

/*
 * Is this entry under a checkpoint the policy trusts? 0: yes. Errors: bad-note, bad-signature, unsigned-note (no log of
 * the policy), no-quorum, not-included (the path does not lead to the root). *ret is filled as far as it came for
 * no-quorum too, so that a page can say who is missing.
 */
int tlog_proof_verify(struct arena *arena, const struct tlog_proof *proof, enum merkle_hash hash, struct span entry,
                      const struct policy *policy, struct tlog_proof_verdict *ret, struct error *error);

#endif
