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

/* Every column of the event's row, then every member of its body, in the order stored. */
static struct leaf_field *fields_of(struct arena *arena, const struct event *e, size_t *ret_n)
{
  struct leaf_field *f = arena_array(arena, FIXED_FIELDS + json_object_size(e->data), sizeof *f);
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
  const char *name;
  json_t *value, *data = (json_t *)(uintptr_t)e->data; /* jansson's iterators take no const */
  json_object_foreach(data, name, value)
  {
    f[n++] = (struct leaf_field){span_of(arena_printf(arena, "data.%s", name)), json_text(arena, value)};
  }
  *ret_n = n;
  return f;
}

struct span event_leaf_lines(struct arena *arena, const struct leaf_source *source)
{
  const struct event *e = source->event;
  struct leaf leaf = {
      .seq = e->version,
      .has_prev = source->has_prev,
      .prev = source->prev,
      .type = arena_printf(arena, "%s.%s", e->kind->name, e->type),
      .item = e->item,
      .dept = event_department(e),
      .at = e->at,
      .salt = source->salt,
  };
  if (source->pseudonym.n == LEAF_PSEUDONYM_BYTES)
    memcpy(leaf.pseudonym, source->pseudonym.p, LEAF_PSEUDONYM_BYTES);
  leaf.fields = fields_of(arena, e, &leaf.field_count);
  return leaf_unsigned(arena, &leaf);
}
