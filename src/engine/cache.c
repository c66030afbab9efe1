#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 96     /* of an aggregate: its slots in the map, what malloc puts before its blocks */
#define FIRST_CHUNK 192 /* of an aggregate's memory: many are small, and a budget of bytes shall hold many */

static const struct sql find_aggregate = {"SELECT kind, version, head, pseudonym FROM aggregates WHERE id = $1"};

static void unlink_used(struct cache *cache, struct aggregate *a)
{
  *(a->newer ? &a->newer->older : &cache->newest) = a->older;
  *(a->older ? &a->older->newer : &cache->oldest) = a->newer;
  a->newer = a->older = NULL;
}

static void link_newest(struct cache *cache, struct aggregate *a)
{
  a->older = cache->newest;
  *(cache->newest ? &cache->newest->newer : &cache->oldest) = a;
  cache->newest = a;
}

static void count_bytes(struct cache *cache, struct aggregate *a)
{
  size_t now = sizeof *a + a->arena.held + OVERHEAD;
  cache->bytes += now - a->bytes;
  a->bytes = now;
}

void cache_drop(struct cache *cache, struct aggregate *a)
{
  unlink_used(cache, a);
  idmap_remove(&cache->map, a->id);
  cache->bytes -= a->bytes;
  arena_release(&a->arena);
  free(a);
}

void cache_release(struct cache *cache)
{
  while (cache->oldest)
    cache_drop(cache, cache->oldest);
  idmap_release(&cache->map);
}

void cache_trim(struct cache *cache)
{
  while (cache->bytes > cache->bytes_max && cache->oldest)
    cache_drop(cache, cache->oldest);
}

static struct known_key *probe(const struct known_keys *keys, uint64_t hash)
{
  size_t i = (size_t)(hash >> 20) & (keys->cap - 1);
  while (keys->slots[i].seq && keys->slots[i].hash != hash)
    i = (i + 1) & (keys->cap - 1);
  return &keys->slots[i];
}

const struct known_key *aggregate_key(const struct aggregate *a, const char *key)
{
  const struct known_key *found = a->keys.n ? probe(&a->keys, span_hash(span_of(key))) : NULL;
  return found && found->seq ? found : NULL;
}

static void grow_keys(struct aggregate *a)
{
  struct known_keys bigger = {.cap = a->keys.cap ? 2 * a->keys.cap : 4, .n = a->keys.n};
  bigger.slots = arena_array(&a->arena, bigger.cap, sizeof *bigger.slots);
  for (size_t i = 0; i < a->keys.cap; i++)
    if (a->keys.slots[i].seq)
      *probe(&bigger, a->keys.slots[i].hash) = a->keys.slots[i];
  a->keys = bigger;
}

/* Of several events of one command the last counts. */
static void remember_key(struct aggregate *a, const struct event *event)
{
  if (!*event->key)
    return;
  if (2 * (a->keys.n + 1) > a->keys.cap)
    grow_keys(a);
  uint64_t hash = span_hash(span_of(event->key));
  struct known_key *slot = probe(&a->keys, hash);
  a->keys.n += slot->seq == 0;
  *slot = (struct known_key){hash, event->version, event->seq};
}

void aggregate_forget(struct aggregate *a)
{
  arena_reset(&a->arena);
  a->state = NULL;
  a->keys = (struct known_keys){0};
}

int aggregate_apply(struct aggregate *a, const struct event *event, struct error *error)
{
  if (!a->state)
    a->state = arena_alloc(&a->arena, event->kind->state_size);
  a->kind = event->kind;
  if (event->kind->evolve(a->state, &a->arena, event))
    return error_set(error, ERROR_INTERNAL, "unknown-event", "本程序不认识事件“%s”，请使用更新的版本",
                     "This program does not know the event “%s”: use a newer version", event->type);
  a->erased |= event_erases(event);
  a->version = event->version;
  a->head = event->seq;
  remember_key(a, event);
  return 0;
}

static int replay(struct writer *writer, struct aggregate *a, int version, struct error *error)
{
  struct rows rows;
  struct arena arena = {0};
  int bad = 0;
  if (DB_QUERY(writer->db, version == 1 ? &first_event : &aggregate_chain, &rows, error, V_INT(a->head)))
    return -1;
  while (!bad && rows_next(&rows)) {
    struct event event;
    bad = event_read(&rows, writer->engine->options.kinds, &arena, &event, error);
    if (bad)
      break;
    bad = event_erased(&event) ? 0 : aggregate_apply(a, &event, error);
    event_release(&event);
  }
  if (rows_close(&rows, bad ? NULL : error))
    bad = -1;
  arena_release(&arena);
  return bad;
}

static int load(struct writer *writer, struct aggregate *a, struct error *error)
{
  struct rows rows;
  int version = 0;
  if (DB_QUERY(writer->db, &find_aggregate, &rows, error, V_INT(a->id)))
    return -1;
  if (rows_next(&rows)) {
    a->stored = true;
    version = (int)rows_int(&rows, 1);
    a->head = rows_int(&rows, 2);
    struct span pseudonym = rows_span(&rows, 3);
    if (pseudonym.n == LEAF_PSEUDONYM_BYTES)
      memcpy(a->pseudonym, pseudonym.p, pseudonym.n);
  }
  if (rows_close(&rows, error))
    return -1;
  if (version == 0) {
    writer_random(writer, a->pseudonym, sizeof a->pseudonym);
    return 0;
  }
  if (replay(writer, a, version, error))
    return -1;
  if (a->version != version)
    return error_set(error, ERROR_INTERNAL, "broken-history", "记录 %lld 的历史不完整：应有 %d 个事件，实有 %d 个",
                     "The history of record %lld is incomplete: %d events expected, %d found", (long long)a->id, version,
                     a->version);
  struct idmap_slot *due = idmap_find(&writer->timers.current, a->id);
  a->due = due ? due->value.number : 0;
  return 0;
}

int cache_get(struct writer *writer, int64_t id, struct aggregate **ret, struct error *error)
{
  struct cache *cache = &writer->cache;
  struct idmap_slot *slot = idmap_find(&cache->map, id);
  struct aggregate *a = slot ? slot->value.pointer : NULL;
  if (a) {
    unlink_used(cache, a);
    link_newest(cache, a);
    *ret = a;
    return 0;
  }
  a = calloc(1, sizeof *a);
  if (!a)
    abort();
  a->id = id;
  a->arena.first = FIRST_CHUNK;
  if (load(writer, a, error)) {
    arena_release(&a->arena);
    free(a);
    return -1;
  }
  idmap_add(&cache->map, id)->value.pointer = a;
  link_newest(cache, a);
  count_bytes(cache, a);
  *ret = a;
  return 0;
}

void aggregate_touch(struct writer *writer, struct aggregate *a)
{
  count_bytes(&writer->cache, a);
  if (a->touched)
    return;
  a->touched = true;
  a->next_touched = writer->touched;
  writer->touched = a;
}
