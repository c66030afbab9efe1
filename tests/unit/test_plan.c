#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "base/text.h"
#include "plan/plan.h"

/* --- A city made by hand: two departments, a few items; each test changes what it is about. --- */

static const struct agency trade = {.id = "trade", .name = {"市场", "Trade"}, .abbreviation = "市"};
static const struct agency fire = {.id = "fire", .name = {"消防", "Fire"}, .abbreviation = "消"};
static const struct field fields[] = {{.id = "area_m2", .name = {"面积", "Area"}},
                                      {.id = "person_name", .name = {"姓名", "Name"}},
                                      {.id = "company_name", .name = {"名称", "Company"}},
                                      {.id = "licence_no", .name = {"编号", "Number"}}};
static const struct field *const area_field[] = {&fields[0]}, *const person_and_company[] = {&fields[0], &fields[1], &fields[2]},
                                 *const company_field[] = {&fields[2]}, *const licence_fields[] = {&fields[2], &fields[3]};
static const struct certificate licence = {.id = "licence", .issuer = &trade, .fields = company_field, .field_count = 1};
static const struct certificate permit = {.id = "permit", .issuer = &fire, .fields = NULL, .field_count = 0};
static const struct material form = {.id = "form", .kind = "form", .fields = person_and_company, .field_count = 3};
static const struct material drawing = {.id = "drawing", .kind = "plan", .fields = area_field, .field_count = 1};
static const struct material licence_paper = {.id = "licence",
                                              .kind = "certificate",
                                              .holder = &trade,
                                              .shared = SHARED_UNCONDITIONAL,
                                              .fields = licence_fields,
                                              .field_count = 2};
static const struct material title = {.id = "title", .kind = "proof", .holder = &trade, .shared = SHARED_CONDITIONAL};
static const struct material study = {.id = "study", .kind = "report"};
static const struct basis law = {"某法", "第一条"};

#define ITEM_STEPS(...)                                                                                                            \
  .steps = (const struct step[]){__VA_ARGS__}, .step_count = sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step)
#define ITEM_ASKS(...)                                                                                                             \
  .materials = (const struct item_material[]){__VA_ARGS__},                                                                        \
  .material_count = sizeof((const struct item_material[]){__VA_ARGS__}) / sizeof(struct item_material)
#define ITEM_PRESENCE(...)                                                                                                         \
  .presence = (const struct presence[]){__VA_ARGS__},                                                                              \
  .presence_count = sizeof((const struct presence[]){__VA_ARGS__}) / sizeof(struct presence)
#define EVERYWHERE .channels = CHANNEL_ONLINE | CHANNEL_WINDOW, .delivery = DELIVERY_E_CERTIFICATE | DELIVERY_WINDOW
#define TODAY 20000

struct city {
  struct arena arena;
  struct catalog catalog;
  struct item items[4];
  const struct item *need[4];
  struct thing_item entries[4];
  struct thing thing;
};

static struct plan *compile_in(struct city *city, size_t n, const struct zone *zone)
{
  for (size_t i = 0; i < n; i++)
    city->entries[i].item = &city->items[i];
  city->thing.id = "thing";
  city->thing.lead = &trade;
  city->thing.items = city->entries;
  city->thing.item_count = n;
  struct plan *plan = NULL;
  struct error error = {0};
  struct answers none = {0};
  if (plan_compile(&city->arena, &city->catalog, &city->thing, &none, zone, TODAY, &plan, &error) < 0)
    fail_msg("%s: %s", error.name, error.en);
  return plan;
}

static struct plan *compile_items(struct city *city, size_t n)
{
  return compile_in(city, n, NULL);
}

static const struct plan_step *step_of(const struct plan *plan, const char *item, const char *step)
{
  for (size_t s = 0; s < plan->step_count; s++)
    if (strcmp(plan->items[plan->steps[s].item].item->id, item) == 0 && strcmp(plan->steps[s].step, step) == 0)
      return &plan->steps[s];
  fail_msg("no step %s of %s", step, item);
  return NULL;
}

static const struct plan_material *material_of(const struct plan *plan, const char *id)
{
  for (size_t m = 0; m < plan->material_count; m++)
    if (strcmp(plan->materials[m].material->id, id) == 0)
      return &plan->materials[m];
  return NULL;
}

