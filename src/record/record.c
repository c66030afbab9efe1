#include "record/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <qrencode.h>

#include "base/text.h"

#define POLICY_FILE_MAX ((size_t)1 << 20)

/* ---- whom to believe ---- */

static int read_text(struct arena *arena, const char *path, struct span *ret, struct error *error)
{
  FILE *file = fopen(path, "re");
  if (!file && errno == ENOENT) {
    *ret = (struct span){0};
    return 0;
  }
  char *text = arena_alloc(arena, POLICY_FILE_MAX + 1);
  size_t n = file ? fread(text, 1, POLICY_FILE_MAX + 1, file) : 0;
  bool bad = !file || ferror(file) || n > POLICY_FILE_MAX;
  if (file)
    (void)fclose(file);
  if (bad)
    return error_set(error, ERROR_INTERNAL, "no-policy", "无法读取见证规则文件 %s", "The policy file %s cannot be read", path);
  *ret = (struct span){text, n};
  return 0;
}

static bool names_a_log(struct span text)
{
  for (struct span line; span_cut(&text, '\n', &line);)
    if (span_starts(span_trim(line), "log ") || span_starts(span_trim(line), "log\t"))
      return true;
  return false;
}

static const char *log_lines(struct arena *arena, struct span vkeys)
{
  const char *lines = "";
  for (struct span line; span_cut(&vkeys, '\n', &line);)
    if (span_trim(line).n)
      lines = arena_printf(arena, "%slog %.*s\n", lines, (int)line.n, line.p);
  return lines;
}

int record_policy_text(struct arena *arena, const char *path, struct span log_vkeys, struct span *ret, struct error *error)
{
  struct span text = {0};
  if (path && read_text(arena, path, &text, error))
    return -1;
  const char *rest = span_trim(text).n ? arena_dup(arena, text) : "quorum none\n";
  *ret = span_of(names_a_log(text) ? rest : arena_printf(arena, "%s%s", log_lines(arena, log_vkeys), rest));
  return 0;
}

/* ---- the newest published checkpoint ---- */

int record_published(struct arena *arena, const char *dir, const struct policy *policy, struct record_published *ret,
                     struct error *error)
{
  struct record_published p = {0};
  struct note note;
  if (logdir_checkpoint(dir, arena, &p.note, error))
    return -1;
  if (p.note.n) {
    if (note_parse(arena, p.note, &note, error) || policy_judge(policy, arena, &note, &p.verdict, error))
      return -1;
    if (!checkpoint_parse(arena, note.text, &p.checkpoint))
      return error_set(error, ERROR_INTERNAL, "bad-note", "已公布的检查点无法读取", "The published checkpoint cannot be read");
  }
  *ret = p;
  return 0;
}

/* ---- receipts ---- */

static int path_of(struct logdir *log, struct arena *arena, struct tlog_proof *proof, int64_t size, struct error *error)
{
  struct merkle_reader reader = logdir_reader(log);
  return merkle_inclusion(&reader, proof->index, size, &proof->inclusion, error) ||
                 logdir_entry(log, arena, proof->index, &proof->extra, error)
             ? -1
             : 0;
}

int record_make(struct arena *arena, const char *dir, const struct policy *policy, const struct record_published *published,
                int64_t index, struct record_receipt *ret, struct error *error)
{
  struct tlog_proof proof = {.has_extra = true, .index = index, .note = published->note};
  struct logdir *log;
  if (index < 0 || index >= published->checkpoint.size)
    return error_set(error, ERROR_NOT_FOUND, "not-published", "第 %lld 条尚未进入已公布的检查点，请稍后再试",
                     "Entry %lld is not under a published checkpoint yet: try again a little later", (long long)index);
  if (logdir_open(dir, MERKLE_SHA256, published->checkpoint.size, &log, error))
    return -1;
  int bad = path_of(log, arena, &proof, published->checkpoint.size, error);
  logdir_close(log);
  return bad ? -1 : record_check(arena, tlog_proof_text(arena, &proof), policy, ret, error);
}

int record_check(struct arena *arena, struct span text, const struct policy *policy, struct record_receipt *ret,
                 struct error *error)
{
  struct tlog_proof proof;
  struct tlog_proof_verdict verdict = {0};
  struct record_receipt r = {.text = text};
  if (tlog_proof_parse(arena, text, &proof, error))
    return -1;
  if (!proof.has_extra)
    return error_set(error, ERROR_BAD_INPUT, "bad-proof", "回执中没有账本条目（extra 行）",
                     "The receipt does not hold its entry (the line «extra»)");
  r.index = proof.index;
  r.entry = proof.extra;
  if (leaf_parse(arena, r.entry, &r.leaf, error))
    return -1;
  r.hash = merkle_leaf(r.entry);
  int bad = tlog_proof_verify(arena, &proof, MERKLE_SHA256, r.entry, policy, &verdict, error);
  r.checkpoint = verdict.checkpoint;
  r.verdict = verdict.policy;
  if (!bad || strcmp(error->name, "no-quorum") == 0)
    *ret = r;
  return bad;
}

struct span record_tidy(struct arena *arena, struct span text)
{
  struct span in = span_trim(text);
  char *out = arena_alloc(arena, in.n + 2);
  size_t n = 0;
  for (size_t i = 0; i < in.n; i++)
    if (in.p[i] != '\r' || i + 1 == in.n || in.p[i + 1] != '\n')
      out[n++] = in.p[i] == '\r' ? '\n' : in.p[i];
  out[n++] = '\n';
  return (struct span){out, n};
}

