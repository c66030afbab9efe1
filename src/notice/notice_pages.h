/*
 * notice_pages.h: where an applicant wants his notices, and what was sent about a case.
 */
#ifndef ONEVISIT_NOTICE_NOTICE_PAGES_H
#define ONEVISIT_NOTICE_NOTICE_PAGES_H

#include "notice/notice.h"
#include "web/web.h"

extern const struct route notice_routes[];

/* ---- for the templates ---- */

struct contact_view {
  struct contact contact;
  const char *done; /* what was done just now; NULL */
};
struct notices_view {
  const char *name; /* of the case */
  const char *number;
  struct notice_row *list;
  size_t n;
};
/* «Accepted: Open a restaurant»; name: of the case, where it is about no item of it. */
const char *notice_subject(struct request *rq, const struct notice_row *row, const char *name);
const char *notice_state_text(struct request *rq, const struct notice_row *row);

#endif
