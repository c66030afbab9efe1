/*
 * hall.h: windows, tickets and appointments: a person's coming to a hall, from the booking to the end of the visit.
 *
 * One aggregate (kind "queue") holds one zone of one hall on one day: its appointments, its tickets and its windows. So whatever
 * must not happen twice is decided in one place and in order: two windows never call one ticket, a slot never takes more than it
 * holds, an appointment becomes a ticket without a word being lost. Its state is bounded by the day; ninety days later it is
 * erased but for its sums. A visit that goes to another day or another zone goes with everything known of it: the new place takes
 * it over first, the old one lets go after that (an outbox message makes sure).
 *
 * A visit is linked to a case by the case's id. Serving a person who has a case sends the case the command «presence»: trips are
 * counted from what happened at windows, nowhere else.
 *
 * Commands, events, the order in which people are called, the estimates: docs/hall.md.
 */
#ifndef ONEVISIT_HALL_HALL_H
#define ONEVISIT_HALL_HALL_H

#include <stdatomic.h>

#include "catalog/catalog.h"
#include "engine/engine.h"

extern const struct kind queue_kind; /* name "queue" */
extern const struct migration hall_migrations[];

/* ---- where: halls, zones, windows as the catalogue has them ---- */

/* One zone of the layout in use. Before the reform that was one department with its windows. */
struct hall_place {
  const struct hall *hall;
  const char *zone; /* id: "commerce"; "general" where the hall has no zones; of the department before */
  struct words name;
  char letter[3];             /* of its tickets: «A», «AB» */
  int first, windows;         /* numbers of its windows in the hall: first … first + windows - 1 */
  const char *agency;         /* whose staff sits there; NULL: the centre's, drawn from all departments (R15) */
  const struct hall_zone *of; /* NULL: general windows, or a department */
};

size_t hall_place_count(const struct hall *hall);
struct hall_place hall_place_at(const struct hall *hall, size_t index);
bool hall_place_find(const struct catalog *catalog, struct span hall, struct span zone, struct hall_place *ret);
/* The same hall in the other layout, to compare the two. */
size_t hall_layout_count(const struct hall *hall, bool before);
struct hall_place hall_layout_at(const struct hall *hall, bool before, size_t index);

/* Which zone takes a thing, an item (R16); false where the hall takes it nowhere. Back offices: the item's agency and its steps'.
 */
bool hall_route_thing(const struct hall *hall, bool before, const struct thing *thing, struct hall_place *ret);
bool hall_route_item(const struct hall *hall, bool before, const struct item *item, struct hall_place *ret);
/* The skill a thing needs in the zone; NULL: any window. */
const struct hall_skill *hall_skill_of(const struct hall_place *place, struct span thing);
bool hall_window_has(const struct hall_place *place, int window, const char *skill); /* skill "": every window */

/* ---- when ---- */

bool hall_opens_on(const struct catalog *catalog, const struct hall *hall, day d);
const struct hall_shift *hall_shift_at(const struct hall *hall, int minute); /* NULL: closed */
bool hall_is_open(const struct catalog *catalog, const struct hall *hall, moment at);
moment hall_next_opening(const struct catalog *catalog, const struct hall *hall, moment after); /* 0: none within a year */
int hall_minute(moment at); /* of the day in China, 0 … 1439 */
/* Windows of the zone manned in the shift, and how many appointments a slot that begins at the minute takes; 0: no such slot. */
int hall_manned(const struct hall_place *place, const struct hall_shift *shift);
int hall_slot_capacity(const struct hall_place *place, int minute);
/* The n-th day that can be booked, 0 the first: today where the hall still opens today. DAY_NONE: none. */
day hall_bookable_day(const struct catalog *catalog, const struct hall *hall, moment now, int n);

/* ---- states and words ---- */

/*      name       word          zh            en */
#define VISIT_STATES(X)                                                                                                            \
  X(BOOKED, "booked", "已预约", "booked")                                                                                          \
  X(WAITING, "waiting", "等候中", "waiting")                                                                                       \
  X(CALLED, "called", "请到窗口", "called")                                                                                        \
  X(SERVED, "served", "办理中", "at the window")                                                                                   \
  X(PARKED, "parked", "暂时挂起", "set aside")                                                                                     \
  X(MISSED, "missed", "过号", "called in vain")                                                                                    \
  X(DONE, "done", "已办结", "finished")                                                                                            \
  X(CANCELLED, "cancelled", "已取消", "cancelled")                                                                                 \
  X(NO_SHOW, "no-show", "爽约", "did not come")                                                                                    \
  X(MOVED, "moved", "已转走", "moved")                                                                                             \
  X(UNSERVED, "unserved", "当日未办", "not served that day")

