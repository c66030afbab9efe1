/*
 * cosigners.h: asks the witnesses of a policy to cosign a checkpoint (c2sp.org/tlog-witness, add-checkpoint), all at once.
 * Private to the engine; one thread.
 */
#ifndef ONEVISIT_ENGINE_COSIGNERS_H
#define ONEVISIT_ENGINE_COSIGNERS_H

#include "engine/engine.h"
#include "ledger/merkle.h"
#include "ledger/policy.h"

struct cosigners;

/* policy is borrowed. start: the size to begin with at each (what it last cosigned; a wrong guess costs one round trip). */
int cosigners_open(const struct policy *policy, int64_t start, struct cosigners **ret, struct error *error);
void cosigners_close(struct cosigners *cosigners);

/*
 * Sends the log's note (of a tree of `size` leaves, whose nodes the reader lends) to every witness that has not been silent a
 * moment ago, and appends the cosignatures that verify to *note, in the arena. Comes back when all have answered, or shortly
 * after the policy is satisfied, or after five seconds. *ret_quorum says whether it is satisfied.
 */
int cosigners_ask(struct cosigners *cosigners, const struct merkle_reader *reader, int64_t size, struct arena *arena,
                  struct span *note, bool *ret_quorum, size_t *ret_missing, struct error *error);

/* How the witnesses stand after that, in the policy's order. */
size_t cosigners_count(const struct cosigners *cosigners);
const struct witness_status *cosigners_status(const struct cosigners *cosigners, size_t i);

#endif
