/*
 * The rules of accounts: pure, with times from the command.
 */
#include "account/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "catalog/codes.h"

#define NAME_MAX_CHARACTERS 50

/* ---- words and ids ---- */

struct role_word {
  unsigned bit;
  const char *word;
};

static const struct role_word role_words[] = {
#define X(name, bit, word, zh, en) {bit, word},
    ACCOUNT_ROLES(X)
#undef X
};
#define ROLE_COUNT (sizeof role_words / sizeof *role_words)

unsigned account_role(struct span word)
{
  for (size_t i = 0; i < ROLE_COUNT; i++)
    if (span_is(word, role_words[i].word))
      return role_words[i].bit;
  return 0;
}

bool account_login(struct arena *arena, struct span typed, const char **ret)
{
  typed = span_trim(typed);
  if (typed.n < 2 || typed.n > LOGIN_MAX)
    return false;
  char *login = arena_dup(arena, typed);
  for (char *p = login; *p; p++) {
    if (*p >= 'A' && *p <= 'Z')
      *p = (char)(*p - 'A' + 'a');
    bool letter = *p >= 'a' && *p <= 'z', other = (*p >= '0' && *p <= '9') || *p == '.' || *p == '_' || *p == '-';
    if (!letter && (!other || p == login))
      return false;
  }
  if (strlen(login) != typed.n)
    return false;
  *ret = login;
  return true;
}

int64_t account_staff_id(const char *login)
{
  return aggregate_id_from("staff", login);
}

bool account_id_of(const char *actor_id, int64_t *ret)
{
  struct span s = span_of(actor_id);
  unsigned char bytes[8];
  if (span_starts(s, "staff:")) {
    *ret = account_staff_id(actor_id + strlen("staff:"));
    return true;
  }
  if (!span_starts(s, "person:") || !hex_decode(span_of(actor_id + strlen("person:")), bytes, sizeof bytes) || (bytes[0] & 0x80))
    return false;
  int64_t id = 0;
  for (size_t i = 0; i < sizeof bytes; i++)
    id = id << 8 | bytes[i];
  *ret = id;
  return id > 0;
}

char *account_masked(struct arena *arena, const char *identity)
{
  size_t n = strlen(identity);
  if (n < 10) /* too short to leave eight of it */
    return arena_str(arena, n ? "**********" : "");
  return arena_printf(arena, "%.4s**********%s", identity, identity + n - 4);
}

/* ---- what the rules say ---- */

static bool plain_line(struct span s)
{
  return text_plain(s) && !memchr(s.p, '\n', s.n) && !memchr(s.p, '\r', s.n) && !memchr(s.p, '\t', s.n);
}

static int check_name(const char *name, struct error *error)
{
  struct span s = span_of(name);
  if (s.n == 0 || !plain_line(s) || span_trim(s).n != s.n || text_length(s) > NAME_MAX_CHARACTERS)
    return error_set(error, ERROR_BAD_INPUT, "bad-name", "姓名应为 1 至 %d 个字，前后没有空格",
                     "A name has 1 to %d characters, without spaces around it", NAME_MAX_CHARACTERS);
  return 0;
}

static bool is_administrator(const struct actor *actor)
{
  return strcmp(actor->role, "admin") == 0 || strcmp(actor->role, "system") == 0;
}

static bool is_self(const struct account *a, const struct actor *actor)
{
  return a->actor && strcmp(a->actor, actor->id) == 0;
}

static int need_administrator(const struct command *c, struct error *error)
{
  if (is_administrator(&c->actor))
    return 0;
  return error_set(error, ERROR_FORBIDDEN, "not-administrator", "只有系统管理员可以管理账号",
                   "Only an administrator may manage accounts");
}

/* An administrator's power over accounts ends at his own. */
static int need_other_administrator(const struct account *a, const struct command *c, struct error *error)
{
  if (is_self(a, &c->actor))
    return error_set(error, ERROR_FORBIDDEN, "own-account", "不能更改自己的角色或停用自己的账号，请由另一位管理员办理",
                     "Nobody changes his own roles or disables himself: ask another administrator");
  return need_administrator(c, error);
}

static int need_self(const struct account *a, const struct command *c, struct error *error)
{
  if (is_self(a, &c->actor))
    return 0;
  return error_set(error, ERROR_FORBIDDEN, "not-own-session", "只能处理自己的登录", "These are not your sessions");
}

