#include "ledger/cosign.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define EM_DASH "\xe2\x80\x94 "
#define TIME_BYTES 8

static struct span message(struct arena *arena, struct span text, int64_t at)
{
  return span_of(arena_printf(arena, "cosignature/v1\ntime %lld\n%.*s", (long long)at, (int)text.n, text.p));
}

struct span cosign_line(struct arena *arena, struct span text, const struct signer *signer, int64_t at)
{
  unsigned char blob[NOTE_KEYID_BYTES + COSIGN_BYTES];
  if (signer_algorithm(signer) != NOTE_COSIGNATURE || at < 0)
    abort();
  memcpy(blob, verifier_keyid(signer_public(signer)), NOTE_KEYID_BYTES);
  for (int i = 0; i < TIME_BYTES; i++)
    blob[NOTE_KEYID_BYTES + i] = (unsigned char)((uint64_t)at >> (8 * (TIME_BYTES - 1 - i)));
  signer_bare(signer, message(arena, text, at), blob + NOTE_KEYID_BYTES + TIME_BYTES);
  return span_of(arena_printf(arena, EM_DASH "%s %s\n", signer_name(signer), base64_encode(arena, blob, sizeof blob)));
}

bool cosign_check(const struct verifier *verifier, struct span text, struct span signature, int64_t *ret_at)
{
  const unsigned char *bytes = (const unsigned char *)signature.p;
  uint64_t at = 0;
  if (verifier_algorithm(verifier) != NOTE_COSIGNATURE || signature.n != COSIGN_BYTES)
    return false;
  for (int i = 0; i < TIME_BYTES; i++)
    at = at << 8 | bytes[i];
  if (at > INT64_MAX)
    return false;
  struct arena arena = {0};
  bool right = verifier_bare(verifier, message(&arena, text, (int64_t)at), bytes + TIME_BYTES);
  arena_release(&arena);
  if (right)
    *ret_at = (int64_t)at;
  return right;
}

int cosign_take(struct arena *arena, struct span answer, struct span text, const struct verifier *verifier, struct span *ret_line,
                int64_t *ret_at, struct error *error)
{
  struct note note;
  int64_t at;
  struct span whole = span_of(arena_printf(arena, "%.*s\n%.*s", (int)text.n, text.p, (int)answer.n, answer.p));
  if (note_parse(arena, whole, &note, error))
    return -1;
  if (!span_eq(note.text, text)) /* an empty line in the answer */
    return error_set(error, ERROR_BAD_INPUT, "bad-note", "见证方的答复格式无效", "The witness's answer is malformed");
  int found = note_signed_by(&note, verifier, &at, error);
  if (found < 0)
    return -1;
  if (found == 0)
    return error_set(error, ERROR_BAD_INPUT, "unsigned-note", "没有“%s”的签名", "There is no signature of “%s”",
                     verifier_name(verifier));
  for (size_t i = 0; i < note.n; i++)
    if (span_is(note.lines[i].name, verifier_name(verifier)) &&
        memcmp(note.lines[i].keyid, verifier_keyid(verifier), NOTE_KEYID_BYTES) == 0) {
      *ret_line = note.lines[i].line;
      *ret_at = at;
    }
  return 0;
}
