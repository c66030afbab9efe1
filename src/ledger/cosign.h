/*
 * cosign.h: a witness's signature of a checkpoint (c2sp.org/tlog-cosignature v1.0.1, «cosignature/v1»).
 *
 *   line     — name base64(keyid || uint64 big-endian time || Ed25519 signature[64])          key type 04
 *   message  cosignature/v1 LF time <Unix seconds> LF || the checkpoint's text
 *
 * It says: at that time this was the largest consistent tree of this origin that I have seen. The message does not hold
 * the witness's name: one key belongs to one witness.
 */
#ifndef ONEVISIT_LEDGER_COSIGN_H
#define ONEVISIT_LEDGER_COSIGN_H

#include "ledger/note.h"

#define COSIGN_BYTES 72 /* time and signature, after the key id */

/* The line with its LF. The signer's algorithm must be NOTE_COSIGNATURE; at is in Unix seconds, not negative. */
struct span cosign_line(struct arena *arena, struct span text, const struct signer *signer, int64_t at);

/* signature: what stands after the key id. False where it is not COSIGN_BYTES long, its time ≥ 2^63, or it fails. */
bool cosign_check(const struct verifier *verifier, struct span text, struct span signature, int64_t *ret_at);

/*
 * The cosignature lines of a witness's answer to add-checkpoint: lines of other keys are passed over, a line of this key
 * must verify. ret_line is the line with its LF, within answer. Errors: bad-note, unsigned-note, bad-signature.
 */
int cosign_take(struct arena *arena, struct span answer, struct span text, const struct verifier *verifier, struct span *ret_line,
                int64_t *ret_at, struct error *error);

#endif
