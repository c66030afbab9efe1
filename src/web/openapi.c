#include "web/internal.h"

#include <stdio.h>
#include <string.h>

static const char *const type_names[] = {"string", "integer", "string", "boolean", "string"};

static void put_schema(struct json_writer *w, const struct parameter *p)
{
  json_begin_object(w, "schema");
  json_put_str(w, "type", type_names[p->type]);
  if (p->type == TYPE_TEXT)
    json_put_int(w, "maxLength", p->max ? p->max : 200);
  if (p->type == TYPE_DATE)
    json_put_str(w, "format", "date");
  if (p->type == TYPE_INT) {
    json_put_int(w, "minimum", p->min);
    if (p->max)
      json_put_int(w, "maximum", p->max);
  }
  if (p->type == TYPE_CHOICE) {
    json_begin_array(w, "enum");
    for (const char *const *c = p->choices; *c; c++)
      json_put_str(w, NULL, *c);
    json_end(w);
  }
  json_end(w);
}

static void put_description(struct json_writer *w, const char *key, struct buf *scratch, const char *zh, const char *en)
{
  buf_clear(scratch);
  buf_printf(scratch, "%s / %s", en ? en : "", zh ? zh : "");
  json_put_span(w, key, buf_view(scratch));
}

/* Those of the pattern that the route does not describe: OpenAPI wants each of them. */
static void put_path_parameters(struct json_writer *w, const struct route *r)
{
  for (const char *p = r->pattern; (p = strchr(p, '{')); p++) {
    struct span name = {p + 1, strcspn(p + 1, "*}")};
    const struct parameter *q = r->parameters;
    while (q && q->name && !(q->where == IN_PATH && span_is(name, q->name)))
      q++;
    if (q && q->name)
      continue;
    json_begin_object(w, NULL);
    json_put_span(w, "name", name);
    json_put_str(w, "in", "path");
    json_put_bool(w, "required", true);
    json_begin_object(w, "schema");
    json_put_str(w, "type", "string");
    json_end(w);
    json_end(w);
  }
}

static void put_parameters(struct json_writer *w, const struct route *r, struct buf *scratch)
{
  json_begin_array(w, "parameters");
  for (const struct parameter *p = r->parameters; p && p->name; p++) {
    if (p->where != IN_PATH && p->where != IN_QUERY)
      continue;
    json_begin_object(w, NULL);
    json_put_str(w, "name", p->name);
    json_put_str(w, "in", p->where == IN_PATH ? "path" : "query");
    json_put_bool(w, "required", p->required || p->where == IN_PATH);
    put_description(w, "description", scratch, p->zh, p->en);
    put_schema(w, p);
    json_end(w);
  }
  put_path_parameters(w, r);
  json_end(w);
}

static void put_property(struct json_writer *w, const struct parameter *p, struct buf *scratch)
{
  json_begin_object(w, p->name);
  put_description(w, "description", scratch, p->zh, p->en);
  if (p->where == IN_FILE) {
    json_put_str(w, "type", "array");
    json_begin_object(w, "items");
    json_put_str(w, "type", "string");
    json_put_str(w, "format", "binary");
    json_end(w);
    json_put_int(w, "maxItems", p->max ? p->max : 1);
  } else {
    json_put_str(w, "type", type_names[p->type]);
    if (p->type == TYPE_TEXT)
      json_put_int(w, "maxLength", p->max ? p->max : 200);
    if (p->type == TYPE_CHOICE) {
      json_begin_array(w, "enum");
      for (const char *const *c = p->choices; *c; c++)
        json_put_str(w, NULL, *c);
      json_end(w);
    }
  }
  json_end(w);
}

static void put_form(struct json_writer *w, const struct route *r, const char *type, struct buf *scratch)
{
  json_begin_object(w, type);
  json_begin_object(w, "schema");
  json_put_str(w, "type", "object");
  json_begin_array(w, "required");
  for (const struct parameter *p = r->parameters; p && p->name; p++)
    if ((p->where == IN_FORM || p->where == IN_FILE) && p->required)
      json_put_str(w, NULL, p->name);
  json_end(w);
  json_begin_object(w, "properties");
  for (const struct parameter *p = r->parameters; p && p->name; p++)
    if (p->where == IN_FORM || p->where == IN_FILE)
      put_property(w, p, scratch);
  json_end(w);
  json_end(w);
  json_end(w);
}

static bool has_form(const struct route *r)
{
  for (const struct parameter *p = r->parameters; p && p->name; p++)
    if (p->where == IN_FORM || p->where == IN_FILE)
      return true;
  return false;
}

static void put_body(struct json_writer *w, const struct route *r, struct buf *scratch)
{
  bool raw = (r->flags & ROUTE_RAW) != 0;
  if (!raw && !has_form(r))
    return;
  json_begin_object(w, "requestBody");
  json_begin_object(w, "content");
  if (raw) {
    json_begin_object(w, "*/*");
    json_end(w);
  } else if (!(r->flags & ROUTE_UPLOADS)) {
    put_form(w, r, "application/json", scratch);
    put_form(w, r, "application/x-www-form-urlencoded", scratch);
  } else {
    put_form(w, r, "multipart/form-data", scratch);
  }
  json_end(w);
  json_end(w);
}

