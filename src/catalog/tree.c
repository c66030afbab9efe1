#include "catalog/tree.h"

#include <string.h>

#include <yaml.h>

#include "base/text.h"

struct open_node { /* a list or mapping whose end has not come yet */
  struct node *node;
  const struct node *key; /* of a mapping: read, its value still to come */
  size_t cap;
};

struct builder {
  struct arena *arena;
  const char *file;
  struct report *report;
  struct open_node stack[TREE_DEPTH_MAX];
  size_t depth, nodes;
  struct node *root;
};

static struct place place_of(const struct builder *b, yaml_mark_t mark)
{
  return (struct place){b->file, (int)mark.line + 1, (int)mark.column + 1};
}

static int refuse(struct builder *b, yaml_mark_t mark, const char *rule, struct words remedy, const char *zh, const char *en)
{
  report_put(b->report, place_of(b, mark), rule, remedy, (struct words){zh, en});
  return -1;
}

static struct node *new_node(struct builder *b, enum node_kind kind, yaml_mark_t mark)
{
  struct node *node = arena_new(b->arena, struct node);
  node->kind = kind;
  node->place = place_of(b, mark);
  b->nodes++;
  return node;
}

static int take_key(struct builder *b, struct open_node *top, struct node *key)
{
  if (key->kind != NODE_SCALAR || key->text.n == 0) {
    report_put(b->report, key->place, "not-yaml", (struct words){"写成「键: 值」", "write 'key: value'"},
               (struct words){"键必须是一个词", "a key must be one word"});
    return -1;
  }
  const struct node *node = top->node;
  if (node->count >= TREE_KEYS_MAX) {
    report_put(b->report, key->place, "too-large", (struct words){"删去多余的键", "remove keys"},
               (struct words){"一处的键太多", "too many keys in one place"});
    return -1;
  }
  for (size_t i = 0; i < node->count; i++) {
    const struct node *known = node->members[i].key;
    if (span_eq(known->text, key->text)) {
      report_add(b->report, key->place, "duplicate-key", (struct words){"只保留一个", "keep one of them"},
                 "键「%.*s」重复，第 %d 行已经有了", "the key '%.*s' stands twice, first in line %d", (int)key->text.n, key->text.p,
                 known->place.line);
      return -1;
    }
  }
  top->key = key;
  return 0;
}

/* Puts a node where the reader stands: as root, list element, key or value. */
static int place_node(struct builder *b, struct node *node)
{
  if (b->depth == 0) {
    b->root = node;
    return 0;
  }
  struct open_node *top = &b->stack[b->depth - 1];
  struct node *in = top->node;
  if (in->kind == NODE_LIST) {
    in->list = arena_grow(b->arena, (void *)in->list, in->count, &top->cap, sizeof(struct node *));
    in->list[in->count++] = node;
    return 0;
  }
  if (!top->key)
    return take_key(b, top, node);
  in->members = arena_grow(b->arena, in->members, in->count, &top->cap, sizeof *in->members);
  in->members[in->count++] = (struct member){top->key, node};
  top->key = NULL;
  return 0;
}

static int open_collection(struct builder *b, enum node_kind kind, yaml_mark_t mark)
{
  if (b->depth >= TREE_DEPTH_MAX)
    return refuse(b, mark, "too-deep", (struct words){"减少嵌套", "nest less deeply"}, "嵌套太深", "nested too deeply");
  struct node *node = new_node(b, kind, mark);
  if (place_node(b, node) < 0)
    return -1;
  b->stack[b->depth++] = (struct open_node){.node = node};
  return 0;
}

static int add_scalar(struct builder *b, const yaml_event_t *event)
{
  struct span text = {(const char *)event->data.scalar.value, event->data.scalar.length};
  if (!text_plain(text))
    return refuse(b, event->start_mark, "bad-value", (struct words){"删去控制字符", "remove the control characters"},
                  "含有控制字符", "holds control characters");
  struct node *node = new_node(b, NODE_SCALAR, event->start_mark);
  node->text = arena_span(b->arena, text);
  node->quoted =
      event->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE || event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
  return place_node(b, node);
}

static const yaml_char_t *anchor_of(const yaml_event_t *event)
{
  switch (event->type) {
  case YAML_SCALAR_EVENT:
    return event->data.scalar.anchor;
  case YAML_SEQUENCE_START_EVENT:
    return event->data.sequence_start.anchor;
  case YAML_MAPPING_START_EVENT:
    return event->data.mapping_start.anchor;
  default:
    return NULL;
  }
}

