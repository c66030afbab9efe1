/*
 * engine.h: the one write path: command → decide → events → rows + outbox, in one transaction.
 *
 * Everything that changes is an aggregate. Its kind gives pure functions, without clock, I/O or randomness of
 * their own; whatever they need of those comes in struct decision. One writer thread takes all commands that
 * wait, decides them in order, writes events and rows, commits once (one fsync for the group) and only then
 * answers. What is answered as done is on disk, and the next read on any connection shows it.
 *
 * How to add a mechanism: see docs/architecture.md («a new room»).
 */
#ifndef ONEVISIT_ENGINE_ENGINE_H
#define ONEVISIT_ENGINE_ENGINE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/moment.h"
#include "store/store.h"

struct engine;
struct writer;
struct json_writer;
struct leaf_field;
struct world; /* what mechanisms may look at while deciding (the catalogue …); opaque to the engine */

/* Who acts, in which role, through which channel. Strings are short ASCII but for names. */
struct actor {
  const char *id;      /* "staff:zhang", "person:8f3a…", "system" */
  const char *role;    /* the role used: "applicant", "clerk", "officer", … */
  const char *agency;  /* the department acted for; "" for applicants */
  const char *channel; /* "web", "mobile", "window", "kiosk", "api", "system" */
};

struct kind;

struct command {
  const struct kind *kind;
  int64_t id;       /* the aggregate, positive; who creates one chooses its id with aggregate_id_new() or aggregate_id_from() */
  int expect;       /* the version the sender saw: CONFLICT stale-version when it has moved on; 0: must not exist yet; -1: any */
  const char *type; /* a literal of the kind: "submit" */
  const char *key;  /* idempotency key within the aggregate, at most 64 bytes; "" for none */
  struct actor actor;
  moment at;    /* 0: when the engine takes it; an import gives the time it happened */
  json_t *data; /* arguments, an object or NULL; borrowed until the answer */
};

struct event {
  int64_t seq; /* 1, 2, 3 … over the whole store, without gaps */
  int64_t id;  /* aggregate */
  int version; /* 1, 2, … within the aggregate */
  const struct kind *kind;
  const char *type;
  moment at;
  struct actor actor;
  const char *item; /* the item of the catalogue it is about; "" for none */
  const char *key;
  const json_t *data; /* an object; read it in evolve and project */
  struct span body;   /* its JSON text as stored */
};

/* What decide is given besides state and command, and where it puts its events. */
struct decision {
  struct arena *arena; /* for temporaries; freed after the command's group */
  moment now;          /* the command's time */
  const struct world *world;
  unsigned char random[32];  /* fresh for each command */
  struct writer *writer;     /* private: for decision_number() */
  struct event_list *events; /* private */
};

/* Appends an event; takes over the reference to data (NULL gives {}). item may be "". */
void decision_emit(struct decision *d, const char *type, const char *item, json_t *data);

/* The next number of a series («受〔2026〕»), from 1 without gaps: given back when the command fails. */
int64_t decision_number(struct decision *d, const char *series);

/* Where project() puts what lists and pages read: statements executed in the same transaction. */
struct rowset;
void rowset_put(struct rowset *rows, const struct sql *sql, const struct value *values, size_t n); /* copies */
#define ROW_PUT(rows, sql, ...)                                                                                                    \
  rowset_put((rows), (sql), (const struct value[]){__VA_ARGS__}, sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))

/*
 * A message to the outside, delivered at least once after the commit, with back-off. topic is a literal,
 * body JSON text. The far end sees the same delivery id each time: "SEQ-N".
 */
void rowset_send(struct rowset *rows, const char *topic, struct span body);

