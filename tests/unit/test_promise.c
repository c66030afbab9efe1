/*
 * The published proof: written only of what passed, read only with the catalogue it is of, entered on the ledger once a version.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "both_stores.h"
#include "promise/promise.h"
#include "proof/proof.h"

#define AT INT64_C(1790000000000)

struct town {
  struct arena arena;
  char dir[64]; /* a copy of tests/catalog/good, promised at the window too: one property fails */
  struct catalog *catalog;
  struct proof proof;
  char path[128];
  struct error error;
};

static struct town town;

#define GOOD(call)                                                                                                                 \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s: %s (%s)", #call, town.error.en, town.error.name);                                                              \
  } while (0)

static void run(const char *command)
{
  if (system(command) != 0)
    fail_msg("%s", command);
}

static void load(void)
{
  struct findings findings = {0};
  const struct proof_options options = {.today = day_make(2026, 11, 24), .digest = true};
  catalog_free(town.catalog);
  town.catalog = NULL;
  GOOD(catalog_load(town.dir, &town.catalog, &town.arena, &findings, &town.error));
  GOOD(proof_run(&town.arena, town.catalog, &options, &town.proof, &town.error));
}

static int make(void **state)
{
  const char *source = getenv("ONEVISIT_SOURCE");
  (void)state;
  (void)snprintf(town.dir, sizeof town.dir, "/tmp/onevisit-promise-XXXXXX");
  assert_non_null(mkdtemp(town.dir));
  (void)snprintf(town.path, sizeof town.path, "%s/" PROMISE_FILE, town.dir);
  run(arena_printf(&town.arena, "cp -R %s/tests/catalog/good/. %s && sed -i '/^promise/d' %s/things/restaurant.yaml",
                   source ? source : ".", town.dir, town.dir));
  load();
  return 0;
}

static int clear(void **state)
{
  (void)state;
  run(arena_printf(&town.arena, "rm -r %s", town.dir));
  catalog_free(town.catalog);
  arena_release(&town.arena);
  return 0;
}

static void excuse(void)
{
  run(arena_printf(&town.arena,
                   "echo '- {thing: restaurant, property: one-trip-window, reason: {zh: 原因, en: because}, owner: market, review: "
                   "2099-01-01}' > %s/negative.yaml",
                   town.dir));
  load();
}

static void refused(const char *name)
{
  struct promise promise;
  assert_int_equal(promise_read(town.path, town.catalog, &town.arena, &promise, &town.error), -1);
  assert_string_equal(town.error.name, name);
  assert_int_equal(town.error.code, ERROR_BAD_INPUT);
  assert_non_null(strstr(town.error.en, "--publish"));
  assert_non_null(strstr(town.error.zh, "--publish"));
}

static void put(const char *text)
{
  GOOD(file_write(town.path, span_of(text), &town.error));
}

static void what_fails_is_not_published(void **state)
{
  (void)state;
  struct span kept;
  put("the one before");
  assert_true(town.proof.failed > 0);
  assert_int_equal(promise_write(town.path, &town.proof, AT, &town.error), -1);
  assert_string_equal(town.error.name, "not-fit");
  GOOD(file_read(town.path, &town.arena, &kept, &town.error));
  assert_true(span_is(kept, "the one before"));
  run(arena_printf(&town.arena, "rm %s", town.path));
  refused("unproved-catalogue");
}

