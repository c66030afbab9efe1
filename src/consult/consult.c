/*
 * Consultations: the rules.
 */
#include "consult/consult.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "consult/internal.h"

static bool one_of(const char *word, const char *const *list)
{
  while (*list && strcmp(*list, word) != 0)
    list++;
  return *list != NULL;
}

static int check_text(const struct command *c, struct decision *d, const char **ret, struct error *error)
{
  struct span text = span_trim(span_of(json_str(c->data, "text")));
  if (!text.n || text_length(text) > CONSULT_TEXT_MAX || !text_plain(text)) {
    (void)error_set(error, ERROR_BAD_INPUT, "bad-text", "请填写内容，至多 %d 字", "Write something, at most %d characters",
                    CONSULT_TEXT_MAX);
    return error_at(error, "text");
  }
  *ret = arena_dup(d->arena, text);
  return 0;
}

static int decide_ask(const struct consult *s, const struct command *c, struct decision *d, struct error *error)
{
  static const char *const abouts[] = {"thing", "item", "case", NULL};
  const char *about = json_str(c->data, "about"), *subject = json_str(c->data, "subject"), *text;
  if (s->state != CONSULT_NONE)
    return error_set(error, ERROR_CONFLICT, "exists", "这次咨询已经存在", "This conversation exists already");
  if (strcmp(c->actor.role, "applicant") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-your-role", "由办事群众提出咨询", "Applicants ask");
  if (!one_of(about, abouts) || !*subject || strlen(subject) > 64)
    return error_set(error, ERROR_BAD_INPUT, "bad-subject", "不知道咨询的是什么事", "It is not said what is asked about");
  if (check_text(c, d, &text, error))
    return -1;
  decision_emit(d, "asked", strcmp(about, "item") == 0 ? subject : "",
                json_pack("{s:s,s:s,s:s}", "about", about, "subject", subject, "text", text));
  return 0;
}

/* Who asked, or any clerk: a conversation belongs to the window, not to one person at it. */
static int may_speak(const struct consult *s, const struct command *c, struct error *error)
{
  bool applicant = strcmp(c->actor.role, "applicant") == 0;
  if (s->state == CONSULT_NONE || s->state == CONSULT_ERASED)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这次咨询", "There is no such conversation");
  if (applicant ? strcmp(c->actor.id, s->account) != 0 : strcmp(c->actor.role, "clerk") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-yours", "这不是您的咨询", "This conversation is not yours");
  if (s->state == CONSULT_CLOSED)
    return error_set(error, ERROR_CONFLICT, "closed", "咨询已结束，请另提一次", "The conversation is closed: ask anew");
  return 0;
}

static int decide_say(const struct consult *s, const struct command *c, struct decision *d, struct error *error)
{
  const char *text;
  if (may_speak(s, c, error) || check_text(c, d, &text, error))
    return -1;
  if (s->messages >= CONSULT_MESSAGES_MAX)
    return error_set(error, ERROR_RULE, "too-long", "这次咨询内容过多，请结束后另提一次",
                     "This conversation has become too long: close it and ask anew");
  json_t *data = json_pack("{s:s}", "text", text);
  if (s->waiting && strcmp(c->actor.role, "clerk") == 0)
    (void)json_object_set_new(data, "waited_ms", json_integer(d->now > s->waiting ? d->now - s->waiting : 0));
  decision_emit(d, "said", "", data);
  return 0;
}

static int decide_close(const struct consult *s, const struct command *c, struct decision *d, struct error *error)
{
  if (may_speak(s, c, error))
    return -1;
  if (s->waiting && strcmp(c->actor.role, "clerk") == 0)
    return error_set(error, ERROR_RULE, "unanswered", "请先答复再结束", "Answer before you close it");
  decision_emit(d, "closed", "", NULL);
  return 0;
}

static int decide_erase(const struct consult *s, const struct command *c, struct decision *d, struct error *error)
{
  if (s->state == CONSULT_NONE || s->state == CONSULT_ERASED)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这次咨询", "There is no such conversation");
  if (strcmp(c->actor.id, s->account) != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-yours", "这不是您的咨询", "This conversation is not yours");
  if (s->state != CONSULT_CLOSED)
    return error_set(error, ERROR_RULE, "not-closed", "请先结束咨询", "Close the conversation first");
  if (s->of_case)
    return error_set(error, ERROR_RULE, "kept-with-case", "关于办件的咨询随办件归档，不能单独删除",
                     "What concerns a case is kept with its file");
  decision_emit(d, "erased", "", json_pack("{s:s}", "ground", "consent-withdrawn"));
  return 0;
}

static int decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  static const struct {
    const char *type;
    int (*decide)(const struct consult *s, const struct command *c, struct decision *d, struct error *error);
  } commands[] = {{"ask", decide_ask}, {"say", decide_say}, {"close", decide_close}, {"erase", decide_erase}};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (strcmp(commands[i].type, c->type) == 0)
      return commands[i].decide(state, c, d, error);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", c->type);
}

static int evolve(void *state, struct arena *arena, const struct event *e)
{
  struct consult *s = state;
  if (strcmp(e->type, "erased") == 0) {
    s->state = CONSULT_ERASED;
    return 0;
  }
  if (strcmp(e->type, "closed") == 0) {
    s->state = CONSULT_CLOSED;
    s->waiting = 0;
    return 0;
  }
  bool asked = strcmp(e->type, "asked") == 0;
  if (!asked && strcmp(e->type, "said") != 0)
    return -1;
  if (asked) {
    s->id = e->id;
    s->account = arena_str(arena, e->actor.id);
    s->of_case = strcmp(json_str(e->data, "about"), "case") == 0;
  }
  s->messages++;
  bool clerk = strcmp(e->actor.role, "clerk") == 0;
  s->waiting = clerk ? 0 : s->waiting ? s->waiting : e->at;
  s->state = clerk ? CONSULT_ANSWERED : CONSULT_WAITING;
  return 0;
}

const struct kind consult_kind = {.name = "consultation",
                                  .state_size = sizeof(struct consult),
                                  .decide = decide,
                                  .evolve = evolve,
                                  .project = consult_project,
                                  .erasing = "erased",
                                  .erase = consult_erase};
