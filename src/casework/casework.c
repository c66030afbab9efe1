/*
 * The rules of a case: which command may do what, when, by whom, and which events it makes.
 *
 * Each command is a function that first checks everything and then emits. emit() applies the event to a copy of the state
 * as well, so that what follows from it (an item that becomes workable, a case that is finished) is decided on the state
 * it leads to.
 */
#include "casework/rules.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "catalog/codes.h"
/* ---- the application ---- */

static int check_plan(struct work *w, const json_t *plan)
{
  struct casefile tried = *casefile_clone(w->c, w->d->arena);
  if (json_is_object(plan) && casefile_pin(&tried, w->d->arena, plan) == 0)
    return 0;
  return bad_argument(w, "plan", "联办方案不完整，请重新生成", "The plan is not complete: please compile it again");
}

static const char *digest_of(struct work *w, const json_t *plan)
{
  struct digest digest = sha256(json_text(w->d->arena, plan));
  char hex[2 * DIGEST_BYTES + 1];
  hex_encode(digest.b, DIGEST_BYTES, hex);
  return arena_str(w->d->arena, hex);
}

/* YYYYMMDD in China, serial of the day, check character. */
static const char *new_number(struct work *w)
{
  int year, month, mday;
  day_parts(w->today, &year, &month, &mday);
  char *date = arena_printf(w->d->arena, "%04d%02d%02d", year, month, mday);
  int64_t serial = decision_number(w->d, arena_printf(w->d->arena, "case/%s", date));
  char *body = arena_printf(w->d->arena, "%s%06lld", date, (long long)serial);
  return arena_printf(w->d->arena, "%s%c", body, mod3736_check(span_of(body)));
}

static const char *new_code(struct work *w)
{
  uint64_t n = 0;
  for (int i = 0; i < 8; i++)
    n = n << 8 | w->d->random[i];
  return arena_printf(w->d->arena, "%06u", (unsigned)(n % 1000000));
}

static int read_applicant(struct work *w, json_t **ret)
{
  const json_t *from = json_object_get(w->data, "applicant");
  const char *name = "", *id_number = "", *phone = "", *account = "";
  if (take_text(w, from, "name", true, &name) || take_text(w, from, "id_number", false, &id_number) ||
      take_text(w, from, "phone", true, &phone) || take_text(w, from, "account", false, &account))
    return -1;
  struct span id = span_of(id_number);
  if (id.n && !citizen_id_valid(id, w->today) && !uscc_valid(id))
    return bad_argument(w, "id_number", "证件号码不正确：身份证号或统一社会信用代码的校验位不符，请核对",
                        "The number is neither a citizen ID nor a unified social credit code: please check its digits");
  if (is_role(w, "applicant"))
    account = w->command->actor.id;
  *ret = json_pack("{s:s,s:s,s:s,s:s}", "name", name, "id_number", id_number, "phone", phone, "account", account);
  return 0;
}

static int do_draft(struct work *w)
{
  const json_t *plan = json_object_get(w->data, "plan");
  const char *thing = "", *district = "";
  json_t *applicant = NULL;
  if (w->c->state != CASE_NONE)
    return refuse(w, ERROR_CONFLICT, "exists", "该办件已经存在", "This case exists already");
  if (check_on_behalf(w) || take_text(w, w->data, "thing", true, &thing) || take_text(w, w->data, "district", false, &district) ||
      check_plan(w, plan))
    return -1;
  if (strcmp(json_str(plan, "thing"), thing) != 0)
    return bad_argument(w, "thing", "联办方案不是这件事的方案", "The plan is for another matter");
  if (read_applicant(w, &applicant))
    return -1;
  const char *number = new_number(w), *code = new_code(w), *digest = digest_of(w, plan);
  json_t *data = json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:O}", "number", number, "code", code, "thing", thing, "district", district,
                           "digest", digest, "applicant", applicant, "plan", (json_t *)(uintptr_t)plan);
  return emit(w, "drafted", -1, data) || note_hand_in(w) ? -1 : 0;
}

static bool is_number(struct span s)
{
  struct decimal number;
  return decimal_parse(s, &number);
}

static bool field_fits(const struct case_field *f, struct span value)
{
  day d;
  if (value.n == 0)
    return true;
  switch (f->type) {
  case FIELD_NUMBER:
    return is_number(value);
  case FIELD_DATE:
    return day_parse(value, &d);
  case FIELD_BOOLEAN:
    return span_is(value, "true") || span_is(value, "false");
  case FIELD_TEXT:
  case FIELD_CHOICE:
    return value.n <= TEXT_MAX && text_plain(value);
  }
  return false;
}

static const char *field_text(struct work *w, const json_t *value)
{
  if (json_is_string(value))
    return arena_dup(w->d->arena, span_trim(span_of(json_string_value(value))));
  if (json_is_boolean(value))
    return json_is_true(value) ? "true" : "false";
  if (json_is_number(value))
    return arena_dup(w->d->arena, json_text(w->d->arena, value));
  return json_is_null(value) ? "" : NULL;
}

static int bad_field(struct work *w, const struct case_field *f)
{
  static const struct words wants[] = {{"文字", "text"},
                                       {"数字", "a number"},
                                       {"日期（如 2026-11-24）", "a date (2026-11-24)"},
                                       {"选项", "a choice"},
                                       {"是或否（true/false）", "true or false"}};
  (void)refuse(w, ERROR_BAD_INPUT, "bad-field", arena_printf(w->d->arena, "“%s”应填写%s", f->name.zh, wants[f->type].zh),
               arena_printf(w->d->arena, "“%s” has to be %s", f->name.en, wants[f->type].en));
  return error_at(w->error, "%s", f->field);
}

/* The fields of data as text, checked by type; NULL where none are given. */
static int read_fields(struct work *w, json_t **ret)
{
  json_t *fields = json_object_get(w->data, "fields");
  const char *id;
  json_t *value;
  *ret = NULL;
  if (!fields)
    return 0;
  json_t *made = json_object();
  json_object_foreach(fields, id, value)
  {
    const struct case_field *f = NULL;
    for (size_t i = 0; i < w->c->field_count && !f; i++)
      if (strcmp(w->c->fields[i].field, id) == 0)
        f = &w->c->fields[i];
    const char *text = f ? field_text(w, value) : NULL;
    if (!text || !field_fits(f, span_of(text))) {
      json_decref(made);
      if (f)
        return bad_field(w, f);
      (void)refuse(w, ERROR_BAD_INPUT, "unknown-field", "表单中没有这一项", "The form has no such field");
      return error_at(w->error, "%s", id);
    }
    (void)json_object_set_new(made, id, json_string(text));
  }
  *ret = made;
  return 0;
}

