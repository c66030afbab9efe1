/* words.h: the table that tools/poc.c makes of a .po file: open addressing by words_hash(), a power of two of slots. */
#ifndef ONEVISIT_WEB_WORDS_H
#define ONEVISIT_WEB_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct translated {
  const char *english, *translation;
};

/* A page looks up a hundred words: eight bytes in a step, where span_hash() takes one. */
static inline size_t words_hash(const char *s, size_t n)
{
  const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
  uint64_t h = n * odd, eight;
  for (; n >= sizeof eight; s += sizeof eight, n -= sizeof eight) {
    memcpy(&eight, s, sizeof eight);
    h = (h ^ eight) * odd;
    h ^= h >> 29;
  }
  for (eight = 0; n; s++, n--)
    eight = eight << 8 | (unsigned char)*s;
  h = (h ^ eight) * odd;
  return (size_t)(h ^ h >> 32);
}

extern const struct translated words_zh[];
extern const size_t words_zh_slots;

#endif
