/*
 * Who is called next, and how long it takes. Pure.
 */
#include "hall/hall.h"

#include <stdlib.h>

moment hall_rank(moment arrived, moment slot, unsigned priority)
{
  moment rank = arrived;
  if (slot) /* who comes before his time waits for it; who comes late counts from when he came */
    rank = (arrived < slot ? slot : arrived) - CREDIT_APPOINTMENT;
  return priority ? rank - CREDIT_PRIORITY : rank;
}

static bool may_call(const struct visit *v, const struct hall_place *place, int window)
{
  if (v->state != VISIT_WAITING)
    return false;
  return v->for_window ? v->for_window == window : hall_window_has(place, window, v->skill);
}

struct visit *queue_next(const struct queue *q, const struct hall_place *place, int window)
{
  struct visit *best = NULL;
  for (size_t i = 0; i < q->n; i++)
    if (may_call(&q->visits[i], place, window) && (!best || q->visits[i].rank < best->rank))
      best = &q->visits[i];
  return best;
}

int64_t queue_mean(const struct queue *q)
{
  int n = q->served < MEASURED_MOST ? q->served : MEASURED_MOST;
  int64_t sum = 0;
  if (n < MEASURED_LEAST)
    return 0;
  for (int i = 0; i < n; i++)
    sum += q->services[i];
  return sum / n;
}

/* As many windows as a hall can have; the one that is free first takes the next. */
int64_t hall_forecast(const int64_t *free_ms, size_t windows, int64_t mean_ms, size_t before)
{
  int64_t at[1024];
  size_t n = windows < 1024 ? windows : 1024;
  if (n == 0)
    return -1;
  for (size_t i = 0; i < n; i++)
    at[i] = free_ms[i] > 0 ? free_ms[i] : 0;
  for (size_t k = 0;; k++) {
    size_t first = 0;
    for (size_t i = 1; i < n; i++)
      if (at[i] < at[first])
        first = i;
    if (k == before)
      return at[first];
    at[first] += mean_ms;
  }
}

int64_t queue_forecast(const struct queue *q, const struct hall_place *place, const struct visit *v, int64_t mean_ms, moment now,
                       size_t *ret_before)
{
  int64_t free_ms[1024];
  size_t windows = 0, before = 0;
  for (size_t i = 0; i < q->window_count && windows < 1024; i++) {
    const struct hall_window *w = &q->windows[i];
    bool fits = v->for_window ? v->for_window == w->number : hall_window_has(place, w->number, v->skill);
    const struct visit *there = w->visit ? queue_visit(q, w->visit) : NULL;
    if (w->open && fits)
      free_ms[windows++] = there && mean_ms ? there->called + mean_ms - now : 0;
  }
  for (size_t i = 0; i < q->n; i++) {
    const struct visit *other = &q->visits[i];
    if (other->n != v->n && other->state == VISIT_WAITING && (other->rank < v->rank || (other->rank == v->rank && other->n < v->n)))
      before++;
  }
  if (ret_before)
    *ret_before = before;
  return mean_ms ? hall_forecast(free_ms, windows, mean_ms, before) : -1;
}
