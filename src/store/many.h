/*
 * many.h: of a statement for one row, the statement for many. Private to the folder.
 *
 * PostgreSQL takes the rows as one array a column, and unnest() makes rows of them again. Three forms are known:
 *
 *   INSERT INTO t (…) VALUES ($1, $2, 0) …   INSERT INTO t (…) SELECT many.v1, many.v2, 0 FROM unnest($1, $2) AS many (v1, v2) …
 *   UPDATE t SET a = $2 WHERE id = $1        UPDATE t SET a = many.v2 FROM unnest($1, $2) AS many (v1, v2) WHERE id = many.v1
 *   DELETE FROM t WHERE id = $1              DELETE FROM t USING unnest($1) AS many (v1) WHERE id = many.v1
 *
 * One such statement cannot change a row twice, so rows that may meet are told apart by their key and go one after the other.
 */
#ifndef ONEVISIT_STORE_MANY_H
#define ONEVISIT_STORE_MANY_H

#include "base/arena.h"
#include "base/buf.h"

#define MANY_KEYS 8
#define MANY_COLUMNS 64

struct many_form {
  const char *text;                  /* NULL: of another form, to be executed row by row */
  size_t keys[MANY_KEYS], key_count; /* columns, from 0: rows equal in these must not share a statement; none: all may */
};

/* The form of a statement with that many parameters, its text in the arena. */
void many_derive(const char *text, size_t columns, struct arena *arena, struct many_form *ret);

#endif
