/*
 * The joint back office and tolerant acceptance, by the rules: on both stores.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/desk.h"

static struct desk desk;
static enum which_store which;
enum { ID = 78 };
static const struct who wu_at_window = {"staff:wu", "clerk", "service-centre", "window"};
static const struct who sun_above = {"staff:sun", "supervisor", "service-centre", "web"};

static int setup(void **state)
{
  (void)state;
  desk_open(&desk, which, &casefile_kind, 3);
  return 0;
}

static int teardown(void **state)
{
  (void)state;
  desk_close(&desk);
  return 0;
}

#define OK(who, type, data) assert_string_equal(desk_do(&desk, ID, who, type, data), "")
#define NOT(name, who, type, data) assert_string_equal(desk_do(&desk, ID, who, type, data), name)

static struct casefile *now(void)
{
  return desk_case(&desk, ID);
}

static void is_day(day d, const char *text)
{
  char got[DAY_TEXT] = "none";
  if (d != DAY_NONE)
    day_format(d, got);
  assert_string_equal(got, text);
}

static void item_is(int item, enum item_state state)
{
  assert_string_equal(item_state_words(now()->items[item].state)->word, item_state_words(state)->word);
}

static void accepted(void)
{
  OK(applicant, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, applicant);
  OK(applicant, "submit", NULL);
  OK(clerk, "accept", NULL);
}

static json_t *step(int n)
{
  return json_pack("{s:i,s:s,s:s}", "step", n, "result", "pass", "opinion", "符合条件");
}

static json_t *verdict(int item, bool granted)
{
  return json_pack("{s:i,s:b,s:s,s:s}", "item", item, "granted", (int)granted, "reasons", "依据充分", "remedy", "可申请复议");
}

static json_t *of_item(int item)
{
  return json_pack("{s:i}", "item", item);
}

static json_t *offer(int n)
{
  return json_pack("{s:s,s:i,s:[{s:s,s:s},{s:s,s:s},{s:s,s:s}]}", "kind", "visit", "step", n, "dates", "day", "2026-03-04", "half",
                   "morning", "day", "2026-03-05", "half", "afternoon", "day", "2026-03-06", "half", "morning");
}

static json_t *suits(int gathering, int date)
{
  return date < 0 ? json_pack("{s:i,s:[]}", "gathering", gathering, "dates")
                  : json_pack("{s:i,s:[i]}", "gathering", gathering, "dates", date);
}

static json_t *choose(int gathering, int date)
{
  return json_pack("{s:i,s:i}", "gathering", gathering, "date", date);
}

static const char photo[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static json_t *minutes(int gathering, const char *result)
{
  return json_pack("{s:i,s:s,s:s,s:[{s:s,s:s,s:s,s:i}]}", "gathering", gathering, "result", result, "findings", "现场与图纸一致",
                   "photos", "sha256", photo, "name", "现场.jpg", "type", "image/jpeg", "size", 4000);
}

static void grant_registration(void)
{
  OK(market, "step-done", step(0));
  OK(market, "decide", verdict(0, true));
}

static const struct gathering *gathering(int n)
{
  int i = gathering_index(now(), n);
  assert_true(i >= 0);
  return &now()->joint_work.gatherings[i];
}

/* Registration is through, the visit of fire and market is offered by market, which has the review behind it. */
static void visit_offered(void)
{
  accepted();
  grant_registration();
  OK(market, "step-done", step(3));
  OK(market, "offer-dates", offer(5));
}

static size_t waiting(const char *role, const char *agency, const char *kind)
{
  struct task *list;
  size_t n, found = 0;
  assert_int_equal(casework_inbox(desk.db, role, agency, NULL, 100, &desk.arena, &list, &n, &desk.error), 0);
  for (size_t i = 0; i < n; i++)
    found += strcmp(list[i].kind, kind) == 0;
  return found;
}

/* ---- the joint visit ---- */

