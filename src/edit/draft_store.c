/*
 * Drafts in the store.
 */
#include "edit/draft.h"

const struct migration draft_migrations[] = {
    {"draft", 1,
     "CREATE TABLE drafts (\n"
     "  id BIGKEY,\n"
     "  title TEXT NOT NULL,\n"
     "  author TEXT NOT NULL,\n"
     "  stage BIGINT NOT NULL,\n"
     "  checked BIGINT NOT NULL,\n"
     "  fit BIGINT NOT NULL,\n"
     "  files BIGINT NOT NULL,\n"
     "  created BIGINT NOT NULL,\n"
     "  changed BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX drafts_under_way ON drafts (id) WHERE stage <= 3;\n"},
    {0},
};

_Static_assert(DRAFT_APPROVED == 3, "the statement below says so");

#define COLUMNS "id, title, author, stage, fit, checked, files, created, changed"
static const struct sql all = {"SELECT " COLUMNS " FROM drafts WHERE id < $1 ORDER BY id DESC LIMIT $2"};
static const struct sql under_way = {"SELECT " COLUMNS " FROM drafts WHERE id < $1 AND stage <= 3 ORDER BY id DESC LIMIT $2"};

int draft_list(struct db *db, bool open, int64_t before, size_t max, struct arena *arena, struct draft_row **ret, size_t *ret_n,
               struct error *error)
{
  struct rows rows;
  struct draft_row *list = arena_array(arena, max + 1, sizeof *list);
  size_t n = 0;
  if (DB_QUERY(db, open ? &under_way : &all, &rows, error, V_INT(before ? before : INT64_MAX), V_INT((int64_t)max)))
    return -1;
  while (rows_next(&rows))
    list[n++] = (struct draft_row){.id = rows_int(&rows, 0),
                                   .title = rows_str(&rows, 1, arena),
                                   .author = rows_str(&rows, 2, arena),
                                   .stage = (enum draft_stage)rows_int(&rows, 3),
                                   .fit = rows_int(&rows, 4) != 0,
                                   .checked = rows_int(&rows, 5) != 0,
                                   .files = rows_int(&rows, 6),
                                   .created = rows_int(&rows, 7),
                                   .changed = rows_int(&rows, 8)};
  *ret = list;
  *ret_n = n;
  return rows_close(&rows, error);
}

static const struct sql there = {"SELECT 1 FROM drafts WHERE id = $1"};

static int need_row(struct db *db, int64_t id, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &there, &rows, error, V_INT(id)))
    return -1;
  bool found = rows_next(&rows);
  if (rows_close(&rows, error))
    return -1;
  return found ? 0 : error_set(error, ERROR_NOT_FOUND, "no-draft", "没有这份草稿", "There is no such draft");
}

int draft_read(struct db *db, int64_t id, struct arena *arena, struct draft *ret, struct error *error)
{
  static const struct kind *const kinds[] = {&draft_kind, NULL};
  struct event *events;
  size_t n;
  *ret = (struct draft){0};
  if (need_row(db, id, error) || engine_history(db, kinds, id, arena, &events, &n, error))
    return -1;
  for (size_t i = 0; i < n; i++)
    if (draft_kind.evolve(ret, arena, &events[i])) {
      history_free(events, n);
      return error_set(error, ERROR_INTERNAL, "newer-event", "草稿由更新的程序写成", "A newer program wrote this draft");
    }
  history_free(events, n);
  return 0;
}
