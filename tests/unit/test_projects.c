/* Zones, stages, intermediaries and packages of projects: a town made by hand, then the sample city. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/sample.h"
#include "plan/package.h"

#define TODAY 20000
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct agency bureau = {.id = "bureau", .name = {"发改", "Reform"}};
static const struct material report = {.id = "report", .kind = "report", .name = {"报告", "Report"}};
static const struct material opinion_paper = {.id = "opinion", .kind = "proof", .holder = &bureau, .name = {"意见", "Opinion"}};
static const struct basis law = {"某法", "第一条"};

struct town {
  struct arena arena;
  struct catalog catalog;
  struct zone zone;
  struct assessment assessment;
  struct indicator indicator;
  struct question question;
  struct thing thing;
  struct thing_item entries[3];
  struct item items[3];
  const struct item *needs[1];
  struct step steps[3];
  struct item_material asks[2];
};

static const struct feel *condition(struct town *town, const char *text)
{
  struct feel *feel = NULL;
  struct error error = {0};
  if (feel_parse(&town->arena, span_of(text), &feel, &error) < 0)
    fail_msg("%s", error.en);
  return feel;
}

/* a: review 2, expert review 8 that the zone's energy assessment covers, decide 3, and a report of 20 days; b waits for a. */
static void found_town(struct town *town)
{
  *town = (struct town){0};
  town->indicator = (struct indicator){.id = "tce", .text = "0.5", .is_number = true, .number = {5, 1}};
  town->assessment =
      (struct assessment){.kind = "energy", .valid_until = TODAY, .indicators = &town->indicator, .indicator_count = 1};
  town->zone = (struct zone){.id = "zone", .name = {"园区", "Park"}, .assessments = &town->assessment, .assessment_count = 1};
  town->question = (struct question){.id = "tce", .type = ASK_NUMBER, .text = {"能耗", "Energy"}};
  const struct feel *within = condition(town, "tce <= zone_tce");
  town->steps[0] = (struct step){.step = "review", .takes = 2};
  town->steps[1] =
      (struct step){.step = "expert-review", .takes = 8, .clock_excluded = true, .covered_by = "energy", .within = within};
  town->steps[2] = (struct step){.step = "decide", .takes = 3};
  town->asks[0] = (struct item_material){.material = &report,
                                         .from = FROM_ZONE,
                                         .assessment = "energy",
                                         .within = within,
                                         .basis = &law,
                                         .intermediary = {"编制", "drafting"},
                                         .intermediary_days = 20};
  town->asks[1] = (struct item_material){.material = &opinion_paper, .from = FROM_RESULT, .basis = &law};
  for (int i = 0; i < 3; i++) {
    town->items[i] = (struct item){.agency = &bureau,
                                   .stage = 1,
                                   .promised = 6,
                                   .statutory = 15,
                                   .channels = CHANNEL_ONLINE,
                                   .delivery = DELIVERY_E_CERTIFICATE,
                                   .steps = town->steps,
                                   .step_count = 3};
    town->entries[i].item = &town->items[i];
  }
  town->items[0].id = "a";
  town->items[0].document = "opinion";
  town->items[0].materials = town->asks;
  town->items[0].material_count = 1;
  town->items[1].id = "b";
  town->items[1].materials = &town->asks[1];
  town->items[1].material_count = 1;
  town->items[1].steps = &town->steps[2];
  town->items[1].step_count = 1;
  town->items[2].id = "c";
  town->items[2].steps = &town->steps[0];
  town->items[2].step_count = 1;
  town->thing = (struct thing){.id = "invest",
                               .name = {"投资", "Invest"},
                               .audience = FOR_PROJECT,
                               .lead = &bureau,
                               .questions = &town->question,
                               .question_count = 1,
                               .items = town->entries,
                               .item_count = 2};
}

static struct plan *plan_in(struct town *town, const char *tce, const struct zone *zone, day today)
{
  struct raw_answer raw = {SPAN("tce"), span_of(tce)};
  struct answers answers;
  struct plan *plan = NULL;
  struct error error = {0};
  if (answers_read(&town->arena, &town->thing, &raw, 1, &answers, &error) < 0 ||
      plan_compile(&town->arena, &town->catalog, &town->thing, &answers, zone, today, &plan, &error) < 0)
    fail_msg("%s", error.en);
  return plan;
}

static bool has_step(const struct plan *plan, const char *id)
{
  for (size_t s = 0; s < plan->step_count; s++)
    if (strcmp(plan->steps[s].step, id) == 0)
      return true;
  return false;
}

