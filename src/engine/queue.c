#include "engine/internal.h"

#include <errno.h>
#include <time.h>

void queue_init(struct queue *queue, size_t limit)
{
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_mutex_init(&queue->lock, NULL);
  pthread_cond_init(&queue->filled, &attr);
  pthread_condattr_destroy(&attr);
  queue->limit = limit;
  queue->last = &queue->first;
}

void queue_release(struct queue *queue)
{
  pthread_cond_destroy(&queue->filled);
  pthread_mutex_destroy(&queue->lock);
}

void queue_close(struct queue *queue)
{
  pthread_mutex_lock(&queue->lock);
  queue->closed = true;
  pthread_cond_broadcast(&queue->filled);
  pthread_mutex_unlock(&queue->lock);
}

void queue_limit(struct queue *queue, size_t limit)
{
  pthread_mutex_lock(&queue->lock);
  queue->limit = limit;
  pthread_mutex_unlock(&queue->lock);
}

int queue_push(struct queue *queue, struct request *request, bool even_if_full, struct error *error)
{
  request->next = NULL;
  pthread_mutex_lock(&queue->lock);
  bool closed = queue->closed, full = queue->n >= queue->limit && !even_if_full;
  bool was_empty = queue->n == 0;
  if (!closed && !full) {
    *queue->last = request;
    queue->last = &request->next;
    queue->n++;
    if (was_empty)
      pthread_cond_signal(&queue->filled);
  }
  pthread_mutex_unlock(&queue->lock);
  if (closed)
    return error_set(error, ERROR_BUSY, "engine-stopped", "系统正在停机，请稍后再试",
                     "The system is shutting down, please try again shortly");
  if (full)
    return error_set(error, ERROR_BUSY, "queue-full", "现在办理的人较多，本次没有提交，请稍后再试",
                     "Too many people are submitting right now; nothing was saved, please try again shortly");
  return 0;
}

static void wait_until(struct queue *queue, int64_t until_us)
{
  struct timespec ts = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
  while (queue->n == 0 && !queue->closed)
    if (pthread_cond_timedwait(&queue->filled, &queue->lock, &ts) == ETIMEDOUT)
      return;
}

struct request *queue_take(struct queue *queue, size_t max, int64_t until_us, bool *ret_closed)
{
  pthread_mutex_lock(&queue->lock);
  wait_until(queue, until_us);
  struct request *first = queue->first, **end = &queue->first;
  for (size_t i = 0; i < max && *end; i++) {
    end = &(*end)->next;
    queue->n--;
  }
  queue->first = *end;
  if (!queue->first)
    queue->last = &queue->first;
  if (first)
    *end = NULL;
  *ret_closed = queue->closed;
  pthread_mutex_unlock(&queue->lock);
  return first;
}

/* ---- how much may wait ---- */

#define FADING 0.9

void tempo_note(struct tempo *t, size_t commands, int64_t work_us, int64_t commit_us)
{
  t->commands = FADING * t->commands + (double)commands;
  t->work_us = FADING * t->work_us + (double)work_us;
  t->groups = FADING * t->groups + 1;
  t->commit_us = FADING * t->commit_us + (double)commit_us;
}

/*
 * Who comes now waits for the group under way, which may be as large as the queue lets it be, and for those before it in the
 * queue: for the work of them all, for a commit to each group that they fill, and for the commits of the group under way and of
 * its own.
 */
size_t tempo_limit(const struct tempo *t, size_t group_max, int64_t wait_us)
{
  if (t->commands <= 0)
    return 0;
  double each = t->work_us / t->commands, commit = t->commit_us / t->groups, group = (double)group_max;
  double ahead = ((double)wait_us - 2 * commit) / (each + commit / group + 0.001);
  double n = ahead > 2 * group ? ahead - group : ahead / 2;
  return n > 0 ? n < 1e9 ? (size_t)n : (size_t)1e9 : 0;
}
