#include "catalog/read.h"

#include <string.h>

#include "base/text.h"

#define TEXT_MAX 600 /* bytes of one text */

static void put(void *target, const struct key *key, const void *value, size_t size)
{
  memcpy((char *)target + key->offset, value, size);
}

static void put_count(void *target, const struct key *key, size_t n)
{
  memcpy((char *)target + key->count_offset, &n, sizeof n);
}

static const char *shown(struct reader *r, struct span text)
{
  return arena_dup(r->report.arena, text_head(text, 60));
}

static void wrong_type(struct reader *r, const struct node *node, const char *name, struct words want)
{
  struct words remedy = {arena_printf(r->report.arena, "写成%s", want.zh), arena_printf(r->report.arena, "write %s", want.en)};
  reader_add(r, node, "wrong-type", remedy, "「%s」的写法不对", "'%s' is not written as it should be", name);
}

static void bad_value(struct reader *r, const struct node *node, const char *name, struct words want)
{
  struct words remedy = {arena_printf(r->report.arena, "写成%s", want.zh), arena_printf(r->report.arena, "write %s", want.en)};
  reader_add(r, node, "bad-value", remedy, "「%s」的值「%s」不能用", "the value of '%s' cannot be '%s'", name,
             shown(r, node->text));
}

/* ---- scalars ---- */

static bool scalar(struct reader *r, const struct node *node, const char *name, struct words want)
{
  if (node->kind == NODE_SCALAR && span_trim(node->text).n && node->text.n <= TEXT_MAX)
    return true;
  wrong_type(r, node, name, want);
  return false;
}

static char *read_text(struct reader *r, const struct node *node, const char *name)
{
  if (!scalar(r, node, name, (struct words){"一段不太长的文字", "a text, not too long"}))
    return NULL;
  return arena_dup(r->arena, span_trim(node->text));
}

static bool is_word(struct span text, char joint)
{
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    bool letter = (c >= 'a' && c <= 'z') || (i > 0 && ((c >= '0' && c <= '9') || c == joint));
    if (!letter)
      return false;
  }
  return text.n > 0 && text.n <= 64;
}

static void read_id(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  char joint = key->kind == KEY_ID ? '-' : '_';
  struct words want = key->kind == KEY_ID ? (struct words){"小写字母、数字和连字符，如 food-licence",
                                                           "lower-case letters, digits and hyphens, like food-licence"}
                                          : (struct words){"小写字母、数字和下划线，如 has_company",
                                                           "lower-case letters, digits and underscores, like has_company"};
  if (!scalar(r, node, key->name, want))
    return;
  if (!is_word(node->text, joint)) {
    bad_value(r, node, key->name, want);
    return;
  }
  const char *id = arena_dup(r->arena, node->text);
  put(target, key, &id, sizeof id);
}

static void read_int(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  struct words want = {"整数", "a whole number"};
  int64_t value = 0;
  if (!scalar(r, node, key->name, want))
    return;
  int high = key->high ? key->high : 1000000;
  if (!span_int(node->text, &value) || value < key->low || value > high) {
    want.zh = arena_printf(r->report.arena, "%d 到 %d 的整数", key->low, high);
    want.en = arena_printf(r->report.arena, "a whole number from %d to %d", key->low, high);
    bad_value(r, node, key->name, want);
    return;
  }
  int narrow = (int)value;
  put(target, key, &narrow, sizeof narrow);
}

/* The number before a suffix; -1 where it is none or over 9999. */
static int counted(struct span text, const char *suffix)
{
  size_t n = strlen(suffix);
  int64_t value = 0;
  if (text.n <= n || !span_is((struct span){text.p + text.n - n, n}, suffix) || text.p[0] == '-' ||
      !span_int((struct span){text.p, text.n - n}, &value) || value > 9999)
    return -1;
  return (int)value;
}

int read_days(struct span text)
{
  return counted(text, "wd");
}

