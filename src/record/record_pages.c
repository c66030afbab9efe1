#include "record/record_pages.h"

#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "templates_record.h"

enum { HISTORY_PAGE = 10, STEPS_PAGE = 100 };
#define RECEIPT_MAX ((size_t)1 << 18) /* of what is sent to be checked */

/* ---- words ---- */

const char *record_type_text(const struct request *rq, struct span type)
{
  const struct record_type *known = record_type_find(type);
  return known ? say(rq, known->zh, known->en) : arena_dup(rq->arena, type);
}

const char *record_department_text(struct request *rq, struct span id)
{
  const struct agency *agency = rq->app->catalog ? catalog_agency(rq->app->catalog, id) : NULL;
  if (agency)
    return say(rq, agency->name.zh, agency->name.en);
  return span_is(id, "centre") || !id.n ? tr(rq, "The platform, for the applicant's own acts and for deadlines")
                                        : arena_dup(rq->arena, id);
}

const char *record_key_owner(struct request *rq, const char *key_name)
{
  const char *slash = strrchr(key_name, '/');
  const char *last = slash ? slash + 1 : key_name;
  bool known = strcmp(last, "centre") == 0 || (rq->app->catalog && catalog_agency(rq->app->catalog, span_of(last)));
  return known ? record_department_text(rq, span_of(last)) : tr(rq, "The log");
}

const char *record_item_text(struct request *rq, struct span id)
{
  const struct item *item = rq->app->catalog ? catalog_item(rq->app->catalog, id) : NULL;
  return item ? say(rq, item->name.zh, item->name.en) : arena_dup(rq->arena, id);
}

const char *record_seconds(const struct request *rq, int64_t unix_seconds)
{
  return moment_words(rq, unix_seconds > 0 && unix_seconds < INT64_C(253402300800) ? unix_seconds * SECOND_MS : 0);
}

const char *record_hex(struct request *rq, const void *bytes, size_t n)
{
  char *out = arena_alloc(rq->arena, 2 * n + 1);
  hex_encode(bytes, n, out);
  return out;
}

const char *record_receipt_path(struct request *rq, const struct record_step *step, const char *rest)
{
  return arena_printf(rq->arena, "/receipt/%lld%s?case=%s", (long long)step->index, rest,
                      record_hex(rq, step->pseudonym, sizeof step->pseudonym));
}

const char *record_answer_text(const struct request *rq, const struct witness_status *witness)
{
  switch (witness->answer) {
  case WITNESS_NOT_ASKED:
    return tr(rq, "not asked yet");
  case WITNESS_SIGNED:
    return tr(rq, "cosigned");
  case WITNESS_SILENT:
    return tr(rq, "does not answer");
  case WITNESS_REFUSED:
    return tr(rq, "refused");
  case WITNESS_BAD_SIGNATURE:
    return tr(rq, "answered with a wrong signature");
  case WITNESS_AHEAD:
    return tr(rq, "has seen a larger ledger than ours");
  case WITNESS_INCONSISTENT:
    return tr(rq, "says that our ledger does not continue the one it knows");
  }
  return "";
}

/* ---- what this city goes by ---- */

static int log_keys(struct request *rq, struct span note, struct span *ret, struct error *error)
{
  struct span origin;
  *ret = (struct span){0};
  return span_cut(&note, '\n', &origin) ? record_keys_named(rq->db, origin, rq->arena, ret, error) : 0;
}

int record_city_open(struct request *rq, struct record_city *ret, struct error *error)
{
  struct record_city city = {0};
  struct span keys;
  if (record_last_signed(rq->db, rq->arena, &city.last, error) || log_keys(rq, city.last.note, &keys, error))
    return -1;
  if (keys.n) {
    if (record_policy_text(rq->arena, rq->app->policy, keys, &city.policy_text, error) ||
        policy_parse(city.policy_text, &city.policy, error))
      return -1;
    if (record_published(rq->arena, rq->app->log_dir, city.policy, &city.published, error)) {
      policy_free(city.policy);
      return -1;
    }
  }
  *ret = city;
  return 0;
}

