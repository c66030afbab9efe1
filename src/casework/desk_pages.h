/*
 * desk_pages.h: the pages of those who work on cases: the window desk, the departments, the issuing desk, the overview; and
 * the same as JSON. What may be done is decided by the rules (casework.c): a page only leaves out what they would refuse and
 * says why.
 */
#ifndef ONEVISIT_CASEWORK_DESK_PAGES_H
#define ONEVISIT_CASEWORK_DESK_PAGES_H

#include "web/web.h"

/* Taking an application in: at the desk for whoever comes, or from another room for somebody it knows already. */
struct intake {
  const char *base;         /* «/desk/new»: the choice of a matter; the form of a matter is BASE/THING */
  const char *name, *phone; /* known already; "" */
  const char *account;      /* the case becomes this account's where the identity number typed is its own; "" */
};
#define INTAKE_FIELDS                                                                                                              \
  {"thing", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "事项", .en = "matter"},                                                    \
      {"applicant_name", IN_FORM, TYPE_TEXT, true, .max = 100, .zh = "申请人姓名或名称", .en = "the applicant's name"},            \
      {"applicant_id", IN_FORM, TYPE_TEXT, true, .max = 18, .zh = "证件号码", .en = "the identity number"},                        \
      {"applicant_phone", IN_FORM, TYPE_TEXT, true, .max = 20, .zh = "联系电话", .en = "the phone number"},                        \
  {                                                                                                                                \
    "district", IN_FORM, TYPE_TEXT, false, .max = 12, .zh = "所在区", .en = "the district"                                         \
  }
int intake_choose(struct request *rq, const struct intake *in);
int intake_show(struct request *rq, const struct intake *in, struct error *error);
/* Begins the case; *ret_id 0: something was wrong, and the form has been answered again. */
int intake_begin(struct request *rq, const struct intake *in, int64_t *ret_id, const char **ret_number, struct error *error);

extern const struct route desk_routes[];      /* /desk: clerks; the files of a case, for all staff */
extern const struct route office_routes[];    /* /office: officers */
extern const struct route issue_routes[];     /* /issue: the issuing desk */
extern const struct route overview_routes[];  /* /overview: supervisors */
extern const struct route records_routes[];   /* /records: records officers */
extern const struct route staff_api_routes[]; /* /api/…/inbox, /api/cases/{no}/commands/{command}, /api/cases/{no}/history */

#endif
