/*
 * onevisit ledger rotate|retire|witness: the registry of keys while the service is stopped.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/mechanisms.h"
#include "watch/registry.h"

static const char usage_zh[] = "用法：onevisit ledger rotate --department 部门 --reason 原因   部门换新密钥，旧密钥此后不得再签\n"
                               "      onevisit ledger retire --department 部门 --reason 原因   部门密钥停用\n"
                               "      onevisit ledger witness --vkey 公钥 --reason 原因         登记见证方的公钥\n"
                               "  --store URL、--keys DIR、--origin 名称、--lang zh|en；须先停止服务，或由管理员在 /keys 页面办理\n"
                               "  退出码 0 完成 · 2 参数有误或不符合规定 · 3 失败\n";
static const char usage_en[] =
    "Usage: onevisit ledger rotate --department ID --reason TEXT    a new key; the old one never signs again\n"
    "       onevisit ledger retire --department ID --reason TEXT    its key ends without another\n"
    "       onevisit ledger witness --vkey KEY --reason TEXT        registers a witness's public key\n"
    "  --store URL, --keys DIR, --origin NAME, --lang zh|en; the service must be stopped, or use its page /keys\n"
    "  Exit: 0 done · 2 bad arguments or against the rules · 3 failed\n";

struct key_arguments {
  const char *store, *keys, *origin, *department, *vkey, *reason;
  bool help;
};

static bool parse(int argc, char **argv, struct key_arguments *a)
{
  static const struct option options[] = {{"store", required_argument, NULL, 's'},
                                          {"keys", required_argument, NULL, 'k'},
                                          {"origin", required_argument, NULL, 'o'},
                                          {"department", required_argument, NULL, 'd'},
                                          {"vkey", required_argument, NULL, 'v'},
                                          {"reason", required_argument, NULL, 'r'},
                                          {"lang", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  *a = (struct key_arguments){.store = CLI_STORE_DEFAULT, .origin = CLI_ORIGIN_DEFAULT, .reason = ""};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
    switch (c) {
    case 's':
      a->store = optarg;
      break;
    case 'k':
      a->keys = optarg;
      break;
    case 'o':
      a->origin = optarg;
      break;
    case 'd':
      a->department = optarg;
      break;
    case 'v':
      a->vkey = optarg;
      break;
    case 'r':
      a->reason = optarg;
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
  bool witness = strcmp(argv[0], "witness") == 0;
  return a->help || (optind == argc && (witness ? a->vkey != NULL : a->department != NULL));
}

/* Stands still, so that no timer of a case fires here: they are the service's. */
static moment still(void *context)
{
  (void)context;
  return 1;
}

static int run(const char *verb, const struct key_arguments *a, struct error *error)
{
  struct arena arena = {0};
  struct store *store;
  if (cli_open_store(a->store, &store, error))
    return -1;
  struct registrar r = {.origin = a->origin, .actor = {"system", "system", "", "system"}, .at = moment_now()};
  r.key_dir = a->keys ? a->keys : cli_key_dir(&arena, store);
  const struct engine_options options = {
      .kinds = all_kinds, .key_dir = r.key_dir, .origin = a->origin, .seal_ms = -1, .clock = still};
  int bad = engine_open(store, &options, &r.engine, error);
  if (!bad && !(bad = store_connect(store, DB_READ, &r.db, error))) {
    if (strcmp(verb, "rotate") == 0)
      bad = registry_rotate(&r, a->department, a->reason, error);
    else if (strcmp(verb, "retire") == 0)
      bad = registry_retire(&r, a->department, a->reason, error);
    else
      bad = registry_witness(&r, a->vkey, a->reason, error);
    db_close(r.db);
  }
  engine_close(r.engine);
  store_close(store);
  arena_release(&arena);
  return bad;
}

int cli_keys(int argc, char **argv)
{
  struct key_arguments a;
  struct error error = {0};
  if (!parse(argc, argv, &a))
    return cli_usage(usage_zh, usage_en);
  if (a.help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return CLI_OK;
  }
  if (run(argv[0], &a, &error))
    return cli_fail(&error);
  cli_say("完成：%s", "Done: %s", a.department ? a.department : a.vkey);
  return CLI_OK;
}
