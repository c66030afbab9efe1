#include <string.h>

#include "courier/internal.h"

const struct migration courier_migrations[] = {
    {"courier", 1,
     "CREATE TABLE parcels (\n"
     "  id BIGKEY,\n"
     "  case_id BIGINT NOT NULL,\n"
     "  number TEXT NOT NULL,\n"
     "  item TEXT NOT NULL,\n"
     "  result TEXT NOT NULL,\n"
     "  state BIGINT NOT NULL,\n"
     "  tracking TEXT NOT NULL,\n"
     "  place TEXT NOT NULL,\n"
     "  reason TEXT NOT NULL,\n"
     "  attempt BIGINT NOT NULL,\n"
     "  at BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX parcels_case ON parcels (case_id, id);\n"
     "CREATE TABLE parcel_tracking (\n"
     "  tracking TEXT NOT NULL PRIMARY KEY,\n"
     "  parcel BIGINT NOT NULL\n"
     ");\n"
     "CREATE TABLE parcel_returns (\n"
     "  parcel BIGKEY\n"
     ");\n"},
    {"courier", 2,
     "ALTER TABLE parcels ADD COLUMN leaves BIGINT NOT NULL DEFAULT -2147483648;\n"
     "CREATE TABLE parcel_contents (\n"
     "  parcel BIGINT NOT NULL,\n"
     "  n BIGINT NOT NULL,\n"
     "  item TEXT NOT NULL,\n"
     "  result TEXT NOT NULL,\n"
     "  PRIMARY KEY (parcel, n)\n"
     ");\n"
     "INSERT INTO parcel_contents (parcel, n, item, result) SELECT id, 0, item, result FROM parcels;\n"
     "ALTER TABLE parcels DROP COLUMN item;\n"
     "ALTER TABLE parcels DROP COLUMN result;\n"
     "CREATE INDEX parcel_tracking_parcel ON parcel_tracking (parcel);\n"},
    {NULL},
};

static const struct sql put_parcel = {
    "INSERT INTO parcels (id, case_id, number, state, tracking, place, reason, attempt, leaves, at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT (id) DO UPDATE SET state = excluded.state, tracking = excluded.tracking, place = excluded.place,"
    " reason = excluded.reason, attempt = excluded.attempt, leaves = excluded.leaves, at = excluded.at"};
static const struct sql put_content = {"INSERT INTO parcel_contents (parcel, n, item, result) VALUES ($1, $2, $3, $4)"
                                       " ON CONFLICT (parcel, n) DO UPDATE SET result = excluded.result"};
static const struct sql put_tracking = {
    "INSERT INTO parcel_tracking (tracking, parcel) VALUES ($1, $2) ON CONFLICT (tracking) DO NOTHING"};
static const struct sql drop_tracking = {"DELETE FROM parcel_tracking WHERE parcel = $1"};
static const struct sql put_return = {"INSERT INTO parcel_returns (parcel) VALUES ($1) ON CONFLICT (parcel) DO NOTHING"};
static const struct sql drop_return = {"DELETE FROM parcel_returns WHERE parcel = $1"};

/* A row for each thing in a parcel. */
#define COLUMNS "p.id, p.case_id, p.number, p.state, p.tracking, p.place, p.reason, p.attempt, p.leaves, p.at, c.item, c.result"
#define CONTENTS " JOIN parcel_contents c ON c.parcel = p.id"
static const struct sql by_case = {"SELECT " COLUMNS " FROM parcels p" CONTENTS " WHERE p.case_id = $1 ORDER BY p.id, c.n"};
static const struct sql by_id = {"SELECT " COLUMNS " FROM parcels p" CONTENTS " WHERE p.id = $1 ORDER BY c.n"};
static const struct sql by_tracking = {"SELECT " COLUMNS " FROM parcel_tracking t JOIN parcels p ON p.id = t.parcel" CONTENTS
                                       " WHERE t.tracking = $1 ORDER BY c.n"};
static const struct sql returned = {"SELECT " COLUMNS
                                    " FROM (SELECT parcel FROM parcel_returns WHERE parcel > $1 ORDER BY parcel LIMIT $2) r"
                                    " JOIN parcels p ON p.id = r.parcel" CONTENTS " ORDER BY p.id, c.n"};

static void send(struct rowset *rows, const char *topic, const struct parcel *p)
{
  struct buf buf;
  buf_init(&buf, 256);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_int(&w, "parcel", p->id);
  json_put_int(&w, "attempt", p->attempt);
  json_end(&w);
  rowset_send(rows, topic, buf_view(&buf));
  buf_release(&buf);
}

static void send_notice(struct rowset *rows, const struct parcel *p, const char *event)
{
  struct buf buf;
  buf_init(&buf, 4096);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_int(&w, "case", p->case_id);
  json_put_str(&w, "event", event);
  json_put_str(&w, "item", p->count == 1 ? p->contents[0].item : "");
  json_end(&w);
  rowset_send(rows, "notice", buf_view(&buf));
  buf_release(&buf);
}

