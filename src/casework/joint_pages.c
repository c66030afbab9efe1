#include "casework/joint_pages.h"

#include <string.h>

#include "app/app.h"
#include "base/text.h"
#include "casework/desk_pages.h"
#include "store/blob.h"
#include "templates_desk.h"

/* ---- words ---- */

struct html joint_hidden(struct request *rq, const char *key)
{
  struct html guard = form_guard(rq);
  return (struct html){
      span_of(arena_printf(rq->arena, "%.*s<input type=\"hidden\" name=\"form\" value=\"%s\">", (int)guard.s.n, guard.s.p, key))};
}

const char *joint_when(struct request *rq, const struct gathering *g, int date)
{
  return offered_date_text(rq, &g->dates[date]);
}

const char *joint_kind(const struct request *rq, const struct gathering *g)
{
  return g->visit ? tr(rq, "Joint site visit") : tr(rq, "Joint meeting");
}

const char *joint_state(const struct request *rq, const struct gathering *g)
{
  static const char *const words[] = {N_("departments say which dates suit"),
                                      N_("a date is to be chosen"),
                                      N_("no date suits all"),
                                      N_("date fixed"),
                                      N_("held"),
                                      N_("called off")};
  return tr(rq, words[g->state]);
}

const char *joint_state_tag(const struct gathering *g)
{
  static const char *const tags[] = {"wait", "wait", "bad", "now", "good", ""};
  return tags[g->state];
}

const char *joint_minutes(const struct request *rq, const struct attendee *a)
{
  static const char *const words[] = {"", N_("passed"), N_("not passed"), N_("minutes written"), N_("was missing")};
  return *words[a->minutes] ? tr(rq, words[a->minutes]) : "";
}

const char *joint_span(struct request *rq, int64_t ms)
{
  long long hours = (long long)(ms / HOUR_MS);
  if (hours < 1)
    return ms ? tr(rq, "less than an hour") : "0";
  if (hours < 24)
    return trf(rq, "%s hours", hours);
  return hours % 24 ? trf(rq, "%s days %s hours", hours / 24, hours % 24) : trf(rq, "%s days", hours / 24);
}

const char *joint_spent(const struct request *rq, int kind)
{
  return say(rq, spent_words[kind].zh, spent_words[kind].en);
}

/* ---- whose ---- */

bool joint_is_mine(const struct request *rq, const char *agency)
{
  return strcmp(rq->who->agency, agency) == 0;
}

int joint_seat(const struct request *rq, const struct gathering *g)
{
  return attendee_index(g, rq->who->agency);
}

int joint_visit_to_offer(const struct request *rq, const struct staff_file *f)
{
  const struct casefile *c = f->c;
  for (size_t i = 0; i < c->step_count; i++) {
    const struct case_step *s = &c->steps[i];
    bool mine = joint_is_mine(rq, s->agency) || joint_is_mine(rq, c->lead);
    if (mine && s->visit >= 0 && s->state == STEP_TO_DO && c->items[s->item].state > ITEM_PENDING &&
        c->items[s->item].state < ITEM_GRANTED && gathering_of_step(c, (int)i) < 0)
      return (int)i;
  }
  return -1;
}

bool joint_coordinates(const struct request *rq, const struct staff_file *f, size_t item)
{
  enum item_state state = f->c->items[item].state;
  return (state == ITEM_OPEN || state == ITEM_REVIEW) &&
         (rq_may(rq, ROLE_SUPERVISOR) || joint_is_mine(rq, f->c->lead) || joint_is_mine(rq, f->c->items[item].agency));
}

static bool question_to(const struct request *rq, const struct message *m)
{
  return m->due != DAY_NONE && !m->answered &&
         (joint_is_mine(rq, m->to) || (strcmp(m->to, "centre") == 0 && rq_may(rq, ROLE_SUPERVISOR)));
}

static bool gathering_waits(const struct request *rq, const struct gathering *g)
{
  int seat = joint_seat(rq, g);
  if (seat >= 0 && g->state == GATHERING_OFFERED && !g->who[seat].said)
    return true;
  if (seat >= 0 && g->state == GATHERING_FIXED && g->who[seat].minutes == MINUTES_NONE)
    return true;
  return joint_is_mine(rq, g->agency) && (g->state == GATHERING_CLASH || (g->state == GATHERING_OPEN && !g->visit));
}

