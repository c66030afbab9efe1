/*
 * decimal.c: decimals as one wide integer and a scale. Most numbers of a catalogue are small and of one scale: those pairs never
 * leave 64 bits. The rest is unpacked to 128 bits, computed with a few digits to spare, rounded once and packed again.
 */
#include "feel/decimal.h"

#include <string.h>

#define DIGITS_KEPT 34
#define EXPONENT_MAX 6144
#define WRITTEN_SCALE_MAX 12 /* of decimal_parse() */
#define POWER_MAX 99999
#define LIMB INT64_C(1000000000000000000) /* what «fine» counts: 10^18 */
#define HALF_DIGITS 17

__extension__ typedef unsigned __int128 wide;

struct unpacked { /* magnitude * 10^-scale; under 10^36 where it comes from a decimal, under 10^34 once rounded */
  wide magnitude;
  int scale;
  bool negative;
};

static const uint64_t powers[] = {UINT64_C(1),
                                  UINT64_C(10),
                                  UINT64_C(100),
                                  UINT64_C(1000),
                                  UINT64_C(10000),
                                  UINT64_C(100000),
                                  UINT64_C(1000000),
                                  UINT64_C(10000000),
                                  UINT64_C(100000000),
                                  UINT64_C(1000000000),
                                  UINT64_C(10000000000),
                                  UINT64_C(100000000000),
                                  UINT64_C(1000000000000),
                                  UINT64_C(10000000000000),
                                  UINT64_C(100000000000000),
                                  UINT64_C(1000000000000000),
                                  UINT64_C(10000000000000000),
                                  UINT64_C(100000000000000000),
                                  UINT64_C(1000000000000000000),
                                  UINT64_C(10000000000000000000)};
#define POWER_TOP 19

/* 10^n, n 0 … 38. */
static wide power_of_ten(int n)
{
  return n <= POWER_TOP ? powers[n] : (wide)powers[POWER_TOP] * powers[n - POWER_TOP];
}

static int count_digits(wide v)
{
  int n = 0;
  while (n < 38 && v >= power_of_ten(n))
    n++;
  return n;
}

static uint64_t magnitude_of(int64_t v)
{
  return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static struct unpacked unpack(struct decimal d)
{
  struct unpacked u = {magnitude_of(d.digits), d.scale, d.digits < 0 || d.fine < 0};
  if (d.fine) {
    u.magnitude = u.magnitude * (uint64_t)LIMB + magnitude_of(d.fine);
    u.scale += 18;
  }
  return u;
}

/* Zeros behind the point fall away, so that what was written is what comes back. */
static bool pack(struct unpacked u, struct decimal *ret)
{
  if (u.magnitude == 0) {
    *ret = (struct decimal){0};
    return true;
  }
  while (u.scale > 0 && u.magnitude % 10 == 0) {
    u.magnitude /= 10;
    u.scale--;
  }
  int exponent = count_digits(u.magnitude) - 1 - u.scale;
  if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX)
    return false;
  int64_t sign = u.negative ? -1 : 1;
  if (u.magnitude <= INT64_MAX)
    *ret = (struct decimal){sign * (int64_t)u.magnitude, u.scale, 0};
  else
    *ret = (struct decimal){sign * (int64_t)(u.magnitude / (uint64_t)LIMB), u.scale - 18,
                            sign * (int64_t)(u.magnitude % (uint64_t)LIMB)};
  return true;
}

/* Half even at the 34th digit. more: something not zero was dropped already. */
static bool settle(struct unpacked u, bool more, struct decimal *ret)
{
  int drop = count_digits(u.magnitude) - DIGITS_KEPT;
  if (drop > 0) {
    wide unit = power_of_ten(drop), rest = u.magnitude % unit, half = unit / 2;
    u.magnitude /= unit;
    u.scale -= drop;
    u.magnitude += rest != half ? rest > half : (more || (u.magnitude & 1));
  }
  return pack(u, ret);
}

struct decimal decimal_negate(struct decimal d)
{
  return (struct decimal){-d.digits, d.scale, -d.fine};
}

/* ---- sums ---- */

