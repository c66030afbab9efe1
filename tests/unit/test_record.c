/* Receipts: made from a log directory of every shape, checked, and every damage told; what the pages ask of the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "../lib/desk.h"
#include "base/text.h"
#include "ledger/cosign.h"
#include "record/readers.h"
#include "record/record.h"

#define ORIGIN "city.example/log"
#define NOW INT64_C(1790000000)

/* ---- a small log ---- */

struct small_log {
  char dir[64], keys[80];
  struct arena arena;
  struct signer *log, *fire, *witness[3];
  struct policy *policy; /* two of three witnesses */
};

static struct signer *new_key(const struct small_log *l, const char *file, const char *name, enum note_algorithm algorithm)
{
  struct signer *signer;
  struct error error;
  assert_int_equal(signer_open_as(l->keys, file, name, algorithm, true, &signer, &error), 0);
  return signer;
}

static struct span entry_of(struct small_log *l, int64_t i)
{
  struct leaf leaf = {.seq = 1 + i / 7,
                      .has_prev = i >= 7,
                      .type = i % 2 ? "case.accepted" : "case.decided",
                      .item = "",
                      .dept = "fire-rescue",
                      .at = (NOW + i) * SECOND_MS,
                      .salt = SPAN("0123456789abcdef0123456789abcdef")};
  leaf.pseudonym[0] = (unsigned char)(i % 7);
  return leaf_sign(&l->arena, leaf_unsigned(&l->arena, &leaf), l->fire);
}

/* The note over the first n, cosigned by the first `witnesses`. */
static struct span note_over(struct small_log *l, const struct merkle_edge *edge, size_t witnesses)
{
  struct checkpoint c = {SPAN(ORIGIN), edge->size, merkle_root(edge)};
  struct span text = checkpoint_text(&l->arena, &c), note = note_sign(&l->arena, text, l->log);
  for (size_t i = 0; i < witnesses; i++) {
    struct span line = cosign_line(&l->arena, text, l->witness[i], NOW + 1000 + (int64_t)i);
    note = span_of(arena_printf(&l->arena, "%.*s%.*s", (int)note.n, note.p, (int)line.n, line.p));
  }
  return note;
}

static void grow(struct small_log *l, int64_t from, int64_t to, size_t witnesses)
{
  struct logdir *dir;
  struct error error;
  assert_int_equal(logdir_append(l->dir, MERKLE_SHA256, from, &dir, &error), 0);
  for (int64_t i = from; i < to; i++)
    assert_int_equal(logdir_add(dir, entry_of(l, i), NULL, &error), 0);
  assert_int_equal(logdir_commit(dir, &error), 0);
  struct merkle_edge edge;
  logdir_edge(dir, &edge);
  assert_int_equal(logdir_publish(dir, note_over(l, &edge, witnesses), &error), 0);
  logdir_close(dir);
}

static const char *policy_words(struct small_log *l)
{
  return arena_printf(&l->arena, "log %s\nwitness a %s\nwitness b %s\nwitness c %s\ngroup two 2 a b c\nquorum two\n",
                      signer_vkey(l->log), signer_vkey(l->witness[0]), signer_vkey(l->witness[1]), signer_vkey(l->witness[2]));
}

static void open_log(struct small_log *l)
{
  static const char *const files[] = {"a", "b", "c"};
  struct error error;
  *l = (struct small_log){.dir = "/tmp/onevisit-record-XXXXXX"};
  assert_non_null(mkdtemp(l->dir));
  (void)snprintf(l->keys, sizeof l->keys, "%s.keys", l->dir);
  l->log = new_key(l, "log", ORIGIN, NOTE_ED25519);
  l->fire = new_key(l, "fire-rescue", ORIGIN "/fire-rescue", NOTE_ED25519);
  for (size_t i = 0; i < 3; i++)
    l->witness[i] = new_key(l, files[i], arena_printf(&l->arena, "witness.example/%s", files[i]), NOTE_COSIGNATURE);
  assert_int_equal(policy_parse(span_of(policy_words(l)), &l->policy, &error), 0);
}

