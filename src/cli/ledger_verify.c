#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/ledger.h"
#include "cli/mechanisms.h"
#include "record/record.h"
#include "watch/registry.h"

#define BOOK_MAX ((size_t)16 << 20)

static const char usage_zh[] = "用法：onevisit ledger verify [存储URL] [--key 公钥] [--log 目录] [--keys 目录] [--json]\n"
                               "  核验全部事件与账本，以及公开的账本目录：0 完好，1 被改动（指出何处），2 参数有误，3 无法核验\n"
                               "  --key   账本公布的公钥（名称+编号+公钥）；不给则用存储中的公钥\n"
                               "  --log   公开的账本目录（默认在存储旁）\n"
                               "  --keys  签名密钥目录，内有 log.lock（默认在存储旁）\n";
static const char usage_en[] =
    "Usage: onevisit ledger verify [STORE] [--key KEY] [--log DIR] [--keys DIR] [--json]\n"
    "  Checks every event against the ledger, and the public log directory: 0 intact, 1 broken (saying where), 2 bad arguments,\n"
    "  3 cannot be checked\n"
    "  --key   the log's public key as published (name+id+key); without it the one in the store is used\n"
    "  --log   the public log (default: beside the store)\n"
    "  --keys  the signing keys, with log.lock (default: beside the store)\n";

struct whole_report {
  struct ledger_report store;
  struct logdir_report dir, sm3;
  bool has_dir;
};

static void print_json(const struct whole_report *r, const struct error *error)
{
  struct buf buf;
  buf_init(&buf, 8192);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_bool(&w, "intact", error == NULL);
  if (error) {
    json_put_str(&w, "where", error->where);
    json_put_str(&w, "zh", error->zh);
    json_put_str(&w, "en", error->en);
  } else {
    json_put_int(&w, "events", r->store.events);
    json_put_int(&w, "sealed", r->store.sealed);
    json_put_int(&w, "checkpoints", r->store.checkpoints);
    json_put_int(&w, "erased", r->store.erased);
    json_put_bool(&w, "trusted_key", r->store.trusted_key);
    if (r->has_dir) {
      json_put_int(&w, "published", r->dir.leaves);
      json_put_int(&w, "files", r->dir.files);
    }
  }
  json_end(&w);
  (void)puts(buf.p);
  buf_release(&buf);
}

static void print_report(const struct whole_report *r)
{
  char at[MOMENT_TEXT] = "-";
  if (r->store.last_checkpoint)
    moment_format(r->store.last_checkpoint, at);
  (void)printf(cli_chinese() ? "账本完好：%lld 个事件，%lld 个已封存，%lld 个检查点，最近一个 %s\n"
                             : "The ledger is intact: %lld events, %lld sealed, %lld checkpoints, the last one %s\n",
               (long long)r->store.events, (long long)r->store.sealed, (long long)r->store.checkpoints, at);
  if (r->has_dir)
    (void)printf(cli_chinese() ? "公开的账本目录完好：%lld 条，%lld 个文件\n"
                               : "The public log is intact: %lld entries, %lld files\n",
                 (long long)r->dir.leaves, (long long)r->dir.files);
  if (r->sm3.files)
    cli_say("SM3 账本完好：%lld 条，%lld 个文件", "The log over SM3 is intact: %lld entries, %lld files", (long long)r->sm3.leaves,
            (long long)r->sm3.files);
  if (r->store.erased)
    cli_say("其中 %lld 个事件的内容已依法销毁，只核验其条目",
            "%lld of the events are erased by law: only their entries were checked", (long long)r->store.erased);
  if (!r->store.trusted_key)
    cli_say("提示：用的是存储自带的公钥；用 --key 给出公布的公钥，才能发现整套伪造",
            "Note: the store's own key was used; give the published one with --key to find a whole forgery too");
}

