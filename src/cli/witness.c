#include <getopt.h>
#include <stdio.h>

#include "app/app.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/witnessing.h"
#include "web/web.h"
#include "witness/witness.h"
#include "witness/witness_pages.h"

static const char usage_zh[] = "用法：onevisit witness --state DIR --name 名称 --log 公钥 [--log 公钥…] [--listen 地址:端口]\n"
                               "      onevisit witness --state DIR --name 名称 --init\n"
                               "  为别的部门的账本作见证：只见证同一部历史的延续，先落盘，后签名\n"
                               "  --state DIR     状态与签名密钥的目录（首次运行时建立）；不得从旧备份恢复\n"
                               "  --name 名称      密钥名称，不含协议的网址，如 witness.justice.example/w1\n"
                               "  --log 公钥       账本公布的公钥（名称+编号+公钥），可给多个\n"
                               "  --listen A:P    监听地址（默认 127.0.0.1:8090；端口 0 为任意空闲端口）\n"
                               "  --init          只生成密钥，打印见证公钥后退出\n";
static const char usage_en[] =
    "Usage: onevisit witness --state DIR --name NAME --log VKEY [--log VKEY …] [--listen ADDR:PORT]\n"
    "       onevisit witness --state DIR --name NAME --init\n"
    "  Witnesses the logs of others: cosigns one history only, on disk before it is signed away\n"
    "  --state DIR     state and signing key (made at the first start); never restore it from an old backup\n"
    "  --name NAME     the key's name, a URL without scheme, as witness.justice.example/w1\n"
    "  --log VKEY      a log's public key as published (name+id+key); may be given several times\n"
    "  --listen A:P    where to listen (default 127.0.0.1:8090; port 0: any free one)\n"
    "  --init          only makes the key, prints the witness's public key and ends\n";

struct arguments {
  const char *state, *name, *listen;
  const char *logs[WITNESSING_LOGS_MAX + 1];
  size_t logs_n;
  bool init, help;
};

static bool parse(int argc, char **argv, struct arguments *a)
{
  static const struct option options[] = {{"state", required_argument, NULL, 's'}, {"name", required_argument, NULL, 'n'},
                                          {"log", required_argument, NULL, 'k'},   {"listen", required_argument, NULL, 'a'},
                                          {"init", no_argument, NULL, 'i'},        {"lang", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},        {0}};
  *a = (struct arguments){.listen = "127.0.0.1:8090"};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
    switch (c) {
    case 's':
      a->state = optarg;
      break;
    case 'n':
      a->name = optarg;
      break;
    case 'k':
      if (a->logs_n == WITNESSING_LOGS_MAX)
        return false;
      a->logs[a->logs_n++] = optarg;
      break;
    case 'a':
      a->listen = optarg;
      break;
    case 'i':
      a->init = true;
      break;
    case 'l':
      cli_language(optarg);
      break;
    case 'h':
      a->help = true;
      break;
    default:
      return false;
    }
  return a->help || (optind == argc && a->state && a->name && (a->init || a->logs_n));
}

static int serve(const struct arguments *a, struct witness *witness, struct error *error)
{
  static const struct route *const routes[] = {witness_routes, NULL};
  struct app app = {.witness = witness};
  struct web_options options = {.listen = a->listen, .routes = routes, .app = &app, .workers = WITNESSING_WORKERS};
  struct web *web;
  cli_block_signals();
  if (web_open(&options, &web, error))
    return -1;
  witnessing_hello(witness, a->listen, web_port(web));
  cli_wait_for_signal();
  log_line("info", "stopping", NULL);
  web_close(web);
  return 0;
}

int cli_witness(int argc, char **argv)
{
  struct arguments a;
  struct witness *witness;
  struct error error = {0};
  if (!parse(argc, argv, &a))
    return cli_usage(usage_zh, usage_en);
  if (a.help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return CLI_OK;
  }
  const struct witness_options options = {.state = a.state, .name = a.name, .logs = a.logs, .answered = witnessing_answered};
  if (witness_open(&options, &witness, &error))
    return cli_fail(&error);
  int bad = 0;
  if (a.init)
    (void)puts(witness_vkey(witness));
  else
    bad = serve(&a, witness, &error);
  witness_close(witness);
  return bad ? cli_fail(&error) : CLI_OK;
}
