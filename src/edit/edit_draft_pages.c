/*
 * One draft: its page, its files, and what is done with it.
 */
#include <string.h>

#include "app/app.h"
#include "account/account.h"
#include "base/json.h"
#include "base/text.h"
#include "edit/edit_pages.h"
#include "templates_edit.h"

enum { FILE_MAX = 900000 /* bytes: a form holds 1 MiB */, EVENTS_PAGE = 20 };

/* ---- what is read ---- */

static const char *draft_path(struct request *rq, int64_t id, const char *query)
{
  return arena_printf(rq->arena, "/editor/drafts/%lld%s", (long long)id, query);
}

static const char *head_of(struct request *rq, int64_t id)
{
  return draft_path(rq, id, "/files/");
}

static int read_draft(struct request *rq, struct draft *ret, struct error *error)
{
  return draft_read(rq->db, rq_int(rq, "id"), rq->arena, ret, error);
}

static struct job job_of(enum job_kind kind, int64_t draft)
{
  return (struct job){.kind = kind, .draft = draft, .reason = ""};
}

static int ask_check(struct request *rq, int64_t id, struct error *error)
{
  const struct job job = job_of(JOB_CHECK, id);
  return workshop_ask(rq->app->workshop, &job, error);
}

/* ---- the page of a draft ---- */

static const char *event_words(const struct request *rq, const char *type)
{
  static const struct {
    const char *type, *words;
  } list[] = {{"created", N_("Begun")},
              {"changed", N_("File saved")},
              {"reverted", N_("File put back")},
              {"rebased", N_("Based on the version in force")},
              {"checked", N_("Checked")},
              {"submitted", N_("Submitted for review")},
              {"withdrawn", N_("Taken back")},
              {"approved", N_("Approved")},
              {"returned", N_("Returned to the editors")},
              {"released", N_("Published")},
              {"refused", N_("Refused when it was to be published")},
              {"discarded", N_("Discarded")}};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (strcmp(list[i].type, type) == 0)
      return tr(rq, list[i].words);
  return type;
}

static const char *event_detail(struct request *rq, const struct event *e)
{
  const char *type = e->type, *file = json_str(e->data, "file");
  if (*file)
    return *json_str(e->data, "digest") || strcmp(type, "changed") != 0 ? arena_str(rq->arena, file)
                                                                        : trf(rq, "%s, taken away", arena_str(rq->arena, file));
  if (strcmp(type, "checked") == 0 || strcmp(type, "refused") == 0)
    return json_flag(e->data, "fit") ? tr(rq, "it passes") : trf(rq, "%s findings", (long long)json_int(e->data, "findings"));
  if (strcmp(type, "submitted") == 0)
    return arena_str(rq->arena, json_str(e->data, "reason"));
  return "";
}

static void add_person(const char **who, size_t *n, const char *actor)
{
  for (size_t i = 0; i < *n; i++)
    if (strcmp(who[i], actor) == 0)
      return;
  who[(*n)++] = actor;
}

/* Whom the page names: those who wrote in it, who reviewed it, who did what is shown. */
static void read_names(struct request *rq, struct draft_page *p, const struct event *events, size_t n)
{
  const struct draft *d = &p->draft;
  const char **who = arena_array(rq->arena, d->author_count + n + 2, sizeof *who);
  for (size_t i = 0; i < d->author_count; i++)
    add_person(who, &p->who_count, d->authors[i]);
  if (d->review.at)
    add_person(who, &p->who_count, d->review.by);
  for (size_t i = 0; i < n; i++)
    add_person(who, &p->who_count, events[i].actor.id);
  p->who = who;
  p->names = account_names(rq->db, rq->arena, who, p->who_count);
}

const char *edit_name(const struct draft_page *p, const char *actor)
{
  for (size_t i = 0; i < p->who_count; i++)
    if (strcmp(p->who[i], actor) == 0)
      return p->names[i];
  return actor;
}

