/*
 * The far ends: results by courier, notices by mail and short message, against real processes (tests/outside/far_ends.py), on
 * both stores: outages, answers that are lost, refusals, reports that are forged, old or repeated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/desk.h"
#include "base/file.h"
#include "base/text.h"
#include "courier/courier.h"
#include "hall/hall.h"
#include "notice/internal.h"
#include "record/record.h"

enum { ID = 77, REGISTRATION = 0, FOOD = 1, SIGNBOARD = 3 };
#define SECRET "a secret of the test"

static struct desk desk;
static struct courier *courier;
static struct notices *sender;
static struct outlet outlets[NOTICE_OUTLETS + COURIER_OUTLETS + 2];
static struct hall_post post;
static pid_t far;
static int far_input, smtp, http, starttls, smtps, clear;
static struct error error;

/* ---- the far ends ---- */

static const char *path_of(const char *name)
{
  return arena_printf(&desk.arena, "%s/%s", desk.fresh.directory, name);
}

static const char *content(const char *name)
{
  struct span text = {0};
  assert_int_equal(file_read(path_of(name), &desk.arena, &text, &error), 0);
  return text.p ? arena_dup(&desk.arena, text) : "";
}

static void far_ends_are(const char *mode)
{
  assert_int_equal(file_write(path_of("mode"), span_of(mode), &error), 0);
}

static void far_ends_begin(bool with_tls)
{
  int ends[2];
  const char *source = getenv("ONEVISIT_SOURCE");
  char *script = arena_printf(&desk.arena, "%s/tests/outside/far_ends.py", source ? source : ".");
  char *folder = arena_str(&desk.arena, desk.fresh.directory);
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(file_write(path_of("secret"), SPAN(SECRET), &error), 0);
  far_ends_are("up");
  far = fork();
  assert_true(far >= 0);
  if (!far) {
    (void)dup2(ends[0], 0);
    (void)close(ends[1]);
    (void)execl("/usr/bin/python3", "python3", script, folder, with_tls ? "tls" : "", (char *)NULL);
    _exit(127);
  }
  (void)close(ends[0]);
  far_input = ends[1];
  for (int i = 0; i < 600 && !*content("ports"); i++)
    (void)usleep(50000);
  assert_int_equal(sscanf(content("ports"), "%d %d", &smtp, &http), 2);
  if (with_tls)
    assert_int_equal(sscanf(content("tls"), "%d %d %d", &starttls, &smtps, &clear), 3);
}

static void far_ends_end(void)
{
  (void)close(far_input); /* it ends with its input */
  (void)waitpid(far, NULL, 0);
}

/* ---- the city ---- */

static void stop_and_start(void)
{
  atomic_store(&post.engine, NULL); /* the engine of before is going */
  courier_serve(courier, NULL);
  notices_serve(sender, NULL);
  desk_restart(&desk, 20, outlets);
  courier_serve(courier, desk.engine);
  notices_serve(sender, desk.engine);
  atomic_store(&post.engine, desk.engine);
}

/* The tables of the halls, too. */
static void halls_open(void)
{
  static const struct migration *const sets[] = {
      engine_migrations, casework_migrations, record_migrations, courier_migrations, notice_migrations, hall_migrations, NULL};
  struct db *db;
  engine_close(desk.engine);
  desk.engine = NULL;
  assert_int_equal(store_connect(desk.store, DB_WRITE, &db, &error), 0);
  assert_int_equal(store_migrate(db, sets, &error), 0);
  db_close(db);
}

#define LOGIN "notices:a password of the test"

static void begin_city(enum which_store which, bool with_tls)
{
  desk_open(&desk, which, &casefile_kind, 1);
  assert_int_equal(file_write(path_of("mail.user"), SPAN(LOGIN), &error), 0);
  far_ends_begin(with_tls);
  const struct courier_options parcels = {desk.store, arena_printf(&desk.arena, "http://127.0.0.1:%d/courier", http), SECRET,
                                          "http://city.example"};
  const struct notices_options notices = {.store = desk.store,
                                          .mail_url = arena_printf(&desk.arena, "smtp://127.0.0.1:%d", with_tls ? starttls : smtp),
                                          .mail_user = with_tls ? LOGIN : NULL,
                                          .mail_ca = with_tls ? path_of("mail.ca") : NULL,
                                          .mail_from = "notices@city.example",
                                          .hook_url = arena_printf(&desk.arena, "http://127.0.0.1:%d/hook", http),
                                          .hook_secret = SECRET,
                                          .site = "http://city.example"};
  courier_open(&parcels, &courier);
  assert_int_equal(notices_open(&notices, &sender, &error), 0);
  memset(outlets, 0, sizeof outlets);
  size_t n = notices_outlets(sender, outlets);
  n += courier_outlets(courier, outlets + n);
  outlets[n] = hall_moves_outlet(&post);
  desk.kinds[1] = &parcel_kind;
  desk.kinds[2] = &contact_kind;
  desk.kinds[3] = &notice_kind;
  desk.kinds[4] = &queue_kind;
  halls_open();
  stop_and_start();
}

static void begin(enum which_store which)
{
  begin_city(which, false);
}

static void end(void)
{
  engine_close(desk.engine);
  desk.engine = NULL;
  courier_close(courier);
  notices_close(sender);
  far_ends_end();
  desk_close(&desk);
}

#define OK(who, type, data) assert_string_equal(desk_do(&desk, ID, who, type, data), "")

/* Until it is so, with the clock moved on so that what was put off is tried again; fails where it never is. */
static void until(bool (*so)(void), const char *what)
{
  for (int i = 0; i < 600; i++) {
    if (so())
      return;
    if (i % 10 == 9)
      desk.now += MINUTE_MS;
    (void)usleep(50000);
  }
  fail_msg("never: %s", what);
}
#define UNTIL(so) until(so, #so)

