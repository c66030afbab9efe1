/*
 * history_rows.h: the tables of this room (history_store.c). Private to it.
 */
#ifndef ONEVISIT_HISTORY_HISTORY_ROWS_H
#define ONEVISIT_HISTORY_HISTORY_ROWS_H

#include "engine/engine.h"

void history_put_log(struct rowset *rows, int64_t id, int64_t seq, const char *name);
void history_put_finished(struct rowset *rows, int64_t id);
void history_put_trace(struct rowset *rows, int64_t id, int64_t log, int64_t position, const char *name);

struct history_log_row {
  int64_t id;
  const char *name;
  bool finished;
};

/* The logs in the order they were imported, in the arena. */
int history_logs(struct db *db, struct arena *arena, struct history_log_row **ret, size_t *ret_n, struct error *error);

/* At most max ids of a log's traces after a position, in order; *position moves on to the last of them. */
int history_traces(struct db *db, int64_t log, int64_t *position, int64_t *ids, size_t max, size_t *ret_n, struct error *error);

#endif
