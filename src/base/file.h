/*
 * file.h: small files, written whole or not at all.
 */
#ifndef ONEVISIT_BASE_FILE_H
#define ONEVISIT_BASE_FILE_H

#include "base/arena.h"
#include "base/error.h"

/* Beside it, synced, renamed, the directory synced: what stood there before stays until all of it is durable. Error file. */
int file_write(const char *path, struct span bytes, struct error *error);
/* The whole of it, in the arena; an empty span (p NULL) where there is none. Error file. */
int file_read(const char *path, struct arena *arena, struct span *ret, struct error *error);

#endif
