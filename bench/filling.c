#include "filling.h"

#include "base/digest.h"
#include "workload.h"

#define GROUP 20000
#define CASES_AT_ONCE 5000 /* under way beside one another */

static const struct sql insert_event = {
    "INSERT INTO events (seq, kind, aggregate, version, prev, type, at, actor, role, agency, channel, item, key, body, salt)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"};
static const struct sql save_aggregate = {"INSERT INTO aggregates (id, kind, version, head, pseudonym) VALUES ($1, $2, $3, $4, $5)"
                                          " ON CONFLICT (id) DO UPDATE SET version = excluded.version, head = excluded.head"};

/* Cases come in waves: CASES_AT_ONCE of them, each of which gets its events in turn. */
static struct permit_row row_of(int64_t seq)
{
  const int64_t wave = (int64_t)CASES_AT_ONCE * EVENTS_PER_CASE;
  int64_t within = (seq - 1) % wave;
  int step = (int)(within / CASES_AT_ONCE);
  size_t which = (size_t)((seq - 1) / wave * CASES_AT_ONCE + within % CASES_AT_ONCE);
  return (struct permit_row){
      .seq = seq, .id = permit_id(which), .prev = step ? seq - CASES_AT_ONCE : 0, .version = step + 1, .at = 1763950000000 + seq};
}

static int put(struct db *db, int64_t seq, struct error *error)
{
  struct value values[PERMIT_VALUES_MAX];
  unsigned char salt[32];
  struct permit_row row = row_of(seq);
  random_bytes(salt, sizeof salt);
  (void)permit_values(PERMIT_EVENT, &row, 0, values);
  values[14] = V_BYTES(salt, sizeof salt);
  if (db_exec(db, &insert_event, values, 15, error))
    return -1;
  return db_exec(db, &save_aggregate, values, permit_values(PERMIT_AGGREGATE, &row, 0, values), error);
}

void fill_events(const char *url, int64_t first, int64_t last)
{
  struct store *store;
  struct db *db;
  struct error error = {0};
  if (store_open(url, &store, &error) || store_connect(store, DB_WRITE, &db, &error))
    give_up_with(url, &error);
  for (int64_t seq = first; seq <= last;) {
    int64_t end = seq + GROUP - 1 < last ? seq + GROUP - 1 : last;
    int bad = db_begin(db, &error);
    for (; !bad && seq <= end; seq++)
      bad = put(db, seq, &error);
    if (bad || db_commit(db, &error))
      give_up_with(url, &error);
  }
  db_close(db);
  store_close(store);
}
