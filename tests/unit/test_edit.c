/*
 * Drafts of the catalogue: who may do what and when; checked, reviewed by somebody else, published only when proved, in force in
 * the running program at once and after a restart, and put back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "both_stores.h"
#include "edit/draft.h"
#include "edit/study.h"
#include "proof/proof.h"

static const struct kind *const kinds[] = {&catalogue_kind, &draft_kind, NULL};
static const struct migration *const sets[] = {engine_migrations, promise_migrations, draft_migrations, NULL};
static const struct actor bian = {"staff:bian", "editor", "centre", "web"}, tang = {"staff:tang", "editor", "centre", "web"},
                          fang = {"staff:fang", "legal", "centre", "web"}, both = {"staff:bian", "legal", "centre", "web"},
                          clerk = {"staff:chen", "clerk", "centre", "web"};
#define FOOD "items/food.yaml"
#define DRAFT 4711

struct desk {
  struct arena arena;
  char home[512];
  struct store *store;
  struct engine *engine;
  struct db *db;
  struct shelf *shelf;
  struct workshop *workshop;
  struct error error;
  char folder[65]; /* the version of the folder */
  int prepared;    /* how often departments were seen to */
};

static struct desk desk;

#define GOOD(call)                                                                                                                 \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s: %s (%s)", #call, desk.error.en, desk.error.name);                                                              \
  } while (0)
#define BAD(call, error_name)                                                                                                      \
  do {                                                                                                                             \
    assert_int_equal((call), -1);                                                                                                  \
    assert_string_equal(desk.error.name, error_name);                                                                              \
    assert_true(*desk.error.zh &&*desk.error.en);                                                                                  \
  } while (0)

/* ---- the program ---- */

static const char *catalogue(void)
{
  const char *source = getenv("ONEVISIT_SOURCE");
  return arena_printf(&desk.arena, "%s/tests/catalog/good", source ? source : ".");
}

/* The edition of the folder, proved now. */
static struct edition *folder_edition(void)
{
  struct edition *e = calloc(1, sizeof *e);
  struct findings findings = {0};
  struct proof proof;
  struct buf text;
  const struct proof_options options = {.today = day_of(moment_now()), .digest = true};
  assert_non_null(e);
  buf_init(&text, PROMISE_MAX);
  GOOD(catalog_load(catalogue(), &e->catalog, &desk.arena, &findings, &desk.error));
  GOOD(proof_run(&desk.arena, e->catalog, &options, &proof, &desk.error));
  GOOD(promise_print(&proof, INT64_C(1790000000000), &text, &desk.error));
  GOOD(promise_parse(arena_span(&e->arena, buf_view(&text)), e->catalog, &e->arena, &e->promise, &desk.error));
  buf_release(&text);
  return e;
}

static int prepare(void *context, const struct catalog *catalog, struct error *error)
{
  (void)error;
  assert_int_equal(catalog->agency_count, 2);
  ((struct desk *)context)->prepared++;
  return 0;
}

static bool start(void)
{
  struct edition *e = folder_edition();
  bool folder;
  memcpy(desk.folder, e->catalog->version.hex, sizeof desk.folder);
  GOOD(edition_choose(desk.store, &e, &folder, &desk.error));
  desk.shelf = shelf_open(e);
  const struct app app = {.store = desk.store};
  shelf_dress(desk.shelf, &app);
  const struct edition *now = shelf_borrow(desk.shelf);
  const struct engine_options options = {
      .kinds = kinds, .world = &now->world, .key_dir = desk.home, .origin = "test.example/log", .seal_ms = 20};
  GOOD(engine_open(desk.store, &options, &desk.engine, &desk.error));
  GOOD(folder ? edition_enter(desk.store, desk.engine, now, &desk.error) : 0);
  shelf_return(desk.shelf, now);
  const struct workshop_options work = {
      .engine = desk.engine, .store = desk.store, .shelf = desk.shelf, .prepare = prepare, .context = &desk};
  GOOD(workshop_open(&work, &desk.workshop, &desk.error));
  GOOD(store_connect(desk.store, DB_READ, &desk.db, &desk.error));
  return folder;
}

