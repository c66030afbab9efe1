#include "workload.h"

#include <string.h>

#include "base/json.h"

#define STATES 4
#define BODIES 16

static const char *const states[STATES] = {"submitted", "accepted", "in-review", "decided"};
static const char opinion[] =
    "申请材料齐全，符合法定形式。经现场核查，经营场所布局合理，食品处理区与就餐区分开设置，清洗消毒设施完备，"
    "从业人员健康证明在有效期内，食品安全管理制度已建立并公示。依照《中华人民共和国食品安全法》第三十五条，建议准予许可。";

static const struct sql save_case = {PERMIT_SAVE_CASE}, save_task = {PERMIT_SAVE_TASK};
const char *const permit_sql_text[PERMIT_SQL_COUNT] = {
    [PERMIT_EVENT] =
        "INSERT INTO events (seq, kind, aggregate, version, prev, type, at, actor, role, agency, channel, item, key, body, salt)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    [PERMIT_CASE] = PERMIT_SAVE_CASE,
    [PERMIT_TASK] = PERMIT_SAVE_TASK,
    [PERMIT_AGGREGATE] = "INSERT INTO aggregates (id, kind, version, head, pseudonym) VALUES ($1, $2, $3, $4, $5)"
                         " ON CONFLICT (id) DO UPDATE SET version = excluded.version, head = excluded.head",
};
static const struct migration migrations[] = {
    {"bench", 1,
     "CREATE TABLE bench_cases (id BIGKEY, number TEXT NOT NULL, state TEXT NOT NULL, officer TEXT NOT NULL, step BIGINT NOT NULL,"
     " changed BIGINT NOT NULL);\n"
     "CREATE TABLE bench_tasks (id BIGKEY, permit BIGINT NOT NULL, state TEXT NOT NULL, agency TEXT NOT NULL, due BIGINT NOT NULL);\n"},
    {0},
};
const struct migration *const permit_migrations[] = {engine_migrations, migrations, NULL};

int64_t permit_id(size_t i)
{
  const int64_t some_day = INT64_C(217000000000); /* milliseconds since 2020 */
  return (some_day + (int64_t)i) << 20 | (int64_t)(i * 2654435761u & 0xffff0) | 1;
}

json_t *permit_arguments(void)
{
  json_t *data = json_pack("{s:s, s:s, s:[s,s,s]}", "decision", "agree", "opinion", opinion, "materials", "business-licence",
                           "floor-plan", "health-certificates");
  if (!data)
    give_up("the arguments could not be made");
  return data;
}

/* ---- the rows, the same for both sides ---- */

static size_t case_values(int64_t id, int step, moment at, struct value *ret)
{
  ret[0] = V_INT(id);
  ret[1] = V_STR("3302002026112400001");
  ret[2] = V_STR(states[step % STATES]);
  ret[3] = V_STR("staff:zhang");
  ret[4] = V_INT(step);
  ret[5] = V_INT(at);
  return 6;
}

static size_t task_values(int64_t id, int task, int step, moment at, struct value *ret)
{
  ret[0] = V_INT(id + task);
  ret[1] = V_INT(id);
  ret[2] = V_STR(states[(step + task) % STATES]);
  ret[3] = V_STR("market-regulation");
  ret[4] = V_INT(at + 5 * DAY_MS);
  return 5;
}

static json_t *step_data(int step, const json_t *arguments)
{
  return json_pack("{s:i, s:O?, s:O?, s:O?}", "step", step, "decision", json_object_get(arguments, "decision"), "materials",
                   json_object_get(arguments, "materials"), "opinion", json_object_get(arguments, "opinion"));
}

/* Bodies as the engine writes them, made once: the side without an engine pays for the store alone. */
static struct span body_of(int step)
{
  static char *made[BODIES];
  char **body = &made[step % BODIES];
  if (!*body) {
    json_t *arguments = permit_arguments(), *data = step_data(100 + step % BODIES, arguments);
    *body = json_dumps(data, JSON_COMPACT);
    json_decref(data);
    json_decref(arguments);
  }
  return span_of(*body);
}

static size_t event_values(const struct permit_row *row, struct value *ret)
{
  static const unsigned char salt[16] = "sixteen bytes .";
  const struct value values[PERMIT_VALUES_MAX] = {
      V_INT(row->seq),
      V_STR(permit_kind.name),
      V_INT(row->id),
      V_INT(row->version),
      V_INT(row->prev),
      V_STR(row->version == 1 ? "opened" : "acted"),
      V_INT(row->at),
      V_STR("staff:zhang"),
      V_STR("officer"),
      V_STR("market-regulation"),
      V_STR("window"),
      V_STR("food-business-licence"),
      V_STR(""),
      V_TEXT(body_of(row->version)),
      V_BYTES(salt, sizeof salt),
  };
  memcpy(ret, values, sizeof values);
  return PERMIT_VALUES_MAX;
}

size_t permit_values(enum permit_sql which, const struct permit_row *row, int task, struct value ret[PERMIT_VALUES_MAX])
{
  switch (which) {
  case PERMIT_EVENT:
    return event_values(row, ret);
  case PERMIT_CASE:
    return case_values(row->id, row->version, row->at, ret);
  case PERMIT_TASK:
    return task_values(row->id, task, row->version, row->at, ret);
  case PERMIT_AGGREGATE:
    ret[0] = V_INT(row->id);
    ret[1] = V_STR(permit_kind.name);
    ret[2] = V_INT(row->version);
    ret[3] = V_INT(row->seq);
    ret[4] = V_BYTES("sixteen bytes .", 16);
    return 5;
  case PERMIT_SQL_COUNT:
    break;
  }
  return 0;
}

/* ---- the same as a kind ---- */

struct permit {
  int step;
};

static int permit_decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  const struct permit *p = state;
  bool opening = strcmp(c->type, "open") == 0;
  if (opening != (p->step == 0))
    return error_set(error, ERROR_RULE, "wrong-step", "步骤不对", "This step is not due");
  decision_emit(d, opening ? "opened" : "acted", "food-business-licence", step_data(p->step + 1, c->data));
  return 0;
}

static int permit_evolve(void *state, struct arena *arena, const struct event *e)
{
  (void)arena;
  ((struct permit *)state)->step = (int)json_int(e->data, "step");
  return 0;
}

static void permit_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct event *e = &events[n - 1];
  int step = ((const struct permit *)state)->step;
  struct value values[PERMIT_VALUES_MAX];
  rowset_put(rows, &save_case, values, case_values(e->id, step, e->at, values));
  for (int task = 0; task < TASKS_PER_CASE; task++)
    if (step == 1 || task == step % TASKS_PER_CASE)
      rowset_put(rows, &save_task, values, task_values(e->id, task, step, e->at, values));
}

const struct kind permit_kind = {"bench-permit", sizeof(struct permit), permit_decide, permit_evolve, permit_project, NULL};
const struct kind *const permit_kinds[] = {&permit_kind, NULL};
