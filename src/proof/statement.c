#include "proof/statement.h"

#include <string.h>

#define AND(a, b) prover_and(s->prover, (a), (b))
#define OR(a, b) prover_or(s->prover, (a), (b))
#define NOT(a) prover_not(s->prover, (a))
#define YES (s->prover->yes)
#define NO (s->prover->no)

static formula *formulas(struct statement *s, size_t n)
{
  return arena_array(s->prover->arena, n + 1, sizeof(formula));
}

static formula under(struct statement *s, formula selected, const struct feel *when)
{
  return AND(selected, prover_condition(s->prover, when).yes);
}

static void make_item(struct statement *s, size_t i)
{
  const struct blueprint_item *line = &s->blueprint->items[i];
  const struct item *item = line->item;
  struct statement_item *to = &s->items[i];
  *to = (struct statement_item){.item = item, .stage = thing_stage(s->blueprint->thing, item), .chosen = NO};
  for (size_t k = 0; k < line->when_count; k++)
    to->chosen = OR(to->chosen, prover_condition(s->prover, line->when[k]).yes);
  to->selected = AND(to->chosen, NOT(prover_covered(s->prover, item->covered_by, item->within, s->today)));
  to->asks = formulas(s, item->material_count);
  to->steps = formulas(s, item->step_count);
  to->presences = formulas(s, item->presence_count);
  for (size_t m = 0; m < item->material_count; m++)
    to->asks[m] = under(s, to->selected, item->materials[m].when);
  for (size_t k = 0; k < item->step_count; k++)
    to->steps[k] = AND(under(s, to->selected, item->steps[k].when),
                       NOT(prover_covered(s->prover, item->steps[k].covered_by, item->steps[k].within, s->today)));
  for (size_t p = 0; p < item->presence_count; p++)
    to->presences[p] = under(s, to->selected, item->presence[p].when);
}

static void make_edges(struct statement *s)
{
  const struct blueprint *b = s->blueprint;
  s->edges = formulas(s, b->edge_count);
  s->direct = formulas(s, b->n * b->n);
  for (size_t k = 0; k < b->n * b->n; k++)
    s->direct[k] = NO;
  for (size_t e = 0; e < b->edge_count; e++) {
    const struct edge *edge = &b->edges[e];
    formula both = AND(s->items[edge->item].selected, s->items[edge->producer].selected);
    s->edges[e] = edge->ask < 0 ? both : AND(both, s->items[edge->item].asks[edge->ask]);
    formula *direct = &s->direct[(size_t)edge->item * b->n + (size_t)edge->producer];
    if (edge_waits(edge))
      *direct = OR(*direct, s->edges[e]);
  }
}

/* plan.c, add_wait(): in a blueprint without circles by going down it, else over every way there is (Warshall). */
static formula follow(struct statement *s, size_t i, size_t p)
{
  size_t n = s->blueprint->n;
  formula *known = &s->waits[i * n + p];
  if (*known)
    return *known;
  formula waits = s->direct[i * n + p];
  for (size_t k = 0; k < n && waits != YES; k++)
    if (k != p && s->direct[i * n + k] != NO)
      waits = OR(waits, AND(s->direct[i * n + k], follow(s, k, p)));
  return *known = waits;
}

static void close_over(struct statement *s)
{
  size_t n = s->blueprint->n;
  memcpy((void *)s->waits, (const void *)s->direct, n * n * sizeof *s->waits);
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < n; i++)
      for (size_t p = 0; p < n; p++)
        s->waits[i * n + p] = OR(s->waits[i * n + p], AND(s->waits[i * n + k], s->waits[k * n + p]));
}

formula statement_waits(struct statement *s, size_t i, size_t p)
{
  if (s->blueprint->circular)
    return s->waits[i * s->blueprint->n + p];
  return follow(s, i, p);
}

/* ---- trips.c ---- */

