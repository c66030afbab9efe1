#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"
#include "both_stores.h"
#include "store/blob.h"
#include "store/many.h"
#include "store/store.h"

/* ---- a small schema of the tests' own ---- */

static const struct migration THINGS[] = {
    {"things", 1,
     "-- BIGKEY in a comment stays; so does the literal\n"
     "CREATE TABLE thing (id BIGKEY, n BIGINT, name TEXT NOT NULL DEFAULT 'TEXT', body BYTES);\n"
     "CREATE UNIQUE INDEX thing_name ON thing (name);\n"},
    {"things", 2, "CREATE TABLE empty_one (id BIGKEY);\n"},
    {NULL, 0, NULL},
};
static const struct migration *const SETS[] = {THINGS, NULL};

static const struct sql PUT = {"INSERT INTO thing (id, n, name, body) VALUES ($1, $2, $3, $4)"};
static const struct sql GET = {"SELECT n, name, body FROM thing WHERE id = $1"};
static const struct sql ALL = {"SELECT id, n, name, body FROM thing ORDER BY id"};
static const struct sql COUNT = {"SELECT count(*) FROM thing"};

#define must(expression)                                                                                                           \
  do {                                                                                                                             \
    if (expression)                                                                                                                \
      fail_msg("%s: %s: %s", #expression, error.name, error.en);                                                                   \
  } while (0)

#define must_fail(expression, kind)                                                                                                \
  do {                                                                                                                             \
    assert_int_equal((expression), -1);                                                                                            \
    assert_string_equal(error.name, kind);                                                                                         \
    assert_true(error.zh[0] && error.en[0]);                                                                                       \
  } while (0)

static struct error error;

struct open_store {
  struct store *store;
  struct db *db;
};

static struct open_store open_migrated(const char *url)
{
  struct open_store s;
  must(store_open(url, &s.store, &error));
  must(store_connect(s.store, DB_WRITE, &s.db, &error));
  must(store_migrate(s.db, SETS, &error));
  return s;
}

static void close_store(struct open_store *s)
{
  db_close(s->db);
  store_close(s->store);
}

static void put(struct db *db, int64_t id, const char *name)
{
  must(DB_EXEC(db, &PUT, &error, V_INT(id), V_INT(id * 10), V_STR(name), V_NULL));
}

static int64_t count(struct db *db)
{
  struct rows rows;
  must(db_query(db, &COUNT, NULL, 0, &rows, &error));
  assert_true(rows_next(&rows));
  int64_t n = rows_int(&rows, 0);
  assert_false(rows_next(&rows));
  must(rows_close(&rows, &error));
  return n;
}

/* ---- values ---- */

static void check_row(struct db *db, int64_t id, struct value n, struct value name, struct value body)
{
  struct rows rows;
  struct arena arena = {0};
  must(DB_QUERY(db, &GET, &rows, &error, V_INT(id)));
  assert_true(rows_next(&rows));
  assert_int_equal(rows_is_null(&rows, 0), n.type == VALUE_NULL);
  assert_true(rows_int(&rows, 0) == n.i);
  assert_true(span_eq(rows_span(&rows, 1), name.s));
  assert_int_equal(strlen(rows_str(&rows, 1, &arena)), name.s.n);
  assert_int_equal(rows_is_null(&rows, 2), body.type == VALUE_NULL);
  assert_true(span_eq(rows_span(&rows, 2), body.s));
  assert_false(rows_next(&rows));
  must(rows_close(&rows, &error));
  arena_release(&arena);
}

static void round_trip(const char *url)
{
  const struct value cases[][3] = {
      {V_INT(0), V_STR(""), V_BYTES("", 0)},
      {V_INT(INT64_MAX), V_STR("𠮷野家 𪚥 㐀"), V_BYTES("\0a\0\xff", 4)},
      {V_INT(INT64_MIN), V_STR("it's \"quoted\" $1 ?"), V_NULL},
      {V_NULL, V_STR("null"), V_BYTES("\0", 1)},
      {V_INT(-1), V_TEXT(((struct span){NULL, 0})), V_BYTES(NULL, 0)},
  };
  struct open_store s = open_migrated(url);
  for (int in_transaction = 0; in_transaction < 2; in_transaction++) {
    if (in_transaction)
      must(db_begin(s.db, &error));
    static const struct sql CLEAR = {"DELETE FROM thing"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
      must(db_exec(s.db, &CLEAR, NULL, 0, &error));
      must(DB_EXEC(s.db, &PUT, &error, V_INT((int64_t)i + 1), cases[i][0], cases[i][1], cases[i][2]));
      check_row(s.db, (int64_t)i + 1, cases[i][0], cases[i][1], cases[i][2]);
    }
    if (in_transaction)
      must(db_commit(s.db, &error));
  }
  close_store(&s);
}

static void values_of_every_type_come_back_as_they_went_in(void **state)
{
  (void)state;
  for_each_store(round_trip);
}

static void refuse_text(const char *url)
{
  struct open_store s = open_migrated(url);
  must_fail(DB_EXEC(s.db, &PUT, &error, V_INT(1), V_NULL, V_TEXT(SPAN("a\0b")), V_NULL), "store-text");
  must_fail(DB_EXEC(s.db, &PUT, &error, V_INT(1), V_NULL, V_STR("12345678\xed\xa0\x80"), V_NULL), "store-text");
  assert_int_equal(count(s.db), 0);
  close_store(&s);
}

static void text_that_only_one_engine_would_take_is_refused_by_both(void **state)
{
  (void)state;
  for_each_store(refuse_text);
}

static void any_order(const char *url)
{
  static const struct sql SWAPPED = {"INSERT INTO thing (name, id, n, body) VALUES ($3, $1, $2, $4)"};
  static const struct sql TWICE = {"SELECT count(*) FROM thing WHERE (n = $2 OR id = $2) AND name <> $1 AND n >= $2"};
  struct open_store s = open_migrated(url);
  must(DB_EXEC(s.db, &SWAPPED, &error, V_INT(7), V_INT(70), V_STR("seven"), V_NULL));
  check_row(s.db, 7, V_INT(70), V_STR("seven"), V_NULL);
  struct rows rows;
  for (int64_t i = 7; i <= 70; i += 63) {
    must(DB_QUERY(s.db, &TWICE, &rows, &error, V_STR("six"), V_INT(i)));
    assert_true(rows_next(&rows));
    assert_int_equal(rows_int(&rows, 0), 1);
    must(rows_close(&rows, &error));
  }
  assert_int_equal(DB_EXEC(s.db, &PUT, &error, V_INT(1)), -1);
  close_store(&s);
}

static void parameters_may_come_in_any_order_and_repeat(void **state)
{
  (void)state;
  for_each_store(any_order);
}

static void nested(const char *url)
{
  struct open_store s = open_migrated(url);
  for (int64_t i = 1; i <= 3; i++) {
    char name[8];
    (void)snprintf(name, sizeof name, "n%d", (int)i);
    put(s.db, i, name);
  }
  struct rows outer, inner;
  int pairs = 0;
  must(db_query(s.db, &ALL, NULL, 0, &outer, &error));
  while (rows_next(&outer)) {
    must(db_query(s.db, &ALL, NULL, 0, &inner, &error));
    while (rows_next(&inner))
      pairs++;
    must(rows_close(&inner, &error));
    must(DB_QUERY(s.db, &GET, &inner, &error, V_INT(rows_int(&outer, 0))));
    must(rows_close(&inner, &error)); /* before its rows are read */
  }
  must(rows_close(&outer, &error));
  assert_int_equal(pairs, 9);
  close_store(&s);
}

static void the_same_query_may_run_inside_itself(void **state)
{
  (void)state;
  for_each_store(nested);
}

static void returning(const char *url)
{
  static const struct sql ADD = {"INSERT INTO thing (id, n, name) VALUES ($1, $2, $3)"
                                 " ON CONFLICT (id) DO UPDATE SET n = thing.n + excluded.n RETURNING n"};
  static const struct sql SUM = {"SELECT sum(n), n > 3, max(name) FROM thing GROUP BY n > 3"};
  struct open_store s = open_migrated(url);
  struct rows rows;
  must(DB_QUERY(s.db, &ADD, &rows, &error, V_INT(1), V_INT(2), V_STR("a")));
  must(rows_close(&rows, &error));
  must(db_begin(s.db, &error));
  must(DB_QUERY(s.db, &ADD, &rows, &error, V_INT(1), V_INT(3), V_STR("a")));
  assert_true(rows_next(&rows));
  assert_int_equal(rows_int(&rows, 0), 5);
  must(rows_close(&rows, &error));
  must(db_commit(s.db, &error));
  must(db_query(s.db, &SUM, NULL, 0, &rows, &error));
  assert_true(rows_next(&rows));
  assert_int_equal(rows_int(&rows, 0), 5);
  assert_int_equal(rows_int(&rows, 1), 1);
  must(rows_close(&rows, &error));
  close_store(&s);
}

static void inserts_may_return_rows_and_sums_are_integers(void **state)
{
  (void)state;
  for_each_store(returning);
}

/* ---- transactions ---- */

static void commit_and_snapshot(const char *url)
{
  struct open_store s = open_migrated(url);
  struct db *reader;
  must(store_connect(s.store, DB_READ, &reader, &error));
  must(db_begin(s.db, &error));
  put(s.db, 1, "one");
  assert_int_equal(count(s.db), 1);
  assert_int_equal(count(reader), 0);
  must(db_commit(s.db, &error));
  assert_int_equal(count(reader), 1);
  must(db_begin(reader, &error));
  put(s.db, 2, "two");
  assert_int_equal(count(reader), 1); /* the snapshot is that of begin */
  put(s.db, 3, "three");
  assert_int_equal(count(reader), 1);
  must(db_commit(reader, &error));
  assert_int_equal(count(reader), 3);
  db_close(reader);
  close_store(&s);
}

static void a_commit_is_seen_at_once_and_a_snapshot_stays_as_it_was(void **state)
{
  (void)state;
  for_each_store(commit_and_snapshot);
}

static void constraint(const char *url)
{
  struct open_store s = open_migrated(url);
  put(s.db, 1, "one");
  must(db_begin(s.db, &error));
  put(s.db, 2, "two");
  int failed = DB_EXEC(s.db, &PUT, &error, V_INT(3), V_NULL, V_STR("one"), V_NULL);
  if (store_is_sqlite(s.store))
    assert_int_equal(failed, -1);
  (void)DB_EXEC(s.db, &PUT, &error, V_INT(4), V_NULL, V_STR("four"), V_NULL);
  must_fail(db_commit(s.db, &error), "store-constraint");
  assert_int_equal(error.code, ERROR_CONFLICT);
  assert_int_equal(count(s.db), 1);
  must(db_begin(s.db, &error));
  put(s.db, 5, "five");
  struct rows rows;
  (void)DB_EXEC(s.db, &PUT, &error, V_INT(5), V_NULL, V_STR("again"), V_NULL);
  must_fail(db_query(s.db, &COUNT, NULL, 0, &rows, &error), "store-constraint");
  db_rollback(s.db);
  assert_int_equal(count(s.db), 1);
  put(s.db, 6, "six");
  assert_int_equal(count(s.db), 2);
  assert_false(db_is_broken(s.db));
  close_store(&s);
}

static void a_failed_statement_fails_its_transaction_and_nothing_is_kept(void **state)
{
  (void)state;
  for_each_store(constraint);
}

static void many(const char *url)
{
  struct open_store s = open_migrated(url);
  char name[32];
  static char big[4000];
  memset(big, 'x', sizeof big);
  must(db_begin(s.db, &error));
  for (int64_t i = 0; i < 5000; i++) {
    (void)snprintf(name, sizeof name, "name %d", (int)i);
    must(DB_EXEC(s.db, &PUT, &error, V_INT(i), V_INT(i), V_STR(name), V_BYTES(big, sizeof big)));
  }
  must(db_commit(s.db, &error));
  assert_int_equal(count(s.db), 5000);
  must(db_begin(s.db, &error));
  int failed = 0;
  for (int64_t i = 5000; i < 9000 && !failed; i++) { /* every third statement in the middle conflicts */
    (void)snprintf(name, sizeof name, "name %d", i > 6000 && i % 3 == 0 ? 17 : (int)i);
    failed = DB_EXEC(s.db, &PUT, &error, V_INT(i), V_INT(i), V_STR(name), V_NULL);
  }
  must_fail(db_commit(s.db, &error), "store-constraint");
  assert_int_equal(count(s.db), 5000);
  must(db_begin(s.db, &error));
  put(s.db, 10000, "after");
  must(db_commit(s.db, &error));
  assert_int_equal(count(s.db), 5001);
  close_store(&s);
}

static void thousands_of_statements_go_in_one_transaction_or_none_of_them(void **state)
{
  (void)state;
  for_each_store(many);
}

static void misuse(const char *url)
{
  static const struct sql WRONG = {"SELEKT 1"};
  struct open_store s = open_migrated(url);
  must_fail(db_commit(s.db, &error), "store-statement");
  must(db_begin(s.db, &error));
  must_fail(db_begin(s.db, &error), "store-statement");
  db_rollback(s.db);
  db_rollback(s.db);
  must_fail(db_exec(s.db, &WRONG, NULL, 0, &error), "store-statement");
  must_fail(db_exec(s.db, &WRONG, NULL, 0, &error), "store-statement");
  put(s.db, 1, "still works");
  close_store(&s);
}

/* ---- many rows at once ---- */

static const struct sql PUT_OR_NAME = {"INSERT INTO thing (id, n, name, body) VALUES ($1, $2, $3, $4)"
                                       " ON CONFLICT (id) DO UPDATE SET n = thing.n + excluded.n, name = excluded.name"};
static const struct sql MOVE = {"UPDATE thing SET n = n + $2, name = $3 WHERE id = $1"};
static const struct sql REMOVE = {"DELETE FROM thing WHERE id = $1"};

#define MANY 2500

static void many_of_every_type(const char *url)
{
  struct open_store s = open_migrated(url);
  char *large = calloc(1, 3000001), (*names)[24] = calloc(MANY, sizeof *names);
  struct value(*v)[4] = calloc(MANY, sizeof *v);
  assert_true(large && names && v);
  memset(large, 'x', 3000000);
  for (int i = 0; i < MANY; i++) {
    if (i != 1) /* an empty one */
      (void)snprintf(names[i], sizeof names[i], "第%d号 it's $1", i);
    v[i][0] = V_INT(i + 1);
    v[i][1] = i % 3 ? V_INT(INT64_MIN + i) : V_NULL;
    v[i][2] = V_STR(names[i]);
    v[i][3] = i % 5 == 0 ? V_NULL : i == 2 ? V_BYTES(large, 3000000) : V_BYTES("\0a\0\xff", (size_t)i % 5);
  }
  must(db_begin(s.db, &error));
  must(db_exec_many(s.db, &PUT, v[0], 4, 0, &error));
  must(db_exec_many(s.db, &PUT, v[0], 4, MANY, &error));
  must(db_commit(s.db, &error));
  assert_int_equal(count(s.db), MANY);
  for (int i = 0; i < MANY; i += i < 10 ? 1 : 97)
    check_row(s.db, i + 1, v[i][1], v[i][2], v[i][3]);

  must(db_begin(s.db, &error));
  must(db_exec_many(s.db, &REMOVE, (struct value[]){V_INT(2), V_INT(3), V_INT(MANY + 9)}, 1, 3, &error));
  must(db_commit(s.db, &error));
  assert_int_equal(count(s.db), MANY - 2);

  must(db_begin(s.db, &error)); /* a column that is never but NULL, and one of two types */
  must(db_exec_many(s.db, &PUT, (struct value[]){V_INT(9001), V_NULL, V_STR("p"), V_NULL, V_INT(9002), V_NULL, V_STR("q"), V_NULL},
                    4, 2, &error));
  must(db_commit(s.db, &error));
  check_row(s.db, 9002, V_NULL, V_STR("q"), V_NULL);
  free(v);
  free(names);
  free(large);
  close_store(&s);
}

static void many_rows_hold_values_of_every_type(void **state)
{
  (void)state;
  for_each_store(many_of_every_type);
}

static void many_with_repeated_keys(const char *url)
{
  struct open_store s = open_migrated(url);
  const struct value rows[] = {V_INT(1), V_INT(10), V_STR("a"), V_NULL, V_INT(2), V_INT(20), V_STR("b"), V_NULL,
                               V_INT(1), V_INT(5),  V_STR("c"), V_NULL, V_INT(1), V_INT(7),  V_STR("d"), V_NULL};
  must(db_begin(s.db, &error));
  must(db_exec_many(s.db, &PUT_OR_NAME, rows, 4, 4, &error));
  must(db_commit(s.db, &error));
  check_row(s.db, 1, V_INT(22), V_STR("d"), V_NULL);
  check_row(s.db, 2, V_INT(20), V_STR("b"), V_NULL);
  const struct value moves[] = {V_INT(1), V_INT(1), V_STR("e"), V_INT(2), V_INT(2), V_STR("f"), V_INT(1), V_INT(3), V_STR("g")};
  must(db_begin(s.db, &error));
  must(db_exec_many(s.db, &MOVE, moves, 3, 3, &error));
  must(db_commit(s.db, &error));
  check_row(s.db, 1, V_INT(26), V_STR("g"), V_NULL);
  check_row(s.db, 2, V_INT(22), V_STR("f"), V_NULL);
  close_store(&s);
}

static void rows_of_one_key_are_written_in_their_order(void **state)
{
  (void)state;
  for_each_store(many_with_repeated_keys);
}

static void many_that_fail(const char *url)
{
  struct open_store s = open_migrated(url);
  const struct value rows[] = {V_INT(1), V_INT(1), V_STR("a"), V_NULL, V_INT(2), V_INT(1), V_STR("a"), V_NULL};
  must_fail(db_exec_many(s.db, &PUT, rows, 4, 2, &error), "store-statement"); /* outside of a transaction */
  must(db_begin(s.db, &error));
  int failed = db_exec_many(s.db, &PUT, rows, 4, 2, &error);
  if (!failed)
    failed = db_commit(s.db, &error);
  else
    db_rollback(s.db);
  assert_int_equal(failed, -1);
  assert_string_equal(error.name, "store-constraint");
  assert_int_equal(count(s.db), 0);
  close_store(&s);
}

static void one_bad_row_of_many_fails_the_transaction(void **state)
{
  (void)state;
  for_each_store(many_that_fail);
}

static const char *derived(struct arena *arena, const char *text, size_t columns)
{
  struct many_form form;
  many_derive(text, columns, arena, &form);
  return form.text ? form.text : "";
}

static void the_statement_for_many_rows_is_made_of_that_for_one(void **state)
{
  (void)state;
  struct arena arena = {0};
  assert_string_equal(
      derived(&arena, "INSERT INTO t (a, b, c) VALUES ($2, $1, '$3') ON CONFLICT (a) DO UPDATE SET b = excluded.b", 2),
      "INSERT INTO t (a, b, c) SELECT many.v2, many.v1, '$3' FROM unnest($1, $2) AS many (v1, v2)"
      " ON CONFLICT (a) DO UPDATE SET b = excluded.b");
  assert_string_equal(derived(&arena, "UPDATE t SET a = $2 WHERE id = $1", 2),
                      "UPDATE t SET a = many.v2 FROM unnest($1, $2) AS many (v1, v2) WHERE id = many.v1");
  assert_string_equal(derived(&arena, "DELETE FROM t WHERE id = $1", 1),
                      "DELETE FROM t USING unnest($1) AS many (v1) WHERE id = many.v1");
  static const char *const others[] = {"INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET b = $1",
                                       "INSERT INTO t (a) SELECT a FROM s WHERE a = $1",
                                       "INSERT INTO t (a) VALUES (CAST($1 AS TEXT))",
                                       "INSERT INTO t (a) VALUES ($1) RETURNING a",
                                       "UPDATE t SET a = (SELECT 1) WHERE id = $1",
                                       "UPDATE t SET a = 1 WHERE id <= $1",
                                       "DELETE FROM t WHERE a = $1 OR b = $1",
                                       "SELECT $1",
                                       "INSERT INTO t (a, b) VALUES ($1, 1) ON CONFLICT (b) DO UPDATE SET a = excluded.a"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_string_equal(derived(&arena, others[i], 1), "");
  arena_release(&arena);
}

static void a_wrong_statement_is_an_error_and_the_store_goes_on(void **state)
{
  (void)state;
  for_each_store(misuse);
}

/* ---- who may write ---- */

static void second_writer(const char *url)
{
  struct open_store s = open_migrated(url);
  struct store *other;
  struct db *db;
  must(store_open(url, &other, &error));
  must_fail(store_connect(other, DB_WRITE, &db, &error), "store-locked");
  must(store_connect(other, DB_READ, &db, &error));
  must_fail(DB_EXEC(db, &PUT, &error, V_INT(1), V_NULL, V_STR("x"), V_NULL), "store-read-only");
  assert_int_equal(count(db), 0);
  db_close(db);
  db_close(s.db);
  must(store_connect(other, DB_WRITE, &s.db, &error)); /* the lock went with its holder */
  store_close(other);
  close_store(&s);
}

static void only_one_may_write(void **state)
{
  (void)state;
  for_each_store(second_writer);
}

static void bad_urls_are_refused(void **state)
{
  (void)state;
  static const char *const bad[] = {"",
                                    "sqlite:",
                                    "mysql://x",
                                    "store.db",
                                    "postgresql://h/d?files=",
                                    "postgresql://h/d?files=%zz",
                                    "postgresql://h/d?files=%0",
                                    "postgresql://h/d?nonsense=1",
                                    "postgresql://[h/d"};
  struct store *store;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    must_fail(store_open(bad[i], &store, &error), "bad-store-url");
  must_fail(store_open("sqlite:/no/such/directory/store.db", &store, &error), "store-unreachable");
}

static void the_url_is_shown_without_its_password(void **state)
{
  (void)state;
  struct store *store;
  must(store_open("postgresql://me:s3cret@h:1/d?password=s3cret&files=/x%20y&sslmode=disable", &store, &error));
  assert_string_equal(store_url(store), "postgresql://me@h:1/d?sslmode=disable");
  store_close(store);
}

static void a_store_that_does_not_exist_is_not_created_by_a_reader(void **state)
{
  (void)state;
  struct fresh_store fresh;
  struct store *store;
  struct db *db;
  fresh_store(ON_SQLITE, &fresh);
  must(store_open(fresh.url, &store, &error));
  must_fail(store_connect(store, DB_READ, &db, &error), "store-unreachable");
  assert_int_equal(access(fresh.url + strlen("sqlite:"), F_OK), -1);
  store_close(store);
  fresh_store_remove(&fresh);
}

static void a_file_that_is_no_database_is_broken_and_stays_as_it_is(void **state)
{
  (void)state;
  struct fresh_store fresh;
  struct store *store;
  struct db *db;
  fresh_store(ON_SQLITE, &fresh);
  FILE *f = fopen(fresh.url + strlen("sqlite:"), "w");
  assert_non_null(f);
  for (int i = 0; i < 1000; i++)
    (void)fputs("this is a letter, not a database\n", f);
  assert_int_equal(fclose(f), 0);
  must(store_open(fresh.url, &store, &error));
  must_fail(store_connect(store, DB_WRITE, &db, &error), "store-broken");
  store_close(store);
  fresh_store_remove(&fresh);
}

/* ---- migrations ---- */

static void migrations(const char *url)
{
  static const struct migration more[] = {
      {"others", 1, "CREATE TABLE other (id BIGKEY, label TEXT NOT NULL);\nINSERT INTO other (id, label) VALUES (1, 'BIGINT');\n"},
      {NULL, 0, NULL}};
  static const struct migration altered[] = {
      {"things", 1, "CREATE TABLE thing (id BIGKEY);\n"}, {"things", 2, "CREATE TABLE empty_one (id BIGKEY);\n"}, {NULL, 0, NULL}};
  static const struct migration wrong[] = {
      {"wrong", 1, "CREATE TABLE half (id BIGKEY);\n"}, {"wrong", 2, "CREATE nonsense;\n"}, {NULL, 0, NULL}};
  const struct migration *const both[] = {THINGS, more, NULL}, *const changed[] = {altered, NULL},
                                *const bad[] = {THINGS, wrong, NULL};
  static const struct sql LABEL = {"SELECT label FROM other WHERE id = 1"}, HALF = {"SELECT count(*) FROM half"};
  struct open_store s = open_migrated(url);
  struct rows rows;
  put(s.db, 1, "kept");
  must(store_migrate(s.db, SETS, &error));
  must_fail(store_migrate(s.db, changed, &error), "store-altered");
  must_fail(store_migrate(s.db, bad, &error), "store-statement");
  must_fail(db_query(s.db, &HALF, NULL, 0, &rows, &error), "store-statement");
  must(store_migrate(s.db, both, &error));
  must(db_query(s.db, &LABEL, NULL, 0, &rows, &error));
  assert_true(rows_next(&rows));
  assert_true(span_is(rows_span(&rows, 0), "BIGINT"));
  must(rows_close(&rows, &error));
  must_fail(store_migrate(s.db, SETS, &error), "store-newer");
  assert_int_equal(count(s.db), 1);
  close_store(&s);
}

static void migrations_run_once_and_a_newer_or_altered_store_is_refused(void **state)
{
  (void)state;
  for_each_store(migrations);
}

/* ---- several at once ---- */

struct watch {
  struct store *store;
  atomic_bool stop;
  atomic_int reads, torn, failed;
};

/* Every transaction adds a pair that sums to nothing: a reader that sees another sum has seen half of one. */
static void *watch_sums(void *argument)
{
  static const struct sql SUM = {"SELECT sum(n), count(*) FROM thing"};
  struct watch *w = argument;
  struct db *db;
  struct error mine;
  if (store_connect(w->store, DB_READ, &db, &mine)) {
    w->failed++;
    return NULL;
  }
  while (!w->stop && !w->failed) {
    struct rows rows;
    if (db_query(db, &SUM, NULL, 0, &rows, &mine)) {
      w->failed++;
      break;
    }
    if (rows_next(&rows) && (rows_int(&rows, 0) != 0 || rows_int(&rows, 1) % 2 != 0))
      w->torn++;
    if (rows_close(&rows, &mine))
      w->failed++;
    w->reads++;
  }
  db_close(db);
  return NULL;
}

static void readers_beside_a_writer(const char *url)
{
  static char block[3000]; /* so that the writer checkpoints a few times */
  struct open_store s = open_migrated(url);
  struct watch w = {.store = s.store};
  pthread_t threads[2];
  for (size_t i = 0; i < 2; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, watch_sums, &w), 0);
  for (int64_t i = 0; i < 1500 || w.reads < 10; i++) {
    char names[2][24];
    (void)snprintf(names[0], sizeof names[0], "up %d", (int)i);
    (void)snprintf(names[1], sizeof names[1], "down %d", (int)i);
    must(db_begin(s.db, &error));
    must(DB_EXEC(s.db, &PUT, &error, V_INT(2 * i), V_INT(i), V_STR(names[0]), V_BYTES(block, sizeof block)));
    must(DB_EXEC(s.db, &PUT, &error, V_INT(2 * i + 1), V_INT(-i), V_STR(names[1]), V_NULL));
    must(db_commit(s.db, &error));
    if (w.failed)
      break;
  }
  w.stop = true;
  for (size_t i = 0; i < 2; i++)
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  assert_int_equal(w.failed, 0);
  assert_int_equal(w.torn, 0);
  close_store(&s);
}

static void readers_see_whole_transactions_while_a_writer_writes(void **state)
{
  (void)state;
  for_each_store(readers_beside_a_writer);
}

/* As a restart of the server does, for this database. */
static void a_reader_comes_back_after_postgres_went_and_a_writer_stops(void **state)
{
  (void)state;
  static const struct sql KILL = {"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                                  " WHERE datname = current_database() AND pid <> pg_backend_pid()"};
  struct fresh_store fresh;
  struct db *reader, *killer;
  struct rows rows;
  if (!have_postgres())
    skip();
  fresh_store(ON_POSTGRES, &fresh);
  struct open_store s = open_migrated(fresh.url);
  must(store_connect(s.store, DB_READ, &reader, &error));
  must(store_connect(s.store, DB_READ, &killer, &error));
  put(s.db, 1, "one");
  assert_int_equal(count(reader), 1);
  must(db_begin(s.db, &error));
  put(s.db, 2, "two");
  must(db_query(killer, &KILL, NULL, 0, &rows, &error));
  assert_true(rows_next(&rows) && rows_int(&rows, 0) == 2);
  must(rows_close(&rows, &error));
  assert_int_equal(count(reader), 1); /* nobody hears of it */
  must_fail(db_commit(s.db, &error), "store-broken");
  assert_true(db_is_broken(s.db));
  must_fail(db_begin(s.db, &error), "store-broken");
  db_close(s.db);
  must(store_connect(s.store, DB_WRITE, &s.db, &error));
  assert_int_equal(count(s.db), 1);
  db_close(killer);
  db_close(reader);
  close_store(&s);
  fresh_store_remove(&fresh);
}

/* ---- attachments ---- */

static struct digest put_blob(struct store *store, const char *directory, const void *bytes, size_t n)
{
  char path[600];
  struct digest digest;
  int64_t size;
  (void)snprintf(path, sizeof path, "%s/upload", directory);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
  must(blob_put(store, fd, &digest, &size, &error));
  assert_true(size == (int64_t)n);
  assert_int_equal(close(fd), 0);
  assert_int_equal(unlink(path), 0);
  return digest;
}

static void check_blob(struct store *store, const struct digest *digest, const void *bytes, size_t n)
{
  int fd;
  int64_t size;
  char *read_back = malloc(n + 1);
  must(blob_open(store, digest, &fd, &size, &error));
  assert_true(size == (int64_t)n);
  assert_true(read(fd, read_back, n + 1) == (ssize_t)n);
  assert_memory_equal(read_back, bytes, n);
  assert_int_equal(close(fd), 0);
  free(read_back);
}

static void blobs(const struct fresh_store *fresh)
{
  struct store *store;
  struct digest want = sha256(SPAN("a plan\0of a room"));
  int fd;
  must(store_open(fresh->url, &store, &error));
  must_fail(blob_open(store, &want, &fd, NULL, &error), "blob-missing");
  must(blob_remove(store, &want, &error));
  struct digest once = put_blob(store, fresh->directory, "a plan\0of a room", 16);
  struct digest twice = put_blob(store, fresh->directory, "a plan\0of a room", 16);
  struct digest empty = put_blob(store, fresh->directory, "", 0);
  assert_true(digest_eq(&once, &want) && digest_eq(&twice, &want));
  check_blob(store, &want, "a plan\0of a room", 16);
  check_blob(store, &empty, "", 0);
  must(blob_remove(store, &want, &error));
  must_fail(blob_open(store, &want, &fd, NULL, &error), "blob-missing");
  must_fail(blob_put(store, -1, &once, NULL, &error), "blob-unreadable");
  store_close(store);
}

static void equal_attachments_are_stored_once(void **state)
{
  (void)state;
  for_each_fresh_store(blobs);
}

/* ---- backup and restore ---- */

struct content {
  struct digest small, large;
};

static char large_bytes[200000];

static struct content fill(struct open_store *s, const char *directory)
{
  struct content c;
  must(DB_EXEC(s->db, &PUT, &error, V_INT(INT64_MIN), V_INT(INT64_MAX), V_STR(""), V_NULL));
  must(DB_EXEC(s->db, &PUT, &error, V_INT(2), V_NULL, V_STR("𠮷野家"), V_BYTES("\0\xff\0", 3)));
  must(DB_EXEC(s->db, &PUT, &error, V_INT(3), V_INT(0), V_STR("empty"), V_BYTES("", 0)));
  for (size_t i = 0; i < sizeof large_bytes; i++)
    large_bytes[i] = (char)(i * i >> 3);
  must(DB_EXEC(s->db, &PUT, &error, V_INT(4), V_INT(-5), V_STR("large"), V_BYTES(large_bytes, sizeof large_bytes)));
  must(db_begin(s->db, &error));
  for (int64_t i = 100; i < 450; i++) {
    char name[16];
    (void)snprintf(name, sizeof name, "row %d", (int)i);
    must(DB_EXEC(s->db, &PUT, &error, V_INT(i), V_INT(i), V_STR(name), V_NULL));
  }
  must(db_commit(s->db, &error));
  c.small = put_blob(s->store, directory, "small", 5);
  c.large = put_blob(s->store, directory, large_bytes, sizeof large_bytes);
  return c;
}

/* All rows and the migrations as one digest, the same on both engines. */
static struct digest digest_of(struct db *db)
{
  static const struct sql MIGRATIONS = {
      "SELECT number, applied, room || checksum, NULL FROM schema_migrations ORDER BY room, number"};
  const struct sql *const queries[] = {&ALL, &MIGRATIONS};
  struct buf all;
  buf_init(&all, 1 << 24);
  for (size_t q = 0; q < 2; q++) {
    struct rows rows;
    must(db_query(db, queries[q], NULL, 0, &rows, &error));
    while (rows_next(&rows))
      for (int i = 0; i < 4; i++) {
        buf_printf(&all, "%d %lld %zu:", rows_is_null(&rows, i), (long long)rows_int(&rows, i), rows_span(&rows, i).n);
        buf_span(&all, rows_span(&rows, i));
      }
    must(rows_close(&rows, &error));
  }
  assert_false(all.full);
  struct digest d = sha256(buf_view(&all));
  buf_release(&all);
  return d;
}

static void back_and_forth(enum which_store from, enum which_store to)
{
  struct fresh_store source, target;
  char path[600];
  fresh_store(from, &source);
  fresh_store(to, &target);
  (void)snprintf(path, sizeof path, "%s/backup", source.directory);
  struct open_store s = open_migrated(source.url);
  struct content c = fill(&s, source.directory);
  struct store *reader; /* as another process would: the writer stays connected, in the middle of something */
  must(db_begin(s.db, &error));
  put(s.db, 999, "not committed");
  must(store_open(source.url, &reader, &error));
  must(store_backup(reader, SETS, path, &error));
  must_fail(store_backup(reader, SETS, path, &error), "backup-exists");
  store_close(reader);
  db_rollback(s.db);
  struct store *restored;
  struct db *db;
  must(store_open(target.url, &restored, &error));
  must(store_restore(restored, SETS, path, &error));
  must(store_connect(restored, DB_READ, &db, &error));
  struct digest before = digest_of(s.db), after = digest_of(db);
  assert_true(digest_eq(&before, &after));
  assert_int_equal(count(db), 354);
  db_close(db);
  check_blob(restored, &c.small, "small", 5);
  check_blob(restored, &c.large, large_bytes, sizeof large_bytes);
  must_fail(store_restore(restored, SETS, path, &error), "store-not-empty");
  must_fail(store_restore(s.store, SETS, path, &error), "store-locked");
  store_close(restored);
  close_store(&s);
  fresh_store_remove(&source);
  fresh_store_remove(&target);
}

static void a_backup_of_either_engine_restores_into_either(void **state)
{
  (void)state;
  for (int from = ON_SQLITE; from <= ON_POSTGRES; from++)
    for (int to = ON_SQLITE; to <= ON_POSTGRES; to++)
      if (have_postgres() || (from == ON_SQLITE && to == ON_SQLITE))
        back_and_forth((enum which_store)from, (enum which_store)to);
}

static void upgrade(const struct fresh_store *fresh)
{
  static const struct migration more[] = {{"others", 1,
                                           "CREATE TABLE other (id BIGKEY, label TEXT NOT NULL);\n"
                                           "INSERT INTO other (id, label) VALUES (1, 'seed');\n"},
                                          {NULL, 0, NULL}};
  static const struct migration altered[] = {{"things", 1, "CREATE TABLE thing (id BIGKEY);\n"}, {NULL, 0, NULL}};
  static const struct sql LABEL = {"SELECT count(*) FROM other"};
  const struct migration *const newer[] = {THINGS, more, NULL}, *const changed[] = {altered, NULL};
  char old_path[600], new_path[600];
  struct fresh_store other;
  struct store *target;
  struct db *db;
  struct rows rows;
  (void)snprintf(old_path, sizeof old_path, "%s/old", fresh->directory);
  (void)snprintf(new_path, sizeof new_path, "%s/new", fresh->directory);
  struct open_store s = open_migrated(fresh->url);
  put(s.db, 1, "one");
  must(store_backup(s.store, SETS, old_path, &error));
  must(store_migrate(s.db, newer, &error));
  must_fail(store_backup(s.store, SETS, new_path, &error), "store-newer");
  must(store_backup(s.store, newer, new_path, &error));
  close_store(&s);
  fresh_store(fresh->which, &other);
  must(store_open(other.url, &target, &error));
  must_fail(store_restore(target, SETS, new_path, &error), "backup-schema");
  must_fail(store_restore(target, changed, old_path, &error), "backup-schema");
  must(store_restore(target, newer, old_path, &error)); /* the old backup, and then the new migration */
  must(store_connect(target, DB_READ, &db, &error));
  assert_int_equal(count(db), 1);
  must(db_query(db, &LABEL, NULL, 0, &rows, &error));
  assert_true(rows_next(&rows) && rows_int(&rows, 0) == 1);
  must(rows_close(&rows, &error));
  db_close(db);
  store_close(target);
  fresh_store_remove(&other);
  fresh_store(fresh->which, &other);
  must(store_open(other.url, &target, &error));
  must(store_restore(target, newer, new_path, &error)); /* a migration's own rows do not meet the backup's */
  store_close(target);
  fresh_store_remove(&other);
}

static void an_old_backup_is_brought_up_to_date_and_a_newer_one_refused(void **state)
{
  (void)state;
  for_each_fresh_store(upgrade);
}

static void write_file(const char *path, const char *bytes, size_t n)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
  assert_int_equal(close(fd), 0);
}

static void refuse_damage(const struct fresh_store *fresh)
{
  char path[600], damaged[600], files[600];
  static char bytes[16384];
  struct store *target;
  struct rows rows;
  static const struct sql NOTHING = {"SELECT 1 FROM thing"};
  (void)snprintf(path, sizeof path, "%s/backup", fresh->directory);
  (void)snprintf(damaged, sizeof damaged, "%s/damaged", fresh->directory);
  struct fresh_store other;
  struct open_store s = open_migrated(fresh->url);
  put(s.db, 1, "one");
  put_blob(s.store, fresh->directory, "a blob", 6);
  must(store_backup(s.store, SETS, path, &error));
  close_store(&s);
  int fd = open(path, O_RDONLY);
  ssize_t n = read(fd, bytes, sizeof bytes);
  assert_true(n > 200 && n < (ssize_t)sizeof bytes);
  assert_int_equal(close(fd), 0);
  fresh_store(fresh->which, &other);
  (void)snprintf(files, sizeof files, "%s/store.db", other.directory);
  must(store_open(other.url, &target, &error));
  for (ssize_t i = 0; i < n; i++) {
    bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
    write_file(damaged, bytes, (size_t)n);
    bytes[i] = (char)(bytes[i] ^ (1 << (i % 8)));
    must_fail(store_restore(target, SETS, damaged, &error), "backup-damaged");
  }
  for (ssize_t length = 0; length < n; length++) {
    write_file(damaged, bytes, (size_t)length);
    must_fail(store_restore(target, SETS, damaged, &error), "backup-damaged");
  }
  bytes[n] = 'x';
  write_file(damaged, bytes, (size_t)n + 1);
  must_fail(store_restore(target, SETS, damaged, &error), "backup-damaged");
  if (fresh->which == ON_SQLITE)
    assert_int_equal(access(files, F_OK), -1);
  must(store_restore(target, SETS, path, &error));
  struct db *db;
  must(store_connect(target, DB_READ, &db, &error));
  must(db_query(db, &NOTHING, NULL, 0, &rows, &error));
  assert_true(rows_next(&rows));
  must(rows_close(&rows, &error));
  db_close(db);
  store_close(target);
  fresh_store_remove(&other);
}

static void every_flipped_byte_and_every_cut_of_a_backup_is_refused(void **state)
{
  (void)state;
  for_each_fresh_store(refuse_damage);
}

/* A file with a right checksum and wrong content is rolled back, and the SQLite file it had begun goes. */
static void a_backup_that_lies_leaves_nothing_behind(void **state)
{
  (void)state;
  struct fresh_store fresh, other;
  char path[600], file[600];
  static char bytes[16384];
  struct store *target;
  fresh_store(ON_SQLITE, &fresh);
  fresh_store(ON_SQLITE, &other);
  (void)snprintf(path, sizeof path, "%s/backup", fresh.directory);
  (void)snprintf(file, sizeof file, "%s/store.db", other.directory);
  struct open_store s = open_migrated(fresh.url);
  put(s.db, 1, "one");
  must(store_backup(s.store, SETS, path, &error));
  close_store(&s);
  int fd = open(path, O_RDONLY);
  ssize_t n = read(fd, bytes, sizeof bytes);
  assert_true(n > 200 && n < (ssize_t)sizeof bytes);
  assert_int_equal(close(fd), 0);
  must(store_open(other.url, &target, &error));
  size_t body = (size_t)n - DIGEST_BYTES;
  for (size_t i = strlen("onevisit-backup 1\n"); i < body; i++) {
    bytes[i] = (char)(bytes[i] ^ 0x40);
    struct digest d = sha256((struct span){bytes, body});
    memcpy(bytes + body, d.b, sizeof d.b);
    write_file(path, bytes, (size_t)n);
    bytes[i] = (char)(bytes[i] ^ 0x40);
    if (store_restore(target, SETS, path, &error) == 0) { /* a letter of a value: that cannot be known */
      struct db *db;
      must(store_connect(target, DB_READ, &db, &error));
      assert_int_equal(count(db), 1);
      db_close(db);
      assert_int_equal(unlink(file), 0);
      continue;
    }
    assert_int_equal(access(file, F_OK), -1);
  }
  store_close(target);
  fresh_store_remove(&fresh);
  fresh_store_remove(&other);
}

/* ---- the disk is full ---- */

static void fill_up(struct open_store *s, int64_t *ret_kept)
{
  static char block[100000];
  int64_t kept = 0;
  for (int64_t i = 1; i < 1000; i++) {
    must(db_begin(s->db, &error));
    int failed = DB_EXEC(s->db, &PUT, &error, V_INT(i), V_NULL, V_INT(i), V_BYTES(block, sizeof block));
    failed = db_commit(s->db, &error) || failed;
    if (failed) {
      assert_string_equal(error.name, "store-full");
      assert_int_equal(error.code, ERROR_BUSY);
      break;
    }
    kept = i;
  }
  *ret_kept = kept;
}

static void a_full_disk_changes_nothing_and_is_left_again(void **state)
{
  (void)state;
  struct fresh_store fresh;
  char ballast[600], url[700];
  static char zeroes[512 * 1024];
  fresh_store(ON_SQLITE, &fresh);
  if (mount("tmpfs", fresh.directory, "tmpfs", 0, "size=4m") != 0) {
    fresh_store_remove(&fresh);
    print_message("           (left out: mounting a small disk needs root: %s)\n", strerror(errno));
    skip();
  }
  (void)snprintf(ballast, sizeof ballast, "%s/ballast", fresh.directory);
  (void)snprintf(url, sizeof url, "sqlite:%s/store.db", fresh.directory);
  write_file(ballast, zeroes, sizeof zeroes);
  struct open_store s = open_migrated(url);
  int64_t kept, before;
  fill_up(&s, &before);
  assert_true(before > 5);
  assert_false(db_is_broken(s.db));
  assert_int_equal(count(s.db), before);
  must_fail(store_backup(s.store, SETS, ballast, &error), "backup-exists");
  assert_int_equal(unlink(ballast), 0);
  must(DB_EXEC(s.db, &PUT, &error, V_INT(5000), V_NULL, V_STR("space is back"), V_NULL));
  assert_int_equal(count(s.db), before + 1);
  close_store(&s);
  s = open_migrated(url);
  kept = count(s.db);
  assert_int_equal(kept, before + 1);
  close_store(&s);
  assert_int_equal(umount(fresh.directory), 0);
  fresh_store_remove(&fresh);
}

static void limited_child(const char *url)
{
  struct open_store s = open_migrated(url);
  struct rlimit limit = {400 * 1024, RLIM_INFINITY};
  int64_t before;
  (void)signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  fill_up(&s, &before);
  assert_true(before > 0 && before < 999);
  assert_int_equal(count(s.db), before);
  limit.rlim_cur = RLIM_INFINITY;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  put(s.db, 5000, "space is back");
  assert_int_equal(count(s.db), before + 1);
  close_store(&s);
}

static void a_file_at_its_limit_is_a_full_disk(void **state)
{
  (void)state;
  struct fresh_store fresh;
  int status;
  fresh_store(ON_SQLITE, &fresh);
  (void)fflush(NULL);
  pid_t child = fork(); /* the limit is the process's, and so are the locks */
  assert_true(child >= 0);
  if (child == 0) {
    limited_child(fresh.url);
    _exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  fresh_store_remove(&fresh);
}

static void a_store_one_may_not_write_is_read_only(void **state)
{
  (void)state;
  struct fresh_store fresh;
  int status;
  fresh_store(ON_SQLITE, &fresh);
  struct open_store s = open_migrated(fresh.url);
  close_store(&s);
  assert_int_equal(chmod(fresh.directory, 0555), 0);
  assert_int_equal(chmod(fresh.url + strlen("sqlite:"), 0444), 0);
  (void)fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (getuid() == 0 && setuid(65534)) /* root may write everything */
      _exit(1);
    struct store *store;
    struct db *db;
    must(store_open(fresh.url, &store, &error));
    must_fail(store_connect(store, DB_WRITE, &db, &error), "store-read-only");
    store_close(store);
    _exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(chmod(fresh.directory, 0755), 0);
  fresh_store_remove(&fresh);
}

/* A writer that is killed: what it had committed is there, the rest is not, and its lock is free. */
static void killed(const char *url)
{
  struct open_store s = open_migrated(url);
  close_store(&s);
  (void)fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    s = open_migrated(url);
    must(db_begin(s.db, &error));
    put(s.db, 1, "kept");
    must(db_commit(s.db, &error));
    must(db_begin(s.db, &error));
    put(s.db, 2, "lost");
    (void)count(s.db);
    (void)raise(SIGKILL);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status));
  must(store_open(url, &s.store, &error));
  int failed = -1;
  for (int tries = 0; failed && tries < 100; tries++) { /* PostgreSQL sees a moment later that it went */
    failed = store_connect(s.store, DB_WRITE, &s.db, &error);
    if (failed)
      (void)usleep(50000);
  }
  must(failed);
  check_row(s.db, 1, V_INT(10), V_STR("kept"), V_NULL);
  assert_int_equal(count(s.db), 1);
  close_store(&s);
}

