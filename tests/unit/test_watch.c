/*
 * The monitor against logs in which one thing is wrong, the registry of keys on a real store, and alarms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/text.h"
#include "both_stores.h"
#include "ledger/checkpoint.h"
#include "ledger/leaf.h"
#include "watch/alarm.h"
#include "watch/job.h"
#include "watch/registry.h"

/* ---- a log made by hand ---- */

#define ORIGIN "test.example/log"
#define START INT64_C(1772424000) /* Monday 2 March 2026, 12:00 in China */
#define DAY_S INT64_C(86400)

struct maker {
  struct arena arena;
  char dir[64];
  struct signer *log, *centre, *fire, *fire2;
  struct merkle_edge edge;
  struct buf book;
  struct span entries[64];
  size_t n;
  struct digest last[8]; /* of each case */
  int64_t seq[8];
};

static struct maker maker;

static struct signer *key(const char *file, const char *name)
{
  struct signer *s;
  struct error error;
  if (signer_open(maker.dir, file, name, true, &s, &error))
    fail_msg("%s", error.en);
  return s;
}

static void begin(void)
{
  memset(&maker, 0, sizeof maker);
  (void)snprintf(maker.dir, sizeof maker.dir, "/tmp/onevisit-watch-XXXXXX");
  assert_non_null(mkdtemp(maker.dir));
  buf_init(&maker.book, 1 << 20);
  maker.log = key("log", ORIGIN);
  maker.centre = key("centre", ORIGIN "/centre");
  maker.fire = key("fire", ORIGIN "/fire");
  maker.fire2 = key("fire.2", ORIGIN "/fire");
}

static void finish(void)
{
  char command[128];
  struct signer *all[] = {maker.log, maker.centre, maker.fire, maker.fire2};
  for (size_t i = 0; i < 4; i++)
    signer_free(all[i]);
  buf_release(&maker.book);
  arena_release(&maker.arena);
  (void)snprintf(command, sizeof command, "rm -r %s", maker.dir);
  assert_int_equal(system(command), 0);
}

struct made {
  int id; /* of the case, 0 … 7 */
  const char *type, *item, *dept;
  int64_t seconds;
  const struct signer *signer;
  const struct leaf_field *fields;
  size_t field_count;
  int64_t seq; /* 0: the right one */
  bool wrong_prev;
};

static void add_entry(struct span entry)
{
  maker.entries[maker.n++] = entry;
  merkle_append(&maker.edge, merkle_leaf(entry));
}

static void add(struct made m)
{
  static const char salt[LEAF_SALT_BYTES] = "thirty-two bytes of test salt...";
  struct leaf leaf = {.seq = m.seq ? m.seq : maker.seq[m.id] + 1,
                      .type = m.type,
                      .item = m.item ? m.item : "",
                      .dept = m.dept ? m.dept : "centre",
                      .at = m.seconds * SECOND_MS,
                      .salt = {salt, sizeof salt},
                      .fields = m.fields,
                      .field_count = m.field_count};
  memset(leaf.pseudonym, m.id + 1, sizeof leaf.pseudonym);
  leaf.has_prev = leaf.seq > 1;
  leaf.prev = maker.last[m.id];
  if (m.wrong_prev)
    leaf.prev.b[0] ^= 1;
  struct span entry = leaf_sign(&maker.arena, leaf_unsigned(&maker.arena, &leaf), m.signer ? m.signer : maker.centre);
  maker.seq[m.id] = leaf.seq;
  maker.last[m.id] = merkle_leaf(entry);
  add_entry(entry);
}

/* An event of the registry, with its line in the key book. */
static void add_key(int id, const char *type, const struct signer *vkey, const struct signer *before, bool booked)
{
  struct leaf_field *f = arena_array(&maker.arena, 3, sizeof *f);
  f[0] = (struct leaf_field){SPAN("data.name"), span_of(arena_printf(&maker.arena, "\"%s\"", signer_name(vkey ? vkey : before)))};
  f[1] = (struct leaf_field){SPAN("data.vkey"), span_of(arena_printf(&maker.arena, "\"%s\"", vkey ? signer_vkey(vkey) : ""))};
  f[2] = (struct leaf_field){SPAN("data.before"), span_of(arena_printf(&maker.arena, "\"%s\"", before ? signer_vkey(before) : ""))};
  if (booked) {
    struct json_writer w = json_to(&maker.book);
    json_begin_object(&w, NULL);
    json_put_int(&w, "index", (int64_t)maker.n);
    json_put_str(&w, "salt", base64_encode(&maker.arena, "thirty-two bytes of test salt...", 32));
    json_begin_array(&w, "fields");
    for (size_t i = 0; i < 3; i++) {
      json_begin_array(&w, NULL);
      json_put_span(&w, NULL, f[i].name);
      json_put_span(&w, NULL, f[i].value);
      json_end(&w);
    }
    json_end(&w);
    json_end(&w);
    buf_str(&maker.book, "\n");
  }
  add((struct made){.id = id, .type = type, .seconds = START, .fields = f, .field_count = 3});
}

