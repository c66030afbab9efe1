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
  if (v.type == FEEL_LIST)
    return arena_printf(a, "list of %zu", v.n);
  return v.type == FEEL_RANGE ? "range" : feel_value_text(a, v);
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
        {"--3", "3"}, {"1 / 3", "0.3333333333333333333333333333333333"}, {"2 / 3", "0.6666666666666666666666666666666667"},
        {"1 / 8", "0.125"}, {"1 / 0", "null"}, {"0.0000005 * 0.000001", "0.0000000000005"},
        {"9223372036854775807 + 1", "9223372036854775808"}, {"9223372036854775807 - 1", "9223372036854775806"},
        {"-9223372036854775807 - 1", "-9223372036854775808"},
        {"9223372036854775807 * 9223372036854775807", "85070591730234615847396907784232500000"}, /* 38 digits to 34: half even */
        {"1234567890123456789 * 9876543210987654", "12193263113702179126078345281483010"},
        {"100000000 / 3", "33333333.33333333333333333333333333"}, {"10 ** 7000", "null"}, {"10 ** 34 + 1 = 10 ** 34", "true"},
        {"10 ** 33 + 1 = 10 ** 33", "false"}, {"10 ** 33 + 1 - 10 ** 33", "1"}, {"10 ** 40 - 10 ** 40", "0"},
        {"0.1 ** 30 + 1 - 1", "0.000000000000000000000000000001"}, {"0.1 ** 40 + 1", "1"}, {"1 - 0.1 ** 40", "1"},
        {"9999999999999999999999999999999999 + 0.5", "10000000000000000000000000000000000"}, {".5 + .25", "0.75"},
        {"1 - 0.9999999999999999999999999999999999", "0.0000000000000000000000000000000001"}, {"1.003125 ** -360 < 0.33", "true"},
        {"1000 = 1.0 * 10 ** 3", "true"}, {"10 ** 20 > 9223372036854775807", "true"}, {"-(10 ** 20) < 1", "true"},
        {"2 ** 100", "1267650600228229401496703205376"}, {"2 ** 100 / 2 ** 99", "2"}, {"10 ** 20 = 100 * 10 ** 18", "true"},
        {"2 ** 0.5", "null"}, {"0 ** 0", "1"}, {"\"a\" + \"b\"", "\"ab\""}, {"\"a\" + 1", "null"}, {"\"a\" * 2", "null"},
        {"-area", "-320"}, {"-kind", "null"}, {"5-3", "2"}, {"\"\\\"x\\n\"", "\"\\\"x\\n\""});
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
  parse_fails_at("area = 1.0000000000000000000000000000000001", "8");
  parse_fails_at("area > 5\n  and gas &", "2:11");
  parse_fails_at("\n\nx y", "3:3");
  parse_fails_at("time(\"25:00:00\")", "6");
  parse_fails_at("duration(\"P\")", "10");
  parse_fails_at("@\"tomorrow\"", "2");
  parse_fails_at("date and time(\"2026-01-01\")", "15");
  parse_fails_at("loan.", "6");
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

