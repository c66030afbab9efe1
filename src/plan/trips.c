/*
 * trips.c: how often the applicant goes to the government (docs/architecture.md «trips»).
 *
 * One definition for the promise, the proof and the measure:
 *   - proving identity, showing originals and signing happen at the application, together: one trip;
 *   - an item that cannot be applied for online is handed in on that trip too;
 *   - an examination joins that trip where nothing must come before it (it is the first step of an item that waits for
 *     no other); else it is a trip of its own, at the department that examines;
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

/* The step at which the applicant is examined; NULL where the item has none and the application itself is it. */
static const struct plan_step *examining_step(const struct plan *plan, int item)
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

static int duration(const struct plan_item *item)
{
  return item->end - item->start;
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
  if (why != WHY_EXAMINATION)
    return 0;
  if (examined_at_application(draft, (int)i))
    return waits_for_any(draft, (int)i) ? item->start : 0;
  return examining_step(draft->plan, (int)i)->start;
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

/* All pick-ups of a stage wait for the last of them. */
static void join_pick_ups(struct plan *plan, int stage)
{
  int last = 0;
  for (size_t p = 0; p < plan->presence_count; p++)
    if (plan->presences[p].why == WHY_PICK_UP && stage_of(plan, &plan->presences[p]) == stage && plan->presences[p].at > last)
      last = plan->presences[p].at;
  for (size_t p = 0; p < plan->presence_count; p++)
    if (plan->presences[p].why == WHY_PICK_UP && stage_of(plan, &plan->presences[p]) == stage)
      plan->presences[p].at = last;
}

static bool at_application(const struct draft *draft, const struct plan_presence *presence)
{
  if (presence->why == WHY_PICK_UP)
    return presence->at == 0;
  if (presence->why == WHY_EXAMINATION)
    return examined_at_application(draft, presence->item) && !waits_for_any(draft, presence->item);
  return true;
}

/* Two later presences share a trip when both pick up, or the same department examines on the same day. */
static bool share_trip(const struct plan *plan, const struct plan_presence *a, const struct plan_presence *b)
{
  if (a->why != b->why || a->at != b->at || stage_of(plan, a) != stage_of(plan, b))
    return false;
  return a->why == WHY_PICK_UP || plan->items[a->item].agency == plan->items[b->item].agency;
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

/* Something of the stage is done in person when it is applied for online. */
static bool comes_to_apply(const struct draft *draft, int stage)
{
  const struct plan *plan = draft->plan;
  bool comes = any_only_offline(plan, stage);
  for (size_t p = 0; p < plan->presence_count; p++)
    comes |= stage_of(plan, &plan->presences[p]) == stage && at_application(draft, &plan->presences[p]);
  return comes;
}

/* Numbers the trips of a stage in their order, after those so far; returns how many come after its application. */
static int number_trips(const struct draft *draft, int stage, int so_far, int application)
{
  struct plan *plan = draft->plan;
  int trips = so_far + application;
  for (size_t p = 0; p < plan->presence_count; p++) {
    struct plan_presence *presence = &plan->presences[p];
    if (stage_of(plan, presence) != stage)
      continue;
    if (at_application(draft, presence)) {
      presence->trip = so_far + 1;
      continue;
    }
    for (size_t k = 0; k < p && !presence->trip; k++)
      if (!at_application(draft, &plan->presences[k]) && share_trip(plan, presence, &plan->presences[k]))
        presence->trip = plan->presences[k].trip;
    if (!presence->trip)
      presence->trip = ++trips;
  }
  return trips - so_far - application;
}

/* Pass 10: presences and trips, when applied for online and when handed in at a window. */
void plan_trips(struct draft *draft)
{
  struct plan *plan = draft->plan;
  collect_presences(draft);
  for (size_t s = 0; s < plan->stage_count; s++)
    join_pick_ups(plan, plan->stages[s].stage);
  sort_presences(plan);
  for (size_t s = 0; s < plan->stage_count; s++) {
    struct plan_stage *stage = &plan->stages[s];
    bool application = comes_to_apply(draft, stage->stage);
    int after = number_trips(draft, stage->stage, plan->trips_online, application);
    stage->trips_online = application + after;
    stage->trips_window = 1 + after;
    plan->trips_online += stage->trips_online;
    plan->trips_window += stage->trips_window;
  }
}

static bool examined_later(const struct draft *draft, int item)
{
  const struct plan *plan = draft->plan;
  for (size_t p = 0; p < plan->presence_count; p++)
    if (plan->presences[p].item == item && plan->presences[p].why == WHY_EXAMINATION && !examined_at_application(draft, item))
      return true;
  return false;
}

/*
 * Handed in at the counter, which identity, originals, signature and an examination at the application share; examined later;
 * and picked up where there is a paper to fetch and it does not lie ready at once.
 */
int item_trips_alone(const struct draft *draft, int item)
{
  const struct plan *plan = draft->plan;
  bool paper = plan->items[item].item->delivery & DELIVERY_WINDOW;
  for (size_t p = 0; p < plan->presence_count; p++)
    paper |= plan->presences[p].item == item && plan->presences[p].why == WHY_PICK_UP;
  return 1 + examined_later(draft, item) + (paper && duration(&plan->items[item]) > 0);
}
