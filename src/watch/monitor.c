/*
 * The monitor: leaves, keys and checkpoints.
 */
#include "watch/monitor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "watch/monitor_internal.h"

#define TOLERANCE 300
#define REMEMBER 1000000
#define DAYS_MAX 10000

void monitor_say(struct monitor *m, const char *word, int64_t index, const char *subject, const char *zh, const char *en, ...)
{
  struct anomaly f = {.word = word, .index = index};
  va_list ap, again;
  (void)snprintf(f.subject, sizeof f.subject, "%s", subject);
  va_start(ap, en);
  va_copy(again, ap);
  (void)vsnprintf(f.zh, sizeof f.zh, zh, ap);
  (void)vsnprintf(f.en, sizeof f.en, en, again);
  va_end(again);
  va_end(ap);
  m->counts.findings++;
  m->options.sink(m->options.context, &f);
}

/* ---- keys ---- */

int monitor_key_add(struct monitor *m, const char *vkey, int64_t first, int64_t last, struct error *error)
{
  if (m->key_count == m->key_cap) {
    m->key_cap = m->key_cap ? 2 * m->key_cap : 16;
    m->keys = realloc(m->keys, m->key_cap * sizeof *m->keys);
    if (!m->keys)
      abort();
  }
  struct known_key *k = &m->keys[m->key_count];
  *k = (struct known_key){.first = first, .last = last};
  return verifier_open(span_of(vkey), &k->verifier, error) ? -1 : (m->key_count++, 0);
}

static void key_end(struct monitor *m, const char *vkey, int64_t last)
{
  for (size_t i = 0; i < m->key_count; i++)
    if (m->keys[i].last < 0 && strcmp(verifier_vkey(m->keys[i].verifier), vkey) == 0)
      m->keys[i].last = last;
}

/* ---- the key book ---- */

static const char *string_field(struct arena *arena, const char *value)
{
  json_t *text = json_loads(value, JSON_DECODE_ANY, NULL);
  const char *s = arena_str(arena, json_string_value(text));
  json_decref(text);
  return s;
}

static void read_opened(struct monitor *m, const json_t *line, struct opened *ret)
{
  const json_t *list = json_list(line, "fields");
  size_t n = json_array_size(list);
  struct leaf leaf = {.type = "", .item = "", .dept = ""};
  struct leaf_field *fields = arena_array(&m->arena, n + 1, sizeof *fields);
  const char *name = "", *vkey = "", *before = "";
  for (size_t i = 0; i < n; i++) {
    const char *key = json_string_value(json_array_get(json_array_get(list, i), 0));
    const char *value = json_string_value(json_array_get(json_array_get(list, i), 1));
    fields[i] = (struct leaf_field){span_of(key ? key : ""), span_of(value ? value : "")};
    if (span_is(fields[i].name, "data.name"))
      name = string_field(&m->arena, fields[i].value.p);
    else if (span_is(fields[i].name, "data.vkey"))
      vkey = string_field(&m->arena, fields[i].value.p);
    else if (span_is(fields[i].name, "data.before"))
      before = string_field(&m->arena, fields[i].value.p);
  }
  leaf.fields = fields;
  leaf.field_count = n;
  if (!base64_decode(&m->arena, span_of(json_str(line, "salt")), &leaf.salt))
    leaf.salt = (struct span){0};
  *ret = (struct opened){.index = json_int(line, "index"),
                         .body = leaf_commit(&leaf).body,
                         .name = strdup(name),
                         .vkey = strdup(vkey),
                         .before = strdup(before)};
  if (!ret->name || !ret->vkey || !ret->before)
    abort();
}

static void book_clear(struct monitor *m)
{
  for (size_t i = 0; i < m->book_count; i++) {
    free(m->book[i].name);
    free(m->book[i].vkey);
    free(m->book[i].before);
  }
  m->book_count = 0;
}

/* Lines of leaves that were seen already are passed over: their keys are known. */
void monitor_keybook(struct monitor *m, struct span book)
{
  struct span line;
  book_clear(m);
  while (book.n && span_cut(&book, '\n', &line)) {
    json_t *object;
    struct error error;
    if (!line.n || json_read(line, "key book", &object, &error))
      continue; /* the leaf it should open is found unopened */
    if (json_int(object, "index") >= m->edge.size) {
      if (m->book_count == m->book_cap) {
        m->book_cap = m->book_cap ? 2 * m->book_cap : 16;
        m->book = realloc(m->book, m->book_cap * sizeof *m->book);
        if (!m->book)
          abort();
      }
      read_opened(m, object, &m->book[m->book_count++]);
    }
    json_decref(object);
    arena_reset(&m->arena);
  }
}

