#include "plan/passes.h"

#include <string.h>

bool draft_holds(const struct draft *draft, const struct feel *when)
{
  if (!when)
    return true;
  struct feel_value value = feel_eval(when, draft->arena, answers_lookup, &draft->plan->answers);
  return FEEL_IS_TRUE(value);
}

const char *draft_condition(const struct draft *draft, const struct feel *when)
{
  return when ? arena_dup(draft->arena, feel_text(when)) : NULL;
}

/* The first of an item's conditions that holds; false where none does. */
static bool selected(const struct draft *draft, const struct blueprint_item *line, const struct feel **ret)
{
  for (size_t k = 0; k < line->when_count; k++)
    if (draft_holds(draft, line->when[k])) {
      *ret = line->when[k];
      return true;
    }
  return false;
}

/* Only investment projects go through stages: elsewhere all is handed in together. */
/* Pass 1: the items whose condition holds, in the thing's order, each once. */
static void select_items(struct draft *draft)
{
  struct plan *plan = draft->plan;
  const struct blueprint *b = draft->blueprint;
  plan->items = arena_array(draft->arena, b->n + 1, sizeof *plan->items);
  plan->covered = arena_array(draft->arena, b->n + 1, sizeof *plan->covered);
  draft->place = arena_array(draft->arena, b->n + 1, sizeof *draft->place);
  for (size_t i = 0; i < b->n; i++) {
    const struct feel *when = NULL;
    draft->place[i] = -1;
    if (!selected(draft, &b->items[i], &when))
      continue;
    const struct item *item = b->items[i].item;
    if (draft_covered(draft, item->covered_by, item->within)) {
      plan->covered[plan->covered_count++] =
          (struct plan_covered){.item = item, .assessment = item->covered_by, .saved = item->promised};
      continue;
    }
    draft->place[i] = (int)plan->item_count;
    plan->items[plan->item_count++] = (struct plan_item){
        .item = item,
        .agency = item->agency,
        .lead = item->agency == plan->thing->lead,
        .stage = thing_stage(plan->thing, item),
        .condition = draft_condition(draft, when),
    };
  }
}

/* Pass 2: every material an item wants whose condition holds. */
static void collect_wants(struct draft *draft)
{
  const struct plan *plan = draft->plan;
  size_t cap = 0;
  for (size_t i = 0; i < plan->item_count; i++)
    cap += plan->items[i].item->material_count;
  draft->wants = arena_array(draft->arena, cap + 1, sizeof *draft->wants);
  for (size_t i = 0; i < plan->item_count; i++) {
    const struct item *item = plan->items[i].item;
    for (size_t m = 0; m < item->material_count; m++)
      if (draft_holds(draft, item->materials[m].when))
        draft->wants[draft->want_count++] = (struct want){
            .item = (int)i,
            .ask = &item->materials[m],
            .condition = draft_condition(draft, item->materials[m].when),
            .producer = -1,
        };
  }
}

/* i waits for p, and so for all that p waits for, and so does all that waits for i. False where p already waits for i. */
static bool add_wait(struct draft *draft, size_t i, size_t p)
{
  size_t n = draft->plan->item_count;
  bool *waits = draft->waits;
  if (i == p || waits[p * n + i])
    return false;
  if (waits[i * n + p])
    return true;
  for (size_t a = 0; a < n; a++) {
    if (a != i && !waits[a * n + i])
      continue;
    waits[a * n + p] = true;
    for (size_t b = 0; b < n; b++)
      waits[a * n + b] |= waits[p * n + b];
  }
  return true;
}

static int circular(struct error *error, const struct item *item)
{
  (void)error_set(error, ERROR_RULE, "plan-cycle", "事项 %s 与其他事项互为前置", "item %s and another item wait for each other",
                  item->id);
  return error_at(error, "%s", item->id);
}

/* What the edge is about, where the item wants it; NULL where not, and for needs. */
static struct want *want_of(const struct draft *draft, const struct edge *edge)
{
  if (edge->ask < 0)
    return NULL;
  const struct item_material *ask = &draft->blueprint->items[edge->item].item->materials[edge->ask];
  for (size_t w = 0; w < draft->want_count; w++)
    if (draft->wants[w].ask == ask)
      return &draft->wants[w];
  return NULL;
}

/* Both ends are in the plan, and so is what the edge is about. */
static bool active(const struct draft *draft, const struct edge *edge, struct want **ret)
{
  if (draft->place[edge->item] < 0 || draft->place[edge->producer] < 0)
    return false;
  *ret = want_of(draft, edge);
  return *ret || edge->ask < 0;
}

static int wait_for_all(struct draft *draft, struct error *error)
{
  const struct blueprint *b = draft->blueprint;
  for (size_t e = 0; e < b->edge_count; e++) {
    const struct edge *edge = &b->edges[e];
    struct want *want = NULL;
    if (!edge_waits(edge) || !active(draft, edge, &want))
      continue;
    if (!add_wait(draft, (size_t)draft->place[edge->item], (size_t)draft->place[edge->producer]))
      return circular(error, b->items[edge->item].item);
    if (want && want->producer < 0)
      want->producer = draft->place[edge->producer];
  }
  return 0;
}

/* What an agency holds comes from the plan where another item of it, waited for anyhow, yields it anew. */
static void take_held(struct draft *draft)
{
  const struct blueprint *b = draft->blueprint;
  for (size_t e = 0; e < b->edge_count; e++) {
    const struct edge *edge = &b->edges[e];
    struct want *want = NULL;
    if (edge->why == EDGE_HELD && active(draft, edge, &want) && want && want->producer < 0 &&
        draft_waits(draft, draft->place[edge->item], draft->place[edge->producer]))
      want->producer = draft->place[edge->producer];
  }
}

