/*
 * The clerk at a window, and whoever answers for the hall.
 */
#include "hall/hall_pages.h"

#include <string.h>

#include "account/account.h"
#include "app/app.h"
#include "casework/desk_pages.h"
#include "hall/hall_view.h"
#include "templates_hall.h"

/* ---- choosing a window ---- */

static int show_choice(struct request *rq, unsigned status, struct error *error)
{
  struct hall_view h;
  const struct catalog *catalog = rq->app->catalog;
  const struct input_option *options;
  struct input_option *list = arena_array(rq->arena, catalog->hall_count + 1, sizeof *list);
  size_t n = 0;
  for (size_t i = 0; i < catalog->hall_count; i++)
    if (catalog->halls[i].shift_count)
      list[n++] = (struct input_option){catalog->halls[i].id, hall_words(rq, catalog->halls[i].name), NULL};
  options = list;
  if (!rq_has(rq, "hall"))
    return web_page(rq, status, hall_choose(rq, NULL, options));
  return hall_view(rq, &h, error) ? -1 : web_page(rq, status, hall_choose(rq, &h, options));
}

static int choice(struct request *rq, struct error *error)
{
  return show_choice(rq, 200, error);
}

/* ---- a window ---- */

static int by_rank(const void *a, const void *b)
{
  const struct visit *x = *(struct visit *const *)a, *y = *(struct visit *const *)b;
  return x->rank < y->rank ? -1 : x->rank > y->rank ? 1 : x->n - y->n;
}

static int by_slot(const void *a, const void *b)
{
  const struct visit *x = *(struct visit *const *)a, *y = *(struct visit *const *)b;
  return x->slot != y->slot ? x->slot - y->slot : x->n - y->n;
}

/* Open windows of the zone, and the other zones. */
static const struct input_option *targets_of(struct request *rq, const struct window_view *w)
{
  const struct hall *hall = w->zone.place.hall;
  size_t zones = hall_place_count(hall), n = 0;
  struct input_option *list = arena_array(rq->arena, w->zone.now.q.window_count + zones + 1, sizeof *list);
  for (size_t i = 0; i < w->zone.now.q.window_count; i++) {
    const struct hall_window *other = &w->zone.now.q.windows[i];
    if (other->open && other->number != w->number)
      list[n++] = (struct input_option){arena_printf(rq->arena, "w%d", other->number), trf(rq, "window %s", other->number), NULL};
  }
  for (size_t i = 0; i < zones; i++) {
    struct hall_place place = hall_place_at(hall, i);
    if (strcmp(place.zone, w->zone.place.zone) != 0)
      list[n++] = (struct input_option){arena_printf(rq->arena, "z-%s", place.zone), hall_words(rq, place.name), NULL};
  }
  return list;
}

static void sort_visits(struct request *rq, struct window_view *w)
{
  struct queue *q = &w->zone.now.q;
  w->waiting = arena_array(rq->arena, q->n + 1, sizeof(struct visit *));
  w->aside = arena_array(rq->arena, q->n + 1, sizeof(struct visit *));
  w->expected = arena_array(rq->arena, q->n + 1, sizeof(struct visit *));
  for (size_t i = 0; i < q->n; i++) {
    struct visit *v = &q->visits[i];
    if (v->state == VISIT_WAITING)
      w->waiting[w->waiting_count++] = v;
    else if (v->state == VISIT_BOOKED)
      w->expected[w->expected_count++] = v;
    else if (v->state == VISIT_PARKED || v->state == VISIT_MISSED)
      w->aside[w->aside_count++] = v;
  }
  if (w->waiting_count)
    qsort(w->waiting, w->waiting_count, sizeof *w->waiting, by_rank);
  if (w->expected_count)
    qsort(w->expected, w->expected_count, sizeof *w->expected, by_slot);
}

static int read_window(struct request *rq, struct window_view *ret, struct error *error)
{
  struct window_view w = {.number = (int)rq_int(rq, "window")};
  struct hall_place place;
  bool known = hall_place_find(rq->app->catalog, rq_span(rq, "hall"), rq_span(rq, "zone"), &place) && w.number >= place.first &&
               w.number < place.first + place.windows;
  if (!known)
    return error_set(error, ERROR_NOT_FOUND, "no-such-window", "没有这个窗口", "There is no such window");
  if (zone_view(rq, &place, &w.zone, error))
    return -1;
  w.window = queue_window(&w.zone.now.q, w.number);
  w.mine = w.window && w.window->open && strcmp(w.window->clerk, rq->who->id) == 0;
  w.v = w.window && w.window->visit ? queue_visit(&w.zone.now.q, w.window->visit) : NULL;
  w.base = arena_printf(rq->arena, "/queue/%s/%s/%d", place.hall->id, place.zone, w.number);
  sort_visits(rq, &w);
  w.targets = targets_of(rq, &w);
  *ret = w;
  return 0;
}

static int window(struct request *rq, struct error *error)
{
  struct window_view w;
  return read_window(rq, &w, error) ? -1 : web_page(rq, 200, hall_window_page(rq, &w));
}

