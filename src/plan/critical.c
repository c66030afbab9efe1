/*
 * critical.c: the steps that make the plan as long as it is.
 *
 * Backwards from what ends last: a step is critical when a critical step begins on the day it ends and waits for it: the step
 * before it in its item, an opinion before the decision, the end of an item it waits for, or what any step of its joint visit waits
 * for.
 */
#include "plan/passes.h"

#include <string.h>

/* step k of the same item must have ended before step s begins */
static bool precedes(const struct plan *plan, size_t k, size_t s)
{
  const struct plan_step *before = &plan->steps[k], *step = &plan->steps[s];
  if (before->assist)
    return !step->assist && strcmp(step->step, "decide") == 0;
  return k < s; /* steps stand by their start, of one item in its order */
}

static bool needs_item(const struct plan *plan, int item, int other)
{
  for (size_t n = 0; n < plan->items[item].need_count; n++)
    if (plan->items[item].needs[n] == other)
      return true;
  return false;
}

/* Both wait for the day on which a department examines all of a trip. */
static bool examined_together(const struct draft *draft, size_t k, size_t s)
{
  const struct plan_step *a = &draft->plan->steps[k], *b = &draft->plan->steps[s];
  return draft->examined[b->item] && draft->examined[a->item] == draft->examined[b->item] && a->start == b->start &&
         draft->plan->items[a->item].agency == draft->plan->items[b->item].agency && examining_step(draft->plan, a->item) == a &&
         examining_step(draft->plan, b->item) == b;
}

/* Step s cannot begin before step k has ended, or begins with it. */
bool step_holds_up(const struct draft *draft, size_t k, size_t s)
{
  const struct plan *plan = draft->plan;
  const struct plan_step *before = &plan->steps[k], *step = &plan->steps[s];
  if (k == s)
    return false;
  if (before->start == step->start && ((step->visit >= 0 && before->visit == step->visit) || examined_together(draft, k, s)))
    return true;
  if (before->end != step->start)
    return false;
  if (before->item == step->item)
    return precedes(plan, k, s);
  bool earlier = plan->items[before->item].stage < plan->items[step->item].stage;
  return before->end == plan->items[before->item].end && (earlier || needs_item(plan, step->item, before->item));
}

/* Pass 7: the critical path: backwards from what ends last, with a list of the steps still to look behind. */
void plan_critical(struct draft *draft)
{
  struct plan *plan = draft->plan;
  size_t *open = arena_array(draft->arena, plan->step_count + 1, sizeof *open), n = 0;
  for (size_t s = 0; s < plan->step_count; s++)
    if (plan->days > 0 && plan->steps[s].end == plan->days) {
      plan->steps[s].critical = true;
      open[n++] = s;
    }
  while (n) {
    size_t s = open[--n];
    for (size_t k = 0; k < plan->step_count; k++)
      if (!plan->steps[k].critical && step_holds_up(draft, k, s)) {
        plan->steps[k].critical = true;
        open[n++] = k;
      }
  }
}
