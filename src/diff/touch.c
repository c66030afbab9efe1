/*
 * touch.c: what was changed between two versions of a thing, and whom each change can reach.
 *
 * A plan is made of parts (items, wants, steps, presences, who waits for whom) under conditions. Parts are paired by id; a pair
 * touches an applicant where its condition holds on one side only, or on both and the parts are not the same.
 */
#include "diff/sides.h"

#include <string.h>

#include "base/buf.h"

#define TEXT_MAX ((size_t)16 * 1024 * 1024)
#define ALL (HANDS | FEET)
#define TRIPS (1u << DIFF_TRIPS_ONLINE | 1u << DIFF_TRIPS_WINDOW)

/* What depends on the papers wanted; with FEET where others wait for them. */
#define PAPERS (1u << DIFF_MATERIALS | 1u << DIFF_FIELDS | 1u << DIFF_NEEDS)

/* ---- what a part says, as text ---- */

static void put(struct buf *b, const char *text)
{
  buf_str(b, text ? text : "");
  buf_char(b, '\n');
}

static void put_number(struct buf *b, int64_t n)
{
  buf_int(b, n);
  buf_char(b, '\n');
}

static void put_condition(struct buf *b, const struct feel *when)
{
  if (when)
    buf_span(b, feel_text(when));
  put(b, when ? "?" : "");
}

/* An entry is not asked where a question of the thing has been answered with it. */
static void put_fields(struct buf *b, const struct thing *thing, const struct field *const *fields, size_t n)
{
  put_number(b, (int64_t)n);
  for (size_t f = 0; f < n; f++) {
    put(b, fields[f]->id);
    put_number(b, fields[f]->group);
    for (size_t q = 0; fields[f]->answered_by && q < thing->question_count; q++)
      if (strcmp(thing->questions[q].id, fields[f]->answered_by) == 0)
        put(b, "answered");
  }
}

static void put_ask(struct buf *b, const struct thing *thing, const struct item_material *ask)
{
  const struct material *m = ask->material;
  put(b, m->id);
  put_number(b, strcmp(m->kind, "form") == 0);
  put_number(b, m->shared * 2 + (m->holder != NULL));
  put_fields(b, thing, m->fields, m->field_count);
  put_number(b, ask->from);
  put_number(b, ask->defer);
  put(b, ask->assessment);
  put_fields(b, thing, ask->fields, ask->field_count);
  put(b, ask->intermediary.zh ? "work" : "");
  put_number(b, ask->intermediary_days);
  put(b, ask->intermediary_before);
}

static void put_step(struct buf *b, const struct item *item, const struct step *step)
{
  put(b, step->step);
  put_number(b, step->takes * 4 + step->assist * 2 + step->clock_excluded);
  put(b, step->agency ? step->agency->id : item->agency->id);
  put(b, step->merge);
}

enum item_part { PART_AGENCY, PART_INSTANT, PART_STAGE, PART_PROMISE, PART_CHANNELS, PART_DELIVERY, PART_FEES, PART_RESULT, PARTS };

static void put_item_part(struct buf *b, const struct thing *thing, const struct item *item, enum item_part part)
{
  switch (part) {
  case PART_AGENCY:
    put(b, item->agency->id);
    return;
  case PART_INSTANT:
    put_number(b, item->instant);
    return;
  case PART_STAGE:
    put_number(b, thing_stage(thing, item));
    return;
  case PART_PROMISE:
    put_number(b, item->instant);
    put_number(b, item->promised);
    put_number(b, item->statutory);
    return;
  case PART_CHANNELS:
    put_number(b, item->channels);
    return;
  case PART_DELIVERY:
    put_number(b, item->delivery);
    return;
  case PART_FEES:
    for (size_t f = 0; f < item->fee_count; f++) {
      put(b, item->fees[f].name.zh);
      put_number(b, item->fees[f].fen);
    }
    return;
  default:
    put(b, item_yields(item));
    put_number(b, item->valid_months);
    if (item->result)
      put_fields(b, thing, item->result->fields, item->result->field_count);
  }
}

