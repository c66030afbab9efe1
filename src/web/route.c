#include "web/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool route_is_api(const struct route *route)
{
  return (route->flags & ROUTE_API) || !strncmp(route->pattern, "/api/", 5);
}

/* ---- the table ---- */

static bool pattern_has(const char *pattern, const char *name)
{
  size_t n = strlen(name);
  for (const char *p = pattern; (p = strchr(p, '{')); p++)
    if (!strncmp(p + 1, name, n) && (p[n + 1] == '}' || p[n + 1] == '*'))
      return true;
  return false;
}

/* How much of the path the parameter before `end` («}») takes: a segment, or with «*» all that is left. */
static size_t taken(const char *end, const char *path)
{
  return end[-1] == '*' ? strlen(path) : strcspn(path, "/");
}

static int check_route(const struct route *r, struct error *error)
{
  static const char zh[] = "路由 %s 有误：%s", en[] = "The route %s is wrong: %s";
  const char *wrong = NULL;
  if (!r->handler || !r->roles || r->pattern[0] != '/')
    wrong = "it needs a handler, roles and a pattern that begins with /";
  else if (route_is_api(r) && (!r->zh || !r->en))
    wrong = "a route of the API needs a summary in both languages";
  for (const struct parameter *p = r->parameters; p && p->name && !wrong; p++) {
    if (!p->zh || !p->en)
      wrong = "a parameter needs its words in both languages";
    else if (p->where == IN_PATH && !pattern_has(r->pattern, p->name))
      wrong = "a path parameter is not in the pattern";
    else if (p->where == IN_FILE && !(r->flags & ROUTE_UPLOADS))
      wrong = "a file parameter needs ROUTE_UPLOADS";
    else if (p->type == TYPE_CHOICE && !p->choices)
      wrong = "a choice needs its choices";
    else if ((p->where == IN_FORM || p->where == IN_FILE) && r->method == METHOD_GET)
      wrong = "a GET has no form";
  }
  return wrong ? error_set(error, ERROR_INTERNAL, "bad-routes", zh, en, r->pattern, wrong) : 0;
}

int routes_check(const struct route *const *lists, struct error *error)
{
  for (const struct route *const *list = lists; *list; list++)
    for (const struct route *r = *list; r->pattern; r++) {
      if (check_route(r, error))
        return -1;
      for (const struct route *const *other = lists; other <= list; other++)
        for (const struct route *q = *other; q->pattern && q != r; q++)
          if (q->method == r->method && !strcmp(q->pattern, r->pattern))
            return error_set(error, ERROR_INTERNAL, "bad-routes", "路由 %s 重复", "The route %s is there twice", r->pattern);
    }
  return 0;
}

/* Does the path fit? Fixed segments count for more than {parameters}: the score orders routes that both fit. */
static int fits(const char *pattern, const char *path)
{
  int score = 1;
  while (*pattern) {
    if (*pattern == '{') {
      const char *end = strchr(pattern, '}');
      size_t n = end ? taken(end, path) : 0;
      if (!n)
        return 0;
      pattern = end + 1;
      path += n;
    } else if (*pattern != *path) {
      return 0;
    } else {
      score += *pattern == '/' ? 0 : 1;
      pattern++;
      path++;
    }
  }
  return *path ? 0 : score;
}

static void add_path_parameters(struct exchange *x, const struct route *route)
{
  const char *pattern = route->pattern, *path = x->rq.path;
  while (*pattern) {
    if (*pattern != '{') {
      pattern++;
      path++;
      continue;
    }
    const char *end = strchr(pattern, '}');
    size_t n = taken(end, path);
    request_add(x, (struct span){pattern + 1, strcspn(pattern + 1, "*}")}, (struct span){path, n});
    pattern = end + 1;
    path += n;
  }
}

static const char *method_names[] = {"", "GET, HEAD", "POST", "PUT", "DELETE"};

static const char *allowed(struct exchange *x)
{
  const char *list = NULL;
  bool seen[5] = {false};
  for (size_t i = 0; i < x->web->routes_n; i++) {
    const struct route *r = x->web->routes[i];
    if (seen[r->method] || !fits(r->pattern, x->rq.path))
      continue;
    seen[r->method] = true;
    list = list ? arena_printf(&x->arena, "%s, %s", list, method_names[r->method]) : method_names[r->method];
  }
  return list;
}

const struct route *route_find(struct exchange *x, struct error *error)
{
  const struct route *best = NULL;
  int best_score = 0;
  for (size_t i = 0; i < x->web->routes_n; i++) {
    const struct route *r = x->web->routes[i];
    int score = r->method == x->rq.method ? fits(r->pattern, x->rq.path) : 0;
    if (score > best_score) {
      best = r;
      best_score = score;
    }
  }
  if (best) {
    /* The path's own parameters go before a query that uses the same name. */
    size_t before = x->rq.fields_n;
    const struct form_field *query = x->rq.fields;
    x->rq.fields = NULL;
    x->rq.fields_n = x->fields_cap = 0;
    add_path_parameters(x, best);
    for (size_t i = 0; i < before; i++)
      request_add(x, query[i].name, query[i].value);
    return best;
  }
  x->allow = allowed(x);
  if (x->allow)
    (void)error_set(error, ERROR_NOT_FOUND, "method-not-allowed", "此页面不支持这种请求方式",
                    "This page does not take this method");
  else
    (void)error_set(error, ERROR_NOT_FOUND, "page-not-found", "没有这个页面", "There is no such page");
  return NULL;
}

