/*
 * Random small catalogues by seed: what is said of every answer by the solver is what trying every answer says.
 *
 *   catalogues --seed N --catalogues N
 *   catalogues --city DIR [--answers N]     the things of a real catalogue with at most N answers (4096), all of them tried
 *
 * For each: items, materials, steps, presences, needs, stages, zones, decision tables and conditions are drawn; every property is
 * asked of the solver, and every answer (numbers at and around each threshold) in every zone is compiled. Proved: no answer
 * fails. Failed: the person fails, and leaving out what does not matter changes nothing. And no plan takes longer, or asks more,
 * than one by one, or asks what it has asked already, or what is held.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"
#include "once.h"
#include "proof/holdings.h"
#include "proof/person.h"

#define ITEMS 6
#define QUESTIONS 4
#define PAPERS 5
#define ENTRIES 6
#define ZONES 2
#define TODAY 20000

struct world {
  struct arena arena;
  uint64_t seed;
  struct catalog catalog;
  struct item items[ITEMS];
  struct item_material *asks[ITEMS]; /* of the items, to be changed */
  struct zone zones[ZONES];
  struct thing thing;
  bool project;
  size_t answers, failed, proved, found;
};

struct trial { /* one thing of one catalogue: the solver against every answer */
  struct arena *arena;
  const struct catalog *catalog;
  const struct thing *thing;
  uint64_t seed, drawn;
  size_t answers, failed, proved, found;
};

static struct agency agencies[] = {{.id = "a", .name = {"甲", "A"}}, {.id = "b", .name = {"乙", "B"}}};
static struct material papers[PAPERS];
static const struct basis law = {"某法", "第一条"};
static struct field entries[ENTRIES];
static const struct field *entry_lists[PAPERS][2];
static const struct certificate certificates[] = {
    {.id = "p0", .name = {"证一", "paper"}, .fields = (const struct field *const[]){&entries[1], &entries[4]}, .field_count = 2},
    {.id = "p2", .name = {"证三", "paper"}, .fields = (const struct field *const[]){&entries[5]}, .field_count = 1}};

static unsigned draw(struct world *w, unsigned n)
{
  return (unsigned)(sample_next(&w->seed) % n);
}

static bool one_in(struct world *w, unsigned n)
{
  return draw(w, n) == 0;
}

/* tables: how many decision tables it may read. */
static const char *atom(struct world *w, unsigned tables)
{
  static const unsigned reads[] = {5, 2, 0}; /* the last atoms, in the order of tables */
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
                                      "not(missing)",
                                      "class = 1",
                                      "class > 1 and area < 100.5",
                                      "class in (1, 2)",
                                      "scale = \"large\"",
                                      "scale != \"small\" or chain"};
  return atoms[draw(w, sizeof atoms / sizeof *atoms - reads[tables])];
}

static const struct feel *parse(struct world *w, const char *text)
{
  struct feel *feel = NULL;
  struct error error = {0};
  if (feel_parse(&w->arena, span_of(text), &feel, &error) < 0) {
    (void)fprintf(stderr, "%s: %s\n", text, error.en);
    exit(1);
  }
  return feel;
}

static const struct feel *some_condition(struct world *w, unsigned tables)
{
  char *text = arena_str(&w->arena, atom(w, tables));
  if (one_in(w, 2))
    text = arena_printf(&w->arena, one_in(w, 2) ? "(%s) and (%s)" : "(%s) or (%s)", text, atom(w, tables));
  return parse(w, text);
}

static const struct feel *condition(struct world *w, unsigned one_of)
{
  return one_in(w, one_of) ? some_condition(w, 2) : NULL;
}

/* ---- zones ---- */

static const char *some_kind(struct world *w)
{
  return one_in(w, 2) ? "soil" : "flood";
}

/* The bound of something that an assessment may cover. */
static const struct feel *bound(struct world *w)
{
  static const char *const bounds[] = {"area <= zone_limit",     "zone_use = \"clean\" or owned",
                                       "zone_limit - rooms > 3", "zone_missing > 3",
                                       "zone_limit > 60",        "class = 1 and area < zone_limit"};
  return one_in(w, 2) ? parse(w, bounds[draw(w, 6)]) : NULL;
}

