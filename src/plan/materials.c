#include "plan/passes.h"

#include <string.h>

/* The result of an item that the zone makes needless: the assessment stands for it. NULL where it is none. */
static const char *covered_result(const struct plan *plan, const struct material *material)
{
  for (size_t i = 0; i < plan->covered_count; i++) {
    const char *yields = item_yields(plan->covered[i].item);
    if (yields && strcmp(yields, material->id) == 0)
      return plan->covered[i].assessment;
  }
  return NULL;
}

/* The kind of assessment that stands for what is wanted; NULL. */
static const char *assessment_for(const struct draft *draft, const struct want *want)
{
  const struct item_material *ask = want->ask;
  if (ask->from == FROM_RESULT && want->producer < 0)
    return covered_result(draft->plan, ask->material);
  return ask->from == FROM_ZONE && draft_covered(draft, ask->assessment, ask->within) ? ask->assessment : NULL;
}

/* Where one item's want would be met, looking at that item alone. */
static enum plan_source source_of(const struct draft *draft, const struct want *want)
{
  const struct material *material = want->ask->material;
  bool covered = assessment_for(draft, want) != NULL;
  if (want->producer >= 0 || want->ask->from == FROM_RESULT)
    return covered ? PLAN_ZONE : PLAN_RESULT;
  if (want->ask->from == FROM_GOVERNMENT || (material->shared == SHARED_UNCONDITIONAL && material->holder))
    return PLAN_FETCH;
  if (covered)
    return PLAN_ZONE;
  return strcmp(material->kind, "form") == 0 ? PLAN_FORM : PLAN_UPLOAD;
}

/* The issuing item wants the paper too: the one that is there before, as the household register is for a new page of it. */
static bool wants_its_own_result(const struct draft *draft, const struct want *want)
{
  for (size_t w = 0; w < draft->want_count; w++)
    if (draft->wants[w].item == want->producer && draft->wants[w].ask->material == want->ask->material)
      return true;
  return false;
}

/*
 * One line a material, so one source: what the plan itself yields comes first, then what an agency holds (one item may
 * fetch what another would have asked for), then what is held from before, then what the applicant gives; a zone's
 * assessment covers the material only where it covers it for every item. Where the issuing item needs the paper itself,
 * it is had as that item has it: the others, who wait for that item, find it there.
 */
static int rank(const struct draft *draft, const struct want *want, enum plan_source source)
{
  switch (source) {
  case PLAN_RESULT:
    if (want->producer < 0)
      return 4;
    return wants_its_own_result(draft, want) ? 1 : 6;
  case PLAN_FETCH:
    return 5;
  case PLAN_UPLOAD:
    return 3;
  case PLAN_FORM:
    return 2;
  case PLAN_ZONE:
    return 0;
  }
  return 0;
}

static void merge_want(struct draft *draft, struct plan_material *line, const struct want *want, int *best)
{
  enum plan_source source = source_of(draft, want);
  int worth = rank(draft, want, source);
  if (worth > *best) {
    *best = worth;
    line->source = source;
    line->producer = source == PLAN_RESULT ? want->producer : -1;
    line->assessment = source == PLAN_ZONE ? assessment_for(draft, want) : NULL;
  }
  if (line->reason_count == 0 || want->ask->defer < line->defer)
    line->defer = want->ask->defer;
  line->reasons = arena_grow(draft->arena, line->reasons, line->reason_count, &line->reason_cap, sizeof *line->reasons);
  line->reasons[line->reason_count++] = (struct reason){
      .item = draft->plan->items[want->item].item,
      .basis = want->ask->basis,
      .condition = want->condition,
  };
}

/* The line of a material, in the order in which they are wanted. */
static size_t material_line(struct plan *plan, struct pointers *lines, const struct material *material)
{
  struct pointer_slot *slot = pointers_slot(lines, material);
  if (!slot->key) {
    *slot = (struct pointer_slot){material, plan->material_count};
    plan->materials[plan->material_count++] = (struct plan_material){.material = material, .producer = -1};
  }
  return slot->value;
}

/* Pass 4: every material once, with every item that wants it. */
void plan_materials(struct draft *draft)
{
  struct plan *plan = draft->plan;
  plan->materials = arena_array(draft->arena, draft->want_count + 1, sizeof *plan->materials);
  int *best = arena_array(draft->arena, draft->want_count + 1, sizeof *best); /* beside each line: the rank of its source */
  memset(best, -1, (draft->want_count + 1) * sizeof *best);
  struct pointers lines;
  pointers_init(&lines, draft->arena, draft->want_count);
  for (size_t w = 0; w < draft->want_count; w++) {
    struct want *want = &draft->wants[w];
    want->line = material_line(plan, &lines, want->ask->material);
    merge_want(draft, &plan->materials[want->line], want, &best[want->line]);
  }
  for (size_t m = 0; m < plan->material_count; m++)
    if (plan->materials[m].source != PLAN_UPLOAD && plan->materials[m].source != PLAN_FORM)
      plan->materials[m].defer = 0; /* nothing to hand in, so nothing to hand in later */
}
