#include "web/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "templates_web.h"
#include "web/asset.h"
#include "web/live.h"

/* ---- what a handler says ---- */

void answer_reset(struct exchange *x)
{
  buf_clear(&x->rq.out);
  x->rq.out.full = false;
  if (x->fd >= 0)
    close(x->fd);
  x->fd = -1;
  x->status = 0;
  x->type = NULL;
  x->topic = NULL;
  x->keep = 0;
}

void web_html(struct request *rq, unsigned status)
{
  buf_clear(&rq->out);
  rq->exchange->status = status;
  rq->exchange->type = "text/html; charset=utf-8";
}

struct json_writer web_json(struct request *rq, unsigned status)
{
  buf_clear(&rq->out);
  rq->exchange->status = status;
  rq->exchange->type = "application/json";
  return json_to(&rq->out);
}

void web_header(struct request *rq, const char *name, const char *value)
{
  struct exchange *x = rq->exchange;
  if (x->headers_n == HEADERS_MAX || !guard_text(value, strlen(value)))
    return;
  x->headers[x->headers_n++] = (struct header){name, arena_str(&x->arena, value)};
}

void web_cookie(struct request *rq, const char *name, const char *value, int64_t max_age_seconds)
{
  const char *age = max_age_seconds > 0   ? arena_printf(rq->arena, "; Max-Age=%lld", (long long)max_age_seconds)
                    : max_age_seconds < 0 ? "; Max-Age=0"
                                          : "";
  const char *secure = rq->exchange->web->options.tls ? "; Secure" : "";
  web_header(rq, "Set-Cookie", arena_printf(rq->arena, "%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s", name, value, secure, age));
}

void web_retry_after(struct request *rq, int seconds)
{
  web_header(rq, "Retry-After", arena_printf(rq->arena, "%d", seconds));
}

/* A Location is ASCII: what a path has beyond that is percent-encoded. */
static const char *ascii_path(struct arena *arena, const char *path)
{
  char *out = arena_alloc(arena, strlen(path) * 3 + 1), *p = out;
  for (; *path; path++) {
    if ((unsigned char)*path < 0x80)
      *p++ = *path;
    else
      p += snprintf(p, 4, "%%%02X", (unsigned char)*path);
  }
  return out;
}

int web_redirect(struct request *rq, unsigned status, const char *path)
{
  buf_clear(&rq->out);
  rq->exchange->status = status;
  rq->exchange->type = "text/plain; charset=utf-8";
  web_header(rq, "Location", ascii_path(rq->arena, web_local_path(path)));
  return 0;
}

/* RFC 6266: a plain name for old programs, the real one beside it. */
static void put_disposition(struct request *rq, const char *filename)
{
  struct buf out;
  buf_init(&out, 4096);
  buf_str(&out, "attachment; filename=\"");
  for (const char *p = filename; *p; p++)
    buf_char(&out, (unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f || strchr("\"\\%/", *p) ? '_' : *p);
  buf_str(&out, "\"; filename*=UTF-8''");
  for (const char *p = filename; *p; p++) {
    if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("-._~", *p))
      buf_char(&out, *p);
    else
      buf_printf(&out, "%%%02X", (unsigned char)*p);
  }
  web_header(rq, "Content-Disposition", out.p ? out.p : "attachment");
  buf_release(&out);
}

int web_bytes(struct request *rq, unsigned status, const char *type, const char *filename)
{
  rq->exchange->status = status;
  rq->exchange->type = arena_str(rq->arena, type);
  if (filename)
    put_disposition(rq, filename);
  return 0;
}

int web_file(struct request *rq, int fd, int64_t size, const char *type, const char *filename)
{
  struct exchange *x = rq->exchange;
  answer_reset(x);
  x->status = 200;
  x->type = arena_str(rq->arena, type);
  x->fd = fd;
  x->fd_size = size;
  if (filename)
    put_disposition(rq, filename);
  return 0;
}

void web_keep(struct request *rq, int seconds)
{
  rq->exchange->keep = seconds;
}

void web_field_error(struct request *rq, const char *field, const char *text)
{
  rq->errors = arena_grow(rq->arena, rq->errors, rq->errors_n, &rq->exchange->errors_cap, sizeof *rq->errors);
  rq->errors[rq->errors_n++] = (struct form_error){field, text};
}

const char *web_error_of(const struct request *rq, const char *field)
{
  for (size_t i = 0; i < rq->errors_n; i++)
    if (!strcmp(rq->errors[i].field, field))
      return rq->errors[i].text;
  return NULL;
}

/* ---- what is wrong ---- */

