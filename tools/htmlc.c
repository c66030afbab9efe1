/*
 * htmlc: compiles HTML templates to C functions; every hole is escaped by the HTML context it stands in.
 *
 *   htmlc -o OUT.c -H OUT.h [--uses OTHER.html]… FILE.html…
 *
 * The language (docs/web.md):
 *   {% args struct request *rq, … %}           the whole file is one function named like the file
 *   {% template name(struct request *rq, …) %} or several functions in one file, each up to the next such line
 *   {% include "casework/casework.h" %}        goes to the generated header
 *   {{ expression }}                           a value       {{_ Words }}  {{_ "Words %s", expression }}   translated words
 *   {% C code %}                               control       {% call other(rq, x) %}   {# comment #}
 *
 * A hole where no escape is safe, a block that leaves its HTML context changed, and markup that our Content-Security-Policy
 * would block are errors: «file:line: message», exit 1.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum state {
  TEXT,          /* element content */
  TAG_OPEN,      /* just after «<» */
  TAG_NAME,      /* in the name of a start tag */
  END_TAG,       /* in an end tag */
  TAG_GAP,       /* in a tag, where white space, «/» or «>» must follow */
  BEFORE_ATTR,   /* in a tag, after white space */
  ATTR_NAME,     /* in an attribute's name */
  BEFORE_VALUE,  /* after «=» */
  VALUE,         /* in a double-quoted value */
  LITERAL_VALUE, /* in a single-quoted value: no holes */
  COMMENT,
  DECLARATION, /* <!doctype … */
  RAW,         /* content of script or style */
  RCDATA,      /* content of title or textarea */
};

enum attr { ATTR_PLAIN, ATTR_URL, ATTR_BANNED };
enum url_part { URL_START, URL_REST };

#define NAME_MAX_ 40

struct context {
  enum state state;
  char element[NAME_MAX_]; /* of the tag being read, then of RAW and RCDATA */
  char name[NAME_MAX_];    /* of the attribute being read */
  enum attr attr;
  enum url_part url;
};

#define DEPTH_MAX 64

struct template_file {
  const char *path;
  char *text;
  size_t n, at;
  int line;
};

struct compiler {
  struct template_file *file;
  FILE *c, *h;
  struct context context;
  struct context blocks[DEPTH_MAX]; /* the context at each open «{» */
  int block_lines[DEPTH_MAX];
  unsigned depth;
  bool open; /* a function has begun */
  char last; /* the literal character before a hole */
  char function[128];
  char **known; /* names of all templates */
  size_t known_n;
};

