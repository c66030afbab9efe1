/*
 * internal.h: what the files of this room share: the rules need to see the state they are making.
 */
#ifndef ONEVISIT_CASEWORK_INTERNAL_H
#define ONEVISIT_CASEWORK_INTERNAL_H

#include "casework/casework.h"

enum { NOTICE_DAYS = 5, ISSUE_DAYS = 10, CORRECTION_DAYS = 15, EXTENSION_MAX = 10, JOINT_EXTENSION_MAX = 15, JOINT_CAP = 45 };
enum { PLAN_ITEMS_MAX = 200, PLAN_LINES_MAX = 2000, ATTACHMENTS_MAX = 200, TEXT_MAX = 4000 };

/* The kind's function; also used on a copy by the rules, to see what an event leads to. */
int casefile_evolve(void *state, struct arena *arena, const struct event *event);

/* A copy whose items, steps, materials, fields and attachments may change without the original noticing. */
struct casefile *casefile_clone(const struct casefile *c, struct arena *arena);
void *list_copy(struct arena *arena, const void *list, size_t n, size_t size); /* never NULL, also of nothing */

/* Takes the plan's lines over into the state, keeping what was filled in already. -1: not the shape of a plan. */
int casefile_pin(struct casefile *c, struct arena *arena, const json_t *plan);

/* The events of the joint back office (joint_state.c): 0 done, -1 malformed, 1 not one of them. */
int joint_evolve(struct casefile *c, struct arena *arena, const struct event *event);
/* Counts the time up to the event as what the case waited for before it. */
void joint_measure(struct casefile *c, moment at);
struct joint joint_clone(const struct joint *j, struct arena *arena);
void joint_dump(const struct casefile *c, bool personal, struct json_writer *w);
void casefile_note_worker(struct casefile *c, struct arena *arena, const struct actor *actor);

/* The rows of it (joint_store.c): loud is true where an event may have changed what waits for whom. */
void joint_project(const struct casefile *c, const struct event *events, size_t n, bool loud, struct rowset *rows);
void joint_erase_rows(const struct casefile *c, struct rowset *rows);
extern const struct sql casework_put_task; /* 12 values: the columns of tasks */
extern const struct sql casework_put_file; /* $1 sha256, $2 case_id */

bool step_is_decision(const struct case_step *s);
void item_begin_steps(struct casefile *c, int item, moment at);
bool is_one_of(const char *type, const char *const *list); /* ended by NULL */

/* Writes the rows lists and pages read (casework_store.c). */
void casefile_project(const void *state, const struct event *events, size_t n, struct rowset *rows);

/* The rows and files of a case whose personal values go. */
void casefile_erase_rows(const void *state, struct rowset *rows);

/* What may be known of a case after it is erased, and back (erasure.c). */
json_t *casefile_residue(const struct casefile *c, const char *ground);
int casefile_from_residue(struct casefile *c, struct arena *arena, const struct event *event);

int delivery_bit(struct span mode); /* enum delivery_set; 0 for an unknown one */

/* {"day": "2026-12-01", "provisional": true} */
json_t *due_json(struct due due);
struct due due_read(const json_t *object);
json_t *day_json(day d); /* null for DAY_NONE */
day day_read(const json_t *text);

/* Index of an item named by its index or its id; -1. */
int item_index(const struct casefile *c, const json_t *name);

/* Granted, and nothing outstanding: what rests on it may begin. */
bool item_has_result(const struct casefile *c, size_t item);

#endif
