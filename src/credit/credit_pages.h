/*
 * credit_pages.h: the pages of credit records: of those who oversee (/credit), and of the person himself (/my-credit).
 */
#ifndef ONEVISIT_CREDIT_PAGES_H
#define ONEVISIT_CREDIT_PAGES_H

#include <string.h>

#include "credit/credit.h"
#include "web/web.h"

extern const struct route credit_routes[];

struct credit_list {
  struct credit_row *list;
  size_t n;
  const char *next; /* of the next page; NULL */
  const char *done; /* what was done just now; NULL */
};

struct my_credit {
  bool found;
  struct credit_row row;
  bool done;
};

const char *credit_state_text(const struct request *rq, enum credit_state state);
const char *credit_by(struct request *rq, const char *actor); /* his name */

#endif
