/*
 * feel.h: conditions that officials read: S-FEEL, the simple expression language of DMN (OMG DMN 1.3, chapter 9).
 *
 * Three-valued: an unknown name is null, and null spreads as the standard says (false and null = false,
 * true or null = true). Numbers are exact decimals. Expressions are parsed once, into an arena, and evaluated
 * any number of times without touching anything outside (safe on any number of threads).
 *
 * Taken: number, string, true, false, null, names, ( ), unary -, ** * / + -, = != < <= > >=, between … and …,
 * in (list, range or test), and, or, not(…), if then else, [lists], ranges [a..b] (a..b) [a..b), date("…").
 */
#ifndef ONEVISIT_FEEL_FEEL_H
#define ONEVISIT_FEEL_FEEL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/moment.h"

struct feel; /* a parsed expression */

enum feel_type { FEEL_NULL, FEEL_BOOLEAN, FEEL_NUMBER, FEEL_STRING, FEEL_DATE, FEEL_LIST, FEEL_RANGE };

/*
 * An exact decimal: digits * 10^-scale, scale 0 … 12. Sums are exact; what is finer than twelve places (1 / 3) is rounded half
 * to even; a result whose whole part does not fit is null.
 */
struct decimal {
  int64_t digits;
  int scale;
};

struct feel_value {
  enum feel_type type;
  bool truth;
  struct decimal number;
  struct span string;
  day date;
  const struct feel_value *list; /* FEEL_LIST: its n elements; FEEL_RANGE: low, high */
  size_t n;
  bool open_low, open_high;
};

#define FEEL_IS_TRUE(value) ((value).type == FEEL_BOOLEAN && (value).truth)

/* Parse errors say «column N»; error->where gets the column within text, from 1, for the caller to shift. */
int feel_parse(struct arena *arena, struct span text, struct feel **ret, struct error *error);

/* The value of a name; FEEL_NULL where there is none. */
typedef struct feel_value feel_lookup(void *context, struct span name);
struct feel_value feel_eval(const struct feel *expression, struct arena *arena, feel_lookup *lookup, void *context);

/* Every name the expression reads, once each, in order of appearance. */
size_t feel_names(const struct feel *expression, struct arena *arena, struct span **ret);
struct span feel_text(const struct feel *expression); /* as it was written */

bool decimal_parse(struct span s, struct decimal *ret); /* «320», «-0.5» */
int decimal_compare(struct decimal a, struct decimal b);
char *decimal_text(struct arena *arena, struct decimal d); /* shortest: «0.5» */

#endif
