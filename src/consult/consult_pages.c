#include "consult/consult_pages.h"

#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/text.h"
#include "casework/casework.h"
#include "catalog/catalog.h"
#include "templates_consult.h"

#define MINE "/consult"
#define DESK "/desk/consult"

enum { PAGE = 20 };

/* ---- words ---- */

static const char *name(const struct request *rq, struct words words)
{
  return say(rq, words.zh, words.en);
}

static bool is_desk(const struct request *rq)
{
  return strncmp(rq->path, DESK, strlen(DESK)) == 0;
}

/* What is asked about, in words, and where it stands; "" for what the catalogue has no more. */
static const char *topic_of(struct request *rq, const char *about, const char *subject, const char **ret_link)
{
  const struct catalog *catalog = rq->app->catalog;
  const struct thing *thing;
  const struct item *item;
  *ret_link = NULL;
  if (strcmp(about, "thing") == 0 && (thing = catalog_thing(catalog, span_of(subject)))) {
    *ret_link = arena_printf(rq->arena, "/things/%s", thing->id);
    return name(rq, thing->name);
  }
  if (strcmp(about, "item") == 0 && (item = catalog_item(catalog, span_of(subject)))) {
    *ret_link = arena_printf(rq->arena, "/items/%s", item->id);
    return name(rq, item->name);
  }
  if (strcmp(about, "case") == 0) {
    *ret_link = arena_printf(rq->arena, is_desk(rq) ? "/desk/cases/%s" : "/cases/%s", subject);
    return trf(rq, "Case %s", subject);
  }
  return "";
}

const char *consult_minutes(struct request *rq, int64_t ms)
{
  int64_t minutes = ms / MINUTE_MS;
  if (minutes < 1)
    return tr(rq, "less than a minute");
  return minutes < 120 ? trf(rq, "%s minutes", arena_printf(rq->arena, "%lld", (long long)minutes))
                       : trf(rq, "%s hours", arena_printf(rq->arena, "%lld", (long long)(minutes / 60)));
}

const char *consult_measured_words(struct request *rq, const struct consult_measure *measure)
{
  if (!measure->answers)
    return tr(rq, "Nothing has been answered yet today, so there is no measured waiting time.");
  return trf(rq, "Half of today's answers came within %s (%s answers).", consult_minutes(rq, measure->median_ms),
             arena_printf(rq->arena, "%lld", (long long)measure->answers));
}

const char *consult_speaker(struct request *rq, const struct consult_view *v, const struct consult_message *m)
{
  if (strcmp(m->role, "clerk") == 0)
    return tr(rq, "Window");
  return v->desk ? tr(rq, "Applicant") : tr(rq, "You");
}

static void describe(struct request *rq, const struct consult_row *row, struct consult_line *line)
{
  static const struct {
    const char *text, *tag;
  } states[] = {[CONSULT_NONE] = {"", ""},
                [CONSULT_WAITING] = {N_("waiting for an answer"), "wait"},
                [CONSULT_ANSWERED] = {N_("answered"), "good"},
                [CONSULT_CLOSED] = {N_("ended"), ""},
                [CONSULT_ERASED] = {N_("erased"), ""}};
  const char *link;
  line->row = row;
  line->topic = topic_of(rq, row->about, row->subject, &link);
  line->link = arena_printf(rq->arena, "%s/%lld", is_desk(rq) ? DESK : MINE, (long long)row->id);
  line->state = tr(rq, states[row->state].text);
  line->tag = states[row->state].tag;
}

/* ---- lists ---- */

/* «MOMENT.ID» of the last one shown; its moments stand for whichever the list is ordered by. */
static const struct consult_row *read_after(const struct request *rq, struct consult_row *row)
{
  struct span rest = rq_span(rq, "after"), part;
  int64_t n[2];
  for (int i = 0; i < 2; i++)
    if (!span_cut(&rest, '.', &part) || !span_int(part, &n[i]))
      return NULL;
  *row = (struct consult_row){.id = n[1], .asked = n[0], .waiting = n[0]};
  return row;
}

