/*
 * internal.h: what the files of the engine share; nobody outside includes it.
 *
 * Threads: a writer (struct writer) owns its db, cache and timers without locks; what all writers share is in struct engine,
 * and used by one at a time. The sealer and the delivery thread read on connections of their own and write by asking a writer
 * (struct request with an op).
 */
#ifndef ONEVISIT_ENGINE_INTERNAL_H
#define ONEVISIT_ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/engine.h"
#include "engine/idmap.h"
#include "engine/turn.h"
#include "ledger/leaf.h"

#define KEY_MAX 64

/* ---- aggregates in memory (cache.c) ---- */

struct known_key { /* an idempotency key in the aggregate's history */
  uint64_t hash;
  int version;
  int64_t seq; /* 0: a free slot */
};

struct known_keys { /* a hash table in the aggregate's arena */
  struct known_key *slots;
  size_t n, cap; /* cap is a power of two, or 0 */
};

struct aggregate {
  int64_t id;
  const struct kind *kind; /* NULL until the first event */
  int version;
  int64_t head; /* seq of its last event */
  unsigned char pseudonym[LEAF_PSEUDONYM_BYTES];
  void *state;
  struct arena arena;
  struct known_keys keys;
  moment due;      /* as stored in timers; 0 none */
  moment next_due; /* what the group under way stores */
  bool stored;     /* it has a row */
  bool touched;    /* in this group: its row and timer are written before the commit */
  bool erased;     /* its history begins with an erasing event */
  struct aggregate *next_touched;
  size_t bytes;                    /* as counted in the cache */
  struct aggregate *newer, *older; /* by use */
};

struct cache {
  struct idmap map;
  struct aggregate *newest, *oldest;
  size_t bytes, bytes_max;
};

/* The aggregate, loaded and replayed where it is stored, fresh (version 0) where it is not. */
int cache_get(struct writer *writer, int64_t id, struct aggregate **ret, struct error *error);
void cache_release(struct cache *cache);
void cache_drop(struct cache *cache, struct aggregate *aggregate);
void cache_trim(struct cache *cache); /* between groups, when nothing is touched */
/* The key in the aggregate's history; NULL where it is new. */
const struct known_key *aggregate_key(const struct aggregate *aggregate, const char *key);
int aggregate_apply(struct aggregate *aggregate, const struct event *event, struct error *error);
void aggregate_forget(struct aggregate *aggregate); /* its state, as if it had no events yet */

/* ---- deadlines (timers.c) ---- */

struct timer {
  moment due;
  int64_t id;
};

struct timers {
  struct timer *heap;
  size_t n, cap;
  struct idmap current; /* id → due; what the heap says otherwise is out of date */
};

void timers_set(struct timers *timers, int64_t id, moment due); /* 0 removes */
bool timers_next(struct timers *timers, struct timer *ret);     /* the earliest; false when there is none */
void timers_pop(struct timers *timers); /* takes that one off the heap; until timers_set() it does not come again */
void timers_release(struct timers *timers);
int timers_load(struct engine *engine, struct db *db, struct error *error); /* each writer's own */

/* ---- the queue (queue.c) ---- */

/* Work of another thread of the engine inside the writer's transaction. */
typedef int engine_op(struct writer *writer, void *argument, struct error *error);

struct request {
  struct request *next;
  struct command command;
  engine_op *op; /* instead of a command */
  void *argument;
  bool wake; /* made by the writer for a deadline; it also frees it */
  engine_done *done;
  void *context;
  struct outcome outcome;
  struct error *error; /* why, where it failed; freed by the writer */
};

struct queue {
  pthread_mutex_t lock;
  pthread_cond_t filled;
  struct request *first, **last;
  size_t n, limit; /* limit: at this many the next one is refused */
  bool closed;
};

/*
 * How fast a writer is: sums that fade from group to group, so that some ten groups count. A busy group weighs more than a
 * lonely command, whose cost says little of what a full queue takes.
 */
struct tempo {
  double commands, work_us, groups, commit_us;
};
void tempo_note(struct tempo *tempo, size_t commands, int64_t work_us, int64_t commit_us);
/* As many commands as are answered within wait_us at that pace: their work, and the commits of the groups that they make. */
size_t tempo_limit(const struct tempo *tempo, size_t group_max, int64_t wait_us);

/* ---- erasing (erasure.c) ---- */

