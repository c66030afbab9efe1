/*
 * Departments on one case: who takes a step up, another department that joins midway, a return to an earlier step, deciding
 * again before the result is issued, messages and questions, disagreements that somebody named rules on, silent consent.
 */
#include <string.h>

#include "casework/rules.h"

enum { ANSWER_MAX = 20, RULING_MAX = 10, OPINION_MAX = 20, STEPS_MAX = 2000 };

/* ---- taking up ---- */

static int take_step(struct work *w, int *ret)
{
  const json_t *value = json_object_get(w->data, "step");
  json_int_t n = json_is_integer(value) ? json_integer_value(value) : -1;
  if (!value)
    return missing_argument(w, "step");
  if (n < 0 || (uint64_t)n >= w->c->step_count || w->c->steps[n].state == STEP_REMOVED)
    return bad_argument(w, "step", "本办件没有这个环节", "This case has no such step");
  *ret = (int)n;
  return 0;
}

static int taken_already(struct work *w)
{
  return refuse(w, ERROR_CONFLICT, "taken-already", "已有人着手办理", "Somebody has taken it up already");
}

static int take_up_decision(struct work *w)
{
  int item = 0;
  if (take_item(w, &item) || check_agency(w, w->c->items[item].agency) || check_separation(w))
    return -1;
  if (!casefile_item_decidable(w->c, (size_t)item))
    return wrong_item_state(w, item);
  return w->c->items[item].taken ? taken_already(w) : emit(w, "taken-up", item, NULL);
}

int do_take_up(struct work *w)
{
  int step = 0;
  if (!json_object_get(w->data, "step") && json_object_get(w->data, "item"))
    return take_up_decision(w);
  if (take_step(w, &step) || check_agency(w, w->c->steps[step].agency) || check_separation(w))
    return -1;
  if (!casefile_step_is_next(w->c, (size_t)step))
    return refuse(w, ERROR_RULE, "not-its-turn", "前面的环节尚未完成", "A step before it is not done yet");
  return w->c->steps[step].taken ? taken_already(w) : emit(w, "taken-up", w->c->steps[step].item, json_pack("{s:i}", "step", step));
}

/* ---- another department ---- */

static bool agency_exists(const struct catalog *catalog, const char *agency)
{
  for (size_t i = 0; i < catalog->agency_count; i++)
    if (strcmp(catalog->agencies[i].id, agency) == 0)
      return true;
  return false;
}

/* The item's own department, the lead department, or the centre. */
static int check_coordinates(struct work *w, int item)
{
  if (is_role(w, "supervisor") || strcmp(w->command->actor.agency, w->c->lead) == 0)
    return 0;
  return check_agency(w, w->c->items[item].agency);
}

static int read_department(struct work *w, int item, const char **ret_agency, int *ret_takes)
{
  if (take_text(w, w->data, "agency", true, ret_agency) || take_days(w, "takes", 1, OPINION_MAX, ret_takes))
    return -1;
  if (!agency_exists(w->d->world->catalog, *ret_agency))
    return bad_argument(w, "agency", "没有这个部门", "There is no such department");
  if (strcmp(*ret_agency, w->c->items[item].agency) == 0)
    return bad_argument(w, "agency", "这是该事项的主办部门", "This department handles the item itself");
  for (size_t i = 0; i < w->c->step_count; i++)
    if (w->c->steps[i].item == item && w->c->steps[i].state == STEP_TO_DO && strcmp(w->c->steps[i].agency, *ret_agency) == 0)
      return refuse(w, ERROR_CONFLICT, "takes-part", "该部门已在办理这个事项", "This department is at work on the item already");
  return 0;
}

