/*
 * check.c: what only the whole catalogue shows. Entries that could not be read in full are here with gaps (NULL): every
 * check passes over them, the reader has said what is wrong.
 */
#include "catalog/read.h"

#include <stdlib.h>
#include <string.h>

static const char *result_of(const struct item *item)
{
  return item->result ? item->result->id : item->document;
}

static bool yields(const struct item *item, const struct material *material)
{
  const char *result = result_of(item);
  return result && material->id && strcmp(result, material->id) == 0;
}

/* The items in the order of what they yield: whoever yields a material is found by halving. */
struct producers {
  const struct item **list;
  size_t n;
};

static int by_result(const void *a, const void *b)
{
  const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;
  int order = strcmp(result_of(x), result_of(y));
  return order ? order : (x > y) - (x < y);
}

static struct producers producers_of(struct arena *arena, const struct catalog *catalog)
{
  struct producers p = {arena_array(arena, catalog->item_count, sizeof(struct item *)), 0};
  for (size_t i = 0; i < catalog->item_count; i++) {
    if (result_of(&catalog->items[i]))
      p.list[p.n++] = &catalog->items[i];
  }
  if (p.n)
    qsort((void *)p.list, p.n, sizeof *p.list, by_result);
  return p;
}

/* How many items yield a material; the first of them. */
static size_t find_producers(const struct producers *p, const struct material *material, const struct item **ret_first)
{
  size_t low = 0, high = p->n;
  while (material->id && low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(result_of(p->list[middle]), material->id) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  size_t n = 0;
  while (low + n < p->n && yields(p->list[low + n], material))
    n++;
  *ret_first = n ? p->list[low] : NULL;
  return n;
}

/* ---- what items produce and wait for ---- */

struct edges { /* of one item: indexes of the items it waits for */
  size_t *to;
  size_t n, cap;
};

struct graph {
  struct arena *arena;
  const struct catalog *catalog;
  struct producers producers;
  struct edges *edges;
  bool *in_cycle; /* reported already */
};

static void add_edge(struct graph *g, size_t from, size_t to)
{
  struct edges *e = &g->edges[from];
  e->to = arena_grow(g->arena, e->to, e->n, &e->cap, sizeof *e->to);
  e->to[e->n++] = to;
}

static size_t index_of(const struct catalog *catalog, const struct item *item)
{
  return (size_t)(item - catalog->items);
}

static void check_producers(struct reader *r, const struct producers *producers, const struct item *item)
{
  for (size_t i = 0; i < item->material_count; i++) {
    const struct item_material *m = &item->materials[i];
    const struct item *producer = NULL;
    if (m->from == FROM_RESULT && m->material && find_producers(producers, m->material, &producer) == 0)
      report_add(&r->report, m->place, "no-producer",
                 (struct words){"改为 from: government 或 applicant，或加上产生它的事项",
                                "write from: government or applicant, or add the item that yields it"},
                 "没有事项产生「%s」", "no item yields '%s'", m->material->id ? m->material->id : "");
  }
}

/*
 * needs, and results that a single item yields: whichever things are asked for, this order holds. What depends on answers is
 * the proof's: it tells for whom items wait for one another.
 */
static void add_sure_edges(struct graph *g, size_t from)
{
  const struct catalog *c = g->catalog;
  const struct item *item = &c->items[from];
  for (size_t i = 0; i < item->need_count; i++)
    add_edge(g, from, index_of(c, item->needs[i]));
  for (size_t i = 0; i < item->material_count; i++) {
    const struct item_material *m = &item->materials[i];
    const struct item *producer = NULL;
    if (m->from == FROM_RESULT && !m->when && m->material && find_producers(&g->producers, m->material, &producer) == 1)
      add_edge(g, from, index_of(c, producer));
  }
}

static bool has_item(const struct thing *thing, const struct item *item)
{
  for (size_t i = 0; i < thing->item_count; i++) {
    if (thing->items[i].item == item)
      return true;
  }
  return false;
}

/* The order within one thing: what its own items need and yield. */
static void add_thing_edges(struct graph *g, const struct thing *thing, const struct item *item)
{
  const struct catalog *c = g->catalog;
  for (size_t i = 0; i < item->need_count; i++) {
    if (has_item(thing, item->needs[i]))
      add_edge(g, index_of(c, item), index_of(c, item->needs[i]));
  }
  for (size_t i = 0; i < item->material_count; i++) {
    const struct item_material *m = &item->materials[i];
    for (size_t j = 0; m->from == FROM_RESULT && !m->when && m->material && j < thing->item_count; j++) {
      const struct item *other = thing->items[j].item;
      if (other && other != item && !thing->items[j].when && yields(other, m->material))
        add_edge(g, index_of(c, item), index_of(c, other));
    }
  }
}

static void report_cycle(struct reader *r, struct graph *g, const size_t *path, size_t n)
{
  bool fresh = false;
  const char *names = "";
  for (size_t i = 0; i < n; i++) {
    fresh = fresh || !g->in_cycle[path[i]];
    g->in_cycle[path[i]] = true;
    names = arena_printf(g->arena, "%s%s → ", names, g->catalog->items[path[i]].id);
  }
  if (fresh)
    report_add(&r->report, g->catalog->items[path[0]].place, "cycle",
               (struct words){"去掉其中一个前置条件", "remove one of the prerequisites"}, "事项互相等待：%s%s",
               "items wait for one another: %s%s", names, g->catalog->items[path[0]].id);
}

/* Depth first from the given items, with a stack of our own: grey is on the path, black is done. */
enum colour { WHITE, GREY, BLACK };

struct walk {
  enum colour *colour;
  size_t *path, *next;
};

static void walk_from(struct reader *r, struct graph *g, struct walk *w, size_t root)
{
  size_t depth = 0;
  if (w->colour[root] == WHITE) {
    w->path[depth++] = root;
    w->colour[root] = GREY;
  }
  while (depth) {
    size_t at = w->path[depth - 1];
    if (w->next[at] == g->edges[at].n) {
      w->colour[at] = BLACK;
      depth--;
      continue;
    }
    size_t to = g->edges[at].to[w->next[at]++];
    if (w->colour[to] == WHITE) {
      w->colour[to] = GREY;
      w->path[depth++] = to;
    } else if (w->colour[to] == GREY) {
      size_t start = depth;
      while (w->path[start - 1] != to)
        start--;
      report_cycle(r, g, w->path + start - 1, depth - start + 1);
    }
  }
}

/* One thing's own order; what it touched is clean again afterwards, so that a thing costs what it holds. */
static void check_thing_order(struct reader *r, struct graph *g, struct walk *w, const struct thing *thing)
{
  for (size_t i = 0; i < thing->item_count; i++) {
    if (thing->items[i].item) {
      size_t at = index_of(g->catalog, thing->items[i].item);
      g->edges[at].n = 0;
      w->colour[at] = WHITE;
      w->next[at] = 0;
    }
  }
  for (size_t i = 0; i < thing->item_count; i++) {
    if (thing->items[i].item && !thing->items[i].when)
      add_thing_edges(g, thing, thing->items[i].item);
  }
  for (size_t i = 0; i < thing->item_count; i++) {
    if (thing->items[i].item)
      walk_from(r, g, w, index_of(g->catalog, thing->items[i].item));
  }
}

static void check_order(struct reader *r)
{
  struct arena scratch = {0};
  const struct catalog *c = &r->loaded->catalog;
  size_t n = c->item_count;
  struct graph g = {&scratch, c, producers_of(&scratch, c), arena_array(&scratch, n, sizeof *g.edges),
                    arena_array(&scratch, n, sizeof(bool))};
  struct walk w = {arena_array(&scratch, n, sizeof *w.colour), arena_array(&scratch, n, sizeof *w.path),
                   arena_array(&scratch, n, sizeof *w.next)};
  for (size_t i = 0; i < n && !r->blind[INDEX_ITEM]; i++)
    check_producers(r, &g.producers, &c->items[i]);
  for (size_t i = 0; i < n; i++)
    add_sure_edges(&g, i);
  for (size_t i = 0; i < n; i++)
    walk_from(r, &g, &w, i);
  for (size_t t = 0; t < c->thing_count; t++)
    check_thing_order(r, &g, &w, &c->things[t]);
  arena_release(&scratch);
}

/* ---- conditions ask only what the thing asks ---- */

static const char *question_at(const void *context, size_t i)
{
  const struct thing *thing = context;
  return thing->questions[i].id;
}

/* A question, or one of the first tables. */
static bool knows(const struct thing *thing, size_t tables, struct span name)
{
  for (size_t i = 0; i < tables; i++) {
    if (thing->tables[i].id && span_is(name, thing->tables[i].id))
      return true;
  }
  for (size_t i = 0; i < thing->question_count; i++) {
    if (thing->questions[i].id && span_is(name, thing->questions[i].id))
      return true;
  }
  return false;
}

/* «zone_» and the name of what some zone's assessment allows. */
static bool has_indicator(const struct catalog *c, struct span name)
{
  if (!span_starts(name, "zone_"))
    return false;
  struct span id = {name.p + 5, name.n - 5};
  for (size_t z = 0; z < c->zone_count; z++)
    for (size_t a = 0; a < c->zones[z].assessment_count; a++)
      for (size_t i = 0; i < c->zones[z].assessments[a].indicator_count; i++)
        if (span_is(id, c->zones[z].assessments[a].indicators[i].id))
          return true;
  return false;
}

/* of: where the condition stands, when that is not the thing itself; zone: it may read the zone's indicators. */
static void check_names(struct reader *r, const struct thing *thing, size_t tables, struct place place, const struct feel *when,
                        const struct place *of, bool zone)
{
  if (!when)
    return;
  struct span *names = NULL;
  size_t n = feel_names(when, &r->scratch, &names);
  for (size_t i = 0; i < n; i++) {
    if (knows(thing, tables, names[i]) || (zone && (r->blind[INDEX_ZONE] || has_indicator(&r->loaded->catalog, names[i]))))
      continue;
    const char *name = arena_dup(r->report.arena, names[i]);
    const char *where = of ? arena_printf(r->report.arena, " (%s:%d:%d)", of->file, of->line, of->column) : "";
    struct words otherwise = {arena_printf(r->report.arena, "在 questions 里加上「%s」", name),
                              arena_printf(r->report.arena, "add '%s' to the questions", name)};
    struct words remedy =
        of ? otherwise : report_suggest(&r->report, names[i], question_at, thing, thing->question_count, otherwise);
    report_add(&r->report, place, "unknown-question", remedy, "条件要问「%s」，这件事没有这个问题%s",
               "the condition asks '%s', the thing has no such question%s", name, where);
  }
}

static void check_condition(struct reader *r, const struct thing *thing, struct place place, const struct feel *when,
                            const struct place *of)
{
  check_names(r, thing, thing->table_count, place, when, of, false);
}

/* What holds against a zone's assessment reads its indicators too. */
static void check_bounds(struct reader *r, const struct thing *thing, struct place place, const struct item *item)
{
  check_names(r, thing, thing->table_count, place, item->within, &item->place, true);
  for (size_t i = 0; i < item->material_count; i++)
    check_names(r, thing, thing->table_count, place, item->materials[i].within, &item->materials[i].place, true);
  for (size_t i = 0; i < item->step_count; i++)
    check_names(r, thing, thing->table_count, place, item->steps[i].within, &item->steps[i].place, true);
}

/* A table reads questions and the tables before it; its name is its own. */
static void check_tables(struct reader *r, const struct thing *thing)
{
  for (size_t i = 0; i < thing->table_count; i++) {
    const struct thing_table *table = &thing->tables[i];
    size_t before = r->report.findings->n;
    for (size_t j = 0; j < table->input_count; j++)
      check_names(r, thing, i, table->place, table->inputs[j], NULL, false);
    for (size_t j = 0; j < table->table.rule_count && r->report.findings->n == before; j++) /* rules read the inputs again */
      check_names(r, thing, i, table->rule_places[j], table->table.rules[j].when, NULL, false);
    if (table->id && knows(thing, i, span_of(table->id)))
      report_add(&r->report, table->place, "duplicate-id", (struct words){"换一个名称", "give it another name"},
                 "「%s」已经是问题或另一张表", "'%s' is a question or another table already", table->id);
  }
}

static void check_questions(struct reader *r, const struct thing *thing)
{
  check_tables(r, thing);
  for (size_t i = 0; i < thing->item_count; i++) {
    const struct thing_item *ti = &thing->items[i];
    check_condition(r, thing, ti->place, ti->when, NULL);
    const struct item *item = ti->item;
    for (size_t j = 0; item && j < item->material_count; j++)
      check_condition(r, thing, ti->place, item->materials[j].when, &item->materials[j].place);
    for (size_t j = 0; item && j < item->presence_count; j++)
      check_condition(r, thing, ti->place, item->presence[j].when, &item->presence[j].place);
    for (size_t j = 0; item && j < item->step_count; j++)
      check_condition(r, thing, ti->place, item->steps[j].when, &item->steps[j].place);
    if (item)
      check_bounds(r, thing, ti->place, item);
  }
}

static int stage_in(const struct thing_item *ti)
{
  return ti->stage || !ti->item ? ti->stage : ti->item->stage;
}

static bool waits_for(const struct item *item, const struct item *other)
{
  const char *paper = other->result ? other->result->id : other->document;
  for (size_t n = 0; n < item->need_count; n++)
    if (item->needs[n] == other)
      return true;
  for (size_t m = 0; paper && m < item->material_count; m++)
    if (item->materials[m].from == FROM_RESULT && item->materials[m].material &&
        strcmp(item->materials[m].material->id, paper) == 0)
      return true;
  return false;
}

/* A stage is accepted when the one before it is through, so nothing of it can be waited for there. */
static void check_stages(struct reader *r, const struct thing *thing)
{
  for (size_t i = 0; thing->audience == FOR_PROJECT && i < thing->item_count; i++)
    for (size_t k = 0; k < thing->item_count; k++) {
      const struct thing_item *early = &thing->items[i], *late = &thing->items[k];
      if (early->item && late->item && stage_in(early) < stage_in(late) && waits_for(early->item, late->item))
        report_add(
            &r->report, early->place, "stage-order",
            (struct words){"去掉这个前置条件，或把事项移到后面的阶段", "drop the prerequisite or move the item to a later stage"},
            "事项「%s」要等后面阶段的「%s」", "item '%s' waits for '%s' of a later stage", early->item->id, late->item->id);
    }
}

void check_catalog(struct reader *r)
{
  const struct catalog *c = &r->loaded->catalog;
  check_order(r);
  for (size_t i = 0; i < c->thing_count; i++) {
    check_questions(r, &c->things[i]);
    arena_reset(&r->scratch);
  }
  arena_release(&r->scratch);
  for (size_t i = 0; i < c->thing_count; i++)
    check_stages(r, &c->things[i]);
}