void record_city_close(struct record_city *city)
{
  policy_free(city->policy);
}

static struct record_witness *witnesses_of(struct request *rq, const struct policy *policy, const struct policy_verdict *verdict,
                                           size_t *ret_n)
{
  size_t n = policy ? policy_witness_count(policy) : 0;
  struct record_witness *list = arena_array(rq->arena, n + 1, sizeof *list);
  for (size_t i = 0; i < n; i++) {
    const struct policy_witness *w = policy_witness_at(policy, i);
    list[i] = (struct record_witness){arena_str(rq->arena, verifier_name(w->key)), arena_str(rq->arena, verifier_vkey(w->key)),
                                      verdict && verdict->times ? verdict->times[i] : 0};
  }
  *ret_n = n;
  return list;
}

/* ---- the ledger ---- */

static const char *cosigners_of(struct request *rq, const struct policy *policy, struct span text)
{
  struct note note;
  struct policy_verdict verdict;
  const char *list = "";
  if (note_parse(rq->arena, text, &note, NULL) || policy_judge(policy, rq->arena, &note, &verdict, NULL))
    return tr(rq, "Its signatures are not valid");
  for (size_t i = 0; i < policy_witness_count(policy); i++)
    if (verdict.times[i])
      list = arena_printf(rq->arena, "%s%s%s", list, *list ? " · " : "", verifier_name(policy_witness_at(policy, i)->key));
  return list;
}

static int read_history(struct request *rq, struct record_ledger_view *v, struct error *error)
{
  if (record_checkpoints(rq->db, rq_int(rq, "below"), HISTORY_PAGE + 1, rq->arena, &v->history, &v->history_count, error))
    return -1;
  if (v->history_count > HISTORY_PAGE) {
    v->history_count = HISTORY_PAGE;
    v->older = v->history[HISTORY_PAGE - 1].size;
  }
  v->cosigners = arena_array(rq->arena, v->history_count + 1, sizeof *v->cosigners);
  for (size_t i = 0; i < v->history_count; i++)
    v->cosigners[i] = cosigners_of(rq, v->city->policy, v->history[i].note);
  return 0;
}

static int read_steps(struct request *rq, struct record_ledger_view *v, struct error *error)
{
  int64_t from = rq_has(rq, "from") ? rq_int(rq, "from") : -1;
  v->pseudonym = rq_str(rq, "case");
  v->from = -1;
  if (!*v->pseudonym)
    return 0;
  if (record_steps(rq->db, span_of(v->pseudonym), from, STEPS_PAGE + 1, rq->arena, &v->steps, &v->step_count, error))
    return -1;
  if (v->step_count > STEPS_PAGE) {
    v->step_count = STEPS_PAGE;
    v->from = v->steps[STEPS_PAGE].index;
  }
  return 0;
}

static int ledger_page(struct request *rq, struct error *error)
{
  struct record_city city;
  struct record_ledger_view v = {.city = &city};
  if (record_city_open(rq, &city, error))
    return -1;
  struct engine_log_status status;
  if (rq->engine) {
    engine_log_status(rq->engine, rq->arena, &status);
    v.status = &status;
  }
  v.witnesses = witnesses_of(rq, city.policy, &city.published.verdict, &v.witness_count);
  int bad = read_steps(rq, &v, error) || (city.policy && read_history(rq, &v, error)) ||
            record_keys(rq->db, rq->arena, &v.keys, &v.key_count, error);
  record_city_close(&city);
  return bad ? -1 : web_page(rq, 200, record_ledger(rq, &v));
}

/* ---- one receipt, for people ---- */

