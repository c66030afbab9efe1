/*
 * A simulated city by seed: applicants, clerks, officers, issuers and a supervisor do random things, sensible and not, at
 * random times, through the real engine; after each command the invariants of standards §3 that apply are checked, and the
 * state the engine holds in memory is compared with a replay from the store. The same seed gives the same history.
 *
 *   city [--seed N] [--commands N]
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>

#include <cmocka.h>

#include "../lib/desk.h"
#include "base/text.h"
#include "catalog/codes.h"
#include "watch/monitor.h"

enum { CASES_MAX = 4000, ITEMS = 5, FIRST = 1000 };

/* What the city knows of a case besides the state: counted from the events, by other code than the rules'. */
struct seen {
  int approved[ITEMS]; /* days of special procedures */
  day trips[64];
  int trip_count, errands;
  struct digest dump; /* of the state the engine holds */
  bool known;
};

/* How often each kind of event happened: a city in which something never happens has tested nothing. */
static struct {
  const char *type;
  int n;
} happened[] = {
    {"drafted", 0},          {"saved", 0},         {"attached", 0},    {"detached", 0},      {"present", 0},
    {"errand", 0},           {"submitted", 0},     {"resubmitted", 0}, {"fixed", 0},         {"accepted", 0},
    {"correction-asked", 0}, {"not-accepted", 0},  {"lapsed", 0},      {"opened", 0},        {"step-done", 0},
    {"special-started", 0},  {"special-ended", 0}, {"extended", 0},    {"decided", 0},       {"completed", 0},
    {"item-closed", 0},      {"issued", 0},        {"delivered", 0},   {"withdrawn", 0},     {"terminated", 0},
    {"revoked", 0},          {"overdue", 0},       {"archived", 0},    {"dates-offered", 0}, {"dates-said", 0},
    {"dates-open", 0},       {"dates-clash", 0},   {"date-chosen", 0}, {"minuted", 0},       {"gathering-held", 0},
    {"called-off", 0},       {"message", 0},       {"taken-up", 0},    {"step-added", 0},    {"step-removed", 0},
    {"steps-returned", 0},   {"reopened", 0},      {"escalated", 0},   {"ruled", 0},         {"deferred-due-soon", 0},
    {"deferred-unfit", 0},
};
enum { KINDS_OF_EVENTS = sizeof happened / sizeof *happened };

static struct desk desk;
static struct seen seen[CASES_MAX];
static uint64_t dice;
static int cases;

static void die(const char *what, int64_t id)
{
  (void)fprintf(stderr, "city: broken: %s (case %lld)\n", what, (long long)id);
  abort();
}

