/*
 * applicant.h: what an applicant does with his case, shared by the pages and the API.
 *
 * Whoever asks for a case that is not his own gets the same «not found» as for one that does not exist.
 */
#ifndef ONEVISIT_CASEWORK_APPLICANT_H
#define ONEVISIT_CASEWORK_APPLICANT_H

#include "casework/casework_view.h"
#include "plan/plan.h"

/* The case of the path's {no}, which has to be the reader's own. */
/* The same of a case that is erased: nothing in it is anybody's any more. *ret NULL where it is not. */
int applicant_erased_case(struct request *rq, struct case_view **ret, struct error *error);
int applicant_case(struct request *rq, struct case_view **ret, struct error *error);

/* The plan of «thing», the answers «PREFIX.question» and «zone». Errors: no-thing, and those of answers_read(). */
int applicant_plan(struct request *rq, const char *prefix, struct plan **ret, struct error *error);

/* Begins the draft of that plan, by the reader, who is called at «phone». One idempotency key makes one draft. */
int applicant_draft(struct request *rq, const char *prefix, struct case_row *ret, struct error *error);
bool applicant_phone_fits(struct span phone);

/* A command on his case; the version he saw is «expect», where it was sent. Takes data over. */
int applicant_do(struct request *rq, const struct case_view *v, const char *type, json_t *data, struct error *error);

/* Puts every file that came into the vault and adds it to the material. Errors: no-file where none came. */
int applicant_attach(struct request *rq, const struct case_view *v, const char *material, struct error *error);

/* The fields «fields.ID» that came and belong to the form, as {id: value}. Notes a field error for each that does not fit. */
json_t *applicant_fields(struct request *rq, const struct case_view *v);

/* What is missing before it can be handed in (again), each with the page where it is mended. */
struct lack_view {
  const char *text, *href;
};
struct lack_view *applicant_lacks(struct request *rq, const struct case_view *v, bool commitment, size_t *ret_n);
bool applicant_may_defer(const struct case_view *v); /* some material that may follow later is not here yet */

/* ---- for the templates ---- */

/* What is still to do on each page of a draft. */
struct task_count {
  size_t fields, fields_open, materials, materials_open, delivery_open;
  size_t may_follow; /* materials not here yet that may come later; not counted as open */
};
struct task_count applicant_count(struct request *rq, const struct case_view *v);

/* The pages of the form, in order: the fields of one group each. */
struct form_part {
  const char *id, *name; /* «premises»; "" */
  size_t fields, open;   /* all, and those not filled in */
};
struct form_part *applicant_parts(struct request *rq, const struct case_view *v, size_t *ret_n);
/* The page of the form that is asked for: index into the parts; -1: all on one page, as in corrections and short forms. */
int applicant_part(struct request *rq, const struct case_view *v);

/* The input of a field, with its value, with what the account knows, or with what was just sent. */
struct input applicant_input(struct request *rq, const struct case_view *v, const struct field_view *f);
/* Which results exist on paper only; NULL: none. */
const char *applicant_paper_only(struct request *rq, const struct case_view *v);
bool applicant_wants_address(const struct case_view *v, const char *mode); /* some result would come by courier */
bool applicant_by_courier(const struct case_view *v);                      /* some result was issued that goes by courier */
bool applicant_may_withdraw(const struct case_view *v);
bool applicant_is_barred(struct request *rq, const struct case_view *v); /* nothing may follow later: credit/credit.h */
const struct input_option *applicant_dates(struct request *rq, const struct gathering *g); /* of a visit, that suit all */
const char *applicant_visit_day(struct request *rq, const struct gathering *g);
const char *applicant_visitors(struct request *rq, const struct gathering *g); /* the departments that come */
const struct question *applicant_question(const struct plan *plan, size_t answer);
const char *applicant_answer_text(const struct request *rq, const struct question *question, const char *text);

/* By «number» and «code». NOT_FOUND no-such-progress for either being wrong; TOO_MANY. */
int applicant_progress(struct request *rq, struct case_view **ret, struct error *error);

#endif
