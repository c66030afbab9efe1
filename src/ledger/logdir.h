/*
 * logdir.h: a log as a directory: exactly the public tree of tlog-tiles, which any static web server could serve.
 *
 *   DIR/checkpoint   DIR/tile/<L>/<N>[.p/<W>]   DIR/tile/entries/<N>[.p/<W>]       (DIR/.new and DIR/.lock are the writer's)
 *
 * Files are written under DIR/.new, fsynced, renamed into place, and the directories fsynced: a name stands for whole and
 * durable bytes. A tile never changes: what is there already is compared, and other bytes are refused (log-conflict). The
 * partial files of a tile are removed when the full one is durable; readers fall back to it. `checkpoint` is the only file
 * that is replaced.
 *
 * One thread at a time for each struct; any number of readers beside one writer (an flock on DIR/.lock keeps a second away).
 * Errors: log-unreadable (a file is missing or cannot be read), log-broken (bytes are not what they must be),
 * log-conflict, log-locked, log-full (BUSY: no space; nothing of the tree is lost), log-unwritable, log-failed (an fsync
 * failed: the program must stop and start again). The place of the error is the file.
 */
#ifndef ONEVISIT_LEDGER_LOGDIR_H
#define ONEVISIT_LEDGER_LOGDIR_H

#include "ledger/checkpoint.h"
#include "ledger/tile.h"

struct logdir;

/* ---- reading ---- */

/* Opens a tree of `size` leaves for reading: no file is touched yet. size comes from a checkpoint that was checked. */
int logdir_open(const char *dir, enum merkle_hash hash, int64_t size, struct logdir **ret, struct error *error);
void logdir_close(struct logdir *log);
int64_t logdir_size(const struct logdir *log);

/* The whole tile (or bundle) as the tree of this size has it: a partial one may be cut from a wider file. In the arena. */
int logdir_tile(struct logdir *log, struct arena *arena, int level, int64_t index, struct span *ret, struct error *error);
/* Entry `index`, in the arena. Its hash is not compared with the tree: check a proof, or use logdir_check(). */
int logdir_entry(struct logdir *log, struct arena *arena, int64_t index, struct span *ret, struct error *error);
/* Nodes for merkle_inclusion() and merkle_consistency(); lives as long as the log. Keeps the last tile of each level. */
struct merkle_reader logdir_reader(struct logdir *log);

/* DIR/checkpoint as it stands, in the arena; an empty span where there is none. */
int logdir_checkpoint(const char *dir, struct arena *arena, struct span *ret_note, struct error *error);

/* ---- writing ---- */

/*
 * Opens for appending after the first `size` leaves, whose files must be there (log-unreadable where they are not: begin
 * at the size of DIR/checkpoint, which was published after its files, or at 0, and add the entries again: equal bytes
 * are taken). Makes DIR where it is missing. The struct reads as well: the size is what was committed.
 */
int logdir_append(const char *dir, enum merkle_hash hash, int64_t size, struct logdir **ret, struct error *error);

/*
 * Adds the next entry (at most ENTRY_MAX bytes, else error log-entry); hash is merkle_leaf_of() of it, or NULL to have it
 * computed. Nothing is in its place before logdir_commit(). After an error the struct is of no more use but to be closed.
 */
int logdir_add(struct logdir *log, struct span entry, const struct digest *hash, struct error *error);
/* Every file of the tree with all added entries is durably in its place when this returns 0. */
int logdir_commit(struct logdir *log, struct error *error);
/* The edge with all that was added; compare its root with the checkpoint's before publishing. */
void logdir_edge(const struct logdir *log, struct merkle_edge *ret);
/* Replaces DIR/checkpoint durably. */
int logdir_publish(struct logdir *log, struct span note, struct error *error);

/* ---- checking ---- */

struct logdir_report {
  int64_t leaves, files; /* read and right */
  int64_t beyond;        /* files wholly of leaves after the checkpoint: not published yet, not looked into */
};

/*
 * Reads every file under DIR/tile and finds any byte that does not fit the checkpoint (whose signatures the caller has
 * checked): all entries, all hashes of all levels, the root, and every partial file still served. Error log-broken,
 * with the file, where something is other; also for a file that no tile is called by.
 */
int logdir_check(const char *dir, enum merkle_hash hash, const struct checkpoint *checkpoint, struct logdir_report *ret,
                 struct error *error);

/* Writes all hash tiles of the first `size` leaves again from the bundles alone, byte for byte; ret_root as computed. */
int logdir_rebuild(const char *dir, enum merkle_hash hash, int64_t size, struct digest *ret_root, struct error *error);

#endif