static int window_act(struct request *rq, struct error *error)
{
  struct window_view w;
  struct error why = {0};
  const char *command = rq_str(rq, "command");
  if (read_window(rq, &w, error))
    return -1;
  if (rq->errors_n == 0) {
    if (hall_window_act(rq, &w.zone.place, command, &why) == 0)
      return web_redirect(
          rq, 303, strcmp(command, "close") == 0 ? arena_printf(rq->arena, "/queue?hall=%s", w.zone.place.hall->id) : w.base);
    if (why.code >= ERROR_INTERNAL) {
      *error = why;
      return -1;
    }
  }
  if (read_window(rq, &w, error)) /* somebody else may have been faster: the page shows what is */
    return -1;
  w.refused = why.name ? arena_str(rq->arena, say(rq, why.zh, why.en)) : tr(rq, "Please check what you entered");
  return web_page(rq, why.name ? (unsigned)error_http(why.code) : 400, hall_window_page(rq, &w));
}

/* ---- from the window to the desk, and back ---- */

/* What is known of whoever is at the window; the identity number is not: the clerk reads it from the card. */
static int at_the_window(struct request *rq, struct window_view *w, struct intake *ret, struct error *error)
{
  if (read_window(rq, w, error))
    return -1;
  if (!w->mine || !w->v || w->v->state != VISIT_SERVED)
    return error_set(error, ERROR_CONFLICT, "nobody-there", "窗口现在没有人", "Nobody is at the window now");
  const char *account = w->v->account;
  *ret = (struct intake){.base = arena_printf(rq->arena, "%s/application", w->base),
                         .name = *account ? account_name(rq->db, rq->arena, account) : "",
                         .phone = w->v->phone,
                         .account = account};
  return 0;
}

/* His case; else a new application: of the matter he came for, or of one to be chosen. */
static int to_case(struct request *rq, struct error *error)
{
  struct window_view w = {0};
  struct intake in = {0};
  if (at_the_window(rq, &w, &in, error))
    return -1;
  if (*w.v->case_number)
    return web_redirect(rq, 303, arena_printf(rq->arena, "/desk/cases/%s", w.v->case_number));
  if (*w.v->thing && !rq_has(rq, "q"))
    return web_redirect(rq, 303, arena_printf(rq->arena, "%s/%s", in.base, w.v->thing));
  return intake_choose(rq, &in);
}

static int application(struct request *rq, struct error *error)
{
  struct window_view w = {0};
  struct intake in = {0};
  return at_the_window(rq, &w, &in, error) ? -1 : intake_show(rq, &in, error);
}

/* The case that was begun is the visit's from now on: his being here is counted in it. */
static int begin_application(struct request *rq, struct error *error)
{
  struct window_view w = {0};
  struct intake in = {0};
  const char *number = "";
  int64_t id = 0;
  if (at_the_window(rq, &w, &in, error) || intake_begin(rq, &in, &id, &number, error))
    return -1;
  if (!id)
    return 0;
  const struct hall_act act = {&w.zone.place, day_of(rq->now), "clerk", "window", 1};
  json_t *data = json_pack("{s:i,s:I,s:s}", "visit", w.v->n, "case", (json_int_t)id, "case_number", number);
  if (hall_command(rq, &act, "link", data, NULL, error))
    return -1;
  return web_redirect(rq, 303, arena_printf(rq->arena, "/desk/cases/%s/fill?done=draft", number));
}

static int my_window(struct request *rq, struct error *error)
{
  const struct catalog *catalog = rq->app->catalog;
  const char *zone = "";
  int number = 0;
  for (size_t i = 0; i < catalog->hall_count; i++) {
    if (window_of_clerk(rq->db, catalog->halls[i].id, day_of(rq->now), rq->who->id, rq->arena, &zone, &number, error))
      return -1;
    if (number)
      return web_redirect(rq, 303, arena_printf(rq->arena, "/queue/%s/%s/%d", catalog->halls[i].id, zone, number));
  }
  return web_redirect(rq, 303, "/queue");
}

/* ---- tickets and appointments by telephone or at the counter ---- */

static int clerk_ticket(struct request *rq, struct error *error)
{
  struct error why = {0};
  const char *code;
  bool booking = rq_has(rq, "slot");
  int bad = booking ? hall_book(rq, "clerk", "phone", &code, &why) : hall_draw(rq, "clerk", "window", &code, &why);
  if (!bad)
    return web_redirect(rq, 303, arena_printf(rq->arena, "/visits/%s?done=%s", code, booking ? "booked" : "ticketed"));
  if (why.code >= ERROR_INTERNAL) {
    *error = why;
    return -1;
  }
  web_field_error(rq, "zone", arena_str(rq->arena, say(rq, why.zh, why.en)));
  return show_choice(rq, (unsigned)error_http(why.code), error);
}

/* ---- the manager ---- */

