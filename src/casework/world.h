/*
 * world.h: what mechanisms may look at while they decide: engine_options.world points here.
 *
 * Everything in it outlives the engine and never changes while the engine runs.
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
