/*
 * /alarms for supervisors, /keys for administrators, /log/keys (the key book) for everybody who watches the log.
 */
#include "watch/watch_pages.h"

#include "account/account.h"
#include "app/app.h"
#include "templates_watch.h"
#include "watch/registry.h"

enum { PAGE = 10 };

/* ---- words ---- */

const char *alarm_title(const struct request *rq, const char *word)
{
  static const struct {
    const char *word, *english;
  } titles[] = {{"grammar", N_("An entry is malformed")},
                {"signature", N_("A signature is wrong")},
                {"key-unknown", N_("An unknown key has signed")},
                {"key-early", N_("A key has signed before its registration")},
                {"key-retired", N_("A retired key has signed")},
                {"key-book", N_("The list of keys does not fit the record")},
                {"twice", N_("A case has two entries of one number")},
                {"gap", N_("Entries of a case are missing")},
                {"prev", N_("An entry does not follow the one before it")},
                {"time", N_("An entry is dated back")},
                {"future", N_("An entry is dated ahead")},
                {"checkpoint", N_("A checkpoint is not signed")},
                {"fork", N_("The record was rewritten")},
                {"shrunk", N_("The record has become smaller")},
                {"stale", N_("No new checkpoint for too long")},
                {"late-notice", N_("Nobody said in time whether a case is accepted")},
                {"late-decision", N_("An item was not decided in time")}};
  for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
    if (strcmp(titles[i].word, word) == 0)
      return tr(rq, titles[i].english);
  return word;
}

const char *alarm_field(struct request *rq, const struct alarm_row *alarm)
{
  return arena_printf(rq->arena, "reason-%lld", (long long)alarm->id);
}

/* ---- alarms ---- */

/* «RAISED.ID.OPEN» of the last one shown. */
static bool read_after(const struct request *rq, struct alarm_row *ret)
{
  struct span rest = rq_span(rq, "after"), part;
  int64_t n[3];
  for (int i = 0; i < 3; i++)
    if (!span_cut(&rest, '.', &part) || !span_int(part, &n[i]))
      return false;
  *ret = (struct alarm_row){.raised = n[0], .id = n[1], .acknowledged = n[2]};
  return true;
}

static int show(struct request *rq, unsigned status, struct error *error)
{
  struct alarms_page p = {.done = rq_has(rq, "done")};
  struct alarm_row after;
  bool more = read_after(rq, &after);
  if (alarm_list(rq->db, more ? &after : NULL, PAGE + 1, rq->arena, &p.list, &p.n, error))
    return -1;
  if (p.n > PAGE) {
    const struct alarm_row *last = &p.list[PAGE - 1];
    p.n = PAGE;
    p.next =
        arena_printf(rq->arena, "/alarms?after=%lld.%lld.%d", (long long)last->raised, (long long)last->id, last->acknowledged > 0);
  }
  return web_page(rq, status, watch_alarms(rq, &p));
}

static int alarms(struct request *rq, struct error *error)
{
  return show(rq, 200, error);
}

static int acknowledge(struct request *rq, struct error *error)
{
  struct alarm_row row;
  struct error why = {0};
  if (alarm_read(rq->db, rq_int(rq, "id"), rq->arena, &row, error))
    return -1;
  const char *field = alarm_field(rq, &row);
  json_t *data = json_pack("{s:s}", "reason", rq_str(rq, field));
  const struct command command = {.kind = &alarm_kind,
                                  .id = row.id,
                                  .expect = -1,
                                  .type = "acknowledge",
                                  .key = rq_once(rq),
                                  .actor = {rq->who->id, "supervisor", rq->who->agency, "web"},
                                  .data = data};
  int bad = engine_do(rq->engine, &command, NULL, &why);
  json_decref(data);
  if (!bad)
    return web_redirect(rq, 303, "/alarms?done=1");
  if (why.code != ERROR_BAD_INPUT) {
    *error = why;
    return -1;
  }
  web_field_error(rq, field, arena_str(rq->arena, say(rq, why.zh, why.en)));
  return show(rq, 400, error);
}

/* ---- keys ---- */

static bool is_department(const struct ledger_key *k)
{
  return !k->until && *k->file && strchr(k->name, '/') && strcmp(k->file, "log") != 0;
}