static int read_delivery(struct work *w, json_t **ret)
{
  const json_t *from = json_object_get(w->data, "delivery");
  const char *mode = "", *address = "";
  *ret = NULL;
  if (!from)
    return 0;
  if (take_text(w, from, "mode", true, &mode) || take_text(w, from, "address", false, &address))
    return -1;
  if (!delivery_bit(span_of(mode)))
    return bad_argument(w, "mode", "领取方式应为电子证照、快递或窗口领取", "Delivery is e-certificate, courier or window");
  *ret = json_pack("{s:s,s:s}", "mode", mode, "address", address);
  return 0;
}

static bool editable(const struct casefile *c)
{
  return c->state == CASE_DRAFT || c->state == CASE_CORRECTION;
}

static int do_save(struct work *w)
{
  json_t *fields, *delivery;
  if (!editable(w->c))
    return wrong_state(w);
  if (check_on_behalf(w) || read_fields(w, &fields))
    return -1;
  if (read_delivery(w, &delivery)) {
    json_decref(fields);
    return -1;
  }
  json_t *data = json_object();
  if (fields)
    (void)json_object_set_new(data, "fields", fields);
  if (delivery)
    (void)json_object_set_new(data, "delivery", delivery);
  return emit(w, "saved", -1, data) || note_hand_in(w) ? -1 : 0;
}

static int material_named(const struct casefile *c, const char *id)
{
  for (size_t i = 0; i < c->material_count; i++)
    if (strcmp(c->materials[i].material, id) == 0)
      return (int)i;
  return -1;
}

/* While the form is open; a clerk on the spot (art. 32(3)); and a deferred material until its day. */
static int check_attach(struct work *w, const struct case_material *m)
{
  if (m->source != SOURCE_UPLOAD) {
    (void)refuse(w, ERROR_RULE, "never-ask-twice", "该材料由政府部门共享或由表单生成，无需上传",
                 "This material is held by the government or made from the form: nothing is to be uploaded");
    return error_at(w->error, "%s", m->material);
  }
  if (editable(w->c) || (w->c->state == CASE_SUBMITTED && is_role(w, "clerk")))
    return 0;
  if (m->deferred.day == DAY_NONE)
    return wrong_state(w);
  if (is_over(w, m->deferred))
    return refuse(w, ERROR_RULE, "tolerance-over", "容缺补齐期限已过", "The time to hand in this material has passed");
  return 0;
}

static int do_attach(struct work *w)
{
  const char *material = "", *name = "", *type = "", *sha = "";
  if (check_on_behalf(w) || take_text(w, w->data, "material", true, &material) || take_text(w, w->data, "name", true, &name) ||
      take_text(w, w->data, "type", true, &type) || take_text(w, w->data, "sha256", true, &sha))
    return -1;
  int m = material_named(w->c, material);
  if (m < 0)
    return bad_argument(w, "material", "本办件不需要这份材料", "This case does not want this material");
  if (!is_sha256(sha))
    return bad_argument(w, "sha256", "文件指纹不正确", "The digest of the file is not one");
  if (json_int(w->data, "size") <= 0)
    return bad_argument(w, "size", "文件是空的", "The file is empty");
  if (w->c->attachment_count >= ATTACHMENTS_MAX)
    return refuse(w, ERROR_TOO_LARGE, "too-many-files", "文件数量已达上限", "The case holds as many files as it can");
  if (check_attach(w, &w->c->materials[m]))
    return -1;
  json_t *data = json_pack("{s:i,s:s,s:s,s:s,s:s,s:I}", "attachment", (int)w->c->attachment_count + 1, "material", material,
                           "sha256", sha, "name", name, "type", type, "size", (json_int_t)json_int(w->data, "size"));
  return emit(w, "attached", -1, data) || note_hand_in(w) || complete_items(w) ? -1 : 0;
}

static int do_detach(struct work *w)
{
  json_int_t number = json_int(w->data, "attachment");
  if (!editable(w->c))
    return wrong_state(w);
  if (check_on_behalf(w))
    return -1;
  for (size_t i = 0; i < w->c->attachment_count; i++)
    if (w->c->attachments[i].number == number && !w->c->attachments[i].removed)
      return emit(w, "detached", -1, json_pack("{s:I}", "attachment", number)) || note_hand_in(w) ? -1 : 0;
  return bad_argument(w, "attachment", "没有这个文件", "There is no such file");
}

/* Everything that is missing, at once: names as far as a sentence holds them, ids in where. */
static int incomplete(struct work *w, const struct lack *list, size_t n)
{
  struct buf zh, en, ids;
  buf_init(&zh, 220);
  buf_init(&en, 220);
  buf_init(&ids, 198);
  size_t shown = 0;
  for (; shown < n; shown++) {
    const struct lack *l = &list[shown];
    if (zh.n + strlen(l->name.zh) > 180 || en.n + strlen(l->name.en) > 180 || ids.n + strlen(l->id) > 190)
      break;
    buf_printf(&zh, "%s%s", shown ? "、" : "", l->name.zh);
    buf_printf(&en, "%s%s", shown ? ", " : "", l->name.en);
    buf_printf(&ids, "%s%s", shown ? "," : "", l->id);
  }
  const char *more_zh = shown < n ? "等" : "", *more_en = shown < n ? " and more" : "";
  (void)refuse(w, ERROR_RULE, "incomplete", arena_printf(w->d->arena, "还缺 %zu 项：%s%s", n, zh.n ? zh.p : "", more_zh),
               arena_printf(w->d->arena, "%zu missing: %s%s", n, en.n ? en.p : "", more_en));
  (void)error_at(w->error, "%s", ids.n ? ids.p : "");
  buf_release(&zh);
  buf_release(&en);
  buf_release(&ids);
  return -1;
}

static json_t *receipt(struct work *w, bool commitment)
{
  json_t *data = json_pack("{s:o,s:o}", "received", day_json(w->today), "notice", due_json(due_after(w, w->today, NOTICE_DAYS)));
  if (commitment)
    put_commitment(w, data);
  add_paper(w, data, PAPER_RECEIPT);
  if (commitment)
    add_paper(w, data, PAPER_COMMITMENT);
  return data;
}

static int do_submit(struct work *w)
{
  const json_t *plan = json_object_get(w->data, "plan");
  bool commitment = json_flag(w->data, "commitment");
  struct lack *lacks;
  if (w->c->state != CASE_DRAFT)
    return wrong_state(w);
  if (check_on_behalf(w) || (plan && check_plan(w, plan)))
    return -1;
  if (plan && strcmp(json_str(plan, "thing"), w->c->thing) != 0)
    return bad_argument(w, "plan", "联办方案不是这件事的方案", "The plan is for another matter");
  struct casefile *would = casefile_clone(w->c, w->d->arena);
  if (plan)
    (void)casefile_pin(would, w->d->arena, plan);
  size_t n = casefile_lacks(would, commitment, w->d->arena, &lacks);
  if (n)
    return incomplete(w, lacks, n);
  if (commitment && check_commitment(w, would))
    return -1;
  if (plan && emit(w, "plan-pinned", -1, json_pack("{s:s,s:O}", "digest", digest_of(w, plan), "plan", (json_t *)(uintptr_t)plan)))
    return -1;
  return emit(w, "submitted", -1, receipt(w, commitment)) || note_hand_in(w) ? -1 : 0;
}

