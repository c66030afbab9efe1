#include "catalog/codes.h"

#include <string.h>

static const char uscc_alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY"; /* 31: without I O S V Z */
static const char base36[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static int value_in(const char *alphabet, char c)
{
  const char *at = c ? strchr(alphabet, c) : NULL;
  return at ? (int)(at - alphabet) : -1;
}

static bool all_digits(struct span s)
{
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9')
      return false;
  }
  return true;
}

static struct span part(struct span s, size_t from, size_t n)
{
  return (struct span){s.p + from, n};
}

bool org_code_valid(struct span code9)
{
  static const int weights[8] = {3, 7, 9, 10, 5, 8, 4, 2};
  if (code9.n != 9)
    return false;
  int sum = 0;
  for (size_t i = 0; i < 8; i++) {
    int value = value_in(base36, code9.p[i]);
    if (value < 0)
      return false;
    sum += value * weights[i];
  }
  int check = 11 - sum % 11;
  return code9.p[8] == (check == 10 ? 'X' : check == 11 ? '0' : (char)('0' + check));
}

char uscc_check(struct span first17)
{
  if (first17.n != 17)
    return '\0';
  int sum = 0, weight = 1;
  for (size_t i = 0; i < 17; i++) {
    int value = value_in(uscc_alphabet, first17.p[i]);
    if (value < 0)
      return '\0';
    sum += value * weight;
    weight = weight * 3 % 31;
  }
  return uscc_alphabet[(31 - sum % 31) % 31];
}

bool uscc_valid(struct span code)
{
  if (code.n != 18 || !all_digits(part(code, 2, 6)))
    return false;
  char check = uscc_check(part(code, 0, 17));
  return check && check == code.p[17] && org_code_valid(part(code, 8, 9));
}

static int digits_at(struct span s, size_t from, size_t n)
{
  int value = 0;
  for (size_t i = from; i < from + n; i++)
    value = value * 10 + (s.p[i] - '0');
  return value;
}

day citizen_id_born(struct span id)
{
  return day_make(digits_at(id, 6, 4), digits_at(id, 10, 2), digits_at(id, 12, 2));
}

bool citizen_id_valid(struct span id, day today)
{
  if (id.n != 18 || !all_digits(part(id, 0, 17)) || id.p[0] == '0')
    return false;
  int sum = 0, weight = 1; /* 2^(place from the right) mod 11 */
  for (size_t i = 17; i-- > 0;) {
    weight = weight * 2 % 11;
    sum += (id.p[i] - '0') * weight;
  }
  if (id.p[17] != "10X98765432"[sum % 11] || digits_at(id, 6, 4) < 1800)
    return false;
  day born = citizen_id_born(id);
  return born != DAY_NONE && born <= today;
}

bool citizen_id_female(struct span id)
{
  return (id.p[16] - '0') % 2 == 0;
}

char mod3736_check(struct span s)
{
  int p = 36;
  for (size_t i = 0; i < s.n; i++) {
    int value = value_in(base36, s.p[i]);
    if (value < 0)
      return '\0';
    p = (p + value) % 36;
    p = (p ? p : 36) * 2 % 37;
  }
  return base36[(37 - p) % 36];
}

/* 省 2 + 事项类型 2 + 部门 2 + 主项 3 + 子项 3; 00 is the nation. */
bool basic_code_valid(struct span code)
{
  return code.n == 12 && all_digits(code);
}

bool implementation_code_valid(struct span code)
{
  return code.n == 31 && uscc_valid(part(code, 0, 18)) && code.p[18] >= '1' && code.p[18] <= '7' &&
         basic_code_valid(part(code, 19, 12));
}

bool handling_code_valid(struct span code)
{
  return code.n == 33 && implementation_code_valid(part(code, 0, 31)) && all_digits(part(code, 31, 2));
}

bool project_code_valid(struct span code)
{
  static const size_t groups[] = {4, 6, 2, 2, 6};
  size_t at = 0;
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
    if (i && (at >= code.n || code.p[at++] != '-'))
      return false;
    if (at + groups[i] > code.n || !all_digits(part(code, at, groups[i])))
      return false;
    at += groups[i];
  }
  int year = digits_at(code, 0, 4);
  return at == code.n && year >= 2000 && year <= 2999;
}
