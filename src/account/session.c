/*
 * Signing in and out. The token is 32 random bytes in hex; the store has only its SHA-256.
 */
#include "account/internal.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define TOKEN_BYTES 32

bool token_digest(struct span token, struct digest *ret)
{
  unsigned char bytes[TOKEN_BYTES];
  if (!hex_decode(token, bytes, sizeof bytes))
    return false;
  *ret = sha256((struct span){(const char *)bytes, sizeof bytes});
  return true;
}

static const char *token_hash(struct arena *arena, struct span token)
{
  struct digest d;
  char *hex = arena_alloc(arena, DIGEST_TEXT);
  if (token_digest(token, &d))
    hex_encode(d.b, sizeof d.b, hex);
  return hex;
}

static void token_new(char out[TOKEN_TEXT])
{
  unsigned char bytes[TOKEN_BYTES];
  random_bytes(bytes, sizeof bytes);
  hex_encode(bytes, sizeof bytes, out);
}

/* A command to an account; takes over data. */
static int tell(const struct account_at *at, int64_t id, const char *type, struct actor actor, json_t *data, struct error *error)
{
  struct command command = {
      .kind = &account_kind, .id = id, .expect = -1, .type = type, .key = "", .actor = actor, .at = at->now, .data = data};
  actor.channel = at->channel;
  command.actor = actor;
  int bad = engine_do(at->engine, &command, NULL, error);
  json_decref(data);
  return bad;
}

static struct actor oneself(const char *actor, const char *agency)
{
  return (struct actor){.id = actor, .role = span_starts(span_of(actor), "staff:") ? "staff" : "applicant", .agency = agency};
}

static const struct actor the_system = {"system", "system", "", "system"};

static int begin(const struct account_at *at, const struct account_row *row, struct signed_in *ret, struct error *error)
{
  struct signed_in fresh = {.actor = row->actor};
  token_new(fresh.token);
  json_t *data = json_pack("{s:s, s:s}", "session", token_hash(at->arena, span_of(fresh.token)), "against", row->password);
  if (tell(at, row->id, "sign-in", oneself(row->actor, row->agency), data, error))
    return -1;
  *ret = fresh;
  return 0;
}

/* ---- staff ---- */

static int say_locked(struct error *error)
{
  return error_set(error, ERROR_TOO_MANY, "account-locked", "密码多次输错，账号已暂时锁定，请 15 分钟后再试",
                   "There were too many wrong passwords: the account is locked, try again in 15 minutes");
}

static moment time_of(const struct account_at *at)
{
  return at->now ? at->now : moment_now();
}

/* Checks a password of an account that may not exist; a wrong one is counted. */
static int check_password(struct accounts *accounts, const struct account_at *at, const struct account_row *row,
                          struct span password, struct error *error)
{
  bool there = row && *row->password && !row->disabled;
  if (there && row->locked_until > time_of(at))
    return say_locked(error);
  bool right = text_length(password) <= PASSWORD_MAX;
  right = accounts_verify(accounts, there ? row->password : NULL, right ? password : SPAN("")) && right;
  if (right)
    return 0;
  if (there && tell(at, row->id, "sign-in-failed", the_system, NULL, error))
    return -1;
  return error_set(error, ERROR_SIGN_IN, "wrong-credentials", "登录名或密码不正确", "The login name or the password is wrong");
}

int accounts_sign_in(struct accounts *accounts, const struct account_at *at, struct span login, struct span password,
                     struct signed_in *ret, struct error *error)
{
  struct account_row row;
  struct error none = {0};
  const char *name;
  bool there = false;
  if (account_login(at->arena, login, &name)) {
    there = account_read(at->db, at->arena, account_staff_id(name), &row, &none) == 0;
    if (!there && none.code != ERROR_NOT_FOUND) {
      *error = none;
      return -1;
    }
  }
  if (check_password(accounts, at, there ? &row : NULL, password, error))
    return -1;
  return begin(at, &row, ret, error);
}

