#include "casework/casework_view.h"

#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "app/app.h"
#include "promise/promise.h"
#include "base/text.h"
#include "casework/internal.h"
#include "casework/timeline.h"
#include "credit/credit.h"
#include "store/blob.h"

/* ---- words ---- */

const char *words_text(const struct request *rq, struct words words)
{
  return say(rq, words.zh, words.en);
}

const char *case_state_text(const struct request *rq, enum case_state state)
{
  return words_text(rq, case_state_words(state)->name);
}

const char *item_state_text(const struct request *rq, enum item_state state)
{
  return words_text(rq, item_state_words(state)->name);
}

const char *case_state_tag(enum case_state state)
{
  switch (state) {
  case CASE_NONE:
  case CASE_DRAFT:
  case CASE_WITHDRAWN:
    return "";
  case CASE_CORRECTION:
  case CASE_SPECIAL:
    return "wait";
  case CASE_NOT_REQUIRED:
  case CASE_NO_JURISDICTION:
  case CASE_LAPSED:
  case CASE_TERMINATED:
    return "bad";
  case CASE_SUBMITTED:
  case CASE_ACCEPTED:
  case CASE_IN_REVIEW:
    return "now";
  case CASE_DECIDED:
  case CASE_ISSUED:
  case CASE_ARCHIVED:
    return "good";
  }
  return "";
}

const char *item_state_tag(enum item_state state)
{
  switch (state) {
  case ITEM_PENDING:
  case ITEM_WAITING:
  case ITEM_WITHDRAWN:
    return "";
  case ITEM_OPEN:
  case ITEM_REVIEW:
    return "now";
  case ITEM_SPECIAL:
  case ITEM_GRANTED_TOLERANT:
    return "wait";
  case ITEM_GRANTED:
  case ITEM_ISSUED:
  case ITEM_DELIVERED:
    return "good";
  case ITEM_REFUSED:
  case ITEM_CANNOT_PROCEED:
  case ITEM_TERMINATED:
  case ITEM_REVOKED:
    return "bad";
  }
  return "";
}

const char *agency_text(const struct request *rq, const char *id)
{
  const struct agency *agency = rq->app->catalog ? catalog_agency(rq->app->catalog, span_of(id)) : NULL;
  return agency ? words_text(rq, agency->name) : id;
}

const char *due_text(struct request *rq, struct due due)
{
  if (due.day == DAY_NONE)
    return "";
  const char *on = day_words(rq, due.day);
  return due.provisional ? trf(rq, "%s (provisional: the holidays of that year are not announced yet)", on) : on;
}

struct meaning {
  const char *word, *text;
};

static const char *meaning_of(const struct request *rq, const struct meaning *list, const char *word)
{
  for (; list->word; list++)
    if (strcmp(list->word, word) == 0)
      return tr(rq, list->text);
  return word;
}

const char *delivery_text(const struct request *rq, const char *mode)
{
  static const struct meaning list[] = {{"e-certificate", N_("electronic certificate, here online")},
                                        {"courier", N_("by courier, to your address")},
                                        {"window", N_("picked up at the window")},
                                        {NULL, NULL}};
  return meaning_of(rq, list, mode);
}

const char *special_text(const struct request *rq, const char *type)
{
  static const struct meaning list[] = {{"hearing", N_("hearing")},
                                        {"tender", N_("tender")},
                                        {"auction", N_("auction")},
                                        {"inspection", N_("inspection of goods")},
                                        {"testing", N_("testing")},
                                        {"quarantine", N_("quarantine")},
                                        {"appraisal", N_("appraisal")},
                                        {"expert-review", N_("expert review")},
                                        {NULL, NULL}};
  return meaning_of(rq, list, type);
}

const char *presence_text(const struct request *rq, const char *why)
{
  static const struct meaning list[] = {{"identity", N_("proving who you are")},
                                        {"original", N_("showing an original")},
                                        {"signature", N_("signing")},
                                        {"examination", N_("being examined")},
                                        {"pick-up", N_("picking up a result")},
                                        {"hand-in", N_("handing in at a window")},
                                        {NULL, NULL}};
  return meaning_of(rq, list, why);
}

