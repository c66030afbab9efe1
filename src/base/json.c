#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int json_read(struct span text, const char *what, json_t **ret, struct error *error)
{
  json_error_t why;
  json_t *value = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
  if (!value) {
    (void)error_set(error, ERROR_BAD_INPUT, "bad-json", "%s 不是有效的 JSON：%s", "%s is not valid JSON: %s", what, why.text);
    return error_at(error, "%d:%d", why.line, why.column);
  }
  *ret = value;
  return 0;
}

const char *json_str(const json_t *object, const char *key)
{
  const char *s = json_string_value(json_object_get(object, key));
  return s ? s : "";
}

int64_t json_int(const json_t *object, const char *key)
{
  return json_integer_value(json_object_get(object, key));
}

bool json_flag(const json_t *object, const char *key)
{
  return json_is_true(json_object_get(object, key));
}

const json_t *json_list(const json_t *object, const char *key)
{
  const json_t *list = json_object_get(object, key);
  return json_is_array(list) ? list : NULL;
}

struct span json_text(struct arena *arena, const json_t *value)
{
  const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
  char *s = json_dumps(value, flags);
  if (!s)
    abort();
  struct span copy = arena_span(arena, span_of(s));
  free(s);
  return copy;
}

struct json_writer json_to(struct buf *buf)
{
  return (struct json_writer){.buf = buf};
}

static void put_quoted(struct buf *buf, struct span s)
{
  buf_char(buf, '"');
  size_t from = 0;
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c >= 0x20 && c != '"' && c != '\\')
      continue;
    buf_bytes(buf, s.p + from, i - from);
    from = i + 1;
    if (c == '"' || c == '\\')
      buf_printf(buf, "\\%c", c);
    else if (c == '\n')
      buf_str(buf, "\\n");
    else
      buf_printf(buf, "\\u%04x", c);
  }
  buf_bytes(buf, s.p + from, s.n - from);
  buf_char(buf, '"');
}

static void begin_value(struct json_writer *w, const char *key)
{
  if (w->depth > 0) {
    unsigned top = w->depth - 1;
    assert((w->open[top] == '{') == (key != NULL));
    if (w->more[top])
      buf_char(w->buf, ',');
    w->more[top] = true;
  }
  if (key) {
    put_quoted(w->buf, span_of(key));
    buf_char(w->buf, ':');
  }
}

static void open_value(struct json_writer *w, const char *key, char kind)
{
  begin_value(w, key);
  if (w->depth >= JSON_DEPTH_MAX)
    abort();
  w->open[w->depth] = kind;
  w->more[w->depth] = false;
  w->depth++;
  buf_char(w->buf, kind);
}

void json_begin_object(struct json_writer *w, const char *key)
{
  open_value(w, key, '{');
}

void json_begin_array(struct json_writer *w, const char *key)
{
  open_value(w, key, '[');
}

void json_end(struct json_writer *w)
{
  if (w->depth == 0)
    abort();
  w->depth--;
  buf_char(w->buf, w->open[w->depth] == '{' ? '}' : ']');
}

void json_put_span(struct json_writer *w, const char *key, struct span value)
{
  begin_value(w, key);
  put_quoted(w->buf, value);
}

void json_put_str(struct json_writer *w, const char *key, const char *value)
{
  if (value)
    json_put_span(w, key, span_of(value));
  else
    json_put_null(w, key);
}

void json_put_int(struct json_writer *w, const char *key, int64_t value)
{
  begin_value(w, key);
  buf_printf(w->buf, "%lld", (long long)value);
}

void json_put_num(struct json_writer *w, const char *key, double value)
{
  if (!isfinite(value)) {
    json_put_null(w, key);
    return;
  }
  begin_value(w, key);
  char text[32];
  for (int precision = 1; precision <= 17; precision++) {
    (void)snprintf(text, sizeof text, "%.*g", precision, value);
    if (strtod(text, NULL) == value)
      break;
  }
  buf_str(w->buf, text);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
  begin_value(w, key);
  buf_str(w->buf, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *key)
{
  begin_value(w, key);
  buf_str(w->buf, "null");
}

void json_put_raw(struct json_writer *w, const char *key, struct span json)
{
  begin_value(w, key);
  buf_span(w->buf, json);
}
