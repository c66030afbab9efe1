#include "casework/applicant.h"

#include <string.h>

#include "account/account.h"
#include "app/app.h"
#include "base/text.h"

enum { PLAN_TEXT_MAX = 4 << 20 };
static struct as as_applicant(const struct request *rq, size_t part)
{
  return (struct as){"applicant", web_channel(rq), (int)part};
}

static int not_yours(struct error *error)
{
  return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这个办件，请核对编号",
                   "There is no such case: please check the number");
}

int applicant_case(struct request *rq, struct case_view **ret, struct error *error)
{
  struct case_row row;
  if (casework_find(rq->db, rq_span(rq, "no"), SPAN(""), rq->arena, &row, error))
    return -1;
  if (strcmp(row.account, rq->who->id) != 0)
    return not_yours(error);
  return casework_view(rq, row.id, VIEW_APPLICANT, ret, error);
}

int applicant_erased_case(struct request *rq, struct case_view **ret, struct error *error)
{
  struct case_row row;
  *ret = NULL;
  if (casework_find(rq->db, rq_span(rq, "no"), SPAN(""), rq->arena, &row, error))
    return -1;
  return row.erased ? casework_view(rq, row.id, VIEW_PUBLIC, ret, error) : 0;
}

/* ---- a new one ---- */

static struct raw_answer *raw_answers(struct request *rq, const char *prefix, size_t *ret_n)
{
  struct raw_answer *raw = arena_array(rq->arena, rq->fields_n + 1, sizeof *raw);
  size_t n = 0, skip = strlen(prefix) + 1;
  for (size_t i = 0; i < rq->fields_n; i++) {
    struct span name = rq->fields[i].name, value = span_trim(rq->fields[i].value);
    if (name.n > skip && name.p[skip - 1] == '.' && span_starts(name, prefix) && value.n)
      raw[n++] = (struct raw_answer){{name.p + skip, name.n - skip}, value};
  }
  *ret_n = n;
  return raw;
}

static const struct zone *zone_named(const struct catalog *catalog, struct span id)
{
  for (size_t i = 0; i < catalog->zone_count; i++)
    if (span_is(id, catalog->zones[i].id))
      return &catalog->zones[i];
  return NULL;
}

int applicant_plan(struct request *rq, const char *prefix, struct plan **ret, struct error *error)
{
  const struct catalog *catalog = rq->app->catalog;
  const struct thing *thing = catalog_thing(catalog, rq_span(rq, "thing"));
  struct answers answers;
  size_t n;
  if (!thing)
    return error_set(error, ERROR_NOT_FOUND, "no-thing", "没有这件事，请从“办什么事”里选择",
                     "There is no such matter: please choose one from “Matters”");
  const struct raw_answer *raw = raw_answers(rq, prefix, &n);
  if (answers_read(rq->arena, thing, raw, n, &answers, error))
    return -1;
  return plan_compile(rq->arena, catalog, thing, &answers, zone_named(catalog, rq_span(rq, "zone")), day_of(rq->now), ret, error);
}

static int plan_value(const struct plan *plan, json_t **ret, struct error *error)
{
  struct buf text;
  buf_init(&text, PLAN_TEXT_MAX);
  struct json_writer w = json_to(&text);
  plan_json(plan, &w, NULL);
  int bad = text.full ? error_set(error, ERROR_TOO_LARGE, "plan-too-large", "联办方案过大", "The plan is too large")
                      : json_read(buf_view(&text), "plan", ret, error);
  buf_release(&text);
  return bad;
}

bool applicant_phone_fits(struct span phone)
{
  size_t digits = 0;
  for (size_t i = 0; i < phone.n; i++) {
    char c = phone.p[i];
    digits += c >= '0' && c <= '9';
    if (!((c >= '0' && c <= '9') || c == '-' || c == ' ' || (c == '+' && i == 0)))
      return false;
  }
  return digits >= 7 && digits <= 15;
}

/* The number an identity provider vouched for; "" where the room of accounts does not know the person. */
static const char *identity_of(struct request *rq)
{
  int64_t id;
  return account_id_of(rq->who->id, &id) ? account_identity(rq->db, rq->arena, id) : "";
}

