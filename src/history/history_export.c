#include "history/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "history/history_rows.h"

#define TRACES_AT_ONCE ((size_t)500)
#define PSEUDONYM_BYTES 8

struct export
{
  struct db *db;
  const struct kind *const *kinds;
  const struct history_export *what;
  struct xes_writer writer;
  struct arena arena; /* of the whole export: headers */
  struct arena item;  /* of one trace */
  struct history_log_row *logs;
  size_t log_count;
  struct xes_log *headers; /* one a log */
  int64_t *cases;          /* case files in the order they began */
  size_t case_count, case_cap;
  unsigned char key[DIGEST_BYTES]; /* of this export's pseudonyms */
  struct history_exported done;
};

/* ---- the header ---- */

struct named {
  const char *name, *prefix, *uri;
};

static struct xes_item *add_item(struct arena *arena, struct xes_log *log, enum xes_header what)
{
  log->items = arena_grow(arena, log->items, log->n, &log->cap, sizeof *log->items);
  struct xes_item *item = &log->items[log->n++];
  *item = (struct xes_item){.what = what};
  return item;
}

static bool has_extension(const struct xes_log *log, const char *prefix)
{
  for (size_t i = 0; i < log->n; i++)
    if (log->items[i].what == XES_EXTENSION && strcmp(log->items[i].prefix, prefix) == 0)
      return true;
  return false;
}

static bool has_classifier(const struct xes_log *log, const char *name)
{
  for (size_t i = 0; i < log->n; i++)
    if (log->items[i].what == XES_CLASSIFIER && strcmp(log->items[i].name, name) == 0)
      return true;
  return false;
}

static void add_standard(struct arena *arena, struct xes_log *log)
{
  static const struct named extensions[] = {
      {"Concept", "concept", "http://www.xes-standard.org/concept.xesext"},
      {"Time", "time", "http://www.xes-standard.org/time.xesext"},
      {"Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"},
      {"Organizational", "org", "http://www.xes-standard.org/org.xesext"},
  };
  static struct xes_pair xml[] = {
      {"xes.version", "1.0"}, {"xes.features", "nested-attributes"}, {"xmlns", "http://www.xes-standard.org/"}};
  log->xml = xml;
  log->xml_n = sizeof xml / sizeof *xml;
  for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
    struct xes_item *item = add_item(arena, log, XES_EXTENSION);
    item->name = extensions[i].name;
    item->prefix = extensions[i].prefix;
    item->uri = extensions[i].uri;
  }
}

/* What every case file's trace and event has; only said where nothing else is in the log. */
static void add_globals(struct arena *arena, struct xes_log *log)
{
  struct xes_item *trace = add_item(arena, log, XES_GLOBAL);
  trace->scope = "trace";
  (void)xes_add(arena, &trace->attributes, XES_STRING, "concept:name", "");
  struct xes_item *event = add_item(arena, log, XES_GLOBAL);
  event->scope = "event";
  (void)xes_add(arena, &event->attributes, XES_STRING, "concept:name", "");
  (void)xes_add(arena, &event->attributes, XES_STRING, "lifecycle:transition", "complete");
  (void)xes_add(arena, &event->attributes, XES_DATE, "time:timestamp", "1970-01-01T08:00:00.000+08:00");
  (void)xes_add(arena, &event->attributes, XES_STRING, "org:resource", "");
}

static void add_classifier(struct arena *arena, struct xes_log *log, const char *name, const char *keys)
{
  if (has_classifier(log, name))
    return;
  struct xes_item *item = add_item(arena, log, XES_CLASSIFIER);
  item->name = name;
  item->keys = keys;
}

/* Extensions and classifiers of all, each once. */
static void merge_declarations(struct arena *arena, struct xes_log *log, const struct xes_log *from, enum xes_header what)
{
  for (size_t i = 0; i < from->n; i++) {
    const struct xes_item *item = &from->items[i];
    if (item->what != what)
      continue;
    if (what == XES_EXTENSION ? has_extension(log, item->prefix) : has_classifier(log, item->name))
      continue;
    *add_item(arena, log, what) = *item;
  }
}

/* A log's own attributes, within a container of its name: side by side they would contradict one another. */
static void merge_attributes(struct arena *arena, struct xes_log *log, const struct xes_log *from, const char *name)
{
  struct xes_attributes within = {0};
  for (size_t i = 0; i < from->n; i++)
    for (size_t j = 0; from->items[i].what == XES_LOG_ATTRIBUTE && j < from->items[i].attributes.n; j++) {
      const struct xes_attribute *a = &from->items[i].attributes.list[j];
      struct xes_attribute *copy = xes_add(arena, &within, a->type, a->key, a->value);
      copy->children = a->children;
    }
  struct xes_item *item = add_item(arena, log, XES_LOG_ATTRIBUTE);
  struct xes_attribute *container = xes_add(arena, &item->attributes, XES_CONTAINER, name, NULL);
  container->children = within;
}

