#include "feel/decimal.h"
#include "feel/lex.h"

#include <string.h>

#include "base/text.h"

static const struct feel_scope no_scope;

enum power { ANY, OR, AND, COMPARE, SUM, PRODUCT, POWER };

static int parse(struct parser *p, enum power least, struct feel_node **ret);

static struct feel_node *new_node(struct parser *p, enum feel_op op)
{
  struct feel_node *node = arena_new(p->arena, struct feel_node);
  node->op = op;
  node->depth = 1;
  return node;
}

static void deepen(struct feel_node *node, const struct feel_node *child)
{
  if (child && child->depth >= node->depth)
    node->depth = child->depth + 1;
}

static bool is_temporal(enum feel_op op)
{
  return op == OP_DATE || op == OP_TIME || op == OP_DATE_TIME || op == OP_DURATION;
}

static bool is_constant(const struct feel_node *node)
{
  return node->op == OP_VALUE || node->constant;
}

/* Lists, ranges and dates that are written out are made once, here: to evaluate them allocates nothing. */
static void fold(struct parser *p, struct feel_node *node)
{
  bool unary = is_temporal(node->op) || node->op == OP_NEGATE;
  bool all =
      unary ? is_constant(node->a) : node->op == OP_LIST || (node->op == OP_RANGE && is_constant(node->a) && is_constant(node->b));
  for (size_t i = 0; i < node->n; i++)
    all = all && is_constant(node->list[i]);
  if (!all)
    return;
  struct feel once = {.root = node};
  node->value = feel_eval(&once, p->arena, NULL, NULL);
  node->constant = true;
}

/* Long chains grow a deep tree without a deep parse: refused here, before anything walks it. */
static int finish(struct parser *p, struct feel_node *node, struct feel_node **ret)
{
  deepen(node, node->a);
  deepen(node, node->b);
  deepen(node, node->c);
  for (size_t i = 0; i < node->n; i++)
    deepen(node, node->list[i]);
  if (node->depth > FEEL_DEPTH_MAX)
    return feel_fail(p, p->token.at, "条件嵌套得太深%.*s", "the condition is nested too deeply%.*s", (struct span){0});
  fold(p, node);
  *ret = node;
  return 0;
}

static void note_name(struct parser *p, struct span name)
{
  for (size_t i = 0; i < p->name_count; i++) {
    if (span_eq(p->names[i], name))
      return;
  }
  p->names = arena_grow(p->arena, p->names, p->name_count, &p->name_cap, sizeof *p->names);
  p->names[p->name_count++] = name;
}

static int parse_value(struct parser *p, struct feel_value value, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, OP_VALUE);
  node->value = value;
  return feel_next(p) < 0 ? -1 : finish(p, node, ret);
}

static int parse_number(struct parser *p, struct feel_node **ret)
{
  struct feel_value value = {.type = FEEL_NUMBER};
  if (!decimal_read(p->token.text, &value.number))
    return feel_fail(p, p->token.at, "数「%.*s」太大或太细", "the number '%.*s' is too large or too fine", p->token.text);
  return parse_value(p, value, ret);
}

/* ---- functions ---- */

struct constructor {
  const char *name;
  enum feel_op op;
  bool (*read)(struct span text, struct feel_value *ret);
  const char *like;
};

static bool date_read(struct span text, struct feel_value *ret)
{
  *ret = (struct feel_value){.type = FEEL_DATE};
  return day_parse(text, &ret->date);
}

static const struct constructor constructors[] = {
    {"date", OP_DATE, date_read, "date(\"2026-11-24\")"},
    {"time", OP_TIME, feel_time_read, "time(\"09:30:00\")"},
    {"date and time", OP_DATE_TIME, feel_date_time_read, "date and time(\"2026-11-24T09:30:00\")"},
    {"duration", OP_DURATION, feel_duration_read, "duration(\"P5D\")"},
};

static const struct constructor *find_constructor(struct span name)
{
  for (size_t i = 0; i < sizeof constructors / sizeof *constructors; i++) {
    if (span_is(name, constructors[i].name))
      return &constructors[i];
  }
  return NULL;
}

/* The parser stands behind the name. */
static int parse_constructor(struct parser *p, const struct constructor *c, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, c->op);
  if (feel_expect(p, "(") < 0)
    return -1;
  size_t at = p->token.at;
  struct span text = p->token.text;
  struct feel_value v;
  if (parse(p, ANY, &node->a) < 0)
    return -1;
  if (node->a->op == OP_VALUE && (node->a->value.type != FEEL_STRING || !c->read(node->a->value.string, &v)))
    return feel_fail(p, at, arena_printf(p->arena, "%%.*s 不能用在这里，应写成 %s", c->like),
                     arena_printf(p->arena, "%%.*s does not fit here; write %s", c->like), text);
  return feel_expect(p, ")") < 0 ? -1 : finish(p, node, ret);
}

