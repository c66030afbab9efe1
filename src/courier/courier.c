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
  return error_set(error, ERROR_RULE, "wrong-state", "该快递的状态是“%s”，不能这样处理", "The parcel is “%s”: this cannot be done",
                   p->state == PARCEL_NONE ? "无" : name->zh);
}

/* What an event is about, where that is one item. */
static const char *item_of(const struct parcel *p)
{
  return p->count == 1 ? p->contents[0].item : "";
}

static bool holds(const struct parcel *p, const char *item)
{
  for (size_t i = 0; i < p->count; i++)
    if (strcmp(p->contents[i].item, item) == 0)
      return true;
  return false;
}

/* ---- packing ---- */

static bool is_packed(const struct parcel *parcels, size_t n, const char *item)
{
  for (size_t i = 0; i < n; i++)
    if (holds(&parcels[i], item))
      return true;
  return false;
}

json_t *parcel_packing(const struct casefile *c, const struct parcel *parcels, size_t n)
{
  json_t *contents = json_array();
  day due = DAY_NONE;
  bool more = false;
  for (size_t i = 0; i < c->item_count; i++) {
    const struct case_item *it = &c->items[i];
    if (strcmp(casefile_delivery(c, i), "courier") != 0)
      continue;
    more |= it->state == ITEM_GRANTED;
    if (it->state != ITEM_ISSUED || is_packed(parcels, n, it->item))
      continue;
    (void)json_array_append_new(contents, json_pack("{s:s,s:s}", "item", it->item, "result", it->result_number));
    if (it->issue_due.day != DAY_NONE && (due == DAY_NONE || it->issue_due.day < due))
      due = it->issue_due.day;
  }
  char text[DAY_TEXT] = "";
  if (due != DAY_NONE)
    day_format(due, text);
  return json_pack("{s:I,s:s,s:o,s:s,s:b}", "case", (json_int_t)c->id, "number", c->number, "contents", contents, "due", text,
                   "more", (int)more);
}

static json_t *what_is_new(const struct parcel *p, const json_t *contents)
{
  json_t *list = json_array();
  for (size_t i = 0; i < json_array_size(contents); i++) {
    json_t *one = json_array_get(contents, i);
    if (*json_str(one, "item") && !holds(p, json_str(one, "item")))
      (void)json_array_append(list, one);
  }
  return list;
}

/* Until when it can wait; today where nothing is known. */
static day last_day(const struct parcel *p, const struct command *command, struct decision *d)
{
  day due = DAY_NONE, by = day_of(d->now);
  if (day_parse(span_of(json_str(command->data, "due")), &due))
    by = calendar_before(&d->world->catalog->calendar, due, PARCEL_ON_ITS_WAY);
  return p->state == PARCEL_PACKED && p->by < by ? p->by : by;
}

static void order(const struct parcel *p, struct decision *d, int attempt)
{
  decision_emit(d, "ordered", item_of(p), json_pack("{s:i}", "attempt", attempt));
}

static int do_pack(const struct parcel *p, const struct command *command, struct decision *d, struct error *error)
{
  const json_t *data = command->data;
  if (p->state != PARCEL_NONE && p->state != PARCEL_PACKED) /* whoever asks looks again, and begins another */
    return error_set(error, ERROR_BUSY, "parcel-closed", "该快递已下单，不能再装入", "It is ordered already: nothing more goes in");
  json_t *fresh = what_is_new(p, json_list(data, "contents"));
  size_t n = json_array_size(fresh);
  if (p->state == PARCEL_NONE && (json_int(data, "case") <= 0 || !*json_str(data, "number") || !n)) {
    json_decref(fresh);
    return error_set(error, ERROR_BAD_INPUT, "missing-argument", "缺少办件或事项", "The case or the item is missing");
  }
  day by = n ? last_day(p, command, d) : p->by;
  char text[DAY_TEXT];
  day_format(by, text);
  const char *item = p->count + n > 1 ? "" : n ? json_str(json_array_get(fresh, 0), "item") : item_of(p);
  item = arena_str(d->arena, item);
  if (n)
    decision_emit(d, "packed", item,
                  json_pack("{s:I,s:s,s:O,s:s}", "case", (json_int_t)json_int(data, "case"), "number", json_str(data, "number"),
                            "contents", fresh, "by", text));
  json_decref(fresh);
  if (!json_flag(data, "more") || day_of(d->now) >= by)
    decision_emit(d, "ordered", item, json_pack("{s:i}", "attempt", 1));
  return 0;
}

