/*
 * plan.h: one thing and one person's answers → one joint plan.
 *
 * plan_compile() is pure: the same catalogue, thing, answers and day give the same plan. The plan lives in the arena given
 * and points into the catalogue; plan_json() writes the shape that is stored with a case, shown by the API and documented
 * in docs/plan.md; once pinned to a case it is read from there and never computed again.
 *
 * Days are working days from acceptance: a step that starts at 0 and takes 2 ends at 2. Trips: DESIGN of the promise,
 * docs/architecture.md «trips»: a trip is the applicant going to the government; presences that can share one do.
 */
#ifndef ONEVISIT_PLAN_PLAN_H
#define ONEVISIT_PLAN_PLAN_H

#include "base/json.h"
#include "catalog/catalog.h"

struct answer {
  const char *question;
  struct feel_value value;
  const char *text; /* as written: «320», «true», «hot» */
};

/* Checks and types answers against the thing's questions. Errors name the question in where: unknown-question,
 * bad-answer (not a number, out of range, no such choice), missing-answer. */
struct answers {
  struct answer *list; /* n answers, then what the thing's tables decide from them */
  size_t n, decided;
};
struct raw_answer {
  struct span question, text;
};
int answers_read(struct arena *arena, const struct thing *thing, const struct raw_answer *raw, size_t n, struct answers *ret,
                 struct error *error);
/* What the thing's tables decide from the first n answers, put behind them: list has room for table_count more. */
void answers_decide(struct arena *arena, const struct thing *thing, struct answers *answers);
struct feel_value answers_lookup(void *answers, struct span name); /* a feel_lookup */

/* Why a line is in the plan: the item that wants it, the law, and the condition that held. */
struct reason {
  const struct item *item;
  const struct basis *basis; /* may be NULL */
  const char *condition;     /* «area > 50»; NULL: always */
};

enum plan_source {
  PLAN_UPLOAD, /* the applicant hands it in, once */
  PLAN_FORM,   /* made from the one form: nothing to upload */
  PLAN_FETCH,  /* held by the government: fetched */
  PLAN_RESULT, /* issued by another item of this plan, or held already where that item is not in it */
  PLAN_ZONE    /* covered by the zone's assessment */
};

struct plan_material {
  const struct material *material;
  enum plan_source source;
  int producer;           /* PLAN_RESULT: index into items of what issues it; -1: already held */
  int defer;              /* working days it may come later; 0: needed at submission */
  const char *assessment; /* PLAN_ZONE */
  struct reason *reasons; /* one an item that wants it */
  size_t reason_count, reason_cap;
};

struct plan_field { /* of the one form: each asked once, never what the government holds */
  const struct field *field;
  struct reason *reasons;
  size_t reason_count, reason_cap;
  const struct material *material; /* the first that needs it */
};

struct plan_step {
  int item;         /* index into items */
  const char *step; /* "site-visit" */
  const struct agency *agency;
  bool assist, clock_excluded;
  int takes, start, end; /* working days from acceptance */
  int visit;             /* index into visits; -1 */
  bool critical;         /* a day more here is a day more for the whole */
  const char *condition;
  const struct step *of; /* in the catalogue */
};

struct plan_visit { /* one joint visit of officials to the applicant's site */
  const char *key;  /* merge key */
  int start, end;
  const struct agency **agencies;
  size_t agency_count;
  size_t steps_merged;
};

struct plan_item {
  const struct item *item;
  const struct agency *agency;
  bool lead;  /* its agency leads the joint handling */
  int stage;  /* 1 … 4 in an investment project; 0: no stages */
  int *needs; /* indexes of the items whose result it waits for */
  size_t need_count;
  int start, end; /* working days from acceptance */
  const char *condition;
};

struct plan_presence {
  enum presence_why why;
  int item;
  const struct basis *basis;
  int trip; /* 1, 2 …: presences of one trip share its number */
  int at;   /* working day */
};

struct plan_covered { /* an item that the zone's assessment makes needless */
  const struct item *item;
  const char *assessment;
  int saved; /* its promised working days */
};

struct plan_service { /* work of an intermediary, bound to the approval it serves (捆绑计算) */
  struct words name;
  int item, material; /* indexes */
  const char *before; /* the step by which it must be done; NULL: when its item is applied for */
  int takes;
  int start, end; /* as late as does not delay the approval; under 0: so many working days before acceptance */
};

struct plan_stage { /* accepted, delivered and limited by itself */
  int stage;        /* 1 … 4; 0: the plan has no stages */
  int items, fields, materials;
  int start, end; /* working days from the first acceptance */
  int statutory;
  int trips_online, trips_window;
};

struct plan_saved {             /* against the same project outside any zone; all 0 there */
  int approval;                 /* working days of approvals, one by one: promises of items, and steps, that fall away */
  int services;                 /* working days of intermediaries, one by one */
  int days, days_with_services; /* of the whole plan, all in parallel */
  int items, materials;
};

struct plan_tally { /* the same matter one by one, and jointly */
  int forms_fields, materials, agencies, steps, days, trips;
};

struct plan {
  const struct catalog *catalog;
  const struct thing *thing;
  struct answers answers;
  const struct zone *zone; /* NULL */
  day made;                /* the day it was compiled for */
  struct plan_item *items;
  size_t item_count; /* in an order that respects needs */
  struct plan_covered *covered;
  size_t covered_count;
  struct plan_material *materials;
  size_t material_count;
  struct plan_field *fields;
  size_t field_count;
  struct plan_step *steps;
  size_t step_count; /* by start */
  struct plan_visit *visits;
  size_t visit_count;
  struct plan_presence *presences;
  size_t presence_count;
  struct plan_service *services;
  size_t service_count; /* by start */
  struct plan_stage *stages;
  size_t stage_count; /* 1 where there are no stages, 0 where there are no items */
  const struct agency **agencies;
  size_t agency_count;    /* departments, the lead one first */
  unsigned delivery;      /* what all items share, enum delivery_set; each item may add its own */
  int days;               /* critical path */
  int days_serial;        /* the sum one by one */
  int services_serial;    /* of intermediaries, one by one */
  int days_with_services; /* from the first day of any intermediary to the end */
  int statutory;          /* cap: 45 for joint handling of licences, else the largest; of a plan in stages the sum of theirs */
  int trips_online;       /* when applied for online */
  int trips_window;       /* when handed in at a window */
  struct plan_tally before, after;
  struct plan_saved saved;
  const struct plan_package *package; /* of package.h: the plan is for many projects; NULL */
};

/* zone may be NULL. Errors: none for a checked catalogue and read answers. */
int plan_compile(struct arena *arena, const struct catalog *catalog, const struct thing *thing, const struct answers *answers,
                 const struct zone *zone, day today, struct plan **ret, struct error *error);

/* The same from a blueprint made before: for many answers to one thing. */
struct blueprint;
int plan_fill(struct arena *arena, const struct catalog *catalog, const struct blueprint *blueprint, const struct answers *answers,
              const struct zone *zone, day today, struct plan **ret, struct error *error);

void plan_json(const struct plan *plan, struct json_writer *w, const char *key); /* the stored and published shape */
struct span plan_svg(struct arena *arena, const struct plan *plan, const char *lang /* "zh" or "en" */);

#endif
