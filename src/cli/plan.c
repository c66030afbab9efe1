/* plan.c: onevisit plan DIR THING [--answer K=V]… [--zone ID] [--site [NAME@]LON,LAT]… [--explain] [--json|--svg] [--lang zh|en] */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/explain.h"
#include "plan/package.h"

#define ANSWERS_MAX 200
#define SITES_MAX ((size_t)64 * 1024)
#define OUTPUT_MAX ((size_t)16 * 1024 * 1024)

struct plan_options {
  const char *dir, *thing, *zone;
  bool explain;
  struct buf sites; /* as given, a line each */
  enum plan_form { AS_TEXT, AS_JSON, AS_SVG } form;
  bool zh;
  struct raw_answer answers[ANSWERS_MAX];
  size_t answer_count;
};

struct printer {
  struct buf out;
  const struct plan *plan;
  bool zh;
};

static const char *pick(bool zh, const char *in_zh, const char *in_en)
{
  return zh ? in_zh : in_en;
}

static const char *name_in(bool zh, struct words words)
{
  const char *name = zh ? words.zh : words.en;
  return name ? name : "";
}

/* Pads to columns of a terminal, where a Chinese character takes two. */
static void put_padded(struct buf *out, const char *text, int columns)
{
  struct span rest = span_of(text);
  buf_str(out, text);
  while (rest.n)
    columns -= text_next(&rest) >= 0x2e80 ? 2 : 1;
  for (; columns > 0; columns--)
    buf_char(out, ' ');
}

static const char *answer_words(bool zh, const struct question *question, const struct answer *answer)
{
  if (question->type == ASK_BOOLEAN)
    return answer->value.truth ? pick(zh, "是", "yes") : pick(zh, "否", "no");
  for (size_t i = 0; i < question->choice_count; i++)
    if (strcmp(question->choices[i].value, answer->text) == 0)
      return name_in(zh, question->choices[i].name);
  return answer->text;
}

static void put_answers(struct printer *p)
{
  const struct thing *thing = p->plan->thing;
  for (size_t i = 0; i < thing->question_count; i++) {
    const struct question *question = &thing->questions[i];
    buf_printf(&p->out, "  %s %s%s%s\n", name_in(p->zh, question->text), answer_words(p->zh, question, &p->plan->answers.list[i]),
               question->unit ? " " : "", question->unit ? question->unit : "");
  }
  if (p->plan->zone)
    buf_printf(&p->out, "  %s %s\n", pick(p->zh, "功能区：", "Zone:"), name_in(p->zh, p->plan->zone->name));
}

static void put_items_of(struct printer *p, const struct agency *agency)
{
  bool head = false;
  for (size_t i = 0; i < p->plan->item_count; i++) {
    const struct plan_item *item = &p->plan->items[i];
    if (item->agency != agency)
      continue;
    if (!head)
      buf_printf(&p->out, "  %s%s\n", name_in(p->zh, agency->name),
                 agency == p->plan->thing->lead ? pick(p->zh, "（牵头）", " (lead)") : "");
    head = true;
    buf_str(&p->out, "    ");
    put_padded(&p->out, name_in(p->zh, item->item->name), 52);
    if (item->end == item->start)
      buf_printf(&p->out, pick(p->zh, " 第 %d 日即办\n", " at once on day %d\n"), item->start);
    else
      buf_printf(&p->out, pick(p->zh, " 第 %d–%d 日\n", " day %d-%d\n"), item->start, item->end);
  }
}

static void put_items(struct printer *p)
{
  buf_printf(&p->out, pick(p->zh, "\n事项（%zu 项，自受理起按工作日计）\n", "\nItems (%zu, in working days from acceptance)\n"),
             p->plan->item_count);
  for (size_t a = 0; a < p->plan->agency_count; a++)
    put_items_of(p, p->plan->agencies[a]);
}

static void put_origin(struct printer *p, const struct plan_material *line)
{
  if (line->source == PLAN_FETCH && line->material->holder)
    buf_printf(&p->out, " ← %s", name_in(p->zh, line->material->holder->name));
  else if (line->source == PLAN_RESULT)
    buf_printf(&p->out, " ← %s",
               line->producer < 0 ? pick(p->zh, "已持有", "held already")
                                  : name_in(p->zh, p->plan->items[line->producer].item->name));
  if (line->defer)
    buf_printf(&p->out, pick(p->zh, "（可容缺，%d 个工作日内补）", " (may follow within %d working days)"), line->defer);
}

