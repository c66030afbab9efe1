#include "feel/decimal.h"

#include <string.h>

#define SCALE_MAX 12
#define POWER_MAX 999

typedef __int128 wide;

static wide wide_abs(wide v)
{
  return v < 0 ? -v : v;
}

/* Half even; rest of a division by unit, sticky: something not zero was dropped before. */
static bool rounds_up(wide quotient, wide rest, wide unit, bool sticky)
{
  wide half = unit / 2;
  if (rest != half)
    return rest > half;
  return sticky || (quotient & 1);
}

static wide power_of_ten(int n)
{
  wide v = 1;
  while (n-- > 0)
    v *= 10;
  return v;
}

/* Drops what a decimal cannot hold (scale over 12, digits over 63 bits), rounding once, and trailing zeros. */
static bool settle(wide digits, int scale, bool sticky, struct decimal *ret)
{
  bool negative = digits < 0;
  wide whole = wide_abs(digits), kept = whole;
  int drop = 0;
  while (scale - drop > SCALE_MAX || (kept > INT64_MAX && scale - drop > 0)) {
    kept /= 10;
    drop++; /* at most 20 or so: 128 bits have 38 digits, and scales stay under 25 */
  }
  if (drop) {
    wide unit = power_of_ten(drop);
    kept += rounds_up(kept, whole - kept * unit, unit, sticky);
    scale -= drop;
  }
  while (scale > 0 && kept % 10 == 0) {
    kept /= 10;
    scale--;
  }
  if (kept > INT64_MAX)
    return false;
  *ret = (struct decimal){(int64_t)(negative ? -kept : kept), scale};
  return true;
}

/* Both digits at the larger scale: at most 63 bits times 10^12, which 128 bits hold. */
static int align(struct decimal a, struct decimal b, wide *ret_a, wide *ret_b)
{
  int scale = a.scale > b.scale ? a.scale : b.scale;
  *ret_a = (wide)a.digits * power_of_ten(scale - a.scale);
  *ret_b = (wide)b.digits * power_of_ten(scale - b.scale);
  return scale;
}

bool decimal_add(struct decimal a, struct decimal b, struct decimal *ret)
{
  wide x, y;
  int scale = align(a, b, &x, &y);
  return settle(x + y, scale, false, ret);
}

bool decimal_multiply(struct decimal a, struct decimal b, struct decimal *ret)
{
  return settle((wide)a.digits * b.digits, a.scale + b.scale, false, ret);
}

/* Long division to one digit more than is kept, so that rounding is done once. */
bool decimal_divide(struct decimal a, struct decimal b, struct decimal *ret)
{
  if (b.digits == 0)
    return false;
  bool negative = (a.digits < 0) != (b.digits < 0);
  wide divisor = wide_abs(b.digits), rest = wide_abs(a.digits);
  wide quotient = rest / divisor;
  rest %= divisor;
  int places = SCALE_MAX + 1 + b.scale - a.scale; /* at least 1: both scales are 0 … 12 */
  for (int i = 0; i < places; i++) {
    rest *= 10;
    if (__builtin_mul_overflow(quotient, (wide)10, &quotient) || __builtin_add_overflow(quotient, rest / divisor, &quotient))
      return false;
    rest %= divisor;
  }
  return settle(negative ? -quotient : quotient, SCALE_MAX + 1, rest != 0, ret);
}

bool decimal_power(struct decimal base, struct decimal exponent, struct decimal *ret)
{
  if (exponent.scale != 0 || exponent.digits < -POWER_MAX || exponent.digits > POWER_MAX)
    return false;
  struct decimal product = {1, 0};
  int64_t n = exponent.digits < 0 ? -exponent.digits : exponent.digits;
  for (int64_t i = 0; i < n; i++) {
    if (!decimal_multiply(product, base, &product))
      return false;
  }
  if (exponent.digits < 0)
    return decimal_divide((struct decimal){1, 0}, product, ret);
  *ret = product;
  return true;
}

int decimal_compare(struct decimal a, struct decimal b)
{
  wide x, y;
  (void)align(a, b, &x, &y);
  return (x > y) - (x < y);
}

bool decimal_parse(struct span s, struct decimal *ret)
{
  bool negative = s.n && s.p[0] == '-';
  if (negative)
    s.p++, s.n--;
  wide digits = 0;
  int scale = 0;
  bool point = false;
  size_t seen = 0;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '.' && !point && i + 1 < s.n) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9')
      return false;
    seen++;
    if (point && scale == SCALE_MAX) {
      if (c != '0')
        return false; /* finer than we can hold: refused, never rounded */
      continue;
    }
    digits = digits * 10 + (c - '0');
    scale += point;
    if (digits > (wide)INT64_MAX * 1000000)
      return false;
  }
  while (scale > 0 && digits % 10 == 0) {
    digits /= 10;
    scale--;
  }
  if (seen == 0 || digits > INT64_MAX)
    return false;
  *ret = (struct decimal){(int64_t)(negative ? -digits : digits), scale};
  return true;
}

char *decimal_text(struct arena *arena, struct decimal d)
{
  while (d.scale > 0 && d.digits % 10 == 0) {
    d.digits /= 10;
    d.scale--;
  }
  const char *sign = d.digits < 0 ? "-" : "";
  uint64_t digits = d.digits < 0 ? 0 - (uint64_t)d.digits : (uint64_t)d.digits;
  if (d.scale == 0)
    return arena_printf(arena, "%s%llu", sign, (unsigned long long)digits);
  uint64_t unit = (uint64_t)power_of_ten(d.scale);
  return arena_printf(arena, "%s%llu.%0*llu", sign, (unsigned long long)(digits / unit), d.scale,
                      (unsigned long long)(digits % unit));
}
