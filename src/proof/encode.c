/*
 * encode.c: a FEEL condition as a formula, so that it says yes, no or null for the same answers as the interpreter.
 *
 * A value is a list of options, each with the formula under which it is the one: constants, or a number that depends on the
 * answers. Whatever is done with constants alone the interpreter itself does, one operation at a time, so its rules (kinds
 * that do not compare, rounding, nulls) stand in one place. Only numbers that depend on answers become arithmetic.
 *
 * Decimals have 34 digits and are rounded beyond (feel/decimal.h). Of every computed number the encoder knows how large it is at
 * most and how many decimal places it has at most: where both fit 34 digits the formula is exact; else the result is any number
 * within the error of rounding, more than the interpreter allows and never less. What has no encoding and reads only
 * questions with few answers is evaluated for each of them; what is left is any value at all, and is said (uncertain).
 */
#include "proof/prover.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "feel/decimal.h"
#include "feel/node.h"

#define COMBINATIONS_MAX 4096
#define ANSWER_PLACES 12 /* of an answer (decimal_parse) */
#define DIGITS_KEPT 34
#define CERTAINLY 0.99   /* sizes are doubles and a little off */
#define ROUNDING 1e-33   /* half even at the 34th digit is half of this, relatively */
#define SIDE_MAX 1e40    /* far from the largest decimal, and far from where it matters */
#define SIDE_PLACES 1000 /* far from the smallest */

struct option {
  formula when;
  bool computed; /* a number that depends on the answers */
  struct feel_value value;
  Z3_ast term; /* computed */
  double most; /* computed: its size at most */
  int places;  /* computed: its decimal places at most */
};

struct options {
  struct option *list;
  size_t n;
  bool known; /* false: anything */
};

struct encoder {
  struct prover *p;
  struct arena *arena;
};

static struct options encode(struct encoder *e, const struct feel_node *node);
static struct truth encode_truth(struct encoder *e, const struct feel_node *node);

/* ---- truth ---- */

static struct truth truth_and(struct prover *p, struct truth a, struct truth b)
{
  return (struct truth){prover_and(p, a.yes, b.yes), prover_or(p, a.no, b.no)};
}

static struct truth truth_or(struct prover *p, struct truth a, struct truth b)
{
  return (struct truth){prover_or(p, a.yes, b.yes), prover_and(p, a.no, b.no)};
}

/* Nothing is known: yes, no or null, whatever suits. */
static struct truth any_truth(struct encoder *e)
{
  struct prover *p = e->p;
  formula yes = Z3_mk_fresh_const(p->z, "any", Z3_mk_bool_sort(p->z)), no = Z3_mk_fresh_const(p->z, "any", Z3_mk_bool_sort(p->z));
  return (struct truth){yes, prover_and(p, no, prover_not(p, yes))};
}

/* What a constant result means under a condition. */
static void add_result(struct prover *p, struct truth *truth, formula when, struct feel_value value)
{
  if (value.type != FEEL_BOOLEAN)
    return;
  if (value.truth)
    truth->yes = prover_or(p, truth->yes, when);
  else
    truth->no = prover_or(p, truth->no, when);
}

static struct truth truth_of(struct encoder *e, struct options options)
{
  struct truth truth = {e->p->no, e->p->no};
  if (!options.known)
    return any_truth(e);
  for (size_t i = 0; i < options.n; i++)
    if (!options.list[i].computed)
      add_result(e->p, &truth, options.list[i].when, options.list[i].value);
  return truth;
}

static struct options none(struct encoder *e, size_t cap)
{
  return (struct options){arena_array(e->arena, cap + 1, sizeof(struct option)), 0, true};
}

static struct options constant(struct encoder *e, struct feel_value value)
{
  struct options options = none(e, 1);
  options.list[options.n++] = (struct option){.when = e->p->yes, .value = value};
  return options;
}

