/*
 * store.h: one SQL text on two engines, SQLite and PostgreSQL.
 *
 * A store is opened once; each thread connects for itself. SQL is a closed set: every statement is a
 * `static const struct sql`, prepared once a connection and found again by its address. Parameters are
 * $1, $2, … in both engines; what both understand is used (ON CONFLICT, RETURNING), and this folder
 * alone knows the difference.
 *
 * DDL is written once too: the words BIGKEY (integer primary key), BIGINT, TEXT, BYTES stand for each
 * engine's type; see store_migrate(). There are no other column types and no foreign keys (a restore loads the tables
 * one after another).
 *
 * Both engines are made to behave alike: text is ordered by its bytes (TEXT is COLLATE "C" in PostgreSQL), LIKE tells
 * case apart, "x" is never a string, text must be UTF-8 without NUL (error store-text), sum() of integers
 * and comparisons are read with rows_int(), and a statement that fails fails its whole transaction: what follows gives
 * the same error until db_rollback() or db_commit(), which then rolls back. What stays different: PostgreSQL takes the
 * type of a parameter from its value (an integer is BIGINT), so write CAST($1 AS TEXT) where neither says it.
 *
 * SQLite: exactly one connection of the process opens with DB_WRITE; it alone writes and checkpoints
 * (journal_mode=WAL, synchronous=FULL). Readers open read-only with auto-checkpoint off. A lock on the
 * store (SQLite: a lock file beside it; PostgreSQL: an advisory lock) keeps a second writer process out.
 * PostgreSQL: between db_begin() and db_commit() on a DB_WRITE connection, db_exec() is queued in one pipeline;
 * its errors are reported by db_commit() at the latest. db_query() flushes the pipeline first.
 */
#ifndef ONEVISIT_STORE_STORE_H
#define ONEVISIT_STORE_STORE_H

#include "base/arena.h"
#include "base/error.h"

struct store;
struct db;

struct sql {
  const char *text;
};

enum value_type { VALUE_NULL, VALUE_INT, VALUE_TEXT, VALUE_BYTES };

struct value {
  enum value_type type;
  int64_t i;
  struct span s; /* must live until db_exec()/db_query() returns, nothing longer */
};

#define V_NULL ((struct value){.type = VALUE_NULL})
#define V_INT(x) ((struct value){.type = VALUE_INT, .i = (x)})
#define V_TEXT(span_) ((struct value){.type = VALUE_TEXT, .s = (span_)})
#define V_STR(cstr) ((struct value){.type = VALUE_TEXT, .s = span_of(cstr)})
#define V_BYTES(ptr, len) ((struct value){.type = VALUE_BYTES, .s = {(const char *)(ptr), (len)}})

/* The schema of one room, in steps that are only ever added to. */
struct migration {
  const char *room; /* "engine" */
  int number;       /* 1, 2, … within the room */
  const char *sql;  /* one or more statements, each ended by ';' at the end of a line */
};

/*
 * URL: "sqlite:PATH" or "postgresql://…" (of libpq, and files=DIR for attachments, see blob.h). Nothing is created yet,
 * no connection made. Errors: bad-store-url, store-unreachable (the directory does not exist).
 */
int store_open(const char *url, struct store **ret, struct error *error);
void store_close(struct store *store);            /* NULL is fine; connections must be closed before */
const char *store_url(const struct store *store); /* without a password */
bool store_is_sqlite(const struct store *store);

/*
 * DB_WRITE has the store for itself. DB_SHARE writes beside others of its kind, on PostgreSQL alone (lease.h has their order);
 * like DB_READ it comes back by itself after its connection was lost, outside of a transaction.
 * DB_WRITE creates the SQLite file (mode 0600) where it is missing; DB_READ never does. Errors: store-unreachable,
 * store-read-only, store-locked (another connection or process writes), store-broken (the file is no database).
 */
enum db_mode { DB_READ, DB_WRITE, DB_SHARE };
int store_connect(struct store *store, enum db_mode mode, struct db **ret, struct error *error);
void db_close(struct db *db);

/*
 * Brings the schema up to the given sets, each set a {NULL}-ended array, in the order given, one transaction
 * in all; on a DB_WRITE connection. Keeps data. Errors: store-newer (the store has a migration this program
 * does not know: use a newer program), store-altered (a migration already applied has another checksum). On a DB_SHARE
 * connection nothing is brought up to date: store-old (BUSY) where something would have to be.
 */