/* By one of the log's keys, and by none of them wrongly. A store without a single event knows no key yet. */
static bool signed_by_log(struct db *db, struct arena *arena, const struct note *note, const struct checkpoint *c)
{
  struct span keys;
  bool bad = record_keys_named(db, c->origin, arena, &keys, NULL) != 0, is_signed = !bad && !keys.n && c->size == 0;
  for (struct span line; !bad && span_cut(&keys, '\n', &line);) {
    struct verifier *key;
    if (!line.n || verifier_open(line, &key, NULL))
      continue;
    int result = note_signed_by(note, key, NULL, NULL);
    is_signed |= result == 1;
    bad = result < 0;
    verifier_free(key);
  }
  return is_signed && !bad;
}

/* Is it the tree that the store signed at that size? The empty one has no row: it is the same for every log. */
static bool is_stored(const struct record_checkpoint *row, const struct checkpoint *c, size_t text_n, struct arena *arena)
{
  struct checkpoint stored;
  if (c->size == 0) {
    struct digest empty = merkle_root(&(struct merkle_edge){0});
    return digest_eq(&c->root, &empty);
  }
  return row->size && checkpoint_parse(arena, (struct span){row->note.p, text_n <= row->note.n ? text_n : 0}, &stored) &&
         digest_eq(&stored.root, &c->root) && span_eq(stored.origin, c->origin);
}

/* A checkpoint outside the database must be one that the database signed. */
static int same_as_store(struct db *db, struct arena *arena, struct span text, const char *what, struct checkpoint *ret,
                         struct error *error)
{
  struct note note;
  struct record_checkpoint row;
  bool parsed = note_parse(arena, text, &note, NULL) == 0 && checkpoint_parse(arena, note.text, ret);
  if (parsed && record_checkpoint_of(db, ret->size, arena, &row, error))
    return -1;
  if (!parsed || !is_stored(&row, ret, note.text.n, arena) || !signed_by_log(db, arena, &note, ret))
    return error_set(error, ERROR_CONFLICT, "ledger-broken", "%s 中的检查点与存储中的不符",
                     "The checkpoint in %s is not one of the store's", what);
  return 0;
}

/* The service writes it anew when there is more to open: it is the beginning of what the store opens. */
static int check_book(struct db *db, const char *path, struct error *error)
{
  struct buf book;
  FILE *file = fopen(path, "re");
  if (!file)
    return 0;
  buf_init(&book, BOOK_MAX);
  int bad = keybook_write(db, &book, error);
  char bytes[4096];
  size_t at = 0;
  bool same = true;
  for (size_t n; !bad && same && (n = fread(bytes, 1, sizeof bytes, file)) > 0; at += n)
    same = n <= book.n - at && memcmp(book.p + at, bytes, n) == 0;
  same = same && !ferror(file) && (at == 0 || at > book.n || book.p[at - 1] == '\n');
  (void)fclose(file);
  buf_release(&book);
  if (!bad && !same) {
    bad = error_set(error, ERROR_CONFLICT, "ledger-broken", "公布的密钥登记（keys）与存储中的不符",
                    "The published key book (keys) is not the store's");
    (void)error_at(error, "%s", path);
  }
  return bad ? -1 : 0;
}

/* The root over SM3 of the first log's entries. */
static int entries_root(const char *dir, const struct checkpoint *of, struct digest *ret, struct error *error)
{
  struct logdir *log;
  struct merkle_edge edge = {.hash = MERKLE_SM3};
  if (logdir_open(dir, MERKLE_SHA256, of->size, &log, error))
    return -1;
  int bad = 0;
  for (int64_t i = 0; !bad && i < of->size; i++) {
    struct arena one = {0};
    struct span entry;
    bad = logdir_entry(log, &one, i, &entry, error);
    if (!bad)
      merkle_append(&edge, merkle_leaf_of(MERKLE_SM3, entry));
    arena_release(&one);
  }
  logdir_close(log);
  *ret = merkle_root(&edge);
  return bad ? -1 : 0;
}

