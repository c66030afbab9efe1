#include "history/xes.h"

#include <string.h>

static const char *const type_names[] = {
#define X(name, element) element,
    XES_TYPES(X)
#undef X
};

const char *xes_type_name(enum xes_type type)
{
  return type < XES_TYPE_COUNT ? type_names[type] : "";
}

enum xes_type xes_type_of(const char *name)
{
  enum xes_type type = 0;
  while (type < XES_TYPE_COUNT && strcmp(type_names[type], name) != 0)
    type++;
  return type;
}

const struct xes_attribute *xes_find(const struct xes_attributes *attributes, const char *key)
{
  for (size_t i = 0; i < attributes->n; i++)
    if (attributes->list[i].type != XES_VALUES && strcmp(attributes->list[i].key, key) == 0)
      return &attributes->list[i];
  return NULL;
}

struct xes_attribute *xes_add(struct arena *arena, struct xes_attributes *to, enum xes_type type, const char *key,
                              const char *value)
{
  to->list = arena_grow(arena, to->list, to->n, &to->cap, sizeof *to->list);
  struct xes_attribute *added = &to->list[to->n++];
  *added = (struct xes_attribute){.type = type, .key = key, .value = value};
  return added;
}

const struct xes_attribute *xes_log_find(const struct xes_log *log, const char *key)
{
  for (size_t i = 0; i < log->n; i++) {
    const struct xes_item *item = &log->items[i];
    const struct xes_attribute *found = item->what == XES_LOG_ATTRIBUTE ? xes_find(&item->attributes, key) : NULL;
    if (found)
      return found;
  }
  return NULL;
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* Takes digits off the front; how many there were. */
static size_t take_digits(struct span *s)
{
  size_t n = 0;
  while (n < s->n && is_digit(s->p[n]))
    n++;
  s->p += n;
  s->n -= n;
  return n;
}

static bool take_one(struct span *s, const char *of)
{
  if (s->n == 0 || !strchr(of, s->p[0]) || s->p[0] == '\0')
    return false;
  s->p++;
  s->n--;
  return true;
}

/* xs:long: an optional sign, digits, within 64 bits. */
static bool long_ok(struct span s)
{
  int64_t value;
  if (s.n > 1 && s.p[0] == '+' && is_digit(s.p[1])) {
    s.p++;
    s.n--;
  }
  return span_int(s, &value);
}

/* xs:double: decimal digits with optional point and exponent, or INF, -INF, NaN. */
static bool double_ok(struct span s)
{
  if (span_is(s, "INF") || span_is(s, "+INF") || span_is(s, "-INF") || span_is(s, "NaN") || span_is(s, "Infinity") ||
      span_is(s, "-Infinity")) /* the latter two are how OpenXES writes a Java double */
    return true;
  (void)take_one(&s, "+-");
  size_t n = take_digits(&s);
  if (take_one(&s, "."))
    n += take_digits(&s);
  if (n == 0)
    return false;
  if (take_one(&s, "eE")) {
    (void)take_one(&s, "+-");
    if (take_digits(&s) == 0)
      return false;
  }
  return s.n == 0;
}

bool xes_moment(struct span value, moment *ret)
{
  return moment_parse(span_trim(value), ret, NULL);
}

/* xs:dateTime, whose offset may be missing. */
static bool date_ok(struct span s)
{
  moment at;
  char utc[40];
  if (moment_parse(s, &at, NULL))
    return true;
  if (s.n < 19 || s.n > sizeof utc - 1 || !is_digit(s.p[s.n - 1]))
    return false;
  memcpy(utc, s.p, s.n);
  utc[s.n] = 'Z';
  return moment_parse((struct span){utc, s.n + 1}, &at, NULL);
}

bool xes_value_ok(enum xes_type type, struct span value)
{
  struct span s = span_trim(value);
  switch (type) {
  case XES_DATE:
    return date_ok(s);
  case XES_INT:
    return long_ok(s);
  case XES_FLOAT:
    return double_ok(s);
  case XES_BOOLEAN:
    return span_is(s, "true") || span_is(s, "false") || span_is(s, "1") || span_is(s, "0");
  case XES_ID:
    return s.n > 0;
  case XES_STRING:
  case XES_LIST:
  case XES_CONTAINER:
  case XES_VALUES:
  case XES_TYPE_COUNT:
    return true;
  }
  return false;
}