static void stop(void)
{
  workshop_close(desk.workshop);
  GOOD(engine_seal(desk.engine, &desk.error));
  engine_close(desk.engine);
  shelf_close(desk.shelf);
  db_close(desk.db);
}

static void open_desk(const struct fresh_store *fresh)
{
  struct db *writer;
  desk = (struct desk){0};
  (void)snprintf(desk.home, sizeof desk.home, "%.400s/keys", fresh->directory);
  GOOD(store_open(fresh->url, &desk.store, &desk.error));
  GOOD(store_connect(desk.store, DB_WRITE, &writer, &desk.error));
  GOOD(store_migrate(writer, sets, &desk.error));
  db_close(writer);
  assert_true(start());
}

static void close_desk(void)
{
  stop();
  store_close(desk.store);
  arena_release(&desk.arena);
}

/* ---- what people do ---- */

static int act(struct actor who, const char *type, json_t *data)
{
  return draft_do(desk.engine, DRAFT, -1, type, "", who, data, &desk.error);
}

static struct draft draft(void)
{
  struct draft d;
  GOOD(draft_read(desk.db, DRAFT, &desk.arena, &d, &desk.error));
  return d;
}

static struct span food(const char *of)
{
  struct catalog_file *files;
  struct release release;
  size_t n;
  GOOD(release_read(desk.db, of, &desk.arena, &release, &desk.error));
  GOOD(pack_get(desk.store, release.pack, &desk.arena, &files, &n, &desk.error));
  return pack_find(files, n, FOOD)->content;
}

static struct span changed(struct span text, const char *from, const char *to)
{
  const char *whole = arena_dup(&desk.arena, text), *at = strstr(whole, from);
  assert_non_null(at);
  return span_of(arena_printf(&desk.arena, "%.*s%s%s", (int)(at - whole), whole, to, at + strlen(from)));
}

static int save_as(struct actor who, const char *file, struct span text)
{
  struct hex hex;
  struct draft d = draft();
  const struct draft_file *was = draft_find(&d, file);
  GOOD(vault_put(desk.store, text, &hex, &desk.error));
  return act(
      who, "change",
      json_pack("{s:s,s:s,s:s,s:I}", "file", file, "was", was ? was->digest : "", "digest", hex.text, "size", (json_int_t)text.n));
}

static void begin(void)
{
  const struct edition *now = shelf_borrow(desk.shelf);
  GOOD(act(bian, "create", json_pack("{s:s,s:s}", "title", "One day less", "base", now->catalog->version.hex)));
  shelf_return(desk.shelf, now);
}

static struct job_view work(struct job job)
{
  struct job_view view;
  GOOD(workshop_ask(desk.workshop, &job, &desk.error));
  workshop_wait(desk.workshop);
  workshop_look(desk.workshop, &job, &desk.arena, &view);
  assert_false(view.under_way);
  return view;
}

static struct draft check(void)
{
  assert_false(work((struct job){.kind = JOB_CHECK, .draft = DRAFT, .reason = ""}).failed);
  return draft();
}

static const char *report(void)
{
  struct span text;
  GOOD(vault_get(desk.store, draft().check.report, &desk.arena, &text, &desk.error));
  return arena_dup(&desk.arena, text);
}

static int review(struct actor who, bool legal, bool reasonable)
{
  return act(who, "review",
             json_pack("{s:b,s:s,s:b,s:s}", "legality", legal, "legality_reason", "article 35 stands", "reasonableness", reasonable,
                       "reasonableness_reason", "no more than needed"));
}

static void approve(void)
{
  GOOD(act(bian, "submit", json_pack("{s:s}", "reason", "a day is enough")));
  GOOD(review(fang, true, true));
}