static _Noreturn void fail_at(const struct compiler *cc, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static _Noreturn void fail_at(const struct compiler *cc, int line, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  fprintf(stderr, "%s:%d: ", cc->file->path, line);
  vfprintf(stderr, fmt, ap);
  fputc('\n', stderr);
  va_end(ap);
  exit(1);
}

#define FAIL(cc, ...) fail_at((cc), (cc)->file->line, __VA_ARGS__)

static _Noreturn void die(const char *what, const char *path)
{
  fprintf(stderr, "htmlc: %s: %s: %s\n", path, what, strerror(errno));
  exit(1);
}

static void *get(size_t n)
{
  void *p = calloc(1, n ? n : 1);
  if (!p)
    abort();
  return p;
}

static char *copy(const char *p, size_t n)
{
  char *s = get(n + 1);
  memcpy(s, p, n);
  return s;
}

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_word(char c)
{
  return isalnum((unsigned char)c) || c == '_';
}

static char *trimmed(const char *p, size_t n)
{
  while (n && is_space(*p))
    p++, n--;
  while (n && is_space(p[n - 1]))
    n--;
  return copy(p, n);
}

/* ---- the HTML side: what one literal character does to the context ---- */

static bool one_of(const char *name, const char *const *list)
{
  for (; *list; list++)
    if (!strcasecmp(name, *list))
      return true;
  return false;
}

static enum attr attr_kind(const char *name)
{
  static const char *const urls[] = {"href", "src",        "action",   "formaction", "poster",     "cite",
                                     "data", "background", "manifest", "ping",       "xlink:href", NULL};
  static const char *const banned[] = {"srcdoc", "srcset", NULL};
  if (one_of(name, urls))
    return ATTR_URL;
  return one_of(name, banned) ? ATTR_BANNED : ATTR_PLAIN;
}

static void append_name(struct compiler *cc, char *name, char c)
{
  size_t n = strlen(name);
  if (n + 1 >= NAME_MAX_)
    FAIL(cc, "a name of more than %d characters", NAME_MAX_ - 1);
  name[n] = (char)tolower((unsigned char)c);
  name[n + 1] = 0;
}

static void end_of_tag(struct compiler *cc)
{
  static const char *const raw[] = {"script", "style", NULL};
  static const char *const rcdata[] = {"title", "textarea", NULL};
  static const char *const refused[] = {"iframe", "object", "embed", "xmp", "plaintext", "noembed", "noframes", "base", NULL};
  struct context *x = &cc->context;
  if (one_of(x->element, refused))
    FAIL(cc, "<%s> is not used in our pages", x->element);
  x->state = one_of(x->element, raw) ? RAW : one_of(x->element, rcdata) ? RCDATA : TEXT;
  if (x->state == TEXT)
    x->element[0] = 0;
  x->name[0] = 0;
}

static void end_of_name(struct compiler *cc)
{
  struct context *x = &cc->context;
  if (!strcmp(x->name, "style"))
    FAIL(cc, "a style attribute: the Content-Security-Policy blocks it, use a class of app.css");
  if (!strncmp(x->name, "on", 2))
    FAIL(cc, "an event attribute (%s): the Content-Security-Policy blocks it, use app.js", x->name);
  if (!strcmp(x->name, "http-equiv"))
    FAIL(cc, "http-equiv is not used in our pages: the server sends the headers");
  x->attr = attr_kind(x->name);
  x->url = URL_START;
}

static void in_tag(struct compiler *cc, char c)
{
  struct context *x = &cc->context;
  if (is_space(c) || c == '/') {
    x->state = BEFORE_ATTR;
  } else if (c == '>') {
    end_of_tag(cc);
  } else if (x->state == TAG_GAP) {
    FAIL(cc, "white space is missing between attributes");
  } else if (c == '"' || c == '\'' || c == '<' || c == '=') {
    FAIL(cc, "a stray %c in a tag", c);
  } else {
    x->state = ATTR_NAME;
    x->name[0] = 0;
    append_name(cc, x->name, c);
  }
}

static void in_raw(struct compiler *cc, const char *p, size_t left)
{
  struct context *x = &cc->context;
  size_t n = strlen(x->element);
  if (*p == '<' && left > n + 1 && p[1] == '/' && !strncasecmp(p + 2, x->element, n) && !is_word(p[2 + n])) {
    x->state = END_TAG;
    x->element[0] = 0;
  } else if (x->state == RAW && !is_space(*p)) {
    FAIL(cc, "inline <%s>: the Content-Security-Policy blocks it, put it into web/assets", x->element);
  }
}

/* p is the next literal character, with left more after it in this run of literals. */
static void advance(struct compiler *cc, const char *p, size_t left)
{
  struct context *x = &cc->context;
  const char c = *p;
  switch (x->state) {
  case TEXT:
    if (c == '<')
      x->state = TAG_OPEN;
    break;
  case TAG_OPEN:
    x->element[0] = 0;
    if (c == '/') {
      x->state = END_TAG;
    } else if (c == '!') {
      x->state = left >= 2 && !strncmp(p + 1, "--", 2) ? COMMENT : DECLARATION;
    } else if (isalpha((unsigned char)c)) {
      x->state = TAG_NAME;
      append_name(cc, x->element, c);
    } else {
      FAIL(cc, "a bare «<»: write &lt;");
    }
    break;
  case TAG_NAME:
    if (is_space(c) || c == '/' || c == '>')
      in_tag(cc, c);
    else
      append_name(cc, x->element, c);
    break;
  case TAG_GAP:
  case BEFORE_ATTR:
    in_tag(cc, c);
    break;
  case ATTR_NAME:
    if (c == '=') {
      end_of_name(cc);
      x->state = BEFORE_VALUE;
    } else if (is_space(c) || c == '/' || c == '>') {
      end_of_name(cc);
      in_tag(cc, c);
    } else if (c == '"' || c == '\'' || c == '<') {
      FAIL(cc, "a stray %c in an attribute's name", c);
    } else {
      append_name(cc, x->name, c);
    }
    break;
  case BEFORE_VALUE:
    if (c == '"')
      x->state = VALUE;
    else if (c == '\'')
      x->state = LITERAL_VALUE;
    else
      FAIL(cc, "the value of %s is not quoted", x->name);
    break;
  case VALUE:
    if (c == '"') {
      x->state = TAG_GAP;
      x->name[0] = 0;
    } else {
      x->url = URL_REST;
    }
    break;
  case LITERAL_VALUE:
    if (c == '\'') {
      x->state = TAG_GAP;
      x->name[0] = 0;
    }
    break;
  case END_TAG:
    if (c == '>')
      x->state = TEXT;
    break;
  case DECLARATION:
    if (c == '>')
      x->state = TEXT;
    break;
  case COMMENT:
    if (c == '>' && p[-1] == '-' && p[-2] == '-')
      x->state = TEXT;
    break;
  case RAW:
  case RCDATA:
    in_raw(cc, p, left);
    break;
  }
}

static bool same_context(const struct context *a, const struct context *b)
{
  return a->state == b->state && !strcmp(a->element, b->element) &&
         (a->state != VALUE || (a->attr == b->attr && (a->attr != ATTR_URL || a->url == b->url) && !strcmp(a->name, b->name)));
}

static const char *state_name(const struct context *x)
{
  static const char *const names[] = {
      "element content", "after «<»",           "a tag's name",      "an end tag",           "a tag",
      "a tag",           "an attribute's name", "after «=»",         "an attribute's value", "a single-quoted value",
      "a comment",       "a declaration",       "a script or style", "a title or textarea"};
  return names[x->state];
}

/* ---- the C side ---- */

static void put_quoted(FILE *out, const char *p, size_t n)
{
  fputc('"', out);
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)p[i];
    if (c == '\n' && i + 1 < n)
      fputs("\\n\"\n    \"", out);
    else if (c == '\n')
      fputs("\\n", out);
    else if (c == '"' || c == '\\' || c == '?')
      fprintf(out, "\\%c", c);
    else if (c < 0x20 || c == 0x7f)
      fprintf(out, "\\%03o", c);
    else
      fputc(c, out);
  }
  fputc('"', out);
}

