/*
 * The rules of a draft.
 */
#include "edit/draft.h"

#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

const struct actor draft_system = {"system", "system", "", "system"};

struct work {
  const struct draft *draft;
  const struct command *c;
  struct decision *d;
  struct error *error;
};

/* ---- what is asked of commands ---- */

static int refuse(struct work *w, enum error_code code, const char *name, const char *zh, const char *en)
{
  return error_set(w->error, code, name, "%s%.0s", "%.0s%s", zh, en);
}

static int bad_argument(struct work *w, const char *argument, const char *zh, const char *en)
{
  (void)error_set(w->error, ERROR_BAD_INPUT, "bad-argument", "%s%.0s", "%.0s%s", zh, en);
  return error_at(w->error, "%s", argument);
}

static int need_role(struct work *w, const char *role)
{
  if (strcmp(w->c->actor.role, role) == 0)
    return 0;
  return error_set(w->error, ERROR_FORBIDDEN, "not-your-role", "你的角色不能办理这项操作", "Your role may not do this");
}

static int need_stage(struct work *w, enum draft_stage stage)
{
  if (w->draft->stage == stage)
    return 0;
  return error_set(w->error, ERROR_CONFLICT, "wrong-stage", "草稿现在的状态不能这样办，请刷新页面",
                   "This cannot be done with the draft as it is now: please reload the page");
}

static int take_text(struct work *w, const char *key, size_t max, const char **ret)
{
  struct span s = span_trim(span_of(json_str(w->c->data, key)));
  if (s.n == 0 || s.n > max || !text_plain(s))
    return bad_argument(w, key, "请填写，且不要过长", "Please fill this in, and keep it short");
  *ret = arena_dup(w->d->arena, s);
  return 0;
}

static int take_digest(struct work *w, const char *key, bool may_be_empty, const char **ret)
{
  unsigned char bytes[DIGEST_BYTES];
  const char *text = json_str(w->c->data, key);
  if (!(may_be_empty && !*text) && !hex_decode(span_of(text), bytes, sizeof bytes))
    return bad_argument(w, key, "摘要无效", "This is no digest");
  *ret = text;
  return 0;
}

bool draft_file_name(struct span name)
{
  static const char *const plain[] = {"agencies.yaml", "fields.yaml",   "certificates.yaml", "materials.yaml", "zones.yaml",
                                      "halls.yaml",    "negative.yaml", "city.yaml",         "calendar.yaml",  "districts.yaml"};
  static const char *const folders[] = {"items/", "things/", "persons/"};
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    if (span_is(name, plain[i]))
      return true;
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    size_t head = strlen(folders[i]), tail = sizeof ".yaml" - 1;
    if (!span_starts(name, folders[i]) || name.n <= head + tail || name.n > 120 ||
        memcmp(name.p + name.n - tail, ".yaml", tail) != 0)
      continue;
    for (size_t k = head; k < name.n - tail; k++)
      if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", name.p[k]) || !name.p[k])
        return false;
    return name.p[head] != '-';
  }
  return false;
}

static int take_file(struct work *w, const char **ret)
{
  const char *file = json_str(w->c->data, "file");
  if (!draft_file_name(span_of(file)))
    return bad_argument(w, "file", "目录里不能有这个文件名：只能是 items/编号.yaml、things/编号.yaml 等",
                        "A catalogue has no file of that name: only items/ID.yaml, things/ID.yaml and the like");
  *ret = file;
  return 0;
}

/* ---- what is looked up ---- */

const struct draft_file *draft_find(const struct draft *draft, const char *file)
{
  for (size_t i = 0; i < draft->file_count; i++)
    if (strcmp(draft->files[i].name, file) == 0)
      return &draft->files[i];
  return NULL;
}

bool draft_wrote(const struct draft *draft, const char *actor)
{
  for (size_t i = 0; i < draft->author_count; i++)
    if (strcmp(draft->authors[i], actor) == 0)
      return true;
  return false;
}

bool draft_fits(const struct draft *draft)
{
  return draft->check.content == draft->content && draft->check.content && draft->check.fit;
}

static bool has_conflict(const struct draft *draft)
{
  for (size_t i = 0; i < draft->file_count; i++)
    if (draft->files[i].conflict)
      return true;
  return false;
}

/* ---- commands ---- */

static int create(struct work *w)
{
  const char *title = "", *base = "";
  if (need_role(w, "editor") || need_stage(w, DRAFT_NONE) || take_text(w, "title", DRAFT_TITLE_MAX, &title) ||
      take_digest(w, "base", false, &base))
    return -1;
  decision_emit(w->d, "created", "", json_pack("{s:s,s:s}", "title", title, "base", base));
  return 0;
}