static void registered(void)
{
  begin();
  add_key(0, "registry.key-registered", maker.centre, NULL, true);
  add_key(1, "registry.key-registered", maker.fire, NULL, true);
}

static struct span checkpoint_of(const struct merkle_edge *edge)
{
  const struct checkpoint c = {SPAN(ORIGIN), edge->size, merkle_root(edge)};
  return note_sign(&maker.arena, checkpoint_text(&maker.arena, &c), maker.log);
}

/* ---- what is found ---- */

static char words[1000];

static void sink(void *context, const struct anomaly *f)
{
  (void)context;
  assert_true(*f->zh && *f->en && strcmp(f->zh, f->en) != 0);
  size_t n = strlen(words);
  (void)snprintf(words + n, sizeof words - n, "%s%s@%lld", n ? " " : "", f->word, (long long)f->index);
}

static struct monitor *monitor(const struct catalog *catalog, struct span state)
{
  const struct monitor_options options = {.vkey = signer_vkey(maker.log), .catalog = catalog, .sink = sink};
  struct monitor *m;
  struct error error;
  if (monitor_open(&options, state, &m, &error))
    fail_msg("%s", error.en);
  words[0] = '\0';
  return m;
}

static void feed(struct monitor *m, size_t from)
{
  monitor_keybook(m, buf_view(&maker.book));
  for (size_t i = from; i < maker.n; i++)
    monitor_leaf(m, maker.entries[i]);
}

/* The whole log, read at once; and again in two parts with the state written between, which must say the same. */
static const char *found(const struct catalog *catalog, int64_t now)
{
  static char once[1000];
  struct buf state;
  struct monitor *m = monitor(catalog, (struct span){0});
  feed(m, 0);
  monitor_checkpoint(m, checkpoint_of(&maker.edge), now);
  monitor_clock(m, now);
  monitor_close(m);
  (void)snprintf(once, sizeof once, "%s", words);
  m = monitor(catalog, (struct span){0});
  monitor_keybook(m, buf_view(&maker.book));
  size_t half = maker.n / 2;
  for (size_t i = 0; i < half; i++)
    monitor_leaf(m, maker.entries[i]);
  buf_init(&state, 1 << 20);
  monitor_state(m, &state);
  monitor_close(m);
  char first[1000];
  (void)snprintf(first, sizeof first, "%s", words);
  m = monitor(catalog, buf_view(&state));
  feed(m, half);
  monitor_checkpoint(m, checkpoint_of(&maker.edge), now);
  monitor_clock(m, now);
  char again[2100];
  (void)snprintf(again, sizeof again, "%s%s%s", first, *first && *words ? " " : "", words);
  monitor_close(m);
  buf_release(&state);
  assert_string_equal(again, once);
  return once;
}

#define FOUND(expected)                                                                                                            \
  do {                                                                                                                             \
    assert_string_equal(found(NULL, START + 30 * DAY_S), expected);                                                                \
    finish();                                                                                                                      \
  } while (0)

/* ---- leaves ---- */

static void an_honest_log_raises_nothing(void **state)
{
  (void)state;
  registered();
  add((struct made){2, "case.drafted", .seconds = START});
  add((struct made){2, "case.submitted", .seconds = START + 10});
  add((struct made){3, "case.drafted", .seconds = START + 10});
  add((struct made){2, "case.step-done", .dept = "fire", .seconds = START + 20, .signer = maker.fire});
  add((struct made){4, "history.imported", .seconds = START - 900 * DAY_S}); /* under its own date */
  add_key(1, "registry.key-rotated", maker.fire2, maker.fire, true);
  add((struct made){2, "case.decided", .dept = "fire", .seconds = START + 40, .signer = maker.fire2});
  FOUND("");
}