static void put_line(const struct compiler *cc, int line)
{
  fprintf(cc->c, "#line %d \"", line);
  for (const char *p = cc->file->path; *p; p++) {
    if (*p == '"' || *p == '\\')
      fputc('\\', cc->c);
    fputc(*p, cc->c);
  }
  fputs("\"\n", cc->c);
}

static bool blank(const char *p, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (!is_space(p[i]))
      return false;
  return true;
}

static void literal(struct compiler *cc, const char *p, size_t n)
{
  if (!n)
    return;
  if (!cc->open) {
    if (!blank(p, n))
      FAIL(cc, "text before {%% args … %%} or {%% template … %%}");
    return;
  }
  fputs("  html_literal(rq, ", cc->c);
  put_quoted(cc->c, p, n);
  fprintf(cc->c, ", %zu);\n", n);
  for (size_t i = 0; i < n; i++) {
    if (p[i] == 0)
      FAIL(cc, "a NUL character");
    if (n - i >= 11 && !strncasecmp(p + i, "javascript:", 11))
      FAIL(cc, "a javascript: URL");
    advance(cc, p + i, n - i - 1);
    if (p[i] == '\n')
      cc->file->line++;
  }
  cc->last = p[n - 1];
}

/* Which writer serves a hole at this place; also the macro that makes its value. Refuses places without one. */
static const char *writer_for(struct compiler *cc, bool words, const char **ret_macro)
{
  struct context *x = &cc->context;
  *ret_macro = "HOLE";
  if ((x->state == RCDATA || x->state == RAW) && cc->last == '<')
    FAIL(cc, "a hole right after «<»");
  switch (x->state) {
  case TEXT:
    *ret_macro = "HOLE_CONTENT";
    return "html_text";
  case RCDATA:
    return "html_text";
  case VALUE:
    if (x->attr == ATTR_BANNED)
      FAIL(cc, "a hole in the attribute %s", x->name);
    if (x->attr == ATTR_PLAIN)
      return "html_text";
    if (words)
      FAIL(cc, "translated words in a URL");
    if (x->url == URL_REST)
      return "html_component";
    x->url = URL_REST;
    return "html_url";
  case TAG_OPEN:
    FAIL(cc, "a hole right after «<»");
  case TAG_NAME:
  case END_TAG:
    FAIL(cc, "a hole in a tag's name");
  case TAG_GAP:
  case BEFORE_ATTR:
  case ATTR_NAME:
    FAIL(cc, "a hole in a tag outside of a quoted value");
  case BEFORE_VALUE:
    FAIL(cc, "a hole as an unquoted value");
  case LITERAL_VALUE:
    FAIL(cc, "a hole in a single-quoted value: use double quotes");
  case COMMENT:
  case DECLARATION:
    FAIL(cc, "a hole in a comment or declaration");
  case RAW:
    FAIL(cc, "a hole in <%s>", x->element);
  }
  abort();
}