/* What the registry's leaf says of keys; NULL where it is not opened rightly, which is said. */
static const struct opened *open_leaf(struct monitor *m, const struct leaf_view *leaf, int64_t index)
{
  for (size_t i = 0; i < m->book_count; i++) {
    if (m->book[i].index != index)
      continue;
    if (digest_eq(&m->book[i].body, &leaf->body))
      return &m->book[i];
    monitor_say(m, "key-book", index, "", "公布的密钥登记内容与账本条目不符", "the key book's values are not those of the leaf");
    return NULL;
  }
  monitor_say(m, "key-book", index, "", "密钥登记没有公布内容，无法得知密钥",
              "the key book does not open this event of the registry: its key is not known");
  return NULL;
}

/* ---- one leaf ---- */

static const char *hex_of(struct monitor *m, const struct leaf_view *leaf)
{
  char *hex = arena_alloc(&m->arena, 2 * LEAF_PSEUDONYM_BYTES + 1);
  hex_encode(leaf->pseudonym, LEAF_PSEUDONYM_BYTES, hex);
  return hex;
}

/* Is this the key name of the leaf's department: «origin/department»? */
static bool is_own_key(const struct monitor *m, const struct leaf_view *leaf)
{
  struct span origin = span_of(verifier_name(m->log)), name = leaf->signature.name;
  return name.n == origin.n + 1 + leaf->dept.n && memcmp(name.p, origin.p, origin.n) == 0 && name.p[origin.n] == '/' &&
         memcmp(name.p + origin.n + 1, leaf->dept.p, leaf->dept.n) == 0;
}

static void check_signature(struct monitor *m, const struct leaf_view *leaf, int64_t index)
{
  const char *subject = hex_of(m, leaf);
  bool named = false;
  if (!is_own_key(m, leaf)) {
    monitor_say(m, "signature", index, subject, "签名密钥不属于条目所写的部门",
                "the signing key is not of the department that the leaf names");
    return;
  }
  for (size_t i = 0; i < m->key_count; i++) {
    const struct known_key *k = &m->keys[i];
    if (!span_is(leaf->signature.name, verifier_name(k->verifier)))
      continue;
    named = true;
    if (!leaf_check_signature(&m->arena, leaf->unsigned_lines, &leaf->signature, k->verifier))
      continue;
    if (index < k->first)
      monitor_say(m, "key-early", index, subject, "签名密钥当时尚未登记", "it is signed by a key that was not registered yet");
    else if (k->last >= 0 && index > k->last)
      monitor_say(m, "key-retired", index, subject, "签名密钥当时已停用", "it is signed by a key that was retired");
    return;
  }
  if (named)
    monitor_say(m, "signature", index, subject, "部门签名无效", "the department's signature is not valid");
  else if (m->registry)
    monitor_say(m, "key-unknown", index, subject, "部门“%.*s”没有登记密钥", "no key of the department «%.*s» is registered",
                (int)leaf->dept.n, leaf->dept.p);
  else
    m->counts.unchecked++;
}

/* A first key signs its own registration, which is why it is entered before the signature is checked. */
static void registry_leaf(struct monitor *m, const struct leaf_view *leaf, int64_t index, bool before_check)
{
  bool first = span_is(leaf->type, "registry.key-registered");
  struct error error;
  if (!span_starts(leaf->type, "registry.") || first != before_check)
    return;
  const struct opened *o = open_leaf(m, leaf, index);
  if (!o)
    return;
  if (*o->before)
    key_end(m, o->before, index);
  if (*o->vkey && monitor_key_add(m, o->vkey, m->registry || !first ? index + !first : 0, -1, &error))
    monitor_say(m, "key-book", index, "", "登记的密钥无效", "the registered key is not valid");
  m->registry = true;
}

static void check_place(struct monitor *m, const struct leaf_view *leaf, int64_t index, const struct record *r)
{
  const char *subject = hex_of(m, leaf);
  long long seq = (long long)leaf->seq;
  if (!r) {
    if (leaf->seq != 1 && m->counts.forgotten == 0)
      monitor_say(m, "gap", index, subject, "这个办件从第 %lld 条开始，缺少之前的条目",
                  "the case begins with number %lld: those before are missing", seq);
    return;
  }
  if (leaf->seq <= r->seq)
    monitor_say(m, "twice", index, subject, "这个办件有两条第 %lld 条", "the case has two leaves of number %lld", seq);
  else if (leaf->seq > r->seq + 1)
    monitor_say(m, "gap", index, subject, "这个办件在第 %lld 条之前缺少条目", "leaves of the case before number %lld are missing",
                seq);
  else if (!leaf->has_prev || !digest_eq(&leaf->prev, &r->hash))
    monitor_say(m, "prev", index, subject, "没有接在这个办件的上一条之后（第 %lld 条）",
                "number %lld does not follow the leaf before it of the same case", seq);
}

