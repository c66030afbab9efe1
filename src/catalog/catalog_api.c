/* catalog_api.c: the catalogue as JSON. Lists come in the catalogue's order, a page after the id named by «after». */
#include "catalog/catalog_pages.h"

#include <string.h>

#include "app/app.h"

#define LIMIT_MAX 100
#define LIMIT_USUAL 50
#define HITS_MAX 100

static void put_words(struct json_writer *w, const char *key, struct words words)
{
  json_begin_object(w, key);
  json_put_str(w, "zh", words.zh);
  json_put_str(w, "en", words.en);
  json_end(w);
}

static void put_basis(struct json_writer *w, const char *key, const struct basis *basis)
{
  if (!basis) {
    json_put_null(w, key);
    return;
  }
  json_begin_object(w, key);
  json_put_str(w, "law", basis->law);
  json_put_str(w, "article", basis->article);
  json_end(w);
}

static void put_when(struct json_writer *w, const struct feel *when)
{
  if (when)
    json_put_span(w, "when", feel_text(when));
  else
    json_put_null(w, "when");
}

/* ---- keyset pages ---- */

struct keyset {
  size_t from, to;
};

/* before: how many of the list come up to and with «after»; 0 when it is not given. */
static struct keyset keyset_of(const struct request *rq, size_t before, size_t count)
{
  size_t limit = rq_has(rq, "limit") ? (size_t)rq_int(rq, "limit") : LIMIT_USUAL;
  struct keyset k = {.from = before, .to = count - before > limit ? before + limit : count};
  return k;
}

static int unknown_after(struct error *error)
{
  (void)error_set(error, ERROR_BAD_INPUT, "unknown-after", "after 所指的编号不存在",
                  "There is nothing with the identifier given as after");
  return error_at(error, "after");
}

/* ---- things ---- */

static const char *audience_id(enum audience audience)
{
  return audience == FOR_PERSON ? "person" : audience == FOR_PROJECT ? "project" : "enterprise";
}

static void put_thing_head(struct json_writer *w, const struct thing *thing)
{
  json_put_str(w, "id", thing->id);
  put_words(w, "name", thing->name);
  json_put_str(w, "for", audience_id(thing->audience));
  json_put_str(w, "lead", thing->lead->id);
}

static int list_things(struct request *rq, struct error *error)
{
  const struct catalog *c = rq->app->catalog;
  const struct thing *after = rq_has(rq, "after") ? catalog_thing(c, rq_span(rq, "after")) : NULL;
  if (rq_has(rq, "after") && !after)
    return unknown_after(error);
  struct keyset k = keyset_of(rq, after ? (size_t)(after - c->things) + 1 : 0, c->thing_count);
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_begin_array(&w, "things");
  for (size_t i = k.from; i < k.to; i++) {
    json_begin_object(&w, NULL);
    put_thing_head(&w, &c->things[i]);
    json_end(&w);
  }
  json_end(&w);
  json_put_str(&w, "next", k.to < c->thing_count ? c->things[k.to - 1].id : NULL);
  json_end(&w);
  return 0;
}

static void put_question(struct request *rq, struct json_writer *w, const struct question *q)
{
  static const char *const types[] = {[ASK_BOOLEAN] = "boolean", [ASK_NUMBER] = "number", [ASK_CHOICE] = "choice"};
  json_begin_object(w, NULL);
  json_put_str(w, "id", q->id);
  put_words(w, "text", q->text);
  json_put_str(w, "type", types[q->type]);
  json_put_str(w, "unit", q->unit);
  json_put_str(w, "min", q->has_min ? decimal_text(rq->arena, q->min) : NULL);
  json_put_str(w, "max", q->has_max ? decimal_text(rq->arena, q->max) : NULL);
  json_begin_array(w, "choices");
  for (size_t i = 0; i < q->choice_count; i++) {
    json_begin_object(w, NULL);
    json_put_str(w, "value", q->choices[i].value);
    put_words(w, "name", q->choices[i].name);
    json_end(w);
  }
  json_end(w);
  json_end(w);
}

