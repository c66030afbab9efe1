/*
 * Throws bytes at the readers of the ledger: what is taken must be written back as it was, what is refused must say why.
 * Built with clang and -Dfuzz=true: build/tests/fuzz/fuzz_note -max_total_time=60 tests/fuzz/corpus/note
 */
#include "fuzz_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ledger/cosign.h"
#include "ledger/leaf.h"
#include "ledger/proof.h"
#include "ledger/tile.h"

#define POINT "city.example/log\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

static void must(bool holds)
{
  if (!holds)
    abort();
}

/* Keys that never change: what they have signed stands in the corpora. */
static const struct verifier *key(enum note_algorithm algorithm)
{
  static struct signer *made[256];
  unsigned char secret[NOTE_SECRET_BYTES] = {1};
  if (!made[algorithm])
    must(signer_from_secret(SPAN("city.example/log"), algorithm, secret, &made[algorithm], NULL) == 0);
  return signer_public(made[algorithm]);
}

static int explained(int rc, const struct error *error)
{
  must(!rc || (rc == -1 && error->name && error->zh[0] && error->en[0]));
  return rc;
}

/* ---- one function a subject ---- */

static void run_note(struct span input)
{
  struct arena arena = {0};
  struct error error = {0};
  struct note note, again;
  int64_t at;
  if (!explained(note_parse(&arena, input, &note, &error), &error)) {
    must(note.n >= 1 && note.n <= NOTE_LINES_MAX && note.text.p == input.p && note.text.p[note.text.n - 1] == '\n');
    struct buf buf;
    buf_init(&buf, SIZE_MAX / 2);
    buf_span(&buf, note.text);
    buf_char(&buf, '\n');
    for (size_t i = 0; i < note.n; i++)
      buf_span(&buf, note.lines[i].line);
    must(buf.n <= input.n && note_parse(&arena, buf_view(&buf), &again, &error) == 0 && again.n == note.n);
    buf_release(&buf);
    static const enum note_algorithm all[] = {NOTE_ED25519, NOTE_COSIGNATURE, NOTE_SM2};
    for (int i = 0; i < 3; i++)
      if (note_signed_by(&note, key(all[i]), &at, &error) < 0)
        explained(-1, &error);
  }
  arena_release(&arena);
}

static void run_checkpoint(struct span input)
{
  struct arena arena = {0};
  struct checkpoint c;
  if (checkpoint_parse(&arena, input, &c) && !memchr(c.origin.p, '\0', c.origin.n))
    must(c.size >= 0 && span_eq(checkpoint_text(&arena, &c), input));
  arena_release(&arena);
}

static void run_cosignature(struct span input)
{
  struct arena arena = {0};
  struct error error = {0};
  struct span line, again;
  int64_t at = -1;
  if (!explained(cosign_take(&arena, input, SPAN(POINT), key(NOTE_COSIGNATURE), &line, &at, &error), &error)) {
    must(at >= 0 && line.n > 0);
    must(cosign_take(&arena, line, SPAN(POINT), key(NOTE_COSIGNATURE), &again, &at, &error) == 0 && span_eq(line, again));
  }
  arena_release(&arena);
}

static void run_proof(struct span input)
{
  struct arena arena = {0};
  struct error error = {0};
  struct tlog_proof proof;
  struct tlog_proof_verdict verdict;
  struct policy *policy;
  if (!explained(tlog_proof_parse(&arena, input, &proof, &error), &error)) {
    must(span_eq(tlog_proof_text(&arena, &proof), input));
    must(policy_parse(SPAN("quorum none\n"), &policy, &error) == 0);
    explained(tlog_proof_verify(&arena, &proof, MERKLE_SHA256, SPAN("entry"), policy, &verdict, &error), &error);
    policy_free(policy);
  }
  arena_release(&arena);
}

static void run_path(struct span input)
{
  struct tile tile;
  char path[TILE_PATH_MAX];
  if (tile_path_parse(input, &tile)) {
    tile_path(&tile, path);
    must(span_is(input, path) && tile.width >= 1 && tile.width <= TILE_WIDTH && tile.index >= 0);
  }
}

/* Whoever more witnesses sign, the fewer are missing. */
static void run_policy(struct span input)
{
  struct arena arena = {0};
  struct error error = {0};
  struct policy *policy;
  struct policy_verdict verdict;
  struct note note;
  if (!explained(policy_parse(input, &policy, &error), &error)) {
    must(note_parse(&arena, SPAN(POINT "\n— other AAAAAAAA\n"), &note, &error) == 0);
    must(policy_judge(policy, &arena, &note, &verdict, &error) == 0);
    must(verdict.cosigned == 0 && verdict.missing <= policy_witness_count(policy) && verdict.quorum == (verdict.missing == 0));
    must(verdict.log_signed == (policy_log_count(policy) == 0));
    policy_free(policy);
  }
  arena_release(&arena);
}

static void run_leaf(struct span input)
{
  struct arena arena = {0};
  struct error error = {0};
  struct leaf_view view;
  struct leaf_signature signature;
  struct span before;
  if (!explained(leaf_parse(&arena, input, &view, &error), &error)) {
    must(view.seq >= 1 && view.unsigned_lines.p == input.p && view.unsigned_lines.n < input.n);
    (void)leaf_check_signature(&arena, view.unsigned_lines, &view.signature, key(NOTE_ED25519));
  }
  if (leaf_split_signature(&arena, input, &before, &signature))
    must(before.p == input.p && before.n < input.n && signature.name.n);
  arena_release(&arena);
}

/* The first byte is the width less one. */
static void run_bundle(struct span input)
{
  struct span entries[TILE_WIDTH];
  struct buf buf;
  if (!input.n)
    return;
  int width = (unsigned char)input.p[0] + 1;
  struct span bytes = {input.p + 1, input.n - 1};
  if (!bundle_parse(bytes, width, entries))
    return;
  buf_init(&buf, SIZE_MAX / 2);
  for (int i = 0; i < width; i++)
    must(bundle_put(&buf, entries[i]));
  must(span_eq(buf_view(&buf), bytes));
  buf_release(&buf);
}

static void run_key(struct span input)
{
  struct error error = {0};
  struct verifier *verifier;
  struct signer *signer;
  if (!explained(verifier_open(input, &verifier, &error), &error)) {
    must(span_is(span_of(verifier_vkey(verifier)), verifier_vkey(verifier)) && *verifier_name(verifier));
    verifier_free(verifier);
  }
  if (!explained(signer_parse(input, &signer, &error), &error)) {
    must(verifier_open(span_of(signer_vkey(signer)), &verifier, &error) == 0);
    must(verifier_same_key(verifier, signer_public(signer)));
    verifier_free(verifier);
    signer_free(signer);
  }
}

const struct fuzz_subject fuzz_subjects[] = {
    {"note", run_note},
    {"checkpoint", run_checkpoint},
    {"cosignature", run_cosignature},
    {"proof", run_proof},
    {"path", run_path},
    {"policy", run_policy},
    {"leaf", run_leaf},
    {"bundle", run_bundle},
    {"key", run_key},
    {NULL, NULL},
};

#ifdef FUZZ_SUBJECT
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  for (const struct fuzz_subject *s = fuzz_subjects; s->name; s++)
    if (strcmp(s->name, FUZZ_SUBJECT) == 0)
      s->run((struct span){(const char *)data, n});
  return 0;
}
#endif
