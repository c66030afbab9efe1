/*
 * turn.h: whose group of commands comes next: among the writers of this process, and among processes on one PostgreSQL. Private
 * to the engine.
 *
 * Groups are decided one after the other, under one lock (turn_enter), each upon the state that the one before it leaves: so
 * events are numbered 1, 2, 3 … and series have no gaps, whoever writes. Their rows go to the store side by side; they
 * are committed in their order. Where one fails, those after it do not stand: they are rolled back and decided again.
 *
 * What makes that safe is one row, `newest`: the last event's number and a mark, new with each group. Every transaction changes
 * it from what its group was decided upon to its own, as its last statement, or fails. So a transaction commits exactly upon the
 * state it was decided on, or not at all: a process that was paused, cut off, or is connected to a database that went
 * back in time can never commit into a world that it does not know.
 *
 * What makes it fast is the lease (store/lease.h): while a process holds it, no other writes, and what it has in memory is the
 * newest. When it takes the lease again, it reads which aggregates the events since then belong to, and drops those.
 */
#ifndef ONEVISIT_ENGINE_TURN_H
#define ONEVISIT_ENGINE_TURN_H

#include <pthread.h>

#include "store/lease.h"

struct engine;
struct writer;

/* The place of one group. */
struct place {
  uint64_t number;
  int64_t seq_before, mark_before;
  int64_t seq, mark; /* after it */
};

struct turn {
  pthread_mutex_t lock;
  pthread_cond_t moved;
  struct db *db;           /* the lease's connection; NULL: nobody else can write */
  uint64_t numbered, over; /* groups */
  int under_way;           /* groups that have begun and not ended */
  bool broken;             /* one failed: those after it do not stand */
  bool unsure;             /* a connection was lost, or the row was not as expected: look, and shut out who may still commit */
  bool held;
  int64_t seq, mark;           /* committed */
  int64_t next_seq, next_mark; /* of the last group numbered */
  int64_t since_us, used_us;   /* the lease was taken; the last group ended */
  int64_t one_by_one_until_us;
  int64_t looked_us;
  int64_t incarnation, lead_incarnation; /* of db, when the memory was right, and when it led */
  int64_t moves;                         /* how often something had changed when the lease was taken */
};

void turn_init(struct engine *engine);
int turn_open(struct engine *engine, struct error *error);
void turn_close(struct engine *engine);

void turn_enter(struct engine *engine);
void turn_leave(struct engine *engine);

/* Inside, before anything is decided: waits until this process may, with what it has in memory up to date. */
int turn_hold(struct engine *engine, struct error *error);
/* Inside: the group begins; it is decided, and gets its place. */
void turn_begin(struct engine *engine);
void turn_number(struct engine *engine, bool writes, struct place *ret); /* one that writes nothing leaves the row as it is */
/* Outside: waits for the groups before; false: one of them failed. */
bool turn_wait(struct engine *engine, const struct place *place);
/* The last statement of a group that writes, before the commit. */
int turn_stamp(struct writer *writer, const struct place *place, struct error *error);
void turn_end(struct engine *engine, const struct place *place, bool committed);
/* Inside: now and then, that deadlines set elsewhere and a leader that is gone are noticed. */
void turn_look(struct engine *engine);
/* Inside: gives the lease to others where nothing is to be done. */
void turn_rest(struct engine *engine);
/* Inside: for some time groups are not written side by side: their rows wait for one another. */
void turn_one_by_one(struct engine *engine);

#endif