int applicant_draft(struct request *rq, const char *prefix, struct case_row *ret, struct error *error)
{
  struct plan *plan;
  json_t *pinned;
  struct outcome outcome;
  const char *once = rq_once(rq);
  if (applicant_plan(rq, prefix, &plan, error))
    return -1;
  if (!applicant_phone_fits(rq_span(rq, "phone"))) {
    (void)error_set(error, ERROR_BAD_INPUT, "bad-phone", "电话号码应为 7 到 15 位数字", "A phone number has 7 to 15 digits");
    return error_at(error, "phone");
  }
  if (plan_value(plan, &pinned, error))
    return -1;
  json_t *data = json_pack("{s:s,s:s,s:o,s:{s:s,s:s,s:s}}", "thing", plan->thing->id, "district", rq_str(rq, "district"), "plan",
                           pinned, "applicant", "name", rq->who->name, "phone", rq_str(rq, "phone"), "id_number", identity_of(rq));
  int64_t id = *once ? aggregate_id_from(rq->who->id, once) : aggregate_id_new(rq->now);
  if (casework_command(rq, id, 0, as_applicant(rq, 0), "draft", data, &outcome, error))
    return -1;
  return casework_get(rq->db, id, rq->arena, ret, error);
}

/* ---- his case ---- */

static int expected(const struct request *rq)
{
  return rq_has(rq, "expect") ? (int)rq_int(rq, "expect") : -1;
}

int applicant_do(struct request *rq, const struct case_view *v, const char *type, json_t *data, struct error *error)
{
  return casework_command(rq, v->c->id, expected(rq), as_applicant(rq, 0), type, data, NULL, error);
}

int applicant_attach(struct request *rq, const struct case_view *v, const char *material, struct error *error)
{
  struct outcome outcome = {.version = expected(rq)};
  if (!rq->uploads_n)
    return error_set(error, ERROR_BAD_INPUT, "no-file", "请先选择文件", "Choose a file first");
  for (size_t i = 0; i < rq->uploads_n; i++) {
    json_t *data;
    if (casework_keep_file(rq, &rq->uploads[i], &data, error))
      return -1;
    (void)json_object_set_new(data, "material", json_string(material));
    if (casework_command(rq, v->c->id, outcome.version, as_applicant(rq, i), "attach", data, &outcome, error))
      return -1;
  }
  return 0;
}

static const char *misfit(struct request *rq, const struct field_view *f, struct span value)
{
  struct decimal number;
  day d;
  if (!value.n)
    return NULL;
  if (f->f->type == FIELD_NUMBER && !decimal_parse(value, &number))
    return trf(rq, "%s: enter a number, such as 86", f->name);
  if (f->f->type == FIELD_DATE && !day_parse(value, &d))
    return trf(rq, "%s: enter a date, such as 2026-11-24", f->name);
  if (value.n > 4000)
    return trf(rq, "%s: the text is too long", f->name);
  return NULL;
}

json_t *applicant_fields(struct request *rq, const struct case_view *v)
{
  json_t *fields = json_object();
  for (size_t i = 0; i < v->c->field_count; i++) {
    const struct field_view *f = &v->fields[i];
    const char *name = arena_printf(rq->arena, "fields.%s", f->f->field);
    if (!rq_count(rq, name))
      continue;
    const char *wrong = misfit(rq, f, rq_span(rq, name));
    if (wrong)
      web_field_error(rq, name, wrong);
    (void)json_object_set_new(fields, f->f->field, json_string(rq_str(rq, name)));
  }
  return fields;
}

/* ---- what is missing ---- */

static const char *field_href(struct request *rq, const struct case_view *v, const char *field)
{
  for (size_t i = 0; i < v->c->field_count; i++)
    if (strcmp(v->c->fields[i].field, field) == 0 && *v->fields[i].group)
      return arena_printf(rq->arena, "/cases/%s/form?part=%s#f-fields.%s", v->c->number, v->fields[i].group, field);
  return arena_printf(rq->arena, "/cases/%s/form#f-fields.%s", v->c->number, field);
}

