#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/mechanisms.h"

static const char backup_zh[] =
    "用法：onevisit backup --store URL FILE\n  在线备份到一个文件（含校验和、数据结构版本和附件），服务不必停止\n";
static const char backup_en[] =
    "Usage: onevisit backup --store URL FILE\n  Backs up into one file (with checksum, schema and attachments) while the service runs\n";
static const char restore_zh[] =
    "用法：onevisit restore --store URL FILE\n  恢复到尚不存在或空的存储；校验和不符或备份比程序新时拒绝，不作任何改动\n";
static const char restore_en[] =
    "Usage: onevisit restore --store URL FILE\n  Restores into a store that does not exist or is empty; a damaged or newer "
    "backup is refused and nothing is changed\n";

struct backup_arguments {
  const char *store, *file;
  bool help;
};

static bool parse(int argc, char **argv, struct backup_arguments *ret)
{
  static const struct option options[] = {
      {"store", required_argument, NULL, 's'}, {"lang", required_argument, NULL, 'l'}, {"help", no_argument, NULL, 'h'}, {0}};
  *ret = (struct backup_arguments){.store = CLI_STORE_DEFAULT};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
    switch (c) {
    case 's':
      ret->store = optarg;
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
  if (!ret->help && optind + 1 == argc)
    ret->file = argv[optind];
  return ret->help || ret->file;
}

typedef int store_copier(struct store *store, const struct migration *const *sets, const char *path, struct error *error);

static int copy(int argc, char **argv, const char *zh, const char *en, store_copier *copier, const char *done_zh,
                const char *done_en)
{
  struct backup_arguments a;
  struct store *store;
  struct error error = {0};
  if (!parse(argc, argv, &a))
    return cli_usage(zh, en);
  if (a.help) {
    (void)fputs(cli_chinese() ? zh : en, stdout);
    return CLI_OK;
  }
  if (store_open(a.store, &store, &error))
    return cli_fail(&error);
  int bad = copier(store, all_migrations, a.file, &error);
  store_close(store);
  if (bad)
    return cli_fail(&error);
  cli_say(done_zh, done_en, a.file);
  return CLI_OK;
}

int cli_backup(int argc, char **argv)
{
  return copy(argc, argv, backup_zh, backup_en, store_backup, "已备份到 %s", "Backed up into %s");
}

int cli_restore(int argc, char **argv)
{
  return copy(argc, argv, restore_zh, restore_en, store_restore, "已从 %s 恢复", "Restored from %s");
}
