/*
 * Consultations: rows and queries.
 */
#include <string.h>

#include "base/json.h"
#include "consult/internal.h"

const struct migration consult_migrations[] = {
    {"consult", 1,
     "CREATE TABLE consultations (\n"
     "  id BIGKEY,\n"
     "  seq BIGINT NOT NULL,\n"
     "  version BIGINT NOT NULL,\n"
     "  state BIGINT NOT NULL,\n"
     "  account TEXT NOT NULL,\n"
     "  about TEXT NOT NULL,\n"
     "  subject TEXT NOT NULL,\n"
     "  asked BIGINT NOT NULL,\n"
     "  changed BIGINT NOT NULL,\n"
     "  waiting BIGINT NOT NULL,\n"
     "  messages BIGINT NOT NULL,\n"
     "  last_by TEXT NOT NULL\n"
     ");\n"
     "CREATE INDEX consultations_account ON consultations (account, asked, id);\n"
     "CREATE INDEX consultations_about ON consultations (about, subject, asked, id);\n"
     /* only those who wait: short, whatever was ever asked */
     "CREATE TABLE consult_queue (id BIGKEY, since BIGINT NOT NULL);\n"
     "CREATE INDEX consult_queue_since ON consult_queue (since, id);\n"
     /* one row, that moves with every change: what the page of those who wait looks at */
     "CREATE TABLE consult_clock (id BIGKEY, seq BIGINT NOT NULL);\n"
     "CREATE TABLE consult_answers (seq BIGKEY, day BIGINT NOT NULL, waited BIGINT NOT NULL);\n"
     "CREATE INDEX consult_answers_day ON consult_answers (day, waited);\n"},
    /* one row for all conversations: two writers of the engine would wait for one another at it */
    {"consult", 2,
     "DROP TABLE consult_clock;\n"
     "CREATE INDEX consultations_seq ON consultations (seq);\n"},
    {0},
};

static const struct sql add = {
    "INSERT INTO consultations (id, seq, version, state, account, about, subject, asked, changed, waiting, messages, last_by)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $5)"};
static const struct sql move = {
    "UPDATE consultations SET seq = $2, version = $3, state = $4, changed = $5, waiting = $6, messages = $7,"
    " last_by = $8 WHERE id = $1"};
static const struct sql wait = {"INSERT INTO consult_queue (id, since) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"};
static const struct sql wait_no_more = {"DELETE FROM consult_queue WHERE id = $1"};
static const struct sql answered = {"INSERT INTO consult_answers (seq, day, waited) VALUES ($1, $2, $3)"};
static const struct sql erase = {"UPDATE consultations SET account = '', about = '', subject = '', last_by = '' WHERE id = $1"};

#define COLUMNS "c.id, c.version, c.state, c.account, c.about, c.subject, c.asked, c.changed, c.waiting, c.messages, c.last_by"
static const struct sql by_id = {"SELECT " COLUMNS " FROM consultations c WHERE c.id = $1"};
static const struct sql who_wait = {"SELECT " COLUMNS " FROM consult_queue q JOIN consultations c ON c.id = q.id"
                                    " WHERE q.since > $1 OR (q.since = $1 AND q.id > $2) ORDER BY q.since, q.id LIMIT $3"};
static const struct sql of_account = {
    "SELECT " COLUMNS " FROM consultations c WHERE c.account = $4"
    " AND (c.asked < $1 OR (c.asked = $1 AND c.id < $2)) ORDER BY c.asked DESC, c.id DESC LIMIT $3"};
static const struct sql about_it = {
    "SELECT " COLUMNS " FROM consultations c WHERE c.about = $4 AND c.subject = $5"
    " AND (c.asked < $1 OR (c.asked = $1 AND c.id < $2)) ORDER BY c.asked DESC, c.id DESC LIMIT $3"};
static const struct sql count_waiting = {"SELECT count(*) FROM consult_queue"};
static const struct sql count_answers = {"SELECT count(*), COALESCE(max(waited), 0) FROM consult_answers WHERE day = $1"};
static const struct sql middle_answer = {"SELECT waited FROM consult_answers WHERE day = $1 ORDER BY waited LIMIT 1 OFFSET $2"};
static const struct sql version_of = {"SELECT version FROM consultations WHERE id = $1"};
static const struct sql newest = {"SELECT seq FROM consultations ORDER BY seq DESC LIMIT 1"};

/* ---- rows ---- */

static void put_one(const struct consult *s, const struct event *e, struct rowset *rows)
{
  if (strcmp(e->type, "asked") == 0)
    ROW_PUT(rows, &add, V_INT(e->id), V_INT(e->seq), V_INT(e->version), V_INT(s->state), V_STR(e->actor.id),
            V_STR(json_str(e->data, "about")), V_STR(json_str(e->data, "subject")), V_INT(e->at), V_INT(s->waiting),
            V_INT(s->messages));
  else
    ROW_PUT(rows, &move, V_INT(e->id), V_INT(e->seq), V_INT(e->version), V_INT(s->state), V_INT(e->at), V_INT(s->waiting),
            V_INT(s->messages), V_STR(s->state == CONSULT_ERASED ? "" : e->actor.id));
  if (s->waiting)
    ROW_PUT(rows, &wait, V_INT(e->id), V_INT(s->waiting));
  else
    ROW_PUT(rows, &wait_no_more, V_INT(e->id));
  if (json_object_get(e->data, "waited_ms"))
    ROW_PUT(rows, &answered, V_INT(e->seq), V_INT(day_of(e->at)), V_INT(json_int(e->data, "waited_ms")));
}

/* Every command makes one event. */
void consult_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  for (size_t i = 0; i < n; i++)
    put_one(state, &events[i], rows);
}