static int read_roles(const json_t *list, unsigned *ret, struct error *error)
{
  unsigned roles = 0;
  size_t i;
  json_t *word;
  json_array_foreach((json_t *)(uintptr_t)list, i, word)
  {
    unsigned role = account_role(span_of(json_string_value(word)));
    if (!role || role == ACCOUNT_APPLICANT)
      return error_set(error, ERROR_BAD_INPUT, "bad-role",
                       "角色只能是 clerk、officer、issuer、supervisor、records、editor、legal、admin",
                       "Roles are clerk, officer, issuer, supervisor, records, editor, legal and admin");
    roles |= role;
  }
  if (!roles)
    return error_set(error, ERROR_BAD_INPUT, "bad-role", "至少要有一个角色", "Give at least one role");
  *ret = roles;
  return 0;
}

static int check_agency(unsigned roles, const char *agency, struct error *error)
{
  size_t n = strspn(agency, "abcdefghijklmnopqrstuvwxyz0123456789-");
  bool centre = strcmp(agency, ACCOUNT_CENTRE) == 0;
  if (n == 0 || n > 64 || agency[n])
    return error_set(error, ERROR_BAD_INPUT, "bad-agency", "单位应为目录中的部门编号，或 centre（中心）",
                     "The agency is the id of a department in the catalogue, or «centre»");
  if ((roles & ACCOUNT_OFFICER) && centre)
    return error_set(error, ERROR_RULE, "officer-needs-agency", "部门经办人员必须属于一个部门，而不是中心",
                     "An officer belongs to a department, not to the centre");
  if (!(roles & ACCOUNT_OFFICER) && !centre)
    return error_set(error, ERROR_RULE, "window-staff-of-centre", "窗口、出件、监督、档案和管理人员属于中心（centre），不属于部门",
                     "Clerks, issuers, supervisors, records officers and administrators belong to the centre, not to a department");
  return 0;
}

/* Short and of the shape that libargon2 writes: what it says is checked by whoever verifies. */
static bool is_stored_password(const char *s)
{
  return span_starts(span_of(s), "$argon2id$v=19$") && strlen(s) < 200;
}

static bool is_digest(const char *hex)
{
  unsigned char bytes[DIGEST_BYTES];
  return hex_decode(span_of(hex), bytes, sizeof bytes);
}

static int bad_data(struct error *error)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-command", "命令的参数无效", "The command's arguments are not valid");
}

static int wrong_credentials(struct error *error)
{
  return error_set(error, ERROR_SIGN_IN, "wrong-credentials", "登录名或密码不正确", "The login name or the password is wrong");
}

/* ---- decide ---- */

static int decide_create(const struct command *c, struct decision *d, struct error *error)
{
  const char *login = json_str(c->data, "login"), *name = json_str(c->data, "name"), *agency = json_str(c->data, "agency"), *same;
  const json_t *list = json_list(c->data, "roles");
  unsigned roles;
  if (need_administrator(c, error))
    return -1;
  if (!account_login(d->arena, span_of(login), &same) || strcmp(login, same) != 0 || c->id != account_staff_id(login))
    return error_set(error, ERROR_BAD_INPUT, "bad-login", "登录名应为 2 至 %d 个小写字母、数字、点、下划线或连字符，以字母开头",
                     "A login name has 2 to %d lower-case letters, digits, dots, underscores or hyphens and begins with a letter",
                     LOGIN_MAX);
  if (check_name(name, error) || read_roles(list, &roles, error) || check_agency(roles, agency, error))
    return -1;
  decision_emit(d, "created", "",
                json_pack("{s:o, s:s, s:s, s:O, s:s}", "actor", json_sprintf("staff:%s", login), "login", login, "name", name,
                          "roles", list, "agency", agency));
  return 0;
}

static int decide_register(const struct command *c, struct decision *d, struct error *error)
{
  const char *name = json_str(c->data, "name"), *identity = json_str(c->data, "identity"), *lookup = json_str(c->data, "lookup");
  if (strcmp(c->actor.role, "system") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-provider", "申请人账号只能由身份认证建立",
                     "An applicant's account is made by an identity provider only");
  if (check_name(name, error))
    return -1;
  if (!citizen_id_valid(span_of(identity), day_of(d->now)))
    return error_set(error, ERROR_BAD_INPUT, "bad-identity", "公民身份号码不正确，请核对 18 位号码",
                     "The identity number is not valid: check its 18 characters");
  if (!is_digest(lookup))
    return bad_data(error);
  decision_emit(d, "registered", "",
                json_pack("{s:o, s:s, s:s, s:s}", "actor", json_sprintf("person:%016llx", (unsigned long long)c->id), "name", name,
                          "identity", identity, "lookup", lookup));
  return 0;
}

