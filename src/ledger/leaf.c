#include "ledger/leaf.h"

#include <string.h>

#include "base/text.h"
#include "ledger/tile.h"

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

static struct digest commit(const struct hmac_key *salt, struct span name, struct span value)
{
  struct span parts[] = {SPAN("gov-salt/v1"), ZERO, name};
  struct digest r = hmac_parts(salt, parts, 3);
  return leaf_commitment(&r, name, value);
}

struct leaf_commitments leaf_commit(const struct leaf *leaf)
{
  struct hmac_key key;
  struct merkle_edge edge = {0};
  hmac_key_init(&key, leaf->salt);
  for (size_t i = 0; i < leaf->field_count; i++) {
    struct digest c = commit(&key, leaf->fields[i].name, leaf->fields[i].value);
    merkle_append(&edge, merkle_leaf((struct span){(const char *)c.b, DIGEST_BYTES}));
  }
  return (struct leaf_commitments){merkle_root(&edge), commit(&key, SPAN("key-id"), leaf->key_id)};
}

static const char *or_dash(const char *s)
{
  return s && *s ? s : "-";
}

/* Room for everything but type, item and dept. */
#define LINES_MAX 400

static char *put(char *to, const char *s)
{
  return stpcpy(to, s);
}

static char *put_digest(char *to, const struct digest *d)
{
  return base64_write(to, d->b, DIGEST_BYTES);
}

static char *put_int(char *to, int64_t value)
{
  char digits[24], *p = digits + sizeof digits;
  uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
  *--p = '\0';
  do
    *--p = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0)
    *--p = '-';
  return stpcpy(to, p);
}

/* Written by hand: printf took a fifth of the sealer's time. */
struct span leaf_lines(struct arena *arena, const struct leaf *leaf, const struct leaf_commitments *commitments)
{
  const char *type = or_dash(leaf->type), *item = or_dash(leaf->item), *dept = or_dash(leaf->dept);
  char *lines = arena_alloc(arena, LINES_MAX + strlen(type) + strlen(item) + strlen(dept)), *p = lines;
  p = put(p, "gov-event/v1\ncase ");
  hex_encode(leaf->pseudonym, LEAF_PSEUDONYM_BYTES, p);
  p = put_int(put(p + 2 * (size_t)LEAF_PSEUDONYM_BYTES, "\nseq "), leaf->seq);
  p = put(p, "\nprev ");
  p = leaf->has_prev ? put_digest(p, &leaf->prev) : put(p, "-");
  p = put(put(p, "\ntype "), type);
  p = put(put(p, "\nitem "), item);
  p = put(put(p, "\ndept "), dept);
  p = put_int(put(p, "\ntime "), leaf->at / SECOND_MS);
  p = put_digest(put(p, "\nbody "), &commitments->body);
  p = put_digest(put(p, "\nkeys "), &commitments->keys);
  p = put(p, "\n");
  return (struct span){lines, (size_t)(p - lines)};
}

struct span leaf_unsigned(struct arena *arena, const struct leaf *leaf)
{
  struct leaf_commitments commitments = leaf_commit(leaf);
  return leaf_lines(arena, leaf, &commitments);
}

/* ---- signatures ---- */

struct span leaf_sign(struct arena *arena, struct span lines, const struct signer *signer)
{
  return span_of(
      arena_printf(arena, "%.*ssig %s %s\n", (int)lines.n, lines.p, signer_name(signer), signer_sign(signer, arena, lines)));
}

static struct span batch_message(struct arena *arena, const char *name, int64_t n, const struct digest *root)
{
  return span_of(
      arena_printf(arena, "gov-batch/v1\n%s\n%lld\n%s\n", name, (long long)n, base64_encode(arena, root->b, DIGEST_BYTES)));
}

