#include "store/store_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/text.h"

/* ---- sentences ---- */

int store_say_full(struct error *error)
{
  return error_set(error, ERROR_BUSY, "store-full", "存储空间已满，什么都没有改变；腾出空间后可以继续",
                   "The disk is full and nothing was changed; free some space and try again");
}

int store_say_locked(struct error *error)
{
  return error_set(error, ERROR_BUSY, "store-locked", "数据库正被占用，什么都没有改变；请稍后重试",
                   "The store is in use by somebody else and nothing was changed; try again shortly");
}

int store_say_second_writer(struct error *error)
{
  return error_set(error, ERROR_BUSY, "store-locked", "已有另一个程序在写入这个数据库；请先停止它",
                   "Another process already writes to this store; stop it first");
}

int store_say_read_only(struct error *error)
{
  return error_set(error, ERROR_INTERNAL, "store-read-only", "数据库是只读的，无法写入；请检查文件和目录的权限",
                   "The store cannot be written to; check the permissions of the file and its directory");
}

int store_say_constraint(struct error *error, const char *detail)
{
  return error_set(error, ERROR_CONFLICT, "store-constraint", "与已有的记录冲突：%s",
                   "This conflicts with a record that exists: %s", detail);
}

int store_say_broken(struct db *db, struct error *error, const char *detail)
{
  db->broken |= db->mode == DB_WRITE; /* a read that failed has lost nothing: the next may be answered */
  return error_set(error, ERROR_INTERNAL, "store-broken", "数据库的读写发生故障（%s）；程序须停止并重新启动",
                   "The store has failed (%s); the program must stop and start again", detail);
}

int store_say_unreachable(struct error *error, const char *detail)
{
  return error_set(error, ERROR_BUSY, "store-unreachable", "无法打开数据库：%s", "The store cannot be reached: %s", detail);
}

int store_say_statement(struct error *error, const char *detail)
{
  return error_set(error, ERROR_INTERNAL, "store-statement", "数据库拒绝了一条语句：%s", "The store refused a statement: %s",
                   detail);
}

/* ---- opening ---- */

static int bad_url(struct error *error, const char *why_zh, const char *why_en)
{
  error_set(error, ERROR_BAD_INPUT, "bad-store-url", "数据库地址应为 sqlite:文件路径 或 postgresql://…",
            "The store's address must be sqlite:PATH or postgresql://…");
  if (!error || !why_zh)
    return -1;
  return error_at(error, "%s / %s", why_zh, why_en);
}

/* The absolute path of a file that may not exist yet, in a directory that must. */
static const char *absolute(struct arena *arena, const char *path, struct error *error)
{
  char found[PATH_MAX];
  if (realpath(path, found))
    return arena_str(arena, found);
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  const char *directory = !slash ? "." : slash == path ? "/" : arena_dup(arena, (struct span){path, (size_t)(slash - path)});
  if (!*name || errno != ENOENT || !realpath(directory, found)) {
    store_say_unreachable(error, strerror(*name ? errno : EISDIR));
    error_at(error, "%.180s", path);
    return NULL;
  }
  return arena_printf(arena, "%s/%s", strcmp(found, "/") == 0 ? "" : found, name);
}

static int open_sqlite(struct store *store, const char *path, struct error *error)
{
  if (!*path)
    return bad_url(error, NULL, NULL);
  store->driver = &sqlite_driver;
  store->target = absolute(&store->arena, path, error);
  if (!store->target)
    return -1;
  store->shown = arena_printf(&store->arena, "sqlite:%s", store->target);
  store->files = arena_printf(&store->arena, "%s.files", store->target);
  return 0;
}

static int hex_digit(char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decoding of one part of a URL; NULL where it is malformed or holds a NUL. */
static char *decode_percent(struct arena *arena, struct span s)
{
  char *out = arena_alloc(arena, s.n + 1);
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++, n++) {
    out[n] = s.p[i];
    if (s.p[i] != '%')
      continue;
    int high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1, low = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;
    if (high < 0 || low < 0 || (high == 0 && low == 0))
      return NULL;
    out[n] = (char)(high * 16 + low);
    i += 2;
  }
  return out;
}

/* Takes «files=» for itself, hides «password=» from what is shown, and leaves the rest to libpq. */
static int split_parameters(struct store *store, struct span query, struct buf *target, struct buf *shown, struct error *error)
{
  struct span part;
  char to_target = '?', to_shown = '?';
  while (span_cut(&query, '&', &part)) {
    if (span_starts(part, "files=")) {
      store->files = decode_percent(&store->arena, (struct span){part.p + 6, part.n - 6});
      if (!store->files || !*store->files)
        return bad_url(error, "files= 的值有误", "files= is malformed");
      continue;
    }
    buf_char(target, to_target);
    buf_span(target, part);
    to_target = '&';
    if (span_starts(part, "password=") || span_starts(part, "sslpassword="))
      continue;
    buf_char(shown, to_shown);
    buf_span(shown, part);
    to_shown = '&';
  }
  return 0;
}