static const char *mended_at(struct request *rq, const struct case_view *v, const struct lack *lack)
{
  const char *no = v->c->number;
  switch (lack->what) {
  case LACK_FIELD:
    return field_href(rq, v, lack->id);
  case LACK_MATERIAL:
  case LACK_COMMITMENT:
    return arena_printf(rq->arena, "/cases/%s/materials#m-%s", no, lack->id);
  case LACK_DELIVERY:
  case LACK_ADDRESS:
    return arena_printf(rq->arena, "/cases/%s/delivery", no);
  }
  return "";
}

static const char *lack_text(struct request *rq, const struct lack *lack)
{
  const char *name = words_text(rq, lack->name);
  switch (lack->what) {
  case LACK_FIELD:
    return trf(rq, "Fill in: %s", name);
  case LACK_MATERIAL:
    return trf(rq, "Hand in: %s", name);
  case LACK_COMMITMENT:
    return trf(rq, "Hand in “%s” now, or tick below that it will follow", name);
  case LACK_DELIVERY:
    return tr(rq, "Choose how the results reach you");
  case LACK_ADDRESS:
    return tr(rq, "Give the address for the courier");
  }
  return name;
}

struct lack_view *applicant_lacks(struct request *rq, const struct case_view *v, bool commitment, size_t *ret_n)
{
  const struct casefile *c = v->c;
  struct lack *lacks;
  size_t n = casefile_lacks(c, commitment || c->commitment, rq->arena, &lacks), made = 0;
  struct lack_view *list = arena_array(rq->arena, n + c->material_count + c->field_count + 1, sizeof *list);
  for (; made < n; made++)
    list[made] = (struct lack_view){lack_text(rq, &lacks[made]), mended_at(rq, v, &lacks[made])};
  for (size_t i = 0; i < c->material_count && c->state == CASE_CORRECTION; i++)
    if (*c->materials[i].asked && !c->materials[i].changed)
      list[made++] = (struct lack_view){trf(rq, "Not corrected yet: %s", v->materials[i].name),
                                        arena_printf(rq->arena, "/cases/%s/materials#m-%s", c->number, c->materials[i].material)};
  for (size_t i = 0; i < c->field_count && c->state == CASE_CORRECTION; i++)
    if (*c->fields[i].asked && !c->fields[i].changed)
      list[made++] = (struct lack_view){trf(rq, "Not corrected yet: %s", v->fields[i].name), field_href(rq, v, c->fields[i].field)};
  *ret_n = made;
  return list;
}

bool applicant_may_defer(const struct case_view *v)
{
  for (size_t i = 0; i < v->c->material_count; i++) {
    const struct case_material *m = &v->c->materials[i];
    if (m->source == SOURCE_UPLOAD && m->defer > 0 && m->attached == 0)
      return true;
  }
  return false;
}

/* ---- for the templates ---- */

struct task_count applicant_count(struct request *rq, const struct case_view *v)
{
  struct task_count count = {.fields = v->c->field_count};
  struct lack *lacks;
  size_t n = casefile_lacks(v->c, false, rq->arena, &lacks);
  for (size_t i = 0; i < v->c->material_count; i++)
    count.materials += v->c->materials[i].source == SOURCE_UPLOAD;
  for (size_t i = 0; i < n; i++) {
    count.fields_open += lacks[i].what == LACK_FIELD;
    count.materials_open += lacks[i].what == LACK_MATERIAL;
    count.may_follow += lacks[i].what == LACK_COMMITMENT;
    count.delivery_open += lacks[i].what == LACK_DELIVERY || lacks[i].what == LACK_ADDRESS;
  }
  return count;
}

#define SHORT_FORM 12 /* so many fields are no burden on one page */