int accounts_change_password(struct accounts *accounts, const struct account_at *at, const char *actor, struct span token,
                             struct span now_used, struct span wanted, struct error *error)
{
  struct account_row row;
  int64_t id;
  if (!account_id_of(actor, &id))
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这个账号", "There is no such account");
  if (account_read(at->db, at->arena, id, &row, error) || password_check(row.login, wanted, error))
    return -1;
  if (check_password(accounts, at, &row, now_used, error)) {
    if (error->code != ERROR_SIGN_IN)
      return -1;
    return error_set(error, ERROR_BAD_INPUT, "wrong-password", "现用密码不正确", "The password in use is wrong");
  }
  const char *stored = accounts_hash(accounts, at->arena, wanted);
  json_t *data = json_pack("{s:s, s:s}", "password", stored, "keep", token_hash(at->arena, token));
  return tell(at, id, "set-password", oneself(actor, row.agency), data, error);
}

/* ---- applicants ---- */

/* «33020019900321998x» is taken as «…X». */
static const char *identity_text(struct arena *arena, struct span typed)
{
  char *identity = arena_dup(arena, span_trim(typed));
  for (char *p = identity; *p; p++)
    if (*p == 'x')
      *p = 'X';
  return identity;
}

static struct digest lookup_of(const struct accounts *accounts, const char *identity)
{
  struct span key = {(const char *)accounts->identity_key.b, sizeof accounts->identity_key.b};
  return hmac_sha256(key, span_of(identity));
}

struct digest accounts_lookup(const struct accounts *accounts, struct span identity)
{
  struct arena arena = {0};
  struct digest lookup = lookup_of(accounts, identity_text(&arena, identity));
  arena_release(&arena);
  return lookup;
}

static int register_person(const struct account_at *at, const char *name, const char *identity, const struct digest *lookup,
                           int64_t *ret, struct error *error)
{
  uint64_t random = 0;
  char hex[DIGEST_TEXT];
  while (random == 0) {
    random_bytes(&random, sizeof random);
    random &= INT64_MAX;
  }
  hex_encode(lookup->b, sizeof lookup->b, hex);
  json_t *data = json_pack("{s:s, s:s, s:s}", "name", name, "identity", identity, "lookup", hex);
  if (tell(at, (int64_t)random, "register", the_system, data, error))
    return -1;
  *ret = (int64_t)random;
  return 0;
}

static int find_or_register(const struct account_at *at, const char *name, const char *identity, const struct digest *lookup,
                            int64_t *ret, struct error *error)
{
  bool found;
  struct error clash = {0};
  if (account_by_lookup(at->db, lookup, &found, ret, error))
    return -1;
  if (found || register_person(at, name, identity, lookup, ret, &clash) == 0)
    return 0;
  /* two first visits at once: the number belongs to whichever came first */
  if (clash.code == ERROR_CONFLICT) {
    if (account_by_lookup(at->db, lookup, &found, ret, error))
      return -1;
    if (found)
      return 0;
  }
  *error = clash;
  return -1;
}

int accounts_sign_in_person(struct accounts *accounts, const struct account_at *at, struct span name, struct span identity,
                            struct signed_in *ret, struct error *error)
{
  struct account_row row;
  const char *number = identity_text(at->arena, identity), *called = arena_dup(at->arena, span_trim(name));
  struct digest lookup = lookup_of(accounts, number);
  int64_t id;
  if (!text_plain(span_of(number)) || !text_plain(span_of(called)))
    return error_set(error, ERROR_BAD_INPUT, "bad-name", "姓名或号码含有不能使用的字符",
                     "The name or the number has characters that cannot be used");
  if (find_or_register(at, called, number, &lookup, &id, error) || account_read(at->db, at->arena, id, &row, error))
    return -1;
  if (strcmp(row.name, called) != 0)
    return error_set(error, ERROR_BAD_INPUT, "other-name", "姓名与公民身份号码不一致",
                     "The name does not belong to this identity number");
  return begin(at, &row, ret, error);
}

/* ---- ending ---- */

static int end(const struct account_at *at, const char *actor, const char *type, const char *member, struct span token,
               struct error *error)
{
  int64_t id;
  if (!account_id_of(actor, &id))
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这个账号", "There is no such account");
  return tell(at, id, type, oneself(actor, ""), json_pack("{s:s}", member, token_hash(at->arena, token)), error);
}

int account_sign_out(const struct account_at *at, const char *actor, struct span token, struct error *error)
{
  return end(at, actor, "sign-out", "session", token, error);
}

int account_end_others(const struct account_at *at, const char *actor, struct span token, struct error *error)
{
  return end(at, actor, "end-sessions", "keep", token, error);
}
