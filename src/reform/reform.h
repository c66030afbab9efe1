/*
 * reform.h: which single change of the catalogue would help applicants most (R7, R8: the work list of a reform office).
 *
 * A reform is one change of one line: share this register, accept a copy, let it be signed online, apply online, send the
 * result, ask one paper less, decide without waiting for another item. It is applied to the catalogue itself, the plans of
 * sample people are compiled again, and what they save is weighed with the cases a year of each matter. Nothing is guessed:
 * every figure is the difference of two plans, and each reform has the person whom it helps most as evidence.
 *
 * The people of a matter are all answers where those are few (numbers at four points of their range), else a sample by
 * seed, even over the answers; numbers are even over their order of magnitude, as areas and amounts are.
 */
#ifndef ONEVISIT_REFORM_REFORM_H
#define ONEVISIT_REFORM_REFORM_H

#include "plan/plan.h"

enum reform_kind {
  REFORM_SHARE,    /* a register shared with everybody: its papers are fetched */
  REFORM_DROP,     /* an item asks one paper less */
  REFORM_PRESENCE, /* an original, a signature or an identity is proved online */
  REFORM_ONLINE,   /* an item is applied for online */
  REFORM_DELIVER,  /* a result is sent or issued as an e-certificate */
  REFORM_UNTIE     /* an item no longer waits for another */
};

struct reform {
  enum reform_kind kind;
  size_t item;     /* index into the catalogue's items; not of REFORM_SHARE */
  size_t part;     /* index into that item's materials, presence or needs */
  size_t material; /* REFORM_SHARE: index into the catalogue's materials */
};

/* What it says to do, in the arena. */
struct words reform_words(struct arena *arena, const struct catalog *catalog, const struct reform *reform);
/* The law by which the line stands that would have to change; NULL where none is written. */
const struct basis *reform_basis(const struct catalog *catalog, const struct reform *reform);

/* Every reform that the catalogue leaves to be made, by item; in the arena. */
size_t reform_list(struct arena *arena, const struct catalog *catalog, struct reform **ret);

/* Makes the change in place; undo takes it back. The catalogue must be nobody else's meanwhile. */
struct reform_undo {
  struct item *item, item_before;
  struct material *material, material_before;
};
struct reform_undo reform_apply(struct arena *arena, struct catalog *catalog, const struct reform *reform);
void reform_take_back(const struct reform_undo *undo);

/* ---- people ---- */

struct measure { /* of one plan */
  int trips, materials, days;
};

struct sample_person {
  struct answers answers;
  struct measure before;
  const struct item **items; /* of the plan */
  size_t item_count;
  const struct material **uploads;
  size_t upload_count;
};

struct people {
  const struct thing *thing;
  double cases; /* a year */
  struct sample_person *list;
  size_t n;
  bool all; /* every answer, not a sample */
};

/* At most max people of a thing; the same seed gives the same. Compiles the plan of each. */
int people_of(struct arena *arena, const struct catalog *catalog, const struct thing *thing, size_t max, uint64_t seed, day today,
              struct people *ret, struct error *error);
struct measure measure_plan(const struct plan *plan);

/* ---- the work list ---- */

enum advice_order { BY_TRIPS, BY_MATERIALS, BY_DAYS };

struct advice_options {
  const double *cases; /* a year, by thing of the catalogue; NULL: one of each */
  size_t people;       /* of a thing at most; 0: 64 */
  uint64_t seed;
  day today;
  enum advice_order by;
  bool (*progress)(void *context, size_t done, size_t all); /* of reforms; false stops with the error «stopped»; NULL */
  void *context;
};

struct advice {
  struct reform reform;
  double cases;                  /* a year that it makes better */
  double trips, materials, days; /* that it saves in a year */
  const struct thing **things;   /* whose people it helps */
  size_t thing_count;
  const struct thing *thing; /* the evidence: the person whom it helps most … */
  struct answers answers;
  struct measure before, after; /* … without and with the reform */
};

/* The reforms that help anybody, the best first. The catalogue is changed and restored on the way. */
int reform_advise(struct arena *arena, struct catalog *catalog, const struct advice_options *options, struct advice **ret,
                  size_t *ret_n, struct error *error);

#endif
