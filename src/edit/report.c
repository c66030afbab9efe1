/*
 * Reports of the workshop, as pages show them.
 */
#include <string.h>

#include "app/app.h"
#include "base/json.h"
#include "diff/diff.h"
#include "edit/edit_pages.h"

enum { CHANGES_SHOWN = 20, PERSONS_SHOWN = 4 };

static const char *words_in(struct request *rq, const json_t *object, const char *key)
{
  const json_t *words = json_object_get(object, key);
  return arena_str(rq->arena, say(rq, json_str(words, "zh"), json_str(words, "en")));
}

static const char *text_in(struct request *rq, const json_t *object, const char *key)
{
  return arena_str(rq->arena, json_str(object, key));
}

/* ---- findings ---- */

static struct finding_view *read_findings(struct request *rq, const json_t *list, const char *href_head, size_t *ret_n)
{
  struct finding_view *views = arena_array(rq->arena, json_array_size(list) + 1, sizeof *views);
  size_t i;
  json_t *f;
  json_array_foreach((json_t *)(uintptr_t)list, i, f)
  {
    const char *file = text_in(rq, f, "file");
    int64_t line = json_int(f, "line");
    views[i] = (struct finding_view){.file = file,
                                     .rule = text_in(rq, f, "rule"),
                                     .wrong = words_in(rq, f, "wrong"),
                                     .fix = words_in(rq, f, "fix"),
                                     .line = line,
                                     .column = json_int(f, "column")};
    if (href_head && draft_file_name(span_of(file)))
      views[i].href = arena_printf(rq->arena, "%s%s?line=%lld", href_head, file, (long long)line);
  }
  *ret_n = json_array_size(list);
  return views;
}

const char *report_excerpt(struct arena *arena, struct span text, int64_t line)
{
  struct span one;
  for (int64_t i = 1; span_cut(&text, '\n', &one); i++)
    if (i == line)
      return arena_dup(arena, (struct span){one.p, one.n < 400 ? one.n : 400});
  return NULL;
}

struct finding_view *report_findings(struct request *rq, const struct findings *findings, const char *file, struct span text,
                                     size_t *ret_n)
{
  struct finding_view *views = arena_array(rq->arena, findings->n + 1, sizeof *views);
  size_t n = 0;
  for (size_t i = 0; i < findings->n; i++) {
    const struct finding *f = &findings->list[i];
    if (strcmp(f->place.file, file) != 0)
      continue;
    views[n++] = (struct finding_view){.file = file,
                                       .rule = f->rule,
                                       .wrong = say(rq, f->wrong.zh, f->wrong.en),
                                       .fix = say(rq, f->remedy.zh, f->remedy.en),
                                       .line = f->place.line,
                                       .column = f->place.column,
                                       .excerpt = report_excerpt(rq->arena, text, f->place.line)};
  }
  *ret_n = n;
  return views;
}

/* ---- what changes for whom ---- */

static const char *figures(struct request *rq, const json_t *person)
{
  static const struct {
    const char *key, *words;
  } measures[] = {{"trips_online", N_("trips, applying online")},
                  {"trips_window", N_("trips, at a window")},
                  {"materials", N_("papers")},
                  {"fields", N_("entries")},
                  {"days", N_("working days")},
                  {"days_with_services", N_("working days with intermediaries")}};
  const json_t *before = json_object_get(person, "before"), *after = json_object_get(person, "after");
  const char *list = "";
  for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
    long long b = json_int(before, measures[i].key), a = json_int(after, measures[i].key);
    if (a != b)
      list = arena_printf(rq->arena, "%s%s%s %lld → %lld", list, *list ? say(rq, "，", ", ") : "", tr(rq, measures[i].words), b, a);
  }
  long long b = json_int(before, "fen"), a = json_int(after, "fen");
  if (a != b)
    list = arena_printf(rq->arena, "%s%s%s %.2f → %.2f", list, *list ? say(rq, "，", ", ") : "", tr(rq, "fees in yuan"),
                        (double)b / 100, (double)a / 100);
  return list;
}

