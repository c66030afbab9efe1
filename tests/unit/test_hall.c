/*
 * Halls, queues, appointments: the rules through the real engine, on each store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

#include "../lib/hall_day.h"
#include "../lib/sample.h"

static struct hall_day h;

#define DONE(...) assert_string_equal(hall_do(&h, __VA_ARGS__), "")
#define REFUSED(name, ...) assert_string_equal(hall_do(&h, __VA_ARGS__), name)

static json_t *visit_n(int n)
{
  return json_pack("{s:i}", "visit", n);
}

static json_t *window(int n)
{
  return json_pack("{s:i}", "window", n);
}

static json_t *because(int n, const char *reason)
{
  return json_pack("{s:i,s:s}", "window", n, "reason", reason);
}

static json_t *draw(unsigned priority)
{
  return json_pack("{s:s,s:i}", "thing", "open-a-restaurant", "priority", (int)priority);
}

static json_t *book(int slot, const char *account)
{
  return json_pack("{s:s,s:i,s:s,s:s}", "thing", "open-a-restaurant", "slot", slot, "account", account, "note",
                   "带两位同事，需要轮椅通道");
}

/* The message is on its way by the delivery's thread. */
static bool soon(bool (*so)(void))
{
  for (int i = 0; i < 1000; i++) {
    if (so())
      return true;
    usleep(10000);
  }
  return false;
}

/* ---- the catalogue's halls ---- */

static void both_layouts(void **state)
{
  const struct catalog *c = ((struct sample *)*state)->catalog;
  const struct hall *hall = catalog_hall(c, SPAN("ningbo-city"));
  assert_non_null(hall);
  for (int before = 0; before < 2; before++) {
    int next = 1;
    for (size_t i = 0; i < hall_layout_count(hall, before); i++) {
      struct hall_place p = hall_layout_at(hall, before, i);
      assert_int_equal(p.first, next);
      next += p.windows;
    }
    assert_int_equal(hall_layout_count(hall, before), before ? 42 : 8);
    assert_int_equal(next - 1, before ? 158 : 87);
  }
  assert_string_equal(hall_layout_at(hall, true, 30).letter, "AE");
}

/* Every item and every thing goes to one zone; only items of bodies without a window there go nowhere. */
static void routing(void **state)
{
  const struct catalog *c = ((struct sample *)*state)->catalog;
  const struct hall *hall = catalog_hall(c, SPAN("ningbo-city"));
  struct hall_place p;
  size_t nowhere = 0, differ = 0;
  for (size_t i = 0; i < c->item_count; i++) {
    bool after = hall_route_item(hall, false, &c->items[i], &p);
    nowhere += !after;
    differ += after != hall_route_item(hall, true, &c->items[i], &p);
  }
  assert_int_equal(differ, 0);
  assert_true(nowhere * 20 < c->item_count);
  for (size_t i = 0; i < c->thing_count; i++) {
    assert_true(hall_route_thing(hall, false, &c->things[i], &p));
    assert_string_equal(p.zone, c->things[i].hall_zone);
  }
  assert_true(hall_route_thing(hall, false, catalog_thing(c, SPAN("start-a-company")), &p));
  assert_string_equal(hall_skill_of(&p, SPAN("start-a-company"))->id, "new-company");
  assert_null(hall_skill_of(&p, SPAN("close-a-company")));
  assert_true(hall_window_has(&p, p.first, "new-company") && !hall_window_has(&p, p.first + 4, "new-company"));
  const struct hall *district = catalog_hall(c, SPAN("haishu"));
  assert_true(hall_route_thing(district, false, catalog_thing(c, SPAN("marriage")), &p));
  assert_string_equal(p.zone, "general");
  assert_int_equal(p.windows, 16);
}

static void hours(void **state)
{
  const struct catalog *c = ((struct sample *)*state)->catalog;
  const struct hall *hall = catalog_hall(c, SPAN("ningbo-city")), *demo = catalog_hall(c, SPAN("demo"));
  struct hall_place p;
  day tuesday = day_make(2026, 11, 24), saturday = day_make(2026, 11, 28), holiday = day_make(2026, 10, 1);
  assert_true(hall_opens_on(c, hall, tuesday) && !hall_opens_on(c, hall, saturday) && !hall_opens_on(c, hall, holiday));
  assert_true(hall_opens_on(c, demo, saturday) && hall_is_open(c, demo, day_start(holiday)));
  assert_false(hall_is_open(c, hall, day_start(tuesday) + 9 * HOUR_MS - 1));
  assert_true(hall_is_open(c, hall, day_start(tuesday) + 9 * HOUR_MS));
  assert_true(hall_is_open(c, hall, day_start(tuesday) + 17 * HOUR_MS - 1));
  assert_false(hall_is_open(c, hall, day_start(tuesday) + 17 * HOUR_MS));
  assert_true(hall_next_opening(c, hall, day_start(saturday)) == day_start(day_make(2026, 11, 30)) + 9 * HOUR_MS);
  assert_true(hall_place_find(c, SPAN("ningbo-city"), SPAN("commerce"), &p));
  assert_int_equal(hall_slot_capacity(&p, 9 * 60), 9 * 30 * 40 / 2000);
  assert_int_equal(hall_slot_capacity(&p, 12 * 60), 1); /* a fifth of nine windows is one */
  assert_int_equal(hall_slot_capacity(&p, 9 * 60 + 10), 0);
  assert_int_equal(hall_slot_capacity(&p, 17 * 60), 0);
  moment friday_evening = day_start(day_make(2026, 11, 27)) + 18 * HOUR_MS;
  assert_int_equal(hall_bookable_day(c, hall, friday_evening, 0), day_make(2026, 11, 30));
  assert_int_equal(hall_bookable_day(c, hall, day_start(tuesday), 0), tuesday);
  assert_int_equal(hall_bookable_day(c, hall, day_start(tuesday), 11), DAY_NONE);
}

