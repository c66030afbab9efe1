#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/blueprint.h"
#include "plan/plan.h"

static const struct agency trade = {.id = "trade"}, fire = {.id = "fire"};
static const struct material paper = {.id = "paper", .kind = "certificate"};

#define LIST(type, ...)                                                                                                            \
  (const type[])                                                                                                                   \
  {                                                                                                                                \
    __VA_ARGS__                                                                                                                    \
  }
#define EVERYWHERE .channels = CHANNEL_ONLINE | CHANNEL_WINDOW, .delivery = DELIVERY_E_CERTIFICATE | DELIVERY_WINDOW
#define EXAMINED_AFTER(days)                                                                                                       \
  .presence = LIST(struct presence, {.why = WHY_EXAMINATION}), .presence_count = 1,                                                \
  .steps =                                                                                                                         \
      LIST(struct step, {.step = "review", .takes = (days)}, {.step = "examination", .takes = 1}, {.step = "decide", .takes = 1}), \
  .step_count = 3

struct city {
  struct arena arena;
  struct catalog catalog;
  struct thing_item entries[4];
  struct thing thing;
};

static struct thing *thing_of(struct city *city, const struct item *items, size_t n)
{
  for (size_t i = 0; i < n; i++)
    city->entries[i].item = &items[i];
  city->thing = (struct thing){.id = "thing", .lead = &trade, .items = city->entries, .item_count = n};
  return &city->thing;
}

static struct plan *plan_of(struct city *city, const struct item *items, size_t n)
{
  struct answers none = {0};
  struct plan *plan = NULL;
  struct error error = {0};
  if (plan_compile(&city->arena, &city->catalog, thing_of(city, items, n), &none, NULL, 20000, &plan, &error) < 0)
    fail_msg("%s", error.en);
  return plan;
}

static void later_examinations_of_one_department_are_on_one_day(void **state)
{
  (void)state;
  struct city city = {0};
  const struct item items[] = {{.id = "a", .agency = &trade, EVERYWHERE, EXAMINED_AFTER(1)},
                               {.id = "b", .agency = &trade, EVERYWHERE, EXAMINED_AFTER(6)},
                               {.id = "c", .agency = &fire, EVERYWHERE, EXAMINED_AFTER(2)}};
  struct plan *plan = plan_of(&city, items, 3);
  assert_int_equal(plan->presence_count, 3);
  assert_int_equal(plan->presences[0].at, 2); /* the other department's */
  assert_int_equal(plan->presences[1].at, 6); /* when the later of the two is ready */
  assert_int_equal(plan->presences[2].at, 6);
  assert_int_equal(plan->presences[1].trip, plan->presences[2].trip);
  assert_int_equal(plan->trips_online, 2);
  assert_int_equal(plan->before.trips, 9);
  assert_int_equal(plan->days, 8);
  arena_release(&city.arena);
}

static void examinations_of_items_that_wait_for_each_other_are_apart(void **state)
{
  (void)state;
  struct city city = {0};
  struct item items[] = {{.id = "a", .agency = &trade, EVERYWHERE, EXAMINED_AFTER(1)},
                         {.id = "b", .agency = &trade, EVERYWHERE, EXAMINED_AFTER(0)},
                         {.id = "c", .agency = &trade, EVERYWHERE, EXAMINED_AFTER(9)}};
  const struct item *needs[] = {&items[0]};
  items[1].needs = needs;
  items[1].need_count = 1;
  struct plan *plan = plan_of(&city, items, 3);
  assert_int_equal(plan->trips_online, 2); /* a with c, then b */
  assert_int_equal(plan->items[1].start, 11);
  assert_true(plan->days <= plan->days_serial);
  arena_release(&city.arena);
}

static void what_is_examined_later_is_picked_up_later(void **state)
{
  (void)state;
  struct city city = {0};
  const struct item items[] = {{.id = "a",
                                .agency = &trade,
                                .channels = CHANNEL_ONLINE,
                                .delivery = DELIVERY_WINDOW,
                                .presence = LIST(struct presence, {.why = WHY_EXAMINATION}),
                                .presence_count = 1,
                                .steps = LIST(struct step, {.step = "review"}, {.step = "examination"}),
                                .step_count = 2}}; /* takes no day, but the examination is after the review */
  struct plan *plan = plan_of(&city, items, 1);
  assert_int_equal(plan->days, 0);
  assert_int_equal(plan->trips_online, 2);
  assert_int_equal(plan->before.trips, 3);
  arena_release(&city.arena);
}

static void a_step_without_days_is_never_a_joint_visit(void **state)
{
  (void)state;
  struct city city = {0};
  const struct item items[] = {{.id = "a",
                                .agency = &trade,
                                EVERYWHERE,
                                .steps = LIST(struct step, {.step = "site-visit", .merge = "site"}),
                                .step_count = 1},
                               {.id = "b",
                                .agency = &fire,
                                EVERYWHERE,
                                .steps = LIST(struct step, {.step = "site-visit", .takes = 2, .merge = "site"}),
                                .step_count = 1}};
  struct plan *plan = plan_of(&city, items, 2);
  assert_int_equal(plan->visit_count, 2);
  assert_int_equal(plan->items[0].end, 0);
  arena_release(&city.arena);
}

static void what_would_close_a_circle_is_not_waited_for(void **state)
{
  (void)state;
  struct city city = {0};
  struct item items[] = {
      {.id = "a",
       .agency = &trade,
       EVERYWHERE,
       .materials = LIST(struct item_material, {.material = &paper, .from = FROM_APPLICANT}),
       .material_count = 1},
      {.id = "b", .agency = &trade, EVERYWHERE, .document = "paper"},
  };
  struct blueprint *b = blueprint_make(&city.arena, thing_of(&city, items, 2));
  assert_int_equal(b->edge_count, 1);
  assert_int_equal(b->edges[0].why, EDGE_YIELD);
  const struct item *needs[] = {&items[0]};
  items[1].needs = needs;
  items[1].need_count = 1;
  b = blueprint_make(&city.arena, thing_of(&city, items, 2));
  assert_int_equal(b->edge_count, 2);
  assert_int_equal(b->edges[0].why, EDGE_REFUSED);
  assert_int_equal(b->edges[1].why, EDGE_NEEDS);
  assert_false(b->circular);
  assert_int_equal(plan_of(&city, items, 2)->materials[0].source, PLAN_UPLOAD);
  arena_release(&city.arena);
}

static void an_item_named_twice_is_one_item_with_two_conditions(void **state)
{
  (void)state;
  struct city city = {0};
  const struct item item = {.id = "a", .agency = &trade, EVERYWHERE};
  struct thing *thing = thing_of(&city, &item, 1);
  city.entries[1] = city.entries[0];
  thing->item_count = 2;
  struct blueprint *b = blueprint_make(&city.arena, thing);
  assert_int_equal(b->n, 1);
  assert_int_equal(b->items[0].when_count, 2);
  arena_release(&city.arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(later_examinations_of_one_department_are_on_one_day),
      cmocka_unit_test(examinations_of_items_that_wait_for_each_other_are_apart),
      cmocka_unit_test(what_is_examined_later_is_picked_up_later),
      cmocka_unit_test(a_step_without_days_is_never_a_joint_visit),
      cmocka_unit_test(what_would_close_a_circle_is_not_waited_for),
      cmocka_unit_test(an_item_named_twice_is_one_item_with_two_conditions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