/* What was asked for has to be there again: a field may not be empty, a material not without a file. */
static int do_resubmit(struct work *w)
{
  struct lack *lacks;
  if (w->c->state != CASE_CORRECTION)
    return wrong_state(w);
  if (check_on_behalf(w))
    return -1;
  size_t n = casefile_lacks(w->c, w->c->commitment, w->d->arena, &lacks);
  struct lack *all = arena_array(w->d->arena, n + w->c->material_count + w->c->field_count + 1, sizeof *all);
  if (n)
    memcpy(all, lacks, n * sizeof *all);
  for (size_t i = 0; i < w->c->material_count; i++) {
    const struct case_material *m = &w->c->materials[i];
    if (*m->asked && !m->changed)
      all[n++] = (struct lack){LACK_MATERIAL, m->material, m->name};
  }
  for (size_t i = 0; i < w->c->field_count; i++) {
    const struct case_field *f = &w->c->fields[i];
    if (*f->asked && !f->changed && *f->value)
      all[n++] = (struct lack){LACK_FIELD, f->field, f->name};
  }
  if (n)
    return incomplete(w, all, n);
  return emit(w, "resubmitted", -1, receipt(w, false)) || note_hand_in(w) ? -1 : 0;
}

static int withdraw_items(struct work *w, const char *reason)
{
  for (int i = 0; (size_t)i < w->c->item_count; i++)
    if (w->c->items[i].state < ITEM_GRANTED && close_item(w, i, "withdrawn", reason))
      return -1;
  return settle(w);
}

static int do_withdraw(struct work *w)
{
  const char *reason = "";
  bool undecided = w->c->state < CASE_ACCEPTED;
  if (case_state_closed(w->c->state))
    return wrong_state(w);
  if (check_on_behalf(w) || take_text(w, w->data, "reason", true, &reason))
    return -1;
  for (size_t i = 0; i < w->c->item_count; i++)
    undecided |= w->c->items[i].state < ITEM_GRANTED;
  if (!undecided)
    return refuse(w, ERROR_RULE, "decided-already", "全部事项已作出决定，不能再撤回申请",
                  "Everything has been decided: the application can no longer be withdrawn");
  bool accepted = w->c->state >= CASE_ACCEPTED;
  json_t *data = json_pack("{s:s}", "reason", reason);
  if (w->c->state != CASE_DRAFT)
    add_paper(w, data, PAPER_WITHDRAWAL);
  if (emit(w, "withdrawn", -1, data) || note_hand_in(w))
    return -1;
  return accepted ? withdraw_items(w, reason) : 0;
}

/* ---- acceptance (art. 32) ---- */

/* 办件编号: implementation code, day, serial of that item and day. */
static json_t *item_numbers(struct work *w)
{
  int year, month, mday;
  day_parts(w->today, &year, &month, &mday);
  json_t *list = json_array();
  for (size_t i = 0; i < w->c->item_count; i++) {
    const char *series = arena_printf(w->d->arena, "%s%04d%02d%02d", w->c->items[i].code, year, month, mday);
    int64_t serial = decision_number(w->d, series);
    (void)json_array_append_new(list, json_string(arena_printf(w->d->arena, "%s%04lld", series, (long long)serial)));
  }
  return list;
}

static int accept(struct work *w, bool deemed)
{
  day from = deemed ? w->c->received : w->today;
  json_t *deferred = deferred_materials(w, from);
  bool tolerant = json_array_size(deferred) > 0;
  json_t *data = json_pack("{s:o,s:b,s:b,s:o,s:o}", "day", day_json(from), "deemed", (int)deemed, "tolerant", (int)tolerant,
                           "items", item_numbers(w), "deferred", deferred);
  if (w->c->joint)
    (void)json_object_set_new(data, "joint", due_json(due_after(w, from, w->c->cap)));
  add_paper(w, data, PAPER_ACCEPTANCE);
  if (tolerant)
    add_paper(w, data, PAPER_TOLERANCE);
  return emit(w, "accepted", -1, data) || settle(w) ? -1 : 0;
}

static int do_accept(struct work *w)
{
  if (w->c->state != CASE_SUBMITTED)
    return wrong_state(w);
  if (is_over(w, w->c->notice))
    return accept(w, true); /* the law has accepted it already, on the day of receipt */
  return check_tolerance(w) ? -1 : accept(w, false);
}

static int notice_is_over(struct work *w)
{
  return refuse(w, ERROR_RULE, "deemed-accepted", "收件已满五个工作日未告知，依法自收件之日起视为受理（行政许可法第三十二条）",
                "Five working days passed without notice: by law the case counts as accepted from the day of receipt (art. 32)");
}

/* A second time only what the resubmission changed may be found wanting (art. 32(4): once and whole). */
static int check_asked(struct work *w, const json_t *one)
{
  const char *material = "", *field = "", *standard = "";
  if (take_text(w, one, "material", false, &material) || take_text(w, one, "field", false, &field) ||
      take_text(w, one, "standard", true, &standard))
    return -1;
  int m = *material ? material_named(w->c, material) : -1;
  const struct case_field *f = NULL;
  for (size_t i = 0; i < w->c->field_count && !*material; i++)
    if (strcmp(w->c->fields[i].field, field) == 0)
      f = &w->c->fields[i];
  if (m < 0 && !f)
    return bad_argument(w, "missing", "补正的每一项都应是本办件的材料或表单项",
                        "Each correction names a material or a field of this case");
  if (m >= 0 && w->c->materials[m].source != SOURCE_UPLOAD)
    return refuse(w, ERROR_RULE, "never-ask-twice", "该材料由政府部门共享或由表单生成，不得要求申请人提供",
                  "This material is held by the government or made from the form: it may not be asked of the applicant");
  bool changed = m >= 0 ? w->c->materials[m].changed : f->changed;
  if (w->c->corrections > 0 && !changed)
    return refuse(
        w, ERROR_RULE, "correction-asked-already", "补正须一次性告知：第二次只能针对申请人补正时改动的内容（行政许可法第三十二条）",
        "Corrections are asked for once and whole: a second time only for what the applicant has changed since (art. 32)");
  return 0;
}

