/*
 * edition.h: the version of the catalogue that is in force while the program runs, and how another one takes its place.
 *
 * An edition is a catalogue with its promise, never changed. Whoever looks at it borrows it: a request from its first line to its
 * last, the engine while it decides. A new edition is put on the shelf at once; the old one goes when nobody looks at it any more.
 */
#ifndef ONEVISIT_EDIT_EDITION_H
#define ONEVISIT_EDIT_EDITION_H

#include "app/app.h"
#include "casework/world.h"
#include "promise/promise.h"

struct edition {
  struct catalog *catalog;
  struct promise promise;
  struct arena arena;    /* of the promise */
  struct pieces *pieces; /* of its pages */
  struct app app;        /* what requests get: of this edition */
  struct world world;    /* what commands are decided by */
  int users;             /* the shelf's business */
};

void edition_free(struct edition *edition); /* one that was never on a shelf; NULL is fine */

/* A published version from the store. Errors: no-release, version-not-kept, vault-damaged. */
int edition_load(struct store *store, struct db *db, const char *version, struct edition **ret, struct error *error);

/*
 * The version that is to be served by a program that is started with the edition of its folder: what editors have put in force
 * last, unless the folder's was never published before (it is new) or the last one came from a folder too. *edition is replaced,
 * or stays. Once the engine is open, edition_enter() says on the ledger what is served, and keeps its files where they are not kept
 * yet.
 */
int edition_choose(struct store *store, struct edition **edition, bool *ret_folder, struct error *error);
int edition_enter(struct store *store, struct engine *engine, const struct edition *edition, struct error *error);

struct shelf;
/* Takes the edition over. */
struct shelf *shelf_open(struct edition *first);
/* What requests get besides catalogue and promise; before the first request, and lives as long as the shelf. */
void shelf_dress(struct shelf *shelf, const struct app *program);
/* What commands are decided by besides the catalogue; before the engine is opened. */
void shelf_world(struct shelf *shelf, const struct world *world);
void shelf_close(struct shelf *shelf); /* nobody borrows any more */

const struct edition *shelf_borrow(struct shelf *shelf);
void shelf_return(struct shelf *shelf, const struct edition *edition);
/* From now on this one; takes it over. The engine may be NULL. */
void shelf_replace(struct shelf *shelf, struct engine *engine, struct edition *edition);

/*
 * Takes what editors have put in force elsewhere, on another node: *ret_new says whether there was something. Errors: those of
 * edition_load(), and what is on the shelf stays there.
 */
int shelf_follow(struct shelf *shelf, struct engine *engine, struct store *store, struct db *db, bool *ret_new,
                 struct error *error);

/*
 * The edition that counted when event seq was written: *held (NULL to begin) is given back for it, or stays where it is that one.
 * *ret_next: the event from which on another counts; 0: none yet. Errors: those of edition_load(): *held is what it was then, or
 * else what is on the shelf, so that whoever can do with another one goes on.
 */
int shelf_turn(struct shelf *shelf, struct store *store, struct db *db, int64_t seq, const struct edition **held, int64_t *ret_next,
               struct error *error);

/* For web_options: the context is the shelf. */
const struct app *shelf_lend(void *context);
void shelf_give_back(void *context, const struct app *app);

#endif