static int parse_not(struct parser *p, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, OP_NOT);
  if (feel_next(p) < 0 || feel_expect(p, "(") < 0 || parse(p, ANY, &node->a) < 0 || feel_expect(p, ")") < 0)
    return -1;
  return finish(p, node, ret);
}

static void add_to_list(struct parser *p, struct feel_node *node, size_t *cap, struct feel_node *child)
{
  node->list = arena_grow(p->arena, (void *)node->list, node->n, cap, sizeof(struct feel_node *));
  node->list[node->n++] = child;
}

static const struct feel_function *find_function(const struct parser *p, struct span name)
{
  for (size_t i = 0; i < p->scope->function_count; i++) {
    if (span_eq(p->scope->functions[i].name, name))
      return &p->scope->functions[i];
  }
  return NULL;
}

/* A function of the scope; the parser stands at «(». */
static int parse_call(struct parser *p, struct token name, struct feel_node **ret)
{
  const struct feel_function *function = find_function(p, name.text);
  if (!function || function->n > FEEL_ARGUMENTS_MAX)
    return feel_fail(p, name.at, "没有函数「%.*s」，只有 not、date、time、date and time、duration",
                     "there is no function '%.*s', only not, date, time, date and time, duration", name.text);
  struct feel_node *node = new_node(p, OP_CALL);
  node->function = function;
  size_t cap = 0;
  if (feel_next(p) < 0)
    return -1;
  while (!feel_at_sign(p, ")")) {
    struct feel_node *argument = NULL;
    if ((node->n && feel_expect(p, ",") < 0) || parse(p, ANY, &argument) < 0)
      return -1;
    add_to_list(p, node, &cap, argument);
  }
  if (node->n != function->n)
    return feel_fail(p, name.at, "函数「%.*s」的参数个数不对", "the function '%.*s' takes another number of arguments", name.text);
  return feel_next(p) < 0 ? -1 : finish(p, node, ret);
}

/* @"2026-11-24": whichever of the four it reads as. */
static int parse_at(struct parser *p, struct feel_node **ret)
{
  if (feel_next(p) < 0)
    return -1;
  struct feel_value value;
  if (p->token.kind != T_STRING || !feel_temporal_read(p->token.value, &value))
    return feel_fail(p, p->token.at, "%.*s 不是日期、时间或时长", "%.*s is no date, time or duration", p->token.text);
  return parse_value(p, value, ret);
}

static int parse_if(struct parser *p, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, OP_IF);
  if (feel_next(p) < 0 || parse(p, ANY, &node->a) < 0 || feel_expect(p, "then") < 0 || parse(p, ANY, &node->b) < 0 ||
      feel_expect(p, "else") < 0 || parse(p, ANY, &node->c) < 0)
    return -1;
  return finish(p, node, ret);
}

static int parse_word(struct parser *p, struct feel_node **ret)
{
  static const char *const reserved[] = {"and", "or", "in", "between", "then", "else"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
    if (feel_at_word(p, reserved[i]))
      return feel_unexpected(p);
  }
  if (feel_at_word(p, "true") || feel_at_word(p, "false"))
    return parse_value(p, (struct feel_value){.type = FEEL_BOOLEAN, .truth = feel_at_word(p, "true")}, ret);
  if (feel_at_word(p, "null"))
    return parse_value(p, (struct feel_value){.type = FEEL_NULL}, ret);
  if (feel_at_word(p, "if"))
    return parse_if(p, ret);
  if (feel_at_word(p, "not"))
    return parse_not(p, ret);
  struct token name = p->token;
  if (feel_at_word(p, "date") && feel_at_date_time(p, &p->at))
    name.text = span_of("date and time");
  if (feel_next(p) < 0)
    return -1;
  if (feel_at_sign(p, "(")) {
    const struct constructor *c = find_constructor(name.text);
    return c ? parse_constructor(p, c, ret) : parse_call(p, name, ret);
  }
  struct feel_node *node = new_node(p, OP_NAME);
  node->name = name.text;
  note_name(p, name.text);
  return finish(p, node, ret);
}