/* The newest first, so many at once. */
static int read_events(struct request *rq, struct draft_page *p, struct error *error)
{
  static const struct kind *const kinds[] = {&draft_kind, NULL};
  struct event *events;
  size_t n;
  if (engine_recent(rq->db, kinds, p->id, rq_int(rq, "before"), EVENTS_PAGE + 1, rq->arena, &events, &n, error))
    return -1;
  p->event_count = n < EVENTS_PAGE ? n : EVENTS_PAGE;
  if (n > EVENTS_PAGE)
    p->older = draft_path(rq, p->id, arena_printf(rq->arena, "?before=%lld#history", (long long)events[EVENTS_PAGE - 1].seq));
  read_names(rq, p, events, p->event_count);
  p->events = arena_array(rq->arena, n + 1, sizeof *p->events);
  for (size_t i = 0; i < p->event_count; i++) {
    const struct event *e = &events[i];
    bool ours = strcmp(e->actor.id, "system") == 0;
    p->events[i] = (struct event_line){.text = event_words(rq, e->type),
                                       .detail = event_detail(rq, e),
                                       .by = ours ? "" : edit_name(p, e->actor.id),
                                       .when = moment_words(rq, e->at)};
  }
  history_free(events, n);
  return 0;
}

static int read_page(struct request *rq, struct draft_page *p, struct error *error)
{
  p->id = rq_int(rq, "id");
  const struct job check = job_of(JOB_CHECK, p->id), publish = job_of(JOB_PUBLISH, p->id);
  workshop_look(rq->app->workshop, &check, rq->arena, &p->check); /* before the draft: what ended meanwhile is seen in it */
  workshop_look(rq->app->workshop, &publish, rq->arena, &p->publish);
  if (read_draft(rq, &p->draft, error) || report_read(rq, p->draft.check.report, head_of(rq, p->id), &p->report, error) ||
      read_events(rq, p, error))
    return -1;
  p->current = p->draft.check.content == p->draft.content;
  p->moved = p->draft.stage <= DRAFT_APPROVED && strcmp(p->draft.base, rq->app->catalog->version.hex) != 0;
  p->mine = draft_wrote(&p->draft, rq->who->id);
  return 0;
}

static int show(struct request *rq, unsigned status, struct error *error)
{
  struct draft_page p = {.done = rq_has(rq, "done") ? rq_str(rq, "done") : NULL};
  if (read_page(rq, &p, error))
    return -1;
  if ((p.check.under_way || p.publish.under_way) && status == 200)
    web_header(rq, "Refresh", "2");
  return web_page(rq, status, edit_draft(rq, &p));
}

int draft_show(struct request *rq, struct error *error)
{
  return show(rq, 200, error);
}

/* ---- what is done with it ---- */

/* Does it and goes back to the page; what a person can mend is said beside the field. */
static int act(struct request *rq, const char *type, const char *role, json_t *data, const char *done, struct error *error)
{
  struct error why = {0};
  int64_t id = rq_int(rq, "id");
  if (draft_do(rq->engine, id, -1, type, rq_once(rq), edit_actor(rq, role), data, &why) == 0)
    return web_redirect(rq, 303, draft_path(rq, id, arena_printf(rq->arena, "?done=%s", done)));
  if (why.code != ERROR_BAD_INPUT || !*why.where) {
    *error = why;
    return -1;
  }
  web_field_error(rq, arena_str(rq->arena, why.where), arena_str(rq->arena, say(rq, why.zh, why.en)));
  return show(rq, 400, error);
}

int draft_check(struct request *rq, struct error *error)
{
  struct draft draft;
  int64_t id = rq_int(rq, "id");
  if (read_draft(rq, &draft, error) || ask_check(rq, id, error))
    return -1;
  return web_redirect(rq, 303, draft_path(rq, id, ""));
}

int draft_submit(struct request *rq, struct error *error)
{
  return act(rq, "submit", "editor", json_pack("{s:s}", "reason", rq_str(rq, "reason")), "submitted", error);
}

