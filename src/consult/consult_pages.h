/*
 * consult_pages.h: /consult for applicants, /desk/consult for clerks; /api/consult says to everybody how long answers took.
 */
#ifndef ONEVISIT_CONSULT_CONSULT_PAGES_H
#define ONEVISIT_CONSULT_CONSULT_PAGES_H

#include "consult/consult.h"
#include "web/web.h"

extern const struct route consult_routes[];

/* Of a live stream's topic, «consult/ID»; 0 for the list of those who wait. */
int64_t consult_live_version(void *context, struct db *db, const char *topic, moment now);

/* ---- for the templates ---- */

struct consult_line {
  const struct consult_row *row;
  const char *topic, *link; /* what it is about, in words; its own page */
  const char *state, *tag;
};

struct consult_list {
  const char *base, *title; /* "/consult" or "/desk/consult" */
  struct consult_line *lines;
  size_t n;
  const char *next; /* NULL: the last page */
  const char *live; /* the stream of the list; NULL: it does not move by itself */
  int64_t version;  /* of the stream */
  struct consult_measure today;
  bool desk;
};

struct consult_view {
  const char *base;
  const struct consult_row *row;
  const char *topic, *topic_link;
  struct consult_message *messages;
  size_t n;
  bool desk;
  struct consult_measure today;
};

struct consult_form {
  const char *about, *subject, *topic;
  struct consult_measure today;
};

const char *consult_speaker(struct request *rq, const struct consult_view *v, const struct consult_message *m);
const char *consult_minutes(struct request *rq, int64_t ms); /* «不到 1 分钟» */
/* «今天的答复一半在 3 分钟内（共 12 次）», or that nothing was measured yet. */
const char *consult_measured_words(struct request *rq, const struct consult_measure *measure);

#endif
