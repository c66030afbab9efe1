/* explain.c: the compiler run once more, with what it decided told in words. */
#include "plan/explain.h"

#include <string.h>

#include "plan/passes.h"

struct telling {
  struct arena *arena;
  struct draft *draft;
  const struct plan *plan;
  struct why_line *lines;
  size_t n, cap;
};

static const struct {
  const char *id;
  struct words name;
} passes[PASS_COUNT] = {
    [PASS_ITEMS] = {"items", {"事项：选哪些，不选哪些", "Items: which, and which not"}},
    [PASS_WANTS] = {"wants", {"各事项要什么", "What each item wants"}},
    [PASS_ORDER] = {"order", {"先后：谁等谁", "Order: who waits for whom"}},
    [PASS_MATERIALS] = {"materials", {"材料：每份一次，从哪里来", "Materials: each once, from where"}},
    [PASS_FORM] = {"form", {"一张表：问什么，不问什么", "The one form: what it asks and what not"}},
    [PASS_MERGE] = {"merge", {"合并：受理、踏勘、检查、送达", "Merged: acceptance, visits, examinations, delivery"}},
    [PASS_SCHEDULE] = {"schedule", {"进度：何时开始，为什么", "Schedule: what begins when, and why"}},
    [PASS_LIMITS] = {"limits", {"时限：承诺、法定与上限", "Limits: promised, by law, and capped"}},
    [PASS_SERVICES] = {"services", {"中介服务", "Intermediaries"}},
    [PASS_TRIPS] = {"trips", {"跑次：为什么要来", "Trips: why you come"}},
};

struct words pass_words(enum plan_pass pass)
{
  return passes[pass].name;
}

const char *pass_id(enum plan_pass pass)
{
  return passes[pass].id;
}

/* ---- lines ---- */

static struct why_line *tell(struct telling *t, enum plan_pass pass, const char *id, struct words subject, const char *verdict,
                             const char *zh, const char *en)
{
  t->lines = arena_grow(t->arena, t->lines, t->n, &t->cap, sizeof *t->lines);
  t->lines[t->n] = (struct why_line){.pass = pass, .id = id, .subject = subject, .verdict = verdict, .why = {zh, en}};
  return &t->lines[t->n++];
}

#define SAY(...) arena_printf(t->arena, __VA_ARGS__)

static const struct answer *answer_to(const struct plan *plan, struct span name)
{
  for (size_t i = 0; i < plan->answers.n; i++)
    if (span_is(name, plan->answers.list[i].question))
      return &plan->answers.list[i];
  return NULL;
}

/* «area = 320, signboard = true»; a zone's indicator is told by its name alone where it is not known. */
static const char *answers_of(struct telling *t, const struct feel *when)
{
  struct span *names;
  size_t n = when ? feel_names(when, t->arena, &names) : 0;
  const char *out = NULL;
  for (size_t i = 0; i < n; i++) {
    const struct answer *answer = answer_to(t->plan, names[i]);
    const char *text = answer ? answer->text : draft_bound_text(t->draft, names[i]);
    out = SAY("%s%s%.*s = %s", out ? out : "", out ? ", " : "", (int)names[i].n, names[i].p, text ? text : "null");
  }
  return out;
}

static void because(struct telling *t, struct why_line *line, const struct feel *when)
{
  line->condition = draft_condition(t->draft, when);
  line->answers = answers_of(t, when);
}

static struct words name_of_material(const struct material *material)
{
  return material->name;
}

static const struct item *item_at(const struct plan *plan, int item)
{
  return plan->items[item].item;
}

/* ---- items ---- */

static const struct feel *deciding(const struct telling *t, const struct blueprint_item *line)
{
  for (size_t i = 0; i < line->when_count; i++)
    if (draft_holds(t->draft, line->when[i]))
      return line->when[i];
  return line->when_count ? line->when[0] : NULL;
}

static const struct plan_covered *covered_of(const struct plan *plan, const struct item *item)
{
  for (size_t i = 0; i < plan->covered_count; i++)
    if (plan->covered[i].item == item)
      return &plan->covered[i];
  return NULL;
}

static const char *valid_until(struct telling *t, const char *kind)
{
  int y = 0, m = 0, d = 0;
  const struct assessment *assessment = zone_assessment(t->plan->zone, kind);
  if (assessment)
    day_parts(assessment->valid_until, &y, &m, &d);
  return SAY("%04d-%02d-%02d", y, m, d);
}

