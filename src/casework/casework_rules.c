/*
 * What the commands of a case share: errors, who may, events and their papers, trips, clocks, and what follows of itself.
 */
#include "casework/rules.h"

#include <string.h>

#include "base/text.h"

/* ---- errors ---- */

/* Two finished sentences; each format takes its own one of the two arguments. */
int refuse(struct work *w, enum error_code code, const char *name, const char *zh, const char *en)
{
  return error_set(w->error, code, name, "%s%.0s", "%.0s%s", zh, en);
}

int wrong_state(struct work *w)
{
  const struct words now = case_state_words(w->c->state)->name;
  return refuse(w, ERROR_RULE, "wrong-state", arena_printf(w->d->arena, "办件现为“%s”，此时不能这样办理", now.zh),
                arena_printf(w->d->arena, "The case is “%s”: this cannot be done now", now.en));
}

int wrong_item_state(struct work *w, int item)
{
  const struct words now = item_state_words(w->c->items[item].state)->name, name = w->c->items[item].name;
  return refuse(w, ERROR_RULE, "wrong-state", arena_printf(w->d->arena, "“%s”现为“%s”，此时不能这样办理", name.zh, now.zh),
                arena_printf(w->d->arena, "“%s” is “%s”: this cannot be done now", name.en, now.en));
}

int missing_argument(struct work *w, const char *argument)
{
  (void)error_set(w->error, ERROR_BAD_INPUT, "missing-argument", "缺少“%s”，请填写", "“%s” is missing: please give it", argument);
  return error_at(w->error, "%s", argument);
}

int bad_argument(struct work *w, const char *argument, const char *zh, const char *en)
{
  (void)refuse(w, ERROR_BAD_INPUT, "bad-argument", zh, en);
  return error_at(w->error, "%s", argument);
}

/* A text of data that a person wrote: not empty, not endless, without control characters. */
int take_text(struct work *w, const json_t *object, const char *key, bool required, const char **ret)
{
  const json_t *value = json_object_get(object, key);
  if (value && !json_is_null(value) && !json_is_string(value))
    return bad_argument(w, key, "这里应当是文字", "This has to be text");
  struct span s = span_trim(span_of(json_string_value(value)));
  if (s.n == 0 && required)
    return missing_argument(w, key);
  if (s.n > TEXT_MAX || !text_plain(s))
    return bad_argument(w, key, "文字过长，或含有不能使用的字符", "The text is too long or has characters that cannot be used");
  *ret = arena_dup(w->d->arena, s);
  return 0;
}

int take_days(struct work *w, const char *key, int min, int max, int *ret)
{
  const json_t *value = json_object_get(w->data, key);
  if (!value)
    return missing_argument(w, key);
  json_int_t days = json_is_integer(value) ? json_integer_value(value) : -1;
  if (days < min || days > max)
    return bad_argument(w, key, arena_printf(w->d->arena, "工作日数应在 %d 到 %d 之间", min, max),
                        arena_printf(w->d->arena, "Working days have to be between %d and %d", min, max));
  *ret = (int)days;
  return 0;
}

int take_item(struct work *w, int *ret)
{
  const json_t *name = json_object_get(w->data, "item");
  if (!name)
    return missing_argument(w, "item");
  int item = item_index(w->c, name);
  if (item < 0)
    return bad_argument(w, "item", "本办件没有这个事项", "This case has no such item");
  *ret = item;
  return 0;
}

bool is_sha256(const char *hex)
{
  unsigned char bytes[DIGEST_BYTES];
  return hex_decode(span_of(hex), bytes, sizeof bytes);
}

/* ---- who ---- */

bool is_role(const struct work *w, const char *role)
{
  return strcmp(w->command->actor.role, role) == 0;
}

static bool at_window(const struct work *w)
{
  return strcmp(w->command->actor.channel, "window") == 0;
}

static bool prepared_by(const struct casefile *c, const char *id)
{
  for (size_t i = 0; i < c->prepared_count; i++)
    if (strcmp(c->prepared[i], id) == 0)
      return true;
  return false;
}

/* 受理与办理相分离: who took the application in neither reviews nor decides it. */
int check_separation(struct work *w)
{
  const char *id = w->command->actor.id;
  if (strcmp(id, w->c->accepted_by) == 0)
    return refuse(w, ERROR_FORBIDDEN, "separation-of-duties", "您受理了本办件，不能再审查或决定：受理与办理相分离",
                  "You accepted this case and cannot review or decide it: acceptance and decision are separate");
  if (prepared_by(w->c, id) || strcmp(id, w->c->account) == 0)
    return refuse(w, ERROR_FORBIDDEN, "separation-of-duties", "您参与了本办件的申请准备，不能再审查或决定：受理与办理相分离",
                  "You helped to prepare this application and cannot review or decide it: acceptance and decision are separate");
  return 0;
}