enum visit_state {
#define X(name, word, zh, en) VISIT_##name,
  VISIT_STATES(X)
#undef X
};
const char *visit_state_word(enum visit_state state);
struct words visit_state_words(enum visit_state state);
bool visit_state_parse(struct span word, enum visit_state *ret);
static inline bool visit_is_over(enum visit_state state)
{
  return state >= VISIT_DONE;
}

#define PRIORITIES(X)                                                                                                              \
  X(ELDERLY, 1, "elderly", "老年人", "elderly")                                                                                    \
  X(DISABLED, 2, "disabled", "残疾人", "disabled")                                                                                 \
  X(PREGNANT, 4, "pregnant", "孕妇", "pregnant")

enum priority {
#define X(name, bit, word, zh, en) PRIORITY_##name = (bit),
  PRIORITIES(X)
#undef X
};
#define PRIORITY_ALL (PRIORITY_ELDERLY | PRIORITY_DISABLED | PRIORITY_PREGNANT)
struct priority_words {
  unsigned bit;
  const char *word;
  struct words name;
};
extern const struct priority_words priorities[]; /* ended by {0} */
unsigned priority_of(struct span word);          /* 0: none of them */

#define ELDERLY_YEARS 60 /* 老年人权益保障法 art. 2 */
/* What an identity number says on that day: PRIORITY_ELDERLY or 0; of a number that is none, 0. */
unsigned priority_known(struct span identity, day d);

/* ---- the order, as published: docs/hall.md ---- */

#define CREDIT_PRIORITY (20 * MINUTE_MS)    /* who is elderly, disabled or pregnant is called as if he had come so much earlier */
#define CREDIT_APPOINTMENT (15 * MINUTE_MS) /* the same for who comes by appointment, from its time on */
#define CALL_LIMIT (10 * MINUTE_MS)         /* a call that nobody follows is given up after the last recall */
#define MEASURED_LEAST 5                    /* services measured before anything is estimated */
#define MEASURED_MOST 20                    /* the newest ones an estimate rests on */

/* The moment that orders the waiting: the smallest is called first. slot 0: no appointment. */
moment hall_rank(moment arrived, moment slot, unsigned priority);

/*
 * How long until one with so many before him is called: each window takes the next when it is free, each service takes the mean.
 * free_ms: of every open window that may serve him, how long until it is free (0: now). -1: no window is open.
 */
int64_t hall_forecast(const int64_t *free_ms, size_t windows, int64_t mean_ms, size_t before);

/* ---- the state of a queue; everything lives in the aggregate's arena ---- */

struct visit {
  int n;            /* 1, 2 … within the queue */
  const char *code; /* its name for the person, everywhere the same: 32 hex digits that nobody guesses */
  enum visit_state state;
  int slot;           /* minute of the day its appointment begins; -1: none */
  const char *ticket; /* «A023»; "" before he has come */
  const char *skill, *thing, *account, *phone, *note, *channel;
  unsigned priority;  /* what he says he is, but for what was taken away; it counts for his place */
  unsigned confirmed; /* of it: seen by a clerk, or known from his account's identity number */
  unsigned denied;    /* taken away by a clerk who saw him */
  int64_t case_id;    /* 0: none */
  const char *case_number;
  moment made, arrived, rank, called, served, ended;
  moment placed;  /* when this place was taken, for an appointment; not in rows */
  int window;     /* that has called him; 0 */
  int for_window; /* only this one may call him; 0: any */
  int calls;
  moment promised; /* when the ticket was drawn: estimated to be called by then; 0: nothing was said */
  bool present;    /* the case has been told */
  bool elsewhere;  /* it goes on in another queue: nothing here is shown any more */
  struct {         /* where an appointment went; n 0: nowhere. Of two moves at once the second place is given back */
    day day;
    int n;
  } went;
};

struct hall_window {
  int number;
  bool open;
  const char *clerk;
  int visit; /* n; 0: free */
  moment since;
};

/* Of one day, or as it stands (queue_now()). */
struct queue {
  const char *hall, *zone;
  day day;
  int closes, grace;    /* minutes: of the day, when the last shift ends; after a slot began, until it is forfeited */
  moment remind;        /* who has an appointment is reminded then; 0: not, or done */
  struct visit *visits; /* visits[n - 1] */
  size_t n, cap;
  struct hall_window *windows;
  size_t window_count, window_cap;
  int tickets;                     /* numbers given out */
  int64_t services[MEASURED_MOST]; /* ring of the newest, milliseconds from the call to the end */
  int served, no_shows, unserved, cancelled;
  int64_t waited_ms, served_ms; /* sums over the served */
  int64_t estimated, off_ms;    /* calls whose time had been estimated, and the sum of how far off that was */
  bool ended, forgotten;
};

