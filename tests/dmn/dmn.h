/*
 * dmn.h: a small reader of DMN 1.3 models, enough for the standard's own tests of compliance level 2: decisions by decision
 * table or literal expression, what they require, and business knowledge models of literal expressions.
 */
#ifndef TESTS_DMN_DMN_H
#define TESTS_DMN_DMN_H

#include "feel/table.h"

struct dmn_decision {
  struct span name;
  const struct feel *expression; /* or, NULL: */
  struct feel_table table;
};

struct dmn {
  struct arena *arena;
  struct dmn_decision *decisions;
  size_t decision_count;
};

struct dmn_inputs {
  const struct feel_entry *list;
  size_t n;
};

/* 0, or -1 and why not. */
int dmn_read(struct arena *arena, struct span text, struct dmn *ret, const char **ret_why);

/* The value of a decision, and of all it requires, for these inputs. */
struct feel_value dmn_decide(const struct dmn *model, struct span decision, const struct dmn_inputs *inputs);

#endif