const char *offered_date_text(struct request *rq, const struct offered_date *d)
{
  return arena_printf(rq->arena, "%s %s", day_words(rq, d->day),
                      d->afternoon ? tr(rq, "in the afternoon") : tr(rq, "in the morning"));
}

const char *unit_text(const char *unit)
{
  if (!unit)
    return "";
  return strcmp(unit, "m2") == 0 ? "m²" : strcmp(unit, "m3") == 0 ? "m³" : unit;
}

/* ---- the pinned plan: reasons, units, holders ---- */

static const char *plan_words(struct request *rq, const json_t *object, const char *key)
{
  const json_t *words = json_object_get(object, key);
  return arena_str(rq->arena, say(rq, json_str(words, "zh"), json_str(words, "en")));
}

static struct reason_view *read_reasons(struct request *rq, const struct casefile *c, const json_t *list, size_t *ret_n)
{
  size_t n = json_array_size(list), kept = 0;
  struct reason_view *reasons = arena_array(rq->arena, n + 1, sizeof *reasons);
  for (size_t i = 0; i < n; i++) {
    const json_t *from = json_array_get(list, i);
    json_int_t item = json_int(from, "item");
    if (item < 0 || (uint64_t)item >= c->item_count)
      continue;
    const char *law = json_str(from, "law"), *article = json_str(from, "article");
    reasons[kept++] = (struct reason_view){words_text(rq, c->items[item].name),
                                           arena_printf(rq->arena, "%s%s%s", law, *law && *article ? " " : "", article)};
  }
  *ret_n = kept;
  return reasons;
}

static void read_files(struct request *rq, const struct casefile *c, size_t material, struct material_view *v)
{
  v->files = arena_array(rq->arena, c->attachment_count + 1, sizeof *v->files);
  for (size_t i = 0; i < c->attachment_count; i++)
    if (!c->attachments[i].removed && c->attachments[i].material == (int)material)
      v->files[v->file_count++] = &c->attachments[i];
}

static void read_material(struct request *rq, const struct casefile *c, size_t i, const json_t *from, struct material_view *v)
{
  const json_t *service = json_object_get(from, "intermediary");
  json_int_t producer = json_is_integer(json_object_get(from, "producer")) ? json_int(from, "producer") : -1;
  v->m = &c->materials[i];
  v->name = words_text(rq, c->materials[i].name);
  v->kind = words_text(rq, material_kind_words(arena_str(rq->arena, json_str(from, "kind"))));
  v->holder = *json_str(from, "holder") ? agency_text(rq, arena_str(rq->arena, json_str(from, "holder"))) : "";
  v->producer = producer >= 0 && (uint64_t)producer < c->item_count ? words_text(rq, c->items[producer].name) : "";
  v->service = service ? plan_words(rq, service, "service") : "";
  v->service_days = (int)json_int(service, "takes");
  v->reasons = read_reasons(rq, c, json_list(from, "for"), &v->reason_count);
  read_files(rq, c, i, v);
}

static const char *field_value(struct request *rq, const struct case_field *f, const char *unit)
{
  day d;
  if (!*f->value)
    return "";
  if (f->type == FIELD_BOOLEAN)
    return strcmp(f->value, "true") == 0 ? tr(rq, "Yes") : tr(rq, "No");
  if (f->type == FIELD_DATE && day_parse(span_of(f->value), &d))
    return day_words(rq, d);
  return *unit ? arena_printf(rq->arena, "%s %s", f->value, unit) : f->value;
}

static void read_field(struct request *rq, const struct casefile *c, size_t i, const json_t *from, struct field_view *v)
{
  v->f = &c->fields[i];
  v->name = words_text(rq, c->fields[i].name);
  v->unit = unit_text(arena_str(rq->arena, json_str(from, "unit")));
  v->value = field_value(rq, v->f, v->unit);
  v->group = arena_str(rq->arena, json_str(from, "group"));
  v->prefill = arena_str(rq->arena, json_str(from, "prefill"));
  v->reasons = read_reasons(rq, c, json_list(from, "for"), &v->reason_count);
}

