/*
 * The joint site visit (联合踏勘) and the joint meeting (联审会议): dates are offered, every department says which suit it, one is
 * chosen (of a visit by the applicant), each department writes its minutes, and a visit finishes the steps of all who came.
 */
#include <string.h>

#include "casework/rules.h"

enum { ANSWER_DAYS = 1 };

static const char *kind_of(const struct gathering *g)
{
  return g->visit ? "visit" : "meeting";
}

/* ---- who and which ---- */

int check_takes_part(struct work *w)
{
  bool centre = is_role(w, "supervisor") || is_role(w, "clerk");
  if (centre || casefile_takes_part(w->c, w->command->actor.agency))
    return 0;
  return refuse(w, ERROR_FORBIDDEN, "not-your-agency", "您所在部门不参与这个办件", "Your agency takes no part in this case");
}

static int take_gathering(struct work *w, struct gathering **ret)
{
  const json_t *value = json_object_get(w->data, "gathering");
  if (!value)
    return missing_argument(w, "gathering");
  int i = json_is_integer(value) ? gathering_index(w->c, json_integer_value(value)) : -1;
  if (i < 0)
    return bad_argument(w, "gathering", "本办件没有这次联合踏勘或会议", "This case has no such visit or meeting");
  *ret = &w->c->joint_work.gatherings[i];
  return 0;
}

static int wrong_gathering(struct work *w, const struct gathering *g)
{
  static const struct words states[] = {{"各部门正在确认日期", "the departments are saying which dates suit"},
                                        {"等待选定日期", "a date is to be chosen"},
                                        {"没有共同的日期", "no date suits everybody"},
                                        {"日期已定", "the date is fixed"},
                                        {"已经进行", "it has been held"},
                                        {"已取消", "it was called off"}};
  return refuse(w, ERROR_RULE, "wrong-state", arena_printf(w->d->arena, "“%s”，此时不能这样办理", states[g->state].zh),
                arena_printf(w->d->arena, "This cannot be done now: %s", states[g->state].en));
}

static int check_attends(struct work *w, const struct gathering *g, int *ret)
{
  *ret = attendee_index(g, w->command->actor.agency);
  if (*ret >= 0)
    return 0;
  return refuse(w, ERROR_FORBIDDEN, "not-your-agency", "您所在部门不参加这次踏勘或会议", "Your agency does not attend it");
}

static int check_caller(struct work *w, const struct gathering *g)
{
  if (strcmp(w->command->actor.agency, g->agency) == 0)
    return 0;
  return refuse(w, ERROR_FORBIDDEN, "not-your-agency", "只有召集的部门可以这样办理",
                "Only the department that called it can do this");
}

/* ---- offering dates ---- */

/* The earliest legal limit of what the visit is for: after it the visit would come too late. */
static day latest_date(const struct work *w, const json_t *steps)
{
  day last = DAY_NONE;
  for (size_t i = 0; i < json_array_size(steps); i++) {
    const struct case_item *it = &w->c->items[w->c->steps[json_integer_value(json_array_get(steps, i))].item];
    if (item_under_way(it) && it->legal.day != DAY_NONE && (last == DAY_NONE || it->legal.day < last))
      last = it->legal.day;
  }
  return last;
}

static int bad_dates(struct work *w, const char *zh, const char *en)
{
  return bad_argument(w, "dates", zh, en);
}