/* The promise stays: who joins has to be done by it, or the item is extended first, by the rules for that. */
int do_add_department(struct work *w)
{
  int item = 0, takes = 0;
  const char *agency = "", *reason = "";
  if (w->c->state < CASE_ACCEPTED || case_state_closed(w->c->state))
    return wrong_state(w);
  if (take_item(w, &item) || check_coordinates(w, item))
    return -1;
  const struct case_item *it = &w->c->items[item];
  if (it->state != ITEM_OPEN && it->state != ITEM_REVIEW)
    return wrong_item_state(w, item);
  if (read_department(w, item, &agency, &takes) || take_text(w, w->data, "reason", true, &reason))
    return -1;
  if (w->c->step_count >= STEPS_MAX)
    return refuse(w, ERROR_TOO_LARGE, "too-many", "环节数量已达上限", "The case has as many steps as it can");
  if (due_after(w, w->today, takes).day > it->promise.day)
    return refuse(w, ERROR_RULE, "would-lengthen", "所需时间超过承诺期限：请缩短，或先按规定延期",
                  "It would take longer than was promised: give it fewer days, or extend the item first");
  return emit(w, "step-added", item,
              json_pack("{s:i,s:s,s:s,s:i,s:s}", "step", (int)w->c->step_count, "kind", "opinion", "agency", agency, "takes", takes,
                        "reason", reason));
}

static bool has_written(const struct casefile *c, const char *agency, moment since)
{
  for (size_t i = 0; i < c->joint_work.message_count; i++)
    if (strcmp(c->joint_work.messages[i].agency, agency) == 0 && c->joint_work.messages[i].at >= since)
      return true;
  return false;
}

int do_remove_department(struct work *w)
{
  int step = 0;
  const char *reason = "";
  if (take_step(w, &step) || check_coordinates(w, w->c->steps[step].item))
    return -1;
  const struct case_step *s = &w->c->steps[step];
  if (!item_under_way(&w->c->items[s->item]))
    return wrong_item_state(w, s->item);
  if (!s->added)
    return refuse(w, ERROR_RULE, "of-the-plan", "只能移除中途加入的部门", "Only a department that joined midway can be removed");
  if (s->state != STEP_TO_DO || s->taken || has_written(w->c, s->agency, s->since))
    return refuse(w, ERROR_RULE, "has-worked", "该部门已经着手办理，不能移除",
                  "The department has begun to work: it cannot be removed");
  if (take_text(w, w->data, "reason", true, &reason))
    return -1;
  return emit(w, "step-removed", s->item, json_pack("{s:i,s:s,s:s}", "step", step, "agency", s->agency, "reason", reason));
}

/* ---- back to an earlier step, and deciding again ---- */

static json_t *steps_to_return(const struct casefile *c, int step)
{
  const struct case_step *first = &c->steps[step];
  json_t *list = json_pack("[i]", step);
  for (size_t i = (size_t)step + 1; i < c->step_count && !first->assist; i++) {
    const struct case_step *s = &c->steps[i];
    if (s->item == first->item && !s->assist && !step_is_decision(s) && s->done)
      (void)json_array_append_new(list, json_integer((json_int_t)i));
  }
  return list;
}

int do_return_step(struct work *w)
{
  int step = 0;
  const char *reason = "";
  if (take_step(w, &step))
    return -1;
  const struct case_step *s = &w->c->steps[step];
  const struct case_item *it = &w->c->items[s->item];
  if (it->state != ITEM_OPEN && it->state != ITEM_REVIEW)
    return wrong_item_state(w, s->item);
  if (check_agency(w, it->agency) || check_separation(w))
    return -1;
  if (s->state == STEP_TO_DO)
    return refuse(w, ERROR_RULE, "not-done", "该环节还没有完成，无需退回", "This step is not done: there is nothing to return");
  if (take_text(w, w->data, "reason", true, &reason))
    return -1;
  return emit(w, "steps-returned", s->item,
              json_pack("{s:i,s:o,s:s}", "step", step, "steps", steps_to_return(w->c, step), "reason", reason));
}

/* Something that rests on the item's result has begun, or has ended for the want of it. */
static bool rests_on(const struct casefile *c, int item)
{
  for (size_t i = 0; i < c->item_count; i++)
    for (size_t k = 0; k < c->items[i].need_count; k++)
      if (c->items[i].needs[k] == item && c->items[i].state != ITEM_WAITING && c->items[i].state != ITEM_WITHDRAWN)
        return true;
  return false;
}

int check_nothing_rests_on(struct work *w, int item)
{
  if (!rests_on(w->c, item))
    return 0;
  return refuse(w, ERROR_RULE, "rests-on-it", "其他事项已依据该结果办理，不能再改变",
                "Other items have moved on by this result: it can no longer be changed");
}

