/*
 * Erasing a person: the values are gone to the last byte, and everything that was proved stays proved.
 *
 * A case among others carries values that occur nowhere else. They are looked for in the raw bytes of the SQLite files, in a
 * dump of PostgreSQL, in the files of the vault and in the key directory: first to see that they are found, then that they are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/desk.h"
#include "base/text.h"
#include "record/record.h"
#include "courier/courier.h"
#include "notice/notice.h"
#include "store/blob.h"

enum { VICTIM = 500, OTHERS = 40, TWIN = 700, PARCEL = 900, PARCEL_EVENTS = 4 };

/* What only the victim's case holds. */
static const char *const planted[] = {"欧阳鸑鷟",         "13987650123",        "菩提巷九十九号",
                                      "鲲鹏饕餮小馆",     "麒麟租约.pdf",       "秘密理由甲乙丙",
                                      "秘密意见丁戊己",   "面积四百四十四点五", "the lease of the planted person",
                                      "邻居诸葛貔貅代收", "SF-PLANTED-77"};
#define PLANTED (sizeof planted / sizeof *planted)

static struct desk desk;
static struct courier *courier;
static struct outlet outlets[COURIER_OUTLETS + 2]; /* none for notices: they wait in the outbox */

static const struct migration *const sets[] = {engine_migrations,  casework_migrations, record_migrations,
                                               courier_migrations, notice_migrations,   NULL};

/* ---- looking for values in raw bytes ---- */

static bool found[PLANTED];

static void look_in(const char *bytes, size_t n)
{
  for (size_t i = 0; i < PLANTED; i++)
    found[i] |= memmem(bytes, n, planted[i], strlen(planted[i])) != NULL;
}

static int look_at_file(const char *path, const struct stat *st, int type, struct FTW *walk)
{
  (void)walk;
  if (type != FTW_F || !st->st_size || strstr(path, ".backup"))
    return 0;
  char *bytes = malloc((size_t)st->st_size);
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  look_in(bytes, fread(bytes, 1, (size_t)st->st_size, f));
  (void)fclose(f);
  free(bytes);
  return 0;
}

/* A dump as pg_dump writes it: every row of every table in plain text. */
static void look_at_dump(const struct fresh_store *fresh)
{
  char command[2048], url[1024];
  (void)snprintf(url, sizeof url, "%s", fresh->url);
  char *files = strstr(url, "files=");
  assert_non_null(files);
  char *rest = strchr(files, '&');
  if (rest)
    memmove(files, rest + 1, strlen(rest));
  else
    files[-1] = '\0';
  (void)snprintf(command, sizeof command, "PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin | tail -1) pg_dump '%s'", url);
  FILE *f = popen(command, "r");
  assert_non_null(f);
  size_t n = 0, cap = 0, got;
  char *text = NULL;
  do {
    cap += 1 << 20;
    text = realloc(text, cap);
    assert_non_null(text);
    got = fread(text + n, 1, cap - n, f);
    n += got;
  } while (got);
  assert_int_equal(pclose(f), 0);
  assert_true(n > 1000);
  look_in(text, n);
  free(text);
}

static size_t look(const struct fresh_store *fresh)
{
  memset(found, 0, sizeof found);
  assert_int_equal(nftw(fresh->directory, look_at_file, 16, FTW_PHYS), 0);
  if (fresh->which == ON_POSTGRES)
    look_at_dump(fresh);
  size_t n = 0;
  for (size_t i = 0; i < PLANTED; i++)
    n += found[i];
  return n;
}

static void nothing_is_left(const struct fresh_store *fresh)
{
  (void)look(fresh);
  for (size_t i = 0; i < PLANTED; i++)
    if (found[i])
      fail_msg("“%s” can still be found", planted[i]);
}

/* ---- a city ---- */

#define OK(id, who, type, data)                                                                                                    \
  do {                                                                                                                             \
    const char *why_ = desk_do(&desk, id, who, type, data);                                                                        \
    if (*why_)                                                                                                                     \
      fail_msg("%s: %s: %s", type, why_, desk.error.en);                                                                           \
  } while (0)
#define NOT(name, id, who, type, data) assert_string_equal(desk_do(&desk, id, who, type, data), name)

static json_t *ground(const char *word)
{
  return json_pack("{s:s}", "ground", word);
}