/* examining_step() and is_first_step(): the step that examines is the first of all. */
static formula examined_at_once(struct statement *s, size_t i)
{
  static const char *const kinds[] = {"examination", "inspection", "testing", "appraisal"};
  const struct item *item = s->items[i].item;
  const formula *steps = s->items[i].steps;
  formula at_once = NO, none_yet = YES; /* no step of an earlier kind */
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    formula any = NO, first = NO, none_before = YES;
    for (size_t t = 0; t < item->step_count; t++) {
      if (strcmp(item->steps[t].step, kinds[k]) == 0) {
        any = OR(any, steps[t]);
        first = OR(first, AND(none_before, steps[t]));
      }
      none_before = AND(none_before, NOT(steps[t]));
    }
    at_once = OR(at_once, AND(none_yet, first));
    none_yet = AND(none_yet, NOT(any));
  }
  return OR(at_once, none_yet);
}

static formula waits_for_any(struct statement *s, size_t i)
{
  formula any = NO;
  for (size_t p = 0; p < s->blueprint->n; p++)
    any = OR(any, s->direct[i * s->blueprint->n + p]);
  return any;
}

static formula present_for(struct statement *s, size_t i, enum presence_why why)
{
  const struct item *item = s->items[i].item;
  formula any = NO;
  for (size_t p = 0; p < item->presence_count; p++)
    if (item->presence[p].why == why)
      any = OR(any, s->items[i].presences[p]);
  return any;
}

static formula takes_days(struct statement *s, size_t i)
{
  const struct item *item = s->items[i].item;
  formula any = NO;
  for (size_t t = 0; t < item->step_count && !item->instant; t++)
    if (item->steps[t].takes > 0)
      any = OR(any, s->items[i].steps[t]);
  return any;
}

static void make_presences(struct statement *s)
{
  size_t n = s->blueprint->n;
  formula *slow = formulas(s, n);
  for (size_t i = 0; i < n; i++) {
    struct statement_item *item = &s->items[i];
    formula examined = present_for(s, i, WHY_EXAMINATION);
    if (examined != NO)
      examined = AND(examined, OR(NOT(examined_at_once(s, i)), waits_for_any(s, i)));
    item->examined_later = examined;
    item->picked_up = item->item->delivery == DELIVERY_WINDOW ? item->selected : present_for(s, i, WHY_PICK_UP);
    slow[i] = OR(takes_days(s, i), examined);
  }
  for (size_t i = 0; i < n; i++) {
    formula later = slow[i];
    for (size_t p = 0; p < n && s->items[i].picked_up != NO; p++)
      if (slow[p] != NO && p != i)
        later = OR(later, AND(statement_waits(s, i, p), slow[p]));
    s->items[i].decided_later = later;
  }
}

/* Two later examinations that share no trip: at two departments, or of items of which one waits for the other. */
static formula two_examinations(struct statement *s, int stage)
{
  formula two = NO;
  for (size_t i = 0; i < s->blueprint->n; i++)
    for (size_t k = 0; k < i; k++) {
      if (s->items[i].stage != stage || s->items[k].stage != stage)
        continue;
      formula both = AND(s->items[i].examined_later, s->items[k].examined_later);
      if (both != NO && s->items[i].item->agency == s->items[k].item->agency)
        both = AND(both, OR(statement_waits(s, i, k), statement_waits(s, k, i)));
      two = OR(two, both);
    }
  return two;
}

static void make_trips(struct statement *s, int stage)
{
  formula application = NO, picked_up = NO, later = NO, examined = NO;
  for (size_t i = 0; i < s->blueprint->n; i++) {
    const struct statement_item *item = &s->items[i];
    if (item->stage != stage)
      continue;
    if (!(item->item->channels & (CHANNEL_ONLINE | CHANNEL_MOBILE)))
      application = OR(application, item->selected);
    for (size_t p = 0; p < item->item->presence_count; p++) {
      enum presence_why why = item->item->presence[p].why;
      formula present = item->presences[p];
      if (why == WHY_EXAMINATION)
        present = AND(present, NOT(item->examined_later));
      application = OR(application, why == WHY_PICK_UP ? NO : present);
    }
    picked_up = OR(picked_up, item->picked_up);
    later = OR(later, AND(item->picked_up, item->decided_later));
    examined = OR(examined, item->examined_later);
  }
  s->trips[stage] =
      (struct statement_trips){OR(application, AND(picked_up, NOT(later))), later, examined, two_examinations(s, stage)};
}

