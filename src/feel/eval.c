#include "feel/decimal.h"
#include "feel/node.h"

#include <string.h>

struct evaluation {
  struct arena *arena;
  feel_lookup *lookup;
  void *context;
  int calls;
};

static struct feel_value null_value(void)
{
  return (struct feel_value){.type = FEEL_NULL};
}

static struct feel_value truth_value(enum feel_truth t)
{
  return t == UNKNOWN ? null_value() : (struct feel_value){.type = FEEL_BOOLEAN, .truth = t == YES};
}

static enum feel_truth truth_of(struct feel_value v)
{
  if (v.type != FEEL_BOOLEAN)
    return UNKNOWN;
  return v.truth ? YES : NO;
}

static enum feel_truth truth_and(enum feel_truth a, enum feel_truth b)
{
  if (a == NO || b == NO)
    return NO;
  return a == YES && b == YES ? YES : UNKNOWN;
}

static enum feel_truth truth_or(enum feel_truth a, enum feel_truth b)
{
  if (a == YES || b == YES)
    return YES;
  return a == NO && b == NO ? NO : UNKNOWN;
}

static enum feel_truth truth_not(enum feel_truth a)
{
  if (a == UNKNOWN)
    return UNKNOWN;
  return a == YES ? NO : YES;
}

static enum feel_truth truth_from(bool b)
{
  return b ? YES : NO;
}

static bool plain(const struct feel_value *v)
{
  return v->type == FEEL_NUMBER && v->number.fine == 0;
}