static int show_list(struct request *rq, struct consult_list *list, struct consult_row *rows, size_t n, struct error *error)
{
  if (consult_measured(rq->db, day_of(rq->now), &list->today, error))
    return -1;
  list->n = n > PAGE ? PAGE : n;
  list->lines = arena_array(rq->arena, list->n + 1, sizeof *list->lines);
  for (size_t i = 0; i < list->n; i++)
    describe(rq, &rows[i], &list->lines[i]);
  if (n > PAGE) {
    const struct consult_row *last = &rows[PAGE - 1];
    list->next =
        url_with(rq, "after",
                 arena_printf(rq->arena, "%lld.%lld", (long long)(list->live ? last->waiting : last->asked), (long long)last->id));
  }
  return web_page(rq, 200, consult_conversations(rq, list));
}

static int mine(struct request *rq, struct error *error)
{
  struct consult_list list = {.base = MINE, .title = tr(rq, "My questions")};
  struct consult_row after, *rows;
  size_t n;
  if (consult_of_account(rq->db, rq->who->id, read_after(rq, &after), PAGE + 1, rq->arena, &rows, &n, error))
    return -1;
  return show_list(rq, &list, rows, n, error);
}

/* Who waits, longest first; or, with «case», what was asked about one case. */
static int desk(struct request *rq, struct error *error)
{
  struct consult_list list = {.base = DESK, .title = tr(rq, "Questions to the window"), .desk = true};
  struct consult_row after, *rows;
  size_t n;
  const char *number = rq_str(rq, "case");
  if (*number) {
    list.title = trf(rq, "Questions about case %s", number);
    if (consult_about(rq->db, "case", number, read_after(rq, &after), PAGE + 1, rq->arena, &rows, &n, error))
      return -1;
  } else {
    list.live = DESK "/live";
    list.version = consult_version(rq->db, 0);
    if (consult_waiting(rq->db, read_after(rq, &after), PAGE + 1, rq->arena, &rows, &n, error))
      return -1;
  }
  return show_list(rq, &list, rows, n, error);
}

/* ---- asking ---- */

/* What may be asked about: something of the catalogue, or a case of one's own. */
static int read_subject(struct request *rq, struct consult_form *form, struct error *error)
{
  static const char *const abouts[] = {"thing", "item", "case"};
  const char *link;
  for (size_t i = 0; i < sizeof abouts / sizeof *abouts; i++)
    if (rq_has(rq, abouts[i])) {
      form->about = abouts[i];
      form->subject = rq_str(rq, abouts[i]);
      form->topic = topic_of(rq, form->about, form->subject, &link);
    }
  bool found = form->about && *form->topic;
  if (found && strcmp(form->about, "case") == 0) {
    struct case_row row;
    if (casework_find(rq->db, span_of(form->subject), (struct span){0}, rq->arena, &row, error))
      return -1;
    found = strcmp(row.account, rq->who->id) == 0;
  }
  if (!found)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这个事项", "There is no such matter");
  return consult_measured(rq->db, day_of(rq->now), &form->today, error);
}

static int show_form(struct request *rq, unsigned status, struct error *error)
{
  struct consult_form form = {0};
  return read_subject(rq, &form, error) ? -1 : web_page(rq, status, consult_ask(rq, &form));
}

static int ask_page(struct request *rq, struct error *error)
{
  return show_form(rq, 200, error);
}

static int send(struct request *rq, int64_t id, const char *type, json_t *data, struct error *error)
{
  const struct command command = {.kind = &consult_kind,
                                  .id = id,
                                  .expect = -1,
                                  .type = type,
                                  .key = rq_once(rq),
                                  .actor = {rq->who->id, is_desk(rq) ? "clerk" : "applicant",
                                            rq->who->agency ? rq->who->agency : "", is_desk(rq) ? "window" : web_channel(rq)},
                                  .data = data};
  int bad = engine_do(rq->engine, &command, NULL, error);
  json_decref(data);
  if (!bad)
    web_changed(rq);
  return bad;
}