static size_t count(const char *text, const char *what)
{
  size_t n = 0;
  for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
    n++;
  return n;
}

static void is_accepted(const char *mode)
{
  OK(applicant, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, applicant);
  OK(applicant, "save", json_pack("{s:{s:s,s:s}}", "delivery", "mode", mode, "address", "海曙区中山东路1号"));
  OK(applicant, "submit", NULL);
  OK(clerk, "accept", NULL);
}

static void grant(struct who who, int item, const int *steps, size_t n)
{
  for (size_t i = 0; i < n; i++)
    OK(steps[i] == 4 ? fire : who, "step-done", json_pack("{s:i,s:s,s:s}", "step", steps[i], "result", "pass", "opinion", "符合"));
  OK(who, "decide", json_pack("{s:i,s:b,s:s}", "item", item, "granted", 1, "reasons", "依据充分"));
}

static void issue(int item)
{
  OK(issuer, "issue", json_pack("{s:i}", "item", item));
}

static void signboard_is_issued(const char *mode)
{
  is_accepted(mode);
  grant(urban, SIGNBOARD, (const int[]){2, 6}, 2);
  issue(SIGNBOARD);
}

/* All three that can go by courier. */
static void three_are_granted(void)
{
  is_accepted("courier");
  grant(market, REGISTRATION, (const int[]){0}, 1);
  grant(market, FOOD, (const int[]){3, 4, 5}, 3);
  grant(urban, SIGNBOARD, (const int[]){2, 6}, 2);
}

/* ---- the courier ---- */

static struct parcel *parcels(size_t *ret_n)
{
  struct parcel *list;
  assert_int_equal(courier_of_case(desk.db, ID, &desk.arena, &list, ret_n, &error), 0);
  return list;
}

static struct parcel parcel(void)
{
  size_t n;
  const struct parcel *list = parcels(&n);
  assert_true(n <= 1);
  return n ? list[0] : (struct parcel){.state = PARCEL_NONE, .tracking = ""};
}

static bool is_booked(void)
{
  return parcel().state == PARCEL_BOOKED;
}

static bool is_failed(void)
{
  return parcel().state == PARCEL_FAILED;
}

static bool is_delivered_in_the_case(void)
{
  return desk_case(&desk, ID)->items[SIGNBOARD].state == ITEM_DELIVERED;
}

static bool is_booked_again(void)
{
  return parcel().state == PARCEL_BOOKED && parcel().attempt == 2;
}

/* What the courier calls back, signed at a time off by so much; the name of the error. */
static const char *report_at(const char *id, const char *tracking, const char *state, const char *reason, moment off,
                             const char *secret)
{
  char signature[GATEWAY_SIGNATURE];
  bool repeated = false;
  json_t *said =
      json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", id, "tracking", tracking, "state", state, "reason", reason, "place", "宁波集散中心");
  struct span body = json_text(&desk.arena, said);
  const char *seconds = arena_printf(&desk.arena, "%lld", (long long)((desk.now + off) / SECOND_MS));
  json_decref(said);
  gateway_sign(span_of(secret), span_of(seconds), body, signature);
  if (courier_report(desk.engine, desk.db, &desk.arena, SPAN(SECRET), span_of(seconds), span_of(signature), body, desk.now,
                     &repeated, &error))
    return error.name;
  return repeated ? "repeated" : "";
}

static const char *report(const char *id, const char *state)
{
  return report_at(id, parcel().tracking, state, strcmp(state, "failed") == 0 ? "地址无人" : "", 0, SECRET);
}

static void the_way_home(void)
{
  assert_string_equal(report("e1", "picked-up"), "");
  assert_string_equal(report("e2", "under-way"), "");
  assert_string_equal(report("e2", "under-way"), "repeated");
  assert_string_equal(report("e3", "picked-up"), ""); /* came late */
  assert_int_equal(parcel().state, PARCEL_UNDER_WAY);
  assert_string_equal(parcel().place, "宁波集散中心");
  assert_string_equal(report("e4", "delivered"), "");
  UNTIL(is_delivered_in_the_case);
  assert_string_equal(report("e5", "failed"), ""); /* after it was delivered nothing is news */
  assert_int_equal(parcel().state, PARCEL_DELIVERED);
}

static void courier_on(enum which_store which)
{
  begin(which);
  far_ends_are("twice"); /* the first answer is lost: the order goes out again and is known by its key */
  signboard_is_issued("courier");
  UNTIL(is_booked);
  const char *posts = content("posts");
  assert_int_equal(count(posts, "/courier/orders\""), 2);
  assert_int_equal(count(posts, "海曙区中山东路1号"), 2);
  assert_int_equal(count(posts, "\"signed\": false"), 0);
  assert_string_equal(report_at("x1", parcel().tracking, "delivered", "", 0, "another secret"), "bad-signature");
  assert_string_equal(report_at("x2", parcel().tracking, "delivered", "", 6 * MINUTE_MS, SECRET), "stale-signature");
  assert_string_equal(report_at("x3", parcel().tracking, "delivered", "", -6 * MINUTE_MS, SECRET), "stale-signature");
  assert_string_equal(report_at("x4", "SF-none", "delivered", "", 0, SECRET), "no-parcel");
  assert_string_equal(report_at("x5", parcel().tracking, "eaten", "", 0, SECRET), "bad-report");
  assert_int_equal(parcel().state, PARCEL_BOOKED);
  the_way_home();
  stop_and_start();
  assert_string_equal(report("e1", "picked-up"), "repeated"); /* known after a restart, too */
  assert_int_equal(desk_case(&desk, ID)->trips_applicant, 0);
  end();
}

