#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feel/feel.h"

static struct feel_value number(const char *text)
{
  struct feel_value v = {.type = FEEL_NUMBER};
  assert_true(decimal_parse(span_of(text), &v.number));
  return v;
}

/* area 320, signboard true, kind "hot", opened 2026-11-24, nothing else */
static struct feel_value lookup(void *context, struct span name)
{
  (void)context;
  if (span_is(name, "area"))
    return number("320");
  if (span_is(name, "signboard"))
    return (struct feel_value){.type = FEEL_BOOLEAN, .truth = true};
  if (span_is(name, "kind"))
    return (struct feel_value){.type = FEEL_STRING, .string = SPAN("hot")};
  if (span_is(name, "opened"))
    return (struct feel_value){.type = FEEL_DATE, .date = day_make(2026, 11, 24)};
  return (struct feel_value){.type = FEEL_NULL};
}

static const char *shown(struct arena *a, struct feel_value v)
{
  switch (v.type) {
  case FEEL_NULL:
    return "null";
  case FEEL_BOOLEAN:
    return v.truth ? "true" : "false";
  case FEEL_NUMBER:
    return decimal_text(a, v.number);
  case FEEL_STRING:
    return arena_printf(a, "\"%.*s\"", (int)v.string.n, v.string.p);
  case FEEL_DATE: {
    char text[DAY_TEXT];
    day_format(v.date, text);
    return arena_str(a, text);
  }
  case FEEL_LIST:
    return arena_printf(a, "list of %zu", v.n);
  case FEEL_RANGE:
    return "range";
  }
  return "?";
}

struct sample {
  const char *text, *value;
};

static void gives(const struct sample *samples, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    struct arena a = {0};
    struct feel *feel = NULL;
    struct error error = {0};
    if (feel_parse(&a, span_of(samples[i].text), &feel, &error) < 0)
      fail_msg("%s: %s", samples[i].text, error.en);
    const char *got = shown(&a, feel_eval(feel, &a, lookup, NULL));
    if (strcmp(got, samples[i].value) != 0)
      fail_msg("%s gives %s, not %s", samples[i].text, got, samples[i].value);
    arena_release(&a);
  }
}

#define GIVES(...)                                                                                                                 \
  do {                                                                                                                             \
    static const struct sample samples[] = {__VA_ARGS__};                                                                          \
    gives(samples, sizeof samples / sizeof *samples);                                                                              \
  } while (0)

static void conditions_of_officials_hold_or_not(void **state)
{
  (void)state;
  GIVES({"area > 50", "true"}, {"area >= 320 and signboard", "true"}, {"not(signboard)", "false"}, {"signboard = false", "false"},
        {"kind = \"hot\"", "true"}, {"kind != \"prepackaged\"", "true"}, {"kind in (\"cold\", \"hot\")", "true"},
        {"area in [50..320]", "true"}, {"area in [50..320)", "false"}, {"area in (320..400]", "false"}, {"area in (1..2)", "false"},
        {"area in (<10, >300)", "true"}, {"area in >= 321", "false"}, {"area between 320 and 400 and signboard", "true"},
        {"area in [1, 2, 320]", "true"}, {"area in ([1..2], 320)", "true"}, {"area in ([1..2], 5)", "false"},
        {"opened >= date(\"2026-01-01\")", "true"}, {"opened in [date(\"2027-01-01\")..date(\"2027-12-31\")]", "false"},
        {"if area > 300 then \"large\" else \"small\"", "\"large\""}, {"if nobody then 1 else 2", "2"});
}

static void logic_has_three_values(void **state)
{
  (void)state;
  GIVES({"nobody", "null"}, {"nobody > 5", "null"}, {"false and nobody", "false"}, {"nobody and false", "false"},
        {"true and nobody", "null"}, {"nobody or true", "true"}, {"true or nobody", "true"}, {"nobody or false", "null"},
        {"not(nobody)", "null"}, {"nobody = null", "true"}, {"area = null", "false"}, {"area != null", "true"},
        {"null = null", "true"}, {"area = \"320\"", "null"}, {"area < \"320\"", "null"}, {"1 and true", "null"},
        {"1 and false", "false"}, {"nobody in (1, 2)", "false"}, {"nobody in [1..2]", "null"}, {"nobody between 1 and 2", "null"},
        {"true < false", "null"});
}