static void each_wrong_leaf_is_named(void **state)
{
  (void)state;
  registered();
  add_entry(SPAN("gov-event/v1\nnonsense\n"));
  FOUND("grammar@2");
  registered();
  add((struct made){2, "case.drafted", .dept = "fire", .seconds = START, .signer = maker.centre});
  FOUND("signature@2");
  registered();
  add((struct made){2, "case.drafted", .dept = "fire", .seconds = START, .signer = maker.fire2}); /* of the name, not registered */
  FOUND("signature@2");
  registered();
  struct signer *tax = key("tax", ORIGIN "/tax");
  add((struct made){2, "case.drafted", .dept = "tax", .seconds = START, .signer = tax});
  signer_free(tax);
  FOUND("key-unknown@2");
  registered();
  add((struct made){2, "case.drafted", .seconds = START});
  add((struct made){2, "case.saved", .seconds = START, .seq = 3});
  FOUND("gap@3");
  registered();
  add((struct made){2, "case.drafted", .seconds = START, .seq = 2});
  FOUND("gap@2");
  registered();
  add((struct made){2, "case.drafted", .seconds = START});
  add((struct made){2, "case.saved", .seconds = START, .seq = 1});
  FOUND("twice@3");
  registered();
  add((struct made){2, "case.drafted", .seconds = START});
  add((struct made){2, "case.saved", .seconds = START, .wrong_prev = true});
  FOUND("prev@3");
  registered();
  add((struct made){2, "case.drafted", .seconds = START - 301});
  FOUND("time@2");
  registered();
  add((struct made){2, "case.drafted", .seconds = START + 31 * DAY_S});
  FOUND("future@3");
}

static void keys_count_from_their_event_to_their_end(void **state)
{
  (void)state;
  registered();
  add_key(1, "registry.key-rotated", maker.fire2, maker.fire, true);
  add((struct made){2, "case.drafted", .dept = "fire", .seconds = START, .signer = maker.fire});
  FOUND("key-retired@3");
  registered();
  add_key(1, "registry.key-retired", NULL, maker.fire, true);
  add((struct made){2, "case.drafted", .dept = "fire", .seconds = START, .signer = maker.fire});
  FOUND("key-retired@3");
  begin(); /* the log began before its registry: what it had signed is not judged */
  add((struct made){2, "case.drafted", .seconds = START});
  add_key(0, "registry.key-registered", maker.centre, NULL, true);
  FOUND("");
  registered();
  add_key(3, "registry.key-registered", maker.fire2, NULL, false);
  FOUND("key-book@2");
  registered();
  add_key(3, "registry.key-registered", maker.fire2, NULL, true);
  maker.book.p[maker.book.n - 40] ^= 1; /* another value than the leaf's */
  FOUND("key-book@2");
}

/* ---- checkpoints ---- */

static void checkpoints_are_held_against_what_was_seen(void **state)
{
  (void)state;
  registered();
  struct merkle_edge before = maker.edge, other = maker.edge;
  add((struct made){2, "case.drafted", .seconds = START});
  merkle_append(&other, merkle_leaf(SPAN("another story")));
  struct monitor *m = monitor(NULL, (struct span){0});
  feed(m, 0);
  monitor_checkpoint(m, checkpoint_of(&maker.edge), START);
  assert_string_equal(words, "");
  monitor_checkpoint(m, checkpoint_of(&other), START);
  assert_string_equal(words, "fork@3");
  monitor_checkpoint(m, checkpoint_of(&before), START);
  assert_string_equal(words, "fork@3 shrunk@2");
  struct span note = checkpoint_of(&maker.edge);
  char *forged = arena_dup(&maker.arena, note);
  forged[note.n - 10] = forged[note.n - 10] == 'A' ? 'B' : 'A';
  monitor_checkpoint(m, (struct span){forged, note.n}, START);
  assert_string_equal(words, "fork@3 shrunk@2 checkpoint@3");
  monitor_close(m);
  finish();
}

/* ---- limits ---- */

static struct catalog *city;
static struct arena city_arena;
static const struct item *item; /* with a statutory limit */

static void open_city(void)
{
  char path[1024];
  struct findings findings = {0};
  struct error error;
  const char *source = getenv("ONEVISIT_SOURCE");
  (void)snprintf(path, sizeof path, "%s/catalogs/ningbo", source ? source : ".");
  if (catalog_load(path, &city, &city_arena, &findings, &error))
    fail_msg("%s", error.en);
  for (size_t i = 0; i < city->item_count && !item; i++)
    item = city->items[i].statutory > 5 ? &city->items[i] : NULL;
  assert_non_null(item);
}