static void a_result_goes_by_courier_and_comes_home(void **state)
{
  (void)state;
  on_each_store(courier_on);
}

static const char *at_desk(struct who who, const char *type)
{
  struct outcome outcome;
  const struct command command = {.kind = &parcel_kind,
                                  .id = parcel().id,
                                  .expect = -1,
                                  .type = type,
                                  .key = "",
                                  .actor = {who.id, who.role, who.agency, who.channel}};
  return engine_do(desk.engine, &command, &outcome, &error) ? error.name : "";
}

static size_t came_back(void)
{
  struct parcel *list;
  size_t n;
  assert_int_equal(courier_returned(desk.db, 0, 10, &desk.arena, &list, &n, &error), 0);
  return n;
}

static void failed_on(enum which_store which)
{
  begin(which);
  signboard_is_issued("courier");
  UNTIL(is_booked);
  const char *first = parcel().tracking;
  assert_string_equal(at_desk(issuer, "again"), "wrong-state");
  assert_string_equal(report("f1", "failed"), "");
  assert_string_equal(parcel().reason, "地址无人");
  assert_int_equal(came_back(), 1);
  assert_string_equal(at_desk(clerk, "again"), "not-your-role");
  assert_string_equal(at_desk(issuer, "again"), "");
  assert_int_equal(came_back(), 0);
  UNTIL(is_booked_again);
  assert_string_not_equal(parcel().tracking, first);
  assert_string_equal(report_at("f2", first, "delivered", "", 0, SECRET), ""); /* of the attempt that was given up */
  assert_int_equal(parcel().state, PARCEL_BOOKED);
  assert_string_equal(report("f3", "failed"), "");
  assert_string_equal(at_desk(issuer, "pick-up"), "");
  assert_int_equal(parcel().state, PARCEL_PICK_UP);
  assert_string_equal(
      desk_do(&desk, ID, issuer, "deliver", json_pack("{s:i,s:s,s:s}", "item", SIGNBOARD, "mode", "window", "identity", "0021")),
      "identity-mismatch");
  assert_string_equal(
      desk_do(&desk, ID, issuer, "deliver", json_pack("{s:i,s:s,s:s}", "item", SIGNBOARD, "mode", "window", "identity", "X")),
      "identity-mismatch");
  OK(issuer, "deliver", json_pack("{s:i,s:s,s:s}", "item", SIGNBOARD, "mode", "window", "identity", "002x"));
  assert_true(is_delivered_in_the_case());
  assert_int_equal(desk_case(&desk, ID)->trips_applicant, 1);
  end();
}

static void what_could_not_be_delivered_waits_at_the_issuing_desk(void **state)
{
  (void)state;
  on_each_store(failed_on);
}

/* ---- several results in one parcel ---- */

static bool one_is_packed(void)
{
  return parcel().state == PARCEL_PACKED && parcel().count == 1;
}

static bool two_are_packed(void)
{
  return parcel().state == PARCEL_PACKED && parcel().count == 2;
}

static bool all_are_delivered(void)
{
  const struct casefile *c = desk_case(&desk, ID);
  return c->items[REGISTRATION].state == ITEM_DELIVERED && c->items[FOOD].state == ITEM_DELIVERED &&
         c->items[SIGNBOARD].state == ITEM_DELIVERED;
}

/* The newest order names just these. */
static void ordered_are(const int *items, size_t n)
{
  const struct casefile *c = desk_case(&desk, ID);
  const char *posts = content("posts"), *last = posts, *contents = "";
  for (const char *p = posts; (p = strstr(p, "\"contents\": ")); p++)
    last = p;
  for (size_t i = 0; i < n; i++)
    contents = arena_printf(&desk.arena, "%s%s%s", contents, i ? " " : "", c->items[items[i]].result_number);
  contents = arena_printf(&desk.arena, "\"contents\": \"%s\"", contents);
  assert_memory_equal(last, contents, strlen(contents));
}

static void together_on(enum which_store which)
{
  begin(which);
  three_are_granted();
  issue(REGISTRATION);
  UNTIL(one_is_packed); /* two more are granted */
  issue(SIGNBOARD);
  UNTIL(two_are_packed);
  stop_and_start();
  assert_int_equal(count(content("posts"), "/courier/orders\""), 0);
  assert_string_equal(at_desk(clerk, "send"), "not-your-role");
  assert_string_equal(at_desk(issuer, "again"), "wrong-state");
  issue(FOOD);
  UNTIL(is_booked);
  assert_string_equal(at_desk(issuer, "send"), "wrong-state");
  assert_int_equal(parcel().count, 3);
  assert_int_equal(count(content("posts"), "/courier/orders\""), 1);
  ordered_are((const int[]){REGISTRATION, SIGNBOARD, FOOD}, 3);
  assert_string_equal(report("t1", "failed"), ""); /* comes back as one */
  assert_int_equal(came_back(), 1);
  OK(issuer, "deliver", json_pack("{s:i,s:s,s:s}", "item", SIGNBOARD, "mode", "window", "identity", "002x"));
  assert_string_equal(at_desk(issuer, "again"), "");
  UNTIL(is_booked_again);
  ordered_are((const int[]){REGISTRATION, FOOD}, 2); /* the other was handed over meanwhile */
  assert_string_equal(report("t2", "delivered"), "");
  UNTIL(all_are_delivered);
  end();
}

static void results_of_a_file_go_in_one_parcel(void **state)
{
  (void)state;
  on_each_store(together_on);
}

