/*
 * What is read of the ledger from outside: events opened for everybody, and the entries themselves.
 */
#include "engine/internal.h"

#include "base/json.h"
#include "base/text.h"

static const struct sql head_of = {"SELECT head FROM aggregates WHERE id = $1"};
static const struct sql sealed_to = {"SELECT size FROM checkpoints ORDER BY size DESC LIMIT 1"};
static const struct sql entries = {"SELECT seq, entry FROM leaves WHERE seq > $1 ORDER BY seq LIMIT 500"};

static int query_one(struct db *db, const struct sql *sql, const struct value *values, size_t n, int64_t *ret, struct error *error)
{
  struct rows rows;
  *ret = 0;
  if (db_query(db, sql, values, n, &rows, error))
    return -1;
  if (rows_next(&rows))
    *ret = rows_int(&rows, 0);
  return rows_close(&rows, error);
}

static int disclose_one(struct rows *rows, const struct kind *const *kinds, struct arena *arena, struct disclosure *ret,
                        struct error *error)
{
  struct event event;
  struct leaf leaf;
  struct leaf_commitments commitments;
  if (event_read(rows, kinds, arena, &event, error))
    return -1;
  const struct leaf_source source = {.event = &event, .salt = arena_span(arena, rows_span(rows, 14))};
  int bad = event_leaf(arena, &source, &leaf, &commitments, error);
  bool erased = event_erased(&event);
  event_release(&event);
  if (!bad)
    *ret = (struct disclosure){erased ? -1 : event.seq - 1, source.salt, leaf.fields, leaf.field_count};
  return bad;
}

int engine_disclose(struct db *db, const struct kind *const *kinds, int64_t id, struct arena *arena, struct disclosure **ret,
                    size_t *ret_n, struct error *error)
{
  struct rows rows;
  int64_t head, sealed;
  struct disclosure *list = NULL;
  size_t n = 0, cap = 0;
  int bad = query_one(db, &head_of, &V_INT(id), 1, &head, error) || query_one(db, &sealed_to, NULL, 0, &sealed, error) ||
            DB_QUERY(db, &aggregate_chain, &rows, error, V_INT(head));
  if (bad)
    return -1;
  while (!bad && rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    bad = disclose_one(&rows, kinds, arena, &list[n], error);
    n += !bad && list[n].index >= 0 && list[n].index < sealed;
  }
  if (rows_close(&rows, bad ? NULL : error) || bad)
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}

void disclosure_json(const struct disclosure *d, struct arena *arena, struct json_writer *w)
{
  json_begin_object(w, NULL);
  json_put_int(w, "index", d->index);
  json_put_str(w, "salt", base64_encode(arena, d->salt.p, d->salt.n));
  json_begin_array(w, "fields");
  for (size_t i = 0; i < d->n; i++) {
    json_begin_array(w, NULL);
    json_put_span(w, NULL, d->fields[i].name);
    json_put_span(w, NULL, d->fields[i].value);
    json_end(w);
  }
  json_end(w);
  json_end(w);
}

int engine_entries(struct db *db, int64_t from, entry_visitor *visit, void *context, struct error *error)
{
  for (int64_t seq = from, before = -1; seq != before;) {
    struct rows rows;
    int bad = 0;
    before = seq;
    if (DB_QUERY(db, &entries, &rows, error, V_INT(seq)))
      return -1;
    while (!bad && rows_next(&rows)) {
      seq = rows_int(&rows, 0);
      bad = visit(context, seq - 1, rows_span(&rows, 1), error);
    }
    if (rows_close(&rows, bad ? NULL : error) || bad)
      return -1;
  }
  return 0;
}
