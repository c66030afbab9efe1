/*
 * draft.h: a change of the catalogue on its way: written, checked, reviewed by somebody else, published (R69, R72, R76).
 * docs/edit.md
 *
 * An aggregate (kind "draft") is a version that it is based on and whole texts of the files that it changes. Commands (data) →
 * events: create {title, base}                                    editors → created change {file, was, digest, size} editors, while
 * open → changed; was: the digest the editor began from revert {file}                                           editors → reverted:
 * as in the base again rebase {base, conflicts}                                editors → rebased: on the version in force;
 * conflicts were changed there too checked {content, base, fit, version, findings, report} the system → checked submit {reason}
 * editors; what was checked fits → submitted withdraw {}                                             editors → withdrawn: open
 * again review {legality, legality_reason, reasonableness, reasonableness_reason} legal reviewers who wrote nothing in it →
 * approved, or returned (open again) release {version} / refuse {report, findings}           the system, having proved it again →
 * released, or refused (open again) discard {}                                              editors → discarded Texts and reports
 * lie in the store's attachments, by their digest (edit/pack.h).
 */
#ifndef ONEVISIT_EDIT_DRAFT_H
#define ONEVISIT_EDIT_DRAFT_H

#include "engine/engine.h"

enum draft_stage { DRAFT_NONE, DRAFT_OPEN, DRAFT_SUBMITTED, DRAFT_APPROVED, DRAFT_PUBLISHED, DRAFT_DISCARDED };

enum { DRAFT_TITLE_MAX = 200, DRAFT_REASON_MAX = 2000, DRAFT_FILES_MAX = 500 };

struct draft_file {
  const char *name;   /* «items/x.yaml» */
  const char *digest; /* of its text; "" where the file is taken away */
  int64_t size;
  const char *by; /* who wrote it last */
  bool conflict;  /* the version in force has changed it too: it must be written again */
};

struct draft_check {
  int64_t content; /* of the draft when it was checked; 0: never */
  bool fit;
  int64_t findings;
  const char *version; /* which catalogue it would be; "" where it does not load */
  const char *report;  /* digest */
  moment at;
};

struct draft_review {
  bool legality, reasonableness;
  const char *legality_reason, *reasonableness_reason, *by;
  moment at; /* 0: none yet */
};

struct draft {
  enum draft_stage stage;
  const char *title, *base, *author;
  struct draft_file *files; /* by name */
  size_t file_count;
  const char *const *authors; /* who created or wrote: none of them reviews it */
  size_t author_count;
  int64_t content; /* counts what could change the outcome of a check */
  struct draft_check check;
  const char *reason; /* for the review */
  struct draft_review review;
  const char *version; /* when published */
};

extern const struct kind draft_kind;
extern const struct migration draft_migrations[];

const struct draft_file *draft_find(const struct draft *draft, const char *file);
bool draft_wrote(const struct draft *draft, const char *actor);
bool draft_fits(const struct draft *draft); /* checked as it is now, and fit */
/* «items/x.yaml», «materials.yaml»: a name that a catalogue has, lower case. */
bool draft_file_name(struct span name);

/* Does one command for a person or the system; data is taken over. */
int draft_do(struct engine *engine, int64_t id, int expect, const char *type, const char *key, struct actor actor, json_t *data,
             struct error *error);
extern const struct actor draft_system;

/* By replay, in the arena. Error no-draft. */
int draft_read(struct db *db, int64_t id, struct arena *arena, struct draft *ret, struct error *error);

struct draft_row {
  int64_t id;
  const char *title, *author;
  enum draft_stage stage;
  bool fit, checked; /* as it is now */
  int64_t files;
  moment created, changed;
};
/* Newest first, before the id given (0: from the newest), at most max; open: only those that are not at their end. */
int draft_list(struct db *db, bool open, int64_t before, size_t max, struct arena *arena, struct draft_row **ret, size_t *ret_n,
               struct error *error);

#endif