/* All issued before anybody looked: the first message takes all of them. */
static void what_was_issued_in_a_moment_goes_together(void **state)
{
  (void)state;
  begin(ON_SQLITE);
  desk_restart(&desk, 20, NULL); /* nothing is delivered */
  three_are_granted();
  issue(SIGNBOARD);
  issue(REGISTRATION);
  issue(FOOD);
  stop_and_start();
  UNTIL(is_booked);
  assert_int_equal(parcel().count, 3);
  assert_int_equal(count(content("posts"), "/courier/orders\""), 1);
  end();
}

static bool two_parcels_are_booked(void)
{
  size_t n;
  const struct parcel *list = parcels(&n);
  return n == 2 && list[0].state == PARCEL_BOOKED && list[1].state == PARCEL_BOOKED;
}

static void the_desk_need_not_wait(void **state)
{
  (void)state;
  size_t n;
  begin(ON_SQLITE);
  three_are_granted();
  issue(REGISTRATION);
  UNTIL(one_is_packed);
  assert_string_equal(at_desk(issuer, "send"), "");
  UNTIL(is_booked);
  issue(FOOD); /* what is ordered is closed: another begins, and waits for the third */
  issue(SIGNBOARD);
  UNTIL(two_parcels_are_booked);
  const struct parcel *list = parcels(&n);
  assert_int_equal(list[0].count + list[1].count, 3);
  ordered_are((const int[]){FOOD, SIGNBOARD}, 2);
  end();
}

/* Decided on the 2nd of March: with the applicant by the 16th, on its way by the 11th, whoever is waited for. */
static void no_parcel_waits_beyond_the_limit(enum which_store which)
{
  begin(which);
  three_are_granted();
  issue(REGISTRATION);
  UNTIL(one_is_packed);
  assert_int_equal(parcel().by, day_make(2026, 3, 11));
  desk_noon(&desk, "2026-03-10");
  stop_and_start();
  desk_wake(&desk);
  assert_true(one_is_packed());
  desk_noon(&desk, "2026-03-11");
  UNTIL(is_booked);
  desk_noon(&desk, "2026-03-13");
  issue(FOOD); /* so late it waits for nothing */
  UNTIL(two_parcels_are_booked);
  end();
}

static void a_parcel_waits_no_longer_than_the_law_allows(void **state)
{
  (void)state;
  on_each_store(no_parcel_waits_beyond_the_limit);
}

/* As they were written when each result was a parcel of its own. */
static void parcels_of_before_still_count(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct parcel p = {0};
  static const struct {
    const char *type, *data;
  } events[] = {
      {"ordered", "{\"case\": 5, \"number\": \"N\", \"item\": \"a\", \"result\": \"R\", \"attempt\": 1}"},
      {"booked", "{\"tracking\": \"SF1\", \"attempt\": 1}"},
      {"failed", "{\"tracking\": \"SF1\", \"place\": \"\", \"reason\": \"why\"}"},
      {"ordered", "{\"case\": 5, \"number\": \"N\", \"item\": \"a\", \"result\": \"R\", \"attempt\": 2}"},
      {"failed", "{\"tracking\": \"\", \"reason\": \"why\"}"},
      {"pick-up", "{\"case\": 5, \"number\": \"N\", \"item\": \"a\", \"result\": \"R\", \"attempt\": 2}"},
  };
  for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
    json_t *data;
    assert_int_equal(json_read(span_of(events[i].data), "event", &data, &error), 0);
    const struct event event = {.id = 9, .type = events[i].type, .data = data};
    assert_int_equal(parcel_kind.evolve(&p, &arena, &event), 0);
    json_decref(data);
  }
  assert_int_equal(p.state, PARCEL_PICK_UP);
  assert_int_equal(p.case_id, 5);
  assert_int_equal(p.attempt, 2);
  assert_int_equal(p.count, 1);
  assert_string_equal(p.contents[0].item, "a");
  assert_string_equal(p.contents[0].result, "R");
  arena_release(&arena);
}

static void rows_of_before_on(enum which_store which)
{
  static const struct sql old_row = {
      "INSERT INTO parcels (id, case_id, number, item, result, state, tracking, place, reason, attempt, at)"
      " VALUES (9, 5, 'N', 'a', 'R', 2, 'SF1', '', '', 1, 7)"};
  const struct migration before[] = {courier_migrations[0], {0}};
  const struct migration *const old[] = {before, NULL}, *const now[] = {courier_migrations, NULL};
  struct fresh_store fresh;
  struct store *store;
  struct db *db;
  struct arena arena = {0};
  struct parcel *list;
  size_t n;
  fresh_store(which, &fresh);
  assert_int_equal(store_open(fresh.url, &store, &error), 0);
  assert_int_equal(store_connect(store, DB_WRITE, &db, &error), 0);
  assert_int_equal(store_migrate(db, old, &error), 0);
  assert_int_equal(db_exec(db, &old_row, NULL, 0, &error), 0);
  assert_int_equal(store_migrate(db, now, &error), 0);
  assert_int_equal(courier_of_case(db, 5, &arena, &list, &n, &error), 0);
  assert_int_equal(n, 1);
  assert_int_equal(list[0].state, PARCEL_BOOKED);
  assert_int_equal(list[0].by, DAY_NONE);
  assert_int_equal(list[0].count, 1);
  assert_string_equal(list[0].contents[0].result, "R");
  arena_release(&arena);
  db_close(db);
  store_close(store);
  fresh_store_remove(&fresh);
}

static void rows_of_parcels_of_before_are_kept(void **state)
{
  (void)state;
  on_each_store(rows_of_before_on);
}

static void what_the_courier_does_not_take_comes_back_too(void **state)
{
  (void)state;
  begin(ON_SQLITE);
  far_ends_are("refuse");
  signboard_is_issued("courier");
  UNTIL(is_failed);
  assert_int_equal(came_back(), 1);
  far_ends_are("up");
  assert_string_equal(at_desk(issuer, "again"), "");
  UNTIL(is_booked_again);
  end();
}

