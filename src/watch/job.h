/*
 * job.h: the monitor inside the running service: looks at the own log every few seconds and raises alarms.
 */
#ifndef ONEVISIT_WATCH_JOB_H
#define ONEVISIT_WATCH_JOB_H

#include "catalog/catalog.h"
#include "engine/engine.h"

struct watch_job;

struct watch_options {
  struct engine *engine;
  struct store *store;
  const struct catalog *catalog;
  const char *key_dir, *origin;
  const char *log_dir; /* the key book is written there as «keys»; NULL: nowhere */
  int period_ms;       /* 0: 5000 */
};

/* Its state is KEY_DIR/monitor; one that is damaged is begun anew. Errors: those of the store. */
int watch_start(const struct watch_options *options, struct watch_job **ret, struct error *error);
void watch_stop(struct watch_job *job); /* NULL is fine */

#endif
