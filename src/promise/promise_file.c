/*
 * proof.json: written and read.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "promise/promise.h"
#include "proof/proof.h"

#define FORMAT 1

/* ---- writing ---- */

static void put_hex(struct json_writer *w, const char *key, const struct digest *digest)
{
  char hex[2 * DIGEST_BYTES + 1];
  hex_encode(digest->b, DIGEST_BYTES, hex);
  json_put_str(w, key, hex);
}

static void put_file(struct buf *out, const struct proof *proof, moment at)
{
  char when[MOMENT_TEXT];
  struct json_writer w = json_to(out);
  moment_format(at, when);
  json_begin_object(&w, NULL);
  json_put_int(&w, "format", FORMAT);
  json_put_str(&w, "version", proof->catalog->version.hex);
  json_put_str(&w, "program", ONEVISIT_VERSION);
  json_put_str(&w, "at", when);
  json_put_int(&w, "asked", (int64_t)proof->asked);
  put_hex(&w, "questions", &proof->questions);
  proof_json(proof, &w, "proof");
  json_end(&w);
  buf_str(out, "\n");
}

int promise_print(const struct proof *proof, moment at, struct buf *out, struct error *error)
{
  if (proof->findings.n || proof->failed || proof->thing_count != proof->catalog->thing_count)
    return error_set(error, ERROR_BAD_INPUT, "not-fit", "目录没有通过检查和证明，不能发布",
                     "The catalogue did not pass: it cannot be published");
  put_file(out, proof, at);
  return out->full ? error_set(error, ERROR_TOO_LARGE, "not-fit", "证明结果过大", "The proof is too large") : 0;
}

int promise_write(const char *path, const struct proof *proof, moment at, struct error *error)
{
  struct buf out;
  buf_init(&out, PROMISE_MAX);
  int bad = promise_print(proof, at, &out, error) || file_write(path, buf_view(&out), error) ? -1 : 0;
  buf_release(&out);
  return bad;
}

/* ---- reading ---- */

static int damaged(struct error *error, const char *what)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-proof-file", "证明文件已损坏（%s），请重新运行 onevisit check 目录 --publish",
                   "The proof's file is damaged (%s): run onevisit check DIR --publish again", what);
}

static struct words words_in(const json_t *object, const char *key, struct arena *arena)
{
  const json_t *words = json_object_get(object, key);
  return words ? (struct words){arena_str(arena, json_str(words, "zh")), arena_str(arena, json_str(words, "en"))}
               : (struct words){NULL, NULL};
}

static const struct exception *exception_of(const struct catalog *catalog, const struct thing *thing, const char *property)
{
  for (size_t i = 0; i < catalog->exception_count; i++)
    if (catalog->exceptions[i].thing == thing && strcmp(catalog->exceptions[i].property, property) == 0)
      return &catalog->exceptions[i];
  return NULL;
}

static int read_line(const json_t *from, const struct catalog *catalog, const struct thing *thing, struct arena *arena,
                     struct promise_line *ret, struct error *error)
{
  const char *outcome = json_str(from, "outcome");
  const json_t *person = json_object_get(from, "person");
  ret->property = arena_str(arena, json_str(from, "property"));
  ret->name = words_in(from, "name", arena);
  ret->proved = strcmp(outcome, "proved") == 0;
  ret->by_structure = strcmp(json_str(from, "by"), "structure") == 0;
  ret->exception = ret->proved ? NULL : exception_of(catalog, thing, ret->property);
  ret->who = words_in(person, "who", arena);
  ret->what = words_in(person, "what", arena);
  bool excused = ret->exception && strcmp(outcome, "excused") == 0;
  return *ret->property && ret->name.zh && (ret->proved || excused) ? 0 : damaged(error, thing->id);
}

