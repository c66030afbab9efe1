/*
 * job.h: the monitor inside the running service: looks at the own log every few seconds and raises alarms.
 */
#ifndef ONEVISIT_WATCH_JOB_H
#define ONEVISIT_WATCH_JOB_H

#include "catalog/catalog.h"
#include "engine/engine.h"

struct watch_job;

/* A catalogue that is lent. */
struct watch_catalog {
  const struct catalog *catalog; /* NULL: none */
  const void *owner;             /* the lender's */
  int64_t next;                  /* the event from which on another one counts; 0: none yet */
};

struct watch_options {
  struct engine *engine;
  struct store *store;
  /*
   * The catalogue that counted when event seq was written, in exchange for the one held ({0} to begin): whose limits are judged.
   * NULL: limits are not judged.
   */
  int (*lend)(void *context, struct db *db, int64_t seq, struct watch_catalog *held, struct error *error);
  void (*give_back)(void *context, const struct watch_catalog *held);
  void *context;
  const char *key_dir, *origin;
  const char *log_dir; /* the key book is written there as «keys»; NULL: nowhere */
  int period_ms;       /* 0: 5000 */
};

/* Its state is KEY_DIR/monitor; one that is damaged is begun anew. Errors: those of the store. */
int watch_start(const struct watch_options *options, struct watch_job **ret, struct error *error);
void watch_stop(struct watch_job *job); /* NULL is fine */

#endif
