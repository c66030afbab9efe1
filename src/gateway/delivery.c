#include "gateway/delivery.h"

static int open_one(struct delivery *delivery, struct delivering *delivering, struct span body, struct error *error)
{
  delivery->engine = atomic_load(&delivering->engine);
  if (!delivery->engine)
    return error_set(error, ERROR_BUSY, "starting", "系统正在启动", "The program is starting");
  if (json_read(body, "message", &delivery->body, error))
    return -1;
  if (store_connect(delivering->store, DB_READ, &delivery->db, error)) {
    json_decref(delivery->body);
    return -1;
  }
  return 0;
}

int delivery_run(void *context, struct delivering *delivering, const char *id, struct span body, delivery_work *work,
                 struct error *error)
{
  struct delivery delivery = {.context = context, .id = id};
  if (open_one(&delivery, delivering, body, error))
    return -1;
  int bad = work(&delivery, error);
  db_close(delivery.db);
  json_decref(delivery.body);
  arena_release(&delivery.arena);
  return bad;
}

int delivery_tell(struct engine *engine, const struct kind *kind, int64_t id, const char *type, const char *key, json_t *data,
                  struct outcome *ret, struct error *error)
{
  static const struct actor the_system = {"system", "system", "", "system"};
  const struct command command = {
      .kind = kind, .id = id, .expect = -1, .type = type, .key = key, .actor = the_system, .data = data};
  int bad = engine_do(engine, &command, ret, error);
  json_decref(data);
  return bad;
}
