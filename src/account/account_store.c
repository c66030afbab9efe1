/*
 * All SQL of the room.
 */
#include "account/internal.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

const struct migration account_migrations[] = {
    {"account", 1,
     "CREATE TABLE accounts (\n"
     "  id BIGKEY,\n"
     "  actor TEXT NOT NULL,\n"
     "  login TEXT NOT NULL,\n"
     "  name TEXT NOT NULL,\n"
     "  agency TEXT NOT NULL,\n"
     "  identity TEXT NOT NULL,\n"
     "  password TEXT NOT NULL,\n"
     "  roles BIGINT NOT NULL,\n"
     "  disabled BIGINT NOT NULL,\n"
     "  locked_until BIGINT NOT NULL,\n"
     "  created BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX accounts_login ON accounts (login) WHERE login <> '';\n"
     "CREATE TABLE identities (lookup BYTES PRIMARY KEY, account BIGINT NOT NULL);\n"
     "CREATE TABLE sessions (\n"
     "  token_hash BYTES PRIMARY KEY,\n"
     "  account BIGINT NOT NULL,\n"
     "  created BIGINT NOT NULL,\n"
     "  expires BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX sessions_account ON sessions (account);\n"
     "CREATE INDEX sessions_expires ON sessions (expires);\n"},
    {0},
};

static const struct sql save_account = {
    "INSERT INTO accounts (id, actor, login, name, agency, identity, password, roles, disabled, locked_until, created)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO UPDATE SET agency = excluded.agency,"
    " password = excluded.password, roles = excluded.roles, disabled = excluded.disabled, locked_until = excluded.locked_until"};
static const struct sql add_identity = {"INSERT INTO identities (lookup, account) VALUES ($1, $2)"};
static const struct sql add_session = {"INSERT INTO sessions (token_hash, account, created, expires) VALUES ($1, $2, $3, $4)"};
static const struct sql drop_session = {"DELETE FROM sessions WHERE token_hash = $1 AND account = $2"};
static const struct sql drop_sessions = {"DELETE FROM sessions WHERE account = $1 AND token_hash <> $2"};
static const struct sql drop_expired = {"DELETE FROM sessions WHERE expires <= $1"};

static const struct sql erase_account = {"DELETE FROM accounts WHERE actor = $1 AND id = $2"};
static const struct sql erase_identity = {"DELETE FROM identities WHERE account = $1"};
static const struct sql erase_sessions = {"DELETE FROM sessions WHERE account = $1"};

#define ACCOUNT_COLUMNS                                                                                                            \
  "a.id, a.actor, a.login, a.name, a.agency, a.identity, a.password, a.roles, a.disabled, a.locked_until, a.created"
static const struct sql read_account = {"SELECT " ACCOUNT_COLUMNS " FROM accounts a WHERE a.id = $1"};
static const struct sql list_staff = {"SELECT " ACCOUNT_COLUMNS " FROM accounts a WHERE a.login <> '' ORDER BY a.login"};
static const struct sql read_session = {"SELECT " ACCOUNT_COLUMNS " FROM sessions s JOIN accounts a ON a.id = s.account"
                                        " WHERE s.token_hash = $1 AND s.expires > $2 AND a.disabled = 0"};
static const struct sql list_sessions = {"SELECT token_hash, created, expires FROM sessions WHERE account = $1 AND expires > $2"
                                         " ORDER BY (token_hash = $3) DESC, created DESC LIMIT 50"};
static const struct sql find_identity = {"SELECT account FROM identities WHERE lookup = $1"};

/* ---- project ---- */

static struct digest digest_of(const struct event *e, const char *member)
{
  struct digest d = {{0}}; /* of no token: «all but this one» then means all */
  (void)hex_decode(span_of(json_str(e->data, member)), d.b, sizeof d.b);
  return d;
}

