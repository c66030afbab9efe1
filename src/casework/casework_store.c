/*
 * All SQL of casework: the rows that events leave for lists and pages, and the queries of those pages.
 *
 * Big tables (cases, case_items, papers) have no index on a column that changes often. What is under way lives in small
 * tables (open_cases, tasks) whose rows go when it is done, so that inboxes and counts cost what is open, not what ever was.
 */
#include "casework/internal.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "store/blob.h"

#define FILE_TOPIC "casework-file"

const struct migration casework_migrations[] = {
    {"casework", 1,
     "CREATE TABLE cases (\n"
     "  id BIGKEY,\n"
     "  number TEXT NOT NULL,\n"
     "  code TEXT NOT NULL,\n"
     "  thing TEXT NOT NULL,\n"
     "  zh TEXT NOT NULL,\n"
     "  en TEXT NOT NULL,\n"
     "  lead TEXT NOT NULL,\n"
     "  district TEXT NOT NULL,\n"
     "  account TEXT NOT NULL,\n"
     "  applicant TEXT NOT NULL,\n"
     "  plan TEXT NOT NULL,\n"
     "  state TEXT NOT NULL,\n"
     "  created BIGINT NOT NULL,\n"
     "  submitted BIGINT NOT NULL,\n"
     "  accepted BIGINT NOT NULL,\n"
     "  closed BIGINT NOT NULL,\n"
     "  closed_day BIGINT,\n"
     "  due BIGINT,\n"
     "  provisional BIGINT NOT NULL,\n"
     "  trips_applicant BIGINT NOT NULL,\n"
     "  trips_staff BIGINT NOT NULL\n"
     ");\n"
     "CREATE UNIQUE INDEX cases_number ON cases (number);\n"
     "CREATE INDEX cases_account ON cases (account, id) WHERE account <> '';\n"
     "CREATE INDEX cases_closed ON cases (closed_day) WHERE closed_day IS NOT NULL;\n"
     "CREATE TABLE open_cases (id BIGKEY, state TEXT NOT NULL);\n"
     "CREATE INDEX open_cases_state ON open_cases (state, id);\n"
     "CREATE TABLE plans (digest TEXT PRIMARY KEY, plan TEXT NOT NULL);\n"
     "CREATE TABLE case_items (\n"
     "  case_id BIGINT NOT NULL,\n"
     "  item BIGINT NOT NULL,\n"
     "  item_id TEXT NOT NULL,\n"
     "  zh TEXT NOT NULL,\n"
     "  en TEXT NOT NULL,\n"
     "  agency TEXT NOT NULL,\n"
     "  number TEXT NOT NULL,\n"
     "  state TEXT NOT NULL,\n"
     "  legal BIGINT,\n"
     "  promise BIGINT,\n"
     "  opened BIGINT NOT NULL,\n"
     "  decided BIGINT NOT NULL,\n"
     "  certificate TEXT NOT NULL,\n"
     "  result TEXT NOT NULL,\n"
     "  valid_from BIGINT,\n"
     "  valid_until BIGINT,\n"
     "  PRIMARY KEY (case_id, item)\n"
     ");\n"
     "CREATE TABLE tasks (\n"
     "  case_id BIGINT NOT NULL,\n"
     "  item BIGINT NOT NULL,\n"
     "  step BIGINT NOT NULL,\n"
     "  kind TEXT NOT NULL,\n"
     "  role TEXT NOT NULL,\n"
     "  agency TEXT NOT NULL,\n"
     "  number TEXT NOT NULL,\n"
     "  zh TEXT NOT NULL,\n"
     "  en TEXT NOT NULL,\n"
     "  what TEXT NOT NULL,\n"
     "  due BIGINT,\n"
     "  created BIGINT NOT NULL,\n"
     "  PRIMARY KEY (case_id, item, step)\n"
     ");\n"
     "CREATE INDEX tasks_inbox ON tasks (role, agency, created, case_id, item, step);\n"
     "CREATE INDEX tasks_due ON tasks (due, case_id, item, step);\n"
     "CREATE TABLE papers (\n"
     "  id BIGKEY,\n"
     "  case_id BIGINT NOT NULL,\n"
     "  paper TEXT NOT NULL,\n"
     "  number TEXT NOT NULL,\n"
     "  item TEXT NOT NULL,\n"
     "  at BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX papers_case ON papers (case_id, id);\n"
     "CREATE TABLE alerts (\n"
     "  id BIGKEY,\n"
     "  case_id BIGINT NOT NULL,\n"
     "  item BIGINT NOT NULL,\n"
     "  number TEXT NOT NULL,\n"
     "  agency TEXT NOT NULL,\n"
     "  level TEXT NOT NULL,\n"
     "  zh TEXT NOT NULL,\n"
     "  en TEXT NOT NULL,\n"
     "  due BIGINT,\n"
     "  at BIGINT NOT NULL\n"
     ");\n"},
    {"casework", 2, "CREATE INDEX tasks_inbox_due ON tasks (role, agency, COALESCE(due, 2147483647), case_id, item, step);\n"},
    /*
     * Which cases have a file or a plan: what only an erased case had is removed. Bodies of events are written without spaces
     * and their strings escape quotes, so the member's name is found as it stands.
     */
    {"casework", 3,
     "CREATE TABLE case_files (sha256 TEXT NOT NULL, case_id BIGINT NOT NULL, PRIMARY KEY (sha256, case_id));\n"
     "CREATE INDEX case_files_case ON case_files (case_id);\n"
     "CREATE INDEX cases_plan ON cases (plan);\n"
     "INSERT INTO case_files (sha256, case_id)\n"
     " WITH RECURSIVE look(id, body, n) AS (\n"
     "  SELECT aggregate, body, 1 FROM events WHERE kind = 'case' AND type = 'attached'\n"
     "  UNION ALL SELECT id, body, n + 1 FROM look WHERE n < length(body) AND substr(body, n, 10) <> '\"sha256\":\"')\n"
     " SELECT DISTINCT substr(body, n + 10, 64), id FROM look WHERE substr(body, n, 10) = '\"sha256\":\"';\n"},
    /* Where the time of a closed case went, in milliseconds: joint.h. */
    {"joint", 1,
     "CREATE TABLE case_times (\n"
     "  id BIGKEY,\n"
     "  closed_day BIGINT NOT NULL,\n"
     "  work BIGINT NOT NULL,\n"
     "  departments BIGINT NOT NULL,\n"
     "  applicant BIGINT NOT NULL,\n"
     "  special BIGINT NOT NULL,\n"
     "  centre BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX case_times_closed ON case_times (closed_day, id);\n"},
    {0},
};

