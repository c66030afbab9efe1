/*
 * What one queue tells another, and the case: outbox messages that become commands. Each is sent at least once and does its work
 * once: the command's key says which visit it is about.
 */
#include "hall/hall.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "casework/casework.h"

static int not_yet(struct error *error)
{
  return error_set(error, ERROR_BUSY, "engine-starting", "系统正在启动", "The system is starting");
}

/* What the rules refuse now they refuse for ever: it is written to the log and not tried again. */
static int deliver(struct engine *engine, const struct command *command, struct error *error)
{
  struct outcome outcome;
  if (engine_do(engine, command, &outcome, error) == 0)
    return 0;
  if (error->code == ERROR_BUSY || error->code == ERROR_INTERNAL)
    return -1;
  log_error("a hall's message was refused", error);
  return 0;
}

static int deliver_move(void *context, const char *delivery_id, struct span body, struct error *error)
{
  struct hall_post *post = context;
  struct engine *engine = atomic_load(&post->engine);
  json_t *data;
  (void)delivery_id;
  if (!engine)
    return not_yet(error);
  if (json_read(body, "hall-move", &data, error))
    return -1;
  const char *type = strcmp(json_str(data, "do"), "release") == 0 ? "release" : "take-over";
  const struct command command = {.kind = &queue_kind,
                                  .id = json_int(data, "queue"),
                                  .expect = -1,
                                  .type = type,
                                  .key = json_str(data, "key"),
                                  .actor = {"system", "system", "", "system"},
                                  .data = data};
  int bad = deliver(engine, &command, error);
  json_decref(data);
  return bad;
}

static int deliver_presence(void *context, const char *delivery_id, struct span body, struct error *error)
{
  struct hall_post *post = context;
  struct engine *engine = atomic_load(&post->engine);
  json_t *message;
  (void)delivery_id;
  if (!engine)
    return not_yet(error);
  if (json_read(body, "hall-presence", &message, error))
    return -1;
  json_t *data = json_pack("{s:s}", "why", json_str(message, "why"));
  const struct command command = {
      .kind = &casefile_kind,
      .id = json_int(message, "case"),
      .expect = -1,
      .type = "presence",
      .key = json_str(message, "key"),
      .actor = {json_str(message, "clerk"), "clerk", json_str(message, "agency"), "window"},
      .at = json_int(message, "at"),
      .data = data,
  };
  int bad = deliver(engine, &command, error);
  json_decref(data);
  json_decref(message);
  return bad;
}

struct outlet hall_moves_outlet(struct hall_post *post)
{
  return (struct outlet){"hall-move", deliver_move, post};
}

struct outlet hall_presence_outlet(struct hall_post *post)
{
  return (struct outlet){"hall-presence", deliver_presence, post};
}