static void make_header(struct export *x, struct xes_log *ret)
{
  if (x->log_count == 1 && x->case_count == 0) {
    *ret = x->headers[0];
    return;
  }
  struct xes_log log = {0};
  add_standard(&x->arena, &log);
  for (size_t i = 0; i < x->log_count; i++)
    merge_declarations(&x->arena, &log, &x->headers[i], XES_EXTENSION);
  if (x->log_count == 0)
    add_globals(&x->arena, &log);
  add_classifier(&x->arena, &log, "Activity", "concept:name lifecycle:transition");
  add_classifier(&x->arena, &log, "Resource", "org:resource");
  for (size_t i = 0; i < x->log_count; i++)
    merge_declarations(&x->arena, &log, &x->headers[i], XES_CLASSIFIER);
  struct xes_item *item = add_item(&x->arena, &log, XES_LOG_ATTRIBUTE);
  (void)xes_add(&x->arena, &item->attributes, XES_STRING, "concept:name", "onevisit");
  for (size_t i = 0; i < x->log_count; i++)
    merge_attributes(&x->arena, &log, &x->headers[i], x->logs[i].name);
  *ret = log;
}

/* ---- imported logs ---- */

static int attributes_of(struct export *x, const struct event *event, struct xes_attributes *ret, struct error *error)
{
  return history_attributes_read(&x->item, json_object_get(event->data, "attributes"), ret, error);
}

static int write_steps(struct export *x, const struct event *events, size_t n, struct error *error)
{
  struct xes_attributes attributes;
  if (n == 0 || strcmp(events[0].type, "opened") != 0)
    return error_set(error, ERROR_INTERNAL, "history-damaged", "库中的轨迹没有开头", "a trace in the store has no beginning");
  if (attributes_of(x, &events[0], &attributes, error))
    return -1;
  xes_write_trace_begin(&x->writer, &attributes);
  for (size_t i = 1; i < n; i++) {
    if (attributes_of(x, &events[i], &attributes, error))
      return -1;
    xes_write_event(&x->writer, &attributes);
  }
  xes_write_trace_end(&x->writer);
  x->done.traces++;
  x->done.steps += (int64_t)n - 1;
  return x->writer.failed ? -1 : 0;
}

/* ---- case files ---- */

/* Who it was, so that the same person is the same throughout this export, and nobody knows who. */
static const char *pseudonym(struct export *x, const char *id)
{
  struct span rest = span_of(id), sort;
  if (rest.n == 0 || span_is(rest, "system"))
    return "system";
  struct digest d = hmac_sha256((struct span){(const char *)x->key, sizeof x->key}, rest);
  char hex[2 * PSEUDONYM_BYTES + 1];
  hex_encode(d.b, PSEUDONYM_BYTES, hex);
  bool known = span_cut(&rest, ':', &sort) && (span_is(sort, "staff") || span_is(sort, "person"));
  return arena_printf(&x->item, "%s-%s", known ? arena_dup(&x->item, sort) : "actor", hex);
}

static void add_text(struct export *x, struct xes_attributes *to, const char *key, const char *value)
{
  if (value && *value)
    (void)xes_add(&x->item, to, XES_STRING, key, value);
}

static int write_case(struct export *x, const struct event *events, size_t n, struct error *error)
{
  (void)error;
  struct xes_attributes trace = {0};
  if (n == 0)
    return 0;
  add_text(x, &trace, "concept:name", arena_printf(&x->item, "%s-%" PRId64, events[0].kind->name, events[0].id));
  xes_write_trace_begin(&x->writer, &trace);
  for (size_t i = 0; i < n; i++) {
    struct xes_attributes event = {0};
    char *at = arena_alloc(&x->item, MOMENT_TEXT);
    moment_format(events[i].at, at);
    add_text(x, &event, "concept:name", events[i].type);
    add_text(x, &event, "lifecycle:transition", "complete");
    (void)xes_add(&x->item, &event, XES_DATE, "time:timestamp", at);
    add_text(x, &event, "org:resource", pseudonym(x, events[i].actor.id));
    add_text(x, &event, "org:role", events[i].actor.role);
    add_text(x, &event, "org:group", events[i].actor.agency);
    add_text(x, &event, "item", events[i].item);
    add_text(x, &event, "channel", events[i].actor.channel);
    xes_write_event(&x->writer, &event);
  }
  xes_write_trace_end(&x->writer);
  x->done.traces++;
  x->done.steps += (int64_t)n;
  return x->writer.failed ? -1 : 0;
}

