/* Event logs: what is read comes back as it was; what is hostile is refused with its place, and no handler sees an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "history/history.h"

/* ---- a log in memory, and a log that is written again as it is read ---- */

struct memory {
  struct span left;
  size_t at_once; /* bytes given a call */
};

static ssize_t memory_read(void *context, void *out, size_t n)
{
  struct memory *m = context;
  size_t take = m->left.n < n ? m->left.n : n;
  if (m->at_once && take > m->at_once)
    take = m->at_once;
  if (take)
    memcpy(out, m->left.p, take);
  m->left.p += take;
  m->left.n -= take;
  return (ssize_t)take;
}

struct copy {
  struct xes_writer writer;
  struct buf out;
  int logs, traces, events, ends;
  bool begun;
  const char *refuse; /* an activity the handler does not like */
};

static int into_buf(void *context, struct span bytes, struct error *error)
{
  (void)error;
  buf_span(context, bytes);
  return 0;
}

static int copy_log(void *context, const struct xes_log *log, struct error *error)
{
  struct copy *copy = context;
  (void)error;
  copy->logs++;
  copy->begun = true;
  xes_write_begin(&copy->writer, (struct xes_sink){&copy->out, into_buf}, log);
  return 0;
}

static int copy_trace(void *context, const struct xes_attributes *trace, struct error *error)
{
  struct copy *copy = context;
  (void)error;
  copy->traces++;
  xes_write_trace_begin(&copy->writer, trace);
  return 0;
}

static int copy_event(void *context, const struct xes_attributes *event, struct error *error)
{
  struct copy *copy = context;
  copy->events++;
  const struct xes_attribute *name = xes_find(event, "concept:name");
  if (copy->refuse && name && strcmp(name->value, copy->refuse) == 0)
    return error_set(error, ERROR_RULE, "unwanted", "不要", "unwanted");
  xes_write_event(&copy->writer, event);
  return 0;
}

static int copy_end(void *context, struct error *error)
{
  struct copy *copy = context;
  (void)error;
  copy->ends++;
  xes_write_trace_end(&copy->writer);
  return 0;
}

static int run(struct copy *copy, struct span text, size_t at_once, const struct xes_limits *limits, struct error *error)
{
  struct memory memory = {text, at_once};
  const struct xes_handler handler = {copy, copy_log, copy_trace, copy_event, copy_end};
  buf_init(&copy->out, (size_t)64 << 20);
  int rc = xes_read((struct xes_source){&memory, memory_read}, "small.xes", limits, &handler, error);
  if (copy->begun)
    assert_int_equal(0, xes_write_end(&copy->writer, NULL));
  return rc;
}

/* Reads and expects the problem, with a place in the file. */
static void refused_span(struct span text, const struct xes_limits *limits, const char *name, const char *where)
{
  struct copy copy = {0};
  struct error error = {0};
  int rc = run(&copy, text, 0, limits, &error);
  buf_release(&copy.out);
  assert_int_equal(-1, rc);
  assert_string_equal(name, error.name);
  assert_true(error.zh[0] && error.en[0]);
  assert_int_equal(0, strncmp(error.where, "small.xes:", 10));
  if (where)
    assert_string_equal(where, error.where);
}

static void refused(const char *text, const char *name, const char *where)
{
  refused_span(span_of(text), NULL, name, where);
}

#define EVENT(inside) "<log><trace><event>" inside "</event></trace></log>"