static void one_visit_finishes_the_steps_of_all_departments_that_came(void **state)
{
  (void)state;
  visit_offered();
  assert_int_equal(gathering(1)->who_count, 2);
  assert_int_equal(waiting("officer", "fire-rescue", "dates"), 1);
  NOT("use-minutes", fire, "step-done", step(1));
  NOT("visit-arranged", fire, "offer-dates", offer(1));
  NOT("not-all-said", applicant, "choose-date", choose(1, 1));
  OK(fire, "say-dates", suits(1, 1));
  assert_int_equal(waiting("officer", "fire-rescue", "dates"), 0);
  NOT("applicant-chooses", fire, "choose-date", choose(1, 1));
  NOT("bad-argument", applicant, "choose-date", choose(1, 0)); /* does not suit the fire brigade */
  OK(applicant, "choose-date", choose(1, 1));
  assert_int_equal(waiting("officer", "fire-rescue", "minutes"), 1);
  NOT("too-early", fire, "minutes", minutes(1, "pass"));
  desk_noon(&desk, "2026-03-05");
  NOT("not-your-agency", urban, "minutes", minutes(1, "pass"));
  OK(fire, "minutes", minutes(1, "pass"));
  NOT("done-already", fire, "minutes", minutes(1, "pass"));
  assert_int_equal(now()->steps[1].state, STEP_PASSED);
  assert_int_equal(now()->steps[5].state, STEP_TO_DO);
  OK(market, "minutes", minutes(1, "pass"));
  assert_int_equal(now()->steps[5].state, STEP_PASSED);
  assert_string_equal(now()->steps[5].opinion, "现场与图纸一致");
  assert_int_equal(gathering(1)->state, GATHERING_HELD);
  assert_int_equal(now()->joint_work.photo_count, 2);
  assert_int_equal(waiting("officer", "fire-rescue", "minutes"), 0);
  assert_int_equal(now()->trips_applicant, 0);
}

static void a_department_that_missed_the_visit_goes_another_day(void **state)
{
  (void)state;
  visit_offered();
  OK(fire, "say-dates", suits(1, 0));
  OK(applicant, "choose-date", choose(1, 0));
  desk_noon(&desk, "2026-03-04");
  NOT("nobody-came", market, "close-gathering", json_pack("{s:i,s:s}", "gathering", 1, "reason", "出警"));
  OK(market, "minutes", minutes(1, "pass"));
  NOT("missing-argument", market, "close-gathering", json_pack("{s:i}", "gathering", 1));
  OK(market, "close-gathering",
     json_pack("{s:i,s:s,s:[{s:s,s:s}]}", "gathering", 1, "reason", "消防出警", "dates", "day", "2026-03-06", "half", "afternoon"));
  assert_int_equal(now()->steps[5].state, STEP_PASSED);
  assert_int_equal(now()->steps[1].state, STEP_TO_DO);
  assert_int_equal(gathering(1)->who[attendee_index(gathering(1), "fire-rescue")].minutes, MINUTES_MISSING);
  assert_int_equal(gathering(2)->after, 1);
  assert_int_equal(gathering(2)->step_count, 1);
  assert_string_equal(gathering(2)->reason, "消防出警");
  OK(fire, "say-dates", suits(2, 0));
  OK(applicant, "choose-date", choose(2, 0));
  desk_noon(&desk, "2026-03-06");
  OK(fire, "minutes", minutes(2, "fail"));
  assert_int_equal(now()->steps[1].state, STEP_FAILED);
  assert_int_equal(gathering(2)->state, GATHERING_HELD);
}

