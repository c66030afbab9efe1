/*
 * passes.h: the inside of the compiler: what its passes hand to one another. Nobody outside src/plan includes it.
 *
 *   blueprint.c  what holds whatever is answered: items, who waits for whom and when
 *   plan.c       select items · collect what they want · order them · agencies and tallies
 *   materials.c  one list of materials, one form
 *   cover.c      what the zone's assessments make needless
 *   schedule.c   steps in working days, joint visits
 *   critical.c   the steps that make the plan as long as it is
 *   stages.c     work of intermediaries · stages of an investment project
 *   trips.c      presences, trips
 *   tally.c      limits · before and after · what the zone saves
 *
 * How to add a pass: one function over struct draft, called from plan_compile() after the passes whose results it reads.
 */
#ifndef ONEVISIT_PLAN_PASSES_H
#define ONEVISIT_PLAN_PASSES_H

#include "plan/blueprint.h"
#include "plan/plan.h"
#include "plan/pointers.h"

/* One material that one item of the plan wants, its condition held. */
struct want {
  int item;
  const struct item_material *ask;
  const char *condition; /* as written; NULL: always */
  size_t line;           /* of the plan's materials, once there are any */
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
  struct field_slots *slots; /* of fields.c: what is known of each field */
  int *examined;             /* beside items: 0, or how many later examinations deep this item's own is, from 1 */
  bool *waits;               /* item_count squared: waits[i * n + p] when i waits for the result of p, transitively */
};

/* The plan without its passes run; then all of them. draft->plan is the plan. */
void draft_begin(struct draft *draft, struct arena *arena, const struct catalog *catalog, const struct blueprint *blueprint,
                 const struct answers *answers, const struct zone *zone, day today);
int draft_compile(struct draft *draft, struct error *error);

/* The condition holds for the answers (NULL: it does). */
bool draft_holds(const struct draft *draft, const struct feel *when);
const char *draft_condition(const struct draft *draft, const struct feel *when);
static inline bool draft_waits(const struct draft *draft, int item, int producer)
{
  return draft->waits[(size_t)item * draft->plan->item_count + (size_t)producer];
}

/* The zone's assessment of this kind (NULL: no), valid on the day, its bound kept. */
bool draft_covered(const struct draft *draft, const char *kind, const struct feel *within);
const struct assessment *zone_assessment(const struct zone *zone, const char *kind);

/* What «zone_…» stands for; NULL where it is not known. */
const char *draft_bound_text(const struct draft *draft, struct span name);

/* Step s cannot begin before step k has ended, or begins with it (critical.c). */
bool step_holds_up(const struct draft *draft, size_t k, size_t s);

/* The item has this step for these answers, in this zone. */
bool draft_has_step(const struct draft *draft, const struct step *step);

/* Everything a want asks: what stands in the material, and what the item asks in it beside. */
static inline size_t want_field_count(const struct want *want)
{
  return want->ask->material->field_count + want->ask->field_count;
}

static inline const struct field *want_field(const struct want *want, size_t i)
{
  size_t own = want->ask->material->field_count;
  return i < own ? want->ask->material->fields[i] : want->ask->fields[i - own];
}

/* The entries of all the items' own forms, each filled in by itself. */
int fields_one_by_one(const struct draft *draft);

/* Why the form does not ask a field of an item; all NULL: it asks. */
struct unasked {
  const struct question *question;      /* answered there */
  const struct material *held;          /* a paper fetched or held already says it */
  const struct item *issued;            /* the result of an item it waits for says it */
  const struct plan_material *produced; /* … through this material */
};
struct unasked field_unasked(const struct draft *draft, int item, const struct field *field);

void plan_materials(struct draft *draft);
void plan_fields(struct draft *draft);
void plan_schedule(struct draft *draft);
void plan_critical(struct draft *draft);
void plan_services(struct draft *draft);
void plan_by_stage(struct draft *draft);
void plan_trips(struct draft *draft);
void plan_tallies(struct draft *draft);

/* What the zone saves against the same plan elsewhere; nothing where both are one. */
void plan_savings(struct plan *plan, const struct plan *elsewhere);

/* Before the schedule: which items are examined later than the application (trips.c); fills examined. */
void plan_examinations(struct draft *draft);

/* The step at which the applicant is examined; NULL where the item has none and it is done when the item begins. */
const struct plan_step *examining_step(const struct plan *plan, int item);

/* Trips of one item by itself in the ordinary way, at its department's counter: what the same matter costs one by one. */
int item_trips_alone(const struct draft *draft, int item);

#endif
