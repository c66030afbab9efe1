/*
 * case_server: our side of the bench beside the peers: the real web room, the real engine, a real store, and the process of
 * seven.h. Prints its port and serves until its standard input ends.
 *
 *   case_server [--dir DIR] [--store POSTGRES-URL] [--keep FILE] [--fill N] [--threads N] [--workers N]
 *
 *   POST /case               runs one whole case, each step durable before the next begins: {"tasks":7}
 *   POST /cases              submits one:  {"id":"…","open":["precheck"],"closed":false}
 *   POST /cases/{id}/{task}  does one task: the same
 *   GET  /cases/{id}         one case and its tasks, read from the store
 *   GET  /count              what the store holds: {"events":…,"cases":…,"closed":…}
 *
 * --keep FILE: the store is this file of SQLite's and stays; --fill N: N cases are submitted before it listens.
 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "seven.h"
#include "web/web.h"
#include "workload.h"

static json_t *arguments;

/* ---- commands ---- */

static struct command command_for(int64_t id, int step, moment now)
{
  return (struct command){.kind = &seven_kind,
                          .id = id,
                          .expect = step == 0 ? 0 : -1,
                          .type = seven_steps[step],
                          .key = "",
                          .actor = {"staff:zhang", "officer", "market-regulation", "api"},
                          .at = now,
                          .data = arguments};
}

/* aggregate_id_new() draws 20 bits a millisecond, and a burst of hundreds is likely to draw one twice; tasks' rows need room too.
 */
static int64_t new_case(moment now)
{
  static uint64_t serial;
  const moment epoch = INT64_C(1577836800000);
  return (now - epoch) << 20 | (int64_t)(__atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED) & 0xffff) << 4;
}

static int do_step(struct request *rq, int64_t id, int step, struct outcome *ret, struct error *error)
{
  const struct command command = command_for(id, step, 0);
  return engine_do(rq->engine, &command, ret, error);
}

struct review {
  sem_t *done;
  bool refused;
};

static void review_done(void *context, const struct outcome *outcome, const struct error *error)
{
  struct review *review = context;
  (void)outcome;
  review->refused = error != NULL;
  sem_post(review->done);
}

/* The three departments at the same time, and the join. */
static int do_reviews(struct request *rq, int64_t id, struct error *error)
{
  sem_t done;
  struct review reviews[3];
  int sent = 0, bad = 0;
  sem_init(&done, 0, 0);
  for (; sent < 3 && !bad; sent += !bad) {
    const struct command command = command_for(id, 3 + sent, 0);
    reviews[sent] = (struct review){.done = &done};
    bad = engine_submit(rq->engine, &command, review_done, &reviews[sent], error);
  }
  for (int i = 0; i < sent; i++)
    while (sem_wait(&done))
      ;
  for (int i = 0; i < sent && !bad; i++)
    if (reviews[i].refused)
      bad = error_set(error, ERROR_RULE, "review-refused", "部门审查未被接受", "A department's review was refused");
  sem_destroy(&done);
  return bad;
}

static int whole_case(struct request *rq, struct error *error)
{
  int64_t id = new_case(rq->now);
  struct outcome outcome = {0};
  for (int step = 0; seven_steps[step]; step++) {
    bool review = step == 3;
    if (review ? do_reviews(rq, id, error) : do_step(rq, id, step, &outcome, error))
      return -1;
    step += review ? 2 : 0;
  }
  if (outcome.version != SEVEN_EVENTS)
    return error_set(error, ERROR_INTERNAL, "not-whole", "办件没有办完", "The case is not whole");
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_put_int(&w, "tasks", SEVEN_TASKS);
  json_end(&w);
  return 0;
}

static int say_outcome(struct request *rq, const struct outcome *outcome)
{
  int open[3];
  size_t n = seven_open(outcome->version, open);
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_put_str(&w, "id", arena_printf(rq->arena, "%lld", (long long)outcome->id));
  json_begin_array(&w, "open");
  for (size_t i = 0; i < n; i++)
    json_put_str(&w, NULL, seven_steps[open[i]]);
  json_end(&w);
  json_put_bool(&w, "closed", outcome->version == SEVEN_EVENTS);
  json_end(&w);
  return 0;
}