static void forecasts(void **state)
{
  (void)state;
  const int64_t one[] = {0}, three[] = {MINUTE_MS, 5 * MINUTE_MS, 9 * MINUTE_MS};
  assert_int_equal(hall_forecast(one, 0, MINUTE_MS, 3), -1);
  assert_int_equal(hall_forecast(one, 1, 10 * MINUTE_MS, 0), 0);
  assert_int_equal(hall_forecast(one, 1, 10 * MINUTE_MS, 3), 30 * MINUTE_MS);
  assert_int_equal(hall_forecast(three, 3, 10 * MINUTE_MS, 0), MINUTE_MS);
  assert_int_equal(hall_forecast(three, 3, 10 * MINUTE_MS, 3), 11 * MINUTE_MS);
}

static void order(void **state)
{
  (void)state;
  moment nine = AT(9, 0);
  assert_true(hall_rank(nine, 0, 0) == nine);
  assert_true(hall_rank(nine, 0, PRIORITY_PREGNANT) == nine - 20 * MINUTE_MS);
  /* by appointment: from its time on, and no sooner for having come early */
  assert_true(hall_rank(AT(8, 20), nine, 0) == nine - 15 * MINUTE_MS);
  assert_true(hall_rank(AT(9, 10), nine, 0) == AT(9, 10) - 15 * MINUTE_MS);
}

static void age_by_number(void **state)
{
  (void)state;
  assert_int_equal(priority_known(SPAN("330200196204309953"), day_make(2022, 4, 29)), 0);
  assert_int_equal(priority_known(SPAN("330200196204309953"), day_make(2022, 4, 30)), PRIORITY_ELDERLY);
  assert_int_equal(priority_known(SPAN("330200196204309954"), HALL_DAY), 0); /* the check digit is wrong */
  assert_int_equal(priority_known(SPAN(""), HALL_DAY), 0);
}

/* ---- one visit ---- */

static void from_booking_to_end(const struct fresh_store *fresh)
{
  struct visit_line *lines;
  size_t n;
  hall_day_open(&h, fresh, -1);
  DONE("commerce", &hall_person, "book", book(10 * 60, "person:1"));
  REFUSED("has-place", "commerce", &hall_person, "book", book(10 * 60 + 30, "person:1"));
  REFUSED("not-found", "commerce", &hall_stranger, "cancel", visit_n(1));
  REFUSED("no-such-slot", "commerce", &hall_stranger, "book", book(10 * 60 + 7, "person:2"));
  REFUSED("no-such-slot", "commerce", &hall_stranger, "book", book(9 * 60, "person:2")); /* it is half past */
  DONE("commerce", &hall_person, "rebook", json_pack("{s:i,s:i}", "visit", 1, "slot", 10 * 60 + 30));
  DONE("commerce", &hall_person, "arrive", visit_n(1));
  REFUSED("wrong-state", "commerce", &hall_person, "arrive", visit_n(1));
  REFUSED("window-closed", "commerce", &hall_clerk, "next", window(28));
  REFUSED("no-such-window", "commerce", &hall_clerk, "open", window(27));
  DONE("commerce", &hall_clerk, "open", window(28));
  REFUSED("at-another-window", "commerce", &hall_clerk, "open", window(29));
  REFUSED("window-taken", "commerce", &hall_clerk2, "open", window(28));
  REFUSED("not-your-window", "commerce", &hall_clerk2, "next", window(28));
  REFUSED("not-your-role", "commerce", &hall_person, "next", window(28));
  DONE("commerce", &hall_clerk, "next", window(28));
  REFUSED("window-busy", "commerce", &hall_clerk, "next", window(28));
  REFUSED("window-busy", "commerce", &hall_clerk, "close", window(28));
  DONE("commerce", &hall_clerk, "recall", window(28));
  DONE("commerce", &hall_clerk, "serve", window(28));
  REFUSED("wrong-state", "commerce", &hall_clerk, "recall", window(28));
  DONE("commerce", &hall_clerk, "finish", json_pack("{s:i,s:s}", "window", 28, "note", "已收件"));
  REFUSED("nobody-waiting", "commerce", &hall_clerk, "next", window(28));
  struct visit_row v = hall_visit_by(&h, "commerce", HALL_DAY, 1);
  assert_string_equal(v.v.ticket, "C001");
  assert_string_equal(v.v.note, "带两位同事，需要轮椅通道");
  assert_int_equal(v.v.state, VISIT_DONE);
  assert_int_equal(v.v.calls, 2);
  assert_int_equal(visit_lines(h.db, span_of(v.v.code), &h.arena, &lines, &n, &h.error), 0);
  static const char *const story[] = {"booked", "rebooked", "arrived", "called", "recalled", "served", "finished"};
  assert_int_equal(n, 7);
  for (size_t i = 0; i < n; i++)
    assert_string_equal(lines[i].event, story[i]);
  DONE("commerce", &hall_clerk, "close", window(28));
  hall_day_close(&h);
}

