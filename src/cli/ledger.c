#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/mechanisms.h"

static const char usage_zh[] = "用法：onevisit ledger verify [--store URL] [--vkey 公钥] [--json]\n"
                               "      onevisit ledger monitor|rotate|retire|witness …（各有 --help）\n"
                               "  核验全部事件与账本：0 完好，1 被改动（指出何处），2 参数有误，3 无法核验\n"
                               "  --vkey  账本公布的公钥（名称+编号+公钥）；不给则用存储中的公钥\n";
static const char usage_en[] =
    "Usage: onevisit ledger verify [--store URL] [--vkey KEY] [--json]\n"
    "       onevisit ledger monitor|rotate|retire|witness …: each has --help\n"
    "  Checks every event against the ledger: 0 intact, 1 broken (saying where), 2 bad arguments, 3 cannot be checked\n"
    "  --vkey  the log's public key as published (name+id+key); without it the one in the store is used\n";

struct ledger_arguments {
  const char *store, *vkey;
  bool json, help;
};

static bool parse(int argc, char **argv, struct ledger_arguments *ret)
{
  static const struct option options[] = {{"store", required_argument, NULL, 's'}, {"vkey", required_argument, NULL, 'k'},
                                          {"json", no_argument, NULL, 'j'},        {"lang", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},        {0}};
  *ret = (struct ledger_arguments){.store = CLI_STORE_DEFAULT};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
    switch (c) {
    case 's':
      ret->store = optarg;
      break;
    case 'k':
      ret->vkey = optarg;
      break;
    case 'j':
      ret->json = true;
      break;
    case 'l':
      cli_language(optarg);
      break;
    case 'h':
      ret->help = true;
      break;
    default:
      return false;
    }
  return ret->help || (optind + 1 == argc && strcmp(argv[optind], "verify") == 0);
}

static void print_json(const struct ledger_report *r, const struct error *error)
{
  struct buf buf;
  buf_init(&buf, 8192);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_bool(&w, "intact", error == NULL);
  if (error) {
    json_put_str(&w, "where", error->where);
    json_put_str(&w, "zh", error->zh);
    json_put_str(&w, "en", error->en);
  } else {
    json_put_int(&w, "events", r->events);
    json_put_int(&w, "sealed", r->sealed);
    json_put_int(&w, "checkpoints", r->checkpoints);
    json_put_int(&w, "erased", r->erased);
    json_put_bool(&w, "trusted_key", r->trusted_key);
  }
  json_end(&w);
  (void)puts(buf.p);
  buf_release(&buf);
}

static void print_report(const struct ledger_report *r)
{
  char at[MOMENT_TEXT] = "-";
  if (r->last_checkpoint)
    moment_format(r->last_checkpoint, at);
  (void)printf(cli_chinese() ? "账本完好：%lld 个事件，%lld 个已封存，%lld 个检查点，最近一个 %s\n"
                             : "The ledger is intact: %lld events, %lld sealed, %lld checkpoints, the last one %s\n",
               (long long)r->events, (long long)r->sealed, (long long)r->checkpoints, at);
  if (r->erased)
    cli_say("其中 %lld 个事件的内容已依法销毁，只核验其条目",
            "%lld of the events are erased by law: only their entries were checked", (long long)r->erased);
  if (!r->trusted_key)
    cli_say("提示：用的是存储自带的公钥；用 --vkey 给出公布的公钥，才能发现整套伪造",
            "Note: the store's own key was used; give the published one with --vkey to find a whole forgery too");
}

int cli_ledger(int argc, char **argv)
{
  static const struct {
    const char *verb;
    int (*run)(int argc, char **argv);
  } others[] = {{"monitor", cli_monitor}, {"rotate", cli_keys}, {"retire", cli_keys}, {"witness", cli_keys}};
  struct ledger_arguments a;
  for (size_t i = 0; argc > 1 && i < sizeof others / sizeof *others; i++)
    if (strcmp(argv[1], others[i].verb) == 0)
      return others[i].run(argc - 1, argv + 1);
  if (!parse(argc, argv, &a))
    return cli_usage(usage_zh, usage_en);
  if (a.help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return CLI_OK;
  }
  struct store *store;
  struct db *db;
  struct error error = {0};
  struct ledger_report report = {0};
  if (cli_read_store(a.store, &store, &db, &error))
    return cli_fail(&error) == CLI_USAGE ? CLI_USAGE : CLI_FAILED;
  int bad = engine_verify(db, all_kinds, a.vkey, &report, &error);
  db_close(db);
  store_close(store);
  bool broken = bad && strcmp(error.name, "ledger-broken") == 0;
  if (a.json && (!bad || broken))
    print_json(&report, bad ? &error : NULL);
  else if (bad)
    (void)cli_fail(&error);
  else
    print_report(&report);
  return broken ? CLI_NO : bad ? CLI_FAILED : CLI_OK;
}
