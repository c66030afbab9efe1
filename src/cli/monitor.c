/*
 * onevisit ledger monitor: watches a log that somebody else runs, or one's own from outside.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "watch/job.h"
#include "watch/monitor.h"
#include "witness/source.h"

enum { UNREACHABLE = 4 };
#define BOOK_MAX ((size_t)16 << 20)
#define STATE_MAX ((size_t)1 << 30)

static const char usage_zh[] = "用法：onevisit ledger monitor --log 目录|网址 --key 公钥 --state 文件 [--once] [--json]\n"
                               "  逐条核查账本：格式、部门签名、每个办件的连续、时间、检查点；给出目录时还核查法定期限\n"
                               "  --catalog DIR    事项目录（法定期限、工作日历）\n"
                               "  --policy 文件    tlog-policy：见证方，其共签也核查\n"
                               "  --max-age 分钟   最近一次见证超过多久算陈旧（需 --policy）\n"
                               "  --once           只看一遍；不给则每 10 秒看一次，直到被终止\n"
                               "  --remember N     记住多少个已无待办的办件（默认 1000000）\n"
                               "  退出码 0 无异常 · 1 有异常（逐条说明）· 2 参数、公钥或状态文件不可用 · 4 取不到账本\n";
static const char usage_en[] =
    "Usage: onevisit ledger monitor --log DIR|URL --key VKEY --state FILE [--once] [--json]\n"
    "  Checks every entry: form, departments' signatures, each case's sequence, times, checkpoints; with a catalogue the law's\n"
    "  time limits too\n"
    "  --catalog DIR      the catalogue (statutory limits, calendar)\n"
    "  --policy FILE      tlog-policy: the witnesses, whose cosignatures are checked as well\n"
    "  --max-age MINUTES  how old the newest cosignature may be (with --policy)\n"
    "  --once             one look; without it one every 10 seconds until it is ended\n"
    "  --remember N       how many cases that are not under way are remembered (default 1000000)\n"
    "  Exit: 0 fine · 1 something is wrong, told line by line · 2 arguments, key or state unusable · 4 the log cannot be reached\n";

struct monitor_arguments {
  const char *log, *key, *state, *catalog, *policy;
  int64_t max_age, remember;
  bool once, json, help;
};

static bool number(const char *text, int64_t *ret)
{
  return span_int(span_of(text), ret) && *ret > 0;
}

static bool take(struct monitor_arguments *a, int c)
{
  switch (c) {
  case 'd':
    a->log = optarg;
    return true;
  case 'k':
    a->key = optarg;
    return true;
  case 's':
    a->state = optarg;
    return true;
  case 'c':
    a->catalog = optarg;
    return true;
  case 'p':
    a->policy = optarg;
    return true;
  case 'm':
    return number(optarg, &a->max_age);
  case 'r':
    return number(optarg, &a->remember);
  case 'o':
    a->once = true;
    return true;
  case 'j':
    a->json = true;
    return true;
  case 'l':
    cli_language(optarg);
    return true;
  case 'h':
    a->help = true;
    return true;
  default:
    return false;
  }
}

static bool parse(int argc, char **argv, struct monitor_arguments *a)
{
  static const struct option options[] = {{"log", required_argument, NULL, 'd'},      {"key", required_argument, NULL, 'k'},
                                          {"state", required_argument, NULL, 's'},    {"catalog", required_argument, NULL, 'c'},
                                          {"policy", required_argument, NULL, 'p'},   {"max-age", required_argument, NULL, 'm'},
                                          {"remember", required_argument, NULL, 'r'}, {"once", no_argument, NULL, 'o'},
                                          {"json", no_argument, NULL, 'j'},           {"lang", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},           {0}};
  *a = (struct monitor_arguments){0};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
    if (!take(a, c))
      return false;
  return a->help || (optind == argc && a->log && a->key && a->state);
}

/* ---- what is found ---- */

static void print_anomaly(void *context, const struct anomaly *f)
{
  const struct monitor_arguments *a = context;
  if (!a->json) {
    (void)printf("%s %lld%s%s: %s\n", f->word, (long long)f->index, *f->subject ? " " : "", f->subject,
                 cli_chinese() ? f->zh : f->en);
    return;
  }
  struct buf buf;
  buf_init(&buf, 8192);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_str(&w, "word", f->word);
  json_put_int(&w, "index", f->index);
  json_put_str(&w, "subject", f->subject);
  json_put_str(&w, "zh", f->zh);
  json_put_str(&w, "en", f->en);
  json_end(&w);
  (void)puts(buf.p);
  buf_release(&buf);
}

/* ---- one look ---- */

