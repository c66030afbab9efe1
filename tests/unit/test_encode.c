#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proof/prover.h"

static const struct question questions[] = {{.id = "area",
                                             .text = {"面积？", "Area?"},
                                             .type = ASK_NUMBER,
                                             .has_min = true,
                                             .has_max = true,
                                             .min = {5, 0},
                                             .max = {200, 0}},
                                            {.id = "sum", .text = {"投资额？", "Sum?"}, .type = ASK_NUMBER}};
static const struct thing thing = {.id = "thing", .questions = questions, .question_count = 2};

struct said { /* what the solver thinks possible for these very answers */
  bool yes, no, null, exact;
};

static struct said possible(struct prover *p, struct truth truth, struct answers *answers)
{
  formula pinned = p->yes;
  for (size_t i = 0; i < answers->n; i++)
    pinned = prover_and(p, pinned, prover_answers(p, &answers->list[i]));
  formula null = prover_and(p, prover_not(p, truth.yes), prover_not(p, truth.no));
  struct said said = {.exact = p->helpers == 0 && !p->uncertain};
  said.yes = prover_ask(p, &thing, prover_and(p, pinned, truth.yes), NULL, NULL) != PROVER_NEVER;
  said.no = prover_ask(p, &thing, prover_and(p, pinned, truth.no), NULL, NULL) != PROVER_NEVER;
  said.null = prover_ask(p, &thing, prover_and(p, pinned, null), NULL, NULL) != PROVER_NEVER;
  return said;
}

/* What the interpreter says is among what the formula allows, and is all of it where the formula says it is exact. */
static struct said look(const char *text, const char *area, const char *sum)
{
  struct arena arena = {0};
  struct catalog catalog = {0};
  struct prover prover;
  struct error error = {0};
  struct feel *feel;
  struct answers answers;
  const struct raw_answer raw[] = {{SPAN("area"), span_of(area)}, {SPAN("sum"), span_of(sum)}};
  prover_open(&prover, &arena, &catalog, 20000);
  prover_meet(&prover, &thing);
  assert_int_equal(feel_parse(&arena, span_of(text), &feel, &error), 0);
  assert_int_equal(answers_read(&arena, &thing, raw, 2, &answers, &error), 0);
  struct feel_value value = feel_eval(feel, &arena, answers_lookup, &answers);
  struct said said = possible(&prover, prover_read(&prover, feel), &answers);
  bool yes = FEEL_IS_TRUE(value), no = value.type == FEEL_BOOLEAN && !value.truth;
  if (!(yes ? said.yes : no ? said.no : said.null))
    fail_msg("%s, area %s, sum %s: the interpreter says %s, and the formula excludes it", text, area, sum,
             feel_value_text(&arena, value));
  if (said.exact && said.yes + said.no + said.null != 1)
    fail_msg("%s, area %s, sum %s: called exact, and says two things", text, area, sum);
  prover_close(&prover);
  arena_release(&arena);
  return said;
}

#define TINY "0.00000000000000000000000000000001"            /* 32 places */
#define THIRD "0.3333333333333333333333333333333333"         /* 34 digits */
#define HUGE_NUMBER "10000000000000000000000000000000000000" /* 37 zeros: a negative scale */
#define FINE_NUMBER "12.34567890123456789012"                /* more than 18 digits: «fine» */

static void test_borders(void **state)
{
  (void)state;
  static const char *const conditions[] = {"area / 3 = 33.33333333333333333333333333333333",
                                           "area / 3 * 3 = area",
                                           "area / 3 * 3 < area",
                                           "area / 4 * 4 = area",
                                           "area * " TINY " > 0",
                                           "sum + " TINY " > sum",
                                           "sum + " TINY " = sum",
                                           "area + " TINY " > area",
                                           "sum * sum >= sum",
                                           "sum * sum - sum * sum + area = area",
                                           "sum + " HUGE_NUMBER " > " HUGE_NUMBER,
                                           "sum + " HUGE_NUMBER " = " HUGE_NUMBER,
                                           "area * " HUGE_NUMBER " / " HUGE_NUMBER " = area",
                                           "area * " FINE_NUMBER " > 1234.567890123456789012",
                                           "area * " FINE_NUMBER " = 1234.567890123456789012",
                                           "sum * " FINE_NUMBER " - sum * 12 > 0",
                                           "1 / area < " THIRD,
                                           "1 / area > " THIRD,
                                           "sum / area > area / sum",
                                           "sum / (area - 100) > 0",
                                           "area / 0 > 0",
                                           "area * 0.000000000001 * sum > 100",
                                           "- sum * 0.5 < sum / 8",
                                           "(area + 0.1) * (area + 0.1) > area * area + 0.2 * area",
                                           "area / sum * sum / area = 1",
                                           "area in [1/3 .. 100]",
                                           "area - 0.000000000001 < 100",
                                           "(sum / 7) / (sum / 7) = 1",
                                           "sum / 3 + sum / 3 + sum / 3 = sum"};
  static const char *const areas[] = {"5", "100", "99.999999999999"};
  static const char *const sums[] = {"0", "0.000000000001", "-7", "300", "9223372036854775807", "922337.203685477581"};
  for (size_t c = 0; c < sizeof conditions / sizeof *conditions; c++)
    for (size_t a = 0; a < sizeof areas / sizeof *areas; a++)
      for (size_t s = 0; s < sizeof sums / sizeof *sums; s++)
        (void)look(conditions[c], areas[a], sums[s]);
}

/* Plain arithmetic, as catalogues have it, is exact; what is rounded is left open only as far as the last digit. */
static void test_how_exact(void **state)
{
  (void)state;
  assert_true(look("area * 2.5 + sum / 4 - 3 > 100", "100", "300").exact);
  assert_true(look("area * area > 10000", "100", "300").exact);
  assert_true(look("sum - area / 8 >= 0.5", "100", "300").exact);
  assert_false(look("area / 3 > 33", "100", "300").exact);
  struct said near = look("area / 3 > 33.333333333333333333333333333", "100", "300");
  assert_true(near.yes && !near.no && !near.null);
  struct said beyond = look("sum + " TINY " > sum", "100", "9223372036854775807");
  assert_true(!beyond.exact && beyond.yes && beyond.no);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_borders), cmocka_unit_test(test_how_exact)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
