/*
 * Random small catalogues by seed: what is said of every answer by the solver is what trying every answer says.
 *
 *   catalogues --seed N --catalogues N
 *
 * For each: items, materials, steps, presences, needs and conditions are drawn; every property is asked of the solver, and every
 * answer (numbers at and around each threshold) is compiled. Proved: no answer fails. Failed: the person fails, and
 * leaving out what does not matter changes nothing. And no plan takes longer, or asks more, than one by one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proof/holdings.h"
#include "proof/person.h"

#define ITEMS 6
#define QUESTIONS 4
#define PAPERS 5

struct world {
  struct arena arena;
  uint64_t seed;
  struct catalog catalog;
  struct item items[ITEMS];
  struct thing thing;
  size_t answers, failed, proved, found;
};

static struct agency agencies[] = {{.id = "a", .name = {"甲", "A"}}, {.id = "b", .name = {"乙", "B"}}};
static struct material papers[PAPERS];
static const struct basis law = {"某法", "第一条"};

static unsigned draw(struct world *w, unsigned n)
{
  return (unsigned)(sample_next(&w->seed) % n);
}

static bool one_in(struct world *w, unsigned n)
{
  return draw(w, n) == 0;
}

static const char *atom(struct world *w)
{
  static const char *const atoms[] = {"owned",
                                      "not(owned)",
                                      "area > 50",
                                      "area >= 100.5",
                                      "area in [20..60)",
                                      "kind = \"hot\"",
                                      "kind in (\"hot\", \"cold\")",
                                      "kind != \"cold\"",
                                      "chain",
                                      "chain = false",
                                      "area * 2 < rooms",
                                      "area / 4 - rooms >= 3",
                                      "missing",
                                      "if owned then area > 30 else chain",
                                      "area between 40 and 50",
                                      "kind < \"d\"",
                                      "not(missing)"};
  return atoms[draw(w, sizeof atoms / sizeof *atoms)];
}

static const struct feel *condition(struct world *w, unsigned one_of)
{
  if (!one_in(w, one_of))
    return NULL;
  char *text = arena_str(&w->arena, atom(w));
  if (one_in(w, 2))
    text = arena_printf(&w->arena, one_in(w, 2) ? "(%s) and (%s)" : "(%s) or (%s)", text, atom(w));
  struct feel *feel = NULL;
  struct error error = {0};
  if (feel_parse(&w->arena, span_of(text), &feel, &error) < 0) {
    (void)fprintf(stderr, "%s: %s\n", text, error.en);
    exit(1);
  }
  return feel;
}

static void draw_steps(struct world *w, struct item *item)
{
  static const char *const kinds[] = {"review", "examination", "appraisal", "opinion", "site-visit"};
  struct step *steps = arena_array(&w->arena, 4, sizeof *steps);
  for (unsigned n = draw(w, 3); item->step_count < n;) {
    const char *kind = kinds[draw(w, 5)];
    struct step *step = &steps[item->step_count++];
    *step = (struct step){.step = kind, .takes = (int)draw(w, 3) * 12, .when = condition(w, 3), .agency = item->agency};
    step->merge = strcmp(kind, "site-visit") == 0 ? "site" : NULL;
    step->assist = strcmp(kind, "opinion") == 0;
    step->clock_excluded = one_in(w, 4);
  }
  steps[item->step_count++] = (struct step){.step = "decide", .takes = (int)draw(w, 2), .agency = item->agency};
  item->steps = steps;
}

static void draw_materials(struct world *w, struct item *item)
{
  struct item_material *asks = arena_array(&w->arena, 3, sizeof *asks);
  for (unsigned n = draw(w, 3); item->material_count < n;) {
    static const enum material_source sources[] = {FROM_APPLICANT, FROM_APPLICANT, FROM_GOVERNMENT, FROM_RESULT};
    struct item_material *ask = &asks[item->material_count];
    *ask = (struct item_material){.material = &papers[draw(w, PAPERS)], .from = sources[draw(w, 4)], .basis = &law};
    ask->when = condition(w, 2);
    bool twice = item->material_count == 1 && asks[0].material == ask->material;
    n -= twice;
    item->material_count += !twice;
  }
  item->materials = asks;
}

static void draw_item(struct world *w, size_t i)
{
  static const enum presence_why whys[] = {WHY_IDENTITY, WHY_EXAMINATION, WHY_EXAMINATION, WHY_PICK_UP};
  struct item *item = &w->items[i];
  *item = (struct item){.id = arena_printf(&w->arena, "i%zu", i), .name = {"事项", "item"}, .kind = (enum item_kind)draw(w, 2)};
  item->agency = &agencies[draw(w, 2)];
  item->basis = one_in(w, 30) ? NULL : &law;
  item->basis_count = item->basis != NULL;
  item->instant = one_in(w, 8);
  item->statutory = item->promised = item->instant ? 0 : 60 - 30 * (int)one_in(w, 20);
  item->channels = one_in(w, 8) ? CHANNEL_WINDOW : CHANNEL_ONLINE | CHANNEL_WINDOW;
  item->delivery = one_in(w, 8) ? DELIVERY_WINDOW : DELIVERY_COURIER | DELIVERY_WINDOW;
  item->document = one_in(w, 3) ? papers[draw(w, PAPERS)].id : NULL;
  draw_steps(w, item);
  draw_materials(w, item);
  struct presence *presence = arena_array(&w->arena, 2, sizeof *presence);
  item->presence_count = one_in(w, 3);
  presence[0] = (struct presence){.why = whys[draw(w, 4)], .when = condition(w, 2), .basis = one_in(w, 20) ? NULL : &law};
  item->presence = presence;
  const struct item **others = arena_array(&w->arena, 2, sizeof *others);
  others[0] = &w->items[draw(w, ITEMS)];
  item->needs = others;
  item->need_count = others[0] != item && one_in(w, 3) && (others[0] < item || one_in(w, 6));
  item->excludes = others;
  item->exclude_count = others[0] != item && !item->need_count && one_in(w, 12);
}

static void draw_thing(struct world *w)
{
  static const struct choice kinds[] = {{"hot", {"热", "hot"}}, {"cold", {"冷", "cold"}}, {"none", {"无", "none"}}};
  static const struct question questions[QUESTIONS] = {
      {.id = "owned", .text = {"是否自有？", "Owned?"}, .type = ASK_BOOLEAN},
      {.id = "area",
       .text = {"面积是多少？", "Area?"},
       .type = ASK_NUMBER,
       .has_min = true,
       .has_max = true,
       .min = {5, 0},
       .max = {200, 0}},
      {.id = "kind", .text = {"哪类？", "Kind?"}, .type = ASK_CHOICE, .choices = kinds, .choice_count = 3},
      {.id = "chain", .text = {"是否连锁？", "Chain?"}, .type = ASK_BOOLEAN}};
  static const struct question rooms = {.id = "rooms",
                                        .text = {"房间有多少？", "Rooms?"},
                                        .type = ASK_NUMBER,
                                        .has_min = true,
                                        .has_max = true,
                                        .min = {0, 0},
                                        .max = {300, 0}};
  struct question *asked = arena_array(&w->arena, QUESTIONS + 1, sizeof *asked);
  memcpy(asked, questions, sizeof questions);
  asked[QUESTIONS] = rooms;
  size_t n = 1 + draw(w, ITEMS);
  struct thing_item *entries = arena_array(&w->arena, n, sizeof *entries);
  for (size_t i = 0; i < n; i++)
    entries[i] = (struct thing_item){.item = &w->items[i], .when = condition(w, 2)};
  w->thing = (struct thing){.id = "thing", .name = {"事", "thing"}, .lead = &agencies[0], .questions = asked};
  w->thing.question_count = QUESTIONS + 1;
  w->thing.items = entries;
  w->thing.item_count = n;
}

static void fail(const struct world *w, uint64_t seed, const char *what, const char *property)
{
  (void)w;
  (void)printf("not ok: seed %llu: %s (%s)\n", (unsigned long long)seed, what, property);
  exit(1);
}

/* Every answer: choices and truths all, numbers from the candidates. */
static bool next_answer(struct world *w, const struct candidates *candidates, struct answers *answers, size_t *at)
{
  for (size_t q = 0; q < answers->n; q++) {
    const struct question *question = &w->thing.questions[q];
    size_t n = question->type == ASK_BOOLEAN ? 2 : question->type == ASK_CHOICE ? question->choice_count : candidates->counts[q];
    bool over = ++at[q] == n;
    at[q] = over ? 0 : at[q];
    answers->list[q] = question->type == ASK_BOOLEAN  ? answer_boolean(question, at[q] == 1)
                       : question->type == ASK_CHOICE ? answer_choice(question, at[q])
                                                      : answer_number(&w->arena, question, candidates->numbers[q][at[q]]);
    if (!over)
      return true;
  }
  return false;
}