static int change(struct work *w)
{
  const char *file = "", *was = "", *digest = "";
  if (need_role(w, "editor") || need_stage(w, DRAFT_OPEN) || take_file(w, &file) || take_digest(w, "was", true, &was) ||
      take_digest(w, "digest", true, &digest))
    return -1;
  const struct draft_file *before = draft_find(w->draft, file);
  if (strcmp(before ? before->digest : "", was) != 0)
    return refuse(w, ERROR_CONFLICT, "file-moved", "这个文件在你编辑时被别人改过：请看他保存的内容，再改一次",
                  "Somebody else saved this file while you were writing: look at that text, then change it again");
  if (!before && w->draft->file_count >= DRAFT_FILES_MAX)
    return refuse(w, ERROR_TOO_LARGE, "too-many-files", "一份草稿至多改 500 个文件", "A draft changes at most 500 files");
  if (before && strcmp(before->digest, digest) == 0 && !before->conflict)
    return 0;
  decision_emit(w->d, "changed", "",
                json_pack("{s:s,s:s,s:I}", "file", file, "digest", digest, "size", (json_int_t)json_int(w->c->data, "size")));
  return 0;
}

static int revert(struct work *w)
{
  const char *file = "";
  if (need_role(w, "editor") || need_stage(w, DRAFT_OPEN) || take_file(w, &file))
    return -1;
  if (draft_find(w->draft, file))
    decision_emit(w->d, "reverted", "", json_pack("{s:s}", "file", file));
  return 0;
}

static int rebase(struct work *w)
{
  const char *base = "";
  if (need_role(w, "editor") || need_stage(w, DRAFT_OPEN) || take_digest(w, "base", false, &base))
    return -1;
  if (strcmp(base, w->draft->base) != 0)
    decision_emit(w->d, "rebased", "", json_pack("{s:s,s:O}", "base", base, "conflicts", json_object_get(w->c->data, "conflicts")));
  return 0;
}

static int checked(struct work *w)
{
  const char *report = "";
  if (need_role(w, "system") || take_digest(w, "report", false, &report))
    return -1;
  /* what has been changed meanwhile is checked again anyway */
  if (w->draft->stage == DRAFT_OPEN && json_int(w->c->data, "content") == w->draft->content)
    decision_emit(w->d, "checked", "", json_deep_copy(w->c->data));
  return 0;
}

static int submit(struct work *w)
{
  const char *reason = "";
  if (need_role(w, "editor") || need_stage(w, DRAFT_OPEN))
    return -1;
  if (!w->draft->file_count)
    return refuse(w, ERROR_CONFLICT, "nothing-changed", "草稿还没有改动任何文件", "The draft changes nothing yet");
  if (has_conflict(w->draft))
    return refuse(w, ERROR_CONFLICT, "conflict", "有文件在生效版本中也改过：请先逐一核对保存",
                  "Some files were changed in the version in force too: look at each and save it first");
  if (!draft_fits(w->draft))
    return refuse(w, ERROR_RULE, "not-fit", "草稿没有通过检查和证明，不能送审", "The draft did not pass: it cannot be submitted");
  if (take_text(w, "reason", DRAFT_REASON_MAX, &reason))
    return -1;
  decision_emit(w->d, "submitted", "", json_pack("{s:s,s:s}", "reason", reason, "version", w->draft->check.version));
  return 0;
}

static int withdraw(struct work *w)
{
  if (need_role(w, "editor"))
    return -1;
  if (w->draft->stage != DRAFT_SUBMITTED && w->draft->stage != DRAFT_APPROVED)
    return need_stage(w, DRAFT_SUBMITTED);
  decision_emit(w->d, "withdrawn", "", NULL);
  return 0;
}

/* 合法性、合理性审查 (R72, R76): two verdicts, each with its reasons, by somebody who wrote nothing of it. */
static int review(struct work *w)
{
  const char *legal = "", *reasonable = "";
  if (need_role(w, "legal") || need_stage(w, DRAFT_SUBMITTED))
    return -1;
  if (draft_wrote(w->draft, w->c->actor.id))
    return refuse(w, ERROR_FORBIDDEN, "own-draft", "不能审查自己写的草稿", "Nobody reviews a draft of his own");
  if (take_text(w, "legality_reason", DRAFT_REASON_MAX, &legal) ||
      take_text(w, "reasonableness_reason", DRAFT_REASON_MAX, &reasonable))
    return -1;
  bool lawful = json_flag(w->c->data, "legality"), sensible = json_flag(w->c->data, "reasonableness");
  decision_emit(w->d, lawful && sensible ? "approved" : "returned", "",
                json_pack("{s:b,s:s,s:b,s:s,s:s}", "legality", lawful, "legality_reason", legal, "reasonableness", sensible,
                          "reasonableness_reason", reasonable, "version", w->draft->check.version));
  return 0;
}

