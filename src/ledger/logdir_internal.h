/*
 * logdir_internal.h: what the files of the log directory share; nobody outside includes it.
 */
#ifndef ONEVISIT_LEDGER_LOGDIR_INTERNAL_H
#define ONEVISIT_LEDGER_LOGDIR_INTERNAL_H

#include "ledger/logdir.h"
#include "ledger/tiler.h"

struct kept_tile { /* the tile of a level that was read last */
  int64_t index;
  int width; /* 0: none yet */
  struct digest hashes[TILE_WIDTH];
};

struct log_writer;

struct logdir {
  char *dir;
  enum merkle_hash hash;
  int64_t size;
  struct kept_tile *kept[TILE_LEVELS]; /* allocated when a level is first read */
  struct arena bundle_arena;           /* the bundle that was read last */
  int64_t bundle_index;
  int bundle_width; /* 0: none yet */
  struct span entries[TILE_WIDTH];
  struct log_writer *writer; /* NULL where only read */
};

#define LOG_STAGING ".new" /* within DIR: files on their way */
#define LOG_LOCK ".lock"
#define LOG_FILE_MAX ((size_t)TILE_WIDTH * (2 + ENTRY_MAX)) /* the largest bundle; nothing is larger */

int log_say_read(struct error *error, const char *path);   /* log-unreadable, by errno */
int log_say_broken(struct error *error, const char *path); /* log-broken */
char *log_tile_path(struct arena *arena, const char *dir, const struct tile *tile);
/* 0 read, 1 not there, -1 with log-unreadable. */
int log_read_file(struct arena *arena, const char *path, size_t max, struct span *ret, struct error *error);
/* The first `width` hashes or entries of a file that has at least as many; false where it has not. */
bool log_cut(const struct tile *file, struct span bytes, int width, struct span *ret);

void log_writer_close(struct log_writer *writer);
/* A writer from nothing, and its files once all is added: for rebuilding, which adds to the tiler alone. */
int log_writer_open(struct logdir *log, struct error *error);
struct tiler *log_writer_tiler(struct logdir *log);
int log_writer_finish(struct logdir *log, struct error *error);

#endif
