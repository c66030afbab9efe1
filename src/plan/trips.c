/*
 * trips.c: how often the applicant goes to the government (docs/architecture.md «trips»).
 *
 * One definition for the promise, the proof and the measure, by what is in the plan and never by the days it falls on:
 *   - proving identity, showing originals and signing happen at the application, together: one trip;
 *   - an item that cannot be applied for online is handed in on that trip too;
 *   - an examination joins that trip where nothing must come before it (it is the first step of an item that waits for
 *     no other); else it is later: a trip to the department that examines, which all share that are examined there and
 *     wait for as many later examinations (so none of them waits for another): the schedule puts them on one day;
 *   - what must be picked up is picked up after the last such decision, all together: one more trip, or none where it is
 *     decided at once and so lies ready on the trip of the application;
 *   - handing in at a window is itself a trip, which all that happens at the application shares.
 *   - a project in stages hands in and picks up stage by stage: trips of two stages are never shared.
 * A result must be picked up where the item says so, or where it is delivered neither by courier nor electronically.
 */
#include "plan/passes.h"

#include <string.h>

static bool applied_online(const struct item *item)
{
  return item->channels & (CHANNEL_ONLINE | CHANNEL_MOBILE);
}

static bool only_at_window(const struct item *item)
{
  return item->delivery == DELIVERY_WINDOW;
}

const struct plan_step *examining_step(const struct plan *plan, int item)
{
  static const char *const kinds[] = {"examination", "inspection", "testing", "appraisal"};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    for (size_t s = 0; s < plan->step_count; s++)
      if (plan->steps[s].item == item && strcmp(plan->steps[s].step, kinds[k]) == 0)
        return &plan->steps[s];
  return NULL;
}

static bool is_first_step(const struct draft *draft, int item, const struct plan_step *step)
{
  const struct item *of = draft->plan->items[item].item;
  for (size_t s = 0; s < of->step_count; s++)
    if (draft_has_step(draft, &of->steps[s]))
      return strcmp(of->steps[s].step, step->step) == 0;
  return true;
}

static bool examined_at_application(const struct draft *draft, int item)
{
  const struct plan_step *step = examining_step(draft->plan, item);
  return !step || is_first_step(draft, item, step);
}

static bool waits_for_any(const struct draft *draft, int item)
{
  return draft->plan->items[item].need_count > 0;
}

static bool takes_days(const struct plan *plan, int item)
{
  for (size_t s = 0; s < plan->step_count; s++)
    if (plan->steps[s].item == item && plan->steps[s].takes > 0)
      return true;
  return false;
}

static bool examined(const struct draft *draft, const struct item *item)
{
  for (size_t p = 0; p < item->presence_count; p++)
    if (item->presence[p].why == WHY_EXAMINATION && draft_holds(draft, item->presence[p].when))
      return true;
  return false;
}

/* In the order of the items, so that what an item waits for is known before it. */
void plan_examinations(struct draft *draft)
{
  const struct plan *plan = draft->plan;
  draft->examined = arena_array(draft->arena, plan->item_count + 1, sizeof *draft->examined);
  for (size_t i = 0; i < plan->item_count; i++) {
    if (!examined(draft, plan->items[i].item) || (examined_at_application(draft, (int)i) && !waits_for_any(draft, (int)i)))
      continue;
    draft->examined[i] = 1;
    for (size_t p = 0; p < i; p++)
      if (draft_waits(draft, (int)i, (int)p) && draft->examined[p] >= draft->examined[i])
        draft->examined[i] = draft->examined[p] + 1;
  }
}

/* Not decided at once: the item or one it waits for takes days or is examined later. */
static bool decided_later(const struct draft *draft, int item)
{
  const struct plan *plan = draft->plan;
  for (int p = 0; p <= item; p++)
    if ((p == item || draft_waits(draft, item, p)) && (draft->examined[p] || takes_days(plan, p)))
      return true;
  return false;
}

static void add_presence(struct plan *plan, enum presence_why why, size_t item, const struct basis *basis, int at)
{
  plan->presences[plan->presence_count++] = (struct plan_presence){.why = why, .item = (int)item, .basis = basis, .at = at};
}

static int presence_day(const struct draft *draft, enum presence_why why, size_t i)
{
  const struct plan_item *item = &draft->plan->items[i];
  if (why == WHY_PICK_UP)
    return item->end;
  if (why != WHY_EXAMINATION || !draft->examined[i])
    return 0;
  const struct plan_step *step = examining_step(draft->plan, (int)i);
  return step ? step->start : item->start;
}

/* The presences of every item, each at the day it falls on when nothing is shared. */
static void collect_presences(struct draft *draft)
{
  struct plan *plan = draft->plan;
  size_t cap = plan->item_count;
  for (size_t i = 0; i < plan->item_count; i++)
    cap += plan->items[i].item->presence_count;
  plan->presences = arena_array(draft->arena, cap + 1, sizeof *plan->presences);
  for (size_t i = 0; i < plan->item_count; i++) {
    const struct item *item = plan->items[i].item;
    bool picked_up = false;
    for (size_t p = 0; p < item->presence_count; p++) {
      const struct presence *presence = &item->presence[p];
      if (!draft_holds(draft, presence->when))
        continue;
      add_presence(plan, presence->why, i, presence->basis, presence_day(draft, presence->why, i));
      picked_up |= presence->why == WHY_PICK_UP;
    }
    if (!picked_up && only_at_window(item))
      add_presence(plan, WHY_PICK_UP, i, item->basis_count ? &item->basis[0] : NULL, plan->items[i].end);
  }
}

