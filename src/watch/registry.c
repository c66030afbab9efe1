/*
 * The rules of the registry of keys, and what sends its commands.
 */
#include "watch/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "ledger/leaf.h"
#include "ledger/note.h"

enum { REASON_MAX = 500 };

struct keyring {
  const char *name; /* NULL before the first key */
  const char *vkey, *party;
  int n; /* keys so far */
  bool retired;
};

int64_t registry_id(const char *name)
{
  return aggregate_id_from("registry", name);
}

/* ---- decide ---- */

static int bad_argument(struct error *error, const char *argument, const char *zh, const char *en)
{
  (void)error_set(error, ERROR_BAD_INPUT, "bad-argument", "%s%.0s", "%.0s%s", zh, en);
  return error_at(error, "%s", argument);
}

static int check_vkey(const char *vkey, const char *name, struct error *error)
{
  struct verifier *v;
  struct error why;
  bool right = verifier_open(span_of(vkey), &v, &why) == 0;
  if (right) {
    right = strcmp(verifier_name(v), name) == 0;
    verifier_free(v);
  }
  return right ? 0 : bad_argument(error, "vkey", "公钥无效，或与名称不符", "The public key is not one, or is of another name");
}

static int check_reason(const char *reason, struct error *error)
{
  struct span s = span_of(reason);
  if (span_trim(s).n == 0)
    return bad_argument(error, "reason", "请填写原因", "Please give the reason");
  if (s.n > REASON_MAX || !text_plain(s))
    return bad_argument(error, "reason", "原因过长，或含有不能使用的字符",
                        "The reason is too long or has characters that cannot be used");
  return 0;
}

static bool is_party(const char *party)
{
  return strcmp(party, "log") == 0 || strcmp(party, "department") == 0 || strcmp(party, "witness") == 0;
}

static int decide_register(const struct keyring *k, const struct command *c, struct decision *d, struct error *error)
{
  const char *name = json_str(c->data, "name"), *vkey = json_str(c->data, "vkey"), *party = json_str(c->data, "party");
  if (k->name)
    return error_set(error, ERROR_CONFLICT, "exists", "“%s”已有登记的密钥", "A key of “%s” is registered already", name);
  if (!note_name_valid(span_of(name)) || c->id != registry_id(name))
    return bad_argument(error, "name", "名称无效", "The name is not valid");
  if (!is_party(party))
    return bad_argument(error, "party", "类别应为 log、department 或 witness", "A party is log, department or witness");
  if (check_vkey(vkey, name, error) || check_reason(json_str(c->data, "reason"), error))
    return -1;
  decision_emit(d, "key-registered", "",
                json_pack("{s:s,s:s,s:s,s:s,s:s}", "name", name, "party", party, "vkey", vkey, "file", json_str(c->data, "file"),
                          "reason", json_str(c->data, "reason")));
  return 0;
}

static int need_key(const struct keyring *k, struct error *error)
{
  if (!k->name)
    return error_set(error, ERROR_NOT_FOUND, "no-such-key", "没有登记这个名称的密钥", "No key of that name is registered");
  if (k->retired)
    return error_set(error, ERROR_CONFLICT, "key-retired", "“%s”的密钥已停用", "The key of “%s” is retired", k->name);
  return 0;
}

static int decide_rotate(const struct keyring *k, const struct command *c, struct decision *d, struct error *error)
{
  const char *vkey = json_str(c->data, "vkey"), *reason = json_str(c->data, "reason");
  if (need_key(k, error) || check_vkey(vkey, k->name, error) || check_reason(reason, error))
    return -1;
  if (strcmp(k->party, "log") == 0)
    return error_set(error, ERROR_RULE, "log-key", "账本自身的密钥须经公布期逐步更换，见文档",
                     "The log's own key is changed in a published period, as the documents say");
  if (strcmp(vkey, k->vkey) == 0)
    return bad_argument(error, "vkey", "这就是现在的密钥", "This is the key in use");
  decision_emit(d, "key-rotated", "",
                json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "name", k->name, "party", k->party, "vkey", vkey, "before", k->vkey, "file",
                          json_str(c->data, "file"), "reason", reason));
  return 0;
}

