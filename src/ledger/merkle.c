#include "ledger/merkle.h"

#include <string.h>

static struct digest digest(enum merkle_hash hash, const struct span *parts, size_t n)
{
  return hash == MERKLE_SM3 ? sm3_parts(parts, n) : sha256_parts(parts, n);
}

struct digest merkle_leaf_of(enum merkle_hash hash, struct span entry)
{
  struct span parts[] = {{"\0", 1}, entry};
  return digest(hash, parts, 2);
}

struct digest merkle_node_of(enum merkle_hash hash, const struct digest *left, const struct digest *right)
{
  char bytes[1 + 2 * DIGEST_BYTES] = {1}; /* in one piece: three updates cost more than the copy */
  memcpy(bytes + 1, left->b, DIGEST_BYTES);
  memcpy(bytes + 1 + DIGEST_BYTES, right->b, DIGEST_BYTES);
  return digest(hash, &(struct span){bytes, sizeof bytes}, 1);
}

struct digest merkle_empty_of(enum merkle_hash hash)
{
  return digest(hash, NULL, 0);
}

struct digest merkle_leaf(struct span entry)
{
  return merkle_leaf_of(MERKLE_SHA256, entry);
}

struct digest merkle_node(const struct digest *left, const struct digest *right)
{
  return merkle_node_of(MERKLE_SHA256, left, right);
}

/* A perfect subtree is the edge of as many leaves. */
struct digest merkle_fold(enum merkle_hash hash, const struct digest *nodes, size_t n)
{
  struct merkle_edge edge;
  edge.size = 0; /* the rest is written before it is read */
  edge.hash = hash;
  for (size_t i = 0; i < n; i++)
    merkle_append(&edge, nodes[i]);
  return edge.perfect[0];
}

/* ---- the right edge ---- */

size_t merkle_edge_count(const struct merkle_edge *edge)
{
  return (size_t)__builtin_popcountll((unsigned long long)edge->size);
}

void merkle_append(struct merkle_edge *edge, struct digest leaf)
{
  size_t n = merkle_edge_count(edge);
  for (int64_t i = edge->size; i & 1; i >>= 1)
    leaf = merkle_node_of(edge->hash, &edge->perfect[--n], &leaf);
  edge->perfect[n] = leaf;
  edge->size++;
}

struct digest merkle_root(const struct merkle_edge *edge)
{
  size_t n = merkle_edge_count(edge);
  if (n == 0)
    return merkle_empty_of(edge->hash);
  struct digest root = edge->perfect[n - 1];
  for (size_t i = n - 1; i-- > 0;)
    root = merkle_node_of(edge->hash, &edge->perfect[i], &root);
  return root;
}

struct span merkle_edge_bytes(const struct merkle_edge *edge)
{
  return (struct span){(const char *)edge->perfect, merkle_edge_count(edge) * DIGEST_BYTES};
}

bool merkle_edge_read(int64_t size, struct span bytes, struct merkle_edge *ret)
{
  struct merkle_edge edge = {.size = size};
  if (size < 0 || bytes.n != merkle_edge_count(&edge) * DIGEST_BYTES)
    return false;
  if (bytes.n)
    memcpy(edge.perfect, bytes.p, bytes.n);
  *ret = edge;
  return true;
}

/* ---- making proofs ---- */

/* The largest power of two that is at most n, as its exponent; n is positive. */
static int log2_floor(int64_t n)
{
  return 63 - __builtin_clzll((unsigned long long)n);
}

/* The edge of the leaves [start, end), where start is a multiple of the largest perfect subtree in it. */
static int edge_of_range(const struct merkle_reader *reader, int64_t start, int64_t end, struct merkle_edge *ret,
                         struct error *error)
{
  struct merkle_edge edge = {.size = end - start, .hash = reader->hash};
  for (size_t n = 0; start < end; n++) {
    int level = log2_floor(end - start);
    if (reader->node(reader->context, level, start >> level, &edge.perfect[n], error))
      return -1;
    start += INT64_C(1) << level;
  }
  *ret = edge;
  return 0;
}

static int root_of_range(const struct merkle_reader *reader, int64_t start, int64_t end, struct digest *ret, struct error *error)
{
  struct merkle_edge edge;
  if (edge_of_range(reader, start, end, &edge, error))
    return -1;
  *ret = merkle_root(&edge);
  return 0;
}

int merkle_root_at(const struct merkle_reader *reader, int64_t size, struct digest *ret, struct error *error)
{
  return root_of_range(reader, 0, size, ret, error);
}