#define HOLDS(condition, id)                                                                                                       \
  do {                                                                                                                             \
    if (!(condition))                                                                                                              \
      die(#condition, (id));                                                                                                       \
  } while (0)

static int roll(int n)
{
  return (int)(desk_random(&dice) % (uint64_t)n);
}

static bool chance(int percent)
{
  return roll(100) < percent;
}

static struct digest dump_of(const struct casefile *c)
{
  struct buf buf;
  buf_init(&buf, 1 << 20);
  struct json_writer w = json_to(&buf);
  casefile_dump(c, true, &w, NULL);
  if (buf.full)
    die("the dump is too long", c->id);
  struct digest digest = sha256(buf_view(&buf));
  buf_release(&buf);
  return digest;
}

/* ---- what every event must obey, seen from the engine's thread ---- */

static void on_trip(struct seen *s, const struct event *e)
{
  day on = day_of(e->at);
  for (int i = 0; i < s->trip_count; i++)
    if (s->trips[i] == on)
      return;
  HOLDS(s->trip_count < 64, e->id);
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

static void check_event(struct seen *s, const struct casefile *c, const struct event *e)
{
  int item = (int)json_int(e->data, "item");
  for (int i = 0; i < KINDS_OF_EVENTS; i++)
    happened[i].n += strcmp(happened[i].type, e->type) == 0;
  if (strcmp(e->type, "special-started") == 0)
    s->approved[item] += (int)json_int(e->data, "days");
  else if (strcmp(e->type, "special-ended") == 0)
    HOLDS(json_int(e->data, "used") >= 0, e->id);
  else if (strcmp(e->type, "decided") == 0) /* §3.6: whoever accepted it, the item's own agency decides */
    HOLDS(strcmp(e->actor.agency, c->items[item].agency) == 0, e->id);
  else if (strcmp(e->type, "issued") == 0)
    on_issue(c, item);
  else if (strcmp(e->type, "present") == 0)
    on_trip(s, e);
  else if (strcmp(e->type, "errand") == 0)
    s->errands++;
}

static void city_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct casefile *c = state;
  HOLDS(c->id >= FIRST && c->id < FIRST + CASES_MAX, c->id);
  struct seen *s = &seen[c->id - FIRST];
  for (size_t i = 0; i < n; i++)
    check_event(s, c, &events[i]);
  s->dump = dump_of(c);
  s->known = true;
  casefile_kind.project(state, events, n, rows);
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
  HOLDS(due.provisional || year <= 2026, c->id);
}

/* §3.3, §3.4, §3.5 */
static void clocks_hold(const struct casefile *c, const struct seen *s)
{
  HOLDS(c->state != CASE_SUBMITTED || desk.now <= day_end(c->notice.day), c->id);
  HOLDS(!c->deemed || c->accepted_day == c->received, c->id);
  is_honest(c, c->notice);
  is_honest(c, c->joint_due);
  for (size_t i = 0; i < c->item_count; i++) {
    const struct case_item *it = &c->items[i];
    HOLDS(it->paused <= s->approved[i] && it->paused >= 0, c->id);
    HOLDS(it->extended <= 15, c->id);
    if (it->clock_from == DAY_NONE)
      continue;
    day cap = calendar_add(&desk.catalog.calendar, c->accepted_day, 45 + it->paused + it->extended).day;
    HOLDS(it->legal.day <= cap && it->promise.day <= it->legal.day, c->id);
    is_honest(c, it->legal);
    is_honest(c, it->promise);
  }
}

/* One visit at a time does a step; nobody decides while a disagreement is open; every moment is counted once. */
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
  casefile_spent(c, desk.now, spent);
  for (int k = 0; k < SPENT_COUNT; k++) {
    HOLDS(spent[k] >= 0, c->id);
    sum += spent[k];
  }
  HOLDS(!c->submitted || sum == (c->closed ? c->closed : (moment)desk.now) - c->submitted, c->id);
  HOLDS(c->submitted || sum == 0, c->id);
}

/* §3.7, §3.11, §3.13 and what the machine promises by itself */
static void the_rest_holds(const struct casefile *c, const struct seen *s)
{
  for (size_t i = 0; i < c->material_count; i++)
    HOLDS(c->materials[i].source == SOURCE_UPLOAD || (!c->materials[i].attached && !*c->materials[i].asked), c->id);
  HOLDS(c->trips_applicant == s->trip_count && c->trips_staff == s->errands, c->id);
  HOLDS(mod3736_check((struct span){c->number, 14}) == c->number[14], c->id);
  bool open = false;
  for (size_t i = 0; i < c->item_count; i++) {
    const struct case_item *it = &c->items[i];
    HOLDS(!*it->number || strlen(it->number) == 43, c->id);
    open |= !item_state_closed(it->state);
    for (size_t k = 0; k < it->need_count; k++) {
      enum item_state needed = c->items[it->needs[k]].state;
      bool ready = needed == ITEM_GRANTED || needed == ITEM_ISSUED || needed == ITEM_DELIVERED;
      HOLDS(ready || it->state < ITEM_OPEN || it->state >= ITEM_GRANTED, c->id);
    }
  }
  HOLDS(c->state < CASE_ACCEPTED || case_state_closed(c->state) == !open || c->state == CASE_TERMINATED, c->id);
}

