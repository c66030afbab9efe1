/*
 * faults.c: the violations that are more than a few lines of Boolean algebra: dead ends, and days over the limit.
 */
#include <string.h>

#include "proof/holdings.h"
#include "proof/limits.h"
#include "proof/statement.h"

#define AND(a, b) prover_and(s->prover, (a), (b))
#define OR(a, b) prover_or(s->prover, (a), (b))
#define NOT(a) prover_not(s->prover, (a))
#define YES (s->prover->yes)
#define NO (s->prover->no)

/* ---- dead ends ---- */

/* Something that must come before the item is being done just now. */
static formula not_before(struct statement *s, struct holdings *holdings, const struct item *item)
{
  formula blocked = NO;
  const int *before = holdings_before(holdings, s->prover->arena, item, s->blueprint);
  for (; *before >= 0; before++)
    blocked = OR(blocked, s->items[*before].selected);
  return blocked;
}

/* In the plan, or needless because the zone's assessment stands for it. */
static formula chosen(struct statement *s, const struct item *item)
{
  for (size_t i = 0; i < s->blueprint->n; i++)
    if (s->items[i].item == item)
      return s->items[i].chosen;
  return NO;
}

/*
 * The item, or one that yields the same paper, is in the plan; or the thing itself has it under a condition, which says
 * who does not need it.
 */
static formula met(struct statement *s, const struct item *item)
{
  const char *paper = item_yields(item);
  formula any = NO;
  for (size_t i = 0; i < s->blueprint->n; i++) {
    const char *other = item_yields(s->items[i].item);
    if (s->items[i].item == item)
      return YES;
    if (paper && other && strcmp(paper, other) == 0)
      any = OR(any, s->items[i].selected);
  }
  return any;
}

/* Nobody has the paper: no item of the plan issues it, and none could have issued it before. */
static formula nobody_has(struct statement *s, struct holdings *holdings, const struct item_material *ask)
{
  const struct item *const *producer = holdings_producers(holdings, ask->material);
  formula nobody = *producer ? YES : NO;
  if (ask->from == FROM_GOVERNMENT && (!ask->material->holder || ask->material->shared == SHARED_NO))
    return YES;
  for (; *producer && nobody != NO; producer++)
    nobody = AND(nobody, AND(NOT(chosen(s, *producer)), not_before(s, holdings, *producer)));
  return nobody;
}

formula statement_dead_end(struct statement *s, struct holdings *holdings)
{
  formula dead = NO;
  for (size_t i = 0; i < s->blueprint->n; i++) {
    const struct item *item = s->items[i].item;
    for (size_t m = 0; m < item->material_count; m++)
      if (item->materials[m].from == FROM_RESULT || item->materials[m].from == FROM_GOVERNMENT)
        dead = OR(dead, AND(s->items[i].asks[m], nobody_has(s, holdings, &item->materials[m])));
    for (size_t k = 0; k < item->need_count; k++)
      dead = OR(dead, AND(AND(s->items[i].selected, NOT(met(s, item->needs[k]))), not_before(s, holdings, item->needs[k])));
  }
  return dead;
}

/* ---- days ---- */

static Z3_ast days(struct statement *s, int n)
{
  return Z3_mk_int(s->prover->z, n, s->prover->whole);
}

static Z3_ast choose(struct statement *s, formula when, Z3_ast yes, Z3_ast no)
{
  return when == YES || yes == no ? yes : when == NO ? no : Z3_mk_ite(s->prover->z, when, yes, no);
}

static Z3_ast later(struct statement *s, Z3_ast a, Z3_ast b)
{
  return a == b ? a : Z3_mk_ite(s->prover->z, Z3_mk_ge(s->prover->z, a, b), a, b);
}

static Z3_ast plus(struct statement *s, Z3_ast a, formula when, int takes)
{
  return takes == 0 ? a : choose(s, when, Z3_mk_add(s->prover->z, 2, (Z3_ast[]){a, days(s, takes)}), a);
}

/* schedule.c, place_item(), without what the law does not count. */
static Z3_ast end_of(struct statement *s, size_t i, Z3_ast start)
{
  const struct item *item = s->items[i].item;
  Z3_ast now = start, opinions = start;
  for (size_t t = 0; t < item->step_count; t++) {
    const struct step *step = &item->steps[t];
    formula active = s->items[i].steps[t];
    int takes = counted_days(item, step);
    if (step->assist)
      opinions = later(s, opinions, plus(s, now, active, takes));
    else if (strcmp(step->step, "decide") == 0)
      now = choose(s, active, plus(s, later(s, now, opinions), YES, takes), now);
    else
      now = plus(s, now, active, takes);
  }
  return later(s, now, opinions);
}

struct path { /* of one stage */
  struct statement *s;
  int stage;
  Z3_ast *end; /* beside the items; NULL: not known yet */
};

/* No circle here: the depth is at most the number of items. */
static Z3_ast path_to(struct path *path, size_t i)
{
  struct statement *s = path->s;
  if (path->end[i])
    return path->end[i];
  Z3_ast start = days(s, 0);
  for (size_t p = 0; p < s->blueprint->n; p++) {
    formula direct = s->direct[i * s->blueprint->n + p];
    if (direct != NO)
      start = later(s, start, choose(s, direct, path_to(path, p), days(s, 0)));
  }
  bool counts = s->items[i].stage == path->stage;
  return path->end[i] = counts ? end_of(s, i, start) : start;
}

static formula joint(struct statement *s, int stage)
{
  formula any = NO;
  for (size_t i = 0; i < s->blueprint->n; i++)
    for (size_t k = 0; k < i; k++) {
      const struct item *a = s->items[i].item, *b = s->items[k].item;
      if (a->kind == ITEM_LICENCE && b->kind == ITEM_LICENCE && a->agency != b->agency && s->items[i].stage == stage &&
          s->items[k].stage == stage)
        any = OR(any, AND(s->items[i].selected, s->items[k].selected));
    }
  return any;
}

static formula over_joint_limit(struct statement *s, int stage)
{
  formula licences = joint(s, stage), over = NO;
  if (licences == NO || longest_path(s->blueprint, stage) <= JOINT_LIMIT)
    return NO;
  struct path path = {s, stage, arena_array(s->prover->arena, s->blueprint->n + 1, sizeof *path.end)};
  for (size_t i = 0; i < s->blueprint->n; i++)
    over = OR(over, AND(s->items[i].selected, Z3_mk_gt(s->prover->z, path_to(&path, i), days(s, JOINT_LIMIT))));
  return AND(licences, over);
}

formula statement_over_limit(struct statement *s)
{
  formula over = NO;
  for (size_t i = 0; i < s->blueprint->n; i++)
    if (promises_too_much(s->items[i].item))
      over = OR(over, s->items[i].selected);
  for (int stage = 0; stage <= STAGES && !s->blueprint->circular; stage++)
    over = OR(over, over_joint_limit(s, stage));
  return over;
}
