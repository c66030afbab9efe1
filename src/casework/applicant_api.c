/*
 * The same for programs: JSON under /api/, problems as problem+json. What may be called twice takes an Idempotency-Key.
 */
#include <string.h>

#include "casework/applicant.h"
#include "casework/applicant_pages.h"

enum { CASES_A_PAGE = 50 };

static void put_moment(struct json_writer *w, const char *key, moment at)
{
  char text[MOMENT_TEXT];
  if (!at)
    return;
  moment_format(at, text);
  json_put_str(w, key, text);
}

static void put_day(struct json_writer *w, const char *key, day d)
{
  char text[DAY_TEXT];
  if (d == DAY_NONE)
    return;
  day_format(d, text);
  json_put_str(w, key, text);
}

static void put_row(struct request *rq, const struct case_row *row, struct json_writer *w)
{
  json_put_str(w, "number", row->number);
  json_put_str(w, "thing", row->thing);
  json_put_str(w, "name", words_text(rq, row->name));
  json_put_str(w, "state", case_state_words(row->state)->word);
  json_put_str(w, "state_text", case_state_text(rq, row->state));
  put_moment(w, "created", row->created);
  put_moment(w, "submitted", row->submitted);
  put_moment(w, "closed", row->closed);
  put_day(w, "due", row->due);
}

static void put_items(const struct case_view *v, bool personal, struct json_writer *w)
{
  json_begin_array(w, "items");
  for (size_t i = 0; i < v->c->item_count; i++) {
    const struct item_view *line = &v->items[i];
    json_begin_object(w, NULL);
    json_put_str(w, "item", line->it->item);
    json_put_str(w, "name", line->name);
    json_put_str(w, "agency", line->agency);
    json_put_str(w, "state", item_state_words(line->it->state)->word);
    json_put_str(w, "state_text", line->state);
    put_day(w, "promise", line->it->promise.day);
    put_day(w, "legal", line->it->legal.day);
    json_put_bool(w, "provisional", line->it->promise.provisional || line->it->legal.provisional);
    if (personal && *line->it->reason)
      json_put_str(w, "reason", line->it->reason);
    if (personal && *line->it->result_number) {
      json_put_str(w, "result", line->result);
      json_put_str(w, "result_number", line->it->result_number);
      put_day(w, "valid_until", line->it->result_until);
    }
    json_end(w);
  }
  json_end(w);
}

static void put_timeline(const struct case_view *v, struct json_writer *w)
{
  json_begin_array(w, "timeline");
  for (size_t i = 0; i < v->timeline_count; i++) {
    json_begin_object(w, NULL);
    json_put_str(w, "text", v->timeline[i].text);
    if (v->timeline[i].detail)
      json_put_str(w, "detail", v->timeline[i].detail);
    json_put_str(w, "when", v->timeline[i].when);
    json_end(w);
  }
  json_end(w);
}

static void put_head(const struct case_view *v, struct json_writer *w)
{
  json_put_str(w, "number", v->c->number);
  json_put_str(w, "thing", v->c->thing);
  json_put_str(w, "name", v->name);
  json_put_str(w, "state", case_state_words(v->c->state)->word);
  json_put_str(w, "state_text", v->state);
  json_put_str(w, "next", v->next);
}

static void put_fields(const struct case_view *v, struct json_writer *w)
{
  static const char *const types[] = {"text", "number", "date", "choice", "boolean"};
  json_begin_array(w, "fields");
  for (size_t i = 0; i < v->c->field_count; i++) {
    const struct field_view *f = &v->fields[i];
    json_begin_object(w, NULL);
    json_put_str(w, "field", f->f->field);
    json_put_str(w, "name", f->name);
    json_put_str(w, "type", types[f->f->type]);
    json_put_str(w, "unit", f->unit);
    json_put_str(w, "value", f->f->value);
    if (*f->f->asked)
      json_put_str(w, "asked", f->f->asked);
    json_end(w);
  }
  json_end(w);
}

