/*
 * A simulated city by seed: see city.h. The same seed gives the same history; what breaks is shrunk and written to a file.
 *
 *   city [--seed N] [--commands N] [--calm]       one city; --calm: nothing breaks; twice, and both histories are the same
 *   city --seeds FROM-TO [--commands N]           many, each once
 *   city --replay FILE                            the steps of a file, as a failure leaves it
 *
 *   --keep FILE   where a failing history goes (city-SEED.jsonl in the working directory)
 *   --no-shrink   as it is
 *   --post        messages go out, some late, some twice; deaths are not at the same place each time
 *   --only FAULT  only this fault, and often: power, kill, sync, write, read, full, memory
 */
#include "city.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIVES_MAX 20000
#define PATIENCE_S 600 /* of a life that does no step: it hangs */
#define TRIES_MAX 3000
#define SHRINK_S 150

static struct {
  int64_t seed, commands;
  int64_t from, to;
  bool calm, shrink, many, post;
  const char *replay, *keep;
  enum disk_fault only;
} options = {.seed = 1, .commands = 10000, .shrink = true};

/* ---- one city ---- */

static void remove_directory(void)
{
  char command[400];
  (void)snprintf(command, sizeof command, "rm -rf '%s'", city->directory);
  if (*city->directory && system(command) != 0)
    (void)fprintf(stderr, "city: %s stays\n", city->directory);
}

static void make_directory(void)
{
  const char *base = getenv("TMPDIR");
  (void)snprintf(city->directory, sizeof city->directory, "%s/onevisit-city-XXXXXX",
                 base && *base                   ? base
                 : access("/dev/shm", W_OK) == 0 ? "/dev/shm"
                                                 : "/tmp");
  if (!mkdtemp(city->directory)) {
    perror(city->directory);
    exit(3);
  }
  disk_format(city->directory);
}

/* The directory's name must not say anything: everything else is as the seed says. */
static void found(uint64_t seed, moment now)
{
  memset(city, 0, sizeof *city);
  city->seed = city->luck = seed;
  city->commands = (int)options.commands;
  city->faults = !options.calm;
  city->only = options.only;
  city->post = options.post;
  city->exact = !options.many;
  post_open(seed);
  city->now = now;
  city->announced = city_catalog->calendar.years[city_catalog->calendar.n - 1].year;
  make_directory();
}

/* Cities are founded on any day of the announced year. */
static moment founding_day(uint64_t seed)
{
  uint64_t luck = seed ^ UINT64_C(0xc17);
  int year = city_catalog->calendar.years[city_catalog->calendar.n - 1].year;
  return day_start(day_make(year, 1, 5) + (day)(dice(&luck) % 340)) + 9 * HOUR_MS;
}

/* Ends a life that hangs. */
static int wait_for(pid_t pid)
{
  int status = 0, done = -1;
  time_t since = time(NULL);
  const struct timespec nap = {0, 500000};
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (done != city->done) {
      done = city->done;
      since = time(NULL);
    } else if (time(NULL) - since > PATIENCE_S) {
      (void)kill(pid, SIGKILL);
      (void)waitpid(pid, &status, 0);
      (void)snprintf(city->broken, sizeof city->broken, "a life hangs in a step");
      break;
    }
    (void)nanosleep(&nap, NULL);
  }
  return status;
}

/* Whether that is how a life may end after what struck it. */
static bool may_end_so(int status, enum disk_fault struck)
{
  bool survived_by_dying = struck == DISK_SYNC || struck == DISK_WRITE || struck == DISK_READ || struck == DISK_FULL;
  if (WIFEXITED(status) && WEXITSTATUS(status) == DISK_DIED)
    return struck == DISK_POWER || struck == DISK_KILL;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 70)
    return survived_by_dying || struck == DISK_MEMORY;
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && struck == DISK_MEMORY;
}

