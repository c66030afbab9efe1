#include "credit/credit_pages.h"

#include <string.h>

#include "account/account.h"
#include "app/app.h"
#include "casework/casework.h"
#include "templates_credit.h"

enum { PAGE = 25 };

const char *credit_state_text(const struct request *rq, enum credit_state state)
{
  static const struct words words[] = {
#define X(name, word, zh, en) {zh, en},
      CREDIT_STATES(X)
#undef X
  };
  return say(rq, words[state].zh, words[state].en);
}

const char *credit_by(struct request *rq, const char *actor)
{
  struct account_row row;
  struct error error = {0};
  int64_t id;
  if (account_id_of(actor, &id) && account_read(rq->db, rq->arena, id, &row, &error) == 0)
    return row.name;
  return actor;
}

static int send(struct request *rq, int64_t id, const char *role, const char *type, json_t *data, struct error *error)
{
  const struct command command = {.kind = &credit_kind,
                                  .id = id,
                                  .expect = -1,
                                  .type = type,
                                  .key = rq_once(rq),
                                  .actor = {rq->who->id, role, rq->who->agency ? rq->who->agency : "", "web"},
                                  .data = data};
  struct outcome outcome;
  int bad = engine_do(rq->engine, &command, &outcome, error);
  json_decref(data);
  return bad;
}

/* ---- who oversees ---- */

static bool read_before(const struct request *rq, struct credit_row *ret)
{
  struct span rest = rq_span(rq, "before"), part;
  int64_t n[2];
  for (int i = 0; i < 2; i++)
    if (!span_cut(&rest, '.', &part) || !span_int(part, &n[i]))
      return false;
  *ret = (struct credit_row){.marked = n[0], .id = n[1]};
  return true;
}

static int show(struct request *rq, unsigned status, struct error *error)
{
  static const char *const deeds[][2] = {
      {"mark", N_("Recorded")}, {"answer", N_("The appeal is answered")}, {"repair", N_("The credit is repaired")}};
  struct credit_list p = {0};
  struct credit_row before;
  bool more = read_before(rq, &before);
  if (credit_standing(rq->db, more ? &before : NULL, PAGE + 1, rq->arena, &p.list, &p.n, error))
    return -1;
  if (p.n > PAGE) {
    p.n = PAGE;
    p.next =
        arena_printf(rq->arena, "/credit?before=%lld.%lld", (long long)p.list[PAGE - 1].marked, (long long)p.list[PAGE - 1].id);
  }
  for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
    if (strcmp(rq_str(rq, "done"), deeds[i][0]) == 0)
      p.done = tr(rq, deeds[i][1]);
  return web_page(rq, status, credit_page(rq, &p));
}

static int page(struct request *rq, struct error *error)
{
  return show(rq, 200, error);
}

static int again(struct request *rq, const struct error *why, const char *suffix, struct error *error)
{
  if (why->code >= ERROR_INTERNAL) {
    *error = *why;
    return -1;
  }
  const char *field =
      *why->where ? arena_printf(rq->arena, "%s%s", why->where, suffix) : arena_printf(rq->arena, "reasons%s", suffix);
  web_field_error(rq, field, arena_str(rq->arena, say(rq, why->zh, why->en)));
  return show(rq, (unsigned)error_http(why->code), error);
}

/* Whose commitment it was, from his case: the number he gave with it, else the one an identity provider vouched for. */
static int subject_of_case(struct request *rq, struct casefile **ret_case, const char **ret, struct error *error)
{
  struct case_row row;
  if (casework_find(rq->db, rq_span(rq, "number"), SPAN(""), rq->arena, &row, error) ||
      casework_load(rq->db, row.id, rq->arena, ret_case, error))
    return -1;
  const struct casefile *c = *ret_case;
  int64_t id;
  const char *identity = *c->id_number                    ? c->id_number
                         : account_id_of(c->account, &id) ? account_identity(rq->db, rq->arena, id)
                                                          : "";
  if (!*identity) {
    (void)error_set(error, ERROR_RULE, "no-identity", "该办件没有申请人的证件号码",
                    "The case has no identity number of the applicant");
    return error_at(error, "number");
  }
  *ret = credit_subject(rq->app->accounts, rq->arena, span_of(identity));
  return 0;
}

static int mark(struct request *rq, struct error *error)
{
  struct casefile *c;
  struct error why = {0};
  const char *subject = "";
  if (rq->errors_n)
    return show(rq, 400, error);
  if (subject_of_case(rq, &c, &subject, &why)) {
    if (!*why.where)
      (void)error_at(&why, "number");
    return again(rq, &why, "", error);
  }
  json_t *data = json_pack("{s:s,s:s,s:s,s:s,s:s}", "subject", subject, "account", c->account, "case", c->number, "reasons",
                           rq_str(rq, "reasons"), "basis", rq_str(rq, "basis"));
  if (send(rq, credit_id(subject), "supervisor", "mark", data, &why))
    return again(rq, &why, "", error);
  return web_redirect(rq, 303, "/credit?done=mark");
}

