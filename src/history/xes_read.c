#include "history/xes.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "history/xes_input.h"

#define ELEMENT_DEFAULT ((size_t)1 << 20)
#define COUNT_DEFAULT ((size_t)20000)
#define TOKEN_SLACK ((size_t)256 * 1024) /* a tag holds a little more than the texts in it */
#define FRAMES (XES_DEPTH_MAX + 4)       /* log, trace, event, global and a place over */

enum place { IN_LOG, IN_TRACE, IN_EVENT, IN_GLOBAL, IN_EMPTY /* extension, classifier */, IN_ATTRIBUTE };

struct frame {
  enum place place;
  enum xes_type type;        /* of an attribute */
  struct xes_attributes *to; /* where attributes found within go; NULL where none may be */
  struct arena *arena;       /* of those */
};

struct reader {
  XML_Parser parser;
  const struct xes_handler *handler;
  const char *name;
  size_t element_max, count_max;
  struct arena header, item;
  struct xes_log log;
  struct xes_attributes attributes; /* of the trace or the event being read */
  struct frame frames[FRAMES];
  unsigned depth;
  size_t bytes, count; /* of the trace, the event or the header being read */
  bool log_told, trace_told, seen_log, failed;
  int64_t fed, progress; /* bytes given to Expat, and given at the last token it reported */
  struct error error;
};

/* Ends the reading with the error already in r->error, adding the place where it has none. */
static void stop(struct reader *r)
{
  if (r->failed)
    return;
  r->failed = true;
  if (!r->error.where[0])
    (void)error_at(&r->error, "%s:%lu:%lu", r->name, (unsigned long)XML_GetCurrentLineNumber(r->parser),
                   (unsigned long)XML_GetCurrentColumnNumber(r->parser) + 1);
  (void)XML_StopParser(r->parser, XML_FALSE);
}

#define FAIL(r, ...)                                                                                                               \
  do {                                                                                                                             \
    (void)error_set(&(r)->error, __VA_ARGS__);                                                                                     \
    stop(r);                                                                                                                       \
  } while (0)

/* A name or value from outside, short enough to be quoted in a sentence. */
#define QUOTE 60

static int quote(const char *s)
{
  size_t n = strlen(s);
  if (n <= QUOTE)
    return (int)n;
  n = QUOTE;
  while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80) /* not within a character */
    n--;
  return (int)n;
}

static bool take_room(struct reader *r, size_t bytes, size_t count)
{
  r->bytes += bytes;
  r->count += count;
  if (r->bytes <= r->element_max && r->count <= r->count_max)
    return true;
  FAIL(r, ERROR_TOO_LARGE, "xes-large", "一个步骤、轨迹或日志头过大：上限为 %zu 个属性、%zu 字节",
       "an event, a trace or the header is too large: at most %zu attributes and %zu bytes", r->count_max, r->element_max);
  return false;
}

static const char *xml_value(const char **xml, const char *name)
{
  for (; *xml; xml += 2)
    if (strcmp(xml[0], name) == 0)
      return xml[1];
  return NULL;
}

/* Everything an element carries must be among the names (ended by NULL): what we cannot keep is refused. */
static bool only(struct reader *r, const char *element, const char **xml, const char *const *names)
{
  for (; *xml; xml += 2) {
    const char *const *name = names;
    while (*name && strcmp(*name, xml[0]) != 0)
      name++;
    if (!*name) {
      FAIL(r, ERROR_BAD_INPUT, "xes-attribute", "<%s> 不能带属性 %.*s", "<%s> takes no attribute %.*s", element, quote(xml[0]),
           xml[0]);
      return false;
    }
  }
  return true;
}

static const char *required(struct reader *r, const char *element, const char **xml, const char *name)
{
  const char *value = xml_value(xml, name);
  if (!value)
    FAIL(r, ERROR_BAD_INPUT, "xes-attribute", "<%s> 缺少属性 %s", "<%s> lacks its attribute %s", element, name);
  return value;
}

