/*
 * What the pages of the staff share.
 */
#include "casework/staff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/account.h"
#include "app/app.h"
#include "templates_desk.h"

/* ---- words ---- */

const char *staff_agency(const struct request *rq, const char *id)
{
  return strcmp(id, ACCOUNT_CENTRE) == 0 ? tr(rq, "Service centre") : agency_text(rq, id);
}

const char *staff_name(struct request *rq, const char *actor)
{
  struct account_row row;
  struct error error = {0};
  int64_t id;
  if (strcmp(actor, "system") == 0)
    return tr(rq, "by itself");
  if (account_id_of(actor, &id) && account_read(rq->db, rq->arena, id, &row, &error) == 0)
    return row.name;
  const char *colon = strchr(actor, ':');
  return colon ? colon + 1 : actor;
}

const char *staff_due(struct request *rq, day due)
{
  day today = day_of(rq->now);
  const struct calendar *calendar = &rq->app->catalog->calendar;
  if (due == DAY_NONE)
    return "";
  if (due < today) {
    int late = calendar_between(calendar, due, today);
    return late ? trf(rq, "%s working days late", late) : tr(rq, "late");
  }
  int left = calendar_between(calendar, today, due);
  return due == today || left == 0 ? tr(rq, "due today") : trf(rq, "%s working days left", left);
}

const char *staff_due_kind(const struct request *rq, day due)
{
  day today = day_of(rq->now);
  if (due == DAY_NONE)
    return "";
  return due <= today ? "bad" : calendar_between(&rq->app->catalog->calendar, today, due) <= 2 ? "wait" : "";
}

const char *staff_key(struct request *rq, const char *name, size_t i)
{
  return arena_printf(rq->arena, "%s-%zu", name, i);
}

struct pair {
  const char *key, *english;
};

static const char *pair_of(const struct request *rq, const struct pair *pairs, const char *key)
{
  for (; pairs->key; pairs++)
    if (strcmp(pairs->key, key) == 0)
      return tr(rq, pairs->english);
  return key;
}

const char *source_text(const struct request *rq, enum source source)
{
  static const char *const words[] = {N_("handed in"), N_("made from the form"), N_("fetched from the government"),
                                      N_("issued in this case"), N_("covered by the zone's assessment")};
  return tr(rq, words[source]);
}

const struct input_option *staff_options(struct request *rq, const char *const *values,
                                         const char *(*words)(const struct request *rq, const char *value))
{
  size_t n = 0;
  while (values[n])
    n++;
  struct input_option *list = arena_array(rq->arena, n + 1, sizeof *list);
  for (size_t i = 0; i < n; i++)
    list[i] = (struct input_option){values[i], words(rq, values[i]), NULL};
  return list;
}

const char *staff_task(struct request *rq, const struct task *t)
{
  static const struct pair kinds[] = {{"dates", N_("Say which dates suit")},     {"minutes", N_("Minutes to be written")},
                                      {"redate", N_("Offer other dates")},       {"fix-date", N_("Choose the date of the meeting")},
                                      {"answer", N_("Question to be answered")}, {"rule", N_("Disagreement to be ruled on")},
                                      {"accept", N_("To be accepted")},          {"special", N_("Special procedure to be ended")},
                                      {"decide", N_("To be decided")},           {"issue", N_("To be issued")},
                                      {"deliver", N_("To be delivered")},        {0}};
  return strcmp(t->kind, "step") == 0 ? words_text(rq, step_words(t->what)) : pair_of(rq, kinds, t->kind);
}

/* ---- the file of a case ---- */

int staff_find(struct request *rq, int64_t *ret, struct error *error)
{
  struct case_row row;
  if (casework_find(rq->db, rq_span(rq, "no"), SPAN(""), rq->arena, &row, error))
    return -1;
  *ret = row.id;
  return 0;
}

