#include "web/internal.h"

#include <string.h>

#include "web/words.h"

const char *tr(const struct request *rq, const char *english)
{
  if (rq->lang == LANG_EN)
    return english;
  size_t mask = words_zh_slots - 1;
  for (size_t at = words_hash(english, strlen(english)) & mask; words_zh[at].english; at = (at + 1) & mask)
    if (!strcmp(words_zh[at].english, english))
      return words_zh[at].translation;
  return english;
}

static void put_hole(struct buf *out, const struct hole *h)
{
  if (h->type == HOLE_INT)
    buf_printf(out, "%lld", (long long)h->i);
  else if (h->type == HOLE_UINT)
    buf_printf(out, "%llu", (unsigned long long)h->u);
  else
    buf_span(out, h->s);
}

const char *tr_holes(struct request *rq, const char *english, const struct hole *holes, size_t n)
{
  struct buf out;
  buf_init(&out, (size_t)1 << 20);
  size_t next = 0;
  for (const char *p = tr(rq, english); *p; p++) {
    if (*p != '%') {
      buf_char(&out, *p);
      continue;
    }
    p++;
    if (*p == '%') {
      buf_char(&out, '%');
    } else if (*p == 's') {
      if (next < n)
        put_hole(&out, &holes[next++]);
    } else if (*p >= '1' && *p <= '9' && p[1] == '$' && p[2] == 's') {
      size_t i = (size_t)(*p - '1');
      if (i < n)
        put_hole(&out, &holes[i]);
      p += 2;
    } else {
      buf_char(&out, '%');
      p--;
    }
  }
  char *text = arena_dup(rq->arena, buf_view(&out));
  buf_release(&out);
  return text;
}

const char *say(const struct request *rq, const char *zh, const char *en)
{
  const char *first = rq->lang == LANG_EN ? en : zh, *second = rq->lang == LANG_EN ? zh : en;
  if (first && *first)
    return first;
  return second ? second : "";
}

const char *day_words(const struct request *rq, day d)
{
  if (d == DAY_NONE)
    return "";
  static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                       "July",    "August",   "September", "October", "November", "December"};
  int year, month, mday;
  day_parts(d, &year, &month, &mday);
  if (rq->lang == LANG_EN)
    return arena_printf(rq->arena, "%d %s %d", mday, months[month - 1], year);
  return arena_printf(rq->arena, "%d年%d月%d日", year, month, mday);
}

const char *moment_words(const struct request *rq, moment at)
{
  if (!at)
    return "";
  char text[MOMENT_SHORT];
  moment_short(at, text);
  return arena_printf(rq->arena, rq->lang == LANG_EN ? "%s, %s" : "%s %s", day_words(rq, day_of(at)), text + 11);
}

const char *size_words(const struct request *rq, int64_t bytes)
{
  if (bytes < 1000)
    return arena_printf(rq->arena, "%lld B", (long long)bytes);
  if (bytes < 1000 * 1000)
    return arena_printf(rq->arena, "%lld kB", (long long)(bytes + 500) / 1000);
  return arena_printf(rq->arena, "%.1f MB", (double)bytes / 1e6);
}