/* ---- rows from events ---- */

static const struct sql insert_case = {
    "INSERT INTO cases (id, number, code, thing, zh, en, lead, district, account, applicant, plan, state, created, submitted,"
    " accepted, closed, provisional, trips_applicant, trips_staff)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, 0, 0, $14, $15)"};
static const struct sql update_case = {
    "UPDATE cases SET plan = $2, state = $3, submitted = $4, accepted = $5, closed = $6, closed_day = $7, due = $8,"
    " provisional = $9, trips_applicant = $10, trips_staff = $11 WHERE id = $1"};
static const struct sql put_open = {"INSERT INTO open_cases (id, state) VALUES ($1, $2)"
                                    " ON CONFLICT (id) DO UPDATE SET state = $2 WHERE open_cases.state <> $2"};
static const struct sql drop_open = {"DELETE FROM open_cases WHERE id = $1"};
static const struct sql put_plan = {"INSERT INTO plans (digest, plan) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING"};
static const struct sql put_item = {
    "INSERT INTO case_items (case_id, item, item_id, zh, en, agency, number, state, legal, promise, opened, decided, certificate,"
    " result, valid_from, valid_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    " ON CONFLICT (case_id, item) DO UPDATE SET state = $8, legal = $9, promise = $10, opened = $11, decided = $12,"
    " result = $14, valid_from = $15, valid_until = $16"};
static const struct sql drop_tasks = {"DELETE FROM tasks WHERE case_id = $1 AND item = $2"};
const struct sql casework_put_task = {
    "INSERT INTO tasks (case_id, item, step, kind, role, agency, number, zh, en, what, due, created)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"};
