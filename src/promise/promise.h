/*
 * promise.h: what a city promises, as it was proved: the published result of the proof, and its place on the ledger.
 *
 * `onevisit check DIR --publish` proves a catalogue and writes the result beside it (DIR/proof.json) when nothing was found;
 * `onevisit serve` reads it, proves nothing, and serves no catalogue but the one that was proved. The file: docs/proof.md.
 *
 * Every published version is one aggregate (kind "catalogue"), its id derived from the version, so that a version is
 * published once and never changed. Command (data) → events:
 *   publish {version, items, things, proved, negative, asked, questions, proof, solver, program, proved_at, pack, draft, reason,
 *            enforce}
 *     → published      the version was not there yet: it is in force from now on
 *     → proved-again   it was, with another proof (SHA-256 of the file); with the same one nothing happens
 *     → kept           it was, but none of its files
 *     → in-force       it was, and enforce says that it counts again
 * by the system (of the folder that it is started with: no reason needed) or by an editor (src/edit: with the reason).
 * pack is the SHA-256 of all files in one (edit/pack.h), draft the draft that it came from; 0: none.
 */
#ifndef ONEVISIT_PROMISE_PROMISE_H
#define ONEVISIT_PROMISE_PROMISE_H

#include "base/buf.h"
#include "catalog/catalog.h"
#include "engine/engine.h"

struct proof;

#define PROMISE_FILE "proof.json" /* in the catalogue's folder */
#define PROMISE_MAX ((size_t)256 << 20)

struct promise_line {
  const char *property; /* docs/proof.md */
  struct words name;
  bool proved; /* else it is on the negative list */
  bool by_structure;
  const struct exception *exception; /* NULL where proved */
  struct words who, what;            /* where not proved: an applicant for whom it fails */
};

struct promise_thing {
  const struct thing *thing;
  struct promise_line *lines;
  size_t line_count;
  double answers; /* how many possible applicants differ in some condition */
  int64_t asked;  /* questions to the solver */
};

struct promise {
  const struct catalog *catalog;
  struct promise_thing *things; /* beside catalog->things */
  int64_t proved, negative;     /* lines */
  int64_t asked;
  const char *solver, *program; /* «Z3 4.8.12», «0.1.0» */
  const char *questions;        /* 64 hex digits: docs/proof.md */
  moment at;                    /* when it was proved */
  struct span text;             /* the file */
  char hash[65];                /* its SHA-256 */
};

/*
 * Writes the file, durably; what stood there stays until then. The proof must be of the whole catalogue, with its questions'
 * digest, and without findings: else error not-fit (BAD_INPUT), and nothing is written. Errors: that, and file.
 */
int promise_write(const char *path, const struct proof *proof, moment at, struct error *error);

/* The same into a buffer. */
int promise_print(const struct proof *proof, moment at, struct buf *out, struct error *error);

/*
 * Reads it, for a loaded catalogue; all lives in the arena and points into the catalogue. Errors, each with what to do:
 * unproved-catalogue (there is no file), proof-other-version (of a catalogue with other content), bad-proof-file.
 */
int promise_read(const char *path, const struct catalog *catalog, struct arena *arena, struct promise *ret, struct error *error);

/* The same from the text, which must outlive it. */
int promise_parse(struct span text, const struct catalog *catalog, struct arena *arena, struct promise *ret, struct error *error);

const struct promise_thing *promise_of(const struct promise *promise, const struct thing *thing);    /* NULL where promise is */
const struct promise_line *promise_line_of(const struct promise_thing *thing, const char *property); /* NULL: not promised */

/* ---- on the ledger ---- */

extern const struct kind catalogue_kind;
extern const struct migration promise_migrations[];

int64_t catalogue_id(const char *version); /* the aggregate of a version */

/* What is said of a publication. */
struct publication {
  const char *pack;   /* 64 hex digits; "" where the files are not kept */
  const char *reason; /* "": the system's, of its folder */
  int64_t draft;
  bool enforce;
  struct actor actor; /* id NULL: the system */
};

/* Enters it where it is not there yet; from any thread but the engine's. Errors: the engine's. */
int promise_enter(struct engine *engine, const struct promise *promise, const struct publication *publication, struct error *error);

/* A published version. */
struct release {
  int64_t id;
  const char *version; /* 64 hex digits */
  moment published;
  int64_t items, things, proved, negative;
  const char *proof;   /* SHA-256 of the newest proof */
  moment proved_at;    /* when that proof was made */
  int64_t seq, latest; /* events: of the publication, and of the newest proof */
  const char *pack;    /* "": its files are not kept, so it can be read, not put in force again */
};

/* Newest first, at most max; after: the last one shown, NULL to begin. */
int release_list(struct db *db, const struct release *after, size_t max, struct arena *arena, struct release **ret, size_t *ret_n,
                 struct error *error);
int release_read(struct db *db, const char *version, struct arena *arena, struct release *ret,
                 struct error *error); /* no-release */

/* Since when which version counts: a version may come back. */
struct term {
  int64_t seq; /* of the event that says so */
  moment since;
  const char *version, *actor, *reason;
  int64_t draft;
};
/* Newest first, before the event given (0: from the newest), at most max. */
int term_list(struct db *db, int64_t before, size_t max, struct arena *arena, struct term **ret, size_t *ret_n,
              struct error *error);
/*
 * The one that counted when event seq was written; what was before the first counts as the first's. *ret_next: the event from which
 * on another counts; 0: none yet. *ret_found is false where there is none at all.
 */
int term_at(struct db *db, int64_t seq, struct arena *arena, struct term *ret, bool *ret_found, int64_t *ret_next,
            struct error *error);

#endif
