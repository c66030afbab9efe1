/*
 * temporal.c: dates, times and durations (DMN 1.3, 10.3.2.3.4 to 10.3.2.3.9): reading, writing, arithmetic. Whole seconds; zones as
 * offsets («+08:00», «Z»). A day has 86,400 seconds, as in the standard.
 */
#include "feel/decimal.h"
#include "feel/node.h"

#include <string.h>

#define DAY_SECONDS 86400
#define MONTHS_MAX INT64_C(119988)                   /* 9,999 years */
#define SECONDS_MAX (INT64_C(3660000) * DAY_SECONDS) /* a little more */

static struct feel_value nothing(void)
{
  return (struct feel_value){.type = FEEL_NULL};
}

/* ---- reading ---- */

/* A number of 1 … max digits at the start, taken off; -1 where there is none. */
static int64_t take_number(struct span *s, size_t max)
{
  int64_t value = 0;
  size_t n = 0;
  for (; n < s->n && n < max && s->p[n] >= '0' && s->p[n] <= '9'; n++)
    value = value * 10 + (s->p[n] - '0');
  s->p += n;
  s->n -= n;
  return n ? value : -1;
}

static bool take_sign(struct span *s, char c)
{
  if (!s->n || s->p[0] != c)
    return false;
  s->p++, s->n--;
  return true;
}

/* Two digits up to most. */
static bool take_pair(struct span *s, int64_t most, int64_t *ret)
{
  if (s->n < 2)
    return false;
  struct span pair = {s->p, 2};
  *ret = take_number(&pair, 2);
  s->p += 2, s->n -= 2;
  return pair.n == 0 && *ret >= 0 && *ret <= most;
}

static bool take_zone(struct span *s, int16_t *ret)
{
  *ret = FEEL_ZONE_NONE;
  if (s->n == 0)
    return true;
  *ret = 0;
  if (take_sign(s, 'Z'))
    return s->n == 0;
  bool west = s->p[0] == '-';
  int64_t hours, minutes;
  if ((!take_sign(s, '+') && !take_sign(s, '-')) || !take_pair(s, 14, &hours) || !take_sign(s, ':') || !take_pair(s, 59, &minutes))
    return false;
  *ret = (int16_t)((west ? -1 : 1) * (hours * 60 + minutes));
  return s->n == 0;
}

bool feel_time_read(struct span text, struct feel_value *ret)
{
  struct feel_value v = {.type = FEEL_TIME};
  int64_t hour, minute, second;
  if (!take_pair(&text, 23, &hour) || !take_sign(&text, ':') || !take_pair(&text, 59, &minute) || !take_sign(&text, ':') ||
      !take_pair(&text, 59, &second) || !take_zone(&text, &v.zone))
    return false;
  v.seconds = hour * 3600 + minute * 60 + second;
  *ret = v;
  return true;
}

bool feel_date_time_read(struct span text, struct feel_value *ret)
{
  day d;
  struct feel_value v;
  if (text.n < 11 || text.p[10] != 'T' || !day_parse((struct span){text.p, 10}, &d) ||
      !feel_time_read((struct span){text.p + 11, text.n - 11}, &v))
    return false;
  v.type = FEEL_DATE_TIME;
  v.seconds += (int64_t)d * DAY_SECONDS;
  *ret = v;
  return true;
}

/* «3Y»: the number before a letter, where that is what comes next; 0 where it is not. */
static int64_t take_part(struct span *s, char letter)
{
  struct span rest = *s;
  int64_t value = take_number(&rest, 9);
  if (value < 0 || !take_sign(&rest, letter))
    return 0;
  *s = rest;
  return value;
}

static bool months_read(struct span s, bool negative, struct feel_value *ret)
{
  if (s.n == 0)
    return false;
  int64_t years = take_part(&s, 'Y'), months = years * 12 + take_part(&s, 'M');
  if (s.n || months > MONTHS_MAX)
    return false;
  *ret = (struct feel_value){.type = FEEL_MONTHS, .months = negative ? -months : months};
  return true;
}