static const struct sql put_paper = {"INSERT INTO papers (id, case_id, paper, number, item, at) VALUES ($1, $2, $3, $4, $5, $6)"};
static const struct sql put_alert = {
    "INSERT INTO alerts (id, case_id, item, number, agency, level, zh, en, due, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};

const struct sql casework_put_file = {
    "INSERT INTO case_files (sha256, case_id) VALUES ($1, $2) ON CONFLICT (sha256, case_id) DO NOTHING"};
static const struct sql drop_files = {"DELETE FROM case_files WHERE case_id = $1"};
static const struct sql file_wanted = {"SELECT 1 FROM case_files WHERE sha256 = $1 LIMIT 1"};
static const struct sql erase_case = {"UPDATE cases SET account = '', applicant = '', code = '', plan = '' WHERE id = $1"};
static const struct sql erase_items = {"UPDATE case_items SET number = '', result = '' WHERE case_id = $1"};
static const struct sql drop_papers = {"DELETE FROM papers WHERE case_id = $1"};
static const struct sql drop_case_tasks = {"DELETE FROM tasks WHERE case_id = $1"};
static const struct sql drop_plan = {"DELETE FROM plans WHERE digest = $1 AND NOT EXISTS (SELECT 1 FROM cases WHERE plan = $1)"};

static struct value day_value(day d)
{
  return d == DAY_NONE ? V_NULL : V_INT(d);
}

/* What the case waits for next: the notice, the corrections, the nearest promise, the nearest issue. */
static struct due next_due(const struct casefile *c)
{
  struct due next = {DAY_NONE, false};
  if (c->state == CASE_SUBMITTED)
    return c->notice;
  if (c->state == CASE_CORRECTION)
    return c->correction;
  if (case_state_closed(c->state))
    return next;
  for (size_t i = 0; i < c->item_count; i++) {
    const struct case_item *it = &c->items[i];
    struct due due = it->state < ITEM_GRANTED    ? it->promise
                     : it->state == ITEM_GRANTED ? it->issue_due
                                                 : (struct due){DAY_NONE, false};
    if (due.day != DAY_NONE && (next.day == DAY_NONE || due.day < next.day))
      next = due;
  }
  return next;
}

static void case_row(const struct casefile *c, struct rowset *rows)
{
  struct due due = next_due(c);
  ROW_PUT(rows, &update_case, V_INT(c->id), V_STR(c->plan_digest), V_STR(case_state_words(c->state)->word), V_INT(c->submitted),
          V_INT(c->accepted), V_INT(c->closed), c->closed ? V_INT(day_of(c->closed)) : V_NULL, day_value(due.day),
          V_INT(due.provisional), V_INT(c->trips_applicant), V_INT(c->trips_staff));
  if (case_state_closed(c->state))
    ROW_PUT(rows, &drop_open, V_INT(c->id));
  else
    ROW_PUT(rows, &put_open, V_INT(c->id), V_STR(case_state_words(c->state)->word));
}

static void new_case_row(const struct casefile *c, struct rowset *rows)
{
  ROW_PUT(rows, &insert_case, V_INT(c->id), V_STR(c->number), V_STR(c->code), V_STR(c->thing), V_STR(c->name.zh), V_STR(c->name.en),
          V_STR(c->lead), V_STR(c->district), V_STR(c->account), V_STR(c->applicant), V_STR(c->plan_digest),
          V_STR(case_state_words(c->state)->word), V_INT(c->created), V_INT(c->trips_applicant), V_INT(c->trips_staff));
  ROW_PUT(rows, &put_open, V_INT(c->id), V_STR(case_state_words(c->state)->word));
}

static void plan_row(const struct event *e, struct rowset *rows)
{
  struct arena arena = {0};
  ROW_PUT(rows, &put_plan, V_STR(json_str(e->data, "digest")), V_TEXT(json_text(&arena, json_object_get(e->data, "plan"))));
  arena_release(&arena);
}

static void item_row(const struct casefile *c, size_t i, struct rowset *rows)
{
  const struct case_item *it = &c->items[i];
  ROW_PUT(rows, &put_item, V_INT(c->id), V_INT((int64_t)i), V_STR(it->item), V_STR(it->name.zh), V_STR(it->name.en),
          V_STR(it->agency), V_STR(it->number), V_STR(item_state_words(it->state)->word), day_value(it->legal.day),
          day_value(it->promise.day), V_INT(it->opened), V_INT(it->decided), V_STR(it->certificate), V_STR(it->result_number),
          day_value(it->result_from), day_value(it->result_until));
}

struct work_item {
  int64_t item, step;
  const char *kind, *role, *agency, *what;
  struct words title;
  day due;
  moment created;
};

static void task_row(const struct casefile *c, const struct work_item *t, struct rowset *rows)
{
  ROW_PUT(rows, &casework_put_task, V_INT(c->id), V_INT(t->item), V_INT(t->step), V_STR(t->kind), V_STR(t->role), V_STR(t->agency),
          V_STR(c->number), V_STR(t->title.zh), V_STR(t->title.en), V_STR(t->what), day_value(t->due), V_INT(t->created));
}

static moment decidable_since(const struct casefile *c, size_t item)
{
  moment at = c->items[item].opened;
  for (size_t i = 0; i < c->step_count; i++)
    if (c->steps[i].item == (int)item && c->steps[i].done > at)
      at = c->steps[i].done;
  return at;
}

static void step_tasks(const struct casefile *c, size_t item, struct rowset *rows)
{
  const struct case_item *it = &c->items[item];
  for (size_t s = 0; s < c->step_count; s++) {
    if (c->steps[s].item != (int)item || !casefile_step_is_next(c, s))
      continue;
    struct work_item t = {(int64_t)item,    (int64_t)s, "step",          "officer",        c->steps[s].agency,
                          c->steps[s].step, it->name,   it->promise.day, c->steps[s].since};
    task_row(c, &t, rows);
  }
}

/* The open work of one item, from its state alone. */
static void item_tasks(const struct casefile *c, size_t i, struct rowset *rows)
{
  const struct case_item *it = &c->items[i];
  struct work_item t = {(int64_t)i, -1, "", "issuer", "", it->item, it->name, it->issue_due.day, it->decided};
  ROW_PUT(rows, &drop_tasks, V_INT(c->id), V_INT((int64_t)i));
  step_tasks(c, i, rows);
  if (it->state == ITEM_SPECIAL || casefile_item_decidable(c, i)) {
    t.kind = it->state == ITEM_SPECIAL ? "special" : "decide";
    t.role = "officer";
    t.agency = it->agency;
    t.due = it->promise.day;
    t.created = decidable_since(c, i);
  } else if (it->state == ITEM_GRANTED) {
    t.kind = "issue";
  } else if (it->state == ITEM_ISSUED) {
    t.kind = "deliver";
    t.created = it->issued;
  } else {
    return;
  }
  task_row(c, &t, rows);
}

static void whole_task(const struct casefile *c, moment at, struct rowset *rows)
{
  ROW_PUT(rows, &drop_tasks, V_INT(c->id), V_INT(-1));
  if (c->state != CASE_SUBMITTED)
    return;
  struct work_item t = {-1, -1, "accept", "clerk", "", c->thing, c->name, c->notice.day, at};
  task_row(c, &t, rows);
}

static void paper_rows(const struct event *e, struct rowset *rows)
{
  const json_t *list = json_list(e->data, "papers");
  for (size_t k = 0; k < json_array_size(list); k++) {
    const json_t *one = json_array_get(list, k);
    ROW_PUT(rows, &put_paper, V_INT(e->seq * 4 + (int64_t)k), V_INT(e->id), V_STR(json_str(one, "paper")),
            V_STR(json_str(one, "number")), V_STR(e->item), V_INT(e->at));
  }
}

static void alert_row(const struct casefile *c, const struct event *e, struct rowset *rows)
{
  int i = item_index(c, json_object_get(e->data, "item"));
  if (i < 0)
    return;
  const struct case_item *it = &c->items[i];
  struct due due = due_read(json_object_get(e->data, "due"));
  ROW_PUT(rows, &put_alert, V_INT(e->seq), V_INT(e->id), V_INT(i), V_STR(c->number), V_STR(it->agency),
          V_STR(json_str(e->data, "level")), V_STR(it->name.zh), V_STR(it->name.en), day_value(due.day), V_INT(e->at));
}

/* What the applicant must hear (src/notice has the words): nothing personal, for it is read again when it is told. */
static const char *const told[] = {
    "submitted",       "resubmitted", "correction-asked",  "accepted",       "not-accepted", "lapsed",
    "special-started", "extended",    "decided",           "item-closed",    "issued",       "delivered",
    "withdrawn",       "terminated",  "revoked",           "dates-open",     "date-chosen",  "called-off",
    "step-added",      "reopened",    "deferred-due-soon", "deferred-unfit", "message",      NULL};

static day told_day(const struct casefile *c, const char *type)
{
  day first = DAY_NONE;
  if (is_one_of(type, (const char *const[]){"submitted", "resubmitted", NULL}))
    return c->notice.day;
  if (strcmp(type, "correction-asked") == 0)
    return c->correction.day;
  for (size_t i = 0; i < c->material_count && is_one_of(type, (const char *const[]){"accepted", "deferred-due-soon", NULL}); i++)
    if (c->materials[i].deferred.day != DAY_NONE && (first == DAY_NONE || c->materials[i].deferred.day < first))
      first = c->materials[i].deferred.day;
  return first;
}

/* What departments arrange or write among themselves is no news for the applicant. */
static bool is_internal(const struct event *e)
{
  return strcmp(json_str(e->data, "kind"), "meeting") == 0 || (strcmp(e->type, "message") == 0 && !json_flag(e->data, "shared"));
}

static void send_notice(const struct casefile *c, const struct event *e, struct rowset *rows)
{
  char date[DAY_TEXT] = "";
  int i = item_index(c, json_object_get(e->data, "item"));
  const char *mode = i >= 0 ? casefile_delivery(c, (size_t)i) : "", *type = e->type;
  day on = told_day(c, e->type);
  if (!is_one_of(e->type, told) || is_internal(e) || strcmp(json_str(e->data, "mode"), "e-certificate") == 0)
    return; /* an electronic certificate is there when it is issued */
  if (strcmp(e->type, "deferred-due-soon") == 0)
    type = "deferred-due";
  if (strcmp(e->type, "issued") == 0)
    type = strcmp(mode, "courier") == 0 ? "issued-courier" : strcmp(mode, "window") == 0 ? "issued-window" : "issued";
  struct buf buf;
  buf_init(&buf, 8192);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_int(&w, "case", c->id);
  json_put_str(&w, "event", type);
  json_put_str(&w, "item", e->item);
  if (on != DAY_NONE) {
    day_format(on, date);
    json_put_str(&w, "day", date);
  }
  json_end(&w);
  rowset_send(rows, "notice", buf_view(&buf));
  buf_release(&buf);
}

/* A result that goes by courier: what the order needs besides is read from the case when it goes out. */
static void send_parcel(const struct casefile *c, const struct event *e, struct rowset *rows)
{
  int i = item_index(c, json_object_get(e->data, "item"));
  if (strcmp(e->type, "issued") != 0 || i < 0 || strcmp(casefile_delivery(c, (size_t)i), "courier") != 0)
    return;
  struct buf buf;
  buf_init(&buf, 8192);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_int(&w, "case", c->id);
  json_put_str(&w, "number", c->number);
  json_put_str(&w, "item", c->items[i].item);
  json_put_str(&w, "result", c->items[i].result_number);
  json_end(&w);
  rowset_send(rows, CASEWORK_COURIER, buf_view(&buf));
  buf_release(&buf);
}

bool is_one_of(const char *type, const char *const *list)
{
  for (; *list; list++)
    if (strcmp(type, *list) == 0)
      return true;
  return false;
}

/* Events that leave the lists as they are. */
static const char *const quiet[] = {"saved", "attached", "detached", "fixed", NULL};

/* Events that touch all items. */
static const char *const everywhere[] = {"accepted", "deferred-unfit", NULL};

static void touched_items(const struct casefile *c, const struct event *events, size_t n, struct rowset *rows)
{
  for (size_t i = 0; i < c->item_count; i++) {
    bool touched = false;
    for (size_t k = 0; k < n; k++)
      touched |= is_one_of(events[k].type, everywhere) || item_index(c, json_object_get(events[k].data, "item")) == (int)i;
    if (!touched)
      continue;
    item_row(c, i, rows);
    item_tasks(c, i, rows);
  }
}

static void send_erased(const struct casefile *c, struct rowset *rows)
{
  char body[40];
  int n = snprintf(body, sizeof body, "{\"case\":%lld}", (long long)c->id);
  rowset_send(rows, CASEWORK_ERASED, (struct span){body, (size_t)n});
}

void casefile_erase_rows(const void *state, struct rowset *rows)
{
  const struct casefile *c = state;
  send_erased(c, rows);
  ROW_PUT(rows, &erase_case, V_INT(c->id));
  ROW_PUT(rows, &erase_items, V_INT(c->id));
  ROW_PUT(rows, &drop_papers, V_INT(c->id));
  ROW_PUT(rows, &drop_case_tasks, V_INT(c->id));
  ROW_PUT(rows, &drop_files, V_INT(c->id));
  for (size_t i = 0; i < c->plan_count; i++)
    ROW_PUT(rows, &drop_plan, V_STR(c->plans[i]));
  for (size_t i = 0; i < c->attachment_count; i++)
    rowset_send(rows, FILE_TOPIC, span_of(c->attachments[i].sha256));
  joint_erase_rows(c, rows);
}

/* The body is the file's SHA-256 in hex. A file that another case has stays. */
static int remove_file(void *context, const char *delivery_id, struct span body, struct error *error)
{
  struct store *store = context;
  struct digest digest;
  struct db *db;
  struct rows rows;
  (void)delivery_id;
  if (!hex_decode(body, digest.b, sizeof digest.b))
    return 0; /* names no file */
  if (store_connect(store, DB_READ, &db, error))
    return -1;
  bool wanted = true;
  int bad = DB_QUERY(db, &file_wanted, &rows, error, V_TEXT(body));
  if (!bad) {
    wanted = rows_next(&rows);
    bad = rows_close(&rows, error);
  }
  db_close(db);
  return bad || wanted ? bad : blob_remove(store, &digest, error);
}

struct outlet casework_file_outlet(struct store *store)
{
  return (struct outlet){FILE_TOPIC, remove_file, store};
}

void casefile_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct casefile *c = state;
  bool loud = false, whole = false, fresh = false;
  for (size_t k = 0; k < n; k++) {
    const struct event *e = &events[k];
    fresh |= strcmp(e->type, "drafted") == 0;
    loud |= !is_one_of(e->type, quiet);
    whole |= is_one_of(e->type, (const char *const[]){"submitted", "resubmitted", "correction-asked", "accepted", "not-accepted",
                                                      "lapsed", "withdrawn", NULL});
    if (json_object_get(e->data, "plan"))
      plan_row(e, rows);
    if (strcmp(e->type, "overdue") == 0)
      alert_row(c, e, rows);
    if (strcmp(e->type, "attached") == 0)
      ROW_PUT(rows, &casework_put_file, V_STR(json_str(e->data, "sha256")), V_INT(e->id));
    paper_rows(e, rows);
    send_notice(c, e, rows);
    send_parcel(c, e, rows);
  }
  if (fresh)
    new_case_row(c, rows);
  else if (loud)
    case_row(c, rows);
  if (whole)
    whole_task(c, events[n - 1].at, rows);
  if (c->accepted)
    touched_items(c, events, n, rows);
  joint_project(c, events, n, loud, rows);
}

