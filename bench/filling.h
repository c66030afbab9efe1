/*
 * filling.h: stores with many events or many leaves in them, written without an engine: what the ledger's benchmarks and
 * tests start from.
 */
#ifndef ONEVISIT_BENCH_FILLING_H
#define ONEVISIT_BENCH_FILLING_H

#include "bench.h"
#include "store/store.h"

/* Appends events numbered from first to last of cases that take turns (schema of workload.h): EVENTS_PER_CASE each. */
#define EVENTS_PER_CASE 10
void fill_events(const char *url, int64_t first, int64_t last);

#endif
