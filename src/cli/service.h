/*
 * service.h: what the running program answers about itself: GET /healthz.
 */
#ifndef ONEVISIT_CLI_SERVICE_H
#define ONEVISIT_CLI_SERVICE_H

#include "web/web.h"

extern const struct route service_routes[];

#endif
