#include "edit/edition.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "edit/pack.h"
#include "web/web.h"

void edition_free(struct edition *edition)
{
  if (!edition)
    return;
  pieces_close(edition->pieces);
  catalog_free(edition->catalog);
  arena_release(&edition->arena);
  free(edition);
}

/* ---- versions ---- */

static int load_files(struct edition *e, struct store *store, const struct release *release, struct arena *work,
                      struct error *error)
{
  struct catalog_file *files;
  size_t n;
  struct findings findings = {0};
  if (pack_get(store, release->pack, work, &files, &n, error))
    return -1;
  if (catalog_load_files("catalogue", files, n, &e->catalog, work, &findings, error))
    return findings.n ? error_set(error, ERROR_INTERNAL, "vault-damaged", "保存的目录版本读不了：%s %s%.0s",
                                  "The stored version of the catalogue cannot be read: %s %.0s%s", findings.list[0].place.file,
                                  findings.list[0].wrong.zh, findings.list[0].wrong.en)
                      : -1;
  return strcmp(e->catalog->version.hex, release->version) == 0
             ? 0
             : error_set(error, ERROR_INTERNAL, "vault-damaged", "保存的文件不是这个版本", "The stored files are another version");
}

int edition_load(struct store *store, struct db *db, const char *version, struct edition **ret, struct error *error)
{
  struct release release;
  struct span proof;
  struct arena work = {0};
  if (release_read(db, version, &work, &release, error)) {
    arena_release(&work);
    return -1;
  }
  struct edition *e = calloc(1, sizeof *e);
  if (!e)
    abort();
  int bad = *release.pack ? 0
                          : error_set(error, ERROR_CONFLICT, "version-not-kept", "这个版本的文件没有保存，不能再次生效",
                                      "The files of this version were not kept: it cannot come back");
  bad = bad || load_files(e, store, &release, &work, error) || vault_get(store, release.proof, &e->arena, &proof, error) ||
        promise_parse(proof, e->catalog, &e->arena, &e->promise, error);
  arena_release(&work);
  if (bad)
    edition_free(e);
  else
    *ret = e;
  return bad ? -1 : 0;
}

/* The release of a version; *ret_known is false where it was never published. */
static int find_release(struct db *db, const char *version, struct arena *arena, struct release *ret, bool *ret_known,
                        struct error *error)
{
  int bad = release_read(db, version, arena, ret, error);
  *ret_known = !bad;
  return bad && error->code == ERROR_NOT_FOUND ? 0 : bad;
}

static int choose(struct store *store, struct db *db, struct arena *arena, struct edition **edition, bool *ret_folder,
                  struct error *error)
{
  struct release folder, last;
  struct term *term;
  struct edition *other;
  size_t n;
  bool known = false, kept = false;
  const char *version = (*edition)->catalog->version.hex;
  *ret_folder = true;
  if (term_list(db, 0, 1, arena, &term, &n, error) || find_release(db, version, arena, &folder, &known, error))
    return -1;
  if (!n || !known || strcmp(term->version, version) == 0 || strcmp(term->actor, "system") == 0)
    return 0;
  if (find_release(db, term->version, arena, &last, &kept, error))
    return -1;
  if (!kept || !*last.pack)
    return 0;
  if (edition_load(store, db, term->version, &other, error))
    return -1;
  edition_free(*edition);
  *edition = other;
  *ret_folder = false;
  return 0;
}

int edition_choose(struct store *store, struct edition **edition, bool *ret_folder, struct error *error)
{
  struct db *db;
  struct arena arena = {0};
  if (store_connect(store, DB_READ, &db, error))
    return -1;
  int bad = choose(store, db, &arena, edition, ret_folder, error);
  db_close(db);
  arena_release(&arena);
  return bad;
}

static int keep(struct store *store, const struct edition *e, struct hex *ret, struct arena *arena, struct error *error)
{
  struct catalog_file *files;
  size_t n;
  struct hex proof;
  return catalog_read_files(e->catalog->dir, arena, &files, &n, error) || pack_put(store, files, n, ret, error) ||
                 vault_put(store, e->promise.text, &proof, error)
             ? -1
             : 0;
}

static int enter(struct store *store, struct engine *engine, struct db *db, const struct edition *e, struct arena *arena,
                 struct error *error)
{
  struct release release = {.pack = "", .proof = ""};
  struct term *term;
  struct hex pack = {""};
  size_t n;
  bool known = false;
  if (find_release(db, e->catalog->version.hex, arena, &release, &known, error) || term_list(db, 0, 1, arena, &term, &n, error))
    return -1;
  if ((!known || !*release.pack || strcmp(release.proof, e->promise.hash) != 0) && keep(store, e, &pack, arena, error))
    return -1;
  const struct publication said = {
      .pack = pack.text, .reason = "", .enforce = n && strcmp(term->version, e->catalog->version.hex) != 0};
  return promise_enter(engine, &e->promise, &said, error);
}

int edition_enter(struct store *store, struct engine *engine, const struct edition *e, struct error *error)
{
  struct db *db;
  struct arena arena = {0};
  if (store_connect(store, DB_READ, &db, error))
    return -1;
  int bad = enter(store, engine, db, e, &arena, error);
  db_close(db);
  arena_release(&arena);
  return bad;
}