static void dates_that_suit_nobody_are_offered_anew(void **state)
{
  (void)state;
  visit_offered();
  OK(fire, "say-dates", suits(1, -1));
  assert_int_equal(gathering(1)->state, GATHERING_CLASH);
  assert_int_equal(waiting("officer", "market-regulation", "redate"), 1);
  NOT("wrong-state", applicant, "choose-date", choose(1, 0));
  NOT("not-your-agency", fire, "call-off", json_pack("{s:i,s:s}", "gathering", 1, "reason", "改期"));
  OK(market, "call-off", json_pack("{s:i,s:s}", "gathering", 1, "reason", "没有共同日期"));
  OK(fire, "offer-dates", offer(1));
  assert_int_equal(gathering(2)->who_count, 2);
}

static void a_department_that_is_silent_about_dates_can_on_all(void **state)
{
  (void)state;
  visit_offered();
  desk_noon(&desk, "2026-03-03");
  assert_int_equal(gathering(1)->state, GATHERING_OFFERED);
  desk_noon(&desk, "2026-03-04");
  assert_int_equal(gathering(1)->state, GATHERING_OPEN);
  OK(applicant, "choose-date", choose(1, 1));
  is_day(gathering(1)->dates[gathering(1)->chosen].day, "2026-03-05");
}

static void dates_are_working_days_within_the_limits(void **state)
{
  (void)state;
  accepted();
  NOT("bad-argument", fire, "offer-dates", /* today */
      json_pack("{s:s,s:i,s:[{s:s,s:s}]}", "kind", "visit", "step", 1, "dates", "day", "2026-03-02", "half", "morning"));
  NOT("bad-argument", fire, "offer-dates", /* a Saturday */
      json_pack("{s:s,s:i,s:[{s:s,s:s}]}", "kind", "visit", "step", 1, "dates", "day", "2026-03-07", "half", "morning"));
  NOT("bad-argument", fire, "offer-dates", /* past the legal limit */
      json_pack("{s:s,s:i,s:[{s:s,s:s}]}", "kind", "visit", "step", 1, "dates", "day", "2026-03-17", "half", "morning"));
  NOT("bad-argument", fire, "offer-dates", offer(0)); /* no visit */
  NOT("not-your-agency", urban, "offer-dates", offer(1));
  OK(fire, "offer-dates",
     json_pack("{s:s,s:i,s:[{s:s,s:s}]}", "kind", "visit", "step", 1, "dates", "day", "2026-03-16", "half", "morning"));
}

static void a_visit_nobody_waits_for_is_called_off_by_itself(void **state)
{
  (void)state;
  visit_offered();
  OK(applicant, "withdraw", json_pack("{s:s}", "reason", "不开了"));
  assert_int_equal(gathering(1)->state, GATHERING_CALLED_OFF);
  assert_int_equal(waiting("officer", "fire-rescue", "dates"), 0);
}

static void a_joint_meeting_ends_with_a_resolution(void **state)
{
  (void)state;
  accepted();
  json_t *call = json_pack("{s:s,s:s,s:[s,s],s:[{s:s,s:s}]}", "kind", "meeting", "topic", "排烟与疏散是否冲突", "agencies",
                           "fire-rescue", "urban-management", "dates", "day", "2026-03-03", "half", "afternoon");
  OK(market, "offer-dates", call);
  assert_int_equal(gathering(1)->who_count, 3);
  OK(fire, "say-dates", suits(1, 0));
  OK(urban, "say-dates", suits(1, 0));
  NOT("caller-chooses", applicant, "choose-date", choose(1, 0));
  OK(market, "choose-date", choose(1, 0));
  desk_noon(&desk, "2026-03-03");
  OK(fire, "minutes", minutes(1, "x"));
  OK(market, "minutes", minutes(1, "x"));
  NOT("missing-argument", market, "close-gathering", json_pack("{s:i,s:s}", "gathering", 1, "reason", "城管请假"));
  OK(market, "close-gathering", json_pack("{s:i,s:s,s:s}", "gathering", 1, "reason", "城管请假", "resolution", "排烟口改到东侧"));
  assert_string_equal(gathering(1)->resolution, "排烟口改到东侧");
  assert_int_equal(gathering(1)->who[attendee_index(gathering(1), "urban-management")].minutes, MINUTES_MISSING);
}

