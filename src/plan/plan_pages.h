/*
 * plan_pages.h: from a matter's start page over its questions, one a page, to the personal plan.
 *
 * Nothing is stored: the answers so far travel in the query string as «a.QUESTION=VALUE», so that the back button, a bookmark and
 * a browser without JavaScript all work.
 */
#ifndef ONEVISIT_PLAN_PLAN_PAGES_H
#define ONEVISIT_PLAN_PLAN_PAGES_H

#include "plan/explain.h"
#include "plan/package.h"
#include "web/web.h"

extern const struct route plan_routes[];

/* ---- for the templates ---- */

/* What a question's page shows. */
struct ask_page {
  const struct thing *thing;
  const struct question *question;
  const struct raw_answer *given; /* the good answers, in the order of the questions */
  size_t given_count;
};

/* A page of the matter with these answers: «/things/ID/plan?a.x=1&a.y=2»; extra («at=area») may be NULL. */
const char *plan_link(struct request *rq, const struct thing *thing, const char *page, const struct raw_answer *given, size_t n,
                      const char *extra);
const char *plan_link_of(struct request *rq, const struct plan *plan, const char *page, const char *extra);
const char *plan_answer_words(struct request *rq, const struct question *question, const struct answer *answer);
size_t plan_count(const struct plan *plan, enum plan_source source);
size_t plan_group_size(const struct plan *plan, enum form_group group);
bool plan_zone_matters(const struct plan *plan); /* a zone could cover something of it */

/* The line about this; NULL where there is none. */
const struct why_line *plan_why_line(const struct explanation *explanation, enum plan_pass pass, const char *id);
/* Something that is not asked, not done or not there. */
bool plan_left_out_line(const struct why_line *line);
size_t plan_left_out_count(const struct explanation *explanation, enum plan_pass pass);

#endif