/* Moves item from of the old order to its place in the new one, with all that bears its index. */
static void renumber(struct draft *draft, const size_t *place)
{
  struct plan *plan = draft->plan;
  size_t n = plan->item_count;
  struct plan_item *items = arena_array(draft->arena, n + 1, sizeof *items);
  bool *waits = arena_array(draft->arena, n * n + 1, sizeof *waits);
  for (size_t i = 0; i < n; i++) {
    items[place[i]] = plan->items[i];
    for (size_t p = 0; p < n; p++)
      waits[place[i] * n + place[p]] = draft->waits[i * n + p];
  }
  struct want *wants = arena_array(draft->arena, draft->want_count + 1, sizeof *wants);
  size_t count = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t w = 0; w < draft->want_count; w++) {
      struct want want = draft->wants[w];
      if (place[want.item] != i)
        continue;
      want.item = (int)i;
      if (want.producer >= 0)
        want.producer = (int)place[want.producer];
      wants[count++] = want;
    }
  draft->wants = wants;
  plan->items = items;
  draft->waits = waits;
}

/* Every item after those it waits for, else in the thing's order. */
static void sort_items(struct draft *draft)
{
  size_t n = draft->plan->item_count;
  size_t *place = arena_array(draft->arena, n + 1, sizeof *place);
  bool *placed = arena_array(draft->arena, n + 1, sizeof *placed);
  for (size_t next = 0; next < n; next++)
    for (size_t i = 0; i < n; i++) {
      bool ready = !placed[i];
      for (size_t p = 0; ready && p < n; p++)
        ready = !draft->waits[i * n + p] || placed[p];
      if (!ready)
        continue;
      placed[i] = true;
      place[i] = next;
      break;
    }
  renumber(draft, place);
}

/* The direct prerequisites, for people to read: needs and results, without what follows from another. */
static void list_needs(struct draft *draft)
{
  struct plan *plan = draft->plan;
  size_t n = plan->item_count;
  for (size_t i = 0; i < n; i++) {
    plan->items[i].needs = arena_array(draft->arena, n + 1, sizeof(int));
    for (size_t p = 0; p < n; p++) {
      bool direct = draft->waits[i * n + p];
      for (size_t between = 0; direct && between < n; between++)
        direct = !(draft->waits[i * n + between] && draft->waits[between * n + p]);
      if (direct)
        plan->items[i].needs[plan->items[i].need_count++] = (int)p;
    }
  }
}

/* Pass 3: prerequisites, and an order that respects them. What is needed and not in the plan is held already. */
static int order_items(struct draft *draft, struct error *error)
{
  size_t n = draft->plan->item_count;
  draft->waits = arena_array(draft->arena, n * n + 1, sizeof *draft->waits);
  if (wait_for_all(draft, error) < 0)
    return -1;
  take_held(draft);
  sort_items(draft);
  list_needs(draft);
  return 0;
}

static void add_agency(struct plan *plan, const struct agency *agency)
{
  for (size_t i = 0; i < plan->agency_count; i++)
    if (plan->agencies[i] == agency)
      return;
  plan->agencies[plan->agency_count++] = agency;
}

/* The departments at work: the lead one, then by their first item or step. */
static void list_agencies(struct draft *draft)
{
  struct plan *plan = draft->plan;
  plan->agencies = arena_array(draft->arena, plan->item_count + plan->step_count + 1, sizeof(struct agency *));
  add_agency(plan, plan->thing->lead);
  for (size_t i = 0; i < plan->item_count; i++)
    add_agency(plan, plan->items[i].agency);
  for (size_t s = 0; s < plan->step_count; s++)
    add_agency(plan, plan->steps[s].agency);
}

int draft_compile(struct draft *draft, struct error *error)
{
  select_items(draft);
  collect_wants(draft);
  if (order_items(draft, error) < 0)
    return -1;
  plan_materials(draft);
  plan_fields(draft);
  plan_schedule(draft);
  plan_critical(draft);
  plan_services(draft);
  plan_by_stage(draft);
  plan_trips(draft);
  list_agencies(draft);
  plan_tallies(draft);
  return 0;
}

void draft_begin(struct draft *draft, struct arena *arena, const struct catalog *catalog, const struct blueprint *blueprint,
                 const struct answers *answers, const struct zone *zone, day today)
{
  struct plan *plan = arena_new(arena, struct plan);
  plan->catalog = catalog;
  plan->thing = blueprint->thing;
  plan->answers = *answers;
  plan->zone = zone;
  plan->made = today;
  *draft = (struct draft){.arena = arena, .plan = plan, .blueprint = blueprint, .catalog = catalog, .today = today};
}

int plan_compile(struct arena *arena, const struct catalog *catalog, const struct thing *thing, const struct answers *answers,
                 const struct zone *zone, day today, struct plan **ret, struct error *error)
{
  return plan_fill(arena, catalog, blueprint_make(arena, thing), answers, zone, today, ret, error);
}

int plan_fill(struct arena *arena, const struct catalog *catalog, const struct blueprint *blueprint, const struct answers *answers,
              const struct zone *zone, day today, struct plan **ret, struct error *error)
{
  struct draft draft;
  draft_begin(&draft, arena, catalog, blueprint, answers, zone, today);
  if (draft_compile(&draft, error) < 0)
    return -1;
  struct plan *elsewhere = draft.plan;
  if (zone && plan_fill(arena, catalog, blueprint, answers, NULL, today, &elsewhere, error) < 0)
    return -1;
  plan_savings(draft.plan, elsewhere);
  *ret = draft.plan;
  return 0;
}
