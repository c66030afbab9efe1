/*
 * The rules of a parcel.
 */
#include "courier/courier.h"

#include <string.h>

#include "courier/internal.h"

const struct parcel_words *parcel_state_words(enum parcel_state state)
{
  static const struct parcel_words list[] = {
#define X(name, word, zh, en) {word, {zh, en}},
      PARCEL_STATES(X)
#undef X
  };
  return &list[state];
}

static int wrong_state(const struct parcel *p, struct error *error)
{
  const struct words *name = &parcel_state_words(p->state)->name;
  return error_set(error, ERROR_RULE, "wrong-state", "该邮件的状态是“%s”，不能这样处理", "The parcel is “%s”: this cannot be done",
                   p->state == PARCEL_NONE ? "无" : name->zh);
}

static int do_order(const struct parcel *p, const struct command *command, struct decision *d, struct error *error)
{
  if (p->state != PARCEL_NONE)
    return 0; /* the message came twice */
  const json_t *data = command->data;
  if (json_int(data, "case") <= 0 || !*json_str(data, "number") || !*json_str(data, "item"))
    return error_set(error, ERROR_BAD_INPUT, "missing-argument", "缺少办件或事项", "The case or the item is missing");
  decision_emit(d, "ordered", json_str(data, "item"),
                json_pack("{s:I,s:s,s:s,s:s,s:i}", "case", (json_int_t)json_int(data, "case"), "number", json_str(data, "number"),
                          "item", json_str(data, "item"), "result", json_str(data, "result"), "attempt", 1));
  return 0;
}

static int do_book(const struct parcel *p, const struct command *command, struct decision *d, struct error *error)
{
  const char *tracking = json_str(command->data, "tracking");
  if (p->state != PARCEL_ORDERED || json_int(command->data, "attempt") != p->attempt)
    return 0;
  if (!*tracking || strlen(tracking) > TRACKING_MAX)
    return error_set(error, ERROR_BAD_INPUT, "missing-argument", "缺少快递单号", "The tracking number is missing");
  decision_emit(d, "booked", p->item, json_pack("{s:s,s:i}", "tracking", tracking, "attempt", p->attempt));
  return 0;
}

/* Stages only go forward; a report that comes late, or of an attempt that was given up, is no news. */
static int do_report(const struct parcel *p, const struct command *command, struct decision *d, enum parcel_state to)
{
  const char *tracking = json_str(command->data, "tracking");
  bool refused = to == PARCEL_FAILED && p->state == PARCEL_ORDERED && !*tracking; /* the courier did not take it */
  if (!refused && (p->state < PARCEL_BOOKED || p->state > PARCEL_UNDER_WAY || strcmp(p->tracking, tracking) != 0))
    return 0;
  if (to < p->state || (to == p->state && strcmp(p->place, json_str(command->data, "place")) == 0))
    return 0;
  decision_emit(d, parcel_state_words(to)->word, p->item,
                json_pack("{s:s,s:s,s:s}", "tracking", tracking, "place", json_str(command->data, "place"), "reason",
                          json_str(command->data, "reason")));
  return 0;
}

static int do_at_desk(const struct parcel *p, const struct command *command, struct decision *d, struct error *error)
{
  if (strcmp(command->actor.role, "issuer") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-your-role", "只有出件窗口可以处理退回的邮件", "Only the issuing desk does this");
  if (p->state != PARCEL_FAILED)
    return wrong_state(p, error);
  bool again = strcmp(command->type, "again") == 0;
  decision_emit(d, again ? "ordered" : "pick-up", p->item,
                json_pack("{s:I,s:s,s:s,s:s,s:i}", "case", (json_int_t)p->case_id, "number", p->number, "item", p->item, "result",
                          p->result, "attempt", p->attempt + again));
  return 0;
}

static int decide(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  const struct parcel *p = state;
  const char *type = command->type;
  if (strcmp(type, "again") == 0 || strcmp(type, "pick-up") == 0)
    return do_at_desk(p, command, d, error);
  if (strcmp(command->actor.role, "system") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-your-role", "只有系统可以登记快递状态", "Only the system reports of parcels");
  if (strcmp(type, "order") == 0)
    return do_order(p, command, d, error);
  if (strcmp(type, "book") == 0)
    return do_book(p, command, d, error);
  for (int to = PARCEL_PICKED_UP; to <= PARCEL_FAILED; to++)
    if (strcmp(type, parcel_state_words((enum parcel_state)to)->word) == 0)
      return do_report(p, command, d, (enum parcel_state)to);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", type);
}

static int evolve(void *state, struct arena *arena, const struct event *event)
{
  struct parcel *p = state;
  enum parcel_state to = PARCEL_NONE;
  for (int s = PARCEL_ORDERED; s <= PARCEL_PICK_UP; s++)
    if (strcmp(event->type, parcel_state_words((enum parcel_state)s)->word) == 0)
      to = (enum parcel_state)s;
  if (to == PARCEL_NONE)
    return -1;
  if (to == PARCEL_ORDERED) {
    p->id = event->id;
    p->case_id = json_int(event->data, "case");
    p->number = arena_str(arena, json_str(event->data, "number"));
    p->item = arena_str(arena, json_str(event->data, "item"));
    p->result = arena_str(arena, json_str(event->data, "result"));
    p->attempt = (int)json_int(event->data, "attempt");
    p->tracking = p->place = p->reason = "";
  } else if (to != PARCEL_PICK_UP) {
    p->tracking = arena_str(arena, json_str(event->data, "tracking"));
    p->place = arena_str(arena, json_str(event->data, "place"));
    p->reason = arena_str(arena, json_str(event->data, "reason"));
  }
  p->state = to;
  p->at = event->at;
  return 0;
}

const struct kind parcel_kind = {
    .name = "parcel", .state_size = sizeof(struct parcel), .decide = decide, .evolve = evolve, .project = courier_project};
