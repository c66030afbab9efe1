/*
 * plan_bench.c: how long compiling one personal plan takes, in the processor's time: every thing of a catalogue with random
 * answers, and one made thing of 60 questions and 40 items. What a page does is measured: answers read, plan compiled, arena freed;
 * of each plan the least of three times.
 *
 * usage: plan_bench CATALOGUE [ROUNDS]      one JSON object on stdout, microseconds
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "plan/plan.h"

#define QUESTIONS 60
#define ITEMS 40
#define PAPERS 10
#define ENTRIES 12 /* fields a form */

static uint64_t seed = 20261124;

static uint32_t draw(uint32_t n)
{
  seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(seed >> 33) % n;
}

static struct span some_answer(struct arena *arena, const struct question *question)
{
  if (question->type == ASK_BOOLEAN)
    return draw(2) ? SPAN("true") : SPAN("false");
  if (question->type == ASK_CHOICE)
    return span_of(question->choices[draw((uint32_t)question->choice_count)].value);
  struct decimal number = {(int64_t)draw(draw(2) ? 60 : 1500), 0};
  if (question->has_min && decimal_compare(number, question->min) < 0)
    number = question->min;
  if (question->has_max && decimal_compare(number, question->max) > 0)
    number = question->max;
  return span_of(decimal_text(arena, number));
}