/* «postgresql://user:secret@host/db» without «:secret». */
static void show_without_password(struct span url, struct buf *shown)
{
  const char *start = (const char *)memmem(url.p, url.n, "://", 3) + 3;
  size_t rest = url.n - (size_t)(start - url.p);
  const char *slash = memchr(start, '/', rest);
  size_t authority = slash ? (size_t)(slash - start) : rest;
  const char *at = memrchr(start, '@', authority);
  const char *colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
  if (!colon) {
    buf_span(shown, url);
    return;
  }
  buf_bytes(shown, url.p, (size_t)(colon - url.p));
  buf_bytes(shown, at, url.n - (size_t)(at - url.p));
}

static int open_postgres(struct store *store, const char *url, struct error *error)
{
  struct buf target, shown;
  buf_init(&target, 4096);
  buf_init(&shown, 4096);
  struct span query = span_of(url), address = {0};
  span_cut(&query, '?', &address);
  store->driver = &postgres_driver;
  store->files = "onevisit.files";
  buf_span(&target, address);
  show_without_password(address, &shown);
  int failed = split_parameters(store, query, &target, &shown, error);
  if (!failed && (target.full || shown.full))
    failed = bad_url(error, "地址太长", "the address is too long");
  if (!failed) {
    store->target = arena_dup(&store->arena, buf_view(&target));
    store->shown = arena_dup(&store->arena, buf_view(&shown));
    failed = postgres_driver.check(store, error);
  }
  buf_release(&target);
  buf_release(&shown);
  return failed;
}

int store_open(const char *url, struct store **ret, struct error *error)
{
  struct store *store = calloc(1, sizeof *store);
  if (!store)
    abort();
  struct span s = span_of(url);
  unsigned char node[8];
  random_bytes(node, sizeof node);
  hex_encode(node, sizeof node, store->node);
  int failed;
  if (span_starts(s, "sqlite:"))
    failed = open_sqlite(store, url + strlen("sqlite:"), error);
  else if (span_starts(s, "postgresql://") || span_starts(s, "postgres://"))
    failed = open_postgres(store, url, error);
  else
    failed = bad_url(error, NULL, NULL);
  if (failed) {
    store_close(store);
    return -1;
  }
  *ret = store;
  return 0;
}

void store_close(struct store *store)
{
  if (!store)
    return;
  arena_release(&store->arena);
  free(store);
}

const char *store_url(const struct store *store)
{
  return store->shown;
}

bool store_is_sqlite(const struct store *store)
{
  return store->driver == &sqlite_driver;
}

int store_connect(struct store *store, enum db_mode mode, struct db **ret, struct error *error)
{
  if (mode == DB_SHARE && store_is_sqlite(store))
    mode = DB_WRITE;
  return store->driver->connect(store, mode, ret, error);
}

void db_close(struct db *db)
{
  if (!db)
    return;
  if (db->in_transaction)
    db_rollback(db);
  db->driver->forget(db);
  free(db->statements.slots);
  db->driver->close(db);
}

/* ---- prepared statements ---- */

static struct statement_slot *probe(struct statement_slot *slots, size_t cap, const struct sql *sql)
{
  uint64_t h = (uint64_t)(uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15);
  size_t i = (size_t)(h >> 32) & (cap - 1);
  while (slots[i].sql && slots[i].sql != sql)
    i = (i + 1) & (cap - 1);
  return &slots[i];
}

static void grow_slots(struct statements *s)
{
  size_t cap = s->cap ? s->cap * 2 : 64;
  struct statement_slot *slots = calloc(cap, sizeof *slots);
  if (!slots)
    abort();
  for (size_t i = 0; i < s->cap; i++)
    if (s->slots[i].sql)
      *probe(slots, cap, s->slots[i].sql) = s->slots[i];
  free(s->slots);
  s->slots = slots;
  s->cap = cap;
}

struct statement_slot *statement_slot(struct statements *s, const struct sql *sql)
{
  if ((s->n + 1) * 2 > s->cap)
    grow_slots(s);
  struct statement_slot *slot = probe(s->slots, s->cap, sql);
  if (!slot->sql) {
    slot->sql = sql;
    s->n++;
  }
  return slot;
}

