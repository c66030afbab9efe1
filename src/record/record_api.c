/*
 * What programs fetch: receipts, the log's own files exactly as tlog-tiles names them, and the ledger's state as JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "base/text.h"
#include "record/readers.h"
#include "record/record_pages.h"

enum { CHECKPOINT_SECONDS = 2, STEPS_MAX = 200 };

/* ---- receipts ---- */

static int receipt_file(struct request *rq, struct error *error)
{
  struct record_city city;
  struct record_step step;
  struct record_receipt receipt;
  if (record_step(rq->db, rq_int(rq, "index"), rq_span(rq, "case"), rq->arena, &step, error) || record_city_open(rq, &city, error))
    return -1;
  int bad = city.policy ? record_make(rq->arena, rq->app->log_dir, city.policy, &city.published, step.index, &receipt, error)
                        : error_set(error, ERROR_NOT_FOUND, "not-published", "账本中还没有检查点", "Nothing has been sealed yet");
  record_city_close(&city);
  if (bad)
    return -1;
  buf_span(&rq->out, receipt.text);
  return web_bytes(rq, 200, "text/plain; charset=utf-8", arena_printf(rq->arena, "receipt-%lld.tlog-proof", (long long)step.index));
}

/* ---- the log's files ---- */

static int not_there(struct error *error)
{
  return error_set(error, ERROR_NOT_FOUND, "no-tile", "账本中没有这个文件", "The log has no such file");
}

