#include "proof/rerun.h"

#include <string.h>

#include "proof/holdings.h"
#include "proof/limits.h"

void rerun_compile(struct rerun *r)
{
  r->plan = NULL;
  answers_decide(r->arena, r->blueprint->thing, &r->answers);
  if (plan_fill(r->arena, r->catalog, r->blueprint, &r->answers, r->zone, r->today, &r->plan, &r->error) < 0)
    r->plan = NULL;
}

static bool tell(struct rerun *r, struct words *ret, const char *zh, const char *en)
{
  if (ret)
    *ret = (struct words){arena_str(r->arena, zh), arena_str(r->arena, en)};
  return true;
}

/* ---- trips ---- */

static struct words tell_presences(const struct rerun *r, int stage, int number, struct words why, int *ret_day)
{
  const struct plan *plan = r->plan;
  for (size_t p = 0; p < plan->presence_count; p++) {
    const struct plan_presence *presence = &plan->presences[p];
    if (presence->trip != number || plan->items[presence->item].stage != stage)
      continue;
    struct words name = presence_words(presence->why), item = plan->items[presence->item].item->name;
    *ret_day = presence->at;
    why.zh = arena_printf(r->arena, "%s%s%s（%s）", why.zh, *why.zh ? "、" : "", name.zh, item.zh);
    why.en = arena_printf(r->arena, "%s%s%s (%s)", why.en, *why.en ? ", " : "", name.en, item.en);
  }
  return why;
}

/* Every trip of a stage with its day and its reasons. At a window the first trip is handing in. before: trips of earlier stages. */
static struct words tell_trips(const struct rerun *r, const struct plan_stage *stage, int before, bool window)
{
  bool application = stage->trips_window - 1 < stage->trips_online; /* applied for online, the first trip is the application's */
  int n = window ? stage->trips_window : stage->trips_online;
  struct words said = {"", ""};
  for (int trip = 1; trip <= n; trip++) {
    bool first = trip == 1 && (window || application);
    struct words why = !first   ? (struct words){"", ""}
                       : window ? (struct words){"交件", "handing in"}
                                : (struct words){"申请", "applying"};
    int number = window && !application ? trip - 1 : trip; /* as the presences number it */
    int on = 0;
    if (number > 0)
      why = tell_presences(r, stage->stage, before + number, why, &on);
    said.zh = arena_printf(r->arena, "%s%s第 %d 趟（第 %d 个工作日）%s", said.zh, trip > 1 ? "；" : "", trip, on, why.zh);
    said.en = arena_printf(r->arena, "%s%strip %d (day %d) %s", said.en, trip > 1 ? "; " : "", trip, on, why.en);
  }
  return said;
}

/* A stage is an application of its own: the promise is one trip for each. */
static bool two_trips(struct rerun *r, bool window, struct words *ret)
{
  int before = 0;
  for (size_t s = 0; r->plan && s < r->plan->stage_count; s++) {
    const struct plan_stage *stage = &r->plan->stages[s];
    int trips = window ? stage->trips_window : stage->trips_online;
    if (trips > 1) {
      struct words said = ret ? tell_trips(r, stage, before, window) : (struct words){"", ""};
      if (ret)
        *ret = (struct words){arena_printf(r->arena, "要跑 %d 趟：%s", trips, said.zh),
                              arena_printf(r->arena, "%d trips: %s", trips, said.en)};
      return true;
    }
    before += stage->trips_online;
  }
  return false;
}

bool rerun_two_trips_online(struct rerun *r, struct words *ret)
{
  return two_trips(r, false, ret);
}

bool rerun_two_trips_window(struct rerun *r, struct words *ret)
{
  return two_trips(r, true, ret);
}

/* ---- the plan as a whole ---- */

/* What the zone's assessments make needless has an outcome: nothing is left to do. */
bool rerun_no_outcome(struct rerun *r, struct words *ret)
{
  return r->plan && r->plan->item_count == 0 && r->plan->covered_count == 0 &&
         tell(r, ret, "没有一个事项可办，也没有人告知结果", "no item applies, and nobody says so");
}

bool rerun_cycle(struct rerun *r, struct words *ret)
{
  return !r->plan && tell(r, ret, r->error.zh, r->error.en);
}

static int index_in_plan(const struct plan *plan, const struct item *item)
{
  for (size_t i = 0; i < plan->item_count; i++)
    if (plan->items[i].item == item)
      return (int)i;
  return -1;
}

bool rerun_contradiction(struct rerun *r, struct words *ret)
{
  for (size_t i = 0; r->plan && i < r->plan->item_count; i++) {
    const struct item *item = r->plan->items[i].item;
    for (size_t x = 0; x < item->exclude_count; x++)
      if (index_in_plan(r->plan, item->excludes[x]) >= 0) {
        const struct item *other = item->excludes[x];
        return tell(r, ret, arena_printf(r->arena, "「%s」与「%s」互斥，却要一起办", item->name.zh, other->name.zh),
                    arena_printf(r->arena, "\"%s\" excludes \"%s\", and both are to be done", item->name.en, other->name.en));
      }
  }
  return false;
}

