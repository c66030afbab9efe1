#include <stdlib.h>
#include <string.h>

#include "reform/reform.h"

#define PEOPLE 64

struct study {
  struct arena *arena, scratch;
  struct catalog *catalog;
  const struct advice_options *options;
  struct people *people; /* by thing */
};

/* Could the reform change this person's plan at all? */
static bool concerns(const struct catalog *catalog, const struct reform *reform, const struct sample_person *person)
{
  if (reform->kind == REFORM_SHARE) {
    for (size_t m = 0; m < person->upload_count; m++)
      if (person->uploads[m] == &catalog->materials[reform->material])
        return true;
    return false;
  }
  for (size_t i = 0; i < person->item_count; i++)
    if (person->items[i] == &catalog->items[reform->item])
      return true;
  return false;
}

/* Figures by which reforms are ordered and examples chosen: the one asked for first. */
static void rank(enum advice_order by, double trips, double materials, double days, double ret[3])
{
  const double figures[3] = {trips, materials, days};
  ret[0] = figures[by];
  for (size_t i = 0, k = 1; i < 3; i++)
    if (i != (size_t)by)
      ret[k++] = figures[i];
}

static int compare_rank(const double a[3], const double b[3])
{
  for (int i = 0; i < 3; i++)
    if (a[i] < b[i] || a[i] > b[i])
      return a[i] > b[i] ? -1 : 1;
  return 0;
}

static bool helps_more(const struct study *s, const struct advice *advice, struct measure before, struct measure after)
{
  double now[3], best[3];
  rank(s->options->by, before.trips - after.trips, before.materials - after.materials, before.days - after.days, now);
  rank(s->options->by, advice->before.trips - advice->after.trips, advice->before.materials - advice->after.materials,
       advice->before.days - advice->after.days, best);
  return !advice->thing || compare_rank(now, best) < 0;
}

static bool same(struct measure a, struct measure b)
{
  return a.trips == b.trips && a.materials == b.materials && a.days == b.days;
}

static int add_person(struct study *s, const struct people *people, const struct sample_person *person, struct advice *advice,
                      struct error *error)
{
  struct plan *plan = NULL;
  arena_reset(&s->scratch);
  if (plan_compile(&s->scratch, s->catalog, people->thing, &person->answers, NULL, s->options->today, &plan, error))
    return -1;
  struct measure before = person->before, after = measure_plan(plan);
  if (same(before, after))
    return 0;
  double weight = people->cases / (double)people->n;
  advice->cases += weight;
  advice->trips += weight * (before.trips - after.trips);
  advice->materials += weight * (before.materials - after.materials);
  advice->days += weight * (before.days - after.days);
  if (advice->thing_count == 0 || advice->things[advice->thing_count - 1] != people->thing)
    advice->things[advice->thing_count++] = people->thing;
  if (helps_more(s, advice, before, after)) {
    advice->thing = people->thing;
    advice->answers = person->answers;
    advice->before = before;
    advice->after = after;
  }
  return 0;
}

static int study_reform(struct study *s, struct advice *advice, struct error *error)
{
  struct reform_undo undo = reform_apply(s->arena, s->catalog, &advice->reform);
  int status = 0;
  advice->things = arena_array(s->arena, s->catalog->thing_count + 1, sizeof(struct thing *));
  for (size_t t = 0; status == 0 && t < s->catalog->thing_count; t++)
    for (size_t p = 0; status == 0 && s->people[t].cases > 0 && p < s->people[t].n; p++)
      if (concerns(s->catalog, &advice->reform, &s->people[t].list[p]))
        status = add_person(s, &s->people[t], &s->people[t].list[p], advice, error);
  reform_take_back(&undo);
  return status;
}

static int gather_people(struct study *s, struct error *error)
{
  const struct advice_options *options = s->options;
  s->people = arena_array(s->arena, s->catalog->thing_count + 1, sizeof *s->people);
  for (size_t t = 0; t < s->catalog->thing_count; t++) {
    if (people_of(s->arena, s->catalog, &s->catalog->things[t], options->people ? options->people : PEOPLE, options->seed,
                  options->today, &s->people[t], error))
      return -1;
    s->people[t].cases = options->cases ? options->cases[t] : 1;
  }
  return 0;
}

struct ranked {
  double rank[3];
  size_t place; /* in the catalogue's order: equal reforms keep it */
  struct advice advice;
};

static int by_rank(const void *a, const void *b)
{
  const struct ranked *one = a, *other = b;
  int order = compare_rank(one->rank, other->rank);
  return order ? order : one->place > other->place ? 1 : -1;
}

static bool helps(const struct advice *advice)
{
  return advice->trips > 0 || advice->materials > 0 || advice->days > 0;
}

int reform_advise(struct arena *arena, struct catalog *catalog, const struct advice_options *options, struct advice **ret,
                  size_t *ret_n, struct error *error)
{
  struct study study = {.arena = arena, .catalog = catalog, .options = options};
  struct reform *reforms = NULL;
  size_t n = reform_list(arena, catalog, &reforms), kept = 0;
  struct ranked *ranked = arena_array(arena, n + 1, sizeof *ranked);
  int status = gather_people(&study, error);
  for (size_t i = 0; status == 0 && i < n; i++) {
    struct ranked *line = &ranked[kept];
    *line = (struct ranked){.place = i, .advice.reform = reforms[i]};
    status = study_reform(&study, &line->advice, error);
    rank(options->by, line->advice.trips, line->advice.materials, line->advice.days, line->rank);
    kept += helps(&line->advice);
    if (options->progress && !options->progress(options->context, i + 1, n))
      status = error_set(error, ERROR_CONFLICT, "stopped", "计算已中止", "The computation was stopped");
  }
  arena_release(&study.scratch);
  if (status)
    return -1;
  qsort(ranked, kept, sizeof *ranked, by_rank);
  struct advice *list = arena_array(arena, kept + 1, sizeof *list);
  for (size_t i = 0; i < kept; i++)
    list[i] = ranked[i].advice;
  *ret = list;
  *ret_n = kept;
  return 0;
}
