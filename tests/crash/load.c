/*
 * load.c: what tests/crash/crash.py kills. A small kind of its own (a jar of coins) on the real engine and store.
 *
 *   load write URL KEYS ROUND THREADS   commands without end; each line on stdout is one that was acknowledged:
 *                                       «A id version key amount», and «D delivery key» for each message delivered
 *   load drain URL KEYS                 delivers every message that waits, and tells J and V
 *   load check URL KEYS                 opens the store again; reads «id version key amount» lines and tells what it finds:
 *                                       V events intact · E seq id version key amount · R id version key repeated ·
 *                                       N events after the repeats · J id coins
 *
 * It judges nothing: the parent keeps its own list and compares.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "engine/engine.h"

#define JARS 23 /* few, so that threads meet at one */

struct jar {
  int64_t coins;
};

static const struct sql save_jar = {
    "INSERT INTO jars (id, coins) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET coins = excluded.coins"};
static const struct sql read_jars = {"SELECT id, coins FROM jars ORDER BY id"};

/* Two events a command: half of one would be seen. */
static int jar_decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  (void)state;
  (void)error;
  int64_t amount = json_int(c->data, "amount");
  decision_emit(d, "put", "",
                json_pack("{s:I, s:I}", "amount", (json_int_t)amount, "number", (json_int_t)decision_number(d, "coin")));
  decision_emit(d, "noted", "", json_pack("{s:I}", "amount", (json_int_t)amount));
  return 0;
}

static int jar_evolve(void *state, struct arena *arena, const struct event *e)
{
  (void)arena;
  if (strcmp(e->type, "put") == 0)
    ((struct jar *)state)->coins += json_int(e->data, "amount");
  return 0;
}

static void jar_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  char body[128];
  ROW_PUT(rows, &save_jar, V_INT(events[0].id), V_INT(((const struct jar *)state)->coins));
  (void)snprintf(body, sizeof body, "{\"key\":\"%s\"}", events[n - 1].key);
  rowset_send(rows, "coin", span_of(body));
}

static const struct kind jar_kind = {"jar", sizeof(struct jar), jar_decide, jar_evolve, jar_project, NULL};
static const struct kind *const kinds[] = {&jar_kind, NULL};
static const struct migration jar_migrations[] = {
    {"jar", 1, "CREATE TABLE jars (id BIGKEY, coins BIGINT NOT NULL);\n"},
    {0},
};
static const struct migration *const sets[] = {engine_migrations, jar_migrations, NULL};

/* One write() of less than PIPE_BUF: lines of threads never mix, and none is half there. */
static void tell(const char *line, int n)
{
  if (n <= 0 || write(STDOUT_FILENO, line, (size_t)n) != n)
    _exit(3);
}

static int deliver(void *context, const char *delivery, struct span body, struct error *error)
{
  char line[256];
  json_t *message;
  (void)context;
  if (json_read(body, "message", &message, error))
    return -1;
  tell(line, snprintf(line, sizeof line, "D %s %s\n", delivery, json_str(message, "key")));
  json_decref(message);
  return 0;
}

static const struct outlet outlets[] = {{"coin", deliver, NULL}, {0}};

_Noreturn static void give_up(const char *what, const struct error *error)
{
  (void)fprintf(stderr, "load: %s: %s (%s) %s\n", what, error->en, error->name, error->where);
  exit(2);
}

static struct store *open_store(const char *url)
{
  struct store *store;
  struct db *db;
  struct error error = {0};
  if (store_open(url, &store, &error))
    give_up("open", &error);
  /* beside others where it is there already, else by itself */
  for (int tries = 0; store_connect(store, tries % 2 ? DB_SHARE : DB_WRITE, &db, &error); tries++) {
    /* PostgreSQL may need a moment to see that its client was killed */
    if (strcmp(error.name, "store-locked") != 0 || tries > 200)
      give_up("connect", &error);
    (void)usleep(50000);
  }
  if (store_migrate(db, sets, &error))
    give_up("migrate", &error);
  db_close(db);
  return store;
}

static struct engine *open_engine(struct store *store, const char *keys)
{
  struct engine *engine;
  struct error error = {0};
  const struct engine_options options = {
      .kinds = kinds, .outlets = outlets, .key_dir = keys, .origin = "jars.example/log", .group_max = 64, .seal_ms = 20};
  for (int tries = 0; engine_open(store, &options, &engine, &error); tries++) {
    if (strcmp(error.name, "store-locked") != 0 || tries > 200)
      give_up("engine", &error);
    (void)usleep(50000);
  }
  return engine;
}

static int put(struct engine *engine, int64_t id, const char *key, int64_t amount, struct outcome *ret, struct error *error)
{
  json_t *data = json_pack("{s:I}", "amount", (json_int_t)amount);
  const struct command command = {.kind = &jar_kind,
                                  .id = id,
                                  .expect = -1,
                                  .type = "put",
                                  .key = key,
                                  .actor = {"staff:load", "clerk", "", "api"},
                                  .data = data};
  int bad = engine_do(engine, &command, ret, error);
  json_decref(data);
  return bad;
}

struct hand {
  struct engine *engine;
  const char *round;
  int number;
};

