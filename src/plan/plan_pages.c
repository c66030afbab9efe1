/* plan_pages.c: start page, questions, plan. Compiling is pure, so each page compiles anew from its query string. */
#include "plan/plan_pages.h"

#include <string.h>

#include "app/app.h"
#include "catalog/catalog_pages.h"
#include "templates_plan.h"

static int find_thing(struct request *rq, const struct thing **ret, struct error *error)
{
  *ret = catalog_thing(rq->app->catalog, rq_span(rq, "id"));
  return *ret ? 0 : error_set(error, ERROR_NOT_FOUND, "unknown-thing", "没有这件事", "There is no such matter");
}

/* ---- answers in the query string ---- */

static const char *field_of(struct request *rq, const struct question *question)
{
  return arena_printf(rq->arena, "a.%s", question->id);
}

/* Alone, a good answer is refused only because the others are missing. */
static bool good_answer(struct request *rq, const struct thing *thing, const struct raw_answer *raw)
{
  struct answers answers;
  struct error error = {0};
  return answers_read(rq->arena, thing, raw, 1, &answers, &error) == 0 || !strcmp(error.name, "missing-answer");
}

/* The good answers that came, in the order of the questions. */
static struct raw_answer *good_answers(struct request *rq, const struct thing *thing, size_t *ret_n)
{
  struct raw_answer *list = arena_array(rq->arena, thing->question_count + 1, sizeof *list);
  size_t n = 0;
  for (size_t i = 0; i < thing->question_count; i++) {
    const char *field = field_of(rq, &thing->questions[i]);
    struct raw_answer raw = {span_of(thing->questions[i].id), span_trim(rq_span(rq, field))};
    if (raw.text.n && rq_count(rq, field) == 1 && good_answer(rq, thing, &raw))
      list[n++] = raw;
  }
  *ret_n = n;
  return list;
}

/* Everything that came as «a.…», good or not. */
static struct raw_answer *all_answers(struct request *rq, size_t *ret_n)
{
  struct raw_answer *list = arena_array(rq->arena, rq->fields_n + 1, sizeof *list);
  size_t n = 0;
  for (size_t i = 0; i < rq->fields_n; i++) {
    struct span name = rq->fields[i].name;
    if (span_starts(name, "a.") && span_trim(rq->fields[i].value).n)
      list[n++] = (struct raw_answer){{name.p + 2, name.n - 2}, rq->fields[i].value};
  }
  *ret_n = n;
  return list;
}

static bool is_given(const struct raw_answer *given, size_t n, const struct question *question)
{
  for (size_t i = 0; i < n; i++)
    if (span_is(given[i].question, question->id))
      return true;
  return false;
}

static const struct question *first_open(const struct thing *thing, const struct raw_answer *given, size_t n)
{
  for (size_t i = 0; i < thing->question_count; i++)
    if (!is_given(given, n, &thing->questions[i]))
      return &thing->questions[i];
  return NULL;
}

static const struct question *question_named(const struct thing *thing, const char *id)
{
  for (size_t i = 0; i < thing->question_count; i++)
    if (!strcmp(thing->questions[i].id, id))
      return &thing->questions[i];
  return NULL;
}

const char *plan_link(struct request *rq, const struct thing *thing, const char *page, const struct raw_answer *given, size_t n,
                      const char *extra)
{
  const char *out = arena_printf(rq->arena, "/things/%s%s", url_part(rq, span_of(thing->id)), page),
             *sep = strchr(page, '?') ? "&" : "?";
  for (size_t i = 0; i < n; i++, sep = "&")
    out = arena_printf(rq->arena, "%s%sa.%s=%s", out, sep, url_part(rq, given[i].question), url_part(rq, given[i].text));
  return extra && *extra ? arena_printf(rq->arena, "%s%s%s", out, sep, extra) : out;
}

static struct raw_answer *raw_of(struct request *rq, const struct plan *plan)
{
  struct raw_answer *raw = arena_array(rq->arena, plan->answers.n + 1, sizeof *raw);
  for (size_t i = 0; i < plan->answers.n; i++)
    raw[i] = (struct raw_answer){span_of(plan->answers.list[i].question), span_of(plan->answers.list[i].text)};
  return raw;
}

