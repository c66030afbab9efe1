/*
 * internal.h: what the files of this room share.
 */
#ifndef ONEVISIT_COURIER_INTERNAL_H
#define ONEVISIT_COURIER_INTERNAL_H

#include "courier/courier.h"

enum { TRACKING_MAX = 60 };

#define COURIER_ORDER "courier-order" /* a parcel is to be ordered: {parcel, attempt} */
#define COURIER_DONE "courier-done"   /* a parcel was delivered: {parcel} */

void courier_project(const void *state, const struct event *events, size_t n, struct rowset *rows);

#endif