/* After «low ..»: the other end and its bracket. */
static int parse_range_end(struct parser *p, struct feel_node *low, bool open_low, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, OP_RANGE);
  node->a = low;
  node->open_low = open_low;
  if (feel_next(p) < 0 || parse(p, SUM, &node->b) < 0)
    return -1;
  if (!feel_at_sign(p, ")") && !feel_at_sign(p, "]") && !feel_at_sign(p, "["))
    return feel_expect(p, "]");
  node->open_high = !feel_at_sign(p, "]");
  return feel_next(p) < 0 ? -1 : finish(p, node, ret);
}

static int parse_parenthesis(struct parser *p, struct feel_node **ret)
{
  struct feel_node *inner = NULL;
  if (feel_next(p) < 0 || parse(p, ANY, &inner) < 0)
    return -1;
  if (feel_at_sign(p, ".."))
    return parse_range_end(p, inner, true, ret);
  if (feel_expect(p, ")") < 0)
    return -1;
  *ret = inner;
  return 0;
}

static int parse_bracket(struct parser *p, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, OP_LIST);
  size_t cap = 0;
  if (feel_next(p) < 0)
    return -1;
  while (!feel_at_sign(p, "]")) {
    struct feel_node *element = NULL;
    if ((node->n && feel_expect(p, ",") < 0) || parse(p, ANY, &element) < 0)
      return -1;
    if (node->n == 0 && feel_at_sign(p, ".."))
      return parse_range_end(p, element, false, ret);
    add_to_list(p, node, &cap, element);
  }
  return feel_next(p) < 0 ? -1 : finish(p, node, ret);
}

/* «]a..b]»: the other way to write an open end. */
static int parse_open_range(struct parser *p, struct feel_node **ret)
{
  struct feel_node *low = NULL;
  if (feel_next(p) < 0 || parse(p, SUM, &low) < 0)
    return -1;
  return feel_at_sign(p, "..") ? parse_range_end(p, low, true, ret) : feel_expect(p, "..");
}

static int parse_bare(struct parser *p, struct feel_node **ret)
{
  if (p->token.kind == T_NUMBER)
    return parse_number(p, ret);
  if (p->token.kind == T_STRING)
    return parse_value(p, (struct feel_value){.type = FEEL_STRING, .string = p->token.value}, ret);
  if (p->token.kind == T_NAME)
    return parse_word(p, ret);
  if (feel_at_sign(p, "("))
    return parse_parenthesis(p, ret);
  if (feel_at_sign(p, "["))
    return parse_bracket(p, ret);
  if (feel_at_sign(p, "]"))
    return parse_open_range(p, ret);
  if (feel_at_sign(p, "@"))
    return parse_at(p, ret);
  return feel_unexpected(p);
}

static int parse_primary(struct parser *p, struct feel_node **ret)
{
  struct feel_node *value = NULL;
  if (parse_bare(p, &value) < 0)
    return -1;
  while (feel_at_sign(p, ".")) {
    struct feel_node *path = new_node(p, OP_PATH);
    path->a = value;
    if (feel_next(p) < 0)
      return -1;
    if (p->token.kind != T_NAME)
      return feel_unexpected(p);
    path->name = p->token.text;
    if (feel_next(p) < 0 || finish(p, path, &value) < 0)
      return -1;
  }
  *ret = value;
  return 0;
}

/* Unary minus binds tighter than ** (DMN 1.3, 10.3.1.2, rule 4). */
static int parse_unary(struct parser *p, struct feel_node **ret)
{
  bool negative = false;
  struct feel_node *inner = NULL;
  while (feel_at_sign(p, "-")) {
    negative = !negative;
    if (feel_next(p) < 0)
      return -1;
  }
  if (parse_primary(p, &inner) < 0)
    return -1;
  if (!negative) {
    *ret = inner;
    return 0;
  }
  struct feel_node *node = new_node(p, OP_NEGATE);
  node->a = inner;
  return finish(p, node, ret);
}

struct binary {
  const char *sign;
  enum feel_op op;
  enum power power;
};

static const struct binary binaries[] = {
    {"or", OP_OR, OR},      {"and", OP_AND, AND},  {"=", OP_EQ, COMPARE},  {"!=", OP_NE, COMPARE}, {"<", OP_LT, COMPARE},
    {"<=", OP_LE, COMPARE}, {">", OP_GT, COMPARE}, {">=", OP_GE, COMPARE}, {"in", OP_IN, COMPARE}, {"between", OP_BETWEEN, COMPARE},
    {"+", OP_ADD, SUM},     {"-", OP_SUB, SUM},    {"*", OP_MUL, PRODUCT}, {"/", OP_DIV, PRODUCT}, {"**", OP_POW, POWER},
};

