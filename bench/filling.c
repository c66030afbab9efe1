#include "filling.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "engine/lock.h"
#include "ledger/logdir.h"
#include "workload.h"

#define GROUP 20000
#define CASES_AT_ONCE 5000 /* under way beside one another */

static const struct sql insert_event = {
    "INSERT INTO events (seq, kind, aggregate, version, prev, type, at, actor, role, agency, channel, item, key, body, salt)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"};
static const struct sql save_aggregate = {"INSERT INTO aggregates (id, kind, version, head, pseudonym) VALUES ($1, $2, $3, $4, $5)"
                                          " ON CONFLICT (id) DO UPDATE SET version = excluded.version, head = excluded.head"};

/* Cases come in waves: CASES_AT_ONCE of them, each of which gets its events in turn. */
static struct permit_row row_of(int64_t seq)
{
  const int64_t wave = (int64_t)CASES_AT_ONCE * EVENTS_PER_CASE;
  int64_t within = (seq - 1) % wave;
  int step = (int)(within / CASES_AT_ONCE);
  size_t which = (size_t)((seq - 1) / wave * CASES_AT_ONCE + within % CASES_AT_ONCE);
  return (struct permit_row){
      .seq = seq, .id = permit_id(which), .prev = step ? seq - CASES_AT_ONCE : 0, .version = step + 1, .at = 1763950000000 + seq};
}

static int put(struct db *db, int64_t seq, struct error *error)
{
  struct value values[PERMIT_VALUES_MAX];
  unsigned char salt[32];
  struct permit_row row = row_of(seq);
  random_bytes(salt, sizeof salt);
  (void)permit_values(PERMIT_EVENT, &row, 0, values);
  values[14] = V_BYTES(salt, sizeof salt);
  if (db_exec(db, &insert_event, values, 15, error))
    return -1;
  return db_exec(db, &save_aggregate, values, permit_values(PERMIT_AGGREGATE, &row, 0, values), error);
}

void fill_events(const char *url, int64_t first, int64_t last)
{
  struct store *store;
  struct db *db;
  struct error error = {0};
  if (store_open(url, &store, &error) || store_connect(store, DB_WRITE, &db, &error))
    give_up_with(url, &error);
  for (int64_t seq = first; seq <= last;) {
    int64_t end = seq + GROUP - 1 < last ? seq + GROUP - 1 : last;
    int bad = db_begin(db, &error);
    for (; !bad && seq <= end; seq++)
      bad = put(db, seq, &error);
    if (bad || db_commit(db, &error))
      give_up_with(url, &error);
  }
  db_close(db);
  store_close(store);
}

/* ---- leaves ---- */

static const struct sql insert_leaf = {"INSERT INTO leaves (seq, hash, entry) VALUES ($1, $2, $3)"};
static const struct sql insert_checkpoint = {"INSERT INTO checkpoints (size, at, note, edge) VALUES ($1, $2, $3, $4)"};

struct span made_up_entry(int64_t i, size_t length, char out[1024])
{
  memset(out, 'x', length);
  int n = snprintf(out, 1024, "gov-event/v1\nentry %lld\n", (long long)i);
  out[n] = 'x';
  return (struct span){out, length};
}

struct filling {
  struct db *db;
  struct logdir *log; /* NULL: none */
  struct merkle_edge edge;
  size_t length;
};

static int put_leaf(struct filling *f, int64_t i, struct error *error)
{
  char bytes[1024];
  struct span entry = made_up_entry(i, f->length, bytes);
  struct digest hash = merkle_leaf(entry);
  merkle_append(&f->edge, hash);
  if (f->log && logdir_add(f->log, entry, &hash, error))
    return -1;
  return DB_EXEC(f->db, &insert_leaf, error, V_INT(i + 1), V_BYTES(hash.b, DIGEST_BYTES), V_BYTES(entry.p, entry.n));
}

static int sign(struct filling *f, const char *keys, const char *origin, struct arena *arena, struct span *ret_note,
                struct error *error)
{
  struct signer *signer;
  struct checkpoint c = {span_of(origin), f->edge.size, merkle_root(&f->edge)};
  struct lock lock;
  if (signer_open(keys, "log", origin, true, &signer, error))
    return -1;
  *ret_note = note_sign(arena, checkpoint_text(arena, &c), signer);
  signer_free(signer);
  int bad = lock_open(keys, "log.lock", NULL, 0, &lock, error) || lock_move(&lock, *ret_note, &c, error);
  lock_close(&lock);
  return bad;
}

static int put_end(struct filling *f, struct span note, struct error *error)
{
  struct value values[PERMIT_VALUES_MAX];
  struct permit_row row = row_of(f->edge.size);
  struct span edge = merkle_edge_bytes(&f->edge);
  (void)permit_values(PERMIT_EVENT, &row, 0, values);
  return db_begin(f->db, error) ||
         DB_EXEC(f->db, &insert_checkpoint, error, V_INT(f->edge.size), V_INT(row.at), V_TEXT(note), V_BYTES(edge.p, edge.n)) ||
         db_exec(f->db, &insert_event, values, 15, error) || db_commit(f->db, error);
}

void fill_leaves(const char *url, const char *keys, const char *origin, const char *log_dir, int64_t n, size_t length)
{
  struct store *store;
  struct filling f = {.length = length};
  struct arena arena = {0};
  struct span note;
  struct error error = {0};
  if (store_open(url, &store, &error) || store_connect(store, DB_WRITE, &f.db, &error) ||
      (log_dir && logdir_append(log_dir, MERKLE_SHA256, 0, &f.log, &error)))
    give_up_with(url, &error);
  for (int64_t i = 0; i < n;) {
    int bad = db_begin(f.db, &error);
    for (int64_t end = i + GROUP < n ? i + GROUP : n; !bad && i < end; i++)
      bad = put_leaf(&f, i, &error);
    if (bad || db_commit(f.db, &error))
      give_up_with(url, &error);
  }
  if ((f.log && logdir_commit(f.log, &error)) || sign(&f, keys, origin, &arena, &note, &error) || put_end(&f, note, &error) ||
      (f.log && logdir_publish(f.log, note, &error)))
    give_up_with(url, &error);
  if (f.log)
    logdir_close(f.log);
  arena_release(&arena);
  db_close(f.db);
  store_close(store);
}
