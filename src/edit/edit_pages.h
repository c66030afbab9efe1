/*
 * edit_pages.h: the desk of the catalogue's editors: /editor and below. They need rq->app->shelf, ->workshop and ->store.
 */
#ifndef ONEVISIT_EDIT_EDIT_PAGES_H
#define ONEVISIT_EDIT_EDIT_PAGES_H

#include "edit/draft.h"
#include "edit/study.h"
#include "web/web.h"

extern const struct route edit_routes[];

#define EDIT_ROLES (ROLE_EDITOR | ROLE_LEGAL)

/* ---- a report, for pages (report.c) ---- */

struct finding_view {
  const char *file, *rule, *wrong, *fix;
  int64_t line, column;
  const char *href;    /* where it can be mended; NULL */
  const char *excerpt; /* the line itself; NULL where the text is not at hand */
};

struct change_person {
  const char *effect, *kind; /* «worse», and the tag's kind */
  const char *who, *figures, *causes;
  const char **said; /* ended by NULL */
};

struct change_view {
  const char *thing, *name, *note; /* note: «new», «gone», or NULL */
  struct change_person *persons;
  size_t n, more;
  const char *same; /* aspects that are proved the same for everybody; "" */
};

struct report_view {
  bool there, fit, loads;
  const char *solver;
  int64_t things, items, proved, excused, failed, ms;
  struct finding_view *findings, *advice;
  size_t finding_count, advice_count;
  struct change_view *changes;
  size_t change_count, changes_more;
  bool compared;
};

/* digest "": there is none. href_head is what links to a file's page begin with. */
int report_read(struct request *rq, const char *digest, const char *href_head, struct report_view *ret, struct error *error);
int report_parse(struct request *rq, struct span text, const char *href_head, struct report_view *ret, struct error *error);
/* Findings as they come from loading, only those of one file where it is given. */
struct finding_view *report_findings(struct request *rq, const struct findings *findings, const char *file, struct span text,
                                     size_t *ret_n);
const char *report_excerpt(struct arena *arena, struct span text, int64_t line); /* NULL: no such line */

struct advice_view {
  const char *todo, *law, *href, *place;
  const char *trips, *materials, *days; /* saved */
  int64_t things;
  const char *thing, *thing_name, *example, *plan;
};
int report_advice(struct request *rq, struct span text, struct advice_view **ret, size_t *ret_n, int64_t *ret_all,
                  struct error *error);

/* ---- what the pages show ---- */

struct home_page {
  struct draft_row *list;
  size_t n;
  const char *next, *title; /* next NULL: the last page */
  bool all;                 /* those at their end too */
};

struct event_line {
  const char *text, *detail, *by, *when;
};

struct draft_page {
  int64_t id;
  struct draft draft;
  struct report_view report;
  struct job_view check, publish;
  bool current, moved; /* the report is of the draft as it is; another version is in force than its base */
  bool mine;           /* wrote in it: may not review */
  const char *done;    /* what has just been done; NULL */
  struct event_line *events;
  size_t event_count;
  const char *older;        /* the events before these; NULL: there are none */
  const char *const *who;   /* everybody that the page names, … */
  const char *const *names; /* … and his name */
  size_t who_count;
};

struct file_page {
  int64_t id; /* of the draft; 0: the version in force */
  struct draft draft;
  const char *file;
  struct span text, base; /* base: of the version that the draft is based on; p NULL: none */
  bool is_new, changed, removed, conflict, saved, loads;
  const char *was;
  struct finding_view *findings, *proof;
  size_t finding_count, proof_count;
  struct key_help *help;
  size_t help_count;
  const struct input_option *drafts; /* that it can be changed in */
  int64_t mark;                      /* the line to look at; 0 */
};

struct file_line {
  const char *name, *words;
};
struct files_page {
  int64_t draft; /* 0: look only */
  struct file_line *list;
  size_t n;
  int64_t page, pages, total;
};

struct list_page {
  struct job_view job;
  struct report_view report;
  struct advice_view *advice;
  size_t advice_count;
  int64_t all;
};

struct term_view {
  struct term term;
  const char *by;
  bool in_force, kept;
};
struct terms_page {
  struct term_view *list;
  size_t n;
  const char *next, *version; /* version: the one being put back, or asked about; NULL */
  struct job_view job;
  struct report_view report; /* of one that does not pass any more */
  bool done;
};

const char *edit_stage_words(const struct request *rq, enum draft_stage stage);
const char *edit_stage_kind(enum draft_stage stage);
const char *edit_phase_words(struct request *rq, const struct job_view *job);
const char *edit_file_path(struct request *rq, int64_t draft, const char *file); /* of its page; draft 0: in force */
const char *edit_name(const struct draft_page *page, const char *actor);
struct actor edit_actor(const struct request *rq, const char *role);

/* The routes' handlers of one draft, in edit_draft_pages.c. */
route_handler draft_show, draft_check, draft_submit, draft_withdraw, draft_review_post, draft_publish, draft_rebase, draft_discard,
    draft_revert, draft_remove, file_show, file_save, draft_new_file;

#endif
