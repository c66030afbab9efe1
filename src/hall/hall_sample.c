/*
 * The sample city: the demonstration hall as it opens: people with tickets, windows at work. Everything in it is invented, but
 * nothing is dated back: a ledger whose entries were would rightly raise an alarm.
 */
#include "hall/hall.h"

#include <errno.h>
#include <semaphore.h>
#include <string.h>

#include "account/account.h"

#define OPEN 3  /* windows manned in each zone */
#define CAME 10 /* people with tickets in each */
#define COMMANDS 32

struct line { /* of commands that wait for their answers; in the order they were sent */
  struct engine *engine;
  struct hall_place place;
  day day;
  json_t *data[COMMANDS];
  size_t n;
  sem_t done;
  bool failed;
  struct error error;
};

static void answered(void *context, const struct outcome *outcome, const struct error *error)
{
  struct line *line = context;
  (void)outcome;
  if (error && (error->code == ERROR_INTERNAL || error->code == ERROR_BUSY)) { /* rules may refuse: somebody was at work here */
    line->failed = true;
    line->error = *error;
  }
  (void)sem_post(&line->done);
}

static void send(struct line *line, const char *clerk, const char *type, json_t *data)
{
  struct error error = {0};
  char key[64];
  if (line->n == COMMANDS) {
    json_decref(data);
    return;
  }
  (void)snprintf(key, sizeof key, "sample-%zu", line->n);
  (void)json_object_set_new(data, "hall", json_string(line->place.hall->id));
  (void)json_object_set_new(data, "zone", json_string(line->place.zone));
  (void)json_object_set_new(data, "day", json_integer(line->day));
  (void)json_object_set_new(data, "key", json_string(key)); /* lives as long as the data */
  line->data[line->n++] = data;
  const struct command command = {
      .kind = &queue_kind,
      .id = queue_id(line->place.hall->id, line->place.zone, line->day),
      .expect = -1,
      .type = type,
      .key = json_string_value(json_object_get(data, "key")),
      .actor = {clerk ? clerk : "kiosk", clerk ? "clerk" : "kiosk", clerk ? ACCOUNT_CENTRE : "", clerk ? "window" : "kiosk"},
      .data = data};
  if (engine_submit(line->engine, &command, answered, line, &error))
    answered(line, NULL, &error);
}

/* A thing of the zone; another each time. */
static const char *thing_of(const struct catalog *catalog, const struct hall_place *place, size_t nth)
{
  for (size_t i = 0; i < catalog->thing_count; i++) {
    const struct thing *thing = &catalog->things[(nth * 7 + i) % catalog->thing_count];
    if (strcmp(thing->hall_zone, place->zone) == 0)
      return thing->id;
  }
  return "";
}

static json_t *window(int number)
{
  return json_pack("{s:i}", "window", number);
}

/* Whoever is shown by ./run as a clerk sits at the first window of the first zone, and calls the next himself. */
static void work(struct line *line, const struct catalog *catalog, const char *const clerks[OPEN])
{
  int first = line->place.first;
  for (int i = 0; i < OPEN; i++)
    send(line, clerks[i], "open", window(first + i));
  for (size_t came = 0; came < CAME; came++)
    send(line, NULL, "draw",
         json_pack("{s:s,s:i}", "thing", thing_of(catalog, &line->place, came), "priority", came % 5 == 4 ? PRIORITY_ELDERLY : 0));
  for (int i = 1; i < OPEN; i++) {
    send(line, clerks[i], "next", window(first + i));
    send(line, clerks[i], "serve", window(first + i));
  }
}

static int work_zone(struct engine *engine, const struct catalog *catalog, const struct hall *hall, size_t zone, moment now,
                     struct error *error)
{
  static const char *const clerks[][OPEN] = {{"staff:chen", "staff:demo-1", "staff:demo-2"},
                                             {"staff:zhou", "staff:demo-3", "staff:demo-4"}};
  struct line line = {.engine = engine, .place = hall_place_at(hall, zone), .day = day_of(now)};
  (void)sem_init(&line.done, 0, 0);
  work(&line, catalog, clerks[zone % 2]);
  for (size_t i = 0; i < line.n; i++)
    while (sem_wait(&line.done) && errno == EINTR)
      ;
  (void)sem_destroy(&line.done);
  for (size_t i = 0; i < line.n; i++)
    json_decref(line.data[i]);
  if (line.failed)
    *error = line.error;
  return line.failed ? -1 : 0;
}

int hall_sample(struct engine *engine, const struct catalog *catalog, moment now, struct error *error)
{
  const struct hall *hall = catalog_hall(catalog, SPAN("demo"));
  for (size_t i = 0; hall && i < hall_place_count(hall); i++)
    if (work_zone(engine, catalog, hall, i, now, error))
      return -1;
  return 0;
}