int64_t queue_id(const char *hall, const char *zone, day d);
/* The mean of the newest services; 0 where fewer than MEASURED_LEAST were measured. */
int64_t queue_mean(const struct queue *q);
/* Who would be called to the window next; NULL: nobody. */
struct visit *queue_next(const struct queue *q, const struct hall_place *place, int window);
/*
 * How long until one of that rank who needs such a window is called, from now; -1: no window, or mean_ms 0 (nothing is known).
 * ret_before: how many are called before him; may be NULL.
 */
int64_t queue_forecast(const struct queue *q, const struct hall_place *place, const struct visit *v, int64_t mean_ms, moment now,
                       size_t *ret_before);
int queue_booked(const struct queue *q, int slot);
struct visit *queue_visit(const struct queue *q, int64_t n);         /* NULL */
struct hall_window *queue_window(const struct queue *q, int number); /* NULL: never opened today */

/* Everything known of a visit, as it goes to another day or, with its ticket, to another zone. */
json_t *visit_json(const struct visit *v, bool ticket);

/*
 * What a person is told: the outbox message «notice» {visit: code, event, day}, nothing personal; src/notice makes words of it.
 * Events: «visit-booked», «visit-moved», «visit-cancelled» (by the hall), «visit-soon» (the working day before, at HALL_REMIND).
 */
#define HALL_REMIND (10 * HOUR_MS) /* of the day in China */

/* ---- messages to ourselves: what one queue tells another, and the case ---- */

struct hall_post {
  struct engine *_Atomic engine; /* set when it is open; until then messages wait */
};
struct outlet hall_moves_outlet(struct hall_post *post);    /* topic «hall-move» */
struct outlet hall_presence_outlet(struct hall_post *post); /* topic «hall-presence» */

/* ---- rows (hall_store.c) ---- */

struct visit_row { /* one visit by itself */
  int64_t queue;
  const char *hall, *zone;
  day day;
  struct visit v;
};
int visit_read(struct db *db, struct span code, struct arena *arena, struct visit_row *ret, struct error *error); /* not-found */
/* A person's, the newest day first; at most max. */
int visits_of(struct db *db, struct span account, size_t max, struct arena *arena, struct visit_row **ret, size_t *ret_n,
              struct error *error);
int visits_of_case(struct db *db, int64_t case_id, struct arena *arena, struct visit_row **ret, size_t *ret_n, struct error *error);

/*
 * A day's queue as it stands, from its rows: the windows, and the visits that are not over (not at the place of their number).
 * One nobody has come to yet reads as empty.
 */
struct queue_now {
  struct queue q;
  int64_t id, seq;  /* seq: of its last event: moves with every change */
  int64_t mean_ms;  /* of today's services, else of the newest earlier day's; 0: not enough was measured */
  bool mean_before; /* of an earlier day */
};
int queue_now(struct db *db, const struct hall_place *place, day d, struct arena *arena, struct queue_now *ret,
              struct error *error);

struct queue_row {
  int64_t id, seq; /* seq: of its last event: moves with every change */
  const char *hall, *zone;
  day day;
  int tickets, waiting, booked, served, no_shows, unserved, cancelled, open_windows;
  int64_t mean_ms, waited_ms, served_ms;
  int64_t estimated, off_ms; /* calls that had been estimated, and the sum of how far the estimates were off */
  bool ended;
};
/* Of all zones of a hall on a day, in no order; zones nobody has come to yet are missing. */
int queues_of(struct db *db, const char *hall, day d, struct arena *arena, struct queue_row **ret, size_t *ret_n,
              struct error *error);
/* The window of the hall that the clerk has open that day; *ret_number 0: none. */
int window_of_clerk(struct db *db, const char *hall, day d, const char *clerk, struct arena *arena, const char **ret_zone,
                    int *ret_number, struct error *error);
/* booked of each slot; the caller's array is by minute / slot. */
int slots_booked(struct db *db, int64_t queue, int slot, int *ret, size_t n, struct error *error);

struct visit_line {                  /* what happened to a visit */
  const char *event, *words, *actor; /* words: the reason or the note that was given; "" */
  int window;                        /* 0: none */
  moment at;
};
int visit_lines(struct db *db, struct span code, struct arena *arena, struct visit_line **ret, size_t *ret_n, struct error *error);

/* The code of the visit that the event made. */
int visit_made(struct db *db, int64_t seq, struct arena *arena, const char **ret, struct error *error);

/* The newest change of a hall (zone "": all of its zones) on the day; -1 on error. */
int64_t hall_version(struct db *db, const char *hall, const char *zone, day d);

/* The sample city: a hall that has been at work for a while, once a day. */
int hall_sample(struct engine *engine, const struct catalog *catalog, moment now, struct error *error);

#endif
