/*
 * lock.h: the newest checkpoint a key has ever let out, kept apart from the store. Private to the engine.
 *
 * A store that comes back from a backup looks whole, and the ledger would go on from there: two different trees of one size,
 * both signed. The lock lies with the keys, on another volume and in another backup than the store, and says how far
 * the key had come: who is behind it, or says another root, must not sign. Durable before any of the checkpoint goes out.
 */
#ifndef ONEVISIT_ENGINE_LOCK_H
#define ONEVISIT_ENGINE_LOCK_H

#include "ledger/checkpoint.h"
#include "ledger/note.h"

struct lock {
  char path[700];
  struct span note; /* as this process last read or wrote it; empty: there is none */
  struct checkpoint checkpoint;
  struct arena arena; /* of the two above */
};

/*
 * Reads DIR/FILE. One of the verifiers must have signed what it holds: error lock-damaged. No file is no error: size 0.
 */
int lock_open(const char *dir, const char *file, const struct verifier *const *keys, size_t n, struct lock *ret,
              struct error *error);
void lock_close(struct lock *lock);

/*
 * Compares and replaces: the file must still be what this process knows, and the checkpoint no smaller than the lock's (of
 * the same size: the same root). Errors: lock-moved (another process publishes under this key), ledger-forked,
 * lock-unwritable.
 */
int lock_move(struct lock *lock, struct span note, const struct checkpoint *checkpoint, struct error *error);

#endif