int route_admit(struct exchange *x, struct error *error)
{
  const struct request *rq = &x->rq;
  if (rq_may(rq, rq->route->roles))
    return 0;
  if (!rq->who)
    return error_set(error, ERROR_SIGN_IN, "sign-in", "请先登录", "Please sign in first");
  return error_set(error, ERROR_FORBIDDEN, "forbidden", "您的身份不能使用此功能", "Your role may not use this");
}

/* ---- parameters ---- */

#define TEXT_MAX 200

static bool one_of(const char *const *choices, struct span value)
{
  for (; *choices; choices++)
    if (span_is(value, *choices))
      return true;
  return false;
}

/* Sentences about one field: they may take its words, then its maximum. */
static int wrong(struct error *error, const struct parameter *p, const char *zh, const char *en)
{
  int64_t max = p->max || p->type != TYPE_TEXT ? p->max : TEXT_MAX;
  *error = (struct error){.code = ERROR_BAD_INPUT, .name = "bad-field"};
  (void)snprintf(error->zh, sizeof error->zh, zh, p->zh, (long long)max);
  (void)snprintf(error->en, sizeof error->en, en, p->en, (long long)max);
  return error_at(error, "%s", p->name);
}

static int check_value(const struct parameter *p, struct span value, struct error *error)
{
  int64_t number, max = p->max;
  day date;
  switch (p->type) {
  case TYPE_TEXT:
    max = max ? max : TEXT_MAX;
    return text_length(value) <= (size_t)max ? 0 : wrong(error, p, "“%s”最多 %lld 个字", "Too long: %s (at most %lld characters)");
  case TYPE_INT:
    if (!span_int(value, &number))
      return wrong(error, p, "“%s”应填写整数", "Enter a whole number: %s");
    if (number < p->min || (max && number > max))
      return wrong(error, p, "“%s”的数值超出范围", "The number is out of range: %s");
    return 0;
  case TYPE_DATE:
    return day_parse(value, &date) ? 0
                                   : wrong(error, p, "“%s”应为有效日期，如 2026-11-24", "Enter a real date like 2026-11-24: %s");
  case TYPE_BOOLEAN:
    if (span_is(value, "1") || span_is(value, "true") || span_is(value, "yes") || span_is(value, "on") || span_is(value, "0") ||
        span_is(value, "false") || span_is(value, "no") || span_is(value, "off"))
      return 0;
    return wrong(error, p, "“%s”应为是或否", "Answer yes or no: %s");
  case TYPE_CHOICE:
    return one_of(p->choices, value) ? 0 : wrong(error, p, "“%s”不是可选项之一", "Choose one of the options: %s");
  }
  return 0;
}

static int check_files(const struct exchange *x, const struct parameter *p, struct error *error)
{
  size_t n = 0;
  for (size_t i = 0; i < x->rq.uploads_n; i++)
    n += span_is(x->rq.uploads[i].field, p->name);
  if (!n && p->required)
    return wrong(error, p, "请选择文件：%s", "Choose a file: %s");
  if (n > (size_t)(p->max ? p->max : 1))
    return wrong(error, p, "“%s”的文件太多", "Too many files: %s");
  return 0;
}

static int check_parameter(const struct exchange *x, const struct parameter *p, struct error *error)
{
  if (p->where == IN_FILE)
    return check_files(x, p, error);
  size_t n = rq_count(&x->rq, p->name), full = 0;
  for (size_t i = 0; i < n; i++) {
    struct span value = rq_nth(&x->rq, p->name, i);
    if (!value.n)
      continue;
    full++;
    if (check_value(p, value, error))
      return -1;
  }
  if (!full && p->required)
    return p->type == TYPE_CHOICE || p->type == TYPE_BOOLEAN ? wrong(error, p, "请选择%s", "Choose: %s")
                                                             : wrong(error, p, "请填写%s", "Enter: %s");
  if (n > 1 && !p->many)
    return wrong(error, p, "“%s”重复出现", "It was sent more than once: %s");
  return 0;
}

int parameters_check(struct exchange *x, struct error *error)
{
  const struct route *route = x->rq.route;
  for (const struct parameter *p = route->parameters; p && p->name; p++) {
    struct error one;
    if (!check_parameter(x, p, &one))
      continue;
    if (!(route->flags & ROUTE_SHOWS_ERRORS) || p->where == IN_PATH) {
      *error = one;
      return -1;
    }
    web_field_error(&x->rq, p->name, arena_str(&x->arena, say(&x->rq, one.zh, one.en)));
  }
  return 0;
}