void consult_erase(const void *state, struct rowset *rows)
{
  ROW_PUT(rows, &erase, V_INT(((const struct consult *)state)->id));
}

/* ---- queries ---- */

static struct consult_row read_row(const struct rows *rows, struct arena *arena)
{
  return (struct consult_row){.id = rows_int(rows, 0),
                              .version = rows_int(rows, 1),
                              .state = (enum consult_state)rows_int(rows, 2),
                              .account = rows_str(rows, 3, arena),
                              .about = rows_str(rows, 4, arena),
                              .subject = rows_str(rows, 5, arena),
                              .asked = rows_int(rows, 6),
                              .changed = rows_int(rows, 7),
                              .waiting = rows_int(rows, 8),
                              .messages = (int)rows_int(rows, 9),
                              .last_by = rows_str(rows, 10, arena)};
}

static int read_list(struct db *db, const struct sql *sql, const struct value *values, size_t values_n, size_t max,
                     struct arena *arena, struct consult_row **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  struct consult_row *list = arena_array(arena, max + 1, sizeof *list);
  size_t n = 0;
  if (db_query(db, sql, values, values_n, &rows, error))
    return -1;
  while (n < max && rows_next(&rows))
    list[n++] = read_row(&rows, arena);
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int consult_read(struct db *db, int64_t id, struct arena *arena, struct consult_row *ret, struct error *error)
{
  struct consult_row *list;
  size_t n;
  if (read_list(db, &by_id, &V_INT(id), 1, 1, arena, &list, &n, error))
    return -1;
  if (!n)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这次咨询", "There is no such conversation");
  *ret = list[0];
  return 0;
}

int consult_waiting(struct db *db, const struct consult_row *after, size_t max, struct arena *arena, struct consult_row **ret,
                    size_t *ret_n, struct error *error)
{
  const struct value values[] = {V_INT(after ? after->waiting : 0), V_INT(after ? after->id : 0), V_INT((int64_t)max)};
  return read_list(db, &who_wait, values, 3, max, arena, ret, ret_n, error);
}

int consult_of_account(struct db *db, const char *account, const struct consult_row *after, size_t max, struct arena *arena,
                       struct consult_row **ret, size_t *ret_n, struct error *error)
{
  const struct value values[] = {V_INT(after ? after->asked : INT64_MAX), V_INT(after ? after->id : INT64_MAX), V_INT((int64_t)max),
                                 V_STR(account)};
  return read_list(db, &of_account, values, 4, max, arena, ret, ret_n, error);
}

int consult_about(struct db *db, const char *about, const char *subject, const struct consult_row *after, size_t max,
                  struct arena *arena, struct consult_row **ret, size_t *ret_n, struct error *error)
{
  const struct value values[] = {V_INT(after ? after->asked : INT64_MAX), V_INT(after ? after->id : INT64_MAX), V_INT((int64_t)max),
                                 V_STR(about), V_STR(subject)};
  return read_list(db, &about_it, values, 5, max, arena, ret, ret_n, error);
}

int consult_messages(struct db *db, int64_t id, struct arena *arena, struct consult_message **ret, size_t *ret_n,
                     struct error *error)
{
  static const struct kind *const kinds[] = {&consult_kind, NULL};
  struct event *events;
  size_t n, told = 0;
  if (engine_history(db, kinds, id, arena, &events, &n, error))
    return -1;
  struct consult_message *list = arena_array(arena, n + 1, sizeof *list);
  for (size_t i = 0; i < n; i++) {
    const json_t *waited = json_object_get(events[i].data, "waited_ms");
    if (!*json_str(events[i].data, "text"))
      continue;
    list[told++] = (struct consult_message){.at = events[i].at,
                                            .by = arena_str(arena, events[i].actor.id),
                                            .role = arena_str(arena, events[i].actor.role),
                                            .text = arena_str(arena, json_str(events[i].data, "text")),
                                            .waited_ms = waited ? json_integer_value(waited) : -1};
  }
  history_free(events, n);
  *ret = list;
  *ret_n = told;
  return 0;
}

/* The first two columns of the first row; false where there is none. */
static bool read_two(struct db *db, const struct sql *sql, const struct value *values, size_t values_n, int columns, int64_t ret[2],
                     struct error *error)
{
  struct rows rows;
  if (db_query(db, sql, values, values_n, &rows, error))
    return false;
  bool found = rows_next(&rows);
  for (int i = 0; found && i < columns; i++)
    ret[i] = rows_int(&rows, i);
  return rows_close(&rows, error) == 0 && found;
}

int consult_measured(struct db *db, day on, struct consult_measure *ret, struct error *error)
{
  int64_t sums[2] = {0, 0}, middle[2] = {0, 0};
  if (!read_two(db, &count_answers, &V_INT(on), 1, 2, sums, error))
    return -1;
  const struct value values[] = {V_INT(on), V_INT(sums[0] / 2)};
  if (sums[0] && !read_two(db, &middle_answer, values, 2, 1, middle, error))
    return -1;
  *ret = (struct consult_measure){.answers = sums[0], .median_ms = middle[0], .longest_ms = sums[1]};
  return 0;
}

int64_t consult_waiting_count(struct db *db)
{
  int64_t n[2] = {0, 0};
  return read_two(db, &count_waiting, NULL, 0, 1, n, NULL) ? n[0] : -1;
}

int64_t consult_version(struct db *db, int64_t id)
{
  struct error error = {0};
  int64_t n[2] = {0, 0};
  return read_two(db, id ? &version_of : &newest, &V_INT(id), id ? 1 : 0, 1, n, &error) || !error.code ? n[0] : -1;
}
