/* import.c: onevisit import xes FILE --store URL: the history of an older system, through the one write path. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/mechanisms.h"
#include "history/history.h"
#include "watch/registry.h"

#define KINDS_MAX 32

static const char usage_zh[] = "用法：onevisit import xes 文件[.gz] --store URL\n"
                               "  文件             旧系统的事件日志（XES，可为 gzip；- 为标准输入）\n"
                               "  --store URL      sqlite:路径 或 postgresql://…（默认 " CLI_STORE_DEFAULT "）\n"
                               "  --name 名称      以此名保存，代替日志自己的名字\n"
                               "  --limit-bytes N  解压后的字节上限（默认 16 GiB）\n"
                               "  --keys DIR       签名密钥目录（默认在存储旁）\n"
                               "  --origin 名称    账本名称（默认 " CLI_ORIGIN_DEFAULT "）\n"
                               "同一日志再次导入不会增加任何内容；中断的导入再做一次即可续完。\n";
static const char usage_en[] = "Usage: onevisit import xes FILE[.gz] --store URL\n"
                               "  FILE             the event log of an older system (XES, gzip or not; - is standard input)\n"
                               "  --store URL      sqlite:PATH or postgresql://… (default " CLI_STORE_DEFAULT ")\n"
                               "  --name NAME      keep it under this name, not the log's own\n"
                               "  --limit-bytes N  at most N bytes once unpacked (default 16 GiB)\n"
                               "  --keys DIR       the signing keys (default: beside the store)\n"
                               "  --origin NAME    the ledger's name (default " CLI_ORIGIN_DEFAULT ")\n"
                               "Importing a log again adds nothing; one that was interrupted is finished by importing it again.\n";

struct import_options {
  const char *file, *store, *keys, *origin;
  bool help;
  struct history_import import;
};

/*
 * An import brings no catalogue, so the rules of other rooms cannot run here: their deadlines wait for «serve». Their
 * events must still be known, since the sealer may have some left to seal.
 */
static int not_here(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  (void)state;
  (void)d;
  return error_set(error, ERROR_BUSY, "importing", "导入期间不办理 %s", "%s waits while an import runs", command->kind->name);
}

static void kinds_for_import(struct kind *copies, const struct kind **ret)
{
  size_t n = 0;
  for (; all_kinds[n] && n < KINDS_MAX; n++) {
    bool ours = all_kinds[n] == &history_kind || all_kinds[n] == &history_log_kind || all_kinds[n] == &registry_kind;
    copies[n] = *all_kinds[n];
    copies[n].decide = not_here;
    ret[n] = ours ? all_kinds[n] : &copies[n];
  }
  ret[n] = NULL;
}

static void show_progress(void *context, int pass, int64_t traces, int64_t steps)
{
  (void)context;
  const char *doing = pass == 1 ? (cli_chinese() ? "检查" : "checking") : (cli_chinese() ? "导入" : "importing");
  (void)fprintf(stderr,
                cli_chinese() ? "\r%s：%" PRId64 " 条轨迹，%" PRId64 " 个步骤" : "\r%s: %" PRId64 " traces, %" PRId64 " steps",
                doing, traces, steps);
  (void)fflush(stderr);
}

static void tell(const struct history_imported *done)
{
  if (done->added == 0)
    cli_say("“%s”已在库中（%" PRId64 " 条轨迹，%" PRId64 " 个步骤），没有增加任何内容",
            "“%s” is there already (%" PRId64 " traces, %" PRId64 " steps): nothing was added", done->name, done->traces,
            done->steps);
  else if (done->repeated)
    cli_say("已续完中断的导入“%s”：%" PRId64 " 条轨迹，%" PRId64 " 个步骤",
            "Finished the import of “%s” that was interrupted: %" PRId64 " traces, %" PRId64 " steps", done->name, done->traces,
            done->steps);
  else
    cli_say("已导入“%s”：%" PRId64 " 条轨迹，%" PRId64 " 个步骤", "Imported “%s”: %" PRId64 " traces, %" PRId64 " steps",
            done->name, done->traces, done->steps);
}