/* A stage is an application of its own: the promise is one trip for each. */
formula statement_two_trips_online(struct statement *s)
{
  formula two = NO;
  for (size_t g = 0; g < sizeof s->trips / sizeof *s->trips; g++) {
    const struct statement_trips *trips = &s->trips[g];
    formula later = OR(trips->picked_up_later, trips->examined_later);
    two = OR(two, OR(AND(trips->application, later), AND(trips->picked_up_later, trips->examined_later)));
    two = OR(two, trips->examined_twice);
  }
  return two;
}

formula statement_two_trips_window(struct statement *s)
{
  formula two = NO;
  for (size_t g = 0; g < sizeof s->trips / sizeof *s->trips; g++)
    two = OR(two, OR(s->trips[g].picked_up_later, s->trips[g].examined_later));
  return two;
}

/* ---- the other violations ---- */

formula statement_no_outcome(struct statement *s)
{
  formula none = YES;
  for (size_t i = 0; i < s->blueprint->n; i++)
    none = AND(none, NOT(s->items[i].chosen));
  return none;
}

formula statement_cycle(struct statement *s)
{
  formula cycle = NO;
  for (size_t i = 0; s->blueprint->circular && i < s->blueprint->n; i++)
    cycle = OR(cycle, s->waits[i * s->blueprint->n + i]);
  return cycle;
}

/* materials.c, assessment_for(): the zone's assessment stands for it. */
static formula covered(struct statement *s, const struct item_material *ask)
{
  formula any = NO;
  if (ask->from == FROM_ZONE)
    return prover_covered(s->prover, ask->assessment, ask->within, s->today);
  for (size_t i = 0; ask->from == FROM_RESULT && i < s->blueprint->n; i++) {
    const char *yields = item_yields(s->items[i].item);
    if (yields && strcmp(yields, ask->material->id) == 0)
      any = OR(any, AND(s->items[i].chosen, NOT(s->items[i].selected)));
  }
  return any;
}

static formula wants(struct statement *s, size_t i, const struct material *material)
{
  const struct item *item = s->items[i].item;
  formula any = NO;
  for (size_t m = 0; m < item->material_count; m++)
    if (item->materials[m].material == material)
      any = OR(any, s->items[i].asks[m]);
  return any;
}

/* The want is met by an item of the plan: the first edge. anew: by one that does not want the same paper itself. */
static formula comes_from_plan(struct statement *s, size_t i, size_t m, formula *anew)
{
  const struct blueprint *b = s->blueprint;
  const struct material *material = b->items[i].item->materials[m].material;
  formula any = NO;
  *anew = NO;
  for (size_t e = 0; e < b->edge_count; e++) {
    const struct edge *edge = &b->edges[e];
    if ((size_t)edge->item != i || edge->ask != (int)m || edge->why == EDGE_REFUSED)
      continue;
    formula from = s->edges[e];
    if (edge->why == EDGE_HELD)
      from = AND(from, statement_waits(s, i, (size_t)edge->producer));
    from = AND(from, NOT(any));
    *anew = OR(*anew, AND(from, NOT(wants(s, (size_t)edge->producer, material))));
    any = OR(any, from);
  }
  return any;
}

/* materials.c, plan_materials(): the one line of the material is an upload or made from the form. */
static formula asked(struct statement *s, const struct material *material)
{
  formula asked = NO, had = NO;
  for (size_t i = 0; i < s->blueprint->n; i++)
    for (size_t m = 0; m < s->items[i].item->material_count; m++) {
      const struct item_material *ask = &s->items[i].item->materials[m];
      if (ask->material != material)
        continue;
      formula anew = NO, from_plan = comes_from_plan(s, i, m, &anew);
      formula rest = AND(s->items[i].asks[m], NOT(from_plan));
      had = OR(had, anew);
      if (ask->from == FROM_RESULT)
        had = OR(had, AND(rest, NOT(covered(s, ask))));
      else if (ask->from == FROM_GOVERNMENT || (material->shared == SHARED_UNCONDITIONAL && material->holder))
        had = OR(had, rest);
      else
        asked = OR(asked, AND(rest, NOT(covered(s, ask))));
    }
  return AND(asked, NOT(had));
}

