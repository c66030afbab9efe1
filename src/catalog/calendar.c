#include "catalog/calendar.h"

static int year_of(day d)
{
  int year, month, mday;
  day_parts(d, &year, &month, &mday);
  return year;
}

static const struct calendar_year *announced(const struct calendar *calendar, day d)
{
  int year = year_of(d);
  for (size_t i = 0; i < calendar->n; i++) {
    if (calendar->years[i].year == year)
      return &calendar->years[i];
  }
  return NULL;
}

static bool among(const day *days, size_t n, day d)
{
  size_t low = 0;
  while (low < n) {
    size_t middle = low + (n - low) / 2;
    if (days[middle] == d)
      return true;
    if (days[middle] < d)
      low = middle + 1;
    else
      n = middle;
  }
  return false;
}

static bool works_in(const struct calendar_year *year, day d)
{
  if (year && among(year->makeup, year->makeup_count, d))
    return true;
  return day_weekday(d) <= 5 && !(year && among(year->off, year->off_count, d));
}

bool calendar_works(const struct calendar *calendar, day d)
{
  return works_in(announced(calendar, d), d);
}

struct deadline calendar_add(const struct calendar *calendar, day start, int n)
{
  struct deadline result = {start, false};
  while (n > 0) {
    result.day++;
    const struct calendar_year *year = announced(calendar, result.day);
    if (!year)
      result.provisional = true;
    if (works_in(year, result.day))
      n--;
  }
  return result;
}

day calendar_before(const struct calendar *calendar, day end, int n)
{
  day d = end;
  while (n > 0)
    n -= calendar_works(calendar, --d);
  return d;
}

int calendar_between(const struct calendar *calendar, day from, day to)
{
  int n = 0;
  for (day d = from + 1; from < to && d <= to; d++)
    n += calendar_works(calendar, d);
  return n;
}
