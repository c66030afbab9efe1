/*
 * notice.h: what people are told, by e-mail, short message and WeChat, each once.
 *
 * Mechanisms send the outbox message «notice»: {case, event, item?, day?} or, of a visit to a hall, {visit, event, day}, nothing
 * personal. Its outlet makes a notice of it (kind «notice», one aggregate a message), which goes out by each channel that the
 * applicant has: name, address and words are read from the case or the visit at that moment; what is not so any more (an
 * appointment that was cancelled or moved again) is not told. What was sent is an event of the notice, and nothing goes out that
 * has one.
 *
 * What is promised: each channel gets each notice at least once, and a second time only where we stopped, or lost the answer,
 * between the far end's «taken» and the record of it. The second bears the same Message-ID or Idempotency-Key, so that the far
 * end can know it. A channel that fails for good, or for three days, is recorded as failed and tried no more.
 */
#ifndef ONEVISIT_NOTICE_NOTICE_H
#define ONEVISIT_NOTICE_NOTICE_H

#include "casework/casework.h"
#include "gateway/gateway.h"
#include "web/html.h"

extern const struct kind contact_kind, notice_kind; /* "contact", "notice" */
extern const struct migration notice_migrations[];

/* ---- what is told, and how: one table (notice_words.c) ---- */

struct notice_words {
  const char *event;          /* of the case, or «parcel-…», «visit-…» */
  const char *subject, *text; /* English, keys of the translations; text takes: what («Open a restaurant», a hall), case number or
                                 time of the visit, day */
};
extern const struct notice_words notice_table[];           /* ended by {NULL} */
const struct notice_words *notice_find(struct span event); /* NULL: nobody is told */

enum notice_channel { NOTICE_EMAIL, NOTICE_SMS, NOTICE_WECHAT, NOTICE_CHANNELS };
extern const char *const notice_channels[NOTICE_CHANNELS]; /* "email", "sms", "wechat" */

/* ---- where a person wants them ---- */

struct contact {
  int64_t id;
  const char *email; /* "" none */
  const char *code;  /* that confirms it; "" it is confirmed or there is none */
  int failures;      /* wrong codes; at the fifth another has to be sent */
  bool sms, wechat;
  bool erased;
};
/*
 * Commands of «contact», of the applicant: choose {email, sms, wechat} (a new e-mail address gets a code), confirm {code};
 * erase {ground} of records officers. Errors: bad-email, wrong-code, too-many-codes, not-your-role.
 */
int64_t contact_id(const char *account);
/* By replay; where he never chose: short messages only. */
int contact_read(struct db *db, const char *account, struct arena *arena, struct contact *ret, struct error *error);
/* With the account's erasure; nothing where there is none. */
int contact_erase(struct engine *engine, const char *account, const char *ground, const struct actor *actor, struct error *error);

/* ---- what was told ---- */

enum notice_state { NOTICE_NONE, NOTICE_QUEUED, NOTICE_SENT, NOTICE_FAILED };
struct notice_row {
  int64_t id;
  const char *event, *item;
  moment at;
  enum notice_state states[NOTICE_CHANNELS];
};
/* Of a case, newest first, at most max. */
int notices_of_case(struct db *db, int64_t case_id, size_t max, struct arena *arena, struct notice_row **ret, size_t *ret_n,
                    struct error *error);

/* ---- sending ---- */

struct notices;
struct notices_options {
  struct store *store;
  const char *mail_url;               /* smtp://host:port or smtps://…; NULL: no e-mail */
  const char *mail_from;              /* address */
  const char *mail_user;              /* «user:password», sent only over TLS; NULL none */
  const char *mail_ca;                /* PEM file of the authorities the server's certificate is taken from; NULL: the system's */
  const char *hook_url, *hook_secret; /* of the gateway of short messages and WeChat; url NULL: none */
  const char *site;                   /* where the public reaches us */
};
int notices_open(const struct notices_options *options, struct notices **ret, struct error *error); /* bad-mail */
void notices_close(struct notices *notices);
void notices_serve(struct notices *notices, struct engine *engine); /* from now on the outlets do their work */
#define NOTICE_OUTLETS 5
size_t notices_outlets(struct notices *notices, struct outlet *ret);

/* ---- a message by itself (mail.c): for tests ---- */
struct mail {
  const char *to, *from, *subject, *text; /* UTF-8; text with LF */
  const char *id;                         /* left part of the Message-ID */
  moment at;
};
/* RFC 5322, 2047 and 2045: subject in encoded words, text in base64, lines ended by CR LF and at most 76 long. */
struct span mail_text(struct arena *arena, const struct mail *mail);
bool mail_address(struct span address); /* may stand in a command and a header: RFC 5321 without quoting, ASCII */

#endif