static struct casefile *check_case(int64_t id)
{
  const struct seen *s = &seen[id - FIRST];
  if (!s->known)
    return NULL;
  struct casefile *c = desk_case(&desk, id);
  struct digest replayed = dump_of(c);
  HOLDS(digest_eq(&replayed, &s->dump), id);
  duties_are_separate(c);
  clocks_hold(c, s);
  the_rest_holds(c, s);
  departments_agree(c);
  return c;
}

/* ---- people ---- */

static const char *const agencies[] = {"market-regulation", "fire-rescue", "urban-management", "housing-construction"};

static struct who person(void)
{
  static const char *const ids[] = {"person:a", "person:b", "person:c", "person:d"};
  return (struct who){ids[roll(4)], "applicant", "", chance(50) ? "web" : "mobile"};
}

/* The same few people work in every role, so that they meet their own earlier work. */
static struct who staff(const char *role)
{
  static const char *const ids[] = {"staff:1", "staff:2", "staff:3",  "staff:4",  "staff:5",  "staff:6",  "staff:7",
                                    "staff:8", "staff:9", "staff:10", "staff:11", "staff:12", "staff:13", "staff:14"};
  bool officer = strcmp(role, "officer") == 0;
  return (struct who){ids[roll(14)], role, officer ? agencies[roll(4)] : "service-centre", chance(80) ? "window" : "web"};
}

static struct who owner(const struct casefile *c)
{
  return (struct who){c->account, "applicant", "", "web"};
}

static struct who filler(const struct casefile *c)
{
  return *c->account && chance(85) ? owner(c) : staff("clerk");
}

static struct who officer_of(const char *agency)
{
  struct who who = staff("officer");
  if (chance(90))
    who.agency = agency;
  return who;
}

/* ---- what they do ---- */

static json_t *file_data(const char *material)
{
  char sha[65];
  (void)snprintf(sha, sizeof sha, "%016llx%016llx%016llx%016llx", (unsigned long long)desk_random(&dice), 1ULL, 2ULL, 3ULL);
  return json_pack("{s:s,s:s,s:s,s:s,s:i}", "material", material, "sha256", sha, "name", "扫描.pdf", "type", "application/pdf",
                   "size", 1 + roll(100000));
}

static const char *field_value(const struct case_field *f)
{
  static const char *const good[] = {"甬上", "88.5", "2026-12-01", "hot", "true"};
  return chance(98) ? good[f->type] : "？";
}

static void fill(const struct casefile *c)
{
  int what = roll(4);
  if (what == 0) {
    json_t *fields = json_object();
    for (size_t i = 0; i < c->field_count; i++)
      (void)json_object_set_new(fields, c->fields[i].field, json_string(field_value(&c->fields[i])));
    (void)desk_do(&desk, c->id, filler(c), "save", json_pack("{s:o}", "fields", fields));
  } else if (what == 1) {
    static const char *const modes[] = {"e-certificate", "courier", "window", "pigeon"};
    (void)desk_do(&desk, c->id, filler(c), "save",
                  json_pack("{s:{s:s,s:s}}", "delivery", "mode", modes[roll(4)], "address", "中山路"));
  } else {
    const struct case_material *m = &c->materials[roll((int)c->material_count)];
    if (m->attached == 0 || chance(10))
      (void)desk_do(&desk, c->id, filler(c), "attach", file_data(m->material));
  }
}

