/*
 * load.c: what the ledger's tests run, kill and check: the real engine with a store, keys and a public directory.
 *
 *   load write DIR ROUND N [WAIT_MS]  N commands one after another, publishing every 7th time and at the end (waiting so long
 *                                for witnesses); tells «A seq» for each that was acknowledged, «P size» for what is out
 *   load open DIR                opens and closes
 *   load check DIR               tells «V events sealed» of the store, «C size root» of every signed checkpoint in it, and «L
 *                                leaves files» of the directory checked against its checkpoint
 *   load rebuild DIR SIZE        writes DIR's hash tiles again from its bundles; tells «R root»
 *
 * Everything is in DIR: city.db, keys/, city.db.log/. Exit codes: 0 · 2 could not (says why, with the error's name) · 3 usage.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "engine/engine.h"
#include "ledger/logdir.h"
#include "ledger/note.h"

#define ORIGIN "jars.example/log"

struct jar {
  int64_t coins;
};

static int jar_decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  (void)state;
  (void)error;
  decision_emit(d, "put", "coin", json_pack("{s:I}", "amount", (json_int_t)json_int(c->data, "amount")));
  return 0;
}

static int jar_evolve(void *state, struct arena *arena, const struct event *e)
{
  (void)arena;
  ((struct jar *)state)->coins += json_int(e->data, "amount");
  return 0;
}

static const struct kind jar_kind = {"jar", sizeof(struct jar), jar_decide, jar_evolve, NULL, NULL};
static const struct kind *const kinds[] = {&jar_kind, NULL};
static const struct migration *const sets[] = {engine_migrations, NULL};

struct place {
  char url[700], keys[700], log[700];
};

_Noreturn static void give_up(const char *what, const struct error *error)
{
  (void)fprintf(stderr, "load: %s: %s: %s (%s)\n", what, error->name, error->en, error->where);
  _exit(2);
}

static void tell(const char *format, int64_t a, int64_t b)
{
  char line[128];
  int n = snprintf(line, sizeof line, format, a, b);
  if (n <= 0 || write(STDOUT_FILENO, line, (size_t)n) != n)
    _exit(3);
}

static struct place place_of(const char *dir)
{
  struct place p;
  (void)snprintf(p.url, sizeof p.url, "sqlite:%s/city.db", dir);
  (void)snprintf(p.keys, sizeof p.keys, "%s/keys", dir);
  (void)snprintf(p.log, sizeof p.log, "%s/city.db.log", dir);
  return p;
}

static struct store *open_store(const struct place *p, bool migrate)
{
  struct store *store;
  struct db *db;
  struct error error = {0};
  if (store_open(p->url, &store, &error))
    give_up("store", &error);
  if (!migrate)
    return store;
  if (store_connect(store, DB_WRITE, &db, &error) || store_migrate(db, sets, &error))
    give_up("store", &error);
  db_close(db);
  return store;
}

static struct engine *open_engine(struct store *store, const struct place *p)
{
  struct engine *engine;
  struct error error = {0};
  const struct engine_options options = {.kinds = kinds,
                                         .key_dir = p->keys,
                                         .origin = ORIGIN,
                                         .log_dir = p->log,
                                         .seal_ms = 5,
                                         .sm3_log = getenv("LOAD_SM3") != NULL,
                                         .sm2 = getenv("LOAD_SM2") != NULL};
  if (engine_open(store, &options, &engine, &error))
    give_up("engine", &error);
  return engine;
}

static int64_t put(struct engine *engine, int64_t id, const char *key, int n)
{
  struct outcome outcome = {0};
  struct error error = {0};
  json_t *data = json_pack("{s:i}", "amount", n);
  const struct command command = {.kind = &jar_kind,
                                  .id = id,
                                  .expect = -1,
                                  .type = "put",
                                  .key = key,
                                  .actor = {"staff:load", "clerk", n % 3 ? "finance" : "", "api"},
                                  .data = data};
  if (engine_do(engine, &command, &outcome, &error))
    give_up("put", &error);
  json_decref(data);
  return outcome.seq;
}

/* Once more is told what is out after a wait that was too short: the next one has it. */
static void publish(struct engine *engine, int wait_ms)
{
  struct error error = {0};
  struct arena arena = {0};
  struct engine_log_status status;
  if (engine_publish(engine, wait_ms, &error) && strcmp(error.name, "not-published") != 0)
    (void)fprintf(stderr, "load: publish: %s: %s\n", error.name, error.en);
  engine_log_status(engine, &arena, &status);
  tell("P %" PRId64 " %" PRId64 "\n", status.size, (int64_t)status.missing);
  arena_release(&arena);
}

