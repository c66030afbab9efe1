/*
 * Throws bytes at the readers of JSON: a request's body becomes fields within the limits; what is read is written byte for byte
 * as jansson writes it; the walk over an object's text that parses nothing sees the members that the parser sees.
 * Built with clang and -Dfuzz=true: build-fuzz/tests/fuzz/fuzz_json tests/fuzz/corpus/json -max_total_time=60
 * -dict=tests/fuzz/json.dict
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "web/internal.h"

static void must(bool holds)
{
  if (!holds)
    abort();
}

static void fuzz_body(struct span body)
{
  struct exchange x = {.fd = -1};
  struct error error = {0};
  x.rq.exchange = &x;
  x.rq.arena = &x.arena;
  if (request_json(&x, body, &error))
    must(error.name && error.zh[0] && error.en[0]);
  must(x.rq.fields_n <= FIELDS_MAX);
  for (size_t i = 0; i < x.rq.fields_n; i++)
    must(text_plain(x.rq.fields[i].name) && text_plain(x.rq.fields[i].value) && x.rq.fields[i].name.n <= FIELD_NAME_MAX);
  json_decref((json_t *)(uintptr_t)x.rq.body);
  arena_release(&x.arena);
}

static void walk(struct arena *arena, json_t *object, struct span text)
{
  struct span rest = text, name, value;
  void *at = json_object_iter(object);
  while (rest.n && json_next_member(&rest, &name, &value)) {
    must(at != NULL);
    must(span_eq(name, (struct span){json_object_iter_key(at), json_object_iter_key_len(at)}));
    must(span_eq(value, json_text(arena, json_object_iter_value(at))));
    at = json_object_iter_next(object, at);
  }
  must(!at || rest.n);
}

static void fuzz_text(struct span text)
{
  struct arena arena = {0};
  struct error error = {0};
  json_t *value;
  if (json_read(text, "fuzz", &value, &error)) {
    must(error.name && error.zh[0] && error.en[0] && error.where[0]);
    return;
  }
  struct span ours = json_text(&arena, value);
  char *theirs = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
  must(theirs && span_is(ours, theirs));
  if (json_is_object(value) && json_object_size(value))
    walk(&arena, value, ours);
  free(theirs);
  json_decref(value);
  arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  struct span text = {(const char *)data, n};
  fuzz_body(text);
  fuzz_text(text);
  return 0;
}
