/* People who do random things, sensible and not, at random times, in matters of the whole catalogue. */
#include "city.h"

#include <stdio.h>
#include <string.h>

#include "plan/blueprint.h"
#include "proof/sample.h"

static int roll(int n)
{
  return (int)(dice(&city->luck) % (uint64_t)n);
}

static bool chance(int percent)
{
  return roll(100) < percent;
}

struct who {
  const char *id, *role, *agency, *channel;
};

static json_t *who_json(struct who who)
{
  return json_pack("[s,s,s,s]", who.id, who.role, who.agency, who.channel);
}

/* Now and then somebody acts on what he read a while ago. */
static void act(int64_t id, struct who who, const char *type, json_t *data)
{
  json_t *step = json_pack("{s:I,s:o,s:s}", "id", (json_int_t)id, "who", who_json(who), "do", type);
  if (data)
    (void)json_object_set_new(step, "data", data);
  if (chance(25))
    (void)json_object_set_new(step, "behind", json_integer(chance(30) ? 1 + roll(3) : 0));
  life_do(step);
}

static struct who person(void)
{
  return (struct who){city_people[roll(PEOPLE)], "applicant", "", chance(50) ? "web" : "mobile"};
}

static const char *some_agency(void)
{
  return city_catalog->agencies[roll((int)city_catalog->agency_count)].id;
}

/* The same few people work in every role, so that they meet their own earlier work. */
static struct who staff(const char *role)
{
  static const char *const ids[] = {"staff:1", "staff:2", "staff:3",  "staff:4",  "staff:5",  "staff:6",  "staff:7",
                                    "staff:8", "staff:9", "staff:10", "staff:11", "staff:12", "staff:13", "staff:14"};
  bool officer = strcmp(role, "officer") == 0;
  return (struct who){ids[roll(14)], role, officer ? some_agency() : "service-centre", chance(80) ? "window" : "web"};
}

static struct who filler(const struct casefile *c)
{
  return *c->account && chance(85) ? (struct who){c->account, "applicant", "", "web"} : staff("clerk");
}

static struct who officer_of(const char *agency)
{
  struct who who = staff("officer");
  if (chance(90))
    who.agency = agency;
  return who;
}

/* ---- a new matter ---- */

static const struct thing *some_thing(void)
{
  return &city_catalog->things[roll((int)city_catalog->thing_count)];
}

/* What is asked for, in few words: the plan is compiled from it when the step is done. */
static json_t *wish(const struct thing *thing)
{
  struct arena *arena = life_arena();
  struct blueprint *blueprint = blueprint_make(arena, thing);
  struct answers answers = sample_answers(arena, blueprint, candidates_make(arena, blueprint), &city->luck);
  json_t *said = json_object();
  for (size_t i = 0; i < answers.n; i++)
    (void)json_object_set_new(said, answers.list[i].question, json_string(answers.list[i].text));
  bool zone = city_catalog->zone_count && chance(15);
  return json_pack("{s:s,s:s,s:o}", "thing", thing->id, "zone",
                   zone ? city_catalog->zones[roll((int)city_catalog->zone_count)].id : "", "answers", said);
}

json_t *people_draft(const json_t *wish)
{
  struct arena *arena = life_arena();
  const struct thing *thing = catalog_thing(city_catalog, span_of(json_str(wish, "thing")));
  json_t *said = json_object_get(wish, "answers"), *value, *plan_json_value = NULL;
  struct raw_answer raw[64];
  size_t n = 0;
  const char *question;
  struct answers answers;
  struct plan *plan;
  struct error error = {0};
  struct buf buf;
  json_object_foreach(said, question, value) if (n < 64) raw[n++] =
      (struct raw_answer){span_of(question), span_of(json_string_value(value))};
  if (!thing || answers_read(arena, thing, raw, n, &answers, &error) ||
      plan_compile(arena, city_catalog, thing, &answers, catalog_zone(city_catalog, span_of(json_str(wish, "zone"))),
                   day_of(city->now), &plan, &error))
    city_broken(0, "a wish of the catalogue has no plan: %s %s", json_str(wish, "thing"), error.en);
  buf_init(&buf, 4 << 20);
  struct json_writer w = json_to(&buf);
  plan_json(plan, &w, NULL);
  if (json_read(buf_view(&buf), "plan", &plan_json_value, &error))
    city_broken(0, "a plan cannot be read back: %s", error.en);
  buf_release(&buf);
  return plan_json_value;
}

