#include "plan/package.h"

#include <string.h>

static int bad_site(struct error *error, struct span text)
{
  int shown = text.n > 60 ? 60 : (int)text.n;
  (void)error_set(error, ERROR_BAD_INPUT, "bad-site", "「%.*s」不是地点：写「名称@经度,纬度」，如 二期厂房@121.62,29.90",
                  "\"%.*s\" is no site: write NAME@LONGITUDE,LATITUDE, such as Phase two@121.62,29.90", shown, text.p);
  return error_at(error, "%.*s", shown, text.p);
}

static bool read_site(struct arena *arena, struct span text, struct plan_site *ret)
{
  struct span name = {"", 0}, rest = text;
  if (memchr(text.p, '@', text.n))
    (void)span_cut(&rest, '@', &name);
  ret->name = arena_dup(arena, span_trim(name));
  return name.n <= 200 && point_parse(span_trim(rest), &ret->longitude, &ret->latitude);
}

int sites_read(struct arena *arena, struct span text, struct plan_site **ret, size_t *ret_n, struct error *error)
{
  struct plan_site *sites = arena_array(arena, PACKAGE_SITES_MAX, sizeof *sites);
  size_t n = 0;
  while (text.n) {
    size_t end = 0;
    while (end < text.n && text.p[end] != '\n' && text.p[end] != ';')
      end++;
    struct span line = span_trim((struct span){text.p, end});
    text = (struct span){text.p + end + (end < text.n), text.n - end - (end < text.n)};
    if (!line.n)
      continue;
    if (n == PACKAGE_SITES_MAX)
      return error_set(error, ERROR_BAD_INPUT, "too-many-sites", "一个项目包最多 %d 个项目", "a package has at most %d projects",
                       PACKAGE_SITES_MAX);
    if (!read_site(arena, line, &sites[n++]))
      return bad_site(error, line);
  }
  for (size_t i = 0; n > 1 && i < n; i++)
    if (!*sites[i].name)
      return error_set(error, ERROR_BAD_INPUT, "bad-site", "项目包里的第 %zu 个项目没有名称",
                       "project %zu of the package has no name", i + 1);
  *ret = sites;
  *ret_n = n;
  return 0;
}

int sites_zone(const struct catalog *catalog, const struct plan_site *sites, size_t n, const struct zone **ret, struct error *error)
{
  const struct zone *first = n ? catalog_zone_at(catalog, sites[0].longitude, sites[0].latitude) : NULL;
  for (size_t i = 1; i < n; i++) {
    const struct zone *zone = catalog_zone_at(catalog, sites[i].longitude, sites[i].latitude);
    if (zone == first && zone)
      continue;
    (void)error_set(error, ERROR_RULE, "sites-apart", "「%s」与「%s」不在同一个功能区，不能打包",
                    "%s and %s do not lie in one zone: they cannot be packed", sites[0].name, sites[i].name);
    return error_at(error, "%s", sites[i].name);
  }
  *ret = first;
  return 0;
}

static const struct item_material *ask_of(const struct item *item, const struct material *material)
{
  for (size_t m = 0; m < item->material_count; m++)
    if (item->materials[m].material == material)
      return &item->materials[m];
  return NULL;
}

/* Every item that wants it is handled once, or wants it once. */
static bool paper_once(const struct plan_material *line)
{
  for (size_t r = 0; r < line->reason_count; r++) {
    const struct item_material *ask = ask_of(line->reasons[r].item, line->material);
    if (!line->reasons[r].item->once && !(ask && ask->once))
      return false;
  }
  return true;
}

static int count(const bool *once, size_t n, bool wanted)
{
  int found = 0;
  for (size_t i = 0; i < n; i++)
    found += once[i] == wanted;
  return found;
}

static void mark_once(const struct plan *plan, struct plan_package *package)
{
  for (size_t i = 0; i < plan->item_count; i++)
    package->item_once[i] = plan->items[i].item->once;
  for (size_t m = 0; m < plan->material_count; m++)
    package->material_once[m] = paper_once(&plan->materials[m]);
  for (size_t f = 0; f < plan->field_count; f++)
    package->field_once[f] = !plan->fields[f].field->per_site;
}

/* Steps of a visit count once, for all projects where all its items are handled once. */
static int steps_of(const struct plan *plan, const struct plan_package *package)
{
  int projects = (int)package->n, steps = 2 * (int)plan->stage_count;
  for (size_t s = 0; s < plan->step_count; s++) {
    const struct plan_step *step = &plan->steps[s];
    bool counted = false;
    for (size_t k = 0; step->visit >= 0 && k < s; k++)
      counted |= plan->steps[k].visit == step->visit;
    if (!counted)
      steps += package->item_once[step->item] ? 1 : projects;
  }
  return steps;
}

static void tally(const struct plan *plan, struct plan_package *package)
{
  const struct plan_tally *one = &plan->before;
  int n = (int)package->n, papers = 0;
  for (size_t m = 0; m < plan->material_count; m++)
    if (plan->materials[m].source == PLAN_UPLOAD)
      papers += package->material_once[m] ? 1 : n;
  package->before = (struct plan_tally){.forms_fields = n * one->forms_fields,
                                        .materials = n * one->materials,
                                        .agencies = n * one->agencies,
                                        .steps = n * one->steps,
                                        .days = one->days,
                                        .trips = n * one->trips};
  package->after = (struct plan_tally){.forms_fields = count(package->field_once, plan->field_count, true) +
                                                       n * count(package->field_once, plan->field_count, false),
                                       .materials = papers,
                                       .agencies = plan->after.agencies,
                                       .steps = steps_of(plan, package),
                                       .days = plan->after.days,
                                       .trips = plan->after.trips};
}

int plan_pack(struct arena *arena, struct plan *plan, struct plan_site *sites, size_t n, struct error *error)
{
  if (plan->thing->audience != FOR_PROJECT)
    return error_set(error, ERROR_RULE, "not-a-project", "只有投资项目可以打包审批",
                     "only investment projects are approved as a package");
  struct plan_package *package = arena_new(arena, struct plan_package);
  package->sites = sites;
  package->n = n;
  package->item_once = arena_array(arena, plan->item_count + 1, sizeof(bool));
  package->material_once = arena_array(arena, plan->material_count + 1, sizeof(bool));
  package->field_once = arena_array(arena, plan->field_count + 1, sizeof(bool));
  mark_once(plan, package);
  tally(plan, package);
  plan->package = package;
  return 0;
}
