#include "ledger/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/checkpoint.h"

#define FILE_MAX ((size_t)1024 * 1024)

/* A witness or a group: what a group or the quorum can name. */
struct party {
  struct span name;
  bool member;     /* of a group already */
  size_t witness;  /* its number, where it is one */
  size_t needed;   /* of the members; 0 for a witness */
  size_t *members; /* numbers of parties before this one */
  size_t member_count;
};

struct policy {
  struct arena arena;
  struct policy_log logs[POLICY_MAX];
  size_t log_count;
  struct policy_witness witnesses[POLICY_MAX];
  size_t witness_count;
  struct party parties[2 * POLICY_MAX];
  size_t party_count, group_count;
  bool has_quorum, needs_none;
  size_t quorum; /* a party */
};

/* ---- reading ---- */

#define BAD(error, zh, en) error_set((error), ERROR_BAD_INPUT, "bad-policy", zh, en)

/* The next word of a line; words are divided by spaces and tabs. */
static bool next_word(struct span *line, struct span *ret)
{
  while (line->n && (line->p[0] == ' ' || line->p[0] == '\t'))
    line->p++, line->n--;
  size_t n = 0;
  while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
    n++;
  *ret = (struct span){line->p, n};
  line->p += n;
  line->n -= n;
  return n > 0;
}

static bool at_end(struct span line)
{
  struct span word;
  return !next_word(&line, &word);
}

static const struct party *find_party(const struct policy *p, struct span name, size_t *ret_i)
{
  for (size_t i = 0; i < p->party_count; i++)
    if (span_eq(p->parties[i].name, name)) {
      *ret_i = i;
      return &p->parties[i];
    }
  return NULL;
}

static bool name_free(const struct policy *p, struct span name)
{
  size_t i;
  return !span_is(name, "none") && !find_party(p, name, &i);
}

/* A key that no line before has. */
static int take_key(const struct policy *p, struct span vkey, bool witness, struct verifier **ret, struct error *error)
{
  struct verifier *key;
  if (verifier_open(vkey, &key, NULL))
    return BAD(error, "公钥无效：须为“名称+编号+公钥”", "The key is not valid: it must be name+id+key");
  bool fits = (verifier_algorithm(key) == NOTE_COSIGNATURE) == witness, known = false;
  for (size_t i = 0; i < p->log_count; i++)
    known = known || verifier_same_key(p->logs[i].key, key);
  for (size_t i = 0; i < p->witness_count; i++)
    known = known || verifier_same_key(p->witnesses[i].key, key);
  if (fits && !known) {
    *ret = key;
    return 0;
  }
  verifier_free(key);
  return known ? BAD(error, "同一公钥写了两次", "One key stands in two lines")
               : BAD(error, "公钥的算法不适合此行", "The key's algorithm does not fit the line");
}

static int read_log(struct policy *p, struct span line, struct error *error)
{
  struct span vkey, url;
  struct verifier *key;
  if (p->log_count == POLICY_MAX)
    return BAD(error, "账本太多", "There are too many logs");
  if (!next_word(&line, &vkey) || take_key(p, vkey, false, &key, error))
    return vkey.n ? -1 : BAD(error, "缺少公钥", "A key is missing");
  bool has_url = next_word(&line, &url);
  p->logs[p->log_count++] = (struct policy_log){key, has_url ? arena_dup(&p->arena, url) : ""};
  return at_end(line) ? 0 : BAD(error, "此行太长", "There are too many words in the line");
}

static int read_witness(struct policy *p, struct span line, struct error *error)
{
  struct span name, vkey, url;
  struct verifier *key;
  if (p->witness_count == POLICY_MAX)
    return BAD(error, "见证方太多", "There are too many witnesses");
  if (!next_word(&line, &name) || !next_word(&line, &vkey))
    return BAD(error, "缺少名称或公钥", "A name or a key is missing");
  if (!name_free(p, name))
    return BAD(error, "名称已被使用", "The name is taken");
  if (take_key(p, vkey, true, &key, error))
    return -1;
  bool has_url = next_word(&line, &url);
  struct policy_witness *w = &p->witnesses[p->witness_count];
  *w = (struct policy_witness){arena_dup(&p->arena, name), key, has_url ? arena_dup(&p->arena, url) : ""};
  p->parties[p->party_count++] = (struct party){.name = span_of(w->name), .witness = p->witness_count++};
  return at_end(line) ? 0 : BAD(error, "此行太长", "There are too many words in the line");
}

