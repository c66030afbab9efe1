/*
 * history.h: what an older system did, kept as event logs (XES) and given back.
 *
 * Each trace of a log is an aggregate of kind «history»: the event «opened» holds the trace's attributes, then one event
 * «step» for each of its steps in the order found, at the step's own time, by its own resource and group. The log's
 * header is an aggregate of kind «history-log». Everything goes through the one write path; ids derive from the log's
 * name, the trace's name and its position, so that importing a log again adds nothing. The mapping: docs/xes.md.
 *
 * A step's actor is «history:» and the resource as found, its agency «history:» and the group as found ("" for none),
 * its role «history», its channel «import». The prefix keeps an older system's names apart from the accounts and
 * departments of this one: the ledger signs with a department's key what that department did, and it did not do this.
 */
#ifndef ONEVISIT_HISTORY_HISTORY_H
#define ONEVISIT_HISTORY_HISTORY_H

#include "base/json.h"
#include "engine/engine.h"
#include "history/xes.h"

#define HISTORY_BODY_MAX ((size_t)1000 * 1000) /* bytes of JSON of one step, of a trace's attributes, of a header */
#define HISTORY_STEPS_MAX 100000               /* of one trace: an aggregate is replayed in memory */

extern const struct kind history_kind;     /* "history" */
extern const struct kind history_log_kind; /* "history-log" */
extern const struct migration history_migrations[];

/* ---- the form in which attributes are stored: [type, key, value or null, children …] in the order found ---- */

/* A new array; owned by the caller. */
json_t *history_attributes_json(const struct xes_attributes *attributes);
/* The same back, in the arena; strings are the JSON's. Error: history-damaged (not of that form). */
int history_attributes_read(struct arena *arena, const json_t *json, struct xes_attributes *ret, struct error *error);
json_t *history_header_json(const struct xes_log *log);
int history_header_read(struct arena *arena, const json_t *json, struct xes_log *ret, struct error *error);

/* ---- import ---- */

/* Told now and then while importing, on the importing thread; pass is 1 (checking) or 2 (importing). */
typedef void history_progress(void *context, int pass, int64_t traces, int64_t steps);

struct history_import {
  const char *path; /* in errors, and where the log has no name of its own, its base name for people */
  const char *name; /* the name to keep it under; NULL: the log's concept:name, or its content's digest */
  struct xes_limits limits;
  history_progress *progress; /* may be NULL */
  void *context;              /* of progress */
};

struct history_imported {
  int64_t log;           /* the aggregate of the header */
  int64_t traces, steps; /* in the file */
  int64_t added;         /* commands that added something; 0 where the log was there already */
  int64_t repeated;      /* commands that were there already */
  char name[200];        /* the log's */
};

/*
 * Imports the log open for reading at fd, from its start. The file is read twice: first all of it is checked and nothing
 * sent, then it is imported with many commands in flight, at a memory that does not grow with the log. What is not
 * seekable is copied to a temporary file first, under the same limits. Errors: those of xes_read() with nothing changed;
 * history-differs (CONFLICT: another log of that name is there, nothing changed); history-moved (the file was altered
 * while it was read); those of the engine. An import that was interrupted is finished by importing the same file again.
 */
int history_import(struct engine *engine, int fd, const struct history_import *import, struct history_imported *ret,
                   struct error *error);

/* ---- export ---- */

struct history_export {
  bool histories;   /* imported logs */
  bool casefiles;   /* the platform's own cases: aggregates of casefile_kind */
  const char *name; /* of one imported log; NULL: all */
  const char *casefile_kind;
};

struct history_exported {
  int64_t logs, traces, steps;
  int64_t unfinished; /* logs whose import was interrupted and not finished */
};

/*
 * Writes one log, from one snapshot of the store: imported traces as they were, log by log in the order they were
 * imported; then each case file as a trace whose events say what happened, when, in which role, agency and channel,
 * and by whom under a pseudonym that holds within this export only. Nothing else of a case file is written. A single imported log
 * keeps its header; several share one. Errors: history-absent (NOT_FOUND: no log of that name), those of the sink and of the store.
 */
int history_export(struct db *db, const struct kind *const *kinds, const struct history_export *what, struct xes_sink sink,
                   struct history_exported *ret, struct error *error);

#endif