/* ---- coordination ---- */

static void a_question_is_answered_by_the_department_it_was_put_to(void **state)
{
  (void)state;
  accepted();
  NOT("not-your-agency", ecology, "message", json_pack("{s:s}", "text", "旁听"));
  NOT("bad-argument", market, "message", json_pack("{s:s,s:s,s:i}", "text", "?", "to", "ecology-environment", "days", 2));
  NOT("missing-argument", market, "message", json_pack("{s:s,s:i}", "text", "?", "days", 2));
  OK(market, "message", json_pack("{s:s,s:s,s:i}", "text", "二楼能否作厨房？", "to", "fire-rescue", "days", 2));
  is_day(now()->joint_work.messages[0].due, "2026-03-04");
  assert_int_equal(waiting("officer", "fire-rescue", "answer"), 1);
  NOT("not-your-agency", urban, "message", json_pack("{s:s,s:i}", "text", "能", "answers", 1));
  OK(fire, "message", json_pack("{s:s,s:i,s:b}", "text", "不能用明火", "answers", 1, "shared", 1));
  NOT("answered", fire, "message", json_pack("{s:s,s:i}", "text", "再答", "answers", 1));
  assert_int_equal(waiting("officer", "fire-rescue", "answer"), 0);
  OK(urban, "message", json_pack("{s:s,s:s,s:i}", "text", "请中心协调", "to", "centre", "days", 1));
  assert_int_equal(waiting("supervisor", "", "answer"), 1);
  OK(supervisor, "message", json_pack("{s:s,s:i,s:b}", "text", "明日会商", "answers", 3, "resolution", 1));
  assert_int_equal(waiting("supervisor", "", "answer"), 0);
}

static void another_department_joins_within_the_promise(void **state)
{
  (void)state;
  accepted();
  json_t *late = json_pack("{s:i,s:s,s:i,s:s}", "item", 2, "agency", "ecology-environment", "takes", 8, "reason", "油烟");
  NOT("would-lengthen", fire, "add-department", late);
  NOT("bad-argument", fire, "add-department",
      json_pack("{s:i,s:s,s:i,s:s}", "item", 2, "agency", "moon", "takes", 2, "reason", "油烟"));
  NOT("not-your-agency", housing, "add-department",
      json_pack("{s:i,s:s,s:i,s:s}", "item", 2, "agency", "ecology-environment", "takes", 2, "reason", "油烟"));
  OK(fire, "add-department",
     json_pack("{s:i,s:s,s:i,s:s}", "item", 2, "agency", "ecology-environment", "takes", 2, "reason", "油烟"));
  assert_int_equal(now()->step_count, 11);
  is_day(now()->items[2].promise.day, "2026-03-11");
  assert_int_equal(waiting("officer", "ecology-environment", "step"), 1);
  OK(fire, "step-done", step(1));
  NOT("steps-outstanding", fire, "decide", verdict(2, true));
  OK(ecology, "step-done", step(10));
  OK(fire, "decide", verdict(2, true));
}

static void who_joined_leaves_only_when_nothing_was_done(void **state)
{
  (void)state;
  accepted();
  OK(market, "add-department", /* the lead department may ask for an item of another */
     json_pack("{s:i,s:s,s:i,s:s}", "item", 2, "agency", "ecology-environment", "takes", 2, "reason", "油烟"));
  NOT("of-the-plan", fire, "remove-department", json_pack("{s:i,s:s}", "step", 1, "reason", "误加"));
  OK(ecology, "take-up", json_pack("{s:i}", "step", 10));
  NOT("has-worked", fire, "remove-department", json_pack("{s:i,s:s}", "step", 10, "reason", "误加"));
  OK(fire, "add-department", json_pack("{s:i,s:s,s:i,s:s}", "item", 2, "agency", "urban-management", "takes", 2, "reason", "招牌"));
  OK(fire, "remove-department", json_pack("{s:i,s:s}", "step", 11, "reason", "误加"));
  assert_int_equal(now()->steps[11].state, STEP_REMOVED);
  assert_int_equal(waiting("officer", "urban-management", "step"), 1); /* its own review of the sign, no more */
  OK(ecology, "step-done", step(10));
  OK(fire, "step-done", step(1));
  OK(fire, "decide", verdict(2, true));
}

