/*
 * The words of the papers that a department serves on one item: special procedures, extensions, decisions, revocation; and of
 * what goes with a result: the proof of service and the certificate.
 */
#include <string.h>

#include "account/account.h"
#include "paper/words.h"

#define LAW "《中华人民共和国行政许可法》"
#define REMEDY                                                                                                                                                                           \
  "如不服本决定，可以自收到本决定书之日起六十日内依法向有管辖权的行政复议机关申请行政复议，或者自收到本决定书之日起六个月内" \
  "依法向有管辖权的人民法院提起行政诉讼。"

static const struct case_item nothing = {
    .name = {"", ""}, .number = "", .agency = "", .result_number = "", .result_name = {"", ""}};

static const struct case_item *item_of(const struct drafting *d)
{
  int i = sheet_item(d);
  return i < 0 ? &nothing : &d->c->items[i];
}

static const char *text_of(struct drafting *d, const char *key)
{
  return arena_str(d->arena, json_str(d->event->data, key));
}

/* «《中华人民共和国食品安全法》第三十五条», as the plan was pinned. */
static const char *basis_of(struct drafting *d)
{
  const json_t *list = json_list(sheet_plan_item(d, sheet_item(d)), "basis");
  const char *text = "";
  for (size_t i = 0; i < json_array_size(list); i++)
    text = arena_printf(d->arena, "%s%s《%s》%s", text, *text ? "、" : "", json_str(json_array_get(list, i), "law"),
                        json_str(json_array_get(list, i), "article"));
  return *text ? text : LAW "第三十四条";
}

static struct sheet_block *item_facts(struct drafting *d)
{
  const struct casefile *c = d->c;
  const struct case_item *it = item_of(d);
  struct sheet_block *facts = sheet_facts(d);
  sheet_fact(d, facts, "申请人", c->applicant);
  sheet_fact(d, facts, "证件号码", *c->id_number ? account_masked(d->arena, c->id_number) : "");
  sheet_fact(d, facts, "事项", it->name.zh);
  sheet_fact(d, facts, "事项办件编号", it->number);
  sheet_fact(d, facts, "所属联办件", arena_printf(d->arena, "%s（%s）", c->name.zh, c->number));
  sheet_fact(d, facts, "受理日期", sheet_day(d, c->accepted_day));
  return facts;
}

static const char *special_zh(const char *type)
{
  static const struct {
    const char *word, *zh;
  } list[] = {{"hearing", "听证"}, {"tender", "招标"},     {"auction", "拍卖"},   {"inspection", "检验"},
              {"testing", "检测"}, {"quarantine", "检疫"}, {"appraisal", "鉴定"}, {"expert-review", "专家评审"}};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (strcmp(list[i].word, type) == 0)
      return list[i].zh;
  return "";
}

void sheet_of_special(struct drafting *d)
{
  const struct case_item *it = item_of(d);
  const char *type = special_zh(json_str(d->event->data, "type"));
  sheet_text(d,
             "你（单位）申请的“%s”，审查中依法需要%s。依据" LAW "第四十五条，所需时间不计算在规定的期限内，现将所需时间告知如下。",
             it->name.zh, type);
  struct sheet_block *facts = item_facts(d);
  sheet_fact(d, facts, "特别程序", type);
  sheet_fact(d, facts, "启动理由或依据", text_of(d, "reason"));
  sheet_fact(d, facts, "所需时间",
             arena_printf(d->arena, "%d 个工作日，自%s起，至%s止", it->special_days, sheet_day(d, it->special_from),
                          sheet_due(d, sheet_read_due(json_object_get(d->event->data, "until")))));
  sheet_fact(d, facts, "顺延后的承诺期限", sheet_due(d, it->promise));
  sheet_fact(d, facts, "顺延后的法定期限", sheet_due(d, it->legal));
  sheet_text(d, "特别程序提前结束的，未用的时间不予扣除；超过上述时间的部分计入办理期限。");
  d->sheet->english = arena_printf(d->arena,
                                   "“%s” (%s) needs a special procedure of %d working days, which is not counted in the time limit "
                                   "(Administrative Licensing Law, art. 45).",
                                   it->name.en, it->number, it->special_days);
}