static const char *sent(struct request *rq, const char *name)
{
  return rq_str(rq, arena_printf(rq->arena, "%s-%lld", name, (long long)rq_int(rq, "id")));
}

static int answer(struct request *rq, struct error *error)
{
  struct error why = {0};
  const char *upheld = sent(rq, "upheld");
  json_t *data = json_pack("{s:s}", "reasons", sent(rq, "reasons"));
  if (*upheld)
    (void)json_object_set_new(data, "upheld", json_boolean(strcmp(upheld, "true") == 0));
  if (send(rq, rq_int(rq, "id"), "supervisor", "answer", data, &why))
    return again(rq, &why, arena_printf(rq->arena, "-%lld", (long long)rq_int(rq, "id")), error);
  return web_redirect(rq, 303, "/credit?done=answer");
}

static int repair(struct request *rq, struct error *error)
{
  struct error why = {0};
  json_t *data = json_pack("{s:s}", "reasons", sent(rq, "repair"));
  if (send(rq, rq_int(rq, "id"), "supervisor", "repair", data, &why)) {
    if (strcmp(why.where, "reasons") == 0 || !*why.where)
      (void)error_at(&why, "repair");
    return again(rq, &why, arena_printf(rq->arena, "-%lld", (long long)rq_int(rq, "id")), error);
  }
  return web_redirect(rq, 303, "/credit?done=repair");
}

/* ---- the person himself ---- */

static int read_mine(struct request *rq, struct my_credit *ret, struct error *error)
{
  int64_t id;
  const char *identity = account_id_of(rq->who->id, &id) ? account_identity(rq->db, rq->arena, id) : "";
  *ret = (struct my_credit){.done = rq_has(rq, "done")};
  if (!*identity)
    return 0;
  const char *subject = credit_subject(rq->app->accounts, rq->arena, span_of(identity));
  return credit_read(rq->db, credit_id(subject), rq->arena, &ret->found, &ret->row, error);
}

static int my_page(struct request *rq, struct error *error)
{
  struct my_credit mine;
  return read_mine(rq, &mine, error) ? -1 : web_page(rq, 200, credit_mine(rq, &mine));
}

static int appeal(struct request *rq, struct error *error)
{
  struct my_credit mine;
  struct error why = {0};
  if (read_mine(rq, &mine, error))
    return -1;
  if (!mine.found)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有您的失信记录", "There is no record of yours");
  if (rq->errors_n)
    return web_page(rq, 400, credit_mine(rq, &mine));
  if (send(rq, mine.row.id, "applicant", "appeal", json_pack("{s:s}", "reasons", rq_str(rq, "reasons")), &why) == 0)
    return web_redirect(rq, 303, "/my-credit?done=1");
  if (why.code >= ERROR_INTERNAL) {
    *error = why;
    return -1;
  }
  web_field_error(rq, "reasons", arena_str(rq->arena, say(rq, why.zh, why.en)));
  return web_page(rq, (unsigned)error_http(why.code), credit_mine(rq, &mine));
}

/* ---- the table ---- */

static const struct parameter list_query[] = {
    {"before", IN_QUERY, TYPE_TEXT, false, .max = 60, .zh = "上一页的最后一条", .en = "the last of the page before"},
    {"done", IN_QUERY, TYPE_TEXT, false, .max = 10, .zh = "刚办理的操作", .en = "what was done just now"},
    {0}};
static const struct parameter mark_form[] = {
    {"number", IN_FORM, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "the case number"},
    {"reasons", IN_FORM, TYPE_TEXT, true, .max = 2000, .zh = "失信事实和理由", .en = "what was dishonest"},
    {"basis", IN_FORM, TYPE_TEXT, true, .max = 200, .zh = "依据", .en = "the legal basis"},
    {0}};
static const struct parameter of_record[] = {{"id", IN_PATH, TYPE_INT, true, .zh = "记录", .en = "the record"}, {0}};
static const struct parameter mine_query[] = {{"done", IN_QUERY, TYPE_TEXT, false, .max = 1, .zh = "刚提交", .en = "sent just now"},
                                              {0}};
static const struct parameter appeal_form[] = {
    {"reasons", IN_FORM, TYPE_TEXT, true, .max = 2000, .zh = "申诉理由", .en = "why the record is wrong"}, {0}};

const struct route credit_routes[] = {
    {METHOD_GET, "/credit", ROLE_SUPERVISOR, page, 0, list_query, "失信记录", "Records of dishonesty that stand"},
    {METHOD_POST, "/credit/records", ROLE_SUPERVISOR, mark, ROUTE_SHOWS_ERRORS, mark_form},
    {METHOD_POST, "/credit/records/{id}/answer", ROLE_SUPERVISOR, answer, 0, of_record},
    {METHOD_POST, "/credit/records/{id}/repair", ROLE_SUPERVISOR, repair, 0, of_record},
    {METHOD_GET, "/my-credit", ROLE_APPLICANT, my_page, 0, mine_query, "我的信用记录", "My own credit record"},
    {METHOD_POST, "/my-credit/appeal", ROLE_APPLICANT, appeal, ROUTE_SHOWS_ERRORS, appeal_form},
    {0}};