static struct options options_of(struct encoder *e, struct truth truth)
{
  struct prover *p = e->p;
  struct options options = none(e, 3);
  options.list[options.n++] = (struct option){.when = truth.yes, .value = {.type = FEEL_BOOLEAN, .truth = true}};
  options.list[options.n++] = (struct option){.when = truth.no, .value = {.type = FEEL_BOOLEAN}};
  options.list[options.n++] =
      (struct option){.when = prover_and(p, prover_not(p, truth.yes), prover_not(p, truth.no)), .value = {.type = FEEL_NULL}};
  return options;
}

/* ---- what the interpreter does by itself ---- */

static struct feel_value no_name(void *context, struct span name)
{
  (void)context;
  (void)name;
  return (struct feel_value){.type = FEEL_NULL};
}

static struct feel_value interpret(struct encoder *e, const struct feel_node *node, feel_lookup *lookup, void *context)
{
  struct feel feel = {.root = node};
  return feel_eval(&feel, e->arena, lookup, context);
}

static struct feel_value apply(struct encoder *e, enum feel_op op, struct feel_value a, struct feel_value b)
{
  struct feel_node left = {.op = OP_VALUE, .value = a}, right = {.op = OP_VALUE, .value = b};
  struct feel_node node = {.op = op, .a = &left, .b = &right};
  return interpret(e, &node, no_name, NULL);
}

/* The names below a node; their number, or -1 where there are more than max. */
static int collect_names(const struct feel_node *node, struct span *names, int n, int max)
{
  if (!node || n < 0)
    return n;
  if (node->op == OP_NAME) {
    for (int i = 0; i < n; i++)
      if (span_eq(names[i], node->name))
        return n;
    if (n == max)
      return -1;
    names[n] = node->name;
    return n + 1;
  }
  n = collect_names(node->a, names, n, max);
  n = collect_names(node->b, names, n, max);
  n = collect_names(node->c, names, n, max);
  for (size_t i = 0; i < node->n; i++)
    n = collect_names(node->list[i], names, n, max);
  return n;
}

static const struct thing_table *find_table(const struct prover *p, struct span name)
{
  for (size_t t = 0; p->thing && t < p->thing->table_count; t++)
    if (span_is(name, p->thing->tables[t].id))
      return &p->thing->tables[t];
  return NULL;
}

/* What the thing does not ask is null in its conditions, whatever another thing asks under that name. */
static const struct unknown *asked_unknown(const struct prover *p, struct span name)
{
  for (size_t q = 0; p->thing && q < p->thing->question_count; q++)
    if (span_is(name, p->thing->questions[q].id))
      return prover_unknown(p, name);
  return p->thing ? NULL : prover_unknown(p, name);
}

struct combination {
  const struct unknown *unknowns[8];
  size_t at[8];
  int n;
};

static size_t values_of(const struct unknown *unknown)
{
  return unknown->type == ASK_BOOLEAN ? 2 : unknown->type == ASK_CHOICE ? unknown->value_count : COMBINATIONS_MAX + 1;
}

static struct feel_value value_at(const struct unknown *unknown, size_t n)
{
  if (unknown->type == ASK_BOOLEAN)
    return (struct feel_value){.type = FEEL_BOOLEAN, .truth = n == 1};
  return (struct feel_value){.type = FEEL_STRING, .string = span_of(unknown->values[n])};
}

static formula is_at(struct prover *p, const struct unknown *unknown, size_t n)
{
  if (unknown->type == ASK_BOOLEAN)
    return n == 1 ? unknown->var : prover_not(p, unknown->var);
  return prover_is_value(p, unknown, n);
}

static struct feel_value value_in(void *context, struct span name)
{
  const struct combination *c = context;
  for (int i = 0; i < c->n; i++)
    if (span_is(name, c->unknowns[i]->id))
      return value_at(c->unknowns[i], c->at[i]);
  return (struct feel_value){.type = FEEL_NULL};
}

static bool next_combination(struct combination *c)
{
  for (int i = 0; i < c->n; i++) {
    if (++c->at[i] < values_of(c->unknowns[i]))
      return true;
    c->at[i] = 0;
  }
  return false;
}

