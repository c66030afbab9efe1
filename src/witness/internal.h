/*
 * internal.h: what the files of witness/ share; nobody else includes it.
 */
#ifndef ONEVISIT_WITNESS_INTERNAL_H
#define ONEVISIT_WITNESS_INTERNAL_H

#include "ledger/note.h"
#include "witness/witness.h"

/* state.c: a directory of small files, held by one process, each replaced whole. */

/* Makes the directory (0700) and takes its lock for as long as the fd is open. Errors: state-in-use, state-io. */
int state_lock(const char *dir, int *ret_fd, struct error *error);

/*
 * The bytes are in DIR/NAME, durably, when this returns 0: temp, fsync, rename, fsync of the directory. state-full (BUSY):
 * nothing was changed, it may be tried again. state-io (INTERNAL): nobody knows what is on disk; sign nothing more.
 */
int state_replace(struct arena *arena, const char *dir, const char *name, struct span bytes, struct error *error);

/* An empty span where there is no such file. */
int state_read(struct arena *arena, const char *dir, const char *name, size_t max, struct span *ret, struct error *error);

int state_dir(const char *dir, struct error *error); /* makes it, 0700, durably in its parent */

/* trusted.c: the keys of one log, any of which may sign (several during a rotation). */
struct trusted {
  struct verifier **keys;
  size_t n;
};

/* A city's second log, over SM3, has the origin of the first and «/sm3». */
enum merkle_hash tree_of(const char *origin);

/* Errors: bad-key (also for a witness's key). The key's name is the log's origin. */
int trusted_key(const char *vkey, struct verifier **ret, struct error *error);
void trusted_add(struct trusted *trusted, struct verifier *key); /* takes it over */
void trusted_release(struct trusted *trusted);
/* 1: a key has signed; 0: none has; -1: one has, and the signature fails. */
int trusted_signed(const struct trusted *trusted, const struct note *note, struct error *error);
bool trusted_line(const struct trusted *trusted, const struct note_line *line); /* is it of one of these keys? */

#endif
