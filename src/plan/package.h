/*
 * package.h: many like projects in one zone as one file (打包审批): the same answers, each its own name and site.
 *
 * What the catalogue marks `per: package` is handled, handed in and entered once for all of them; the rest once for each
 * project. All of it is one application, one acceptance and one delivery a stage. Days are those of one project: the
 * projects run side by side.
 */
#ifndef ONEVISIT_PLAN_PACKAGE_H
#define ONEVISIT_PLAN_PACKAGE_H

#include "plan/plan.h"

#define PACKAGE_SITES_MAX 100

struct plan_site {
  const char *name; /* "" for a lone site */
  double longitude, latitude;
};

struct plan_package {
  struct plan_site *sites;
  size_t n;
  bool *item_once, *material_once, *field_once; /* beside the plan's lists: once for all projects */
  struct plan_tally before, after;              /* all projects, each item of each by itself; the package */
};

/*
 * Sites as people write them, one a line or a semicolon: «NAME@LONGITUDE,LATITUDE», the name may be left out for a lone one.
 * Errors: bad-site (where: the line), too-many-sites.
 */
int sites_read(struct arena *arena, struct span text, struct plan_site **ret, size_t *ret_n, struct error *error);

/* The zone in which all of them lie; *ret NULL where none holds the only one. Errors: sites-apart. */
int sites_zone(const struct catalog *catalog, const struct plan_site *sites, size_t n, const struct zone **ret,
               struct error *error);

/* Adds plan->package. Errors: not-a-project (only investment projects are packed). */
int plan_pack(struct arena *arena, struct plan *plan, struct plan_site *sites, size_t n, struct error *error);

#endif