static bool read_needed(struct span word, size_t members, size_t *ret)
{
  int64_t k;
  if (span_is(word, "all"))
    *ret = members;
  else if (span_is(word, "any"))
    *ret = 1;
  else if (span_natural(word, &k) && k >= 1 && (size_t)k <= members)
    *ret = (size_t)k;
  else
    return false;
  return true;
}

static int read_group(struct policy *p, struct span line, struct error *error)
{
  struct span name, needed, member;
  struct party group = {.members = arena_array(&p->arena, p->party_count + 1, sizeof *group.members)};
  size_t i;
  if (p->group_count == POLICY_MAX)
    return BAD(error, "分组太多", "There are too many groups");
  if (!next_word(&line, &name) || !next_word(&line, &needed))
    return BAD(error, "缺少名称或门限", "A name or a threshold is missing");
  if (!name_free(p, name))
    return BAD(error, "名称已被使用", "The name is taken");
  while (next_word(&line, &member)) {
    if (!find_party(p, member, &i))
      return BAD(error, "成员未在上文定义", "A member is not defined above");
    if (p->parties[i].member)
      return BAD(error, "成员已在另一分组中", "A member is in a group already");
    p->parties[i].member = true;
    group.members[group.member_count++] = i;
  }
  if (group.member_count == 0 || !read_needed(needed, group.member_count, &group.needed))
    return BAD(error, "门限须为 all、any 或不超过成员数的正整数", "The threshold must be all, any or 1 to the number of members");
  group.name = arena_span(&p->arena, name);
  p->parties[p->party_count++] = group;
  p->group_count++;
  return 0;
}

static int read_quorum(struct policy *p, struct span line, struct error *error)
{
  struct span name;
  if (p->has_quorum)
    return BAD(error, "quorum 只能有一行", "There can be one quorum line only");
  if (!next_word(&line, &name) || !at_end(line))
    return BAD(error, "quorum 后须有一个名称", "One name must follow quorum");
  p->needs_none = span_is(name, "none");
  if (!p->needs_none && !find_party(p, name, &p->quorum))
    return BAD(error, "名称未在上文定义", "The name is not defined above");
  p->has_quorum = true;
  return 0;
}

static int read_line(struct policy *p, struct span line, struct error *error)
{
  struct span word;
  if (!next_word(&line, &word) || word.p[0] == '#')
    return 0;
  if (span_is(word, "log"))
    return read_log(p, line, error);
  if (span_is(word, "witness"))
    return read_witness(p, line, error);
  if (span_is(word, "group"))
    return read_group(p, line, error);
  if (span_is(word, "quorum"))
    return read_quorum(p, line, error);
  return BAD(error, "此行须以 log、witness、group 或 quorum 开头", "The line must begin with log, witness, group or quorum");
}

/* Of control characters tab and LF alone; whatever is over 0x7f is a name's own affair. */
static bool octets_fit(struct span line)
{
  for (size_t i = 0; i < line.n; i++)
    if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
      return false;
  return true;
}

static int read_all(struct policy *p, struct span text, struct error *error)
{
  struct span line;
  if (text.n && text.p[text.n - 1] != '\n')
    return BAD(error, "最后一行须以换行结束", "The last line must end in a line feed");
  for (int number = 1; span_cut(&text, '\n', &line); number++) {
    int bad =
        octets_fit(line) ? read_line(p, line, error) : BAD(error, "行内有控制字符", "There is a control character in the line");
    if (bad)
      return error_at(error, "%d", number);
  }
  return p->has_quorum ? 0 : BAD(error, "缺少 quorum 行", "The quorum line is missing");
}

int policy_parse(struct span text, struct policy **ret, struct error *error)
{
  struct error unwanted;
  struct policy *p = calloc(1, sizeof *p);
  if (!p)
    abort();
  if (read_all(p, text, error ? error : &unwanted)) {
    policy_free(p);
    return -1;
  }
  *ret = p;
  return 0;
}

static int no_policy(struct error *error, const char *path)
{
  error_set(error, ERROR_BAD_INPUT, "no-policy", "无法读取见证策略文件：%s", "The witness policy cannot be read: %s",
            strerror(errno));
  return error_at(error, "%s", path);
}

