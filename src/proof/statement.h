/*
 * statement.h: a whole thing as formulas: which items, materials, steps and presences an answer selects, who waits for
 * whom, how many trips that takes. It encodes the blueprint and the rules of src/plan, rule by rule; each formula names the
 * function it follows, and the tests hold the two side by side.
 */
#ifndef ONEVISIT_PROOF_STATEMENT_H
#define ONEVISIT_PROOF_STATEMENT_H

#include "plan/blueprint.h"
#include "proof/prover.h"

struct statement_item {
  const struct item *item;
  int stage;
  formula chosen;                    /* its condition holds */
  formula selected;                  /* and no assessment of the zone makes it needless */
  formula *asks, *steps, *presences; /* beside the item's lists; only where the item is selected */
  formula examined_later, decided_later, picked_up;
};

struct statement {
  struct prover *prover;
  const struct blueprint *blueprint;
  day today;
  struct statement_item *items;
  formula *edges;          /* beside the blueprint's: both ends in the plan and the condition holds */
  formula *direct;         /* n squared: item i waits for item p by an edge */
  formula *waits;          /* n squared, filled when asked: i waits for p, transitively */
  struct statement_trips { /* of one stage: the application's, and those after it */
    formula application, picked_up_later, examined_later, examined_twice;
  } trips[5];
};

/* The prover has met the thing. */
struct statement *statement_make(struct prover *prover, const struct blueprint *blueprint, day today);

formula statement_waits(struct statement *s, size_t item, size_t producer);

/* The violations: formulas that are true of an answer exactly when the plan for it is at fault. */
struct holdings;
formula statement_two_trips_online(struct statement *s);
formula statement_two_trips_window(struct statement *s);
formula statement_no_outcome(struct statement *s);
formula statement_cycle(struct statement *s);
formula statement_asked_twice(struct statement *s);
formula statement_no_basis(struct statement *s);
formula statement_over_limit(struct statement *s);
formula statement_contradiction(struct statement *s);
formula statement_undecided(struct statement *s);
formula statement_dead_end(struct statement *s, struct holdings *holdings); /* faults.c */

#endif
