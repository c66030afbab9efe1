/*
 * shapes_thing.c: things (「一件事」): what an applicant wants, with the questions that decide which items it takes.
 */
#include "catalog/shape.h"

#include <string.h>

static const struct key choice_keys[] = {
    {"value", KEY_NAME, AT(struct choice, value), MUST},
    {"zh", KEY_TEXT, AT(struct choice, name.zh), MUST},
    {"en", KEY_TEXT, AT(struct choice, name.en), MUST},
};
static const struct shape choice_shape = {SHAPE("选项", "a choice", struct choice, choice_keys)};

static void check_choices(struct reader *r, const struct node *node, const struct question *q)
{
  const struct node *choices = node_get(node, "choices");
  if (q->type == ASK_CHOICE && q->choice_count < 2)
    reader_add(r, choices ? choices : node, "bad-value", ((struct words){"至少写两个选项", "name at least two choices"}),
               "选择题「%s」没有可选的", "the question '%s' leaves no choice", q->id ? q->id : "");
  if (q->type != ASK_CHOICE && choices)
    reader_add(r, choices, "bad-value",
               ((struct words){"改为 type: choice，或删去选项", "write type: choice, or remove the choices"}),
               "只有选择题才有「%s」", "only a choice has '%s'", "choices");
  for (size_t i = 1; choices && i < q->choice_count; i++) {
    for (size_t j = 0; j < i; j++) {
      if (q->choices[i].value && q->choices[j].value && strcmp(q->choices[i].value, q->choices[j].value) == 0)
        reader_add(r, choices->list[i], "duplicate-id", ((struct words){"只保留一个", "keep one of them"}), "选项「%s」重复",
                   "the choice '%s' stands twice", q->choices[i].value);
    }
  }
}

static void check_question(struct reader *r, const struct node *node, void *target)
{
  struct question *q = target;
  const struct node *min = node_get(node, "min"), *max = node_get(node, "max"), *type = node_get(node, "type");
  q->has_min = min != NULL;
  q->has_max = max != NULL;
  if (type && q->type != ASK_NUMBER && (min || max))
    reader_add(r, min ? min : max, "bad-value",
               ((struct words){"改为 type: number，或删去上下限", "write type: number, or remove the bounds"}),
               "只有数才有上下限，「%s」不是", "only numbers have bounds, and '%s' is none", q->id ? q->id : "");
  if (min && max && decimal_compare(q->min, q->max) > 0)
    reader_add(r, max, "bad-value", ((struct words){"上限不能小于下限", "the upper bound is not under the lower"}),
               "「%s」的上限小于下限", "the bounds of '%s' are the wrong way round", q->id ? q->id : "");
  if (type)
    check_choices(r, node, q);
}

static const struct key question_keys[] = {
    {"ask", KEY_NAME, AT(struct question, id), MUST},
    {"type", KEY_ENUM, AT(struct question, type), MUST, .vocabulary = &question_types},
    {"unit", KEY_TEXT, AT(struct question, unit)},
    {"min", KEY_DECIMAL, AT(struct question, min)},
    {"max", KEY_DECIMAL, AT(struct question, max)},
    {"choices", KEY_MANY, COUNTED(struct question, choices, choice_count), .shape = &choice_shape},
    {"zh", KEY_TEXT, AT(struct question, text.zh), MUST},
    {"en", KEY_TEXT, AT(struct question, text.en), MUST},
};
static const struct shape question_shape = {SHAPE("问题", "a question", struct question, question_keys), PLACED(struct question),
                                            .check = check_question};

static const struct key thing_item_keys[] = {
    {"item", KEY_REF, AT(struct thing_item, item), MUST, .index = INDEX_ITEM},
    {"when", KEY_FEEL, AT(struct thing_item, when)},
    {"stage", KEY_INT, AT(struct thing_item, stage), .low = 1, .high = 4},
};
static const struct shape thing_item_shape = {SHAPE("事项", "an item", struct thing_item, thing_item_keys),
                                              PLACED(struct thing_item), .bare = "item"};

