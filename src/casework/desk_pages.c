/*
 * The window desk: the inbox, the file with what a clerk may do, and taking an application in on behalf of somebody who
 * stands at the window. The channel of all of it is «window»: the rules count the presence, once a day.
 */
#include "casework/desk_pages.h"

#include <string.h>

#include "account/account.h"
#include "app/app.h"
#include "base/text.h"
#include "casework/staff.h"
#include "plan/plan.h"
#include "templates_desk.h"

static const struct as at_window = {"clerk", "window"};

static int inbox(struct request *rq, struct error *error)
{
  struct staff_inbox list = {
      .base = "/desk", .title = tr(rq, "Window desk"), .lead = tr(rq, "Applications to be accepted, the oldest first.")};
  return staff_tasks(rq, "clerk", "", false, &list, error) ? -1 : staff_inbox_page(rq, &list, error);
}

static int show(struct request *rq, unsigned status, struct error *error)
{
  struct staff_file f;
  return staff_read(rq, "/desk", &f, error) ? -1 : web_page(rq, status, desk_case(rq, &f));
}

static int case_page(struct request *rq, struct error *error)
{
  return show(rq, 200, error);
}

static int action(struct request *rq, struct error *error)
{
  return staff_act(rq, "/desk", "clerk", show, error);
}

static int file(struct request *rq, struct error *error)
{
  struct staff_file f;
  return staff_read(rq, "/desk", &f, error) ? -1 : casework_send_file(rq, f.c, rq_int(rq, "n"), error);
}

/* ---- filling in together: form, files, delivery, on one page ---- */

static int show_fill(struct request *rq, unsigned status, struct error *error)
{
  struct staff_file f;
  return staff_read(rq, "/desk", &f, error) ? -1 : web_page(rq, status, desk_fill(rq, &f));
}

static int fill_page(struct request *rq, struct error *error)
{
  return show_fill(rq, 200, error);
}

struct filling {
  int64_t id;
  int expect; /* only the first command can be stale; the others follow it */
  struct casefile *c;
  int sent;
};

/* One of the commands of the page, in order: each has a key of its own, so a page that is sent twice does nothing twice. */
static int next_command(struct request *rq, struct filling *f, const char *type, json_t *data, struct error *error)
{
  struct outcome outcome;
  if (staff_send(rq, f->id, f->expect, at_window, type, data, arena_printf(rq->arena, "-%d", f->sent), &outcome, error))
    return -1;
  f->sent++;
  f->expect = -1;
  return 0;
}

static json_t *typed(const struct case_field *field, const char *text)
{
  if (field->type == FIELD_BOOLEAN && *text)
    return json_boolean(strcmp(text, "true") == 0);
  return json_string(text);
}

static int save_form(struct request *rq, struct filling *f, struct error *error)
{
  json_t *fields = json_object(), *data = json_object();
  for (size_t i = 0; i < f->c->field_count; i++) {
    const char *name = staff_field_name(rq, f->c->fields[i].field);
    if (rq_count(rq, name))
      (void)json_object_set_new(fields, f->c->fields[i].field, typed(&f->c->fields[i], rq_str(rq, name)));
  }
  (void)json_object_set_new(data, "fields", fields);
  if (rq_has(rq, "mode"))
    (void)json_object_set_new(data, "delivery",
                              json_pack("{s:s,s:s}", "mode", rq_str(rq, "mode"), "address", rq_str(rq, "address")));
  return next_command(rq, f, "save", data, error);
}

static int attach_files(struct request *rq, struct filling *f, struct error *error)
{
  for (size_t i = 0; i < f->c->material_count; i++) {
    const char *name = staff_material_name(rq, f->c->materials[i].material);
    const struct upload *up;
    for (size_t k = 0; (up = rq_upload(rq, name, k)); k++) {
      json_t *data;
      if (casework_keep_file(rq, up, &data, error))
        return -1;
      (void)json_object_set_new(data, "material", json_string(f->c->materials[i].material));
      if (next_command(rq, f, "attach", data, error))
        return -1;
    }
  }
  return 0;
}

