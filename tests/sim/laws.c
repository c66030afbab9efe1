/* The invariants of standards §3 that apply to cases, and what the machine promises by itself. */
#include "city.h"

#include <stdio.h>
#include <string.h>

#include "catalog/codes.h"

/* ---- what every event must obey ---- */

static void on_trip(struct seen *s, const struct event *e)
{
  day on = day_of(e->at);
  for (int i = 0; i < s->trip_count; i++)
    if (s->trips[i] == on)
      return;
  HOLDS(s->trip_count < TRIPS_MAX, e->id);
  s->trips[s->trip_count++] = on;
}

static bool is_wanted_by(const struct case_material *m, int item)
{
  for (size_t i = 0; i < m->item_count; i++)
    if (m->items[i] == item)
      return true;
  return false;
}

/* §3.8: nothing is issued with an open material. */
static void on_issue(const struct casefile *c, int item)
{
  for (size_t i = 0; i < c->material_count; i++)
    if (c->materials[i].source == SOURCE_UPLOAD && is_wanted_by(&c->materials[i], item))
      HOLDS(c->materials[i].attached > 0, c->id);
}

/* Whoever reviewed or decided something does not rule on a disagreement; until the ruling nobody decides. */
static void on_ruling(const struct casefile *c, const struct event *e)
{
  HOLDS(!casefile_worked(c, e->actor.id) && strcmp(e->actor.id, c->accepted_by) != 0, c->id);
}

/* §3.6: whoever accepted it, the item's own agency decides. */
static void on_decision(const struct casefile *c, const struct event *e, int item)
{
  HOLDS(strcmp(e->actor.agency, c->items[item].agency) == 0, c->id);
  HOLDS(casefile_open_dispute(c, item) < 0, c->id);
}

/* While a record of dishonesty stands nobody is accepted with materials to come, but by the law's five days. */
static void on_tolerance(const struct casefile *c, const struct event *e)
{
  bool promised = *json_str(e->data, "commitment_digest") != '\0';
  bool accepted = json_flag(e->data, "tolerant") && !json_flag(e->data, "deemed");
  HOLDS(!(promised || accepted) || !records_bar(c->account), c->id);
}

/* c is the case after the command that made the event. */
void laws_event(const struct casefile *c, const struct event *e)
{
  struct seen *s = &city->seen[e->id - FIRST];
  int item = (int)json_int(e->data, "item");
  HOLDS(item >= -1 && item < ITEMS_MAX, e->id);
  if (strcmp(e->type, "special-started") == 0)
    s->approved[item] += (int)json_int(e->data, "days");
  else if (strcmp(e->type, "special-ended") == 0)
    HOLDS(json_int(e->data, "used") >= 0, e->id);
  else if (strcmp(e->type, "decided") == 0 && !c->erased)
    on_decision(c, e, item);
  else if (strcmp(e->type, "reopened") == 0 && !c->erased) /* only until its result is issued */
    HOLDS(!c->items[item].issued, e->id);
  else if (strcmp(e->type, "ruled") == 0 && !c->erased)
    on_ruling(c, e);
  else if (strcmp(e->type, "submitted") == 0 || strcmp(e->type, "accepted") == 0)
    on_tolerance(c, e);
  else if (strcmp(e->type, "issued") == 0 && !c->erased)
    on_issue(c, item);
  else if (strcmp(e->type, "present") == 0)
    on_trip(s, e);
  else if (strcmp(e->type, "errand") == 0)
    s->errands++;
}

/* ---- what every state must obey ---- */

static bool has_prepared(const struct casefile *c, const char *id)
{
  for (size_t i = 0; i < c->prepared_count; i++)
    if (strcmp(c->prepared[i], id) == 0)
      return true;
  return false;
}

/* §3.1 */
static void duties_are_separate(const struct casefile *c)
{
  for (size_t i = 0; i < c->item_count; i++) {
    const char *by = c->items[i].decided_by;
    HOLDS(!*by || (strcmp(by, c->accepted_by) != 0 && !has_prepared(c, by)), c->id);
  }
  for (size_t i = 0; i < c->step_count; i++) {
    const char *by = c->steps[i].by;
    HOLDS(!*by || strcmp(by, c->accepted_by) != 0, c->id);
  }
}

/* §3.14 */
static void is_honest(const struct casefile *c, struct due due)
{
  int year, month, mday;
  if (due.day == DAY_NONE)
    return;
  day_parts(due.day, &year, &month, &mday);
  HOLDS(due.provisional || year <= city->announced, c->id);
}

/* A provisional limit was counted before the notice of the year came out. */
static day cap_of(const struct casefile *c, const struct case_item *it)
{
  int days = c->cap + it->paused + it->extended;
  day now = calendar_add(&city_catalog->calendar, c->accepted_day, days).day;
  day before = calendar_add(life_first_calendar(), c->accepted_day, days).day;
  return it->legal.provisional && before > now ? before : now;
}

