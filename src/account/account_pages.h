/*
 * account_pages.h: the routes of the room, and who is signed in.
 */
#ifndef ONEVISIT_ACCOUNT_ACCOUNT_PAGES_H
#define ONEVISIT_ACCOUNT_ACCOUNT_PAGES_H

#include "account/account.h"
#include "web/web.h"

/* The sample identity provider's answer «not found» unless rq->app->sample. They need rq->app->accounts and ->throttle. */
extern const struct route account_routes[];

/* For web_options.authenticate; the context is not looked at. One indexed read on rq->db. */
int account_authenticate(void *context, struct request *rq, struct span token, struct principal *ret, struct error *error);

/* Ends the session of whoever is signed in, if anybody is, and forgets its cookie. */
int account_leave(struct request *rq, struct error *error);

/* What /account shows. */
struct account_view {
  struct account_row row;
  const char *roles, *agency; /* in the reader's words */
  const struct session_row *sessions;
  size_t sessions_n;
  bool password_changed, others_ended; /* just now */
};

#endif
