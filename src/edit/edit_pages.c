/*
 * The desk of the editors: drafts, files of the version in force, the linter's and the adviser's lists, versions; and the routes.
 */
#include "edit/edit_pages.h"

#include <string.h>

#include "account/account.h"
#include "app/app.h"
#include "base/json.h"
#include "base/text.h"
#include "templates_edit.h"

enum { DRAFTS_PAGE = 20, FILES_PAGE = 50, TERMS_PAGE = 20, CHOICES = 30 };

/* ---- words ---- */

const char *edit_stage_words(const struct request *rq, enum draft_stage stage)
{
  static const char *const words[] = {"", N_("being written"), N_("in review"), N_("approved"), N_("published"), N_("discarded")};
  return tr(rq, words[stage]);
}

const char *edit_stage_kind(enum draft_stage stage)
{
  static const char *const kinds[] = {"", "now", "wait", "good", "good", ""};
  return kinds[stage];
}

const char *edit_phase_words(struct request *rq, const struct job_view *job)
{
  static const char *const words[] = {N_("Waiting for its turn"),     N_("Reading the files"),
                                      N_("Proving matter by matter"), N_("Comparing with the version in force"),
                                      N_("Trying each reform"),       N_("Publishing")};
  const char *phase = tr(rq, words[job->phase]);
  return job->all ? arena_printf(rq->arena, say(rq, "%s：%zu / %zu", "%s: %zu of %zu"), phase, job->done, job->all) : phase;
}

const char *edit_file_path(struct request *rq, int64_t draft, const char *file)
{
  return draft ? arena_printf(rq->arena, "/editor/drafts/%lld/files/%s", (long long)draft, file)
               : arena_printf(rq->arena, "/editor/files/%s", file);
}

struct actor edit_actor(const struct request *rq, const char *role)
{
  return (struct actor){rq->who->id, role, rq->who->agency, "web"};
}

/* ---- drafts ---- */

static int show_home(struct request *rq, unsigned status, struct error *error)
{
  struct home_page p = {.all = rq_has(rq, "all")};
  if (draft_list(rq->db, !p.all, rq_int(rq, "before"), DRAFTS_PAGE + 1, rq->arena, &p.list, &p.n, error))
    return -1;
  if (p.n > DRAFTS_PAGE) {
    p.n = DRAFTS_PAGE;
    p.next = arena_printf(rq->arena, "/editor?before=%lld%s", (long long)p.list[p.n - 1].id, p.all ? "&all=1" : "");
  }
  const char **who = arena_array(rq->arena, p.n + 1, sizeof *who);
  for (size_t i = 0; i < p.n; i++)
    who[i] = p.list[i].author;
  who = account_names(rq->db, rq->arena, who, p.n);
  for (size_t i = 0; i < p.n; i++)
    p.list[i].author = who[i];
  return web_page(rq, status, edit_home(rq, &p));
}

static int home(struct request *rq, struct error *error)
{
  return show_home(rq, 200, error);
}

/* With «file» it goes on to that file: a draft begun for one change. */
static int create(struct request *rq, struct error *error)
{
  struct error why = {0};
  const char *file = rq_str(rq, "file");
  int64_t id = *rq_once(rq) ? aggregate_id_from(rq->who->id, rq_once(rq)) : aggregate_id_new(rq->now);
  json_t *data = json_pack("{s:s,s:s}", "title", rq_str(rq, "title"), "base", rq->app->catalog->version.hex);
  if (draft_do(rq->engine, id, -1, "create", rq_once(rq), edit_actor(rq, "editor"), data, &why) == 0)
    return web_redirect(rq, 303,
                        draft_file_name(span_of(file)) ? edit_file_path(rq, id, file)
                                                       : arena_printf(rq->arena, "/editor/drafts/%lld", (long long)id));
  if (why.code != ERROR_BAD_INPUT || !*why.where) {
    *error = why;
    return -1;
  }
  web_field_error(rq, "title", tr(rq, "Say in a few words what is to change"));
  return show_home(rq, 400, error);
}

/* ---- files of the version in force ---- */

