/*
 * kiosk.h: the devices in halls that everybody uses after one another.
 *
 * One aggregate (kind "kiosk") a device. Commands (data) → events:
 *   offer {hall, name}    supervisors → offered {hall, name, code, until}: eight digits, good once and for 15 minutes
 *   enrol {code, token}   the device, which types the code → enrolled {token}: the SHA-256 of what its cookie holds
 *   revoke                supervisors → revoked: from then on it is a browser like any other
 * Only a device that is enrolled shows the ticket machine of its hall.
 */
#ifndef ONEVISIT_KIOSK_KIOSK_H
#define ONEVISIT_KIOSK_KIOSK_H

#include "engine/engine.h"

extern const struct kind kiosk_kind;
extern const struct migration kiosk_migrations[];

#define KIOSK_CODE_MS (15 * MINUTE_MS)

enum kiosk_state { KIOSK_NONE, KIOSK_OFFERED, KIOSK_ENROLLED, KIOSK_REVOKED };

struct kiosk {
  int64_t id;
  enum kiosk_state state;
  const char *hall, *name;
  const char *code; /* until it is used; "" */
  moment until;     /* the code is good */
  const char *token;
  const char *by; /* actor id of who offered it */
  moment at;      /* of the last change */
};

/* The enrolled device whose token has this digest (64 hex digits); else *ret has id 0. */
int kiosk_by_token(struct db *db, const char *digest, struct arena *arena, struct kiosk *ret, struct error *error);
/* The device that this code was made for; NOT_FOUND bad-code. */
int kiosk_by_code(struct db *db, struct span code, struct arena *arena, struct kiosk *ret, struct error *error);
/* Of a hall, but the revoked ones, the newest first; at most max. */
int kiosks_of(struct db *db, const char *hall, size_t max, struct arena *arena, struct kiosk **ret, size_t *ret_n,
              struct error *error);

/* kiosk_store.c, for kiosk.c */
void kiosk_project(const void *state, const struct event *events, size_t n, struct rowset *rows);

#endif
