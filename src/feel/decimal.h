/*
 * decimal.h: arithmetic on exact decimals of 34 digits, for the evaluator (IEEE 754-2008 decimal128, as DMN asks, 10.3.2.3.1).
 * What has more digits (1 / 3) is rounded half to even at the 34th; false where the exponent leaves ±6144.
 */
#ifndef ONEVISIT_FEEL_DECIMAL_H
#define ONEVISIT_FEEL_DECIMAL_H

#include "feel/feel.h"

bool decimal_add(struct decimal a, struct decimal b, struct decimal *ret);
bool decimal_multiply(struct decimal a, struct decimal b, struct decimal *ret);
bool decimal_divide(struct decimal a, struct decimal b, struct decimal *ret);
bool decimal_power(struct decimal base, struct decimal exponent, struct decimal *ret); /* whole exponents only */
struct decimal decimal_negate(struct decimal d);

/* As decimal_parse(), with up to 34 digits that count: the literals of the language. */
bool decimal_read(struct span s, struct decimal *ret);

/* A whole number that an int64_t holds; false otherwise. */
bool decimal_whole(struct decimal d, int64_t *ret);

#endif
