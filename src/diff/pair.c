/*
 * pair.c: who sees a difference between two versions of one thing.
 *
 * Applicants are tried: one whom each change reaches, some hundreds by seed, then every kind of applicant that the changes reach,
 * as far as they are not too many. Each is compiled on both sides; the solver only says whom to try, and when nobody is left.
 */
#include "diff/pair.h"

#include <string.h>

#include "diff/sides.h"
#include "proof/person.h"

#define MILLISECONDS 10000
#define SAMPLES 400
#define KINDS 400    /* of applicants, for the solver to find, in each of two searches */
#define CHECKED 8    /* samples that differ, of which the solver is asked whether a change reaches them */
#define CHANCES 1000 /* numbers tried in making a person plain */

struct found { /* an applicant worth telling of */
  bool any;
  struct answers answers;
  size_t zone; /* 1 + its index; 0: none */
  unsigned aspects;
  struct diff_figures before, after;
  int64_t by;
};

struct hunt {
  struct arena *arena, work; /* of the result; of this thing */
  const struct catalog *catalogs[2];
  const struct diff_options *options;
  struct side sides[2];
  struct prover prover;
  struct thing joint;     /* the questions of both, with the answers that both take */
  struct blueprint mixed; /* the items of both, for numbers worth trying */
  const struct candidates *candidates;
  struct touches touches;
  unsigned open;                       /* aspects that may still differ */
  struct found first[DIFF_ASPECTS];    /* the first who shows it */
  struct found most[DIFF_MEASURES][2]; /* the most worse, the most better */
  bool unsure;                         /* a kind that was not compiled as it stands */
  size_t checked;
  struct diff_thing *ret;
};

/* ---- both sides' zones and questions ---- */

static void share_zones(struct hunt *h)
{
  const struct catalog *a = h->catalogs[0], *b = h->catalogs[1];
  struct zone *one = arena_array(&h->work, b->zone_count + 1, sizeof *one),
              *other = arena_array(&h->work, b->zone_count + 1, sizeof *other);
  size_t n = 0;
  for (size_t z = 0; z < b->zone_count; z++)
    for (size_t k = 0; k < a->zone_count; k++)
      if (strcmp(a->zones[k].id, b->zones[z].id) == 0) {
        one[n] = a->zones[k];
        other[n++] = b->zones[z];
      }
  h->sides[0].catalog = *a;
  h->sides[1].catalog = *b;
  h->sides[0].catalog.zones = one;
  h->sides[1].catalog.zones = other;
  h->sides[0].catalog.zone_count = h->sides[1].catalog.zone_count = n;
}

static const struct question *question_of(const struct thing *thing, const char *id)
{
  for (size_t q = 0; q < thing->question_count; q++)
    if (strcmp(thing->questions[q].id, id) == 0)
      return &thing->questions[q];
  return NULL;
}

static void narrow(struct arena *arena, struct question *q, const struct question *other)
{
  if (other->has_min && (!q->has_min || decimal_compare(other->min, q->min) > 0)) {
    q->has_min = true;
    q->min = other->min;
  }
  if (other->has_max && (!q->has_max || decimal_compare(other->max, q->max) < 0)) {
    q->has_max = true;
    q->max = other->max;
  }
  struct choice *both = arena_array(arena, q->choice_count + 1, sizeof *both);
  size_t n = 0;
  for (size_t c = 0; c < q->choice_count; c++)
    for (size_t k = 0; k < other->choice_count; k++)
      if (strcmp(q->choices[c].value, other->choices[k].value) == 0)
        both[n++] = q->choices[c];
  q->choices = both;
  q->choice_count = n;
}

static void note(struct hunt *h, struct words **notes, struct words said)
{
  if (said.zh)
    (*notes)[h->ret->note_count++] = said;
}

