/*
 * hall_view.h: what the hall's pages show, in the reader's language; and sending a command. Private to the room.
 * Everything returned lives in the request's arena.
 */
#ifndef ONEVISIT_HALL_HALL_VIEW_H
#define ONEVISIT_HALL_HALL_VIEW_H

#include <string.h>

#include "hall/hall.h"
#include "web/web.h"

/* ---- a zone as it stands ---- */

struct zone_view {
  struct hall_place place;
  const char *name;
  struct queue_now now;
  int waiting, open; /* people; windows */
  int64_t wait_ms;   /* of one who comes now; -1: nothing can be said */
  const char *wait;  /* the same in words, or why nothing can be said */
};
int zone_view(struct request *rq, const struct hall_place *place, struct zone_view *ret, struct error *error);

struct hall_view {
  const struct hall *hall;
  const char *name, *live; /* live: path of the stream */
  bool open;
  const char *opens; /* «opens 30 November 2026, 09:00»; "" where it is open */
  struct zone_view *zones;
  size_t n;
  int64_t version;
  /* what one is here for; NULL, "" */
  const struct thing *thing;
  const char *case_number;
};
int hall_view(struct request *rq, struct hall_view *ret, struct error *error); /* of the path's {hall} */

/* The newest calls of a hall, the newest first. */
struct call_line {
  const char *ticket, *zone_zh, *zone_en;
  int window, calls;
  moment called;
  bool served;
};
struct call_line *call_lines(struct request *rq, const struct hall_view *h, size_t max, size_t *ret_n);

/* ---- one visit ---- */

struct visit_view {
  struct visit_row row;
  struct hall_place place;
  struct zone_view zone;
  const char *live;                       /* path of the stream */
  const char *thing, *state, *tag, *when; /* when: «24 November 2026, 10:00–10:30»; "" without an appointment */
  size_t before;                          /* waiting: how many are called before him */
  const char *wait;
  struct visit_line *lines;
  size_t line_count;
  bool mine; /* the reader may see what it is about, and cancel it: the person, a clerk */
  bool today;
  int64_t version;
  struct html qr; /* leads to this page; on the kiosk's ticket only */
};
int visit_view(struct request *rq, struct visit_view *ret, struct error *error); /* of the path's {code} */
struct stage_line *visit_stages(struct request *rq, const struct visit_view *v);

/* ---- slots ---- */

struct slot_view {
  int minute, free;
  const char *from, *value;
};
struct slots_view {
  struct hall_place place;
  day *days; /* that can be booked */
  size_t day_count;
  day day;
  struct slot_view *slots;
  size_t n;
};
int slots_view(struct request *rq, const struct hall_place *place, day wanted, struct slots_view *ret, struct error *error);

/* ---- words ---- */

const char *hall_words(const struct request *rq, struct words words);
const char *clock_words(struct request *rq, int minute); /* «09:30» */
const char *wait_words(struct request *rq, const struct queue_now *now, int windows, int64_t ms);
const char *priority_text(struct request *rq, unsigned set); /* «老年人、孕妇»; "" */
const char *priority_claims(struct request *rq,
                            const struct visit *v); /* the same, «(by his own word)» after what is not confirmed */
const char *visit_thing(const struct request *rq, const struct visit *v);
const char *event_text(const struct request *rq, const char *event);

/* ---- commands ---- */

/* Whoever asks, in that role and channel; the part of a form with several commands. Takes data over; hall, zone, day are added. */
struct hall_act {
  const struct hall_place *place;
  day day;
  const char *role, *channel;
  int part;
};
int hall_command(struct request *rq, const struct hall_act *act, const char *type, json_t *data, struct outcome *ret,
                 struct error *error);

/* What the account of whoever is signed in says of him on that day, without his saying so. */
unsigned hall_known_priority(struct request *rq, day d);
/* The particulars that a form or a JSON body brought: thing, note, phone, priority, and the case where it is the person's own. */
int hall_particulars(struct request *rq, bool staff, json_t **ret, struct error *error);
/* The place: the form's zone, or the one the thing belongs to. Errors: no-such-hall, no-such-zone. */
int hall_place_asked(struct request *rq, struct hall_place *ret, struct error *error);
/* Books, or draws a ticket; *ret_code is the new visit's. */
int hall_book(struct request *rq, const char *role, const char *channel, const char **ret_code, struct error *error);
int hall_draw(struct request *rq, const char *role, const char *channel, const char **ret_code, struct error *error);
/* cancel, arrive, return, rebook (day, slot) on a visit. */
int hall_visit_act(struct request *rq, const struct visit_row *row, const char *command, struct error *error);
/* What a clerk does at a window: open, close, next, call, recall, serve, miss, park, finish, transfer, return, finish-next, link,
 * confirm-priority, deny-priority. */
int hall_window_act(struct request *rq, const struct hall_place *place, const char *command, struct error *error);
extern const char *const window_commands[], *const visit_commands[];

/* ---- pages ---- */

struct kiosk_view {
  struct hall_view *h;
  struct visit_view *ticket; /* just drawn; NULL */
};
struct window_view {
  struct zone_view zone;
  int number;
  struct hall_window *window; /* NULL: never opened today */
  bool mine;
  struct visit *v; /* at the window; NULL */
  struct visit **waiting;
  size_t waiting_count;
  struct visit **aside; /* set aside, or called in vain */
  size_t aside_count;
  struct visit **expected; /* by appointment, by their time */
  size_t expected_count;
  const char *refused; /* what the rules said; NULL */
  const char *base;    /* «/queue/HALL/ZONE/NUMBER» */
  const struct input_option *targets;
};
struct booking_view {
  struct hall_view *h;
  struct slots_view slots;
  const struct visit_row *moving; /* an appointment being moved; NULL: a new one */
};
struct manage_view {
  struct hall_view *h;
  struct queue_row *rows; /* one a zone, in its order */
  day day;
};

#endif
