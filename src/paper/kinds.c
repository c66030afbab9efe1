/*
 * The words of the papers that the window serves: receipt, acceptance, corrections, non-acceptance, what may follow, the end.
 * «许可法» is the Administrative Licensing Law (2019).
 */
#include <string.h>

#include "account/account.h"
#include "paper/words.h"

#define LAW "《中华人民共和国行政许可法》"
#define REMEDY                                                                                                                                                                           \
  "如不服本决定，可以自收到本决定书之日起六十日内依法向有管辖权的行政复议机关申请行政复议，或者自收到本决定书之日起六个月内" \
  "依法向有管辖权的人民法院提起行政诉讼。"

static const char *channel(const char *word)
{
  static const struct {
    const char *word, *zh;
  } list[] = {{"web", "网上"}, {"mobile", "移动端"}, {"window", "窗口"}, {"kiosk", "自助终端"}, {"api", "网上"}};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (strcmp(list[i].word, word) == 0)
      return list[i].zh;
  return "网上";
}

static struct sheet_block *case_facts(struct drafting *d)
{
  const struct casefile *c = d->c;
  struct sheet_block *facts = sheet_facts(d);
  sheet_fact(d, facts, "申请人", c->applicant);
  sheet_fact(d, facts, "证件号码", *c->id_number ? account_masked(d->arena, c->id_number) : "");
  sheet_fact(d, facts, "联系电话", c->phone);
  sheet_fact(d, facts, "申请事项", c->name.zh);
  sheet_fact(d, facts, "办件编号", c->number);
  sheet_fact(d, facts, "申请日期", c->submitted ? sheet_day(d, day_of(c->submitted)) : "");
  return facts;
}

static void items_table(struct drafting *d)
{
  struct sheet_block *table = sheet_table(d, 3, (const int[]){8, 52, 40}, true);
  *sheet_add_row(d, table) = (struct sheet_row){{"序号", "事项", "办理部门"}};
  for (size_t i = 0; i < d->c->item_count; i++)
    *sheet_add_row(d, table) = (struct sheet_row){
        {arena_printf(d->arena, "%zu", i + 1), d->c->items[i].name.zh, sheet_agency(d, d->c->items[i].agency).zh}};
}

static const char *material_state(struct drafting *d, const struct case_material *m)
{
  static const char *const words[] = {"", "由表单生成", "政府部门共享，无需提交", "本件办理中生成", "区域评估成果，无需提交"};
  if (m->source != SOURCE_UPLOAD)
    return words[m->source];
  if (m->attached)
    return arena_printf(d->arena, "已收 %d 份（电子件）", m->attached);
  return m->defer ? "未交，可容缺后补" : "未交";
}

static void materials_table(struct drafting *d)
{
  struct sheet_block *table = sheet_table(d, 3, (const int[]){8, 52, 40}, true);
  *sheet_add_row(d, table) = (struct sheet_row){{"序号", "材料名称", "收取情况"}};
  for (size_t i = 0; i < d->c->material_count; i++) {
    const struct case_material *m = &d->c->materials[i];
    *sheet_add_row(d, table) = (struct sheet_row){{arena_printf(d->arena, "%zu", i + 1), m->name.zh, material_state(d, m)}};
  }
}

void sheet_of_receipt(struct drafting *d)
{
  const struct casefile *c = d->c;
  sheet_text(d, "你（单位）于%s通过%s提交的“%s”申请及下列材料收悉。", sheet_day(d, day_of(d->event->at)),
             channel(d->event->actor.channel), c->name.zh);
  struct sheet_block *facts = case_facts(d);
  sheet_fact(d, facts, "收件日期", sheet_day(d, c->received));
  sheet_fact(d, facts, "查询码", c->code);
  sheet_head(d, "一、申请办理的事项");
  items_table(d);
  sheet_head(d, "二、收到的材料");
  materials_table(d);
  sheet_text(d,
             "依据" LAW "第三十二条，本中心将于%s前告知是否受理；申请材料不齐全或者不符合法定形式的，一次性告知需要补正的全部内容。"
             "逾期不告知的，自收到申请材料之日起即为受理。",
             sheet_due(d, c->notice));
  sheet_text(d, "凭办件编号和查询码可随时查询办理进度。本凭证不代表申请已被受理。");
  d->sheet->english = arena_printf(
      d->arena,
      "Receipt of the application “%s” (case %s) on %s. You will be told by %s whether it is accepted; if not told, it counts "
      "as accepted from the day of receipt (Administrative Licensing Law, art. 32).",
      c->name.en, c->number, sheet_day_en(d, c->received), sheet_day_en(d, c->notice.day));
}

