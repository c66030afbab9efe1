/*
 * Alarms: rules, rows, queries.
 */
#include "watch/alarm.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { REASON_MAX = 2000 };

const struct migration watch_migrations[] = {
    {"watch", 1,
     "CREATE TABLE alarms (\n"
     "  id BIGKEY,\n"
     "  word TEXT NOT NULL,\n"
     "  leaf BIGINT NOT NULL,\n"
     "  subject TEXT NOT NULL,\n"
     "  zh TEXT NOT NULL,\n"
     "  en TEXT NOT NULL,\n"
     "  raised BIGINT NOT NULL,\n"
     "  acknowledged BIGINT NOT NULL,\n"
     "  actor TEXT NOT NULL,\n"
     "  reason TEXT NOT NULL\n"
     ");\n"
     "CREATE INDEX alarms_open ON alarms ((acknowledged > 0), raised, id);\n"},
    {0},
};

static const struct sql put = {"INSERT INTO alarms (id, word, leaf, subject, zh, en, raised, acknowledged, actor, reason)"
                               " VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', '')"};
static const struct sql answer = {"UPDATE alarms SET acknowledged = $2, actor = $3, reason = $4 WHERE id = $1"};

#define COLUMNS "id, word, leaf, subject, zh, en, raised, acknowledged, actor, reason"
static const struct sql open_ones = {
    "SELECT " COLUMNS " FROM alarms WHERE (acknowledged > 0) = (0 > 1) AND (raised < $1 OR (raised = $1 AND id < $2))"
    " ORDER BY raised DESC, id DESC LIMIT $3"};
static const struct sql answered_ones = {
    "SELECT " COLUMNS " FROM alarms WHERE (acknowledged > 0) = (1 > 0) AND (raised < $1 OR (raised = $1 AND id < $2))"
    " ORDER BY raised DESC, id DESC LIMIT $3"};
static const struct sql by_id = {"SELECT " COLUMNS " FROM alarms WHERE id = $1"};
static const struct sql count_open = {"SELECT count(*) FROM alarms WHERE (acknowledged > 0) = (0 > 1)"};

/* ---- rules ---- */

struct alarm {
  bool raised, acknowledged;
};

static int decide_acknowledge(const struct alarm *a, const struct command *c, struct decision *d, struct error *error)
{
  const char *reason = json_str(c->data, "reason");
  struct span s = span_trim(span_of(reason));
  if (!a->raised)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这条告警", "There is no such alarm");
  if (strcmp(c->actor.role, "supervisor") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-your-role", "只有监督人员可以处理告警",
                     "Only a supervisor may acknowledge an alarm");
  if (a->acknowledged)
    return error_set(error, ERROR_CONFLICT, "acknowledged", "这条告警已经处理", "This alarm has been acknowledged already");
  if (s.n == 0 || s.n > REASON_MAX || !text_plain(s)) {
    (void)error_set(error, ERROR_BAD_INPUT, "bad-argument", "请写明核查结果（至多 2000 字节）",
                    "Please say what was found out (at most 2000 bytes)");
    return error_at(error, "reason");
  }
  decision_emit(d, "acknowledged", "", json_pack("{s:s}", "reason", arena_dup(d->arena, s)));
  return 0;
}

static int decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  const struct alarm *a = state;
  if (strcmp(c->type, "acknowledge") == 0)
    return decide_acknowledge(a, c, d, error);
  if (strcmp(c->type, "raise") != 0)
    return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", c->type);
  if (strcmp(c->actor.role, "system") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-your-role", "告警由监测程序发出", "Alarms are raised by the monitor");
  if (!a->raised)
    decision_emit(d, "raised", "", json_deep_copy(c->data));
  return 0;
}

static int evolve(void *state, struct arena *arena, const struct event *e)
{
  struct alarm *a = state;
  (void)arena;
  if (strcmp(e->type, "raised") == 0)
    a->raised = true;
  else if (strcmp(e->type, "acknowledged") == 0)
    a->acknowledged = true;
  else
    return -1;
  return 0;
}