static void what_is_written_is_read(void **state)
{
  struct promise p;
  (void)state;
  excuse();
  GOOD(promise_write(town.path, &town.proof, AT, &town.error));
  GOOD(promise_read(town.path, town.catalog, &town.arena, &p, &town.error));
  assert_int_equal(p.at, AT);
  assert_int_equal(p.proved, town.proof.proved);
  assert_int_equal(p.negative, 1);
  assert_int_equal(p.asked, town.proof.asked);
  assert_string_equal(p.solver, town.proof.solver);
  const struct promise_thing *thing = promise_of(&p, &town.catalog->things[0]);
  assert_ptr_equal(thing->thing, &town.catalog->things[0]);
  assert_int_equal(thing->line_count, town.proof.things[0].line_count);
  const struct promise_line *line = promise_line_of(thing, "one-trip-window");
  assert_false(line->proved);
  assert_string_equal(line->exception->reason.en, "because");
  assert_non_null(strstr(line->what.en, "2 trips"));
  assert_true(promise_line_of(thing, "one-trip-online")->proved);
  assert_null(promise_line_of(thing, "happiness"));
  assert_null(promise_of(NULL, &town.catalog->things[0]));
  /* the same questions have the same digest; another time another file */
  struct promise q;
  load();
  GOOD(promise_write(town.path, &town.proof, AT + 1, &town.error));
  GOOD(promise_read(town.path, town.catalog, &town.arena, &q, &town.error));
  assert_string_equal(p.questions, q.questions);
  assert_string_not_equal(p.hash, q.hash);
  assert_string_not_equal(p.questions, "0000000000000000000000000000000000000000000000000000000000000000");
}

/* Each byte left out, or a word changed, is found or changes nothing of what is said. */
static void what_is_damaged_is_refused(void **state)
{
  struct span whole;
  (void)state;
  GOOD(promise_write(town.path, &town.proof, AT, &town.error));
  GOOD(file_read(town.path, &town.arena, &whole, &town.error));
  const char *text = arena_dup(&town.arena, whole);
  for (size_t n = 0; n + 2 < whole.n; n += 97) {
    put(arena_dup(&town.arena, (struct span){text, n}));
    refused("bad-proof-file");
  }
  static const char *const changes[][2] = {{"\"format\":1", "\"format\":2"},
                                           {"\"thing\":\"restaurant\"", "\"thing\":\"restauran\""},
                                           {"\"outcome\":\"excused\"", "\"outcome\":\"failed\""},
                                           {"\"outcome\":\"proved\"", "\"outcome\":\"excused\""},
                                           {"\"things\":[", "\"thinks\":["},
                                           {"\"questions\":\"", "\"questions\":\"z"}};
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    const char *at = strstr(text, changes[i][0]);
    assert_non_null(at);
    put(arena_printf(&town.arena, "%.*s%s%s", (int)(at - text), text, changes[i][1], at + strlen(changes[i][0])));
    refused("bad-proof-file");
  }
  put(text);
  run(arena_printf(&town.arena, "echo '# a remark' >> %s/zones.yaml", town.dir));
  load();
  refused("proof-other-version");
}

/* ---- on the ledger ---- */

static const struct kind *const kinds[] = {&catalogue_kind, NULL};
static const struct migration *const sets[] = {engine_migrations, promise_migrations, NULL};

struct service {
  struct store *store;
  struct engine *engine;
  struct db *db;
  char keys[600];
};

static void start(struct service *s)
{
  const struct engine_options options = {.kinds = kinds, .key_dir = s->keys, .origin = "test.example/log", .seal_ms = 20};
  GOOD(engine_open(s->store, &options, &s->engine, &town.error));
  GOOD(store_connect(s->store, DB_READ, &s->db, &town.error));
}

static void stop(struct service *s)
{
  engine_close(s->engine);
  db_close(s->db);
}

static size_t event_count(struct service *s, const char *version, const char *last)
{
  struct event *events;
  size_t n;
  GOOD(engine_history(s->db, kinds, catalogue_id(version), &town.arena, &events, &n, &town.error));
  assert_string_equal(events[n - 1].type, last);
  assert_string_equal(events[n - 1].actor.id, "system");
  assert_string_equal(events[n - 1].actor.agency, "");
  history_free(events, n);
  return n;
}

static const struct publication said = {.pack = "", .reason = ""};