/* Every word of the search stands in the name or the words. */
static bool matches(struct span wanted, const char *name, struct words words)
{
  struct span word;
  while (span_cut(&wanted, ' ', &word)) {
    const char *one = word.n ? word.p : NULL;
    if (one && !memmem(name, strlen(name), one, word.n) && !(words.zh && memmem(words.zh, strlen(words.zh), one, word.n)) &&
        !(words.en && memmem(words.en, strlen(words.en), one, word.n)))
      return false;
  }
  return true;
}

static void add_file(struct request *rq, struct files_page *p, int64_t from, const char *name, struct words words)
{
  if (!matches(rq_span(rq, "q"), name, words))
    return;
  if (p->total >= from && p->total < from + FILES_PAGE)
    p->list[p->total - from] = (struct file_line){arena_str(rq->arena, name), words.zh ? say(rq, words.zh, words.en) : ""};
  p->total++;
}

static int files(struct request *rq, struct error *error)
{
  static const struct {
    const char *name;
    struct words words;
  } plain[] = {{"negative.yaml", {"负面清单", "The negative list"}},
               {"materials.yaml", {"材料", "Materials"}},
               {"fields.yaml", {"字段", "Fields"}},
               {"certificates.yaml", {"证照", "Certificates"}},
               {"agencies.yaml", {"部门", "Agencies"}},
               {"zones.yaml", {"区域评估", "Zones"}},
               {"halls.yaml", {"办事大厅", "Halls"}},
               {"calendar.yaml", {"工作日历", "Calendar"}},
               {"districts.yaml", {"行政区划", "Districts and streets"}},
               {"city.yaml", {"城市", "City"}}};
  const struct catalog *c = rq->app->catalog;
  struct files_page p = {.draft = rq_int(rq, "draft"), .page = rq_has(rq, "page") ? rq_int(rq, "page") : 1};
  int64_t from = (p.page - 1) * FILES_PAGE;
  (void)error;
  p.list = arena_array(rq->arena, FILES_PAGE, sizeof *p.list);
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    add_file(rq, &p, from, plain[i].name, plain[i].words);
  for (size_t i = 0; i < c->thing_count; i++)
    add_file(rq, &p, from, c->things[i].place.file, c->things[i].name);
  for (size_t i = 0; i < c->item_count; i++)
    add_file(rq, &p, from, c->items[i].place.file, c->items[i].name);
  for (size_t i = 0; i < c->person_count; i++)
    add_file(rq, &p, from, c->persons[i].place.file, c->persons[i].story);
  p.pages = (p.total + FILES_PAGE - 1) / FILES_PAGE;
  p.n = p.total <= from ? 0 : (size_t)(p.total - from < FILES_PAGE ? p.total - from : FILES_PAGE);
  return web_page(rq, 200, edit_files(rq, &p));
}

static int open_drafts(struct request *rq, const struct input_option **ret, struct error *error)
{
  struct draft_row *list;
  size_t n, k = 0;
  if (draft_list(rq->db, true, 0, CHOICES, rq->arena, &list, &n, error))
    return -1;
  struct input_option *options = arena_array(rq->arena, n + 1, sizeof *options);
  for (size_t i = 0; i < n; i++)
    if (list[i].stage == DRAFT_OPEN)
      options[k++] = (struct input_option){arena_printf(rq->arena, "%lld", (long long)list[i].id), list[i].title, NULL};
  *ret = options;
  return 0;
}

static int file_in_force(struct request *rq, struct error *error)
{
  struct file_page p = {.file = rq_str(rq, "file"), .mark = rq_int(rq, "line")};
  struct release release;
  if (release_read(rq->db, rq->app->catalog->version.hex, rq->arena, &release, error) ||
      pack_member(rq->app->store, release.pack, p.file, rq->arena, &p.text, error) || open_drafts(rq, &p.drafts, error))
    return -1;
  if (!p.text.p)
    return error_set(error, ERROR_NOT_FOUND, "no-file", "生效的版本没有这个文件", "The version in force has no such file");
  return web_page(rq, 200, edit_file_in_force(rq, &p));
}

/* To the file in the draft that was chosen. */
static int open_in_draft(struct request *rq, struct error *error)
{
  (void)error;
  return web_redirect(rq, 303, edit_file_path(rq, rq_int(rq, "draft"), rq_str(rq, "file")));
}

/* ---- the lists ---- */