static void put_tables(struct request *rq, struct json_writer *w, const struct thing *thing)
{
  static const char *const hits[] = {[HIT_UNIQUE] = "unique", [HIT_ANY] = "any", [HIT_FIRST] = "first"};
  json_begin_array(w, "tables");
  for (size_t i = 0; i < thing->table_count; i++) {
    const struct thing_table *table = &thing->tables[i];
    json_begin_object(w, NULL);
    json_put_str(w, "decide", table->id);
    put_words(w, "name", table->name);
    json_put_str(w, "hit", hits[table->table.hit]);
    json_begin_array(w, "rules");
    for (size_t j = 0; j < table->table.rule_count; j++) {
      json_begin_object(w, NULL);
      put_when(w, table->table.rules[j].when);
      json_put_str(w, "value", feel_value_text(rq->arena, table->values[j]));
      json_end(w);
    }
    json_end(w);
    json_put_str(w, "otherwise", table->otherwise ? feel_value_text(rq->arena, *table->otherwise) : NULL);
    json_end(w);
  }
  json_end(w);
}

static void write_thing(struct request *rq, const void *subject)
{
  const struct thing *thing = subject;
  struct json_writer w = json_to(&rq->out);
  json_begin_object(&w, NULL);
  put_thing_head(&w, thing);
  json_begin_array(&w, "questions");
  for (size_t i = 0; i < thing->question_count; i++)
    put_question(rq, &w, &thing->questions[i]);
  json_end(&w);
  put_tables(rq, &w, thing);
  json_begin_array(&w, "items");
  for (size_t i = 0; i < thing->item_count; i++) {
    json_begin_object(&w, NULL);
    json_put_str(&w, "item", thing->items[i].item->id);
    put_words(&w, "name", thing->items[i].item->name);
    put_when(&w, thing->items[i].when);
    json_end(&w);
  }
  json_end(&w);
  json_end(&w);
}

static int one_thing(struct request *rq, struct error *error)
{
  const struct thing *thing = catalog_thing(rq->app->catalog, rq_span(rq, "id"));
  if (!thing)
    return error_set(error, ERROR_NOT_FOUND, "unknown-thing", "没有这件事", "There is no such matter");
  (void)web_json(rq, 200);
  piece(rq, rq->app->pieces, write_thing, thing);
  return 0;
}

/* ---- items ---- */

static const char *kind_id(enum item_kind kind)
{
  static const char *const ids[] = {
      [ITEM_LICENCE] = "licence",       [ITEM_CONFIRMATION] = "confirmation", [ITEM_BENEFIT] = "benefit",
      [ITEM_REWARD] = "reward",         [ITEM_ADJUDICATION] = "adjudication", [ITEM_LEVY] = "levy",
      [ITEM_INSPECTION] = "inspection", [ITEM_OTHER_POWER] = "other-power",   [ITEM_PUBLIC_SERVICE] = "public-service"};
  return ids[kind];
}

static void put_item_head(struct json_writer *w, const struct item *item)
{
  json_put_str(w, "id", item->id);
  put_words(w, "name", item->name);
  json_put_str(w, "kind", kind_id(item->kind));
  json_put_str(w, "agency", item->agency->id);
  json_put_str(w, "basic_code", item->basic_code);
  json_put_str(w, "implementation_code", item->implementation_code);
  json_put_bool(w, "instant", item->instant);
  json_put_int(w, "statutory", item->statutory);
  json_put_int(w, "promised", item->promised);
}

static int list_items(struct request *rq, struct error *error)
{
  const struct catalog *c = rq->app->catalog;
  const struct item *after = rq_has(rq, "after") ? catalog_item(c, rq_span(rq, "after")) : NULL;
  if (rq_has(rq, "after") && !after)
    return unknown_after(error);
  struct keyset k = keyset_of(rq, after ? (size_t)(after - c->items) + 1 : 0, c->item_count);
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_begin_array(&w, "items");
  for (size_t i = k.from; i < k.to; i++) {
    json_begin_object(&w, NULL);
    put_item_head(&w, &c->items[i]);
    json_end(&w);
  }
  json_end(&w);
  json_put_str(&w, "next", k.to < c->item_count ? c->items[k.to - 1].id : NULL);
  json_end(&w);
  return 0;
}

struct bit_id {
  unsigned bit;
  const char *id;
};

