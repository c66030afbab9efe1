/*
 * store_postgres.c: PostgreSQL through libpq, with named prepared statements and binary values.
 *
 * Between begin and commit the writer is in pipeline mode: statements are sent without waiting for their
 * results, which are collected in bulk. `pending` remembers what was sent, in order; it is what tells results
 * apart. Every FLUSH_EVERY statements the server is asked to answer, and the older half is collected when
 * FLUSH_EVERY more are under way: by then it has arrived, and neither side's buffers grow without bound.
 */
#include "store/many.h"
#include "store/store_internal.h"

#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_EVERY 256
#define PENDING_MAX 2048 /* well over 4 * FLUSH_EVERY: a statement may bring its PREPARE */
#define PARAMETERS_MAX 256
#define MANY_ROWS 1024       /* in one statement */
#define MANY_ROW_BYTES 65536 /* on average; larger ones go by themselves */
#define IDLE_MS 10000        /* a writer does not pause in a transaction */
#define LOCK_MS 3000         /* nor waits so long for another's row */
#define SERVER_MIN 130000

/* The advisory lock of the one writer: «onevisit» in ASCII. */
#define WRITER_LOCK "8029466744897890676"
#define GONE_MS INT64_C(3000)

/* From the server's catalog/pg_type.dat; these numbers never change. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_NAME = 19, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25 };
enum { OID_BYTEA_ARRAY = 1001, OID_TEXT_ARRAY = 1009, OID_INT8_ARRAY = 1016 };
enum { OID_UNKNOWN = 705, OID_BPCHAR = 1042, OID_VARCHAR = 1043, OID_NUMERIC = 1700, OID_VOID = 2278 };

struct prepared {
  char name[24];
  bool ready;  /* the server has it, or its PREPARE is pending */
  size_t n;    /* parameters */
  Oid types[]; /* 0 until a value other than NULL was seen: the server infers it */
};

enum pending_kind { PENDING_PREPARE, PENDING_EXEC, PENDING_QUERY, PENDING_SYNC };

struct pending {
  enum pending_kind kind;
  struct prepared *prepared; /* PENDING_PREPARE */
};

struct pg_db {
  struct db base;
  PGconn *conn;
  unsigned names;         /* statements named so far */
  bool lost;              /* the pipeline has failed */
  bool gone;              /* the connection is lost, or the server has said that it goes */
  int64_t incarnation;    /* connections made */
  struct error failure;   /* why, where lost */
  PGresult *result;       /* of the PENDING_QUERY */
  size_t head, n;         /* of the ring */
  size_t since_flush;     /* statements sent since the server was asked to answer */
  struct statements sets; /* a struct set for each sql that was given many rows */
  struct pending pending[PENDING_MAX];
};

static struct pg_db *pg_db(struct db *db)
{
  return (struct pg_db *)db;
}

/* ---- errors ---- */

/* One line of libpq's message. */
static void first_line(const char *message, char *out, size_t n)
{
  if (!message || !*message)
    message = "no answer";
  (void)snprintf(out, n, "%.*s", (int)strcspn(message, "\n"), message);
}

static int say_lost(struct pg_db *d, struct error *error)
{
  char line[200];
  first_line(PQerrorMessage(d->conn), line, sizeof line);
  d->gone = true;
  if (d->base.mode == DB_WRITE) /* the lock is gone, and perhaps a commit stands that nobody has heard of */
    return store_say_broken(&d->base, error, line);
  return store_say_unreachable(error, line);
}

static bool state_is(const char *state, const char *prefix)
{
  return strncmp(state, prefix, strlen(prefix)) == 0;
}

static int say(struct pg_db *d, const PGresult *result, struct error *error)
{
  const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  char line[200];
  if (PQstatus(d->conn) == CONNECTION_BAD || !state || state_is(state, "57P0") || state_is(state, "08") || state_is(state, "25P03"))
    return say_lost(d, error); /* the server says that it goes before it hangs up */
  first_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), line, sizeof line);
  if (state_is(state, "53100"))
    return store_say_full(error);
  if (state_is(state, "23"))
    return store_say_constraint(error, line);
  if (state_is(state, "40") || state_is(state, "55P03"))
    return store_say_locked(error);
  if (state_is(state, "25006") || state_is(state, "42501"))
    return store_say_read_only(error);
  if (state_is(state, "58") || state_is(state, "XX001") || state_is(state, "XX002"))
    return store_say_broken(&d->base, error, line);
  if (state_is(state, "53") || state_is(state, "57"))
    return store_say_unreachable(error, line);
  return store_say_statement(error, line);
}