/* What a command has done, for the notice on the page it leads back to; papers: it served one. */
static const struct {
  const char *command, *english;
  bool papers;
} deeds[] = {{"accept", N_("Accepted"), true},
             {"ask-correction", N_("Corrections asked for"), true},
             {"fix", N_("Mended on the spot"), false},
             {"refuse", N_("Not accepted"), true},
             {"presence", N_("Presence recorded"), false},
             {"errand", N_("Errand recorded"), false},
             {"step-done", N_("Step done"), false},
             {"special-start", N_("Special procedure begun"), true},
             {"special-end", N_("Special procedure ended"), false},
             {"extend", N_("Time limit extended"), true},
             {"decide", N_("Decision made"), true},
             {"take-up", N_("Taken up"), false},
             {"offer-dates", N_("Dates offered"), false},
             {"say-dates", N_("Your department has said which dates suit"), false},
             {"choose-date", N_("Date fixed"), false},
             {"minutes", N_("Minutes written"), false},
             {"close-gathering", N_("Closed"), false},
             {"call-off", N_("Called off"), false},
             {"message", N_("Message sent"), false},
             {"add-department", N_("The department is asked"), false},
             {"remove-department", N_("The department is taken out"), false},
             {"return-step", N_("Returned to the earlier step"), false},
             {"reopen", N_("To be decided again"), false},
             {"escalate", N_("Disagreement escalated"), false},
             {"rule", N_("Ruling made"), false},
             {"deferred-unfit", N_("The material is to come again"), false},
             {"issue", N_("Result issued"), false},
             {"deliver", N_("Result delivered"), false},
             {"revoke", N_("Grant revoked"), true},
             {"erase", N_("Erased"), false},
             {"draft", N_("Draft begun"), false},
             {"save", N_("Saved"), false},
             {"submit", N_("Application handed in"), true},
             {"resubmit", N_("Corrections handed in"), true}};

/* The papers of the last event that served any. */
static const char *last_papers(struct request *rq, const struct case_view *v)
{
  const char *text = "";
  for (size_t i = 0; i < v->paper_count; i++)
    if (v->papers[i].at == v->papers[v->paper_count - 1].at)
      text = arena_printf(rq->arena, "%s%s%s %s", text, *text ? " · " : "", v->papers[i].name, v->papers[i].number);
  return text;
}

static void read_done(struct request *rq, struct staff_file *f)
{
  for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
    if (strcmp(deeds[i].command, rq_str(rq, "done")) == 0) {
      f->done = tr(rq, deeds[i].english);
      f->done_papers = deeds[i].papers ? last_papers(rq, f->v) : "";
    }
}

static int check_view(struct request *rq, const struct casefile *c, struct error *error)
{
  if (rq_may(rq, ROLE_CLERK | ROLE_ISSUER | ROLE_SUPERVISOR | ROLE_RECORDS) || casefile_takes_part(c, rq->who->agency))
    return 0;
  return error_set(error, ERROR_FORBIDDEN, "not-your-agency", "您所在部门不参与这个办件，不能查看",
                   "Your agency takes no part in this case: you cannot see it");
}

static const char *apart(const struct request *rq, const struct casefile *c)
{
  if (strcmp(c->accepted_by, rq->who->id) == 0)
    return tr(rq, "You accepted this case: acceptance and decision are separate, so somebody else reviews and decides it.");
  for (size_t i = 0; i < c->prepared_count; i++)
    if (strcmp(c->prepared[i], rq->who->id) == 0)
      return tr(rq, "You helped to prepare this application: somebody else reviews and decides it.");
  return NULL;
}

int staff_read(struct request *rq, const char *base, struct staff_file *ret, struct error *error)
{
  struct staff_file f = {.base = base};
  int64_t id;
  if (staff_find(rq, &id, error) || casework_view(rq, id, VIEW_STAFF, &f.v, error) || check_view(rq, f.v->c, error))
    return -1;
  f.c = f.v->c;
  f.link = arena_printf(rq->arena, "%s/cases/%s", base, f.c->number);
  f.apart = apart(rq, f.c);
  read_done(rq, &f);
  *ret = f;
  return 0;
}

