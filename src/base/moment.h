/*
 * moment.h: time. Inside everything is UTC milliseconds since 1970; days exist only at the edge, in
 * China Standard Time (Asia/Shanghai, UTC+8 without summer time since 1991).
 */
#ifndef ONEVISIT_BASE_MOMENT_H
#define ONEVISIT_BASE_MOMENT_H

#include "base/span.h"

typedef int64_t moment; /* UTC milliseconds since 1970-01-01; 0 means «none» */

/* A calendar day, counted from 1970-01-01 (day 0), proleptic Gregorian. */
typedef int32_t day;

#define DAY_NONE INT32_MIN
#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

moment moment_now(void);    /* the wall clock */
int64_t monotonic_us(void); /* for measuring only */
int64_t thread_us(void);    /* processor time of the calling thread, for measuring only */

day day_of(moment at);   /* the day in China that contains the moment */
moment day_start(day d); /* its first millisecond */
moment day_end(day d);   /* its last millisecond */

/* year 1..9999, month 1..12, day of month; day_make() gives DAY_NONE for a date that does not exist. */
day day_make(int year, int month, int mday);
void day_parts(day d, int *ret_year, int *ret_month, int *ret_mday);
int day_weekday(day d); /* 1 Monday … 7 Sunday */

/* «2026-11-24»; parse takes exactly that form. */
#define DAY_TEXT 11
void day_format(day d, char out[DAY_TEXT]);
bool day_parse(struct span s, day *ret);

/* «2026-11-24T08:05:00.123+08:00» in China's time. */
#define MOMENT_TEXT 30
void moment_format(moment at, char out[MOMENT_TEXT]);
/* «2026-11-24 08:05», for people. */
#define MOMENT_SHORT 17
void moment_short(moment at, char out[MOMENT_SHORT]);

/*
 * RFC 3339 with any offset and up to nine decimals of a second (what is finer than a millisecond is
 * dropped); *ret_offset_min (may be NULL) is the offset that was written, in minutes.
 */
bool moment_parse(struct span s, moment *ret, int *ret_offset_min);
/* The same moment in another offset: «2010-10-02T09:20:39.266+02:00». */
void moment_format_offset(moment at, int offset_min, char out[MOMENT_TEXT]);

#endif