static void an_assessment_covers_steps_and_papers_within_its_bound_while_it_is_valid(void **state)
{
  (void)state;
  struct town town;
  found_town(&town);
  struct plan *plan = plan_in(&town, "0.5", &town.zone, TODAY);
  assert_false(has_step(plan, "expert-review"));
  assert_int_equal(plan->materials[0].source, PLAN_ZONE);
  assert_int_equal(plan->days, 5 + 3);
  assert_int_equal(plan->service_count, 0);
  assert_int_equal(plan->saved.approval, 8);
  assert_int_equal(plan->saved.services, 20);
  assert_int_equal(plan->saved.days, 8);
  assert_int_equal(plan->saved.days_with_services, 28);
  assert_int_equal(plan->saved.materials, 1);
  const struct {
    const char *tce;
    const struct zone *zone;
    day today;
  } outside[] = {{"0.51", &town.zone, TODAY}, {"0.5", &town.zone, TODAY + 1}, {"0.5", NULL, TODAY}};
  for (size_t i = 0; i < COUNT(outside); i++) {
    plan = plan_in(&town, outside[i].tce, outside[i].zone, outside[i].today);
    assert_true(has_step(plan, "expert-review"));
    assert_int_equal(plan->materials[0].source, PLAN_UPLOAD);
    assert_int_equal(plan->days, 13 + 3);
    assert_int_equal(plan->saved.approval + plan->saved.services + plan->saved.days, 0);
  }
  town.assessment.kind = "flood";
  assert_true(has_step(plan_in(&town, "0.5", &town.zone, TODAY), "expert-review"));
  arena_release(&town.arena);
}

static void a_covered_item_falls_away_and_its_result_is_the_zones(void **state)
{
  (void)state;
  struct town town;
  found_town(&town);
  town.items[0].covered_by = "energy";
  struct plan *plan = plan_in(&town, "9", &town.zone, TODAY);
  assert_int_equal(plan->item_count, 1);
  assert_int_equal(plan->covered_count, 1);
  assert_ptr_equal(plan->covered[0].item, &town.items[0]);
  assert_int_equal(plan->materials[0].source, PLAN_ZONE); /* b wanted what a would have issued */
  assert_string_equal(plan->materials[0].assessment, "energy");
  assert_int_equal(plan->saved.approval, 6); /* a's promise */
  assert_int_equal(plan->saved.items, 1);
  plan = plan_in(&town, "9", NULL, TODAY);
  assert_int_equal(plan->item_count, 2);
  assert_int_equal(plan->materials[1].source, PLAN_RESULT);
  arena_release(&town.arena);
}

static void an_intermediary_works_before_the_application_or_beside_it(void **state)
{
  (void)state;
  struct town town;
  found_town(&town);
  struct plan *plan = plan_in(&town, "9", NULL, TODAY);
  assert_int_equal(plan->service_count, 1);
  assert_int_equal(plan->services[0].start, -20);
  assert_int_equal(plan->services[0].end, 0);
  assert_int_equal(plan->days_with_services, 20 + 16);
  assert_int_equal(plan->services_serial, 20);
  town.asks[0].intermediary_before = "decide"; /* review 2, expert review 8 */
  plan = plan_in(&town, "9", NULL, TODAY);
  assert_int_equal(plan->services[0].end, 10);
  assert_int_equal(plan->services[0].start, -10);
  assert_int_equal(plan->days_with_services, 10 + 16);
  town.asks[0].intermediary_days = 4;
  plan = plan_in(&town, "9", NULL, TODAY);
  assert_int_equal(plan->days_with_services, plan->days); /* all of it beside the review */
  arena_release(&town.arena);
}

static void a_stage_begins_when_the_one_before_has_ended_and_has_its_own_trip(void **state)
{
  (void)state;
  struct town town;
  found_town(&town);
  static const struct presence pick_up[] = {{.why = WHY_PICK_UP, .basis = &law}};
  town.thing.item_count = 3;
  town.items[2].stage = 2; /* c waits for nobody */
  town.items[2].presence = pick_up;
  town.items[2].presence_count = 1;
  town.items[1].presence = pick_up;
  town.items[1].presence_count = 1;
  struct plan *plan = plan_in(&town, "9", NULL, TODAY);
  assert_int_equal(plan->stage_count, 2);
  assert_int_equal(plan->stages[0].end, 16);
  assert_int_equal(plan->stages[1].start, 16);
  assert_int_equal(plan->stages[1].end, 18);
  assert_int_equal(plan->days, 18);
  assert_int_equal(plan->stages[0].trips_online, 1);
  assert_int_equal(plan->stages[1].trips_online, 1);
  assert_int_equal(plan->trips_online, 2); /* the pick-ups of two stages share no trip */
  assert_int_equal(plan->trips_window, 4);
  assert_int_not_equal(plan->presences[0].trip, plan->presences[1].trip);
  assert_int_equal(plan->statutory, 30); /* a limit each */
  assert_int_equal(plan->after.steps, 4 + (int)plan->step_count);
  town.thing.audience = FOR_ENTERPRISE; /* no stages there */
  plan = plan_in(&town, "9", NULL, TODAY);
  assert_int_equal(plan->stage_count, 1);
  assert_int_equal(plan->days, 16);
  assert_int_equal(plan->trips_online, 1);
  arena_release(&town.arena);
}

