/*
 * shapes_item.c: items (事项): what may be applied for.
 */
#include "catalog/shape.h"

#include <string.h>

#include "catalog/codes.h"

static const struct key basis_keys[] = {
    {"law", KEY_TEXT, AT(struct basis, law), MUST},
    {"article", KEY_TEXT, AT(struct basis, article), MUST},
};
const struct shape basis_shape = {SHAPE("依据", "a basis", struct basis, basis_keys)};

/* ---- limits ---- */

/* Working days at a node; -1 where there are none to read. */
static int days_at(const struct node *node)
{
  return node && node->kind == NODE_SCALAR ? read_days(node->text) : -1;
}

static void check_limits(struct reader *r, const struct node *node, void *target)
{
  const struct item *item = target;
  const struct node *statutory = node_get(node, "statutory"), *promised = node_get(node, "promised");
  if (item->instant && (statutory || promised)) {
    reader_add(r, node, "bad-value", ((struct words){"即办件只写 instant: true", "an instant item has instant: true alone"}),
               "「%s」自相矛盾", "'%s' contradicts itself", "limits");
    return;
  }
  if (!item->instant && (!statutory || !promised)) {
    reader_add(r, node, "missing-key",
               ((struct words){"写 {statutory: 20wd, promised: 5wd} 或 {instant: true}",
                               "write {statutory: 20wd, promised: 5wd} or {instant: true}"}),
               "时限缺少「%s」", "the limits have no '%s'", statutory ? "promised" : "statutory");
    return;
  }
  if (days_at(statutory) >= 0 && days_at(promised) > days_at(statutory))
    reader_add(
        r, promised, "promise-over-statutory", ((struct words){"承诺时限不能长于法定时限", "promise no more than the law allows"}),
        "承诺 %d 个工作日，超过法定的 %d 个", "promised %d working days is over the statutory %d", item->promised, item->statutory);
}

static const struct key limits_keys[] = {
    {"statutory", KEY_DAYS, AT(struct item, statutory)},
    {"promised", KEY_DAYS, AT(struct item, promised)},
    {"instant", KEY_TRUE, AT(struct item, instant)},
};
static const struct shape limits_shape = {SHAPE("时限", "limits", struct item, limits_keys), .check = check_limits};

/* ---- codes ---- */

static const struct key code_keys[] = {
    {"basic", KEY_TEXT, AT(struct item, basic_code), MUST},
    {"implementation", KEY_TEXT, AT(struct item, implementation_code), MUST},
};
static const struct shape code_shape = {SHAPE("编码", "a code", struct item, code_keys)};

static void wrong_code(struct reader *r, const struct node *node, const char *code, struct words why)
{
  struct words remedy = {"按 GB/T 39554.1-2020 编码，见 docs/catalogue.md「编码」",
                         "code it by GB/T 39554.1-2020: see docs/catalogue.md, Codes"};
  struct words wrong = {arena_printf(r->report.arena, "编码「%s」%s", code, why.zh),
                        arena_printf(r->report.arena, "the code '%s' %s", code, why.en)};
  report_put(&r->report, node->place, "wrong-code", remedy, wrong);
}

static void check_basic_code(struct reader *r, const struct node *node, const struct item *item)
{
  const char *code = item->basic_code;
  if (!basic_code_valid(span_of(code)))
    wrong_code(r, node, code, (struct words){"不是 12 位基本编码", "is no basic code of 12 characters"});
  else if ((code[2] - '0') * 10 + code[3] - '0' != item_kind_code(item->kind))
    wrong_code(r, node, code,
               (struct words){arena_printf(r->report.arena, "的事项类型不是 %02d", item_kind_code(item->kind)),
                              arena_printf(r->report.arena, "does not bear %02d, its kind of item", item_kind_code(item->kind))});
}

static void check_implementation_code(struct reader *r, const struct node *node, const struct item *item)
{
  const char *code = item->implementation_code;
  if (!implementation_code_valid(span_of(code))) {
    wrong_code(r, node, code,
               (struct words){"不是 31 位实施编码，或校验码不对",
                              "is no implementation code of 31 characters, or its check digits are wrong"});
    return;
  }
  if (item->agency && item->agency->uscc && strncmp(code, item->agency->uscc, 18) != 0)
    wrong_code(r, node, code, (struct words){"的前 18 位不是实施主体的代码", "does not start with the code of its agency"});
  if (code[18] - '0' != (int)item->level)
    wrong_code(r, node, code, (struct words){"的第 19 位不是行使层级", "does not bear its level in place 19"});
  if (item->basic_code && strcmp(code + 19, item->basic_code) != 0)
    wrong_code(r, node, code, (struct words){"的后 12 位不是基本编码", "does not end with the basic code"});
}