static void check_time(struct monitor *m, const struct leaf_view *leaf, int64_t index)
{
  if (span_starts(leaf->type, "history")) /* imported: under its own dates */
    return;
  if (leaf->seconds + m->options.tolerance < m->latest)
    monitor_say(m, "time", index, hex_of(m, leaf), "时间早于之前的条目 %lld 秒", "it is dated %lld seconds before leaves before it",
                (long long)(m->latest - leaf->seconds));
  m->latest = leaf->seconds > m->latest ? leaf->seconds : m->latest;
  m->latest_new = leaf->seconds > m->latest_new ? leaf->seconds : m->latest_new;
}

void monitor_leaf(struct monitor *m, struct span entry)
{
  struct leaf_view leaf;
  struct error error;
  int64_t index = m->edge.size;
  struct digest hash = merkle_leaf(entry);
  if (leaf_parse(&m->arena, entry, &leaf, &error)) {
    monitor_say(m, "grammar", index, "", "条目格式不正确（%s）", "the leaf is not of the right form (%s)", error.where);
  } else {
    registry_leaf(m, &leaf, index, true);
    check_signature(m, &leaf, index);
    registry_leaf(m, &leaf, index, false);
    check_time(m, &leaf, index);
    struct record *r = record_find(m, leaf.pseudonym);
    check_place(m, &leaf, index, r);
    if (!r)
      r = record_add(m, leaf.pseudonym);
    r->seq = leaf.seq > r->seq ? leaf.seq : r->seq;
    r->hash = hash;
    r->seconds = leaf.seconds;
    limits_leaf(m, r, &leaf, index);
    record_used(m, r);
  }
  merkle_append(&m->edge, hash);
  m->counts.leaves++;
  arena_reset(&m->arena);
}

/* ---- checkpoints ---- */

static bool read_note(struct monitor *m, struct span bytes, struct note *ret, struct checkpoint *ret_checkpoint)
{
  struct error error;
  return note_parse(&m->arena, bytes, ret, &error) == 0 && checkpoint_parse(&m->arena, ret->text, ret_checkpoint) &&
         span_is(ret_checkpoint->origin, verifier_name(m->log)) && note_signed_by(ret, m->log, NULL, &error) == 1;
}

bool monitor_wants(const struct monitor *m, struct span bytes, int64_t *ret_size)
{
  struct monitor copy = {.log = m->log};
  struct note note;
  struct checkpoint c;
  bool good = read_note(&copy, bytes, &note, &c) && c.size >= m->edge.size;
  arena_release(&copy.arena);
  if (good)
    *ret_size = c.size;
  return good;
}

static void check_age(struct monitor *m, int64_t newest, int64_t size, int64_t now)
{
  if (m->options.max_age && newest && now > newest + m->options.max_age)
    monitor_say(m, "stale", size, "", "最近一次见证距今已 %lld 分钟", "its newest cosignature is %lld minutes old",
                (long long)((now - newest) / 60));
}

/* The earliest time that cosigners give the checkpoint; 0 for none. */
static int64_t cosigned_at(struct monitor *m, const struct note *note, int64_t size, int64_t now)
{
  struct policy_verdict verdict;
  struct error error;
  int64_t at = 0, newest = 0;
  if (!m->options.policy)
    return 0;
  if (policy_judge(m->options.policy, &m->arena, note, &verdict, &error)) {
    monitor_say(m, "checkpoint", size, "", "检查点上的共签无效", "a cosignature of the checkpoint is not valid");
    return 0;
  }
  for (size_t i = 0; i < policy_witness_count(m->options.policy); i++)
    if (verdict.times[i] && (!at || verdict.times[i] < at))
      at = verdict.times[i];
  for (size_t i = 0; i < policy_witness_count(m->options.policy); i++)
    newest = verdict.times[i] > newest ? verdict.times[i] : newest;
  check_age(m, newest, size, now);
  return at;
}

static void check_future(struct monitor *m, const struct note *note, int64_t size, int64_t now)
{
  int64_t at = cosigned_at(m, note, size, now);
  int64_t limit = at ? at : now;
  if (limit && m->latest_new > limit + m->options.tolerance)
    monitor_say(m, "future", size, "", "条目的时间晚于检查点的见证时间 %lld 秒",
                "leaves are dated %lld seconds after their checkpoint was witnessed", (long long)(m->latest_new - limit));
}

