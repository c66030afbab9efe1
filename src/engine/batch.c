#include "engine/batch.h"

#include <string.h>

/* Leaves under one signature: a signature costs as much as 250 blocks hashed, each doubling adds 43 bytes to every leaf. */
#define SHARED_MAX 64

static const struct sql unsealed = {
    "SELECT e.seq, e.kind, e.aggregate, e.version, e.prev, e.type, e.at, e.actor, e.role, e.agency, e.channel, e.item, e.key, e.body, e.salt,"
    " a.pseudonym, l.hash FROM events e JOIN aggregates a ON a.id = e.aggregate LEFT JOIN leaves l ON l.seq = e.prev"
    " WHERE e.seq > $1 ORDER BY e.seq LIMIT $2"};

static int broken(int64_t seq, struct error *error)
{
  return error_set(error, ERROR_INTERNAL, "broken-ledger", "第 %lld 号事件与账本不连续", "Event %lld does not continue the ledger",
                   (long long)seq);
}

/* ---- reading ---- */

/* What outlives the row goes to the batch's arena; scratch is for this row alone. */
static int read_leaf(struct rows *rows, const struct kind *const *kinds, struct batch *b, struct arena *scratch,
                     struct error *error)
{
  struct event event;
  struct fresh_leaf *f = &b->list[b->n];
  if (event_read_columns(rows, kinds, scratch, &event, error))
    return -1;
  struct leaf_source source = {.event = &event, .salt = rows_span(rows, 14), .pseudonym = rows_span(rows, 15)};
  struct span prev = rows_span(rows, 16);
  if (event.seq != b->first + (int64_t)b->n)
    return broken(event.seq, error);
  f->prev = rows_int(rows, 4);
  f->prev_known = prev.n == DIGEST_BYTES;
  source.has_prev = f->prev > 0;
  if (f->prev_known)
    memcpy(source.prev.b, prev.p, DIGEST_BYTES);
  if (event_leaf(scratch, &source, &f->leaf, &f->commitments, error))
    return -1;
  f->leaf.salt = (struct span){0};
  f->leaf.fields = NULL;
  f->leaf.type = arena_str(&b->arena, f->leaf.type);
  f->leaf.item = arena_str(&b->arena, f->leaf.item);
  f->leaf.dept = arena_str(&b->arena, f->leaf.dept);
  b->n++;
  return 0;
}

int batch_read(struct db *db, const struct kind *const *kinds, int64_t after, size_t max, struct batch *ret, struct error *error)
{
  struct rows rows;
  struct arena scratch = {0};
  struct batch b = {.first = after + 1};
  int bad = 0;
  if (DB_QUERY(db, &unsealed, &rows, error, V_INT(after), V_INT((int64_t)max)))
    return -1;
  b.list = arena_array(&b.arena, max, sizeof *b.list);
  for (; !bad && rows_next(&rows); arena_reset(&scratch))
    bad = read_leaf(&rows, kinds, &b, &scratch, error);
  if (rows_close(&rows, bad ? NULL : error))
    bad = -1;
  arena_release(&scratch);
  if (bad)
    batch_release(&b);
  else
    *ret = b;
  return bad;
}

void batch_release(struct batch *batch)
{
  arena_release(&batch->arena);
  *batch = (struct batch){0};
}

/* ---- signing ---- */

/*
 * A leaf holds the hash of its case's leaf before, and that hash covers the signature of the other: so leaves that
 * follow one another can never share a signature. The leaves of one wave follow leaves of earlier waves only.
 */
struct waves {
  uint32_t *wave, *order; /* of each leaf; the leaves by wave */
  uint32_t count;
};