struct kind {
  const char *name;  /* stored: never changes its meaning */
  size_t state_size; /* a state begins zeroed; it and what it points to live in the aggregate's arena */
  int (*decide)(const void *state, const struct command *command, struct decision *d, struct error *error);
  /* Replay: the same events give the same state, always. Returns -1 for an event it does not know (a newer program's). */
  int (*evolve)(void *state, struct arena *arena, const struct event *event);
  /* state is after the n events, which one command made. May be NULL. */
  void (*project)(const void *state, const struct event *events, size_t n, struct rowset *rows);
  /* When the aggregate must be woken next (it then gets the command "wake" from "system"); 0: never. May be NULL. */
  moment (*due)(const void *state);
  /*
   * The type of the event after which nothing before it is kept; NULL: none. Once it is recorded, the bodies, salts, actors
   * and keys of all earlier events of the aggregate are destroyed, and so are their messages that were not delivered; evolve
   * then begins with it from a zeroed state. It is refused (not-sealed) until the earlier events are in the ledger, and its
   * data must be nothing personal: it is also kept outside the store. See docs/ledger.md, «Erasing a person».
   */
  const char *erasing;
  /* Removes what rows and files hold of the state that goes; project() then gets the erasing event, and sends no message. */
  void (*erase)(const void *state, struct rowset *rows);
  bool keys; /* its events say who signs from then on (see «keys» below): a batch of leaves ends with each */
};

/* Delivers one outbox message; 0 done, -1 try again later (error says why). Runs on the delivery thread, and may engine_do(). */
struct outlet {
  const char *topic;
  int (*deliver)(void *context, const char *delivery_id, struct span body, struct error *error);
  void *context;
};

struct engine_options {
  const struct kind *const *kinds; /* ended by NULL */
  const struct outlet *outlets;    /* ended by {NULL}; messages of a topic without outlet are kept */
  const struct world *world;
  const char *key_dir; /* where the signing keys and the list of erased lie; made when missing */
  const char *origin;  /* of the ledger: a schema-less URL, or any name a witness wants */
  const char *log_dir; /* the public directory (ledger/logdir.h); NULL: nothing is published */
  const char *policy;  /* tlog-policy: the witnesses; NULL: KEY_DIR/policy where that is there, else none */
  bool sm3_log;        /* a second log of the same entries over SM3 in LOG_DIR/sm3, its origin ORIGIN/sm3 */
  bool sm2;            /* make the key for a second signature of checkpoints, by SM2; where it is, it signs */
  size_t queue_max;    /* commands that may wait; 0: 8192 */
  int wait_ms;         /* one that would wait longer is refused at once, but the first 256 never; 0: 50; negative: none is */
  size_t group_max;    /* commands in one commit; 0: 1024 */
  size_t writers;      /* connections that write side by side, on PostgreSQL; 0: 2 */
  size_t cache_bytes;  /* of aggregates kept in memory; 0: 48 MiB */
  int seal_ms;         /* a checkpoint at most this late, unless the writer is at its limit; 0: 500; negative: no sealer (bench) */
  moment (*clock)(void *context);                     /* NULL: the wall clock */
  void (*random)(void *context, void *out, size_t n); /* NULL: random_bytes */
  void *context;                                      /* of clock and random */
};

extern const struct migration engine_migrations[];

/*
 * Keys: the departments', the log's, the witnesses'. A key of a department signs its leaves from event first_seq to last_seq.
 * The sealer signs with what the table says; where it says nothing of a department, with KEY_DIR/DEPARTMENT.key, made at first
 * use and entered without an event. Whoever keeps the registry (a kind with .keys) enters and retires keys in the transaction
 * of the event that says so, with these two statements.
 */
struct ledger_key {
  const char *name, *vkey;     /* «origin/department»; the log's name is the origin */
  const char *file;            /* in KEY_DIR, without «.key»; "" for DEPARTMENT, and for keys that are not ours */
  moment since, until;         /* until 0: in use */
  int64_t first_seq, last_seq; /* events; last_seq 0: in use */
  const char *reason;          /* of its end; "" */
};
extern const struct sql engine_key_enters; /* $1 name, $2 vkey, $3 file, $4 since, $5 first_seq; what is there already stays */
extern const struct sql engine_key_ends;   /* $1 vkey, $2 until, $3 last_seq, $4 reason */
/*
 * An event opened for everybody: with these its leaf's commitments are computed again. Only for events that are public as a
 * whole. All sealed events of one aggregate, oldest first; erased ones are left out.
 */