static int at_window_28(void)
{
  struct queue_now now = hall_now(&h, "commerce", HALL_DAY);
  return queue_window(&now.q, 28)->visit;
}

static void who_is_called(const struct fresh_store *fresh)
{
  hall_day_open(&h, fresh, -1);
  for (int i = 0; i < 3; i++)
    DONE("commerce", &hall_machine, "draw", draw(0)); /* 1, 2, 3 at 9:30 */
  atomic_store(&h.now, AT(9, 40));
  DONE("commerce", &hall_machine, "draw", draw(PRIORITY_ELDERLY)); /* 4: as from 9:20 */
  DONE("commerce", &hall_person, "book", book(10 * 60, "person:1"));
  atomic_store(&h.now, AT(9, 58));
  DONE("commerce", &hall_person, "arrive", visit_n(5)); /* as from 9:45 */
  DONE("commerce", &hall_machine, "draw", draw(0));     /* 6 */
  DONE("commerce", &hall_clerk, "open", window(28));
  static const int expected[] = {4, 1, 2, 3, 5, 6};
  for (int i = 0; i < 6; i++) {
    DONE("commerce", &hall_clerk, "next", window(28));
    assert_int_equal(at_window_28(), expected[i]);
    DONE("commerce", &hall_clerk, "finish", window(28));
  }
  hall_day_close(&h);
}

static json_t *claim(int visit, const char *word)
{
  return json_pack("{s:i,s:s}", "visit", visit, "claim", word);
}

/* His own word counts until a clerk has looked; what the account knows needs no look. */
static void who_says_so(const struct fresh_store *fresh)
{
  hall_day_open(&h, fresh, -1);
  DONE("commerce", &hall_machine, "draw", draw(0)); /* 1 at 9:30 */
  atomic_store(&h.now, AT(9, 40));
  DONE("commerce", &hall_machine, "draw", draw(PRIORITY_PREGNANT | PRIORITY_DISABLED)); /* 2, as from 9:20 */
  json_t *known = draw(0);
  (void)json_object_set_new(known, "known", json_integer(PRIORITY_ELDERLY));
  (void)json_object_set_new(known, "account", json_string("person:1"));
  atomic_store(&h.now, AT(9, 45));
  DONE("commerce", &hall_person, "draw", known);                  /* 3, as from 9:25 */
  DONE("commerce", &hall_clerk, "draw", draw(PRIORITY_PREGNANT)); /* 4, seen at the counter: as from 9:25 */
  REFUSED("not-your-role", "commerce", &hall_person, "confirm-priority", claim(3, "elderly"));
  REFUSED("no-such-claim", "commerce", &hall_clerk, "deny-priority", claim(3, "elderly"));
  REFUSED("no-such-claim", "commerce", &hall_clerk, "deny-priority", claim(4, "pregnant"));
  REFUSED("no-such-claim", "commerce", &hall_clerk, "confirm-priority", claim(1, "pregnant"));
  DONE("commerce", &hall_clerk, "open", window(28));
  DONE("commerce", &hall_clerk, "next", window(28));
  DONE("commerce", &hall_clerk, "deny-priority", claim(2, "pregnant"));
  struct visit_row v = hall_visit_by(&h, "commerce", HALL_DAY, 2);
  assert_int_equal(v.v.state, VISIT_CALLED); /* one claim is left */
  DONE("commerce", &hall_clerk, "deny-priority", claim(2, "disabled"));
  v = hall_visit_by(&h, "commerce", HALL_DAY, 2);
  assert_int_equal(v.v.state, VISIT_WAITING);
  assert_true(v.v.rank == AT(9, 40));
  assert_int_equal(v.v.denied, PRIORITY_PREGNANT | PRIORITY_DISABLED);
  static const int expected[] = {3, 4, 1, 2};
  for (int i = 0; i < 4; i++) {
    DONE("commerce", &hall_clerk, "next", window(28));
    assert_int_equal(at_window_28(), expected[i]);
    DONE("commerce", &hall_clerk, "finish", window(28));
  }
  DONE("commerce", &hall_machine, "draw", draw(PRIORITY_PREGNANT)); /* 5 */
  hall_day_restart(&h);
  DONE("commerce", &hall_clerk, "confirm-priority", claim(5, "pregnant"));
  v = hall_visit_by(&h, "commerce", HALL_DAY, 5);
  assert_int_equal(v.v.confirmed, PRIORITY_PREGNANT);
  REFUSED("no-such-claim", "commerce", &hall_clerk, "deny-priority", claim(5, "pregnant"));
  hall_day_close(&h);
}