const char *error_title(const struct request *rq, enum error_code code)
{
  switch (code) {
  case ERROR_BAD_INPUT:
    return tr(rq, "Something needs correcting");
  case ERROR_SIGN_IN:
    return tr(rq, "Please sign in");
  case ERROR_FORBIDDEN:
    return tr(rq, "Not allowed");
  case ERROR_NOT_FOUND:
    return tr(rq, "Not found");
  case ERROR_CONFLICT:
    return tr(rq, "This has changed in the meantime");
  case ERROR_TOO_LARGE:
    return tr(rq, "Too large");
  case ERROR_BAD_TYPE:
    return tr(rq, "This file cannot be taken");
  case ERROR_RULE:
    return tr(rq, "The rules do not allow this");
  case ERROR_TOO_MANY:
    return tr(rq, "Too many attempts");
  case ERROR_BUSY:
    return tr(rq, "Very busy just now");
  case ERROR_OK:
  case ERROR_INTERNAL:
    break;
  }
  return tr(rq, "Something went wrong here");
}

const char *error_advice(const struct request *rq, enum error_code code)
{
  switch (code) {
  case ERROR_BAD_INPUT:
  case ERROR_TOO_LARGE:
  case ERROR_BAD_TYPE:
    return tr(rq, "Go back, correct it and send it again. Nothing was changed.");
  case ERROR_SIGN_IN:
    return tr(rq, "Sign in, then you come back to this page.");
  case ERROR_FORBIDDEN:
    return tr(rq, "If you think you should be able to do this, ask the service desk. Nothing was changed.");
  case ERROR_NOT_FOUND:
    return tr(rq, "Check the address, or begin at the first page.");
  case ERROR_CONFLICT:
    return tr(rq, "Go back, reload the page and look at what is new. Nothing was changed.");
  case ERROR_RULE:
    return tr(rq, "Nothing was changed.");
  case ERROR_TOO_MANY:
  case ERROR_BUSY:
    return tr(rq, "Wait a little and try again. Nothing was changed.");
  case ERROR_OK:
  case ERROR_INTERNAL:
    break;
  }
  return tr(rq, "It is our fault, and it has been noted. Try again later; if it stays, tell us the number of the request below.");
}

static void put_problem(struct request *rq, unsigned status, const struct error *error)
{
  struct json_writer w = web_json(rq, status);
  rq->exchange->type = "application/problem+json";
  json_begin_object(&w, NULL);
  json_put_str(&w, "type", arena_printf(rq->arena, "urn:onevisit:problem:%s", error->name));
  json_put_str(&w, "title", error_title(rq, error->code));
  json_put_int(&w, "status", status);
  json_put_str(&w, "detail", say(rq, error->zh, error->en));
  json_put_str(&w, "instance", arena_printf(rq->arena, "urn:onevisit:request:%s", rq->id));
  if (error->where[0])
    json_put_str(&w, "where", error->where);
  json_end(&w);
}

static bool said(const struct exchange *x, const char *header)
{
  for (size_t i = 0; i < x->headers_n; i++)
    if (!strcmp(x->headers[i].name, header))
      return true;
  return false;
}

int web_problem(struct request *rq, const struct error *error)
{
  struct exchange *x = rq->exchange;
  struct error e = *error;
  answer_reset(x);
  if (!e.name)
    e.name = "internal";
  unsigned status = (unsigned)error_http(e.code);
  if (x->allow) {
    status = 405;
    web_header(rq, "Allow", x->allow);
  }
  if ((e.code == ERROR_BUSY || e.code == ERROR_TOO_MANY) && !said(x, "Retry-After"))
    web_retry_after(rq, 1);
  if (rq->api && status == 401)
    web_header(rq, "WWW-Authenticate", "Bearer");
  if (rq->api) {
    put_problem(rq, status, &e);
    return 0;
  }
  return web_page(rq, status, error_page(rq, &e));
}

/* ---- from a checked request to an answer ---- */

/* The token of a form is known only when its body is read; files are looked at after it. */
static int prepare(struct exchange *x, struct error *error)
{
  struct span body = buf_view(&x->body);
  if (x->kind == BODY_FORM && request_form(x, body, error))
    return -1;
  if (x->kind == BODY_JSON && request_json(x, body, error))
    return -1;
  if (x->kind == BODY_MULTIPART && multipart_finish(x, error))
    return -1;
  if (x->kind == BODY_RAW)
    x->rq.raw = body;
  if (csrf_check(x, error) || uploads_check(x, error))
    return -1;
  return parameters_check(x, error);
}