/*
 * Whoever does one thing after the other identifies himself for the second when he is examined for it; jointly he does so at the
 * application, before. So an item that waits and is examined can cost a trip more than it does alone.
 */
static bool examined_after_waiting(const struct plan *plan)
{
  for (size_t p = 0; p < plan->presence_count; p++)
    if (plan->presences[p].why == WHY_EXAMINATION && plan->items[plan->presences[p].item].need_count > 0)
      return true;
  return false;
}

static void check_plan(const struct world *w, uint64_t seed, const struct plan *plan)
{
  if (plan->days > plan->days_serial)
    fail(w, seed, "a plan takes longer than one by one", "days");
  if (plan->after.materials > plan->before.materials)
    fail(w, seed, "a plan asks more than one by one", "materials");
  if (plan->after.trips > plan->before.trips && !examined_after_waiting(plan))
    fail(w, seed, "a plan takes more trips than one by one", "trips");
}

static void try_all(struct world *w, uint64_t seed, struct subject *subject, bool *fails)
{
  struct arena work = {0};
  struct answers answers = {.list = arena_array(&w->arena, QUESTIONS + 2, sizeof *answers.list), .n = QUESTIONS + 1};
  size_t at[QUESTIONS + 1] = {0};
  memset(fails, 0, property_count * sizeof *fails);
  for (size_t q = 0; q < answers.n; q++)
    at[q] = SIZE_MAX;
  (void)next_answer(w, subject->candidates, &answers, at);
  for (size_t q = 1; q < answers.n; q++) {
    at[q] = 0;
    const struct question *question = &w->thing.questions[q];
    answers.list[q] = question->type == ASK_BOOLEAN  ? answer_boolean(question, false)
                      : question->type == ASK_CHOICE ? answer_choice(question, 0)
                                                     : answer_number(&w->arena, question, subject->candidates->numbers[q][0]);
  }
  do {
    struct rerun r = subject->rerun;
    r.arena = &work;
    r.answers = answers;
    rerun_compile(&r);
    if (r.plan)
      check_plan(w, seed, r.plan);
    for (size_t p = 0; p < property_count; p++)
      fails[p] |= properties[p].fails(&r, NULL);
    w->answers++;
    arena_reset(&work);
  } while (next_answer(w, subject->candidates, &answers, at));
  arena_release(&work);
}