static void read_duration(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  struct words want = key->kind == KEY_DAYS ? (struct words){"工作日数，如 5wd", "working days, like 5wd"}
                                            : (struct words){"5y、6m 或 permanent", "5y, 6m or permanent"};
  if (!scalar(r, node, key->name, want))
    return;
  int value = read_days(node->text);
  if (key->kind == KEY_MONTHS) {
    int years = counted(node->text, "y");
    value = span_is(node->text, "permanent") ? 0 : years >= 0 ? 12 * years : counted(node->text, "m");
  }
  if (value < 0) {
    bad_value(r, node, key->name, want);
    return;
  }
  put(target, key, &value, sizeof value);
}

static void read_true(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  struct words want = {"true 或 false", "true or false"};
  if (!scalar(r, node, key->name, want))
    return;
  bool value = span_is(node->text, "true");
  if (!value && !span_is(node->text, "false"))
    bad_value(r, node, key->name, want);
  else
    put(target, key, &value, sizeof value);
}

static void read_decimal(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  struct words want = key->kind == KEY_FEN
                          ? (struct words){"金额（元，最多两位小数）", "an amount in CNY with at most two decimals"}
                          : (struct words){"数，如 0.5", "a number, like 0.5"};
  struct decimal value = {0};
  if (!scalar(r, node, key->name, want))
    return;
  bool good = decimal_parse(node->text, &value);
  if (key->kind == KEY_DECIMAL && good) {
    put(target, key, &value, sizeof value);
    return;
  }
  if (!good || value.scale > 2 || value.digits < 0 || value.digits > INT64_C(1000000000000)) {
    bad_value(r, node, key->name, want);
    return;
  }
  int64_t fen = value.digits;
  for (int i = value.scale; i < 2; i++)
    fen *= 10;
  put(target, key, &fen, sizeof fen);
}

static bool date_at(struct reader *r, const struct node *node, const char *name, day *ret)
{
  struct words want = {"日期，如 2026-11-24", "a date, like 2026-11-24"};
  if (!scalar(r, node, name, want))
    return false;
  if (day_parse(node->text, ret))
    return true;
  bad_value(r, node, name, want);
  return false;
}

static void read_date(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  day d;
  if (date_at(r, node, key->name, &d))
    put(target, key, &d, sizeof d);
}

/* ---- lists of scalars ---- */

static bool list(struct reader *r, const struct node *node, const char *name)
{
  if (node->kind == NODE_LIST)
    return true;
  wrong_type(r, node, name, (struct words){"列表，如 [a, b]；没有就写 []", "a list, like [a, b]; [] where there is none"});
  return false;
}

static void read_dates(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  if (!list(r, node, key->name))
    return;
  day *days = arena_array(r->arena, node->count, sizeof *days);
  size_t n = 0;
  for (size_t i = 0; i < node->count; i++) {
    if (!date_at(r, node->list[i], key->name, &days[n]))
      continue;
    if (n && days[n] <= days[n - 1])
      reader_add(r, node->list[i], "calendar-order",
                 ((struct words){"按日期先后排列，每天只写一次", "write each day once, in order"}), "「%s」不在前一天之后",
                 "'%s' is not after the day before it", shown(r, node->list[i]->text));
    else
      n++;
  }
  put(target, key, &days, sizeof days);
  put_count(target, key, n);
}

static void read_texts(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  if (!list(r, node, key->name))
    return;
  const char **texts = arena_array(r->arena, node->count, sizeof *texts);
  size_t n = 0;
  for (size_t i = 0; i < node->count; i++) {
    texts[n] = read_text(r, node->list[i], key->name);
    if (texts[n])
      n++;
  }
  put(target, key, &texts, sizeof texts);
  put_count(target, key, n);
}

/* ---- words of a vocabulary ---- */

static const char *vocabulary_at(const void *context, size_t i)
{
  return ((const struct vocabulary *)context)->words[i].word;
}

static const struct vocabulary_word *word_at(struct reader *r, const struct key *key, const struct node *node)
{
  if (!scalar(r, node, key->name, (struct words){"一个词", "one word"}))
    return NULL;
  const struct vocabulary *v = key->vocabulary;
  for (size_t i = 0; i < v->n; i++) {
    if (span_is(node->text, v->words[i].word))
      return &v->words[i];
  }
  struct words remedy = report_suggest(&r->report, node->text, vocabulary_at, v, v->n,
                                       (struct words){"见 docs/catalogue.md", "see docs/catalogue.md"});
  reader_add(r, node, "bad-value", remedy, "「%s」没有「%s」这个值", "'%s' cannot be '%s'", key->name, shown(r, node->text));
  return NULL;
}

