#include "feel/table.h"

#include "feel/decimal.h"

struct table_run {
  const struct feel_table *table;
  struct arena *arena;
  feel_lookup *lookup;
  void *context;
};

static struct feel_value null_value(void)
{
  return (struct feel_value){.type = FEEL_NULL};
}

static struct feel_value value_of(const struct table_run *r, const struct feel *feel)
{
  return feel ? feel_eval(feel, r->arena, r->lookup, r->context) : null_value();
}

static bool holds(const struct table_run *r, size_t rule)
{
  return FEEL_IS_TRUE(value_of(r, r->table->rules[rule].when));
}

/* What a rule says, or, with rule NULL, what holds otherwise: a value, or a context of several. */
static struct feel_value said(const struct table_run *r, const struct feel_rule *rule)
{
  const struct feel_table *t = r->table;
  if (t->output_count == 1)
    return value_of(r, rule ? rule->then[0] : t->outputs[0].otherwise);
  struct feel_entry *entries = arena_array(r->arena, t->output_count, sizeof *entries);
  bool any = rule != NULL;
  for (size_t i = 0; i < t->output_count; i++) {
    entries[i] = (struct feel_entry){t->outputs[i].name, value_of(r, rule ? rule->then[i] : t->outputs[i].otherwise)};
    any = any || t->outputs[i].otherwise;
  }
  if (!any)
    return null_value();
  return (struct feel_value){.type = FEEL_CONTEXT, .entries = entries, .entry_count = t->output_count};
}

/* Where a value stands among those its output may have; behind all where it is none of them. */
static size_t rank(const struct table_run *r, const struct feel_output *output, struct feel_value value)
{
  size_t i = 0;
  while (i < output->value_count && !feel_same(value_of(r, output->values[i]), value))
    i++;
  return i;
}

/* Output by output, from the left. */
static bool goes_before(const struct table_run *r, size_t a, size_t b)
{
  const struct feel_table *t = r->table;
  for (size_t i = 0; i < t->output_count; i++) {
    size_t x = rank(r, &t->outputs[i], value_of(r, t->rules[a].then[i]));
    size_t y = rank(r, &t->outputs[i], value_of(r, t->rules[b].then[i]));
    if (x != y)
      return x < y;
  }
  return false;
}

/* The rules that hold, in the order the policy wants; equal ranks keep the order of rules. */
static size_t find_hits(const struct table_run *r, size_t *hits)
{
  bool ranked = r->table->hit == HIT_PRIORITY || r->table->hit == HIT_OUTPUT_ORDER;
  size_t n = 0;
  for (size_t i = 0; i < r->table->rule_count; i++) {
    if (!holds(r, i))
      continue;
    size_t at = n++;
    for (; ranked && at > 0 && goes_before(r, i, hits[at - 1]); at--)
      hits[at] = hits[at - 1];
    hits[at] = i;
  }
  return n;
}

static struct feel_value single(const struct table_run *r)
{
  const struct feel_table *t = r->table;
  const struct feel_rule *hit = NULL;
  struct feel_value value = null_value();
  for (size_t i = 0; i < t->rule_count; i++) {
    if (!holds(r, i))
      continue;
    if (t->hit == HIT_FIRST)
      return said(r, &t->rules[i]);
    if (hit && (t->hit == HIT_UNIQUE || !feel_same(value, said(r, &t->rules[i]))))
      return null_value();
    hit = &t->rules[i];
    value = said(r, hit);
  }
  return hit ? value : said(r, NULL);
}

static bool is_before(enum feel_aggregate aggregate, struct feel_value a, struct feel_value b)
{
  int order = decimal_compare(a.number, b.number);
  return aggregate == AGGREGATE_MIN ? order < 0 : order > 0;
}

static struct feel_value aggregate(enum feel_aggregate how, const struct feel_value *list, size_t n)
{
  struct feel_value all = {.type = FEEL_NUMBER, .number = {(int64_t)n, 0, 0}};
  if (how == AGGREGATE_COUNT)
    return all;
  if (n == 0)
    return null_value();
  for (size_t i = 0; i < n; i++) {
    if (list[i].type != FEEL_NUMBER)
      return null_value();
    if (i == 0 || (how != AGGREGATE_SUM && is_before(how, list[i], all)))
      all = list[i];
    else if (how == AGGREGATE_SUM && !decimal_add(all.number, list[i].number, &all.number))
      return null_value();
  }
  return all;
}

static struct feel_value several(const struct table_run *r)
{
  const struct feel_table *t = r->table;
  size_t *hits = arena_array(r->arena, t->rule_count, sizeof *hits), n = find_hits(r, hits);
  if (t->hit == HIT_PRIORITY)
    return said(r, n ? &t->rules[hits[0]] : NULL);
  struct feel_value *list = arena_array(r->arena, n + 1, sizeof *list);
  for (size_t i = 0; i < n; i++)
    list[i] = said(r, &t->rules[hits[i]]);
  if (t->hit == HIT_COLLECT && t->aggregate != AGGREGATE_LIST)
    return aggregate(t->aggregate, list, n);
  if (n == 0) {
    list[0] = said(r, NULL);
    if (list[0].type != FEEL_NULL)
      n = 1;
  }
  return (struct feel_value){.type = FEEL_LIST, .list = list, .n = n};
}

struct feel_value feel_table_eval(const struct feel_table *table, struct arena *arena, feel_lookup *lookup, void *context)
{
  struct table_run run = {table, arena, lookup, context};
  return table->hit <= HIT_FIRST ? single(&run) : several(&run);
}
