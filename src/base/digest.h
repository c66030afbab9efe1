/*
 * digest.h: SHA-256, SM3, HMAC-SHA-256 and randomness (OpenSSL's).
 */
#ifndef ONEVISIT_BASE_DIGEST_H
#define ONEVISIT_BASE_DIGEST_H

#include "base/span.h"

#define DIGEST_BYTES 32

struct digest {
  unsigned char b[DIGEST_BYTES];
};

struct digest sha256(struct span s);

/* The digest of several spans, one after another. */
struct digest sha256_parts(const struct span *parts, size_t n);

/* GB/T 32905-2016, of several spans. */
struct digest sm3_parts(const struct span *parts, size_t n);

/* RFC 2104; a key longer than 64 bytes is hashed first. */
struct digest hmac_sha256(struct span key, struct span message);
struct digest hmac_sha256_parts(struct span key, const struct span *parts, size_t n);

/* A key made ready once for many messages: each then costs two blocks less. Plain memory, nothing to free. */
struct hash_state {
  uint64_t opaque[14];
};
struct hmac_key {
  struct hash_state inner, outer;
};
void hmac_key_init(struct hmac_key *ret, struct span key);
struct digest hmac_parts(const struct hmac_key *key, const struct span *parts, size_t n);

bool digest_eq(const struct digest *a, const struct digest *b); /* in constant time */

/* n bytes from the operating system's generator; aborts where there is none. */
void random_bytes(void *out, size_t n);

#endif
