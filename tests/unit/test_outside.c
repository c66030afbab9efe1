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
#include "notice/notice.h"

enum { ID = 77, SIGNBOARD = 3 };
#define SECRET "a secret of the test"

static struct desk desk;
static struct courier *courier;
static struct notices *sender;
static struct outlet outlets[NOTICE_OUTLETS + COURIER_OUTLETS + 1];
static pid_t far;
static int far_input, smtp, http;
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

static void far_ends_begin(void)
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
    (void)execl("/usr/bin/python3", "python3", script, folder, (char *)NULL);
    _exit(127);
  }
  (void)close(ends[0]);
  far_input = ends[1];
  for (int i = 0; i < 600 && !*content("ports"); i++)
    (void)usleep(50000);
  assert_int_equal(sscanf(content("ports"), "%d %d", &smtp, &http), 2);
}

static void far_ends_end(void)
{
  (void)close(far_input); /* it ends with its input */
  (void)waitpid(far, NULL, 0);
}

/* ---- the city ---- */

static void begin(enum which_store which)
{
  desk_open(&desk, which, &casefile_kind, 1);
  far_ends_begin();
  const struct courier_options parcels = {desk.store, arena_printf(&desk.arena, "http://127.0.0.1:%d/courier", http), SECRET,
                                          "http://city.example"};
  const struct notices_options notices = {.store = desk.store,
                                          .mail_url = arena_printf(&desk.arena, "smtp://127.0.0.1:%d", smtp),
                                          .mail_from = "notices@city.example",
                                          .hook_url = arena_printf(&desk.arena, "http://127.0.0.1:%d/hook", http),
                                          .hook_secret = SECRET,
                                          .site = "http://city.example"};
  courier_open(&parcels, &courier);
  assert_int_equal(notices_open(&notices, &sender, &error), 0);
  memset(outlets, 0, sizeof outlets);
  size_t n = notices_outlets(sender, outlets);
  (void)courier_outlets(courier, outlets + n);
  desk.kinds[1] = &parcel_kind;
  desk.kinds[2] = &contact_kind;
  desk.kinds[3] = &notice_kind;
  desk_restart(&desk, 20, outlets);
  courier_serve(courier, desk.engine);
  notices_serve(sender, desk.engine);
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

static void stop_and_start(void)
{
  desk_restart(&desk, 20, outlets);
  courier_serve(courier, desk.engine);
  notices_serve(sender, desk.engine);
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

static void signboard_is_issued(const char *mode)
{
  OK(applicant, "draft", desk_draft(&desk));
  desk_fill(&desk, ID, applicant);
  OK(applicant, "save", json_pack("{s:{s:s,s:s}}", "delivery", "mode", mode, "address", "海曙区中山东路1号"));
  OK(applicant, "submit", NULL);
  OK(clerk, "accept", NULL);
  for (int step = 2; step <= 6; step += 4)
    OK(urban, "step-done", json_pack("{s:i,s:s,s:s}", "step", step, "result", "pass", "opinion", "符合"));
  OK(urban, "decide", json_pack("{s:i,s:b,s:s}", "item", SIGNBOARD, "granted", 1, "reasons", "依据充分"));
  OK(issuer, "issue", json_pack("{s:i}", "item", SIGNBOARD));
}

/* ---- the courier ---- */

static struct parcel parcel(void)
{
  struct parcel *list;
  size_t n;
  assert_int_equal(courier_of_case(desk.db, ID, &desk.arena, &list, &n, &error), 0);
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
  courier_on(ON_SQLITE);
  if (have_postgres())
    courier_on(ON_POSTGRES);
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
  failed_on(ON_SQLITE);
  if (have_postgres())
    failed_on(ON_POSTGRES);
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
  notices_on(ON_SQLITE);
  if (have_postgres())
    notices_on(ON_POSTGRES);
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
      cmocka_unit_test(what_the_courier_does_not_take_comes_back_too),
      cmocka_unit_test(what_is_not_wanted_any_more_comes_back_each_time),
      cmocka_unit_test(each_notice_is_told_once_through_outages_and_lost_answers),
      cmocka_unit_test(who_owes_a_material_is_reminded),
      cmocka_unit_test(a_mail_keeps_to_the_formats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
