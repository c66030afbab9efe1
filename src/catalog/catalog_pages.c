/* catalog_pages.c: the public pages of the catalogue. They read only the loaded catalogue: no store is asked. */
#include "catalog/catalog_pages.h"

#include <string.h>

#include "app/app.h"
#include "templates_catalog.h"

#define HITS_MAX 60
#define PAGE_ITEMS 50

static const char *const audiences[] = {"person", "enterprise", "project", NULL};

static const char *const kinds[] = {"licence", "confirmation", "benefit",     "reward",         "adjudication",
                                    "levy",    "inspection",   "other-power", "public-service", NULL};

static int home(struct request *rq, struct error *error)
{
  (void)error;
  return web_page(rq, 200, catalog_home(rq));
}

static int search(struct request *rq, struct error *error)
{
  struct hit *hits = arena_array(rq->arena, HITS_MAX, sizeof *hits);
  size_t n = rq_has(rq, "q") ? catalog_search(rq->app->catalog, rq_span(rq, "q"), HITS_MAX, hits) : 0;
  (void)error;
  return web_page(rq, 200, catalog_found(rq, hits, n));
}

static int things(struct request *rq, struct error *error)
{
  (void)error;
  return web_page(rq, 200, catalog_things(rq, rq_str(rq, "for")));
}

static bool item_fits(const struct item *item, const char *agency, const char *kind)
{
  return (!*agency || !strcmp(item->agency->id, agency)) && (!*kind || !strcmp(kinds[item->kind], kind));
}

static int items(struct request *rq, struct error *error)
{
  const struct catalog *catalog = rq->app->catalog;
  struct items_page page = {
      .agency = rq_str(rq, "agency"), .kind = rq_str(rq, "kind"), .page = rq_has(rq, "page") ? rq_int(rq, "page") : 1};
  if (*page.agency && !catalog_agency(catalog, span_of(page.agency)))
    return error_set(error, ERROR_NOT_FOUND, "unknown-agency", "没有这个部门", "There is no such department");
  page.list = arena_array(rq->arena, PAGE_ITEMS, sizeof(const struct item *));
  for (size_t i = 0; i < catalog->item_count; i++)
    if (item_fits(&catalog->items[i], page.agency, page.kind)) {
      int64_t at = page.total++ - (page.page - 1) * PAGE_ITEMS;
      if (at >= 0 && at < PAGE_ITEMS)
        page.list[page.n++] = &catalog->items[i];
    }
  page.pages = (page.total + PAGE_ITEMS - 1) / PAGE_ITEMS;
  return web_page(rq, 200, catalog_items(rq, &page));
}

static int show_item(struct request *rq, struct error *error)
{
  const struct item *item = catalog_item(rq->app->catalog, rq_span(rq, "id"));
  if (!item)
    return error_set(error, ERROR_NOT_FOUND, "unknown-item", "没有这个事项", "There is no such item");
  return web_page(rq, 200, catalog_guide(rq, item));
}

static int agencies(struct request *rq, struct error *error)
{
  (void)error;
  return web_page(rq, 200, catalog_agencies(rq));
}

static int show_agency(struct request *rq, struct error *error)
{
  const struct agency *agency = catalog_agency(rq->app->catalog, rq_span(rq, "id"));
  if (!agency)
    return error_set(error, ERROR_NOT_FOUND, "unknown-agency", "没有这个部门", "There is no such department");
  return web_page(rq, 200, catalog_department(rq, agency));
}

static const struct parameter by_id[] = {{"id", IN_PATH, TYPE_TEXT, true, .max = 100, .zh = "编号", .en = "identifier"}, {0}};

const struct route catalog_routes[] = {
    {METHOD_GET, "/", ROLE_PUBLIC, home, 0, .zh = "首页", .en = "First page"},
    {METHOD_GET, "/search", ROLE_PUBLIC, search,
     .parameters =
         (const struct parameter[]){{"q", IN_QUERY, TYPE_TEXT, false, .max = 200, .zh = "要办的事", .en = "what you want to do"},
                                    {0}},
     .zh = "搜索", .en = "Search"},
    {METHOD_GET, "/things", ROLE_PUBLIC, things,
     .parameters =
         (const struct parameter[]){{"for", IN_QUERY, TYPE_CHOICE, false, .choices = audiences, .zh = "服务对象", .en = "for whom"},
                                    {0}},
     .zh = "一件事清单", .en = "The list of matters"},
    {METHOD_GET, "/items", ROLE_PUBLIC, items,
     .parameters =
         (const struct parameter[]){
             {"agency", IN_QUERY, TYPE_TEXT, false, .max = 100, .zh = "部门", .en = "department"},
             {"kind", IN_QUERY, TYPE_CHOICE, false, .choices = kinds, .zh = "事项类型", .en = "kind of item"},
             {"page", IN_QUERY, TYPE_INT, false, .min = 1, .max = 100000, .zh = "页码", .en = "page"},
             {0}},
     .zh = "权力和服务事项清单", .en = "The public list of items"},
    {METHOD_GET, "/items/{id}", ROLE_PUBLIC, show_item, .parameters = by_id, .zh = "办事指南", .en = "Guide of an item"},
    {METHOD_GET, "/agencies", ROLE_PUBLIC, agencies, .zh = "部门清单", .en = "The departments"},
    {METHOD_GET, "/agencies/{id}", ROLE_PUBLIC, show_agency, .parameters = by_id, .zh = "部门", .en = "A department"},
    {0}};
