/* words.h: the table that tools/poc.c makes of a .po file: open addressing by span_hash(), a power of two of slots. */
#ifndef ONEVISIT_WEB_WORDS_H
#define ONEVISIT_WEB_WORDS_H

#include <stddef.h>

struct word {
  const char *english, *translation;
};

extern const struct word words_zh[];
extern const size_t words_zh_slots;

#endif