/* ---- materials ---- */

static bool is_asked(const struct plan_material *line)
{
  return line->source == PLAN_UPLOAD || line->source == PLAN_FORM;
}

static bool wanted_by(const struct plan_material *line, const struct item *item)
{
  for (size_t k = 0; k < line->reason_count; k++)
    if (line->reasons[k].item == item)
      return true;
  return false;
}

static bool two_of_one_name(struct rerun *r, struct words *ret)
{
  for (size_t m = 0; m < r->plan->material_count; m++)
    for (size_t k = 0; k < m; k++) {
      const struct plan_material *a = &r->plan->materials[k], *b = &r->plan->materials[m];
      if (is_asked(a) && is_asked(b) && strcmp(a->material->name.zh, b->material->name.zh) == 0)
        return tell(
            r, ret, arena_printf(r->arena, "「%s」要交两次（%s、%s）", a->material->name.zh, a->material->id, b->material->id),
            arena_printf(r->arena, "\"%s\" is asked for twice (%s, %s)", a->material->name.en, a->material->id, b->material->id));
    }
  return false;
}

/* The compiler does not wait for the item that issues it, because that would close a circle. */
static bool issued_here(struct rerun *r, struct words *ret)
{
  const struct blueprint *b = r->blueprint;
  for (size_t e = 0; e < b->edge_count; e++) {
    const struct edge *edge = &b->edges[e];
    const struct item *item = b->items[edge->item].item, *producer = b->items[edge->producer].item;
    if (edge->why != EDGE_REFUSED || index_in_plan(r->plan, item) < 0 || index_in_plan(r->plan, producer) < 0)
      continue;
    for (size_t m = 0; m < r->plan->material_count; m++) {
      const struct plan_material *line = &r->plan->materials[m];
      if (line->material == item->materials[edge->ask].material && is_asked(line) && wanted_by(line, item) &&
          !wanted_by(line, producer))
        return tell(r, ret,
                    arena_printf(r->arena, "「%s」要申请人交「%s」，同一件事里「%s」才出这份材料", item->name.zh,
                                 line->material->name.zh, producer->name.zh),
                    arena_printf(r->arena, "\"%s\" asks the applicant for \"%s\", which \"%s\" issues in the same matter",
                                 item->name.en, line->material->name.en, producer->name.en));
    }
  }
  return false;
}

bool rerun_asked_twice(struct rerun *r, struct words *ret)
{
  return r->plan && (two_of_one_name(r, ret) || issued_here(r, ret));
}

static bool holds(struct rerun *r, const struct feel *when)
{
  return !when || FEEL_IS_TRUE(feel_eval(when, r->arena, answers_lookup, &r->answers));
}

bool rerun_no_basis(struct rerun *r, struct words *ret)
{
  for (size_t i = 0; r->plan && i < r->plan->item_count; i++) {
    const struct item *item = r->plan->items[i].item;
    struct words what = item->basis_count ? (struct words){NULL, NULL} : item->name;
    for (size_t f = 0; f < item->fee_count; f++)
      what = item->fees[f].basis ? what : item->fees[f].name;
    for (size_t m = 0; m < item->material_count; m++)
      if (!item->materials[m].basis && holds(r, item->materials[m].when))
        what = item->materials[m].material->name;
    for (size_t p = 0; p < item->presence_count; p++)
      if (!item->presence[p].basis && holds(r, item->presence[p].when))
        what = presence_words(item->presence[p].why);
    if (what.zh)
      return tell(r, ret, arena_printf(r->arena, "「%s」的「%s」没有依据", item->name.zh, what.zh),
                  arena_printf(r->arena, "\"%s\" of \"%s\" has no legal basis", what.en, item->name.en));
  }
  return false;
}

/* ---- dead ends ---- */

/* An item of the plan that must come before the item; NULL where it can have been done before. */
static const struct item *comes_first(struct rerun *r, const struct item *item)
{
  const int *before = holdings_before(r->holdings, r->arena, item, r->blueprint);
  for (; *before >= 0; before++)
    if (index_in_plan(r->plan, r->blueprint->items[*before].item) >= 0)
      return r->blueprint->items[*before].item;
  return NULL;
}

/*
 * The item, or one that yields the same paper, is in the plan; or the thing itself has it under a condition, which says
 * who does not need it.
 */
static bool is_met(const struct rerun *r, const struct item *item)
{
  const struct plan *plan = r->plan;
  for (size_t i = 0; i < r->blueprint->n; i++)
    if (r->blueprint->items[i].item == item)
      return true;
  const char *paper = item_yields(item);
  for (size_t i = 0; i < plan->item_count; i++) {
    const char *other = item_yields(plan->items[i].item);
    if (paper && other && strcmp(paper, other) == 0)
      return true;
  }
  return false;
}

