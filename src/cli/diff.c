/* diff.c: onevisit diff OLD NEW [--thing ID] [--json] [--lang zh|en] */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/moment.h"
#include "cli/cli.h"
#include "diff/diff.h"

#define OUTPUT_MAX ((size_t)256 * 1024 * 1024)
#define SILENT_US 2000000

static int64_t said_at;

static const char *pick(struct words words)
{
  return cli_chinese() ? words.zh : words.en;
}

static bool progress(void *context, size_t done, size_t all)
{
  (void)context;
  int64_t now = monotonic_us();
  if (now - said_at >= SILENT_US) {
    said_at = now;
    cli_say("onevisit：已比较 %zu / %zu 件事", "onevisit: %zu of %zu things compared", done, all);
  }
  return true;
}

/* ---- text ---- */

static void put_figures(struct buf *out, const struct diff_person *p)
{
  static const struct words names[DIFF_MEASURES] = {
      {"网上办 %lld→%lld 趟", "trips online %lld→%lld"},
      {"窗口办 %lld→%lld 趟", "trips at a window %lld→%lld"},
      {"材料 %lld→%lld 份", "papers %lld→%lld"},
      {"字段 %lld→%lld 个", "entries %lld→%lld"},
      {"%lld→%lld 个工作日", "working days %lld→%lld"},
      {"含中介服务 %lld→%lld 个工作日", "working days with intermediaries %lld→%lld"},
  };
  bool any = false;
  for (enum diff_measure m = 0; m < DIFF_MEASURES; m++) {
    int64_t before = p->before.of[m], after = p->after.of[m];
    if (before == after || (m == BY_DAYS_WITH_SERVICES && after - before == p->after.of[BY_DAYS] - p->before.of[BY_DAYS]))
      continue;
    buf_str(out, any ? (cli_chinese() ? "，" : ", ") : "     ");
    if (m == BY_FEN)
      buf_printf(out, cli_chinese() ? "收费 %.2f→%.2f 元" : "fees %.2f→%.2f yuan", (double)before / 100, (double)after / 100);
    else
      buf_printf(out, pick(names[m]), (long long)before, (long long)after);
    any = true;
  }
  buf_str(out, any ? "\n" : "");
}

static void put_person(struct buf *out, const struct diff_person *p)
{
  static const struct words effects[] = {
      {"更差", "worse"}, {"有好有差", "better and worse"}, {"更好", "better"}, {"不同", "different"}};
  bool zh = cli_chinese();
  buf_printf(out, zh ? "  ［%s］%s\n" : "  [%s] %s\n", pick(effects[p->effect]), pick(p->who));
  put_figures(out, p);
  for (enum diff_aspect a = 0; a < DIFF_ASPECTS; a++)
    if (p->said[a].zh)
      buf_printf(out, zh ? "     %s：%s\n" : "     %s: %s\n", pick(diff_aspect_words(a)), pick(p->said[a]));
  for (size_t c = 0; c < p->cause_count; c++)
    buf_printf(out, "%s%s", c ? (zh ? "；" : "; ") : (zh ? "     改了：" : "     changed: "), pick(p->causes[c]));
  buf_str(out, p->cause_count ? "\n" : "");
}

static void put_aspects(struct buf *out, const struct diff_thing *thing, enum diff_outcome outcome, const char *zh, const char *en)
{
  bool any = false;
  for (enum diff_aspect a = 0; a < DIFF_ASPECTS; a++)
    if (thing->aspects[a] == outcome) {
      buf_printf(out, "%s%s", any ? (cli_chinese() ? "、" : ", ") : (cli_chinese() ? zh : en), pick(diff_aspect_words(a)));
      any = true;
    }
  buf_str(out, any ? "\n" : "");
}

static void put_thing(struct buf *out, const struct diff_thing *thing)
{
  bool zh = cli_chinese();
  const struct thing *named = thing->after ? thing->after : thing->before;
  const char *gone = !thing->before  ? (zh ? "：只在新目录" : ": only in the new catalogue")
                     : !thing->after ? (zh ? "：只在旧目录" : ": only in the old catalogue")
                                     : "";
  buf_printf(out, zh ? "%s（%s）%s\n" : "%s (%s)%s\n", pick(named->name), named->id, gone);
  for (size_t i = 0; i < thing->note_count; i++)
    buf_printf(out, "  %s\n", pick(thing->notes[i]));
  for (size_t i = 0; i < thing->person_count; i++)
    put_person(out, &thing->persons[i]);
  if (thing->disagrees)
    buf_printf(out,
               zh ? "  ✗ 求解器与编译器不一致，这是程序的错误，请报告：%s\n"
                  : "  ✗ the solver and the compiler disagree, a mistake of the program, please report it: %s\n",
               thing->disagrees);
  if (*gone)
    return;
  put_aspects(out, thing, DIFF_SAME, "  对所有人不变（已证明）：", "  the same for everybody, proved: ");
  put_aspects(out, thing, DIFF_UNKNOWN, "  没有发现不同，也没有排除：", "  no difference found, none excluded: ");
  if (thing->nobody_worse)
    buf_str(out, zh ? "  没有人更差（已证明）\n" : "  nobody is worse off, proved\n");
  else if (!thing->nobody_else && thing->compiled)
    buf_str(out, zh ? "  申请人种类太多，没有逐一编制：可能还有更差的人\n"
                    : "  too many kinds of applicants to compile each: somebody may be worse off than those told of\n");
}

