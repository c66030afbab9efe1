#include "proof/person.h"

#include <string.h>

bool subject_fails(struct subject *subject, const struct property *property, const struct model *model, struct words *ret)
{
  struct rerun *r = &subject->rerun;
  r->answers = model->answers;
  r->zone = model->zone;
  rerun_compile(r);
  return property->fails(r, ret);
}

static struct model copy(struct arena *arena, const struct thing *thing, const struct model *model)
{
  struct model to = *model;
  to.answers.list = arena_array(arena, model->answers.n + thing->table_count + 1, sizeof *to.answers.list);
  for (size_t i = 0; i < model->answers.n; i++) {
    to.answers.list[i] = model->answers.list[i];
    to.answers.list[i].text = arena_str(arena, model->answers.list[i].text);
  }
  return to;
}

/* Each number by the plainest that keeps the fault: a threshold, a neighbour, a bound. */
static void make_plain(struct subject *subject, const struct property *property, struct model *model)
{
  const struct thing *thing = subject->blueprint->thing;
  if (model->zone) {
    const struct zone *zone = model->zone;
    model->zone = NULL;
    if (!subject_fails(subject, property, model, NULL))
      model->zone = zone;
  }
  for (size_t q = 0; q < thing->question_count; q++) {
    struct answer was = model->answers.list[q];
    bool settled = thing->questions[q].type != ASK_NUMBER;
    for (size_t k = 0; k < subject->candidates->counts[q] && !settled; k++) {
      model->answers.list[q] = answer_number(subject->arena, &thing->questions[q], subject->candidates->numbers[q][k]);
      settled = subject_fails(subject, property, model, NULL);
    }
    if (!settled)
      model->answers.list[q] = was;
  }
}

/* «经营面积是多少平方米？» → «经营面积»; «是否设置户外招牌？» → «设置户外招牌». */
static char *short_question(struct arena *arena, const char *zh)
{
  static const char *const ends[] = {"是多少", "有多少", "为多少", "多少", "是几", "有几", "？", "?"};
  static const char yes_or_no[] = "是否";
  struct span text = span_of(zh);
  size_t n = text.n;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    const char *at = strstr(zh, ends[i]);
    if (at && at > zh && (size_t)(at - zh) < n)
      n = (size_t)(at - zh);
  }
  char *s = arena_dup(arena, (struct span){zh, n});
  char *whether = strstr(s, yes_or_no);
  if (whether)
    memmove(whether, whether + strlen(yes_or_no), strlen(whether + strlen(yes_or_no)) + 1);
  return s;
}

static const char *unit_zh(const char *unit)
{
  static const char *const units[][2] = {{"m2", "㎡"},   {"ha", "公顷"}, {"person", "人"}, {"people", "人"},    {"rooms", "间"},
                                         {"sets", "套"}, {"t", "吨"},    {"year", "年"},   {"tce", "吨标准煤"}, {"vehicles", "辆"}};
  for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++)
    if (strcmp(unit, units[i][0]) == 0)
      return units[i][1];
  return unit ? unit : "";
}

static struct words tell_answer(struct arena *arena, const struct question *question, const struct answer *answer)
{
  const char *name = short_question(arena, question->text.zh), *en = question->text.en;
  if (question->type == ASK_BOOLEAN)
    return (struct words){arena_printf(arena, answer->value.truth ? "%s" : "%s：否", name),
                          arena_printf(arena, answer->value.truth ? "%s yes" : "%s no", en)};
  if (question->type == ASK_NUMBER) {
    const char *unit = question->unit ? question->unit : "";
    return (struct words){arena_printf(arena, "%s %s %s", name, answer->text, unit_zh(unit)),
                          arena_printf(arena, "%s %s%s%s", en, answer->text, *unit ? " " : "", unit)};
  }
  for (size_t i = 0; i < question->choice_count; i++)
    if (strcmp(question->choices[i].value, answer->text) == 0)
      return (struct words){question->choices[i].name.zh, arena_printf(arena, "%s %s", en, question->choices[i].name.en)};
  return (struct words){answer->text, answer->text};
}

struct words person_who(struct arena *arena, const struct thing *thing, const struct answers *answers, const bool *matters,
                        const struct zone *zone)
{
  struct words who = {"", ""};
  for (size_t i = 0; i < answers->n; i++) {
    if (matters && !matters[i])
      continue;
    struct words said = tell_answer(arena, &thing->questions[i], &answers->list[i]);
    who.zh = arena_printf(arena, "%s%s%s", who.zh, *who.zh ? "，" : "", said.zh);
    who.en = arena_printf(arena, "%s%s%s", who.en, *who.en ? "; " : "", said.en);
  }
  if (zone) {
    who.zh = arena_printf(arena, "%s%s在%s", who.zh, *who.zh ? "，" : "", zone->name.zh);
    who.en = arena_printf(arena, "%s%sin %s", who.en, *who.en ? "; " : "", zone->name.en);
  }
  return *who.zh ? who : (struct words){"任何申请人", "any applicant"};
}

struct proof_person *person_make(struct subject *subject, const struct property *property, formula violated,
                                 const struct model *model)
{
  struct model person = copy(subject->arena, subject->blueprint->thing, model);
  make_plain(subject, property, &person);
  struct words what;
  if (!subject_fails(subject, property, &person, &what))
    return NULL;
  struct proof_person *ret = arena_new(subject->arena, struct proof_person);
  bool *matters = arena_array(subject->arena, person.answers.n + 1, sizeof *matters);
  *ret = (struct proof_person){.answers = person.answers, .zone = person.zone, .matters = matters};
  (void)prover_core(subject->prover, subject->blueprint->thing, violated, &person, matters, &ret->zone_matters);
  ret->who = person_who(subject->arena, subject->blueprint->thing, &ret->answers, matters, ret->zone_matters ? ret->zone : NULL);
  ret->what = (struct words){arena_str(subject->arena, what.zh), arena_str(subject->arena, what.en)};
  return ret;
}