/* However often the desk says «again»: it comes back, and is not lost between. */
static void what_is_not_wanted_any_more_comes_back_each_time(void **state)
{
  (void)state;
  begin(ON_SQLITE);
  far_ends_are("refuse");
  signboard_is_issued("courier");
  UNTIL(is_failed);
  far_ends_are("up");
  OK(issuer, "deliver", json_pack("{s:i,s:s,s:s}", "item", SIGNBOARD, "mode", "window", "identity", "002x"));
  for (int attempt = 2; attempt < 4; attempt++) {
    assert_string_equal(at_desk(issuer, "again"), "");
    UNTIL(is_failed);
    assert_int_equal(parcel().attempt, attempt);
  }
  end();
}

/* ---- notices ---- */

static const char *choose(struct who who, const char *type, json_t *data)
{
  struct outcome outcome;
  const struct command command = {.kind = &contact_kind,
                                  .id = contact_id(who.id),
                                  .expect = -1,
                                  .type = type,
                                  .key = "",
                                  .actor = {who.id, who.role, who.agency, who.channel},
                                  .data = data};
  int bad = engine_do(desk.engine, &command, &outcome, &error);
  json_decref(data);
  return bad ? error.name : "";
}

static bool code_came(void)
{
  return count(content("mails"), "Your code") == 1;
}

static void address_is_confirmed(void)
{
  struct contact contact;
  assert_string_equal(choose(applicant, "choose", json_pack("{s:s}", "email", "li at example")), "bad-email");
  assert_string_equal(choose(applicant, "choose", json_pack("{s:s,s:b}", "email", "li@example.org", "sms", 1)), "");
  UNTIL(code_came);
  assert_int_equal(contact_read(desk.db, applicant.id, &desk.arena, &contact, &error), 0);
  assert_int_equal(count(content("mails"), contact.code), 2); /* in both languages */
  assert_string_equal(choose(applicant, "confirm", json_pack("{s:s}", "code", "x")), "");
  assert_string_equal(choose(stranger, "confirm", json_pack("{s:s}", "code", contact.code)), "wrong-state");
  assert_string_equal(choose(applicant, "confirm", json_pack("{s:s}", "code", contact.code)), "");
  assert_int_equal(contact_read(desk.db, applicant.id, &desk.arena, &contact, &error), 0);
  assert_string_equal(contact.code, "");
}

static struct notice_row *newest(const char *event)
{
  struct notice_row *list;
  size_t n;
  assert_int_equal(notices_of_case(desk.db, ID, 50, &desk.arena, &list, &n, &error), 0);
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i].event, event) == 0)
      return &list[i];
  return NULL;
}

static bool is_done(const char *event, enum notice_state mail, enum notice_state sms)
{
  const struct notice_row *row = newest(event);
  return row && row->states[NOTICE_EMAIL] == mail && row->states[NOTICE_SMS] == sms && row->states[NOTICE_WECHAT] == NOTICE_NONE;
}

static bool submitted_is_told(void)
{
  return is_done("submitted", NOTICE_SENT, NOTICE_SENT);
}

static bool submitted_waits(void)
{
  return is_done("submitted", NOTICE_QUEUED, NOTICE_QUEUED);
}

static bool submitted_waits_for_mail(void)
{
  return is_done("submitted", NOTICE_QUEUED, NOTICE_SENT);
}

static bool accepted_is_told(void)
{
  return is_done("accepted", NOTICE_SENT, NOTICE_SENT);
}

static bool withdrawal_is_refused(void)
{
  return is_done("withdrawn", NOTICE_FAILED, NOTICE_FAILED);
}

static void all_told_once(void)
{
  const char *mails = content("mails"), *posts = content("posts");
  assert_int_equal(count(mails, "已收件"), 1); /* in the subject of the one mail */
  assert_int_equal(count(mails, "Message-ID"), 0);
  assert_int_equal(count(mails, "/cases/"), 2);
  assert_int_equal(count(posts, "\"known\": false"), 2); /* each of the two once, however often it was posted */
  assert_int_equal(count(posts, "\"signed\": false"), 0);
}

static void contact_is_erased(void)
{
  static const struct actor officer = {"staff:xu", "records", "service-centre", "web"};
  struct contact contact;
  assert_int_equal(engine_seal(desk.engine, &error), 0);
  assert_int_equal(contact_erase(desk.engine, "person:nobody", "consent-withdrawn", &officer, &error), 0);
  assert_int_equal(contact_erase(desk.engine, applicant.id, "consent-withdrawn", &officer, &error), 0);
  assert_int_equal(contact_read(desk.db, applicant.id, &desk.arena, &contact, &error), 0);
  assert_string_equal(contact.email, "");
  assert_true(contact.erased);
  assert_string_equal(choose(applicant, "choose", json_pack("{s:s}", "email", "li@example.org")), "not-your-role");
}

static void notices_on(enum which_store which)
{
  begin(which);
  address_is_confirmed();
  OK(applicant, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, applicant);
  far_ends_are("down"); /* an outage: nothing is lost, nothing is sent twice afterwards, also when we end meanwhile */
  OK(applicant, "submit", NULL);
  UNTIL(submitted_waits);
  assert_int_equal(count(content("posts"), "/hook"), 0);
  stop_and_start();
  far_ends_are("up");
  UNTIL(submitted_is_told);
  far_ends_are("twice"); /* taken, and the answer says that it was not */
  OK(clerk, "accept", NULL);
  UNTIL(accepted_is_told);
  assert_int_equal(count(content("posts"), "\"known\": true"), 1);
  stop_and_start();
  all_told_once();
  far_ends_are("refuse");
  OK(applicant, "withdraw", json_pack("{s:s}", "reason", "不办了"));
  UNTIL(withdrawal_is_refused);
  all_told_once();
  contact_is_erased();
  end();
}

