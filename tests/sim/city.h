/*
 * city.h: a simulated city by seed, on a simulated disk: what its files share.
 *
 *   city.c     seeds, lives, replay and shrinking: the parent, which never opens a store
 *   life.c     one process's life: the real engine on the store as the last life left it, one step after another
 *   people.c   applicants, clerks, officers, issuers, supervisors, keepers of records: what they do next
 *   laws.c     what has to hold of every event and every case, by other code than the rules'
 *   records.c  credit records of the people
 *   rows.c     the rows that pages read against the same events projected again, into an empty store
 *   log.c      the log, as a monitor reads it
 *   post.c     messages to the outside
 *   history.c  the list of steps
 *   disk.c     the disk
 *
 * A history is a list of steps, one JSON object a line; what people do is written down before it is done, so a life that died goes
 * on with the step that it died in. The same steps give the same history; a history that breaks something is shrunk by leaving
 * steps out. All that outlives a process is struct city, in memory shared by all lives.
 */
#ifndef ONEVISIT_TESTS_CITY_H
#define ONEVISIT_TESTS_CITY_H

#include "base/json.h"
#include "base/text.h"
#include "casework/casework.h"
#include "disk.h"
#include "record/record.h"

enum { PEOPLE = 4, CASES_MAX = 3000, ITEMS_MAX = 160, TRIPS_MAX = 160, FIRST = 1000, KEY_TEXT = 16, EVENT_TYPES = 64 };

/* What the city knows of a case from the events, without the state. */
struct seen {
  bool known, erased;
  int version;             /* of the newest event that was acknowledged or found after a crash */
  struct digest chain;     /* over its events */
  int approved[ITEMS_MAX]; /* days of special procedures */
  day trips[TRIPS_MAX];
  int trip_count, errands;
};

/* The credit record of a person, from its events. */
struct record {
  bool stands, waits, appealed; /* waits: for the answer to the appeal */
  char by[16];
};

/* How often each kind of event happened: a city in which something never happens has tested nothing. */
struct happened {
  char type[24];
  int n;
};

struct city {
  /* given */
  uint64_t seed;
  int commands;
  bool faults, replaying, post; /* post: messages go out */
  bool exact;                   /* only faults that strike at the same place each time */
  enum disk_fault only;         /* NONE: every fault */
  /* what lives go on with */
  uint64_t luck; /* of people */
  _Atomic moment now;
  bool set_back; /* the clock was, once at least */
  moment back;   /* by so much in all */
  int announced; /* the last year whose holidays are known */
  int cases;
  int64_t last_seq;
  _Atomic int done; /* steps that are over */
  int refused, lives, repeated;
  struct seen seen[CASES_MAX];
  struct record records[PEOPLE];
  struct happened happened[EVENT_TYPES];
  int struck[DISK_FAULT_COUNT];
  struct digest sum; /* of the history, in the end */
  char broken[600];  /* what does not hold; "" */
  char directory[300];
};

extern struct city *city;            /* shared */
extern struct catalog *city_catalog; /* loaded once, before any life */

/* ---- history.c: the steps, shared ---- */

void history_open(void);
void history_clear(void);
int history_count(void);
const char *history_line(int step);
void history_add(const char *line); /* copies */
json_t *history_step(int step);     /* a new object */
int history_read(const char *path); /* -1: not a history */
int history_write(const char *path, const char *head);

/* ---- life.c ---- */

enum { LIFE_OVER = 0, LIFE_BROKEN = 97, LIFE_RESTARTS = 98 }; /* 1 is a sanitizer's */

_Noreturn void city_broken(int64_t id, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define HOLDS(condition, id)                                                                                                       \
  do {                                                                                                                             \
    if (!(condition))                                                                                                              \
      city_broken((id), "%s", #condition);                                                                                         \
  } while (0)

_Noreturn void life_live(void);         /* in a child */
void life_do(json_t *step);             /* writes the step down and does it; takes the reference */
struct casefile *life_case(int64_t id); /* by replay; lives until the step's end */
struct arena *life_arena(void);
const struct calendar *life_first_calendar(void); /* before any announcement */

/* ---- laws.c ---- */

void laws_event(const struct casefile *c, const struct event *e);
void laws_case(const struct casefile *c);
void laws_refusal(int64_t id, const struct error *error);

/* ---- records.c ---- */

extern const char *const city_people[PEOPLE]; /* accounts */
const char *records_subject(int person);
int64_t records_id(int person);
int records_person(int64_t id); /* -1: nobody's record */
bool records_bar(const char *account);
void records_event(const struct event *e);
bool records_barred(struct db *db, const char *account); /* as the room says */

/* ---- people.c ---- */

void people_act(void);
json_t *people_draft(const json_t *wish); /* the plan of a draft's step: {thing, zone, answers} compiled */

/* ---- rows.c: in a life whose engine is closed ---- */

void rows_check(struct store *store, bool last);

/* ---- post.c ---- */

struct sqlite3;
void post_open(uint64_t seed); /* in the parent */
const struct outlet *post_outlets(void);
void post_empty(struct db *db);
void post_check(struct sqlite3 *both); /* in rows_check, of the last life */

/* ---- log.c: when everything is sealed ---- */

void log_check(struct db *db);

enum disk_fault city_fault(const char *word); /* NONE where it is none */
uint64_t city_random(uint64_t *seed);         /* splitmix64 */

#endif
