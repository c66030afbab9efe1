/*
 * The supervisor's overview: what is due and late, cards, trips; the file of a case with revocation.
 */
#include "casework/overview.h"

#include <string.h>

#include "app/app.h"
#include "casework/desk_pages.h"
#include "casework/staff.h"
#include "templates_desk.h"

enum { DUE_WITHIN = 2, ALERTS = 10, PAGE = 25, TRIP_DAYS = 30 };

const char *overview_card(const struct request *rq, const char *level)
{
  if (strcmp(level, "yellow") == 0)
    return tr(rq, "Yellow card: over the promise");
  if (strcmp(level, "red") == 0)
    return tr(rq, "Red card: over the legal limit");
  return strcmp(level, "issue") == 0 ? tr(rq, "Result not issued in ten days") : tr(rq, "Warning: due soon");
}

const char *overview_card_kind(const char *level)
{
  return strcmp(level, "red") == 0 || strcmp(level, "issue") == 0 ? "bad" : "wait";
}

bool overview_handled(const struct request *rq, const struct casefile *c)
{
  if (strcmp(c->accepted_by, rq->who->id) == 0)
    return true;
  for (size_t i = 0; i < c->item_count; i++)
    if (strcmp(c->items[i].decided_by, rq->who->id) == 0)
      return true;
  return false;
}

static int read_due(struct request *rq, struct overview *o, struct error *error)
{
  struct span rest = rq_span(rq, "after"), part;
  struct task after;
  int64_t n[4] = {0};
  int got = 0;
  while (got < 4 && span_cut(&rest, '.', &part) && span_int(part, &n[got]))
    got++;
  after = (struct task){.due = (day)n[0], .case_id = n[1], .item = (int)n[2], .step = (int)n[3]};
  day by = calendar_add(&rq->app->catalog->calendar, day_of(rq->now), DUE_WITHIN).day;
  if (casework_due(rq->db, by, got == 4 ? &after : NULL, PAGE + 1, rq->arena, &o->due, &o->due_n, error))
    return -1;
  if (o->due_n > PAGE) {
    const struct task *t = &o->due[PAGE - 1];
    o->due_n = PAGE;
    o->next = url_with(rq, "after", arena_printf(rq->arena, "%d.%lld.%d.%d", t->due, (long long)t->case_id, t->item, t->step));
  }
  return 0;
}

static int read_cases(struct request *rq, struct overview *o, struct error *error)
{
  o->state = rq_has(rq, "state") && case_state_parse(rq_span(rq, "state"), &o->in_state);
  if (!o->state)
    return 0;
  if (casework_in_state(rq->db, o->in_state, rq_int(rq, "from"), PAGE + 1, rq->arena, &o->cases, &o->case_n, error))
    return -1;
  if (o->case_n > PAGE) {
    o->case_n = PAGE;
    o->more = url_with(rq, "from", arena_printf(rq->arena, "%lld", (long long)o->cases[PAGE - 1].id));
  }
  return 0;
}

static int page(struct request *rq, struct error *error)
{
  struct overview o = {0};
  struct case_row row;
  struct error why = {0};
  day today = day_of(rq->now);
  if (rq_has(rq, "q")) {
    if (casework_find(rq->db, rq_span(rq, "q"), SPAN(""), rq->arena, &row, &why) == 0)
      return web_redirect(rq, 302, arena_printf(rq->arena, "/overview/cases/%s", row.number));
    o.missing = rq_str(rq, "q");
  }
  if (casework_counts(rq->db, rq->arena, &o.counts, &o.count_n, error) || read_due(rq, &o, error) ||
      casework_alerts(rq->db, 0, ALERTS, rq->arena, &o.alerts, &o.alert_n, error) ||
      casework_closed(rq->db, today - TRIP_DAYS, today, &o.closed, error) ||
      casework_spent(rq->db, today - TRIP_DAYS, &o.spent, error) ||
      casework_inbox_by_due(rq->db, "supervisor", "", NULL, PAGE, rq->arena, &o.mine, &o.mine_n, error) ||
      read_cases(rq, &o, error))
    return -1;
  return web_page(rq, o.missing ? 404 : 200, overview_page(rq, &o));
}

static int show(struct request *rq, unsigned status, struct error *error)
{
  struct staff_file f;
  return staff_read(rq, "/overview", &f, error) ? -1 : web_page(rq, status, overview_case(rq, &f));
}

static int case_page(struct request *rq, struct error *error)
{
  return show(rq, 200, error);
}

static int action(struct request *rq, struct error *error)
{
  return staff_act(rq, "/overview", "supervisor", show, error);
}

static const char *const actions[] = {"revoke", NULL};
static const struct parameter query[] = {
    {"q", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "办件编号", .en = "case number"},
    {"after", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "上一页的最后一条", .en = "the last of the page before"},
    {"state", IN_QUERY, TYPE_TEXT, false, .max = 40, .zh = "状态", .en = "state"},
    {"from", IN_QUERY, TYPE_INT, false, .zh = "上一页的最后一件", .en = "the last case of the page before"},
    {0}};
static const struct parameter number[] = {{"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"}, {0}};
static const struct parameter action_form[] = {
    {"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"},
    {"version", IN_FORM, TYPE_INT, false, .max = INT32_MAX, .zh = "版本", .en = "version"},
    {"command", IN_PATH, TYPE_CHOICE, true, .choices = actions, .zh = "操作", .en = "command"},
    {0}};

const struct route overview_routes[] = {
    {METHOD_GET, "/overview", ROLE_SUPERVISOR, page, 0, query, "监督总览", "The supervisor's overview"},
    {METHOD_GET, "/overview/cases/{no}", ROLE_SUPERVISOR, case_page, 0, number, "监督办件", "A case for the supervisor"},
    {METHOD_POST, "/overview/cases/{no}/{command}", ROLE_SUPERVISOR, action, ROUTE_SHOWS_ERRORS, action_form},
    {0}};