/* False where they cannot be compared: a question takes another kind of answers, or none that both sides take. */
static bool join_questions(struct hunt *h)
{
  const struct thing *before = h->ret->before, *after = h->ret->after;
  size_t room = before->question_count + after->question_count + 1;
  struct question *list = arena_array(h->arena, room, sizeof *list);
  struct words *notes = arena_array(h->arena, room, sizeof *notes);
  bool comparable = true;
  h->joint = *after;
  h->joint.questions = list;
  h->joint.question_count = 0;
  h->joint.tables = NULL;
  h->joint.table_count = 0;
  h->ret->notes = notes;
  for (size_t q = 0; q < after->question_count; q++) {
    struct question *to = &list[h->joint.question_count++];
    const struct question *was = question_of(before, after->questions[q].id);
    *to = after->questions[q];
    note(h, &notes, question_change(h->arena, was, to));
    if (!was)
      continue;
    narrow(h->arena, to, was);
    comparable &= was->type == to->type && (to->type != ASK_CHOICE || to->choice_count > 0) &&
                  (to->type != ASK_NUMBER || !to->has_min || !to->has_max || decimal_compare(to->min, to->max) <= 0);
  }
  for (size_t q = 0; q < before->question_count; q++)
    if (!question_of(after, before->questions[q].id)) {
      list[h->joint.question_count++] = before->questions[q];
      note(h, &notes, question_change(h->arena, &before->questions[q], NULL));
    }
  return comparable;
}

static void mix(struct hunt *h)
{
  const struct blueprint *a = h->sides[0].blueprint, *b = h->sides[1].blueprint;
  struct thing *asking = arena_new(&h->work, struct thing);
  size_t tables = a->thing->table_count + b->thing->table_count;
  struct thing_table *all = arena_array(&h->work, tables + 1, sizeof *all);
  for (size_t i = 0; i < tables; i++)
    all[i] = i < a->thing->table_count ? a->thing->tables[i] : b->thing->tables[i - a->thing->table_count];
  *asking = h->joint;
  asking->tables = all;
  asking->table_count = tables;
  h->mixed = (struct blueprint){.thing = asking, .n = a->n + b->n};
  h->mixed.items = arena_array(&h->work, a->n + b->n + 1, sizeof *h->mixed.items);
  memcpy(h->mixed.items, a->items, a->n * sizeof *a->items);
  memcpy(h->mixed.items + a->n, b->items, b->n * sizeof *b->items);
  h->candidates = candidates_make(&h->work, &h->mixed);
  h->mixed.thing = &h->joint;
}

static void open_sides(struct hunt *h)
{
  const struct thing *things[] = {h->ret->before, h->ret->after};
  unsigned milliseconds = h->options->milliseconds ? h->options->milliseconds : MILLISECONDS;
  share_zones(h);
  prover_open(&h->prover, &h->work, &h->sides[0].catalog, milliseconds);
  for (int s = 0; s < 2; s++) {
    h->sides[s].thing = things[s];
    h->sides[s].blueprint = blueprint_make(&h->work, things[s]);
    prover_meet(&h->prover, things[s]);
  }
  for (int s = 0; s < 2; s++) {
    h->prover.thing = things[s];
    h->prover.catalog = &h->sides[s].catalog;
    h->sides[s].statement = statement_make(&h->prover, h->sides[s].blueprint, h->options->today);
  }
  mix(h);
  h->touches.arena = h->arena;
  touches_make(&h->touches, &h->sides[0], &h->sides[1]);
  h->prover.catalog = &h->sides[1].catalog;
}

/* ---- one applicant through both compilers ---- */

static struct answers answers_for(struct arena *arena, const struct thing *thing, const struct answers *joint)
{
  struct answers to = {.list = arena_array(arena, thing->question_count + thing->table_count + 1, sizeof *to.list),
                       .n = thing->question_count};
  for (size_t q = 0; q < thing->question_count; q++)
    for (size_t k = 0; k < joint->n; k++)
      if (strcmp(joint->list[k].question, thing->questions[q].id) == 0)
        to.list[q] = joint->list[k];
  answers_decide(arena, thing, &to);
  return to;
}

struct outcome {
  bool compiled;
  unsigned aspects;
  struct diff_figures before, after;
  const struct plan *plans[2];
};

