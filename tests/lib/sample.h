/* sample.h: the sample city, catalogs/ningbo, and plans of it on one day, for tests of plans. */
#ifndef ONEVISIT_TESTS_SAMPLE_H
#define ONEVISIT_TESTS_SAMPLE_H

#include "plan/plan.h"

struct sample {
  struct arena arena;
  struct catalog *catalog;
};

#define SAMPLE_DAY day_make(2026, 11, 24)

/* Set-up and tear-down of a group: *state is a struct sample *. */
int sample_open(void **state);
int sample_close(void **state);

/* said: «area=320 gas=true …»; what is not said is false, the first choice or about 100. They fail the test that asks nonsense. */
struct answers sample_answers(struct sample *sample, const struct thing *thing, const char *said);
struct plan *sample_plan(struct sample *sample, const char *id, const char *said, const struct zone *zone);

#endif