/* What does not matter for the person may be anything. */
static void vary(struct world *w, uint64_t seed, struct subject *subject, const struct property *property,
                 const struct proof_person *person)
{
  for (int k = 0; k < 20; k++) {
    struct answers other = sample_answers(&w->arena, subject->blueprint, subject->candidates, &w->seed);
    for (size_t q = 0; q < other.n; q++)
      if (person->matters[q])
        other.list[q] = person->answers.list[q];
    struct model model = {other, person->zone};
    if (!subject_fails(subject, property, &model, NULL))
      fail(w, seed, "an answer that is said not to matter does", property->id);
  }
}

static void compare(struct world *w, uint64_t seed, struct subject *subject, struct statement *s, const bool *fails)
{
  for (size_t p = 0; p < property_count; p++) {
    struct model model = {0};
    formula violated = property_violation(&properties[p], s, subject->rerun.holdings);
    enum verdict verdict = prover_ask(subject->prover, &w->thing, violated, &model, NULL);
    if (verdict == PROVER_UNKNOWN)
      fail(w, seed, "the solver does not know", properties[p].id);
    if (verdict == PROVER_NEVER && fails[p])
      fail(w, seed, "proved, and an answer fails", properties[p].id);
    if (verdict == PROVER_NEVER) {
      w->proved++;
      continue;
    }
    struct proof_person *person = person_make(subject, &properties[p], violated, &model);
    if (!person)
      fail(w, seed, "the solver found one, and the compiler finds no fault", properties[p].id);
    if (!fails[p])
      w->found++; /* between the numbers tried */
    w->failed++;
    vary(w, seed, subject, &properties[p], person);
  }
}

static void run(uint64_t seed, struct world *total)
{
  struct world *w = calloc(1, sizeof *w);
  struct prover prover;
  w->seed = seed;
  for (size_t i = 0; i < ITEMS; i++)
    draw_item(w, i);
  draw_thing(w);
  w->catalog.items = w->items;
  w->catalog.item_count = ITEMS;
  struct blueprint *b = blueprint_make(&w->arena, &w->thing);
  prover_open(&prover, &w->arena, &w->catalog, 20000);
  prover_meet(&prover, &w->thing);
  struct statement *s = statement_make(&prover, b, 20000);
  struct subject subject = {.arena = &w->arena, .prover = &prover, .blueprint = b, .candidates = candidates_make(&w->arena, b)};
  subject.rerun = (struct rerun){.arena = &w->arena,
                                 .catalog = &w->catalog,
                                 .blueprint = b,
                                 .holdings = holdings_make(&w->arena, &w->catalog),
                                 .today = 20000};
  bool fails[32];
  try_all(w, seed, &subject, fails);
  compare(w, seed, &subject, s, fails);
  total->answers += w->answers;
  total->proved += w->proved;
  total->failed += w->failed;
  total->found += w->found;
  prover_close(&prover);
  arena_release(&w->arena);
  free(w);
}

int main(int argc, char **argv)
{
  uint64_t seed = 1, n = 100;
  struct world total = {0};
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--seed") == 0)
      seed = strtoull(argv[i + 1], NULL, 10);
    if (strcmp(argv[i], "--catalogues") == 0)
      n = strtoull(argv[i + 1], NULL, 10);
  }
  for (size_t i = 0; i < PAPERS; i++)
    papers[i] = (struct material){.id = (const char *const[]){"p0", "p1", "p2", "p3", "p4"}[i],
                                  .name = {(const char *const[]){"证一", "证二", "证三", "证四", "证一"}[i], "paper"},
                                  .kind = i == 3 ? "form" : "certificate",
                                  .holder = i < 3 ? &agencies[0] : NULL,
                                  .shared = i == 0  ? SHARED_UNCONDITIONAL
                                            : i < 3 ? SHARED_CONDITIONAL
                                                    : SHARED_NO};
  for (uint64_t k = 0; k < n; k++)
    run(seed + k, &total);
  (void)printf("%llu catalogues, %zu answers tried: %zu properties proved, %zu failed (%zu between the numbers tried)\n",
               (unsigned long long)n, total.answers, total.proved, total.failed, total.found);
  return 0;
}