void sheet_of_extension(struct drafting *d)
{
  const struct case_item *it = item_of(d);
  sheet_text(d,
             "你（单位）申请的“%s”，在规定期限内不能作出决定。依据" LAW "第四十二条，经%s批准，延长 %lld 个工作日，"
             "现将延长期限的理由告知如下。",
             it->name.zh, text_of(d, "approved_by"), (long long)json_int(d->event->data, "days"));
  struct sheet_block *facts = item_facts(d);
  sheet_fact(d, facts, "延长期限的理由", text_of(d, "reason"));
  sheet_fact(d, facts, "批准人", text_of(d, "approved_by"));
  sheet_fact(d, facts, "延长后的承诺期限", sheet_due(d, it->promise));
  sheet_fact(d, facts, "延长后的法定期限", sheet_due(d, it->legal));
  sheet_text(d, "本事项的期限只能延长一次。");
  d->sheet->english =
      arena_printf(d->arena, "The time limit of “%s” (%s) is extended once, by %lld working days, to %s (art. 42).", it->name.en,
                   it->number, (long long)json_int(d->event->data, "days"), sheet_day_en(d, it->legal.day));
}

static void title_of_decision(struct drafting *d, bool granted)
{
  const char *kind = json_str(sheet_plan_item(d, sheet_item(d)), "kind");
  if (strcmp(kind, "licence") != 0) /* a confirmation or a service is no licence */
    d->sheet->title =
        granted ? (struct words){"准予决定书", "Decision: granted"} : (struct words){"不予决定书", "Decision: refused"};
}

void sheet_of_decision(struct drafting *d, bool granted)
{
  const struct case_item *it = item_of(d);
  bool tolerant = json_flag(d->event->data, "tolerant");
  title_of_decision(d, granted);
  if (granted)
    sheet_text(d, "你（单位）于%s提出的“%s”申请，经审查，符合法定条件、标准。依据" LAW "第三十八条第一款和%s，决定准予%s。",
               sheet_day(d, day_of(d->c->submitted)), it->name.zh, basis_of(d), tolerant ? "（容缺，待材料补齐后出具结果）" : "");
  else
    sheet_text(d, "你（单位）于%s提出的“%s”申请，经审查，不符合法定条件、标准。依据" LAW "第三十八条第二款和%s，决定不予许可。",
               sheet_day(d, day_of(d->c->submitted)), it->name.zh, basis_of(d));
  struct sheet_block *facts = item_facts(d);
  sheet_fact(d, facts, granted ? "准予的内容" : "", granted ? it->result_name.zh : "");
  sheet_fact(d, facts, "决定的理由", text_of(d, "reasons"));
  sheet_fact(d, facts, "证件送达期限",
             granted ? arena_printf(d->arena, "%s前（" LAW "第四十四条）", sheet_due(d, it->issue_due)) : "");
  if (!granted) {
    sheet_head(d, "救济途径");
    sheet_text(d, "%s", text_of(d, "remedy"));
    sheet_text(d, REMEDY);
  }
  const char *more = granted ? arena_printf(d->arena, "The result follows by %s.", sheet_day_en(d, it->issue_due.day))
                             : "You may ask for reconsideration within 60 days or go to court within six months.";
  d->sheet->english = arena_printf(d->arena, "“%s” (%s) is %s. %s", it->name.en, it->number, granted ? "granted" : "refused", more);
}

void sheet_of_revocation(struct drafting *d)
{
  const struct case_item *it = item_of(d);
  sheet_text(d, "你（单位）取得的“%s”%s%s，经查，存在应予撤销的情形。依据%s，决定予以撤销。", it->result_name.zh,
             *it->result_number ? "，编号" : "", it->result_number, text_of(d, "basis"));
  struct sheet_block *facts = item_facts(d);
  sheet_fact(d, facts, "撤销的理由", text_of(d, "reasons"));
  sheet_fact(d, facts, "依据", text_of(d, "basis"));
  sheet_text(d, REMEDY);
  d->sheet->english =
      arena_printf(d->arena, "The grant of “%s” (%s) is revoked. Reconsideration within 60 days, court within six months.",
                   it->name.en, it->number);
}