const char *plan_link_of(struct request *rq, const struct plan *plan, const char *page, const char *extra)
{
  if (plan->zone)
    extra = arena_printf(rq->arena, "zone=%s%s%s", url_part(rq, span_of(plan->zone->id)), extra ? "&" : "", extra ? extra : "");
  if (strcmp(page, "/apply") != 0)
    return plan_link(rq, plan->thing, page, raw_of(rq, plan), plan->answers.n, extra);
  const char *query = strchr(plan_link(rq, plan->thing, "?", raw_of(rq, plan), plan->answers.n, extra), '?') + 1;
  return arena_printf(rq->arena, "/apply?thing=%s%s", url_part(rq, span_of(plan->thing->id)), query);
}

const char *plan_answer_words(struct request *rq, const struct question *question, const struct answer *answer)
{
  if (question->type == ASK_BOOLEAN)
    return answer->value.truth ? tr(rq, "yes") : tr(rq, "no");
  for (size_t i = 0; i < question->choice_count; i++)
    if (!strcmp(question->choices[i].value, answer->text))
      return name_of(rq, question->choices[i].name);
  const char *unit = unit_words(rq, question->unit);
  return unit ? arena_printf(rq->arena, "%s %s", answer->text, unit) : answer->text;
}

size_t plan_count(const struct plan *plan, enum plan_source source)
{
  size_t n = 0;
  for (size_t i = 0; i < plan->material_count; i++)
    n += plan->materials[i].source == source;
  return n;
}

/* ---- pages ---- */

static int start_page(struct request *rq, struct error *error)
{
  const struct thing *thing;
  if (find_thing(rq, &thing, error))
    return -1;
  return web_page(rq, 200, plan_start(rq, thing));
}

static const char *range_words(struct request *rq, const struct question *q)
{
  const char *unit = unit_words(rq, q->unit);
  if (!unit)
    unit = "";
  if (q->has_min && q->has_max)
    return trf(rq, "Enter a number from %s to %s %s, in digits", decimal_text(rq->arena, q->min), decimal_text(rq->arena, q->max),
               unit);
  if (q->has_min)
    return trf(rq, "Enter a number of at least %s %s, in digits", decimal_text(rq->arena, q->min), unit);
  return tr(rq, "Enter a number, in digits");
}

static int ask(struct request *rq, const struct thing *thing, const struct question *question, bool wrong)
{
  struct ask_page page = {.thing = thing, .question = question};
  page.given = good_answers(rq, thing, &page.given_count);
  if (wrong)
    web_field_error(rq, field_of(rq, question),
                    question->type == ASK_NUMBER ? range_words(rq, question) : tr(rq, "Choose one of the answers"));
  return web_page(rq, wrong ? 400 : 200, plan_question(rq, &page));
}

static int ask_page(struct request *rq, struct error *error)
{
  const struct thing *thing;
  size_t n;
  if (find_thing(rq, &thing, error))
    return -1;
  const struct raw_answer *given = good_answers(rq, thing, &n);
  const struct question *answered = question_named(thing, rq_str(rq, "q")), *wanted = question_named(thing, rq_str(rq, "at"));
  if (answered && !is_given(given, n, answered))
    return ask(rq, thing, answered, true);
  if (wanted)
    return ask(rq, thing, wanted, false);
  const struct question *open = first_open(thing, given, n);
  if (open)
    return ask(rq, thing, open, rq_has(rq, field_of(rq, open)));
  const char *zone = rq_has(rq, "zone") ? arena_printf(rq->arena, "zone=%s", url_part(rq, rq_span(rq, "zone"))) : NULL;
  return web_redirect(rq, 302, plan_link(rq, thing, "/plan", given, n, zone));
}