static struct words by_zone(struct telling *t, const char *kind)
{
  struct words name = assessment_words(kind);
  const struct zone *zone = t->plan->zone;
  const char *until = valid_until(t, kind);
  return (struct words){SAY("由「%s」的区域评估（%s，有效期至 %s）覆盖", zone->name.zh, name.zh, until),
                        SAY("covered by the assessment of %s (%s, valid until %s)", zone->name.en, name.en, until)};
}

static void tell_item(struct telling *t, size_t i)
{
  const struct blueprint_item *line = &t->draft->blueprint->items[i];
  const struct item *item = line->item;
  const struct plan_covered *covered = covered_of(t->plan, item);
  const struct feel *when = deciding(t, line);
  struct why_line *told;
  if (covered) {
    struct words why = by_zone(t, covered->assessment);
    told = tell(t, PASS_ITEMS, item->id, item->name, "covered", SAY("不必再办：%s", why.zh), SAY("not needed: %s", why.en));
    because(t, told, item->within);
  } else if (t->draft->place[i] >= 0) {
    told = tell(t, PASS_ITEMS, item->id, item->name, "selected", when ? "条件成立" : "这件事总要办它",
                when ? "its condition holds" : "this matter always has it");
    because(t, told, when);
  } else {
    told = tell(t, PASS_ITEMS, item->id, item->name, "not-selected", "条件不成立，不办", "its condition does not hold");
    because(t, told, when);
  }
  told->basis = item->basis_count ? &item->basis[0] : NULL;
}

static void tell_items(struct telling *t)
{
  for (size_t i = 0; i < t->draft->blueprint->n; i++)
    tell_item(t, i);
}

/* ---- wants ---- */

static void tell_wants(struct telling *t)
{
  for (size_t i = 0; i < t->plan->item_count; i++) {
    const struct item *item = item_at(t->plan, (int)i);
    for (size_t m = 0; m < item->material_count; m++) {
      const struct item_material *ask = &item->materials[m];
      bool wanted = draft_holds(t->draft, ask->when);
      struct why_line *line =
          tell(t, PASS_WANTS, SAY("%s/%s", item->id, ask->material->id), name_of_material(ask->material),
               wanted ? "wanted" : "not-wanted", SAY(wanted ? "「%s」要它" : "「%s」对你不要它：条件不成立", item->name.zh),
               SAY(wanted ? "%s wants it" : "%s does not want it of you: the condition does not hold", item->name.en));
      line->basis = ask->basis;
      because(t, line, ask->when);
    }
  }
}

/* ---- order ---- */

static void tell_edge(struct telling *t, const struct edge *edge)
{
  const struct blueprint *b = t->draft->blueprint;
  const struct item *item = b->items[edge->item].item, *producer = b->items[edge->producer].item;
  const struct item_material *ask = edge->ask < 0 ? NULL : &item->materials[edge->ask];
  struct words waited = producer->name;
  const char *id = SAY("%s/%s", item->id, producer->id);
  struct why_line *line = NULL;
  if (edge->why == EDGE_NEEDS)
    line = tell(t, PASS_ORDER, id, item->name, "needs", SAY("等「%s」办结：依规定为前置", waited.zh),
                SAY("waits for %s: its prerequisite", waited.en));
  else if (edge->why == EDGE_RESULT || edge->why == EDGE_YIELD)
    line = tell(t, PASS_ORDER, id, item->name, "result", SAY("等「%s」：它产生「%s」", waited.zh, ask->material->name.zh),
                SAY("waits for %s, which issues: %s", waited.en, ask->material->name.en));
  else if (edge->why == EDGE_REFUSED)
    line =
        tell(t, PASS_ORDER, id, item->name, "refused", SAY("不等「%s」的「%s」：否则互为前置", waited.zh, ask->material->name.zh),
             SAY("does not wait for %s and its result %s: they would wait for each other", waited.en, ask->material->name.en));
  if (line && ask) {
    line->basis = ask->basis;
    because(t, line, edge->when);
  }
}

