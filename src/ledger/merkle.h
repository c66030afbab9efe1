/*
 * merkle.h: the append-only Merkle tree of RFC 6962 §2.1: its right edge, its proofs and their checks (RFC 9162 §2.1).
 *
 *   leaf = H(0x00 || entry)      node = H(0x01 || left || right)      empty tree = H("")
 *
 * H is SHA-256, or SM3 (GB/T 32905) for the second log of a city that needs it; both give 32 bytes. Functions without
 * a hash in their arguments are SHA-256's. Sizes and indexes are 0 … 2^63-1.
 */
#ifndef ONEVISIT_LEDGER_MERKLE_H
#define ONEVISIT_LEDGER_MERKLE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"

enum merkle_hash { MERKLE_SHA256, MERKLE_SM3 };

struct digest merkle_leaf(struct span entry);
struct digest merkle_node(const struct digest *left, const struct digest *right);
struct digest merkle_leaf_of(enum merkle_hash hash, struct span entry);
struct digest merkle_node_of(enum merkle_hash hash, const struct digest *left, const struct digest *right);
struct digest merkle_empty_of(enum merkle_hash hash);

/* The root of 2^k nodes side by side; n must be a power of two. */
struct digest merkle_fold(enum merkle_hash hash, const struct digest *nodes, size_t n);

/* ---- the right edge ---- */

/*
 * The roots of the perfect subtrees that make up a tree of `size` leaves, largest first: all that appending and the
 * root need. It is stored with each checkpoint, so that a start reads one row.
 */
#define MERKLE_EDGE_MAX 63

struct merkle_edge {
  int64_t size;
  enum merkle_hash hash;
  struct digest perfect[MERKLE_EDGE_MAX]; /* popcount(size) of them */
};

void merkle_append(struct merkle_edge *edge, struct digest leaf);
struct digest merkle_root(const struct merkle_edge *edge);
size_t merkle_edge_count(const struct merkle_edge *edge);

/*
 * The edge as bytes (32 a perfect subtree), and back; false where the length does not fit the size. What comes back is
 * SHA-256's: who reads another sets ret->hash.
 */
struct span merkle_edge_bytes(const struct merkle_edge *edge);
bool merkle_edge_read(int64_t size, struct span bytes, struct merkle_edge *ret);

/* ---- making proofs ---- */

/*
 * Whoever holds a tree lends its perfect nodes: node (level, index) is the root over the leaves index·2^level up to
 * (index+1)·2^level. Only nodes that lie wholly in the tree are asked for. 0, or -1 with its error.
 */
struct merkle_reader {
  int (*node)(void *context, int level, int64_t index, struct digest *ret, struct error *error);
  void *context;
  enum merkle_hash hash;
};

#define MERKLE_PROOF_MAX 64 /* no proof in a tree of less than 2^63 leaves is longer */

struct merkle_proof {
  size_t n;
  struct digest path[MERKLE_PROOF_MAX]; /* from the leaf's side to the root's */
};

/* The root over the first `size` leaves. */
int merkle_root_at(const struct merkle_reader *reader, int64_t size, struct digest *ret, struct error *error);
/* The edge of the first `size` leaves. */
int merkle_edge_at(const struct merkle_reader *reader, int64_t size, struct merkle_edge *ret, struct error *error);
/* PATH(index, D[size]); error bad-index (BAD_INPUT) unless 0 ≤ index < size. */
int merkle_inclusion(const struct merkle_reader *reader, int64_t index, int64_t size, struct merkle_proof *ret,
                     struct error *error);
/* PROOF(old, D[size]); empty for old 0 and old = size; error bad-index (BAD_INPUT) unless 0 ≤ old ≤ size. */
int merkle_consistency(const struct merkle_reader *reader, int64_t old, int64_t size, struct merkle_proof *ret,
                       struct error *error);

/* A whole tree in memory, for small ones (a batch, a test): every level of perfect nodes over n leaf hashes. */
struct merkle_tree {
  enum merkle_hash hash;
  int64_t size;
  struct digest *level[MERKLE_EDGE_MAX]; /* level[h] has size >> h nodes */
};

void merkle_tree_build(struct arena *arena, enum merkle_hash hash, const struct digest *leaves, size_t n, struct merkle_tree *ret);
struct merkle_reader merkle_tree_reader(struct merkle_tree *tree);

/* ---- checking proofs (RFC 9162 §2.1.3.2 and §2.1.4.2) ---- */

/* The root a path leads to from a leaf; false where the path is too long or too short for the place. */
bool merkle_root_by_path(enum merkle_hash hash, int64_t index, int64_t size, const struct digest *leaf, const struct digest *path,
                         size_t n, struct digest *ret);
bool merkle_check_inclusion(enum merkle_hash hash, int64_t index, int64_t size, const struct digest *leaf,
                            const struct digest *root, const struct digest *path, size_t n);

/* Takes 0 < old ≤ size only: against the empty tree nothing can be proved. */
bool merkle_check_consistency(enum merkle_hash hash, int64_t old, int64_t size, const struct digest *old_root,
                              const struct digest *root, const struct digest *path, size_t n);

/*
 * The witness's rule (tlog-witness): as above, and from old 0 every tree grows, with an empty proof; old_root is not
 * looked at then. A tree of size 0 must have the empty root.
 */
bool merkle_check_growth(enum merkle_hash hash, int64_t old, int64_t size, const struct digest *old_root, const struct digest *root,
                         const struct digest *path, size_t n);

/*
 * Subtrees [start, end): valid when end > start and start is a multiple of the smallest power of two ≥ end - start
 * (draft-ietf-plants-merkle-tree-certs §4). Inclusion of leaf `index` in the subtree; consistency of the subtree's root
 * with the root of a tree of `size`. An empty subtree is consistent with every tree, by an empty proof, when its root is
 * the empty root.
 */
bool merkle_subtree_valid(int64_t start, int64_t end);
bool merkle_check_subtree_inclusion(enum merkle_hash hash, int64_t index, int64_t start, int64_t end, const struct digest *leaf,
                                    const struct digest *root, const struct digest *path, size_t n);
bool merkle_check_subtree_consistency(enum merkle_hash hash, int64_t start, int64_t end, int64_t size,
                                      const struct digest *subtree_root, const struct digest *root, const struct digest *path,
                                      size_t n);

#endif