/* The next thing that is missing; deferrable materials by half of the people only. */
static void complete(const struct casefile *c, bool commitment)
{
  struct lack *lacks;
  size_t n = casefile_lacks(c, commitment, &desk.arena, &lacks);
  const char *material = NULL;
  for (size_t i = 0; i < n; i++)
    if (lacks[i].what == LACK_MATERIAL || lacks[i].what == LACK_COMMITMENT)
      material = lacks[i].id;
  for (size_t i = 0; i < c->material_count; i++)
    if (*c->materials[i].asked && !c->materials[i].changed)
      material = c->materials[i].material;
  if (material)
    (void)desk_do(&desk, c->id, filler(c), "attach", file_data(material));
  else if (n)
    fill(c);
  else
    (void)desk_do(&desk, c->id, filler(c), c->state == CASE_DRAFT ? "submit" : "resubmit",
                  json_pack("{s:b}", "commitment", commitment));
}

static void prepare(const struct casefile *c)
{
  if (c->state == CASE_CORRECTION && c->id % 4 == 0 && chance(95))
    return; /* some never answer */
  if (chance(80))
    complete(c, c->id % 2);
  else if (chance(50))
    fill(c);
  else if (chance(5))
    (void)desk_do(&desk, c->id, filler(c), "detach", json_pack("{s:i}", "attachment", 1 + roll(6)));
  else
    (void)desk_do(&desk, c->id, filler(c), c->state == CASE_DRAFT ? "submit" : "resubmit", NULL);
}

static void take_in(const struct casefile *c)
{
  struct who who = staff("clerk");
  int what = roll(10);
  if (what < 5)
    (void)desk_do(&desk, c->id, who, "accept", json_pack("{s:b}", "tolerant", chance(70)));
  else if (what < 8)
    (void)desk_do(&desk, c->id, who, "ask-correction",
                  json_pack("{s:[{s:s,s:s}]}", "missing", "material", c->materials[roll((int)c->material_count)].material,
                            "standard", "清晰、盖章"));
  else if (what < 9)
    (void)desk_do(&desk, c->id, who, "fix", json_pack("{s:s}", "note", "当场更正"));
  else if (chance(30))
    (void)desk_do(&desk, c->id, who, "refuse", json_pack("{s:s,s:s}", "why", "not-required", "reasons", "无需许可"));
}

static void do_steps(const struct casefile *c)
{
  for (size_t s = 0; s < c->step_count; s++)
    if (casefile_step_is_next(c, s) && chance(60)) {
      (void)desk_do(&desk, c->id, officer_of(c->steps[s].agency), "step-done",
                    json_pack("{s:i,s:s,s:s}", "step", (int)s, "result", chance(93) ? "pass" : "fail", "opinion", "意见"));
      return;
    }
}

/* ---- the joint back office ---- */

static json_t *some_date(void)
{
  char text[DAY_TEXT];
  day_format(day_of(desk.now) + 1 + roll(4), text);
  return json_pack("{s:s,s:s}", "day", text, "half", chance(50) ? "morning" : "afternoon");
}

static void call_together(const struct casefile *c)
{
  int step = roll((int)c->step_count);
  for (int tries = 0; tries < 20 && c->steps[step].visit < 0; tries++)
    step = roll((int)c->step_count);
  json_t *data = json_pack("{s:s,s:i,s:s,s:[s,s],s:[o,o]}", "kind", chance(85) ? "visit" : "meeting", "step", step, "topic", "会商",
                           "agencies", agencies[roll(4)], agencies[roll(4)], "dates", some_date(), some_date());
  (void)desk_do(&desk, c->id, officer_of(chance(50) ? c->lead : c->steps[step].agency), "offer-dates", data);
}

