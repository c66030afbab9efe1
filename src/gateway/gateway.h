/*
 * gateway.h: one far end over HTTP that our messages are posted to, signed both ways: the courier, the gateway of short
 * messages. Made for outlets (engine.h): a far end that does not answer is let rest, so that it holds up no other.
 *
 * A signature is the hex HMAC-SHA256 of «SECONDS.BODY» under the shared secret; SECONDS is the Unix time in the header
 * X-Timestamp, the signature stands in X-Signature. Each message bears the same Idempotency-Key however often it is sent:
 * the far end does what it says once.
 */
#ifndef ONEVISIT_GATEWAY_GATEWAY_H
#define ONEVISIT_GATEWAY_GATEWAY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/moment.h"

struct gateway;

/* url: http or https, without a slash at its end; secret: not empty. Both are copied. */
void gateway_open(const char *url, const char *secret, struct gateway **ret);
void gateway_close(struct gateway *gateway); /* NULL is fine */

struct gateway_answer {
  int status;
  struct span body; /* at most 64 KiB, in the arena */
};

/*
 * Posts JSON to url + path; any status is an answer. Errors: gateway-silent (BUSY: no answer within ten seconds), gateway-resting
 * (BUSY: it did not answer a moment ago and is not asked again yet: 2 s, then twice as long each time up to a minute).
 */
int gateway_post(struct gateway *gateway, const char *path, const char *key, struct span body, struct arena *arena,
                 struct gateway_answer *ret, struct error *error);

#define GATEWAY_WINDOW (5 * MINUTE_MS) /* a signature is taken so long before and after its time */
#define GATEWAY_SIGNATURE 65
void gateway_sign(struct span secret, struct span seconds, struct span body, char ret[GATEWAY_SIGNATURE]);
/* Errors, both FORBIDDEN: bad-signature, stale-signature. */
int gateway_check(struct span secret, struct span seconds, struct span signature, struct span body, moment now,
                  struct error *error);

/* ---- resting, also for far ends that are reached in another way; zeroed at first, for one thread ---- */
struct gateway_rest {
  int failures;
  int64_t until_us; /* monotonic_us() */
};
bool gateway_rests(const struct gateway_rest *rest);
void gateway_failed(struct gateway_rest *rest);
void gateway_answered(struct gateway_rest *rest);

#endif
