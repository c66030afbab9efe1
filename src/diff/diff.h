/*
 * diff.h: two versions of a catalogue: what changes for whom? docs/diff.md says what is compared and how.
 *
 * Of each thing in both: every aspect of the plan is the same for everybody (because nothing that the thing reads was changed, or
 * proved), or differs, with an example applicant whose two plans show it. Pure: the same two catalogues and day give the same
 * result. Everything lives in the arena given and points into the catalogues.
 */
#ifndef ONEVISIT_DIFF_DIFF_H
#define ONEVISIT_DIFF_DIFF_H

#include "plan/plan.h"

enum diff_aspect {
  DIFF_ITEMS,     /* items, and who handles them */
  DIFF_MATERIALS, /* what is uploaded, and how much later it may come */
  DIFF_FIELDS,    /* entries of the one form */
  DIFF_TRIPS_ONLINE,
  DIFF_TRIPS_WINDOW,
  DIFF_PRESENCES,
  DIFF_FEES,
  DIFF_DAYS,     /* the critical path, with and without work of intermediaries */
  DIFF_NEEDS,    /* which item waits for which */
  DIFF_RESULTS,  /* what is issued, for how long, how it is delivered */
  DIFF_CHANNELS, /* where each item can be applied for */
  DIFF_LIMITS,   /* each item's promise and the law's limit */
  DIFF_ASPECTS
};

enum diff_outcome {
  DIFF_UNCHANGED, /* nothing that it reads was changed */
  DIFF_SAME,      /* something was, and it is proved the same for everybody */
  DIFF_DIFFERS,
  DIFF_UNKNOWN, /* no difference found, none excluded: too many kinds of applicants, or the solver gave up */
};

enum diff_measure {
  BY_TRIPS_ONLINE,
  BY_TRIPS_WINDOW,
  BY_MATERIALS,
  BY_FIELDS,
  BY_DAYS,
  BY_DAYS_WITH_SERVICES,
  BY_FEN,
  DIFF_MEASURES
};

struct diff_figures {
  int64_t of[DIFF_MEASURES]; /* fees in 0.01 CNY */
};

enum diff_effect { DIFF_WORSE, DIFF_MIXED, DIFF_BETTER, DIFF_OTHER }; /* MIXED: one figure worse, another better */

struct diff_person {
  struct answers answers; /* to the questions of both sides */
  const struct zone *zone;
  bool *matters; /* beside answers: these alone bring the change upon an applicant, whatever the others are */
  bool zone_matters;
  struct words who;
  const struct words *causes; /* what was changed that reaches this applicant */
  size_t cause_count;
  unsigned aspects; /* 1 << enum diff_aspect: those that differ */
  struct diff_figures before, after;
  struct words said[DIFF_ASPECTS]; /* «− 租赁合同；+ 平面图»; zh NULL where there is nothing to say beyond the figures */
  enum diff_effect effect;
};

struct diff_thing {
  const struct thing *before, *after; /* NULL: it is only in the other catalogue */
  enum diff_outcome aspects[DIFF_ASPECTS];
  const struct words *notes; /* questions that came, went or take other answers */
  size_t note_count;
  struct diff_person *persons; /* worse first */
  size_t person_count;
  bool nobody_worse;     /* proved: no figure is worse for anybody */
  bool nobody_else;      /* every kind of applicant that the change reaches was compiled */
  const char *disagrees; /* who the solver and the compiler differ on: an error of ours; NULL */
  size_t asked, compiled;
};

struct diff {
  struct diff_thing *things; /* of the new catalogue, in its order; then those that are gone */
  size_t thing_count;
  const struct words *notes; /* zones that only one side knows */
  size_t note_count;
};

struct diff_options {
  day today;
  unsigned milliseconds;                                    /* for one question to the solver; 0: 10,000 */
  struct span one;                                          /* id of the only thing to compare; empty: all */
  bool (*progress)(void *context, size_t done, size_t all); /* after each thing; false stops with the error «stopped»; NULL */
  void *context;
};

/* Errors: only where the one thing is in neither catalogue (unknown-thing), and stopped. */
int diff_run(struct arena *arena, const struct catalog *before, const struct catalog *after, const struct diff_options *options,
             struct diff *ret, struct error *error);

/* Anything that anybody could see, or that is not excluded. */
bool diff_thing_differs(const struct diff_thing *thing);

void diff_json(const struct diff *diff, struct json_writer *w, const char *key); /* docs/diff.md */
const char *diff_aspect_id(enum diff_aspect aspect);
struct words diff_aspect_words(enum diff_aspect aspect);

#endif