static void numbers_are_exact_decimals(void **state)
{
  (void)state;
  GIVES({"0.1 + 0.2 = 0.3", "true"}, {"0.1 + 0.2", "0.3"}, {"1.10", "1.1"}, {"2 + 3 * 4", "14"}, {"(2 + 3) * 4", "20"},
        {"10 - 2 - 3", "5"}, {"24 / 4 / 2", "3"}, {"2 ** 3", "8"}, {"2 ** -1", "0.5"}, {"-2 ** 2", "4"}, {"2 ** 3 ** 2", "64"},
        {"--3", "3"}, {"1 / 3", "0.333333333333"}, {"2 / 3", "0.666666666667"}, {"1 / 8", "0.125"}, {"1 / 0", "null"},
        {"0.0000005 * 0.000001", "0"}, {"0.0000015 * 0.000001", "0.000000000002"}, {"0.00000050001 * 0.000001", "0.000000000001"},
        {"9223372036854775807 + 1", "null"}, {"9223372036854775807 - 1", "9223372036854775806"},
        {"9223372036854775807 * 9223372036854775807", "null"}, {"100000000 / 3", "33333333.33333333333"}, {"10 ** 400", "null"},
        {"2 ** 0.5", "null"}, {"0 ** 0", "1"}, {"\"a\" + \"b\"", "\"ab\""}, {"\"a\" + 1", "null"}, {"\"a\" * 2", "null"},
        {"-area", "-320"}, {"-kind", "null"}, {"5-3", "2"}, {"\"\\\"x\\n\"", "\"\"x\n\""});
}

static void ranges_and_lists_are_values(void **state)
{
  (void)state;
  GIVES({"[1, 2, 3]", "list of 3"}, {"[]", "list of 0"}, {"[1..5]", "range"}, {"[1,2] = [1,2]", "true"}, {"[1,2] = [2,1]", "false"},
        {"[1,2] = [1]", "false"}, {"[1..5] = [1..5)", "false"}, {"3 in ((1..5))", "true"}, {"1 in (1..5)", "false"},
        {"5 in (1..5]", "true"}, {"[1] in ([1], [2])", "true"}, {"1.5 in [1..2]", "true"});
}

static void parse_fails_at(const char *text, const char *column)
{
  struct arena a = {0};
  struct feel *feel = NULL;
  struct error error = {0};
  if (feel_parse(&a, span_of(text), &feel, &error) == 0)
    fail_msg("«%s» was taken", text);
  if (strcmp(error.where, column) != 0)
    fail_msg("«%s»: column %s, not %s (%s)", text, error.where, column, error.en);
  assert_string_equal(error.name, "bad-condition");
  assert_true(error.zh[0] && error.en[0]);
  arena_release(&a);
}

static void mistakes_are_named_with_their_column(void **state)
{
  (void)state;
  parse_fails_at("", "1");
  parse_fails_at("area >", "7");
  parse_fails_at("area > > 5", "8");
  parse_fails_at("(area", "6");
  parse_fails_at("area area", "6");
  parse_fails_at("\"开\" = \"x", "7");
  parse_fails_at("area & 5", "6");
  parse_fails_at("not signboard", "5");
  parse_fails_at("round(area)", "1");
  parse_fails_at("1 < area < 5", "10");
  parse_fails_at("date(\"2026-02-30\")", "6");
  parse_fails_at("date(5)", "6");
  parse_fails_at("area in [1..", "13");
  parse_fails_at("area in [1..2..]", "14");
  parse_fails_at("area = 1.0000000000001", "8");
  parse_fails_at("if a then b", "12");
  parse_fails_at("area and and", "10");
  parse_fails_at("\"\\q\"", "2");
  parse_fails_at("\xff", "1");
}