/* The next thing of a visit or meeting, by whoever has to do it. */
static void attend(const struct casefile *c, const struct gathering *g)
{
  struct who who = officer_of(g->who[roll((int)g->who_count)].agency);
  json_t *data = json_pack("{s:i,s:s,s:s,s:s,s:s}", "gathering", g->number, "findings", "现场", "result",
                           chance(85) ? "pass" : "fail", "reason", "缺席", "resolution", "同意");
  const char *type = "minutes";
  if (chance(4)) {
    type = "call-off";
    who = officer_of(g->agency);
  } else if (g->state == GATHERING_OFFERED) {
    type = "say-dates";
    (void)json_object_set_new(data, "dates", chance(85) ? json_pack("[i,i]", 0, 1) : json_pack("[]"));
  } else if (g->state == GATHERING_OPEN) {
    type = "choose-date";
    who = g->visit ? filler(c) : officer_of(g->agency);
    (void)json_object_set_new(data, "date", json_integer(roll(2)));
  } else if (g->state == GATHERING_CLASH) {
    type = "call-off";
    who = officer_of(g->agency);
  } else if (chance(15)) {
    type = "close-gathering";
    if (chance(50))
      (void)json_object_set_new(data, "dates", json_pack("[o]", some_date()));
  }
  (void)desk_do(&desk, c->id, who, type, data);
}

static void gather(const struct casefile *c)
{
  for (size_t i = 0; i < c->joint_work.gathering_count; i++)
    if (gathering_running(&c->joint_work.gatherings[i]) && chance(80)) {
      attend(c, &c->joint_work.gatherings[i]);
      return;
    }
  call_together(c);
}

static void write_to_each_other(const struct casefile *c)
{
  const struct joint *j = &c->joint_work;
  json_t *data = json_pack("{s:s,s:b,s:b}", "text", "请提供意见", "shared", chance(20), "resolution", chance(20));
  const struct message *last = j->message_count ? &j->messages[j->message_count - 1] : NULL;
  if (last && last->due != DAY_NONE && !last->answered)
    (void)json_object_set_new(data, "answers", json_integer(last->number));
  else if (chance(60))
    (void)json_object_update_new(data, json_pack("{s:s,s:i}", "to", agencies[roll(4)], "days", 1 + roll(3)));
  (void)desk_do(&desk, c->id, last && *last->to ? officer_of(last->to) : officer_of(agencies[roll(4)]), "message", data);
}

static void coordinate(const struct casefile *c, int i)
{
  const struct joint *j = &c->joint_work;
  int step = roll((int)c->step_count);
  struct who own = officer_of(c->items[i].agency);
  json_t *data = json_pack("{s:i,s:i,s:i,s:i,s:s,s:s,s:s,s:s,s:s}", "item", i, "step", step, "takes", 1 + roll(4), "days",
                           1 + roll(3), "agency", chance(70) ? "ecology-environment" : agencies[roll(4)], "reason", "需要",
                           "reasons", "理由", "instance", "协调员", "ruling", "照办");
  switch (roll(8)) {
  case 0:
    if (*desk_do(&desk, c->id, own, "add-department", data) == '\0' && chance(40)) /* a slip, mended at once */
      (void)desk_do(&desk, c->id, own, "remove-department", json_pack("{s:i,s:s}", "step", (int)c->step_count, "reason", "误加"));
    return;
  case 1:
    (void)json_object_set_new(data, "step", json_integer((json_int_t)c->step_count - 1)); /* who joined last */
    (void)desk_do(&desk, c->id, officer_of(c->items[c->steps[c->step_count - 1].item].agency), "remove-department", data);
    return;
  case 2:
    (void)desk_do(&desk, c->id, officer_of(c->items[c->steps[step].item].agency), "return-step", data);
    return;
  case 3:
    (void)desk_do(&desk, c->id, own, "reopen", data);
    return;
  case 4:
    (void)json_object_set_new(data, "dispute", json_integer((json_int_t)j->dispute_count));
    (void)desk_do(&desk, c->id, j->dispute_count && chance(85) ? staff("supervisor") : own,
                  j->dispute_count && !j->disputes[j->dispute_count - 1].ruled ? "rule" : "escalate", data);
    return;
  case 5:
  case 6:
    for (size_t m = 0; m < c->material_count; m++)
      if (c->materials[m].until.day != DAY_NONE && chance(80)) {
        own = officer_of(c->items[c->materials[m].items[0]].agency);
        (void)json_object_set_new(data, "material", json_string(c->materials[m].material));
      }
    (void)json_object_set_new(data, "standard", json_string("清晰"));
    (void)desk_do(&desk, c->id, own, "deferred-unfit", data);
    return;
  default:
    (void)json_object_del(data, "item");
    (void)desk_do(&desk, c->id, officer_of(c->steps[step].agency), "take-up", data);
  }
}