void answer_handler(struct exchange *x)
{
  struct request *rq = &x->rq;
  struct error error = {0};
  if (prepare(x, &error) || rq->route->handler(rq, &error))
    (void)web_problem(rq, &error);
  bool none = !x->status, full = rq->out.full;
  if (none)
    (void)error_set(&error, ERROR_INTERNAL, "no-answer", "系统未能给出答复", "The system gave no answer");
  else if (full)
    (void)error_set(&error, ERROR_INTERNAL, "answer-too-large", "答复内容过大", "The answer is too large");
  if (none || full)
    (void)web_problem(rq, &error);
  x->answered = true;
}

/* ---- onto the wire ---- */

static void put_security(const struct exchange *x, struct MHD_Response *r)
{
  static const struct header always[] = {
      {"X-Content-Type-Options", "nosniff"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Content-Security-Policy",
       "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
       "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; connect-src 'self'; font-src 'self'"},
      /* only a browser that shows the answer as a page heeds these */
      {"Referrer-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
  };
  size_t n = sizeof always / sizeof *always - (x->rq.api ? 2 : 0);
  for (size_t i = 0; i < n; i++)
    MHD_add_response_header(r, always[i].name, always[i].value);
  if (x->web->options.tls)
    MHD_add_response_header(r, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
}

static void put_caching(const struct exchange *x, struct MHD_Response *r)
{
  bool shared = x->rq.route && (x->rq.route->flags & ROUTE_CACHED) && !x->rq.who && !x->rq.kiosk && !said(x, "Set-Cookie") &&
                x->status == 200;
  char age[64];
  if (x->keep)
    (void)snprintf(age, sizeof age, "public, max-age=%d%s", x->keep, x->keep == WEB_FOREVER ? ", immutable" : "");
  if (x->asset)
    MHD_add_response_header(r, "Cache-Control", "public, max-age=31536000, immutable");
  else if (x->keep)
    MHD_add_response_header(r, "Cache-Control", age);
  else
    MHD_add_response_header(r, "Cache-Control", shared ? "public, max-age=60" : "no-store");
  if (x->asset)
    MHD_add_response_header(r, "Vary", "Accept-Encoding");
  else if (shared)
    MHD_add_response_header(r, "Vary", "Cookie, Accept-Language");
}

static bool accepts_gzip(const struct exchange *x)
{
  struct span header = span_of(rq_header(&x->rq, "Accept-Encoding")), item;
  while (span_cut(&header, ',', &item)) {
    struct span rest = span_trim(item), name = span_trim(cut(&rest, ';'));
    if (span_is(name, "gzip"))
      return quality(item) > 0;
  }
  return false;
}

static struct MHD_Response *body_of(struct exchange *x)
{
  struct MHD_Response *r;
  if (x->topic)
    return live_response(x);
  if (x->asset) {
    bool gzip = accepts_gzip(x) && x->asset->gzip_n < x->asset->plain_n;
    const unsigned char *p = gzip ? x->asset->gzip : x->asset->plain;
    r = MHD_create_response_from_buffer(gzip ? x->asset->gzip_n : x->asset->plain_n, (void *)(uintptr_t)p, MHD_RESPMEM_PERSISTENT);
    if (r && gzip)
      MHD_add_response_header(r, "Content-Encoding", "gzip");
    return r;
  }
  if (x->fd >= 0) {
    r = MHD_create_response_from_fd64((uint64_t)x->fd_size, x->fd);
    if (r)
      x->fd = -1;
    return r;
  }
  struct span body = buf_view(&x->rq.out);
  /* The buffer lives as long as the exchange, and the exchange until the answer is sent. */
  return MHD_create_response_from_buffer(body.n, body.n ? (void *)(uintptr_t)body.p : "", MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result answer_send(struct exchange *x)
{
  struct MHD_Response *r = body_of(x);
  if (!r)
    return MHD_NO;
  MHD_add_response_header(r, "Content-Type", x->type ? x->type : "text/plain; charset=utf-8");
  put_security(x, r);
  put_caching(x, r);
  MHD_add_response_header(r, "X-Request-Id", x->rq.id);
  for (size_t i = 0; i < x->headers_n; i++)
    MHD_add_response_header(r, x->headers[i].name, x->headers[i].value);
  if (x->close)
    MHD_add_response_header(r, "Connection", "close");
  enum MHD_Result result = MHD_queue_response(x->connection, x->status, r);
  MHD_destroy_response(r);
  return result;
}

void answer_asset(struct exchange *x)
{
  for (size_t i = 0; i < assets_n; i++)
    if (!strcmp(assets[i].path, x->rq.path)) {
      x->asset = &assets[i];
      x->status = 200;
      x->type = assets[i].type;
      x->answered = true;
    }
}

int handler_kit(struct request *rq, struct error *error)
{
  (void)error;
  return web_page(rq, 200, kit(rq));
}