static const char small[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<log xes.version=\"1.0\" xmlns=\"http://www.xes-standard.org/\">\n"
    "\t<extension name=\"Concept\" prefix=\"concept\" uri=\"http://www.xes-standard.org/concept.xesext\"/>\n"
    "\t<global scope=\"trace\">\n"
    "\t\t<string key=\"concept:name\" value=\"UNKNOWN\"/>\n"
    "\t</global>\n"
    "\t<classifier name=\"Activity\" keys=\"concept:name\"/>\n"
    "\t<classifier name=\"T\" scope=\"trace\" keys=\"concept:name\"/>\n"
    "\t<string key=\"concept:name\" value=\"small &amp; 小\"/>\n"
    "\t<float key=\"mean\" value=\"2.3832541524E7\">\n"
    "\t\t<int key=\"within\" value=\"-0012\"/>\n"
    "\t</float>\n"
    "\t<trace>\n"
    "\t\t<string key=\"concept:name\" value=\"one\"/>\n"
    "\t\t<date key=\"start\" value=\"2011-12-06T13:41:31.788+01:00\"/>\n"
    "\t\t<event>\n"
    "\t\t\t<string key=\"concept:name\" value=\"a &lt;b&gt; &quot;c&quot; &#10;&#9;&#13;\"/>\n"
    "\t\t\t<date key=\"time:timestamp\" value=\"2011-10-11T13:45:40.276+02:00\"/>\n"
    "\t\t\t<boolean key=\"yes\" value=\"true\"/>\n"
    "\t\t\t<id key=\"id\" value=\"550e8400-e29b-41d4-a716-446655440000\"/>\n"
    "\t\t\t<float key=\"f\" value=\"1.50\"/>\n"
    "\t\t\t<list key=\"members\">\n"
    "\t\t\t\t<string key=\"note\" value=\"of the list\"/>\n"
    "\t\t\t\t<values>\n"
    "\t\t\t\t\t<int key=\"n\" value=\"1\"/>\n"
    "\t\t\t\t\t<int key=\"n\" value=\"2\"/>\n"
    "\t\t\t\t</values>\n"
    "\t\t\t</list>\n"
    "\t\t\t<container key=\"box\">\n"
    "\t\t\t\t<string key=\"𠮷\" value=\"\"/>\n"
    "\t\t\t</container>\n"
    "\t\t</event>\n"
    "\t\t<event>\n"
    "\t\t</event>\n"
    "\t</trace>\n"
    "\t<trace>\n"
    "\t</trace>\n"
    "</log>\n";

static void what_is_read_is_written_as_it_was(void **state)
{
  (void)state;
  static const size_t pieces[] = {0, 1, 2, 7, 100};
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    struct copy copy = {0};
    struct error error = {0};
    assert_int_equal(0, run(&copy, span_of(small), pieces[i], NULL, &error));
    assert_string_equal(small, copy.out.p);
    assert_int_equal(1, copy.logs);
    assert_int_equal(2, copy.traces);
    assert_int_equal(2, copy.events);
    assert_int_equal(2, copy.ends);
    buf_release(&copy.out);
  }
}

static void attributes_survive_the_store_s_json(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct xes_attributes all = {0}, back = {0};
  struct xes_attribute *list = xes_add(&arena, &all, XES_LIST, "l", NULL);
  struct xes_attribute *values = xes_add(&arena, &list->children, XES_VALUES, "", NULL);
  (void)xes_add(&arena, &values->children, XES_DATE, "d", "2010-01-01T00:00:00.000+01:00");
  (void)xes_add(&arena, &all, XES_FLOAT, "f", "1.50");
  json_t *json = history_attributes_json(&all);
  struct error error = {0};
  assert_int_equal(0, history_attributes_read(&arena, json, &back, &error));
  json_t *again = history_attributes_json(&back);
  assert_true(json_equal(json, again));
  assert_int_equal(2, back.n);
  assert_string_equal("2010-01-01T00:00:00.000+01:00", back.list[0].children.list[0].children.list[0].value);
  json_decref(json);
  json_decref(again);
  static const char *const bad[] = {
      "{}", "[1]", "[[\"string\"]]", "[[\"string\",\"k\",null]]", "[[\"spam\",\"k\",\"v\"]]", "[[\"list\",\"k\",null,7]]"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(0, json_read(span_of(bad[i]), "t", &json, &error));
    assert_int_equal(-1, history_attributes_read(&arena, json, &back, &error));
    assert_string_equal("history-damaged", error.name);
    json_decref(json);
  }
  arena_release(&arena);
}