static int release(struct work *w)
{
  const char *version = "";
  if (need_role(w, "system") || need_stage(w, DRAFT_APPROVED) || take_digest(w, "version", false, &version))
    return -1;
  if (strcmp(version, w->draft->check.version) != 0)
    return refuse(w, ERROR_CONFLICT, "other-version", "这不是审查过的版本", "This is not the version that was reviewed");
  decision_emit(w->d, "released", "", json_pack("{s:s}", "version", version));
  return 0;
}

static int refused(struct work *w)
{
  const char *report = "";
  if (need_role(w, "system") || need_stage(w, DRAFT_APPROVED) || take_digest(w, "report", false, &report))
    return -1;
  decision_emit(w->d, "refused", "",
                json_pack("{s:s,s:I}", "report", report, "findings", (json_int_t)json_int(w->c->data, "findings")));
  return 0;
}

static int discard(struct work *w)
{
  if (need_role(w, "editor") || need_stage(w, DRAFT_OPEN))
    return -1;
  decision_emit(w->d, "discarded", "", NULL);
  return 0;
}

static int decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  static const struct {
    const char *type;
    int (*run)(struct work *w);
  } commands[] = {{"create", create},   {"change", change},  {"revert", revert},     {"rebase", rebase},
                  {"checked", checked}, {"submit", submit},  {"withdraw", withdraw}, {"review", review},
                  {"release", release}, {"refuse", refused}, {"discard", discard}};
  struct work w = {state, c, d, error};
  if (w.draft->stage == DRAFT_NONE && strcmp(c->type, "create") != 0)
    return error_set(error, ERROR_NOT_FOUND, "no-draft", "没有这份草稿", "There is no such draft");
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (strcmp(c->type, commands[i].type) == 0)
      return commands[i].run(&w);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", c->type);
}

/* ---- events ---- */

static void add_author(struct draft *draft, struct arena *arena, const char *actor)
{
  if (draft_wrote(draft, actor))
    return;
  const char **list = arena_array(arena, draft->author_count + 1, sizeof *list);
  for (size_t i = 0; i < draft->author_count; i++)
    list[i] = draft->authors[i];
  list[draft->author_count++] = arena_str(arena, actor);
  draft->authors = list;
}

/* In its place by name; what was there is replaced. */
static void put_file(struct draft *draft, struct arena *arena, struct draft_file file)
{
  struct draft_file *list = arena_array(arena, draft->file_count + 1, sizeof *list);
  size_t n = 0;
  bool put = false;
  for (size_t i = 0; i < draft->file_count; i++) {
    int order = strcmp(draft->files[i].name, file.name);
    if (order >= 0 && !put) {
      list[n++] = file;
      put = true;
    }
    if (order != 0)
      list[n++] = draft->files[i];
  }
  if (!put)
    list[n++] = file;
  draft->files = list;
  draft->file_count = n;
}

static void take_away(struct draft *draft, const char *file)
{
  size_t n = 0;
  for (size_t i = 0; i < draft->file_count; i++)
    if (strcmp(draft->files[i].name, file) != 0)
      draft->files[n++] = draft->files[i];
  draft->file_count = n;
}

static void apply_change(struct draft *draft, struct arena *arena, const struct event *e)
{
  const char *file = json_str(e->data, "file");
  if (strcmp(e->type, "changed") == 0)
    put_file(draft, arena,
             (struct draft_file){.name = arena_str(arena, file),
                                 .digest = arena_str(arena, json_str(e->data, "digest")),
                                 .size = json_int(e->data, "size"),
                                 .by = arena_str(arena, e->actor.id)});
  else
    take_away(draft, file);
  add_author(draft, arena, e->actor.id);
  draft->content++;
}

static void apply_rebase(struct draft *draft, struct arena *arena, const json_t *data)
{
  size_t i;
  json_t *name;
  draft->base = arena_str(arena, json_str(data, "base"));
  json_array_foreach((json_t *)(uintptr_t)json_list(data, "conflicts"), i,
                     name) for (size_t f = 0; f < draft->file_count;
                                f++) if (strcmp(draft->files[f].name, json_string_value(name)) == 0) draft->files[f]
      .conflict = true;
  draft->content++;
}

