/*
 * The rows of one group, kept until its end so that PostgreSQL gets one statement for many of them. SQLite gets each at once:
 * a statement costs it nothing but its work.
 */
#include "engine/internal.h"

#include <string.h>

#include "base/text.h"

struct rowset_run { /* rows of one statement that follow one another */
  const struct sql *sql;
  struct value *values;
  size_t columns, n, cap;
  struct span table; /* empty: reads others too, and stays where it is */
  struct rowset_run *before;
};

/* What a statement changes; empty where it reads tables besides, which no other may then pass. */
static struct span table_of(const struct sql *sql)
{
  struct span rest = span_of(sql->text), word;
  bool insert = span_starts(rest, "INSERT INTO "), remove = span_starts(rest, "DELETE FROM "),
       update = span_starts(rest, "UPDATE ");
  if (!(insert || remove || update) || strstr(sql->text, "SELECT") || strstr(sql->text, "RETURNING") ||
      (update && strstr(sql->text, " FROM ")))
    return (struct span){0};
  for (int words = insert || remove ? 3 : 2; words > 0; words--)
    (void)span_cut(&rest, ' ', &word);
  return word;
}

/* The run a row may join: no statement after it concerns the same table. */
static struct rowset_run *find_run(const struct group_rows *rows, const struct sql *sql, size_t columns)
{
  struct rowset_run *found = rows->last;
  while (found && (found->sql != sql || found->columns != columns))
    found = found->before;
  if (!found || !found->table.n)
    return NULL;
  for (struct rowset_run *run = rows->last; run != found; run = run->before)
    if (!run->table.n || span_eq(run->table, found->table))
      return NULL;
  return found;
}

static struct value keep(struct arena *arena, const struct value *v)
{
  struct value kept = *v;
  if (v->type == VALUE_TEXT || v->type == VALUE_BYTES)
    kept.s = arena_span(arena, v->s);
  return kept;
}

int group_put(struct writer *writer, const struct sql *sql, const struct value *values, size_t n, struct error *error)
{
  struct arena *arena = &writer->group;
  writer->wrote = true;
  if (!writer->engine->turn.db)
    return db_exec(writer->db, sql, values, n, error);
  struct rowset_run *run = find_run(&writer->rows, sql, n);
  if (!run) {
    run = arena_alloc(arena, sizeof *run);
    *run = (struct rowset_run){.sql = sql, .columns = n, .table = table_of(sql), .before = writer->rows.last};
    writer->rows.last = run;
    writer->rows.count++;
  }
  if (run->n == run->cap) {
    size_t cap = run->cap ? 2 * run->cap : 16;
    struct value *more = arena_array(arena, cap * (n ? n : 1), sizeof *more);
    if (run->n && n)
      memcpy(more, run->values, run->n * n * sizeof *more);
    run->values = more;
    run->cap = cap;
  }
  for (size_t i = 0; i < n; i++)
    run->values[run->n * n + i] = keep(arena, &values[i]);
  run->n++;
  return 0;
}

int group_write(struct writer *writer, struct error *error)
{
  struct rowset_run **runs = arena_array(&writer->group, writer->rows.count + 1, sizeof(struct rowset_run *));
  size_t n = writer->rows.count;
  for (struct rowset_run *run = writer->rows.last; run; run = run->before)
    runs[--n] = run;
  int bad = 0;
  for (size_t i = 0; !bad && i < writer->rows.count; i++)
    bad = runs[i]->columns ? db_exec_many(writer->db, runs[i]->sql, runs[i]->values, runs[i]->columns, runs[i]->n, error)
                           : db_exec(writer->db, runs[i]->sql, NULL, 0, error);
  db_flush(writer->db);
  return bad ? -1 : 0;
}