static int promised(const char **ret_version)
{
  const struct edition *now = shelf_borrow(desk.shelf);
  int days = catalog_item(now->catalog, SPAN("food"))->promised;
  if (ret_version)
    *ret_version = arena_str(&desk.arena, now->catalog->version.hex);
  assert_ptr_equal(now->app.catalog, now->catalog);
  assert_ptr_equal(now->app.promise->catalog, now->catalog);
  assert_ptr_equal(now->world.catalog, now->catalog);
  shelf_return(desk.shelf, now);
  return days;
}

/* ---- the rules ---- */

static void rules(const struct fresh_store *fresh)
{
  open_desk(fresh);
  struct draft d;
  BAD(draft_read(desk.db, DRAFT, &desk.arena, &d, &desk.error), "no-draft");
  BAD(act(bian, "submit", json_pack("{s:s}", "reason", "x")), "no-draft");
  BAD(act(clerk, "create", json_pack("{s:s,s:s}", "title", "x", "base", desk.folder)), "not-your-role");
  BAD(act(bian, "create", json_pack("{s:s,s:s}", "title", " ", "base", desk.folder)), "bad-argument");
  begin();
  BAD(act(bian, "submit", json_pack("{s:s}", "reason", "x")), "nothing-changed");
  struct span text = food(desk.folder);
  BAD(save_as(bian, "items/../secret.yaml", text), "bad-argument");
  BAD(save_as(bian, "items/.yaml", text), "bad-argument");
  BAD(save_as(bian, "proof.json", text), "bad-argument");
  BAD(save_as(clerk, FOOD, text), "not-your-role");
  GOOD(save_as(bian, FOOD, changed(text, "promised: 5wd", "promised: 4wd")));
  /* two at once: the second sees what the first has saved */
  struct hex hex;
  GOOD(vault_put(desk.store, text, &hex, &desk.error));
  BAD(act(tang, "change", json_pack("{s:s,s:s,s:s,s:i}", "file", FOOD, "was", "", "digest", hex.text, "size", 1)), "file-moved");
  GOOD(save_as(tang, "things/second.yaml", SPAN("thing: second\n")));
  d = draft();
  assert_int_equal(d.file_count, 2);
  assert_true(draft_wrote(&d, "staff:bian") && draft_wrote(&d, "staff:tang") && !draft_wrote(&d, "staff:fang"));
  GOOD(act(tang, "revert", json_pack("{s:s}", "file", "things/second.yaml")));
  assert_int_equal(draft().file_count, 1);
  BAD(act(bian, "submit", json_pack("{s:s}", "reason", "x")), "not-fit"); /* not checked yet */
  BAD(act(bian, "checked", json_pack("{s:I,s:b,s:s}", "content", (json_int_t)draft().content, "fit", 1, "report", hex.text)),
      "not-your-role");
  d = check();
  assert_true(draft_fits(&d));
  BAD(act(bian, "submit", json_pack("{s:s}", "reason", "  ")), "bad-argument");
  assert_string_equal(desk.error.where, "reason");
  BAD(review(fang, true, true), "wrong-stage");
  GOOD(act(tang, "submit", json_pack("{s:s}", "reason", "a day is enough")));
  BAD(save_as(bian, FOOD, text), "wrong-stage");
  /* who wrote in it does not review it, whatever the role; an editor never */
  BAD(review(both, true, true), "own-draft");
  BAD(review(tang, true, true), "not-your-role");
  BAD(act(fang, "review",
          json_pack("{s:b,s:s,s:b,s:s}", "legality", 1, "legality_reason", "", "reasonableness", 1, "reasonableness_reason", "y")),
      "bad-argument");
  GOOD(review(fang, true, false));
  d = draft();
  assert_int_equal(d.stage, DRAFT_OPEN); /* returned */
  assert_string_equal(d.review.by, "staff:fang");
  assert_false(d.review.reasonableness);
  assert_true(work((struct job){.kind = JOB_PUBLISH, .draft = DRAFT, .reason = "x", .actor = bian}).failed);
  assert_int_equal(promised(NULL), 5);
  BAD(act(bian, "release", json_pack("{s:s}", "version", desk.folder)), "not-your-role");
  GOOD(act(bian, "discard", json_object()));
  BAD(save_as(bian, FOOD, text), "wrong-stage");
  struct draft_row *rows;
  size_t n;
  GOOD(draft_list(desk.db, true, 0, 10, &desk.arena, &rows, &n, &desk.error));
  assert_int_equal(n, 0);
  GOOD(draft_list(desk.db, false, 0, 10, &desk.arena, &rows, &n, &desk.error));
  assert_int_equal(n, 1);
  assert_int_equal(rows[0].stage, DRAFT_DISCARDED);
  close_desk();
}

