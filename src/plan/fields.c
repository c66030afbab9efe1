/*
 * fields.c: the one form: every entry once, and none that is known already.
 *
 * One slot a field: which paper held says it, which results of the plan say it. A field is asked of an item unless a paper
 * fetched or held says it, an item it waits for yields it, or a question has been answered with it.
 */
#include "plan/passes.h"

#include <stdlib.h>
#include <string.h>

struct said { /* a result of the plan says the field: it is known to those who wait for the item */
  int producer;
  const struct plan_material *line; /* NULL: it stands in the certificate that the item yields */
  const struct said *next;
};

struct field_slot {
  const struct field *field;
  const struct material *held;
  const struct question *question;
  const struct said *said;
  size_t line; /* 1 + its place in the form; 0: not there */
  int written; /* 1 + the last item whose own form had it */
};

struct field_slots {
  struct pointers map;
  struct field_slot *list;
  size_t n;
};

/* The slot of a field; a new one where it has none yet. */
static struct field_slot *slot_of(struct field_slots *slots, const struct field *field)
{
  struct pointer_slot *at = pointers_slot(&slots->map, field);
  if (!at->key) {
    *at = (struct pointer_slot){field, slots->n};
    slots->list[slots->n++] = (struct field_slot){.field = field};
  }
  return &slots->list[at->value];
}

static const struct question *answering(const struct thing *thing, const struct field *field)
{
  for (size_t i = 0; field->answered_by && i < thing->question_count; i++)
    if (strcmp(thing->questions[i].id, field->answered_by) == 0)
      return &thing->questions[i];
  return NULL;
}

static void add_fields(struct draft *draft, const struct field *const *fields, size_t n, const struct material *held,
                       const struct said *said)
{
  for (size_t f = 0; f < n; f++) {
    struct field_slot *slot = slot_of(draft->slots, fields[f]);
    if (held && !slot->held)
      slot->held = held;
    if (said) {
      struct said *copy = arena_new(draft->arena, struct said);
      *copy = (struct said){said->producer, said->line, slot->said};
      slot->said = copy;
    }
  }
}

/* A zone's assessment knows nothing of the single applicant, so what it covers says nothing here. */
static void collect_said(struct draft *draft)
{
  const struct plan *plan = draft->plan;
  for (size_t p = 0; p < plan->item_count; p++) {
    const struct certificate *result = plan->items[p].item->result;
    if (result)
      add_fields(draft, result->fields, result->field_count, NULL, &(struct said){.producer = (int)p});
  }
  for (size_t m = 0; m < plan->material_count; m++) {
    const struct plan_material *line = &plan->materials[m];
    const struct material *material = line->material;
    if (line->producer >= 0)
      add_fields(draft, material->fields, material->field_count, NULL, &(struct said){.producer = line->producer, .line = line});
    else if (line->source == PLAN_FETCH || line->source == PLAN_RESULT)
      add_fields(draft, material->fields, material->field_count, material, NULL);
  }
}

static void make_slots(struct draft *draft)
{
  const struct plan *plan = draft->plan;
  size_t n = 8;
  for (size_t w = 0; w < draft->want_count; w++)
    n += want_field_count(&draft->wants[w]);
  for (size_t p = 0; p < plan->item_count; p++)
    n += plan->items[p].item->result ? plan->items[p].item->result->field_count : 0;
  for (size_t m = 0; m < plan->material_count; m++)
    n += plan->materials[m].material->field_count;
  struct field_slots *slots = arena_new(draft->arena, struct field_slots);
  pointers_init(&slots->map, draft->arena, n);
  slots->list = arena_array(draft->arena, n, sizeof *slots->list);
  draft->slots = slots;
  for (size_t w = 0; w < draft->want_count; w++)
    for (size_t f = 0; f < want_field_count(&draft->wants[w]); f++)
      (void)slot_of(slots, want_field(&draft->wants[w], f));
  for (size_t f = 0; f < slots->n; f++)
    slots->list[f].question = answering(plan->thing, slots->list[f].field);
  collect_said(draft);
}

