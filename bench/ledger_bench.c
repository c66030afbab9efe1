/*
 * ledger_bench: what the public record costs. JSON on stdout.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "filling.h"
#include "place.h"
#include "workload.h"

struct options {
  int64_t events;
  int rounds;
  const char *directory;
};

/* Events already committed, sealed durably: leaves a second. */
static double run_sealing(const struct options *o)
{
  struct place place;
  char url[PLACE_URL], where[PLACE_URL], keys[700];
  struct error error = {0};
  struct store *store;
  struct engine *engine;
  place_make(&place, o->directory, NULL);
  place_store(&place, "engine", url, where);
  fill_events(url, 1, o->events);
  (void)snprintf(keys, sizeof keys, "%s/keys", place.directory);
  const struct engine_options options = {.kinds = permit_kinds, .key_dir = keys, .origin = "bench.invalid/log"};
  if (store_open(url, &store, &error) || engine_open(store, &options, &engine, &error))
    give_up_with("engine", &error);
  int64_t start = now_ns();
  if (engine_seal(engine, &error))
    give_up_with("sealing", &error);
  double seconds = (double)(now_ns() - start) / 1e9;
  engine_close(engine);
  store_close(store);
  place_remove(&place);
  return (double)o->events / seconds;
}

int main(int argc, char **argv)
{
  struct options o = {.events = argc > 1 ? atoll(argv[1]) : 100000, .rounds = 3, .directory = argc > 2 ? argv[2] : "."};
  for (int i = 0; i < o.rounds; i++)
    (void)printf("%.0f leaves/s\n", run_sealing(&o));
  return 0;
}
