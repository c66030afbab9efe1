/*
 * catalog_pages.h: what the public sees of the catalogue: home, search, things, single items, agencies; and the same as JSON.
 */
#ifndef ONEVISIT_CATALOG_CATALOG_PAGES_H
#define ONEVISIT_CATALOG_CATALOG_PAGES_H

#include "catalog/catalog.h"
#include "web/web.h"

extern const struct route catalog_routes[];
extern const struct route catalog_api_routes[];

/* ---- words of the catalogue in the reader's language; they live in the request's arena or in the catalogue ---- */

const char *name_of(const struct request *rq, struct words words);
const char *unit_words(const struct request *rq, const char *unit);     /* «m²»; NULL for none */
const char *basis_words(struct request *rq, const struct basis *basis); /* «《食品安全法》第三十五条»; "" for NULL */
const char *days_words(struct request *rq, int days);                   /* «5 个工作日» */
const char *validity_words(struct request *rq, int months);             /* «5 年»; "" for 0 */

/*
 * A condition as people read it: «经营面积是多少平方米？» > 50. Names are replaced by the questions of the thing, or, where thing
 * is NULL, of any thing of the catalogue; what is no question stays as it is written.
 */
const char *condition_words(struct request *rq, const struct thing *thing, const char *condition);

/* The name of what an item yields: its certificate, its document, or «outcome». */
const char *result_words(struct request *rq, const struct item *item);
/* What yields a material an item wants: of the items it needs, else the first of the catalogue; NULL for none. */
const struct item *producer_of(const struct catalog *catalog, const struct item *item, const char *material);

/* Each set bit of enum channel_set or delivery_set in words, joined. */
const char *channels_words(struct request *rq, unsigned channels);
const char *delivery_words(struct request *rq, unsigned delivery);

/* ---- what the templates are given ---- */

struct items_page {
  const struct item **list; /* of this page */
  size_t n;
  int64_t total, page, pages;
  const char *agency, *kind; /* the filter; "" for all */
};

#endif
