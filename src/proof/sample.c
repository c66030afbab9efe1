#include "proof/sample.h"

#include <stdlib.h>
#include <string.h>

#include "feel/node.h"

#define PLACES_MAX 12 /* of an answer: decimal_parse() */

struct collector {
  struct arena *arena;
  const struct question *question;
  struct decimal *list;
  size_t n, cap;
};

static void add(struct collector *c, struct decimal d)
{
  const struct question *q = c->question;
  if (d.fine || d.scale < 0 || d.scale > PLACES_MAX) /* no answer can be it */
    return;
  if ((q->has_min && decimal_compare(d, q->min) < 0) || (q->has_max && decimal_compare(d, q->max) > 0))
    return;
  for (size_t i = 0; i < c->n; i++)
    if (decimal_compare(c->list[i], d) == 0)
      return;
  c->list = arena_grow(c->arena, c->list, c->n, &c->cap, sizeof *c->list);
  c->list[c->n++] = d;
}

/* The depth of a condition is bounded by its parser. */
static void collect(struct collector *c, const struct feel_node *node)
{
  if (!node)
    return;
  if (node->op == OP_VALUE && node->value.type == FEEL_NUMBER)
    add(c, node->value.number);
  collect(c, node->a);
  collect(c, node->b);
  collect(c, node->c);
  for (size_t i = 0; i < node->n; i++)
    collect(c, node->list[i]);
}

static void collect_from(struct collector *c, const struct feel *when)
{
  for (size_t i = 0; when && i < when->name_count; i++)
    if (span_is(when->names[i], c->question->id)) {
      collect(c, when->root);
      return;
    }
}

static void collect_thresholds(struct collector *c, const struct blueprint *b)
{
  for (size_t i = 0; i < b->n; i++) {
    const struct item *item = b->items[i].item;
    for (size_t k = 0; k < b->items[i].when_count; k++)
      collect_from(c, b->items[i].when[k]);
    collect_from(c, item->within);
    for (size_t m = 0; m < item->material_count; m++) {
      collect_from(c, item->materials[m].when);
      collect_from(c, item->materials[m].within);
    }
    for (size_t p = 0; p < item->presence_count; p++)
      collect_from(c, item->presence[p].when);
    for (size_t s = 0; s < item->step_count; s++) {
      collect_from(c, item->steps[s].when);
      collect_from(c, item->steps[s].within);
    }
  }
  for (size_t t = 0; t < b->thing->table_count; t++)
    for (size_t r = 0; r < b->thing->tables[t].table.rule_count; r++)
      collect_from(c, b->thing->tables[t].table.rules[r].when);
}

/* One more and one less; and a tenth, which is between any two whole thresholds. */
static void add_neighbours(struct collector *c, struct decimal d)
{
  if (d.scale == 0 && d.digits < INT64_MAX && d.digits > -INT64_MAX) {
    add(c, (struct decimal){d.digits + 1, 0});
    add(c, (struct decimal){d.digits - 1, 0});
  }
  if (d.scale < PLACES_MAX && d.digits < INT64_MAX / 10 - 1 && d.digits > INT64_MIN / 10 + 1) {
    add(c, (struct decimal){d.digits * 10 + 1, d.scale + 1});
    add(c, (struct decimal){d.digits * 10 - 1, d.scale + 1});
  }
}

static void collect_numbers(struct collector *c, const struct blueprint *b)
{
  const struct question *q = c->question;
  collect_thresholds(c, b);
  size_t thresholds = c->n;
  for (size_t i = 0; i < thresholds; i++)
    add_neighbours(c, c->list[i]);
  struct decimal low = q->has_min ? q->min : (struct decimal){0, 0};
  add(c, low);
  if (q->has_max)
    add(c, q->max);
  if (c->n == 0)
    add(c, low);
}

struct candidates *candidates_make(struct arena *arena, const struct blueprint *b)
{
  const struct thing *thing = b->thing;
  struct candidates *candidates = arena_new(arena, struct candidates);
  candidates->numbers = arena_array(arena, thing->question_count + 1, sizeof *candidates->numbers);
  candidates->counts = arena_array(arena, thing->question_count + 1, sizeof *candidates->counts);
  for (size_t q = 0; q < thing->question_count; q++) {
    if (thing->questions[q].type != ASK_NUMBER)
      continue;
    struct collector c = {.arena = arena, .question = &thing->questions[q]};
    collect_numbers(&c, b);
    candidates->numbers[q] = c.list;
    candidates->counts[q] = c.n;
  }
  return candidates;
}

/* A zone's assessment can make something of it needless. */
static bool reads_zone(const struct item *item)
{
  bool reads = item->covered_by != NULL;
  for (size_t m = 0; m < item->material_count; m++)
    reads |= item->materials[m].from == FROM_ZONE;
  for (size_t s = 0; s < item->step_count; s++)
    reads |= item->steps[s].covered_by != NULL;
  return reads;
}

static bool asks_zone(const struct blueprint *b)
{
  for (size_t i = 0; i < b->n; i++)
    if (reads_zone(b->items[i].item))
      return true;
  return false;
}

double candidates_cells(const struct blueprint *b, const struct catalog *catalog)
{
  double cells = asks_zone(b) ? (double)catalog->zone_count + 1 : 1;
  for (size_t q = 0; q < b->thing->question_count; q++) {
    const struct question *question = &b->thing->questions[q];
    struct arena scratch = {0};
    struct collector c = {.arena = &scratch, .question = question};
    if (question->type == ASK_NUMBER)
      collect_thresholds(&c, b);
    cells *= question->type == ASK_BOOLEAN  ? 2
             : question->type == ASK_CHOICE ? (double)question->choice_count
                                            : 2 * (double)c.n + 1;
    arena_release(&scratch);
  }
  return cells;
}

struct answer answer_number(struct arena *arena, const struct question *question, struct decimal number)
{
  return (struct answer){question->id, {.type = FEEL_NUMBER, .number = number}, decimal_text(arena, number)};
}

struct answer answer_choice(const struct question *question, size_t n)
{
  const char *value = question->choices[n].value;
  return (struct answer){question->id, {.type = FEEL_STRING, .string = span_of(value)}, value};
}

struct answer answer_boolean(const struct question *question, bool yes)
{
  return (struct answer){question->id, {.type = FEEL_BOOLEAN, .truth = yes}, yes ? "true" : "false"};
}

/* splitmix64 */
uint64_t sample_next(uint64_t *seed)
{
  uint64_t z = *seed += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

struct answers sample_answers(struct arena *arena, const struct blueprint *b, const struct candidates *candidates, uint64_t *seed)
{
  const struct thing *thing = b->thing;
  size_t room = thing->question_count + thing->table_count + 1;
  struct answers answers = {.list = arena_array(arena, room, sizeof *answers.list), .n = thing->question_count};
  for (size_t q = 0; q < thing->question_count; q++) {
    const struct question *question = &thing->questions[q];
    uint64_t draw = sample_next(seed);
    if (question->type == ASK_BOOLEAN)
      answers.list[q] = answer_boolean(question, draw & 1);
    else if (question->type == ASK_CHOICE)
      answers.list[q] = answer_choice(question, draw % question->choice_count);
    else
      answers.list[q] = answer_number(arena, question, candidates->numbers[q][draw % candidates->counts[q]]);
  }
  answers_decide(arena, thing, &answers);
  return answers;
}