static void put_account(const struct account *a, int64_t id, struct rowset *rows)
{
  ROW_PUT(rows, &save_account, V_INT(id), V_STR(a->actor), V_STR(a->login), V_STR(a->name), V_STR(a->agency), V_STR(a->identity),
          V_STR(a->password), V_INT(a->roles), V_INT(a->disabled), V_INT(a->locked_until), V_INT(a->created));
}

static void put_session(const struct event *e, struct rowset *rows)
{
  struct digest token = digest_of(e, "session");
  ROW_PUT(rows, &drop_expired, V_INT(e->at));
  ROW_PUT(rows, &add_session, V_BYTES(token.b, sizeof token.b), V_INT(e->id), V_INT(e->at), V_INT(json_int(e->data, "expires")));
}

void account_erase_rows(const void *state, struct rowset *rows)
{
  const struct account *a = state;
  int64_t id;
  if (!account_id_of(a->actor, &id))
    return;
  ROW_PUT(rows, &erase_account, V_STR(a->actor), V_INT(id));
  ROW_PUT(rows, &erase_identity, V_INT(id));
  ROW_PUT(rows, &erase_sessions, V_INT(id));
}

static void project_one(const struct account *a, const struct event *e, struct rowset *rows)
{
  if (strcmp(e->type, "signed-in") == 0) {
    put_session(e, rows);
    return;
  }
  if (strcmp(e->type, "signed-out") == 0) {
    struct digest token = digest_of(e, "session");
    ROW_PUT(rows, &drop_session, V_BYTES(token.b, sizeof token.b), V_INT(e->id));
    return;
  }
  if (strcmp(e->type, "sessions-ended") == 0 || strcmp(e->type, "password-set") == 0 || strcmp(e->type, "disabled") == 0) {
    struct digest keep = digest_of(e, "keep");
    ROW_PUT(rows, &drop_sessions, V_INT(e->id), V_BYTES(keep.b, sizeof keep.b));
  }
  if (strcmp(e->type, "registered") == 0) {
    struct digest lookup = digest_of(e, "lookup");
    ROW_PUT(rows, &add_identity, V_BYTES(lookup.b, sizeof lookup.b), V_INT(e->id));
  }
  if (strcmp(e->type, "sign-in-failed") != 0 && strcmp(e->type, "erased") != 0)
    put_account(a, e->id, rows);
}

void account_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  for (size_t i = 0; i < n; i++)
    project_one(state, &events[i], rows);
}

/* ---- read ---- */

static void read_row(const struct rows *rows, struct arena *arena, struct account_row *ret)
{
  *ret = (struct account_row){.id = rows_int(rows, 0),
                              .actor = rows_str(rows, 1, arena),
                              .login = rows_str(rows, 2, arena),
                              .name = rows_str(rows, 3, arena),
                              .agency = rows_str(rows, 4, arena),
                              .identity = rows_str(rows, 5, arena),
                              .password = rows_str(rows, 6, arena),
                              .roles = (unsigned)rows_int(rows, 7),
                              .disabled = rows_int(rows, 8) != 0,
                              .locked_until = rows_int(rows, 9),
                              .created = rows_int(rows, 10)};
}

int account_read(struct db *db, struct arena *arena, int64_t id, struct account_row *ret, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &read_account, &rows, error, V_INT(id)))
    return -1;
  bool found = rows_next(&rows);
  if (found)
    read_row(&rows, arena, ret);
  if (rows_close(&rows, error))
    return -1;
  return found ? 0 : error_set(error, ERROR_NOT_FOUND, "not-found", "没有这个账号", "There is no such account");
}

const char *account_name(struct db *db, struct arena *arena, const char *actor)
{
  struct account_row row = {0};
  struct error error;
  int64_t id;
  return account_id_of(actor, &id) && account_read(db, arena, id, &row, &error) == 0 ? row.name : actor;
}

/* Those of up to NAMES_AT_ONCE: 0 stands for none. */
enum { NAMES_AT_ONCE = 20 };
static const struct sql some_names = {
    "SELECT id, name FROM accounts WHERE id IN"
    " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"};

