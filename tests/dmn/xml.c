#include "xml.h"

#include <expat.h>
#include <string.h>

#include "base/buf.h"

struct building {
  struct arena *arena;
  struct xml *at;
};

static const char *local(const char *name)
{
  const char *colon = strrchr(name, ':');
  return colon ? colon + 1 : name;
}

static void XMLCALL begin(void *context, const char *name, const char **attributes)
{
  struct building *b = context;
  struct xml *xml = arena_new(b->arena, struct xml);
  xml->name = arena_str(b->arena, local(name));
  xml->parent = b->at;
  size_t n = 0;
  while (attributes[n])
    n++;
  xml->attributes = arena_array(b->arena, n + 1, sizeof *xml->attributes);
  for (size_t i = 0; i < n; i++)
    xml->attributes[i] = arena_str(b->arena, i % 2 ? attributes[i] : local(attributes[i]));
  if (b->at->last)
    b->at->last->next = xml;
  else
    b->at->first = xml;
  b->at->last = xml;
  b->at = xml;
}

static void XMLCALL finish(void *context, const char *name)
{
  struct building *b = context;
  (void)name;
  b->at->text = span_trim(b->at->text);
  b->at = b->at->parent;
}

static void XMLCALL characters(void *context, const char *s, int n)
{
  struct building *b = context;
  const char *joined = arena_printf(b->arena, "%.*s%.*s", (int)b->at->text.n, b->at->text.p ? b->at->text.p : "", n, s);
  b->at->text = span_of(joined);
}

struct xml *xml_read(struct arena *arena, struct span text)
{
  struct xml *root = arena_new(arena, struct xml);
  root->name = "";
  struct building b = {arena, root};
  XML_Parser parser = XML_ParserCreate("UTF-8");
  XML_SetUserData(parser, &b);
  XML_SetElementHandler(parser, begin, finish);
  XML_SetCharacterDataHandler(parser, characters);
  bool good = XML_Parse(parser, text.p, (int)text.n, 1) == XML_STATUS_OK;
  XML_ParserFree(parser);
  return good ? root->first : NULL;
}

static const struct xml *from(const struct xml *xml, const char *name)
{
  while (xml && strcmp(xml->name, name) != 0)
    xml = xml->next;
  return xml;
}

const struct xml *xml_child(const struct xml *in, const char *name)
{
  return in ? from(in->first, name) : NULL;
}

const struct xml *xml_again(const struct xml *child)
{
  return from(child->next, child->name);
}

struct span xml_attribute(const struct xml *xml, const char *name)
{
  for (size_t i = 0; xml && xml->attributes[i]; i += 2) {
    if (strcmp(xml->attributes[i], name) == 0)
      return span_of(xml->attributes[i + 1]);
  }
  return (struct span){"", 0};
}
