/*
 * blob.h: attachments, stored by their content beside the store.
 *
 * A blob is found by the SHA-256 of its bytes, so equal content is stored once and what is stored never
 * changes. SQLite keeps them in PATH.files/ab/cdef…, PostgreSQL in the directory that the parameter files=DIR
 * of the URL names («onevisit.files» where it is absent). Whoever adds a blob first puts it here and then
 * commits the row that names it; whoever erases one first commits and then removes it: so a row never names a
 * blob that was not there, and a crash leaves at most a file that nothing names.
 *
 * Safe to call from several threads and processes. Errors: store-full, store-read-only (BUSY, INTERNAL),
 * store-broken (INTERNAL: an fsync failed), blob-unreadable.
 */
#ifndef ONEVISIT_STORE_BLOB_H
#define ONEVISIT_STORE_BLOB_H

#include "base/digest.h"
#include "store/store.h"

/*
 * Stores all bytes of the open regular file, from its start; the file stays the caller's and its offset is not
 * moved. Durable when it returns 0. ret_size (bytes) may be NULL.
 */
int blob_put(struct store *store, int fd, struct digest *ret, int64_t *ret_size, struct error *error);

/* Opens one for reading; the caller closes *ret_fd. ret_size may be NULL. Error: blob-missing (NOT_FOUND). */
int blob_open(struct store *store, const struct digest *digest, int *ret_fd, int64_t *ret_size, struct error *error);

/* Removes it, durably; one that is not there is fine. The caller knows that no row names it any more. */
int blob_remove(struct store *store, const struct digest *digest, struct error *error);

#endif