/* Every combination of the few answers it reads, by the interpreter. Not known where there are too many. */
static struct options each_combination(struct encoder *e, const struct feel_node *node)
{
  struct prover *p = e->p;
  struct span names[8];
  int n = collect_names(node, names, 0, 8);
  struct combination c = {.n = 0};
  size_t product = 1;
  for (int i = 0; i < n; i++) {
    const struct unknown *unknown = asked_unknown(p, names[i]);
    if (!unknown && (find_table(p, names[i]) || (p->within && span_starts(names[i], "zone_"))))
      return (struct options){0};
    if (!unknown)
      continue; /* null, for the interpreter too */
    c.unknowns[c.n++] = unknown;
    product *= values_of(unknown);
    if (product > COMBINATIONS_MAX)
      return (struct options){0};
  }
  if (n < 0 || product == 0)
    return (struct options){0};
  struct options options = none(e, product);
  do {
    formula when = p->yes;
    for (int i = 0; i < c.n; i++)
      when = prover_and(p, when, is_at(p, c.unknowns[i], c.at[i]));
    options.list[options.n++] = (struct option){.when = when, .value = interpret(e, node, value_in, &c)};
  } while (next_combination(&c));
  return options;
}

/* ---- numbers ---- */

static bool is_number(const struct option *option)
{
  return option->computed || option->value.type == FEEL_NUMBER;
}

static Z3_ast term_of(struct encoder *e, const struct option *option)
{
  return option->computed ? option->term : prover_decimal(e->p, option->value.number);
}

static double most_of(const struct option *option)
{
  return option->computed ? option->most : prover_size(option->value.number);
}

static int places_of(const struct option *option)
{
  const struct decimal *number = &option->value.number;
  int places = option->computed ? option->places : number->scale + (number->fine ? 18 : 0);
  return places > 0 ? places : 0;
}

/* Any number within the error of rounding. */
static Z3_ast rounded(struct encoder *e, Z3_ast exact, double error)
{
  struct prover *p = e->p;
  char text[160];
  (void)snprintf(text, sizeof text, "%.80f", error + 1e-79); /* never less for being written */
  Z3_ast within = Z3_mk_numeral(p->z, text, p->number);
  Z3_ast term = Z3_mk_fresh_const(p->z, "rounded", p->number);
  p->helpers++;
  p->side = prover_and(p, p->side, Z3_mk_le(p->z, term, Z3_mk_add(p->z, 2, (Z3_ast[]){exact, within})));
  p->side = prover_and(p, p->side, Z3_mk_ge(p->z, term, Z3_mk_sub(p->z, 2, (Z3_ast[]){exact, within})));
  return term;
}

static void put_number(struct options *to, formula when, Z3_ast term, double most, int places)
{
  to->list[to->n++] = (struct option){.when = when, .computed = true, .term = term, .most = most, .places = places};
}

/* The result of an operation: exact where all its digits fit, else rounded, which never adds places. */
static void add_number(struct encoder *e, struct options *to, formula when, Z3_ast exact, double most, int places)
{
  bool fits = most < CERTAINLY * pow(10, DIGITS_KEPT - places);
  put_number(to, when, fits ? exact : rounded(e, exact, most * ROUNDING), most, places);
}

/* 1 / d where that has few digits: dividing by 4 is multiplying by 0.25. */
static bool invert(struct decimal d, struct decimal *ret)
{
  const struct decimal one = {1, 0, 0};
  struct decimal back;
  return decimal_divide(one, d, ret) && !ret->fine && ret->scale < ANSWER_PLACES && decimal_multiply(*ret, d, &back) &&
         decimal_compare(back, one) == 0;
}

/* The smallest that a side can be and not be zero: a unit of its last place. */
static double least_of(const struct option *option)
{
  const struct decimal *number = &option->value.number;
  return option->computed ? pow(10, -option->places) : fabs((double)number->digits) * pow(10, -number->scale);
}