/* ---- lists of work ---- */

/* «CREATED.CASE.ITEM.STEP» or «dDUE.…»: the key of the last task shown. */
static bool read_after(const struct request *rq, struct task *ret)
{
  struct span rest = rq_span(rq, "after"), part;
  int64_t n[4];
  for (int i = 0; i < 4; i++)
    if (!span_cut(&rest, '.', &part) || !span_int(part, &n[i]))
      return false;
  *ret = (struct task){.created = n[0], .case_id = n[1], .item = (int)n[2], .step = (int)n[3]};
  ret->due = n[0] >= INT32_MAX || n[0] <= INT32_MIN ? DAY_NONE : (day)n[0];
  return true;
}

int staff_tasks(struct request *rq, const char *role, const char *agency, bool by_due, struct staff_inbox *ret, struct error *error)
{
  struct task after;
  bool more = read_after(rq, &after);
  struct task *list;
  size_t n;
  int bad = by_due ? casework_inbox_by_due(rq->db, role, agency, more ? &after : NULL, INBOX_PAGE + 1, rq->arena, &list, &n, error)
                   : casework_inbox(rq->db, role, agency, more ? &after : NULL, INBOX_PAGE + 1, rq->arena, &list, &n, error);
  if (bad)
    return -1;
  ret->tasks = list;
  ret->n = n > INBOX_PAGE ? INBOX_PAGE : n;
  ret->next = NULL;
  if (n > INBOX_PAGE) {
    const struct task *t = &list[INBOX_PAGE - 1];
    int64_t first = !by_due ? t->created : t->due == DAY_NONE ? INT32_MAX : t->due;
    ret->next = url_with(rq, "after",
                         arena_printf(rq->arena, "%lld.%lld.%d.%d", (long long)first, (long long)t->case_id, t->item, t->step));
  }
  return 0;
}

static void put_task(struct request *rq, struct json_writer *w, const struct task *t)
{
  char text[MOMENT_TEXT], date[DAY_TEXT];
  json_begin_object(w, NULL);
  json_put_str(w, "case", t->number);
  json_put_str(w, "kind", t->kind);
  json_put_str(w, "what", t->what);
  json_put_int(w, "item", t->item);
  json_put_int(w, "step", t->step);
  json_put_str(w, "agency", t->agency);
  json_put_str(w, "title", words_text(rq, t->title));
  if (t->due != DAY_NONE) {
    day_format(t->due, date);
    json_put_str(w, "due", date);
  }
  moment_format(t->created, text);
  json_put_str(w, "since", text);
  json_end(w);
}

