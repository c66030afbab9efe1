/*
 * Questions to the window: who may say what, how long they wait, what is measured, and erasing one's own words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "both_stores.h"
#include "consult/consult.h"

static const struct migration *const sets[] = {engine_migrations, consult_migrations, NULL};
static const struct kind *const kinds[] = {&consult_kind, NULL};

struct window {
  struct store *store;
  struct db *db;
  struct engine *engine;
  struct arena arena;
  _Atomic moment now;
  struct error error;
};

#define GOOD(w, call)                                                                                                              \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s:%d: %s (%s)", __FILE__, __LINE__, (w)->error.en, (w)->error.where);                                             \
  } while (0)

static moment clock_of(void *context)
{
  return ((struct window *)context)->now;
}

static void open_window(struct window *w, const struct fresh_store *fresh)
{
  struct db *writer;
  memset(w, 0, sizeof *w);
  w->now = day_start(day_make(2026, 3, 2)) + 12 * HOUR_MS;
  GOOD(w, store_open(fresh->url, &w->store, &w->error));
  GOOD(w, store_connect(w->store, DB_WRITE, &writer, &w->error));
  GOOD(w, store_migrate(writer, sets, &w->error));
  db_close(writer);
  const struct engine_options options = {.kinds = kinds,
                                         .key_dir = arena_printf(&w->arena, "%s/keys", fresh->directory),
                                         .origin = "test.example/log",
                                         .clock = clock_of,
                                         .context = w};
  GOOD(w, engine_open(w->store, &options, &w->engine, &w->error));
  GOOD(w, store_connect(w->store, DB_READ, &w->db, &w->error));
}

static void close_window(struct window *w)
{
  db_close(w->db);
  engine_close(w->engine);
  store_close(w->store);
  arena_release(&w->arena);
}

static const struct actor ann = {"person:ann", "applicant", "", "web"}, bob = {"person:bob", "applicant", "", "mobile"},
                          chen = {"staff:chen", "clerk", "centre", "window"}, li = {"staff:li", "clerk", "centre", "window"},
                          wang = {"staff:wang", "officer", "fire-rescue", "web"};

/* "" when done, else the name of the error. */
static const char *act(struct window *w, int64_t id, struct actor who, const char *type, json_t *data)
{
  const struct command command = {
      .kind = &consult_kind, .id = id, .expect = -1, .type = type, .key = "", .actor = who, .data = data};
  int bad = engine_do(w->engine, &command, NULL, &w->error);
  json_decref(data);
  return bad ? w->error.name : "";
}

static json_t *question(const char *about, const char *subject, const char *text)
{
  return json_pack("{s:s,s:s,s:s}", "about", about, "subject", subject, "text", text);
}

static json_t *words(const char *text)
{
  return json_pack("{s:s}", "text", text);
}

static size_t waiting(struct window *w, struct consult_row **ret)
{
  size_t n;
  GOOD(w, consult_waiting(w->db, NULL, 10, &w->arena, ret, &n, &w->error));
  return n;
}

static void on_conversation(const struct fresh_store *fresh)
{
  struct window w;
  struct consult_row *rows, row;
  struct consult_message *messages;
  struct consult_measure measure;
  size_t n;
  open_window(&w, fresh);
  assert_string_equal(act(&w, 1, ann, "ask", question("thing", "open-a-restaurant", "  可以用自家车库吗？ ")), "");
  w.now += 2 * MINUTE_MS;
  assert_string_equal(act(&w, 2, bob, "ask", question("case", "20260302000001X", "到哪一步了？")), "");
  assert_int_equal(waiting(&w, &rows), 2);
  assert_int_equal(rows[0].id, 1);
  assert_int_equal(consult_waiting_count(w.db), 2);
  int64_t before = consult_version(w.db, 0), own = consult_version(w.db, 1);

  /* more words of his do not make his wait begin again */
  w.now += MINUTE_MS;
  assert_string_equal(act(&w, 1, ann, "say", words("30 平方米")), "");
  assert_true(consult_version(w.db, 0) > before && consult_version(w.db, 1) > own);
  assert_int_equal(waiting(&w, &rows), 2);
  assert_int_equal(rows[0].id, 1);

  /* any clerk of the window answers; what he says after it was no waiting */
  assert_string_equal(act(&w, 1, chen, "say", words("可以，须符合食品安全条件。")), "");
  assert_string_equal(act(&w, 1, li, "say", words("平面图可随后补交。")), "");
  assert_int_equal(waiting(&w, &rows), 1);
  GOOD(&w, consult_messages(w.db, 1, &w.arena, &messages, &n, &w.error));
  assert_int_equal(n, 4);
  assert_string_equal(messages[0].text, "可以用自家车库吗？");
  assert_int_equal(messages[2].waited_ms, 3 * MINUTE_MS);
  assert_int_equal(messages[3].waited_ms, -1);
  w.now += 7 * MINUTE_MS;
  assert_string_equal(act(&w, 2, li, "say", words("已受理，正在审查。")), "");
  GOOD(&w, consult_measured(w.db, day_make(2026, 3, 2), &measure, &w.error));
  assert_int_equal(measure.answers, 2);
  assert_int_equal(measure.longest_ms, 8 * MINUTE_MS);
  assert_int_equal(measure.median_ms, 8 * MINUTE_MS); /* of two, the later one: never flattering */
  GOOD(&w, consult_measured(w.db, day_make(2026, 3, 3), &measure, &w.error));
  assert_int_equal(measure.answers, 0);
  assert_int_equal(waiting(&w, &rows), 0);

  GOOD(&w, consult_of_account(w.db, "person:ann", NULL, 10, &w.arena, &rows, &n, &w.error));
  assert_int_equal(n, 1);
  assert_int_equal(rows[0].state, CONSULT_ANSWERED);
  GOOD(&w, consult_about(w.db, "case", "20260302000001X", NULL, 10, &w.arena, &rows, &n, &w.error));
  assert_int_equal(n, 1);
  assert_int_equal(rows[0].id, 2);
  assert_int_not_equal(consult_read(w.db, 3, &w.arena, &row, &w.error), 0);
  assert_string_equal(w.error.name, "not-found");
  close_window(&w);
}

