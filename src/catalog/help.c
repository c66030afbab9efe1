/*
 * help.c: what may stand in a file, told from the very tables by which it is read.
 */
#include <string.h>

#include "catalog/read.h"

#define DEPTH_MAX 4
#define WORDS_SHOWN 12

static const struct {
  const char *file; /* a folder ends in «/» */
  const struct shape *shape;
} files[] = {
    {"items/", &item_shape},
    {"things/", &thing_shape},
    {"persons/", &person_shape},
    {"agencies.yaml", &agency_shape},
    {"fields.yaml", &field_shape},
    {"certificates.yaml", &certificate_shape},
    {"materials.yaml", &material_shape},
    {"zones.yaml", &zone_shape},
    {"halls.yaml", &hall_shape},
    {"negative.yaml", &exception_shape},
    {"city.yaml", &city_shape},
    {"districts.yaml", &districts_shape},
    {"calendar.yaml", &calendar_shape},
};

static const struct shape *shape_of(const char *name)
{
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    size_t n = strlen(files[i].file);
    if (files[i].file[n - 1] == '/' ? strncmp(name, files[i].file, n) == 0 : strcmp(name, files[i].file) == 0)
      return files[i].shape;
  }
  return NULL;
}

static struct words one_of(struct arena *arena, const struct vocabulary *v, const char *zh, const char *en)
{
  const char *list = "";
  for (size_t i = 0; i < v->n && i < WORDS_SHOWN; i++)
    list = arena_printf(arena, "%s%s%s", list, i ? ", " : "", v->words[i].word);
  const char *more = v->n > WORDS_SHOWN ? " …" : "";
  return (struct words){arena_printf(arena, "%s %s%s", zh, list, more), arena_printf(arena, "%s %s%s", en, list, more)};
}

static struct words value_of(struct arena *arena, const struct key *key)
{
  static const struct words plain[] = {
      [KEY_TEXT] = {"文字", "text"},
      [KEY_ID] = {"编号：小写字母、数字、连字符", "an id: lower case, digits, hyphens"},
      [KEY_NAME] = {"名字：小写字母、数字、下划线", "a name: lower case, digits, underscores"},
      [KEY_WORDS] = {"{zh: 中文, en: 英文}", "{zh: Chinese, en: English}"},
      [KEY_WORDS_ZH] = {"{zh: 中文}，en 可省", "{zh: Chinese}, en may be left out"},
      [KEY_INT] = {"整数", "a whole number"},
      [KEY_DAYS] = {"工作日，如 5wd", "working days, as 5wd"},
      [KEY_MONTHS] = {"期限，如 5y、6m、permanent", "a time, as 5y, 6m, permanent"},
      [KEY_TRUE] = {"true 或 false", "true or false"},
      [KEY_DECIMAL] = {"数字", "a number"},
      [KEY_FEN] = {"金额（元），如 10.00", "an amount in CNY, as 10.00"},
      [KEY_DATE] = {"日期，如 2027-05-31", "a date, as 2027-05-31"},
      [KEY_DATES] = {"日期的列表", "a list of dates"},
      [KEY_TEXTS] = {"文字的列表", "a list of texts"},
      [KEY_FEEL] = {"条件，如 area > 50", "a condition, as area > 50"},
      [KEY_ONE] = {"其中的键见下", "with the keys below"},
      [KEY_MANY] = {"列表，每项的键见下", "a list, each with the keys below"},
      [KEY_INSIDE] = {"其中的键见下", "with the keys below"},
      [KEY_SKIP] = {"给读文件的人看", "for readers of the file"},
  };
  switch (key->kind) {
  case KEY_ENUM:
  case KEY_WORD:
  case KEY_YES:
    return one_of(arena, key->vocabulary, "之一：", "one of");
  case KEY_SET:
    return one_of(arena, key->vocabulary, "列表，取自：", "a list of");
  case KEY_REF:
    return (struct words){arena_printf(arena, "%s的编号", index_words[key->index].zh),
                          arena_printf(arena, "the id of an entry: %s", index_words[key->index].en)};
  case KEY_REFS:
    return (struct words){arena_printf(arena, "%s编号的列表", index_words[key->index].zh),
                          arena_printf(arena, "a list of ids: %s", index_words[key->index].en)};
  default:
    return plain[key->kind];
  }
}

struct help {
  struct arena *arena;
  struct key_help *list;
  size_t n, cap;
};

static void add_keys(struct help *h, const struct shape *shape, int depth)
{
  for (size_t i = 0; i < shape->n; i++) {
    const struct key *key = &shape->keys[i];
    h->list = arena_grow(h->arena, h->list, h->n, &h->cap, sizeof *h->list);
    h->list[h->n++] = (struct key_help){depth, key->name, key->required, value_of(h->arena, key)};
    bool inside = key->kind == KEY_ONE || key->kind == KEY_MANY || key->kind == KEY_INSIDE;
    if (inside && key->shape && key->shape != shape && depth < DEPTH_MAX)
      add_keys(h, key->shape, depth + 1);
  }
}

size_t catalog_help(struct arena *arena, const char *file, struct key_help **ret)
{
  struct help h = {.arena = arena};
  const struct shape *shape = shape_of(file);
  if (shape)
    add_keys(&h, shape, 0);
  *ret = h.list;
  return h.n;
}
