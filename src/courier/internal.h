/*
 * internal.h: what the files of this room share.
 */
#ifndef ONEVISIT_COURIER_INTERNAL_H
#define ONEVISIT_COURIER_INTERNAL_H

#include "courier/courier.h"

enum { TRACKING_MAX = 60 };

#define COURIER_ORDER "courier-order" /* a parcel is to be ordered: {parcel, attempt} */
#define COURIER_DONE "courier-done"   /* a parcel was delivered: {parcel} */

/*
 * What of a case goes into its parcel now, the arguments of «pack»: what is issued, goes by courier and is in none of its parcels
 * yet; due: the first day by which one of that has to be with the applicant; more: another is granted and will be issued.
 */
json_t *parcel_packing(const struct casefile *c, const struct parcel *parcels, size_t n);

void courier_erase_rows(const void *state, struct rowset *rows);
void courier_project(const void *state, const struct event *events, size_t n, struct rowset *rows);

#endif
