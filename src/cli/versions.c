/* versions.c: onevisit versions [--store URL] [--export DIR] [--version V]: what was in force when, and its files. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/cli.h"
#include "edit/pack.h"
#include "promise/promise.h"

static const char usage_zh[] = "用法：onevisit versions [--store URL] [--export 目录 [--version 版本]]\n"
                               "  --store URL   sqlite:路径 或 postgresql://…（默认 " CLI_STORE_DEFAULT "）\n"
                               "  --export 目录 把生效版本的文件和证明写入一个新目录\n"
                               "  --version V   写出这个版本（64 位十六进制）\n"
                               "不带 --export 时逐行列出：何时起生效、版本、由谁、理由。服务运行时也可用。\n";
static const char usage_en[] =
    "Usage: onevisit versions [--store URL] [--export DIR [--version V]]\n"
    "  --store URL   sqlite:PATH or postgresql://… (default " CLI_STORE_DEFAULT ")\n"
    "  --export DIR  write the files and the proof of the version in force into a new folder\n"
    "  --version V   of this version instead (64 hex digits)\n"
    "Without --export a line each: since when, which version, by whom, why. The service may run meanwhile.\n";

#define TERMS 100

static int cannot_write(const char *path, struct error *error)
{
  return error_set(error, ERROR_BAD_INPUT, "cannot-write", "写不了「%s」：%s", "'%s' cannot be written: %s", path, strerror(errno));
}

static int write_file(struct arena *arena, const char *dir, const char *name, struct span content, struct error *error)
{
  const char *path = arena_printf(arena, "%s/%s", dir, name), *slash = strrchr(name, '/');
  if (slash) {
    const char *folder = arena_printf(arena, "%s/%.*s", dir, (int)(slash - name), name);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
      return cannot_write(folder, error);
  }
  return file_write(path, content, error);
}

static int write_version(struct store *store, const struct release *release, const char *dir, struct arena *arena,
                         struct error *error)
{
  struct catalog_file *files;
  struct span proof;
  size_t n;
  if (!*release->pack)
    return error_set(error, ERROR_BAD_INPUT, "version-not-kept", "这个版本的文件没有保存",
                     "The files of this version were not kept");
  if (pack_get(store, release->pack, arena, &files, &n, error) || vault_get(store, release->proof, arena, &proof, error))
    return -1;
  if (mkdir(dir, 0777) != 0)
    return cannot_write(dir, error);
  for (size_t i = 0; i < n; i++)
    if (write_file(arena, dir, files[i].name, files[i].content, error))
      return -1;
  return write_file(arena, dir, PROMISE_FILE, proof, error);
}

static void list(const struct term *terms, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    char since[MOMENT_TEXT];
    moment_format(terms[i].since, since);
    (void)printf("%s  %s  %s  %s\n", since, terms[i].version, terms[i].actor, terms[i].reason);
  }
}

static int run(struct store *store, const char *dir, const char *version, struct arena *arena, struct error *error)
{
  struct db *db;
  struct term *terms;
  struct release release;
  size_t n = 0;
  if (store_connect(store, DB_READ, &db, error))
    return -1;
  int bad = term_list(db, 0, TERMS, arena, &terms, &n, error);
  if (!bad && !n)
    bad = error_set(error, ERROR_BAD_INPUT, "no-release", "还没有公布过目录版本", "No version of the catalogue was published yet");
  if (!bad && dir)
    bad = release_read(db, version ? version : terms->version, arena, &release, error) ||
          write_version(store, &release, dir, arena, error);
  db_close(db);
  if (!bad && !dir)
    list(terms, n);
  return bad ? -1 : 0;
}

int cli_versions(int argc, char **argv)
{
  static const struct option options[] = {{"store", required_argument, NULL, 's'},   {"export", required_argument, NULL, 'e'},
                                          {"version", required_argument, NULL, 'v'}, {"lang", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},          {0}};
  const char *url = CLI_STORE_DEFAULT, *dir = NULL, *version = NULL;
  bool asked_help = false;
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == 's')
      url = optarg;
    else if (c == 'e')
      dir = optarg;
    else if (c == 'v')
      version = optarg;
    else if (c == 'l')
      cli_language(optarg);
    else if (c == 'h')
      asked_help = true;
    else
      return cli_usage(usage_zh, usage_en);
  }
  if (asked_help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return CLI_OK;
  }
  if (optind != argc || (version && !dir))
    return cli_usage(usage_zh, usage_en);
  struct arena arena = {0};
  struct error error = {0};
  struct store *store = NULL;
  int bad = store_open(url, &store, &error) || run(store, dir, version, &arena, &error);
  store_close(store);
  arena_release(&arena);
  return bad ? cli_fail(&error) : CLI_OK;
}
