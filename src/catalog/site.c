/*
 * site.c: where a project stands: a point in degrees, and the zone that holds it.
 *
 * A zone is a few kilometres wide, so its outline is taken as flat in degrees; a point on the outline may be told in or out.
 */
#include "catalog/read.h"

bool degree_parse(struct span text, double limit, double *ret)
{
  struct decimal d;
  if (!decimal_parse(text, &d))
    return false;
  double value = (double)d.digits;
  for (int i = 0; i < d.scale; i++)
    value /= 10;
  *ret = value;
  return value >= -limit && value <= limit;
}

bool point_parse(struct span text, double *ret_longitude, double *ret_latitude)
{
  struct span longitude;
  double x, y;
  if (!span_cut(&text, ',', &longitude) || !degree_parse(span_trim(longitude), 180, &x) || !degree_parse(span_trim(text), 90, &y))
    return false;
  *ret_longitude = x;
  *ret_latitude = y;
  return true;
}

/* A ray to the east crosses the outline an odd number of times. */
static bool holds(const struct zone *zone, double x, double y)
{
  bool inside = false;
  for (size_t i = 0, k = zone->point_count - 1; i < zone->point_count; k = i++) {
    const double *a = zone->polygon[i], *b = zone->polygon[k];
    if ((a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0])
      inside = !inside;
  }
  return inside;
}

const struct zone *catalog_zone_at(const struct catalog *catalog, double longitude, double latitude)
{
  for (size_t z = 0; z < catalog->zone_count; z++)
    if (catalog->zones[z].point_count && holds(&catalog->zones[z], longitude, latitude))
      return &catalog->zones[z];
  return NULL;
}
