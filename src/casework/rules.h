/*
 * rules.h: what the commands of a case share while one of them is decided (casework_rules.c).
 */
#ifndef ONEVISIT_CASEWORK_RULES_H
#define ONEVISIT_CASEWORK_RULES_H

#include "casework/internal.h"

struct work {
  const struct command *command;
  struct decision *d;
  struct error *error;
  struct casefile *c; /* a copy; after emit() the state the event leads to */
  const json_t *data;
  const struct calendar *calendar;
  day today;
};

/* Presences (到场) by the names of the command; their place in the list is a bit in the state. */
extern const char *const presence_names[];
enum { PICK_UP = 4, HAND_IN = 5, PRESENCE_COUNT = 6 };

struct clocks {
  struct due legal, promise, warn;
};

/*
 * Errors return -1. emit() applies the event to the copy, too, and takes data over; item is -1 where it is about the whole.
 * settle() brings about what follows of itself: items that open or cannot proceed, the end of the case.
 */
int refuse(struct work *w, enum error_code code, const char *name, const char *zh, const char *en);
int wrong_state(struct work *w);
int wrong_item_state(struct work *w, int item);
int missing_argument(struct work *w, const char *argument);
int bad_argument(struct work *w, const char *argument, const char *zh, const char *en);
int take_text(struct work *w, const json_t *object, const char *key, bool required, const char **ret);
int take_days(struct work *w, const char *key, int min, int max, int *ret);
int take_item(struct work *w, int *ret);
bool is_sha256(const char *hex); /* 64 hex digits */
bool is_role(const struct work *w, const char *role);
int check_separation(struct work *w);
int check_agency(struct work *w, const char *agency);
int check_not_reviewer(struct work *w);
int check_on_behalf(struct work *w);
int emit(struct work *w, const char *type, int item, json_t *data);
int year_of(day d);
void note_setting(const struct work *w, json_t *record); /* how and for which site a paper is set: world.h */
void add_paper(struct work *w, json_t *data, enum paper paper);
int note_presence(struct work *w, int why);
int note_hand_in(struct work *w);
struct due due_after(const struct work *w, day from, int days);
bool is_over(const struct work *w, struct due due);
struct clocks item_clocks(const struct work *w, const struct case_item *it, int paused, int extended);
void put_clocks(json_t *data, const struct clocks *k);
int do_erase(struct work *w);
int close_item(struct work *w, int item, const char *why, const char *reason);
int settle(struct work *w);

/* ---- the joint back office: casework_joint.c, casework_office.c ---- */
int check_takes_part(struct work *w);
int check_nothing_rests_on(struct work *w, int item);
int do_offer_dates(struct work *w);
int do_say_dates(struct work *w);
int do_choose_date(struct work *w);
int do_minutes(struct work *w);
int do_close_gathering(struct work *w);
int do_call_off(struct work *w);
int do_take_up(struct work *w);
int do_add_department(struct work *w);
int do_remove_department(struct work *w);
int do_return_step(struct work *w);
int do_reopen(struct work *w);
int do_message(struct work *w);
int do_escalate(struct work *w);
int do_rule(struct work *w);
int settle_gatherings(struct work *w);
int wake_gatherings(struct work *w);
int wake_consent(struct work *w);
/* When silence becomes consent for steps of the item: of those that begin, and of the others so many working days later. */
void put_consent(const struct work *w, int item, json_t *data, int later);
day joint_due(const struct casefile *c); /* the day at whose end something happens of itself; DAY_NONE */

/* ---- materials that may follow: casework_tolerance.c ---- */
int check_commitment(struct work *w, const struct casefile *would);
void put_commitment(struct work *w, json_t *data);
json_t *deferred_materials(struct work *w, day from);
int check_tolerance(struct work *w);
int complete_items(struct work *w);
int end_tolerance(struct work *w);
int remind(struct work *w);
int do_unfit(struct work *w);
day remind_due(const struct casefile *c); /* the day at whose beginning somebody is reminded; DAY_NONE */

#endif
