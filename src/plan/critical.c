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

static void mark_before(struct plan *plan, size_t s);

static void mark(struct plan *plan, size_t s)
{
  if (plan->steps[s].critical)
    return;
  plan->steps[s].critical = true;
  mark_before(plan, s);
}

/* What ended on the day step s began, and what s had to wait for. */
static void mark_before(struct plan *plan, size_t s)
{
  const struct plan_step *step = &plan->steps[s];
  for (size_t k = 0; k < plan->step_count; k++) {
    const struct plan_step *before = &plan->steps[k];
    if (k == s || before->end != step->start)
      continue;
    bool same = before->item == step->item && precedes(plan, k, s);
    bool needed = before->end == plan->items[before->item].end && needs_item(plan, step->item, before->item);
    if (same || needed)
      mark(plan, k);
  }
  for (size_t k = 0; step->visit >= 0 && k < plan->step_count; k++)
    if (plan->steps[k].visit == step->visit)
      mark(plan, k);
}

/* Pass 7: the critical path. */
void plan_critical(struct draft *draft)
{
  struct plan *plan = draft->plan;
  for (size_t s = 0; s < plan->step_count; s++)
    if (plan->days > 0 && plan->steps[s].end == plan->days)
      mark(plan, s);
}