static const char *late(int64_t days)
{
  const char *words_found = found(city, START + days * DAY_S);
  finish();
  return words_found;
}

static void limits_of_the_law_are_held(void **state)
{
  (void)state;
  open_city();
  registered();
  add((struct made){2, "case.submitted", .seconds = START});
  assert_string_equal(late(8), ""); /* Monday, the fifth working day, and the day of grace */
  registered();
  add((struct made){2, "case.submitted", .seconds = START});
  assert_string_equal(late(9), "late-notice@3");
  registered();
  add((struct made){2, "case.submitted", .seconds = START});
  add((struct made){2, "case.accepted", .seconds = START + 9 * DAY_S});
  assert_string_equal(late(20), "late-notice@3");
  day today = day_of(START * SECOND_MS);
  int64_t last = calendar_add(&city->calendar, today, item->statutory).day - today;
  registered();
  add((struct made){2, "case.opened", item->id, .seconds = START});
  add((struct made){2, "case.decided", item->id, .seconds = START + last * DAY_S});
  assert_string_equal(late(last + 30), "");
  registered();
  add((struct made){2, "case.opened", item->id, .seconds = START});
  add((struct made){2, "case.decided", item->id, .seconds = START + (last + 1) * DAY_S});
  assert_string_equal(late(last + 30), "late-decision@3");
  registered();
  add((struct made){2, "case.opened", item->id, .seconds = START});
  assert_string_equal(late(last + 1), "late-decision@3");
  registered();
  add((struct made){2, "case.opened", item->id, .seconds = START});
  add((struct made){2, "case.extended", item->id, .seconds = START + DAY_S});
  assert_string_equal(late(last + 1), "");
  registered();
  add((struct made){2, "case.opened", item->id, .seconds = START});
  add((struct made){2, "case.special-started", item->id, .seconds = START + DAY_S});
  assert_string_equal(late(300), "");
}

/* The city with other statutory days of the item. */
static struct catalog city_with(int statutory, struct item *items)
{
  struct catalog other = *city;
  memcpy(items, city->items, city->item_count * sizeof *items);
  items[item - city->items].statutory = statutory;
  other.items = items;
  return other;
}

static void apply(int id)
{
  add((struct made){id, "case.plan-pinned", .seconds = START});
  add((struct made){id, "case.opened", item->id, .seconds = START});
}

static int64_t last_day(int statutory)
{
  day today = day_of(START * SECOND_MS);
  return START + (calendar_add(&city->calendar, today, statutory).day - today) * DAY_S;
}

static void decide(int id, int64_t seconds)
{
  add((struct made){id, "case.decided", item->id, .seconds = seconds});
}

/* The law gives fewer days from now on, and then more: a plan keeps those of the catalogue that it was made by. */
static void a_plan_keeps_its_limits(void **state)
{
  (void)state;
  int days = item->statutory;
  struct item *items = arena_array(&city_arena, city->item_count, sizeof *items);
  struct catalog shorter = city_with(days - 3, items);
  struct buf text;
  registered();
  apply(2);
  size_t first = maker.n;
  apply(3);
  add((struct made){4, "case.plan-pinned", .seconds = START});
  size_t second = maker.n;
  add((struct made){4, "case.plan-pinned", .seconds = START}); /* made again */
  add((struct made){4, "case.opened", item->id, .seconds = START});
  apply(5);
  size_t decided = maker.n;
  decide(2, last_day(days - 3) + DAY_S);
  decide(3, last_day(days - 3) + DAY_S); /* late: of the shorter one's time */
  decide(5, last_day(days));
  decide(4, last_day(days) + 3 * DAY_S); /* late by any */
  struct monitor *m = monitor(city, (struct span){0});
  monitor_keybook(m, buf_view(&maker.book));
  for (size_t i = 0; i < maker.n; i++) {
    if (i == first)
      monitor_catalog(m, &shorter);
    if (i == second)
      monitor_catalog(m, city);
    if (i == decided) { /* the monitor is started anew */
      buf_init(&text, 1 << 20);
      monitor_state(m, &text);
      monitor_close(m);
      m = monitor(city, buf_view(&text));
      buf_release(&text);
    }
    monitor_leaf(m, maker.entries[i]);
  }
  char expected[100];
  (void)snprintf(expected, sizeof expected, "late-decision@%zu late-decision@%zu", decided + 1, decided + 3);
  assert_string_equal(words, expected);
  monitor_close(m);
  finish();
  catalog_free(city);
  arena_release(&city_arena);
}