static void put_item(struct buf *b, const struct thing *thing, const struct item *item)
{
  put(b, item->id);
  for (enum item_part part = 0; part < PARTS; part++)
    put_item_part(b, thing, item, part);
  put(b, item->covered_by);
  put_condition(b, item->within);
  for (size_t n = 0; n < item->need_count; n++)
    put(b, item->needs[n]->id);
  put(b, "materials");
  for (size_t m = 0; m < item->material_count; m++) {
    put_ask(b, thing, &item->materials[m]);
    put_condition(b, item->materials[m].when);
    put_condition(b, item->materials[m].within);
  }
  put(b, "steps");
  for (size_t s = 0; s < item->step_count; s++) {
    put_step(b, item, &item->steps[s]);
    put_condition(b, item->steps[s].when);
    put(b, item->steps[s].covered_by);
    put_condition(b, item->steps[s].within);
  }
  put(b, "presence");
  for (size_t p = 0; p < item->presence_count; p++) {
    put_number(b, item->presence[p].why);
    put_condition(b, item->presence[p].when);
  }
}

static void put_question(struct buf *b, const struct question *q)
{
  struct arena scratch = {0};
  put(b, q->id);
  put_number(b, q->type);
  put(b, q->has_min ? decimal_text(&scratch, q->min) : "");
  put(b, q->has_max ? decimal_text(&scratch, q->max) : "");
  for (size_t c = 0; c < q->choice_count; c++)
    put(b, q->choices[c].value);
  arena_release(&scratch);
}

static void put_value(struct buf *b, const struct feel_value *value)
{
  struct arena scratch = {0};
  put_number(b, value ? (int64_t)value->type : -1);
  if (value && value->type == FEEL_STRING)
    buf_span(b, value->string);
  else if (value)
    put(b, feel_value_text(&scratch, *value));
  put(b, "");
  arena_release(&scratch);
}

static void put_table(struct buf *b, const struct thing_table *table)
{
  put(b, table->id);
  put_number(b, table->table.hit);
  for (size_t r = 0; r < table->table.rule_count; r++) {
    put_condition(b, table->table.rules[r].when);
    put_value(b, &table->values[r]);
  }
  put_value(b, table->otherwise);
}

static struct span taken(struct arena *arena, struct buf *b)
{
  struct span text = arena_span(arena, buf_view(b));
  buf_release(b);
  return text;
}

struct span thing_text(struct arena *arena, const struct thing *thing)
{
  struct buf b;
  buf_init(&b, TEXT_MAX);
  put_number(&b, thing->audience);
  for (size_t q = 0; q < thing->question_count; q++)
    put_question(&b, &thing->questions[q]);
  for (size_t t = 0; t < thing->table_count; t++)
    put_table(&b, &thing->tables[t]);
  for (size_t i = 0; i < thing->item_count; i++) {
    put_condition(&b, thing->items[i].when);
    put_number(&b, thing->items[i].stage);
    put_item(&b, thing, thing->items[i].item);
  }
  return taken(arena, &b);
}

struct span zones_text(struct arena *arena, const struct catalog *catalog)
{
  struct buf b;
  buf_init(&b, TEXT_MAX);
  for (size_t z = 0; z < catalog->zone_count; z++) {
    const struct zone *zone = &catalog->zones[z];
    put(&b, zone->id);
    for (size_t a = 0; a < zone->assessment_count; a++) {
      put(&b, zone->assessments[a].kind);
      put_number(&b, zone->assessments[a].valid_until);
      for (size_t i = 0; i < zone->assessments[a].indicator_count; i++) {
        put(&b, zone->assessments[a].indicators[i].id);
        put(&b, zone->assessments[a].indicators[i].text);
      }
    }
  }
  return taken(arena, &b);
}

/* ---- questions ---- */

static bool chooses(const struct question *q, const char *value)
{
  for (size_t c = 0; c < q->choice_count; c++)
    if (strcmp(q->choices[c].value, value) == 0)
      return true;
  return false;
}

