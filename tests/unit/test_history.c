/* Event logs through the write path and back, on each store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "both_stores.h"
#include "history/history.h"

#define must(expression)                                                                                                           \
  do {                                                                                                                             \
    if (expression)                                                                                                                \
      fail_msg("%s: %s: %s (%s)", #expression, error.name, error.en, error.where);                                                 \
  } while (0)

static struct error error;

/* ---- a case of the tests' own ---- */

static int case_decide(const void *state, const struct command *command, struct decision *d, struct error *ret)
{
  (void)state;
  (void)ret;
  decision_emit(d, command->type, "food-licence", json_incref(command->data));
  return 0;
}

static int case_evolve(void *state, struct arena *arena, const struct event *event)
{
  (void)state;
  (void)arena;
  (void)event;
  return 0;
}

static const struct kind case_kind = {.name = "case", .state_size = 1, .decide = case_decide, .evolve = case_evolve};
static const struct kind *const kinds[] = {&history_kind, &history_log_kind, &case_kind, NULL};
static const struct migration *const sets[] = {engine_migrations, history_migrations, NULL};

/* ---- a house around it ---- */

struct house {
  struct store *store;
  struct engine *engine;
  struct db *db;
  char keys[600];
};

static struct house *open_house(const struct fresh_store *fresh)
{
  struct house *h = calloc(1, sizeof *h);
  assert_non_null(h);
  struct db *writer;
  (void)snprintf(h->keys, sizeof h->keys, "%s/keys", fresh->directory);
  must(store_open(fresh->url, &h->store, &error));
  must(store_connect(h->store, DB_WRITE, &writer, &error));
  must(store_migrate(writer, sets, &error));
  db_close(writer);
  const struct engine_options options = {.kinds = kinds, .key_dir = h->keys, .origin = "test.example/log"};
  must(engine_open(h->store, &options, &h->engine, &error));
  must(store_connect(h->store, DB_READ, &h->db, &error));
  return h;
}

static void close_house(struct house *h)
{
  db_close(h->db);
  engine_close(h->engine);
  store_close(h->store);
  free(h);
}

static FILE *file_of(const char *text)
{
  FILE *file = tmpfile();
  assert_non_null(file);
  assert_int_equal(strlen(text), fwrite(text, 1, strlen(text), file));
  assert_int_equal(0, fflush(file));
  return file;
}

static int import_text(struct house *h, const char *text, const char *name, struct history_imported *ret)
{
  FILE *file = file_of(text);
  const struct history_import what = {.path = "old.xes", .name = name};
  int rc = history_import(h->engine, fileno(file), &what, ret, &error);
  (void)fclose(file);
  return rc;
}

static int into_buf(void *context, struct span bytes, struct error *ret)
{
  (void)ret;
  buf_span(context, bytes);
  return 0;
}

static struct buf export_text(struct house *h, bool histories, bool casefiles, const char *name, struct history_exported *ret)
{
  const struct history_export what = {histories, casefiles, name, "case"};
  struct buf out;
  buf_init(&out, (size_t)64 << 20);
  must(history_export(h->db, kinds, &what, (struct xes_sink){&out, into_buf}, ret, &error));
  return out;
}

static int64_t events_in(struct house *h)
{
  struct engine_stats stats;
  engine_stats(h->engine, &stats);
  return stats.events;
}

#define LOG(name, traces)                                                                                                          \
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log xes.version=\"1.0\">\n"                                                        \
  "\t<extension name=\"Concept\" prefix=\"concept\" uri=\"http://www.xes-standard.org/concept.xesext\"/>\n"                        \
  "\t<string key=\"concept:name\" value=\"" name "\"/>\n" traces "</log>\n"
#define TRACE(name, events) "\t<trace>\n\t\t<string key=\"concept:name\" value=\"" name "\"/>\n" events "\t</trace>\n"
#define EVENT(activity, time, who, group)                                                                                          \
  "\t\t<event>\n\t\t\t<string key=\"org:group\" value=\"" group "\"/>\n\t\t\t<string key=\"org:resource\" value=\"" who            \
  "\"/>\n\t\t\t<string key=\"concept:name\" value=\"" activity "\"/>\n\t\t\t<date key=\"time:timestamp\" value=\"" time            \
  "\"/>\n\t\t</event>\n"