void monitor_checkpoint(struct monitor *m, struct span bytes, int64_t now)
{
  struct note note;
  struct checkpoint c;
  if (!read_note(m, bytes, &note, &c)) {
    monitor_say(m, "checkpoint", m->edge.size, "", "检查点没有账本密钥的有效签名",
                "the checkpoint has no valid signature of the log's key");
  } else if (c.size < m->edge.size) {
    monitor_say(m, "shrunk", c.size, "", "检查点比以前见过的小（%lld 条）",
                "the checkpoint is smaller than one seen before (%lld leaves)", (long long)c.size);
  } else {
    struct digest root = merkle_root(&m->edge);
    if (c.size > m->edge.size || !digest_eq(&root, &c.root))
      monitor_say(m, "fork", c.size, "", "检查点与见过的条目不符：账本被改写或另有一份",
                  "the checkpoint does not fit the leaves seen: the log was rewritten or has a double");
    check_future(m, &note, c.size, now);
    m->checkpoint = c.size;
    m->latest_new = 0;
  }
  arena_reset(&m->arena);
}

/* ---- open, close ---- */

int64_t monitor_size(const struct monitor *m)
{
  return m->edge.size;
}

void monitor_counts(const struct monitor *m, struct monitor_counts *ret)
{
  *ret = m->counts;
  ret->cases = (int64_t)m->record_count;
}

void monitor_close(struct monitor *m)
{
  if (!m)
    return;
  records_release(m);
  limits_release(m);
  book_clear(m);
  free(m->book);
  for (size_t i = 0; i < m->key_count; i++)
    verifier_free(m->keys[i].verifier);
  free(m->keys);
  verifier_free(m->log);
  arena_release(&m->arena);
  free(m);
}

/* ---- state: a line each ---- */

static const char FIRST[] = "onevisit-monitor/v2";

static void put_record(const struct record *r, struct arena *arena, struct buf *out)
{
  char hex[2 * LEAF_PSEUDONYM_BYTES + 1];
  hex_encode(r->pseudonym, sizeof r->pseudonym, hex);
  buf_printf(out, "case %s %lld %s %lld %lld %d %lld\n", hex, (long long)r->seq, base64_encode(arena, r->hash.b, DIGEST_BYTES),
             (long long)r->seconds, (long long)r->received, r->told, (long long)r->pinned);
  for (const struct open_item *it = r->items; it; it = it->next)
    buf_printf(out, "item %s %lld %lld %d %d %d\n", it->id, (long long)it->opened, (long long)it->special, it->paused, it->extended,
               it->told);
}

void monitor_state(const struct monitor *m, struct buf *out)
{
  struct arena arena = {0};
  struct span edge = merkle_edge_bytes(&m->edge);
  buf_printf(out, "%s\nsize %lld %s\n", FIRST, (long long)m->edge.size, edge.n ? base64_encode(&arena, edge.p, edge.n) : "-");
  buf_printf(out, "seen %lld %lld %lld %d %lld %lld\n", (long long)m->checkpoint, (long long)m->latest, (long long)m->latest_new,
             m->registry, (long long)m->counts.forgotten, (long long)m->counts.unchecked);
  for (size_t i = 0; i < m->key_count; i++)
    buf_printf(out, "key %s %lld %lld\n", verifier_vkey(m->keys[i].verifier), (long long)m->keys[i].first,
               (long long)m->keys[i].last);
  for (size_t i = 0; i < m->limit_count; i++)
    buf_printf(out, "limit %s %lld %d\n", m->limits[i].item, (long long)m->limits[i].from, m->limits[i].days);
  for (const struct record *r = m->idle.oldest; r; r = r->newer) {
    put_record(r, &arena, out);
    arena_reset(&arena);
  }
  for (const struct record *r = m->busy.oldest; r; r = r->newer) {
    put_record(r, &arena, out);
    arena_reset(&arena);
  }
  buf_str(out, "end\n");
  arena_release(&arena);
}

static bool ints(struct span *rest, int64_t *ret, size_t n)
{
  struct span word;
  for (size_t i = 0; i < n; i++)
    if (!span_cut(rest, ' ', &word) || !span_int(word, &ret[i]))
      return false;
  return rest->n == 0;
}

static bool read_size(struct monitor *m, struct span rest)
{
  struct span word, bytes = {0};
  int64_t size;
  if (!span_cut(&rest, ' ', &word) || !span_int(word, &size))
    return false;
  return (span_is(rest, "-") || base64_decode(&m->arena, rest, &bytes)) && merkle_edge_read(size, bytes, &m->edge);
}