static void add_quotient(struct encoder *e, struct options *to, formula when, const struct option *a, const struct option *b)
{
  struct prover *p = e->p;
  struct decimal inverse;
  if (!b->computed && b->value.number.digits != 0 && invert(b->value.number, &inverse)) {
    struct option factor = {.value = {.type = FEEL_NUMBER, .number = inverse}};
    Z3_ast terms[] = {term_of(e, a), term_of(e, &factor)};
    add_number(e, to, when, Z3_mk_mul(p->z, 2, terms), most_of(a) * most_of(&factor), places_of(a) + places_of(&factor));
    return;
  }
  Z3_ast divisor = term_of(e, b);
  formula nothing = b->computed                   ? Z3_mk_eq(p->z, divisor, prover_decimal(p, (struct decimal){0}))
                    : b->value.number.digits == 0 ? p->yes
                                                  : p->no;
  to->list[to->n++] = (struct option){.when = prover_and(p, when, nothing), .value = {.type = FEEL_NULL}};
  if (nothing == p->yes)
    return;
  double most = most_of(a) / least_of(b);
  int places =
      places_of(a) + (int)ceil(log10(most_of(b) + 1)) + DIGITS_KEPT + 1; /* the first digit that counts, and all after it */
  to->known &= most < SIDE_MAX * SIDE_MAX;
  if (!to->known)
    return;
  Z3_ast quotient = rounded(e, Z3_mk_div(p->z, term_of(e, a), divisor), most * ROUNDING);
  put_number(to, prover_and(p, when, prover_not(p, nothing)), quotient, most, places);
}

/* What overflows or vanishes is null for the interpreter: sides that are far from it only. */
static bool is_moderate(const struct option *side)
{
  return most_of(side) < SIDE_MAX && places_of(side) <= SIDE_PLACES;
}

static void operate(struct encoder *e, struct options *to, enum feel_op op, formula when, const struct option *a,
                    const struct option *b)
{
  struct prover *p = e->p;
  Z3_ast terms[] = {term_of(e, a), term_of(e, b)};
  int places = places_of(a) > places_of(b) ? places_of(a) : places_of(b);
  to->known &= is_moderate(a) && is_moderate(b);
  if (!to->known)
    return;
  if (op == OP_ADD)
    add_number(e, to, when, Z3_mk_add(p->z, 2, terms), most_of(a) + most_of(b), places);
  else if (op == OP_SUB)
    add_number(e, to, when, Z3_mk_sub(p->z, 2, terms), most_of(a) + most_of(b), places);
  else if (op == OP_MUL)
    add_number(e, to, when, Z3_mk_mul(p->z, 2, terms), most_of(a) * most_of(b), places_of(a) + places_of(b));
  else
    add_quotient(e, to, when, a, b);
}

static struct options arithmetic(struct encoder *e, const struct feel_node *node)
{
  struct options a = encode(e, node->a), b = encode(e, node->b);
  if (!a.known || !b.known || a.n * b.n > COMBINATIONS_MAX)
    return (struct options){0};
  struct options to = none(e, 2 * a.n * b.n);
  for (size_t i = 0; i < a.n; i++)
    for (size_t k = 0; k < b.n; k++) {
      const struct option *x = &a.list[i], *y = &b.list[k];
      formula when = prover_and(e->p, x->when, y->when);
      bool numbers = is_number(x) && is_number(y) && (x->computed || y->computed);
      if (numbers && node->op == OP_POW)
        return (struct options){0};
      if (numbers)
        operate(e, &to, node->op, when, x, y);
      else /* at most one is computed, and then the other is no number: whatever the number, the result is the same */
        to.list[to.n++] =
            (struct option){.when = when,
                            .value = apply(e, node->op, x->computed ? (struct feel_value){.type = FEEL_NUMBER} : x->value,
                                           y->computed ? (struct feel_value){.type = FEEL_NUMBER} : y->value)};
    }
  return to;
}