static int decide_password(const struct account *a, const struct command *c, struct decision *d, struct error *error)
{
  const char *password = json_str(c->data, "password"), *keep = json_str(c->data, "keep");
  if (!is_self(a, &c->actor) && need_administrator(c, error))
    return -1;
  if (!*a->login)
    return error_set(error, ERROR_RULE, "no-password", "申请人通过身份认证登录，没有密码",
                     "Applicants sign in through an identity provider and have no password");
  if (!is_stored_password(password) || (*keep && !is_digest(keep)))
    return bad_data(error);
  decision_emit(d, "password-set", "", json_pack("{s:s, s:s}", "password", password, "keep", keep));
  return 0;
}

static int decide_sign_in(const struct account *a, const struct command *c, struct decision *d, struct error *error)
{
  const char *session = json_str(c->data, "session");
  if (need_self(a, c, error))
    return -1;
  if (!is_digest(session))
    return bad_data(error);
  if (a->locked_until > d->now)
    return error_set(error, ERROR_TOO_MANY, "account-locked", "密码多次输错，账号已暂时锁定，请 15 分钟后再试",
                     "There were too many wrong passwords: the account is locked, try again in 15 minutes");
  bool staff = *a->login != '\0';
  if (staff && (a->disabled || !*a->password || strcmp(a->password, json_str(c->data, "against")) != 0))
    return wrong_credentials(error);
  if (a->disabled)
    return error_set(error, ERROR_FORBIDDEN, "account-disabled", "这个账号已停用，请联系政务服务中心",
                     "This account has been disabled: ask at the service centre");
  moment expires = d->now + (staff ? ACCOUNT_STAFF_LIFE : ACCOUNT_PERSON_LIFE);
  decision_emit(d, "signed-in", "", json_pack("{s:s, s:I}", "session", session, "expires", (json_int_t)expires));
  return 0;
}

/* A closed account takes no more failures: trying on does not keep its owner out for longer. */
static int decide_failed(const struct account *a, struct decision *d)
{
  if (a->locked_until > d->now || a->disabled)
    return 0;
  decision_emit(d, "sign-in-failed", "", NULL);
  moment first = a->failures[0];
  if (first && d->now - first < ACCOUNT_LOCK)
    decision_emit(d, "locked", "", json_pack("{s:I}", "until", (json_int_t)d->now + ACCOUNT_LOCK));
  return 0;
}

static int decide_sessions(const struct account *a, const struct command *c, struct decision *d, const char *event,
                           const char *member, struct error *error)
{
  const char *session = json_str(c->data, member);
  if (need_self(a, c, error))
    return -1;
  if (!is_digest(session))
    return bad_data(error);
  decision_emit(d, event, "", json_pack("{s:s}", member, session));
  return 0;
}

static int decide_roles(const struct account *a, const struct command *c, struct decision *d, struct error *error)
{
  const json_t *list = json_list(c->data, "roles");
  const char *agency = json_str(c->data, "agency");
  unsigned roles;
  if (need_other_administrator(a, c, error))
    return -1;
  if (!*a->login)
    return error_set(error, ERROR_RULE, "applicant-roles", "申请人账号没有其他角色", "An applicant's account has no other roles");
  agency = *agency ? agency : a->agency;
  if (read_roles(list, &roles, error) || check_agency(roles, agency, error))
    return -1;
  if (roles != a->roles || strcmp(agency, a->agency) != 0)
    decision_emit(d, "roles-set", "", json_pack("{s:O, s:s}", "roles", list, "agency", agency));
  return 0;
}

static int decide_disabled(const struct account *a, const struct command *c, struct decision *d, bool disabled, struct error *error)
{
  if (need_other_administrator(a, c, error))
    return -1;
  if (a->disabled != disabled)
    decision_emit(d, disabled ? "disabled" : "enabled", "", NULL);
  return 0;
}

/* Only of applicants: what staff did is evidence. That none of his cases is left is for the caller to see to. */
static int decide_erase(const struct account *a, const struct command *c, struct decision *d, struct error *error)
{
  const char *ground = json_str(c->data, "ground");
  if (strcmp(c->actor.role, "records") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-records", "只有档案管理人员可以销毁个人信息",
                     "Only a records officer may erase personal data");
  if (*a->login || !*ground)
    return bad_data(error);
  decision_emit(d, "erased", "", json_pack("{s:s}", "ground", ground));
  return 0;
}