/* ---- the shelf ---- */

struct shelf {
  pthread_mutex_t lock;
  struct edition *current;
  struct app program;
  struct world world;
};

static void dress(const struct shelf *shelf, struct edition *e)
{
  e->app = shelf->program;
  e->app.catalog = e->catalog;
  e->app.promise = &e->promise;
  if (!e->pieces)
    e->pieces = pieces_open();
  e->app.pieces = e->pieces;
  e->world = shelf->world;
  e->world.catalog = e->catalog;
}

struct shelf *shelf_open(struct edition *first)
{
  struct shelf *shelf = calloc(1, sizeof *shelf);
  if (!shelf)
    abort();
  pthread_mutex_init(&shelf->lock, NULL);
  shelf->current = first;
  first->users = 1; /* the shelf itself */
  dress(shelf, first);
  return shelf;
}

void shelf_dress(struct shelf *shelf, const struct app *program)
{
  shelf->program = *program;
  dress(shelf, shelf->current);
}

void shelf_world(struct shelf *shelf, const struct world *world)
{
  shelf->world = *world;
  dress(shelf, shelf->current);
}

void shelf_close(struct shelf *shelf)
{
  if (!shelf)
    return;
  edition_free(shelf->current);
  pthread_mutex_destroy(&shelf->lock);
  free(shelf);
}

const struct edition *shelf_borrow(struct shelf *shelf)
{
  pthread_mutex_lock(&shelf->lock);
  struct edition *e = shelf->current;
  e->users++;
  pthread_mutex_unlock(&shelf->lock);
  return e;
}

void shelf_return(struct shelf *shelf, const struct edition *edition)
{
  struct edition *e = (struct edition *)(uintptr_t)edition;
  pthread_mutex_lock(&shelf->lock);
  bool last = --e->users == 0;
  pthread_mutex_unlock(&shelf->lock);
  if (last)
    edition_free(e);
}

void shelf_replace(struct shelf *shelf, struct engine *engine, struct edition *edition)
{
  dress(shelf, edition);
  edition->users = 1;
  pthread_mutex_lock(&shelf->lock);
  struct edition *before = shelf->current;
  shelf->current = edition;
  pthread_mutex_unlock(&shelf->lock);
  if (engine)
    engine_set_world(engine, &edition->world);
  shelf_return(shelf, before);
}

static bool is_version(const struct edition *e, const char *version)
{
  return strcmp(e->catalog->version.hex, version) == 0;
}

static int follow(struct shelf *shelf, struct engine *engine, struct store *store, struct db *db, struct arena *arena,
                  bool *ret_new, struct error *error)
{
  struct term *term;
  struct edition *other;
  size_t n;
  if (term_list(db, 0, 1, arena, &term, &n, error))
    return -1;
  const struct edition *now = shelf_borrow(shelf);
  bool same = n == 0 || is_version(now, term->version);
  shelf_return(shelf, now);
  if (same)
    return 0;
  if (edition_load(store, db, term->version, &other, error))
    return -1;
  shelf_replace(shelf, engine, other);
  *ret_new = true;
  return 0;
}

int shelf_follow(struct shelf *shelf, struct engine *engine, struct store *store, struct db *db, bool *ret_new, struct error *error)
{
  struct arena arena = {0};
  *ret_new = false;
  int bad = follow(shelf, engine, store, db, &arena, ret_new, error);
  arena_release(&arena);
  return bad;
}

/* From the shelf where it stands there, else from the store, and then of nobody but the one who holds it. */
static int turn_to(struct shelf *shelf, struct store *store, struct db *db, const char *version, const struct edition **held,
                   struct error *error)
{
  struct edition *other;
  const struct edition *e = shelf_borrow(shelf);
  int bad = 0;
  if (!is_version(e, version)) {
    bad = edition_load(store, db, version, &other, error);
    if (!bad) {
      shelf_return(shelf, e);
      other->users = 1;
      e = other;
    } else if (*held) {
      shelf_return(shelf, e);
      return -1;
    }
  }
  if (*held)
    shelf_return(shelf, *held);
  *held = e;
  return bad;
}

int shelf_turn(struct shelf *shelf, struct store *store, struct db *db, int64_t seq, const struct edition **held, int64_t *ret_next,
               struct error *error)
{
  struct arena arena = {0};
  struct term term = {0};
  bool found = false;
  *ret_next = 0;
  int bad = term_at(db, seq, &arena, &term, &found, ret_next, error);
  if (!bad && !found && !*held)
    *held = shelf_borrow(shelf);
  if (!bad && found && (!*held || !is_version(*held, term.version)))
    bad = turn_to(shelf, store, db, term.version, held, error);
  arena_release(&arena);
  return bad;
}

const struct app *shelf_lend(void *context)
{
  return &shelf_borrow(context)->app;
}

void shelf_give_back(void *context, const struct app *app)
{
  shelf_return(context, (const struct edition *)(const void *)((const char *)app - offsetof(struct edition, app)));
}