int store_migrate(struct db *db, const struct migration *const *sets, struct error *error);

int db_begin(struct db *db, struct error *error);  /* on a DB_READ connection: one snapshot for several queries */
int db_commit(struct db *db, struct error *error); /* durable when it returns 0; has rolled back where it does not */
void db_rollback(struct db *db);

/*
 * After a commit that destroyed values, outside a transaction on a DB_WRITE connection: what the engine keeps of them besides
 * its tables goes too. SQLite: values are overwritten as they are deleted (secure_delete), and the WAL is written back and cut
 * to nothing; store-locked while a reader still looks at an older snapshot: call again. PostgreSQL: nothing is done here; its
 * dumps do not have the values any more, its files and its WAL until they are vacuumed and reused (docs/operations.md).
 */
int db_scrub(struct db *db, struct error *error);

/*
 * Errors are store-full (BUSY: the disk is full; after a rollback one may go on), store-locked (BUSY),
 * store-read-only, store-constraint (CONFLICT), store-text and store-too-large (the value cannot be stored),
 * store-unreachable (BUSY: PostgreSQL is away, and whether a commit stands is not known; all but DB_WRITE come back by themselves),
 * store-statement (INTERNAL: the SQL is wrong), and store-broken (INTERNAL: an fsync failed, the file is damaged, or DB_WRITE
 * lost PostgreSQL; db_is_broken() is then true where the connection writes, and the process must stop answering and restart; a
 * DB_READ connection may be asked again). db_is_broken() can turn true after a commit that stands: ask after each.
 */
int db_exec(struct db *db, const struct sql *sql, const struct value *values, size_t n, struct error *error);
bool db_is_broken(const struct db *db);
void db_flush(struct db *db);          /* what is queued goes on its way */
int64_t db_incarnation(struct db *db); /* grows when a lost connection was replaced */

/* db_exec(db, &SQL, error, V_INT(1), V_STR("x")) without counting. */
#define DB_EXEC(db, sql, error, ...)                                                                                               \
  db_exec((db), (sql), (const struct value[]){__VA_ARGS__}, sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value),    \
          (error))

/*
 * The same statement for many rows, inside a transaction on a DB_WRITE connection: as db_exec() for each, in order, but
 * PostgreSQL gets one statement (unnest) for as many of them as do not meet in one row. values holds columns values for each
 * row, one row after the other; rows 0 does nothing. The text must not read what its own rows write but through its key.
 */
int db_exec_many(struct db *db, const struct sql *sql, const struct value *values, size_t columns, size_t rows,
                 struct error *error);

/*
 * Rows come one at a time; spans from a row live until the next rows_next(). Always rows_close(), which also
 * reports what went wrong on the way:
 *
 *   struct rows rows;
 *   if (db_query(db, &BY_NUMBER, V, 1, &rows, error)) return -1;
 *   while (rows_next(&rows)) …rows_int(&rows, 0)…
 *   return rows_close(&rows, error);
 */
struct rows {
  struct db *db;
  void *cursor; /* the engine's */
  int row;
  struct error error;
};
int db_query(struct db *db, const struct sql *sql, const struct value *values, size_t n, struct rows *ret, struct error *error);
#define DB_QUERY(db, sql, rows, error, ...)                                                                                        \
  db_query((db), (sql), (const struct value[]){__VA_ARGS__}, sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value),   \
           (rows), (error))
bool rows_next(struct rows *rows);
bool rows_is_null(const struct rows *rows, int column);
int64_t rows_int(const struct rows *rows, int column);      /* NULL reads as 0 */
struct span rows_span(const struct rows *rows, int column); /* text or bytes; NULL and integers read as empty */
char *rows_str(const struct rows *rows, int column, struct arena *arena);
int rows_close(struct rows *rows, struct error *error);

/*
 * Online backup of one snapshot, with the attachments (blob.h), into one new file that carries a checksum and the
 * schema's versions: works while another process or thread writes. Restore goes into a store that does not exist yet or
 * is empty, as one transaction, and then brings its schema up to date. A backup of either engine restores into
 * either; the format is described in backup.c. The whole file is verified before anything is written.
 * Errors: backup-exists, blob-damaged, store-file; backup-damaged (checksum), backup-schema (made by a newer
 * or another program), store-not-empty.
 */
int store_backup(struct store *store, const struct migration *const *sets, const char *path, struct error *error);
int store_restore(struct store *store, const struct migration *const *sets, const char *path, struct error *error);

#endif