static void tell_order(struct telling *t)
{
  const struct blueprint *b = t->draft->blueprint;
  for (size_t e = 0; e < b->edge_count; e++) {
    const struct edge *edge = &b->edges[e];
    if (t->draft->place[edge->item] >= 0 && t->draft->place[edge->producer] >= 0 && draft_holds(t->draft, edge->when))
      tell_edge(t, edge);
  }
}

/* ---- materials ---- */

static const char *wanting(struct telling *t, const struct reason *reasons, size_t n, bool zh)
{
  const char *out = "";
  for (size_t r = 0; r < n; r++)
    out = SAY("%s%s%s", out, r ? (zh ? "、" : ", ") : "", zh ? reasons[r].item->name.zh : reasons[r].item->name.en);
  return out;
}

static struct words source_words(struct telling *t, const struct plan_material *line)
{
  const struct material *material = line->material;
  struct words holder = material->holder ? material->holder->name : (struct words){"政府", "the government"};
  switch (line->source) {
  case PLAN_RESULT:
    if (line->producer < 0)
      return (struct words){"此前已经核发，由我们查取", "issued before this plan: we look it up"};
    return (struct words){SAY("由本计划的「%s」产生", item_at(t->plan, line->producer)->name.zh),
                          SAY("issued in this plan by %s", item_at(t->plan, line->producer)->name.en)};
  case PLAN_FETCH:
    return (struct words){SAY("由%s持有，共享取得，不向你要", holder.zh), SAY("held by %s, fetched and never asked", holder.en)};
  case PLAN_ZONE:
    return by_zone(t, line->assessment);
  case PLAN_FORM:
    return (struct words){"由一张表生成，不必上传", "made from the one form"};
  case PLAN_UPLOAD:
    break;
  }
  if (line->defer)
    return (struct words){SAY("无部门持有，由你提交一次；可容缺，%d 个工作日内补齐", line->defer),
                          SAY("nobody holds it: you hand it in, once; it may follow within %d working days", line->defer)};
  return (struct words){"无部门持有，由你提交一次", "nobody holds it: you hand it in, once"};
}

static void tell_materials(struct telling *t)
{
  static const char *const verdicts[] = {
      [PLAN_UPLOAD] = "upload", [PLAN_FORM] = "form", [PLAN_FETCH] = "fetch", [PLAN_RESULT] = "result", [PLAN_ZONE] = "zone"};
  for (size_t m = 0; m < t->plan->material_count; m++) {
    const struct plan_material *line = &t->plan->materials[m];
    struct words from = source_words(t, line);
    struct why_line *told = tell(t, PASS_MATERIALS, line->material->id, line->material->name, verdicts[line->source],
                                 SAY("%s（%s）", from.zh, wanting(t, line->reasons, line->reason_count, true)),
                                 SAY("%s (for: %s)", from.en, wanting(t, line->reasons, line->reason_count, false)));
    told->basis = line->reasons[0].basis;
    told->condition = line->reasons[0].condition;
  }
}

/* ---- the form ---- */

static void tell_asked(struct telling *t)
{
  for (size_t f = 0; f < t->plan->field_count; f++) {
    const struct plan_field *line = &t->plan->fields[f];
    struct why_line *told =
        tell(t, PASS_FORM, line->field->id, line->field->name, "asked",
             SAY("问一次，写进「%s」，供%s使用", line->material->name.zh, wanting(t, line->reasons, line->reason_count, true)),
             SAY("asked once, in: %s; for: %s", line->material->name.en, wanting(t, line->reasons, line->reason_count, false)));
    told->basis = line->reasons[0].basis;
    told->condition = line->reasons[0].condition;
  }
}

static bool told_already(const struct telling *t, const char *id)
{
  for (size_t i = t->n; i-- > 0 && t->lines[i].pass == PASS_FORM;)
    if (strcmp(t->lines[i].verdict, "asked") != 0 && strcmp(t->lines[i].id, id) == 0)
      return true;
  return false;
}

