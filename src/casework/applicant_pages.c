/*
 * The applicant's pages: apply, the task list of a draft, what became of a case, and the public's progress.
 */
#include "casework/applicant_pages.h"

#include <string.h>

#include "app/app.h"
#include "casework/applicant.h"
#include "templates_applicant.h"

enum { CASES_A_PAGE = 20 };

/* Somebody (perhaps he himself in another window) was faster: he is led back to the case as it is now. */
static int stale_or(struct request *rq, const struct case_view *v, struct error *error)
{
  return strcmp(error->name, "stale-version") == 0 ? web_page(rq, 409, applicant_stale(rq, v)) : -1;
}

static int go(struct request *rq, const struct case_view *v, const char *rest)
{
  return web_redirect(rq, 303, arena_printf(rq->arena, "/cases/%s%s", v->c->number, rest));
}

/* ---- apply ---- */

static int apply_page(struct request *rq, struct error *error)
{
  struct plan *plan;
  if (applicant_plan(rq, "a", &plan, error))
    return -1;
  return web_page(rq, 200, applicant_apply(rq, plan));
}

static int apply(struct request *rq, struct error *error)
{
  struct plan *plan;
  struct case_row row;
  if (applicant_plan(rq, "a", &plan, error))
    return -1;
  if (rq_has(rq, "phone") && !applicant_phone_fits(rq_span(rq, "phone")))
    web_field_error(rq, "phone", tr(rq, "A phone number has 7 to 15 digits"));
  if (rq->errors_n)
    return web_page(rq, 400, applicant_apply(rq, plan));
  if (applicant_draft(rq, "a", &row, error))
    return -1;
  return web_redirect(rq, 303, arena_printf(rq->arena, "/cases/%s", row.number));
}

/* ---- my cases ---- */

static int cases_page(struct request *rq, struct error *error)
{
  struct case_row *rows;
  size_t n;
  if (casework_of_applicant(rq->db, span_of(rq->who->id), rq_int(rq, "before"), CASES_A_PAGE + 1, rq->arena, &rows, &n, error))
    return -1;
  bool more = n > CASES_A_PAGE;
  return web_page(rq, 200, applicant_cases(rq, rows, more ? CASES_A_PAGE : n, more));
}

/* ---- one case ---- */

static int case_page(struct request *rq, struct error *error)
{
  struct case_view *v;
  if (applicant_erased_case(rq, &v, error))
    return -1;
  if (v)
    return web_page(rq, 200, applicant_remains(rq, v));
  if (applicant_case(rq, &v, error))
    return -1;
  return v->c->state == CASE_DRAFT ? web_page(rq, 200, applicant_tasks(rq, v))
                                   : web_page(rq, 200, applicant_progress_of_mine(rq, v));
}

static int form_page(struct request *rq, struct error *error)
{
  struct case_view *v;
  return applicant_case(rq, &v, error) ? -1 : web_page(rq, 200, applicant_form(rq, v));
}

static int form_save(struct request *rq, struct error *error)
{
  struct case_view *v;
  if (applicant_case(rq, &v, error))
    return -1;
  json_t *fields = applicant_fields(rq, v);
  if (rq->errors_n) {
    json_decref(fields);
    return web_page(rq, 400, applicant_form(rq, v));
  }
  if (applicant_do(rq, v, "save", json_pack("{s:o}", "fields", fields), error))
    return stale_or(rq, v, error);
  if (rq_flag(rq, "later") || v->c->state != CASE_DRAFT)
    return go(rq, v, "");
  size_t n;
  const struct form_part *parts = applicant_parts(rq, v, &n);
  int part = applicant_part(rq, v);
  if (part < 0 || (size_t)part + 1 == n)
    return go(rq, v, "/materials");
  return go(rq, v, arena_printf(rq->arena, "/form?part=%s", parts[part + 1].id));
}

static int materials_page(struct request *rq, struct error *error)
{
  struct case_view *v;
  return applicant_case(rq, &v, error) ? -1 : web_page(rq, 200, applicant_materials(rq, v));
}

