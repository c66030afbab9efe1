#include "feel/lex.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Line and column of an offset, from 1. */
static void place_of(const struct parser *p, size_t at, int *ret_line, int *ret_column)
{
  const char *start = p->text.p; /* NULL where the text is empty */
  size_t before = 0;
  *ret_line = 1;
  for (size_t i = 0; i < at && i < p->text.n; i++) {
    if (p->text.p[i] == '\n') {
      ++*ret_line;
      start = p->text.p + i + 1;
      before = i + 1;
    }
  }
  *ret_column = (int)text_length((struct span){start, at - before}) + 1;
}

int feel_fail(struct parser *p, size_t at, const char *zh, const char *en, struct span what)
{
  int line, column;
  place_of(p, at, &line, &column);
  struct span shown = text_head(what, 40);
  const char *text = shown.p ? shown.p : "";
  char wrong_zh[240], wrong_en[240];
  (void)snprintf(wrong_zh, sizeof wrong_zh, zh, (int)shown.n, text);
  (void)snprintf(wrong_en, sizeof wrong_en, en, (int)shown.n, text);
  if (line == 1) {
    (void)error_set(p->error, ERROR_BAD_INPUT, "bad-condition", "第 %d 列：%s%.0s", "column %d: %.0s%s", column, wrong_zh,
                    wrong_en);
    return error_at(p->error, "%d", column);
  }
  (void)error_set(p->error, ERROR_BAD_INPUT, "bad-condition", "第 %d 行第 %d 列：%s%.0s", "line %d, column %d: %.0s%s", line,
                  column, wrong_zh, wrong_en);
  return error_at(p->error, "%d:%d", line, column);
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool starts_name(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_white(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char peek_char(const struct parser *p, size_t ahead)
{
  return p->at + ahead < p->text.n ? p->text.p[p->at + ahead] : '\0';
}

static void take(struct parser *p, enum token_kind kind, size_t n)
{
  p->token = (struct token){.kind = kind, .text = {p->text.p + p->at, n}, .at = p->at};
  p->at += n;
}

static void lex_number(struct parser *p)
{
  size_t n = 0;
  while (is_digit(peek_char(p, n)))
    n++;
  if (peek_char(p, n) == '.' && is_digit(peek_char(p, n + 1))) {
    n++;
    while (is_digit(peek_char(p, n)))
      n++;
  }
  take(p, T_NUMBER, n);
}

/* The longest name of the scope that stands here, 0 where none does: «Monthly Salary», «Approved/Declined». */
static size_t scope_name(const struct parser *p)
{
  struct span rest = {p->text.p + p->at, p->text.n - p->at};
  size_t longest = 0;
  for (size_t i = 0; i < p->scope->name_count; i++) {
    struct span name = p->scope->names[i];
    if (name.n <= longest || name.n > rest.n || !span_eq(name, (struct span){rest.p, name.n}))
      continue;
    char after = peek_char(p, name.n);
    if (!starts_name(after) && !is_digit(after))
      longest = name.n;
  }
  return longest;
}

static void lex_name(struct parser *p)
{
  size_t n = 1, known = scope_name(p);
  while (starts_name(peek_char(p, n)) || is_digit(peek_char(p, n)))
    n++;
  take(p, T_NAME, known > n ? known : n);
}

static int lex_escape(struct parser *p, size_t at, char *out)
{
  static const char from[] = "\"\\ntr'", to[] = "\"\\\n\t\r'";
  const char *known = peek_char(p, at) ? strchr(from, peek_char(p, at)) : NULL;
  if (!known)
    return feel_fail(p, p->at + at - 1, "字符串里的转义「%.*s」不认识", "unknown escape '%.*s' in a string",
                     (struct span){p->text.p + p->at + at - 1, at + p->at < p->text.n ? 2 : 1});
  *out = to[known - from];
  return 0;
}

static int lex_string(struct parser *p)
{
  char *out = arena_alloc(p->arena, p->text.n - p->at + 1);
  size_t n = 0, i = 1;
  for (; peek_char(p, i) != '"'; i++) {
    if (p->at + i >= p->text.n)
      return feel_fail(p, p->at, "字符串没有结束的引号：%.*s", "the string has no closing quote: %.*s",
                       (struct span){p->text.p + p->at, p->text.n - p->at});
    out[n] = peek_char(p, i);
    if (out[n] == '\\' && lex_escape(p, ++i, &out[n]) < 0)
      return -1;
    n++;
  }
  take(p, T_STRING, i + 1);
  p->token.value = (struct span){out, n};
  return 0;
}

static int lex_sign(struct parser *p)
{
  static const char *const two[] = {"**", "!=", "<=", ">=", ".."};
  for (size_t i = 0; i < sizeof two / sizeof *two; i++) {
    if (peek_char(p, 0) == two[i][0] && peek_char(p, 1) == two[i][1]) {
      take(p, T_SIGN, 2);
      return 0;
    }
  }
  if (peek_char(p, 0) && strchr("+-*/=<>()[],.@", peek_char(p, 0))) {
    take(p, T_SIGN, 1);
    return 0;
  }
  return feel_fail(p, p->at, "不认识的符号「%.*s」", "unexpected character '%.*s'", (struct span){p->text.p + p->at, 1});
}

int feel_next(struct parser *p)
{
  while (p->at < p->text.n && is_white(p->text.p[p->at]))
    p->at++;
  if (p->at >= p->text.n) {
    p->token = (struct token){.kind = T_END, .at = p->text.n};
    return 0;
  }
  char c = p->text.p[p->at];
  if (is_digit(c) || (c == '.' && is_digit(peek_char(p, 1)))) {
    lex_number(p);
    return 0;
  }
  if (starts_name(c)) {
    lex_name(p);
    return 0;
  }
  return c == '"' ? lex_string(p) : lex_sign(p);
}

bool feel_at_sign(const struct parser *p, const char *sign)
{
  return p->token.kind == T_SIGN && p->token.text.p[0] == sign[0] && span_is(p->token.text, sign);
}

bool feel_at_word(const struct parser *p, const char *word)
{
  return p->token.kind == T_NAME && p->token.text.p[0] == word[0] && span_is(p->token.text, word);
}

bool feel_at_date_time(const struct parser *p, size_t *ret_after)
{
  static const char *const words[] = {"and", "time", "("};
  struct span rest = {p->text.p + p->token.at + 4, p->text.n - p->token.at - 4};
  for (size_t i = 0; i < 3; i++) {
    while (rest.n && is_white(rest.p[0]))
      rest.p++, rest.n--;
    if (!span_starts(rest, words[i]))
      return false;
    if (i < 2)
      rest.p += strlen(words[i]), rest.n -= strlen(words[i]);
  }
  *ret_after = (size_t)(rest.p - p->text.p);
  return true;
}

int feel_unexpected(struct parser *p)
{
  if (p->token.kind == T_END)
    return feel_fail(p, p->token.at, "条件没有写完%.*s", "the condition ends too early%.*s", (struct span){0});
  return feel_fail(p, p->token.at, "这里不该有「%.*s」", "'%.*s' is not expected here", p->token.text);
}

int feel_expect(struct parser *p, const char *sign)
{
  if (feel_at_sign(p, sign) || feel_at_word(p, sign))
    return feel_next(p);
  return feel_fail(p, p->token.at, "这里应为「%.*s」", "expected '%.*s' here", span_of(sign));
}
