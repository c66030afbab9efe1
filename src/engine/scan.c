#include "engine/internal.h"

#include <string.h>

#include "base/json.h"

#define COLUMNS "seq, kind, aggregate, version, prev, type, at, actor, role, agency, channel, item, key, body, salt"
const char event_columns[] = COLUMNS;

/* One aggregate's history, by the chain of its events: one statement, no index but the primary key. */
const struct sql aggregate_chain = {
    "WITH RECURSIVE chain AS ("
    " SELECT " COLUMNS " FROM events WHERE seq = $1"
    " UNION ALL"
    " SELECT e.seq, e.kind, e.aggregate, e.version, e.prev, e.type, e.at, e.actor, e.role, e.agency, e.channel, e.item, e.key, e.body, e.salt"
    " FROM events e JOIN chain c ON e.seq = c.prev)"
    " SELECT " COLUMNS " FROM chain ORDER BY version"};

/* The same for one of which there is only the first event. */
const struct sql first_event = {"SELECT " COLUMNS " FROM events WHERE seq = $1"};

/* Its end only, newest first. */
static const struct sql chain_end = {
    "WITH RECURSIVE chain AS ("
    " SELECT 1 AS place, " COLUMNS " FROM events WHERE seq = $1"
    " UNION ALL"
    " SELECT c.place + 1, e.seq, e.kind, e.aggregate, e.version, e.prev, e.type, e.at, e.actor, e.role, e.agency, e.channel, e.item,"
    " e.key, e.body, e.salt FROM events e JOIN chain c ON e.seq = c.prev WHERE c.place < $2)"
    " SELECT " COLUMNS " FROM chain ORDER BY version DESC"};
static const struct sql prev_of = {"SELECT prev FROM events WHERE seq = $1 AND aggregate = $2"};

static const struct sql head_of = {"SELECT head FROM aggregates WHERE id = $1"};
static const struct sql after = {"SELECT " COLUMNS " FROM events WHERE seq > $1 ORDER BY seq LIMIT 500"};

const struct kind *kind_find(const struct kind *const *kinds, struct span name)
{
  for (size_t i = 0; kinds[i]; i++)
    if (span_is(name, kinds[i]->name))
      return kinds[i];
  return NULL;
}

int event_read_columns(struct rows *rows, const struct kind *const *kinds, struct arena *arena, struct event *ret,
                       struct error *error)
{
  struct event event = {
      .seq = rows_int(rows, 0),
      .kind = kind_find(kinds, rows_span(rows, 1)),
      .id = rows_int(rows, 2),
      .version = (int)rows_int(rows, 3),
      .type = rows_str(rows, 5, arena),
      .at = rows_int(rows, 6),
      .actor = {rows_str(rows, 7, arena), rows_str(rows, 8, arena), rows_str(rows, 9, arena), rows_str(rows, 10, arena)},
      .item = rows_str(rows, 11, arena),
      .key = rows_str(rows, 12, arena),
      .body = arena_span(arena, rows_span(rows, 13)),
  };
  if (!event.kind)
    return error_set(error, ERROR_INTERNAL, "unknown-kind", "第 %lld 号事件的类别本程序不认识",
                     "Event %lld is of a kind this program does not know", (long long)event.seq);
  *ret = event;
  return 0;
}

int event_read(struct rows *rows, const struct kind *const *kinds, struct arena *arena, struct event *ret, struct error *error)
{
  struct event event = {0};
  json_t *data = NULL;
  if (event_read_columns(rows, kinds, arena, &event, error))
    return -1;
  if (event_erased(&event))
    data = json_object();
  else if (json_read(event.body, "event", &data, error))
    return -1;
  event.data = data;
  *ret = event;
  return 0;
}

bool event_erased(const struct event *event)
{
  return event->body.n == 0;
}

void event_release(struct event *event)
{
  json_t *data = (json_t *)(uintptr_t)event->data;
  json_decref(data);
  event->data = NULL;
}

static int find_seq(struct db *db, const struct sql *sql, const struct value *values, size_t n, int64_t *ret, struct error *error)
{
  struct rows rows;
  *ret = 0;
  if (db_query(db, sql, values, n, &rows, error))
    return -1;
  if (rows_next(&rows))
    *ret = rows_int(&rows, 0);
  return rows_close(&rows, error);
}

