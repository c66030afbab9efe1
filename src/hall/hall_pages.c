/*
 * What everybody sees of a hall, and what a person does with his visits.
 */
#include "hall/hall_pages.h"

#include <string.h>

#include "app/app.h"
#include "base/text.h"
#include "hall/hall_view.h"
#include "kiosk/kiosk_pages.h"
#include "record/record.h"
#include "templates_hall.h"

#define MINE_MAX 50
#define BOARD_LINES 12

/* ---- live ---- */

/* «hall/HALL», «hall/HALL/ZONE»; the day is the present one. */
int64_t hall_live_version(void *context, struct db *db, const char *topic, moment now)
{
  char hall[80] = "";
  (void)context;
  struct span rest = span_of(topic + strlen("hall/")), head;
  if (!span_cut(&rest, '/', &head) || head.n >= sizeof hall)
    return -1;
  memcpy(hall, head.p, head.n);
  return hall_version(db, hall, rest.n ? rest.p : "", day_of(now));
}

static int live(struct request *rq, struct error *error)
{
  struct hall_place place;
  const struct hall *hall = catalog_hall(rq->app->catalog, rq_span(rq, "hall"));
  bool known = hall && (!rq_has(rq, "zone") || hall_place_find(rq->app->catalog, span_of(hall->id), rq_span(rq, "zone"), &place));
  if (!known)
    return error_set(error, ERROR_NOT_FOUND, "no-such-hall", "没有这个大厅", "There is no such hall");
  const char *zone = rq_str(rq, "zone");
  return web_stream(rq, arena_printf(rq->arena, "hall/%s%s%s", hall->id, *zone ? "/" : "", zone), error);
}

/* ---- halls ---- */

static int halls(struct request *rq, struct error *error)
{
  const struct catalog *catalog = rq->app->catalog;
  struct hall_view *list = arena_array(rq->arena, catalog->hall_count + 1, sizeof *list);
  (void)error;
  size_t n = 0;
  for (size_t i = 0; i < catalog->hall_count; i++) {
    const struct hall *hall = &catalog->halls[i];
    if (!hall->shift_count)
      continue;
    moment opens = hall_is_open(catalog, hall, rq->now) ? 0 : hall_next_opening(catalog, hall, rq->now);
    list[n++] = (struct hall_view){.hall = hall,
                                   .name = hall_words(rq, hall->name),
                                   .open = !opens,
                                   .opens = opens ? trf(rq, "opens %s", moment_words(rq, opens)) : "",
                                   .thing = catalog_thing(catalog, rq_span(rq, "thing")),
                                   .case_number = rq_str(rq, "case")};
  }
  return web_page(rq, 200, hall_list(rq, list, n));
}

static int hall(struct request *rq, struct error *error)
{
  struct hall_view h;
  if (hall_view(rq, &h, error))
    return -1;
  return web_page(rq, 200, hall_page(rq, &h));
}

static int board(struct request *rq, struct error *error)
{
  struct hall_view h;
  if (hall_view(rq, &h, error))
    return -1;
  size_t n;
  struct call_line *calls = call_lines(rq, &h, BOARD_LINES, &n);
  return web_page(rq, 200, hall_board(rq, &h, calls, n));
}

/* ---- booking ---- */

static int show_booking(struct request *rq, unsigned status, struct error *error)
{
  struct hall_view h;
  struct booking_view b = {.h = &h};
  struct hall_place place;
  if (hall_view(rq, &h, error))
    return -1;
  if (hall_place_asked(rq, &place, error)) /* no matter and no zone yet: that comes first */
    return web_redirect(rq, 303, arena_printf(rq->arena, "/halls/%s", h.hall->id));
  if (slots_view(rq, &place, rq_day(rq, "day"), &b.slots, error))
    return -1;
  return web_page(rq, status, hall_booking(rq, &b));
}

static int booking_page(struct request *rq, struct error *error)
{
  return show_booking(rq, 200, error);
}

/* What the rules refused is said beside its field; what is nobody's mistake goes the usual way. */
static bool say_beside(struct request *rq, const struct error *why, const char *field)
{
  if (why->code == ERROR_NOT_FOUND || why->code == ERROR_FORBIDDEN || why->code >= ERROR_INTERNAL)
    return false;
  web_field_error(rq, *why->where ? arena_str(rq->arena, why->where) : field, arena_str(rq->arena, say(rq, why->zh, why->en)));
  return true;
}