static void begin(void)
{
  if (city->cases >= CASES_MAX - PEOPLE - 1)
    return;
  const struct thing *thing = some_thing();
  struct who who = chance(75) ? person() : staff("clerk");
  json_t *data = json_pack("{s:s,s:s,s:{s:s,s:s,s:s}}", "thing", thing->id, "district", "330203", "applicant", "name", "李𠀀",
                           "phone", "13800000000", "id_number", "11010519491231002X");
  life_do(json_pack("{s:I,s:o,s:s,s:o,s:o}", "id", (json_int_t)FIRST + city->cases, "who", who_json(who), "do", "draft", "wish",
                    wish(thing), "data", data));
}

/* ---- what they do ---- */

static json_t *file_data(const char *material)
{
  char sha[65];
  (void)snprintf(sha, sizeof sha, "%016llx%016llx%016llx%016llx", (unsigned long long)dice(&city->luck), 1ULL, 2ULL, 3ULL);
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
    act(c->id, filler(c), "save", json_pack("{s:o}", "fields", fields));
  } else if (what == 1) {
    static const char *const modes[] = {"e-certificate", "courier", "window", "pigeon"};
    act(c->id, filler(c), "save", json_pack("{s:{s:s,s:s}}", "delivery", "mode", modes[roll(4)], "address", "中山路"));
  } else if (c->material_count) {
    const struct case_material *m = &c->materials[roll((int)c->material_count)];
    if (m->attached == 0 || chance(10))
      act(c->id, filler(c), "attach", file_data(m->material));
  }
}

/* The next thing that is missing; deferrable materials by half of the people only. */
static void complete(const struct casefile *c, bool commitment)
{
  struct lack *lacks;
  size_t n = casefile_lacks(c, commitment, life_arena(), &lacks);
  const char *material = NULL;
  for (size_t i = 0; i < n; i++)
    if (lacks[i].what == LACK_MATERIAL || lacks[i].what == LACK_COMMITMENT)
      material = lacks[i].id;
  for (size_t i = 0; i < c->material_count; i++)
    if (*c->materials[i].asked && !c->materials[i].changed)
      material = c->materials[i].material;
  if (material)
    act(c->id, filler(c), "attach", file_data(material));
  else if (n)
    fill(c);
  else
    act(c->id, filler(c), c->state == CASE_DRAFT ? "submit" : "resubmit", json_pack("{s:b}", "commitment", commitment));
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
    act(c->id, filler(c), "detach", json_pack("{s:i}", "attachment", 1 + roll(6)));
  else
    act(c->id, filler(c), c->state == CASE_DRAFT ? "submit" : "resubmit", NULL);
}

static void take_in(const struct casefile *c)
{
  struct who who = staff("clerk");
  int what = roll(10);
  if (what < 5)
    act(c->id, who, "accept", json_pack("{s:b}", "tolerant", chance(70)));
  else if (what < 8 && c->material_count)
    act(c->id, who, "ask-correction",
        json_pack("{s:[{s:s,s:s}]}", "missing", "material", c->materials[roll((int)c->material_count)].material, "standard",
                  "清晰、盖章"));
  else if (what < 9)
    act(c->id, who, "fix", json_pack("{s:s}", "note", "当场更正"));
  else if (chance(30))
    act(c->id, who, "refuse", json_pack("{s:s,s:s}", "why", "not-required", "reasons", "无需许可"));
}

static void do_steps(const struct casefile *c)
{
  for (size_t s = 0; s < c->step_count; s++)
    if (casefile_step_is_next(c, s) && chance(60)) {
      act(c->id, officer_of(c->steps[s].agency), "step-done",
          json_pack("{s:i,s:s,s:s}", "step", (int)s, "result", chance(93) ? "pass" : "fail", "opinion", "意见"));
      return;
    }
}

/* ---- the joint back office ---- */

