/*
 * holdings.h: what an applicant can have from before.
 *
 * A paper that an item of the catalogue issues can be held from before only where some item that issues it could have
 * been done before: none of what that item needs, directly or by what it needs in turn, is being done just now. The company that
 * is founded in this very matter has no fire certificate yet.
 */
#ifndef ONEVISIT_PROOF_HOLDINGS_H
#define ONEVISIT_PROOF_HOLDINGS_H

#include "plan/blueprint.h"

struct holdings;

struct holdings *holdings_make(struct arena *arena, const struct catalog *catalog);

/* Every item of the catalogue that yields the paper; NULL-terminated, in the catalogue's order. */
const struct item *const *holdings_producers(const struct holdings *holdings, const struct material *material);

/* The indexes of the blueprint's items that come before the item, by needs and by results that always come from one item; ended by
 * -1. */
const int *holdings_before(struct holdings *holdings, struct arena *arena, const struct item *item,
                           const struct blueprint *blueprint);

#endif