static struct change_person read_person(struct request *rq, const json_t *p)
{
  static const struct {
    const char *effect, *words, *kind;
  } effects[] = {{"worse", N_("worse off"), "bad"},
                 {"mixed", N_("better and worse"), "wait"},
                 {"better", N_("better off"), "good"},
                 {"other", N_("different"), "now"}};
  const json_t *differs = json_list(p, "differs"), *causes = json_list(p, "causes");
  struct change_person view = {.who = words_in(rq, p, "who"), .figures = figures(rq, p), .causes = "", .effect = "", .kind = ""};
  size_t i, n = 0;
  json_t *x;
  for (size_t e = 0; e < sizeof effects / sizeof *effects; e++)
    if (strcmp(json_str(p, "effect"), effects[e].effect) == 0) {
      view.effect = tr(rq, effects[e].words);
      view.kind = effects[e].kind;
    }
  json_array_foreach((json_t *)(uintptr_t)causes, i, x) view.causes =
      arena_printf(rq->arena, "%s%s%s", view.causes, i ? say(rq, "；", "; ") : "", say(rq, json_str(x, "zh"), json_str(x, "en")));
  view.said = arena_array(rq->arena, json_array_size(differs) + 1, sizeof *view.said);
  json_array_foreach((json_t *)(uintptr_t)differs, i, x) if (json_is_object(json_object_get(x, "said"))) view.said[n++] =
      words_in(rq, x, "said");
  return view;
}

static const char *same_aspects(struct request *rq, const json_t *aspects)
{
  const char *list = "";
  for (enum diff_aspect a = 0; a < DIFF_ASPECTS; a++) {
    struct words words = diff_aspect_words(a);
    const char *outcome = json_str(aspects, diff_aspect_id(a));
    if (strcmp(outcome, "same") == 0 || strcmp(outcome, "unchanged") == 0)
      list = arena_printf(rq->arena, "%s%s%s", list, *list ? say(rq, "、", ", ") : "", say(rq, words.zh, words.en));
  }
  return list;
}

static bool differs(const json_t *thing)
{
  return strcmp(json_str(thing, "in"), "both") != 0 || json_array_size(json_list(thing, "persons")) ||
         json_array_size(json_list(thing, "notes")) || json_is_string(json_object_get(thing, "disagrees"));
}

static struct change_view read_change(struct request *rq, const json_t *thing)
{
  const json_t *persons = json_list(thing, "persons");
  const char *in = json_str(thing, "in");
  size_t all = json_array_size(persons), n = all < PERSONS_SHOWN ? all : PERSONS_SHOWN;
  struct change_view view = {.thing = text_in(rq, thing, "thing"),
                             .name = words_in(rq, thing, "name"),
                             .note = strcmp(in, "new") == 0   ? tr(rq, "new")
                                     : strcmp(in, "old") == 0 ? tr(rq, "gone")
                                                              : NULL,
                             .persons = arena_array(rq->arena, n + 1, sizeof *view.persons),
                             .n = n,
                             .more = all - n,
                             .same = same_aspects(rq, json_object_get(thing, "aspects"))};
  for (size_t i = 0; i < n; i++)
    view.persons[i] = read_person(rq, json_array_get(persons, i));
  return view;
}

static void read_changes(struct request *rq, const json_t *diff, struct report_view *view)
{
  const json_t *things = json_list(diff, "things");
  size_t i;
  json_t *thing;
  view->compared = diff != NULL;
  view->changes = arena_array(rq->arena, CHANGES_SHOWN + 1, sizeof *view->changes);
  json_array_foreach((json_t *)(uintptr_t)things, i, thing)
  {
    if (!differs(thing))
      continue;
    if (view->change_count < CHANGES_SHOWN)
      view->changes[view->change_count++] = read_change(rq, thing);
    else
      view->changes_more++;
  }
}

/* ---- the whole ---- */