static int do_ask_correction(struct work *w)
{
  const json_t *missing = json_list(w->data, "missing");
  int days = CORRECTION_DAYS;
  if (w->c->state != CASE_SUBMITTED)
    return wrong_state(w);
  if (is_over(w, w->c->notice))
    return notice_is_over(w);
  if (json_array_size(missing) == 0)
    return missing_argument(w, "missing");
  if (json_object_get(w->data, "days") && take_days(w, "days", 1, 60, &days))
    return -1;
  for (size_t i = 0; i < json_array_size(missing); i++)
    if (check_asked(w, json_array_get(missing, i)))
      return -1;
  json_t *data = json_pack("{s:O,s:o}", "missing", (json_t *)(uintptr_t)missing, "due", due_json(due_after(w, w->today, days)));
  add_paper(w, data, PAPER_CORRECTION);
  return emit(w, "correction-asked", -1, data);
}

static int do_fix(struct work *w)
{
  const char *note = "";
  json_t *fields;
  if (w->c->state != CASE_SUBMITTED)
    return wrong_state(w);
  if (check_on_behalf(w) || take_text(w, w->data, "note", true, &note) || read_fields(w, &fields))
    return -1;
  for (size_t i = 0; i < w->c->field_count; i++) {
    const json_t *value = json_object_get(fields, w->c->fields[i].field);
    if (value && !*json_string_value(value)) {
      json_decref(fields);
      return bad_field(w, &w->c->fields[i]);
    }
  }
  json_t *data = json_pack("{s:s}", "note", note);
  if (fields)
    (void)json_object_set_new(data, "fields", fields);
  return emit(w, "fixed", -1, data) || note_hand_in(w) ? -1 : 0;
}

static int do_refuse(struct work *w)
{
  const char *why = "", *reasons = "", *body = "";
  if (w->c->state != CASE_SUBMITTED)
    return wrong_state(w);
  if (is_over(w, w->c->notice))
    return notice_is_over(w);
  if (take_text(w, w->data, "why", true, &why))
    return -1;
  bool elsewhere = strcmp(why, "no-jurisdiction") == 0;
  if (!elsewhere && strcmp(why, "not-required") != 0)
    return bad_argument(w, "why", "理由应为“无需许可”或“不属本机关职权”", "It is either not-required or no-jurisdiction");
  if (take_text(w, w->data, "reasons", true, &reasons) || take_text(w, w->data, "right_body", elsewhere, &body))
    return -1;
  json_t *data = json_pack("{s:s,s:s,s:s}", "why", why, "reasons", reasons, "right_body", body);
  add_paper(w, data, PAPER_NOT_TAKEN);
  return emit(w, "not-accepted", -1, data);
}

/* ---- review and decision ---- */

/* A failed step may be done again (a second site visit), as long as nothing later was done. */
static bool repeatable(const struct casefile *c, size_t step)
{
  if (c->steps[step].state != STEP_FAILED)
    return false;
  for (size_t i = step + 1; i < c->step_count; i++)
    if (c->steps[i].item == c->steps[step].item && !c->steps[i].assist && !c->steps[step].assist && c->steps[i].state != STEP_TO_DO)
      return false;
  return true;
}

static int read_step(struct work *w, int *ret)
{
  const json_t *value = json_object_get(w->data, "step");
  json_int_t n = json_is_integer(value) ? json_integer_value(value) : -1;
  if (!value)
    return missing_argument(w, "step");
  if (n < 0 || (uint64_t)n >= w->c->step_count)
    return bad_argument(w, "step", "本办件没有这个环节", "This case has no such step");
  *ret = (int)n;
  return 0;
}

static int check_step(struct work *w, int step)
{
  const struct case_step *s = &w->c->steps[step];
  if (!item_under_way(&w->c->items[s->item]))
    return wrong_item_state(w, s->item);
  if (check_agency(w, s->agency) || check_separation(w))
    return -1;
  if (!s->assist && strcmp(s->step, "decide") == 0)
    return refuse(w, ERROR_RULE, "use-decide", "“决定”环节请用作出决定来完成", "The decision is made with the command decide");
  if (gathering_of_step(w->c, step) >= 0)
    return refuse(w, ERROR_RULE, "use-minutes", "该环节由联合踏勘完成，请提交踏勘记录",
                  "The joint visit finishes this step: write its minutes");
  if (casefile_step_is_next(w->c, (size_t)step) || repeatable(w->c, (size_t)step))
    return 0;
  return s->state == STEP_TO_DO ? refuse(w, ERROR_RULE, "not-its-turn", "前面的环节尚未完成", "A step before it is not done yet")
                                : refuse(w, ERROR_RULE, "done-already", "该环节已经完成", "This step is done already");
}

static int do_step_done(struct work *w)
{
  int step = 0;
  const char *result = "", *opinion = "";
  if (read_step(w, &step) || check_step(w, step) || take_text(w, w->data, "result", true, &result))
    return -1;
  bool pass = strcmp(result, "pass") == 0;
  if (!pass && strcmp(result, "fail") != 0)
    return bad_argument(w, "result", "结果应为通过或不通过", "The result is pass or fail");
  if (take_text(w, w->data, "opinion", !pass || w->c->steps[step].assist, &opinion))
    return -1;
  int item = w->c->steps[step].item;
  json_t *data = json_pack("{s:i,s:s,s:s}", "step", step, "result", result, "opinion", opinion);
  (void)json_object_set_new(data, "item", json_integer(item));
  return emit(w, "step-done", item, data);
}

static bool is_special(const char *type)
{
  static const char *const types[] = {"hearing", "tender",     "auction",   "inspection",
                                      "testing", "quarantine", "appraisal", "expert-review"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strcmp(types[i], type) == 0)
      return true;
  return false;
}

/* The item of data, for an officer of its agency who may handle it. */
static int read_own_item(struct work *w, int *ret)
{
  if (w->c->state < CASE_ACCEPTED)
    return wrong_state(w);
  return take_item(w, ret) || check_agency(w, w->c->items[*ret].agency) || check_separation(w) ? -1 : 0;
}

static int do_special_start(struct work *w)
{
  int item = 0, days = 0;
  const char *type = "", *reason = "";
  if (read_own_item(w, &item))
    return -1;
  struct case_item *it = &w->c->items[item];
  if (it->state != ITEM_OPEN && it->state != ITEM_REVIEW)
    return wrong_item_state(w, item);
  if (take_text(w, w->data, "type", true, &type) || take_days(w, "days", 1, 250, &days) ||
      take_text(w, w->data, "reason", true, &reason))
    return -1;
  if (!is_special(type))
    return bad_argument(
        w, "type", "法律不计入时限的只有听证、招标、拍卖、检验、检测、检疫、鉴定和专家评审（行政许可法第四十五条）",
        "Only hearing, tender, auction, inspection, testing, quarantine, appraisal and expert-review stop the clock (art. 45)");
  struct clocks k = item_clocks(w, it, it->paused + days, it->extended);
  json_t *data = json_pack("{s:s,s:i,s:s,s:o,s:o}", "type", type, "days", days, "reason", reason, "from", day_json(w->today),
                           "until", due_json(due_after(w, w->today, days)));
  put_clocks(data, &k);
  add_paper(w, data, PAPER_SPECIAL);
  return emit(w, "special-started", item, data);
}