static const char old_log[] =
    LOG("old", TRACE("a", EVENT("收件", "2011-10-11T13:45:40.276+02:00", "Resource21", "Group 1")
                              EVENT("decide", "2011-10-12T08:26:25.398+02:00", "officer", "market-regulation"))
                   TRACE("a", EVENT("收件", "2011-10-11T13:45:41.000+02:00", "Resource21", "Group 1")) TRACE("empty", ""));

static void come_and_go(const struct fresh_store *fresh)
{
  struct house *h = open_house(fresh);
  struct history_imported done;
  must(import_text(h, old_log, NULL, &done));
  assert_string_equal("old", done.name);
  assert_int_equal(3, done.traces);
  assert_int_equal(3, done.steps);
  assert_int_equal(3 + 3 + 2, done.added);
  assert_int_equal(0, done.repeated);
  struct history_exported out;
  struct buf text = export_text(h, true, true, NULL, &out);
  assert_string_equal(old_log, text.p);
  assert_int_equal(3, out.traces);
  assert_int_equal(0, out.unfinished);
  buf_release(&text);
  struct ledger_report report;
  must(engine_seal(h->engine, &error));
  must(engine_verify(h->db, kinds, NULL, &report, &error));
  assert_int_equal(8, report.sealed);
  close_house(h);
}

static void a_log_comes_back_as_it_was(void **state)
{
  (void)state;
  for_each_fresh_store(come_and_go);
}

static int see_step(void *context, const struct event *event, struct error *ret)
{
  int *seen = context;
  (void)ret;
  if (strcmp(event->kind->name, "history") != 0)
    return 0;
  if (strcmp(event->type, "opened") == 0 && strcmp(json_str(event->data, "name"), "empty") != 0)
    assert_true(event->at == 1318333540276 || event->at == 1318333541000);
  if (strcmp(json_str(event->data, "activity"), "decide") == 0) {
    assert_int_equal(1318400785398, event->at);
    assert_string_equal("history:officer", event->actor.id);
    assert_string_equal("history:market-regulation", event->actor.agency);
    assert_string_equal("import", event->actor.channel);
    assert_int_equal(3, event->version);
    ++*seen;
  }
  return 0;
}

static void with_its_own(const struct fresh_store *fresh)
{
  struct house *h = open_house(fresh);
  struct history_imported done;
  must(import_text(h, old_log, NULL, &done));
  int seen = 0;
  must(engine_scan(h->db, kinds, 0, see_step, &seen, &error));
  assert_int_equal(1, seen);
  must(engine_seal(h->engine, &error));
  close_house(h);
  char key[700];
  (void)snprintf(key, sizeof key, "ls %s/keys | grep -c market", fresh->directory);
  assert_int_not_equal(0, system(key)); /* NOLINT: a path of the test's own */
}

static void each_step_is_an_event_with_its_own_time_and_hands_and_no_department_s_signature(void **state)
{
  (void)state;
  for_each_fresh_store(with_its_own);
}

static void come_twice(const struct fresh_store *fresh)
{
  struct house *h = open_house(fresh);
  struct history_imported done;
  must(import_text(h, old_log, NULL, &done));
  int64_t before = events_in(h);
  must(import_text(h, old_log, NULL, &done));
  assert_int_equal(0, done.added);
  assert_int_equal(8, done.repeated);
  assert_int_equal(before, events_in(h));
  close_house(h);
  h = open_house(fresh); /* nor after a restart, nor through a pipe */
  int ends[2];
  assert_int_equal(0, pipe(ends));
  assert_int_equal(strlen(old_log), write(ends[1], old_log, strlen(old_log)));
  close(ends[1]);
  const struct history_import what = {.path = "-"};
  must(history_import(h->engine, ends[0], &what, &done, &error));
  close(ends[0]);
  assert_int_equal(0, done.added);
  assert_int_equal(3, done.steps);
  close_house(h);
}