/* Skills, setting aside, moving between windows, calling out of turn. */
static void at_the_windows(const struct fresh_store *fresh)
{
  hall_day_open(&h, fresh, -1);
  DONE("registration", &hall_machine, "draw", json_pack("{s:s}", "thing", "start-a-company"));
  DONE("registration", &hall_clerk, "open", window(22)); /* without the skill */
  DONE("registration", &hall_clerk2, "open", window(15));
  REFUSED("nobody-waiting", "registration", &hall_clerk, "next", window(22));
  DONE("registration", &hall_clerk2, "next", window(15));
  REFUSED("no-reason", "registration", &hall_clerk2, "park", window(15));
  DONE("registration", &hall_clerk2, "park", because(15, "去复印材料"));
  REFUSED("nobody-there", "registration", &hall_clerk2, "finish", window(15));
  DONE("registration", &hall_clerk2, "call", json_pack("{s:i,s:i}", "window", 15, "visit", 1));
  REFUSED("window-closed", "registration", &hall_clerk2, "transfer",
          json_pack("{s:i,s:i,s:s}", "window", 15, "to_window", 23, "reason", "x"));
  DONE("registration", &hall_clerk2, "transfer", json_pack("{s:i,s:i,s:s}", "window", 15, "to_window", 22, "reason", "需要盖章"));
  REFUSED("nobody-waiting", "registration", &hall_clerk2, "next", window(15)); /* only the other window may */
  DONE("registration", &hall_clerk, "next", window(22));
  DONE("registration", &hall_clerk, "miss", window(22));
  DONE("registration", &hall_clerk, "return", visit_n(1));
  DONE("registration", &hall_machine, "draw", json_pack("{s:s}", "thing", "close-a-company"));
  REFUSED("no-reason", "registration", &hall_clerk2, "call", json_pack("{s:i,s:i}", "window", 15, "visit", 2));
  DONE("registration", &hall_clerk2, "call", json_pack("{s:i,s:i,s:s}", "window", 15, "visit", 2, "reason", "老人独自前来"));
  REFUSED("wrong-zone", "registration", &hall_machine, "draw", json_pack("{s:s}", "thing", "marriage"));
  hall_day_close(&h);
}

/* ---- to another place ---- */

static bool is_released(void)
{
  struct queue_now now = hall_now(&h, "commerce", HALL_DAY);
  return now.q.n == 0;
}

static bool is_taken_over(void)
{
  return hall_now(&h, "social", HALL_DAY).q.n == 1;
}

static const char *move_to(const struct visit_row *v, day d, int slot)
{
  json_t *move = json_pack("{s:i,s:o,s:{s:I,s:i}}", "slot", slot, "visit_data", visit_json(&v->v, false), "from", "queue",
                           (json_int_t)v->queue, "visit", v->v.n);
  return hall_do_on(&h, "commerce", d, &hall_person, "move-in", move);
}

static void moves(const struct fresh_store *fresh)
{
  hall_day_open(&h, fresh, -1);
  DONE("commerce", &hall_person, "book", book(10 * 60, "person:1"));
  struct visit_row v = hall_visit_by(&h, "commerce", HALL_DAY, 1);
  assert_string_equal(move_to(&v, HALL_DAY + 1, 9 * 60), "");
  assert_true(soon(is_released));
  struct visit_row moved = hall_visit_by(&h, "commerce", HALL_DAY + 1, 1);
  assert_string_equal(moved.v.code, v.v.code);
  assert_string_equal(moved.v.note, v.v.note);
  assert_int_equal(moved.v.state, VISIT_BOOKED);
  assert_int_equal(moved.day, HALL_DAY + 1);
  /* a ticket goes to another zone with its number and its place by time */
  DONE("commerce", &hall_clerk, "open", window(28));
  DONE("commerce", &hall_machine, "draw", draw(0));
  struct visit_row ticket = hall_visit_by(&h, "commerce", HALL_DAY, 2);
  atomic_store(&h.now, AT(10, 0));
  DONE("commerce", &hall_clerk, "next", window(28));
  DONE("commerce", &hall_clerk, "transfer", json_pack("{s:i,s:s,s:s}", "window", 28, "to_zone", "social", "reason", "走错分区"));
  assert_true(soon(is_taken_over));
  struct visit_row over = hall_visit_by(&h, "social", HALL_DAY, 1);
  assert_string_equal(over.v.code, ticket.v.code);
  assert_string_equal(over.v.ticket, "C001");
  assert_true(over.v.rank == ticket.v.rank);
  DONE("social", &hall_clerk2, "open", window(72));
  DONE("social", &hall_clerk2, "next", window(72));
  hall_day_close(&h);
}

/* ---- moved several times at once ---- */

