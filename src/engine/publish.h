/*
 * publish.h: the publisher's thread: a signed checkpoint → tiles and bundles → the lock → cosignatures → `checkpoint`.
 * Private to the engine.
 *
 * Every step is durable before the next one begins, and every step can be done again: whatever a crash leaves behind is
 * finished at the next start from the leaves in the store.
 */
#ifndef ONEVISIT_ENGINE_PUBLISH_H
#define ONEVISIT_ENGINE_PUBLISH_H

#include "engine/cosigners.h"
#include "engine/lock.h"
#include "engine/sealer.h"
#include "ledger/logdir.h"

/* One public tree: the log, and the second one over SM3. */
struct public_log {
  char dir[700];
  enum merkle_hash hash;
  const struct signer *key; /* whose signature the lock's checkpoint bears */
  struct verifier *verifiers[LOG_KEYS_MAX];
  size_t verifier_count;
  struct lock lock;
  struct logdir *files; /* NULL after an error: opened again */
  int64_t in_place;     /* leaves whose tiles are durably there */
  int64_t out;          /* the size of DIR/checkpoint when it was opened */
};

struct publisher {
  struct engine *engine;
  struct db *db;
  struct policy *policy; /* NULL: none */
  struct cosigners *cosigners;
  struct public_log log, sm3;
  bool with_sm3, disagreement; /* a witness knows another ledger: logged */
  char sm3_origin[NOTE_NAME_MAX + 1];
  struct signer *sm3_key;
};

/* After sealer_open(), whose keys and edge it looks at, and before any thread runs. */
int publisher_open(struct engine *engine, struct publisher **ret, struct error *error);
void publisher_close(struct publisher *publisher);

#endif