/* §3.3, §3.4, §3.5 */
static void clocks_hold(const struct casefile *c, const struct seen *s)
{
  HOLDS(c->state != CASE_SUBMITTED || city->now <= day_end(c->notice.day), c->id);
  HOLDS(!c->deemed || c->accepted_day == c->received, c->id);
  is_honest(c, c->notice);
  is_honest(c, c->joint_due);
  for (size_t i = 0; i < c->item_count; i++) {
    const struct case_item *it = &c->items[i];
    HOLDS(it->paused <= s->approved[i] && it->paused >= 0, c->id);
    HOLDS(it->extended <= 15, c->id);
    if (it->clock_from == DAY_NONE)
      continue;
    HOLDS(!c->joint || it->legal.day <= cap_of(c, it), c->id);
    HOLDS(it->promise.day <= it->legal.day, c->id);
    is_honest(c, it->legal);
    is_honest(c, it->promise);
  }
}

static bool has_result(enum item_state state)
{
  return state == ITEM_GRANTED || state == ITEM_ISSUED || state == ITEM_DELIVERED;
}

/* An item begins when those it needs have their results; what is revoked later does not stop it. */
static void order_holds(const struct casefile *c, const struct case_item *it)
{
  for (size_t k = 0; k < it->need_count; k++) {
    enum item_state needed = c->items[it->needs[k]].state;
    HOLDS(has_result(needed) || needed == ITEM_REVOKED || it->state < ITEM_OPEN || it->state >= ITEM_GRANTED, c->id);
  }
}

/* §3.11. Where the clock was set back over midnight, a day on which he came counts again. */
static void trips_hold(const struct casefile *c, const struct seen *s)
{
  HOLDS(c->trips_applicant == s->trip_count || (city->set_back && c->trips_applicant > s->trip_count), c->id);
  HOLDS(c->trips_staff == s->errands, c->id);
}

/* A visit at a time does a step, who left again has done nothing, and every moment is counted once. */
static void departments_agree(const struct casefile *c)
{
  int64_t spent[SPENT_COUNT], sum = 0;
  for (size_t s = 0; s < c->step_count; s++) {
    int found = 0;
    for (size_t g = 0; g < c->joint_work.gathering_count; g++)
      for (size_t k = 0; k < c->joint_work.gatherings[g].step_count; k++)
        found += gathering_running(&c->joint_work.gatherings[g]) && c->joint_work.gatherings[g].steps[k] == (int)s;
    HOLDS(found <= 1, c->id);
    HOLDS(c->steps[s].state != STEP_REMOVED || (c->steps[s].added && !*c->steps[s].by), c->id);
  }
  casefile_spent(c, city->now, spent);
  for (int k = 0; k < SPENT_COUNT; k++) {
    HOLDS(spent[k] >= 0, c->id);
    sum += spent[k];
  }
  int64_t passed = c->submitted ? (c->closed ? c->closed : (moment)city->now) - c->submitted : 0;
  HOLDS(sum <= passed + city->back && sum >= passed - city->back, c->id);
  HOLDS(c->submitted || sum == 0, c->id);
}

/* §3.7, §3.11, §3.13 and what the machine promises by itself */
static void the_rest_holds(const struct casefile *c, const struct seen *s)
{
  bool open = false;
  for (size_t i = 0; i < c->material_count; i++)
    HOLDS(c->materials[i].source == SOURCE_UPLOAD || (!c->materials[i].attached && !*c->materials[i].asked), c->id);
  trips_hold(c, s);
  HOLDS(mod3736_check((struct span){c->number, 14}) == c->number[14], c->id);
  for (size_t i = 0; i < c->item_count; i++) {
    const struct case_item *it = &c->items[i];
    HOLDS(!*it->number || strlen(it->number) == 43, c->id);
    open |= !item_state_closed(it->state);
    order_holds(c, it);
  }
  HOLDS(c->state < CASE_ACCEPTED || case_state_closed(c->state) == !open || c->state == CASE_TERMINATED, c->id);
}

/* Nothing personal is left, and what is left is what happened. */
static void is_gone(const struct casefile *c, const struct seen *s)
{
  HOLDS(!*c->applicant && !*c->phone && !*c->id_number && !*c->account && !*c->delivery_address && !*c->code, c->id);
  HOLDS(c->material_count == 0 && c->field_count == 0 && c->attachment_count == 0 && case_state_closed(c->state), c->id);
  HOLDS(c->joint_work.gathering_count == 0 && c->joint_work.photo_count == 0 && c->joint_work.message_count == 0 &&
            c->joint_work.dispute_count == 0,
        c->id);
  trips_hold(c, s);
}

void laws_case(const struct casefile *c)
{
  const struct seen *s = &city->seen[c->id - FIRST];
  HOLDS(c->item_count <= ITEMS_MAX, c->id);
  if (c->erased) {
    is_gone(c, s);
    return;
  }
  duties_are_separate(c);
  clocks_hold(c, s);
  the_rest_holds(c, s);
  departments_agree(c);
}

/* A refusal says why, in both languages; only a disk that fails is our own fault. */
void laws_refusal(int64_t id, const struct error *error)
{
  if ((error->code == ERROR_INTERNAL && disk_struck() == DISK_NONE) || !text_utf8(span_of(error->zh)))
    city_broken(id, "%s (%s)", error->en, error->name);
  HOLDS(*error->zh && *error->en && strcmp(error->zh, error->en) != 0, id);
}