static int do_special_end(struct work *w)
{
  int item = 0;
  const char *result = "";
  if (read_own_item(w, &item) || take_text(w, w->data, "result", false, &result))
    return -1;
  struct case_item *it = &w->c->items[item];
  if (it->state != ITEM_SPECIAL)
    return wrong_item_state(w, item);
  int used = calendar_between(w->calendar, it->special_from, w->today);
  if (used > it->special_days)
    used = it->special_days; /* what went over the approved days runs */
  struct clocks k = item_clocks(w, it, it->paused - it->special_days + used, it->extended);
  json_t *data = json_pack("{s:i,s:s}", "used", used, "result", result);
  put_clocks(data, &k);
  put_consent(w, item, data, used);
  return emit(w, "special-ended", item, data);
}

static int do_extend(struct work *w)
{
  int item = 0, days = 0;
  const char *reason = "", *approved_by = "";
  if (read_own_item(w, &item))
    return -1;
  struct case_item *it = &w->c->items[item];
  if (!item_under_way(it))
    return wrong_item_state(w, item);
  if (it->was_extended)
    return refuse(w, ERROR_RULE, "extended-already", "该事项已经延期过一次，不能再延",
                  "This item was extended once and cannot be again");
  if (is_over(w, it->legal))
    return refuse(w, ERROR_RULE, "too-late", "法定期限已过，不能再批准延期",
                  "The legal limit has passed: it can no longer be extended");
  int most = w->c->joint && w->c->cap >= JOINT_CAP ? JOINT_EXTENSION_MAX : EXTENSION_MAX;
  if (take_days(w, "days", 1, most, &days) || take_text(w, w->data, "reason", true, &reason) ||
      take_text(w, w->data, "approved_by", true, &approved_by))
    return -1;
  struct clocks k = item_clocks(w, it, it->paused, it->extended + days);
  json_t *data = json_pack("{s:i,s:s,s:s}", "days", days, "reason", reason, "approved_by", approved_by);
  put_clocks(data, &k);
  add_paper(w, data, PAPER_EXTENSION);
  return emit(w, "extended", item, data);
}

static bool step_failed(const struct casefile *c, int item)
{
  for (size_t i = 0; i < c->step_count; i++)
    if (c->steps[i].item == item && !c->steps[i].assist && c->steps[i].state == STEP_FAILED)
      return true;
  return false;
}

static int check_decidable(struct work *w, int item)
{
  const struct case_item *it = &w->c->items[item];
  if (it->state == ITEM_SPECIAL)
    return refuse(w, ERROR_RULE, "special-running", "特别程序尚未结束，不能作出决定",
                  "A special procedure is running: end it before deciding");
  if (it->state != ITEM_OPEN && it->state != ITEM_REVIEW)
    return wrong_item_state(w, item);
  if (casefile_open_dispute(w->c, item) >= 0)
    return refuse(w, ERROR_RULE, "dispute-open", "部门意见分歧已提请协调，裁定之前不能作出决定",
                  "A disagreement is escalated: it cannot be decided before the ruling");
  if (!casefile_item_decidable(w->c, (size_t)item))
    return refuse(w, ERROR_RULE, "steps-outstanding", "还有环节未完成或协办部门意见未到，不能作出决定",
                  "Steps are not done or opinions of assisting agencies are not in: it cannot be decided yet");
  return 0;
}

static int check_grant(struct work *w, int item)
{
  if (step_failed(w->c, item))
    return refuse(w, ERROR_RULE, "step-failed", "有环节未通过，不能准予；可重新办理该环节或作出不予决定",
                  "A step has failed: it cannot be granted; repeat the step or refuse");
  if (casefile_open_materials(w->c, (size_t)item) && !json_flag(w->data, "tolerant"))
    return refuse(w, ERROR_RULE, "materials-outstanding", "容缺材料尚未补齐：只能作“容缺准予”，补齐后出件",
                  "Deferred materials are not in: only a tolerant grant is possible, issued when they have come");
  return 0;
}

static int do_decide(struct work *w)
{
  int item = 0;
  const char *reasons = "", *remedy = "";
  const json_t *choice = json_object_get(w->data, "granted");
  if (read_own_item(w, &item) || check_decidable(w, item))
    return -1;
  if (!json_is_boolean(choice))
    return missing_argument(w, "granted");
  bool granted = json_is_true(choice);
  if (take_text(w, w->data, "reasons", true, &reasons) || take_text(w, w->data, "remedy", !granted, &remedy) ||
      (granted && check_grant(w, item)))
    return -1;
  bool tolerant = granted && casefile_open_materials(w->c, (size_t)item) > 0;
  json_t *data =
      json_pack("{s:b,s:b,s:s,s:s}", "granted", (int)granted, "tolerant", (int)tolerant, "reasons", reasons, "remedy", remedy);
  if (granted)
    (void)json_object_set_new(data, "issue_due", due_json(due_after(w, w->today, ISSUE_DAYS)));
  add_paper(w, data, granted ? PAPER_GRANT : PAPER_REFUSAL);
  return emit(w, "decided", item, data) || settle(w) ? -1 : 0;
}

/* ---- results ---- */

/* The same day so many months on; the last of the month where there is none (29 February). */
static day months_after(day from, int months)
{
  int year, month, mday;
  day_parts(from, &year, &month, &mday);
  int count = year * 12 + month - 1 + months;
  day d = DAY_NONE;
  for (int try = mday; d == DAY_NONE && try > 0; try--)
    d = day_make(count / 12, count % 12 + 1, try);
  return d;
}

/*
 * Certificates of every kind share one series of the year (region, year, serial, check character), documents another
 * («甬政服文〔2026〕000123号»): no two results bear one number.
 */
static const char *result_number(struct work *w, const struct case_item *it)
{
  const struct catalog *catalog = w->d->world->catalog;
  int year = year_of(w->today);
  int64_t n = decision_number(w->d, arena_printf(w->d->arena, "%s/%d", *it->certificate ? "certificate" : "document", year));
  if (!*it->certificate)
    return arena_printf(w->d->arena, "%s文〔%d〕%06lld号", catalog->paper_prefix, year, (long long)n);
  char *body = arena_printf(w->d->arena, "%s%04d%06lld", catalog->region, year, (long long)n);
  return arena_printf(w->d->arena, "%s%c", body, mod3736_check(span_of(body)));
}

