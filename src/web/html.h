/*
 * html.h: what compiled templates write with. Page authors meet here only HOLE types, tr(), trf() and say().
 *
 * A template hole {{ x }} takes const char *, struct span, any integer, or struct html; the compiler (tools/htmlc.c)
 * chooses the escape by the place of the hole. struct html is the only raw markup, and is taken in element content only.
 */
#ifndef ONEVISIT_WEB_HTML_H
#define ONEVISIT_WEB_HTML_H

#include "base/span.h"

struct request;

enum language { LANG_ZH, LANG_EN, LANG_COUNT };

/* Markup that is right as it stands. Only code that wrote or checked every byte of it makes one. */
struct html {
  struct span s;
};

struct hole {
  enum { HOLE_TEXT, HOLE_INT, HOLE_UINT, HOLE_HTML } type;
  struct span s;
  int64_t i;
  uint64_t u;
};

static inline struct hole hole_str(const char *s)
{
  return (struct hole){.type = HOLE_TEXT, .s = span_of(s)};
}
static inline struct hole hole_span(struct span s)
{
  return (struct hole){.type = HOLE_TEXT, .s = s};
}
static inline struct hole hole_int(int64_t i)
{
  return (struct hole){.type = HOLE_INT, .i = i};
}
static inline struct hole hole_uint(uint64_t u)
{
  return (struct hole){.type = HOLE_UINT, .u = u};
}
static inline struct hole hole_html(struct html h)
{
  return (struct hole){.type = HOLE_HTML, .s = h.s};
}

/* Any value that a hole takes outside of element content; another type is a compile error. */
#define HOLE(x)                                                                                                                    \
  _Generic((x),                                                                                                                    \
      char *: hole_str,                                                                                                            \
      const char *: hole_str,                                                                                                      \
      struct span: hole_span,                                                                                                      \
      bool: hole_int,                                                                                                              \
      signed char: hole_int,                                                                                                       \
      short: hole_int,                                                                                                             \
      int: hole_int,                                                                                                               \
      long: hole_int,                                                                                                              \
      long long: hole_int,                                                                                                         \
      unsigned char: hole_uint,                                                                                                    \
      unsigned short: hole_uint,                                                                                                   \
      unsigned: hole_uint,                                                                                                         \
      unsigned long: hole_uint,                                                                                                    \
      unsigned long long: hole_uint)(x)

/* The same in element content, where struct html may stand too. */
#define HOLE_CONTENT(x)                                                                                                            \
  _Generic((x),                                                                                                                    \
      struct html: hole_html,                                                                                                      \
      char *: hole_str,                                                                                                            \
      const char *: hole_str,                                                                                                      \
      struct span: hole_span,                                                                                                      \
      bool: hole_int,                                                                                                              \
      signed char: hole_int,                                                                                                       \
      short: hole_int,                                                                                                             \
      int: hole_int,                                                                                                               \
      long: hole_int,                                                                                                              \
      long long: hole_int,                                                                                                         \
      unsigned char: hole_uint,                                                                                                    \
      unsigned short: hole_uint,                                                                                                   \
      unsigned: hole_uint,                                                                                                         \
      unsigned long: hole_uint,                                                                                                    \
      unsigned long long: hole_uint)(x)

/* The writers a compiled template calls. */
void html_literal(struct request *rq, const char *p, size_t n);
void html_text(struct request *rq, struct hole value); /* element content and quoted attributes: & < > " ' */
void html_url(struct request *rq,
              struct hole value); /* the start of a URL: http, https, mailto, tel, relative; else «about:invalid» */
void html_component(struct request *rq, struct hole value); /* one part of a path or query: percent-encoded */

/*
 * The words of the interface. The English text is the key; the Chinese is in web/translations/zh_CN.po, and a test
 * fails where one is missing or unused. N_() marks a text that is translated later, through tr().
 */
const char *tr(const struct request *rq, const char *english);
#define N_(english) english

/*
 * A text with arguments: «%s» takes the next, «%1$s» the first (for another word order), «%%» is a per cent sign.
 * Arguments are of the types of a hole. The result lives in the request's arena:  trf (rq, "%s of %s", done, all)
 */
const char *tr_holes(struct request *rq, const char *english, const struct hole *holes, size_t n);
#define trf(rq, english, ...)                                                                                                      \
  tr_holes((rq), (english), (const struct hole[]){HOLES(__VA_ARGS__)},                                                             \
           sizeof((const struct hole[]){HOLES(__VA_ARGS__)}) / sizeof(struct hole))

#define HOLES(...) HOLES_N(__VA_ARGS__, HOLES_8, HOLES_7, HOLES_6, HOLES_5, HOLES_4, HOLES_3, HOLES_2, HOLES_1, 0)(__VA_ARGS__)
#define HOLES_N(a, b, c, d, e, f, g, h, pick, ...) pick
#define HOLES_1(a) HOLE(a)
#define HOLES_2(a, ...) HOLE(a), HOLES_1(__VA_ARGS__)
#define HOLES_3(a, ...) HOLE(a), HOLES_2(__VA_ARGS__)
#define HOLES_4(a, ...) HOLE(a), HOLES_3(__VA_ARGS__)
#define HOLES_5(a, ...) HOLE(a), HOLES_4(__VA_ARGS__)
#define HOLES_6(a, ...) HOLE(a), HOLES_5(__VA_ARGS__)
#define HOLES_7(a, ...) HOLE(a), HOLES_6(__VA_ARGS__)
#define HOLES_8(a, ...) HOLE(a), HOLES_7(__VA_ARGS__)

/* Words that come in both languages (the catalogue's, an error's): the reader's, or the other where it is empty. */
const char *say(const struct request *rq, const char *zh, const char *en);

#endif