static bool succeeded(const PGresult *result)
{
  ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* Plain commands, outside of a pipeline. */
static int run(struct pg_db *d, const char *text, struct error *error)
{
  PGresult *result = PQexec(d->conn, text);
  ExecStatusType status = PQresultStatus(result);
  int failed = succeeded(result) || status == PGRES_EMPTY_QUERY ? 0 : say(d, result, error);
  PQclear(result);
  return failed;
}

/* ---- connecting ---- */

static void no_notice(void *context, const PGresult *result)
{
  (void)context;
  (void)result;
}

static int check(struct store *store, struct error *error)
{
  char *message = NULL, line[160];
  PQconninfoOption *options = PQconninfoParse(store->target, &message);
  if (options) {
    PQconninfoFree(options);
    return 0;
  }
  first_line(message, line, sizeof line);
  PQfreemem(message);
  return error_set(error, ERROR_BAD_INPUT, "bad-store-url", "PostgreSQL 地址有误：%s", "The PostgreSQL address is malformed: %s",
                   line);
}

/* Nodes share the lock; who needs the store for itself (a migration, a restore) finds it taken, and keeps nodes out. */
static int try_lock(struct pg_db *d, bool *ret_taken, struct error *error)
{
  PGresult *result =
      PQexec(d->conn, d->base.mode == DB_SHARE ? "SELECT pg_is_in_recovery(), pg_try_advisory_lock_shared(" WRITER_LOCK ")"
                                               : "SELECT pg_is_in_recovery(), pg_try_advisory_lock(" WRITER_LOCK ")");
  int failed = 0;
  if (PQresultStatus(result) != PGRES_TUPLES_OK)
    failed = say(d, result, error);
  else if (strcmp(PQgetvalue(result, 0, 0), "t") == 0)
    failed = store_say_read_only(error);
  else
    *ret_taken = strcmp(PQgetvalue(result, 0, 1), "t") == 0;
  PQclear(result);
  return failed;
}

/* The session of a process that was killed lives on until the server has noticed: so long is waited. */
static int take_lock(struct pg_db *d, struct error *error)
{
  bool taken = false;
  for (int64_t until = monotonic_us() + GONE_MS * 1000;;) {
    if (try_lock(d, &taken, error))
      return -1;
    if (taken)
      return 0;
    if (monotonic_us() > until)
      return store_say_second_writer(error);
    (void)usleep(50000);
  }
}

/*
 * A node that stops in the middle of a transaction must not keep the others waiting for ever; and the name of the node is how
 * they find all its sessions.
 */
static int share(struct pg_db *d, struct error *error)
{
  char text[200];
  (void)snprintf(text, sizeof text,
                 "SET idle_in_transaction_session_timeout = %d; SET lock_timeout = %d; SET application_name = 'onevisit %s'",
                 IDLE_MS, LOCK_MS, d->base.store->node);
  return run(d, text, error);
}

static int configure(struct pg_db *d, struct error *error)
{
  const char *encoding = PQparameterStatus(d->conn, "server_encoding");
  PQsetNoticeReceiver(d->conn, no_notice, NULL);
  if (PQserverVersion(d->conn) < SERVER_MIN)
    return store_say_unreachable(error, "PostgreSQL < 13");
  if (!encoding || strcmp(encoding, "UTF8") != 0)
    return store_say_unreachable(error, "encoding is not UTF8");
  if (run(d, "SET synchronous_commit = on; SET standard_conforming_strings = on; SET TimeZone = 'UTC'", error))
    return -1;
  if (d->base.mode == DB_READ)
    return run(d, "SET default_transaction_read_only = on", error);
  /* what a writer asks for goes by a key; without statistics yet, a set of rows would make the planner read whole tables */
  if (run(d,
          "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;"
          " SET plan_cache_mode = force_generic_plan",
          error) ||
      (d->base.mode == DB_SHARE && share(d, error)))
    return -1;
  return take_lock(d, error);
}

static void close_connection(struct db *db)
{
  struct pg_db *d = pg_db(db);
  PQclear(d->result);
  d->result = NULL;
  /* the server frees a session's locks some time after the connection is gone: whoever opens next would still find them */
  if (d->base.mode != DB_READ && PQstatus(d->conn) == CONNECTION_OK && PQpipelineStatus(d->conn) == PQ_PIPELINE_OFF)
    PQclear(PQexec(d->conn, "SELECT pg_advisory_unlock_all()"));
  PQfinish(d->conn);
  free(d->sets.slots);
  free(d);
}

static int connect_postgres(struct store *store, enum db_mode mode, struct db **ret, struct error *error)
{
  static const char *const keys[] = {"connect_timeout", "tcp_user_timeout", "fallback_application_name",
                                     "dbname",          "client_encoding",  NULL};
  const char *const values[] = {"10", "10000", "onevisit", store->target, "UTF8", NULL};
  struct pg_db *d = calloc(1, sizeof *d);
  if (!d)
    abort();
  d->base = (struct db){.driver = &postgres_driver, .store = store, .mode = mode};
  d->conn = PQconnectdbParams(keys, values, 1);
  char line[200];
  int failed = 0;
  if (PQstatus(d->conn) != CONNECTION_OK) {
    first_line(PQerrorMessage(d->conn), line, sizeof line);
    failed = store_say_unreachable(error, line);
  }
  if (!failed && configure(d, error) == 0) {
    *ret = &d->base;
    return 0;
  }
  close_connection(&d->base);
  return -1;
}

/* Whose connection was lost (a restart of the server) connects again; but not the one who has the store for itself. */
static int revive(struct pg_db *d, struct error *error)
{
  if ((PQstatus(d->conn) == CONNECTION_OK && !d->gone) || d->base.in_transaction)
    return 0;
  if (d->base.mode == DB_WRITE)
    return say_lost(d, error);
  PQreset(d->conn);
  d->base.driver->forget(&d->base);
  if (PQstatus(d->conn) != CONNECTION_OK || configure(d, error)) {
    if (PQstatus(d->conn) != CONNECTION_OK)
      (void)say_lost(d, error);
    d->gone = true;
    return -1;
  }
  d->gone = false;
  d->incarnation++;
  return 0;
}

/* ---- the pipeline ---- */

static void push(struct pg_db *d, enum pending_kind kind, struct prepared *prepared)
{
  d->pending[(d->head + d->n) % PENDING_MAX] = (struct pending){kind, prepared};
  d->n++;
}

/* Keeps the first error; those after it only say that the pipeline was aborted. */
static void keep_failure(struct pg_db *d, const PGresult *result)
{
  if (!d->lost && PQresultStatus(result) != PGRES_PIPELINE_ABORTED) {
    d->lost = true;
    say(d, result, &d->failure);
  }
}

/* Reads the results of the oldest statement under way. */
static void collect_one(struct pg_db *d)
{
  struct pending p = d->pending[d->head];
  d->head = (d->head + 1) % PENDING_MAX;
  d->n--;
  PGresult *result = PQgetResult(d->conn);
  if (!result)
    keep_failure(d, NULL);
  while (result) {
    bool ok = succeeded(result);
    if (p.kind == PENDING_SYNC)
      ok = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    if (!ok)
      keep_failure(d, result);
    if (!ok && p.kind == PENDING_PREPARE)
      p.prepared->ready = false;
    if (ok && p.kind == PENDING_QUERY && !d->result)
      d->result = result;
    else
      PQclear(result);
    if (p.kind == PENDING_SYNC) /* has no NULL after it */
      return;
    result = PQgetResult(d->conn);
  }
}

static void collect(struct pg_db *d, size_t leave)
{
  while (d->n > leave)
    collect_one(d);
}

static void ask_to_answer(struct pg_db *d)
{
  d->since_flush = 0;
  if (!PQsendFlushRequest(d->conn) || PQflush(d->conn) < 0)
    keep_failure(d, NULL);
}

static void pace(struct pg_db *d)
{
  if (++d->since_flush < FLUSH_EVERY)
    return;
  size_t before = d->n;
  ask_to_answer(d);
  if (before > 2 * FLUSH_EVERY)
    collect(d, FLUSH_EVERY);
}

static int pipeline_failure(struct pg_db *d, struct error *error)
{
  if (!d->lost)
    return 0;
  if (error)
    *error = d->failure;
  return -1;
}

/* Waits for everything and goes back to plain mode. */
static void leave_pipeline(struct pg_db *d)
{
  if (PQpipelineStatus(d->conn) == PQ_PIPELINE_OFF)
    return;
  if (PQpipelineSync(d->conn))
    push(d, PENDING_SYNC, NULL);
  else
    keep_failure(d, NULL);
  collect(d, 0);
  if (!PQexitPipelineMode(d->conn))
    keep_failure(d, NULL);
}

/* ---- statements ---- */

/* One statement for many rows of one sql. */
struct set {
  struct arena arena;
  struct many_form form;
  struct prepared *p; /* its types are those of the arrays */
};

static void free_set(struct set *set)
{
  if (!set)
    return;
  arena_release(&set->arena);
  free(set->p);
  free(set);
}

static void forget(struct db *db)
{
  struct pg_db *d = pg_db(db);
  leave_pipeline(d);
  for (size_t i = 0; i < db->statements.cap; i++) {
    free(db->statements.slots[i].prepared);
    db->statements.slots[i].prepared = NULL;
  }
  for (size_t i = 0; i < d->sets.cap; i++) {
    free_set(d->sets.slots[i].prepared);
    d->sets.slots[i].prepared = NULL;
  }
  if (PQstatus(d->conn) == CONNECTION_OK && PQtransactionStatus(d->conn) == PQTRANS_IDLE)
    PQclear(PQexec(d->conn, "DEALLOCATE ALL"));
}

/* The highest N of $N outside of string literals. */
static size_t count_parameters(const char *text)
{
  size_t most = 0;
  bool quoted = false;
  for (const char *p = text; *p; p++) {
    if (*p == '\'')
      quoted = !quoted;
    if (quoted || *p != '$')
      continue;
    size_t n = 0;
    while (p[1] >= '0' && p[1] <= '9' && n <= PARAMETERS_MAX)
      n = n * 10 + (size_t)(*++p - '0');
    most = n > most ? n : most;
  }
  return most;
}

static Oid type_of(const struct value *v)
{
  switch (v->type) {
  case VALUE_INT:
    return OID_INT8;
  case VALUE_TEXT:
    return OID_TEXT;
  case VALUE_BYTES:
    return OID_BYTEA;
  case VALUE_NULL:
    break;
  }
  return 0;
}

/* Remembers the types of the values; a prepared statement that was made for others must be made again. */
static void learn_types(struct prepared *p, const struct value *values)
{
  for (size_t i = 0; i < p->n; i++) {
    Oid oid = type_of(&values[i]);
    if (oid == 0 || oid == p->types[i])
      continue;
    p->types[i] = oid;
    p->ready = false;
  }
}

static int find(struct pg_db *d, const struct sql *sql, const struct value *values, size_t n, struct prepared **ret,
                struct error *error)
{
  struct statement_slot *slot = statement_slot(&d->base.statements, sql);
  struct prepared *p = slot->prepared;
  if (!p) {
    size_t parameters = count_parameters(sql->text);
    if (parameters > PARAMETERS_MAX)
      return store_say_statement(error, "too many parameters");
    p = calloc(1, sizeof *p + parameters * sizeof p->types[0]);
    if (!p)
      abort();
    p->n = parameters;
    slot->prepared = p;
  }
  if (n < p->n)
    return store_say_statement(error, "too few values");
  learn_types(p, values);
  *ret = p;
  return 0;
}

static void name_statement(struct pg_db *d, struct prepared *p)
{
  (void)snprintf(p->name, sizeof p->name, "s%u", ++d->names);
}

struct bound {
  const char *values[PARAMETERS_MAX];
  int lengths[PARAMETERS_MAX], formats[PARAMETERS_MAX];
  uint64_t ints[PARAMETERS_MAX];
};

static int bind(const struct prepared *p, const struct value *values, struct bound *b, struct error *error)
{
  for (size_t i = 0; i < p->n; i++) {
    const struct value *v = &values[i];
    b->formats[i] = 1;
    if (v->type == VALUE_NULL) {
      b->values[i] = NULL;
      b->lengths[i] = 0;
    } else if (v->type == VALUE_INT) {
      b->ints[i] = htobe64((uint64_t)v->i);
      b->values[i] = (const char *)&b->ints[i];
      b->lengths[i] = sizeof b->ints[i];
    } else {
      if (v->s.n > (size_t)1 << 29) /* half of what a field takes: 1 GB */
        return error_set(error, ERROR_TOO_LARGE, "store-too-large", "一个值超出数据库的上限",
                         "A value is larger than the store takes");
      b->values[i] = v->s.p ? v->s.p : "";
      b->lengths[i] = (int)v->s.n;
    }
  }
  return 0;
}

static int send_bound(struct pg_db *d, enum pending_kind kind, const char *text, struct prepared *p, const struct bound *b,
                      struct error *error)
{
  if (!p->ready) {
    name_statement(d, p);
    if (!PQsendPrepare(d->conn, p->name, text, (int)p->n, p->types))
      return say_lost(d, error);
    p->ready = true;
    push(d, PENDING_PREPARE, p);
  }
  if (!PQsendQueryPrepared(d->conn, p->name, (int)p->n, b->values, b->lengths, b->formats, 1))
    return say_lost(d, error);
  push(d, kind, NULL);
  pace(d);
  return 0;
}

/* Sends one statement down the pipeline. */
static int send(struct pg_db *d, enum pending_kind kind, const struct sql *sql, const struct value *values, size_t n,
                struct error *error)
{
  struct prepared *p;
  struct bound b;
  if (pipeline_failure(d, error) || find(d, sql, values, n, &p, error) || bind(p, values, &b, error))
    return -1;
  return send_bound(d, kind, sql->text, p, &b, error);
}

/* One statement and its result, outside of a pipeline. */
static int ask_once(struct pg_db *d, const struct sql *sql, const struct value *values, size_t n, PGresult **ret,
                    struct error *error)
{
  struct prepared *p;
  struct bound b;
  if (revive(d, error) || find(d, sql, values, n, &p, error) || bind(p, values, &b, error))
    return -1;
  PGresult *result;
  if (!p->ready) {
    name_statement(d, p);
    result = PQprepare(d->conn, p->name, sql->text, (int)p->n, p->types);
    p->ready = succeeded(result);
    int failed = p->ready ? 0 : say(d, result, error);
    PQclear(result);
    if (failed)
      return -1;
  }
  result = PQexecPrepared(d->conn, p->name, (int)p->n, b.values, b.lengths, b.formats, 1);
  if (!succeeded(result)) {
    say(d, result, error);
    PQclear(result);
    return -1;
  }
  *ret = result;
  return 0;
}

/* A read can be asked again: where the server went while nobody looked, nobody need hear of it. */
static bool may_ask_again(const struct pg_db *d)
{
  return d->gone && d->base.mode == DB_READ && !d->base.in_transaction;
}

static int ask(struct pg_db *d, const struct sql *sql, const struct value *values, size_t n, PGresult **ret, struct error *error)
{
  int bad = ask_once(d, sql, values, n, ret, error);
  return bad && may_ask_again(d) ? ask_once(d, sql, values, n, ret, error) : bad;
}

static bool in_pipeline(const struct pg_db *d)
{
  return PQpipelineStatus(d->conn) != PQ_PIPELINE_OFF;
}

static int exec(struct db *db, const struct sql *sql, const struct value *values, size_t n, struct error *error)
{
  struct pg_db *d = pg_db(db);
  if (in_pipeline(d))
    return send(d, PENDING_EXEC, sql, values, n, error);
  PGresult *result;
  if (ask(d, sql, values, n, &result, error))
    return -1;
  PQclear(result);
  return 0;
}

/* ---- many rows in one statement ---- */

struct many {
  const struct value *values;
  size_t columns, rows;
  uint32_t *order; /* the rows, wave by wave: no two of a wave meet in one row of the table */
  struct arena arena;
};

static struct set *find_set(struct pg_db *d, const struct sql *sql, size_t columns)
{
  struct statement_slot *slot = statement_slot(&d->sets, sql);
  struct set *set = slot->prepared;
  if (set)
    return set;
  set = calloc(1, sizeof *set);
  struct prepared *p = set ? calloc(1, sizeof *p + columns * sizeof p->types[0]) : NULL;
  if (!p)
    abort();
  p->n = columns;
  set->p = p;
  many_derive(sql->text, count_parameters(sql->text) == columns ? columns : 0, &set->arena, &set->form);
  return slot->prepared = set;
}

static Oid array_of(Oid oid)
{
  return oid == OID_INT8 ? OID_INT8_ARRAY : oid == OID_TEXT ? OID_TEXT_ARRAY : OID_BYTEA_ARRAY;
}

static Oid element_of(Oid oid)
{
  return oid == OID_INT8_ARRAY ? OID_INT8 : oid == OID_TEXT_ARRAY ? OID_TEXT : OID_BYTEA;
}

/* Every column of one type, known from these rows or from earlier ones; and the rows not so large that an array is no gain. */
static bool uniform(struct set *set, const struct many *m)
{
  size_t bytes = 0;
  for (size_t c = 0; c < m->columns; c++) {
    Oid oid = 0;
    for (size_t r = 0; r < m->rows; r++) {
      const struct value *v = &m->values[r * m->columns + c];
      Oid one = type_of(v);
      if (one && oid && one != oid)
        return false;
      oid = one ? one : oid;
      bytes += v->type == VALUE_INT ? 8 : v->s.n;
    }
    if (!oid && !set->p->types[c])
      return false;
    if (oid && set->p->types[c] != array_of(oid)) {
      set->p->types[c] = array_of(oid);
      set->p->ready = false;
    }
  }
  return bytes / m->rows < MANY_ROW_BYTES;
}

static uint64_t key_hash(const struct set *set, const struct many *m, size_t row)
{
  uint64_t h = 1;
  for (size_t i = 0; i < set->form.key_count; i++) {
    const struct value *v = &m->values[row * m->columns + set->form.keys[i]];
    h = (h ^ (v->type == VALUE_INT ? (uint64_t)v->i : span_hash(v->s))) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 29;
  }
  return h | 1;
}

/* Fills order and returns the waves' ends, ended by rows: the k-th row of a key is in wave k. */
static const uint32_t *sort_waves(const struct set *set, struct many *m)
{
  struct seen {
    uint64_t hash; /* two keys of one hash only wait for one another */
    uint32_t times;
  };
  size_t cap = 64;
  while (cap < 2 * m->rows)
    cap *= 2;
  struct seen *table = arena_array(&m->arena, cap, sizeof *table);
  uint32_t *wave = arena_array(&m->arena, m->rows, sizeof *wave), *end = arena_array(&m->arena, m->rows + 2, sizeof *end);
  m->order = arena_array(&m->arena, m->rows, sizeof *m->order);
  for (size_t i = 0; i < m->rows; i++) {
    if (set->form.key_count) {
      uint64_t hash = key_hash(set, m, i);
      size_t at = (size_t)(hash >> 20) & (cap - 1);
      while (table[at].hash && table[at].hash != hash)
        at = (at + 1) & (cap - 1);
      table[at].hash = hash;
      wave[i] = table[at].times++;
    }
    end[wave[i] + 1]++;
  }
  for (size_t w = 0; w < m->rows; w++)
    end[w + 1] += end[w];
  for (uint32_t i = 0; i < m->rows; i++)
    m->order[end[wave[i]]++] = i; /* moves the start of each wave to its end */
  return end;
}

static void put32(struct buf *out, uint32_t v)
{
  uint32_t big = htobe32(v);
  buf_bytes(out, (const char *)&big, sizeof big);
}

/* One column of the rows given as an array in the binary form of array_recv(). */
static void put_array(struct buf *out, Oid element, const struct many *m, size_t column, const uint32_t *rows, size_t n)
{
  const uint32_t header[] = {1, 1, element, (uint32_t)n, 1}; /* dimensions, may hold NULL, type, length, first index */
  for (size_t i = 0; i < sizeof header / sizeof *header; i++)
    put32(out, header[i]);
  for (size_t i = 0; i < n; i++) {
    const struct value *v = &m->values[rows[i] * m->columns + column];
    uint64_t big = htobe64((uint64_t)v->i);
    struct span s = v->type == VALUE_INT ? (struct span){(const char *)&big, sizeof big} : v->s;
    put32(out, v->type == VALUE_NULL ? UINT32_MAX : (uint32_t)s.n);
    if (v->type != VALUE_NULL)
      buf_span(out, s);
  }
}

static int send_set(struct pg_db *d, struct set *set, const struct many *m, const uint32_t *rows, size_t n, struct error *error)
{
  struct bound b;
  struct buf out;
  size_t starts[MANY_COLUMNS + 1] = {0};
  if (pipeline_failure(d, error))
    return -1;
  buf_init(&out, (size_t)1 << 30);
  for (size_t c = 0; c < m->columns; c++) {
    put_array(&out, element_of(set->p->types[c]), m, c, rows, n);
    starts[c + 1] = buf_view(&out).n;
  }
  for (size_t c = 0; c < m->columns; c++) {
    b.values[c] = buf_view(&out).p + starts[c];
    b.lengths[c] = (int)(starts[c + 1] - starts[c]);
    b.formats[c] = 1;
  }
  int bad = send_bound(d, PENDING_EXEC, set->form.text, set->p, &b, error);
  buf_release(&out);
  return bad;
}

static int send_rows(struct pg_db *d, const struct sql *sql, const struct many *m, const uint32_t *rows, size_t n,
                     struct error *error)
{
  for (size_t i = 0; i < n; i++)
    if (exec(&d->base, sql, m->values + rows[i] * m->columns, m->columns, error))
      return -1;
  return 0;
}

static int exec_many(struct db *db, const struct sql *sql, const struct value *values, size_t columns, size_t rows,
                     struct error *error)
{
  struct pg_db *d = pg_db(db);
  struct many m = {.values = values, .columns = columns};
  int bad = 0;
  for (size_t done = 0; !bad && done < rows; done += m.rows) {
    m.values = values + done * columns;
    m.rows = rows - done < MANY_ROWS ? rows - done : MANY_ROWS;
    struct set *set = find_set(d, sql, columns);
    bool one_by_one = !set->form.text || m.rows == 1 || !in_pipeline(d) || !uniform(set, &m);
    const uint32_t *end = sort_waves(set, &m);
    for (size_t from = 0, w = 0; !bad && from < m.rows; from = end[w++]) {
      size_t n = end[w] - from;
      bad = one_by_one || n == 1 ? send_rows(d, sql, &m, m.order + from, n, error) : send_set(d, set, &m, m.order + from, n, error);
    }
    arena_reset(&m.arena);
  }
  arena_release(&m.arena);
  return bad;
}

/* ---- transactions ---- */

static int begin(struct db *db, struct error *error)
{
  static const struct sql BEGIN = {"BEGIN"};
  struct pg_db *d = pg_db(db);
  if (revive(d, error))
    return -1;
  if (db->mode == DB_READ) { /* SELECT takes the snapshot now rather than at the first query */
    static const char snapshot[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1";
    int bad = run(d, snapshot, error);
    return bad && may_ask_again(d) && revive(d, error) == 0 ? run(d, snapshot, error) : bad;
  }
  d->lost = false;
  d->since_flush = 0;
  if (!PQenterPipelineMode(d->conn))
    return say_lost(d, error);
  if (send(d, PENDING_EXEC, &BEGIN, NULL, 0, error) == 0)
    return 0;
  leave_pipeline(d);
  return -1;
}

static void rollback(struct db *db)
{
  struct pg_db *d = pg_db(db);
  leave_pipeline(d);
  if (PQtransactionStatus(d->conn) != PQTRANS_IDLE)
    (void)run(d, "ROLLBACK", NULL);
}

/* Old versions of rows go when they are vacuumed, which is the administrator's to decide. */
static int scrub(struct db *db, struct error *error)
{
  (void)db;
  (void)error;
  return 0;
}

static int commit(struct db *db, struct error *error)
{
  static const struct sql COMMIT = {"COMMIT"};
  struct pg_db *d = pg_db(db);
  if (!in_pipeline(d)) {
    if (run(d, "COMMIT", error) == 0)
      return 0;
    rollback(db);
    return -1;
  }
  int failed = send(d, PENDING_EXEC, &COMMIT, NULL, 0, error);
  leave_pipeline(d);
  if (!failed)
    failed = pipeline_failure(d, error);
  if (failed)
    rollback(db);
  return failed;
}

static int64_t incarnation(struct db *db)
{
  return pg_db(db)->incarnation;
}

static void flush(struct db *db)
{
  struct pg_db *d = pg_db(db);
  if (in_pipeline(d) && PQflush(d->conn) < 0)
    keep_failure(d, NULL);
}

static int script(struct db *db, const char *text, struct error *error)
{
  struct pg_db *d = pg_db(db);
  bool piped = in_pipeline(d);
  leave_pipeline(d);
  int failed = piped ? pipeline_failure(d, error) : revive(d, error);
  if (!failed)
    failed = run(d, text, error);
  if (piped && !PQenterPipelineMode(d->conn) && !failed)
    failed = say_lost(d, error);
  return failed;
}

/* ---- rows: the cursor is the PGresult ---- */

static bool known_type(Oid oid)
{
  switch (oid) {
  case OID_BOOL:
  case OID_BYTEA:
  case OID_NAME:
  case OID_INT8:
  case OID_INT2:
  case OID_INT4:
  case OID_TEXT:
  case OID_UNKNOWN:
  case OID_BPCHAR:
  case OID_VARCHAR:
  case OID_NUMERIC:
  case OID_VOID:
    return true;
  default:
    return false;
  }
}

static int query_piped(struct pg_db *d, const struct sql *sql, const struct value *values, size_t n, PGresult **ret,
                       struct error *error)
{
  if (send(d, PENDING_QUERY, sql, values, n, error))
    return -1;
  ask_to_answer(d);
  collect(d, 0);
  PGresult *result = d->result;
  d->result = NULL;
  if (pipeline_failure(d, error)) {
    PQclear(result);
    return -1;
  }
  *ret = result;
  return 0;
}

static int query(struct db *db, const struct sql *sql, const struct value *values, size_t n, struct rows *ret, struct error *error)
{
  struct pg_db *d = pg_db(db);
  PGresult *result;
  if (in_pipeline(d) ? query_piped(d, sql, values, n, &result, error) : ask(d, sql, values, n, &result, error))
    return -1;
  for (int i = 0; i < PQnfields(result); i++)
    if (!known_type(PQftype(result, i))) {
      PQclear(result);
      return store_say_statement(error, "a column is neither an integer nor text nor bytes");
    }
  ret->cursor = result;
  return 0;
}

static bool next(struct rows *rows)
{
  if (rows->row + 1 >= PQntuples(rows->cursor))
    return false;
  rows->row++;
  return true;
}

static enum value_type type(const struct rows *rows, int column)
{
  if (PQgetisnull(rows->cursor, rows->row, column))
    return VALUE_NULL;
  switch (PQftype(rows->cursor, column)) {
  case OID_BYTEA:
    return VALUE_BYTES;
  case OID_BOOL:
  case OID_INT2:
  case OID_INT4:
  case OID_INT8:
  case OID_NUMERIC:
    return VALUE_INT;
  case OID_VOID:
    return VALUE_NULL;
  default:
    return VALUE_TEXT;
  }
}

static uint16_t u16(const char *p)
{
  uint16_t v;
  memcpy(&v, p, sizeof v);
  return be16toh(v);
}

/* sum() of integers is NUMERIC: base 10000, most significant digit first; a fraction is cut off. */
static int64_t numeric(const char *p, int length)
{
  int digits = u16(p), weight = (int16_t)u16(p + 2), sign = u16(p + 4);
  __int128 v = 0;
  if (sign == 0xc000 || weight > 4 || length < 8 + 2 * digits) /* not a number, or over 64 bits */
    return 0;
  for (int i = 0; i <= weight; i++)
    v = v * 10000 + (i < digits ? u16(p + 8 + 2 * i) : 0);
  v = sign ? -v : v;
  return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : (int64_t)v;
}

static int64_t integer(const struct rows *rows, int column)
{
  const char *p = PQgetvalue(rows->cursor, rows->row, column);
  int length = PQgetlength(rows->cursor, rows->row, column);
  uint64_t v8;
  uint32_t v4;
  int64_t parsed;
  if (PQgetisnull(rows->cursor, rows->row, column))
    return 0;
  switch (PQftype(rows->cursor, column)) {
  case OID_BOOL:
    return *p != 0;
  case OID_INT2:
    return (int16_t)u16(p);
  case OID_INT4:
    memcpy(&v4, p, sizeof v4);
    return (int32_t)be32toh(v4);
  case OID_INT8:
    memcpy(&v8, p, sizeof v8);
    return (int64_t)be64toh(v8);
  case OID_NUMERIC:
    return numeric(p, length);
  default:
    return span_int((struct span){p, (size_t)length}, &parsed) ? parsed : 0;
  }
}

static struct span span(const struct rows *rows, int column)
{
  enum value_type t = type(rows, column);
  if (t != VALUE_TEXT && t != VALUE_BYTES)
    return (struct span){"", 0};
  return (struct span){PQgetvalue(rows->cursor, rows->row, column), (size_t)PQgetlength(rows->cursor, rows->row, column)};
}

static void finish(struct rows *rows)
{
  PQclear(rows->cursor);
}

/* Text is ordered by its bytes, as SQLite does. */
static const struct ddl_word words[] = {
    {"BIGKEY", "BIGINT PRIMARY KEY"}, {"BIGINT", "BIGINT"}, {"TEXT", "TEXT COLLATE \"C\""}, {"BYTES", "BYTEA"}, {NULL, NULL}};

static const struct sql TABLES = {"SELECT c.relname::text COLLATE \"C\" FROM pg_class c WHERE c.relkind IN ('r', 'p')"
                                  " AND c.relnamespace = current_schema()::regnamespace ORDER BY 1"};
static const struct sql COLUMNS = {"SELECT a.attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                                   " WHERE c.relname = $1 AND c.relnamespace = current_schema()::regnamespace"
                                   " AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum"};

const struct driver postgres_driver = {
    .words = words,
    .tables = &TABLES,
    .columns = &COLUMNS,
    .needs_cursor = true,
    .check = check,
    .connect = connect_postgres,
    .close = close_connection,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .scrub = scrub,
    .exec = exec,
    .exec_many = exec_many,
    .flush = flush,
    .incarnation = incarnation,
    .query = query,
    .script = script,
    .forget = forget,
    .next = next,
    .type = type,
    .integer = integer,
    .span = span,
    .finish = finish,
};
