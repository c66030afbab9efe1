/*
 * store_sqlite.c: SQLite, in WAL mode with synchronous=FULL.
 *
 * Debian 12's SQLite 3.40.1 can corrupt the WAL when two connections commit and checkpoint at once (fixed in
 * 3.51.3): so the writer alone does either, and readers neither checkpoint by size nor when they close.
 */
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define CHECKPOINT_PAGES 1000
#define BUSY_MS 5000
#define SCRUB_MS 200

struct sqlite_db {
  struct db base;
  sqlite3 *handle;
  int lock; /* of PATH.lock, held by the writer; -1 otherwise */
};

/* A prepared statement; map[i] is the index of the value that SQLite's parameter i+1 takes. */
struct prepared {
  sqlite3_stmt *stmt;
  int parameters;
  bool in_use; /* rows of it are open */
  bool single; /* prepared while the cached one was in use: finalized with its rows */
  int map[];
};

static struct sqlite_db *sqlite_db(struct db *db)
{
  return (struct sqlite_db *)db;
}

/* ---- errors ---- */

/* errno of the last failure on the WAL: sqlite3_system_errno() has lost it by the time one can ask. */
static int wal_errno(sqlite3 *handle)
{
  sqlite3_file *wal = NULL;
  int number = 0;
  int rc = sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
  if (rc == SQLITE_OK && wal && wal->pMethods)
    (void)wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &number);
  return number;
}