/* The dates as the event keeps them: working days after today, each once, not after the limit. */
static int take_dates(struct work *w, const json_t *steps, json_t **ret)
{
  const json_t *list = json_list(w->data, "dates");
  size_t n = json_array_size(list);
  day last = latest_date(w, steps);
  if (n < 1)
    return missing_argument(w, "dates");
  if (n > OFFERED_DATES_MAX)
    return bad_dates(w, "最多提供六个日期", "At most six dates are offered");
  json_t *made = json_array();
  for (size_t i = 0; i < n; i++) {
    const json_t *one = json_array_get(list, i);
    day d = day_read(json_object_get(one, "day"));
    const char *half = json_str(one, "half"), *zh = NULL, *en = NULL;
    if (d == DAY_NONE || (strcmp(half, "morning") != 0 && strcmp(half, "afternoon") != 0))
      zh = "日期应写明哪一天、上午或下午", en = "A date is a day, in the morning or the afternoon";
    else if (d <= w->today || !calendar_works(w->calendar, d))
      zh = "日期应是今天之后的工作日", en = "A date has to be a working day after today";
    else if (last != DAY_NONE && d > last)
      zh = "日期不能晚于相关事项的法定期限", en = "A date cannot be after the legal limit of the items";
    json_t *entry = zh ? NULL : json_pack("{s:o,s:s}", "day", day_json(d), "half", half);
    for (size_t k = 0; entry && k < i; k++)
      if (json_equal(entry, json_array_get(made, k)))
        zh = "同一个日期只提供一次", en = "Each date is offered once";
    if (entry)
      (void)json_array_append_new(made, entry);
    if (zh) {
      json_decref(made);
      return bad_dates(w, zh, en);
    }
  }
  *ret = made;
  return 0;
}

static bool has_text(const json_t *list, const char *text)
{
  for (size_t i = 0; i < json_array_size(list); i++)
    if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
      return true;
  return false;
}

/* Still to be done, and its item not decided. */
static bool step_to_visit(const struct casefile *c, size_t step)
{
  const struct case_step *s = &c->steps[step];
  enum item_state state = c->items[s->item].state;
  return (s->state == STEP_TO_DO || s->state == STEP_FAILED) && state > ITEM_PENDING && state < ITEM_GRANTED;
}

/* All steps of the plan's visit that the named step belongs to, and whose they are. */
static int take_visit(struct work *w, json_t *steps, json_t *agencies)
{
  const json_t *value = json_object_get(w->data, "step");
  json_int_t n = json_is_integer(value) ? json_integer_value(value) : -1;
  struct casefile *c = w->c;
  if (!value)
    return missing_argument(w, "step");
  if (n < 0 || (uint64_t)n >= c->step_count || c->steps[n].visit < 0)
    return bad_argument(w, "step", "这个环节不是方案中的踏勘", "This step is no visit of the plan");
  for (size_t i = 0; i < c->step_count; i++) {
    if (c->steps[i].visit != c->steps[n].visit || !step_to_visit(c, i))
      continue;
    if (gathering_of_step(c, (int)i) >= 0)
      return refuse(w, ERROR_CONFLICT, "visit-arranged", "这次踏勘已在安排中", "This visit is being arranged already");
    (void)json_array_append_new(steps, json_integer((json_int_t)i));
    if (!has_text(agencies, c->steps[i].agency))
      (void)json_array_append_new(agencies, json_string(c->steps[i].agency));
  }
  if (json_array_size(steps) == 0)
    return refuse(w, ERROR_RULE, "done-already", "踏勘的环节都已完成", "The steps of this visit are done already");
  if (!has_text(agencies, w->command->actor.agency) && strcmp(w->command->actor.agency, c->lead) != 0)
    return refuse(w, ERROR_FORBIDDEN, "not-your-agency", "踏勘由牵头部门或参加踏勘的部门召集",
                  "A visit is called by the lead department or by one that goes");
  return 0;
}

