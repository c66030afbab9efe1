#include "city.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "credit/credit.h"

#define ORIGIN "city.example/log"
#define LONG 700 /* events: what reads all of them again is then done in some lives only, and in the last */
#define RETIRED_MAX (4 * CASES_MAX)

struct city *city;
struct catalog *city_catalog;

/* What the engine's kind was given to project: the state it holds in memory, at a version. Of this life only. */
struct held {
  int version;
  struct digest dump;
};

/* A case as replayed, kept as long as its version is the newest. */
struct kept {
  struct arena arena;
  struct casefile *c;
  int version, look;
};

static struct {
  struct store *store;
  struct engine *engine;
  struct db *db;
  struct arena arena; /* of a step */
  struct calendar as_loaded;
  struct world world;
  struct kind kind;
  const struct kind *kinds[3];
  uint64_t seed;
  struct kept kept[CASES_MAX];
  int look;  /* which look at what is new */
  int found; /* events of the command that the last life died in */
  struct arena retired[RETIRED_MAX];
  int retired_count;
  struct held held[CASES_MAX];
  pthread_mutex_t lock; /* of held */
} life;

void city_broken(int64_t id, const char *format, ...)
{
  va_list ap;
  size_t n = strlen(city->broken);
  va_start(ap, format);
  (void)vsnprintf(city->broken + n, sizeof city->broken - n, format, ap);
  va_end(ap);
  n = strlen(city->broken);
  if (id)
    (void)snprintf(city->broken + n, sizeof city->broken - n, " (case %lld)", (long long)id);
  _exit(LIFE_BROKEN);
}

static moment clock_of(void *context)
{
  (void)context;
  return city->now;
}

static void random_of(void *context, void *out, size_t n)
{
  unsigned char *p = out;
  (void)context;
  for (size_t i = 0; i < n; i++)
    p[i] = (unsigned char)dice(&life.seed);
}

struct arena *life_arena(void)
{
  return &life.arena;
}

const struct calendar *life_first_calendar(void)
{
  return &life.as_loaded;
}

/* Credit records have the last places. */
static int place_of(int64_t id)
{
  int person = records_person(id);
  if (person >= 0)
    return CASES_MAX - PEOPLE + person;
  if (id < FIRST || id >= FIRST + CASES_MAX - PEOPLE)
    city_broken(id, "an event of nobody's");
  return (int)(id - FIRST);
}

static struct seen *seen_of(int64_t id)
{
  return &city->seen[place_of(id)];
}

static struct digest dump_of(const struct casefile *c)
{
  struct buf buf;
  buf_init(&buf, 4 << 20);
  struct json_writer w = json_to(&buf);
  casefile_dump(c, true, &w, NULL);
  if (buf.full)
    city_broken(c->id, "the dump is too long");
  struct digest digest = sha256(buf_view(&buf));
  buf_release(&buf);
  return digest;
}

/* On the engine's threads. */
static void project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct casefile *c = state;
  struct digest dump = dump_of(c);
  (void)seen_of(c->id);
  pthread_mutex_lock(&life.lock);
  life.held[c->id - FIRST] = (struct held){events[n - 1].version, dump};
  pthread_mutex_unlock(&life.lock);
  casefile_kind.project(state, events, n, rows);
}

/* ---- looking ---- */

/* Whoever is in the middle of something still holds the state that he read. */
static void retire(struct arena *arena)
{
  if (life.retired_count == RETIRED_MAX)
    abort();
  life.retired[life.retired_count++] = *arena;
  *arena = (struct arena){0};
}

static void release_retired(void)
{
  while (life.retired_count)
    arena_release(&life.retired[--life.retired_count]);
}

static struct casefile *load(int64_t id)
{
  struct kept *k = &life.kept[id - FIRST];
  struct error error = {0};
  retire(&k->arena);
  if (casework_load(life.db, id, &k->arena, &k->c, &error))
    city_broken(id, "the case cannot be read: %s", error.en);
  return k->c;
}

static struct casefile *newest(int64_t id)
{
  struct kept *k = &life.kept[id - FIRST];
  if (!k->c || k->version != seen_of(id)->version)
    (void)load(id);
  k->version = seen_of(id)->version;
  return k->c;
}