static const char *only_in(struct arena *arena, const struct question *q, const struct question *other)
{
  const char *list = "";
  for (size_t c = 0; c < q->choice_count; c++)
    if (!chooses(other, q->choices[c].value))
      list = arena_printf(arena, "%s%s%s", list, *list ? ", " : "", q->choices[c].value);
  return *list ? list : "–";
}

static const char *range(struct arena *arena, const struct question *q)
{
  return arena_printf(arena, "%s … %s", q->has_min ? decimal_text(arena, q->min) : "",
                      q->has_max ? decimal_text(arena, q->max) : "");
}

struct words question_change(struct arena *a, const struct question *before, const struct question *after)
{
  const char *id = before ? before->id : after->id;
  if (!before)
    return (struct words){arena_printf(a, "新问题「%s」（%s）：对它的每个回答都比较", after->text.zh, id),
                          arena_printf(a, "new question '%s' (%s): compared for each of its answers", after->text.en, id)};
  if (!after)
    return (struct words){
        arena_printf(a, "不再问「%s」（%s）：对它的每个回答都比较", before->text.zh, id),
        arena_printf(a, "'%s' (%s) is not asked any more: compared for each of its answers", before->text.en, id)};
  struct buf one, other;
  buf_init(&one, TEXT_MAX);
  buf_init(&other, TEXT_MAX);
  put_question(&one, before);
  put_question(&other, after);
  bool same = span_eq(buf_view(&one), buf_view(&other));
  buf_release(&one);
  buf_release(&other);
  if (same)
    return (struct words){NULL, NULL};
  if (before->type != after->type)
    return (struct words){
        arena_printf(a, "「%s」（%s）的回答换了种类：这件事没有比较", after->text.zh, id),
        arena_printf(a, "'%s' (%s) takes answers of another kind: this thing was not compared", after->text.en, id)};
  if (after->type == ASK_NUMBER)
    return (struct words){
        arena_printf(a, "「%s」（%s）的范围：%s → %s；只比较两边都接受的", after->text.zh, id, range(a, before), range(a, after)),
        arena_printf(a, "range of '%s' (%s): %s → %s; compared where both take it", after->text.en, id, range(a, before),
                     range(a, after))};
  return (struct words){arena_printf(a, "「%s」（%s）的选项：只在旧目录 %s，只在新目录 %s；只比较两边都有的", after->text.zh, id,
                                     only_in(a, before, after), only_in(a, after, before)),
                        arena_printf(a, "choices of '%s' (%s): only in the old %s, only in the new %s; compared over those of both",
                                     after->text.en, id, only_in(a, before, after), only_in(a, after, before))};
}

/* ---- touches ---- */

static void add_touch(struct touches *t, formula reaches, unsigned aspects, const char *what_zh, const char *what_en,
                      const struct words name, const struct words of)
{
  t->list = arena_grow(t->arena, t->list, t->n, &t->cap, sizeof *t->list);
  t->list[t->n++] = (struct touch){
      reaches, aspects, {arena_printf(t->arena, what_zh, name.zh, of.zh), arena_printf(t->arena, what_en, name.en, of.en)}};
}

static formula differs(struct prover *p, formula a, formula b)
{
  if (a == b)
    return p->no;
  return prover_or(p, prover_and(p, a, prover_not(p, b)), prover_and(p, prover_not(p, a), b));
}

/* A pair of parts that one list of the item has: keys as text, told apart by how often they came before. */
struct part {
  struct span key, text;
  formula holds, covered; /* covered: by the zone's assessment; no where it cannot be */
  unsigned aspects;
  struct words name;
};

struct pair {
  struct touches *touches;
  struct prover *prover;
  formula both; /* the item is selected on both sides: else that itself is the change */
  struct words item;
  const char *zh, *en; /* «材料「%s」（%s）» */
};

static void touch_part(struct pair *pair, const struct part *part, formula reaches, unsigned aspects)
{
  reaches = prover_and(pair->prover, pair->both, reaches);
  if (reaches != pair->prover->no)
    add_touch(pair->touches, reaches, aspects, pair->zh, pair->en, part->name, pair->item);
}

