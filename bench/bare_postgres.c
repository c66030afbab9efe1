/*
 * bare libpq at its best: one set statement a table and group, by arrays and unnest(), each row of a key once a group (the last).
 */
#include <endian.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"

enum { OID_BYTEA_ARRAY = 1001, OID_TEXT_ARRAY = 1009, OID_INT8_ARRAY = 1016, OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25 };
enum { ROWS_MAX = 20000, HASH = 65536 };

struct kept {
  struct value (*list)[PERMIT_VALUES_MAX];
  size_t n, columns;
  uint32_t *by_key; /* 1 + the row of a key, where rows are replaced */
};

struct bare_connection {
  PGconn *conn;
  struct kept rows[PERMIT_SQL_COUNT];
  char *bytes;
  size_t used, cap;
};

#define FROM5 " FROM unnest($1, $2, $3, $4, $5) AS m (a, b, c, d, e)"
static const char *const texts[PERMIT_SQL_COUNT] = {
    [PERMIT_EVENT] =
        "INSERT INTO events (seq, kind, aggregate, version, prev, type, at, actor, role, agency, channel, item, key, body, salt)"
        " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    [PERMIT_CASE] = "INSERT INTO bench_cases (id, number, state, officer, step, changed)"
                    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
                    " officer = excluded.officer, step = excluded.step, changed = excluded.changed",
    [PERMIT_TASK] = "INSERT INTO bench_tasks (id, permit, state, agency, due) SELECT m.*" FROM5
                    " ON CONFLICT (id) DO UPDATE SET state = excluded.state, due = excluded.due",
    [PERMIT_AGGREGATE] = "INSERT INTO aggregates (id, kind, version, head, pseudonym) SELECT m.*" FROM5
                         " ON CONFLICT (id) DO UPDATE SET version = excluded.version, head = excluded.head",
};

static void expect(struct bare_connection *c, bool right)
{
  if (!right)
    give_up("PostgreSQL: %s", PQerrorMessage(c->conn));
}

static void run(struct bare_connection *c, const char *text)
{
  PGresult *result = PQexec(c->conn, text);
  expect(c, PQresultStatus(result) == PGRES_COMMAND_OK);
  PQclear(result);
}

static Oid array_of(const struct value *v)
{
  return v->type == VALUE_INT ? OID_INT8_ARRAY : v->type == VALUE_TEXT ? OID_TEXT_ARRAY : OID_BYTEA_ARRAY;
}

static struct bare_connection *open_postgres(const char *url)
{
  static const char *const names[PERMIT_SQL_COUNT] = {"0", "1", "2", "3"};
  struct bare_connection *c = calloc(1, sizeof *c);
  if (!c)
    give_up("out of memory");
  c->conn = PQconnectdb(url);
  expect(c, PQstatus(c->conn) == CONNECTION_OK);
  run(c, "SET synchronous_commit = on");
  run(c, "SET plan_cache_mode = force_generic_plan");
  for (enum permit_sql which = 0; which < PERMIT_SQL_COUNT; which++) {
    struct kept *r = &c->rows[which];
    struct value values[PERMIT_VALUES_MAX];
    Oid types[PERMIT_VALUES_MAX];
    const struct permit_row sample = {1, 1, 0, 1, 0};
    r->columns = permit_values(which, &sample, 0, values);
    r->list = calloc(ROWS_MAX, sizeof *r->list);
    r->by_key = calloc(HASH, sizeof *r->by_key);
    for (size_t i = 0; i < r->columns; i++)
      types[i] = array_of(&values[i]);
    PGresult *result = PQprepare(c->conn, names[which], texts[which], (int)r->columns, types);
    expect(c, r->list && r->by_key && PQresultStatus(result) == PGRES_COMMAND_OK);
    PQclear(result);
  }
  return c;
}

static void send_plain(struct bare_connection *c, const char *text)
{
  expect(c, PQsendQueryParams(c->conn, text, 0, NULL, NULL, NULL, NULL, 1));
}

static void begin(struct bare_connection *c)
{
  expect(c, PQenterPipelineMode(c->conn));
  send_plain(c, "BEGIN");
}

