#include "web/internal.h"

#include <string.h>
#include <strings.h>

/*
 * libmicrohttpd 0.9.75 accepts requests that another HTTP parser before it may cut differently (request smuggling,
 * RFC 9112 §11.2). What it shows through its API is looked at here, before a byte of the body is believed; the answer to a
 * refused request closes the connection, so nothing after it is read.
 */
struct seen {
  int hosts, lengths, codings, headers;
  struct span host, length;
  bool bad_name, bad_value;
};

static bool token_char(char c)
{
  return (c >= 'a' && c <= 'z') || c == '-' || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c && strchr("!#$%&'*+.^_`|~", c));
}

bool guard_text(const char *s, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if ((c < 0x20 && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}

static bool name_is(struct span s, const char *name)
{
  return s.n == strlen(name) && !strncasecmp(s.p, name, s.n);
}

static enum MHD_Result look(void *context, enum MHD_ValueKind kind, const char *key, size_t key_n, const char *value,
                            size_t value_n)
{
  (void)kind;
  struct seen *seen = context;
  struct span name = {key, key_n}, text = {value ? value : "", value ? value_n : 0};
  seen->headers++;
  if (!name.n)
    seen->bad_name = true;
  for (size_t i = 0; i < name.n; i++)
    seen->bad_name = seen->bad_name || !token_char(name.p[i]);
  if (!guard_text(text.p, text.n))
    seen->bad_value = true;
  if (name_is(name, "Host")) {
    seen->hosts++;
    seen->host = text;
  } else if (name_is(name, "Content-Length")) {
    seen->lengths++;
    seen->length = text;
  } else if (name_is(name, "Transfer-Encoding")) {
    seen->codings++;
  }
  return MHD_YES;
}

/* RFC 3986 host and port, as browsers and proxies write them. */
static bool host_fits(struct span s)
{
  if (!s.n || s.n > 255)
    return false;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr(".-_:[]", c)))
      return false;
  }
  return true;
}

/* A request that could be read in two ways: nothing after it on this connection is believed. */
#define refuse(x, error, zh, en) ((x)->close = true, error_set((error), ERROR_BAD_INPUT, "bad-request", zh, en))

/* «http://host/path» is allowed where its host is the Host header's (RFC 9112 §3.2.2); it is cut down to the path. */
static int check_target(struct exchange *x, struct span host, struct error *error)
{
  char *t = x->target;
  if (t[0] != '/') {
    char *rest = !strncasecmp(t, "http://", 7) ? t + 7 : !strncasecmp(t, "https://", 8) ? t + 8 : NULL;
    size_t n = rest ? strcspn(rest, "/?") : 0;
    if (!rest || n != host.n || strncasecmp(rest, host.p, n) != 0 || rest[n] != '/')
      return refuse(x, error, "请求地址与主机名不符", "The request target does not fit the host");
    x->target = rest + n;
  }
  for (const char *p = x->target; *p; p++)
    if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || *p == '#' || *p == '\\' || *p == '"' || *p == '<' || *p == '>')
      return refuse(x, error, "请求地址含有不允许的字符", "The request target has characters that are not allowed");
  return 0;
}

int guard_check(struct exchange *x, const char *version, struct error *error)
{
  struct seen seen = {0};
  MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, look, &seen);
  bool modern = !strcmp(version, "HTTP/1.1");
  if (!modern && strcmp(version, "HTTP/1.0") != 0)
    return refuse(x, error, "不支持的 HTTP 版本", "This version of HTTP is not supported");
  if (seen.bad_name || seen.bad_value || seen.headers > 100)
    return refuse(x, error, "请求头格式错误", "A header of the request is malformed");
  if (seen.hosts > 1 || (modern && !seen.hosts) || (seen.hosts && !host_fits(seen.host)))
    return refuse(x, error, "请求的 Host 头缺失、重复或格式错误", "The Host header is missing, repeated or malformed");
  if (seen.codings && seen.lengths)
    return refuse(x, error, "请求不得同时带 Transfer-Encoding 与 Content-Length",
                  "A request has either Transfer-Encoding or Content-Length, not both");
  if (seen.codings)
    return refuse(x, error, "请求须以 Content-Length 说明长度，不接受 Transfer-Encoding",
                  "The request must state its Content-Length; Transfer-Encoding is not taken");
  if (seen.lengths > 1)
    return refuse(x, error, "请求带有多个 Content-Length", "The request has more than one Content-Length");
  x->length = 0;
  if (seen.lengths && (!span_int(seen.length, &x->length) || x->length < 0 || seen.length.p[0] == '-' ||
                       (seen.length.n > 1 && seen.length.p[0] == '0')))
    return refuse(x, error, "Content-Length 不是一个有效的数字", "The Content-Length is not a number");
  return check_target(x, seen.host, error);
}