static struct options negate(struct encoder *e, const struct feel_node *node)
{
  struct options a = encode(e, node->a);
  struct options to = none(e, a.n);
  for (size_t i = 0; i < a.n; i++) {
    to.list[i] = a.list[i];
    if (a.list[i].computed) {
      to.list[i].term = Z3_mk_unary_minus(e->p->z, a.list[i].term);
      continue;
    }
    struct feel_node inner = {.op = OP_VALUE, .value = a.list[i].value}, minus = {.op = node->op, .a = &inner};
    to.list[i].value = interpret(e, &minus, no_name, NULL);
  }
  to.n = a.n;
  to.known = a.known;
  return to;
}

/* ---- comparisons ---- */

static formula compare_terms(struct prover *p, enum feel_op op, Z3_ast a, Z3_ast b)
{
  switch (op) {
  case OP_EQ:
    return Z3_mk_eq(p->z, a, b);
  case OP_NE:
    return prover_not(p, Z3_mk_eq(p->z, a, b));
  case OP_LT:
    return Z3_mk_lt(p->z, a, b);
  case OP_LE:
    return Z3_mk_le(p->z, a, b);
  case OP_GT:
    return Z3_mk_gt(p->z, a, b);
  default:
    return Z3_mk_ge(p->z, a, b);
  }
}

static struct truth compare(struct encoder *e, enum feel_op op, struct options a, struct options b)
{
  struct prover *p = e->p;
  struct truth truth = {p->no, p->no};
  if (!a.known || !b.known)
    return any_truth(e);
  const struct feel_value number = {.type = FEEL_NUMBER};
  for (size_t i = 0; i < a.n; i++)
    for (size_t k = 0; k < b.n; k++) {
      const struct option *x = &a.list[i], *y = &b.list[k];
      formula when = prover_and(p, x->when, y->when);
      if ((x->computed || y->computed) && is_number(x) && is_number(y)) {
        formula holds = compare_terms(p, op, term_of(e, x), term_of(e, y));
        truth.yes = prover_or(p, truth.yes, prover_and(p, when, holds));
        truth.no = prover_or(p, truth.no, prover_and(p, when, prover_not(p, holds)));
      } else
        add_result(p, &truth, when, apply(e, op, x->computed ? number : x->value, y->computed ? number : y->value));
    }
  return truth;
}

static struct truth within(struct encoder *e, struct options v, struct options low, bool open_low, struct options high,
                           bool open_high)
{
  struct truth from = compare(e, open_low ? OP_GT : OP_GE, v, low);
  return truth_and(e->p, from, compare(e, open_high ? OP_LT : OP_LE, v, high));
}

/* One test of «in», as the interpreter's matches(): a range or a list contains, anything else equals. */
static struct truth match_constant(struct encoder *e, struct options v, struct feel_value test)
{
  if (test.type == FEEL_RANGE)
    return within(e, v, constant(e, test.list[0]), test.open_low, constant(e, test.list[1]), test.open_high);
  if (test.type != FEEL_LIST)
    return compare(e, OP_EQ, v, constant(e, test));
  struct truth any = {e->p->no, e->p->yes};
  for (size_t i = 0; i < test.n; i++)
    any = truth_or(e->p, any, match_constant(e, v, test.list[i]));
  return any;
}

static bool is_constant(const struct feel_node *node)
{
  struct span names[1];
  return collect_names(node, names, 0, 1) == 0;
}

static struct truth match(struct encoder *e, struct options v, const struct feel_node *test)
{
  if (test->op == OP_TEST)
    return compare(e, test->test, v, encode(e, test->a));
  if (is_constant(test))
    return match_constant(e, v, interpret(e, test, no_name, NULL));
  if (test->op == OP_RANGE)
    return within(e, v, encode(e, test->a), test->open_low, encode(e, test->b), test->open_high);
  if (test->op != OP_LIST)
    return compare(e, OP_EQ, v, encode(e, test));
  struct truth any = {e->p->no, e->p->yes};
  for (size_t i = 0; i < test->n; i++)
    any = truth_or(e->p, any, match(e, v, test->list[i]));
  return any;
}