static struct span shared_entry(struct arena *arena, struct span lines, const char *name, const char *signature, int64_t i,
                                int64_t n, const struct merkle_proof *proof)
{
  const size_t numbers = 64;
  char *entry = arena_alloc(arena, lines.n + strlen(name) + strlen(signature) + numbers + proof->n * DIGEST_BYTES * 4 / 3), *p;
  memcpy(entry, lines.p, lines.n);
  p = put(put(put(put(entry + lines.n, "sig "), name), " "), signature);
  p = put_int(put(p, " "), i);
  p = put_int(put(p, " "), n);
  p = base64_write(put(p, " "), proof->path, proof->n * DIGEST_BYTES);
  *p++ = '\n';
  return (struct span){entry, (size_t)(p - entry)};
}

void leaf_sign_batch(struct arena *arena, const struct span *lines, size_t n, const struct signer *signer, struct span *ret_entries)
{
  struct merkle_tree tree;
  struct digest *leaves = arena_array(arena, n ? n : 1, sizeof *leaves), root = {0};
  if (n == 1)
    ret_entries[0] = leaf_sign(arena, lines[0], signer);
  if (n <= 1)
    return;
  for (size_t i = 0; i < n; i++)
    leaves[i] = merkle_leaf(lines[i]);
  merkle_tree_build(arena, MERKLE_SHA256, leaves, n, &tree);
  struct merkle_reader reader = merkle_tree_reader(&tree);
  (void)merkle_root_at(&reader, tree.size, &root, NULL); /* a tree in memory has every node */
  const char *signature = signer_sign(signer, arena, batch_message(arena, signer_name(signer), tree.size, &root));
  for (size_t i = 0; i < n; i++) {
    struct merkle_proof p = {0};
    (void)merkle_inclusion(&reader, (int64_t)i, tree.size, &p, NULL);
    ret_entries[i] = shared_entry(arena, lines[i], signer_name(signer), signature, (int64_t)i, tree.size, &p);
  }
}

static bool parse_path(struct arena *arena, struct span text, struct merkle_proof *ret)
{
  struct span bytes = {0};
  if (!span_is(text, "-") && (text.n == 0 || !base64_decode(arena, text, &bytes)))
    return false;
  if (bytes.n % DIGEST_BYTES || bytes.n > sizeof ret->path)
    return false;
  ret->n = bytes.n / DIGEST_BYTES;
  if (bytes.n)
    memcpy(ret->path, bytes.p, bytes.n);
  return true;
}

/* What stands after «sig ». */
static bool parse_signature(struct arena *arena, struct span line, struct leaf_signature *ret)
{
  struct span index, count;
  if (!line.n || line.p[line.n - 1] == ' ' || !span_cut(&line, ' ', &ret->name) || !note_name_valid(ret->name) ||
      !span_cut(&line, ' ', &ret->signature) || ret->signature.n == 0)
    return false;
  ret->batched = line.n > 0;
  if (!ret->batched)
    return true;
  return span_cut(&line, ' ', &index) && span_cut(&line, ' ', &count) && span_natural(index, &ret->index) &&
         span_natural(count, &ret->count) && ret->index < ret->count && parse_path(arena, line, &ret->path);
}

/* The last line without its LF; *ret_before are the lines before it. */
static bool last_line(struct span entry, struct span *ret_before, struct span *ret_line)
{
  if (entry.n < 2 || entry.p[entry.n - 1] != '\n')
    return false;
  const char *lf = memrchr(entry.p, '\n', entry.n - 1);
  size_t from = lf ? (size_t)(lf - entry.p) + 1 : 0;
  *ret_before = (struct span){entry.p, from};
  *ret_line = (struct span){entry.p + from, entry.n - 1 - from};
  return true;
}

bool leaf_split_signature(struct arena *arena, struct span entry, struct span *ret_unsigned, struct leaf_signature *ret)
{
  struct span before, line;
  struct leaf_signature parsed = {0};
  if (!last_line(entry, &before, &line) || !span_starts(line, "sig "))
    return false;
  if (!parse_signature(arena, (struct span){line.p + 4, line.n - 4}, &parsed))
    return false;
  *ret_unsigned = before;
  *ret = parsed;
  return true;
}