static int stage_of(const struct plan *plan, const struct plan_presence *presence)
{
  return plan->items[presence->item].stage;
}

/* All pick-ups of a stage wait for the last of them. Returns whether any of them is later than the application. */
static bool join_pick_ups(const struct draft *draft, int stage)
{
  struct plan *plan = draft->plan;
  int last = 0;
  bool later = false;
  for (size_t p = 0; p < plan->presence_count; p++) {
    const struct plan_presence *presence = &plan->presences[p];
    if (presence->why != WHY_PICK_UP || stage_of(plan, presence) != stage)
      continue;
    later |= decided_later(draft, presence->item);
    if (presence->at > last)
      last = presence->at;
  }
  for (size_t p = 0; p < plan->presence_count; p++)
    if (plan->presences[p].why == WHY_PICK_UP && stage_of(plan, &plan->presences[p]) == stage)
      plan->presences[p].at = last;
  return later;
}

static bool at_application(const struct draft *draft, const struct plan_presence *presence, bool picked_up_later)
{
  if (presence->why == WHY_PICK_UP)
    return !picked_up_later;
  return presence->why != WHY_EXAMINATION || !draft->examined[presence->item];
}

/* Two later presences share a trip when both pick up, or one department examines both at the same depth. */
static bool share_trip(const struct draft *draft, const struct plan_presence *a, const struct plan_presence *b)
{
  const struct plan *plan = draft->plan;
  if (a->why != b->why || a->why == WHY_PICK_UP || stage_of(plan, a) != stage_of(plan, b))
    return a->why == b->why && stage_of(plan, a) == stage_of(plan, b);
  return plan->items[a->item].agency == plan->items[b->item].agency && draft->examined[a->item] == draft->examined[b->item];
}

static void sort_presences(struct plan *plan)
{
  for (size_t i = 1; i < plan->presence_count; i++) {
    struct plan_presence presence = plan->presences[i];
    size_t at = i;
    for (; at > 0 && plan->presences[at - 1].at > presence.at; at--)
      plan->presences[at] = plan->presences[at - 1];
    plan->presences[at] = presence;
  }
}

static bool any_only_offline(const struct plan *plan, int stage)
{
  for (size_t i = 0; i < plan->item_count; i++)
    if (plan->items[i].stage == stage && !applied_online(plan->items[i].item))
      return true;
  return false;
}

struct stage_trips {
  int stage, so_far; /* trips of the stages before it */
  bool application;  /* something of it is done in person when it is applied for online */
  bool picked_up_later;
};

/* Numbers the trips of a stage in their order; returns how many come after its application. */
static int number_trips(const struct draft *draft, const struct stage_trips *of)
{
  struct plan *plan = draft->plan;
  int first = of->so_far + of->application, trips = first;
  for (size_t p = 0; p < plan->presence_count; p++) {
    struct plan_presence *presence = &plan->presences[p];
    if (stage_of(plan, presence) != of->stage)
      continue;
    if (at_application(draft, presence, of->picked_up_later)) {
      presence->trip = of->so_far + 1;
      continue;
    }
    for (size_t k = 0; k < p && !presence->trip; k++)
      if (!at_application(draft, &plan->presences[k], of->picked_up_later) && share_trip(draft, presence, &plan->presences[k]))
        presence->trip = plan->presences[k].trip;
    if (!presence->trip)
      presence->trip = ++trips;
  }
  return trips - first;
}

static void count_trips(struct draft *draft, struct plan_stage *stage, bool picked_up_later)
{
  struct plan *plan = draft->plan;
  struct stage_trips of = {stage->stage, plan->trips_online, any_only_offline(plan, stage->stage), picked_up_later};
  for (size_t p = 0; p < plan->presence_count; p++)
    of.application |=
        stage_of(plan, &plan->presences[p]) == of.stage && at_application(draft, &plan->presences[p], picked_up_later);
  int after = number_trips(draft, &of);
  stage->trips_online = of.application + after;
  stage->trips_window = 1 + after;
  plan->trips_online += stage->trips_online;
  plan->trips_window += stage->trips_window;
}

/* Pass 10: presences and trips, when applied for online and when handed in at a window. */
void plan_trips(struct draft *draft)
{
  struct plan *plan = draft->plan;
  bool *later = arena_array(draft->arena, plan->stage_count + 1, sizeof *later);
  collect_presences(draft);
  for (size_t s = 0; s < plan->stage_count; s++)
    later[s] = join_pick_ups(draft, plan->stages[s].stage);
  sort_presences(plan);
  for (size_t s = 0; s < plan->stage_count; s++)
    count_trips(draft, &plan->stages[s], later[s]);
}

/*
 * Handed in at the counter, which identity, originals, signature and an examination at the application share; examined later;
 * and picked up where there is a paper to fetch and it does not lie ready at once.
 */
int item_trips_alone(const struct draft *draft, int item)
{
  const struct plan *plan = draft->plan;
  bool paper = plan->items[item].item->delivery & DELIVERY_WINDOW, examination = false;
  for (size_t p = 0; p < plan->presence_count; p++)
    if (plan->presences[p].item == item) {
      paper |= plan->presences[p].why == WHY_PICK_UP;
      examination |= plan->presences[p].why == WHY_EXAMINATION && !examined_at_application(draft, item);
    }
  return 1 + examination + (paper && (examination || takes_days(plan, item)));
}