static void put_materials(struct printer *p, enum plan_source source, const char *title)
{
  size_t n = 0;
  for (size_t m = 0; m < p->plan->material_count; m++)
    n += p->plan->materials[m].source == source;
  if (!n)
    return;
  buf_printf(&p->out, "\n%s (%zu)\n", title, n);
  for (size_t m = 0; m < p->plan->material_count; m++) {
    const struct plan_material *line = &p->plan->materials[m];
    if (line->source != source)
      continue;
    buf_printf(&p->out, "  %s", name_in(p->zh, line->material->name));
    put_origin(p, line);
    buf_char(&p->out, '\n');
  }
}

static void put_form(struct printer *p)
{
  buf_printf(&p->out, pick(p->zh, "\n一张表 (%zu 栏)\n ", "\nThe one form (%zu fields)\n "), p->plan->field_count);
  for (size_t f = 0; f < p->plan->field_count; f++)
    buf_printf(&p->out, "%s%s", f ? pick(p->zh, "、", ", ") : " ", name_in(p->zh, p->plan->fields[f].field->name));
  buf_char(&p->out, '\n');
}

static void put_visits(struct printer *p)
{
  if (p->plan->visit_count)
    buf_str(&p->out, pick(p->zh, "\n上门（不计跑次）\n", "\nVisits by officials (no trip of yours)\n"));
  for (size_t v = 0; v < p->plan->visit_count; v++) {
    const struct plan_visit *visit = &p->plan->visits[v];
    buf_printf(&p->out, pick(p->zh, "  第 %d–%d 日：", "  day %d-%d: "), visit->start, visit->end);
    for (size_t a = 0; a < visit->agency_count; a++)
      buf_printf(&p->out, "%s%s", a ? pick(p->zh, "、", ", ") : "", name_in(p->zh, visit->agencies[a]->name));
    if (visit->steps_merged > 1)
      buf_printf(&p->out, pick(p->zh, "（%zu 项合并为一次）", " (%zu steps in one)"), visit->steps_merged);
    buf_char(&p->out, '\n');
  }
}

static void put_presences(struct printer *p)
{
  buf_printf(&p->out,
             pick(p->zh, "\n跑次：线上申请 %d 次，窗口申请 %d 次\n", "\nTrips: %d when applied for online, %d at a window\n"),
             p->plan->trips_online, p->plan->trips_window);
  for (size_t i = 0; i < p->plan->presence_count; i++) {
    const struct plan_presence *presence = &p->plan->presences[i];
    buf_printf(&p->out, pick(p->zh, "  第 %d 趟（第 %d 日）：%s，%s\n", "  trip %d (day %d): %s, %s\n"), presence->trip,
               presence->at, name_in(p->zh, presence_words(presence->why)),
               name_in(p->zh, p->plan->items[presence->item].item->name));
  }
}

static void put_row(struct printer *p, const char *zh, const char *en, int before, int after)
{
  buf_str(&p->out, "  ");
  put_padded(&p->out, pick(p->zh, zh, en), 28);
  buf_printf(&p->out, "%8d %8d\n", before, after);
}

static void put_table(struct printer *p, const struct plan_tally *before, const struct plan_tally *after)
{
  buf_str(&p->out, pick(p->zh, "\n                              逐项办理 一件事办\n",
                        "\n                                before    after\n"));
  put_row(p, "填写栏目", "Form fields", before->forms_fields, after->forms_fields);
  put_row(p, "提交材料", "Materials handed in", before->materials, after->materials);
  put_row(p, "跑的部门", "Departments to contact", before->agencies, after->agencies);
  put_row(p, "环节", "Steps", before->steps, after->steps);
  put_row(p, "工作日", "Working days", before->days, after->days);
  put_row(p, "跑次（柜台 → 线上）", "Trips (counter -> online)", before->trips, after->trips);
}