/* false: that was the last one. */
static bool next_life(void)
{
  city->lives++;
  pid_t pid = fork();
  if (pid == 0)
    life_live();
  int status = wait_for(pid);
  enum disk_fault struck = disk_struck();
  if (*city->broken)
    return false;
  if (WIFEXITED(status) && WEXITSTATUS(status) == LIFE_OVER)
    return false;
  if (WIFEXITED(status) && WEXITSTATUS(status) == LIFE_RESTARTS)
    return true;
  if (!may_end_so(status, struck)) {
    (void)snprintf(city->broken, sizeof city->broken, "a life ended by %s %d after «%s»", WIFSIGNALED(status) ? "signal" : "code",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), disk_fault_word(struck));
    return false;
  }
  city->struck[struck]++;
  uint64_t luck = city->seed * 31 + (uint64_t)city->lives;
  bool power = struck == DISK_POWER || (struck != DISK_KILL && dice(&luck) % 2);
  disk_recover(power, dice(&luck));
  return true;
}

/* Lives the history that is there, or makes one. */
static bool live(uint64_t seed, moment now, bool replaying)
{
  found(seed, now);
  city->replaying = replaying;
  while (city->lives < LIVES_MAX && next_life())
    ;
  bool good = !*city->broken;
  if (good)
    remove_directory();
  return good;
}

/* ---- shrinking: the fewest steps that break the same ---- */

struct shrink {
  char **steps;
  int n;
  uint64_t seed;
  moment now;
  char broken[64]; /* what it is called, without numbers */
  int tries;
  time_t until;
};

/* «a case's version 7 …» and «… 9 …» are one: up to the first digit or bracket. */
static void name_of(const char *broken, char out[64])
{
  size_t n = strcspn(broken, "0123456789(");
  n = n < 63 ? n : 63;
  memcpy(out, broken, n);
  out[n] = '\0';
}

static bool breaks_without(struct shrink *s, const bool *out)
{
  char name[64];
  history_clear();
  for (int i = 0; i < s->n; i++)
    if (!out[i])
      history_add(s->steps[i]);
  s->tries++;
  bool good = live(s->seed, s->now, true);
  name_of(city->broken, name);
  if (!good)
    remove_directory();
  return !good && strcmp(name, s->broken) == 0;
}

static bool exhausted(const struct shrink *s)
{
  return s->tries >= TRIES_MAX || time(NULL) > s->until;
}

static void keep_rest(struct shrink *s, const bool *out)
{
  int n = 0;
  for (int i = 0; i < s->n; i++) {
    if (out[i])
      free(s->steps[i]);
    else
      s->steps[n++] = s->steps[i];
  }
  s->n = n;
}

static bool leave_out(struct shrink *s, bool *out)
{
  bool breaks = breaks_without(s, out);
  if (breaks)
    keep_rest(s, out);
  return breaks;
}

static int64_t id_of(const char *line)
{
  json_t *step = json_loads(line, 0, NULL);
  int64_t id = json_int(step, "id");
  json_decref(step);
  return id;
}

/* All steps of a case at once, then runs of steps, halved down to one. */
static void without_cases(struct shrink *s)
{
  bool *out = calloc((size_t)s->n + 1, sizeof *out);
  for (int64_t id = FIRST + CASES_MAX; out && id-- > FIRST && !exhausted(s);) {
    bool any = false;
    for (int i = 0; i < s->n; i++)
      any |= out[i] = id_of(s->steps[i]) == id;
    if (any)
      (void)leave_out(s, out);
  }
  free(out);
}

static bool without_runs(struct shrink *s, int length)
{
  bool any = false, *out = calloc((size_t)s->n + 1, sizeof *out);
  for (int at = s->n - length; out && at > -length && !exhausted(s); at -= length) {
    memset(out, 0, (size_t)s->n);
    for (int i = at < 0 ? 0 : at; i < at + length && i < s->n; i++)
      out[i] = true;
    any |= leave_out(s, out);
  }
  free(out);
  return any;
}