static json_t *upload(const char *content, const char *name)
{
  char path[600], hex[65];
  struct digest digest;
  int64_t size;
  (void)snprintf(path, sizeof path, "%s/upload", desk.fresh.directory);
  FILE *f = fopen(path, "w+");
  assert_non_null(f);
  (void)fputs(content, f);
  (void)fflush(f);
  assert_int_equal(blob_put(desk.store, fileno(f), &digest, &size, &desk.error), 0);
  (void)fclose(f);
  (void)unlink(path);
  hex_encode(digest.b, sizeof digest.b, hex);
  return json_pack("{s:s,s:s,s:s,s:s,s:I}", "material", "lease-contract", "sha256", hex, "name", name, "type", "application/pdf",
                   "size", (json_int_t)size);
}

/* A case that was accepted, looked at by the departments, and then withdrawn. */
static void a_case(int64_t id, bool secret)
{
  json_t *draft = desk_draft(&desk);
  if (secret) {
    json_t *plan = json_deep_copy(desk.plan);
    (void)json_object_set_new(json_object_get(plan, "answers"), "area", json_string("面积四百四十四点五"));
    (void)json_object_set_new(draft, "plan", plan);
    (void)json_object_set_new(json_object_get(draft, "applicant"), "name", json_string("欧阳鸑鷟"));
    (void)json_object_set_new(json_object_get(draft, "applicant"), "phone", json_string("13987650123"));
  }
  OK(id, applicant, "draft", draft);
  desk_fill(&desk, id, applicant);
  OK(id, applicant, "save",
     json_pack("{s:{s:s},s:{s:s,s:s}}", "fields", "company_name", secret ? "鲲鹏饕餮小馆" : "甬上小馆", "delivery", "mode",
               "courier", "address", secret ? "菩提巷九十九号" : "海曙区中山东路1号"));
  OK(id, applicant, "attach",
     upload(secret ? "the lease of the planted person" : "a lease like any other", secret ? "麒麟租约.pdf" : "租约.pdf"));
  OK(id, applicant, "submit", NULL);
  OK(id, clerk, "accept", NULL);
  OK(id, market, "step-done",
     json_pack("{s:i,s:s,s:s}", "step", 0, "result", "pass", "opinion", secret ? "秘密意见丁戊己" : "符合"));
  OK(id, applicant, "withdraw", json_pack("{s:s}", "reason", secret ? "秘密理由甲乙丙" : "不办了"));
}

/* What the courier wrote of the victim's parcel: it names his neighbour. */
static void a_parcel(void)
{
  static const char *const types[] = {"pack", "book", "failed"};
  json_t *const data[] = {json_pack("{s:i,s:s,s:[{s:s,s:s}]}", "case", VICTIM, "number", "20260302000041X", "contents", "item",
                                    "outdoor-signboard", "result", "R"),
                          json_pack("{s:s,s:i}", "tracking", "SF-PLANTED-77", "attempt", 1),
                          json_pack("{s:s,s:s}", "tracking", "SF-PLANTED-77", "reason", "邻居诸葛貔貅代收")};
  for (size_t i = 0; i < 3; i++) {
    struct outcome outcome;
    const struct command command = {.kind = &parcel_kind,
                                    .id = PARCEL,
                                    .expect = -1,
                                    .type = types[i],
                                    .key = "",
                                    .actor = {"system", "system", "", "system"},
                                    .data = data[i]};
    if (engine_do(desk.engine, &command, &outcome, &desk.error))
      fail_msg("%s: %s", types[i], desk.error.en);
    json_decref(data[i]);
  }
}

static void parcel_is_erased(void)
{
  struct parcel p;
  assert_int_equal(courier_get(desk.db, PARCEL, &desk.arena, &p, &desk.error), 0);
  assert_int_equal(p.state, PARCEL_FAILED);
  assert_string_equal(p.tracking, "");
  assert_string_equal(p.reason, "");
  assert_int_equal(p.count, 1);
  assert_string_equal(p.contents[0].item, "outdoor-signboard");
  assert_string_equal(p.contents[0].result, "");
  assert_int_equal(courier_by_tracking(desk.db, SPAN("SF-PLANTED-77"), &desk.arena, &p, &desk.error), -1);
  struct parcel *list;
  size_t n;
  assert_int_equal(courier_returned(desk.db, 0, 10, &desk.arena, &list, &n, &desk.error), 0);
  assert_int_equal(n, 0);
}

static void serve(void)
{
  courier_serve(courier, NULL); /* the engine of before is going */
  desk_restart(&desk, 20, outlets);
  courier_serve(courier, desk.engine);
}

static void outlets_open(struct store *store)
{
  const struct courier_options none = {.store = store};
  courier_close(courier);
  courier_open(&none, &courier);
  outlets[0] = casework_file_outlet(store);
  (void)courier_outlets(courier, outlets + 1);
}