static void the_critical_path_is_what_a_day_more_would_lengthen(void **state)
{
  (void)state;
  struct town town;
  found_town(&town);
  town.thing.item_count = 3; /* c: review 2, beside a: slack */
  struct plan *plan = plan_in(&town, "9", NULL, TODAY);
  int critical = 0;
  for (size_t s = 0; s < plan->step_count; s++) {
    const char *item = plan->items[plan->steps[s].item].item->id;
    assert_int_equal(plan->steps[s].critical, strcmp(item, "c") != 0);
    critical += plan->steps[s].critical ? plan->steps[s].takes : 0;
  }
  assert_int_equal(critical, plan->days);
  arena_release(&town.arena);
}

static void a_point_lies_in_a_zone_or_not(void **state)
{
  const struct sample *sample = *state;
  const struct zone *zone = catalog_zone_at(sample->catalog, 121.62, 29.90);
  assert_non_null(zone);
  assert_string_equal(zone->id, "sample-gaoxin");
  assert_null(catalog_zone_at(sample->catalog, 121.60, 29.90)); /* west of its outline */
  assert_null(catalog_zone_at(sample->catalog, 0, 0));
  /* the middle of every outline's corners lies in it, all being convex; a point far to the side does not */
  for (size_t z = 0; z < sample->catalog->zone_count; z++) {
    const struct zone *in = &sample->catalog->zones[z];
    double x = 0, y = 0;
    for (size_t i = 0; i < in->point_count; i++) {
      x += in->polygon[i][0] / (double)in->point_count;
      y += in->polygon[i][1] / (double)in->point_count;
    }
    assert_ptr_equal(catalog_zone_at(sample->catalog, x, y), in);
    assert_null(catalog_zone_at(sample->catalog, x + 5, y));
  }
  assert_non_null(catalog_zone(sample->catalog, SPAN("sample-gaoxin")));
  assert_string_equal(sample->catalog->zones[0].assessments[1].indicators[0].id, "tce_per_10k_cny");
  assert_true(sample->catalog->zones[0].assessments[1].indicators[0].is_number);
  double longitude, latitude;
  assert_true(point_parse(SPAN(" 121.62 , 29.9"), &longitude, &latitude));
  static const char *const wrong[] = {"", "121.62", "121.62;29.9", "181,0", "0,91", "a,b", "1,2,3"};
  for (size_t i = 0; i < COUNT(wrong); i++)
    assert_false(point_parse(span_of(wrong[i]), &longitude, &latitude));
}

/* A small, a middling and a large project, as most are: without rivers, forests or hills. */
static const char *const typical[] = {
    "project_kind=record eia_class=register energy_tce=500 land_hectares=3 site_type=plain water_relation=none tce_per_10k=0.4",
    "project_kind=record eia_class=table energy_tce=800 land_hectares=4 site_type=plain water_relation=none tce_per_10k=0.4",
    "project_kind=record eia_class=table energy_tce=3000 land_hectares=6 site_type=plain water_relation=none tce_per_10k=0.5"};

/* The city's own record: promised limits 22 working days shorter on average, intermediaries 36 (R40). */
static void a_zone_saves_what_the_city_reported(void **state)
{
  struct sample *sample = *state;
  const struct zone *zone = catalog_zone(sample->catalog, SPAN("sample-gaoxin"));
  int approval = 0, services = 0;
  for (size_t i = 0; i < COUNT(typical); i++) {
    struct plan *plan = sample_plan(sample, "invest-an-industrial-project", typical[i], zone);
    print_message("project %zu: %d days of approvals and %d of intermediaries saved; %d days instead of %d\n", i + 1,
                  plan->saved.approval, plan->saved.services, plan->days, plan->days + plan->saved.days);
    assert_true(plan->saved.services > plan->saved.approval);
    assert_true(plan->saved.days > 0 && plan->saved.days_with_services >= 0);
    approval += plan->saved.approval;
    services += plan->saved.services;
  }
  assert_in_range(approval / (int)COUNT(typical), 15, 30);
  assert_in_range(services / (int)COUNT(typical), 27, 45);
}

