/*
 * poc: the words of the interface.
 *
 *   poc -o OUT.c PO            compiles a .po file to the hash table that tr() reads
 *   poc --check PO FILE…       every word of the .c and .html files has a translation, and none is left over; exit 1 with
 *                              «file:line: message» for each finding
 *   poc --list FILE…           prints the words as empty entries of a .po file
 *
 * Words are the string literals after «tr(rq,», «trf(rq,» and «N_(», and {{_ words }} in templates. Of the .po format what
 * Poedit writes is read: comments, msgid and msgstr with continuation lines. No plurals, no contexts.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "web/words.h"

struct word {
  char *id, *text; /* text: the translation, or NULL for a word found in the sources */
  const char *path;
  int line;
  bool used;
};

struct words {
  struct word *list;
  size_t n;
};

static _Noreturn void fail(const char *path, int line, const char *what)
{
  fprintf(stderr, "%s:%d: %s\n", path, line, what);
  exit(1);
}

static void *need(void *p)
{
  if (!p)
    abort();
  return p;
}

static char *read_whole(const char *path)
{
  FILE *in = fopen(path, "rb");
  if (!in)
    fail(path, 0, strerror(errno));
  char *text = NULL;
  size_t n = 0, cap = 0, got;
  do {
    if (cap - n < 4097) {
      cap = cap ? cap * 2 : 16384;
      text = need(realloc(text, cap));
    }
    got = fread(text + n, 1, 4096, in);
    n += got;
  } while (got);
  fclose(in);
  text[n] = 0;
  if (strlen(text) != n)
    fail(path, 1, "a NUL character");
  return text;
}

static void add(struct words *words, char *id, char *text, const char *path, int line)
{
  words->list = need(realloc(words->list, (words->n + 1) * sizeof *words->list));
  words->list[words->n++] = (struct word){id, text, path, line, false};
}

static struct word *find(const struct words *words, const char *id)
{
  for (size_t i = 0; i < words->n; i++)
    if (!strcmp(words->list[i].id, id))
      return &words->list[i];
  return NULL;
}

/* Appends the C string literal at *p (just after its opening quote) to *text; *p ends after the closing quote. */
static void append_literal(const char **p, char **text, const char *path, int line)
{
  size_t n = strlen(*text);
  char *s = need(realloc(*text, n + strlen(*p) + 1));
  while (**p && **p != '"' && **p != '\n') {
    char c = *(*p)++;
    if (c == '\\') {
      c = *(*p)++;
      if (c == 'n')
        c = '\n';
      else if (c == 't')
        c = '\t';
      else if (c != '"' && c != '\\' && c != '?')
        fail(path, line, "an escape other than \\n \\t \\\" \\\\");
    }
    s[n++] = c;
  }
  if (**p != '"')
    fail(path, line, "a string that does not end on its line");
  (*p)++;
  s[n] = 0;
  *text = s;
}

/* ---- .po ---- */

static void read_po(const char *path, struct words *ret)
{
  char *whole = read_whole(path);
  int line = 0, id_line = 0;
  char *id = NULL, *text = NULL, **into = NULL;
  bool fuzzy = false;
  for (char *at = whole, *next; *at; at = next) {
    next = strchr(at, '\n');
    next = next ? next + 1 : at + strlen(at);
    line++;
    const char *p = at;
    if (*p == '#' || isspace((unsigned char)*p)) {
      fuzzy = fuzzy || (!strncmp(p, "#,", 2) && memmem(p, (size_t)(next - p), "fuzzy", 5));
      continue;
    }
    if (!strncmp(p, "msgid ", 6)) {
      if (id && text)
        add(ret, id, text, path, id_line);
      id = need(calloc(1, 1));
      text = NULL;
      into = &id;
      id_line = line;
      if (fuzzy)
        fail(path, line, "a fuzzy entry: check it and remove the mark");
      p += 6;
    } else if (!strncmp(p, "msgstr ", 7)) {
      if (!id)
        fail(path, line, "msgstr without msgid");
      text = need(calloc(1, 1));
      into = &text;
      p += 7;
    } else if (*p != '"') {
      fail(path, line, "not a comment, msgid, msgstr or a string");
    }
    if (*p++ != '"' || !into)
      fail(path, line, "a string is missing");
    append_literal(&p, into, path, line);
  }
  if (id && text)
    add(ret, id, text, path, id_line);
  free(whole);
}

/* ---- sources ---- */

static bool word_before(const char *whole, const char *p)
{
  return p > whole && (isalnum((unsigned char)p[-1]) || p[-1] == '_');
}

static const char *after_call(const char *whole, const char *p)
{
  static const char *const calls[] = {"tr(rq,", "trf(rq,", "N_("};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    size_t n = strlen(calls[i]);
    if (!strncmp(p, calls[i], n) && !word_before(whole, p))
      return p + n;
  }
  return NULL;
}

static const char *skip_space(const char *p, int *line)
{
  for (; isspace((unsigned char)*p); p++)
    *line += *p == '\n';
  return p;
}

/* A string literal, or several one after another; NULL where there is none. */
static char *literals(const char **p, int *line, const char *path)
{
  const char *q = skip_space(*p, line);
  if (*q != '"')
    return NULL;
  char *text = need(calloc(1, 1));
  while (*q == '"') {
    q++;
    append_literal(&q, &text, path, *line);
    *p = q;
    q = skip_space(q, line);
  }
  *p = q;
  return text;
}

static char *plain_words(const char **p, int *line, const char *path)
{
  const char *end = strstr(*p, "}}");
  if (!end)
    fail(path, *line, "{{_ without }}");
  char *text = need(calloc(1, (size_t)(end - *p) + 1));
  size_t n = 0;
  for (const char *q = *p; q < end; q++) {
    *line += *q == '\n';
    if (!isspace((unsigned char)*q))
      text[n++] = *q;
    else if (n && text[n - 1] != ' ')
      text[n++] = ' ';
  }
  if (n && text[n - 1] == ' ')
    text[--n] = 0;
  text[n] = 0;
  *p = end;
  return text;
}