int do_reopen(struct work *w)
{
  int item = 0;
  const char *reasons = "";
  if (w->c->state < CASE_ACCEPTED || case_state_closed(w->c->state))
    return wrong_state(w);
  if (take_item(w, &item) || check_agency(w, w->c->items[item].agency) || check_separation(w))
    return -1;
  const struct case_item *it = &w->c->items[item];
  if (it->state != ITEM_GRANTED && it->state != ITEM_GRANTED_TOLERANT && it->state != ITEM_REFUSED)
    return wrong_item_state(w, item);
  if (check_nothing_rests_on(w, item) || take_text(w, w->data, "reasons", true, &reasons))
    return -1;
  return emit(w, "reopened", item,
              json_pack("{s:s,s:{s:b,s:s,s:s}}", "reasons", reasons, "first", "granted", (int)(it->state != ITEM_REFUSED),
                        "reasons", it->reason, "by", it->decided_by));
}

/* ---- messages ---- */

static int check_addressee(struct work *w, const char *to)
{
  if (!*to || strcmp(to, "centre") == 0 || casefile_takes_part(w->c, to))
    return 0;
  return bad_argument(w, "to", "收件部门应是参与本办件的部门或服务中心", "It goes to a department of the case or to the centre");
}

/* A question put to my department; at the centre any of its people answers. */
static int check_answer(struct work *w, json_int_t number)
{
  const struct joint *j = &w->c->joint_work;
  for (size_t i = 0; i < j->message_count; i++) {
    const struct message *m = &j->messages[i];
    if (m->number != number || m->due == DAY_NONE)
      continue;
    bool centre = strcmp(m->to, "centre") == 0 && !is_role(w, "officer");
    if (m->answered)
      return refuse(w, ERROR_CONFLICT, "answered", "这个问题已经答复", "This question is answered already");
    return centre ? 0 : check_agency(w, m->to);
  }
  return bad_argument(w, "answers", "没有这个问题", "There is no such question");
}

int do_message(struct work *w)
{
  const char *text = "", *to = "";
  int days = 0;
  json_int_t answers = json_int(w->data, "answers");
  if (w->c->state < CASE_SUBMITTED || case_state_closed(w->c->state))
    return wrong_state(w);
  if (check_takes_part(w) || take_text(w, w->data, "text", true, &text) || take_text(w, w->data, "to", false, &to) ||
      check_addressee(w, to))
    return -1;
  if (json_object_get(w->data, "days") && take_days(w, "days", 1, ANSWER_MAX, &days))
    return -1;
  if (days && !*to)
    return missing_argument(w, "to");
  if (answers && check_answer(w, answers))
    return -1;
  if (w->c->joint_work.message_count >= MESSAGES_MAX)
    return refuse(w, ERROR_TOO_LARGE, "too-many", "协同记录已达上限", "The case holds as many messages as it can");
  json_t *data = json_pack("{s:i,s:s,s:s,s:b,s:b}", "message", (int)w->c->joint_work.message_count + 1, "text", text, "to", to,
                           "shared", (int)json_flag(w->data, "shared"), "resolution", (int)json_flag(w->data, "resolution"));
  if (days)
    (void)json_object_set_new(data, "due", day_json(due_after(w, w->today, days).day));
  if (answers)
    (void)json_object_set_new(data, "answers", json_integer(answers));
  return emit(w, "message", -1, data);
}

/* ---- disagreements ---- */

int do_escalate(struct work *w)
{
  int item = -1, days = 0;
  const char *reason = "", *instance = "";
  if (w->c->state < CASE_ACCEPTED || case_state_closed(w->c->state))
    return wrong_state(w);
  if (check_takes_part(w) || (json_object_get(w->data, "item") && take_item(w, &item)))
    return -1;
  if (item >= 0 && !item_under_way(&w->c->items[item]))
    return wrong_item_state(w, item);
  if (casefile_open_dispute(w->c, item) >= 0)
    return refuse(w, ERROR_CONFLICT, "escalated-already", "已提请协调，等待裁定", "It is escalated already and waits for a ruling");
  if (take_days(w, "days", 1, RULING_MAX, &days) || take_text(w, w->data, "reason", true, &reason) ||
      take_text(w, w->data, "instance", true, &instance))
    return -1;
  if (w->c->joint_work.dispute_count >= DISPUTES_MAX)
    return refuse(w, ERROR_TOO_LARGE, "too-many", "提请协调次数已达上限", "It was escalated as often as it can be");
  return emit(w, "escalated", item,
              json_pack("{s:i,s:s,s:s,s:o}", "dispute", (int)w->c->joint_work.dispute_count + 1, "reason", reason, "instance",
                        instance, "due", day_json(due_after(w, w->today, days).day)));
}

