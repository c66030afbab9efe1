/*
 * The table of keys: who signs what, from which event to which.
 */
#include "engine/internal.h"

#define COLUMNS "name, vkey, file, since, until, first_seq, last_seq, reason"

const struct sql engine_key_enters = {"INSERT INTO ledger_keys (name, vkey, file, since, first_seq) VALUES ($1, $2, $3, $4, $5)"
                                      " ON CONFLICT (vkey) DO UPDATE SET file = excluded.file"};
const struct sql engine_key_ends = {"UPDATE ledger_keys SET until = $2, last_seq = $3, reason = $4 WHERE vkey = $1"};

static const struct sql all = {"SELECT " COLUMNS " FROM ledger_keys ORDER BY name, first_seq, since"};
static const struct sql in_use = {"SELECT " COLUMNS " FROM ledger_keys WHERE name = $1 AND first_seq <= $2"
                                  " ORDER BY (last_seq = 0 OR last_seq >= $2) DESC, first_seq DESC LIMIT 1"};

static struct ledger_key read_key(const struct rows *rows, struct arena *arena)
{
  return (struct ledger_key){.name = rows_str(rows, 0, arena),
                             .vkey = rows_str(rows, 1, arena),
                             .file = rows_str(rows, 2, arena),
                             .since = rows_int(rows, 3),
                             .until = rows_int(rows, 4),
                             .first_seq = rows_int(rows, 5),
                             .last_seq = rows_int(rows, 6),
                             .reason = rows_str(rows, 7, arena)};
}

int engine_keys(struct db *db, struct arena *arena, struct ledger_key **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  struct ledger_key *list = NULL;
  size_t n = 0, cap = 0;
  if (db_query(db, &all, NULL, 0, &rows, error))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = read_key(&rows, arena);
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int key_in_use(struct db *db, struct arena *arena, const char *name, int64_t seq, struct ledger_key *ret, struct error *error)
{
  struct rows rows;
  struct ledger_key key = {0};
  if (DB_QUERY(db, &in_use, &rows, error, V_STR(name), V_INT(seq)))
    return -1;
  if (rows_next(&rows))
    key = read_key(&rows, arena);
  if (rows_close(&rows, error))
    return -1;
  *ret = key;
  return 0;
}