static int places(void)
{
  int n = 0;
  for (day d = HALL_DAY; d < HALL_DAY + 15; d++)
    n += (int)hall_now(&h, "commerce", d).q.n;
  return n;
}

static bool one_place(void)
{
  return places() == 1;
}

/* One place has the visit, and goes on having it; who looks by code or by account sees that one. */
static struct visit_row stands(const struct visit_row *was)
{
  struct visit_row v, *list;
  size_t n;
  assert_true(soon(one_place));
  usleep(200000);
  assert_int_equal(places(), 1);
  assert_int_equal(visit_read(h.db, span_of(was->v.code), &h.arena, &v, &h.error), 0);
  assert_int_equal(hall_now(&h, "commerce", v.day).q.n, 1);
  assert_string_equal(v.v.note, was->v.note);
  assert_int_equal(visits_of(h.db, SPAN("person:1"), 9, &h.arena, &list, &n, &h.error), 0);
  assert_int_equal(n, 1);
  assert_int_equal(list[0].day, v.day);
  return v;
}

static struct visit_row booked_at_ten(void)
{
  DONE("commerce", &hall_person, "book", book(10 * 60, "person:1"));
  return hall_visit_by(&h, "commerce", HALL_DAY, 1);
}

/* The place that it has on that day, whether it stands or not. */
static struct visit_row place_of(const struct visit_row *v, day d)
{
  struct visit_row there = *v;
  there.queue = queue_id("ningbo-city", "commerce", d);
  there.v.n = 1;
  return there;
}

static int times_of(const struct visit_row *v, const char *event)
{
  struct visit_line *lines;
  size_t n;
  int times = 0;
  assert_int_equal(visit_lines(h.db, span_of(v->v.code), &h.arena, &lines, &n, &h.error), 0);
  for (size_t i = 0; i < n; i++)
    times += strcmp(lines[i].event, event) == 0;
  return times;
}

/* Each request was made from what its page showed: the first day. */
static void two_days_at_once(const struct fresh_store *fresh)
{
  int booked[48];
  hall_day_open(&h, fresh, -1);
  struct visit_row v = booked_at_ten();
  assert_string_equal(move_to(&v, HALL_DAY + 1, 9 * 60), "");
  assert_string_equal(move_to(&v, HALL_DAY + 2, 9 * 60), "");
  struct visit_row now = stands(&v);
  assert_int_equal(now.day, HALL_DAY + 1);
  assert_int_equal(now.v.state, VISIT_BOOKED);
  assert_int_equal(times_of(&v, "move-undone"), 1);
  assert_int_equal(times_of(&v, "given-back"), 1);
  assert_int_equal(slots_booked(h.db, queue_id("ningbo-city", "commerce", HALL_DAY + 2), 30, booked, 48, &h.error), 0);
  assert_int_equal(booked[18], 0); /* others can have it */
  /* twice to one day is one place there, at the time asked for last */
  assert_string_equal(move_to(&now, HALL_DAY + 3, 9 * 60), "");
  assert_string_equal(move_to(&now, HALL_DAY + 3, 11 * 60), "");
  now = stands(&v);
  assert_int_equal(now.day, HALL_DAY + 3);
  assert_int_equal(now.v.slot, 11 * 60);
  hall_day_restart(&h);
  assert_string_equal(move_to(&now, HALL_DAY, 10 * 60), ""); /* back to where it began */
  assert_int_equal(stands(&v).day, HALL_DAY);
  hall_day_close(&h);
}

/* What lost was moved on already, and what it was moved to, and the winner, too. */
static void moved_on_meanwhile(const struct fresh_store *fresh)
{
  hall_day_open(&h, fresh, -1);
  struct visit_row v = booked_at_ten();
  assert_string_equal(move_to(&v, HALL_DAY + 1, 9 * 60), "");
  struct visit_row won = place_of(&v, HALL_DAY + 1);
  for (day d = HALL_DAY + 6; d < HALL_DAY + 9; d++) {
    assert_string_equal(move_to(&v, d, 9 * 60), "");
    struct visit_row lost = place_of(&v, d);
    assert_string_equal(move_to(&lost, d + 1, 10 * 60), "");
  }
  assert_string_equal(move_to(&won, HALL_DAY + 2, 9 * 60), "");
  assert_int_equal(stands(&v).v.state, VISIT_BOOKED);
  hall_day_restart(&h);
  assert_int_equal(stands(&v).v.state, VISIT_BOOKED);
  hall_day_close(&h);
}

static void cancelled_meanwhile(const struct fresh_store *fresh)
{
  hall_day_open(&h, fresh, -1);
  struct visit_row v = booked_at_ten();
  DONE("commerce", &hall_person, "cancel", visit_n(1)); /* and both moves were on their way */
  assert_string_equal(move_to(&v, HALL_DAY + 1, 9 * 60), "");
  assert_string_equal(move_to(&v, HALL_DAY + 2, 9 * 60), "");
  assert_int_equal(stands(&v).v.state, VISIT_BOOKED);
  hall_day_close(&h);
}

