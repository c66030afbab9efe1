#include "cli/ledger.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "record/record.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *zh, *en;
} actions[] = {
    {"verify", ledger_verify, "核验整个存储与其账本", "Checks a whole store against its log"},
    {"receipt", ledger_receipt, "核验一份回执，或从账本取出一份", "Checks a receipt, or takes one out of a log"},
    {"audit", ledger_audit, "不用存储，核验一个公开的账本（目录或网址）",
     "Checks a public log, a directory or a URL, without its store"},
    {"monitor", cli_monitor, "持续监视一个公开的账本", "Watches a public log"},
    {"rotate", cli_keys, "更换部门的签名密钥", "Gives a department a new key"},
    {"retire", cli_keys, "停用部门的签名密钥", "Puts a department's key out of use"},
    {"witness", cli_keys, "登记见证人的公钥", "Registers a witness's key"},
    {NULL, NULL, NULL, NULL},
};

/* ---- what the actions share ---- */

static const char **slot(struct ledger_options *o, int c)
{
  switch (c) {
  case 's':
    return &o->store;
  case 'k':
    return &o->key;
  case 'p':
    return &o->policy;
  case 'o':
    return &o->out;
  case 'd':
    return &o->log;
  case 'K':
    return &o->keys;
  case 'D':
    return &o->departments;
  default:
    return NULL;
  }
}

static bool take_option(struct ledger_options *o, const char *allowed, int c)
{
  if (c == 'l')
    cli_language(optarg);
  else if (c == 'h')
    o->help = true;
  else if (c == '?' || !strchr(allowed, c))
    return false;
  else if (c == 'j')
    o->json = true;
  else
    *slot(o, c) = optarg;
  return true;
}

bool ledger_parse(int argc, char **argv, const char *allowed, struct ledger_options *ret)
{
  static const struct option options[] = {{"store", required_argument, NULL, 's'},  {"key", required_argument, NULL, 'k'},
                                          {"vkey", required_argument, NULL, 'k'},   {"policy", required_argument, NULL, 'p'},
                                          {"output", required_argument, NULL, 'o'}, {"log", required_argument, NULL, 'd'},
                                          {"keys", required_argument, NULL, 'K'},   {"departments", required_argument, NULL, 'D'},
                                          {"json", no_argument, NULL, 'j'},         {"lang", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},         {0}};
  *ret = (struct ledger_options){0};
  optind = 1;
  for (int c; (c = getopt_long(argc, argv, "o:", options, NULL)) != -1;)
    if (!take_option(ret, allowed, c))
      return false;
  for (; optind < argc; optind++) {
    if (ret->place_count == 2)
      return false;
    ret->places[ret->place_count++] = argv[optind];
  }
  return true;
}

static bool has_log(const struct policy *policy, const char *vkey)
{
  for (size_t i = 0; i < policy_log_count(policy); i++)
    if (strcmp(verifier_vkey(policy_log_at(policy, i)->key), vkey) == 0)
      return true;
  return false;
}

int ledger_trust(const struct ledger_options *o, struct policy **ret, struct error *error)
{
  struct arena arena = {0};
  struct span text;
  struct policy *policy;
  if (!o->key && !o->policy)
    return error_set(error, ERROR_BAD_INPUT, "bad-policy", "请用 --key 给出账本的公钥，或用 --policy 给出见证规则",
                     "Give the log's key with --key, or a policy with --policy");
  int bad = record_policy_text(&arena, o->policy, span_of(o->key), &text, error) || policy_parse(text, &policy, error);
  arena_release(&arena);
  if (bad)
    return -1;
  if (!policy_log_count(policy) || (o->key && !has_log(policy, o->key))) {
    policy_free(policy);
    return error_set(error, ERROR_BAD_INPUT, "bad-policy", "见证规则中没有账本的公钥，或与 --key 不一致",
                     "The policy names no log, or another than --key");
  }
  *ret = policy;
  return 0;
}

int ledger_verdict(const struct error *error)
{
  static const char *const unusable[] = {"bad-policy",    "no-policy", "no-file", "log-unreachable",
                                         "not-published", "bad-index", NULL};
  (void)cli_fail(error);
  if (strcmp(error->name, "no-quorum") == 0)
    return LEDGER_UNVOUCHED;
  for (const char *const *name = unusable; *name; name++)
    if (strcmp(*name, error->name) == 0)
      return LEDGER_UNUSABLE;
  return LEDGER_WRONG;
}

const char *ledger_cosigners(struct arena *arena, const struct policy *policy, const struct policy_verdict *verdict)
{
  const char *list = "";
  char at[MOMENT_SHORT];
  for (size_t i = 0; verdict->times && i < policy_witness_count(policy); i++)
    if (verdict->times[i]) {
      moment_short(verdict->times[i] * SECOND_MS, at);
      list = arena_printf(arena, "%s%s%s %s", list, *list ? ", " : "", verifier_name(policy_witness_at(policy, i)->key), at);
    }
  return *list ? list : cli_chinese() ? "无" : "nobody";
}

/* ---- the subcommand ---- */

static int usage(FILE *out)
{
  (void)fputs(cli_chinese() ? "用法：onevisit ledger 动作 …\n" : "Usage: onevisit ledger ACTION …\n", out);
  for (size_t i = 0; actions[i].name; i++)
    (void)fprintf(out, "  %-8s %s\n", actions[i].name, cli_chinese() ? actions[i].zh : actions[i].en);
  (void)fputs(cli_chinese() ? "退出码：0 无误；1 有误（指出何处）；2 输入无法使用；3 无法证明（见证不足，或存储无法读取）\n"
                            : "Exit codes: 0 good; 1 wrong (saying where); 2 unusable input; 3 cannot be vouched for (too few "
                              "witnesses, or a store that cannot be read)\n",
              out);
  return CLI_USAGE;
}

int cli_ledger(int argc, char **argv)
{
  for (size_t i = 0; argc > 1 && actions[i].name; i++)
    if (strcmp(argv[1], actions[i].name) == 0)
      return actions[i].run(argc - 1, argv + 1);
  struct ledger_options o;
  bool help = ledger_parse(argc, argv, "", &o) && o.help && !o.place_count;
  (void)usage(help ? stdout : stderr);
  return help ? CLI_OK : CLI_USAGE;
}
