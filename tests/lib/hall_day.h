/*
 * hall_day.h: a hall for tests: the sample city's catalogue, the real engine on a fresh store, a clock that the test owns.
 */
#ifndef ONEVISIT_TESTS_HALL_DAY_H
#define ONEVISIT_TESTS_HALL_DAY_H

#include "../unit/both_stores.h"
#include "casework/casework.h"
#include "hall/hall.h"

struct hall_day {
  struct fresh_store fresh;
  struct arena arena;
  struct catalog *catalog;
  struct world world;
  struct store *store;
  struct db *db;
  struct engine *engine;
  struct hall_post post;
  _Atomic moment now;
  struct error error; /* of the last command; not for threads */
  struct outcome last;
};

#define HALL_DAY day_make(2026, 11, 24) /* a Tuesday */
#define AT(hour, minute) (day_start(HALL_DAY) + ((hour)*60 + (minute)) * MINUTE_MS)

void hall_day_open(struct hall_day *h, const struct fresh_store *fresh, int seal_ms);
void hall_day_close(struct hall_day *h);
void hall_day_restart(struct hall_day *h);

extern const struct actor hall_clerk, hall_clerk2, hall_kiosk, hall_person, hall_stranger;

/* "" when done, else the name of the error. The queue is of «ningbo-city» on a day; data is taken over. */
const char *hall_do_on(struct hall_day *h, const char *zone, day d, const struct actor *who, const char *type, json_t *data);
const char *hall_do(struct hall_day *h, const char *zone, const struct actor *who, const char *type, json_t *data);
/* The same from any thread, with an error of the caller's. */
int hall_send(struct hall_day *h, const char *zone, day d, const struct actor *who, const char *type, json_t *data,
              struct error *error);

struct queue_now hall_now(struct hall_day *h, const char *zone, day d);
struct visit_row hall_visit(struct hall_day *h, const char *zone, day d, int n); /* by its number, over or not */

#endif