static void an_item_goes_back_to_an_earlier_step(void **state)
{
  (void)state;
  accepted();
  OK(urban, "step-done", step(2));
  OK(urban, "step-done", step(6));
  NOT("missing-argument", urban, "return-step", json_pack("{s:i}", "step", 2));
  NOT("not-your-agency", fire, "return-step", json_pack("{s:i,s:s}", "step", 2, "reason", "尺寸有误"));
  OK(urban, "return-step", json_pack("{s:i,s:s}", "step", 2, "reason", "尺寸有误"));
  assert_int_equal(now()->steps[2].state, STEP_TO_DO);
  assert_int_equal(now()->steps[6].state, STEP_TO_DO);
  NOT("not-done", urban, "return-step", json_pack("{s:i,s:s}", "step", 2, "reason", "尺寸有误"));
  NOT("steps-outstanding", urban, "decide", verdict(3, true));
  OK(urban, "step-done", step(2));
  OK(urban, "step-done", step(6));
  OK(urban, "decide", verdict(3, true));
}

static void a_decision_is_made_again_before_it_is_issued(void **state)
{
  (void)state;
  accepted();
  OK(urban, "step-done", step(2));
  OK(urban, "step-done", step(6));
  OK(urban, "decide", verdict(3, false));
  OK(urban, "reopen", json_pack("{s:i,s:s}", "item", 3, "reasons", "认定事实有误"));
  item_is(3, ITEM_REVIEW);
  assert_int_equal(now()->items[3].redecided, 1);
  NOT("separation-of-duties", wu_at_window, "errand", json_pack("{s:s}", "why", "代办")); /* who decided first stays apart */
  OK(urban, "decide", verdict(3, true));
  OK(issuer, "issue", of_item(3));
  NOT("wrong-state", urban, "reopen", json_pack("{s:i,s:s}", "item", 3, "reasons", "又错"));
  grant_registration();
  NOT("rests-on-it", market, "reopen", json_pack("{s:i,s:s}", "item", 0, "reasons", "名称有误"));
}

static void a_disagreement_is_ruled_on_by_somebody_neutral(void **state)
{
  (void)state;
  accepted();
  OK(fire, "step-done", step(1));
  OK(urban, "escalate",
     json_pack("{s:i,s:s,s:s,s:i}", "item", 2, "reason", "疏散通道占用人行道", "instance", "政务服务中心协调员", "days", 2));
  NOT("escalated-already", fire, "escalate",
      json_pack("{s:i,s:s,s:s,s:i}", "item", 2, "reason", "再提", "instance", "协调员", "days", 2));
  is_day(now()->joint_work.disputes[0].due, "2026-03-04");
  assert_int_equal(waiting("supervisor", "", "rule"), 1);
  NOT("dispute-open", fire, "decide", verdict(2, true));
  NOT("not-your-role", fire, "rule", json_pack("{s:i,s:s,s:s}", "dispute", 1, "ruling", "可", "reasons", "理由"));
  NOT("separation-of-duties", sun_above, "rule", json_pack("{s:i,s:s,s:s}", "dispute", 1, "ruling", "可", "reasons", "理由"));
  NOT("missing-argument", supervisor, "rule", json_pack("{s:i,s:s}", "dispute", 1, "ruling", "可"));
  OK(supervisor, "rule", json_pack("{s:i,s:s,s:s}", "dispute", 1, "ruling", "通道内移", "reasons", "人行道不得占用"));
  assert_int_equal(waiting("supervisor", "", "rule"), 0);
  OK(fire, "decide", verdict(2, true));
}