static int run_engine(struct store *store, int fd, struct import_options *o, struct error *error)
{
  struct kind copies[KINDS_MAX];
  const struct kind *kinds[KINDS_MAX + 1];
  struct arena arena = {0};
  kinds_for_import(copies, kinds);
  const struct engine_options options = {.kinds = kinds,
                                         .key_dir = o->keys ? o->keys : cli_key_dir(&arena, store),
                                         .origin = o->origin ? o->origin : CLI_ORIGIN_DEFAULT};
  struct engine *engine;
  struct history_imported done;
  bool terminal = isatty(STDERR_FILENO);
  int rc = engine_open(store, &options, &engine, error);
  if (!rc) {
    o->import.progress = terminal ? show_progress : NULL;
    rc = cli_begin_registry(engine, store, options.key_dir, options.origin, NULL, 0, error);
    if (!rc)
      rc = history_import(engine, fd, &o->import, &done, error);
    engine_close(engine);
    if (terminal)
      (void)fputs("\r\033[K", stderr);
    if (!rc)
      tell(&done);
  }
  arena_release(&arena);
  return rc;
}

static int run_file(struct import_options *o)
{
  struct error error = {0};
  struct store *store;
  bool standard = strcmp(o->file, "-") == 0;
  int fd = standard ? STDIN_FILENO : open(o->file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    (void)error_set(&error, ERROR_BAD_INPUT, "no-file", "打不开 %.200s：%s", "cannot open %.200s: %s", o->file, strerror(errno));
    return cli_fail(&error);
  }
  o->import.path = standard ? "stdin" : o->file;
  int rc = cli_open_store(o->store, &store, &error);
  if (!rc) {
    rc = run_engine(store, fd, o, &error);
    store_close(store);
  }
  if (!standard)
    (void)close(fd);
  return rc ? cli_fail(&error) : CLI_OK;
}

static int take_limit(struct import_options *o, const char *text)
{
  if (span_int(span_of(text), &o->import.limits.bytes) && o->import.limits.bytes > 0)
    return 0;
  cli_say("--limit-bytes 应为正整数，而不是“%.40s”", "--limit-bytes takes a positive number, not “%.40s”", text);
  return -1;
}

static int parse(int argc, char **argv, struct import_options *o)
{
  static const struct option known[] = {{"store", required_argument, NULL, 's'},
                                        {"name", required_argument, NULL, 'n'},
                                        {"limit-bytes", required_argument, NULL, 'b'},
                                        {"keys", required_argument, NULL, 'k'},
                                        {"origin", required_argument, NULL, 'o'},
                                        {"lang", required_argument, NULL, 'l'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};
  *o = (struct import_options){.store = CLI_STORE_DEFAULT};
  for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;)
    switch (c) {
    case 's':
      o->store = optarg;
      break;
    case 'n':
      o->import.name = optarg;
      break;
    case 'b':
      if (take_limit(o, optarg))
        return -1;
      break;
    case 'k':
      o->keys = optarg;
      break;
    case 'o':
      o->origin = optarg;
      break;
    case 'l':
      cli_language(optarg);
      break;
    case 'h':
      o->help = true;
      break;
    default:
      return -1;
    }
  if (argc - optind == 2 && strcmp(argv[optind], "xes") == 0)
    o->file = argv[optind + 1];
  return o->help || o->file ? 0 : -1;
}

int cli_import(int argc, char **argv)
{
  struct import_options o;
  if (parse(argc, argv, &o))
    return cli_usage(usage_zh, usage_en);
  if (o.help)
    return fputs(cli_chinese() ? usage_zh : usage_en, stdout) < 0 ? CLI_FAILED : CLI_OK;
  return run_file(&o);
}
