/*
 * The same for other programs: inboxes, commands and the history as JSON.
 */
#include <string.h>

#include "base/json.h"
#include "casework/desk_pages.h"
#include "casework/staff.h"

static int desk(struct request *rq, struct error *error)
{
  return staff_inbox_json(rq, "clerk", "", false, error);
}

static int office(struct request *rq, struct error *error)
{
  return staff_inbox_json(rq, "officer", rq->who->agency, true, error);
}

static int issue(struct request *rq, struct error *error)
{
  return staff_inbox_json(rq, "issuer", "", false, error);
}

/* The arguments: the body, or, where files come with it, the form's field «data». */
static int read_arguments(struct request *rq, json_t **ret, struct error *error)
{
  json_t *data = NULL;
  if (rq->body)
    data = json_deep_copy(rq->body);
  else if (rq_has(rq, "data")) {
    if (json_read(rq_span(rq, "data"), "data", &data, error))
      return -1;
  } else
    data = json_object();
  if (!json_is_object(data)) {
    json_decref(data);
    return error_set(error, ERROR_BAD_INPUT, "not-an-object", "请求体应为 JSON 对象", "The body has to be a JSON object");
  }
  *ret = data;
  return 0;
}

/* A file that is only named by its digest could be anybody's, of any case: files come with the request that adds them. */
static int take_files(struct request *rq, const char *type, json_t *data, struct error *error)
{
  if (json_object_get(data, "sha256") || json_object_get(data, "photos"))
    return error_set(error, ERROR_FORBIDDEN, "not-uploaded", "文件须随本次请求上传，不能只写指纹",
                     "Files come with the request that adds them (multipart/form-data: data, photos), not by their digest");
  if (!rq->uploads_n)
    return 0;
  if (strcmp(type, "minutes") != 0)
    return error_set(error, ERROR_BAD_INPUT, "no-files-here", "这个操作不收文件", "This command takes no files");
  return staff_keep_photos(rq, "photos", data, error);
}

static int command(struct request *rq, struct error *error)
{
  struct outcome outcome;
  json_t *data = NULL;
  const char *type = arena_str(rq->arena, rq_str(rq, "command"));
  const struct as as = {staff_role(rq, type), "api"};
  int64_t id;
  if (staff_find(rq, &id, error))
    return -1;
  int expect = rq_has(rq, "version") ? (int)rq_int(rq, "version") : -1;
  if (read_arguments(rq, &data, error))
    return -1;
  if (take_files(rq, type, data, error)) {
    json_decref(data);
    return -1;
  }
  if (casework_command(rq, id, expect, as, type, data, &outcome, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_put_str(&w, "case", rq_str(rq, "no"));
  json_put_int(&w, "version", outcome.version);
  json_put_bool(&w, "repeated", outcome.repeated);
  json_end(&w);
  return 0;
}

static void put_event(struct json_writer *w, const struct event *e)
{
  char at[MOMENT_TEXT];
  moment_format(e->at, at);
  json_begin_object(w, NULL);
  json_put_int(w, "version", e->version);
  json_put_str(w, "type", e->type);
  json_put_str(w, "at", at);
  json_put_str(w, "actor", e->actor.id);
  json_put_str(w, "role", e->actor.role);
  json_put_str(w, "agency", e->actor.agency);
  json_put_str(w, "channel", e->actor.channel);
  json_put_str(w, "item", e->item);
  json_put_raw(w, "data", e->body);
  json_end(w);
}

static int history(struct request *rq, struct error *error)
{
  static const struct kind *const kinds[] = {&casefile_kind, NULL};
  struct staff_file f;
  struct event *events;
  size_t n;
  if (staff_read(rq, "/api", &f, error) || engine_history(rq->db, kinds, f.c->id, rq->arena, &events, &n, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_put_str(&w, "case", f.c->number);
  json_begin_array(&w, "events");
  for (size_t i = 0; i < n; i++)
    put_event(&w, &events[i]);
  json_end(&w);
  json_end(&w);
  history_free(events, n);
  return 0;
}

static const struct parameter after[] = {
    {"after", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "上一页的最后一条", .en = "the last of the page before"}, {0}};
static const struct parameter number[] = {{"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"}, {0}};
static const struct parameter to_command[] = {
    {"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"},
    {"command", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "操作", .en = "command"},
    {"version", IN_QUERY, TYPE_INT, false, .max = INT32_MAX, .zh = "所见版本，过期则拒绝",
     .en = "the version seen: refused when stale"},
    {"data", IN_FORM, TYPE_TEXT, false, .max = 65536, .zh = "参数（JSON 对象），与文件一起提交时",
     .en = "the arguments, a JSON object, where files come with them"},
    {"photos", IN_FILE, TYPE_TEXT, false, .max = 20, .zh = "踏勘照片（minutes）", .en = "photographs, of minutes"},
    {0}};

#define WORKERS (ROLE_CLERK | ROLE_OFFICER | ROLE_ISSUER | ROLE_SUPERVISOR)

const struct route staff_api_routes[] = {
    {METHOD_GET, "/api/desk/inbox", ROLE_CLERK, desk, ROUTE_API, after, "窗口待办", "What waits at the windows"},
    {METHOD_GET, "/api/office/inbox", ROLE_OFFICER, office, ROUTE_API, after, "部门待办", "What waits for the department"},
    {METHOD_GET, "/api/issue/inbox", ROLE_ISSUER, issue, ROUTE_API, after, "待出件", "What waits to be issued or delivered"},
    {METHOD_POST, "/api/cases/{no}/commands/{command}", WORKERS, command, ROUTE_API | ROUTE_UPLOADS, to_command, "办理一项操作",
     "Does one command on a case; the body holds its arguments, or a form with «data» and files"},
    {METHOD_GET, "/api/cases/{no}/history", WORKERS, history, ROUTE_API, number, "办件历史", "The events of a case"},
    {0}};