int merkle_edge_at(const struct merkle_reader *reader, int64_t size, struct merkle_edge *ret, struct error *error)
{
  return edge_of_range(reader, 0, size, ret, error);
}

static int bad_index(struct error *error, int64_t index, int64_t size)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-index", "%lld 不在大小为 %lld 的树内", "%lld is not within a tree of size %lld",
                   (long long)index, (long long)size);
}

/* A proof is found from the root downwards and told from the leaf upwards. */
static void reverse(struct merkle_proof *proof)
{
  for (size_t i = 0; i < proof->n / 2; i++) {
    struct digest other = proof->path[i];
    proof->path[i] = proof->path[proof->n - 1 - i];
    proof->path[proof->n - 1 - i] = other;
  }
}

int merkle_inclusion(const struct merkle_reader *reader, int64_t index, int64_t size, struct merkle_proof *ret, struct error *error)
{
  if (index < 0 || index >= size)
    return bad_index(error, index, size);
  ret->n = 0;
  for (int64_t start = 0, end = size; end - start > 1;) {
    int64_t middle = start + (INT64_C(1) << log2_floor(end - start - 1));
    bool left = index < middle;
    if (root_of_range(reader, left ? middle : start, left ? end : middle, &ret->path[ret->n++], error))
      return -1;
    *(left ? &end : &start) = middle;
  }
  reverse(ret);
  return 0;
}

int merkle_consistency(const struct merkle_reader *reader, int64_t old, int64_t size, struct merkle_proof *ret, struct error *error)
{
  if (old < 0 || old > size)
    return bad_index(error, old, size);
  ret->n = 0;
  if (old == 0)
    return 0;
  int64_t start = 0, end = size;
  while (old != end) {
    int64_t middle = start + (INT64_C(1) << log2_floor(end - start - 1));
    bool left = old <= middle;
    if (root_of_range(reader, left ? middle : start, left ? end : middle, &ret->path[ret->n++], error))
      return -1;
    *(left ? &end : &start) = middle;
  }
  /* the old tree's own root is not told to who knows it */
  if (start > 0 && root_of_range(reader, start, end, &ret->path[ret->n++], error))
    return -1;
  reverse(ret);
  return 0;
}

void merkle_tree_build(struct arena *arena, enum merkle_hash hash, const struct digest *leaves, size_t n, struct merkle_tree *ret)
{
  struct merkle_tree tree = {.hash = hash, .size = (int64_t)n};
  for (int h = 0; n; h++, n /= 2) {
    tree.level[h] = arena_array(arena, n, sizeof *leaves);
    if (h == 0)
      memcpy(tree.level[h], leaves, n * sizeof *leaves);
    for (size_t i = 0; h > 0 && i < n; i++)
      tree.level[h][i] = merkle_node_of(hash, &tree.level[h - 1][2 * i], &tree.level[h - 1][2 * i + 1]);
  }
  *ret = tree;
}

static int tree_node(void *context, int level, int64_t index, struct digest *ret, struct error *error)
{
  const struct merkle_tree *tree = context;
  if (level >= MERKLE_EDGE_MAX || index >= tree->size >> level)
    return bad_index(error, index, tree->size);
  *ret = tree->level[level][index];
  return 0;
}

struct merkle_reader merkle_tree_reader(struct merkle_tree *tree)
{
  return (struct merkle_reader){.node = tree_node, .context = tree, .hash = tree->hash};
}

/* ---- checking proofs ---- */

static int trailing_zeros(int64_t n) /* of a positive n */
{
  return __builtin_ctzll((unsigned long long)n);
}

/*
 * The step of RFC 9162 that both checks share: does the next hash stand to the left of node fn in a tree whose last node
 * is sn? Where it does, levels on which the right edge has no sibling are passed over.
 */
static bool hash_is_left(int64_t *fn, int64_t *sn)
{
  if (!(*fn & 1) && *fn != *sn)
    return false;
  if (!(*fn & 1) && *fn) {
    int skip = trailing_zeros(*fn);
    *fn >>= skip;
    *sn >>= skip;
  }
  return true;
}

bool merkle_root_by_path(enum merkle_hash hash, int64_t index, int64_t size, const struct digest *leaf, const struct digest *path,
                         size_t n, struct digest *ret)
{
  if (index < 0 || index >= size)
    return false;
  int64_t fn = index, sn = size - 1;
  struct digest r = *leaf;
  for (size_t i = 0; i < n; i++) {
    if (sn == 0)
      return false;
    r = hash_is_left(&fn, &sn) ? merkle_node_of(hash, &path[i], &r) : merkle_node_of(hash, &r, &path[i]);
    fn >>= 1;
    sn >>= 1;
  }
  *ret = r;
  return sn == 0;
}