static enum feel_truth compare(enum feel_op op, const struct feel_value *a, const struct feel_value *b)
{
  int sign = 0;
  if (op == OP_EQ || op == OP_NE) {
    enum feel_truth same = feel_equal(a, b);
    return op == OP_EQ ? same : truth_not(same);
  }
  if (plain(a) && plain(b) && a->number.scale == b->number.scale) /* what nearly every condition compares */
    sign = (a->number.digits > b->number.digits) - (a->number.digits < b->number.digits);
  else if (!feel_order(a, b, &sign))
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

static enum feel_truth within(const struct feel_value *v, const struct feel_value *range)
{
  enum feel_truth low = compare(range->open_low ? OP_GT : OP_GE, v, &range->list[0]);
  return truth_and(low, compare(range->open_high ? OP_LT : OP_LE, v, &range->list[1]));
}

/* What a value means as a test of another: a range or a list contains it, anything else equals it. */
static enum feel_truth matches(const struct feel_value *v, const struct feel_value *test)
{
  if (test->type == FEEL_RANGE && v->type != FEEL_RANGE)
    return within(v, test);
  if (test->type != FEEL_LIST)
    return feel_equal(v, test);
  enum feel_truth any = v->type == FEEL_LIST ? feel_equal(v, test) : NO;
  for (size_t i = 0; i < test->n; i++) {
    const struct feel_value *element = &test->list[i];
    bool range = element->type == FEEL_RANGE && v->type != FEEL_RANGE;
    any = truth_or(any, range ? within(v, element) : feel_equal(v, element));
  }
  return any;
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

static bool compute(enum feel_op op, struct decimal a, struct decimal b, struct decimal *ret)
{
  switch (op) {
  case OP_ADD:
    return decimal_add(a, b, ret);
  case OP_SUB:
    return decimal_add(a, decimal_negate(b), ret);
  case OP_MUL:
    return decimal_multiply(a, b, ret);
  case OP_DIV:
    return decimal_divide(a, b, ret);
  default:
    return decimal_power(a, b, ret);
  }
}

static struct feel_value arithmetic(struct evaluation *e, enum feel_op op, const struct feel_value *a, const struct feel_value *b)
{
  if (a->type == FEEL_NUMBER && b->type == FEEL_NUMBER) {
    struct feel_value result = {.type = FEEL_NUMBER};
    return compute(op, a->number, b->number, &result.number) ? result : null_value();
  }
  if (op == OP_ADD && a->type == FEEL_STRING && b->type == FEEL_STRING)
    return concatenate(e, a->string, b->string);
  if (op == OP_ADD || op == OP_SUB)
    return feel_temporal_add(a, b, op == OP_SUB);
  return feel_temporal_scale(op, a, b);
}

/* The parser bounds the depth of the tree, and with it this recursion. */
static struct feel_value eval(struct evaluation *e, const struct feel_node *node);

static struct feel_value eval_logic(struct evaluation *e, const struct feel_node *node)
{
  enum feel_truth a = truth_of(eval(e, node->a));
  bool is_and = node->op == OP_AND;
  if (a == (is_and ? NO : YES))
    return truth_value(a);
  enum feel_truth b = truth_of(eval(e, node->b));
  return truth_value(is_and ? truth_and(a, b) : truth_or(a, b));
}

/* Ranges and lists are tested where they stand: no value of them is made. depth is the tree's, and bounded. */
static enum feel_truth test_one(struct evaluation *e, const struct feel_value *v, const struct feel_node *test)
{
  if (test->op == OP_TEST) {
    struct feel_value with = eval(e, test->a);
    return compare(test->test, v, &with);
  }
  if (test->op == OP_RANGE && v->type != FEEL_RANGE && !test->constant) {
    struct feel_value ends[2] = {eval(e, test->a), eval(e, test->b)};
    struct feel_value range = {.type = FEEL_RANGE, .open_low = test->open_low, .open_high = test->open_high, .list = ends, .n = 2};
    return within(v, &range);
  }
  struct feel_value with = eval(e, test);
  return matches(v, &with);
}

static struct feel_value eval_in(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value v = eval(e, node->a);
  enum feel_truth any = NO;
  for (size_t i = 0; i < node->n && any != YES; i++)
    any = truth_or(any, test_one(e, &v, node->list[i]));
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
  return (struct feel_value){.type = FEEL_RANGE, .open_low = node->open_low, .open_high = node->open_high, .list = ends, .n = 2};
}

static struct feel_value eval_between(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value v = eval(e, node->a), low = eval(e, node->b), high = eval(e, node->c);
  return truth_value(truth_and(compare(OP_GE, &v, &low), compare(OP_LE, &v, &high)));
}

static struct feel_value eval_temporal(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value from = eval(e, node->a), v = null_value();
  if (from.type == FEEL_DATE_TIME && node->op == OP_DATE) { /* date(date and time) */
    int64_t days = from.seconds / 86400 - (from.seconds % 86400 < 0);
    return (struct feel_value){.type = FEEL_DATE, .date = (day)days};
  }
  if (from.type != FEEL_STRING)
    return null_value();
  day d;
  if (node->op == OP_DATE)
    return day_parse(from.string, &d) ? (struct feel_value){.type = FEEL_DATE, .date = d} : v;
  if (node->op == OP_TIME)
    return feel_time_read(from.string, &v) ? v : null_value();
  if (node->op == OP_DATE_TIME)
    return feel_date_time_read(from.string, &v) ? v : null_value();
  return feel_duration_read(from.string, &v) ? v : null_value();
}

static struct feel_value eval_negate(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value v = eval(e, node->a);
  if (v.type == FEEL_NUMBER)
    v.number = decimal_negate(v.number);
  else if (v.type == FEEL_MONTHS)
    v.months = -v.months;
  else if (v.type == FEEL_DURATION)
    v.seconds = -v.seconds;
  else
    return null_value();
  return v;
}

static struct feel_value eval_path(struct evaluation *e, const struct feel_node *node)
{
  struct feel_value v = eval(e, node->a);
  if (v.type != FEEL_CONTEXT)
    return feel_temporal_part(&v, node->name);
  for (size_t i = 0; i < v.entry_count; i++) {
    if (span_eq(v.entries[i].key, node->name))
      return v.entries[i].value;
  }
  return null_value();
}

struct frame {
  const struct feel_function *function;
  struct feel_value arguments[FEEL_ARGUMENTS_MAX];
};

static struct feel_value frame_lookup(void *context, struct span name)
{
  const struct frame *frame = context;
  for (size_t i = 0; i < frame->function->n; i++) {
    if (span_eq(frame->function->parameters[i], name))
      return frame->arguments[i];
  }
  return null_value();
}

static struct feel_value eval_call(struct evaluation *e, const struct feel_node *node)
{
  if (e->calls >= FEEL_CALLS_MAX)
    return null_value();
  struct frame frame = {.function = node->function};
  for (size_t i = 0; i < node->n; i++)
    frame.arguments[i] = eval(e, node->list[i]);
  struct evaluation inside = {e->arena, frame_lookup, &frame, e->calls + 1};
  return eval(&inside, node->function->body->root);
}

static struct feel_value eval(struct evaluation *e, const struct feel_node *node)
{
  if (node->constant)
    return node->value;
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
    return arithmetic(e, node->op, &a, &b);
  }
  case OP_NEGATE:
    return eval_negate(e, node);
  case OP_NOT:
    return truth_value(truth_not(truth_of(eval(e, node->a))));
  case OP_DATE:
  case OP_TIME:
  case OP_DATE_TIME:
  case OP_DURATION:
    return eval_temporal(e, node);
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
  case OP_PATH:
    return eval_path(e, node);
  case OP_CALL:
    return eval_call(e, node);
  case OP_TEST:
    break;
  }
  return null_value();
}

struct feel_value feel_eval(const struct feel *expression, struct arena *arena, feel_lookup *lookup, void *context)
{
  struct evaluation e = {arena, lookup, context, 0};
  return eval(&e, expression->root);
}