static size_t occurrence(const struct part *list, size_t i)
{
  size_t n = 0;
  for (size_t k = 0; k < i; k++)
    n += span_eq(list[k].key, list[i].key);
  return n;
}

static size_t partner(const struct part *list, size_t i, const struct part *others, size_t n)
{
  for (size_t k = 0; k < n; k++)
    if (span_eq(others[k].key, list[i].key) && occurrence(others, k) == occurrence(list, i))
      return k;
  return n;
}

static void pair_parts(struct pair *pair, const struct part *before, size_t bn, const struct part *after, size_t an)
{
  struct prover *p = pair->prover;
  size_t last = 0;
  for (size_t i = 0; i < bn; i++) {
    size_t k = partner(before, i, after, an);
    const struct part *one = &before[i], *other = k < an ? &after[k] : NULL;
    formula reaches = other ? differs(p, one->holds, other->holds) : one->holds;
    bool moved = other && k < last;
    if (other && (moved || !span_eq(one->text, other->text)))
      reaches = prover_or(p, reaches, prover_and(p, one->holds, other->holds));
    if (other) {
      reaches = prover_or(p, reaches, prover_and(p, one->holds, differs(p, one->covered, other->covered)));
      last = k;
    }
    touch_part(pair, one, reaches, one->aspects | (other ? other->aspects : 0));
  }
  for (size_t k = 0; k < an; k++)
    if (partner(after, k, before, bn) == bn)
      touch_part(pair, &after[k], after[k].holds, after[k].aspects);
}

/* Papers that an item of the thing yields, and those that take somebody's work, change days; others do not. */
static unsigned ask_aspects(const struct side *side, const struct item_material *ask)
{
  if (ask->intermediary.zh)
    return PAPERS | FEET;
  for (size_t i = 0; i < side->blueprint->n; i++) {
    const char *yields = item_yields(side->blueprint->items[i].item);
    if (yields && strcmp(yields, ask->material->id) == 0)
      return PAPERS | FEET;
  }
  return PAPERS;
}

formula side_covered(const struct side *side, const struct item_material *ask)
{
  struct prover *p = side->statement->prover;
  if (ask->from != FROM_ZONE)
    return p->no;
  p->thing = side->thing;
  p->catalog = &side->catalog;
  return prover_covered(p, ask->assessment, ask->within, side->statement->today);
}

enum list_kind { LIST_MATERIALS, LIST_STEPS, LIST_PRESENCES };

static size_t count_of(const struct item *item, enum list_kind kind)
{
  return kind == LIST_MATERIALS ? item->material_count : kind == LIST_STEPS ? item->step_count : item->presence_count;
}

static struct part part_of(struct arena *arena, const struct side *side, size_t i, size_t n, enum list_kind kind)
{
  const struct statement_item *line = &side->statement->items[i];
  const struct item *item = line->item;
  struct part part = {.covered = side->statement->prover->no, .aspects = FEET};
  struct buf b;
  buf_init(&b, TEXT_MAX);
  if (kind == LIST_MATERIALS) {
    const struct item_material *ask = &item->materials[n];
    put_ask(&b, side->thing, ask);
    part.key = span_of(ask->material->id);
    part.holds = line->asks[n];
    part.covered = side_covered(side, ask);
    part.aspects = ask_aspects(side, ask);
    part.name = ask->material->name;
  } else if (kind == LIST_STEPS) {
    put_step(&b, item, &item->steps[n]);
    part.key = span_of(item->steps[n].step);
    part.holds = line->steps[n];
    part.aspects = FEET & ~(1u << DIFF_PRESENCES);
    part.name = step_words(item->steps[n].step);
  } else {
    part.name = presence_words(item->presence[n].why);
    part.key = span_of(part.name.en);
    part.holds = line->presences[n];
  }
  part.text = taken(arena, &b);
  return part;
}

