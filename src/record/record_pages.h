/*
 * record_pages.h: the pages of the ledger (/ledger, /receipt/{index}/page, /verify) and what programs fetch (/receipt/{index},
 * /log/…, /api/ledger). struct app says where the log's directory and the policy lie.
 */
#ifndef ONEVISIT_RECORD_RECORD_PAGES_H
#define ONEVISIT_RECORD_RECORD_PAGES_H

#include "engine/engine.h"
#include "record/record.h"
#include "web/web.h"

extern const struct route record_routes[];
extern const struct route record_api_routes[];

/* ---- what the handlers share ---- */

/* What this city goes by: its policy as text and read, and the newest published checkpoint judged by it. */
struct record_city {
  struct span policy_text; /* empty: nothing has been sealed yet, and policy is NULL */
  struct policy *policy;
  struct record_published published;
  struct record_checkpoint last; /* signed, perhaps not published yet */
};
int record_city_open(struct request *rq, struct record_city *ret, struct error *error);
void record_city_close(struct record_city *city);

/* ---- for the templates ---- */

struct record_witness {
  const char *name, *vkey;
  int64_t at; /* Unix seconds; 0: has not cosigned */
};

struct record_ledger_view {
  const struct record_city *city;
  const struct engine_log_status *status; /* how the publishing stands just now; NULL without an engine */
  struct record_witness *witnesses;
  size_t witness_count;
  struct record_checkpoint *history;
  const char **cosigners; /* of each of the history, their names */
  size_t history_count;
  int64_t older; /* size to go on from; 0: no older ones */
  struct record_key *keys;
  size_t key_count;
  const char *pseudonym; /* looked for; "" */
  struct record_step *steps;
  size_t step_count;
  int64_t from; /* index to go on from; -1: that is all */
};

struct record_receipt_view {
  struct record_step step;
  const char *pseudonym;                /* 32 hex digits */
  const char *check;                    /* path of /verify for this step */
  const struct record_receipt *receipt; /* NULL: not published yet */
  struct record_witness *witnesses;
  size_t witness_count;
  bool department_signed, city_missing; /* city_missing: signed, but the witnesses are not enough yet */
  size_t missing;                       /* how many more are needed */
  struct html qr;
};

struct record_verify_view {
  struct span policy_text;
  const char *sentence;                 /* why not; NULL: good, or nothing was asked */
  const struct record_receipt *receipt; /* what was checked; NULL */
  struct record_witness *witnesses;     /* of it */
  size_t witness_count;
  bool alone;         /* the policy asks for no witness */
  bool asked, quorum; /* a receipt was sent; only witnesses are missing */
  bool department_signed;
  const struct record_step *step; /* of a QR code, found in the ledger */
  const char *pseudonym;          /* of that step */
  bool looked;                    /* a QR code led here */
};

const char *record_answer_text(const struct request *rq, const struct witness_status *witness);
const char *record_type_text(const struct request *rq, struct span type);
const char *record_department_text(struct request *rq, struct span id); /* «centre»: the platform itself */
const char *record_key_owner(struct request *rq, const char *key_name);
const char *record_item_text(struct request *rq, struct span id);
const char *record_seconds(const struct request *rq, int64_t unix_seconds);
const char *record_hex(struct request *rq, const void *bytes, size_t n);
const char *record_receipt_path(struct request *rq, const struct record_step *step, const char *rest); /* rest "" or "/page" */

#endif
