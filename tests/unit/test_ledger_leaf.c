/* Leaves: what they hide, how they are read, signatures alone and of a batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "ledger/leaf.h"
#include "ledger/tile.h"

static struct signer *signer_of(const char *name, unsigned char first)
{
  unsigned char secret[NOTE_SECRET_BYTES] = {first};
  struct signer *s;
  assert_int_equal(signer_from_secret(span_of(name), NOTE_ED25519, secret, &s, NULL), 0);
  return s;
}

static struct leaf leaf_number(struct arena *arena, int i)
{
  struct leaf_field *fields = arena_array(arena, 2, sizeof *fields);
  fields[0] = (struct leaf_field){SPAN("name"), span_of(arena_printf(arena, "张%d", i))};
  fields[1] = (struct leaf_field){SPAN("id"), SPAN("330203199001011234")};
  return (struct leaf){.pseudonym = {0xab, (unsigned char)i},
                       .seq = 1 + i,
                       .has_prev = i > 0,
                       .type = "case.accepted",
                       .item = i % 2 ? "food-licence" : "",
                       .dept = "market",
                       .at = 1795000000123 + i,
                       .salt = SPAN("01234567890123456789012345678901"),
                       .fields = fields,
                       .field_count = 2};
}

static struct span *lines_of(struct arena *arena, size_t n)
{
  struct span *lines = arena_array(arena, n, sizeof *lines);
  for (size_t i = 0; i < n; i++) {
    struct leaf leaf = leaf_number(arena, (int)i);
    lines[i] = leaf_unsigned(arena, &leaf);
  }
  return lines;
}

static void a_leaf_reads_back_as_it_was_written(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct signer *signer = signer_of("city/market", 1);
  struct leaf_view v;
  struct leaf leaf = leaf_number(&arena, 1);
  struct span lines = leaf_unsigned(&arena, &leaf), entry = leaf_sign(&arena, lines, signer), before;
  struct leaf_signature signature;
  assert_int_equal(leaf_parse(&arena, entry, &v, &error), 0);
  assert_memory_equal(v.pseudonym, leaf.pseudonym, LEAF_PSEUDONYM_BYTES);
  assert_int_equal(v.seq, 2);
  assert_true(v.has_prev && digest_eq(&v.prev, &leaf.prev));
  assert_true(span_is(v.type, "case.accepted") && span_is(v.item, "food-licence") && span_is(v.dept, "market"));
  assert_int_equal(v.seconds, 1795000000);
  assert_true(span_eq(v.unsigned_lines, lines) && !v.signature.batched);
  assert_true(leaf_check_signature(&arena, v.unsigned_lines, &v.signature, signer_public(signer)));
  assert_true(leaf_split_signature(&arena, entry, &before, &signature) && span_eq(before, lines));
  assert_true(span_is(signature.name, "city/market") && !signature.batched);
  signer_free(signer);
  arena_release(&arena);
}

static void a_batch_is_signed_once_and_each_leaf_proves_its_place(void **state)
{
  (void)state;
  static const size_t sizes[] = {1, 2, 3, 7, 64, 100};
  struct signer *signer = signer_of("city/market", 1), *other = signer_of("city/market", 2);
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    struct arena arena = {0};
    struct error error = {0};
    size_t n = sizes[k];
    struct span *lines = lines_of(&arena, n), *entries = arena_array(&arena, n, sizeof *entries);
    leaf_sign_batch(&arena, lines, n, signer, entries);
    for (size_t i = 0; i < n; i++) {
      struct leaf_view v;
      if (leaf_parse(&arena, entries[i], &v, &error))
        fail_msg("%s", error.en);
      assert_true(span_eq(v.unsigned_lines, lines[i]));
      assert_int_equal(v.signature.batched, n > 1);
      assert_true(leaf_check_signature(&arena, lines[i], &v.signature, signer_public(signer)));
      assert_false(leaf_check_signature(&arena, lines[i], &v.signature, signer_public(other)));
      assert_false(leaf_check_signature(&arena, lines[(i + 1) % n].p == lines[i].p ? SPAN("x\n") : lines[(i + 1) % n], &v.signature,
                                        signer_public(signer)));
      if (n > 1) {
        v.signature.count++;
        assert_false(leaf_check_signature(&arena, lines[i], &v.signature, signer_public(signer)));
      }
    }
    arena_release(&arena);
  }
  signer_free(signer);
  signer_free(other);
}

/* A batch's signature never passes for that of a leaf, nor a leaf's for that of a batch. */
static void one_form_does_not_pass_for_the_other(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct signer *signer = signer_of("city/market", 1);
  struct span *lines = lines_of(&arena, 2), entries[2], unsigned_lines;
  struct leaf_signature s;
  leaf_sign_batch(&arena, lines, 2, signer, entries);
  assert_true(leaf_split_signature(&arena, entries[0], &unsigned_lines, &s));
  s.batched = false;
  assert_false(leaf_check_signature(&arena, lines[0], &s, signer_public(signer)));
  assert_true(leaf_split_signature(&arena, leaf_sign(&arena, lines[0], signer), &unsigned_lines, &s));
  s = (struct leaf_signature){s.name, s.signature, true, 0, 1, {0}};
  assert_false(leaf_check_signature(&arena, lines[0], &s, signer_public(signer)));
  signer_free(signer);
  arena_release(&arena);
}

