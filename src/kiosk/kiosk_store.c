/*
 * The rows of devices.
 */
#include "kiosk/kiosk.h"

const struct migration kiosk_migrations[] = {
    {"kiosk", 1,
     "CREATE TABLE kiosks (\n"
     "  id BIGKEY,\n"
     "  state BIGINT NOT NULL,\n"
     "  hall TEXT NOT NULL,\n"
     "  name TEXT NOT NULL,\n"
     "  code TEXT NOT NULL,\n"
     "  until BIGINT NOT NULL,\n"
     "  token TEXT NOT NULL,\n"
     "  made_by TEXT NOT NULL,\n"
     "  at BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX kiosks_hall ON kiosks (hall, state);\n"
     "CREATE INDEX kiosks_code ON kiosks (code);\n"
     "CREATE INDEX kiosks_token ON kiosks (token);\n"},
    {0},
};

static const struct sql put = {
    "INSERT INTO kiosks (id, state, hall, name, code, until, token, made_by, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT (id) DO UPDATE SET state = excluded.state, code = excluded.code, until = excluded.until, token = excluded.token,"
    " at = excluded.at"};
#define COLUMNS "id, state, hall, name, code, until, token, made_by, at"
static const struct sql by_token = {"SELECT " COLUMNS " FROM kiosks WHERE token = $1 AND state = 2"};
static const struct sql by_code = {"SELECT " COLUMNS " FROM kiosks WHERE code = $1 AND state = 1 ORDER BY id DESC LIMIT 1"};
static const struct sql by_hall = {"SELECT " COLUMNS " FROM kiosks WHERE hall = $1 AND state < 3 ORDER BY at DESC LIMIT $2"};

void kiosk_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct kiosk *k = state;
  (void)events;
  (void)n;
  ROW_PUT(rows, &put, V_INT(k->id), V_INT(k->state), V_STR(k->hall), V_STR(k->name), V_STR(k->code), V_INT(k->until),
          V_STR(k->token), V_STR(k->by), V_INT(k->at));
}

static struct kiosk read_kiosk(const struct rows *r, struct arena *arena)
{
  return (struct kiosk){.id = rows_int(r, 0),
                        .state = (enum kiosk_state)rows_int(r, 1),
                        .hall = rows_str(r, 2, arena),
                        .name = rows_str(r, 3, arena),
                        .code = rows_str(r, 4, arena),
                        .until = rows_int(r, 5),
                        .token = rows_str(r, 6, arena),
                        .by = rows_str(r, 7, arena),
                        .at = rows_int(r, 8)};
}

/* One, or id 0. */
static int read_one(struct rows *rows, struct arena *arena, struct kiosk *ret, struct error *error)
{
  *ret = (struct kiosk){0};
  if (rows_next(rows))
    *ret = read_kiosk(rows, arena);
  return rows_close(rows, error);
}

int kiosk_by_token(struct db *db, const char *digest, struct arena *arena, struct kiosk *ret, struct error *error)
{
  struct rows rows;
  return DB_QUERY(db, &by_token, &rows, error, V_STR(digest)) || read_one(&rows, arena, ret, error) ? -1 : 0;
}

int kiosk_by_code(struct db *db, struct span code, struct arena *arena, struct kiosk *ret, struct error *error)
{
  struct rows rows;
  struct kiosk found;
  if (DB_QUERY(db, &by_code, &rows, error, V_TEXT(code)) || read_one(&rows, arena, &found, error))
    return -1;
  if (!found.id)
    return error_set(error, ERROR_NOT_FOUND, "bad-code", "登记码不对、已用过或已过期", "The code is wrong, used or out of date");
  *ret = found;
  return 0;
}

int kiosks_of(struct db *db, const char *hall, size_t max, struct arena *arena, struct kiosk **ret, size_t *ret_n,
              struct error *error)
{
  struct rows rows;
  struct kiosk *list = NULL;
  size_t n = 0, cap = 0;
  if (DB_QUERY(db, &by_hall, &rows, error, V_STR(hall), V_INT((int64_t)max)))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = read_kiosk(&rows, arena);
  }
  *ret = list;
  *ret_n = n;
  return rows_close(&rows, error);
}