struct casefile *life_case(int64_t id)
{
  return seen_of(id)->known ? newest(id) : NULL;
}

static struct digest fold(const struct digest *chain, const struct event *e)
{
  char numbers[96];
  (void)snprintf(numbers, sizeof numbers, "%lld %lld %d %lld", (long long)e->seq, (long long)e->id, e->version, (long long)e->at);
  const struct span parts[] = {{(const char *)chain->b, sizeof chain->b},
                               span_of(numbers),
                               span_of(e->type),
                               span_of(e->actor.id),
                               span_of(e->key),
                               e->body};
  return sha256_parts(parts, sizeof parts / sizeof *parts);
}

static bool erases(const struct event *e)
{
  return strcmp(e->type, "erased") == 0;
}

static void count_kind(const char *type)
{
  for (int i = 0; i < EVENT_TYPES; i++) {
    struct happened *h = &city->happened[i];
    if (!*h->type)
      (void)snprintf(h->type, sizeof h->type, "%s", type);
    if (strcmp(h->type, type) == 0) {
      h->n++;
      return;
    }
  }
  city_broken(0, "more kinds of events than the city can count: %s", type);
}

/* One event that is new to the city. */
static void take_event(const struct event *e)
{
  struct seen *s = seen_of(e->id);
  if (e->version != s->version + 1)
    city_broken(e->id, "version %d follows %d", e->version, s->version);
  s->chain = fold(erases(e) ? &(struct digest){{0}} : &s->chain, e);
  s->version = e->version;
  s->known = true;
  s->erased |= erases(e);
  if (e->kind == &credit_kind) {
    count_kind(e->type);
    records_event(e);
    return;
  }
  if (e->id - FIRST >= city->cases)
    city->cases = (int)(e->id - FIRST) + 1;
  count_kind(e->type);
  struct kept *k = &life.kept[e->id - FIRST]; /* one reading has all the events of a look */
  if (!k->c || k->look != life.look)
    (void)load(e->id);
  k->look = life.look;
  k->version = s->version;
  laws_event(k->c, e);
}

struct look {
  const char *key; /* of the command that is being done; events of others are the clock's */
  int64_t id;
  int own; /* events of it */
};

static int on_new(void *context, const struct event *e, struct error *error)
{
  struct look *look = context;
  (void)error;
  if (e->seq != city->last_seq + 1 && !seen_of(e->id)->erased)
    city_broken(e->id, "event %lld follows %lld", (long long)e->seq, (long long)city->last_seq);
  bool own = e->id == look->id && strcmp(e->key, look->key) == 0 && *look->key;
  look->own += own;
  if (!own && strcmp(e->actor.id, "system") != 0)
    city_broken(e->id, "an event of nobody's: %s", e->type);
  take_event(e);
  city->last_seq = e->seq;
  return 0;
}

/* Takes in what is new in the store. */
static void look_around(struct look *look)
{
  struct error error = {0};
  life.look++;
  if (engine_scan(life.db, life.kinds, city->last_seq, on_new, look, &error))
    city_broken(0, "the events cannot be read: %s", error.en);
}

static void check(int64_t id)
{
  const struct seen *s = seen_of(id);
  if (!s->known)
    return;
  int person = records_person(id);
  if (person >= 0) {
    (void)records_barred(life.db, city_people[person]);
    return;
  }
  struct casefile *c = newest(id);
  pthread_mutex_lock(&life.lock);
  struct held held = life.held[id - FIRST];
  life.held[id - FIRST].version = 0; /* compared once */
  pthread_mutex_unlock(&life.lock);
  if (held.version == s->version) {
    struct digest replayed = dump_of(c);
    if (!digest_eq(&replayed, &held.dump)) { /* the clock's own command may have come while we read */
      c = load(id);
      replayed = dump_of(c);
    }
    if (!digest_eq(&replayed, &held.dump))
      city_broken(id, "the state in memory is not that of the events");
  }
  laws_case(c);
}

/* ---- a life begins: what the last one left ---- */

struct recovery {
  struct look look;
  struct digest chains[CASES_MAX];
  int versions[CASES_MAX];
};

