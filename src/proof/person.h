/*
 * person.h: a model of the solver as a person of flesh: plain numbers, only the answers that matter, told in words.
 */
#ifndef ONEVISIT_PROOF_PERSON_H
#define ONEVISIT_PROOF_PERSON_H

#include "proof/proof.h"
#include "proof/property.h"
#include "proof/sample.h"

struct subject {       /* one thing under proof */
  struct arena *arena; /* of the result */
  struct prover *prover;
  const struct blueprint *blueprint;
  const struct candidates *candidates;
  struct rerun rerun; /* answers, zone and plan are set by each use */
};

/* Whether the property fails for these answers, by the compiler alone. */
bool subject_fails(struct subject *subject, const struct property *property, const struct model *model, struct words *ret);

/* NULL where the compiler finds no fault with the model, nor with it after its numbers are made plain. */
struct proof_person *person_make(struct subject *subject, const struct property *property, formula violated,
                                 const struct model *model);

/* The answers that matter in words; every one where matters is NULL. */
struct words person_who(struct arena *arena, const struct thing *thing, const struct answers *answers, const bool *matters,
                        const struct zone *zone);

#endif