int check_agency(struct work *w, const char *agency)
{
  if (strcmp(w->command->actor.agency, agency) == 0)
    return 0;
  const struct catalog *catalog = w->d->world->catalog;
  struct words name = {agency, agency};
  for (size_t i = 0; i < catalog->agency_count; i++)
    if (strcmp(catalog->agencies[i].id, agency) == 0)
      name = catalog->agencies[i].name;
  return refuse(w, ERROR_FORBIDDEN, "not-your-agency", arena_printf(w->d->arena, "这项工作由%s负责，您所在部门不能办理", name.zh),
                arena_printf(w->d->arena, "This is the work of %s: your agency cannot do it", name.en));
}

/* The other way round: who has reviewed or decided does not help the applicant with the same case. */
int check_not_reviewer(struct work *w)
{
  const char *id = w->command->actor.id;
  bool did = false;
  for (size_t i = 0; i < w->c->item_count; i++)
    did |= strcmp(w->c->items[i].decided_by, id) == 0;
  did |= casefile_worked(w->c, id);
  if (!did)
    return 0;
  return refuse(w, ERROR_FORBIDDEN, "separation-of-duties", "您审查或决定过本办件，不能再代申请人办理：受理与办理相分离",
                "You reviewed or decided this case and cannot act for its applicant: acceptance and decision are separate");
}

/* A clerk fills in an application only with the applicant before him. */
int check_on_behalf(struct work *w)
{
  if (is_role(w, "applicant"))
    return 0;
  if (at_window(w))
    return check_not_reviewer(w);
  return refuse(w, ERROR_RULE, "window-only", "工作人员只能在窗口、申请人在场时代为填报",
                "Staff fill in an application only at a window, with the applicant present");
}

/* ---- events ---- */

int emit(struct work *w, const char *type, int item, json_t *data)
{
  if (!data)
    data = json_object();
  if (item >= 0)
    (void)json_object_set_new(data, "item", json_integer(item));
  const struct event event = {.id = w->command->id,
                              .kind = &casefile_kind,
                              .type = type,
                              .at = w->d->now,
                              .actor = w->command->actor,
                              .item = item >= 0 ? w->c->items[item].item : "",
                              .key = "",
                              .data = data};
  const char *of = event.item;
  if (casefile_evolve(w->c, w->d->arena, &event)) {
    json_decref(data);
    return error_set(w->error, ERROR_INTERNAL, "bad-event", "系统内部错误：事件 %s 不能应用",
                     "Internal error: event %s does not apply", type);
  }
  decision_emit(w->d, type, of, data);
  return 0;
}

int year_of(day d)
{
  int year, month, mday;
  day_parts(d, &year, &month, &mday);
  return year;
}

char *paper_number(struct arena *arena, const struct world *world, enum paper paper, int year, int64_t n)
{
  return arena_printf(arena, "%s%s〔%d〕%06lld号", world->catalog->paper_prefix, paper_words(paper)->mark, year, (long long)n);
}

/* Numbers a paper and puts it into the data of the event that serves it. */
void note_setting(const struct work *w, json_t *record)
{
  const struct world *world = w->d->world;
  if (world->paper_layout)
    (void)json_object_set_new(record, "layout", json_string(world->paper_layout));
  if (world->paper_site)
    (void)json_object_set_new(record, "site", json_string(world->paper_site));
}

void add_paper(struct work *w, json_t *data, enum paper paper)
{
  int year = year_of(w->today);
  const char *series = arena_printf(w->d->arena, "%s%s〔%d〕", w->d->world->catalog->paper_prefix, paper_words(paper)->mark, year);
  const char *number = paper_number(w->d->arena, w->d->world, paper, year, decision_number(w->d, series));
  json_t *list = json_object_get(data, "papers");
  if (!list) {
    list = json_array();
    (void)json_object_set_new(data, "papers", list);
  }
  json_t *record = json_pack("{s:s,s:s}", "paper", paper_words(paper)->word, "number", number);
  note_setting(w, record);
  (void)json_array_append_new(list, record);
}

/* A trip is the applicant going to the government; presences of one day share it. */
const char *const presence_names[] = {"identity", "original", "signature", "examination", "pick-up", "hand-in"};

int note_presence(struct work *w, int why)
{
  int bit = 1 << why;
  if (w->c->last_trip == w->today && (w->c->trip_whys & (unsigned)bit))
    return 0;
  int trip = w->c->trips_applicant + (w->c->last_trip != w->today);
  return emit(w, "present", -1,
              json_pack("{s:s,s:i,s:o,s:i}", "why", presence_names[why], "bit", bit, "day", day_json(w->today), "trip", trip));
}

int note_hand_in(struct work *w)
{
  return is_role(w, "clerk") && at_window(w) ? note_presence(w, HAND_IN) : 0;
}

/* ---- clocks ---- */

struct due due_after(const struct work *w, day from, int days)
{
  struct deadline limit = calendar_add(w->calendar, from, days);
  return (struct due){limit.day, limit.provisional};
}

bool is_over(const struct work *w, struct due due)
{
  return due.day != DAY_NONE && w->d->now > day_end(due.day);
}