/* Brings the coarser to the scale of the finer where 37 digits hold it; else drops of the finer what is out of reach. */
static bool align(struct unpacked *coarse, struct unpacked *fine)
{
  int gap = fine->scale - coarse->scale, room = 37 - count_digits(coarse->magnitude);
  int up = gap < room ? gap : room, down = gap - up;
  coarse->magnitude *= power_of_ten(up);
  coarse->scale += up;
  if (down == 0)
    return false;
  wide unit = power_of_ten(down > 38 ? 38 : down), kept = down > 37 ? 0 : fine->magnitude / unit;
  bool dropped = kept * unit != fine->magnitude;
  fine->magnitude = kept;
  fine->scale -= down;
  return dropped;
}

static bool add_unpacked(struct unpacked a, struct unpacked b, struct decimal *ret)
{
  if (a.magnitude == 0 || b.magnitude == 0)
    return settle(a.magnitude ? a : b, false, ret);
  if (a.scale > b.scale) {
    struct unpacked swap = a;
    a = b;
    b = swap;
  }
  bool dropped = align(&a, &b);
  if (a.negative == b.negative) {
    a.magnitude += b.magnitude;
    return settle(a, dropped, ret);
  }
  if (a.magnitude < b.magnitude)
    return settle((struct unpacked){b.magnitude - a.magnitude, b.scale, b.negative}, false, ret); /* nothing was dropped */
  a.magnitude -= b.magnitude + dropped; /* a little under the difference, and «more» */
  return settle(a, dropped, ret);
}

bool decimal_add(struct decimal a, struct decimal b, struct decimal *ret)
{
  int64_t sum;
  if (a.scale == 0 && b.scale == 0 && !a.fine && !b.fine && !__builtin_add_overflow(a.digits, b.digits, &sum) && sum != INT64_MIN) {
    *ret = (struct decimal){sum, 0, 0};
    return true;
  }
  return add_unpacked(unpack(a), unpack(b), ret);
}

/* ---- products ---- */

/* Both under 10^36 are rounded to 34 digits first, so that halves of 17 digits multiply within 128 bits. */
static struct unpacked kept(struct decimal d)
{
  (void)settle(unpack(d), false, &d);
  return unpack(d);
}

bool decimal_multiply(struct decimal a, struct decimal b, struct decimal *ret)
{
  struct unpacked x = kept(a), y = kept(b);
  struct unpacked product = {0, x.scale + y.scale, x.negative != y.negative};
  if (x.magnitude <= INT64_MAX && y.magnitude <= INT64_MAX) {
    product.magnitude = x.magnitude * y.magnitude; /* under 2^126, which is under 10^38 */
    return settle(product, false, ret);
  }
  const wide unit = power_of_ten(HALF_DIGITS), full = power_of_ten(DIGITS_KEPT);
  wide xh = x.magnitude / unit, xl = x.magnitude % unit, yh = y.magnitude / unit, yl = y.magnitude % unit;
  wide cross = xh * yl + xl * yh, low = cross % unit * unit + xl * yl, high = xh * yh + cross / unit;
  high += low / full;
  low %= full;
  int up = 37 - count_digits(high);
  up = up > DIGITS_KEPT ? DIGITS_KEPT : up;
  wide rest = power_of_ten(DIGITS_KEPT - up);
  product.magnitude = high * power_of_ten(up) + low / rest;
  product.scale -= DIGITS_KEPT - up;
  return settle(product, low % rest != 0, ret);
}

/* Long division to a few digits more than are kept, so that rounding is done once. */
bool decimal_divide(struct decimal a, struct decimal b, struct decimal *ret)
{
  struct unpacked x = kept(a), y = kept(b);
  if (y.magnitude == 0)
    return false;
  struct unpacked quotient = {x.magnitude / y.magnitude, x.scale - y.scale, x.negative != y.negative};
  wide rest = x.magnitude % y.magnitude;
  const wide enough = power_of_ten(DIGITS_KEPT + 1);
  while (rest && quotient.magnitude < enough) {
    rest *= 10;
    quotient.magnitude = quotient.magnitude * 10 + rest / y.magnitude;
    quotient.scale++;
    rest %= y.magnitude;
  }
  return settle(quotient, rest != 0, ret);
}

bool decimal_whole(struct decimal d, int64_t *ret)
{
  int64_t value = d.digits;
  if (d.fine || d.scale > 0 || d.scale < -18)
    return false;
  for (int i = d.scale; i < 0; i++) {
    if (__builtin_mul_overflow(value, 10, &value))
      return false;
  }
  *ret = value;
  return true;
}

