/* What a stranger sees of the city: its log, sealed at last, gives a monitor nothing to say. */
#include "city.h"

#include <string.h>

#include "watch/monitor.h"

/* Where somebody set the clock back, leaves are dated before those before them: the monitor is right to say so. */
static void complain(void *context, const struct anomaly *finding)
{
  (void)context;
  if (city->set_back && strcmp(finding->word, "time") == 0)
    return;
  city_broken(0, "the monitor: %s at %lld: %s", finding->word, (long long)finding->index, finding->en);
}

void log_check(struct db *db)
{
  static const struct sql entries = {"SELECT entry FROM leaves ORDER BY seq"};
  struct arena arena = {0};
  struct monitor *monitor;
  struct monitor_counts counts;
  struct engine_checkpoint sealed;
  struct rows rows;
  struct error error = {0};
  if (engine_last_checkpoint(db, &arena, &sealed, &error))
    city_broken(0, "the last checkpoint: %s", error.en);
  const struct monitor_options options = {.vkey = arena_dup(&arena, sealed.vkey), .sink = complain};
  if (monitor_open(&options, (struct span){0}, &monitor, &error) || db_query(db, &entries, NULL, 0, &rows, &error))
    city_broken(0, "the log cannot be read: %s", error.en);
  while (rows_next(&rows))
    monitor_leaf(monitor, rows_span(&rows, 0));
  if (rows_close(&rows, &error))
    city_broken(0, "the log cannot be read: %s", error.en);
  monitor_checkpoint(monitor, sealed.note, 0);
  monitor_counts(monitor, &counts);
  HOLDS(counts.leaves == sealed.size && counts.leaves == city->last_seq, 0);
  monitor_close(monitor);
  arena_release(&arena);
}
