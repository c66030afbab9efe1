/*
 * watch_pages.h: what the pages of alarms and keys show.
 */
#ifndef ONEVISIT_WATCH_PAGES_H
#define ONEVISIT_WATCH_PAGES_H

#include <string.h>

#include "watch/alarm.h"
#include "web/web.h"

struct alarms_page {
  struct alarm_row *list;
  size_t n;
  const char *next; /* NULL: the last page */
  bool done;
};

struct keys_page {
  struct ledger_key *list;
  size_t n;
  const struct input_option *departments;
  bool done;
};

const char *alarm_title(const struct request *rq, const char *word);
const char *alarm_field(struct request *rq, const struct alarm_row *alarm); /* of its form */

#endif
