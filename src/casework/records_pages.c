/*
 * The records officer: erasing what is personal of a case that has ended.
 */
#include "casework/records.h"
#include "notice/notice.h"

#include <string.h>

#include "casework/desk_pages.h"
#include "templates_desk.h"

static int home(struct request *rq, struct error *error)
{
  struct case_row row;
  const char *missing = NULL;
  if (rq_has(rq, "q")) {
    if (casework_find(rq->db, rq_span(rq, "q"), SPAN(""), rq->arena, &row, error) == 0)
      return web_redirect(rq, 302, arena_printf(rq->arena, "/records/cases/%s", row.number));
    if (error->code != ERROR_NOT_FOUND)
      return -1;
    missing = rq_str(rq, "q");
  }
  return web_page(rq, missing ? 404 : 200, records_home(rq, missing));
}

/* While a retention period runs, only unlawful processing is a ground. */
static const struct input_option *grounds_now(struct request *rq, bool kept)
{
  size_t n = 0;
  while (erase_grounds[n].word)
    n++;
  struct input_option *list = arena_array(rq->arena, n + 1, sizeof *list);
  size_t shown = 0;
  for (size_t i = 0; i < n; i++)
    if (!kept || strcmp(erase_grounds[i].word, "unlawful") == 0)
      list[shown++] = (struct input_option){erase_grounds[i].word, words_text(rq, erase_grounds[i].name), NULL};
  return list;
}

static int is_last_case(struct request *rq, const struct casefile *c, bool *ret, struct error *error)
{
  struct case_row *rows;
  size_t n;
  if (casework_of_applicant(rq->db, span_of(c->account), 0, 2, rq->arena, &rows, &n, error))
    return -1;
  *ret = span_starts(span_of(c->account), "person:") && n == 1 && rows[0].id == c->id;
  return 0;
}

static int read(struct request *rq, struct staff_file *f, struct records *r, struct error *error)
{
  if (staff_read(rq, "/records", f, error))
    return -1;
  *r = (struct records){.until = casefile_retained_until(f->c), .ground = erase_ground(rq_span(rq, "ground"))};
  r->kept = r->until != DAY_NONE && day_of(rq->now) <= r->until;
  r->grounds = grounds_now(rq, r->kept);
  return is_last_case(rq, f->c, &r->account, error);
}

static int case_page(struct request *rq, struct error *error)
{
  struct staff_file f;
  struct records r;
  return read(rq, &f, &r, error) ? -1 : web_page(rq, 200, records_case(rq, &f, &r));
}

static int confirm_page(struct request *rq, struct error *error)
{
  struct staff_file f;
  struct records r;
  if (read(rq, &f, &r, error))
    return -1;
  if (f.c->erased || !case_state_closed(f.c->state))
    return web_page(rq, 409, records_case(rq, &f, &r));
  if (!r.ground) {
    web_field_error(rq, "ground", tr(rq, "Please choose the legal ground"));
    return web_page(rq, 400, records_case(rq, &f, &r));
  }
  return web_page(rq, 200, records_confirm(rq, &f, &r));
}

/* The account is an aggregate of its own; where its erasure fails, the next try finds no case left and is made by hand. */
static int erase_account(struct request *rq, const char *account, struct error *error)
{
  int64_t id;
  if (!account_id_of(account, &id))
    return 0;
  json_t *data = json_pack("{s:s}", "ground", rq_str(rq, "ground"));
  const struct command command = {.kind = &account_kind,
                                  .id = id,
                                  .expect = -1,
                                  .type = "erase",
                                  .key = rq_once(rq),
                                  .actor = {rq->who->id, "records", rq->who->agency, "web"},
                                  .data = data};
  struct outcome outcome;
  int bad = engine_do(rq->engine, &command, &outcome, error) ||
            contact_erase(rq->engine, account, rq_str(rq, "ground"), &command.actor, error);
  json_decref(data);
  return bad ? -1 : 0;
}

static int erase(struct request *rq, struct error *error)
{
  static const struct as records = {"records", "web", 0};
  struct staff_file f;
  struct records r;
  struct error why = {0};
  if (read(rq, &f, &r, error))
    return -1;
  if (!r.ground || rq->errors_n)
    return web_page(rq, 400, records_case(rq, &f, &r));
  json_t *data = json_pack("{s:s}", "ground", r.ground->word);
  if (engine_seal(rq->engine, error)) {
    json_decref(data);
    return -1;
  }
  if (casework_command(rq, f.c->id, (int)rq_int(rq, "version"), records, "erase", data, NULL, &why)) {
    if (why.code >= ERROR_INTERNAL) {
      *error = why;
      return -1;
    }
    web_field_error(rq, "ground", arena_str(rq->arena, say(rq, why.zh, why.en)));
    return web_page(rq, (unsigned)error_http(why.code), records_confirm(rq, &f, &r));
  }
  if (r.account && erase_account(rq, f.c->account, error))
    return -1;
  return web_redirect(rq, 303, arena_printf(rq->arena, "%s?done=erase", f.link));
}

#define NUMBER                                                                                                                     \
  {                                                                                                                                \
    "no", IN_PATH, TYPE_TEXT, true, .max = 32, .zh = "办件编号", .en = "case number"                                               \
  }
static const struct parameter query[] = {{"q", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "办件编号", .en = "case number"}, {0}};
static const struct parameter number[] = {NUMBER, {0}};
static const struct parameter chosen[] = {
    NUMBER, {"ground", IN_QUERY, TYPE_TEXT, false, .max = 40, .zh = "法律依据", .en = "the legal ground"}, {0}};
static const struct parameter erase_form[] = {
    NUMBER,
    {"version", IN_FORM, TYPE_INT, true, .max = INT32_MAX, .zh = "版本", .en = "version"},
    {"ground", IN_FORM, TYPE_TEXT, true, .max = 40, .zh = "法律依据", .en = "the legal ground"},
    {0}};

const struct route records_routes[] = {
    {METHOD_GET, "/records", ROLE_RECORDS, home, 0, query, "档案管理", "The records officer's page"},
    {METHOD_GET, "/records/cases/{no}", ROLE_RECORDS, case_page, 0, number, "档案办件", "A case for the records officer"},
    {METHOD_GET, "/records/cases/{no}/erase", ROLE_RECORDS, confirm_page, 0, chosen, "确认销毁个人信息",
     "What erasing a case takes and leaves"},
    {METHOD_POST, "/records/cases/{no}/erase", ROLE_RECORDS, erase, ROUTE_SHOWS_ERRORS, erase_form},
    {0}};