/* Most people remember what they promised to bring, late. */
static void bring_deferred(const struct casefile *c)
{
  for (size_t i = 0; i < c->material_count; i++)
    if (c->materials[i].deferred.day != DAY_NONE && chance(50))
      (void)desk_do(&desk, c->id, filler(c), "attach", file_data(c->materials[i].material));
}

static void do_item(const struct casefile *c, int i)
{
  const struct case_item *it = &c->items[i];
  if ((it->state == ITEM_GRANTED || it->state == ITEM_REFUSED) && chance(7))
    (void)desk_do(&desk, c->id, officer_of(it->agency), "reopen", json_pack("{s:i,s:s}", "item", i, "reasons", "有误"));
  else if (casefile_item_decidable(c, (size_t)i))
    (void)desk_do(&desk, c->id, officer_of(it->agency), "decide",
                  json_pack("{s:i,s:b,s:s,s:s,s:b}", "item", i, "granted", chance(88), "reasons", "理由", "remedy", "复议",
                            "tolerant", chance(70)));
  else if (it->state == ITEM_GRANTED_TOLERANT && chance(60))
    bring_deferred(c);
  else if (it->state == ITEM_SPECIAL)
    (void)desk_do(&desk, c->id, officer_of(it->agency), "special-end", json_pack("{s:i}", "item", i));
  else if (it->state == ITEM_GRANTED || it->state == ITEM_GRANTED_TOLERANT)
    (void)desk_do(&desk, c->id, staff("issuer"), "issue", json_pack("{s:i}", "item", i));
  else if (it->state == ITEM_ISSUED)
    (void)desk_do(&desk, c->id, staff("issuer"), "deliver",
                  json_pack("{s:i,s:s,s:s}", "item", i, "mode", chance(60) ? "courier" : "window", "tracking", "SF1"));
}

static void interrupt(const struct casefile *c, int i)
{
  const struct case_item *it = &c->items[i];
  switch (roll(6)) {
  case 0:
  case 1:
    (void)desk_do(&desk, c->id, officer_of(it->agency), "special-start",
                  json_pack("{s:i,s:s,s:i,s:s}", "item", i, "type", "expert-review", "days", roll(12), "reason", "评审"));
    return;
  case 2:
    (void)desk_do(&desk, c->id, officer_of(it->agency), "extend",
                  json_pack("{s:i,s:i,s:s,s:s}", "item", i, "days", roll(18), "reason", "复杂", "approved_by", "局长"));
    return;
  case 3:
    if (chance(15))
      (void)desk_do(&desk, c->id, filler(c), "withdraw", json_pack("{s:s}", "reason", "不办了"));
    return;
  case 4:
    if (it->state >= ITEM_GRANTED && chance(60))
      (void)desk_do(&desk, c->id, staff("supervisor"), "revoke",
                    json_pack("{s:i,s:s,s:s}", "item", i, "reasons", "骗取", "basis", "第六十九条"));
    return;
  default:
    (void)desk_do(&desk, c->id, staff("clerk"), chance(50) ? "presence" : "errand",
                  json_pack("{s:s}", "why", chance(80) ? "examination" : "代办"));
  }
}

static void work_on(const struct casefile *c)
{
  int i = roll((int)c->item_count), what = roll(100);
  if (what < 1)
    bring_deferred(c);
  else if (what < 34)
    do_steps(c);
  else if (what < 46)
    gather(c);
  else if (what < 78)
    do_item(c, i);
  else if (what < 80)
    write_to_each_other(c);
  else if (what < 87)
    coordinate(c, i);
  else if (what < 94)
    interrupt(c, i);
  else
    fill(c);
}

