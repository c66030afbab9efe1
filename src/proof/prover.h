/*
 * prover.h: answers as unknowns, conditions as formulas, and the one question a solver answers: are there answers with P?
 *
 * A prover is one Z3 context with one unknown for each question: a boolean question is a Boolean, a number a real within its
 * bounds, a choice an integer that numbers its values, the zone an integer (0: none). Things that ask the same question
 * (two versions of one thing, say) share its unknown, so both can stand in one formula.
 *
 * Every over-approximation errs towards «there may be such answers»: NEVER is a proof, FOUND is a candidate that the caller
 * runs through the compiler, UNKNOWN (time, memory) is neither and counts as a failure wherever it comes up.
 */
#ifndef ONEVISIT_PROOF_PROVER_H
#define ONEVISIT_PROOF_PROVER_H

#include <z3.h>

#include "catalog/catalog.h"
#include "plan/plan.h"

typedef Z3_ast formula; /* Boolean; lives as long as the prover */

/* Three-valued: neither yes nor no is null. The two are never true together. */
struct truth {
  formula yes, no;
};

struct unknown {
  const char *id;
  enum question_type type;
  Z3_ast var;
  const char **values; /* of a choice: those of all things that ask it */
  size_t value_count;
  double most; /* of a number: its size at most, by every thing that asks it; 0: not said */
};

struct prover {
  struct arena *arena;
  const struct catalog *catalog;
  const struct zone *within; /* whose indicators conditions read, valid on the day; NULL */
  day today;
  const struct thing *thing; /* whose tables conditions read: the one met last */
  Z3_context z;
  Z3_solver solver;
  Z3_sort number, whole;
  formula yes, no; /* true and false */
  struct unknown *unknowns;
  size_t unknown_count;
  Z3_ast zone;
  formula side;          /* what holds of helpers introduced on the way, as rounded quotients */
  const char *uncertain; /* a condition that could not be encoded exactly, as written; NULL: all were */
  struct cached *cache;
  size_t cache_count, cache_cap;
  size_t helpers, asked;
  bool failed; /* Z3 reported an error: every answer is UNKNOWN from here */
};

/* milliseconds: the limit of one question to the solver. */
void prover_open(struct prover *prover, struct arena *arena, const struct catalog *catalog, unsigned milliseconds);
void prover_close(struct prover *prover);

/* Declares the unknowns of a thing's questions, before any of its conditions is read. */
void prover_meet(struct prover *prover, const struct thing *thing);
/* The answers the thing takes: bounds and choices, and any zone of the catalogue or none. */
formula prover_domain(struct prover *prover, const struct thing *thing);

/* A condition; NULL holds always. The same pointer gives the same formula. */
struct truth prover_condition(struct prover *prover, const struct feel *when);
/* The project lies in a zone whose assessment of that kind is valid on the day, and keeps within its bound (cover.c). */
formula prover_covered(struct prover *prover, const char *kind, const struct feel *within, day today);
struct truth prover_read(struct prover *prover, const struct feel *when); /* encode.c: without the cache */

/* The table says nothing, or two things at once. */
formula prover_undecided(struct prover *prover, const struct thing_table *table);

formula prover_and(struct prover *prover, formula a, formula b);
formula prover_or(struct prover *prover, formula a, formula b);
formula prover_not(struct prover *prover, formula a);

const struct unknown *prover_unknown(const struct prover *prover, struct span id);
/* The answer to a choice is its n-th value. */
formula prover_is_value(struct prover *prover, const struct unknown *unknown, size_t n);
Z3_ast prover_decimal(struct prover *prover, struct decimal d);
double prover_size(struct decimal d); /* not less than |d|, and at most one of its digits more */
/* The answers equal these, to that question alone (bounds are not checked). */
formula prover_answers(struct prover *prover, const struct answer *answer);
formula prover_in_zone(struct prover *prover, const struct zone *zone); /* NULL: in none */

enum verdict { PROVER_NEVER, PROVER_FOUND, PROVER_UNKNOWN };

/*
 * Are there answers of the thing with P? FOUND fills in one answer a question and the zone. smt, when not NULL, gets the
 * question as SMT-LIB 2 text, in the arena.
 */
struct model {
  struct answers answers;
  const struct zone *zone;
  bool rounded; /* a number of the solver's is no decimal: these answers are near it and need not have P */
};
enum verdict prover_ask(struct prover *prover, const struct thing *thing, formula p, struct model *ret, const char **ret_smt);

/*
 * Which of the answers force P, whatever the others are? matters[i] beside model->answers, and the zone. Smallest by leaving
 * out one after another. False where the solver does not say.
 */
bool prover_core(struct prover *prover, const struct thing *thing, formula p, const struct model *model, bool *matters,
                 bool *ret_zone);

/*
 * Every kind of answers with P: those under which the same literals hold are one kind. look() gets one of each and which literals
 * hold; false ends it. NEVER: there are no more kinds. FOUND: look() ended it or most kinds have been seen.
 */
typedef bool prover_look(void *context, const struct model *model, const bool *holds);
enum verdict prover_kinds(struct prover *prover, const struct thing *thing, formula p, const formula *literals, size_t n,
                          size_t most, prover_look *look, void *context);

#endif