static void put_bits(struct json_writer *w, const char *key, unsigned bits, const struct bit_id *list)
{
  json_begin_array(w, key);
  for (; list->bit; list++)
    if (bits & list->bit)
      json_put_str(w, NULL, list->id);
  json_end(w);
}

static void put_materials(struct json_writer *w, const struct item *item)
{
  static const char *const sources[] = {
      [FROM_APPLICANT] = "applicant", [FROM_GOVERNMENT] = "government", [FROM_RESULT] = "result", [FROM_ZONE] = "zone"};
  json_begin_array(w, "materials");
  for (size_t i = 0; i < item->material_count; i++) {
    const struct item_material *m = &item->materials[i];
    json_begin_object(w, NULL);
    json_put_str(w, "material", m->material->id);
    put_words(w, "name", m->material->name);
    json_put_str(w, "kind", m->material->kind);
    json_put_str(w, "from", sources[m->from]);
    json_put_str(w, "holder", m->material->holder ? m->material->holder->id : NULL);
    put_when(w, m->when);
    json_put_int(w, "defer", m->defer);
    put_basis(w, "basis", m->basis);
    json_end(w);
  }
  json_end(w);
}

static void put_steps(struct json_writer *w, const struct item *item)
{
  json_begin_array(w, "steps");
  for (size_t i = 0; i < item->step_count; i++) {
    const struct step *s = &item->steps[i];
    json_begin_object(w, NULL);
    json_put_str(w, "step", s->step);
    put_words(w, "name", step_words(s->step));
    json_put_str(w, "agency", (s->agency ? s->agency : item->agency)->id);
    json_put_int(w, "takes", s->takes);
    json_put_bool(w, "assist", s->assist);
    json_put_bool(w, "excluded", s->clock_excluded);
    put_when(w, s->when);
    json_end(w);
  }
  json_end(w);
}

static void put_presences_and_fees(struct json_writer *w, const struct item *item)
{
  static const char *const whys[] = {[WHY_IDENTITY] = "identity",
                                     [WHY_ORIGINAL] = "original",
                                     [WHY_SIGNATURE] = "signature",
                                     [WHY_EXAMINATION] = "examination",
                                     [WHY_PICK_UP] = "pick-up"};
  json_begin_array(w, "presence");
  for (size_t i = 0; i < item->presence_count; i++) {
    json_begin_object(w, NULL);
    json_put_str(w, "why", whys[item->presence[i].why]);
    put_when(w, item->presence[i].when);
    put_basis(w, "basis", item->presence[i].basis);
    json_end(w);
  }
  json_end(w);
  json_begin_array(w, "fees");
  for (size_t i = 0; i < item->fee_count; i++) {
    json_begin_object(w, NULL);
    put_words(w, "name", item->fees[i].name);
    json_put_int(w, "fen", item->fees[i].fen);
    put_basis(w, "basis", item->fees[i].basis);
    json_end(w);
  }
  json_end(w);
}

static int one_item(struct request *rq, struct error *error)
{
  static const struct bit_id channels[] = {
      {CHANNEL_ONLINE, "online"}, {CHANNEL_MOBILE, "mobile"}, {CHANNEL_WINDOW, "window"}, {CHANNEL_KIOSK, "kiosk"}, {0}};
  static const struct bit_id deliveries[] = {
      {DELIVERY_E_CERTIFICATE, "e-certificate"}, {DELIVERY_COURIER, "courier"}, {DELIVERY_WINDOW, "window"}, {0}};
  const struct item *item = catalog_item(rq->app->catalog, rq_span(rq, "id"));
  if (!item)
    return error_set(error, ERROR_NOT_FOUND, "unknown-item", "没有这个事项", "There is no such item");
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  put_item_head(&w, item);
  json_begin_array(&w, "basis");
  for (size_t i = 0; i < item->basis_count; i++)
    put_basis(&w, NULL, &item->basis[i]);
  json_end(&w);
  put_bits(&w, "channels", item->channels, channels);
  put_bits(&w, "delivery", item->delivery, deliveries);
  put_materials(&w, item);
  put_steps(&w, item);
  put_presences_and_fees(&w, item);
  json_begin_array(&w, "needs");
  for (size_t i = 0; i < item->need_count; i++)
    json_put_str(&w, NULL, item->needs[i]->id);
  json_end(&w);
  json_put_str(&w, "certificate", item->result ? item->result->id : NULL);
  json_put_str(&w, "document", item->result ? NULL : item->document);
  json_put_int(&w, "valid_months", item->valid_months);
  json_end(&w);
  return 0;
}

