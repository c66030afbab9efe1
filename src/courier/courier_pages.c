#include "courier/courier_pages.h"

#include <string.h>

#include "app/app.h"
#include "casework/applicant.h"
#include "casework/staff.h"
#include "templates_courier.h"

enum { RETURNS_PAGE = 25 };

/* ---- what the courier calls back ---- */

static int report(struct request *rq, struct error *error)
{
  bool repeated = false;
  if (!rq->app->courier_secret)
    return error_set(error, ERROR_NOT_FOUND, "no-courier", "未接入快递系统", "No courier is connected");
  if (courier_report(rq->engine, rq->db, rq->arena, span_of(rq->app->courier_secret), span_of(rq_header(rq, "X-Timestamp")),
                     span_of(rq_header(rq, "X-Signature")), rq->raw, rq->now, &repeated, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_put_bool(&w, "repeated", repeated);
  json_end(&w);
  return 0;
}

/* ---- pages ---- */

static const char *tag_of(enum parcel_state state)
{
  bool waits = state == PARCEL_PICK_UP || state == PARCEL_PACKED;
  return state == PARCEL_DELIVERED ? "good" : state == PARCEL_FAILED ? "bad" : waits ? "wait" : "now";
}

static struct parcel_view view_one(struct request *rq, const struct parcel *p)
{
  struct parcel_view v = {.p = p, .all = ""};
  v.items = arena_array(rq->arena, p->count + 1, sizeof *v.items);
  for (size_t i = 0; i < p->count; i++) {
    const struct item *item = catalog_item(rq->app->catalog, span_of(p->contents[i].item));
    v.items[i] = item ? words_text(rq, item->name) : p->contents[i].item;
    v.all = arena_printf(rq->arena, "%s%s%s", v.all, *v.all ? say(rq, "、", ", ") : "", v.items[i]);
  }
  v.state = words_text(rq, parcel_state_words(p->state)->name);
  v.tag = tag_of(p->state);
  return v;
}

static void view_of(struct request *rq, const struct parcel *list, size_t n, struct parcels_view *v)
{
  v->list = arena_array(rq->arena, n + 1, sizeof *v->list);
  v->n = n;
  for (size_t i = 0; i < n; i++)
    v->list[i] = view_one(rq, &list[i]);
}

static int of_case(struct request *rq, const struct casefile *c, bool desk, unsigned status, struct error *error)
{
  struct parcels_view v = {.number = c->number, .desk = desk};
  struct parcel *list;
  size_t n;
  if (courier_of_case(rq->db, c->id, rq->arena, &list, &n, error))
    return -1;
  view_of(rq, list, n, &v);
  if (strcmp(rq_str(rq, "done"), "send") == 0)
    v.done = tr(rq, "It goes out now");
  else if (strcmp(rq_str(rq, "done"), "again") == 0)
    v.done = tr(rq, "Ordered again");
  else if (strcmp(rq_str(rq, "done"), "pick-up") == 0)
    v.done = tr(rq, "Kept for pick-up");
  return web_page(rq, status, courier_case(rq, &v));
}

static int of_applicant(struct request *rq, struct error *error)
{
  struct case_view *v;
  return applicant_case(rq, &v, error) ? -1 : of_case(rq, v->c, false, 200, error);
}

static int of_desk(struct request *rq, struct error *error)
{
  struct staff_file f;
  return staff_read(rq, "/issue", &f, error) ? -1 : of_case(rq, f.c, true, rq->errors_n ? 422 : 200, error);
}

static int returns(struct request *rq, struct error *error)
{
  struct parcels_view v = {.desk = true};
  struct parcel *list;
  size_t n;
  if (courier_returned(rq->db, rq_int(rq, "after"), RETURNS_PAGE + 1, rq->arena, &list, &n, error))
    return -1;
  if (n > RETURNS_PAGE) {
    n = RETURNS_PAGE;
    v.next = url_with(rq, "after", arena_printf(rq->arena, "%lld", (long long)list[n - 1].id));
  }
  view_of(rq, list, n, &v);
  return web_page(rq, 200, courier_returns(rq, &v));
}

static int act(struct request *rq, struct error *error)
{
  struct parcel p;
  struct error why = {0};
  struct outcome outcome;
  const char *command = arena_str(rq->arena, rq_str(rq, "command")), *no = rq_str(rq, "no");
  if (courier_get(rq->db, rq_int(rq, "parcel"), rq->arena, &p, error))
    return -1;
  if (strcmp(p.number, no) != 0)
    return error_set(error, ERROR_NOT_FOUND, "no-parcel", "没有这个快递", "There is no such parcel");
  const struct command sent = {.kind = &parcel_kind,
                               .id = p.id,
                               .expect = -1,
                               .type = command,
                               .key = rq_once(rq),
                               .actor = {rq->who->id, "issuer", rq->who->agency, "web"}};
  if (engine_do(rq->engine, &sent, &outcome, &why) == 0)
    return web_redirect(rq, 303, arena_printf(rq->arena, "/issue/parcels/%s?done=%s", no, command));
  if (why.code != ERROR_RULE) {
    *error = why;
    return -1;
  }
  web_field_error(rq, arena_printf(rq->arena, "parcel-%lld", (long long)p.id), arena_str(rq->arena, say(rq, why.zh, why.en)));
  return of_desk(rq, error);
}

/* ---- for programs ---- */

static void put_parcel(struct json_writer *w, const struct parcel_view *v)
{
  char at[MOMENT_TEXT], by[DAY_TEXT];
  const struct parcel *p = v->p;
  json_begin_object(w, NULL);
  json_put_str(w, "state", parcel_state_words(p->state)->word);
  json_put_str(w, "state_text", v->state);
  json_begin_array(w, "contents");
  for (size_t i = 0; i < p->count; i++) {
    json_begin_object(w, NULL);
    json_put_str(w, "item", p->contents[i].item);
    json_put_str(w, "name", v->items[i]);
    json_put_str(w, "result_number", p->contents[i].result);
    json_end(w);
  }
  json_end(w);
  json_put_str(w, "tracking", p->tracking);
  json_put_str(w, "place", p->place);
  json_put_str(w, "reason", p->reason);
  if (p->state == PARCEL_PACKED) {
    day_format(p->by, by);
    json_put_str(w, "leaves_by", by);
  }
  moment_format(p->at, at);
  json_put_str(w, "at", at);
  json_end(w);
}

static int api_parcels(struct request *rq, struct error *error)
{
  struct parcels_view v = {0};
  struct parcel *list;
  int64_t id = 0;
  size_t n;
  if (rq_may(rq, ROLE_ISSUER)) {
    if (staff_find(rq, &id, error))
      return -1;
  } else {
    struct case_view *of;
    if (applicant_case(rq, &of, error))
      return -1;
    id = of->c->id;
  }
  if (courier_of_case(rq->db, id, rq->arena, &list, &n, error))
    return -1;
  view_of(rq, list, n, &v);
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_begin_array(&w, "parcels");
  for (size_t i = 0; i < v.n; i++)
    put_parcel(&w, &v.list[i]);
  json_end(&w);
  json_end(&w);
  return 0;
}

/* ---- the table ---- */

#define NUMBER                                                                                                                     \
  {                                                                                                                                \
    "no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"                                               \
  }
static const char *const commands[] = {"send", "again", "pick-up", NULL};
static const struct parameter number[] = {
    NUMBER, {"done", IN_QUERY, TYPE_TEXT, false, .max = 20, .zh = "刚完成的操作", .en = "what was done"}, {0}};
static const struct parameter list_query[] = {
    {"after", IN_QUERY, TYPE_INT, false, .zh = "上一页的最后一条", .en = "the last of the page before"}, {0}};
static const struct parameter act_form[] = {
    NUMBER,
    {"command", IN_PATH, TYPE_CHOICE, true, .choices = commands, .zh = "操作", .en = "command"},
    {"parcel", IN_FORM, TYPE_INT, true, .min = 1, .zh = "邮件", .en = "parcel"},
    {0}};

const struct route courier_routes[] = {
    {METHOD_GET, "/cases/{no}/parcels", ROLE_APPLICANT, of_applicant, 0, number, "办件的邮件", "Parcels of a case"},
    {METHOD_GET, "/issue/parcels", ROLE_ISSUER, returns, 0, list_query, "投递失败的邮件", "Parcels that came back"},
    {METHOD_GET, "/issue/parcels/{no}", ROLE_ISSUER, of_desk, 0, number, "办件的邮件", "Parcels of a case"},
    {METHOD_POST, "/issue/parcels/{no}/{command}", ROLE_ISSUER, act, 0, act_form, "处理快递", "What becomes of a parcel"},
    {METHOD_GET, "/api/cases/{no}/parcels", ROLE_APPLICANT | ROLE_ISSUER, api_parcels, ROUTE_API, number, "办件的邮件及内件",
     "Parcels of a case and what is in them"},
    {METHOD_POST, "/courier/reports", ROLE_PUBLIC, report, ROUTE_API | ROUTE_RAW | ROUTE_NO_CSRF, NULL, "快递状态回报（签名）",
     "Reports of the courier (signed)"},
    {0}};