static void read_word(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  const struct vocabulary_word *word = word_at(r, key, node);
  if (!word)
    return;
  bool yes = word->value != 0;
  if (key->kind == KEY_WORD)
    put(target, key, &word->word, sizeof word->word);
  else if (key->kind == KEY_YES)
    put(target, key, &yes, sizeof yes);
  else
    put(target, key, &word->value, sizeof word->value);
}

static void read_set(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  if (!list(r, node, key->name))
    return;
  unsigned set = 0;
  for (size_t i = 0; i < node->count; i++) {
    const struct vocabulary_word *word = word_at(r, key, node->list[i]);
    if (word && (set & (unsigned)word->value))
      reader_add(r, node->list[i], "bad-value", ((struct words){"只写一次", "write it once"}), "「%s」重复", "'%s' stands twice",
                 word->word);
    set |= word ? (unsigned)word->value : 0;
  }
  if (node->count == 0)
    reader_add(r, node, "bad-value", ((struct words){"至少写一个", "name at least one"}), "「%s」是空的", "'%s' is empty",
               key->name);
  put(target, key, &set, sizeof set);
}

/* ---- references ---- */

const struct words index_words[INDEX_KINDS] = {
    [INDEX_AGENCY] = {"部门", "agency"},     [INDEX_FIELD] = {"字段", "field"}, [INDEX_CERTIFICATE] = {"证照", "certificate"},
    [INDEX_MATERIAL] = {"材料", "material"}, [INDEX_ITEM] = {"事项", "item"},   [INDEX_THING] = {"一件事", "thing"},
    [INDEX_ZONE] = {"功能区", "zone"},       [INDEX_HALL] = {"大厅", "hall"},
};

static const char *index_at(const void *context, size_t i)
{
  const struct id_index *index = context;
  return *(const char *const *)index->all[i];
}

const void *reader_ref(struct reader *r, enum index_kind kind, const struct node *node)
{
  struct words what = index_words[kind];
  if (!scalar(r, node, what.en, (struct words){"一个编号", "one id"}))
    return NULL;
  const struct id_index *index = &r->loaded->indexes[kind];
  const void *found = id_index_get(index, node->text);
  if (found || r->blind[kind])
    return found;
  struct words otherwise = {arena_printf(r->report.arena, "先把%s写进目录，或改用已有的", what.zh),
                            arena_printf(r->report.arena, "add the %s to the catalogue, or use one that is there", what.en)};
  struct words remedy = report_suggest(&r->report, node->text, index_at, index, index->n, otherwise);
  const char *id = shown(r, node->text);
  struct words wrong = {arena_printf(r->report.arena, "没有%s「%s」", what.zh, id),
                        arena_printf(r->report.arena, "there is no %s '%s'", what.en, id)};
  report_put(&r->report, node->place, "unknown-reference", remedy, wrong);
  return NULL;
}

static void read_ref(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  bool none = key->none && node->kind == NODE_SCALAR && span_is(node->text, "none");
  const void *found = none ? NULL : reader_ref(r, key->index, node);
  put(target, key, &found, sizeof found);
}

static void read_refs(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  if (!list(r, node, key->name))
    return;
  const void **refs = arena_array(r->arena, node->count, sizeof *refs);
  size_t n = 0;
  for (size_t i = 0; i < node->count; i++) {
    const void *found = reader_ref(r, key->index, node->list[i]);
    bool twice = false;
    for (size_t j = 0; j < n; j++)
      twice = twice || refs[j] == found;
    if (found && twice)
      reader_add(r, node->list[i], "bad-value", ((struct words){"只写一次", "write it once"}), "「%s」重复", "'%s' stands twice",
                 shown(r, node->list[i]->text));
    else if (found)
      refs[n++] = found;
  }
  put(target, key, &refs, sizeof refs);
  put_count(target, key, n);
}

/* ---- conditions ---- */

/* The sentence behind «column N: »: the finding's place says it already. */
static const char *after_column(const char *text, const char *mark)
{
  const char *at = strstr(text, mark);
  return at ? at + strlen(mark) : text;
}

