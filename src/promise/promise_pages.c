#include "promise/promise_pages.h"

#include <string.h>

#include "app/app.h"
#include "base/text.h"
#include "catalog/catalog_pages.h"
#include "templates_promise.h"

enum { NEGATIVE_PAGE = 50, VERSIONS_PAGE = 20, TERMS_SHOWN = 10 };

/* ---- words ---- */

const char *promise_trip_words(const struct request *rq, const struct promise_thing *promised, const char *property)
{
  const struct promise_line *line = promise_line_of(promised, property);
  bool online = strcmp(property, ONLINE) == 0;
  if (!line)
    return online ? tr(rq, "Online: one trip is not promised") : tr(rq, "At a window: one trip is not promised");
  if (line->proved)
    return online ? tr(rq, "Proved: online, at most one trip") : tr(rq, "Proved: at a window, at most one trip");
  return online ? tr(rq, "Online: some applicants need more than one trip")
                : tr(rq, "At a window: some applicants need more than one trip");
}

const char *promise_trip_kind(const struct promise_thing *promised, const char *property)
{
  const struct promise_line *line = promise_line_of(promised, property);
  return line && line->proved ? "good" : "wait";
}

const char *promise_plain_words(const struct request *rq, const char *property)
{
  static const struct {
    const char *property, *english;
  } sentences[] = {
      {"no-cycle", N_("Whatever the answers, no item waits for another that waits for it.")},
      {ONLINE, N_("Whoever applies online comes in person once at most, or not at all.")},
      {WINDOW, N_("Whoever hands in at a window has everything done by that one visit.")},
      {"outcome", N_("Whoever answers the questions has something to apply for: nobody is left without an outcome.")},
      {"no-dead-end", N_("Nobody is asked for a paper that cannot be had at that time.")},
      {"asked-once", N_("Nobody hands in one paper twice, or a paper that this very application issues.")},
      {"basis", N_("Every item, material, presence and fee has its law and article.")},
      {"limits", N_("No promised limit is longer than the law allows, and joint handling stays within 45 days.")},
      {"no-contradiction", N_("Nobody gets two results that exclude each other.")},
      {"one-decision", N_("Every decision table says one thing, and exactly one, for every answer.")},
  };
  for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
    if (strcmp(sentences[i].property, property) == 0)
      return tr(rq, sentences[i].english);
  return "";
}

const char *promise_count_words(struct request *rq, double n)
{
  return n < 1e15 ? arena_printf(rq->arena, "%.0f", n) : arena_printf(rq->arena, "%.1e", n);
}

bool promise_overdue(const struct request *rq, const struct exception *exception)
{
  return exception->review < day_of(rq->now);
}

/* ---- what the pages read ---- */

static int need_promise(const struct request *rq, struct error *error)
{
  return rq->app->promise ? 0 : error_set(error, ERROR_NOT_FOUND, "no-proof", "这里没有公布证明", "No proof is published here");
}

static int find_thing(struct request *rq, const struct promise_thing **ret, struct error *error)
{
  if (need_promise(rq, error))
    return -1;
  const struct thing *thing = catalog_thing(rq->app->catalog, rq_span(rq, "id"));
  if (!thing)
    return error_set(error, ERROR_NOT_FOUND, "unknown-thing", "没有这件事", "There is no such matter");
  *ret = promise_of(rq->app->promise, thing);
  return 0;
}

/* A version's aggregate is public: its pseudonym is no secret. */
static int view_release(struct request *rq, const struct release *release, struct release_view *ret, struct error *error)
{
  unsigned char pseudonym[16];
  char hex[2 * sizeof pseudonym + 1];
  if (engine_pseudonym(rq->db, release->id, pseudonym, error))
    return -1;
  hex_encode(pseudonym, sizeof pseudonym, hex);
  *ret =
      (struct release_view){.release = *release,
                            .receipt = arena_printf(rq->arena, "/receipt/%lld/page?case=%s", (long long)release->latest - 1, hex),
                            .pseudonym = arena_str(rq->arena, hex)};
  return 0;
}

static int current_release(struct request *rq, const struct release_view **ret, struct error *error)
{
  struct release release;
  struct release_view *view = arena_new(rq->arena, struct release_view);
  struct error why;
  *ret = NULL;
  if (release_read(rq->db, rq->app->catalog->version.hex, rq->arena, &release, &why)) {
    if (why.code == ERROR_NOT_FOUND)
      return 0;
    *error = why;
    return -1;
  }
  *ret = view;
  return view_release(rq, &release, view, error);
}

static struct negative_line *negative_lines(struct request *rq, size_t *ret_n)
{
  const struct promise *promise = rq->app->promise;
  struct negative_line *list = arena_array(rq->arena, (size_t)promise->negative + 1, sizeof *list);
  size_t n = 0;
  for (size_t t = 0; t < promise->catalog->thing_count; t++)
    for (size_t i = 0; i < promise->things[t].line_count; i++)
      if (!promise->things[t].lines[i].proved)
        list[n++] = (struct negative_line){&promise->things[t], &promise->things[t].lines[i]};
  *ret_n = n;
  return list;
}