static int ask(struct request *rq, struct error *error)
{
  struct consult_form form = {0};
  struct error why = {0};
  if (read_subject(rq, &form, error))
    return -1;
  if (rq->errors_n)
    return show_form(rq, 400, error);
  const char *once = rq_once(rq);
  int64_t id = *once ? aggregate_id_from(rq->who->id, once) : aggregate_id_new(rq->now);
  json_t *data = json_pack("{s:s,s:s,s:s}", "about", form.about, "subject", form.subject, "text", rq_str(rq, "text"));
  if (send(rq, id, "ask", data, &why) == 0)
    return web_redirect(rq, 303, arena_printf(rq->arena, MINE "/%lld", (long long)id));
  if (why.code != ERROR_BAD_INPUT) {
    *error = why;
    return -1;
  }
  web_field_error(rq, "text", arena_str(rq->arena, say(rq, why.zh, why.en)));
  return show_form(rq, 400, error);
}

/* ---- one conversation ---- */

static int read_one(struct request *rq, struct consult_row *row, struct error *error)
{
  if (consult_read(rq->db, rq_int(rq, "id"), rq->arena, row, error))
    return -1;
  if (!is_desk(rq) && strcmp(row->account, rq->who->id) != 0)
    return error_set(error, ERROR_NOT_FOUND, "not-found", "没有这次咨询", "There is no such conversation");
  return 0;
}

static int show(struct request *rq, unsigned status, struct error *error)
{
  struct consult_row row;
  struct consult_view v = {.base = is_desk(rq) ? DESK : MINE, .row = &row, .desk = is_desk(rq)};
  if (read_one(rq, &row, error) || consult_messages(rq->db, row.id, rq->arena, &v.messages, &v.n, error) ||
      consult_measured(rq->db, day_of(rq->now), &v.today, error))
    return -1;
  v.topic = topic_of(rq, row.about, row.subject, &v.topic_link);
  return web_page(rq, status, consult_conversation(rq, &v));
}

static int conversation(struct request *rq, struct error *error)
{
  return show(rq, 200, error);
}

static int act(struct request *rq, const char *type, json_t *data, const char *then, struct error *error)
{
  struct consult_row row;
  struct error why = {0};
  if (read_one(rq, &row, error)) {
    json_decref(data);
    return -1;
  }
  if (send(rq, row.id, type, data, &why) == 0)
    return web_redirect(rq, 303, then ? then : arena_printf(rq->arena, "%s/%lld", is_desk(rq) ? DESK : MINE, (long long)row.id));
  if (why.code != ERROR_BAD_INPUT && why.code != ERROR_RULE && why.code != ERROR_CONFLICT) {
    *error = why;
    return -1;
  }
  web_field_error(rq, "text", arena_str(rq->arena, say(rq, why.zh, why.en)));
  return show(rq, (unsigned)error_http(why.code), error);
}

static int say_it(struct request *rq, struct error *error)
{
  return rq->errors_n ? show(rq, 400, error) : act(rq, "say", json_pack("{s:s}", "text", rq_str(rq, "text")), NULL, error);
}

static int close_it(struct request *rq, struct error *error)
{
  return act(rq, "close", json_object(), NULL, error);
}

static int erase_it(struct request *rq, struct error *error)
{
  return act(rq, "erase", json_object(), MINE, error);
}

/* ---- live, and in figures ---- */

static int live(struct request *rq, struct error *error)
{
  struct consult_row row = {0};
  if (rq_has(rq, "id") && read_one(rq, &row, error))
    return -1;
  return web_stream(rq, arena_printf(rq->arena, "consult/%lld", (long long)row.id), error);
}

int64_t consult_live_version(void *context, struct db *db, const char *topic, moment now)
{
  (void)context;
  (void)now;
  return consult_version(db, strtoll(topic + strlen("consult/"), NULL, 10));
}