static int refused(struct request *rq, const struct error *why, const char *field,
                   int (*show)(struct request *rq, unsigned status, struct error *error), struct error *error)
{
  if (say_beside(rq, why, field))
    return show(rq, (unsigned)error_http(why->code), error);
  *error = *why;
  return -1;
}

static const char *visit_path(struct request *rq, const char *code, const char *done)
{
  return arena_printf(rq->arena, "/visits/%s?done=%s", code, done);
}

static int book(struct request *rq, struct error *error)
{
  struct error why = {0};
  const char *code;
  if (rq->errors_n)
    return show_booking(rq, 400, error);
  bool clerk = rq_may(rq, ROLE_CLERK); /* for somebody on the telephone */
  if (hall_book(rq, clerk ? "clerk" : "applicant", clerk ? "phone" : "web", &code, &why))
    return refused(rq, &why, "slot", show_booking, error);
  return web_redirect(rq, 303, visit_path(rq, code, "booked"));
}

static int show_hall_again(struct request *rq, unsigned status, struct error *error)
{
  struct hall_view h;
  return hall_view(rq, &h, error) ? -1 : web_page(rq, status, hall_page(rq, &h));
}

static int ticket(struct request *rq, struct error *error)
{
  struct error why = {0};
  const char *code;
  if (hall_draw(rq, "applicant", "mobile", &code, &why))
    return refused(rq, &why, "ticket", show_hall_again, error);
  return web_redirect(rq, 303, visit_path(rq, code, "ticketed"));
}

/* ---- the ticket machine: kiosks of this hall only ---- */

static int show_machine(struct request *rq, unsigned status, struct error *error)
{
  struct hall_view h;
  return hall_view(rq, &h, error) ? -1 : web_page(rq, status, hall_kiosk(rq, &h));
}

static bool is_of(const struct kiosk *device, const struct hall *hall)
{
  return device->id && hall && strcmp(device->hall, hall->id) == 0;
}

static int kiosk(struct request *rq, struct error *error)
{
  struct kiosk device;
  struct hall_view h;
  if (kiosk_here(rq, &device, error) || hall_view(rq, &h, error))
    return -1;
  return web_page(rq, 200, is_of(&device, h.hall) ? hall_kiosk(rq, &h) : hall_no_kiosk(rq, &h));
}

/* From one machine no more tickets than people can take. */
static int check_pace(struct request *rq, const struct kiosk *device, struct error *error)
{
  int wait = throttle_take(rq->app->throttle, span_of(arena_printf(rq->arena, "kiosk %lld", (long long)device->id)), 60, MINUTE_MS,
                           rq->now);
  if (!wait)
    return 0;
  web_retry_after(rq, wait);
  return error_set(error, ERROR_TOO_MANY, "too-many-tickets", "取号太频繁，请稍候", "Too many tickets from here: wait a moment");
}

static int kiosk_draw(struct request *rq, struct error *error)
{
  struct error why = {0};
  struct kiosk device;
  const char *code;
  if (kiosk_here(rq, &device, error))
    return -1;
  if (!is_of(&device, catalog_hall(rq->app->catalog, rq_span(rq, "hall"))))
    return error_set(error, ERROR_FORBIDDEN, "not-a-kiosk", "这台设备不是本大厅的自助终端，请登录后用手机取号",
                     "This device is no kiosk of this hall: sign in and take a ticket on your telephone");
  if (check_pace(rq, &device, error))
    return -1;
  if (hall_draw(rq, "kiosk", "kiosk", &code, &why))
    return refused(rq, &why, "zone", show_machine, error);
  return web_redirect(rq, 303, arena_printf(rq->arena, "/visits/%s?at=kiosk", code));
}

/* ---- visits ---- */

static int mine(struct request *rq, struct error *error)
{
  struct visit_row *list;
  size_t n;
  if (visits_of(rq->db, span_of(rq->who->id), MINE_MAX, rq->arena, &list, &n, error))
    return -1;
  return web_page(rq, 200, hall_mine(rq, list, n));
}

