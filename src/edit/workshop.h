/*
 * workshop.h: what takes long is done here, by one thread of its own: no request waits for a proof.
 *
 * A job is asked for once however often it is asked; what it comes to stands in the draft (checked, released, refused), on the
 * ledger (published, in force), or, for the lists, here until the version changes. What is lost by a restart is asked for again.
 *
 * Its thread also takes what was put in force on another node of the same store, between jobs and in the middle of one.
 */
#ifndef ONEVISIT_EDIT_WORKSHOP_H
#define ONEVISIT_EDIT_WORKSHOP_H

#include "edit/edition.h"

enum job_kind {
  JOB_CHECK,   /* of a draft: load, prove, compare */
  JOB_PUBLISH, /* of an approved draft: the same once more, then it is in force */
  JOB_RESTORE, /* a published version is in force again, if it still passes */
  JOB_LINT,    /* of the version in force */
  JOB_ADVICE
};

enum job_phase { PHASE_WAITING, PHASE_LOADING, PHASE_PROVING, PHASE_COMPARING, PHASE_ADVISING, PHASE_PUBLISHING };

struct job {
  enum job_kind kind;
  int64_t draft;       /* JOB_CHECK, JOB_PUBLISH */
  const char *version; /* the others; NULL: the one in force */
  const char *reason;  /* JOB_PUBLISH, JOB_RESTORE */
  struct actor actor;  /* … by whom */
};

struct job_view {
  bool under_way;
  enum job_phase phase;
  size_t done, all; /* of the phase; all 0: not known */
  bool failed;      /* the last one of its kind for this draft or version: error says why */
  struct error error;
  struct span result; /* JSON: findings of a failed restore, or the list; in the arena given; empty where there is none */
};

struct workshop;
struct workshop_options {
  struct engine *engine;
  struct store *store;
  struct shelf *shelf;
  /* Before a version is published and in force: what its departments need. */
  int (*prepare)(void *context, const struct catalog *catalog, struct error *error);
  void *context;
  int follow_ms; /* how often it looks what editors put in force on another node; 0: 2000 */
};
int workshop_open(const struct workshop_options *options, struct workshop **ret, struct error *error);
void workshop_close(struct workshop *workshop); /* stops what is under way; NULL is fine */

/* Error workshop-full (BUSY). */
int workshop_ask(struct workshop *workshop, const struct job *job, struct error *error);
void workshop_look(struct workshop *workshop, const struct job *job, struct arena *arena, struct job_view *ret);
void workshop_wait(struct workshop *workshop); /* until nothing is under way: for tests */

#endif