static void the_rules_of_a_draft(void **state)
{
  (void)state;
  for_each_fresh_store(rules);
}

/* ---- from a mistake to the public and back ---- */

static void faults(void)
{
  struct span text = food(desk.folder);
  GOOD(save_as(bian, FOOD, changed(text, "promised: 5wd", "promised: 25wd")));
  struct draft d = check();
  assert_false(d.check.fit);
  assert_string_equal(d.check.version, "");
  assert_non_null(strstr(report(), "promise-over-statutory"));
  assert_non_null(strstr(report(), "\"line\":12,\"column\":13"));
  /* R69: what has no basis is not published */
  GOOD(save_as(bian, FOOD,
               changed(text, "amount: 10.50, basis: {law: 中华人民共和国食品安全法, article: 第三十五条}", "amount: 10.50")));
  assert_false(check().check.fit);
  assert_non_null(strstr(report(), "missing-basis"));
  /* it can be read, and is not kept for a person */
  GOOD(save_as(bian, FOOD, changed(text, "delivery: [e-certificate, courier]", "delivery: [window]")));
  d = check();
  assert_false(d.check.fit);
  assert_int_equal(strlen(d.check.version), 64);
  assert_non_null(strstr(report(), "one-trip-online"));
  assert_non_null(strstr(report(), "2 trips"));
  BAD(act(bian, "submit", json_pack("{s:s}", "reason", "x")), "not-fit");
}

static void journey(const struct fresh_store *fresh)
{
  const char *first, *second;
  open_desk(fresh);
  begin();
  faults();
  GOOD(save_as(bian, FOOD, changed(food(desk.folder), "promised: 5wd", "promised: 4wd")));
  assert_true(check().check.fit);
  assert_non_null(strstr(report(), "\"limits\":\"differs\"")); /* for whom it changes */
  approve();
  assert_int_equal(promised(&first), 5);
  const struct edition *old = shelf_borrow(desk.shelf);
  assert_false(work((struct job){.kind = JOB_PUBLISH, .draft = DRAFT, .reason = "a day is enough", .actor = bian}).failed);
  assert_int_equal(promised(&second), 4);
  assert_int_equal(catalog_item(old->catalog, SPAN("food"))->promised, 5); /* whoever still looks at the old one sees the old one */
  shelf_return(desk.shelf, old);
  assert_int_equal(draft().stage, DRAFT_PUBLISHED);
  assert_string_equal(draft().version, second);
  assert_int_equal(desk.prepared, 1);
  struct term *terms;
  size_t n;
  GOOD(term_list(desk.db, 0, 10, &desk.arena, &terms, &n, &desk.error));
  assert_int_equal(n, 2);
  assert_string_equal(terms[0].version, second);
  assert_string_equal(terms[0].actor, "staff:bian");
  assert_string_equal(terms[0].reason, "a day is enough");
  assert_int_equal(terms[0].draft, DRAFT);
  assert_string_equal(terms[1].actor, "system");
  stop();
  assert_false(start()); /* the folder is what was before: the editors' version goes on */
  assert_int_equal(promised(NULL), 4);
  assert_true(span_eq(food(first), food(desk.folder))); /* what was published stays */
  /* back */
  assert_true(work((struct job){.kind = JOB_RESTORE, .version = second, .reason = "x", .actor = bian}).failed); /* it is in force */
  assert_true(work((struct job){.kind = JOB_RESTORE, .version = first, .reason = " ", .actor = bian}).failed);
  assert_int_equal(promised(NULL), 4);
  assert_false(work((struct job){.kind = JOB_RESTORE, .version = first, .reason = "short of staff", .actor = tang}).failed);
  assert_int_equal(promised(NULL), 5);
  GOOD(term_list(desk.db, 0, 10, &desk.arena, &terms, &n, &desk.error));
  assert_int_equal(n, 3);
  assert_string_equal(terms[0].version, first);
  assert_string_equal(terms[0].reason, "short of staff");
  stop();
  assert_true(start());
  assert_int_equal(promised(NULL), 5);
  struct ledger_report sealed;
  GOOD(engine_seal(desk.engine, &desk.error));
  GOOD(engine_verify(desk.db, kinds, NULL, &sealed, &desk.error));
  close_desk();
}

