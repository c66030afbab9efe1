#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/ledger.h"
#include "record/record.h"

#define FILE_MAX ((size_t)1 << 20)

static const char usage_zh[] = "用法：onevisit ledger receipt 回执文件 --key 公钥 [--policy 文件] [--departments 文件]\n"
                               "      onevisit ledger receipt 存储URL 序号 [-o 文件] [--log 目录] [--policy 文件]\n"
                               "  前者离线核验一份回执：0 真实有效，1 不成立（说明原因），2 输入无法使用，3 见证方不足\n"
                               "  后者从账本取出一份回执\n"
                               "  --key     账本公布的公钥（名称+编号+公钥）\n"
                               "  --policy  见证规则（c2sp.org/tlog-policy）\n"
                               "  --departments  部门公钥（每行一个）或账本公布的密钥登记（/log/keys）；给出时一并核验部门签名\n";
static const char usage_en[] =
    "Usage: onevisit ledger receipt FILE --key KEY [--policy FILE] [--departments FILE]\n"
    "       onevisit ledger receipt STORE INDEX [-o FILE] [--log DIR] [--policy FILE]\n"
    "  The first checks a receipt offline: 0 genuine, 1 it does not hold (saying why), 2 unusable input, 3 not enough witnesses\n"
    "  The second takes a receipt out of a log\n"
    "  --key     the log's public key as published (name+id+key)\n"
    "  --policy  the witnesses and how many of them are enough (c2sp.org/tlog-policy)\n"
    "  --departments  the departments' keys, one a line, or the log's key book (/log/keys): then their signature is checked too\n";

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

/* ---- the department's signature ---- */

static void add_key(struct arena *arena, const char *name, const char *vkey, struct span of, struct span *keys)
{
  if (span_is(of, name))
    *keys = span_of(arena_printf(arena, "%.*s%s\n", (int)keys->n, keys->p ? keys->p : "", vkey));
}

/* A line of the key book: [["data.name", "\"…\""], …]. */
static int read_book_line(struct arena *arena, struct span line, struct span of, struct span *keys, struct error *error)
{
  json_t *object;
  const char *name = "", *vkey = "";
  if (json_read(line, "keys", &object, error))
    return -1;
  const json_t *fields = json_list(object, "fields");
  for (size_t i = 0; i < json_array_size(fields); i++) {
    const char *field = json_string_value(json_array_get(json_array_get(fields, i), 0));
    const char *value = json_string_value(json_array_get(json_array_get(fields, i), 1));
    json_t *text = value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
    if (field && json_is_string(text) && strcmp(field, "data.name") == 0)
      name = arena_str(arena, json_string_value(text));
    else if (field && json_is_string(text) && strcmp(field, "data.vkey") == 0)
      vkey = arena_str(arena, json_string_value(text));
    json_decref(text);
  }
  json_decref(object);
  add_key(arena, name, vkey, of, keys);
  return 0;
}

static int read_key_line(struct arena *arena, struct span line, struct span of, struct span *keys, struct error *error)
{
  struct verifier *key;
  if (verifier_open(line, &key, error)) {
    error->name = "bad-policy";
    return -1;
  }
  add_key(arena, verifier_name(key), verifier_vkey(key), of, keys);
  verifier_free(key);
  return 0;
}

/* The keys of one name, a vkey a line. */
static int keys_given(const char *path, struct arena *arena, struct span of, struct span *ret, struct error *error)
{
  struct span text;
  *ret = (struct span){0};
  if (read_file(path, arena, &text, error))
    return -1;
  for (struct span line; span_cut(&text, '\n', &line);) {
    struct span trimmed = span_trim(line);
    if (trimmed.n &&
        (*trimmed.p == '{' ? read_book_line(arena, trimmed, of, ret, error) : read_key_line(arena, trimmed, of, ret, error)))
      return -1;
  }
  return 0;
}

/* The log vouches for the entry; that the department wrote it, its own signature says, if one knows its key. */
static int check_department(const struct ledger_options *o, struct arena *arena, const struct record_receipt *r, bool *ret_checked,
                            struct error *error)
{
  struct span keys = {0}, name = r->leaf.signature.name;
  if (o->departments && keys_given(o->departments, arena, name, &keys, error))
    return -1;
  *ret_checked = keys.n > 0;
  if (keys.n && !record_department_signed(arena, &r->leaf, keys))
    return error_set(error, ERROR_CONFLICT, "department-signature", "部门签名与所给的 %.*s 的公钥不符",
                     "The department's signature is not by the key given for %.*s", (int)name.n, name.p);
  return 0;
}

static void print_department(struct span name, bool checked)
{
  if (checked)
    (void)printf(cli_chinese() ? "部门签名有效：%.*s\n" : "The department's signature is valid: %.*s\n", (int)name.n, name.p);
  else
    cli_say("提示：部门签名（%.*s）未核验：没有给出其公钥（--departments）",
            "Note: the department's signature (%.*s) was not checked: its key was not given (--departments)", (int)name.n, name.p);
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
  bool checked = false;
  if (read_file(o->places[0], arena, &text, error) || ledger_trust(o, &policy, error))
    return -1;
  int bad = record_check(arena, text, policy, &receipt, error);
  bad = bad || check_department(o, arena, &receipt, &checked, error) ? -1 : 0;
  if (!bad) {
    print_good(arena, &receipt, policy);
    print_department(receipt.leaf.signature.name, checked);
  }
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
  if (!ledger_parse(argc, argv, "kpodD", &o) || (!o.help && o.place_count < 1))
    return cli_usage(usage_zh, usage_en);
  if (o.help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return LEDGER_GOOD;
  }
  int bad = o.place_count == 2 ? make(&o, &arena, &error) : check(&o, &arena, &error);
  arena_release(&arena);
  return bad ? ledger_verdict(&error) : LEDGER_GOOD;
}