static int check_neutral(struct work *w)
{
  const char *id = w->command->actor.id;
  if (!casefile_worked(w->c, id) && strcmp(id, w->c->accepted_by) != 0)
    return 0;
  return refuse(w, ERROR_FORBIDDEN, "separation-of-duties", "您办理过本办件，不能裁定其中的争议",
                "You handled this case and cannot rule on a disagreement in it");
}

int do_rule(struct work *w)
{
  const char *ruling = "", *reasons = "";
  const json_t *value = json_object_get(w->data, "dispute");
  const struct dispute *found = NULL;
  if (!value)
    return missing_argument(w, "dispute");
  for (size_t i = 0; i < w->c->joint_work.dispute_count; i++)
    if (w->c->joint_work.disputes[i].number == json_integer_value(value))
      found = &w->c->joint_work.disputes[i];
  if (!found)
    return bad_argument(w, "dispute", "没有这个争议", "There is no such disagreement");
  if (case_state_closed(w->c->state))
    return wrong_state(w);
  if (found->ruled)
    return refuse(w, ERROR_CONFLICT, "ruled-already", "这个争议已经裁定", "This disagreement is ruled on already");
  if (check_neutral(w) || take_text(w, w->data, "ruling", true, &ruling) || take_text(w, w->data, "reasons", true, &reasons))
    return -1;
  return emit(w, "ruled", found->item, json_pack("{s:i,s:s,s:s}", "dispute", found->number, "ruling", ruling, "reasons", reasons));
}

/* ---- silent consent ---- */

/* When silence becomes consent, for the steps of the item that have begun: from the day they began, and what stood still. */
void put_consent(const struct work *w, int item, json_t *data, int later)
{
  json_t *list = json_array();
  for (size_t i = 0; i < w->c->step_count; i++) {
    const struct case_step *s = &w->c->steps[i];
    if (s->item != item || !s->silent_days || s->state != STEP_TO_DO || (s->since && s->consent.day == DAY_NONE))
      continue;
    struct due due = !s->since ? due_after(w, w->today, s->silent_days) : due_after(w, s->consent.day, later);
    (void)json_array_append_new(list, json_pack("{s:i,s:o}", "step", (int)i, "due", due_json(due)));
  }
  if (json_array_size(list))
    (void)json_object_set_new(data, "silent", list);
  else
    json_decref(list);
}

static bool consent_runs(const struct casefile *c, size_t step)
{
  const struct case_step *s = &c->steps[step];
  enum item_state state = c->items[s->item].state;
  return s->state == STEP_TO_DO && s->consent.day != DAY_NONE && (state == ITEM_OPEN || state == ITEM_REVIEW);
}

int wake_consent(struct work *w)
{
  for (size_t i = 0; i < w->c->step_count; i++) {
    const struct case_step *s = &w->c->steps[i];
    if (!consent_runs(w->c, i) || !is_over(w, s->consent))
      continue;
    const char *opinion =
        arena_printf(w->d->arena, "逾期未反馈意见，视为同意（%s %s） / no answer in %d working days: by this rule that is consent",
                     s->law, s->article, s->silent_days);
    json_t *data =
        json_pack("{s:i,s:s,s:s,s:b,s:s}", "step", (int)i, "result", "pass", "opinion", opinion, "silent", 1, "agency", s->agency);
    if (emit(w, "step-done", s->item, data))
      return -1;
  }
  return 0;
}

/* The next day on whose end something of the joint back office happens of itself. */
day joint_due(const struct casefile *c)
{
  day next = DAY_NONE;
  for (size_t i = 0; i < c->joint_work.gathering_count; i++) {
    const struct gathering *g = &c->joint_work.gatherings[i];
    if (g->state == GATHERING_OFFERED && (next == DAY_NONE || g->answer_by < next))
      next = g->answer_by;
  }
  for (size_t i = 0; i < c->step_count; i++)
    if (consent_runs(c, i) && (next == DAY_NONE || c->steps[i].consent.day < next))
      next = c->steps[i].consent.day;
  return next;
}
