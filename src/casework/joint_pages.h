/*
 * joint_pages.h: the pages on which departments work on one case together: {base}/cases/{no}/joint, made for a phone, for it is
 * where minutes are written on the spot. Base: /office, /overview (who oversees), /desk (clerks).
 *
 * Their forms carry no version: what one department does there never makes another's form stale; the rules look at the state.
 */
#ifndef ONEVISIT_CASEWORK_JOINT_PAGES_H
#define ONEVISIT_CASEWORK_JOINT_PAGES_H

#include "casework/staff.h"

extern const struct route joint_routes[];

struct html joint_hidden(struct request *rq, const char *key); /* guard and form */

const char *joint_when(struct request *rq, const struct gathering *g, int date); /* «2026年3月5日 下午» */
const char *joint_kind(const struct request *rq, const struct gathering *g);
const char *joint_state(const struct request *rq, const struct gathering *g);
const char *joint_state_tag(const struct gathering *g);
const char *joint_minutes(const struct request *rq, const struct attendee *a); /* «passed»; "" before */
const char *joint_span(struct request *rq, int64_t ms);                        /* «2 天 3 小时» */
const char *joint_spent(const struct request *rq, int kind);

/* Mine: of the department of who reads; the centre's for those who oversee. */
bool joint_is_mine(const struct request *rq, const char *agency);
int joint_seat(const struct request *rq, const struct gathering *g);                       /* -1 */
int joint_visit_to_offer(const struct request *rq, const struct staff_file *f);            /* a step of it; -1 */
bool joint_coordinates(const struct request *rq, const struct staff_file *f, size_t item); /* he may ask another department */
size_t joint_waiting(const struct request *rq, const struct casefile *c);                  /* what waits for him there */
const struct input_option *joint_dates(struct request *rq, const struct gathering *g, bool suit); /* all, or those that suit all */
const struct input_option *joint_agencies(struct request *rq, const struct casefile *c);          /* others of the case */
const struct input_option *joint_addressees(struct request *rq, const struct casefile *c);        /* with nobody and the centre */
const struct input_option *joint_departments(struct request *rq, const struct casefile *c, size_t item); /* that may join */
const struct input_option *joint_items(struct request *rq, const struct staff_file *f);                  /* under way */

/* Who is at work and who waits: each open step. */
struct joint_wait {
  const char *item, *step, *agency;
  moment since, taken;
  const char *what; /* «waits since», «taken up since» … */
  const char *tag;
};
struct joint_wait *joint_waits(struct request *rq, const struct staff_file *f, size_t *ret_n);

#endif