static void here_meanwhile(const struct fresh_store *fresh)
{
  hall_day_open(&h, fresh, -1);
  struct visit_row v = booked_at_ten();
  DONE("commerce", &hall_person, "arrive", visit_n(1));
  assert_string_equal(move_to(&v, HALL_DAY + 1, 9 * 60), "");
  struct visit_row now = stands(&v); /* who is in the hall stays there */
  assert_int_equal(now.day, HALL_DAY);
  assert_int_equal(now.v.state, VISIT_WAITING);
  hall_day_close(&h);
}

/* ---- time ---- */

static void time_passes(const struct fresh_store *fresh)
{
  hall_day_open(&h, fresh, 0);
  DONE("commerce", &hall_person, "book", book(10 * 60, "person:1"));
  DONE("commerce", &hall_machine, "draw", draw(0));
  DONE("commerce", &hall_machine, "draw", draw(0));
  DONE("commerce", &hall_clerk, "open", window(28));
  DONE("commerce", &hall_clerk, "next", window(28));
  atomic_store(&h.now, AT(9, 40));
  engine_wake(h.engine);
  assert_int_equal(hall_visit_by(&h, "commerce", HALL_DAY, 2).v.state, VISIT_MISSED);
  atomic_store(&h.now, AT(10, 15));
  engine_wake(h.engine);
  assert_int_equal(hall_visit_by(&h, "commerce", HALL_DAY, 1).v.state, VISIT_NO_SHOW);
  REFUSED("not-today", "commerce", &hall_machine, "draw", (atomic_store(&h.now, AT(24, 1)), draw(0)));
  engine_wake(h.engine);
  assert_int_equal(hall_visit_by(&h, "commerce", HALL_DAY, 3).v.state, VISIT_UNSERVED);
  struct queue_row *rows;
  size_t n;
  assert_int_equal(queues_of(h.db, "ningbo-city", HALL_DAY, &h.arena, &rows, &n, &h.error), 0);
  assert_int_equal(n, 1);
  assert_true(rows[0].ended && rows[0].no_shows == 1 && rows[0].unserved == 2 && rows[0].open_windows == 0);
  assert_int_equal(engine_seal(h.engine, &h.error), 0);
  atomic_store(&h.now, day_start(HALL_DAY + 90) + 1);
  engine_wake(h.engine);
  assert_null(hall_visit_by(&h, "commerce", HALL_DAY, 1).v.code); /* nothing personal is left */
  struct event *events;
  assert_int_equal(engine_history(h.db, (const struct kind *const[]){&queue_kind, &casefile_kind, NULL},
                                  queue_id("ningbo-city", "commerce", HALL_DAY), &h.arena, &events, &n, &h.error),
                   0);
  assert_int_equal(n, 1);
  assert_string_equal(events[0].type, "forgotten");
  history_free(events, n);
  hall_day_close(&h);
}

/* ---- many at once ---- */

enum { CLIENTS = 1000 };
struct client {
  pthread_t thread;
  int n;
  void (*work)(struct client *c);
  const char *refused; /* "" */
  int calls;
};
static struct client clients[CLIENTS];
static pthread_barrier_t all_here;

static void *run_client(void *context)
{
  struct client *c = context;
  pthread_barrier_wait(&all_here);
  c->work(c);
  return NULL;
}

static void at_once(int n, void (*work)(struct client *c))
{
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 256 * 1024);
  pthread_barrier_init(&all_here, NULL, (unsigned)n);
  for (int i = 0; i < n; i++) {
    clients[i] = (struct client){.n = i, .work = work, .refused = ""};
    assert_int_equal(pthread_create(&clients[i].thread, &small, run_client, &clients[i]), 0);
  }
  for (int i = 0; i < n; i++)
    pthread_join(clients[i].thread, NULL);
  pthread_barrier_destroy(&all_here);
  pthread_attr_destroy(&small);
}

static void send_as(struct client *c, const char *type, json_t *data, const struct actor *who)
{
  struct error error = {0};
  c->refused = hall_send(&h, "commerce", HALL_DAY, who, type, data, &error) ? error.name : "";
}

/* A hundred want each of ten half-hours that take five. */
static void books(struct client *c)
{
  char account[32];
  (void)snprintf(account, sizeof account, "person:%d", c->n);
  const struct actor who = {account, "applicant", "", "mobile"};
  send_as(c, "book", book(10 * 60 + c->n % 2 * 30 + c->n % 10 / 2 * 60, account), &who);
}

static void draws(struct client *c)
{
  send_as(c, "draw", draw(0), &hall_machine);
}

static void calls(struct client *c)
{
  char id[32];
  (void)snprintf(id, sizeof id, "staff:%d", c->n);
  const struct actor who = {id, "clerk", "centre", "window"};
  send_as(c, "open", window(28 + c->n), &who);
  while (!*c->refused) {
    send_as(c, "next", window(28 + c->n), &who);
    c->calls += !*c->refused;
    if (!*c->refused)
      send_as(c, "finish", window(28 + c->n), &who);
  }
}

static struct visit_row moved_by_many;