static void push(struct reader *r, enum place place, struct xes_attributes *to, struct arena *arena)
{
  if (r->depth >= FRAMES) {
    FAIL(r, ERROR_TOO_LARGE, "xes-depth", "属性嵌套过深：最多 %d 层", "attributes are nested too deeply: at most %d levels",
         XES_DEPTH_MAX);
    return;
  }
  r->frames[r->depth++] = (struct frame){.place = place, .type = XES_TYPE_COUNT, .to = to, .arena = arena};
}

static struct frame *top(struct reader *r)
{
  return &r->frames[r->depth - 1];
}

static void unexpected(struct reader *r, const char *element)
{
  static const char *const places[] = {"log", "trace", "event", "global", "extension/classifier", "attribute"};
  FAIL(r, ERROR_BAD_INPUT, "xes-element", "这里（%s 内）不能出现 <%.*s>", "within %s there is no place for <%.*s>",
       places[top(r)->place], quote(element), element);
}

/* ---- telling the handler ---- */

static void tell_log(struct reader *r)
{
  if (r->log_told || r->failed)
    return;
  r->log_told = true;
  r->bytes = r->count = 0;
  if (r->handler->log && r->handler->log(r->handler->context, &r->log, &r->error))
    stop(r);
}

static void forget_attributes(struct reader *r)
{
  arena_reset(&r->item);
  r->attributes = (struct xes_attributes){0};
  r->bytes = r->count = 0;
}

static void tell_trace(struct reader *r)
{
  if (r->trace_told || r->failed)
    return;
  r->trace_told = true;
  if (r->handler->trace && r->handler->trace(r->handler->context, &r->attributes, &r->error))
    stop(r);
  forget_attributes(r);
}

static void tell_event(struct reader *r)
{
  if (!r->failed && r->handler->event && r->handler->event(r->handler->context, &r->attributes, &r->error))
    stop(r);
  forget_attributes(r);
}

/* ---- elements ---- */

static void start_root(struct reader *r, const char *element, const char **xml)
{
  if (strcmp(element, "log") != 0) {
    FAIL(r, ERROR_BAD_INPUT, "xes-root", "这不是 XES 事件日志：根元素是 <%.*s>，应为 <log>",
         "this is no XES event log: its root is <%.*s>, not <log>", quote(element), element);
    return;
  }
  r->seen_log = true;
  for (; *xml && !r->failed; xml += 2) {
    if (!take_room(r, strlen(xml[0]) + strlen(xml[1]), 1))
      return;
    r->log.xml = arena_grow(&r->header, r->log.xml, r->log.xml_n, &r->log.xml_cap, sizeof *r->log.xml);
    r->log.xml[r->log.xml_n++] = (struct xes_pair){arena_str(&r->header, xml[0]), arena_str(&r->header, xml[1])};
  }
  push(r, IN_LOG, NULL, &r->header);
}

/* Appends a header item; NULL after a failure. */
static struct xes_item *add_item(struct reader *r, enum xes_header what, size_t bytes)
{
  if (r->log_told) {
    FAIL(r, ERROR_BAD_INPUT, "xes-order", "日志头（扩展、全局属性、分类器、日志属性）必须在第一条轨迹之前",
         "the log's header (extensions, globals, classifiers, attributes) must come before its first trace");
    return NULL;
  }
  if (!take_room(r, bytes, 1))
    return NULL;
  r->log.items = arena_grow(&r->header, r->log.items, r->log.n, &r->log.cap, sizeof *r->log.items);
  struct xes_item *item = &r->log.items[r->log.n++];
  *item = (struct xes_item){.what = what};
  return item;
}

