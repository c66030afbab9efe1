#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ledger.h"
#include "record/record.h"

static const char usage_zh[] = "用法：onevisit ledger audit 目录或网址 --key 公钥 [--policy 文件]\n"
                               "  不用存储，重新计算整个公开账本：0 完好，1 有误（指出文件），2 输入无法使用，3 见证方不足\n"
                               "  --key     账本公布的公钥（名称+编号+公钥）\n"
                               "  --policy  见证规则（c2sp.org/tlog-policy）\n"
                               "  网址先取到临时目录（TMPDIR），核验后删除\n";
static const char usage_en[] =
    "Usage: onevisit ledger audit DIR|URL --key KEY [--policy FILE]\n"
    "  Recomputes a whole public log without its store: 0 intact, 1 wrong (saying in which file), 2 unusable input, 3 not enough witnesses\n"
    "  --key     the log's public key as published (name+id+key)\n"
    "  --policy  the witnesses and how many of them are enough (c2sp.org/tlog-policy)\n"
    "  A URL is first fetched into a temporary directory (TMPDIR), which is removed afterwards\n";

/* A second log over SM3 is known by its name (docs/ledger.md). */
static enum merkle_hash hash_of(struct span origin)
{
  static const char suffix[] = "/sm3";
  size_t n = sizeof suffix - 1;
  return origin.n > n && memcmp(origin.p + origin.n - n, suffix, n) == 0 ? MERKLE_SM3 : MERKLE_SHA256;
}

static int audit(const char *dir, const struct policy *policy, struct arena *arena, struct error *error)
{
  struct record_published p;
  struct logdir_report report;
  char at[MOMENT_SHORT];
  int64_t began = monotonic_us();
  if (record_published(arena, dir, policy, &p, error))
    return -1;
  if (!p.note.n)
    return error_set(error, ERROR_BAD_INPUT, "not-published", "%s 中没有检查点", "There is no checkpoint in %s", dir);
  if (!p.verdict.log_signed)
    return error_set(error, ERROR_CONFLICT, "unsigned-note", "检查点没有所给公钥的签名",
                     "The checkpoint is not signed with the key that was given");
  if (logdir_check(dir, hash_of(p.checkpoint.origin), &p.checkpoint, &report, error))
    return -1;
  moment_short(moment_now(), at);
  (void)printf(cli_chinese() ? "账本 %.*s 完好：%lld 条，%lld 个文件，用时 %.1f 秒；见证：%s\n"
                             : "The log %.*s is intact: %lld entries, %lld files, in %.1f s; cosigned by: %s\n",
               (int)p.checkpoint.origin.n, p.checkpoint.origin.p, (long long)report.leaves, (long long)report.files,
               (double)(monotonic_us() - began) / 1e6, ledger_cosigners(arena, policy, &p.verdict));
  return p.verdict.quorum ? 0
                          : error_set(error, ERROR_CONFLICT, "no-quorum", "见证方不足：还差 %zu 个",
                                      "Not enough witnesses: %zu more are needed", p.verdict.missing);
}

/* ---- a log at a URL ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
  (void)st;
  (void)type;
  (void)where;
  return remove(path);
}

static int audit_url(const char *url, const struct policy *policy, struct arena *arena, struct error *error)
{
  const char *tmp = getenv("TMPDIR");
  char *dir = arena_printf(arena, "%s/onevisit-audit-XXXXXX", tmp && *tmp ? tmp : "/tmp");
  if (!mkdtemp(dir))
    return error_set(error, ERROR_BAD_INPUT, "log-unreachable", "无法建立临时目录 %s", "The temporary directory %s cannot be made",
                     dir);
  int bad = ledger_fetch(url, dir, error) || audit(dir, policy, arena, error);
  (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  return bad ? -1 : 0;
}

int ledger_audit(int argc, char **argv)
{
  struct ledger_options o;
  struct arena arena = {0};
  struct error error = {0};
  struct policy *policy;
  if (!ledger_parse(argc, argv, "kp", &o) || (!o.help && o.place_count != 1))
    return cli_usage(usage_zh, usage_en);
  if (o.help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return LEDGER_GOOD;
  }
  if (ledger_trust(&o, &policy, &error))
    return ledger_verdict(&error);
  bool url = strstr(o.places[0], "://") != NULL;
  int bad = url ? audit_url(o.places[0], policy, &arena, &error) : audit(o.places[0], policy, &arena, &error);
  policy_free(policy);
  arena_release(&arena);
  return bad ? ledger_verdict(&error) : LEDGER_GOOD;
}
