/*
 * engine_bench: durable commands a second through the engine, beside who writes the same rows without one.
 *
 * In each round, one after the other: the engine with K commands in flight; then, in groups of the size the engine
 * reached, the same rows through the bare library, the events alone (the ceiling of a log), and an fdatasync of 4 KiB.
 * What is told is the median of the rounds, and the medians of the ratios within a round. JSON on stdout.
 */
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bare.h"
#include "base/json.h"
#include "place.h"

#define ROUNDS_MAX 99
#define IN_FLIGHT_MAX 8000 /* the engine's queue takes 8192 */
#define HOT_CASES 2000
#define LIST_MAX 16

struct options {
  size_t cases;
  double seconds; /* of each side in each round */
  int rounds;
  int in_flight[LIST_MAX], in_flight_count;
  bool hot, seal, alone;
  size_t writers;                     /* 0: as the engine thinks best */
  size_t late;                        /* see struct neighbour; 0: that neighbour is left out */
  int read_every;                     /* groups between two reads that must see the rows that are late; 0: none reads */
  double times;                       /* --overload */
  size_t sizes[LIST_MAX], size_count; /* --growth */
  const char *cluster, *directory;
};

/* ---- which case is next ---- */

struct chooser {
  uint64_t state;
  size_t cases;
};

static size_t choose(struct chooser *c)
{
  return (size_t)(chance(&c->state) % c->cases);
}

/* ---- the engine, with K in flight ---- */

struct client;

struct slot {
  struct client *client;
  struct slot *next;
  int64_t begun;
};

struct client {
  struct engine *engine;
  json_t *arguments;
  struct chooser chooser;
  struct durations latencies; /* the writer's, while commands are under way */
  pthread_mutex_t lock;
  pthread_cond_t some_done;
  struct slot *done;
  bool waiting;
  struct slot *slots;
};

static void command_done(void *context, const struct outcome *outcome, const struct error *error)
{
  struct slot *slot = context;
  struct client *client = slot->client;
  (void)outcome;
  if (error)
    give_up_with("a command was refused", error);
  durations_add(&client->latencies, now_ns() - slot->begun);
  pthread_mutex_lock(&client->lock);
  slot->next = client->done;
  client->done = slot;
  if (client->waiting) {
    client->waiting = false;
    pthread_cond_signal(&client->some_done);
  }
  pthread_mutex_unlock(&client->lock);
}

/* False where the engine has no room for it. */
static bool try_submit(struct client *client, struct slot *slot, size_t which, const char *type)
{
  struct error error = {0};
  const struct command command = {
      .kind = &permit_kind,
      .id = permit_id(which),
      .expect = -1,
      .type = type,
      .key = "",
      .actor = {"staff:zhang", "officer", "market-regulation", "window"},
      .data = client->arguments,
  };
  slot->client = client;
  slot->begun = now_ns();
  if (engine_submit(client->engine, &command, command_done, slot, &error) == 0)
    return true;
  if (strcmp(error.name, "queue-full") != 0)
    give_up_with("a command was not taken", &error);
  return false;
}

static void submit(struct client *client, struct slot *slot, size_t which, const char *type)
{
  if (!try_submit(client, slot, which, type))
    give_up("the queue is full");
}

static struct slot *wait_for_some(struct client *client)
{
  pthread_mutex_lock(&client->lock);
  while (!client->done) {
    client->waiting = true;
    pthread_cond_wait(&client->some_done, &client->lock);
  }
  struct slot *done = client->done;
  client->done = NULL;
  pthread_mutex_unlock(&client->lock);
  return done;
}

/* Those that are done, put before the list; how many. */
static size_t take_back(struct client *client, struct slot **list)
{
  size_t n = 0;
  pthread_mutex_lock(&client->lock);
  struct slot *done = client->done;
  client->done = NULL;
  pthread_mutex_unlock(&client->lock);
  for (struct slot *next; done; done = next, n++) {
    next = done->next;
    done->next = *list;
    *list = done;
  }
  return n;
}

static void drain(struct client *client, size_t under_way)
{
  while (under_way)
    for (struct slot *s = wait_for_some(client); s; s = s->next)
      under_way--;
}