static void the_industrial_project_goes_through_four_stages(void **state)
{
  struct plan *plan = sample_plan(*state, "invest-an-industrial-project", typical[2], NULL);
  assert_int_equal(plan->stage_count, 4);
  int items = 0;
  for (size_t s = 0; s < plan->stage_count; s++) {
    const struct plan_stage *stage = &plan->stages[s];
    assert_int_equal(stage->stage, s + 1);
    assert_int_equal(stage->start, s ? plan->stages[s - 1].end : 0);
    assert_int_equal(stage->trips_window, 1);
    assert_true(stage->statutory <= 45);
    items += stage->items;
  }
  assert_int_equal(items, plan->item_count);
  assert_int_equal(plan->trips_online, 0);
  assert_int_equal(plan->trips_window, 4);
  assert_true(plan->days <= plan->days_serial);
  for (size_t i = 0; i < plan->service_count; i++)
    assert_true(plan->services[i].end - plan->services[i].start == plan->services[i].takes);
}

static void a_package_shares_what_is_marked_so(void **state)
{
  struct sample *sample = *state;
  struct plan_site *sites;
  size_t n;
  struct error error = {0};
  const struct zone *zone = NULL;
  assert_int_equal(
      sites_read(&sample->arena, SPAN("一期@121.62,29.90\n二期@121.625,29.901; 三期@121.63,29.9\n"), &sites, &n, &error), 0);
  assert_int_equal(n, 3);
  assert_string_equal(sites[1].name, "二期");
  assert_int_equal(sites_zone(sample->catalog, sites, n, &zone, &error), 0);
  assert_string_equal(zone->id, "sample-gaoxin");
  struct plan *plan = sample_plan(sample, "invest-an-industrial-project", typical[2], zone);
  assert_int_equal(plan_pack(&sample->arena, plan, sites, n, &error), 0);
  const struct plan_package *package = plan->package;
  int once = 0, papers = 0;
  for (size_t i = 0; i < plan->item_count; i++)
    once += package->item_once[i];
  assert_in_range(once, 2, plan->item_count - 1);
  for (size_t m = 0; m < plan->material_count; m++)
    if (plan->materials[m].source == PLAN_UPLOAD)
      papers += package->material_once[m] ? 1 : 3;
  assert_int_equal(package->after.materials, papers);
  assert_true(package->after.materials < 3 * plan->after.materials && package->after.materials > plan->after.materials);
  assert_true(package->after.forms_fields < 3 * plan->after.forms_fields);
  assert_int_equal(package->before.trips, 3 * plan->before.trips);
  assert_int_equal(package->after.trips, plan->after.trips);
  assert_true(package->after.steps < 3 * plan->after.steps);
}

static void what_cannot_be_packed_is_refused(void **state)
{
  struct sample *sample = *state;
  struct plan_site *sites;
  size_t n;
  struct error error = {0};
  const struct zone *zone = NULL;
  assert_int_equal(sites_read(&sample->arena, SPAN("一期@121.62"), &sites, &n, &error), -1);
  assert_string_equal(error.name, "bad-site");
  assert_int_equal(sites_read(&sample->arena, SPAN("一期@121.62,29.9;121.63,29.9"), &sites, &n, &error), -1);
  assert_string_equal(error.name, "bad-site"); /* the second has no name */
  assert_int_equal(sites_read(&sample->arena, SPAN("一期@121.62,29.9;远处@121.2,30.3"), &sites, &n, &error), 0);
  assert_int_equal(sites_zone(sample->catalog, sites, n, &zone, &error), -1);
  assert_string_equal(error.name, "sites-apart");
  struct plan *plan = sample_plan(sample, "open-a-restaurant", "", NULL);
  assert_int_equal(plan_pack(&sample->arena, plan, sites, n, &error), -1);
  assert_string_equal(error.name, "not-a-project");
  assert_int_equal(sites_read(&sample->arena, SPAN(""), &sites, &n, &error), 0);
  assert_int_equal(n, 0);
  assert_int_equal(sites_zone(sample->catalog, sites, n, &zone, &error), 0);
  assert_null(zone);
}

int main(void)
{
  const struct CMUnitTest by_hand[] = {
      cmocka_unit_test(an_assessment_covers_steps_and_papers_within_its_bound_while_it_is_valid),
      cmocka_unit_test(a_covered_item_falls_away_and_its_result_is_the_zones),
      cmocka_unit_test(an_intermediary_works_before_the_application_or_beside_it),
      cmocka_unit_test(a_stage_begins_when_the_one_before_has_ended_and_has_its_own_trip),
      cmocka_unit_test(the_critical_path_is_what_a_day_more_would_lengthen),
  };
  const struct CMUnitTest on_sample[] = {
      cmocka_unit_test(a_point_lies_in_a_zone_or_not),
      cmocka_unit_test(a_zone_saves_what_the_city_reported),
      cmocka_unit_test(the_industrial_project_goes_through_four_stages),
      cmocka_unit_test(a_package_shares_what_is_marked_so),
      cmocka_unit_test(what_cannot_be_packed_is_refused),
  };
  int failed = cmocka_run_group_tests_name("a town by hand", by_hand, NULL, NULL);
  return failed + cmocka_run_group_tests_name("projects of the sample city", on_sample, sample_open, sample_close);
}