/* KEY_DIR/erased: a line for each erased aggregate, durable before it is answered, so that a backup resurrects nobody. */
struct erased_list {
  int fd;
  int64_t committed, size; /* bytes; between them the lines of the group under way */
  bool scrub;              /* the store is to be cleared of what it keeps besides its tables */
};

bool event_erases(const struct event *event);
int erasure_open(struct engine *engine, struct error *error);
void erasure_close(struct engine *engine);
/* Before the event is recorded: destroys what the aggregate's earlier events hold and notes it in the list. */
int erasure_begin(struct writer *writer, struct aggregate *aggregate, const struct event *event, struct error *error);
void erasure_settle(struct engine *engine, int64_t to); /* the group committed whose lines end there */
void erasure_take_back(struct engine *engine);          /* what is not committed */
void erasure_look(struct engine *engine);               /* others may have written to the list */
void erasure_scrub(struct writer *writer);              /* between groups; tries again until it is done */
/* What the list says and the store, restored from an older backup, does not. Not from the writer. */
int erasure_again(struct engine *engine, struct error *error);

/* Records one event outside any command, on the writer's open transaction (decide.c). Takes data over. */
int event_append(struct writer *writer, struct aggregate *aggregate, const char *type, json_t *data, struct error *error);

/* ---- the engine ---- */

struct series {
  struct series *older;        /* of all */
  struct series *same;         /* of those whose names have one hash */
  struct series *next_drawing; /* of those that the command under way draws from … */
  struct series *next_drawn;   /* … and of those that the group being decided has drawn from */
  bool drawing, drawn;
  char *name;
  int64_t value;  /* drawn by the command under way */
  int64_t before; /* by the commands of the group that were decided */
  int64_t saved;  /* committed */
};

/* The number up to which a group has drawn from a series. */
struct drawn {
  struct series *series;
  int64_t value;
};

struct sealer;
struct publisher;

/* The rows of a group, latest first (rows.c). */
struct group_rows {
  struct rowset_run *last;
  size_t count;
};

/* One lane of the write path: a thread, its connection, and the aggregates that are its own. */
struct writer {
  struct engine *engine;
  struct db *db;
  struct queue queue;
  struct tempo tempo;
  int64_t commit_us; /* of the group under way */
  struct cache cache;
  struct timers timers;
  struct aggregate *touched; /* in this group */
  struct arena group;        /* temporaries of one group */
  bool series_failed;        /* the store failed while a number was drawn */
  struct group_rows rows;    /* not written yet */
  struct drawn *drawn;       /* series that the group moves on */
  size_t drawn_count;
  int64_t erased_to; /* where the lines of the group end in the list of the erased */
  bool wrote;        /* the group has something to commit */
  int64_t first_seq; /* of its events; 0: none yet */
  unsigned char first_salt[LEAF_SALT_BYTES];
  unsigned char pool[4096]; /* randomness drawn ahead */
  size_t pool_left;
  pthread_t thread;
  bool on;
};

struct engine {
  struct store *store;
  struct engine_options options;
  struct writer *writers; /* an aggregate belongs to one of them: writer_of() */
  size_t writer_count;

  /* the writers', one at a time */
  struct series *series, *drawing, *drawn;
  struct idmap series_map; /* by the hash of their names */
  int64_t last_seq;        /* of the last event given out */
  struct erased_list erased;
  struct turn turn;
  atomic_bool leads; /* this process seals, publishes and delivers */

  struct sealer *sealing;       /* the sealer's own; NULL where there is none */
  struct publisher *publishing; /* NULL where nothing is published */
  pthread_t sealer, publisher, delivery;
  bool sealer_on, publisher_on, delivery_on;
  atomic_bool stopping;

  pthread_mutex_t lock; /* guards what follows */
  pthread_cond_t changed;
  int64_t committed, sealed; /* events */
  int seal_wanted;           /* somebody waits for a checkpoint now */
  bool sealer_failed;
  struct error seal_error;
  pthread_cond_t seal_due;      /* for the sealer */
  pthread_cond_t sealed_more;   /* for who waits for the sealer */
  bool sealer_idle;             /* it waits for an event */
  bool sealing_done;            /* the sealer has ended: what is sealed is all */
  struct engine_log_status log; /* as last told by the publisher, the witnesses its own */
  bool outbox_filled;

