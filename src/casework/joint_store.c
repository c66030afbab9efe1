/*
 * The SQL of the joint back office: what waits for whom in the inboxes, and where the time of closed cases went.
 *
 * A row of tasks has a key of three; beside items (0 …) and the whole (-1) its second part is GATHERINGS, MESSAGES or DISPUTES.
 */
#include <stdlib.h>
#include <string.h>

#include "casework/internal.h"

enum { GATHERINGS = -2, MESSAGES = -3, DISPUTES = -4, SEATS = 64, NEWEST = 500 };

static const struct sql drop_tasks = {"DELETE FROM tasks WHERE case_id = $1 AND item <= -2"};
static const struct sql put_times = {
    "INSERT INTO case_times (id, closed_day, work, departments, applicant, special, centre) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    " ON CONFLICT (id) DO NOTHING"};
static const struct sql times_since = {"SELECT work, departments, applicant, special, centre FROM case_times"
                                       " WHERE closed_day >= $1 ORDER BY closed_day DESC, id DESC LIMIT $2"};

/* ---- rows from events ---- */

struct joint_task {
  int64_t item, step;
  const char *kind, *role, *agency, *what;
  day due;
  moment created;
};

static void task_row(const struct casefile *c, const struct joint_task *t, struct rowset *rows)
{
  ROW_PUT(rows, &casework_put_task, V_INT(c->id), V_INT(t->item), V_INT(t->step), V_STR(t->kind), V_STR(t->role), V_STR(t->agency),
          V_STR(c->number), V_STR(c->name.zh), V_STR(c->name.en), V_STR(t->what), t->due == DAY_NONE ? V_NULL : V_INT(t->due),
          V_INT(t->created));
}

/* A department has a seat's number; the one that called it the last but one. */
static void gathering_tasks(const struct casefile *c, const struct gathering *g, struct rowset *rows)
{
  struct joint_task t = {.item = GATHERINGS, .what = g->visit ? "visit" : "meeting", .role = "officer", .created = g->offered};
  for (size_t i = 0; i < g->who_count; i++) {
    const struct attendee *a = &g->who[i];
    t.step = g->number * SEATS + (int64_t)i;
    t.agency = a->agency;
    if (g->state == GATHERING_OFFERED && !a->said) {
      t.kind = "dates";
      t.due = g->answer_by;
      task_row(c, &t, rows);
    } else if (g->state == GATHERING_FIXED && a->minutes == MINUTES_NONE) {
      t.kind = "minutes";
      t.due = g->dates[g->chosen].day;
      task_row(c, &t, rows);
    }
  }
  if (g->state != GATHERING_CLASH && (g->visit || g->state != GATHERING_OPEN))
    return;
  t.step = g->number * SEATS + SEATS - 2;
  t.agency = g->agency;
  t.kind = g->state == GATHERING_CLASH ? "redate" : "fix-date";
  t.due = g->answer_by;
  if (strcmp(g->agency, "centre") == 0)
    t = (struct joint_task){t.item, t.step, t.kind, "supervisor", "", t.what, t.due, t.created};
  task_row(c, &t, rows);
}

/* A question of the centre is for whoever oversees; of a department for its officers. */
static void message_task(const struct casefile *c, const struct message *m, struct rowset *rows)
{
  bool centre = strcmp(m->to, "centre") == 0;
  if (m->due == DAY_NONE || m->answered)
    return;
  struct joint_task t = {MESSAGES,  m->number, "answer", centre ? "supervisor" : "officer", centre ? "" : m->to,
                         "message", m->due,    m->at};
  task_row(c, &t, rows);
}

static void joint_tasks(const struct casefile *c, struct rowset *rows)
{
  const struct joint *j = &c->joint_work;
  ROW_PUT(rows, &drop_tasks, V_INT(c->id));
  if (case_state_closed(c->state))
    return;
  for (size_t i = 0; i < j->gathering_count; i++)
    gathering_tasks(c, &j->gatherings[i], rows);
  for (size_t i = 0; i < j->message_count; i++)
    message_task(c, &j->messages[i], rows);
  for (size_t i = 0; i < j->dispute_count; i++) {
    const struct dispute *d = &j->disputes[i];
    struct joint_task t = {DISPUTES, d->number, "rule", "supervisor", "", "dispute", d->due, d->at};
    if (!d->ruled)
      task_row(c, &t, rows);
  }
}

static void photo_rows(const struct event *e, struct rowset *rows)
{
  const json_t *list = json_list(e->data, "photos");
  for (size_t i = 0; i < json_array_size(list); i++)
    ROW_PUT(rows, &casework_put_file, V_STR(json_str(json_array_get(list, i), "sha256")), V_INT(e->id));
}

void joint_project(const struct casefile *c, const struct event *events, size_t n, bool loud, struct rowset *rows)
{
  const int64_t *spent = c->joint_work.spent;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(events[i].type, "minuted") == 0)
      photo_rows(&events[i], rows);
    if (strcmp(events[i].type, "archived") == 0 && c->accepted)
      ROW_PUT(rows, &put_times, V_INT(c->id), V_INT(day_of(c->closed)), V_INT(spent[SPENT_WORK]), V_INT(spent[SPENT_DEPARTMENTS]),
              V_INT(spent[SPENT_APPLICANT]), V_INT(spent[SPENT_SPECIAL]), V_INT(spent[SPENT_CENTRE]));
  }
  if (loud && (c->joint_work.gathering_count || c->joint_work.message_count || c->joint_work.dispute_count))
    joint_tasks(c, rows);
}

void joint_erase_rows(const struct casefile *c, struct rowset *rows)
{
  for (size_t i = 0; i < c->joint_work.photo_count; i++)
    rowset_send(rows, "casework-file", span_of(c->joint_work.photos[i].sha256));
}

/* ---- queries ---- */

static int by_size(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

int casework_spent(struct db *db, day from, struct spent_medians *ret, struct error *error)
{
  struct rows rows;
  static _Thread_local int64_t values[SPENT_COUNT][NEWEST];
  struct spent_medians made = {0};
  size_t n = 0;
  if (DB_QUERY(db, &times_since, &rows, error, V_INT(from), V_INT(NEWEST)))
    return -1;
  for (; n < NEWEST && rows_next(&rows); n++)
    for (int k = 0; k < SPENT_COUNT; k++)
      values[k][n] = rows_int(&rows, k);
  if (rows_close(&rows, error))
    return -1;
  made.cases = (int64_t)n;
  for (int k = 0; k < SPENT_COUNT && n; k++) {
    qsort(values[k], n, sizeof values[k][0], by_size);
    made.median[k] = values[k][n / 2];
  }
  *ret = made;
  return 0;
}