static void draw_zones(struct world *w)
{
  static const struct indicator indicators[] = {{"limit", "50", true, {50, 0, 0}},
                                                {"limit", "100.5", true, {1005, 1, 0}},
                                                {"use", "clean", false, {0, 0, 0}},
                                                {"use", "any", false, {0, 0, 0}}};
  w->catalog.zones = w->zones;
  w->catalog.zone_count = draw(w, ZONES + 1);
  for (size_t z = 0; z < w->catalog.zone_count; z++) {
    struct assessment *assessments = arena_array(&w->arena, 2, sizeof *assessments);
    w->zones[z] = (struct zone){.id = z ? "z1" : "z0", .name = {"区", "zone"}, .assessments = assessments};
    for (const char *kind = "soil"; kind; kind = strcmp(kind, "soil") == 0 ? "flood" : NULL)
      if (!one_in(w, 4))
        assessments[w->zones[z].assessment_count++] = (struct assessment){
            .kind = kind, .valid_until = TODAY - 1 + (int)draw(w, 3), .indicators = &indicators[draw(w, 4)], .indicator_count = 1};
  }
}

/* ---- decision tables ---- */

static const struct feel *some_output(struct world *w, bool number, struct feel_value *ret_value)
{
  static const char *const outputs[] = {"1", "2", "\"large\"", "\"small\""};
  const struct feel *output = parse(w, outputs[draw(w, 2) + (number ? 0 : 2)]);
  *ret_value = feel_eval(output, &w->arena, answers_lookup, &(struct answers){0});
  return output;
}

/* «class», a number, and «scale», which may read it. */
static void draw_table(struct world *w, struct thing_table *table, unsigned number)
{
  static const enum feel_hit hits[] = {HIT_UNIQUE, HIT_ANY, HIT_FIRST};
  size_t n = 1 + draw(w, 3);
  bool class = number == 0; /* else words */
  struct feel_rule *rules = arena_array(&w->arena, n, sizeof *rules);
  struct feel_output *output = arena_new(&w->arena, struct feel_output);
  struct feel_value *values = arena_array(&w->arena, n + 1, sizeof *values);
  const struct feel **then = arena_array(&w->arena, n, sizeof *then);
  for (size_t r = 0; r < n; r++) {
    then[r] = some_output(w, class, &values[r]);
    rules[r] = (struct feel_rule){.when = some_condition(w, number), .then = &then[r]};
  }
  output->otherwise = one_in(w, 3) ? NULL : some_output(w, class, &values[n]);
  *table = (struct thing_table){.id = class ? "class" : "scale", .name = {"表", "table"}, .values = values};
  table->table =
      (struct feel_table){.hit = hits[draw(w, 3)], .outputs = output, .output_count = 1, .rules = rules, .rule_count = n};
  table->otherwise = output->otherwise ? &values[n] : NULL;
}

static void draw_tables(struct world *w)
{
  struct thing_table *tables = arena_array(&w->arena, 2, sizeof *tables);
  w->thing.tables = tables;
  w->thing.table_count = draw(w, 3);
  for (size_t t = 0; t < w->thing.table_count; t++)
    draw_table(w, &tables[t], (unsigned)t);
}

/* ---- items ---- */

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
    step->covered_by = one_in(w, 4) ? some_kind(w) : NULL;
    step->within = bound(w);
  }
  steps[item->step_count++] = (struct step){.step = "decide", .takes = (int)draw(w, 2), .agency = item->agency};
  item->steps = steps;
}