size_t joint_waiting(const struct request *rq, const struct casefile *c)
{
  size_t n = 0;
  for (size_t i = 0; i < c->joint_work.gathering_count; i++)
    n += gathering_waits(rq, &c->joint_work.gatherings[i]);
  for (size_t i = 0; i < c->joint_work.message_count; i++)
    n += question_to(rq, &c->joint_work.messages[i]);
  for (size_t i = 0; i < c->joint_work.dispute_count; i++)
    n += !c->joint_work.disputes[i].ruled && rq_may(rq, ROLE_SUPERVISOR);
  return n;
}

/* ---- options ---- */

const struct input_option *joint_dates(struct request *rq, const struct gathering *g, bool suit)
{
  struct input_option *list = arena_array(rq->arena, OFFERED_DATES_MAX + 1, sizeof *list);
  size_t n = 0;
  for (int d = 0; d < g->date_count; d++)
    if (!suit || date_suits(g, d))
      list[n++] = (struct input_option){arena_printf(rq->arena, "%d", d), joint_when(rq, g, d), NULL};
  return list;
}

static bool is_listed(const struct input_option *list, size_t n, const char *value)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i].value, value) == 0)
      return true;
  return false;
}

static struct input_option *others(struct request *rq, const struct casefile *c, size_t room, size_t *n)
{
  struct input_option *list = arena_array(rq->arena, c->item_count + c->step_count + room + 1, sizeof *list);
  for (size_t i = 0; i < c->item_count + c->step_count; i++) {
    const char *agency = i < c->item_count ? c->items[i].agency : c->steps[i - c->item_count].agency;
    bool gone = i >= c->item_count && c->steps[i - c->item_count].state == STEP_REMOVED;
    if (!gone && !joint_is_mine(rq, agency) && !is_listed(list, *n, agency))
      list[(*n)++] = (struct input_option){agency, staff_agency(rq, agency), NULL};
  }
  return list;
}

const struct input_option *joint_agencies(struct request *rq, const struct casefile *c)
{
  size_t n = 0;
  return others(rq, c, 0, &n);
}

const struct input_option *joint_addressees(struct request *rq, const struct casefile *c)
{
  size_t n = 0;
  struct input_option *list = others(rq, c, 2, &n);
  memmove(list + 1, list, n * sizeof *list);
  list[0] = (struct input_option){"", tr(rq, "all departments of the case"), NULL};
  list[n + 1] = (struct input_option){ACCOUNT_CENTRE, staff_agency(rq, ACCOUNT_CENTRE), NULL};
  return list;
}

const struct input_option *joint_departments(struct request *rq, const struct casefile *c, size_t item)
{
  const struct catalog *catalog = rq->app->catalog;
  struct input_option *list = arena_array(rq->arena, catalog->agency_count + 2, sizeof *list);
  size_t n = 0;
  list[n++] = (struct input_option){"", tr(rq, "choose a department"), NULL};
  for (size_t i = 0; i < catalog->agency_count; i++)
    if (strcmp(catalog->agencies[i].id, c->items[item].agency) != 0)
      list[n++] = (struct input_option){catalog->agencies[i].id, words_text(rq, catalog->agencies[i].name), NULL};
  return list;
}

const struct input_option *joint_items(struct request *rq, const struct staff_file *f)
{
  struct input_option *list = arena_array(rq->arena, f->c->item_count + 2, sizeof *list);
  size_t n = 0;
  list[n++] = (struct input_option){"", tr(rq, "the whole case"), NULL};
  for (size_t i = 0; i < f->c->item_count; i++)
    if (item_under_way(&f->c->items[i]))
      list[n++] = (struct input_option){f->c->items[i].item, f->v->items[i].name, NULL};
  return list;
}

/* ---- who waits for whom ---- */

static struct joint_wait wait_of(struct request *rq, const struct staff_file *f, size_t step)
{
  const struct casefile *c = f->c;
  const struct case_step *s = &c->steps[step];
  int g = gathering_of_step(c, (int)step);
  struct joint_wait w = {f->v->items[s->item].name,
                         words_text(rq, step_words(s->step)),
                         staff_agency(rq, s->agency),
                         s->since,
                         s->taken,
                         tr(rq, "waits to be taken up"),
                         "wait"};
  if (g >= 0 && c->joint_work.gatherings[g].state == GATHERING_OPEN && c->joint_work.gatherings[g].visit)
    w.what = tr(rq, "waits for the applicant to choose a date");
  else if (g >= 0)
    w.what = trf(rq, "joint visit: %s", joint_state(rq, &c->joint_work.gatherings[g]));
  else if (s->taken)
    w.what = tr(rq, "at work"), w.tag = "now";
  return w;
}

