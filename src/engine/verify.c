#include "engine/sealer.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const struct sql page = {
    "SELECT e.seq, e.kind, e.aggregate, e.version, e.prev, e.type, e.at, e.actor, e.role, e.agency, e.channel, e.item, e.key, e.body, e.salt,"
    " a.pseudonym, l.hash, l.entry, p.hash, q.aggregate, q.version"
    " FROM events e LEFT JOIN aggregates a ON a.id = e.aggregate LEFT JOIN leaves l ON l.seq = e.seq"
    " LEFT JOIN leaves p ON p.seq = e.prev LEFT JOIN events q ON q.seq = e.prev"
    " WHERE e.seq > $1 ORDER BY e.seq LIMIT 500"};
static const struct sql next_checkpoint = {"SELECT size, at, note FROM checkpoints WHERE size > $1 ORDER BY size LIMIT 1"};
static const struct sql sealed_size = {"SELECT size FROM checkpoints ORDER BY size DESC LIMIT 1"};
static const struct sql stray_leaf = {"SELECT seq FROM leaves WHERE seq > $1 ORDER BY seq LIMIT 1"};
static const struct sql stray_head = {
    "SELECT a.id FROM aggregates a LEFT JOIN events e ON e.seq = a.head"
    " WHERE e.seq IS NULL OR e.aggregate <> a.id OR e.version <> a.version OR e.kind <> a.kind LIMIT 1"};
static const struct sql sum_versions = {"SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM aggregates"};
static const struct sql all_keys = {"SELECT vkey FROM ledger_keys"};

struct verification {
  struct db *db;
  const struct kind *const *kinds;
  const char *vkey;
  struct arena arena; /* of one page */
  struct verifier **keys;
  size_t key_count, key_cap;
  struct merkle_edge edge;
  int64_t sealed, last_seq;
  struct checkpoint next; /* the next checkpoint to meet; size 0: none */
  struct ledger_report report;
};

#define BROKEN(error, seq, zh, en)                                                                                                 \
  (error_set((error), ERROR_CONFLICT, "ledger-broken", "第 %lld 号事件：" zh, "Event %lld: " en, (long long)(seq)),                \
   error_at((error), "event %lld", (long long)(seq)))

/* ---- keys ---- */

static int add_key(struct verification *v, struct span vkey, struct error *error)
{
  if (v->key_count == v->key_cap) {
    v->key_cap = v->key_cap ? 2 * v->key_cap : 16;
    v->keys = realloc(v->keys, v->key_cap * sizeof(struct verifier *));
    if (!v->keys)
      abort();
  }
  return verifier_open(vkey, &v->keys[v->key_count], error) ? -1 : (v->key_count++, 0);
}

static int read_keys(struct verification *v, struct error *error)
{
  struct rows rows;
  int bad = v->vkey ? add_key(v, span_of(v->vkey), error) : 0;
  if (bad || db_query(v->db, &all_keys, NULL, 0, &rows, error))
    return -1;
  while (!bad && rows_next(&rows))
    bad = add_key(v, rows_span(&rows, 0), error);
  return rows_close(&rows, bad ? NULL : error) || bad ? -1 : 0;
}

/* The next key of that name from *i on: a name may have had several. The key that was given stands first. */
static const struct verifier *next_key(const struct verification *v, struct span name, size_t *i)
{
  while (*i < v->key_count) {
    const struct verifier *key = v->keys[(*i)++];
    if (span_is(name, verifier_name(key)))
      return key;
  }
  return NULL;
}

/* ---- checkpoints ---- */

/*
 * By a key of the name that the note bears; the newest by the very key that was given. (Keys change; the newest root
 * covers all that was before.)
 */
static bool log_signed(const struct verification *v, struct arena *arena, struct span note, bool newest, struct span *ret_text)
{
  struct span rest = note, origin;
  const struct verifier *key;
  if (!span_cut(&rest, '\n', &origin))
    return false;
  if (v->vkey && newest)
    return span_is(origin, verifier_name(v->keys[0])) && note_open(arena, note, v->keys[0], ret_text, NULL) == 0;
  for (size_t i = 0; (key = next_key(v, origin, &i)) != NULL;)
    if (note_open(arena, note, key, ret_text, NULL) == 0)
      return true;
  return false;
}

