/*
 * paper_pages.h: the papers of a case as PDF, for its applicant and its staff; and the page where anybody checks one.
 */
#ifndef ONEVISIT_PAPER_PAPER_PAGES_H
#define ONEVISIT_PAPER_PAPER_PAGES_H

#include "paper/paper.h"
#include "web/web.h"

extern const struct route paper_routes[];

/* ---- for the template ---- */

struct paper_check {
  const struct sheet *sheet; /* NULL: none has the code, or none was asked for */
  bool asked;
  const char *wrong;    /* what was typed does not fit the paper found: its number; NULL */
  const char *layout;   /* how it would be set today, where that is another way; NULL */
  const char *sentence; /* why not, in the reader's language */
};

#endif