static void a_log_imported_twice_adds_nothing(void **state)
{
  (void)state;
  for_each_fresh_store(come_twice);
}

static void come_in_halves(const struct fresh_store *fresh)
{
  struct house *h = open_house(fresh);
  struct history_imported done;
  must(import_text(h, old_log, NULL, &done));
  int64_t log = done.log;
  close_house(h);
  /* what an import that was killed leaves: the log begun, its first trace and one step */
  struct fresh_store second;
  fresh_store(fresh->which, &second);
  h = open_house(&second);
  json_t *data = json_pack("{s:I,s:i,s:s,s:[[s,s,s]]}", "log", (json_int_t)log, "position", 0, "name", "a", "attributes", "string",
                           "concept:name", "a");
  struct command open = {.kind = &history_kind,
                         .id = aggregate_id_from("history", "old\na\n0"),
                         .type = "open",
                         .key = "0",
                         .actor = {"history:", "history", "", "import"},
                         .at = 1318333540276,
                         .data = data};
  struct outcome outcome;
  must(engine_do(h->engine, &open, &outcome, &error));
  json_decref(data);
  must(import_text(h, old_log, NULL, &done));
  assert_int_equal(1, done.repeated);
  assert_int_equal(7, done.added);
  struct history_exported out;
  struct buf text = export_text(h, true, false, NULL, &out);
  assert_string_equal(old_log, text.p);
  buf_release(&text);
  close_house(h);
  fresh_store_remove(&second);
}

static void an_import_that_was_interrupted_is_finished_by_the_next(void **state)
{
  (void)state;
  for_each_fresh_store(come_in_halves);
}

static void refuse_all(const struct fresh_store *fresh)
{
  static const struct {
    const char *text, *name;
  } bad[] = {
      {"<log><trace><event><date key=\"time:timestamp\" value=\"2011-10-11T13:45:40\"/></event></trace></log>", "xes-value"},
      {"<log><trace><event><string key=\"time:timestamp\" value=\"2011-10-11T13:45:40Z\"/></event></trace></log>", "xes-value"},
      {"<log><trace><event/><event><string key=\"concept:name\" value=\"a\"/><string key=\"concept:name\" value=\"b\"/></event></trace></log>",
       "xes-attribute"},
      {"<log><trace><string key=\"concept:name\" value=\"a\"/><string key=\"concept:name\" value=\"a\"/></trace></log>",
       "xes-attribute"},
      {"<!DOCTYPE log [<!ENTITY a \"b\">]><log/>", "xes-doctype"},
      {"<log><trace><event/></trace>", "xes-truncated"},
      {"<log><trace><event/></trace><trace><evil/></trace></log>", "xes-element"},
  };
  struct house *h = open_house(fresh);
  struct history_imported done;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(-1, import_text(h, bad[i].text, NULL, &done));
    assert_string_equal(bad[i].name, error.name);
    assert_int_equal(0, strncmp("old.xes:1:", error.where, 10));
  }
  struct buf big;
  buf_init(&big, (size_t)8 << 20);
  buf_str(&big, "<log><trace><event/></trace><trace><event><string key=\"k\" value=\"");
  for (int i = 0; i < 210000; i++)
    buf_str(&big, "&#10;&quot;&#13;"); /* larger as JSON than as text */
  buf_str(&big, "\"/></event></trace></log>");
  assert_int_equal(-1, import_text(h, big.p, NULL, &done));
  assert_string_equal("xes-large", error.name);
  buf_release(&big);
  assert_int_equal(0, events_in(h));
  close_house(h);
}

static void a_hostile_log_changes_nothing(void **state)
{
  (void)state;
  for_each_fresh_store(refuse_all);
}

