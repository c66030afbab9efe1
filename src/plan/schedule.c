/*
 * schedule.c: steps in working days.
 *
 * Items start when the items they wait for have ended, and run at the same time otherwise. Within an item steps follow
 * one another; an assisting department's step runs beside the steps that follow it and must end before «decide».
 *
 * Joint visits: steps of one merge key are one visit when their items can be at that point together (none waits for the
 * other) and none of them has to wait more than VISIT_WAIT working days for it. The visit begins when the last of its
 * items is ready and takes as long as its longest step. A path through joint visits counts each of them once, and each
 * takes no longer than its steps together, so the critical path never exceeds the sum one by one. A step that takes no
 * day meets nobody: what is decided at once is not put off for a visit.
 *
 * Examinations later than the application that share a trip (trips.c) are on one day: when the last of their items is
 * ready. Every step on a path is still there once, so this keeps that bound too.
 *
 * A stage of an investment project is accepted when the stage before it has been delivered, so none of its items begins
 * earlier, and no visit joins two stages.
 */
#include "plan/passes.h"

#include <string.h>

#define VISIT_WAIT 3
#define STAGES 5 /* 1 to 4, and 0 where there are none */

struct slot { /* beside plan->steps[i], before they are sorted */
  const struct step *step;
  int ready; /* the day its own item is ready for it */
  int next;  /* another step of the visit it is grouped into; -1 */
};

struct timetable {
  struct draft *draft;
  struct slot *slots;
  int *from;            /* a visit: the day it can begin, so far known */
  int *takes;           /* a visit: its longest step */
  int *first;           /* a visit, while they are grouped: the last step that joined it */
  int *together;        /* an item examined later: the first item of those that are examined with it; -1 */
  int *examined;        /* such a first item: the day all of them are ready, so far known */
  int accepted[STAGES]; /* a stage: the day it can be accepted, so far known */
};

static int later(int a, int b)
{
  return a > b ? a : b;
}

static int days_of(const struct item *item, const struct step *step)
{
  return item->instant ? 0 : step->takes; /* 即办件: decided at once */
}

static void collect_steps(struct timetable *table)
{
  struct draft *draft = table->draft;
  struct plan *plan = draft->plan;
  size_t cap = 0;
  for (size_t i = 0; i < plan->item_count; i++)
    cap += plan->items[i].item->step_count;
  plan->steps = arena_array(draft->arena, cap + 1, sizeof *plan->steps);
  table->slots = arena_array(draft->arena, cap + 1, sizeof *table->slots);
  for (size_t i = 0; i < plan->item_count; i++) {
    const struct item *item = plan->items[i].item;
    for (size_t s = 0; s < item->step_count; s++) {
      const struct step *step = &item->steps[s];
      if (!draft_has_step(draft, step))
        continue;
      table->slots[plan->step_count].step = step;
      plan->steps[plan->step_count++] = (struct plan_step){
          .item = (int)i,
          .step = step->step,
          .agency = step->agency ? step->agency : item->agency,
          .assist = step->assist,
          .clock_excluded = step->clock_excluded,
          .takes = days_of(item, step),
          .visit = -1,
          .condition = draft_condition(draft, step->when),
          .of = step,
      };
      plan->days_serial += days_of(item, step);
    }
  }
}

/* The day the item can be examined, at the earliest: when all are ready that share the trip. */
static int day_of_examination(const struct timetable *table, size_t i)
{
  return table->together[i] < 0 ? 0 : table->examined[table->together[i]];
}

static void place_step(struct timetable *table, size_t s, int ready)
{
  const struct plan *plan = table->draft->plan;
  int of = plan->steps[s].item;
  if (table->together[of] >= 0 && examining_step(plan, of) == &plan->steps[s])
    ready = later(ready, day_of_examination(table, (size_t)of));
  struct plan_step *step = &table->draft->plan->steps[s];
  table->slots[s].ready = ready;
  step->start = step->visit < 0 ? ready : later(ready, table->from[step->visit]);
  step->end = step->start + (step->visit < 0 ? step->takes : table->takes[step->visit]);
}

static void place_item(struct timetable *table, size_t i, size_t *next)
{
  struct plan *plan = table->draft->plan;
  struct plan_item *item = &plan->items[i];
  item->start = table->accepted[item->stage];
  for (size_t k = 0; k < item->need_count; k++) /* what they wait for has ended with them */
    item->start = later(item->start, plan->items[item->needs[k]].end);
  if (table->together[i] >= 0 && !examining_step(plan, (int)i))
    item->start = later(item->start, day_of_examination(table, i));
  int now = item->start, opinions = item->start;
  for (; *next < plan->step_count && plan->steps[*next].item == (int)i; (*next)++) {
    struct plan_step *step = &plan->steps[*next];
    bool decides = !step->assist && strcmp(step->step, "decide") == 0;
    place_step(table, *next, decides ? later(now, opinions) : now);
    if (step->assist)
      opinions = later(opinions, step->end);
    else
      now = step->end;
  }
  item->end = later(now, opinions);
}