static bool same_paper(const struct material *a, const struct material *b)
{
  return a != b && strcmp(a->name.zh, b->name.zh) == 0;
}

/* Two papers of one name are both asked for, or one that an item of the plan issues. */
formula statement_asked_twice(struct statement *s)
{
  formula twice = NO;
  const struct blueprint *b = s->blueprint;
  for (size_t i = 0; i < b->n; i++)
    for (size_t m = 0; m < b->items[i].item->material_count; m++)
      for (size_t k = 0; k <= i; k++)
        for (size_t o = 0; o < b->items[k].item->material_count; o++) {
          const struct material *one = b->items[i].item->materials[m].material, *other = b->items[k].item->materials[o].material;
          if (same_paper(one, other))
            twice = OR(twice, AND(AND(s->items[i].asks[m], s->items[k].asks[o]), AND(asked(s, one), asked(s, other))));
        }
  for (size_t e = 0; e < b->edge_count; e++) {
    const struct edge *edge = &b->edges[e];
    if (edge->why != EDGE_REFUSED)
      continue;
    const struct material *material = b->items[edge->item].item->materials[edge->ask].material;
    formula anew = AND(s->edges[e], NOT(wants(s, (size_t)edge->producer, material)));
    twice = OR(twice, AND(anew, asked(s, material)));
  }
  return twice;
}

formula statement_no_basis(struct statement *s)
{
  formula none = NO;
  for (size_t i = 0; i < s->blueprint->n; i++) {
    const struct item *item = s->items[i].item;
    if (item->basis_count == 0)
      none = OR(none, s->items[i].selected);
    for (size_t f = 0; f < item->fee_count; f++)
      none = item->fees[f].basis ? none : OR(none, s->items[i].selected);
    for (size_t m = 0; m < item->material_count; m++)
      none = item->materials[m].basis ? none : OR(none, s->items[i].asks[m]);
    for (size_t p = 0; p < item->presence_count; p++)
      none = item->presence[p].basis ? none : OR(none, s->items[i].presences[p]);
  }
  return none;
}

formula statement_contradiction(struct statement *s)
{
  formula both = NO;
  for (size_t i = 0; i < s->blueprint->n; i++)
    for (size_t x = 0; x < s->items[i].item->exclude_count; x++)
      for (size_t k = 0; k < s->blueprint->n; k++)
        if (s->items[k].item == s->items[i].item->excludes[x])
          both = OR(both, AND(s->items[i].selected, s->items[k].selected));
  return both;
}

formula statement_undecided(struct statement *s)
{
  const struct thing *thing = s->blueprint->thing;
  formula undecided = NO;
  for (size_t t = 0; t < thing->table_count; t++)
    undecided = OR(undecided, prover_undecided(s->prover, &thing->tables[t]));
  return undecided;
}

struct statement *statement_make(struct prover *prover, const struct blueprint *blueprint, day today)
{
  struct statement *s = arena_new(prover->arena, struct statement);
  *s = (struct statement){.prover = prover, .blueprint = blueprint, .today = today};
  s->items = arena_array(prover->arena, blueprint->n + 1, sizeof *s->items);
  for (size_t i = 0; i < blueprint->n; i++)
    make_item(s, i);
  make_edges(s);
  s->waits = formulas(s, blueprint->n * blueprint->n);
  if (blueprint->circular)
    close_over(s);
  make_presences(s);
  for (int stage = 0; stage < (int)(sizeof s->trips / sizeof *s->trips); stage++)
    make_trips(s, stage);
  return s;
}