static void apply_check(struct draft *draft, struct arena *arena, const struct event *e)
{
  draft->check = (struct draft_check){.content = draft->content,
                                      .fit = json_flag(e->data, "fit"),
                                      .findings = json_int(e->data, "findings"),
                                      .version = arena_str(arena, json_str(e->data, "version")),
                                      .report = arena_str(arena, json_str(e->data, "report")),
                                      .at = e->at};
}

static void apply_review(struct draft *draft, struct arena *arena, const struct event *e)
{
  draft->review = (struct draft_review){.legality = json_flag(e->data, "legality"),
                                        .reasonableness = json_flag(e->data, "reasonableness"),
                                        .legality_reason = arena_str(arena, json_str(e->data, "legality_reason")),
                                        .reasonableness_reason = arena_str(arena, json_str(e->data, "reasonableness_reason")),
                                        .by = arena_str(arena, e->actor.id),
                                        .at = e->at};
  draft->stage = strcmp(e->type, "approved") == 0 ? DRAFT_APPROVED : DRAFT_OPEN;
}

/* Refused when it was to be published: what was found then is what counts of its check. */
static void apply_refusal(struct draft *draft, struct arena *arena, const struct event *e)
{
  draft->check.fit = false;
  draft->check.report = arena_str(arena, json_str(e->data, "report"));
  draft->check.findings = json_int(e->data, "findings");
  draft->check.at = e->at;
  draft->stage = DRAFT_OPEN;
}

static int evolve(void *state, struct arena *arena, const struct event *e)
{
  struct draft *draft = state;
  const char *type = e->type;
  if (strcmp(type, "created") == 0) {
    *draft = (struct draft){.stage = DRAFT_OPEN,
                            .title = arena_str(arena, json_str(e->data, "title")),
                            .base = arena_str(arena, json_str(e->data, "base")),
                            .author = arena_str(arena, e->actor.id)};
    add_author(draft, arena, e->actor.id);
  } else if (strcmp(type, "changed") == 0 || strcmp(type, "reverted") == 0)
    apply_change(draft, arena, e);
  else if (strcmp(type, "rebased") == 0)
    apply_rebase(draft, arena, e->data);
  else if (strcmp(type, "checked") == 0)
    apply_check(draft, arena, e);
  else if (strcmp(type, "submitted") == 0) {
    draft->reason = arena_str(arena, json_str(e->data, "reason"));
    draft->stage = DRAFT_SUBMITTED;
  } else if (strcmp(type, "withdrawn") == 0)
    draft->stage = DRAFT_OPEN;
  else if (strcmp(type, "approved") == 0 || strcmp(type, "returned") == 0)
    apply_review(draft, arena, e);
  else if (strcmp(type, "released") == 0) {
    draft->version = arena_str(arena, json_str(e->data, "version"));
    draft->stage = DRAFT_PUBLISHED;
  } else if (strcmp(type, "refused") == 0)
    apply_refusal(draft, arena, e);
  else if (strcmp(type, "discarded") == 0)
    draft->stage = DRAFT_DISCARDED;
  else
    return -1;
  return 0;
}

/* ---- rows ---- */

static const struct sql put = {"INSERT INTO drafts (id, title, author, stage, checked, fit, files, created, changed)"
                               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)"};
static const struct sql update = {"UPDATE drafts SET stage = $2, checked = $3, fit = $4, files = $5, changed = $6 WHERE id = $1"};

static void project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct draft *draft = state;
  const struct event *e = &events[n - 1];
  int64_t now = draft->check.content == draft->content && draft->check.content, fit = draft_fits(draft);
  if (strcmp(events[0].type, "created") == 0)
    ROW_PUT(rows, &put, V_INT(e->id), V_STR(draft->title), V_STR(draft->author), V_INT(draft->stage), V_INT(now), V_INT(fit),
            V_INT((int64_t)draft->file_count), V_INT(e->at));
  else
    ROW_PUT(rows, &update, V_INT(e->id), V_INT(draft->stage), V_INT(now), V_INT(fit), V_INT((int64_t)draft->file_count),
            V_INT(e->at));
}

const struct kind draft_kind = {
    .name = "draft", .state_size = sizeof(struct draft), .decide = decide, .evolve = evolve, .project = project};

int draft_do(struct engine *engine, int64_t id, int expect, const char *type, const char *key, struct actor actor, json_t *data,
             struct error *error)
{
  const struct command command = {
      .kind = &draft_kind, .id = id, .expect = expect, .type = type, .key = key, .actor = actor, .data = data};
  int bad = engine_do(engine, &command, NULL, error);
  json_decref(data);
  return bad;
}
