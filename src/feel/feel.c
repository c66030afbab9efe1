#include "feel/node.h"

#include <string.h>

#include "base/text.h"

enum token_kind { T_END, T_NUMBER, T_STRING, T_NAME, T_SIGN };

struct token {
  enum token_kind kind;
  struct span text;  /* as written */
  size_t at;         /* offset in the expression */
  struct span value; /* T_STRING: without quotes and escapes */
};

struct parser {
  struct arena *arena;
  struct span text;
  size_t at; /* of the next token to read */
  struct token token;
  int depth;
  struct span *names;
  size_t name_count, name_cap;
  struct error *error;
};

static int column_of(const struct parser *p, size_t at)
{
  return (int)text_length((struct span){p->text.p, at}) + 1;
}

/* zh and en may take the column and one span («%d», «%.*s»). */
static int fail(struct parser *p, size_t at, const char *zh, const char *en, struct span what)
{
  int column = column_of(p, at);
  struct span shown = text_head(what, 40);
  (void)error_set(p->error, ERROR_BAD_INPUT, "bad-condition", zh, en, column, (int)shown.n, shown.p ? shown.p : "");
  return error_at(p->error, "%d", column);
}

/* ---- lexer ---- */

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool starts_name(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static char peek_char(const struct parser *p, size_t ahead)
{
  return p->at + ahead < p->text.n ? p->text.p[p->at + ahead] : '\0';
}

static void take(struct parser *p, enum token_kind kind, size_t n)
{
  p->token = (struct token){.kind = kind, .text = {p->text.p + p->at, n}, .at = p->at};
  p->at += n;
}

static void lex_number(struct parser *p)
{
  size_t n = 0;
  while (is_digit(peek_char(p, n)))
    n++;
  if (peek_char(p, n) == '.' && is_digit(peek_char(p, n + 1))) {
    n++;
    while (is_digit(peek_char(p, n)))
      n++;
  }
  take(p, T_NUMBER, n);
}

static void lex_name(struct parser *p)
{
  size_t n = 1;
  while (starts_name(peek_char(p, n)) || is_digit(peek_char(p, n)))
    n++;
  take(p, T_NAME, n);
}

static int lex_escape(struct parser *p, size_t at, char *out)
{
  static const char from[] = "\"\\ntr'", to[] = "\"\\\n\t\r'";
  const char *known = peek_char(p, at) ? strchr(from, peek_char(p, at)) : NULL;
  if (!known)
    return fail(p, p->at + at - 1, "第 %d 列：字符串里的转义「%.*s」不认识", "column %d: unknown escape '%.*s' in a string",
                (struct span){p->text.p + p->at + at - 1, at + p->at < p->text.n ? 2 : 1});
  *out = to[known - from];
  return 0;
}

static int lex_string(struct parser *p)
{
  char *out = arena_alloc(p->arena, p->text.n + 1);
  size_t n = 0, i = 1;
  for (; peek_char(p, i) != '"'; i++) {
    if (p->at + i >= p->text.n)
      return fail(p, p->at, "第 %d 列：字符串没有结束的引号：%.*s", "column %d: the string has no closing quote: %.*s",
                  (struct span){p->text.p + p->at, p->text.n - p->at});
    out[n] = peek_char(p, i);
    if (out[n] == '\\' && lex_escape(p, ++i, &out[n]) < 0)
      return -1;
    n++;
  }
  take(p, T_STRING, i + 1);
  p->token.value = (struct span){out, n};
  return 0;
}

static int lex_sign(struct parser *p)
{
  static const char *const two[] = {"**", "!=", "<=", ">=", ".."};
  for (size_t i = 0; i < sizeof two / sizeof *two; i++) {
    if (peek_char(p, 0) == two[i][0] && peek_char(p, 1) == two[i][1]) {
      take(p, T_SIGN, 2);
      return 0;
    }
  }
  if (peek_char(p, 0) && strchr("+-*/=<>()[],", peek_char(p, 0))) {
    take(p, T_SIGN, 1);
    return 0;
  }
  return fail(p, p->at, "第 %d 列：不认识的符号「%.*s」", "column %d: unexpected character '%.*s'",
              (struct span){p->text.p + p->at, 1});
}

static int next(struct parser *p)
{
  while (p->at < p->text.n && strchr(" \t\r\n", p->text.p[p->at]) && p->text.p[p->at])
    p->at++;
  if (p->at >= p->text.n) {
    p->token = (struct token){.kind = T_END, .at = p->text.n};
    return 0;
  }
  char c = p->text.p[p->at];
  if (is_digit(c)) {
    lex_number(p);
    return 0;
  }
  if (starts_name(c)) {
    lex_name(p);
    return 0;
  }
  return c == '"' ? lex_string(p) : lex_sign(p);
}

static bool at_sign(const struct parser *p, const char *sign)
{
  return p->token.kind == T_SIGN && span_is(p->token.text, sign);
}

static bool at_word(const struct parser *p, const char *word)
{
  return p->token.kind == T_NAME && span_is(p->token.text, word);
}

static int unexpected(struct parser *p)
{
  if (p->token.kind == T_END)
    return fail(p, p->token.at, "第 %d 列：条件没有写完%.*s", "column %d: the condition ends too early%.*s", (struct span){0});
  return fail(p, p->token.at, "第 %d 列：这里不该有「%.*s」", "column %d: '%.*s' is not expected here", p->token.text);
}

static int expect(struct parser *p, const char *sign)
{
  if (at_sign(p, sign) || at_word(p, sign))
    return next(p);
  return fail(p, p->token.at, "第 %d 列：这里应为「%.*s」", "column %d: expected '%.*s' here", span_of(sign));
}

/* ---- parser ---- */

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

/* Long chains grow a deep tree without a deep parse: refused here, before anything walks it. */
static int finish(struct parser *p, struct feel_node *node, struct feel_node **ret)
{
  deepen(node, node->a);
  deepen(node, node->b);
  deepen(node, node->c);
  for (size_t i = 0; i < node->n; i++)
    deepen(node, node->list[i]);
  if (node->depth > FEEL_DEPTH_MAX)
    return fail(p, p->token.at, "第 %d 列：条件嵌套得太深%.*s", "column %d: the condition is nested too deeply%.*s",
                (struct span){0});
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
  return next(p) < 0 ? -1 : finish(p, node, ret);
}

static int parse_number(struct parser *p, struct feel_node **ret)
{
  struct feel_value value = {.type = FEEL_NUMBER};
  if (!decimal_parse(p->token.text, &value.number))
    return fail(p, p->token.at, "第 %d 列：数「%.*s」太大或太细", "column %d: the number '%.*s' is too large or too fine",
                p->token.text);
  return parse_value(p, value, ret);
}

/* not(…) and date(…): the two functions of the language. */
static int parse_call(struct parser *p, enum feel_op op, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, op);
  if (next(p) < 0 || expect(p, "(") < 0)
    return -1;
  size_t at = p->token.at;
  struct span text = p->token.text;
  if (parse(p, ANY, &node->a) < 0)
    return -1;
  day d;
  if (op == OP_DATE && node->a->op == OP_VALUE && (node->a->value.type != FEEL_STRING || !day_parse(node->a->value.string, &d)))
    return fail(p, at, "第 %d 列：%.*s 不是日期，应写成 date(\"2026-11-24\")",
                "column %d: %.*s is not a date; write date(\"2026-11-24\")", text);
  return expect(p, ")") < 0 ? -1 : finish(p, node, ret);
}