/* A department of the case, as a rule. */
static const char *department_of(const struct casefile *c)
{
  return chance(10)   ? some_agency()
         : chance(40) ? c->items[roll((int)c->item_count)].agency
                      : c->steps[roll((int)c->step_count)].agency;
}

static json_t *some_date(void)
{
  char text[DAY_TEXT];
  day_format(day_of(city->now) + 1 + roll(4), text);
  return json_pack("{s:s,s:s}", "day", text, "half", chance(50) ? "morning" : "afternoon");
}

static void call_together(const struct casefile *c)
{
  int step = roll((int)c->step_count);
  for (int tries = 0; tries < 20 && c->steps[step].visit < 0; tries++)
    step = roll((int)c->step_count);
  json_t *data = json_pack("{s:s,s:i,s:s,s:[s,s],s:[o,o]}", "kind", chance(85) ? "visit" : "meeting", "step", step, "topic", "会商",
                           "agencies", department_of(c), department_of(c), "dates", some_date(), some_date());
  act(c->id, officer_of(chance(50) ? c->lead : c->steps[step].agency), "offer-dates", data);
}

static json_t *photographs(void)
{
  char sha[65];
  if (chance(60))
    return json_array();
  (void)snprintf(sha, sizeof sha, "%016llx%016llx%016llx%016llx", (unsigned long long)dice(&city->luck), 4ULL, 5ULL, 6ULL);
  return json_pack("[{s:s,s:s,s:s,s:i}]", "sha256", sha, "name", "现场.jpg", "type", "image/jpeg", "size", 1 + roll(100000));
}

/* The next thing of a visit or meeting, by whoever has to do it. */
static void attend(const struct casefile *c, const struct gathering *g)
{
  struct who who = officer_of(g->who[roll((int)g->who_count)].agency);
  json_t *data = json_pack("{s:i,s:s,s:s,s:s,s:s}", "gathering", g->number, "findings", "现场", "result",
                           chance(85) ? "pass" : "fail", "reason", "缺席", "resolution", "同意");
  const char *type = "minutes";
  if (chance(4) || g->state == GATHERING_CLASH) {
    type = "call-off";
    who = officer_of(g->agency);
  } else if (g->state == GATHERING_OFFERED) {
    type = "say-dates";
    (void)json_object_set_new(data, "dates", chance(85) ? json_pack("[i,i]", 0, 1) : json_array());
  } else if (g->state == GATHERING_OPEN) {
    type = "choose-date";
    who = g->visit ? filler(c) : officer_of(g->agency);
    (void)json_object_set_new(data, "date", json_integer(roll(2)));
  } else if (chance(15)) {
    type = "close-gathering";
    if (chance(50))
      (void)json_object_set_new(data, "dates", json_pack("[o]", some_date()));
  } else {
    (void)json_object_set_new(data, "photos", photographs());
  }
  act(c->id, who, type, data);
}

/* false: none is under way, or nobody thinks of it. */
static bool attend_any(const struct casefile *c, int percent)
{
  for (size_t i = 0; i < c->joint_work.gathering_count; i++)
    if (gathering_running(&c->joint_work.gatherings[i]) && chance(percent)) {
      attend(c, &c->joint_work.gatherings[i]);
      return true;
    }
  return false;
}

static void write_to_each_other(const struct casefile *c)
{
  const struct joint *j = &c->joint_work;
  const struct message *last = j->message_count ? &j->messages[j->message_count - 1] : NULL;
  const char *from = last && *last->to ? last->to : department_of(c);
  json_t *data = json_pack("{s:s,s:b,s:b}", "text", "请提供意见", "shared", chance(20), "resolution", chance(20));
  if (last && last->due != DAY_NONE && !last->answered)
    (void)json_object_set_new(data, "answers", json_integer(last->number));
  else if (chance(60))
    (void)json_object_update_new(data, json_pack("{s:s,s:i}", "to", department_of(c), "days", 1 + roll(3)));
  act(c->id, officer_of(from), "message", data);
}

