/*
 * node.h: the tree between the parser and the evaluator (private to this room).
 */
#ifndef ONEVISIT_FEEL_NODE_H
#define ONEVISIT_FEEL_NODE_H

#include "feel/feel.h"

#define FEEL_DEPTH_MAX 100 /* of the tree: bounds every recursion over it */
#define FEEL_TEXT_MAX 4096 /* bytes of one expression */
#define FEEL_CALLS_MAX 16  /* functions that call functions */
#define FEEL_ARGUMENTS_MAX 16

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
  OP_NEGATE,    /* a */
  OP_NOT,       /* a */
  OP_DATE,      /* a */
  OP_IF,        /* a, b, c */
  OP_BETWEEN,   /* a, b, c */
  OP_IN,        /* a, any of list */
  OP_TEST,      /* only in the list of OP_IN: compare with a */
  OP_LIST,      /* list */
  OP_RANGE,     /* a, b */
  OP_TIME,      /* a */
  OP_DATE_TIME, /* a */
  OP_DURATION,  /* a */
  OP_PATH,      /* a, name */
  OP_CALL       /* function, list */
};

struct feel_node {
  enum feel_op op;
  enum feel_op test; /* OP_TEST: the comparison */
  int depth;
  bool open_low, open_high;
  bool constant; /* OP_LIST, OP_RANGE, OP_DATE ... of nothing but values: value is what it gives */
  struct feel_node *a, *b, *c;
  struct feel_node **list;
  size_t n;
  struct span name;
  const struct feel_function *function;
  struct feel_value value;
};

struct feel {
  const struct feel_node *root;
  struct span text;
  struct span *names;
  size_t name_count;
};

/* ---- value.c ---- */

/* Truth with a third value: enough for and, or, not and every comparison. */
enum feel_truth { NO, YES, UNKNOWN };

/* DMN 1.3 table 42: null equals null only; other kinds against each other are unknown. */
enum feel_truth feel_equal(const struct feel_value *a, const struct feel_value *b);
/* false where the two have no order. */
bool feel_order(const struct feel_value *a, const struct feel_value *b, int *ret);

/* ---- temporal.c ---- */

/* What date("..."), time("..."), date and time("..."), duration("...") and @"..." read; false where it is none. */
bool feel_time_read(struct span text, struct feel_value *ret);
bool feel_date_time_read(struct span text, struct feel_value *ret);
bool feel_duration_read(struct span text, struct feel_value *ret);
bool feel_temporal_read(struct span text, struct feel_value *ret); /* any of the four */
char *feel_temporal_text(struct arena *arena, const struct feel_value *value);
/* The same moment on the time line, whatever the zone; false where one has a zone and the other none. */
bool feel_seconds_apart(const struct feel_value *a, const struct feel_value *b, int64_t *ret);
/* date + duration and the like (DMN 1.3 tables 45 to 49); null where the two do not go together. */
struct feel_value feel_temporal_add(const struct feel_value *a, const struct feel_value *b, bool minus);
struct feel_value feel_temporal_scale(enum feel_op op, const struct feel_value *a, const struct feel_value *b);
/* date("...").year ... duration("...").seconds; null where there is no such part. */
struct feel_value feel_temporal_part(const struct feel_value *value, struct span name);

#endif