int draft_withdraw(struct request *rq, struct error *error)
{
  return act(rq, "withdraw", "editor", json_object(), "withdrawn", error);
}

int draft_discard(struct request *rq, struct error *error)
{
  return act(rq, "discard", "editor", json_object(), "discarded", error);
}

static int need_verdict(struct request *rq, const char *field)
{
  if (rq_has(rq, field))
    return 0;
  web_field_error(rq, field, tr(rq, "Choose one of the two"));
  return -1;
}

int draft_review_post(struct request *rq, struct error *error)
{
  int missing = need_verdict(rq, "legality");
  missing |= need_verdict(rq, "reasonableness");
  if (missing)
    return show(rq, 400, error);
  json_t *data = json_pack("{s:b,s:s,s:b,s:s}", "legality", span_is(rq_span(rq, "legality"), "yes"), "legality_reason",
                           rq_str(rq, "legality_reason"), "reasonableness", span_is(rq_span(rq, "reasonableness"), "yes"),
                           "reasonableness_reason", rq_str(rq, "reasonableness_reason"));
  return act(rq, "review", "legal", data, "reviewed", error);
}

int draft_publish(struct request *rq, struct error *error)
{
  struct draft draft;
  int64_t id = rq_int(rq, "id");
  if (read_draft(rq, &draft, error))
    return -1;
  if (draft.stage != DRAFT_APPROVED)
    return error_set(error, ERROR_CONFLICT, "wrong-stage", "草稿没有通过审查，不能发布",
                     "The draft is not approved: it cannot be published");
  struct job job = job_of(JOB_PUBLISH, id);
  job.reason = draft.reason;
  job.actor = edit_actor(rq, "editor");
  if (workshop_ask(rq->app->workshop, &job, error))
    return -1;
  return web_redirect(rq, 303, draft_path(rq, id, ""));
}

/* ---- another base ---- */

static int find_pack(struct request *rq, const char *version, const char **ret, struct error *error)
{
  struct release release;
  if (release_read(rq->db, version, rq->arena, &release, error))
    return -1;
  *ret = release.pack;
  return *release.pack ? 0
                       : error_set(error, ERROR_CONFLICT, "version-not-kept", "这个版本的文件没有保存",
                                   "The files of this version were not kept");
}

static int read_pack(struct request *rq, const char *version, struct catalog_file **ret, size_t *ret_n, struct error *error)
{
  const char *pack;
  return find_pack(rq, version, &pack, error) || pack_get(rq->app->store, pack, rq->arena, ret, ret_n, error) ? -1 : 0;
}

static struct span text_of(const struct catalog_file *files, size_t n, const char *name)
{
  const struct catalog_file *file = pack_find(files, n, name);
  return file ? file->content : (struct span){0};
}

/* A file that the draft changes and that is another one in the new base: somebody has to look at both. */
int draft_rebase(struct request *rq, struct error *error)
{
  struct draft draft;
  struct catalog_file *old, *now;
  size_t old_n, now_n;
  int64_t id = rq_int(rq, "id");
  const char *version = rq->app->catalog->version.hex;
  if (read_draft(rq, &draft, error) || read_pack(rq, draft.base, &old, &old_n, error) ||
      read_pack(rq, version, &now, &now_n, error))
    return -1;
  json_t *conflicts = json_array();
  for (size_t i = 0; i < draft.file_count; i++) {
    const char *name = draft.files[i].name;
    if (!span_eq(text_of(old, old_n, name), text_of(now, now_n, name)))
      (void)json_array_append_new(conflicts, json_string(name));
  }
  json_t *data = json_pack("{s:s,s:o}", "base", version, "conflicts", conflicts);
  if (draft_do(rq->engine, id, -1, "rebase", rq_once(rq), edit_actor(rq, "editor"), data, error) || ask_check(rq, id, error))
    return -1;
  return web_redirect(rq, 303, draft_path(rq, id, "?done=rebased"));
}

/* ---- a file ---- */

