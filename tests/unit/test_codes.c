#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "catalog/codes.h"

static const char *const usccs[] = {"91330200711192037M", "91330100799655058B", "9144030071526726XG", "914403001922038216",
                                    "11440100007482575H", "115113010833722043", "11330200999000013H", "11330200999000021C",
                                    "1133020099900003X4", "11370800MB28559184", "12441500196720244T"};

static void real_social_credit_codes_are_right(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof usccs / sizeof *usccs; i++) {
    if (!uscc_valid(span_of(usccs[i])))
      fail_msg("%s was refused", usccs[i]);
    assert_int_equal(uscc_check((struct span){usccs[i], 17}), usccs[i][17]);
  }
}

static void any_changed_character_is_found(void **state)
{
  (void)state;
  assert_false(uscc_valid(SPAN("91330200711192037N")));
  assert_false(uscc_valid(SPAN("")));
  assert_false(uscc_valid(SPAN("91330200711192037")));
  assert_false(uscc_valid(SPAN("91330200711192037m")));
  assert_false(uscc_valid(SPAN("9133O200711192037M")));
  assert_int_equal(uscc_check(SPAN("9133020071119203I")), 0);
  for (size_t i = 0; i < sizeof usccs / sizeof *usccs; i++) {
    for (size_t at = 0; at < 18; at++) {
      char changed[19];
      memcpy(changed, usccs[i], sizeof changed);
      changed[at] = changed[at] == '1' ? '2' : '1';
      if (uscc_valid(span_of(changed)))
        fail_msg("%s was taken", changed);
    }
  }
}

static void organisation_codes_have_their_own_check(void **state)
{
  (void)state;
  assert_true(org_code_valid(SPAN("711192037")));
  assert_true(org_code_valid(SPAN("71526726X")));
  assert_true(org_code_valid(SPAN("MB2855918")));
  assert_true(org_code_valid(SPAN("99900003X")));
  assert_false(org_code_valid(SPAN("711192038")));
  assert_false(org_code_valid(SPAN("71119203")));
}

static void citizen_numbers_need_shape_date_and_check(void **state)
{
  (void)state;
  day today = day_make(2026, 11, 24);
  assert_true(citizen_id_valid(SPAN("11010519491231002X"), today));
  assert_true(citizen_id_valid(SPAN("440524188001010014"), today));
  assert_int_equal(citizen_id_born(SPAN("11010519491231002X")), day_make(1949, 12, 31));
  assert_true(citizen_id_female(SPAN("11010519491231002X")));
  assert_false(citizen_id_female(SPAN("440524188001010014")));
  assert_false(citizen_id_valid(SPAN("11010519491231002x"), today));
  assert_false(citizen_id_valid(SPAN("110105194912310021"), today));
  assert_false(citizen_id_valid(SPAN("11010519491331002X"), today));
  assert_false(citizen_id_valid(SPAN("1101051949123100X"), today));
  assert_false(citizen_id_valid(SPAN("11010519491231002X"), day_make(1949, 12, 30)));
  assert_true(citizen_id_valid(SPAN("11010519491231002X"), day_make(1949, 12, 31)));
  assert_false(citizen_id_valid(SPAN("11010519491231A02X"), today));
}

static void certificate_identifiers_use_mod_37_36(void **state)
{
  (void)state;
  /* ISO 7064's own example of MOD 37,36 and the rule on one character, by hand: p=36, +1 → 1, *2 → 2, 37-2=35 → Z */
  assert_int_equal(mod3736_check(SPAN("1")), 'Z');
  assert_int_equal(mod3736_check(SPAN("A12425GABC1234002")), 'M'); /* GRid, the music industry's identifier */
  assert_int_equal(mod3736_check(SPAN("a")), 0);
  assert_int_equal(mod3736_check(SPAN("1.2")), 0);
}

static void item_codes_have_twelve_thirty_one_and_thirty_three(void **state)
{
  (void)state;
  assert_true(basic_code_valid(SPAN("440118009000")));
  assert_false(basic_code_valid(SPAN("4401180090")));
  assert_false(basic_code_valid(SPAN("44011800900A")));
  assert_true(implementation_code_valid(SPAN("11440100007482575H3440118009000")));
  assert_true(implementation_code_valid(SPAN("11370800MB285591843370117002011")));
  assert_true(implementation_code_valid(SPAN("12441500196720244T3442199806003")));
  assert_false(implementation_code_valid(SPAN("11440100007482575J3440118009000")));
  assert_false(implementation_code_valid(SPAN("11440100007482575H9440118009000")));
  assert_false(implementation_code_valid(SPAN("11440100007482575H344011800900")));
  assert_true(handling_code_valid(SPAN("11440100007482575H344011800900001")));
  assert_false(handling_code_valid(SPAN("11440100007482575H34401180090000X")));
}

static void project_codes_have_a_shape(void **state)
{
  (void)state;
  assert_true(project_code_valid(SPAN("2026-330203-04-01-123456")));
  assert_false(project_code_valid(SPAN("2026-330203-04-01-12345")));
  assert_false(project_code_valid(SPAN("2026-330203-04-01-1234567")));
  assert_false(project_code_valid(SPAN("2026330203-04-01-123456")));
  assert_false(project_code_valid(SPAN("0026-330203-04-01-123456")));
  assert_false(project_code_valid(SPAN("")));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(real_social_credit_codes_are_right),
      cmocka_unit_test(any_changed_character_is_found),
      cmocka_unit_test(organisation_codes_have_their_own_check),
      cmocka_unit_test(citizen_numbers_need_shape_date_and_check),
      cmocka_unit_test(certificate_identifiers_use_mod_37_36),
      cmocka_unit_test(item_codes_have_twelve_thirty_one_and_thirty_three),
      cmocka_unit_test(project_codes_have_a_shape),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
