#include "kiosk/kiosk_pages.h"

#include <string.h>

#include "account/account_pages.h"
#include "templates_kiosk.h"

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

/* Another site makes nobody's browser a kiosk, and signs nobody out. */
static bool from_elsewhere(const struct request *rq)
{
  return strcmp(rq_header(rq, "Sec-Fetch-Site"), "cross-site") == 0;
}

static int home(struct request *rq, struct error *error)
{
  if (from_elsewhere(rq))
    return web_redirect(rq, 302, "/");
  if (!rq->kiosk || rq->who) {
    if (forget(rq, error))
      return -1;
    web_kiosk(rq, true);
    return web_redirect(rq, 302, KIOSK_HOME);
  }
  return web_page(rq, 200, kiosk_home(rq));
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
  web_kiosk(rq, false);
  return web_redirect(rq, 302, "/");
}

/* GETs that change something: they only ever close what is open, and a kiosk without a keyboard has nothing but links. */
const struct route kiosk_routes[] = {
    {METHOD_GET, KIOSK_HOME, ROLE_PUBLIC, home, ROUTE_WORKER, NULL, "自助终端首页", "A kiosk's first page"},
    {METHOD_GET, KIOSK_END, ROLE_PUBLIC, end, ROUTE_WORKER, NULL, "结束办理，清除本机信息", "Finish, and forget the person"},
    {METHOD_GET, "/kiosk/leave", ROLE_PUBLIC, leave, ROUTE_WORKER, NULL, "不再作为自助终端", "No longer a kiosk"},
    {0}};