static bool put_text(struct buf *out, const struct diff *diff)
{
  bool zh = cli_chinese(), any = diff->note_count > 0;
  size_t unchanged = 0, same = 0;
  for (size_t i = 0; i < diff->note_count; i++)
    buf_printf(out, "%s\n", pick(diff->notes[i]));
  for (size_t t = 0; t < diff->thing_count; t++) {
    const struct diff_thing *thing = &diff->things[t];
    if (diff_thing_differs(thing)) {
      put_thing(out, thing);
      any = true;
      continue;
    }
    bool read = false;
    for (enum diff_aspect a = 0; a < DIFF_ASPECTS; a++)
      read |= thing->aspects[a] == DIFF_SAME;
    unchanged += !read;
    same += read;
  }
  if (same)
    buf_printf(out,
               zh ? "%zu 件事改了写法，已证明对所有人都一样\n"
                  : "%zu things are written otherwise and proved the same for everybody\n",
               same);
  buf_printf(out, zh ? "%zu 件事没有改动\n" : "%zu things are unchanged\n", unchanged);
  return any;
}

static bool json_out(struct buf *out, const struct diff *diff)
{
  struct json_writer w = json_to(out);
  diff_json(diff, &w, NULL);
  buf_char(out, '\n');
  bool any = diff->note_count > 0;
  for (size_t t = 0; t < diff->thing_count; t++)
    any |= diff_thing_differs(&diff->things[t]);
  return any;
}

/* ---- the command ---- */

struct asked {
  const char *dirs[2];
  bool json;
  struct diff_options diff;
};

static int compare(struct arena *arena, const struct asked *asked, struct catalog *const *catalogs)
{
  struct diff diff;
  struct error error = {0};
  said_at = monotonic_us();
  if (diff_run(arena, catalogs[0], catalogs[1], &asked->diff, &diff, &error))
    return cli_fail(&error);
  struct buf out;
  buf_init(&out, OUTPUT_MAX);
  bool any = asked->json ? json_out(&out, &diff) : put_text(&out, &diff);
  struct span view = buf_view(&out);
  bool written = !out.full && fwrite(view.p, 1, view.n, stdout) == view.n && fflush(stdout) == 0;
  buf_release(&out);
  if (!written) {
    (void)error_set(&error, ERROR_INTERNAL, "no-output", "标准输出写不了", "stdout cannot be written");
    return cli_fail(&error);
  }
  return any ? CLI_NO : CLI_OK;
}

static int run(const struct asked *asked)
{
  struct arena arena = {0};
  struct error error = {0};
  struct catalog *catalogs[2] = {NULL, NULL};
  int status = CLI_OK;
  for (int s = 0; s < 2 && status == CLI_OK; s++) {
    struct findings findings = {0};
    if (catalog_load(asked->dirs[s], &catalogs[s], &arena, &findings, &error)) {
      cli_print_findings(stderr, asked->dirs[s], &findings);
      status = findings.n ? CLI_USAGE : cli_fail(&error);
    }
  }
  if (status == CLI_OK)
    status = compare(&arena, asked, catalogs);
  catalog_free(catalogs[0]);
  catalog_free(catalogs[1]);
  arena_release(&arena);
  return status;
}

static void help(void)
{
  (void)puts(!cli_chinese()
                 ? "usage: onevisit diff OLD NEW [--thing ID] [--json] [--lang zh|en]\n\n"
                   "What changes for whom between two catalogues: of every thing, proved the same for everybody, or an example\n"
                   "applicant with both plans; who is worse off stands first.\n\n"
                   "  --thing ID  compare this thing alone\n"
                   "  --json      as JSON on stdout (docs/diff.md)\n"
                   "  --lang L    zh or en; by LANG, else zh\n\n"
                   "exit 0: no difference for anybody · 1: differences · 2: input that cannot be used"
                 : "用法：onevisit diff 旧目录 新目录 [--thing 编号] [--json] [--lang zh|en]\n\n"
                   "两份目录之间，对谁变了什么：每件事要么证明对所有人都一样，要么举出一位申请人和他前后两份方案；\n"
                   "变差的人排在最前。\n\n"
                   "  --thing 编号  只比较这一件事\n"
                   "  --json        以 JSON 写到标准输出（见 docs/diff.md）\n"
                   "  --lang L      zh 或 en；默认按 LANG，否则中文\n\n"
                   "退出码 0：对谁都没有不同 · 1：有不同 · 2：输入不可用");
}

static bool take_option(struct asked *asked, int option)
{
  switch (option) {
  case 't':
    asked->diff.one = span_of(optarg);
    return *optarg != 0;
  case 'j':
    asked->json = true;
    return true;
  case 'l':
    cli_language(optarg);
    return strcmp(optarg, "zh") == 0 || strcmp(optarg, "en") == 0;
  default:
    return false;
  }
}

int cli_diff(int argc, char **argv)
{
  static const struct option known[] = {{"thing", required_argument, NULL, 't'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"lang", required_argument, NULL, 'l'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};
  struct asked asked = {.diff = {.today = day_of(moment_now()), .progress = progress}};
  for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
    if (c == 'h') {
      help();
      return CLI_OK;
    }
    if (!take_option(&asked, c)) {
      cli_say("onevisit：选项不对，见 onevisit diff --help", "onevisit: see onevisit diff --help");
      return CLI_USAGE;
    }
  }
  if (argc - optind != 2) {
    cli_say("onevisit：diff 要两个目录，见 onevisit diff --help", "onevisit: diff takes two folders; see onevisit diff --help");
    return CLI_USAGE;
  }
  asked.dirs[0] = argv[optind];
  asked.dirs[1] = argv[optind + 1];
  return run(&asked);
}