static void check_thing(struct reader *r, const struct node *node, void *target)
{
  const struct thing *thing = target;
  for (size_t i = 1; i < thing->question_count; i++) {
    for (size_t j = 0; j < i; j++) {
      const char *id = thing->questions[i].id;
      if (id && thing->questions[j].id && strcmp(id, thing->questions[j].id) == 0)
        reader_add(r, node_get(node, "questions")->list[i], "duplicate-id",
                   ((struct words){"每个问题只问一次", "ask each question once"}), "问题「%s」重复",
                   "the question '%s' stands twice", id);
    }
  }
  for (size_t i = 1; i < thing->item_count; i++) {
    for (size_t j = 0; j < i; j++) {
      if (thing->items[i].item && thing->items[i].item == thing->items[j].item)
        reader_add(r, node_get(node, "items")->list[i], "duplicate-id",
                   ((struct words){"合成一行，条件用 or", "make one line of them, with or"}), "事项「%s」重复",
                   "the item '%s' stands twice", thing->items[i].item->id);
    }
  }
  const struct node *items = node_get(node, "items");
  if (items && items->kind == NODE_LIST && items->count == 0)
    reader_add(r, items, "bad-value", ((struct words){"至少写一个事项", "name at least one item"}), "「%s」是空的", "'%s' is empty",
               "items");
}

static const struct key thing_keys[] = {
    {"thing", KEY_ID, AT(struct thing, id), MUST},
    {"name", KEY_WORDS, AT(struct thing, name), MUST},
    {"also", KEY_TEXTS, COUNTED(struct thing, also, also_count), MUST},
    {"for", KEY_ENUM, AT(struct thing, audience), MUST, .vocabulary = &audiences},
    {"industry", KEY_WORDS, AT(struct thing, industry)},
    {"hall-zone", KEY_WORD, AT(struct thing, hall_zone), MUST, .vocabulary = &hall_zones},
    {"lead", KEY_REF, AT(struct thing, lead), MUST, .index = INDEX_AGENCY},
    {"promise", KEY_SET, AT(struct thing, promise), .vocabulary = &channels},
    {"questions", KEY_MANY, COUNTED(struct thing, questions, question_count), MUST, .shape = &question_shape},
    {"tables", KEY_MANY, COUNTED(struct thing, tables, table_count), .shape = &table_shape},
    {"items", KEY_MANY, COUNTED(struct thing, items, item_count), MUST, .shape = &thing_item_shape},
    SAMPLE,
};
const struct shape thing_shape = {SHAPE("一件事", "a thing", struct thing, thing_keys), PLACED(struct thing), .check = check_thing};

/* ---- what cannot be promised, and who was told ---- */

static const struct key exception_keys[] = {
    {"thing", KEY_REF, AT(struct exception, thing), MUST, .index = INDEX_THING},
    {"property", KEY_ID, AT(struct exception, property), MUST},
    {"reason", KEY_WORDS, AT(struct exception, reason), MUST},
    {"owner", KEY_REF, AT(struct exception, owner), MUST, .index = INDEX_AGENCY},
    {"review", KEY_DATE, AT(struct exception, review), MUST},
    SAMPLE,
};
const struct shape exception_shape = {SHAPE("负面清单条目", "an entry of the negative list", struct exception, exception_keys),
                                      PLACED(struct exception)};

static const struct key person_keys[] = {
    {"person", KEY_ID, AT(struct person, id), MUST},
    {"thing", KEY_REF, AT(struct person, thing), MUST, .index = INDEX_THING},
    {"property", KEY_ID, AT(struct person, property), MUST},
    {"fails", KEY_TRUE, AT(struct person, fails), MUST},
    {"answers", KEY_TEXTS, COUNTED(struct person, answers, answer_count), MUST},
    {"zone", KEY_ID, AT(struct person, zone)},
    {"story", KEY_WORDS, AT(struct person, story), MUST},
    SAMPLE,
};
const struct shape person_shape = {SHAPE("申请人案例", "an applicant kept", struct person, person_keys), PLACED(struct person)};
