/*
 * store_internal.h: what the files of this folder share. Nobody else includes it.
 *
 * store.c keeps the rules that hold for both engines (a failed statement fails its transaction, text is
 * UTF-8 without NUL, a broken store answers nothing) and calls the engine through struct driver.
 */
#ifndef ONEVISIT_STORE_STORE_INTERNAL_H
#define ONEVISIT_STORE_STORE_INTERNAL_H

#include "base/buf.h"
#include "base/moment.h"
#include "store/blob.h"

struct driver;

struct store {
  const struct driver *driver;
  struct arena arena;
  const char *shown;  /* the URL without a password */
  const char *target; /* SQLite: the absolute path; PostgreSQL: the URL for libpq */
  const char *files;  /* the directory of attachments */
  char node[17];      /* a random name of this process's use of the store */
};

/* Prepared statements by the address of their struct sql. */
struct statement_slot {
  const struct sql *sql;
  void *prepared; /* the driver's */
};

struct statements {
  struct statement_slot *slots;
  size_t n, cap; /* cap is a power of two, or 0 */
};

/* The first member of each driver's connection. */
struct db {
  const struct driver *driver;
  struct store *store;
  enum db_mode mode;
  bool in_transaction;
  bool broken;
  bool failed;          /* a statement of the open transaction failed: only rollback is left */
  struct error failure; /* why, where failed */
  struct statements statements;
};

/* What TEXT and its like become in DDL. */
struct ddl_word {
  const char *from, *to;
};

struct driver {
  const struct ddl_word *words; /* ended by {NULL} */
  const struct sql *tables;     /* the names of all tables, sorted */
  const struct sql *columns;    /* the names of the columns of table $1, in order */
  bool needs_cursor;            /* a query's whole result is held in memory, so long ones go through a cursor */

  int (*check)(struct store *store, struct error *error); /* of PostgreSQL: is the URL well-formed? */
  int (*connect)(struct store *store, enum db_mode mode, struct db **ret, struct error *error);
  void (*close)(struct db *db);
  int (*begin)(struct db *db, struct error *error);
  int (*commit)(struct db *db, struct error *error); /* has rolled back where it fails */
  void (*rollback)(struct db *db);
  int (*scrub)(struct db *db, struct error *error);
  int (*exec)(struct db *db, const struct sql *sql, const struct value *values, size_t n, struct error *error);
  int (*exec_many)(struct db *db, const struct sql *sql, const struct value *values, size_t columns, size_t rows,
                   struct error *error);
  void (*flush)(struct db *db);          /* NULL: nothing waits to be sent */
  int64_t (*incarnation)(struct db *db); /* NULL: always the same */
  int (*query)(struct db *db, const struct sql *sql, const struct value *values, size_t n, struct rows *ret, struct error *error);
  int (*script)(struct db *db, const char *text, struct error *error); /* several statements, no parameters */
  void (*forget)(struct db *db);                                       /* drops every prepared statement */

  bool (*next)(struct rows *rows);
  enum value_type (*type)(const struct rows *rows, int column);
  int64_t (*integer)(const struct rows *rows, int column);
  struct span (*span)(const struct rows *rows, int column);
  void (*finish)(struct rows *rows);
};

extern const struct driver sqlite_driver, postgres_driver;

/* The slot of a statement, added empty where it is new. Valid until the next call. */
struct statement_slot *statement_slot(struct statements *statements, const struct sql *sql);

/* The sentences that both drivers say. Each returns -1. */
int store_say_full(struct error *error);
int store_say_locked(struct error *error);
int store_say_read_only(struct error *error);
int store_say_second_writer(struct error *error);
int store_say_constraint(struct error *error, const char *detail);
int store_say_broken(struct db *db, struct error *error, const char *detail); /* sets db->broken */
int store_say_unreachable(struct error *error, const char *detail);
int store_say_statement(struct error *error, const char *detail); /* our own SQL is wrong */

/* DDL in the words of the engine, allocated in the arena. */
char *store_ddl(const struct driver *driver, struct arena *arena, const char *text);

/*
 * The parts of store_migrate() that restoring shares; all inside the caller's transaction. A migration as
 * it is written down in schema_migrations:
 */
struct applied {
  const char *room;
  int64_t number;
  const char *checksum; /* 64 hex digits of its text's SHA-256 */
  moment at;
};
struct applied_list {
  struct applied *list;
  size_t n, cap;
};
int migrations_create(struct db *db, struct error *error);
int migrations_read(struct db *db, struct arena *arena, struct applied_list *ret, struct error *error);
int migrations_check(const struct migration *const *sets, const struct applied_list *applied, struct error *error);
/* Runs those of the sets that are (in == true) or are not (in == false) in the list, in the sets' order. */
int migrations_run(struct db *db, const struct migration *const *sets, const struct applied_list *applied, bool in,
                   struct error *error);

/* ---- files ---- */

int store_say_file(struct error *error, int number /* an errno */, const char *path);
int store_write_all(int fd, const void *bytes, size_t n, struct error *error);
int store_sync_directory(const char *path, struct error *error); /* the directory that holds path */

/* A blob that comes in pieces. Always blob_writer_close(), after finish as well. */
struct blob_writer {
  struct store *store;
  struct arena arena;
  int fd;
  const char *temporary; /* NULL once it has its place */
  struct evp_md_ctx_st *hash;
};
int blob_writer_open(struct store *store, struct blob_writer *w, struct error *error);
int blob_writer_add(struct blob_writer *w, const void *bytes, size_t n, struct error *error);
int blob_writer_finish(struct blob_writer *w, struct digest *ret, struct error *error);
void blob_writer_close(struct blob_writer *w);

/* Calls visit for every blob there is, in the order of their digests' first byte; stops where it fails. */
typedef int blob_visit(void *context, const struct digest *digest, struct error *error);
int blob_each(struct store *store, blob_visit *visit, void *context, struct error *error);

#endif
