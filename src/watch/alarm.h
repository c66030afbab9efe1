/*
 * alarm.h: what the monitor found, on the ledger: nobody can make an alarm unhappen, and each is answered with a reason.
 *
 * One aggregate (kind "alarm") for what was found where, so that one thing raises one alarm. Commands (data) → events:
 *   raise {word, index, subject, zh, en}   the system → raised
 *   acknowledge {reason}                   supervisors → acknowledged
 */
#ifndef ONEVISIT_WATCH_ALARM_H
#define ONEVISIT_WATCH_ALARM_H

#include "engine/engine.h"
#include "watch/monitor.h"
#include "web/web.h"

extern const struct kind alarm_kind;
extern const struct migration watch_migrations[];
extern const struct route watch_routes[]; /* /alarms: supervisors; /keys: everybody, rotation for administrators; /log/keys */

/* Raises it once; what is raised already is left alone. */
int alarm_raise(struct engine *engine, const struct anomaly *found, struct error *error);

struct alarm_row {
  int64_t id, index;
  const char *word, *subject, *zh, *en;
  moment raised, acknowledged; /* acknowledged 0: open */
  const char *by, *reason;
};
/* Open ones first, then the newest; after: the last one shown, NULL to begin. */
int alarm_list(struct db *db, const struct alarm_row *after, size_t max, struct arena *arena, struct alarm_row **ret, size_t *ret_n,
               struct error *error);
int alarm_read(struct db *db, int64_t id, struct arena *arena, struct alarm_row *ret, struct error *error); /* not-found */
/* How many are open; -1 on error. */
int64_t alarm_open_count(struct db *db);

#endif