static const struct plan_field *field_of(const struct plan *plan, const char *id)
{
  for (size_t f = 0; f < plan->field_count; f++)
    if (strcmp(plan->fields[f].field->id, id) == 0)
      return &plan->fields[f];
  return NULL;
}

static struct item visiting_item(const char *id, const struct agency *agency, const struct step *steps, size_t n)
{
  return (struct item){.id = id, .agency = agency, .steps = steps, .step_count = n, EVERYWHERE};
}

static void visits_of_two_departments_become_one(void **state)
{
  (void)state;
  static const struct step quick[] = {
      {.step = "review", .takes = 1}, {.step = "site-visit", .takes = 1, .merge = "site"}, {.step = "decide", .takes = 1}};
  static const struct step slow[] = {
      {.step = "review", .takes = 3}, {.step = "site-visit", .takes = 2, .merge = "site"}, {.step = "decide", .takes = 1}};
  struct city city = {.items = {visiting_item("a", &trade, quick, 3), visiting_item("b", &fire, slow, 3)}};
  struct plan *plan = compile_items(&city, 2);
  assert_int_equal(plan->visit_count, 1);
  assert_int_equal(plan->visits[0].start, 3); /* when the later of the two is ready */
  assert_int_equal(plan->visits[0].end, 5);   /* as long as the longer of the two */
  assert_int_equal(plan->visits[0].agency_count, 2);
  assert_int_equal(plan->visits[0].steps_merged, 2);
  assert_int_equal(step_of(plan, "a", "decide")->start, 5);
  assert_int_equal(plan->days, 6);
  assert_int_equal(plan->days_serial, 9);
  assert_int_equal(plan->before.steps, 2 * 2 + 6);
  assert_int_equal(plan->after.steps, 2 + 6 - 1);
  arena_release(&city.arena);
}

static void nobody_waits_more_than_three_days_for_a_visit(void **state)
{
  (void)state;
  static const struct step early[] = {{.step = "site-visit", .takes = 1, .merge = "site"}};
  static const struct step late[] = {{.step = "review", .takes = 4}, {.step = "site-visit", .takes = 1, .merge = "site"}};
  static const struct step between[] = {{.step = "review", .takes = 3}, {.step = "site-visit", .takes = 1, .merge = "site"}};
  struct city city = {
      .items = {visiting_item("a", &trade, early, 1), visiting_item("b", &fire, late, 2), visiting_item("c", &fire, between, 2)}};
  struct plan *plan = compile_items(&city, 2);
  assert_int_equal(plan->visit_count, 2);
  assert_int_equal(step_of(plan, "a", "site-visit")->start, 0);
  plan = compile_items(&city, 3); /* c can go with either, and goes with the first */
  assert_int_equal(plan->visit_count, 2);
  assert_int_equal(step_of(plan, "a", "site-visit")->visit, step_of(plan, "c", "site-visit")->visit);
  arena_release(&city.arena);
}

static void an_item_does_not_meet_the_one_it_waits_for(void **state)
{
  (void)state;
  static const struct step visit[] = {{.step = "site-visit", .takes = 1, .merge = "site"}};
  struct city city = {.items = {visiting_item("a", &trade, visit, 1), visiting_item("b", &fire, visit, 1)}};
  city.need[0] = &city.items[0];
  city.items[1].needs = city.need;
  city.items[1].need_count = 1;
  struct plan *plan = compile_items(&city, 2);
  assert_int_equal(plan->visit_count, 2);
  assert_int_equal(plan->days, 2);
  assert_int_equal(plan->items[1].need_count, 1);
  arena_release(&city.arena);
}

