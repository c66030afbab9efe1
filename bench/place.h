/*
 * place.h: stores made for one run of a benchmark and removed after it.
 */
#ifndef ONEVISIT_BENCH_PLACE_H
#define ONEVISIT_BENCH_PLACE_H

#include "bench.h"

struct place {
  char directory[600]; /* made for this run; holds the stores of SQLite, keys, and the file of the control */
  const char *cluster; /* a superuser's URL; NULL: SQLite */
  char salt[17];
};

/* Under an existing directory of the disk that is measured. */
void place_make(struct place *place, const char *under, const char *cluster);
void place_remove(struct place *place);

/* A new, migrated store. ret_url is for store_open(), ret_where for the engine's own library (see bare.h). */
#define PLACE_URL 1200
void place_store(const struct place *place, const char *name, char ret_url[PLACE_URL], char ret_where[PLACE_URL]);

#endif
