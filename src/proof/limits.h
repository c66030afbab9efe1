/*
 * limits.h: working days that count against the law's limits.
 *
 * Administrative Licensing Law art. 42: an item's own limit; where licences of several agencies are handled jointly, 45 working
 * days for all of them, in each stage of an investment project by itself. Art. 45: what is not counted. Waiting for
 * another item counts, waiting for a joint visit (at most three days each) does not.
 */
#ifndef ONEVISIT_PROOF_LIMITS_H
#define ONEVISIT_PROOF_LIMITS_H

#include "plan/plan.h"
#include "plan/blueprint.h"

#define JOINT_LIMIT 45
#define STAGES 4 /* 0: none */

int counted_days(const struct item *item, const struct step *step);

/* The promise is over the law's limit, or the steps are over the promise. */
bool promises_too_much(const struct item *item);

/* An upper bound whatever is answered: the longest way through the items of a stage, each with all its steps. */
int longest_path(const struct blueprint *blueprint, int stage);

/* The longest way through the items of a stage of this very plan; *ret_item ends it. */
int plan_counted(const struct plan *plan, int stage, int *ret_item);

#endif