/* The next one from there that is under review, where there is one. */
static int item_in_review(const struct casefile *c, int i)
{
  for (size_t k = 0; k < c->item_count && c->items[i].state != ITEM_OPEN && c->items[i].state != ITEM_REVIEW; k++)
    i = (i + 1) % (int)c->item_count;
  return i;
}

static void add_department(const struct casefile *c, int i)
{
  int before = city->seen[c->id - FIRST].version, step = (int)c->step_count;
  struct who own = officer_of(c->items[i].agency);
  json_t *slip = json_pack("{s:i,s:s}", "step", step, "reason", "误加");
  act(c->id, own, "add-department",
      json_pack("{s:i,s:i,s:s,s:s}", "item", i, "takes", 1 + roll(4), "agency", some_agency(), "reason", "需要"));
  if (chance(40) && city->seen[c->id - FIRST].version > before) /* a slip, mended at once */
    act(c->id, own, "remove-department", slip);
  else
    json_decref(slip);
}

static void disagree(const struct casefile *c, int i)
{
  act(c->id, officer_of(c->items[i].agency), "escalate",
      json_pack("{s:i,s:s,s:i,s:s}", "item", i, "reason", "意见不一", "days", 1 + roll(3), "instance", "协调员"));
}

/* false: nothing is to be ruled on, or nobody thinks of it. */
static bool rule_any(const struct casefile *c, int percent)
{
  const struct joint *j = &c->joint_work;
  for (size_t k = 0; k < j->dispute_count; k++)
    if (!j->disputes[k].ruled && chance(percent)) {
      act(c->id, chance(85) ? staff("supervisor") : officer_of(c->lead), "rule",
          json_pack("{s:i,s:s,s:s}", "dispute", j->disputes[k].number, "ruling", "照办", "reasons", "理由"));
      return true;
    }
  return false;
}

/* What came later does not do. */
static void send_back(const struct casefile *c)
{
  for (size_t m = 0; m < c->material_count; m++)
    if (c->materials[m].until.day != DAY_NONE && chance(80)) {
      act(c->id, officer_of(c->items[c->materials[m].items[0]].agency), "deferred-unfit",
          json_pack("{s:s,s:s}", "material", c->materials[m].material, "standard", "清晰"));
      return;
    }
}

static void take_up(const struct casefile *c, int i, int step)
{
  if (casefile_item_decidable(c, (size_t)i))
    act(c->id, officer_of(c->items[i].agency), "take-up", json_pack("{s:i}", "item", i));
  for (int k = 0; k < (int)c->step_count && !casefile_step_is_next(c, (size_t)step); k++)
    step = (step + 1) % (int)c->step_count;
  act(c->id, officer_of(c->steps[step].agency), "take-up", json_pack("{s:i}", "step", step));
}

static void coordinate(const struct casefile *c, int i)
{
  int step = roll((int)c->step_count), last = (int)c->step_count - 1;
  i = item_in_review(c, i);
  switch (roll(9)) {
  case 0:
  case 8:
    add_department(c, i);
    return;
  case 1: /* who joined last leaves again */
    act(c->id, officer_of(c->items[c->steps[last].item].agency), "remove-department",
        json_pack("{s:i,s:s}", "step", last, "reason", "不需要"));
    return;
  case 2:
    for (int k = 0; k < last && !c->steps[step].done; k++)
      step = (step + 1) % (last + 1);
    act(c->id, officer_of(c->items[c->steps[step].item].agency), "return-step",
        json_pack("{s:i,s:s}", "step", step, "reason", "重新审查"));
    return;
  case 3:
    (void)rule_any(c, 100);
    return;
  case 4:
    disagree(c, i);
    return;
  case 5:
  case 6:
    send_back(c);
    return;
  default:
    take_up(c, i, step);
  }
}

/* Most people remember what they promised to bring, late. */
static void bring_deferred(const struct casefile *c)
{
  for (size_t i = 0; i < c->material_count; i++)
    if (c->materials[i].deferred.day != DAY_NONE && chance(50))
      act(c->id, filler(c), "attach", file_data(c->materials[i].material));
}

