#include "cli/service.h"

static int show_health(struct request *rq, struct error *error)
{
  (void)error;
  buf_str(&rq->out, "ok\n");
  return web_bytes(rq, 200, "text/plain; charset=utf-8", NULL);
}

const struct route service_routes[] = {
    {METHOD_GET, "/healthz", ROLE_PUBLIC, show_health, .zh = "服务是否正常", .en = "Is the service up?"},
    {0},
};