struct form_part *applicant_parts(struct request *rq, const struct case_view *v, size_t *ret_n)
{
  struct form_part *parts = arena_array(rq->arena, v->c->field_count + 1, sizeof *parts);
  size_t n = 0;
  for (size_t i = 0; i < v->c->field_count; i++) {
    const char *group = v->fields[i].group;
    if (n == 0 || strcmp(parts[n - 1].id, group) != 0)
      parts[n++] = (struct form_part){.id = group, .name = words_text(rq, form_group_named(group))};
    parts[n - 1].fields++;
    parts[n - 1].open += !*v->c->fields[i].value;
  }
  *ret_n = n;
  return parts;
}

int applicant_part(struct request *rq, const struct case_view *v)
{
  size_t n;
  const struct form_part *parts = applicant_parts(rq, v, &n);
  if (v->c->state != CASE_DRAFT || n < 2 || v->c->field_count <= SHORT_FORM)
    return -1;
  for (size_t i = 0; i < n; i++)
    if (strcmp(parts[i].id, rq_str(rq, "part")) == 0)
      return (int)i;
  return rq->method == METHOD_GET ? 0 : -1; /* a form sent whole is shown whole */
}

/* What the applicant has told already, or his account knows. */
static const char *known_value(const struct case_view *v, const struct field_view *f)
{
  if (*f->f->value || v->c->state != CASE_DRAFT)
    return f->f->value;
  if (strcmp(f->prefill, "name") == 0)
    return v->c->applicant;
  if (strcmp(f->prefill, "id") == 0)
    return v->c->id_number;
  return strcmp(f->prefill, "phone") == 0 ? v->c->phone : "";
}

static const char *asked_for(struct request *rq, const struct field_view *f)
{
  const char *names = "";
  for (size_t i = 0; i < f->reason_count; i++)
    names = arena_printf(rq->arena, "%s%s%s", names, i ? (rq->lang == LANG_EN ? ", " : "、") : "", f->reasons[i].item);
  return *names ? trf(rq, "For: %s", names) : NULL;
}

struct input applicant_input(struct request *rq, const struct case_view *v, const struct field_view *f)
{
  struct input_option *yes_no = arena_array(rq->arena, 3, sizeof *yes_no);
  yes_no[0] = (struct input_option){"true", tr(rq, "Yes"), NULL};
  yes_no[1] = (struct input_option){"false", tr(rq, "No"), NULL};
  return (struct input){.name = arena_printf(rq->arena, "fields.%s", f->f->field),
                        .label = f->name,
                        .hint = asked_for(rq, f),
                        .value = rq->method == METHOD_POST ? NULL : known_value(v, f),
                        .suffix = *f->unit ? f->unit : NULL,
                        .options = yes_no,
                        .inputmode = f->f->type == FIELD_NUMBER ? "decimal" : NULL};
}

const char *applicant_paper_only(struct request *rq, const struct case_view *v)
{
  const char *names = "";
  for (size_t i = 0; i < v->c->item_count; i++) {
    unsigned offers = v->c->items[i].delivery;
    if (offers && !(offers & DELIVERY_E_CERTIFICATE))
      names = arena_printf(rq->arena, "%s%s%s", names, *names ? (rq->lang == LANG_EN ? ", " : "、") : "", v->items[i].result);
  }
  return *names ? trf(rq, "Needed for a courier. On paper only: %s", names) : tr(rq, "Only needed for a courier");
}

bool applicant_wants_address(const struct case_view *v, const char *mode)
{
  struct casefile would = *v->c;
  would.delivery_mode = mode;
  for (size_t i = 0; i < would.item_count; i++)
    if (strcmp(casefile_delivery(&would, i), "courier") == 0)
      return true;
  return false;
}

bool applicant_by_courier(const struct case_view *v)
{
  for (size_t i = 0; i < v->c->item_count; i++)
    if ((v->c->items[i].state == ITEM_ISSUED || v->c->items[i].state == ITEM_DELIVERED) &&
        strcmp(casefile_delivery(v->c, i), "courier") == 0)
      return true;
  return false;
}

bool applicant_may_withdraw(const struct case_view *v)
{
  bool open = v->c->state < CASE_ACCEPTED;
  for (size_t i = 0; i < v->c->item_count; i++)
    open |= v->c->items[i].state < ITEM_GRANTED;
  return open && !case_state_closed(v->c->state);
}

