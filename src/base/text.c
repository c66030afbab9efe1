#include "base/text.h"

#include <string.h>

int32_t text_next(struct span *s)
{
  if (s->n == 0)
    return -1;
  const unsigned char *p = (const unsigned char *)s->p;
  size_t len = p[0] < 0x80                   ? 1
               : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
               : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
               : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                             : 0;
  if (len == 0 || len > s->n)
    return -1;
  int32_t c = len == 1 ? p[0] : p[0] & (0xff >> (len + 1));
  for (size_t i = 1; i < len; i++) {
    if ((p[i] & 0xc0) != 0x80)
      return -1;
    c = c << 6 | (p[i] & 0x3f);
  }
  bool bad = (len == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) || (len == 4 && (c < 0x10000 || c > 0x10ffff));
  if (bad)
    return -1;
  s->p += len;
  s->n -= len;
  return c;
}

/* Skips ASCII, eight bytes at a time while it lasts. */
static struct span after_ascii(struct span s)
{
  for (uint64_t eight; s.n >= sizeof eight; s.p += sizeof eight, s.n -= sizeof eight) {
    memcpy(&eight, s.p, sizeof eight);
    if (eight & UINT64_C(0x8080808080808080))
      break;
  }
  for (; s.n && (unsigned char)*s.p < 0x80; s.p++)
    s.n--;
  return s;
}

/* Nearly every Chinese character: three bytes whose first alone rules out overlong forms and surrogates. */
static struct span after_chinese(struct span s)
{
  const unsigned char *p = (const unsigned char *)s.p;
  for (; s.n >= 3 && p[0] > 0xe0 && p[0] < 0xed && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80; p += 3)
    s.n -= 3;
  s.p = (const char *)p;
  return s;
}

bool text_utf8(struct span s)
{
  while ((s = after_chinese(after_ascii(s))).n)
    if (text_next(&s) < 0)
      return false;
  return true;
}

bool text_plain(struct span s)
{
  while (s.n) {
    int32_t c = text_next(&s);
    if (c < 0 || (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7f && c < 0xa0))
      return false;
  }
  return true;
}

size_t text_length(struct span s)
{
  size_t n = 0;
  for (; s.n; n++)
    if (text_next(&s) < 0)
      s.p++, s.n--;
  return n;
}

struct span text_head(struct span s, size_t max)
{
  if (s.n <= max)
    return s;
  s.n = max;
  while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
    s.n--;
  return s;
}

void hex_encode(const void *bytes, size_t n, char *out)
{
  static const char digit[] = "0123456789abcdef";
  const unsigned char *p = bytes;
  for (size_t i = 0; i < n; i++) {
    out[2 * i] = digit[p[i] >> 4];
    out[2 * i + 1] = digit[p[i] & 15];
  }
  out[2 * n] = '\0';
}

static int hex_value(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

bool hex_decode(struct span s, void *out, size_t n)
{
  if (s.n != 2 * n)
    return false;
  unsigned char *p = out;
  for (size_t i = 0; i < n; i++) {
    int high = hex_value(s.p[2 * i]), low = hex_value(s.p[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    p[i] = (unsigned char)(high << 4 | low);
  }
  return true;
}

static const char base64_digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_write(char *to, const void *bytes, size_t n)
{
  const unsigned char *p = bytes;
  char *o = to;
  for (size_t i = 0; i < n; i += 3) {
    uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
    *o++ = base64_digit[v >> 18];
    *o++ = base64_digit[v >> 12 & 63];
    *o++ = i + 1 < n ? base64_digit[v >> 6 & 63] : '=';
    *o++ = i + 2 < n ? base64_digit[v & 63] : '=';
  }
  *o = '\0';
  return o;
}

char *base64_encode(struct arena *arena, const void *bytes, size_t n)
{
  char *out = arena_alloc(arena, (n + 2) / 3 * 4 + 1);
  (void)base64_write(out, bytes, n);
  return out;
}

bool base64_decode(struct arena *arena, struct span s, struct span *ret)
{
  if (s.n % 4)
    return false;
  unsigned char *out = arena_alloc(arena, s.n / 4 * 3 + 1);
  size_t n = 0;
  for (size_t i = 0; i < s.n; i += 4) {
    uint32_t v = 0;
    int pad = 0;
    for (size_t k = 0; k < 4; k++) {
      char c = s.p[i + k];
      const char *at = c ? memchr(base64_digit, c, 64) : NULL;
      if (c == '=' && i + 4 == s.n && k >= 2)
        pad++;
      else if (!at || pad)
        return false;
      v = v << 6 | (at ? (uint32_t)(at - base64_digit) : 0);
    }
    /* bits that padding cuts off must be zero, or two texts would mean one value */
    if ((pad == 1 && v & 0xff) || (pad == 2 && v & 0xffff))
      return false;
    for (int k = 0; k < 3 - pad; k++)
      out[n++] = (unsigned char)(v >> (16 - 8 * k));
  }
  *ret = (struct span){(char *)out, n};
  return true;
}
