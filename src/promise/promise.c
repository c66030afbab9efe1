/*
 * The rules of published versions, and what enters one.
 */
#include "promise/promise.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { REASON_MAX = 2000 };

struct published {
  const char *proof, *pack; /* proof NULL: not published yet */
};

int64_t catalogue_id(const char *version)
{
  return aggregate_id_from("catalogue", version);
}

static bool is_digest(const char *text)
{
  unsigned char bytes[DIGEST_BYTES];
  return hex_decode(span_of(text), bytes, sizeof bytes);
}

static int check_actor(const struct command *c, struct error *error)
{
  struct span reason = span_trim(span_of(json_str(c->data, "reason")));
  if (strcmp(c->actor.role, "system") == 0)
    return 0;
  if (strcmp(c->actor.role, "editor") != 0)
    return error_set(error, ERROR_FORBIDDEN, "not-your-role", "目录版本由系统登记，或由目录编辑发布",
                     "Versions of the catalogue are entered by the system or published by an editor");
  if (reason.n == 0 || reason.n > REASON_MAX || !text_plain(reason)) {
    (void)error_set(error, ERROR_BAD_INPUT, "bad-argument", "请写明理由（至多 2000 字节）",
                    "Please give the reason (at most 2000 bytes)");
    return error_at(error, "reason");
  }
  return 0;
}

static json_t *without(const json_t *data, const char *key)
{
  json_t *copy = json_deep_copy(data);
  (void)json_object_del(copy, key);
  return copy;
}

static int decide(const void *state, const struct command *c, struct decision *d, struct error *error)
{
  const struct published *p = state;
  const char *version = json_str(c->data, "version"), *proof = json_str(c->data, "proof"), *pack = json_str(c->data, "pack");
  if (strcmp(c->type, "publish") != 0)
    return error_set(error, ERROR_BAD_INPUT, "unknown-command", "没有“%s”这个操作", "There is no command “%s”", c->type);
  if (check_actor(c, error))
    return -1;
  if (!is_digest(version) || !is_digest(proof) || (*pack && !is_digest(pack)) || c->id != catalogue_id(version))
    return error_set(error, ERROR_BAD_INPUT, "bad-argument", "目录版本无效", "This is no version of a catalogue");
  if (!p->proof || strcmp(p->proof, proof) != 0)
    decision_emit(d, p->proof ? "proved-again" : "published", "", without(c->data, "enforce"));
  if (p->proof && !*p->pack && *pack)
    decision_emit(d, "kept", "", json_pack("{s:s}", "pack", pack));
  if (p->proof && json_flag(c->data, "enforce"))
    decision_emit(d, "in-force", "",
                  json_pack("{s:s,s:I,s:s}", "version", version, "draft", (json_int_t)json_int(c->data, "draft"), "reason",
                            json_str(c->data, "reason")));
  return 0;
}

static int evolve(void *state, struct arena *arena, const struct event *e)
{
  struct published *p = state;
  if (strcmp(e->type, "in-force") == 0)
    return 0;
  if (strcmp(e->type, "kept") == 0) {
    p->pack = arena_str(arena, json_str(e->data, "pack"));
    return 0;
  }
  if (strcmp(e->type, "published") != 0 && strcmp(e->type, "proved-again") != 0)
    return -1;
  if (!p->proof)
    p->pack = arena_str(arena, json_str(e->data, "pack"));
  p->proof = arena_str(arena, json_str(e->data, "proof"));
  return 0;
}

static const struct sql enters = {
    "INSERT INTO catalogue_versions (id, version, published, items, things, proved, negative, proof, proved_at, seq, latest, pack)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)"};
static const struct sql again = {
    "UPDATE catalogue_versions SET proved = $2, negative = $3, proof = $4, proved_at = $5, latest = $6 WHERE id = $1"};

static const struct sql keeps = {"UPDATE catalogue_versions SET pack = $2 WHERE id = $1"};
static const struct sql begins = {"INSERT INTO catalogue_terms (seq, version, since, actor, draft, reason)"
                                  " VALUES ($1, $2, $3, $4, $5, $6)"};

