#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define BODY_MAX ((size_t)1024 * 1024)

static const struct sql insert_event = {
    "INSERT INTO events (seq, kind, aggregate, version, prev, type, at, actor, role, agency, channel, item, key, body, salt)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"};
static const struct sql insert_message = {"INSERT INTO outbox (seq, n, topic, body, attempts, next) VALUES ($1, $2, $3, $4, 0, 0)"};
static const struct sql find_series = {"SELECT value FROM counters WHERE series = $1"};
static const struct sql save_series = {
    "INSERT INTO counters (series, value) VALUES ($1, $2) ON CONFLICT (series) DO UPDATE SET value = excluded.value"};

/* ---- what decide calls ---- */

void decision_emit(struct decision *d, const char *type, const char *item, json_t *data)
{
  struct event_list *events = d->events;
  events->list = arena_grow(events->arena, events->list, events->n, &events->cap, sizeof *events->list);
  struct event *event = &events->list[events->n++];
  *event = (struct event){.type = type, .item = arena_str(events->arena, item), .data = data ? data : json_object()};
}

static int64_t hash_of(const char *name)
{
  int64_t hash = (int64_t)(span_hash(span_of(name)) >> 1);
  return hash ? hash : 1;
}

static int read_series(struct writer *writer, const char *name, int64_t *ret)
{
  struct rows rows;
  struct error error = {0};
  *ret = 0;
  if (DB_QUERY(writer->db, &find_series, &rows, &error, V_STR(name)))
    return -1;
  if (rows_next(&rows))
    *ret = rows_int(&rows, 0);
  return rows_close(&rows, &error);
}

/* NULL: the store failed under us. */
static struct series *series_get(struct writer *writer, const char *name)
{
  struct engine *engine = writer->engine;
  int64_t hash = hash_of(name), value;
  struct idmap_slot *slot = idmap_find(&engine->series_map, hash);
  for (struct series *s = slot ? slot->value.pointer : NULL; s; s = s->same)
    if (strcmp(s->name, name) == 0)
      return s;
  if (read_series(writer, name, &value))
    return NULL;
  struct series *series = malloc(sizeof *series);
  char *copy = strdup(name);
  if (!series || !copy)
    abort();
  slot = idmap_add(&engine->series_map, hash);
  *series = (struct series){
      .older = engine->series, .same = slot->value.pointer, .name = copy, .value = value, .before = value, .saved = value};
  engine->series = slot->value.pointer = series;
  return series;
}

int64_t decision_number(struct decision *d, const char *series_name)
{
  struct engine *engine = d->writer->engine;
  struct series *series = series_get(d->writer, series_name);
  if (!series) { /* this command must not be committed */
    d->writer->series_failed = true;
    return 0;
  }
  if (!series->drawing) {
    series->drawing = true;
    series->next_drawing = engine->drawing;
    engine->drawing = series;
  }
  return ++series->value;
}

/* ---- series ---- */

/* What the command drew is its own, or goes back. */
static void series_settle(struct engine *engine, bool keep)
{
  for (struct series *s = engine->drawing; s; s = s->next_drawing) {
    s->drawing = false;
    *(keep ? &s->before : &s->value) = keep ? s->value : s->before;
    if (keep && !s->drawn) {
      s->drawn = true;
      s->next_drawn = engine->drawn;
      engine->drawn = s;
    }
  }
  engine->drawing = NULL;
}

void series_note(struct writer *writer)
{
  struct engine *engine = writer->engine;
  size_t n = 0;
  for (struct series *s = engine->drawn; s; s = s->next_drawn)
    n++;
  writer->drawn = arena_array(&writer->group, n + 1, sizeof *writer->drawn);
  writer->drawn_count = 0;
  for (struct series *s = engine->drawn; s; s = s->next_drawn) {
    s->drawn = false;
    writer->drawn[writer->drawn_count++] = (struct drawn){s, s->value};
  }
  engine->drawn = NULL;
}

int series_save(struct writer *writer, struct error *error)
{
  for (size_t i = 0; i < writer->drawn_count; i++)
    if (DB_EXEC(writer->db, &save_series, error, V_STR(writer->drawn[i].series->name), V_INT(writer->drawn[i].value)))
      return -1;
  return 0;
}

void series_commit(struct writer *writer)
{
  for (size_t i = 0; i < writer->drawn_count; i++)
    writer->drawn[i].series->saved = writer->drawn[i].value;
}

void series_rollback(struct engine *engine)
{
  for (struct series *s = engine->series; s; s = s->older) {
    s->value = s->before = s->saved;
    s->drawing = s->drawn = false;
  }
  engine->drawing = engine->drawn = NULL;
}

void series_release(struct engine *engine)
{
  for (struct series *s = engine->series, *older; s; s = older) {
    older = s->older;
    free(s->name);
    free(s);
  }
  engine->series = engine->drawing = engine->drawn = NULL;
  idmap_release(&engine->series_map);
}

/* ---- what project calls ---- */

void rowset_put(struct rowset *rows, const struct sql *sql, const struct value *values, size_t n)
{
  if (!rows->failed && group_put(rows->writer, sql, values, n, rows->error))
    rows->failed = true;
}

void rowset_send(struct rowset *rows, const char *topic, struct span body)
{
  if (!rows->failed &&
      GROUP_PUT(rows->writer, &insert_message, rows->error, V_INT(rows->seq), V_INT(rows->sent), V_STR(topic), V_TEXT(body)))
    rows->failed = true;
  rows->sent++;
}

/* ---- one command ---- */