static void what_is_forgotten_is_bounded(void **state)
{
  (void)state;
  registered();
  for (int id = 2; id < 7; id++)
    add((struct made){id, "account.created", .seconds = START});
  add((struct made){7, "case.submitted", .seconds = START});
  add((struct made){2, "account.signed-in", .seconds = START});
  const struct monitor_options options = {.vkey = signer_vkey(maker.log), .sink = sink, .remember = 3};
  struct monitor *m;
  struct error error;
  struct monitor_counts counts;
  assert_int_equal(monitor_open(&options, (struct span){0}, &m, &error), 0);
  words[0] = '\0';
  feed(m, 0);
  monitor_counts(m, &counts);
  assert_string_equal(words, "");
  assert_int_equal(counts.cases, 4); /* three, and the one under way */
  assert_int_equal(counts.forgotten, 5);
  monitor_close(m);
  assert_int_equal(monitor_open(&options, SPAN("onevisit-monitor/v2\nsize x\n"), &m, &error), -1);
  assert_string_equal(error.name, "bad-state");
  finish();
}

/* ---- a real store ---- */

struct town {
  struct store *store;
  struct db *db;
  struct engine *engine;
  struct arena arena;
  struct error error;
  char keys[600];
  struct registrar registrar;
};

static const struct kind *const kinds[] = {&registry_kind, &alarm_kind, NULL};
static const struct migration *const sets[] = {engine_migrations, watch_migrations, NULL};

#define GOOD(t, call)                                                                                                              \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s: %s (%s)", #call, (t)->error.en, (t)->error.name);                                                              \
  } while (0)

static void start(struct town *t)
{
  const struct engine_options options = {.kinds = kinds, .key_dir = t->keys, .origin = ORIGIN, .seal_ms = 20};
  GOOD(t, engine_open(t->store, &options, &t->engine, &t->error));
  GOOD(t, store_connect(t->store, DB_READ, &t->db, &t->error));
  t->registrar = (struct registrar){t->engine, t->db, t->keys, ORIGIN, {"system", "system", "", "system"}, 0};
}

static void stop(struct town *t)
{
  engine_close(t->engine);
  db_close(t->db);
}

static void town_open(struct town *t, const struct fresh_store *fresh)
{
  struct db *writer;
  memset(t, 0, sizeof *t);
  (void)snprintf(t->keys, sizeof t->keys, "%s/keys", fresh->directory);
  GOOD(t, store_open(fresh->url, &t->store, &t->error));
  GOOD(t, store_connect(t->store, DB_WRITE, &writer, &t->error));
  GOOD(t, store_migrate(writer, sets, &t->error));
  db_close(writer);
  start(t);
}

static void town_close(struct town *t)
{
  stop(t);
  store_close(t->store);
  arena_release(&t->arena);
}

static int64_t raise(struct town *t, const char *word, int64_t index)
{
  struct anomaly a = {.word = word, .index = index, .zh = "有异常", .en = "something is wrong"};
  char what[100];
  GOOD(t, alarm_raise(t->engine, &a, &t->error));
  (void)snprintf(what, sizeof what, "%s/%lld/", word, (long long)index);
  return aggregate_id_from("alarm", what);
}

static const char *acknowledge(struct town *t, int64_t id, const char *role, const char *agency, const char *reason)
{
  json_t *data = json_pack("{s:s}", "reason", reason);
  const struct command c = {.kind = &alarm_kind,
                            .id = id,
                            .expect = -1,
                            .type = "acknowledge",
                            .key = "",
                            .actor = {"staff:wu", role, agency, "web"},
                            .data = data};
  int bad = engine_do(t->engine, &c, NULL, &t->error);
  json_decref(data);
  return bad ? t->error.name : "";
}

static int see(void *context, int64_t index, struct span entry, struct error *error)
{
  (void)index;
  (void)error;
  monitor_leaf(context, entry);
  return 0;
}