/* All of a trip are examined when the last of them is. False where that moves one. */
static bool settle_examinations(struct timetable *table)
{
  const struct plan *plan = table->draft->plan;
  bool settled = true;
  for (size_t i = 0; i < plan->item_count; i++) {
    if (table->together[i] < 0)
      continue;
    const struct plan_step *step = examining_step(plan, (int)i);
    int *when = &table->examined[table->together[i]];
    int at = step ? step->start : plan->items[i].start;
    settled &= at <= *when;
    *when = later(*when, at);
  }
  return settled;
}

/* A stage begins when all before it has ended. False where that moves one. */
static bool settle_stages(struct timetable *table)
{
  const struct plan *plan = table->draft->plan;
  bool settled = true;
  for (size_t i = 0; i < plan->item_count; i++)
    for (int stage = plan->items[i].stage + 1; stage < STAGES; stage++) {
      settled &= plan->items[i].end <= table->accepted[stage];
      table->accepted[stage] = later(table->accepted[stage], plan->items[i].end);
    }
  return settled;
}

/* One pass over all items, which stand in an order that respects what they wait for. True when no visit has moved. */
static bool place_all(struct timetable *table)
{
  struct plan *plan = table->draft->plan;
  size_t next = 0;
  bool settled = true;
  for (size_t i = 0; i < plan->item_count; i++)
    place_item(table, i, &next);
  for (size_t s = 0; s < plan->step_count; s++) {
    const struct plan_step *step = &plan->steps[s];
    if (step->visit >= 0 && step->start > table->from[step->visit]) {
      table->from[step->visit] = step->start;
      settled = false;
    }
  }
  settled &= settle_stages(table);
  return settle_examinations(table) && settled;
}

/* Every pass settles one more visit or examination, so visits that still move after as many passes wait for each other. */
static bool place_visits(struct timetable *table)
{
  struct plan *plan = table->draft->plan;
  memset(table->examined, 0, plan->item_count * sizeof *table->examined);
  memset(table->accepted, 0, sizeof table->accepted);
  memset(table->from, 0, plan->step_count * sizeof *table->from);
  memset(table->takes, 0, plan->step_count * sizeof *table->takes);
  for (size_t s = 0; s < plan->step_count; s++) {
    int v = plan->steps[s].visit;
    if (v >= 0)
      table->takes[v] = later(table->takes[v], plan->steps[s].takes);
  }
  for (size_t pass = 0; pass < (plan->visit_count + plan->item_count + 2) * STAGES; pass++)
    if (place_all(table))
      return true;
  return false;
}

static bool can_meet(const struct timetable *table, size_t s, size_t visit)
{
  const struct draft *draft = table->draft;
  const struct plan *plan = draft->plan;
  bool some = false;
  for (int k = table->first[visit]; k >= 0; k = table->slots[k].next) {
    const struct plan_step *other = &plan->steps[k];
    int a = plan->steps[s].item, b = other->item;
    int apart = plan->steps[s].start - other->start;
    if (plan->steps[s].takes == 0 || other->takes == 0 || strcmp(table->slots[k].step->merge, table->slots[s].step->merge) != 0 ||
        a == b || plan->items[a].stage != plan->items[b].stage || draft_waits(draft, a, b) || draft_waits(draft, b, a) ||
        apart > VISIT_WAIT || apart < -VISIT_WAIT)
      return false;
    some = true;
  }
  return some;
}

/* The earliest step with a merge key that has no visit yet; step_count where there is none. */
static size_t next_to_visit(const struct timetable *table)
{
  const struct plan *plan = table->draft->plan;
  size_t first = plan->step_count;
  for (size_t s = 0; s < plan->step_count; s++)
    if (table->slots[s].step->merge && plan->steps[s].visit < 0 &&
        (first == plan->step_count || plan->steps[s].start < plan->steps[first].start))
      first = s;
  return first;
}

static void group_visits(struct timetable *table)
{
  struct plan *plan = table->draft->plan;
  for (size_t s = next_to_visit(table); s < plan->step_count; s = next_to_visit(table)) {
    size_t visit = 0;
    while (visit < plan->visit_count && !can_meet(table, s, visit))
      visit++;
    if (visit == plan->visit_count)
      table->first[plan->visit_count++] = -1;
    plan->steps[s].visit = (int)visit;
    table->slots[s].next = table->first[visit];
    table->first[visit] = (int)s;
  }
}

/*
 * The step whose leaving helps most: of the visit with the longest wait, the one that comes last and keeps the others
 * waiting. step_count where nobody waits too long; where visits wait for each other, the longest wait of all.
 */