static void moves_away(struct client *c)
{
  struct error error = {0};
  json_t *move = json_pack("{s:i,s:o,s:{s:I,s:i}}", "slot", 9 * 60, "visit_data", visit_json(&moved_by_many.v, false), "from",
                           "queue", (json_int_t)moved_by_many.queue, "visit", moved_by_many.v.n);
  c->refused = hall_send(&h, "commerce", HALL_DAY + 1 + c->n % 3, &hall_person, "move-in", move, &error) ? error.name : "";
}

static void many_moves_at_once(const struct fresh_store *fresh)
{
  hall_day_open(&h, fresh, -1);
  moved_by_many = booked_at_ten();
  at_once(30, moves_away);
  for (int i = 0; i < 30; i++)
    assert_string_equal(clients[i].refused, "");
  assert_int_equal(stands(&moved_by_many).v.state, VISIT_BOOKED);
  hall_day_close(&h);
}

static void thousand_at_once(const struct fresh_store *fresh)
{
  struct hall_place place;
  int total = 0;
  hall_day_open(&h, fresh, -1);
  assert_true(hall_place_find(h.catalog, SPAN("ningbo-city"), SPAN("commerce"), &place));
  at_once(CLIENTS, books);
  for (int i = 0; i < CLIENTS; i++)
    assert_true(!*clients[i].refused || !strcmp(clients[i].refused, "slot-full"));
  int booked[24 * 2];
  assert_int_equal(slots_booked(h.db, queue_id("ningbo-city", "commerce", HALL_DAY), 30, booked, 48, &h.error), 0);
  for (int i = 0; i < 48; i++) {
    int capacity = hall_slot_capacity(&place, i * 30);
    bool wanted = i >= 20 && i < 30;
    assert_int_equal(booked[i], wanted ? capacity : 0);
    total += booked[i];
  }
  at_once(CLIENTS, draws);
  struct queue_now now = hall_now(&h, "commerce", HALL_DAY);
  assert_int_equal(now.q.tickets, CLIENTS);
  assert_int_equal(now.q.n, total + CLIENTS);
  at_once(9, calls);
  int called = 0;
  for (int i = 0; i < 9; i++) {
    assert_string_equal(clients[i].refused, "nobody-waiting");
    called += clients[i].calls;
  }
  assert_int_equal(called, CLIENTS); /* each once, none left */
  now = hall_now(&h, "commerce", HALL_DAY);
  assert_int_equal(now.q.served, CLIENTS);
  hall_day_restart(&h); /* and the same after a new start, from the events alone */
  REFUSED("nobody-waiting", "commerce", &(const struct actor){"staff:0", "clerk", "centre", "window"}, "next", window(28));
  hall_day_close(&h);
}

/* ---- the case ---- */

static int64_t case_id;

static bool is_present(void)
{
  struct casefile *c;
  assert_int_equal(casework_load(h.db, case_id, &h.arena, &c, &h.error), 0);
  return c->trips_applicant == 1;
}

static void make_case(struct sample *sample)
{
  struct plan *plan = sample_plan(sample, "open-a-restaurant", "area=80", NULL);
  struct buf text;
  json_t *json;
  buf_init(&text, 8 << 20);
  struct json_writer w = json_to(&text);
  plan_json(plan, &w, NULL);
  assert_int_equal(json_read(buf_view(&text), "plan", &json, &h.error), 0);
  buf_release(&text);
  case_id = aggregate_id_new(AT(9, 0));
  json_t *data = json_pack("{s:s,s:o,s:s,s:{s:s,s:s,s:s}}", "thing", "open-a-restaurant", "plan", json, "district", "330203",
                           "applicant", "name", "陈小满", "id_number", "33020019900321998X", "phone", "13800000000");
  const struct command command = {.kind = &casefile_kind,
                                  .id = case_id,
                                  .expect = 0,
                                  .type = "draft",
                                  .key = "",
                                  .actor = {"person:1", "applicant", "", "web"},
                                  .data = data};
  if (engine_do(h.engine, &command, &h.last, &h.error))
    fail_msg("draft: %s", h.error.en);
  json_decref(data);
}

static struct sample *the_sample;

/* Whoever is served at a window was there: the case counts it, and counts one day once. */
static void presence(const struct fresh_store *fresh)
{
  hall_day_open(&h, fresh, -1);
  make_case(the_sample);
  json_t *data = draw(0);
  (void)json_object_set_new(data, "case", json_integer(case_id));
  (void)json_object_set_new(data, "case_number", json_string("1"));
  (void)json_object_set_new(data, "account", json_string("person:1"));
  DONE("commerce", &hall_person, "draw", data);
  DONE("commerce", &hall_clerk, "open", window(28));
  DONE("commerce", &hall_clerk, "next", window(28));
  usleep(50000);
  assert_false(is_present()); /* called is not there yet */
  DONE("commerce", &hall_clerk, "serve", window(28));
  assert_true(soon(is_present));
  DONE("commerce", &hall_clerk, "finish", window(28));
  /* somebody else's turn, whose case is named only at the window: the same day is the same trip */
  DONE("commerce", &hall_machine, "draw", draw(0));
  DONE("commerce", &hall_clerk, "next", window(28));
  DONE("commerce", &hall_clerk, "serve", window(28));
  DONE("commerce", &hall_clerk, "link", json_pack("{s:i,s:I,s:s}", "visit", 2, "case", (json_int_t)case_id, "case_number", "1"));
  usleep(300000);
  assert_true(is_present());
  struct visit_row *rows;
  size_t n;
  assert_int_equal(visits_of_case(h.db, case_id, &h.arena, &rows, &n, &h.error), 0);
  assert_int_equal(n, 2);
  hall_day_close(&h);
}

