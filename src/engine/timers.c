#include "engine/internal.h"

#include <stdlib.h>

static void swap(struct timer *a, struct timer *b)
{
  struct timer t = *a;
  *a = *b;
  *b = t;
}

static void sift_up(struct timers *t, size_t i)
{
  for (; i && t->heap[i].due < t->heap[(i - 1) / 2].due; i = (i - 1) / 2)
    swap(&t->heap[i], &t->heap[(i - 1) / 2]);
}

static void sift_down(struct timers *t, size_t i)
{
  for (;;) {
    size_t least = i, left = 2 * i + 1;
    for (size_t child = left; child < left + 2 && child < t->n; child++)
      if (t->heap[child].due < t->heap[least].due)
        least = child;
    if (least == i)
      return;
    swap(&t->heap[i], &t->heap[least]);
    i = least;
  }
}

static void push(struct timers *t, struct timer timer)
{
  if (t->n == t->cap) {
    t->cap = t->cap ? 2 * t->cap : 64;
    t->heap = realloc(t->heap, t->cap * sizeof *t->heap);
    if (!t->heap)
      abort();
  }
  t->heap[t->n++] = timer;
  sift_up(t, t->n - 1);
}

/* Drops what is out of date, so that the heap stays in proportion to the open deadlines. */
static void rebuild(struct timers *t)
{
  t->n = 0;
  for (size_t i = 0; i < t->current.cap; i++)
    if (t->current.slots[i].id)
      push(t, (struct timer){t->current.slots[i].value.number, t->current.slots[i].id});
}

void timers_set(struct timers *t, int64_t id, moment due)
{
  if (due == 0) {
    idmap_remove(&t->current, id);
    return;
  }
  idmap_add(&t->current, id)->value.number = due;
  push(t, (struct timer){due, id});
  if (t->n > 2 * t->current.n + 1024)
    rebuild(t);
}

void timers_pop(struct timers *t)
{
  t->heap[0] = t->heap[--t->n];
  sift_down(t, 0);
}

bool timers_next(struct timers *t, struct timer *ret)
{
  while (t->n) {
    struct idmap_slot *now = idmap_find(&t->current, t->heap[0].id);
    if (now && now->value.number == t->heap[0].due) {
      *ret = t->heap[0];
      return true;
    }
    timers_pop(t);
  }
  return false;
}

void timers_release(struct timers *t)
{
  free(t->heap);
  idmap_release(&t->current);
  *t = (struct timers){0};
}

int timers_load(struct engine *engine, struct db *db, struct error *error)
{
  static const struct sql all = {"SELECT id, due FROM timers"};
  struct rows rows;
  if (db_query(db, &all, NULL, 0, &rows, error))
    return -1;
  while (rows_next(&rows))
    timers_set(&writer_of(engine, rows_int(&rows, 0))->timers, rows_int(&rows, 0), rows_int(&rows, 1));
  return rows_close(&rows, error);
}
