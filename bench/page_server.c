/*
 * page_server: the real web room with one page (/kit, every component of the design) and one JSON document that is read
 * from the store for each request. Prints its port and serves until its standard input ends.
 *
 *   page_server --dir DIR [--threads N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "web/web.h"
#include "workload.h"

#define CASES 20000

static const struct sql one_case = {"SELECT number, state, officer, step, changed FROM bench_cases WHERE id = $1"};
static const struct sql its_tasks = {"SELECT id, state, agency, due FROM bench_tasks WHERE id >= $1 AND id < $2 ORDER BY id"};

static int put_case(struct request *rq, int64_t id, struct json_writer *w, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(rq->db, &one_case, &rows, error, V_INT(id)))
    return -1;
  bool found = rows_next(&rows);
  if (found) {
    json_put_span(w, "number", rows_span(&rows, 0));
    json_put_span(w, "state", rows_span(&rows, 1));
    json_put_span(w, "officer", rows_span(&rows, 2));
    json_put_int(w, "step", rows_int(&rows, 3));
    json_put_int(w, "changed", rows_int(&rows, 4));
  }
  if (rows_close(&rows, error))
    return -1;
  return found ? 0 : error_set(error, ERROR_NOT_FOUND, "not-found", "没有这件办件", "There is no such case");
}

static int put_tasks(struct request *rq, int64_t id, struct json_writer *w, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(rq->db, &its_tasks, &rows, error, V_INT(id), V_INT(id + TASKS_PER_CASE)))
    return -1;
  json_begin_array(w, "tasks");
  while (rows_next(&rows)) {
    json_begin_object(w, NULL);
    json_put_int(w, "id", rows_int(&rows, 0));
    json_put_span(w, "state", rows_span(&rows, 1));
    json_put_span(w, "agency", rows_span(&rows, 2));
    json_put_int(w, "due", rows_int(&rows, 3));
    json_end(w);
  }
  json_end(w);
  return rows_close(&rows, error);
}

static int show_case(struct request *rq, struct error *error)
{
  int64_t id = permit_id((size_t)rq_int(rq, "no"));
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  if (put_case(rq, id, &w, error) || put_tasks(rq, id, &w, error))
    return -1;
  json_end(&w);
  return 0;
}

static const struct route routes[] = {
    {METHOD_GET, "/api/cases/{no}", ROLE_PUBLIC, show_case,
     .parameters = (const struct parameter[]){{"no", IN_PATH, TYPE_INT, true, .max = CASES - 1, .zh = "序号", .en = "number"}, {0}},
     .zh = "一件办件", .en = "One case"},
    {0},
};
static const struct route *const all_routes[] = {routes, NULL};

static int connect_reader(void *context, struct db **ret, struct error *error)
{
  return store_connect(context, DB_READ, ret, error);
}

static void disconnect_reader(void *context, struct db *db)
{
  (void)context;
  db_close(db);
}

/* Cases with their tasks, as the engine's projection leaves them. */
static void fill(struct store *store)
{
  static const struct sql save_case = {PERMIT_SAVE_CASE}, save_task = {PERMIT_SAVE_TASK};
  struct value values[PERMIT_VALUES_MAX];
  struct error error = {0};
  struct db *db;
  if (store_connect(store, DB_WRITE, &db, &error) || db_begin(db, &error))
    give_up_with("filling", &error);
  for (size_t i = 0; i < CASES; i++) {
    const struct permit_row row = {.id = permit_id(i), .version = 1, .at = moment_now()};
    size_t n = permit_values(PERMIT_CASE, &row, 0, values);
    int bad = db_exec(db, &save_case, values, n, &error);
    for (int task = 0; task < TASKS_PER_CASE && !bad; task++) {
      n = permit_values(PERMIT_TASK, &row, task, values);
      bad = db_exec(db, &save_task, values, n, &error);
    }
    if (bad)
      give_up_with("filling", &error);
  }
  if (db_commit(db, &error))
    give_up_with("filling", &error);
  db_close(db);
}

static void serve(struct store *store, int threads)
{
  struct error error = {0};
  struct web *web;
  const struct web_options options = {.listen = "127.0.0.1:0",
                                      .routes = all_routes,
                                      .connect = connect_reader,
                                      .disconnect = disconnect_reader,
                                      .context = store,
                                      .sample = true,
                                      .threads = threads};
  if (web_open(&options, &web, &error))
    give_up_with("the server could not start", &error);
  (void)printf("%d\n", web_port(web));
  (void)fflush(stdout);
  while (getchar() != EOF)
    ;
  web_close(web);
}

int main(int argc, char **argv)
{
  const char *directory = ".";
  int threads = 0;
  for (int i = 1; i + 1 < argc; i += 2)
    if (strcmp(argv[i], "--dir") == 0)
      directory = argv[i + 1];
    else if (strcmp(argv[i], "--threads") == 0)
      threads = (int)strtol(argv[i + 1], NULL, 10);
    else
      give_up("usage: page_server [--dir DIR] [--threads N]");
  struct place place;
  struct store *store;
  struct error error = {0};
  char url[PLACE_URL], where[PLACE_URL];
  place_make(&place, directory, NULL);
  place_store(&place, "engine", url, where);
  if (store_open(url, &store, &error))
    give_up_with(url, &error);
  fill(store);
  serve(store, threads);
  store_close(store);
  place_remove(&place);
  return 0;
}