static void begin_term(struct rowset *rows, const struct event *e)
{
  ROW_PUT(rows, &begins, V_INT(e->seq), V_STR(json_str(e->data, "version")), V_INT(e->at), V_STR(e->actor.id),
          V_INT(json_int(e->data, "draft")), V_STR(json_str(e->data, "reason")));
}

static void project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  (void)state;
  for (size_t i = 0; i < n; i++) {
    const struct event *e = &events[i];
    const json_t *d = e->data;
    if (strcmp(e->type, "published") == 0)
      ROW_PUT(rows, &enters, V_INT(e->id), V_STR(json_str(d, "version")), V_INT(e->at), V_INT(json_int(d, "items")),
              V_INT(json_int(d, "things")), V_INT(json_int(d, "proved")), V_INT(json_int(d, "negative")),
              V_STR(json_str(d, "proof")), V_INT(json_int(d, "proved_at")), V_INT(e->seq), V_STR(json_str(d, "pack")));
    else if (strcmp(e->type, "proved-again") == 0)
      ROW_PUT(rows, &again, V_INT(e->id), V_INT(json_int(d, "proved")), V_INT(json_int(d, "negative")), V_STR(json_str(d, "proof")),
              V_INT(json_int(d, "proved_at")), V_INT(e->seq));
    else if (strcmp(e->type, "kept") == 0)
      ROW_PUT(rows, &keeps, V_INT(e->id), V_STR(json_str(d, "pack")));
    if (strcmp(e->type, "published") == 0 || strcmp(e->type, "in-force") == 0)
      begin_term(rows, e);
  }
}

const struct kind catalogue_kind = {
    .name = "catalogue", .state_size = sizeof(struct published), .decide = decide, .evolve = evolve, .project = project};

int promise_enter(struct engine *engine, const struct promise *p, const struct publication *said, struct error *error)
{
  json_t *data =
      json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:s,s:s,s:s,s:s,s:I,s:s,s:I,s:s,s:b}", "version", p->catalog->version.hex, "items",
                (json_int_t)p->catalog->item_count, "things", (json_int_t)p->catalog->thing_count, "proved", (json_int_t)p->proved,
                "negative", (json_int_t)p->negative, "asked", (json_int_t)p->asked, "questions", p->questions, "proof", p->hash,
                "solver", p->solver, "program", p->program, "proved_at", (json_int_t)p->at, "pack", said->pack, "draft",
                (json_int_t)said->draft, "reason", said->reason, "enforce", said->enforce);
  const struct command command = {.kind = &catalogue_kind,
                                  .id = catalogue_id(p->catalog->version.hex),
                                  .expect = -1,
                                  .type = "publish",
                                  .key = "",
                                  .actor = said->actor.id ? said->actor : (struct actor){"system", "system", "", "system"},
                                  .data = data};
  int bad = engine_do(engine, &command, NULL, error);
  json_decref(data);
  return bad;
}

/* ---- the rows ---- */

const struct migration promise_migrations[] = {
    {"promise", 1,
     "CREATE TABLE catalogue_versions (\n"
     "  id BIGKEY,\n"
     "  version TEXT NOT NULL,\n"
     "  published BIGINT NOT NULL,\n"
     "  items BIGINT NOT NULL,\n"
     "  things BIGINT NOT NULL,\n"
     "  proved BIGINT NOT NULL,\n"
     "  negative BIGINT NOT NULL,\n"
     "  proof TEXT NOT NULL,\n"
     "  proved_at BIGINT NOT NULL,\n"
     "  seq BIGINT NOT NULL,\n"
     "  latest BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX catalogue_versions_newest ON catalogue_versions (published, id);\n"},
    {"promise", 2,
     "ALTER TABLE catalogue_versions ADD COLUMN pack TEXT NOT NULL DEFAULT '';\n"
     "CREATE TABLE catalogue_terms (\n"
     "  seq BIGKEY,\n"
     "  version TEXT NOT NULL,\n"
     "  since BIGINT NOT NULL,\n"
     "  actor TEXT NOT NULL,\n"
     "  draft BIGINT NOT NULL,\n"
     "  reason TEXT NOT NULL\n"
     ");\n"
     "INSERT INTO catalogue_terms SELECT seq, version, published, 'system', 0, '' FROM catalogue_versions;\n"},
    {0},
};