static void put_services(struct printer *p)
{
  const struct plan *plan = p->plan;
  if (plan->service_count)
    buf_printf(&p->out,
               pick(p->zh, "\n中介服务（逐项 %d 个工作日，连同审批共 %d 个工作日）\n",
                    "\nIntermediaries (%d working days one by one, %d together with the approvals)\n"),
               plan->services_serial, plan->days_with_services);
  for (size_t i = 0; i < plan->service_count; i++) {
    const struct plan_service *s = &plan->services[i];
    buf_printf(&p->out, pick(p->zh, "  第 %d–%d 日：%s → %s\n", "  day %d to %d: %s -> %s\n"), s->start, s->end,
               name_in(p->zh, s->name), name_in(p->zh, plan->items[s->item].item->name));
  }
}

static void put_stages(struct printer *p)
{
  const struct plan *plan = p->plan;
  if (!plan->stage_count || !plan->stages[0].stage)
    return;
  buf_str(&p->out, pick(p->zh, "\n分阶段办理（每阶段一次受理、一次送达）\n", "\nStages (each accepted and delivered by itself)\n"));
  for (size_t i = 0; i < plan->stage_count; i++) {
    const struct plan_stage *s = &plan->stages[i];
    buf_printf(&p->out,
               pick(p->zh, "  %d. %s：%d 个事项，第 %d–%d 日（限 %d 个工作日），线上 %d 次、窗口 %d 次\n",
                    "  %d. %s: %d items, day %d-%d (limit %d working days), trips %d online, %d at a window\n"),
               s->stage, name_in(p->zh, stage_words(s->stage)), s->items, s->start, s->end, s->statutory, s->trips_online,
               s->trips_window);
  }
}

static void put_saved(struct printer *p)
{
  const struct plan *plan = p->plan;
  if (!plan->zone)
    return;
  buf_printf(&p->out,
             pick(p->zh, "\n区域评估节省：审批 %d 个工作日，中介服务 %d 个工作日；整体少 %d 日（连同中介少 %d 日）\n",
                  "\nThe zone saves %d working days of approvals and %d of intermediaries; the whole is %d days shorter (%d with "
                  "intermediaries)\n"),
             plan->saved.approval, plan->saved.services, plan->saved.days, plan->saved.days_with_services);
  for (size_t i = 0; i < plan->covered_count; i++)
    buf_printf(&p->out, pick(p->zh, "  不必再办：%s（%s）\n", "  not needed: %s (%s)\n"),
               name_in(p->zh, plan->covered[i].item->name), name_in(p->zh, assessment_words(plan->covered[i].assessment)));
}

static void put_package(struct printer *p)
{
  const struct plan_package *package = p->plan->package;
  if (!package)
    return;
  buf_printf(&p->out, pick(p->zh, "\n打包审批：%zu 个项目一份档案\n", "\nPackage: %zu projects, one file\n"), package->n);
  for (size_t i = 0; i < package->n; i++)
    buf_printf(&p->out, "  %s (%.4f, %.4f)\n", package->sites[i].name, package->sites[i].longitude, package->sites[i].latitude);
  for (size_t i = 0; i < p->plan->item_count; i++)
    if (package->item_once[i])
      buf_printf(&p->out, pick(p->zh, "  整包一次：%s\n", "  once for all: %s\n"), name_in(p->zh, p->plan->items[i].item->name));
  put_table(p, &package->before, &package->after);
}

static void put_text(struct printer *p)
{
  buf_printf(&p->out, "%s\n", name_in(p->zh, p->plan->thing->name));
  put_answers(p);
  put_items(p);
  put_materials(p, PLAN_UPLOAD, pick(p->zh, "需要提交", "To hand in"));
  put_materials(p, PLAN_FORM, pick(p->zh, "由表单生成", "Made from the form"));
  put_materials(p, PLAN_FETCH, pick(p->zh, "政府共享，无需提交", "Fetched from the government"));
  put_materials(p, PLAN_RESULT, pick(p->zh, "本次办理产生或已持有", "Issued on the way, or held already"));
  put_materials(p, PLAN_ZONE, pick(p->zh, "由区域评估覆盖", "Covered by the zone's assessment"));
  put_form(p);
  put_visits(p);
  put_services(p);
  put_stages(p);
  put_saved(p);
  put_presences(p);
  put_table(p, &p->plan->before, &p->plan->after);
  put_package(p);
}