bool merkle_check_inclusion(enum merkle_hash hash, int64_t index, int64_t size, const struct digest *leaf,
                            const struct digest *root, const struct digest *path, size_t n)
{
  struct digest r;
  return merkle_root_by_path(hash, index, size, leaf, path, n, &r) && digest_eq(&r, root);
}

bool merkle_check_consistency(enum merkle_hash hash, int64_t old, int64_t size, const struct digest *old_root,
                              const struct digest *root, const struct digest *path, size_t n)
{
  if (old <= 0 || old > size)
    return false;
  if (old == size)
    return n == 0 && digest_eq(old_root, root);
  int64_t fn = old - 1, sn = size - 1;
  bool perfect = (old & (old - 1)) == 0; /* then the old root itself is where the path begins */
  if (n == 0)
    return false;
  int skip = trailing_zeros(fn + 1);
  fn >>= skip;
  sn >>= skip;
  struct digest fr = perfect ? *old_root : path[0], sr = fr;
  for (size_t i = perfect ? 0 : 1; i < n; i++) {
    if (sn == 0)
      return false;
    if (hash_is_left(&fn, &sn)) {
      fr = merkle_node_of(hash, &path[i], &fr);
      sr = merkle_node_of(hash, &path[i], &sr);
    } else {
      sr = merkle_node_of(hash, &sr, &path[i]);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && digest_eq(&fr, old_root) && digest_eq(&sr, root);
}

bool merkle_check_growth(enum merkle_hash hash, int64_t old, int64_t size, const struct digest *old_root, const struct digest *root,
                         const struct digest *path, size_t n)
{
  struct digest empty = merkle_empty_of(hash);
  if (old < 0 || size < 0 || (size == 0 && !digest_eq(root, &empty)))
    return false;
  return old == 0 ? n == 0 : merkle_check_consistency(hash, old, size, old_root, root, path, n);
}

/* ---- subtrees ---- */

bool merkle_subtree_valid(int64_t start, int64_t end)
{
  if (start < 0 || end <= start)
    return false;
  uint64_t n = (uint64_t)(end - start), power = 1;
  while (power < n)
    power *= 2;
  return (uint64_t)start % power == 0;
}

bool merkle_check_subtree_inclusion(enum merkle_hash hash, int64_t index, int64_t start, int64_t end, const struct digest *leaf,
                                    const struct digest *root, const struct digest *path, size_t n)
{
  return merkle_subtree_valid(start, end) && index >= start &&
         merkle_check_inclusion(hash, index - start, end - start, leaf, root, path, n);
}

/* fn is the subtree's first node on a level, sn its last, tn the tree's last. */
struct subtree {
  int64_t fn, sn, tn;
};

static void subtree_up(struct subtree *s, int levels)
{
  s->fn >>= levels;
  s->sn >>= levels;
  s->tn >>= levels;
}

/* To the level where the path begins: the subtree's last perfect part, or the subtree itself at the tree's end. */
static void subtree_begin(struct subtree *s)
{
  while (s->fn != s->sn && (s->sn == s->tn || (s->sn & 1)))
    subtree_up(s, 1);
}

bool merkle_check_subtree_consistency(enum merkle_hash hash, int64_t start, int64_t end, int64_t size,
                                      const struct digest *subtree_root, const struct digest *root, const struct digest *path,
                                      size_t n)
{
  if (start == end) {
    struct digest empty = merkle_empty_of(hash);
    return start >= 0 && end <= size && n == 0 && digest_eq(subtree_root, &empty);
  }
  if (!merkle_subtree_valid(start, end) || end > size)
    return false;
  struct subtree s = {start, end - 1, size - 1};
  subtree_begin(&s);
  bool whole = s.fn == s.sn; /* the subtree's root is where the path begins */
  if (!whole && n == 0)
    return false;
  struct digest fr = whole ? *subtree_root : path[0], sr = fr;
  for (size_t i = whole ? 0 : 1; i < n; i++) {
    if (s.tn == 0)
      return false;
    if ((s.sn & 1) || s.sn == s.tn) {
      if (s.fn < s.sn)
        fr = merkle_node_of(hash, &path[i], &fr);
      sr = merkle_node_of(hash, &path[i], &sr);
      if (s.sn)
        subtree_up(&s, trailing_zeros(s.sn));
    } else {
      sr = merkle_node_of(hash, &sr, &path[i]);
    }
    subtree_up(&s, 1);
  }
  return s.tn == 0 && digest_eq(&fr, subtree_root) && digest_eq(&sr, root);
}