#define COLUMNS "id, version, published, items, things, proved, negative, proof, proved_at, seq, latest, pack"
static const struct sql newest = {"SELECT " COLUMNS " FROM catalogue_versions WHERE published < $1 OR (published = $1 AND id < $2)"
                                  " ORDER BY published DESC, id DESC LIMIT $3"};
static const struct sql by_id = {"SELECT " COLUMNS " FROM catalogue_versions WHERE id = $1"};

static struct release read_row(const struct rows *rows, struct arena *arena)
{
  return (struct release){.id = rows_int(rows, 0),
                          .version = rows_str(rows, 1, arena),
                          .published = rows_int(rows, 2),
                          .items = rows_int(rows, 3),
                          .things = rows_int(rows, 4),
                          .proved = rows_int(rows, 5),
                          .negative = rows_int(rows, 6),
                          .proof = rows_str(rows, 7, arena),
                          .proved_at = rows_int(rows, 8),
                          .seq = rows_int(rows, 9),
                          .latest = rows_int(rows, 10),
                          .pack = rows_str(rows, 11, arena)};
}

int release_list(struct db *db, const struct release *after, size_t max, struct arena *arena, struct release **ret, size_t *ret_n,
                 struct error *error)
{
  struct rows rows;
  struct release *list = arena_array(arena, max + 1, sizeof *list);
  size_t n = 0;
  if (DB_QUERY(db, &newest, &rows, error, V_INT(after ? after->published : INT64_MAX), V_INT(after ? after->id : 0),
               V_INT((int64_t)max)))
    return -1;
  while (rows_next(&rows))
    list[n++] = read_row(&rows, arena);
  *ret = list;
  *ret_n = n;
  return rows_close(&rows, error);
}

int release_read(struct db *db, const char *version, struct arena *arena, struct release *ret, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &by_id, &rows, error, V_INT(catalogue_id(version))))
    return -1;
  bool found = rows_next(&rows);
  if (found)
    *ret = read_row(&rows, arena);
  if (rows_close(&rows, error))
    return -1;
  return found ? 0
               : error_set(error, ERROR_NOT_FOUND, "no-release", "没有公布过这个目录版本",
                           "This version of the catalogue was not published");
}

#define TERM "seq, version, since, actor, draft, reason"
static const struct sql terms = {"SELECT " TERM " FROM catalogue_terms WHERE seq < $1 ORDER BY seq DESC LIMIT $2"};
static const struct sql later_terms = {"SELECT " TERM " FROM catalogue_terms WHERE seq > $1 ORDER BY seq LIMIT $2"};

static int read_terms(struct db *db, const struct sql *sql, int64_t seq, size_t max, struct arena *arena, struct term **ret,
                      size_t *ret_n, struct error *error)
{
  struct rows rows;
  struct term *list = arena_array(arena, max + 1, sizeof *list);
  size_t n = 0;
  if (DB_QUERY(db, sql, &rows, error, V_INT(seq), V_INT((int64_t)max)))
    return -1;
  while (rows_next(&rows))
    list[n++] = (struct term){.seq = rows_int(&rows, 0),
                              .version = rows_str(&rows, 1, arena),
                              .since = rows_int(&rows, 2),
                              .actor = rows_str(&rows, 3, arena),
                              .draft = rows_int(&rows, 4),
                              .reason = rows_str(&rows, 5, arena)};
  *ret = list;
  *ret_n = n;
  return rows_close(&rows, error);
}

int term_list(struct db *db, int64_t before, size_t max, struct arena *arena, struct term **ret, size_t *ret_n, struct error *error)
{
  return read_terms(db, &terms, before ? before : INT64_MAX, max, arena, ret, ret_n, error);
}

int term_at(struct db *db, int64_t seq, struct arena *arena, struct term *ret, bool *ret_found, int64_t *ret_next,
            struct error *error)
{
  struct term *then, *later;
  size_t n, later_n;
  if (read_terms(db, &terms, seq + 1, 1, arena, &then, &n, error) ||
      read_terms(db, &later_terms, seq, 2, arena, &later, &later_n, error))
    return -1;
  size_t first = n ? 0 : 1; /* of the later ones, the next */
  *ret_found = n || later_n;
  if (*ret_found)
    *ret = n ? then[0] : later[0];
  *ret_next = later_n > first ? later[first].seq : 0;
  return 0;
}
