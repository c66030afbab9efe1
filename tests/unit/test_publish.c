/* Sealing in batches, publishing, and the lock, on both stores. Witnesses and deaths: tests/ledger/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "both_stores.h"
#include "engine/engine.h"
#include "engine/lock.h"
#include "ledger/leaf.h"
#include "ledger/logdir.h"

#define ORIGIN "notes.example/log"

/* A kind that keeps whatever it is told, in as many events as are asked for. */
static int note_decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  (void)state;
  (void)error;
  for (int64_t i = 0, n = json_int(c->data, "times"); i < n; i++)
    decision_emit(d, "noted", "some-item", json_deep_copy(c->data));
  return 0;
}

static int note_evolve(void *state, struct arena *arena, const struct event *e)
{
  (void)arena;
  (void)e;
  ++*(int *)state;
  return 0;
}

static const struct kind note_kind = {"note", sizeof(int), note_decide, note_evolve, NULL, NULL};
static const struct kind *const kinds[] = {&note_kind, NULL};
static const struct migration *const sets[] = {engine_migrations, NULL};

struct fixture {
  char keys[700], log[700], url[1024];
  struct store *store;
  struct engine *engine;
};

static int open_engine(struct fixture *f, struct error *error)
{
  const struct engine_options options = {.kinds = kinds, .key_dir = f->keys, .origin = ORIGIN, .log_dir = f->log, .seal_ms = 20};
  return engine_open(f->store, &options, &f->engine, error);
}

static void start(struct fixture *f)
{
  struct error error = {0};
  struct db *db;
  assert_int_equal(store_open(f->url, &f->store, &error), 0);
  assert_int_equal(store_connect(f->store, DB_WRITE, &db, &error), 0);
  assert_int_equal(store_migrate(db, sets, &error), 0);
  db_close(db);
  if (open_engine(f, &error))
    fail_msg("%s", error.en);
}

static void stop(struct fixture *f)
{
  engine_close(f->engine);
  store_close(f->store);
  *f = (struct fixture){0};
}

static struct fixture fixture_of(const struct fresh_store *fresh)
{
  struct fixture f;
  (void)snprintf(f.url, sizeof f.url, "%s", fresh->url);
  (void)snprintf(f.keys, sizeof f.keys, "%s/signing", fresh->directory);
  (void)snprintf(f.log, sizeof f.log, "%s/public", fresh->directory);
  return f;
}

static void say(struct fixture *f, int64_t id, const char *agency, json_t *data)
{
  struct error error = {0};
  const struct command c = {.kind = &note_kind,
                            .id = id,
                            .expect = -1,
                            .type = "note",
                            .key = "",
                            .actor = {"staff:1", "clerk", agency, "window"},
                            .data = data};
  if (engine_do(f->engine, &c, NULL, &error))
    fail_msg("%s", error.en);
  json_decref(data);
}

static void say_times(struct fixture *f, int64_t id, const char *agency, int times)
{
  say(f, id, agency, json_pack("{s:i, s:[s,s], s:{s:n}}", "times", times, "list", "一", "b\"\\", "deep", "nothing"));
}

static void publish(struct fixture *f)
{
  struct error error = {0};
  if (engine_publish(f->engine, 10000, &error))
    fail_msg("%s", error.en);
}

static void verify(struct fixture *f, int64_t events)
{
  struct db *db;
  struct ledger_report report;
  struct error error = {0};
  assert_int_equal(store_connect(f->store, DB_READ, &db, &error), 0);
  if (engine_verify(db, kinds, NULL, &report, &error))
    fail_msg("%s", error.en);
  assert_int_equal(report.sealed, events);
  db_close(db);
}

/* ---- the text of a body ---- */

