/*
 * merkle.h: the append-only Merkle tree of RFC 6962 §2.1 over SHA-256, as its right edge.
 *
 *   leaf = SHA-256(0x00 || entry)      node = SHA-256(0x01 || left || right)      empty tree = SHA-256("")
 *
 * The edge holds the roots of the perfect subtrees that make up a tree of `size` leaves, largest first: all
 * that appending and the root need. It is stored with each checkpoint, so that a start reads one row.
 */
#ifndef ONEVISIT_LEDGER_MERKLE_H
#define ONEVISIT_LEDGER_MERKLE_H

#include "base/digest.h"

#define MERKLE_EDGE_MAX 63

struct merkle_edge {
  int64_t size;
  struct digest perfect[MERKLE_EDGE_MAX]; /* popcount(size) of them */
};

struct digest merkle_leaf(struct span entry);
struct digest merkle_node(const struct digest *left, const struct digest *right);

void merkle_append(struct merkle_edge *edge, struct digest leaf);
struct digest merkle_root(const struct merkle_edge *edge);
size_t merkle_edge_count(const struct merkle_edge *edge);

/* The edge as bytes (32 a perfect subtree), and back; false where the length does not fit the size. */
struct span merkle_edge_bytes(const struct merkle_edge *edge);
bool merkle_edge_read(int64_t size, struct span bytes, struct merkle_edge *ret);

#endif
