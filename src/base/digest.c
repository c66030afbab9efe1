#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * Fetched once, a context a thread and algorithm: OpenSSL 3's implicit fetch halves the speed of short messages.
 */
enum algorithm { SHA256, SM3, ALGORITHMS };

static EVP_MD *algorithms[ALGORITHMS];
static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static pthread_key_t contexts_key; /* frees a thread's contexts at its end */
static _Thread_local EVP_MD_CTX *contexts[ALGORITHMS];

static void free_contexts(void *of_thread)
{
  EVP_MD_CTX **all = of_thread;
  for (int i = 0; i < ALGORITHMS; i++) {
    EVP_MD_CTX_free(all[i]);
    all[i] = NULL;
  }
}

static void fetch(void)
{
  algorithms[SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
  algorithms[SM3] = EVP_MD_fetch(NULL, "SM3", NULL);
  if (!algorithms[SHA256] || !algorithms[SM3] || pthread_key_create(&contexts_key, free_contexts) != 0)
    abort();
}

static EVP_MD_CTX *context(enum algorithm algorithm)
{
  if (!contexts[algorithm]) {
    pthread_once(&fetched, fetch);
    contexts[algorithm] = EVP_MD_CTX_new();
    if (!contexts[algorithm] || pthread_setspecific(contexts_key, contexts) != 0)
      abort();
  }
  return contexts[algorithm];
}

static struct digest digest_parts(enum algorithm algorithm, const struct span *parts, size_t n)
{
  struct digest out;
  EVP_MD_CTX *ctx = context(algorithm);
  int ok = EVP_DigestInit_ex2(ctx, algorithms[algorithm], NULL);
  for (size_t i = 0; ok && i < n; i++)
    ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n);
  if (!ok || !EVP_DigestFinal_ex(ctx, out.b, NULL))
    abort();
  return out;
}

struct digest sha256_parts(const struct span *parts, size_t n)
{
  return digest_parts(SHA256, parts, n);
}

struct digest sm3_parts(const struct span *parts, size_t n)
{
  return digest_parts(SM3, parts, n);
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