static void start_extension(struct reader *r, const char **xml)
{
  static const char *const names[] = {"name", "prefix", "uri", NULL};
  if (!only(r, "extension", xml, names))
    return;
  const char *value[3];
  size_t bytes = 0;
  for (size_t i = 0; i < 3; i++) {
    if (!(value[i] = required(r, "extension", xml, names[i])))
      return;
    bytes += strlen(value[i]);
  }
  struct xes_item *item = add_item(r, XES_EXTENSION, bytes);
  if (!item)
    return;
  item->name = arena_str(&r->header, value[0]);
  item->prefix = arena_str(&r->header, value[1]);
  item->uri = arena_str(&r->header, value[2]);
  push(r, IN_EMPTY, NULL, NULL);
}

static void start_classifier(struct reader *r, const char **xml)
{
  static const char *const names[] = {"name", "keys", "scope", NULL};
  if (!only(r, "classifier", xml, names))
    return;
  const char *name = required(r, "classifier", xml, "name");
  const char *keys = name ? required(r, "classifier", xml, "keys") : NULL;
  if (!keys)
    return;
  const char *scope = xml_value(xml, "scope");
  struct xes_item *item = add_item(r, XES_CLASSIFIER, strlen(name) + strlen(keys) + (scope ? strlen(scope) : 0));
  if (!item)
    return;
  item->name = arena_str(&r->header, name);
  item->keys = arena_str(&r->header, keys);
  item->scope = scope ? arena_str(&r->header, scope) : NULL;
  push(r, IN_EMPTY, NULL, NULL);
}

static void start_global(struct reader *r, const char **xml)
{
  static const char *const names[] = {"scope", NULL};
  if (!only(r, "global", xml, names))
    return;
  const char *scope = xml_value(xml, "scope"); /* the standard's default is «event» */
  if (scope && strcmp(scope, "trace") != 0 && strcmp(scope, "event") != 0 && strcmp(scope, "log") != 0) {
    FAIL(r, ERROR_BAD_INPUT, "xes-attribute", "<global> 的 scope 不能是「%.*s」，应为 trace 或 event",
         "the scope of <global> cannot be «%.*s»: it is trace or event", quote(scope), scope);
    return;
  }
  struct xes_item *item = add_item(r, XES_GLOBAL, scope ? strlen(scope) : 0);
  if (!item)
    return;
  item->scope = scope ? arena_str(&r->header, scope) : NULL;
  push(r, IN_GLOBAL, &item->attributes, &r->header);
}

static void start_trace(struct reader *r, const char **xml)
{
  static const char *const names[] = {NULL};
  tell_log(r);
  if (r->failed || !only(r, "trace", xml, names))
    return;
  forget_attributes(r);
  r->trace_told = false;
  push(r, IN_TRACE, &r->attributes, &r->item);
}

static void start_event(struct reader *r, const char **xml)
{
  static const char *const names[] = {NULL};
  tell_trace(r);
  if (r->failed || !only(r, "event", xml, names))
    return;
  push(r, IN_EVENT, &r->attributes, &r->item);
}

/* Where an attribute goes: at the top of a log it becomes a header item of its own. */
static struct xes_attributes *home_of(struct reader *r)
{
  if (top(r)->place == IN_TRACE && r->trace_told) {
    FAIL(r, ERROR_BAD_INPUT, "xes-order", "轨迹的属性必须在它的第一个步骤之前",
         "a trace's attributes must come before its first event");
    return NULL;
  }
  if (top(r)->place != IN_LOG)
    return top(r)->to;
  struct xes_item *item = add_item(r, XES_LOG_ATTRIBUTE, 0);
  return item ? &item->attributes : NULL;
}

static bool attribute_fits(struct reader *r, enum xes_type type, const char **xml)
{
  static const char *const names[] = {"key", "value", NULL};
  static const char *const none[] = {NULL};
  const char *element = xes_type_name(type);
  if (!only(r, element, xml, type == XES_VALUES ? none : names))
    return false;
  bool in_list = top(r)->place == IN_ATTRIBUTE && top(r)->type == XES_LIST;
  if (type == XES_VALUES && !in_list) {
    unexpected(r, element);
    return false;
  }
  if (type != XES_VALUES && !required(r, element, xml, "key"))
    return false;
  if (type < XES_LIST) {
    const char *value = required(r, element, xml, "value");
    if (!value)
      return false;
    if (!xes_value_ok(type, span_of(value))) {
      const char *key = xml_value(xml, "key");
      FAIL(r, ERROR_BAD_INPUT, "xes-value", "%.*s 的值「%.*s」不是有效的 %s", "%.*s: «%.*s» is no valid %s", quote(key), key,
           quote(value), value, element);
      return false;
    }
  }
  return true;
}

