#include "web/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "web/asset.h"

void html_literal(struct request *rq, const char *p, size_t n)
{
  buf_bytes(&rq->out, p, n);
}

static void escape(struct buf *out, struct span s)
{
  static const char *const entities[256] = {['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&#34;", ['\''] = "&#39;"};
  size_t from = 0;
  for (size_t i = 0; i < s.n; i++) {
    const char *entity = entities[(unsigned char)s.p[i]];
    if (!entity)
      continue;
    buf_bytes(out, s.p + from, i - from);
    buf_str(out, entity);
    from = i + 1;
  }
  buf_bytes(out, s.p + from, s.n - from);
}

static bool put_number(struct buf *out, const struct hole *h)
{
  if (h->type == HOLE_INT)
    buf_int(out, h->i);
  else if (h->type == HOLE_UINT)
    buf_printf(out, "%llu", (unsigned long long)h->u);
  return h->type == HOLE_INT || h->type == HOLE_UINT;
}

void html_text(struct request *rq, struct hole value)
{
  if (put_number(&rq->out, &value))
    return;
  if (value.type == HOLE_HTML)
    buf_span(&rq->out, value.s);
  else
    escape(&rq->out, value.s);
}

static bool unreserved(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

static void put_percent(struct buf *out, char c)
{
  static const char digits[] = "0123456789ABCDEF";
  buf_bytes(out, (const char[]){'%', digits[(unsigned char)c >> 4], digits[c & 15]}, 3);
}

void html_component(struct request *rq, struct hole value)
{
  if (put_number(&rq->out, &value))
    return;
  for (size_t i = 0; i < value.s.n; i++) {
    if (unreserved(value.s.p[i]))
      buf_char(&rq->out, value.s.p[i]);
    else
      put_percent(&rq->out, value.s.p[i]);
  }
}

static const bool coded[0x80] = {
    ['"'] = true, ['\''] = true, ['<'] = true, ['>'] = true, ['`'] = true, ['{'] = true, ['}'] = true, ['|'] = true, ['^'] = true};

/* Everything before the first «:» that is not behind a «/», «?» or «#» is a scheme. */
static bool scheme_allowed(struct span s)
{
  static const char *const allowed[] = {"http", "https", "mailto", "tel"};
  size_t n = 0;
  while (n < s.n && !strchr("/?#:", s.p[n]))
    n++;
  if (n == s.n || s.p[n] != ':')
    return true;
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
    if (strlen(allowed[i]) == n && !strncasecmp(allowed[i], s.p, n))
      return true;
  return false;
}

void html_url(struct request *rq, struct hole value)
{
  if (put_number(&rq->out, &value))
    return;
  struct span s = span_trim(value.s);
  /* White space and control characters inside are dropped by browsers: a scheme could hide behind them. */
  bool plain = true;
  for (size_t i = 0; i < s.n && plain; i++)
    plain = (unsigned char)s.p[i] > 0x20 && s.p[i] != 0x7f && s.p[i] != '\\';
  if (!plain || !scheme_allowed(s)) {
    buf_str(&rq->out, "about:invalid");
    return;
  }
  size_t from = 0;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    bool ampersand = c == '&';
    if (!ampersand && (unsigned char)c < 0x80 && !coded[(unsigned char)c])
      continue;
    buf_bytes(&rq->out, s.p + from, i - from);
    from = i + 1;
    if (ampersand)
      buf_str(&rq->out, "&amp;");
    else
      put_percent(&rq->out, c);
  }
  buf_bytes(&rq->out, s.p + from, s.n - from);
}

/* ---- for templates ---- */

const char *asset_url(const char *name)
{
  for (size_t i = 0; i < assets_n; i++)
    if (!strcmp(assets[i].name, name))
      return assets[i].path;
  abort();
}