/* ---- queries ---- */

#define CASE_COLUMNS                                                                                                               \
  "c.id, c.number, c.thing, c.zh, c.en, c.lead, c.district, c.applicant, c.account, c.state, c.created, c.submitted, c.accepted,"  \
  " c.closed, c.due, c.provisional, c.trips_applicant, c.trips_staff"

static const struct sql case_by_id = {"SELECT " CASE_COLUMNS " FROM cases c WHERE c.id = $1"};
static const struct sql case_by_number = {"SELECT " CASE_COLUMNS ", c.code FROM cases c WHERE c.number = $1"};
static const struct sql cases_of = {
    "SELECT " CASE_COLUMNS " FROM cases c WHERE c.account = $1 AND c.account <> '' AND c.id < $2 ORDER BY c.id DESC LIMIT $3"};
static const struct sql cases_in = {"SELECT " CASE_COLUMNS " FROM open_cases o JOIN cases c ON c.id = o.id"
                                    " WHERE o.state = $1 AND o.id > $2 ORDER BY o.id LIMIT $3"};
static const struct sql state_counts = {"SELECT state, count(*) FROM open_cases GROUP BY state ORDER BY state"};
static const struct sql closed_sums = {
    "SELECT count(*), coalesce(sum(trips_applicant), 0), coalesce(sum(trips_staff), 0) FROM cases"
    " WHERE closed_day IS NOT NULL AND closed_day >= $1 AND closed_day <= $2"};
