#include "history/history.h"
#include "history/history_rows.h"

const struct migration history_migrations[] = {
    {"history", 1,
     "CREATE TABLE history_logs (\n"
     "  id BIGKEY,\n"
     "  seq BIGINT NOT NULL,\n"
     "  name TEXT NOT NULL,\n"
     "  finished BIGINT NOT NULL\n"
     ");\n"
     "CREATE TABLE history_traces (\n"
     "  log BIGINT NOT NULL,\n"
     "  position BIGINT NOT NULL,\n"
     "  id BIGINT NOT NULL,\n"
     "  name TEXT NOT NULL,\n"
     "  PRIMARY KEY (log, position)\n"
     ");\n"},
    {0},
};

static const struct sql PUT_LOG = {"INSERT INTO history_logs (id, seq, name, finished) VALUES ($1, $2, $3, 0)"};
static const struct sql PUT_FINISHED = {"UPDATE history_logs SET finished = 1 WHERE id = $1"};
static const struct sql PUT_TRACE = {"INSERT INTO history_traces (log, position, id, name) VALUES ($1, $2, $3, $4)"};
static const struct sql LOGS = {"SELECT id, name, finished FROM history_logs ORDER BY seq"};
static const struct sql TRACES = {"SELECT position, id FROM history_traces WHERE log = $1 AND position > $2"
                                  " ORDER BY position LIMIT $3"};

void history_put_log(struct rowset *rows, int64_t id, int64_t seq, const char *name)
{
  ROW_PUT(rows, &PUT_LOG, V_INT(id), V_INT(seq), V_STR(name));
}

void history_put_finished(struct rowset *rows, int64_t id)
{
  ROW_PUT(rows, &PUT_FINISHED, V_INT(id));
}

void history_put_trace(struct rowset *rows, int64_t id, int64_t log, int64_t position, const char *name)
{
  ROW_PUT(rows, &PUT_TRACE, V_INT(log), V_INT(position), V_INT(id), V_STR(name));
}

int history_logs(struct db *db, struct arena *arena, struct history_log_row **ret, size_t *ret_n, struct error *error)
{
  struct history_log_row *list = NULL;
  size_t n = 0, cap = 0;
  struct rows rows;
  if (db_query(db, &LOGS, NULL, 0, &rows, error))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = (struct history_log_row){rows_int(&rows, 0), rows_str(&rows, 1, arena), rows_int(&rows, 2) != 0};
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int history_traces(struct db *db, int64_t log, int64_t *position, int64_t *ids, size_t max, size_t *ret_n, struct error *error)
{
  struct rows rows;
  size_t n = 0;
  int64_t last = *position;
  if (DB_QUERY(db, &TRACES, &rows, error, V_INT(log), V_INT(last), V_INT((int64_t)max)))
    return -1;
  while (n < max && rows_next(&rows)) {
    last = rows_int(&rows, 0);
    ids[n++] = rows_int(&rows, 1);
  }
  if (rows_close(&rows, error))
    return -1;
  *position = last;
  *ret_n = n;
  return 0;
}
