/* What the compiler says of itself, and the shape of the national figures that the sample's plans reproduce. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/sample.h"
#include "plan/explain.h"

#define RESTAURANT                                                                                                                 \
  "area=320 food_kind=hot cold_dishes=true signboard=true gas=true sewage=true staff_certified=true premises_owned=false"

static struct explanation *explained(struct sample *sample, const char *id, const char *said, const struct zone *zone)
{
  const struct thing *thing = catalog_thing(sample->catalog, span_of(id));
  assert_non_null(thing);
  struct answers answers = sample_answers(sample, thing, said);
  struct explanation *explanation = NULL;
  struct error error = {0};
  if (plan_explain(&sample->arena, sample->catalog, thing, &answers, zone, SAMPLE_DAY, &explanation, &error) < 0)
    fail_msg("%s: %s", id, error.en);
  return explanation;
}

static const struct why_line *line_of(const struct explanation *explanation, enum plan_pass pass, const char *id)
{
  for (size_t i = 0; i < explanation->n; i++)
    if (explanation->lines[i].pass == pass && strcmp(explanation->lines[i].id, id) == 0)
      return &explanation->lines[i];
  fail_msg("no line of %s in %s", id, pass_id(pass));
  return NULL;
}

#define SAYS(pass, id, told) assert_string_equal(line_of(e, pass, id)->verdict, told)

static void every_pass_says_what_it_decided_and_why(void **state)
{
  struct explanation *e = explained(*state, "open-a-restaurant", RESTAURANT, NULL);
  SAYS(PASS_ITEMS, "fire-safety-check", "selected");
  assert_string_equal(line_of(e, PASS_ITEMS, "fire-safety-check")->condition, "area >= 300 and not(delivery_only)");
  assert_string_equal(line_of(e, PASS_ITEMS, "fire-safety-check")->answers, "area = 320, delivery_only = false");
  SAYS(PASS_ITEMS, "small-food-shop-registration", "not-selected");
  SAYS(PASS_WANTS, "fire-safety-check/premises-title", "not-wanted");
  SAYS(PASS_ORDER, "food-business-licence/business-registration", "needs");
  SAYS(PASS_MATERIALS, "business-licence", "result");
  SAYS(PASS_MATERIALS, "water-account", "fetch");
  SAYS(PASS_MATERIALS, "floor-plan", "upload");
  SAYS(PASS_MATERIALS, "application-form", "form");
  SAYS(PASS_FORM, "sign_text", "asked");
  SAYS(PASS_FORM, "food-business-licence/company_name", "issued"); /* the licence says it */
  SAYS(PASS_FORM, "fire-safety-check/premises_area", "answered");  /* by the question for the area */
  SAYS(PASS_FORM, "business-registration/representative_name", "held");
  SAYS(PASS_MERGE, "site-visit", "joint");
  SAYS(PASS_SCHEDULE, "fire-safety-check/decide", "critical");
  SAYS(PASS_SCHEDULE, "employee-health-certificate/review", "slack");
  SAYS(PASS_SCHEDULE, "employee-health-certificate/examination", "not-there");
  SAYS(PASS_LIMITS, "stage-0", "capped"); /* licences of several agencies: 45 */
  SAYS(PASS_TRIPS, "trips", "sum");
}

static void a_zone_is_told_with_its_validity_and_bound(void **state)
{
  struct sample *sample = *state;
  const struct zone *zone = catalog_zone(sample->catalog, SPAN("sample-gaoxin"));
  const char *said = "project_kind=record eia_class=table energy_tce=3000 land_hectares=6 tce_per_10k=0.4";
  struct explanation *e = explained(sample, "invest-an-industrial-project", said, zone);
  SAYS(PASS_ITEMS, "project-mineral-check", "covered");
  assert_non_null(strstr(line_of(e, PASS_ITEMS, "project-mineral-check")->why.en, "valid until 2029-12-31"));
  SAYS(PASS_SCHEDULE, "project-energy-review/expert-review", "covered");
  assert_string_equal(line_of(e, PASS_SCHEDULE, "project-energy-review/expert-review")->answers,
                      "tce_per_10k = 0.4, zone_tce_per_10k_cny = 0.52");
  SAYS(PASS_MATERIALS, "project-energy-report", "zone");
  SAYS(PASS_SERVICES, "project-design-scheme", "bound");
  assert_non_null(strstr(line_of(e, PASS_MATERIALS, "project-energy-report")->why.zh, "高新区"));
}

