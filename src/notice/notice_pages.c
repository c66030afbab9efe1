#include "notice/notice_pages.h"

#include <string.h>

#include "app/app.h"
#include "casework/staff.h"
#include "templates_notice.h"

enum { SHOWN = 100, CHOICES_AN_HOUR = 8 };

/* ---- where he wants them ---- */

static int show(struct request *rq, unsigned status, struct error *error)
{
  struct contact_view v = {0};
  if (contact_read(rq->db, rq->who->id, rq->arena, &v.contact, error))
    return -1;
  if (strcmp(rq_str(rq, "done"), "choose") == 0)
    v.done = *v.contact.code ? tr(rq, "Saved; a code is on its way to your address") : tr(rq, "Saved");
  else if (strcmp(rq_str(rq, "done"), "confirm") == 0 && !*v.contact.code)
    v.done = tr(rq, "Your address is confirmed");
  return web_page(rq, status, notice_contact(rq, &v));
}

static int contact_page(struct request *rq, struct error *error)
{
  return show(rq, 200, error);
}

static int send(struct request *rq, const char *type, json_t *data, const char *field, struct error *error)
{
  struct outcome outcome;
  struct error why = {0};
  const struct command command = {.kind = &contact_kind,
                                  .id = contact_id(rq->who->id),
                                  .expect = -1,
                                  .type = type,
                                  .key = rq_once(rq),
                                  .actor = {rq->who->id, "applicant", "", "web"},
                                  .data = data};
  int bad = engine_do(rq->engine, &command, &outcome, &why);
  json_decref(data);
  if (!bad)
    return web_redirect(rq, 303, arena_printf(rq->arena, "/account/notices?done=%s", type));
  if (why.code >= ERROR_INTERNAL) {
    *error = why;
    return -1;
  }
  web_field_error(rq, field, arena_str(rq->arena, say(rq, why.zh, why.en)));
  return show(rq, (unsigned)error_http(why.code), error);
}

static int choose(struct request *rq, struct error *error)
{
  if (rq->errors_n)
    return show(rq, 400, error);
  const char *key = arena_printf(rq->arena, "contact:%s", rq->who->id); /* each may send a code to an address of anybody */
  if (throttle_take(rq->app->throttle, span_of(key), CHOICES_AN_HOUR, HOUR_MS, rq->now)) {
    web_field_error(rq, "email", tr(rq, "Saved too often: please wait a while"));
    return show(rq, 429, error);
  }
  return send(rq, "choose",
              json_pack("{s:s,s:b,s:b}", "email", rq_str(rq, "email"), "sms", (int)staff_sent(rq, "by", "sms"), "wechat",
                        (int)staff_sent(rq, "by", "wechat")),
              "email", error);
}

/* A wrong code is an event, too, so that they are counted: the page says so. */
static int confirm(struct request *rq, struct error *error)
{
  struct contact before;
  if (rq->errors_n)
    return show(rq, 400, error);
  if (contact_read(rq->db, rq->who->id, rq->arena, &before, error))
    return -1;
  if (*before.code && before.failures < 5 && strcmp(before.code, rq_str(rq, "code")) != 0)
    web_field_error(rq, "code", tr(rq, "This is not the code"));
  int bad = send(rq, "confirm", json_pack("{s:s}", "code", rq_str(rq, "code")), "code", error);
  return bad || !rq->errors_n ? bad : show(rq, 422, error);
}

/* ---- what was sent ---- */

const char *notice_subject(struct request *rq, const struct notice_row *row, const char *name)
{
  const struct notice_words *words = notice_find(span_of(row->event));
  const struct item *item = catalog_item(rq->app->catalog, span_of(row->item));
  return words ? trf(rq, words->subject, item ? words_text(rq, item->name) : name) : row->event;
}

const char *notice_state_text(struct request *rq, const struct notice_row *row)
{
  static const char *const states[] = {"", N_("on its way"), N_("sent"), N_("failed")};
  static const char *const names[NOTICE_CHANNELS] = {N_("E-mail"), N_("Short message"), N_("WeChat")};
  const char *text = "";
  for (int c = 0; c < NOTICE_CHANNELS; c++)
    if (row->states[c] != NOTICE_NONE)
      text = arena_printf(rq->arena, "%s%s%s: %s", text, *text ? " · " : "", tr(rq, names[c]), tr(rq, states[row->states[c]]));
  return *text ? text : tr(rq, "no way to tell him");
}

static int sent_page(struct request *rq, struct error *error)
{
  struct staff_file f;
  struct notices_view v;
  if (staff_read(rq, "/desk", &f, error) || notices_of_case(rq->db, f.c->id, SHOWN, rq->arena, &v.list, &v.n, error))
    return -1;
  v.number = f.c->number;
  v.name = f.v->name;
  return web_page(rq, 200, notice_sent(rq, &v));
}

/* ---- the table ---- */

static const char *const ways[] = {"sms", "wechat", NULL};
static const struct parameter query[] = {
    {"done", IN_QUERY, TYPE_TEXT, false, .max = 20, .zh = "刚完成的操作", .en = "what was done"}, {0}};
static const struct parameter choose_form[] = {
    {"email", IN_FORM, TYPE_TEXT, false, .max = 120, .zh = "电子邮箱", .en = "the e-mail address"},
    {"by", IN_FORM, TYPE_CHOICE, false, .choices = ways, .many = true, .zh = "通知方式", .en = "how to be told"},
    {0}};
static const struct parameter confirm_form[] = {{"code", IN_FORM, TYPE_TEXT, true, .max = 6, .zh = "确认码", .en = "the code"},
                                                {0}};
static const struct parameter number[] = {{"no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"}, {0}};

const struct route notice_routes[] = {
    {METHOD_GET, "/account/notices", ROLE_APPLICANT, contact_page, 0, query, "通知方式", "How to be told"},
    {METHOD_POST, "/account/notices", ROLE_APPLICANT, choose, ROUTE_SHOWS_ERRORS, choose_form},
    {METHOD_POST, "/account/notices/confirm", ROLE_APPLICANT, confirm, ROUTE_SHOWS_ERRORS, confirm_form},
    {METHOD_GET, "/desk/cases/{no}/notices", CASE_STAFF, sent_page, 0, number, "办件的通知", "Notices of a case"},
    {0}};