static const char *department_of(const struct ledger_key *k)
{
  return strrchr(k->name, '/') + 1;
}

static int show_keys(struct request *rq, unsigned status, struct error *error)
{
  struct keys_page p = {.done = rq_has(rq, "done")};
  if (engine_keys(rq->db, rq->arena, &p.list, &p.n, error))
    return -1;
  struct input_option *options = arena_array(rq->arena, p.n + 1, sizeof *options);
  size_t n = 0;
  for (size_t i = 0; i < p.n; i++)
    if (is_department(&p.list[i]))
      options[n++] = (struct input_option){department_of(&p.list[i]), department_of(&p.list[i]), NULL};
  p.departments = options;
  return web_page(rq, status, watch_keys(rq, &p));
}

static int keys(struct request *rq, struct error *error)
{
  return show_keys(rq, 200, error);
}

/* The centre's key bears the origin. */
static int origin_of(struct request *rq, const char **ret, struct error *error)
{
  struct ledger_key *list;
  size_t n;
  if (engine_keys(rq->db, rq->arena, &list, &n, error))
    return -1;
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i].file, "centre") == 0) {
      *ret = arena_dup(rq->arena, (struct span){list[i].name, strlen(list[i].name) - strlen("/centre")});
      return 0;
    }
  return error_set(error, ERROR_INTERNAL, "no-registry", "密钥还没有登记", "No keys are registered yet");
}

static int rotate(struct request *rq, struct error *error)
{
  const char *origin = "";
  struct error why = {0};
  if (rq->errors_n)
    return show_keys(rq, 400, error);
  if (origin_of(rq, &origin, error))
    return -1;
  const struct registrar r = {rq->engine, rq->db, rq->app->key_dir, origin, {rq->who->id, "admin", rq->who->agency, "web"}};
  if (registry_rotate(&r, rq_str(rq, "department"), rq_str(rq, "reason"), &why) == 0)
    return web_redirect(rq, 303, "/keys?done=1");
  if (why.code >= ERROR_INTERNAL) {
    *error = why;
    return -1;
  }
  web_field_error(rq, *why.where ? arena_str(rq->arena, why.where) : "department", arena_str(rq->arena, say(rq, why.zh, why.en)));
  return show_keys(rq, (unsigned)error_http(why.code), error);
}

static int key_book(struct request *rq, struct error *error)
{
  return keybook_write(rq->db, &rq->out, error) ? -1 : web_bytes(rq, 200, "application/jsonl; charset=utf-8", NULL);
}

/* ---- the table ---- */

static const struct parameter list_query[] = {
    {"after", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "上一页的最后一条", .en = "the last of the page before"},
    {"done", IN_QUERY, TYPE_TEXT, false, .max = 1, .zh = "刚处理完", .en = "one was acknowledged just now"},
    {0}};
static const struct parameter of_alarm[] = {{"id", IN_PATH, TYPE_INT, true, .zh = "告警编号", .en = "the alarm"}, {0}};
static const struct parameter keys_query[] = {
    {"done", IN_QUERY, TYPE_TEXT, false, .max = 1, .zh = "刚更换完", .en = "a key was changed just now"}, {0}};
static const struct parameter rotate_form[] = {
    {"department", IN_FORM, TYPE_TEXT, true, .max = 64, .zh = "部门", .en = "the department"},
    {"reason", IN_FORM, TYPE_TEXT, true, .max = 120, .zh = "更换原因", .en = "why the key is changed"},
    {0}};

const struct route watch_routes[] = {
    {METHOD_GET, "/alarms", ROLE_SUPERVISOR, alarms, 0, list_query, "告警", "What the monitor found"},
    {METHOD_POST, "/alarms/{id}/acknowledge", ROLE_SUPERVISOR, acknowledge, 0, of_alarm},
    {METHOD_GET, "/keys", ROLE_ADMIN, keys, 0, keys_query, "密钥登记", "The registry of keys"},
    {METHOD_POST, "/keys/rotate", ROLE_ADMIN, rotate, ROUTE_SHOWS_ERRORS, rotate_form},
    {METHOD_GET, "/log/keys", ROLE_PUBLIC, key_book, ROUTE_CACHED, NULL, "公开的密钥登记（逐条可核对）",
     "The key book: every key, to be checked against its entry"},
    {0}};
