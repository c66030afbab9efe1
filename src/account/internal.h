/*
 * internal.h: what the files of the room share; nobody outside includes it.
 */
#ifndef ONEVISIT_ACCOUNT_INTERNAL_H
#define ONEVISIT_ACCOUNT_INTERNAL_H

#include <pthread.h>
#include <semaphore.h>

#include "account/account.h"

/* Replayed from the events. */
struct account {
  const char *actor; /* "staff:zhang", "person:8f3a…"; NULL before it exists */
  const char *login, *name, *agency, *password;
  const char *identity; /* masked: only the event «registered» has the number itself */
  unsigned roles;
  bool disabled;
  moment failures[ACCOUNT_FAILURES_MAX - 1]; /* the latest, oldest first; 0 for none */
  moment locked_until;
  moment created;
};

void account_project(const void *state, const struct event *events, size_t n, struct rowset *rows);
void account_erase_rows(const void *state, struct rowset *rows);

/* Which account has this identity number; false where nobody has. */
int account_by_lookup(struct db *db, const struct digest *lookup, bool *ret_found, int64_t *ret, struct error *error);

struct identity_code {
  unsigned char code[16];
  moment expires; /* 0: free */
  char name[256], identity[32];
};
#define CODES_MAX 256

struct accounts {
  struct digest identity_key;
  char *key_dir;
  sem_t hashing; /* permits */
  pthread_mutex_t lock;
  struct identity_code codes[CODES_MAX];
};

/* The hex SHA-256 of a token; false for what is no token. */
bool token_digest(struct span token, struct digest *ret);
#define DIGEST_TEXT (2 * DIGEST_BYTES + 1)

/* secret.c: small files that only this program's user may read. */
int secret_read(const char *dir, const char *name, struct arena *arena, char **ret_or_null,
                struct error *error); /* NULL: no such file */
/* Writes the whole file or nothing. replace false: leaves one that exists as it is. Makes the directory. */
int secret_write(const char *dir, const char *name, struct span text, bool replace, struct error *error);

#endif