static void note(struct words *ret, char *id, const char *path, int line)
{
  if (find(ret, id))
    free(id);
  else
    add(ret, id, NULL, path, line);
}

static void read_source(const char *path, struct words *ret)
{
  char *whole = read_whole(path);
  int line = 1;
  for (const char *p = whole; *p;) {
    int at = line;
    const char *q = after_call(whole, p);
    char *id = NULL;
    if (q) {
      id = literals(&q, &line, path);
    } else if (!strncmp(p, "{{_", 3)) {
      q = skip_space(p + 3, &line);
      id = *q == '"' ? literals(&q, &line, path) : plain_words(&q, &line, path);
    }
    if (id) {
      note(ret, id, path, at);
      p = q;
    } else {
      line = at + (*p == '\n');
      p++;
    }
  }
  free(whole);
}

/* ---- the three uses ---- */

static void put_quoted(FILE *out, const char *s)
{
  fputc('"', out);
  for (; *s; s++) {
    if (*s == '\n')
      fputs("\\n", out);
    else if (*s == '\t')
      fputs("\\t", out);
    else if (*s == '"' || *s == '\\')
      fprintf(out, "\\%c", *s);
    else
      fputc(*s, out);
  }
  fputc('"', out);
}

static void compile(const struct words *words, const char *path)
{
  size_t slots = 16;
  while (slots < words->n * 2)
    slots *= 2;
  const struct word **table = need(calloc(slots, sizeof *table));
  for (size_t i = 0; i < words->n; i++) {
    if (!*words->list[i].id || !*words->list[i].text)
      continue;
    size_t at = words_hash(words->list[i].id, strlen(words->list[i].id)) & (slots - 1);
    while (table[at])
      at = (at + 1) & (slots - 1);
    table[at] = &words->list[i];
  }
  FILE *out = fopen(path, "wb");
  if (!out)
    fail(path, 0, strerror(errno));
  fputs("/* Made by poc: change the .po file instead. */\n#include \"web/words.h\"\n\n", out);
  fprintf(out, "const size_t words_zh_slots = %zu;\nconst struct translated words_zh[%zu] = {\n", slots, slots);
  for (size_t i = 0; i < slots; i++) {
    if (!table[i])
      continue;
    fprintf(out, "  [%zu] = {", i);
    put_quoted(out, table[i]->id);
    fputs(", ", out);
    put_quoted(out, table[i]->text);
    fputs("},\n", out);
  }
  fputs("};\n", out);
  if (fclose(out))
    fail(path, 0, strerror(errno));
  free(table);
}

/* «%s» and «%1$s» of both texts: the translation takes each argument of the original, and no other. */
static unsigned long arguments(const char *s)
{
  unsigned long set = 0;
  unsigned next = 0;
  for (; *s; s++) {
    if (*s != '%')
      continue;
    s++;
    if (*s == '%')
      continue;
    if (*s == 's')
      set |= 1UL << next++;
    else if (s[0] >= '1' && s[0] <= '9' && s[1] == '$' && s[2] == 's')
      set |= 1UL << (s[0] - '1');
    else
      set |= 1UL << 31;
    if (!*s)
      break;
  }
  return set;
}

static int finding(const struct word *word, const char *what)
{
  fprintf(stderr, "%s:%d: %s: ", word->path, word->line, what);
  put_quoted(stderr, word->id);
  fputc('\n', stderr);
  return 1;
}

static int check(const struct words *po, const struct words *sources)
{
  int findings = 0;
  for (size_t i = 0; i < sources->n; i++) {
    struct word *hit = find(po, sources->list[i].id);
    if (!hit || !*hit->text)
      findings += finding(&sources->list[i], "no translation");
    else
      hit->used = true;
  }
  for (size_t i = 0; i < po->n; i++) {
    const struct word *word = &po->list[i];
    if (!*word->id)
      continue;
    if (find(po, word->id) != word)
      findings += finding(word, "twice");
    else if (!word->used)
      findings += finding(word, "not used any more");
    else if (arguments(word->id) != arguments(word->text))
      findings += finding(word, "the translation takes other arguments");
  }
  return findings ? 1 : 0;
}

static void list(const struct words *sources)
{
  for (size_t i = 0; i < sources->n; i++) {
    printf("#: %s:%d\nmsgid ", sources->list[i].path, sources->list[i].line);
    put_quoted(stdout, sources->list[i].id);
    puts("\nmsgstr \"\"\n");
  }
}

static void release(struct words *words)
{
  for (size_t i = 0; i < words->n; i++) {
    free(words->list[i].id);
    free(words->list[i].text);
  }
  free(words->list);
}

int main(int argc, char **argv)
{
  struct words po = {0}, sources = {0};
  int status = 0;
  if (argc == 4 && !strcmp(argv[1], "-o")) {
    read_po(argv[3], &po);
    compile(&po, argv[2]);
  } else if (argc > 3 && !strcmp(argv[1], "--check")) {
    read_po(argv[2], &po);
    for (int i = 3; i < argc; i++)
      read_source(argv[i], &sources);
    status = check(&po, &sources);
  } else if (argc > 2 && !strcmp(argv[1], "--list")) {
    for (int i = 2; i < argc; i++)
      read_source(argv[i], &sources);
    list(&sources);
  } else {
    fputs("usage: poc -o OUT.c PO | --check PO FILE… | --list FILE…\n", stderr);
    status = 2;
  }
  release(&po);
  release(&sources);
  return status;
}