/* Lines of the plan stand in the order of the case's, which took them from it. */
static int read_plan(struct request *rq, struct case_view *v, struct error *error)
{
  struct casefile *c = v->c;
  struct span text;
  json_t *plan;
  if (casework_plan(rq->db, c->id, rq->arena, &text, error) || json_read(text, "plan", &plan, error))
    return -1;
  const json_t *materials = json_list(plan, "materials"), *fields = json_list(plan, "fields");
  v->materials = arena_array(rq->arena, c->material_count + 1, sizeof *v->materials);
  v->fields = arena_array(rq->arena, c->field_count + 1, sizeof *v->fields);
  for (size_t i = 0; i < c->material_count; i++)
    read_material(rq, c, i, json_array_get(materials, i), &v->materials[i]);
  for (size_t i = 0; i < c->field_count; i++)
    read_field(rq, c, i, json_array_get(fields, i), &v->fields[i]);
  json_decref(plan);
  return 0;
}

/* ---- items, papers ---- */

static const char *item_due(struct request *rq, const struct case_item *it)
{
  switch (it->state) {
  case ITEM_OPEN:
  case ITEM_REVIEW:
    return trf(rq, "promised by %s", due_text(rq, it->promise));
  case ITEM_SPECIAL:
    return trf(rq, "the time limit stands still; promised by %s", due_text(rq, it->promise));
  case ITEM_GRANTED:
    return trf(rq, "to be issued by %s", due_text(rq, it->issue_due));
  case ITEM_PENDING:
  case ITEM_WAITING:
  case ITEM_GRANTED_TOLERANT:
  case ITEM_ISSUED:
  case ITEM_DELIVERED:
  case ITEM_REFUSED:
  case ITEM_CANNOT_PROCEED:
  case ITEM_WITHDRAWN:
  case ITEM_TERMINATED:
  case ITEM_REVOKED:
    return "";
  }
  return "";
}

static void read_items(struct request *rq, struct case_view *v)
{
  const struct casefile *c = v->c;
  v->items = arena_array(rq->arena, c->item_count + 1, sizeof *v->items);
  for (size_t i = 0; i < c->item_count; i++) {
    const struct case_item *it = &c->items[i];
    v->items[i] = (struct item_view){.it = it,
                                     .index = i,
                                     .name = words_text(rq, it->name),
                                     .agency = agency_text(rq, it->agency),
                                     .state = item_state_text(rq, it->state),
                                     .tag = item_state_tag(it->state),
                                     .due = item_due(rq, it),
                                     .result = words_text(rq, it->result_name),
                                     .until = !*it->result_number            ? ""
                                              : it->result_until == DAY_NONE ? tr(rq, "permanent")
                                                                             : day_words(rq, it->result_until),
                                     .delivery = delivery_text(rq, casefile_delivery(c, i))};
  }
}

static const char *item_name(struct request *rq, const struct casefile *c, const char *id)
{
  for (size_t i = 0; i < c->item_count; i++)
    if (strcmp(c->items[i].item, id) == 0)
      return words_text(rq, c->items[i].name);
  return "";
}

static int read_papers(struct request *rq, struct case_view *v, struct error *error)
{
  struct paper_row *rows;
  if (casework_papers(rq->db, v->c->id, rq->arena, &rows, &v->paper_count, error))
    return -1;
  v->papers = arena_array(rq->arena, v->paper_count + 1, sizeof *v->papers);
  for (size_t i = 0; i < v->paper_count; i++) {
    const struct paper_words *paper = paper_find(span_of(rows[i].paper));
    v->papers[i] = (struct paper_view){paper ? words_text(rq, paper->name) : "", rows[i].number, item_name(rq, v->c, rows[i].item),
                                       rows[i].at};
  }
  return 0;
}

/* ---- what happens next ---- */

static struct due last_promise(const struct casefile *c)
{
  struct due last = {DAY_NONE, false};
  for (size_t i = 0; i < c->item_count; i++) {
    const struct case_item *it = &c->items[i];
    if (it->state == ITEM_WAITING && c->joint_due.day != DAY_NONE)
      return c->joint_due;
    if ((it->state == ITEM_OPEN || it->state == ITEM_REVIEW || it->state == ITEM_SPECIAL) && it->promise.day > last.day)
      last = it->promise;
  }
  return last;
}