static void put_rows(const struct parcel *p, bool contents, struct rowset *rows)
{
  ROW_PUT(rows, &put_parcel, V_INT(p->id), V_INT(p->case_id), V_STR(p->number), V_INT(p->state), V_STR(p->tracking),
          V_STR(p->place), V_STR(p->reason), V_INT(p->attempt), V_INT(p->by), V_INT(p->at));
  for (size_t i = 0; i < p->count && contents; i++)
    ROW_PUT(rows, &put_content, V_INT(p->id), V_INT((int64_t)i), V_STR(p->contents[i].item), V_STR(p->contents[i].result));
  if (p->state == PARCEL_FAILED && !p->erased)
    ROW_PUT(rows, &put_return, V_INT(p->id));
  else
    ROW_PUT(rows, &drop_return, V_INT(p->id));
}

void courier_erase_rows(const void *state, struct rowset *rows)
{
  const struct parcel *p = state;
  ROW_PUT(rows, &drop_tracking, V_INT(p->id));
}

void courier_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct parcel *p = state;
  bool packed = false;
  for (size_t i = 0; i < n; i++) {
    const char *type = events[i].type;
    packed |= strcmp(type, "packed") == 0;
    if (strcmp(type, "picked-up") == 0 || strcmp(type, "failed") == 0 || strcmp(type, "pick-up") == 0)
      send_notice(rows, p,
                  strcmp(type, "failed") == 0    ? "parcel-failed"
                  : strcmp(type, "pick-up") == 0 ? "parcel-pick-up"
                                                 : "parcel-picked-up");
  }
  put_rows(p, packed || p->erased, rows);
  if (p->erased)
    return;
  if (p->state == PARCEL_ORDERED)
    send(rows, COURIER_ORDER, p);
  if (p->state == PARCEL_BOOKED)
    ROW_PUT(rows, &put_tracking, V_STR(p->tracking), V_INT(p->id));
  if (p->state == PARCEL_DELIVERED)
    send(rows, COURIER_DONE, p);
}

static int read_parcels(struct rows *rows, struct arena *arena, struct parcel **ret, size_t *ret_n, struct error *error)
{
  struct parcel *list = NULL;
  size_t n = 0, cap = 0;
  while (rows_next(rows)) {
    if (!n || list[n - 1].id != rows_int(rows, 0)) {
      list = arena_grow(arena, list, n, &cap, sizeof *list);
      list[n++] = (struct parcel){.id = rows_int(rows, 0),
                                  .case_id = rows_int(rows, 1),
                                  .number = rows_str(rows, 2, arena),
                                  .state = (enum parcel_state)rows_int(rows, 3),
                                  .tracking = rows_str(rows, 4, arena),
                                  .place = rows_str(rows, 5, arena),
                                  .reason = rows_str(rows, 6, arena),
                                  .attempt = (int)rows_int(rows, 7),
                                  .by = (day)rows_int(rows, 8),
                                  .at = rows_int(rows, 9)};
    }
    struct parcel *p = &list[n - 1];
    p->contents = arena_grow(arena, p->contents, p->count, &p->cap, sizeof *p->contents);
    p->contents[p->count++] = (struct parcel_item){rows_str(rows, 10, arena), rows_str(rows, 11, arena)};
  }
  if (rows_close(rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

static int one(struct rows *rows, struct arena *arena, struct parcel *ret, struct error *error)
{
  struct parcel *list;
  size_t n;
  if (read_parcels(rows, arena, &list, &n, error))
    return -1;
  if (!n)
    return error_set(error, ERROR_NOT_FOUND, "no-parcel", "没有这个快递", "There is no such parcel");
  *ret = list[0];
  return 0;
}

int courier_of_case(struct db *db, int64_t case_id, struct arena *arena, struct parcel **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  return DB_QUERY(db, &by_case, &rows, error, V_INT(case_id)) ? -1 : read_parcels(&rows, arena, ret, ret_n, error);
}

int courier_get(struct db *db, int64_t id, struct arena *arena, struct parcel *ret, struct error *error)
{
  struct rows rows;
  return DB_QUERY(db, &by_id, &rows, error, V_INT(id)) ? -1 : one(&rows, arena, ret, error);
}

int courier_by_tracking(struct db *db, struct span tracking, struct arena *arena, struct parcel *ret, struct error *error)
{
  struct rows rows;
  return DB_QUERY(db, &by_tracking, &rows, error, V_TEXT(tracking)) ? -1 : one(&rows, arena, ret, error);
}

int courier_returned(struct db *db, int64_t after, size_t max, struct arena *arena, struct parcel **ret, size_t *ret_n,
                     struct error *error)
{
  struct rows rows;
  return DB_QUERY(db, &returned, &rows, error, V_INT(after), V_INT((int64_t)max)) ? -1
                                                                                  : read_parcels(&rows, arena, ret, ret_n, error);
}