static void seal(void)
{
  if (engine_seal(desk.engine, &desk.error))
    fail_msg("%s", desk.error.en);
}

/* The delivery thread has a second's patience; a reader may stand in the way of the WAL for a moment. */
static void wait_until_gone(const struct fresh_store *fresh)
{
  for (int i = 0; i < 100 && look(fresh); i++)
    usleep(100000);
}

static struct digest ledger_bytes(struct db *db, int64_t size)
{
  static const struct sql leaves = {"SELECT hash, entry FROM leaves WHERE seq <= $1 ORDER BY seq"};
  static const struct sql notes = {"SELECT note FROM checkpoints WHERE size <= $1 ORDER BY size"};
  struct buf all;
  struct rows rows;
  buf_init(&all, 64 << 20);
  assert_int_equal(DB_QUERY(db, &leaves, &rows, NULL, V_INT(size)), 0);
  while (rows_next(&rows)) {
    buf_span(&all, rows_span(&rows, 0));
    buf_span(&all, rows_span(&rows, 1));
  }
  assert_int_equal(rows_close(&rows, NULL), 0);
  assert_int_equal(DB_QUERY(db, &notes, &rows, NULL, V_INT(size)), 0);
  while (rows_next(&rows))
    buf_span(&all, rows_span(&rows, 0));
  assert_int_equal(rows_close(&rows, NULL), 0);
  struct digest digest = sha256(buf_view(&all));
  buf_release(&all);
  return digest;
}

static struct ledger_report verified(void)
{
  struct ledger_report report;
  if (engine_verify(desk.db, desk.kinds, NULL, &report, &desk.error))
    fail_msg("%s", desk.error.en);
  return report;
}

static void is_erased(void)
{
  struct casefile *c = desk_case(&desk, VICTIM);
  assert_true(c->erased > 0);
  assert_string_equal(c->ground, "unlawful");
  assert_int_equal(c->state, CASE_WITHDRAWN);
  assert_int_equal(c->item_count, 5);
  assert_string_equal(c->items[2].agency, "fire-rescue");
  assert_int_equal(c->items[0].state, ITEM_WITHDRAWN);
  assert_true(c->submitted > 0 && c->closed >= c->submitted);
  assert_string_equal(c->applicant, "");
  struct case_row row;
  assert_int_equal(casework_get(desk.db, VICTIM, &desk.arena, &row, &desk.error), 0);
  assert_true(row.erased);
  assert_string_equal(row.account, "");
}

static size_t lines_of_the_list(void)
{
  char path[600];
  (void)snprintf(path, sizeof path, "%s/keys/erased", desk.fresh.directory);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  size_t n = 0;
  for (int c; (c = getc(f)) != EOF;)
    n += c == '\n';
  (void)fclose(f);
  return n;
}

/* ---- the tests ---- */

static void only_who_may_when_it_may(void)
{
  NOT("not-your-role", VICTIM, supervisor, "erase", ground("unlawful"));
  NOT("not-your-role", VICTIM, clerk, "erase", ground("unlawful"));
  NOT("missing-argument", VICTIM, records, "erase", NULL);
  NOT("bad-argument", VICTIM, records, "erase", ground("because"));
  NOT("retention", VICTIM, records, "erase", ground("purpose-achieved"));
  NOT("separation-of-duties", VICTIM, ((struct who){clerk.id, "records", "service-centre", "web"}), "erase", ground("unlawful"));
  OK(TWIN, applicant, "draft", desk_draft(&desk));
  NOT("wrong-state", TWIN, records, "erase", ground("unlawful"));
  OK(TWIN, applicant, "withdraw", json_pack("{s:s}", "reason", "不办了"));
  assert_int_equal(casefile_retained_until(desk_case(&desk, TWIN)), DAY_NONE);
  assert_int_equal(casefile_retained_until(desk_case(&desk, VICTIM)), day_make(2036, 12, 31));
}

static void stop(void)
{
  engine_close(desk.engine);
  db_close(desk.db);
  desk.engine = NULL;
  desk.db = NULL;
}

static void nothing_is_left_after_the_end(const struct fresh_store *fresh)
{
  stop();
  nothing_is_left(fresh);
  serve();
}

