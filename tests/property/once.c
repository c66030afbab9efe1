#include "once.h"

#include <string.h>

static bool bears(const struct field *const *fields, size_t n, const struct field *field)
{
  for (size_t i = 0; i < n; i++)
    if (fields[i] == field)
      return true;
  return false;
}

static bool is_answered(const struct plan *plan, const struct field *field)
{
  for (size_t q = 0; field->answered_by && q < plan->thing->question_count; q++)
    if (strcmp(plan->thing->questions[q].id, field->answered_by) == 0)
      return true;
  return false;
}

static bool is_held(const struct plan *plan, const struct field *field)
{
  for (size_t m = 0; m < plan->material_count; m++) {
    const struct plan_material *line = &plan->materials[m];
    bool held = line->source == PLAN_FETCH || (line->source == PLAN_RESULT && line->producer < 0);
    if (held && bears(line->material->fields, line->material->field_count, field))
      return true;
  }
  return false;
}

/* The item has ended when that one begins: it is one that it waits for, or one that those wait for. */
static bool comes_before(const struct plan *plan, int item, int before)
{
  for (size_t k = 0; k < plan->items[item].need_count; k++)
    if (plan->items[item].needs[k] == before || comes_before(plan, plan->items[item].needs[k], before))
      return true;
  return false;
}

static bool says(const struct plan *plan, int item, const struct field *field)
{
  const struct certificate *result = plan->items[item].item->result;
  if (result && bears(result->fields, result->field_count, field))
    return true;
  for (size_t m = 0; m < plan->material_count; m++)
    if (plan->materials[m].producer == item &&
        bears(plan->materials[m].material->fields, plan->materials[m].material->field_count, field))
      return true;
  return false;
}

/* Some item that the form asks the field for waits for one whose result says it. */
static bool is_issued(const struct plan *plan, const struct plan_field *line)
{
  for (size_t k = 0; k < line->reason_count; k++)
    for (int i = 0; i < (int)plan->item_count; i++)
      for (int p = 0; p < (int)plan->item_count && plan->items[i].item == line->reasons[k].item; p++)
        if (comes_before(plan, i, p) && says(plan, p, line->field))
          return true;
  return false;
}

static const char *field_in_vain(const struct plan *plan, size_t f)
{
  const struct plan_field *line = &plan->fields[f];
  for (size_t k = 0; k < f; k++)
    if (plan->fields[k].field == line->field)
      return "an entry is asked twice";
  return is_answered(plan, line->field) ? "an entry is asked that a question has been answered with"
         : is_held(plan, line->field)   ? "an entry is asked that a paper held says"
         : is_issued(plan, line)        ? "an entry is asked that an earlier result says"
         : line->reason_count == 0      ? "an entry is asked for nothing"
                                        : NULL;
}

const char *asked_in_vain(const struct plan *plan)
{
  const char *wrong = NULL;
  for (size_t f = 0; f < plan->field_count && !wrong; f++)
    wrong = field_in_vain(plan, f);
  for (size_t m = 0; m < plan->material_count && !wrong; m++) {
    const struct plan_material *line = &plan->materials[m];
    bool asked = line->source == PLAN_UPLOAD || line->source == PLAN_FORM;
    for (size_t k = 0; k < m; k++)
      wrong = plan->materials[k].material == line->material ? "a material is there twice" : wrong;
    if (asked && line->material->holder && line->material->shared == SHARED_UNCONDITIONAL)
      wrong = "a paper is asked that an agency shares";
  }
  return wrong;
}
