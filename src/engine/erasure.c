/*
 * Erasing an aggregate: the values of its events are destroyed, the events' leaves stay, and one event says on what ground.
 *
 * Order: the line in KEY_DIR/erased is durable before the transaction that destroys commits, and is taken back where that
 * fails. A crash between the two leaves a line that the next start carries out: what was decided is done. The same walk at the
 * start carries out what an older backup does not know.
 */
#include "engine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

#define CHAIN                                                                                                                      \
  "WITH RECURSIVE chain(seq, prev) AS (SELECT seq, prev FROM events WHERE seq = $1"                                                \
  " UNION ALL SELECT e.seq, e.prev FROM events e JOIN chain c ON e.seq = c.prev) "
static const struct sql clear_events = {
    CHAIN "UPDATE events SET body = '', salt = $2, actor = '', key = '' WHERE seq IN (SELECT seq FROM chain)"};
static const struct sql drop_messages = {CHAIN "DELETE FROM outbox WHERE seq IN (SELECT seq FROM chain)"};
static const struct sql find_leaf = {"SELECT 1 FROM leaves WHERE seq = $1"};
static const struct sql find_event = {"SELECT aggregate, type FROM events WHERE seq = $1"};

bool event_erases(const struct event *event)
{
  return event->kind->erasing && strcmp(event->kind->erasing, event->type) == 0;
}

/* ---- the list ---- */

static int list_error(struct error *error)
{
  return error_set(error, errno == ENOSPC ? ERROR_BUSY : ERROR_INTERNAL, "erased-list", "密钥目录中的销毁清单无法读写：%s",
                   "The list of erased records in the key directory cannot be read or written: %s", strerror(errno));
}

static int sync_directory(const char *path)
{
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int bad = fd < 0 || fsync(fd) != 0;
  if (fd >= 0)
    (void)close(fd);
  return bad ? -1 : 0;
}

/* The whole list; a last line without its end was never committed. */
static int read_list(struct engine *engine, struct arena *arena, struct span *ret, struct error *error)
{
  struct stat st;
  if (fstat(engine->erased.fd, &st) != 0)
    return list_error(error);
  char *text = arena_alloc(arena, (size_t)st.st_size + 1);
  size_t n = 0;
  while (n < (size_t)st.st_size) {
    ssize_t got = pread(engine->erased.fd, text + n, (size_t)st.st_size - n, (off_t)n);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return list_error(error);
    n += (size_t)got;
  }
  while (n && text[n - 1] != '\n')
    n--;
  *ret = (struct span){text, n};
  return 0;
}

int erasure_open(struct engine *engine, struct error *error)
{
  struct arena arena = {0};
  struct span list;
  const char *dir = engine->options.key_dir;
  if (!dir) /* nothing is sealed, so nothing can be erased */
    return 0;
  if (mkdir(dir, 0700) != 0 && errno != EEXIST)
    return list_error(error);
  engine->erased.fd = open(arena_printf(&arena, "%s/erased", dir), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int bad = engine->erased.fd < 0 || sync_directory(dir) ? list_error(error) : read_list(engine, &arena, &list, error);
  if (!bad && ftruncate(engine->erased.fd, (off_t)list.n) != 0)
    bad = list_error(error);
  if (!bad)
    engine->erased.committed = engine->erased.size = (int64_t)list.n;
  arena_release(&arena);
  return bad;
}

void erasure_close(struct engine *engine)
{
  if (engine->erased.fd >= 0)
    (void)close(engine->erased.fd);
}

/* «pseudonym aggregate seq kind data», the data being that of the event: what may be known of the case after it. */
static int append_line(struct writer *writer, const struct aggregate *a, const struct event *e, struct error *error)
{
  char hex[2 * LEAF_PSEUDONYM_BYTES + 1];
  hex_encode(a->pseudonym, sizeof a->pseudonym, hex);
  const char *line = arena_printf(&writer->group, "%s %lld %lld %s %.*s\n", hex, (long long)a->id, (long long)e->seq, e->kind->name,
                                  (int)e->body.n, e->body.p);
  size_t n = strlen(line);
  for (size_t done = 0; done < n;) {
    ssize_t wrote = write(writer->engine->erased.fd, line + done, n - done);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote <= 0)
      return list_error(error);
    done += (size_t)wrote;
    writer->engine->erased.size += wrote;
  }
  return fsync(writer->engine->erased.fd) == 0 ? 0 : list_error(error);
}

void erasure_settle(struct engine *engine, int64_t to)
{
  struct erased_list *list = &engine->erased;
  if (to <= list->committed)
    return;
  list->committed = to;
  list->scrub = true;
}

