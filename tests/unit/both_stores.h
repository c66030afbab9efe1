/*
 * both_stores.h: runs the body of a test on a fresh, empty store of each engine.
 *
 * SQLite: a file in a temporary directory of its own. PostgreSQL: a new database in the cluster that
 * ONEVISIT_TEST_POSTGRES names (postgresql://user@host:port/database; tests/lib/pg.sh starts a private one);
 * left out where that is not set. The directory and the database are removed after the body; where the body
 * fails (cmocka jumps out of it) they stay for looking at.
 *
 *   static void on_store(const char *url) { … store_open(url, &store, &error) … }
 *   static void rows_are_kept(void **state) { for_each_store(on_store); }
 *
 * The body closes its connections and its store.
 */
#ifndef ONEVISIT_TESTS_BOTH_STORES_H
#define ONEVISIT_TESTS_BOTH_STORES_H

#include <stdbool.h>

enum which_store { ON_SQLITE, ON_POSTGRES };

struct fresh_store {
  enum which_store which;
  char url[1024];
  char directory[512]; /* its own; attachments and whatever the test writes */
  char database[64];
};

bool have_postgres(void);
void fresh_store(enum which_store which, struct fresh_store *ret);
void fresh_store_remove(struct fresh_store *fresh);

/* The body makes its store itself. */
void on_each_store(void (*body)(enum which_store which));
void for_each_store(void (*body)(const char *url));

/* The same with the engine's directory, for bodies that need a place for files. */
void for_each_fresh_store(void (*body)(const struct fresh_store *fresh));

#endif
