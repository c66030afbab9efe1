/*
 * sealer.h: the sealer's thread: committed events → signed leaves → a signed checkpoint. Private to the engine.
 */
#ifndef ONEVISIT_ENGINE_SEALER_H
#define ONEVISIT_ENGINE_SEALER_H

#include "engine/ahead.h"
#include "ledger/checkpoint.h"

/* How much of the writer's time is owed for leaves; see pace_wait(). */
struct pace {
  int64_t debt_us, at_us, idle_us;
  int64_t processors;
};

#define LOG_KEYS_MAX 3 /* the log's key, the next one while it is introduced, SM2 */

struct sealer {
  struct db *db;   /* the reading thread's, once that runs */
  struct db *keys; /* to look up who signs */
  struct merkle_edge edge;
  struct ahead ahead;
  struct batch last; /* stored last: the next one may have been read before that */
  struct pace pace;
  struct signer *log[LOG_KEYS_MAX]; /* sign checkpoints; their name is the origin */
  size_t log_count;
  struct signer **departments;
  size_t department_count, department_cap;
  bool on_duty; /* it led when it last looked: its publisher runs */
};

int sealer_open(struct engine *engine, struct sealer *ret, struct error *error);
void sealer_close(struct sealer *sealer);

/* The checkpoint's note with the signatures of all the log's keys. */
struct span sealer_note(const struct sealer *sealer, struct arena *arena, const struct checkpoint *checkpoint);

#endif
