/*
 * mirror_pages.h: a mirror's copy, under the paths of the log itself (tlog-tiles): GET /checkpoint, /tile/…. rq->app lends it.
 */
#ifndef ONEVISIT_WITNESS_MIRROR_PAGES_H
#define ONEVISIT_WITNESS_MIRROR_PAGES_H

#include "web/web.h"

extern const struct route mirror_routes[];

#endif