static void visits_that_wait_for_each_other_are_parted(void **state)
{
  (void)state;
  static const struct step one[] = {{.step = "site-visit", .takes = 1, .merge = "x"},
                                    {.step = "inspection", .takes = 1, .merge = "y"}};
  static const struct step two[] = {{.step = "inspection", .takes = 1, .merge = "y"},
                                    {.step = "site-visit", .takes = 1, .merge = "x"}};
  struct city city = {.items = {visiting_item("a", &trade, one, 2), visiting_item("b", &fire, two, 2)}};
  struct plan *plan = compile_items(&city, 2);
  assert_true(plan->days <= plan->days_serial);
  assert_int_equal(plan->visit_count, 3);
  for (size_t s = 0; s < plan->step_count; s++)
    assert_int_equal(plan->steps[s].start, plan->visits[plan->steps[s].visit].start);
  arena_release(&city.arena);
}

static void an_opinion_runs_beside_the_work_and_ends_before_the_decision(void **state)
{
  (void)state;
  static const struct step steps[] = {{.step = "review", .takes = 1},
                                      {.step = "opinion", .takes = 5, .assist = true, .agency = &fire},
                                      {.step = "opinion", .takes = 2, .assist = true, .agency = &fire},
                                      {.step = "meeting", .takes = 2},
                                      {.step = "decide", .takes = 1}};
  struct city city = {.items = {visiting_item("a", &trade, steps, 5)}};
  struct plan *plan = compile_items(&city, 1);
  assert_int_equal(step_of(plan, "a", "meeting")->start, 1);
  assert_int_equal(step_of(plan, "a", "decide")->start, 6);
  assert_int_equal(plan->days, 7);
  assert_int_equal(plan->days_serial, 11);
  assert_int_equal(plan->agency_count, 2);
  assert_ptr_equal(plan->agencies[0], &trade);
  arena_release(&city.arena);
}

static void instant_items_take_no_day(void **state)
{
  (void)state;
  struct city city = {
      .items = {{.id = "a", .agency = &trade, .instant = true, EVERYWHERE, ITEM_STEPS({.step = "decide", .takes = 1})}}};
  struct plan *plan = compile_items(&city, 1);
  assert_int_equal(plan->days, 0);
  assert_int_equal(plan->days_serial, 0);
  arena_release(&city.arena);
}

/* a yields the licence, and asks the one form; b wants the licence and a drawing. */
static const struct item permit_after_company[2] = {
    {.id = "b",
     .agency = &fire,
     .kind = ITEM_LICENCE,
     .statutory = 20,
     .result = &permit,
     EVERYWHERE,
     ITEM_ASKS({.material = &licence_paper, .from = FROM_RESULT, .basis = &law},
               {.material = &form, .from = FROM_APPLICANT, .basis = &law},
               {.material = &drawing, .from = FROM_APPLICANT, .defer = 5, .basis = &law}),
     ITEM_STEPS({.step = "decide", .takes = 2})},
    {.id = "a",
     .agency = &trade,
     .kind = ITEM_LICENCE,
     .statutory = 10,
     .result = &licence,
     EVERYWHERE,
     ITEM_ASKS({.material = &form, .from = FROM_APPLICANT, .basis = &law},
               {.material = &drawing, .from = FROM_APPLICANT, .defer = 3, .basis = &law},
               {.material = &title, .from = FROM_GOVERNMENT, .basis = &law}),
     ITEM_STEPS({.step = "decide", .takes = 1})}};

static struct city company_and_permit(void)
{
  return (struct city){.items = {permit_after_company[0], permit_after_company[1]}};
}

static void what_one_item_issues_another_waits_for_and_nobody_is_asked(void **state)
{
  (void)state;
  struct city city = company_and_permit();
  struct plan *plan = compile_items(&city, 2);
  assert_string_equal(plan->items[0].item->id, "a"); /* though the thing names b first */
  assert_int_equal(plan->items[1].start, 1);
  assert_int_equal(plan->days, 3);
  const struct plan_material *paper = material_of(plan, "licence");
  assert_int_equal(paper->source, PLAN_RESULT);
  assert_int_equal(paper->producer, 0);
  assert_int_equal(material_of(plan, "form")->source, PLAN_FORM);
  assert_int_equal(material_of(plan, "form")->reason_count, 2);
  assert_int_equal(material_of(plan, "title")->source, PLAN_FETCH);
  assert_int_equal(material_of(plan, "drawing")->source, PLAN_UPLOAD);
  assert_int_equal(material_of(plan, "drawing")->defer, 3);
  assert_int_equal(plan->material_count, 4);
  assert_int_equal(plan->before.materials, 6);
  assert_int_equal(plan->after.materials, 1);
  assert_int_equal(plan->statutory, 45); /* licences of two agencies, Licensing Law art. 42 */
  arena_release(&city.arena);
}