/* By squaring: seventeen products for the largest exponent. */
bool decimal_power(struct decimal base, struct decimal exponent, struct decimal *ret)
{
  int64_t whole;
  if (!decimal_whole(exponent, &whole) || whole < -POWER_MAX || whole > POWER_MAX)
    return false;
  struct decimal product = {1, 0, 0};
  for (int64_t n = whole < 0 ? -whole : whole; n > 0; n /= 2) {
    if ((n & 1) && !decimal_multiply(product, base, &product))
      return false;
    if (n > 1 && !decimal_multiply(base, base, &base))
      return false;
  }
  if (whole < 0)
    return decimal_divide((struct decimal){1, 0, 0}, product, ret);
  *ret = product;
  return true;
}

/* ---- comparing, reading, writing ---- */

static int compare_magnitudes(struct unpacked a, struct unpacked b)
{
  if (a.magnitude == 0 || b.magnitude == 0)
    return (a.magnitude != 0) - (b.magnitude != 0);
  int high = count_digits(a.magnitude) - a.scale, other = count_digits(b.magnitude) - b.scale;
  if (high != other)
    return high > other ? 1 : -1;
  if (a.scale < b.scale) /* as many digits before the point: the difference of scales is one of digits */
    a.magnitude *= power_of_ten(b.scale - a.scale);
  else
    b.magnitude *= power_of_ten(a.scale - b.scale);
  return (a.magnitude > b.magnitude) - (a.magnitude < b.magnitude);
}

int decimal_compare(struct decimal a, struct decimal b)
{
  if (a.scale == b.scale && !a.fine && !b.fine)
    return (a.digits > b.digits) - (a.digits < b.digits);
  struct unpacked x = unpack(a), y = unpack(b);
  if (x.negative != y.negative)
    return x.negative ? -1 : 1; /* zero is never negative */
  int order = compare_magnitudes(x, y);
  return x.negative ? -order : order;
}

/* «320», «-0.5», «.5»: digits that count into *ret, zeros at both ends aside; false where there are more than 34. */
static bool read_digits(struct span s, struct unpacked *ret)
{
  struct unpacked u = {.negative = s.n && s.p[0] == '-'};
  bool point = false, seen = false;
  int zeros = 0; /* behind the last digit that counts */
  for (size_t i = u.negative; i < s.n; i++) {
    char c = s.p[i];
    if (c == '.' && !point && i + 1 < s.n) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9' || s.n > 400)
      return false;
    seen = true;
    u.scale += point;
    zeros++;
    if (c == '0')
      continue;
    if (u.magnitude && count_digits(u.magnitude) + zeros > DIGITS_KEPT)
      return false;
    u.magnitude = (u.magnitude ? u.magnitude * power_of_ten(zeros) : 0) + (unsigned)(c - '0');
    zeros = 0;
  }
  u.scale -= zeros;
  *ret = u;
  return seen;
}

bool decimal_read(struct span s, struct decimal *ret)
{
  struct unpacked u;
  if (!read_digits(s, &u))
    return false;
  if (u.scale < 0 && count_digits(u.magnitude) - u.scale <= DIGITS_KEPT) { /* «1000» is 1000, not 1 with a scale of -3 */
    u.magnitude *= power_of_ten(-u.scale);
    u.scale = 0;
  }
  return pack(u, ret);
}

bool decimal_parse(struct span s, struct decimal *ret)
{
  struct decimal d;
  if (!decimal_read(s, &d) || d.fine || d.scale < 0 || d.scale > WRITTEN_SCALE_MAX)
    return false;
  *ret = d;
  return true;
}

char *decimal_text(struct arena *arena, struct decimal d)
{
  (void)pack(unpack(d), &d);
  struct unpacked u = unpack(d);
  char digits[48];
  int n = 0;
  for (; u.magnitude || n == 0; u.magnitude /= 10)
    digits[n++] = (char)('0' + (int)(u.magnitude % 10));
  int zeros = u.scale < 0 ? -u.scale : 0, places = u.scale > 0 ? u.scale : 0;
  int whole = n > places ? n - places : 1;
  char *text = arena_alloc(arena, (size_t)whole + (size_t)zeros + (size_t)places + 3), *p = text;
  if (u.negative)
    *p++ = '-';
  for (int i = whole + places - 1; i >= 0; i--) { /* by place, from the highest; places no digit stands in are zero */
    *p++ = i < n ? digits[i] : '0';
    if (i == places && places)
      *p++ = '.';
  }
  memset(p, '0', (size_t)zeros);
  return text;
}
