#include "base/span.h"

#include <string.h>

struct span span_of(const char *s)
{
  return s ? (struct span){s, strlen(s)} : (struct span){0};
}

bool span_eq(struct span a, struct span b)
{
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool span_is(struct span a, const char *s)
{
  return span_eq(a, span_of(s));
}

bool span_starts(struct span a, const char *prefix)
{
  size_t n = strlen(prefix);
  return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span s)
{
  while (s.n && is_space(s.p[0]))
    s.p++, s.n--;
  while (s.n && is_space(s.p[s.n - 1]))
    s.n--;
  return s;
}

bool span_cut(struct span *rest, char c, struct span *ret_head)
{
  if (rest->n == 0)
    return false;
  const char *at = memchr(rest->p, c, rest->n);
  if (!at) {
    *ret_head = *rest;
    *rest = (struct span){0};
    return true;
  }
  size_t head = (size_t)(at - rest->p);
  *ret_head = (struct span){rest->p, head};
  *rest = (struct span){at + 1, rest->n - head - 1};
  return true;
}

bool span_int(struct span s, int64_t *ret)
{
  bool negative = s.n && s.p[0] == '-';
  if (negative)
    s.p++, s.n--;
  if (s.n == 0)
    return false;
  int64_t value = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9')
      return false;
    int digit = s.p[i] - '0';
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, digit, &value))
      return false;
  }
  /* counted downwards, so that INT64_MIN fits */
  if (!negative && value == INT64_MIN)
    return false;
  *ret = negative ? value : -value;
  return true;
}

bool span_natural(struct span s, int64_t *ret)
{
  return s.n && s.p[0] != '-' && (s.p[0] != '0' || s.n == 1) && span_int(s, ret);
}

uint64_t span_hash(struct span s)
{
  uint64_t h = 0xcbf29ce484222325ULL;
  for (size_t i = 0; i < s.n; i++)
    h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ULL;
  h ^= h >> 32;
  h *= 0x9e3779b97f4a7c15ULL;
  return h ^ (h >> 29);
}