struct disclosure {
  int64_t index; /* of the leaf */
  struct span salt;
  const struct leaf_field *fields; /* ledger/leaf.h */
  size_t n;
};
int engine_disclose(struct db *db, const struct kind *const *kinds, int64_t id, struct arena *arena, struct disclosure **ret,
                    size_t *ret_n, struct error *error);
/* {"index": leaf, "salt": base64, "fields": [[name, value], …]}: an element of an array, or a line by itself. */
void disclosure_json(const struct disclosure *disclosure, struct arena *arena, struct json_writer *w);
/* Every sealed entry from the index on, in order, without its hash being checked; visit returns -1 to stop with its error. */
typedef int entry_visitor(void *context, int64_t index, struct span entry, struct error *error);
int engine_entries(struct db *db, int64_t from, entry_visitor *visit, void *context, struct error *error);
/* All, by name and from when. */
int engine_keys(struct db *db, struct arena *arena, struct ledger_key **ret, size_t *ret_n, struct error *error);

/*
 * The schema must be migrated. Loads open timers and the outbox, starts writer, sealer, publisher and delivery. Beside the
 * store's errors: broken-ledger (the store holds fewer events than its ledger), ledger-behind (the store is older than what
 * was published: a restored backup), ledger-forked (it disagrees with what was published), lock-damaged, bad-policy,
 * policy-other-log, those of ledger/note.h and ledger/logdir.h.
 */
int engine_open(struct store *store, const struct engine_options *options, struct engine **ret, struct error *error);
/* Answers what is queued, seals, stops. */
void engine_close(struct engine *engine);

struct outcome {
  int64_t id;
  int version;   /* after the command; for a repeated one, what it was then */
  int64_t seq;   /* of its last event; 0 when it made none */
  bool repeated; /* the idempotency key was known: nothing was done again */
};

/*
 * Does one command and waits until it is durable or refused. Errors: those of the kind; stale-version, not-found (no such
 * aggregate), exists, queue-full (BUSY: answer Retry-After: 1), store-full, engine-stopped.
 *
 * From any thread but a writer's: never in the functions of a kind, in an engine_done or in clock and random, which a writer
 * runs and would wait for itself. Outlets may: while one delivers, the delivery thread holds no lock and no open statement, no
 * writer ever waits for it, and engine_close() waits for its end before it ends the writers.
 */
int engine_do(struct engine *engine, const struct command *command, struct outcome *ret, struct error *error);

/* The same without waiting: done is called on the writer's thread, and must be short. Returns -1 when not queued. */
typedef void engine_done(void *context, const struct outcome *outcome, const struct error *error_or_null);
int engine_submit(struct engine *engine, const struct command *command, engine_done *done, void *context, struct error *error);

/* Another world from the next command on: when this returns, none is decided any more by the one before. */
void engine_set_world(struct engine *engine, const struct world *world);

/* Fires every timer due by the clock now and waits until they are done (the writer does so by itself at least each second). */
void engine_wake(struct engine *engine);

/* Waits until every event committed so far is under a signed checkpoint. */
int engine_seal(struct engine *engine, struct error *error);

/* The same until it is published; at most so long. Error not-published, or what keeps it from being so. */
int engine_publish(struct engine *engine, int wait_ms, struct error *error);

struct engine_stats {
  int64_t commands, groups, events, sealed, waiting, refused;
  int64_t up_us, sealing_us; /* since the engine was opened; of the writer's time, what went into storing leaves */
};
void engine_stats(struct engine *engine, struct engine_stats *ret);

/*
 * Of several processes on one PostgreSQL one leads: it seals, publishes and delivers, and does what else must be done once. Another
 * takes over within seconds of its end. With SQLite it is always this one.
 */
bool engine_leads(struct engine *engine);

/* Ids: 63 bits. New ones grow with time; the other derives one from an idempotency key. */
int64_t aggregate_id_new(moment now);
int64_t aggregate_id_from(const char *actor_id, const char *key);