/* Nothing in a plan is without its line, in both languages. */
static void every_line_of_a_plan_has_its_why(void **state)
{
  struct sample *sample = *state;
  for (size_t t = 0; t < sample->catalog->thing_count; t++) {
    const struct thing *thing = &sample->catalog->things[t];
    struct explanation *e = explained(sample, thing->id, "", t % 2 ? &sample->catalog->zones[0] : NULL);
    for (size_t i = 0; i < e->n; i++) {
      assert_true(i == 0 || e->lines[i - 1].pass <= e->lines[i].pass);
      assert_true(e->lines[i].why.zh && *e->lines[i].why.zh && e->lines[i].why.en && *e->lines[i].why.en);
      assert_true(e->lines[i].subject.zh && e->lines[i].verdict && e->lines[i].id);
    }
    for (size_t i = 0; i < e->plan->item_count; i++) {
      SAYS(PASS_ITEMS, e->plan->items[i].item->id, "selected");
      assert_non_null(line_of(e, PASS_LIMITS, e->plan->items[i].item->id));
    }
    for (size_t m = 0; m < e->plan->material_count; m++)
      assert_non_null(line_of(e, PASS_MATERIALS, e->plan->materials[m].material->id));
    for (size_t f = 0; f < e->plan->field_count; f++)
      SAYS(PASS_FORM, e->plan->fields[f].field->id, "asked");
  }
}

static void the_json_names_every_pass(void **state)
{
  struct sample *sample = *state;
  struct explanation *e = explained(sample, "open-a-restaurant", RESTAURANT, NULL);
  struct buf buf;
  buf_init(&buf, (size_t)4 * 1024 * 1024);
  struct json_writer w = json_to(&buf);
  explanation_json(e, &w, NULL);
  json_t *json = NULL;
  struct error error = {0};
  assert_int_equal(json_read(arena_span(&sample->arena, buf_view(&buf)), "explanation", &json, &error), 0);
  const json_t *list = json_list(json, "passes");
  assert_int_equal(json_array_size(list), PASS_COUNT);
  size_t lines = 0;
  for (size_t p = 0; p < PASS_COUNT; p++) {
    assert_string_equal(json_str(json_array_get(list, p), "pass"), pass_id((enum plan_pass)p));
    lines += json_array_size(json_list(json_array_get(list, p), "lines"));
  }
  assert_int_equal(lines, e->n);
  json_decref(json);
  buf_release(&buf);
}

/* ---- the shape of the national figures (standards: Sichuan, Guangdong, the «one matter» lists) ---- */

static int percent(int after, int before)
{
  return before ? 100 * after / before : 0;
}

static void print_tally(const char *what, const struct plan *plan)
{
  const struct plan_tally *b = &plan->before, *a = &plan->after;
  print_message("%s: %zu items, %d departments; fields %d -> %d, materials %d -> %d, days %d -> %d, trips %d -> %d\n", what,
                plan->item_count, b->agencies, b->forms_fields, a->forms_fields, b->materials, a->materials, b->days, a->days,
                b->trips, a->trips);
}