/* ---- transactions ---- */

static int usable(struct db *db, struct error *error)
{
  if (db->broken)
    return store_say_broken(db, error, "stopped");
  if (!db->failed)
    return 0;
  if (error)
    *error = db->failure;
  return -1;
}

/* Keeps the first failure of a transaction and hands it to the caller. */
static int failed_with(struct db *db, const struct error *failure, struct error *error)
{
  if (db->in_transaction && !db->failed) {
    db->failed = true;
    db->failure = *failure;
  }
  if (error)
    *error = *failure;
  return -1;
}

static int say_misuse(struct error *error)
{
  return store_say_statement(error, "begin and commit do not pair");
}

int db_begin(struct db *db, struct error *error)
{
  if (db->in_transaction)
    return say_misuse(error);
  if (usable(db, error) || db->driver->begin(db, error))
    return -1;
  db->in_transaction = true;
  return 0;
}

int db_commit(struct db *db, struct error *error)
{
  if (!db->in_transaction)
    return say_misuse(error);
  if (usable(db, error)) {
    db_rollback(db);
    return -1;
  }
  db->in_transaction = false;
  return db->driver->commit(db, error);
}

void db_rollback(struct db *db)
{
  if (!db->in_transaction)
    return;
  db->in_transaction = db->failed = false;
  db->driver->rollback(db);
}

int db_scrub(struct db *db, struct error *error)
{
  if (db->in_transaction)
    return say_misuse(error);
  return usable(db, error) ? -1 : db->driver->scrub(db, error);
}

/* What one engine would take and the other would not is refused by both. */
static int check_values(const struct value *values, size_t n, struct error *error)
{
  for (size_t i = 0; i < n; i++) {
    if (values[i].type != VALUE_TEXT || values[i].s.n == 0)
      continue;
    if (memchr(values[i].s.p, '\0', values[i].s.n) || !text_utf8(values[i].s))
      return error_set(error, ERROR_BAD_INPUT, "store-text", "文字不是合法的 UTF-8，或含有空字符",
                       "A text is not well-formed UTF-8, or holds a NUL");
  }
  return 0;
}

int db_exec(struct db *db, const struct sql *sql, const struct value *values, size_t n, struct error *error)
{
  struct error failure;
  if (usable(db, error))
    return -1;
  if (check_values(values, n, &failure) || db->driver->exec(db, sql, values, n, &failure))
    return failed_with(db, &failure, error);
  return 0;
}

int db_exec_many(struct db *db, const struct sql *sql, const struct value *values, size_t columns, size_t rows, struct error *error)
{
  struct error failure;
  if (!db->in_transaction)
    return say_misuse(error);
  if (usable(db, error))
    return -1;
  if (check_values(values, columns * rows, &failure) || (rows && db->driver->exec_many(db, sql, values, columns, rows, &failure)))
    return failed_with(db, &failure, error);
  return 0;
}

void db_flush(struct db *db)
{
  if (db->driver->flush)
    db->driver->flush(db);
}

int64_t db_incarnation(struct db *db)
{
  return db->driver->incarnation ? db->driver->incarnation(db) : 0;
}

bool db_is_broken(const struct db *db)
{
  return db->broken;
}

/* ---- rows ---- */

int db_query(struct db *db, const struct sql *sql, const struct value *values, size_t n, struct rows *ret, struct error *error)
{
  struct error failure;
  ret->db = db;
  ret->cursor = NULL;
  ret->row = -1;
  ret->error.code = ERROR_OK;
  if (usable(db, error))
    return -1;
  if (check_values(values, n, &failure) || db->driver->query(db, sql, values, n, ret, &failure))
    return failed_with(db, &failure, error);
  return 0;
}

bool rows_next(struct rows *rows)
{
  return rows->error.code == ERROR_OK && rows->cursor && rows->db->driver->next(rows);
}

bool rows_is_null(const struct rows *rows, int column)
{
  return rows->db->driver->type(rows, column) == VALUE_NULL;
}

int64_t rows_int(const struct rows *rows, int column)
{
  return rows->db->driver->integer(rows, column);
}

struct span rows_span(const struct rows *rows, int column)
{
  return rows->db->driver->span(rows, column);
}

char *rows_str(const struct rows *rows, int column, struct arena *arena)
{
  return arena_dup(arena, rows_span(rows, column));
}

int rows_close(struct rows *rows, struct error *error)
{
  if (rows->cursor)
    rows->db->driver->finish(rows);
  rows->cursor = NULL;
  if (rows->error.code == ERROR_OK)
    return 0;
  return failed_with(rows->db, &rows->error, error);
}
