/*
 * json.h: strict JSON in (jansson: UTF-8, no duplicate keys, 64-bit integers), and a streaming writer out.
 */
#ifndef ONEVISIT_BASE_JSON_H
#define ONEVISIT_BASE_JSON_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define JSON_DEPTH_MAX 32

/* Parses a whole text; *ret is owned by the caller (json_decref). what names the text in the error. */
int json_read(struct span text, const char *what, json_t **ret, struct error *error);

/* Members of an object, with what stands in for a missing or differently typed one. */
const char *json_str(const json_t *object, const char *key);    /* "" */
int64_t json_int(const json_t *object, const char *key);        /* 0 */
bool json_flag(const json_t *object, const char *key);          /* false */
const json_t *json_list(const json_t *object, const char *key); /* NULL: jansson treats it as empty */

/* Compact text of a value, in the arena; members keep their order. */
struct span json_text(struct arena *arena, const json_t *value);

/*
 * Takes the next member off the text of an object as json_text() writes it, without parsing: its name without quotes, its
 * value's text. *rest is at first the whole text, and empty when all were taken. False where the text is not of that plain
 * kind (blanks, a backslash in a name, no object): then parse it.
 */
bool json_next_member(struct span *rest, struct span *ret_name, struct span *ret_value);

/*
 * The writer. Values go straight to the buffer; commas and colons are its business:
 *
 *   struct json_writer w = json_to(&buf);
 *   json_begin_object(&w, NULL);
 *   json_put_str(&w, "name", "开餐馆");
 *   json_begin_array(&w, "items"); json_put_int(&w, NULL, 3); json_end(&w);
 *   json_end(&w);
 *
 * In an object every value has a key, in an array none (NULL); misuse is an assertion.
 */
struct json_writer {
  struct buf *buf;
  unsigned depth;
  char open[JSON_DEPTH_MAX]; /* '{' or '[' */
  bool more[JSON_DEPTH_MAX]; /* a comma comes before the next value */
};

struct json_writer json_to(struct buf *buf);
void json_begin_object(struct json_writer *w, const char *key);
void json_begin_array(struct json_writer *w, const char *key);
void json_end(struct json_writer *w);
void json_put_str(struct json_writer *w, const char *key, const char *value); /* NULL gives null */
void json_put_span(struct json_writer *w, const char *key, struct span value);
void json_put_int(struct json_writer *w, const char *key, int64_t value);
void json_put_num(struct json_writer *w, const char *key, double value); /* shortest form that reads back the same */
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
void json_put_raw(struct json_writer *w, const char *key, struct span json); /* JSON text already written */

#endif