/* Sichuan: form fields 100 to 58, materials 35 to 17 (Shanghai: 17 to 2), working days 48 to 13. */
static void a_restaurant_has_the_shape_of_the_national_figures(void **state)
{
  struct plan *plan = sample_plan(*state, "open-a-restaurant", RESTAURANT, NULL);
  print_tally("restaurant", plan);
  assert_in_range(plan->before.forms_fields, 85, 125);
  assert_in_range(percent(plan->after.forms_fields, plan->before.forms_fields), 40, 65);
  assert_in_range(plan->before.materials, 30, 50);
  assert_in_range(percent(plan->after.materials, plan->before.materials), 12, 50);
  assert_in_range(percent(plan->after.days, plan->before.days), 20, 35);
  assert_true(plan->before.trips >= 10 && plan->after.trips == 0);
}

/* Guangdong: nine items, five working days; the register needs the certificate, card and insurance need the register. */
static void a_newborn_is_done_in_five_days(void **state)
{
  struct plan *plan = sample_plan(*state, "newborn", "born_in_hospital=true parents_married=true mother_insured=true", NULL);
  print_tally("newborn", plan);
  assert_int_equal(plan->item_count, 9);
  assert_in_range(plan->days, 4, 6);
  assert_int_equal(plan->after.trips, 0);
  assert_in_range(percent(plan->after.forms_fields, plan->before.forms_fields), 15, 40);
}

/* Five items of five departments, 27 materials, five windows. */
static void a_convenience_store_was_five_windows(void **state)
{
  struct plan *plan =
      sample_plan(*state, "open-a-convenience-store",
                  "has_company=true area=80 food_kind=bulk tobacco=true alcohol=true signboard=true chain_store=true "
                  "staff_certified=true",
                  NULL);
  print_tally("convenience store", plan);
  assert_int_equal(plan->item_count, 5);
  assert_int_equal(plan->before.agencies, 5);
  assert_in_range(plan->before.materials, 18, 32);
  assert_true(plan->after.agencies == 1 && plan->after.materials * 2 <= plan->before.materials);
}

static bool has(const struct plan *plan, const char *item)
{
  for (size_t i = 0; i < plan->item_count; i++)
    if (strcmp(plan->items[i].item->id, item) == 0)
      return true;
  return false;
}

/* Ten items with thresholds: no hygiene licence to 500 m2, no fire check to 50 m2. */
static void a_supermarket_has_thresholds(void **state)
{
  static const struct {
    const char *area;
    bool fire, hygiene;
  } shops[] = {{"50", false, false}, {"51", true, false}, {"500", true, false}, {"501", true, true}};
  struct sample *sample = *state;
  for (size_t i = 0; i < sizeof shops / sizeof *shops; i++) {
    const char *said = arena_printf(&sample->arena, "has_company=true food_kind=hot area=%s", shops[i].area);
    struct plan *plan = sample_plan(sample, "open-a-supermarket", said, NULL);
    assert_int_equal(has(plan, "fire-safety-check"), shops[i].fire);
    assert_int_equal(has(plan, "public-place-hygiene-licence"), shops[i].hygiene);
  }
  struct plan *plan = sample_plan(sample, "open-a-supermarket",
                                  "has_company=true area=1200 food_kind=hot tobacco=true chain_store=true gas=true "
                                  "special_equipment=true staff_certified=true",
                                  NULL);
  print_tally("supermarket", plan);
  assert_in_range(plan->item_count, 9, 12);
  assert_in_range(percent(plan->after.forms_fields, plan->before.forms_fields), 20, 60);
  assert_true(plan->after.materials * 2 <= plan->before.materials && plan->after.days * 3 <= plan->before.days);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_pass_says_what_it_decided_and_why),
      cmocka_unit_test(a_zone_is_told_with_its_validity_and_bound),
      cmocka_unit_test(every_line_of_a_plan_has_its_why),
      cmocka_unit_test(the_json_names_every_pass),
      cmocka_unit_test(a_restaurant_has_the_shape_of_the_national_figures),
      cmocka_unit_test(a_newborn_is_done_in_five_days),
      cmocka_unit_test(a_convenience_store_was_five_windows),
      cmocka_unit_test(a_supermarket_has_thresholds),
  };
  return cmocka_run_group_tests_name("explained", tests, sample_open, sample_close);
}