void reader_bad_condition(struct reader *r, const struct node *node, const struct error *error)
{
  struct span where = span_of(error->where), line = {0};
  int64_t lines = 1, column = 1;
  if (memchr(where.p, ':', where.n) && span_cut(&where, ':', &line))
    (void)span_int(line, &lines);
  (void)span_int(where, &column);
  struct place place = node->place; /* the file's place, not the condition's */
  if (lines == 1)
    place.column += (int)column - 1 + node->quoted;
  place.line += (int)lines - 1;
  report_put(
      &r->report, place, "bad-condition",
      (struct words){"条件用 FEEL 写，见 docs/catalogue.md「条件」", "conditions are FEEL: see docs/catalogue.md, Conditions"},
      (struct words){arena_printf(r->report.arena, "条件有错：%s", after_column(error->zh, "：")),
                     arena_printf(r->report.arena, "the condition is wrong: %s", after_column(error->en, ": "))});
}

const struct feel *reader_condition(struct reader *r, const char *name, const struct node *node)
{
  struct feel *feel = NULL;
  struct error error = {0};
  if (node->kind != NODE_SCALAR)
    wrong_type(r, node, name, (struct words){"条件，如 area > 50", "a condition, like area > 50"});
  else if (feel_parse(r->arena, node->text, &feel, &error) < 0)
    reader_bad_condition(r, node, &error);
  return feel;
}

static void read_feel(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  const struct feel *feel = reader_condition(r, key->name, node);
  put(target, key, &feel, sizeof feel);
}

/* ---- structs ---- */

static const struct key words_keys[] = {
    {.name = "zh", .kind = KEY_TEXT, .offset = offsetof(struct words, zh), .required = true},
    {.name = "en", .kind = KEY_TEXT, .offset = offsetof(struct words, en), .required = true},
};
static const struct shape words_shape = {.what = {"名称", "name"}, .keys = words_keys, .n = 2, .size = sizeof(struct words)};

static const struct key words_zh_keys[] = {
    {.name = "zh", .kind = KEY_TEXT, .offset = offsetof(struct words, zh), .required = true},
    {.name = "en", .kind = KEY_TEXT, .offset = offsetof(struct words, en)},
};
static const struct shape words_zh_shape = {.what = {"名称", "name"}, .keys = words_zh_keys, .n = 2, .size = sizeof(struct words)};

static void read_words(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  struct words words = {0};
  if (node->kind != NODE_MAP) {
    wrong_type(r, node, key->name, (struct words){"{zh: 中文, en: English}", "{zh: 中文, en: English}"});
    return;
  }
  read_shape(r, key->kind == KEY_WORDS ? &words_shape : &words_zh_shape, node, &words);
  if (!words.en)
    words.en = words.zh;
  put(target, key, &words, sizeof words);
}

static void read_one(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  void *one = arena_alloc(r->arena, key->shape->size);
  read_shape(r, key->shape, node, one);
  put(target, key, &one, sizeof one);
}

static void read_many(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  if (!list(r, node, key->name))
    return;
  size_t n = 0;
  void *many = read_list(r, key->shape, node, &n);
  put(target, key, &many, sizeof many);
  put_count(target, key, n);
}

static void read_key(struct reader *r, const struct key *key, const struct node *node, void *target)
{
  switch (key->kind) {
  case KEY_TEXT: {
    const char *text = read_text(r, node, key->name);
    put(target, key, &text, sizeof text);
    break;
  }
  case KEY_ID:
  case KEY_NAME:
    read_id(r, key, node, target);
    break;
  case KEY_WORDS:
  case KEY_WORDS_ZH:
    read_words(r, key, node, target);
    break;
  case KEY_INT:
    read_int(r, key, node, target);
    break;
  case KEY_DAYS:
  case KEY_MONTHS:
    read_duration(r, key, node, target);
    break;
  case KEY_TRUE:
    read_true(r, key, node, target);
    break;
  case KEY_DECIMAL:
  case KEY_FEN:
    read_decimal(r, key, node, target);
    break;
  case KEY_DATE:
    read_date(r, key, node, target);
    break;
  case KEY_DATES:
    read_dates(r, key, node, target);
    break;
  case KEY_ENUM:
  case KEY_WORD:
  case KEY_YES:
    read_word(r, key, node, target);
    break;
  case KEY_SET:
    read_set(r, key, node, target);
    break;
  case KEY_TEXTS:
    read_texts(r, key, node, target);
    break;
  case KEY_REF:
    read_ref(r, key, node, target);
    break;
  case KEY_REFS:
    read_refs(r, key, node, target);
    break;
  case KEY_FEEL:
    read_feel(r, key, node, target);
    break;
  case KEY_ONE:
    read_one(r, key, node, target);
    break;
  case KEY_MANY:
    read_many(r, key, node, target);
    break;
  case KEY_INSIDE:
    read_shape(r, key->shape, node, target);
    break;
  case KEY_SKIP:
    break;
  }
}