/* A store of before there was a row for each place. */
static void rows_of_before(const struct fresh_store *fresh)
{
  static const struct sql old_rows = {
      "INSERT INTO visits (code, queue, n, hall, zone, day, state, present, slot, ticket, skill, thing, account, phone, note, channel,"
      " priority, case_id, case_number, made, arrived, turn, called, served, ended, desk, for_desk, calls, promised) VALUES"
      " ('c1', 9, 1, 'h', 'z', 20000, 'booked', 1, 570, '', 's', 't', 'person:1', '138', 'n', 'mobile', 2, 7, 'N7', 11, 0, 0, 0, 0, 0, 0, 0, 0, 0),"
      " ('c2', 9, 2, 'h', 'z', 20000, 'moved', 0, 600, '', 's', 't', 'person:1', '', '', 'web', 0, 0, '', 12, 0, 0, 0, 0, 13, 0, 0, 0, 0)"};
  const struct migration before[] = {hall_migrations[0], {0}};
  const struct migration *const old[] = {before, NULL}, *const now[] = {hall_migrations, NULL};
  struct store *store;
  struct db *db;
  struct error error = {0};
  struct arena arena = {0};
  struct visit_row row;
  assert_int_equal(store_open(fresh->url, &store, &error), 0);
  assert_int_equal(store_connect(store, DB_WRITE, &db, &error), 0);
  assert_int_equal(store_migrate(db, old, &error), 0);
  assert_int_equal(db_exec(db, &old_rows, NULL, 0, &error), 0);
  assert_int_equal(store_migrate(db, now, &error), 0);
  assert_int_equal(visit_read(db, SPAN("c1"), &arena, &row, &error), 0);
  assert_int_equal(row.queue, 9);
  assert_int_equal(row.day, 20000);
  assert_int_equal(row.v.n, 1);
  assert_int_equal(row.v.state, VISIT_BOOKED);
  assert_int_equal(row.v.slot, 570);
  assert_int_equal(row.v.priority, 2);
  assert_int_equal(row.v.confirmed, 0);
  assert_int_equal(row.v.case_id, 7);
  assert_string_equal(row.v.account, "person:1");
  assert_string_equal(row.v.phone, "138");
  assert_string_equal(row.v.note, "n");
  assert_int_equal(visit_read(db, SPAN("c2"), &arena, &row, &error),
                   0); /* it was moved, and the other place is not of this store */
  assert_int_equal(row.v.state, VISIT_MOVED);
  arena_release(&arena);
  db_close(db);
  store_close(store);
}

#define ON_EACH(name, body)                                                                                                        \
  static void name(void **state)                                                                                                   \
  {                                                                                                                                \
    the_sample = *state;                                                                                                           \
    for_each_fresh_store(body);                                                                                                    \
  }
ON_EACH(test_visit, from_booking_to_end)
ON_EACH(test_order, who_is_called)
ON_EACH(test_claims, who_says_so)
ON_EACH(test_windows, at_the_windows)
ON_EACH(test_moves, moves)
ON_EACH(test_two_moves, two_days_at_once)
ON_EACH(test_moved_on, moved_on_meanwhile)
ON_EACH(test_cancelled, cancelled_meanwhile)
ON_EACH(test_here, here_meanwhile)
ON_EACH(test_many_moves, many_moves_at_once)
ON_EACH(test_time, time_passes)
ON_EACH(test_thousand, thousand_at_once)
ON_EACH(test_presence, presence)
ON_EACH(test_rows_of_before, rows_of_before)

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_layouts),  cmocka_unit_test(routing),
      cmocka_unit_test(hours),         cmocka_unit_test(forecasts),
      cmocka_unit_test(order),         cmocka_unit_test(age_by_number),
      cmocka_unit_test(test_visit),    cmocka_unit_test(test_order),
      cmocka_unit_test(test_claims),   cmocka_unit_test(test_windows),
      cmocka_unit_test(test_moves),    cmocka_unit_test(test_two_moves),
      cmocka_unit_test(test_moved_on), cmocka_unit_test(test_cancelled),
      cmocka_unit_test(test_here),     cmocka_unit_test(test_many_moves),
      cmocka_unit_test(test_time),     cmocka_unit_test(test_thousand),
      cmocka_unit_test(test_presence), cmocka_unit_test(test_rows_of_before),
  };
  return cmocka_run_group_tests(tests, sample_open, sample_close);
}
