/*
 * courier_pages.h: where a result is (the applicant), what came back (the issuing desk), and what the courier calls back.
 */
#ifndef ONEVISIT_COURIER_COURIER_PAGES_H
#define ONEVISIT_COURIER_COURIER_PAGES_H

#include "courier/courier.h"
#include "web/web.h"

extern const struct route courier_routes[];

/* ---- for the templates ---- */

struct parcel_view {
  const struct parcel *p;
  const char **items;            /* names of what is in it, in the reader's language */
  const char *all, *state, *tag; /* the names together */
};
struct parcels_view {
  const char *number; /* of the case; NULL in the list of what came back */
  struct parcel_view *list;
  size_t n;
  const char *next; /* of the next page; NULL */
  const char *done; /* what was done just now; NULL */
  bool desk;
};

#endif
