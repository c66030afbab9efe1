#include "kiosk/kiosk_pages.h"

#include <string.h>

#include "account/account_pages.h"
#include "app/app.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "templates_kiosk.h"

enum { SHOWN = 100, TRIES = 10, KEPT_SECONDS = 3650 * 24 * 3600 };

/* Whoever stood here before is signed out, however he left. */
static int forget(struct request *rq, struct error *error)
{
  if (account_leave(rq, error))
    return -1;
  web_header(rq, "Clear-Site-Data", "\"cache\", \"storage\"");
  web_cookie(rq, "print", "", -1);
  web_cookie(rq, "lang", "", -1);
  return 0;
}

/* Another site signs nobody out. */
static bool from_elsewhere(const struct request *rq)
{
  return strcmp(rq_header(rq, "Sec-Fetch-Site"), "cross-site") == 0;
}

/* ---- the device ---- */

static int home(struct request *rq, struct error *error)
{
  struct kiosk here;
  if (from_elsewhere(rq))
    return web_redirect(rq, 302, "/");
  if (kiosk_here(rq, &here, error))
    return -1;
  if (!here.id) { /* never enrolled, or revoked */
    if (rq->kiosk)
      web_kiosk(rq, false);
    return web_page(rq, 200, kiosk_enrol(rq));
  }
  if (!rq->kiosk || rq->who) {
    if (forget(rq, error))
      return -1;
    web_kiosk(rq, true);
    return web_redirect(rq, 302, KIOSK_HOME);
  }
  return web_page(rq, 200, kiosk_home(rq, &here));
}

static int do_command(struct request *rq, int64_t id, const char *type, const struct actor *actor, json_t *data,
                      struct error *error)
{
  struct outcome outcome;
  const struct command command = {
      .kind = &kiosk_kind, .id = id, .expect = -1, .type = type, .key = rq_once(rq), .actor = *actor, .data = data};
  int bad = engine_do(rq->engine, &command, &outcome, error);
  json_decref(data);
  return bad;
}

static int take_code(struct request *rq, char token[2 * DIGEST_BYTES + 1], struct error *error)
{
  struct kiosk offered;
  unsigned char bytes[DIGEST_BYTES];
  if (kiosk_by_code(rq->db, span_trim(rq_span(rq, "code")), rq->arena, &offered, error))
    return -1;
  random_bytes(bytes, sizeof bytes);
  hex_encode(bytes, sizeof bytes, token);
  const struct actor device = {arena_printf(rq->arena, "kiosk:%lld", (long long)offered.id), "kiosk", "", "kiosk"};
  return do_command(rq, offered.id, "enrol", &device,
                    json_pack("{s:s,s:s}", "code", offered.code, "token", kiosk_digest(rq->arena, span_of(token))), error);
}

static int enrol(struct request *rq, struct error *error)
{
  struct error why = {0};
  char token[2 * DIGEST_BYTES + 1];
  if (rq->errors_n)
    return web_page(rq, 400, kiosk_enrol(rq));
  int wait =
      throttle_take(rq->app->throttle, span_of(arena_printf(rq->arena, "enrol %s", rq->address)), TRIES, 10 * MINUTE_MS, rq->now);
  if (wait) {
    web_retry_after(rq, wait);
    return error_set(error, ERROR_TOO_MANY, "too-many-codes", "试得太多，请稍候", "Too many codes were tried: wait a moment");
  }
  if (take_code(rq, token, &why)) {
    if (why.code >= ERROR_INTERNAL) {
      *error = why;
      return -1;
    }
    web_field_error(rq, "code", arena_str(rq->arena, say(rq, why.zh, why.en)));
    return web_page(rq, 422, kiosk_enrol(rq));
  }
  if (forget(rq, error))
    return -1;
  web_cookie(rq, DEVICE_COOKIE, token, KEPT_SECONDS);
  web_kiosk(rq, true);
  return web_redirect(rq, 303, KIOSK_HOME);
}

static int end(struct request *rq, struct error *error)
{
  if (from_elsewhere(rq))
    return web_redirect(rq, 302, "/");
  return forget(rq, error) ? -1 : web_redirect(rq, 302, rq->kiosk ? KIOSK_HOME : "/");
}

static int leave(struct request *rq, struct error *error)
{
  if (from_elsewhere(rq))
    return web_redirect(rq, 302, "/");
  if (forget(rq, error))
    return -1;
  web_cookie(rq, DEVICE_COOKIE, "", -1);
  web_kiosk(rq, false);
  return web_redirect(rq, 302, "/");
}

/* ---- who may be one ---- */

