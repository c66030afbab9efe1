/*
 * explain.h: why a plan is as it is: what every pass of the compiler decided, line by line, in words.
 *
 * For officials who ask, for the page of the plan («为什么») and for `onevisit plan --explain`. The lines come out in the order of
 * the passes; what was left out is a line too, with what left it out. Nothing here is stored with a case.
 */
#ifndef ONEVISIT_PLAN_EXPLAIN_H
#define ONEVISIT_PLAN_EXPLAIN_H

#include "plan/plan.h"

enum plan_pass {
  PASS_ITEMS,     /* selected, not selected, covered by the zone */
  PASS_WANTS,     /* what each item wants, and what it does not for these answers */
  PASS_ORDER,     /* who waits for whom, and why */
  PASS_MATERIALS, /* each once: from where, and why from there */
  PASS_FORM,      /* what is asked, what is not and who knows it */
  PASS_MERGE,     /* acceptance, visits, examinations, delivery */
  PASS_SCHEDULE,  /* what begins when and why, what is critical, what fell away */
  PASS_LIMITS,    /* promises, the law's limits and caps */
  PASS_SERVICES,  /* the work of intermediaries */
  PASS_TRIPS,     /* each presence and the trip it is on */
  PASS_COUNT
};

struct why_line {
  enum plan_pass pass;
  const char *id;       /* of what the line is about: an item, a material, a field, «item/step» */
  struct words subject; /* its name */
  const char *verdict;  /* stable: «selected», «not-selected», «covered» … (docs/plan.md) */
  struct words why;     /* the whole sentence */
  const struct basis *basis;
  const char *condition; /* as written in the catalogue; NULL */
  const char *answers;   /* those the condition reads: «area = 320, signboard = true»; NULL */
};

struct explanation {
  const struct plan *plan;
  const struct why_line *lines; /* by pass */
  size_t n;
};

/* The same arguments and errors as plan_compile(). */
int plan_explain(struct arena *arena, const struct catalog *catalog, const struct thing *thing, const struct answers *answers,
                 const struct zone *zone, day today, struct explanation **ret, struct error *error);

struct words pass_words(enum plan_pass pass);
const char *pass_id(enum plan_pass pass);

void explanation_json(const struct explanation *explanation, struct json_writer *w, const char *key);

#endif