static void differ(const struct fresh_store *fresh)
{
  struct house *h = open_house(fresh);
  struct history_imported done;
  must(import_text(h, old_log, NULL, &done));
  int64_t before = events_in(h);
  static const char other[] = LOG("old", TRACE("b", EVENT("x", "2012-01-01T00:00:00.000Z", "", "")));
  assert_int_equal(-1, import_text(h, other, NULL, &done));
  assert_string_equal("history-differs", error.name);
  assert_int_equal(before, events_in(h));
  must(import_text(h, other, "old 2", &done));
  assert_int_equal(4, done.added);
  assert_string_equal("old 2", done.name);

  struct history_exported out;
  struct buf text = export_text(h, true, false, "old 2", &out);
  assert_string_equal(other, text.p);
  buf_release(&text);
  text = export_text(h, true, true, NULL, &out); /* both in one log */
  assert_int_equal(2, out.logs);
  assert_int_equal(4, out.traces);
  assert_non_null(strstr(text.p, "<container key=\"old 2\">"));
  buf_release(&text);
  const struct history_export absent = {true, true, "none", "case"};
  buf_init(&text, 1000);
  assert_int_equal(-1, history_export(h->db, kinds, &absent, (struct xes_sink){&text, into_buf}, &out, &error));
  assert_string_equal("history-absent", error.name);
  buf_release(&text);
  close_house(h);
}

static void another_log_of_the_same_name_needs_a_name_of_its_own(void **state)
{
  (void)state;
  for_each_fresh_store(differ);
}

static void do_case(struct house *h, int64_t id, const char *type, const char *who, const char *agency)
{
  json_t *data = json_pack("{s:s}", "applicant", "张三丰");
  struct command command = {.kind = &case_kind,
                            .id = id,
                            .expect = -1,
                            .type = type,
                            .key = "",
                            .actor = {who, "clerk", agency, "window"},
                            .at = 1700000000000,
                            .data = data};
  struct outcome outcome;
  must(engine_do(h->engine, &command, &outcome, &error));
  json_decref(data);
}

static void tell_cases(const struct fresh_store *fresh)
{
  struct house *h = open_house(fresh);
  do_case(h, 7, "submitted", "person:zhangsanfeng", "");
  do_case(h, 8, "submitted", "person:other", "");
  do_case(h, 7, "accepted", "staff:lisi", "market-regulation");
  do_case(h, 8, "accepted", "staff:lisi", "market-regulation");
  struct history_exported out;
  struct buf text = export_text(h, true, true, NULL, &out);
  assert_int_equal(2, out.traces);
  assert_int_equal(4, out.steps);
  assert_null(strstr(text.p, "张三丰"));
  assert_null(strstr(text.p, "zhangsanfeng"));
  assert_null(strstr(text.p, "lisi"));
  assert_non_null(strstr(text.p, "<date key=\"time:timestamp\" value=\"2023-11-15T06:13:20.000+08:00\"/>"));
  assert_non_null(strstr(text.p, "<string key=\"org:group\" value=\"market-regulation\"/>"));
  assert_non_null(strstr(text.p, "<string key=\"item\" value=\"food-licence\"/>"));
  const char *first = strstr(text.p, "value=\"staff-"), *second = first ? strstr(first + 1, "value=\"staff-") : NULL;
  assert_non_null(second);
  assert_int_equal(0, strncmp(first, second, strlen("value=\"staff-0123456789abcdef\"")));
  struct history_imported done; /* what is written is a log that can be read */
  must(import_text(h, text.p, "again", &done));
  assert_int_equal(4, done.steps);
  buf_release(&text);
  text = export_text(h, true, false, NULL, &out);
  assert_int_equal(1, out.logs);
  buf_release(&text);
  close_house(h);
}

static void case_files_are_told_without_anybody_s_name(void **state)
{
  (void)state;
  for_each_fresh_store(tell_cases);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_log_comes_back_as_it_was),
      cmocka_unit_test(each_step_is_an_event_with_its_own_time_and_hands_and_no_department_s_signature),
      cmocka_unit_test(a_log_imported_twice_adds_nothing),
      cmocka_unit_test(an_import_that_was_interrupted_is_finished_by_the_next),
      cmocka_unit_test(a_hostile_log_changes_nothing),
      cmocka_unit_test(another_log_of_the_same_name_needs_a_name_of_its_own),
      cmocka_unit_test(case_files_are_told_without_anybody_s_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
