/*
 * sample.h: answers worth trying: numbers at and around every threshold that the conditions of a thing name.
 */
#ifndef ONEVISIT_PROOF_SAMPLE_H
#define ONEVISIT_PROOF_SAMPLE_H

#include "plan/blueprint.h"
#include "plan/plan.h"

struct candidates { /* beside the thing's questions; of numbers only, within their bounds, plain ones first */
  struct decimal **numbers;
  size_t *counts;
};

struct candidates *candidates_make(struct arena *arena, const struct blueprint *blueprint);

/* How many answers differ for some condition: the product of choices and of the numbers' cells (thresholds and what lies between).
 */
double candidates_cells(const struct blueprint *blueprint, const struct catalog *catalog);

struct answer answer_number(struct arena *arena, const struct question *question, struct decimal number);
struct answer answer_choice(const struct question *question, size_t n);
struct answer answer_boolean(const struct question *question, bool yes);

/* Answers by seed: the same seed gives the same. */
struct answers sample_answers(struct arena *arena, const struct blueprint *blueprint, const struct candidates *candidates,
                              uint64_t *seed);
uint64_t sample_next(uint64_t *seed);

#endif
