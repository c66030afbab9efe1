/*
 * promise_pages.h: what is promised and how it was proved: /things/{id}/proof, /negative-list, /catalogue/versions, and as JSON
 * /api/catalogue, /api/catalogue/proof, /api/things/{id}/proof.
 */
#ifndef ONEVISIT_PROMISE_PROMISE_PAGES_H
#define ONEVISIT_PROMISE_PROMISE_PAGES_H

#include "promise/promise.h"
#include "web/web.h"

extern const struct route promise_routes[];

/* ---- for the templates, the matter's own page too ---- */

#define ONLINE "one-trip-online"
#define WINDOW "one-trip-window"

/* «已证明：网上申请最多跑 1 次», or that some need more, or that nothing is promised; and the kind of tag it goes into. */
const char *promise_trip_words(const struct request *rq, const struct promise_thing *promised, const char *property);
const char *promise_trip_kind(const struct promise_thing *promised, const char *property);

const char *promise_plain_words(const struct request *rq, const char *property); /* what a property says, in a sentence */
const char *promise_count_words(struct request *rq, double n);                   /* «6912» */
bool promise_overdue(const struct request *rq, const struct exception *exception);

/* Where a version stands on the ledger, to link to. */
struct release_view {
  struct release release;
  const char *receipt; /* the path of the page of its newest entry */
  const char *pseudonym;
};

struct proof_page {
  const struct promise *promise;
  const struct promise_thing *thing;
  const struct release_view *release; /* NULL: not on the ledger (yet) */
};

struct negative_line {
  const struct promise_thing *thing;
  const struct promise_line *line;
};

struct negative_page {
  const struct promise *promise;
  struct negative_line *list; /* of this page */
  size_t n;
  int64_t total, page, pages;
};

struct term_line {
  struct term term;
  const char *receipt; /* the path of the page of its entry */
};

struct versions_page {
  const struct promise *promise;
  struct term_line *terms; /* the newest ones: on the first page only */
  size_t term_count;
  struct release_view *list;
  size_t n;
  const char *next; /* NULL: the last page */
};

#endif