static int submit_case(struct request *rq, struct error *error)
{
  struct outcome outcome;
  return do_step(rq, new_case(rq->now), 0, &outcome, error) ? -1 : say_outcome(rq, &outcome);
}

static int do_task(struct request *rq, struct error *error)
{
  struct outcome outcome;
  int step = 1;
  while (seven_steps[step] && strcmp(seven_steps[step], rq_str(rq, "task")) != 0)
    step++;
  if (!seven_steps[step])
    return error_set(error, ERROR_NOT_FOUND, "no-such-task", "没有这个步骤", "There is no such task");
  return do_step(rq, rq_int(rq, "id"), step, &outcome, error) ? -1 : say_outcome(rq, &outcome);
}

/* ---- reads ---- */

static int show_case(struct request *rq, struct error *error)
{
  static const struct sql one = {"SELECT state, done, changed FROM seven_cases WHERE id = $1"};
  static const struct sql its = {"SELECT task, state, due FROM seven_tasks WHERE id > $1 AND id < $2 ORDER BY id"};
  int64_t id = rq_int(rq, "id");
  struct rows rows;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  if (DB_QUERY(rq->db, &one, &rows, error, V_INT(id)))
    return -1;
  bool found = rows_next(&rows);
  if (found) {
    json_put_span(&w, "state", rows_span(&rows, 0));
    json_put_int(&w, "done", rows_int(&rows, 1));
    json_put_int(&w, "changed", rows_int(&rows, 2));
  }
  if (rows_close(&rows, error) || DB_QUERY(rq->db, &its, &rows, error, V_INT(id), V_INT(id + SEVEN_TASKS + 1)))
    return -1;
  json_begin_array(&w, "tasks");
  while (rows_next(&rows)) {
    json_begin_object(&w, NULL);
    json_put_span(&w, "task", rows_span(&rows, 0));
    json_put_span(&w, "state", rows_span(&rows, 1));
    json_put_int(&w, "due", rows_int(&rows, 2));
    json_end(&w);
  }
  json_end(&w);
  json_end(&w);
  if (rows_close(&rows, error))
    return -1;
  return found ? 0 : error_set(error, ERROR_NOT_FOUND, "not-found", "没有这件办件", "There is no such case");
}