static void members_of_a_text_are_those_parsed(void **state)
{
  static const char *const texts[] = {
      "{\"a\":1}",
      "{\"a\":\"x,}\\\"]\",\"b\":[1,{\"c\":\"}\"}],\"c\":{\"d\":[]},\"e\":null,\"f\":-1.5,\"g\":true,\"办\":\"事\",\"h\":\"\\\\\"}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct arena arena = {0};
    struct span rest = span_of(texts[i]), name, value;
    struct error error = {0};
    json_t *parsed, *member;
    const char *key;
    assert_int_equal(json_read(rest, "test", &parsed, &error), 0);
    json_object_foreach(parsed, key, member)
    {
      assert_true(json_next_member(&rest, &name, &value));
      assert_true(span_is(name, key) && span_eq(value, json_text(&arena, member)));
    }
    assert_int_equal(rest.n, 0);
    assert_false(json_next_member(&rest, &name, &value));
    json_decref(parsed);
    arena_release(&arena);
  }
}

static void texts_that_are_not_plain_are_left_to_the_parser(void **state)
{
  static const char *const texts[] = {"",         "{",         "[1]",     "{ \"a\":1}",      "{\"a\" :1}",
                                      "{\"a\":1", "{\"a\":\"", "{\"a\":", "{\"\\u0061\":1}", "{\"a\": 1}",
                                      "x",        "{\"a\":}"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct span rest = span_of(texts[i]), name, value;
    assert_false(json_next_member(&rest, &name, &value));
    assert_true(span_is(rest, texts[i]));
  }
}

/* ---- batches ---- */

/* Of the leaves in the store: how many there are, how many share their signature, and with at most how many. */
static void count_shared(struct fixture *f, int *ret_n, int *ret_shared, int64_t *ret_most)
{
  static const struct sql entries = {"SELECT entry FROM leaves ORDER BY seq"};
  struct db *db;
  struct rows rows;
  struct error error = {0};
  *ret_n = *ret_shared = 0;
  *ret_most = 0;
  assert_int_equal(store_connect(f->store, DB_READ, &db, &error), 0);
  assert_int_equal(db_query(db, &entries, NULL, 0, &rows, &error), 0);
  while (rows_next(&rows)) {
    struct arena arena = {0};
    struct leaf_view leaf;
    if (leaf_parse(&arena, rows_span(&rows, 0), &leaf, &error))
      fail_msg("%s", error.en);
    ++*ret_n;
    *ret_shared += leaf.signature.batched;
    *ret_most = leaf.signature.batched && leaf.signature.count > *ret_most ? leaf.signature.count : *ret_most;
    arena_release(&arena);
  }
  assert_int_equal(rows_close(&rows, &error), 0);
  db_close(db);
}

static void departments_sign_batches(const struct fresh_store *fresh)
{
  struct fixture f = fixture_of(fresh);
  int n, shared;
  int64_t most;
  start(&f);
  say(&f, 1, "", json_pack("{s:i, s:s, s:s}", "times", 30, "a\"b\\c\n", "an odd name is parsed", "", "and an empty one"));
  for (int i = 0; i < 300; i++)
    say_times(&f, 2 + i, i % 3 ? "finance" : "planning-office", 1 + i % 2);
  publish(&f);
  verify(&f, 480);
  count_shared(&f, &n, &shared, &most);
  assert_int_equal(n, 480);
  assert_true(shared > 100 && most > 1 && most <= 64);
  stop(&f);
}

static void batches_verify_under_their_departments(void **state)
{
  (void)state;
  for_each_fresh_store(departments_sign_batches);
}

/* ---- publishing ---- */

