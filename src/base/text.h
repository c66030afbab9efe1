/*
 * text.h: UTF-8 and the encodings that formats outside need.
 */
#ifndef ONEVISIT_BASE_TEXT_H
#define ONEVISIT_BASE_TEXT_H

#include "base/arena.h"

/* Well-formed UTF-8 by Unicode table 3-7: no overlong forms, no surrogates, nothing over U+10FFFF. */
bool text_utf8(struct span s);

/* As text_utf8(), and without control characters other than tab, LF and CR: what a person may send us. */
bool text_plain(struct span s);

/* Takes one character off the front: its code point, or -1 where *s is empty or not UTF-8. */
int32_t text_next(struct span *s);
size_t text_length(struct span s); /* in code points; malformed bytes count one each */

/* The longest prefix of at most max bytes that does not cut a character. */
struct span text_head(struct span s, size_t max);

/* Lower-case hex; decode takes either case and exactly 2 * n digits. */
void hex_encode(const void *bytes, size_t n, char *out /* 2 * n + 1 */);
bool hex_decode(struct span s, void *out, size_t n);

/* Standard base64 with padding (RFC 4648 §4). Decode refuses whatever encode would not have written. */
char *base64_encode(struct arena *arena, const void *bytes, size_t n);
/* The same into memory of the caller ((n + 2) / 3 * 4 + 1 bytes); returns where the NUL stands. */
char *base64_write(char *to, const void *bytes, size_t n);
bool base64_decode(struct arena *arena, struct span s, struct span *ret);

#endif