/* The next signed checkpoint after the given size, its signature checked; size 0 when there is none. */
static int meet_checkpoint(struct verification *v, int64_t after, struct arena *arena, struct error *error)
{
  struct rows rows;
  struct span note = {0}, text;
  int64_t size = 0;
  v->next = (struct checkpoint){0};
  if (DB_QUERY(v->db, &next_checkpoint, &rows, error, V_INT(after)))
    return -1;
  if (rows_next(&rows)) {
    size = rows_int(&rows, 0);
    v->report.last_checkpoint = rows_int(&rows, 1);
    note = arena_span(arena, rows_span(&rows, 2));
  }
  if (rows_close(&rows, error))
    return -1;
  if (size == 0)
    return 0;
  struct checkpoint c;
  if (!log_signed(v, arena, note, size == v->sealed, &text) || !checkpoint_parse(arena, text, &c) || c.size != size)
    return BROKEN(error, size, "检查点的签名或内容无效", "the checkpoint's signature or content is not valid");
  v->next = c;
  v->report.checkpoints++;
  return 0;
}

static int check_checkpoint(struct verification *v, struct error *error)
{
  if (v->edge.size != v->next.size)
    return 0;
  struct digest root = merkle_root(&v->edge);
  if (!digest_eq(&root, &v->next.root))
    return BROKEN(error, v->edge.size, "到此为止的记录与已签名的检查点不符",
                  "the records up to here do not give the signed checkpoint's root");
  return meet_checkpoint(v, v->edge.size, &v->arena, error);
}

/* ---- events ---- */

static int check_chain(const struct event *e, const struct rows *rows, struct error *error)
{
  int64_t prev = rows_int(rows, 4);
  bool right = e->version == 1 ? prev == 0
                               : prev > 0 && prev < e->seq && rows_int(rows, 19) == e->id && rows_int(rows, 20) == e->version - 1;
  return right ? 0 : BROKEN(error, e->seq, "与前一事件的衔接被改动", "its link to the event before has been changed");
}

static bool department_signed(struct verification *v, const struct event *e, struct span lines, const struct leaf_signature *s)
{
  size_t dept = strlen(event_department(e));
  bool own = s->name.n > dept && s->name.p[s->name.n - dept - 1] == '/' &&
             memcmp(s->name.p + s->name.n - dept, event_department(e), dept) == 0;
  const struct verifier *key;
  for (size_t i = 0; own && (key = next_key(v, s->name, &i)) != NULL;)
    if (leaf_check_signature(&v->arena, lines, s, key))
      return true;
  return false;
}

static int check_leaf(struct verification *v, const struct event *e, const struct rows *rows, struct error *error)
{
  struct span entry = rows_span(rows, 17), hash = rows_span(rows, 16), lines, prev = rows_span(rows, 18);
  struct leaf_signature signature;
  struct leaf_source source = {
      .event = e, .pseudonym = rows_span(rows, 15), .salt = rows_span(rows, 14), .has_prev = e->version > 1};
  if (prev.n == DIGEST_BYTES)
    memcpy(source.prev.b, prev.p, DIGEST_BYTES);
  struct digest leaf = merkle_leaf(entry);
  if (!leaf_split_signature(&v->arena, entry, &lines, &signature) || hash.n != DIGEST_BYTES ||
      memcmp(hash.p, leaf.b, DIGEST_BYTES) != 0)
    return BROKEN(error, e->seq, "账本中的条目被改动或缺失", "its entry in the ledger has been changed or removed");
  if (source.pseudonym.n != LEAF_PSEUDONYM_BYTES || !span_eq(lines, event_leaf_lines(&v->arena, &source)))
    return BROKEN(error, e->seq, "内容与账本不符，已被改动", "its content has been changed: it does not fit the ledger");
  if (!department_signed(v, e, lines, &signature))
    return BROKEN(error, e->seq, "部门签名无效", "the department's signature is not valid");
  merkle_append(&v->edge, leaf);
  return 0;
}

