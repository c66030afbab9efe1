/*
 * sides.h: the inside of the room: two versions of one thing as formulas over the same answers.
 */
#ifndef ONEVISIT_DIFF_SIDES_H
#define ONEVISIT_DIFF_SIDES_H

#include "diff/diff.h"
#include "proof/statement.h"

#define HANDS                                                                                                                      \
  (1u << DIFF_ITEMS | 1u << DIFF_MATERIALS | 1u << DIFF_FIELDS | 1u << DIFF_FEES | 1u << DIFF_NEEDS | 1u << DIFF_RESULTS |         \
   1u << DIFF_CHANNELS | 1u << DIFF_LIMITS)
#define FEET (1u << DIFF_TRIPS_ONLINE | 1u << DIFF_TRIPS_WINDOW | 1u << DIFF_PRESENCES | 1u << DIFF_DAYS)

/* One change of the catalogue: outside all of them the two plans are made of the same parts, so they are the same. */
struct touch {
  formula reaches; /* the answers of those whom it can concern */
  unsigned aspects;
  struct words what; /* «材料「租赁合同」» */
};

struct touches {
  struct arena *arena;
  struct touch *list;
  size_t n, cap;
};

struct side {
  struct catalog catalog; /* with the zones that both sides know, in one order */
  const struct thing *thing;
  const struct blueprint *blueprint;
  struct statement *statement;
};

/* All that the plans of a thing read: two versions with the same text have the same plans. Names and laws are no part of it. */
struct span thing_text(struct arena *arena, const struct thing *thing);
struct span zones_text(struct arena *arena, const struct catalog *catalog);
struct words question_change(struct arena *arena, const struct question *before, const struct question *after); /* zh NULL: none */

void touches_make(struct touches *touches, struct side *before, struct side *after);

/* The conditions on which the parts of a plan depend: each formula once. aspects: HANDS or FEET. */
size_t side_literals(const struct side *side, unsigned aspects, formula *list, size_t n);
size_t side_literal_room(const struct side *side);
/* The zone's assessment stands for what the item wants. */
formula side_covered(const struct side *side, const struct item_material *ask);

/* ---- two plans ---- */

struct diff_figures plan_figures(const struct plan *plan);
/* Which aspects differ. said, when not NULL, has DIFF_ASPECTS lines, in the arena. */
unsigned plans_differ(struct arena *arena, const struct plan *before, const struct plan *after, struct words *said);

#endif