static int material_upload(struct request *rq, struct error *error)
{
  struct case_view *v;
  const char *material = rq_str(rq, "material");
  if (applicant_case(rq, &v, error))
    return -1;
  if (!rq->uploads_n) {
    web_field_error(rq, arena_printf(rq->arena, "file.%s", material), tr(rq, "Choose a file first"));
    return web_page(rq, 400, applicant_materials(rq, v));
  }
  if (applicant_attach(rq, v, material, error))
    return stale_or(rq, v, error);
  return go(rq, v, arena_printf(rq->arena, "/materials#m-%s", material));
}

static int file_page(struct request *rq, struct error *error)
{
  struct case_view *v;
  return applicant_case(rq, &v, error) ? -1 : casework_send_file(rq, v->c, rq_int(rq, "file"), error);
}

static int file_remove(struct request *rq, struct error *error)
{
  struct case_view *v;
  if (applicant_case(rq, &v, error))
    return -1;
  if (applicant_do(rq, v, "detach", json_pack("{s:I}", "attachment", (json_int_t)rq_int(rq, "file")), error))
    return stale_or(rq, v, error);
  return go(rq, v, "/materials");
}

static int delivery_page(struct request *rq, struct error *error)
{
  struct case_view *v;
  return applicant_case(rq, &v, error) ? -1 : web_page(rq, 200, applicant_delivery(rq, v));
}

static int delivery_save(struct request *rq, struct error *error)
{
  struct case_view *v;
  if (applicant_case(rq, &v, error))
    return -1;
  if (rq_has(rq, "mode") && applicant_wants_address(v, rq_str(rq, "mode")) && !rq_has(rq, "address"))
    web_field_error(rq, "address", tr(rq, "Give the address for the courier"));
  if (rq->errors_n)
    return web_page(rq, 400, applicant_delivery(rq, v));
  json_t *data = json_pack("{s:{s:s,s:s}}", "delivery", "mode", rq_str(rq, "mode"), "address", rq_str(rq, "address"));
  if (applicant_do(rq, v, "save", data, error))
    return stale_or(rq, v, error);
  return go(rq, v, v->c->state == CASE_DRAFT ? "/check" : "");
}

/* ---- handing in ---- */

static int check_page(struct request *rq, struct error *error)
{
  struct case_view *v;
  return applicant_case(rq, &v, error) ? -1 : web_page(rq, 200, applicant_check(rq, v, false));
}

static int hand_in(struct request *rq, const char *type, json_t *data, struct error *error)
{
  struct case_view *v;
  if (applicant_case(rq, &v, error)) {
    json_decref(data);
    return -1;
  }
  if (applicant_do(rq, v, type, data, error))
    return strcmp(error->name, "incomplete") == 0 ? web_page(rq, 422, applicant_check(rq, v, true)) : stale_or(rq, v, error);
  return go(rq, v, "");
}

static int submit(struct request *rq, struct error *error)
{
  json_t *data = json_pack("{s:b}", "commitment", (int)rq_flag(rq, "commitment"));
  if (rq_flag(rq, "commitment"))
    (void)json_object_set_new(data, "commitment_digest", json_string(rq_str(rq, "commitment_digest")));
  return hand_in(rq, "submit", data, error);
}

static int resubmit(struct request *rq, struct error *error)
{
  return hand_in(rq, "resubmit", json_object(), error);
}

static int visit(struct request *rq, struct error *error)
{
  struct case_view *v;
  if (applicant_case(rq, &v, error))
    return -1;
  if (rq->errors_n)
    return web_page(rq, 400, applicant_progress_of_mine(rq, v));
  json_t *data = json_pack("{s:I,s:I}", "gathering", (json_int_t)rq_int(rq, "visit"), "date", (json_int_t)rq_int(rq, "date"));
  struct error why = {0};
  if (casework_command(rq, v->c->id, -1, (struct as){"applicant", "web", 0}, "choose-date", data, NULL, &why) == 0)
    return go(rq, v, "");
  if (why.code == ERROR_NOT_FOUND || why.code >= ERROR_INTERNAL) {
    *error = why;
    return -1;
  }
  web_field_error(rq, "date", arena_str(rq->arena, say(rq, why.zh, why.en)));
  return web_page(rq, (unsigned)error_http(why.code), applicant_progress_of_mine(rq, v));
}