static int do_wake(const struct parcel *p, struct decision *d)
{
  if (p->state == PARCEL_PACKED && day_of(d->now) >= p->by)
    order(p, d, 1);
  return 0;
}

static moment due(const void *state)
{
  const struct parcel *p = state;
  return p->state == PARCEL_PACKED && !p->erased ? day_start(p->by) : 0;
}

/* ---- on its way ---- */

static int do_book(const struct parcel *p, const struct command *command, struct decision *d, struct error *error)
{
  const char *tracking = json_str(command->data, "tracking");
  if (p->state != PARCEL_ORDERED || json_int(command->data, "attempt") != p->attempt)
    return 0;
  if (!*tracking || strlen(tracking) > TRACKING_MAX)
    return error_set(error, ERROR_BAD_INPUT, "missing-argument", "缺少快递单号", "The tracking number is missing");
  decision_emit(d, "booked", item_of(p), json_pack("{s:s,s:i}", "tracking", tracking, "attempt", p->attempt));
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
  decision_emit(d, parcel_state_words(to)->word, item_of(p),
                json_pack("{s:s,s:s,s:s}", "tracking", tracking, "place", json_str(command->data, "place"), "reason",
                          json_str(command->data, "reason")));
  return 0;
}

static int do_at_desk(const struct parcel *p, const struct command *command, struct decision *d, struct error *error)
{
  bool send = strcmp(command->type, "send") == 0;
  if (strcmp(command->actor.role, "issuer") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-your-role", "只有出件窗口可以处理快递", "Only the issuing desk does this");
  if (p->state != (send ? PARCEL_PACKED : PARCEL_FAILED))
    return wrong_state(p, error);
  if (strcmp(command->type, "pick-up") == 0)
    decision_emit(d, "pick-up", item_of(p), NULL);
  else
    order(p, d, p->attempt + 1);
  return 0;
}

/* With its case. What remains says what there was, and nothing of whom. */
static int do_erase(const struct parcel *p, const struct command *command, struct decision *d)
{
  json_t *items = json_array();
  if (p->state == PARCEL_NONE || p->erased) {
    json_decref(items);
    return 0;
  }
  for (size_t i = 0; i < p->count; i++)
    (void)json_array_append_new(items, json_string(p->contents[i].item));
  decision_emit(d, "erased", item_of(p),
                json_pack("{s:s,s:I,s:s,s:o,s:s,s:i}", "ground", json_str(command->data, "ground"), "case", (json_int_t)p->case_id,
                          "number", p->number, "items", items, "state", parcel_state_words(p->state)->word, "attempt", p->attempt));
  return 0;
}

static bool at_desk(const char *type)
{
  return strcmp(type, "send") == 0 || strcmp(type, "again") == 0 || strcmp(type, "pick-up") == 0;
}

static int decide(const void *state, const struct command *command, struct decision *d, struct error *error)
{
  const struct parcel *p = state;
  const char *type = command->type;
  if (!at_desk(type) && strcmp(command->actor.role, "system") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-your-role", "只有系统可以登记快递状态", "Only the system reports of parcels");
  if (strcmp(type, "erase") == 0)
    return do_erase(p, command, d);
  if (p->erased)
    return error_set(error, ERROR_RULE, "erased", "该快递的记录已销毁", "What was known of the parcel is erased");
  if (at_desk(type))
    return do_at_desk(p, command, d, error);
  if (strcmp(type, "pack") == 0)
    return do_pack(p, command, d, error);
  if (strcmp(type, "wake") == 0)
    return do_wake(p, d);
  if (strcmp(type, "book") == 0)
    return do_book(p, command, d, error);
  for (int to = PARCEL_PICKED_UP; to <= PARCEL_FAILED; to++)
    if (strcmp(type, parcel_state_words((enum parcel_state)to)->word) == 0)
      return do_report(p, command, d, (enum parcel_state)to);
  return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", type);
}

/* ---- the state ---- */

static void add(struct parcel *p, struct arena *arena, const char *item, const char *result)
{
  p->contents = arena_grow(arena, p->contents, p->count, &p->cap, sizeof *p->contents);
  p->contents[p->count++] = (struct parcel_item){arena_str(arena, item), arena_str(arena, result)};
}

static void begin(struct parcel *p, struct arena *arena, const struct event *event)
{
  p->id = event->id;
  p->case_id = json_int(event->data, "case");
  p->number = arena_str(arena, json_str(event->data, "number"));
  p->tracking = p->place = p->reason = "";
  p->by = DAY_NONE;
}

static enum parcel_state state_of(const char *word)
{
  for (int s = PARCEL_ORDERED; s <= PARCEL_PACKED; s++)
    if (strcmp(word, parcel_state_words((enum parcel_state)s)->word) == 0)
      return (enum parcel_state)s;
  return PARCEL_NONE;
}

static void on_packed(struct parcel *p, struct arena *arena, const json_t *data)
{
  const json_t *contents = json_list(data, "contents");
  for (size_t i = 0; i < json_array_size(contents); i++)
    add(p, arena, json_str(json_array_get(contents, i), "item"), json_str(json_array_get(contents, i), "result"));
  (void)day_parse(span_of(json_str(data, "by")), &p->by);
}

/* A parcel of before was ordered at once, with one result that stands in this event. */
static void on_ordered(struct parcel *p, struct arena *arena, const json_t *data)
{
  if (!p->count)
    add(p, arena, json_str(data, "item"), json_str(data, "result"));
  p->attempt = (int)json_int(data, "attempt");
  p->tracking = p->place = p->reason = "";
}

static enum parcel_state on_erased(struct parcel *p, struct arena *arena, const json_t *data)
{
  const json_t *items = json_list(data, "items");
  for (size_t i = 0; i < json_array_size(items); i++)
    add(p, arena, json_string_value(json_array_get(items, i)), "");
  p->attempt = (int)json_int(data, "attempt");
  p->erased = true;
  return state_of(json_str(data, "state"));
}

static int evolve(void *state, struct arena *arena, const struct event *event)
{
  struct parcel *p = state;
  const json_t *data = event->data;
  bool erased = strcmp(event->type, "erased") == 0;
  enum parcel_state to = erased ? PARCEL_NONE : state_of(event->type);
  if (!erased && to == PARCEL_NONE)
    return -1;
  if (!p->id)
    begin(p, arena, event);
  if (erased) {
    to = on_erased(p, arena, data);
  } else if (to == PARCEL_PACKED) {
    on_packed(p, arena, data);
  } else if (to == PARCEL_ORDERED) {
    on_ordered(p, arena, data);
  } else if (to != PARCEL_PICK_UP) {
    p->tracking = arena_str(arena, json_str(data, "tracking"));
    p->place = arena_str(arena, json_str(data, "place"));
    p->reason = arena_str(arena, json_str(data, "reason"));
  }
  p->state = to;
  p->at = event->at;
  return 0;
}

const struct kind parcel_kind = {.name = "parcel",
                                 .state_size = sizeof(struct parcel),
                                 .decide = decide,
                                 .evolve = evolve,
                                 .project = courier_project,
                                 .due = due,
                                 .erasing = "erased",
                                 .erase = courier_erase_rows};
