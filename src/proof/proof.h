/*
 * proof.h: is the promise kept for every possible applicant of a catalogue? docs/proof.md says what is proved and how.
 *
 * proof_run() looks at each thing over all answers and all zones. A line says of one property of one thing: proved (by
 * the structure alone, or by the solver), or fails, with a person for whom it fails, whose plan the compiler was run for. A line
 * that neither side can settle, or on which the two disagree, is no proof. Pure: the same catalogue and day give the same
 * lines; only times differ. Everything lives in the arena given and points into the catalogue.
 */
#ifndef ONEVISIT_PROOF_PROOF_H
#define ONEVISIT_PROOF_PROOF_H

#include "base/digest.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "plan/plan.h"

struct property;

enum proof_outcome {
  PROOF_PROVED,
  PROOF_FAILED,   /* person says for whom */
  PROOF_EXCUSED,  /* fails, and is on the negative list */
  PROOF_UNKNOWN,  /* the solver gave up, or a condition has no encoding: counts as a failure */
  PROOF_DISAGREES /* the solver and the compiler differ: an error of ours, never hidden */
};

struct proof_person {
  struct answers answers;
  const struct zone *zone;
  const bool *matters; /* beside answers: the others may be anything */
  bool zone_matters;
  struct words who;  /* «经营面积 320 m²，热食类，…»: the answers that matter */
  struct words what; /* «要跑 2 趟：…» */
};

struct proof_line {
  const char *property; /* id, "one-trip-online" */
  struct words name;
  enum proof_outcome outcome;
  bool by_structure;                 /* no solver was needed: no answer could change it */
  struct proof_person *person;       /* NULL where proved or unknown */
  const struct exception *exception; /* on the negative list; NULL */
  const char *uncertain;             /* PROOF_UNKNOWN: the condition that could not be encoded, or NULL (time) */
};

struct proof_thing {
  const struct thing *thing;
  struct proof_line *lines;
  size_t line_count;
  double answers; /* how many possible applicants differ in some condition: choices times cells of numbers (times zones) */
  size_t asked;   /* questions to the solver */
  int64_t us;
};

struct proof_hint { /* no mistake, but worth a look */
  struct place place;
  struct words text;
};

struct proof {
  const struct catalog *catalog;
  struct proof_thing *things;
  size_t thing_count;
  struct findings findings; /* what keeps the catalogue from being published, with places */
  struct proof_hint *hints;
  size_t hint_count;
  size_t proved, excused, failed; /* lines */
  const char *solver;             /* «Z3 4.8.12» */
  size_t asked;                   /* questions to the solver, in all */
  struct digest questions;        /* with options.digest: of all of them, see docs/proof.md */
  int64_t us;
};

struct proof_options {
  day today;
  unsigned milliseconds;                                    /* for one question; 0: 10,000 */
  const char *smt_dir;                                      /* every question to the solver as THING.PROPERTY.smt2; NULL: not */
  bool digest;                                              /* fill in proof.questions */
  bool (*progress)(void *context, size_t done, size_t all); /* after each thing; false stops with the error «stopped»; NULL */
  void *context;
  const struct thing *one; /* only this thing, and nothing about the catalogue as a whole; NULL: all */
};

/* Errors: only where smt_dir cannot be written, and stopped. */
int proof_run(struct arena *arena, const struct catalog *catalog, const struct proof_options *options, struct proof *ret,
              struct error *error);

void proof_json(const struct proof *proof, struct json_writer *w, const char *key); /* docs/proof.md, JSON */
const char *proof_outcome_name(enum proof_outcome outcome);                         /* "proved", "failed" … */

/* The persons of failed lines as files persons/ID.yaml hold them, one YAML document each after «--- # persons/ID.yaml». */
struct span proof_keep(struct arena *arena, const struct proof *proof);

#endif
