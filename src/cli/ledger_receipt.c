#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/ledger.h"
#include "record/record.h"

#define FILE_MAX ((size_t)1 << 20)

static const char usage_zh[] = "用法：onevisit ledger receipt 回执文件 --key 公钥 [--policy 文件]\n"
                               "      onevisit ledger receipt 存储URL 序号 [-o 文件] [--log 目录] [--policy 文件]\n"
                               "  前者离线核验一份回执：0 真实有效，1 不成立（说明原因），2 输入无法使用，3 见证方不足\n"
                               "  后者从账本取出一份回执\n"
                               "  --key     账本公布的公钥（名称+编号+公钥）\n"
                               "  --policy  见证规则（c2sp.org/tlog-policy）\n";
static const char usage_en[] =
    "Usage: onevisit ledger receipt FILE --key KEY [--policy FILE]\n"
    "       onevisit ledger receipt STORE INDEX [-o FILE] [--log DIR] [--policy FILE]\n"
    "  The first checks a receipt offline: 0 genuine, 1 it does not hold (saying why), 2 unusable input, 3 not enough witnesses\n"
    "  The second takes a receipt out of a log\n"
    "  --key     the log's public key as published (name+id+key)\n"
    "  --policy  the witnesses and how many of them are enough (c2sp.org/tlog-policy)\n";

static int read_file(const char *path, struct arena *arena, struct span *ret, struct error *error)
{
  FILE *file = fopen(path, "re");
  char *text = arena_alloc(arena, FILE_MAX);
  size_t n = file ? fread(text, 1, FILE_MAX, file) : 0;
  bool bad = !file || ferror(file);
  if (file)
    (void)fclose(file);
  if (bad)
    return error_set(error, ERROR_BAD_INPUT, "no-file", "无法读取 %s：%s", "%s cannot be read: %s", path, strerror(errno));
  *ret = (struct span){text, n};
  return 0;
}

/* ---- checking ---- */

static void print_good(struct arena *arena, const struct record_receipt *r, const struct policy *policy)
{
  const struct record_type *type = record_type_find(r->leaf.type);
  const char *what = type ? (cli_chinese() ? type->zh : type->en) : arena_dup(arena, r->leaf.type);
  const char *dept = arena_dup(arena, r->leaf.dept), *origin = arena_dup(arena, r->checkpoint.origin);
  char at[MOMENT_SHORT];
  moment_short(r->leaf.seconds * SECOND_MS, at);
  (void)printf(cli_chinese() ? "回执真实有效：账本 %s 第 %lld 条，%s，由 %s 于 %s 记录\n"
                             : "The receipt is genuine: %s, entry %lld: %s, recorded by %s on %s\n",
               origin, (long long)r->index, what, *dept ? dept : "-", at);
  (void)printf(cli_chinese() ? "检查点涵盖 %lld 条；见证：%s\n" : "Under the checkpoint of %lld entries; cosigned by: %s\n",
               (long long)r->checkpoint.size, ledger_cosigners(arena, policy, &r->verdict));
  if (!policy_witness_count(policy))
    cli_say(
        "提示：没有要求见证方；“人人看到同一本账”仅凭账本自己保证，请用 --policy 给出见证规则",
        "Note: no witness was asked for: that everybody sees the same log is the log's word alone; give a policy with --policy");
}

static int check(const struct ledger_options *o, struct arena *arena, struct error *error)
{
  struct span text;
  struct policy *policy;
  struct record_receipt receipt;
  if (read_file(o->places[0], arena, &text, error) || ledger_trust(o, &policy, error))
    return -1;
  int bad = record_check(arena, text, policy, &receipt, error);
  if (!bad)
    print_good(arena, &receipt, policy);
  policy_free(policy);
  return bad;
}

/* ---- making ---- */

static int log_keys(struct db *db, struct arena *arena, struct span *ret, struct error *error)
{
  struct record_checkpoint last;
  if (record_last_signed(db, arena, &last, error))
    return -1;
  struct span rest = last.note, origin;
  if (!span_cut(&rest, '\n', &origin))
    return error_set(error, ERROR_NOT_FOUND, "not-published", "账本中还没有检查点", "Nothing has been sealed yet");
  return record_keys_named(db, origin, arena, ret, error);
}

static int make_text(const struct ledger_options *o, const char *dir, struct span keys, int64_t index, struct arena *arena,
                     struct span *ret, struct error *error)
{
  struct span text;
  struct policy *policy;
  struct record_published published;
  struct record_receipt receipt;
  if (record_policy_text(arena, o->policy, keys, &text, error) || policy_parse(text, &policy, error))
    return -1;
  int bad = record_published(arena, dir, policy, &published, error) ||
            record_make(arena, dir, policy, &published, index, &receipt, error);
  policy_free(policy);
  if (!bad)
    *ret = receipt.text;
  return bad ? -1 : 0;
}

static int write_out(const char *path, struct span text, struct error *error)
{
  FILE *out = path ? fopen(path, "we") : stdout;
  bool bad = !out || fwrite(text.p, 1, text.n, out) != text.n || (path ? fclose(out) : fflush(out)) != 0;
  return bad ? error_set(error, ERROR_BAD_INPUT, "no-file", "无法写入 %s：%s", "%s cannot be written: %s", path ? path : "-",
                         strerror(errno))
             : 0;
}

static int make(const struct ledger_options *o, struct arena *arena, struct error *error)
{
  int64_t index;
  struct store *store;
  struct db *db;
  struct span keys, text;
  if (!span_int(span_of(o->places[1]), &index))
    return error_set(error, ERROR_BAD_INPUT, "bad-index", "序号应为整数", "The index is a whole number");
  if (cli_read_store(o->places[0], &store, &db, error))
    return -1;
  const char *dir = o->log ? o->log : cli_log_dir(arena, store);
  int bad = log_keys(db, arena, &keys, error);
  db_close(db);
  store_close(store);
  return bad || make_text(o, dir, keys, index, arena, &text, error) || write_out(o->out, text, error) ? -1 : 0;
}

int ledger_receipt(int argc, char **argv)
{
  struct ledger_options o;
  struct arena arena = {0};
  struct error error = {0};
  if (!ledger_parse(argc, argv, "kpod", &o) || (!o.help && o.place_count < 1))
    return cli_usage(usage_zh, usage_en);
  if (o.help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return LEDGER_GOOD;
  }
  int bad = o.place_count == 2 ? make(&o, &arena, &error) : check(&o, &arena, &error);
  arena_release(&arena);
  return bad ? ledger_verdict(&error) : LEDGER_GOOD;
}
