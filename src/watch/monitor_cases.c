/*
 * What the monitor remembers of each case, and the limits the law sets.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "watch/monitor_internal.h"

enum { NOTICE_DAYS = 5, EXTENSION_DAYS = 15 };

/* ---- records ---- */

static size_t bucket_of(const struct monitor *m, const unsigned char *pseudonym)
{
  uint64_t h;
  memcpy(&h, pseudonym, sizeof h); /* random already */
  return (size_t)h & (m->bucket_count - 1);
}

struct record *record_find(const struct monitor *m, const unsigned char *pseudonym)
{
  if (!m->bucket_count)
    return NULL;
  struct record *r = m->buckets[bucket_of(m, pseudonym)];
  while (r && memcmp(r->pseudonym, pseudonym, sizeof r->pseudonym) != 0)
    r = r->chain;
  return r;
}

static void grow(struct monitor *m)
{
  size_t before = m->bucket_count;
  struct record **old = m->buckets;
  m->bucket_count = before ? 2 * before : 1024;
  m->buckets = calloc(m->bucket_count, sizeof *m->buckets);
  if (!m->buckets)
    abort();
  for (size_t i = 0; i < before; i++)
    for (struct record *r = old[i], *next; r; r = next) {
      next = r->chain;
      size_t b = bucket_of(m, r->pseudonym);
      r->chain = m->buckets[b];
      m->buckets[b] = r;
    }
  free(old);
}

static void list_remove(struct record_list *list, struct record *r)
{
  *(r->newer ? &r->newer->older : &list->newest) = r->older;
  *(r->older ? &r->older->newer : &list->oldest) = r->newer;
  r->newer = r->older = NULL;
  list->n--;
}

static void list_add(struct record_list *list, struct record *r)
{
  r->older = list->newest;
  r->newer = NULL;
  *(list->newest ? &list->newest->newer : &list->oldest) = r;
  list->newest = r;
  list->n++;
}

struct record *record_add(struct monitor *m, const unsigned char *pseudonym)
{
  if (m->record_count >= m->bucket_count)
    grow(m);
  struct record *r = calloc(1, sizeof *r);
  if (!r)
    abort();
  memcpy(r->pseudonym, pseudonym, sizeof r->pseudonym);
  r->pinned = m->edge.size;
  size_t b = bucket_of(m, pseudonym);
  r->chain = m->buckets[b];
  m->buckets[b] = r;
  m->record_count++;
  list_add(&m->idle, r);
  return r;
}

static void drop_items(struct record *r)
{
  for (struct open_item *it = r->items, *next; it; it = next) {
    next = it->next;
    free(it);
  }
  r->items = NULL;
}

static void forget(struct monitor *m, struct record *r)
{
  struct record **at = &m->buckets[bucket_of(m, r->pseudonym)];
  while (*at != r)
    at = &(*at)->chain;
  *at = r->chain;
  list_remove(r->busy ? &m->busy : &m->idle, r);
  drop_items(r);
  free(r);
  m->record_count--;
}

void record_used(struct monitor *m, struct record *r)
{
  list_remove(r->busy ? &m->busy : &m->idle, r);
  r->busy = r->received || r->items;
  list_add(r->busy ? &m->busy : &m->idle, r);
  while (m->idle.oldest && m->idle.n > m->options.remember) {
    forget(m, m->idle.oldest);
    m->counts.forgotten++;
  }
}

static void release_list(struct record *oldest)
{
  for (struct record *r = oldest, *next; r; r = next) {
    next = r->newer;
    drop_items(r);
    free(r);
  }
}

void records_release(struct monitor *m)
{
  release_list(m->busy.oldest);
  release_list(m->idle.oldest);
  free(m->buckets);
}

struct open_item *record_item(struct record *r, struct span id, bool add)
{
  for (struct open_item *it = r->items; it; it = it->next)
    if (span_is(id, it->id))
      return it;
  if (!add || id.n == 0 || id.n >= sizeof r->items->id)
    return NULL;
  struct open_item *it = calloc(1, sizeof *it);
  if (!it)
    abort();
  memcpy(it->id, id.p, id.n);
  it->next = r->items;
  r->items = it;
  return it;
}

static void close_item(struct record *r, const struct open_item *item)
{
  struct open_item **at = &r->items;
  while (*at != item)
    at = &(*at)->next;
  struct open_item *gone = *at;
  *at = gone->next;
  free(gone);
}

/* ---- what catalogues say ---- */

static int by_item(const void *a, const void *b)
{
  const struct limit *x = a, *y = b;
  int order = strcmp(x->item, y->item);
  return order ? order : (x->from > y->from) - (x->from < y->from);
}

void limit_add(struct monitor *m, struct span item, int64_t from, int days)
{
  if (m->limit_count == m->limit_cap) {
    m->limit_cap = m->limit_cap ? 2 * m->limit_cap : 256;
    m->limits = realloc(m->limits, m->limit_cap * sizeof *m->limits);
    if (!m->limits)
      abort();
  }
  char *name = strndup(item.p, item.n);
  if (!name)
    abort();
  m->limits[m->limit_count++] = (struct limit){name, from, days};
}

void limits_sort(struct monitor *m)
{
  if (m->limit_count)
    qsort(m->limits, m->limit_count, sizeof *m->limits, by_item);
}

void limits_release(struct monitor *m)
{
  for (size_t i = 0; i < m->limit_count; i++)
    free(m->limits[i].item);
  free(m->limits);
}

