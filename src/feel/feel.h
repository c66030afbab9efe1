/*
 * feel.h: conditions that officials read: S-FEEL, the simple expression language of DMN (OMG DMN 1.3, chapter 9).
 *
 * Three-valued: an unknown name is null, and null spreads as the standard says (false and null = false,
 * true or null = true). Numbers are exact decimals. Expressions are parsed once, into an arena, and evaluated
 * any number of times without touching anything outside (safe on any number of threads). Evaluating allocates only where a
 * new list, range or string is made: comparisons, tests and arithmetic do not.
 *
 * Taken: number, string, true, false, null, names, name.component, ( ), unary -, ** * / + -, = != < <= > >=,
 * between … and …, in (list, range or test), and, or, not(…), if then else, [lists], ranges [a..b] (a..b) ]a..b[,
 * date("..."), time("..."), date and time("..."), duration("..."), @"...", and functions a scope names.
 */
#ifndef ONEVISIT_FEEL_FEEL_H
#define ONEVISIT_FEEL_FEEL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/moment.h"

struct feel; /* a parsed expression */

enum feel_type {
  FEEL_NULL,
  FEEL_BOOLEAN,
  FEEL_NUMBER,
  FEEL_STRING,
  FEEL_DATE,
  FEEL_LIST,
  FEEL_RANGE,
  FEEL_TIME,      /* seconds of the day, zone */
  FEEL_DATE_TIME, /* seconds since 1970-01-01T00:00:00 where it is, zone */
  FEEL_MONTHS,    /* years and months duration: months */
  FEEL_DURATION,  /* days and time duration: seconds */
  FEEL_CONTEXT    /* entries */
};

/*
 * An exact decimal of up to 34 digits: (digits + fine * 10^-18) * 10^-scale. What is written in a catalogue has fine = 0 and a
 * scale of 0 ... 12 (decimal_parse); only what is computed can be finer, or so large that its scale is negative.
 */
struct decimal {
  int64_t digits;
  int scale;
  int64_t fine;
};

#define FEEL_ZONE_NONE INT16_MIN /* a local time: no offset was written */

struct feel_entry;

struct feel_value {
  enum feel_type type;
  bool open_low, open_high; /* FEEL_RANGE */
  int16_t zone;             /* FEEL_TIME, FEEL_DATE_TIME: minutes east of UTC, or FEEL_ZONE_NONE */
  union {
    bool truth;
    struct decimal number;
    struct span string;
    day date;
    int64_t seconds;
    int64_t months;
    struct {
      const struct feel_value *list; /* FEEL_LIST: its n elements; FEEL_RANGE: low, high */
      size_t n;
    };
    struct {
      const struct feel_entry *entries;
      size_t entry_count;
    };
  };
};

struct feel_entry { /* of a context */
  struct span key;
  struct feel_value value;
};

#define FEEL_IS_TRUE(value) ((value).type == FEEL_BOOLEAN && (value).truth)

/* Parse errors say «column N» («line L, column N» behind the first line); error->where gets «N» or «L:N», from 1. */
int feel_parse(struct arena *arena, struct span text, struct feel **ret, struct error *error);

/* A function of a decision model: its body is evaluated with its parameters alone. */
struct feel_function {
  struct span name;
  const struct span *parameters;
  size_t n;
  const struct feel *body;
};

/* What a text may name besides plain words: names with spaces or signs in them («Monthly Salary»), and functions. */
struct feel_scope {
  const struct span *names;
  size_t name_count;
  const struct feel_function *functions;
  size_t function_count;
};
int feel_parse_in(struct arena *arena, struct span text, const struct feel_scope *scope, struct feel **ret, struct error *error);

/*
 * The cell of a decision table («-», «< 300», «"a", "b"», «not([1..5])») as a condition on its input: what it tests is written
 * out as «input in (cell)», so that whoever reads conditions reads tables too. scope may be NULL.
 */
int feel_parse_test(struct arena *arena, const struct feel *input, struct span cell, const struct feel_scope *scope,
                    struct feel **ret, struct error *error);

/* All of n conditions together, in order; «true» where n is 0. At most FEEL_ALL_MAX. */
#define FEEL_ALL_MAX 40
const struct feel *feel_all(struct arena *arena, const struct feel *const *conditions, size_t n);

/* The value of a name; FEEL_NULL where there is none. */
typedef struct feel_value feel_lookup(void *context, struct span name);
struct feel_value feel_eval(const struct feel *expression, struct arena *arena, feel_lookup *lookup, void *context);

/* Every name the expression reads, once each, in order of appearance. */
size_t feel_names(const struct feel *expression, struct arena *arena, struct span **ret);
struct span feel_text(const struct feel *expression); /* as it was written */

/* Same kind and same value; false where the two cannot be compared. */
bool feel_same(struct feel_value a, struct feel_value b);
/* A value as the language writes it: «320», «"hot"», «[1, 2]», «duration("P2D")». */
char *feel_value_text(struct arena *arena, struct feel_value value);

bool decimal_parse(struct span s, struct decimal *ret); /* «320», «-0.5»: at most 18 digits, 12 places */
int decimal_compare(struct decimal a, struct decimal b);
char *decimal_text(struct arena *arena, struct decimal d); /* shortest: «0.5» */

#endif
