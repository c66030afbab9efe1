/*
 * What makes sheets of events: replay, the state after each event, the kind's words (words.c), the code.
 */
#include "paper/paper.h"

#include <string.h>

#include "base/text.h"
#include "paper/words.h"

enum { ID_CHARS = 8, DIGEST_CHARS = 16, CERTIFICATE_PLACE = 7 };

/* ---- the code: Crockford's base 32 ---- */

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void digest_sheet(const struct sheet *s, const unsigned char pseudonym[16], struct digest *ret)
{
  struct buf buf;
  buf_init(&buf, (size_t)1 << 22);
  struct json_writer w = json_to(&buf);
  json_begin_array(&w, NULL);
  const char *const head[] = {"onevisit/paper/1", s->word,      s->title.zh, s->number,  s->item,
                              s->issuer.zh,       s->addressee, s->handler,  s->english, s->personal};
  for (size_t i = 0; i < sizeof head / sizeof *head; i++)
    json_put_str(&w, NULL, head[i]);
  json_put_int(&w, NULL, s->at);
  for (size_t i = 0; i < s->n; i++) {
    json_put_str(&w, NULL, s->blocks[i].text);
    for (size_t r = 0; r < s->blocks[i].n; r++)
      for (int k = 0; k < s->blocks[i].columns; k++)
        json_put_str(&w, NULL, s->blocks[i].rows[r].cell[k]);
  }
  json_end(&w);
  const struct span parts[] = {{(const char *)pseudonym, 16}, buf_view(&buf)};
  *ret = sha256_parts(parts, 2);
  buf_release(&buf);
}

static void write_code(struct sheet *s, const struct digest *digest)
{
  char plain[ID_CHARS + DIGEST_CHARS];
  for (int i = 0; i < ID_CHARS; i++)
    plain[i] = digits[s->id >> 5 * (ID_CHARS - 1 - i) & 31];
  for (int i = 0; i < DIGEST_CHARS; i++) { /* 80 bits are 16 digits of five */
    int bit = 5 * i, byte = bit / 8, shift = 11 - bit % 8;
    unsigned two = (unsigned)digest->b[byte] << 8 | digest->b[byte + 1];
    plain[ID_CHARS + i] = digits[two >> shift & 31];
  }
  char *to = s->code;
  for (int i = 0; i < ID_CHARS + DIGEST_CHARS; i++) {
    if (i && i % 4 == 0)
      *to++ = '-';
    *to++ = plain[i];
  }
  *to = '\0';
}

/* The 24 digits as values; false where they are not 24 or not digits. */
static bool read_code(struct span code, unsigned char ret[ID_CHARS + DIGEST_CHARS])
{
  size_t n = 0;
  for (size_t i = 0; i < code.n; i++) {
    char c = code.p[i];
    if (c == '-' || c == ' ')
      continue;
    if (c >= 'a' && c <= 'z')
      c = (char)(c - 'a' + 'A');
    c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
    const char *at = c ? strchr(digits, c) : NULL;
    if (!at || n == ID_CHARS + DIGEST_CHARS)
      return false;
    ret[n++] = (unsigned char)(at - digits);
  }
  return n == ID_CHARS + DIGEST_CHARS;
}

bool sheet_code_id(struct span code, int64_t *ret)
{
  unsigned char values[ID_CHARS + DIGEST_CHARS];
  if (!read_code(code, values))
    return false;
  int64_t id = 0;
  for (int i = 0; i < ID_CHARS; i++)
    id = id << 5 | values[i];
  *ret = id;
  return id >= 8;
}

/* ---- the sheets of a case ---- */

struct making {
  struct arena *arena;
  const struct sheet_city *city;
  const unsigned char *pseudonym;
  struct casefile *c;
  json_t *plan; /* the one pinned now */
  struct sheet *list;
  size_t n, cap;
};

static bool layout_known(const char *layout)
{
  return !*layout || strncmp(layout, "1.", 2) == 0; /* one line for each layout that words.c still has */
}

static int add_sheet(struct making *m, const struct event *e, int place, const char *word, const json_t *record,
                     struct error *error)
{
  struct drafting d = {.arena = m->arena, .city = m->city, .c = m->c, .plan = m->plan, .event = e, .record = record};
  struct sheet s = {.id = e->seq * 8 + place,
                    .word = word,
                    .number = arena_str(m->arena, json_str(record, "number")),
                    .item = arena_str(m->arena, e->item),
                    .at = e->at,
                    .layout = arena_str(m->arena, json_str(record, "layout")),
                    .site = arena_str(m->arena, json_str(record, "site"))};
  if (!layout_known(s.layout))
    return error_set(error, ERROR_INTERNAL, "paper-layout", "文书“%s”由较新版本的程序制作，请用较新的程序打开",
                     "The paper %s was made by a newer program: use that one", s.number);
  d.sheet = &s;
  sheet_write(&d);
  struct digest digest;
  digest_sheet(&s, m->pseudonym, &digest);
  write_code(&s, &digest);
  m->list = arena_grow(m->arena, m->list, m->n, &m->cap, sizeof *m->list);
  m->list[m->n++] = s;
  return 0;
}

