#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "courier/courier.h"
#include "notice/notice.h"
#include "record/record.h"

const struct who applicant = {"person:li", "applicant", "", "web"};
const struct who stranger = {"person:wang", "applicant", "", "web"};
const struct who clerk = {"staff:chen", "clerk", "service-centre", "window"};
const struct who clerk2 = {"staff:zhou", "clerk", "service-centre", "window"};
const struct who market = {"staff:zhao", "officer", "market-regulation", "web"};
const struct who market2 = {"staff:qian", "officer", "market-regulation", "web"};
const struct who fire = {"staff:sun", "officer", "fire-rescue", "web"};
const struct who urban = {"staff:wu", "officer", "urban-management", "web"};
const struct who ecology = {"staff:shen", "officer", "ecology-environment", "web"};
const struct who housing = {"staff:zheng", "officer", "housing-construction", "web"};
const struct who issuer = {"staff:feng", "issuer", "service-centre", "web"};
const struct who supervisor = {"staff:jiang", "supervisor", "service-centre", "web"};

const struct who records = {"staff:xu", "records", "service-centre", "web"};

static moment clock_of(void *context)
{
  return ((struct desk *)context)->now;
}

uint64_t desk_random(uint64_t *seed)
{
  uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static void random_of(void *context, void *out, size_t n)
{
  struct desk *desk = context;
  unsigned char *p = out;
  for (size_t i = 0; i < n; i++)
    p[i] = (unsigned char)desk_random(&desk->seed);
}

/* State Council notices of 2025 and 2026, as standards §2.11 gives them. */
static const char *const off[][24] = {
    {"01-01 01-01", "01-28 02-04", "04-04 04-06", "05-01 05-05", "05-31 06-02", "10-01 10-08"},
    {"01-01 01-03", "02-15 02-23", "04-04 04-06", "05-01 05-05", "06-19 06-21", "09-25 09-27", "10-01 10-07"},
};
static const char *const makeup[][8] = {
    {"01-26", "02-08", "04-27", "09-28", "10-11"},
    {"01-04", "02-14", "02-28", "05-09", "09-20", "10-10"},
};

static day in_year(int year, const char *mmdd)
{
  char text[24];
  day d = DAY_NONE;
  (void)snprintf(text, sizeof text, "%04d-%.5s", year, mmdd);
  assert_true(day_parse(span_of(text), &d));
  return d;
}

static void read_calendar(struct desk *desk)
{
  struct calendar *c = &desk->catalog.calendar;
  c->n = 2;
  c->years = arena_array(&desk->arena, 2, sizeof *c->years);
  for (int y = 0; y < 2; y++) {
    struct calendar_year *year = &c->years[y];
    year->year = 2025 + y;
    year->off = arena_array(&desk->arena, 60, sizeof *year->off);
    year->makeup = arena_array(&desk->arena, 60, sizeof *year->makeup);
    for (int i = 0; off[y][i]; i++)
      for (day d = in_year(year->year, off[y][i]); d <= in_year(year->year, off[y][i] + 6); d++)
        year->off[year->off_count++] = d;
    for (int i = 0; makeup[y][i]; i++)
      year->makeup[year->makeup_count++] = in_year(year->year, makeup[y][i]);
  }
}

static void read_agencies(struct desk *desk)
{
  static const struct agency all[] = {
      {.id = "market-regulation", .name = {"市场监督管理局", "Market Regulation"}},
      {.id = "fire-rescue", .name = {"消防救援支队", "Fire and Rescue"}},
      {.id = "urban-management", .name = {"综合行政执法局", "Urban Management"}},
      {.id = "housing-construction", .name = {"住房和城乡建设局", "Housing and Construction"}},
      {.id = "ecology-environment", .name = {"生态环境局", "Ecology and Environment"}},
  };
  desk->catalog.agency_count = sizeof all / sizeof *all;
  desk->catalog.agencies = arena_array(&desk->arena, desk->catalog.agency_count, sizeof *all);
  memcpy(desk->catalog.agencies, all, sizeof all);
}

static void read_plan(struct desk *desk)
{
  char path[1024];
  json_error_t why;
  const char *source = getenv("ONEVISIT_SOURCE");
  (void)snprintf(path, sizeof path, "%s/tests/property/restaurant.json", source ? source : ".");
  desk->plan = json_load_file(path, 0, &why);
  if (!desk->plan)
    fail_msg("%s: %s", path, why.text);
}

#define GOOD(call)                                                                                                                 \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s: %s (%s)", #call, desk->error.en, desk->error.name);                                                            \
  } while (0)

static int try_start(struct desk *desk, int seal_ms, const struct outlet *outlets)
{
  static const struct outlet none[] = {{NULL}};
  char keys[600];
  (void)snprintf(keys, sizeof keys, "%s/keys", desk->fresh.directory);
  const struct engine_options options = {.kinds = desk->kinds,
                                         .outlets = outlets ? outlets : none,
                                         .world = &desk->world,
                                         .key_dir = desk->key_dir ? desk->key_dir : arena_str(&desk->arena, keys),
                                         .origin = desk->origin ? desk->origin : "test.example/log",
                                         .log_dir = desk->log_dir,
                                         .cache_bytes = 1 << 20,
                                         .seal_ms = seal_ms,
                                         .clock = clock_of,
                                         .random = random_of,
                                         .context = desk};
  return engine_open(desk->store, &options, &desk->engine, &desk->error);
}