/* Of the first n, which are sorted: the item's last one from that leaf or before it, else its first; NULL: it never had one. */
static struct limit *limit_find(const struct monitor *m, size_t n, const char *item, int64_t leaf)
{
  size_t low = 0, high = n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(m->limits[middle].item, item);
    if (order < 0 || (order == 0 && m->limits[middle].from <= leaf))
      low = middle + 1;
    else
      high = middle;
  }
  if (low > 0 && strcmp(m->limits[low - 1].item, item) == 0)
    return &m->limits[low - 1];
  return low < n && strcmp(m->limits[low].item, item) == 0 ? &m->limits[low] : NULL;
}

void monitor_catalog(struct monitor *m, const struct catalog *catalog)
{
  size_t known = m->limit_count;
  m->calendar = catalog ? &catalog->calendar : NULL;
  for (size_t i = 0; catalog && i < catalog->item_count; i++) {
    const struct item *item = &catalog->items[i];
    struct limit *last = limit_find(m, known, item->id, INT64_MAX);
    int days = item->statutory > 0 ? item->statutory : 0;
    if (last && last->from == m->edge.size)
      last->days = days;
    else if ((last ? last->days : 0) != days)
      limit_add(m, span_of(item->id), m->edge.size, days);
  }
  limits_sort(m);
}

/* ---- limits ---- */

static day day_of_second(int64_t seconds)
{
  return day_of(seconds * SECOND_MS);
}

static const char *subject_of(struct monitor *m, const struct record *r, const char *item)
{
  char hex[2 * LEAF_PSEUDONYM_BYTES + 1];
  hex_encode(r->pseudonym, sizeof r->pseudonym, hex);
  return arena_printf(&m->arena, "%s%s%s", hex, *item ? " " : "", item);
}

/* now: when it was answered, or is not yet. */
static void judge_notice(struct monitor *m, struct record *r, int64_t now, int64_t index)
{
  if (!m->calendar || !r->received || r->told)
    return;
  day last = calendar_add(m->calendar, day_of_second(r->received), NOTICE_DAYS).day + 1;
  if (day_of_second(now) <= last)
    return;
  r->told = true;
  monitor_say(m, "late-notice", index, subject_of(m, r, ""), "收件后五个工作日内没有告知是否受理",
              "nobody said within five working days whether the application is accepted");
}

static void judge_item(struct monitor *m, struct record *r, struct open_item *it, int64_t now, int64_t index)
{
  const struct limit *limit = m->calendar ? limit_find(m, m->limit_count, it->id, r->pinned) : NULL;
  if (!limit || limit->days == 0 || it->told || it->special)
    return;
  int days = limit->days + it->paused + (it->extended ? EXTENSION_DAYS : 0);
  if (day_of_second(now) <= calendar_add(m->calendar, day_of_second(it->opened), days).day)
    return;
  it->told = true;
  monitor_say(m, "late-decision", index, subject_of(m, r, it->id), "事项在法定 %d 个工作日内没有决定",
              "the item was not decided within its %d statutory working days", days);
}

void monitor_clock(struct monitor *m, int64_t now)
{
  if (!m->calendar)
    return;
  for (struct record *r = m->busy.oldest; r; r = r->newer) {
    judge_notice(m, r, now, m->edge.size);
    for (struct open_item *it = r->items; it; it = it->next)
      judge_item(m, r, it, now, m->edge.size);
    arena_reset(&m->arena);
  }
}

static void item_leaf(struct monitor *m, struct record *r, const struct leaf_view *leaf, int64_t index)
{
  bool opened = span_is(leaf->type, "case.opened");
  struct open_item *it = record_item(r, leaf->item, opened);
  if (!it)
    return;
  if (opened) {
    it->opened = leaf->seconds;
  } else if (span_is(leaf->type, "case.extended")) {
    it->extended = true;
  } else if (span_is(leaf->type, "case.special-started")) {
    it->special = leaf->seconds;
  } else if (span_is(leaf->type, "case.special-ended") && it->special && m->calendar) {
    it->paused += calendar_between(m->calendar, day_of_second(it->special), day_of_second(leaf->seconds)) + 1;
    it->special = 0;
  } else if (span_is(leaf->type, "case.decided") || span_is(leaf->type, "case.item-closed")) {
    if (span_is(leaf->type, "case.decided"))
      judge_item(m, r, it, leaf->seconds, index);
    close_item(r, it);
  }
}

void limits_leaf(struct monitor *m, struct record *r, const struct leaf_view *leaf, int64_t index)
{
  static const char *const answers[] = {"case.accepted", "case.not-accepted", "case.correction-asked", "case.withdrawn", NULL};
  if (!span_starts(leaf->type, "case."))
    return;
  if (span_is(leaf->type, "case.submitted") || span_is(leaf->type, "case.resubmitted")) {
    r->received = leaf->seconds;
    r->told = false;
  }
  for (size_t i = 0; answers[i]; i++)
    if (span_is(leaf->type, answers[i])) {
      judge_notice(m, r, leaf->seconds, index);
      r->received = 0;
    }
  if (span_is(leaf->type, "case.plan-pinned"))
    r->pinned = index;
  if (span_is(leaf->type, "case.archived") || span_is(leaf->type, "case.erased"))
    drop_items(r);
  item_leaf(m, r, leaf, index);
}