int staff_inbox_json(struct request *rq, const char *role, const char *agency, bool by_due, struct error *error)
{
  struct staff_inbox inbox = {0};
  if (staff_tasks(rq, role, agency, by_due, &inbox, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_begin_array(&w, "tasks");
  for (size_t i = 0; i < inbox.n; i++)
    put_task(rq, &w, &inbox.tasks[i]);
  json_end(&w);
  json_put_str(&w, "next", inbox.next);
  json_end(&w);
  return 0;
}

int staff_inbox_page(struct request *rq, struct staff_inbox *inbox, struct error *error)
{
  struct case_row row;
  if (!rq_has(rq, "q"))
    return web_page(rq, 200, desk_inbox(rq, inbox));
  struct error why = {0};
  if (casework_find(rq->db, rq_span(rq, "q"), SPAN(""), rq->arena, &row, &why) == 0)
    return web_redirect(rq, 302, arena_printf(rq->arena, "%s/cases/%s", inbox->base, row.number));
  if (why.code != ERROR_NOT_FOUND) {
    *error = why;
    return -1;
  }
  inbox->missing = rq_str(rq, "q");
  return web_page(rq, 404, desk_inbox(rq, inbox));
}

/* ---- commands ---- */

static const struct {
  unsigned web, may;
  const char *word;
} roles[] = {{ROLE_CLERK, MAY_CLERK, "clerk"},
             {ROLE_OFFICER, MAY_OFFICER, "officer"},
             {ROLE_ISSUER, MAY_ISSUER, "issuer"},
             {ROLE_SUPERVISOR, MAY_SUPERVISOR, "supervisor"},
             {ROLE_RECORDS, MAY_RECORDS, "records"}};

const char *staff_role(const struct request *rq, const char *command)
{
  const char *first = "";
  for (size_t k = 0; k < sizeof roles / sizeof *roles; k++) {
    if (!rq_may(rq, roles[k].web))
      continue;
    first = *first ? first : roles[k].word;
    for (const struct casework_command *one = casework_commands; one->name; one++)
      if (strcmp(one->name, command) == 0 && (one->roles & roles[k].may))
        return roles[k].word;
  }
  return first;
}

int staff_send(struct request *rq, int64_t id, int expect, struct as as, const char *type, json_t *data, const char *suffix,
               struct outcome *ret, struct error *error)
{
  struct outcome outcome;
  const char *once = rq_once(rq);
  const struct command command = {.kind = &casefile_kind,
                                  .id = id,
                                  .expect = expect,
                                  .type = type,
                                  .key = *once ? arena_printf(rq->arena, "%.40s%s", once, suffix) : "",
                                  .actor = {rq->who->id, as.role, rq->who->agency, as.channel},
                                  .data = data};
  int bad = casework_facts(rq, id, type, data, error) || engine_do(rq->engine, &command, ret ? ret : &outcome, error) ? -1 : 0;
  json_decref(data);
  return bad;
}

const char *fname(struct request *rq, const char *name, const char *key)
{
  return arena_printf(rq->arena, "%s-%s", name, key);
}

struct html staff_hidden(struct request *rq, const struct staff_file *f, const char *key)
{
  struct html guard = form_guard(rq);
  return (struct html){span_of(arena_printf(
      rq->arena, "%.*s<input type=\"hidden\" name=\"version\" value=\"%d\"><input type=\"hidden\" name=\"form\" value=\"%s\">",
      (int)guard.s.n, guard.s.p, f->v->version, key))};
}

static const char *form_value(struct request *rq, const char *name)
{
  return rq_str(rq, fname(rq, name, rq_str(rq, "form")));
}

/* ask-correction: checked lines «material:ID» or «field:ID», each with its standard. */
static void add_missing(struct request *rq, json_t *data)
{
  const char *name = fname(rq, "missing", rq_str(rq, "form"));
  json_t *list = json_array();
  for (size_t i = 0; i < rq_count(rq, name); i++) {
    struct span rest = rq_nth(rq, name, i), kind;
    if (!rest.n || !span_cut(&rest, ':', &kind))
      continue;
    const char *id = arena_dup(rq->arena, rest), *what = span_is(kind, "field") ? "field" : "material";
    (void)json_array_append_new(
        list, json_pack("{s:s,s:s}", what, id, "standard", rq_str(rq, arena_printf(rq->arena, "standard-%s-%s", what, id))));
  }
  if (json_array_size(list))
    (void)json_object_set_new(data, "missing", list);
  else
    json_decref(list);
}

int staff_keep_photos(struct request *rq, const char *field, json_t *data, struct error *error)
{
  const struct upload *up;
  json_t *list = json_array();
  (void)json_object_set_new(data, "photos", list);
  for (size_t k = 0; (up = rq_upload(rq, field, k)); k++) {
    json_t *one;
    if (casework_keep_file(rq, up, &one, error))
      return -1;
    (void)json_array_append_new(list, one);
  }
  return 0;
}

json_t *staff_form_data(struct request *rq)
{
  static const char *const texts[] = {"item",   "result",     "opinion",  "type",     "reason",  "reasons",    "approved_by",
                                      "remedy", "mode",       "tracking", "basis",    "why",     "right_body", "note",
                                      "text",   "to",         "topic",    "kind",     "agency",  "instance",   "findings",
                                      "ruling", "resolution", "material", "standard", "identity"};
  static const char *const numbers[] = {"days", "step", "takes", "gathering", "date", "answers", "dispute"};
  static const char *const flags[] = {"granted", "tolerant", "shared"};
  json_t *data = json_object();
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (*form_value(rq, texts[i]))
      (void)json_object_set_new(data, texts[i], json_string(form_value(rq, texts[i])));
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    const char *text = form_value(rq, numbers[i]);
    int64_t n;
    if (*text)
      (void)json_object_set_new(data, numbers[i], span_int(span_of(text), &n) ? json_integer(n) : json_integer(-1));
  }
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (*form_value(rq, flags[i]))
      (void)json_object_set_new(data, flags[i], json_boolean(strcmp(form_value(rq, flags[i]), "true") == 0));
  if (json_flag(data, "granted"))
    (void)json_object_del(data, "remedy"); /* it stands ready in the form, for a refusal */
  add_missing(rq, data);
  return data;
}

int staff_again(struct request *rq, const struct error *why, staff_show *show, struct error *error)
{
  if (why->code == ERROR_NOT_FOUND || why->code >= ERROR_INTERNAL) {
    *error = *why;
    return -1;
  }
  const char *key = rq_str(rq, "form"), *field = *why->where ? fname(rq, why->where, key) : fname(rq, "form", key);
  web_field_error(rq, arena_str(rq->arena, field), arena_str(rq->arena, say(rq, why->zh, why->en)));
  return show(rq, (unsigned)error_http(why->code), error);
}

int staff_act(struct request *rq, const char *base, const char *role, staff_show *show, struct error *error)
{
  const char *command = arena_str(rq->arena, rq_str(rq, "command"));
  struct error why = {0};
  int64_t id;
  if (staff_find(rq, &id, error))
    return -1;
  int expect = rq_has(rq, "version") ? (int)rq_int(rq, "version") : -1;
  if (rq->errors_n)
    return show(rq, 400, error);
  const struct as as = {role, strcmp(role, "clerk") == 0 ? "window" : "web"};
  if (casework_command(rq, id, expect, as, command, staff_form_data(rq), NULL, &why))
    return staff_again(rq, &why, show, error);
  return web_redirect(rq, 303, arena_printf(rq->arena, "%s/cases/%s?done=%s", base, rq_str(rq, "no"), command));
}

/* ---- for the templates ---- */

const char *const staff_modes[] = {"e-certificate", "courier", "window", NULL};
const char *const staff_presences[] = {"identity", "original", "signature", "examination", "pick-up", "hand-in", NULL};
const char *const staff_specials[] = {"hearing",    "tender",    "auction",       "inspection", "testing",
                                      "quarantine", "appraisal", "expert-review", NULL};

bool staff_sent(const struct request *rq, const char *name, const char *value)
{
  for (size_t i = 0; i < rq_count(rq, name); i++)
    if (span_is(rq_nth(rq, name, i), value))
      return true;
  return false;
}

bool staff_open(const struct request *rq, const char *key)
{
  return rq->errors_n > 0 && strcmp(rq_str(rq, "form"), key) == 0;
}

bool staff_outstanding(const struct casefile *c)
{
  for (size_t i = 0; i < c->material_count; i++)
    if (c->materials[i].source == SOURCE_UPLOAD && c->materials[i].attached == 0)
      return true;
  return false;
}

bool staff_deferred(const struct casefile *c)
{
  for (size_t i = 0; i < c->material_count; i++)
    if (c->materials[i].deferred.day != DAY_NONE)
      return true;
  return false;
}

const char *staff_field_name(struct request *rq, const char *field)
{
  return arena_printf(rq->arena, "field-%s", field);
}

const char *staff_material_name(struct request *rq, const char *material)
{
  return arena_printf(rq->arena, "material-%s", material);
}
