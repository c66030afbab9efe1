/*
 * internal.h: what the files of this room share.
 */
#ifndef ONEVISIT_NOTICE_INTERNAL_H
#define ONEVISIT_NOTICE_INTERNAL_H

#include "notice/notice.h"

#define NOTICE_CODE_TOPIC "notice-code" /* the code that confirms an address: {email, code} */
#define NOTICE_GIVE_UP (3 * DAY_MS)

struct told {          /* the state of a notice */
  int64_t id, case_id; /* of the case; 0: it is about a visit to a hall */
  const char *visit;   /* its code; "" */
  struct words place;  /* of the visit: the hall and its zone */
  const char *event, *item, *day;
  moment at;
  enum notice_state states[NOTICE_CHANNELS];
};

extern const char *const notice_topics[NOTICE_CHANNELS]; /* "notice-email" … */
void notice_project(const void *state, const struct event *events, size_t n, struct rowset *rows);
void contact_project(const void *state, const struct event *events, size_t n, struct rowset *rows);

/* What a notice is about (about.c). */
struct about {
  const char *gone;            /* why nobody is to be told: "erased", "past" (it is not so any more); NULL: somebody is */
  const char *account, *phone; /* personal; "" none */
  struct words what;           /* the thing or the item of the case */
  const char *hall, *zone;     /* of a visit */
  const char *number, *which;  /* of the case; of a visit its day and time, and the time */
  const char *page;            /* "/cases/…" */
  day on;                      /* DAY_NONE */
};
/* message: {case, event, item?, day?} or {visit, event, day}. */
int notice_about(struct db *db, const json_t *message, struct arena *arena, struct about *ret, struct error *error);

/*
 * With user or ca only over TLS, to a server whose certificate is right for its name. Errors: mail-silent, mail-resting,
 * mail-certificate, mail-ca, mail-plain, mail-login (BUSY, try again), mail-refused (RULE: never).
 */
struct post_office {
  const char *url;
  const char *user; /* «user:password»; NULL none */
  const char *ca;   /* PEM file of the only authorities whose certificates are taken; NULL: the system's */
  struct gateway_rest rest;
};
int mail_send(struct post_office *office, struct arena *arena, const struct mail *mail, struct error *error);

#endif