/* ---- pages ---- */

static int proof_page(struct request *rq, struct error *error)
{
  struct proof_page page = {.promise = rq->app->promise};
  if (find_thing(rq, &page.thing, error) || current_release(rq, &page.release, error))
    return -1;
  return web_page(rq, 200, promise_proof(rq, &page));
}

static int negative_page(struct request *rq, struct error *error)
{
  if (need_promise(rq, error))
    return -1;
  size_t n;
  struct negative_line *all = negative_lines(rq, &n);
  struct negative_page page = {
      .promise = rq->app->promise, .total = (int64_t)n, .page = rq_has(rq, "page") ? rq_int(rq, "page") : 1};
  page.pages = (page.total + NEGATIVE_PAGE - 1) / NEGATIVE_PAGE;
  size_t from = (size_t)(page.page - 1) * NEGATIVE_PAGE;
  page.list = from < n ? all + from : all;
  page.n = from >= n ? 0 : n - from < NEGATIVE_PAGE ? n - from : NEGATIVE_PAGE;
  return web_page(rq, 200, promise_negative(rq, &page));
}

/* «PUBLISHED.ID» of the last one shown. */
static bool read_after(const struct request *rq, struct release *ret)
{
  struct span rest = rq_span(rq, "after"), part;
  int64_t n[2];
  for (int i = 0; i < 2; i++)
    if (!span_cut(&rest, '.', &part) || !span_int(part, &n[i]))
      return false;
  *ret = (struct release){.published = n[0], .id = n[1]};
  return true;
}

static int read_terms(struct request *rq, struct versions_page *page, struct error *error)
{
  struct term *terms;
  if (term_list(rq->db, 0, TERMS_SHOWN, rq->arena, &terms, &page->term_count, error))
    return -1;
  page->terms = arena_array(rq->arena, page->term_count + 1, sizeof *page->terms);
  for (size_t i = 0; i < page->term_count; i++) {
    const struct release of = {.id = catalogue_id(terms[i].version), .latest = terms[i].seq};
    struct release_view view;
    if (view_release(rq, &of, &view, error))
      return -1;
    page->terms[i] = (struct term_line){terms[i], view.receipt};
  }
  return 0;
}

static int versions_page(struct request *rq, struct error *error)
{
  struct versions_page page = {.promise = rq->app->promise};
  struct release after, *list;
  bool more = read_after(rq, &after);
  if (need_promise(rq, error) || release_list(rq->db, more ? &after : NULL, VERSIONS_PAGE + 1, rq->arena, &list, &page.n, error) ||
      (!more && read_terms(rq, &page, error)))
    return -1;
  if (page.n > VERSIONS_PAGE) {
    page.n = VERSIONS_PAGE;
    page.next = arena_printf(rq->arena, "/catalogue/versions?after=%lld.%lld", (long long)list[page.n - 1].published,
                             (long long)list[page.n - 1].id);
  }
  page.list = arena_array(rq->arena, page.n + 1, sizeof *page.list);
  for (size_t i = 0; i < page.n; i++)
    if (view_release(rq, &list[i], &page.list[i], error))
      return -1;
  return web_page(rq, 200, promise_versions(rq, &page));
}

/* ---- JSON ---- */

static void put_words(struct json_writer *w, const char *key, struct words words)
{
  if (!words.zh)
    return;
  json_begin_object(w, key);
  json_put_str(w, "zh", words.zh);
  json_put_str(w, "en", words.en);
  json_end(w);
}

static void put_moment(struct json_writer *w, const char *key, moment at)
{
  char text[MOMENT_TEXT];
  moment_format(at, text);
  json_put_str(w, key, text);
}

static void put_line(struct json_writer *w, const struct promise_line *line)
{
  char review[DAY_TEXT];
  json_put_str(w, "property", line->property);
  put_words(w, "name", line->name);
  json_put_bool(w, "proved", line->proved);
  if (line->proved) {
    json_put_str(w, "by", line->by_structure ? "structure" : "solver");
    return;
  }
  day_format(line->exception->review, review);
  put_words(w, "reason", line->exception->reason);
  json_put_str(w, "owner", line->exception->owner->id);
  json_put_str(w, "review", review);
  put_words(w, "who", line->who);
  put_words(w, "what", line->what);
}

/* An entry is found by «index» and «case», at /receipt/{index}?case=…; null while it is not there. */
static void put_ledger(struct json_writer *w, const struct release_view *view)
{
  if (!view) {
    json_put_null(w, "ledger");
    return;
  }
  json_begin_object(w, "ledger");
  put_moment(w, "published", view->release.published);
  json_put_str(w, "case", view->pseudonym);
  json_put_int(w, "published_at_index", view->release.seq - 1);
  json_put_int(w, "proof_at_index", view->release.latest - 1);
  json_end(w);
}