static void project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  (void)state;
  for (size_t i = 0; i < n; i++) {
    const struct event *e = &events[i];
    if (strcmp(e->type, "raised") == 0)
      ROW_PUT(rows, &put, V_INT(e->id), V_STR(json_str(e->data, "word")), V_INT(json_int(e->data, "index")),
              V_STR(json_str(e->data, "subject")), V_STR(json_str(e->data, "zh")), V_STR(json_str(e->data, "en")), V_INT(e->at));
    else
      ROW_PUT(rows, &answer, V_INT(e->id), V_INT(e->at), V_STR(e->actor.id), V_STR(json_str(e->data, "reason")));
  }
}

const struct kind alarm_kind = {
    .name = "alarm", .state_size = sizeof(struct alarm), .decide = decide, .evolve = evolve, .project = project};

int alarm_raise(struct engine *engine, const struct anomaly *found, struct error *error)
{
  char what[300];
  (void)snprintf(what, sizeof what, "%s/%lld/%s", found->word, (long long)found->index, found->subject);
  json_t *data = json_pack("{s:s,s:I,s:s,s:s,s:s}", "word", found->word, "index", (json_int_t)found->index, "subject",
                           found->subject, "zh", found->zh, "en", found->en);
  const struct command command = {.kind = &alarm_kind,
                                  .id = aggregate_id_from("alarm", what),
                                  .expect = -1,
                                  .type = "raise",
                                  .key = "",
                                  .actor = {"system", "system", "", "system"},
                                  .data = data};
  int bad = engine_do(engine, &command, NULL, error);
  json_decref(data);
  return bad;
}

/* ---- queries ---- */

static struct alarm_row read_row(const struct rows *rows, struct arena *arena)
{
  return (struct alarm_row){.id = rows_int(rows, 0),
                            .word = rows_str(rows, 1, arena),
                            .index = rows_int(rows, 2),
                            .subject = rows_str(rows, 3, arena),
                            .zh = rows_str(rows, 4, arena),
                            .en = rows_str(rows, 5, arena),
                            .raised = rows_int(rows, 6),
                            .acknowledged = rows_int(rows, 7),
                            .by = rows_str(rows, 8, arena),
                            .reason = rows_str(rows, 9, arena)};
}

static int add_rows(struct db *db, const struct sql *sql, const struct alarm_row *after, size_t max, struct arena *arena,
                    struct alarm_row *list, size_t *n, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, sql, &rows, error, V_INT(after ? after->raised : INT64_MAX), V_INT(after ? after->id : 0),
               V_INT((int64_t)(max - *n))))
    return -1;
  while (rows_next(&rows))
    list[(*n)++] = read_row(&rows, arena);
  return rows_close(&rows, error);
}

int alarm_list(struct db *db, const struct alarm_row *after, size_t max, struct arena *arena, struct alarm_row **ret, size_t *ret_n,
               struct error *error)
{
  struct alarm_row *list = arena_array(arena, max + 1, sizeof *list);
  size_t n = 0;
  bool answered = after && after->acknowledged;
  if (!answered && add_rows(db, &open_ones, after, max, arena, list, &n, error))
    return -1;
  if (n < max && add_rows(db, &answered_ones, answered ? after : NULL, max, arena, list, &n, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int alarm_read(struct db *db, int64_t id, struct arena *arena, struct alarm_row *ret, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &by_id, &rows, error, V_INT(id)))
    return -1;
  bool found = rows_next(&rows);
  if (found)
    *ret = read_row(&rows, arena);
  if (rows_close(&rows, error))
    return -1;
  return found ? 0 : error_set(error, ERROR_NOT_FOUND, "not-found", "没有这条告警", "There is no such alarm");
}

int64_t alarm_open_count(struct db *db)
{
  struct rows rows;
  int64_t n = -1;
  if (db_query(db, &count_open, NULL, 0, &rows, NULL))
    return -1;
  if (rows_next(&rows))
    n = rows_int(&rows, 0);
  return rows_close(&rows, NULL) ? -1 : n;
}