static void put_why(struct printer *p, const struct why_line *line)
{
  bool zh = p->zh;
  buf_printf(&p->out, "  %s%s%s\n", name_in(zh, line->subject), pick(zh, "：", ": "), name_in(zh, line->why));
  if (line->condition)
    buf_printf(&p->out, "      %s %s", pick(zh, "条件", "when"), line->condition);
  if (line->condition && line->answers)
    buf_printf(&p->out, pick(zh, "（%s）", " (%s)"), line->answers);
  if (line->condition)
    buf_char(&p->out, '\n');
  if (line->basis)
    buf_printf(&p->out, "      %s%s%s\n", line->basis->law, zh ? "" : " ", line->basis->article);
}

static void put_explanation(struct printer *p, const struct explanation *explanation)
{
  size_t at = 0;
  buf_printf(&p->out, "%s\n", name_in(p->zh, explanation->plan->thing->name));
  for (int pass = 0; pass < PASS_COUNT; pass++) {
    buf_printf(&p->out, "\n%d. %s\n", pass + 1, name_in(p->zh, pass_words((enum plan_pass)pass)));
    for (; at < explanation->n && (int)explanation->lines[at].pass == pass; at++)
      put_why(p, &explanation->lines[at]);
  }
}

static int write_out(struct buf *out)
{
  struct span text = buf_view(out);
  bool written = !out->full && fwrite(text.p, 1, text.n, stdout) == text.n && fflush(stdout) == 0;
  buf_release(out);
  if (!written)
    cli_say("onevisit：标准输出写不了", "onevisit: stdout cannot be written");
  return written ? CLI_OK : CLI_FAILED;
}

static int show_why(const struct plan_options *options, const struct explanation *explanation)
{
  struct printer p = {.plan = explanation->plan, .zh = options->zh};
  buf_init(&p.out, OUTPUT_MAX);
  if (options->form == AS_JSON) {
    struct json_writer w = json_to(&p.out);
    explanation_json(explanation, &w, NULL);
    buf_char(&p.out, '\n');
  } else {
    put_explanation(&p, explanation);
  }
  return write_out(&p.out);
}

static int show(const struct plan_options *options, struct arena *arena, const struct plan *plan)
{
  struct printer p = {.plan = plan, .zh = options->zh};
  buf_init(&p.out, OUTPUT_MAX);
  if (options->form == AS_JSON) {
    struct json_writer w = json_to(&p.out);
    plan_json(plan, &w, NULL);
    buf_char(&p.out, '\n');
  } else if (options->form == AS_SVG) {
    buf_span(&p.out, plan_svg(arena, plan, options->zh ? "zh" : "en"));
  } else {
    put_text(&p);
  }
  return write_out(&p.out);
}

static void list_choices(bool zh, const struct question *question)
{
  if (question->type == ASK_BOOLEAN)
    (void)fputs("true | false", stderr);
  else if (question->type == ASK_NUMBER)
    (void)fprintf(stderr, "%s %s", pick(zh, "数字", "a number,"), question->unit ? question->unit : "");
  for (size_t i = 0; i < question->choice_count; i++)
    (void)fprintf(stderr, "%s%s (%s)", i ? " | " : "", question->choices[i].value, name_in(zh, question->choices[i].name));
}

static void list_questions(bool zh, const struct thing *thing)
{
  (void)fprintf(stderr, pick(zh, "「%s」的问题：\n", "the questions of \"%s\":\n"), name_in(zh, thing->name));
  for (size_t i = 0; i < thing->question_count; i++) {
    const struct question *question = &thing->questions[i];
    (void)fprintf(stderr, "  --answer %s=…  %s ", question->id, name_in(zh, question->text));
    list_choices(zh, question);
    (void)fputc('\n', stderr);
  }
}