static bool no_space(int number)
{
  return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

/* SQLite itself knows ENOSPC alone; a quota and a limit on the file's size are the same to whoever runs it. */
static bool is_full(sqlite3 *handle, int rc)
{
  if ((rc & 0xff) == SQLITE_FULL)
    return true;
  bool writing =
      rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_TRUNCATE || rc == SQLITE_IOERR_SHMSIZE || rc == SQLITE_IOERR_SHMOPEN;
  return writing && (no_space(sqlite3_system_errno(handle)) || no_space(wal_errno(handle)));
}

static int say(struct db *db, int rc, struct error *error)
{
  sqlite3 *handle = sqlite_db(db)->handle;
  if (is_full(handle, rc))
    return store_say_full(error);
  switch (rc & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
  case SQLITE_PROTOCOL: /* too many others at the WAL's locks */
    return store_say_locked(error);
  case SQLITE_READONLY:
    return store_say_read_only(error);
  case SQLITE_CONSTRAINT:
    return store_say_constraint(error, sqlite3_errmsg(handle));
  case SQLITE_CANTOPEN:
    return store_say_unreachable(error, sqlite3_errmsg(handle));
  case SQLITE_IOERR:
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return store_say_broken(db, error, sqlite3_errmsg(handle));
  case SQLITE_NOMEM:
    abort();
  default:
    return store_say_statement(error, sqlite3_errmsg(handle));
  }
}

/* ---- connecting ---- */

static int take_lock(struct sqlite_db *db, struct error *error)
{
  struct arena arena = {0};
  const char *path = arena_printf(&arena, "%s.lock", db->base.store->target);
  db->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  int number = errno;
  arena_release(&arena);
  if (db->lock < 0)
    return number == EROFS || number == EACCES || number == EPERM ? store_say_read_only(error)
           : number == ENOSPC || number == EDQUOT                 ? store_say_full(error)
                                                                  : store_say_unreachable(error, strerror(number));
  if (flock(db->lock, LOCK_EX | LOCK_NB) == 0)
    return 0;
  return errno == EWOULDBLOCK ? store_say_second_writer(error) : store_say_unreachable(error, strerror(errno));
}

/* The file is the owner's alone: it holds personal data. The WAL and the index beside it take its mode. */
static int create_file(const char *path, struct error *error)
{
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  if (fd >= 0) {
    (void)close(fd);
    return 0;
  }
  return errno == EROFS || errno == EACCES || errno == EPERM ? store_say_read_only(error)
                                                             : store_say_unreachable(error, strerror(errno));
}

/* Checkpoints as SQLite's own hook does, but sees when it fails: a lost fsync must not be tried again. */
static int after_commit(void *context, sqlite3 *handle, const char *name, int pages)
{
  struct db *db = context;
  if (pages < CHECKPOINT_PAGES)
    return SQLITE_OK;
  int rc = sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  int kind = rc & 0xff;
  if ((kind == SQLITE_IOERR || kind == SQLITE_CORRUPT) && !is_full(handle, rc))
    db->broken = true; /* what was committed stands in the WAL */
  return SQLITE_OK;
}

static const char COMMON[] = "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA case_sensitive_like=ON;"
                             "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF;";
static const char WRITER[] = "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA cache_size=-65536;"
                             "PRAGMA secure_delete=ON; PRAGMA journal_size_limit=67108864;";
static const char READER[] = "PRAGMA query_only=ON; PRAGMA cache_size=-8192; PRAGMA wal_autocheckpoint=0;";

static int configure(struct sqlite_db *db, struct error *error)
{
  sqlite3 *h = db->handle;
  bool write = db->base.mode == DB_WRITE;
  sqlite3_extended_result_codes(h, 1);
  sqlite3_busy_timeout(h, BUSY_MS);
  sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  if (!write)
    sqlite3_db_config(h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  if (write && sqlite3_db_readonly(h, "main") == 1)
    return store_say_read_only(error);
  int rc = sqlite3_exec(h, write ? WRITER : READER, NULL, NULL, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_exec(h, COMMON, NULL, NULL, NULL);
  if (rc == SQLITE_OK) /* the first read opens the WAL, and finds a file that is no database */
    rc = sqlite3_exec(h, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
  if (rc != SQLITE_OK)
    return say(&db->base, rc, error);
  if (write)
    sqlite3_wal_hook(h, after_commit, db);
  return 0;
}

static void close_connection(struct db *base)
{
  struct sqlite_db *db = sqlite_db(base);
  if (base->broken && db->handle) /* no checkpoint by a connection that has seen the disk fail */
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  (void)sqlite3_close(db->handle);
  if (db->lock >= 0)
    (void)close(db->lock);
  free(db);
}

static int open_handle(struct sqlite_db *db, struct error *error)
{
  bool write = db->base.mode == DB_WRITE;
  const char *path = db->base.store->target;
  if (write && (take_lock(db, error) || create_file(path, error)))
    return -1;
  int flags = (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
  int rc = sqlite3_open_v2(path, &db->handle, flags, NULL);
  if (rc == SQLITE_NOMEM || !db->handle)
    abort();
  return rc == SQLITE_OK ? configure(db, error) : say(&db->base, rc, error);
}

/* Without its count of bytes in use SQLite allocates without a lock: else all connections of the process wait for one. */
static void spare_the_lock(void)
{
  (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* where somebody has SQLite running already it stays as it is */
}

static int connect_sqlite(struct store *store, enum db_mode mode, struct db **ret, struct error *error)
{
  static pthread_once_t configured = PTHREAD_ONCE_INIT;
  (void)pthread_once(&configured, spare_the_lock);
  struct sqlite_db *db = calloc(1, sizeof *db);
  if (!db)
    abort();
  db->base = (struct db){.driver = &sqlite_driver, .store = store, .mode = mode};
  db->lock = -1;
  if (open_handle(db, error)) {
    close_connection(&db->base);
    return -1;
  }
  *ret = &db->base;
  return 0;
}

/* ---- statements ---- */

static void free_prepared(struct prepared *p)
{
  if (!p)
    return;
  (void)sqlite3_finalize(p->stmt);
  free(p);
}

static void forget(struct db *db)
{
  for (size_t i = 0; i < db->statements.cap; i++) {
    free_prepared(db->statements.slots[i].prepared);
    db->statements.slots[i].prepared = NULL;
  }
}

/* SQLite takes $1 for a name, not a number, and counts by first appearance. */
static int map_parameters(struct prepared *p, struct error *error)
{
  for (int i = 0; i < p->parameters; i++) {
    const char *name = sqlite3_bind_parameter_name(p->stmt, i + 1);
    int64_t number;
    if (!name || name[0] != '$' || !span_int(span_of(name + 1), &number) || number < 1 || number > 999)
      return store_say_statement(error, "parameters are written $1, $2, …");
    p->map[i] = (int)number - 1;
  }
  return 0;
}

static int prepare(struct db *db, const struct sql *sql, struct prepared **ret, struct error *error)
{
  sqlite3_stmt *stmt;
  int rc = sqlite3_prepare_v3(sqlite_db(db)->handle, sql->text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
  if (rc != SQLITE_OK)
    return say(db, rc, error);
  int n = sqlite3_bind_parameter_count(stmt);
  struct prepared *p = calloc(1, sizeof *p + (size_t)n * sizeof p->map[0]);
  if (!p)
    abort();
  p->stmt = stmt;
  p->parameters = n;
  if (map_parameters(p, error)) {
    free_prepared(p);
    return -1;
  }
  *ret = p;
  return 0;
}

static int find(struct db *db, const struct sql *sql, struct prepared **ret, struct error *error)
{
  struct statement_slot *slot = statement_slot(&db->statements, sql);
  struct prepared *p = slot->prepared;
  if (p && !p->in_use) {
    *ret = p;
    return 0;
  }
  bool single = p != NULL;
  if (prepare(db, sql, &p, error))
    return -1;
  p->single = single;
  if (!single)
    slot->prepared = p;
  *ret = p;
  return 0;
}

static int bind_one(sqlite3_stmt *stmt, int index, const struct value *v, sqlite3_destructor_type how)
{
  const char *bytes = v->s.p ? v->s.p : "";
  switch (v->type) {
  case VALUE_INT:
    return sqlite3_bind_int64(stmt, index, v->i);
  case VALUE_TEXT:
    return sqlite3_bind_text64(stmt, index, bytes, v->s.n, how, SQLITE_UTF8);
  case VALUE_BYTES:
    return sqlite3_bind_blob64(stmt, index, bytes, v->s.n, how);
  case VALUE_NULL:
    break;
  }
  return sqlite3_bind_null(stmt, index);
}

static int bind(struct db *db, struct prepared *p, const struct value *values, size_t n, sqlite3_destructor_type how,
                struct error *error)
{
  for (int i = 0; i < p->parameters; i++) {
    if ((size_t)p->map[i] >= n)
      return store_say_statement(error, "too few values");
    int rc = bind_one(p->stmt, i + 1, &values[p->map[i]], how);
    if (rc == SQLITE_TOOBIG)
      return error_set(error, ERROR_TOO_LARGE, "store-too-large", "一个值超出数据库的上限",
                       "A value is larger than the store takes");
    if (rc != SQLITE_OK)
      return say(db, rc, error);
  }
  return 0;
}

static int exec(struct db *db, const struct sql *sql, const struct value *values, size_t n, struct error *error)
{
  struct prepared *p;
  if (find(db, sql, &p, error))
    return -1;
  int failed = bind(db, p, values, n, SQLITE_STATIC, error);
  if (!failed) {
    int rc;
    do
      rc = sqlite3_step(p->stmt);
    while (rc == SQLITE_ROW);
    failed = rc == SQLITE_DONE ? 0 : say(db, rc, error);
  }
  (void)sqlite3_reset(p->stmt); /* repeats the error of the step */
  if (p->single)
    free_prepared(p);
  return failed;
}

static int exec_many(struct db *db, const struct sql *sql, const struct value *values, size_t columns, size_t rows,
                     struct error *error)
{
  for (size_t i = 0; i < rows; i++)
    if (exec(db, sql, values + i * columns, columns, error))
      return -1;
  return 0;
}

static int script(struct db *db, const char *text, struct error *error)
{
  int rc = sqlite3_exec(sqlite_db(db)->handle, text, NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : say(db, rc, error);
}

/* ---- transactions ---- */

static int begin(struct db *db, struct error *error)
{
  static const struct sql WRITE = {"BEGIN IMMEDIATE"}, READ = {"BEGIN"}, LOOK = {"SELECT 1 FROM sqlite_schema LIMIT 1"};
  if (db->mode == DB_WRITE)
    return exec(db, &WRITE, NULL, 0, error);
  if (exec(db, &READ, NULL, 0, error))
    return -1;
  if (exec(db, &LOOK, NULL, 0, error) == 0) /* only the first read takes the snapshot */
    return 0;
  db->driver->rollback(db);
  return -1;
}

static void rollback(struct db *db)
{
  static const struct sql ROLLBACK = {"ROLLBACK"};
  struct sqlite_db *d = sqlite_db(db);
  if (!sqlite3_get_autocommit(d->handle)) /* a full disk has rolled back already */
    (void)exec(db, &ROLLBACK, NULL, 0, NULL);
}

/* Waits for readers of older snapshots a moment only: whoever asks, asks again. */
static int scrub(struct db *db, struct error *error)
{
  sqlite3 *handle = sqlite_db(db)->handle;
  sqlite3_busy_timeout(handle, SCRUB_MS);
  int rc = sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  sqlite3_busy_timeout(handle, BUSY_MS);
  return rc == SQLITE_OK ? 0 : say(db, rc, error);
}

static int commit(struct db *db, struct error *error)
{
  static const struct sql COMMIT = {"COMMIT"};
  if (exec(db, &COMMIT, NULL, 0, error) == 0)
    return 0;
  rollback(db);
  return -1;
}

/* ---- rows ---- */

static void finish(struct rows *rows)
{
  struct prepared *p = rows->cursor;
  (void)sqlite3_reset(p->stmt);
  p->in_use = false;
  if (p->single)
    free_prepared(p);
}

/* The first step happens here, so that INSERT … RETURNING has written when the query returns. */
static int query(struct db *db, const struct sql *sql, const struct value *values, size_t n, struct rows *ret, struct error *error)
{
  struct prepared *p;
  if (find(db, sql, &p, error))
    return -1;
  p->in_use = true;
  ret->cursor = p;
  int failed = bind(db, p, values, n, SQLITE_TRANSIENT, error);
  if (!failed) {
    int rc = sqlite3_step(p->stmt);
    failed = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : say(db, rc, error);
  }
  if (failed) {
    finish(ret);
    ret->cursor = NULL;
  }
  return failed;
}

/* rows->row is -1 before the first row, and then counts; a statement without a row has no data. */
static bool next(struct rows *rows)
{
  struct prepared *p = rows->cursor;
  if (rows->row >= 0) {
    int rc = sqlite3_step(p->stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
      say(rows->db, rc, &rows->error);
  }
  rows->row = 0;
  if (rows->error.code == ERROR_OK && sqlite3_data_count(p->stmt) > 0)
    return true;
  finish(rows);
  rows->cursor = NULL;
  return false;
}

static sqlite3_stmt *stmt_of(const struct rows *rows)
{
  return ((struct prepared *)rows->cursor)->stmt;
}

static enum value_type type(const struct rows *rows, int column)
{
  switch (sqlite3_column_type(stmt_of(rows), column)) {
  case SQLITE_NULL:
    return VALUE_NULL;
  case SQLITE_INTEGER:
    return VALUE_INT;
  case SQLITE_BLOB:
    return VALUE_BYTES;
  default:
    return VALUE_TEXT;
  }
}

static int64_t integer(const struct rows *rows, int column)
{
  return sqlite3_column_int64(stmt_of(rows), column);
}

static struct span span(const struct rows *rows, int column)
{
  int t = sqlite3_column_type(stmt_of(rows), column);
  if (t == SQLITE_INTEGER || t == SQLITE_NULL)
    return (struct span){"", 0};
  const char *p = sqlite3_column_blob(stmt_of(rows), column);
  return (struct span){p ? p : "", (size_t)sqlite3_column_bytes(stmt_of(rows), column)};
}

static const struct ddl_word words[] = {
    {"BIGKEY", "INTEGER PRIMARY KEY"}, {"BIGINT", "INTEGER"}, {"TEXT", "TEXT"}, {"BYTES", "BLOB"}, {NULL, NULL}};

static const struct sql TABLES = {
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name"};
static const struct sql COLUMNS = {"SELECT name FROM pragma_table_info($1) ORDER BY cid"};

const struct driver sqlite_driver = {
    .words = words,
    .tables = &TABLES,
    .columns = &COLUMNS,
    .connect = connect_sqlite,
    .close = close_connection,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .scrub = scrub,
    .exec = exec,
    .exec_many = exec_many,
    .query = query,
    .script = script,
    .forget = forget,
    .next = next,
    .type = type,
    .integer = integer,
    .span = span,
    .finish = finish,
};