static const char *mode_zh(const char *mode)
{
  return strcmp(mode, "courier") == 0 ? "邮寄送达" : strcmp(mode, "window") == 0 ? "窗口直接送达" : "电子送达";
}

void sheet_of_service(struct drafting *d)
{
  const struct casefile *c = d->c;
  const struct case_item *it = item_of(d);
  const char *mode = json_str(d->event->data, "mode");
  bool courier = strcmp(mode, "courier") == 0;
  d->sheet->addressee = "";
  struct sheet_block *facts = sheet_facts(d);
  sheet_fact(d, facts, "受送达人", c->applicant);
  sheet_fact(d, facts, "送达的文书", arena_printf(d->arena, "%s（%s）", it->result_name.zh, it->result_number));
  sheet_fact(d, facts, "事项及编号", arena_printf(d->arena, "%s（%s）", it->name.zh, it->number));
  sheet_fact(d, facts, "所属联办件", arena_printf(d->arena, "%s（%s）", c->name.zh, c->number));
  sheet_fact(d, facts, "送达方式", mode_zh(mode));
  sheet_fact(d, facts, "送达地点", courier ? c->delivery_address : arena_printf(d->arena, "%s统一出件窗口", d->sheet->issuer.zh));
  sheet_fact(d, facts, "快递单号", text_of(d, "tracking"));
  sheet_fact(d, facts, "送达时间", sheet_day(d, day_of(d->event->at)));
  sheet_fact(d, facts, "身份核验",
             strcmp(mode, "window")                  ? ""
             : json_flag(d->event->data, "identity") ? "已核对证件号码末四位"
                                                     : "由窗口人员核验");
  sheet_fact(d, facts, "送达人", d->sheet->handler);
  *sheet_add_row(d, facts) = (struct sheet_row){{"受送达人签名或盖章", courier ? "（以快递签收记录为准）" : "\n年    月    日"}};
  *sheet_add_row(d, facts) = (struct sheet_row){{"代收人及代收理由", "\n年    月    日"}};
  *sheet_add_row(d, facts) = (struct sheet_row){{"备注", "\n"}};
  d->sheet->english = arena_printf(d->arena, "Proof of service of %s for case %s on %s.", it->result_number, c->number,
                                   sheet_day_en(d, day_of(d->event->at)));
}

void sheet_of_certificate(struct drafting *d)
{
  const struct casefile *c = d->c;
  const struct case_item *it = item_of(d);
  struct sheet *s = d->sheet;
  s->title = it->result_name;
  s->addressee = s->handler = "";
  s->sample = true;
  struct sheet_block *facts = sheet_facts(d);
  sheet_fact(d, facts, "编号", it->result_number);
  sheet_fact(d, facts, "持证主体", c->applicant);
  sheet_fact(d, facts, "证件号码", *c->id_number ? account_masked(d->arena, c->id_number) : "");
  sheet_fact(d, facts, "事项", it->name.zh);
  sheet_fact(d, facts, "事项办件编号", it->number);
  sheet_fact(d, facts, "依据", basis_of(d));
  sheet_fact(d, facts, "发证日期", sheet_day(d, it->result_from));
  sheet_fact(d, facts, "有效期至", it->result_until == DAY_NONE ? "长期有效" : sheet_day(d, it->result_until));
  sheet_text(d, "本件为电子证照样式，以发证机关登记的信息为准。可用下方验证码核验真伪。");
  s->english = arena_printf(d->arena, "%s No. %s, issued %s by %s. Sample layout.", it->result_name.en, it->result_number,
                            sheet_day_en(d, it->result_from), s->issuer.en);
}
