#include <string.h>

#include "base/text.h"
#include "record/record.h"

/*
 * A case is found by its pseudonym: one index on a table with a row a case, not on one with a row an event. The key room's
 * tables are read here and written nowhere.
 */
const struct migration record_migrations[] = {
    {"record", 1, "CREATE INDEX record_pseudonym ON aggregates (pseudonym);\n"},
    {0},
};

#define STEP                                                                                                                       \
  "SELECT e.seq, a.pseudonym, e.kind, e.type, e.item, e.agency, e.at, e.version, l.hash FROM events e"                             \
  " JOIN aggregates a ON a.id = e.aggregate LEFT JOIN leaves l ON l.seq = e.seq"

static const struct sql step_at = {STEP " WHERE e.seq = $1"};
static const struct sql head_of = {"SELECT id, head FROM aggregates WHERE pseudonym = $1"};
static const struct sql chain_from = {
    "WITH RECURSIVE chain AS ("
    " SELECT seq, prev, 1 AS n FROM events WHERE seq = $1 AND aggregate = $2"
    " UNION ALL SELECT e.seq, e.prev, c.n + 1 FROM events e JOIN chain c ON e.seq = c.prev WHERE c.n < $3)"
    " SELECT e.seq, a.pseudonym, e.kind, e.type, e.item, e.agency, e.at, e.version, l.hash FROM chain c JOIN events e ON e.seq = c.seq"
    " JOIN aggregates a ON a.id = e.aggregate LEFT JOIN leaves l ON l.seq = e.seq ORDER BY c.n"};
static const struct sql all_keys = {"SELECT name, vkey, since FROM ledger_keys ORDER BY name, since"};
static const struct sql keys_named = {"SELECT vkey FROM ledger_keys WHERE name = $1"};
static const struct sql published = {"SELECT size, at, COALESCE(published_at, 0), COALESCE(published, note) FROM checkpoints"
                                     " WHERE size < $1 AND published_at > 0 ORDER BY size DESC LIMIT $2"};
static const struct sql last_signed = {"SELECT size, at, COALESCE(published_at, 0), COALESCE(published, note) FROM checkpoints"
                                       " ORDER BY size DESC LIMIT 1"};
static const struct sql signed_for = {"SELECT size, at, COALESCE(published_at, 0), COALESCE(published, note) FROM checkpoints"
                                      " WHERE size = $1"};

/* ---- steps ---- */

static struct record_step read_step(struct rows *rows, struct arena *arena)
{
  struct span pseudonym = rows_span(rows, 1), hash = rows_span(rows, 8);
  struct record_step s = {
      .index = rows_int(rows, 0) - 1,
      .type = arena_printf(arena, "%s.%s", rows_str(rows, 2, arena), rows_str(rows, 3, arena)),
      .item = rows_str(rows, 4, arena),
      .agency = rows_str(rows, 5, arena),
      .at = rows_int(rows, 6),
      .version = rows_int(rows, 7),
      .sealed = hash.n == DIGEST_BYTES,
  };
  if (pseudonym.n == sizeof s.pseudonym)
    memcpy(s.pseudonym, pseudonym.p, sizeof s.pseudonym);
  if (s.sealed)
    memcpy(s.hash.b, hash.p, DIGEST_BYTES);
  return s;
}

static int find_step(struct db *db, int64_t index, struct arena *arena, struct record_step *ret, bool *ret_found,
                     struct error *error)
{
  struct rows rows;
  if (index < 0 || index == INT64_MAX) {
    *ret_found = false;
    return 0;
  }
  if (DB_QUERY(db, &step_at, &rows, error, V_INT(index + 1)))
    return -1;
  *ret_found = rows_next(&rows);
  if (*ret_found)
    *ret = read_step(&rows, arena);
  return rows_close(&rows, error);
}

static int no_receipt(struct error *error)
{
  return error_set(error, ERROR_NOT_FOUND, "no-receipt", "没有这份回执：请核对序号与办件代号",
                   "There is no such receipt: check its number and the case's pseudonym");
}

int record_step(struct db *db, int64_t index, struct span pseudonym, struct arena *arena, struct record_step *ret,
                struct error *error)
{
  unsigned char wanted[LEAF_PSEUDONYM_BYTES];
  struct record_step step;
  bool found;
  if (!hex_decode(pseudonym, wanted, sizeof wanted))
    return no_receipt(error);
  if (find_step(db, index, arena, &step, &found, error))
    return -1;
  if (!found || memcmp(step.pseudonym, wanted, sizeof wanted) != 0)
    return no_receipt(error);
  *ret = step;
  return 0;
}

