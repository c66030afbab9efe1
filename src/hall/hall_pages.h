/*
 * hall_pages.h: the pages of halls: what everybody sees, what a person has booked, the windows, and the same as JSON.
 */
#ifndef ONEVISIT_HALL_HALL_PAGES_H
#define ONEVISIT_HALL_HALL_PAGES_H

#include "web/web.h"

extern const struct route hall_routes[];     /* /halls, /visits: everybody; booking: applicants */
extern const struct route window_routes[];   /* /queue: clerks; /halls/{hall}/manage: supervisors */
extern const struct route hall_api_routes[]; /* /api/halls, /api/visits, /api/queue */

/* Of the topics «hall/HALL» and «hall/HALL/ZONE»: see struct live_source. */
int64_t hall_live_version(void *context, struct db *db, const char *topic, moment now);

#endif
