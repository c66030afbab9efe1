/*
 * table.h: decision tables (DMN 1.3, chapter 8): rules of conditions and what each says, under a hit policy.
 *
 * A rule's cells are one condition each (feel_parse_test), all of them together its «when» (feel_all): whoever evaluates or proves
 * conditions can do so with tables. Everything lives in the arena of whoever parsed it and is never changed.
 */
#ifndef ONEVISIT_FEEL_TABLE_H
#define ONEVISIT_FEEL_TABLE_H

#include "feel/feel.h"

enum feel_hit {
  HIT_UNIQUE,       /* U: one rule at most; two that hold are a mistake, and give null */
  HIT_ANY,          /* A: rules that hold together say the same; null where not */
  HIT_FIRST,        /* F: the first that holds */
  HIT_PRIORITY,     /* P: the one whose outputs stand first in the outputs' values */
  HIT_RULE_ORDER,   /* R: a list, in the order of rules */
  HIT_OUTPUT_ORDER, /* O: a list, in the order of the outputs' values */
  HIT_COLLECT       /* C: a list, or what its aggregate makes of it */
};

enum feel_aggregate { AGGREGATE_LIST, AGGREGATE_SUM, AGGREGATE_MIN, AGGREGATE_MAX, AGGREGATE_COUNT };

struct feel_output {
  struct span name; /* counts where a table has several: its result is a context then */
  const struct feel *const *values;
  size_t value_count;           /* the order of priority; 0: none */
  const struct feel *otherwise; /* when no rule holds; NULL: null */
};

struct feel_rule {
  const struct feel *when;
  const struct feel *const *then; /* one an output */
};

struct feel_table {
  enum feel_hit hit;
  enum feel_aggregate aggregate; /* HIT_COLLECT, of one output */
  const struct feel_output *outputs;
  size_t output_count;
  const struct feel_rule *rules;
  size_t rule_count;
};

struct feel_value feel_table_eval(const struct feel_table *table, struct arena *arena, feel_lookup *lookup, void *context);

#endif
