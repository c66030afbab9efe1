#include <math.h>
#include <string.h>

#include "reform/reform.h"

#define POINTS 4      /* where a number is looked at, when all answers are */
#define MANY 20.0     /* times: a range so wide is even over its order of magnitude */
#define TOP 1000.0    /* of a number whose question names no maximum */
#define FRACTIONS 4.0 /* a range narrower than this has answers between the whole numbers */

/* splitmix64 (Steele, Lea, Flood 2014): enough for a sample, and the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static double as_double(struct decimal d)
{
  return (double)d.digits / pow(10, d.scale);
}

/* The answer at a fraction 0 … 1 of the question's range. */
static char *number_at(struct arena *arena, const struct question *question, double at)
{
  double low = question->has_min ? as_double(question->min) : 0;
  double high = question->has_max ? as_double(question->max) : low + TOP;
  double from = low > 0 ? low : 1;
  double value = high > from * MANY ? from * pow(high / from, at) : low + (high - low) * at;
  if (high - low < FRACTIONS)
    return arena_printf(arena, "%.2f", value);
  value = round(value);
  return arena_printf(arena, "%.0f", value < low ? ceil(low) : value > high ? floor(high) : value);
}

static size_t variants(const struct question *question)
{
  return question->type == ASK_BOOLEAN ? 2 : question->type == ASK_CHOICE ? question->choice_count : POINTS;
}

static const char *variant(struct arena *arena, const struct question *question, size_t k)
{
  if (question->type == ASK_BOOLEAN)
    return k ? "true" : "false";
  if (question->type == ASK_CHOICE)
    return question->choices[k].value;
  return number_at(arena, question, ((double)k + 0.5) / POINTS);
}

static const char *drawn(struct arena *arena, const struct question *question, uint64_t *random)
{
  uint64_t r = next_random(random);
  if (question->type == ASK_NUMBER)
    return number_at(arena, question, (double)(r >> 11) / 9007199254740992.0 /* 2^53 */);
  return variant(arena, question, r % variants(question));
}

/* How many people all answers make; max + 1 where they are more than max. */
static size_t count_all(const struct thing *thing, size_t max)
{
  size_t n = 1;
  for (size_t q = 0; q < thing->question_count && n <= max; q++)
    n *= variants(&thing->questions[q]);
  return n > max ? max + 1 : n;
}

struct measure measure_plan(const struct plan *plan)
{
  return (struct measure){.trips = plan->trips_online, .materials = plan->after.materials, .days = plan->days};
}

static void keep_plan(struct arena *arena, const struct plan *plan, struct sample_person *person)
{
  person->before = measure_plan(plan);
  person->items = arena_array(arena, plan->item_count + 1, sizeof(struct item *));
  for (size_t i = 0; i < plan->item_count; i++)
    person->items[person->item_count++] = plan->items[i].item;
  person->uploads = arena_array(arena, plan->material_count + 1, sizeof(struct material *));
  for (size_t m = 0; m < plan->material_count; m++)
    if (plan->materials[m].source == PLAN_UPLOAD)
      person->uploads[person->upload_count++] = plan->materials[m].material;
}

static int make_person(struct arena *arena, const struct catalog *catalog, const struct thing *thing, const struct raw_answer *raw,
                       day today, struct sample_person *ret, struct error *error)
{
  struct arena scratch = {0};
  struct plan *plan = NULL;
  int status = answers_read(arena, thing, raw, thing->question_count, &ret->answers, error);
  if (status == 0)
    status = plan_compile(&scratch, catalog, thing, &ret->answers, NULL, today, &plan, error);
  if (status == 0)
    keep_plan(arena, plan, ret);
  arena_release(&scratch);
  return status;
}

int people_of(struct arena *arena, const struct catalog *catalog, const struct thing *thing, size_t max, uint64_t seed, day today,
              struct people *ret, struct error *error)
{
  size_t all = count_all(thing, max);
  uint64_t random = seed ^ span_hash(span_of(thing->id));
  struct raw_answer *raw = arena_array(arena, thing->question_count + 1, sizeof *raw);
  *ret = (struct people){.thing = thing, .all = all <= max, .n = all <= max ? all : max};
  ret->list = arena_array(arena, ret->n, sizeof *ret->list);
  for (size_t i = 0; i < ret->n; i++) {
    size_t rest = i;
    for (size_t q = 0; q < thing->question_count; q++) {
      const struct question *question = &thing->questions[q];
      const char *text = ret->all ? variant(arena, question, rest % variants(question)) : drawn(arena, question, &random);
      raw[q] = (struct raw_answer){.question = span_of(question->id), .text = span_of(text)};
      rest /= variants(question);
    }
    if (make_person(arena, catalog, thing, raw, today, &ret->list[i], error))
      return -1;
  }
  return 0;
}