static void tell_unasked(struct telling *t, const struct want *want, const struct field *field)
{
  struct unasked why = field_unasked(t->draft, want->item, field);
  const struct item *item = item_at(t->plan, want->item);
  const char *id = SAY("%s/%s", item->id, field->id), *verdict = NULL, *zh = NULL, *en = NULL;
  if (why.question) {
    verdict = "answered";
    zh = SAY("「%s」不再问：已在问题中回答（%s）", item->name.zh, why.question->text.zh);
    en = SAY("not asked for %s: answered already (%s)", item->name.en, why.question->text.en);
  } else if (why.held) {
    verdict = "held";
    zh = SAY("「%s」不再问：「%s」里已有", item->name.zh, why.held->name.zh);
    en = SAY("not asked for %s: it stands in what is held: %s", item->name.en, why.held->name.en);
  } else if (why.issued) {
    verdict = "issued";
    zh = SAY("「%s」不再问：等「%s」的结果，里面已有", item->name.zh, why.issued->name.zh);
    en = SAY("not asked for %s: it waits for the result of %s, which says it", item->name.en, why.issued->name.en);
  }
  if (verdict && !told_already(t, id))
    tell(t, PASS_FORM, id, field->name, verdict, zh, en)->basis = want->ask->basis;
}

static void tell_form(struct telling *t)
{
  tell_asked(t);
  for (size_t w = 0; w < t->draft->want_count; w++) {
    const struct want *want = &t->draft->wants[w];
    bool writes = want->ask->from == FROM_APPLICANT;
    for (size_t f = 0; writes && f < want_field_count(want); f++)
      tell_unasked(t, want, want_field(want, f));
  }
}

/* ---- merges ---- */

static void tell_visit(struct telling *t, size_t v)
{
  const struct plan_visit *visit = &t->plan->visits[v];
  const char *zh = "", *en = "";
  for (size_t s = 0; s < t->plan->step_count; s++)
    if (t->plan->steps[s].visit == (int)v) {
      zh = SAY("%s%s%s", zh, *zh ? "、" : "", item_at(t->plan, t->plan->steps[s].item)->name.zh);
      en = SAY("%s%s%s", en, *en ? ", " : "", item_at(t->plan, t->plan->steps[s].item)->name.en);
    }
  struct words name = {"上门踏勘", "visit to the premises"};
  if (visit->steps_merged > 1)
    (void)tell(t, PASS_MERGE, visit->key, name, "joint",
               SAY("%zu 次合为一次，第 %d 至 %d 日：%s（同一合并键，互不等待，最多等 3 个工作日）", visit->steps_merged,
                   visit->start, visit->end, zh),
               SAY("%zu visits in one, day %d to %d: %s (one merge key, none waits for another, none more than 3 days)",
                   visit->steps_merged, visit->start, visit->end, en));
  else
    (void)tell(t, PASS_MERGE, visit->key, name, "alone",
               SAY("单独一次，第 %d 至 %d 日：%s（没有别的踏勘能与它同时）", visit->start, visit->end, zh),
               SAY("by itself, day %d to %d: %s (no other can be made with it)", visit->start, visit->end, en));
}

static void tell_merges(struct telling *t)
{
  const struct plan *plan = t->plan;
  struct words acceptance = {"受理", "acceptance"}, delivery = {"送达", "delivery"};
  if (!plan->item_count)
    return;
  (void)tell(t, PASS_MERGE, "acceptance", acceptance, "joint",
             SAY("%zu 个事项 %zu 次受理，由%s牵头", plan->item_count, plan->stage_count, plan->thing->lead->name.zh),
             SAY("%zu items accepted in %zu, led by %s", plan->item_count, plan->stage_count, plan->thing->lead->name.en));
  for (size_t v = 0; v < plan->visit_count; v++)
    tell_visit(t, v);
  (void)tell(t, PASS_MERGE, "delivery", delivery, "joint", SAY("%zu 个结果 %zu 次送达", plan->item_count, plan->stage_count),
             SAY("%zu results delivered in %zu", plan->item_count, plan->stage_count));
}

/* ---- schedule ---- */

/* What ended on the day the step began and had to; NULL: it begins with its item. */
static const struct plan_step *held_up_by(const struct telling *t, size_t s)
{
  for (size_t k = 0; k < t->plan->step_count; k++)
    if (t->plan->steps[k].end > 0 && step_holds_up(t->draft, k, s) && t->plan->steps[k].end == t->plan->steps[s].start)
      return &t->plan->steps[k];
  return NULL;
}