/* The end of a C string or character literal that begins at p. */
static size_t skip_quoted(struct compiler *cc, const char *p, size_t n)
{
  for (size_t i = 1; i < n; i++) {
    if (p[i] == '\\')
      i++;
    else if (p[i] == p[0])
      return i + 1;
  }
  FAIL(cc, "a quote that does not end");
}

static int count_lines(const char *p, size_t n)
{
  int lines = 0;
  for (size_t i = 0; i < n; i++)
    lines += p[i] == '\n';
  return lines;
}

/* «{{_ Words }}» or «{{_ "Words %s", expression }}»; white space inside runs together. */
static void words_hole(struct compiler *cc, const char *text)
{
  const char *macro;
  const char *writer = writer_for(cc, true, &macro);
  size_t n = strlen(text);
  put_line(cc, cc->file->line);
  if (text[0] == '"') {
    size_t end = skip_quoted(cc, text, n);
    const char *rest = text + end;
    while (is_space(*rest))
      rest++;
    if (*rest == 0)
      fprintf(cc->c, "  %s(rq, hole_str(tr(rq, %s)));\n", writer, text);
    else if (*rest == ',')
      fprintf(cc->c, "  %s(rq, hole_str(trf(rq, %s)));\n", writer, text);
    else
      FAIL(cc, "{{_ \"…\" is followed by «,» and arguments");
    return;
  }
  char *flat = get(n + 1);
  size_t m = 0;
  for (size_t i = 0; i < n; i++) {
    if (is_space(text[i])) {
      if (m && flat[m - 1] != ' ')
        flat[m++] = ' ';
    } else {
      flat[m++] = text[i];
    }
  }
  if (!m)
    FAIL(cc, "{{_ }} without words");
  fprintf(cc->c, "  %s(rq, hole_str(tr(rq, ", writer);
  put_quoted(cc->c, flat, m);
  fputs(")));\n", cc->c);
  free(flat);
}

static void value_hole(struct compiler *cc, const char *expression)
{
  if (!*expression)
    FAIL(cc, "an empty hole");
  const char *macro;
  const char *writer = writer_for(cc, false, &macro);
  put_line(cc, cc->file->line);
  fprintf(cc->c, "  %s(rq, %s(%s));\n", writer, macro, expression);
}

static void need_text(struct compiler *cc, const char *what)
{
  if (cc->context.state != TEXT)
    FAIL(cc, "%s in %s: only in element content", what, state_name(&cc->context));
}

static bool known_template(const struct compiler *cc, const char *p, size_t n)
{
  for (size_t i = 0; i < cc->known_n; i++)
    if (strlen(cc->known[i]) == n && !strncmp(cc->known[i], p, n))
      return true;
  return false;
}

