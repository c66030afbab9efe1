/*
 * calendar.h: working days, by the State Council's yearly notices.
 *
 * A day works when it is a make-up day, or a weekday that is not off. Years that are not yet announced count by
 * weekdays alone, and every result that touches one is provisional (standards §1.6): to be computed again when the
 * notice is out. Limits do not count their first day (Administrative Licensing Law art. 82; Civil Code art. 201).
 */
#ifndef ONEVISIT_CATALOG_CALENDAR_H
#define ONEVISIT_CATALOG_CALENDAR_H

#include "base/arena.h"
#include "base/error.h"
#include "base/moment.h"

struct calendar_year {
  int year;
  size_t off_count, makeup_count;
  day *off, *makeup; /* ascending */
};

struct calendar {
  struct calendar_year *years; /* ascending */
  size_t n;
};

struct deadline {
  day day;          /* the last day of the limit */
  bool provisional; /* it crosses into a year that is not announced */
};

bool calendar_works(const struct calendar *calendar, day d);

/* n working days after start, start itself not counted; n = 0 gives start. */
struct deadline calendar_add(const struct calendar *calendar, day start, int n);

/* The n-th working day before the end, the end itself not counted; n = 0 gives the end. */
day calendar_before(const struct calendar *calendar, day end, int n);

/* Working days in (from, to]: 0 when to <= from. */
int calendar_between(const struct calendar *calendar, day from, day to);

#endif
