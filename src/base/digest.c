#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

/*
 * Fetched once, a context a thread: OpenSSL 3's implicit fetch halves the speed of short messages.
 */
static EVP_MD *algorithm;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;

static void free_context(void *context)
{
  EVP_MD_CTX_free(context);
}

static void fetch(void)
{
  algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
  if (!algorithm || pthread_key_create(&context_key, free_context) != 0)
    abort();
}

static EVP_MD_CTX *context(void)
{
  pthread_once(&fetched, fetch);
  EVP_MD_CTX *ctx = pthread_getspecific(context_key);
  if (!ctx) {
    ctx = EVP_MD_CTX_new();
    if (!ctx || pthread_setspecific(context_key, ctx) != 0)
      abort();
  }
  return ctx;
}

struct digest sha256_parts(const struct span *parts, size_t n)
{
  struct digest out;
  EVP_MD_CTX *ctx = context();
  int ok = EVP_DigestInit_ex2(ctx, algorithm, NULL);
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

struct digest hmac_sha256(struct span key, struct span message)
{
  struct digest out;
  unsigned n = sizeof out.b;
  if (!HMAC(EVP_sha256(), key.p ? key.p : "", (int)key.n, (const unsigned char *)message.p, message.n, out.b, &n))
    abort();
  return out;
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