static const char *next_of_review(struct request *rq, const struct casefile *c)
{
  struct due last = last_promise(c);
  for (size_t i = 0; i < c->joint_work.gathering_count; i++)
    if (c->joint_work.gatherings[i].visit && c->joint_work.gatherings[i].state == GATHERING_OPEN)
      return tr(rq, "The departments wait for you: please choose the date of the joint site visit.");
  if (last.day == DAY_NONE)
    return tr(rq, "The departments are handling your application at the same time. There is nothing for you to do now.");
  return trf(
      rq,
      "The departments are handling your application at the same time and decide by %s at the latest. There is nothing for you to do now.",
      due_text(rq, last));
}

static const char *next_of_issued(struct request *rq, const struct casefile *c)
{
  bool window = false, courier = false;
  for (size_t i = 0; i < c->item_count; i++)
    if (c->items[i].state == ITEM_ISSUED) {
      window |= strcmp(casefile_delivery(c, i), "window") == 0;
      courier |= strcmp(casefile_delivery(c, i), "courier") == 0;
    }
  if (window)
    return tr(rq, "Your results are ready: please pick them up at the window, all in one visit.");
  return courier ? tr(rq, "Your results are on their way to you by courier.") : tr(rq, "Your results are issued.");
}

static const char *next_of(struct request *rq, const struct casefile *c)
{
  switch (c->state) {
  case CASE_NONE:
    return "";
  case CASE_DRAFT:
    return tr(rq, "Nothing has been sent yet. You can stop at any time and go on later.");
  case CASE_SUBMITTED:
    return trf(
        rq,
        "The window checks your application and tells you by %s whether it is accepted. If you hear nothing by then, it counts as accepted by law.",
        due_text(rq, c->notice));
  case CASE_CORRECTION:
    return trf(rq, "Please mend what is listed and hand it in again by %s; otherwise the application is closed.",
               due_text(rq, c->correction));
  case CASE_ACCEPTED:
  case CASE_IN_REVIEW:
  case CASE_SPECIAL:
    return next_of_review(rq, c);
  case CASE_DECIDED:
    return tr(rq, "Everything is decided. What was granted is issued within ten working days of the decision.");
  case CASE_ISSUED:
    return next_of_issued(rq, c);
  case CASE_NOT_REQUIRED:
    return tr(rq, "You need no licence for this: you may go ahead without one.");
  case CASE_NO_JURISDICTION:
    return *c->right_body ? trf(rq, "Please turn to: %s", c->right_body) : tr(rq, "Another body is responsible.");
  case CASE_LAPSED:
  case CASE_WITHDRAWN:
  case CASE_TERMINATED:
    return tr(rq, "This application is closed. You can apply again at any time.");
  case CASE_ARCHIVED:
    return tr(rq, "This application is finished. There is nothing more to do.");
  }
  return "";
}

/* ---- the whole ---- */

static int replay(struct request *rq, struct case_view *v, const struct event *events, size_t n, struct error *error)
{
  for (size_t i = 0; i < n; i++)
    if (casefile_evolve(v->c, rq->arena, &events[i]))
      return error_set(error, ERROR_INTERNAL, "unknown-event", "办件历史中有本程序不认识的记录",
                       "The history has an event this program does not know");
  v->version = n ? events[n - 1].version : 0;
  if (v->c->state == CASE_NONE)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这个办件，请核对编号",
                     "There is no such case: please check the number");
  return 0;
}

static int read_pseudonym(struct request *rq, struct case_view *v, int64_t id, enum view_for who, struct error *error)
{
  unsigned char bytes[16];
  char text[2 * sizeof bytes + 1] = "";
  if (who != VIEW_PUBLIC && engine_pseudonym(rq->db, id, bytes, error))
    return -1;
  if (who != VIEW_PUBLIC)
    hex_encode(bytes, sizeof bytes, text);
  v->pseudonym = arena_str(rq->arena, text);
  return 0;
}