static void do_item(const struct casefile *c, int i)
{
  const struct case_item *it = &c->items[i];
  if ((it->state == ITEM_GRANTED || it->state == ITEM_REFUSED) && chance(7))
    act(c->id, officer_of(it->agency), "reopen", json_pack("{s:i,s:s}", "item", i, "reasons", "有误"));
  else if (casefile_item_decidable(c, (size_t)i))
    act(c->id, officer_of(it->agency), "decide",
        json_pack("{s:i,s:b,s:s,s:s,s:b}", "item", i, "granted", chance(88), "reasons", "理由", "remedy", "复议", "tolerant",
                  chance(70)));
  else if (it->state == ITEM_GRANTED_TOLERANT && chance(60))
    bring_deferred(c);
  else if (it->state == ITEM_SPECIAL)
    act(c->id, officer_of(it->agency), "special-end", json_pack("{s:i}", "item", i));
  else if (it->state == ITEM_GRANTED || it->state == ITEM_GRANTED_TOLERANT)
    act(c->id, staff("issuer"), "issue", json_pack("{s:i}", "item", i));
  else if (it->state == ITEM_ISSUED)
    act(c->id, staff("issuer"), "deliver",
        json_pack("{s:i,s:s,s:s}", "item", i, "mode", chance(60) ? "courier" : "window", "tracking", "SF1"));
}

static void interrupt(const struct casefile *c, int i)
{
  const struct case_item *it = &c->items[i];
  switch (roll(6)) {
  case 0:
  case 1:
    act(c->id, officer_of(it->agency), "special-start",
        json_pack("{s:i,s:s,s:i,s:s}", "item", i, "type", "expert-review", "days", roll(12), "reason", "评审"));
    return;
  case 2:
    act(c->id, officer_of(it->agency), "extend",
        json_pack("{s:i,s:i,s:s,s:s}", "item", i, "days", roll(18), "reason", "复杂", "approved_by", "局长"));
    return;
  case 3:
    if (chance(15))
      act(c->id, filler(c), "withdraw", json_pack("{s:s}", "reason", "不办了"));
    return;
  case 4:
    if (it->state >= ITEM_GRANTED && chance(60))
      act(c->id, staff("supervisor"), "revoke", json_pack("{s:i,s:s,s:s}", "item", i, "reasons", "骗取", "basis", "第六十九条"));
    return;
  default:
    act(c->id, staff("clerk"), chance(50) ? "presence" : "errand", json_pack("{s:s}", "why", chance(80) ? "examination" : "代办"));
  }
}

/* What has ended is erased now and then, once it is sealed. */
static void erase(const struct casefile *c)
{
  if (chance(70))
    life_do(json_pack("{s:b}", "seal", 1));
  act(c->id, staff("records"), "erase", json_pack("{s:s}", "ground", chance(80) ? "unlawful" : "period-over"));
}

static void work_on(const struct casefile *c)
{
  int what = roll(100);
  if (case_state_closed(c->state) && chance(6)) {
    erase(c);
    return;
  }
  if (c->item_count == 0 || c->erased)
    return;
  int i = roll((int)c->item_count);
  if (attend_any(c, 30) || rule_any(c, 15))
    return;
  if (c->tolerant && c->state == CASE_ACCEPTED && chance(35)) { /* who has a material to come is not kept waiting for it */
    do_steps(c);
    return;
  }
  for (size_t k = 0; k < c->item_count && c->tolerant; k++) /* before the materials are due */
    if ((casefile_item_decidable(c, k) || c->items[k].state == ITEM_GRANTED_TOLERANT) && chance(20)) {
      do_item(c, (int)k);
      return;
    }
  if (what < 3)
    bring_deferred(c);
  else if (what < 36)
    do_steps(c);
  else if (what < 43)
    call_together(c);
  else if (what < 78)
    do_item(c, i);
  else if (what < 80)
    write_to_each_other(c);
  else if (what < 87)
    coordinate(c, i);
  else if (what < 94)
    interrupt(c, i);
  else if (what < 96 && !case_state_closed(c->state))
    act(c->id, staff("supervisor"), "recalculate", NULL);
  else
    fill(c);
}