/* Everything that one command brought about is told by its paper: limits that began with the acceptance. */
static int evolve_with_limits(struct making *m, const struct event *events, size_t n, size_t *i)
{
  const struct event *e = &events[*i];
  if (casefile_kind.evolve(m->c, m->arena, e))
    return -1;
  while (strcmp(e->type, "accepted") == 0 && *i + 1 < n && strcmp(events[*i + 1].type, "opened") == 0 &&
         events[*i + 1].at == e->at) {
    if (casefile_kind.evolve(m->c, m->arena, &events[*i + 1]))
      return -1;
    ++*i;
  }
  return 0;
}

static int read_event(struct making *m, const struct event *events, size_t n, size_t *i, struct error *error)
{
  const struct event *e = &events[*i];
  json_t *plan = json_object_get(e->data, "plan");
  if (json_is_object(plan))
    m->plan = plan;
  if (evolve_with_limits(m, events, n, i))
    return error_set(error, ERROR_INTERNAL, "unknown-event", "办件历史中有本程序不认识的记录",
                     "The history has an event this program does not know");
  const json_t *list = json_list(e->data, "papers");
  for (size_t k = 0; k < json_array_size(list) && k < CERTIFICATE_PLACE; k++) {
    const json_t *record = json_array_get(list, k);
    const struct paper_words *kind = paper_find(span_of(json_str(record, "paper")));
    if (kind && add_sheet(m, e, (int)k, kind->word, record, error))
      return -1;
  }
  return strcmp(e->type, "issued") == 0 ? add_sheet(m, e, CERTIFICATE_PLACE, SHEET_CERTIFICATE, e->data, error) : 0;
}

int sheets_of(const struct event *events, size_t n, const unsigned char pseudonym[16], const struct sheet_city *city,
              struct arena *arena, struct sheet **ret, size_t *ret_n, struct error *error)
{
  struct making m = {.arena = arena, .city = city, .pseudonym = pseudonym, .c = arena_new(arena, struct casefile)};
  for (size_t i = 0; i < n; i++)
    if (read_event(&m, events, n, &i, error))
      return -1;
  *ret = m.list;
  *ret_n = m.n;
  return 0;
}

int sheets_read(struct db *db, int64_t case_id, const struct sheet_city *city, struct arena *arena, struct sheet **ret,
                size_t *ret_n, struct error *error)
{
  static const struct kind *const kinds[] = {&casefile_kind, NULL};
  unsigned char pseudonym[16];
  struct event *events;
  size_t n;
  if (engine_pseudonym(db, case_id, pseudonym, error) || engine_history(db, kinds, case_id, arena, &events, &n, error))
    return -1;
  int bad = sheets_of(events, n, pseudonym, city, arena, ret, ret_n, error);
  history_free(events, n);
  return bad;
}

/* ---- whose code it is ---- */

static int no_such_paper(struct error *error)
{
  return error_set(error, ERROR_NOT_FOUND, "no-such-paper", "没有带此验证码的文书", "There is no paper with this code");
}

struct found {
  int64_t seq, id;
  bool seen, is_case;
};

/* The first event is the one looked for, or there is none: either way the scan ends. */
static int first_event(void *context, const struct event *event, struct error *error)
{
  struct found *found = context;
  found->seen = true;
  found->is_case = event->seq == found->seq;
  found->id = event->id;
  return error_set(error, ERROR_OK, "found", "找到", "found");
}

int sheet_by_code(struct db *db, struct span code, const struct sheet_city *city, struct arena *arena, struct sheet **ret,
                  int64_t *ret_case, struct error *error)
{
  static const struct kind *const kinds[] = {&casefile_kind, NULL};
  unsigned char asked[ID_CHARS + DIGEST_CHARS], has[ID_CHARS + DIGEST_CHARS];
  struct error why = {0};
  struct sheet *list;
  int64_t id = 0;
  size_t n;
  if (!sheet_code_id(code, &id) || !read_code(code, asked))
    return no_such_paper(error);
  struct found found = {.seq = id / 8};
  if (engine_scan(db, kinds, found.seq - 1, first_event, &found, &why) && !found.seen && strcmp(why.name, "unknown-kind") != 0) {
    *error = why; /* unknown-kind: an event, but no case's */
    return -1;
  }
  if (!found.is_case)
    return no_such_paper(error);
  if (sheets_read(db, found.id, city, arena, &list, &n, error))
    return -1;
  for (size_t i = 0; i < n; i++)
    if (list[i].id == id && read_code(span_of(list[i].code), has) && memcmp(asked, has, sizeof asked) == 0) {
      *ret = &list[i];
      *ret_case = found.id;
      return 0;
    }
  return no_such_paper(error);
}