static struct part *parts_of(struct arena *arena, const struct side *side, size_t i, enum list_kind kind)
{
  size_t n = count_of(side->statement->items[i].item, kind);
  struct part *list = arena_array(arena, n + 1, sizeof *list);
  for (size_t k = 0; k < n; k++)
    list[k] = part_of(arena, side, i, k, kind);
  return list;
}

static bool same_part(const struct side *a, const struct item *x, const struct side *b, const struct item *y, enum item_part part)
{
  struct buf one, other;
  buf_init(&one, TEXT_MAX);
  buf_init(&other, TEXT_MAX);
  put_item_part(&one, a->thing, x, part);
  put_item_part(&other, b->thing, y, part);
  bool same = span_eq(buf_view(&one), buf_view(&other));
  buf_release(&one);
  buf_release(&other);
  return same;
}

static void pair_item(struct touches *t, struct side *before, size_t i, struct side *after, size_t k)
{
  static const struct {
    unsigned aspects;
    const char *zh, *en;
  } parts[PARTS] = {
      [PART_AGENCY] = {ALL, "「%s」的办理部门%.0s", "the department of '%s'%.0s"},
      [PART_INSTANT] = {FEET, "「%s」是否即办%.0s", "whether '%s' is decided at once%.0s"},
      [PART_STAGE] = {ALL, "「%s」的阶段%.0s", "the stage of '%s'%.0s"},
      [PART_PROMISE] = {1u << DIFF_LIMITS, "「%s」的时限%.0s", "the limits of '%s'%.0s"},
      [PART_CHANNELS] = {TRIPS | 1u << DIFF_CHANNELS, "「%s」的申请渠道%.0s", "where '%s' is applied for%.0s"},
      [PART_DELIVERY] = {TRIPS | 1u << DIFF_PRESENCES | 1u << DIFF_RESULTS, "「%s」的送达方式%.0s",
                         "how the result of '%s' is delivered%.0s"},
      [PART_FEES] = {1u << DIFF_FEES, "「%s」的收费%.0s", "the fees of '%s'%.0s"},
      [PART_RESULT] = {ALL, "「%s」的结果%.0s", "the result of '%s'%.0s"},
  };
  static const struct {
    const char *zh, *en;
  } lists[] = {{"材料「%s」（%s）", "the paper '%s' (%s)"},
               {"环节「%s」（%s）", "the step '%s' (%s)"},
               {"到场「%s」（%s）", "the presence '%s' (%s)"}};
  struct prover *p = before->statement->prover;
  const struct statement_item *x = &before->statement->items[i], *y = &after->statement->items[k];
  formula changed = prover_or(p, differs(p, x->chosen, y->chosen), differs(p, x->selected, y->selected));
  if (changed != p->no)
    add_touch(t, changed, ALL, "「%s」的适用条件%.0s", "the condition of '%s'%.0s", y->item->name, y->item->name);
  formula both = prover_and(p, x->selected, y->selected);
  for (enum item_part part = 0; part < PARTS; part++)
    if (!same_part(before, x->item, after, y->item, part) && both != p->no)
      add_touch(t, both, parts[part].aspects, parts[part].zh, parts[part].en, y->item->name, y->item->name);
  for (enum list_kind kind = 0; kind <= LIST_PRESENCES; kind++) {
    struct pair pair = {t, p, both, y->item->name, lists[kind].zh, lists[kind].en};
    pair_parts(&pair, parts_of(t->arena, before, i, kind), count_of(x->item, kind), parts_of(t->arena, after, k, kind),
               count_of(y->item, kind));
  }
}

static size_t item_in(const struct side *side, const struct item *item)
{
  size_t k = 0;
  while (k < side->blueprint->n && strcmp(side->blueprint->items[k].item->id, item->id) != 0)
    k++;
  return k;
}