static int on_kept(void *context, const struct event *e, struct error *error)
{
  struct recovery *r = context;
  struct seen *s = seen_of(e->id);
  int i = place_of(e->id);
  if (e->version > s->version)
    return on_new(&r->look, e, error);
  r->chains[i] = fold(erases(e) ? &(struct digest){{0}} : &r->chains[i], e);
  r->versions[i] = e->version;
  if (e->version == s->version && !digest_eq(&r->chains[i], &s->chain))
    city_broken(e->id, "an acknowledged event is not what it was");
  return 0;
}

static void find_again(void)
{
  static struct recovery r;
  static int before[CASES_MAX];
  struct error error = {0};
  struct ledger_report report;
  char key[KEY_TEXT];
  for (int i = 0; i < CASES_MAX; i++)
    before[i] = city->seen[i].version;
  (void)snprintf(key, sizeof key, "s%d", city->done);
  r = (struct recovery){.look = {.key = key}};
  if (city->done < history_count()) {
    json_t *step = history_step(city->done);
    r.look.id = json_int(step, "id");
    json_decref(step);
  }
  int64_t last = city->last_seq;
  if (engine_scan(life.db, life.kinds, 0, on_kept, &r, &error))
    city_broken(0, "the events cannot be read again: %s", error.en);
  life.found = r.look.own;
  for (int i = 0; i < CASES_MAX; i++)
    if (before[i] != r.versions[i] && !(city->seen[i].erased && city->seen[i].version > before[i]))
      city_broken(FIRST + i, "acknowledged is version %d, kept is %d", before[i], r.versions[i]);
  bool thorough = city->last_seq < LONG || city->lives % 4 == 0;
  if (last > city->last_seq || (thorough && engine_verify(life.db, life.kinds, NULL, &report, &error)))
    city_broken(0, "the ledger: %s (%s)", error.en, error.name ? error.name : "");
}

/* The notice of a year's holidays: the same days as the year before. */
static void announce(struct calendar *calendar, int year)
{
  struct calendar_year *years = arena_array(&city_catalog->arena, calendar->n + 1, sizeof *years);
  memcpy(years, calendar->years, calendar->n * sizeof *years);
  struct calendar_year *from = &years[calendar->n - 1], *to = &years[calendar->n];
  *to = (struct calendar_year){.year = year, .off_count = from->off_count, .makeup_count = from->makeup_count};
  to->off = arena_array(&city_catalog->arena, from->off_count + 1, sizeof *to->off);
  to->makeup = arena_array(&city_catalog->arena, from->makeup_count + 1, sizeof *to->makeup);
  for (size_t i = 0; i < from->off_count; i++)
    to->off[i] = from->off[i] + 365;
  for (size_t i = 0; i < from->makeup_count; i++)
    to->makeup[i] = from->makeup[i] + 365;
  calendar->years = years;
  calendar->n++;
}

static void must(int bad, const char *what, const struct error *error)
{
  if (bad)
    city_broken(0, "%s: %s (%s)", what, error->en, error->name);
}

/* A disk that fails may keep the program from starting: then it starts again. */
static void start_or_die(int bad, const char *what, const struct error *error)
{
  if (bad && disk_struck() != DISK_NONE)
    _exit(70);
  must(bad, what, error);
}

static void open_store(void)
{
  static const struct migration *const sets[] = {engine_migrations, casework_migrations, record_migrations, credit_migrations,
                                                 NULL};
  struct error error = {0};
  struct db *writer;
  char url[500];
  (void)snprintf(url, sizeof url, "sqlite:%s/store.db", city->directory);
  must(store_open(url, &life.store, &error), "the store", &error);
  start_or_die(store_connect(life.store, DB_WRITE, &writer, &error) || store_migrate(writer, sets, &error), "the schema", &error);
  db_close(writer);
}