static void a_change_reaches_the_public_and_can_be_taken_back(void **state)
{
  (void)state;
  for_each_fresh_store(journey);
}

/* ---- two drafts at once ---- */

static void moved(const struct fresh_store *fresh)
{
  open_desk(fresh);
  begin();
  GOOD(save_as(bian, FOOD, changed(food(desk.folder), "promised: 5wd", "promised: 4wd")));
  assert_true(check().check.fit);
  approve();
  /* another draft is published first */
  struct actor who = tang;
  struct hex hex;
  struct span text = changed(food(desk.folder), "[办食品证]", "[办食品证, 餐饮证]");
  GOOD(vault_put(desk.store, text, &hex, &desk.error));
  GOOD(draft_do(desk.engine, 5, -1, "create", "", who, json_pack("{s:s,s:s}", "title", "other", "base", desk.folder), &desk.error));
  GOOD(draft_do(desk.engine, 5, -1, "change", "", who,
                json_pack("{s:s,s:s,s:s,s:I}", "file", FOOD, "was", "", "digest", hex.text, "size", (json_int_t)text.n),
                &desk.error));
  assert_false(work((struct job){.kind = JOB_CHECK, .draft = 5, .reason = ""}).failed);
  GOOD(draft_do(desk.engine, 5, -1, "submit", "", who, json_pack("{s:s}", "reason", "words"), &desk.error));
  GOOD(draft_do(
      desk.engine, 5, -1, "review", "", fang,
      json_pack("{s:b,s:s,s:b,s:s}", "legality", 1, "legality_reason", "y", "reasonableness", 1, "reasonableness_reason", "y"),
      &desk.error));
  assert_false(work((struct job){.kind = JOB_PUBLISH, .draft = 5, .reason = "words", .actor = who}).failed);
  struct job_view view = work((struct job){.kind = JOB_PUBLISH, .draft = DRAFT, .reason = "x", .actor = bian});
  assert_true(view.failed);
  assert_string_equal(view.error.name, "base-moved");
  const char *now;
  assert_int_equal(promised(&now), 5);
  GOOD(act(bian, "withdraw", json_object()));
  GOOD(act(bian, "rebase", json_pack("{s:s,s:[s]}", "base", now, "conflicts", FOOD)));
  assert_true(draft().files[0].conflict);
  assert_true(check().check.fit);
  BAD(act(bian, "submit", json_pack("{s:s}", "reason", "x")), "conflict");
  GOOD(save_as(bian, FOOD, changed(text, "promised: 5wd", "promised: 4wd")));
  assert_false(draft().files[0].conflict);
  assert_true(check().check.fit);
  approve();
  assert_false(work((struct job){.kind = JOB_PUBLISH, .draft = DRAFT, .reason = "x", .actor = bian}).failed);
  assert_int_equal(promised(NULL), 4);
  const struct edition *e = shelf_borrow(desk.shelf);
  assert_int_equal(catalog_item(e->catalog, SPAN("food"))->also_count, 2); /* nothing of the other is lost */
  shelf_return(desk.shelf, e);
  close_desk();
}

