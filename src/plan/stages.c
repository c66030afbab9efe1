/*
 * stages.c: the work of intermediaries, and the stages of an investment project.
 *
 * An intermediary's work is bound to the approval that wants its report: it must be done when that item is applied for, or
 * by the step it is needed for. It is planned as late as that allows, so it delays nothing; what lies before acceptance is
 * negative.
 *
 * A stage is handed in, accepted and delivered by itself: its papers do not exist before the stage before it is through, so
 * two stages never share a form or a trip (schedule.c, trips.c).
 */
#include "plan/passes.h"

#include <stdlib.h>
#include <string.h>

/* The day by which the item must have it. */
static int needed_at(const struct plan *plan, int item, const char *before)
{
  for (size_t s = 0; before && s < plan->step_count; s++)
    if (plan->steps[s].item == item && strcmp(plan->steps[s].step, before) == 0)
      return plan->steps[s].start;
  return plan->items[item].start;
}

static struct plan_service *service_line(struct plan *plan, int material)
{
  for (size_t i = 0; i < plan->service_count; i++)
    if (plan->services[i].material == material)
      return &plan->services[i];
  return &plan->services[plan->service_count++];
}

/* One work a material, though several items want it: the longest, for whoever needs it first. */
static void add_service(struct plan *plan, const struct want *want)
{
  int material = (int)want->line;
  enum plan_source source = plan->materials[material].source;
  if (!want->ask->intermediary.zh || (source != PLAN_UPLOAD && source != PLAN_FORM))
    return;
  struct plan_service *line = service_line(plan, material);
  int end = needed_at(plan, want->item, want->ask->intermediary_before);
  if (line->name.zh && line->end - line->takes <= end - want->ask->intermediary_days)
    return;
  *line = (struct plan_service){
      .name = want->ask->intermediary,
      .item = want->item,
      .material = material,
      .before = want->ask->intermediary_before,
      .takes = want->ask->intermediary_days,
      .start = end - want->ask->intermediary_days,
      .end = end,
  };
}

static int by_start(const void *a, const void *b)
{
  const struct plan_service *x = a, *y = b;
  return x->start != y->start ? (x->start > y->start) - (x->start < y->start) : x->material - y->material;
}

/* Pass 8: the work of intermediaries, beside the schedule. */
void plan_services(struct draft *draft)
{
  struct plan *plan = draft->plan;
  plan->services = arena_array(draft->arena, plan->material_count + 1, sizeof *plan->services);
  for (size_t w = 0; w < draft->want_count; w++)
    add_service(plan, &draft->wants[w]);
  if (plan->service_count)
    qsort(plan->services, plan->service_count, sizeof *plan->services, by_start);
  plan->days_with_services = plan->days;
  for (size_t i = 0; i < plan->service_count; i++)
    plan->services_serial += plan->services[i].takes;
  if (plan->service_count && plan->services[0].start < 0)
    plan->days_with_services -= plan->services[0].start;
}

static bool in_stage(const struct plan *plan, const struct reason *reasons, size_t n, int stage)
{
  for (size_t r = 0; r < n; r++)
    for (size_t i = 0; i < plan->item_count; i++)
      if (plan->items[i].item == reasons[r].item && plan->items[i].stage == stage)
        return true;
  return false;
}

/* What each stage asks; an entry or a paper given in one stage is not asked for in a later one. */
static void count_asked(struct plan *plan)
{
  if (plan->stage_count == 1) {
    plan->stages[0].fields = (int)plan->field_count;
    for (size_t m = 0; m < plan->material_count; m++)
      plan->stages[0].materials += plan->materials[m].source == PLAN_UPLOAD;
    return;
  }
  for (size_t f = 0; f < plan->field_count; f++)
    for (size_t s = 0; s < plan->stage_count; s++)
      if (in_stage(plan, plan->fields[f].reasons, plan->fields[f].reason_count, plan->stages[s].stage)) {
        plan->stages[s].fields++;
        break;
      }
  for (size_t m = 0; m < plan->material_count; m++)
    for (size_t s = 0; plan->materials[m].source == PLAN_UPLOAD && s < plan->stage_count; s++)
      if (in_stage(plan, plan->materials[m].reasons, plan->materials[m].reason_count, plan->stages[s].stage)) {
        plan->stages[s].materials++;
        break;
      }
}

static int by_stage(const void *a, const void *b)
{
  return ((const struct plan_stage *)a)->stage - ((const struct plan_stage *)b)->stage;
}

/* Pass 9: one line a stage; trips and limits come later. */
void plan_by_stage(struct draft *draft)
{
  struct plan *plan = draft->plan;
  plan->stages = arena_array(draft->arena, plan->item_count + 1, sizeof *plan->stages);
  for (size_t i = 0; i < plan->item_count; i++) {
    const struct plan_item *item = &plan->items[i];
    size_t s = 0;
    while (s < plan->stage_count && plan->stages[s].stage != item->stage)
      s++;
    struct plan_stage *line = &plan->stages[s];
    if (s == plan->stage_count) {
      *line = (struct plan_stage){.stage = item->stage, .start = item->start, .end = item->end};
      plan->stage_count++;
    }
    line->items++;
    line->start = item->start < line->start ? item->start : line->start;
    line->end = item->end > line->end ? item->end : line->end;
  }
  if (plan->stage_count)
    qsort(plan->stages, plan->stage_count, sizeof *plan->stages, by_stage);
  count_asked(plan);
}