static int check_version(const struct aggregate *a, const struct command *c, struct error *error)
{
  if (c->id <= 0 || strlen(c->key) > KEY_MAX)
    return error_set(error, ERROR_BAD_INPUT, "bad-command", "命令的编号或幂等键无效",
                     "The command's id or idempotency key is not valid");
  if (a->kind && a->kind != c->kind)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这条记录", "There is no such record");
  if (c->expect == 0 && a->version > 0)
    return error_set(error, ERROR_CONFLICT, "exists", "这条记录已经存在", "This record exists already");
  if (c->expect > 0 && a->version == 0)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这条记录", "There is no such record");
  if (c->expect > 0 && c->expect != a->version)
    return error_set(error, ERROR_CONFLICT, "stale-version", "这份办件在您打开页面之后已有变化，请刷新后再操作",
                     "This case has changed since you opened the page: reload it and try again");
  return 0;
}

static void release_events(struct event_list *events)
{
  for (size_t i = 0; i < events->n; i++)
    event_release(&events->list[i]);
  events->n = 0;
}

static int write_event(struct writer *writer, const struct event *e, int64_t prev, struct error *error)
{
  unsigned char salt[LEAF_SALT_BYTES];
  writer_random(writer, salt, sizeof salt);
  if (!writer->first_seq) {
    writer->first_seq = e->seq;
    memcpy(writer->first_salt, salt, sizeof salt);
  }
  return GROUP_PUT(writer, &insert_event, error, V_INT(e->seq), V_STR(e->kind->name), V_INT(e->id), V_INT(e->version), V_INT(prev),
                   V_STR(e->type), V_INT(e->at), V_STR(e->actor.id), V_STR(e->actor.role), V_STR(e->actor.agency),
                   V_STR(e->actor.channel), V_STR(e->item), V_STR(e->key), V_TEXT(e->body), V_BYTES(salt, sizeof salt));
}

/* Numbers one event, replays it into the state and writes it. */
static int record_event(struct writer *writer, struct aggregate *a, struct event *e, struct error *error)
{
  int64_t prev = a->head;
  e->seq = ++writer->engine->last_seq;
  e->id = a->id;
  e->version = a->version + 1;
  e->body = json_text(&writer->group, e->data);
  if (e->body.n > BODY_MAX)
    return error_set(error, ERROR_TOO_LARGE, "event-too-large", "一次提交的内容过多", "Too much was submitted at once");
  if (event_erases(e) && erasure_begin(writer, a, e, error))
    return -1;
  return aggregate_apply(a, e, error) || write_event(writer, e, prev, error) ? -1 : 0;
}

static int record(struct writer *writer, struct aggregate *a, const struct decision *d, const struct command *c,
                  struct error *error)
{
  for (size_t i = 0; i < d->events->n; i++) {
    struct event *e = &d->events->list[i];
    e->kind = c->kind;
    e->at = d->now;
    e->actor = c->actor;
    e->key = c->key;
    if (record_event(writer, a, e, error))
      return -1;
  }
  return 0;
}

static int project(struct writer *writer, const struct aggregate *a, const struct event_list *events, const struct kind *kind,
                   struct error *error)
{
  if (!kind->project)
    return 0;
  struct rowset rows = {.writer = writer, .error = error, .seq = events->list[events->n - 1].seq};
  kind->project(a->state, events->list, events->n, &rows);
  return rows.failed ? -1 : 0;
}

static int decide(struct writer *writer, const struct aggregate *a, const struct command *c, struct decision *d,
                  struct error *error)
{
  const void *state = a->state ? a->state : arena_alloc(d->arena, c->kind->state_size);
  writer->series_failed = false;
  int refused = c->kind->decide(state, c, d, error);
  series_settle(writer->engine, refused == 0);
  if (refused == 0 && writer->series_failed)
    return error_set(error, ERROR_BUSY, "store-unreachable", "暂时无法取号，请稍后再试",
                     "No number can be drawn right now: please try again shortly");
  return refused;
}

int command_run(struct writer *writer, struct request *request, struct error *error)
{
  const struct command *c = &request->command;
  struct aggregate *a;
  if (cache_get(writer, c->id, &a, error))
    return -1;
  const struct known_key *known = *c->key ? aggregate_key(a, c->key) : NULL;
  if (known && a->kind == c->kind) {
    request->outcome = (struct outcome){c->id, known->version, known->seq, .repeated = true};
    return 0;
  }
  if (check_version(a, c, error))
    return -1;
  struct event_list events = {.arena = &writer->group};
  struct decision d = {.arena = &writer->group,
                       .now = c->at ? c->at : engine_now(writer->engine),
                       .world = __atomic_load_n(&writer->engine->options.world, __ATOMIC_ACQUIRE),
                       .writer = writer,
                       .events = &events};
  writer_random(writer, d.random, sizeof d.random);
  if (decide(writer, a, c, &d, error)) {
    release_events(&events);
    return -1;
  }
  int bad = 0;
  if (events.n) {
    aggregate_touch(writer, a);
    bad = record(writer, a, &d, c, error) || project(writer, a, &events, c->kind, error) ? -2 : 0;
    aggregate_touch(writer, a);
  }
  request->outcome = (struct outcome){c->id, a->version, events.n ? a->head : 0, false};
  release_events(&events);
  return bad;
}

int event_append(struct writer *writer, struct aggregate *a, const char *type, json_t *data, struct error *error)
{
  struct event_list one = {.arena = &writer->group};
  struct event event = {.kind = a->kind,
                        .type = type,
                        .at = engine_now(writer->engine),
                        .actor = {"system", "system", "", "system"},
                        .item = "",
                        .key = "",
                        .data = data};
  one.list = &event;
  one.n = 1;
  aggregate_touch(writer, a);
  int bad = record_event(writer, a, &event, error) || project(writer, a, &one, a->kind, error);
  aggregate_touch(writer, a);
  event_release(&event);
  return bad ? -1 : 0;
}
