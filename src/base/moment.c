#include "base/moment.h"

#include <stdio.h>
#include <time.h>

#define CHINA_MS (8 * HOUR_MS)

moment moment_now(void)
{
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  return (moment)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t monotonic_us(void)
{
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t thread_us(void)
{
  struct timespec ts;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t floor_div(int64_t a, int64_t b)
{
  int64_t q = a / b;
  return a % b < 0 ? q - 1 : q;
}

day day_of(moment at)
{
  return (day)floor_div(at + CHINA_MS, DAY_MS);
}

moment day_start(day d)
{
  return d * DAY_MS - CHINA_MS;
}

moment day_end(day d)
{
  return day_start(d) + DAY_MS - 1;
}

/* Days from civil and back: H. Hinnant, «chrono-Compatible Low-Level Date Algorithms», with years that begin in March. */
static day from_civil(int year, int month, int mday)
{
  int y = month <= 2 ? year - 1 : year;
  int era = (int)floor_div(y, 400);
  int yoe = y - era * 400;
  int doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + mday - 1;
  int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

void day_parts(day d, int *ret_year, int *ret_month, int *ret_mday)
{
  int z = d + 719468;
  int era = (int)floor_div(z, 146097);
  int doe = z - era * 146097;
  int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  int mp = (5 * doy + 2) / 153;
  int month = mp < 10 ? mp + 3 : mp - 9;
  *ret_year = yoe + era * 400 + (month <= 2);
  *ret_month = month;
  *ret_mday = doy - (153 * mp + 2) / 5 + 1;
}

day day_make(int year, int month, int mday)
{
  if (year < 1 || year > 9999 || month < 1 || month > 12 || mday < 1 || mday > 31)
    return DAY_NONE;
  day d = from_civil(year, month, mday);
  int y, m, md;
  day_parts(d, &y, &m, &md);
  return m == month && md == mday ? d : DAY_NONE;
}

int day_weekday(day d)
{
  return (int)((d + 3) - 7 * floor_div(d + 3, 7)) + 1;
}

void day_format(day d, char out[DAY_TEXT])
{
  int y, m, md;
  day_parts(d, &y, &m, &md);
  (void)snprintf(out, DAY_TEXT, "%04u-%02u-%02u", (unsigned)y % 10000, (unsigned)m % 100, (unsigned)md % 100);
}

/* n decimal digits at s[at]; -1 where one is not a digit or the text ends */
static int digits(struct span s, size_t at, size_t n)
{
  if (at + n > s.n)
    return -1;
  int value = 0;
  for (size_t i = at; i < at + n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9')
      return -1;
    value = value * 10 + (s.p[i] - '0');
  }
  return value;
}

bool day_parse(struct span s, day *ret)
{
  if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
    return false;
  day d = day_make(digits(s, 0, 4), digits(s, 5, 2), digits(s, 8, 2));
  if (d == DAY_NONE)
    return false;
  *ret = d;
  return true;
}

void moment_format_offset(moment at, int offset_min, char out[MOMENT_TEXT])
{
  int64_t local = at + offset_min * MINUTE_MS;
  day d = (day)floor_div(local, DAY_MS);
  int64_t ms = local - d * DAY_MS;
  int y, m, md;
  day_parts(d, &y, &m, &md);
  unsigned off = (unsigned)(offset_min < 0 ? -offset_min : offset_min);
  (void)snprintf(out, MOMENT_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03u%c%02u:%02u", (unsigned)y % 10000, (unsigned)m % 100,
                 (unsigned)md % 100, (unsigned)(ms / HOUR_MS) % 100, (unsigned)(ms / MINUTE_MS % 60),
                 (unsigned)(ms / SECOND_MS % 60), (unsigned)(ms % 1000), offset_min < 0 ? '-' : '+', off / 60 % 100, off % 60);
}

void moment_format(moment at, char out[MOMENT_TEXT])
{
  moment_format_offset(at, 480, out);
}

void moment_short(moment at, char out[MOMENT_SHORT])
{
  day d = day_of(at);
  int64_t minutes = (at - day_start(d)) / MINUTE_MS;
  int y, m, md;
  day_parts(d, &y, &m, &md);
  (void)snprintf(out, MOMENT_SHORT, "%04u-%02u-%02u %02u:%02u", (unsigned)y % 10000, (unsigned)m % 100, (unsigned)md % 100,
                 (unsigned)(minutes / 60) % 100, (unsigned)(minutes % 60));
}

/* «Z» or «+08:00» at the end of a moment */
static bool parse_offset(struct span s, int *ret_min)
{
  if (span_is(s, "Z")) {
    *ret_min = 0;
    return true;
  }
  if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':')
    return false;
  int h = digits(s, 1, 2), m = digits(s, 4, 2);
  if (h < 0 || h > 23 || m < 0 || m > 59)
    return false;
  *ret_min = (s.p[0] == '-' ? -1 : 1) * (h * 60 + m);
  return true;
}

bool moment_parse(struct span s, moment *ret, int *ret_offset_min)
{
  day d;
  if (s.n < 20 || !day_parse((struct span){s.p, 10}, &d) || s.p[10] != 'T' || s.p[13] != ':' || s.p[16] != ':')
    return false;
  int h = digits(s, 11, 2), m = digits(s, 14, 2), sec = digits(s, 17, 2);
  if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59)
    return false;
  size_t at = 19;
  int ms = 0;
  if (s.p[at] == '.') {
    size_t first = ++at;
    for (int weight = 100; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++, weight /= 10)
      ms += weight * (s.p[at] - '0');
    if (at == first || at - first > 9)
      return false;
  }
  int offset;
  if (!parse_offset((struct span){s.p + at, s.n - at}, &offset))
    return false;
  *ret = d * DAY_MS + h * HOUR_MS + m * MINUTE_MS + sec * SECOND_MS + ms - offset * MINUTE_MS;
  if (ret_offset_min)
    *ret_offset_min = offset;
  return true;
}
