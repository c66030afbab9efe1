/*
 * value.c: values against each other, and as text.
 */
#include "feel/node.h"

#include <string.h>

static enum feel_truth truth_from(bool b)
{
  return b ? YES : NO;
}

static enum feel_truth both(enum feel_truth a, enum feel_truth b)
{
  if (a == NO || b == NO)
    return NO;
  return a == YES && b == YES ? YES : UNKNOWN;
}

static enum feel_truth equal(const struct feel_value *a, const struct feel_value *b, int depth);

static enum feel_truth equal_lists(const struct feel_value *a, const struct feel_value *b, int depth)
{
  if (a->n != b->n)
    return NO;
  enum feel_truth all = YES;
  for (size_t i = 0; i < a->n; i++)
    all = both(all, equal(&a->list[i], &b->list[i], depth + 1));
  return all;
}

static const struct feel_value *entry_of(const struct feel_value *context, struct span key)
{
  for (size_t i = 0; i < context->entry_count; i++) {
    if (span_eq(context->entries[i].key, key))
      return &context->entries[i].value;
  }
  return NULL;
}

static enum feel_truth equal_contexts(const struct feel_value *a, const struct feel_value *b, int depth)
{
  if (a->entry_count != b->entry_count)
    return NO;
  enum feel_truth all = YES;
  for (size_t i = 0; i < a->entry_count; i++) {
    const struct feel_value *other = entry_of(b, a->entries[i].key);
    all = both(all, other ? equal(&a->entries[i].value, other, depth + 1) : NO);
  }
  return all;
}

/* depth bounds lists in lists. */
static enum feel_truth equal(const struct feel_value *a, const struct feel_value *b, int depth)
{
  if (a->type == FEEL_NULL || b->type == FEEL_NULL)
    return truth_from(a->type == b->type);
  if (a->type != b->type || depth > FEEL_DEPTH_MAX)
    return UNKNOWN;
  int64_t apart;
  switch (a->type) {
  case FEEL_NULL:
    break;
  case FEEL_BOOLEAN:
    return truth_from(a->truth == b->truth);
  case FEEL_NUMBER:
    return truth_from(decimal_compare(a->number, b->number) == 0);
  case FEEL_STRING:
    return truth_from(span_eq(a->string, b->string));
  case FEEL_DATE:
    return truth_from(a->date == b->date);
  case FEEL_TIME:
  case FEEL_DATE_TIME:
    return feel_seconds_apart(a, b, &apart) ? truth_from(apart == 0) : NO;
  case FEEL_MONTHS:
    return truth_from(a->months == b->months);
  case FEEL_DURATION:
    return truth_from(a->seconds == b->seconds);
  case FEEL_RANGE:
    return both(truth_from(a->open_low == b->open_low && a->open_high == b->open_high), equal_lists(a, b, depth));
  case FEEL_LIST:
    return equal_lists(a, b, depth);
  case FEEL_CONTEXT:
    return equal_contexts(a, b, depth);
  }
  return UNKNOWN;
}

enum feel_truth feel_equal(const struct feel_value *a, const struct feel_value *b)
{
  return equal(a, b, 0);
}

bool feel_same(struct feel_value a, struct feel_value b)
{
  return equal(&a, &b, 0) == YES;
}

static int compare_strings(struct span a, struct span b)
{
  size_t n = a.n < b.n ? a.n : b.n;
  int order = n ? memcmp(a.p, b.p, n) : 0; /* UTF-8 sorts by code point */
  return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool feel_order(const struct feel_value *a, const struct feel_value *b, int *ret)
{
  if (a->type != b->type)
    return false;
  int64_t apart = 0;
  switch (a->type) {
  case FEEL_NUMBER:
    *ret = decimal_compare(a->number, b->number);
    return true;
  case FEEL_STRING:
    *ret = compare_strings(a->string, b->string);
    return true;
  case FEEL_DATE:
    apart = (int64_t)a->date - b->date;
    break;
  case FEEL_TIME:
  case FEEL_DATE_TIME:
    if (!feel_seconds_apart(a, b, &apart))
      return false;
    break;
  case FEEL_MONTHS:
    apart = a->months - b->months;
    break;
  case FEEL_DURATION:
    apart = a->seconds - b->seconds;
    break;
  case FEEL_NULL:
  case FEEL_BOOLEAN:
  case FEEL_LIST:
  case FEEL_RANGE:
  case FEEL_CONTEXT:
    return false;
  }
  *ret = (apart > 0) - (apart < 0);
  return true;
}

/* ---- text ---- */

static char *value_text(struct arena *arena, const struct feel_value *v, int depth);

static char *string_text(struct arena *arena, struct span s)
{
  char *text = arena_alloc(arena, 2 * s.n + 3), *p = text;
  *p++ = '"';
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '"' || c == '\\' || c == '\n' || c == '\t' || c == '\r')
      *p++ = '\\';
    *p++ = (char)(c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : c);
  }
  *p = '"';
  return text;
}

static char *list_text(struct arena *arena, const struct feel_value *v, int depth)
{
  const char *text = "";
  for (size_t i = 0; i < v->n; i++)
    text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", value_text(arena, &v->list[i], depth + 1));
  return arena_printf(arena, "[%s]", text);
}

static char *context_text(struct arena *arena, const struct feel_value *v, int depth)
{
  const char *text = "";
  for (size_t i = 0; i < v->entry_count; i++)
    text = arena_printf(arena, "%s%s%.*s: %s", text, i ? ", " : "", (int)v->entries[i].key.n, v->entries[i].key.p,
                        value_text(arena, &v->entries[i].value, depth + 1));
  return arena_printf(arena, "{%s}", text);
}

static char *value_text(struct arena *arena, const struct feel_value *v, int depth)
{
  static const char *const functions[] = {[FEEL_DATE] = "date",
                                          [FEEL_TIME] = "time",
                                          [FEEL_DATE_TIME] = "date and time",
                                          [FEEL_MONTHS] = "duration",
                                          [FEEL_DURATION] = "duration"};
  if (depth > FEEL_DEPTH_MAX)
    return arena_str(arena, "null");
  switch (v->type) {
  case FEEL_NULL:
    break;
  case FEEL_BOOLEAN:
    return arena_str(arena, v->truth ? "true" : "false");
  case FEEL_NUMBER:
    return decimal_text(arena, v->number);
  case FEEL_STRING:
    return string_text(arena, v->string);
  case FEEL_LIST:
    return list_text(arena, v, depth);
  case FEEL_CONTEXT:
    return context_text(arena, v, depth);
  case FEEL_RANGE:
    return arena_printf(arena, "%c%s..%s%c", v->open_low ? '(' : '[', value_text(arena, &v->list[0], depth + 1),
                        value_text(arena, &v->list[1], depth + 1), v->open_high ? ')' : ']');
  case FEEL_DATE:
  case FEEL_TIME:
  case FEEL_DATE_TIME:
  case FEEL_MONTHS:
  case FEEL_DURATION:
    return arena_printf(arena, "%s(\"%s\")", functions[v->type], feel_temporal_text(arena, v));
  }
  return arena_str(arena, "null");
}

char *feel_value_text(struct arena *arena, struct feel_value value)
{
  return value_text(arena, &value, 0);
}