static int parse_if(struct parser *p, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, OP_IF);
  if (next(p) < 0 || parse(p, ANY, &node->a) < 0 || expect(p, "then") < 0 || parse(p, ANY, &node->b) < 0 || expect(p, "else") < 0 ||
      parse(p, ANY, &node->c) < 0)
    return -1;
  return finish(p, node, ret);
}

static int parse_word(struct parser *p, struct feel_node **ret)
{
  static const char *const reserved[] = {"and", "or", "in", "between", "then", "else"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
    if (at_word(p, reserved[i]))
      return unexpected(p);
  }
  if (at_word(p, "true") || at_word(p, "false"))
    return parse_value(p, (struct feel_value){.type = FEEL_BOOLEAN, .truth = at_word(p, "true")}, ret);
  if (at_word(p, "null"))
    return parse_value(p, (struct feel_value){.type = FEEL_NULL}, ret);
  if (at_word(p, "if"))
    return parse_if(p, ret);
  if (at_word(p, "not"))
    return parse_call(p, OP_NOT, ret);
  struct token name = p->token;
  if (next(p) < 0)
    return -1;
  if (at_sign(p, "(")) {
    if (!span_is(name.text, "date"))
      return fail(p, name.at, "第 %d 列：没有函数「%.*s」，只有 not 与 date",
                  "column %d: there is no function '%.*s', only not and date", name.text);
    p->at = name.at; /* read the name again, as a call */
    return next(p) < 0 ? -1 : parse_call(p, OP_DATE, ret);
  }
  struct feel_node *node = new_node(p, OP_NAME);
  node->name = name.text;
  note_name(p, name.text);
  return finish(p, node, ret);
}

static int add_to_list(struct parser *p, struct feel_node *node, size_t *cap, struct feel_node *child)
{
  node->list = arena_grow(p->arena, (void *)node->list, node->n, cap, sizeof(struct feel_node *));
  node->list[node->n++] = child;
  return 0;
}

/* After «low ..»: the other end and its bracket. */
static int parse_range_end(struct parser *p, struct feel_node *low, bool open_low, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, OP_RANGE);
  node->a = low;
  node->open_low = open_low;
  if (next(p) < 0 || parse(p, SUM, &node->b) < 0)
    return -1;
  if (!at_sign(p, ")") && !at_sign(p, "]"))
    return expect(p, "]");
  node->open_high = at_sign(p, ")");
  return next(p) < 0 ? -1 : finish(p, node, ret);
}