static int show_visit(struct request *rq, unsigned status, struct error *error)
{
  struct visit_view v;
  if (visit_view(rq, &v, error))
    return -1;
  if (strcmp(rq_str(rq, "at"), "kiosk") != 0)
    return web_page(rq, status, hall_visit(rq, &v));
  v.qr = (struct html){record_qr(rq->arena, url_whole(rq, arena_printf(rq->arena, "/visits/%s", v.row.v.code)))};
  return web_page(rq, status, hall_kiosk_ticket(rq, &v));
}

static int visit(struct request *rq, struct error *error)
{
  return show_visit(rq, 200, error);
}

static int visit_act(struct request *rq, struct error *error)
{
  struct visit_row row;
  struct error why = {0};
  const char *command = rq_str(rq, "command");
  if (visit_read(rq->db, rq_span(rq, "code"), rq->arena, &row, error))
    return -1;
  if (hall_visit_act(rq, &row, command, &why))
    return refused(rq, &why, "visit", show_visit, error);
  return web_redirect(rq, 303, visit_path(rq, row.v.code, command));
}

/* Of an account's visit the others see the number and the window, and no more. */
static int visit_of_mine(struct request *rq, struct visit_view *ret, struct error *error)
{
  if (visit_view(rq, ret, error))
    return -1;
  if (ret->mine)
    return 0;
  if (!rq->who)
    return error_set(error, ERROR_SIGN_IN, "sign-in", "请先登录", "Please sign in first");
  return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这次到厅记录", "There is no such visit");
}

static int show_move(struct request *rq, unsigned status, struct error *error)
{
  struct visit_view v;
  struct hall_view h = {0};
  struct booking_view b = {.h = &h, .moving = &v.row};
  if (visit_of_mine(rq, &v, error))
    return -1;
  h.hall = v.place.hall;
  h.name = hall_words(rq, h.hall->name);
  if (slots_view(rq, &v.place, rq_has(rq, "day") ? rq_day(rq, "day") : v.row.day, &b.slots, error))
    return -1;
  return web_page(rq, status, hall_booking(rq, &b));
}

static int move_page(struct request *rq, struct error *error)
{
  return show_move(rq, 200, error);
}

static int move_to(struct request *rq, struct error *error)
{
  struct visit_row row;
  struct error why = {0};
  if (rq->errors_n)
    return show_move(rq, 400, error);
  if (visit_read(rq->db, rq_span(rq, "code"), rq->arena, &row, error))
    return -1;
  if (hall_visit_act(rq, &row, "rebook", &why))
    return refused(rq, &why, "slot", show_move, error);
  return web_redirect(rq, 303, visit_path(rq, row.v.code, "rebook"));
}

/* ---- the calendar file, RFC 5545 ---- */

/* Text of a property: backslash, semicolon, comma and line ends escaped. */
static void ics_text(struct buf *out, const char *name, const char *text)
{
  buf_str(out, name);
  for (const char *p = text; *p; p++) {
    if (*p == '\n') {
      buf_str(out, "\\n");
      continue;
    }
    if (strchr("\\;,", *p))
      buf_char(out, '\\');
    buf_char(out, *p);
  }
  buf_str(out, "\r\n");
}

/* «20261124T013000Z» */
static void ics_time(struct buf *out, const char *name, moment at)
{
  char text[MOMENT_TEXT];
  moment_format_offset(at, 0, text);
  buf_printf(out, "%s:%.4s%.2s%.2sT%.2s%.2s%.2sZ\r\n", name, text, text + 5, text + 8, text + 11, text + 14, text + 17);
}

/* A line is at most 75 bytes; the next begins with a blank. */
static void ics_fold(struct buf *out, struct span lines)
{
  size_t n = 0;
  while (lines.n) {
    struct span rest = lines;
    (void)text_next(&rest);
    size_t one = lines.n - rest.n;
    if (*lines.p != '\r' && *lines.p != '\n' && n + one > 74) {
      buf_str(out, "\r\n ");
      n = 1;
    }
    buf_bytes(out, lines.p, one);
    n = *lines.p == '\n' ? 0 : n + one;
    lines = rest;
  }
}