static void put_reference(struct json_writer *w, const char *status)
{
  json_begin_object(w, status);
  json_put_str(w, "$ref", "#/components/responses/Problem");
  json_end(w);
}

static void put_responses(struct json_writer *w, const struct route *r)
{
  json_begin_object(w, "responses");
  json_begin_object(w, "2XX");
  json_put_str(w, "description", "OK");
  json_begin_object(w, "content");
  json_begin_object(w, "application/json");
  json_end(w);
  json_end(w);
  json_end(w);
  put_reference(w, "400");
  if (!(r->roles & ROLE_PUBLIC)) {
    put_reference(w, "401");
    put_reference(w, "403");
  }
  if (strchr(r->pattern, '{'))
    put_reference(w, "404");
  if (r->method != METHOD_GET) {
    put_reference(w, "409");
    put_reference(w, "422");
    put_reference(w, "503");
  }
  put_reference(w, "default");
  json_end(w);
}

static void put_roles(struct json_writer *w, unsigned roles)
{
  static const char *const names[] = {"public",     "applicant", "clerk",   "officer", "issuer",
                                      "supervisor", "admin",     "records", "editor",  "legal"};
  json_begin_array(w, "x-roles");
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
    if (roles & (1u << i))
      json_put_str(w, NULL, names[i]);
  json_end(w);
  json_begin_array(w, "security");
  if (!(roles & ROLE_PUBLIC)) {
    static const char *const schemes[] = {"session", "bearer"};
    for (size_t i = 0; i < 2; i++) {
      json_begin_object(w, NULL);
      json_begin_array(w, schemes[i]);
      json_end(w);
      json_end(w);
    }
  }
  json_end(w);
}

static void put_operation(struct json_writer *w, const struct route *r, struct buf *scratch)
{
  static const char *const names[] = {"", "get", "post", "put", "delete"};
  json_begin_object(w, names[r->method]);
  put_description(w, "summary", scratch, r->zh, r->en);
  put_roles(w, r->roles);
  put_parameters(w, r, scratch);
  put_body(w, r, scratch);
  put_responses(w, r);
  json_end(w);
}

static void put_problem(struct json_writer *w)
{
  static const char *const texts[] = {"type", "title", "detail", "instance", "where"};
  json_begin_object(w, "responses");
  json_begin_object(w, "Problem");
  json_put_str(w, "description", "RFC 9457");
  json_begin_object(w, "content");
  json_begin_object(w, "application/problem+json");
  json_begin_object(w, "schema");
  json_put_str(w, "type", "object");
  json_begin_object(w, "properties");
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    json_begin_object(w, texts[i]);
    json_put_str(w, "type", "string");
    json_end(w);
  }
  json_begin_object(w, "status");
  json_put_str(w, "type", "integer");
  for (int i = 0; i < 7; i++)
    json_end(w);
}

static void put_security(struct json_writer *w)
{
  json_begin_object(w, "securitySchemes");
  json_begin_object(w, "session");
  json_put_str(w, "type", "apiKey");
  json_put_str(w, "in", "cookie");
  json_put_str(w, "name", "session");
  json_end(w);
  json_begin_object(w, "bearer");
  json_put_str(w, "type", "http");
  json_put_str(w, "scheme", "bearer");
  json_end(w);
  json_end(w);
}

/* OpenAPI has no word for «{x*}», a parameter with slashes. */
static void put_pattern(struct json_writer *w, const char *pattern)
{
  char name[200];
  (void)snprintf(name, sizeof name, "%s", pattern);
  char *star = strchr(name, '*');
  if (star)
    memmove(star, star + 1, strlen(star));
  json_begin_object(w, name);
}

static bool first_of_pattern(const struct route *const *routes, size_t i)
{
  for (size_t k = 0; k < i; k++)
    if (route_is_api(routes[k]) && !strcmp(routes[k]->pattern, routes[i]->pattern))
      return false;
  return true;
}

void web_openapi_list(struct buf *out, const struct route *const *routes, size_t n)
{
  struct buf scratch;
  buf_init(&scratch, 1 << 16);
  struct json_writer w = json_to(out);
  json_begin_object(&w, NULL);
  json_put_str(&w, "openapi", "3.1.0");
  json_begin_object(&w, "info");
  json_put_str(&w, "title", "onevisit");
  json_put_str(&w, "version", ONEVISIT_VERSION);
  json_end(&w);
  json_begin_object(&w, "paths");
  for (size_t i = 0; i < n; i++) {
    if (!route_is_api(routes[i]) || !first_of_pattern(routes, i))
      continue;
    put_pattern(&w, routes[i]->pattern);
    for (size_t k = i; k < n; k++)
      if (route_is_api(routes[k]) && !strcmp(routes[k]->pattern, routes[i]->pattern))
        put_operation(&w, routes[k], &scratch);
    json_end(&w);
  }
  json_end(&w);
  json_begin_object(&w, "components");
  put_problem(&w);
  put_security(&w);
  json_end(&w);
  json_end(&w);
  buf_release(&scratch);
}

int handler_openapi(struct request *rq, struct error *error)
{
  (void)error;
  buf_span(&rq->out, buf_view(&rq->exchange->web->openapi));
  return web_bytes(rq, 200, "application/json", NULL);
}
