#include "seven.h"

#include <string.h>

#include "base/json.h"

enum { SUBMIT, PRECHECK, ACCEPT, FIRE, HEALTH, PLANNING, DECIDE, ISSUE, STEPS };
#define BIT(step) (1u << (step))
#define REVIEWS (BIT(FIRE) | BIT(HEALTH) | BIT(PLANNING))

const char *const seven_steps[SEVEN_TASKS + 2] = {"submit",   "precheck", "accept", "fire", "health",
                                                  "planning", "decide",   "issue",  NULL};
static const char *const events[STEPS] = {"submitted",       "prechecked",        "accepted", "fire-reviewed",
                                          "health-reviewed", "planning-reviewed", "decided",  "issued"};
static const unsigned after[STEPS] = {0, BIT(SUBMIT), BIT(PRECHECK), BIT(ACCEPT), BIT(ACCEPT), BIT(ACCEPT), REVIEWS, BIT(DECIDE)};

static const struct sql save_case = {
    "INSERT INTO seven_cases (id, state, done, changed) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (id) DO UPDATE SET state = excluded.state, done = excluded.done, changed = excluded.changed"};
static const struct sql save_task = {"INSERT INTO seven_tasks (id, case_id, task, state, due) VALUES ($1, $2, $3, $4, $5)"
                                     " ON CONFLICT (id) DO UPDATE SET state = excluded.state"};
const struct migration seven_migrations[] = {
    {"seven", 1,
     "CREATE TABLE seven_cases (id BIGKEY, state TEXT NOT NULL, done BIGINT NOT NULL, changed BIGINT NOT NULL);\n"
     "CREATE TABLE seven_tasks (id BIGKEY, case_id BIGINT NOT NULL, task TEXT NOT NULL, state TEXT NOT NULL, due BIGINT NOT NULL);\n"},
    {0},
};

struct seven {
  unsigned done;
};

static int find(const char *const *list, const char *name)
{
  for (int i = 0; i < STEPS; i++)
    if (strcmp(list[i], name) == 0)
      return i;
  return -1;
}

static int seven_decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  const struct seven *s = state;
  int step = find(seven_steps, c->type);
  if (step < 0 || (s->done & BIT(step)))
    return error_set(error, ERROR_RULE, "done-already", "这一步已经办过", "This step is done already");
  if ((s->done & after[step]) != after[step])
    return error_set(error, ERROR_RULE, "not-yet", "前面的步骤还没有办完", "What comes before this step is not done");
  decision_emit(d, events[step], "food-business-licence", json_incref(c->data));
  if (step == ISSUE)
    decision_emit(d, "closed", "", NULL);
  return 0;
}

static int seven_evolve(void *state, struct arena *arena, const struct event *e)
{
  (void)arena;
  int step = find(events, e->type);
  if (step >= 0)
    ((struct seven *)state)->done |= BIT(step);
  return step >= 0 || strcmp(e->type, "closed") == 0 ? 0 : -1;
}

static void put_task(struct rowset *rows, const struct event *e, int step, const char *state)
{
  ROW_PUT(rows, &save_task, V_INT(e->id + step), V_INT(e->id), V_STR(seven_steps[step]), V_STR(state), V_INT(e->at + 5 * DAY_MS));
}

static void seven_project(const void *state, const struct event *list, size_t n, struct rowset *rows)
{
  const struct seven *s = state;
  const struct event *first = &list[0], *last = &list[n - 1];
  int step = find(events, first->type), open[3];
  ROW_PUT(rows, &save_case, V_INT(last->id), V_STR(last->type), V_INT(s->done), V_INT(last->at));
  if (step != SUBMIT)
    put_task(rows, first, step, "done");
  size_t opened = seven_open(last->version, open);
  for (size_t i = 0; i < opened; i++)
    put_task(rows, first, open[i], "open");
}

size_t seven_open(int version, int ret[3])
{
  switch (version) {
  case 1:
  case 2:
    ret[0] = version;
    return 1;
  case 3:
    ret[0] = FIRE;
    ret[1] = HEALTH;
    ret[2] = PLANNING;
    return 3;
  case 6: /* the third review: the join */
  case 7:
    ret[0] = version;
    return 1;
  default: /* a review that is not the last; the end */
    return 0;
  }
}

const struct kind seven_kind = {"bench-seven", sizeof(struct seven), seven_decide, seven_evolve, seven_project, NULL};
const struct kind *const seven_kinds[] = {&seven_kind, NULL};