static void start_attribute(struct reader *r, enum xes_type type, const char **xml)
{
  unsigned nested = 0;
  for (unsigned i = 0; i < r->depth; i++)
    nested += r->frames[i].place == IN_ATTRIBUTE;
  if (nested >= XES_DEPTH_MAX) {
    FAIL(r, ERROR_TOO_LARGE, "xes-depth", "属性嵌套过深：最多 %d 层", "attributes are nested too deeply: at most %d levels",
         XES_DEPTH_MAX);
    return;
  }
  if (!attribute_fits(r, type, xml))
    return;
  const char *key = xml_value(xml, "key"), *value = xml_value(xml, "value");
  struct xes_attributes *home = home_of(r);
  if (!home || !take_room(r, (key ? strlen(key) : 0) + (value ? strlen(value) : 0), 1))
    return;
  struct arena *arena = top(r)->arena;
  struct xes_attribute *added = xes_add(arena, home, type, arena_str(arena, key), value ? arena_str(arena, value) : NULL);
  push(r, IN_ATTRIBUTE, &added->children, arena);
  if (!r->failed)
    top(r)->type = type;
}

static void start_in_log(struct reader *r, const char *element, const char **xml)
{
  if (strcmp(element, "trace") == 0)
    start_trace(r, xml);
  else if (strcmp(element, "extension") == 0)
    start_extension(r, xml);
  else if (strcmp(element, "global") == 0)
    start_global(r, xml);
  else if (strcmp(element, "classifier") == 0)
    start_classifier(r, xml);
  else
    unexpected(r, element);
}

static void on_start(void *context, const char *element, const char **xml)
{
  struct reader *r = context;
  r->progress = r->fed;
  if (r->failed)
    return;
  if (r->depth == 0) {
    start_root(r, element, xml);
    return;
  }
  enum place place = top(r)->place;
  enum xes_type type = xes_type_of(element);
  if (type < XES_TYPE_COUNT && place != IN_EMPTY)
    start_attribute(r, type, xml);
  else if (place == IN_LOG)
    start_in_log(r, element, xml);
  else if (place == IN_TRACE && strcmp(element, "event") == 0)
    start_event(r, xml);
  else
    unexpected(r, element);
}

static void on_end(void *context, const char *element)
{
  struct reader *r = context;
  (void)element;
  r->progress = r->fed;
  if (r->failed || r->depth == 0)
    return;
  enum place place = top(r)->place;
  if (place == IN_EVENT)
    tell_event(r);
  if (place == IN_TRACE) {
    tell_trace(r);
    if (!r->failed && r->handler->trace_end && r->handler->trace_end(r->handler->context, &r->error))
      stop(r);
  }
  if (place == IN_LOG)
    tell_log(r);
  r->depth--;
}

static void on_text(void *context, const char *text, int n)
{
  struct reader *r = context;
  r->progress = r->fed;
  if (r->failed || span_trim((struct span){text, (size_t)n}).n == 0)
    return;
  FAIL(r, ERROR_BAD_INPUT, "xes-text", "XES 元素之间不能有文字：值要写在 value 属性里",
       "there is no place for text between XES elements: values go into the value attribute");
}

static void on_comment(void *context, const char *text)
{
  struct reader *r = context;
  (void)text;
  r->progress = r->fed;
}

static void on_instruction(void *context, const char *target, const char *text)
{
  (void)target;
  on_comment(context, text);
}