static int read_thing(const json_t *from, struct promise *promise, struct promise_thing *ret, struct arena *arena,
                      struct error *error)
{
  const json_t *lines = json_list(from, "properties");
  if (strcmp(json_str(from, "thing"), ret->thing->id) != 0 || json_array_size(lines) == 0)
    return damaged(error, ret->thing->id);
  ret->answers = json_number_value(json_object_get(from, "answers"));
  ret->asked = json_int(from, "asked");
  ret->line_count = json_array_size(lines);
  ret->lines = arena_array(arena, ret->line_count + 1, sizeof *ret->lines);
  for (size_t i = 0; i < ret->line_count; i++) {
    if (read_line(json_array_get(lines, i), promise->catalog, ret->thing, arena, &ret->lines[i], error))
      return -1;
    promise->proved += ret->lines[i].proved;
    promise->negative += !ret->lines[i].proved;
  }
  return 0;
}

static int read_things(const json_t *root, struct promise *promise, struct arena *arena, struct error *error)
{
  const struct catalog *c = promise->catalog;
  const json_t *things = json_list(json_object_get(root, "proof"), "things");
  if (json_array_size(things) != c->thing_count)
    return damaged(error, "things");
  promise->things = arena_array(arena, c->thing_count + 1, sizeof *promise->things);
  for (size_t i = 0; i < c->thing_count; i++) {
    promise->things[i].thing = &c->things[i];
    if (read_thing(json_array_get(things, i), promise, &promise->things[i], arena, error))
      return -1;
  }
  return 0;
}

static int read_head(const json_t *root, const struct catalog *catalog, struct promise *promise, struct arena *arena,
                     struct error *error)
{
  unsigned char digest[DIGEST_BYTES];
  if (json_int(root, "format") != FORMAT || !moment_parse(span_of(json_str(root, "at")), &promise->at, NULL) ||
      !hex_decode(span_of(json_str(root, "questions")), digest, sizeof digest))
    return damaged(error, "format");
  if (strcmp(json_str(root, "version"), catalog->version.hex) != 0)
    return error_set(error, ERROR_BAD_INPUT, "proof-other-version",
                     "事项目录在证明之后改动过，不能开始服务：请先运行 onevisit check %s --publish",
                     "The catalogue was changed after it was proved, and is not served: run onevisit check %s --publish first",
                     catalog->dir);
  promise->program = arena_str(arena, json_str(root, "program"));
  promise->solver = arena_str(arena, json_str(json_object_get(root, "proof"), "solver"));
  promise->questions = arena_str(arena, json_str(root, "questions"));
  promise->asked = json_int(root, "asked");
  return 0;
}

int promise_parse(struct span text, const struct catalog *catalog, struct arena *arena, struct promise *ret, struct error *error)
{
  struct promise promise = {.catalog = catalog, .text = text};
  struct error why;
  json_t *root;
  if (json_read(text, "proof", &root, &why))
    return damaged(error, "JSON");
  struct digest digest = sha256(text);
  hex_encode(digest.b, DIGEST_BYTES, promise.hash);
  int bad = read_head(root, catalog, &promise, arena, error) || read_things(root, &promise, arena, error);
  json_decref(root);
  if (!bad)
    *ret = promise;
  return bad ? -1 : 0;
}

int promise_read(const char *path, const struct catalog *catalog, struct arena *arena, struct promise *ret, struct error *error)
{
  struct span text;
  if (file_read(path, arena, &text, error))
    return -1;
  if (!text.p)
    return error_set(error, ERROR_BAD_INPUT, "unproved-catalogue",
                     "事项目录还没有证明，不能开始服务：请先运行 onevisit check %s --publish",
                     "The catalogue is not proved, and is not served: run onevisit check %s --publish first", catalog->dir);
  return promise_parse(text, catalog, arena, ret, error);
}

const struct promise_thing *promise_of(const struct promise *promise, const struct thing *thing)
{
  return promise ? &promise->things[thing - promise->catalog->things] : NULL;
}

const struct promise_line *promise_line_of(const struct promise_thing *thing, const char *property)
{
  for (size_t i = 0; i < thing->line_count; i++)
    if (strcmp(thing->lines[i].property, property) == 0)
      return &thing->lines[i];
  return NULL;
}
