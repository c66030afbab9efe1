#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reform/reform.h"

#define TODAY 20000
#define PEOPLE 12

static struct catalog *load(struct arena *arena)
{
  const char *source = getenv("ONEVISIT_SOURCE");
  struct catalog *catalog = NULL;
  struct findings findings = {0};
  struct error error = {0};
  char *dir = arena_printf(arena, "%s/catalogs/ningbo", source ? source : ".");
  assert_int_equal(catalog_load(dir, &catalog, arena, &findings, &error), 0);
  return catalog;
}

static struct people people(struct arena *arena, const struct catalog *catalog, const struct thing *thing, size_t max,
                            uint64_t seed)
{
  struct people ret;
  struct error error = {0};
  assert_int_equal(people_of(arena, catalog, thing, max, seed, TODAY, &ret, &error), 0);
  return ret;
}

static void people_are_all_answers_where_those_are_few(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct catalog *catalog = load(&arena);
  for (size_t t = 0; t < catalog->thing_count; t++) {
    struct people all = people(&arena, catalog, &catalog->things[t], 300, 1);
    if (!all.all)
      continue;
    for (size_t a = 0; a < all.n; a++)
      for (size_t b = a + 1; b < all.n; b++) {
        bool same = true;
        for (size_t q = 0; q < all.thing->question_count; q++)
          same &= strcmp(all.list[a].answers.list[q].text, all.list[b].answers.list[q].text) == 0;
        assert_false(same);
      }
  }
  catalog_free(catalog);
  arena_release(&arena);
}

static void the_same_seed_gives_the_same_people(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct catalog *catalog = load(&arena);
  const struct thing *thing = catalog_thing(catalog, SPAN("open-a-restaurant"));
  struct people a = people(&arena, catalog, thing, 40, 5), b = people(&arena, catalog, thing, 40, 5),
                other = people(&arena, catalog, thing, 40, 6);
  bool differ = false;
  assert_int_equal(a.n, 40);
  for (size_t p = 0; p < a.n; p++)
    for (size_t q = 0; q < thing->question_count; q++) {
      assert_string_equal(a.list[p].answers.list[q].text, b.list[p].answers.list[q].text);
      differ |= strcmp(a.list[p].answers.list[q].text, other.list[p].answers.list[q].text) != 0;
    }
  assert_true(differ);
  catalog_free(catalog);
  arena_release(&arena);
}

/* Everybody's plan, whether the reform concerns them or not, on a catalogue of its own. */
static void recount(struct arena *arena, struct catalog *catalog, const struct advice *advice, double ret[3])
{
  struct people *before = arena_array(arena, catalog->thing_count, sizeof *before);
  for (size_t t = 0; t < catalog->thing_count; t++)
    before[t] = people(arena, catalog, &catalog->things[t], PEOPLE, 3);
  struct reform_undo undo = reform_apply(arena, catalog, &advice->reform);
  for (size_t t = 0; t < catalog->thing_count; t++) {
    struct people after = people(arena, catalog, &catalog->things[t], PEOPLE, 3);
    for (size_t p = 0; p < after.n; p++) {
      struct measure a = before[t].list[p].before, b = after.list[p].before;
      ret[0] += (double)(a.trips - b.trips) / (double)after.n;
      ret[1] += (double)(a.materials - b.materials) / (double)after.n;
      ret[2] += (double)(a.days - b.days) / (double)after.n;
    }
  }
  reform_take_back(&undo);
}

static void what_a_reform_saves_is_the_difference_of_all_plans(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct catalog *catalog = load(&arena), *fresh = load(&arena);
  struct advice_options options = {.people = PEOPLE, .seed = 3, .today = TODAY};
  struct advice *list = NULL;
  size_t n = 0;
  assert_int_equal(reform_advise(&arena, catalog, &options, &list, &n, &error), 0);
  assert_true(n > 50);
  for (size_t i = 0; i < n; i += n / 25) {
    double saved[3] = {0};
    recount(&arena, fresh, &list[i], saved);
    assert_float_equal(saved[0], list[i].trips, 1e-6);
    assert_float_equal(saved[1], list[i].materials, 1e-6);
    assert_float_equal(saved[2], list[i].days, 1e-6);
  }
  for (size_t i = 1; i < n; i++)
    assert_true(list[i - 1].trips >= list[i].trips);
  catalog_free(fresh);
  catalog_free(catalog);
  arena_release(&arena);
}

static void every_reform_is_taken_back(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct catalog *catalog = load(&arena);
  struct item *items = arena_array(&arena, catalog->item_count, sizeof *items);
  struct material *materials = arena_array(&arena, catalog->material_count, sizeof *materials);
  memcpy(items, catalog->items, catalog->item_count * sizeof *items);
  memcpy(materials, catalog->materials, catalog->material_count * sizeof *materials);
  struct reform *reforms = NULL;
  size_t n = reform_list(&arena, catalog, &reforms);
  assert_true(n > 500);
  for (size_t i = 0; i < n; i++) {
    struct words words = reform_words(&arena, catalog, &reforms[i]);
    assert_true(words.zh && *words.zh && words.en && *words.en);
    struct reform_undo undo = reform_apply(&arena, catalog, &reforms[i]);
    assert_true(memcmp(items, catalog->items, catalog->item_count * sizeof *items) != 0 ||
                memcmp(materials, catalog->materials, catalog->material_count * sizeof *materials) != 0);
    reform_take_back(&undo);
    assert_memory_equal(items, catalog->items, catalog->item_count * sizeof *items);
    assert_memory_equal(materials, catalog->materials, catalog->material_count * sizeof *materials);
  }
  catalog_free(catalog);
  arena_release(&arena);
}

static void cases_a_year_weigh_the_things(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct catalog *catalog = load(&arena);
  double *cases = arena_array(&arena, catalog->thing_count, sizeof *cases);
  const struct thing *thing = catalog_thing(catalog, SPAN("open-a-guesthouse"));
  assert_non_null(thing);
  cases[thing - catalog->things] = 800;
  struct advice_options options = {.people = PEOPLE, .cases = cases, .today = TODAY, .by = BY_MATERIALS};
  struct advice *list = NULL;
  size_t n = 0;
  assert_int_equal(reform_advise(&arena, catalog, &options, &list, &n, &error), 0);
  assert_true(n > 0);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(list[i].thing_count, 1);
    assert_ptr_equal(list[i].things[0], thing);
    assert_true(list[i].cases <= 800 && list[i].materials <= 800 * 5);
  }
  assert_true(list[0].materials > 100);
  catalog_free(catalog);
  arena_release(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(people_are_all_answers_where_those_are_few),
      cmocka_unit_test(the_same_seed_gives_the_same_people),
      cmocka_unit_test(what_a_reform_saves_is_the_difference_of_all_plans),
      cmocka_unit_test(every_reform_is_taken_back),
      cmocka_unit_test(cases_a_year_weigh_the_things),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