static void *work(void *argument)
{
  const struct hand *h = argument;
  char key[48], line[256];
  for (int n = 0;; n++) {
    struct outcome outcome;
    struct error error = {0};
    int64_t id = 1 + (h->number * 7 + n) % JARS;
    int64_t amount = 1 + n % 5;
    (void)snprintf(key, sizeof key, "%s-%d-%d", h->round, h->number, n);
    if (put(h->engine, id, key, amount, &outcome, &error) == 0)
      tell(line, snprintf(line, sizeof line, "A %" PRId64 " %d %s %" PRId64 "\n", id, outcome.version, key, amount));
    else if (error.code == ERROR_BUSY)
      (void)usleep(20000);
    else
      give_up("put", &error);
  }
  return NULL;
}

static int write_without_end(const char *url, const char *keys, const char *round, int threads)
{
  struct engine *engine = open_engine(open_store(url), keys);
  for (int i = 0; i < threads; i++) {
    pthread_t thread;
    struct hand *h = malloc(sizeof *h);
    if (!h)
      abort();
    *h = (struct hand){engine, round, i};
    if (pthread_create(&thread, NULL, work, h))
      abort();
  }
  for (;;)
    (void)pause();
}

struct scan {
  bool print;
  int64_t events;
};

static int see(void *context, const struct event *e, struct error *error)
{
  struct scan *s = context;
  (void)error;
  s->events++;
  if (s->print)
    (void)printf("E %" PRId64 " %" PRId64 " %d %s %" PRId64 "\n", e->seq, e->id, e->version, e->key, json_int(e->data, "amount"));
  return 0;
}

static int64_t scan(struct store *store, bool print)
{
  struct db *db;
  struct error error = {0};
  struct scan s = {.print = print};
  if (store_connect(store, DB_READ, &db, &error) || engine_scan(db, kinds, 0, see, &s, &error))
    give_up("scan", &error);
  db_close(db);
  return s.events;
}

static void repeat_all(struct engine *engine)
{
  char key[64], line[256];
  int64_t id, amount;
  int version;
  while (scanf("%" SCNd64 " %d %63s %" SCNd64, &id, &version, key, &amount) == 4) {
    struct outcome o;
    struct error error = {0};
    if (put(engine, id, key, amount, &o, &error))
      give_up("repeat", &error);
    tell(line, snprintf(line, sizeof line, "R %" PRId64 " %d %s %d\n", id, o.version, key, (int)o.repeated));
  }
}

static void tell_jars_and_ledger(struct store *store)
{
  struct db *db;
  struct rows rows;
  struct ledger_report report;
  struct error error = {0};
  if (store_connect(store, DB_READ, &db, &error) || db_query(db, &read_jars, NULL, 0, &rows, &error))
    give_up("jars", &error);
  while (rows_next(&rows))
    (void)printf("J %" PRId64 " %" PRId64 "\n", rows_int(&rows, 0), rows_int(&rows, 1));
  if (rows_close(&rows, &error))
    give_up("jars", &error);
  if (engine_verify(db, kinds, NULL, &report, &error))
    give_up("verify", &error);
  (void)printf("V %" PRId64 " %" PRId64 "\n", report.events, report.sealed);
  db_close(db);
}

static int64_t waiting_messages(struct store *store)
{
  static const struct sql count = {"SELECT count(*) FROM outbox"};
  struct db *db;
  struct rows rows;
  struct error error = {0};
  int64_t n = 0;
  if (store_connect(store, DB_READ, &db, &error) || db_query(db, &count, NULL, 0, &rows, &error))
    give_up("outbox", &error);
  if (rows_next(&rows))
    n = rows_int(&rows, 0);
  if (rows_close(&rows, &error))
    give_up("outbox", &error);
  db_close(db);
  return n;
}

static int drain(const char *url, const char *keys)
{
  struct store *store = open_store(url);
  struct engine *engine = open_engine(store, keys);
  while (waiting_messages(store) > 0)
    (void)usleep(20000);
  engine_close(engine);
  tell_jars_and_ledger(store);
  store_close(store);
  return fflush(stdout) ? 3 : 0;
}

static int check(const char *url, const char *keys)
{
  struct store *store = open_store(url);
  tell_jars_and_ledger(store); /* as the crash left it, before the sealer takes up what is open */
  (void)scan(store, true);
  (void)fflush(stdout);
  struct engine *engine = open_engine(store, keys);
  repeat_all(engine);
  struct error error = {0};
  if (engine_seal(engine, &error))
    give_up("seal", &error);
  engine_close(engine);
  (void)printf("N %" PRId64 "\n", scan(store, false));
  store_close(store);
  return fflush(stdout) ? 3 : 0;
}

int main(int argc, char **argv)
{
  if (argc == 6 && strcmp(argv[1], "write") == 0)
    return write_without_end(argv[2], argv[3], argv[4], atoi(argv[5]));
  if (argc == 4 && strcmp(argv[1], "drain") == 0)
    return drain(argv[2], argv[3]);
  if (argc == 4 && strcmp(argv[1], "check") == 0)
    return check(argv[2], argv[3]);
  (void)fputs("usage: load write URL KEYS ROUND THREADS | load drain|check URL KEYS\n", stderr);
  return 2;
}
