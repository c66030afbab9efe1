/*
 * The rules of credit records.
 */
#include "credit/credit.h"

#include <string.h>

#include "account/account.h"
#include "base/json.h"
#include "base/text.h"
#include "credit/internal.h"

enum { TEXT_MAX = 2000, SUBJECT_TEXT = 2 * DIGEST_BYTES };

const char *credit_subject(const struct accounts *accounts, struct arena *arena, struct span identity)
{
  char hex[SUBJECT_TEXT + 1];
  struct digest lookup = accounts_lookup(accounts, identity);
  hex_encode(lookup.b, DIGEST_BYTES, hex);
  return arena_str(arena, hex);
}

int64_t credit_id(const char *subject)
{
  return aggregate_id_from("credit", subject);
}

const char *credit_state_word(enum credit_state state)
{
  static const char *const words[] = {
#define X(name, word, zh, en) word,
      CREDIT_STATES(X)
#undef X
  };
  return words[state];
}

/* ---- decide ---- */

static bool stands(const struct credit *c)
{
  return c->state == CREDIT_STANDS || c->state == CREDIT_APPEALED;
}

static int take(const struct command *c, struct decision *d, const char *key, const char **ret, struct error *error)
{
  struct span s = span_trim(span_of(json_str(c->data, key)));
  if (s.n && s.n <= TEXT_MAX && text_plain(s)) {
    *ret = arena_dup(d->arena, s);
    return 0;
  }
  (void)error_set(error, ERROR_BAD_INPUT, "missing-argument", "请填写这一项", "Please fill this in");
  return error_at(error, "%s", key);
}

static int check_standing(const struct credit *c, struct error *error)
{
  return stands(c) ? 0 : error_set(error, ERROR_RULE, "wrong-state", "没有生效中的失信记录", "No record stands");
}

static int check_role(const struct command *c, const char *role, struct error *error)
{
  if (strcmp(c->actor.role, role) == 0)
    return 0;
  return error_set(error, ERROR_FORBIDDEN, "not-your-role", "您的岗位不能办理失信记录", "Your role may not do this");
}

/* Whoever made the record neither answers the appeal nor repairs. */
static int check_other(const struct credit *s, const struct command *c, struct error *error)
{
  if (check_role(c, "supervisor", error))
    return -1;
  if (!s->by || strcmp(s->by, c->actor.id) != 0)
    return 0;
  return error_set(error, ERROR_FORBIDDEN, "separation-of-duties", "记录由您作出，须由他人处理申诉和修复",
                   "You made this record: somebody else answers the appeal and repairs it");
}

static int decide_mark(const struct credit *s, const struct command *c, struct decision *d, struct error *error)
{
  const char *subject = json_str(c->data, "subject"), *reasons = "", *basis = "";
  if (check_role(c, "supervisor", error))
    return -1;
  if (stands(s))
    return error_set(error, ERROR_CONFLICT, "marked-already", "已有生效中的失信记录", "A record stands already");
  if (strlen(subject) != SUBJECT_TEXT || credit_id(subject) != c->id)
    return error_set(error, ERROR_BAD_INPUT, "bad-argument", "不知道是谁", "It is not known whose record this is");
  if (take(c, d, "reasons", &reasons, error) || take(c, d, "basis", &basis, error))
    return -1;
  decision_emit(d, "marked", "",
                json_pack("{s:s,s:s,s:s,s:s,s:s}", "subject", subject, "account", json_str(c->data, "account"), "case",
                          json_str(c->data, "case"), "reasons", reasons, "basis", basis));
  return 0;
}

static int decide_appeal(const struct credit *s, const struct command *c, struct decision *d, struct error *error)
{
  const char *reasons = "";
  bool own = strcmp(c->actor.role, "applicant") == 0 && *s->account && strcmp(s->account, c->actor.id) == 0;
  if (!own && strcmp(c->actor.role, "clerk") != 0)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有您的失信记录", "There is no record of yours");
  if (check_standing(s, error) || take(c, d, "reasons", &reasons, error))
    return -1;
  if (s->appealed)
    return error_set(error, ERROR_CONFLICT, "appealed-already", "已申诉过一次", "It was appealed once already");
  decision_emit(d, "appealed", "", json_pack("{s:s}", "reasons", reasons));
  return 0;
}

static int decide_answer(const struct credit *s, const struct command *c, struct decision *d, struct error *error)
{
  const char *reasons = "";
  const json_t *upheld = json_object_get(c->data, "upheld");
  if (check_other(s, c, error))
    return -1;
  if (s->state != CREDIT_APPEALED)
    return error_set(error, ERROR_RULE, "wrong-state", "没有待处理的申诉", "No appeal waits for an answer");
  if (!json_is_boolean(upheld)) {
    (void)error_set(error, ERROR_BAD_INPUT, "missing-argument", "请选择维持或撤销", "Please say whether the record is upheld");
    return error_at(error, "upheld");
  }
  if (take(c, d, "reasons", &reasons, error))
    return -1;
  decision_emit(d, "answered", "", json_pack("{s:b,s:s}", "upheld", (int)json_is_true(upheld), "reasons", reasons));
  return 0;
}

static int decide_repair(const struct credit *s, const struct command *c, struct decision *d, struct error *error)
{
  const char *reasons = "";
  if (check_other(s, c, error) || check_standing(s, error) || take(c, d, "reasons", &reasons, error))
    return -1;
  decision_emit(d, "repaired", "", json_pack("{s:s}", "reasons", reasons));
  return 0;
}

static int decide(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  static const struct {
    const char *type;
    int (*decide)(const struct credit *s, const struct command *c, struct decision *d, struct error *error);
  } commands[] = {{"mark", decide_mark}, {"appeal", decide_appeal}, {"answer", decide_answer}, {"repair", decide_repair}};
  const struct credit *s = state;
  if (!s->by && strcmp(command->type, "mark") != 0)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有失信记录", "There is no record");
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (strcmp(command->type, commands[i].type) == 0)
      return commands[i].decide(s, command, d, error);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", command->type);
}

/* ---- evolve ---- */

static int evolve(void *state, struct arena *arena, const struct event *event)
{
  struct credit *s = state;
  const char *reasons = arena_str(arena, json_str(event->data, "reasons"));
  if (strcmp(event->type, "marked") == 0) {
    *s = (struct credit){.state = CREDIT_STANDS,
                         .subject = arena_str(arena, json_str(event->data, "subject")),
                         .account = arena_str(arena, json_str(event->data, "account")),
                         .case_number = arena_str(arena, json_str(event->data, "case")),
                         .reasons = reasons,
                         .basis = arena_str(arena, json_str(event->data, "basis")),
                         .by = arena_str(arena, event->actor.id),
                         .appeal = "",
                         .answer = "",
                         .marked = event->at};
  } else if (strcmp(event->type, "appealed") == 0) {
    s->state = CREDIT_APPEALED;
    s->appealed = true;
    s->appeal = reasons;
  } else if (strcmp(event->type, "answered") == 0) {
    s->state = json_flag(event->data, "upheld") ? CREDIT_STANDS : CREDIT_LIFTED;
    s->answer = reasons;
  } else if (strcmp(event->type, "repaired") == 0) {
    s->state = CREDIT_REPAIRED;
    s->answer = reasons;
  } else {
    return -1;
  }
  return 0;
}

const struct kind credit_kind = {
    .name = "credit", .state_size = sizeof(struct credit), .decide = decide, .evolve = evolve, .project = credit_project};
