#include "cli/service.h"

#include "engine/engine.h"
#include "templates_service.h"

static int show_health(struct request *rq, struct error *error)
{
  (void)error;
  buf_str(&rq->out, "ok\n");
  return web_bytes(rq, 200, "text/plain; charset=utf-8", NULL);
}

static int show_ledger(struct request *rq, struct error *error)
{
  struct engine_checkpoint checkpoint;
  if (engine_last_checkpoint(rq->db, rq->arena, &checkpoint, error))
    return -1;
  return web_page(rq, 200, service_ledger(rq, &checkpoint));
}

static int show_checkpoint(struct request *rq, struct error *error)
{
  struct engine_checkpoint checkpoint;
  if (engine_last_checkpoint(rq->db, rq->arena, &checkpoint, error))
    return -1;
  if (checkpoint.size == 0)
    return error_set(error, ERROR_NOT_FOUND, "no-checkpoint", "还没有检查点", "There is no checkpoint yet");
  buf_span(&rq->out, checkpoint.note);
  return web_bytes(rq, 200, "text/plain; charset=utf-8", NULL);
}

const struct route service_routes[] = {
    {METHOD_GET, "/healthz", ROLE_PUBLIC, show_health, .zh = "服务是否正常", .en = "Is the service up?"},
    {METHOD_GET, "/ledger", ROLE_PUBLIC, show_ledger, .zh = "公开账本说明", .en = "The public record and how to check it"},
    {METHOD_GET, "/log/checkpoint", ROLE_PUBLIC, show_checkpoint, .flags = ROUTE_CACHED, .zh = "最近的已签名检查点",
     .en = "The newest signed checkpoint"},
    {0},
};