static void a_log_cut_at_any_byte_is_refused(void **state)
{
  (void)state;
  size_t whole = strlen(small) - 1; /* without the last line end the log is still whole */
  for (size_t n = 0; n < whole; n++) {
    char *cut = malloc(n + 1); /* exactly as long, so that a sanitizer sees a byte too far */
    memcpy(cut, small, n);
    struct copy copy = {0};
    struct error error = {0};
    int rc = run(&copy, (struct span){cut, n}, 0, NULL, &error);
    buf_release(&copy.out);
    free(cut);
    assert_int_equal(-1, rc);
    assert_string_equal("xes-truncated", error.name);
    assert_true(error.where[0]);
  }
}

static void entities_and_document_types_are_refused(void **state)
{
  (void)state;
  refused("<?xml version=\"1.0\"?>\n<!DOCTYPE log [\n<!ENTITY a \"ha\">\n<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\n]>\n"
          "<log><string key=\"k\" value=\"&b;\"/></log>",
          "xes-doctype", NULL);
  refused("<!DOCTYPE log SYSTEM \"file:///etc/passwd\"><log/>", "xes-doctype", NULL);
  refused("<!DOCTYPE log PUBLIC \"x\" \"http://127.0.0.1/x.dtd\"><log/>", "xes-doctype", NULL);
  refused("<log><string key=\"k\" value=\"&b;\"/></log>", "xes-malformed", "small.xes:1:6");
}

static void what_is_no_event_log_is_refused_with_its_place(void **state)
{
  (void)state;
  refused("<html/>", "xes-root", "small.xes:1:1");
  refused("", "xes-truncated", NULL);
  refused("hello", "xes-malformed", NULL);
  refused("<log>\n  <trace>\n    <evnt/>\n  </trace>\n</log>", "xes-element", "small.xes:3:5");
  refused("<log><log/></log>", "xes-element", NULL);
  refused("<log><event/></log>", "xes-element", NULL);
  refused("<log><trace><trace/></trace></log>", "xes-element", NULL);
  refused("<log><extension name=\"a\" prefix=\"b\" uri=\"c\"><string key=\"a\" value=\"b\"/></extension></log>", "xes-element",
          NULL);
  refused("<log><extension name=\"a\" prefix=\"b\"/></log>", "xes-attribute", NULL);
  refused("<log><classifier name=\"a\"/></log>", "xes-attribute", NULL);
  refused("<log><global scope=\"moon\"/></log>", "xes-attribute", NULL);
  refused("<log><trace x=\"1\"/></log>", "xes-attribute", NULL);
  refused("<log><trace/><string key=\"a\" value=\"b\"/></log>", "xes-order", NULL);
  refused("<log><trace><event/><string key=\"a\" value=\"b\"/></trace></log>", "xes-order", NULL);
  refused("<log>text</log>", "xes-text", NULL);
  refused(EVENT("<string key=\"a\" value=\"b\">c</string>"), "xes-text", NULL);
  refused(EVENT("<string key=\"a\"/>"), "xes-attribute", NULL);
  refused(EVENT("<string value=\"a\"/>"), "xes-attribute", NULL);
  refused(EVENT("<string key=\"a\" value=\"b\" more=\"c\"/>"), "xes-attribute", NULL);
  refused(EVENT("<values/>"), "xes-element", NULL);
  refused(EVENT("<string key=\"a\" key=\"b\" value=\"c\"/>"), "xes-malformed", NULL); /* a name twice */
  refused("<log></log><log></log>", "xes-malformed", NULL);
  refused("<log><trace></log>", "xes-malformed", NULL);
  refused_span(SPAN("<log><string key=\"a\0\" value=\"b\"/></log>"), NULL, "xes-malformed", NULL);
  refused_span(SPAN("\0\0\0\0"), NULL, "xes-malformed", NULL);
  refused_span(SPAN("<log><string key=\"a\" value=\"\xff\"/></log>"), NULL, "xes-malformed", NULL);
}

