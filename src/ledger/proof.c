#include "ledger/proof.h"

#include <string.h>

#include "base/text.h"
#include "ledger/tile.h"

#define FIRST_LINE "c2sp.org/tlog-proof@v1"

struct span tlog_proof_text(struct arena *arena, const struct tlog_proof *proof)
{
  struct buf buf;
  buf_init(&buf, SIZE_MAX / 2);
  buf_str(&buf, FIRST_LINE "\n");
  if (proof->has_extra)
    buf_printf(&buf, "extra %s\n", base64_encode(arena, proof->extra.p, proof->extra.n));
  buf_printf(&buf, "index %lld\n", (long long)proof->index);
  for (size_t i = 0; i < proof->inclusion.n; i++)
    buf_printf(&buf, "%s\n", base64_encode(arena, proof->inclusion.path[i].b, DIGEST_BYTES));
  buf_char(&buf, '\n');
  buf_span(&buf, proof->note);
  struct span text = arena_span(arena, buf_view(&buf));
  buf_release(&buf);
  return text;
}

static bool take_value(struct span line, const char *name, struct span *ret)
{
  if (!span_starts(line, name))
    return false;
  *ret = (struct span){line.p + strlen(name), line.n - strlen(name)};
  return true;
}

/* The hashes up to and with the empty line. */
static bool parse_path(struct arena *arena, struct span *rest, struct merkle_proof *ret)
{
  struct span line, bytes;
  while (span_cut(rest, '\n', &line)) {
    if (line.n == 0)
      return true;
    if (ret->n == MERKLE_PROOF_MAX || !base64_decode(arena, line, &bytes) || bytes.n != DIGEST_BYTES)
      return false;
    memcpy(ret->path[ret->n++].b, bytes.p, DIGEST_BYTES);
  }
  return false;
}

static bool parse(struct arena *arena, struct span rest, struct tlog_proof *ret)
{
  struct span line, value;
  if (!span_cut(&rest, '\n', &line) || !span_is(line, FIRST_LINE) || !span_cut(&rest, '\n', &line))
    return false;
  ret->has_extra = take_value(line, "extra ", &value);
  if (ret->has_extra && (!base64_decode(arena, value, &ret->extra) || !span_cut(&rest, '\n', &line)))
    return false;
  if (!take_value(line, "index ", &value) || !span_natural(value, &ret->index) || !parse_path(arena, &rest, &ret->inclusion))
    return false;
  ret->note = rest;
  return rest.n > 0;
}

int tlog_proof_parse(struct arena *arena, struct span text, struct tlog_proof *ret, struct error *error)
{
  struct tlog_proof proof = {0};
  if (!parse(arena, text, &proof))
    return error_set(error, ERROR_BAD_INPUT, "bad-proof", "回执格式无效", "The receipt is malformed");
  *ret = proof;
  return 0;
}

int tlog_proof_verify(struct arena *arena, const struct tlog_proof *proof, enum merkle_hash hash, struct span entry,
                      const struct policy *policy, struct tlog_proof_verdict *ret, struct error *error)
{
  struct note note;
  if (note_parse(arena, proof->note, &note, error) || policy_judge(policy, arena, &note, &ret->policy, error) ||
      !checkpoint_parse(arena, note.text, &ret->checkpoint))
    return -1;
  struct digest leaf = merkle_leaf_of(hash, entry);
  if (!merkle_check_inclusion(hash, proof->index, ret->checkpoint.size, &leaf, &ret->checkpoint.root, proof->inclusion.path,
                              proof->inclusion.n))
    return error_set(error, ERROR_BAD_INPUT, "not-included", "该条目不在此检查点的账本中",
                     "The entry is not in the log of this checkpoint");
  return policy_verdict_error(&ret->policy, error);
}
