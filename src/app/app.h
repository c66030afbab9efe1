/*
 * app.h: what the running program lends to every mechanism's pages (struct request has it as rq->app).
 */
#ifndef ONEVISIT_APP_APP_H
#define ONEVISIT_APP_APP_H

#include <stdbool.h>

struct accounts;
struct catalog;
struct mirror;
struct pieces;
struct promise;
struct shelf;
struct store;
struct throttle;
struct press;
struct witness;
struct workshop;

struct app {
  const struct catalog *catalog;
  const struct promise *promise; /* what is proved of it: promise.h; NULL where nothing is served but a log */
  struct pieces *pieces;         /* of pages, as long as the two above are in force: web.h; may be NULL */
  struct shelf *shelf;           /* where all these come from (edition.h); a request borrows them */
  struct workshop *workshop;     /* of the catalogue's editors: workshop.h */
  struct accounts *accounts;     /* who people are: account.h */
  struct store *store;           /* for attachments: blob.h */
  struct throttle *throttle;     /* of sign-in and of the public's questions by number and code */
  const char *key_dir;           /* the ledger's, the departments' and the accounts' secrets */
  struct witness *witness;       /* of `onevisit witness` and `onevisit mirror`, else NULL */
  struct mirror *mirror;         /* of `onevisit mirror`, else NULL */
  const char *log_dir;           /* the public log: ledger/logdir.h */
  const char *policy;            /* the file that names its witnesses (ledger/policy.h); it need not exist */
  struct press *press;           /* sets papers: paper/press.h; NULL where their fonts are missing */
  const char *site;              /* «https://…»: where the public reaches us, printed on papers */
  const char *courier_secret;    /* shared with the courier's system; NULL where there is none */
  const char *readers;           /* addresses that may read the log's entries (record/readers.h); NULL: everybody */
  bool sample;                   /* the sample city: sample identity provider, sample staff */
};

#endif