void sheet_of_commitment(struct drafting *d)
{
  const struct casefile *c = d->c;
  struct sheet *s = d->sheet;
  s->personal = c->applicant;
  s->addressee = s->issuer.zh;
  s->handler = "";
  sheet_text(d,
             "本人（单位）申请办理“%s”（办件编号：%s），因下列材料暂未齐备，自愿申请容缺受理，并已知晓应补材料、补齐期限"
             "和逾期后果。",
             c->name.zh, c->number);
  struct sheet_block *table = sheet_table(d, 3, (const int[]){8, 52, 40}, true);
  *sheet_add_row(d, table) = (struct sheet_row){{"序号", "暂缺的材料", "补齐期限"}};
  size_t n = 0;
  for (size_t i = 0; i < c->material_count; i++) {
    const struct case_material *m = &c->materials[i];
    if (m->source == SOURCE_UPLOAD && !m->attached && m->defer)
      *sheet_add_row(d, table) = (struct sheet_row){
          {arena_printf(d->arena, "%zu", ++n), m->name.zh, arena_printf(d->arena, "受理后 %d 个工作日内", m->defer)}};
  }
  if (!n)
    *sheet_add_row(d, table) = (struct sheet_row){{"—", "提交时材料均已齐备", "—"}};
  sheet_head(d, "本人（单位）承诺：");
  sheet_text(d, "一、所提交的申请材料真实、合法、有效，已具备申请事项要求的主要条件。");
  sheet_text(d, "二、在上述期限内补齐材料，且补交的材料符合规定的形式和标准。");
  sheet_text(d, "三、材料补齐前不领取办理结果，不从事须经许可的活动。");
  sheet_text(d, "四、逾期未补齐或者补交的材料不符合要求的，同意终止办理，自行承担由此产生的后果；"
                "承诺不实的，在信用修复前不再适用容缺受理。");
  s->english = arena_printf(d->arena,
                            "The applicant's commitment for case %s: the listed materials will be handed in within the stated "
                            "time after acceptance; results are not issued before, and the case ends if they do not come.",
                            c->number);
}

static const char *item_limit(struct drafting *d, const struct case_item *it)
{
  if (it->promise.day == DAY_NONE)
    return arena_printf(d->arena, "前置结果作出后 %d 个工作日（承诺）", it->promised);
  return arena_printf(d->arena, "承诺：%s前\n法定：%s前", sheet_due(d, it->promise), sheet_due(d, it->legal));
}

static void numbered_items(struct drafting *d)
{
  struct sheet_block *table = sheet_table(d, 4, (const int[]){7, 33, 25, 35}, true);
  *sheet_add_row(d, table) = (struct sheet_row){{"序号", "事项及编号", "办理部门", "办结期限"}};
  for (size_t i = 0; i < d->c->item_count; i++) {
    const struct case_item *it = &d->c->items[i];
    *sheet_add_row(d, table) =
        (struct sheet_row){{arena_printf(d->arena, "%zu", i + 1), arena_printf(d->arena, "%s\n%s", it->name.zh, it->number),
                            sheet_agency(d, it->agency).zh, item_limit(d, it)}};
  }
}