static int see_event(void *context, const struct event *event, struct error *error)
{
  struct export *x = context;
  (void)error;
  if (event->version != 1 || strcmp(event->kind->name, x->what->casefile_kind) != 0)
    return 0;
  if (x->case_count == x->case_cap) {
    x->case_cap = x->case_cap ? 2 * x->case_cap : 1024;
    x->cases = realloc(x->cases, x->case_cap * sizeof *x->cases);
    if (!x->cases)
      abort();
  }
  x->cases[x->case_count++] = event->id;
  return 0;
}

/* ---- the whole ---- */

typedef int aggregate_writer(struct export *x, const struct event *events, size_t n, struct error *error);

static int write_aggregate(struct export *x, int64_t id, aggregate_writer *write, struct error *error)
{
  struct event *events;
  size_t n;
  if (engine_history(x->db, x->kinds, id, &x->item, &events, &n, error))
    return -1;
  int rc = write(x, events, n, error);
  history_free(events, n);
  arena_reset(&x->item);
  return rc;
}

static int write_log(struct export *x, const struct history_log_row *log, struct error *error)
{
  int64_t ids[TRACES_AT_ONCE], position = -1;
  size_t n = TRACES_AT_ONCE;
  while (n == TRACES_AT_ONCE) {
    if (history_traces(x->db, log->id, &position, ids, TRACES_AT_ONCE, &n, error))
      return -1;
    for (size_t i = 0; i < n; i++)
      if (write_aggregate(x, ids[i], write_steps, error))
        return -1;
  }
  x->done.logs++;
  x->done.unfinished += !log->finished;
  return 0;
}

/* The header of a log; its strings are copied, as the event's JSON goes away. */
static int read_header(struct export *x, const struct history_log_row *log, struct xes_log *ret, json_t **keep, struct error *error)
{
  struct event *events;
  size_t n;
  if (engine_history(x->db, x->kinds, log->id, &x->arena, &events, &n, error))
    return -1;
  json_t *header = n ? json_incref(json_object_get(events[0].data, "header")) : NULL;
  history_free(events, n);
  json_array_append_new(*keep, header ? header : json_null());
  return history_header_read(&x->arena, header, ret, error);
}

static int choose_logs(struct export *x, json_t **keep, struct error *error)
{
  struct history_log_row *all;
  size_t n;
  if (!x->what->histories)
    return 0;
  if (history_logs(x->db, &x->arena, &all, &n, error))
    return -1;
  x->logs = arena_array(&x->arena, n, sizeof *x->logs);
  x->headers = arena_array(&x->arena, n, sizeof *x->headers);
  for (size_t i = 0; i < n; i++) {
    if (x->what->name && strcmp(x->what->name, all[i].name) != 0)
      continue;
    if (read_header(x, &all[i], &x->headers[x->log_count], keep, error))
      return -1;
    x->logs[x->log_count++] = all[i];
  }
  if (x->what->name && x->log_count == 0)
    return error_set(error, ERROR_NOT_FOUND, "history-absent", "库中没有名为「%s」的日志",
                     "there is no log named «%s» in the store", x->what->name);
  return 0;
}

static int write_all(struct export *x, struct xes_sink sink, struct error *error)
{
  struct xes_log header;
  int rc = 0;
  make_header(x, &header);
  xes_write_begin(&x->writer, sink, &header);
  for (size_t i = 0; i < x->log_count && !rc; i++)
    rc = write_log(x, &x->logs[i], error);
  for (size_t i = 0; i < x->case_count && !rc; i++)
    rc = write_aggregate(x, x->cases[i], write_case, error);
  bool writer_failed = x->writer.failed;
  if (rc && !writer_failed)
    x->writer.failed = true; /* nothing more is written; the store's error stands */
  struct error write_error = {0};
  if (xes_write_end(&x->writer, &write_error) && (writer_failed || !rc)) {
    *error = write_error;
    return -1;
  }
  return rc;
}

static int export_snapshot(struct export *x, struct xes_sink sink, json_t **keep, struct error *error)
{
  if (choose_logs(x, keep, error))
    return -1;
  bool cases = x->what->casefiles && !x->what->name;
  if (cases && engine_scan(x->db, x->kinds, 0, see_event, x, error))
    return -1;
  return write_all(x, sink, error);
}

int history_export(struct db *db, const struct kind *const *kinds, const struct history_export *what, struct xes_sink sink,
                   struct history_exported *ret, struct error *error)
{
  struct export x = {.db = db, .kinds = kinds, .what = what};
  struct error ignored;
  if (!error)
    error = &ignored;
  if (db_begin(db, error))
    return -1;
  random_bytes(x.key, sizeof x.key);
  json_t *keep = json_array(); /* headers: what is written points into them */
  int rc = export_snapshot(&x, sink, &keep, error);
  db_rollback(db);
  json_decref(keep);
  free(x.cases);
  arena_release(&x.arena);
  arena_release(&x.item);
  if (!rc)
    *ret = x.done;
  return rc;
}