static void shrink(struct shrink *s)
{
  for (int length = s->n / 2; length > 8 && !exhausted(s); length /= 2)
    (void)without_runs(s, length);
  without_cases(s);
  bool again = true;
  while (again && !exhausted(s)) {
    again = false;
    for (int length = s->n > 16 ? s->n / 4 : 1; length >= 1 && !exhausted(s); length = length > 1 ? length / 2 : 0)
      again |= without_runs(s, length);
  }
}

static void keep_failure(uint64_t seed, moment now)
{
  char path[300], head[200];
  struct shrink s = {.n = history_count(), .seed = seed, .now = now, .until = time(NULL) + SHRINK_S};
  (void)snprintf(path, sizeof path, "city-%llu.jsonl", (unsigned long long)seed);
  const char *keep = options.keep ? options.keep : path;
  (void)snprintf(head, sizeof head, "{\"city\":1,\"seed\":%llu,\"now\":%lld}", (unsigned long long)seed, (long long)now);
  name_of(city->broken, s.broken);
  s.steps = calloc((size_t)s.n + 1, sizeof *s.steps);
  for (int i = 0; s.steps && i < s.n; i++)
    s.steps[i] = strdup(history_line(i));
  if (options.shrink) {
    int before = s.n;
    shrink(&s);
    (void)fprintf(stderr, "city: shrunk from %d steps to %d in %d tries\n", before, s.n, s.tries);
  }
  history_clear();
  for (int i = 0; i < s.n; i++)
    history_add(s.steps[i]);
  if (history_write(keep, head))
    perror(keep);
  else
    (void)fprintf(stderr, "city: the history is in %s: city --replay %s\n", keep, keep);
  for (int i = 0; i < s.n; i++)
    free(s.steps[i]);
  free(s.steps);
}

/* ---- telling ---- */

static void tell(uint64_t seed)
{
  char hex[2 * DIGEST_BYTES + 1];
  hex_encode(city->sum.b, DIGEST_BYTES, hex);
  (void)printf("seed %llu: %d steps, %d cases, %lld events, %d refused, %d answered again, %d lives;", (unsigned long long)seed,
               city->done, city->cases, (long long)city->last_seq, city->refused, city->repeated, city->lives);
  for (int i = 1; i < DISK_FAULT_COUNT; i++)
    (void)printf(" %s %d", disk_fault_word((enum disk_fault)i), city->struck[i]);
  (void)printf("; history %.16s\n", hex);
  (void)fflush(stdout);
}

static int tell_broken(uint64_t seed, moment now)
{
  (void)fprintf(stderr, "city: seed %llu, step %d: broken: %s (in %s, kept)\n", (unsigned long long)seed, city->done, city->broken,
                city->directory);
  if (!options.replay)
    keep_failure(seed, now);
  return 1;
}

/* ---- the ways to run ---- */

static bool all_happened(void)
{
  static const char *const types[] = {
      "drafted",    "saved",       "attached",        "detached",          "present",        "errand",
      "submitted",  "resubmitted", "fixed",           "accepted",          "lapsed",         "not-accepted",
      "opened",     "step-done",   "special-started", "special-ended",     "extended",       "decided",
      "completed",  "item-closed", "issued",          "delivered",         "withdrawn",      "terminated",
      "revoked",    "overdue",     "archived",        "correction-asked",  "erased",         "dates-offered",
      "dates-said", "dates-open",  "dates-clash",     "date-chosen",       "minuted",        "gathering-held",
      "called-off", "message",     "taken-up",        "step-added",        "step-removed",   "steps-returned",
      "reopened",   "escalated",   "ruled",           "deferred-due-soon", "deferred-unfit", "marked",
      "appealed",   "answered",    "repaired"};
  bool all = true;
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    bool found_it = false;
    for (int i = 0; i < EVENT_TYPES; i++)
      found_it |= strcmp(city->happened[i].type, types[k]) == 0;
    if (!found_it)
      (void)fprintf(stderr, "city: nobody saw «%s»\n", types[k]);
    all &= found_it;
  }
  return all;
}