static int show_list(struct request *rq, enum job_kind kind, struct list_page *p, struct error *error)
{
  const struct job job = {.kind = kind, .version = rq->app->catalog->version.hex, .reason = ""};
  workshop_look(rq->app->workshop, &job, rq->arena, &p->job);
  if (p->job.result.n || p->job.failed)
    return 0;
  if (!p->job.under_way && workshop_ask(rq->app->workshop, &job, error))
    return -1;
  p->job.under_way = true;
  web_header(rq, "Refresh", "2");
  return 0;
}

static int lint(struct request *rq, struct error *error)
{
  struct list_page p = {0};
  if (show_list(rq, JOB_LINT, &p, error) || (p.job.result.n && report_parse(rq, p.job.result, "/editor/files/", &p.report, error)))
    return -1;
  return web_page(rq, 200, edit_lint(rq, &p));
}

static int advice(struct request *rq, struct error *error)
{
  struct list_page p = {0};
  if (show_list(rq, JOB_ADVICE, &p, error) ||
      (p.job.result.n && report_advice(rq, p.job.result, &p.advice, &p.advice_count, &p.all, error)))
    return -1;
  return web_page(rq, 200, edit_advice(rq, &p));
}

/* ---- versions ---- */

static int view_terms(struct request *rq, struct terms_page *p, const struct term *terms, struct error *error)
{
  const char **who = arena_array(rq->arena, p->n + 1, sizeof *who);
  for (size_t i = 0; i < p->n; i++)
    who[i] = terms[i].actor;
  who = account_names(rq->db, rq->arena, who, p->n);
  p->list = arena_array(rq->arena, p->n + 1, sizeof *p->list);
  for (size_t i = 0; i < p->n; i++) {
    struct release release;
    if (release_read(rq->db, terms[i].version, rq->arena, &release, error))
      return -1;
    p->list[i] = (struct term_view){.term = terms[i],
                                    .by = strcmp(terms[i].actor, "system") == 0 ? "" : who[i],
                                    .in_force = strcmp(terms[i].version, rq->app->catalog->version.hex) == 0,
                                    .kept = *release.pack != '\0'};
  }
  return 0;
}

static int show_terms(struct request *rq, unsigned status, struct error *error)
{
  struct terms_page p = {.version = rq_has(rq, "version") ? rq_str(rq, "version") : NULL};
  struct term *terms;
  if (term_list(rq->db, rq_int(rq, "before"), TERMS_PAGE + 1, rq->arena, &terms, &p.n, error))
    return -1;
  if (p.n > TERMS_PAGE) {
    p.n = TERMS_PAGE;
    p.next = arena_printf(rq->arena, "/editor/versions?before=%lld", (long long)terms[p.n - 1].seq);
  }
  if (view_terms(rq, &p, terms, error))
    return -1;
  if (p.version) {
    const struct job job = {.kind = JOB_RESTORE, .version = p.version, .reason = ""};
    workshop_look(rq->app->workshop, &job, rq->arena, &p.job);
    p.done = !p.job.under_way && !p.job.failed && rq_has(rq, "asked") && strcmp(p.version, rq->app->catalog->version.hex) == 0;
    if (p.job.failed && p.job.result.n && report_parse(rq, p.job.result, NULL, &p.report, error))
      return -1;
    if (p.job.under_way)
      web_header(rq, "Refresh", "2");
  }
  return web_page(rq, status, edit_versions(rq, &p));
}

static int versions(struct request *rq, struct error *error)
{
  return show_terms(rq, 200, error);
}

static int restore(struct request *rq, struct error *error)
{
  const char *version = rq_str(rq, "version");
  struct release release;
  if (release_read(rq->db, version, rq->arena, &release, error))
    return -1;
  if (!rq_has(rq, "reason") || strlen(rq_str(rq, "reason")) > DRAFT_REASON_MAX) {
    web_field_error(rq, "reason", tr(rq, "Say why this version is to come back"));
    return show_terms(rq, 400, error);
  }
  const struct job job = {
      .kind = JOB_RESTORE, .version = version, .reason = rq_str(rq, "reason"), .actor = edit_actor(rq, "editor")};
  if (workshop_ask(rq->app->workshop, &job, error))
    return -1;
  return web_redirect(rq, 303, arena_printf(rq->arena, "/editor/versions?version=%s&asked=1", version));
}

