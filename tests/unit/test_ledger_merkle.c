/* Merkle trees: 518 vectors of another implementation, every proof of every small tree, larger ones by chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lib/vectors.h"
#include "base/text.h"
#include "ledger/merkle.h"

/* ---- the vectors of transparency-dev/merkle ---- */

struct proof_case {
  struct arena arena;
  json_t *root;
  struct digest path[200];
  size_t n;
};

/* Where the vectors have a word in the place of a hash, its digest stands for it: it equals itself and nothing else; nothing equals
 * nothing. */
static struct digest hash_member(struct proof_case *c, json_t *text)
{
  struct span bytes = {0};
  struct digest d;
  if (json_is_string(text))
    assert_true(base64_decode(&c->arena, span_of(json_string_value(text)), &bytes));
  if (bytes.n != DIGEST_BYTES)
    return sha256_parts((const struct span[]){bytes.n ? bytes : (struct span){(const char *)&text, sizeof text}, SPAN("word")}, 2);
  memcpy(d.b, bytes.p, DIGEST_BYTES);
  return d;
}

static struct digest hash_of(struct proof_case *c, const char *name)
{
  return hash_member(c, json_object_get(c->root, name));
}

/* Numbers over 2^63-1 are none of ours: real, or out of range, they are read as -1, which every check refuses. */
static int64_t number_of(const struct proof_case *c, const char *name)
{
  json_t *n = json_object_get(c->root, name);
  return json_is_integer(n) ? json_integer_value(n) : -1;
}

static bool right_inclusion(struct proof_case *c)
{
  struct digest leaf = hash_of(c, "leafHash"), root = hash_of(c, "root");
  return merkle_check_inclusion(MERKLE_SHA256, number_of(c, "leafIdx"), number_of(c, "treeSize"), &leaf, &root, c->path, c->n);
}

static bool right_consistency(struct proof_case *c)
{
  struct digest old = hash_of(c, "root1"), new = hash_of(c, "root2");
  return merkle_check_consistency(MERKLE_SHA256, number_of(c, "size1"), number_of(c, "size2"), &old, &new, c->path, c->n);
}

static bool right_subtree_inclusion(struct proof_case *c)
{
  struct digest leaf = hash_of(c, "leafHash"), root = hash_of(c, "root");
  return merkle_check_subtree_inclusion(MERKLE_SHA256, number_of(c, "leafIdx"), number_of(c, "start"), number_of(c, "end"), &leaf,
                                        &root, c->path, c->n);
}

static bool right_subtree_consistency(struct proof_case *c)
{
  struct digest old = hash_of(c, "root1"), new = hash_of(c, "root2");
  return merkle_check_subtree_consistency(MERKLE_SHA256, number_of(c, "start"), number_of(c, "end"), number_of(c, "size"), &old,
                                          &new, c->path, c->n);
}

typedef bool proof_check(struct proof_case *c);

static void run_case(void *context, const char *path)
{
  proof_check *const *check = context;
  struct proof_case c = {0};
  json_error_t why;
  struct span text = read_whole(&c.arena, path);
  c.root = json_loadb(text.p, text.n, 0, &why);
  if (!c.root) /* a number over 2^63-1: as a real */
    c.root = json_loadb(text.p, text.n, JSON_DECODE_INT_AS_REAL, &why);
  if (!c.root)
    fail_msg("%s: %s", path, why.text);
  size_t i;
  json_t *hash;
  json_array_foreach(json_object_get(c.root, "proof"), i, hash)
  {
    assert_true(i < sizeof c.path / sizeof *c.path);
    c.path[c.n++] = hash_member(&c, hash);
  }
  bool wanted = !json_is_true(json_object_get(c.root, "wantErr"));
  if ((*check)(&c) != wanted)
    fail_msg("%s should be %s", path, wanted ? "right" : "refused");
  json_decref(c.root);
  arena_release(&c.arena);
}

static void another_implementations_518_proofs_are_judged_alike(void **state)
{
  (void)state;
  static const struct {
    const char *dir;
    proof_check *check;
    size_t n;
  } kinds[] = {{"inclusion", right_inclusion, 98},
               {"consistency", right_consistency, 98},
               {"subtreeinclusion", right_subtree_inclusion, 204},
               {"subtreeconsistency", right_subtree_consistency, 118}};
  struct arena arena = {0};
  char *dir = vectors_unpack(&arena, "transparency-dev-merkle-testdata-417fb0c.tar.gz");
  if (!dir)
    skip();
  for (size_t i = 0; i < 4; i++) {
    proof_check *check = kinds[i].check;
    assert_int_equal(visit_files(arena_printf(&arena, "%s/testdata/%s", dir, kinds[i].dir), ".json", run_case, &check), kinds[i].n);
  }
  vectors_remove(dir);
  arena_release(&arena);
}

/* ---- our own proofs ---- */

#define SMALL 300

static struct digest leaf_number(enum merkle_hash hash, int64_t i)
{
  return merkle_leaf_of(hash, (struct span){(const char *)&i, sizeof i});
}