bool leaf_check_signature(struct arena *arena, struct span lines, const struct leaf_signature *s, const struct verifier *verifier)
{
  struct digest leaf, root;
  if (!span_is(s->name, verifier_name(verifier)))
    return false;
  if (!s->batched)
    return verifier_check(verifier, arena, lines, s->signature);
  leaf = merkle_leaf(lines);
  if (!merkle_root_by_path(MERKLE_SHA256, s->index, s->count, &leaf, s->path.path, s->path.n, &root))
    return false;
  return verifier_check(verifier, arena, batch_message(arena, verifier_name(verifier), s->count, &root), s->signature);
}

/* ---- reading a whole leaf ---- */

static int bad_leaf(struct error *error, const char *line)
{
  error_set(error, ERROR_BAD_INPUT, "bad-leaf", "账本条目的“%s”行不合规范",
            "The line “%s” of the ledger's entry is not as it must be", line);
  return error_at(error, "%s", line);
}

/* Takes the line «NAME VALUE»; the value is not empty and is printable ASCII without space. */
static bool take(struct span *rest, const char *name, struct span *ret_value)
{
  struct span line;
  size_t n = strlen(name);
  if (!span_cut(rest, '\n', &line) || !span_starts(line, name) || line.n < n + 2 || line.p[n] != ' ')
    return false;
  *ret_value = (struct span){line.p + n + 1, line.n - n - 1};
  for (size_t i = 0; i < ret_value->n; i++)
    if (ret_value->p[i] <= ' ' || ret_value->p[i] > '~')
      return false;
  return true;
}

static bool take_hash(struct arena *arena, struct span text, struct digest *ret)
{
  struct span bytes;
  if (!base64_decode(arena, text, &bytes) || bytes.n != DIGEST_BYTES)
    return false;
  memcpy(ret->b, bytes.p, DIGEST_BYTES);
  return true;
}

static bool lower_hex(struct span s)
{
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] >= 'A' && s.p[i] <= 'F')
      return false;
  return true;
}

static struct span without_dash(struct span s)
{
  return span_is(s, "-") ? (struct span){0} : s;
}

/* -0 has no meaning of its own. */
static bool whole_seconds(struct span s, int64_t *ret)
{
  bool negative = s.n > 1 && s.p[0] == '-';
  struct span digits = {s.p + negative, s.n - negative};
  return span_natural(digits, ret) && (!negative || *ret > 0) && span_int(s, ret);
}

/* The name of the first line that is not right, NULL where all are. */
static const char *parse_lines(struct arena *arena, struct span rest, struct leaf_view *v)
{
  struct span line, value;
  if (!span_cut(&rest, '\n', &line) || !span_is(line, "gov-event/v1"))
    return "gov-event/v1";
  if (!take(&rest, "case", &value) || !lower_hex(value) || !hex_decode(value, v->pseudonym, LEAF_PSEUDONYM_BYTES))
    return "case";
  if (!take(&rest, "seq", &value) || !span_natural(value, &v->seq) || v->seq < 1)
    return "seq";
  if (!take(&rest, "prev", &value))
    return "prev";
  v->has_prev = !span_is(value, "-");
  if (v->has_prev != (v->seq > 1) || (v->has_prev && !take_hash(arena, value, &v->prev)))
    return "prev";
  if (!take(&rest, "type", &v->type))
    return "type";
  if (!take(&rest, "item", &v->item))
    return "item";
  if (!take(&rest, "dept", &v->dept))
    return "dept";
  v->item = without_dash(v->item);
  v->dept = without_dash(v->dept);
  if (!take(&rest, "time", &value) || !whole_seconds(value, &v->seconds))
    return "time";
  if (!take(&rest, "body", &value) || !take_hash(arena, value, &v->body))
    return "body";
  if (!take(&rest, "keys", &value) || !take_hash(arena, value, &v->keys))
    return "keys";
  return rest.n ? "sig" : NULL;
}

int leaf_parse(struct arena *arena, struct span entry, struct leaf_view *ret, struct error *error)
{
  struct leaf_view v = {0};
  if (entry.n > ENTRY_MAX || !leaf_split_signature(arena, entry, &v.unsigned_lines, &v.signature))
    return bad_leaf(error, "sig");
  const char *wrong = parse_lines(arena, v.unsigned_lines, &v);
  if (wrong)
    return bad_leaf(error, wrong);
  *ret = v;
  return 0;
}