int report_parse(struct request *rq, struct span text, const char *href_head, struct report_view *ret, struct error *error)
{
  json_t *root;
  if (json_read(text, "report", &root, error))
    return -1;
  *ret = (struct report_view){.there = true,
                              .fit = json_flag(root, "fit"),
                              .loads = json_object_get(root, "things") != NULL,
                              .solver = text_in(rq, root, "solver"),
                              .things = json_int(root, "things"),
                              .items = json_int(root, "items"),
                              .proved = json_int(root, "proved"),
                              .excused = json_int(root, "excused"),
                              .failed = json_int(root, "failed"),
                              .ms = json_int(root, "ms")};
  ret->findings = read_findings(rq, json_list(root, "findings"), href_head, &ret->finding_count);
  ret->advice = read_findings(rq, json_list(root, "lint"), href_head, &ret->advice_count);
  read_changes(rq, json_object_get(root, "diff"), ret);
  json_decref(root);
  return 0;
}

int report_read(struct request *rq, const char *digest, const char *href_head, struct report_view *ret, struct error *error)
{
  struct span text;
  *ret = (struct report_view){0};
  if (!digest || !*digest)
    return 0;
  if (vault_get(rq->app->store, digest, rq->arena, &text, error))
    return -1;
  return report_parse(rq, text, href_head, ret, error);
}

/* ---- advice ---- */

static const char *saved(struct request *rq, double figure)
{
  return arena_printf(rq->arena, figure > 0 && figure < 10 ? "%.2f" : "%.0f", figure);
}

static const char *plan_of(struct request *rq, const json_t *advice)
{
  const char *path = arena_printf(rq->arena, "/things/%s/plan", json_str(advice, "thing")), *key;
  json_t *value;
  char mark = '?';
  json_object_foreach(json_object_get(advice, "answers"), key, value)
  {
    path = arena_printf(rq->arena, "%s%ca.%s=%s", path, mark, key, url_part(rq, span_of(json_string_value(value))));
    mark = '&';
  }
  return path;
}

static const char *example(struct request *rq, const json_t *a)
{
  const json_t *before = json_object_get(a, "before"), *after = json_object_get(a, "after");
  return trf(rq, "trips %s → %s, papers %s → %s, working days %s → %s", (long long)json_int(before, "trips"),
             (long long)json_int(after, "trips"), (long long)json_int(before, "materials"), (long long)json_int(after, "materials"),
             (long long)json_int(before, "days"), (long long)json_int(after, "days"));
}

static struct advice_view read_advice(struct request *rq, const json_t *a)
{
  const char *file = json_str(a, "file"), *law = json_str(a, "law");
  long long line = json_int(a, "line");
  return (struct advice_view){.todo = words_in(rq, a, "do"),
                              .law = *law ? arena_printf(rq->arena, "%s %s", law, json_str(a, "article")) : "",
                              .place = arena_printf(rq->arena, "%s:%lld", file, line),
                              .href = arena_printf(rq->arena, "/editor/files/%s?line=%lld", file, line),
                              .trips = saved(rq, json_number_value(json_object_get(a, "trips"))),
                              .materials = saved(rq, json_number_value(json_object_get(a, "materials"))),
                              .days = saved(rq, json_number_value(json_object_get(a, "days"))),
                              .things = json_int(a, "things"),
                              .thing = text_in(rq, a, "thing"),
                              .thing_name = words_in(rq, a, "thing_name"),
                              .example = example(rq, a),
                              .plan = plan_of(rq, a)};
}

int report_advice(struct request *rq, struct span text, struct advice_view **ret, size_t *ret_n, int64_t *ret_all,
                  struct error *error)
{
  json_t *root, *a;
  size_t i;
  if (json_read(text, "advice", &root, error))
    return -1;
  const json_t *list = json_list(root, "advice");
  *ret = arena_array(rq->arena, json_array_size(list) + 1, sizeof **ret);
  json_array_foreach((json_t *)(uintptr_t)list, i, a)(*ret)[i] = read_advice(rq, a);
  *ret_n = json_array_size(list);
  *ret_all = json_int(root, "all");
  json_decref(root);
  return 0;
}