static void code_word(struct compiler *cc, const char *p, size_t n)
{
  static const char *const jumps[] = {"return", "goto", "break", "continue", NULL};
  char word[16] = "";
  if (n < sizeof word)
    memcpy(word, p, n);
  if (one_of(word, jumps))
    need_text(cc, word);
  if (known_template(cc, p, n))
    need_text(cc, "a call of another template");
  if ((!strcmp(word, "case") || !strcmp(word, "default")) && cc->depth && !same_context(&cc->blocks[cc->depth - 1], &cc->context))
    FAIL(cc, "«%s» in another HTML context than its switch", word);
}

static void open_block(struct compiler *cc)
{
  if (cc->depth == DEPTH_MAX)
    FAIL(cc, "blocks nest deeper than %d", DEPTH_MAX);
  cc->block_lines[cc->depth] = cc->file->line;
  cc->blocks[cc->depth++] = cc->context;
}

static void close_block(struct compiler *cc)
{
  if (!cc->depth)
    FAIL(cc, "a «}» that closes nothing");
  cc->depth--;
  if (!same_context(&cc->blocks[cc->depth], &cc->context))
    FAIL(cc, "the block of line %d begins in %s and ends in %s", cc->block_lines[cc->depth], state_name(&cc->blocks[cc->depth]),
         state_name(&cc->context));
}

/* A control line inside a tag ends what stood before it: an attribute's name cannot go on after it. */
static void settle(struct compiler *cc)
{
  struct context *x = &cc->context;
  if (x->state == TAG_OPEN || x->state == TAG_NAME || x->state == END_TAG || x->state == BEFORE_VALUE)
    FAIL(cc, "a control line in %s", state_name(x));
  if (x->state == ATTR_NAME)
    end_of_name(cc);
  if (x->state == ATTR_NAME || x->state == BEFORE_ATTR)
    x->state = TAG_GAP;
  if (x->state == TAG_GAP)
    x->name[0] = 0;
}

static void scan_code(struct compiler *cc, const char *p)
{
  size_t n = strlen(p);
  for (size_t i = 0; i < n;) {
    if (p[i] == '"' || p[i] == '\'') {
      i += skip_quoted(cc, p + i, n - i);
    } else if (!strncmp(p + i, "/*", 2)) {
      const char *end = strstr(p + i + 2, "*/");
      if (!end)
        FAIL(cc, "a comment that does not end");
      i = (size_t)(end - p) + 2;
    } else if (!strncmp(p + i, "//", 2) || p[i] == '#') {
      FAIL(cc, "%s in a control line", p[i] == '#' ? "a preprocessor line" : "a // comment");
    } else if (is_word(p[i])) {
      size_t from = i;
      while (i < n && is_word(p[i]))
        i++;
      code_word(cc, p + from, i - from);
    } else {
      if (p[i] == '{')
        open_block(cc);
      else if (p[i] == '}')
        close_block(cc);
      i++;
    }
  }
}

static void finish_function(struct compiler *cc)
{
  if (!cc->open)
    return;
  if (cc->depth)
    fail_at(cc, cc->block_lines[cc->depth - 1], "a block that is not closed");
  if (cc->context.state != TEXT)
    FAIL(cc, "%s ends in %s", cc->function, state_name(&cc->context));
  fputs("}\n", cc->c);
  cc->open = false;
}

static void begin_function(struct compiler *cc, const char *name, size_t name_n, const char *args)
{
  finish_function(cc);
  if (!name_n || name_n >= sizeof cc->function)
    FAIL(cc, "a template needs a name");
  for (size_t i = 0; i < name_n; i++)
    if (!is_word(name[i]))
      FAIL(cc, "«%.*s» is no C name", (int)name_n, name);
  if (strncmp(args, "struct request *rq", 18) != 0)
    FAIL(cc, "the first argument is struct request *rq");
  snprintf(cc->function, sizeof cc->function, "%.*s", (int)name_n, name);
  fprintf(cc->h, "void %s(%s);\n", cc->function, args);
  fputc('\n', cc->c);
  put_line(cc, cc->file->line);
  fprintf(cc->c, "void %s(%s)\n{\n", cc->function, args);
  memset(&cc->context, 0, sizeof cc->context);
  cc->open = true;
}