static int deliver(struct work *w, int item, const char *mode, const char *tracking, bool identity)
{
  json_t *data = json_pack("{s:s,s:s}", "mode", mode, "tracking", tracking);
  if (identity)
    (void)json_object_set_new(data, "identity", json_true());
  if (strcmp(mode, "e-certificate") != 0)
    add_paper(w, data, PAPER_SERVICE);
  if (emit(w, "delivered", item, data))
    return -1;
  if (strcmp(mode, "window") == 0 && note_presence(w, PICK_UP))
    return -1;
  return settle(w);
}

static int do_issue(struct work *w)
{
  int item = 0;
  if (w->c->state < CASE_ACCEPTED)
    return wrong_state(w);
  if (take_item(w, &item))
    return -1;
  const struct case_item *it = &w->c->items[item];
  if (it->state == ITEM_GRANTED_TOLERANT)
    return refuse(w, ERROR_RULE, "materials-outstanding", "容缺材料补齐之前不能出件",
                  "Deferred materials have to come before it is issued");
  if (it->state != ITEM_GRANTED)
    return wrong_item_state(w, item);
  day until = it->valid_months ? months_after(w->today, it->valid_months) - 1 : DAY_NONE;
  json_t *data = json_pack("{s:s,s:o,s:o}", "number", result_number(w, it), "from", day_json(w->today), "until", day_json(until));
  note_setting(w, data);
  if (emit(w, "issued", item, data))
    return -1;
  const char *mode = casefile_delivery(w->c, (size_t)item);
  return strcmp(mode, "e-certificate") == 0 ? deliver(w, item, mode, "", false) : 0; /* it reaches the applicant by being there */
}

/* Who picks up shows his card: the last four characters of its number are compared with the file's; the event says that they were.
 */
static int check_pick_up(struct work *w, bool *ret_compared)
{
  const char *shown = "", *number = w->c->id_number;
  size_t n = strlen(number);
  if (take_text(w, w->data, "identity", false, &shown))
    return -1;
  if (!*shown)
    return 0;
  if (n < 4 || strlen(shown) != 4 || strcasecmp(shown, number + n - 4) != 0) {
    (void)refuse(w, ERROR_RULE, "identity-mismatch", "证件号码末四位与办件登记的不符，不能领取",
                 "The last four characters are not those of the file: it cannot be handed over");
    return error_at(w->error, "identity");
  }
  *ret_compared = true;
  return 0;
}

static int do_deliver(struct work *w)
{
  int item = 0;
  const char *mode = "", *tracking = "";
  if (w->c->state < CASE_ACCEPTED)
    return wrong_state(w);
  if (take_item(w, &item))
    return -1;
  const struct case_item *it = &w->c->items[item];
  if (it->state != ITEM_ISSUED)
    return wrong_item_state(w, item);
  if (take_text(w, w->data, "mode", true, &mode))
    return -1;
  int bit = delivery_bit(span_of(mode));
  if (!bit || (it->delivery && !(it->delivery & (unsigned)bit)))
    return bad_argument(w, "mode", "该事项不提供这种领取方式", "This item does not offer this delivery");
  if (bit == DELIVERY_COURIER && !*w->c->delivery_address)
    return refuse(w, ERROR_RULE, "no-address", "申请人没有填写邮寄地址", "The applicant gave no address for a courier");
  if (take_text(w, w->data, "tracking", bit == DELIVERY_COURIER, &tracking))
    return -1;
  bool identity = false;
  if (bit == DELIVERY_WINDOW && check_pick_up(w, &identity))
    return -1;
  return deliver(w, item, mode, tracking, identity);
}

static int do_revoke(struct work *w)
{
  int item = 0;
  const char *reasons = "", *basis = "";
  if (w->c->state < CASE_ACCEPTED)
    return wrong_state(w);
  if (take_item(w, &item) || take_text(w, w->data, "reasons", true, &reasons) || take_text(w, w->data, "basis", true, &basis))
    return -1;
  const struct case_item *it = &w->c->items[item];
  if (it->state < ITEM_GRANTED || it->state > ITEM_DELIVERED)
    return wrong_item_state(w, item);
  if (strcmp(w->command->actor.id, it->decided_by) == 0 || strcmp(w->command->actor.id, w->c->accepted_by) == 0)
    return refuse(w, ERROR_FORBIDDEN, "separation-of-duties", "您办理过本办件，不能再以监督身份处理：办理与监督相分离",
                  "You handled this case and cannot supervise it: handling and supervision are separate");
  json_t *data = json_pack("{s:s,s:s}", "reasons", reasons, "basis", basis);
  add_paper(w, data, PAPER_REVOCATION);
  return emit(w, "revoked", item, data) || settle(w) ? -1 : 0;
}

/* ---- trips ---- */

static int do_presence(struct work *w)
{
  const char *why = "";
  if (w->c->state < CASE_DRAFT || case_state_closed(w->c->state))
    return wrong_state(w);
  if (take_text(w, w->data, "why", true, &why))
    return -1;
  for (int i = 0; i < PRESENCE_COUNT; i++)
    if (strcmp(why, presence_names[i]) == 0)
      return note_presence(w, i);
  return bad_argument(w, "why", "到场原因应为核验身份、核对原件、签字、检查、领取或递交材料",
                      "A presence is identity, original, signature, examination, pick-up or hand-in");
}

static int do_errand(struct work *w)
{
  const char *why = "";
  if (case_state_closed(w->c->state))
    return wrong_state(w);
  if (check_not_reviewer(w) || take_text(w, w->data, "why", true, &why))
    return -1;
  return emit(w, "errand", -1, json_pack("{s:s}", "why", why));
}

/* ---- time ---- */

static int overdue(struct work *w, int item, const char *level, struct due due)
{
  return emit(w, "overdue", item, json_pack("{s:s,s:o}", "level", level, "due", due_json(due)));
}

static int wake_item(struct work *w, int i)
{
  const struct case_item *it = &w->c->items[i];
  if (item_under_way(it)) {
    if (!it->warned && !it->yellow && it->warn.day != DAY_NONE && w->d->now >= day_start(it->warn.day) &&
        overdue(w, i, "warning", it->promise))
      return -1;
    if (!it->yellow && is_over(w, it->promise) && overdue(w, i, "yellow", it->promise))
      return -1;
    if (!it->red && is_over(w, it->legal) && overdue(w, i, "red", it->legal))
      return -1;
  }
  if (it->state == ITEM_GRANTED && !it->late_issue && is_over(w, it->issue_due))
    return overdue(w, i, "issue", it->issue_due);
  return 0;
}