static int decide_retire(const struct keyring *k, const struct command *c, struct decision *d, struct error *error)
{
  const char *reason = json_str(c->data, "reason");
  if (need_key(k, error) || check_reason(reason, error))
    return -1;
  decision_emit(d, "key-retired", "",
                json_pack("{s:s,s:s,s:s,s:s}", "name", k->name, "party", k->party, "before", k->vkey, "reason", reason));
  return 0;
}

static int decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  if (strcmp(c->actor.role, "system") != 0 && strcmp(c->actor.role, "admin") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-administrator", "只有系统管理员可以管理密钥",
                     "Only an administrator may manage keys");
  if (strcmp(c->type, "register") == 0)
    return decide_register(state, c, d, error);
  if (strcmp(c->type, "rotate") == 0)
    return decide_rotate(state, c, d, error);
  if (strcmp(c->type, "retire") == 0)
    return decide_retire(state, c, d, error);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", c->type);
}

/* ---- evolve, project ---- */

static int evolve(void *state, struct arena *arena, const struct event *e)
{
  struct keyring *k = state;
  if (strcmp(e->type, "key-retired") == 0) {
    k->retired = true;
    return 0;
  }
  if (strcmp(e->type, "key-registered") != 0 && strcmp(e->type, "key-rotated") != 0)
    return -1;
  k->name = arena_str(arena, json_str(e->data, "name"));
  k->party = arena_str(arena, json_str(e->data, "party"));
  k->vkey = arena_str(arena, json_str(e->data, "vkey"));
  k->n++;
  return 0;
}

/* The event itself is still signed by the key before it; a first key signs its own registration. */
static void project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  (void)state;
  for (size_t i = 0; i < n; i++) {
    const struct event *e = &events[i];
    bool first = strcmp(e->type, "key-registered") == 0;
    if (!first)
      ROW_PUT(rows, &engine_key_ends, V_STR(json_str(e->data, "before")), V_INT(e->at), V_INT(e->seq),
              V_STR(json_str(e->data, "reason")));
    if (*json_str(e->data, "vkey"))
      ROW_PUT(rows, &engine_key_enters, V_STR(json_str(e->data, "name")), V_STR(json_str(e->data, "vkey")),
              V_STR(json_str(e->data, "file")), V_INT(e->at), V_INT(first ? e->seq : e->seq + 1));
  }
}

const struct kind registry_kind = {
    .name = "registry", .state_size = sizeof(struct keyring), .decide = decide, .evolve = evolve, .project = project, .keys = true};

/* ---- sending commands ---- */

/* Takes data over. */
static int tell(const struct registrar *r, const char *name, const char *type, json_t *data, struct error *error)
{
  const struct command command = {.kind = &registry_kind,
                                  .id = registry_id(name),
                                  .expect = -1,
                                  .type = type,
                                  .key = "",
                                  .actor = r->actor,
                                  .at = r->at,
                                  .data = data};
  int bad = engine_do(r->engine, &command, NULL, error);
  json_decref(data);
  return bad;
}

/* One that is registered already is left as it is. */
static int enter(const struct registrar *r, const char *name, const char *party, const char *file, struct error *error)
{
  struct signer *signer;
  struct error why = {0};
  if (signer_open(r->key_dir, file, name, true, &signer, error))
    return -1;
  json_t *data = json_pack("{s:s,s:s,s:s,s:s,s:s}", "name", name, "party", party, "vkey", signer_vkey(signer), "file", file,
                           "reason", "first key");
  signer_free(signer);
  if (tell(r, name, "register", data, &why) == 0 || strcmp(why.name, "exists") == 0)
    return 0;
  *error = why;
  return -1;
}

static int known_names(const struct registrar *r, struct arena *arena, struct ledger_key **ret, size_t *ret_n, struct error *error)
{
  return engine_keys(r->db, arena, ret, ret_n, error);
}

/* Registered by this room: rows that the sealer entered by itself bear no file. */
static bool is_registered(const struct ledger_key *keys, size_t n, const char *name)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(keys[i].name, name) == 0 && *keys[i].file)
      return true;
  return false;
}