static void close_log(struct small_log *l)
{
  assert_int_equal(system(arena_printf(&l->arena, "rm -rf %s %s", l->dir, l->keys)), 0);
  signer_free(l->log);
  signer_free(l->fire);
  for (size_t i = 0; i < 3; i++)
    signer_free(l->witness[i]);
  policy_free(l->policy);
  arena_release(&l->arena);
}

static int receipt_of(struct small_log *l, int64_t index, struct record_receipt *ret, struct error *error)
{
  struct record_published published;
  return record_published(&l->arena, l->dir, l->policy, &published, error) ||
                 record_make(&l->arena, l->dir, l->policy, &published, index, ret, error)
             ? -1
             : 0;
}

/* ---- receipts ---- */

static void every_entry_has_a_receipt(void **state)
{
  (void)state;
  static const int64_t sizes[] = {1, 2, 3, 255, 256, 257, 520};
  struct small_log l;
  struct record_receipt r;
  struct error error;
  int64_t from = 0;
  open_log(&l);
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; from = sizes[s++]) {
    grow(&l, from, sizes[s], 2);
    for (int64_t i = 0; i < sizes[s]; i += i < 4 || i > sizes[s] - 4 ? 1 : 37) {
      assert_int_equal(receipt_of(&l, i, &r, &error), 0);
      assert_int_equal(r.index, i);
      assert_int_equal(r.checkpoint.size, sizes[s]);
      assert_int_equal(r.leaf.seconds, NOW + i);
      assert_int_equal(r.verdict.cosigned, 2);
      assert_true(record_department_signed(&l.arena, &r.leaf, span_of(arena_printf(&l.arena, "what\n%s\n", signer_vkey(l.fire)))));
      assert_false(record_department_signed(&l.arena, &r.leaf, span_of(signer_vkey(l.log))));
    }
    assert_int_equal(receipt_of(&l, sizes[s], &r, &error), -1);
    assert_string_equal(error.name, "not-published");
    assert_int_equal(receipt_of(&l, -1, &r, &error), -1);
  }
  close_log(&l);
}

static void too_few_witnesses_are_told_and_who_is_missing(void **state)
{
  (void)state;
  struct small_log l;
  struct record_receipt r = {0};
  struct error error;
  open_log(&l);
  grow(&l, 0, 5, 1);
  assert_int_equal(receipt_of(&l, 3, &r, &error), -1);
  assert_string_equal(error.name, "no-quorum");
  assert_int_equal(r.index, 3);
  assert_int_equal(r.verdict.missing, 1);
  assert_int_equal(r.verdict.times[0], NOW + 1000);
  assert_int_equal(r.verdict.times[1], 0);
  close_log(&l);
}

/* A byte of the file that may be another without harm: in the cosignature of one witness too many nothing is checked twice. */
static void no_byte_of_a_receipt_can_be_changed(void **state)
{
  (void)state;
  struct small_log l;
  struct record_receipt r;
  struct error error;
  open_log(&l);
  grow(&l, 0, 11, 2);
  assert_int_equal(receipt_of(&l, 6, &r, &error), 0);
  size_t n = r.text.n;
  char *bytes = malloc(n);
  assert_non_null(bytes);
  struct arena arena = {0};
  for (size_t i = 0; i < n; i++)
    for (int bit = 0; bit < 8; bit++) {
      struct record_receipt other;
      memcpy(bytes, r.text.p, n);
      bytes[i] = (char)(bytes[i] ^ (1 << bit));
      if (record_check(&arena, (struct span){bytes, n}, l.policy, &other, &error) == 0)
        fail_msg("byte %zu, bit %d can be flipped", i, bit);
      arena_reset(&arena);
    }
  for (size_t i = 0; i < n; i++) {
    struct record_receipt other;
    if (record_check(&arena, (struct span){r.text.p, i}, l.policy, &other, &error) == 0)
      fail_msg("cut off at %zu of %zu", i, n);
    arena_reset(&arena);
  }
  arena_release(&arena);
  free(bytes);
  close_log(&l);
}

