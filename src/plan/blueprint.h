/*
 * blueprint.h: what of a thing holds whatever the applicant answers: its items once each, and who waits for whom, under
 * which condition. plan_compile() fills it in for one person's answers; the proof encodes it for all of them. So the two
 * read one structure and cannot drift apart.
 */
#ifndef ONEVISIT_PLAN_BLUEPRINT_H
#define ONEVISIT_PLAN_BLUEPRINT_H

#include "catalog/catalog.h"

enum edge_why {
  EDGE_NEEDS,   /* the item names the other under needs */
  EDGE_RESULT,  /* a material from: result that the other yields */
  EDGE_YIELD,   /* what it would ask of the applicant, and the other yields; as far as that closes no circle */
  EDGE_REFUSED, /* the same, but it would close a circle, or the other is of a later stage: not waited for */
  EDGE_HELD     /* a material from: government that the other yields too: no reason to wait, its source where it waits anyway */
};

/* Item waits for producer when both are in the plan and the condition holds. Indexes into items. */
struct edge {
  int item, producer;
  enum edge_why why;
  int ask;                 /* index into the item's materials; -1 for needs */
  const struct feel *when; /* of that material; NULL: always */
};

struct blueprint_item {
  const struct item *item;
  const struct feel **when; /* in the plan when one of these holds; a NULL among them: always */
  size_t when_count;
};

struct blueprint {
  const struct thing *thing;
  struct blueprint_item *items; /* each once, in the thing's order */
  size_t n;
  struct edge *edges; /* by item, needs first, then by material and producer */
  size_t edge_count;
  bool circular; /* the edges that are waited for close a circle, were all of them active at once */
};

/* Whether the edge orders its two items. */
static inline bool edge_waits(const struct edge *edge)
{
  return edge->why <= EDGE_YIELD;
}

/* In the arena; points into the thing. */
struct blueprint *blueprint_make(struct arena *arena, const struct thing *thing);

/* 1 ... 4 in an investment project; 0 in other things. */
int thing_stage(const struct thing *thing, const struct item *item);

/* The id of what an item yields: its certificate or its document; NULL where it yields nothing. */
const char *item_yields(const struct item *item);

#endif
