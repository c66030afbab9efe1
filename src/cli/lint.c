#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "catalog/catalog.h"
#include "cli/cli.h"

#define JSON_MAX ((size_t)16 * 1024 * 1024)

static void help(void)
{
  (void)puts(!cli_chinese()
                 ? "usage: onevisit lint DIR [--json] [--lang zh|en]\n\n"
                   "Reads the guide in DIR as a reviewer would: catch-all clauses, missing elements, certificates without a law,\n"
                   "one thing under two names. What onevisit check refuses is not looked at twice.\n\n"
                   "exit 0: nothing found · 1: findings · 2: not usable as a catalogue"
                 : "用法：onevisit lint 目录 [--json] [--lang zh|en]\n\n"
                   "像审核人那样读办事指南：兜底条款、缺项、没有法律依据的证照、一物两名。\n"
                   "onevisit check 已经拒绝的不再重复。\n\n"
                   "退出码 0：没有发现 · 1：有发现 · 2：不能当作事项目录");
}

static int write_json(const char *dir, const struct findings *findings)
{
  struct buf buf;
  buf_init(&buf, JSON_MAX);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_bool(&w, "clean", findings->n == 0);
  json_begin_array(&w, "findings");
  for (size_t i = 0; i < findings->n; i++)
    cli_write_finding(&w, dir, &findings->list[i]);
  json_end(&w);
  json_end(&w);
  struct span out = buf_view(&buf);
  bool written = !buf.full && fwrite(out.p, 1, out.n, stdout) == out.n && putchar('\n') != EOF && fflush(stdout) == 0;
  buf_release(&buf);
  return written ? 0 : -1;
}

static int lint(const char *dir, bool json)
{
  struct arena arena = {0};
  struct catalog *catalog = NULL;
  struct findings findings = {0};
  struct error error = {0};
  int status = CLI_USAGE;
  if (catalog_load(dir, &catalog, &arena, &findings, &error) < 0) {
    cli_print_findings(stderr, dir, &findings);
    (void)cli_fail(&error);
  } else {
    catalog_lint(catalog, &arena, &findings);
    status = findings.n ? CLI_NO : CLI_OK;
    if (!json)
      cli_print_findings(stdout, dir, &findings);
    if (!json && findings.n == 0)
      (void)printf(cli_chinese() ? "%s：没有发现\n" : "%s: nothing found\n", dir);
    if (json && write_json(dir, &findings) < 0) {
      cli_say("onevisit：标准输出写不了", "onevisit: stdout cannot be written");
      status = CLI_FAILED;
    }
  }
  catalog_free(catalog);
  arena_release(&arena);
  return status;
}

int cli_lint(int argc, char **argv)
{
  static const struct option options[] = {
      {"json", no_argument, NULL, 'j'}, {"lang", required_argument, NULL, 'l'}, {"help", no_argument, NULL, 'h'}, {0}};
  bool json = false, asked_help = false;
  for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
    if (c == 'j')
      json = true;
    else if (c == 'h')
      asked_help = true;
    else if (c == 'l' && (strcmp(optarg, "zh") == 0 || strcmp(optarg, "en") == 0))
      cli_language(optarg);
    else
      return cli_usage("用法：onevisit lint 目录 [--json] [--lang zh|en]", "usage: onevisit lint DIR [--json] [--lang zh|en]");
  }
  if (asked_help) {
    help();
    return CLI_OK;
  }
  if (argc - optind != 1)
    return cli_usage("用法：onevisit lint 目录 [--json] [--lang zh|en]", "usage: onevisit lint DIR [--json] [--lang zh|en]");
  return lint(argv[optind], json);
}
