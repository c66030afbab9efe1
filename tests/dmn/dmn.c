#include "dmn.h"

#include <string.h>

#include "xml.h"

#define NAMES_MAX 200
#define DECISIONS_DEEP 20

struct dmn_reader {
  struct dmn *model;
  struct feel_scope scope;
  struct span names[NAMES_MAX];
  struct feel_function functions[NAMES_MAX];
  const char *why;
};

static int refuse(struct dmn_reader *r, const char *what, struct span text)
{
  r->why = arena_printf(r->model->arena, "%s: %.*s", what, (int)text.n, text.p ? text.p : "");
  return -1;
}

/* Every name of the model, for those with spaces and signs in them. */
static void note_names(struct dmn_reader *r, const struct xml *xml)
{
  static const char *const bearing[] = {"inputData", "decision", "itemComponent", "businessKnowledgeModel", "formalParameter"};
  for (const struct xml *x = xml->first; x; x = x->next) {
    for (size_t i = 0; i < sizeof bearing / sizeof *bearing; i++) {
      if (strcmp(x->name, bearing[i]) == 0 && r->scope.name_count < NAMES_MAX)
        r->names[r->scope.name_count++] = xml_attribute(x, "name");
    }
    note_names(r, x);
  }
}

static int parse(struct dmn_reader *r, const struct xml *holder, const struct feel **ret)
{
  struct feel *feel = NULL;
  struct error error = {0};
  const struct xml *text = xml_child(holder, "text");
  if (!text)
    return refuse(r, "no text in", span_of(holder ? holder->name : "nothing"));
  if (feel_parse_in(r->model->arena, text->text, &r->scope, &feel, &error) < 0)
    return refuse(r, error.en, text->text);
  *ret = feel;
  return 0;
}

static size_t count(const struct xml *in, const char *name)
{
  size_t n = 0;
  for (const struct xml *x = xml_child(in, name); x; x = xml_again(x))
    n++;
  return n;
}

static int read_knowledge(struct dmn_reader *r, const struct xml *definitions)
{
  for (const struct xml *x = xml_child(definitions, "businessKnowledgeModel"); x; x = xml_again(x)) {
    const struct xml *logic = xml_child(x, "encapsulatedLogic");
    size_t n = count(logic, "formalParameter"), i = 0;
    struct span *parameters = arena_array(r->model->arena, n, sizeof *parameters);
    for (const struct xml *p = xml_child(logic, "formalParameter"); p; p = xml_again(p))
      parameters[i++] = xml_attribute(p, "name");
    struct feel_function *f = &r->functions[r->scope.function_count];
    *f = (struct feel_function){xml_attribute(x, "name"), parameters, n, NULL};
    if (r->scope.function_count + 1 >= NAMES_MAX || parse(r, xml_child(logic, "literalExpression"), &f->body) < 0)
      return -1;
    r->scope.function_count++;
  }
  return 0;
}

/* «"a", "b"» as two expressions. */
static int read_values(struct dmn_reader *r, const struct xml *values, struct feel_output *output)
{
  const struct xml *text = xml_child(values, "text");
  if (!text)
    return 0;
  struct span rest = text->text, one;
  const struct feel **list = arena_array(r->model->arena, rest.n + 1, sizeof *list);
  while (span_cut(&rest, ',', &one)) {
    struct feel *feel = NULL;
    struct error error;
    if (feel_parse_in(r->model->arena, one, &r->scope, &feel, &error) < 0)
      return refuse(r, error.en, one);
    list[output->value_count++] = feel;
  }
  output->values = list;
  return 0;
}

static int read_outputs(struct dmn_reader *r, const struct xml *table, struct feel_table *t)
{
  struct feel_output *outputs = arena_array(r->model->arena, count(table, "output"), sizeof *outputs);
  for (const struct xml *x = xml_child(table, "output"); x; x = xml_again(x)) {
    struct feel_output *output = &outputs[t->output_count++];
    output->name = xml_attribute(x, "name");
    const struct xml *otherwise = xml_child(x, "defaultOutputEntry");
    if (read_values(r, xml_child(x, "outputValues"), output) < 0 || (otherwise && parse(r, otherwise, &output->otherwise) < 0))
      return -1;
  }
  t->outputs = outputs;
  return 0;
}