static void a_field_is_asked_once_and_only_of_those_who_cannot_know_it(void **state)
{
  (void)state;
  struct city city = company_and_permit();
  struct plan *plan = compile_items(&city, 2);
  assert_int_equal(plan->field_count, 3);
  assert_string_equal(plan->fields[0].field->id, "person_name"); /* who you are comes first */
  assert_string_equal(plan->fields[1].field->id, "company_name");
  assert_string_equal(plan->fields[2].field->id, "area_m2");
  /* the licence says the company's name, so only the item that issues it has to ask */
  assert_int_equal(field_of(plan, "company_name")->reason_count, 1);
  assert_string_equal(field_of(plan, "company_name")->reasons[0].item->id, "a");
  assert_int_equal(field_of(plan, "person_name")->reason_count, 2);
  assert_null(field_of(plan, "licence_no"));
  assert_int_equal(plan->before.forms_fields, 6); /* each of the two forms; the drawing's area stands in them already */
  arena_release(&city.arena);
}

static void what_is_needed_but_not_in_the_plan_is_held_already(void **state)
{
  (void)state;
  struct city city = company_and_permit();
  struct plan *plan = compile_items(&city, 1);
  assert_int_equal(material_of(plan, "licence")->source, PLAN_RESULT);
  assert_int_equal(material_of(plan, "licence")->producer, -1);
  assert_null(field_of(plan, "company_name")); /* the licence held says it */
  assert_int_equal(plan->statutory, 20);
  arena_release(&city.arena);
}

static void what_the_government_holds_is_never_asked(void **state)
{
  (void)state;
  struct city city = {
      .items = {{.id = "x", .agency = &trade, EVERYWHERE, ITEM_ASKS({.material = &licence_paper, .from = FROM_APPLICANT})},
                {.id = "y", .agency = &fire, EVERYWHERE, ITEM_ASKS({.material = &title, .from = FROM_APPLICANT})},
                {.id = "z", .agency = &fire, EVERYWHERE, ITEM_ASKS({.material = &title, .from = FROM_GOVERNMENT})}}};
  struct plan *plan = compile_items(&city, 2);
  assert_int_equal(material_of(plan, "licence")->source, PLAN_FETCH); /* shared without conditions */
  assert_int_equal(material_of(plan, "title")->source, PLAN_UPLOAD);  /* shared on conditions only */
  plan = compile_items(&city, 3);
  assert_int_equal(material_of(plan, "title")->source, PLAN_FETCH); /* fetched for z, so y does not ask either */
  assert_int_equal(material_of(plan, "title")->reason_count, 2);
  arena_release(&city.arena);
}

static void a_zone_covers_a_study_while_its_assessment_is_valid(void **state)
{
  (void)state;
  struct assessment assessment = {.kind = "environment", .valid_until = TODAY};
  struct zone zone = {.id = "zone", .assessments = &assessment, .assessment_count = 1};
  struct city city = {.items = {{.id = "x",
                                 .agency = &trade,
                                 EVERYWHERE,
                                 ITEM_ASKS({.material = &study, .from = FROM_ZONE, .assessment = "environment"})}}};
  assert_int_equal(material_of(compile_in(&city, 1, &zone), "study")->source, PLAN_ZONE);
  assessment.valid_until = TODAY - 1;
  assert_int_equal(material_of(compile_in(&city, 1, &zone), "study")->source, PLAN_UPLOAD);
  assessment = (struct assessment){.kind = "flood", .valid_until = TODAY};
  assert_int_equal(material_of(compile_in(&city, 1, &zone), "study")->source, PLAN_UPLOAD);
  assert_int_equal(material_of(compile_in(&city, 1, NULL), "study")->source, PLAN_UPLOAD);
  arena_release(&city.arena);
}

