#include "bare.h"

#include <sqlite3.h>
#include <stdlib.h>

struct bare_connection {
  sqlite3 *handle;
  sqlite3_stmt *begin, *commit, *statements[PERMIT_SQL_COUNT];
};

/* As src/store sets them for its writer. */
static const char settings[] = "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA cache_size=-65536; PRAGMA synchronous=FULL;"
                               "PRAGMA foreign_keys=ON; PRAGMA case_sensitive_like=ON; PRAGMA temp_store=MEMORY;"
                               "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF; PRAGMA wal_autocheckpoint=1000;";

static void expect(const struct bare_connection *c, int rc, int wanted)
{
  if (rc != wanted)
    give_up("SQLite: %s", sqlite3_errmsg(c->handle));
}

static sqlite3_stmt *prepare(struct bare_connection *c, const char *text)
{
  sqlite3_stmt *stmt;
  expect(c, sqlite3_prepare_v3(c->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL), SQLITE_OK);
  return stmt;
}

static struct bare_connection *open_sqlite(const char *path)
{
  struct bare_connection *c = calloc(1, sizeof *c);
  if (!c)
    give_up("out of memory");
  expect(c, sqlite3_open_v2(path, &c->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL), SQLITE_OK);
  expect(c, sqlite3_exec(c->handle, settings, NULL, NULL, NULL), SQLITE_OK);
  c->begin = prepare(c, "BEGIN IMMEDIATE");
  c->commit = prepare(c, "COMMIT");
  for (int i = 0; i < PERMIT_SQL_COUNT; i++)
    c->statements[i] = prepare(c, permit_sql_text[i]);
  return c;
}

static void run(struct bare_connection *c, sqlite3_stmt *stmt)
{
  expect(c, sqlite3_step(stmt), SQLITE_DONE);
  (void)sqlite3_reset(stmt);
}

static void begin(struct bare_connection *c)
{
  run(c, c->begin);
}

static void commit(struct bare_connection *c)
{
  run(c, c->commit);
}

static void bind(sqlite3_stmt *stmt, int index, const struct value *v)
{
  if (v->type == VALUE_INT)
    (void)sqlite3_bind_int64(stmt, index, v->i);
  else if (v->type == VALUE_TEXT)
    (void)sqlite3_bind_text(stmt, index, v->s.p, (int)v->s.n, SQLITE_STATIC);
  else
    (void)sqlite3_bind_blob(stmt, index, v->s.p, (int)v->s.n, SQLITE_STATIC);
}

static void exec(struct bare_connection *c, enum permit_sql which, const struct value *values, size_t n)
{
  for (size_t i = 0; i < n; i++)
    bind(c->statements[which], (int)i + 1, &values[i]);
  run(c, c->statements[which]);
}

static void close_sqlite(struct bare_connection *c)
{
  (void)sqlite3_finalize(c->begin);
  (void)sqlite3_finalize(c->commit);
  for (int i = 0; i < PERMIT_SQL_COUNT; i++)
    (void)sqlite3_finalize(c->statements[i]);
  expect(c, sqlite3_close(c->handle), SQLITE_OK);
  free(c);
}

const struct bare_driver bare_sqlite = {"bare SQLite", open_sqlite, begin, exec, commit, close_sqlite};
