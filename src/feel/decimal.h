/*
 * decimal.h: arithmetic on exact decimals, for the evaluator. Quotients that do not end, and products finer than twelve
 * places, are rounded half to even at the last place that fits; false where the whole part does not fit.
 */
#ifndef ONEVISIT_FEEL_DECIMAL_H
#define ONEVISIT_FEEL_DECIMAL_H

#include "feel/feel.h"

bool decimal_add(struct decimal a, struct decimal b, struct decimal *ret);
bool decimal_multiply(struct decimal a, struct decimal b, struct decimal *ret);
bool decimal_divide(struct decimal a, struct decimal b, struct decimal *ret);
bool decimal_power(struct decimal base, struct decimal exponent, struct decimal *ret); /* whole exponents only */

#endif
