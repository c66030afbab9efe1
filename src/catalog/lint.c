/*
 * lint.c: what is allowed to stand in a catalogue and should not: vague wording, missing elements of the guide, certificates nobody
 * issues, one thing under two names. Sources: 浙江省保障「最多跑一次」改革规定 (complete lists of materials, no catch-all clauses),
 * GB/T 39554 (elements of an item: 必须现场办理原因说明, 办理流程), the city's rule that one thing has one name in all districts.
 *
 * Only what asks something of people is read: names of materials, fields, fees, items, intermediary services and follow-ups.
 * Questions may say «such as», and titles of laws are as they are.
 */
#include "catalog/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define CHARACTER 3 /* bytes of a Chinese character of the words below */

struct linter {
  const struct catalog *catalog;
  struct report report;
  struct arena scratch;
};

/* ---- vague wording ---- */

static const char *const vague_zh[] = {"其他",     "其它",     "其余",       "等等",       "视情况",   "视情形",   "酌情",
                                       "原则上",   "必要时",   "必要的",     "如需",       "按需",     "根据需要", "认为需要",
                                       "若干",     "认为必要", "认为有必要", "要求提供的", "相关材料", "相关证明", "相关资料",
                                       "相关文件", "相关证件", "有关材料",   "有关证明",   "有关资料", "有关文件", "有关证件"};

/* Fixed terms that hold such a word and are not vague. */
static const char *const fixed_zh[] = {"其他组织", "其他权利人"};

static const char *const vague_en[] = {
    "other documents",   "other materials",    "other papers",       "other proof",        "other evidence",
    "other information", "other certificates", "other items",        "any other",          "etc",
    "and so on",         "and the like",       "relevant documents", "relevant materials", "relevant papers",
    "relevant proof",    "related documents",  "related materials",  "as needed",          "if needed",
    "where needed",      "if necessary",       "where necessary",    "when necessary",     "as necessary",
    "deemed necessary",  "as appropriate",     "as required",        "may require"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static bool starts(const char *text, const char *const *words, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (strncmp(text, words[i], strlen(words[i])) == 0)
      return true;
  }
  return false;
}

/* The character before text[at], or after it, is one of those listed in one string. */
static bool is_one_of(const char *character, const char *list)
{
  for (; *list; list += CHARACTER) {
    if (strncmp(character, list, CHARACTER) == 0)
      return true;
  }
  return false;
}

/* «等» that ends a list, not that of 等级, 高等, 同等, 等额 … */
static bool is_open_list(const char *text, const char *at)
{
  static const char before[] = "平高初中同对相不均特一二三四五优上下头何我";
  static const char after[] = "级候待同额值效离次比式价边身高";
  if (strncmp(at, "等", CHARACTER) != 0)
    return false;
  if (at - text >= CHARACTER && is_one_of(at - CHARACTER, before))
    return false;
  return at[CHARACTER] == '\0' || !is_one_of(at + CHARACTER, after);
}

/* The vague word in a Chinese name; NULL where it has none. */
static const char *find_vague_zh(const char *text)
{
  for (const char *p = text; *p; p++) {
    if (starts(p, fixed_zh, COUNT(fixed_zh))) {
      p += strlen("其他") - 1;
      continue;
    }
    for (size_t i = 0; i < COUNT(vague_zh); i++) {
      if (strncmp(p, vague_zh[i], strlen(vague_zh[i])) == 0)
        return vague_zh[i];
    }
    if (is_open_list(text, p))
      return "等";
  }
  return NULL;
}

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_letter(char c)
{
  return lower(c) >= 'a' && lower(c) <= 'z';
}

/* Whole words, in any case. */
static bool reads(const char *text, const char *words)
{
  size_t n = 0;
  while (words[n] && lower(text[n]) == words[n])
    n++;
  return !words[n] && !is_letter(text[n]);
}

static const char *find_vague_en(const char *text)
{
  for (const char *p = text; *p; p++) {
    for (size_t i = 0; i < COUNT(vague_en) && (p == text || !is_letter(p[-1])); i++) {
      if (reads(p, vague_en[i]))
        return vague_en[i];
    }
  }
  return NULL;
}