static void depth_and_length_are_bounded(void **state)
{
  (void)state;
  char deep[6000];
  memset(deep, '(', 2000);
  deep[2000] = '\0';
  struct arena a = {0};
  struct feel *feel = NULL;
  struct error error;
  assert_int_equal(feel_parse(&a, span_of(deep), &feel, &error), -1);
  memset(deep, '-', 2000);
  deep[2000] = '1';
  deep[2001] = '\0';
  assert_int_equal(feel_parse(&a, span_of(deep), &feel, &error), 0); /* signs cancel: no depth */
  for (size_t i = 0; i < 2000; i += 2)
    memcpy(deep + i, "1+", 2);
  deep[2000] = '1';
  assert_int_equal(feel_parse(&a, span_of(deep), &feel, &error), -1);
  memset(deep, ' ', 5000);
  deep[5000] = '\0';
  assert_int_equal(feel_parse(&a, span_of(deep), &feel, &error), -1);
  arena_release(&a);
}

static void names_come_once_in_order(void **state)
{
  (void)state;
  struct arena a = {0};
  struct feel *feel = NULL;
  struct error error;
  struct span text = SPAN("b > 1 and a in (c, b) or not(d = date(\"2026-01-01\"))");
  assert_int_equal(feel_parse(&a, text, &feel, &error), 0);
  struct span *names = NULL;
  assert_int_equal(feel_names(feel, &a, &names), 4);
  assert_true(span_is(names[0], "b") && span_is(names[1], "a") && span_is(names[2], "c") && span_is(names[3], "d"));
  assert_true(span_eq(feel_text(feel), text));
  arena_release(&a);
}

static void decimals_read_and_write(void **state)
{
  (void)state;
  struct arena a = {0};
  struct decimal d;
  static const struct sample good[] = {{"320", "320"},
                                       {"-0.5", "-0.5"},
                                       {"007.50", "7.5"},
                                       {"0", "0"},
                                       {"-0", "0"},
                                       {"0.123456789012", "0.123456789012"},
                                       {"1.0000000000000", "1"},
                                       {"9223372036854775807", "9223372036854775807"}};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_true(decimal_parse(span_of(good[i].text), &d));
    assert_string_equal(decimal_text(&a, d), good[i].value);
  }
  static const char *const bad[] = {"",  "-", ".", ".5x", "5.", "1.2.3", "1e3", "+1", "9223372036854775808", "0.0000000000001",
                                    "１"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (decimal_parse(span_of(bad[i]), &d))
      fail_msg("«%s» was taken", bad[i]);
  }
  assert_int_equal(decimal_compare((struct decimal){INT64_MAX, 0}, (struct decimal){1, 12}), 1);
  assert_int_equal(decimal_compare((struct decimal){10, 1}, (struct decimal){1, 0}), 0);
  arena_release(&a);
}

/* Any bytes either parse or are refused with a place; what parses can be evaluated. */
static void random_text_never_breaks_the_parser(void **state)
{
  (void)state;
  static const char *const pieces[] = {"area", "kind", "\"hot\"",  "(",   ")",     "[",     "]",     "..",    ",",   "and ", "or ",
                                       "not(", "in ",  "between ", "if ", "then ", "else ", "date(", "1",     "2.5", "-",    "**",
                                       "/",    "<=",   "!=",       "=",   "\"",    "\\",    "\xc3",  "null ", " "};
  uint64_t seed = 42;
  for (int round = 0; round < 20000; round++) {
    char text[200];
    size_t n = 0;
    for (int i = 0; i < 12; i++) {
      seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
      const char *piece = pieces[(seed >> 33) % (sizeof pieces / sizeof *pieces)];
      size_t size = strlen(piece);
      memcpy(text + n, piece, size);
      n += size;
    }
    struct arena a = {0};
    struct feel *feel = NULL;
    struct error error = {0};
    if (feel_parse(&a, (struct span){text, n}, &feel, &error) == 0)
      (void)feel_eval(feel, &a, lookup, NULL);
    else
      assert_true(error.where[0] != '\0');
    arena_release(&a);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(conditions_of_officials_hold_or_not),
      cmocka_unit_test(logic_has_three_values),
      cmocka_unit_test(numbers_are_exact_decimals),
      cmocka_unit_test(ranges_and_lists_are_values),
      cmocka_unit_test(mistakes_are_named_with_their_column),
      cmocka_unit_test(depth_and_length_are_bounded),
      cmocka_unit_test(names_come_once_in_order),
      cmocka_unit_test(decimals_read_and_write),
      cmocka_unit_test(random_text_never_breaks_the_parser),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
