/*
 * search.c: finding by shared pieces of words.
 *
 * Text is cut into grams: in Chinese each pair of neighbours, and each pair with one character between them, so that one
 * wrong character in a word leaves pieces that fit; in other scripts words and their threes of letters. A rare gram says
 * more than a common one. The score of an entry is what it shares with the question, over what both hold; the score of a
 * thing or item is that of its best entry. Only the entries that share a gram are ever looked at.
 */
#include "catalog/loaded.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define QUESTION_MAX 240 /* bytes of a question that are looked at */
#define GRAMS_MAX 2048   /* of one text */
#define WORD_MAX 40      /* letters of one word */
#define LEAST_SHARE 0.12 /* of the question: less is chance */

enum gram_kind { GRAM_ONE = 1, GRAM_PAIR, GRAM_GAP, GRAM_WORD, GRAM_THREE };

static const double kind_weight[] = {[GRAM_ONE] = 0.1, [GRAM_PAIR] = 1, [GRAM_GAP] = 0.4, [GRAM_WORD] = 2, [GRAM_THREE] = 0.3};

struct grams {
  uint64_t *keys; /* the kind in the top four bits */
  size_t n, cap;
  struct arena *arena;
};

static enum gram_kind kind_of(uint64_t key)
{
  return (enum gram_kind)(key >> 60);
}

static void add_gram(struct grams *g, enum gram_kind kind, uint64_t bits)
{
  uint64_t key = (uint64_t)kind << 60 | (bits & ((UINT64_C(1) << 60) - 1));
  for (size_t i = 0; i < g->n; i++) {
    if (g->keys[i] == key)
      return;
  }
  if (g->n >= GRAMS_MAX)
    return;
  g->keys = arena_grow(g->arena, g->keys, g->n, &g->cap, sizeof *g->keys);
  g->keys[g->n++] = key;
}

static uint64_t pair(int32_t a, int32_t b)
{
  return (uint64_t)a << 21 | (uint64_t)b;
}

/* ---- cutting ---- */

enum script { NO_SCRIPT, CHINESE, LETTERS };

static enum script script_of(int32_t c)
{
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 0xc0 && c < 0x2000))
    return LETTERS;
  bool sign = (c >= 0x3000 && c < 0x3040) || (c >= 0xfe30 && c < 0xfe50) || (c >= 0xff00 && c < 0xff10) || c >= 0xff1a;
  if (c >= 0x20000 && c < 0x40000)
    return CHINESE;
  return c >= 0x2e80 && !sign ? CHINESE : NO_SCRIPT;
}

static int32_t lower(int32_t c)
{
  return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static void cut_chinese(struct grams *g, const int32_t *run, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    add_gram(g, GRAM_ONE, (uint64_t)run[i]);
    if (i + 1 < n)
      add_gram(g, GRAM_PAIR, pair(run[i], run[i + 1]));
    if (i + 2 < n)
      add_gram(g, GRAM_GAP, pair(run[i], run[i + 2]));
  }
}

static void cut_word(struct grams *g, const int32_t *run, size_t n)
{
  uint64_t whole = span_hash((struct span){(const char *)run, n * sizeof *run});
  add_gram(g, GRAM_WORD, whole);
  for (size_t i = 0; i + 3 <= n; i++)
    add_gram(g, GRAM_THREE, span_hash((struct span){(const char *)(run + i), 3 * sizeof *run}));
}

static void cut_run(struct grams *g, enum script script, const int32_t *run, size_t n)
{
  if (n && script == CHINESE)
    cut_chinese(g, run, n);
  else if (n && script == LETTERS)
    cut_word(g, run, n);
}

static void cut(struct grams *g, struct span text)
{
  int32_t run[WORD_MAX];
  size_t n = 0;
  enum script script = NO_SCRIPT;
  while (text.n) {
    int32_t c = text_next(&text);
    if (c < 0) {
      text.p++, text.n--;
      continue;
    }
    c = lower(c);
    enum script now = script_of(c);
    if (now != script || n == WORD_MAX) {
      cut_run(g, script, run, n);
      script = now;
      n = 0;
    }
    run[n++] = c;
  }
  cut_run(g, script, run, n);
}

/* ---- the index ---- */