int casework_view(struct request *rq, int64_t id, enum view_for who, struct case_view **ret, struct error *error)
{
  static const struct kind *const kinds[] = {&casefile_kind, NULL};
  struct case_view *v = arena_new(rq->arena, struct case_view);
  struct event *events;
  size_t n;
  if (engine_history(rq->db, kinds, id, rq->arena, &events, &n, error))
    return -1;
  v->c = arena_new(rq->arena, struct casefile);
  int bad = replay(rq, v, events, n, error) || read_pseudonym(rq, v, id, who, error);
  if (!bad)
    v->timeline = case_timeline(rq, v->c, v->pseudonym, events, n, who, &v->timeline_count);
  history_free(events, n);
  if (bad || (!v->c->erased && read_plan(rq, v, error)) || read_papers(rq, v, error))
    return -1;
  read_items(rq, v);
  v->name = words_text(rq, v->c->name);
  v->state = case_state_text(rq, v->c->state);
  v->tag = case_state_tag(v->c->state);
  v->next = next_of(rq, v->c);
  *ret = v;
  return 0;
}

/* ---- commands and files ---- */

/* What room of credit says of whoever applies: of the number in the case, else of the one his account was vouched for. */
int casework_barred(struct request *rq, const struct casefile *c, bool *ret, struct error *error)
{
  int64_t account;
  const char *identity = *c->id_number                         ? c->id_number
                         : account_id_of(c->account, &account) ? account_identity(rq->db, rq->arena, account)
                                                               : "";
  *ret = false;
  if (!*identity || !rq->app->accounts)
    return 0;
  return credit_barred(rq->db, credit_subject(rq->app->accounts, rq->arena, span_of(identity)), ret, error);
}

int casework_facts(struct request *rq, int64_t id, const char *type, json_t *data, struct error *error)
{
  struct casefile *c;
  bool barred = false;
  if (strcmp(type, "submit") != 0 && strcmp(type, "accept") != 0)
    return 0;
  if (casework_load(rq->db, id, rq->arena, &c, error) || casework_barred(rq, c, &barred, error))
    return -1;
  (void)json_object_set_new(data, "barred", json_boolean(barred));
  return 0;
}

int casework_command(struct request *rq, int64_t id, int expect, struct as as, const char *type, json_t *data, struct outcome *ret,
                     struct error *error)
{
  struct outcome outcome;
  if (!data)
    data = json_object();
  const char *key = rq_once(rq);
  if (*key && as.part)
    key = arena_printf(rq->arena, "%.58s-%d", key, as.part);
  struct command command = {.kind = &casefile_kind,
                            .id = id,
                            .expect = expect,
                            .type = type,
                            .key = key,
                            .actor = {rq->who->id, as.role, rq->who->agency ? rq->who->agency : "", rq->api ? "api" : as.channel},
                            .data = data};
  int bad = casework_facts(rq, id, type, data, error) || engine_do(rq->engine, &command, ret ? ret : &outcome, error) ? -1 : 0;
  json_decref(data);
  return bad;
}

const struct promise_thing *case_promise(const struct request *rq, const struct casefile *c)
{
  const struct thing *thing = catalog_thing(rq->app->catalog, span_of(c->thing));
  return thing ? promise_of(rq->app->promise, thing) : NULL;
}

int casework_keep_file(struct request *rq, const struct upload *upload, json_t **ret, struct error *error)
{
  struct digest digest;
  char hex[2 * DIGEST_BYTES + 1];
  int64_t size;
  if (blob_put(rq->app->store, upload->fd, &digest, &size, error))
    return -1;
  hex_encode(digest.b, sizeof digest.b, hex);
  *ret = json_pack("{s:s,s:s,s:s,s:I}", "sha256", hex, "name", upload->filename, "type", upload->type, "size", (json_int_t)size);
  return 0;
}

int casework_send_file(struct request *rq, const struct casefile *c, int64_t number, struct error *error)
{
  for (size_t i = 0; i < c->attachment_count; i++) {
    const struct attachment *a = &c->attachments[i];
    struct digest digest;
    int fd;
    int64_t size;
    if (a->number != number || a->removed || !hex_decode(span_of(a->sha256), digest.b, sizeof digest.b))
      continue;
    return blob_open(rq->app->store, &digest, &fd, &size, error) ? -1 : web_file(rq, fd, size, a->type, a->name);
  }
  return error_set(error, ERROR_NOT_FOUND, "no-file", "没有这个文件", "There is no such file");
}
