#include "feel/decimal.h"
#include "feel/node.h"

#include <string.h>

struct evaluation {
  struct arena *arena;
  feel_lookup *lookup;
  void *context;
};

/* Truth with a third value: enough for and, or, not and every comparison. */
enum truth { NO, YES, UNKNOWN };

static struct feel_value null_value(void)
{
  return (struct feel_value){.type = FEEL_NULL};
}

static struct feel_value truth_value(enum truth t)
{
  return t == UNKNOWN ? null_value() : (struct feel_value){.type = FEEL_BOOLEAN, .truth = t == YES};
}

static enum truth truth_of(struct feel_value v)
{
  if (v.type != FEEL_BOOLEAN)
    return UNKNOWN;
  return v.truth ? YES : NO;
}

static enum truth truth_and(enum truth a, enum truth b)
{
  if (a == NO || b == NO)
    return NO;
  return a == YES && b == YES ? YES : UNKNOWN;
}

static enum truth truth_or(enum truth a, enum truth b)
{
  if (a == YES || b == YES)
    return YES;
  return a == NO && b == NO ? NO : UNKNOWN;
}

static enum truth truth_not(enum truth a)
{
  if (a == UNKNOWN)
    return UNKNOWN;
  return a == YES ? NO : YES;
}

static enum truth truth_from(bool b)
{
  return b ? YES : NO;
}

/* DMN 1.3 table 42: null equals null only; other kinds against each other are null. depth bounds lists in lists. */
static enum truth equal(const struct feel_value *a, const struct feel_value *b, int depth)
{
  if (a->type == FEEL_NULL || b->type == FEEL_NULL)
    return truth_from(a->type == b->type);
  if (a->type != b->type || depth > FEEL_DEPTH_MAX)
    return UNKNOWN;
  switch (a->type) {
  case FEEL_BOOLEAN:
    return truth_from(a->truth == b->truth);
  case FEEL_NUMBER:
    return truth_from(decimal_compare(a->number, b->number) == 0);
  case FEEL_STRING:
    return truth_from(span_eq(a->string, b->string));
  case FEEL_DATE:
    return truth_from(a->date == b->date);
  case FEEL_RANGE:
    if (a->open_low != b->open_low || a->open_high != b->open_high)
      return NO;
    break;
  case FEEL_LIST:
  case FEEL_NULL:
    break;
  }
  if (a->n != b->n)
    return NO;
  enum truth all = YES;
  for (size_t i = 0; i < a->n; i++)
    all = truth_and(all, equal(&a->list[i], &b->list[i], depth + 1));
  return all;
}

