/* advise.c: onevisit advise DIR [--cases FILE] [--by trips|materials|days] [--top N] [--people N] [--seed N] [--json] [--lang
 * zh|en] */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "reform/reform.h"

#define OUTPUT_MAX ((size_t)64 * 1024 * 1024)
#define CASES_FILE_MAX (1024 * 1024)
#define TOP 20

struct advise_options {
  const char *dir, *cases;
  struct advice_options advice;
  size_t top; /* 0: all */
  bool json;
};

/* ---- how many cases a year: lines «thing,cases» ---- */

static int read_line(const struct catalog *catalog, struct span line, double *cases, struct error *error)
{
  struct span id;
  int64_t n;
  if (!span_cut(&line, ',', &id) || !span_int(span_trim(line), &n) || n < 0)
    return error_set(error, ERROR_BAD_INPUT, "bad-cases", "应为「事,每年件数」", "must be «thing,cases a year»");
  const struct thing *thing = catalog_thing(catalog, span_trim(id));
  if (!thing)
    return error_set(error, ERROR_BAD_INPUT, "bad-cases", "目录里没有这件事", "the catalogue has no such thing");
  cases[thing - catalog->things] = (double)n;
  return 0;
}

static int read_cases(struct arena *arena, const struct catalog *catalog, const char *path, const double **ret, struct error *error)
{
  double *cases = arena_array(arena, catalog->thing_count + 1, sizeof *cases);
  char *text = arena_alloc(arena, CASES_FILE_MAX);
  FILE *file = fopen(path, "r");
  if (!file)
    return error_set(error, ERROR_BAD_INPUT, "no-file", "打不开 %s", "%s cannot be opened", path);
  struct span rest = {text, fread(text, 1, CASES_FILE_MAX, file)}, line;
  bool whole = feof(file) && !ferror(file);
  (void)fclose(file);
  if (!whole)
    return error_set(error, ERROR_BAD_INPUT, "bad-cases", "%s 读不了或太大", "%s cannot be read or is too large", path);
  for (size_t number = 1; span_cut(&rest, '\n', &line); number++) {
    line = span_trim(line);
    if (line.n && !span_starts(line, "#") && read_line(catalog, line, cases, error))
      return error_at(error, "%s:%zu", path, number);
  }
  *ret = cases;
  return 0;
}

/* ---- what is printed ---- */

static const char *pick(struct words words)
{
  const char *text = cli_chinese() ? words.zh : words.en;
  return text ? text : "";
}

static const char *said(const struct question *question, const char *answer)
{
  if (question->type == ASK_BOOLEAN)
    return strcmp(answer, "true") == 0 ? (cli_chinese() ? "是" : "yes") : (cli_chinese() ? "否" : "no");
  for (size_t i = 0; i < question->choice_count; i++)
    if (strcmp(question->choices[i].value, answer) == 0)
      return pick(question->choices[i].name);
  return answer;
}

static void put_evidence(struct buf *out, const struct advice *a)
{
  bool zh = cli_chinese();
  buf_printf(out, zh ? "     例：%s：" : "     for example %s: ", pick(a->thing->name));
  for (size_t q = 0; q < a->thing->question_count; q++)
    buf_printf(out, "%s%s %s", q ? (zh ? "；" : "; ") : "", pick(a->thing->questions[q].text),
               said(&a->thing->questions[q], a->answers.list[q].text));
  buf_printf(out, zh ? "。跑 %d→%d 趟，材料 %d→%d 份，%d→%d 个工作日\n" : ". Trips %d→%d, papers %d→%d, working days %d→%d\n",
             a->before.trips, a->after.trips, a->before.materials, a->after.materials, a->before.days, a->after.days);
}

/* Decimal places: small figures are averages over people, large ones are counts. */
static int places(double figure)
{
  return figure > 0 && figure < 10 ? 2 : 0;
}

static void put_line(struct buf *out, struct arena *arena, const struct catalog *catalog, const struct advice *a, size_t number)
{
  bool zh = cli_chinese();
  const struct basis *basis = reform_basis(catalog, &a->reform);
  buf_printf(out, "%3zu. %s\n", number, pick(reform_words(arena, catalog, &a->reform)));
  buf_printf(out,
             zh ? "     每年少跑 %.*f 趟，少交 %.*f 份材料，少等 %.*f 个工作日；涉及 %zu 件事、%.*f 件\n"
                : "     saved a year: trips %.*f, papers %.*f, working days %.*f; things %zu, cases %.*f\n",
             places(a->trips), a->trips, places(a->materials), a->materials, places(a->days), a->days, a->thing_count,
             places(a->cases), a->cases);
  if (basis && basis->law)
    buf_printf(out, zh ? "     要改的依据：《%s》%s\n" : "     the law it stands on: %s %s\n", basis->law,
               basis->article ? basis->article : "");
  put_evidence(out, a);
}