static void items_that_wait_for_each_other_are_refused(void **state)
{
  (void)state;
  struct city city = company_and_permit();
  city.need[0] = &city.items[0];
  city.items[1].needs = city.need;
  city.items[1].need_count = 1;
  for (size_t i = 0; i < 2; i++)
    city.entries[i].item = &city.items[i];
  city.thing = (struct thing){.id = "thing", .lead = &trade, .items = city.entries, .item_count = 2};
  struct plan *plan = NULL;
  struct error error = {0};
  struct answers none = {0};
  assert_int_equal(plan_compile(&city.arena, &city.catalog, &city.thing, &none, NULL, TODAY, &plan, &error), -1);
  assert_string_equal(error.name, "plan-cycle");
  assert_null(plan);
  arena_release(&city.arena);
}

/* --- Trips --- */

#define EXAMINED_FIRST ITEM_STEPS({.step = "examination", .takes = 1}, {.step = "decide", .takes = 1})
#define EXAMINED_LATER                                                                                                             \
  ITEM_STEPS({.step = "review", .takes = 1}, {.step = "examination", .takes = 1}, {.step = "decide", .takes = 1})

static void assert_trips(struct city *city, size_t n, int online, int window, int before)
{
  struct plan *plan = compile_items(city, n);
  assert_int_equal(plan->trips_online, online);
  assert_int_equal(plan->trips_window, window);
  assert_int_equal(plan->before.trips, before);
  arena_release(&city->arena);
}

static void with_no_presence_there_is_no_trip_online_and_one_at_a_window(void **state)
{
  (void)state;
  struct city city = {
      .items = {{.id = "a", .agency = &trade, EVERYWHERE, EXAMINED_FIRST}, {.id = "b", .agency = &fire, EVERYWHERE}}};
  assert_trips(&city, 2, 0, 1, 0);
}

static void identity_originals_and_signature_share_the_application(void **state)
{
  (void)state;
  struct city city = {
      .items = {{.id = "a", .agency = &trade, EVERYWHERE, ITEM_PRESENCE({.why = WHY_IDENTITY}, {.why = WHY_SIGNATURE})},
                {.id = "b", .agency = &fire, EVERYWHERE, ITEM_PRESENCE({.why = WHY_ORIGINAL})},
                {.id = "c", .agency = &fire, .channels = CHANNEL_WINDOW, .delivery = DELIVERY_COURIER}}};
  assert_trips(&city, 3, 1, 1, 3);
}

static void an_examination_shares_the_application_when_nothing_precedes_it(void **state)
{
  (void)state;
  struct city city = {
      .items = {{.id = "a", .agency = &trade, EVERYWHERE, ITEM_PRESENCE({.why = WHY_EXAMINATION}), EXAMINED_FIRST}}};
  assert_trips(&city, 1, 1, 1, 1);
  city = (struct city){.items = {{.id = "a",
                                  .agency = &trade,
                                  EVERYWHERE,
                                  ITEM_PRESENCE({.why = WHY_EXAMINATION}, {.why = WHY_IDENTITY}),
                                  EXAMINED_LATER}}};
  assert_trips(&city, 1, 2, 2, 2);
}

static void an_examination_of_an_item_that_waits_is_another_trip(void **state)
{
  (void)state;
  struct city city = {.items = {{.id = "a", .agency = &trade, EVERYWHERE, EXAMINED_FIRST},
                                {.id = "b",
                                 .agency = &trade,
                                 EVERYWHERE,
                                 ITEM_PRESENCE({.why = WHY_EXAMINATION}, {.why = WHY_IDENTITY}),
                                 EXAMINED_FIRST}}};
  city.need[0] = &city.items[0];
  city.items[1].needs = city.need;
  city.items[1].need_count = 1;
  struct plan *plan = compile_items(&city, 2);
  assert_int_equal(plan->trips_online, 2);
  assert_int_equal(plan->presence_count, 2);
  assert_int_equal(plan->presences[1].trip, 2);
  assert_int_equal(plan->presences[1].at, 2);
  arena_release(&city.arena);
}

