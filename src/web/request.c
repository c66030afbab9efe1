#include "web/internal.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

void request_add(struct exchange *x, struct span name, struct span value)
{
  struct request *rq = &x->rq;
  struct form_field *fields = arena_grow(&x->arena, (void *)(uintptr_t)rq->fields, rq->fields_n, &x->fields_cap, sizeof *fields);
  fields[rq->fields_n++] = (struct form_field){name, value};
  rq->fields = fields;
}

/* ---- decoding ---- */

static int hex_digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool percent_decode(struct arena *arena, struct span s, bool plus, struct span *ret)
{
  char *out = arena_alloc(arena, s.n + 1);
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '%') {
      if (i + 2 >= s.n || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0)
        return false;
      out[n++] = (char)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2]));
      i += 2;
    } else {
      out[n++] = plus && s.p[i] == '+' ? ' ' : s.p[i];
    }
  }
  *ret = (struct span){out, n};
  return text_plain(*ret);
}

static int bad_encoding(struct error *error)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-encoding", "请求中的文字编码有误（应为 UTF-8，且不含控制字符）",
                   "The request's text is not well encoded (UTF-8 without control characters is taken)");
}

static int too_many_fields(struct error *error)
{
  return error_set(error, ERROR_TOO_LARGE, "too-many-fields", "表单项超过 %d 个", "The form has more than %d fields", FIELDS_MAX);
}

/* application/x-www-form-urlencoded, of the query and of a form. */
int request_form(struct exchange *x, struct span body, struct error *error)
{
  struct span pair;
  while (span_cut(&body, '&', &pair)) {
    struct span rest = pair, name, value;
    if (!pair.n)
      continue;
    if (x->rq.fields_n >= FIELDS_MAX)
      return too_many_fields(error);
    name = cut(&rest, '=');
    if (!percent_decode(&x->arena, name, true, &name) || !percent_decode(&x->arena, rest, true, &value))
      return bad_encoding(error);
    request_add(x, name, value);
  }
  return 0;
}

int request_target(struct exchange *x, struct error *error)
{
  struct span rest = span_of(x->target), path;
  if (rest.n > URL_MAX)
    return error_set(error, ERROR_TOO_LARGE, "url-too-long", "网址太长", "The address is too long");
  struct span raw = cut(&rest, '?');
  if (!percent_decode(&x->arena, raw, false, &path))
    return bad_encoding(error);
  x->rq.path = path.p;
  return request_form(x, rest, error);
}

/* ---- JSON bodies: members become fields, so that one handler serves a form and the API ---- */

/* «applicant.name»: where a value stands in the object; one buffer for all, so that names cost what is kept of them. */
struct member_path {
  char text[FIELD_NAME_MAX + 1];
  size_t n;
};

static int add_json(struct exchange *x, struct member_path *path, const json_t *value, unsigned depth, struct error *error);

static int step_into(struct member_path *path, struct span key, struct error *error)
{
  size_t dot = path->n > 0;
  if (path->n + dot + key.n > FIELD_NAME_MAX)
    return error_set(error, ERROR_TOO_LARGE, "name-too-long", "表单项名称太长", "The name of a field is too long");
  if (!text_plain(key))
    return bad_encoding(error);
  if (dot)
    path->text[path->n] = '.';
  memcpy(path->text + path->n + dot, key.p, key.n);
  path->n += dot + key.n;
  return 0;
}

static int add_members(struct exchange *x, struct member_path *path, const json_t *object, unsigned depth, struct error *error)
{
  json_t *o = (json_t *)(uintptr_t)object; /* jansson's iterators take no const */
  size_t outside = path->n;
  for (void *i = json_object_iter(o); i; i = json_object_iter_next(o, i)) {
    struct span key = {json_object_iter_key(i), json_object_iter_key_len(i)};
    if (step_into(path, key, error) || add_json(x, path, json_object_iter_value(i), depth + 1, error))
      return -1;
    path->n = outside;
  }
  return 0;
}