/* Anything by anybody. */
static void disturb(const struct casefile *c)
{
  static const char *const roles[] = {"clerk", "officer", "issuer", "supervisor", "applicant", "system", "records", "emperor"};
  size_t n = 1;
  while (casework_commands[n].name)
    n++;
  const char *type = casework_commands[roll((int)n)].name;
  struct who who = chance(30) ? person() : staff(roles[roll(8)]);
  if (strcmp(type, "draft") != 0)
    act(c->id, who, type,
        json_pack("{s:i,s:i,s:s,s:s,s:b,s:i,s:s}", "item", roll(7) - 1, "step", roll(12) - 1, "result", "pass", "reasons", "x",
                  "granted", chance(50), "days", roll(30), "opinion", "y"));
}

/* ---- what happens to the city ---- */

static void pass_time(void)
{
  int64_t hours = 1 + roll(30);
  if (chance(2))
    life_do(json_pack("{s:I}", "clock", (json_int_t)(-roll(90) * MINUTE_MS))); /* somebody sets the clock */
  else
    life_do(json_pack("{s:I}", "clock", (json_int_t)(chance(2) ? hours * 24 * HOUR_MS : hours * HOUR_MS)));
}

static void break_something(void)
{
  int what = roll(10);
  enum disk_fault fault = what < 4   ? DISK_POWER
                          : what < 5 ? DISK_KILL
                                     : (enum disk_fault)(DISK_SYNC + roll(DISK_MEMORY - DISK_SYNC + 1));
  if (city->only)
    fault = city->only;
  else if (city->exact && (fault == DISK_READ || fault == DISK_MEMORY)) /* the threads share these out as it comes */
    fault = DISK_POWER;
  int at = fault == DISK_MEMORY ? 1 + roll(3000) : 1 + roll(chance(80) ? 40 : 400);
  life_do(json_pack("{s:s,s:i,s:I}", "fault", disk_fault_word(fault), "at", at, "seed", (json_int_t)(dice(&city->luck) >> 8)));
}

static void meet_somebody(void)
{
  int64_t id = FIRST + (chance(85) && city->cases > 10 ? city->cases - 10 + roll(10) : roll(city->cases));
  const struct casefile *c = life_case(id);
  if (!c)
    return;
  if (chance(12))
    disturb(c);
  else if (c->state == CASE_DRAFT || c->state == CASE_CORRECTION)
    prepare(c);
  else if (c->state == CASE_SUBMITTED)
    take_in(c);
  else
    work_on(c);
}

/* A record of dishonesty, its appeal, its repair. */
static void mind_credit(void)
{
  int i = roll(PEOPLE);
  const struct record *r = &city->records[i];
  struct who who = staff(chance(90) ? "supervisor" : "clerk");
  json_t *data = json_pack("{s:s,s:b,s:s}", "reasons", "理由", "upheld", chance(60), "basis", "第七十八条");
  const char *type = "repair";
  if (!r->stands || chance(5)) {
    type = "mark";
    (void)json_object_update_new(data, json_pack("{s:s,s:s}", "subject", records_subject(i), "account", city_people[i]));
  } else if (r->waits && chance(70)) {
    type = "answer";
  } else if (!r->appealed && chance(60)) {
    type = "appeal";
    who = chance(70) ? (struct who){city_people[i], "applicant", "", "web"} : chance(70) ? staff("clerk") : person();
  }
  act(records_id(i), who, type, data);
}

/* The notice of next year's holidays comes in November. */
static bool notice_is_out(void)
{
  int year, month, mday;
  day_parts(day_of(city->now), &year, &month, &mday);
  return city->announced < year || (city->announced == year && (month == 12 || (month == 11 && mday > 20)));
}

void people_act(void)
{
  if (chance(3))
    pass_time();
  else if (notice_is_out() && chance(3))
    life_do(json_pack("{s:i}", "announce", city->announced + 1));
  else if (city->faults && roll(1000) < (city->only ? 30 : 8))
    break_something();
  else if (roll(1000) < 3)
    life_do(roll(2) ? json_pack("{s:b}", "restart", 1) : json_pack("{s:b}", "seal", 1));
  else if (roll(1000) < 12)
    mind_credit();
  else if (city->cases == 0 || roll(1000) < 14)
    begin();
  else
    meet_somebody();
}