/* Yesterday's backup comes up beside the keys of today. */
static void a_backup_resurrects_nobody(const char *backup)
{
  struct fresh_store fresh;
  struct store *store = desk.store;
  size_t lines = lines_of_the_list();
  stop();
  fresh_store(desk.fresh.which, &fresh);
  assert_int_equal(store_open(fresh.url, &desk.store, &desk.error), 0);
  if (store_restore(desk.store, sets, backup, &desk.error))
    fail_msg("%s", desk.error.en);
  outlets_open(desk.store);
  assert_int_equal(look(&fresh), PLANTED);
  serve();
  is_erased();
  wait_until_gone(&fresh);
  seal();
  assert_true(verified().erased > 0);
  assert_int_equal(lines_of_the_list(), 2 * lines);
  nothing_is_left_after_the_end(&fresh);
  is_erased();
  assert_int_equal(lines_of_the_list(), 2 * lines); /* done once */
  stop();
  store_close(desk.store);
  fresh_store_remove(&fresh);
  desk.store = store;
  outlets_open(store);
  serve();
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
  char command[2048];
  va_list rest;
  va_start(rest, format);
  (void)vsnprintf(command, sizeof command, format, rest);
  va_end(rest);
  assert_int_equal(system(command), 0);
}

/* Where more was published since, the old store is refused; docs/operations.md, «After a restore», is the way out, to the letter.
 */
static void under_a_new_name_nobody_comes_back(const char *backup)
{
  struct fresh_store fresh;
  struct store *store = desk.store;
  const char *dir = desk.fresh.directory, *log_dir = desk.log_dir;
  stop();
  fresh_store(desk.fresh.which, &fresh);
  assert_int_equal(store_open(fresh.url, &desk.store, &desk.error), 0);
  if (store_restore(desk.store, sets, backup, &desk.error))
    fail_msg("%s", desk.error.en);
  outlets_open(desk.store);
  assert_string_equal(desk_refused(&desk), "ledger-behind");
  run("cp -r '%s/keys' '%s/keys.kept' && mkdir -m 700 '%s/keys.new' && cp -p '%s/keys/erased' '%s/keys.new/'", dir, dir, dir, dir,
      dir);
  desk.key_dir = arena_printf(&desk.arena, "%s/keys.new", dir);
  desk.log_dir = arena_printf(&desk.arena, "%s/log.new", dir);
  desk.origin = "new.example/log";
  serve();
  is_erased();
  wait_until_gone(&fresh);
  seal();
  assert_true(verified().erased > 0);
  nothing_is_left_after_the_end(&fresh);
  is_erased();
  stop();
  store_close(desk.store);
  fresh_store_remove(&fresh);
  desk.store = store;
  outlets_open(store);
  desk.key_dir = desk.origin = NULL;
  desk.log_dir = log_dir;
  serve();
}

/* ---- receipts of before ---- */

/* Of the entry with the number `seq`; its text is kept outside of the program, as an applicant keeps it. */
static void check_receipt(const char *path, int64_t seq, bool make)
{
  struct arena arena = {0};
  struct span keys, policy_text, text;
  struct policy *policy;
  struct record_published published;
  struct record_receipt receipt;
  char bytes[32768];
  assert_int_equal(record_keys_named(desk.db, span_of("test.example/log"), &arena, &keys, &desk.error), 0);
  assert_int_equal(record_policy_text(&arena, NULL, keys, &policy_text, &desk.error), 0);
  assert_int_equal(policy_parse(policy_text, &policy, &desk.error), 0);
  if (make) {
    if (record_published(&arena, desk.log_dir, policy, &published, &desk.error) ||
        record_make(&arena, desk.log_dir, policy, &published, seq - 1, &receipt, &desk.error))
      fail_msg("%s", desk.error.en);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(receipt.text.p, 1, receipt.text.n, f), receipt.text.n);
    assert_int_equal(fclose(f), 0);
  }
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  text = (struct span){bytes, fread(bytes, 1, sizeof bytes, f)};
  (void)fclose(f);
  if (record_check(&arena, text, policy, &receipt, &desk.error))
    fail_msg("%s", desk.error.en);
  assert_int_equal(receipt.index, seq - 1);
  assert_int_equal(record_keys_named(desk.db, receipt.leaf.signature.name, &arena, &keys, &desk.error), 0);
  assert_true(record_department_signed(&arena, &receipt.leaf, keys));
  policy_free(policy);
  arena_release(&arena);
}

static void wait_until_published(int64_t size)
{
  struct engine_log_status status = {0};
  for (int i = 0; i < 200 && status.size < size; i++) {
    usleep(50000);
    engine_log_status(desk.engine, &desk.arena, &status);
  }
  assert_true(status.size >= size);
}