bool feel_duration_read(struct span s, struct feel_value *ret)
{
  bool negative = take_sign(&s, '-');
  if (!take_sign(&s, 'P') || s.n == 0)
    return false;
  if (months_read(s, negative, ret))
    return true;
  int64_t seconds = take_part(&s, 'D') * DAY_SECONDS;
  if (take_sign(&s, 'T')) {
    if (s.n == 0)
      return false;
    seconds += take_part(&s, 'H') * 3600;
    seconds += take_part(&s, 'M') * 60;
    seconds += take_part(&s, 'S');
  }
  if (s.n || seconds > SECONDS_MAX)
    return false;
  *ret = (struct feel_value){.type = FEEL_DURATION, .seconds = negative ? -seconds : seconds};
  return true;
}

bool feel_temporal_read(struct span text, struct feel_value *ret)
{
  day d;
  if (day_parse(text, &d)) {
    *ret = (struct feel_value){.type = FEEL_DATE, .date = d};
    return true;
  }
  return feel_time_read(text, ret) || feel_date_time_read(text, ret) || feel_duration_read(text, ret);
}

/* ---- writing ---- */

static const char *zone_text(struct arena *arena, int16_t zone)
{
  if (zone == FEEL_ZONE_NONE)
    return "";
  if (zone == 0)
    return "Z";
  int minutes = zone < 0 ? -zone : zone;
  return arena_printf(arena, "%c%02d:%02d", zone < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static char *time_text(struct arena *arena, int64_t seconds, int16_t zone)
{
  int s = (int)seconds;
  return arena_printf(arena, "%02d:%02d:%02d%s", s / 3600, s / 60 % 60, s % 60, zone_text(arena, zone));
}

static int64_t floor_days(int64_t seconds)
{
  return (seconds - (seconds % DAY_SECONDS < 0 ? DAY_SECONDS - 1 : 0)) / DAY_SECONDS;
}

static char *date_time_text(struct arena *arena, const struct feel_value *v)
{
  char date[DAY_TEXT];
  int64_t days = floor_days(v->seconds);
  day_format((day)days, date);
  return arena_printf(arena, "%sT%s", date, time_text(arena, v->seconds - days * DAY_SECONDS, v->zone));
}

static char *part_text(struct arena *arena, int64_t n, const char *letter)
{
  return n ? arena_printf(arena, "%lld%s", (long long)n, letter) : arena_str(arena, "");
}

static char *duration_text(struct arena *arena, int64_t value, bool months)
{
  const char *sign = value < 0 ? "-" : "";
  int64_t n = value < 0 ? -value : value;
  if (n == 0)
    return arena_str(arena, months ? "P0M" : "PT0S");
  if (months)
    return arena_printf(arena, "%sP%s%s", sign, part_text(arena, n / 12, "Y"), part_text(arena, n % 12, "M"));
  int64_t rest = n % DAY_SECONDS;
  return arena_printf(arena, "%sP%s%s%s%s%s", sign, part_text(arena, n / DAY_SECONDS, "D"), rest ? "T" : "",
                      part_text(arena, rest / 3600, "H"), part_text(arena, rest / 60 % 60, "M"), part_text(arena, rest % 60, "S"));
}

char *feel_temporal_text(struct arena *arena, const struct feel_value *v)
{
  char date[DAY_TEXT];
  switch (v->type) {
  case FEEL_DATE:
    day_format(v->date, date);
    return arena_str(arena, date);
  case FEEL_TIME:
    return time_text(arena, v->seconds, v->zone);
  case FEEL_DATE_TIME:
    return date_time_text(arena, v);
  case FEEL_MONTHS:
    return duration_text(arena, v->months, true);
  default:
    return duration_text(arena, v->seconds, false);
  }
}

/* ---- arithmetic ---- */

bool feel_seconds_apart(const struct feel_value *a, const struct feel_value *b, int64_t *ret)
{
  bool a_local = a->zone == FEEL_ZONE_NONE, b_local = b->zone == FEEL_ZONE_NONE;
  if (a_local != b_local)
    return false;
  int64_t shift = a_local ? 0 : (int64_t)(a->zone - b->zone) * 60;
  *ret = a->seconds - b->seconds - shift;
  return true;
}

static struct feel_value months_value(int64_t months)
{
  if (months < -MONTHS_MAX || months > MONTHS_MAX)
    return nothing();
  return (struct feel_value){.type = FEEL_MONTHS, .months = months};
}

static struct feel_value duration_value(int64_t seconds)
{
  if (seconds < -SECONDS_MAX || seconds > SECONDS_MAX)
    return nothing();
  return (struct feel_value){.type = FEEL_DURATION, .seconds = seconds};
}

/* The years of four digits that a date can be written in. */
static bool day_stands(int64_t d)
{
  return d >= day_make(1, 1, 1) && d <= day_make(9999, 12, 31);
}

static struct feel_value date_value(int64_t d)
{
  return day_stands(d) ? (struct feel_value){.type = FEEL_DATE, .date = (day)d} : nothing();
}

static struct feel_value date_time_value(int64_t seconds, int16_t zone)
{
  if (!day_stands(floor_days(seconds)))
    return nothing();
  return (struct feel_value){.type = FEEL_DATE_TIME, .zone = zone, .seconds = seconds};
}

/* 31 January and a month is the last of February. */
static bool day_add_months(day d, int64_t months, int64_t *ret)
{
  int year, month, mday;
  day_parts(d, &year, &month, &mday);
  int64_t all = (int64_t)year * 12 + month - 1 + months;
  if (all < 12 || all >= INT64_C(9999) * 12 + 11) /* December 9999 has no next month */
    return false;
  day first = day_make((int)(all / 12), (int)(all % 12) + 1, 1),
      next = day_make((int)((all + 1) / 12), (int)((all + 1) % 12) + 1, 1);
  *ret = first + mday - 1 < next ? first + mday - 1 : next - 1;
  return true;
}

static struct feel_value add_months(const struct feel_value *a, int64_t months)
{
  int64_t moved;
  if (a->type == FEEL_DATE)
    return day_add_months(a->date, months, &moved) ? date_value(moved) : nothing();
  int64_t days = floor_days(a->seconds);
  if (!day_add_months((day)days, months, &moved))
    return nothing();
  return date_time_value(moved * DAY_SECONDS + a->seconds - days * DAY_SECONDS, a->zone);
}

static struct feel_value add_seconds(const struct feel_value *a, int64_t seconds)
{
  if (a->type == FEEL_DATE)
    return date_value(floor_days((int64_t)a->date * DAY_SECONDS + seconds));
  if (a->type == FEEL_DATE_TIME)
    return date_time_value(a->seconds + seconds, a->zone);
  int64_t of_day = (a->seconds + seconds) % DAY_SECONDS;
  return (struct feel_value){.type = FEEL_TIME, .zone = a->zone, .seconds = of_day < 0 ? of_day + DAY_SECONDS : of_day};
}

static struct feel_value apart(const struct feel_value *a, const struct feel_value *b)
{
  int64_t seconds;
  if (a->type == FEEL_DATE)
    return duration_value(((int64_t)a->date - b->date) * DAY_SECONDS);
  return feel_seconds_apart(a, b, &seconds) ? duration_value(seconds) : nothing();
}

struct feel_value feel_temporal_add(const struct feel_value *a, const struct feel_value *b, bool minus)
{
  bool point = a->type == FEEL_DATE || a->type == FEEL_DATE_TIME || a->type == FEEL_TIME;
  if (!minus && !point && (b->type == FEEL_DATE || b->type == FEEL_DATE_TIME || b->type == FEEL_TIME))
    return feel_temporal_add(b, a, false); /* duration + date */
  if (point && minus && a->type == b->type)
    return apart(a, b);
  int64_t sign = minus ? -1 : 1;
  if (point && a->type != FEEL_TIME && b->type == FEEL_MONTHS)
    return add_months(a, sign * b->months);
  if (point && b->type == FEEL_DURATION)
    return add_seconds(a, sign * b->seconds);
  if (a->type == FEEL_MONTHS && b->type == FEEL_MONTHS)
    return months_value(a->months + sign * b->months);
  if (a->type == FEEL_DURATION && b->type == FEEL_DURATION)
    return duration_value(a->seconds + sign * b->seconds);
  return nothing();
}

static int64_t count_of(const struct feel_value *v)
{
  return v->type == FEEL_MONTHS ? v->months : v->seconds;
}

static bool is_duration(const struct feel_value *v)
{
  return v->type == FEEL_MONTHS || v->type == FEEL_DURATION;
}

/* Whole months or seconds of a product or quotient, towards zero. */
static bool whole_part(struct decimal d, int64_t *ret)
{
  if (d.fine || d.scale < 0)
    return decimal_whole(d, ret);
  int64_t value = d.digits;
  for (int i = 0; i < d.scale; i++)
    value /= 10;
  *ret = value;
  return true;
}

struct feel_value feel_temporal_scale(enum feel_op op, const struct feel_value *a, const struct feel_value *b)
{
  if (op == OP_MUL && a->type == FEEL_NUMBER && is_duration(b))
    return feel_temporal_scale(op, b, a);
  if (!is_duration(a))
    return nothing();
  struct decimal count = {count_of(a), 0, 0}, result;
  if (op == OP_DIV && a->type == b->type) {
    if (!decimal_divide(count, (struct decimal){count_of(b), 0, 0}, &result))
      return nothing();
    return (struct feel_value){.type = FEEL_NUMBER, .number = result};
  }
  int64_t whole;
  if (b->type != FEEL_NUMBER || (op != OP_MUL && op != OP_DIV))
    return nothing();
  if (!(op == OP_MUL ? decimal_multiply : decimal_divide)(count, b->number, &result))
    return nothing();
  /* a quotient without end has more digits than a whole number: cut to what 12 places show */
  if (result.fine)
    result = (struct decimal){result.digits, result.scale, 0};
  if (!whole_part(result, &whole))
    return nothing();
  return a->type == FEEL_MONTHS ? months_value(whole) : duration_value(whole);
}

/* ---- parts ---- */

static struct feel_value whole_value(int64_t n)
{
  return (struct feel_value){.type = FEEL_NUMBER, .number = {n, 0, 0}};
}

static bool date_part(day d, struct span name, int64_t *ret)
{
  int year, month, mday;
  day_parts(d, &year, &month, &mday);
  if (span_is(name, "year"))
    *ret = year;
  else if (span_is(name, "month"))
    *ret = month;
  else if (span_is(name, "day"))
    *ret = mday;
  else if (span_is(name, "weekday"))
    *ret = day_weekday(d);
  else
    return false;
  return true;
}

static bool time_part(int64_t seconds, struct span name, int64_t *ret)
{
  if (span_is(name, "hour"))
    *ret = seconds / 3600;
  else if (span_is(name, "minute"))
    *ret = seconds / 60 % 60;
  else if (span_is(name, "second"))
    *ret = seconds % 60;
  else
    return false;
  return true;
}

static bool duration_part(const struct feel_value *v, struct span name, int64_t *ret)
{
  static const struct {
    const char *name;
    bool months;
    int64_t unit, turn;
  } parts[] = {{"years", true, 12, INT64_MAX}, {"months", true, 1, 12},    {"days", false, DAY_SECONDS, INT64_MAX},
               {"hours", false, 3600, 24},     {"minutes", false, 60, 60}, {"seconds", false, 1, 60}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (span_is(name, parts[i].name) && parts[i].months == (v->type == FEEL_MONTHS)) {
      *ret = count_of(v) / parts[i].unit % parts[i].turn;
      return true;
    }
  }
  return false;
}

struct feel_value feel_temporal_part(const struct feel_value *v, struct span name)
{
  int64_t n = 0, days = v->type == FEEL_DATE_TIME ? floor_days(v->seconds) : 0;
  bool found = false;
  if (v->type == FEEL_DATE)
    found = date_part(v->date, name, &n);
  else if (v->type == FEEL_DATE_TIME)
    found = date_part((day)days, name, &n) || time_part(v->seconds - days * DAY_SECONDS, name, &n);
  else if (v->type == FEEL_TIME)
    found = time_part(v->seconds, name, &n);
  else if (is_duration(v))
    found = duration_part(v, name, &n);
  return found ? whole_value(n) : nothing();
}