/* Values that are lists or ranges themselves are left to the interpreter. */
static bool plain(struct options v)
{
  for (size_t i = 0; i < v.n; i++)
    if (!v.list[i].computed && (v.list[i].value.type == FEEL_LIST || v.list[i].value.type == FEEL_RANGE))
      return false;
  return v.known;
}

static struct truth encode_in(struct encoder *e, const struct feel_node *node)
{
  struct options v = encode(e, node->a);
  if (!plain(v))
    return truth_of(e, each_combination(e, node));
  struct truth any = {e->p->no, e->p->yes};
  for (size_t i = 0; i < node->n; i++)
    any = truth_or(e->p, any, match(e, v, node->list[i]));
  return any;
}

/* ---- the tree: its depth is bounded by the parser ---- */

/* What a decision table says, by its hit policy (table.c, single()). Null where two rules of «unique» hold, or none does. */
static struct options encode_table(struct encoder *e, const struct thing_table *table)
{
  struct prover *p = e->p;
  size_t n = table->table.rule_count;
  struct options to = none(e, n + 2);
  formula some = p->no, null = p->no;
  for (size_t i = 0; i < n; i++) {
    formula when = prover_condition(p, table->table.rules[i].when).yes, alone = when;
    if (table->table.hit == HIT_FIRST)
      alone = prover_and(p, when, prover_not(p, some));
    for (size_t k = 0; k < i && table->table.hit != HIT_FIRST; k++) {
      formula both = prover_and(p, when, prover_condition(p, table->table.rules[k].when).yes);
      if (table->table.hit == HIT_UNIQUE || !feel_same(table->values[i], table->values[k]))
        null = prover_or(p, null, both);
      else
        alone = prover_and(p, alone, prover_not(p, both)); /* said already */
    }
    some = prover_or(p, some, when);
    to.list[to.n++] = (struct option){.when = alone, .value = table->values[i]};
  }
  for (size_t i = 0; i < to.n; i++)
    to.list[i].when = prover_and(p, to.list[i].when, prover_not(p, null));
  to.list[to.n++] = (struct option){.when = null, .value = {.type = FEEL_NULL}};
  to.list[to.n++] = (struct option){.when = prover_not(p, some),
                                    .value = table->otherwise ? *table->otherwise : (struct feel_value){.type = FEEL_NULL}};
  return to;
}

/* cover.c, bound_lookup(). */
static struct feel_value indicator(const struct prover *p, struct span id)
{
  for (size_t a = 0; a < p->within->assessment_count; a++) {
    const struct assessment *assessment = &p->within->assessments[a];
    for (size_t i = 0; assessment->valid_until >= p->today && i < assessment->indicator_count; i++) {
      const struct indicator *found = &assessment->indicators[i];
      if (span_is(id, found->id))
        return found->is_number ? (struct feel_value){.type = FEEL_NUMBER, .number = found->number}
                                : (struct feel_value){.type = FEEL_STRING, .string = span_of(found->text)};
    }
  }
  return (struct feel_value){.type = FEEL_NULL};
}

static struct options encode_name(struct encoder *e, struct span name)
{
  struct prover *p = e->p;
  const struct unknown *unknown = asked_unknown(p, name);
  const struct thing_table *table = unknown ? NULL : find_table(p, name);
  if (p->within && span_starts(name, "zone_"))
    return constant(e, indicator(p, (struct span){name.p + 5, name.n - 5}));
  if (table)
    return encode_table(e, table);
  if (!unknown)
    return constant(e, (struct feel_value){.type = FEEL_NULL});
  if (unknown->type == ASK_NUMBER) {
    struct options options = none(e, 1);
    options.list[options.n++] =
        (struct option){.when = p->yes, .computed = true, .term = unknown->var, .most = unknown->most, .places = ANSWER_PLACES};
    return options;
  }
  struct options options = none(e, values_of(unknown));
  for (size_t i = 0; i < values_of(unknown); i++)
    options.list[options.n++] = (struct option){.when = is_at(p, unknown, i), .value = value_at(unknown, i)};
  return options;
}

