#include "ledger/leaf.h"

#include <string.h>

#include "base/text.h"

#define ZERO SPAN("\0")

struct digest leaf_field_salt(struct span salt, struct span name)
{
  struct span parts[] = {SPAN("gov-salt/v1"), ZERO, name};
  return hmac_sha256_parts(salt, parts, 3);
}

struct digest leaf_commitment(const struct digest *field_salt, struct span name, struct span value)
{
  struct span parts[] = {SPAN("gov-commit/v1"), ZERO, name, ZERO, value};
  return hmac_sha256_parts((struct span){(const char *)field_salt->b, DIGEST_BYTES}, parts, 5);
}

static struct digest commit(struct span salt, struct span name, struct span value)
{
  struct digest r = leaf_field_salt(salt, name);
  return leaf_commitment(&r, name, value);
}

static struct digest commit_all(const struct leaf *leaf)
{
  struct merkle_edge edge = {0};
  for (size_t i = 0; i < leaf->field_count; i++) {
    struct digest c = commit(leaf->salt, leaf->fields[i].name, leaf->fields[i].value);
    merkle_append(&edge, merkle_leaf((struct span){(const char *)c.b, DIGEST_BYTES}));
  }
  return merkle_root(&edge);
}

static const char *or_dash(const char *s)
{
  return s && *s ? s : "-";
}

struct span leaf_unsigned(struct arena *arena, const struct leaf *leaf)
{
  char pseudonym[2 * LEAF_PSEUDONYM_BYTES + 1];
  hex_encode(leaf->pseudonym, LEAF_PSEUDONYM_BYTES, pseudonym);
  struct digest body = commit_all(leaf);
  /* values are not yet encrypted under a key of the person: the id committed to is empty */
  struct digest keys = commit(leaf->salt, SPAN("key-id"), SPAN(""));
  return span_of(
      arena_printf(arena, "gov-event/v1\ncase %s\nseq %lld\nprev %s\ntype %s\nitem %s\ndept %s\ntime %lld\nbody %s\nkeys %s\n",
                   pseudonym, (long long)leaf->seq, leaf->has_prev ? base64_encode(arena, leaf->prev.b, DIGEST_BYTES) : "-",
                   or_dash(leaf->type), or_dash(leaf->item), or_dash(leaf->dept), (long long)(leaf->at / SECOND_MS),
                   base64_encode(arena, body.b, DIGEST_BYTES), base64_encode(arena, keys.b, DIGEST_BYTES)));
}

struct span leaf_sign(struct arena *arena, struct span lines, const struct signer *signer)
{
  return span_of(
      arena_printf(arena, "%.*ssig %s %s\n", (int)lines.n, lines.p, signer_name(signer), signer_sign(signer, arena, lines)));
}

bool leaf_split(struct span entry, struct span *ret_unsigned, struct span *ret_name, struct span *ret_signature)
{
  if (entry.n < 2 || entry.p[entry.n - 1] != '\n')
    return false;
  size_t from = entry.n - 1;
  while (from > 0 && entry.p[from - 1] != '\n')
    from--;
  struct span line = {entry.p + from, entry.n - 1 - from}, word;
  struct span name, signature;
  if (!span_cut(&line, ' ', &word) || !span_is(word, "sig") || !span_cut(&line, ' ', &name) || !span_cut(&line, ' ', &signature) ||
      line.n)
    return false;
  *ret_unsigned = (struct span){entry.p, from};
  *ret_name = name;
  *ret_signature = signature;
  return true;
}
