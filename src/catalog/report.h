/*
 * report.h: collecting findings, with suggestions (private to this room).
 */
#ifndef ONEVISIT_CATALOG_REPORT_H
#define ONEVISIT_CATALOG_REPORT_H

#include "catalog/catalog.h"

#define FINDINGS_MAX 1000 /* what is beyond is not kept: nobody reads more */

struct report {
  struct arena *arena; /* of the findings */
  struct findings *findings;
};

/* By file, line, column and rule; those before «from» stay where they are. */
void findings_sort(struct findings *findings, size_t from);

/* Adds a finding, copying everything but the name of the rule. */
void report_put(struct report *report, struct place place, const char *rule, struct words remedy, struct words wrong);

/* The same, formatted: the same arguments serve both sentences. */
void report_add(struct report *report, struct place place, const char *rule, struct words remedy, const char *zh, const char *en,
                ...) __attribute__((format(printf, 5, 7), format(printf, 6, 7)));

/*
 * The known word nearest to a wrong one, as a remedy: «did you mean …?», or all words where they are few, else «otherwise».
 * at() gives the i-th known word.
 */
typedef const char *known_word(const void *context, size_t i);
struct words report_suggest(struct report *report, struct span wrong, known_word *at, const void *context, size_t n,
                            struct words otherwise);

#endif