/* The zone by name, or where the sites stand. */
static int find_zone(const struct plan_options *options, const struct catalog *catalog, const struct plan_site *sites, size_t n,
                     const struct zone **ret, struct error *error)
{
  if (!options->zone)
    return sites_zone(catalog, sites, n, ret, error);
  *ret = catalog_zone(catalog, span_of(options->zone));
  if (!*ret)
    return error_set(error, ERROR_NOT_FOUND, "no-such-zone", "目录中没有功能区「%.60s」", "the catalogue has no zone \"%.60s\"",
                     options->zone);
  return 0;
}

struct compiled {
  const struct thing *thing; /* set as soon as it is found */
  struct plan *plan;
  struct explanation *explanation; /* NULL unless asked for */
};

static int compile(const struct plan_options *options, const struct catalog *catalog, struct arena *arena, struct compiled *ret,
                   struct error *error)
{
  const struct thing *thing = catalog_thing(catalog, span_of(options->thing));
  if (!thing)
    return error_set(error, ERROR_NOT_FOUND, "no-such-thing", "目录中没有「%.60s」这件事", "the catalogue has no thing \"%.60s\"",
                     options->thing);
  const struct zone *zone = NULL;
  struct plan_site *sites = NULL;
  size_t n = 0;
  if (sites_read(arena, buf_view(&options->sites), &sites, &n, error) < 0 ||
      find_zone(options, catalog, sites, n, &zone, error) < 0)
    return -1;
  ret->thing = thing;
  struct answers answers;
  day today = day_of(moment_now());
  if (answers_read(arena, thing, options->answers, options->answer_count, &answers, error) < 0)
    return -1;
  if (options->explain)
    return plan_explain(arena, catalog, thing, &answers, zone, today, &ret->explanation, error);
  if (plan_compile(arena, catalog, thing, &answers, zone, today, &ret->plan, error) < 0)
    return -1;
  return n > 1 ? plan_pack(arena, ret->plan, sites, n, error) : 0;
}

static int load(const struct plan_options *options, struct arena *arena, struct catalog **ret)
{
  struct findings findings = {0};
  struct error error = {0};
  if (catalog_load(options->dir, ret, arena, &findings, &error) == 0)
    return CLI_OK;
  if (findings.n) {
    (void)error_set(&error, ERROR_BAD_INPUT, "unfit-catalog", "事项目录有 %zu 处错误，请运行 onevisit check",
                    "the catalogue has %zu findings: see onevisit check", findings.n);
    (void)error_at(&error, "%s", options->dir);
  }
  return cli_fail(&error);
}

static int plan_from(const struct plan_options *options)
{
  struct arena arena = {0};
  struct catalog *catalog = NULL;
  int status = load(options, &arena, &catalog);
  if (status != CLI_OK) {
    arena_release(&arena);
    return status;
  }
  struct error error = {0};
  struct compiled compiled = {0};
  if (compile(options, catalog, &arena, &compiled, &error) == 0) {
    status = compiled.explanation ? show_why(options, compiled.explanation) : show(options, &arena, compiled.plan);
  } else {
    status = cli_fail(&error) == CLI_FAILED ? CLI_FAILED : CLI_USAGE;
    if (compiled.thing)
      list_questions(options->zh, compiled.thing);
  }
  catalog_free(catalog);
  arena_release(&arena);
  return status;
}

static int bad_usage(const char *zh, const char *en, const char *what)
{
  cli_say(zh, en, what);
  return -1;
}

static int add_answer(struct plan_options *options, const char *text)
{
  struct span rest = span_of(text), question;
  if (!strchr(text, '=') || !span_cut(&rest, '=', &question) || question.n == 0)
    return bad_usage("onevisit：--answer 应为「问题=回答」，而不是「%.80s」",
                     "onevisit: --answer takes QUESTION=ANSWER, not \"%.80s\"", text);
  if (options->answer_count == ANSWERS_MAX)
    return bad_usage("onevisit：回答太多：%.80s", "onevisit: too many answers: %.80s", text);
  options->answers[options->answer_count++] = (struct raw_answer){.question = question, .text = rest};
  return 0;
}

static int set_form(struct plan_options *options, enum plan_form form)
{
  if (options->form != AS_TEXT && options->form != form)
    return bad_usage("onevisit：--json 与 --svg 只能选一个%s", "onevisit: either --json or --svg%s", "");
  options->form = form;
  return 0;
}