static void each_notice_is_told_once_through_outages_and_lost_answers(void **state)
{
  (void)state;
  on_each_store(notices_on);
}

static bool reminder_is_told(void)
{
  const struct notice_row *row = newest("deferred-due");
  return row && row->states[NOTICE_SMS] == NOTICE_SENT;
}

static bool acceptance_is_told(void)
{
  return is_done("accepted", NOTICE_NONE, NOTICE_SENT);
}

static void who_owes_a_material_is_reminded(void **state)
{
  (void)state;
  begin(ON_SQLITE);
  OK(applicant, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, applicant);
  OK(applicant, "detach", json_pack("{s:i}", "attachment", 3));
  OK(applicant, "submit", json_pack("{s:b}", "commitment", 1));
  OK(clerk, "accept", json_pack("{s:b}", "tolerant", 1));
  UNTIL(acceptance_is_told);
  desk_noon(&desk, "2026-03-05"); /* due on the 9th */
  assert_null(newest("deferred-due"));
  desk_noon(&desk, "2026-03-06");
  UNTIL(reminder_is_told);
  assert_non_null(strstr(content("posts"), "2026年3月9日"));
  end();
}

/* ---- visits to a hall ---- */

static struct catalog *city;
static const char *visit_code;

static const struct who person = {"person:li", "applicant", "", "web"}, other = {"person:wang", "applicant", "", "web"};

static const char *at_hall(struct who who, const char *date, const char *type, json_t *data)
{
  struct outcome outcome;
  day d = DAY_NONE;
  assert_true(day_parse(span_of(date), &d));
  (void)json_object_set_new(data, "hall", json_string("ningbo-city"));
  (void)json_object_set_new(data, "zone", json_string("commerce"));
  (void)json_object_set_new(data, "day", json_integer(d));
  const struct command command = {.kind = &queue_kind,
                                  .id = queue_id("ningbo-city", "commerce", d),
                                  .expect = -1,
                                  .type = type,
                                  .key = "",
                                  .actor = {who.id, who.role, who.agency, who.channel},
                                  .data = data};
  int bad = engine_do(desk.engine, &command, &outcome, &error);
  json_decref(data);
  if (bad)
    return error.name;
  if (strcmp(type, "book") == 0)
    assert_int_equal(visit_made(desk.db, outcome.seq, &desk.arena, &visit_code, &error), 0);
  return "";
}

static void book(struct who who, const char *date, int slot, const char *phone)
{
  const char *account = strcmp(who.role, "applicant") == 0 ? who.id : "";
  assert_string_equal(
      at_hall(who, date, "book",
              json_pack("{s:s,s:i,s:s,s:s}", "thing", "open-a-restaurant", "slot", slot, "account", account, "phone", phone)),
      "");
}

static json_t *visit_n(int n)
{
  return json_pack("{s:i}", "visit", n);
}

static size_t told(const char *event, const char *phone)
{
  return count(content("posts"), arena_printf(&desk.arena, "\"template\": \"%s\", \"to\": \"%s\"", event, phone));
}

static size_t messages(const char *topic)
{
  static const struct sql waiting = {"SELECT count(*) FROM outbox WHERE topic = $1"};
  struct rows rows;
  assert_int_equal(DB_QUERY(desk.db, &waiting, &rows, &error, V_STR(topic)), 0);
  assert_true(rows_next(&rows));
  size_t n = (size_t)rows_int(&rows, 0);
  assert_int_equal(rows_close(&rows, &error), 0);
  return n;
}

static bool all_is_told(void)
{
  return !messages("notice") && !messages("notice-sms") && !messages("notice-email") && !messages("hall-move");
}

static bool one_message_waits(void)
{
  return messages("notice-sms") == 1;
}

#define LI "13911112222"
#define BY_PHONE "13933334444"
#define WANG "13955556666"

static void an_appointment_is_told(void)
{
  book(person, "2026-03-05", 10 * 60, LI);
  UNTIL(all_is_told);
  assert_int_equal(told("visit-booked", LI), 1);
  assert_int_equal(count(content("mails"), "预约成功"), 1);
  assert_non_null(strstr(content("posts"), "10:00（2026年3月5日）"));
  assert_non_null(strstr(content("posts"), "10:00 on 5 March 2026"));
  assert_non_null(strstr(content("mails"), arena_printf(&desk.arena, "http://city.example/visits/%s", visit_code)));
  assert_string_equal(at_hall(person, "2026-03-05", "rebook", json_pack("{s:i,s:i}", "visit", 1, "slot", 10 * 60 + 30)), "");
  UNTIL(all_is_told);
  assert_int_equal(told("visit-moved", LI), 1);
  assert_non_null(strstr(content("posts"), "10:30（2026年3月5日）"));
}

static void move_from(const struct visit_row *row, const char *date, int slot)
{
  assert_string_equal(at_hall(person, date, "move-in",
                              json_pack("{s:i,s:o,s:{s:I,s:i}}", "slot", slot, "visit_data", visit_json(&row->v, false), "from",
                                        "queue", (json_int_t)row->queue, "visit", row->v.n)),
                      "");
  UNTIL(all_is_told);
}

/* To another day: told once. Asked for at the same time, the day that has to give its place back is not told. */
static void a_moved_one_is_told(void)
{
  struct visit_row row;
  assert_int_equal(visit_read(desk.db, span_of(visit_code), &desk.arena, &row, &error), 0);
  move_from(&row, "2026-03-06", 11 * 60);
  assert_int_equal(told("visit-moved", LI), 2);
  assert_non_null(strstr(content("posts"), "11:00（2026年3月6日）"));
  move_from(&row, "2026-03-12", 11 * 60);
  assert_int_equal(told("visit-moved", LI), 2);
}

