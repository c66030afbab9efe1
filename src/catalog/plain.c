/*
 * plain.c: the plain part of YAML, read fast: what nearly every file of a catalogue is written in. It gives the very tree that
 * libyaml would (tests/unit/test_catalog.c and tests/fuzz hold the two against each other), or gives up: whatever is unusual or
 * wrong (several lines in one text, escapes, anchors, mistakes of any kind) is libyaml's to read or to name.
 *
 * Read here: block mappings and lists, flow ones over any number of lines, texts of one line (plain, 'single', "double" without
 * a backslash), comments.
 */
#include "catalog/tree.h"

#include <string.h>

#define KEY_BYTES_MAX 200 /* libyaml takes keys of up to 1,024 characters */

struct plain {
  struct arena *arena;
  const char *file;
  const char *p, *end;
  const char *line_start;
  const char *counted; /* up to here the column is known */
  int line, column;    /* from 1; of counted */
  size_t nodes, depth;
};

static struct node *block(struct plain *s, size_t indent);
static struct node *flow(struct plain *s);

/* ---- places ---- */

static struct place place_here(struct plain *s)
{
  for (; s->counted < s->p; s->counted++)
    s->column += ((unsigned char)*s->counted & 0xc0) != 0x80; /* characters, not bytes */
  return (struct place){s->file, s->line, s->column};
}

static void next_line(struct plain *s)
{
  s->p++;
  s->line++;
  s->column = 1;
  s->line_start = s->counted = s->p;
}

static bool at_end(const struct plain *s)
{
  return s->p == s->end;
}

static char here(const struct plain *s)
{
  return at_end(s) ? '\n' : *s->p;
}

static char after(const struct plain *s)
{
  return s->end - s->p > 1 ? s->p[1] : '\n';
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\n';
}

static void skip_spaces(struct plain *s)
{
  while (here(s) == ' ')
    s->p++;
}

/* The rest of the line: spaces and a comment; false where there is anything else. */
static bool finish_line(struct plain *s)
{
  const char *from = s->p;
  skip_spaces(s);
  if (here(s) == '#' && (s->p > from || s->p == s->line_start)) {
    const char *newline = memchr(s->p, '\n', (size_t)(s->end - s->p));
    s->p = newline ? newline : s->end;
  }
  if (at_end(s))
    return true;
  if (*s->p != '\n')
    return false;
  next_line(s);
  return true;
}

/* To the next line that holds something; its indentation. At the end, 0 and at_end(). */
static bool next_content(struct plain *s, size_t *ret_indent)
{
  while (!at_end(s)) {
    const char *from = s->p;
    skip_spaces(s);
    if (here(s) != '#' && here(s) != '\n') {
      *ret_indent = (size_t)(s->p - from);
      s->p = from;
      return true;
    }
    s->p = from;
    if (!finish_line(s))
      return false;
  }
  *ret_indent = 0;
  return true;
}

/* ---- scalars ---- */

static struct node *new_node(struct plain *s, enum node_kind kind)
{
  if (++s->nodes > TREE_NODES_MAX)
    return NULL;
  struct node *node = arena_new(s->arena, struct node);
  node->kind = kind;
  node->place = place_here(s);
  return node;
}

static struct node *quoted(struct plain *s)
{
  char mark = *s->p;
  struct node *node = new_node(s, NODE_SCALAR);
  const char *from = ++s->p;
  while (!at_end(s) && *s->p != '\n' && *s->p != '\\' && *s->p != mark)
    s->p++;
  if (!node || at_end(s) || *s->p != mark)
    return NULL;
  struct span text = {from, (size_t)(s->p++ - from)};
  if (here(s) == mark || (here(s) != ' ' && here(s) != '\n' && !strchr(",]}:", here(s)))) /* '' is a quote within the text */
    return NULL;
  node->text = text;
  node->quoted = true;
  return node;
}

static bool starts_plain(const struct plain *s)
{
  unsigned char c = (unsigned char)here(s);
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80)
    return true;
  if (c == '-')
    return after(s) >= '0' && after(s) <= '9';
  return c && strchr("_./(<=+$~^;", (char)c) != NULL;
}

static struct node *plain_text(struct plain *s, bool in_flow)
{
  if (!starts_plain(s))
    return NULL;
  struct node *node = new_node(s, NODE_SCALAR);
  const char *from = s->p, *last = s->p; /* behind the last character that is no space */
  for (; !at_end(s) && *s->p != '\n'; s->p++) {
    char c = *s->p;
    if (c == ' ')
      continue;
    if ((c == ':' && is_blank(after(s))) || (c == '#' && s->p[-1] == ' ') || (in_flow && (c == ',' || c == ']' || c == '}')))
      break;
    if (in_flow && (c == '[' || c == '{' || c == '?' || (c == ':' && strchr(",?[]{}", after(s)))))
      return NULL;
    last = s->p + 1;
  }
  s->p = last;
  if (node)
    node->text = (struct span){from, (size_t)(last - from)};
  return node;
}

