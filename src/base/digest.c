#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * By hand over the fetched digest: OpenSSL's HMAC() looks the algorithm up for every call, which costs more
 * than the hashing of our short messages.
 */
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
