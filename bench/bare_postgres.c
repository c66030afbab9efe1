#include "bare.h"

#include <endian.h>
#include <libpq-fe.h>
#include <stdlib.h>

enum { OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25 };

struct bare_connection {
  PGconn *conn;
  size_t sent; /* statements whose results are still to come */
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

static Oid type_of(const struct value *v)
{
  return v->type == VALUE_INT ? OID_INT8 : v->type == VALUE_TEXT ? OID_TEXT : OID_BYTEA;
}

static const char *name_of(enum permit_sql which)
{
  static const char *const names[PERMIT_SQL_COUNT] = {"event", "case", "task", "aggregate"};
  return names[which];
}

static void prepare(struct bare_connection *c, enum permit_sql which)
{
  struct value values[PERMIT_VALUES_MAX];
  Oid types[PERMIT_VALUES_MAX];
  const struct permit_row sample = {1, 1, 0, 1, 0};
  size_t n = permit_values(which, &sample, 0, values);
  for (size_t i = 0; i < n; i++)
    types[i] = type_of(&values[i]);
  PGresult *result = PQprepare(c->conn, name_of(which), permit_sql_text[which], (int)n, types);
  expect(c, PQresultStatus(result) == PGRES_COMMAND_OK);
  PQclear(result);
}

static struct bare_connection *open_postgres(const char *url)
{
  struct bare_connection *c = calloc(1, sizeof *c);
  if (!c)
    give_up("out of memory");
  c->conn = PQconnectdb(url);
  expect(c, PQstatus(c->conn) == CONNECTION_OK);
  run(c, "SET synchronous_commit = on");
  for (enum permit_sql which = 0; which < PERMIT_SQL_COUNT; which++)
    prepare(c, which);
  return c;
}

static void send_plain(struct bare_connection *c, const char *text)
{
  expect(c, PQsendQueryParams(c->conn, text, 0, NULL, NULL, NULL, NULL, 1));
  c->sent++;
}

static void begin(struct bare_connection *c)
{
  expect(c, PQenterPipelineMode(c->conn));
  send_plain(c, "BEGIN");
}

static void exec(struct bare_connection *c, enum permit_sql which, const struct value *values, size_t n)
{
  const char *texts[PERMIT_VALUES_MAX];
  int lengths[PERMIT_VALUES_MAX], formats[PERMIT_VALUES_MAX];
  uint64_t ints[PERMIT_VALUES_MAX];
  for (size_t i = 0; i < n; i++) {
    bool is_int = values[i].type == VALUE_INT;
    ints[i] = htobe64((uint64_t)values[i].i);
    texts[i] = is_int ? (const char *)&ints[i] : values[i].s.p;
    lengths[i] = is_int ? (int)sizeof ints[i] : (int)values[i].s.n;
    formats[i] = 1;
  }
  expect(c, PQsendQueryPrepared(c->conn, name_of(which), (int)n, texts, lengths, formats, 1));
  c->sent++;
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
  send_plain(c, "COMMIT");
  expect(c, PQpipelineSync(c->conn));
  for (; c->sent; c->sent--)
    collect_one(c);
  PGresult *result = PQgetResult(c->conn);
  expect(c, PQresultStatus(result) == PGRES_PIPELINE_SYNC);
  PQclear(result);
  expect(c, PQexitPipelineMode(c->conn));
}

static void close_postgres(struct bare_connection *c)
{
  PQfinish(c->conn);
  free(c);
}

const struct bare_driver bare_postgres = {"bare libpq pipeline", open_postgres, begin, exec, commit, close_postgres};