static struct node *scalar(struct plain *s, bool in_flow)
{
  return here(s) == '\'' || here(s) == '"' ? quoted(s) : plain_text(s, in_flow);
}

/* ---- collections ---- */

struct growing {
  struct node *node;
  size_t cap;
};

static bool add_member(struct plain *s, struct growing *g, struct node *key, struct node *value)
{
  struct node *map = g->node;
  if (!key || !value || key->text.n == 0 || key->text.n > KEY_BYTES_MAX || map->count >= TREE_KEYS_MAX)
    return false;
  for (size_t i = 0; i < map->count; i++) {
    if (span_eq(map->members[i].key->text, key->text))
      return false;
  }
  map->members = arena_grow(s->arena, map->members, map->count, &g->cap, sizeof *map->members);
  map->members[map->count++] = (struct member){key, value};
  return true;
}

static bool add_element(struct plain *s, struct growing *g, struct node *element)
{
  if (!element)
    return false;
  g->node->list = arena_grow(s->arena, (void *)g->node->list, g->node->count, &g->cap, sizeof(struct node *));
  g->node->list[g->node->count++] = element;
  return true;
}

/* ---- flow: [a, b], {a: b}, over lines ---- */

/* Over spaces, comments and line ends; false at the end, and at a line that could be a mark between documents. */
static bool skip_flow(struct plain *s)
{
  for (;;) {
    skip_spaces(s);
    if (at_end(s))
      return false;
    if (*s->p != '\n' && *s->p != '#')
      return true;
    if (!finish_line(s) || here(s) == '-' || here(s) == '.')
      return false;
  }
}

/* «key: » of a flow mapping, up to the value. */
static struct node *flow_key(struct plain *s)
{
  struct node *key = scalar(s, true);
  if (!key || here(s) != ':' || !is_blank(after(s)))
    return NULL;
  s->p++;
  return skip_flow(s) ? key : NULL;
}

static bool flow_entry(struct plain *s, struct growing *g)
{
  if (g->node->kind == NODE_LIST) {
    return add_element(s, g, flow(s));
  }
  struct node *key = flow_key(s);
  return key && add_member(s, g, key, flow(s));
}

static struct node *flow_collection(struct plain *s)
{
  char close = *s->p == '[' ? ']' : '}';
  struct growing g = {.node = new_node(s, close == ']' ? NODE_LIST : NODE_MAP)};
  s->p++;
  if (!g.node || !skip_flow(s))
    return NULL;
  while (*s->p != close) {
    if (!flow_entry(s, &g) || !skip_flow(s))
      return NULL;
    if (*s->p == close)
      break;
    if (*s->p != ',')
      return NULL;
    s->p++;
    if (!skip_flow(s))
      return NULL;
  }
  s->p++;
  return g.node;
}

static struct node *flow(struct plain *s)
{
  if (here(s) != '[' && here(s) != '{')
    return scalar(s, true);
  if (s->depth >= TREE_DEPTH_MAX)
    return NULL;
  s->depth++;
  struct node *node = flow_collection(s);
  s->depth--;
  return node;
}

/* ---- blocks ---- */

static bool at_dash(const struct plain *s)
{
  return here(s) == '-' && is_blank(after(s));
}

/* What stands behind «key:» or «- » on the same line, with the rest of the line. */
static struct node *inline_value(struct plain *s)
{
  struct node *node = here(s) == '[' || here(s) == '{' ? flow(s) : scalar(s, false);
  return node && finish_line(s) ? node : NULL;
}

/* Behind «key:»: on this line, or a block on the next ones; dashes may stand right under the key. */
static struct node *value_of(struct plain *s, size_t indent)
{
  size_t under;
  skip_spaces(s);
  if (here(s) != '\n' && here(s) != '#')
    return inline_value(s);
  if (!finish_line(s) || !next_content(s, &under) || at_end(s))
    return NULL;
  if (under > indent)
    return block(s, under);
  const char *first = s->p + under;
  bool dash = under == indent && *first == '-' && (first + 1 == s->end || is_blank(first[1]));
  return dash ? block(s, under) : NULL;
}