static int count_all(struct request *rq, struct error *error)
{
  static const struct sql all = {"SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM seven_cases),"
                                 " (SELECT count(*) FROM seven_cases WHERE state = 'closed')"};
  struct rows rows;
  if (DB_QUERY(rq->db, &all, &rows, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  if (rows_next(&rows)) {
    json_put_int(&w, "events", rows_int(&rows, 0));
    json_put_int(&w, "cases", rows_int(&rows, 1));
    json_put_int(&w, "closed", rows_int(&rows, 2));
  }
  json_end(&w);
  return rows_close(&rows, error);
}

static const struct parameter of_case[] = {{"id", IN_PATH, TYPE_INT, true, .min = 1, .zh = "编号", .en = "id"}, {0}};
static const struct parameter of_task[] = {{"id", IN_PATH, TYPE_INT, true, .min = 1, .zh = "编号", .en = "id"},
                                           {"task", IN_PATH, TYPE_TEXT, true, .max = 20, .zh = "步骤", .en = "task"},
                                           {0}};
static const struct route routes[] = {
    {METHOD_POST, "/case", ROLE_PUBLIC, whole_case, ROUTE_API | ROUTE_NO_CSRF, NULL, "办完一件", "One whole case"},
    {METHOD_POST, "/cases", ROLE_PUBLIC, submit_case, ROUTE_API | ROUTE_NO_CSRF, NULL, "提交", "Submit"},
    {METHOD_POST, "/cases/{id}/{task}", ROLE_PUBLIC, do_task, ROUTE_API | ROUTE_NO_CSRF, of_task, "办一步", "One task"},
    {METHOD_GET, "/cases/{id}", ROLE_PUBLIC, show_case, ROUTE_API, of_case, "一件办件", "One case"},
    {METHOD_GET, "/count", ROLE_PUBLIC, count_all, ROUTE_API | ROUTE_WORKER, NULL, "计数", "Counts"},
    {0},
};
static const struct route *const all_routes[] = {routes, NULL};

/* ---- the program ---- */

struct options {
  const char *directory, *cluster, *keep;
  size_t fill;
  int threads, workers;
};

static int connect_reader(void *context, struct db **ret, struct error *error)
{
  return store_connect(context, DB_READ, ret, error);
}

static void disconnect_reader(void *context, struct db *db)
{
  (void)context;
  db_close(db);
}

static void filled(void *context, const struct outcome *outcome, const struct error *error)
{
  (void)outcome;
  if (error)
    give_up_with("a case was refused", error);
  sem_post(context);
}

#define FILL_IN_FLIGHT 1024

static void fill(struct engine *engine, size_t n)
{
  sem_t room;
  struct error error;
  sem_init(&room, 0, FILL_IN_FLIGHT);
  for (size_t i = 0; i < n + FILL_IN_FLIGHT; i++) {
    while (sem_wait(&room))
      ;
    const struct command command = command_for(permit_id(i), 0, 0);
    if (i < n && engine_submit(engine, &command, filled, &room, &error))
      give_up_with("a case was not taken", &error);
  }
  sem_destroy(&room);
}

static void serve(struct store *store, const char *keys, const struct options *o)
{
  struct error error = {0};
  struct engine *engine;
  struct web *web;
  /* No sealer: none of the peers keeps a ledger; engine_bench has the rows with it. Nobody here comes uninvited: all may wait. */
  const struct engine_options engine_options = {
      .kinds = seven_kinds, .key_dir = keys, .origin = "bench.example", .seal_ms = -1, .wait_ms = -1};
  if (engine_open(store, &engine_options, &engine, &error))
    give_up_with("the engine could not start", &error);
  fill(engine, o->fill);
  const struct web_options web_options = {.listen = "127.0.0.1:0",
                                          .routes = all_routes,
                                          .engine = engine,
                                          .connect = connect_reader,
                                          .disconnect = disconnect_reader,
                                          .context = store,
                                          .threads = o->threads,
                                          .workers = o->workers};
  if (web_open(&web_options, &web, &error))
    give_up_with("the server could not start", &error);
  (void)printf("%d\n", web_port(web));
  (void)fflush(stdout);
  while (getchar() != EOF)
    ;
  web_close(web);
  engine_close(engine);
}

static void migrate(struct store *store)
{
  struct db *db;
  struct error error = {0};
  /* place_store() has brought the first two */
  const struct migration *const sets[] = {permit_migrations[0], permit_migrations[1], seven_migrations, NULL};
  if (store_connect(store, DB_WRITE, &db, &error) || store_migrate(db, sets, &error))
    give_up_with("the store", &error);
  db_close(db);
}

static void run(const struct options *o)
{
  struct place place;
  struct store *store;
  struct error error = {0};
  char url[PLACE_URL], where[PLACE_URL], keys[PLACE_URL];
  place_make(&place, o->directory, o->cluster);
  if (o->keep)
    (void)snprintf(url, sizeof url, "sqlite:%s", o->keep);
  else
    place_store(&place, "engine", url, where);
  (void)snprintf(keys, sizeof keys, "%s/keys", place.directory);
  if (store_open(url, &store, &error))
    give_up_with(url, &error);
  migrate(store);
  serve(store, keys, o);
  store_close(store);
  place_remove(&place);
}

int main(int argc, char **argv)
{
  struct options o = {.directory = ".", .workers = 64};
  for (int i = 1; i + 1 < argc; i += 2)
    if (strcmp(argv[i], "--dir") == 0)
      o.directory = argv[i + 1];
    else if (strcmp(argv[i], "--store") == 0)
      o.cluster = argv[i + 1];
    else if (strcmp(argv[i], "--keep") == 0)
      o.keep = argv[i + 1];
    else if (strcmp(argv[i], "--fill") == 0)
      o.fill = strtoul(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--threads") == 0)
      o.threads = (int)strtol(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--workers") == 0)
      o.workers = (int)strtol(argv[i + 1], NULL, 10);
    else
      give_up("usage: case_server [--dir DIR] [--store URL] [--keep FILE] [--fill N] [--threads N] [--workers N]");
  arguments = permit_arguments();
  run(&o);
  json_decref(arguments);
  return 0;
}