/* Anything by anybody. */
static void disturb(const struct casefile *c)
{
  static const char *const roles[] = {"clerk", "officer", "issuer", "supervisor", "applicant", "system", "emperor"};
  size_t n = 0;
  while (casework_commands[n].name)
    n++;
  struct who who = chance(30) ? person() : staff(roles[roll(7)]);
  json_t *data = json_pack("{s:i,s:i,s:s,s:s,s:b,s:i,s:s}", "item", roll(7) - 1, "step", roll(12) - 1, "result", "pass", "reasons",
                           "x", "granted", chance(50), "days", roll(30), "opinion", "y");
  const char *type = casework_commands[roll((int)n)].name;
  if (strcmp(type, "draft") != 0)
    (void)desk_do(&desk, c->id, who, type, data);
  else
    json_decref(data);
}

static void begin(void)
{
  if (cases == CASES_MAX)
    return;
  struct who who = chance(75) ? person() : staff("clerk");
  (void)desk_do(&desk, FIRST + cases, who, "draft", desk_draft(&desk));
  if (seen[cases].known)
    cases++;
}

static void check_refusal(int64_t id)
{
  if (!desk.error.name)
    return;
  if (desk.error.code == ERROR_INTERNAL || !text_utf8(span_of(desk.error.zh)))
    die(desk.error.en, id);
  HOLDS(*desk.error.zh && *desk.error.en && strcmp(desk.error.zh, desk.error.en) != 0, id);
}

static void act(void)
{
  if (cases == 0 || roll(1000) < 14) {
    begin();
    desk_wake(&desk);
    return;
  }
  int64_t id = FIRST + (chance(85) && cases > 10 ? cases - 10 + roll(10) : roll(cases));
  struct casefile *c = check_case(id);
  memset(&desk.error, 0, sizeof desk.error);
  if (chance(12))
    disturb(c);
  else if (c->state == CASE_DRAFT || c->state == CASE_CORRECTION)
    prepare(c);
  else if (c->state == CASE_SUBMITTED)
    take_in(c);
  else
    work_on(c);
  check_refusal(id);
  desk_wake(&desk); /* an item that becomes workable after its cap is late at once: that has to happen now, not some time */
  (void)check_case(id);
  arena_release(&desk.arena);
}

static int digest_event(void *context, const struct event *e, struct error *error)
{
  struct digest *sum = context;
  char numbers[64];
  (void)error;
  (void)snprintf(numbers, sizeof numbers, "%lld %lld %lld", (long long)e->seq, (long long)e->id, (long long)e->at);
  const struct span parts[] = {
      {(const char *)sum->b, sizeof sum->b}, span_of(numbers), span_of(e->type), span_of(e->actor.id), e->body};
  *sum = sha256_parts(parts, sizeof parts / sizeof *parts);
  return 0;
}

/* ---- what a stranger sees of it: the log ---- */

static void complain(void *context, const struct anomaly *finding)
{
  (void)context;
  (void)fprintf(stderr, "monitor: %s at %lld: %s\n", finding->word, (long long)finding->index, finding->en);
}

