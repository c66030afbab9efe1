/* The ledger's formats: roots of RFC 6962, signed notes, keys, leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger/checkpoint.h"
#include "ledger/leaf.h"

static struct digest root_of(const char *const *hex_leaves, size_t n)
{
  struct merkle_edge edge = {0};
  for (size_t i = 0; i < n; i++) {
    unsigned char bytes[64];
    size_t len = strlen(hex_leaves[i]) / 2;
    assert_true(hex_decode(span_of(hex_leaves[i]), bytes, len));
    merkle_append(&edge, merkle_leaf((struct span){(char *)bytes, len}));
  }
  return merkle_root(&edge);
}

static void roots_match_the_known_tree(void **state)
{
  (void)state;
  static const char *const leaves[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  static const char *const starts[] = {"e3b0c442", "6e340b9c", "fac54203", "aeb6bcfe", "d37ee418",
                                       "4e3bbb1f", "76e67dad", "ddb89be4", "5dc9da79"};
  for (size_t n = 0; n <= 8; n++) {
    char hex[65];
    struct digest root = root_of(leaves, n);
    hex_encode(root.b, 32, hex);
    assert_memory_equal(hex, starts[n], 8);
    if (n == 8)
      assert_string_equal(hex, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
  }
}

/* MTH() by its definition, the slow way. */
static struct digest slow_root(const struct digest *leaves, size_t n)
{
  if (n == 0)
    return sha256(SPAN(""));
  if (n == 1)
    return leaves[0];
  size_t k = 1;
  while (2 * k < n)
    k *= 2;
  struct digest left = slow_root(leaves, k), right = slow_root(leaves + k, n - k);
  return merkle_node(&left, &right);
}

static void the_edge_gives_the_root_of_every_size_and_survives_storage(void **state)
{
  (void)state;
  enum { N = 300 };
  static struct digest leaves[N];
  struct merkle_edge edge = {0};
  for (size_t n = 0; n < N; n++) {
    struct digest fast = merkle_root(&edge), slow = slow_root(leaves, n);
    assert_true(digest_eq(&fast, &slow));
    struct merkle_edge again;
    assert_true(merkle_edge_read((int64_t)n, merkle_edge_bytes(&edge), &again));
    edge = again;
    leaves[n] = merkle_leaf((struct span){(char *)&n, sizeof n});
    merkle_append(&edge, leaves[n]);
  }
  struct merkle_edge out;
  assert_false(merkle_edge_read(3, SPAN("short"), &out));
  assert_false(merkle_edge_read(-1, SPAN(""), &out));
}

/* A new key, made in a directory that is gone again. */
static struct signer *new_signer(const char *name)
{
  char dir[] = "/tmp/onevisit-ledger-XXXXXX", path[300];
  struct signer *signer;
  struct error error = {0};
  assert_non_null(mkdtemp(dir));
  if (signer_open(dir, "log", name, true, &signer, &error))
    fail_msg("%s", error.en);
  (void)snprintf(path, sizeof path, "%s/log.key", dir);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(dir), 0);
  return signer;
}

static void notes_that_were_touched_are_refused(void **state)
{
  (void)state;
  struct signer *signer = new_signer("city.example/log");
  struct verifier *verifier;
  struct arena arena = {0};
  struct error error = {0};
  struct span text;
  assert_int_equal(verifier_open(span_of(signer_vkey(signer)), &verifier, &error), 0);
  struct span note = note_sign(&arena, SPAN("city.example/log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), signer);
  assert_int_equal(note_open(&arena, note, verifier, &text, &error), 0);
  for (size_t i = 0; i < note.n; i++) {
    struct span flipped = arena_span(&arena, note);
    ((char *)(uintptr_t)flipped.p)[i] ^= 0x01;
    if (note_open(&arena, flipped, verifier, &text, &error) == 0)
      fail_msg("a flip of byte %zu was not found", i);
  }
  for (size_t n = 0; n < note.n; n++)
    assert_int_equal(note_open(&arena, (struct span){note.p, n}, verifier, &text, &error), -1);
  verifier_free(verifier);
  signer_free(signer);
  arena_release(&arena);
}

static void new_keys_are_kept_and_belong_to_one_name(void **state)
{
  (void)state;
  char dir[] = "/tmp/onevisit-ledger-XXXXXX", keys[300], path[400];
  struct signer *first, *again;
  struct error error = {0};
  assert_non_null(mkdtemp(dir));
  (void)snprintf(keys, sizeof keys, "%s/keys", dir);
  (void)snprintf(path, sizeof path, "%s/dept.key", keys);
  assert_int_equal(signer_open(keys, "dept", "city/dept", false, &first, &error), -1);
  assert_string_equal(error.name, "no-key");
  assert_int_equal(signer_open(keys, "dept", "city/dept", true, &first, &error), 0);
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_int_equal(signer_open(keys, "dept", "city/dept", true, &again, &error), 0);
  assert_string_equal(signer_vkey(first), signer_vkey(again));
  signer_free(first);
  signer_free(again);
  assert_int_equal(signer_open(keys, "dept", "city/other", true, &again, &error), -1);
  assert_string_equal(error.name, "key-name");
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(keys), 0);
  assert_int_equal(rmdir(dir), 0);
}

static struct leaf sample_leaf(const struct leaf_field *fields, size_t n)
{
  return (struct leaf){.seq = 2,
                       .type = "case.accepted",
                       .item = "",
                       .dept = "centre",
                       .at = 1795000000123,
                       .salt = SPAN("01234567890123456789012345678901"),
                       .fields = fields,
                       .field_count = n};
}

static void leaves_hide_values_and_fix_them(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct leaf_field a[] = {{SPAN("name"), SPAN("张三")}, {SPAN("id"), SPAN("330203199001011234")}};
  struct leaf_field b[] = {{SPAN("name"), SPAN("张三")}, {SPAN("id"), SPAN("330203199001011235")}};
  struct leaf one = sample_leaf(a, 2), other = sample_leaf(b, 2), salted = sample_leaf(a, 2);
  salted.salt = SPAN("x1234567890123456789012345678901");
  struct span lines = leaf_unsigned(&arena, &one);
  assert_null(memmem(lines.p, lines.n, "3302", 4));
  assert_false(span_eq(lines, leaf_unsigned(&arena, &other)));
  assert_false(span_eq(lines, leaf_unsigned(&arena, &salted)));
  assert_true(span_eq(lines, leaf_unsigned(&arena, &one)));
  assert_true(span_starts(
      lines,
      "gov-event/v1\ncase 00000000000000000000000000000000\nseq 2\nprev -\ntype case.accepted\nitem -\ndept centre\ntime 1795000000\nbody "));
  arena_release(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(roots_match_the_known_tree),
      cmocka_unit_test(the_edge_gives_the_root_of_every_size_and_survives_storage),
      cmocka_unit_test(notes_that_were_touched_are_refused),
      cmocka_unit_test(new_keys_are_kept_and_belong_to_one_name),
      cmocka_unit_test(leaves_hide_values_and_fix_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
