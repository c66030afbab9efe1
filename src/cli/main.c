#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const struct subcommand subcommands[] = {
    {"check", "检查事项目录", "check a catalogue", cli_check},
};
#define COUNT (sizeof subcommands / sizeof *subcommands)

bool cli_english(const char *asked)
{
  if (asked)
    return strcmp(asked, "en") == 0;
  const char *lang = getenv("LC_ALL");
  if (!lang || !*lang)
    lang = getenv("LC_MESSAGES");
  if (!lang || !*lang)
    lang = getenv("LANG");
  return lang && strncmp(lang, "en", 2) == 0;
}

bool cli_language(const char *asked, bool *ret_english)
{
  if (strcmp(asked, "zh") != 0 && strcmp(asked, "en") != 0) {
    (void)fprintf(stderr, "onevisit: --lang zh | en\n");
    return false;
  }
  *ret_english = cli_english(asked);
  return true;
}

void cli_error(bool english, const struct error *error)
{
  (void)fprintf(stderr, "onevisit: %s%s%s\n", error->where, error->where[0] ? ": " : "", english ? error->en : error->zh);
}

static void help(FILE *out)
{
  bool english = cli_english(NULL);
  (void)fprintf(out, english ? "onevisit: one-stop government services\n\nusage: onevisit COMMAND [OPTIONS]\n\n"
                             : "onevisit：最多跑一次\n\n用法：onevisit 命令 [选项]\n\n");
  for (size_t i = 0; i < COUNT; i++)
    (void)fprintf(out, "  %-10s %s\n", subcommands[i].name, english ? subcommands[i].summary_en : subcommands[i].summary_zh);
  (void)fprintf(out, english ? "\nonevisit COMMAND --help tells more; onevisit --version\n"
                             : "\n详见 onevisit 命令 --help；onevisit --version\n");
}

int main(int argc, char **argv)
{
  if (argc < 2) {
    help(stderr);
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    help(stdout);
    return EXIT_SUCCESS;
  }
  if (strcmp(argv[1], "--version") == 0) {
    (void)puts("onevisit " ONEVISIT_VERSION);
    return EXIT_SUCCESS;
  }
  for (size_t i = 0; i < COUNT; i++) {
    if (strcmp(argv[1], subcommands[i].name) == 0)
      return subcommands[i].run(argc - 1, argv + 1);
  }
  (void)fprintf(stderr,
                cli_english(NULL) ? "onevisit: there is no command '%s'; see onevisit --help\n"
                                  : "onevisit：没有命令「%s」，见 onevisit --help\n",
                argv[1]);
  return EXIT_USAGE;
}
