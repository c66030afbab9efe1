/*
 * registry.h: whose keys are whose: the log's, the departments' and the witnesses', on the ledger.
 *
 * One aggregate (kind "registry") for each name a key signs under. Commands (data), by administrators and the system → events:
 *   register {name, party, vkey, file?, reason}   → key-registered: the name's first key; party: log, department, witness
 *   rotate {vkey, file?, reason}                  → key-rotated: from the next event on the new key signs, never the old one
 *   retire {reason}                               → key-retired: nobody signs under the name any more
 *
 * The events' bodies are public: whoever watches the log is given them opened (keybook_write()), checks each against its leaf,
 * and so knows every key and the leaf it counts from without trusting the operator.
 */
#ifndef ONEVISIT_WATCH_REGISTRY_H
#define ONEVISIT_WATCH_REGISTRY_H

#include "base/buf.h"
#include "engine/engine.h"

extern const struct kind registry_kind;

int64_t registry_id(const char *name); /* the aggregate of a name */

/* What sends commands to the registry. */
struct registrar {
  struct engine *engine;
  struct db *db; /* for reading */
  const char *key_dir, *origin;
  struct actor actor;
  moment at; /* 0: the engine's clock */
};

/*
 * At the start of the service: makes the keys of the log, the centre and the departments where they are missing and registers
 * those that are not registered yet, so that nobody signs before. Errors: the engine's and those of ledger/note.h.
 */
int registry_begin(const struct registrar *r, const char *const *departments, size_t n, struct error *error);

/* A new key for a department, in KEY_DIR beside the old one. Errors: no-such-key, key-retired, bad-argument. */
int registry_rotate(const struct registrar *r, const char *department, const char *reason, struct error *error);
/* The department's key ends without another: bad-argument, no-such-key, key-retired. */
int registry_retire(const struct registrar *r, const char *department, const char *reason, struct error *error);
/* A witness's key as he published it. */
int registry_witness(const struct registrar *r, const char *vkey, const char *reason, struct error *error);

/*
 * The key book: a JSON object a line, {"index": leaf, "salt": base64, "fields": [[name, value], …]} for each of the registry's
 * sealed events in order. Whoever has the leaf computes its lines again from these (keybook_read() in monitor.h).
 */
int keybook_write(struct db *db, struct buf *out, struct error *error);

#endif