static void lint_wording(struct linter *l, struct place place, struct words name)
{
  const char *word = name.zh ? find_vague_zh(name.zh) : NULL;
  const char *whole = name.zh;
  if (!word && name.en) {
    word = find_vague_en(name.en);
    whole = name.en;
  }
  if (!word)
    return;
  report_add(&l->report, place, "vague-wording",
             (struct words){"逐一写明，或删去：兜底条款不得作为要求", "name each one, or remove it: a catch-all is no requirement"},
             "「%s」里的「%s」没有说清要什么", "'%s' does not say what is meant by '%s'", whole, word);
}

static void lint_all_wording(struct linter *l)
{
  const struct catalog *c = l->catalog;
  for (size_t i = 0; i < c->material_count; i++)
    lint_wording(l, c->materials[i].place, c->materials[i].name);
  for (size_t i = 0; i < c->field_count; i++)
    lint_wording(l, c->fields[i].place, c->fields[i].name);
  for (size_t i = 0; i < c->item_count; i++) {
    const struct item *item = &c->items[i];
    lint_wording(l, item->place, item->name);
    lint_wording(l, item->place, item->follow_up);
    for (size_t j = 0; j < item->fee_count; j++)
      lint_wording(l, item->place, item->fees[j].name);
    for (size_t j = 0; j < item->material_count; j++)
      lint_wording(l, item->materials[j].place, item->materials[j].intermediary);
  }
}

/* ---- elements of the guide ---- */

static void missing(struct linter *l, const struct item *item, struct words wrong, struct words remedy)
{
  report_put(&l->report, item->place, "missing-element", remedy,
             (struct words){arena_printf(&l->scratch, "事项「%s」%s", item->name.zh, wrong.zh),
                            arena_printf(&l->scratch, "the item '%s' %s", item->name.en, wrong.en)});
}

static bool picks_up(const struct item *item)
{
  for (size_t i = 0; i < item->presence_count; i++) {
    if (item->presence[i].why == WHY_PICK_UP)
      return true;
  }
  return false;
}

static void lint_item(struct linter *l, const struct item *item)
{
  if (!(item->channels & (CHANNEL_ONLINE | CHANNEL_MOBILE)) && item->presence_count == 0)
    missing(l, item, (struct words){"只能到现场办理，却没有写明理由", "can only be applied for on the spot, and does not say why"},
            (struct words){"在 presence 写明必须到场的理由与依据，或开通网上办理",
                           "give the reason and its basis in presence, or open it online"});
  if (item->delivery == DELIVERY_WINDOW && !picks_up(item))
    missing(l, item, (struct words){"的结果只能到窗口领取，却没有写明理由", "is only handed out at a window, and does not say why"},
            (struct words){"加上 e-certificate 或 courier，或在 presence 写明 pick-up 与依据",
                           "add e-certificate or courier, or give pick-up with its basis in presence"});
  if (!item->instant && item->step_count == 0)
    missing(l, item, (struct words){"没有办理流程", "has no steps"}, (struct words){"在 steps 写明各步骤", "write its steps"});
  if (!item->instant && item->statutory > 0 && item->promised == 0)
    missing(l, item, (struct words){"承诺 0 个工作日", "promises 0 working days"},
            (struct words){"写明承诺时限，或改为 instant: true", "write what is promised, or instant: true"});
}

/* A certificate stands on the law of the item that issues it. */
static void lint_certificates(struct linter *l)
{
  const struct catalog *c = l->catalog;
  bool *issued = arena_array(&l->scratch, c->certificate_count, sizeof *issued);
  for (size_t i = 0; i < c->item_count; i++) {
    if (c->items[i].result && c->items[i].basis_count)
      issued[c->items[i].result - c->certificates] = true;
  }
  for (size_t i = 0; i < c->certificate_count; i++) {
    if (!issued[i])
      report_add(&l->report, c->certificates[i].place, "certificate-without-law",
                 (struct words){"写上颁发它的事项及其依据；没有依据的证照应当取消",
                                "add the item that issues it, with its basis; a certificate without one must go"},
                 "没有事项依法颁发「%s」（%s）", "no item with a legal basis issues '%2$s' (%1$s)", c->certificates[i].name.zh,
                 c->certificates[i].name.en);
  }
}

