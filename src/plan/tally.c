/*
 * tally.c: limits by law, and the same matter before and after.
 *
 * One by one means: in the ordinary way, each item at its own department's counter, one after another. Every item is then handed
 * in once there, has its own application form and papers, its own acceptance and delivery, and a result on paper is picked up.
 */
#include "plan/passes.h"

#include <string.h>

static bool licences_of_several_agencies(const struct plan *plan, int stage)
{
  const struct agency *first = NULL;
  for (size_t i = 0; i < plan->item_count; i++) {
    if (plan->items[i].stage != stage || plan->items[i].item->kind != ITEM_LICENCE)
      continue;
    if (first && first != plan->items[i].agency)
      return true;
    first = plan->items[i].agency;
  }
  return false;
}

/* Administrative Licensing Law art. 42: joint handling by several agencies takes at most 45 working days. */
#define JOINT_CAP 45

/* Of the items of one stage, or of all where the plan has no stages. */
static int limit_of(const struct plan *plan, int stage)
{
  int limit = 0;
  for (size_t i = 0; i < plan->item_count; i++)
    if (plan->items[i].stage == stage && plan->items[i].item->statutory > limit)
      limit = plan->items[i].item->statutory;
  return licences_of_several_agencies(plan, stage) ? JOINT_CAP : limit;
}

/* Every stage is accepted by itself, so each has its own limit. */
static void find_limits(struct plan *plan)
{
  plan->delivery = plan->item_count ? plan->items[0].item->delivery : 0;
  for (size_t i = 0; i < plan->item_count; i++)
    plan->delivery &= plan->items[i].item->delivery;
  for (size_t s = 0; s < plan->stage_count; s++) {
    plan->stages[s].statutory = limit_of(plan, plan->stages[s].stage);
    plan->statutory += plan->stages[s].statutory;
  }
}

/* Distinct departments that have an item of the plan: whom the applicant had to find one by one. */
static int agencies_with_items(const struct plan *plan)
{
  int n = 0;
  for (size_t i = 0; i < plan->item_count; i++) {
    bool seen = false;
    for (size_t k = 0; k < i; k++)
      seen |= plan->items[k].agency == plan->items[i].agency;
    n += !seen;
  }
  return n;
}

/* One by one every item is accepted and delivered by itself, and the applicant brings every paper it lists. */
static void tally_before(struct draft *draft)
{
  struct plan *plan = draft->plan;
  struct plan_tally *before = &plan->before;
  before->forms_fields = fields_one_by_one(draft);
  before->materials = (int)draft->want_count;
  before->agencies = agencies_with_items(plan);
  before->steps = (int)(2 * plan->item_count + plan->step_count);
  before->days = plan->days_serial;
  for (size_t i = 0; i < plan->item_count; i++)
    before->trips += item_trips_alone(draft, (int)i);
}

/* Jointly: one acceptance, one delivery, a joint visit is one step; one window to go to; in stages, that for each. */
static void tally_after(struct plan *plan)
{
  struct plan_tally *after = &plan->after;
  after->forms_fields = (int)plan->field_count;
  for (size_t m = 0; m < plan->material_count; m++)
    after->materials += plan->materials[m].source == PLAN_UPLOAD;
  after->agencies = plan->item_count > 0;
  after->steps = 2 * (int)plan->stage_count + (int)plan->step_count;
  for (size_t v = 0; v < plan->visit_count; v++)
    after->steps -= (int)plan->visits[v].steps_merged - 1;
  after->days = plan->days;
  after->trips = plan->trips_online;
}

/* Pass 8: limits, before and after. */
void plan_tallies(struct draft *draft)
{
  find_limits(draft->plan);
  tally_before(draft);
  tally_after(draft->plan);
}

static int promised_of_covered(const struct plan *plan)
{
  int days = 0;
  for (size_t i = 0; i < plan->covered_count; i++)
    days += plan->covered[i].saved;
  return days;
}

/* Steps of the items of both plans that the zone makes needless, in working days one by one. */
static int step_days(const struct plan *plan, const struct plan *of)
{
  int days = 0;
  for (size_t s = 0; s < plan->step_count; s++)
    for (size_t i = 0; i < of->item_count; i++)
      if (of->items[i].item == plan->items[plan->steps[s].item].item)
        days += plan->steps[s].takes;
  return days;
}

void plan_savings(struct plan *plan, const struct plan *elsewhere)
{
  if (plan == elsewhere)
    return;
  plan->saved = (struct plan_saved){
      .approval = promised_of_covered(plan) + step_days(elsewhere, plan) - step_days(plan, plan),
      .services = elsewhere->services_serial - plan->services_serial,
      .days = elsewhere->days - plan->days,
      .days_with_services = elsewhere->days_with_services - plan->days_with_services,
      .items = (int)plan->covered_count,
      .materials = elsewhere->after.materials - plan->after.materials,
  };
}