static const struct binary *binary_at(const struct parser *p)
{
  if (p->token.kind != T_SIGN && p->token.kind != T_NAME)
    return NULL;
  for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++) {
    if (p->token.text.p[0] == binaries[i].sign[0] && span_is(p->token.text, binaries[i].sign))
      return &binaries[i];
  }
  return NULL;
}

/* One test after «in»: a comparison («< 5»), or a value, list or range. */
static int parse_test(struct parser *p, struct feel_node **ret)
{
  const struct binary *b = p->token.kind == T_SIGN ? binary_at(p) : NULL;
  if (!b || b->power != COMPARE)
    return parse(p, SUM, ret);
  struct feel_node *node = new_node(p, OP_TEST);
  node->test = b->op;
  if (feel_next(p) < 0 || parse(p, SUM, &node->a) < 0)
    return -1;
  return finish(p, node, ret);
}

/* «in (a, b, < 5)», «in (1..5)», «in [1..5]», «in < 5», «in name». */
static int parse_in(struct parser *p, struct feel_node *node, struct feel_node **ret)
{
  size_t cap = 0;
  bool many = feel_at_sign(p, "(");
  struct feel_node *test = NULL;
  if ((many && feel_next(p) < 0) || parse_test(p, &test) < 0)
    return -1;
  if (many && feel_at_sign(p, "..")) {
    if (parse_range_end(p, test, true, &test) < 0)
      return -1;
    many = false;
  }
  add_to_list(p, node, &cap, test);
  while (many && feel_at_sign(p, ",")) {
    if (feel_next(p) < 0 || parse_test(p, &test) < 0)
      return -1;
    add_to_list(p, node, &cap, test);
  }
  if (many && feel_expect(p, ")") < 0)
    return -1;
  return finish(p, node, ret);
}

static int parse_between(struct parser *p, struct feel_node *node, struct feel_node **ret)
{
  if (parse(p, SUM, &node->b) < 0 || feel_expect(p, "and") < 0 || parse(p, SUM, &node->c) < 0)
    return -1;
  return finish(p, node, ret);
}

static int parse_right(struct parser *p, const struct binary *b, struct feel_node *left, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, b->op);
  node->a = left;
  if (feel_next(p) < 0)
    return -1;
  if (b->op == OP_IN)
    return parse_in(p, node, ret);
  if (b->op == OP_BETWEEN)
    return parse_between(p, node, ret);
  if (parse(p, (enum power)(b->power + 1), &node->b) < 0)
    return -1;
  return finish(p, node, ret);
}

static int parse_chain(struct parser *p, enum power least, struct feel_node **ret)
{
  struct feel_node *left = NULL;
  if (parse_unary(p, &left) < 0)
    return -1;
  bool compared = false;
  for (const struct binary *b = binary_at(p); b && b->power >= least; b = binary_at(p)) {
    if (b->power == COMPARE && compared) /* «1 < x < 3» would compare a truth with a number: never what was meant */
      return feel_fail(p, p->token.at, "比较不能连写「%.*s」，请用 and 或 between",
                       "comparisons cannot be chained with '%.*s'; use and or between", p->token.text);
    compared = b->power == COMPARE;
    if (parse_right(p, b, left, &left) < 0)
      return -1;
  }
  *ret = left;
  return 0;
}

static int parse(struct parser *p, enum power least, struct feel_node **ret)
{
  if (p->depth >= FEEL_DEPTH_MAX)
    return feel_fail(p, p->token.at, "条件嵌套得太深%.*s", "the condition is nested too deeply%.*s", (struct span){0});
  p->depth++;
  int r = parse_chain(p, least, ret);
  p->depth--;
  return r;
}

/* ---- whole expressions ---- */

static int start(struct parser *p, struct span text)
{
  if (text.n > FEEL_TEXT_MAX || !text_plain(text))
    return feel_fail(p, 0, "条件太长，或不是没有控制字符的 UTF-8 文字%.*s",
                     "the condition is too long, or is not UTF-8 without control characters%.*s", (struct span){0});
  p->text = arena_span(p->arena, text); /* names and strings point into it */
  return feel_next(p);
}

static int end(struct parser *p, struct feel_node *root, struct span text, struct feel **ret)
{
  if (p->token.kind != T_END)
    return feel_unexpected(p);
  struct feel *feel = arena_new(p->arena, struct feel);
  *feel = (struct feel){root, text, p->names, p->name_count};
  *ret = feel;
  return 0;
}

