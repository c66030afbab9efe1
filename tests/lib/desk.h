/*
 * desk.h: a small city for tests of casework: the real engine on a fresh store, a clock and randomness that the test owns,
 * the announced calendars of 2025 and 2026, and the plan of tests/property/restaurant.json.
 *
 * Items of the plan: 0 registration (market), 1 food licence (market, needs 0, opinion of fire), 2 fire check (fire),
 * 3 signboard (urban; courier or window), 4 drainage (housing, needs 2).
 */
#ifndef ONEVISIT_TESTS_DESK_H
#define ONEVISIT_TESTS_DESK_H

#include "../unit/both_stores.h"
#include "casework/casework.h"

struct desk {
  struct fresh_store fresh;
  struct store *store;
  struct db *writer, *db; /* writer only migrates */
  struct engine *engine;
  struct arena arena;
  struct catalog catalog;
  struct world world;
  json_t *plan;
  _Atomic moment now;
  uint64_t seed;
  struct error error; /* of the last command */
  struct outcome last;
  const struct kind *kinds[6]; /* ended by NULL; a test may add its own before a restart */
  const struct kind *kind;     /* casefile_kind, or a wrapper of it */
  const char *origin;          /* of the ledger; NULL: test.example/log */
  const char *key_dir;         /* NULL: «keys» in the fresh directory */
  const char *log_dir;         /* NULL: nothing is published. All three count from the next start */
};

void desk_open(struct desk *desk, enum which_store which, const struct kind *kind, uint64_t seed);
void desk_close(struct desk *desk);
/* The program ends and starts again, on a store that may be another one by now; seal_ms and outlets as for the engine. */
void desk_restart(struct desk *desk, int seal_ms, const struct outlet *outlets);
/* Tries to start again: the name of the error why not, "" where it has started. */
const char *desk_refused(struct desk *desk);

struct who {
  const char *id, *role, *agency, *channel;
};
extern const struct who applicant, stranger, clerk, clerk2, market, market2, fire, urban, housing, ecology, issuer, supervisor,
    records;

/* "" when done, else the name of the error. data is taken over. */
const char *desk_do(struct desk *desk, int64_t id, struct who who, const char *type, json_t *data);
struct casefile *desk_case(struct desk *desk, int64_t id); /* by replay */

/* The clock: to noon in China of a day, then everything due fires. */
void desk_noon(struct desk *desk, const char *day);
void desk_wake(struct desk *desk);

json_t *desk_plan(struct desk *desk);                          /* a new reference */
json_t *desk_draft(struct desk *desk);                         /* data of a good draft */
void desk_fill(struct desk *desk, int64_t id, struct who who); /* fields, delivery and all uploads */

uint64_t desk_random(uint64_t *seed); /* splitmix64 */

#endif