static struct merkle_tree tree_of(struct arena *arena, enum merkle_hash hash, size_t n)
{
  struct digest *leaves = arena_array(arena, n ? n : 1, sizeof *leaves);
  struct merkle_tree tree;
  for (size_t i = 0; i < n; i++)
    leaves[i] = leaf_number(hash, (int64_t)i);
  merkle_tree_build(arena, hash, leaves, n, &tree);
  return tree;
}

/* Anything else than the very proof is refused: a hash changed, one more, one less, another place. */
static void spoilt_inclusions_are_refused(enum merkle_hash hash, int64_t i, int64_t n, const struct digest *leaf,
                                          const struct digest *root, const struct merkle_proof *p)
{
  struct merkle_proof bad = *p;
  if (p->n) {
    bad.path[(size_t)i % p->n].b[n % DIGEST_BYTES] ^= 1;
    assert_false(merkle_check_inclusion(hash, i, n, leaf, root, bad.path, bad.n));
    assert_false(merkle_check_inclusion(hash, i, n, leaf, root, p->path, p->n - 1));
    assert_false(merkle_check_inclusion(hash, i ^ 1, n, leaf, root, p->path, p->n));
  }
  bad = *p;
  bad.path[bad.n++] = *root;
  assert_false(merkle_check_inclusion(hash, i, n, leaf, root, bad.path, bad.n));
  assert_false(merkle_check_inclusion(hash, n, n, leaf, root, p->path, p->n));
  assert_false(merkle_check_inclusion(hash, -1, n, leaf, root, p->path, p->n));
}

static void check_pair(struct merkle_reader *reader, int64_t m, int64_t n, const struct digest *roots)
{
  struct merkle_proof p;
  struct error error = {0};
  enum merkle_hash hash = reader->hash;
  if (m < n) {
    struct digest leaf = leaf_number(hash, m);
    assert_int_equal(merkle_inclusion(reader, m, n, &p, &error), 0);
    assert_true(merkle_check_inclusion(hash, m, n, &leaf, &roots[n], p.path, p.n));
    assert_true(merkle_check_subtree_inclusion(hash, 8192 + m, 8192, 8192 + n, &leaf, &roots[n], p.path, p.n));
    spoilt_inclusions_are_refused(hash, m, n, &leaf, &roots[n], &p);
  }
  assert_int_equal(merkle_consistency(reader, m, n, &p, &error), 0);
  assert_int_equal(merkle_check_consistency(hash, m, n, &roots[m], &roots[n], p.path, p.n), m > 0);
  assert_true(merkle_check_growth(hash, m, n, &roots[m], &roots[n], p.path, p.n));
  assert_int_equal(merkle_check_subtree_consistency(hash, 0, m, n, &roots[m], &roots[n], p.path, p.n), true);
  if (m > 0 && m < n) {
    assert_false(merkle_check_consistency(hash, m, n, &roots[m - 1], &roots[n], p.path, p.n));
    assert_false(merkle_check_consistency(hash, m, n, &roots[m], &roots[n - 1], p.path, p.n));
    assert_false(merkle_check_consistency(hash, m, n, &roots[m], &roots[n], p.path, p.n - 1));
    p.path[p.n] = roots[n];
    assert_false(merkle_check_consistency(hash, m, n, &roots[m], &roots[n], p.path, p.n + 1));
    p.path[(size_t)m % p.n].b[0] ^= 1;
    assert_false(merkle_check_consistency(hash, m, n, &roots[m], &roots[n], p.path, p.n));
  }
}

static void every_proof_of_every_small_tree_holds(enum merkle_hash hash, int64_t sizes)
{
  struct arena arena = {0};
  struct merkle_tree tree = tree_of(&arena, hash, (size_t)sizes);
  struct merkle_reader reader = merkle_tree_reader(&tree);
  struct digest *roots = arena_array(&arena, (size_t)sizes + 1, sizeof *roots);
  struct merkle_edge edge = {.hash = hash}, again;
  struct error error = {0};
  for (int64_t n = 0; n <= sizes; n++) {
    assert_int_equal(merkle_root_at(&reader, n, &roots[n], &error), 0);
    assert_int_equal(merkle_edge_at(&reader, n, &again, &error), 0);
    struct digest root = merkle_root(&edge);
    assert_true(digest_eq(&root, &roots[n]));
    assert_true(span_eq(merkle_edge_bytes(&edge), merkle_edge_bytes(&again)));
    merkle_append(&edge, leaf_number(hash, n));
  }
  for (int64_t n = 0; n < sizes; n++)
    for (int64_t m = 0; m <= n; m++)
      check_pair(&reader, m, n, roots);
  arena_release(&arena);
}

static void every_proof_below_300_holds(void **state)
{
  (void)state;
  every_proof_of_every_small_tree_holds(MERKLE_SHA256, SMALL);
}

static void every_proof_below_70_holds_over_sm3(void **state)
{
  (void)state;
  every_proof_of_every_small_tree_holds(MERKLE_SM3, 70);
}

