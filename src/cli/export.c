/* export.c: onevisit export xes --store URL [-o FILE]: imported histories and the platform's own cases as one event log. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/mechanisms.h"
#include "history/history.h"

#define CASEFILE_KIND "case"

static const char usage_zh[] = "用法：onevisit export xes --store URL [-o 文件[.gz]]\n"
                               "  --store URL   sqlite:路径 或 postgresql://…（默认 " CLI_STORE_DEFAULT "）\n"
                               "  -o 文件       写入文件（以 .gz 结尾则压缩），写完才出现；默认为标准输出\n"
                               "  --kind KIND   casefile 本平台办件，history 导入的历史，all 全部（默认）\n"
                               "  --name 名称   只导出这个名字的历史\n"
                               "办件只写事件、事项、部门、角色、渠道和时间，经办人以化名出现，不含个人信息。\n";
static const char usage_en[] =
    "Usage: onevisit export xes --store URL [-o FILE[.gz]]\n"
    "  --store URL   sqlite:PATH or postgresql://… (default " CLI_STORE_DEFAULT ")\n"
    "  -o FILE       to a file (packed if .gz) that appears when it is complete; default standard output\n"
    "  --kind KIND   casefile: the platform's own cases; history: imported logs; all (default)\n"
    "  --name NAME   only the imported log of this name\n"
    "Of a case only event, item, agency, role, channel and time are written, and hands under a pseudonym: no personal data.\n";

struct export_options {
  const char *store, *output;
  bool help;
  struct history_export what;
};

/* A file that takes its name only when it is complete. */
struct output {
  const char *path;
  char *temporary;
  FILE *file; /* plain */
  gzFile packed;
};

static int failed(struct error *error, const char *path)
{
  return error_set(error, ERROR_BUSY, "write-failed", "写不进 %.120s：%s", "cannot write %.120s: %s", path, strerror(errno));
}

static int output_write(void *context, struct span bytes, struct error *error)
{
  struct output *out = context;
  if (out->packed ? gzwrite(out->packed, bytes.p, (unsigned)bytes.n) == (int)bytes.n
                  : fwrite(bytes.p, 1, bytes.n, out->file) == bytes.n)
    return 0;
  return failed(error, out->path ? out->path : "stdout");
}

static bool is_packed(const char *path)
{
  size_t n = strlen(path);
  return n > 3 && strcmp(path + n - 3, ".gz") == 0;
}

static int output_open(struct output *out, const char *path, struct error *error)
{
  *out = (struct output){.path = path};
  if (!path) {
    out->file = stdout;
    return 0;
  }
  if (asprintf(&out->temporary, "%s.XXXXXX", path) < 0)
    abort();
  int fd = mkstemp(out->temporary);
  mode_t mask = umask(0);
  (void)umask(mask);
  if (fd >= 0 && fchmod(fd, 0666 & ~mask) == 0 && (out->file = fdopen(fd, "w"))) {
    int packed_fd = is_packed(path) ? dup(fd) : -1;
    if (packed_fd >= 0)
      out->packed = gzdopen(packed_fd, "wb");
    if (!is_packed(path) || out->packed)
      return 0;
  }
  (void)failed(error, path);
  if (out->file)
    (void)fclose(out->file);
  else if (fd >= 0)
    (void)close(fd);
  if (fd >= 0)
    (void)unlink(out->temporary);
  free(out->temporary);
  return -1;
}

/* Gives the file its name when all went well, and removes it otherwise. */
static int output_close(struct output *out, bool keep, struct error *error)
{
  bool ok = keep;
  if (out->packed)
    ok = gzclose(out->packed) == Z_OK && ok;
  ok = fflush(out->file) == 0 && ok;
  if (out->path) {
    ok = fsync(fileno(out->file)) == 0 && ok;
    ok = fclose(out->file) == 0 && ok;
    ok = ok && rename(out->temporary, out->path) == 0;
  }
  if (keep && !ok)
    (void)failed(error, out->path ? out->path : "stdout");
  if (out->path && !ok)
    (void)unlink(out->temporary);
  free(out->temporary);
  return ok ? 0 : -1;
}

static void tell(const struct history_exported *done)
{
  cli_say("已导出 %" PRId64 " 条轨迹，%" PRId64 " 个步骤", "Exported %" PRId64 " traces, %" PRId64 " steps", done->traces,
          done->steps);
  if (done->unfinished)
    cli_say("其中 %" PRId64 " 个日志的导入曾中断：请再导入一次以续完",
            "%" PRId64 " of the logs are not imported to their end: import them again", done->unfinished);
}

static int write_output(struct db *db, const struct export_options *o, struct error *error)
{
  struct output out;
  struct history_exported done;
  if (output_open(&out, o->output, error))
    return -1;
  int rc = history_export(db, all_kinds, &o->what, (struct xes_sink){&out, output_write}, &done, error);
  struct error close_error = {0};
  if (output_close(&out, rc == 0, &close_error) && rc == 0) {
    *error = close_error;
    rc = -1;
  }
  if (rc == 0)
    tell(&done);
  return rc;
}

static int run(const struct export_options *o)
{
  struct error error = {0};
  struct store *store;
  struct db *db;
  if (cli_read_store(o->store, &store, &db, &error))
    return cli_fail(&error);
  int rc = write_output(db, o, &error);
  db_close(db);
  store_close(store);
  return rc ? cli_fail(&error) : CLI_OK;
}

static int set_kind(struct export_options *o, const char *kind)
{
  bool all = strcmp(kind, "all") == 0;
  o->what.histories = all || strcmp(kind, "history") == 0;
  o->what.casefiles = all || strcmp(kind, "casefile") == 0;
  if (o->what.histories || o->what.casefiles)
    return 0;
  cli_say("--kind 只能是 casefile、history 或 all，而不是“%.40s”", "--kind is casefile, history or all, not “%.40s”", kind);
  return -1;
}

static int parse(int argc, char **argv, struct export_options *o)
{
  static const struct option known[] = {{"store", required_argument, NULL, 's'}, {"name", required_argument, NULL, 'n'},
                                        {"kind", required_argument, NULL, 'k'},  {"lang", required_argument, NULL, 'l'},
                                        {"help", no_argument, NULL, 'h'},        {0}};
  *o = (struct export_options){.store = CLI_STORE_DEFAULT, .what = {true, true, NULL, CASEFILE_KIND}};
  for (int c; (c = getopt_long(argc, argv, "o:", known, NULL)) != -1;)
    switch (c) {
    case 's':
      o->store = optarg;
      break;
    case 'n':
      o->what.name = optarg;
      break;
    case 'k':
      if (set_kind(o, optarg))
        return -1;
      break;
    case 'o':
      o->output = optarg;
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
  return o->help || (argc - optind == 1 && strcmp(argv[optind], "xes") == 0) ? 0 : -1;
}

int cli_export(int argc, char **argv)
{
  struct export_options o;
  if (parse(argc, argv, &o))
    return cli_usage(usage_zh, usage_en);
  if (o.help)
    return fputs(cli_chinese() ? usage_zh : usage_en, stdout) < 0 ? CLI_FAILED : CLI_OK;
  return run(&o);
}