static void all_pick_ups_share_one_trip_after_the_last_decision(void **state)
{
  (void)state;
  struct city city = {
      .items = {
          {.id = "a", .agency = &trade, EVERYWHERE, ITEM_PRESENCE({.why = WHY_PICK_UP}, {.why = WHY_IDENTITY}), EXAMINED_FIRST},
          {.id = "b", .agency = &fire, .channels = CHANNEL_ONLINE, .delivery = DELIVERY_WINDOW, EXAMINED_LATER}}};
  struct plan *plan = compile_items(&city, 2);
  assert_int_equal(plan->presence_count, 3);
  assert_int_equal(plan->presences[1].at, 3);
  assert_int_equal(plan->presences[2].at, 3);
  assert_int_equal(plan->presences[1].trip, plan->presences[2].trip);
  assert_trips(&city, 2, 2, 2, 3);
}

static void what_is_decided_at_once_is_picked_up_at_once(void **state)
{
  (void)state;
  struct city city = {.items = {{.id = "a",
                                 .agency = &trade,
                                 .instant = true,
                                 .channels = CHANNEL_ONLINE | CHANNEL_WINDOW,
                                 .delivery = DELIVERY_WINDOW,
                                 ITEM_STEPS({.step = "decide"})}}};
  assert_trips(&city, 1, 1, 1, 1);
}

/* --- Answers --- */

static const struct choice kinds[] = {{.value = "hot"}, {.value = "cold"}};
static const struct question questions[] = {
    {.id = "area",
     .text = {"面积？", "How large?"},
     .type = ASK_NUMBER,
     .has_min = true,
     .min = {5, 0},
     .has_max = true,
     .max = {5005, 1}},
    {.id = "gas", .text = {"燃气？", "Gas?"}, .type = ASK_BOOLEAN},
    {.id = "food", .text = {"食品？", "Food?"}, .type = ASK_CHOICE, .choices = kinds, .choice_count = 2}};
static const struct thing asking = {.id = "asking", .questions = questions, .question_count = 3};

static void assert_answers(const char *area, const char *gas, const char *food, const char *name, const char *where)
{
  struct arena arena = {0};
  struct raw_answer raw[3];
  size_t n = 0;
  const char *const text[] = {area, gas, food};
  for (size_t i = 0; i < 3; i++)
    if (text[i])
      raw[n++] = (struct raw_answer){span_of(questions[i].id), span_of(text[i])};
  struct answers answers = {0};
  struct error error = {0};
  int status = answers_read(&arena, &asking, raw, n, &answers, &error);
  if (!name) {
    assert_int_equal(status, 0);
    assert_int_equal(answers.n, 3);
  } else {
    assert_int_equal(status, -1);
    assert_string_equal(error.name, name);
    assert_string_equal(error.where, where);
    assert_true(error.zh[0] && error.en[0]);
    assert_null(answers.list);
  }
  arena_release(&arena);
}

static void answers_are_typed_and_in_range(void **state)
{
  (void)state;
  assert_answers("320", "true", "hot", NULL, NULL);
  assert_answers(" 500.5 ", "是", "cold", NULL, NULL);
  assert_answers("5", "no", "hot", NULL, NULL);
  assert_answers("4.99", "no", "hot", "bad-answer", "area");
  assert_answers("500.51", "no", "hot", "bad-answer", "area");
  assert_answers("large", "no", "hot", "bad-answer", "area");
  assert_answers("", "no", "hot", "bad-answer", "area");
  assert_answers("10", "perhaps", "hot", "bad-answer", "gas");
  assert_answers("10", "yes", "warm", "bad-answer", "food");
}

static void every_question_must_be_answered_once(void **state)
{
  (void)state;
  assert_answers(NULL, "true", "hot", "missing-answer", "area");
  assert_answers("10", "true", NULL, "missing-answer", "food");
  struct arena arena = {0};
  struct answers answers = {0};
  struct error error = {0};
  const struct raw_answer unknown[] = {{SPAN("colour"), SPAN("red")}},
                          twice[] = {{SPAN("gas"), SPAN("yes")}, {SPAN("gas"), SPAN("no")}};
  assert_int_equal(answers_read(&arena, &asking, unknown, 1, &answers, &error), -1);
  assert_string_equal(error.name, "unknown-question");
  assert_string_equal(error.where, "colour");
  assert_int_equal(answers_read(&arena, &asking, twice, 2, &answers, &error), -1);
  assert_string_equal(error.name, "bad-answer");
  arena_release(&arena);
}

