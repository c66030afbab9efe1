#include "web/internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* One edition's pages together are a few megabytes; whatever comes after that is written anew each time. */
#define PIECES_MAX (16 << 20)
#define SLOTS 1024

struct kept {
  struct kept *next;
  piece_writer *write;
  const void *subject;
  enum language lang;
  size_t n;
  char text[];
};

/* Only added to until it is closed, so readers need no lock. Two who write the same piece at once both keep it; that harms nobody.
 */
struct pieces {
  _Atomic(struct kept *) slots[SLOTS];
  _Atomic size_t bytes;
};

struct pieces *pieces_open(void)
{
  struct pieces *pieces = calloc(1, sizeof *pieces);
  if (!pieces)
    abort();
  return pieces;
}

void pieces_close(struct pieces *pieces)
{
  for (size_t i = 0; pieces && i < SLOTS; i++)
    for (struct kept *k = atomic_load(&pieces->slots[i]), *next; k; k = next) {
      next = k->next;
      free(k);
    }
  free(pieces);
}

static _Atomic(struct kept *) *slot_of(struct pieces *pieces, const void *subject)
{
  return &pieces->slots[span_hash((struct span){(const char *)&subject, sizeof subject}) % SLOTS];
}

static const struct kept *find(struct kept *k, piece_writer *write, const void *subject, enum language lang)
{
  while (k && (k->subject != subject || k->write != write || k->lang != lang))
    k = k->next;
  return k;
}

static void keep(struct pieces *pieces, piece_writer *write, const void *subject, enum language lang, struct span text)
{
  size_t size = sizeof(struct kept) + text.n;
  if (atomic_load(&pieces->bytes) + size > PIECES_MAX)
    return;
  struct kept *k = malloc(size);
  if (!k)
    return;
  atomic_fetch_add(&pieces->bytes, size);
  *k = (struct kept){.write = write, .subject = subject, .lang = lang, .n = text.n};
  memcpy(k->text, text.p, text.n);
  _Atomic(struct kept *) *slot = slot_of(pieces, subject);
  k->next = atomic_load(slot);
  while (!atomic_compare_exchange_weak(slot, &k->next, k))
    ;
}

void piece(struct request *rq, struct pieces *pieces, piece_writer *write, const void *subject)
{
  const struct kept *k = pieces ? find(atomic_load(slot_of(pieces, subject)), write, subject, rq->lang) : NULL;
  if (k) {
    buf_bytes(&rq->out, k->text, k->n);
    return;
  }
  struct request nobodys = {.method = METHOD_GET, .path = "", .lang = rq->lang, .arena = rq->arena, .app = rq->app};
  size_t from = rq->out.n;
  nobodys.out = rq->out;
  write(&nobodys, subject);
  rq->out = nobodys.out;
  if (pieces && !rq->out.full)
    keep(pieces, write, subject, rq->lang, (struct span){rq->out.p + from, rq->out.n - from});
}
