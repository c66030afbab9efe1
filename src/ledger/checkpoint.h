/*
 * checkpoint.h: the text of a signed tree head (c2sp.org/tlog-checkpoint v1.0.0), without extension lines:
 *
 *   origin LF size LF base64(root) LF
 */
#ifndef ONEVISIT_LEDGER_CHECKPOINT_H
#define ONEVISIT_LEDGER_CHECKPOINT_H

#include "base/arena.h"
#include "ledger/merkle.h"

struct checkpoint {
  struct span origin;
  int64_t size;
  struct digest root;
};

struct span checkpoint_text(struct arena *arena, const struct checkpoint *checkpoint);
bool checkpoint_parse(struct arena *arena, struct span text, struct checkpoint *ret);

#endif
