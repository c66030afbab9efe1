/*
 * bench.h: what the programs of bench/ share: clocks, percentiles, chance, and how a program gives up.
 */
#ifndef ONEVISIT_BENCH_BENCH_H
#define ONEVISIT_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

int64_t now_ns(void); /* monotonic */

/* Prints the sentence and ends the program: a measurement with a fault in it is worth nothing. */
_Noreturn void give_up(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void give_up_with(const char *what, const struct error *error);

/* xorshift64*: fast, and the same sequence for the same seed; state must not be 0. */
uint64_t chance(uint64_t *state);

/* Durations of one run, in nanoseconds. */
struct durations {
  int64_t *list;
  size_t n, cap;
};
void durations_add(struct durations *d, int64_t ns);
void durations_sort(struct durations *d);
/* After sorting; q in 0..1. 0 where there are none. In microseconds. */
double durations_quantile(const struct durations *d, double q);

/* Sorts the list; of an even number the lower of the two in the middle. */
double median(double *list, size_t n);

#endif