static void put_measure(struct json_writer *w, const char *key, struct measure m)
{
  json_begin_object(w, key);
  json_put_int(w, "trips", m.trips);
  json_put_int(w, "materials", m.materials);
  json_put_int(w, "days", m.days);
  json_end(w);
}

static void put_words(struct json_writer *w, const char *key, struct words words)
{
  json_begin_object(w, key);
  json_put_str(w, "zh", words.zh);
  json_put_str(w, "en", words.en);
  json_end(w);
}

static void put_example(struct json_writer *w, const struct advice *a)
{
  json_begin_object(w, "example");
  json_put_str(w, "thing", a->thing->id);
  json_begin_object(w, "answers");
  for (size_t q = 0; q < a->answers.n; q++)
    json_put_str(w, a->answers.list[q].question, a->answers.list[q].text);
  json_end(w);
  put_measure(w, "before", a->before);
  put_measure(w, "after", a->after);
  json_end(w);
}

static void put_target(struct json_writer *w, const struct catalog *catalog, const struct reform *reform)
{
  static const char *const kinds[] = {"share", "drop", "presence", "online", "deliver", "untie"};
  const struct item *item = &catalog->items[reform->item];
  json_put_str(w, "reform", kinds[reform->kind]);
  json_put_str(w, "item", reform->kind == REFORM_SHARE ? NULL : item->id);
  json_put_str(w, "material",
               reform->kind == REFORM_SHARE  ? catalog->materials[reform->material].id
               : reform->kind == REFORM_DROP ? item->materials[reform->part].material->id
                                             : NULL);
}

static void put_json(struct buf *out, struct arena *arena, const struct catalog *catalog, const struct advice *list, size_t n)
{
  struct json_writer w = json_to(out);
  json_begin_object(&w, NULL);
  json_put_str(&w, "catalog", catalog->version.hex);
  json_begin_array(&w, "advice");
  for (size_t i = 0; i < n; i++) {
    const struct advice *a = &list[i];
    json_begin_object(&w, NULL);
    put_target(&w, catalog, &a->reform);
    put_words(&w, "do", reform_words(arena, catalog, &a->reform));
    json_put_num(&w, "cases", a->cases);
    json_put_num(&w, "trips", a->trips);
    json_put_num(&w, "materials", a->materials);
    json_put_num(&w, "days", a->days);
    json_begin_array(&w, "things");
    for (size_t t = 0; t < a->thing_count; t++)
      json_put_str(&w, NULL, a->things[t]->id);
    json_end(&w);
    put_example(&w, a);
    json_end(&w);
  }
  json_end(&w);
  json_end(&w);
  buf_char(out, '\n');
}

static void put_text(struct buf *out, struct arena *arena, const struct catalog *catalog, const struct advice *list, size_t n,
                     size_t all)
{
  bool zh = cli_chinese();
  for (size_t i = 0; i < n; i++)
    put_line(out, arena, catalog, &list[i], i + 1);
  if (all == 0)
    buf_str(out, zh ? "没有哪一项单独的改革能让申请人少跑、少交或少等\n"
                    : "no single reform would save anybody a trip, a paper or a day\n");
  else if (n < all)
    buf_printf(out, zh ? "另有 %zu 项，用 --top 0 列出全部\n" : "and %zu more; --top 0 lists all\n", all - n);
}

static int advise(struct advise_options *options, struct arena *arena, struct catalog *catalog, struct error *error)
{
  struct advice *list = NULL;
  size_t n = 0;
  if (options->cases && read_cases(arena, catalog, options->cases, &options->advice.cases, error))
    return -1;
  if (reform_advise(arena, catalog, &options->advice, &list, &n, error))
    return -1;
  struct buf out;
  buf_init(&out, OUTPUT_MAX);
  size_t shown = options->top && options->top < n ? options->top : n;
  if (options->json)
    put_json(&out, arena, catalog, list, shown);
  else
    put_text(&out, arena, catalog, list, shown, n);
  struct span view = buf_view(&out);
  bool written = !out.full && fwrite(view.p, 1, view.n, stdout) == view.n && fflush(stdout) == 0;
  buf_release(&out);
  return written ? 0 : error_set(error, ERROR_INTERNAL, "no-output", "标准输出写不了", "stdout cannot be written");
}