/* The city's log, sealed at last, gives a monitor nothing to say. */
static void log_is_clean(void)
{
  static const struct sql entries = {"SELECT entry FROM leaves ORDER BY seq"};
  struct arena arena = {0};
  struct engine_checkpoint sealed;
  struct monitor *monitor;
  struct monitor_counts counts;
  struct rows rows;
  desk_restart(&desk, 20, NULL);
  if (engine_seal(desk.engine, &desk.error) || engine_last_checkpoint(desk.db, &arena, &sealed, &desk.error))
    die(desk.error.en, 0);
  const struct monitor_options options = {.vkey = arena_dup(&arena, sealed.vkey), .sink = complain};
  if (monitor_open(&options, (struct span){0}, &monitor, &desk.error) || db_query(desk.db, &entries, NULL, 0, &rows, &desk.error))
    die(desk.error.en, 0);
  while (rows_next(&rows))
    monitor_leaf(monitor, rows_span(&rows, 0));
  if (rows_close(&rows, &desk.error))
    die(desk.error.en, 0);
  monitor_checkpoint(monitor, sealed.note, 0);
  monitor_counts(monitor, &counts);
  (void)printf("the log: %lld leaves of %lld cases, %lld findings\n", (long long)counts.leaves, (long long)counts.cases,
               (long long)counts.findings);
  if (counts.findings || counts.leaves != sealed.size || counts.leaves == 0)
    die("the monitor finds the city's log wanting", 0);
  monitor_close(monitor);
  arena_release(&arena);
}

/* One city; its history's digest, and how it went on stdout. */
static struct digest live(uint64_t seed, int commands, bool tell)
{
  struct kind kind = casefile_kind;
  struct digest sum = {{0}};
  struct engine_stats stats;
  const char *never = NULL;
  static struct arena kept;
  kind.project = city_project;
  memset(seen, 0, sizeof seen);
  dice = seed;
  cases = 0;
  desk_open(&desk, ON_SQLITE, &kind, seed);
  desk.now = day_start(day_make(2026, 8, 10)) + 9 * HOUR_MS; /* the year ends, and limits reach into one not announced */
  kept = desk.arena;                                         /* the calendar lives in it: act() frees what it read, not this */
  memset(&desk.arena, 0, sizeof desk.arena);
  for (int n = 0; n < commands; n++) {
    if (chance(3)) {
      desk.now += (1 + roll(30)) * HOUR_MS;
      desk_wake(&desk);
    }
    act();
  }
  for (int i = 0; i < cases; i++)
    (void)check_case(FIRST + i);
  const struct kind *kinds[] = {&kind, NULL};
  if (engine_scan(desk.db, kinds, 0, digest_event, &sum, &desk.error))
    die(desk.error.en, 0);
  engine_stats(desk.engine, &stats);
  if (tell)
    (void)printf("seed %llu: %d cases, %lld events, %lld commands refused\n", (unsigned long long)seed, cases,
                 (long long)stats.events, (long long)stats.refused);
  for (int i = 0; tell && i < KINDS_OF_EVENTS; i++) {
    (void)printf("%s%s %d", i ? ", " : "", happened[i].type, happened[i].n);
    never = commands >= 10000 && happened[i].n == 0 ? happened[i].type : never;
  }
  if (tell)
    (void)printf("\n");
  if (never)
    (void)fprintf(stderr, "city: nobody saw «%s»\n", never);
  if (never || stats.refused == 0 || stats.events < commands / 4)
    die("the city is not alive", 0);
  if (tell)
    log_is_clean();
  arena_release(&kept);
  desk_close(&desk);
  return sum;
}

int main(int argc, char **argv)
{
  int64_t seed = 1, commands = 10000;
  for (int i = 1; i + 1 < argc; i += 2) {
    int64_t *value = strcmp(argv[i], "--seed") == 0 ? &seed : strcmp(argv[i], "--commands") == 0 ? &commands : NULL;
    if (!value || !span_int(span_of(argv[i + 1]), value)) {
      (void)fprintf(stderr, "usage: city [--seed N] [--commands N]\n");
      return 2;
    }
  }
  struct digest first = live((uint64_t)seed, (int)commands, true);
  struct digest again = live((uint64_t)seed, (int)commands, false);
  char hex[2 * DIGEST_BYTES + 1];
  hex_encode(first.b, DIGEST_BYTES, hex);
  (void)printf("history %s\n", hex);
  if (!digest_eq(&first, &again))
    die("the same seed gave another history", 0);
  return 0;
}