static const char *key_at(const void *context, size_t i)
{
  return ((const struct shape *)context)->keys[i].name;
}

static const struct key *find_key(const struct shape *shape, struct span name)
{
  for (size_t i = 0; i < shape->n; i++) {
    if (span_is(name, shape->keys[i].name))
      return &shape->keys[i];
  }
  return NULL;
}

static void unknown_key(struct reader *r, const struct shape *shape, const struct node *key)
{
  struct words remedy =
      report_suggest(&r->report, key->text, key_at, shape, shape->n,
                     (struct words){"删去它；含逗号的文字要加引号", "remove it; a text with a comma needs quotes"});
  const char *name = shown(r, key->text);
  struct words wrong = {arena_printf(r->report.arena, "%s没有「%s」这个键", shape->what.zh, name),
                        arena_printf(r->report.arena, "%s has no key '%s'", shape->what.en, name)};
  report_put(&r->report, key->place, "unknown-key", remedy, wrong);
}

static void missing_key(struct reader *r, const struct shape *shape, const struct node *node, const struct key *key)
{
  bool basis = strcmp(key->name, "basis") == 0;
  struct words wrong = {arena_printf(r->report.arena, "%s缺少「%s」", shape->what.zh, key->name),
                        arena_printf(r->report.arena, "%s has no '%s'", shape->what.en, key->name)};
  struct words remedy = basis ? (struct words){"写明法律和条款；没有依据的要求应当取消",
                                               "name the law and article; what has no basis must not be asked"}
                              : (struct words){arena_printf(r->report.arena, "加上「%s:」", key->name),
                                               arena_printf(r->report.arena, "add '%s:'", key->name)};
  report_put(&r->report, node->place, basis ? "missing-basis" : "missing-key", remedy, wrong);
}

static void read_bare(struct reader *r, const struct shape *shape, const struct node *node, void *target)
{
  const struct key *key = shape->bare && node->kind == NODE_SCALAR ? find_key(shape, span_of(shape->bare)) : NULL;
  if (key)
    read_key(r, key, node, target);
  else
    wrong_type(r, node, shape->what.en, (struct words){"若干「键: 值」", "a mapping of keys and values"});
}

void read_shape(struct reader *r, const struct shape *shape, const struct node *node, void *target)
{
  if (shape->has_place)
    memcpy((char *)target + shape->place_offset, &node->place, sizeof node->place);
  if (node->kind != NODE_MAP) {
    read_bare(r, shape, node, target);
    return;
  }
  for (size_t i = 0; i < node->count; i++) {
    const struct key *key = find_key(shape, node->members[i].key->text);
    if (key)
      read_key(r, key, node->members[i].value, target);
    else
      unknown_key(r, shape, node->members[i].key);
  }
  for (size_t i = 0; i < shape->n; i++) {
    if (shape->keys[i].required && !node_get(node, shape->keys[i].name))
      missing_key(r, shape, node, &shape->keys[i]);
  }
  if (shape->check)
    shape->check(r, node, target);
}

void *read_list(struct reader *r, const struct shape *shape, const struct node *node, size_t *ret_count)
{
  char *array = arena_array(r->arena, node->count, shape->size);
  for (size_t i = 0; i < node->count; i++)
    read_shape(r, shape, node->list[i], array + i * shape->size);
  *ret_count = node->count;
  return array;
}
