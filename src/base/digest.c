#include "base/digest.h"

/*
 * The calls that work on a plain struct: with EVP's objects around them our short messages take twice the time (lookups,
 * locks, an allocation each), and a state in plain memory can be copied, which hmac_key needs. They are the same code below.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct hash_state), "struct hash_state is too small");

static SHA256_CTX *context(struct hash_state *state)
{
  return (SHA256_CTX *)(void *)state;
}

static void start(struct hash_state *state)
{
  if (!SHA256_Init(context(state)))
    abort();
}

static void add(struct hash_state *state, const void *p, size_t n)
{
  if (n && !SHA256_Update(context(state), p, n))
    abort();
}

static struct digest finish(struct hash_state *state)
{
  struct digest out;
  if (!SHA256_Final(out.b, context(state)))
    abort();
  return out;
}

struct digest sha256_parts(const struct span *parts, size_t n)
{
  struct hash_state state;
  start(&state);
  for (size_t i = 0; i < n; i++)
    add(&state, parts[i].p, parts[i].n);
  return finish(&state);
}

struct digest sha256(struct span s)
{
  return sha256_parts(&s, 1);
}

/* ---- SM3: only EVP has it; fetched once, a context a thread ---- */

static EVP_MD *sm3;
static pthread_once_t sm3_fetched = PTHREAD_ONCE_INIT;
static pthread_key_t sm3_context;

static void free_sm3_context(void *context)
{
  EVP_MD_CTX_free(context);
}

static void fetch_sm3(void)
{
  sm3 = EVP_MD_fetch(NULL, "SM3", NULL);
  if (!sm3 || pthread_key_create(&sm3_context, free_sm3_context) != 0)
    abort();
}

struct digest sm3_parts(const struct span *parts, size_t n)
{
  struct digest out;
  pthread_once(&sm3_fetched, fetch_sm3);
  EVP_MD_CTX *ctx = pthread_getspecific(sm3_context);
  if (!ctx) {
    ctx = EVP_MD_CTX_new();
    if (!ctx || pthread_setspecific(sm3_context, ctx) != 0)
      abort();
  }
  int ok = EVP_DigestInit_ex2(ctx, sm3, NULL);
  for (size_t i = 0; ok && i < n; i++)
    ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n);
  if (!ok || !EVP_DigestFinal_ex(ctx, out.b, NULL))
    abort();
  return out;
}

/* ---- HMAC ---- */

void hmac_key_init(struct hmac_key *ret, struct span key)
{
  enum { BLOCK = 64 };
  unsigned char inner[BLOCK] = {0}, outer[BLOCK];
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
  start(&ret->inner);
  add(&ret->inner, inner, BLOCK);
  start(&ret->outer);
  add(&ret->outer, outer, BLOCK);
}

struct digest hmac_parts(const struct hmac_key *key, const struct span *parts, size_t n)
{
  struct hash_state state = key->inner;
  for (size_t i = 0; i < n; i++)
    add(&state, parts[i].p, parts[i].n);
  struct digest d = finish(&state);
  state = key->outer;
  add(&state, d.b, sizeof d.b);
  return finish(&state);
}

struct digest hmac_sha256_parts(struct span key, const struct span *parts, size_t n)
{
  struct hmac_key prepared;
  hmac_key_init(&prepared, key);
  return hmac_parts(&prepared, parts, n);
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
