#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "catalog/catalog.h"

static struct catalog *ningbo;
static struct arena arena;

static int load(void **state)
{
  (void)state;
  const char *source = getenv("ONEVISIT_SOURCE");
  struct findings findings = {0};
  struct error error = {0};
  return catalog_load(arena_printf(&arena, "%s/catalogs/ningbo", source ? source : "."), &ningbo, &arena, &findings, &error);
}

static int unload(void **state)
{
  (void)state;
  catalog_free(ningbo);
  arena_release(&arena);
  return 0;
}

static day at(const char *text)
{
  day d = DAY_NONE;
  assert_true(day_parse(span_of(text), &d));
  return d;
}

static void limit(const char *start, int n, const char *end, bool provisional)
{
  struct deadline d = calendar_add(&ningbo->calendar, at(start), n);
  char text[DAY_TEXT];
  day_format(d.day, text);
  assert_string_equal(text, end);
  assert_int_equal(d.provisional, provisional);
}

static void limits_follow_the_notices(void **state)
{
  (void)state;
  limit("2026-02-12", 5, "2026-02-26", false);
  limit("2026-02-13", 1, "2026-02-14", false); /* a Saturday that is worked */
  limit("2026-09-18", 5, "2026-09-24", false);
  limit("2026-09-24", 10, "2026-10-15", false);
  limit("2025-09-26", 20, "2025-10-30", false);
  limit("2026-04-30", 5, "2026-05-11", false);
  limit("2025-12-31", 1, "2026-01-04", false); /* a Sunday that is worked, across announced years */
  limit("2026-02-15", 0, "2026-02-15", false); /* no days: the day itself, off or not */
}

static void what_touches_an_unannounced_year_is_provisional(void **state)
{
  (void)state;
  limit("2026-12-25", 4, "2026-12-31", false);
  limit("2026-12-25", 5, "2027-01-01", true); /* by weekdays alone: to be computed again */
  limit("2026-12-31", 1, "2027-01-01", true);
  limit("2027-06-01", 1, "2027-06-02", true);
  limit("2024-12-30", 2, "2025-01-02", true); /* through an unannounced year into an announced one: 31 and, 1 being off, 2 */
}

static void each_year_has_248_working_days(void **state)
{
  (void)state;
  assert_int_equal(calendar_between(&ningbo->calendar, at("2024-12-31"), at("2025-12-31")), 248);
  assert_int_equal(calendar_between(&ningbo->calendar, at("2025-12-31"), at("2026-12-31")), 248);
}

static void counting_undoes_adding(void **state)
{
  (void)state;
  for (day d = at("2025-01-01"); d < at("2026-10-01"); d++) {
    for (int n = 1; n <= 20; n += 3)
      assert_int_equal(calendar_between(&ningbo->calendar, d, calendar_add(&ningbo->calendar, d, n).day), n);
  }
  assert_int_equal(calendar_between(&ningbo->calendar, at("2026-05-11"), at("2026-05-11")), 0);
  assert_int_equal(calendar_between(&ningbo->calendar, at("2026-05-12"), at("2026-05-11")), 0);
}

static void weekends_off_days_and_make_up_days_are_told_apart(void **state)
{
  (void)state;
  assert_true(calendar_works(&ningbo->calendar, at("2026-02-28")));
  assert_false(calendar_works(&ningbo->calendar, at("2026-03-01")));
  assert_false(calendar_works(&ningbo->calendar, at("2026-10-07")));
  assert_true(calendar_works(&ningbo->calendar, at("2026-10-08")));
  assert_true(calendar_works(&ningbo->calendar, at("2027-10-01"))); /* not announced: a Friday */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(limits_follow_the_notices),
      cmocka_unit_test(what_touches_an_unannounced_year_is_provisional),
      cmocka_unit_test(each_year_has_248_working_days),
      cmocka_unit_test(counting_undoes_adding),
      cmocka_unit_test(weekends_off_days_and_make_up_days_are_told_apart),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