int registry_begin(const struct registrar *r, const char *const *departments, size_t n, struct error *error)
{
  struct arena arena = {0};
  struct ledger_key *keys;
  size_t key_count;
  int bad = known_names(r, &arena, &keys, &key_count, error);
  const char *centre = arena_printf(&arena, "%s/centre", r->origin);
  if (!bad && !is_registered(keys, key_count, centre)) /* first: it signs what the system does, its own registration too */
    bad = enter(r, centre, "department", "centre", error);
  if (!bad && !is_registered(keys, key_count, r->origin))
    bad = enter(r, r->origin, "log", "log", error);
  for (size_t i = 0; !bad && i < n; i++) {
    const char *name = arena_printf(&arena, "%s/%s", r->origin, departments[i]);
    if (!is_registered(keys, key_count, name))
      bad = enter(r, name, "department", departments[i], error);
  }
  arena_release(&arena);
  return bad;
}

int registry_rotate(const struct registrar *r, const char *department, const char *reason, struct error *error)
{
  struct arena arena = {0};
  struct ledger_key *keys;
  struct signer *signer;
  size_t n, had = 0;
  const char *name = arena_printf(&arena, "%s/%s", r->origin, department);
  int bad = check_reason(reason, error) || known_names(r, &arena, &keys, &n, error);
  for (size_t i = 0; !bad && i < n; i++)
    had += strcmp(keys[i].name, name) == 0;
  if (!bad && !is_registered(keys, n, name))
    bad = error_set(error, ERROR_NOT_FOUND, "no-such-key", "没有登记部门“%s”的密钥", "No key of the department “%s” is registered",
                    department);
  if (!bad) {
    const char *file = arena_printf(&arena, "%s.%zu", department, had + 1);
    bad = signer_open(r->key_dir, file, name, true, &signer, error);
    if (!bad) {
      json_t *data = json_pack("{s:s,s:s,s:s}", "vkey", signer_vkey(signer), "file", file, "reason", reason);
      signer_free(signer);
      bad = tell(r, name, "rotate", data, error);
    }
  }
  arena_release(&arena);
  return bad ? -1 : 0;
}

int registry_retire(const struct registrar *r, const char *department, const char *reason, struct error *error)
{
  char name[NOTE_NAME_MAX + 1];
  (void)snprintf(name, sizeof name, "%s/%s", r->origin, department);
  return tell(r, name, "retire", json_pack("{s:s}", "reason", reason), error);
}

int registry_witness(const struct registrar *r, const char *vkey, const char *reason, struct error *error)
{
  struct verifier *v;
  if (verifier_open(span_of(vkey), &v, error))
    return -1;
  const char *name = verifier_name(v);
  int bad =
      tell(r, name, "register",
           json_pack("{s:s,s:s,s:s,s:s,s:s}", "name", name, "party", "witness", "vkey", vkey, "file", "", "reason", reason), error);
  verifier_free(v);
  return bad;
}

/* ---- the key book ---- */

static int by_index(const void *a, const void *b)
{
  const struct disclosure *x = a, *y = b;
  return x->index < y->index ? -1 : x->index > y->index;
}

int keybook_write(struct db *db, struct buf *out, struct error *error)
{
  static const struct kind *const kinds[] = {&registry_kind, NULL};
  struct arena arena = {0};
  struct ledger_key *keys;
  struct disclosure *all = NULL, *some;
  size_t n, all_n = 0, cap = 0, some_n;
  int bad = engine_keys(db, &arena, &keys, &n, error);
  for (size_t i = 0; !bad && i < n; i++) {
    if (i && strcmp(keys[i].name, keys[i - 1].name) == 0)
      continue;
    bad = engine_disclose(db, kinds, registry_id(keys[i].name), &arena, &some, &some_n, error);
    for (size_t k = 0; !bad && k < some_n; k++) {
      all = arena_grow(&arena, all, all_n, &cap, sizeof *all);
      all[all_n++] = some[k];
    }
  }
  if (!bad && all_n) {
    qsort(all, all_n, sizeof *all, by_index);
    for (size_t i = 0; i < all_n; i++) {
      struct json_writer w = json_to(out);
      disclosure_json(&all[i], &arena, &w);
      buf_str(out, "\n");
    }
  }
  arena_release(&arena);
  return bad;
}