static void on_rules(const struct fresh_store *fresh)
{
  struct window w;
  struct consult_row row;
  struct consult_message *messages;
  size_t n;
  char *most = malloc(3 * CONSULT_TEXT_MAX + 4);
  open_window(&w, fresh);
  assert_string_equal(act(&w, 1, chen, "ask", question("item", "x", "?")), "not-your-role");
  assert_string_equal(act(&w, 1, ann, "ask", question("agency", "x", "?")), "bad-subject");
  assert_string_equal(act(&w, 1, ann, "ask", question("item", "", "?")), "bad-subject");
  assert_string_equal(act(&w, 1, ann, "ask", question("item", "x", " \n ")), "bad-text");
  for (size_t i = 0; i <= CONSULT_TEXT_MAX; i++)
    memcpy(most + 3 * i, "长", 4);
  assert_string_equal(act(&w, 1, ann, "ask", question("item", "x", most)), "bad-text");
  most[3 * CONSULT_TEXT_MAX] = '\0';
  assert_string_equal(act(&w, 1, ann, "ask", question("item", "x", most)), "");
  free(most);
  assert_string_equal(act(&w, 1, ann, "ask", question("item", "x", "?")), "exists");
  assert_string_equal(act(&w, 1, bob, "say", words("?")), "not-yours");
  assert_string_equal(act(&w, 1, wang, "say", words("?")), "not-yours");
  assert_string_equal(act(&w, 9, ann, "say", words("?")), "not-found");
  assert_string_equal(act(&w, 1, chen, "close", NULL), "unanswered");
  assert_string_equal(act(&w, 1, ann, "erase", NULL), "not-closed");
  assert_string_equal(act(&w, 1, ann, "close", NULL), "");
  assert_string_equal(act(&w, 1, ann, "say", words("还有")), "closed");
  assert_int_equal(consult_waiting_count(w.db), 0);
  assert_string_equal(act(&w, 1, bob, "erase", NULL), "not-yours");

  /* what concerns a case stays with it; other words may be taken back, and are gone */
  assert_string_equal(act(&w, 2, ann, "ask", question("case", "20260302000001X", "?")), "");
  assert_string_equal(act(&w, 2, ann, "close", NULL), "");
  assert_string_equal(act(&w, 2, ann, "erase", NULL), "kept-with-case");
  GOOD(&w, engine_seal(w.engine, &w.error));
  assert_string_equal(act(&w, 1, ann, "erase", NULL), "");
  GOOD(&w, consult_read(w.db, 1, &w.arena, &row, &w.error));
  assert_int_equal(row.state, CONSULT_ERASED);
  assert_string_equal(row.account, "");
  GOOD(&w, consult_messages(w.db, 1, &w.arena, &messages, &n, &w.error));
  assert_int_equal(n, 0);
  assert_string_equal(act(&w, 1, ann, "say", words("?")), "not-found");
  struct ledger_report report;
  GOOD(&w, engine_seal(w.engine, &w.error));
  GOOD(&w, engine_verify(w.db, kinds, NULL, &report, &w.error));
  assert_true(report.erased > 0);
  close_window(&w);
}

static void a_conversation_waits_is_answered_and_measured(void **state)
{
  (void)state;
  for_each_fresh_store(on_conversation);
}

static void the_rules_hold(void **state)
{
  (void)state;
  for_each_fresh_store(on_rules);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_conversation_waits_is_answered_and_measured),
      cmocka_unit_test(the_rules_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