static void a_cancelled_one_is_told(void)
{
  book(other, "2026-03-06", 9 * 60, WANG);
  book(other, "2026-03-09", 9 * 60, WANG);
  UNTIL(all_is_told);
  assert_string_equal(at_hall(clerk, "2026-03-06", "cancel", json_pack("{s:i,s:s}", "visit", 2, "reason", "停电")), "");
  assert_string_equal(at_hall(other, "2026-03-09", "cancel", visit_n(1)), ""); /* he knows it himself */
  UNTIL(all_is_told);
  assert_int_equal(told("visit-booked", WANG), 2);
  assert_int_equal(told("visit-cancelled", WANG), 1);
  assert_null(strstr(content("posts"), "停电")); /* the page says why */
}

static void the_number_of_his_case_will_do(void)
{
  OK(applicant, "draft", desk_draft(&desk));
  assert_string_equal(at_hall(person, "2026-03-10", "book",
                              json_pack("{s:s,s:i,s:s,s:I,s:s}", "thing", "open-a-restaurant", "slot", 10 * 60, "account",
                                        person.id, "case", (json_int_t)ID, "case_number", desk_case(&desk, ID)->number)),
                      "");
  UNTIL(all_is_told);
  assert_int_equal(told("visit-booked", "13800000000"), 1);
}

static void at_ten(const char *date)
{
  day d = DAY_NONE;
  assert_true(day_parse(span_of(date), &d));
  desk.now = day_start(d) + 10 * HOUR_MS - 1;
  desk_wake(&desk);
  UNTIL(all_is_told);
  desk.now = day_start(d) + 10 * HOUR_MS;
  desk_wake(&desk);
}

static void each_is_reminded_once(void)
{
  book(clerk, "2026-03-05", 14 * 60, BY_PHONE);
  at_ten("2026-03-04");
  UNTIL(all_is_told);
  assert_int_equal(told("visit-soon", BY_PHONE), 1);
  assert_int_equal(told("visit-soon", LI), 0); /* he comes on the 6th */
  stop_and_start();
  book(clerk, "2026-03-05", 15 * 60, "13977778888"); /* so late that he needs no reminder */
  desk_wake(&desk);
  UNTIL(all_is_told);
  assert_int_equal(told("visit-booked", "13977778888"), 1);
  at_ten("2026-03-05");
  UNTIL(all_is_told);
  assert_int_equal(told("visit-soon", LI), 1);
  assert_int_equal(count(content("mails"), "预约提醒"), 1);
  assert_int_equal(told("visit-soon", BY_PHONE), 1);
  assert_int_equal(told("visit-soon", "13977778888"), 0);
  assert_int_equal(told("visit-soon", WANG), 0);
}

/* On the Friday before a Monday; who cancels while the message waits is not reminded any more. */
static void who_cancels_is_not_reminded(void)
{
  book(clerk, "2026-03-09", 10 * 60, BY_PHONE);
  UNTIL(all_is_told);
  far_ends_are("down");
  at_ten("2026-03-06");
  UNTIL(one_message_waits);
  assert_string_equal(at_hall(clerk, "2026-03-09", "cancel", visit_n(2)), "");
  far_ends_are("up");
  UNTIL(all_is_told);
  assert_int_equal(told("visit-soon", BY_PHONE), 1); /* that of the 5th */
  assert_int_equal(told("visit-cancelled", BY_PHONE), 1);
}

static void visits_on(enum which_store which)
{
  const char *source = getenv("ONEVISIT_SOURCE");
  struct findings findings = {0};
  begin(which);
  assert_int_equal(
      catalog_load(arena_printf(&desk.arena, "%s/catalogs/ningbo", source ? source : "."), &city, &desk.arena, &findings, &error),
      0);
  desk.world.catalog = city;
  stop_and_start();
  address_is_confirmed();
  an_appointment_is_told();
  a_moved_one_is_told();
  a_cancelled_one_is_told();
  the_number_of_his_case_will_do();
  each_is_reminded_once();
  who_cancels_is_not_reminded();
  end();
  catalog_free(city);
}

static void who_comes_to_a_hall_is_told_and_reminded_once(void **state)
{
  (void)state;
  on_each_store(visits_on);
}

/* ---- mail over TLS, with a password ---- */

/* By itself to one of the servers: the name of the error, "" when it was taken. */
static const char *mailed(const char *url, const char *user, const char *ca)
{
  struct post_office office = {.url = url, .user = user, .ca = ca ? path_of(ca) : NULL};
  const struct mail mail = {
      .to = "li@example.org", .from = "notices@city.example", .subject = "试", .text = "一\n", .id = "tls", .at = desk.now};
  return mail_send(&office, &desk.arena, &mail, &error) ? error.name : "";
}

static const char *at(const char *scheme, int port)
{
  return arena_printf(&desk.arena, "%s:%d", scheme, port);
}