static int parse_parenthesis(struct parser *p, struct feel_node **ret)
{
  struct feel_node *inner = NULL;
  if (next(p) < 0 || parse(p, ANY, &inner) < 0)
    return -1;
  if (at_sign(p, ".."))
    return parse_range_end(p, inner, true, ret);
  if (expect(p, ")") < 0)
    return -1;
  *ret = inner;
  return 0;
}

static int parse_bracket(struct parser *p, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, OP_LIST);
  size_t cap = 0;
  if (next(p) < 0)
    return -1;
  while (!at_sign(p, "]")) {
    struct feel_node *element = NULL;
    if ((node->n && expect(p, ",") < 0) || parse(p, ANY, &element) < 0)
      return -1;
    if (node->n == 0 && at_sign(p, ".."))
      return parse_range_end(p, element, false, ret);
    (void)add_to_list(p, node, &cap, element);
  }
  return next(p) < 0 ? -1 : finish(p, node, ret);
}

static int parse_primary(struct parser *p, struct feel_node **ret)
{
  if (p->token.kind == T_NUMBER)
    return parse_number(p, ret);
  if (p->token.kind == T_STRING)
    return parse_value(p, (struct feel_value){.type = FEEL_STRING, .string = p->token.value}, ret);
  if (p->token.kind == T_NAME)
    return parse_word(p, ret);
  if (at_sign(p, "("))
    return parse_parenthesis(p, ret);
  if (at_sign(p, "["))
    return parse_bracket(p, ret);
  return unexpected(p);
}

/* Unary minus binds tighter than ** (DMN 1.3, 10.3.1.2, rule 4). */
static int parse_unary(struct parser *p, struct feel_node **ret)
{
  bool negative = false;
  struct feel_node *inner = NULL;
  while (at_sign(p, "-")) {
    negative = !negative;
    if (next(p) < 0)
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
    if (span_is(p->token.text, binaries[i].sign))
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
  if (next(p) < 0 || parse(p, SUM, &node->a) < 0)
    return -1;
  return finish(p, node, ret);
}

/* «in (a, b, < 5)», «in (1..5)», «in [1..5]», «in < 5», «in name». */
static int parse_in(struct parser *p, struct feel_node *node, struct feel_node **ret)
{
  size_t cap = 0;
  bool many = at_sign(p, "(");
  struct feel_node *test = NULL;
  if ((many && next(p) < 0) || parse_test(p, &test) < 0)
    return -1;
  if (many && at_sign(p, "..")) {
    if (parse_range_end(p, test, true, &test) < 0)
      return -1;
    many = false;
  }
  (void)add_to_list(p, node, &cap, test);
  while (many && at_sign(p, ",")) {
    if (next(p) < 0 || parse_test(p, &test) < 0)
      return -1;
    (void)add_to_list(p, node, &cap, test);
  }
  if (many && expect(p, ")") < 0)
    return -1;
  return finish(p, node, ret);
}

static int parse_between(struct parser *p, struct feel_node *node, struct feel_node **ret)
{
  if (parse(p, SUM, &node->b) < 0 || expect(p, "and") < 0 || parse(p, SUM, &node->c) < 0)
    return -1;
  return finish(p, node, ret);
}

static int parse_right(struct parser *p, const struct binary *b, struct feel_node *left, struct feel_node **ret)
{
  struct feel_node *node = new_node(p, b->op);
  node->a = left;
  if (next(p) < 0)
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
      return fail(p, p->token.at, "第 %d 列：比较不能连写「%.*s」，请用 and 或 between",
                  "column %d: comparisons cannot be chained with '%.*s'; use and or between", p->token.text);
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
    return fail(p, p->token.at, "第 %d 列：条件嵌套得太深%.*s", "column %d: the condition is nested too deeply%.*s",
                (struct span){0});
  p->depth++;
  int r = parse_chain(p, least, ret);
  p->depth--;
  return r;
}

int feel_parse(struct arena *arena, struct span text, struct feel **ret, struct error *error)
{
  struct parser p = {.arena = arena, .error = error};
  p.text = arena_span(arena, text); /* names and strings point into it */
  if (text.n > FEEL_TEXT_MAX || !text_utf8(text))
    return fail(&p, 0, "第 %d 列：条件太长或不是 UTF-8 文字%.*s", "column %d: the condition is too long or is not UTF-8%.*s",
                (struct span){0});
  struct feel_node *root = NULL;
  if (next(&p) < 0 || parse(&p, ANY, &root) < 0)
    return -1;
  if (p.token.kind != T_END)
    return unexpected(&p);
  struct feel *feel = arena_new(arena, struct feel);
  *feel = (struct feel){root, p.text, p.names, p.name_count};
  *ret = feel;
  return 0;
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