static int show_devices(struct request *rq, unsigned status, struct error *error)
{
  const struct hall *hall = catalog_hall(rq->app->catalog, rq_span(rq, "hall"));
  struct kiosk *list;
  if (!hall)
    return error_set(error, ERROR_NOT_FOUND, "no-such-hall", "没有这个大厅", "There is no such hall");
  struct kiosks_view v = {.hall = hall->id, .name = say(rq, hall->name.zh, hall->name.en)};
  if (kiosks_of(rq->db, hall->id, SHOWN, rq->arena, &list, &v.n, error))
    return -1;
  v.list = list;
  v.done = strcmp(rq_str(rq, "done"), "revoke") == 0 ? tr(rq, "The device is a kiosk no longer") : NULL;
  return web_page(rq, status, kiosk_devices(rq, &v));
}

static int devices(struct request *rq, struct error *error)
{
  return show_devices(rq, 200, error);
}

static struct actor supervisor(const struct request *rq)
{
  return (struct actor){rq->who->id, "supervisor", rq->who->agency, web_channel(rq)};
}

static int offer(struct request *rq, struct error *error)
{
  struct error why = {0};
  const char *once = rq_once(rq);
  const struct actor actor = supervisor(rq);
  int64_t id = *once ? aggregate_id_from(rq->who->id, once) : aggregate_id_new(rq->now);
  if (rq->errors_n)
    return show_devices(rq, 400, error);
  json_t *data = json_pack("{s:s,s:s}", "hall", rq_str(rq, "hall"), "name", rq_str(rq, "name"));
  if (do_command(rq, id, "offer", &actor, data, &why) == 0)
    return web_redirect(rq, 303, arena_printf(rq->arena, "/halls/%s/kiosks", rq_str(rq, "hall")));
  if (why.code != ERROR_BAD_INPUT) {
    *error = why;
    return -1;
  }
  web_field_error(rq, "name", arena_str(rq->arena, say(rq, why.zh, why.en)));
  return show_devices(rq, 400, error);
}

static int revoke(struct request *rq, struct error *error)
{
  const struct actor actor = supervisor(rq);
  if (do_command(rq, rq_int(rq, "kiosk"), "revoke", &actor, json_object(), error))
    return -1;
  return web_redirect(rq, 303, arena_printf(rq->arena, "/halls/%s/kiosks?done=revoke", rq_str(rq, "hall")));
}

/* ---- the table ---- */

#define HALL                                                                                                                       \
  {                                                                                                                                \
    "hall", IN_PATH, TYPE_TEXT, true, .max = 64, .zh = "大厅", .en = "the hall"                                                    \
  }
static const struct parameter code_form[] = {{"code", IN_FORM, TYPE_TEXT, true, .max = 12, .zh = "登记码", .en = "the code"}, {0}};
static const struct parameter devices_query[] = {
    HALL, {"done", IN_QUERY, TYPE_TEXT, false, .max = 20, .zh = "刚完成的操作", .en = "what was done"}, {0}};
static const struct parameter offer_form[] = {
    HALL, {"name", IN_FORM, TYPE_TEXT, true, .max = 60, .zh = "终端名称", .en = "the device's name"}, {0}};
static const struct parameter revoke_form[] = {HALL, {"kiosk", IN_PATH, TYPE_INT, true, .zh = "终端", .en = "the device"}, {0}};

/* GETs that change something: they only ever close what is open, and a kiosk without a keyboard has nothing but links. */
const struct route kiosk_routes[] = {
    {METHOD_GET, KIOSK_HOME, ROLE_PUBLIC, home, ROUTE_WORKER, NULL, "自助终端首页", "A kiosk's first page"},
    {METHOD_POST, KIOSK_HOME "/enrol", ROLE_PUBLIC, enrol, ROUTE_SHOWS_ERRORS, code_form},
    {METHOD_GET, KIOSK_END, ROLE_PUBLIC, end, ROUTE_WORKER, NULL, "结束办理，清除本机信息", "Finish, and forget the person"},
    {METHOD_GET, "/kiosk/leave", ROLE_PUBLIC, leave, ROUTE_WORKER, NULL, "不再作为自助终端", "No longer a kiosk"},
    {METHOD_GET, "/halls/{hall}/kiosks", ROLE_SUPERVISOR, devices, 0, devices_query, "大厅的自助终端", "The kiosks of a hall"},
    {METHOD_POST, "/halls/{hall}/kiosks", ROLE_SUPERVISOR, offer, ROUTE_SHOWS_ERRORS, offer_form},
    {METHOD_POST, "/halls/{hall}/kiosks/{kiosk}/revoke", ROLE_SUPERVISOR, revoke, 0, revoke_form},
    {0}};
