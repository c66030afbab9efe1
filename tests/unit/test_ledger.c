/* Formats of the ledger against vectors of others: roots of RFC 6962, signed notes and checkpoints of a third log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
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

/* Opens the key whose text is given, by way of a file. */
static struct signer *signer_of(const char *key, const char *name)
{
  char dir[] = "/tmp/onevisit-ledger-XXXXXX", path[300];
  struct signer *signer;
  struct error error = {0};
  assert_non_null(mkdtemp(dir));
  (void)snprintf(path, sizeof path, "%s/log.key", dir);
  if (key) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    (void)fprintf(f, "%s\n", key);
    assert_int_equal(fclose(f), 0);
  }
  if (signer_open(dir, "log", name, key == NULL, &signer, &error))
    fail_msg("%s", error.en);
  (void)unlink(path);
  (void)rmdir(dir);
  return signer;
}

/* The other log's test key stands in the script that made its checkpoints. */
static struct signer *other_logs_signer(const char *dir)
{
  char path[300], line[500], key[300] = "";
  (void)snprintf(path, sizeof path, "%s/testdata/build_log.sh", dir);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  while (!*key && fgets(line, sizeof line, f))
    if (strstr(line, "PRIVATE+KEY+"))
      (void)snprintf(key, sizeof key, "%.*s", (int)strcspn(strstr(line, "PRIVATE+KEY+"), "\"\n"), strstr(line, "PRIVATE+KEY+"));
  assert_int_equal(fclose(f), 0);
  return signer_of(key, "example.com/log/testdata");
}

static void another_logs_checkpoints_reproduce_byte_for_byte(void **state)
{
  (void)state;
  static const char *const words[] = {"one",  "two", "three",  "four",  "five",     "six",     "seven", "eit",
                                      "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"};
  char archive[1000], dir[] = "/tmp/onevisit-tessera-XXXXXX", command[2400];
  const char *source = getenv("ONEVISIT_SOURCE");
  (void)snprintf(archive, sizeof archive, "%s/../shared/vectors/tessera-testdata-1811ae1.tar.gz", source ? source : ".");
  if (access(archive, R_OK) != 0) {
    print_message("           (left out: no vectors beside this clone)\n");
    skip();
  }
  assert_non_null(mkdtemp(dir));
  (void)snprintf(command, sizeof command, "tar -xzf '%s' -C %s && find %s -name 'checkpoint*' -type f | sort > %s/list", archive,
                 dir, dir, dir);
  assert_int_equal(system(command), 0);
  struct signer *signer = other_logs_signer(dir);
  struct arena arena = {0};
  (void)snprintf(command, sizeof command, "%s/list", dir);
  FILE *list = fopen(command, "r");
  assert_non_null(list);
  int compared = 0;
  for (char path[1000]; fgets(path, sizeof path, list);) {
    path[strcspn(path, "\n")] = '\0';
    char note[2000];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(note, 1, sizeof note, f);
    assert_int_equal(fclose(f), 0);
    struct verifier *verifier;
    struct error error = {0};
    struct span text;
    struct checkpoint c;
    assert_int_equal(verifier_open(span_of(signer_vkey(signer)), &verifier, &error), 0);
    if (note_open(&arena, (struct span){note, n}, verifier, &text, &error))
      fail_msg("%s: %s", path, error.en);
    assert_true(checkpoint_parse(&arena, text, &c));
    struct merkle_edge edge = {0};
    for (int64_t i = 0; i < c.size; i++)
      merkle_append(&edge, merkle_leaf(span_of(words[i])));
    struct checkpoint ours = {c.origin, edge.size, merkle_root(&edge)};
    assert_true(span_eq(note_sign(&arena, checkpoint_text(&arena, &ours), signer), (struct span){note, n}));
    verifier_free(verifier);
    compared++;
  }
  assert_int_equal(fclose(list), 0);
  assert_true(compared >= 15);
  (void)snprintf(command, sizeof command, "rm -rf %s", dir);
  assert_int_equal(system(command), 0);
  signer_free(signer);
  arena_release(&arena);
}

static void notes_that_were_touched_are_refused(void **state)
{
  (void)state;
  struct signer *signer = signer_of(NULL, "city.example/log");
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
      cmocka_unit_test(another_logs_checkpoints_reproduce_byte_for_byte),
      cmocka_unit_test(notes_that_were_touched_are_refused),
      cmocka_unit_test(new_keys_are_kept_and_belong_to_one_name),
      cmocka_unit_test(leaves_hide_values_and_fix_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
