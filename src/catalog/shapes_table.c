/*
 * shapes_table.c: decision tables of a thing: rules of cells, read as conditions on their inputs.
 */
#include "catalog/shape.h"

#include <string.h>

#define RULES_MAX 200

/* Everything a table is made of while it is read. */
struct reading {
  struct reader *r;
  struct thing_table *table;
  struct feel_rule *rules;
  struct feel_value *values;
  struct place *places;
  size_t n;
};

static bool is_list(struct reader *r, const struct node *node, const char *name)
{
  if (node->kind == NODE_LIST && node->count)
    return true;
  reader_add(r, node, "wrong-type", ((struct words){"写成不空的列表", "write a list that is not empty"}), "「%s」的写法不对",
             "'%s' is not written as it should be", name);
  return false;
}

/* true, false, a number, or a word that conditions compare with as a string. */
static bool read_value(struct reader *r, const struct node *node, struct feel_value *ret)
{
  struct feel_value v = {.type = FEEL_STRING, .string = node->text};
  if (node->kind != NODE_SCALAR || node->text.n == 0 || node->text.n > 64) {
    reader_add(r, node, "wrong-type", ((struct words){"写成 true、false、数或一个词", "write true, false, a number or a word"}),
               "「%s」的写法不对", "'%s' is not written as it should be", "decide");
    return false;
  }
  if (!node->quoted && (span_is(node->text, "true") || span_is(node->text, "false")))
    v = (struct feel_value){.type = FEEL_BOOLEAN, .truth = span_is(node->text, "true")};
  else if (!node->quoted && decimal_parse(node->text, &v.number))
    v.type = FEEL_NUMBER;
  else
    v = (struct feel_value){.type = FEEL_STRING, .string = arena_span(r->arena, node->text)};
  *ret = v;
  return true;
}

/* The value as an expression of its own, which is what tables evaluate. */
static const struct feel *expression_of(struct reader *r, struct feel_value value)
{
  struct feel *feel = NULL;
  struct error error;
  (void)feel_parse(r->arena, span_of(feel_value_text(r->arena, value)), &feel, &error);
  return feel;
}

static bool read_inputs(struct reader *r, const struct node *node, struct thing_table *table)
{
  if (!is_list(r, node, "inputs"))
    return false;
  const struct feel **inputs = arena_array(r->arena, node->count, sizeof *inputs);
  for (size_t i = 0; i < node->count; i++) {
    inputs[i] = reader_condition(r, "inputs", node->list[i]);
    if (!inputs[i])
      return false;
  }
  if (node->count > FEEL_ALL_MAX) {
    reader_add(r, node, "too-large", ((struct words){"把表分开", "split the table"}), "「%s」太多", "there are too many '%s'",
               "inputs");
    return false;
  }
  table->inputs = inputs;
  table->input_count = node->count;
  return true;
}

static void read_rule(struct reading *t, const struct node *node)
{
  struct reader *r = t->r;
  const struct feel *cells[FEEL_ALL_MAX];
  size_t columns = t->table->input_count;
  if (node->kind != NODE_LIST || node->count != columns + 1) {
    reader_add(r, node, "bad-value",
               ((struct words){"每个输入一格，最后一格是结论", "write one cell an input, and last what is decided"}),
               "规则应有 %zu 格", "the rule has %zu cells", columns + 1);
    return;
  }
  for (size_t i = 0; i < columns; i++) {
    struct feel *cell = NULL;
    struct error error = {0};
    const struct node *at = node->list[i];
    if (at->kind != NODE_SCALAR || feel_parse_test(r->arena, t->table->inputs[i], at->text, NULL, &cell, &error) < 0) {
      if (at->kind != NODE_SCALAR)
        (void)error_set(&error, ERROR_BAD_INPUT, "bad-condition", "应当是一格", "it is one cell");
      reader_bad_condition(r, at, &error);
      return;
    }
    cells[i] = cell;
  }
  if (!read_value(r, node->list[columns], &t->values[t->n]))
    return;
  const struct feel **then = arena_array(r->arena, 1, sizeof *then);
  then[0] = expression_of(r, t->values[t->n]);
  t->rules[t->n] = (struct feel_rule){feel_all(r->arena, cells, columns), then};
  t->places[t->n] = node->place;
  t->n++;
}

static void check_kinds(const struct reading *t)
{
  for (size_t i = 1; i < t->n; i++) {
    if (t->values[i].type != t->values[0].type) {
      report_add(&t->r->report, t->places[i], "bad-value",
                 (struct words){"各条规则的结论用同一种值", "let all rules say values of one kind"}, "「%s」的结论种类不一",
                 "the rules of '%s' say values of several kinds", t->table->id ? t->table->id : "");
      return;
    }
  }
}

static void read_rules(struct reader *r, const struct node *node, struct thing_table *table)
{
  if (!is_list(r, node, "rules"))
    return;
  size_t n = node->count > RULES_MAX ? RULES_MAX : node->count;
  if (node->count > RULES_MAX)
    reader_add(r, node, "too-large", ((struct words){"把表分开", "split the table"}), "「%s」太多", "there are too many '%s'",
               "rules");
  struct reading t = {r,
                      table,
                      arena_array(r->arena, n, sizeof *t.rules),
                      arena_array(r->arena, n, sizeof *t.values),
                      arena_array(r->arena, n, sizeof *t.places),
                      0};
  for (size_t i = 0; i < n; i++)
    read_rule(&t, node->list[i]);
  check_kinds(&t);
  table->values = t.values;
  table->rule_places = t.places;
  table->table.rules = t.rules;
  table->table.rule_count = t.n;
}

static void check_table(struct reader *r, const struct node *node, void *target)
{
  struct thing_table *table = target;
  const struct node *inputs = node_get(node, "inputs"), *rules = node_get(node, "rules"), *otherwise = node_get(node, "otherwise");
  struct feel_output *output = arena_new(r->arena, struct feel_output);
  struct feel_value value;
  output->name = span_of(table->id);
  if (otherwise && read_value(r, otherwise, &value)) {
    struct feel_value *kept = arena_new(r->arena, struct feel_value);
    *kept = value;
    table->otherwise = kept;
    output->otherwise = expression_of(r, value);
  }
  table->table.outputs = output;
  table->table.output_count = 1;
  if (inputs && rules && read_inputs(r, inputs, table))
    read_rules(r, rules, table);
}

static const struct key table_keys[] = {
    {"decide", KEY_NAME, AT(struct thing_table, id), MUST},
    {"name", KEY_WORDS, AT(struct thing_table, name), MUST},
    {"hit", KEY_ENUM, AT(struct thing_table, table.hit), MUST, .vocabulary = &hits},
    {"inputs", KEY_SKIP, MUST},
    {"rules", KEY_SKIP, MUST},
    {"otherwise", KEY_SKIP},
};
const struct shape table_shape = {SHAPE("决策表", "a table", struct thing_table, table_keys), PLACED(struct thing_table),
                                  .check = check_table};