struct joint_wait *joint_waits(struct request *rq, const struct staff_file *f, size_t *ret_n)
{
  const struct casefile *c = f->c;
  struct joint_wait *list = arena_array(rq->arena, c->step_count + c->item_count + 1, sizeof *list);
  size_t n = 0;
  for (size_t s = 0; s < c->step_count; s++)
    if (casefile_step_is_next(c, s))
      list[n++] = wait_of(rq, f, s);
  for (size_t i = 0; i < c->item_count; i++)
    if (casefile_item_decidable(c, i))
      list[n++] = (struct joint_wait){f->v->items[i].name,
                                      tr(rq, "Decision"),
                                      f->v->items[i].agency,
                                      0,
                                      c->items[i].taken,
                                      casefile_open_dispute(c, (int)i) >= 0 ? tr(rq, "waits for a ruling")
                                      : c->items[i].taken                   ? tr(rq, "at work")
                                                                            : tr(rq, "waits to be taken up"),
                                      c->items[i].taken ? "now" : "wait"};
  *ret_n = n;
  return list;
}

/* ---- the page ---- */

static int show_at(struct request *rq, const char *base, unsigned status, struct error *error)
{
  struct staff_file f;
  return staff_read(rq, base, &f, error) ? -1 : web_page(rq, status, joint_page(rq, &f));
}

static int show_office(struct request *rq, unsigned status, struct error *error)
{
  return show_at(rq, "/office", status, error);
}

static int show_overview(struct request *rq, unsigned status, struct error *error)
{
  return show_at(rq, "/overview", status, error);
}

static int show_desk(struct request *rq, unsigned status, struct error *error)
{
  return show_at(rq, "/desk", status, error);
}

static int office_page(struct request *rq, struct error *error)
{
  return show_office(rq, 200, error);
}

static int overview_page_of(struct request *rq, struct error *error)
{
  return show_overview(rq, 200, error);
}

static int desk_page(struct request *rq, struct error *error)
{
  return show_desk(rq, 200, error);
}

/* ---- what was sent ---- */

static const char *sent(struct request *rq, const char *name)
{
  return rq_str(rq, fname(rq, name, rq_str(rq, "form")));
}

/* day1 … day3 with half1 … half3: those that were filled in. */
static void add_dates(struct request *rq, json_t *data)
{
  json_t *list = json_array();
  for (int i = 1; i <= 3; i++) {
    const char *on = sent(rq, arena_printf(rq->arena, "day%d", i)), *half = sent(rq, arena_printf(rq->arena, "half%d", i));
    if (*on)
      (void)json_array_append_new(list, json_pack("{s:s,s:s}", "day", on, "half", *half ? half : "morning"));
  }
  if (json_array_size(list))
    (void)json_object_set_new(data, "dates", list);
  else
    json_decref(list);
}

static void add_list(struct request *rq, json_t *data, const char *field, const char *key, bool numbers)
{
  const char *name = fname(rq, field, rq_str(rq, "form"));
  json_t *list = json_array();
  int64_t n;
  for (size_t i = 0; i < rq_count(rq, name); i++)
    if (!numbers)
      (void)json_array_append_new(list, json_string(arena_dup(rq->arena, rq_nth(rq, name, i))));
    else if (span_int(rq_nth(rq, name, i), &n))
      (void)json_array_append_new(list, json_integer(n));
  (void)json_object_set_new(data, key, list);
}

static int add_photos(struct request *rq, json_t *data, struct error *error)
{
  return staff_keep_photos(rq, fname(rq, "photos", rq_str(rq, "form")), data, error);
}

static int read_data(struct request *rq, const char *command, json_t *data, struct error *error)
{
  add_dates(rq, data);
  if (strcmp(command, "say-dates") == 0)
    add_list(rq, data, "suits", "dates", true);
  if (strcmp(command, "offer-dates") == 0)
    add_list(rq, data, "agencies", "agencies", false);
  if (strcmp(command, "message") == 0 && *sent(rq, "agreed"))
    (void)json_object_set_new(data, "resolution", json_true());
  return strcmp(command, "minutes") == 0 ? add_photos(rq, data, error) : 0;
}