/* The departments of a meeting: those named, and who calls it. */
static int take_meeting(struct work *w, json_t *agencies, const char **ret_topic)
{
  const json_t *list = json_list(w->data, "agencies");
  const char *own = w->command->actor.agency;
  if (take_text(w, w->data, "topic", true, ret_topic))
    return -1;
  if (json_array_size(list) == 0)
    return missing_argument(w, "agencies");
  (void)json_array_append_new(agencies, json_string(own));
  for (size_t i = 0; i < json_array_size(list) && i < ATTENDEES_MAX; i++) {
    const char *agency = json_string_value(json_array_get(list, i));
    if (!agency || !casefile_takes_part(w->c, agency))
      return bad_argument(w, "agencies", "参会部门应是参与本办件的部门", "Departments of a meeting take part in the case");
    if (!has_text(agencies, agency))
      (void)json_array_append_new(agencies, json_string(agency));
  }
  if (json_array_size(agencies) < 2)
    return bad_argument(w, "agencies", "联审会议至少有两个部门参加", "A joint meeting has at least two departments");
  return 0;
}

static bool any_suits(const struct gathering *g)
{
  for (int d = 0; d < g->date_count; d++)
    if (date_suits(g, d))
      return true;
  return false;
}

/* Everybody has said: a date can be chosen, or others have to be offered. */
static int conclude(struct work *w, const struct gathering *g)
{
  if (g->state != GATHERING_OFFERED || (!gathering_has_said(g) && w->today <= g->answer_by))
    return 0;
  return emit(w, any_suits(g) ? "dates-open" : "dates-clash", -1,
              json_pack("{s:i,s:s}", "gathering", g->number, "kind", kind_of(g)));
}

/* Takes over steps, agencies and dates. */
static int offer(struct work *w, bool visit, json_t *steps, json_t *agencies, json_t *dates, const char *topic, const char *reason,
                 int after)
{
  const struct joint *j = &w->c->joint_work;
  json_t *data = json_pack("{s:i,s:s,s:o,s:o,s:o,s:o,s:s,s:s}", "gathering", (int)j->gathering_count + 1, "kind",
                           visit ? "visit" : "meeting", "steps", steps, "agencies", agencies, "dates", dates, "answer_by",
                           day_json(due_after(w, w->today, ANSWER_DAYS).day), "topic", topic, "reason", reason);
  if (after)
    (void)json_object_set_new(data, "after", json_integer(after));
  if (emit(w, "dates-offered", -1, data))
    return -1;
  return conclude(w, &w->c->joint_work.gatherings[w->c->joint_work.gathering_count - 1]);
}

int do_offer_dates(struct work *w)
{
  const char *kind = "", *topic = "", *reason = "";
  json_t *dates = NULL;
  if (w->c->state < CASE_ACCEPTED || case_state_closed(w->c->state))
    return wrong_state(w);
  if (check_takes_part(w) || take_text(w, w->data, "kind", true, &kind) || take_text(w, w->data, "reason", false, &reason))
    return -1;
  bool visit = strcmp(kind, "visit") == 0;
  if (!visit && strcmp(kind, "meeting") != 0)
    return bad_argument(w, "kind", "应为联合踏勘或联审会议", "It is a visit or a meeting");
  if (w->c->joint_work.gathering_count >= GATHERINGS_MAX)
    return refuse(w, ERROR_TOO_LARGE, "too-many", "踏勘和会议次数已达上限", "The case has as many visits and meetings as it can");
  json_t *steps = json_array(), *agencies = json_array();
  int bad = visit ? take_visit(w, steps, agencies) : take_meeting(w, agencies, &topic);
  if (!bad && json_array_size(agencies) > ATTENDEES_MAX)
    bad = bad_argument(w, "agencies", "部门太多", "There are too many departments");
  if (bad || take_dates(w, steps, &dates)) {
    json_decref(steps);
    json_decref(agencies);
    return -1;
  }
  return offer(w, visit, steps, agencies, dates, topic, reason, 0);
}

/* ---- which dates suit ---- */

