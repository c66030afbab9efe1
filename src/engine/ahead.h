/*
 * ahead.h: a thread that reads and commits to the next batch while the sealer signs and stores this one. Private.
 */
#ifndef ONEVISIT_ENGINE_AHEAD_H
#define ONEVISIT_ENGINE_AHEAD_H

#include "engine/batch.h"

struct ahead {
  struct db *db;
  const struct kind *const *kinds;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool on, stop, asked, done; /* asked: a batch is under way, or done and not taken */
  int64_t after;
  size_t max;
  struct batch batch;
  bool failed;
  struct error error;
};

/* The thread reads on this connection, which nobody else may use meanwhile. */
void ahead_open(struct ahead *ahead, struct db *db, const struct kind *const *kinds);
void ahead_close(struct ahead *ahead);

/* Begins the batch after the given event; one at a time. */
void ahead_ask(struct ahead *ahead, int64_t after, size_t max);
/* The batch after the given event: the one asked for, or else a new one. Waits. */
int ahead_take(struct ahead *ahead, int64_t after, size_t max, struct batch *ret, struct error *error);

/* A low priority for the calling thread: a third of what the writer gets where both want the processor. */
void run_behind_others(void);

#endif
