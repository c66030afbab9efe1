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

size_t plan_group_size(const struct plan *plan, enum form_group group)
{
  size_t n = 0;
  for (size_t i = 0; i < plan->field_count; i++)
    n += plan->fields[i].field->group == group;
  return n;
}

bool plan_zone_matters(const struct plan *plan)
{
  bool matters = plan->zone != NULL;
  for (size_t i = 0; i < plan->item_count; i++) {
    const struct item *item = plan->items[i].item;
    matters |= item->covered_by != NULL;
    for (size_t m = 0; m < item->material_count; m++)
      matters |= item->materials[m].from == FROM_ZONE;
  }
  return matters;
}

const struct why_line *plan_why_line(const struct explanation *explanation, enum plan_pass pass, const char *id)
{
  for (size_t i = 0; i < explanation->n; i++)
    if (explanation->lines[i].pass == pass && strcmp(explanation->lines[i].id, id) == 0)
      return &explanation->lines[i];
  return NULL;
}

bool plan_left_out_line(const struct why_line *line)
{
  static const char *const verdicts[] = {"not-selected", "covered", "not-wanted", "held", "issued", "answered", "not-there"};
  for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
    if (strcmp(line->verdict, verdicts[i]) == 0)
      return true;
  return false;
}

size_t plan_left_out_count(const struct explanation *explanation, enum plan_pass pass)
{
  size_t n = 0;
  for (size_t i = 0; i < explanation->n; i++)
    n += explanation->lines[i].pass == pass && plan_left_out_line(&explanation->lines[i]);
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

/* What came: the thing as soon as it is found, then everything a plan is compiled from. */
struct wish {
  const struct thing *thing;
  struct answers answers;
  const struct zone *zone;
  struct plan_site *sites;
  size_t site_count;
};

/* By name; else where the sites stand. */
static int find_zone(struct request *rq, struct wish *wish, struct error *error)
{
  const struct catalog *catalog = rq->app->catalog;
  if (sites_read(rq->arena, rq_span(rq, "sites"), &wish->sites, &wish->site_count, error))
    return -1;
  if (wish->site_count)
    return sites_zone(catalog, wish->sites, wish->site_count, &wish->zone, error);
  wish->zone = rq_has(rq, "zone") ? catalog_zone(catalog, rq_span(rq, "zone")) : NULL;
  if (rq_has(rq, "zone") && !wish->zone)
    return error_set(error, ERROR_BAD_INPUT, "unknown-zone", "没有这个区域", "There is no such zone");
  return 0;
}

static int read_wish(struct request *rq, struct wish *wish, struct error *error)
{
  size_t n;
  if (find_thing(rq, &wish->thing, error) || find_zone(rq, wish, error))
    return -1;
  const struct raw_answer *raw = all_answers(rq, &n);
  return answers_read(rq->arena, wish->thing, raw, n, &wish->answers, error);
}

static int pack(struct request *rq, const struct wish *wish, struct plan *plan, struct error *error)
{
  return wish->site_count > 1 ? plan_pack(rq->arena, plan, wish->sites, wish->site_count, error) : 0;
}

static int compile(struct request *rq, struct plan **ret, struct error *error)
{
  struct wish wish = {0};
  if (read_wish(rq, &wish, error) ||
      plan_compile(rq->arena, rq->app->catalog, wish.thing, &wish.answers, wish.zone, day_of(rq->now), ret, error))
    return -1;
  return pack(rq, &wish, *ret, error);
}

static int explain(struct request *rq, struct wish *wish, struct explanation **ret, struct error *error)
{
  if (read_wish(rq, wish, error) ||
      plan_explain(rq->arena, rq->app->catalog, wish->thing, &wish->answers, wish->zone, day_of(rq->now), ret, error))
    return -1;
  return pack(rq, wish, (*ret)->plan, error);
}

/* Sites that cannot be used are told beside their box, and the plan is shown without them. */
static int without_sites(struct request *rq, const struct error *why, struct explanation **ret, struct error *error)
{
  struct wish wish = {0};
  size_t n;
  web_field_error(rq, "sites", rq->lang == LANG_EN ? why->en : why->zh);
  const struct raw_answer *raw = all_answers(rq, &n);
  if (find_thing(rq, &wish.thing, error) || answers_read(rq->arena, wish.thing, raw, n, &wish.answers, error))
    return -1;
  return plan_explain(rq->arena, rq->app->catalog, wish.thing, &wish.answers, NULL, day_of(rq->now), ret, error);
}

static bool about_sites(const struct error *error)
{
  static const char *const names[] = {"bad-site", "too-many-sites", "sites-apart", "not-a-project"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(error->name, names[i]))
      return true;
  return false;
}

static int plan_page(struct request *rq, struct error *error)
{
  struct wish wish = {0};
  struct explanation *explanation;
  if (explain(rq, &wish, &explanation, error) == 0)
    return web_page(rq, 200, plan_show(rq, explanation));
  struct error why = *error;
  if (about_sites(&why) && without_sites(rq, &why, &explanation, error) == 0)
    return web_page(rq, 400, plan_show(rq, explanation));
  /* a question left open or answered wrongly is asked again */
  bool open = !strcmp(error->name, "missing-answer") || !strcmp(error->name, "bad-answer");
  const struct question *question = wish.thing && open ? question_named(wish.thing, error->where) : NULL;
  return question ? ask(rq, wish.thing, question, true) : -1;
}

static int plan_picture(struct request *rq, struct error *error)
{
  struct plan *plan;
  if (compile(rq, &plan, error))
    return -1;
  buf_span(&rq->out, plan_svg(rq->arena, plan, rq->lang == LANG_EN ? "en" : "zh"));
  return web_bytes(rq, 200, "image/svg+xml", NULL);
}

static int plan_api(struct request *rq, struct error *error)
{
  struct plan *plan;
  if (compile(rq, &plan, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  plan_json(plan, &w, NULL);
  return 0;
}

static int explain_api(struct request *rq, struct error *error)
{
  struct wish wish = {0};
  struct explanation *explanation;
  if (explain(rq, &wish, &explanation, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  explanation_json(explanation, &w, NULL);
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
static const struct parameter of_plan[] = {ID_PARAMETER,
                                           ZONE_PARAMETER,
                                           {"sites", IN_QUERY, TYPE_TEXT, false, .max = 8000,
                                            .zh = "地点：「名称@经度,纬度」，每行一个",
                                            .en = "sites: NAME@LONGITUDE,LATITUDE, one a line"},
                                           {0}};

const struct route plan_routes[] = {
    {METHOD_GET, "/things/{id}", ROLE_PUBLIC, start_page, .parameters = of_thing, .zh = "一件事", .en = "A matter"},
    {METHOD_GET, "/things/{id}/ask", ROLE_PUBLIC, ask_page, .parameters = of_ask, .zh = "情形引导",
     .en = "The questions, one a page"},
    {METHOD_GET, "/things/{id}/plan", ROLE_PUBLIC, plan_page, .parameters = of_plan, .zh = "办事方案", .en = "The personal plan"},
    {METHOD_GET, "/things/{id}/plan.svg", ROLE_PUBLIC, plan_picture, .parameters = of_plan, .zh = "进度图",
     .en = "The plan as a picture"},
    {METHOD_GET, "/api/things/{id}/plan", ROLE_PUBLIC, plan_api, .parameters = of_plan,
     .zh = "按回答编制的办事方案（回答以 a.问题=值 给出）", .en = "The plan for answers given as a.QUESTION=VALUE"},
    {METHOD_GET, "/api/things/{id}/plan/why", ROLE_PUBLIC, explain_api, .parameters = of_plan, .zh = "方案里每一行为什么",
     .en = "Why every line of the plan is there"},
    {0}};