static const struct sql plan_of = {"SELECT p.plan FROM cases c JOIN plans p ON p.digest = c.plan WHERE c.id = $1"};

#define TASK_COLUMNS "case_id, item, step, kind, role, agency, number, zh, en, what, due, created"
static const struct sql inbox = {"SELECT " TASK_COLUMNS " FROM tasks WHERE role = $1 AND agency = $2"
                                 " AND (created, case_id, item, step) > ($3, $4, $5, $6)"
                                 " ORDER BY created, case_id, item, step LIMIT $7"};
static const struct sql inbox_by_due = {"SELECT " TASK_COLUMNS " FROM tasks WHERE role = $1 AND agency = $2"
                                        " AND (COALESCE(due, 2147483647), case_id, item, step) > ($3, $4, $5, $6)"
                                        " ORDER BY COALESCE(due, 2147483647), case_id, item, step LIMIT $7"};
static const struct sql inbox_size = {
    "SELECT count(*) FROM (SELECT 1 FROM tasks WHERE role = $1 AND agency = $2 LIMIT $3) AS open_work"};
static const struct sql tasks_by = {"SELECT " TASK_COLUMNS
                                    " FROM tasks WHERE due <= $1 AND (due, case_id, item, step) > ($2, $3, $4, $5)"
                                    " ORDER BY due, case_id, item, step LIMIT $6"};