/* All events of one aggregate but erased ones, oldest first, read from the store (for histories on pages and for tests). */
int engine_history(struct db *db, const struct kind *const *kinds, int64_t id, struct arena *arena, struct event **ret,
                   size_t *ret_n, struct error *error);

/* The random name of an aggregate in the ledger: 16 bytes; NOT_FOUND not-found. It belongs on pages of its own people only. */
int engine_pseudonym(struct db *db, int64_t id, unsigned char ret[16], struct error *error);

/* The newest of them first, at most max, before the event given (a seq; 0: from the newest): as many are read as are given. */
int engine_recent(struct db *db, const struct kind *const *kinds, int64_t id, int64_t before, size_t max, struct arena *arena,
                  struct event **ret, size_t *ret_n, struct error *error);

/* Lets go of the events' data; the rest is the arena's. */
void history_free(struct event *events, size_t n);

/* Every event but erased ones, in order: visit returns -1 to stop with its error. The events live for the call only. */
typedef int event_visitor(void *context, const struct event *event, struct error *error);
int engine_scan(struct db *db, const struct kind *const *kinds, int64_t after_seq, event_visitor *visit, void *context,
                struct error *error);

/* The newest signed checkpoint: size 0 and an empty note where there is none yet. */
struct engine_checkpoint {
  int64_t size;
  moment at;
  struct span note; /* c2sp.org/tlog-checkpoint, in the arena */
  struct span vkey; /* of the log, as kept in the store */
};
int engine_last_checkpoint(struct db *db, struct arena *arena, struct engine_checkpoint *ret, struct error *error);

/* The newest checkpoint that went out, with its cosignatures: size 0 and an empty note where there is none yet. */
struct engine_published {
  int64_t size;
  moment at;
  struct span note; /* in the arena */
};
int engine_published(struct db *db, struct arena *arena, struct engine_published *ret, struct error *error);

/* What a witness said when it was last asked. */
enum witness_answer {
  WITNESS_NOT_ASKED,
  WITNESS_SIGNED,
  WITNESS_SILENT,        /* no answer in time */
  WITNESS_REFUSED,       /* an answer that is no cosignature; see http */
  WITNESS_BAD_SIGNATURE, /* not by the key of the policy */
  WITNESS_AHEAD,         /* it has cosigned a larger tree under this name than we have: ours was set back */
  WITNESS_INCONSISTENT   /* it says our tree does not continue the one it cosigned */
};

struct witness_status {
  const char *name; /* of the policy; lives as long as the engine */
  enum witness_answer answer;
  int http;     /* status of its answer; 0: none */
  int64_t size; /* the largest tree that it has cosigned, as far as is known */
  moment at;    /* of its newest cosignature; 0: none since the start */
};

/* How the publishing stands, now and without the store. */
struct engine_log_status {
  bool on;                          /* the engine publishes at all */
  int64_t size;                     /* published */
  moment at;                        /* when; 0: never */
  int64_t waiting_size;             /* the checkpoint that waits to be published; 0: none */
  moment waiting_since;             /* when the oldest waiting one was signed */
  size_t missing;                   /* cosignatures that the policy still wants for it */
  size_t witness_count;             /* of the policy; 0: no witnesses */
  struct witness_status *witnesses; /* in the arena */
  struct error error;               /* why it does not get on, where that is not a missing witness; code ERROR_OK: nothing */
};
void engine_log_status(struct engine *engine, struct arena *arena, struct engine_log_status *ret);

struct ledger_report {
  int64_t events, sealed, checkpoints;
  int64_t erased;         /* events whose content was destroyed, under an event that says so; checked by their leaf only */
  moment last_checkpoint; /* 0: none yet */
  bool trusted_key;       /* the log's key was given, not read from the store that is being checked */
};

/*
 * Reads the whole store and finds any event that was changed, removed, added or reordered since it was sealed. vkey is the
 * log's public key as published; NULL takes the one the store itself holds. Error ledger-broken says where; others say
 * that the check could not be made.
 */
int engine_verify(struct db *db, const struct kind *const *kinds, const char *vkey, struct ledger_report *ret, struct error *error);

#endif