/* Who can write to the store can take values away, but not unseen. */
static void values_taken_away_without_an_event_are_found(void)
{
  static const struct sql clear = {"UPDATE events SET body = '', salt = $2 WHERE aggregate = $1"};
  struct ledger_report report;
  struct db *db;
  stop();
  assert_int_equal(store_connect(desk.store, DB_WRITE, &db, &desk.error), 0);
  assert_int_equal(DB_EXEC(db, &clear, &desk.error, V_INT(3), V_BYTES("", 0)), 0);
  assert_int_equal(engine_verify(db, desk.kinds, NULL, &report, &desk.error), -1);
  assert_string_equal(desk.error.name, "ledger-broken");
  assert_non_null(strstr(desk.error.en, "without an event that says why"));
  static const struct sql one = {"UPDATE events SET body = '', salt = $2 WHERE aggregate = $1 AND version = 2"};
  assert_int_equal(DB_EXEC(db, &one, &desk.error, V_INT(4), V_BYTES("", 0)), 0);
  assert_int_equal(engine_verify(db, desk.kinds, NULL, &report, &desk.error), -1);
  assert_non_null(strstr(desk.error.en, "erased in part"));
  db_close(db);
  serve();
}

static void a_person_is_erased(enum which_store which)
{
  char backup[600], receipt[600];
  desk_open(&desk, which, &casefile_kind, 5);
  outlets_open(desk.store);
  desk.kinds[1] = &parcel_kind;
  desk.log_dir = arena_printf(&desk.arena, "%s/log", desk.fresh.directory);
  serve();
  for (int i = 0; i < OTHERS; i++)
    a_case(i + 1, false);
  a_case(VICTIM, true);
  int64_t last = desk.last.seq;
  for (int i = 0; i < OTHERS; i++)
    a_case(OTHERS + i + 1, false);
  a_parcel();
  only_who_may_when_it_may();
  seal();
  assert_int_equal(look(&desk.fresh), PLANTED);
  struct ledger_report before = verified();
  assert_int_equal(before.erased, 0);
  struct digest ledger = ledger_bytes(desk.db, before.sealed);
  (void)snprintf(receipt, sizeof receipt, "%s/victim.tlog-proof", desk.fresh.directory);
  wait_until_published(last);
  check_receipt(receipt, last, true);
  (void)snprintf(backup, sizeof backup, "%s/yesterday.backup", desk.fresh.directory);
  if (store_backup(desk.store, sets, backup, &desk.error))
    fail_msg("%s", desk.error.en);

  OK(VICTIM, records, "erase", ground("unlawful"));
  int version = desk.last.version;
  is_erased();
  wait_until_gone(&desk.fresh);
  NOT("erased", VICTIM, supervisor, "recalculate", NULL);
  NOT("erased", VICTIM, records, "erase", ground("unlawful"));
  serve();
  is_erased();
  NOT("erased", VICTIM, applicant, "withdraw", NULL);
  seal();
  struct digest same = ledger_bytes(desk.db, before.sealed);
  assert_true(digest_eq(&ledger, &same));
  parcel_is_erased();
  assert_int_equal(verified().erased, version - 1 + PARCEL_EVENTS);
  assert_int_equal(lines_of_the_list(), 2);
  nothing_is_left_after_the_end(&desk.fresh);
  /* the others' file is the same bytes for all of them: it is there */
  OK(1, records, "erase", ground("unlawful"));
  usleep(300000);
  struct casefile *other = desk_case(&desk, 2);
  struct digest digest;
  int fd;
  assert_true(hex_decode(span_of(other->attachments[other->attachment_count - 1].sha256), digest.b, sizeof digest.b));
  assert_int_equal(blob_open(desk.store, &digest, &fd, NULL, &desk.error), 0);
  (void)close(fd);
  check_receipt(receipt, last, false);
  wait_until_published(before.sealed + 2);
  check_receipt(receipt, last, true); /* and a new one can be had */
  under_a_new_name_nobody_comes_back(backup);
  desk.log_dir = NULL;
  run("rm '%s/keys/log.lock'", desk.fresh.directory); /* as if nothing had been published after it */
  a_backup_resurrects_nobody(backup);
  values_taken_away_without_an_event_are_found();
  desk_close(&desk);
  courier_close(courier);
  courier = NULL;
}

static void a_person_is_erased_on_sqlite(void **state)
{
  (void)state;
  a_person_is_erased(ON_SQLITE);
}

static void a_person_is_erased_on_postgresql(void **state)
{
  (void)state;
  if (!have_postgres()) {
    print_message("           (PostgreSQL left out: ONEVISIT_TEST_POSTGRES is not set)\n");
    return;
  }
  a_person_is_erased(ON_POSTGRES);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_person_is_erased_on_sqlite),
                                     cmocka_unit_test(a_person_is_erased_on_postgresql)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