/* ---- materials, presence, steps, fees ---- */

static const struct key intermediary_keys[] = {
    {"service", KEY_WORDS, AT(struct item_material, intermediary), MUST},
    {"takes", KEY_DAYS, AT(struct item_material, intermediary_days), MUST},
    {"before", KEY_WORD, AT(struct item_material, intermediary_before), .vocabulary = &step_kinds},
};
static const struct shape intermediary_shape = {SHAPE("中介服务", "an intermediary", struct item_material, intermediary_keys)};

/* A bound without the assessment it belongs to would never be read. */
static void check_within(struct reader *r, const struct node *node, const char *kind)
{
  const struct node *within = node_get(node, "within");
  if (within && !kind)
    reader_add(r, within, "bad-value",
               ((struct words){"写明由哪种区域评估覆盖，或删去 within", "name the assessment that covers it, or remove within"}),
               "没有区域评估，「%s」无从比较", "there is no assessment for '%s' to hold against", "within");
}

static void check_item_material(struct reader *r, const struct node *node, void *target)
{
  const struct item_material *m = target;
  const struct node *from = node_get(node, "from"), *assessment = node_get(node, "assessment");
  if (from && m->from == FROM_GOVERNMENT && m->material && !m->material->holder)
    reader_add(r, from, "not-held",
               ((struct words){"改为 from: applicant，或在 materials.yaml 里写明持有部门",
                               "write from: applicant, or name its holder in materials.yaml"}),
               "没有政府部门持有「%s」", "no agency holds '%s'", m->material->id);
  if (from && m->from == FROM_ZONE && !assessment)
    reader_add(r, from, "missing-key", ((struct words){"加上「assessment:」", "add 'assessment:'"}), "来自区域评估的材料缺少「%s」",
               "a material from a zone has no '%s'", "assessment");
  if (from && m->from != FROM_ZONE && assessment)
    reader_add(r, assessment, "bad-value",
               ((struct words){"改为 from: zone，或删去 assessment", "write from: zone, or remove assessment"}),
               "只有 from: zone 才有「%s」", "only from: zone has '%s'", "assessment");
  check_within(r, node, m->assessment);
  if (m->defer && m->material && m->material->core)
    reader_add(r, node_get(node, "defer"), "core-deferred",
               ((struct words){"删去 defer：事关安全或环境的关键材料不得容缺",
                               "remove defer: what safety or the environment rests on never follows later"}),
               "「%s」是安全或环境的关键材料，不能容缺", "'%s' is core to safety or the environment and cannot follow later",
               m->material->id);
}

static const struct key item_material_keys[] = {
    {"material", KEY_REF, AT(struct item_material, material), MUST, .index = INDEX_MATERIAL},
    {"from", KEY_ENUM, AT(struct item_material, from), MUST, .vocabulary = &sources},
    {"when", KEY_FEEL, AT(struct item_material, when)},
    {"defer", KEY_DAYS, AT(struct item_material, defer)},
    {"basis", KEY_ONE, AT(struct item_material, basis), MUST, .shape = &basis_shape},
    {"assessment", KEY_WORD, AT(struct item_material, assessment), .vocabulary = &assessments},
    {"within", KEY_FEEL, AT(struct item_material, within)},
    {"intermediary", KEY_INSIDE, .shape = &intermediary_shape},
    {"fields", KEY_REFS, COUNTED(struct item_material, fields, field_count), .index = INDEX_FIELD},
    {"per", KEY_YES, AT(struct item_material, once), .vocabulary = &shares},
};
static const struct shape item_material_shape = {SHAPE("材料", "a material", struct item_material, item_material_keys),
                                                 PLACED(struct item_material), .check = check_item_material};

static const struct key presence_keys[] = {
    {"why", KEY_ENUM, AT(struct presence, why), MUST, .vocabulary = &presences},
    {"when", KEY_FEEL, AT(struct presence, when)},
    {"basis", KEY_ONE, AT(struct presence, basis), MUST, .shape = &basis_shape},
};
static const struct shape presence_shape = {SHAPE("到场", "a presence", struct presence, presence_keys), PLACED(struct presence)};

static const struct key silence_keys[] = {
    {"after", KEY_DAYS, AT(struct step, silent_after), MUST},
    {"law", KEY_TEXT, AT(struct step, silent_law), MUST},
    {"article", KEY_TEXT, AT(struct step, silent_article), MUST},
};
static const struct shape silence_shape = {SHAPE("默认同意", "silent consent", struct step, silence_keys)};