static void what_is_published_is_kept(const struct fresh_store *fresh)
{
  struct fixture f = fixture_of(fresh);
  struct arena arena = {0};
  struct db *db;
  struct engine_published published;
  struct engine_checkpoint newest;
  struct engine_log_status status;
  struct logdir_report report;
  struct span note, text;
  struct verifier *verifier;
  struct checkpoint c;
  struct error error = {0};
  start(&f);
  say_times(&f, 1, "finance", 300);
  publish(&f);
  engine_log_status(f.engine, &arena, &status);
  assert_true(status.on && status.size == 300 && status.waiting_size == 0 && status.at > 0 && status.witness_count == 0);
  assert_int_equal(store_connect(f.store, DB_READ, &db, &error), 0);
  assert_int_equal(engine_published(db, &arena, &published, &error), 0);
  assert_int_equal(engine_last_checkpoint(db, &arena, &newest, &error), 0);
  assert_int_equal(logdir_checkpoint(f.log, &arena, &note, &error), 0);
  assert_true(published.size == 300 && newest.size == 300 && span_eq(published.note, note));
  assert_int_equal(verifier_open(newest.vkey, &verifier, &error), 0);
  assert_int_equal(note_open(&arena, note, verifier, &text, &error), 0);
  assert_true(checkpoint_parse(&arena, text, &c));
  assert_int_equal(logdir_check(f.log, MERKLE_SHA256, &c, &report, &error), 0);
  assert_int_equal(report.leaves, 300);
  verifier_free(verifier);
  db_close(db);
  stop(&f);
  arena_release(&arena);
}

static void published_checkpoints_are_kept(void **state)
{
  (void)state;
  for_each_fresh_store(what_is_published_is_kept);
}

/* On PostgreSQL several processes write; one of them publishes, for all, and another takes over where it ends. */
static void one_leads_and_another_follows(struct fixture *f, struct fixture *second)
{
  struct error error = {0};
  assert_int_equal(open_engine(second, &error), 0);
  assert_true(engine_leads(f->engine) && !engine_leads(second->engine));
  say_times(second, 7, "finance", 3);
  publish(second);
  verify(second, 3);
  engine_close(f->engine);
  for (int i = 0; i < 600 && !engine_leads(second->engine); i++)
    (void)usleep(100000);
  assert_true(engine_leads(second->engine));
  say_times(second, 7, "finance", 2);
  publish(second);
  verify(second, 5);
  engine_close(second->engine);
  assert_int_equal(open_engine(f, &error), 0);
}

static void one_store_one_publisher(const struct fresh_store *fresh)
{
  struct fixture f = fixture_of(fresh), second = f;
  struct error error = {0};
  start(&f);
  assert_int_equal(store_open(second.url, &second.store, &error), 0);
  if (store_is_sqlite(f.store)) {
    assert_int_equal(open_engine(&second, &error), -1);
    assert_string_equal(error.name, "store-locked");
  } else {
    one_leads_and_another_follows(&f, &second);
  }
  store_close(second.store);
  stop(&f);
}

static void who_holds_the_store_alone_publishes(void **state)
{
  (void)state;
  for_each_fresh_store(one_store_one_publisher);
}

/* ---- setting back ---- */

static void set_back(struct fixture *f, int64_t to)
{
  static const struct sql all[] = {
      {"DELETE FROM events WHERE seq > $1"}, {"DELETE FROM leaves WHERE seq > $1"}, {"DELETE FROM checkpoints WHERE size > $1"}};
  struct db *db;
  struct error error = {0};
  assert_int_equal(store_connect(f->store, DB_WRITE, &db, &error), 0);
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(DB_EXEC(db, &all[i], &error, V_INT(to)), 0);
  db_close(db);
}

static void refused(struct fixture *f, const char *name)
{
  struct error error = {0};
  assert_int_equal(open_engine(f, &error), -1);
  assert_string_equal(error.name, name);
}