static struct search_gram *slot_of(const struct search *s, uint64_t key)
{
  size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & s->mask;
  while (s->grams[i].key && s->grams[i].key != key)
    i = (i + 1) & s->mask;
  return &s->grams[i];
}

static void double_slots(struct search *s, struct arena *arena)
{
  struct search old = *s;
  size_t size = old.grams ? 2 * (old.mask + 1) : 4096;
  s->grams = arena_array(arena, size, sizeof *s->grams);
  s->mask = size - 1;
  for (size_t i = 0; old.grams && i <= old.mask; i++) {
    if (old.grams[i].key)
      *slot_of(s, old.grams[i].key) = old.grams[i];
  }
}

static void add_posting(struct search *s, struct arena *arena, uint64_t key, uint32_t entry)
{
  if (2 * (s->used + 1) > s->mask)
    double_slots(s, arena);
  struct search_gram *gram = slot_of(s, key);
  s->used += gram->key == 0;
  gram->key = key;
  gram->entries = arena_grow(arena, gram->entries, gram->n, &gram->cap, sizeof *gram->entries);
  gram->entries[gram->n++] = entry;
}

/* What a gram says: the rarer, the more; one that nothing holds as much as one that a single entry holds. */
static double says(const struct search *s, uint64_t key, size_t holders)
{
  return kind_weight[kind_of(key)] * log(1.0 + (double)s->n / (double)(holders ? holders : 1));
}

struct indexer {
  struct search *search;
  struct arena *arena; /* of the index */
  struct arena scratch;
};

static void index_text(struct indexer *x, const struct thing *thing, const struct item *item, double worth, const char *text)
{
  if (!text)
    return;
  struct grams grams = {.arena = &x->scratch};
  cut(&grams, span_of(text));
  struct search *s = x->search;
  s->entries = arena_grow(x->arena, s->entries, s->n, &s->cap, sizeof *s->entries);
  s->entries[s->n] = (struct search_entry){thing, item, (float)worth, 0};
  for (size_t i = 0; i < grams.n; i++)
    add_posting(s, x->arena, grams.keys[i], (uint32_t)s->n);
  s->n++;
  arena_reset(&x->scratch);
}

static void index_words(struct indexer *x, const struct thing *thing, const struct item *item, double worth, struct words words)
{
  index_text(x, thing, item, worth, words.zh);
  index_text(x, thing, item, worth, words.en);
}

static void index_thing(struct indexer *x, const struct thing *t)
{
  index_words(x, t, NULL, 1, t->name);
  for (size_t i = 0; i < t->also_count; i++)
    index_text(x, t, NULL, 1, t->also[i]);
  index_words(x, t, NULL, 0.9, t->industry);
  index_words(x, t, NULL, 0.3, t->lead->name);
  for (size_t i = 0; i < t->question_count; i++) {
    index_words(x, t, NULL, 0.3, t->questions[i].text);
    for (size_t j = 0; j < t->questions[i].choice_count; j++)
      index_words(x, t, NULL, 0.3, t->questions[i].choices[j].name);
  }
}

static void index_item(struct indexer *x, const struct item *item)
{
  index_words(x, NULL, item, 0.95, item->name);
  for (size_t i = 0; i < item->also_count; i++)
    index_text(x, NULL, item, 0.95, item->also[i]);
  if (item->result)
    index_words(x, NULL, item, 0.8, item->result->name);
  index_words(x, NULL, item, 0.3, item->agency->name);
  for (size_t i = 0; i < item->basis_count; i++)
    index_text(x, NULL, item, 0.4, item->basis[i].law);
}

static void build(struct search *s, const struct catalog *c)
{
  struct indexer x = {s, &s->arena, {0}};
  double_slots(s, x.arena);
  for (size_t i = 0; i < c->thing_count; i++)
    index_thing(&x, &c->things[i]);
  for (size_t i = 0; i < c->item_count; i++)
    index_item(&x, &c->items[i]);
  for (size_t i = 0; i <= s->mask; i++) {
    const struct search_gram *gram = &s->grams[i];
    for (size_t j = 0; j < gram->n; j++)
      s->entries[gram->entries[j]].total += (float)says(s, gram->key, gram->n);
  }
  arena_release(&x.scratch);
}

