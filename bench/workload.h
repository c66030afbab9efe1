/*
 * workload.h: the «command» of the benchmarks: one durable step of a case, about 1 KB: an event with a body of about
 * 500 bytes, the aggregate's row, the case's row and one task's row. The same rows are written by the engine (through
 * a kind of its own) and by the neighbours without one.
 */
#ifndef ONEVISIT_BENCH_WORKLOAD_H
#define ONEVISIT_BENCH_WORKLOAD_H

#include "bench.h"
#include "engine/engine.h"

#define TASKS_PER_CASE 3

extern const struct kind permit_kind;
extern const struct kind *const permit_kinds[];
extern const struct migration *const permit_migrations[]; /* the engine's and the kind's */

/* Case i has an id as aggregate_id_new() gives them: growing with time, with room between. */
int64_t permit_id(size_t i);

/* The arguments of "act", shared by all commands; json_decref() it. */
json_t *permit_arguments(void);

/* What the row of one step holds, for who writes without the engine. */
struct permit_row {
  int64_t seq, id, prev;
  int version; /* 1 is "opened" */
  moment at;
};

/* The statements of one command, in the order written; PERMIT_AGGREGATE comes once a group and aggregate. */
enum permit_sql { PERMIT_EVENT, PERMIT_CASE, PERMIT_TASK, PERMIT_AGGREGATE, PERMIT_SQL_COUNT };
#define PERMIT_VALUES_MAX 15
/* Macros, for a struct sql is a constant. */
#define PERMIT_SAVE_CASE                                                                                                           \
  "INSERT INTO bench_cases (id, number, state, officer, step, changed) VALUES ($1, $2, $3, $4, $5, $6)"                            \
  " ON CONFLICT (id) DO UPDATE SET state = excluded.state, officer = excluded.officer, step = excluded.step,"                      \
  " changed = excluded.changed"
#define PERMIT_SAVE_TASK                                                                                                           \
  "INSERT INTO bench_tasks (id, permit, state, agency, due) VALUES ($1, $2, $3, $4, $5)"                                           \
  " ON CONFLICT (id) DO UPDATE SET state = excluded.state, due = excluded.due"
extern const char *const permit_sql_text[PERMIT_SQL_COUNT];
size_t permit_values(enum permit_sql which, const struct permit_row *row, int task, struct value ret[PERMIT_VALUES_MAX]);

#endif
