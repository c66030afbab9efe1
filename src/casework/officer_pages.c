/*
 * The officer's inbox and file: the steps of his agency, the clocks, the decision. What the rules would refuse is not
 * offered, and the page says why.
 */
#include <string.h>

#include "casework/desk_pages.h"
#include "casework/staff.h"
#include "templates_desk.h"

bool office_wants(const struct case_material *m, size_t item)
{
  for (size_t k = 0; k < m->item_count; k++)
    if (m->items[k] == (int)item)
      return true;
  return false;
}

bool office_concerns(const struct request *rq, const struct casefile *c, size_t item)
{
  if (strcmp(c->items[item].agency, rq->who->agency) == 0)
    return true;
  for (size_t i = 0; i < c->step_count; i++)
    if (c->steps[i].item == (int)item && c->steps[i].state != STEP_REMOVED && strcmp(c->steps[i].agency, rq->who->agency) == 0)
      return true;
  return false;
}

/* A failed step may be done again until one of its own later ones is done. */
static bool again(const struct casefile *c, size_t step)
{
  const struct case_step *s = &c->steps[step];
  if (s->state != STEP_FAILED)
    return false;
  for (size_t i = step + 1; i < c->step_count; i++)
    if (c->steps[i].item == s->item && !c->steps[i].assist && !s->assist && c->steps[i].state != STEP_TO_DO)
      return false;
  return true;
}

bool office_may_step(const struct request *rq, const struct casefile *c, size_t step)
{
  const struct case_step *s = &c->steps[step];
  bool decides = !s->assist && strcmp(s->step, "decide") == 0;
  return !decides && strcmp(s->agency, rq->who->agency) == 0 && item_under_way(&c->items[s->item]) &&
         (casefile_step_is_next(c, step) || again(c, step));
}

bool office_failed(const struct casefile *c, size_t item)
{
  for (size_t i = 0; i < c->step_count; i++)
    if (c->steps[i].item == (int)item && !c->steps[i].assist && c->steps[i].state == STEP_FAILED)
      return true;
  return false;
}

static const char *waits_for(struct request *rq, const struct staff_file *f, const struct case_item *it)
{
  const char *list = "";
  for (size_t i = 0; i < it->need_count; i++) {
    const struct item_view *need = &f->v->items[it->needs[i]];
    list = arena_printf(rq->arena, "%s%s%s (%s)", list, i ? ", " : "", need->name, need->agency);
  }
  return trf(rq, "It begins when the result of this is there: %s", list);
}

static const char *still_to_come(struct request *rq, const struct staff_file *f, size_t item)
{
  const char *list = "";
  for (size_t i = 0; i < f->c->step_count; i++) {
    const struct case_step *s = &f->c->steps[i];
    if (s->item == (int)item && s->state == STEP_TO_DO && (s->assist || casefile_step_is_next(f->c, i)))
      list = arena_printf(rq->arena, "%s%s%s (%s)", list, *list ? ", " : "", words_text(rq, step_words(s->step)),
                          staff_agency(rq, s->agency));
  }
  return *list ? trf(rq, "Still to come: %s", list) : tr(rq, "Your department has nothing to do here now.");
}

const char *office_why_not(struct request *rq, const struct staff_file *f, size_t item)
{
  const struct case_item *it = &f->c->items[item];
  switch (it->state) {
  case ITEM_PENDING:
    return tr(rq, "The case is not accepted yet.");
  case ITEM_WAITING:
    return waits_for(rq, f, it);
  case ITEM_SPECIAL:
    return tr(rq, "A special procedure is running: it has to end before the decision.");
  case ITEM_OPEN:
  case ITEM_REVIEW:
    return still_to_come(rq, f, item);
  case ITEM_GRANTED:
  case ITEM_GRANTED_TOLERANT:
  case ITEM_ISSUED:
  case ITEM_DELIVERED:
  case ITEM_REFUSED:
  case ITEM_CANNOT_PROCEED:
  case ITEM_WITHDRAWN:
  case ITEM_TERMINATED:
  case ITEM_REVOKED:
    break;
  }
  return tr(rq, "Your department has nothing to do here now.");
}

static int inbox(struct request *rq, struct error *error)
{
  struct staff_inbox list = {.base = "/office",
                             .title = tr(rq, "Department inbox"),
                             .lead = trf(rq, "%s: what is due first stands first.", staff_agency(rq, rq->who->agency))};
  return staff_tasks(rq, "officer", rq->who->agency, true, &list, error) ? -1 : staff_inbox_page(rq, &list, error);
}

static int show(struct request *rq, unsigned status, struct error *error)
{
  struct staff_file f;
  return staff_read(rq, "/office", &f, error) ? -1 : web_page(rq, status, office_case(rq, &f));
}

static int case_page(struct request *rq, struct error *error)
{
  return show(rq, 200, error);
}

static int action(struct request *rq, struct error *error)
{
  return staff_act(rq, "/office", "officer", show, error);
}

static const char *const actions[] = {"step-done", "special-start", "special-end", "extend",         "decide",
                                      "take-up",   "return-step",   "reopen",      "deferred-unfit", NULL};
static const struct parameter inbox_query[] = {
    {"q", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "办件编号", .en = "case number"},
    {"after", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "上一页的最后一条", .en = "the last of the page before"},
    {0}};
static const struct parameter number[] = {{"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"}, {0}};
static const struct parameter action_form[] = {
    {"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"},
    {"version", IN_FORM, TYPE_INT, false, .max = INT32_MAX, .zh = "版本", .en = "version"},
    {"command", IN_PATH, TYPE_CHOICE, true, .choices = actions, .zh = "操作", .en = "command"},
    {0}};

const struct route office_routes[] = {
    {METHOD_GET, "/office", ROLE_OFFICER, inbox, 0, inbox_query, "部门待办", "The inbox of a department"},
    {METHOD_GET, "/office/cases/{no}", ROLE_OFFICER, case_page, 0, number, "部门办件", "A case for a department"},
    {METHOD_POST, "/office/cases/{no}/{command}", ROLE_OFFICER, action, ROUTE_SHOWS_ERRORS, action_form},
    {0}};
