#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

int sample_open(void **state)
{
  struct sample *sample = calloc(1, sizeof *sample);
  const char *source = getenv("ONEVISIT_SOURCE");
  struct findings findings = {0};
  struct error error = {0};
  char *dir = arena_printf(&sample->arena, "%s/catalogs/ningbo", source ? source : ".");
  if (catalog_load(dir, &sample->catalog, &sample->arena, &findings, &error) < 0) {
    for (size_t i = 0; i < findings.n && i < 5; i++)
      (void)fprintf(stderr, "%s:%d: %s\n", findings.list[i].place.file, findings.list[i].place.line, findings.list[i].wrong.en);
    (void)fprintf(stderr, "%s: %s\n", dir, error.en);
    return -1;
  }
  *state = sample;
  return 0;
}

int sample_close(void **state)
{
  struct sample *sample = *state;
  catalog_free(sample->catalog);
  arena_release(&sample->arena);
  free(sample);
  return 0;
}

static const struct thing *thing_named(const struct catalog *catalog, const char *id)
{
  const struct thing *thing = catalog_thing(catalog, span_of(id));
  if (!thing)
    fail_msg("no thing %s", id);
  return thing;
}

/* 100, or the bound nearest to it. */
static struct span usual_number(struct arena *arena, const struct question *question)
{
  const struct decimal usual = {100, 0};
  if (question->has_max && decimal_compare(usual, question->max) > 0)
    return span_of(decimal_text(arena, question->max));
  if (question->has_min && decimal_compare(usual, question->min) < 0)
    return span_of(decimal_text(arena, question->min));
  return SPAN("100");
}

struct answers sample_answers(struct sample *sample, const struct thing *thing, const char *said)
{
  struct raw_answer *raw = arena_array(&sample->arena, thing->question_count + 1, sizeof *raw);
  for (size_t q = 0; q < thing->question_count; q++) {
    const struct question *question = &thing->questions[q];
    raw[q].question = span_of(question->id);
    raw[q].text = question->type == ASK_BOOLEAN  ? SPAN("false")
                  : question->type == ASK_NUMBER ? usual_number(&sample->arena, question)
                                                 : span_of(question->choices[0].value);
    struct span rest = span_of(said), word, name;
    while (span_cut(&rest, ' ', &word))
      if (span_cut(&word, '=', &name) && span_is(name, question->id))
        raw[q].text = word;
  }
  struct answers answers = {0};
  struct error error = {0};
  if (answers_read(&sample->arena, thing, raw, thing->question_count, &answers, &error) < 0)
    fail_msg("%s: %s", thing->id, error.en);
  return answers;
}

struct plan *sample_plan(struct sample *sample, const char *id, const char *said, const struct zone *zone)
{
  const struct thing *thing = thing_named(sample->catalog, id);
  struct answers answers = sample_answers(sample, thing, said);
  struct plan *plan = NULL;
  struct error error = {0};
  if (plan_compile(&sample->arena, sample->catalog, thing, &answers, zone, SAMPLE_DAY, &plan, &error) < 0)
    fail_msg("%s: %s", id, error.en);
  return plan;
}