static const struct sql papers_of = {"SELECT id, case_id, paper, number, item, at FROM papers WHERE case_id = $1 ORDER BY id"};
static const struct sql results_of = {
    "SELECT case_id, item, item_id, certificate, result, state, zh, en, valid_from, valid_until FROM case_items"
    " WHERE case_id = $1 AND result <> '' ORDER BY item"};
static const struct sql alerts_before = {
    "SELECT id, case_id, item, number, agency, level, zh, en, due, at FROM alerts WHERE id < $1 ORDER BY id DESC LIMIT $2"};

static int not_found(struct error *error)
{
  return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这个办件，或者它不是您的办件",
                   "There is no such case, or it is not yours");
}

static day read_day(const struct rows *rows, int column)
{
  return rows_is_null(rows, column) ? DAY_NONE : (day)rows_int(rows, column);
}

static void read_case(const struct rows *rows, struct arena *arena, struct case_row *ret)
{
  *ret = (struct case_row){.id = rows_int(rows, 0),
                           .number = rows_str(rows, 1, arena),
                           .thing = rows_str(rows, 2, arena),
                           .name = {rows_str(rows, 3, arena), rows_str(rows, 4, arena)},
                           .lead = rows_str(rows, 5, arena),
                           .district = rows_str(rows, 6, arena),
                           .applicant = rows_str(rows, 7, arena),
                           .account = rows_str(rows, 8, arena),
                           .created = rows_int(rows, 10),
                           .submitted = rows_int(rows, 11),
                           .accepted = rows_int(rows, 12),
                           .closed = rows_int(rows, 13),
                           .due = read_day(rows, 14),
                           .provisional = rows_int(rows, 15) != 0,
                           .trips_applicant = (int)rows_int(rows, 16),
                           .trips_staff = (int)rows_int(rows, 17)};
  (void)case_state_parse(rows_span(rows, 9), &ret->state);
  ret->erased = !*ret->applicant;
}

