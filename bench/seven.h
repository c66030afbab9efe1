/*
 * seven.h: the process that ours and the peers run in the benchmark, as a kind of its own:
 *
 *   submit → precheck → accept → three departments in parallel → join → decide → issue → close
 *
 * Seven tasks; each is a command, refused while what must come before it is not done. A row for the case and one for each
 * task that is open or done, as an inbox would read them.
 */
#ifndef ONEVISIT_BENCH_SEVEN_H
#define ONEVISIT_BENCH_SEVEN_H

#include "bench.h"
#include "engine/engine.h"

extern const struct kind seven_kind;
extern const struct kind *const seven_kinds[];
extern const struct migration seven_migrations[];

#define SEVEN_TASKS 7  /* without "submit" */
#define SEVEN_EVENTS 9 /* of a whole case: submitted, one for each task, closed */

/* The steps in order, "submit" first; NULL after the last. Steps 3, 4 and 5 are the departments'. */
extern const char *const seven_steps[SEVEN_TASKS + 2];

/* What is open to do next at this version of a case, as indices of seven_steps. */
size_t seven_open(int version, int ret[3]);

#endif