static void proofs_of_larger_trees_hold(void **state)
{
  (void)state;
  enum { SIZE = 5000, PAIRS = 3000 };
  struct arena arena = {0};
  struct merkle_tree tree = tree_of(&arena, MERKLE_SHA256, SIZE);
  struct merkle_reader reader = merkle_tree_reader(&tree);
  struct digest *roots = arena_array(&arena, SIZE + 1, sizeof *roots);
  struct error error = {0};
  for (int64_t n = 0; n <= SIZE; n++)
    assert_int_equal(merkle_root_at(&reader, n, &roots[n], &error), 0);
  srand48(20261124);
  for (int i = 0; i < PAIRS; i++) {
    int64_t n = 2 + lrand48() % (SIZE - 1);
    check_pair(&reader, lrand48() % n, n, roots);
  }
  struct merkle_proof p;
  assert_int_equal(merkle_inclusion(&reader, 7, 7, &p, &error), -1);
  assert_string_equal(error.name, "bad-index");
  assert_int_equal(merkle_consistency(&reader, 8, 7, &p, &error), -1);
  assert_int_equal(merkle_inclusion(&reader, -1, 7, &p, &error), -1);
  arena_release(&arena);
}

/* A reader that has no tree: node (level, index) is whatever hash its place gives. Sizes no memory holds are proved by it. */
static int place_node(void *context, int level, int64_t index, struct digest *ret, struct error *error)
{
  (void)context;
  (void)error;
  int64_t place[] = {level, index};
  *ret = sha256((struct span){(const char *)place, sizeof place});
  return 0;
}

static void proofs_reach_the_largest_sizes(void **state)
{
  (void)state;
  struct merkle_reader reader = {.node = place_node};
  struct merkle_proof p;
  struct error error = {0};
  assert_int_equal(merkle_inclusion(&reader, 0, INT64_MAX, &p, &error), 0);
  assert_int_equal(p.n, 63);
  assert_int_equal(merkle_inclusion(&reader, INT64_MAX - 1, INT64_MAX, &p, &error), 0);
  assert_int_equal(merkle_consistency(&reader, INT64_MAX - 1, INT64_MAX, &p, &error), 0);
  assert_true(p.n <= MERKLE_PROOF_MAX);
  assert_int_equal(merkle_consistency(&reader, 1, INT64_MAX, &p, &error), 0);
  assert_int_equal(p.n, 63);
  struct digest d = {0};
  assert_false(merkle_check_inclusion(MERKLE_SHA256, 1, INT64_MAX, &d, &d, p.path, p.n));
  assert_false(merkle_check_consistency(MERKLE_SHA256, 1, INT64_MAX, &d, &d, p.path, p.n));
}

static void the_witness_lets_every_tree_grow_from_nothing_and_nothing_else_from_it(void **state)
{
  (void)state;
  struct digest any = {.b = {1}}, empty = merkle_empty_of(MERKLE_SHA256);
  assert_true(merkle_check_growth(MERKLE_SHA256, 0, 5, NULL, &any, NULL, 0));
  assert_false(merkle_check_growth(MERKLE_SHA256, 0, 5, NULL, &any, &any, 1));
  assert_true(merkle_check_growth(MERKLE_SHA256, 0, 0, NULL, &empty, NULL, 0));
  assert_false(merkle_check_growth(MERKLE_SHA256, 0, 0, NULL, &any, NULL, 0));
  assert_true(merkle_check_growth(MERKLE_SHA256, 5, 5, &any, &any, NULL, 0));
  assert_false(merkle_check_growth(MERKLE_SHA256, 5, 5, &empty, &any, NULL, 0));
  assert_false(merkle_check_growth(MERKLE_SHA256, 6, 5, &any, &any, NULL, 0));
  assert_false(merkle_check_consistency(MERKLE_SHA256, 0, 0, &empty, &empty, NULL, 0));
}

/* Known answers of GB/T 32905-2016. */
static void sm3_gives_the_standards_digests(void **state)
{
  (void)state;
  struct span abc = SPAN("abc"), abcd = SPAN("abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd");
  char hex[2 * DIGEST_BYTES + 1];
  hex_encode(sm3_parts(&abc, 1).b, DIGEST_BYTES, hex);
  assert_string_equal(hex, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  hex_encode(sm3_parts(&abcd, 1).b, DIGEST_BYTES, hex);
  assert_string_equal(hex, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(another_implementations_518_proofs_are_judged_alike),
      cmocka_unit_test(every_proof_below_300_holds),
      cmocka_unit_test(every_proof_below_70_holds_over_sm3),
      cmocka_unit_test(proofs_of_larger_trees_hold),
      cmocka_unit_test(proofs_reach_the_largest_sizes),
      cmocka_unit_test(the_witness_lets_every_tree_grow_from_nothing_and_nothing_else_from_it),
      cmocka_unit_test(sm3_gives_the_standards_digests),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