static void a_killed_writer_leaves_what_it_committed_and_no_lock(void **state)
{
  (void)state;
  for_each_store(killed);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_of_every_type_come_back_as_they_went_in),
      cmocka_unit_test(text_that_only_one_engine_would_take_is_refused_by_both),
      cmocka_unit_test(parameters_may_come_in_any_order_and_repeat),
      cmocka_unit_test(the_same_query_may_run_inside_itself),
      cmocka_unit_test(inserts_may_return_rows_and_sums_are_integers),
      cmocka_unit_test(a_commit_is_seen_at_once_and_a_snapshot_stays_as_it_was),
      cmocka_unit_test(a_failed_statement_fails_its_transaction_and_nothing_is_kept),
      cmocka_unit_test(thousands_of_statements_go_in_one_transaction_or_none_of_them),
      cmocka_unit_test(many_rows_hold_values_of_every_type),
      cmocka_unit_test(rows_of_one_key_are_written_in_their_order),
      cmocka_unit_test(one_bad_row_of_many_fails_the_transaction),
      cmocka_unit_test(the_statement_for_many_rows_is_made_of_that_for_one),
      cmocka_unit_test(a_wrong_statement_is_an_error_and_the_store_goes_on),
      cmocka_unit_test(only_one_may_write),
      cmocka_unit_test(bad_urls_are_refused),
      cmocka_unit_test(the_url_is_shown_without_its_password),
      cmocka_unit_test(a_store_that_does_not_exist_is_not_created_by_a_reader),
      cmocka_unit_test(a_file_that_is_no_database_is_broken_and_stays_as_it_is),
      cmocka_unit_test(migrations_run_once_and_a_newer_or_altered_store_is_refused),
      cmocka_unit_test(readers_see_whole_transactions_while_a_writer_writes),
      cmocka_unit_test(a_reader_comes_back_after_postgres_went_and_a_writer_stops),
      cmocka_unit_test(equal_attachments_are_stored_once),
      cmocka_unit_test(a_backup_of_either_engine_restores_into_either),
      cmocka_unit_test(an_old_backup_is_brought_up_to_date_and_a_newer_one_refused),
      cmocka_unit_test(every_flipped_byte_and_every_cut_of_a_backup_is_refused),
      cmocka_unit_test(a_backup_that_lies_leaves_nothing_behind),
      cmocka_unit_test(a_full_disk_changes_nothing_and_is_left_again),
      cmocka_unit_test(a_file_at_its_limit_is_a_full_disk),
      cmocka_unit_test(a_store_one_may_not_write_is_read_only),
      cmocka_unit_test(a_killed_writer_leaves_what_it_committed_and_no_lock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
