/*
 * xml.h: a small XML file as a tree, for the tests that read DMN.
 */
#ifndef TESTS_DMN_XML_H
#define TESTS_DMN_XML_H

#include "base/arena.h"

struct xml {
  const char *name; /* without its prefix */
  const char **attributes;
  struct span text; /* directly inside, joined and trimmed */
  struct xml *parent, *first, *last, *next;
};

/* NULL where it is no XML. */
struct xml *xml_read(struct arena *arena, struct span text);

/* The first child of a name; the next sibling of the same name; NULL. */
const struct xml *xml_child(const struct xml *in, const char *name);
const struct xml *xml_again(const struct xml *child);
/* An attribute by its name without prefix; "" where there is none. */
struct span xml_attribute(const struct xml *xml, const char *name);

#endif
