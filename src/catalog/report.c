#include "catalog/report.h"

#include <stdlib.h>
#include <string.h>

#define WORD_MAX 63
#define LISTED_MAX 12

void report_put(struct report *report, struct place place, const char *rule, struct words remedy, struct words wrong)
{
  struct findings *all = report->findings;
  if (all->n >= FINDINGS_MAX)
    return;
  all->list = arena_grow(report->arena, all->list, all->n, &all->cap, sizeof *all->list);
  struct finding *f = &all->list[all->n++];
  f->place = (struct place){arena_str(report->arena, place.file), place.line, place.column};
  f->rule = rule;
  f->wrong = (struct words){arena_str(report->arena, wrong.zh), arena_str(report->arena, wrong.en)};
  f->remedy = (struct words){arena_str(report->arena, remedy.zh), arena_str(report->arena, remedy.en)};
}

void report_add(struct report *report, struct place place, const char *rule, struct words remedy, const char *zh, const char *en,
                ...)
{
  va_list ap, again;
  va_start(ap, en);
  va_copy(again, ap);
  struct words wrong = {arena_vprintf(report->arena, zh, ap), arena_vprintf(report->arena, en, again)};
  va_end(again);
  va_end(ap);
  report_put(report, place, rule, remedy, wrong);
}

static int by_place(const void *a, const void *b)
{
  const struct finding *x = a, *y = b;
  int order = strcmp(x->place.file, y->place.file);
  if (order == 0)
    order = (x->place.line > y->place.line) - (x->place.line < y->place.line);
  if (order == 0)
    order = (x->place.column > y->place.column) - (x->place.column < y->place.column);
  return order ? order : strcmp(x->rule, y->rule);
}

void findings_sort(struct findings *findings, size_t from)
{
  if (findings->n > from)
    qsort(findings->list + from, findings->n - from, sizeof *findings->list, by_place);
}

static int least(int a, int b)
{
  return a < b ? a : b;
}

/* Edits (insert, drop, change) between two words of at most WORD_MAX bytes. */
static int distance(struct span a, struct span b)
{
  int row[WORD_MAX + 1];
  for (size_t j = 0; j <= b.n; j++)
    row[j] = (int)j;
  for (size_t i = 1; i <= a.n; i++) {
    int diagonal = row[0];
    row[0] = (int)i;
    for (size_t j = 1; j <= b.n; j++) {
      int change = diagonal + (a.p[i - 1] != b.p[j - 1]);
      diagonal = row[j];
      row[j] = least(change, least(row[j], row[j - 1]) + 1);
    }
  }
  return row[b.n];
}

static const char *nearest(struct span wrong, known_word *at, const void *context, size_t n)
{
  const char *best = NULL;
  int least_edits = 1 + (int)wrong.n / 3;
  for (size_t i = 0; i < n && wrong.n <= WORD_MAX; i++) {
    struct span word = span_of(at(context, i));
    if (word.n > WORD_MAX || word.n == 0)
      continue;
    int edits = distance(wrong, word);
    if (edits < least_edits || (edits == least_edits && !best)) {
      least_edits = edits;
      best = word.p;
    }
  }
  return best;
}

struct words report_suggest(struct report *report, struct span wrong, known_word *at, const void *context, size_t n,
                            struct words otherwise)
{
  const char *near = nearest(wrong, at, context, n);
  if (near)
    return (struct words){arena_printf(report->arena, "是否要写「%s」？", near),
                          arena_printf(report->arena, "did you mean '%s'?", near)};
  if (n > LISTED_MAX || n == 0)
    return otherwise;
  const char *list = at(context, 0);
  for (size_t i = 1; i < n; i++)
    list = arena_printf(report->arena, "%s, %s", list, at(context, i));
  return (struct words){arena_printf(report->arena, "可用：%s", list), arena_printf(report->arena, "use one of: %s", list)};
}
