/*
 * mechanisms.h: the one table of what this program is made of. A new room adds its kinds, migrations and routes here.
 */
#ifndef ONEVISIT_CLI_MECHANISMS_H
#define ONEVISIT_CLI_MECHANISMS_H

#include "engine/engine.h"
#include "web/web.h"

extern const struct kind *const all_kinds[];
extern const struct migration *const all_migrations[]; /* in the order they are applied */
extern const struct route *const all_routes[];
extern const struct nav_item site_nav[]; /* by role */

#endif