static int do_wake(struct work *w)
{
  if (w->c->state == CASE_SUBMITTED && is_over(w, w->c->notice) && accept(w, true))
    return -1;
  if (w->c->state == CASE_CORRECTION && is_over(w, w->c->correction))
    return emit(w, "lapsed", -1, json_pack("{s:s}", "reason", "补正材料逾期未交（补正不来） / corrections did not come in time"));
  if (w->c->state < CASE_ACCEPTED || case_state_closed(w->c->state))
    return 0;
  if (end_tolerance(w) || remind(w) || wake_gatherings(w) || wake_consent(w))
    return -1;
  for (int i = 0; (size_t)i < w->c->item_count; i++)
    if (wake_item(w, i))
      return -1;
  return 0;
}

static bool same_due(struct due a, struct due b)
{
  return a.day == b.day && a.provisional == b.provisional;
}

static int recalculate_item(struct work *w, int i)
{
  const struct case_item *it = &w->c->items[i];
  if (it->state == ITEM_GRANTED || it->state == ITEM_GRANTED_TOLERANT) {
    struct due issue = due_after(w, day_of(it->decided), ISSUE_DAYS);
    return same_due(issue, it->issue_due) ? 0 : emit(w, "clocks-changed", i, json_pack("{s:o}", "issue_due", due_json(issue)));
  }
  if (!item_under_way(it))
    return 0;
  struct clocks k = item_clocks(w, it, it->paused, it->extended);
  if (same_due(k.legal, it->legal) && same_due(k.promise, it->promise) && same_due(k.warn, it->warn))
    return 0;
  json_t *data = json_object();
  put_clocks(data, &k);
  return emit(w, "clocks-changed", i, data);
}

/* The notice of a year's holidays is out: limits that reach into it are computed again, once for each case that has one. */
static int do_recalculate(struct work *w)
{
  struct casefile *c = w->c;
  if (case_state_closed(c->state))
    return wrong_state(w);
  struct due notice = c->notice, joint = c->joint_due;
  if (notice.day != DAY_NONE)
    notice = due_after(w, c->received, NOTICE_DAYS);
  if (joint.day != DAY_NONE)
    joint = due_after(w, c->accepted_day, c->cap);
  if ((!same_due(notice, c->notice) || !same_due(joint, c->joint_due)) &&
      emit(w, "clocks-changed", -1,
           json_pack("{s:o,s:o,s:o}", "notice", due_json(notice), "correction", due_json(c->correction), "joint", due_json(joint))))
    return -1;
  for (int i = 0; (size_t)i < c->item_count; i++)
    if (recalculate_item(w, i))
      return -1;
  return 0;
}

/* ---- the table ---- */

/* One row a command: X(name, roles, function, arguments, zh, en). */
#define COMMANDS(X)                                                                                                                \
  X("draft", MAY_APPLICANT | MAY_CLERK, do_draft, "thing, plan, applicant: {name, phone, id_number?, account?}, district?",        \
    "建立草稿并取得办件号", "starts a draft and draws its number")                                                                 \
  X("save", MAY_APPLICANT | MAY_CLERK, do_save, "fields?: {id: value}, delivery?: {mode, address?}", "保存表单和领取方式",         \
    "saves fields of the form and how the results are delivered")                                                                  \
  X("attach", MAY_APPLICANT | MAY_CLERK, do_attach, "material, sha256, name, type, size", "上传一份材料",                          \
    "adds a file to a material, also a deferred one after acceptance")                                                             \
  X("detach", MAY_APPLICANT | MAY_CLERK, do_detach, "attachment", "撤下一份文件", "takes a file out again")                        \
  X("submit", MAY_APPLICANT | MAY_CLERK, do_submit, "plan?, commitment?: true", "提交申请",                                        \
    "hands the application in; commitment opts in to handing deferrable materials in later")                                       \
  X("resubmit", MAY_APPLICANT | MAY_CLERK, do_resubmit, "", "补正后再次提交", "hands it in again after corrections")               \
  X("withdraw", MAY_APPLICANT | MAY_CLERK, do_withdraw, "reason", "撤回申请", "withdraws what is not decided yet")                 \
  X("accept", MAY_CLERK, do_accept, "tolerant?: true", "受理", "accepts it and numbers the notice of acceptance")                  \
  X("ask-correction", MAY_CLERK, do_ask_correction, "missing: [{material|field, standard}], days?", "一次性告知补正",              \
    "asks for corrections, once and whole")                                                                                        \
  X("fix", MAY_CLERK, do_fix, "note, fields?", "当场更正", "notes what was mended on the spot")                                    \
  X("refuse", MAY_CLERK, do_refuse, "why: not-required|no-jurisdiction, reasons, right_body", "不予受理", "does not take it on")   \
  X("presence", MAY_CLERK, do_presence, "why: identity|original|signature|examination|pick-up|hand-in", "记录申请人到场",          \
    "records that the applicant came; presences of one day are one trip")                                                          \
  X("errand", MAY_CLERK, do_errand, "why", "记录帮办代办", "records an errand staff ran for the applicant")                        \
  X("step-done", MAY_OFFICER, do_step_done, "step, result: pass|fail, opinion", "完成环节", "finishes a step with an opinion")     \
  X("special-start", MAY_OFFICER, do_special_start,                                                                                \
    "item, type: hearing|tender|auction|inspection|testing|quarantine|appraisal|expert-review, days, reason", "启动特别程序",      \
    "stops the clocks for the days approved")                                                                                      \
  X("special-end", MAY_OFFICER, do_special_end, "item, result?", "结束特别程序", "lets the clocks run again")                      \
  X("extend", MAY_OFFICER, do_extend, "item, days, reason, approved_by", "延长期限", "extends the limits of an item, once")        \
  X("decide", MAY_OFFICER, do_decide, "item, granted: true|false, reasons, remedy, tolerant?: true", "作出决定",                   \
    "grants or refuses an item; a refusal names the remedy")                                                                       \
  X("issue", MAY_ISSUER, do_issue, "item", "出件", "numbers and issues the result")                                                \
  X("deliver", MAY_ISSUER | MAY_SYSTEM, do_deliver, "item, mode: e-certificate|courier|window, tracking?, identity?", "送达",      \
    "hands the result over; a pick-up is a trip")                                                                                  \
  X("take-up", MAY_OFFICER, do_take_up, "step | item", "着手办理", "notes that work on a step or a decision has begun")            \
  X("offer-dates", MAY_OFFICER | MAY_SUPERVISOR, do_offer_dates,                                                                   \
    "kind: visit|meeting, step | agencies + topic, dates: [{day, half: morning|afternoon}], reason?", "提供踏勘或会议日期",        \
    "offers dates for the joint visit a step belongs to, or for a joint meeting")                                                  \
  X("say-dates", MAY_OFFICER | MAY_SUPERVISOR, do_say_dates, "gathering, dates: [index]", "确认可行日期",                          \
    "says which of the dates suit the department")                                                                                 \
  X("choose-date", MAY_APPLICANT | MAY_CLERK | MAY_OFFICER | MAY_SUPERVISOR, do_choose_date, "gathering, date", "选定日期",        \
    "chooses a date that suits all: the applicant of a visit, who called it of a meeting")                                         \
  X("minutes", MAY_OFFICER | MAY_SUPERVISOR, do_minutes,                                                                           \
    "gathering, result: pass|fail (of a visit), findings, photos?: [{sha256, name, type, size}]", "提交踏勘或会议记录",            \
    "writes the department's minutes; of a visit they finish its steps")                                                           \
  X("close-gathering", MAY_OFFICER | MAY_SUPERVISOR, do_close_gathering, "gathering, reason?, resolution?, dates?",                \
    "结束踏勘或会议", "ends it: who is missing, why, and when they go; of a meeting its resolution")                               \
  X("call-off", MAY_OFFICER | MAY_SUPERVISOR, do_call_off, "gathering, reason", "取消踏勘或会议", "calls it off")                  \
  X("message", MAY_CLERK | MAY_OFFICER | MAY_SUPERVISOR, do_message,                                                               \
    "text, to?: agency|centre, days?, answers?, shared?: true, resolution?: true", "发送协同意见",                                 \
    "writes to the departments; with days an answer is due")                                                                       \
  X("add-department", MAY_OFFICER | MAY_SUPERVISOR, do_add_department, "item, agency, takes, reason", "增加协办部门",              \
    "asks another department for its opinion, within the promise")                                                                 \
  X("remove-department", MAY_OFFICER | MAY_SUPERVISOR, do_remove_department, "step, reason", "移除协办部门",                       \
    "takes back a department that joined midway and has done nothing")                                                             \
  X("return-step", MAY_OFFICER, do_return_step, "step, reason", "退回环节", "returns to an earlier step")                          \
  X("reopen", MAY_OFFICER, do_reopen, "item, reasons", "重新决定", "takes a decision back before its result is issued")            \
  X("escalate", MAY_OFFICER, do_escalate, "item?, reason, instance, days", "提请协调",                                             \
    "puts a disagreement before somebody named, with a day for the ruling")                                                        \
  X("rule", MAY_SUPERVISOR, do_rule, "dispute, ruling, reasons", "裁定", "rules on a disagreement")                                \
  X("deferred-unfit", MAY_OFFICER, do_unfit, "material, standard", "容缺补交材料不符合要求",                                       \
    "finds a material that was handed in later not to meet the standard")                                                          \
  X("revoke", MAY_SUPERVISOR, do_revoke, "item, reasons, basis", "撤销", "revokes a grant")                                        \
  X("recalculate", MAY_SUPERVISOR | MAY_SYSTEM, do_recalculate, "", "按新公布的日历重新计算期限",                                  \
    "computes limits again after a new calendar")                                                                                  \
  X("erase", MAY_RECORDS, do_erase, "ground: purpose-achieved|period-over|consent-withdrawn|unlawful", "销毁个人信息",             \
    "destroys everything personal of a case that has ended")                                                                       \
  X("wake", MAY_SYSTEM, do_wake, "", "期限到期处理", "what the passing of time brings")

