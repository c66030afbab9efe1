#include "witness/witness_pages.h"

#include "app/app.h"
#include "witness/witness.h"

#define TEXT "text/plain; charset=utf-8"

static int add_checkpoint(struct request *rq, struct error *error)
{
  struct witness_answer answer;
  (void)error;
  witness_add_checkpoint(rq->app->witness, rq->arena, rq->raw, rq->now, &answer);
  if (answer.status == 503)
    web_retry_after(rq, 1);
  buf_span(&rq->out, answer.body);
  return web_bytes(rq, answer.status, answer.type, NULL);
}

static int show_latest(struct request *rq, struct error *error)
{
  struct span note = witness_latest(rq->app->witness, rq->arena, rq_span(rq, "origin"));
  if (!note.n)
    return error_set(error, ERROR_NOT_FOUND, "no-checkpoint", "没有见证过这个账本的检查点",
                     "No checkpoint of such a log has been cosigned here");
  buf_span(&rq->out, note);
  return web_bytes(rq, 200, TEXT, NULL);
}

static int show_self(struct request *rq, struct error *error)
{
  struct witness *w = rq->app->witness;
  (void)error;
  buf_printf(&rq->out, "%s\n", witness_vkey(w));
  for (size_t i = 0; i < witness_log_count(w); i++)
    buf_printf(&rq->out, "%s %lld\n", witness_log_origin(w, i), (long long)witness_log_size(w, i));
  return web_bytes(rq, 200, TEXT, NULL);
}

static int show_health(struct request *rq, struct error *error)
{
  (void)error;
  buf_str(&rq->out, "ok\n");
  return web_bytes(rq, 200, TEXT, NULL);
}

static const struct parameter of_log[] = {
    {"origin", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "账本名称的 SHA-256（十六进制）", .en = "hex SHA-256 of the origin"},
    {0}};

const struct route witness_routes[] = {
    {METHOD_POST, "/add-checkpoint", ROLE_PUBLIC, add_checkpoint, .flags = ROUTE_API | ROUTE_RAW | ROUTE_NO_CSRF,
     .zh = "为一个检查点作见证（tlog-witness）", .en = "Cosign a checkpoint (tlog-witness)"},
    {METHOD_GET, "/{origin}/checkpoint", ROLE_PUBLIC, show_latest, .flags = ROUTE_API, .parameters = of_log,
     .zh = "最近见证的检查点", .en = "The newest cosigned checkpoint"},
    {METHOD_GET, "/", ROLE_PUBLIC, show_self, .flags = ROUTE_API, .zh = "见证者的公钥与已见证的大小",
     .en = "The witness's key and the sizes it has cosigned"},
    {METHOD_GET, "/healthz", ROLE_PUBLIC, show_health, .flags = ROUTE_API, .zh = "服务是否正常", .en = "Is the service up?"},
    {0},
};