static void start(struct desk *desk, int seal_ms, const struct outlet *outlets)
{
  GOOD(try_start(desk, seal_ms, outlets));
  GOOD(store_connect(desk->store, DB_READ, &desk->db, &desk->error));
}

void desk_open(struct desk *desk, enum which_store which, const struct kind *kind, uint64_t seed)
{
  static const struct migration *const sets[] = {engine_migrations,  casework_migrations, record_migrations,
                                                 courier_migrations, notice_migrations,   NULL};
  memset(desk, 0, sizeof *desk);
  desk->seed = seed;
  desk->kind = kind;
  desk->catalog.paper_prefix = "甬政服";
  desk->catalog.region = "330200";
  read_calendar(desk);
  read_agencies(desk);
  read_plan(desk);
  desk->world.catalog = &desk->catalog;
  fresh_store(which, &desk->fresh);
  GOOD(store_open(desk->fresh.url, &desk->store, &desk->error));
  GOOD(store_connect(desk->store, DB_WRITE, &desk->writer, &desk->error));
  GOOD(store_migrate(desk->writer, sets, &desk->error));
  db_close(desk->writer);
  desk->kinds[0] = kind;
  desk->now = day_start(day_make(2026, 3, 2)) + 12 * HOUR_MS;
  start(desk, -1, NULL);
}

void desk_restart(struct desk *desk, int seal_ms, const struct outlet *outlets)
{
  engine_close(desk->engine);
  if (desk->db)
    db_close(desk->db);
  desk->engine = NULL;
  desk->db = NULL;
  start(desk, seal_ms, outlets);
}

const char *desk_refused(struct desk *desk)
{
  engine_close(desk->engine);
  if (desk->db)
    db_close(desk->db);
  desk->engine = NULL;
  desk->db = NULL;
  return try_start(desk, 20, NULL) ? desk->error.name : "";
}

void desk_close(struct desk *desk)
{
  engine_close(desk->engine);
  db_close(desk->db);
  store_close(desk->store);
  fresh_store_remove(&desk->fresh);
  json_decref(desk->plan);
  arena_release(&desk->arena);
}

const char *desk_do(struct desk *desk, int64_t id, struct who who, const char *type, json_t *data)
{
  const struct command command = {.kind = desk->kind,
                                  .id = id,
                                  .expect = strcmp(type, "draft") == 0 ? 0 : -1,
                                  .type = type,
                                  .key = "",
                                  .actor = {who.id, who.role, who.agency, who.channel},
                                  .data = data};
  memset(&desk->error, 0, sizeof desk->error);
  int bad = engine_do(desk->engine, &command, &desk->last, &desk->error);
  json_decref(data);
  return bad ? desk->error.name : "";
}

struct casefile *desk_case(struct desk *desk, int64_t id)
{
  struct casefile *c = NULL;
  GOOD(casework_load(desk->db, id, &desk->arena, &c, &desk->error));
  return c;
}

void desk_wake(struct desk *desk)
{
  engine_wake(desk->engine);
}

void desk_noon(struct desk *desk, const char *text)
{
  day d = DAY_NONE;
  assert_true(day_parse(span_of(text), &d));
  desk->now = day_start(d) + 12 * HOUR_MS;
  desk_wake(desk);
}

json_t *desk_plan(struct desk *desk)
{
  return json_incref(desk->plan);
}

json_t *desk_draft(struct desk *desk)
{
  return json_pack("{s:s,s:O,s:s,s:{s:s,s:s,s:s}}", "thing", "open-a-restaurant", "plan", desk->plan, "district", "330203",
                   "applicant", "name", "李𠀀", "phone", "13800000000", "id_number", "11010519491231002X");
}

void desk_fill(struct desk *desk, int64_t id, struct who who)
{
  static const char *const uploads[] = {"lease-contract", "floor-plan", "signboard-picture", "food-safety-rules"};
  char sha[65];
  memset(sha, 'a', 64);
  sha[64] = '\0';
  assert_string_equal(desk_do(desk, id, who, "save",
                              json_pack("{s:{s:s,s:f,s:s,s:b},s:{s:s,s:s}}", "fields", "company_name", "甬上小馆", "premises_area",
                                        320.5, "opening_day", "2026-09-01", "premises_owned", 0, "delivery", "mode",
                                        "e-certificate", "address", "海曙区中山东路1号")),
                      "");
  for (size_t i = 0; i < sizeof uploads / sizeof *uploads; i++)
    assert_string_equal(desk_do(desk, id, who, "attach",
                                json_pack("{s:s,s:s,s:s,s:s,s:i}", "material", uploads[i], "sha256", sha, "name", "扫描件.pdf",
                                          "type", "application/pdf", "size", 1000)),
                        "");
}