static int take_option(struct plan_options *options, int option)
{
  switch (option) {
  case 'a':
    return add_answer(options, optarg);
  case 'z':
    options->zone = optarg;
    return 0;
  case 'e':
    options->explain = true;
    return 0;
  case 'w':
    buf_str(&options->sites, optarg);
    buf_char(&options->sites, '\n');
    return 0;
  case 'j':
    return set_form(options, AS_JSON);
  case 's':
    return set_form(options, AS_SVG);
  case 'l':
    if (strcmp(optarg, "zh") != 0 && strcmp(optarg, "en") != 0)
      return bad_usage("onevisit：--lang 只能是 zh 或 en，而不是「%.20s」", "onevisit: --lang is zh or en, not \"%.20s\"", optarg);
    cli_language(optarg);
    options->zh = cli_chinese();
    return 0;
  default:
    return -1; /* getopt has said why */
  }
}

static int help(bool zh)
{
  return puts(pick(
             zh,
             "用法：onevisit plan 目录 事 [--answer 问题=回答]… [--zone 功能区] [--site 地点]… [--explain] [--json|--svg]\n\n"
             "把一件事和一个人的回答编成一份联合办理计划。\n\n"
             "  --answer Q=A  回答一个问题，可多次；少一个时列出全部问题\n"
             "  --zone ID     经营场所或项目所在的功能区\n"
             "  --site S      「名称@经度,纬度」：按地点找功能区；两个以上即打包审批\n"
             "  --explain     每一步为什么：事项、依据、回答\n"
             "  --json        以 JSON 写到标准输出（见 docs/plan.md）\n"
             "  --svg         进度图\n"
             "  --lang L      zh 或 en；默认按 LANG，否则中文\n\n"
             "退出码 0：计划已输出 · 2：输入不可用",
             "usage: onevisit plan DIR THING [--answer QUESTION=ANSWER]... [--zone ID] [--site SITE]... [--explain] [--json|--svg]\n\n"
             "Compiles one thing and one person's answers into one joint plan.\n\n"
             "  --answer Q=A  answers one question, any number of times; all questions are listed when one is missing\n"
             "  --zone ID     the zone in which the premises or the project stand\n"
             "  --site S      NAME@LONGITUDE,LATITUDE: its zone is looked up; two or more are a package of projects\n"
             "  --explain     why every line is as it is: item, law, answer\n"
             "  --json        the plan as JSON on stdout (docs/plan.md)\n"
             "  --svg         the plan as a chart\n"
             "  --lang L      zh or en; by LANG, else zh\n\n"
             "exit 0: a plan is on stdout · 2: input that cannot be used")) == EOF
             ? CLI_FAILED
             : CLI_OK;
}

int cli_plan(int argc, char **argv)
{
  static const struct option known[] = {
      {"answer", required_argument, NULL, 'a'}, {"zone", required_argument, NULL, 'z'}, {"site", required_argument, NULL, 'w'},
      {"explain", no_argument, NULL, 'e'},      {"json", no_argument, NULL, 'j'},       {"svg", no_argument, NULL, 's'},
      {"lang", required_argument, NULL, 'l'},   {"help", no_argument, NULL, 'h'},       {0}};
  struct plan_options options = {.zh = cli_chinese()};
  bool asked_help = false, usable = true;
  buf_init(&options.sites, SITES_MAX);
  for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1 && usable;) {
    asked_help |= c == 'h';
    usable = c == 'h' || take_option(&options, c) == 0;
  }
  if (usable && options.explain && options.form == AS_SVG)
    usable = bad_usage("onevisit：--explain 与 --svg 只能选一个%s", "onevisit: either --explain or --svg%s", "") == 0;
  int status = CLI_USAGE;
  if (usable && asked_help) {
    status = help(options.zh);
  } else if (usable && argc - optind != 2) {
    (void)bad_usage("onevisit：plan 要一个目录和一件事，见 onevisit plan --help%s",
                    "onevisit: plan takes a folder and a thing; see onevisit plan --help%s", "");
  } else if (usable) {
    options.dir = argv[optind];
    options.thing = argv[optind + 1];
    status = plan_from(&options);
  }
  buf_release(&options.sites);
  return status;
}