static int fill_in(struct request *rq, struct filling *f, const char **ret_done, struct error *error)
{
  bool open = f->c->state == CASE_DRAFT || f->c->state == CASE_CORRECTION;
  if (open && save_form(rq, f, error))
    return -1;
  if (attach_files(rq, f, error))
    return -1;
  if (rq_has(rq, "detach") &&
      next_command(rq, f, "detach", json_pack("{s:I}", "attachment", (json_int_t)rq_int(rq, "detach")), error))
    return -1;
  *ret_done = "save";
  if (!rq_has(rq, "submit"))
    return 0;
  *ret_done = f->c->state == CASE_CORRECTION ? "resubmit" : "submit";
  json_t *data = f->c->state == CASE_DRAFT && rq_flag(rq, "commitment") ? json_pack("{s:b}", "commitment", 1) : json_object();
  return next_command(rq, f, *ret_done, data, error);
}

/* «where» names fields and materials, several with commas: each is shown at its place. */
static void place_errors(struct request *rq, const struct casefile *c, const struct error *why)
{
  struct span rest = span_of(why->where), one;
  const char *text = arena_str(rq->arena, say(rq, why->zh, why->en));
  size_t before = rq->errors_n;
  while (span_cut(&rest, ',', &one)) {
    for (size_t i = 0; i < c->field_count; i++)
      if (span_is(one, c->fields[i].field))
        web_field_error(rq, staff_field_name(rq, c->fields[i].field),
                        strcmp(why->name, "incomplete") ? text : trf(rq, "Missing: %s", words_text(rq, c->fields[i].name)));
    for (size_t i = 0; i < c->material_count; i++)
      if (span_is(one, c->materials[i].material))
        web_field_error(rq, staff_material_name(rq, c->materials[i].material),
                        strcmp(why->name, "incomplete") ? text : trf(rq, "Missing: %s", words_text(rq, c->materials[i].name)));
    if (span_is(one, "delivery") || span_is(one, "mode"))
      web_field_error(rq, "mode", tr(rq, "Choose how the results reach the applicant"));
    if (span_is(one, "address"))
      web_field_error(rq, "address", tr(rq, "Enter the address for the courier"));
  }
  if (rq->errors_n == before)
    web_field_error(rq, "form-fill", text);
}

static int fill(struct request *rq, struct error *error)
{
  struct staff_file f;
  struct error why = {0};
  const char *done = "save";
  if (staff_read(rq, "/desk", &f, error))
    return -1;
  struct filling filling = {.id = f.c->id, .expect = rq_has(rq, "version") ? (int)rq_int(rq, "version") : -1, .c = f.c};
  if (rq->errors_n)
    return web_page(rq, 400, desk_fill(rq, &f));
  if (fill_in(rq, &filling, &done, &why) == 0)
    return web_redirect(rq, 303, arena_printf(rq->arena, "%s%s?done=%s", f.link, strcmp(done, "save") ? "" : "/fill", done));
  if (why.code == ERROR_NOT_FOUND || why.code >= ERROR_INTERNAL) {
    *error = why;
    return -1;
  }
  place_errors(rq, f.c, &why);
  return show_fill(rq, (unsigned)error_http(why.code), error);
}

/* ---- a new application ---- */

#define FOUND_MAX 24

static const struct intake at_desk = {"/desk/new", "", "", ""};

const struct input_option *desk_choices(struct request *rq, const struct question *q)
{
  struct input_option *list = arena_array(rq->arena, q->choice_count + 1, sizeof *list);
  for (size_t i = 0; i < q->choice_count; i++)
    list[i] = (struct input_option){q->choices[i].value, words_text(rq, q->choices[i].name), NULL};
  return list;
}

const struct input_option *desk_districts(struct request *rq)
{
  const struct catalog *catalog = rq->app->catalog;
  struct input_option *list = arena_array(rq->arena, catalog->district_count + 1, sizeof *list);
  size_t n = 0;
  for (size_t i = 0; i < catalog->district_count; i++)
    if (!catalog->districts[i].parent)
      list[n++] = (struct input_option){catalog->districts[i].code, words_text(rq, catalog->districts[i].name), NULL};
  return list;
}

static bool has_thing(const struct thing *const *list, size_t n, const struct thing *thing)
{
  for (size_t i = 0; i < n; i++)
    if (list[i] == thing)
      return true;
  return false;
}