static int withdraw_page(struct request *rq, struct error *error)
{
  struct case_view *v;
  return applicant_case(rq, &v, error) ? -1 : web_page(rq, 200, applicant_withdraw(rq, v));
}

static int withdraw(struct request *rq, struct error *error)
{
  struct case_view *v;
  if (applicant_case(rq, &v, error))
    return -1;
  if (rq->errors_n)
    return web_page(rq, 400, applicant_withdraw(rq, v));
  if (applicant_do(rq, v, "withdraw", json_pack("{s:s}", "reason", rq_str(rq, "reason")), error))
    return stale_or(rq, v, error);
  return go(rq, v, "");
}

/* ---- the public ---- */

static int progress_page(struct request *rq, struct error *error)
{
  struct case_view *v;
  if (!rq_has(rq, "number") && !rq_has(rq, "code"))
    return web_page(rq, 200, applicant_progress_form(rq));
  if (applicant_progress(rq, &v, error) == 0)
    return v->c->erased ? web_page(rq, 200, applicant_remains(rq, v)) : web_page(rq, 200, applicant_progress_public(rq, v));
  if (error->code != ERROR_NOT_FOUND && error->code != ERROR_TOO_MANY)
    return -1;
  web_field_error(rq, "number", arena_str(rq->arena, say(rq, error->zh, error->en)));
  return web_page(rq, (unsigned)error_http(error->code), applicant_progress_form(rq));
}

/* ---- the table ---- */

static const char *const delivery_modes[] = {"e-certificate", "courier", "window", NULL};

#define NUMBER                                                                                                                     \
  {                                                                                                                                \
    "no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"                                               \
  }
#define EXPECT                                                                                                                     \
  {                                                                                                                                \
    "expect", IN_FORM, TYPE_INT, false, .max = INT32_MAX, .zh = "页面版本", .en = "version of the page"                            \
  }

static const struct parameter apply_query[] = {
    {"thing", IN_QUERY, TYPE_TEXT, true, .max = 64, .zh = "要办的事", .en = "the matter"},
    {"zone", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "区域评估", .en = "zone"},
    {"district", IN_QUERY, TYPE_TEXT, false, .max = 12, .zh = "区县", .en = "district"},
    {0}};
static const struct parameter apply_form[] = {
    {"thing", IN_FORM, TYPE_TEXT, true, .max = 64, .zh = "要办的事", .en = "the matter"},
    {"zone", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "区域评估", .en = "zone"},
    {"district", IN_FORM, TYPE_TEXT, false, .max = 12, .zh = "区县", .en = "district"},
    {"phone", IN_FORM, TYPE_TEXT, true, .max = 20, .zh = "联系电话", .en = "your phone number"},
    {0}};
static const struct parameter list_query[] = {{"before", IN_QUERY, TYPE_INT, false, .zh = "从哪一件之后", .en = "after which case"},
                                              {0}};
static const struct parameter of_case[] = {NUMBER, {0}};
static const struct parameter change_case[] = {NUMBER, EXPECT, {0}};
static const struct parameter form_query[] = {
    NUMBER, {"part", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "表单的哪一页", .en = "page of the form"}, {0}};
static const struct parameter form_form[] = {
    NUMBER, EXPECT, {"part", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "表单的哪一页", .en = "page of the form"}, {0}};
static const struct parameter of_material[] = {
    NUMBER, EXPECT, {"material", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "材料", .en = "material"}, {0}};
static const struct parameter of_file[] = {
    NUMBER, EXPECT, {"file", IN_PATH, TYPE_INT, true, .max = 1000000, .zh = "文件", .en = "file"}, {0}};
static const struct parameter get_file[] = {
    NUMBER, {"file", IN_PATH, TYPE_INT, true, .max = 1000000, .zh = "文件", .en = "file"}, {0}};
