#include "history/xes.h"

#include <string.h>

#define BUFFER ((size_t)256 * 1024)    /* written out when it holds this much … */
#define ELEMENT_MAX ((size_t)64 << 20) /* … and never holds more */

static void flush(struct xes_writer *w, size_t over)
{
  if (!w->failed && w->buf.full) {
    w->failed = true;
    (void)error_set(&w->error, ERROR_TOO_LARGE, "xes-large", "导出的单个元素过大", "a single element is too large to export");
  }
  if (w->failed || w->buf.n <= over)
    return;
  w->failed = w->sink.write(w->sink.context, buf_view(&w->buf), &w->error) != 0;
  buf_clear(&w->buf);
}

static void fail_character(struct xes_writer *w, unsigned char c)
{
  if (!w->failed)
    (void)error_set(&w->error, ERROR_INTERNAL, "xes-unwritable", "含有 XML 无法表示的控制字符 0x%02x",
                    "there is a control character 0x%02x, which XML cannot hold", c);
  w->failed = true;
}

/* The text of an XML attribute: tabs and line ends as references, or reading would turn them into blanks. */
static void put_text(struct xes_writer *w, const char *s)
{
  for (const char *p = s ? s : ""; *p; p++) {
    unsigned char c = (unsigned char)*p;
    if (c == '&')
      buf_str(&w->buf, "&amp;");
    else if (c == '<')
      buf_str(&w->buf, "&lt;");
    else if (c == '>')
      buf_str(&w->buf, "&gt;");
    else if (c == '"')
      buf_str(&w->buf, "&quot;");
    else if (c == '\t' || c == '\n' || c == '\r')
      buf_printf(&w->buf, "&#%d;", c);
    else if (c < 0x20)
      fail_character(w, c);
    else
      buf_char(&w->buf, *p);
  }
}

static void put_pair(struct xes_writer *w, const char *name, const char *value)
{
  if (!value)
    return;
  buf_printf(&w->buf, " %s=\"", name);
  put_text(w, value);
  buf_char(&w->buf, '"');
}

static void indent(struct xes_writer *w, unsigned depth)
{
  while (depth-- > 0)
    buf_char(&w->buf, '\t');
}

/* Recursion as deep as attributes may be nested. */
static void put_attributes(struct xes_writer *w, const struct xes_attributes *attributes, unsigned depth, unsigned nested)
{
  if (nested > XES_DEPTH_MAX) {
    w->failed = true;
    (void)error_set(&w->error, ERROR_INTERNAL, "xes-unwritable", "属性嵌套过深", "attributes are nested too deeply");
    return;
  }
  for (size_t i = 0; i < attributes->n && !w->failed; i++) {
    const struct xes_attribute *a = &attributes->list[i];
    const char *element = xes_type_name(a->type);
    indent(w, depth);
    buf_printf(&w->buf, "<%s", element);
    if (a->type != XES_VALUES) {
      put_pair(w, "key", a->key);
      put_pair(w, "value", a->value);
    }
    if (a->children.n == 0) {
      buf_str(&w->buf, "/>\n");
      continue;
    }
    buf_str(&w->buf, ">\n");
    put_attributes(w, &a->children, depth + 1, nested + 1);
    indent(w, depth);
    buf_printf(&w->buf, "</%s>\n", element);
  }
}

static void put_item(struct xes_writer *w, const struct xes_item *item)
{
  switch (item->what) {
  case XES_EXTENSION:
    buf_str(&w->buf, "\t<extension");
    put_pair(w, "name", item->name);
    put_pair(w, "prefix", item->prefix);
    put_pair(w, "uri", item->uri);
    buf_str(&w->buf, "/>\n");
    break;
  case XES_CLASSIFIER:
    buf_str(&w->buf, "\t<classifier");
    put_pair(w, "name", item->name);
    put_pair(w, "scope", item->scope);
    put_pair(w, "keys", item->keys);
    buf_str(&w->buf, "/>\n");
    break;
  case XES_GLOBAL:
    buf_str(&w->buf, "\t<global");
    put_pair(w, "scope", item->scope);
    buf_str(&w->buf, ">\n");
    put_attributes(w, &item->attributes, 2, 1);
    buf_str(&w->buf, "\t</global>\n");
    break;
  case XES_LOG_ATTRIBUTE:
    put_attributes(w, &item->attributes, 1, 1);
    break;
  }
}

void xes_write_begin(struct xes_writer *w, struct xes_sink sink, const struct xes_log *log)
{
  *w = (struct xes_writer){.sink = sink};
  buf_init(&w->buf, ELEMENT_MAX);
  buf_str(&w->buf, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log");
  for (size_t i = 0; i < log->xml_n; i++)
    put_pair(w, log->xml[i].name, log->xml[i].value);
  buf_str(&w->buf, ">\n");
  for (size_t i = 0; i < log->n; i++)
    put_item(w, &log->items[i]);
  flush(w, BUFFER);
}

void xes_write_trace_begin(struct xes_writer *w, const struct xes_attributes *trace)
{
  if (w->failed)
    return;
  buf_str(&w->buf, "\t<trace>\n");
  put_attributes(w, trace, 2, 1);
  flush(w, BUFFER);
}

void xes_write_event(struct xes_writer *w, const struct xes_attributes *event)
{
  if (w->failed)
    return;
  buf_str(&w->buf, "\t\t<event>\n");
  put_attributes(w, event, 3, 1);
  buf_str(&w->buf, "\t\t</event>\n");
  flush(w, BUFFER);
}

void xes_write_trace_end(struct xes_writer *w)
{
  if (w->failed)
    return;
  buf_str(&w->buf, "\t</trace>\n");
  flush(w, BUFFER);
}

int xes_write_end(struct xes_writer *w, struct error *error)
{
  if (!w->failed)
    buf_str(&w->buf, "</log>\n");
  flush(w, 0);
  buf_release(&w->buf);
  if (w->failed && error)
    *error = w->error;
  return w->failed ? -1 : 0;
}