static void dates_times_and_durations_reckon(void **state)
{
  (void)state;
  GIVES({"date(\"2026-01-31\") + duration(\"P1M\")", "date(\"2026-02-28\")"},
        {"date(\"2024-02-29\") + duration(\"P1Y\")", "date(\"2025-02-28\")"},
        {"date(\"2026-03-01\") - duration(\"P1D\")", "date(\"2026-02-28\")"},
        {"duration(\"P2D\") + date(\"2026-02-27\")", "date(\"2026-03-01\")"},
        {"date(\"2026-03-01\") - date(\"2026-02-27\")", "duration(\"P2D\")"},
        {"opened - date(\"2026-11-01\") > duration(\"P20D\")", "true"}, {"opened.year * 100 + opened.month", "202611"},
        {"opened.day", "24"}, {"opened.weekday", "2"}, {"opened.hour", "null"},
        {"date and time(\"2026-11-24T23:30:00\") + duration(\"PT45M\")", "date and time(\"2026-11-25T00:15:00\")"},
        {"date and time(\"2026-11-24T08:00:00+08:00\") = date and time(\"2026-11-24T00:00:00Z\")", "true"},
        {"date and time(\"2026-11-24T08:00:00+08:00\") < date and time(\"2026-11-24T00:00:00\")", "null"},
        {"date(date and time(\"2026-11-24T08:00:00\"))", "date(\"2026-11-24\")"},
        {"date and time(\"2026-11-24T08:05:09\").minute", "5"}, {"time(\"23:00:00\") + duration(\"PT2H\")", "time(\"01:00:00\")"},
        {"time(\"09:00:00+08:00\") = time(\"01:00:00Z\")", "true"},
        {"time(\"17:00:00\") - time(\"08:30:00\")", "duration(\"PT8H30M\")"},
        {"time(\"08:30:00\") in [time(\"08:00:00\")..time(\"17:00:00\")]", "true"},
        {"duration(\"P1Y2M\") + duration(\"P11M\")", "duration(\"P2Y1M\")"},
        {"duration(\"P1Y\") - duration(\"P13M\")", "duration(\"-P1M\")"}, {"duration(\"P1Y\") + duration(\"P1D\")", "null"},
        {"duration(\"P1Y\") = duration(\"P12M\")", "true"}, {"duration(\"PT36H\") = duration(\"P1DT12H\")", "true"},
        {"duration(\"P1Y\") > duration(\"P300D\")", "null"}, {"duration(\"P1D\") * 1.5", "duration(\"P1DT12H\")"},
        {"3 * duration(\"P2M\")", "duration(\"P6M\")"}, {"duration(\"P1D\") / 7", "duration(\"PT3H25M42S\")"},
        {"duration(\"P1D\") / duration(\"PT6H\")", "4"}, {"duration(\"P1D\") / 0", "null"},
        {"-duration(\"P1M\")", "duration(\"-P1M\")"}, {"duration(\"P0D\")", "duration(\"PT0S\")"},
        {"duration(\"P1DT2H3M4S\").hours", "2"}, {"duration(\"P14M\").years", "1"}, {"duration(\"P14M\").days", "null"},
        {"@\"2026-11-24\" = opened", "true"}, {"@\"P5D\"", "duration(\"P5D\")"}, {"@\"08:00:00\"", "time(\"08:00:00\")"},
        {"@\"2026-11-24T08:00:00Z\"", "date and time(\"2026-11-24T08:00:00Z\")"}, {"date(nobody)", "null"}, {"date(kind)", "null"},
        {"date(\"9999-12-31\") + duration(\"P1D\")", "null"}, {"date(\"0001-01-01\") - duration(\"P1M\")", "null"},
        {"opened + 1", "null"}, {"date and signboard", "null"}, {"area in ]319..320]", "true"}, {"area in [319..320[", "false"},
        {"duration(\"P1D\") ** 2", "null"}, {"opened in [@\"2026-11-24\"..@\"2026-11-30\"]", "true"});
}

static struct feel_value loan(void *context, struct span name)
{
  static struct feel_entry entries[2];
  entries[0] = (struct feel_entry){SPAN("amount"), number("600000")};
  entries[1] = (struct feel_entry){SPAN("rate of interest"), number("0.0375")};
  (void)context;
  if (span_is(name, "Home Loan"))
    return (struct feel_value){.type = FEEL_CONTEXT, .entries = entries, .entry_count = 2};
  return (struct feel_value){.type = FEEL_NULL};
}

static void a_scope_gives_names_with_spaces_and_functions(void **state)
{
  (void)state;
  struct arena a = {0};
  struct error error = {0};
  struct feel *body = NULL, *feel = NULL;
  assert_int_equal(feel_parse(&a, SPAN("p * r / 12"), &body, &error), 0);
  const struct span parameters[] = {SPAN("p"), SPAN("r")};
  const struct feel_function function = {SPAN("monthly interest"), parameters, 2, body};
  const struct span names[] = {SPAN("Home Loan"), SPAN("Home"), SPAN("rate of interest"), SPAN("monthly interest")};
  const struct feel_scope scope = {names, 4, &function, 1};
  struct span text = SPAN("monthly interest(Home Loan.amount, Home Loan.rate of interest) + 0.5");
  assert_int_equal(feel_parse_in(&a, text, &scope, &feel, &error), 0);
  assert_string_equal(feel_value_text(&a, feel_eval(feel, &a, loan, NULL)), "1875.5");
  assert_string_equal(feel_value_text(&a, loan(NULL, names[0])), "{amount: 600000, rate of interest: 0.0375}");
  struct span *read = NULL;
  assert_int_equal(feel_names(feel, &a, &read), 1);
  assert_true(span_is(read[0], "Home Loan"));
  assert_int_equal(feel_parse_in(&a, SPAN("monthly interest(1)"), &scope, &feel, &error), -1);
  assert_int_equal(feel_parse_in(&a, SPAN("Home Loanx"), &scope, &feel, &error), -1);
  assert_int_equal(feel_parse_in(&a, SPAN("Home Loan.amount.more"), &scope, &feel, &error), 0);
  assert_string_equal(feel_value_text(&a, feel_eval(feel, &a, loan, NULL)), "null");
  arena_release(&a);
}