void search_init(struct search *search)
{
  if (pthread_mutex_init(&search->building, NULL) != 0)
    abort();
}

void search_release(struct search *search)
{
  arena_release(&search->arena);
  (void)pthread_mutex_destroy(&search->building);
}

/* The only part of a catalogue that is made after loading: whoever comes while it is being made waits. */
static const struct search *built(const struct catalog *catalog)
{
  struct search *s = &((struct loaded *)catalog)->search;
  if (atomic_load_explicit(&s->built, memory_order_acquire))
    return s;
  (void)pthread_mutex_lock(&s->building);
  if (!atomic_load_explicit(&s->built, memory_order_relaxed)) {
    build(s, catalog);
    atomic_store_explicit(&s->built, true, memory_order_release);
  }
  (void)pthread_mutex_unlock(&s->building);
  return s;
}

/* ---- asking ---- */

struct match {
  uint32_t entry;
  double shared;
};

struct matches {
  struct match *list;
  size_t n, cap;
  double asked; /* what the whole question says */
};

static int by_entry(const void *a, const void *b)
{
  const struct match *x = a, *y = b;
  return (x->entry > y->entry) - (x->entry < y->entry);
}

/* A lone character is all there is to go by; beside pairs it would only be noise. */
static bool counts(const struct grams *grams, uint64_t key)
{
  if (kind_of(key) != GRAM_ONE)
    return true;
  for (size_t i = 0; i < grams->n; i++) {
    if (kind_of(grams->keys[i]) != GRAM_ONE)
      return false;
  }
  return true;
}

static struct matches collect(const struct search *s, struct arena *arena, const struct grams *grams)
{
  struct matches m = {0};
  for (size_t i = 0; i < grams->n; i++) {
    if (!counts(grams, grams->keys[i]))
      continue;
    const struct search_gram *gram = slot_of(s, grams->keys[i]);
    double said = says(s, grams->keys[i], gram->n);
    m.asked += gram->n ? said : said * 0.3; /* a slip of the pen says little */
    for (size_t j = 0; j < gram->n; j++) {
      m.list = arena_grow(arena, m.list, m.n, &m.cap, sizeof *m.list);
      m.list[m.n++] = (struct match){gram->entries[j], said};
    }
  }
  if (m.n)
    qsort(m.list, m.n, sizeof *m.list, by_entry);
  size_t n = 0;
  for (size_t i = 0; i < m.n; i++) {
    if (n && m.list[n - 1].entry == m.list[i].entry)
      m.list[n - 1].shared += m.list[i].shared;
    else
      m.list[n++] = m.list[i];
  }
  m.n = n;
  return m;
}

static bool same(const struct hit *hit, const struct search_entry *entry)
{
  return hit->thing == entry->thing && hit->item == entry->item;
}

/* Keeps the best max, best first; a thing or item once, by its best entry. */
static size_t keep(struct hit *hits, size_t n, size_t max, const struct search_entry *entry, double score)
{
  size_t at = 0;
  while (at < n && !same(&hits[at], entry))
    at++;
  if (at < n && hits[at].score >= score)
    return n;
  if (at == n) {
    if (n == max && (max == 0 || hits[n - 1].score >= score))
      return n;
    at = n < max ? n++ : n - 1;
  }
  for (; at > 0 && hits[at - 1].score < score; at--)
    hits[at] = hits[at - 1];
  hits[at] = (struct hit){entry->thing, entry->item, score};
  return n;
}

size_t catalog_search(const struct catalog *catalog, struct span words, size_t max, struct hit *ret)
{
  const struct search *s = built(catalog);
  struct arena arena = {0};
  struct grams grams = {.arena = &arena};
  cut(&grams, text_head(words, QUESTION_MAX));
  struct matches m = collect(s, &arena, &grams);
  size_t n = 0;
  for (size_t i = 0; i < m.n; i++) {
    const struct search_entry *entry = &s->entries[m.list[i].entry];
    double score = entry->worth * m.list[i].shared / (0.4 * m.asked + 0.6 * entry->total);
    score = score > 1 ? 1 : score;
    if (m.list[i].shared >= LEAST_SHARE * m.asked)
      n = keep(ret, n, max, entry, score);
  }
  arena_release(&arena);
  return n;
}