static const struct key step_keys[] = {
    {"step", KEY_WORD, AT(struct step, step), MUST, .vocabulary = &step_kinds},
    {"takes", KEY_DAYS, AT(struct step, takes), MUST},
    {"role", KEY_YES, AT(struct step, assist), .vocabulary = &roles},
    {"clock", KEY_YES, AT(struct step, clock_excluded), .vocabulary = &clocks},
    {"agency", KEY_REF, AT(struct step, agency), .index = INDEX_AGENCY},
    {"when", KEY_FEEL, AT(struct step, when)},
    {"merge", KEY_ID, AT(struct step, merge)},
    {"covered-by", KEY_WORD, AT(struct step, covered_by), .vocabulary = &assessments},
    {"within", KEY_FEEL, AT(struct step, within)},
    {"silent", KEY_INSIDE, .shape = &silence_shape},
};

/* Silence is consent for an opinion only, and never makes it take longer. */
static void check_step(struct reader *r, const struct node *node, void *target)
{
  const struct step *step = target;
  const struct node *silent = node_get(node, "silent");
  check_within(r, node, step->covered_by);
  if (silent && !step->assist)
    reader_add(r, silent, "silence-of-the-lead",
               ((struct words){"只有协办意见可以默认同意：写 role: assist，或删去 silent",
                               "only an assisting opinion may be given by silence: write role: assist, or remove silent"}),
               "主办环节不能有「%s」", "a step of the lead department has no '%s'", "silent");
  else if (silent && (step->silent_after < 1 || step->silent_after > step->takes))
    reader_add(
        r, silent, "silence-over-takes",
        ((struct words){"after 应为 1 个工作日以上、不超过 takes", "after is at least a working day, and no more than takes"}),
        "默认同意在 %d 个工作日之后，环节只有 %d 个", "silence is consent after %d working days, of a step that takes %d",
        step->silent_after, step->takes);
}
static const struct shape step_shape = {SHAPE("步骤", "a step", struct step, step_keys), PLACED(struct step), .check = check_step};

static const struct key fee_keys[] = {
    {"name", KEY_WORDS, AT(struct fee, name), MUST},
    {"amount", KEY_FEN, AT(struct fee, fen), MUST},
    {"basis", KEY_ONE, AT(struct fee, basis), MUST, .shape = &basis_shape},
};
static const struct shape fee_shape = {SHAPE("收费", "a fee", struct fee, fee_keys)};

/* ---- what follows ---- */

static void check_result(struct reader *r, const struct node *node, void *target)
{
  (void)target;
  if (!node_get(node, "certificate") == !node_get(node, "document"))
    reader_add(r, node, "bad-value",
               ((struct words){"写 certificate 或 document 其中一个", "name one of certificate and document"}),
               "「%s」应当是一个证照或一个文书", "'%s' is one certificate or one document", "result");
}

static const struct key result_keys[] = {
    {"certificate", KEY_REF, AT(struct item, result), .index = INDEX_CERTIFICATE},
    {"document", KEY_ID, AT(struct item, document)},
    {"valid", KEY_MONTHS, AT(struct item, valid_months)},
};
static const struct shape result_shape = {SHAPE("结果", "a result", struct item, result_keys), .check = check_result};

static const struct key follow_up_keys[] = {
    {"by", KEY_REF, AT(struct item, follow_up_by), MUST, .index = INDEX_AGENCY},
    {"within", KEY_DAYS, AT(struct item, follow_up_within), MUST},
    {"what", KEY_WORDS, AT(struct item, follow_up), MUST},
};
static const struct shape follow_up_shape = {SHAPE("后续监管", "a follow-up", struct item, follow_up_keys)};

/* ---- the item ---- */

static void check_steps(struct reader *r, const struct node *node, const struct node *limits, const struct item *item)
{
  if (!item->instant && days_at(node_get(limits, "promised")) < 0)
    return; /* said already */
  int sum = 0;
  for (size_t i = 0; i < item->step_count; i++)
    sum += item->steps[i].clock_excluded ? 0 : item->steps[i].takes;
  if (sum > item->promised)
    reader_add(r, node, "steps-over-promise",
               ((struct words){"缩短步骤、延长承诺，或为法律不计时的步骤写 clock: excluded",
                               "shorten steps, promise more, or mark steps the law does not count with clock: excluded"}),
               "各步骤共 %d 个工作日，超过承诺的 %d 个", "the steps take %d working days, over the %d promised", sum,
               item->promised);
}

static void check_twice(struct reader *r, const struct node *materials, const struct item *item)
{
  for (size_t i = 1; i < item->material_count; i++) {
    for (size_t j = 0; j < i; j++) {
      const struct material *m = item->materials[i].material;
      bool both_always = !item->materials[i].when || !item->materials[j].when;
      if (m && m == item->materials[j].material && both_always)
        reader_add(r, materials->list[i], "duplicate-material", ((struct words){"每份材料只要一次", "ask for each material once"}),
                   "材料「%s」要了两次", "the material '%s' is asked for twice", m->id);
    }
  }
}