static void a_cell_of_a_table_is_a_condition_on_its_input(void **state)
{
  (void)state;
  static const struct {
    const char *input, *cell, *text, *value;
  } cells[] = {{"area", "-", "true", "true"},
               {"area", "< 300", "area in (< 300)", "false"},
               {"area", "[300..500), >= 1000", "area in ([300..500), >= 1000)", "true"},
               {"area", "not([300..500))", "area in not([300..500))", "false"},
               {"kind", "\"cold\", \"hot\"", "kind in (\"cold\", \"hot\")", "true"},
               {"signboard", "true", "signboard in (true)", "true"},
               {"nobody", "\"hot\"", "nobody in (\"hot\")", "false"},
               {"area * 2", "640", "area * 2 in (640)", "true"}};
  struct arena a = {0};
  struct error error = {0};
  const struct feel *all[3];
  for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
    struct feel *input = NULL, *test = NULL;
    assert_int_equal(feel_parse(&a, span_of(cells[i].input), &input, &error), 0);
    assert_int_equal(feel_parse_test(&a, input, span_of(cells[i].cell), NULL, &test, &error), 0);
    assert_string_equal(arena_dup(&a, feel_text(test)), cells[i].text);
    assert_string_equal(feel_value_text(&a, feel_eval(test, &a, lookup, NULL)), cells[i].value);
    if (i % 2 == 0 && i < 6)
      all[i / 2] = test;
  }
  const struct feel *both = feel_all(&a, all, 3);
  assert_string_equal(arena_dup(&a, feel_text(both)), "area in ([300..500), >= 1000) and kind in (\"cold\", \"hot\")");
  assert_true(FEEL_IS_TRUE(feel_eval(both, &a, lookup, NULL)));
  struct span *names = NULL;
  assert_int_equal(feel_names(both, &a, &names), 2);
  assert_true(FEEL_IS_TRUE(feel_eval(feel_all(&a, NULL, 0), &a, lookup, NULL)));
  struct feel *input = NULL, *test = NULL;
  assert_int_equal(feel_parse(&a, SPAN("area"), &input, &error), 0);
  assert_int_equal(feel_parse_test(&a, input, SPAN("< 300,"), NULL, &test, &error), -1);
  assert_string_equal(error.where, "7");
  arena_release(&a);
}

static void evaluating_a_condition_allocates_nothing(void **state)
{
  (void)state;
  static const char *const conditions[] = {"area > 50 and kind in (\"cold\", \"hot\")",
                                           "area in [50..300) or area in [-5..500]",
                                           "opened in [date(\"2026-01-01\")..date(\"2026-12-31\")]",
                                           "area in [1, 2, 320]",
                                           "area in (area - 1..area + 1)",
                                           "opened + duration(\"P1M\") > date(\"2026-12-01\")"};
  for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
    struct arena a = {0}, none = {0};
    struct feel *feel = NULL;
    struct error error;
    assert_int_equal(feel_parse(&a, span_of(conditions[i]), &feel, &error), 0);
    assert_true(FEEL_IS_TRUE(feel_eval(feel, &none, lookup, NULL)));
    if (none.used)
      fail_msg("%s takes %zu bytes", conditions[i], none.used);
    arena_release(&a);
  }
}

/* A thousand sums, products and quotients of small fractions, against exact whole arithmetic. */
static void arithmetic_agrees_with_whole_numbers(void **state)
{
  (void)state;
  uint64_t seed = 7;
  for (int i = 0; i < 1000; i++) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    int64_t x = (int64_t)(seed >> 40) - (1 << 23), y = (int64_t)(seed >> 16 & 0xffffff) - (1 << 23);
    struct arena a = {0};
    struct feel *feel = NULL;
    struct error error;
    const char *text = arena_printf(&a,
                                    "(%lld * 0.001 + %lld * 0.001) * 1000 = %lld and %lld * 0.001 * %lld * 1000 = %lld and "
                                    "(%lld < %lld) = (%lld * 0.01 < %lld * 0.010) and %lld / 8 * 8 = %lld",
                                    (long long)x, (long long)y, (long long)(x + y), (long long)x, (long long)y, (long long)(x * y),
                                    (long long)x, (long long)y, (long long)x, (long long)y, (long long)x, (long long)x);
    assert_int_equal(feel_parse(&a, span_of(text), &feel, &error), 0);
    if (!FEEL_IS_TRUE(feel_eval(feel, &a, NULL, NULL)))
      fail_msg("not so: %s", text);
    arena_release(&a);
  }
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
      cmocka_unit_test(dates_times_and_durations_reckon),
      cmocka_unit_test(a_scope_gives_names_with_spaces_and_functions),
      cmocka_unit_test(a_cell_of_a_table_is_a_condition_on_its_input),
      cmocka_unit_test(evaluating_a_condition_allocates_nothing),
      cmocka_unit_test(arithmetic_agrees_with_whole_numbers),
      cmocka_unit_test(random_text_never_breaks_the_parser),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