int policy_load(const char *path, struct policy **ret, struct error *error)
{
  FILE *f = fopen(path, "re");
  if (!f)
    return no_policy(error, path);
  struct arena arena = {0};
  char *text = arena_alloc(&arena, FILE_MAX);
  size_t n = fread(text, 1, FILE_MAX, f);
  int bad = ferror(f) ? no_policy(error, path) : 0;
  if (!bad && n == FILE_MAX)
    bad = BAD(error, "见证策略文件太大", "The witness policy is too large");
  if (!bad && policy_parse((struct span){text, n}, ret, error))
    bad = error ? error_at(error, "%s:%s", path, arena_str(&arena, error->where)) : -1;
  (void)fclose(f);
  arena_release(&arena);
  return bad;
}

void policy_free(struct policy *policy)
{
  if (!policy)
    return;
  for (size_t i = 0; i < policy->log_count; i++)
    verifier_free((struct verifier *)(uintptr_t)policy->logs[i].key);
  for (size_t i = 0; i < policy->witness_count; i++)
    verifier_free((struct verifier *)(uintptr_t)policy->witnesses[i].key);
  arena_release(&policy->arena);
  free(policy);
}

size_t policy_log_count(const struct policy *policy)
{
  return policy->log_count;
}

const struct policy_log *policy_log_at(const struct policy *policy, size_t i)
{
  return &policy->logs[i];
}

size_t policy_witness_count(const struct policy *policy)
{
  return policy->witness_count;
}

const struct policy_witness *policy_witness_at(const struct policy *policy, size_t i)
{
  return &policy->witnesses[i];
}

/* ---- judging ---- */

static int by_size(const void *a, const void *b)
{
  const size_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* The fewest further cosignatures that make each party one that has witnessed; members stand before their group. */
static size_t count_missing(const struct policy *p, struct arena *arena, const int64_t *times)
{
  if (p->needs_none)
    return 0;
  size_t *missing = arena_array(arena, p->quorum + 1, sizeof *missing);
  for (size_t i = 0; i <= p->quorum; i++) {
    const struct party *party = &p->parties[i];
    if (party->needed == 0)
      missing[i] = times[party->witness] ? 0 : 1;
    size_t *of = arena_array(arena, party->member_count + 1, sizeof *of);
    for (size_t m = 0; m < party->member_count; m++)
      of[m] = missing[party->members[m]];
    qsort(of, party->member_count, sizeof *of, by_size);
    for (size_t m = 0; m < party->needed; m++)
      missing[i] += of[m];
  }
  return missing[p->quorum];
}

/* The log is one of the policy whose key has the checkpoint's origin for its name. */
static int judge_logs(const struct policy *p, const struct note *note, struct span origin, bool *ret, struct error *error)
{
  *ret = p->log_count == 0;
  for (size_t i = 0; i < p->log_count; i++) {
    int by = note_signed_by(note, p->logs[i].key, NULL, error);
    if (by < 0)
      return -1;
    *ret = *ret || (by && span_is(origin, verifier_name(p->logs[i].key)));
  }
  return 0;
}

int policy_judge(const struct policy *policy, struct arena *arena, const struct note *note, struct policy_verdict *ret,
                 struct error *error)
{
  struct policy_verdict v = {.times = arena_array(arena, policy->witness_count + 1, sizeof *v.times)};
  struct checkpoint checkpoint;
  if (!checkpoint_parse(arena, note->text, &checkpoint))
    return error_set(error, ERROR_BAD_INPUT, "bad-note", "签名文本不是检查点", "The signed note is not a checkpoint");
  if (judge_logs(policy, note, checkpoint.origin, &v.log_signed, error))
    return -1;
  for (size_t i = 0; i < policy->witness_count; i++) {
    if (note_signed_by(note, policy->witnesses[i].key, &v.times[i], error) < 0)
      return -1;
    v.cosigned += v.times[i] != 0;
  }
  v.missing = count_missing(policy, arena, v.times);
  v.quorum = v.missing == 0;
  *ret = v;
  return 0;
}

int policy_verdict_error(const struct policy_verdict *verdict, struct error *error)
{
  if (!verdict->log_signed)
    return error_set(error, ERROR_BAD_INPUT, "unsigned-note", "没有任何受信任账本的签名", "No trusted log has signed it");
  if (!verdict->quorum)
    return error_set(error, ERROR_BAD_INPUT, "no-quorum", "见证不足：还差 %zu 家", "Too few have witnessed it: %zu more are needed",
                     verdict->missing);
  return 0;
}

int policy_satisfied(const struct policy *policy, struct arena *arena, const struct note *note, struct error *error)
{
  struct policy_verdict verdict;
  return policy_judge(policy, arena, note, &verdict, error) || policy_verdict_error(&verdict, error) ? -1 : 0;
}
