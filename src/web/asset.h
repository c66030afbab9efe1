/* asset.h: the table that tools/embed.c makes of web/assets. */
#ifndef ONEVISIT_WEB_ASSET_H
#define ONEVISIT_WEB_ASSET_H

#include <stddef.h>

struct asset {
  const char *name; /* "app.css" */
  const char *path; /* "/assets/app.9f3c….css" */
  const char *type;
  const unsigned char *plain;
  size_t plain_n;
  const unsigned char *gzip;
  size_t gzip_n;
};

extern const struct asset assets[];
extern const size_t assets_n;

#endif