/* Regular files only; a link inside the log's directory would lead elsewhere. */
static int open_file(const char *dir, const char *path, struct request *rq, int *ret_fd, int64_t *ret_size)
{
  struct stat st;
  int fd = open(arena_printf(rq->arena, "%s/%s", dir, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return -1;
  if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
    close(fd);
    return -1;
  }
  *ret_fd = fd;
  *ret_size = st.st_size;
  return 0;
}

static int not_for_you(struct error *error)
{
  return error_set(error, ERROR_FORBIDDEN, "not-a-reader",
                   "账本条目只向各部门、镜像和监督方提供；检查点、哈希、公钥和您自己的回执对所有人公开",
                   "The entries are given to departments, mirrors and monitors only; checkpoints, hashes, keys and your own"
                   " receipts are open to everybody");
}

/*
 * What a checkpoint that was once published has had stays: a partial tile whose full one has come is taken away on disk
 * (tlog-tiles allows it, clients then ask for the full one), so the answer is 404 and the client goes on.
 */
static int log_file(struct request *rq, struct error *error)
{
  const char *path = rq_str(rq, "path"), *rest = strncmp(path, "sm3/", 4) == 0 ? path + 4 : path;
  bool checkpoint = strcmp(rest, "checkpoint") == 0;
  struct tile tile;
  int fd;
  int64_t size;
  if (!checkpoint && !tile_path_parse(span_of(rest), &tile))
    return not_there(error);
  bool guarded = rq->app->readers && !checkpoint && tile.level == TILE_ENTRIES;
  if (guarded && !rq_may(rq, ROLE_STAFF) && !readers_have(rq->app->readers, rq->address))
    return not_for_you(error);
  if (!rq->app->log_dir || open_file(rq->app->log_dir, path, rq, &fd, &size))
    return not_there(error);
  (void)web_file(rq, fd, size, checkpoint ? "text/plain; charset=utf-8" : "application/octet-stream", NULL);
  if (guarded) /* no cache on the way may give it to others */
    return 0;
  web_keep(rq, checkpoint ? CHECKPOINT_SECONDS : WEB_FOREVER);
  web_header(rq, "Access-Control-Allow-Origin", "*");
  return 0;
}

/* ---- JSON ---- */

static void put_witnesses(struct request *rq, struct json_writer *w, const struct record_city *city)
{
  json_begin_array(w, "witnesses");
  for (size_t i = 0; city->policy && i < policy_witness_count(city->policy); i++) {
    const struct policy_witness *one = policy_witness_at(city->policy, i);
    int64_t at = city->published.verdict.times ? city->published.verdict.times[i] : 0;
    json_begin_object(w, NULL);
    json_put_str(w, "name", verifier_name(one->key));
    json_put_str(w, "key", arena_str(rq->arena, verifier_vkey(one->key)));
    if (at)
      json_put_int(w, "cosigned", at);
    json_end(w);
  }
  json_end(w);
}

static void put_keys(struct json_writer *w, const struct record_key *keys, size_t n)
{
  json_begin_array(w, "keys");
  for (size_t i = 0; i < n; i++) {
    json_begin_object(w, NULL);
    json_put_str(w, "name", keys[i].name);
    json_put_str(w, "key", keys[i].vkey);
    json_end(w);
  }
  json_end(w);
}

static int state(struct request *rq, struct error *error)
{
  struct record_city city;
  struct record_key *keys;
  size_t n;
  if (record_keys(rq->db, rq->arena, &keys, &n, error) || record_city_open(rq, &city, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_put_int(&w, "signed", city.last.size);
  json_put_int(&w, "published", city.published.checkpoint.size);
  json_put_bool(&w, "quorum", city.published.verdict.quorum);
  json_put_span(&w, "checkpoint", city.published.note);
  json_put_span(&w, "policy", city.policy_text);
  put_witnesses(rq, &w, &city);
  put_keys(&w, keys, n);
  json_end(&w);
  record_city_close(&city);
  return 0;
}

static int steps(struct request *rq, struct error *error)
{
  struct record_step *list;
  size_t n;
  int64_t from = rq_has(rq, "from") ? rq_int(rq, "from") : -1;
  if (record_steps(rq->db, rq_span(rq, "case"), from, STEPS_MAX + 1, rq->arena, &list, &n, error))
    return -1;
  if (!n)
    return error_set(error, ERROR_NOT_FOUND, "no-receipt", "账本中没有这个办件", "The ledger has no such case");
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_begin_array(&w, "steps");
  for (size_t i = 0; i < n && i < STEPS_MAX; i++) {
    json_begin_object(&w, NULL);
    json_put_int(&w, "index", list[i].index);
    json_put_int(&w, "seq", list[i].version);
    json_put_str(&w, "type", list[i].type);
    json_put_int(&w, "time", list[i].at / SECOND_MS);
    if (list[i].sealed)
      json_put_str(&w, "leaf", record_hex(rq, list[i].hash.b, DIGEST_BYTES));
    json_end(&w);
  }
  json_end(&w);
  if (n > STEPS_MAX)
    json_put_int(&w, "from", list[STEPS_MAX].index);
  json_end(&w);
  return 0;
}

/* ---- the table ---- */

static const struct parameter receipt_query[] = {
    {"index", IN_PATH, TYPE_INT, true, .zh = "账本中的序号", .en = "place in the ledger"},
    {"case", IN_QUERY, TYPE_TEXT, true, .max = 32, .zh = "办件代号", .en = "the case's pseudonym"},
    {0}};
static const struct parameter steps_query[] = {
    {"case", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件代号", .en = "the case's pseudonym"},
    {"from", IN_QUERY, TYPE_INT, false, .zh = "从哪一步起", .en = "from which step"},
    {0}};
static const struct parameter file_path[] = {
    {"path", IN_PATH, TYPE_TEXT, true, .max = 80, .zh = "账本文件", .en = "checkpoint, tile/… (c2sp.org/tlog-tiles)"}, {0}};

const struct route record_api_routes[] = {
    {METHOD_GET, "/receipt/{index}", ROLE_PUBLIC, receipt_file, ROUTE_API, receipt_query, "回执文件（.tlog-proof）",
     "A receipt as a file (c2sp.org/tlog-proof)"},
    {METHOD_GET, "/log/{path*}", ROLE_PUBLIC, log_file, ROUTE_API, file_path, "账本的静态文件",
     "The log's static files (c2sp.org/tlog-tiles)"},
    {METHOD_GET, "/api/ledger", ROLE_PUBLIC, state, 0, NULL, "账本状态、公钥与见证", "The ledger's state, keys and witnesses"},
    {METHOD_GET, "/api/ledger/cases/{case}", ROLE_PUBLIC, steps, 0, steps_query, "一个办件的各步",
     "The steps of a case, newest first"},
    {0}};