/* ---- silence ---- */

static void silence_is_consent_only_where_the_plan_says_so(void **state)
{
  (void)state;
  json_t *opinion = json_array_get(json_object_get(desk.plan, "steps"), 4);
  (void)json_object_set_new(opinion, "silent", json_pack("{s:i,s:s,s:s}", "days", 3, "law", "联合审批规程", "article", "第六条"));
  accepted();
  grant_registration();
  is_day(now()->steps[4].consent.day, "2026-03-05");
  desk_noon(&desk, "2026-03-05");
  assert_int_equal(now()->steps[4].state, STEP_TO_DO);
  desk_noon(&desk, "2026-03-06");
  assert_int_equal(now()->steps[4].state, STEP_PASSED);
  assert_true(now()->steps[4].silent);
  assert_non_null(strstr(now()->steps[4].opinion, "第六条"));
  assert_int_equal(now()->steps[1].state, STEP_TO_DO); /* the others do not consent by silence */
}

static void silence_does_not_run_in_a_special_procedure(void **state)
{
  (void)state;
  json_t *opinion = json_array_get(json_object_get(desk.plan, "steps"), 4);
  (void)json_object_set_new(opinion, "silent", json_pack("{s:i,s:s,s:s}", "days", 3, "law", "联合审批规程", "article", "第六条"));
  accepted();
  grant_registration();
  OK(market, "special-start", json_pack("{s:i,s:s,s:i,s:s}", "item", 1, "type", "testing", "days", 5, "reason", "水质检测"));
  desk_noon(&desk, "2026-03-06");
  assert_int_equal(now()->steps[4].state, STEP_TO_DO);
  OK(market, "special-end", of_item(1));
  is_day(now()->steps[4].consent.day, "2026-03-11"); /* four days stood still */
  OK(fire, "step-done", step(4));
  desk_noon(&desk, "2026-03-12");
  assert_false(now()->steps[4].silent);
}

/* ---- where the time goes ---- */

static void waiting_between_departments_is_measured_apart_from_work(void **state)
{
  (void)state;
  int64_t spent[SPENT_COUNT];
  accepted(); /* Monday noon */
  desk_noon(&desk, "2026-03-03");
  OK(fire, "take-up", json_pack("{s:i}", "step", 1)); /* a day of waiting */
  NOT("taken-already", fire, "take-up", json_pack("{s:i}", "step", 1));
  desk_noon(&desk, "2026-03-05");
  OK(fire, "step-done", step(1)); /* two days of work */
  assert_int_equal(now()->steps[1].taken - now()->steps[1].since, DAY_MS);
  assert_int_equal(now()->steps[1].done - now()->steps[1].taken, 2 * DAY_MS);
  desk_noon(&desk, "2026-03-06");
  casefile_spent(now(), desk.now, spent);
  assert_int_equal(spent[SPENT_WORK], 2 * DAY_MS);
  assert_int_equal(spent[SPENT_DEPARTMENTS], 2 * DAY_MS);
  assert_int_equal(spent[SPENT_APPLICANT] + spent[SPENT_SPECIAL] + spent[SPENT_CENTRE], 0);
  OK(applicant, "withdraw", json_pack("{s:s}", "reason", "不开了"));
  desk_noon(&desk, "2026-03-09");
  struct spent_medians sums;
  assert_int_equal(casework_spent(desk.db, day_make(2026, 3, 1), &sums, &desk.error), 0);
  assert_int_equal(sums.cases, 1);
  assert_int_equal(sums.median[SPENT_WORK], 2 * DAY_MS);
  assert_int_equal(sums.median[SPENT_DEPARTMENTS], 2 * DAY_MS);
}