static int compare_strings(struct span a, struct span b)
{
  size_t n = a.n < b.n ? a.n : b.n;
  int order = n ? memcmp(a.p, b.p, n) : 0; /* UTF-8 sorts by code point */
  return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* false where the two have no order. */
static bool order(const struct feel_value *a, const struct feel_value *b, int *ret)
{
  if (a->type != b->type)
    return false;
  switch (a->type) {
  case FEEL_NUMBER:
    *ret = decimal_compare(a->number, b->number);
    return true;
  case FEEL_STRING:
    *ret = compare_strings(a->string, b->string);
    return true;
  case FEEL_DATE:
    *ret = (a->date > b->date) - (a->date < b->date);
    return true;
  case FEEL_NULL:
  case FEEL_BOOLEAN:
  case FEEL_LIST:
  case FEEL_RANGE:
    break;
  }
  return false;
}

static enum truth compare(enum feel_op op, const struct feel_value *a, const struct feel_value *b)
{
  if (op == OP_EQ)
    return equal(a, b, 0);
  if (op == OP_NE)
    return truth_not(equal(a, b, 0));
  int sign = 0;
  if (!order(a, b, &sign))
    return UNKNOWN;
  switch (op) {
  case OP_LT:
    return truth_from(sign < 0);
  case OP_LE:
    return truth_from(sign <= 0);
  case OP_GT:
    return truth_from(sign > 0);
  default:
    return truth_from(sign >= 0);
  }
}

static enum truth within(const struct feel_value *v, const struct feel_value *range)
{
  enum truth low = compare(range->open_low ? OP_GT : OP_GE, v, &range->list[0]);
  return truth_and(low, compare(range->open_high ? OP_LT : OP_LE, v, &range->list[1]));
}

/* What a value means as a test of another: a range or a list contains it, anything else equals it. */
static enum truth matches(const struct feel_value *v, const struct feel_value *test)
{
  if (test->type == FEEL_RANGE && v->type != FEEL_RANGE)
    return within(v, test);
  if (test->type != FEEL_LIST)
    return equal(v, test, 0);
  enum truth any = v->type == FEEL_LIST ? equal(v, test, 0) : NO;
  for (size_t i = 0; i < test->n; i++) {
    const struct feel_value *element = &test->list[i];
    bool range = element->type == FEEL_RANGE && v->type != FEEL_RANGE;
    any = truth_or(any, range ? within(v, element) : equal(v, element, 0));
  }
  return any;
}

static struct feel_value number_or_null(bool fits, struct decimal number)
{
  return fits ? (struct feel_value){.type = FEEL_NUMBER, .number = number} : null_value();
}

static struct feel_value concatenate(struct evaluation *e, struct span a, struct span b)
{
  char *p = arena_alloc(e->arena, a.n + b.n + 1);
  if (a.n)
    memcpy(p, a.p, a.n);
  if (b.n)
    memcpy(p + a.n, b.p, b.n);
  return (struct feel_value){.type = FEEL_STRING, .string = {p, a.n + b.n}};
}

static struct decimal negated(struct decimal d)
{
  return (struct decimal){-d.digits, d.scale};
}

static struct feel_value arithmetic(struct evaluation *e, enum feel_op op, struct feel_value a, struct feel_value b)
{
  if (op == OP_ADD && a.type == FEEL_STRING && b.type == FEEL_STRING)
    return concatenate(e, a.string, b.string);
  if (a.type != FEEL_NUMBER || b.type != FEEL_NUMBER)
    return null_value();
  struct decimal result = {0};
  bool fits = false;
  if (op == OP_ADD)
    fits = decimal_add(a.number, b.number, &result);
  else if (op == OP_SUB)
    fits = decimal_add(a.number, negated(b.number), &result);
  else if (op == OP_MUL)
    fits = decimal_multiply(a.number, b.number, &result);
  else if (op == OP_DIV)
    fits = decimal_divide(a.number, b.number, &result);
  else
    fits = decimal_power(a.number, b.number, &result);
  return number_or_null(fits, result);
}

/* The parser bounds the depth of the tree, and with it this recursion. */
static struct feel_value eval(struct evaluation *e, const struct feel_node *node);

static struct feel_value eval_logic(struct evaluation *e, const struct feel_node *node)
{
  enum truth a = truth_of(eval(e, node->a));
  bool is_and = node->op == OP_AND;
  if (a == (is_and ? NO : YES))
    return truth_value(a);
  enum truth b = truth_of(eval(e, node->b));
  return truth_value(is_and ? truth_and(a, b) : truth_or(a, b));
}

static struct feel_value eval_in(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value v = eval(e, node->a);
  enum truth any = NO;
  for (size_t i = 0; i < node->n && any != YES; i++) {
    const struct feel_node *test = node->list[i];
    struct feel_value with = eval(e, test->op == OP_TEST ? test->a : test);
    any = truth_or(any, test->op == OP_TEST ? compare(test->test, &v, &with) : matches(&v, &with));
  }
  return truth_value(any);
}

static struct feel_value eval_list(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value *list = arena_array(e->arena, node->n, sizeof *list);
  for (size_t i = 0; i < node->n; i++)
    list[i] = eval(e, node->list[i]);
  return (struct feel_value){.type = FEEL_LIST, .list = list, .n = node->n};
}

static struct feel_value eval_range(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value *ends = arena_array(e->arena, 2, sizeof *ends);
  ends[0] = eval(e, node->a);
  ends[1] = eval(e, node->b);
  return (struct feel_value){.type = FEEL_RANGE, .list = ends, .n = 2, .open_low = node->open_low, .open_high = node->open_high};
}

static struct feel_value eval_between(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value v = eval(e, node->a), low = eval(e, node->b), high = eval(e, node->c);
  return truth_value(truth_and(compare(OP_GE, &v, &low), compare(OP_LE, &v, &high)));
}

static struct feel_value eval_date(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value text = eval(e, node->a);
  day d = DAY_NONE;
  if (text.type != FEEL_STRING || !day_parse(text.string, &d))
    return null_value();
  return (struct feel_value){.type = FEEL_DATE, .date = d};
}

static struct feel_value eval_negate(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value v = eval(e, node->a);
  return v.type == FEEL_NUMBER ? number_or_null(true, negated(v.number)) : null_value();
}

static struct feel_value eval(struct evaluation *e, const struct feel_node *node)
{
  switch (node->op) {
  case OP_VALUE:
    return node->value;
  case OP_NAME:
    return e->lookup ? e->lookup(e->context, node->name) : null_value();
  case OP_OR:
  case OP_AND:
    return eval_logic(e, node);
  case OP_EQ:
  case OP_NE:
  case OP_LT:
  case OP_LE:
  case OP_GT:
  case OP_GE: {
    struct feel_value a = eval(e, node->a), b = eval(e, node->b);
    return truth_value(compare(node->op, &a, &b));
  }
  case OP_ADD:
  case OP_SUB:
  case OP_MUL:
  case OP_DIV:
  case OP_POW: {
    struct feel_value a = eval(e, node->a), b = eval(e, node->b);
    return arithmetic(e, node->op, a, b);
  }
  case OP_NEGATE:
    return eval_negate(e, node);
  case OP_NOT:
    return truth_value(truth_not(truth_of(eval(e, node->a))));
  case OP_DATE:
    return eval_date(e, node);
  case OP_IF:
    return eval(e, truth_of(eval(e, node->a)) == YES ? node->b : node->c);
  case OP_BETWEEN:
    return eval_between(e, node);
  case OP_IN:
    return eval_in(e, node);
  case OP_LIST:
    return eval_list(e, node);
  case OP_RANGE:
    return eval_range(e, node);
  case OP_TEST:
    break;
  }
  return null_value();
}

struct feel_value feel_eval(const struct feel *expression, struct arena *arena, feel_lookup *lookup, void *context)
{
  struct evaluation e = {arena, lookup, context};
  return eval(&e, expression->root);
}