static struct due earlier(struct due a, struct due b)
{
  return b.day < a.day ? b : a;
}

static int at_least(int n, int min)
{
  return n < min ? min : n;
}

/*
 * The limits of one item (Licensing Law art. 42, 45): its own days from acceptance, or from when it became workable; what
 * was approved as a special procedure or extension is added; a joint case is capped as a whole. An instant item is promised
 * for the same day, and less than a working day counts as one.
 */
struct clocks item_clocks(const struct work *w, const struct case_item *it, int paused, int extended)
{
  struct clocks k;
  int more = paused + extended;
  int promised = it->instant ? !calendar_works(w->calendar, it->clock_from) : at_least(it->promised, 1);
  int legal = it->instant ? 1 : at_least(it->statutory, promised);
  k.promise = due_after(w, it->clock_from, promised + more);
  k.legal = due_after(w, it->clock_from, legal + more);
  if (w->c->joint) {
    struct due cap = due_after(w, w->c->accepted_day, w->c->cap + more);
    k.legal = earlier(k.legal, cap);
    k.promise = earlier(k.promise, k.legal);
  }
  k.warn = (struct due){DAY_NONE, false};
  day before = calendar_before(w->calendar, k.promise.day, 1);
  if (before > it->clock_from)
    k.warn = (struct due){before, k.promise.provisional};
  return k;
}

void put_clocks(json_t *data, const struct clocks *k)
{
  (void)json_object_set_new(data, "legal", due_json(k->legal));
  (void)json_object_set_new(data, "promise", due_json(k->promise));
  (void)json_object_set_new(data, "warn", due_json(k->warn));
}

/* ---- what follows of itself ---- */

static bool all_closed(const struct casefile *c)
{
  for (size_t i = 0; i < c->item_count; i++)
    if (!item_state_closed(c->items[i].state))
      return false;
  return true;
}

/* How a case whose items are all closed has ended. */
static enum case_state ending(const struct casefile *c)
{
  bool withdrawn = false, terminated = false;
  for (size_t i = 0; i < c->item_count; i++) {
    enum item_state s = c->items[i].state;
    if (s == ITEM_DELIVERED || s == ITEM_REFUSED || s == ITEM_REVOKED)
      return CASE_ARCHIVED;
    withdrawn |= s == ITEM_WITHDRAWN;
    terminated |= s == ITEM_TERMINATED;
  }
  return terminated ? CASE_TERMINATED : withdrawn ? CASE_WITHDRAWN : CASE_ARCHIVED;
}

int close_item(struct work *w, int item, const char *why, const char *reason)
{
  return emit(w, "item-closed", item, json_pack("{s:s,s:s}", "why", why, "reason", reason));
}

/* The item an item waits for in vain; -1. */
static int lost_need(const struct casefile *c, const struct case_item *it)
{
  for (size_t i = 0; i < it->need_count; i++)
    if (c->items[it->needs[i]].state >= ITEM_REFUSED)
      return it->needs[i];
  return -1;
}

static bool needs_met(const struct casefile *c, const struct case_item *it)
{
  for (size_t i = 0; i < it->need_count; i++)
    if (!item_has_result(c, (size_t)it->needs[i]))
      return false;
  return true;
}

static int open_item(struct work *w, int item)
{
  struct case_item *it = &w->c->items[item];
  bool first = it->need_count == 0;
  it->clock_from = first ? w->c->accepted_day : w->today;
  struct clocks k = item_clocks(w, it, 0, 0);
  json_t *data = json_pack("{s:o}", "from", day_json(it->clock_from));
  put_clocks(data, &k);
  put_consent(w, item, data, 0);
  return emit(w, "opened", item, data);
}

/* Items whose needs are met open, those that wait in vain close; one pass does it, for needs only point backwards. */
static int cascade(struct work *w)
{
  for (int i = 0; (size_t)i < w->c->item_count; i++) {
    const struct case_item *it = &w->c->items[i];
    if (it->state >= ITEM_GRANTED || it->state == ITEM_PENDING)
      continue;
    int lost = lost_need(w->c, it);
    if (lost >= 0) {
      const char *reason = arena_printf(w->d->arena, "前置事项“%s”%s / “%s”: %s", w->c->items[lost].name.zh,
                                        item_state_words(w->c->items[lost].state)->name.zh, w->c->items[lost].name.en,
                                        item_state_words(w->c->items[lost].state)->name.en);
      if (close_item(w, i, "cannot-proceed", reason))
        return -1;
    } else if (it->state == ITEM_WAITING && needs_met(w->c, it) && open_item(w, i)) {
      return -1;
    }
  }
  return 0;
}

int settle(struct work *w)
{
  if (cascade(w) || settle_gatherings(w))
    return -1;
  if (w->c->state < CASE_ACCEPTED || case_state_closed(w->c->state) || !all_closed(w->c))
    return 0;
  return emit(w, "archived", -1, json_pack("{s:s}", "state", case_state_words(ending(w->c))->word));
}
