/*
 * internal.h: what the files of the room share.
 */
#ifndef ONEVISIT_CREDIT_INTERNAL_H
#define ONEVISIT_CREDIT_INTERNAL_H

#include "credit/credit.h"

struct credit { /* of the newest record; by NULL: there never was one */
  enum credit_state state;
  const char *subject, *account, *case_number, *reasons, *basis, *by, *appeal, *answer;
  moment marked;
  bool appealed;
};

void credit_project(const void *state, const struct event *events, size_t n, struct rowset *rows);

#endif
