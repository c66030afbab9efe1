#include "engine/internal.h"

#include <string.h>

#include "base/json.h"

/* The platform's own key signs what no department did: applicants' acts and deadlines. */
#define CENTRE "centre"
#define FIXED_FIELDS 10

static bool is_plain_id(const char *s)
{
  size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
  return n > 0 && n <= 64 && s[n] == '\0';
}

const char *event_department(const struct event *event)
{
  return is_plain_id(event->actor.agency) ? event->actor.agency : CENTRE;
}

static struct leaf_field field_int(struct arena *arena, const char *name, int64_t value)
{
  return (struct leaf_field){span_of(name), span_of(arena_printf(arena, "%lld", (long long)value))};
}

static struct leaf_field field_str(const char *name, const char *value)
{
  return (struct leaf_field){span_of(name), span_of(value)};
}

/* Every column of the event's row; ret has room for FIXED_FIELDS. */
static size_t put_columns(struct arena *arena, const struct event *e, struct leaf_field *f)
{
  size_t n = 0;
  f[n++] = field_str("kind", e->kind->name);
  f[n++] = field_int(arena, "id", e->id);
  f[n++] = field_int(arena, "version", e->version);
  f[n++] = field_int(arena, "at", e->at);
  f[n++] = field_str("actor", e->actor.id);
  f[n++] = field_str("role", e->actor.role);
  f[n++] = field_str("agency", e->actor.agency);
  f[n++] = field_str("channel", e->actor.channel);
  f[n++] = field_str("item", e->item);
  f[n++] = field_str("key", e->key);
  return n;
}

struct fields {
  struct leaf_field *list;
  size_t n, cap;
};

static void put_member(struct arena *arena, struct fields *f, struct span name, struct span value)
{
  f->list = arena_grow(arena, f->list, f->n, &f->cap, sizeof *f->list);
  char *full = arena_alloc(arena, name.n + 5);
  memcpy(full, "data.", 5);
  memcpy(full + 5, name.p, name.n);
  f->list[f->n++] = (struct leaf_field){{full, name.n + 5}, value};
}

static void put_members_of(struct arena *arena, struct fields *f, const json_t *object)
{
  const char *name;
  json_t *value, *data = (json_t *)(uintptr_t)object; /* jansson's iterators take no const */
  json_object_foreach(data, name, value)
  {
    put_member(arena, f, span_of(name), json_text(arena, value));
  }
}

/* Members out of the stored text itself; parsed only where that is not plain. */
static int put_members_in(struct arena *arena, struct fields *f, struct span body, struct error *error)
{
  size_t before = f->n;
  struct span rest = body, name, value;
  json_t *data;
  while (rest.n > 2 && json_next_member(&rest, &name, &value))
    put_member(arena, f, name, value);
  if (rest.n == 0 || span_is(rest, "{}"))
    return 0;
  f->n = before;
  if (json_read(body, "event", &data, error))
    return -1;
  put_members_of(arena, f, data);
  json_decref(data);
  return 0;
}

/* Every column of the event's row, then every member of its body, in the order stored. */
static int fields_of(struct arena *arena, const struct event *e, struct fields *ret, struct error *error)
{
  struct fields f = {.cap = FIXED_FIELDS + 6};
  f.list = arena_array(arena, f.cap, sizeof *f.list);
  f.n = put_columns(arena, e, f.list);
  if (!e->data && put_members_in(arena, &f, e->body, error))
    return -1;
  if (e->data)
    put_members_of(arena, &f, e->data);
  *ret = f;
  return 0;
}

int event_leaf(struct arena *arena, const struct leaf_source *source, struct leaf *ret, struct leaf_commitments *ret_commitments,
               struct error *error)
{
  const struct event *e = source->event;
  struct fields fields;
  if (fields_of(arena, e, &fields, error))
    return -1;
  struct leaf leaf = {
      .seq = e->version,
      .has_prev = source->has_prev,
      .prev = source->prev,
      .type = arena_printf(arena, "%s.%s", e->kind->name, e->type),
      .item = e->item,
      .dept = event_department(e),
      .at = e->at,
      .salt = source->salt,
      .fields = fields.list,
      .field_count = fields.n,
  };
  if (source->pseudonym.n == LEAF_PSEUDONYM_BYTES)
    memcpy(leaf.pseudonym, source->pseudonym.p, LEAF_PSEUDONYM_BYTES);
  *ret = leaf;
  *ret_commitments = leaf_commit(&leaf);
  return 0;
}

struct span event_leaf_lines(struct arena *arena, const struct leaf_source *source)
{
  struct leaf leaf;
  struct leaf_commitments commitments;
  struct error error; /* only a body that is read again can fail */
  if (event_leaf(arena, source, &leaf, &commitments, &error))
    return (struct span){0};
  return leaf_lines(arena, &leaf, &commitments);
}
