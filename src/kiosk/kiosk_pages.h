/*
 * kiosk_pages.h: the device in the hall that everybody uses after one another.
 *
 * /kiosk makes the device that opens it a kiosk (a cookie; /kiosk/leave makes it an ordinary browser again) and begins for the
 * next person; /kiosk/end signs out whoever is signed in and has the browser forget what it keeps. Every page of a kiosk leads
 * there by a button, and by itself after a minute without a touch (web/assets/app.js). What is done there has channel «kiosk».
 */
#ifndef ONEVISIT_KIOSK_KIOSK_PAGES_H
#define ONEVISIT_KIOSK_KIOSK_PAGES_H

#include "web/web.h"

extern const struct route kiosk_routes[];

/* What can be done at a kiosk; the program's table, as its navigation is. */
struct kiosk_tile {
  const char *path;
  const char *title, *text; /* N_(…) */
};
extern const struct kiosk_tile kiosk_tiles[]; /* ended by {0}; in cli/mechanisms.c */

#endif