struct unasked field_unasked(const struct draft *draft, int item, const struct field *field)
{
  const struct field_slot *slot = slot_of(draft->slots, field);
  if (slot->question)
    return (struct unasked){.question = slot->question};
  if (slot->held)
    return (struct unasked){.held = slot->held};
  for (const struct said *said = slot->said; said; said = said->next)
    if (draft_waits(draft, item, said->producer))
      return (struct unasked){.issued = draft->plan->items[said->producer].item, .produced = said->line};
  return (struct unasked){0};
}

static bool is_asked(const struct draft *draft, int item, const struct field *field)
{
  struct unasked why = field_unasked(draft, item, field);
  return !why.question && !why.held && !why.issued;
}

static struct plan_field *field_line(struct draft *draft, const struct field *field, const struct want *want)
{
  struct plan *plan = draft->plan;
  struct field_slot *slot = slot_of(draft->slots, field);
  if (!slot->line) {
    plan->fields[plan->field_count++] = (struct plan_field){.field = field, .material = want->ask->material};
    slot->line = plan->field_count;
  }
  return &plan->fields[slot->line - 1];
}

/* Wants stand by item, so an item that has asked already is the last reason. */
static void ask_field(struct draft *draft, const struct want *want, const struct field *field)
{
  struct plan_field *line = field_line(draft, field, want);
  const struct item *item = draft->plan->items[want->item].item;
  if (line->reason_count && line->reasons[line->reason_count - 1].item == item)
    return;
  line->reasons = arena_grow(draft->arena, line->reasons, line->reason_count, &line->reason_cap, sizeof *line->reasons);
  line->reasons[line->reason_count++] = (struct reason){.item = item, .basis = want->ask->basis, .condition = want->condition};
}

static int page_of(const struct field *field)
{
  return field->group == GROUP_OTHER ? GROUP_PROJECT + 1 : (int)field->group;
}

static int by_page(const void *a, const void *b)
{
  const struct plan_field *x = a, *y = b;
  int first = page_of(x->field), second = page_of(y->field);
  if (first != second)
    return first - second;
  return (x->field > y->field) - (x->field < y->field); /* both stand in the catalogue's one array of fields */
}

static bool writes(const struct want *want)
{
  return want->ask->from == FROM_APPLICANT || want->ask->from == FROM_ZONE;
}

/* Each item's own form asks every field of what the applicant hands in there, once. */
int fields_one_by_one(const struct draft *draft)
{
  int total = 0;
  for (size_t w = 0; w < draft->want_count; w++) {
    const struct want *want = &draft->wants[w];
    for (size_t f = 0; writes(want) && f < want_field_count(want); f++) {
      struct field_slot *slot = slot_of(draft->slots, want_field(want, f));
      total += slot->written != want->item + 1;
      slot->written = want->item + 1;
    }
  }
  return total;
}

/* Pass 5: the one form. */
void plan_fields(struct draft *draft)
{
  struct plan *plan = draft->plan;
  size_t cap = 1;
  for (size_t w = 0; w < draft->want_count; w++)
    cap += want_field_count(&draft->wants[w]);
  plan->fields = arena_array(draft->arena, cap, sizeof *plan->fields);
  make_slots(draft);
  for (size_t w = 0; w < draft->want_count; w++) {
    const struct want *want = &draft->wants[w];
    enum plan_source source = plan->materials[want->line].source;
    if (source != PLAN_UPLOAD && source != PLAN_FORM)
      continue;
    for (size_t f = 0; f < want_field_count(want); f++)
      if (is_asked(draft, want->item, want_field(want, f)))
        ask_field(draft, want, want_field(want, f));
  }
  if (plan->field_count)
    qsort(plan->fields, plan->field_count, sizeof *plan->fields, by_page);
}