static void put_component(struct buf *out, struct span s)
{
  for (size_t i = 0; i < s.n; i++) {
    if (unreserved(s.p[i]))
      buf_char(out, s.p[i]);
    else
      put_percent(out, s.p[i]);
  }
}

const char *url_part(struct request *rq, struct span text)
{
  struct buf out;
  buf_init(&out, 3 * text.n + 1);
  put_component(&out, text);
  char *part = arena_dup(rq->arena, buf_view(&out));
  buf_release(&out);
  return part;
}

const char *url_whole(struct request *rq, const char *path)
{
  return arena_printf(rq->arena, "%s://%s%s", rq->exchange->web->options.tls ? "https" : "http", rq_header(rq, "Host"), path);
}

const char *url_with(struct request *rq, const char *name, const char *value)
{
  struct exchange *x = rq->exchange;
  struct buf out;
  buf_init(&out, (size_t)4 * URL_MAX);
  struct span rest = span_of(x->target), pair;
  buf_span(&out, cut(&rest, '?'));
  char sep = '?';
  while (rq->method == METHOD_GET && span_cut(&rest, '&', &pair)) {
    struct span raw = pair, key = cut(&raw, '=');
    if (!pair.n || (percent_decode(&x->arena, key, true, &key) && span_is(key, name)))
      continue;
    buf_char(&out, sep);
    buf_span(&out, pair);
    sep = '&';
  }
  if (*value) {
    buf_char(&out, sep);
    put_component(&out, span_of(name));
    buf_char(&out, '=');
    put_component(&out, span_of(value));
  }
  char *url = arena_dup(&x->arena, buf_view(&out));
  buf_release(&out);
  return url;
}

const struct nav_item *web_nav(const struct request *rq)
{
  return rq->exchange->web->options.nav;
}

static size_t nav_fits(const struct request *rq, const struct nav_item *item)
{
  size_t n = strlen(item->path);
  bool fits = n == 1 ? !strcmp(rq->path, "/") : !strncmp(rq->path, item->path, n) && (rq->path[n] == 0 || rq->path[n] == '/');
  return fits ? n : 0;
}

/* Of «/desk» and «/desk/consult» the one that says more. */
bool nav_current(const struct request *rq, const struct nav_item *item)
{
  size_t n = nav_fits(rq, item);
  for (const struct nav_item *other = web_nav(rq); n && other && other->path; other++)
    if (nav_fits(rq, other) > n)
      return false;
  return n > 0;
}

bool web_is_sample(const struct request *rq)
{
  return rq->exchange->web->options.sample;
}

const char *web_sign_in_url(struct request *rq)
{
  struct exchange *x = rq->exchange;
  struct buf out;
  buf_init(&out, (size_t)4 * URL_MAX);
  buf_str(&out, x->web->sign_in);
  if (rq->method == METHOD_GET && strcmp(rq->path, x->web->sign_in) != 0) {
    buf_str(&out, "?return=");
    put_component(&out, span_of(x->target));
  }
  char *url = arena_dup(&x->arena, buf_view(&out));
  buf_release(&out);
  return url;
}

const char *web_local_path(const char *path)
{
  if (!path || path[0] != '/' || path[1] == '/' || strlen(path) > URL_MAX)
    return "/";
  for (const char *p = path; *p; p++)
    if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '\\')
      return "/";
  return path;
}

const char *input_value(const struct request *rq, const struct input *input)
{
  return input->value && !rq_count(rq, input->name) ? input->value : rq_str(rq, input->name);
}

bool input_chosen(const struct request *rq, const struct input *input, const char *value)
{
  size_t n = rq_count(rq, input->name);
  for (size_t i = 0; i < n; i++)
    if (span_is(rq_nth(rq, input->name, i), value))
      return true;
  if (n || !input->value)
    return false;
  struct span rest = span_of(input->value), one;
  while (span_cut(&rest, ',', &one))
    if (span_is(span_trim(one), value))
      return true;
  return !*input->value && !*value;
}