static const char *watch(struct town *t)
{
  struct ledger_key *list;
  size_t n;
  struct buf book;
  struct engine_checkpoint c;
  const char *vkey = "";
  GOOD(t, engine_seal(t->engine, &t->error));
  GOOD(t, engine_keys(t->db, &t->arena, &list, &n, &t->error));
  for (size_t i = 0; i < n; i++)
    vkey = strcmp(list[i].name, ORIGIN) == 0 ? list[i].vkey : vkey;
  const struct monitor_options options = {.vkey = vkey, .sink = sink};
  struct monitor *m;
  GOOD(t, monitor_open(&options, (struct span){0}, &m, &t->error));
  words[0] = '\0';
  buf_init(&book, 1 << 20);
  GOOD(t, keybook_write(t->db, &book, &t->error));
  monitor_keybook(m, buf_view(&book));
  GOOD(t, engine_entries(t->db, 0, see, m, &t->error));
  GOOD(t, engine_last_checkpoint(t->db, &t->arena, &c, &t->error));
  monitor_checkpoint(m, c.note, moment_now() / SECOND_MS);
  monitor_close(m);
  buf_release(&book);
  return words;
}

static const char *verify(struct town *t)
{
  struct ledger_report report;
  return engine_verify(t->db, kinds, NULL, &report, &t->error) ? t->error.en : "";
}

/* Which key signed the newest leaf? */
static bool newest_signed_by(struct town *t, const char *vkey)
{
  static const struct sql newest = {"SELECT entry FROM leaves ORDER BY seq DESC LIMIT 1"};
  struct rows rows;
  struct leaf_view leaf;
  struct verifier *v;
  GOOD(t, engine_seal(t->engine, &t->error));
  GOOD(t, db_query(t->db, &newest, NULL, 0, &rows, &t->error));
  assert_true(rows_next(&rows));
  GOOD(t, leaf_parse(&t->arena, arena_span(&t->arena, rows_span(&rows, 0)), &leaf, &t->error));
  (void)rows_close(&rows, NULL);
  GOOD(t, verifier_open(span_of(vkey), &v, &t->error));
  bool right = leaf_check_signature(&t->arena, leaf.unsigned_lines, &leaf.signature, v);
  verifier_free(v);
  return right;
}

static struct ledger_key fire_key(struct town *t, bool in_use)
{
  struct ledger_key *list, none = {0};
  size_t n;
  GOOD(t, engine_keys(t->db, &t->arena, &list, &n, &t->error));
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i].name, ORIGIN "/fire") == 0 && (list[i].until == 0) == in_use)
      return list[i];
  return none;
}

/* Somebody who holds the store makes the old key sign once more. */
static void sign_with_the_old_key(struct town *t)
{
  static const struct sql revive = {
      "UPDATE ledger_keys SET first_seq = CASE WHEN until > 0 THEN 0 ELSE 1000000 END WHERE name = $1"};
  static const struct sql mend = {"UPDATE ledger_keys SET first_seq = $2 WHERE name = $1 AND until = 0"};
  struct ledger_key key = fire_key(t, true);
  struct db *writer;
  int64_t first = key.first_seq;
  stop(t);
  GOOD(t, store_connect(t->store, DB_WRITE, &writer, &t->error));
  GOOD(t, DB_EXEC(writer, &revive, &t->error, V_STR(ORIGIN "/fire")));
  db_close(writer);
  start(t);
  assert_string_equal(acknowledge(t, raise(t, "fork", 5), "supervisor", "fire", "暗中"), "");
  GOOD(t, engine_seal(t->engine, &t->error));
  stop(t);
  GOOD(t, store_connect(t->store, DB_WRITE, &writer, &t->error));
  GOOD(t, DB_EXEC(writer, &mend, &t->error, V_STR(ORIGIN "/fire"), V_INT(first)));
  db_close(writer);
  start(t);
}