static int act(struct request *rq, const char *base, const char *role, staff_show *show, struct error *error)
{
  const char *command = arena_str(rq->arena, rq_str(rq, "command"));
  struct error why = {0};
  int64_t id;
  if (staff_find(rq, &id, error))
    return -1;
  if (rq->errors_n)
    return show(rq, 400, error);
  json_t *data = staff_form_data(rq);
  if (read_data(rq, command, data, error)) {
    json_decref(data);
    return -1;
  }
  const struct as as = {role, strcmp(role, "clerk") == 0 ? "window" : "web", 0};
  if (casework_command(rq, id, -1, as, command, data, NULL, &why))
    return staff_again(rq, &why, show, error);
  return web_redirect(rq, 303, arena_printf(rq->arena, "%s/cases/%s/joint?done=%s", base, rq_str(rq, "no"), command));
}

static int office_act(struct request *rq, struct error *error)
{
  return act(rq, "/office", "officer", show_office, error);
}

static int overview_act(struct request *rq, struct error *error)
{
  return act(rq, "/overview", "supervisor", show_overview, error);
}

static int desk_act(struct request *rq, struct error *error)
{
  return act(rq, "/desk", "clerk", show_desk, error);
}

/* For all staff who may see the case. */
static int photo(struct request *rq, struct error *error)
{
  struct staff_file f;
  if (staff_read(rq, "/desk", &f, error))
    return -1;
  for (size_t i = 0; i < f.c->joint_work.photo_count; i++) {
    const struct minute_file *p = &f.c->joint_work.photos[i];
    struct digest digest;
    int fd;
    int64_t size;
    if (p->number != rq_int(rq, "n") || !hex_decode(span_of(p->sha256), digest.b, sizeof digest.b))
      continue;
    return blob_open(rq->app->store, &digest, &fd, &size, error) ? -1 : web_file(rq, fd, size, p->type, p->name);
  }
  return error_set(error, ERROR_NOT_FOUND, "no-file", "没有这张照片", "There is no such photograph");
}

/* ---- the table ---- */

static const char *const office_commands[] = {"offer-dates",       "say-dates", "choose-date", "minutes",
                                              "close-gathering",   "call-off",  "message",     "add-department",
                                              "remove-department", "escalate",  NULL};
static const char *const overview_commands[] = {"offer-dates",       "say-dates", "choose-date", "minutes",
                                                "close-gathering",   "call-off",  "message",     "add-department",
                                                "remove-department", "rule",      NULL};
static const char *const desk_commands[] = {"message", "choose-date", NULL};

#define NUMBER                                                                                                                     \
  {                                                                                                                                \
    "no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"                                               \
  }
#define COMMAND(list)                                                                                                              \
  {                                                                                                                                \
    "command", IN_PATH, TYPE_CHOICE, true, .choices = (list), .zh = "操作", .en = "command"                                        \
  }
static const struct parameter number[] = {NUMBER, {0}};
static const struct parameter office_form[] = {NUMBER, COMMAND(office_commands), {0}};
static const struct parameter overview_form[] = {NUMBER, COMMAND(overview_commands), {0}};
static const struct parameter desk_form[] = {NUMBER, COMMAND(desk_commands), {0}};
static const struct parameter photo_path[] = {
    NUMBER, {"n", IN_PATH, TYPE_INT, true, .max = 100000, .min = 1, .zh = "照片", .en = "photograph"}, {0}};

const struct route joint_routes[] = {
    {METHOD_GET, "/office/cases/{no}/joint", ROLE_OFFICER, office_page, 0, number, "部门协同", "Departments on one case"},
    {METHOD_POST, "/office/cases/{no}/joint/{command}", ROLE_OFFICER, office_act, ROUTE_SHOWS_ERRORS | ROUTE_UPLOADS, office_form},
    {METHOD_GET, "/overview/cases/{no}/joint", ROLE_SUPERVISOR, overview_page_of, 0, number, "协同与裁定",
     "Departments on one case, for who oversees"},
    {METHOD_POST, "/overview/cases/{no}/joint/{command}", ROLE_SUPERVISOR, overview_act, ROUTE_SHOWS_ERRORS | ROUTE_UPLOADS,
     overview_form},
    {METHOD_GET, "/desk/cases/{no}/joint", ROLE_CLERK, desk_page, 0, number, "窗口查看协同", "Departments on one case, for clerks"},
    {METHOD_POST, "/desk/cases/{no}/joint/{command}", ROLE_CLERK, desk_act, ROUTE_SHOWS_ERRORS, desk_form},
    {METHOD_GET, "/desk/cases/{no}/photos/{n}", CASE_STAFF, photo, 0, photo_path, "踏勘照片", "A photograph of the minutes"},
    {0}};
