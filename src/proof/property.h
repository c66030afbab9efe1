/*
 * property.h: what is proved of every thing: one line a property, each with its formula and its check by the compiler.
 *
 * How to add one: a violation in statement.h, the same in rerun.h over a compiled plan, a line in properties[], a line in
 * docs/proof.md, and its plant in tests/catalog/plant.py.
 */
#ifndef ONEVISIT_PROOF_PROPERTY_H
#define ONEVISIT_PROOF_PROPERTY_H

#include "proof/rerun.h"
#include "proof/statement.h"

struct property {
  const char *id;    /* "one-trip-online": in the negative list, in JSON, in file names; never changes */
  struct words name; /* 网上办最多跑一次 */
  unsigned channel;  /* enum channel_set: only where the thing promises it; 0: always */
  formula (*violated)(struct statement *s, struct holdings *holdings);
  bool (*fails)(struct rerun *r, struct words *ret);
};

/*
 * The answers for which the property fails. Where items wait for one another there is no plan, and nothing but that to be
 * said of it.
 */
formula property_violation(const struct property *property, struct statement *s, struct holdings *holdings);

extern const struct property properties[];
extern const size_t property_count;

const struct property *property_named(const char *id); /* NULL: none */

#endif