/* Items that wait for each other have no plan: the check says so, there is nothing to compare. */
static struct outcome compile(struct hunt *h, struct arena *arena, const struct answers *answers, size_t zone)
{
  struct outcome o = {.compiled = true};
  for (int s = 0; s < 2 && o.compiled; s++) {
    const struct side *side = &h->sides[s];
    struct answers own = answers_for(arena, side->thing, answers);
    struct plan *plan = NULL;
    struct error error = {0};
    o.compiled = plan_fill(arena, &side->catalog, side->blueprint, &own, zone ? &side->catalog.zones[zone - 1] : NULL,
                           h->options->today, &plan, &error) == 0;
    o.plans[s] = plan;
  }
  h->ret->compiled++;
  if (!o.compiled)
    return o;
  o.aspects = plans_differ(arena, o.plans[0], o.plans[1], NULL);
  o.before = plan_figures(o.plans[0]);
  o.after = plan_figures(o.plans[1]);
  return o;
}

static struct answers keep_answers(struct arena *arena, const struct answers *from)
{
  struct answers to = {.list = arena_array(arena, from->n + 1, sizeof *to.list), .n = from->n};
  for (size_t i = 0; i < from->n; i++) {
    to.list[i] = from->list[i];
    to.list[i].text = arena_str(arena, from->list[i].text);
  }
  return to;
}

static void keep(struct hunt *h, struct found *to, const struct answers *answers, size_t zone, const struct outcome *o, int64_t by)
{
  if (to->any && by <= to->by)
    return;
  *to = (struct found){true, keep_answers(h->arena, answers), zone, o->aspects, o->before, o->after, by};
}

static void record(struct hunt *h, const struct answers *answers, size_t zone, const struct outcome *o)
{
  for (enum diff_aspect a = 0; a < DIFF_ASPECTS; a++)
    if (o->aspects & 1u << a)
      keep(h, &h->first[a], answers, zone, o, 1);
  for (enum diff_measure m = 0; m < DIFF_MEASURES; m++) {
    int64_t more = o->after.of[m] - o->before.of[m];
    if (more)
      keep(h, &h->most[m][more < 0], answers, zone, o, more < 0 ? -more : more);
  }
  h->open &= ~o->aspects;
}

static void disagree(struct hunt *h, const struct answers *answers, const char *why)
{
  if (h->prover.uncertain || h->prover.helpers)
    h->unsure = true; /* an encoding that allows more than there is */
  else if (!h->ret->disagrees)
    h->ret->disagrees = arena_printf(h->arena, "%s: %s", person_who(h->arena, &h->joint, answers, NULL, NULL).en, why);
}

/* ---- whom to try ---- */

struct search {
  struct hunt *hunt;
  const formula *literals;
  size_t n;
};

static size_t zone_number(const struct hunt *h, const struct zone *zone)
{
  return zone ? (size_t)(zone - h->sides[1].catalog.zones) + 1 : 0;
}

static bool has_item(const struct plan *plan, const struct item *item)
{
  for (size_t i = 0; i < plan->item_count; i++)
    if (plan->items[i].item == item)
      return true;
  return false;
}

/* What the solver says is selected is what the compilers select. */
static bool agree(const struct hunt *h, const struct search *search, const bool *holds, const struct outcome *o)
{
  for (int s = 0; s < 2; s++)
    for (size_t i = 0; i < h->sides[s].blueprint->n; i++) {
      const struct statement_item *line = &h->sides[s].statement->items[i];
      bool selected = line->selected == h->prover.yes;
      for (size_t k = 0; k < search->n; k++)
        if (search->literals[k] == line->selected)
          selected = holds[k];
      if (selected != has_item(o->plans[s], line->item))
        return false;
    }
  return true;
}

static bool look(void *context, const struct model *model, const bool *holds)
{
  const struct search *search = context;
  struct hunt *h = search->hunt;
  struct arena scratch = {0};
  size_t zone = zone_number(h, model->zone);
  struct outcome o = compile(h, &scratch, &model->answers, zone);
  if (model->rounded)
    h->unsure = true;
  if (o.compiled && !model->rounded && !agree(h, search, holds, &o))
    disagree(h, &model->answers, "the solver selects other items than the compiler");
  if (o.compiled)
    record(h, &model->answers, zone, &o);
  arena_release(&scratch);
  return true;
}