int intake_choose(struct request *rq, const struct intake *in)
{
  const struct catalog *catalog = rq->app->catalog;
  const struct thing **list = arena_array(rq->arena, catalog->thing_count + FOUND_MAX + 1, sizeof *list);
  struct hit hits[FOUND_MAX];
  size_t n = 0, found = rq_has(rq, "q") ? catalog_search(catalog, rq_span(rq, "q"), FOUND_MAX, hits) : 0;
  for (size_t i = 0; i < found; i++)
    if (hits[i].thing && !has_thing(list, n, hits[i].thing))
      list[n++] = hits[i].thing;
  for (size_t i = 0; !rq_has(rq, "q") && i < catalog->thing_count; i++)
    list[n++] = &catalog->things[i];
  return web_page(rq, 200, desk_new(rq, in, list, n));
}

static int new_page(struct request *rq, struct error *error)
{
  (void)error;
  return intake_choose(rq, &at_desk);
}

static int thing_of(struct request *rq, const struct thing **ret, struct error *error)
{
  *ret = catalog_thing(rq->app->catalog, rq_span(rq, "thing"));
  return *ret ? 0 : error_set(error, ERROR_NOT_FOUND, "no-such-thing", "目录中没有这件事", "The catalogue has no such matter");
}

int intake_show(struct request *rq, const struct intake *in, struct error *error)
{
  const struct thing *thing;
  return thing_of(rq, &thing, error) ? -1 : web_page(rq, 200, desk_intake(rq, in, thing));
}

static int intake_page(struct request *rq, struct error *error)
{
  return intake_show(rq, &at_desk, error);
}

/* The plan for the answers of the form, as it is pinned. Errors name the question in where. */
static int compile(struct request *rq, const struct thing *thing, json_t **ret, struct error *error)
{
  struct raw_answer *raw = arena_array(rq->arena, thing->question_count + 1, sizeof *raw);
  struct answers answers;
  struct plan *plan;
  struct buf text;
  size_t n = 0;
  for (size_t i = 0; i < thing->question_count; i++)
    if (rq_has(rq, thing->questions[i].id))
      raw[n++] = (struct raw_answer){span_of(thing->questions[i].id), span_trim(rq_span(rq, thing->questions[i].id))};
  if (answers_read(rq->arena, thing, raw, n, &answers, error) ||
      plan_compile(rq->arena, rq->app->catalog, thing, &answers, NULL, day_of(rq->now), &plan, error))
    return -1;
  buf_init(&text, 64 << 20);
  struct json_writer w = json_to(&text);
  plan_json(plan, &w, NULL);
  int bad = json_read((struct span){text.p, text.n}, "plan", ret, error);
  buf_release(&text);
  return bad;
}

static const char *const applicant_fields[][2] = {
    {"name", "applicant_name"}, {"id_number", "applicant_id"}, {"phone", "applicant_phone"}};

static int intake_again(struct request *rq, const struct intake *in, const struct thing *thing, const struct error *why,
                        struct error *error)
{
  const char *field = why->where, *text = arena_str(rq->arena, say(rq, why->zh, why->en));
  if (why->code == ERROR_NOT_FOUND || why->code >= ERROR_INTERNAL) {
    *error = *why;
    return -1;
  }
  for (size_t i = 0; i < sizeof applicant_fields / sizeof *applicant_fields; i++)
    if (strcmp(applicant_fields[i][0], why->where) == 0)
      field = applicant_fields[i][1];
  if (strcmp(why->name, "missing-answer") == 0)
    text = tr(rq, "Answer this question");
  web_field_error(rq, arena_str(rq->arena, field), text);
  return web_page(rq, (unsigned)error_http(why->code), desk_intake(rq, in, thing));
}

/* Every question that has no answer is shown at once. */
static void check_answers(struct request *rq, const struct thing *thing)
{
  for (size_t i = 0; i < thing->question_count; i++)
    if (!rq_has(rq, thing->questions[i].id))
      web_field_error(rq, thing->questions[i].id, trf(rq, "Answer: %s", words_text(rq, thing->questions[i].text)));
}

/* The account of whoever came: only where the number on the card that the clerk reads is the account's own. */
static const char *own_account(struct request *rq, const struct intake *in)
{
  int64_t id;
  bool known = *in->account && account_id_of(in->account, &id);
  return known && span_is(rq_span(rq, "applicant_id"), account_identity(rq->db, rq->arena, id)) ? in->account : "";
}

