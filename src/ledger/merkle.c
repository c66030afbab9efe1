#include "ledger/merkle.h"

#include <string.h>

struct digest merkle_leaf(struct span entry)
{
  struct span parts[] = {{"\0", 1}, entry};
  return sha256_parts(parts, 2);
}

struct digest merkle_node(const struct digest *left, const struct digest *right)
{
  struct span parts[] = {{"\1", 1}, {(const char *)left->b, DIGEST_BYTES}, {(const char *)right->b, DIGEST_BYTES}};
  return sha256_parts(parts, 3);
}

size_t merkle_edge_count(const struct merkle_edge *edge)
{
  return (size_t)__builtin_popcountll((unsigned long long)edge->size);
}

void merkle_append(struct merkle_edge *edge, struct digest leaf)
{
  size_t n = merkle_edge_count(edge);
  for (int64_t i = edge->size; i & 1; i >>= 1)
    leaf = merkle_node(&edge->perfect[--n], &leaf);
  edge->perfect[n] = leaf;
  edge->size++;
}

struct digest merkle_root(const struct merkle_edge *edge)
{
  size_t n = merkle_edge_count(edge);
  if (n == 0)
    return sha256((struct span){0});
  struct digest root = edge->perfect[n - 1];
  for (size_t i = n - 1; i-- > 0;)
    root = merkle_node(&edge->perfect[i], &root);
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