int do_say_dates(struct work *w)
{
  struct gathering *g = NULL;
  int seat = 0;
  const json_t *list = json_object_get(w->data, "dates");
  if (take_gathering(w, &g) || check_attends(w, g, &seat))
    return -1;
  if (g->state > GATHERING_CLASH)
    return wrong_gathering(w, g);
  if (!json_is_array(list))
    return missing_argument(w, "dates");
  json_t *dates = json_array();
  for (int d = 0; d < g->date_count; d++)
    for (size_t i = 0; i < json_array_size(list); i++)
      if (json_integer_value(json_array_get(list, i)) == d && json_is_integer(json_array_get(list, i))) {
        (void)json_array_append_new(dates, json_integer(d));
        break;
      }
  json_t *data = json_pack("{s:i,s:s,s:o}", "gathering", g->number, "kind", kind_of(g), "dates", dates);
  return emit(w, "dates-said", -1, data) || conclude(w, g) ? -1 : 0;
}

/* The applicant chooses the date of a visit to him; who called a meeting chooses its. */
static int check_chooser(struct work *w, const struct gathering *g)
{
  if (g->visit && (is_role(w, "applicant") || is_role(w, "clerk")))
    return check_on_behalf(w);
  if (!g->visit && !is_role(w, "applicant") && !is_role(w, "clerk"))
    return check_caller(w, g);
  return g->visit
             ? refuse(w, ERROR_FORBIDDEN, "applicant-chooses", "踏勘日期由申请人选定", "The applicant chooses the date of a visit")
             : refuse(w, ERROR_FORBIDDEN, "caller-chooses", "会议日期由召集部门选定", "Who called the meeting chooses its date");
}

int do_choose_date(struct work *w)
{
  struct gathering *g = NULL;
  const json_t *value = json_object_get(w->data, "date");
  if (take_gathering(w, &g) || check_chooser(w, g))
    return -1;
  if (g->state == GATHERING_OFFERED)
    return refuse(w, ERROR_RULE, "not-all-said", "还有部门没有确认日期，请稍候",
                  "Not every department has said which dates suit it");
  if (g->state != GATHERING_OPEN)
    return wrong_gathering(w, g);
  if (!value)
    return missing_argument(w, "date");
  json_int_t d = json_is_integer(value) ? json_integer_value(value) : -1;
  if (d < 0 || d >= g->date_count || !date_suits(g, (int)d))
    return bad_argument(w, "date", "请选择各部门都可以的日期", "Please choose a date that suits all departments");
  if (g->dates[d].day < w->today)
    return bad_argument(w, "date", "这个日期已经过去", "This date has passed");
  return emit(w, "date-chosen", -1,
              json_pack("{s:i,s:s,s:I,s:o,s:s}", "gathering", g->number, "kind", kind_of(g), "date", d, "day",
                        day_json(g->dates[d].day), "half", g->dates[d].afternoon ? "afternoon" : "morning"));
}

/* ---- minutes ---- */

static int take_photos(struct work *w, json_t **ret)
{
  const json_t *list = json_list(w->data, "photos");
  if (json_array_size(list) + w->c->joint_work.photo_count > PHOTOS_MAX)
    return refuse(w, ERROR_TOO_LARGE, "too-many-files", "照片数量已达上限", "The case holds as many photographs as it can");
  json_t *made = json_array();
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    const char *name = "", *type = "", *sha = "";
    if (take_text(w, one, "name", true, &name) || take_text(w, one, "type", true, &type) ||
        take_text(w, one, "sha256", true, &sha) ||
        (!is_sha256(sha) && bad_argument(w, "sha256", "文件指纹不正确", "The digest of the file is not one")) ||
        (json_int(one, "size") <= 0 && bad_argument(w, "size", "文件是空的", "The file is empty"))) {
      json_decref(made);
      return -1;
    }
    (void)json_array_append_new(
        made, json_pack("{s:s,s:s,s:s,s:I}", "sha256", sha, "name", name, "type", type, "size", (json_int_t)json_int(one, "size")));
  }
  *ret = made;
  return 0;
}