static int run(struct advise_options *options)
{
  struct arena arena = {0};
  struct error error = {0};
  struct findings findings = {0};
  struct catalog *catalog = NULL;
  int status = CLI_OK;
  if (catalog_load(options->dir, &catalog, &arena, &findings, &error)) {
    cli_print_findings(stderr, options->dir, &findings);
    status = findings.n ? CLI_USAGE : cli_fail(&error);
  } else if (advise(options, &arena, catalog, &error)) {
    status = cli_fail(&error);
  }
  catalog_free(catalog);
  arena_release(&arena);
  return status;
}

static bool take_number(const char *text, int64_t max, int64_t *ret)
{
  return span_int(span_of(text), ret) && *ret >= 0 && *ret <= max;
}

static bool take_order(const char *text, enum advice_order *ret)
{
  static const char *const orders[] = {"trips", "materials", "days"};
  for (int i = 0; i < 3; i++)
    if (strcmp(text, orders[i]) == 0) {
      *ret = (enum advice_order)i;
      return true;
    }
  return false;
}

static bool take_option(struct advise_options *options, int option)
{
  int64_t n = 0;
  switch (option) {
  case 'c':
    options->cases = optarg;
    return true;
  case 'b':
    return take_order(optarg, &options->advice.by);
  case 't':
    options->top = take_number(optarg, 1000000, &n) ? (size_t)n : 0;
    return n > 0 || strcmp(optarg, "0") == 0;
  case 'p':
    options->advice.people = take_number(optarg, 100000, &n) ? (size_t)n : 0;
    return n > 0;
  case 's':
    options->advice.seed = take_number(optarg, INT64_MAX, &n) ? (uint64_t)n : 0;
    return n > 0 || strcmp(optarg, "0") == 0;
  case 'j':
    options->json = true;
    return true;
  case 'l':
    cli_language(optarg);
    return strcmp(optarg, "zh") == 0 || strcmp(optarg, "en") == 0;
  default:
    return false;
  }
}

static void help(void)
{
  (void)puts(
      !cli_chinese()
          ? "usage: onevisit advise DIR [options]\n\n"
            "Which single change of the catalogue would save applicants most: the reform office's work list. Each reform is\n"
            "tried on the catalogue itself, the plans of sample people are compiled again, and what they save is weighed with the\n"
            "cases a year.\n\n"
            "  --cases FILE   cases a year, lines «thing,cases»; a thing not listed counts none; without it one of each\n"
            "  --by ORDER     trips (default), materials or days\n"
            "  --top N        the best N (20); 0: all\n"
            "  --people N     of a thing, where its answers are more than that (64)\n"
            "  --seed N       another sample of people (0)\n"
            "  --json         as JSON on stdout (docs/reform.md)\n"
            "  --lang L       zh or en; by LANG, else zh\n\n"
            "exit 0: done · 2: input that cannot be used"
          : "用法：onevisit advise 目录 [选项]\n\n"
            "哪一项单独的改革能让申请人少跑、少交、少等最多：改革办的工作清单。每项改革都在目录上真改一次，\n"
            "为样本人群重新编制方案，省下多少按每年件数加权。\n\n"
            "  --cases 文件   每年件数，每行「事,件数」；没有列出的按零；不给则每件事一年一件\n"
            "  --by 顺序      trips 跑动（默认）、materials 材料、days 时间\n"
            "  --top N        最前 N 项（20）；0：全部\n"
            "  --people N     一件事的答案组合超过此数时抽样（64）\n"
            "  --seed N       换一批样本（0）\n"
            "  --json         以 JSON 写到标准输出（见 docs/reform.md）\n"
            "  --lang L       zh 或 en；默认按 LANG，否则中文\n\n"
            "退出码 0：完成 · 2：输入不可用");
}

int cli_advise(int argc, char **argv)
{
  static const struct option known[] = {
      {"cases", required_argument, NULL, 'c'},  {"by", required_argument, NULL, 'b'},   {"top", required_argument, NULL, 't'},
      {"people", required_argument, NULL, 'p'}, {"seed", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
      {"lang", required_argument, NULL, 'l'},   {"help", no_argument, NULL, 'h'},       {0}};
  struct advise_options options = {.top = TOP, .advice.today = day_of(moment_now())};
  for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
    if (c == 'h') {
      help();
      return CLI_OK;
    }
    if (!take_option(&options, c)) {
      cli_say("onevisit：选项不对，见 onevisit advise --help", "onevisit: see onevisit advise --help");
      return CLI_USAGE;
    }
  }
  if (argc - optind != 1) {
    cli_say("onevisit：advise 要一个目录，见 onevisit advise --help",
            "onevisit: advise takes one folder; see onevisit advise --help");
    return CLI_USAGE;
  }
  options.dir = argv[optind];
  return run(&options);
}
