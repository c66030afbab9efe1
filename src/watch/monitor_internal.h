/*
 * monitor_internal.h: what the files of the monitor share.
 */
#ifndef ONEVISIT_WATCH_MONITOR_INTERNAL_H
#define ONEVISIT_WATCH_MONITOR_INTERNAL_H

#include "ledger/checkpoint.h"
#include "ledger/leaf.h"
#include "watch/monitor.h"

struct open_item {
  struct open_item *next;
  int64_t opened;  /* seconds */
  int64_t special; /* a special procedure runs since; 0: none */
  int paused;      /* working days that special procedures took */
  bool extended, told;
  char id[64];
};

struct record { /* of a case, or another aggregate */
  unsigned char pseudonym[LEAF_PSEUDONYM_BYTES];
  struct digest hash; /* of its last leaf */
  int64_t seq, seconds;
  int64_t received; /* an application waits for the notice since; 0: none */
  int64_t pinned;   /* the leaf by which its plan was pinned last, or the first one that we know of */
  bool told;        /* that the notice is late */
  struct open_item *items;
  struct record *chain;         /* in its bucket */
  struct record *newer, *older; /* in its list */
  bool busy;
};

struct record_list {
  struct record *newest, *oldest;
  size_t n;
};

struct limit { /* of an item: so many statutory working days in plans that were pinned from that leaf on; 0: none */
  char *item;
  int64_t from;
  int days;
};

struct known_key {
  struct verifier *verifier;
  int64_t first, last; /* leaves it may sign; last -1: in use */
};

struct opened { /* an event of the registry, from the key book */
  int64_t index;
  struct digest body;
  char *name, *vkey, *before; /* "" where absent */
};

struct monitor {
  struct monitor_options options;
  struct verifier *log;
  struct merkle_edge edge;
  int64_t checkpoint; /* size of the last one judged */
  int64_t latest;     /* second of the latest leaf */
  int64_t latest_new; /* the same, of leaves since the last checkpoint */
  struct known_key *keys;
  size_t key_count, key_cap;
  struct opened *book;
  size_t book_count, book_cap;
  bool registry; /* its first event was seen */
  struct record **buckets;
  size_t bucket_count, record_count;
  struct record_list busy, idle;
  const struct calendar *calendar; /* of the newest catalogue; NULL: limits are not judged */
  struct limit *limits;            /* by item and leaf */
  size_t limit_count, limit_cap;
  struct monitor_counts counts;
  struct arena arena; /* of one leaf */
};

void monitor_say(struct monitor *m, const char *word, int64_t index, const char *subject, const char *zh, const char *en, ...)
    __attribute__((format(printf, 5, 7), format(printf, 6, 7)));

struct record *record_find(const struct monitor *m, const unsigned char *pseudonym); /* NULL: not known */
struct record *record_add(struct monitor *m, const unsigned char *pseudonym);
void record_used(struct monitor *m, struct record *r); /* after a leaf of it: puts it where it belongs, forgets others */
void records_release(struct monitor *m);
struct open_item *record_item(struct record *r, struct span id, bool add);

/* All must be sorted before they are asked for. */
void limit_add(struct monitor *m, struct span item, int64_t from, int days);
void limits_sort(struct monitor *m);
void limits_release(struct monitor *m);
/* Limits that this leaf starts, answers or moves. */
void limits_leaf(struct monitor *m, struct record *r, const struct leaf_view *leaf, int64_t index);
int monitor_key_add(struct monitor *m, const char *vkey, int64_t first, int64_t last, struct error *error);

#endif