static void a_draft_never_undoes_another(void **state)
{
  (void)state;
  for_each_fresh_store(moved);
}

/* ---- another node ---- */

/* Until that many days are promised by what is on the shelf, for a minute. */
static bool comes_to(struct shelf *shelf, int days)
{
  for (int tries = 0; tries < 6000; tries++) {
    const struct edition *e = shelf_borrow(shelf);
    int now = catalog_item(e->catalog, SPAN("food"))->promised;
    shelf_return(shelf, e);
    if (now == days)
      return true;
    (void)usleep(10000);
  }
  return false;
}

static void publish(void)
{
  begin();
  GOOD(save_as(bian, FOOD, changed(food(desk.folder), "promised: 5wd", "promised: 4wd")));
  assert_true(check().check.fit);
  approve();
  assert_false(work((struct job){.kind = JOB_PUBLISH, .draft = DRAFT, .reason = "a day is enough", .actor = bian}).failed);
}

/* Which version counted at an event, by what the shelf holds and what the store keeps. */
static void turns(int64_t seq, const struct edition **held, int days, int64_t next)
{
  int64_t found;
  GOOD(shelf_turn(desk.shelf, desk.store, desk.db, seq, held, &found, &desk.error));
  assert_int_equal(catalog_item((*held)->catalog, SPAN("food"))->promised, days);
  assert_int_equal(found, next);
}

static void nodes(const struct fresh_store *fresh)
{
  struct workshop *other;
  open_desk(fresh);
  struct shelf *shelf = shelf_open(folder_edition());
  const struct app app = {.store = desk.store};
  shelf_dress(shelf, &app);
  const struct workshop_options options = {.store = desk.store, .shelf = shelf, .follow_ms = 10};
  GOOD(workshop_open(&options, &other, &desk.error));
  publish();
  assert_true(comes_to(shelf, 4));
  const struct edition *there = shelf_borrow(shelf);
  assert_ptr_equal(there->app.catalog, there->catalog);
  assert_ptr_equal(there->app.promise->catalog, there->catalog);
  assert_ptr_equal(there->app.store, desk.store);
  shelf_return(shelf, there);
  assert_false(work((struct job){.kind = JOB_RESTORE, .version = desk.folder, .reason = "short of staff", .actor = tang}).failed);
  assert_true(comes_to(shelf, 5));
  struct term *terms;
  const struct edition *held = NULL;
  size_t n;
  GOOD(term_list(desk.db, 0, 10, &desk.arena, &terms, &n, &desk.error));
  assert_int_equal(n, 3);
  turns(0, &held, 5, terms[1].seq); /* what was before the first counts as the first's */
  turns(terms[2].seq, &held, 5, terms[1].seq);
  const struct edition *kept = held;
  turns(terms[1].seq - 1, &held, 5, terms[1].seq);
  assert_ptr_equal(held, kept);
  turns(terms[1].seq, &held, 4, terms[0].seq);
  turns(terms[0].seq + 1000, &held, 5, 0);
  shelf_return(desk.shelf, held);
  workshop_close(other);
  shelf_close(shelf);
  close_desk();
}

static void another_node_takes_what_is_published(void **state)
{
  (void)state;
  for_each_fresh_store(nodes);
}