static int account_decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  const struct account *a = state;
  bool makes = strcmp(c->type, "create") == 0 || strcmp(c->type, "register") == 0;
  if (makes && a->actor)
    return error_set(error, ERROR_CONFLICT, "exists", "这个账号已经存在", "This account exists already");
  if (!makes && !a->actor)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这个账号", "There is no such account");
  if (makes)
    return *c->type == 'c' ? decide_create(c, d, error) : decide_register(c, d, error);
  if (strcmp(c->type, "set-password") == 0)
    return decide_password(a, c, d, error);
  if (strcmp(c->type, "sign-in") == 0)
    return decide_sign_in(a, c, d, error);
  if (strcmp(c->type, "sign-in-failed") == 0)
    return decide_failed(a, d);
  if (strcmp(c->type, "sign-out") == 0)
    return decide_sessions(a, c, d, "signed-out", "session", error);
  if (strcmp(c->type, "end-sessions") == 0)
    return decide_sessions(a, c, d, "sessions-ended", "keep", error);
  if (strcmp(c->type, "set-roles") == 0)
    return decide_roles(a, c, d, error);
  if (strcmp(c->type, "disable") == 0 || strcmp(c->type, "enable") == 0)
    return decide_disabled(a, c, d, *c->type == 'd', error);
  if (strcmp(c->type, "erase") == 0)
    return decide_erase(a, c, d, error);
  return bad_data(error);
}

/* ---- evolve ---- */

static unsigned roles_of(const json_t *list)
{
  unsigned roles = 0;
  size_t i;
  json_t *word;
  json_array_foreach((json_t *)(uintptr_t)list, i, word) roles |= account_role(span_of(json_string_value(word)));
  return roles;
}

static void evolve_made(struct account *a, struct arena *arena, const struct event *e, bool staff)
{
  *a = (struct account){.actor = arena_str(arena, json_str(e->data, "actor")),
                        .login = arena_str(arena, json_str(e->data, "login")),
                        .name = arena_str(arena, json_str(e->data, "name")),
                        .agency = arena_str(arena, json_str(e->data, "agency")),
                        .identity = account_masked(arena, json_str(e->data, "identity")),
                        .password = "",
                        .roles = staff ? roles_of(json_list(e->data, "roles")) : (unsigned)ACCOUNT_APPLICANT,
                        .created = e->at};
}

static void evolve_failed(struct account *a, moment at)
{
  size_t n = sizeof a->failures / sizeof *a->failures;
  memmove(a->failures, a->failures + 1, (n - 1) * sizeof *a->failures);
  a->failures[n - 1] = at;
}

static int account_evolve(void *state, struct arena *arena, const struct event *e)
{
  struct account *a = state;
  if (strcmp(e->type, "created") == 0 || strcmp(e->type, "registered") == 0) {
    evolve_made(a, arena, e, *e->type == 'c');
  } else if (strcmp(e->type, "password-set") == 0) {
    a->password = arena_str(arena, json_str(e->data, "password"));
    memset(a->failures, 0, sizeof a->failures);
    a->locked_until = 0;
  } else if (strcmp(e->type, "signed-in") == 0) {
    memset(a->failures, 0, sizeof a->failures);
  } else if (strcmp(e->type, "sign-in-failed") == 0) {
    evolve_failed(a, e->at);
  } else if (strcmp(e->type, "locked") == 0) {
    a->locked_until = json_int(e->data, "until");
    memset(a->failures, 0, sizeof a->failures);
  } else if (strcmp(e->type, "roles-set") == 0) {
    a->roles = roles_of(json_list(e->data, "roles"));
    a->agency = arena_str(arena, json_str(e->data, "agency"));
  } else if (strcmp(e->type, "disabled") == 0 || strcmp(e->type, "enabled") == 0) {
    a->disabled = *e->type == 'd';
  } else if (strcmp(e->type, "erased") == 0) {
    *a = (struct account){.actor = arena_printf(arena, "person:%016llx", (unsigned long long)e->id),
                          .login = "",
                          .name = "",
                          .agency = "",
                          .identity = "",
                          .password = "",
                          .disabled = true};
  } else if (strcmp(e->type, "signed-out") != 0 && strcmp(e->type, "sessions-ended") != 0) {
    return -1;
  }
  return 0;
}

const struct kind account_kind = {
    "account",           sizeof(struct account),     account_decide, account_evolve, account_project, NULL,
    .erasing = "erased", .erase = account_erase_rows};