static void stem_of(const char *path, const char **ret, size_t *ret_n)
{
  const char *slash = strrchr(path, '/');
  *ret = slash ? slash + 1 : path;
  const char *dot = strchr(*ret, '.');
  *ret_n = dot ? (size_t)(dot - *ret) : strlen(*ret);
}

static bool keyword(const char *text, const char *word, const char **ret_rest)
{
  size_t n = strlen(word);
  if (strncmp(text, word, n) != 0 || is_word(text[n]))
    return false;
  *ret_rest = text + n;
  while (is_space(**ret_rest))
    (*ret_rest)++;
  return true;
}

static void template_line(struct compiler *cc, const char *rest)
{
  const char *paren = strchr(rest, '(');
  size_t n = strlen(rest);
  if (!paren || rest[n - 1] != ')')
    FAIL(cc, "write {%% template name(struct request *rq, …) %%}");
  char *args = copy(paren + 1, (size_t)(rest + n - 1 - (paren + 1)));
  begin_function(cc, rest, (size_t)(paren - rest), args);
  free(args);
}

static void control(struct compiler *cc, const char *text)
{
  const char *rest;
  if (keyword(text, "args", &rest)) {
    const char *name;
    size_t n;
    stem_of(cc->file->path, &name, &n);
    if (cc->open)
      FAIL(cc, "a second {%% args %%}");
    begin_function(cc, name, n, rest);
    return;
  }
  if (keyword(text, "template", &rest)) {
    template_line(cc, rest);
    return;
  }
  if (keyword(text, "include", &rest)) {
    if (cc->open)
      FAIL(cc, "includes stand before the template");
    fprintf(cc->h, "#include %s\n", rest);
    return;
  }
  if (!cc->open)
    FAIL(cc, "code before {%% args … %%} or {%% template … %%}");
  settle(cc);
  put_line(cc, cc->file->line);
  if (keyword(text, "call", &rest)) {
    need_text(cc, "a call of another template");
    scan_code(cc, rest);
    fprintf(cc->c, "  %s;\n", rest);
    return;
  }
  size_t n = strlen(text);
  if (!n || !strchr("{};:", text[n - 1]))
    FAIL(cc, "a control line ends in «{», «}», «;» or «:»");
  scan_code(cc, text);
  fprintf(cc->c, "  %s\n", text);
}

/* The end of «{{ … }}» or «{% … %}», outside of quotes. */
static size_t find_close(struct compiler *cc, const char *p, size_t n, const char *close, bool quotes)
{
  for (size_t i = 2; i + 1 < n;) {
    if (!strncmp(p + i, close, 2))
      return i;
    if (quotes && (p[i] == '"' || p[i] == '\''))
      i += skip_quoted(cc, p + i, n - i);
    else
      i++;
  }
  FAIL(cc, "«%.2s» without «%s»", p, close);
}

static void one_item(struct compiler *cc, const char *p, size_t inner_n)
{
  if (p[1] == '{' && p[2] == '_') {
    char *text = trimmed(p + 3, inner_n - 1);
    words_hole(cc, text);
    free(text);
  } else if (p[1] == '{') {
    if (!cc->open)
      FAIL(cc, "a hole before {%% args … %%} or {%% template … %%}");
    char *text = trimmed(p + 2, inner_n);
    value_hole(cc, text);
    free(text);
  } else if (p[1] == '%') {
    char *text = trimmed(p + 2, inner_n);
    control(cc, text);
    free(text);
  }
}

static void compile(struct compiler *cc)
{
  struct template_file *f = cc->file;
  const char *from = f->text;
  for (size_t i = 0; i + 1 < f->n;) {
    const char *p = f->text + i;
    if (p[0] != '{' || (p[1] != '{' && p[1] != '%' && p[1] != '#')) {
      i++;
      continue;
    }
    /* A control line or comment alone on its line takes the line with it. */
    const char *before = p;
    if (p[1] != '{') {
      while (before > from && (before[-1] == ' ' || before[-1] == '\t'))
        before--;
      if (before != f->text && before[-1] != '\n')
        before = p;
    }
    bool words = p[1] == '{' && p[2] == '_';
    const char *close = p[1] == '{' ? "}}" : p[1] == '%' ? "%}" : "#}";
    size_t first = 3;
    while (words && i + first < f->n && is_space(p[first]))
      first++;
    bool quotes = p[1] != '#' && (!words || p[first] == '"');
    size_t end = find_close(cc, p, f->n - i, close, quotes);
    const char *after = p + end + 2;
    bool alone = p[1] != '{' && (before == f->text || before[-1] == '\n') && *after == '\n';
    if (!alone)
      before = p;
    literal(cc, from, (size_t)(before - from));
    one_item(cc, p, end - 2);
    cc->last = 0;
    f->line += count_lines(p, end + 2);
    if (alone) {
      after++;
      f->line++;
    }
    from = after;
    i = (size_t)(after - f->text);
  }
  literal(cc, from, (size_t)(f->text + f->n - from));
  finish_function(cc);
}

