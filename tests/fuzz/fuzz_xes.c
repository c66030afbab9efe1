/*
 * Throws bytes at the reader of event logs. What it accepts is written, read and written again: both texts must be the same.
 * Built with clang and -Dfuzz=true: build/tests/fuzz/fuzz_xes -max_total_time=60 -max_len=65536
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"

#define OUT_MAX ((size_t)256 << 20)

struct text {
  struct span left;
};

static ssize_t text_read(void *context, void *out, size_t n)
{
  struct text *text = context;
  size_t take = text->left.n < n ? text->left.n : n;
  if (take)
    memcpy(out, text->left.p, take);
  text->left.p += take;
  text->left.n -= take;
  return (ssize_t)take;
}

struct copy {
  struct xes_writer writer;
  struct buf out;
  bool begun;
};

static int into_buf(void *context, struct span bytes, struct error *error)
{
  (void)error;
  buf_span(context, bytes);
  return 0;
}

static int on_log(void *context, const struct xes_log *log, struct error *error)
{
  struct copy *copy = context;
  (void)error;
  copy->begun = true;
  xes_write_begin(&copy->writer, (struct xes_sink){&copy->out, into_buf}, log);
  return 0;
}

/* By way of the JSON in which the store keeps it. */
static void through_json(const struct xes_attributes *attributes, struct xes_writer *w,
                         void (*write)(struct xes_writer *, const struct xes_attributes *))
{
  struct arena arena = {0};
  struct xes_attributes back;
  json_t *json = history_attributes_json(attributes);
  if (history_attributes_read(&arena, json, &back, NULL))
    abort();
  write(w, &back);
  json_decref(json);
  arena_release(&arena);
}

static int on_trace(void *context, const struct xes_attributes *trace, struct error *error)
{
  struct copy *copy = context;
  (void)error;
  through_json(trace, &copy->writer, xes_write_trace_begin);
  return 0;
}

static int on_event(void *context, const struct xes_attributes *event, struct error *error)
{
  struct copy *copy = context;
  (void)error;
  through_json(event, &copy->writer, xes_write_event);
  return 0;
}

static int on_trace_end(void *context, struct error *error)
{
  struct copy *copy = context;
  (void)error;
  xes_write_trace_end(&copy->writer);
  return 0;
}

static int copy_text(struct copy *copy, struct span text)
{
  struct text source = {text};
  const struct xes_handler handler = {copy, on_log, on_trace, on_event, on_trace_end};
  const struct xes_limits limits = {.bytes = 16 << 20};
  struct error error = {0};
  buf_init(&copy->out, OUT_MAX);
  int rc = xes_read((struct xes_source){&source, text_read}, "fuzz.xes", &limits, &handler, &error);
  if (rc && (!error.name || !error.zh[0] || !error.en[0] || !error.where[0]))
    abort();
  if (copy->begun && xes_write_end(&copy->writer, NULL))
    abort();
  return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  struct copy first = {0}, second = {0};
  if (copy_text(&first, (struct span){(const char *)data, n}) == 0 && !first.out.full) {
    if (copy_text(&second, buf_view(&first.out)) || !span_eq(buf_view(&first.out), buf_view(&second.out)))
      abort();
    buf_release(&second.out);
  }
  buf_release(&first.out);
  return 0;
}
