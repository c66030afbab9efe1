/*
 * lease.h: who of several processes on one PostgreSQL writes next.
 *
 * The lease is a session's advisory lock: whoever holds it may take what it knows of the store for the newest. It is about
 * speed, not about safety: a holder that was cut off and does not know it is kept from committing by the row that every
 * transaction changes (src/engine/turn.h). Who waits long takes the holder for stopped and ends its sessions.
 * With SQLite there is one writer: everything here succeeds at once.
 */
#ifndef ONEVISIT_STORE_LEASE_H
#define ONEVISIT_STORE_LEASE_H

#include "store/store.h"

/* On a DB_SHARE connection, outside of a transaction. Waits. Errors: store-locked, store-unreachable. */
int lease_take(struct db *db, struct error *error);
int lease_give(struct db *db, struct error *error);
/* Does another process wait for it? */
int lease_wanted(struct db *db, bool *ret, struct error *error);

/* One process of all leads (it seals, publishes and delivers), as long as this connection lives. Does not wait. */
int lease_lead(struct db *db, bool *ret, struct error *error);

#endif
