/*
 * The lists for editors: what the guides should not say, and which reform would help most.
 */
#include "base/json.h"
#include "edit/study.h"
#include "reform/reform.h"

#define ADVICE_MAX 100

static bool on_advice(void *context, size_t done, size_t all)
{
  struct study *s = context;
  return s->progress(s->context, PHASE_ADVISING, done, all);
}

int study_lint(struct study *s, struct error *error)
{
  buf_init(&s->report, REPORT_MAX);
  if (!study_load(s))
    return error_set(error, ERROR_INTERNAL, "vault-damaged", "保存的目录版本读不了",
                     "The stored version of the catalogue cannot be read");
  struct json_writer w = json_to(&s->report);
  json_begin_object(&w, NULL);
  report_lint(s, &w, "lint");
  json_end(&w);
  return report_end(s, error);
}

static void put_measure(struct json_writer *w, const char *key, struct measure m)
{
  json_begin_object(w, key);
  json_put_int(w, "trips", m.trips);
  json_put_int(w, "materials", m.materials);
  json_put_int(w, "days", m.days);
  json_end(w);
}

static struct place place_of_reform(const struct catalog *c, const struct reform *reform)
{
  const struct item *item = &c->items[reform->item];
  switch (reform->kind) {
  case REFORM_SHARE:
    return c->materials[reform->material].place;
  case REFORM_DROP:
    return item->materials[reform->part].place;
  case REFORM_PRESENCE:
    return item->presence[reform->part].place;
  default:
    return item->place;
  }
}

static void put_advice(struct json_writer *w, struct study *s, const struct advice *a)
{
  const struct basis *basis = reform_basis(s->catalog, &a->reform);
  json_begin_object(w, NULL);
  report_place(w, place_of_reform(s->catalog, &a->reform));
  report_words(w, "do", reform_words(&s->arena, s->catalog, &a->reform));
  json_put_str(w, "law", basis ? basis->law : NULL);
  json_put_str(w, "article", basis ? basis->article : NULL);
  json_put_num(w, "trips", a->trips);
  json_put_num(w, "materials", a->materials);
  json_put_num(w, "days", a->days);
  json_put_int(w, "things", (int64_t)a->thing_count);
  json_put_str(w, "thing", a->thing->id);
  report_words(w, "thing_name", a->thing->name);
  json_begin_object(w, "answers");
  for (size_t i = 0; i < a->answers.n; i++)
    json_put_str(w, a->answers.list[i].question, a->answers.list[i].text);
  json_end(w);
  put_measure(w, "before", a->before);
  put_measure(w, "after", a->after);
  json_end(w);
}

int study_advice(struct study *s, struct error *error)
{
  struct advice *list = NULL;
  size_t n = 0;
  const struct advice_options options = {.today = day_of(moment_now()), .progress = on_advice, .context = s};
  buf_init(&s->report, REPORT_MAX);
  if (!study_load(s))
    return error_set(error, ERROR_INTERNAL, "vault-damaged", "保存的目录版本读不了",
                     "The stored version of the catalogue cannot be read");
  if (reform_advise(&s->arena, s->catalog, &options, &list, &n, error))
    return -1;
  struct json_writer w = json_to(&s->report);
  json_begin_object(&w, NULL);
  json_put_int(&w, "all", (int64_t)n);
  json_begin_array(&w, "advice");
  for (size_t i = 0; i < n && i < ADVICE_MAX; i++)
    put_advice(&w, s, &list[i]);
  json_end(&w);
  json_end(&w);
  return report_end(s, error);
}
