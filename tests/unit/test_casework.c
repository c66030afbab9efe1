#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/desk.h"
#include "catalog/codes.h"

static struct desk desk;
enum { ID = 77 };

static int setup(void **state)
{
  (void)state;
  desk_open(&desk, ON_SQLITE, &casefile_kind, 1);
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

static void is_state(enum case_state state)
{
  assert_string_equal(case_state_words(now()->state)->word, case_state_words(state)->word);
}

static void item_is(int item, enum item_state state)
{
  assert_string_equal(item_state_words(now()->items[item].state)->word, item_state_words(state)->word);
}

static void is_day(day d, const char *text)
{
  char got[DAY_TEXT] = "none";
  if (d != DAY_NONE)
    day_format(d, got);
  assert_string_equal(got, text);
}

static void submit_from(struct who who)
{
  OK(who, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, who);
  OK(who, "submit", NULL);
}

static void accepted(void)
{
  submit_from(applicant);
  OK(clerk, "accept", NULL);
}

static json_t *step(int n)
{
  return json_pack("{s:i,s:s,s:s}", "step", n, "result", "pass", "opinion", "符合条件");
}

static json_t *verdict(int item, bool granted)
{
  return json_pack("{s:i,s:b,s:s,s:s}", "item", item, "granted", (int)granted, "reasons", "依据充分", "remedy",
                   "可在六十日内申请行政复议");
}

static json_t *of_item(int item)
{
  return json_pack("{s:i}", "item", item);
}

static json_t *why(const char *reason)
{
  return json_pack("{s:s}", "reason", reason);
}

static json_t *file_for(const char *material)
{
  static const char sha[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  return json_pack("{s:s,s:s,s:s,s:s,s:i}", "material", material, "sha256", sha, "name", "新图.pdf", "type", "application/pdf",
                   "size", 10);
}

static void grant_registration(void)
{
  OK(market, "step-done", step(0));
  OK(market, "decide", verdict(0, true));
}

static void grant_fire(void)
{
  OK(fire, "step-done", step(1));
  OK(fire, "decide", verdict(2, true));
}

/* ---- the way of a case ---- */

static void a_case_goes_online_from_draft_to_archive_without_a_trip(void **state)
{
  (void)state;
  OK(applicant, "draft", desk_draft(&desk));
  is_state(CASE_DRAFT);
  desk_fill(&desk, ID, applicant);
  OK(applicant, "save", json_pack("{s:{s:s,s:s}}", "delivery", "mode", "e-certificate", "address", "海曙区中山东路1号"));
  OK(applicant, "submit", NULL);
  is_state(CASE_SUBMITTED);
  OK(clerk, "accept", NULL);
  is_state(CASE_ACCEPTED);
  item_is(1, ITEM_WAITING);
  item_is(0, ITEM_OPEN);
  grant_registration();
  is_state(CASE_IN_REVIEW);
  item_is(1, ITEM_OPEN);
  OK(fire, "step-done", step(4));
  OK(market, "step-done", step(3));
  OK(market, "step-done", step(5));
  OK(market, "decide", verdict(1, true));
  grant_fire();
  OK(urban, "step-done", step(2));
  OK(urban, "step-done", step(6));
  OK(urban, "decide", verdict(3, true));
  OK(housing, "step-done", step(9));
  OK(housing, "decide", verdict(4, true));
  is_state(CASE_DECIDED);
  for (int i = 0; i < 5; i++)
    OK(issuer, "issue", of_item(i));
  item_is(0, ITEM_DELIVERED); /* an electronic certificate reaches its holder by being there */
  item_is(3, ITEM_ISSUED);
  is_state(CASE_ISSUED);
  NOT("bad-argument", issuer, "deliver", json_pack("{s:i,s:s}", "item", 3, "mode", "e-certificate"));
  NOT("missing-argument", issuer, "deliver", json_pack("{s:i,s:s}", "item", 3, "mode", "courier"));
  OK(issuer, "deliver", json_pack("{s:i,s:s,s:s}", "item", 3, "mode", "courier", "tracking", "SF100"));
  is_state(CASE_ARCHIVED);
  assert_int_equal(now()->trips_applicant, 0);
  assert_int_equal(now()->trips_staff, 0);
  assert_true(now()->closed > 0);
}

static void numbers_have_the_forms_of_the_standards(void **state)
{
  (void)state;
  accepted();
  struct casefile *c = now();
  assert_int_equal(strlen(c->number), 15);
  assert_memory_equal(c->number, "20260302000001", 14);
  assert_int_equal(mod3736_check((struct span){c->number, 14}), c->number[14]);
  assert_int_equal(strlen(c->code), 6);
  for (size_t i = 0; i < c->item_count; i++)
    assert_int_equal(strlen(c->items[i].number), 43);
  assert_string_equal(c->items[1].number, "11330200999000013H4330131013000202603020001");
  struct paper_row *papers;
  size_t n;
  assert_int_equal(casework_papers(desk.db, ID, &desk.arena, &papers, &n, &desk.error), 0);
  assert_int_equal(n, 2);
  assert_string_equal(papers[0].number, "甬政服收〔2026〕000001号");
  assert_string_equal(papers[1].number, "甬政服受〔2026〕000001号");
  OK(market, "step-done", step(0));
  OK(market, "decide", verdict(0, true));
  OK(issuer, "issue", of_item(0));
  assert_memory_equal(now()->items[0].result_number, "3302002026000001", 16);
  is_day(now()->items[0].result_until, "none");
}

static void certificates_last_as_many_months_as_the_item_says(void **state)
{
  (void)state;
  accepted();
  OK(urban, "step-done", step(2));
  OK(urban, "step-done", step(6));
  OK(urban, "decide", verdict(3, true));
  OK(issuer, "issue", of_item(3));
  is_day(now()->items[3].result_from, "2026-03-02");
  is_day(now()->items[3].result_until, "2029-03-01");
}

/* ---- the application ---- */

static void what_is_missing_is_said_at_once_and_nothing_changes(void **state)
{
  (void)state;
  OK(applicant, "draft", desk_draft(&desk));
  NOT("incomplete", applicant, "submit", NULL);
  assert_non_null(strstr(desk.error.zh, "场所租赁合同"));
  assert_non_null(strstr(desk.error.en, "Company name"));
  assert_string_equal(desk.error.where,
                      "company_name,premises_area,opening_day,premises_owned,lease-contract,floor-plan,signboard-picture,"
                      "food-safety-rules,delivery");
  is_state(CASE_DRAFT);
  assert_int_equal(desk_case(&desk, ID)->notice.day, DAY_NONE);
}

static void fields_take_only_their_type(void **state)
{
  (void)state;
  OK(applicant, "draft", desk_draft(&desk));
  NOT("bad-field", applicant, "save", json_pack("{s:{s:s}}", "fields", "premises_area", "large"));
  assert_string_equal(desk.error.where, "premises_area");
  NOT("bad-field", applicant, "save", json_pack("{s:{s:s}}", "fields", "opening_day", "2026-02-30"));
  NOT("bad-field", applicant, "save", json_pack("{s:{s:s}}", "fields", "premises_owned", "yes"));
  NOT("unknown-field", applicant, "save", json_pack("{s:{s:s}}", "fields", "colour", "red"));
  NOT("bad-argument", applicant, "save", json_pack("{s:{s:s}}", "delivery", "mode", "pigeon"));
  OK(applicant, "save", json_pack("{s:{s:s}}", "fields", "premises_area", " 12.50 "));
  assert_string_equal(now()->fields[1].value, "12.50");
}

static void drafts_with_wrong_numbers_or_plans_are_refused(void **state)
{
  (void)state;
  json_t *data = desk_draft(&desk);
  (void)json_object_set_new(json_object_get(data, "applicant"), "id_number", json_string("110105194912310021"));
  NOT("bad-argument", applicant, "draft", data);
  data = desk_draft(&desk);
  (void)json_object_set_new(data, "thing", json_string("open-a-shop"));
  NOT("bad-argument", applicant, "draft", data);
  data = desk_draft(&desk);
  (void)json_object_set_new(data, "plan", json_pack("{s:s,s:[]}", "thing", "open-a-restaurant", "items"));
  NOT("bad-argument", applicant, "draft", data);
  data = desk_draft(&desk);
  json_t *plan = json_deep_copy(desk.plan);
  (void)json_object_set_new(json_array_get(json_object_get(plan, "items"), 0), "needs", json_pack("[i]", 1));
  (void)json_object_set_new(data, "plan", plan); /* waits for a later one: a circle */
  NOT("bad-argument", applicant, "draft", data);
  NOT("not-found", applicant, "submit", NULL);
  OK(applicant, "draft", desk_draft(&desk));
}

static void a_stranger_finds_no_case(void **state)
{
  (void)state;
  accepted();
  NOT("not-found", stranger, "withdraw", why("x"));
  NOT("not-found", stranger, "attach", file_for("floor-plan"));
}

static void what_the_government_holds_is_never_uploaded_nor_asked(void **state)
{
  (void)state;
  OK(applicant, "draft", desk_draft(&desk));
  NOT("never-ask-twice", applicant, "attach", file_for("legal-representative-id"));
  NOT("never-ask-twice", applicant, "attach", file_for("business-licence"));
  desk_fill(&desk, ID, applicant);
  OK(applicant, "submit", NULL);
  NOT("never-ask-twice", clerk, "ask-correction",
      json_pack("{s:[{s:s,s:s}]}", "missing", "material", "legal-representative-id", "standard", "复印件"));
}

static void files_can_be_taken_out_again(void **state)
{
  (void)state;
  OK(applicant, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, applicant);
  OK(applicant, "detach", json_pack("{s:i}", "attachment", 1));
  NOT("bad-argument", applicant, "detach", json_pack("{s:i}", "attachment", 1));
  NOT("incomplete", applicant, "submit", NULL);
  assert_string_equal(desk.error.where, "lease-contract");
}

static void a_new_plan_keeps_what_was_filled_in(void **state)
{
  (void)state;
  OK(applicant, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, applicant);
  json_t *plan = json_deep_copy(desk.plan);
  (void)json_array_remove(json_object_get(plan, "fields"), 3);
  (void)json_array_remove(json_object_get(plan, "materials"), 2);
  OK(applicant, "submit", json_pack("{s:o}", "plan", plan));
  struct casefile *c = now();
  assert_int_equal(c->field_count, 3);
  assert_string_equal(c->fields[0].value, "甬上小馆");
  assert_int_equal(c->materials[1].attached, 1);
  assert_true(c->attachments[1].removed); /* the floor plan is not wanted any more */
  struct span text;
  assert_int_equal(casework_plan(desk.db, ID, &desk.arena, &text, &desk.error), 0);
  assert_null(strstr(text.p, "\"floor-plan\""));
}

/* ---- acceptance ---- */

static void corrections_are_asked_once_and_whole(void **state)
{
  (void)state;
  submit_from(applicant);
  NOT("missing-argument", clerk, "ask-correction", NULL);
  NOT("missing-argument", clerk, "ask-correction", json_pack("{s:[{s:s}]}", "missing", "material", "floor-plan"));
  OK(clerk, "ask-correction",
     json_pack("{s:[{s:s,s:s},{s:s,s:s}]}", "missing", "material", "floor-plan", "standard", "加盖公章", "field", "company_name",
               "standard", "与执照一致"));
  is_state(CASE_CORRECTION);
  is_day(now()->correction.day, "2026-03-23");
  NOT("incomplete", applicant, "resubmit", NULL);
  assert_string_equal(desk.error.where, "floor-plan,company_name");
  OK(applicant, "attach", file_for("floor-plan"));
  OK(applicant, "save", json_pack("{s:{s:s}}", "fields", "company_name", "甬上小馆有限公司"));
  desk_noon(&desk, "2026-03-05");
  OK(applicant, "resubmit", NULL);
  is_state(CASE_SUBMITTED);
  is_day(now()->notice.day, "2026-03-12");
  NOT("correction-asked-already", clerk, "ask-correction",
      json_pack("{s:[{s:s,s:s}]}", "missing", "material", "lease-contract", "standard", "清晰"));
  OK(clerk, "ask-correction", json_pack("{s:[{s:s,s:s}]}", "missing", "material", "floor-plan", "standard", "仍缺公章"));
  is_state(CASE_CORRECTION);
}

static void a_case_lapses_when_corrections_do_not_come(void **state)
{
  (void)state;
  submit_from(applicant);
  OK(clerk, "ask-correction", json_pack("{s:[{s:s,s:s}],s:i}", "missing", "material", "floor-plan", "standard", "清晰", "days", 3));
  desk_noon(&desk, "2026-03-05");
  is_state(CASE_CORRECTION);
  desk_noon(&desk, "2026-03-06");
  is_state(CASE_LAPSED);
  NOT("wrong-state", applicant, "resubmit", NULL);
}

static void silence_for_five_working_days_is_acceptance_on_the_day_of_receipt(void **state)
{
  (void)state;
  desk_noon(&desk, "2026-02-12"); /* Spring Festival is off 02-15 to 02-23, both Saturdays around it work */
  submit_from(applicant);
  is_day(now()->notice.day, "2026-02-26");
  desk_noon(&desk, "2026-02-26");
  is_state(CASE_SUBMITTED);
  desk_noon(&desk, "2026-02-27");
  struct casefile *c = now();
  is_state(CASE_ACCEPTED);
  assert_true(c->deemed);
  is_day(day_of(c->accepted), "2026-02-12");
  is_day(c->items[0].legal.day, "2026-02-24"); /* three days from the receipt: 13, 14, 24 */
  assert_true(c->items[0].red);                /* and already over */
  desk_wake(&desk);
  assert_int_equal(desk_case(&desk, ID)->items[0].red, 1);
  NOT("wrong-state", clerk, "refuse", json_pack("{s:s,s:s}", "why", "not-required", "reasons", "无需许可"));
}

static void a_case_is_not_taken_on_with_reasons_and_the_right_body(void **state)
{
  (void)state;
  submit_from(applicant);
  NOT("bad-argument", clerk, "refuse", json_pack("{s:s,s:s}", "why", "lunch", "reasons", "x"));
  NOT("missing-argument", clerk, "refuse", json_pack("{s:s}", "why", "not-required"));
  NOT("missing-argument", clerk, "refuse", json_pack("{s:s,s:s}", "why", "no-jurisdiction", "reasons", "在外市"));
  assert_string_equal(desk.error.where, "right_body");
  OK(clerk, "refuse", json_pack("{s:s,s:s,s:s}", "why", "no-jurisdiction", "reasons", "在外市", "right_body", "绍兴市"));
  is_state(CASE_NO_JURISDICTION);
  NOT("wrong-state", clerk, "accept", NULL);
}

static void mistakes_are_mended_on_the_spot(void **state)
{
  (void)state;
  submit_from(clerk);
  OK(clerk, "fix", json_pack("{s:s,s:{s:s}}", "note", "改正名称", "fields", "company_name", "甬上大馆"));
  assert_string_equal(now()->fields[0].value, "甬上大馆");
  NOT("bad-field", clerk, "fix", json_pack("{s:s,s:{s:s}}", "note", "x", "fields", "company_name", ""));
  is_state(CASE_SUBMITTED);
}

/* ---- tolerance ---- */

static void submit_tolerantly(void)
{
  OK(applicant, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, applicant);
  OK(applicant, "detach", json_pack("{s:i}", "attachment", 3));
  NOT("incomplete", applicant, "submit", NULL);
  OK(applicant, "submit", json_pack("{s:b}", "commitment", 1));
}

static void deferred_materials_hold_back_only_the_result(void **state)
{
  (void)state;
  submit_tolerantly();
  NOT("materials-outstanding", clerk, "accept", NULL);
  OK(clerk, "accept", json_pack("{s:b}", "tolerant", 1));
  is_day(now()->materials[3].deferred.day, "2026-03-09");
  OK(urban, "step-done", step(2));
  OK(urban, "step-done", step(6));
  NOT("materials-outstanding", urban, "decide", verdict(3, true));
  json_t *data = verdict(3, true);
  (void)json_object_set_new(data, "tolerant", json_true());
  OK(urban, "decide", data);
  item_is(3, ITEM_GRANTED_TOLERANT);
  NOT("materials-outstanding", issuer, "issue", of_item(3));
  NOT("wrong-state", applicant, "attach", file_for("floor-plan"));
  OK(applicant, "attach", file_for("signboard-picture"));
  item_is(3, ITEM_GRANTED);
  OK(issuer, "issue", of_item(3));
}

static void what_waits_for_a_deferred_material_ends_when_it_does_not_come(void **state)
{
  (void)state;
  submit_tolerantly();
  OK(clerk, "accept", json_pack("{s:b}", "tolerant", 1));
  desk_noon(&desk, "2026-03-09");
  item_is(3, ITEM_OPEN);
  desk_noon(&desk, "2026-03-10");
  item_is(3, ITEM_TERMINATED);
  item_is(2, ITEM_OPEN);
  NOT("wrong-state", applicant, "attach", file_for("signboard-picture"));
  OK(applicant, "withdraw", why("不办了"));
  is_state(CASE_TERMINATED);
}

/* ---- who may ---- */

static void who_accepts_neither_reviews_nor_decides(void **state)
{
  (void)state;
  struct who both = {clerk.id, "officer", "market-regulation", "web"};
  struct who other = {clerk2.id, "officer", "market-regulation", "web"};
  submit_from(clerk2);
  OK(clerk, "accept", NULL);
  NOT("separation-of-duties", both, "step-done", step(0));
  NOT("separation-of-duties", other, "step-done", step(0)); /* prepared it at the window */
  OK(market, "step-done", step(0));
  NOT("separation-of-duties", both, "decide", verdict(0, true));
  OK(market, "decide", verdict(0, true));
  struct who watcher = {market.id, "supervisor", "service-centre", "web"};
  NOT("separation-of-duties", watcher, "revoke", json_pack("{s:i,s:s,s:s}", "item", 0, "reasons", "x", "basis", "y"));
}

static void an_officer_works_only_for_his_agency(void **state)
{
  (void)state;
  accepted();
  NOT("not-your-agency", fire, "step-done", step(0));
  NOT("not-your-agency", market, "decide", verdict(2, true));
  NOT("not-your-role", clerk, "decide", verdict(2, true));
  NOT("not-your-role", market, "accept", NULL);
  NOT("not-your-role", issuer, "wake", NULL);
  NOT("unknown-command", issuer, "dance", NULL);
}

static void staff_fill_in_only_at_the_window(void **state)
{
  (void)state;
  struct who away = {clerk.id, "clerk", "service-centre", "web"};
  NOT("window-only", away, "draft", desk_draft(&desk));
  OK(clerk, "draft", desk_draft(&desk));
}

/* ---- review ---- */

static void steps_go_in_order_and_opinions_come_before_the_decision(void **state)
{
  (void)state;
  accepted();
  NOT("wrong-state", market, "step-done", step(3)); /* the licence waits for the registration */
  grant_registration();
  NOT("not-its-turn", market, "step-done", step(5));
  OK(market, "step-done", step(3));
  NOT("done-already", market, "step-done", step(3));
  NOT("use-decide", market, "step-done", step(7));
  OK(market, "step-done", step(5));
  NOT("steps-outstanding", market, "decide", verdict(1, true));
  NOT("missing-argument", fire, "step-done", json_pack("{s:i,s:s}", "step", 4, "result", "pass"));
  OK(fire, "step-done", step(4));
  NOT("missing-argument", market, "decide", json_pack("{s:i,s:b}", "item", 1, "granted", 1));
  OK(market2, "decide", verdict(1, true));
}

static void a_failed_step_is_repeated_or_refused(void **state)
{
  (void)state;
  accepted();
  OK(fire, "step-done", json_pack("{s:i,s:s,s:s}", "step", 1, "result", "fail", "opinion", "疏散通道被占"));
  NOT("step-failed", fire, "decide", verdict(2, true));
  OK(fire, "step-done", step(1));
  OK(fire, "decide", verdict(2, true));
}

static void what_rests_on_a_refused_item_cannot_proceed(void **state)
{
  (void)state;
  accepted();
  OK(market, "step-done", step(0));
  NOT("missing-argument", market, "decide", json_pack("{s:i,s:b,s:s}", "item", 0, "granted", 0, "reasons", "名称不符"));
  assert_string_equal(desk.error.where, "remedy");
  OK(market, "decide", verdict(0, false));
  item_is(0, ITEM_REFUSED);
  item_is(1, ITEM_CANNOT_PROCEED);
  assert_non_null(strstr(now()->items[1].reason, "企业设立登记"));
  item_is(2, ITEM_OPEN);
}

/* ---- clocks ---- */

static void limits_run_from_acceptance_or_from_when_the_item_can_be_worked_on(void **state)
{
  (void)state;
  accepted();
  is_day(now()->items[0].promise.day, "2026-03-03");
  is_day(now()->items[0].legal.day, "2026-03-05");
  is_day(now()->items[2].promise.day, "2026-03-11");
  is_day(now()->items[1].legal.day, "none");
  desk_noon(&desk, "2026-03-04");
  grant_registration();
  is_day(now()->items[1].promise.day, "2026-03-11");
  is_day(now()->items[1].legal.day, "2026-03-18");
  is_day(now()->items[0].issue_due.day, "2026-03-18");
  is_day(now()->joint_due.day, "2026-05-08"); /* 45 working days, over Qingming and May Day */
}

static void a_joint_case_is_capped_as_a_whole(void **state)
{
  (void)state;
  accepted();
  desk_noon(&desk, "2026-05-06");
  grant_fire();
  is_day(now()->items[4].legal.day, "2026-05-08"); /* not 20 more days */
  is_day(now()->items[4].promise.day, "2026-05-08");
}

static json_t *special(int days)
{
  return json_pack("{s:i,s:s,s:i,s:s}", "item", 3, "type", "expert-review", "days", days, "reason", "需专家评审");
}

static void a_special_procedure_stops_the_clock_for_the_approved_days_at_most(void **state)
{
  (void)state;
  accepted();
  is_day(now()->items[3].promise.day, "2026-03-16");
  NOT("bad-argument", urban, "special-start",
      json_pack("{s:i,s:s,s:i,s:s}", "item", 3, "type", "coffee", "days", 3, "reason", "x"));
  OK(urban, "special-start", special(4));
  item_is(3, ITEM_SPECIAL);
  is_day(now()->items[3].promise.day, "2026-03-20");
  NOT("special-running", urban, "decide", verdict(3, true));
  desk_noon(&desk, "2026-03-04");
  OK(urban, "special-end", of_item(3));
  assert_int_equal(now()->items[3].paused, 2);
  is_day(now()->items[3].promise.day, "2026-03-18");
  OK(urban, "special-start", special(1));
  desk_noon(&desk, "2026-03-10");
  OK(urban, "special-end", of_item(3));
  assert_int_equal(now()->items[3].paused, 3); /* four days gone, one approved */
  is_day(now()->items[3].promise.day, "2026-03-19");
  NOT("wrong-state", urban, "special-end", of_item(3));
}

static json_t *extension(int days)
{
  return json_pack("{s:i,s:i,s:s,s:s}", "item", 3, "days", days, "reason", "案情复杂", "approved_by", "王局长");
}

static void a_limit_is_extended_once(void **state)
{
  (void)state;
  accepted();
  NOT("bad-argument", urban, "extend", extension(16));
  OK(urban, "extend", extension(15));
  is_day(now()->items[3].legal.day, "2026-04-21");
  NOT("extended-already", urban, "extend", extension(1));
}

static void lateness_is_told_once_for_each_colour(void **state)
{
  (void)state;
  struct alert_row *alerts;
  size_t n;
  accepted();
  desk_noon(&desk, "2026-03-10"); /* warned of the fire check, the registration is yellow and red */
  assert_true(now()->items[2].warned && !now()->items[2].yellow);
  assert_true(now()->items[0].yellow && now()->items[0].red);
  desk_noon(&desk, "2026-03-12");
  desk_wake(&desk);
  assert_true(now()->items[2].yellow && !now()->items[2].red);
  desk_noon(&desk, "2026-03-17");
  assert_true(now()->items[2].red);
  assert_int_equal(casework_alerts(desk.db, 0, 50, &desk.arena, &alerts, &n, &desk.error), 0);
  int fire_alerts = 0;
  for (size_t i = 0; i < n; i++)
    fire_alerts += alerts[i].item == 2;
  assert_int_equal(fire_alerts, 3);
  assert_string_equal(alerts[n - 1].level, "yellow");
}

static void limits_into_a_year_not_announced_are_provisional(void **state)
{
  (void)state;
  desk_noon(&desk, "2026-12-28");
  submit_from(applicant);
  assert_true(now()->notice.provisional);
  OK(clerk, "accept", NULL);
  assert_true(now()->items[2].legal.provisional);
  assert_false(now()->items[0].promise.provisional);
  struct calendar_year years[3] = {desk.catalog.calendar.years[0], desk.catalog.calendar.years[1], {.year = 2027}};
  day new_year = day_make(2027, 1, 1);
  years[2].off = &new_year;
  years[2].off_count = 1;
  is_day(now()->items[0].legal.day, "2026-12-31");
  is_day(now()->items[2].promise.day, "2027-01-06");
  struct calendar before = desk.catalog.calendar;
  desk.catalog.calendar = (struct calendar){years, 3};
  OK(supervisor, "recalculate", NULL);
  is_day(now()->items[2].promise.day, "2027-01-07");
  assert_false(now()->items[2].promise.provisional);
  desk.catalog.calendar = before;
}

static void a_certificate_is_due_ten_days_after_the_decision(void **state)
{
  (void)state;
  accepted();
  grant_registration();
  desk_noon(&desk, "2026-03-16");
  assert_false(now()->items[0].late_issue);
  desk_noon(&desk, "2026-03-17");
  assert_true(now()->items[0].late_issue);
}

/* ---- side exits ---- */

static void an_application_is_withdrawn_before_the_last_decision(void **state)
{
  (void)state;
  accepted();
  grant_registration();
  NOT("missing-argument", applicant, "withdraw", NULL);
  OK(applicant, "withdraw", why("资金不足"));
  item_is(0, ITEM_GRANTED); /* what was decided stands */
  item_is(2, ITEM_WITHDRAWN);
  NOT("decided-already", applicant, "withdraw", why("再撤"));
  OK(issuer, "issue", of_item(0));
  is_state(CASE_ARCHIVED);
}

static void a_case_withdrawn_before_any_decision_is_withdrawn(void **state)
{
  (void)state;
  accepted();
  OK(applicant, "withdraw", why("不办了"));
  is_state(CASE_WITHDRAWN);
  NOT("wrong-state", applicant, "withdraw", why("再撤"));
}

static void a_grant_is_revoked_with_reasons(void **state)
{
  (void)state;
  accepted();
  grant_registration();
  item_is(1, ITEM_OPEN);
  NOT("missing-argument", supervisor, "revoke", json_pack("{s:i,s:s}", "item", 0, "reasons", "骗取"));
  OK(supervisor, "revoke", json_pack("{s:i,s:s,s:s}", "item", 0, "reasons", "骗取", "basis", "行政许可法第六十九条"));
  item_is(0, ITEM_REVOKED);
  item_is(1, ITEM_CANNOT_PROCEED);
  NOT("wrong-state", issuer, "issue", of_item(0));
}

/* ---- trips ---- */

static void trips_are_days_on_which_the_applicant_came(void **state)
{
  (void)state;
  submit_from(clerk);
  OK(clerk, "presence", json_pack("{s:s}", "why", "identity"));
  assert_int_equal(now()->trips_applicant, 1); /* the same day at the same hall */
  OK(clerk2, "errand", json_pack("{s:s}", "why", "代为取件"));
  OK(clerk2, "accept", NULL);
  desk_noon(&desk, "2026-03-05");
  OK(urban, "step-done", step(2));
  OK(urban, "step-done", step(6));
  OK(urban, "decide", verdict(3, true));
  OK(issuer, "issue", of_item(3));
  OK(issuer, "deliver", json_pack("{s:i,s:s}", "item", 3, "mode", "window"));
  assert_int_equal(now()->trips_applicant, 2);
  assert_int_equal(now()->trips_staff, 1);
  NOT("bad-argument", clerk, "presence", json_pack("{s:s}", "why", "tea"));
}

/* ---- lists, on both stores ---- */

static const struct task *task_of(const char *role, const char *agency, const char *kind)
{
  struct task *tasks;
  size_t n;
  assert_int_equal(casework_inbox(desk.db, role, agency, NULL, 50, &desk.arena, &tasks, &n, &desk.error), 0);
  for (size_t i = 0; i < n; i++)
    if (strcmp(tasks[i].kind, kind) == 0)
      return &tasks[i];
  return NULL;
}

static void inboxes_hold_what_is_open(void)
{
  struct case_row row, *rows;
  size_t n;
  submit_from(applicant);
  assert_non_null(task_of("clerk", "", "accept"));
  OK(clerk, "accept", NULL);
  assert_null(task_of("clerk", "", "accept"));
  assert_int_equal(task_of("officer", "market-regulation", "step")->step, 0);
  assert_non_null(task_of("officer", "urban-management", "step"));
  assert_null(task_of("officer", "housing-construction", "step"));
  OK(market, "step-done", step(0));
  assert_non_null(task_of("officer", "market-regulation", "decide"));
  OK(market, "decide", verdict(0, true));
  assert_non_null(task_of("issuer", "", "issue"));
  assert_int_equal(casework_inbox_count(desk.db, "issuer", "", 10), 1);
  OK(issuer, "issue", of_item(0));
  assert_null(task_of("issuer", "", "issue"));
  assert_int_equal(casework_find(desk.db, span_of(now()->number), span_of(now()->code), &desk.arena, &row, &desk.error), 0);
  assert_string_equal(row.applicant, "李𠀀");
  assert_int_equal(row.state, CASE_IN_REVIEW);
  assert_int_equal(casework_find(desk.db, span_of(now()->number), SPAN("xxxxxx"), &desk.arena, &row, &desk.error), -1);
  assert_int_equal(casework_of_applicant(desk.db, SPAN("person:li"), 0, 10, &desk.arena, &rows, &n, &desk.error), 0);
  assert_int_equal(n, 1);
  assert_int_equal(casework_of_applicant(desk.db, SPAN("person:li"), ID, 10, &desk.arena, &rows, &n, &desk.error), 0);
  assert_int_equal(n, 0);
}

static void cases_are_counted_until_they_close(void)
{
  struct state_count *counts;
  struct closed_sum sum;
  struct task *due;
  struct result_row *results;
  struct case_row *rows;
  size_t n;
  assert_int_equal(casework_counts(desk.db, &desk.arena, &counts, &n, &desk.error), 0);
  assert_int_equal(n, 1);
  assert_int_equal(counts[0].state, CASE_IN_REVIEW);
  assert_int_equal(casework_in_state(desk.db, CASE_IN_REVIEW, 0, 10, &desk.arena, &rows, &n, &desk.error), 0);
  assert_int_equal(n, 1);
  assert_int_equal(casework_due(desk.db, day_make(2026, 3, 11), NULL, 10, &desk.arena, &due, &n, &desk.error), 0);
  assert_true(n >= 2);
  assert_int_equal(casework_due(desk.db, day_make(2026, 3, 11), &due[n - 1], 10, &desk.arena, &due, &n, &desk.error), 0);
  assert_int_equal(n, 0);
  assert_int_equal(casework_results(desk.db, ID, &desk.arena, &results, &n, &desk.error), 0);
  assert_int_equal(n, 1);
  assert_string_equal(results[0].certificate, "business-licence");
  OK(applicant, "withdraw", why("不办了"));
  assert_int_equal(casework_counts(desk.db, &desk.arena, &counts, &n, &desk.error), 0);
  assert_int_equal(n, 0);
  assert_int_equal(casework_closed(desk.db, day_make(2026, 3, 1), day_make(2026, 3, 31), &sum, &desk.error), 0);
  assert_int_equal(sum.cases, 1);
  assert_int_equal(casework_inbox_count(desk.db, "officer", "fire-rescue", 10), 0);
}

static void lists_show_what_is_open_on_both_stores(void **state)
{
  (void)state;
  for (int which = ON_SQLITE; which <= ON_POSTGRES; which++) {
    if (which == ON_POSTGRES && !have_postgres())
      continue;
    desk_open(&desk, (enum which_store)which, &casefile_kind, 1);
    inboxes_hold_what_is_open();
    cases_are_counted_until_they_close();
    desk_close(&desk);
  }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(a_case_goes_online_from_draft_to_archive_without_a_trip),
      TEST(numbers_have_the_forms_of_the_standards),
      TEST(certificates_last_as_many_months_as_the_item_says),
      TEST(what_is_missing_is_said_at_once_and_nothing_changes),
      TEST(fields_take_only_their_type),
      TEST(drafts_with_wrong_numbers_or_plans_are_refused),
      TEST(a_stranger_finds_no_case),
      TEST(what_the_government_holds_is_never_uploaded_nor_asked),
      TEST(files_can_be_taken_out_again),
      TEST(a_new_plan_keeps_what_was_filled_in),
      TEST(corrections_are_asked_once_and_whole),
      TEST(a_case_lapses_when_corrections_do_not_come),
      TEST(silence_for_five_working_days_is_acceptance_on_the_day_of_receipt),
      TEST(a_case_is_not_taken_on_with_reasons_and_the_right_body),
      TEST(mistakes_are_mended_on_the_spot),
      TEST(deferred_materials_hold_back_only_the_result),
      TEST(what_waits_for_a_deferred_material_ends_when_it_does_not_come),
      TEST(who_accepts_neither_reviews_nor_decides),
      TEST(an_officer_works_only_for_his_agency),
      TEST(staff_fill_in_only_at_the_window),
      TEST(steps_go_in_order_and_opinions_come_before_the_decision),
      TEST(a_failed_step_is_repeated_or_refused),
      TEST(what_rests_on_a_refused_item_cannot_proceed),
      TEST(limits_run_from_acceptance_or_from_when_the_item_can_be_worked_on),
      TEST(a_joint_case_is_capped_as_a_whole),
      TEST(a_special_procedure_stops_the_clock_for_the_approved_days_at_most),
      TEST(a_limit_is_extended_once),
      TEST(lateness_is_told_once_for_each_colour),
      TEST(limits_into_a_year_not_announced_are_provisional),
      TEST(a_certificate_is_due_ten_days_after_the_decision),
      TEST(an_application_is_withdrawn_before_the_last_decision),
      TEST(a_case_withdrawn_before_any_decision_is_withdrawn),
      TEST(a_grant_is_revoked_with_reasons),
      TEST(trips_are_days_on_which_the_applicant_came),
      cmocka_unit_test(lists_show_what_is_open_on_both_stores),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
