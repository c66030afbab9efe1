/*
 * internal.h: what the files of this room share.
 */
#ifndef ONEVISIT_NOTICE_INTERNAL_H
#define ONEVISIT_NOTICE_INTERNAL_H

#include "notice/notice.h"

#define NOTICE_CODE_TOPIC "notice-code" /* the code that confirms an address: {email, code} */
#define NOTICE_GIVE_UP (3 * DAY_MS)

struct told { /* the state of a notice */
  int64_t id, case_id;
  const char *event, *item, *day;
  moment at;
  enum notice_state states[NOTICE_CHANNELS];
};

extern const char *const notice_topics[NOTICE_CHANNELS]; /* "notice-email" … */
void notice_project(const void *state, const struct event *events, size_t n, struct rowset *rows);
void contact_project(const void *state, const struct event *events, size_t n, struct rowset *rows);

/* Errors: mail-silent, mail-resting (BUSY, try again), mail-refused (RULE: never). */
struct post_office {
  const char *url, *user;
  struct gateway_rest rest;
};
int mail_send(struct post_office *office, struct arena *arena, const struct mail *mail, struct error *error);

#endif