static int read_receipt(struct request *rq, const struct record_city *city, struct record_receipt_view *v, struct error *error)
{
  struct record_receipt *receipt = arena_new(rq->arena, struct record_receipt);
  struct span keys;
  if (v->step.index >= city->published.checkpoint.size) {
    v->city_missing = v->step.sealed;
    struct engine_log_status status = {0};
    if (rq->engine)
      engine_log_status(rq->engine, rq->arena, &status);
    v->missing = status.missing;
    return 0;
  }
  if (record_make(rq->arena, rq->app->log_dir, city->policy, &city->published, v->step.index, receipt, error) ||
      record_keys_named(rq->db, receipt->leaf.signature.name, rq->arena, &keys, error))
    return -1;
  v->receipt = receipt;
  v->witnesses = witnesses_of(rq, city->policy, &receipt->verdict, &v->witness_count);
  v->department_signed = record_department_signed(rq->arena, &receipt->leaf, keys);
  v->check = arena_printf(rq->arena, "/verify?index=%lld&leaf=%s", (long long)v->step.index,
                          record_hex(rq, receipt->hash.b, DIGEST_BYTES));
  v->qr = (struct html){record_qr(rq->arena, url_whole(rq, v->check))};
  return 0;
}

static int receipt_page(struct request *rq, struct error *error)
{
  struct record_city city;
  struct record_receipt_view v = {.pseudonym = rq_str(rq, "case")};
  if (record_step(rq->db, rq_int(rq, "index"), span_of(v.pseudonym), rq->arena, &v.step, error) ||
      record_city_open(rq, &city, error))
    return -1;
  int bad = read_receipt(rq, &city, &v, error);
  record_city_close(&city);
  return bad ? -1 : web_page(rq, 200, record_receipt_page(rq, &v));
}

/* ---- the check ---- */

static int read_upload(struct request *rq, const struct upload *upload, struct span *ret, struct error *error)
{
  char *bytes = arena_alloc(rq->arena, RECEIPT_MAX);
  size_t n = 0;
  ssize_t got = 1;
  if (upload->size > (int64_t)RECEIPT_MAX)
    return error_set(error, ERROR_TOO_LARGE, "bad-proof", "文件过大，不是回执", "The file is too large to be a receipt");
  while (n < RECEIPT_MAX && (got = read(upload->fd, bytes + n, RECEIPT_MAX - n)) > 0)
    n += (size_t)got;
  if (got < 0)
    return error_set(error, ERROR_BUSY, "upload-store", "暂时无法读取上传的文件，请稍后再试",
                     "Uploaded files cannot be read just now: try again later");
  *ret = (struct span){bytes, n};
  return 0;
}

static int looked_for(struct request *rq, struct record_verify_view *v, struct error *error)
{
  struct record_step *step = arena_new(rq->arena, struct record_step);
  struct error why;
  v->looked = rq_has(rq, "leaf");
  if (!v->looked)
    return 0;
  if (record_step_by_hash(rq->db, rq_int(rq, "index"), rq_span(rq, "leaf"), rq->arena, step, &why) == 0) {
    v->step = step;
    v->pseudonym = record_hex(rq, step->pseudonym, sizeof step->pseudonym);
  } else if (why.code != ERROR_NOT_FOUND) {
    *error = why;
    return -1;
  }
  return 0;
}

static int verify_page(struct request *rq, struct error *error)
{
  struct record_city city;
  struct record_verify_view v = {0};
  if (record_city_open(rq, &city, error))
    return -1;
  v.policy_text = city.policy_text;
  record_city_close(&city);
  return looked_for(rq, &v, error) ? -1 : web_page(rq, 200, record_verify(rq, &v));
}

/* What stands in the form, or what this city goes by. */
static int check_policy(struct request *rq, struct record_verify_view *v, struct policy **ret, struct error *error)
{
  struct record_city city;
  if (rq_has(rq, "policy")) {
    v->policy_text = record_tidy(rq->arena, rq_span(rq, "policy"));
    return policy_parse(v->policy_text, ret, error);
  }
  if (record_city_open(rq, &city, error))
    return -1;
  v->policy_text = city.policy_text;
  *ret = city.policy;
  return city.policy ? 0 : error_set(error, ERROR_BAD_INPUT, "bad-policy", "请填写所信任的公钥", "Enter the keys that you trust");
}