void erasure_take_back(struct engine *engine)
{
  struct erased_list *list = &engine->erased;
  struct error error = {0};
  struct stat st;
  if (list->size == list->committed)
    return;
  /* where another process has written since, the lines are its own to judge */
  bool ours = fstat(list->fd, &st) == 0 && st.st_size == (off_t)list->size;
  if (!ours || ftruncate(list->fd, (off_t)list->committed) != 0 || fsync(list->fd) != 0) {
    (void)list_error(&error);
    log_error("a line of the list of erased records could not be taken back: the next start will erase what it names", &error);
  }
  list->size = list->committed;
}

void erasure_look(struct engine *engine)
{
  struct stat st;
  if (engine->erased.fd >= 0 && fstat(engine->erased.fd, &st) == 0)
    engine->erased.committed = engine->erased.size = st.st_size;
}

void erasure_scrub(struct writer *writer)
{
  struct error error = {0};
  if (!writer->engine->erased.scrub)
    return;
  if (db_scrub(writer->db, &error) == 0)
    writer->engine->erased.scrub = false;
  else if (error.code != ERROR_BUSY)
    log_error("the store could not be cleared of what was erased", &error);
}

/* ---- destroying ---- */

static int query_found(struct db *db, const struct sql *sql, int64_t key, bool *ret, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(db, sql, &rows, error, V_INT(key)))
    return -1;
  *ret = rows_next(&rows);
  return rows_close(&rows, error);
}

int erasure_begin(struct writer *writer, struct aggregate *a, const struct event *e, struct error *error)
{
  bool sealed = false;
  if (a->head == 0 || writer->engine->erased.fd < 0 || query_found(writer->db, &find_leaf, a->head, &sealed, error) || !sealed)
    return error_set(error, ERROR_CONFLICT, "not-sealed", "此前的记录还没有封存入账，请稍后再试",
                     "What came before is not in the ledger yet: please try again in a moment");
  struct rowset rows = {.writer = writer, .error = error, .seq = e->seq};
  if (a->kind->erase)
    a->kind->erase(a->state, &rows);
  if (rows.failed || append_line(writer, a, e, error) ||
      DB_EXEC(writer->db, &clear_events, error, V_INT(a->head), V_BYTES("", 0)) ||
      DB_EXEC(writer->db, &drop_messages, error, V_INT(a->head)))
    return -1;
  aggregate_forget(a);
  return 0;
}

/* ---- after a restore ---- */

struct erased_line {
  unsigned char pseudonym[LEAF_PSEUDONYM_BYTES];
  int64_t id, seq;
  const struct kind *kind;
  struct span data;
};

static bool parse_line(const struct engine *engine, struct span line, struct erased_line *ret)
{
  struct span part[4];
  for (int i = 0; i < 4; i++)
    if (!span_cut(&line, ' ', &part[i]))
      return false;
  ret->kind = kind_find(engine->options.kinds, part[3]);
  ret->data = line;
  return ret->kind && ret->kind->erasing && hex_decode(part[0], ret->pseudonym, sizeof ret->pseudonym) &&
         span_int(part[1], &ret->id) && span_int(part[2], &ret->seq);
}

/* The store has the very event: it and everything before it in the list was carried out. */
static int is_done(struct writer *writer, const struct erased_line *line, bool *ret, struct error *error)
{
  struct rows rows;
  if (DB_QUERY(writer->db, &find_event, &rows, error, V_INT(line->seq)))
    return -1;
  *ret = rows_next(&rows) && rows_int(&rows, 0) == line->id && span_is(rows_span(&rows, 1), line->kind->erasing);
  return rows_close(&rows, error);
}

static int erase_line(struct writer *writer, const struct erased_line *line, struct error *error)
{
  struct aggregate *a;
  json_t *data;
  if (cache_get(writer, line->id, &a, error))
    return -1;
  if (!a->version || a->erased || a->kind != line->kind || memcmp(a->pseudonym, line->pseudonym, sizeof a->pseudonym) != 0)
    return 0; /* not in this store yet, or erased by a line further down */
  return json_read(line->data, "erased", &data, error) || event_append(writer, a, line->kind->erasing, data, error) ? -1 : 0;
}

static int erase_lines(struct writer *writer, void *argument, struct error *error)
{
  struct span rest = *(struct span *)argument;
  while (rest.n) {
    size_t start = rest.n - 1;
    while (start && rest.p[start - 1] != '\n')
      start--;
    struct erased_line line;
    bool done = false;
    bool known = parse_line(writer->engine, (struct span){rest.p + start, rest.n - 1 - start}, &line);
    if (known && (is_done(writer, &line, &done, error) || (!done && erase_line(writer, &line, error))))
      return -1;
    rest.n = done ? 0 : start;
  }
  return 0;
}

int erasure_again(struct engine *engine, struct error *error)
{
  struct arena arena = {0};
  struct span list;
  if (engine->erased.committed == 0)
    return 0;
  int bad = read_list(engine, &arena, &list, error);
  if (!bad)
    bad = engine_seal(engine, error) || engine_ask(engine, erase_lines, &list, error);
  arena_release(&arena);
  return bad ? -1 : 0;
}