static void on_doctype(void *context, const char *name, const char *sysid, const char *pubid, int internal)
{
  struct reader *r = context;
  (void)name;
  (void)sysid;
  (void)pubid;
  (void)internal;
  FAIL(r, ERROR_BAD_INPUT, "xes-doctype", "日志带有 DOCTYPE 声明：为防实体攻击，一律不接受",
       "the log has a DOCTYPE declaration: none is accepted, since entities are a way to attack");
}

/* ---- the whole ---- */

static void malformed(struct reader *r, bool last)
{
  enum XML_Error code = XML_GetErrorCode(r->parser);
  bool cut = last && (code == XML_ERROR_NO_ELEMENTS || code == XML_ERROR_UNCLOSED_TOKEN || code == XML_ERROR_PARTIAL_CHAR ||
                      code == XML_ERROR_UNCLOSED_CDATA_SECTION);
  if (cut && r->fed == 0)
    FAIL(r, ERROR_BAD_INPUT, "xes-truncated", "日志文件是空的", "the log is an empty file");
  else if (cut)
    FAIL(r, ERROR_BAD_INPUT, "xes-truncated", "日志不完整：文件在 </log> 之前就结束了",
         "the log is incomplete: the file ends before </log>");
  else
    FAIL(r, ERROR_BAD_INPUT, "xes-malformed", "不是格式良好的 XML：%s", "this is not well-formed XML: %s", XML_ErrorString(code));
}

/* A token that never ends would be kept whole by Expat, and read again with each chunk. */
static bool token_fits(struct reader *r)
{
  if (r->fed - r->progress <= (int64_t)(r->element_max + TOKEN_SLACK))
    return true;
  FAIL(r, ERROR_TOO_LARGE, "xes-large", "单个标签或注释超过 %zu 字节", "a single tag or comment is over %zu bytes",
       r->element_max + TOKEN_SLACK);
  return false;
}

static int feed(struct reader *r, struct xes_input *input)
{
  for (;;) {
    void *room = XML_GetBuffer(r->parser, (int)XES_CHUNK);
    if (!room)
      abort();
    size_t n = 0;
    if (xes_input_read(input, room, XES_CHUNK, &n, &r->error))
      return -1;
    bool last = n == 0;
    r->fed += (int64_t)n;
    enum XML_Status status = XML_ParseBuffer(r->parser, (int)n, last);
    if (!r->failed && status != XML_STATUS_OK)
      malformed(r, last);
    if (r->failed || !token_fits(r))
      return -1;
    if (last)
      return 0;
  }
}

static void reader_init(struct reader *r, const char *name, const struct xes_limits *limits, const struct xes_handler *handler)
{
  *r = (struct reader){.handler = handler, .name = name};
  r->element_max = limits && limits->element ? limits->element : ELEMENT_DEFAULT;
  r->count_max = limits && limits->count ? limits->count : COUNT_DEFAULT;
  r->parser = XML_ParserCreate(NULL);
  if (!r->parser)
    abort();
  XML_SetUserData(r->parser, r);
  XML_SetElementHandler(r->parser, on_start, on_end);
  XML_SetCharacterDataHandler(r->parser, on_text);
  XML_SetCommentHandler(r->parser, on_comment);
  XML_SetProcessingInstructionHandler(r->parser, on_instruction);
  XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
  (void)XML_SetParamEntityParsing(r->parser, XML_PARAM_ENTITY_PARSING_NEVER);
}

int xes_read(struct xes_source source, const char *name, const struct xes_limits *limits, const struct xes_handler *handler,
             struct error *error)
{
  struct reader r;
  reader_init(&r, name, limits, handler);
  struct xes_input *input = malloc(sizeof *input);
  if (!input)
    abort();
  xes_input_init(input, source, name, limits);
  int rc = feed(&r, input);
  xes_input_release(input);
  free(input);
  XML_ParserFree(r.parser);
  arena_release(&r.header);
  arena_release(&r.item);
  if (rc && error)
    *error = r.error;
  return rc;
}
