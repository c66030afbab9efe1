/*
 * sealer.h: the sealer's thread: committed events → signed leaves → a signed checkpoint. Private to the engine.
 */
#ifndef ONEVISIT_ENGINE_SEALER_H
#define ONEVISIT_ENGINE_SEALER_H

#include "engine/internal.h"
#include "ledger/checkpoint.h"

struct sealer {
  struct db *db;
  struct merkle_edge edge;
  struct signer *log; /* signs checkpoints; its name is the origin */
  struct signer **departments;
  size_t department_count, department_cap;
};

int sealer_open(struct engine *engine, struct sealer *ret, struct error *error);
void sealer_close(struct sealer *sealer);

#endif