static formula reached(struct hunt *h, unsigned aspects)
{
  formula any = h->prover.no;
  for (size_t t = 0; t < h->touches.n; t++)
    if (h->touches.list[t].aspects & aspects)
      any = prover_or(&h->prover, any, h->touches.list[t].reaches);
  return any;
}

/* Every kind of applicant whom a change of these aspects reaches. True where all were seen. */
static bool try_kinds(struct hunt *h, unsigned aspects)
{
  formula who = reached(h, aspects);
  if (who == h->prover.no)
    return true;
  formula *literals = arena_array(&h->work, side_literal_room(&h->sides[0]) + side_literal_room(&h->sides[1]), sizeof *literals);
  size_t n = side_literals(&h->sides[0], aspects, literals, 0);
  n = side_literals(&h->sides[1], aspects, literals, n);
  h->prover.catalog = &h->sides[1].catalog;
  struct search search = {h, literals, n};
  who = prover_and(&h->prover, who, prover_domain(&h->prover, h->ret->before));
  return prover_kinds(&h->prover, &h->joint, who, literals, n, KINDS, look, &search) == PROVER_NEVER;
}

static bool look_once(void *context, const struct model *model, const bool *holds)
{
  (void)holds;
  struct hunt *h = context;
  struct arena scratch = {0};
  struct outcome o = compile(h, &scratch, &model->answers, zone_number(h, model->zone));
  if (o.compiled)
    record(h, &model->answers, zone_number(h, model->zone), &o);
  arena_release(&scratch);
  return false;
}

static void try_each_change(struct hunt *h)
{
  for (size_t t = 0; t < h->touches.n; t++)
    (void)prover_kinds(&h->prover, &h->joint,
                       prover_and(&h->prover, h->touches.list[t].reaches, prover_domain(&h->prover, h->ret->before)), NULL, 0, 1,
                       look_once, h);
}

static formula is_person(struct hunt *h, const struct answers *answers, size_t zone)
{
  formula is = prover_in_zone(&h->prover, zone ? &h->sides[1].catalog.zones[zone - 1] : NULL);
  for (size_t i = 0; i < answers->n; i++)
    is = prover_and(&h->prover, is, prover_answers(&h->prover, &answers->list[i]));
  return is;
}

/* Applicants by seed. Whoever sees a difference must be reached by a change. */
static void try_samples(struct hunt *h)
{
  uint64_t seed = 1;
  for (size_t n = 0; n < SAMPLES; n++) {
    struct arena scratch = {0};
    struct answers answers = sample_answers(&scratch, &h->mixed, h->candidates, &seed);
    size_t zone = h->sides[1].catalog.zone_count ? sample_next(&seed) % (2 * h->sides[1].catalog.zone_count) : 0;
    zone = zone > h->sides[1].catalog.zone_count ? 0 : zone;
    struct outcome o = compile(h, &scratch, &answers, zone);
    if (o.compiled && o.aspects) {
      record(h, &answers, zone, &o);
      formula missed = prover_and(&h->prover, is_person(h, &answers, zone), prover_not(&h->prover, reached(h, o.aspects)));
      if (h->checked++ < CHECKED && prover_ask(&h->prover, &h->joint, missed, NULL, NULL) == PROVER_FOUND)
        disagree(h, &answers, "the compiler sees a difference where the solver sees no change");
    }
    arena_release(&scratch);
  }
}

/* ---- persons ---- */

static bool same_figures(const struct diff_figures *a, const struct diff_figures *b)
{
  return memcmp(a, b, sizeof *a) == 0;
}

static bool shows(struct hunt *h, const struct found *f)
{
  struct arena scratch = {0};
  struct outcome o = compile(h, &scratch, &f->answers, f->zone);
  bool same = o.compiled && o.aspects == f->aspects && same_figures(&o.before, &f->before) && same_figures(&o.after, &f->after);
  arena_release(&scratch);
  return same;
}

