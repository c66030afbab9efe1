/*
 * outside.h: the far ends that `onevisit serve` sends to: mail server, gateway of short messages, courier.
 */
#ifndef ONEVISIT_CLI_OUTSIDE_H
#define ONEVISIT_CLI_OUTSIDE_H

#include "courier/courier.h"
#include "notice/notice.h"

struct outside_options {
  struct store *store;
  const struct outlet *own; /* what stays inside, ended by {NULL}; copied */
  const char *key_dir, *site;
  const char *mail, *mail_from, *notices, *courier; /* URLs; NULL: there is none */
};
struct outside {
  struct courier *courier;
  struct notices *sender;
  const char *courier_secret;   /* NULL where there is no courier */
  const struct outlet *outlets; /* all of the program's, ended by {NULL} */
};

/*
 * Secrets are files of the keys' directory: notices.secret and courier.secret (made where they are missing: give a copy to the far
 * end), mail.user («user:password») and mail.ca (certificates), which may be missing. Everything lives in the arena but what
 * outside_close() frees.
 */
int outside_open(struct arena *arena, const struct outside_options *options, struct outside *ret, struct error *error);
void outside_serve(struct outside *outside, struct engine *engine);
void outside_close(struct outside *outside);

#endif