static void put_head(struct json_writer *w, const struct promise *promise)
{
  json_put_str(w, "version", promise->catalog->version.hex);
  put_moment(w, "proved_at", promise->at);
  json_put_str(w, "program", promise->program);
  json_put_str(w, "solver", promise->solver);
  json_put_str(w, "questions", promise->questions);
  json_put_str(w, "proof", promise->hash);
}

/* Everybody computes the entries' commitments again from these: what stands on the ledger is what is said here. */
static int put_opened(struct request *rq, struct json_writer *w, const struct release_view *view, struct error *error)
{
  static const struct kind *const kinds[] = {&catalogue_kind, NULL};
  struct disclosure *list = NULL;
  size_t n = 0;
  if (view && engine_disclose(rq->db, kinds, view->release.id, rq->arena, &list, &n, error))
    return -1;
  json_begin_array(w, "opened");
  for (size_t i = 0; i < n; i++)
    disclosure_json(&list[i], rq->arena, w);
  json_end(w);
  return 0;
}

static int catalogue_api(struct request *rq, struct error *error)
{
  const struct release_view *view;
  if (need_promise(rq, error) || current_release(rq, &view, error))
    return -1;
  const struct promise *promise = rq->app->promise;
  size_t n;
  const struct negative_line *negative = negative_lines(rq, &n);
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  put_head(&w, promise);
  json_put_int(&w, "items", (int64_t)promise->catalog->item_count);
  json_put_int(&w, "things", (int64_t)promise->catalog->thing_count);
  json_put_int(&w, "proved", promise->proved);
  json_begin_array(&w, "negative");
  for (size_t i = 0; i < n; i++) {
    json_begin_object(&w, NULL);
    json_put_str(&w, "thing", negative[i].thing->thing->id);
    put_line(&w, negative[i].line);
    json_end(&w);
  }
  json_end(&w);
  put_ledger(&w, view);
  if (put_opened(rq, &w, view, error))
    return -1;
  json_end(&w);
  return 0;
}

static int thing_api(struct request *rq, struct error *error)
{
  const struct promise_thing *thing = NULL;
  const struct release_view *view = NULL;
  if (find_thing(rq, &thing, error) || current_release(rq, &view, error))
    return -1;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_put_str(&w, "thing", thing->thing->id);
  put_words(&w, "name", thing->thing->name);
  put_head(&w, rq->app->promise);
  json_put_num(&w, "answers", thing->answers);
  json_put_int(&w, "asked", thing->asked);
  json_begin_array(&w, "properties");
  for (size_t i = 0; i < thing->line_count; i++) {
    json_begin_object(&w, NULL);
    put_line(&w, &thing->lines[i]);
    json_end(&w);
  }
  json_end(&w);
  put_ledger(&w, view);
  json_end(&w);
  return 0;
}

/* Byte for byte, so that its SHA-256 is what the ledger has. */
static int file_api(struct request *rq, struct error *error)
{
  if (need_promise(rq, error))
    return -1;
  buf_span(&rq->out, rq->app->promise->text);
  return web_bytes(rq, 200, "application/json", NULL);
}

/* ---- the table ---- */

static const struct parameter of_thing[] = {
    {"id", IN_PATH, TYPE_TEXT, true, .max = 100, .zh = "一件事编号", .en = "identifier of the matter"}, {0}};
static const struct parameter of_list[] = {{"page", IN_QUERY, TYPE_INT, false, .min = 1, .max = 100000, .zh = "页码", .en = "page"},
                                           {0}};
static const struct parameter of_versions[] = {
    {"after", IN_QUERY, TYPE_TEXT, false, .max = 60, .zh = "上一页的最后一条", .en = "the last of the page before"}, {0}};

const struct route promise_routes[] = {
    {METHOD_GET, "/things/{id}/proof", ROLE_PUBLIC, proof_page, 0, of_thing, "承诺的证明", "The proof of a promise"},
    {METHOD_GET, "/negative-list", ROLE_PUBLIC, negative_page, 0, of_list, "不能“最多跑一次”的清单", "What cannot be promised yet"},
    {METHOD_GET, "/catalogue/versions", ROLE_PUBLIC, versions_page, 0, of_versions, "公布过的目录版本",
     "Published versions of the catalogue"},
    {METHOD_GET, "/api/catalogue", ROLE_PUBLIC, catalogue_api, 0, NULL, "目录版本、证明与负面清单",
     "The catalogue's version, its proof and the negative list"},
    {METHOD_GET, "/api/catalogue/proof", ROLE_PUBLIC, file_api, 0, NULL, "证明文件原文", "The proof's file, byte for byte"},
    {METHOD_GET, "/api/things/{id}/proof", ROLE_PUBLIC, thing_api, 0, of_thing, "一件事的证明", "The proof of a matter"},
    {0}};