/* No zone, plain numbers, «no» where it makes no difference to what is shown. */
static void make_plain(struct hunt *h, struct found *f)
{
  struct found was = *f;
  size_t chances = CHANCES;
  f->zone = 0;
  f->zone = shows(h, f) ? 0 : was.zone;
  for (size_t q = 0; q < h->joint.question_count; q++) {
    const struct question *question = &h->joint.questions[q];
    struct answer *answer = &f->answers.list[q], before = *answer;
    bool settled = false;
    if (question->type == ASK_BOOLEAN && before.value.truth) {
      *answer = answer_boolean(question, false);
      settled = shows(h, f);
    }
    for (size_t k = 0; question->type == ASK_NUMBER && k < h->candidates->counts[q] && !settled && chances; k++, chances--) {
      *answer = answer_number(h->arena, question, h->candidates->numbers[q][k]);
      settled = shows(h, f);
    }
    if (!settled)
      *answer = before;
  }
}

static enum diff_effect effect_of(const struct diff_figures *before, const struct diff_figures *after)
{
  bool worse = false, better = false;
  for (enum diff_measure m = 0; m < DIFF_MEASURES; m++) {
    worse |= after->of[m] > before->of[m];
    better |= after->of[m] < before->of[m];
  }
  return worse && better ? DIFF_MIXED : worse ? DIFF_WORSE : better ? DIFF_BETTER : DIFF_OTHER;
}

struct causes {
  struct hunt *hunt;
  struct diff_person *person;
  formula all;
};

static bool look_causes(void *context, const struct model *model, const bool *holds)
{
  (void)model;
  struct causes *c = context;
  struct hunt *h = c->hunt;
  struct words *causes = arena_array(h->arena, h->touches.n + 1, sizeof *causes);
  for (size_t t = 0; t < h->touches.n; t++)
    if (holds[t] && (h->touches.list[t].aspects & c->person->aspects)) {
      c->all = prover_and(&h->prover, c->all, h->touches.list[t].reaches);
      causes[c->person->cause_count++] = h->touches.list[t].what;
    }
  c->person->causes = causes;
  return false;
}

/* Which changes reach the person, and which answers bring them upon anybody. */
static void find_causes(struct hunt *h, struct diff_person *person, size_t zone)
{
  struct causes c = {h, person, h->prover.yes};
  formula *reaches = arena_array(&h->work, h->touches.n + 1, sizeof *reaches);
  for (size_t t = 0; t < h->touches.n; t++)
    reaches[t] = h->touches.list[t].reaches;
  (void)prover_kinds(&h->prover, &h->joint, is_person(h, &person->answers, zone), reaches, h->touches.n, 1, look_causes, &c);
  if (person->cause_count == 0)
    disagree(h, &person->answers, "no change reaches who sees a difference");
  struct model model = {.answers = person->answers, .zone = zone ? &h->sides[1].catalog.zones[zone - 1] : NULL};
  person->matters = arena_array(h->arena, person->answers.n + 1, sizeof *person->matters);
  if (c.all != h->prover.yes)
    (void)prover_core(&h->prover, &h->joint, c.all, &model, person->matters, &person->zone_matters);
  person->who = person_who(h->arena, &h->joint, &person->answers, person->matters, person->zone_matters ? model.zone : NULL);
}

/* From the two catalogues as they are, by plan_compile(): nothing of this room's own in between. */
static unsigned compile_anew(struct hunt *h, struct diff_person *person)
{
  struct arena scratch = {0};
  struct plan *plans[2] = {NULL, NULL};
  bool compiled = true;
  for (int s = 0; s < 2 && compiled; s++) {
    struct answers own = answers_for(&scratch, h->sides[s].thing, &person->answers);
    const struct zone *zone = person->zone ? catalog_zone(h->catalogs[s], span_of(person->zone->id)) : NULL;
    struct error error = {0};
    compiled = plan_compile(&scratch, h->catalogs[s], h->sides[s].thing, &own, zone, h->options->today, &plans[s], &error) == 0;
  }
  unsigned aspects = compiled ? plans_differ(h->arena, plans[0], plans[1], person->said) : 0;
  if (compiled) {
    person->before = plan_figures(plans[0]);
    person->after = plan_figures(plans[1]);
  }
  arena_release(&scratch);
  return aspects;
}