int casework_load(struct db *db, int64_t id, struct arena *arena, struct casefile **ret, struct error *error)
{
  static const struct kind *const kinds[] = {&casefile_kind, NULL};
  struct event *events;
  size_t n;
  if (engine_history(db, kinds, id, arena, &events, &n, error))
    return -1;
  struct casefile *c = arena_new(arena, struct casefile);
  int bad = 0;
  for (size_t i = 0; i < n && !bad; i++)
    bad = casefile_evolve(c, arena, &events[i]);
  history_free(events, n);
  if (bad)
    return error_set(error, ERROR_INTERNAL, "unknown-event", "办件历史中有本程序不认识的记录",
                     "The history has an event this program does not know");
  if (c->state == CASE_NONE)
    return not_found(error);
  *ret = c;
  return 0;
}

int casework_plan(struct db *db, int64_t id, struct arena *arena, struct span *ret, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &plan_of, &rows, error, V_INT(id)))
    return -1;
  bool found = rows_next(&rows);
  if (found)
    *ret = arena_span(arena, rows_span(&rows, 0));
  if (rows_close(&rows, error))
    return -1;
  return found ? 0 : not_found(error);
}

int casework_get(struct db *db, int64_t id, struct arena *arena, struct case_row *ret, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &case_by_id, &rows, error, V_INT(id)))
    return -1;
  bool found = rows_next(&rows);
  if (found)
    read_case(&rows, arena, ret);
  if (rows_close(&rows, error))
    return -1;
  return found ? 0 : not_found(error);
}

int casework_find(struct db *db, struct span number, struct span code, struct arena *arena, struct case_row *ret,
                  struct error *error)
{
  struct rows rows;
  struct case_row row;
  if (DB_QUERY(db, &case_by_number, &rows, error, V_TEXT(number)))
    return -1;
  bool found = rows_next(&rows) && (code.n == 0 || rows_span(&rows, 18).n == 0 || span_eq(rows_span(&rows, 18), code));
  if (found)
    read_case(&rows, arena, &row);
  if (rows_close(&rows, error))
    return -1;
  if (!found)
    return not_found(error);
  *ret = row;
  return 0;
}

static int list_cases(struct rows *rows, struct arena *arena, struct case_row **ret, size_t *ret_n, struct error *error)
{
  struct case_row *list = NULL;
  size_t n = 0, cap = 0;
  while (rows_next(rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    read_case(rows, arena, &list[n++]);
  }
  if (rows_close(rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int casework_of_applicant(struct db *db, struct span account, int64_t before, size_t max, struct arena *arena,
                          struct case_row **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &cases_of, &rows, error, V_TEXT(account), V_INT(before ? before : INT64_MAX), V_INT((int64_t)max)))
    return -1;
  return list_cases(&rows, arena, ret, ret_n, error);
}

int casework_in_state(struct db *db, enum case_state state, int64_t after, size_t max, struct arena *arena, struct case_row **ret,
                      size_t *ret_n, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &cases_in, &rows, error, V_STR(case_state_words(state)->word), V_INT(after), V_INT((int64_t)max)))
    return -1;
  return list_cases(&rows, arena, ret, ret_n, error);
}

int casework_counts(struct db *db, struct arena *arena, struct state_count **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  struct state_count *list = NULL;
  size_t n = 0, cap = 0;
  if (db_query(db, &state_counts, NULL, 0, &rows, error))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n] = (struct state_count){CASE_NONE, rows_int(&rows, 1)};
    (void)case_state_parse(rows_span(&rows, 0), &list[n++].state);
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int casework_closed(struct db *db, day from, day to, struct closed_sum *ret, struct error *error)
{
  struct rows rows;
  struct closed_sum sum = {0};
  if (DB_QUERY(db, &closed_sums, &rows, error, V_INT(from), V_INT(to)))
    return -1;
  if (rows_next(&rows))
    sum = (struct closed_sum){rows_int(&rows, 0), rows_int(&rows, 1), rows_int(&rows, 2)};
  if (rows_close(&rows, error))
    return -1;
  *ret = sum;
  return 0;
}