/* ---- the table ---- */

#define DRAFT_ID                                                                                                                   \
  {                                                                                                                                \
    "id", IN_PATH, TYPE_INT, true, .min = 1, .zh = "草稿编号", .en = "number of the draft"                                         \
  }
#define FILE_IN(where)                                                                                                             \
  {                                                                                                                                \
    "file", where, TYPE_TEXT, true, .max = 120, .zh = "文件", .en = "file"                                                         \
  }
#define LINE                                                                                                                       \
  {                                                                                                                                \
    "line", IN_QUERY, TYPE_INT, false, .min = 1, .zh = "行", .en = "line"                                                          \
  }
#define WAS                                                                                                                        \
  {                                                                                                                                \
    "was", IN_FORM, TYPE_TEXT, false, .max = 64, .zh = "改动之前的摘要", .en = "digest of what was there"                          \
  }

static const char *const verdicts[] = {"yes", "no", NULL};
static const char *const folders[] = {"items", "things", "persons", NULL};

static const struct parameter of_draft[] = {DRAFT_ID, {0}};
static const struct parameter of_shown[] = {
    DRAFT_ID,
    {"before", IN_QUERY, TYPE_INT, false, .min = 1, .zh = "上一页的最后一条记录", .en = "the last event of the page before"},
    {0}};
static const struct parameter of_home[] = {
    {"before", IN_QUERY, TYPE_INT, false, .min = 1, .zh = "上一页的最后一份", .en = "the last of the page before"},
    {"all", IN_QUERY, TYPE_BOOLEAN, false, .zh = "也看已了结的", .en = "those at their end too"},
    {0}};
static const struct parameter of_new[] = {
    {"title", IN_FORM, TYPE_TEXT, false, .max = DRAFT_TITLE_MAX, .zh = "要改什么", .en = "what is to change"},
    {"file", IN_FORM, TYPE_TEXT, false, .max = 120, .zh = "文件", .en = "file"},
    {0}};
static const struct parameter of_file[] = {DRAFT_ID, FILE_IN(IN_PATH), LINE, {0}};
static const struct parameter of_save[] = {
    DRAFT_ID,
    FILE_IN(IN_PATH),
    WAS,
    {"text", IN_FORM, TYPE_TEXT, false, .max = 1000000, .zh = "文件全文", .en = "the whole text"},
    {0}};
static const struct parameter of_other[] = {DRAFT_ID, FILE_IN(IN_FORM), WAS, {0}};
static const struct parameter of_name[] = {
    DRAFT_ID,
    {"folder", IN_FORM, TYPE_CHOICE, true, .choices = folders, .zh = "种类", .en = "kind of file"},
    {"name", IN_FORM, TYPE_TEXT, false, .max = 100, .zh = "编号", .en = "id"},
    {0}};
static const struct parameter of_submit[] = {
    DRAFT_ID, {"reason", IN_FORM, TYPE_TEXT, false, .max = DRAFT_REASON_MAX, .zh = "改动理由", .en = "reason"}, {0}};
static const struct parameter of_review[] = {
    DRAFT_ID,
    {"legality", IN_FORM, TYPE_CHOICE, false, .choices = verdicts, .zh = "合法性", .en = "legality"},
    {"legality_reason", IN_FORM, TYPE_TEXT, false, .max = DRAFT_REASON_MAX, .zh = "合法性意见", .en = "reasons on legality"},
    {"reasonableness", IN_FORM, TYPE_CHOICE, false, .choices = verdicts, .zh = "合理性", .en = "reasonableness"},
    {"reasonableness_reason", IN_FORM, TYPE_TEXT, false, .max = DRAFT_REASON_MAX, .zh = "合理性意见",
     .en = "reasons on reasonableness"},
    {0}};
static const struct parameter of_files[] = {
    {"q", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "查找", .en = "search"},
    {"draft", IN_QUERY, TYPE_INT, false, .min = 1, .zh = "草稿编号", .en = "number of the draft"},
    {"page", IN_QUERY, TYPE_INT, false, .min = 1, .max = 100000, .zh = "页码", .en = "page"},
    {0}};
