/*
 * All SQL of credit records: one row a subject, of his newest record.
 */
#include <string.h>

#include "credit/internal.h"

const struct migration credit_migrations[] = {
    {"credit", 1,
     "CREATE TABLE credit (\n"
     "  id BIGKEY,\n"
     "  account TEXT NOT NULL,\n"
     "  case_number TEXT NOT NULL,\n"
     "  reasons TEXT NOT NULL,\n"
     "  basis TEXT NOT NULL,\n"
     "  actor TEXT NOT NULL,\n"
     "  state BIGINT NOT NULL,\n"
     "  standing BIGINT NOT NULL,\n"
     "  marked BIGINT NOT NULL,\n"
     "  appeal TEXT NOT NULL,\n"
     "  answer TEXT NOT NULL,\n"
     "  appealed BIGINT NOT NULL\n"
     ");\n"
     "CREATE INDEX credit_standing ON credit (marked, id) WHERE standing = 1;\n"},
    {0},
};

static const struct sql put = {
    "INSERT INTO credit (id, account, case_number, reasons, basis, actor, state, standing, marked, appeal, answer, appealed)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO UPDATE SET account = $2, case_number = $3,"
    " reasons = $4, basis = $5, actor = $6, state = $7, standing = $8, marked = $9, appeal = $10, answer = $11, appealed = $12"};

#define COLUMNS "id, account, case_number, reasons, basis, actor, state, marked, appeal, answer, appealed"
static const struct sql by_id = {"SELECT " COLUMNS " FROM credit WHERE id = $1"};
static const struct sql standing = {"SELECT " COLUMNS
                                    " FROM credit WHERE standing = 1 AND (marked < $1 OR (marked = $1 AND id < $2))"
                                    " ORDER BY marked DESC, id DESC LIMIT $3"};
static const struct sql is_barred = {"SELECT standing FROM credit WHERE id = $1"};

void credit_project(const void *state, const struct event *events, size_t n, struct rowset *rows)
{
  const struct credit *s = state;
  (void)n;
  ROW_PUT(rows, &put, V_INT(events[0].id), V_STR(s->account), V_STR(s->case_number), V_STR(s->reasons), V_STR(s->basis),
          V_STR(s->by), V_INT(s->state), V_INT(s->state == CREDIT_STANDS || s->state == CREDIT_APPEALED), V_INT(s->marked),
          V_STR(s->appeal), V_STR(s->answer), V_INT(s->appealed));
}

static struct credit_row read_row(const struct rows *rows, struct arena *arena)
{
  return (struct credit_row){.id = rows_int(rows, 0),
                             .account = rows_str(rows, 1, arena),
                             .case_number = rows_str(rows, 2, arena),
                             .reasons = rows_str(rows, 3, arena),
                             .basis = rows_str(rows, 4, arena),
                             .by = rows_str(rows, 5, arena),
                             .state = (enum credit_state)rows_int(rows, 6),
                             .marked = rows_int(rows, 7),
                             .appeal = rows_str(rows, 8, arena),
                             .answer = rows_str(rows, 9, arena),
                             .appealed = rows_int(rows, 10) != 0};
}

int credit_barred(struct db *db, const char *subject, bool *ret, struct error *error)
{
  struct rows rows;
  *ret = false;
  if (!*subject)
    return 0;
  if (DB_QUERY(db, &is_barred, &rows, error, V_INT(credit_id(subject))))
    return -1;
  if (rows_next(&rows))
    *ret = rows_int(&rows, 0) != 0;
  return rows_close(&rows, error);
}

int credit_read(struct db *db, int64_t id, struct arena *arena, bool *ret_found, struct credit_row *ret, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, &by_id, &rows, error, V_INT(id)))
    return -1;
  *ret_found = rows_next(&rows);
  if (*ret_found)
    *ret = read_row(&rows, arena);
  return rows_close(&rows, error);
}

int credit_standing(struct db *db, const struct credit_row *before, size_t max, struct arena *arena, struct credit_row **ret,
                    size_t *ret_n, struct error *error)
{
  struct rows rows;
  struct credit_row *list = NULL;
  size_t n = 0, cap = 0;
  if (DB_QUERY(db, &standing, &rows, error, V_INT(before ? before->marked : INT64_MAX), V_INT(before ? before->id : INT64_MAX),
               V_INT((int64_t)max)))
    return -1;
  while (rows_next(&rows)) {
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    list[n++] = read_row(&rows, arena);
  }
  if (rows_close(&rows, error))
    return -1;
  *ret = list;
  *ret_n = n;
  return 0;
}