static size_t step_to_part(const struct timetable *table, bool circular)
{
  const struct plan *plan = table->draft->plan;
  int longest = circular ? -1 : VISIT_WAIT;
  int visit = -1;
  for (size_t s = 0; s < plan->step_count; s++) {
    const struct plan_step *step = &plan->steps[s];
    bool alone = true;
    for (size_t k = 0; step->visit >= 0 && k < plan->step_count; k++)
      alone &= k == s || plan->steps[k].visit != step->visit;
    if (step->visit >= 0 && !alone && step->start - table->slots[s].ready > longest) {
      longest = step->start - table->slots[s].ready;
      visit = step->visit;
    }
  }
  size_t last = plan->step_count;
  for (size_t s = 0; visit >= 0 && s < plan->step_count; s++)
    if (plan->steps[s].visit == visit && (last == plan->step_count || table->slots[s].ready > table->slots[last].ready))
      last = s;
  return last;
}

/* Moving one visit may push another: part what then waits too long. Every round makes one visit of two, so it ends. */
static void settle_visits(struct timetable *table)
{
  struct plan *plan = table->draft->plan;
  for (;;) {
    bool circular = !place_visits(table);
    size_t s = step_to_part(table, circular);
    if (s == plan->step_count)
      return;
    plan->steps[s].visit = (int)plan->visit_count++;
  }
}

static void add_visitor(struct plan_visit *visit, const struct agency *agency)
{
  for (size_t a = 0; a < visit->agency_count; a++)
    if (visit->agencies[a] == agency)
      return;
  visit->agencies[visit->agency_count++] = agency;
}

static void sort_steps(struct plan *plan, struct slot *slots)
{
  for (size_t i = 1; i < plan->step_count; i++) {
    struct plan_step step = plan->steps[i];
    struct slot slot = slots[i];
    size_t at = i;
    for (; at > 0 && plan->steps[at - 1].start > step.start; at--) {
      plan->steps[at] = plan->steps[at - 1];
      slots[at] = slots[at - 1];
    }
    plan->steps[at] = step;
    slots[at] = slot;
  }
}

/* Visits in the order of their days, numbered anew. */
static void list_visits(struct timetable *table)
{
  struct draft *draft = table->draft;
  struct plan *plan = draft->plan;
  int *number = arena_array(draft->arena, plan->visit_count + 1, sizeof *number);
  size_t count = 0;
  plan->visits = arena_array(draft->arena, plan->visit_count + 1, sizeof *plan->visits);
  memset(number, -1, (plan->visit_count + 1) * sizeof *number);
  for (size_t s = 0; s < plan->step_count; s++) {
    struct plan_step *step = &plan->steps[s];
    if (step->visit < 0)
      continue;
    if (number[step->visit] < 0) {
      number[step->visit] = (int)count;
      plan->visits[count++] = (struct plan_visit){
          .key = table->slots[s].step->merge,
          .start = step->start,
          .end = step->end,
          .agencies = arena_array(draft->arena, plan->step_count, sizeof(struct agency *)),
      };
    }
    step->visit = number[step->visit];
    add_visitor(&plan->visits[step->visit], step->agency);
    plan->visits[step->visit].steps_merged++;
  }
  plan->visit_count = count;
}

/* Those of one department that are equally deep: none of them waits for another, and no two such groups for each other. */
static void group_examinations(struct timetable *table)
{
  const struct draft *draft = table->draft;
  const struct plan *plan = draft->plan;
  for (size_t i = 0; i < plan->item_count; i++) {
    table->together[i] = draft->examined[i] ? (int)i : -1;
    for (size_t k = 0; k < i && draft->examined[i]; k++)
      if (draft->examined[k] == draft->examined[i] && plan->items[k].agency == plan->items[i].agency &&
          plan->items[k].stage == plan->items[i].stage) {
        table->together[i] = (int)k;
        break;
      }
  }
}

/* Pass 6: when everything happens. */
void plan_schedule(struct draft *draft)
{
  struct plan *plan = draft->plan;
  struct timetable table = {.draft = draft};
  collect_steps(&table);
  /* no visit is ever without a step, so there are never more of them */
  table.from = arena_array(draft->arena, plan->step_count + 1, sizeof *table.from);
  table.first = arena_array(draft->arena, plan->step_count + 1, sizeof *table.first);
  table.takes = arena_array(draft->arena, plan->step_count + 1, sizeof *table.takes);
  table.together = arena_array(draft->arena, plan->item_count + 1, sizeof *table.together);
  table.examined = arena_array(draft->arena, plan->item_count + 1, sizeof *table.examined);
  plan_examinations(draft);
  group_examinations(&table);
  (void)place_visits(&table);
  group_visits(&table);
  settle_visits(&table);
  sort_steps(plan, table.slots);
  list_visits(&table);
  for (size_t i = 0; i < plan->item_count; i++)
    plan->days = later(plan->days, plan->items[i].end);
}