/* The department's own steps of the visit are next, or a review before them has to be finished first. */
static int check_own_steps(struct work *w, const struct gathering *g)
{
  for (size_t i = 0; i < g->step_count; i++) {
    const struct case_step *s = &w->c->steps[g->steps[i]];
    if (strcmp(s->agency, w->command->actor.agency) != 0 || !step_to_visit(w->c, (size_t)g->steps[i]))
      continue;
    if (!casefile_step_is_next(w->c, (size_t)g->steps[i]) && s->state != STEP_FAILED)
      return refuse(w, ERROR_RULE, "not-its-turn", "请先完成踏勘之前的环节，再提交踏勘记录",
                    "Finish the steps before the visit first, then write its minutes");
  }
  return 0;
}

static int finish_own_steps(struct work *w, const struct gathering *g, const char *result, const char *findings)
{
  for (size_t i = 0; i < g->step_count; i++) {
    int step = g->steps[i];
    const struct case_step *s = &w->c->steps[step];
    if (strcmp(s->agency, w->command->actor.agency) != 0 || !step_to_visit(w->c, (size_t)step))
      continue;
    json_t *data = json_pack("{s:i,s:s,s:s,s:i}", "step", step, "result", result, "opinion", findings, "gathering", g->number);
    if (emit(w, "step-done", s->item, data))
      return -1;
  }
  return 0;
}

static bool all_minuted(const struct gathering *g)
{
  for (size_t i = 0; i < g->who_count; i++)
    if (g->who[i].minutes == MINUTES_NONE)
      return false;
  return true;
}

static int check_minutes(struct work *w, const struct gathering *g)
{
  int seat = 0;
  if (check_attends(w, g, &seat))
    return -1;
  if (g->state != GATHERING_FIXED)
    return wrong_gathering(w, g);
  if (w->today < g->dates[g->chosen].day)
    return refuse(w, ERROR_RULE, "too-early", "还没有到约定的日期", "The day that was chosen has not come");
  if (g->who[seat].minutes != MINUTES_NONE)
    return refuse(w, ERROR_RULE, "done-already", "您所在部门已提交记录", "Your department has written its minutes already");
  return check_separation(w) || (g->visit && check_own_steps(w, g)) ? -1 : 0;
}

int do_minutes(struct work *w)
{
  struct gathering *g = NULL;
  const char *result = "noted", *findings = "";
  json_t *photos = NULL;
  if (take_gathering(w, &g) || check_minutes(w, g))
    return -1;
  if (g->visit && take_text(w, w->data, "result", true, &result))
    return -1;
  if (g->visit && strcmp(result, "pass") != 0 && strcmp(result, "fail") != 0)
    return bad_argument(w, "result", "结果应为通过或不通过", "The result is pass or fail");
  if (take_text(w, w->data, "findings", true, &findings) || take_photos(w, &photos))
    return -1;
  json_t *data = json_pack("{s:i,s:s,s:s,s:s,s:o}", "gathering", g->number, "kind", kind_of(g), "result", result, "findings",
                           findings, "photos", photos);
  if (emit(w, "minuted", -1, data) || (g->visit && finish_own_steps(w, g, result, findings)))
    return -1;
  if (!g->visit || !all_minuted(g))
    return 0;
  return emit(w, "gathering-held", -1, json_pack("{s:i,s:s}", "gathering", g->number, "kind", kind_of(g)));
}

/* ---- its end ---- */

static json_t *missing_of(const struct gathering *g)
{
  json_t *list = json_array();
  for (size_t i = 0; i < g->who_count; i++)
    if (g->who[i].minutes == MINUTES_NONE)
      (void)json_array_append_new(list, json_string(g->who[i].agency));
  return list;
}