static void every_flipped_byte_of_a_leaf_is_found(void **state)
{
  (void)state;
  struct signer *signer = signer_of("city/market", 1);
  for (size_t n = 1; n <= 5; n += 4) {
    struct arena arena = {0};
    struct span *lines = lines_of(&arena, n), *entries = arena_array(&arena, n, sizeof *entries);
    leaf_sign_batch(&arena, lines, n, signer, entries);
    for (size_t i = 0; i < entries[0].n; i++) {
      struct span flipped = arena_span(&arena, entries[0]);
      struct leaf_view v;
      ((char *)(uintptr_t)flipped.p)[i] ^= 0x02;
      if (leaf_parse(&arena, flipped, &v, NULL) == 0 &&
          leaf_check_signature(&arena, v.unsigned_lines, &v.signature, signer_public(signer)))
        fail_msg("a flip of byte %zu was not found", i);
    }
    arena_release(&arena);
  }
  signer_free(signer);
}

#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define HEAD "gov-event/v1\ncase 000102030405060708090a0b0c0d0e0f\n"
#define TAIL "body " HASH "\nkeys " HASH "\nsig city/market AAAA\n"

static void leaves_of_another_grammar_are_refused_with_their_line(void **state)
{
  (void)state;
  static const struct {
    const char *entry, *where;
  } wrong[] = {
      {"", "sig"},
      {"x", "sig"},
      {"sig a AAAA\n", "gov-event/v1"},
      {HEAD, "sig"},
      {"gov-event/v2\ncase 000102030405060708090a0b0c0d0e0f\nseq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\n" TAIL, "gov-event/v1"},
      {"gov-event/v1\ncase 000102030405060708090A0B0C0D0E0F\nseq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\n" TAIL, "case"},
      {"gov-event/v1\ncase 0001\nseq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\n" TAIL, "case"},
      {HEAD "seq 0\nprev -\ntype t\nitem -\ndept -\ntime 1\n" TAIL, "seq"},
      {HEAD "seq 01\nprev -\ntype t\nitem -\ndept -\ntime 1\n" TAIL, "seq"},
      {HEAD "seq 1\nprev " HASH "\ntype t\nitem -\ndept -\ntime 1\n" TAIL, "prev"},
      {HEAD "seq 2\nprev -\ntype t\nitem -\ndept -\ntime 1\n" TAIL, "prev"},
      {HEAD "seq 2\nprev AAAA\ntype t\nitem -\ndept -\ntime 1\n" TAIL, "prev"},
      {HEAD "seq 1\nprev -\ntype \nitem -\ndept -\ntime 1\n" TAIL, "type"},
      {HEAD "seq 1\nprev -\ntype a b\nitem -\ndept -\ntime 1\n" TAIL, "type"},
      {HEAD "seq 1\nprev -\ntype \xe5\xbc\xa0\nitem -\ndept -\ntime 1\n" TAIL, "type"},
      {HEAD "seq 1\nprev -\ntype t\ndept -\nitem -\ntime 1\n" TAIL, "item"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept\ntime 1\n" TAIL, "dept"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1.5\n" TAIL, "time"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime -0\n" TAIL, "time"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody AAAA\nkeys " HASH "\nsig a AAAA\n", "body"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nsig a AAAA\n", "keys"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nkeys " HASH "\nmore\nsig a AAAA\n", "sig"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nkeys " HASH "\nsig a\n", "sig"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nkeys " HASH "\nsig a AAAA", "sig"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nkeys " HASH "\nsig a AAAA \n", "sig"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nkeys " HASH "\nsig a+b AAAA\n", "sig"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nkeys " HASH "\nsig a AAAA 0\n", "sig"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nkeys " HASH "\nsig a AAAA 0 2\n", "sig"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nkeys " HASH "\nsig a AAAA 2 2 " HASH "\n", "sig"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nkeys " HASH "\nsig a AAAA 0 2 AAAA\n", "sig"},
      {HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\nbody " HASH "\nkeys " HASH "\nsig a AAAA 0 2 " HASH " x\n", "sig"},
  };
  struct arena arena = {0};
  struct leaf_view v;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct error error = {0};
    if (leaf_parse(&arena, span_of(wrong[i].entry), &v, &error) == 0)
      fail_msg("leaf %zu is taken", i);
    assert_string_equal(error.name, "bad-leaf");
    assert_string_equal(error.where, wrong[i].where);
  }
  assert_int_equal(leaf_parse(&arena, SPAN(HEAD "seq 1\nprev -\ntype t\nitem -\ndept -\ntime 1\n" TAIL), &v, NULL), 0);
  assert_true(v.item.n == 0 && v.dept.n == 0);
  arena_release(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_leaf_reads_back_as_it_was_written),
      cmocka_unit_test(a_batch_is_signed_once_and_each_leaf_proves_its_place),
      cmocka_unit_test(one_form_does_not_pass_for_the_other),
      cmocka_unit_test(every_flipped_byte_of_a_leaf_is_found),
      cmocka_unit_test(leaves_of_another_grammar_are_refused_with_their_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
