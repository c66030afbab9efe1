#include "hall_day.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "account/account.h"

const struct actor hall_clerk = {"staff:chen", "clerk", ACCOUNT_CENTRE, "window"};
const struct actor hall_clerk2 = {"staff:zhou", "clerk", ACCOUNT_CENTRE, "window"};
const struct actor hall_machine = {"kiosk:test", "kiosk", "", "kiosk"};
const struct actor hall_person = {"person:1", "applicant", "", "web"};
const struct actor hall_stranger = {"person:2", "applicant", "", "web"};

#define GOOD(h, call)                                                                                                              \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s: %s (%s)", #call, (h)->error.en, (h)->error.name);                                                              \
  } while (0)

static moment clock_of(void *context)
{
  return atomic_load(&((struct hall_day *)context)->now);
}

static void start(struct hall_day *h, int seal_ms)
{
  static const struct kind *const kinds[] = {&queue_kind, &casefile_kind, NULL};
  const struct outlet outlets[] = {hall_moves_outlet(&h->post), hall_presence_outlet(&h->post), {0}};
  struct outlet *kept = arena_array(&h->arena, 3, sizeof *kept);
  memcpy(kept, outlets, sizeof outlets);
  struct engine_options options = {.kinds = kinds,
                                   .wait_ms = -1, /* a thousand at once: none is sent away */
                                   .outlets = kept,
                                   .world = &h->world,
                                   .key_dir = arena_printf(&h->arena, "%s/keys", h->fresh.directory),
                                   .origin = "test.example/log",
                                   .seal_ms = seal_ms,
                                   .clock = clock_of,
                                   .context = h};
  GOOD(h, engine_open(h->store, &options, &h->engine, &h->error));
  atomic_store(&h->post.engine, h->engine);
  GOOD(h, store_connect(h->store, DB_READ, &h->db, &h->error));
}

void hall_day_open(struct hall_day *h, const struct fresh_store *fresh, int seal_ms)
{
  static const struct migration *const sets[] = {engine_migrations, casework_migrations, hall_migrations, NULL};
  const char *source = getenv("ONEVISIT_SOURCE");
  struct findings findings = {0};
  struct db *writer;
  memset(h, 0, sizeof *h);
  h->fresh = *fresh;
  atomic_store(&h->now, AT(9, 30));
  GOOD(h, catalog_load(arena_printf(&h->arena, "%s/catalogs/ningbo", source ? source : "."), &h->catalog, &h->arena, &findings,
                       &h->error));
  h->world.catalog = h->catalog;
  GOOD(h, store_open(fresh->url, &h->store, &h->error));
  GOOD(h, store_connect(h->store, DB_WRITE, &writer, &h->error));
  GOOD(h, store_migrate(writer, sets, &h->error));
  db_close(writer);
  start(h, seal_ms);
}

static void stop(struct hall_day *h)
{
  engine_close(h->engine);
  db_close(h->db);
  atomic_store(&h->post.engine, NULL);
}

void hall_day_restart(struct hall_day *h)
{
  stop(h);
  start(h, -1);
}

void hall_day_close(struct hall_day *h)
{
  stop(h);
  store_close(h->store);
  catalog_free(h->catalog);
  arena_release(&h->arena);
}

int hall_send(struct hall_day *h, const char *zone, day d, const struct actor *who, const char *type, json_t *data,
              struct error *error)
{
  struct outcome outcome;
  (void)json_object_set_new(data, "hall", json_string("ningbo-city"));
  (void)json_object_set_new(data, "zone", json_string(zone));
  (void)json_object_set_new(data, "day", json_integer(d));
  const struct command command = {.kind = &queue_kind,
                                  .id = queue_id("ningbo-city", zone, d),
                                  .expect = -1,
                                  .type = type,
                                  .key = json_str(data, "key"),
                                  .actor = *who,
                                  .data = data};
  int bad = engine_do(h->engine, &command, &outcome, error);
  while (bad && error->code == ERROR_BUSY) { /* the queue has no room: whoever is told so comes again */
    usleep(2000);
    bad = engine_do(h->engine, &command, &outcome, error);
  }
  json_decref(data);
  return bad;
}

const char *hall_do_on(struct hall_day *h, const char *zone, day d, const struct actor *who, const char *type, json_t *data)
{
  return hall_send(h, zone, d, who, type, data, &h->error) ? h->error.name : "";
}

const char *hall_do(struct hall_day *h, const char *zone, const struct actor *who, const char *type, json_t *data)
{
  return hall_do_on(h, zone, HALL_DAY, who, type, data);
}

struct queue_now hall_now(struct hall_day *h, const char *zone, day d)
{
  struct hall_place place;
  struct queue_now now;
  assert_true(hall_place_find(h->catalog, SPAN("ningbo-city"), span_of(zone), &place));
  GOOD(h, queue_now(h->db, &place, d, &h->arena, &now, &h->error));
  return now;
}

struct visit_row hall_visit_by(struct hall_day *h, const char *zone, day d, int n)
{
  static const struct sql by_number = {"SELECT code FROM hall_visits WHERE queue = $1 AND n = $2"};
  struct rows rows;
  struct visit_row row = {0};
  char code[64] = "";
  GOOD(h, DB_QUERY(h->db, &by_number, &rows, &h->error, V_INT(queue_id("ningbo-city", zone, d)), V_INT(n)));
  if (rows_next(&rows))
    (void)snprintf(code, sizeof code, "%.*s", (int)rows_span(&rows, 0).n, rows_span(&rows, 0).p);
  GOOD(h, rows_close(&rows, &h->error));
  if (*code)
    GOOD(h, visit_read(h->db, span_of(code), &h->arena, &row, &h->error));
  return row;
}
