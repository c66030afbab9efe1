/* The witness without its server: the request's grammar, its rules in order, what it does when the disk fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "ledger/cosign.h"
#include "witness/witness.h"

#define HASH "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* ---- the request ---- */

static bool parses(const char *body)
{
  struct arena arena = {0};
  struct witness_request request;
  struct error error = {0};
  bool good = witness_request_parse(&arena, span_of(body), &request, &error) == 0;
  if (good)
    assert_true(span_eq(witness_request_text(&arena, &request), span_of(body)));
  else
    assert_string_equal(error.name, "bad-request");
  arena_release(&arena);
  return good;
}

static void requests_of_the_grammar_are_read_and_no_others(void **state)
{
  (void)state;
  assert_true(parses("old 0\n\nnote"));
  assert_true(parses("old 7\n" HASH "\n\nnote\n\n— x y\n"));
  assert_true(parses("old 9223372036854775807\n" HASH "\n" HASH "\n\nn"));
  static const char *const wrong[] = {
      "",
      "\n",
      "old",
      "old \n\nn",
      "old 0",
      "old 0\n",
      "old 0\n\n",
      "old 00\n\nn",
      "old 01\n\nn",
      "old -0\n\nn",
      "old -1\n\nn",
      "old +1\n\nn",
      "old 1 \n\nn",
      "old  1\n\nn",
      "Old 1\n\nn",
      "old 1\r\n\r\nn",
      "old 9223372036854775808\n\nn",
      "old 1\n" HASH,
      "old 1\n" HASH "\n",
      "old 1\n" HASH " \n\nn",
      "old 1\nKgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\nn", /* not canonical */
      "old 1\nKgEA\n\nn",
      "old 1\nKgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\nn", /* 33 bytes */
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_false(parses(wrong[i]));
}

static void a_proof_has_63_lines_at_most(void **state)
{
  (void)state;
  struct buf body;
  for (int n = 63; n <= 64; n++) {
    buf_init(&body, 1 << 20);
    buf_str(&body, "old 1\n");
    for (int i = 0; i < n; i++)
      buf_str(&body, HASH "\n");
    buf_str(&body, "\nn");
    assert_int_equal(parses(body.p), n == 63);
    buf_release(&body);
  }
}

/* ---- the rules ---- */

struct bench {
  char dir[64];
  struct arena arena;
  struct signer *log;
  struct witness *witness;
  struct verifier *key;
};

static void open_witness(struct bench *b)
{
  struct error error = {0};
  const char *logs[] = {signer_vkey(b->log), NULL};
  struct witness_options options = {
      .state = arena_printf(&b->arena, "%s/state", b->dir), .name = "witness.example/w1", .logs = logs};
  if (witness_open(&options, &b->witness, &error))
    fail_msg("%s", error.en);
  assert_int_equal(verifier_open(span_of(witness_vkey(b->witness)), &b->key, &error), 0);
}

static void close_witness(struct bench *b)
{
  witness_close(b->witness);
  verifier_free(b->key);
}

static void begin(struct bench *b, const char *origin)
{
  struct error error = {0};
  *b = (struct bench){.dir = "/tmp/onevisit-witness-XXXXXX"};
  assert_non_null(mkdtemp(b->dir));
  assert_int_equal(signer_open(b->dir, "log", origin, true, &b->log, &error), 0);
  open_witness(b);
}

static void end(struct bench *b)
{
  close_witness(b);
  signer_free(b->log);
  assert_int_equal(system(arena_printf(&b->arena, "rm -r %s", b->dir)), 0);
  arena_release(&b->arena);
}

static struct span request(struct bench *b, enum merkle_hash hash, int64_t old, int64_t size)
{
  struct digest *leaves = arena_array(&b->arena, (size_t)size + 1, sizeof *leaves);
  struct merkle_tree tree;
  struct merkle_proof proof;
  struct witness_request rq = {.old_size = old};
  struct checkpoint c = {.origin = span_of(signer_name(b->log)), .size = size};
  for (int64_t i = 0; i < size; i++)
    leaves[i] = merkle_leaf_of(hash, span_of(arena_printf(&b->arena, "leaf %lld", (long long)i)));
  merkle_tree_build(&b->arena, hash, leaves, (size_t)size, &tree);
  struct merkle_reader reader = merkle_tree_reader(&tree);
  assert_int_equal(merkle_consistency(&reader, old, size, &proof, NULL), 0);
  assert_int_equal(merkle_root_at(&reader, size, &c.root, NULL), 0);
  rq.proof_n = proof.n;
  memcpy(rq.proof, proof.path, proof.n * sizeof *proof.path);
  rq.note = note_sign(&b->arena, checkpoint_text(&b->arena, &c), b->log);
  return witness_request_text(&b->arena, &rq);
}

static unsigned ask(struct bench *b, int64_t old, int64_t size, moment now, int64_t *ret_at)
{
  struct witness_answer answer;
  struct span body = request(b, MERKLE_SHA256, old, size), line, text = body;
  witness_add_checkpoint(b->witness, &b->arena, body, now, &answer);
  if (answer.status == 200) {
    while (span_cut(&text, '\n', &line) && line.n)
      ;
    struct note note;
    assert_int_equal(note_parse(&b->arena, text, &note, NULL), 0);
    assert_int_equal(cosign_take(&b->arena, answer.body, note.text, b->key, &line, ret_at, NULL), 0);
  } else {
    assert_true(answer.error.name && *answer.error.zh && *answer.error.en);
  }
  return answer.status;
}

static void its_cosignatures_verify_and_are_never_dated_back(void **state)
{
  (void)state;
  struct bench b;
  int64_t at = 0;
  begin(&b, "log.example/a");
  assert_int_equal(ask(&b, 0, 5, 2000 * SECOND_MS, &at), 200);
  assert_int_equal(at, 2000);
  assert_int_equal(ask(&b, 5, 9, 1000 * SECOND_MS, &at), 200);
  assert_int_equal(at, 2000);
  close_witness(&b);
  open_witness(&b);
  assert_int_equal(ask(&b, 9, 9, 1500 * SECOND_MS, &at), 200);
  assert_int_equal(at, 2000);
  assert_int_equal(ask(&b, 9, 10, 2500 * SECOND_MS, &at), 200);
  assert_int_equal(at, 2500);
  end(&b);
}

static void its_state_outlives_it_and_belongs_to_one_process(void **state)
{
  (void)state;
  struct bench b;
  int64_t at;
  begin(&b, "log.example/a");
  assert_int_equal(ask(&b, 0, 5, SECOND_MS, &at), 200);
  struct error error = {0};
  struct witness *second;
  struct witness_options options = {.state = arena_printf(&b.arena, "%s/state", b.dir), .name = "witness.example/w1"};
  assert_int_equal(witness_open(&options, &second, &error), -1);
  assert_string_equal(error.name, "state-in-use");
  close_witness(&b);
  options.name = "somebody.else/w1";
  assert_int_equal(witness_open(&options, &second, &error), -1);
  assert_string_equal(error.name, "key-name");
  open_witness(&b);
  assert_int_equal(witness_log_size(b.witness, 0), 5);
  assert_int_equal(ask(&b, 0, 5, SECOND_MS, &at), 409);
  assert_int_equal(ask(&b, 5, 6, SECOND_MS, &at), 200);
  end(&b);
}

static void a_second_log_is_hashed_with_sm3(void **state)
{
  (void)state;
  struct bench b;
  struct witness_answer answer;
  begin(&b, "log.example/a/sm3");
  witness_add_checkpoint(b.witness, &b.arena, request(&b, MERKLE_SM3, 0, 5), SECOND_MS, &answer);
  assert_int_equal(answer.status, 200);
  witness_add_checkpoint(b.witness, &b.arena, request(&b, MERKLE_SHA256, 5, 9), SECOND_MS, &answer);
  assert_int_equal(answer.status, 422);
  witness_add_checkpoint(b.witness, &b.arena, request(&b, MERKLE_SM3, 5, 9), SECOND_MS, &answer);
  assert_int_equal(answer.status, 200);
  end(&b);
}

/* ---- at once ---- */

struct asker {
  struct witness *witness;
  struct span body;
  unsigned status;
};

static void *ask_once(void *context)
{
  struct asker *a = context;
  struct arena arena = {0};
  struct witness_answer answer;
  char hex[65];
  struct digest d = sha256(SPAN("log.example/a"));
  hex_encode(d.b, sizeof d.b, hex);
  witness_add_checkpoint(a->witness, &arena, a->body, SECOND_MS, &answer);
  (void)witness_latest(a->witness, &arena, span_of(hex));
  a->status = answer.status;
  arena_release(&arena);
  return NULL;
}

static void of_many_at_once_one_is_cosigned(void **state)
{
  (void)state;
  enum { N = 32 };
  struct bench b;
  pthread_t threads[N];
  struct asker askers[N];
  int64_t at;
  int taken = 0, late = 0;
  begin(&b, "log.example/a");
  assert_int_equal(ask(&b, 0, 5, SECOND_MS, &at), 200);
  struct span bodies[2] = {request(&b, MERKLE_SHA256, 5, 9), request(&b, MERKLE_SHA256, 5, 12)};
  for (int i = 0; i < N; i++) {
    askers[i] = (struct asker){b.witness, bodies[i % 2], 0};
    assert_int_equal(pthread_create(&threads[i], NULL, ask_once, &askers[i]), 0);
  }
  for (int i = 0; i < N; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    taken += askers[i].status == 200;
    late += askers[i].status == 409;
  }
  assert_int_equal(taken, 1);
  assert_int_equal(late, N - 1);
  end(&b);
}

/* ---- the disk ---- */

static const char *state_file(struct bench *b, const char *suffix)
{
  char hex[65];
  struct digest d = sha256(span_of(signer_name(b->log)));
  hex_encode(d.b, sizeof d.b, hex);
  return arena_printf(&b->arena, "%s/state/logs/%s%s", b->dir, hex, suffix);
}

static void what_cannot_be_written_is_not_signed_and_may_be_tried_again(void **state)
{
  (void)state;
  struct bench b;
  int64_t at;
  begin(&b, "log.example/a");
  assert_int_equal(ask(&b, 0, 5, SECOND_MS, &at), 200);
  assert_int_equal(mkdir(state_file(&b, ".new"), 0700), 0);
  assert_int_equal(ask(&b, 5, 6, SECOND_MS, &at), 503);
  assert_int_equal(witness_log_size(b.witness, 0), 5);
  assert_int_equal(rmdir(state_file(&b, ".new")), 0);
  assert_int_equal(ask(&b, 5, 6, SECOND_MS, &at), 200);
  end(&b);
}

static void after_a_rename_that_failed_nothing_more_is_signed(void **state)
{
  (void)state;
  struct bench b;
  int64_t at;
  begin(&b, "log.example/a");
  assert_int_equal(ask(&b, 0, 5, SECOND_MS, &at), 200);
  assert_int_equal(unlink(state_file(&b, "")), 0);
  assert_int_equal(mkdir(state_file(&b, ""), 0700), 0);
  assert_int_equal(ask(&b, 5, 6, SECOND_MS, &at), 500);
  assert_int_equal(rmdir(state_file(&b, "")), 0);
  assert_int_equal(ask(&b, 5, 6, SECOND_MS, &at), 500);
  end(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(requests_of_the_grammar_are_read_and_no_others),
      cmocka_unit_test(a_proof_has_63_lines_at_most),
      cmocka_unit_test(its_cosignatures_verify_and_are_never_dated_back),
      cmocka_unit_test(its_state_outlives_it_and_belongs_to_one_process),
      cmocka_unit_test(a_second_log_is_hashed_with_sm3),
      cmocka_unit_test(of_many_at_once_one_is_cosigned),
      cmocka_unit_test(what_cannot_be_written_is_not_signed_and_may_be_tried_again),
      cmocka_unit_test(after_a_rename_that_failed_nothing_more_is_signed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