static bool read_seen(struct monitor *m, struct span rest)
{
  int64_t n[6];
  if (!ints(&rest, n, 6))
    return false;
  m->checkpoint = n[0];
  m->latest = n[1];
  m->latest_new = n[2];
  m->registry = n[3] != 0;
  m->counts.forgotten = n[4];
  m->counts.unchecked = n[5];
  return true;
}

static bool read_key(struct monitor *m, struct span rest)
{
  struct span vkey;
  int64_t n[2];
  struct error error;
  return span_cut(&rest, ' ', &vkey) && ints(&rest, n, 2) &&
         monitor_key_add(m, arena_dup(&m->arena, vkey), n[0], n[1], &error) == 0;
}

static bool read_case(struct monitor *m, struct span rest, struct record **ret)
{
  struct span hex, seq, hash, bytes;
  unsigned char pseudonym[LEAF_PSEUDONYM_BYTES];
  int64_t n[4], number;
  if (!span_cut(&rest, ' ', &hex) || !hex_decode(hex, pseudonym, sizeof pseudonym) || !span_cut(&rest, ' ', &seq) ||
      !span_int(seq, &number) || !span_cut(&rest, ' ', &hash) || !base64_decode(&m->arena, hash, &bytes) ||
      bytes.n != DIGEST_BYTES || !ints(&rest, n, 4) || record_find(m, pseudonym))
    return false;
  struct record *r = record_add(m, pseudonym);
  r->seq = number;
  memcpy(r->hash.b, bytes.p, DIGEST_BYTES);
  r->seconds = n[0];
  r->received = n[1];
  r->told = n[2] != 0;
  r->pinned = n[3];
  record_used(m, r);
  *ret = r;
  return true;
}

static bool read_item(struct monitor *m, struct span rest, struct record *r)
{
  struct span id;
  int64_t n[5];
  struct open_item *it;
  if (!r || !span_cut(&rest, ' ', &id) || !ints(&rest, n, 5) || !(it = record_item(r, id, true)))
    return false;
  it->opened = n[0];
  it->special = n[1];
  it->paused = (int)n[2];
  it->extended = n[3] != 0;
  it->told = n[4] != 0;
  record_used(m, r);
  return true;
}

static bool read_limit(struct monitor *m, struct span rest)
{
  struct span item;
  int64_t n[2];
  if (!span_cut(&rest, ' ', &item) || !item.n || !ints(&rest, n, 2) || n[1] < 0 || n[1] > DAYS_MAX)
    return false;
  limit_add(m, item, n[0], (int)n[1]);
  return true;
}

static bool read_line(struct monitor *m, struct span line, struct record **record)
{
  struct span word;
  if (!span_cut(&line, ' ', &word))
    return false;
  if (span_is(word, "size"))
    return read_size(m, line);
  if (span_is(word, "seen"))
    return read_seen(m, line);
  if (span_is(word, "key"))
    return read_key(m, line);
  if (span_is(word, "limit"))
    return read_limit(m, line);
  if (span_is(word, "case"))
    return read_case(m, line, record);
  return span_is(word, "item") && read_item(m, line, *record);
}

static int read_state(struct monitor *m, struct span state, struct error *error)
{
  struct span line;
  struct record *record = NULL;
  bool good = span_cut(&state, '\n', &line) && span_is(line, FIRST), ended = false;
  while (good && !ended && span_cut(&state, '\n', &line)) {
    ended = span_is(line, "end");
    good = ended || read_line(m, line, &record);
    arena_reset(&m->arena);
  }
  limits_sort(m);
  return good && ended
             ? 0
             : error_set(error, ERROR_BAD_INPUT, "bad-state", "监测状态文件已损坏或不是本程序所写，请删除后重新核查全部条目",
                         "The monitor's state is damaged or not its own: remove it to check all leaves again");
}

int monitor_open(const struct monitor_options *options, struct span state, struct monitor **ret, struct error *error)
{
  struct monitor *m = calloc(1, sizeof *m);
  if (!m)
    abort();
  m->options = *options;
  m->options.tolerance = options->tolerance ? options->tolerance : TOLERANCE;
  m->options.remember = options->remember ? options->remember : REMEMBER;
  if (verifier_open(span_of(options->vkey), &m->log, error) || (state.n && read_state(m, state, error))) {
    monitor_close(m);
    return -1;
  }
  monitor_catalog(m, options->catalog);
  *ret = m;
  return 0;
}
