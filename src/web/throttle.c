#include "web/internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * Token buckets. A table of sets of eight; a new key takes the place of the best rested one of its set. The hash is mixed
 * with a secret, so that nobody can choose keys that meet in one set.
 */
#define WAYS 8

struct bucket {
  uint64_t key;   /* 0: free */
  moment full_at; /* when it has all of its tokens again */
};

struct throttle {
  pthread_mutex_t lock;
  unsigned char seed[16];
  size_t sets;
  struct bucket *buckets;
};

struct throttle *throttle_open(size_t keys_max)
{
  struct throttle *t = calloc(1, sizeof *t);
  if (!t)
    abort();
  t->sets = keys_max / WAYS + 1;
  t->buckets = calloc(t->sets * WAYS, sizeof *t->buckets);
  if (!t->buckets)
    abort();
  random_bytes(t->seed, sizeof t->seed);
  pthread_mutex_init(&t->lock, NULL);
  return t;
}

void throttle_close(struct throttle *t)
{
  if (!t)
    return;
  pthread_mutex_destroy(&t->lock);
  free(t->buckets);
  free(t);
}

static uint64_t key_of(const struct throttle *t, struct span key)
{
  struct span seed = {(const char *)t->seed, sizeof t->seed};
  struct digest d = hmac_sha256(seed, key);
  uint64_t hash;
  memcpy(&hash, d.b, sizeof hash);
  return hash ? hash : 1;
}

static struct bucket *bucket_for(struct throttle *t, uint64_t key)
{
  struct bucket *set = t->buckets + (key % t->sets) * WAYS, *rested = set;
  for (size_t i = 0; i < WAYS; i++) {
    if (set[i].key == key)
      return &set[i];
    if (set[i].full_at < rested->full_at)
      rested = &set[i];
  }
  *rested = (struct bucket){.key = key};
  return rested;
}

/* A bucket is a single moment: each token taken moves the time at which it is full by period / burst. */
int throttle_take(struct throttle *t, struct span key, int burst, int64_t period_ms, moment now)
{
  int64_t step = period_ms / burst, wait = 0;
  uint64_t hash = key_of(t, key);
  pthread_mutex_lock(&t->lock);
  struct bucket *b = bucket_for(t, hash);
  moment from = b->full_at > now ? b->full_at : now;
  if (from + step > now + period_ms)
    wait = from + step - now - period_ms;
  else
    b->full_at = from + step;
  pthread_mutex_unlock(&t->lock);
  return wait ? (int)((wait + 999) / 1000) : 0;
}

void throttle_forget(struct throttle *t, struct span key)
{
  uint64_t hash = key_of(t, key);
  pthread_mutex_lock(&t->lock);
  bucket_for(t, hash)->full_at = 0;
  pthread_mutex_unlock(&t->lock);
}
