#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* jansson leaves out of a value what it found no memory for, and an event would be recorded without it: the process ends instead
 * (arena.h). */
static void *must_alloc(size_t n)
{
  void *p = malloc(n);
  if (!p)
    abort();
  return p;
}

__attribute__((constructor)) static void end_where_memory_ends(void)
{
  json_set_alloc_funcs(must_alloc, free);
}

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

/* ---- scalars, byte for byte as jansson's JSON_COMPACT writes them: texts already stored and sealed are its own ---- */

/* The high bit of each byte that is below n, n at most 128. Wrong only in bytes after a true one. */
static uint64_t bytes_below(uint64_t eight, uint64_t n)
{
  const uint64_t ones = UINT64_C(0x0101010101010101);
  return (eight - ones * n) & ~eight & (ones << 7);
}

/* How many bytes at the start stand in a JSON string as they are. */
static size_t plain_head(struct span s)
{
  const uint64_t ones = UINT64_C(0x0101010101010101);
  size_t i = 0;
  for (uint64_t eight; i + sizeof eight <= s.n; i += sizeof eight) {
    memcpy(&eight, s.p + i, sizeof eight);
    if (bytes_below(eight, 0x20) | bytes_below(eight ^ ones * '"', 1) | bytes_below(eight ^ ones * '\\', 1))
      break;
  }
  while (i < s.n && (unsigned char)s.p[i] >= 0x20 && s.p[i] != '"' && s.p[i] != '\\')
    i++;
  return i;
}

static void put_escaped(struct buf *buf, char c)
{
  static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
  const char *at = c ? strchr(from, c) : NULL;
  if (at)
    buf_bytes(buf, (const char[]){'\\', to[at - from]}, 2);
  else
    buf_printf(buf, "\\u%04X", (unsigned)(unsigned char)c);
}

static void put_quoted(struct buf *buf, struct span s)
{
  buf_char(buf, '"');
  for (;;) {
    size_t n = plain_head(s);
    buf_bytes(buf, s.p, n);
    if (n == s.n)
      break;
    put_escaped(buf, s.p[n]);
    s.p += n + 1;
    s.n -= n + 1;
  }
  buf_char(buf, '"');
}

/* ---- a value whole ---- */

static void put_value(struct buf *buf, const json_t *value, unsigned depth);

static void put_object(struct buf *buf, const json_t *object, unsigned depth)
{
  json_t *o = (json_t *)(uintptr_t)object; /* jansson's iterators take no const */
  char before = '{';
  for (void *i = json_object_iter(o); i; i = json_object_iter_next(o, i), before = ',') {
    buf_char(buf, before);
    put_quoted(buf, (struct span){json_object_iter_key(i), json_object_iter_key_len(i)});
    buf_char(buf, ':');
    put_value(buf, json_object_iter_value(i), depth + 1);
  }
  buf_str(buf, before == '{' ? "{}" : "}");
}

static void put_array(struct buf *buf, const json_t *array, unsigned depth)
{
  buf_char(buf, '[');
  for (size_t i = 0, n = json_array_size(array); i < n; i++) {
    if (i)
      buf_char(buf, ',');
    put_value(buf, json_array_get(array, i), depth + 1);
  }
  buf_char(buf, ']');
}

static void put_by_jansson(struct buf *buf, const json_t *value)
{
  char *s = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
  if (!s)
    abort();
  buf_str(buf, s);
  free(s);
}

static void put_value(struct buf *buf, const json_t *value, unsigned depth)
{
  if (json_is_string(value))
    put_quoted(buf, (struct span){json_string_value(value), json_string_length(value)});
  else if (json_is_integer(value))
    buf_int(buf, json_integer_value(value));
  else if (json_is_object(value) && depth < JSON_DEPTH_MAX)
    put_object(buf, value, depth);
  else if (json_is_array(value) && depth < JSON_DEPTH_MAX)
    put_array(buf, value, depth);
  else if (json_is_boolean(value))
    buf_str(buf, json_is_true(value) ? "true" : "false");
  else /* null, a real, what is nested too deeply for a recursion of ours */
    put_by_jansson(buf, value);
}

struct span json_text(struct arena *arena, const json_t *value)
{
  struct buf buf;
  buf_init(&buf, SIZE_MAX);
  put_value(&buf, value, 0);
  struct span copy = arena_span(arena, buf_view(&buf));
  buf_release(&buf);
  return copy;
}

/* ---- members of a text ---- */

/* Length of the string that begins with the quote at p; 0 where it does not end. */
static size_t string_length(struct span s)
{
  for (size_t i = 1; i < s.n; i++)
    if (s.p[i] == '\\')
      i++;
    else if (s.p[i] == '"')
      return i + 1;
  return 0;
}

/* Length of the value at the start, up to the comma or bracket that follows it; 0 where it does not end. */
static size_t value_length(struct span s)
{
  int depth = 0;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (depth == 0 && (c == ',' || c == '}'))
      return i;
    if (c == '"') {
      size_t n = string_length((struct span){s.p + i, s.n - i});
      if (n == 0)
        return 0;
      i += n - 1;
    } else if (c == '{' || c == '[') {
      depth++;
    } else if (c == '}' || c == ']') {
      depth--;
    } else if (c <= ' ') {
      return 0;
    }
  }
  return 0;
}

static struct span without(struct span s, size_t n)
{
  return (struct span){s.p + n, s.n - n};
}

bool json_next_member(struct span *rest, struct span *ret_name, struct span *ret_value)
{
  struct span s = *rest;
  if (s.n < 2 || (s.p[0] != '{' && s.p[0] != ',') || s.p[1] != '"')
    return false;
  s = without(s, 1);
  size_t n = string_length(s);
  struct span name = {s.p + 1, n > 1 ? n - 2 : 0};
  if (n < 2 || memchr(name.p, '\\', name.n) || n >= s.n || s.p[n] != ':')
    return false;
  s = without(s, n + 1);
  n = value_length(s);
  if (n == 0)
    return false;
  *ret_name = name;
  *ret_value = (struct span){s.p, n};
  s = without(s, n);
  *rest = s.n == 1 && s.p[0] == '}' ? (struct span){0} : s;
  return true;
}

/* ---- the writer ---- */

struct json_writer json_to(struct buf *buf)
{
  return (struct json_writer){.buf = buf};
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
  buf_int(w->buf, value);
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
