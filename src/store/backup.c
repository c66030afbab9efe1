/*
 * backup.c: a store in one file, that either engine can write and either can read.
 *
 *   onevisit-backup 1\n
 *   M room number checksum applied       each migration of the schema, as schema_migrations has it
 *   T table columns name…                a table; its rows follow
 *   R value…                             a row: one value for each column of the table before it
 *   F digest size bytes                  an attachment (blob.h); digest is 32 bytes
 *   E rows files                         the end: how many R and F there were
 *   SHA-256                              32 bytes, of everything before them
 *
 * A record starts with its letter. A number is 8 bytes, big-endian, two's complement. A text (room, checksum,
 * table, name) is its length as a number, then its bytes. A value is a letter: N for NULL; I and a number;
 * S (text) or B (bytes), a length and the bytes. Nothing is between records.
 *
 * All rows are of one snapshot. Attachments are read after the rows: they are put before their row is
 * committed, so every one that a row names is there (unless it was erased in between, as the law may demand).
 */
#include "store/store_internal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MAGIC[] = "onevisit-backup ";
static const char HEADER[] = "onevisit-backup 1\n";

#define BLOCK ((size_t)64 * 1024)
#define VALUE_MAX ((size_t)1 << 30)
#define COLUMNS_MAX 256
#define NAME_MAX_BYTES 256
#define FETCH "100"

static bool internal_table(struct span name)
{
  return span_is(name, "schema_migrations");
}

