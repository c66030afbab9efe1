#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

const struct subcommand subcommands[] = {
    {"check", cli_check, "检查事项目录能否发布", "is a catalogue fit to be published?"},
    {"advise", cli_advise, "哪一项改革最值得先做", "which single reform would help people most"},
    {"diff", cli_diff, "两份事项目录之间，对谁变了什么", "what changes for whom between two catalogues"},
    {"lint", cli_lint, "办事指南里有没有兜底条款、缺项、一物两名", "vague wording, gaps and double names in a guide"},
    {"plan", cli_plan, "为一件事和一组回答编制联办方案", "compile one matter and a person's answers into a joint plan"},
    {"import", cli_import, "导入旧系统的历史（XES）", "bring in the history of an older system (XES)"},
    {"export", cli_export, "导出历史（XES）", "give the history back (XES)"},
    {"serve", cli_serve, "开始服务", "serve the city"},
    {"backup", cli_backup, "在线备份", "back up while the service runs"},
    {"restore", cli_restore, "从备份恢复", "restore a backup into an empty store"},
    {"versions", cli_versions, "事项目录哪个版本何时生效；导出其文件",
     "which version of the catalogue was in force when; its files"},
    {"user", cli_user, "管理工作人员账号", "staff accounts"},
    {"ledger", cli_ledger, "核验账本是否被改动", "verify that nobody changed the record"},
    {"witness", cli_witness, "为别的部门的账本作见证", "witness the logs of others"},
    {"mirror", cli_mirror, "保存账本的副本，并为之作见证", "keep a copy of a log, and witness it"},
    {0},
};

static void help(void)
{
  (void)printf(cli_chinese() ? "最多跑一次 onevisit %s\n\n用法：onevisit 子命令 [选项]，各子命令有 --help\n\n"
                             : "onevisit %s\n\nUsage: onevisit SUBCOMMAND [OPTIONS]; each has --help\n\n",
               ONEVISIT_VERSION);
  for (const struct subcommand *s = subcommands; s->name; s++)
    (void)printf("  %-10s %s\n", s->name, cli_chinese() ? s->zh : s->en);
}

int main(int argc, char **argv)
{
  if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
    help();
    return argc < 2 ? CLI_USAGE : CLI_OK;
  }
  if (strcmp(argv[1], "--version") == 0) {
    (void)puts("onevisit " ONEVISIT_VERSION);
    return CLI_OK;
  }
  for (const struct subcommand *s = subcommands; s->name; s++)
    if (strcmp(argv[1], s->name) == 0)
      return s->run(argc - 1, argv + 1);
  cli_say("onevisit: 没有子命令“%s”", "onevisit: there is no subcommand “%s”", argv[1]);
  help();
  return CLI_USAGE;
}
