#include "witness/mirror_pages.h"

#include "app/app.h"
#include "ledger/tile.h"
#include "witness/internal.h"
#include "witness/mirror.h"

#define FILE_MAX ((size_t)TILE_WIDTH * (2 + ENTRY_MAX)) /* of a bundle, the largest there is */

/* A file of the copy by its public name, which the caller has checked. */
static int show_file(struct request *rq, const char *name, const char *type, struct error *error)
{
  struct span bytes;
  if (state_read(rq->arena, mirror_log_dir(rq->app->mirror), name, FILE_MAX, &bytes, error))
    return -1;
  if (!bytes.p)
    return error_set(error, ERROR_NOT_FOUND, "no-tile", "镜像没有这个文件", "The mirror has no such file");
  buf_span(&rq->out, bytes);
  return web_bytes(rq, 200, type, NULL);
}

static int show_checkpoint(struct request *rq, struct error *error)
{
  return show_file(rq, "checkpoint", "text/plain; charset=utf-8", error);
}

static int show_tile(struct request *rq, struct error *error)
{
  struct tile tile;
  const char *path = rq->path + 1;
  if (!tile_path_parse(span_of(path), &tile))
    return error_set(error, ERROR_NOT_FOUND, "no-tile", "这不是账本文件的路径", "This is not the path of a tile");
  return show_file(rq, path, "application/octet-stream", error);
}

#define TILE_ROUTE(pattern)                                                                                                        \
  {                                                                                                                                \
    METHOD_GET, "/tile" pattern, ROLE_PUBLIC, show_tile, .flags = ROUTE_API | ROUTE_CACHED, .zh = "账本的一个文件",                \
                                                         .en = "A tile of the log"                                                 \
  }

/* A tile's number is one to seven groups of three digits, and a partial one has its width behind. */
const struct route mirror_routes[] = {
    {METHOD_GET, "/checkpoint", ROLE_PUBLIC, show_checkpoint, .flags = ROUTE_API, .zh = "账本最近的检查点",
     .en = "The log's newest checkpoint"},
    TILE_ROUTE("/{l}/{a}"),
    TILE_ROUTE("/{l}/{a}/{b}"),
    TILE_ROUTE("/{l}/{a}/{b}/{c}"),
    TILE_ROUTE("/{l}/{a}/{b}/{c}/{d}"),
    TILE_ROUTE("/{l}/{a}/{b}/{c}/{d}/{e}"),
    TILE_ROUTE("/{l}/{a}/{b}/{c}/{d}/{e}/{f}"),
    TILE_ROUTE("/{l}/{a}/{b}/{c}/{d}/{e}/{f}/{g}"),
    {0},
};