const struct casework_command casework_commands[] = {
#define X(name, roles, function, arguments, zh, en) {name, roles, arguments, {zh, en}},
    COMMANDS(X)
#undef X
        {NULL},
};

static int (*const functions[])(struct work *) = {
#define X(name, roles, function, arguments, zh, en) function,
    COMMANDS(X)
#undef X
};

static unsigned role_bit(const char *role)
{
  static const char *const names[] = {"applicant", "clerk", "officer", "issuer", "supervisor", "system", "records"};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(role, names[i]) == 0)
      return 1u << i;
  return 0;
}

static int check_actor(struct work *w, const struct casework_command *command)
{
  if (!(command->roles & role_bit(w->command->actor.role)))
    return refuse(w, ERROR_FORBIDDEN, "not-your-role", arena_printf(w->d->arena, "您的岗位不能“%s”", command->does.zh),
                  arena_printf(w->d->arena, "Your role may not do this: %s", command->does.en));
  if (w->c->erased)
    return refuse(w, ERROR_RULE, "erased", "该办件的个人信息已依法销毁，不能再办理",
                  "What was personal in this case has been erased: nothing can be done with it any more");
  bool stranger = is_role(w, "applicant") && w->c->state != CASE_NONE && strcmp(w->command->actor.id, w->c->account) != 0;
  bool absent = w->c->state == CASE_NONE && strcmp(command->name, "draft") != 0;
  if (stranger || absent)
    return refuse(w, ERROR_NOT_FOUND, "not-found", "没有这个办件，或者它不是您的办件", "There is no such case, or it is not yours");
  return 0;
}

static int decide(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  struct work w = {.command = command,
                   .d = d,
                   .error = error,
                   .c = casefile_clone(state, d->arena),
                   .data = command->data,
                   .calendar = &d->world->catalog->calendar,
                   .today = day_of(d->now)};
  for (size_t i = 0; casework_commands[i].name; i++)
    if (strcmp(casework_commands[i].name, command->type) == 0)
      return check_actor(&w, &casework_commands[i]) ? -1 : functions[i](&w);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", command->type);
}

/* ---- when to wake ---- */

static void sooner(moment *at, moment other)
{
  if (!*at || other < *at)
    *at = other;
}

static void over(moment *at, struct due due)
{
  if (due.day != DAY_NONE)
    sooner(at, day_end(due.day) + 1);
}

static void item_due(const struct case_item *it, moment *at)
{
  if (it->state == ITEM_GRANTED && !it->late_issue)
    over(at, it->issue_due);
  if (!item_under_way(it))
    return;
  if (!it->warned && !it->yellow && it->warn.day != DAY_NONE)
    sooner(at, day_start(it->warn.day));
  if (!it->yellow)
    over(at, it->promise);
  if (!it->red)
    over(at, it->legal);
}

static moment due(const void *state)
{
  const struct casefile *c = state;
  moment at = 0;
  if (c->state == CASE_SUBMITTED)
    over(&at, c->notice);
  if (c->state == CASE_CORRECTION)
    over(&at, c->correction);
  if (c->state < CASE_ACCEPTED || case_state_closed(c->state))
    return at;
  for (size_t i = 0; i < c->material_count; i++)
    over(&at, c->materials[i].deferred);
  over(&at, (struct due){joint_due(c), false});
  if (remind_due(c) != DAY_NONE)
    sooner(&at, day_start(remind_due(c)));
  for (size_t i = 0; i < c->item_count; i++)
    item_due(&c->items[i], &at);
  return at;
}

const struct kind casefile_kind = {.name = "case",
                                   .state_size = sizeof(struct casefile),
                                   .decide = decide,
                                   .evolve = casefile_evolve,
                                   .project = casefile_project,
                                   .due = due,
                                   .erasing = "erased",
                                   .erase = casefile_erase_rows};