static void a_department_changes_its_key(const struct fresh_store *fresh)
{
  static const char *const departments[] = {"fire", "tax"};
  struct town t;
  town_open(&t, fresh);
  GOOD(&t, registry_begin(&t.registrar, departments, 2, &t.error));
  GOOD(&t, registry_begin(&t.registrar, departments, 2, &t.error)); /* again changes nothing */
  struct ledger_key old = fire_key(&t, true);
  assert_string_equal(acknowledge(&t, raise(&t, "fork", 1), "supervisor", "fire", "已核查"), "");
  assert_true(newest_signed_by(&t, old.vkey));
  assert_int_equal(registry_rotate(&t.registrar, "water", "x", &t.error), -1);
  assert_string_equal(t.error.name, "no-such-key");
  assert_int_equal(registry_rotate(&t.registrar, "fire", " ", &t.error), -1);
  assert_string_equal(t.error.name, "bad-argument");
  GOOD(&t, registry_rotate(&t.registrar, "fire", "保管人离职", &t.error));
  struct ledger_key new = fire_key(&t, true);
  assert_string_not_equal(new.vkey, old.vkey);
  assert_string_equal(fire_key(&t, false).vkey, old.vkey);
  assert_string_equal(acknowledge(&t, raise(&t, "fork", 2), "supervisor", "fire", "已核查"), "");
  assert_true(newest_signed_by(&t, new.vkey));
  assert_string_equal(verify(&t), "");
  assert_string_equal(watch(&t), "");
  stop(&t);
  start(&t);
  assert_string_equal(acknowledge(&t, raise(&t, "fork", 3), "supervisor", "fire", "已核查"), "");
  assert_true(newest_signed_by(&t, new.vkey));
  assert_string_equal(verify(&t), "");
  sign_with_the_old_key(&t);
  assert_non_null(strstr(verify(&t), "a key that was not in use then"));
  assert_non_null(strstr(watch(&t), "key-retired@"));
  town_close(&t);
}

static void alarms_are_raised_once_and_answered_with_a_reason(const struct fresh_store *fresh)
{
  struct town t;
  struct alarm_row *list;
  size_t n;
  town_open(&t, fresh);
  int64_t first = raise(&t, "gap", 7);
  (void)raise(&t, "gap", 7);
  int64_t second = raise(&t, "fork", 9);
  GOOD(&t, alarm_list(t.db, NULL, 10, &t.arena, &list, &n, &t.error));
  assert_int_equal(n, 2);
  assert_int_equal(alarm_open_count(t.db), 2);
  assert_string_equal(acknowledge(&t, second, "clerk", "centre", "x"), "not-your-role");
  assert_string_equal(acknowledge(&t, second, "supervisor", "centre", "  "), "bad-argument");
  assert_string_equal(acknowledge(&t, 12345, "supervisor", "centre", "x"), "not-found");
  assert_string_equal(acknowledge(&t, second, "supervisor", "centre", "磁盘损坏，已从镜像恢复"), "");
  assert_string_equal(acknowledge(&t, second, "supervisor", "centre", "x"), "acknowledged");
  GOOD(&t, alarm_list(t.db, NULL, 10, &t.arena, &list, &n, &t.error));
  assert_int_equal(list[0].id, first); /* open ones first */
  assert_string_equal(list[1].reason, "磁盘损坏，已从镜像恢复");
  GOOD(&t, alarm_list(t.db, &list[0], 10, &t.arena, &list, &n, &t.error));
  assert_int_equal(n, 1);
  assert_int_equal(list[0].id, second);
  town_close(&t);
}

/* Until the file is there with that many lines, for a minute. */
static bool has_lines(const char *path, int wanted)
{
  for (int tries = 0, n = 0; tries < 6000; tries++, n = 0) {
    FILE *file = fopen(path, "r");
    for (int c; file && (c = fgetc(file)) != EOF;)
      n += c == '\n';
    if (file)
      (void)fclose(file);
    if (n == wanted)
      return true;
    (void)usleep(10000);
  }
  return false;
}

/* What could not be published is tried again though nothing new is sealed; and what is sealed comes into it. */
static void the_key_book_is_published_when_it_can_be(const struct fresh_store *fresh)
{
  static const char *const departments[] = {"fire"};
  struct town t;
  struct watch_job *job;
  char log[700], book[720];
  town_open(&t, fresh);
  (void)snprintf(log, sizeof log, "%s/log", fresh->directory);
  (void)snprintf(book, sizeof book, "%s/keys", log);
  GOOD(&t, registry_begin(&t.registrar, departments, 1, &t.error)); /* the centre, the log, the department */
  GOOD(&t, engine_seal(t.engine, &t.error));
  assert_int_equal(mkdir(log, 0700), 0);
  assert_int_equal(mkdir(book, 0700), 0); /* in its way */
  const struct watch_options options = {
      .engine = t.engine, .store = t.store, .key_dir = t.keys, .origin = ORIGIN, .log_dir = log, .period_ms = 10};
  GOOD(&t, watch_start(&options, &job, &t.error));
  (void)usleep(100000);
  assert_int_equal(rmdir(book), 0);
  assert_true(has_lines(book, 3));
  GOOD(&t, registry_rotate(&t.registrar, "fire", "保管人离职", &t.error));
  GOOD(&t, engine_seal(t.engine, &t.error));
  assert_true(has_lines(book, 4));
  watch_stop(job);
  assert_int_equal(unlink(book), 0);
  assert_int_equal(rmdir(log), 0);
  town_close(&t);
}

