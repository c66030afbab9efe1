/*
 * tree.h: one YAML file as a tree with the place of every node (private to this room).
 *
 * The language is a plain subset of YAML: mappings, lists and scalars, written block- or flow-style. Anchors, aliases,
 * tags, merge keys and several documents are refused: an official must see in one place what holds.
 */
#ifndef ONEVISIT_CATALOG_TREE_H
#define ONEVISIT_CATALOG_TREE_H

#include "catalog/report.h"

#define TREE_DEPTH_MAX 16
#define TREE_FILE_MAX 8388608 /* bytes */
#define TREE_NODES_MAX 200000 /* of one file */
#define TREE_KEYS_MAX 1000    /* of one mapping */

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct member;

struct node {
  enum node_kind kind;
  bool quoted;
  struct place place;
  struct span text; /* NODE_SCALAR; not NUL-terminated, and as long-lived as the file's text */
  size_t count;     /* of list or members */
  union {
    struct node **list;
    struct member *members;
  };
};

struct member {
  const struct node *key; /* a scalar */
  struct node *value;
};

/* NULL where the file is no YAML of ours; then at least one finding says why. file is kept, not copied. */
struct node *tree_read(struct arena *arena, const char *file, struct span text, struct report *report);

/* The two readers behind it. plain_read() says nothing of mistakes: NULL where the file is not plain enough for it. */
struct node *plain_read(struct arena *arena, const char *file, struct span text);
struct node *libyaml_read(struct arena *arena, const char *file, struct span text, struct report *report);

/* The value of a key of a mapping; NULL where there is none, or where node is no mapping. */
const struct node *node_get(const struct node *node, const char *key);

#endif
