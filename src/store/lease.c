#include "store/lease.h"

#include <string.h>

#include "store/store_internal.h"

/* The keys of the advisory locks: «onelease» and «oneleads» in ASCII, as two halves in pg_locks. */
#define TURN "8029466701879931749"
#define LEAD "8029466701879927923"
#define HOLDS(key)                                                                                                                 \
  "l.locktype = 'advisory' AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"   \
  " AND ((l.classid::bigint << 32) | l.objid::bigint) = " key

static const struct sql take = {"SELECT pg_advisory_lock(" TURN ")"};
static const struct sql give = {"SELECT pg_advisory_unlock(" TURN ")"};
static const struct sql wanted = {"SELECT 1 FROM pg_locks l WHERE " HOLDS(TURN) " AND NOT l.granted LIMIT 1"};
static const struct sql lead = {"SELECT pg_try_advisory_lock(" LEAD ")"};
/* All sessions of the node that holds it, by their name. */
static const struct sql end_holder = {
    "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()"
    " AND a.application_name IN (SELECT h.application_name FROM pg_locks l JOIN pg_stat_activity h ON h.pid = l.pid"
    " WHERE " HOLDS(TURN) " AND l.granted)"};

static int ask(struct db *db, const struct sql *sql, int64_t *ret, struct error *error)
{
  struct rows rows;
  *ret = 0;
  if (db_query(db, sql, NULL, 0, &rows, error))
    return -1;
  while (rows_next(&rows))
    *ret += rows_int(&rows, 0);
  return rows_close(&rows, error);
}

static bool alone(const struct db *db)
{
  return store_is_sqlite(db->store);
}

int lease_take(struct db *db, struct error *error)
{
  int64_t ended;
  struct error why = {0};
  if (alone(db) || ask(db, &take, &ended, &why) == 0)
    return 0;
  if (why.name && strcmp(why.name, "store-locked") == 0) { /* the lock's time is over: its holder is stopped, or cut off */
    if (ask(db, &end_holder, &ended, error))
      return -1;
    return ask(db, &take, &ended, error);
  }
  *error = why;
  return -1;
}

int lease_give(struct db *db, struct error *error)
{
  int64_t given;
  return alone(db) ? 0 : ask(db, &give, &given, error);
}

int lease_wanted(struct db *db, bool *ret, struct error *error)
{
  int64_t found = 0;
  int bad = alone(db) ? 0 : ask(db, &wanted, &found, error);
  *ret = found > 0;
  return bad;
}

int lease_lead(struct db *db, bool *ret, struct error *error)
{
  int64_t got = 1;
  int bad = alone(db) ? 0 : ask(db, &lead, &got, error);
  *ret = !bad && got;
  return bad;
}
