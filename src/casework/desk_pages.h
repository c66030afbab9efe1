/*
 * desk_pages.h: the pages of those who work on cases: the window desk, the departments, the issuing desk, the overview; and
 * the same as JSON. What may be done is decided by the rules (casework.c): a page only leaves out what they would refuse and
 * says why.
 */
#ifndef ONEVISIT_CASEWORK_DESK_PAGES_H
#define ONEVISIT_CASEWORK_DESK_PAGES_H

#include "web/web.h"

extern const struct route desk_routes[];      /* /desk: clerks; the files of a case, for all staff */
extern const struct route office_routes[];    /* /office: officers */
extern const struct route issue_routes[];     /* /issue: the issuing desk */
extern const struct route overview_routes[];  /* /overview: supervisors */
extern const struct route records_routes[];   /* /records: records officers */
extern const struct route staff_api_routes[]; /* /api/…/inbox, /api/cases/{no}/commands/{command}, /api/cases/{no}/history */

#endif