/* The second log: its own files, and that its tree is of the first one's entries. */
static int check_sm3(const char *dir, const struct checkpoint *first, struct arena *arena, struct whole_report *r,
                     struct error *error)
{
  struct span text;
  struct note note;
  struct checkpoint second;
  struct digest root;
  const char *sm3 = arena_printf(arena, "%s/sm3", dir),
             *origin = arena_printf(arena, "%.*s/sm3", (int)first->origin.n, first->origin.p);
  if (logdir_checkpoint(sm3, arena, &text, error))
    return -1;
  if (!text.n)
    return 0;
  if (note_parse(arena, text, &note, NULL) || !checkpoint_parse(arena, note.text, &second) || !span_is(second.origin, origin) ||
      second.size > first->size)
    return error_set(error, ERROR_CONFLICT, "ledger-broken", "SM3 账本的检查点无法核验",
                     "The checkpoint of the log over SM3 is not one of this ledger");
  if (entries_root(dir, &second, &root, error))
    return -1;
  if (!digest_eq(&root, &second.root))
    return error_set(error, ERROR_CONFLICT, "ledger-broken", "SM3 账本与账本的条目不一致",
                     "The log over SM3 is not of the ledger's entries");
  return logdir_check(sm3, MERKLE_SM3, &second, &r->sm3, error);
}

static int check_dir(struct db *db, const char *dir, struct arena *arena, struct whole_report *r, struct error *error)
{
  struct span text;
  struct checkpoint checkpoint;
  if (logdir_checkpoint(dir, arena, &text, error))
    return -1;
  if (!text.n)
    return 0;
  if (same_as_store(db, arena, text, "checkpoint", &checkpoint, error) ||
      logdir_check(dir, MERKLE_SHA256, &checkpoint, &r->dir, error) || check_book(db, arena_printf(arena, "%s/keys", dir), error) ||
      check_sm3(dir, &checkpoint, arena, r, error))
    return -1;
  r->has_dir = true;
  return 0;
}

static int check_lock(struct db *db, const char *path, struct arena *arena, const struct whole_report *r, struct error *error)
{
  char text[8192];
  struct checkpoint checkpoint = {0};
  FILE *file = fopen(path, "re");
  if (!file)
    return 0;
  size_t n = fread(text, 1, sizeof text, file);
  (void)fclose(file);
  if (same_as_store(db, arena, (struct span){text, n}, "log.lock", &checkpoint, error))
    return -1;
  return checkpoint.size >= r->dir.leaves ? 0
                                          : error_set(error, ERROR_CONFLICT, "ledger-broken", "log.lock 早于已公布的检查点",
                                                      "log.lock is older than the published checkpoint");
}

static int check_all(struct store *store, struct db *db, const struct ledger_options *o, struct whole_report *r,
                     struct error *error)
{
  struct arena arena = {0};
  const char *dir = o->log ? o->log : cli_log_dir(&arena, store), *keys = o->keys ? o->keys : cli_key_dir(&arena, store);
  int bad = engine_verify(db, all_kinds, o->key, &r->store, error) || check_dir(db, dir, &arena, r, error) ||
            check_lock(db, arena_printf(&arena, "%s/log.lock", keys), &arena, r, error);
  arena_release(&arena);
  return bad ? -1 : 0;
}

static bool is_broken(const struct error *error)
{
  return strcmp(error->name, "ledger-broken") == 0 || strncmp(error->name, "log-", 4) == 0;
}

int ledger_verify(int argc, char **argv)
{
  struct ledger_options o;
  if (!ledger_parse(argc, argv, "skdKj", &o) || o.place_count > 1)
    return cli_usage(usage_zh, usage_en);
  if (o.help) {
    (void)fputs(cli_chinese() ? usage_zh : usage_en, stdout);
    return LEDGER_GOOD;
  }
  struct store *store;
  struct db *db;
  struct error error = {0};
  struct whole_report report = {0};
  if (cli_read_store(o.place_count ? o.places[0] : o.store ? o.store : CLI_STORE_DEFAULT, &store, &db, &error))
    return cli_fail(&error) == CLI_USAGE ? LEDGER_UNUSABLE : LEDGER_UNVOUCHED;
  int bad = check_all(store, db, &o, &report, &error);
  db_close(db);
  store_close(store);
  bool broken = bad && is_broken(&error);
  if (o.json && (!bad || broken))
    print_json(&report, bad ? &error : NULL);
  else if (bad)
    (void)cli_fail(&error);
  else
    print_report(&report);
  return broken ? LEDGER_WRONG : bad ? LEDGER_UNVOUCHED : LEDGER_GOOD;
}
