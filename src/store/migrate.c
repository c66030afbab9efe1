/*
 * migrate.c: the schema's versions. Every migration that has run is written down in schema_migrations with
 * the SHA-256 of its text, so that a changed or an unknown one is seen before anything is touched.
 */
#include "store/store_internal.h"

#include <string.h>

#include "base/digest.h"
#include "base/text.h"

static const char CREATE[] = "CREATE TABLE IF NOT EXISTS schema_migrations (room TEXT NOT NULL, number BIGINT NOT NULL,"
                             " checksum TEXT NOT NULL, applied BIGINT NOT NULL, PRIMARY KEY (room, number));\n";

static const struct sql READ = {"SELECT room, number, checksum, applied FROM schema_migrations ORDER BY room, number"};
static const struct sql WRITE = {"INSERT INTO schema_migrations (room, number, checksum, applied) VALUES ($1, $2, $3, $4)"};

/* ---- DDL ---- */

static bool word_char(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

/* The length of the quoted text, comment, word or single character at the start of s. */
static size_t token_length(struct span s)
{
  char c = s.p[0];
  if (c == '\'' || c == '"') {
    const char *end = memchr(s.p + 1, c, s.n - 1);
    return end ? (size_t)(end - s.p) + 1 : s.n;
  }
  if (s.n > 1 && c == '-' && s.p[1] == '-') {
    const char *end = memchr(s.p, '\n', s.n);
    return end ? (size_t)(end - s.p) : s.n;
  }
  if (s.n > 1 && c == '/' && s.p[1] == '*') {
    const char *end = memmem(s.p + 2, s.n - 2, "*/", 2);
    return end ? (size_t)(end - s.p) + 2 : s.n;
  }
  size_t n = 1;
  while (word_char(c) && n < s.n && word_char(s.p[n]))
    n++;
  return n;
}

static const char *translate_word(const struct driver *driver, struct span word)
{
  for (const struct ddl_word *w = driver->words; w->from; w++)
    if (span_is(word, w->from))
      return w->to;
  return NULL;
}

char *store_ddl(const struct driver *driver, struct arena *arena, const char *text)
{
  struct buf out;
  buf_init(&out, (size_t)16 << 20);
  struct span rest = span_of(text);
  bool after_as = false; /* in CAST(x AS TEXT) the bare type is meant, which both engines know */
  while (rest.n) {
    struct span token = {rest.p, token_length(rest)};
    rest.p += token.n;
    rest.n -= token.n;
    const char *to = after_as ? NULL : translate_word(driver, token);
    if (to)
      buf_str(&out, to);
    else
      buf_span(&out, token);
    if (token.p[0] != ' ' && token.p[0] != '\n')
      after_as = span_is(token, "AS");
  }
  char *result = arena_dup(arena, buf_view(&out));
  buf_release(&out);
  return result;
}

/* ---- what has run ---- */

static void checksum_of(const struct migration *m, char out[2 * DIGEST_BYTES + 1])
{
  struct digest d = sha256(span_of(m->sql));
  hex_encode(d.b, sizeof d.b, out);
}

int migrations_create(struct db *db, struct error *error)
{
  struct arena arena = {0};
  int failed = db->driver->script(db, store_ddl(db->driver, &arena, CREATE), error);
  arena_release(&arena);
  return failed;
}

int migrations_read(struct db *db, struct arena *arena, struct applied_list *ret, struct error *error)
{
  struct rows rows;
  struct applied_list found = {0};
  if (db_query(db, &READ, NULL, 0, &rows, error))
    return -1;
  while (rows_next(&rows)) {
    found.list = arena_grow(arena, found.list, found.n, &found.cap, sizeof *found.list);
    found.list[found.n++] =
        (struct applied){rows_str(&rows, 0, arena), rows_int(&rows, 1), rows_str(&rows, 2, arena), rows_int(&rows, 3)};
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = found;
  return 0;
}

static const struct migration *find_migration(const struct migration *const *sets, const struct applied *a)
{
  for (; *sets; sets++)
    for (const struct migration *m = *sets; m->room; m++)
      if (m->number == a->number && strcmp(m->room, a->room) == 0)
        return m;
  return NULL;
}

static const struct applied *find_applied(const struct applied_list *applied, const struct migration *m)
{
  for (size_t i = 0; i < applied->n; i++)
    if (applied->list[i].number == m->number && strcmp(applied->list[i].room, m->room) == 0)
      return &applied->list[i];
  return NULL;
}

int migrations_check(const struct migration *const *sets, const struct applied_list *applied, struct error *error)
{
  for (size_t i = 0; i < applied->n; i++) {
    const struct applied *a = &applied->list[i];
    const struct migration *m = find_migration(sets, a);
    if (!m)
      return error_set(error, ERROR_INTERNAL, "store-newer", "数据库比本程序新（%s 第 %lld 步未知）；请使用较新的程序",
                       "The store is newer than this program (%s step %lld is unknown); use a newer program", a->room,
                       (long long)a->number);
    char checksum[2 * DIGEST_BYTES + 1];
    checksum_of(m, checksum);
    if (strcmp(checksum, a->checksum) != 0)
      return error_set(error, ERROR_INTERNAL, "store-altered",
                       "数据库结构 %s 第 %lld 步执行之后，程序中的定义被改动过；请使用原来的程序",
                       "The schema %s, step %lld, was altered in the program after it had run; use the original program", a->room,
                       (long long)a->number);
  }
  return 0;
}

static int run_one(struct db *db, const struct migration *m, moment at, struct error *error)
{
  struct arena arena = {0};
  char checksum[2 * DIGEST_BYTES + 1];
  checksum_of(m, checksum);
  int failed = db->driver->script(db, store_ddl(db->driver, &arena, m->sql), error);
  arena_release(&arena);
  if (failed)
    return error_at(error, "%s %d", m->room, m->number);
  return DB_EXEC(db, &WRITE, error, V_STR(m->room), V_INT(m->number), V_STR(checksum), V_INT(at));
}

int migrations_run(struct db *db, const struct migration *const *sets, const struct applied_list *applied, bool in,
                   struct error *error)
{
  moment now = moment_now();
  for (; *sets; sets++)
    for (const struct migration *m = *sets; m->room; m++) {
      const struct applied *a = find_applied(applied, m);
      if ((a != NULL) == in && run_one(db, m, a ? a->at : now, error))
        return -1;
    }
  return 0;
}

static int refuse_old(const struct migration *const *sets, const struct applied_list *applied, struct error *error)
{
  for (; *sets; sets++)
    for (const struct migration *m = *sets; m->room; m++)
      if (!find_applied(applied, m))
        return error_set(error, ERROR_BUSY, "store-old", "数据库结构需要升级（%s 第 %d 步），请先停止其他节点",
                         "The store's schema must be brought up to date (%s step %d): stop the other nodes first", m->room,
                         m->number);
  return 0;
}

static int migrate_inside(struct db *db, const struct migration *const *sets, struct error *error)
{
  struct arena arena = {0};
  struct applied_list applied;
  bool shared = db->mode == DB_SHARE;
  int failed = (!shared && migrations_create(db, error)) || migrations_read(db, &arena, &applied, error) ||
               migrations_check(sets, &applied, error) ||
               (shared ? refuse_old(sets, &applied, error) : migrations_run(db, sets, &applied, false, error));
  arena_release(&arena);
  return failed ? -1 : 0;
}

int store_migrate(struct db *db, const struct migration *const *sets, struct error *error)
{
  if (db_begin(db, error))
    return -1;
  int failed = migrate_inside(db, sets, error);
  if (failed)
    db_rollback(db);
  else
    failed = db_commit(db, error);
  db->driver->forget(db); /* plans made for the old schema */
  return failed;
}