static void what_is_pasted_is_mended_at_its_ends_only(void **state)
{
  (void)state;
  struct small_log l;
  struct record_receipt r, again;
  struct error error;
  open_log(&l);
  grow(&l, 0, 4, 3);
  assert_int_equal(receipt_of(&l, 2, &r, &error), 0);
  char *pasted = arena_alloc(&l.arena, 2 * r.text.n + 8);
  size_t n = 0;
  pasted[n++] = ' ';
  for (size_t i = 0; i < r.text.n; i++) {
    if (r.text.p[i] == '\n')
      pasted[n++] = '\r';
    pasted[n++] = r.text.p[i];
  }
  n -= 2; /* without the last line's end */
  struct span mended = record_tidy(&l.arena, (struct span){pasted, n});
  assert_true(span_eq(mended, r.text));
  assert_int_equal(record_check(&l.arena, mended, l.policy, &again, &error), 0);
  close_log(&l);
}

/* ---- whom to believe ---- */

static void the_policy_is_the_file_and_the_logs_key(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct span text;
  struct error error;
  char path[] = "/tmp/onevisit-policy-XXXXXX";
  int fd = mkstemp(path);
  FILE *file = fdopen(fd, "w");
  assert_int_equal(record_policy_text(&arena, NULL, SPAN("k1\nk2\n"), &text, &error), 0);
  assert_string_equal(arena_dup(&arena, text), "log k1\nlog k2\nquorum none\n");
  assert_int_equal(record_policy_text(&arena, "/nowhere/at/all", SPAN("k1"), &text, &error), 0);
  assert_string_equal(arena_dup(&arena, text), "log k1\nquorum none\n");
  (void)fputs("# ours\nwitness a w\nquorum a\n", file);
  (void)fflush(file);
  assert_int_equal(record_policy_text(&arena, path, SPAN("k1"), &text, &error), 0);
  assert_string_equal(arena_dup(&arena, text), "log k1\n# ours\nwitness a w\nquorum a\n");
  (void)fputs("log k9\n", file);
  (void)fclose(file);
  assert_int_equal(record_policy_text(&arena, path, SPAN("k1"), &text, &error), 0);
  assert_null(strstr(arena_dup(&arena, text), "k1"));
  assert_int_equal(record_policy_text(&arena, "/tmp", SPAN("k1"), &text, &error), -1);
  assert_string_equal(error.name, "no-policy");
  (void)remove(path);
  arena_release(&arena);
}