/* Another node put a version in force that this one has not seen yet. */
static void late(const struct fresh_store *fresh)
{
  open_desk(fresh);
  publish();
  const char *second;
  struct hex hex;
  struct span text = changed(food(desk.folder), "[办食品证]", "[办食品证, 餐饮证]");
  assert_int_equal(promised(&second), 4);
  GOOD(draft_do(desk.engine, 5, -1, "create", "", tang, json_pack("{s:s,s:s}", "title", "other", "base", second), &desk.error));
  GOOD(vault_put(desk.store, text, &hex, &desk.error));
  GOOD(draft_do(desk.engine, 5, -1, "change", "", tang,
                json_pack("{s:s,s:s,s:s,s:I}", "file", FOOD, "was", "", "digest", hex.text, "size", (json_int_t)text.n),
                &desk.error));
  assert_false(work((struct job){.kind = JOB_CHECK, .draft = 5, .reason = ""}).failed);
  GOOD(draft_do(desk.engine, 5, -1, "submit", "", tang, json_pack("{s:s}", "reason", "words"), &desk.error));
  GOOD(draft_do(
      desk.engine, 5, -1, "review", "", fang,
      json_pack("{s:b,s:s,s:b,s:s}", "legality", 1, "legality_reason", "y", "reasonableness", 1, "reasonableness_reason", "y"),
      &desk.error));
  struct edition *first = folder_edition();
  const struct publication said = {.pack = "", .reason = "", .enforce = true};
  GOOD(promise_enter(desk.engine, &first->promise, &said, &desk.error));
  edition_free(first);
  struct job_view view = work((struct job){.kind = JOB_PUBLISH, .draft = 5, .reason = "words", .actor = tang});
  assert_true(view.failed);
  assert_string_equal(view.error.name, "base-moved");
  assert_int_equal(promised(NULL), 5); /* what the other node put in force, not what was to be published */
  close_desk();
}

static void a_draft_is_held_against_other_nodes_too(void **state)
{
  (void)state;
  for_each_fresh_store(late);
}

/* ---- the lists, and what is kept ---- */

/* Each file of a pack by itself is what it is among all of them: small ones, an empty one, one larger than what is read at once. */
static void one_file(void)
{
  struct hex hex;
  struct span back;
  char *large = arena_alloc(&desk.arena, 300001);
  for (size_t i = 0; i < 300000; i++)
    large[i] = (char)('a' + i * i % 23);
  const struct catalog_file files[] = {
      {"a.yaml", SPAN("first\n\nsecond\n")}, {"b.yaml", SPAN("")}, {"c.yaml", {large, 300000}}, {"d.yaml", SPAN("last")}};
  GOOD(pack_put(desk.store, files, 4, &hex, &desk.error));
  for (size_t i = 0; i < 4; i++) {
    GOOD(pack_member(desk.store, hex.text, files[i].name, &desk.arena, &back, &desk.error));
    assert_non_null(back.p);
    assert_true(span_eq(back, files[i].content));
  }
  GOOD(pack_member(desk.store, hex.text, "e.yaml", &desk.arena, &back, &desk.error));
  assert_null(back.p);
  GOOD(pack_put(desk.store, files, 0, &hex, &desk.error));
  GOOD(pack_member(desk.store, hex.text, "a.yaml", &desk.arena, &back, &desk.error));
  assert_null(back.p);
}

