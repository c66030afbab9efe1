/*
 * Devices in halls: the code is good once and for a while, the token is the device's alone, what is revoked is one no longer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/sample.h"
#include "base/json.h"
#include "both_stores.h"
#include "casework/world.h"
#include "kiosk/kiosk.h"

static const struct actor manager = {"staff:wu", "supervisor", "centre", "web"};
static const struct actor device = {"kiosk:1", "kiosk", "", "kiosk"};
static const struct actor person = {"person:1", "applicant", "", "web"};

enum { DEVICE = 4711 };
static const char token[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static struct {
  struct store *store;
  struct db *db;
  struct engine *engine;
  struct arena arena;
  struct world world;
  moment now;
  struct error error;
} t;

static moment clock_of(void *context)
{
  (void)context;
  return t.now;
}

static void open_store(const struct fresh_store *fresh, const struct catalog *catalog)
{
  static const struct kind *const kinds[] = {&kiosk_kind, NULL};
  static const struct migration *const sets[] = {engine_migrations, kiosk_migrations, NULL};
  struct db *writer;
  memset(&t, 0, sizeof t);
  t.now = day_start(day_make(2026, 11, 24)) + 9 * HOUR_MS;
  t.world.catalog = catalog;
  assert_int_equal(store_open(fresh->url, &t.store, &t.error), 0);
  assert_int_equal(store_connect(t.store, DB_WRITE, &writer, &t.error), 0);
  assert_int_equal(store_migrate(writer, sets, &t.error), 0);
  db_close(writer);
  const struct engine_options options = {.kinds = kinds,
                                         .world = &t.world,
                                         .key_dir = arena_printf(&t.arena, "%s/keys", fresh->directory),
                                         .origin = "test.example/log",
                                         .seal_ms = -1,
                                         .clock = clock_of};
  assert_int_equal(engine_open(t.store, &options, &t.engine, &t.error), 0);
  assert_int_equal(store_connect(t.store, DB_READ, &t.db, &t.error), 0);
}

static void close_store(void)
{
  engine_close(t.engine);
  db_close(t.db);
  store_close(t.store);
  arena_release(&t.arena);
}

/* "" when done, else the error's name. */
static const char *send(int64_t id, const struct actor *who, const char *type, json_t *data)
{
  struct outcome outcome;
  const struct command command = {
      .kind = &kiosk_kind, .id = id, .expect = -1, .type = type, .key = "", .actor = *who, .data = data};
  int bad = engine_do(t.engine, &command, &outcome, &t.error);
  json_decref(data);
  return bad ? t.error.name : "";
}

static json_t *offer(const char *hall, const char *name)
{
  return json_pack("{s:s,s:s}", "hall", hall, "name", name);
}

static json_t *enrol(const char *code)
{
  return json_pack("{s:s,s:s}", "code", code, "token", token);
}

static struct kiosk listed(size_t expected)
{
  struct kiosk *list;
  size_t n;
  assert_int_equal(kiosks_of(t.db, "demo", 9, &t.arena, &list, &n, &t.error), 0);
  assert_int_equal(n, expected);
  return n ? list[0] : (struct kiosk){0};
}

static bool is_known(void)
{
  struct kiosk here;
  assert_int_equal(kiosk_by_token(t.db, token, &t.arena, &here, &t.error), 0);
  return here.id == DEVICE && strcmp(here.hall, "demo") == 0;
}

static struct sample *the_sample;

static void a_device(const struct fresh_store *fresh)
{
  struct kiosk found;
  open_store(fresh, the_sample->catalog);
  assert_string_equal(send(DEVICE, &person, "offer", offer("demo", "北门 1 号")), "not-your-role");
  assert_string_equal(send(DEVICE, &manager, "offer", offer("nowhere", "北门 1 号")), "no-such-hall");
  assert_string_equal(send(DEVICE, &manager, "offer", offer("demo", " ")), "bad-argument");
  assert_string_equal(send(DEVICE, &manager, "offer", offer("demo", "北门 1 号")), "");
  struct kiosk offered = listed(1);
  assert_int_equal(strlen(offered.code), 8);
  assert_int_equal(kiosk_by_code(t.db, span_of(offered.code), &t.arena, &found, &t.error), 0);
  assert_int_equal(found.id, DEVICE);
  assert_int_equal(kiosk_by_code(t.db, SPAN("wrong"), &t.arena, &found, &t.error), -1);
  assert_string_equal(send(DEVICE, &device, "enrol", enrol("00000000x")), "bad-code");
  assert_false(is_known());
  assert_string_equal(send(DEVICE, &device, "enrol", enrol(offered.code)), "");
  assert_true(is_known());
  assert_string_equal(send(DEVICE, &device, "enrol", enrol(offered.code)), "bad-code"); /* good once */
  assert_int_equal(kiosk_by_code(t.db, SPAN(""), &t.arena, &found, &t.error), -1);
  assert_string_equal(send(DEVICE, &device, "revoke", json_object()), "not-your-role");
  assert_string_equal(send(DEVICE, &manager, "revoke", json_object()), "");
  assert_false(is_known());
  (void)listed(0);
  close_store();
}

static void a_code_in_a_drawer(const struct fresh_store *fresh)
{
  open_store(fresh, the_sample->catalog);
  assert_string_equal(send(DEVICE, &manager, "offer", offer("demo", "北门 1 号")), "");
  struct kiosk offered = listed(1);
  t.now += KIOSK_CODE_MS + 1;
  assert_string_equal(send(DEVICE, &device, "enrol", enrol(offered.code)), "bad-code");
  assert_false(is_known());
  close_store();
}

static void test_device(void **state)
{
  the_sample = *state;
  for_each_fresh_store(a_device);
}

static void test_code(void **state)
{
  the_sample = *state;
  for_each_fresh_store(a_code_in_a_drawer);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_device), cmocka_unit_test(test_code)};
  return cmocka_run_group_tests(tests, sample_open, sample_close);
}
