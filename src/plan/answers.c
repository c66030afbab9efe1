#include "plan/plan.h"

#include <string.h>

static const struct question *find_question(const struct thing *thing, struct span id)
{
  for (size_t i = 0; i < thing->question_count; i++)
    if (span_is(id, thing->questions[i].id))
      return &thing->questions[i];
  return NULL;
}

static int bad_answer(struct error *error, const char *question, const char *zh, const char *en, struct span text,
                      const char *detail)
{
  int shown = text.n > 60 ? 60 : (int)text.n;
  (void)error_set(error, ERROR_BAD_INPUT, "bad-answer", zh, en, question, shown, text.p ? text.p : "", detail);
  return error_at(error, "%s", question);
}

static bool is_one_of(struct span text, const char *const *words)
{
  for (; *words; words++)
    if (span_is(text, *words))
      return true;
  return false;
}

static int read_boolean(const struct question *question, struct span text, struct answer *answer, struct error *error)
{
  static const char *const yes[] = {"true", "yes", "是", NULL}, *const no[] = {"false", "no", "否", NULL};
  bool truth = is_one_of(text, yes);
  if (!truth && !is_one_of(text, no))
    return bad_answer(error, question->id, "问题 %s 的回答「%.*s」应为%s", "the answer to %s is \"%.*s\"; it must be %s", text,
                      "true / false");
  answer->value = (struct feel_value){.type = FEEL_BOOLEAN, .truth = truth};
  answer->text = truth ? "true" : "false";
  return 0;
}

static int read_number(struct arena *arena, const struct question *question, struct span text, struct answer *answer,
                       struct error *error)
{
  struct decimal number;
  if (text.n > 40 || !decimal_parse(text, &number))
    return bad_answer(error, question->id, "问题 %s 的回答「%.*s」不是数字%s", "the answer to %s is \"%.*s\", not a number%s", text,
                      "");
  if (question->has_min && decimal_compare(number, question->min) < 0)
    return bad_answer(error, question->id, "问题 %s 的回答「%.*s」小于下限 %s", "the answer to %s is %.*s, below the least, %s",
                      text, decimal_text(arena, question->min));
  if (question->has_max && decimal_compare(number, question->max) > 0)
    return bad_answer(error, question->id, "问题 %s 的回答「%.*s」大于上限 %s", "the answer to %s is %.*s, over the most, %s", text,
                      decimal_text(arena, question->max));
  answer->value = (struct feel_value){.type = FEEL_NUMBER, .number = number};
  answer->text = arena_dup(arena, text);
  return 0;
}

static const char *choice_list(struct arena *arena, const struct question *question)
{
  const char *list = "";
  for (size_t i = 0; i < question->choice_count; i++)
    list = arena_printf(arena, "%s%s%s", list, i ? ", " : "", question->choices[i].value);
  return list;
}

static int read_choice(struct arena *arena, const struct question *question, struct span text, struct answer *answer,
                       struct error *error)
{
  for (size_t i = 0; i < question->choice_count; i++)
    if (span_is(text, question->choices[i].value)) {
      answer->text = question->choices[i].value;
      answer->value = (struct feel_value){.type = FEEL_STRING, .string = span_of(answer->text)};
      return 0;
    }
  return bad_answer(error, question->id, "问题 %s 的回答「%.*s」不在选项中：%s", "the answer to %s is \"%.*s\"; the choices are %s",
                    text, choice_list(arena, question));
}

static int read_answer(struct arena *arena, const struct question *question, struct span text, struct answer *answer,
                       struct error *error)
{
  text = span_trim(text);
  answer->question = question->id;
  switch (question->type) {
  case ASK_BOOLEAN:
    return read_boolean(question, text, answer, error);
  case ASK_NUMBER:
    return read_number(arena, question, text, answer, error);
  case ASK_CHOICE:
    return read_choice(arena, question, text, answer, error);
  }
  return error_set(error, ERROR_INTERNAL, "bad-question", "问题 %s 的类型无法识别", "question %s has an unknown type",
                   question->id);
}

static int unknown_question(struct error *error, struct span id)
{
  int shown = id.n > 60 ? 60 : (int)id.n;
  (void)error_set(error, ERROR_BAD_INPUT, "unknown-question", "没有名为「%.*s」的问题", "there is no question \"%.*s\"", shown,
                  id.p ? id.p : "");
  return error_at(error, "%.*s", shown, id.p ? id.p : "");
}

static int twice(struct error *error, const char *question)
{
  (void)error_set(error, ERROR_BAD_INPUT, "bad-answer", "问题 %s 回答了两次", "question %s is answered twice", question);
  return error_at(error, "%s", question);
}

static int missing(struct error *error, const struct question *question)
{
  /* The two sentences share their arguments, so the second skips the Chinese words with an empty precision. */
  (void)error_set(error, ERROR_BAD_INPUT, "missing-answer", "缺少问题 %s 的回答：%s%.0s", "question %s has no answer: %.0s%s",
                  question->id, question->text.zh, question->text.en);
  return error_at(error, "%s", question->id);
}

/* In their order, so that a table can read those before it. */
void answers_decide(struct arena *arena, const struct thing *thing, struct answers *answers)
{
  answers->decided = 0;
  for (size_t i = 0; i < thing->table_count; i++) {
    const struct thing_table *table = &thing->tables[i];
    struct feel_value value = feel_table_eval(&table->table, arena, answers_lookup, answers);
    const char *text = value.type == FEEL_STRING ? arena_dup(arena, value.string) : feel_value_text(arena, value);
    answers->list[answers->n + answers->decided++] = (struct answer){table->id, value, text};
  }
}

int answers_read(struct arena *arena, const struct thing *thing, const struct raw_answer *raw, size_t n, struct answers *ret,
                 struct error *error)
{
  struct answer *list = arena_array(arena, thing->question_count + thing->table_count + 1, sizeof *list);
  for (size_t i = 0; i < n; i++) {
    const struct question *question = find_question(thing, raw[i].question);
    if (!question)
      return unknown_question(error, raw[i].question);
    struct answer *answer = &list[question - thing->questions];
    if (answer->question)
      return twice(error, question->id);
    if (read_answer(arena, question, raw[i].text, answer, error) < 0)
      return -1;
  }
  for (size_t i = 0; i < thing->question_count; i++)
    if (!list[i].question)
      return missing(error, &thing->questions[i]);
  *ret = (struct answers){.list = list, .n = thing->question_count};
  answers_decide(arena, thing, ret);
  return 0;
}

struct feel_value answers_lookup(void *answers, struct span name)
{
  const struct answers *given = answers;
  for (size_t i = 0; i < given->n + given->decided; i++)
    if (strncmp(given->list[i].question, name.p, name.n) == 0 && !given->list[i].question[name.n])
      return given->list[i].value;
  return (struct feel_value){.type = FEEL_NULL};
}