static void a_qr_code_has_its_three_corners(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct span svg = record_qr(&arena, "http://127.0.0.1:8080/verify?index=7&leaf="
                                      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  const char *text = arena_dup(&arena, svg);
  int side;
  assert_non_null(strstr(text, "viewBox"));
  assert_int_equal(sscanf(strstr(text, "viewBox"), "viewBox=\"0 0 %d", &side), 1);
  assert_non_null(strstr(text, "M4 4h7v1h-7z")); /* seven dark modules: the upper left corner … */
  assert_non_null(strstr(text, arena_printf(&arena, "M%d 4h7v1h-7z", side - 4 - 7)));
  assert_non_null(strstr(text, arena_printf(&arena, "M4 %dh7v1h-7z", side - 4 - 1)));
  char *long_text = arena_alloc(&arena, 5001);
  memset(long_text, 'x', 5000);
  assert_int_equal(record_qr(&arena, long_text).n, 0);
  arena_release(&arena);
}

/* ---- the store ---- */

/* The desk's engine does not seal: another takes over and publishes. */
static const char *publish(struct desk *d)
{
  static const struct outlet outlets[] = {{NULL}};
  char *dir = arena_printf(&d->arena, "%s/log", d->fresh.directory);
  const struct engine_options options = {.kinds = d->kinds,
                                         .outlets = outlets,
                                         .world = &d->world,
                                         .seal_ms = 20,
                                         .log_dir = dir,
                                         .key_dir = arena_printf(&d->arena, "%s/keys", d->fresh.directory),
                                         .origin = ORIGIN};
  engine_close(d->engine);
  assert_int_equal(engine_open(d->store, &options, &d->engine, &d->error), 0);
  if (engine_publish(d->engine, 20000, &d->error))
    fail_msg("%s", d->error.en);
  return dir;
}

static void receipt_from_the_store(struct desk *d, const char *dir, const struct record_step *step)
{
  struct record_checkpoint last, *list;
  struct record_published published;
  struct record_receipt r;
  struct span text, keys;
  struct policy *policy;
  size_t n;
  assert_int_equal(record_last_signed(d->db, &d->arena, &last, &d->error), 0);
  assert_true(last.published_at > 0);
  assert_int_equal(record_checkpoints(d->db, 0, 5, &d->arena, &list, &n, &d->error), 0);
  assert_int_equal(list[0].size, last.size);
  assert_int_equal(record_checkpoints(d->db, list[n - 1].size, 5, &d->arena, &list, &n, &d->error), 0);
  assert_int_equal(record_keys_named(d->db, SPAN(ORIGIN), &d->arena, &keys, &d->error), 0);
  assert_int_equal(record_policy_text(&d->arena, NULL, keys, &text, &d->error), 0);
  assert_int_equal(policy_parse(text, &policy, &d->error), 0);
  assert_int_equal(record_published(&d->arena, dir, policy, &published, &d->error), 0);
  assert_int_equal(published.checkpoint.size, last.size);
  assert_int_equal(record_make(&d->arena, dir, policy, &published, step->index, &r, &d->error), 0);
  assert_true(digest_eq(&r.hash, &step->hash));
  assert_int_equal(r.leaf.seq, step->version);
  assert_int_equal(record_keys_named(d->db, r.leaf.signature.name, &d->arena, &keys, &d->error), 0);
  assert_true(record_department_signed(&d->arena, &r.leaf, keys));
  policy_free(policy);
}

static void look_up(enum which_store which)
{
  struct desk d;
  struct record_step step, *steps;
  size_t n;
  desk_open(&d, which, &casefile_kind, 7);
  assert_string_equal(desk_do(&d, 41, applicant, "draft", desk_draft(&d)), "");
  desk_fill(&d, 41, applicant);
  assert_string_equal(desk_do(&d, 42, applicant, "draft", desk_draft(&d)), "");
  const char *dir = publish(&d);
  unsigned char raw[16];
  char pseudonym[33], hash[65];
  assert_int_equal(engine_pseudonym(d.db, 41, raw, &d.error), 0);
  hex_encode(raw, sizeof raw, pseudonym);
  assert_int_equal(record_steps(d.db, span_of(pseudonym), -1, 1000, &d.arena, &steps, &n, &d.error), 0);
  assert_true(n > 3);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(steps[i].version, n - i);
    assert_true(steps[i].sealed);
    assert_memory_equal(steps[i].pseudonym, raw, sizeof raw);
    assert_int_equal(record_step(d.db, steps[i].index, span_of(pseudonym), &d.arena, &step, &d.error), 0);
    hex_encode(step.hash.b, sizeof step.hash.b, hash);
    assert_int_equal(record_step_by_hash(d.db, step.index, span_of(hash), &d.arena, &step, &d.error), 0);
    assert_int_equal(record_step_by_hash(d.db, step.index + 1, span_of(hash), &d.arena, &step, &d.error), -1);
    assert_string_equal(d.error.name, "no-receipt");
  }
  assert_string_equal(steps[n - 1].type, "case.drafted");
  receipt_from_the_store(&d, dir, &steps[n - 1]);
  /* from a step on, so many */
  assert_int_equal(record_steps(d.db, span_of(pseudonym), steps[1].index, 2, &d.arena, &steps, &n, &d.error), 0);
  assert_int_equal(n, 2);
  /* another case's pseudonym, no pseudonym, none at all: the same answer */
  assert_int_equal(engine_pseudonym(d.db, 42, raw, &d.error), 0);
  hex_encode(raw, sizeof raw, hash);
  assert_int_equal(record_step(d.db, steps[0].index, span_of(hash), &d.arena, &step, &d.error), -1);
  assert_string_equal(d.error.name, "no-receipt");
  assert_int_equal(record_step(d.db, 99999, span_of(pseudonym), &d.arena, &step, &d.error), -1);
  assert_string_equal(d.error.name, "no-receipt");
  assert_int_equal(record_step(d.db, steps[0].index, SPAN("what"), &d.arena, &step, &d.error), -1);
  assert_int_equal(record_steps(d.db, SPAN("what"), -1, 10, &d.arena, &steps, &n, &d.error), 0);
  assert_int_equal(n, 0);
  assert_int_equal(record_step(d.db, INT64_MAX, span_of(pseudonym), &d.arena, &step, &d.error), -1);
  assert_int_equal(engine_pseudonym(d.db, 4711, raw, &d.error), -1);
  /* the keys, and the checkpoint */
  struct record_key *keys;
  struct record_checkpoint last, same;
  assert_int_equal(record_keys(d.db, &d.arena, &keys, &n, &d.error), 0);
  assert_true(n >= 2);
  assert_int_equal(record_last_signed(d.db, &d.arena, &last, &d.error), 0);
  assert_true(last.size > 0 && last.note.n > 0);
  assert_int_equal(record_checkpoint_of(d.db, last.size, &d.arena, &same, &d.error), 0);
  assert_int_equal(same.size, last.size);
  assert_int_equal(record_checkpoint_of(d.db, last.size + 1, &d.arena, &same, &d.error), 0);
  assert_int_equal(same.size, 0);
  desk_close(&d);
}