int intake_begin(struct request *rq, const struct intake *in, int64_t *ret_id, const char **ret_number, struct error *error)
{
  const struct thing *thing;
  struct error why = {0};
  struct case_row row;
  json_t *plan;
  *ret_id = 0;
  if (thing_of(rq, &thing, error))
    return -1;
  check_answers(rq, thing);
  if (rq->errors_n)
    return web_page(rq, 400, desk_intake(rq, in, thing));
  if (compile(rq, thing, &plan, &why))
    return intake_again(rq, in, thing, &why, error);
  const char *once = rq_once(rq);
  int64_t id = *once ? aggregate_id_from(rq->who->id, once) : aggregate_id_new(rq->now);
  json_t *data = json_pack("{s:s,s:o,s:s,s:{s:s,s:s,s:s,s:s}}", "thing", thing->id, "plan", plan, "district",
                           rq_str(rq, "district"), "applicant", "name", rq_str(rq, "applicant_name"), "id_number",
                           rq_str(rq, "applicant_id"), "phone", rq_str(rq, "applicant_phone"), "account", own_account(rq, in));
  if (casework_command(rq, id, 0, at_window, "draft", data, NULL, &why))
    return intake_again(rq, in, thing, &why, error);
  if (casework_get(rq->db, id, rq->arena, &row, error))
    return -1;
  *ret_id = id;
  *ret_number = row.number;
  return 0;
}

static int intake(struct request *rq, struct error *error)
{
  int64_t id;
  const char *number;
  if (intake_begin(rq, &at_desk, &id, &number, error))
    return -1;
  return id ? web_redirect(rq, 303, arena_printf(rq->arena, "/desk/cases/%s/fill?done=draft", number)) : 0;
}

/* ---- routes ---- */

static const char *const actions[] = {"accept", "ask-correction", "fix", "refuse", "presence", "errand", NULL};

#define NUMBER                                                                                                                     \
  {                                                                                                                                \
    "no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"                                               \
  }
#define VERSION                                                                                                                    \
  {                                                                                                                                \
    "version", IN_FORM, TYPE_INT, false, .max = INT32_MAX, .zh = "版本", .en = "version"                                           \
  }

static const struct parameter number[] = {NUMBER, {0}};
static const struct parameter inbox_query[] = {
    {"q", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "办件编号", .en = "case number"},
    {"after", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "上一页的最后一条", .en = "the last of the page before"},
    {0}};
static const struct parameter action_form[] = {
    NUMBER, VERSION, {"command", IN_PATH, TYPE_CHOICE, true, .choices = actions, .zh = "操作", .en = "command"}, {0}};
static const struct parameter file_path[] = {
    NUMBER, {"n", IN_PATH, TYPE_INT, true, .max = 100000, .min = 1, .zh = "文件", .en = "file"}, {0}};
static const struct parameter search[] = {{"q", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "关键词", .en = "words"}, {0}};
static const struct parameter thing_path[] = {{"thing", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "事项", .en = "matter"}, {0}};
static const struct parameter intake_form[] = {INTAKE_FIELDS, {0}};
static const struct parameter fill_form[] = {
    NUMBER, VERSION, {"detach", IN_FORM, TYPE_INT, false, .max = 100000, .zh = "撤下的文件", .en = "the file to take out"}, {0}};

const struct route desk_routes[] = {
    {METHOD_GET, "/desk", ROLE_CLERK, inbox, 0, inbox_query, "窗口待办", "The window desk"},
    {METHOD_GET, "/desk/cases/{no}", ROLE_CLERK, case_page, 0, number, "窗口办件", "A case at the window"},
    {METHOD_GET, "/desk/cases/{no}/fill", ROLE_CLERK, fill_page, 0, number, "窗口填报", "Filling in at the window"},
    {METHOD_POST, "/desk/cases/{no}/fill", ROLE_CLERK, fill, ROUTE_SHOWS_ERRORS | ROUTE_UPLOADS, fill_form},
    {METHOD_POST, "/desk/cases/{no}/{command}", ROLE_CLERK, action, ROUTE_SHOWS_ERRORS, action_form},
    {METHOD_GET, "/desk/cases/{no}/files/{n}", CASE_STAFF, file, 0, file_path, "办件材料", "A file of a case"},
    {METHOD_GET, "/desk/new", ROLE_CLERK, new_page, 0, search, "窗口收件", "A new application at the window"},
    {METHOD_GET, "/desk/new/{thing}", ROLE_CLERK, intake_page, 0, thing_path},
    {METHOD_POST, "/desk/new/{thing}", ROLE_CLERK, intake, ROUTE_SHOWS_ERRORS, intake_form},
    {0}};