static int manage(struct request *rq, struct error *error)
{
  struct hall_view h;
  struct manage_view m = {.h = &h, .day = rq_has(rq, "day") ? rq_day(rq, "day") : day_of(rq->now)};
  struct queue_row *rows;
  size_t n;
  if (hall_view(rq, &h, error) || queues_of(rq->db, h.hall->id, m.day, rq->arena, &rows, &n, error))
    return -1;
  m.rows = arena_array(rq->arena, h.n + 1, sizeof *m.rows);
  for (size_t z = 0; z < h.n; z++)
    for (size_t i = 0; i < n; i++)
      if (strcmp(rows[i].zone, h.zones[z].place.zone) == 0)
        m.rows[z] = rows[i];
  return web_page(rq, 200, hall_manage(rq, &m));
}

/* ---- the table ---- */

#define WINDOW_PATH                                                                                                                \
  {"hall", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "大厅", .en = "the hall"},                                                   \
      {"zone", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "分区", .en = "the zone"},                                               \
  {                                                                                                                                \
    "window", IN_PATH, TYPE_INT, true, .max = 9999, .min = 1, .zh = "窗口", .en = "the window"                                     \
  }

static const struct parameter choice_query[] = {{"hall", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "大厅", .en = "the hall"},
                                                {0}};
static const struct parameter window_path[] = {WINDOW_PATH, {0}};
static const struct parameter window_form[] = {
    WINDOW_PATH,
    {"command", IN_PATH, TYPE_CHOICE, true, .choices = window_commands, .zh = "操作", .en = "the command"},
    {"visit", IN_FORM, TYPE_INT, false, .max = 100000, .zh = "哪一位", .en = "which visit"},
    {"claim", IN_FORM, TYPE_TEXT, false, .max = 20, .zh = "哪项优先（elderly、disabled、pregnant）",
     .en = "which claim: elderly, disabled, pregnant"},
    {"reason", IN_FORM, TYPE_TEXT, false, .max = 160, .zh = "原因", .en = "the reason"},
    {"note", IN_FORM, TYPE_TEXT, false, .max = 160, .zh = "备注", .en = "the note"},
    {"to", IN_FORM, TYPE_TEXT, false, .max = 66, .zh = "转到哪里", .en = "where to"},
    {"case", IN_FORM, TYPE_TEXT, false, .max = 32, .zh = "办件编号", .en = "the case"},
    {0}};
static const struct parameter to_case_query[] = {
    WINDOW_PATH, {"q", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "关键词", .en = "words"}, {0}};
static const struct parameter application_path[] = {
    WINDOW_PATH, {"thing", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "事项", .en = "matter"}, {0}};
static const struct parameter application_form[] = {WINDOW_PATH, INTAKE_FIELDS, {0}};
static const struct parameter clerk_form[] = {
    {"hall", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "大厅", .en = "the hall"},
    {"zone", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "分区", .en = "the zone"},
    {"thing", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "要办的事", .en = "the matter"},
    {"phone", IN_FORM, TYPE_TEXT, false, .max = 20, .zh = "电话", .en = "the telephone number"},
    {"note", IN_FORM, TYPE_TEXT, false, .max = 160, .zh = "备注", .en = "the note"},
    {"day", IN_FORM, TYPE_DATE, false, .zh = "哪天", .en = "the day"},
    {"slot", IN_FORM, TYPE_INT, false, .max = 1439, .zh = "时段", .en = "the time"},
    {0}};
static const struct parameter manage_query[] = {{"hall", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "大厅", .en = "the hall"},
                                                {"day", IN_QUERY, TYPE_DATE, false, .zh = "哪天", .en = "the day"},
                                                {0}};

const struct route window_routes[] = {
    {METHOD_GET, "/queue", ROLE_CLERK, choice, 0, choice_query, "选择窗口", "Choosing a window"},
    {METHOD_GET, "/queue/mine", ROLE_CLERK, my_window, 0, NULL, "我值守的窗口", "The window one sits at"},
    {METHOD_GET, "/queue/{hall}/{zone}/{window}/application", ROLE_CLERK, to_case, 0, to_case_query, "窗口来人的办件",
     "The case of whoever is at the window"},
    {METHOD_GET, "/queue/{hall}/{zone}/{window}/application/{thing}", ROLE_CLERK, application, 0, application_path},
    {METHOD_POST, "/queue/{hall}/{zone}/{window}/application/{thing}", ROLE_CLERK, begin_application, ROUTE_SHOWS_ERRORS,
     application_form},
    {METHOD_POST, "/queue/{hall}/tickets", ROLE_CLERK, clerk_ticket, 0, clerk_form},
    {METHOD_GET, "/queue/{hall}/{zone}/{window}", ROLE_CLERK | ROLE_SUPERVISOR, window, 0, window_path, "窗口叫号",
     "Calling at a window"},
    {METHOD_POST, "/queue/{hall}/{zone}/{window}/{command}", ROLE_CLERK | ROLE_SUPERVISOR, window_act, ROUTE_SHOWS_ERRORS,
     window_form},
    {METHOD_GET, "/halls/{hall}/manage", ROLE_SUPERVISOR, manage, 0, manage_query, "大厅运行", "How a hall is doing"},
    {0}};