static int list_tasks(struct rows *rows, struct arena *arena, struct task **ret, size_t *ret_n, struct error *error)
{
  struct task *list = NULL;
  size_t n = 0, cap = 0;
  while (rows_next(rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = (struct task){.case_id = rows_int(rows, 0),
                              .item = (int)rows_int(rows, 1),
                              .step = (int)rows_int(rows, 2),
                              .kind = rows_str(rows, 3, arena),
                              .role = rows_str(rows, 4, arena),
                              .agency = rows_str(rows, 5, arena),
                              .number = rows_str(rows, 6, arena),
                              .title = {rows_str(rows, 7, arena), rows_str(rows, 8, arena)},
                              .what = rows_str(rows, 9, arena),
                              .due = read_day(rows, 10),
                              .created = rows_int(rows, 11)};
  }
  if (rows_close(rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int casework_inbox(struct db *db, const char *role, const char *agency, const struct task *after, size_t max, struct arena *arena,
                   struct task **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &inbox, &rows, error, V_STR(role), V_STR(agency), V_INT(after ? after->created : -1),
               V_INT(after ? after->case_id : 0), V_INT(after ? after->item : 0), V_INT(after ? after->step : 0),
               V_INT((int64_t)max)))
    return -1;
  return list_tasks(&rows, arena, ret, ret_n, error);
}

int casework_inbox_by_due(struct db *db, const char *role, const char *agency, const struct task *after, size_t max,
                          struct arena *arena, struct task **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  int64_t due = !after ? INT32_MIN : after->due == DAY_NONE ? INT32_MAX : after->due;
  if (DB_QUERY(db, &inbox_by_due, &rows, error, V_STR(role), V_STR(agency), V_INT(due), V_INT(after ? after->case_id : 0),
               V_INT(after ? after->item : 0), V_INT(after ? after->step : 0), V_INT((int64_t)max)))
    return -1;
  return list_tasks(&rows, arena, ret, ret_n, error);
}

int64_t casework_inbox_count(struct db *db, const char *role, const char *agency, int64_t up_to)
{
  struct rows rows;
  int64_t n = -1;
  if (DB_QUERY(db, &inbox_size, &rows, NULL, V_STR(role), V_STR(agency), V_INT(up_to)))
    return -1;
  if (rows_next(&rows))
    n = rows_int(&rows, 0);
  return rows_close(&rows, NULL) ? -1 : n;
}

int casework_due(struct db *db, day by, const struct task *after, size_t max, struct arena *arena, struct task **ret, size_t *ret_n,
                 struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &tasks_by, &rows, error, V_INT(by), V_INT(after ? after->due : INT_MIN), V_INT(after ? after->case_id : 0),
               V_INT(after ? after->item : 0), V_INT(after ? after->step : 0), V_INT((int64_t)max)))
    return -1;
  return list_tasks(&rows, arena, ret, ret_n, error);
}

int casework_papers(struct db *db, int64_t case_id, struct arena *arena, struct paper_row **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  struct paper_row *list = NULL;
  size_t n = 0, cap = 0;
  if (DB_QUERY(db, &papers_of, &rows, error, V_INT(case_id)))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = (struct paper_row){.id = rows_int(&rows, 0),
                                   .case_id = rows_int(&rows, 1),
                                   .paper = rows_str(&rows, 2, arena),
                                   .number = rows_str(&rows, 3, arena),
                                   .item = rows_str(&rows, 4, arena),
                                   .at = rows_int(&rows, 5)};
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int casework_results(struct db *db, int64_t case_id, struct arena *arena, struct result_row **ret, size_t *ret_n,
                     struct error *error)
{
  struct rows rows;
  struct result_row *list = NULL;
  size_t n = 0, cap = 0;
  if (DB_QUERY(db, &results_of, &rows, error, V_INT(case_id)))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = (struct result_row){.case_id = rows_int(&rows, 0),
                                    .item = (int)rows_int(&rows, 1),
                                    .item_id = rows_str(&rows, 2, arena),
                                    .certificate = rows_str(&rows, 3, arena),
                                    .number = rows_str(&rows, 4, arena),
                                    .state = rows_str(&rows, 5, arena),
                                    .name = {rows_str(&rows, 6, arena), rows_str(&rows, 7, arena)},
                                    .from = read_day(&rows, 8),
                                    .until = read_day(&rows, 9)};
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int casework_alerts(struct db *db, int64_t before, size_t max, struct arena *arena, struct alert_row **ret, size_t *ret_n,
                    struct error *error)
{
  struct rows rows;
  struct alert_row *list = NULL;
  size_t n = 0, cap = 0;
  if (DB_QUERY(db, &alerts_before, &rows, error, V_INT(before ? before : INT64_MAX), V_INT((int64_t)max)))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = (struct alert_row){.id = rows_int(&rows, 0),
                                   .case_id = rows_int(&rows, 1),
                                   .item = (int)rows_int(&rows, 2),
                                   .number = rows_str(&rows, 3, arena),
                                   .agency = rows_str(&rows, 4, arena),
                                   .level = rows_str(&rows, 5, arena),
                                   .name = {rows_str(&rows, 6, arena), rows_str(&rows, 7, arena)},
                                   .due = read_day(&rows, 8),
                                   .at = rows_int(&rows, 9)};
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}
