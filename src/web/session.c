#include "web/internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/*
 * Forms are protected twice (OWASP, cross-site request forgery): the browser's own word about where a request comes from
 * (Sec-Fetch-Site, Origin), and a token bound to the session, or for a visitor to a signed cookie.
 */

bool constant_time_eq(struct span a, struct span b)
{
  if (a.n != b.n)
    return false;
  unsigned char diff = 0;
  for (size_t i = 0; i < a.n; i++)
    diff |= (unsigned char)(a.p[i] ^ b.p[i]);
  return diff == 0;
}

const char *session_cookie(const struct web *web)
{
  return web->options.tls ? "__Host-session" : "session";
}

static const char *visitor_cookie(const struct web *web)
{
  return web->options.tls ? "__Host-visitor" : "visitor";
}

static void sign(const struct exchange *x, const char *purpose, struct span value, char out[65])
{
  const struct span parts[] = {span_of(purpose), {":", 1}, value};
  struct digest d = hmac_parts(&x->web->signer, parts, sizeof parts / sizeof *parts);
  hex_encode(d.b, sizeof d.b, out);
}

/* The cookie is «32 hex digits . their signature»: nobody else can make one that is taken. */
void visitor_read(struct exchange *x)
{
  struct span rest = cookie_of(x, visitor_cookie(x->web)), id = cut(&rest, '.');
  char wanted[65];
  if (id.n != 32 || rest.n != 64)
    return;
  sign(x, "visitor", id, wanted);
  if (constant_time_eq(rest, span_of(wanted)))
    snprintf(x->visitor, sizeof x->visitor, "%.*s", 32, id.p);
}

static void visitor_make(struct exchange *x)
{
  unsigned char random[16];
  char signature[65];
  web_random(x->web, random, sizeof random);
  hex_encode(random, sizeof random, x->visitor);
  sign(x, "visitor", span_of(x->visitor), signature);
  web_cookie(&x->rq, visitor_cookie(x->web), arena_printf(&x->arena, "%s.%s", x->visitor, signature), VISITOR_SECONDS);
}

/* The session's token where somebody is signed in by cookie, else the visitor's; "" where there is neither. */
static struct span bound_to(const struct exchange *x)
{
  return x->rq.who && x->session.n ? x->session : span_of(x->visitor);
}

const char *csrf_token(struct request *rq)
{
  struct exchange *x = rq->exchange;
  if (!x->csrf[0]) {
    if (!bound_to(x).n)
      visitor_make(x);
    sign(x, "csrf", bound_to(x), x->csrf);
  }
  return x->csrf;
}

struct html form_guard(struct request *rq)
{
  struct exchange *x = rq->exchange;
  unsigned char random[16];
  web_random(x->web, random, sizeof random);
  hex_encode(random, sizeof random, x->once);
  const char *s = arena_printf(
      rq->arena, "<input type=\"hidden\" name=\"csrf\" value=\"%s\"><input type=\"hidden\" name=\"once\" value=\"%s\">",
      csrf_token(rq), x->once);
  return (struct html){span_of(s)};
}

/* The authority of an Origin is the Host it was sent to. The scheme is the proxy's business. */
static bool same_host(const char *origin, const char *host)
{
  const char *rest = strstr(origin, "://");
  return rest && *host && !strcasecmp(rest + 3, host);
}

static int foreign(struct error *error)
{
  return error_set(error, ERROR_FORBIDDEN, "cross-site", "请求来自其他网站，已拒绝",
                   "The request came from another site and was refused");
}

int origin_check(struct exchange *x, struct error *error)
{
  const char *site = rq_header(&x->rq, "Sec-Fetch-Site"), *origin = rq_header(&x->rq, "Origin");
  if (*site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
    return foreign(error);
  if (*origin && !same_host(origin, rq_header(&x->rq, "Host")))
    return foreign(error);
  return 0;
}

int csrf_check(struct exchange *x, struct error *error)
{
  const struct request *rq = &x->rq;
  if (rq->method == METHOD_GET || (rq->route->flags & ROUTE_NO_CSRF) || x->bearer.n)
    return 0;
  if (origin_check(x, error))
    return -1;
  /* The API: no cookie, nothing to protect; with one, the browser's word is enough. */
  if (rq->api && !x->session.n)
    return 0;
  bool own_word = *rq_header(rq, "Origin") || !strcmp(rq_header(rq, "Sec-Fetch-Site"), "same-origin");
  if (rq->api && own_word)
    return 0;
  const char *header = rq_header(rq, "X-CSRF-Token");
  struct span token = *header ? span_of(header) : rq_span(rq, "csrf"), bound = bound_to(x);
  char wanted[65];
  if (bound.n) {
    sign(x, "csrf", bound, wanted);
    if (constant_time_eq(token, span_of(wanted)))
      return 0;
  }
  return error_set(error, ERROR_FORBIDDEN, "stale-form", "这个页面已经过期，请返回、刷新后再提交一次",
                   "This page is out of date: go back, reload it and send it again");
}

void web_session_start(struct request *rq, const char *token)
{
  web_cookie(rq, session_cookie(rq->exchange->web), token, 0);
}

void web_session_end(struct request *rq)
{
  web_cookie(rq, session_cookie(rq->exchange->web), "", -1);
}

struct span web_session_token(const struct request *rq)
{
  return rq->exchange->bearer.n ? rq->exchange->bearer : rq->exchange->session;
}