/* One command to each case. */
static void to_all(struct client *client, size_t cases, const char *type)
{
  size_t sent = 0, under_way = 0;
  struct slot *free_slots = NULL;
  for (size_t i = 0; i < 1024; i++) {
    client->slots[i].next = free_slots;
    free_slots = &client->slots[i];
  }
  while (sent < cases || under_way) {
    while (free_slots && sent < cases) {
      struct slot *slot = free_slots, *next = slot->next;
      if (!try_submit(client, slot, sent, type))
        break;
      free_slots = next;
      sent++;
      under_way++;
    }
    for (struct slot *s = wait_for_some(client), *next; s; s = next, under_way--) {
      next = s->next;
      s->next = free_slots;
      free_slots = s;
    }
  }
}

/* With the cases that o tells, opened; o->cases 0: they are there. */
static void client_init(struct client *client, struct engine *engine, const struct options *o)
{
  *client =
      (struct client){.engine = engine,
                      .arguments = permit_arguments(),
                      .chooser = {.state = 88172645463325252u, .cases = o->hot && o->cases > HOT_CASES ? HOT_CASES : o->cases},
                      .slots = calloc(IN_FLIGHT_MAX, sizeof(struct slot))};
  if (!client->slots)
    give_up("out of memory");
  pthread_mutex_init(&client->lock, NULL);
  pthread_cond_init(&client->some_done, NULL);
  to_all(client, o->cases, "open");
}

static void client_release(struct client *client)
{
  json_decref(client->arguments);
  free(client->latencies.list);
  free(client->slots);
  pthread_cond_destroy(&client->some_done);
  pthread_mutex_destroy(&client->lock);
}

/* ---- what one round finds ---- */

struct round {
  double engine, p50, p99, max; /* commands/s; µs */
  double group;                 /* commands in one commit, on average */
  double bare, log, fdatasync;  /* a second */
  double engine_us, client_us;  /* processor time a command: the engine's threads, the one that asks */
  double bare_us, log_us, late, late_us;
};

