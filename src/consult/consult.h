/*
 * consult.h: questions to the window and their answers, in writing and at once: 「窗口人员在线实时答复办理」 (R32).
 *
 * One aggregate (kind "consultation") a conversation about a thing, an item or a case. Commands (data) → events:
 *   ask {about, subject, text}   applicants → asked; about: "thing", "item" or "case", subject: its id or number
 *   say {text}                   the one who asked, or a clerk → said
 *   close                        either → closed
 *   erase {ground}               who asked, of one that is closed and about no case → erased: nothing of its words is left
 * A conversation waits from a question until a clerk's next words; that time is measured (waited_ms of the event said) and
 * shown to everybody, never promised. What concerns a case is kept with it and found from its page.
 */
#ifndef ONEVISIT_CONSULT_CONSULT_H
#define ONEVISIT_CONSULT_CONSULT_H

#include "engine/engine.h"

extern const struct kind consult_kind;
extern const struct migration consult_migrations[];

#define CONSULT_TEXT_MAX 1000    /* characters of one message */
#define CONSULT_MESSAGES_MAX 200 /* of one conversation: then a new one is begun */

enum consult_state { CONSULT_NONE, CONSULT_WAITING, CONSULT_ANSWERED, CONSULT_CLOSED, CONSULT_ERASED };

struct consult_row {
  int64_t id, version;
  enum consult_state state;
  const char *account; /* actor id of who asked */
  const char *about, *subject;
  moment asked, changed;
  moment waiting; /* since when; 0: nobody waits */
  int messages;
  const char *last_by; /* actor id of the last words */
};

/* One; NOT_FOUND not-found. */
int consult_read(struct db *db, int64_t id, struct arena *arena, struct consult_row *ret, struct error *error);

/* Lists are paged by the last one shown (NULL to begin). */
int consult_waiting(struct db *db, const struct consult_row *after, size_t max, struct arena *arena, struct consult_row **ret,
                    size_t *ret_n, struct error *error); /* who waits longest first */
int consult_of_account(struct db *db, const char *account, const struct consult_row *after, size_t max, struct arena *arena,
                       struct consult_row **ret, size_t *ret_n, struct error *error); /* newest first */
int consult_about(struct db *db, const char *about, const char *subject, const struct consult_row *after, size_t max,
                  struct arena *arena, struct consult_row **ret, size_t *ret_n, struct error *error); /* newest first */

/* The words of a conversation, oldest first. */
struct consult_message {
  moment at;
  const char *by, *role; /* actor id; "applicant" or "clerk" */
  const char *text;
  int64_t waited_ms; /* of an answer: how long the question had waited; else -1 */
};
int consult_messages(struct db *db, int64_t id, struct arena *arena, struct consult_message **ret, size_t *ret_n,
                     struct error *error);

/* What was answered on one day: half of the answers came within median_ms. answers 0: the rest says nothing. */
struct consult_measure {
  int64_t answers, median_ms, longest_ms;
};
int consult_measured(struct db *db, day on, struct consult_measure *ret, struct error *error);
int64_t consult_waiting_count(struct db *db); /* -1 on error */

/* For live pages: moves with every change of a conversation, of the list of those who wait (id 0). */
int64_t consult_version(struct db *db, int64_t id);

#endif
