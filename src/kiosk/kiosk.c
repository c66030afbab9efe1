/*
 * The rules of devices.
 */
#include "kiosk/kiosk.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "casework/world.h"
#include "catalog/catalog.h"

enum { NAME_MAX_BYTES = 60, TOKEN_TEXT = 64 };

static int check_role(const struct command *c, const char *role, struct error *error)
{
  if (strcmp(c->actor.role, role) == 0)
    return 0;
  return error_set(error, ERROR_FORBIDDEN, "not-your-role", "您的岗位不能管理自助终端", "Your role may not do this");
}

/* Eight digits of 64 random bits. */
static const char *new_code(struct decision *d)
{
  uint64_t n = 0;
  for (int i = 0; i < 8; i++)
    n = n << 8 | d->random[i];
  return arena_printf(d->arena, "%08llu", (unsigned long long)(n % 100000000));
}

static int decide_offer(const struct kiosk *k, const struct command *c, struct decision *d, struct error *error)
{
  const char *hall = json_str(c->data, "hall");
  struct span name = span_trim(span_of(json_str(c->data, "name")));
  if (check_role(c, "supervisor", error))
    return -1;
  if (k->state != KIOSK_NONE)
    return error_set(error, ERROR_CONFLICT, "wrong-state", "这台终端已登记过", "This device is known already");
  if (!catalog_hall(d->world->catalog, span_of(hall)))
    return error_set(error, ERROR_NOT_FOUND, "no-such-hall", "没有这个大厅", "There is no such hall");
  if (!name.n || name.n > NAME_MAX_BYTES || !text_plain(name)) {
    (void)error_set(error, ERROR_BAD_INPUT, "bad-argument", "请给终端起个名字，如“北门 1 号”",
                    "Give the device a name, such as “north door 1”");
    return error_at(error, "name");
  }
  moment until = d->now + KIOSK_CODE_MS;
  decision_emit(d, "offered", "",
                json_pack("{s:s,s:s,s:s,s:I}", "hall", hall, "name", arena_dup(d->arena, name), "code", new_code(d), "until",
                          (json_int_t)until));
  return 0;
}

static int decide_enrol(const struct kiosk *k, const struct command *c, struct decision *d, struct error *error)
{
  const char *token = json_str(c->data, "token");
  if (check_role(c, "kiosk", error))
    return -1;
  if (k->state != KIOSK_OFFERED || d->now > k->until || strcmp(k->code, json_str(c->data, "code")) != 0)
    return error_set(error, ERROR_NOT_FOUND, "bad-code", "登记码不对、已用过或已过期", "The code is wrong, used or out of date");
  if (strlen(token) != TOKEN_TEXT)
    return error_set(error, ERROR_BAD_INPUT, "bad-argument", "缺少终端凭证", "The device's token is missing");
  decision_emit(d, "enrolled", "", json_pack("{s:s}", "token", token));
  return 0;
}

static int decide_revoke(const struct kiosk *k, const struct command *c, struct decision *d, struct error *error)
{
  if (check_role(c, "supervisor", error))
    return -1;
  if (k->state == KIOSK_NONE)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这台终端", "There is no such device");
  if (k->state != KIOSK_REVOKED)
    decision_emit(d, "revoked", "", NULL);
  return 0;
}

static int decide(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  static const struct {
    const char *type;
    int (*decide)(const struct kiosk *k, const struct command *c, struct decision *d, struct error *error);
  } commands[] = {{"offer", decide_offer}, {"enrol", decide_enrol}, {"revoke", decide_revoke}};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (strcmp(command->type, commands[i].type) == 0)
      return commands[i].decide(state, command, d, error);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", command->type);
}

static int evolve(void *state, struct arena *arena, const struct event *e)
{
  struct kiosk *k = state;
  if (strcmp(e->type, "offered") == 0)
    *k = (struct kiosk){.id = e->id,
                        .state = KIOSK_OFFERED,
                        .hall = arena_str(arena, json_str(e->data, "hall")),
                        .name = arena_str(arena, json_str(e->data, "name")),
                        .code = arena_str(arena, json_str(e->data, "code")),
                        .until = json_int(e->data, "until"),
                        .token = "",
                        .by = arena_str(arena, e->actor.id)};
  else if (strcmp(e->type, "enrolled") == 0)
    *k = (struct kiosk){.id = k->id,
                        .state = KIOSK_ENROLLED,
                        .hall = k->hall,
                        .name = k->name,
                        .code = "",
                        .token = arena_str(arena, json_str(e->data, "token")),
                        .by = k->by};
  else if (strcmp(e->type, "revoked") == 0)
    *k =
        (struct kiosk){.id = k->id, .state = KIOSK_REVOKED, .hall = k->hall, .name = k->name, .code = "", .token = "", .by = k->by};
  else
    return -1;
  k->at = e->at;
  return 0;
}

const struct kind kiosk_kind = {
    .name = "kiosk", .state_size = sizeof(struct kiosk), .decide = decide, .evolve = evolve, .project = kiosk_project};