static void add_person(struct hunt *h, struct found *f)
{
  make_plain(h, f);
  struct diff_person *person = &h->ret->persons[h->ret->person_count++];
  *person = (struct diff_person){.answers = f->answers, .aspects = f->aspects};
  person->zone = f->zone ? catalog_zone(h->catalogs[1], span_of(h->sides[1].catalog.zones[f->zone - 1].id)) : NULL;
  if (compile_anew(h, person) != f->aspects)
    disagree(h, &f->answers, "compiled anew, the plans do not differ as they did");
  find_causes(h, person, f->zone);
  person->effect = effect_of(&person->before, &person->after);
}

static bool told(const struct diff_thing *ret, enum diff_measure m, bool better, unsigned aspect)
{
  for (size_t i = 0; i < ret->person_count; i++) {
    const struct diff_person *p = &ret->persons[i];
    int64_t more = p->after.of[m] - p->before.of[m];
    if (aspect ? (p->aspects & aspect) != 0 : better ? more < 0 : more > 0)
      return true;
  }
  return false;
}

static void list_persons(struct hunt *h)
{
  h->ret->persons = arena_array(h->arena, 2 * DIFF_MEASURES + DIFF_ASPECTS + 1, sizeof *h->ret->persons);
  for (int better = 0; better < 2; better++)
    for (enum diff_measure m = 0; m < DIFF_MEASURES; m++)
      if (h->most[m][better].any && !told(h->ret, m, better, 0))
        add_person(h, &h->most[m][better]);
  for (enum diff_aspect a = 0; a < DIFF_ASPECTS; a++)
    if (h->first[a].any && !told(h->ret, 0, false, 1u << a))
      add_person(h, &h->first[a]);
  for (size_t i = 1; i < h->ret->person_count; i++) { /* worse first; else as they were found */
    struct diff_person person = h->ret->persons[i];
    size_t at = i;
    for (; at > 0 && h->ret->persons[at - 1].effect > person.effect; at--)
      h->ret->persons[at] = h->ret->persons[at - 1];
    h->ret->persons[at] = person;
  }
}

/* ---- the whole ---- */

static void settle(struct hunt *h, unsigned touched, bool hands, bool feet)
{
  bool sure = !h->unsure && !h->prover.uncertain && !h->prover.helpers && !h->prover.failed;
  bool worse = false;
  for (enum diff_aspect a = 0; a < DIFF_ASPECTS; a++) {
    bool all = sure && ((1u << a) & HANDS ? hands : feet);
    h->ret->aspects[a] = h->first[a].any ? DIFF_DIFFERS : all || !(touched & 1u << a) ? DIFF_SAME : DIFF_UNKNOWN;
  }
  for (enum diff_measure m = 0; m < DIFF_MEASURES; m++)
    worse |= h->most[m][0].any;
  h->ret->nobody_else = sure && hands && feet;
  h->ret->nobody_worse = h->ret->nobody_else && !worse;
}

static void search(struct hunt *h)
{
  unsigned touched = 0;
  for (size_t t = 0; t < h->touches.n; t++)
    touched |= h->touches.list[t].reaches == h->prover.no ? 0 : h->touches.list[t].aspects;
  h->open = touched;
  try_each_change(h);
  try_samples(h);
  bool hands = try_kinds(h, HANDS & touched), feet = try_kinds(h, FEET & touched);
  settle(h, touched, hands, feet);
  list_persons(h);
}

void pair_compare(struct arena *arena, const struct catalog *before, const struct catalog *after,
                  const struct diff_options *options, struct diff_thing *ret)
{
  struct hunt h = {.arena = arena, .catalogs = {before, after}, .options = options, .ret = ret};
  if (join_questions(&h)) {
    open_sides(&h);
    search(&h);
    ret->asked = h.prover.asked;
    prover_close(&h.prover);
  } else {
    for (enum diff_aspect a = 0; a < DIFF_ASPECTS; a++)
      ret->aspects[a] = DIFF_UNKNOWN;
  }
  arena_release(&h.work);
}
