/*
 * study.h: a catalogue as it is or would be: loaded, proved, compared with another, linted, advised on, and told as JSON that pages
 * read: what the workshop's jobs are made of. The files live in the study's arena.
 */
#ifndef ONEVISIT_EDIT_STUDY_H
#define ONEVISIT_EDIT_STUDY_H

#include "edit/pack.h"
#include "edit/workshop.h"

#define REPORT_MAX ((size_t)64 << 20)

struct json_writer;
struct proof;

struct study {
  struct arena arena;
  struct store *store;
  bool (*progress)(void *context, enum job_phase phase, size_t done, size_t all); /* false stops */
  void *context;
  struct catalog_file *files; /* by name */
  size_t file_count;
  const char *const *changed; /* names of files whose advice is of interest; NULL: all */
  size_t changed_count;
  struct catalog *catalog; /* NULL where it does not load */
  struct findings findings;
  struct proof *proof; /* NULL where it does not load */
  bool fit;
  struct buf report; /* JSON, docs/edit.md */
};

struct draft;
/* Errors: the store's. */
int study_draft(struct study *study, struct db *db, const struct draft *draft, struct error *error); /* files: base and changes */
int study_version(struct study *study, struct db *db, const char *version, struct error *error);     /* files: of a published one */
/* Fills in the rest; before is compared with (NULL: not). Errors only where it could not be done at all. */
int study_run(struct study *study, const struct catalog *before, struct error *error);
/* Of a fit one: its files and its proof are kept, an edition is made of it (the study no longer has the catalogue). */
int study_edition(struct study *study, struct hex *ret_pack, struct edition **ret, struct error *error);
void study_release(struct study *study);

/* How many mistakes, or persons for whom a promise is not kept. */
size_t study_found(const struct study *study);

int study_lint(struct study *study, struct error *error);   /* into the report */
int study_advice(struct study *study, struct error *error); /* the same */

/* ---- what the two files share ---- */

bool study_load(struct study *study); /* false: findings say why, or it was stopped */
void report_words(struct json_writer *w, const char *key, struct words words);
void report_place(struct json_writer *w, struct place place);
void report_lint(struct study *study, struct json_writer *w, const char *key);
int report_end(struct study *study, struct error *error);

#endif
