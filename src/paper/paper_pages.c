#include "paper/paper_pages.h"

#include <string.h>

#include "app/app.h"
#include "casework/applicant.h"
#include "casework/staff.h"
#include "paper/press.h"
#include "templates_paper.h"

static const char *staff_of(void *context, const char *actor)
{
  return staff_name(context, actor);
}

static struct sheet_city city_of(struct request *rq)
{
  return (struct sheet_city){rq->app->catalog->city_name, staff_of, rq};
}

/* ---- as PDF ---- */

static int not_there(struct error *error)
{
  return error_set(error, ERROR_NOT_FOUND, "no-paper", "本办件没有这份文书", "This case has no such paper");
}

/* The one with the number; all of them without. */
static int send_papers(struct request *rq, int64_t case_id, const char *number, struct error *error)
{
  const struct sheet_city city = city_of(rq);
  struct sheet *list;
  size_t n, first = 0, count;
  if (!rq->app->press)
    return error_set(error, ERROR_BUSY, "paper-fonts", "本系统缺少文书所用字体，暂时不能制作文书",
                     "The fonts of papers are missing here: they cannot be made just now");
  if (sheets_read(rq->db, case_id, &city, rq->arena, &list, &n, error))
    return -1;
  count = n;
  if (*number) {
    while (first < n && strcmp(list[first].number, number) != 0)
      first++;
    count = first < n ? 1 : 0;
  }
  if (!count)
    return not_there(error);
  if (press_set(rq->app->press, list + first, count, rq->app->site ? rq->app->site : "", &rq->out, error)) {
    buf_clear(&rq->out);
    return -1;
  }
  return web_bytes(rq, 200, "application/pdf", NULL);
}

static int of_applicant(struct request *rq, struct error *error)
{
  struct case_view *v;
  return applicant_case(rq, &v, error) ? -1 : send_papers(rq, v->c->id, rq_str(rq, "number"), error);
}

static int of_staff(struct request *rq, struct error *error)
{
  struct staff_file f;
  return staff_read(rq, "/desk", &f, error) ? -1 : send_papers(rq, f.c->id, rq_str(rq, "number"), error);
}

/* ---- is it genuine? ---- */

static int look_up(struct request *rq, struct paper_check *check, struct error *error)
{
  const struct sheet_city city = city_of(rq);
  struct sheet *found;
  int64_t case_id;
  struct error why = {0};
  if (sheet_by_code(rq->db, rq_span(rq, "code"), &city, rq->arena, &found, &case_id, &why)) {
    if (why.code != ERROR_NOT_FOUND) {
      *error = why;
      return -1;
    }
    check->sentence = arena_str(rq->arena, say(rq, why.zh, why.en));
    return 0;
  }
  check->sheet = found;
  if (rq->app->press && *found->layout && strcmp(found->layout, press_layout(rq->app->press)) != 0)
    check->layout = press_layout(rq->app->press);
  if (rq_has(rq, "number") && strcmp(rq_str(rq, "number"), found->number) != 0)
    check->wrong = rq_str(rq, "number");
  return 0;
}

static int check_page(struct request *rq, struct error *error)
{
  struct paper_check check = {.asked = rq_has(rq, "code")};
  if (check.asked) {
    const char *key = arena_printf(rq->arena, "paper:%s", rq->address);
    int wait = throttle_take(rq->app->throttle, span_of(key), 60, 10 * MINUTE_MS, rq->now);
    if (wait) {
      web_retry_after(rq, wait);
      return error_set(error, ERROR_TOO_MANY, "too-many", "核验过于频繁，请稍后再试", "Too many checks: try again later");
    }
    if (look_up(rq, &check, error))
      return -1;
  }
  return web_page(rq, check.asked && !check.sheet ? 404 : 200, paper_check_page(rq, &check));
}

/* ---- the table ---- */

#define NUMBER                                                                                                                     \
  {                                                                                                                                \
    "no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"                                               \
  }
static const struct parameter of_case[] = {NUMBER, {0}};
static const struct parameter of_paper[] = {
    NUMBER,
    {"number", IN_PATH, TYPE_TEXT, true, .max = 60, .zh = "文号或证照编号", .en = "number of the paper or certificate"},
    {0}};
static const struct parameter check_query[] = {
    {"code", IN_QUERY, TYPE_TEXT, false, .max = 60, .zh = "验证码", .en = "check code"},
    {"number", IN_QUERY, TYPE_TEXT, false, .max = 60, .zh = "文号", .en = "number of the paper"},
    {0}};

const struct route paper_routes[] = {
    {METHOD_GET, "/cases/{no}/papers", ROLE_APPLICANT, of_applicant, ROUTE_WORKER, of_case, "办件全部文书", "All papers of a case"},
    {METHOD_GET, "/cases/{no}/papers/{number}", ROLE_APPLICANT, of_applicant, ROUTE_WORKER, of_paper, "一份文书", "One paper"},
    {METHOD_GET, "/desk/cases/{no}/papers", CASE_STAFF, of_staff, ROUTE_WORKER, of_case, "办件全部文书", "All papers of a case"},
    {METHOD_GET, "/desk/cases/{no}/papers/{number}", CASE_STAFF, of_staff, ROUTE_WORKER, of_paper, "一份文书", "One paper"},
    {METHOD_GET, "/paper", ROLE_PUBLIC, check_page, ROUTE_WORKER, check_query, "核验文书", "Check a paper"},
    {0}};