static struct options encode_if(struct encoder *e, const struct feel_node *node)
{
  struct prover *p = e->p;
  struct truth test = encode_truth(e, node->a);
  struct options yes = encode(e, node->b), no = encode(e, node->c);
  if (!yes.known || !no.known)
    return (struct options){0};
  struct options to = none(e, yes.n + no.n);
  for (size_t i = 0; i < yes.n + no.n; i++) {
    struct option option = i < yes.n ? yes.list[i] : no.list[i - yes.n];
    option.when = prover_and(p, option.when, i < yes.n ? test.yes : prover_not(p, test.yes));
    to.list[to.n++] = option;
  }
  return to;
}

static struct truth encode_truth(struct encoder *e, const struct feel_node *node)
{
  struct prover *p = e->p;
  switch (node->op) {
  case OP_AND:
    return truth_and(p, encode_truth(e, node->a), encode_truth(e, node->b));
  case OP_OR:
    return truth_or(p, encode_truth(e, node->a), encode_truth(e, node->b));
  case OP_NOT: {
    struct truth a = encode_truth(e, node->a);
    return (struct truth){a.no, a.yes};
  }
  case OP_EQ:
  case OP_NE:
  case OP_LT:
  case OP_LE:
  case OP_GT:
  case OP_GE: {
    struct options a = encode(e, node->a), b = encode(e, node->b);
    if (!a.known || !b.known)
      return truth_of(e, each_combination(e, node));
    return compare(e, node->op, a, b);
  }
  case OP_BETWEEN: {
    struct options v = encode(e, node->a);
    return within(e, v, encode(e, node->b), false, encode(e, node->c), false);
  }
  case OP_IN:
    return encode_in(e, node);
  default:
    return truth_of(e, encode(e, node));
  }
}

static struct options encode(struct encoder *e, const struct feel_node *node)
{
  if (is_constant(node))
    return constant(e, interpret(e, node, no_name, NULL));
  struct options options = {0};
  switch (node->op) {
  case OP_NAME:
    return encode_name(e, node->name);
  case OP_AND:
  case OP_OR:
  case OP_NOT:
  case OP_EQ:
  case OP_NE:
  case OP_LT:
  case OP_LE:
  case OP_GT:
  case OP_GE:
  case OP_BETWEEN:
  case OP_IN:
    return options_of(e, encode_truth(e, node));
  case OP_ADD:
  case OP_SUB:
  case OP_MUL:
  case OP_DIV:
  case OP_POW:
    options = arithmetic(e, node);
    break;
  case OP_NEGATE:
    options = negate(e, node);
    break;
  case OP_IF:
    options = encode_if(e, node);
    break;
  default:
    break;
  }
  if (!options.known)
    options = each_combination(e, node);
  if (!options.known)
    e->p->uncertain = "?";
  return options;
}

struct truth prover_read(struct prover *p, const struct feel *when)
{
  struct arena scratch = {0};
  struct encoder e = {p, &scratch};
  const char *uncertain = p->uncertain;
  p->uncertain = NULL;
  struct truth truth = encode_truth(&e, when->root);
  p->uncertain = p->uncertain ? arena_dup(p->arena, feel_text(when)) : uncertain;
  arena_release(&scratch);
  return truth;
}

formula prover_undecided(struct prover *p, const struct thing_table *table)
{
  struct arena scratch = {0};
  struct encoder e = {p, &scratch};
  struct options options = encode_table(&e, table);
  formula undecided = p->no;
  for (size_t i = 0; i < options.n; i++)
    if (options.list[i].value.type == FEEL_NULL)
      undecided = prover_or(p, undecided, options.list[i].when);
  arena_release(&scratch);
  return undecided;
}
