/*
 * Messages to the outside: a far end that now and then takes one and says it has not, or does not take it at all, and remembers
 * what it was given. Each message that was committed comes at last, under one delivery id with one text; none comes that was not.
 * Deliveries have a thread of their own, so a city with a post does not die at the same place each time.
 */
#include "city.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LETTERS_MAX 50000

struct letter {
  char id[32];
  struct digest body;
  int times;
};

static struct post {
  uint64_t luck;
  bool reliable;
  int n;
  struct letter letters[LETTERS_MAX];
} * post;

void post_open(uint64_t seed)
{
  if (!post)
    post = shared_memory(sizeof *post);
  post->luck = seed ^ UINT64_C(0x9057);
  post->reliable = false;
  post->n = 0;
}

/* On the one thread of deliveries. */
static int deliver(void *context, const char *id, struct span body, struct error *error)
{
  (void)context;
  int outcome = post->reliable ? 9 : (int)(dice(&post->luck) % 10);
  struct digest digest = sha256(body);
  int i = 0;
  if (outcome >= 2) { /* it arrives */
    while (i < post->n && strcmp(post->letters[i].id, id) != 0)
      i++;
    struct letter *l = &post->letters[i];
    if (i == LETTERS_MAX)
      city_broken(0, "too many letters");
    if (i == post->n) {
      *l = (struct letter){.body = digest};
      (void)strncpy(l->id, id, sizeof l->id - 1);
      post->n++;
    }
    if (!digest_eq(&l->body, &digest))
      city_broken(0, "two messages under the delivery id %s", id);
    l->times++;
  }
  return outcome >= 4 ? 0 : error_set(error, ERROR_BUSY, "post-busy", "邮路不通", "The post does not answer");
}

static const struct outlet outlets[] = {{"notice", deliver, NULL}, {NULL, NULL, NULL}};

const struct outlet *post_outlets(void)
{
  return outlets;
}

/* The post works at last, and the clock moves until everything has gone out. */
void post_empty(struct db *db)
{
  static const struct sql waiting = {"SELECT count(*) FROM outbox WHERE topic = 'notice'"};
  int64_t n = 1;
  post->reliable = true;
  for (int tries = 0; n && tries < 6000; tries++) {
    struct rows rows;
    struct error error = {0};
    if (db_query(db, &waiting, NULL, 0, &rows, &error))
      city_broken(0, "the outbox cannot be read: %s", error.en);
    n = rows_next(&rows) ? rows_int(&rows, 0) : 0;
    (void)rows_close(&rows, &error);
    city->now += MINUTE_MS;
    (void)usleep(n ? 10000 : 0);
  }
  if (n)
    city_broken(0, "%d messages never go out", (int)n);
}

/* ---- against the messages that the events make: db has both stores, «main» and «again» ---- */

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
  sqlite3_stmt *stmt;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
    city_broken(0, "%s: %s", sql, sqlite3_errmsg(db));
  return stmt;
}

static int by_body(const void *a, const void *b)
{
  return memcmp(a, b, sizeof(struct digest));
}

static struct digest *messages(sqlite3 *db, size_t *ret_n)
{
  sqlite3_stmt *stmt = prepare(db, "SELECT body FROM again.outbox WHERE topic = 'notice'");
  struct digest *list = malloc(LETTERS_MAX * sizeof *list);
  size_t n = 0;
  while (list && n < LETTERS_MAX && sqlite3_step(stmt) == SQLITE_ROW)
    list[n++] = sha256((struct span){sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0)});
  (void)sqlite3_finalize(stmt);
  if (list)
    qsort(list, n, sizeof *list, by_body);
  *ret_n = n;
  return list;
}

static bool was_erased(sqlite3 *db, const char *id)
{
  sqlite3_stmt *stmt = prepare(
      db, "SELECT 1 FROM main.events WHERE seq = $1 AND aggregate IN (SELECT aggregate FROM main.events WHERE type = 'erased')");
  (void)sqlite3_bind_int64(stmt, 1, strtoll(id, NULL, 10));
  bool erased = sqlite3_step(stmt) == SQLITE_ROW;
  (void)sqlite3_finalize(stmt);
  return erased;
}

void post_check(sqlite3 *db)
{
  size_t n, known = 0;
  struct digest *wanted = messages(db, &n);
  struct digest *got = malloc(((size_t)post->n + 1) * sizeof *got);
  if (!wanted || !got)
    abort();
  for (int i = 0; i < post->n; i++) {
    got[known++] = post->letters[i].body;
    if (!bsearch(&post->letters[i].body, wanted, n, sizeof *wanted, by_body) && !was_erased(db, post->letters[i].id))
      city_broken(0, "a message went out that was never committed: %s", post->letters[i].id);
  }
  qsort(got, known, sizeof *got, by_body);
  for (size_t i = 0; i < n; i++)
    if (!bsearch(&wanted[i], got, known, sizeof *got, by_body))
      city_broken(0, "a message was never delivered");
  free(wanted);
  free(got);
}