static void the_choice_of_a_date_is_the_applicants_time(void **state)
{
  (void)state;
  int64_t spent[SPENT_COUNT];
  accepted();
  grant_registration();
  OK(urban, "take-up", json_pack("{s:i}", "step", 2));
  OK(urban, "step-done", step(2));
  OK(urban, "step-done", step(6));
  OK(urban, "decide", verdict(3, true));
  OK(fire, "step-done", step(4));
  OK(market, "step-done", step(3));
  OK(fire, "offer-dates", offer(1));
  OK(market, "say-dates", suits(1, 2));
  assert_int_equal(casefile_waits_for(now()), SPENT_APPLICANT);
  desk_noon(&desk, "2026-03-03");
  casefile_spent(now(), desk.now, spent);
  assert_int_equal(spent[SPENT_APPLICANT], DAY_MS);
}

/* ---- materials that may follow ---- */

static void tolerant(void)
{
  OK(applicant, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, applicant);
  OK(applicant, "detach", json_pack("{s:i}", "attachment", 3)); /* signboard-picture, may follow in 5 days */
}

static json_t *committed(const char *digest)
{
  return json_pack("{s:b,s:s}", "commitment", 1, "commitment_digest", digest);
}

static json_t *picture(void)
{
  return json_pack("{s:s,s:s,s:s,s:s,s:i}", "material", "signboard-picture", "sha256", photo, "name", "招牌.png", "type",
                   "image/png", "size", 10);
}

static void the_commitment_is_kept_as_it_was_read(void **state)
{
  (void)state;
  tolerant();
  struct words text = casefile_commitment(now(), &desk.arena);
  const char *digest = commitment_digest(&desk.arena, text);
  assert_non_null(strstr(text.zh, "招牌"));
  assert_non_null(strstr(text.zh, "5 个工作日"));
  assert_non_null(strstr(text.en, "within 5 working days"));
  NOT("commitment-changed", applicant, "submit", committed("00"));
  OK(applicant, "submit", committed(digest));
  assert_string_equal(now()->committed, digest);
}

static void whoever_is_barred_hands_everything_in_at_once(void **state)
{
  (void)state;
  tolerant();
  NOT("barred-by-credit", applicant, "submit", json_pack("{s:b,s:b}", "commitment", 1, "barred", 1));
  OK(applicant, "submit", json_pack("{s:b}", "commitment", 1));
  NOT("barred-by-credit", clerk, "accept", json_pack("{s:b,s:b}", "tolerant", 1, "barred", 1));
  OK(clerk, "accept", json_pack("{s:b}", "tolerant", 1));
}

static size_t notices_of(const char *event)
{
  static const struct sql sent = {"SELECT body FROM outbox WHERE topic = 'notice'"};
  struct rows rows;
  size_t n = 0;
  const char *mark = arena_printf(&desk.arena, "\"event\":\"%s\"", event);
  assert_int_equal(db_query(desk.db, &sent, NULL, 0, &rows, &desk.error), 0);
  while (rows_next(&rows))
    n += strstr(rows_str(&rows, 0, &desk.arena), mark) != NULL;
  assert_int_equal(rows_close(&rows, &desk.error), 0);
  return n;
}

static void the_applicant_is_reminded_once_before_the_day(void **state)
{
  (void)state;
  tolerant();
  OK(applicant, "submit", json_pack("{s:b}", "commitment", 1));
  OK(clerk, "accept", json_pack("{s:b}", "tolerant", 1));
  is_day(now()->materials[3].deferred.day, "2026-03-09");
  is_day(now()->materials[3].remind, "2026-03-05");
  desk_noon(&desk, "2026-03-04");
  assert_int_equal(notices_of("deferred-due-soon"), 0);
  desk_noon(&desk, "2026-03-05");
  desk_noon(&desk, "2026-03-06");
  assert_int_equal(notices_of("deferred-due-soon"), 1);
  desk_noon(&desk, "2026-03-10");
  item_is(3, ITEM_TERMINATED);
}