/* ---- files ---- */

static char *read_whole(const char *path, size_t *ret_n)
{
  FILE *in = fopen(path, "rb");
  if (!in)
    die("cannot read", path);
  char *text = NULL;
  size_t n = 0, cap = 0, got;
  do {
    if (cap - n < 4097) {
      cap = cap ? cap * 2 : 16384;
      text = realloc(text, cap);
      if (!text)
        abort();
    }
    got = fread(text + n, 1, 4096, in);
    n += got;
  } while (got);
  if (ferror(in))
    die("cannot read", path);
  fclose(in);
  text[n] = 0;
  *ret_n = n;
  return text;
}

static void learn(struct compiler *cc, const char *p, size_t n)
{
  cc->known = realloc(cc->known, (cc->known_n + 1) * sizeof *cc->known);
  if (!cc->known)
    abort();
  cc->known[cc->known_n++] = copy(p, n);
}

/* The names of the templates a file defines. */
static void learn_names(struct compiler *cc, const char *path)
{
  size_t n;
  char *text = read_whole(path, &n);
  for (const char *p = text; (p = strstr(p, "{%")); p += 2) {
    const char *rest, *word = p + 2;
    while (is_space(*word))
      word++;
    if (keyword(word, "args", &rest)) {
      size_t stem_n;
      stem_of(path, &rest, &stem_n);
      learn(cc, rest, stem_n);
    } else if (keyword(word, "template", &rest)) {
      size_t name_n = 0;
      while (is_word(rest[name_n]))
        name_n++;
      learn(cc, rest, name_n);
    }
  }
  free(text);
}

static const char *base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static FILE *create(const char *path)
{
  FILE *out = fopen(path, "wb");
  if (!out)
    die("cannot write", path);
  return out;
}

int main(int argc, char **argv)
{
  const char *c_path = NULL, *h_path = NULL;
  struct compiler cc = {0};
  int n_files = 0;
  char **files = get((size_t)argc * sizeof *files);
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-o") && i + 1 < argc) {
      c_path = argv[++i];
    } else if (!strcmp(argv[i], "-H") && i + 1 < argc) {
      h_path = argv[++i];
    } else if (!strcmp(argv[i], "--uses") && i + 1 < argc) {
      learn_names(&cc, argv[++i]);
    } else {
      files[n_files++] = argv[i];
      learn_names(&cc, argv[i]);
    }
  }
  if (!c_path || !h_path || !n_files) {
    fputs("usage: htmlc -o OUT.c -H OUT.h [--uses OTHER.html]… FILE.html…\n", stderr);
    return 2;
  }
  cc.c = create(c_path);
  cc.h = create(h_path);
  fputs("/* Made by htmlc: change the template instead. */\n#pragma once\n#include \"web/web.h\"\n", cc.h);
  fprintf(cc.c, "/* Made by htmlc: change the template instead. */\n#include \"%s\"\n", base_name(h_path));
  for (int i = 0; i < n_files; i++) {
    struct template_file file = {.path = files[i], .line = 1};
    file.text = read_whole(files[i], &file.n);
    cc.file = &file;
    compile(&cc);
    free(file.text);
  }
  if (fclose(cc.c) || fclose(cc.h))
    die("cannot write", c_path);
  for (size_t i = 0; i < cc.known_n; i++)
    free(cc.known[i]);
  free(cc.known);
  free(files);
  return 0;
}
