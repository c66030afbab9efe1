/*
 * monitor.h: a pure checker over the stream of a log's leaves and checkpoints: who reads them does not matter to it.
 *
 * What it knows and says (anomaly.word):
 *   grammar       a leaf is not of the form of ledger/leaf.h
 *   signature     no key of its department has signed it            key-unknown  by a name that no registered key has
 *   key-early     by a key before its registration                  key-retired  by a key after it was rotated or retired
 *   key-book      an event of the registry is not opened, or its opened values are not those of its leaf
 *   twice         a case has two leaves of one sequence number      gap          a sequence number is left out
 *   prev          its «prev» is not the hash of the case's leaf before
 *   time          it is dated before leaves before it (by more than the tolerance)
 *   future        it is dated after the cosignatures of its checkpoint, or after now
 *   checkpoint    not signed by the log's key                       fork         its root is not that of the leaves seen
 *   shrunk        smaller than one seen before                      stale        none for longer than was asked for
 *   late-notice   an application unanswered for more than 5 working days (Administrative Licensing Law art. 32)
 *   late-decision an item not decided within its statutory working days (art. 42–45), special procedures and the longest
 *                 extension taken off
 *
 * Limits are judged by types, items and times alone, in favour of the office: a limit counts from the leaf that starts it, a
 * notice may come on the day after (acceptance by law is written then), an extension counts as 15 days. An item has the days
 * that the catalogue gave it when its case's plan was pinned (case.plan-pinned); days are counted by the newest calendar.
 * Without a catalogue limits are not judged. Imported history («history.») keeps its own dates.
 *
 * Memory: 160 bytes a case, 80 an open item and 60 each limit that an item ever had. Cases under way are always kept; of the
 * others, and of accounts and the like, the `remember` last used. What was forgotten is counted, and a case that goes on after that
 * is taken up again unchecked at its seam. The state is text, so that a monitor goes on where it ended: only the right edge is read
 * after the first pass.
 */
#ifndef ONEVISIT_WATCH_MONITOR_H
#define ONEVISIT_WATCH_MONITOR_H

#include "base/buf.h"
#include "catalog/catalog.h"
#include "ledger/policy.h"

struct monitor;

struct anomaly {
  const char *word;
  int64_t index;     /* of the leaf; for checkpoints the size */
  char subject[192]; /* case's pseudonym in hex, with « item» where one is meant; "" for the whole log */
  char zh[400], en[400];
};
typedef void anomaly_sink(void *context, const struct anomaly *finding);

struct monitor_options {
  const char *vkey;              /* of the log */
  const struct policy *policy;   /* whose cosignatures are looked at; NULL: none */
  const struct catalog *catalog; /* the first one, as by monitor_catalog(); NULL: none yet */
  int64_t max_age;               /* seconds a checkpoint's newest cosignature may be old; 0: not judged (nor without a policy) */
  int64_t tolerance;             /* seconds of clocks apart; 0: 300 */
  size_t remember;               /* cases that are not under way; 0: 1,000,000 */
  anomaly_sink *sink;
  void *context;
};

/* state: what monitor_state() wrote, empty to begin. Errors: bad-key, bad-state. */
int monitor_open(const struct monitor_options *options, struct span state, struct monitor **ret, struct error *error);
void monitor_close(struct monitor *monitor);

/* The catalogue that counts from the next leaf on; its calendar is borrowed until there is another. */
void monitor_catalog(struct monitor *monitor, const struct catalog *catalog);
/* The whole key book as it stands now: to be given before the leaves it speaks of. */
void monitor_keybook(struct monitor *monitor, struct span book);
int64_t monitor_size(const struct monitor *monitor); /* leaves seen: the next one has this index */
void monitor_leaf(struct monitor *monitor, struct span entry);
/*
 * A checkpoint: first with the leaves up to its size (monitor_wants() says which), then judged. A note that is none at all, or of a
 * smaller size, needs no leaves. now: Unix seconds, 0 where nobody asks.
 */
bool monitor_wants(const struct monitor *monitor, struct span note, int64_t *ret_size);
void monitor_checkpoint(struct monitor *monitor, struct span note, int64_t now);
/* Limits that have passed by now and were not answered; each is found once. */
void monitor_clock(struct monitor *monitor, int64_t now);

void monitor_state(const struct monitor *monitor, struct buf *out);

struct monitor_counts {
  int64_t leaves, findings, cases, forgotten;
  int64_t unchecked; /* leaves from before the registry of keys, whose signatures were not checked */
};
void monitor_counts(const struct monitor *monitor, struct monitor_counts *ret);

#endif