static void tell_step(struct telling *t, size_t s)
{
  const struct plan_step *step = &t->plan->steps[s], *after = held_up_by(t, s);
  const struct item *item = item_at(t->plan, step->item);
  struct words name = step_words(step->step), before = after ? step_words(after->step) : (struct words){"", ""};
  const char *from_zh = after ? SAY("「%s」的%s之后", item_at(t->plan, after->item)->name.zh, before.zh) : "受理后即开始";
  const char *from_en = after ? SAY("after %s of %s", before.en, item_at(t->plan, after->item)->name.en) : "from acceptance";
  struct why_line *line = tell(t, PASS_SCHEDULE, SAY("%s/%s", item->id, step->step),
                               (struct words){SAY("%s：%s", item->name.zh, name.zh), SAY("%s: %s", item->name.en, name.en)},
                               step->critical ? "critical" : "slack", NULL, NULL);
  line->why.zh = SAY("第 %d 至 %d 日，%s%s，%s%s", step->start, step->end, step->agency->name.zh, step->assist ? "（协办）" : "",
                     from_zh, step->critical ? "；在关键路径上" : "");
  line->why.en = SAY("day %d to %d, %s%s, %s%s", step->start, step->end, step->agency->name.en, step->assist ? " (assisting)" : "",
                     from_en, step->critical ? "; on the critical path" : "");
  line->condition = step->condition;
}

/* Steps that the answers or the zone take out. */
static void tell_left_out(struct telling *t, const struct item *item, const struct step *step)
{
  bool holds = draft_holds(t->draft, step->when);
  if (holds && draft_has_step(t->draft, step))
    return;
  struct words name = step_words(step->step), zone = holds ? by_zone(t, step->covered_by) : (struct words){"", ""};
  struct why_line *line =
      tell(t, PASS_SCHEDULE, SAY("%s/%s", item->id, step->step),
           (struct words){SAY("%s：%s", item->name.zh, name.zh), SAY("%s: %s", item->name.en, name.en)},
           holds ? "covered" : "not-there", holds ? SAY("省去 %d 日：%s", step->takes, zone.zh) : "条件不成立，没有这一步",
           holds ? SAY("%d days saved: %s", step->takes, zone.en) : "its condition does not hold");
  because(t, line, holds ? step->within : step->when);
}

static void tell_schedule(struct telling *t)
{
  for (size_t s = 0; s < t->plan->step_count; s++)
    tell_step(t, s);
  for (size_t i = 0; i < t->plan->item_count; i++)
    for (size_t s = 0; s < item_at(t->plan, (int)i)->step_count; s++)
      tell_left_out(t, item_at(t->plan, (int)i), &item_at(t->plan, (int)i)->steps[s]);
}

/* ---- limits ---- */

static void tell_limits(struct telling *t)
{
  static const struct basis art42 = {"中华人民共和国行政许可法", "第四十二条"};
  for (size_t i = 0; i < t->plan->item_count; i++) {
    const struct item *item = item_at(t->plan, (int)i);
    if (item->instant)
      (void)tell(t, PASS_LIMITS, item->id, item->name, "instant", "即办件，当场办结", "decided at once");
    else
      (void)tell(t, PASS_LIMITS, item->id, item->name, "promised",
                 SAY("法定 %d 个工作日，承诺 %d 个", item->statutory, item->promised),
                 SAY("%d working days by law, %d promised", item->statutory, item->promised));
  }
  for (size_t s = 0; s < t->plan->stage_count; s++) {
    const struct plan_stage *stage = &t->plan->stages[s];
    struct words whole = {"整件事", "the whole"}, name = stage->stage ? stage_words(stage->stage) : whole;
    bool joint = stage->statutory == 45;
    struct why_line *line = tell(t, PASS_LIMITS, SAY("stage-%d", stage->stage), name, joint ? "capped" : "limit",
                                 SAY(joint ? "计划 %d 个工作日；多部门许可联合办理，不超过 %d 个工作日"
                                           : "计划 %d 个工作日；以各事项法定时限最长者 %d 个为限",
                                     stage->end - stage->start, stage->statutory),
                                 SAY(joint ? "planned in %d working days; licences of several agencies handled jointly: at most %d"
                                           : "planned in %d working days; the largest limit of its items is %d",
                                     stage->end - stage->start, stage->statutory));
    line->basis = joint || stage->statutory == 20 ? &art42 : NULL;
  }
}

/* ---- intermediaries, trips ---- */

