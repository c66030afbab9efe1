/*
 * words.h: what each kind of paper says (layout 1), from the event that served it and the state it led to.
 */
#ifndef ONEVISIT_PAPER_WORDS_H
#define ONEVISIT_PAPER_WORDS_H

#include "paper/paper.h"

#define SHEET_CERTIFICATE "certificate"

struct drafting {
  struct arena *arena;
  const struct sheet_city *city;
  const struct casefile *c; /* after the event */
  const json_t *plan;
  const struct event *event;
  const json_t *record; /* of the paper in the event */
  struct sheet *sheet;
};

/* Fills the sheet: title, issuer, blocks, handler, English. */
void sheet_write(struct drafting *d);

/* ---- blocks, for the kinds ---- */
void sheet_text(struct drafting *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sheet_head(struct drafting *d, const char *text);
struct sheet_block *sheet_table(struct drafting *d, int columns, const int *weight, bool head);
struct sheet_row *sheet_add_row(struct drafting *d, struct sheet_block *table);
struct sheet_block *sheet_facts(struct drafting *d);
void sheet_fact(struct drafting *d, struct sheet_block *facts, const char *label, const char *value); /* none where it is "" */

/* ---- words ---- */
const char *sheet_day(struct drafting *d, day on); /* «2026年11月24日»; "" for none */
const char *sheet_due(struct drafting *d, struct due due);
struct due sheet_read_due(const json_t *due);
const char *sheet_day_en(struct drafting *d, day on);
struct words sheet_agency(struct drafting *d, const char *id); /* with the city before it */
int sheet_item(const struct drafting *d);                      /* index of the event's item; -1 */
const json_t *sheet_plan_item(const struct drafting *d, int item);

/* ---- the kinds ---- */
void sheet_of_receipt(struct drafting *d);
void sheet_of_commitment(struct drafting *d);
void sheet_of_acceptance(struct drafting *d);
void sheet_of_correction(struct drafting *d);
void sheet_of_not_taken(struct drafting *d);
void sheet_of_tolerance(struct drafting *d);
void sheet_of_special(struct drafting *d);
void sheet_of_extension(struct drafting *d);
void sheet_of_decision(struct drafting *d, bool granted);
void sheet_of_withdrawal(struct drafting *d);
void sheet_of_termination(struct drafting *d);
void sheet_of_revocation(struct drafting *d);
void sheet_of_service(struct drafting *d);
void sheet_of_certificate(struct drafting *d);

#endif