static const yaml_char_t *tag_of(const yaml_event_t *event)
{
  switch (event->type) {
  case YAML_SCALAR_EVENT:
    return event->data.scalar.tag;
  case YAML_SEQUENCE_START_EVENT:
    return event->data.sequence_start.tag;
  case YAML_MAPPING_START_EVENT:
    return event->data.mapping_start.tag;
  default:
    return NULL;
  }
}

static int take_event(struct builder *b, const yaml_event_t *event)
{
  if (event->type == YAML_ALIAS_EVENT || anchor_of(event))
    return refuse(b, event->start_mark, "anchor", (struct words){"把内容写全，不用 & 与 *", "write it out, without & and *"},
                  "不接受锚点和别名", "anchors and aliases are not taken");
  if (tag_of(event))
    return refuse(b, event->start_mark, "tag", (struct words){"删去以 ! 开头的标签", "remove the tag that starts with !"},
                  "不接受标签", "tags are not taken");
  if (b->nodes >= TREE_NODES_MAX)
    return refuse(b, event->start_mark, "too-large", (struct words){"把文件分开", "split the file"}, "内容太多",
                  "too much in one file");
  switch (event->type) {
  case YAML_SCALAR_EVENT:
    return add_scalar(b, event);
  case YAML_SEQUENCE_START_EVENT:
    return open_collection(b, NODE_LIST, event->start_mark);
  case YAML_MAPPING_START_EVENT:
    return open_collection(b, NODE_MAP, event->start_mark);
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT:
    b->depth--;
    return 0;
  case YAML_DOCUMENT_START_EVENT:
    if (b->root)
      return refuse(b, event->start_mark, "not-yaml", (struct words){"删去 ---", "remove the ---"}, "一个文件只能有一份文档",
                    "a file holds one document only");
    return 0;
  default:
    return 0;
  }
}

/* libyaml's own message is English and terse; it is shown as a detail behind the place. */
static int report_syntax(struct builder *b, const yaml_parser_t *parser)
{
  yaml_mark_t mark = parser->problem_mark;
  const char *context =
      parser->context ? arena_printf(b->arena, ", %s, line %zu", parser->context, (size_t)parser->context_mark.line + 1) : "";
  report_add(
      b->report, place_of(b, mark), "not-yaml",
      (struct words){"检查缩进、冒号后的空格、引号和括号", "check the indentation, the space after a colon, quotes and brackets"},
      "这里不是正确的 YAML（%s%s）", "this is not correct YAML (%s%s)", parser->problem ? parser->problem : "?", context);
  return -1;
}

static int run(struct builder *b, yaml_parser_t *parser)
{
  for (;;) {
    yaml_event_t event;
    if (!yaml_parser_parse(parser, &event))
      return report_syntax(b, parser);
    bool end = event.type == YAML_STREAM_END_EVENT;
    int r = take_event(b, &event);
    yaml_event_delete(&event);
    if (r < 0 || end)
      return r;
  }
}

struct node *tree_read(struct arena *arena, const char *file, struct span text, struct report *report)
{
  struct builder b = {.arena = arena, .file = file, .report = report};
  if (!text_utf8(text)) {
    (void)refuse(&b, (yaml_mark_t){0}, "not-utf8", (struct words){"另存为 UTF-8", "save it as UTF-8"}, "文件不是 UTF-8 编码",
                 "the file is not UTF-8");
    return NULL;
  }
  struct node *plain = plain_read(arena, file, text);
  return plain ? plain : libyaml_read(arena, file, text, report);
}

struct node *libyaml_read(struct arena *arena, const char *file, struct span text, struct report *report)
{
  struct builder b = {.arena = arena, .file = file, .report = report};
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser))
    abort();
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
  int r = run(&b, &parser);
  yaml_parser_delete(&parser);
  if (r == 0 && !b.root)
    (void)refuse(&b, (yaml_mark_t){0}, "not-yaml", (struct words){"补全内容或删去文件", "fill it in or remove the file"},
                 "文件是空的", "the file is empty");
  return r == 0 ? b.root : NULL;
}

const struct node *node_get(const struct node *node, const char *key)
{
  if (!node || node->kind != NODE_MAP)
    return NULL;
  for (size_t i = 0; i < node->count; i++) {
    if (span_is(node->members[i].key->text, key))
      return node->members[i].value;
  }
  return NULL;
}
