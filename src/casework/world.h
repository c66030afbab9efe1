/*
 * world.h: what mechanisms may look at while they decide: engine_options.world points here.
 *
 * Everything in it never changes; another world may take its place between two decisions (engine_set_world), and this one then
 * goes when nobody looks at it any more. So nothing of it is kept in a state.
 */
#ifndef ONEVISIT_CASEWORK_WORLD_H
#define ONEVISIT_CASEWORK_WORLD_H

#include "catalog/catalog.h"

struct world {
  const struct catalog *catalog; /* agencies, the calendar, the prefix of papers; plans are pinned to their cases */
  const char *paper_layout;      /* kept with each paper's number: how it was set (paper/press.h); NULL: not kept */
  const char *paper_site;        /* and where it is checked: «https://…»; NULL: not kept */
};

#endif