int feel_parse_in(struct arena *arena, struct span text, const struct feel_scope *scope, struct feel **ret, struct error *error)
{
  struct parser p = {.arena = arena, .error = error, .scope = scope};
  struct feel_node *root = NULL;
  if (start(&p, text) < 0 || parse(&p, ANY, &root) < 0)
    return -1;
  return end(&p, root, p.text, ret);
}

int feel_parse(struct arena *arena, struct span text, struct feel **ret, struct error *error)
{
  return feel_parse_in(arena, text, &no_scope, ret, error);
}

/* ---- cells of tables ---- */

static const struct feel *true_feel(struct arena *arena)
{
  struct feel_node *node = arena_new(arena, struct feel_node);
  *node = (struct feel_node){.op = OP_VALUE, .depth = 1, .value = {.type = FEEL_BOOLEAN, .truth = true}};
  struct feel *feel = arena_new(arena, struct feel);
  *feel = (struct feel){.root = node, .text = SPAN("true")};
  return feel;
}

static bool always(const struct feel *feel)
{
  return feel->root->op == OP_VALUE && FEEL_IS_TRUE(feel->root->value);
}

/* «a, b, < 5» as the tests of an OP_IN. */
static int parse_tests(struct parser *p, const struct feel *input, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, OP_IN), *test = NULL;
  size_t cap = 0;
  node->a = (struct feel_node *)input->root; /* shared, and never written again */
  if (parse_test(p, &test) < 0)
    return -1;
  add_to_list(p, node, &cap, test);
  while (feel_at_sign(p, ",")) {
    if (feel_next(p) < 0 || parse_test(p, &test) < 0)
      return -1;
    add_to_list(p, node, &cap, test);
  }
  return finish(p, node, ret);
}

static int parse_cell(struct parser *p, const struct feel *input, struct feel_node **ret)
{
  if (!feel_at_word(p, "not"))
    return parse_tests(p, input, ret);
  struct feel_node *node = new_node(p, OP_NOT);
  if (feel_next(p) < 0 || feel_expect(p, "(") < 0 || parse_tests(p, input, &node->a) < 0 || feel_expect(p, ")") < 0)
    return -1;
  return finish(p, node, ret);
}

int feel_parse_test(struct arena *arena, const struct feel *input, struct span cell, const struct feel_scope *scope,
                    struct feel **ret, struct error *error)
{
  struct parser p = {.arena = arena, .error = error, .scope = scope ? scope : &no_scope};
  cell = span_trim(cell);
  if (span_is(cell, "-")) {
    *ret = (struct feel *)true_feel(arena); /* made just now */
    return 0;
  }
  struct feel_node *root = NULL;
  for (size_t i = 0; i < input->name_count; i++)
    note_name(&p, input->names[i]);
  if (start(&p, cell) < 0 || parse_cell(&p, input, &root) < 0)
    return -1;
  struct span tested = feel_text(input);
  const char *text =
      arena_printf(arena, root->op == OP_NOT ? "%.*s in %.*s" : "%.*s in (%.*s)", (int)tested.n, tested.p, (int)p.text.n, p.text.p);
  return end(&p, root, span_of(text), ret);
}

const struct feel *feel_all(struct arena *arena, const struct feel *const *conditions, size_t n)
{
  const struct feel *all = NULL;
  for (size_t i = 0; i < n && i < FEEL_ALL_MAX; i++) {
    if (always(conditions[i]))
      continue;
    if (!all) {
      all = conditions[i];
      continue;
    }
    struct parser p = {.arena = arena};
    struct feel_node *node = new_node(&p, OP_AND);
    node->a = (struct feel_node *)all->root; /* shared, and never written again */
    node->b = (struct feel_node *)conditions[i]->root;
    deepen(node, node->a);
    deepen(node, node->b);
    for (size_t j = 0; j < all->name_count; j++)
      note_name(&p, all->names[j]);
    for (size_t j = 0; j < conditions[i]->name_count; j++)
      note_name(&p, conditions[i]->names[j]);
    const char *text =
        arena_printf(arena, "%.*s and %.*s", (int)all->text.n, all->text.p, (int)conditions[i]->text.n, conditions[i]->text.p);
    struct feel *both = arena_new(arena, struct feel);
    *both = (struct feel){node, span_of(text), p.names, p.name_count};
    all = both;
  }
  return all ? all : true_feel(arena);
}

size_t feel_names(const struct feel *expression, struct arena *arena, struct span **ret)
{
  struct span *names = arena_array(arena, expression->name_count, sizeof *names);
  for (size_t i = 0; i < expression->name_count; i++)
    names[i] = expression->names[i];
  *ret = names;
  return expression->name_count;
}

struct span feel_text(const struct feel *expression)
{
  return expression->text;
}
