#include "ledger/note.h"

#include <string.h>

#include "base/text.h"
#include "ledger/cosign.h"

#define EM_DASH "\xe2\x80\x94 "
#define BASE64_KEYID_MIN 8 /* four bytes and at least one more */

static int bad_note(struct error *error)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-note", "签名文本格式无效", "The signed note is malformed");
}

/* ---- parsing ---- */

/* UTF-8, and of control characters LF alone. */
static bool plain_lines(struct span s)
{
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n')
      return false;
  return text_utf8(s);
}

/* The last empty line divides text and signatures. */
static bool split_note(struct span note, struct span *text, struct span *lines)
{
  if (note.n < 2 || note.p[note.n - 1] != '\n' || !plain_lines(note))
    return false;
  for (size_t i = note.n - 1; i-- > 0;)
    if (note.p[i] == '\n' && note.p[i + 1] == '\n') {
      *text = (struct span){note.p, i + 1};
      *lines = (struct span){note.p + i + 2, note.n - i - 2};
      return lines->n > 0;
    }
  return false;
}

static bool parse_line(struct arena *arena, struct span line, struct note_line *ret)
{
  struct span name, blob;
  ret->line = (struct span){line.p, line.n + 1};
  if (!span_starts(line, EM_DASH))
    return false;
  line.p += strlen(EM_DASH);
  line.n -= strlen(EM_DASH);
  if (!span_cut(&line, ' ', &name) || !note_name_valid(name) || line.n < BASE64_KEYID_MIN || !base64_decode(arena, line, &blob) ||
      blob.n <= NOTE_KEYID_BYTES)
    return false;
  ret->name = name;
  memcpy(ret->keyid, blob.p, NOTE_KEYID_BYTES);
  ret->signature = (struct span){blob.p + NOTE_KEYID_BYTES, blob.n - NOTE_KEYID_BYTES};
  return true;
}

static bool same_key(const struct note_line *a, const struct note_line *b)
{
  return memcmp(a->keyid, b->keyid, NOTE_KEYID_BYTES) == 0 && span_eq(a->name, b->name);
}

static bool has_line(const struct note *note, const struct note_line *line)
{
  for (size_t i = 0; i < note->n; i++)
    if (same_key(&note->lines[i], line))
      return true;
  return false;
}

static int parse_lines(struct arena *arena, struct span lines, struct note *ret, struct error *error)
{
  struct span line;
  size_t cap = 0, seen = 0;
  while (span_cut(&lines, '\n', &line)) {
    struct note_line parsed;
    if (++seen > NOTE_LINES_MAX || !parse_line(arena, line, &parsed))
      return bad_note(error);
    if (has_line(ret, &parsed))
      continue;
    ret->lines = arena_grow(arena, ret->lines, ret->n, &cap, sizeof *ret->lines);
    ret->lines[ret->n++] = parsed;
  }
  return 0;
}

int note_parse(struct arena *arena, struct span note, struct note *ret, struct error *error)
{
  struct note parsed = {0};
  struct span lines;
  if (!split_note(note, &parsed.text, &lines))
    return bad_note(error);
  if (parse_lines(arena, lines, &parsed, error))
    return -1;
  *ret = parsed;
  return 0;
}

/* ---- who signed ---- */

static bool line_right(const struct note_line *line, struct span text, const struct verifier *v, int64_t *ret_time)
{
  *ret_time = 0;
  if (verifier_algorithm(v) == NOTE_COSIGNATURE)
    return cosign_check(v, text, line->signature, ret_time);
  return line->signature.n == NOTE_SIGNATURE_BYTES && verifier_bare(v, text, (const unsigned char *)line->signature.p);
}

int note_signed_by(const struct note *note, const struct verifier *v, int64_t *ret_time, struct error *error)
{
  int64_t at;
  for (size_t i = 0; i < note->n; i++) {
    const struct note_line *line = &note->lines[i];
    if (!span_is(line->name, verifier_name(v)) || memcmp(line->keyid, verifier_keyid(v), NOTE_KEYID_BYTES) != 0)
      continue;
    if (!line_right(line, note->text, v, &at))
      return error_set(error, ERROR_BAD_INPUT, "bad-signature", "“%s”的签名无效", "The signature of “%s” is not valid",
                       verifier_name(v));
    if (ret_time)
      *ret_time = at;
    return 1;
  }
  return 0;
}

int note_open(struct arena *arena, struct span bytes, const struct verifier *verifier, struct span *ret_text, struct error *error)
{
  struct note note;
  if (note_parse(arena, bytes, &note, error))
    return -1;
  int found = note_signed_by(&note, verifier, NULL, error);
  if (found < 0)
    return -1;
  if (found == 0)
    return error_set(error, ERROR_BAD_INPUT, "unsigned-note", "没有“%s”的签名", "There is no signature of “%s”",
                     verifier_name(verifier));
  *ret_text = note.text;
  return 0;
}

/* ---- signing ---- */

struct span note_line(struct arena *arena, struct span text, const struct signer *signer)
{
  return span_of(arena_printf(arena, EM_DASH "%s %s\n", signer_name(signer), signer_sign(signer, arena, text)));
}

struct span note_sign(struct arena *arena, struct span text, const struct signer *signer)
{
  struct span line = note_line(arena, text, signer);
  return span_of(arena_printf(arena, "%.*s\n%.*s", (int)text.n, text.p, (int)line.n, line.p));
}