/* What may follow has to follow within the time that the law gives the decision. */
static void check_deferrals(struct reader *r, const struct node *materials, const struct item *item)
{
  for (size_t i = 0; i < item->material_count && !item->instant; i++)
    if (item->statutory > 0 && item->materials[i].defer > item->statutory)
      reader_add(r, node_get(materials->list[i], "defer"), "defer-over-statutory",
                 ((struct words){"补齐期限不得超过法定时限", "it follows within the statutory limit"}),
                 "容缺 %d 个工作日，超过法定的 %d 个", "it may follow within %d working days, over the statutory %d",
                 item->materials[i].defer, item->statutory);
}

static void check_item(struct reader *r, const struct node *node, void *target)
{
  struct item *item = target;
  const struct node *code = node_get(node, "code"), *basis = node_get(node, "basis"), *steps = node_get(node, "steps");
  if (node_get(code, "basic") && item->basic_code)
    check_basic_code(r, node_get(code, "basic"), item);
  if (node_get(code, "implementation") && item->implementation_code)
    check_implementation_code(r, node_get(code, "implementation"), item);
  if (basis && basis->kind == NODE_LIST && basis->count == 0)
    reader_add(r, basis, "missing-basis", ((struct words){"写明法律和条款", "name the law and article"}), "「%s」没有设定依据",
               "'%s' has no legal basis", item->id ? item->id : "item");
  check_within(r, node, item->covered_by);
  if (steps && node_get(node, "limits"))
    check_steps(r, steps, node_get(node, "limits"), item);
  if (node_get(node, "materials"))
    check_twice(r, node_get(node, "materials"), item);
  if (node_get(node, "materials"))
    check_deferrals(r, node_get(node, "materials"), item);
  for (size_t i = 0; i < item->step_count; i++) {
    struct step *step = (struct step *)&item->steps[i]; /* ours, still being made */
    if (!step->agency)
      step->agency = item->agency;
  }
}

static const struct key item_keys[] = {
    {"item", KEY_ID, AT(struct item, id), MUST},
    {"name", KEY_WORDS, AT(struct item, name), MUST},
    {"also", KEY_TEXTS, COUNTED(struct item, also, also_count), MUST},
    {"kind", KEY_ENUM, AT(struct item, kind), MUST, .vocabulary = &item_kinds},
    {"agency", KEY_REF, AT(struct item, agency), MUST, .index = INDEX_AGENCY},
    {"level", KEY_ENUM, AT(struct item, level), MUST, .vocabulary = &levels},
    {"code", KEY_INSIDE, MUST, .shape = &code_shape},
    {"basis", KEY_MANY, COUNTED(struct item, basis, basis_count), MUST, .shape = &basis_shape},
    {"stage", KEY_INT, AT(struct item, stage), .low = 1, .high = 4},
    {"covered-by", KEY_WORD, AT(struct item, covered_by), .vocabulary = &assessments},
    {"within", KEY_FEEL, AT(struct item, within)},
    {"per", KEY_YES, AT(struct item, once), .vocabulary = &shares},
    {"limits", KEY_INSIDE, MUST, .shape = &limits_shape},
    {"channels", KEY_SET, AT(struct item, channels), MUST, .vocabulary = &channels},
    {"coverage", KEY_ENUM, AT(struct item, coverage), MUST, .vocabulary = &levels},
    {"delivery", KEY_SET, AT(struct item, delivery), MUST, .vocabulary = &deliveries},
    {"fees", KEY_MANY, COUNTED(struct item, fees, fee_count), MUST, .shape = &fee_shape},
    {"presence", KEY_MANY, COUNTED(struct item, presence, presence_count), MUST, .shape = &presence_shape},
    {"materials", KEY_MANY, COUNTED(struct item, materials, material_count), MUST, .shape = &item_material_shape},
    {"steps", KEY_MANY, COUNTED(struct item, steps, step_count), MUST, .shape = &step_shape},
    {"needs", KEY_REFS, COUNTED(struct item, needs, need_count), .index = INDEX_ITEM},
    {"excludes", KEY_REFS, COUNTED(struct item, excludes, exclude_count), .index = INDEX_ITEM},
    {"result", KEY_INSIDE, MUST, .shape = &result_shape},
    {"follow-up", KEY_INSIDE, .shape = &follow_up_shape},
    SAMPLE,
};
const struct shape item_shape = {SHAPE("事项", "an item", struct item, item_keys), PLACED(struct item), .check = check_item};
