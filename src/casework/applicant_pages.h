/*
 * applicant_pages.h: the routes of applicants and of the public's progress page, and the same as JSON under /api/.
 * They need rq->app->catalog, ->store and ->throttle.
 */
#ifndef ONEVISIT_CASEWORK_APPLICANT_PAGES_H
#define ONEVISIT_CASEWORK_APPLICANT_PAGES_H

#include "web/web.h"

extern const struct route applicant_routes[];
extern const struct route applicant_api_routes[];

#endif