/* The bundles from the monitor's edge up to the size. */
static int read_leaves(struct monitor *m, struct source *source, int64_t size, struct error *error)
{
  int bad = 0;
  while (!bad && monitor_size(m) < size) {
    struct arena arena = {0};
    struct tile tile;
    struct span bytes, entries[TILE_WIDTH];
    int64_t from = monitor_size(m);
    bad = !tile_of_size(size, TILE_ENTRIES, from / TILE_WIDTH, &tile) || source_tile(source, &arena, &tile, &bytes, error);
    if (!bad && !bundle_parse(bytes, tile.width, entries))
      bad = error_set(error, ERROR_CONFLICT, "log-broken", "第 %lld 组条目已损坏", "Bundle %lld is damaged", (long long)tile.index);
    for (int i = (int)(from % TILE_WIDTH); !bad && i < tile.width; i++)
      monitor_leaf(m, entries[i]);
    arena_release(&arena);
  }
  return bad ? -1 : 0;
}

static int save_state(const struct monitor *m, const char *path, struct error *error)
{
  struct buf state;
  buf_init(&state, STATE_MAX);
  monitor_state(m, &state);
  int bad = file_write(path, buf_view(&state), error);
  buf_release(&state);
  return bad;
}

static int look(struct monitor *m, struct source *source, const struct monitor_arguments *a, struct error *error)
{
  struct arena arena = {0};
  struct span note, book = {0};
  struct error none;
  int64_t size, now = moment_now() / SECOND_MS;
  int bad = source_checkpoint(source, &arena, &note, error); /* first: the key book then has what the checkpoint covers */
  if (!bad) {
    (void)source_file(source, &arena, "keys", BOOK_MAX, &book, &none); /* without it every registration is found unopened */
    monitor_keybook(m, book);
    if (monitor_wants(m, note, &size))
      bad = read_leaves(m, source, size, error);
  }
  if (!bad) {
    monitor_checkpoint(m, note, now);
    monitor_clock(m, now);
    bad = save_state(m, a->state, error);
  }
  arena_release(&arena);
  (void)fflush(stdout);
  return bad;
}

/* ---- the program ---- */

static volatile sig_atomic_t ended;

static void end(int number)
{
  (void)number;
  ended = 1;
}

static int tell_end(const struct monitor *m, const struct monitor_arguments *a)
{
  struct monitor_counts n;
  monitor_counts(m, &n);
  if (!a->json)
    cli_say("已核查 %lld 条（本次 %lld 条），%lld 处异常", "%lld entries checked (%lld now), %lld anomalies",
            (long long)monitor_size(m), (long long)n.leaves, (long long)n.findings);
  if (!a->json && n.unchecked)
    cli_say("密钥登记之前的 %lld 条未能核查签名",
            "%lld entries from before the registry of keys: their signatures could not be checked", (long long)n.unchecked);
  return n.findings ? CLI_NO : CLI_OK;
}

static int fail(const struct error *error)
{
  int status = cli_fail(error);
  return strcmp(error->name, "source-away") == 0  ? UNREACHABLE
         : strcmp(error->name, "log-broken") == 0 ? CLI_NO
         : status == CLI_FAILED                   ? CLI_FAILED
                                                  : CLI_USAGE;
}

static int watch(struct monitor *m, struct source *source, const struct monitor_arguments *a)
{
  int status = CLI_OK;
  (void)signal(SIGTERM, end);
  (void)signal(SIGINT, end);
  do {
    struct error error = {0};
    status = look(m, source, a, &error) ? fail(&error) : CLI_OK;
    if (a->once && status)
      return status;
    for (int i = 0; i < 100 && !a->once && !ended; i++)
      (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
  } while (!a->once && !ended);
  int told = tell_end(m, a);
  return told ? told : status;
}

static int open_all(const struct monitor_arguments *a, struct monitor_options *options, struct policy **policy,
                    struct catalog **catalog, struct arena *arena, struct source **source, struct monitor **m, struct error *error)
{
  struct findings findings = {0};
  struct span state;
  if (a->catalog && catalog_load(a->catalog, catalog, arena, &findings, error))
    return error_set(error, ERROR_BAD_INPUT, "unusable-catalog", "事项目录不可用", "The catalogue cannot be used");
  if (a->policy && policy_load(a->policy, policy, error))
    return -1;
  options->policy = *policy;
  options->catalog = *catalog;
  return source_open(a->log, source, error) || file_read(a->state, arena, &state, error) || monitor_open(options, state, m, error);
}

int cli_monitor(int argc, char **argv)
{
  struct monitor_arguments a;
  struct arena arena = {0};
  struct policy *policy = NULL;
  struct catalog *catalog = NULL;
  struct source *source = NULL;
  struct monitor *m = NULL;
  struct error error = {0};
  if (!parse(argc, argv, &a))
    return cli_usage(usage_zh, usage_en);
  if (a.help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return CLI_OK;
  }
  struct monitor_options options = {
      .vkey = a.key, .max_age = a.max_age * 60, .remember = (size_t)a.remember, .sink = print_anomaly, .context = &a};
  int status = open_all(&a, &options, &policy, &catalog, &arena, &source, &m, &error) ? fail(&error) : watch(m, source, &a);
  monitor_close(m);
  source_close(source);
  if (policy)
    policy_free(policy);
  if (catalog)
    catalog_free(catalog);
  arena_release(&arena);
  return status;
}
