/*
 * shape.h: short forms for the tables of shapes (private to this room).
 */
#ifndef ONEVISIT_CATALOG_SHAPE_H
#define ONEVISIT_CATALOG_SHAPE_H

#include "catalog/read.h"

#define MUST .required = true
#define AT(type, member) .offset = offsetof(type, member)
#define COUNTED(type, member, count) .offset = offsetof(type, member), .count_offset = offsetof(type, count)
#define SAMPLE                                                                                                                     \
  {                                                                                                                                \
    "sample", KEY_SKIP                                                                                                             \
  }

#define SHAPE(zh, en, type, list) .what = {zh, en}, .keys = (list), .n = sizeof(list) / sizeof *(list), .size = sizeof(type)
#define PLACED(type) .has_place = true, .place_offset = offsetof(type, place)

#endif