/* What a statement of a chain gives; erased ones are left out. */
static int read_chain(struct rows *rows, const struct kind *const *kinds, struct arena *arena, struct event **ret, size_t *ret_n,
                      struct error *error)
{
  struct event *list = NULL;
  size_t n = 0, cap = 0;
  int bad = 0;
  while (!bad && rows_next(rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    bad = event_read(rows, kinds, arena, &list[n], error);
    if (!bad && event_erased(&list[n]))
      event_release(&list[n]);
    else
      n += !bad;
  }
  bad |= rows_close(rows, bad ? NULL : error);
  if (bad) {
    history_free(list, n);
    return -1;
  }
  *ret = list;
  *ret_n = n;
  return 0;
}

int engine_history(struct db *db, const struct kind *const *kinds, int64_t id, struct arena *arena, struct event **ret,
                   size_t *ret_n, struct error *error)
{
  struct rows rows;
  int64_t head;
  if (find_seq(db, &head_of, (const struct value[]){V_INT(id)}, 1, &head, error) ||
      DB_QUERY(db, &aggregate_chain, &rows, error, V_INT(head)))
    return -1;
  return read_chain(&rows, kinds, arena, ret, ret_n, error);
}

int engine_recent(struct db *db, const struct kind *const *kinds, int64_t id, int64_t before, size_t max, struct arena *arena,
                  struct event **ret, size_t *ret_n, struct error *error)
{
  struct rows rows;
  int64_t seq;
  const struct value at[] = {V_INT(before), V_INT(id)};
  if (find_seq(db, before ? &prev_of : &head_of, before ? at : at + 1, before ? 2 : 1, &seq, error) ||
      DB_QUERY(db, &chain_end, &rows, error, V_INT(seq), V_INT((int64_t)max)))
    return -1;
  return read_chain(&rows, kinds, arena, ret, ret_n, error);
}

void history_free(struct event *events, size_t n)
{
  for (size_t i = 0; i < n; i++)
    event_release(&events[i]);
}

/* One page of the scan; *after_seq moves on. 1: there may be more. */
static int scan_page(struct db *db, const struct kind *const *kinds, int64_t *after_seq, struct arena *arena, event_visitor *visit,
                     void *context, struct error *error)
{
  struct rows rows;
  int n = 0, bad = 0;
  if (DB_QUERY(db, &after, &rows, error, V_INT(*after_seq)))
    return -1;
  while (!bad && rows_next(&rows)) {
    struct event event;
    bad = event_read(&rows, kinds, arena, &event, error);
    if (!bad) {
      bad = event_erased(&event) ? 0 : visit(context, &event, error);
      *after_seq = event.seq;
      event_release(&event);
    }
    n++;
  }
  if (rows_close(&rows, bad ? NULL : error) || bad)
    return -1;
  return n > 0;
}

int engine_scan(struct db *db, const struct kind *const *kinds, int64_t after_seq, event_visitor *visit, void *context,
                struct error *error)
{
  struct arena arena = {0};
  int more;
  do {
    more = scan_page(db, kinds, &after_seq, &arena, visit, context, error);
    arena_reset(&arena);
  } while (more > 0);
  arena_release(&arena);
  return more;
}

int engine_pseudonym(struct db *db, int64_t id, unsigned char ret[LEAF_PSEUDONYM_BYTES], struct error *error)
{
  static const struct sql pseudonym_of = {"SELECT pseudonym FROM aggregates WHERE id = $1"};
  struct rows rows;
  if (DB_QUERY(db, &pseudonym_of, &rows, error, V_INT(id)))
    return -1;
  struct span found = rows_next(&rows) ? rows_span(&rows, 0) : (struct span){0};
  bool whole = found.n == LEAF_PSEUDONYM_BYTES;
  if (whole)
    memcpy(ret, found.p, LEAF_PSEUDONYM_BYTES);
  if (rows_close(&rows, error))
    return -1;
  return whole ? 0 : error_set(error, ERROR_NOT_FOUND, "not-found", "没有这条记录", "There is no such record");
}
