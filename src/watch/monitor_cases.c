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
  if (!m->options.catalog || !r->received || r->told)
    return;
  day last = calendar_add(&m->options.catalog->calendar, day_of_second(r->received), NOTICE_DAYS).day + 1;
  if (day_of_second(now) <= last)
    return;
  r->told = true;
  monitor_say(m, "late-notice", index, subject_of(m, r, ""), "收件后五个工作日内没有告知是否受理",
              "nobody said within five working days whether the application is accepted");
}

static void judge_item(struct monitor *m, struct record *r, struct open_item *it, int64_t now, int64_t index)
{
  const struct item *item = m->options.catalog ? catalog_item(m->options.catalog, span_of(it->id)) : NULL;
  if (!item || item->statutory <= 0 || it->told || it->special)
    return;
  int days = item->statutory + it->paused + (it->extended ? EXTENSION_DAYS : 0);
  if (day_of_second(now) <= calendar_add(&m->options.catalog->calendar, day_of_second(it->opened), days).day)
    return;
  it->told = true;
  monitor_say(m, "late-decision", index, subject_of(m, r, it->id), "事项在法定 %d 个工作日内没有决定",
              "the item was not decided within its %d statutory working days", days);
}

void monitor_clock(struct monitor *m, int64_t now)
{
  if (!m->options.catalog)
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
  } else if (span_is(leaf->type, "case.special-ended") && it->special && m->options.catalog) {
    it->paused += calendar_between(&m->options.catalog->calendar, day_of_second(it->special), day_of_second(leaf->seconds)) + 1;
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
  if (span_is(leaf->type, "case.archived") || span_is(leaf->type, "case.erased"))
    drop_items(r);
  item_leaf(m, r, leaf, index);
}
