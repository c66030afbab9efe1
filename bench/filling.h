/*
 * filling.h: stores and logs with much in them, written without an engine: what the ledger's benchmarks start from.
 */
#ifndef ONEVISIT_BENCH_FILLING_H
#define ONEVISIT_BENCH_FILLING_H

#include "bench.h"
#include "ledger/checkpoint.h"
#include "store/store.h"

/* Appends events numbered from first to last of cases that take turns (schema of workload.h): EVENTS_PER_CASE each. */
#define EVENTS_PER_CASE 10
void fill_events(const char *url, int64_t first, int64_t last);

/* Entry i of a made-up log, of the given length (at most 1024), always the same. */
struct span made_up_entry(int64_t i, size_t length, char out[1024]);

/*
 * A store of that many sealed leaves (and of the last event alone), signed by the key of that name in keys; with log_dir,
 * which may be NULL, the public directory, published.
 */
void fill_leaves(const char *url, const char *keys, const char *origin, const char *log_dir, int64_t n, size_t length);

#endif
