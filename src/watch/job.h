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

/* Writes a small file whole or not at all: beside it, synced, renamed. Error watch-file. */
int watch_write_file(const char *path, struct span bytes, struct error *error);
/* Reads one; an empty span where there is none. */
int watch_read_file(const char *path, struct arena *arena, struct span *ret, struct error *error);

#endif