/* Processor time of the process, in microseconds. */
static double process_us(void)
{
  struct rusage u;
  (void)getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void run_engine(struct client *client, int in_flight, double seconds, struct round *ret)
{
  struct engine_stats before, after;
  engine_stats(client->engine, &before);
  client->latencies.n = 0;
  double all_us = process_us(), own_us = (double)thread_us();
  int64_t start = now_ns(), end = start + (int64_t)(seconds * 1e9);
  for (int i = 0; i < in_flight; i++)
    submit(client, &client->slots[i], choose(&client->chooser), "act");
  size_t under_way = (size_t)in_flight;
  while (now_ns() < end)
    for (struct slot *s = wait_for_some(client), *next; s; s = next) {
      next = s->next;
      submit(client, s, choose(&client->chooser), "act");
    }
  drain(client, under_way);
  double elapsed = (double)(now_ns() - start) / 1e9;
  own_us = (double)thread_us() - own_us;
  all_us = process_us() - all_us;
  engine_stats(client->engine, &after);
  durations_sort(&client->latencies);
  ret->engine = (double)client->latencies.n / elapsed;
  ret->p50 = durations_quantile(&client->latencies, 0.5);
  ret->p99 = durations_quantile(&client->latencies, 0.99);
  ret->max = durations_quantile(&client->latencies, 1);
  ret->group = (double)client->latencies.n / (double)(after.groups - before.groups);
  ret->client_us = own_us / (double)client->latencies.n;
  ret->engine_us = (all_us - own_us) / (double)client->latencies.n;
}

/* ---- the neighbours ---- */

struct neighbour {
  const struct bare_driver *driver;
  struct bare_connection *connection;
  bool rows; /* or the events alone */
  int read_every, unread;
  size_t late;    /* this many cases may wait for their rows, which are then written once; 0: rows come with each event */
  unsigned *owed; /* of each case, the tasks whose rows wait */
  size_t *waiting, first, waiting_count; /* a ring of the cases that wait */
  size_t cap;
  struct chooser chooser;
  int64_t seq;
  struct permit_row *cases; /* the last step of each */
  int64_t *group_of;        /* the group that touched it last */
  size_t *touched, touched_count;
  int64_t group;
};

static void put(struct neighbour *n, enum permit_sql which, const struct permit_row *row, int task)
{
  struct value values[PERMIT_VALUES_MAX];
  size_t count = permit_values(which, row, task, values);
  n->driver->exec(n->connection, which, values, count);
}

static void owe(struct neighbour *n, size_t i)
{
  const struct permit_row *row = &n->cases[i];
  if (!n->owed[i])
    n->waiting[(n->first + n->waiting_count++) % n->cap] = i;
  n->owed[i] |= row->version == 1 ? (1u << TASKS_PER_CASE) - 1 : 1u << (row->version % TASKS_PER_CASE);
}

/* The rows of those that have waited longest, in the order of their keys. */
static void pay(struct neighbour *n)
{
  bool read = n->read_every && ++n->unread % n->read_every == 0;
  while (n->waiting_count >= (read ? 1 : n->late)) {
    size_t i = n->waiting[n->first];
    n->first = (n->first + 1) % n->cap;
    n->waiting_count--;
    put(n, PERMIT_CASE, &n->cases[i], 0);
    for (int task = 0; task < TASKS_PER_CASE; task++)
      if (n->owed[i] & 1u << task)
        put(n, PERMIT_TASK, &n->cases[i], task);
    put(n, PERMIT_AGGREGATE, &n->cases[i], 0);
    n->owed[i] = 0;
  }
}

static void put_step(struct neighbour *n, size_t i, moment at)
{
  struct permit_row *row = &n->cases[i];
  row->prev = row->seq;
  row->seq = ++n->seq;
  row->id = permit_id(i);
  row->version++;
  row->at = at;
  put(n, PERMIT_EVENT, row, 0);
  if (!n->rows)
    return;
  if (n->late) {
    owe(n, i);
    return;
  }
  put(n, PERMIT_CASE, row, 0);
  for (int task = 0; task < TASKS_PER_CASE; task++)
    if (row->version == 1 || task == row->version % TASKS_PER_CASE)
      put(n, PERMIT_TASK, row, task);
  if (n->group_of[i] != n->group)
    n->touched[n->touched_count++] = i;
  n->group_of[i] = n->group;
}

static void end_group(struct neighbour *n)
{
  for (size_t i = 0; i < n->touched_count; i++)
    put(n, PERMIT_AGGREGATE, &n->cases[n->touched[i]], 0);
  n->touched_count = 0;
  if (n->late)
    pay(n);
  n->group++;
  n->driver->commit(n->connection);
}

/* Opens the cases from the one given on, in bulk. */
static void fill(struct neighbour *n, size_t from, size_t to)
{
  for (size_t i = from; i < to;) {
    n->driver->begin(n->connection);
    for (size_t last = i + 1000; i < to && i < last; i++)
      put_step(n, i, moment_now());
    end_group(n);
  }
}

static void neighbour_init(struct neighbour *n, const struct options *o, const char *where, bool rows, size_t late,
                           size_t hot_cases)
{
  *n = (struct neighbour){.driver = o->cluster ? &bare_postgres : &bare_sqlite,
                          .rows = rows,
                          .late = late,
                          .read_every = late ? o->read_every : 0,
                          .cap = o->cases,
                          .owed = calloc(o->cases, sizeof *n->owed),
                          .waiting = calloc(o->cases, sizeof *n->waiting),
                          .chooser = {.state = 88172645463325252u, .cases = hot_cases},
                          .cases = calloc(o->cases, sizeof *n->cases),
                          .group_of = calloc(o->cases, sizeof *n->group_of),
                          .touched = calloc(o->cases, sizeof *n->touched),
                          .group = 1};
  if (!n->cases || !n->group_of || !n->touched)
    give_up("out of memory");
  n->connection = n->driver->open(where);
}

static void neighbour_release(struct neighbour *n)
{
  n->driver->close(n->connection);
  free(n->cases);
  free(n->group_of);
  free(n->touched);
  free(n->owed);
  free(n->waiting);
}

/* Commands a second in groups that have the given size on average, and the processor time of one. */
static double run_neighbour(struct neighbour *n, double group, double seconds, double *ret_us)
{
  int64_t us = thread_us();
  int64_t start = now_ns(), end = start + (int64_t)(seconds * 1e9), before = n->seq;
  double due = 0;
  while (now_ns() < end) {
    n->driver->begin(n->connection);
    due += group;
    while (due >= 1) {
      put_step(n, choose(&n->chooser), moment_now());
      due--;
    }
    end_group(n);
  }
  *ret_us = (double)(thread_us() - us) / (double)(n->seq - before);
  return (double)(n->seq - before) / ((double)(now_ns() - start) / 1e9);
}

/* 4 KiB appended and flushed, a second: what the disk gives one who waits for each. */
static double run_fdatasync(const struct place *place, double seconds)
{
  static const char page[4096] = "x";
  char path[700];
  (void)snprintf(path, sizeof path, "%s/control", place->directory);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int64_t start = now_ns(), end = start + (int64_t)(seconds * 1e9);
  long n = 0;
  for (; now_ns() < end; n++)
    if (fd < 0 || write(fd, page, sizeof page) != (ssize_t)sizeof page || fdatasync(fd) != 0)
      give_up("%s could not be written", path);
  double elapsed = (double)(now_ns() - start) / 1e9;
  (void)close(fd);
  return (double)n / elapsed;
}

/* ---- all rounds of one K, and what is told of them ---- */

struct run {
  const struct options *options;
  struct place place;
  struct client client;
  struct neighbour bare, log, late;
  struct round rounds[ROUNDS_MAX];
};

static void run_rounds(struct run *r, int in_flight)
{
  const struct options *o = r->options;
  for (int i = 0; i < o->rounds; i++) {
    struct round *round = &r->rounds[i];
    run_engine(&r->client, in_flight, o->seconds, round);
    if (o->alone)
      continue;
    round->bare = run_neighbour(&r->bare, round->group, o->seconds, &round->bare_us);
    if (o->late)
      round->late = run_neighbour(&r->late, round->group, o->seconds, &round->late_us);
    round->log = run_neighbour(&r->log, round->group, o->seconds, &round->log_us);
    round->fdatasync = run_fdatasync(&r->place, o->seconds / 4);
  }
}

/* The middle of one figure of all rounds, found by its offset in struct round. */
static double middle(const struct run *r, size_t offset)
{
  double list[ROUNDS_MAX];
  for (int i = 0; i < r->options->rounds; i++)
    memcpy(&list[i], (const char *)&r->rounds[i] + offset, sizeof list[i]);
  return median(list, (size_t)r->options->rounds);
}

static double middle_ratio(const struct run *r, size_t above, size_t below)
{
  double list[ROUNDS_MAX], a, b;
  for (int i = 0; i < r->options->rounds; i++) {
    memcpy(&a, (const char *)&r->rounds[i] + above, sizeof a);
    memcpy(&b, (const char *)&r->rounds[i] + below, sizeof b);
    list[i] = b > 0 ? a / b : 0;
  }
  return median(list, (size_t)r->options->rounds);
}

static double longest(const struct run *r)
{
  double most = 0;
  for (int i = 0; i < r->options->rounds; i++)
    most = r->rounds[i].max > most ? r->rounds[i].max : most;
  return most;
}

#define MIDDLE(r, member) middle((r), offsetof(struct round, member))
#define RATIO(r, above, below) middle_ratio((r), offsetof(struct round, above), offsetof(struct round, below))

static void tell(const struct run *r, int in_flight, struct json_writer *w)
{
  json_begin_object(w, NULL);
  json_put_int(w, "in_flight", in_flight);
  json_put_num(w, "group", MIDDLE(r, group));
  json_put_num(w, "engine_per_second", MIDDLE(r, engine));
  json_put_num(w, "p50_us", MIDDLE(r, p50));
  json_put_num(w, "p99_us", MIDDLE(r, p99));
  json_put_num(w, "max_us", longest(r));
  json_put_num(w, "engine_us", MIDDLE(r, engine_us));
  json_put_num(w, "client_us", MIDDLE(r, client_us));
  if (r->options->alone) {
    json_end(w);
    return;
  }
  json_put_num(w, "bare_us", MIDDLE(r, bare_us));
  json_put_num(w, "log_only_us", MIDDLE(r, log_us));
  json_put_num(w, "late_us", MIDDLE(r, late_us));
  json_put_num(w, "late_per_second", MIDDLE(r, late));
  json_put_num(w, "late_to_bare_by_processor", RATIO(r, bare_us, late_us));
  json_put_num(w, "bare_per_second", MIDDLE(r, bare));
  json_put_num(w, "log_only_per_second", MIDDLE(r, log));
  json_put_num(w, "fdatasync_per_second", MIDDLE(r, fdatasync));
  json_put_num(w, "engine_to_bare", RATIO(r, engine, bare));
  json_put_num(w, "engine_to_log_only", RATIO(r, engine, log));
  json_put_num(w, "engine_to_bare_by_processor", RATIO(r, bare_us, engine_us));
  json_put_num(w, "engine_to_log_only_by_processor", RATIO(r, log_us, engine_us));
  json_end(w);
}

static void tell_all(struct run *r, struct json_writer *w)
{
  const struct options *o = r->options;
  json_begin_object(w, NULL);
  json_put_str(w, "store", o->cluster ? "postgresql" : "sqlite");
  json_put_int(w, "cases", (int64_t)o->cases);
  json_put_str(w, "access", o->hot ? "hot" : "uniform");
  json_put_bool(w, "sealed", o->seal);
  json_put_int(w, "writers", (int64_t)o->writers);
  json_put_num(w, "seconds", o->seconds);
  json_put_int(w, "rounds", o->rounds);
  json_begin_array(w, "results");
  for (int i = 0; i < o->in_flight_count; i++) {
    run_rounds(r, o->in_flight[i]);
    tell(r, o->in_flight[i], w);
  }
  json_end(w);
  json_end(w);
}

/* ---- overload: far more is asked than can be done ---- */

#define SPIKE_SLOTS 60000
#define PACE_NS 1000000 /* a clump of commands each millisecond */

struct overload {
  double before, p99_before; /* commands/s and µs, as many in flight as asked for */
  double offered, accepted;  /* a second */
  double p50, p99, max;      /* of the accepted, in µs */
  double said_no_p99;        /* how long a refusal takes, in µs */
  double after, p99_after;
};

/* Offers so many commands a second, whatever becomes of them; who is refused does not come again. */
static void run_spike(struct client *client, double per_second, double seconds, struct overload *ret)
{
  struct durations refusals = {0};
  struct slot *slots = calloc(SPIKE_SLOTS, sizeof *slots), *spare = NULL;
  size_t under_way = 0, offered = 0;
  if (!slots)
    give_up("out of memory");
  for (size_t i = 0; i < SPIKE_SLOTS; i++) {
    slots[i].next = spare;
    spare = &slots[i];
  }
  client->latencies.n = 0;
  int64_t start = now_ns(), end = start + (int64_t)(seconds * 1e9);
  for (int64_t now = start; now < end; now = now_ns()) {
    size_t due = (size_t)((double)(now - start) / 1e9 * per_second);
    for (; offered < due && spare; offered++) {
      struct slot *slot = spare;
      int64_t asked = now_ns();
      if (try_submit(client, slot, choose(&client->chooser), "act")) {
        spare = slot->next;
        under_way++;
      } else {
        durations_add(&refusals, now_ns() - asked);
      }
    }
    under_way -= take_back(client, &spare);
    nanosleep(&(struct timespec){.tv_nsec = PACE_NS}, NULL);
  }
  double elapsed = (double)(now_ns() - start) / 1e9;
  drain(client, under_way);
  durations_sort(&client->latencies);
  durations_sort(&refusals);
  ret->offered = (double)offered / elapsed;
  ret->accepted = (double)client->latencies.n / elapsed;
  ret->p50 = durations_quantile(&client->latencies, 0.5);
  ret->p99 = durations_quantile(&client->latencies, 0.99);
  ret->max = durations_quantile(&client->latencies, 1);
  ret->said_no_p99 = durations_quantile(&refusals, 0.99);
  free(refusals.list);
  free(slots);
}

static void tell_overload(const struct overload *o, struct json_writer *w)
{
  json_put_num(w, "before_per_second", o->before);
  json_put_num(w, "before_p99_us", o->p99_before);
  json_put_num(w, "offered_per_second", o->offered);
  json_put_num(w, "accepted_per_second", o->accepted);
  json_put_num(w, "accepted_p50_us", o->p50);
  json_put_num(w, "accepted_p99_us", o->p99);
  json_put_num(w, "accepted_max_us", o->max);
  json_put_num(w, "refusal_p99_us", o->said_no_p99);
  json_put_num(w, "after_per_second", o->after);
  json_put_num(w, "after_p99_us", o->p99_after);
}

/* At the engine's own pace, then at the given multiple of it, then again at its own. */
static void overload(struct run *r, const struct options *o, struct json_writer *w)
{
  struct round round;
  struct overload found;
  run_engine(&r->client, o->in_flight[0], o->seconds, &round);
  found.before = round.engine;
  found.p99_before = round.p99;
  run_spike(&r->client, o->times * round.engine, o->seconds, &found);
  run_engine(&r->client, o->in_flight[0], o->seconds, &round);
  found.after = round.engine;
  found.p99_after = round.p99;
  json_begin_object(w, NULL);
  json_put_int(w, "in_flight", o->in_flight[0]);
  json_put_num(w, "times", o->times);
  tell_overload(&found, w);
  json_end(w);
}

/* Every side must hold what it says it wrote. */
static void check_events(const char *url, int64_t expected)
{
  static const struct sql count = {"SELECT count(*) FROM events"};
  struct store *store;
  struct db *db;
  struct rows rows;
  struct error error = {0};
  if (store_open(url, &store, &error) || store_connect(store, DB_READ, &db, &error) || db_query(db, &count, NULL, 0, &rows, &error))
    give_up_with(url, &error);
  int64_t found = rows_next(&rows) ? rows_int(&rows, 0) : -1;
  if (rows_close(&rows, &error))
    give_up_with(url, &error);
  if (found != expected)
    give_up("%s holds %lld events where %lld were written", url, (long long)found, (long long)expected);
  db_close(db);
  store_close(store);
}

static void bench(const struct options *o)
{
  static struct run run;
  char engine_url[PLACE_URL], bare_url[PLACE_URL], log_url[PLACE_URL], where[PLACE_URL], keys[700];
  struct error error = {0};
  struct store *store;
  struct engine *engine;
  struct engine_stats stats;
  struct buf out;
  bool alone = o->alone || o->times > 0;
  buf_init(&out, 1 << 20);
  run.options = o;
  place_make(&run.place, o->directory, o->cluster);
  (void)snprintf(keys, sizeof keys, "%s/keys", run.place.directory);
  place_store(&run.place, "engine", engine_url, where);
  const struct engine_options options = {.kinds = permit_kinds,
                                         .key_dir = keys,
                                         .origin = "bench.invalid",
                                         .writers = o->writers,
                                         .seal_ms = o->seal ? 0 : -1,
                                         .wait_ms = o->times > 0 ? 0 : -1};
  if (store_open(engine_url, &store, &error) || engine_open(store, &options, &engine, &error))
    give_up_with("engine", &error);
  client_init(&run.client, engine, o);
  if (!alone) {
    place_store(&run.place, "bare", bare_url, where);
    neighbour_init(&run.bare, o, where, true, 0, run.client.chooser.cases);
    fill(&run.bare, 0, o->cases);
    if (o->late) {
      place_store(&run.place, "late", log_url, where);
      neighbour_init(&run.late, o, where, true, o->late, run.client.chooser.cases);
      fill(&run.late, 0, o->cases);
    }
    place_store(&run.place, "log", log_url, where);
    neighbour_init(&run.log, o, where, false, 0, run.client.chooser.cases);
    fill(&run.log, 0, o->cases);
  }
  struct json_writer writer = json_to(&out);
  if (o->times > 0)
    overload(&run, o, &writer);
  else
    tell_all(&run, &writer);
  engine_stats(engine, &stats);
  engine_close(engine);
  store_close(store);
  check_events(engine_url, stats.events);
  client_release(&run.client);
  if (!alone) {
    check_events(bare_url, run.bare.seq);
    check_events(log_url, run.log.seq);
    neighbour_release(&run.bare);
    neighbour_release(&run.log);
    if (o->late)
      neighbour_release(&run.late);
  }
  place_remove(&run.place);
  (void)puts(buf_view(&out).p);
  buf_release(&out);
}

/* ---- growth: the same measured as the store gets larger ---- */

static double resident_mb(void)
{
  long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%*s %ld", &pages) != 1)
    give_up("/proc/self/statm could not be read");
  (void)fclose(f);
  return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

struct grown {
  double open_ms, close_ms, resident;
  struct round hot, uniform;
};

/* The cost a command, in rounds that alternate between few cases and any. */
static void run_grown(struct run *r, const struct options *o, size_t cases, struct grown *ret)
{
  double hot[ROUNDS_MAX], uniform[ROUNDS_MAX];
  to_all(&r->client, cases < HOT_CASES ? cases : HOT_CASES, "act"); /* their histories are read once, after the start */
  for (int i = 0; i < o->rounds; i++) {
    r->client.chooser.cases = cases < HOT_CASES ? cases : HOT_CASES;
    run_engine(&r->client, o->in_flight[0], o->seconds, &ret->hot);
    r->client.chooser.cases = cases;
    run_engine(&r->client, o->in_flight[0], o->seconds, &ret->uniform);
    hot[i] = ret->hot.engine_us;
    uniform[i] = ret->uniform.engine_us;
  }
  ret->hot.engine_us = median(hot, (size_t)o->rounds);
  ret->uniform.engine_us = median(uniform, (size_t)o->rounds);
}

static void tell_grown(const struct grown *g, size_t cases, int64_t events, struct json_writer *w)
{
  json_begin_object(w, NULL);
  json_put_int(w, "cases", (int64_t)cases);
  json_put_int(w, "events", events);
  json_put_num(w, "open_ms", g->open_ms);
  json_put_num(w, "close_ms", g->close_ms);
  json_put_num(w, "resident_mb", g->resident);
  json_put_num(w, "hot_us", g->hot.engine_us);
  json_put_num(w, "uniform_us", g->uniform.engine_us);
  json_put_num(w, "hot_per_second", g->hot.engine);
  json_put_num(w, "uniform_per_second", g->uniform.engine);
  json_put_num(w, "uniform_p99_us", g->uniform.p99);
  json_end(w);
}

static void grow_to(struct run *r, const struct options *o, const char *where, size_t from, size_t to, int64_t seq)
{
  struct options all = *o;
  all.cases = to;
  neighbour_init(&r->bare, &all, where, true, 0, to);
  r->bare.seq = seq;
  fill(&r->bare, from, to);
  neighbour_release(&r->bare);
}

/* Starts, measures, stops. Returns the events that there are then. */
static int64_t measure_grown(struct run *r, const struct options *o, const char *url, size_t cases, struct grown *ret)
{
  struct store *store;
  struct engine *engine;
  struct engine_stats stats;
  struct error error = {0};
  char keys[700];
  (void)snprintf(keys, sizeof keys, "%s/keys", r->place.directory);
  const struct engine_options options = {
      .kinds = permit_kinds, .key_dir = keys, .origin = "bench.invalid", .seal_ms = -1, .wait_ms = -1};
  int64_t start = now_ns();
  if (store_open(url, &store, &error) || engine_open(store, &options, &engine, &error))
    give_up_with("engine", &error);
  ret->open_ms = (double)(now_ns() - start) / 1e6;
  client_init(&r->client, engine, &(struct options){.cases = 0});
  run_grown(r, o, cases, ret);
  ret->resident = resident_mb();
  engine_stats(engine, &stats);
  start = now_ns();
  engine_close(engine);
  ret->close_ms = (double)(now_ns() - start) / 1e6;
  store_close(store);
  client_release(&r->client);
  return stats.events;
}

/* Of the cost a command in the logarithms: 0 is flat, 1 as fast as the store grows. */
static double slope(double before, double after, double times)
{
  return log(after / before) / log(times);
}

static void growth(const struct options *o)
{
  static struct run run;
  static struct grown grown[LIST_MAX];
  char url[PLACE_URL], where[PLACE_URL];
  int64_t events = 0;
  struct buf out;
  buf_init(&out, 1 << 20);
  run.options = o;
  place_make(&run.place, o->directory, o->cluster);
  place_store(&run.place, "engine", url, where);
  struct json_writer w = json_to(&out);
  json_begin_object(&w, NULL);
  json_begin_array(&w, "growth");
  for (size_t i = 0; i < o->size_count; i++) {
    grow_to(&run, o, where, i ? o->sizes[i - 1] : 0, o->sizes[i], events);
    events = measure_grown(&run, o, url, o->sizes[i], &grown[i]);
    tell_grown(&grown[i], o->sizes[i], events, &w);
  }
  json_end(&w);
  const struct grown *a = &grown[0], *b = &grown[o->size_count - 1];
  double times = (double)o->sizes[o->size_count - 1] / (double)o->sizes[0];
  if (o->size_count > 1) {
    json_put_num(&w, "slope_hot", slope(a->hot.engine_us, b->hot.engine_us, times));
    json_put_num(&w, "slope_uniform", slope(a->uniform.engine_us, b->uniform.engine_us, times));
  }
  json_end(&w);
  check_events(url, events);
  place_remove(&run.place);
  (void)puts(buf_view(&out).p);
  buf_release(&out);
}

/* ---- the command line ---- */

static const char usage[] =
    "usage: engine_bench [--store postgresql://…] [--dir DIR] [--cases N] [--in-flight K,K,…] [--hot] [--seal] [--alone]\n"
    "                    [--seconds S] [--rounds N] [--writers N]\n"
    "Durable commands a second through the engine beside bare SQLite or libpq writing the same rows. JSON on stdout.\n"
    "--store takes a superuser's URL of a cluster; the databases made in it go when the run ends. --dir is a directory\n"
    "of the disk to be measured (default: here). --alone leaves the neighbours out.\n"
    "--late N adds a neighbour that lets N cases wait for their rows, and with --read-every G writes them all every G groups.\n"
    "--overload X asks for X times what the engine does with the first of --in-flight, and then measures it again as before.\n"
    "--growth N,N,… fills a store to each size in turn and tells what a command costs there, hot and uniform (with the first\n"
    "of --in-flight), how long a start takes and what is resident.\n";

static double number(const char *text, double least, double most)
{
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end || !(value >= least && value <= most))
    give_up("%s is not a number from %g to %g", text, least, most);
  return value;
}

static void read_in_flight(char *list, struct options *o)
{
  o->in_flight_count = 0;
  for (char *rest = list, *one; (one = strsep(&rest, ",")) != NULL;) {
    if (o->in_flight_count == LIST_MAX)
      give_up("at most %d numbers in flight", LIST_MAX);
    o->in_flight[o->in_flight_count++] = (int)number(one, 1, IN_FLIGHT_MAX);
  }
}

static void read_sizes(char *list, struct options *o)
{
  for (char *rest = list, *one; (one = strsep(&rest, ",")) != NULL;) {
    if (o->size_count == LIST_MAX)
      give_up("at most %d sizes", LIST_MAX);
    o->sizes[o->size_count++] = (size_t)number(one, 1, 1e8);
    if (o->size_count > 1 && o->sizes[o->size_count - 1] <= o->sizes[o->size_count - 2])
      give_up("each size is larger than the one before");
  }
}

static void read_options(int argc, char **argv, struct options *o)
{
  static const struct option known[] = {{"store", required_argument, NULL, 's'},
                                        {"dir", required_argument, NULL, 'd'},
                                        {"cases", required_argument, NULL, 'c'},
                                        {"seconds", required_argument, NULL, 't'},
                                        {"in-flight", required_argument, NULL, 'k'},
                                        {"rounds", required_argument, NULL, 'r'},
                                        {"writers", required_argument, NULL, 'w'},
                                        {"hot", no_argument, NULL, 'h'},
                                        {"seal", no_argument, NULL, 'l'},
                                        {"late", required_argument, NULL, 'p'},
                                        {"overload", required_argument, NULL, 'o'},
                                        {"growth", required_argument, NULL, 'g'},
                                        {"read-every", required_argument, NULL, 'e'},
                                        {"alone", no_argument, NULL, 'a'},
                                        {"help", no_argument, NULL, '?'},
                                        {0}};
  for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;)
    switch (c) {
    case 's':
      o->cluster = strncmp(optarg, "postgres", 8) == 0 ? optarg : NULL;
      if (!o->cluster)
        give_up("--store takes a postgresql:// URL; without it SQLite is measured");
      break;
    case 'd':
      o->directory = optarg;
      break;
    case 'c':
      o->cases = (size_t)number(optarg, 1, 1e7);
      break;
    case 't':
      o->seconds = number(optarg, 0.001, 3600);
      break;
    case 'k':
      read_in_flight(optarg, o);
      break;
    case 'r':
      o->rounds = (int)number(optarg, 1, ROUNDS_MAX);
      break;
    case 'w':
      o->writers = (size_t)number(optarg, 1, 16);
      break;
    case 'h':
      o->hot = true;
      break;
    case 'a':
      o->alone = true;
      break;
    case 'o':
      o->times = number(optarg, 1, 1000);
      break;
    case 'g':
      read_sizes(optarg, o);
      break;
    case 'e':
      o->read_every = (int)number(optarg, 1, 1e6);
      break;
    case 'p':
      o->late = (size_t)number(optarg, 1, 1e7);
      break;
    case 'l':
      o->seal = true;
      break;
    default:
      (void)fputs(usage, stderr);
      exit(2);
    }
}

int main(int argc, char **argv)
{
  struct options options = {
      .cases = 20000, .seconds = 1, .rounds = 5, .in_flight = {1, 8, 64, 256, 1024}, .in_flight_count = 5, .directory = "."};
  read_options(argc, argv, &options);
  (options.size_count ? growth : bench)(&options);
  return 0;
}