static int add_json(struct exchange *x, struct member_path *path, const json_t *value, unsigned depth, struct error *error)
{
  if (depth > JSON_DEPTH_MAX)
    return error_set(error, ERROR_BAD_INPUT, "json-too-deep", "JSON 嵌套过深", "The JSON nests too deeply");
  if (x->rq.fields_n >= FIELDS_MAX)
    return too_many_fields(error);
  if (json_is_object(value))
    return add_members(x, path, value, depth, error);
  if (json_is_array(value)) {
    for (size_t i = 0; i < json_array_size(value); i++)
      if (add_json(x, path, json_array_get(value, i), depth + 1, error))
        return -1;
    return 0;
  }
  struct span text = {NULL, 0};
  if (json_is_string(value)) {
    text = arena_span(&x->arena, (struct span){json_string_value(value), json_string_length(value)});
    if (!text_plain(text))
      return bad_encoding(error);
  } else if (!json_is_null(value)) {
    text = json_text(&x->arena, value);
  } else {
    return 0;
  }
  request_add(x, arena_span(&x->arena, (struct span){path->text, path->n}), text);
  return 0;
}

int request_json(struct exchange *x, struct span body, struct error *error)
{
  struct member_path path = {.n = 0};
  json_t *value;
  if (json_read(body, x->rq.lang == LANG_EN ? "The request" : "请求", &value, error))
    return -1;
  x->rq.body = value;
  if (!json_is_object(value))
    return error_set(error, ERROR_BAD_INPUT, "bad-json", "请求内容应为 JSON 对象", "The request must be a JSON object");
  return add_members(x, &path, value, 0, error);
}

/* ---- who and in which language ---- */

struct span cookie_of(const struct exchange *x, const char *name)
{
  struct span rest = span_of(rq_header(&x->rq, "Cookie")), one;
  while (span_cut(&rest, ';', &one)) {
    struct span value = span_trim(one), key = cut(&value, '=');
    if (span_is(key, name))
      return value;
  }
  return (struct span){NULL, 0};
}

struct span rq_cookie(const struct request *rq, const char *name)
{
  struct span value = cookie_of(rq->exchange, name);
  return value.p ? value : SPAN("");
}

int quality(struct span item)
{
  struct span part;
  int q = 1000;
  (void)cut(&item, ';');
  while (span_cut(&item, ';', &part)) {
    part = span_trim(part);
    if (part.n < 3 || part.p[0] != 'q' || part.p[1] != '=')
      continue;
    q = part.p[2] == '1' ? 1000 : 0;
    for (size_t i = 4, unit = 100; q < 1000 && i < part.n && unit; i++, unit /= 10)
      if (part.p[i] >= '0' && part.p[i] <= '9')
        q += (part.p[i] - '0') * (int)unit;
  }
  return q;
}

static enum language accepted(struct span header)
{
  int zh = -1, en = -1;
  struct span item;
  while (span_cut(&header, ',', &item)) {
    item = span_trim(item);
    int q = quality(item);
    if (item.n >= 2 && !strncasecmp(item.p, "zh", 2) && q > zh)
      zh = q;
    if (item.n >= 2 && !strncasecmp(item.p, "en", 2) && q > en)
      en = q;
  }
  return en > zh && en > 0 ? LANG_EN : LANG_ZH;
}

/* «?lang=», then the cookie, then Accept-Language, then Chinese. A choice by «?lang=» is kept for a year. */
void request_language(struct exchange *x)
{
  struct span asked = rq_span(&x->rq, "lang"), kept = cookie_of(x, "lang");
  if (span_is(asked, "en") || span_is(asked, "zh")) {
    x->rq.lang = span_is(asked, "en") ? LANG_EN : LANG_ZH;
    if (!span_eq(asked, kept))
      web_cookie(&x->rq, "lang", x->rq.lang == LANG_EN ? "en" : "zh", 365 * 86400);
  } else if (span_is(kept, "en") || span_is(kept, "zh")) {
    x->rq.lang = span_is(kept, "en") ? LANG_EN : LANG_ZH;
  } else {
    x->rq.lang = accepted(span_of(rq_header(&x->rq, "Accept-Language")));
  }
}

/* «?print=», then the cookie. What makes a device a kiosk is a cookie alone. */
void request_view(struct exchange *x)
{
  struct span asked = rq_span(&x->rq, "print"), kept = cookie_of(x, "print");
  bool asks = span_is(asked, "large") || span_is(asked, "normal");
  x->rq.kiosk = span_is(cookie_of(x, "kiosk"), "1");
  x->rq.large_print = span_is(asks ? asked : kept, "large");
  int64_t again = rq_int(&x->rq, "refresh"); /* how a live page without JavaScript stays the newest: live_page() */
  if (x->rq.method == METHOD_GET && again >= 5 && again <= 600)
    web_header(&x->rq, "Refresh", arena_printf(x->rq.arena, "%d", (int)again));
  if (asks && !span_eq(asked, kept))
    web_cookie(&x->rq, "print", x->rq.large_print ? "large" : "normal", x->rq.kiosk ? 0 : 365 * 86400); /* a kiosk forgets */
}

