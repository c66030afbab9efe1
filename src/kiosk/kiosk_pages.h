/*
 * kiosk_pages.h: what a kiosk shows first, and who may be one.
 *
 * A supervisor makes a code at /halls/HALL/kiosks; the device opens /kiosk and types it, and is a kiosk of that hall until it is
 * revoked there. /kiosk begins for the next person; /kiosk/end signs out whoever is signed in and has the browser forget what it
 * keeps. Every page of a kiosk leads there by a button, and by itself after a minute without a touch (web/assets/app.js). What is
 * done there has channel «kiosk».
 */
#ifndef ONEVISIT_KIOSK_KIOSK_PAGES_H
#define ONEVISIT_KIOSK_KIOSK_PAGES_H

#include "kiosk/kiosk.h"
#include "web/web.h"

#define DEVICE_COOKIE "device" /* holds its token; the store has the token's digest */
const char *kiosk_digest(struct arena *arena, struct span token);
/* The device that asks, where it is an enrolled one; else *ret has id 0. */
int kiosk_here(struct request *rq, struct kiosk *ret, struct error *error);

extern const struct route kiosk_routes[];

/* What can be done at a kiosk; the program's table, as its navigation is. */
struct kiosk_tile {
  const char *path;
  const char *after;        /* the path is of the kiosk's hall, this follows the hall's name; NULL: the path is whole */
  const char *title, *text; /* N_(…) */
};
extern const struct kiosk_tile kiosk_tiles[]; /* ended by {0}; in cli/mechanisms.c */

struct kiosks_view {
  const char *hall, *name; /* of the hall */
  const struct kiosk *list;
  size_t n;
  const char *done; /* what was done just now; NULL */
};

#endif