bool record_department_signed(struct arena *arena, const struct leaf_view *leaf, struct span vkeys)
{
  bool signed_by = false;
  for (struct span line; !signed_by && span_cut(&vkeys, '\n', &line);) {
    struct verifier *key;
    if (!span_trim(line).n || verifier_open(span_trim(line), &key, NULL))
      continue;
    signed_by = leaf_check_signature(arena, leaf->unsigned_lines, &leaf->signature, key);
    verifier_free(key);
  }
  return signed_by;
}

/* ---- words ---- */

const struct record_type record_types[] = {
    {"case.drafted", "开始填写申请", "Application begun"},
    {"case.plan-pinned", "重新生成办理方案", "The plan was compiled again"},
    {"case.saved", "保存表单", "Form saved"},
    {"case.attached", "提交材料", "Material handed in"},
    {"case.detached", "撤下材料", "A file was taken out again"},
    {"case.submitted", "收到申请", "Application received"},
    {"case.resubmitted", "收到补正后的申请", "Corrected application received"},
    {"case.fixed", "在窗口当场更正", "Mended on the spot at the window"},
    {"case.correction-asked", "要求补正", "Corrections asked for"},
    {"case.accepted", "受理", "Accepted"},
    {"case.not-accepted", "不予受理", "Not accepted"},
    {"case.lapsed", "逾期未补正，关闭", "Closed: the corrections did not come in time"},
    {"case.opened", "事项开始办理", "Handling of an item begins"},
    {"case.step-done", "完成一个审查环节", "A step of the review done"},
    {"case.special-started", "启动特别程序", "Special procedure begun"},
    {"case.special-ended", "特别程序结束", "Special procedure ended"},
    {"case.extended", "延长办理期限", "Time limit extended"},
    {"case.clocks-changed", "重新计算期限", "Due days counted again"},
    {"case.decided", "作出决定", "Decision made"},
    {"case.completed", "材料补齐", "All materials are in"},
    {"case.item-closed", "事项关闭", "An item was closed"},
    {"case.issued", "出件", "Result issued"},
    {"case.delivered", "送达", "Result delivered"},
    {"case.withdrawn", "撤回申请", "Application withdrawn"},
    {"case.terminated", "终止办理", "Ended: materials that were to follow did not come in time"},
    {"case.revoked", "撤销决定", "Grant revoked"},
    {"case.present", "申请人到场", "The applicant came in person"},
    {"case.errand", "工作人员代跑", "Staff ran an errand for the applicant"},
    {"case.overdue", "超期提醒", "A time limit was passed or is near"},
    {"case.archived", "办结归档", "Finished and archived"},
    {"account.created", "建立工作人员账号", "Account of a member of staff made"},
    {"account.registered", "申请人首次登录", "An applicant registered"},
    {"account.password-set", "设置密码", "Password set"},
    {"account.signed-in", "登录", "Signed in"},
    {"account.sign-in-failed", "登录失败", "Signing in failed"},
    {"account.locked", "账号锁定", "Account locked"},
    {"account.roles-set", "设置角色", "Roles set"},
    {"account.disabled", "停用账号", "Account disabled"},
    {"account.enabled", "启用账号", "Account enabled"},
    {"catalogue.published", "公布事项目录版本", "A version of the catalogue published"},
    {"catalogue.kept", "保存事项目录版本的文件", "The files of a version of the catalogue kept"},
    {"catalogue.in-force", "事项目录版本再次生效", "A version of the catalogue in force again"},
    {"draft.created", "建立目录草稿", "A draft of the catalogue begun"},
    {"draft.changed", "草稿改动文件", "A file of a draft changed"},
    {"draft.reverted", "草稿恢复文件", "A file of a draft put back"},
    {"draft.rebased", "草稿改以新版本为基础", "A draft based on the version in force"},
    {"draft.checked", "草稿检查完毕", "A draft checked"},
    {"draft.submitted", "草稿送审", "A draft submitted for review"},
    {"draft.withdrawn", "草稿收回", "A draft taken back"},
    {"draft.approved", "草稿审查通过", "A draft approved"},
    {"draft.returned", "草稿退回修改", "A draft returned"},
    {"draft.released", "草稿已发布", "A draft published"},
    {"draft.refused", "草稿未能发布", "A draft refused when it was to be published"},
    {"draft.discarded", "草稿作废", "A draft discarded"},
    {"catalogue.proved-again", "重新证明事项目录版本", "A version of the catalogue proved again"},
    {0},
};

const struct record_type *record_type_find(struct span type)
{
  for (const struct record_type *t = record_types; t->type; t++)
    if (span_is(type, t->type))
      return t;
  return NULL;
}

/* ---- QR codes ---- */

#define QUIET 4 /* modules of white, as the standard wants them (ISO/IEC 18004 §6.3.8) */

struct span record_qr(struct arena *arena, const char *text)
{
  QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
  struct buf out;
  if (!code)
    return (struct span){0};
  int w = code->width;
  buf_init(&out, (size_t)1 << 20);
  buf_printf(&out,
             "<svg class=\"qr\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\" aria-hidden=\"true\"><path fill=\"#fff\" "
             "d=\"M0 0h%dv%dH0z\"/><path fill=\"#000\" d=\"",
             w + 2 * QUIET, w + 2 * QUIET, w + 2 * QUIET, w + 2 * QUIET);
  for (int y = 0; y < w; y++)
    for (int x = 0, n; x < w; x += n) {
      bool dark = code->data[y * w + x] & 1;
      for (n = 1; x + n < w && (code->data[y * w + x + n] & 1) == (dark ? 1 : 0); n++)
        ;
      if (dark)
        buf_printf(&out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, n, n);
    }
  buf_str(&out, "\"/></svg>");
  QRcode_free(code);
  struct span svg = arena_span(arena, buf_view(&out));
  buf_release(&out);
  return svg;
}