static EVP_MD_CTX *hash_start(void)
{
  EVP_MD_CTX *hash = EVP_MD_CTX_new();
  if (!hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
    abort();
  return hash;
}

static void hash_add(EVP_MD_CTX *hash, const void *bytes, size_t n)
{
  if (!EVP_DigestUpdate(hash, bytes, n))
    abort();
}

static struct digest hash_end(EVP_MD_CTX *hash)
{
  struct digest d;
  if (!EVP_DigestFinal_ex(hash, d.b, NULL))
    abort();
  EVP_MD_CTX_free(hash);
  return d;
}

/* "name" for SQL. */
static char *quoted(struct arena *arena, struct span name)
{
  struct buf out;
  buf_init(&out, 4 * NAME_MAX_BYTES);
  buf_char(&out, '"');
  for (size_t i = 0; i < name.n; i++) {
    if (name.p[i] == '"')
      buf_char(&out, '"');
    buf_char(&out, name.p[i]);
  }
  buf_char(&out, '"');
  char *result = arena_dup(arena, buf_view(&out));
  buf_release(&out);
  return result;
}

/* ---- writing ---- */

struct out {
  int fd;
  size_t n;
  bool failed; /* error is set; the rest is dropped */
  struct error error;
  EVP_MD_CTX *hash;
  unsigned char *block;
  struct store *store;
  struct db *db;
  struct arena arena; /* of the statements: lives until the connection is closed */
  int64_t rows, files;
};

static void out_flush(struct out *o)
{
  hash_add(o->hash, o->block, o->n);
  if (!o->failed)
    o->failed = store_write_all(o->fd, o->block, o->n, &o->error) != 0;
  o->n = 0;
}

static void out_bytes(struct out *o, const void *bytes, size_t n)
{
  for (const unsigned char *p = bytes; n && !o->failed;) {
    size_t part = n < BLOCK - o->n ? n : BLOCK - o->n;
    memcpy(o->block + o->n, p, part);
    o->n += part;
    p += part;
    n -= part;
    if (o->n == BLOCK)
      out_flush(o);
  }
}

static void out_char(struct out *o, char c)
{
  out_bytes(o, &c, 1);
}

static void out_int(struct out *o, int64_t v)
{
  uint64_t big = htobe64((uint64_t)v);
  out_bytes(o, &big, sizeof big);
}

static void out_text(struct out *o, struct span s)
{
  out_int(o, (int64_t)s.n);
  out_bytes(o, s.p, s.n);
}

static int out_result(struct out *o, struct error *error)
{
  if (o->failed && error)
    *error = o->error;
  return o->failed ? -1 : 0;
}

static int write_migrations(struct out *o, const struct migration *const *sets, struct error *error)
{
  struct applied_list applied;
  if (migrations_read(o->db, &o->arena, &applied, error) || migrations_check(sets, &applied, error))
    return -1;
  for (size_t i = 0; i < applied.n; i++) {
    const struct applied *a = &applied.list[i];
    out_char(o, 'M');
    out_text(o, span_of(a->room));
    out_int(o, a->number);
    out_text(o, span_of(a->checksum));
    out_int(o, a->at);
  }
  return out_result(o, error);
}

static void write_value(struct out *o, const struct rows *rows, int column)
{
  switch (o->db->driver->type(rows, column)) {
  case VALUE_NULL:
    out_char(o, 'N');
    break;
  case VALUE_INT:
    out_char(o, 'I');
    out_int(o, rows_int(rows, column));
    break;
  case VALUE_TEXT:
    out_char(o, 'S');
    out_text(o, rows_span(rows, column));
    break;
  case VALUE_BYTES:
    out_char(o, 'B');
    out_text(o, rows_span(rows, column));
    break;
  }
}

static int write_rows(struct out *o, const struct sql *sql, int columns, int64_t *ret_rows, struct error *error)
{
  struct rows rows;
  int64_t n = 0;
  if (db_query(o->db, sql, NULL, 0, &rows, error))
    return -1;
  while (!o->failed && rows_next(&rows)) {
    out_char(o, 'R');
    for (int i = 0; i < columns; i++)
      write_value(o, &rows, i);
    n++;
  }
  o->rows += n;
  if (rows_close(&rows, error))
    return -1;
  *ret_rows = n;
  return out_result(o, error);
}

static struct sql *statement(struct arena *arena, const char *text)
{
  struct sql *sql = arena_new(arena, struct sql);
  sql->text = text;
  return sql;
}

/* A whole result would be held in memory: so it is fetched through a cursor, a little at a time. */
static int write_through_cursor(struct out *o, const char *select, int columns, struct error *error)
{
  const char *declare = arena_printf(&o->arena, "DECLARE onevisit_backup NO SCROLL CURSOR FOR %s", select);
  const struct sql *fetch = statement(&o->arena, "FETCH " FETCH " FROM onevisit_backup");
  int64_t n = 1;
  if (o->db->driver->script(o->db, declare, error))
    return -1;
  while (n > 0)
    if (write_rows(o, fetch, columns, &n, error))
      return -1;
  return o->db->driver->script(o->db, "CLOSE onevisit_backup", error);
}

/* All values of a query's first column. */
static int read_names(struct out *o, const struct sql *sql, const struct value *values, size_t n, struct span **ret, size_t *ret_n,
                      struct error *error)
{
  struct rows rows;
  struct span *names = NULL;
  size_t count = 0, cap = 0;
  if (db_query(o->db, sql, values, n, &rows, error))
    return -1;
  while (rows_next(&rows)) {
    names = arena_grow(&o->arena, names, count, &cap, sizeof *names);
    names[count++] = arena_span(&o->arena, rows_span(&rows, 0));
  }
  *ret = names;
  *ret_n = count;
  return rows_close(&rows, error);
}

static int write_table(struct out *o, struct span table, struct error *error)
{
  struct span *names;
  size_t n;
  const struct value value = V_TEXT(table);
  if (read_names(o, o->db->driver->columns, &value, 1, &names, &n, error))
    return -1;
  if (n == 0 || n > COLUMNS_MAX)
    return store_say_statement(error, "a table has no columns, or too many");
  const char *list = "";
  out_char(o, 'T');
  out_text(o, table);
  out_int(o, (int64_t)n);
  for (size_t i = 0; i < n; i++) {
    out_text(o, names[i]);
    list = arena_printf(&o->arena, "%s%s%s", list, i ? ", " : "", quoted(&o->arena, names[i]));
  }
  const char *select = arena_printf(&o->arena, "SELECT %s FROM %s", list, quoted(&o->arena, table));
  if (o->db->driver->needs_cursor)
    return write_through_cursor(o, select, (int)n, error);
  int64_t rows;
  return write_rows(o, statement(&o->arena, select), (int)n, &rows, error);
}

static int write_tables(struct out *o, struct error *error)
{
  struct span *tables;
  size_t n;
  if (read_names(o, o->db->driver->tables, NULL, 0, &tables, &n, error))
    return -1;
  for (size_t i = 0; i < n; i++)
    if (!internal_table(tables[i]) && write_table(o, tables[i], error))
      return -1;
  return 0;
}

static int say_blob_damaged(struct error *error)
{
  return error_set(error, ERROR_INTERNAL, "blob-damaged", "一个附件的内容与其摘要不符，备份已停止",
                   "An attachment's content does not match its digest; the backup was stopped");
}

static int write_content(struct out *o, int fd, int64_t size, const struct digest *digest, struct error *error)
{
  EVP_MD_CTX *hash = hash_start();
  unsigned char *block = malloc(BLOCK);
  if (!block)
    abort();
  int64_t left = size;
  while (left > 0 && !o->failed) {
    ssize_t n = read(fd, block, left < (int64_t)BLOCK ? (size_t)left : BLOCK);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    hash_add(hash, block, (size_t)n);
    out_bytes(o, block, (size_t)n);
    left -= n;
  }
  free(block);
  struct digest found = hash_end(hash);
  if (out_result(o, error))
    return -1;
  return left == 0 && digest_eq(&found, digest) ? 0 : say_blob_damaged(error);
}

static int write_blob(void *context, const struct digest *digest, struct error *error)
{
  struct out *o = context;
  struct error opening;
  int fd;
  int64_t size;
  if (blob_open(o->store, digest, &fd, &size, &opening)) {
    if (opening.code == ERROR_NOT_FOUND) /* erased since the directory was read */
      return 0;
    if (error)
      *error = opening;
    return -1;
  }
  out_char(o, 'F');
  out_bytes(o, digest->b, sizeof digest->b);
  out_int(o, size);
  o->files++;
  int failed = write_content(o, fd, size, digest, error);
  (void)close(fd);
  return failed;
}

static int write_end(struct out *o, struct error *error)
{
  out_char(o, 'E');
  out_int(o, o->rows);
  out_int(o, o->files);
  out_flush(o);
  struct digest digest = hash_end(o->hash);
  o->hash = NULL;
  if (out_result(o, error) || store_write_all(o->fd, digest.b, sizeof digest.b, error))
    return -1;
  return fsync(o->fd) ? store_say_file(error, errno, "") : 0;
}

static int write_all(struct out *o, const struct migration *const *sets, struct error *error)
{
  if (store_connect(o->store, DB_READ, &o->db, error))
    return -1;
  int failed = db_begin(o->db, error);
  if (!failed) {
    out_bytes(o, HEADER, strlen(HEADER));
    failed = write_migrations(o, sets, error) || write_tables(o, error);
    db_rollback(o->db);
  }
  db_close(o->db);
  return failed || blob_each(o->store, write_blob, o, error) || write_end(o, error) ? -1 : 0;
}

int store_backup(struct store *store, const struct migration *const *sets, const char *path, struct error *error)
{
  if (access(path, F_OK) == 0) {
    error_set(error, ERROR_CONFLICT, "backup-exists", "备份文件已存在，不会覆盖；请换一个文件名",
              "There is a file of that name already and it is not overwritten; choose another name");
    return error_at(error, "%s", path);
  }
  struct out o = {.store = store};
  char *temporary = arena_printf(&o.arena, "%s.part-XXXXXX", path);
  o.fd = mkostemp(temporary, O_CLOEXEC);
  if (o.fd < 0) {
    arena_release(&o.arena);
    return store_say_file(error, errno, path);
  }
  o.block = malloc(BLOCK);
  if (!o.block)
    abort();
  o.hash = hash_start();
  int failed = write_all(&o, sets, error);
  (void)close(o.fd);
  if (!failed && rename(temporary, path))
    failed = store_say_file(error, errno, path);
  if (failed)
    (void)unlink(temporary);
  else
    failed = store_sync_directory(path, error);
  EVP_MD_CTX_free(o.hash);
  free(o.block);
  arena_release(&o.arena);
  return failed;
}

/* ---- reading ---- */

struct in {
  int fd;
  int64_t left; /* bytes before the checksum that are not in the block yet */
  size_t at, n;
  bool damaged; /* it ended too early, or could not be read */
  EVP_MD_CTX *hash;
  unsigned char *block;
  struct digest digest; /* as the file says */
  struct store *store;
  struct db *db;
  struct arena arena;
  int64_t rows, files;
};

static int say_damaged(struct error *error)
{
  return error_set(error, ERROR_BAD_INPUT, "backup-damaged", "备份文件已损坏或不完整，什么都没有恢复",
                   "The backup is damaged or incomplete; nothing was restored");
}

static int say_schema(struct error *error)
{
  return error_set(error, ERROR_BAD_INPUT, "backup-schema", "备份由较新的或不同的程序生成；请使用那个版本的程序恢复",
                   "The backup was made by a newer or a different program; restore it with that one");
}

static void in_fill(struct in *in)
{
  size_t want = in->left < (int64_t)BLOCK ? (size_t)in->left : BLOCK;
  ssize_t n;
  do
    n = want ? read(in->fd, in->block, want) : 0;
  while (n < 0 && errno == EINTR);
  in->at = 0;
  in->n = n > 0 ? (size_t)n : 0;
  in->left -= (int64_t)in->n;
  if (in->n == 0)
    in->damaged = true;
  hash_add(in->hash, in->block, in->n);
}

/* Zeroes where the file is at its end. */
static void in_bytes(struct in *in, void *out, size_t n)
{
  unsigned char *to = out;
  while (n) {
    if (in->at == in->n && !in->damaged)
      in_fill(in);
    if (in->damaged) {
      memset(to, 0, n);
      return;
    }
    size_t part = n < in->n - in->at ? n : in->n - in->at;
    memcpy(to, in->block + in->at, part);
    in->at += part;
    to += part;
    n -= part;
  }
}

static char in_char(struct in *in)
{
  char c;
  in_bytes(in, &c, 1);
  return c;
}

static int64_t in_int(struct in *in)
{
  uint64_t big;
  in_bytes(in, &big, sizeof big);
  return (int64_t)be64toh(big);
}

/* A length that what is left of the file can hold; 0 and `damaged` where it is not one. */
static size_t in_length(struct in *in, size_t max)
{
  int64_t n = in_int(in);
  if (n < 0 || (uint64_t)n > max || n > in->left + (int64_t)(in->n - in->at)) {
    in->damaged = true;
    return 0;
  }
  return (size_t)n;
}

static struct span in_name(struct in *in)
{
  size_t n = in_length(in, NAME_MAX_BYTES);
  char *p = arena_alloc(&in->arena, n + 1);
  in_bytes(in, p, n);
  return (struct span){p, n};
}

static bool in_at_end(const struct in *in)
{
  return in->left == 0 && in->at == in->n;
}

static int in_rewind(struct in *in, struct error *error)
{
  struct stat st;
  char header[sizeof HEADER] = "";
  if (fstat(in->fd, &st) || st.st_size < (off_t)(strlen(HEADER) + DIGEST_BYTES) || lseek(in->fd, 0, SEEK_SET) != 0)
    return say_damaged(error);
  in->left = st.st_size - DIGEST_BYTES;
  in->at = in->n = 0;
  in->damaged = false;
  EVP_MD_CTX_free(in->hash);
  in->hash = hash_start();
  in_bytes(in, header, strlen(HEADER));
  if (memcmp(header, MAGIC, strlen(MAGIC)) != 0)
    return say_damaged(error);
  return memcmp(header, HEADER, strlen(HEADER)) == 0 ? 0 : say_schema(error);
}

/* Reads the whole file once before anything is written. */
static int verify(struct in *in, struct error *error)
{
  struct error header;
  int bad_header = in_rewind(in, &header);
  if (bad_header && in->left == 0 && in->n == 0) /* too short to hold a checksum */
    return say_damaged(error);
  while (in->left > 0 && !in->damaged)
    in_fill(in);
  ssize_t n = in->damaged ? -1 : pread(in->fd, in->digest.b, DIGEST_BYTES, lseek(in->fd, 0, SEEK_CUR));
  struct digest found = hash_end(in->hash);
  in->hash = NULL;
  if (n != DIGEST_BYTES || !digest_eq(&found, &in->digest))
    return say_damaged(error);
  if (bad_header && error)
    *error = header;
  return bad_header;
}

/* The migrations; *ret_next is the letter of the record after them. */
static int read_schema(struct in *in, struct applied_list *ret, char *ret_next, struct error *error)
{
  struct applied_list found = {0};
  char letter;
  while ((letter = in_char(in)) == 'M') {
    struct applied a;
    a.room = in_name(in).p;
    a.number = in_int(in);
    a.checksum = in_name(in).p;
    a.at = in_int(in);
    found.list = arena_grow(&in->arena, found.list, found.n, &found.cap, sizeof a);
    found.list[found.n++] = a;
  }
  if (in->damaged)
    return say_damaged(error);
  *ret = found;
  *ret_next = letter;
  return 0;
}

struct table {
  struct sql *insert;
  size_t columns;
};

/* What the migrations themselves have put into the table goes: the backup has it. */
static int read_table(struct in *in, struct table *ret, struct error *error)
{
  struct span name = in_name(in);
  int64_t columns = in_int(in);
  if (in->damaged || columns < 1 || columns > COLUMNS_MAX || internal_table(name))
    return say_damaged(error);
  const char *table = quoted(&in->arena, name), *list = "", *values = "";
  for (int64_t i = 0; i < columns; i++) {
    list = arena_printf(&in->arena, "%s%s%s", list, i ? ", " : "", quoted(&in->arena, in_name(in)));
    values = arena_printf(&in->arena, "%s%s$%" PRId64, values, i ? ", " : "", i + 1);
  }
  if (in->damaged)
    return say_damaged(error);
  ret->columns = (size_t)columns;
  ret->insert = statement(&in->arena, arena_printf(&in->arena, "INSERT INTO %s (%s) VALUES (%s)", table, list, values));
  return db_exec(in->db, statement(&in->arena, arena_printf(&in->arena, "DELETE FROM %s", table)), NULL, 0, error);
}

/* Bytes go into `row`, which may move: so the value keeps their offset until the row is complete. */
static void read_value(struct in *in, struct buf *row, struct value *v, size_t *ret_offset)
{
  char letter = in_char(in);
  *v = (struct value){.type = letter == 'I' ? VALUE_INT : letter == 'S' ? VALUE_TEXT : letter == 'B' ? VALUE_BYTES : VALUE_NULL};
  *ret_offset = row->n;
  if (v->type == VALUE_INT)
    v->i = in_int(in);
  if (v->type == VALUE_TEXT || v->type == VALUE_BYTES) {
    char part[4096];
    v->s.n = in_length(in, VALUE_MAX);
    for (size_t left = v->s.n; left && !in->damaged;) {
      size_t n = left < sizeof part ? left : sizeof part;
      in_bytes(in, part, n);
      buf_bytes(row, part, n);
      left -= n;
    }
  }
  if (v->type == VALUE_NULL && letter != 'N')
    in->damaged = true;
}

static int read_row(struct in *in, const struct table *table, struct buf *row, struct error *error)
{
  struct value values[COLUMNS_MAX];
  size_t offsets[COLUMNS_MAX];
  buf_clear(row);
  for (size_t i = 0; i < table->columns; i++)
    read_value(in, row, &values[i], &offsets[i]);
  if (in->damaged || row->full)
    return say_damaged(error);
  for (size_t i = 0; i < table->columns; i++)
    values[i].s.p = buf_view(row).p + offsets[i];
  in->rows++;
  return db_exec(in->db, table->insert, values, table->columns, error);
}

static int read_content(struct in *in, struct blob_writer *w, int64_t size, struct error *error)
{
  char part[4096];
  for (int64_t left = size; left > 0;) {
    size_t n = left < (int64_t)sizeof part ? (size_t)left : sizeof part;
    in_bytes(in, part, n);
    if (in->damaged)
      return say_damaged(error);
    if (blob_writer_add(w, part, n, error))
      return -1;
    left -= (int64_t)n;
  }
  return 0;
}

static int read_blob(struct in *in, struct error *error)
{
  struct digest expected, found;
  struct blob_writer w;
  in_bytes(in, expected.b, sizeof expected.b);
  int64_t size = in_int(in);
  if (in->damaged || size < 0)
    return say_damaged(error);
  if (blob_writer_open(in->store, &w, error))
    return -1;
  int failed = read_content(in, &w, size, error) || blob_writer_finish(&w, &found, error) ? -1 : 0;
  blob_writer_close(&w);
  if (!failed && !digest_eq(&found, &expected)) {
    (void)blob_remove(in->store, &found, NULL);
    failed = say_damaged(error);
  }
  in->files++;
  return failed;
}

static int read_records(struct in *in, char letter, struct buf *row, struct error *error)
{
  struct table table = {0};
  for (; letter != 'E'; letter = in_char(in)) {
    int failed;
    if (letter == 'T')
      failed = read_table(in, &table, error);
    else if (letter == 'R' && table.insert)
      failed = read_row(in, &table, row, error);
    else if (letter == 'F')
      failed = read_blob(in, error);
    else
      failed = say_damaged(error);
    if (failed)
      return -1;
  }
  int64_t rows = in_int(in), files = in_int(in);
  if (in->damaged || rows != in->rows || files != in->files || !in_at_end(in))
    return say_damaged(error);
  struct digest found = hash_end(in->hash); /* the file must not have changed since it was verified */
  in->hash = NULL;
  return digest_eq(&found, &in->digest) ? 0 : say_damaged(error);
}

static int refuse_full_store(struct db *db, struct error *error)
{
  struct rows rows;
  if (db_query(db, db->driver->tables, NULL, 0, &rows, error))
    return -1;
  bool any = rows_next(&rows);
  if (rows_close(&rows, error))
    return -1;
  return any ? error_set(error, ERROR_CONFLICT, "store-not-empty", "目标数据库里已有内容，不会覆盖；请恢复到一个空的数据库",
                         "The store has something in it already and is not overwritten; restore into an empty one")
             : 0;
}

/* The schema as it was, the rows, then what this program's schema has on top. */
static int restore_inside(struct in *in, const struct migration *const *sets, const struct applied_list *applied, char letter,
                          struct error *error)
{
  struct buf row;
  buf_init(&row, 2 * VALUE_MAX);
  int failed = migrations_create(in->db, error) || migrations_run(in->db, sets, applied, true, error) ||
               read_records(in, letter, &row, error) || migrations_run(in->db, sets, applied, false, error);
  buf_release(&row);
  return failed ? -1 : 0;
}

/* While the writer's lock is held: nobody else can have begun to use the files. */
static void remove_created(const struct store *store)
{
  static const char *const ends[] = {"", "-wal", "-shm"};
  struct arena arena = {0};
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
    (void)unlink(arena_printf(&arena, "%s%s", store->target, ends[i]));
  arena_release(&arena);
}

static int restore_into(struct in *in, const struct migration *const *sets, const struct applied_list *applied, char letter,
                        struct error *error)
{
  bool creates = store_is_sqlite(in->store) && access(in->store->target, F_OK) != 0;
  if (store_connect(in->store, DB_WRITE, &in->db, error))
    return -1;
  int failed = refuse_full_store(in->db, error);
  creates = creates && !failed;
  if (!failed)
    failed = db_begin(in->db, error);
  if (!failed && restore_inside(in, sets, applied, letter, error)) {
    db_rollback(in->db);
    failed = -1;
  } else if (!failed) {
    failed = db_commit(in->db, error);
  }
  if (failed && creates)
    remove_created(in->store);
  db_close(in->db);
  return failed;
}

static int restore_checked(struct in *in, const struct migration *const *sets, struct error *error)
{
  struct applied_list applied;
  char letter = 0;
  if (verify(in, error) || in_rewind(in, error) || read_schema(in, &applied, &letter, error))
    return -1;
  if (migrations_check(sets, &applied, NULL))
    return say_schema(error);
  return restore_into(in, sets, &applied, letter, error);
}

int store_restore(struct store *store, const struct migration *const *sets, const char *path, struct error *error)
{
  struct in in = {.store = store};
  in.fd = open(path, O_RDONLY | O_CLOEXEC);
  if (in.fd < 0)
    return store_say_file(error, errno, path);
  in.block = malloc(BLOCK);
  if (!in.block)
    abort();
  int failed = restore_checked(&in, sets, error);
  (void)close(in.fd);
  EVP_MD_CTX_free(in.hash);
  free(in.block);
  arena_release(&in.arena);
  return failed;
}