static void put_files(const struct material_view *m, struct json_writer *w)
{
  json_begin_array(w, "files");
  for (size_t i = 0; i < m->file_count; i++) {
    json_begin_object(w, NULL);
    json_put_int(w, "file", m->files[i]->number);
    json_put_str(w, "name", m->files[i]->name);
    json_put_str(w, "type", m->files[i]->type);
    json_put_int(w, "size", m->files[i]->size);
    json_put_str(w, "sha256", m->files[i]->sha256);
    json_end(w);
  }
  json_end(w);
}

static void put_materials(const struct case_view *v, struct json_writer *w)
{
  static const char *const sources[] = {"upload", "form", "fetch", "result", "zone"};
  json_begin_array(w, "materials");
  for (size_t i = 0; i < v->c->material_count; i++) {
    const struct material_view *m = &v->materials[i];
    json_begin_object(w, NULL);
    json_put_str(w, "material", m->m->material);
    json_put_str(w, "name", m->name);
    json_put_str(w, "source", sources[m->m->source]);
    json_put_int(w, "defer", m->m->defer);
    put_day(w, "due", m->m->deferred.day);
    if (*m->m->asked)
      json_put_str(w, "asked", m->m->asked);
    put_files(m, w);
    json_end(w);
  }
  json_end(w);
}

static void put_lacks(struct request *rq, const struct case_view *v, struct json_writer *w)
{
  size_t n = 0;
  const struct lack_view *lacks = NULL;
  if (v->c->state == CASE_DRAFT || v->c->state == CASE_CORRECTION)
    lacks = applicant_lacks(rq, v, false, &n);
  json_begin_array(w, "lacks");
  for (size_t i = 0; i < n; i++)
    json_put_str(w, NULL, lacks[i].text);
  json_end(w);
}

static void put_papers(const struct case_view *v, struct json_writer *w)
{
  json_begin_array(w, "papers");
  for (size_t i = 0; i < v->paper_count; i++) {
    json_begin_object(w, NULL);
    json_put_str(w, "paper", v->papers[i].name);
    json_put_str(w, "number", v->papers[i].number);
    put_moment(w, "at", v->papers[i].at);
    json_end(w);
  }
  json_end(w);
}

/* What whoever hands materials in later has to read and confirm: a program shows it whole and sends its digest back. */
static void put_commitment_text(struct request *rq, const struct case_view *v, struct json_writer *w)
{
  struct words text = casefile_commitment(v->c, rq->arena);
  if (v->c->state != CASE_DRAFT || !*text.zh)
    return;
  json_begin_object(w, "commitment");
  json_put_str(w, "zh", text.zh);
  json_put_str(w, "en", text.en);
  json_put_str(w, "digest", commitment_digest(rq->arena, text));
  json_end(w);
}

static int answer_case(struct request *rq, unsigned status, const struct case_view *v)
{
  struct json_writer w = web_json(rq, status);
  json_begin_object(&w, NULL);
  put_head(v, &w);
  json_put_str(&w, "code", v->c->code);
  json_put_int(&w, "version", v->version);
  put_items(v, true, &w);
  put_fields(v, &w);
  put_materials(v, &w);
  json_begin_object(&w, "delivery");
  json_put_str(&w, "mode", v->c->delivery_mode);
  json_put_str(&w, "address", v->c->delivery_address);
  json_end(&w);
  put_lacks(rq, v, &w);
  put_commitment_text(rq, v, &w);
  put_papers(v, &w);
  put_timeline(v, &w);
  json_begin_object(&w, "trips");
  json_put_int(&w, "applicant", v->c->trips_applicant);
  json_put_int(&w, "staff", v->c->trips_staff);
  json_end(&w);
  json_end(&w);
  return 0;
}

static int answer_again(struct request *rq, unsigned status, int64_t id, struct error *error)
{
  struct case_view *v;
  return casework_view(rq, id, VIEW_APPLICANT, &v, error) ? -1 : answer_case(rq, status, v);
}