/* Where the key stands already its row is replaced. */
static size_t place_of(struct kept *r, int64_t id)
{
  size_t at = (size_t)(((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % HASH;
  while (r->by_key[at] && r->list[r->by_key[at] - 1][0].i != id)
    at = (at + 1) % HASH;
  if (!r->by_key[at])
    r->by_key[at] = (uint32_t)++r->n;
  return r->by_key[at] - 1;
}

static void exec(struct bare_connection *c, enum permit_sql which, const struct value *values, size_t n)
{
  struct kept *r = &c->rows[which];
  if (r->n == ROWS_MAX)
    give_up("a group is too large");
  size_t row = which == PERMIT_EVENT ? r->n++ : place_of(r, values[0].i);
  memcpy(r->list[row], values, n * sizeof *values);
}

static void put(struct bare_connection *c, const void *p, size_t n)
{
  if (c->used + n > c->cap) {
    c->cap = 2 * (c->used + n);
    c->bytes = realloc(c->bytes, c->cap);
    if (!c->bytes)
      give_up("out of memory");
  }
  memcpy(c->bytes + c->used, p, n);
  c->used += n;
}

static void put32(struct bare_connection *c, uint32_t v)
{
  v = htobe32(v);
  put(c, &v, sizeof v);
}

static void put_array(struct bare_connection *c, const struct kept *r, size_t column)
{
  enum value_type type = r->list[0][column].type;
  const uint32_t header[] = {1, 0, type == VALUE_INT ? OID_INT8 : type == VALUE_TEXT ? OID_TEXT : OID_BYTEA, (uint32_t)r->n, 1};
  for (size_t i = 0; i < 5; i++)
    put32(c, header[i]);
  for (size_t i = 0; i < r->n; i++) {
    const struct value *v = &r->list[i][column];
    uint64_t big = htobe64((uint64_t)v->i);
    put32(c, type == VALUE_INT ? 8 : (uint32_t)v->s.n);
    put(c, type == VALUE_INT ? (const char *)&big : v->s.p, type == VALUE_INT ? 8 : v->s.n);
  }
}

static void send_rows(struct bare_connection *c, enum permit_sql which)
{
  static const char *const names[PERMIT_SQL_COUNT] = {"0", "1", "2", "3"};
  struct kept *r = &c->rows[which];
  size_t starts[PERMIT_VALUES_MAX + 1] = {0};
  const char *values[PERMIT_VALUES_MAX];
  int lengths[PERMIT_VALUES_MAX], formats[PERMIT_VALUES_MAX];
  c->used = 0;
  for (size_t i = 0; i < r->columns; i++) {
    put_array(c, r, i);
    starts[i + 1] = c->used;
  }
  for (size_t i = 0; i < r->columns; i++) {
    values[i] = c->bytes + starts[i];
    lengths[i] = (int)(starts[i + 1] - starts[i]);
    formats[i] = 1;
  }
  expect(c, PQsendQueryPrepared(c->conn, names[which], (int)r->columns, values, lengths, formats, 1));
  r->n = 0;
  memset(r->by_key, 0, HASH * sizeof *r->by_key);
}

static void collect_one(struct bare_connection *c)
{
  PGresult *result = PQgetResult(c->conn);
  expect(c, PQresultStatus(result) == PGRES_COMMAND_OK);
  PQclear(result);
  expect(c, PQgetResult(c->conn) == NULL);
}

static void commit(struct bare_connection *c)
{
  size_t sent = 2;
  for (enum permit_sql which = 0; which < PERMIT_SQL_COUNT; which++)
    if (c->rows[which].n) {
      send_rows(c, which);
      sent++;
    }
  send_plain(c, "COMMIT");
  expect(c, PQpipelineSync(c->conn));
  for (; sent; sent--)
    collect_one(c);
  PGresult *result = PQgetResult(c->conn);
  expect(c, PQresultStatus(result) == PGRES_PIPELINE_SYNC);
  PQclear(result);
  expect(c, PQexitPipelineMode(c->conn));
}

static void close_postgres(struct bare_connection *c)
{
  PQfinish(c->conn);
  for (enum permit_sql which = 0; which < PERMIT_SQL_COUNT; which++) {
    free(c->rows[which].list);
    free(c->rows[which].by_key);
  }
  free(c->bytes);
  free(c);
}

const struct bare_driver bare_postgres = {"bare libpq, unnest", open_postgres, begin, exec, commit, close_postgres};