static void begin(void)
{
  struct error error = {0};
  static char keys[400]; /* the engine keeps the pointer */
  pthread_mutex_init(&life.lock, NULL);
  struct calendar *calendar = &city_catalog->calendar; /* this process's own */
  life.as_loaded = *calendar;
  while (calendar->years[calendar->n - 1].year < city->announced)
    announce(calendar, calendar->years[calendar->n - 1].year + 1);
  life.world = (struct world){.catalog = city_catalog};
  life.kind = casefile_kind;
  life.kind.project = project;
  life.kinds[0] = &life.kind;
  life.kinds[1] = &credit_kind;
  life.seed = city->seed * 1000003 + (uint64_t)city->lives;
  disk_begin();
  open_store();
  (void)snprintf(keys, sizeof keys, "%s/keys", city->directory);
  const struct engine_options options = {.kinds = life.kinds,
                                         .outlets = city->post ? post_outlets() : NULL,
                                         .world = &life.world,
                                         .key_dir = keys,
                                         .origin = ORIGIN,
                                         .cache_bytes = (size_t)1 << (18 + city->seed % 6),
                                         .seal_ms = 24 * 3600 * 1000, /* when a step says so */
                                         .clock = clock_of,
                                         .random = random_of};
  must(engine_open(life.store, &options, &life.engine, &error) || store_connect(life.store, DB_READ, &life.db, &error), "the start",
       &error);
  engine_wake(life.engine); /* what fell due meanwhile first: a case that is read while the clock changes it is read too early */
  find_again();
  engine_wake(life.engine);
  look_around(&(struct look){.key = ""});
}

static void end(bool last)
{
  engine_close(life.engine);
  db_close(life.db);
  disk_arm(DISK_NONE, 0, 0);
  if (last || city->last_seq < LONG)
    rows_check(life.store, last);
  store_close(life.store);
}

/* ---- one step ---- */

/* A disk that was full has room again, and what the clock could not do meanwhile is done a minute later. */
static void make_room(void)
{
  if (disk_struck() != DISK_FULL)
    return;
  disk_arm(DISK_NONE, 0, 0);
  city->struck[DISK_FULL]++;
  city->now += 61 * SECOND_MS;
  engine_wake(life.engine);
}

static void settle(struct look *look)
{
  engine_wake(life.engine);
  make_room();
  look_around(look);
}

static struct actor actor_of(const json_t *who)
{
  return (struct actor){json_string_value(json_array_get(who, 0)), json_string_value(json_array_get(who, 1)),
                        json_string_value(json_array_get(who, 2)), json_string_value(json_array_get(who, 3))};
}

/* Who read an older version than the newest must be told so. */
static void check_outcome(const json_t *step, const struct look *look, const struct outcome *outcome, const struct error *error,
                          int known, bool late)
{
  bool refused = error->name != NULL;
  bool stale = refused && strcmp(error->name, "stale-version") == 0;
  int64_t behind = json_int(step, "behind");
  if (refused && look->own)
    city_broken(look->id, "refused (%s), and done all the same", error->name);
  if (!refused && !outcome->repeated && outcome->seq && !look->own)
    city_broken(look->id, "answered as done, and not there");
  if (late && life.found && !outcome->repeated)
    city_broken(look->id, "done by the last life, and done again");
  if (outcome->repeated && !late)
    city_broken(look->id, "answered as done before, and nobody asked");
  if (behind > 0 && known > behind && !refused && !outcome->repeated)
    city_broken(look->id, "an update was lost: version %d was changed by who had read %d", known, known - (int)behind);
  HOLDS(!stale || behind > 0, look->id);
  city->refused += refused;
  city->repeated += outcome->repeated;
  if (refused)
    laws_refusal(look->id, error);
}

/* Whether a record stands goes with the command, as the program sends it. */
static json_t *with_credit(const json_t *step, json_t *data)
{
  const char *type = json_str(step, "do");
  if (strcmp(type, "submit") != 0 && strcmp(type, "accept") != 0)
    return data;
  const struct casefile *c = life_case(json_int(step, "id"));
  json_t *made = data ? json_copy(data) : json_object();
  json_decref(data);
  (void)json_object_set_new(made, "barred", json_boolean(c && records_barred(life.db, c->account)));
  return made;
}

static json_t *data_of(const json_t *step)
{
  const json_t *wish = json_object_get(step, "wish");
  json_t *data = json_incref(json_object_get(step, "data"));
  if (!wish)
    return with_credit(step, data);
  json_t *plan = people_draft(wish);
  if (!plan)
    return data;
  data = json_copy(data);
  (void)json_object_set_new(data, "plan", plan);
  return data;
}

