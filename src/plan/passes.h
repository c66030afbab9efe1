/*
 * passes.h: the inside of the compiler: what its passes hand to one another. Nobody outside src/plan includes it.
 *
 *   plan.c       select items · collect what they want · order them · agencies and tallies
 *   materials.c  one list of materials, one form
 *   schedule.c   steps in working days, joint visits, critical path
 *   trips.c      presences, trips
 *
 * How to add a pass: one function over struct draft, called from plan_compile() after the passes whose results it reads.
 */
#ifndef ONEVISIT_PLAN_PASSES_H
#define ONEVISIT_PLAN_PASSES_H

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
  const struct catalog *catalog;
  day today;
  struct want *wants; /* by item, in the catalogue's order */
  size_t want_count;
  bool *waits; /* item_count squared: waits[i * n + p] when i waits for the result of p, transitively */
};

/* The condition holds for the answers (NULL: it does). */
bool draft_holds(const struct draft *draft, const struct feel *when);
const char *draft_condition(const struct draft *draft, const struct feel *when);
bool draft_waits(const struct draft *draft, int item, int producer);

/* The id of what an item yields: its certificate or its document; NULL where it yields nothing. */
const char *item_yields(const struct item *item);

void plan_materials(struct draft *draft);
void plan_fields(struct draft *draft);
void plan_schedule(struct draft *draft);
void plan_trips(struct draft *draft);

/* Trips of one item alone, handed in online: what the same matter costs one by one. */
int item_trips_alone(const struct draft *draft, int item);

#endif
