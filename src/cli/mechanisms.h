/*
 * mechanisms.h: the one table of what this program is made of. A new room adds its kinds, migrations and routes here.
 */
#ifndef ONEVISIT_CLI_MECHANISMS_H
#define ONEVISIT_CLI_MECHANISMS_H

#include "engine/engine.h"

extern const struct kind *const all_kinds[];
extern const struct migration *const all_migrations[]; /* in the order they are applied */

#endif