void sheet_of_acceptance(struct drafting *d)
{
  const struct casefile *c = d->c;
  if (c->deemed)
    sheet_text(d,
               "你（单位）提出的“%s”申请，自收到申请材料之日起满五个工作日未告知补正。依据" LAW
               "第三十二条第一款第（四）项，自收到申请材料之日（%s）起即为受理。",
               c->name.zh, sheet_day(d, c->accepted_day));
  else if (c->tolerant)
    sheet_text(d,
               "你（单位）提出的“%s”申请，主要申请条件和主要材料具备，次要材料暂缺并已作出书面承诺。依据" LAW
               "第三十二条和本市容缺受理的规定，予以容缺受理；应补材料见《容缺受理补齐材料通知书》。",
               c->name.zh);
  else
    sheet_text(d,
               "你（单位）提出的“%s”申请，经审查，申请事项属于本级职权范围，申请材料齐全、符合法定形式。依据" LAW
               "第三十二条第一款第（五）项，决定予以受理。",
               c->name.zh);
  struct sheet_block *facts = case_facts(d);
  sheet_fact(d, facts, "受理日期", sheet_day(d, c->accepted_day));
  sheet_fact(d, facts, "办结期限",
             c->joint_due.day != DAY_NONE ? arena_printf(d->arena, "全部事项最迟于%s前办结", sheet_due(d, c->joint_due)) : "");
  sheet_head(d, "一、受理的事项");
  numbered_items(d);
  sheet_head(d, "二、收到的材料");
  materials_table(d);
  sheet_text(d, "各部门将并联审查。期限按工作日计算，不含法定节假日和当日；依法需要听证、招标、拍卖、检验、检测、检疫、鉴定和"
                "专家评审的，所需时间不计入期限并另行书面告知（" LAW "第四十五条、第八十二条）。");
  d->sheet->english =
      arena_printf(d->arena, "The application “%s” (case %s) is accepted as of %s%s. The limits of each item are in the table.",
                   c->name.en, c->number, sheet_day_en(d, c->accepted_day),
                   c->deemed     ? " by operation of law"
                   : c->tolerant ? ", with materials to follow"
                                 : "");
}

static const char *asked_name(struct drafting *d, const json_t *one)
{
  const struct casefile *c = d->c;
  for (size_t i = 0; i < c->material_count; i++)
    if (strcmp(c->materials[i].material, json_str(one, "material")) == 0)
      return c->materials[i].name.zh;
  for (size_t i = 0; i < c->field_count; i++)
    if (strcmp(c->fields[i].field, json_str(one, "field")) == 0)
      return arena_printf(d->arena, "表单项：%s", c->fields[i].name.zh);
  return "";
}

void sheet_of_correction(struct drafting *d)
{
  const struct casefile *c = d->c;
  const json_t *missing = json_list(d->event->data, "missing");
  size_t n = json_array_size(missing);
  sheet_text(d,
             "你（单位）提出的“%s”申请，经审查，申请材料不齐全或者不符合法定形式。依据" LAW
             "第三十二条第一款第（四）项，现一次性告知需要补正的全部内容，共 %zu 项。",
             c->name.zh, n);
  struct sheet_block *facts = case_facts(d);
  sheet_fact(d, facts, "补正期限", arena_printf(d->arena, "%s前", sheet_due(d, c->correction)));
  sheet_head(d, "需要补正的内容");
  struct sheet_block *table = sheet_table(d, 3, (const int[]){8, 34, 58}, true);
  *sheet_add_row(d, table) = (struct sheet_row){{"序号", "材料或内容", "应当符合的标准"}};
  for (size_t i = 0; i < n; i++) {
    const json_t *one = json_array_get(missing, i);
    *sheet_add_row(d, table) = (struct sheet_row){
        {arena_printf(d->arena, "%zu", i + 1), asked_name(d, one), arena_str(d->arena, json_str(one, "standard"))}};
  }
  sheet_text(d, "请在补正期限内一次补齐；补正后本中心将重新出具收件凭证。逾期未补正的，本次申请予以关闭，可以重新申请。"
                "除上述内容外，本中心不再要求补正本次申请中未改动的内容。");
  d->sheet->english = arena_printf(d->arena,
                                   "The application “%s” (case %s) lacks the %zu things listed. Please hand them in together by "
                                   "%s; nothing else of what you have handed in will be asked for.",
                                   c->name.en, c->number, n, sheet_day_en(d, c->correction.day));
}