/* ---- one thing, one name ---- */

struct named {
  char *key; /* the name without what does not tell things apart */
  struct words name;
  const char *id;
  struct place place;
};

/* What says how a paper comes, or whose it is, and not which paper it is. */
static const char *const idle[] = {"（副本）", "（正本）", "（复印件）", "（原件）", "（扫描件）", "副本", "正本", "复印件", "原件",
                                   "扫描件",   "申请人",   "企业",       "本人",     "本单位",     "的",   "及",   "和",     "与",
                                   "（",       "）",       "(",          ")",        "《",         "》",   "「",   "」",     "、",
                                   "，",       "·",        "-",          "—",        " ",          "“",    "”"};

static char *key_of(struct arena *arena, const char *name)
{
  char *key = arena_alloc(arena, strlen(name) + 1), *out = key;
  while (*name) {
    size_t skip = 0;
    for (size_t i = 0; i < COUNT(idle) && !skip; i++) {
      if (strncmp(name, idle[i], strlen(idle[i])) == 0)
        skip = strlen(idle[i]);
    }
    if (!skip)
      *out++ = lower(*name++);
    name += skip;
  }
  return key;
}

static int by_key(const void *a, const void *b)
{
  const struct named *x = a, *y = b;
  int order = strcmp(x->key, y->key);
  return order ? order : strcmp(x->id, y->id);
}

/* Entries of one kind whose names say the same. */
static void lint_names(struct linter *l, struct named *list, size_t n)
{
  if (n)
    qsort(list, n, sizeof *list, by_key);
  for (size_t i = 1; i < n; i++) {
    const struct named *a = &list[i - 1], *b = &list[i];
    if (b->key[0] == '\0' || strcmp(a->key, b->key) != 0)
      continue;
    struct words remedy = {
        arena_printf(&l->scratch, "如是一回事，统一用「%s」；如不是，让名称说出区别", a->id),
        arena_printf(&l->scratch, "use '%s' for both if they are one; if not, let the names tell them apart", a->id)};
    report_put(
        &l->report, b->place, "one-thing-two-names", remedy,
        (struct words){arena_printf(&l->scratch, "「%s」（%s）与「%s」（%s）说的是一回事", b->name.zh, b->id, a->name.zh, a->id),
                       arena_printf(&l->scratch, "'%s' (%s) and '%s' (%s) say the same", b->name.en, b->id, a->name.en, a->id)});
  }
}

#define LINT_NAMES(l, list, count)                                                                                                 \
  do {                                                                                                                             \
    struct named *named = arena_array(&(l)->scratch, (count), sizeof *named);                                                      \
    for (size_t i = 0; i < (count); i++)                                                                                           \
      named[i] = (struct named){key_of(&(l)->scratch, (list)[i].name.zh), (list)[i].name, (list)[i].id, (list)[i].place};          \
    lint_names((l), named, (count));                                                                                               \
  } while (0)

void catalog_lint(const struct catalog *catalog, struct arena *arena, struct findings *findings)
{
  struct linter l = {catalog, {arena, findings}, {0}};
  size_t before = findings->n;
  lint_all_wording(&l);
  for (size_t i = 0; i < catalog->item_count; i++)
    lint_item(&l, &catalog->items[i]);
  lint_certificates(&l);
  LINT_NAMES(&l, catalog->agencies, catalog->agency_count);
  LINT_NAMES(&l, catalog->fields, catalog->field_count);
  LINT_NAMES(&l, catalog->certificates, catalog->certificate_count);
  LINT_NAMES(&l, catalog->materials, catalog->material_count);
  LINT_NAMES(&l, catalog->items, catalog->item_count);
  LINT_NAMES(&l, catalog->things, catalog->thing_count);
  findings_sort(findings, before);
  arena_release(&l.scratch);
}