static const struct parameter delivery_form[] = {
    NUMBER,
    EXPECT,
    {"mode", IN_FORM, TYPE_CHOICE, true, .choices = delivery_modes, .zh = "领取方式", .en = "how the results reach you"},
    {"address", IN_FORM, TYPE_TEXT, false, .max = 200, .zh = "邮寄地址", .en = "address"},
    {0}};
static const struct parameter submit_form[] = {
    NUMBER,
    EXPECT,
    {"commitment", IN_FORM, TYPE_BOOLEAN, false, .zh = "容缺承诺", .en = "commitment"},
    {"commitment_digest", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "承诺书指纹", .en = "digest of the commitment read"},
    {0}};
static const struct parameter visit_form[] = {NUMBER,
                                              {"visit", IN_PATH, TYPE_INT, true, .max = 1000, .zh = "踏勘", .en = "the visit"},
                                              {"date", IN_FORM, TYPE_INT, true, .max = 10, .zh = "日期", .en = "a date"},
                                              {0}};
static const struct parameter withdraw_form[] = {
    NUMBER, EXPECT, {"reason", IN_FORM, TYPE_TEXT, true, .max = 500, .zh = "撤回的原因", .en = "why you withdraw"}, {0}};
static const struct parameter progress_query[] = {
    {"number", IN_QUERY, TYPE_TEXT, false, .max = 40, .zh = "办件编号", .en = "case number"},
    {"code", IN_QUERY, TYPE_TEXT, false, .max = 12, .zh = "查询码", .en = "code"},
    {0}};

const struct route applicant_routes[] = {
    {METHOD_GET, "/apply", ROLE_APPLICANT, apply_page, 0, apply_query},
    {METHOD_POST, "/apply", ROLE_APPLICANT, apply, ROUTE_SHOWS_ERRORS, apply_form},
    {METHOD_GET, "/cases", ROLE_APPLICANT, cases_page, 0, list_query},
    {METHOD_GET, "/cases/{no}", ROLE_APPLICANT, case_page, 0, of_case},
    {METHOD_GET, "/cases/{no}/form", ROLE_APPLICANT, form_page, 0, form_query},
    {METHOD_POST, "/cases/{no}/form", ROLE_APPLICANT, form_save, ROUTE_SHOWS_ERRORS, form_form},
    {METHOD_GET, "/cases/{no}/materials", ROLE_APPLICANT, materials_page, 0, of_case},
    {METHOD_POST, "/cases/{no}/materials/{material}", ROLE_APPLICANT, material_upload, ROUTE_UPLOADS, of_material},
    {METHOD_GET, "/cases/{no}/files/{file}", ROLE_APPLICANT, file_page, ROUTE_WORKER, get_file},
    {METHOD_POST, "/cases/{no}/files/{file}/remove", ROLE_APPLICANT, file_remove, 0, of_file},
    {METHOD_GET, "/cases/{no}/delivery", ROLE_APPLICANT, delivery_page, 0, of_case},
    {METHOD_POST, "/cases/{no}/delivery", ROLE_APPLICANT, delivery_save, ROUTE_SHOWS_ERRORS, delivery_form},
    {METHOD_GET, "/cases/{no}/check", ROLE_APPLICANT, check_page, 0, of_case},
    {METHOD_POST, "/cases/{no}/submit", ROLE_APPLICANT, submit, 0, submit_form},
    {METHOD_POST, "/cases/{no}/resubmit", ROLE_APPLICANT, resubmit, 0, change_case},
    {METHOD_POST, "/cases/{no}/visits/{visit}", ROLE_APPLICANT, visit, ROUTE_SHOWS_ERRORS, visit_form},
    {METHOD_GET, "/cases/{no}/withdraw", ROLE_APPLICANT, withdraw_page, 0, of_case},
    {METHOD_POST, "/cases/{no}/withdraw", ROLE_APPLICANT, withdraw, ROUTE_SHOWS_ERRORS, withdraw_form},
    {METHOD_GET, "/progress", ROLE_PUBLIC, progress_page, 0, progress_query},
    {0}};
