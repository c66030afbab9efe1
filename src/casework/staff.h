/*
 * staff.h: what the pages of the staff share: the file of a case as they see it, lists of work, and sending a command from
 * a form. Everything returned lives in the request's arena.
 */
#ifndef ONEVISIT_CASEWORK_STAFF_H
#define ONEVISIT_CASEWORK_STAFF_H

#include <string.h>

#include "account/account.h"
#include "casework/casework_view.h"
#include "web/web.h"

/* Who has to do with cases; who keeps the accounts or the catalogue has not. An officer, besides: see staff_read(). */
#define CASE_STAFF (ROLE_CLERK | ROLE_OFFICER | ROLE_ISSUER | ROLE_SUPERVISOR | ROLE_RECORDS)

/* ---- the file of a case ---- */

struct staff_file {
  struct case_view *v;
  struct casefile *c;             /* v->c */
  const char *base, *link;        /* "/desk"; base + "/cases/" + number */
  const char *done, *done_papers; /* what was done just now and the papers it served; NULL: nothing */
  const char *apart;              /* why this person may neither review nor decide here; NULL: he may */
};

/* The case named by {no}. Officers see the cases their agency takes part in (error not-your-agency). */
int staff_read(struct request *rq, const char *base, struct staff_file *ret, struct error *error);
int staff_find(struct request *rq, int64_t *ret, struct error *error); /* only its id */

/* ---- lists of work ---- */

struct staff_inbox {
  const char *base, *title, *lead; /* "/desk" */
  struct task *tasks;
  size_t n;
  const char *next;    /* of the next page; NULL: this is the last */
  const char *missing; /* the number that was searched for in vain; NULL */
};
#define INBOX_PAGE 25

/* By age for role and agency; by_due: by the day it is due, without one last. Reads the query's «after». */
int staff_tasks(struct request *rq, const char *role, const char *agency, bool by_due, struct staff_inbox *ret,
                struct error *error);
int staff_inbox_page(struct request *rq, struct staff_inbox *inbox, struct error *error); /* with the search by number */
int staff_inbox_json(struct request *rq, const char *role, const char *agency, bool by_due, struct error *error);

/* ---- commands ---- */

/* The role this person uses for the command: the first of his that may; else his first one, which the rules refuse. */
const char *staff_role(const struct request *rq, const char *command);

/* As casework_command(), for one of several commands of one form: the suffix tells them apart in its idempotency key. */
int staff_send(struct request *rq, int64_t id, int expect, struct as as, const char *type, json_t *data, const char *suffix,
               struct outcome *ret, struct error *error);

/*
 * A form's field belongs to the form «key» of the page («decide-2»): fname() gives its name, and its value is read back by
 * the hidden field «form».
 */
const char *fname(struct request *rq, const char *name, const char *key);
struct html staff_hidden(struct request *rq, const struct staff_file *f, const char *key); /* guard, version and form */

/* Data of the command from the form: the arguments that the table of commands knows. */
json_t *staff_form_data(struct request *rq);

/* The photographs that came in the field of that name, into data: whatever it named before is gone. */
int staff_keep_photos(struct request *rq, const char *field, json_t *data, struct error *error);

/* What every action ends in: done → back to the page with a notice; refused → the page again, the error beside its field. */
typedef int staff_show(struct request *rq, unsigned status, struct error *error);
int staff_act(struct request *rq, const char *base, const char *role, staff_show *show, struct error *error);
int staff_again(struct request *rq, const struct error *why, staff_show *show, struct error *error);

/* ---- words ---- */

const char *staff_agency(const struct request *rq, const char *id);    /* with the service centre */
const char *staff_name(struct request *rq, const char *actor);         /* «陈静» of "staff:chen" */
const char *staff_due(struct request *rq, day due);                    /* «3 working days left»; "" for none */
const char *staff_due_kind(const struct request *rq, day due);         /* of a tag */
const char *staff_task(struct request *rq, const struct task *t);      /* «踏勘», «作出决定» */
const char *staff_key(struct request *rq, const char *name, size_t i); /* "decide", 2 → "decide-2" */
const char *source_text(const struct request *rq, enum source source);
const struct input_option *staff_options(struct request *rq, const char *const *values,
                                         const char *(*words)(const struct request *rq, const char *value));

/* ---- for the templates of one desk ---- */

bool staff_sent(const struct request *rq, const char *name, const char *value); /* is this box ticked? */
bool staff_open(const struct request *rq, const char *key);                     /* the form that was sent and refused */
bool staff_outstanding(const struct casefile *c);                               /* deferrable materials have not come */
bool staff_deferred(const struct casefile *c);                                  /* accepted, and some are still to come */
const char *staff_field_name(struct request *rq, const char *field);            /* of the input */
const char *staff_material_name(struct request *rq, const char *material);
extern const char *const staff_modes[], *const staff_presences[], *const staff_specials[]; /* ended by NULL */

const struct input_option *desk_choices(struct request *rq, const struct question *q);
const struct input_option *desk_districts(struct request *rq);

bool office_concerns(const struct request *rq, const struct casefile *c, size_t item); /* his agency decides or assists */
bool office_wants(const struct case_material *m, size_t item);                         /* the item wants the material */
bool office_may_step(const struct request *rq, const struct casefile *c, size_t step); /* it is his to do now */
bool office_failed(const struct casefile *c, size_t item);
const char *office_why_not(struct request *rq, const struct staff_file *f, size_t item); /* nothing to do: why */

const struct input_option *issue_modes(struct request *rq, const struct case_item *it);

#endif