/* Two catalogues of two times: what the job asks for, and what it is lent. */
struct lender {
  struct catalog catalogs[2];
  int64_t turn;        /* the event from which on the second counts */
  _Atomic int held[2]; /* how often each was lent, less how often it came back */
  _Atomic int lent[2];
};

static int lend(void *context, struct db *db, int64_t seq, struct watch_catalog *held, struct error *error)
{
  struct lender *l = context;
  int which = seq >= l->turn;
  (void)db;
  (void)error;
  held->next = which ? 0 : l->turn;
  if (held->owner == &l->catalogs[which])
    return 0;
  if (held->owner)
    l->held[!which]--;
  l->held[which]++;
  l->lent[which]++;
  held->owner = held->catalog = &l->catalogs[which];
  return 0;
}

static void give_back(void *context, const struct watch_catalog *held)
{
  struct lender *l = context;
  l->held[held->owner == &l->catalogs[1]]--;
}

/* Every leaf is looked at with the catalogue of its time; what is lent is given back. */
static void the_job_follows_the_catalogue(const struct fresh_store *fresh)
{
  static struct lender l;
  struct town t;
  struct watch_job *job;
  town_open(&t, fresh);
  (void)raise(&t, "gap", 1);
  (void)raise(&t, "gap", 2);
  GOOD(&t, engine_seal(t.engine, &t.error));
  memset(&l, 0, sizeof l);
  l.turn = 3;
  const struct watch_options options = {.engine = t.engine,
                                        .store = t.store,
                                        .lend = lend,
                                        .give_back = give_back,
                                        .context = &l,
                                        .key_dir = t.keys,
                                        .origin = ORIGIN,
                                        .period_ms = 10};
  GOOD(&t, watch_start(&options, &job, &t.error));
  for (int tries = 0; tries < 6000 && l.lent[0] == 0; tries++)
    (void)usleep(10000);
  assert_int_equal(l.held[0], 1);
  for (int i = 3; i < 20; i++) { /* event 3 and those after it */
    (void)raise(&t, "gap", i);
    GOOD(&t, engine_seal(t.engine, &t.error));
  }
  for (int tries = 0; tries < 6000 && l.lent[1] == 0; tries++)
    (void)usleep(10000);
  assert_int_equal(l.held[0], 0);
  assert_int_equal(l.held[1], 1);
  watch_stop(job);
  assert_int_equal(l.held[1], 0);
  l.lent[0] = l.lent[1] = 0;
  char state[700];
  (void)snprintf(state, sizeof state, "%s/monitor", t.keys);
  assert_int_equal(unlink(state), 0); /* all is read again, in one look: through both times */
  GOOD(&t, watch_start(&options, &job, &t.error));
  for (int tries = 0; tries < 6000 && l.lent[1] == 0; tries++)
    (void)usleep(10000);
  assert_int_equal(l.lent[0], 1);
  assert_int_equal(l.lent[1], 1);
  watch_stop(job);
  town_close(&t);
}

static void the_job_follows_the_catalogue_test(void **state)
{
  (void)state;
  for_each_fresh_store(the_job_follows_the_catalogue);
}

static void key_book_test(void **state)
{
  (void)state;
  for_each_fresh_store(the_key_book_is_published_when_it_can_be);
}

static void a_department_changes_its_key_test(void **state)
{
  (void)state;
  for_each_fresh_store(a_department_changes_its_key);
}

static void alarms_test(void **state)
{
  (void)state;
  for_each_fresh_store(alarms_are_raised_once_and_answered_with_a_reason);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_honest_log_raises_nothing),
      cmocka_unit_test(each_wrong_leaf_is_named),
      cmocka_unit_test(keys_count_from_their_event_to_their_end),
      cmocka_unit_test(checkpoints_are_held_against_what_was_seen),
      cmocka_unit_test(limits_of_the_law_are_held),
      cmocka_unit_test(a_plan_keeps_its_limits),
      cmocka_unit_test(what_is_forgotten_is_bounded),
      cmocka_unit_test(a_department_changes_its_key_test),
      cmocka_unit_test(key_book_test),
      cmocka_unit_test(the_job_follows_the_catalogue_test),
      cmocka_unit_test(alarms_test),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