static int figures(struct request *rq, struct error *error)
{
  struct consult_measure today;
  if (consult_measured(rq->db, day_of(rq->now), &today, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_put_int(&w, "waiting", consult_waiting_count(rq->db));
  json_put_int(&w, "answers_today", today.answers);
  json_put_int(&w, "median_ms", today.median_ms);
  json_put_int(&w, "longest_ms", today.longest_ms);
  json_end(&w);
  return 0;
}

/* ---- the table ---- */

static const struct parameter list_query[] = {
    {"after", IN_QUERY, TYPE_TEXT, false, .max = 60, .zh = "上一页的最后一条", .en = "the last of the page before"}, {0}};
static const struct parameter desk_query[] = {
    {"after", IN_QUERY, TYPE_TEXT, false, .max = 60, .zh = "上一页的最后一条", .en = "the last of the page before"},
    {"case", IN_QUERY, TYPE_TEXT, false, .max = 32, .zh = "办件编号", .en = "case number"},
    {0}};
#define SUBJECT(where)                                                                                                             \
  {"thing", where, TYPE_TEXT, false, .max = 64, .zh = "一件事", .en = "the matter"},                                               \
      {"item", where, TYPE_TEXT, false, .max = 64, .zh = "事项", .en = "the item"},                                                \
  {                                                                                                                                \
    "case", where, TYPE_TEXT, false, .max = 32, .zh = "办件编号", .en = "case number"                                              \
  }
#define TEXT                                                                                                                       \
  {                                                                                                                                \
    "text", IN_FORM, TYPE_TEXT, true, .max = CONSULT_TEXT_MAX, .zh = "内容", .en = "what you want to say"                          \
  }
#define ID                                                                                                                         \
  {                                                                                                                                \
    "id", IN_PATH, TYPE_INT, true, .zh = "咨询编号", .en = "the conversation"                                                      \
  }
static const struct parameter ask_query[] = {SUBJECT(IN_QUERY), {0}};
static const struct parameter ask_form[] = {SUBJECT(IN_FORM), TEXT, {0}};
static const struct parameter of_one[] = {ID, {0}};
static const struct parameter say_form[] = {ID, TEXT, {0}};

const struct route consult_routes[] = {
    {METHOD_GET, MINE, ROLE_APPLICANT, mine, 0, list_query, "我的咨询", "My questions"},
    {METHOD_GET, MINE "/new", ROLE_APPLICANT, ask_page, 0, ask_query, "咨询窗口", "Ask the window"},
    {METHOD_POST, MINE "/new", ROLE_APPLICANT, ask, ROUTE_SHOWS_ERRORS, ask_form},
    {METHOD_GET, MINE "/{id}", ROLE_APPLICANT, conversation, 0, of_one, "一次咨询", "One conversation"},
    {METHOD_GET, MINE "/{id}/live", ROLE_APPLICANT, live, 0, of_one, "咨询的变化", "Its changes, live"},
    {METHOD_POST, MINE "/{id}/say", ROLE_APPLICANT, say_it, ROUTE_SHOWS_ERRORS, say_form},
    {METHOD_POST, MINE "/{id}/close", ROLE_APPLICANT, close_it, 0, of_one},
    {METHOD_POST, MINE "/{id}/erase", ROLE_APPLICANT, erase_it, 0, of_one},
    {METHOD_GET, DESK, ROLE_CLERK, desk, 0, desk_query, "窗口咨询", "Questions to the window"},
    {METHOD_GET, DESK "/live", ROLE_CLERK, live, 0, NULL, "窗口咨询的变化", "Its changes, live"},
    {METHOD_GET, DESK "/{id}", ROLE_CLERK, conversation, 0, of_one, "一次咨询", "One conversation"},
    {METHOD_GET, DESK "/{id}/live", ROLE_CLERK, live, 0, of_one, "咨询的变化", "Its changes, live"},
    {METHOD_POST, DESK "/{id}/say", ROLE_CLERK, say_it, ROUTE_SHOWS_ERRORS, say_form},
    {METHOD_POST, DESK "/{id}/close", ROLE_CLERK, close_it, 0, of_one},
    {METHOD_GET, "/api/consult", ROLE_PUBLIC, figures, 0, NULL, "今天咨询等了多久", "How long answers took today"},
    {0}};