/* Another root of that size, signed by the log's own key, as the lock. */
static void forge_lock(struct fixture *f, int64_t size)
{
  struct arena arena = {0};
  struct signer *signer;
  struct lock lock;
  struct error error = {0};
  const struct checkpoint c = {SPAN(ORIGIN), size, {{7}}};
  char path[720];
  (void)snprintf(path, sizeof path, "%s/log.lock", f->keys);
  (void)unlink(path);
  assert_int_equal(signer_open(f->keys, "log", ORIGIN, false, &signer, &error), 0);
  assert_int_equal(lock_open(f->keys, "log.lock", NULL, 0, &lock, &error), 0);
  assert_int_equal(lock_move(&lock, note_sign(&arena, checkpoint_text(&arena, &c), signer), &c, &error), 0);
  lock_close(&lock);
  signer_free(signer);
  arena_release(&arena);
}

static void write_lock(const struct fixture *f, const char *text)
{
  char path[720];
  (void)snprintf(path, sizeof path, "%s/log.lock", f->keys);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  (void)fputs(text, file);
  assert_int_equal(fclose(file), 0);
}

static void old_stores(const struct fresh_store *fresh)
{
  struct fixture f = fixture_of(fresh);
  start(&f);
  say_times(&f, 1, "finance", 5);
  publish(&f);
  say_times(&f, 2, "finance", 5);
  publish(&f);
  engine_close(f.engine);
  forge_lock(&f, 5);
  refused(&f, "ledger-forked");
  write_lock(&f, "notes.example/log\n5\n");
  refused(&f, "lock-damaged");
  forge_lock(&f, 11);
  refused(&f, "ledger-behind");
  write_lock(&f, "");
  refused(&f, "lock-damaged");
  set_back(&f, 5);
  forge_lock(&f, 5);
  refused(&f, "ledger-forked");
  char path[720];
  (void)snprintf(path, sizeof path, "%s/log.lock", f.keys);
  assert_int_equal(unlink(path), 0);
  refused(&f, "ledger-behind"); /* the directory knows too */
  store_close(f.store);
}

static void stores_that_were_set_back_are_refused(void **state)
{
  (void)state;
  for_each_fresh_store(old_stores);
}

static void the_lock_only_moves_on(void **state)
{
  char dir[] = "/tmp/onevisit-lock-XXXXXX", path[100];
  struct arena arena = {0};
  struct lock lock, other;
  struct error error = {0};
  struct checkpoint at[] = {{SPAN("x"), 3, {{1}}}, {SPAN("x"), 5, {{2}}}, {SPAN("x"), 5, {{3}}}};
  (void)state;
  assert_non_null(mkdtemp(dir));
  assert_int_equal(lock_open(dir, "l", NULL, 0, &lock, &error), 0);
  assert_int_equal(lock_open(dir, "l", NULL, 0, &other, &error), 0);
  assert_int_equal(lock_move(&lock, SPAN("three\n"), &at[0], &error), 0);
  assert_int_equal(lock_move(&other, SPAN("three\n"), &at[0], &error), -1);
  assert_string_equal(error.name, "lock-moved");
  assert_int_equal(lock_move(&lock, SPAN("five\n"), &at[1], &error), 0);
  assert_int_equal(lock_move(&lock, SPAN("five again\n"), &at[1], &error), 0);
  assert_int_equal(lock_move(&lock, SPAN("another five\n"), &at[2], &error), -1);
  assert_string_equal(error.name, "ledger-forked");
  assert_int_equal(lock_move(&lock, SPAN("three\n"), &at[0], &error), -1);
  assert_string_equal(error.name, "ledger-forked");
  assert_true(span_is(lock.note, "five\n"));
  lock_close(&lock);
  lock_close(&other);
  arena_release(&arena);
  (void)snprintf(path, sizeof path, "%s/l", dir);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members_of_a_text_are_those_parsed),
      cmocka_unit_test(texts_that_are_not_plain_are_left_to_the_parser),
      cmocka_unit_test(batches_verify_under_their_departments),
      cmocka_unit_test(published_checkpoints_are_kept),
      cmocka_unit_test(who_holds_the_store_alone_publishes),
      cmocka_unit_test(stores_that_were_set_back_are_refused),
      cmocka_unit_test(the_lock_only_moves_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