static int api_draft(struct request *rq, struct error *error)
{
  struct case_row row;
  if (applicant_draft(rq, "answers", &row, error))
    return -1;
  web_header(rq, "Location", arena_printf(rq->arena, "/api/cases/%s", row.number));
  return answer_again(rq, 201, row.id, error);
}

static int api_cases(struct request *rq, struct error *error)
{
  struct case_row *rows;
  size_t n;
  if (casework_of_applicant(rq->db, span_of(rq->who->id), rq_int(rq, "before"), CASES_A_PAGE + 1, rq->arena, &rows, &n, error))
    return -1;
  bool more = n > CASES_A_PAGE;
  n = more ? CASES_A_PAGE : n;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_begin_array(&w, "cases");
  for (size_t i = 0; i < n; i++) {
    json_begin_object(&w, NULL);
    put_row(rq, &rows[i], &w);
    json_end(&w);
  }
  json_end(&w);
  if (more)
    json_put_str(&w, "before", arena_printf(rq->arena, "%lld", (long long)rows[n - 1].id));
  json_end(&w);
  return 0;
}

static int api_case(struct request *rq, struct error *error)
{
  struct case_view *v;
  return applicant_case(rq, &v, error) ? -1 : answer_case(rq, 200, v);
}

/* Runs it on his own case and answers the case as it is then. */
static int run(struct request *rq, const char *type, json_t *data, struct error *error)
{
  struct case_view *v;
  if (applicant_case(rq, &v, error)) {
    json_decref(data);
    return -1;
  }
  return applicant_do(rq, v, type, data, error) ? -1 : answer_again(rq, 200, v->c->id, error);
}

/* As sent: the rules check types and say what is wrong with which field. */
static int api_fields(struct request *rq, struct error *error)
{
  json_t *data = json_object(), *fields = json_object_get(rq->body, "fields"), *delivery = json_object_get(rq->body, "delivery");
  if (json_is_object(fields))
    (void)json_object_set(data, "fields", fields);
  if (json_is_object(delivery))
    (void)json_object_set(data, "delivery", delivery);
  return run(rq, "save", data, error);
}

static int api_upload(struct request *rq, struct error *error)
{
  struct case_view *v;
  if (applicant_case(rq, &v, error) || applicant_attach(rq, v, rq_str(rq, "material"), error))
    return -1;
  return answer_again(rq, 200, v->c->id, error);
}

static int api_remove(struct request *rq, struct error *error)
{
  return run(rq, "detach", json_pack("{s:I}", "attachment", (json_int_t)rq_int(rq, "file")), error);
}

static int api_submit(struct request *rq, struct error *error)
{
  json_t *data = json_pack("{s:b}", "commitment", (int)rq_flag(rq, "commitment"));
  if (rq_has(rq, "commitment_digest"))
    (void)json_object_set_new(data, "commitment_digest", json_string(rq_str(rq, "commitment_digest")));
  return run(rq, "submit", data, error);
}

static int api_resubmit(struct request *rq, struct error *error)
{
  return run(rq, "resubmit", json_object(), error);
}

static int api_withdraw(struct request *rq, struct error *error)
{
  return run(rq, "withdraw", json_pack("{s:s}", "reason", rq_str(rq, "reason")), error);
}

