/*
 * SHA-256 by OpenSSL's low-level functions, which it calls deprecated and keeps: EVP of OpenSSL 3.0 frees and allocates a
 * context for every digest, which costs more than hashing a node of a tree. The code that hashes is the same.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct digest sha256_parts(const struct span *parts, size_t n)
{
  struct digest out;
  SHA256_CTX ctx;
  int ok = SHA256_Init(&ctx);
  for (size_t i = 0; ok && i < n; i++)
    ok = SHA256_Update(&ctx, parts[i].p, parts[i].n);
  if (!ok || !SHA256_Final(out.b, &ctx))
    abort();
  return out;
}

/* Fetched once, a context a thread: the implicit fetch halves the speed of short messages. */
static EVP_MD *sm3;
static pthread_once_t sm3_fetched = PTHREAD_ONCE_INIT;
static pthread_key_t sm3_context;

static void free_context(void *context)
{
  EVP_MD_CTX_free(context);
}

static void fetch_sm3(void)
{
  sm3 = EVP_MD_fetch(NULL, "SM3", NULL);
  if (!sm3 || pthread_key_create(&sm3_context, free_context) != 0)
    abort();
}

struct digest sm3_parts(const struct span *parts, size_t n)
{
  struct digest out;
  pthread_once(&sm3_fetched, fetch_sm3);
  EVP_MD_CTX *ctx = pthread_getspecific(sm3_context);
  if (!ctx && (!(ctx = EVP_MD_CTX_new()) || pthread_setspecific(sm3_context, ctx) != 0))
    abort();
  int ok = EVP_DigestInit_ex2(ctx, sm3, NULL);
  for (size_t i = 0; ok && i < n; i++)
    ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n);
  if (!ok || !EVP_DigestFinal_ex(ctx, out.b, NULL))
    abort();
  return out;
}

struct digest sha256(struct span s)
{
  return sha256_parts(&s, 1);
}

/* By hand: OpenSSL's HMAC() looks the algorithm up for every call, which costs more than hashing our short messages. */
struct digest hmac_sha256_parts(struct span key, const struct span *parts, size_t n)
{
  enum { BLOCK = 64 };
  unsigned char inner[BLOCK] = {0}, outer[BLOCK];
  if (n > HMAC_PARTS_MAX)
    abort();
  if (key.n > BLOCK) {
    struct digest d = sha256(key);
    memcpy(inner, d.b, sizeof d.b);
  } else if (key.n) {
    memcpy(inner, key.p, key.n);
  }
  for (size_t i = 0; i < BLOCK; i++) {
    outer[i] = inner[i] ^ 0x5c;
    inner[i] ^= 0x36;
  }
  struct span all[HMAC_PARTS_MAX + 1] = {{(const char *)inner, BLOCK}};
  for (size_t i = 0; i < n; i++)
    all[i + 1] = parts[i];
  struct digest d = sha256_parts(all, n + 1);
  struct span last[] = {{(const char *)outer, BLOCK}, {(const char *)d.b, DIGEST_BYTES}};
  return sha256_parts(last, 2);
}

struct digest hmac_sha256(struct span key, struct span message)
{
  return hmac_sha256_parts(key, &message, 1);
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
  return CRYPTO_memcmp(a->b, b->b, sizeof a->b) == 0;
}

void random_bytes(void *out, size_t n)
{
  if (RAND_bytes(out, (int)n) != 1)
    abort();
}