static void nothing_goes_to_the_wrong_server(void)
{
  const char *right = at("smtp://127.0.0.1", starttls);
  far_ends_are("forged");
  assert_string_equal(mailed(right, LOGIN, "mail.ca"), "mail-certificate");
  assert_string_equal(mailed(right, NULL, NULL), "mail-certificate"); /* offered encryption is checked, too */
  far_ends_are("up");
  assert_string_equal(mailed(right, LOGIN, NULL), "mail-certificate"); /* the system does not know this authority */
  assert_string_equal(mailed(right, LOGIN, "other.ca"), "mail-certificate");
  assert_string_equal(mailed(at("smtps://127.0.0.1", smtps), LOGIN, "other.ca"), "mail-certificate");
  assert_string_equal(mailed(at("smtp://localhost", starttls), LOGIN, "mail.ca"), "mail-certificate"); /* not its name */
  assert_string_equal(mailed(right, LOGIN, "mail.user"), "mail-ca");
  assert_string_equal(mailed(at("smtp://127.0.0.1", clear), LOGIN, "mail.ca"), "mail-plain");
  assert_string_equal(mailed(at("smtp://127.0.0.1", clear), LOGIN, NULL), "mail-plain");
  assert_string_equal(mailed(at("smtp://127.0.0.1", smtp), NULL, "mail.ca"), "mail-plain"); /* it would be taken in clear */
  assert_string_equal(content("logins"), "");
  assert_string_equal(content("mails"), "");
  assert_string_equal(mailed(right, "notices:another", "mail.ca"), "mail-login");
  assert_string_equal(content("mails"), "");
  assert_int_equal(count(content("logins"), "\"good\": true"), 0);
}

static void the_right_one_gets_it(void)
{
  assert_string_equal(mailed(at("smtp://127.0.0.1", starttls), LOGIN, "mail.ca"), "");
  assert_string_equal(mailed(at("smtps://127.0.0.1", smtps), LOGIN, "mail.ca"), "");
  assert_int_equal(count(content("mails"), "\n"), 2);
  assert_int_equal(count(content("logins"), "\"good\": true, \"way\": \"starttls\""), 1);
  assert_int_equal(count(content("logins"), "\"good\": true, \"way\": \"smtps\""), 1);
  assert_int_equal(count(content("logins"), "clear"), 0);
}

static void a_mail_goes_only_to_the_right_server_and_over_tls(void **state)
{
  (void)state;
  begin_city(ON_SQLITE, true);
  nothing_goes_to_the_wrong_server();
  the_right_one_gets_it();
  end();
}

static void notices_over_tls_on(enum which_store which)
{
  begin_city(which, true);
  address_is_confirmed();
  OK(applicant, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, applicant);
  size_t before = count(content("mails"), "\n");
  far_ends_are("forged"); /* somebody else answers in the server's place */
  OK(applicant, "submit", NULL);
  UNTIL(submitted_waits_for_mail);
  assert_int_equal(count(content("mails"), "\n"), before);
  assert_int_equal(count(content("logins"), "\n"), before);
  far_ends_are("up");
  UNTIL(submitted_is_told);
  assert_int_equal(count(content("mails"), "\n"), before + 1);
  end();
}

static void what_waits_for_the_right_certificate_goes_then(void **state)
{
  (void)state;
  on_each_store(notices_over_tls_on);
}

/* ---- mail by itself ---- */

static void a_mail_keeps_to_the_formats(void **state)
{
  (void)state;
  static const char *const good[] = {"a@b.cn", "li.ming+x@mail.example.org", "a_b-c@x.y"};
  static const char *const bad[] = {"",         "a",   "@b.cn",   "a@",        "a@b@c.cn", "a b@c.cn", "a@b.cn\r\nRCPT TO:<x@y.z>",
                                    "<a@b.cn>", "a@b", ".a@b.cn", "a..b@c.cn", "a@.cn",    "李@b.cn"};
  struct arena arena = {0};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_true(mail_address(span_of(good[i])));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(mail_address(span_of(bad[i])));
  const struct mail mail = {.to = "a@b.cn",
                            .from = "n@city.example",
                            .subject = "已受理：我要开一家名字很长很长很长很长很长很长很长很长很长很长的餐馆𠮷",
                            .text = "第一行\nand a second one that is longer than what fits into one line of base64, as lines go\n",
                            .id = "notice.1-0",
                            .at = day_start(day_make(2026, 3, 2)) + 12 * HOUR_MS};
  struct span text = mail_text(&arena, &mail), line, rest = text;
  assert_non_null(strstr(arena_dup(&arena, text), "Date: Mon, 02 Mar 2026 12:00:00 +0800\r\n"));
  assert_non_null(strstr(arena_dup(&arena, text), "Message-ID: <notice.1-0@city.example>\r\n"));
  while (span_cut(&rest, '\n', &line)) {
    assert_true(line.n && line.n <= 77 && line.p[line.n - 1] == '\r');
    for (size_t i = 0; i < line.n; i++)
      assert_true(line.p[i] > 0);
  }
  arena_release(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_result_goes_by_courier_and_comes_home),
      cmocka_unit_test(what_could_not_be_delivered_waits_at_the_issuing_desk),
      cmocka_unit_test(results_of_a_file_go_in_one_parcel),
      cmocka_unit_test(what_was_issued_in_a_moment_goes_together),
      cmocka_unit_test(the_desk_need_not_wait),
      cmocka_unit_test(a_parcel_waits_no_longer_than_the_law_allows),
      cmocka_unit_test(parcels_of_before_still_count),
      cmocka_unit_test(rows_of_parcels_of_before_are_kept),
      cmocka_unit_test(what_the_courier_does_not_take_comes_back_too),
      cmocka_unit_test(what_is_not_wanted_any_more_comes_back_each_time),
      cmocka_unit_test(each_notice_is_told_once_through_outages_and_lost_answers),
      cmocka_unit_test(who_owes_a_material_is_reminded),
      cmocka_unit_test(who_comes_to_a_hall_is_told_and_reminded_once),
      cmocka_unit_test(a_mail_goes_only_to_the_right_server_and_over_tls),
      cmocka_unit_test(what_waits_for_the_right_certificate_goes_then),
      cmocka_unit_test(a_mail_keeps_to_the_formats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