void sheet_of_not_taken(struct drafting *d)
{
  const struct casefile *c = d->c;
  bool elsewhere = c->state == CASE_NO_JURISDICTION;
  sheet_text(d, "你（单位）提出的“%s”申请，经审查，%s。依据" LAW "第三十二条第一款第（%s）项，决定不予受理。", c->name.zh,
             elsewhere ? "申请事项依法不属于本机关职权范围" : "申请事项依法不需要取得行政许可", elsewhere ? "二" : "一");
  struct sheet_block *facts = case_facts(d);
  sheet_fact(d, facts, "不予受理的理由", c->reason);
  sheet_fact(d, facts, "应向其申请的机关", c->right_body);
  sheet_text(d, REMEDY);
  d->sheet->english = arena_printf(d->arena,
                                   "The application “%s” (case %s) is not taken on: %s. You may ask for administrative "
                                   "reconsideration within 60 days or go to court within six months.",
                                   c->name.en, c->number, elsewhere ? "another body is responsible" : "no licence is required");
}

void sheet_of_tolerance(struct drafting *d)
{
  const struct casefile *c = d->c;
  const json_t *deferred = json_list(d->event->data, "deferred");
  sheet_text(d, "你（单位）提出的“%s”申请已予容缺受理。请按下列期限补齐材料。", c->name.zh);
  (void)case_facts(d);
  sheet_head(d, "需要补齐的材料");
  struct sheet_block *table = sheet_table(d, 3, (const int[]){8, 56, 36}, true);
  *sheet_add_row(d, table) = (struct sheet_row){{"序号", "材料名称", "补齐期限"}};
  for (size_t i = 0; i < json_array_size(deferred); i++)
    for (size_t m = 0; m < c->material_count; m++)
      if (strcmp(c->materials[m].material, json_str(json_array_get(deferred, i), "material")) == 0)
        *sheet_add_row(d, table) = (struct sheet_row){{arena_printf(d->arena, "%zu", i + 1), c->materials[m].name.zh,
                                                       arena_printf(d->arena, "%s前", sheet_due(d, c->materials[m].deferred))}};
  sheet_text(d, "补齐前审查照常进行，但不出具办理结果。逾期未补齐或者补交的材料不符合要求的，终止办理等待该材料的事项；"
                "承诺不实的，在信用修复前不再适用容缺受理。");
  d->sheet->english =
      arena_printf(d->arena,
                   "Case %s was accepted with materials to follow: please hand in what is listed by the dates given; "
                   "otherwise the items that wait for it end.",
                   c->number);
}

void sheet_of_withdrawal(struct drafting *d)
{
  const struct casefile *c = d->c;
  const char *reason = arena_str(d->arena, json_str(d->event->data, "reason"));
  sheet_text(d, "你（单位）于%s申请撤回“%s”申请。经确认，准予撤回尚未作出决定的事项，办理程序终止；已作出的决定不受影响。",
             sheet_day(d, day_of(d->event->at)), c->name.zh);
  struct sheet_block *facts = case_facts(d);
  sheet_fact(d, facts, "撤回的原因", reason);
  sheet_text(d, "撤回后可以重新提出申请。");
  d->sheet->english =
      arena_printf(d->arena, "Case %s was withdrawn at the applicant's wish; what had been decided stands.", c->number);
}

void sheet_of_termination(struct drafting *d)
{
  const struct casefile *c = d->c;
  const json_t *late = json_list(d->event->data, "materials");
  sheet_text(d,
             "你（单位）申请的“%s”已予容缺受理，下列材料逾期未补齐。依照《申请容缺受理承诺书》，决定终止办理等待这些材料的事项。",
             c->name.zh);
  (void)case_facts(d);
  sheet_head(d, "逾期未补齐的材料");
  struct sheet_block *table = sheet_table(d, 2, (const int[]){8, 92}, true);
  *sheet_add_row(d, table) = (struct sheet_row){{"序号", "材料名称"}};
  for (size_t i = 0; i < json_array_size(late); i++)
    for (size_t m = 0; m < c->material_count; m++)
      if (strcmp(c->materials[m].material, json_string_value(json_array_get(late, i))) == 0)
        *sheet_add_row(d, table) = (struct sheet_row){{arena_printf(d->arena, "%zu", i + 1), c->materials[m].name.zh}};
  sheet_text(d, "已出具的办理结果不受影响。材料齐备后可以重新提出申请。");
  sheet_text(d, REMEDY);
  d->sheet->english =
      arena_printf(d->arena,
                   "In case %s the deferred materials listed did not come in time; the items that waited for them end. "
                   "What was issued stands. Reconsideration within 60 days, court within six months.",
                   c->number);
}