static void sort_by_wave(struct batch *b, struct waves *w)
{
  uint32_t *start = arena_array(&b->arena, b->n + 2, sizeof *start);
  w->wave = arena_array(&b->arena, b->n, sizeof *w->wave);
  w->order = arena_array(&b->arena, b->n, sizeof *w->order);
  for (size_t i = 0; i < b->n; i++) {
    int64_t prev = b->list[i].prev;
    w->wave[i] = prev >= b->first ? w->wave[prev - b->first] + 1 : 0;
    if (w->wave[i] >= w->count)
      w->count = w->wave[i] + 1;
    start[w->wave[i] + 1]++;
  }
  for (uint32_t i = 0; i < w->count; i++)
    start[i + 1] += start[i];
  for (uint32_t i = 0; i < b->n; i++)
    w->order[start[w->wave[i]]++] = i;
}

/* Leaves of one department and one wave that will share a signature. */
struct group {
  const char *department;
  const struct signer *signer;
  uint32_t list[SHARED_MAX];
  size_t n;
};

struct signing {
  struct batch *batch;
  const struct batch *before;
  struct group *groups;
  size_t group_count, group_cap;
  signer_finder *find;
  void *context;
};

static struct group *group_of(struct signing *s, const char *department, struct error *error)
{
  for (size_t i = 0; i < s->group_count; i++)
    if (strcmp(s->groups[i].department, department) == 0)
      return &s->groups[i];
  const struct signer *signer = s->find(s->context, department, error);
  if (!signer)
    return NULL;
  s->groups = arena_grow(&s->batch->arena, s->groups, s->group_count, &s->group_cap, sizeof *s->groups);
  s->groups[s->group_count] = (struct group){.department = department, .signer = signer};
  return &s->groups[s->group_count++];
}

static void sign_group(struct batch *b, struct group *g)
{
  struct span lines[SHARED_MAX], entries[SHARED_MAX];
  for (size_t i = 0; i < g->n; i++)
    lines[i] = b->list[g->list[i]].lines;
  if (g->n)
    leaf_sign_batch(&b->arena, lines, g->n, g->signer, entries);
  for (size_t i = 0; i < g->n; i++) {
    struct fresh_leaf *f = &b->list[g->list[i]];
    f->entry = entries[i];
    f->hash = merkle_leaf(f->entry);
  }
  g->n = 0;
}

/* The hash of the leaf before: read with the event, or made since. */
static bool find_prev(const struct signing *s, struct fresh_leaf *f)
{
  const struct batch *all[] = {s->batch, s->before};
  if (f->prev == 0 || f->prev_known)
    return true;
  for (size_t i = 0; i < 2; i++) {
    const struct batch *b = all[i];
    if (!b || f->prev < b->first || f->prev >= b->first + (int64_t)b->n)
      continue;
    f->leaf.prev = b->list[f->prev - b->first].hash;
    return true;
  }
  return false;
}

static int sign_wave(struct signing *s, const uint32_t *list, size_t n, struct error *error)
{
  struct batch *b = s->batch;
  for (size_t i = 0; i < n; i++) {
    struct fresh_leaf *f = &b->list[list[i]];
    if (!find_prev(s, f))
      return broken(b->first + list[i], error);
    struct group *g = group_of(s, f->leaf.dept, error);
    if (!g)
      return -1;
    f->lines = leaf_lines(&b->arena, &f->leaf, &f->commitments);
    g->list[g->n++] = list[i];
    if (g->n == SHARED_MAX)
      sign_group(b, g);
  }
  for (size_t i = 0; i < s->group_count; i++)
    sign_group(b, &s->groups[i]);
  return 0;
}

int batch_sign(struct batch *batch, const struct batch *before, signer_finder *find, void *context, struct error *error)
{
  struct signing s = {.batch = batch, .before = before, .find = find, .context = context};
  struct waves w = {0};
  sort_by_wave(batch, &w);
  for (size_t i = 0; i < batch->n;) {
    size_t end = i;
    while (end < batch->n && w.wave[w.order[end]] == w.wave[w.order[i]])
      end++;
    if (sign_wave(&s, w.order + i, end - i, error))
      return -1;
    i = end;
  }
  return 0;
}