/* Where the next entry of a block stands: 1 here, 0 the block has ended, -1 what is no block of ours. */
static int next_entry(struct plain *s, size_t indent)
{
  size_t under;
  if (!next_content(s, &under))
    return -1;
  if (at_end(s) || under < indent)
    return 0;
  if (under > indent)
    return -1; /* a text that goes on, or a mistake */
  s->p += under;
  return 1;
}

/* From a key, which stands at indent; the entries after it stand on lines of their own. */
static struct node *mapping(struct plain *s, size_t indent, struct node *key)
{
  struct growing g = {.node = arena_new(s->arena, struct node)};
  if (!key || ++s->nodes > TREE_NODES_MAX)
    return NULL;
  g.node->kind = NODE_MAP;
  g.node->place = key->place;
  for (;;) {
    if (!key || here(s) != ':' || !is_blank(after(s)))
      return NULL;
    s->p++;
    if (!add_member(s, &g, key, value_of(s, indent)))
      return NULL;
    int more = next_entry(s, indent);
    if (more <= 0)
      return more < 0 ? NULL : g.node;
    if (at_dash(s))
      return NULL;
    key = scalar(s, false);
  }
}

/* Behind «- »: a text, a flow collection, a block on the next lines, or a mapping that starts here. */
static struct node *element_of(struct plain *s, size_t indent)
{
  size_t under;
  s->p++;
  skip_spaces(s);
  if (here(s) == '\n' || here(s) == '#') {
    if (!finish_line(s) || !next_content(s, &under) || at_end(s) || under <= indent)
      return NULL;
    return block(s, under);
  }
  if (here(s) == '[' || here(s) == '{')
    return inline_value(s);
  size_t column = (size_t)(s->p - s->line_start);
  struct node *first = scalar(s, false);
  if (first && here(s) == ':' && is_blank(after(s))) {
    if (s->depth >= TREE_DEPTH_MAX)
      return NULL;
    s->depth++;
    struct node *map = mapping(s, column, first);
    s->depth--;
    return map;
  }
  return first && finish_line(s) ? first : NULL;
}

/* From its first dash. Where dashes stand right under a key, a line without one ends the list. */
static struct node *sequence(struct plain *s, size_t indent)
{
  struct growing g = {.node = new_node(s, NODE_LIST)};
  if (!g.node)
    return NULL;
  for (;;) {
    const char *start = s->line_start;
    if (!add_element(s, &g, element_of(s, indent)))
      return NULL;
    int more = next_entry(s, indent);
    if (more <= 0)
      return more < 0 ? NULL : g.node;
    if (!at_dash(s)) {
      s->p = s->line_start; /* the mapping around reads the line again */
      return start == s->line_start ? NULL : g.node;
    }
  }
}

/* The parser stands at the start of a line with this indentation. */
static struct node *block(struct plain *s, size_t indent)
{
  if (s->depth >= TREE_DEPTH_MAX)
    return NULL;
  s->depth++;
  s->p += indent;
  struct node *node = at_dash(s) ? sequence(s, indent) : mapping(s, indent, scalar(s, false));
  s->depth--;
  return node;
}

/* Line ends and signs that mean something to YAML and are rare: tabs, returns, controls, NEL, LS, PS, BOM, non-characters. */
static bool is_rare(const char *at, size_t left)
{
  unsigned char c = (unsigned char)at[0];
  if (c < 0x80)
    return c == 0x7f || (c < 0x20 && c != '\n');
  if (c != 0xc2 && c != 0xe2 && c != 0xef)
    return false;
  unsigned char next = left > 1 ? (unsigned char)at[1] : 0, third = left > 2 ? (unsigned char)at[2] : 0;
  if (c == 0xc2)
    return next < 0xa0;
  if (c == 0xe2)
    return next == 0x80 && (third == 0xa8 || third == 0xa9);
  return (next == 0xbb && third == 0xbf) || (next == 0xbf && third >= 0xbe);
}

static bool is_ordinary(struct span text)
{
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    if ((c < 0x20 || c >= 0x7f) && is_rare(text.p + i, text.n - i))
      return false;
  }
  return true;
}

struct node *plain_read(struct arena *arena, const char *file, struct span text)
{
  struct plain s = {.arena = arena,
                    .file = file,
                    .p = text.p,
                    .end = text.p + text.n,
                    .line_start = text.p,
                    .counted = text.p,
                    .line = 1,
                    .column = 1};
  size_t indent;
  if (!text.n || !is_ordinary(text) || !next_content(&s, &indent) || at_end(&s) || indent != 0)
    return NULL;
  struct node *root = block(&s, 0);
  return root && at_end(&s) ? root : NULL;
}
