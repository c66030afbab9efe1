/*
 * The rows that pages read are a function of the events: the events of a store, given in their order to a second engine on an empty
 * store whose kind decides nothing and records what it is told, leave the same rows, whatever happened to the first in between.
 */
#include "city.h"

#include "credit/credit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int tell(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  (void)state;
  (void)error;
  size_t i;
  json_t *one;
  json_array_foreach(json_object_get(c->data, "events"), i, one) decision_emit(
      d, arena_str(d->arena, json_str(one, "type")), json_str(one, "item"), json_incref(json_object_get(one, "data")));
  return 0;
}

static int forget(void *state, struct arena *arena, const struct event *event)
{
  (void)state;
  (void)arena;
  (void)event;
  return 0;
}

static const struct kind filler_kind = {"filler", 1, tell, forget, NULL, NULL};

struct again {
  struct store *store;
  struct engine *engine;
  struct kind kind, credit;
  const struct kind *kinds[4];
  struct arena arena; /* of the command that is being put together */
  struct command command;
  json_t *events;
  int64_t last_seq;
};

static void flush(struct again *a)
{
  struct error error = {0};
  if (!json_array_size(a->events))
    return;
  json_t *data = json_pack("{s:O}", "events", a->events);
  a->command.data = data;
  if (engine_do(a->engine, &a->command, NULL, &error))
    city_broken(a->command.id, "the events cannot be projected again: %s", error.en);
  json_decref(data);
  json_array_clear(a->events);
  arena_reset(&a->arena);
}

/* What was erased keeps its places in the numbering. */
static void fill(struct again *a, int64_t n)
{
  flush(a);
  a->command = (struct command){
      .kind = &filler_kind, .id = 1, .expect = -1, .type = "fill", .key = "", .actor = {"system", "system", "", "system"}};
  for (int64_t i = 0; i < n; i++)
    (void)json_array_append_new(a->events, json_pack("{s:s,s:s,s:{}}", "type", "filled", "item", "", "data"));
  flush(a);
}

static bool continues(const struct again *a, const struct event *e)
{
  const struct command *c = &a->command;
  return json_array_size(a->events) && c->id == e->id && c->at == e->at && strcmp(c->key, e->key) == 0 &&
         strcmp(c->actor.id, e->actor.id) == 0;
}

static int on_event(void *context, const struct event *e, struct error *error)
{
  struct again *a = context;
  (void)error;
  bool credit = e->kind == &credit_kind, erased = !credit && city->seen[e->id - FIRST].erased;
  if (e->seq > a->last_seq + 1)
    fill(a, e->seq - a->last_seq - 1);
  a->last_seq = e->seq;
  if (erased) {
    fill(a, 1);
    return 0;
  }
  if (!continues(a, e)) {
    flush(a);
    a->command = (struct command){.kind = credit ? &a->credit : &a->kind,
                                  .id = e->id,
                                  .expect = -1,
                                  .type = "tell",
                                  .key = arena_str(&a->arena, e->key),
                                  .actor = {arena_str(&a->arena, e->actor.id), arena_str(&a->arena, e->actor.role),
                                            arena_str(&a->arena, e->actor.agency), arena_str(&a->arena, e->actor.channel)},
                                  .at = e->at};
  }
  (void)json_array_append_new(a->events,
                              json_pack("{s:s,s:s,s:O}", "type", e->type, "item", e->item, "data", (json_t *)(uintptr_t)e->data));
  return 0;
}

static void must(int bad, const struct error *error)
{
  if (bad)
    city_broken(0, "the second store: %s (%s)", error->en, error->name);
}