static int write_some(const struct place *p, const char *round, int n, int wait_ms)
{
  struct store *store = open_store(p, true);
  struct engine *engine = open_engine(store, p);
  char key[60];
  for (int i = 0; i < n; i++) {
    (void)snprintf(key, sizeof key, "%s-%d", round, i);
    tell("A %" PRId64 " %" PRId64 "\n", put(engine, 1 + i % 5, key, i), 0);
    if (i % 7 == 6)
      publish(engine, wait_ms);
  }
  publish(engine, wait_ms);
  engine_close(engine);
  store_close(store);
  return 0;
}

static int open_only(const struct place *p)
{
  struct store *store = open_store(p, true);
  engine_close(open_engine(store, p));
  store_close(store);
  return 0;
}

static void tell_root(const char *what, int64_t size, const struct digest *root)
{
  char hex[2 * DIGEST_BYTES + 1];
  hex_encode(root->b, DIGEST_BYTES, hex);
  (void)printf("%s %" PRId64 " %s\n", what, size, hex);
}

static void checkpoint_of(struct arena *arena, struct span text, struct checkpoint *ret)
{
  struct note note;
  struct error error = {0};
  if (note_parse(arena, text, &note, &error))
    give_up("note", &error);
  if (!checkpoint_parse(arena, note.text, ret)) {
    (void)fputs("load: not a checkpoint\n", stderr);
    _exit(2);
  }
}

static void tell_signed(struct db *db)
{
  static const struct sql all = {"SELECT note FROM checkpoints ORDER BY size"};
  struct rows rows;
  struct arena arena = {0};
  struct error error = {0};
  if (db_query(db, &all, NULL, 0, &rows, &error))
    give_up("checkpoints", &error);
  while (rows_next(&rows)) {
    struct checkpoint c;
    checkpoint_of(&arena, rows_span(&rows, 0), &c);
    tell_root("C", c.size, &c.root);
  }
  if (rows_close(&rows, &error))
    give_up("checkpoints", &error);
  arena_release(&arena);
}

static void check_directory(const char *dir, enum merkle_hash hash)
{
  struct arena arena = {0};
  struct span note;
  struct checkpoint c;
  struct logdir_report report;
  struct error error = {0};
  if (logdir_checkpoint(dir, &arena, &note, &error))
    give_up("directory", &error);
  if (note.n) {
    checkpoint_of(&arena, note, &c);
    if (logdir_check(dir, hash, &c, &report, &error))
      give_up("directory", &error);
    tell("L %" PRId64 " %" PRId64 "\n", report.leaves, report.files);
  }
  arena_release(&arena);
}

static int check(const struct place *p)
{
  struct store *store = open_store(p, false);
  struct db *db;
  struct ledger_report report;
  struct error error = {0};
  if (store_connect(store, DB_READ, &db, &error) || engine_verify(db, kinds, NULL, &report, &error))
    give_up("verify", &error);
  tell("V %" PRId64 " %" PRId64 "\n", report.events, report.sealed);
  tell_signed(db);
  (void)fflush(stdout);
  db_close(db);
  store_close(store);
  check_directory(p->log, MERKLE_SHA256);
  if (getenv("LOAD_SM3")) {
    char sm3[720];
    (void)snprintf(sm3, sizeof sm3, "%s/sm3", p->log);
    check_directory(sm3, MERKLE_SM3);
  }
  return 0;
}

static int rebuild(const char *dir, int64_t size)
{
  struct digest root;
  struct error error = {0};
  if (logdir_rebuild(dir, MERKLE_SHA256, size, &root, &error))
    give_up("rebuild", &error);
  tell_root("R", size, &root);
  return fflush(stdout) ? 3 : 0;
}

int main(int argc, char **argv)
{
  const char *verb = argc > 2 ? argv[1] : "";
  struct place p = place_of(argc > 2 ? argv[2] : "");
  if (strcmp(verb, "write") == 0 && argc >= 5)
    return write_some(&p, argv[3], atoi(argv[4]), argc > 5 ? atoi(argv[5]) : 3000);
  if (strcmp(verb, "open") == 0)
    return open_only(&p);
  if (strcmp(verb, "check") == 0)
    return check(&p);
  if (strcmp(verb, "rebuild") == 0 && argc == 4)
    return rebuild(argv[2], atoll(argv[3]));
  (void)fputs("usage: load write DIR ROUND N [WAIT_MS] | open DIR | check DIR | rebuild DIR SIZE\n", stderr);
  return 3;
}