static void draw_materials(struct world *w, struct item *item)
{
  struct item_material *asks = arena_array(&w->arena, 3, sizeof *asks);
  for (unsigned n = draw(w, 3); item->material_count < n;) {
    static const enum material_source sources[] = {FROM_APPLICANT, FROM_APPLICANT, FROM_GOVERNMENT, FROM_RESULT, FROM_ZONE};
    struct item_material *ask = &asks[item->material_count];
    *ask = (struct item_material){.material = &papers[draw(w, PAPERS)], .from = sources[draw(w, 5)], .basis = &law};
    ask->when = condition(w, 2);
    ask->assessment = ask->from == FROM_ZONE ? some_kind(w) : NULL;
    ask->within = ask->from == FROM_ZONE ? bound(w) : NULL;
    ask->fields = entry_lists[draw(w, PAPERS)];
    ask->field_count = draw(w, 3);
    bool twice = item->material_count == 1 && asks[0].material == ask->material;
    n -= twice;
    item->material_count += !twice;
  }
  item->materials = w->asks[item - w->items] = asks;
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
  item->result = one_in(w, 5) ? &certificates[draw(w, 2)] : NULL;
  item->covered_by = one_in(w, 5) ? some_kind(w) : NULL;
  item->within = bound(w);
  item->stage = w->project ? 1 + (int)(i * 4 / ITEMS) : 0;
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

/* As the check of a catalogue wants it (stage-order): nothing waits for a later stage. */
static void keep_stages(struct world *w)
{
  for (size_t i = 0; i < ITEMS; i++)
    for (size_t k = 0; k < ITEMS; k++) {
      struct item *item = &w->items[i];
      const char *paper = item_yields(&w->items[k]);
      if (item->stage >= w->items[k].stage)
        continue;
      if (item->need_count && item->needs[0] == &w->items[k])
        item->need_count = 0;
      for (size_t m = 0; paper && m < item->material_count; m++)
        if (item->materials[m].from == FROM_RESULT && strcmp(item->materials[m].material->id, paper) == 0)
          w->asks[i][m].from = FROM_APPLICANT;
    }
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
  struct thing_item *list = arena_array(&w->arena, n, sizeof *list);
  for (size_t i = 0; i < n; i++)
    list[i] = (struct thing_item){.item = &w->items[i], .when = condition(w, 2), .stage = w->items[i].stage};
  w->thing.id = "thing";
  w->thing.name = (struct words){"事", "thing"};
  w->thing.audience = w->project ? FOR_PROJECT : FOR_ENTERPRISE;
  w->thing.lead = &agencies[0];
  w->thing.questions = asked;
  w->thing.question_count = QUESTIONS + 1;
  w->thing.items = list;
  w->thing.item_count = n;
}

/* ---- the solver against every answer ---- */

static void fail(const struct trial *t, const char *what, const char *property)
{
  (void)printf("not ok: seed %llu, %s: %s (%s)\n", (unsigned long long)t->seed, t->thing->id, what, property);
  exit(1);
}

static size_t choices_of(const struct trial *t, const struct candidates *candidates, size_t q)
{
  const struct question *question = &t->thing->questions[q];
  return question->type == ASK_BOOLEAN ? 2 : question->type == ASK_CHOICE ? question->choice_count : candidates->counts[q];
}

static struct answer choose(const struct trial *t, const struct candidates *candidates, size_t q, size_t n)
{
  const struct question *question = &t->thing->questions[q];
  return question->type == ASK_BOOLEAN  ? answer_boolean(question, n == 1)
         : question->type == ASK_CHOICE ? answer_choice(question, n)
                                        : answer_number(t->arena, question, candidates->numbers[q][n]);
}

/* Every answer: choices and truths all, numbers from the candidates. */
static bool next_answer(const struct trial *t, const struct candidates *candidates, struct answers *answers, size_t *at)
{
  for (size_t q = 0; q < answers->n; q++) {
    at[q] = (at[q] + 1) % choices_of(t, candidates, q);
    answers->list[q] = choose(t, candidates, q, at[q]);
    if (at[q] > 0)
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

static void check_plan(const struct trial *t, const struct plan *plan)
{
  const char *in_vain = asked_in_vain(plan);
  if (plan->days > plan->days_serial)
    fail(t, "a plan takes longer than one by one", "days");
  if (plan->after.materials > plan->before.materials || plan->after.forms_fields > plan->before.forms_fields)
    fail(t, "a plan asks more than one by one", "materials");
  if (plan->after.trips > plan->before.trips && !examined_after_waiting(plan))
    fail(t, "a plan takes more trips than one by one", "trips");
  if (in_vain)
    fail(t, in_vain, "once");
}

static void try_zone(struct trial *t, struct subject *subject, const struct zone *zone, bool *fails)
{
  struct arena work = {0};
  size_t n = t->thing->question_count;
  struct answers answers = {.list = arena_array(t->arena, n + t->thing->table_count + 1, sizeof *answers.list), .n = n};
  size_t *at = arena_array(t->arena, n + 1, sizeof *at);
  for (size_t q = 0; q < n; q++)
    answers.list[q] = choose(t, subject->candidates, q, at[q] = 0);
  do {
    struct rerun r = subject->rerun;
    r.arena = &work;
    r.answers = answers;
    r.zone = zone;
    rerun_compile(&r);
    if (r.plan)
      check_plan(t, r.plan);
    for (size_t p = 0; p < property_count; p++)
      fails[p] |= properties[p].fails(&r, NULL);
    t->answers++;
    arena_reset(&work);
  } while (next_answer(t, subject->candidates, &answers, at));
  arena_release(&work);
}

static const struct zone *some_zone(struct trial *t)
{
  size_t z = sample_next(&t->drawn) % (t->catalog->zone_count + 1);
  return z ? &t->catalog->zones[z - 1] : NULL;
}

/* What does not matter for the person may be anything. */
static void vary(struct trial *t, struct subject *subject, const struct property *property, const struct proof_person *person)
{
  for (int k = 0; k < 20; k++) {
    struct answers other = sample_answers(t->arena, subject->blueprint, subject->candidates, &t->drawn);
    for (size_t q = 0; q < other.n; q++)
      if (person->matters[q])
        other.list[q] = person->answers.list[q];
    struct model model = {other, person->zone_matters ? person->zone : some_zone(t)};
    if (!subject_fails(subject, property, &model, NULL))
      fail(t, "an answer that is said not to matter does", property->id);
  }
}

static void compare(struct trial *t, struct subject *subject, struct statement *s, const bool *fails)
{
  for (size_t p = 0; p < property_count; p++) {
    struct model model = {0};
    formula violated = property_violation(&properties[p], s, subject->rerun.holdings);
    enum verdict verdict = prover_ask(subject->prover, t->thing, violated, &model, NULL);
    if (verdict == PROVER_UNKNOWN)
      fail(t, "the solver does not know", properties[p].id);
    if (verdict == PROVER_NEVER && fails[p])
      fail(t, "proved, and an answer fails", properties[p].id);
    if (verdict == PROVER_NEVER) {
      t->proved++;
      continue;
    }
    struct proof_person *person = person_make(subject, &properties[p], violated, &model);
    if (!person)
      fail(t, "the solver found one, and the compiler finds no fault", properties[p].id);
    if (!fails[p])
      t->found++; /* between the numbers tried */
    t->failed++;
    vary(t, subject, &properties[p], person);
  }
}

/* How many answers there are to try, in all zones. */
static double combinations(const struct trial *t, const struct candidates *candidates)
{
  double product = (double)t->catalog->zone_count + 1;
  for (size_t q = 0; q < t->thing->question_count; q++)
    product *= (double)choices_of(t, candidates, q);
  return product;
}

/* False where it has more answers than these. */
static bool try_thing(struct trial *t, double answers_max)
{
  struct prover prover;
  struct blueprint *b = blueprint_make(t->arena, t->thing);
  struct subject subject = {.arena = t->arena, .prover = &prover, .blueprint = b, .candidates = candidates_make(t->arena, b)};
  if (combinations(t, subject.candidates) > answers_max)
    return false;
  subject.rerun = (struct rerun){
      .arena = t->arena, .catalog = t->catalog, .blueprint = b, .holdings = holdings_make(t->arena, t->catalog), .today = TODAY};
  prover_open(&prover, t->arena, t->catalog, 20000);
  prover_meet(&prover, t->thing);
  bool fails[32] = {false};
  for (size_t z = 0; z <= t->catalog->zone_count; z++)
    try_zone(t, &subject, z ? &t->catalog->zones[z - 1] : NULL, fails);
  compare(t, &subject, statement_make(&prover, b, TODAY), fails);
  prover_close(&prover);
  return true;
}

static void report(const char *of, size_t n, const struct trial *total)
{
  (void)printf("%zu %s, %zu answers tried: %zu properties proved, %zu failed (%zu between the numbers tried)\n", n, of,
               total->answers, total->proved, total->failed, total->found);
}

static void run(uint64_t seed, struct trial *total)
{
  struct world *w = calloc(1, sizeof *w);
  w->seed = seed;
  w->project = one_in(w, 3);
  for (size_t i = 0; i < ITEMS; i++)
    draw_item(w, i);
  keep_stages(w);
  draw_thing(w);
  draw_tables(w);
  draw_zones(w);
  w->catalog.items = w->items;
  w->catalog.item_count = ITEMS;
  total->arena = &w->arena;
  total->catalog = &w->catalog;
  total->thing = &w->thing;
  total->seed = total->drawn = seed;
  (void)try_thing(total, 1e9);
  arena_release(&w->arena);
  free(w);
}

static int run_city(const char *path, double answers_max)
{
  struct catalog *city = NULL;
  struct arena loading = {0};
  struct findings findings = {0};
  struct error error = {0};
  struct trial total = {0};
  size_t n = 0;
  if (catalog_load(path, &city, &loading, &findings, &error) < 0) {
    (void)fprintf(stderr, "%s: %s\n", path, error.en);
    return 1;
  }
  for (size_t t = 0; t < city->thing_count; t++) {
    struct arena arena = {0};
    total.arena = &arena;
    total.catalog = city;
    total.thing = &city->things[t];
    n += try_thing(&total, answers_max);
    arena_release(&arena);
  }
  report("things", n, &total);
  catalog_free(city);
  arena_release(&loading);
  return 0;
}

static void make_papers(void)
{
  static const char *const ids[] = {"p0", "p1", "p2", "p3", "p4"}, *const names[] = {"证一", "证二", "证三", "证四", "证一"};
  static const char *const fields[ENTRIES] = {"f0", "f1", "f2", "f3", "f4", "f5"};
  for (size_t f = 0; f < ENTRIES; f++)
    entries[f] = (struct field){.id = fields[f], .name = {"栏", "entry"}, .answered_by = f == 3 ? "area" : NULL};
  for (size_t i = 0; i < PAPERS; i++) {
    entry_lists[i][0] = &entries[i];
    entry_lists[i][1] = &entries[i + 1];
    papers[i] = (struct material){.id = ids[i],
                                  .name = {names[i], "paper"},
                                  .kind = i == 3 ? "form" : "certificate",
                                  .holder = i < 3 ? &agencies[0] : NULL,
                                  .shared = i == 0  ? SHARED_UNCONDITIONAL
                                            : i < 3 ? SHARED_CONDITIONAL
                                                    : SHARED_NO,
                                  .fields = entry_lists[i],
                                  .field_count = 2};
  }
}

int main(int argc, char **argv)
{
  uint64_t seed = 1, n = 100;
  double answers_max = 4096;
  const char *city = NULL;
  struct trial total = {0};
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--seed") == 0)
      seed = strtoull(argv[i + 1], NULL, 10);
    if (strcmp(argv[i], "--catalogues") == 0)
      n = strtoull(argv[i + 1], NULL, 10);
    if (strcmp(argv[i], "--city") == 0)
      city = argv[i + 1];
    if (strcmp(argv[i], "--answers") == 0)
      answers_max = strtod(argv[i + 1], NULL);
  }
  if (city)
    return run_city(city, answers_max);
  make_papers();
  for (uint64_t k = 0; k < n; k++)
    run(seed + k, &total);
  report("catalogues", n, &total);
  return 0;
}
