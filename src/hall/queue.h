/*
 * queue.h: what queue.c (what may happen) and queue_state.c (what follows from it) share. Private to this room.
 */
#ifndef ONEVISIT_HALL_QUEUE_H
#define ONEVISIT_HALL_QUEUE_H

#include "base/json.h"
#include "hall/hall.h"

#define NOTE_MAX 500
#define EARLY_MS (60 * MINUTE_MS)    /* so long before his slot one can say that one has come */
#define CLOSING_MS (120 * MINUTE_MS) /* so long after the last shift the day is over */
#define KEPT_DAYS 90                 /* then everything personal of the day is erased */

int queue_evolve(void *state, struct arena *arena, const struct event *event);
moment queue_due(const void *state);
bool queue_reminds(const struct queue *q);                          /* somebody has an appointment that he was not reminded of */
moment queue_over(const struct queue *q);                           /* when the day is over */
moment visit_slot_at(const struct queue *q, const struct visit *v); /* 0: no appointment */

/* hall_store.c */
void queue_project(const void *state, const struct event *events, size_t n, struct rowset *rows);
void queue_erase(const void *state, struct rowset *rows);

#endif
