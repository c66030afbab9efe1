/*
 * error.h: errors are values: what kind, what is wrong in Chinese and English, where, what to do.
 *
 * A function that can fail takes a struct error * last, fills it and returns -1; it returns 0 and
 * leaves the error alone on success. Library code never logs: whoever answers a person or ends the
 * program shows the error once. Both sentences are complete and end without a full stop.
 */
#ifndef ONEVISIT_BASE_ERROR_H
#define ONEVISIT_BASE_ERROR_H

/*      code          HTTP  meaning */
#define ERROR_CODES(X)                                                                                                             \
  X(OK, 200)        /* no error */                                                                                                 \
  X(BAD_INPUT, 400) /* the sender can mend it */                                                                                   \
  X(SIGN_IN, 401)   /* nobody is signed in */                                                                                      \
  X(FORBIDDEN, 403) /* this person may not */                                                                                      \
  X(NOT_FOUND, 404) /* there is no such thing, or not for you */                                                                   \
  X(CONFLICT, 409)  /* the record has moved on: reload */                                                                          \
  X(TOO_LARGE, 413) /* over a limit on size */                                                                                     \
  X(BAD_TYPE, 415)  /* a content type that is not taken */                                                                         \
  X(RULE, 422)      /* understood, and against a rule of law */                                                                    \
  X(TOO_MANY, 429)  /* throttled */                                                                                                \
  X(INTERNAL, 500)  /* our fault */                                                                                                \
  X(BUSY, 503)      /* try again: the queue is full, the disk is full, the store is away */

enum error_code {
#define X(name, http) ERROR_##name,
  ERROR_CODES(X)
#undef X
};

struct error {
  enum error_code code;
  const char *name; /* stable, kebab-case, a literal: the problem type of the API */
  char zh[320];     /* what is wrong */
  char en[320];
  char where[200]; /* file:line:column, or the field; "" where it does not apply */
};

/*
 * Fills *error and returns -1, so that a function ends in «return error_set(…)». The same arguments
 * serve both sentences, in the same order. A NULL error is allowed.
 */
int error_set(struct error *error, enum error_code code, const char *name, const char *zh, const char *en, ...)
    __attribute__((format(printf, 4, 6), format(printf, 5, 6)));

/* Adds the place to an error already set; returns -1. */
int error_at(struct error *error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int error_http(enum error_code code);

#endif
