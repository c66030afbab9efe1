/*
 * pack.h: all files of a version of the catalogue as one attachment, found by its SHA-256, so that what was published stays as it
 * was.
 *
 * gzip of: «onevisit-catalogue 1», a line «SIZE NAME» a file in the order of names, an empty line, the contents one after another.
 */
#ifndef ONEVISIT_EDIT_PACK_H
#define ONEVISIT_EDIT_PACK_H

#include "base/digest.h"
#include "catalog/catalog.h"
#include "store/store.h"

struct hex {
  char text[2 * DIGEST_BYTES + 1];
};

/* Bytes into the store's attachments and back; what comes back is what went in, or error vault-damaged. */
int vault_put(struct store *store, struct span bytes, struct hex *ret, struct error *error);
int vault_get(struct store *store, const char *hex, struct arena *arena, struct span *ret, struct error *error);

int pack_put(struct store *store, const struct catalog_file *files, size_t n, struct hex *ret, struct error *error);
int pack_get(struct store *store, const char *hex, struct arena *arena, struct catalog_file **ret, size_t *ret_n,
             struct error *error);

/* One file of a pack, without holding the others; ret->p is NULL where there is none of that name. */
int pack_member(struct store *store, const char *hex, const char *name, struct arena *arena, struct span *ret, struct error *error);

/* The file of that name; NULL. The files are sorted by name, as in a pack. */
const struct catalog_file *pack_find(const struct catalog_file *files, size_t n, const char *name);

#endif