static void entered_once(const struct fresh_store *fresh)
{
  struct service s = {0};
  struct db *writer;
  struct promise p;
  struct release r, *list;
  size_t n;
  GOOD(promise_write(town.path, &town.proof, AT, &town.error));
  GOOD(promise_read(town.path, town.catalog, &town.arena, &p, &town.error));
  const char *version = town.catalog->version.hex;
  (void)snprintf(s.keys, sizeof s.keys, "%s/keys", fresh->directory);
  GOOD(store_open(fresh->url, &s.store, &town.error));
  GOOD(store_connect(s.store, DB_WRITE, &writer, &town.error));
  GOOD(store_migrate(writer, sets, &town.error));
  db_close(writer);
  start(&s);
  assert_int_equal(release_read(s.db, version, &town.arena, &r, &town.error), -1);
  assert_string_equal(town.error.name, "no-release");
  GOOD(promise_enter(s.engine, &p, &said, &town.error));
  GOOD(promise_enter(s.engine, &p, &said, &town.error));
  assert_int_equal(event_count(&s, version, "published"), 1);
  stop(&s);
  start(&s); /* known again from the store */
  GOOD(promise_enter(s.engine, &p, &said, &town.error));
  assert_int_equal(event_count(&s, version, "published"), 1);
  GOOD(release_read(s.db, version, &town.arena, &r, &town.error));
  assert_string_equal(r.version, version);
  assert_string_equal(r.proof, p.hash);
  assert_int_equal(r.proved_at, AT);
  assert_int_equal(r.things, town.catalog->thing_count);
  assert_int_equal(r.items, town.catalog->item_count);
  assert_int_equal(r.proved, p.proved);
  assert_int_equal(r.negative, 1);
  assert_int_equal(r.latest, r.seq);
  moment first = r.published;
  /* another proof of the same version is another entry; what was published stays */
  GOOD(promise_write(town.path, &town.proof, AT + 5, &town.error));
  GOOD(promise_read(town.path, town.catalog, &town.arena, &p, &town.error));
  GOOD(promise_enter(s.engine, &p, &said, &town.error));
  GOOD(promise_enter(s.engine, &p, &said, &town.error));
  assert_int_equal(event_count(&s, version, "proved-again"), 2);
  GOOD(release_read(s.db, version, &town.arena, &r, &town.error));
  assert_int_equal(r.published, first);
  assert_int_equal(r.proved_at, AT + 5);
  assert_string_equal(r.proof, p.hash);
  assert_true(r.latest > r.seq);
  /* other versions, a page at a time */
  struct catalog other = *town.catalog;
  p.catalog = &other;
  for (char c = 'a'; c <= 'e'; c++) {
    memset(other.version.hex, c, 64);
    GOOD(promise_enter(s.engine, &p, &said, &town.error));
  }
  GOOD(release_list(s.db, NULL, 4, &town.arena, &list, &n, &town.error));
  assert_int_equal(n, 4);
  struct release last = list[3];
  for (size_t i = 1; i < n; i++)
    assert_true(list[i].published < list[i - 1].published ||
                (list[i].published == list[i - 1].published && list[i].id < list[i - 1].id));
  GOOD(release_list(s.db, &last, 4, &town.arena, &list, &n, &town.error));
  assert_int_equal(n, 2);
  assert_string_equal(list[1].version, version);
  /* nobody else enters one, and none under another's id */
  json_t *data = json_pack("{s:s,s:s}", "version", version, "proof", p.hash);
  struct command command = {.kind = &catalogue_kind,
                            .id = catalogue_id(version),
                            .expect = -1,
                            .type = "publish",
                            .key = "",
                            .actor = {"staff:1", "admin", "", "web"},
                            .data = data};
  assert_int_equal(engine_do(s.engine, &command, NULL, &town.error), -1);
  assert_string_equal(town.error.name, "not-your-role");
  command.actor = (struct actor){"system", "system", "", "system"};
  command.id = catalogue_id("another");
  assert_int_equal(engine_do(s.engine, &command, NULL, &town.error), -1);
  assert_string_equal(town.error.name, "bad-argument");
  json_decref(data);
  GOOD(engine_seal(s.engine, &town.error));
  stop(&s);
  store_close(s.store);
}

static void a_version_is_entered_once(void **state)
{
  (void)state;
  for_each_fresh_store(entered_once);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_fails_is_not_published),
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(what_is_damaged_is_refused),
      cmocka_unit_test(a_version_is_entered_once),
  };
  return cmocka_run_group_tests(tests, make, clear);
}