static void what_comes_and_does_not_do_is_to_come_again_or_ends_the_item(void **state)
{
  (void)state;
  tolerant();
  OK(applicant, "submit", json_pack("{s:b}", "commitment", 1));
  OK(clerk, "accept", json_pack("{s:b}", "tolerant", 1));
  OK(urban, "step-done", step(2));
  OK(urban, "step-done", step(6));
  OK(urban, "decide", json_pack("{s:i,s:b,s:s,s:b}", "item", 3, "granted", 1, "reasons", "可", "tolerant", 1));
  NOT("not-deferred", urban, "deferred-unfit", json_pack("{s:s,s:s}", "material", "floor-plan", "standard", "清晰"));
  OK(applicant, "attach", picture());
  item_is(3, ITEM_GRANTED);
  NOT("not-your-agency", fire, "deferred-unfit", json_pack("{s:s,s:s}", "material", "signboard-picture", "standard", "标明尺寸"));
  OK(urban, "deferred-unfit", json_pack("{s:s,s:s}", "material", "signboard-picture", "standard", "标明尺寸"));
  item_is(3, ITEM_GRANTED_TOLERANT);
  NOT("materials-outstanding", issuer, "issue", of_item(3));
  OK(applicant, "attach", picture());
  desk_noon(&desk, "2026-03-10"); /* the day has passed: no second chance */
  OK(urban, "deferred-unfit", json_pack("{s:s,s:s}", "material", "signboard-picture", "standard", "标明尺寸"));
  item_is(3, ITEM_TERMINATED);
}

static void a_refusal_taken_back_asks_for_the_material_again(void **state)
{
  (void)state;
  tolerant();
  OK(applicant, "submit", json_pack("{s:b}", "commitment", 1));
  OK(clerk, "accept", json_pack("{s:b}", "tolerant", 1));
  OK(urban, "step-done", step(2));
  OK(urban, "step-done", step(6));
  OK(urban, "decide", verdict(3, false));
  assert_int_equal(casefile_open_materials(now(), 3), 0);
  OK(urban, "reopen", json_pack("{s:i,s:s}", "item", 3, "reasons", "认定有误"));
  assert_int_equal(casefile_open_materials(now(), 3), 1);
  NOT("materials-outstanding", urban, "decide", verdict(3, true));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(one_visit_finishes_the_steps_of_all_departments_that_came),
      TEST(a_department_that_missed_the_visit_goes_another_day),
      TEST(dates_that_suit_nobody_are_offered_anew),
      TEST(a_department_that_is_silent_about_dates_can_on_all),
      TEST(dates_are_working_days_within_the_limits),
      TEST(a_visit_nobody_waits_for_is_called_off_by_itself),
      TEST(a_joint_meeting_ends_with_a_resolution),
      TEST(a_question_is_answered_by_the_department_it_was_put_to),
      TEST(another_department_joins_within_the_promise),
      TEST(who_joined_leaves_only_when_nothing_was_done),
      TEST(an_item_goes_back_to_an_earlier_step),
      TEST(a_decision_is_made_again_before_it_is_issued),
      TEST(a_disagreement_is_ruled_on_by_somebody_neutral),
      TEST(silence_is_consent_only_where_the_plan_says_so),
      TEST(silence_does_not_run_in_a_special_procedure),
      TEST(waiting_between_departments_is_measured_apart_from_work),
      TEST(the_choice_of_a_date_is_the_applicants_time),
      TEST(the_commitment_is_kept_as_it_was_read),
      TEST(whoever_is_barred_hands_everything_in_at_once),
      TEST(the_applicant_is_reminded_once_before_the_day),
      TEST(what_comes_and_does_not_do_is_to_come_again_or_ends_the_item),
      TEST(a_refusal_taken_back_asks_for_the_material_again),
  };
  int failed = cmocka_run_group_tests_name("SQLite", tests, NULL, NULL);
  which = ON_POSTGRES;
  return have_postgres() ? failed + cmocka_run_group_tests_name("PostgreSQL", tests, NULL, NULL) : failed;
}
