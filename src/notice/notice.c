/*
 * The rules of notices and of where people want them.
 */
#include "notice/notice.h"

#include <string.h>

#include "hall/hall.h"
#include "notice/internal.h"

const char *const notice_channels[NOTICE_CHANNELS] = {"email", "sms", "wechat"};
const char *const notice_topics[NOTICE_CHANNELS] = {"notice-email", "notice-sms", "notice-wechat"};

enum { CODES_MAX = 5, EMAIL_MAX = 120 };

static int channel_named(const char *name)
{
  for (int i = 0; i < NOTICE_CHANNELS; i++)
    if (strcmp(notice_channels[i], name) == 0)
      return i;
  return -1;
}

static int not_your_role(struct error *error)
{
  return error_set(error, ERROR_FORBIDDEN, "not-your-role", "您的身份不能这样操作", "Your role may not do this");
}

/* ---- a notice ---- */

/* «宁波市行政服务中心 · 商事登记», as it is called now. */
static json_t *place_name(const json_t *data, struct decision *d)
{
  struct hall_place place;
  const char *hall = json_str(data, "hall"), *zone = json_str(data, "zone");
  if (!hall_place_find(d->world->catalog, span_of(hall), span_of(zone), &place))
    return json_pack("{s:s,s:s}", "zh", hall, "en", hall);
  return json_pack("{s:o,s:o}", "zh", json_sprintf("%s · %s", place.hall->name.zh, place.name.zh), "en",
                   json_sprintf("%s · %s", place.hall->name.en, place.name.en));
}

static int tell(const struct told *t, const struct command *command, struct decision *d, struct error *error)
{
  const json_t *data = command->data, *channels = json_list(data, "channels");
  const char *visit = json_str(data, "visit");
  if (t->id)
    return 0; /* the message came twice */
  if ((json_int(data, "case") <= 0 && !*visit) || !*json_str(data, "event"))
    return error_set(error, ERROR_BAD_INPUT, "missing-argument", "缺少办件或事由", "The case or the event is missing");
  json_t *made = json_pack("{s:s,s:s,s:s,s:O}", "event", json_str(data, "event"), "item", json_str(data, "item"), "day",
                           json_str(data, "day"), "channels", (json_t *)(uintptr_t)channels);
  if (*visit) {
    (void)json_object_set_new(made, "visit", json_string(visit));
    (void)json_object_set_new(made, "place", place_name(data, d));
  } else {
    (void)json_object_set_new(made, "case", json_integer(json_int(data, "case")));
  }
  decision_emit(d, "told", json_str(data, "item"), made);
  return 0;
}

/* Once sent or failed, a channel stays so. What is put off makes no event, until it has been so for too long. */
static int note(const struct told *t, const struct command *command, struct decision *d)
{
  int channel = channel_named(json_str(command->data, "channel"));
  if (channel < 0 || t->states[channel] != NOTICE_QUEUED)
    return 0;
  if (strcmp(command->type, "put-off") == 0 && d->now - t->at <= NOTICE_GIVE_UP)
    return 0;
  bool sent = strcmp(command->type, "sent") == 0;
  decision_emit(d, sent ? "sent" : "failed", t->item,
                json_pack("{s:s,s:s}", "channel", notice_channels[channel], "why", json_str(command->data, "why")));
  return 0;
}

static int notice_decide(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  const struct told *t = state;
  if (strcmp(command->actor.role, "system") != 0)
    return not_your_role(error);
  if (strcmp(command->type, "tell") == 0)
    return tell(t, command, d, error);
  if (strcmp(command->type, "sent") == 0 || strcmp(command->type, "failed") == 0 || strcmp(command->type, "put-off") == 0)
    return note(t, command, d);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", command->type);
}

static int notice_evolve(void *state, struct arena *arena, const struct event *event)
{
  struct told *t = state;
  if (strcmp(event->type, "told") == 0) {
    const json_t *channels = json_list(event->data, "channels"), *place = json_object_get(event->data, "place");
    *t = (struct told){.id = event->id,
                       .case_id = json_int(event->data, "case"),
                       .visit = arena_str(arena, json_str(event->data, "visit")),
                       .place = {arena_str(arena, json_str(place, "zh")), arena_str(arena, json_str(place, "en"))},
                       .event = arena_str(arena, json_str(event->data, "event")),
                       .item = arena_str(arena, json_str(event->data, "item")),
                       .day = arena_str(arena, json_str(event->data, "day")),
                       .at = event->at};
    for (size_t i = 0; i < json_array_size(channels); i++) {
      int channel = channel_named(json_string_value(json_array_get(channels, i)));
      if (channel >= 0)
        t->states[channel] = NOTICE_QUEUED;
    }
    return 0;
  }
  int channel = channel_named(json_str(event->data, "channel"));
  bool sent = strcmp(event->type, "sent") == 0;
  if (channel < 0 || (!sent && strcmp(event->type, "failed") != 0))
    return -1;
  t->states[channel] = sent ? NOTICE_SENT : NOTICE_FAILED;
  return 0;
}

const struct kind notice_kind = {.name = "notice",
                                 .state_size = sizeof(struct told),
                                 .decide = notice_decide,
                                 .evolve = notice_evolve,
                                 .project = notice_project};

/* ---- where a person wants them ---- */

