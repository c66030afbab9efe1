/*
 * xes.h: event logs in XES (IEEE 1849): a streaming reader that trusts nothing, and a writer.
 *
 * The reader hands over one trace's attributes or one event at a time, so a log may be larger than memory.
 * Attributes keep their order, type and original text: a date keeps its offset, a float its digits. What XES
 * does not define is refused with its line and column, never dropped; comments and processing instructions
 * are the only thing not kept. Within a log the header comes before the traces, within a trace its attributes
 * come before its events (as the standard's schema demands).
 *
 * No document type declaration is accepted, hence no entity either. Gzip is recognised by its first bytes.
 */
#ifndef ONEVISIT_HISTORY_XES_H
#define ONEVISIT_HISTORY_XES_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/moment.h"

/* Attributes within attributes, at most. */
#define XES_DEPTH_MAX 12

/*      type       element */
#define XES_TYPES(X)                                                                                                               \
  X(STRING, "string")                                                                                                              \
  X(DATE, "date")                                                                                                                  \
  X(INT, "int")                                                                                                                    \
  X(FLOAT, "float")                                                                                                                \
  X(BOOLEAN, "boolean")                                                                                                            \
  X(ID, "id")                                                                                                                      \
  X(LIST, "list")                                                                                                                  \
  X(CONTAINER, "container")                                                                                                        \
  X(VALUES, "values") /* the members of a list; only within one, without key and value */

enum xes_type {
#define X(name, element) XES_##name,
  XES_TYPES(X)
#undef X
      XES_TYPE_COUNT
};

struct xes_attributes {
  struct xes_attribute *list;
  size_t n, cap;
};

struct xes_attribute {
  enum xes_type type;
  const char *key;   /* "" for XES_VALUES */
  const char *value; /* as written; NULL for list, container and values where there is none */
  struct xes_attributes children;
};

/* The element's name, and back; xes_type_of() gives XES_TYPE_COUNT for what is no attribute. */
const char *xes_type_name(enum xes_type type);
enum xes_type xes_type_of(const char *name);

/* The attribute of that key among these (not within them); NULL where there is none. */
const struct xes_attribute *xes_find(const struct xes_attributes *attributes, const char *key);

/* Appends one attribute; key and value must outlive the arena or lie in it. */
struct xes_attribute *xes_add(struct arena *arena, struct xes_attributes *to, enum xes_type type, const char *key,
                              const char *value);

enum xes_header { XES_EXTENSION, XES_GLOBAL, XES_CLASSIFIER, XES_LOG_ATTRIBUTE };

/* One element before the traces. */
struct xes_item {
  enum xes_header what;
  const char *name;                 /* extension, classifier */
  const char *prefix, *uri;         /* extension */
  const char *scope;                /* global; classifier (NULL: none given) */
  const char *keys;                 /* classifier */
  struct xes_attributes attributes; /* of a global; exactly one for XES_LOG_ATTRIBUTE */
};

struct xes_pair {
  const char *name, *value;
};

struct xes_log {
  struct xes_pair *xml; /* the XML attributes of <log>: xes.version, xmlns … */
  size_t xml_n, xml_cap;
  struct xes_item *items; /* in the order found */
  size_t n, cap;
};

/* An attribute of the log itself; NULL where there is none. */
const struct xes_attribute *xes_log_find(const struct xes_log *log, const char *key);

/*
 * Who receives a log. Each returns -1 with its error to stop; the reader adds line and column. What they are
 * given lives for the call, but the log's header, which lives until xes_read() returns.
 */
struct xes_handler {
  void *context;
  int (*log)(void *context, const struct xes_log *log, struct error *error); /* once, before the first trace */
  int (*trace)(void *context, const struct xes_attributes *trace, struct error *error);
  int (*event)(void *context, const struct xes_attributes *event, struct error *error);
  int (*trace_end)(void *context, struct error *error);
};

/* Limits on what is read; 0 takes the default. */
struct xes_limits {
  int64_t bytes;  /* of XML, after decompression; 16 GiB */
  int64_t ratio;  /* bytes out for a byte in, once more than 1 MiB has come out; 250 */
  size_t element; /* bytes of text and keys of one trace (without its events), one event or the header; 1 MiB */
  size_t count;   /* attributes of one trace (without its events), one event or the header; 20000 */
};

/* Bytes in order: the number read, 0 at the end, -1 with errno. */
struct xes_source {
  void *context;
  ssize_t (*read)(void *context, void *out, size_t n);
};

/* Reads from a file descriptor kept in *fd. */
struct xes_source xes_from_fd(int *fd);

/*
 * Reads a whole log. name stands for the file in errors, which are (BAD_INPUT, with file:line:column): xes-malformed,
 * xes-truncated, xes-doctype, xes-root, xes-element, xes-order, xes-attribute, xes-value, xes-text, gzip-damaged,
 * gzip-truncated; (TOO_LARGE): xes-depth, xes-large, gzip-bomb; (INTERNAL) xes-unreadable.
 */
int xes_read(struct xes_source source, const char *name, const struct xes_limits *limits, const struct xes_handler *handler,
             struct error *error);

/* Is the text a value of this type by XML Schema (dateTime, long, double, boolean)? White space around it is allowed. */
bool xes_value_ok(enum xes_type type, struct span value);

/* The moment of a date with an offset; false for one without, which names no moment. */
bool xes_moment(struct span value, moment *ret);

/* Where the writer's bytes go: -1 with its error to stop. */
struct xes_sink {
  void *context;
  int (*write)(void *context, struct span bytes, struct error *error);
};

/*
 * The writer. Calls come in order: begin, then trace_begin, event …, trace_end for each trace, then end. The first
 * failure is kept and returned by xes_write_end(); the calls after it do nothing. Errors: the sink's own; xes-unwritable
 * (a character that XML cannot hold).
 */
struct xes_writer {
  struct xes_sink sink;
  struct buf buf;
  struct error error;
  bool failed;
};

void xes_write_begin(struct xes_writer *w, struct xes_sink sink, const struct xes_log *log);
void xes_write_trace_begin(struct xes_writer *w, const struct xes_attributes *trace);
void xes_write_event(struct xes_writer *w, const struct xes_attributes *event);
void xes_write_trace_end(struct xes_writer *w);
int xes_write_end(struct xes_writer *w, struct error *error); /* also frees what the writer holds */

#endif
