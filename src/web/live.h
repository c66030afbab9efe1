/*
 * live.h: what the kernel keeps of live pages (private to web/; pages meet web_stream() in web.h).
 *
 * A stream (server-sent events) says one thing: «what this page shows has changed, its version is now N». It carries no content:
 * the page is fetched again and shows the newest state, so nothing can be lost between two states, a slow reader holds nothing up,
 * and a stream costs a few hundred bytes while nothing happens. Its connection is suspended then and takes no thread.
 */
#ifndef ONEVISIT_WEB_LIVE_H
#define ONEVISIT_WEB_LIVE_H

#include "web/internal.h"

struct live;
struct live *live_open(struct web *web); /* NULL without sources; starts the thread that looks */
void live_end(struct live *live);        /* ends every stream; before the daemon stops */
void live_close(struct live *live);      /* after it has stopped */

/* The answer of an exchange that web_stream() prepared. */
struct MHD_Response *live_response(struct exchange *x);

#endif