static int run_one(uint64_t seed)
{
  moment now = founding_day(seed);
  struct digest first;
  history_clear();
  if (!live(seed, now, false))
    return tell_broken(seed, now);
  tell(seed);
  for (int i = 0; i < EVENT_TYPES && *city->happened[i].type; i++)
    (void)printf("%s%s %d", i ? ", " : "", city->happened[i].type, city->happened[i].n);
  (void)printf("\n");
  if (options.commands >= 10000 && !all_happened())
    return 1;
  first = city->sum;
  if (!live(seed, now, true))
    return tell_broken(seed, now);
  if (!digest_eq(&first, &city->sum)) {
    (void)fprintf(stderr, "city: the same steps gave another history\n");
    return 1;
  }
  return 0;
}

static int run_many(void)
{
  int bad = 0;
  for (int64_t seed = options.from; seed <= options.to && !bad; seed++) {
    history_clear();
    moment now = founding_day((uint64_t)seed);
    if (live((uint64_t)seed, now, false))
      tell((uint64_t)seed);
    else
      bad = tell_broken((uint64_t)seed, now);
  }
  return bad;
}

static int run_file(void)
{
  history_clear();
  if (history_read(options.replay)) {
    (void)fprintf(stderr, "city: %s is no history\n", options.replay);
    return 2;
  }
  uint64_t seed = city->seed;
  moment now = city->now;
  if (!live(seed, now, true))
    return tell_broken(seed, now);
  tell(seed);
  return 0;
}

static int load_catalogue(void)
{
  static struct arena arena;
  const char *source = getenv("ONEVISIT_SOURCE");
  struct findings findings = {0};
  struct error error = {0};
  const char *directory = arena_printf(&arena, "%s/catalogs/ningbo", source ? source : ".");
  if (catalog_load(directory, &city_catalog, &arena, &findings, &error) == 0)
    return 0;
  (void)fprintf(stderr, "city: %s: %s\n", directory, error.en);
  return 2;
}

static bool read_number(const char *text, int64_t *ret)
{
  return text && span_int(span_of(text), ret) && *ret >= 0;
}

static bool read_range(const char *text)
{
  const char *dash = text ? strchr(text, '-') : NULL;
  options.many = true;
  return dash && span_int((struct span){text, (size_t)(dash - text)}, &options.from) && read_number(dash + 1, &options.to);
}

static int read_options(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    const char *next = argv[i + 1];
    bool good = true;
    if (strcmp(argv[i], "--calm") == 0)
      options.calm = true;
    else if (strcmp(argv[i], "--post") == 0)
      options.post = true;
    else if (strcmp(argv[i], "--no-shrink") == 0)
      options.shrink = false;
    else if (strcmp(argv[i], "--seed") == 0)
      good = read_number(argv[++i], &options.seed);
    else if (strcmp(argv[i], "--commands") == 0)
      good = read_number(argv[++i], &options.commands);
    else if (strcmp(argv[i], "--seeds") == 0)
      good = read_range(argv[++i]);
    else if (strcmp(argv[i], "--replay") == 0)
      good = (options.replay = argv[++i]) != NULL;
    else if (strcmp(argv[i], "--only") == 0)
      good = next && (options.only = city_fault(argv[++i])) != DISK_NONE;
    else if (strcmp(argv[i], "--keep") == 0)
      good = (options.keep = argv[++i]) != NULL;
    else
      good = false;
    if (!good) {
      (void)fprintf(
          stderr,
          "usage: city [--seed N | --seeds A-B | --replay FILE] [--commands N] [--calm] [--post] [--only FAULT] [--keep FILE] [--no-shrink]%s%s\n",
          next ? " " : "", next ? next : "");
      return 2;
    }
  }
  return 0;
}

int main(int argc, char **argv)
{
  if (read_options(argc, argv))
    return 2;
  city = shared_memory(sizeof *city);
  history_open();
  disk_open();
  if (load_catalogue())
    return 2;
  int status = options.replay ? run_file() : options.many ? run_many() : run_one((uint64_t)options.seed);
  catalog_free(city_catalog);
  return status;
}
