#include "plan/passes.h"

#include <string.h>

static bool zone_covers(const struct draft *draft, const struct item_material *ask)
{
  const struct zone *zone = draft->plan->zone;
  if (!zone || ask->from != FROM_ZONE || !ask->assessment)
    return false;
  for (size_t i = 0; i < zone->assessment_count; i++)
    if (strcmp(zone->assessments[i].kind, ask->assessment) == 0 && zone->assessments[i].valid_until >= draft->today)
      return true;
  return false;
}

/* Where one item's want would be met, looking at that item alone. */
static enum plan_source source_of(const struct draft *draft, const struct want *want)
{
  const struct material *material = want->ask->material;
  if (want->producer >= 0 || want->ask->from == FROM_RESULT)
    return PLAN_RESULT;
  if (want->ask->from == FROM_GOVERNMENT || (material->shared == SHARED_UNCONDITIONAL && material->holder))
    return PLAN_FETCH;
  if (zone_covers(draft, want->ask))
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
  if (rank(draft, want, source) > *best) {
    *best = rank(draft, want, source);
    line->source = source;
    line->producer = source == PLAN_RESULT ? want->producer : -1;
    line->assessment = source == PLAN_ZONE ? want->ask->assessment : NULL;
  }
  if (line->reason_count == 0 || want->ask->defer < line->defer)
    line->defer = want->ask->defer;
  line->reasons[line->reason_count++] = (struct reason){
      .item = draft->plan->items[want->item].item,
      .basis = want->ask->basis,
      .condition = want->condition,
  };
}

static struct plan_material *material_line(struct draft *draft, const struct material *material)
{
  struct plan *plan = draft->plan;
  for (size_t m = 0; m < plan->material_count; m++)
    if (plan->materials[m].material == material)
      return &plan->materials[m];
  struct plan_material *line = &plan->materials[plan->material_count++];
  size_t wanted = 0;
  for (size_t w = 0; w < draft->want_count; w++)
    wanted += draft->wants[w].ask->material == material;
  *line = (struct plan_material){.material = material, .producer = -1};
  line->reasons = arena_array(draft->arena, wanted, sizeof *line->reasons);
  return line;
}

/* Pass 4: every material once, with every item that wants it. */
void plan_materials(struct draft *draft)
{
  struct plan *plan = draft->plan;
  plan->materials = arena_array(draft->arena, draft->want_count + 1, sizeof *plan->materials);
  int *best = arena_array(draft->arena, draft->want_count + 1, sizeof *best); /* beside each line: the rank of its source */
  memset(best, -1, (draft->want_count + 1) * sizeof *best);
  for (size_t w = 0; w < draft->want_count; w++) {
    struct plan_material *line = material_line(draft, draft->wants[w].ask->material);
    merge_want(draft, line, &draft->wants[w], &best[line - plan->materials]);
  }
  for (size_t m = 0; m < plan->material_count; m++)
    if (plan->materials[m].source != PLAN_UPLOAD && plan->materials[m].source != PLAN_FORM)
      plan->materials[m].defer = 0; /* nothing to hand in, so nothing to hand in later */
}

static bool lists_field(const struct field *const *fields, size_t n, const struct field *field)
{
  for (size_t i = 0; i < n; i++)
    if (fields[i] == field)
      return true;
  return false;
}

/* A fetched paper or a result held from before says it. A zone's assessment knows nothing of the single applicant. */
static bool held_already(const struct plan *plan, const struct field *field)
{
  for (size_t m = 0; m < plan->material_count; m++) {
    const struct plan_material *line = &plan->materials[m];
    bool held = line->source == PLAN_FETCH || (line->source == PLAN_RESULT && line->producer < 0);
    if (held && lists_field(line->material->fields, line->material->field_count, field))
      return true;
  }
  return false;
}

/* An item that this one waits for yields a certificate or document that says it. */
static bool comes_with_result(const struct draft *draft, int item, const struct field *field)
{
  const struct plan *plan = draft->plan;
  for (size_t p = 0; p < plan->item_count; p++) {
    if (!draft_waits(draft, item, (int)p))
      continue;
    const struct certificate *result = plan->items[p].item->result;
    if (result && lists_field(result->fields, result->field_count, field))
      return true;
  }
  for (size_t m = 0; m < plan->material_count; m++) {
    const struct plan_material *line = &plan->materials[m];
    if (line->producer >= 0 && draft_waits(draft, item, line->producer) &&
        lists_field(line->material->fields, line->material->field_count, field))
      return true;
  }
  return false;
}

static const struct plan_material *line_of(const struct plan *plan, const struct material *material)
{
  for (size_t m = 0; m < plan->material_count; m++)
    if (plan->materials[m].material == material)
      return &plan->materials[m];
  return NULL;
}

static struct plan_field *field_line(struct draft *draft, const struct field *field, const struct material *material)
{
  struct plan *plan = draft->plan;
  for (size_t f = 0; f < plan->field_count; f++)
    if (plan->fields[f].field == field)
      return &plan->fields[f];
  struct plan_field *line = &plan->fields[plan->field_count++];
  *line = (struct plan_field){.field = field, .material = material};
  line->reasons = arena_array(draft->arena, plan->item_count, sizeof *line->reasons);
  return line;
}

static void ask_field(struct draft *draft, const struct want *want, const struct field *field)
{
  struct plan_field *line = field_line(draft, field, want->ask->material);
  const struct item *item = draft->plan->items[want->item].item;
  for (size_t r = 0; r < line->reason_count; r++)
    if (line->reasons[r].item == item)
      return;
  line->reasons[line->reason_count++] = (struct reason){.item = item, .basis = want->ask->basis, .condition = want->condition};
}

/* Who you are, your company, your premises, the rest. */
static int group_of(const struct field *field)
{
  static const char *const groups[][3] = {
      {"person_", "representative_", "agent_"}, {"company_", "uscc", "business_"}, {"premises_", "registered_address", "owner_"}};
  for (int g = 0; g < 3; g++)
    for (int k = 0; k < 3; k++)
      if (strncmp(field->id, groups[g][k], strlen(groups[g][k])) == 0)
        return g;
  return 3;
}

static bool goes_before(const struct field *a, const struct field *b)
{
  int first = group_of(a), second = group_of(b);
  return first != second ? first < second : a < b; /* both stand in the catalogue's one array of fields */
}

static void sort_fields(struct plan *plan)
{
  for (size_t i = 1; i < plan->field_count; i++) {
    struct plan_field line = plan->fields[i];
    size_t at = i;
    for (; at > 0 && goes_before(line.field, plan->fields[at - 1].field); at--)
      plan->fields[at] = plan->fields[at - 1];
    plan->fields[at] = line;
  }
}

/* Pass 5: the one form. A field is asked once, for the items that cannot learn it from what is held or issued before. */
void plan_fields(struct draft *draft)
{
  struct plan *plan = draft->plan;
  size_t cap = 0;
  for (size_t w = 0; w < draft->want_count; w++)
    cap += draft->wants[w].ask->material->field_count;
  plan->fields = arena_array(draft->arena, cap + 1, sizeof *plan->fields);
  for (size_t w = 0; w < draft->want_count; w++) {
    const struct want *want = &draft->wants[w];
    const struct material *material = want->ask->material;
    enum plan_source source = line_of(plan, material)->source;
    if (source != PLAN_UPLOAD && source != PLAN_FORM)
      continue;
    for (size_t f = 0; f < material->field_count; f++)
      if (!held_already(plan, material->fields[f]) && !comes_with_result(draft, want->item, material->fields[f]))
        ask_field(draft, want, material->fields[f]);
  }
  sort_fields(plan);
}