static const struct parameter of_text[] = {FILE_IN(IN_PATH), LINE, {0}};
static const struct parameter of_choice[] = {
    FILE_IN(IN_FORM), {"draft", IN_FORM, TYPE_INT, true, .min = 1, .zh = "草稿编号", .en = "number of the draft"}, {0}};
#define VERSION                                                                                                                    \
  {                                                                                                                                \
    "version", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "版本", .en = "version"                                                \
  }
static const struct parameter of_terms[] = {
    VERSION, {"before", IN_QUERY, TYPE_INT, false, .min = 1, .zh = "上一页的最后一条", .en = "the last of the page before"}, {0}};
static const struct parameter of_restore[] = {
    {"version", IN_FORM, TYPE_TEXT, true, .max = 64, .zh = "版本", .en = "version"},
    {"reason", IN_FORM, TYPE_TEXT, false, .max = DRAFT_REASON_MAX, .zh = "理由", .en = "reason"},
    {0}};

#define DRAFT "/editor/drafts/{id}"
const struct route edit_routes[] = {
    {METHOD_GET, "/editor", EDIT_ROLES, home, 0, of_home, "目录编辑", "The catalogue desk"},
    {METHOD_POST, "/editor/drafts", ROLE_EDITOR, create, 0, of_new, "建立草稿", "Begin a draft"},
    {METHOD_GET, DRAFT, EDIT_ROLES, draft_show, ROUTE_WORKER, of_shown, "草稿", "A draft"},
    {METHOD_GET, DRAFT "/files/{file*}", EDIT_ROLES, file_show, ROUTE_WORKER, of_file, "草稿中的文件", "A file of a draft"},
    {METHOD_POST, DRAFT "/files/{file*}", ROLE_EDITOR, file_save, 0, of_save, "保存文件", "Save a file"},
    {METHOD_POST, DRAFT "/new", ROLE_EDITOR, draft_new_file, 0, of_name, "新文件", "A new file"},
    {METHOD_POST, DRAFT "/revert", ROLE_EDITOR, draft_revert, 0, of_other, "恢复文件", "Put a file back"},
    {METHOD_POST, DRAFT "/remove", ROLE_EDITOR, draft_remove, 0, of_other, "去掉文件", "Take a file away"},
    {METHOD_POST, DRAFT "/check", EDIT_ROLES, draft_check, 0, of_draft, "检查草稿", "Check a draft"},
    {METHOD_POST, DRAFT "/submit", ROLE_EDITOR, draft_submit, 0, of_submit, "送审", "Submit for review"},
    {METHOD_POST, DRAFT "/withdraw", ROLE_EDITOR, draft_withdraw, 0, of_draft, "收回草稿", "Take a draft back"},
    {METHOD_POST, DRAFT "/review", ROLE_LEGAL, draft_review_post, 0, of_review, "审查草稿", "Review a draft"},
    {METHOD_POST, DRAFT "/publish", ROLE_EDITOR, draft_publish, 0, of_draft, "发布草稿", "Publish a draft"},
    {METHOD_POST, DRAFT "/rebase", ROLE_EDITOR, draft_rebase, 0, of_draft, "改以生效版本为基础",
     "Base a draft on the version in force"},
    {METHOD_POST, DRAFT "/discard", ROLE_EDITOR, draft_discard, 0, of_draft, "草稿作废", "Discard a draft"},
    {METHOD_GET, "/editor/files", EDIT_ROLES, files, 0, of_files, "目录文件", "Files of the catalogue"},
    {METHOD_GET, "/editor/files/{file*}", EDIT_ROLES, file_in_force, ROUTE_WORKER, of_text, "生效的文件", "A file in force"},
    {METHOD_POST, "/editor/open", ROLE_EDITOR, open_in_draft, 0, of_choice, "在草稿中打开", "Open in a draft"},
    {METHOD_GET, "/editor/lint", EDIT_ROLES, lint, 0, NULL, "指南检查", "The linter's list"},
    {METHOD_GET, "/editor/advice", EDIT_ROLES, advice, 0, NULL, "改革建议", "The adviser's list"},
    {METHOD_GET, "/editor/versions", EDIT_ROLES, versions, 0, of_terms, "生效的先后", "What was in force when"},
    {METHOD_POST, "/editor/versions", ROLE_EDITOR, restore, 0, of_restore, "让先前的版本再次生效",
     "Put an earlier version in force again"},
    {0}};