int record_step_by_hash(struct db *db, int64_t index, struct span hash, struct arena *arena, struct record_step *ret,
                        struct error *error)
{
  struct digest wanted;
  struct record_step step;
  bool found;
  if (!hex_decode(hash, wanted.b, sizeof wanted.b))
    return no_receipt(error);
  if (find_step(db, index, arena, &step, &found, error))
    return -1;
  if (!found || !step.sealed || !digest_eq(&step.hash, &wanted))
    return no_receipt(error);
  *ret = step;
  return 0;
}

static int find_case(struct db *db, struct span pseudonym, int64_t *ret_id, int64_t *ret_head, struct error *error)
{
  unsigned char wanted[LEAF_PSEUDONYM_BYTES];
  struct rows rows;
  *ret_id = *ret_head = 0;
  if (!hex_decode(pseudonym, wanted, sizeof wanted))
    return 0;
  if (DB_QUERY(db, &head_of, &rows, error, V_BYTES(wanted, sizeof wanted)))
    return -1;
  if (rows_next(&rows)) {
    *ret_id = rows_int(&rows, 0);
    *ret_head = rows_int(&rows, 1);
  }
  return rows_close(&rows, error);
}

int record_steps(struct db *db, struct span pseudonym, int64_t from, size_t max, struct arena *arena, struct record_step **ret,
                 size_t *ret_n, struct error *error)
{
  struct rows rows;
  int64_t id, head;
  struct record_step *list = NULL;
  size_t n = 0, cap = 0;
  if (find_case(db, pseudonym, &id, &head, error) ||
      DB_QUERY(db, &chain_from, &rows, error, V_INT(from < 0 ? head : from + 1), V_INT(id), V_INT((int64_t)max)))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = read_step(&rows, arena);
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

/* ---- keys ---- */

int record_keys(struct db *db, struct arena *arena, struct record_key **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  struct record_key *list = NULL;
  size_t n = 0, cap = 0;
  if (db_query(db, &all_keys, NULL, 0, &rows, error))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = (struct record_key){rows_str(&rows, 0, arena), rows_str(&rows, 1, arena), rows_int(&rows, 2)};
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int record_keys_named(struct db *db, struct span name, struct arena *arena, struct span *ret, struct error *error)
{
  struct rows rows;
  const char *list = "";
  if (DB_QUERY(db, &keys_named, &rows, error, V_TEXT(name)))
    return -1;
  while (rows_next(&rows))
    list = arena_printf(arena, "%s%s\n", list, rows_str(&rows, 0, arena));
  if (rows_close(&rows, error))
    return -1;
  *ret = span_of(list);
  return 0;
}

/* ---- checkpoints ---- */

static int read_checkpoints(struct db *db, const struct sql *sql, const struct value *values, size_t values_n, struct arena *arena,
                            struct record_checkpoint **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  struct record_checkpoint *list = NULL;
  size_t n = 0, cap = 0;
  if (db_query(db, sql, values, values_n, &rows, error))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = (struct record_checkpoint){rows_int(&rows, 0), rows_int(&rows, 1), rows_int(&rows, 2),
                                           arena_span(arena, rows_span(&rows, 3))};
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int record_checkpoints(struct db *db, int64_t below, size_t max, struct arena *arena, struct record_checkpoint **ret, size_t *ret_n,
                       struct error *error)
{
  const struct value values[] = {V_INT(below > 0 ? below : INT64_MAX), V_INT((int64_t)max)};
  return read_checkpoints(db, &published, values, 2, arena, ret, ret_n, error);
}

static int read_one(struct db *db, const struct sql *sql, const struct value *values, size_t values_n, struct arena *arena,
                    struct record_checkpoint *ret, struct error *error)
{
  struct record_checkpoint *list;
  size_t n;
  if (read_checkpoints(db, sql, values, values_n, arena, &list, &n, error))
    return -1;
  *ret = n ? list[0] : (struct record_checkpoint){0};
  return 0;
}

int record_last_signed(struct db *db, struct arena *arena, struct record_checkpoint *ret, struct error *error)
{
  return read_one(db, &last_signed, NULL, 0, arena, ret, error);
}

int record_checkpoint_of(struct db *db, int64_t size, struct arena *arena, struct record_checkpoint *ret, struct error *error)
{
  return read_one(db, &signed_for, &V_INT(size), 1, arena, ret, error);
}
