/*
 * timeline.h: the events of a case in words, as of a parcel. Part of casework_view; pages use that.
 */
#ifndef ONEVISIT_CASEWORK_TIMELINE_H
#define ONEVISIT_CASEWORK_TIMELINE_H

#include "casework/casework_view.h"

/* Newest first; c is the state after all of them. */
struct stage_line *case_timeline(struct request *rq, const struct casefile *c, const struct event *events, size_t n,
                                 enum view_for who, size_t *ret_n);

#endif