#define ITEM_START                                                                                                                 \
  "item: %s\nname: {zh: , en: }\nalso: []\nkind: licence\nagency: \nlevel: county\n"                                               \
  "code: {basic: \"\", implementation: \"\"}\nbasis:\n  - {law: , article: }\nlimits: {statutory: 20wd, promised: 5wd}\n"          \
  "channels: [online, mobile, window]\ncoverage: city\ndelivery: [e-certificate, courier, window]\nfees: []\npresence: []\n"       \
  "materials:\n  - {material: , from: applicant, basis: {law: , article: }}\nsteps:\n  - {step: review, takes: 2wd, role: lead}\n" \
  "  - {step: decide, takes: 1wd}\nresult: {certificate: , valid: permanent}\n"
#define THING_START                                                                                                                \
  "thing: %s\nname: {zh: , en: }\nalso: []\nfor: enterprise\nhall-zone: commerce\nlead: \nquestions:\n"                            \
  "  - {ask: area, type: number, unit: m2, min: 5, max: 5000, zh: , en: }\nitems:\n  - \n"

/* What a new file begins as: its skeleton. */
static struct span start_of(struct request *rq, const char *file)
{
  bool item = strncmp(file, "items/", 6) == 0, thing = strncmp(file, "things/", 7) == 0;
  if (!item && !thing)
    return SPAN("");
  const char *id = arena_dup(rq->arena, (struct span){strchr(file, '/') + 1, strlen(strchr(file, '/') + 1) - strlen(".yaml")});
  return span_of(item ? arena_printf(rq->arena, ITEM_START, id) : arena_printf(rq->arena, THING_START, id));
}

/* As it would be loaded now, without a proof: what is wrong in this file. */
static int find_mistakes(struct request *rq, struct file_page *p, struct error *error)
{
  struct study study = {.store = rq->app->store};
  struct findings findings = {0};
  struct error why;
  int bad = study_draft(&study, rq->db, &p->draft, error);
  if (!bad) {
    p->loads = catalog_load_files("catalogue", study.files, study.file_count, &study.catalog, rq->arena, &findings, &why) == 0;
    p->findings = report_findings(rq, &findings, p->file, p->text, &p->finding_count);
  }
  study_release(&study);
  return bad;
}

static void pick_proof(struct request *rq, struct file_page *p, const struct report_view *report)
{
  if (!report->loads || p->draft.check.content != p->draft.content)
    return;
  p->proof = arena_array(rq->arena, report->finding_count + 1, sizeof *p->proof);
  for (size_t i = 0; i < report->finding_count; i++)
    if (strcmp(report->findings[i].file, p->file) == 0) {
      p->proof[p->proof_count] = report->findings[i];
      p->proof[p->proof_count++].excerpt = report_excerpt(rq->arena, p->text, report->findings[i].line);
    }
}

static int read_file(struct request *rq, struct file_page *p, struct error *error)
{
  const char *pack;
  if (!draft_file_name(span_of(p->file)))
    return error_set(error, ERROR_NOT_FOUND, "no-file", "目录里不能有这个文件名：只能是 items/编号.yaml、things/编号.yaml 等",
                     "A catalogue has no file of that name: only items/ID.yaml, things/ID.yaml and the like");
  if (read_draft(rq, &p->draft, error) || find_pack(rq, p->draft.base, &pack, error) ||
      pack_member(rq->app->store, pack, p->file, rq->arena, &p->base, error))
    return -1;
  const struct draft_file *changed = draft_find(&p->draft, p->file);
  p->changed = changed != NULL;
  p->removed = changed && !*changed->digest;
  p->conflict = changed && changed->conflict;
  p->was = changed ? changed->digest : "";
  p->is_new = !changed && !p->base.p;
  p->help_count = catalog_help(rq->arena, p->file, &p->help);
  p->mark = rq_int(rq, "line");
  if (changed && *changed->digest)
    return vault_get(rq->app->store, changed->digest, rq->arena, &p->text, error);
  p->text = p->is_new ? start_of(rq, p->file) : p->base.p ? p->base : SPAN("");
  return 0;
}