static void tell_services(struct telling *t)
{
  for (size_t i = 0; i < t->plan->service_count; i++) {
    const struct plan_service *s = &t->plan->services[i];
    const struct item *item = item_at(t->plan, s->item);
    struct words step = s->before ? step_words(s->before) : (struct words){"申请", "application"};
    (void)tell(
        t, PASS_SERVICES, t->plan->materials[s->material].material->id, s->name, "bound",
        SAY("%d 个工作日，须在「%s」的%s之前完成，最迟第 %d 日开始", s->takes, item->name.zh, step.zh, s->start),
        SAY("%d working days, done before %s of %s: begins on day %d at the latest", s->takes, step.en, item->name.en, s->start));
  }
}

static void tell_trips(struct telling *t)
{
  const struct plan *plan = t->plan;
  for (size_t p = 0; p < plan->presence_count; p++) {
    const struct plan_presence *presence = &plan->presences[p];
    const struct item *item = item_at(plan, presence->item);
    struct words why = presence_words(presence->why);
    tell(t, PASS_TRIPS, item->id, item->name, "presence", SAY("第 %d 趟，第 %d 日：%s", presence->trip, presence->at, why.zh),
         SAY("trip %d, day %d: %s", presence->trip, presence->at, why.en))
        ->basis = presence->basis;
  }
  struct words whole = {"合计", "altogether"};
  (void)tell(
      t, PASS_TRIPS, "trips", whole, "sum",
      SAY("线上 %d 趟，窗口 %d 趟；逐项在各部门柜台办理要 %d 趟", plan->trips_online, plan->trips_window, plan->before.trips),
      SAY("%d online, %d at a window; item by item at the departments' counters it would be %d", plan->trips_online,
          plan->trips_window, plan->before.trips));
}

int plan_explain(struct arena *arena, const struct catalog *catalog, const struct thing *thing, const struct answers *answers,
                 const struct zone *zone, day today, struct explanation **ret, struct error *error)
{
  struct draft draft;
  draft_begin(&draft, arena, catalog, blueprint_make(arena, thing), answers, zone, today);
  if (draft_compile(&draft, error) < 0)
    return -1;
  struct telling t = {.arena = arena, .draft = &draft, .plan = draft.plan};
  tell_items(&t);
  tell_wants(&t);
  tell_order(&t);
  tell_materials(&t);
  tell_form(&t);
  tell_merges(&t);
  tell_schedule(&t);
  tell_limits(&t);
  tell_services(&t);
  tell_trips(&t);
  struct explanation *explanation = arena_new(arena, struct explanation);
  *explanation = (struct explanation){.plan = draft.plan, .lines = t.lines, .n = t.n};
  *ret = explanation;
  return 0;
}

static void put_line(struct json_writer *w, const struct why_line *line)
{
  json_begin_object(w, NULL);
  json_put_str(w, "id", line->id);
  json_begin_object(w, "name");
  json_put_str(w, "zh", line->subject.zh);
  json_put_str(w, "en", line->subject.en);
  json_end(w);
  json_put_str(w, "verdict", line->verdict);
  json_begin_object(w, "why");
  json_put_str(w, "zh", line->why.zh);
  json_put_str(w, "en", line->why.en);
  json_end(w);
  json_put_str(w, "law", line->basis ? line->basis->law : NULL);
  json_put_str(w, "article", line->basis ? line->basis->article : NULL);
  json_put_str(w, "when", line->condition);
  json_put_str(w, "answers", line->answers);
  json_end(w);
}

void explanation_json(const struct explanation *explanation, struct json_writer *w, const char *key)
{
  size_t at = 0;
  json_begin_object(w, key);
  json_put_str(w, "thing", explanation->plan->thing->id);
  json_put_str(w, "catalog", explanation->plan->catalog->version.hex);
  json_begin_array(w, "passes");
  for (int pass = 0; pass < PASS_COUNT; pass++) {
    json_begin_object(w, NULL);
    json_put_str(w, "pass", pass_id((enum plan_pass)pass));
    json_begin_object(w, "name");
    json_put_str(w, "zh", passes[pass].name.zh);
    json_put_str(w, "en", passes[pass].name.en);
    json_end(w);
    json_begin_array(w, "lines");
    for (; at < explanation->n && (int)explanation->lines[at].pass == pass; at++)
      put_line(w, &explanation->lines[at]);
    json_end(w);
    json_end(w);
  }
  json_end(w);
  json_end(w);
}