static void values_must_be_of_their_type(void **state)
{
  (void)state;
  static const struct {
    enum xes_type type;
    const char *text;
    bool ok;
  } cases[] = {
      {XES_DATE, "2011-10-11T13:45:40.276+02:00", true},
      {XES_DATE, " 2011-10-11T13:45:40Z ", true},
      {XES_DATE, "2011-10-11T13:45:40", true},
      {XES_DATE, "2011-02-29T13:45:40Z", false},
      {XES_DATE, "2011-10-11T25:45:40Z", false},
      {XES_DATE, "2011-10-11", false},
      {XES_DATE, "2011-10-11T13:45:40+99:00", false},
      {XES_DATE, "yesterday", false},
      {XES_DATE, "", false},
      {XES_INT, "-9223372036854775808", true},
      {XES_INT, "+7", true},
      {XES_INT, "9223372036854775808", false},
      {XES_INT, "1.5", false},
      {XES_INT, "", false},
      {XES_FLOAT, "2.3832541524E7", true},
      {XES_FLOAT, "-.5", true},
      {XES_FLOAT, "NaN", true},
      {XES_FLOAT, "1e", false},
      {XES_FLOAT, ".", false},
      {XES_FLOAT, "0x10", false},
      {XES_FLOAT, "1,5", false},
      {XES_BOOLEAN, "true", true},
      {XES_BOOLEAN, "0", true},
      {XES_BOOLEAN, "True", false},
      {XES_ID, "", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (xes_value_ok(cases[i].type, span_of(cases[i].text)) != cases[i].ok)
      fail_msg("%s «%s»", xes_type_name(cases[i].type), cases[i].text);
  refused(EVENT("<date key=\"a\" value=\"2011-13-01T00:00:00Z\"/>"), "xes-value", NULL);
  moment at = 0;
  assert_true(xes_moment(SPAN("1970-01-01T00:00:00.001+00:00"), &at));
  assert_int_equal(1, at);
  assert_false(xes_moment(SPAN("1970-01-01T00:00:00"), &at));
}

static void nesting_has_a_limit(void **state)
{
  (void)state;
  struct buf buf;
  for (unsigned depth = XES_DEPTH_MAX - 1; depth <= 100000; depth = depth < XES_DEPTH_MAX + 2 ? depth + 1 : depth * 50) {
    buf_init(&buf, (size_t)32 << 20);
    buf_str(&buf, "<log><trace><event>");
    for (unsigned i = 0; i < depth; i++)
      buf_str(&buf, "<string key=\"k\" value=\"v\">");
    for (unsigned i = 0; i < depth; i++)
      buf_str(&buf, "</string>");
    buf_str(&buf, "</event></trace></log>");
    struct copy copy = {0};
    if (depth <= XES_DEPTH_MAX)
      assert_int_equal(0, run(&copy, buf_view(&buf), 0, NULL, NULL));
    else
      refused_span(buf_view(&buf), NULL, "xes-depth", NULL);
    buf_release(&copy.out);
    buf_release(&buf);
  }
}

static void sizes_have_limits(void **state)
{
  (void)state;
  const struct xes_limits few = {.count = 2}, little = {.element = 64}, bytes = {.bytes = 100};
  refused_span(span_of(EVENT("<int key=\"a\" value=\"1\"/><int key=\"b\" value=\"1\"/><int key=\"c\" value=\"1\"/>")), &few,
               "xes-large", NULL);
  refused_span(
      span_of(EVENT("<string key=\"a\" value=\"0123456789012345678901234567890123456789012345678901234567890123456789\"/>")),
      &little, "xes-large", NULL);
  refused_span(span_of(small), &bytes, "xes-large", NULL);
  struct copy copy = {0}; /* the limit holds for each event, not for their sum */
  assert_int_equal(0, run(&copy,
                          SPAN("<log><trace><event><int key=\"a\" value=\"1\"/></event><event><int key=\"a\" value=\"1\"/></event>"
                               "<event><int key=\"a\" value=\"1\"/></event></trace></log>"),
                          0, &few, NULL));
  assert_int_equal(3, copy.events);
  buf_release(&copy.out);
}

static void a_tag_without_an_end_is_not_kept_in_memory(void **state)
{
  (void)state;
  struct buf buf;
  buf_init(&buf, (size_t)32 << 20);
  buf_str(&buf, "<log><!--");
  for (unsigned i = 0; i < 400000; i++)
    buf_str(&buf, "abcdefghijklmnopqrst");
  refused_span(buf_view(&buf), NULL, "xes-large", NULL);
  buf_release(&buf);
}

static void a_handler_s_error_gets_line_and_column(void **state)
{
  (void)state;
  struct copy copy = {.refuse = "x"};
  struct error error = {0};
  assert_int_equal(
      -1, run(&copy, SPAN("<log>\n<trace>\n<event><string key=\"concept:name\" value=\"x\"/>\n</event><event/></trace></log>"), 0,
              NULL, &error));
  assert_string_equal("unwanted", error.name);
  assert_string_equal("small.xes:4:1", error.where);
  assert_int_equal(1, copy.events);
  buf_release(&copy.out);
}

/* ---- gzip ---- */

static struct buf packed(struct span text)
{
  struct buf out;
  buf_init(&out, (size_t)64 << 20);
  z_stream z = {0};
  assert_int_equal(Z_OK, deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY));
  unsigned char chunk[4096];
  z.next_in = (unsigned char *)(uintptr_t)text.p;
  z.avail_in = (uInt)text.n;
  int rc;
  do {
    z.next_out = chunk;
    z.avail_out = sizeof chunk;
    rc = deflate(&z, Z_FINISH);
    buf_bytes(&out, chunk, sizeof chunk - z.avail_out);
  } while (rc == Z_OK);
  assert_int_equal(Z_STREAM_END, rc);
  (void)deflateEnd(&z);
  return out;
}

static void gzip_is_recognised_and_unpacked(void **state)
{
  (void)state;
  struct buf gz = packed(span_of(small));
  static const size_t pieces[] = {0, 1, 3};
  for (size_t i = 0; i < 3; i++) {
    struct copy copy = {0};
    assert_int_equal(0, run(&copy, buf_view(&gz), pieces[i], NULL, NULL));
    assert_string_equal(small, copy.out.p);
    buf_release(&copy.out);
  }
  struct buf first = packed((struct span){small, 100}), rest = packed((struct span){small + 100, strlen(small) - 100});
  buf_span(&first, buf_view(&rest));
  struct copy copy = {0};
  assert_int_equal(0, run(&copy, buf_view(&first), 0, NULL, NULL));
  assert_string_equal(small, copy.out.p);
  buf_release(&copy.out);
  buf_release(&first);
  buf_release(&rest);
  buf_release(&gz);
}

static void gzip_cut_or_damaged_is_refused(void **state)
{
  (void)state;
  struct buf gz = packed(span_of(small));
  for (size_t n = 2; n < gz.n; n++) {
    char *cut = malloc(n);
    memcpy(cut, gz.p, n);
    refused_span((struct span){cut, n}, NULL, "gzip-truncated", NULL);
    free(cut);
  }
  for (size_t i = gz.n - 8; i < gz.n; i++) { /* checksum and length */
    gz.p[i] = (char)(gz.p[i] ^ 1);
    refused_span(buf_view(&gz), NULL, "gzip-damaged", NULL);
    gz.p[i] = (char)(gz.p[i] ^ 1);
  }
  buf_str(&gz, "rubbish");
  refused_span(buf_view(&gz), NULL, "gzip-damaged", NULL);
  buf_release(&gz);
}

static void a_decompression_bomb_is_refused(void **state)
{
  (void)state;
  struct buf bomb;
  buf_init(&bomb, (size_t)64 << 20);
  buf_str(&bomb, "<log>");
  for (unsigned i = 0; i < 200000; i++)
    buf_str(&bomb, "                                                                                                    ");
  buf_str(&bomb, "</log>");
  struct buf gz = packed(buf_view(&bomb));
  assert_true(gz.n < bomb.n / 500);
  refused_span(buf_view(&gz), NULL, "gzip-bomb", NULL);
  const struct xes_limits total = {.ratio = 100000, .bytes = 5000000}, none = {.ratio = 100000};
  refused_span(buf_view(&gz), &total, "xes-large", NULL);
  struct copy copy = {0};
  assert_int_equal(0, run(&copy, buf_view(&gz), 0, &none, NULL));
  buf_release(&copy.out);
  buf_release(&gz);
  buf_release(&bomb);
}

/* ---- the writer ---- */

static int refuse_bytes(void *context, struct span bytes, struct error *error)
{
  (void)context;
  (void)bytes;
  return error_set(error, ERROR_BUSY, "disk-full", "磁盘已满", "the disk is full");
}

static void the_writer_reports_what_it_cannot_write(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct xes_attributes trace = {0};
  const struct xes_log log = {0};
  struct xes_writer w;
  struct error error = {0};
  (void)xes_add(&arena, &trace, XES_STRING, "k", "bell \a");
  struct buf out;
  buf_init(&out, 1000);
  xes_write_begin(&w, (struct xes_sink){&out, into_buf}, &log);
  xes_write_trace_begin(&w, &trace);
  xes_write_trace_end(&w);
  assert_int_equal(-1, xes_write_end(&w, &error));
  assert_string_equal("xes-unwritable", error.name);
  buf_release(&out);
  xes_write_begin(&w, (struct xes_sink){NULL, refuse_bytes}, &log);
  assert_int_equal(-1, xes_write_end(&w, &error));
  assert_string_equal("disk-full", error.name);
  arena_release(&arena);
}

static void a_file_is_read_through_its_descriptor(void **state)
{
  (void)state;
  FILE *file = tmpfile();
  assert_non_null(file);
  assert_int_equal(strlen(small), fwrite(small, 1, strlen(small), file));
  rewind(file);
  int fd = fileno(file);
  struct copy copy = {0};
  const struct xes_handler handler = {&copy, copy_log, copy_trace, copy_event, copy_end};
  buf_init(&copy.out, 1 << 20);
  assert_int_equal(0, xes_read(xes_from_fd(&fd), "small.xes", NULL, &handler, NULL));
  assert_int_equal(0, xes_write_end(&copy.writer, NULL));
  assert_string_equal(small, copy.out.p);
  buf_release(&copy.out);
  (void)fclose(file);
  int closed = -1;
  struct error error = {0};
  assert_int_equal(-1, xes_read(xes_from_fd(&closed), "small.xes", NULL, &handler, &error));
  assert_string_equal("xes-unreadable", error.name);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_read_is_written_as_it_was),
      cmocka_unit_test(attributes_survive_the_store_s_json),
      cmocka_unit_test(a_log_cut_at_any_byte_is_refused),
      cmocka_unit_test(entities_and_document_types_are_refused),
      cmocka_unit_test(what_is_no_event_log_is_refused_with_its_place),
      cmocka_unit_test(values_must_be_of_their_type),
      cmocka_unit_test(nesting_has_a_limit),
      cmocka_unit_test(sizes_have_limits),
      cmocka_unit_test(a_tag_without_an_end_is_not_kept_in_memory),
      cmocka_unit_test(a_handler_s_error_gets_line_and_column),
      cmocka_unit_test(gzip_is_recognised_and_unpacked),
      cmocka_unit_test(gzip_cut_or_damaged_is_refused),
      cmocka_unit_test(a_decompression_bomb_is_refused),
      cmocka_unit_test(the_writer_reports_what_it_cannot_write),
      cmocka_unit_test(a_file_is_read_through_its_descriptor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
