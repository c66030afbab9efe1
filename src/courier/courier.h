/*
 * courier.h: results on their way by courier. Issued results of one case share a parcel; it is followed by what the courier
 * calls back, and delivered into the case; one that comes back waits, with all that is in it, at the issuing desk.
 *
 *   the case's «issued» ──▶ pack ──▶ ordered ──▶ book (the courier took it) ──▶ picked-up ──▶ under-way ──▶ delivered
 *                                     ▲                                            └─▶ failed ──▶ again | pick-up (the desk)
 *                                     └──────────────────────────────────────────────────────────┘
 *
 * A parcel is packed while another result of the case that goes by courier is granted and waits at the issuing desk, and ordered
 * when none does, when the desk says so, or at the latest PARCEL_ON_ITS_WAY working days before the first of its results has to
 * be with the applicant (许可法 art. 44: ten working days from its decision). Departments that have not decided are not waited
 * for, and nothing goes into a parcel that is ordered.
 *
 * A parcel holds nothing personal but what the courier writes in place and reason: it is erased with its case. Name, phone and
 * address are read from the case when the order goes out. The wire: docs/courier.md.
 */
#ifndef ONEVISIT_COURIER_COURIER_H
#define ONEVISIT_COURIER_COURIER_H

#include "casework/casework.h"
#include "gateway/gateway.h"

extern const struct kind parcel_kind; /* name "parcel" */
extern const struct migration courier_migrations[];

/*      name      word stored    zh            en */
#define PARCEL_STATES(X)                                                                                                           \
  X(NONE, "none", "无", "none")                                                                                                    \
  X(ORDERED, "ordered", "已下单，待快递公司接单", "ordered, not confirmed yet")                                                    \
  X(BOOKED, "booked", "快递公司已接单", "taken on by the courier")                                                                 \
  X(PICKED_UP, "picked-up", "快递员已揽收", "picked up by the courier")                                                            \
  X(UNDER_WAY, "under-way", "运输中", "under way")                                                                                 \
  X(DELIVERED, "delivered", "已签收", "delivered")                                                                                 \
  X(FAILED, "failed", "投递失败，待出件窗口处理", "delivery failed, the issuing desk will see to it")                              \
  X(PICK_UP, "pick-up", "改为窗口领取", "to be picked up at the window")                                                           \
  X(PACKED, "packed", "待本件其他结果一并寄出", "waiting for the other results of the case")

enum parcel_state {
#define X(name, word, zh, en) PARCEL_##name,
  PARCEL_STATES(X)
#undef X
};
struct parcel_words {
  const char *word;
  struct words name;
};
const struct parcel_words *parcel_state_words(enum parcel_state state);

/*
 * Commands: pack {case, number, contents: [{item, result}], due?, more} and book {tracking, attempt} by the system; picked-up,
 * under-way, delivered and failed {tracking, place?, reason?} by the courier; send (it waits for no other result any more), again
 * and pick-up {} by an issuer; erase {ground} by the system. A report of an older attempt, or of a stage that is past, changes
 * nothing. Errors: parcel-closed (BUSY: it was ordered meanwhile), wrong-state, erased, not-your-role, unknown-command,
 * missing-argument.
 */

#define PARCEL_ON_ITS_WAY 3 /* working days that the courier has */

struct parcel_item {
  const char *item, *result; /* of the catalogue; of the certificate, "" when erased */
};
struct parcel {
  int64_t id, case_id;
  enum parcel_state state;
  const char *number; /* of the case */
  struct parcel_item *contents;
  size_t count, cap;
  const char *tracking;       /* "" before it is booked */
  const char *place, *reason; /* last reported; "" */
  int attempt;                /* 1, 2 …; 0 while it is packed */
  day by;                     /* packed: it goes out on this day at the latest; DAY_NONE */
  moment at;                  /* of the last change */
  bool erased;
};

/* Of a case, in the order they were made. */
int courier_of_case(struct db *db, int64_t case_id, struct arena *arena, struct parcel **ret, size_t *ret_n, struct error *error);
int courier_get(struct db *db, int64_t id, struct arena *arena, struct parcel *ret, struct error *error); /* NOT_FOUND no-parcel */
int courier_by_tracking(struct db *db, struct span tracking, struct arena *arena, struct parcel *ret, struct error *error);
/* What came back, oldest first; after: id of the last one shown, 0 to begin. */
int courier_returned(struct db *db, int64_t after, size_t max, struct arena *arena, struct parcel **ret, size_t *ret_n,
                     struct error *error);

/* ---- the adapter ---- */

struct courier;
/* url NULL: there is no courier, nothing is packed, and what is issued waits at the desk as before. */
struct courier_options {
  struct store *store;
  const char *url, *secret, *site; /* of the courier's system; shared with it; where it calls back */
};
void courier_open(const struct courier_options *options, struct courier **ret);
void courier_close(struct courier *courier);
void courier_serve(struct courier *courier, struct engine *engine); /* from now on the outlets do their work */

/* Writes its outlets (COURIER_OUTLETS of them, fewer where there is no courier) to ret. */
#define COURIER_OUTLETS 4
size_t courier_outlets(struct courier *courier, struct outlet *ret);

/* What the courier called back: checks and does it. *ret_repeated: it was known. */
int courier_report(struct engine *engine, struct db *db, struct arena *arena, struct span secret, struct span seconds,
                   struct span signature, struct span body, moment now, bool *ret_repeated, struct error *error);

#endif
