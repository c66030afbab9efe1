#include "history/history.h"

#include <stdlib.h>

static json_t *text_json(const char *s)
{
  json_t *value = s ? json_string(s) : json_null();
  if (!value) /* the reader lets only UTF-8 through */
    abort();
  return value;
}

/* Recursion as deep as attributes may be nested. */
static json_t *attributes_json(const struct xes_attributes *attributes, unsigned nested)
{
  json_t *list = json_array();
  for (size_t i = 0; i < attributes->n; i++) {
    const struct xes_attribute *a = &attributes->list[i];
    json_t *one = json_array();
    json_array_append_new(one, text_json(xes_type_name(a->type)));
    json_array_append_new(one, text_json(a->key));
    json_array_append_new(one, text_json(a->value));
    if (a->children.n && nested < XES_DEPTH_MAX)
      json_array_append_new(one, attributes_json(&a->children, nested + 1));
    json_array_append_new(list, one);
  }
  return list;
}

json_t *history_attributes_json(const struct xes_attributes *attributes)
{
  return attributes_json(attributes, 1);
}

static int damaged(struct error *error)
{
  return error_set(error, ERROR_INTERNAL, "history-damaged", "库中保存的日志属性格式不对",
                   "the log's attributes in the store are not of the form they were written in");
}

static int attributes_read(struct arena *arena, const json_t *json, unsigned nested, struct xes_attributes *ret,
                           struct error *error)
{
  if (!json_is_array(json) || nested > XES_DEPTH_MAX)
    return damaged(error);
  struct xes_attributes read = {0};
  size_t i;
  json_t *one;
  json_array_foreach(json, i, one)
  {
    const char *type_text = json_string_value(json_array_get(one, 0)), *key = json_string_value(json_array_get(one, 1));
    enum xes_type type = type_text ? xes_type_of(type_text) : XES_TYPE_COUNT;
    const json_t *value = json_array_get(one, 2), *children = json_array_get(one, 3);
    bool simple = type < XES_LIST;
    if (type == XES_TYPE_COUNT || !key || !(json_is_string(value) || (json_is_null(value) && !simple)))
      return damaged(error);
    struct xes_attribute *added = xes_add(arena, &read, type, key, json_string_value(value));
    if (children && attributes_read(arena, children, nested + 1, &added->children, error))
      return -1;
  }
  *ret = read;
  return 0;
}

int history_attributes_read(struct arena *arena, const json_t *json, struct xes_attributes *ret, struct error *error)
{
  return attributes_read(arena, json, 1, ret, error);
}

static json_t *texts_json(const char *const *texts, size_t n)
{
  json_t *list = json_array();
  for (size_t i = 0; i < n; i++)
    json_array_append_new(list, text_json(texts[i]));
  return list;
}

static json_t *item_json(const struct xes_item *item)
{
  json_t *one = NULL;
  switch (item->what) {
  case XES_EXTENSION:
    return texts_json((const char *const[]){"extension", item->name, item->prefix, item->uri}, 4);
  case XES_CLASSIFIER:
    return texts_json((const char *const[]){"classifier", item->name, item->keys, item->scope}, 4);
  case XES_GLOBAL:
    one = texts_json((const char *const[]){"global", item->scope}, 2);
    break;
  case XES_LOG_ATTRIBUTE:
    one = texts_json((const char *const[]){"attribute"}, 1);
    break;
  }
  json_array_append_new(one, history_attributes_json(&item->attributes));
  return one;
}

json_t *history_header_json(const struct xes_log *log)
{
  json_t *xml = json_array(), *items = json_array(), *header = json_object();
  for (size_t i = 0; i < log->xml_n; i++)
    json_array_append_new(xml, texts_json((const char *const[]){log->xml[i].name, log->xml[i].value}, 2));
  for (size_t i = 0; i < log->n; i++)
    json_array_append_new(items, item_json(&log->items[i]));
  json_object_set_new(header, "xml", xml);
  json_object_set_new(header, "items", items);
  return header;
}

static const char *text_at(const json_t *list, size_t i)
{
  return json_string_value(json_array_get(list, i));
}

static int item_read(struct arena *arena, const json_t *one, struct xes_item *ret, struct error *error)
{
  struct span what = span_of(text_at(one, 0));
  struct xes_item item = {0};
  if (span_is(what, "extension")) {
    item = (struct xes_item){.what = XES_EXTENSION, .name = text_at(one, 1), .prefix = text_at(one, 2), .uri = text_at(one, 3)};
    if (!item.name || !item.prefix || !item.uri)
      return damaged(error);
  } else if (span_is(what, "classifier")) {
    item = (struct xes_item){.what = XES_CLASSIFIER, .name = text_at(one, 1), .keys = text_at(one, 2), .scope = text_at(one, 3)};
    if (!item.name || !item.keys)
      return damaged(error);
  } else if (span_is(what, "global")) {
    item = (struct xes_item){.what = XES_GLOBAL, .scope = text_at(one, 1)};
    if (history_attributes_read(arena, json_array_get(one, 2), &item.attributes, error))
      return -1;
  } else if (span_is(what, "attribute")) {
    item.what = XES_LOG_ATTRIBUTE;
    if (history_attributes_read(arena, json_array_get(one, 1), &item.attributes, error))
      return -1;
  } else {
    return damaged(error);
  }
  *ret = item;
  return 0;
}

int history_header_read(struct arena *arena, const json_t *json, struct xes_log *ret, struct error *error)
{
  const json_t *xml = json_object_get(json, "xml"), *items = json_object_get(json, "items");
  if (!json_is_array(xml) || !json_is_array(items))
    return damaged(error);
  struct xes_log log = {.xml_n = json_array_size(xml), .n = json_array_size(items)};
  log.xml = arena_array(arena, log.xml_n, sizeof *log.xml);
  log.items = arena_array(arena, log.n, sizeof *log.items);
  for (size_t i = 0; i < log.xml_n; i++) {
    log.xml[i] = (struct xes_pair){text_at(json_array_get(xml, i), 0), text_at(json_array_get(xml, i), 1)};
    if (!log.xml[i].name || !log.xml[i].value)
      return damaged(error);
  }
  for (size_t i = 0; i < log.n; i++)
    if (item_read(arena, json_array_get(items, i), &log.items[i], error))
      return -1;
  *ret = log;
  return 0;
}