/* The newest events of a draft, page by page, are its whole history. */
static void history(const struct fresh_store *fresh)
{
  struct event *all, *page;
  size_t n, k, seen = 0;
  int64_t before = 0;
  open_desk(fresh);
  begin();
  for (int i = 0; i < 11; i++) {
    GOOD(save_as(i % 2 ? bian : tang, FOOD, span_of(arena_printf(&desk.arena, "text %d\n", i))));
    GOOD(draft_do(desk.engine, 100 + i, -1, "create", "", bian, json_pack("{s:s,s:s}", "title", "other", "base", desk.folder),
                  &desk.error)); /* between them stand others' */
  }
  GOOD(engine_history(desk.db, kinds, DRAFT, &desk.arena, &all, &n, &desk.error));
  assert_int_equal(n, 12);
  do {
    GOOD(engine_recent(desk.db, kinds, DRAFT, before, 5, &desk.arena, &page, &k, &desk.error));
    assert_int_equal(k, n - seen < 5 ? n - seen : 5);
    for (size_t i = 0; i < k; i++, seen++) {
      assert_int_equal(page[i].seq, all[n - 1 - seen].seq);
      assert_string_equal(page[i].type, all[n - 1 - seen].type);
      before = page[i].seq;
    }
    history_free(page, k);
  } while (seen < n);
  GOOD(engine_recent(desk.db, kinds, DRAFT, before, 5, &desk.arena, &page, &k, &desk.error));
  assert_int_equal(k, 0); /* before the first there is none */
  GOOD(engine_recent(desk.db, kinds, 100, all[n - 1].seq, 5, &desk.arena, &page, &k, &desk.error));
  assert_int_equal(k, 0); /* it is not an event of that one */
  history_free(all, n);
  close_desk();
}

static void the_newest_events_page_by_page(void **state)
{
  (void)state;
  for_each_fresh_store(history);
}

static void lists(const struct fresh_store *fresh)
{
  open_desk(fresh);
  struct job job = {.kind = JOB_LINT, .version = desk.folder, .reason = ""};
  struct job_view view = work(job);
  assert_non_null(strstr(arena_dup(&desk.arena, view.result), "\"lint\":["));
  job.kind = JOB_ADVICE;
  view = work(job);
  assert_non_null(strstr(arena_dup(&desk.arena, view.result), "\"file\":\"items/food.yaml\""));
  /* what is kept comes back whole, or not at all */
  struct hex hex;
  struct span back;
  GOOD(vault_put(desk.store, SPAN("text"), &hex, &desk.error));
  GOOD(vault_get(desk.store, hex.text, &desk.arena, &back, &desk.error));
  assert_true(span_is(back, "text"));
  struct catalog_file *files;
  size_t n;
  BAD(pack_get(desk.store, hex.text, &desk.arena, &files, &n, &desk.error), "vault-damaged");
  BAD(pack_member(desk.store, hex.text, FOOD, &desk.arena, &back, &desk.error), "vault-damaged");
  one_file();
  hex.text[0] = hex.text[0] == '0' ? '1' : '0';
  BAD(vault_get(desk.store, hex.text, &desk.arena, &back, &desk.error), "blob-missing");
  close_desk();
}

static void the_lists_are_made_beside(void **state)
{
  (void)state;
  for_each_fresh_store(lists);
}

/* ---- structure help ---- */

static void every_file_has_its_help(void **state)
{
  (void)state;
  static const char *const files[] = {"items/x.yaml",   "things/x.yaml", "persons/x.yaml", "agencies.yaml",     "fields.yaml",
                                      "materials.yaml", "zones.yaml",    "halls.yaml",     "certificates.yaml", "negative.yaml",
                                      "city.yaml",      "calendar.yaml", "districts.yaml"};
  struct arena arena = {0};
  struct key_help *help;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    assert_true(draft_file_name(span_of(files[i])));
    size_t n = catalog_help(&arena, files[i], &help);
    assert_true(n > 0);
    for (size_t k = 0; k < n; k++)
      assert_true(*help[k].name && help[k].value.zh && help[k].value.en);
  }
  assert_int_equal(catalog_help(&arena, "proof.json", &help), 0);
  arena_release(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_rules_of_a_draft),
      cmocka_unit_test(a_change_reaches_the_public_and_can_be_taken_back),
      cmocka_unit_test(a_draft_never_undoes_another),
      cmocka_unit_test(the_lists_are_made_beside),
      cmocka_unit_test(every_file_has_its_help),
      cmocka_unit_test(another_node_takes_what_is_published),
      cmocka_unit_test(a_draft_is_held_against_other_nodes_too),
      cmocka_unit_test(the_newest_events_page_by_page),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
