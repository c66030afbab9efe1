#include "store/many.h"

#include <string.h>

/* Outside of literals; the start of the word, or NULL. Words are written in capitals in this program. */
static const char *find_word(const char *text, const char *word)
{
  size_t n = strlen(word);
  bool quoted = false;
  for (const char *p = text; *p; p++) {
    if (*p == '\'')
      quoted = !quoted;
    bool starts = p == text || p[-1] == ' ' || p[-1] == '(' || p[-1] == '\n';
    if (!quoted && starts && strncmp(p, word, n) == 0 && (p[n] == ' ' || p[n] == '(' || p[n] == '\n' || p[n] == '\0'))
      return p;
  }
  return NULL;
}

/* The ')' of the '(' at p. */
static const char *closing(const char *p)
{
  int depth = 0;
  bool quoted = false;
  for (; *p; p++) {
    if (*p == '\'')
      quoted = !quoted;
    if (quoted)
      continue;
    depth += *p == '(';
    depth -= *p == ')';
    if (depth == 0)
      return p;
  }
  return NULL;
}

static size_t number_at(const char **p)
{
  size_t n = 0;
  while ((*p)[1] >= '0' && (*p)[1] <= '9' && n <= MANY_COLUMNS)
    n = n * 10 + (size_t)(*++*p - '0');
  return n;
}

static bool has_parameter(const char *text)
{
  bool quoted = false;
  for (; *text; text++) {
    quoted ^= *text == '\'';
    if (!quoted && *text == '$')
      return true;
  }
  return false;
}

/* The text with each $N read from the rows. */
static void put_mapped(struct buf *out, struct span text)
{
  const char *end = text.p + text.n;
  bool quoted = false;
  for (const char *p = text.p; p < end; p++) {
    quoted ^= *p == '\'';
    if (quoted || *p != '$')
      buf_char(out, *p);
    else
      buf_printf(out, "many.v%zu", number_at(&p));
  }
}

static void put_source(struct buf *out, size_t columns)
{
  buf_str(out, "unnest(");
  for (size_t i = 1; i <= columns; i++)
    buf_printf(out, i == 1 ? "$%zu" : ", $%zu", i);
  buf_str(out, ") AS many (");
  for (size_t i = 1; i <= columns; i++)
    buf_printf(out, i == 1 ? "v%zu" : ", v%zu", i);
  buf_char(out, ')');
}

/* «name» is column i of the list «a, b, name»; -1 where it is none. */
static int place_in(struct span list, struct span name)
{
  struct span one;
  for (int i = 0; span_cut(&list, ',', &one); i++)
    if (span_eq(span_trim(one), name))
      return i;
  return -1;
}

/* The value at a place of «$1, $2, 0»: its parameter's number, or 0. */
static size_t parameter_at(struct span list, int place)
{
  struct span one = {0};
  for (int i = 0; i <= place; i++)
    if (!span_cut(&list, ',', &one))
      return 0;
  one = span_trim(one);
  const char *p = one.p;
  if (one.n < 2 || *p != '$')
    return 0;
  size_t n = number_at(&p);
  return p + 1 == one.p + one.n ? n : 0;
}

/* The columns of «ON CONFLICT (a, b) DO UPDATE» as parameters. */
static bool conflict_keys(struct span names, struct span values, const char *tail, struct many_form *form)
{
  const char *conflict = find_word(tail, "CONFLICT");
  if (!conflict || find_word(conflict, "NOTHING"))
    return true;
  const char *open = strchr(conflict, '('), *close = open ? closing(open) : NULL;
  if (!close)
    return false;
  struct span list = {open + 1, (size_t)(close - open - 1)}, one;
  while (span_cut(&list, ',', &one)) {
    int place = place_in(names, span_trim(one));
    size_t parameter = place < 0 ? 0 : parameter_at(values, place);
    if (!parameter || form->key_count == MANY_KEYS)
      return false;
    form->keys[form->key_count++] = parameter - 1;
  }
  return true;
}

static bool derive_insert(const char *text, size_t columns, struct buf *out, struct many_form *form)
{
  const char *names = strchr(text, '('), *names_end = names ? closing(names) : NULL;
  const char *values = names_end ? find_word(names_end, "VALUES") : NULL, *open = values ? strchr(values, '(') : NULL;
  const char *close = open ? closing(open) : NULL;
  if (!close || values != names_end + 2 || find_word(text, "SELECT") || find_word(text, "RETURNING"))
    return false;
  const char *tail = close + 1;
  struct span list = {open + 1, (size_t)(close - open - 1)};
  if (has_parameter(tail) || strchr(tail, ',') == tail || memchr(list.p, '(', list.n) ||
      !conflict_keys((struct span){names + 1, (size_t)(names_end - names - 1)}, list, tail, form))
    return false;
  buf_span(out, (struct span){text, (size_t)(values - text)});
  buf_str(out, "SELECT ");
  put_mapped(out, list);
  buf_str(out, " FROM ");
  put_source(out, columns);
  buf_str(out, tail);
  return true;
}

/* «WHERE id = $1 …»: the first parameter it is compared with tells rows apart. */
static bool where_key(const char *where, struct many_form *form)
{
  const char *p = strchr(where, '=');
  if (!p || p[1] != ' ' || p[2] != '$' || p[-1] != ' ' || find_word(where, "OR"))
    return false;
  p += 2;
  form->keys[form->key_count++] = number_at(&p) - 1;
  return true;
}

static bool derive_change(const char *text, const char *keyword, size_t columns, struct buf *out, struct many_form *form)
{
  const char *where = find_word(text, "WHERE");
  if (!where || find_word(text, "SELECT") || find_word(text, "RETURNING") || !where_key(where, form))
    return false;
  put_mapped(out, (struct span){text, (size_t)(where - text)});
  buf_str(out, keyword);
  put_source(out, columns);
  buf_char(out, ' ');
  put_mapped(out, span_of(where));
  return true;
}

void many_derive(const char *text, size_t columns, struct arena *arena, struct many_form *ret)
{
  struct span s = span_of(text);
  struct many_form form = {0};
  struct buf out;
  bool known = false;
  buf_init(&out, (size_t)1 << 20);
  if (columns == 0 || columns > MANY_COLUMNS)
    ; /* nothing to gain, or too wide */
  else if (span_starts(s, "INSERT INTO "))
    known = derive_insert(text, columns, &out, &form);
  else if (span_starts(s, "UPDATE ") && !find_word(text, "FROM"))
    known = derive_change(text, "FROM ", columns, &out, &form);
  else if (span_starts(s, "DELETE FROM ") && !find_word(text, "USING"))
    known = derive_change(text, "USING ", columns, &out, &form);
  *ret = known ? form : (struct many_form){0};
  if (known)
    ret->text = arena_dup(arena, buf_view(&out));
  buf_release(&out);
}