/* Where it cannot be read the rules decide all the same. */
bool applicant_is_barred(struct request *rq, const struct case_view *v)
{
  struct error error = {0};
  bool barred = false;
  return casework_barred(rq, v->c, &barred, &error) == 0 && barred;
}

const struct input_option *applicant_dates(struct request *rq, const struct gathering *g)
{
  struct input_option *list = arena_array(rq->arena, OFFERED_DATES_MAX + 1, sizeof *list);
  size_t n = 0;
  for (int d = 0; d < g->date_count; d++)
    if (date_suits(g, d) && g->dates[d].day >= day_of(rq->now))
      list[n++] = (struct input_option){arena_printf(rq->arena, "%d", d), offered_date_text(rq, &g->dates[d]), NULL};
  return list;
}

const char *applicant_visit_day(struct request *rq, const struct gathering *g)
{
  return offered_date_text(rq, &g->dates[g->chosen]);
}

const char *applicant_visitors(struct request *rq, const struct gathering *g)
{
  const char *list = "";
  for (size_t i = 0; i < g->who_count; i++)
    list = arena_printf(rq->arena, "%s%s%s", list, i ? (rq->lang == LANG_EN ? ", " : "、") : "", agency_text(rq, g->who[i].agency));
  return list;
}

const struct question *applicant_question(const struct plan *plan, size_t answer)
{
  for (size_t i = 0; i < plan->thing->question_count; i++)
    if (strcmp(plan->thing->questions[i].id, plan->answers.list[answer].question) == 0)
      return &plan->thing->questions[i];
  return NULL;
}

const char *applicant_answer_text(const struct request *rq, const struct question *question, const char *text)
{
  if (question->type == ASK_BOOLEAN)
    return strcmp(text, "true") == 0 ? tr(rq, "Yes") : tr(rq, "No");
  for (size_t i = 0; i < question->choice_count; i++)
    if (strcmp(question->choices[i].value, text) == 0)
      return words_text(rq, question->choices[i].name);
  return question->unit ? arena_printf(rq->arena, "%s %s", text, unit_text(question->unit)) : text;
}

/* ---- progress for anybody who has number and code ---- */

static int no_progress(struct error *error)
{
  return error_set(error, ERROR_NOT_FOUND, "no-such-progress", "办件编号或查询码不正确，请核对收件凭证",
                   "The case number or the code is not right: please check the receipt");
}

static char *upper(struct request *rq, const char *name)
{
  char *s = arena_dup(rq->arena, span_trim(rq_span(rq, name)));
  for (char *p = s; *p; p++)
    if (*p >= 'a' && *p <= 'z')
      *p = (char)(*p - 'a' + 'A');
  return s;
}

/* A code has a million values: an address gets 30 tries in ten minutes, a case 20 in an hour. */
static int wait_before(struct request *rq, const char *number)
{
  struct throttle *t = rq->app->throttle;
  int address = throttle_take(t, span_of(arena_printf(rq->arena, "progress:%s", rq->address)), 30, 10 * MINUTE_MS, rq->now);
  int one = throttle_take(t, span_of(arena_printf(rq->arena, "progress-of:%.40s", number)), 20, HOUR_MS, rq->now);
  return address > one ? address : one;
}

int applicant_progress(struct request *rq, struct case_view **ret, struct error *error)
{
  const char *number = upper(rq, "number");
  struct span code = span_trim(rq_span(rq, "code"));
  struct case_row row;
  int wait = wait_before(rq, number);
  if (wait) {
    web_retry_after(rq, wait);
    return error_set(error, ERROR_TOO_MANY, "too-many", "查询过于频繁，请十分钟后再试",
                     "Too many questions: please try again in ten minutes");
  }
  if (!code.n || casework_find(rq->db, span_of(number), code, rq->arena, &row, error)) {
    if (code.n && error->code != ERROR_NOT_FOUND)
      return -1;
    return no_progress(error);
  }
  if (row.state == CASE_DRAFT)
    return no_progress(error);
  return casework_view(rq, row.id, VIEW_PUBLIC, ret, error);
}
