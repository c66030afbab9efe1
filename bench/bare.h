/*
 * bare.h: the neighbour without an engine: one thread that writes the same rows in groups of a given size, straight
 * through SQLite's or PostgreSQL's own library, with the settings of src/store.
 */
#ifndef ONEVISIT_BENCH_BARE_H
#define ONEVISIT_BENCH_BARE_H

#include "workload.h"

struct bare_connection;

/* where is a file's path (SQLite) or a URL (PostgreSQL); the schema is there already. Errors end the program. */
struct bare_driver {
  const char *name;
  struct bare_connection *(*open)(const char *where);
  void (*begin)(struct bare_connection *connection);
  void (*exec)(struct bare_connection *connection, enum permit_sql which, const struct value *values, size_t n);
  void (*commit)(struct bare_connection *connection); /* durable when it returns */
  void (*close)(struct bare_connection *connection);
};
extern const struct bare_driver bare_sqlite, bare_postgres;

#endif