static int check_sent(struct request *rq, struct record_verify_view *v, struct error *error)
{
  const struct upload *upload = rq_upload(rq, "file", 0);
  struct span text = record_tidy(rq->arena, rq_span(rq, "proof")), keys;
  struct record_receipt *receipt = arena_new(rq->arena, struct record_receipt);
  struct policy *policy = NULL;
  if ((upload && read_upload(rq, upload, &text, error)) || check_policy(rq, v, &policy, error))
    return -1;
  int bad = record_check(rq->arena, text, policy, receipt, error);
  v->quorum = bad && strcmp(error->name, "no-quorum") == 0;
  if (!bad || v->quorum) {
    v->receipt = receipt;
    v->witnesses = witnesses_of(rq, policy, &receipt->verdict, &v->witness_count);
    v->alone = receipt->verdict.quorum && !policy_witness_count(policy);
    v->department_signed = record_keys_named(rq->db, receipt->leaf.signature.name, rq->arena, &keys, NULL) == 0 &&
                           record_department_signed(rq->arena, &receipt->leaf, keys);
  }
  policy_free(policy);
  return bad;
}

static int verify_check(struct request *rq, struct error *error)
{
  struct record_verify_view v = {.asked = true};
  struct error why = {0};
  if (rq->errors_n)
    v.asked = false;
  else if (check_sent(rq, &v, &why)) {
    if (why.code == ERROR_INTERNAL || why.code == ERROR_BUSY) {
      *error = why;
      return -1;
    }
    v.sentence = arena_str(rq->arena, say(rq, why.zh, why.en));
  }
  return web_page(rq, rq->errors_n ? 400 : 200, record_verify(rq, &v));
}

/* ---- the table ---- */

#define INDEX                                                                                                                      \
  {                                                                                                                                \
    "index", IN_PATH, TYPE_INT, true, .zh = "账本中的序号", .en = "place in the ledger"                                            \
  }
#define CASE(required)                                                                                                             \
  {                                                                                                                                \
    "case", IN_QUERY, TYPE_TEXT, required, .max = 32, .zh = "办件代号", .en = "the case's pseudonym"                               \
  }

static const struct parameter ledger_query[] = {
    CASE(false),
    {"from", IN_QUERY, TYPE_INT, false, .zh = "从哪一步起", .en = "from which step"},
    {"below", IN_QUERY, TYPE_INT, false, .zh = "从哪个检查点之前", .en = "checkpoints below this size"},
    {0}};
static const struct parameter receipt_query[] = {INDEX, CASE(true), {0}};
static const struct parameter verify_query[] = {
    {"index", IN_QUERY, TYPE_INT, false, .zh = "账本中的序号", .en = "place in the ledger"},
    {"leaf", IN_QUERY, TYPE_TEXT, false, .max = 64, .zh = "条目的指纹", .en = "the entry's fingerprint"},
    {0}};
static const struct parameter verify_form[] = {
    {"proof", IN_FORM, TYPE_TEXT, false, .max = 200000, .zh = "回执", .en = "the receipt"},
    {"policy", IN_FORM, TYPE_TEXT, false, .max = 100000, .zh = "所信任的公钥", .en = "the keys that you trust"},
    {"file", IN_FILE, TYPE_TEXT, false, .zh = "回执文件", .en = "the receipt's file"},
    {0}};

const struct route record_routes[] = {
    {METHOD_GET, "/ledger", ROLE_PUBLIC, ledger_page, 0, ledger_query, "公开账本", "The public ledger"},
    {METHOD_GET, "/receipt/{index}/page", ROLE_PUBLIC, receipt_page, 0, receipt_query, "回执", "A receipt"},
    {METHOD_GET, "/verify", ROLE_PUBLIC, verify_page, 0, verify_query, "核验回执", "Check a receipt"},
    {METHOD_POST, "/verify", ROLE_PUBLIC, verify_check, ROUTE_UPLOADS | ROUTE_SHOWS_ERRORS, verify_form, "核验回执",
     "Check a receipt"},
    {0}};
