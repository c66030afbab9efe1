/*
 * timeline.h: the events of a case in words, as of a parcel. Part of casework_view; pages use that.
 */
#ifndef ONEVISIT_CASEWORK_TIMELINE_H
#define ONEVISIT_CASEWORK_TIMELINE_H

#include "casework/casework_view.h"

/*
 * Newest first; c is the state after all of them. pseudonym: of the case in the ledger, for the links to the steps' receipts,
 * which the public does not get.
 */
struct stage_line *case_timeline(struct request *rq, const struct casefile *c, const char *pseudonym, const struct event *events,
                                 size_t n, enum view_for who, size_t *ret_n);

#endif
