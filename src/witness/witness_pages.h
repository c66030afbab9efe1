/*
 * witness_pages.h: the witness over HTTP (c2sp.org/tlog-witness v1.0.0). rq->app lends the witness.
 *
 *   POST /add-checkpoint                  the request as text, of any media type
 *   GET  /<hex SHA-256(origin)>/checkpoint   the newest cosigned checkpoint; 404 where there is none
 *   GET  /                                for people: the name, the key, what it has seen
 *   GET  /healthz
 */
#ifndef ONEVISIT_WITNESS_WITNESS_PAGES_H
#define ONEVISIT_WITNESS_WITNESS_PAGES_H

#include "web/web.h"

extern const struct route witness_routes[];

#endif