/* ---- agencies and search ---- */

static int list_agencies(struct request *rq, struct error *error)
{
  const struct catalog *c = rq->app->catalog;
  const struct agency *after = rq_has(rq, "after") ? catalog_agency(c, rq_span(rq, "after")) : NULL;
  if (rq_has(rq, "after") && !after)
    return unknown_after(error);
  struct keyset k = keyset_of(rq, after ? (size_t)(after - c->agencies) + 1 : 0, c->agency_count);
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_begin_array(&w, "agencies");
  for (size_t i = k.from; i < k.to; i++) {
    json_begin_object(&w, NULL);
    json_put_str(&w, "id", c->agencies[i].id);
    put_words(&w, "name", c->agencies[i].name);
    json_put_str(&w, "short", c->agencies[i].abbreviation);
    json_put_str(&w, "uscc", c->agencies[i].uscc);
    json_end(&w);
  }
  json_end(&w);
  json_put_str(&w, "next", k.to < c->agency_count ? c->agencies[k.to - 1].id : NULL);
  json_end(&w);
  return 0;
}

static int find(struct request *rq, struct error *error)
{
  size_t limit = rq_has(rq, "limit") ? (size_t)rq_int(rq, "limit") : LIMIT_USUAL;
  struct hit *hits = arena_array(rq->arena, HITS_MAX, sizeof *hits);
  size_t n = catalog_search(rq->app->catalog, rq_span(rq, "q"), limit, hits);
  (void)error;
  struct json_writer w = web_json(rq, 200);
  json_begin_object(&w, NULL);
  json_begin_array(&w, "hits");
  for (size_t i = 0; i < n; i++) {
    json_begin_object(&w, NULL);
    json_put_str(&w, "type", hits[i].thing ? "thing" : "item");
    json_put_str(&w, "id", hits[i].thing ? hits[i].thing->id : hits[i].item->id);
    put_words(&w, "name", hits[i].thing ? hits[i].thing->name : hits[i].item->name);
    json_put_num(&w, "score", hits[i].score);
    json_end(&w);
  }
  json_end(&w);
  json_end(&w);
  return 0;
}

#define LIMIT_PARAMETER                                                                                                            \
  {                                                                                                                                \
    "limit", IN_QUERY, TYPE_INT, false, .min = 1, .max = LIMIT_MAX, .zh = "条数", .en = "how many at most (50)"                    \
  }

static const struct parameter paged[] = {
    {"after", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "上一页最后的编号", .en = "the last identifier of the page before"},
    LIMIT_PARAMETER,
    {0}};
static const struct parameter by_id[] = {{"id", IN_PATH, TYPE_TEXT, true, .max = 100, .zh = "编号", .en = "identifier"}, {0}};
static const struct parameter query[] = {
    {"q", IN_QUERY, TYPE_TEXT, true, .max = 200, .zh = "要办的事", .en = "what you want to do"}, LIMIT_PARAMETER, {0}};

const struct route catalog_api_routes[] = {
    {METHOD_GET, "/api/things", ROLE_PUBLIC, list_things, .parameters = paged, .zh = "一件事清单", .en = "The list of matters"},
    {METHOD_GET, "/api/things/{id}", ROLE_PUBLIC, one_thing, .parameters = by_id, .zh = "一件事及其问题",
     .en = "A matter with its questions"},
    {METHOD_GET, "/api/items", ROLE_PUBLIC, list_items, .parameters = paged, .zh = "事项清单", .en = "The list of items"},
    {METHOD_GET, "/api/items/{id}", ROLE_PUBLIC, one_item, .parameters = by_id, .zh = "办事指南", .en = "The guide of an item"},
    {METHOD_GET, "/api/agencies", ROLE_PUBLIC, list_agencies, .parameters = paged, .zh = "部门清单", .en = "The departments"},
    {METHOD_GET, "/api/search", ROLE_PUBLIC, find, .parameters = query, .zh = "搜索", .en = "Search"},
    {0}};