static int ics(struct request *rq, struct error *error)
{
  struct visit_view v;
  struct buf text;
  if (visit_of_mine(rq, &v, error))
    return -1;
  if (v.row.v.slot < 0)
    return error_set(error, ERROR_NOT_FOUND, "no-appointment", "这不是预约", "This is no appointment");
  moment from = day_start(v.row.day) + v.row.v.slot * MINUTE_MS;
  bool off = v.row.v.state == VISIT_CANCELLED;
  buf_init(&text, 16384);
  buf_str(&text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//onevisit//hall//EN\r\n");
  buf_printf(&text, "METHOD:%s\r\nBEGIN:VEVENT\r\nUID:%s@onevisit\r\nSEQUENCE:%d\r\n", off ? "CANCEL" : "PUBLISH", v.row.v.code,
             (int)v.line_count);
  ics_time(&text, "DTSTAMP", rq->now);
  ics_time(&text, "DTSTART", from);
  ics_time(&text, "DTEND", from + v.place.hall->appointments.slot * MINUTE_MS);
  ics_text(&text, "SUMMARY:", v.thing);
  ics_text(&text, "LOCATION:", arena_printf(rq->arena, "%s %s", hall_words(rq, v.place.hall->name), v.zone.name));
  ics_text(&text, "DESCRIPTION:",
           arena_printf(rq->arena, "%s\n%s", v.row.v.note, url_whole(rq, arena_printf(rq->arena, "/visits/%s", v.row.v.code))));
  buf_printf(&text, "STATUS:%s\r\n", off ? "CANCELLED" : "CONFIRMED");
  buf_str(&text, "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1H\r\n");
  ics_text(&text, "DESCRIPTION:", v.thing);
  buf_str(&text, "END:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
  ics_fold(&rq->out, buf_view(&text));
  buf_release(&text);
  return web_bytes(rq, 200, "text/calendar; charset=utf-8", "visit.ics");
}

/* ---- the table ---- */

#define HALL                                                                                                                       \
  {                                                                                                                                \
    "hall", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "大厅", .en = "the hall"                                                    \
  }
#define CODE                                                                                                                       \
  {                                                                                                                                \
    "code", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "到厅编号", .en = "the visit"                                               \
  }
#define REFRESH                                                                                                                    \
  {                                                                                                                                \
    "refresh", IN_QUERY, TYPE_INT, false, .max = 600, .min = 5, .zh = "几秒刷新", .en = "load again after so many seconds"         \
  }

static const struct parameter list_query[] = {
    {"thing", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "要办的事", .en = "the matter"},
    {"case", IN_QUERY, TYPE_TEXT, false, .max = 32, .zh = "办件编号", .en = "the case"},
    {0}};
static const struct parameter hall_query[] = {
    HALL,
    {"thing", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "要办的事", .en = "the matter"},
    {"case", IN_QUERY, TYPE_TEXT, false, .max = 32, .zh = "办件编号", .en = "the case"},
    REFRESH,
    {0}};
static const struct parameter live_query[] = {
    HALL,
    {"zone", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "分区", .en = "the zone"},
    {"since", IN_QUERY, TYPE_TEXT, false, .max = 20, .zh = "已知的版本", .en = "the version that is known"},
    {0}};
static const struct parameter booking_query[] = {
    HALL,
    {"thing", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "要办的事", .en = "the matter"},
    {"zone", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "分区", .en = "the zone"},
    {"day", IN_QUERY, TYPE_DATE, false, .zh = "哪天", .en = "the day"},
    {"case", IN_QUERY, TYPE_TEXT, false, .max = 32, .zh = "办件编号", .en = "the case"},
    {0}};
static const struct parameter booking_form[] = {
    HALL,
    {"thing", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "要办的事", .en = "the matter"},
    {"zone", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "分区", .en = "the zone"},
    {"day", IN_FORM, TYPE_DATE, true, .zh = "哪天", .en = "the day"},
    {"slot", IN_FORM, TYPE_INT, true, .max = 1439, .zh = "时段", .en = "the time"},
    {"note", IN_FORM, TYPE_TEXT, false, .max = 160, .zh = "要告诉窗口的话", .en = "what the window should know"},
    {"phone", IN_FORM, TYPE_TEXT, false, .max = 20, .zh = "电话", .en = "the telephone number"},
    {"case", IN_FORM, TYPE_TEXT, false, .max = 32, .zh = "办件编号", .en = "the case"},
    {0}};
static const struct parameter ticket_form[] = {
    HALL,
    {"thing", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "要办的事", .en = "the matter"},
    {"zone", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "分区", .en = "the zone"},
    {"case", IN_FORM, TYPE_TEXT, false, .max = 32, .zh = "办件编号", .en = "the case"},
    {0}};
static const struct parameter visit_query[] = {
    CODE,
    {"done", IN_QUERY, TYPE_TEXT, false, .max = 20, .zh = "刚做完什么", .en = "what was done just now"},
    {"at", IN_QUERY, TYPE_TEXT, false, .max = 10, .zh = "在哪里看", .en = "where it is shown"},
    REFRESH,
    {0}};
static const char *const simple_commands[] = {"cancel", "arrive", "return", NULL};
static const struct parameter visit_form[] = {
    CODE,
    {"command", IN_PATH, TYPE_CHOICE, true, .choices = simple_commands, .zh = "操作", .en = "the command"},
    {"reason", IN_FORM, TYPE_TEXT, false, .max = 160, .zh = "原因", .en = "the reason"},
    {0}};
static const struct parameter move_query[] = {CODE, {"day", IN_QUERY, TYPE_DATE, false, .zh = "哪天", .en = "the day"}, {0}};
static const struct parameter move_form[] = {CODE,
                                             {"day", IN_FORM, TYPE_DATE, true, .zh = "哪天", .en = "the day"},
                                             {"slot", IN_FORM, TYPE_INT, true, .max = 1439, .zh = "时段", .en = "the time"},
                                             {0}};
static const struct parameter of_code[] = {CODE, {0}};

const struct route hall_routes[] = {
    {METHOD_GET, "/halls", ROLE_PUBLIC, halls, 0, list_query, "政务大厅", "The halls"},
    {METHOD_GET, "/halls/{hall}", ROLE_PUBLIC, hall, 0, hall_query, "大厅现况", "A hall as it stands"},
    {METHOD_GET, "/halls/{hall}/board", ROLE_PUBLIC, board, 0, hall_query, "叫号屏", "The board of a hall"},
    {METHOD_GET, "/halls/{hall}/live", ROLE_PUBLIC, live, 0, live_query, "叫号实时流（SSE）",
     "What changes in a hall, as server-sent events"},
    {METHOD_GET, "/halls/{hall}/kiosk", ROLE_PUBLIC, kiosk, 0, hall_query, "自助取号", "The ticket machine"},
    {METHOD_POST, "/halls/{hall}/kiosk", ROLE_PUBLIC, kiosk_draw, 0, ticket_form},
    {METHOD_GET, "/halls/{hall}/book", ROLE_APPLICANT | ROLE_CLERK, booking_page, 0, booking_query, "预约到厅", "Booking a visit"},
    {METHOD_POST, "/halls/{hall}/book", ROLE_APPLICANT | ROLE_CLERK, book, ROUTE_SHOWS_ERRORS, booking_form},
    {METHOD_POST, "/halls/{hall}/ticket", ROLE_APPLICANT, ticket, 0, ticket_form},
    {METHOD_GET, "/visits", ROLE_APPLICANT, mine, 0, NULL, "我的预约和号票", "My appointments and tickets"},
    {METHOD_GET, "/visits/{code}", ROLE_PUBLIC, visit, 0, visit_query, "一次到厅", "One visit"},
    {METHOD_GET, "/visits/{code}/visit.ics", ROLE_PUBLIC, ics, 0, of_code, "日历文件", "The calendar file of an appointment"},
    {METHOD_GET, "/visits/{code}/move", ROLE_PUBLIC, move_page, 0, move_query, "改期", "Moving an appointment"},
    {METHOD_POST, "/visits/{code}/move", ROLE_PUBLIC, move_to, ROUTE_SHOWS_ERRORS, move_form},
    {METHOD_POST, "/visits/{code}/{command}", ROLE_PUBLIC, visit_act, 0, visit_form},
    {0}};