void web_kiosk(struct request *rq, bool on)
{
  rq->kiosk = on;
  web_cookie(rq, "kiosk", on ? "1" : "0", on ? 365 * 86400 : -1);
}

const char *web_channel(const struct request *rq)
{
  if (rq->kiosk)
    return "kiosk";
  const char *hint = rq_header(rq, "Sec-CH-UA-Mobile"), *agent = rq_header(rq, "User-Agent");
  return strcmp(hint, "?1") == 0 || (!*hint && strstr(agent, "Mobi")) ? "mobile" : "web";
}

static bool token_fits(struct span token)
{
  if (!token.n || token.n > 200)
    return false;
  for (size_t i = 0; i < token.n; i++) {
    char c = token.p[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'))
      return false;
  }
  return true;
}

/* A bearer token goes before the cookie: who sends one is no browser. */
int request_who(struct exchange *x, struct error *error)
{
  struct span header = span_of(rq_header(&x->rq, "Authorization"));
  if (header.n > 7 && !strncasecmp(header.p, "Bearer ", 7)) {
    struct span token = span_trim((struct span){header.p + 7, header.n - 7});
    x->bearer = token_fits(token) ? token : x->bearer;
  }
  struct span cookie = cookie_of(x, session_cookie(x->web));
  if (token_fits(cookie))
    x->session = cookie;
  struct span token = x->bearer.n ? x->bearer : x->session;
  const struct web_options *o = &x->web->options;
  if (token.n && o->authenticate && o->authenticate(o->context, &x->rq, token, &x->principal, error))
    return -1;
  x->rq.who = x->principal.id ? &x->principal : NULL;
  return 0;
}

/* ---- what handlers read ---- */

static const struct form_field *nth(const struct request *rq, const char *name, size_t i)
{
  for (size_t k = 0; k < rq->fields_n; k++)
    if (span_is(rq->fields[k].name, name) && i-- == 0)
      return &rq->fields[k];
  return NULL;
}

struct span rq_nth(const struct request *rq, const char *name, size_t i)
{
  const struct form_field *field = nth(rq, name, i);
  return field ? span_trim(field->value) : (struct span){"", 0};
}

struct span rq_span(const struct request *rq, const char *name)
{
  return rq_nth(rq, name, 0);
}

const char *rq_str(const struct request *rq, const char *name)
{
  struct span s = rq_span(rq, name);
  return s.n ? arena_dup(rq->arena, s) : "";
}

int64_t rq_int(const struct request *rq, const char *name)
{
  int64_t v;
  return span_int(rq_span(rq, name), &v) ? v : 0;
}

day rq_day(const struct request *rq, const char *name)
{
  day d;
  return day_parse(rq_span(rq, name), &d) ? d : DAY_NONE;
}

bool rq_flag(const struct request *rq, const char *name)
{
  struct span s = rq_span(rq, name);
  return span_is(s, "1") || span_is(s, "true") || span_is(s, "yes") || span_is(s, "on");
}

bool rq_has(const struct request *rq, const char *name)
{
  return rq_span(rq, name).n > 0;
}

size_t rq_count(const struct request *rq, const char *name)
{
  size_t n = 0;
  for (size_t k = 0; k < rq->fields_n; k++)
    n += span_is(rq->fields[k].name, name);
  return n;
}

const struct upload *rq_upload(const struct request *rq, const char *name, size_t i)
{
  for (size_t k = 0; k < rq->uploads_n; k++)
    if (span_is(rq->uploads[k].field, name) && i-- == 0)
      return &rq->uploads[k];
  return NULL;
}

const char *rq_header(const struct request *rq, const char *name)
{
  const char *value = MHD_lookup_connection_value(rq->exchange->connection, MHD_HEADER_KIND, name);
  return value ? value : "";
}

const char *rq_once(const struct request *rq)
{
  struct span s = rq_span(rq, "once");
  if (!s.n)
    s = span_trim(span_of(rq_header(rq, "Idempotency-Key")));
  if (!s.n || s.n > 64)
    return "";
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] < 0x21 || s.p[i] > 0x7e)
      return "";
  return arena_dup(rq->arena, s);
}