static void do_command(const json_t *step, int number)
{
  char key[KEY_TEXT];
  struct outcome outcome = {0};
  struct error error = {0};
  int64_t id = json_int(step, "id"), behind = json_int(step, "behind");
  const char *type = json_str(step, "do");
  int known = seen_of(id)->version;
  static bool resumed;
  bool late = !resumed && city->lives > 1; /* the last life may have done it, and died before it could say so */
  resumed = true;
  (void)snprintf(key, sizeof key, "s%d", number);
  bool reads = json_object_get(step, "behind") && known > behind;
  json_t *data = data_of(step);
  const struct command command = {.kind = records_person(id) < 0 ? &life.kind : &credit_kind,
                                  .id = id,
                                  .expect = strcmp(type, "draft") == 0 ? 0
                                            : reads                    ? known - (int)behind
                                                                       : -1,
                                  .type = type,
                                  .key = key,
                                  .actor = actor_of(json_object_get(step, "who")),
                                  .data = data};
  (void)engine_do(life.engine, &command, &outcome, &error);
  json_decref(data);
  struct look look = {.key = key, .id = id};
  settle(&look);
  check_outcome(step, &look, &outcome, &error, known, late);
  check(id);
}

static void restart(void)
{
  end(false);
  city->done++;
  _exit(LIFE_RESTARTS);
}

enum disk_fault city_fault(const char *word)
{
  for (int i = 0; i < DISK_FAULT_COUNT; i++)
    if (strcmp(disk_fault_word((enum disk_fault)i), word) == 0)
      return (enum disk_fault)i;
  return DISK_NONE;
}

static void do_step(const json_t *step, int number)
{
  struct error error = {0};
  if (json_object_get(step, "do")) {
    do_command(step, number);
  } else if (json_object_get(step, "clock")) {
    city->now += json_int(step, "clock");
    if (json_int(step, "clock") < 0) {
      city->set_back = true;
      city->back -= json_int(step, "clock");
    }
    settle(&(struct look){.key = ""});
  } else if (json_object_get(step, "fault")) {
    disk_arm(city_fault(json_str(step, "fault")), json_int(step, "at"), (uint64_t)json_int(step, "seed"));
  } else if (json_object_get(step, "seal")) {
    (void)engine_seal(life.engine, &error); /* a full disk, a read that fails: sealed later */
    settle(&(struct look){.key = ""});
  } else if (json_object_get(step, "announce")) {
    city->announced = (int)json_int(step, "announce");
    restart();
  } else if (json_object_get(step, "restart")) {
    restart();
  }
}

static void run(int number)
{
  json_t *step = history_step(number);
  do_step(step, number);
  json_decref(step);
  city->done = number + 1;
}

void life_do(json_t *step)
{
  char *line = json_dumps(step, JSON_COMPACT);
  json_decref(step);
  if (!line)
    abort();
  history_add(line);
  free(line);
  run(city->done);
}

/* ---- the end ---- */

/* A draft's code is drawn anew by each life: what it says is not part of the history. */
static int add_event(void *context, const struct event *e, struct error *error)
{
  (void)error;
  struct event event = *e;
  if (strcmp(e->type, "drafted") == 0)
    event.body = (struct span){"", 0};
  *(struct digest *)context = fold(context, &event);
  return 0;
}

static void last_look(void)
{
  struct error error = {0};
  struct ledger_report report;
  disk_arm(DISK_NONE, 0, 0);
  for (int i = 0; i < city->cases; i++) {
    check(FIRST + i);
    release_retired();
  }
  for (int i = 0; i < PEOPLE; i++)
    check(records_id(i));
  if (city->post)
    post_empty(life.db);
  must(engine_seal(life.engine, &error), "the last seal", &error);
  must(engine_verify(life.db, life.kinds, NULL, &report, &error), "the ledger", &error);
  log_check(life.db);
  city->sum = (struct digest){{0}};
  must(engine_scan(life.db, life.kinds, 0, add_event, &city->sum, &error), "the events", &error);
  end(true);
}

void life_live(void)
{
  char path[400];
  (void)snprintf(path, sizeof path, "%s/stderr", city->directory);
  int out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out >= 0)
    (void)dup2(out, STDERR_FILENO);
  begin();
  for (;;) {
    if (city->done < history_count())
      run(city->done);
    else if (!city->replaying && city->done < city->commands)
      people_act();
    else
      break;
    arena_reset(&life.arena);
    release_retired();
  }
  last_look();
  _exit(LIFE_OVER);
}
