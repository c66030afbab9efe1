/*
 * node.h: the tree between the parser and the evaluator (private to this room).
 */
#ifndef ONEVISIT_FEEL_NODE_H
#define ONEVISIT_FEEL_NODE_H

#include "feel/feel.h"

#define FEEL_DEPTH_MAX 100 /* of the tree: bounds every recursion over it */
#define FEEL_TEXT_MAX 4096 /* bytes of one expression */

enum feel_op {
  OP_VALUE, /* value */
  OP_NAME,  /* name */
  OP_OR,    /* binary: a, b */
  OP_AND,
  OP_EQ,
  OP_NE,
  OP_LT,
  OP_LE,
  OP_GT,
  OP_GE,
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DIV,
  OP_POW,
  OP_NEGATE,  /* a */
  OP_NOT,     /* a */
  OP_DATE,    /* a */
  OP_IF,      /* a, b, c */
  OP_BETWEEN, /* a, b, c */
  OP_IN,      /* a, any of list */
  OP_TEST,    /* only in the list of OP_IN: compare with a */
  OP_LIST,    /* list */
  OP_RANGE    /* a, b */
};

struct feel_node {
  enum feel_op op;
  enum feel_op test; /* OP_TEST: the comparison */
  int depth;
  bool open_low, open_high;
  struct feel_node *a, *b, *c;
  struct feel_node **list;
  size_t n;
  struct span name;
  struct feel_value value;
};

struct feel {
  const struct feel_node *root;
  struct span text;
  struct span *names;
  size_t name_count;
};

#endif