static void project_again(struct store *store, const char *path)
{
  static const struct migration *const sets[] = {engine_migrations, casework_migrations, record_migrations, credit_migrations,
                                                 NULL};
  struct again a = {.kind = casefile_kind, .credit = credit_kind, .events = json_array()};
  struct error error = {0};
  struct db *db = NULL;
  char url[600];
  a.kind.decide = a.credit.decide = tell;
  a.kind.due = NULL;
  a.kind.erasing = NULL;
  a.kinds[0] = &a.kind;
  a.kinds[1] = &a.credit;
  a.kinds[2] = &filler_kind;
  (void)snprintf(url, sizeof url, "sqlite:%s", path);
  must(store_open(url, &a.store, &error) || store_connect(a.store, DB_WRITE, &db, &error) || store_migrate(db, sets, &error),
       &error);
  db_close(db);
  const struct engine_options options = {.kinds = a.kinds, .origin = "again.example/log", .seal_ms = -1};
  must(engine_open(a.store, &options, &a.engine, &error), &error);
  const struct kind *kinds[] = {&casefile_kind, &credit_kind, NULL};
  must(store_connect(store, DB_READ, &db, &error) || engine_scan(db, kinds, 0, on_event, &a, &error), &error);
  flush(&a);
  db_close(db);
  engine_close(a.engine);
  store_close(a.store);
  json_decref(a.events);
  arena_release(&a.arena);
}

/* ---- the comparison, table by table ---- */

static int number_of(sqlite3 *db, const char *sql)
{
  sqlite3_stmt *stmt;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK || sqlite3_step(stmt) != SQLITE_ROW)
    city_broken(0, "%s: %s", sql, sqlite3_errmsg(db));
  int n = sqlite3_column_int(stmt, 0);
  (void)sqlite3_finalize(stmt);
  return n;
}

/* Rows of erased cases are left out: by case_id, or by the id of tables that have a row a case. */
static void compare_table(sqlite3 *db, const char *table)
{
  static const char unerased[] = "NOT IN (SELECT aggregate FROM main.events WHERE type = 'erased')";
  char where[160] = "1", sql[700];
  (void)snprintf(
      sql, sizeof sql,
      "SELECT COALESCE(max(CASE WHEN name = 'case_id' THEN 2 WHEN name = 'id' AND '%s' LIKE '%%case%%' THEN 1 ELSE 0 END), 0)"
      " FROM pragma_table_info('%s')",
      table, table);
  int column = number_of(db, sql);
  if (column)
    (void)snprintf(where, sizeof where, "%s %s", column == 2 ? "case_id" : "id", unerased);
  (void)snprintf(sql, sizeof sql,
                 "SELECT (SELECT count(*) FROM (SELECT * FROM main.%s WHERE %s EXCEPT SELECT * FROM again.%s))"
                 " + (SELECT count(*) FROM (SELECT * FROM again.%s EXCEPT SELECT * FROM main.%s WHERE %s))",
                 table, where, table, table, table, where);
  int differ = number_of(db, sql);
  if (differ)
    city_broken(0, "the rows of %s are not those of the events (%d differ)", table, differ);
}

/* Every table but the engine's own: those of the mechanisms. */
static void compare(const char *first, const char *second, bool last)
{
  static const char tables[] =
      "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT IN"
      " ('aggregates', 'events', 'outbox', 'timers', 'counters', 'leaves', 'checkpoints', 'ledger_keys',"
      " 'schema_migrations') AND name IN (SELECT name FROM again.sqlite_schema)";
  sqlite3 *db;
  sqlite3_stmt *stmt;
  char sql[700];
  (void)snprintf(sql, sizeof sql, "ATTACH '%s' AS again", second);
  if (sqlite3_open_v2(first, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
      sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK || sqlite3_prepare_v2(db, tables, -1, &stmt, NULL) != SQLITE_OK)
    city_broken(0, "the comparison: %s", sqlite3_errmsg(db));
  int n = 0;
  for (; sqlite3_step(stmt) == SQLITE_ROW; n++)
    compare_table(db, (const char *)sqlite3_column_text(stmt, 0));
  HOLDS(n >= 8, 0);
  if (last && city->post)
    post_check(db);
  (void)sqlite3_finalize(stmt);
  (void)sqlite3_close(db);
}

void rows_check(struct store *store, bool last)
{
  char directory[400], first[400], second[500], command[500];
  (void)snprintf(directory, sizeof directory, "%s/again", city->directory);
  (void)snprintf(first, sizeof first, "%s/store.db", city->directory);
  (void)snprintf(second, sizeof second, "%s/store.db", directory);
  (void)snprintf(command, sizeof command, "rm -rf '%s'", directory);
  if (mkdir(directory, 0700) != 0)
    city_broken(0, "no room for a second store");
  project_again(store, second);
  compare(first, second, last);
  if (system(command) != 0)
    city_broken(0, "the second store stays");
}
