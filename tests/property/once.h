/* once.h: is a plan's form and list of materials without anything said twice, or held already? By the plan alone, not by its
 * passes. */
#ifndef ONEVISIT_TESTS_ONCE_H
#define ONEVISIT_TESTS_ONCE_H

#include "plan/plan.h"

/* What is wrong, in a few words; NULL where nothing is. */
const char *asked_in_vain(const struct plan *plan);

#endif
