/*
 * delivery.h: what one message of the outbox is worked on with, in outlets (engine.h) that read the store and tell the engine
 * what came of it.
 */
#ifndef ONEVISIT_GATEWAY_DELIVERY_H
#define ONEVISIT_GATEWAY_DELIVERY_H

#include <stdatomic.h>

#include "base/json.h"
#include "engine/engine.h"

/* What all messages of a mechanism have in common. */
struct delivering {
  struct store *store;
  struct engine *_Atomic engine; /* set when it is open; until then messages wait */
};

struct delivery {
  void *context; /* of the outlet */
  struct engine *engine;
  struct db *db; /* to read */
  struct arena arena;
  json_t *body;
  const char *id; /* the same however often the message is delivered */
};

/*
 * Works on one message with all that it needs, and lets go of it. Errors: starting (BUSY: there is no engine yet), those of the
 * message and the store, and what the work says.
 */
typedef int delivery_work(struct delivery *delivery, struct error *error);
int delivery_run(void *context, struct delivering *delivering, const char *id, struct span body, delivery_work *work,
                 struct error *error);

/* A command of the system. Takes data over; ret may be NULL. */
int delivery_tell(struct engine *engine, const struct kind *kind, int64_t id, const char *type, const char *key, json_t *data,
                  struct outcome *ret, struct error *error);

#endif