int64_t contact_id(const char *account)
{
  return aggregate_id_from(account, "contact");
}

static bool is_his_own(const struct command *command)
{
  return strcmp(command->actor.role, "applicant") == 0 && command->id == contact_id(command->actor.id);
}

static const char *draw_code(struct decision *d)
{
  uint64_t n = 0;
  for (int i = 0; i < 8; i++)
    n = n << 8 | d->random[i];
  return arena_printf(d->arena, "%06u", (unsigned)(n % 1000000));
}

static int choose(const struct contact *c, const struct command *command, struct decision *d, struct error *error)
{
  struct span email = span_trim(span_of(json_str(command->data, "email")));
  if (email.n && (email.n > EMAIL_MAX || !mail_address(email))) {
    (void)error_set(error, ERROR_BAD_INPUT, "bad-email", "电子邮箱不正确", "This is not an e-mail address");
    return error_at(error, "email");
  }
  bool same = c->email && *c->email && span_is(email, c->email);
  const char *code = !email.n ? "" : same && c->failures < CODES_MAX ? c->code : draw_code(d);
  decision_emit(d, "chosen", "",
                json_pack("{s:s%,s:s,s:b,s:b}", "email", email.n ? email.p : "", email.n, "code", code, "sms",
                          (int)json_flag(command->data, "sms"), "wechat", (int)json_flag(command->data, "wechat")));
  return 0;
}

static int confirm(const struct contact *c, const struct command *command, struct decision *d, struct error *error)
{
  const char *code = json_str(command->data, "code");
  if (!c->email || !*c->email || !*c->code)
    return error_set(error, ERROR_RULE, "wrong-state", "没有待确认的电子邮箱", "There is no address to be confirmed");
  if (c->failures >= CODES_MAX)
    return error_set(error, ERROR_TOO_MANY, "too-many-codes", "确认码输错次数过多，请重新保存邮箱以获取新的确认码",
                     "Too many wrong codes: save the address again to get a new one");
  decision_emit(d, strcmp(code, c->code) == 0 ? "confirmed" : "not-confirmed", "", NULL);
  return 0;
}

static int contact_decide(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  const struct contact *c = state;
  if (strcmp(command->type, "erase") == 0) {
    if (strcmp(command->actor.role, "records") != 0)
      return not_your_role(error);
    if (c->id && !c->erased)
      decision_emit(d, "erased", "", json_pack("{s:s}", "ground", json_str(command->data, "ground")));
    return 0;
  }
  if (!is_his_own(command) || c->erased)
    return not_your_role(error);
  if (strcmp(command->type, "choose") == 0)
    return choose(c, command, d, error);
  if (strcmp(command->type, "confirm") == 0)
    return confirm(c, command, d, error);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", command->type);
}

static int contact_evolve(void *state, struct arena *arena, const struct event *event)
{
  struct contact *c = state;
  c->id = event->id;
  if (strcmp(event->type, "chosen") == 0) {
    bool same = c->code && strcmp(c->code, json_str(event->data, "code")) == 0;
    c->email = arena_str(arena, json_str(event->data, "email"));
    c->code = arena_str(arena, json_str(event->data, "code"));
    c->failures = same ? c->failures : 0;
    c->sms = json_flag(event->data, "sms");
    c->wechat = json_flag(event->data, "wechat");
  } else if (strcmp(event->type, "confirmed") == 0) {
    c->code = "";
  } else if (strcmp(event->type, "not-confirmed") == 0) {
    c->failures++;
  } else if (strcmp(event->type, "erased") == 0) {
    *c = (struct contact){.id = event->id, .email = "", .code = "", .erased = true};
  } else {
    return -1;
  }
  return 0;
}

const struct kind contact_kind = {.name = "contact",
                                  .state_size = sizeof(struct contact),
                                  .decide = contact_decide,
                                  .evolve = contact_evolve,
                                  .project = contact_project,
                                  .erasing = "erased"};

int contact_read(struct db *db, const char *account, struct arena *arena, struct contact *ret, struct error *error)
{
  static const struct kind *const kinds[] = {&contact_kind, NULL};
  struct contact *c = arena_new(arena, struct contact);
  struct event *events;
  size_t n;
  int bad = 0;
  if (engine_history(db, kinds, contact_id(account), arena, &events, &n, error))
    return -1;
  for (size_t i = 0; i < n && !bad; i++)
    bad = contact_evolve(c, arena, &events[i]);
  history_free(events, n);
  if (bad)
    return error_set(error, ERROR_INTERNAL, "unknown-event", "联系方式的历史中有本程序不认识的记录",
                     "The history has an event this program does not know");
  *ret = n ? *c : (struct contact){.email = "", .code = "", .sms = true};
  return 0;
}

int contact_erase(struct engine *engine, const char *account, const char *ground, const struct actor *actor, struct error *error)
{
  struct error why = {0};
  struct outcome outcome;
  json_t *data = json_pack("{s:s}", "ground", ground);
  const struct command command = {
      .kind = &contact_kind, .id = contact_id(account), .expect = -1, .type = "erase", .key = "", .actor = *actor, .data = data};
  int bad = engine_do(engine, &command, &outcome, &why);
  json_decref(data);
  if (bad && strcmp(why.name, "not-found") != 0) {
    *error = why;
    return -1;
  }
  return 0;
}
