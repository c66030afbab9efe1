/*
 * pair.h: two versions of one thing, searched for applicants who see a difference.
 */
#ifndef ONEVISIT_DIFF_PAIR_H
#define ONEVISIT_DIFF_PAIR_H

#include "diff/diff.h"

/* Fills in the aspects and the persons of a thing that both catalogues have and whose two texts are not the same. */
void pair_compare(struct arena *arena, const struct catalog *before, const struct catalog *after,
                  const struct diff_options *options, struct diff_thing *ret);

#endif