/* Those who missed the visit go another day: the dates offered with its end. */
static int visit_again(struct work *w, const struct gathering *held)
{
  json_t *steps = json_array(), *agencies = json_array(), *dates = NULL;
  for (size_t i = 0; i < held->step_count; i++) {
    const struct case_step *s = &w->c->steps[held->steps[i]];
    int seat = attendee_index(held, s->agency);
    if (seat < 0 || held->who[seat].minutes != MINUTES_MISSING || !step_to_visit(w->c, (size_t)held->steps[i]))
      continue;
    (void)json_array_append_new(steps, json_integer(held->steps[i]));
    if (!has_text(agencies, s->agency))
      (void)json_array_append_new(agencies, json_string(s->agency));
  }
  if (json_array_size(steps) == 0 || take_dates(w, steps, &dates)) {
    bool bad = json_array_size(steps) > 0;
    json_decref(steps);
    json_decref(agencies);
    return bad ? -1 : 0;
  }
  return offer(w, true, steps, agencies, dates, "", held->reason, held->number);
}

int do_close_gathering(struct work *w)
{
  struct gathering *g = NULL;
  const char *reason = "", *resolution = "";
  int seat = 0;
  if (take_gathering(w, &g))
    return -1;
  if (strcmp(w->command->actor.agency, g->agency) != 0 && check_attends(w, g, &seat))
    return -1;
  if (g->state != GATHERING_FIXED)
    return wrong_gathering(w, g);
  if (w->today < g->dates[g->chosen].day)
    return refuse(w, ERROR_RULE, "too-early", "还没有到约定的日期", "The day that was chosen has not come");
  size_t came = 0;
  for (size_t i = 0; i < g->who_count; i++)
    came += g->who[i].minutes != MINUTES_NONE;
  if (came == 0)
    return refuse(w, ERROR_RULE, "nobody-came", "没有部门提交记录，请取消后重新安排",
                  "No department has written minutes: call it off and offer dates again");
  if (take_text(w, w->data, "reason", came < g->who_count, &reason) || take_text(w, w->data, "resolution", !g->visit, &resolution))
    return -1;
  json_t *data = json_pack("{s:i,s:s,s:o,s:s,s:s}", "gathering", g->number, "kind", kind_of(g), "missing", missing_of(g), "reason",
                           reason, "resolution", resolution);
  if (emit(w, "gathering-held", -1, data))
    return -1;
  return g->visit && json_object_get(w->data, "dates") ? visit_again(w, g) : 0;
}

static int call_off(struct work *w, const struct gathering *g, const char *reason)
{
  return emit(w, "called-off", -1, json_pack("{s:i,s:s,s:s}", "gathering", g->number, "kind", kind_of(g), "reason", reason));
}

int do_call_off(struct work *w)
{
  struct gathering *g = NULL;
  const char *reason = "";
  if (take_gathering(w, &g) || check_caller(w, g))
    return -1;
  if (!gathering_running(g))
    return wrong_gathering(w, g);
  for (size_t i = 0; i < g->who_count; i++)
    if (g->who[i].minutes != MINUTES_NONE)
      return refuse(w, ERROR_RULE, "done-already", "已有部门提交记录，请结束这次踏勘，缺席部门另行安排",
                    "A department has written its minutes: close it, and those who were missing meet again");
  return take_text(w, w->data, "reason", true, &reason) ? -1 : call_off(w, g, reason);
}

/* ---- what follows of itself ---- */

static bool still_wanted(const struct casefile *c, const struct gathering *g)
{
  for (size_t i = 0; i < g->step_count; i++)
    if (c->items[c->steps[g->steps[i]].item].state < ITEM_GRANTED)
      return true;
  return !g->visit;
}

int settle_gatherings(struct work *w)
{
  for (size_t i = 0; i < w->c->joint_work.gathering_count; i++) {
    const struct gathering *g = &w->c->joint_work.gatherings[i];
    if (gathering_running(g) && !still_wanted(w->c, g) && call_off(w, g, "相关事项已结束 / the items it was for have ended"))
      return -1;
  }
  return 0;
}

int wake_gatherings(struct work *w)
{
  for (size_t i = 0; i < w->c->joint_work.gathering_count; i++)
    if (conclude(w, &w->c->joint_work.gatherings[i]))
      return -1;
  return 0;
}