/* Whether the other side has an edge between the same items, about the same paper, for the same reason. */
static bool has_edge(const struct side *side, const struct edge *edge, const struct side *other)
{
  const struct item *i = side->blueprint->items[edge->item].item, *p = side->blueprint->items[edge->producer].item;
  for (size_t e = 0; e < other->blueprint->edge_count; e++) {
    const struct edge *to = &other->blueprint->edges[e];
    const struct item *k = other->blueprint->items[to->item].item;
    if (to->why == edge->why && strcmp(k->id, i->id) == 0 && strcmp(other->blueprint->items[to->producer].item->id, p->id) == 0 &&
        (edge->ask < 0 ? to->ask < 0
                       : to->ask >= 0 && strcmp(k->materials[to->ask].material->id, i->materials[edge->ask].material->id) == 0))
      return true;
  }
  return false;
}

static void touch_edges(struct touches *t, const struct side *side, const struct side *other)
{
  struct prover *p = side->statement->prover;
  for (size_t e = 0; e < side->blueprint->edge_count; e++) {
    const struct edge *edge = &side->blueprint->edges[e];
    const struct statement_item *i = &side->statement->items[edge->item], *by = &side->statement->items[edge->producer];
    if (!has_edge(side, edge, other) && prover_and(p, i->selected, by->selected) != p->no)
      add_touch(t, prover_and(p, i->selected, by->selected), PAPERS | FEET, "「%s」是否等「%s」", "whether '%s' waits for '%s'",
                i->item->name, by->item->name);
  }
}

void touches_make(struct touches *t, struct side *before, struct side *after)
{
  struct prover *p = before->statement->prover;
  size_t last = 0;
  bool moved = before->thing->audience != after->thing->audience;
  for (size_t i = 0; i < before->blueprint->n; i++) {
    const struct statement_item *x = &before->statement->items[i];
    size_t k = item_in(after, x->item);
    if (k == after->blueprint->n) {
      if (x->chosen != p->no)
        add_touch(t, x->chosen, ALL, "不再有「%s」%.0s", "'%s' is gone%.0s", x->item->name, x->item->name);
      continue;
    }
    moved |= k < last;
    last = k;
    pair_item(t, before, i, after, k);
  }
  for (size_t k = 0; k < after->blueprint->n; k++) {
    const struct statement_item *y = &after->statement->items[k];
    if (item_in(before, y->item) == before->blueprint->n && y->chosen != p->no)
      add_touch(t, y->chosen, ALL, "新增「%s」%.0s", "'%s' is new%.0s", y->item->name, y->item->name);
  }
  touch_edges(t, before, after);
  touch_edges(t, after, before);
  if (moved)
    add_touch(t, p->yes, ALL, "「%s」中事项的顺序%.0s", "the order of the items of '%s'%.0s", after->thing->name,
              after->thing->name);
}

/* ---- literals ---- */

static size_t keep(const struct prover *p, formula *list, size_t n, formula literal)
{
  for (size_t i = 0; i < n; i++)
    if (list[i] == literal)
      return n;
  if (literal == p->yes || literal == p->no)
    return n;
  list[n] = literal;
  return n + 1;
}

size_t side_literals(const struct side *side, unsigned aspects, formula *list, size_t n)
{
  const struct prover *p = side->statement->prover;
  for (size_t i = 0; i < side->blueprint->n; i++) {
    const struct statement_item *line = &side->statement->items[i];
    n = keep(p, list, n, line->selected);
    n = keep(p, list, n, line->chosen);
    for (size_t m = 0; m < line->item->material_count; m++) {
      if (!(ask_aspects(side, &line->item->materials[m]) & aspects))
        continue;
      n = keep(p, list, n, line->asks[m]);
      n = keep(p, list, n, side_covered(side, &line->item->materials[m]));
    }
    for (size_t s = 0; (aspects & FEET) && s < line->item->step_count; s++)
      n = keep(p, list, n, line->steps[s]);
    for (size_t k = 0; (aspects & FEET) && k < line->item->presence_count; k++)
      n = keep(p, list, n, line->presences[k]);
  }
  return n;
}

size_t side_literal_room(const struct side *side)
{
  size_t n = 1;
  for (size_t i = 0; i < side->blueprint->n; i++) {
    const struct item *item = side->blueprint->items[i].item;
    n += 2 + 2 * item->material_count + item->step_count + item->presence_count;
  }
  return n;
}