static int check_event(struct verification *v, struct rows *rows, struct error *error)
{
  struct event e;
  int64_t seq = rows_int(rows, 0);
  if (seq != v->last_seq + 1)
    return BROKEN(error, v->last_seq + 1, "已被删除", "it has been removed");
  v->last_seq = seq;
  if (event_read(rows, v->kinds, &v->arena, &e, error))
    return BROKEN(error, seq, "内容无法读取，已被改动", "its content cannot be read: it has been changed");
  bool canonical = span_eq(json_text(&v->arena, e.data), e.body);
  bool sealed = seq <= v->sealed;
  int bad = canonical ? check_chain(&e, rows, error)
                      : BROKEN(error, seq, "内容的写法被改动", "the writing of its content has been changed");
  if (!bad && sealed)
    bad = check_leaf(v, &e, rows, error);
  event_release(&e);
  return bad || !sealed ? bad : check_checkpoint(v, error);
}

static int check_page(struct verification *v, struct error *error)
{
  struct rows rows;
  int n = 0, bad = 0;
  if (DB_QUERY(v->db, &page, &rows, error, V_INT(v->last_seq)))
    return -1;
  for (; !bad && rows_next(&rows); n++)
    bad = check_event(v, &rows, error);
  if (rows_close(&rows, bad ? NULL : error) || bad)
    return -1;
  return n > 0;
}

static int query_int(struct db *db, const struct sql *sql, const struct value *values, size_t n, int64_t *ret, struct error *error)
{
  struct rows rows;
  int64_t value = 0;
  if (db_query(db, sql, values, n, &rows, error))
    return -1;
  if (rows_next(&rows))
    value = rows_int(&rows, 0);
  if (rows_close(&rows, error))
    return -1;
  *ret = value;
  return 0;
}

/* What no single event shows: something cut off at the end, or added beside the chain. */
static int check_whole(struct verification *v, struct error *error)
{
  int64_t stray = 0, head = 0, versions = 0;
  if (v->last_seq < v->sealed)
    return BROKEN(error, v->last_seq + 1, "已被删除", "it has been removed");
  if (query_int(v->db, &stray_leaf, &V_INT(v->sealed), 1, &stray, error) || query_int(v->db, &stray_head, NULL, 0, &head, error) ||
      query_int(v->db, &sum_versions, NULL, 0, &versions, error))
    return -1;
  if (stray)
    return BROKEN(error, stray, "账本中多出一条没有检查点的条目", "the ledger holds an entry that no checkpoint covers");
  if (head || versions != v->last_seq)
    return error_set(error, ERROR_CONFLICT, "ledger-broken", "记录的总表与事件不符（记录 %lld）",
                     "The list of records does not fit the events (record %lld)", (long long)head);
  return 0;
}

static int verify(struct verification *v, struct error *error)
{
  int more = 1;
  struct arena first = {0};
  if (query_int(v->db, &sealed_size, NULL, 0, &v->sealed, error) || read_keys(v, error) || meet_checkpoint(v, 0, &first, error))
    more = -1;
  while (more > 0) {
    more = check_page(v, error);
    arena_reset(&v->arena);
  }
  arena_release(&first);
  if (more < 0)
    return -1;
  v->report.events = v->last_seq;
  v->report.sealed = v->sealed;
  v->report.trusted_key = v->vkey != NULL;
  return check_whole(v, error);
}

int engine_verify(struct db *db, const struct kind *const *kinds, const char *vkey, struct ledger_report *ret, struct error *error)
{
  struct verification v = {.db = db, .kinds = kinds, .vkey = vkey};
  int bad = db_begin(db, error); /* one snapshot, though the city goes on writing */
  if (!bad) {
    bad = verify(&v, error);
    db_rollback(db);
  }
  for (size_t i = 0; i < v.key_count; i++)
    verifier_free(v.keys[i]);
  free(v.keys);
  arena_release(&v.arena);
  if (!bad)
    *ret = v.report;
  return bad;
}