static void name_some(struct db *db, struct arena *arena, const char *const *actors, size_t n, const char **ret)
{
  struct value ids[NAMES_AT_ONCE];
  int64_t id[NAMES_AT_ONCE] = {0};
  struct rows rows;
  struct error error;
  for (size_t i = 0; i < NAMES_AT_ONCE; i++) {
    if (i < n && !account_id_of(actors[i], &id[i]))
      id[i] = 0;
    ids[i] = V_INT(id[i]);
  }
  if (db_query(db, &some_names, ids, NAMES_AT_ONCE, &rows, &error))
    return;
  while (rows_next(&rows)) {
    const char *name = rows_str(&rows, 1, arena);
    for (size_t i = 0; i < n; i++)
      if (id[i] == rows_int(&rows, 0))
        ret[i] = name;
  }
  (void)rows_close(&rows, NULL);
}

const char **account_names(struct db *db, struct arena *arena, const char *const *actors, size_t n)
{
  const char **ret = arena_array(arena, n + 1, sizeof *ret);
  memcpy(ret, actors, n * sizeof *ret);
  for (size_t i = 0; i < n; i += NAMES_AT_ONCE)
    name_some(db, arena, actors + i, n - i < NAMES_AT_ONCE ? n - i : NAMES_AT_ONCE, ret + i);
  return ret;
}

int account_list(struct db *db, struct arena *arena, struct account_row **ret, size_t *ret_n, struct error *error)
{
  struct account_row *list = NULL;
  size_t n = 0, cap = 0;
  struct rows rows;
  if (db_query(db, &list_staff, NULL, 0, &rows, error))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    read_row(&rows, arena, &list[n++]);
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int account_of_session(struct db *db, struct arena *arena, struct span token, moment now, struct account_row *ret, bool *ret_found,
                       struct error *error)
{
  struct digest d;
  struct rows rows;
  *ret_found = false;
  if (!token_digest(token, &d))
    return 0;
  if (DB_QUERY(db, &read_session, &rows, error, V_BYTES(d.b, sizeof d.b), V_INT(now)))
    return -1;
  bool found = rows_next(&rows);
  if (found)
    read_row(&rows, arena, ret);
  if (rows_close(&rows, error))
    return -1;
  *ret_found = found;
  return 0;
}

int account_sessions(struct db *db, struct arena *arena, int64_t id, struct span token, moment now, struct session_row **ret,
                     size_t *ret_n, struct error *error)
{
  struct digest d = {{0}};
  struct session_row *list = NULL;
  size_t n = 0, cap = 0;
  struct rows rows;
  (void)token_digest(token, &d);
  if (DB_QUERY(db, &list_sessions, &rows, error, V_INT(id), V_INT(now), V_BYTES(d.b, sizeof d.b)))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = (struct session_row){.created = rows_int(&rows, 1),
                                     .expires = rows_int(&rows, 2),
                                     .this_one = span_eq(rows_span(&rows, 0), (struct span){(const char *)d.b, sizeof d.b})};
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

int account_by_lookup(struct db *db, const struct digest *lookup, bool *ret_found, int64_t *ret, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &find_identity, &rows, error, V_BYTES(lookup->b, sizeof lookup->b)))
    return -1;
  bool found = rows_next(&rows);
  if (found)
    *ret = rows_int(&rows, 0);
  if (rows_close(&rows, error))
    return -1;
  *ret_found = found;
  return 0;
}

const char *account_identity(struct db *db, struct arena *arena, int64_t id)
{
  static const struct kind *const kinds[] = {&account_kind, NULL};
  struct event *events;
  size_t n;
  struct error ignored;
  if (engine_history(db, kinds, id, arena, &events, &n, &ignored))
    return "";
  const char *number = n && strcmp(events[0].type, "registered") == 0 ? arena_str(arena, json_str(events[0].data, "identity")) : "";
  history_free(events, n);
  return number;
}