static void a_case_is_found_by_its_pseudonym_alone(void **state)
{
  (void)state;
  on_each_store(look_up);
}

/* ---- who may read entries ---- */

static void readers_are_addresses_and_networks(void **state)
{
  (void)state;
  static const char list[] = "10.1.0.0/16, 192.0.2.7,2001:db8:8000::/33";
  static const char *const in[] = {"10.1.0.0", "10.1.255.255", "192.0.2.7", "2001:db8:8000::1", "::ffff:10.1.2.3"};
  static const char *const out[] = {
      "10.2.0.0", "10.0.255.255", "192.0.2.6", "192.0.2.70", "2001:db8::1", "::", "", "10.1.0.0/16", "x"};
  static const char *const bad[] = {"10.1", "10.1.0.0/33",   "10.1.0.0/-1", "10.1.0.0/",      "::/129",
                                    "a,b",  "10.1.0.0/16/2", ",",           "1.2.3.4 5.6.7.8"};
  struct error error;
  assert_int_equal(readers_check(list, &error), 0);
  assert_int_equal(readers_check("", &error), 0);
  for (size_t i = 0; i < sizeof in / sizeof *in; i++)
    assert_true(readers_have(list, in[i]));
  for (size_t i = 0; i < sizeof out / sizeof *out; i++)
    assert_false(readers_have(list, out[i]));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(readers_check(bad[i], &error), -1);
  assert_true(readers_have("0.0.0.0/0", "8.8.8.8") && !readers_have("0.0.0.0/0", "2001:db8::1") && readers_have("::/0", "8.8.8.8"));
  assert_false(readers_have("", "127.0.0.1"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_entry_has_a_receipt),
      cmocka_unit_test(readers_are_addresses_and_networks),
      cmocka_unit_test(too_few_witnesses_are_told_and_who_is_missing),
      cmocka_unit_test(no_byte_of_a_receipt_can_be_changed),
      cmocka_unit_test(what_is_pasted_is_mended_at_its_ends_only),
      cmocka_unit_test(the_policy_is_the_file_and_the_logs_key),
      cmocka_unit_test(a_qr_code_has_its_three_corners),
      cmocka_unit_test(a_case_is_found_by_its_pseudonym_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