static bool tell_dead_end(struct rerun *r, struct words *ret, struct words item, struct words what, const struct item *first)
{
  if (!first)
    return tell(
        r, ret, arena_printf(r->arena, "「%s」要「%s」，没有人能提供：没有部门持有并共享它", item.zh, what.zh),
        arena_printf(r->arena, "\"%s\" wants \"%s\", which nobody can provide: no agency holds and shares it", item.en, what.en));
  return tell(
      r, ret,
      arena_printf(r->arena, "「%s」要「%s」，没有人能提供：本次不办，以前也办不了，因为先要有正在办的「%s」", item.zh, what.zh,
                   first->name.zh),
      arena_printf(r->arena,
                   "\"%s\" wants \"%s\", which nobody can provide: it is not done now, and cannot have been done before, since it "
                   "needs \"%s\", which is being done now",
                   item.en, what.en, first->name.en));
}

/* The zone's assessment stands for its result. */
static bool is_covered(const struct plan *plan, const struct item *item)
{
  for (size_t i = 0; i < plan->covered_count; i++)
    if (plan->covered[i].item == item)
      return true;
  return false;
}

static bool nobody_has(struct rerun *r, const struct item_material *ask, const struct item **ret_first)
{
  *ret_first = NULL;
  if (ask->from == FROM_GOVERNMENT && (!ask->material->holder || ask->material->shared == SHARED_NO))
    return true;
  const struct item *const *producer = holdings_producers(r->holdings, ask->material);
  if (!*producer)
    return false;
  for (; *producer; producer++) {
    const struct item *first = comes_first(r, *producer);
    if (index_in_plan(r->plan, *producer) >= 0 || is_covered(r->plan, *producer) || !first)
      return false;
    *ret_first = first;
  }
  return true;
}

bool rerun_dead_end(struct rerun *r, struct words *ret)
{
  for (size_t i = 0; r->plan && i < r->plan->item_count; i++) {
    const struct item *item = r->plan->items[i].item, *first = NULL;
    for (size_t m = 0; m < item->material_count; m++) {
      const struct item_material *ask = &item->materials[m];
      if ((ask->from == FROM_RESULT || ask->from == FROM_GOVERNMENT) && holds(r, ask->when) && nobody_has(r, ask, &first))
        return tell_dead_end(r, ret, item->name, ask->material->name, first);
    }
    for (size_t k = 0; k < item->need_count; k++) {
      if (!is_met(r, item->needs[k]) && (first = comes_first(r, item->needs[k])))
        return tell_dead_end(r, ret, item->name, item->needs[k]->name, first);
    }
  }
  return false;
}

/* ---- days ---- */

static bool joint(const struct plan *plan, int stage)
{
  const struct agency *first = NULL;
  for (size_t i = 0; i < plan->item_count; i++) {
    const struct item *item = plan->items[i].item;
    if (item->kind != ITEM_LICENCE || plan->items[i].stage != stage)
      continue;
    if (first && first != item->agency)
      return true;
    first = item->agency;
  }
  return false;
}

bool rerun_over_limit(struct rerun *r, struct words *ret)
{
  for (size_t i = 0; r->plan && i < r->plan->item_count; i++) {
    const struct item *item = r->plan->items[i].item;
    if (promises_too_much(item))
      return tell(r, ret, arena_printf(r->arena, "「%s」的承诺或步骤超过法定 %d 个工作日", item->name.zh, item->statutory),
                  arena_printf(r->arena, "the promise or the steps of \"%s\" are over the statutory %d working days", item->name.en,
                               item->statutory));
  }
  for (int stage = 0; r->plan && stage <= STAGES; stage++) {
    int last = 0, counted = plan_counted(r->plan, stage, &last);
    if (counted > JOINT_LIMIT && joint(r->plan, stage))
      return tell(r, ret,
                  arena_printf(r->arena, "联合办理要 %d 个工作日（到「%s」），超过法定 %d 个", counted,
                               r->plan->items[last].item->name.zh, JOINT_LIMIT),
                  arena_printf(r->arena, "handled jointly it takes %d working days (until \"%s\"), over the statutory %d", counted,
                               r->plan->items[last].item->name.en, JOINT_LIMIT));
  }
  return false;
}

bool rerun_undecided(struct rerun *r, struct words *ret)
{
  for (size_t t = 0; r->plan && t < r->answers.decided; t++) { /* of those who wait for one another nothing else is said */
    const struct thing_table *table = &r->blueprint->thing->tables[t];
    if (r->answers.list[r->answers.n + t].value.type == FEEL_NULL)
      return tell(r, ret, arena_printf(r->arena, "决策表「%s」没有结果，或有两个矛盾的结果", table->name.zh),
                  arena_printf(r->arena, "the table \"%s\" says nothing, or two things at once", table->name.en));
  }
  return false;
}
