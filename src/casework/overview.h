/*
 * overview.h: what the supervisor's first page shows.
 */
#ifndef ONEVISIT_CASEWORK_OVERVIEW_H
#define ONEVISIT_CASEWORK_OVERVIEW_H

#include "casework/casework.h"
#include "web/web.h"

struct overview {
  struct state_count *counts;
  size_t count_n;
  struct task *due; /* what is late or due in two working days */
  size_t due_n;
  const char *next; /* of the next page of due; NULL */
  struct alert_row *alerts;
  size_t alert_n;
  struct closed_sum closed; /* the last 30 days */
  struct spent_medians spent;
  struct task *mine; /* questions to the centre and disagreements */
  size_t mine_n;
  bool state; /* a list of the cases in_state is shown */
  enum case_state in_state;
  struct case_row *cases;
  size_t case_n;
  const char *more;    /* of its next page; NULL */
  const char *missing; /* the number that was searched for in vain; NULL */
};

const char *overview_card(const struct request *rq, const char *level);    /* «黄牌» */
const char *overview_card_kind(const char *level);                         /* of a tag */
bool overview_handled(const struct request *rq, const struct casefile *c); /* this person accepted or decided it */

#endif
