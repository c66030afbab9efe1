/*
 * casework_view.h: a case as pages show it: everything in the reader's language, nothing to be looked up any more.
 *
 * The applicant's, the public's and the staff's pages share it; what each may see is decided here (enum view_for).
 */
#ifndef ONEVISIT_CASEWORK_CASEWORK_VIEW_H
#define ONEVISIT_CASEWORK_CASEWORK_VIEW_H

#include "casework/casework.h"
#include "web/web.h"

struct promise_thing;

/* VIEW_PUBLIC: by number and code, without names, reasons or certificate numbers; VIEW_STAFF: with who did it and opinions. */
enum view_for { VIEW_PUBLIC, VIEW_APPLICANT, VIEW_STAFF };

struct reason_view {
  const char *item; /* the item that wants it */
  const char *law;  /* «食品安全法实施条例 第十五条»; "" */
};

struct material_view {
  const struct case_material *m;
  const char *name, *kind;
  const char *holder;   /* SOURCE_FETCH: the department that holds it; "" */
  const char *producer; /* SOURCE_RESULT: the item of this case that issues it; "" */
  const char *service;  /* an intermediary's work it takes; "" */
  int service_days;
  struct reason_view *reasons;
  size_t reason_count;
  const struct attachment **files; /* what is attached now */
  size_t file_count;
};

struct field_view {
  const struct case_field *f;
  const char *name, *unit; /* unit "" */
  const char *value;       /* for reading: «是», «2026年11月24日», «320 m²»; "" */
  const char *group;       /* the page of the form: «premises»; "" in plans pinned before forms had pages */
  const char *prefill;     /* what the account knows of it: «name», «id», «phone»; "" */
  struct reason_view *reasons;
  size_t reason_count;
};

struct item_view {
  const struct case_item *it;
  size_t index;
  const char *name, *agency, *state, *tag; /* tag: of components.html */
  const char *due;                         /* «承诺 2026年12月1日前办结（暂定）»; "" when no limit runs */
  const char *result;                      /* name of what it gives */
  const char *until;                       /* of the certificate: a day or «长期有效»; "" before issue */
  const char *delivery;
};

struct paper_view {
  const char *name, *number, *item; /* item: its name; "" for the whole case */
  moment at;
};

struct case_view {
  struct casefile *c;
  int version;           /* for command.expect and the hidden field «expect» */
  const char *pseudonym; /* of the case in the ledger, 32 hex digits; "" for VIEW_PUBLIC */
  const char *name, *state, *tag;
  const char *next; /* what happens next, by when: one or two sentences */
  struct item_view *items;
  struct material_view *materials;
  struct field_view *fields; /* as many as the case has */
  struct paper_view *papers;
  size_t paper_count;
  struct stage_line *timeline; /* newest first */
  size_t timeline_count;
};

/* Everything of a case by its id, in rq->arena. NOT_FOUND not-found. Does not look at who is asking. */
int casework_view(struct request *rq, int64_t id, enum view_for who, struct case_view **ret, struct error *error);

/* ---- words in the reader's language ---- */
const char *words_text(const struct request *rq, struct words words);
const char *case_state_text(const struct request *rq, enum case_state state);
const char *case_state_tag(enum case_state state); /* "", "good", "bad", "wait", "now" */
const char *item_state_text(const struct request *rq, enum item_state state);
const char *item_state_tag(enum item_state state);
const char *agency_text(const struct request *rq, const char *id); /* the id itself where the catalogue has it no more */
const char *due_text(struct request *rq, struct due due);          /* «2026年12月1日（暂定）»; "" for none */
const char *delivery_text(const struct request *rq, const char *mode);
const char *special_text(const struct request *rq, const char *type); /* hearing … */
const char *presence_text(const struct request *rq, const char *why); /* identity … hand-in */

const char *offered_date_text(struct request *rq, const struct offered_date *d); /* «2026年3月5日 下午» */
/* What is proved today of the matter's trips; NULL where the catalogue has it no more. */
const struct promise_thing *case_promise(const struct request *rq, const struct casefile *c);

const char *unit_text(const char *unit); /* as people write it: «m²»; "" for NULL */

/* ---- commands and files ---- */

/*
 * Runs a command for who is signed in, in that role («applicant», «clerk» …) and channel («web», «window»; the API's is
 * «api»). Takes data over. The key is rq_once(). expect: as in struct command. ret may be NULL.
 */
struct as {
  const char *role, *channel;
  int part; /* of a request that runs several commands: 0, 1, …; each has a key of its own */
};
/* What other rooms know and the rules need, put into the data of submit and accept whatever was sent: {barred}. */
int casework_facts(struct request *rq, int64_t id, const char *type, json_t *data, struct error *error);
/* A record of dishonesty stands against the applicant (credit/credit.h). */
int casework_barred(struct request *rq, const struct casefile *c, bool *ret, struct error *error);
int casework_command(struct request *rq, int64_t id, int expect, struct as as, const char *type, json_t *data, struct outcome *ret,
                     struct error *error);

/* Keeps a file that came with this request: {sha256, name, type, size}, as the commands that name files want it. */
int casework_keep_file(struct request *rq, const struct upload *upload, json_t **ret, struct error *error);
/* Sends a file of the case by its number as a download. NOT_FOUND no-file where it was taken out or never was. */
int casework_send_file(struct request *rq, const struct casefile *c, int64_t number, struct error *error);

#endif
