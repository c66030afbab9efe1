#include "proof/live.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 24

static void add(struct live *live, const struct feel *when, struct place place, const char *zh, const char *en, struct words name)
{
  if (!when)
    return;
  live->list = arena_grow(live->arena, live->list, live->n, &live->cap, sizeof *live->list);
  live->list[live->n++] = (struct live_condition){
      .when = when, .place = place, .of = {arena_printf(live->arena, zh, name.zh), arena_printf(live->arena, en, name.en)}};
}

static int by_address(const void *a, const void *b)
{
  uintptr_t x = (uintptr_t)((const struct live_condition *)a)->when, y = (uintptr_t)((const struct live_condition *)b)->when;
  return (x > y) - (x < y);
}

void live_make(struct live *live, struct arena *arena, const struct catalog *catalog)
{
  *live = (struct live){.arena = arena};
  for (size_t i = 0; i < catalog->item_count; i++) {
    const struct item *item = &catalog->items[i];
    for (size_t m = 0; m < item->material_count; m++)
      add(live, item->materials[m].when, item->materials[m].place, "材料「%s」", "the material \"%s\"",
          item->materials[m].material->name);
    for (size_t s = 0; s < item->step_count; s++)
      add(live, item->steps[s].when, item->steps[s].place, "步骤「%s」", "the step \"%s\"", step_words(item->steps[s].step));
    for (size_t p = 0; p < item->presence_count; p++)
      add(live, item->presence[p].when, item->presence[p].place, "到场「%s」", "the presence \"%s\"",
          presence_words(item->presence[p].why));
  }
  for (size_t t = 0; t < catalog->thing_count; t++)
    for (size_t i = 0; i < catalog->things[t].item_count; i++)
      add(live, catalog->things[t].items[i].when, catalog->things[t].items[i].place, "事项「%s」", "the item \"%s\"",
          catalog->things[t].items[i].item->name);
  if (live->n)
    qsort(live->list, live->n, sizeof *live->list, by_address);
}

struct gated { /* a condition of the thing, and the item it stands in */
  struct live_condition *condition;
  int item; /* -1: an entry, which holds by itself */
};

struct gates {
  struct arena *arena;
  struct live *live;
  struct gated *list;
  size_t n, cap;
};

static void gate(struct gates *gates, const struct feel *when, int item)
{
  struct live_condition key = {.when = when};
  struct live_condition *found = when ? bsearch(&key, gates->live->list, gates->live->n, sizeof key, by_address) : NULL;
  if (!found)
    return;
  found->used = true;
  if (found->holds && found->fails)
    return;
  gates->list = arena_grow(gates->arena, gates->list, gates->n, &gates->cap, sizeof *gates->list);
  gates->list[gates->n++] = (struct gated){found, item};
}

static void gate_all(struct gates *gates, const struct blueprint *b)
{
  for (size_t i = 0; i < b->n; i++) {
    const struct item *item = b->items[i].item;
    for (size_t k = 0; k < b->items[i].when_count; k++)
      gate(gates, b->items[i].when[k], -1);
    for (size_t m = 0; m < item->material_count; m++)
      gate(gates, item->materials[m].when, (int)i);
    for (size_t s = 0; s < item->step_count; s++)
      gate(gates, item->steps[s].when, (int)i);
    for (size_t p = 0; p < item->presence_count; p++)
      gate(gates, item->presence[p].when, (int)i);
  }
}

static bool holds(struct arena *arena, const struct feel *when, struct answers *answers)
{
  return !when || FEEL_IS_TRUE(feel_eval(when, arena, answers_lookup, answers));
}

static bool selected(struct arena *arena, const struct blueprint_item *item, struct answers *answers)
{
  for (size_t k = 0; k < item->when_count; k++)
    if (holds(arena, item->when[k], answers))
      return true;
  return false;
}

static void try_answers(struct gates *gates, const struct blueprint *b, struct answers answers)
{
  bool *in = arena_array(gates->arena, b->n + 1, sizeof *in);
  for (size_t i = 0; i < b->n; i++)
    in[i] = selected(gates->arena, &b->items[i], &answers);
  for (size_t g = 0; g < gates->n; g++) {
    struct live_condition *condition = gates->list[g].condition;
    if ((condition->holds && condition->fails) || (gates->list[g].item >= 0 && !in[gates->list[g].item]))
      continue;
    bool is = holds(gates->arena, condition->when, &answers);
    condition->holds |= is;
    condition->fails |= !is;
  }
}

/* Asks for answers under which it holds (or does not); the interpreter has the last word on what was found. */
static void ask(struct gates *gates, struct subject *subject, const struct statement *s, const struct gated *gated, bool yes)
{
  struct live_condition *condition = gated->condition;
  struct prover *p = subject->prover;
  struct truth truth = prover_condition(p, condition->when);
  formula wanted =
      prover_and(p, gated->item < 0 ? p->yes : s->items[gated->item].selected, yes ? truth.yes : prover_not(p, truth.yes));
  if (wanted == p->no)
    return;
  struct model model;
  enum verdict verdict = prover_ask(p, s->blueprint->thing, wanted, &model, NULL);
  condition->unknown |= verdict == PROVER_UNKNOWN;
  if (verdict != PROVER_FOUND)
    return;
  answers_decide(gates->arena, s->blueprint->thing, &model.answers);
  try_answers(gates, s->blueprint, model.answers);
  *(yes ? &condition->holds : &condition->fails) = true;
}

void live_look(struct live *live, struct subject *subject, const struct statement *s)
{
  struct arena scratch = {0};
  struct gates gates = {.arena = &scratch, .live = live};
  const struct blueprint *b = s->blueprint;
  uint64_t seed = b->thing->question_count * 1000003U + b->n;
  gate_all(&gates, b);
  for (int k = 0; k < TRIES && gates.n; k++)
    try_answers(&gates, b, sample_answers(&scratch, b, subject->candidates, &seed));
  for (size_t g = 0; g < gates.n; g++) {
    if (!gates.list[g].condition->holds)
      ask(&gates, subject, s, &gates.list[g], true);
    if (!gates.list[g].condition->fails)
      ask(&gates, subject, s, &gates.list[g], false);
  }
  arena_release(&scratch);
}
