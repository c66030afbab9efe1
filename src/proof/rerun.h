/*
 * rerun.h: one applicant through the compiler itself, and what is at fault with the plan. No solver here: a counterexample
 * stands only when this agrees, and brute force over few answers is this alone.
 */
#ifndef ONEVISIT_PROOF_RERUN_H
#define ONEVISIT_PROOF_RERUN_H

#include "plan/blueprint.h"
#include "plan/plan.h"

struct holdings;

struct rerun {
  struct arena *arena;
  const struct catalog *catalog;
  const struct blueprint *blueprint;
  struct holdings *holdings;
  day today;
  struct answers answers;
  const struct zone *zone;
  struct plan *plan; /* NULL: there is none, error says why */
  struct error error;
};

/* Compiles the plan for rerun's answers and zone. The list of answers has room for what tables decide. */
void rerun_compile(struct rerun *rerun);

/* The plan's fault; *ret tells it («要跑 2 趟：…»). False where there is none. A NULL ret is allowed. */
bool rerun_two_trips_online(struct rerun *rerun, struct words *ret);
bool rerun_two_trips_window(struct rerun *rerun, struct words *ret);
bool rerun_no_outcome(struct rerun *rerun, struct words *ret);
bool rerun_cycle(struct rerun *rerun, struct words *ret);
bool rerun_asked_twice(struct rerun *rerun, struct words *ret);
bool rerun_no_basis(struct rerun *rerun, struct words *ret);
bool rerun_over_limit(struct rerun *rerun, struct words *ret);
bool rerun_contradiction(struct rerun *rerun, struct words *ret);
bool rerun_undecided(struct rerun *rerun, struct words *ret);
bool rerun_dead_end(struct rerun *rerun, struct words *ret);

#endif
