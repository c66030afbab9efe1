#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "both_stores.h"
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
      cmocka_unit_test(a_wrong_statement_is_an_error_and_the_store_goes_on),
      cmocka_unit_test(only_one_may_write),
      cmocka_unit_test(bad_urls_are_refused),
      cmocka_unit_test(the_url_is_shown_without_its_password),
      cmocka_unit_test(a_store_that_does_not_exist_is_not_created_by_a_reader),
      cmocka_unit_test(a_file_that_is_no_database_is_broken_and_stays_as_it_is),
      cmocka_unit_test(migrations_run_once_and_a_newer_or_altered_store_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