static void answers_decide_which_items_steps_and_presences_there_are(void **state)
{
  (void)state;
  struct city city = {.items = {{.id = "a", .agency = &trade, EVERYWHERE}, {.id = "b", .agency = &fire, EVERYWHERE}}};
  struct feel *large = NULL, *gas = NULL;
  struct error error = {0};
  assert_int_equal(feel_parse(&city.arena, SPAN("area >= 300"), &large, &error), 0);
  assert_int_equal(feel_parse(&city.arena, SPAN("gas and food = \"hot\""), &gas, &error), 0);
  const struct step steps[] = {{.step = "review", .takes = 1}, {.step = "testing", .takes = 4, .when = gas}};
  const struct presence presence = {.why = WHY_IDENTITY, .when = gas};
  city.items[0].steps = steps;
  city.items[0].step_count = 2;
  city.items[0].presence = &presence;
  city.items[0].presence_count = 1;
  city.entries[0].item = &city.items[0];
  city.entries[1] = (struct thing_item){.item = &city.items[1], .when = large};
  city.thing = asking;
  city.thing.lead = &trade;
  city.thing.items = city.entries;
  city.thing.item_count = 2;
  for (int hot = 0; hot < 2; hot++) {
    const struct raw_answer raw[] = {{SPAN("food"), hot ? SPAN("hot") : SPAN("cold")},
                                     {SPAN("area"), hot ? SPAN("299.9") : SPAN("300.0")},
                                     {SPAN("gas"), SPAN("yes")}};
    struct answers answers;
    struct plan *plan = NULL;
    assert_int_equal(answers_read(&city.arena, &city.thing, raw, 3, &answers, &error), 0);
    assert_string_equal(answers.list[0].question, "area"); /* in the order of the questions */
    assert_int_equal(plan_compile(&city.arena, &city.catalog, &city.thing, &answers, NULL, TODAY, &plan, &error), 0);
    assert_int_equal(plan->item_count, hot ? 1 : 2);
    assert_int_equal(plan->step_count, hot ? 2 : 1);
    assert_int_equal(plan->trips_online, hot ? 1 : 0);
    if (hot)
      assert_string_equal(step_of(plan, "a", "testing")->condition, "gas and food = \"hot\"");
    else
      assert_string_equal(plan->items[1].condition, "area >= 300");
  }
  arena_release(&city.arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(visits_of_two_departments_become_one),
      cmocka_unit_test(nobody_waits_more_than_three_days_for_a_visit),
      cmocka_unit_test(an_item_does_not_meet_the_one_it_waits_for),
      cmocka_unit_test(visits_that_wait_for_each_other_are_parted),
      cmocka_unit_test(an_opinion_runs_beside_the_work_and_ends_before_the_decision),
      cmocka_unit_test(instant_items_take_no_day),
      cmocka_unit_test(what_one_item_issues_another_waits_for_and_nobody_is_asked),
      cmocka_unit_test(a_field_is_asked_once_and_only_of_those_who_cannot_know_it),
      cmocka_unit_test(what_is_needed_but_not_in_the_plan_is_held_already),
      cmocka_unit_test(what_the_government_holds_is_never_asked),
      cmocka_unit_test(a_zone_covers_a_study_while_its_assessment_is_valid),
      cmocka_unit_test(items_that_wait_for_each_other_are_refused),
      cmocka_unit_test(with_no_presence_there_is_no_trip_online_and_one_at_a_window),
      cmocka_unit_test(identity_originals_and_signature_share_the_application),
      cmocka_unit_test(an_examination_shares_the_application_when_nothing_precedes_it),
      cmocka_unit_test(an_examination_of_an_item_that_waits_is_another_trip),
      cmocka_unit_test(all_pick_ups_share_one_trip_after_the_last_decision),
      cmocka_unit_test(what_is_decided_at_once_is_picked_up_at_once),
      cmocka_unit_test(answers_are_typed_and_in_range),
      cmocka_unit_test(every_question_must_be_answered_once),
      cmocka_unit_test(answers_decide_which_items_steps_and_presences_there_are),
  };
  return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