  _Atomic int64_t commands, groups, refused;
  _Atomic int64_t idle_us;    /* the writer had nothing to do */
  _Atomic int64_t sealing_us; /* it stored leaves */
  int64_t opened_us;
};

moment engine_now(struct engine *engine);
void writer_random(struct writer *writer, void *out, size_t n);
struct writer *writer_of(struct engine *engine, int64_t id);
int64_t commands_waiting(struct engine *engine);

void queue_init(struct queue *queue, size_t limit);
void queue_limit(struct queue *queue, size_t limit);
void queue_release(struct queue *queue);
void queue_close(struct queue *queue); /* nothing more is taken; what is in it still comes out */
int queue_push(struct queue *queue, struct request *request, bool even_if_full, struct error *error);
/* Everything waiting, at most max; waits until the moment given (monotonic µs) when there is nothing. */
struct request *queue_take(struct queue *queue, size_t max, int64_t until_us, bool *ret_closed);

/* Runs op in the first writer's next transaction and waits for its commit. Not from a writer. */
int engine_ask(struct engine *engine, engine_op *op, void *argument, struct error *error);

void *writer_main(void *writer);
void *sealer_main(void *engine);
void *publisher_main(void *engine);
void *delivery_main(void *engine);

/* ---- one command (decide.c) ---- */

struct event_list {
  struct arena *arena;
  struct event *list;
  size_t n, cap;
};

struct rowset {
  struct writer *writer;
  struct error *error;
  bool failed;
  int64_t seq; /* of the event whose messages are sent */
  int sent;
};

/*
 * Decides one command and writes its events and rows on the open transaction. 0 done; -1 refused, nothing written, the
 * group goes on; -2 a statement or a replay failed: the group must be rolled back.
 */
int command_run(struct writer *writer, struct request *request, struct error *error);
/* A row of the group; group_write() sends those that were kept. */
int group_put(struct writer *writer, const struct sql *sql, const struct value *values, size_t n, struct error *error);
#define GROUP_PUT(writer, sql, error, ...)                                                                                         \
  group_put((writer), (sql), (const struct value[]){__VA_ARGS__},                                                                  \
            sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value), (error))
int group_write(struct writer *writer, struct error *error);
void aggregate_touch(struct writer *writer, struct aggregate *aggregate);

/* Series of numbers: loaded when first drawn; what a group has drawn is noted when it is decided, and written before its commit. */
void series_note(struct writer *writer);
int series_save(struct writer *writer, struct error *error);
void series_commit(struct writer *writer);
void series_rollback(struct engine *engine);
void series_release(struct engine *engine);

/* The key that signs for a name from this event on (keys.c): one in use, else the one that ended last. ret->vkey NULL: none. */
int key_in_use(struct db *db, struct arena *arena, const char *name, int64_t seq, struct ledger_key *ret, struct error *error);

/* Reading events (scan.c) */
const struct kind *kind_find(const struct kind *const *kinds, struct span name);
extern const char event_columns[];
/* An event with an empty body is erased: its data is {}. */
bool event_erased(const struct event *event);
/* Fills *event from the row whose first columns are event_columns; everything copied into the arena. data is owned:
 * event_release(). */
int event_read(struct rows *rows, const struct kind *const *kinds, struct arena *arena, struct event *ret, struct error *error);
void event_release(struct event *event);
/* The same without reading the body: data is NULL, nothing is owned. */
int event_read_columns(struct rows *rows, const struct kind *const *kinds, struct arena *arena, struct event *ret,
                       struct error *error);
extern const struct sql aggregate_chain, first_event;

/* The leaf of an event, both when sealing and when verifying (leafing.c). */
struct leaf_source {
  const struct event *event;
  struct span pseudonym, salt;
  bool has_prev;
  struct digest prev;
};
/* Everything before the line «body», all that is known of an erased event. */
struct span event_leaf_head(struct arena *arena, const struct leaf_source *source);
struct span event_leaf_lines(struct arena *arena, const struct leaf_source *source);
/* The same in two steps: everything but the hash of the leaf before, and then the lines. event->data may be NULL. */
int event_leaf(struct arena *arena, const struct leaf_source *source, struct leaf *ret, struct leaf_commitments *ret_commitments,
               struct error *error);
const char *event_department(const struct event *event); /* whose key signs */

#endif
