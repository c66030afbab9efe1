#include "engine/ahead.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

void run_behind_others(void)
{
  (void)setpriority(PRIO_PROCESS, (id_t)gettid(),
                    getpriority(PRIO_PROCESS, (id_t)gettid()) + 5); /* where it may not, everything works all the same */
}

static void *ahead_main(void *argument)
{
  struct ahead *a = argument;
  pthread_mutex_lock(&a->lock);
  while (!a->stop) {
    if (!a->asked || a->done) {
      pthread_cond_wait(&a->changed, &a->lock);
      continue;
    }
    struct error error = {0};
    int64_t after = a->after;
    size_t max = a->max;
    pthread_mutex_unlock(&a->lock);
    struct batch batch = {0};
    int64_t start = thread_us();
    int bad = batch_read(a->db, a->kinds, after, max, &batch, &error);
    batch.cost_us = thread_us() - start;
    pthread_mutex_lock(&a->lock);
    a->batch = batch;
    a->failed = bad != 0;
    a->error = error;
    a->done = true;
    pthread_cond_broadcast(&a->changed);
  }
  pthread_mutex_unlock(&a->lock);
  return NULL;
}

void ahead_open(struct ahead *ahead, struct db *db, const struct kind *const *kinds)
{
  *ahead = (struct ahead){.db = db, .kinds = kinds, .on = true};
  pthread_mutex_init(&ahead->lock, NULL);
  pthread_cond_init(&ahead->changed, NULL);
  if (pthread_create(&ahead->thread, NULL, ahead_main, ahead) != 0)
    abort();
}

void ahead_close(struct ahead *ahead)
{
  if (!ahead->on)
    return;
  pthread_mutex_lock(&ahead->lock);
  ahead->stop = true;
  pthread_cond_broadcast(&ahead->changed);
  pthread_mutex_unlock(&ahead->lock);
  pthread_join(ahead->thread, NULL);
  batch_release(&ahead->batch);
  pthread_cond_destroy(&ahead->changed);
  pthread_mutex_destroy(&ahead->lock);
  ahead->on = false;
}

void ahead_ask(struct ahead *ahead, int64_t after, size_t max)
{
  pthread_mutex_lock(&ahead->lock);
  ahead->asked = true;
  ahead->done = false;
  ahead->after = after;
  ahead->max = max;
  pthread_cond_broadcast(&ahead->changed);
  pthread_mutex_unlock(&ahead->lock);
}

/* Waits for what was asked; false when it was for another place (a batch before it could not be stored). */
static bool take_asked(struct ahead *a, int64_t after, struct batch *ret, bool *ret_failed, struct error *error)
{
  pthread_mutex_lock(&a->lock);
  while (!a->done)
    pthread_cond_wait(&a->changed, &a->lock);
  struct batch batch = a->batch;
  bool fits = a->after == after;
  *ret_failed = a->failed;
  if (a->failed)
    *error = a->error;
  a->batch = (struct batch){0};
  a->asked = a->done = false;
  pthread_mutex_unlock(&a->lock);
  if (fits)
    *ret = batch;
  else
    batch_release(&batch);
  return fits;
}

int ahead_take(struct ahead *ahead, int64_t after, size_t max, struct batch *ret, struct error *error)
{
  bool failed, fits = false;
  while (!fits) {
    if (!ahead->asked) /* asked is written by this thread alone */
      ahead_ask(ahead, after, max);
    fits = take_asked(ahead, after, ret, &failed, error);
  }
  return failed ? -1 : 0;
}