static int read_rule(struct dmn_reader *r, const struct xml *rule, const struct feel *const *inputs, const struct feel_table *t,
                     struct feel_rule *ret)
{
  const struct feel *cells[FEEL_ALL_MAX];
  size_t n = 0;
  struct error error;
  for (const struct xml *x = xml_child(rule, "inputEntry"); x && n < FEEL_ALL_MAX; x = xml_again(x)) {
    struct feel *cell = NULL;
    struct span text = xml_child(x, "text")->text;
    if (feel_parse_test(r->model->arena, inputs[n], text, &r->scope, &cell, &error) < 0)
      return refuse(r, error.en, text);
    cells[n++] = cell;
  }
  const struct feel **then = arena_array(r->model->arena, t->output_count, sizeof *then);
  size_t i = 0;
  for (const struct xml *x = xml_child(rule, "outputEntry"); x && i < t->output_count; x = xml_again(x)) {
    if (parse(r, x, &then[i++]) < 0)
      return -1;
  }
  *ret = (struct feel_rule){feel_all(r->model->arena, cells, n), then};
  return i == t->output_count ? 0 : refuse(r, "a rule with too few outputs", xml_attribute(rule, "id"));
}

static int word_of(struct span word, const char *const *words, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (span_is(word, words[i]))
      return (int)i;
  }
  return word.n ? -1 : 0;
}

static int read_table(struct dmn_reader *r, const struct xml *table, struct feel_table *t)
{
  static const char *const hits[] = {"UNIQUE", "ANY", "FIRST", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "COLLECT"};
  static const char *const aggregates[] = {"", "SUM", "MIN", "MAX", "COUNT"};
  int hit = word_of(xml_attribute(table, "hitPolicy"), hits, 7), how = word_of(xml_attribute(table, "aggregation"), aggregates, 5);
  if (hit < 0 || how < 0)
    return refuse(r, "an unknown hit policy or aggregation", xml_attribute(table, "hitPolicy"));
  t->hit = (enum feel_hit)hit;
  t->aggregate = (enum feel_aggregate)how;
  const struct feel **inputs = arena_array(r->model->arena, count(table, "input"), sizeof *inputs);
  size_t n = 0;
  for (const struct xml *x = xml_child(table, "input"); x; x = xml_again(x)) {
    if (parse(r, xml_child(x, "inputExpression"), &inputs[n++]) < 0)
      return -1;
  }
  struct feel_rule *rules = arena_array(r->model->arena, count(table, "rule"), sizeof *rules);
  if (read_outputs(r, table, t) < 0)
    return -1;
  for (const struct xml *x = xml_child(table, "rule"); x; x = xml_again(x)) {
    if (read_rule(r, x, inputs, t, &rules[t->rule_count++]) < 0)
      return -1;
  }
  t->rules = rules;
  return 0;
}

static int read_decisions(struct dmn_reader *r, const struct xml *definitions)
{
  struct dmn *model = r->model;
  model->decisions = arena_array(model->arena, count(definitions, "decision"), sizeof *model->decisions);
  for (const struct xml *x = xml_child(definitions, "decision"); x; x = xml_again(x)) {
    struct dmn_decision *d = &model->decisions[model->decision_count++];
    d->name = xml_attribute(x, "name");
    const struct xml *table = xml_child(x, "decisionTable"), *literal = xml_child(x, "literalExpression");
    if (table ? read_table(r, table, &d->table) < 0 : parse(r, literal, &d->expression) < 0)
      return -1;
  }
  return 0;
}

int dmn_read(struct arena *arena, struct span text, struct dmn *ret, const char **ret_why)
{
  *ret = (struct dmn){.arena = arena};
  struct dmn_reader *r = arena_new(arena, struct dmn_reader); /* functions are pointed to from expressions: they stay */
  r->model = ret;
  r->scope.names = r->names;
  r->scope.functions = r->functions;
  const struct xml *definitions = xml_read(arena, text);
  if (!definitions) {
    *ret_why = "no XML";
    return -1;
  }
  note_names(r, definitions);
  int read = read_knowledge(r, definitions) < 0 || read_decisions(r, definitions) < 0 ? -1 : 0;
  *ret_why = r->why;
  return read;
}

struct deciding {
  const struct dmn *model;
  const struct dmn_inputs *inputs;
  int depth;
};

static struct feel_value look(void *context, struct span name)
{
  struct deciding *d = context;
  for (size_t i = 0; i < d->inputs->n; i++) {
    if (span_eq(d->inputs->list[i].key, name))
      return d->inputs->list[i].value;
  }
  struct feel_value value = {.type = FEEL_NULL};
  for (size_t i = 0; i < d->model->decision_count && d->depth < DECISIONS_DEEP; i++) {
    const struct dmn_decision *decision = &d->model->decisions[i];
    if (!span_eq(decision->name, name))
      continue;
    d->depth++;
    value = decision->expression ? feel_eval(decision->expression, d->model->arena, look, d)
                                 : feel_table_eval(&decision->table, d->model->arena, look, d);
    d->depth--;
    break;
  }
  return value;
}

struct feel_value dmn_decide(const struct dmn *model, struct span decision, const struct dmn_inputs *inputs)
{
  struct deciding d = {model, inputs, 0};
  return look(&d, decision);
}
