/*
 * live.h: which conditions of a catalogue can hold at all, and which always do.
 *
 * A condition of an item counts over all things that contain the item, the condition of an entry in its own thing. Answers tried at
 * random settle most of them; the solver is asked about the rest.
 */
#ifndef ONEVISIT_PROOF_LIVE_H
#define ONEVISIT_PROOF_LIVE_H

#include "proof/person.h"

struct live_condition {
  const struct feel *when;
  struct place place;
  struct words of;                  /* «材料「租赁合同」» */
  bool used, holds, fails, unknown; /* used: some thing contains it */
};

struct live {
  struct arena *arena;
  struct live_condition *list;
  size_t n, cap;
};

void live_make(struct live *live, struct arena *arena, const struct catalog *catalog);

/* What this thing shows of the conditions in it. */
void live_look(struct live *live, struct subject *subject, const struct statement *statement);

#endif