static double now(void)
{
  struct timespec t;
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* One plan, from the raw answers; its time in microseconds. */
static double compile_once(const struct catalog *catalog, const struct thing *thing, const struct zone *zone,
                           const struct raw_answer *raw)
{
  static struct arena arena; /* a server's arenas are reset, not freed */
  struct answers answers;
  struct plan *plan;
  struct error error = {0};
  double start = now();
  if (answers_read(&arena, thing, raw, thing->question_count, &answers, &error) < 0 ||
      plan_compile(&arena, catalog, thing, &answers, zone, 20781, &plan, &error) < 0) {
    (void)fprintf(stderr, "%s: %s\n", thing->id, error.en);
    exit(1);
  }
  double took = now() - start;
  arena_reset(&arena);
  return took;
}

/* Random answers. The least of three: what the plan takes, not what a neighbour took of the caches meanwhile. */
static double compile(const struct catalog *catalog, const struct thing *thing)
{
  static struct arena arena;
  struct raw_answer *raw = arena_array(&arena, thing->question_count + 1, sizeof *raw);
  for (size_t q = 0; q < thing->question_count; q++)
    raw[q] = (struct raw_answer){span_of(thing->questions[q].id), some_answer(&arena, &thing->questions[q])};
  const struct zone *zone = catalog->zone_count && draw(3) == 0 ? &catalog->zones[draw((uint32_t)catalog->zone_count)] : NULL;
  double least = compile_once(catalog, thing, zone, raw);
  for (int i = 0; i < 2; i++) {
    double took = compile_once(catalog, thing, zone, raw);
    least = took < least ? took : least;
  }
  arena_reset(&arena);
  return least;
}

/* ---- the made thing ---- */

struct made {
  struct catalog catalog;
  struct agency agencies[8];
  struct field fields[ITEMS * ENTRIES / 2];
  struct certificate certificates[ITEMS];
  struct material materials[ITEMS * PAPERS / 2 + ITEMS];
  struct question questions[QUESTIONS];
  struct item items[ITEMS];
  struct thing_item entries[ITEMS];
  struct thing thing;
};

static const struct feel *condition(struct arena *arena)
{
  struct feel *feel = NULL;
  struct error error = {0};
  const char *text = arena_printf(arena, "q%u or (q%u and n%u > %u)", draw(40), draw(40), 40 + draw(20), draw(1000));
  if (feel_parse(arena, span_of(text), &feel, &error) < 0)
    exit(1);
  return feel;
}

static const struct field **some_fields(struct arena *arena, struct made *made, size_t n)
{
  const struct field **list = arena_array(arena, n, sizeof *list);
  for (size_t i = 0; i < n; i++)
    list[i] = &made->fields[draw(ITEMS * ENTRIES / 2)];
  return list;
}

static void make_dictionaries(struct arena *arena, struct made *made)
{
  static const struct words name = {"名", "name"};
  for (size_t i = 0; i < sizeof made->agencies / sizeof *made->agencies; i++)
    made->agencies[i] = (struct agency){.id = arena_printf(arena, "agency-%zu", i), .name = name};
  for (size_t i = 0; i < sizeof made->fields / sizeof *made->fields; i++)
    made->fields[i] = (struct field){.id = arena_printf(arena, "field_%zu", i), .name = name, .group = (enum form_group)(i % 7)};
  for (size_t i = 0; i < QUESTIONS; i++)
    made->questions[i] = (struct question){
        .id = arena_printf(arena, i < 40 ? "q%zu" : "n%zu", i), .type = i < 40 ? ASK_BOOLEAN : ASK_NUMBER, .text = name};
  for (size_t i = 0; i < sizeof made->materials / sizeof *made->materials; i++) {
    bool paper = i < ITEMS; /* what an item issues */
    struct material *m = &made->materials[i];
    *m = (struct material){.id = arena_printf(arena, "material-%zu", i), .name = name, .kind = i % 3 ? "plan" : "form"};
    m->holder = paper || i % 4 == 0 ? &made->agencies[i % 8] : NULL;
    m->field_count = 4;
    m->fields = some_fields(arena, made, m->field_count);
    if (paper)
      made->certificates[i] = (struct certificate){m->id, name, m->holder, m->fields, m->field_count, {0}};
  }
}

static void make_item(struct arena *arena, struct made *made, size_t i)
{
  static const struct basis law = {"某法", "第一条"};
  static const char *const steps[] = {"review", "site-visit", "opinion", "publicity", "decide"};
  struct item_material *asks = arena_array(arena, PAPERS, sizeof *asks);
  for (size_t m = 0; m < PAPERS; m++) {
    size_t earlier = i ? draw((uint32_t)i) : 0, other = ITEMS + draw(ITEMS * PAPERS / 2);
    bool result = m < 2 && i > 0;
    asks[m] = (struct item_material){.material = &made->materials[result ? earlier : other],
                                     .from = result                                    ? FROM_RESULT
                                             : m == 2 && made->materials[other].holder ? FROM_GOVERNMENT
                                                                                       : FROM_APPLICANT,
                                     .when = m % 3 ? NULL : condition(arena),
                                     .basis = &law};
    asks[m].field_count = m == 4 ? ENTRIES : 0;
    asks[m].fields = some_fields(arena, made, ENTRIES);
  }
  struct step *list = arena_array(arena, 5, sizeof *list);
  for (size_t s = 0; s < 5; s++)
    list[s] = (struct step){.step = steps[s], .takes = 1 + (int)draw(4), .when = s == 3 ? condition(arena) : NULL};
  list[1].merge = "site";
  list[2].assist = true;
  list[2].agency = &made->agencies[draw(8)];
  made->items[i] = (struct item){.id = arena_printf(arena, "item-%zu", i),
                                 .agency = &made->agencies[i % 8],
                                 .channels = CHANNEL_ONLINE,
                                 .delivery = DELIVERY_E_CERTIFICATE,
                                 .materials = asks,
                                 .material_count = PAPERS,
                                 .steps = list,
                                 .step_count = 5,
                                 .result = &made->certificates[i],
                                 .basis = &law,
                                 .basis_count = 1};
  made->entries[i] = (struct thing_item){.item = &made->items[i], .when = i % 4 ? NULL : condition(arena)};
}

static struct made *make_thing(struct arena *arena)
{
  struct made *made = arena_new(arena, struct made);
  make_dictionaries(arena, made);
  for (size_t i = 0; i < ITEMS; i++)
    make_item(arena, made, i);
  made->thing = (struct thing){.id = "made",
                               .lead = &made->agencies[0],
                               .questions = made->questions,
                               .question_count = QUESTIONS,
                               .items = made->entries,
                               .item_count = ITEMS};
  return made;
}

/* ---- figures ---- */

static int by_time(const void *a, const void *b)
{
  const double *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static void put_figures(struct json_writer *w, const char *key, double *times, size_t n)
{
  qsort(times, n, sizeof *times, by_time);
  json_begin_object(w, key);
  json_put_int(w, "plans", (int64_t)n);
  json_put_num(w, "p50_us", times[n / 2]);
  json_put_num(w, "p99_us", times[n * 99 / 100]);
  json_put_num(w, "worst_us", times[n - 1]);
  json_end(w);
}

int main(int argc, char **argv)
{
  struct arena arena = {0};
  struct catalog *catalog;
  struct findings findings = {0};
  struct error error = {0};
  size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 200;
  if (argc < 2 || rounds == 0 || catalog_load(argv[1], &catalog, &arena, &findings, &error) < 0) {
    (void)fprintf(stderr, "plan_bench: CATALOGUE [ROUNDS]: %s\n", error.en);
    return 2;
  }
  size_t n = 0;
  double *times = arena_array(&arena, catalog->thing_count * rounds, sizeof *times);
  for (size_t r = 0; r < rounds; r++)
    for (size_t t = 0; t < catalog->thing_count; t++)
      times[n++] = compile(catalog, &catalog->things[t]);
  struct buf buf;
  buf_init(&buf, 4096);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  put_figures(&w, "catalogue", times, n);
  const struct made *made = make_thing(&arena);
  for (n = 0; n < 10 * rounds && n < catalog->thing_count * rounds; n++)
    times[n] = compile(&made->catalog, &made->thing);
  put_figures(&w, "sixty_questions_forty_items", times, n);
  json_end(&w);
  buf_char(&buf, '\n');
  bool written = fwrite(buf_view(&buf).p, 1, buf_view(&buf).n, stdout) == buf_view(&buf).n && fflush(stdout) == 0;
  buf_release(&buf);
  catalog_free(catalog);
  arena_release(&arena);
  return written ? 0 : 1;
}
