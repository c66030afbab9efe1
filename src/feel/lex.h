/*
 * lex.h: the words of an expression, and errors with their place (private to this room).
 */
#ifndef ONEVISIT_FEEL_LEX_H
#define ONEVISIT_FEEL_LEX_H

#include "feel/node.h"

enum token_kind { T_END, T_NUMBER, T_STRING, T_NAME, T_SIGN };

struct token {
  enum token_kind kind;
  struct span text;  /* as written */
  size_t at;         /* offset in the expression */
  struct span value; /* T_STRING: without quotes and escapes */
};

struct parser {
  struct arena *arena;
  struct span text;
  const struct feel_scope *scope; /* never NULL */
  size_t at;                      /* of the next token to read */
  struct token token;
  int depth;
  struct span *names;
  size_t name_count, name_cap;
  struct error *error;
};

/* zh and en may take one span («%.*s»); the place goes before them. */
int feel_fail(struct parser *p, size_t at, const char *zh, const char *en, struct span what);
int feel_next(struct parser *p);

bool feel_at_sign(const struct parser *p, const char *sign);
bool feel_at_word(const struct parser *p, const char *word);
/* Takes «date and time» before a «(» as one word; the parser stands at «date». */
bool feel_at_date_time(const struct parser *p, size_t *ret_after);
int feel_unexpected(struct parser *p);
int feel_expect(struct parser *p, const char *sign);

#endif
