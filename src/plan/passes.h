/*
 * passes.h: the inside of the compiler: what its passes hand to one another. Nobody outside src/plan includes it.
 *
 *   blueprint.c  what holds whatever is answered: items, who waits for whom and when
 *   plan.c       select items · collect what they want · order them · agencies and tallies
 *   materials.c  one list of materials, one form
 *   schedule.c   steps in working days, joint visits, critical path
 *   trips.c      presences, trips
 *
 * How to add a pass: one function over struct draft, called from plan_compile() after the passes whose results it reads.
 */
#ifndef ONEVISIT_PLAN_PASSES_H
#define ONEVISIT_PLAN_PASSES_H

#include "plan/blueprint.h"
#include "plan/plan.h"

/* One material that one item of the plan wants, its condition held. */
struct want {
  int item;
  const struct item_material *ask;
  const char *condition; /* as written; NULL: always */
  int producer;          /* index of the item of the plan whose result it is and that this item waits for; -1 */
};

struct draft {
  struct arena *arena;
  struct plan *plan;
  const struct blueprint *blueprint;
  const struct catalog *catalog;
  day today;
  int *place;         /* of the blueprint's items: index in the plan before it is sorted; -1: not in it */
  struct want *wants; /* by item, in the catalogue's order */
  size_t want_count;
  int *examined; /* beside items: 0, or how many later examinations deep this item's own is, from 1 */
  bool *waits;   /* item_count squared: waits[i * n + p] when i waits for the result of p, transitively */
};

/* The condition holds for the answers (NULL: it does). */
bool draft_holds(const struct draft *draft, const struct feel *when);
const char *draft_condition(const struct draft *draft, const struct feel *when);
bool draft_waits(const struct draft *draft, int item, int producer);

void plan_materials(struct draft *draft);
void plan_fields(struct draft *draft);
void plan_schedule(struct draft *draft);
void plan_trips(struct draft *draft);

/* Before the schedule: which items are examined later than the application (trips.c); fills examined. */
void plan_examinations(struct draft *draft);

/* The step at which the applicant is examined; NULL where the item has none and it is done when the item begins. */
const struct plan_step *examining_step(const struct plan *plan, int item);

/* Trips of one item alone, handed in online: what the same matter costs one by one. */
int item_trips_alone(const struct draft *draft, int item);

#endif