static int show_file(struct request *rq, unsigned status, struct error *error)
{
  struct file_page p = {.id = rq_int(rq, "id"), .file = rq_str(rq, "file"), .saved = rq_has(rq, "saved")};
  struct report_view report = {0};
  if (read_file(rq, &p, error))
    return -1;
  if (p.draft.stage == DRAFT_OPEN && p.changed &&
      (find_mistakes(rq, &p, error) || report_read(rq, p.draft.check.report, head_of(rq, p.id), &report, error)))
    return -1;
  pick_proof(rq, &p, &report);
  return web_page(rq, status, edit_file(rq, &p));
}

int file_show(struct request *rq, struct error *error)
{
  return show_file(rq, 200, error);
}

/* As it is kept: lines end in LF, the last one too. */
static struct span clean_text(struct request *rq, struct span raw)
{
  char *out = arena_alloc(rq->arena, raw.n + 2);
  size_t n = 0;
  for (size_t i = 0; i < raw.n; i++)
    if (raw.p[i] != '\r')
      out[n++] = raw.p[i];
  if (n && out[n - 1] != '\n')
    out[n++] = '\n';
  return (struct span){out, n};
}

int file_save(struct request *rq, struct error *error)
{
  struct hex digest;
  int64_t id = rq_int(rq, "id");
  const char *file = rq_str(rq, "file");
  struct span text = clean_text(rq, rq_span(rq, "text"));
  if (text.n == 0 || text.n > FILE_MAX) {
    web_field_error(rq, "text",
                    text.n ? tr(rq, "The file is too large for this page: use a folder and onevisit check --publish")
                           : tr(rq, "The file is empty: to take it away, use the button below"));
    return show_file(rq, 400, error);
  }
  if (vault_put(rq->app->store, text, &digest, error))
    return -1;
  json_t *data =
      json_pack("{s:s,s:s,s:s,s:I}", "file", file, "was", rq_str(rq, "was"), "digest", digest.text, "size", (json_int_t)text.n);
  if (draft_do(rq->engine, id, -1, "change", rq_once(rq), edit_actor(rq, "editor"), data, error)) {
    if (strcmp(error->name, "file-moved") != 0)
      return -1;
    web_field_error(rq, "text", arena_str(rq->arena, say(rq, error->zh, error->en))); /* what was written stays in the form */
    return show_file(rq, 409, error);
  }
  if (ask_check(rq, id, error))
    return -1;
  return web_redirect(rq, 303, arena_printf(rq->arena, "%s?saved=1", edit_file_path(rq, id, file)));
}

static int without_text(struct request *rq, const char *type, json_t *data, struct error *error)
{
  int64_t id = rq_int(rq, "id");
  if (draft_do(rq->engine, id, -1, type, rq_once(rq), edit_actor(rq, "editor"), data, error) || ask_check(rq, id, error))
    return -1;
  return web_redirect(rq, 303, draft_path(rq, id, ""));
}

int draft_revert(struct request *rq, struct error *error)
{
  return without_text(rq, "revert", json_pack("{s:s}", "file", rq_str(rq, "file")), error);
}

int draft_remove(struct request *rq, struct error *error)
{
  return without_text(rq, "change",
                      json_pack("{s:s,s:s,s:s,s:i}", "file", rq_str(rq, "file"), "was", rq_str(rq, "was"), "digest", "", "size", 0),
                      error);
}

int draft_new_file(struct request *rq, struct error *error)
{
  int64_t id = rq_int(rq, "id");
  const char *file = arena_printf(rq->arena, "%s/%s.yaml", rq_str(rq, "folder"), rq_str(rq, "name"));
  if (draft_file_name(span_of(file)))
    return web_redirect(rq, 303, edit_file_path(rq, id, file));
  web_field_error(rq, "name", tr(rq, "Lower-case letters, digits and hyphens only"));
  return show(rq, 400, error);
}
