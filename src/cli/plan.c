/* plan.c: onevisit plan DIR THING [--answer K=V]… [--zone ID] [--json|--svg] [--lang zh|en] */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/plan.h"

#define ANSWERS_MAX 200
#define OUTPUT_MAX ((size_t)16 * 1024 * 1024)

struct plan_options {
  const char *dir, *thing, *zone;
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

static void put_table(struct printer *p)
{
  const struct plan_tally *before = &p->plan->before, *after = &p->plan->after;
  buf_str(&p->out, pick(p->zh, "\n                              逐项办理 一件事办\n",
                        "\n                                before    after\n"));
  put_row(p, "填写栏目", "Form fields", before->forms_fields, after->forms_fields);
  put_row(p, "提交材料", "Materials handed in", before->materials, after->materials);
  put_row(p, "跑的部门", "Departments to contact", before->agencies, after->agencies);
  put_row(p, "环节", "Steps", before->steps, after->steps);
  put_row(p, "工作日", "Working days", before->days, after->days);
  put_row(p, "跑次（线上申请）", "Trips (applied online)", before->trips, after->trips);
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
  put_presences(p);
  put_table(p);
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
  struct span text = buf_view(&p.out);
  bool written = !p.out.full && fwrite(text.p, 1, text.n, stdout) == text.n && fflush(stdout) == 0;
  buf_release(&p.out);
  if (!written)
    cli_say("onevisit：标准输出写不了", "onevisit: stdout cannot be written");
  return written ? CLI_OK : CLI_FAILED;
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

static const struct zone *find_zone(const struct catalog *catalog, const char *id)
{
  for (size_t i = 0; i < catalog->zone_count; i++)
    if (strcmp(catalog->zones[i].id, id) == 0)
      return &catalog->zones[i];
  return NULL;
}

static int compile(const struct plan_options *options, const struct catalog *catalog, struct arena *arena, struct plan **ret,
                   const struct thing **ret_thing, struct error *error)
{
  const struct thing *thing = catalog_thing(catalog, span_of(options->thing));
  if (!thing)
    return error_set(error, ERROR_NOT_FOUND, "no-such-thing", "目录中没有「%.60s」这件事", "the catalogue has no thing \"%.60s\"",
                     options->thing);
  const struct zone *zone = options->zone ? find_zone(catalog, options->zone) : NULL;
  if (options->zone && !zone)
    return error_set(error, ERROR_NOT_FOUND, "no-such-zone", "目录中没有功能区「%.60s」", "the catalogue has no zone \"%.60s\"",
                     options->zone);
  *ret_thing = thing;
  struct answers answers;
  if (answers_read(arena, thing, options->answers, options->answer_count, &answers, error) < 0)
    return -1;
  return plan_compile(arena, catalog, thing, &answers, zone, day_of(moment_now()), ret, error);
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
  struct plan *plan = NULL;
  const struct thing *thing = NULL;
  if (compile(options, catalog, &arena, &plan, &thing, &error) == 0) {
    status = show(options, &arena, plan);
  } else {
    status = cli_fail(&error) == CLI_FAILED ? CLI_FAILED : CLI_USAGE;
    if (thing)
      list_questions(options->zh, thing);
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
  return puts(pick(zh,
                   "用法：onevisit plan 目录 事 [--answer 问题=回答]… [--zone 功能区] [--json|--svg] [--lang zh|en]\n\n"
                   "把一件事和一个人的回答编成一份联合办理计划。\n\n"
                   "  --answer Q=A  回答一个问题，可多次；少一个时列出全部问题\n"
                   "  --zone ID     经营场所或项目所在的功能区\n"
                   "  --json        以 JSON 写到标准输出（见 docs/plan.md）\n"
                   "  --svg         进度图\n"
                   "  --lang L      zh 或 en；默认按 LANG，否则中文\n\n"
                   "退出码 0：计划已输出 · 2：输入不可用",
                   "usage: onevisit plan DIR THING [--answer QUESTION=ANSWER]... [--zone ID] [--json|--svg] [--lang zh|en]\n\n"
                   "Compiles one thing and one person's answers into one joint plan.\n\n"
                   "  --answer Q=A  answers one question, any number of times; all questions are listed when one is missing\n"
                   "  --zone ID     the zone in which the premises or the project stand\n"
                   "  --json        the plan as JSON on stdout (docs/plan.md)\n"
                   "  --svg         the plan as a chart\n"
                   "  --lang L      zh or en; by LANG, else zh\n\n"
                   "exit 0: a plan is on stdout · 2: input that cannot be used")) == EOF
             ? CLI_FAILED
             : CLI_OK;
}

int cli_plan(int argc, char **argv)
{
  static const struct option known[] = {{"answer", required_argument, NULL, 'a'},
                                        {"zone", required_argument, NULL, 'z'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"svg", no_argument, NULL, 's'},
                                        {"lang", required_argument, NULL, 'l'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};
  struct plan_options options = {.zh = cli_chinese()};
  bool asked_help = false;
  for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
    if (c == 'h')
      asked_help = true;
    else if (take_option(&options, c) < 0)
      return CLI_USAGE;
  }
  if (asked_help)
    return help(options.zh);
  if (argc - optind != 2) {
    (void)bad_usage("onevisit：plan 要一个目录和一件事，见 onevisit plan --help%s",
                    "onevisit: plan takes a folder and a thing; see onevisit plan --help%s", "");
    return CLI_USAGE;
  }
  options.dir = argv[optind];
  options.thing = argv[optind + 1];
  return plan_from(&options);
}
