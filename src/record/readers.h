/*
 * readers.h: who may read the log's entries, by address.
 *
 * An entry names nobody, but department, item and second may tell a neighbour whose case it is where little happens. A city
 * may therefore give the entries to departments, mirrors and monitors alone; checkpoints, hashes, keys and one's own receipts
 * stay open to everybody, and so does every check that needs no more.
 */
#ifndef ONEVISIT_RECORD_READERS_H
#define ONEVISIT_RECORD_READERS_H

#include <stdbool.h>

#include "base/error.h"

/* Addresses and networks of IPv4 and IPv6 with commas between: "10.1.0.0/16,192.0.2.7,2001:db8::/32". Error bad-readers. */
int readers_check(const char *list, struct error *error);
/* Is the address within one of them? A list that was checked; an address that is none is not. */
bool readers_have(const char *list, const char *address);

#endif
