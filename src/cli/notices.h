/*
 * notices.h: the outlet of the topic «notice»: what an applicant must hear, posted to the city's message gateway.
 */
#ifndef ONEVISIT_CLI_NOTICES_H
#define ONEVISIT_CLI_NOTICES_H

#include "engine/engine.h"

/*
 * POSTs the JSON body to url with the header Idempotency-Key: DELIVERY; 2xx is delivered, all else is tried again. Without
 * a URL the case's page is the only place that shows notices, and they count as delivered.
 */
struct outlet notices_outlet(const char *url);

#endif