static int api_progress(struct request *rq, struct error *error)
{
  struct case_view *v;
  if (applicant_progress(rq, &v, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  put_head(v, &w);
  put_items(v, false, &w);
  put_timeline(v, &w);
  json_end(&w);
  return 0;
}

#define NUMBER                                                                                                                     \
  {                                                                                                                                \
    "no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"                                               \
  }
#define EXPECT                                                                                                                     \
  {                                                                                                                                \
    "expect", IN_FORM, TYPE_INT, false, .max = INT32_MAX, .zh = "看到的版本，不符则拒绝",                                          \
                                        .en = "the version you saw; refused when it has moved on"                                  \
  }

static const struct parameter draft_body[] = {
    {"thing", IN_FORM, TYPE_TEXT, true, .max = 64, .zh = "要办的事（其问题的回答为 answers.问题）",
     .en = "the matter; its questions are answered in answers.QUESTION"},
    {"phone", IN_FORM, TYPE_TEXT, true, .max = 20, .zh = "联系电话", .en = "phone number"},
    {"zone", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "区域评估", .en = "zone"},
    {"district", IN_FORM, TYPE_TEXT, false, .max = 12, .zh = "区县", .en = "district"},
    {0}};
static const struct parameter list_query[] = {
    {"before", IN_QUERY, TYPE_INT, false, .zh = "上一页的 before", .en = "«before» of the last page"}, {0}};
static const struct parameter of_case[] = {NUMBER, {0}};
static const struct parameter change_case[] = {NUMBER, EXPECT, {0}};
static const struct parameter upload_form[] = {NUMBER,
                                               EXPECT,
                                               {"material", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "材料", .en = "material"},
                                               {"file", IN_FILE, TYPE_TEXT, true, .max = 20, .zh = "文件", .en = "files"},
                                               {0}};
static const struct parameter of_file[] = {
    NUMBER, EXPECT, {"file", IN_PATH, TYPE_INT, true, .max = 1000000, .zh = "文件", .en = "file"}, {0}};
static const struct parameter submit_body[] = {NUMBER,
                                               EXPECT,
                                               {"commitment", IN_FORM, TYPE_BOOLEAN, false, .zh = "承诺按期补交可容缺的材料",
                                                .en = "deferrable materials will follow in time"},
                                               {"commitment_digest", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "所读承诺书的指纹",
                                                .en = "the digest of the commitment that was read"},
                                               {0}};
static const struct parameter withdraw_body[] = {
    NUMBER, EXPECT, {"reason", IN_FORM, TYPE_TEXT, true, .max = 500, .zh = "撤回的原因", .en = "why it is withdrawn"}, {0}};
static const struct parameter progress_query[] = {
    {"number", IN_QUERY, TYPE_TEXT, true, .max = 40, .zh = "办件编号", .en = "case number"},
    {"code", IN_QUERY, TYPE_TEXT, true, .max = 12, .zh = "查询码", .en = "code"},
    {0}};

const struct route applicant_api_routes[] = {
    {METHOD_POST, "/api/cases", ROLE_APPLICANT, api_draft, 0, draft_body, "开始一件申请（草稿）", "Begin a draft"},
    {METHOD_GET, "/api/cases", ROLE_APPLICANT, api_cases, 0, list_query, "我的办件，最新的在前", "My cases, newest first"},
    {METHOD_GET, "/api/cases/{no}", ROLE_APPLICANT, api_case, 0, of_case, "我的一个办件", "One of my cases"},
    {METHOD_PUT, "/api/cases/{no}/fields", ROLE_APPLICANT, api_fields, 0, change_case, "填写表单（fields）与领取方式（delivery）",
     "Fill in the form (fields) and choose the delivery"},
    {METHOD_POST, "/api/cases/{no}/materials/{material}", ROLE_APPLICANT, api_upload, ROUTE_UPLOADS, upload_form, "上传材料",
     "Hand in a material"},
    {METHOD_DELETE, "/api/cases/{no}/files/{file}", ROLE_APPLICANT, api_remove, 0, of_file, "撤下一份文件",
     "Take a file out again"},
    {METHOD_POST, "/api/cases/{no}/submit", ROLE_APPLICANT, api_submit, 0, submit_body, "提交申请", "Submit"},
    {METHOD_POST, "/api/cases/{no}/resubmit", ROLE_APPLICANT, api_resubmit, 0, change_case, "补正后再次提交",
     "Submit again after corrections"},
    {METHOD_POST, "/api/cases/{no}/withdraw", ROLE_APPLICANT, api_withdraw, 0, withdraw_body, "撤回申请", "Withdraw"},
    {METHOD_GET, "/api/progress", ROLE_PUBLIC, api_progress, 0, progress_query, "凭办件编号和查询码查进度",
     "Progress by number and code"},
    {0}};
