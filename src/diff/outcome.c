/* outcome.c: what an applicant sees of two plans: figures and lists, compared as sets. */
#include "diff/sides.h"

#include <stdlib.h>
#include <string.h>

struct line {
  const char *key;
  struct words said;
};

struct lines {
  struct arena *arena;
  struct line *list;
  size_t n, cap;
};

static void add(struct lines *lines, const char *key, struct words said)
{
  lines->list = arena_grow(lines->arena, lines->list, lines->n, &lines->cap, sizeof *lines->list);
  lines->list[lines->n++] = (struct line){key, said};
}

static int by_key(const void *a, const void *b)
{
  return strcmp(((const struct line *)a)->key, ((const struct line *)b)->key);
}

#define SAY(...) arena_printf(lines->arena, __VA_ARGS__)

static const char *yields(const struct item *item)
{
  const char *id = item_yields(item);
  return id ? id : "";
}

static void list_item(struct lines *lines, const struct plan_item *line, enum diff_aspect aspect)
{
  const struct item *item = line->item;
  switch (aspect) {
  case DIFF_ITEMS:
    add(lines, SAY("%s %s", item->id, line->agency->id), item->name);
    return;
  case DIFF_RESULTS:
    add(lines, SAY("%s %s %d %u", item->id, yields(item), item->valid_months, item->delivery), item->name);
    return;
  case DIFF_CHANNELS:
    add(lines, SAY("%s %u", item->id, item->channels), item->name);
    return;
  case DIFF_LIMITS:
    add(lines, SAY("%s %d %d %d", item->id, item->instant, item->promised, item->statutory),
        (struct words){SAY("%s（承诺 %d、法定 %d 个工作日）", item->name.zh, item->promised, item->statutory),
                       SAY("%s (promised %d, by law %d working days)", item->name.en, item->promised, item->statutory)});
    return;
  default:
    for (size_t f = 0; f < item->fee_count; f++) {
      double yuan = (double)item->fees[f].fen / 100;
      add(lines, SAY("%s %s %lld", item->id, item->fees[f].name.zh, (long long)item->fees[f].fen),
          (struct words){SAY("%s %.2f 元", item->fees[f].name.zh, yuan), SAY("%s %.2f yuan", item->fees[f].name.en, yuan)});
    }
  }
}

static void list_needs(struct lines *lines, const struct plan *plan)
{
  for (size_t i = 0; i < plan->item_count; i++)
    for (size_t k = 0; k < plan->items[i].need_count; k++) {
      const struct item *item = plan->items[i].item, *other = plan->items[plan->items[i].needs[k]].item;
      add(lines, SAY("%s %s", item->id, other->id),
          (struct words){SAY("「%s」等「%s」", item->name.zh, other->name.zh),
                         SAY("'%s' waits for '%s'", item->name.en, other->name.en)});
    }
}

static void list_materials(struct lines *lines, const struct plan *plan)
{
  for (size_t m = 0; m < plan->material_count; m++) {
    const struct plan_material *line = &plan->materials[m];
    const struct words name = line->material->name;
    if (line->source == PLAN_UPLOAD)
      add(lines, SAY("%s %d", line->material->id, line->defer),
          line->defer ? (struct words){SAY("%s（可容缺 %d 个工作日）", name.zh, line->defer),
                                       SAY("%s (may come %d working days later)", name.en, line->defer)}
                      : name);
  }
}

static void list_presences(struct lines *lines, const struct plan *plan)
{
  for (size_t p = 0; p < plan->presence_count; p++) {
    const struct item *item = plan->items[plan->presences[p].item].item;
    struct words why = presence_words(plan->presences[p].why);
    add(lines, SAY("%s %d", item->id, (int)plan->presences[p].why),
        (struct words){SAY("%s（%s）", why.zh, item->name.zh), SAY("%s (%s)", why.en, item->name.en)});
  }
}

static struct lines list_aspect(struct arena *arena, const struct plan *plan, enum diff_aspect aspect)
{
  struct lines lines = {.arena = arena};
  switch (aspect) {
  case DIFF_MATERIALS:
    list_materials(&lines, plan);
    break;
  case DIFF_FIELDS:
    for (size_t f = 0; f < plan->field_count; f++)
      add(&lines, plan->fields[f].field->id, plan->fields[f].field->name);
    break;
  case DIFF_PRESENCES:
    list_presences(&lines, plan);
    break;
  case DIFF_NEEDS:
    list_needs(&lines, plan);
    break;
  default:
    for (size_t i = 0; i < plan->item_count; i++)
      list_item(&lines, &plan->items[i], aspect);
  }
  if (lines.n)
    qsort(lines.list, lines.n, sizeof *lines.list, by_key);
  return lines;
}

static void tell(struct arena *arena, struct words *said, char sign, const struct words name)
{
  bool first = !said->zh;
  const char *mark = sign == '-' ? "−" : "+";
  *said = (struct words){arena_printf(arena, "%s%s%s %s", first ? "" : said->zh, first ? "" : "；", mark, name.zh),
                         arena_printf(arena, "%s%s%s %s", first ? "" : said->en, first ? "" : "; ", mark, name.en)};
}

/* A merge of two sorted lists. */
static bool lists_differ(struct arena *arena, const struct lines *a, const struct lines *b, struct words *said)
{
  bool differ = false;
  for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
    int order = i == a->n ? 1 : k == b->n ? -1 : strcmp(a->list[i].key, b->list[k].key);
    differ |= order != 0;
    if (said && order < 0)
      tell(arena, said, '-', a->list[i].said);
    if (said && order > 0)
      tell(arena, said, '+', b->list[k].said);
    i += order <= 0;
    k += order >= 0;
  }
  return differ;
}

struct diff_figures plan_figures(const struct plan *plan)
{
  struct diff_figures f = {{0}};
  f.of[BY_TRIPS_ONLINE] = plan->trips_online;
  f.of[BY_TRIPS_WINDOW] = plan->trips_window;
  f.of[BY_FIELDS] = (int64_t)plan->field_count;
  f.of[BY_DAYS] = plan->days;
  f.of[BY_DAYS_WITH_SERVICES] = plan->days_with_services;
  for (size_t m = 0; m < plan->material_count; m++)
    f.of[BY_MATERIALS] += plan->materials[m].source == PLAN_UPLOAD;
  for (size_t i = 0; i < plan->item_count; i++)
    for (size_t k = 0; k < plan->items[i].item->fee_count; k++)
      f.of[BY_FEN] += plan->items[i].item->fees[k].fen;
  return f;
}

unsigned plans_differ(struct arena *arena, const struct plan *before, const struct plan *after, struct words *said)
{
  unsigned bits = 0;
  bits |= before->trips_online != after->trips_online ? 1u << DIFF_TRIPS_ONLINE : 0;
  bits |= before->trips_window != after->trips_window ? 1u << DIFF_TRIPS_WINDOW : 0;
  bits |= before->days != after->days || before->days_with_services != after->days_with_services ? 1u << DIFF_DAYS : 0;
  for (enum diff_aspect a = 0; a < DIFF_ASPECTS; a++) {
    if (a == DIFF_TRIPS_ONLINE || a == DIFF_TRIPS_WINDOW || a == DIFF_DAYS)
      continue;
    struct lines one = list_aspect(arena, before, a), other = list_aspect(arena, after, a);
    bits |= lists_differ(arena, &one, &other, said ? &said[a] : NULL) ? 1u << a : 0;
  }
  return bits;
}