static int find_zone(struct request *rq, const struct zone **ret, struct error *error)
{
  const struct catalog *catalog = rq->app->catalog;
  *ret = NULL;
  if (!rq_has(rq, "zone"))
    return 0;
  for (size_t i = 0; i < catalog->zone_count; i++)
    if (!strcmp(catalog->zones[i].id, rq_str(rq, "zone"))) {
      *ret = &catalog->zones[i];
      return 0;
    }
  return error_set(error, ERROR_BAD_INPUT, "unknown-zone", "没有这个区域", "There is no such zone");
}

/* The plan of what came; -1 with the error otherwise. *ret_thing is set as soon as it is found. */
static int compile(struct request *rq, const struct thing **ret_thing, struct plan **ret, struct error *error)
{
  const struct zone *zone;
  struct answers answers;
  size_t n;
  if (find_thing(rq, ret_thing, error) || find_zone(rq, &zone, error))
    return -1;
  const struct raw_answer *raw = all_answers(rq, &n);
  if (answers_read(rq->arena, *ret_thing, raw, n, &answers, error))
    return -1;
  return plan_compile(rq->arena, rq->app->catalog, *ret_thing, &answers, zone, day_of(rq->now), ret, error);
}

static int plan_page(struct request *rq, struct error *error)
{
  const struct thing *thing = NULL;
  struct plan *plan;
  if (compile(rq, &thing, &plan, error) == 0)
    return web_page(rq, 200, plan_show(rq, plan));
  /* a question left open or answered wrongly is asked again */
  bool open = !strcmp(error->name, "missing-answer") || !strcmp(error->name, "bad-answer");
  const struct question *question = thing && open ? question_named(thing, error->where) : NULL;
  return question ? ask(rq, thing, question, true) : -1;
}

static int plan_picture(struct request *rq, struct error *error)
{
  const struct thing *thing;
  struct plan *plan;
  if (compile(rq, &thing, &plan, error))
    return -1;
  buf_span(&rq->out, plan_svg(rq->arena, plan, rq->lang == LANG_EN ? "en" : "zh"));
  return web_bytes(rq, 200, "image/svg+xml", NULL);
}

static int plan_api(struct request *rq, struct error *error)
{
  const struct thing *thing;
  struct plan *plan;
  if (compile(rq, &thing, &plan, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  plan_json(plan, &w, NULL);
  return 0;
}

#define ID_PARAMETER                                                                                                               \
  {                                                                                                                                \
    "id", IN_PATH, TYPE_TEXT, true, .max = 100, .zh = "一件事编号", .en = "identifier of the matter"                               \
  }
#define ZONE_PARAMETER                                                                                                             \
  {                                                                                                                                \
    "zone", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "区域", .en = "zone"                                                     \
  }

static const struct parameter of_thing[] = {ID_PARAMETER, {0}};
static const struct parameter of_ask[] = {
    ID_PARAMETER,
    ZONE_PARAMETER,
    {"q", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "刚回答的问题", .en = "question just answered"},
    {"at", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "要修改的问题", .en = "question to change"},
    {0}};
static const struct parameter of_plan[] = {ID_PARAMETER, ZONE_PARAMETER, {0}};

const struct route plan_routes[] = {
    {METHOD_GET, "/things/{id}", ROLE_PUBLIC, start_page, .parameters = of_thing, .zh = "一件事", .en = "A matter"},
    {METHOD_GET, "/things/{id}/ask", ROLE_PUBLIC, ask_page, .parameters = of_ask, .zh = "情形引导",
     .en = "The questions, one a page"},
    {METHOD_GET, "/things/{id}/plan", ROLE_PUBLIC, plan_page, .parameters = of_plan, .zh = "办事方案", .en = "The personal plan"},
    {METHOD_GET, "/things/{id}/plan.svg", ROLE_PUBLIC, plan_picture, .parameters = of_plan, .zh = "进度图",
     .en = "The plan as a picture"},
    {METHOD_GET, "/api/things/{id}/plan", ROLE_PUBLIC, plan_api, .parameters = of_plan,
     .zh = "按回答编制的办事方案（回答以 a.问题=值 给出）", .en = "The plan for answers given as a.QUESTION=VALUE"},
    {0}};
