/* Log directories: paths, another implementation's log byte for byte, growth in any steps, every kind of damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/vectors.h"
#include "ledger/logdir.h"
#include "ledger/note.h"

/* ---- paths ---- */

static void tiles_are_called_as_the_format_says(void **state)
{
  (void)state;
  static const struct {
    struct tile tile;
    const char *path;
  } known[] = {
      {{0, 999, 256}, "tile/0/999"},
      {{0, 1000, 256}, "tile/0/x001/000"},
      {{2, 1234067, 256}, "tile/2/x001/x234/067"},
      {{0, 0, 112}, "tile/0/000.p/112"},
      {{63, 5, 1}, "tile/63/005.p/1"},
      {{TILE_ENTRIES, 1234067, 255}, "tile/entries/x001/x234/067.p/255"},
      {{0, INT64_MAX / 256, 256}, "tile/0/x036/x028/x797/x018/x963/967"},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char path[TILE_PATH_MAX];
    struct tile back;
    tile_path(&known[i].tile, path);
    assert_string_equal(path, known[i].path);
    assert_true(tile_path_parse(span_of(path), &back));
    assert_memory_equal(&back, &known[i].tile, sizeof back);
  }
}

static void other_spellings_of_a_path_are_refused(void **state)
{
  (void)state;
  static const char *const wrong[] = {
      "",
      "tile",
      "tile/",
      "tile/0",
      "tile/0/",
      "tile/0/00",
      "tile/0/0000",
      "tile/00/000",
      "tile/64/000",
      "tile/-1/000",
      "tile/0/x000/001",
      "tile/0/x001",
      "tile/0/001/000",
      "tile/0/000.p",
      "tile/0/000.p/",
      "tile/0/000.p/0",
      "tile/0/000.p/256",
      "tile/0/000.p/01",
      "tile/0/000.p/1/",
      "tile/0/000/",
      "tile/0/000/1",
      "tile/0/x00a/000",
      "tile/0/x1.p/000",
      "tile/0/-01",
      "tile/entries/",
      "tile/entry/000",
      "/tile/0/000",
      "tile//0/000",
      "tile/0/../000",
      "tile/0/x999/x999/x999/x999/x999/999",
      "tile/0/x036/x028/x797/x018/x963/968",
      "tile/0/x001/x000/x000/x000/x000/x000/000",
  };
  struct tile tile;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    if (tile_path_parse(span_of(wrong[i]), &tile))
      fail_msg("«%s» is taken", wrong[i]);
  assert_false(tile_path_parse(SPAN("tile/0/00\0"), &tile));
}

/* «s=70000 → l0: 273 full + 112; l1: 1 full + 17; l2: 0 full + 1» */
static void a_tree_has_the_tiles_of_its_size(void **state)
{
  (void)state;
  int full[TILE_LEVELS + 1] = {0}, width[TILE_LEVELS + 1] = {0};
  struct tile_walk walk = tile_walk(0, 70000);
  for (struct tile t; tile_walk_next(&walk, &t);)
    *(t.width == TILE_WIDTH ? &full[t.level + 1] : &width[t.level + 1]) += t.width == TILE_WIDTH ? 1 : t.width;
  static const int wanted_full[] = {273, 273, 1, 0, 0}, wanted_width[] = {112, 112, 17, 1, 0};
  assert_memory_equal(full, wanted_full, sizeof wanted_full);
  assert_memory_equal(width, wanted_width, sizeof wanted_width);
  struct tile t;
  assert_false(tile_of_size(256, 0, 1, &t));
  assert_true(tile_of_size(256, 1, 0, &t));
  assert_int_equal(t.width, 1);
  assert_false(tile_of_size(255, 1, 0, &t));
  assert_false(tile_of_size(0, TILE_ENTRIES, 0, &t));
}

/* What grows from one size to the next, all in all, is what the last size has and no full tile twice. */
static void growing_step_by_step_tells_every_tile_once(void **state)
{
  (void)state;
  srand48(6962);
  for (int round = 0; round < 200; round++) {
    int64_t size = 0, end = 1 + lrand48() % 200000, fulls = 0, whole = 0;
    for (int64_t next; size < end; size = next) {
      next = size + 1 + lrand48() % 5000;
      next = next > end ? end : next;
      struct tile_walk walk = tile_walk(size, next);
      for (struct tile t, own; tile_walk_next(&walk, &t);) {
        assert_true(tile_of_size(next, t.level, t.index, &own) && own.width == t.width);
        assert_false(tile_of_size(size, t.level, t.index, &own) && own.width == t.width);
        fulls += t.width == TILE_WIDTH;
      }
    }
    struct tile_walk walk = tile_walk(0, end);
    for (struct tile t; tile_walk_next(&walk, &t);)
      whole += t.width == TILE_WIDTH;
    assert_int_equal(fulls, whole);
  }
}

static void bundles_hold_entries_of_any_length(void **state)
{
  (void)state;
  static char longest[ENTRY_MAX + 1];
  struct span entries[TILE_WIDTH], put[] = {SPAN(""), SPAN("x"), {longest, ENTRY_MAX}, SPAN("last")};
  struct buf buf;
  buf_init(&buf, 1 << 20);
  for (size_t i = 0; i < 4; i++)
    assert_true(bundle_put(&buf, put[i]));
  assert_false(bundle_put(&buf, (struct span){longest, sizeof longest}));
  assert_true(bundle_parse(buf_view(&buf), 4, entries));
  for (size_t i = 0; i < 4; i++)
    assert_true(span_eq(entries[i], put[i]));
  assert_false(bundle_parse(buf_view(&buf), 3, entries));
  assert_false(bundle_parse(buf_view(&buf), 5, entries));
  assert_false(bundle_parse((struct span){buf.p, buf.n - 1}, 4, entries));
  buf_release(&buf);
}

/* ---- directories ---- */

static const char *fresh(struct arena *arena)
{
  char *dir = arena_str(arena, "/tmp/onevisit-log-XXXXXX");
  assert_non_null(mkdtemp(dir));
  return dir;
}

#define OK(call)                                                                                                                   \
  do {                                                                                                                             \
    if (call)                                                                                                                      \
      fail_msg("%s: %s (%s)", #call, error.en, error.where);                                                                       \
  } while (0)

static struct span entry_number(struct arena *arena, int64_t i)
{
  return span_of(arena_printf(arena, "entry %lld %*s\n", (long long)i, (int)(i * 7 % 90), ""));
}

static void add_entries(struct logdir *log, int64_t from, int64_t to)
{
  struct arena arena = {0};
  struct error error = {0};
  for (int64_t i = from; i < to; i++) {
    OK(logdir_add(log, entry_number(&arena, i), NULL, &error));
    arena_reset(&arena);
  }
  OK(logdir_commit(log, &error));
  arena_release(&arena);
}

static struct checkpoint checkpoint_of(enum merkle_hash hash, int64_t size)
{
  struct arena arena = {0};
  struct merkle_edge edge = {.hash = hash};
  for (int64_t i = 0; i < size; i++, arena_reset(&arena))
    merkle_append(&edge, merkle_leaf_of(hash, entry_number(&arena, i)));
  arena_release(&arena);
  return (struct checkpoint){SPAN("city.example/log"), size, merkle_root(&edge)};
}

static void grow(const char *dir, enum merkle_hash hash, int64_t from, int64_t to)
{
  struct logdir *log;
  struct error error = {0};
  struct merkle_edge edge;
  OK(logdir_append(dir, hash, from, &log, &error));
  add_entries(log, from, to);
  assert_int_equal(logdir_size(log), to);
  logdir_edge(log, &edge);
  struct digest root = merkle_root(&edge), wanted = checkpoint_of(hash, to).root;
  assert_true(digest_eq(&root, &wanted));
  logdir_close(log);
}

static int check(const char *dir, enum merkle_hash hash, int64_t size, struct logdir_report *ret, struct error *error)
{
  struct checkpoint c = checkpoint_of(hash, size);
  return logdir_check(dir, hash, &c, ret, error);
}

/* Every root, some proofs and entries, read from the files. */
static void read_back(const char *dir, enum merkle_hash hash, int64_t size)
{
  struct logdir *log;
  struct arena arena = {0};
  struct error error = {0};
  struct checkpoint now = checkpoint_of(hash, size);
  OK(logdir_open(dir, hash, size, &log, &error));
  struct merkle_reader reader = logdir_reader(log);
  struct digest root;
  OK(merkle_root_at(&reader, size, &root, &error));
  assert_true(digest_eq(&root, &now.root));
  for (int i = 0; i < 20 && size; i++) {
    int64_t index = lrand48() % size, old = 1 + lrand48() % size;
    struct merkle_proof p;
    struct span entry;
    OK(logdir_entry(log, &arena, index, &entry, &error));
    assert_true(span_eq(entry, entry_number(&arena, index)));
    struct digest leaf = merkle_leaf_of(hash, entry), before = checkpoint_of(hash, old).root;
    OK(merkle_inclusion(&reader, index, size, &p, &error));
    assert_true(merkle_check_inclusion(hash, index, size, &leaf, &now.root, p.path, p.n));
    OK(merkle_consistency(&reader, old, size, &p, &error));
    assert_true(merkle_check_consistency(hash, old, size, &before, &now.root, p.path, p.n));
  }
  struct span none;
  assert_int_equal(logdir_entry(log, &arena, size, &none, &error), -1);
  assert_int_equal(logdir_entry(log, &arena, -1, &none, &error), -1);
  logdir_close(log);
  arena_release(&arena);
}

static void logs_of_any_size_grow_in_any_steps(void **state)
{
  (void)state;
  srand48(5000);
  for (int round = 0; round < 12; round++) {
    struct arena arena = {0};
    struct error error = {0};
    struct logdir_report report;
    enum merkle_hash hash = round % 4 == 3 ? MERKLE_SM3 : MERKLE_SHA256;
    const char *dir = fresh(&arena);
    int64_t size = 0, end = lrand48() % 5000;
    while (size < end) {
      int64_t next = size + 1 + lrand48() % 700;
      next = next > end ? end : next;
      grow(dir, hash, size, next);
      size = next;
      OK(check(dir, hash, size, &report, &error));
      assert_int_equal(report.leaves, size);
      assert_int_equal(report.beyond, 0);
    }
    read_back(dir, hash, size);
    vectors_remove(dir);
    arena_release(&arena);
  }
}

static void one_leaf_at_a_time_leaves_the_partial_files_of_the_last_tile_alone(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct logdir_report report;
  struct logdir *log;
  const char *dir = fresh(&arena);
  OK(logdir_append(dir, MERKLE_SHA256, 0, &log, &error));
  for (int64_t i = 0; i < 520; i++)
    add_entries(log, i, i + 1);
  logdir_close(log);
  assert_int_equal(access(arena_printf(&arena, "%s/tile/0/001.p", dir), F_OK), -1);
  assert_int_equal(access(arena_printf(&arena, "%s/tile/entries/000.p", dir), F_OK), -1);
  assert_int_equal(access(arena_printf(&arena, "%s/tile/0/002.p/7", dir), F_OK), 0);
  assert_int_equal(access(arena_printf(&arena, "%s/tile/1/000.p/1", dir), F_OK), 0);
  OK(check(dir, MERKLE_SHA256, 520, &report, &error));
  assert_int_equal(report.files, 2 * 2 + 2 * 8 + 2);
  read_back(dir, MERKLE_SHA256, 520);
  read_back(dir, MERKLE_SHA256, 515);
  read_back(dir, MERKLE_SHA256, 300); /* its partial file is gone: the full one stands for it */
  OK(check(dir, MERKLE_SHA256, 300, &report, &error));
  assert_int_equal(report.beyond, 16);
  vectors_remove(dir);
  arena_release(&arena);
}

static void adding_again_takes_equal_bytes_and_refuses_others(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct logdir *log, *second;
  struct logdir_report report;
  const char *dir = fresh(&arena);
  grow(dir, MERKLE_SHA256, 0, 700);
  grow(dir, MERKLE_SHA256, 700, 1000);
  grow(dir, MERKLE_SHA256, 0, 1000);
  grow(dir, MERKLE_SHA256, 700, 1100);
  OK(check(dir, MERKLE_SHA256, 1100, &report, &error));
  OK(logdir_append(dir, MERKLE_SHA256, 1100, &log, &error));
  assert_int_equal(logdir_append(dir, MERKLE_SHA256, 1100, &second, &error), -1);
  assert_string_equal(error.name, "log-locked");
  logdir_close(log);
  OK(logdir_append(dir, MERKLE_SHA256, 1000, &log, &error)); /* another story from 1000 on */
  int bad = 0;
  for (int64_t i = 1000; !bad && i < 1100; i++)
    bad = logdir_add(log, SPAN("other"), NULL, &error);
  assert_int_equal(bad, -1);
  assert_string_equal(error.name, "log-conflict");
  logdir_close(log);
  OK(check(dir, MERKLE_SHA256, 1100, &report, &error));
  assert_int_equal(logdir_append(dir, MERKLE_SHA256, 1101, &log, &error), -1); /* more than there is */
  assert_string_equal(error.name, "log-unreadable");
  vectors_remove(dir);
  arena_release(&arena);
}

static void entries_that_are_too_long_are_refused(void **state)
{
  (void)state;
  static char bytes[ENTRY_MAX + 1];
  struct arena arena = {0};
  struct error error = {0};
  struct logdir *log;
  const char *dir = fresh(&arena);
  OK(logdir_append(dir, MERKLE_SHA256, 0, &log, &error));
  OK(logdir_add(log, (struct span){bytes, ENTRY_MAX}, NULL, &error));
  assert_int_equal(logdir_add(log, (struct span){bytes, ENTRY_MAX + 1}, NULL, &error), -1);
  assert_string_equal(error.name, "log-entry");
  logdir_close(log);
  vectors_remove(dir);
  arena_release(&arena);
}

static void hash_tiles_come_back_from_the_bundles(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct digest root, wanted = checkpoint_of(MERKLE_SHA256, 3000).root;
  struct logdir_report report;
  const char *dir = fresh(&arena), *copy = fresh(&arena);
  grow(dir, MERKLE_SHA256, 0, 3000);
  assert_int_equal(system(arena_printf(&arena, "mkdir %s/tile && cp -r %s/tile/entries %s/tile/", copy, dir, copy)), 0);
  assert_int_equal(check(copy, MERKLE_SHA256, 3000, &report, &error), -1);
  OK(logdir_rebuild(copy, MERKLE_SHA256, 3000, &root, &error));
  assert_true(digest_eq(&root, &wanted));
  assert_int_equal(system(arena_printf(&arena, "diff -r %s/tile %s/tile", dir, copy)), 0);
  OK(logdir_rebuild(dir, MERKLE_SHA256, 3000, &root, &error)); /* in place: nothing to do */
  OK(check(dir, MERKLE_SHA256, 3000, &report, &error));
  vectors_remove(dir);
  vectors_remove(copy);
  arena_release(&arena);
}

/* ---- damage ---- */

struct flips {
  const char *dir;
  int64_t size;
  size_t step, missed, done;
};

static void flip_file(void *context, const char *path)
{
  struct flips *f = context;
  struct arena arena = {0};
  struct logdir_report report;
  struct error error = {0};
  struct checkpoint c = checkpoint_of(MERKLE_SHA256, f->size);
  size_t n = read_whole(&arena, path).n;
  FILE *file = fopen(path, "r+");
  assert_non_null(file);
  for (size_t at = 0; at < n; at += f->step, f->done++) {
    for (int again = 0; again < 2; again++) { /* there and back */
      assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
      int byte = fgetc(file);
      assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
      assert_int_equal(fputc(byte ^ 0x20, file), byte ^ 0x20);
      assert_int_equal(fflush(file), 0);
      if (!again && logdir_check(f->dir, MERKLE_SHA256, &c, &report, &error) == 0)
        f->missed++;
      else if (!again)
        assert_string_equal(error.name, "log-broken");
    }
  }
  assert_int_equal(fclose(file), 0);
  arena_release(&arena);
}

static void every_flipped_byte_is_found(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct logdir_report report;
  struct flips f = {.dir = fresh(&arena), .size = 290, .step = 17};
  for (int64_t n = 0; n < 290; n += 58)
    grow(f.dir, MERKLE_SHA256, n, n + 58);
  OK(check(f.dir, MERKLE_SHA256, f.size, &report, &error));
  visit_files(arena_printf(&arena, "%s/tile", f.dir), "", flip_file, &f);
  assert_int_equal(f.missed, 0);
  assert_true(f.done > 500);
  OK(check(f.dir, MERKLE_SHA256, f.size, &report, &error));
  vectors_remove(f.dir);
  arena_release(&arena);
}

static void missing_longer_shorter_and_strange_files_are_found(void **state)
{
  (void)state;
  static const char *const damage[] = {
      "rm tile/0/000",
      "rm tile/entries/001",
      "rm -r tile/1",
      "truncate -s -1 tile/0/001",
      "truncate -s +1 tile/0/000",
      "truncate -s +32 tile/0/002.p/88",
      "truncate -s -1 tile/entries/000",
      "truncate -s +3 tile/entries/002.p/88",
      "cp tile/0/000 tile/0/001",
      "cp tile/entries/001 tile/entries/000",
      "touch tile/0/strange",
      "touch tile/strange",
      "mkdir -p tile/9 && cp tile/0/000 tile/9/000",
      "ln -s ../../checkpoint tile/0/link",
      "cp tile/0/002.p/88 tile/0/002.p/87",
  };
  for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
    struct arena arena = {0};
    struct error error = {0};
    struct logdir_report report;
    const char *dir = fresh(&arena);
    grow(dir, MERKLE_SHA256, 0, 600);
    assert_int_equal(system(arena_printf(&arena, "cd %s && %s", dir, damage[i])), 0);
    if (check(dir, MERKLE_SHA256, 600, &report, &error) == 0)
      fail_msg("«%s» was not found", damage[i]);
    assert_true(strcmp(error.name, "log-broken") == 0 || strcmp(error.name, "log-unreadable") == 0);
    assert_true(error.where[0] == '/');
    vectors_remove(dir);
    arena_release(&arena);
  }
}

static void a_directory_that_cannot_be_written_says_so(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct logdir *log;
  const char *dir = fresh(&arena);
  assert_int_equal(logdir_append(arena_printf(&arena, "%s/a/b", dir), MERKLE_SHA256, 0, &log, &error), -1);
  assert_string_equal(error.name, "log-unwritable");
  assert_true(error.zh[0] && error.where[0]);
  assert_int_equal(logdir_open(dir, MERKLE_SHA256, -1, &log, &error), -1);
  struct span note = SPAN("x");
  OK(logdir_checkpoint(dir, &arena, &note, &error));
  assert_int_equal(note.n, 0);
  vectors_remove(dir);
  arena_release(&arena);
}

/* ---- another implementation's log ---- */

static const char *const words[] = {"one",  "two", "three",  "four",  "five",     "six",     "seven", "eit",
                                    "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"};

/* The other log's test key stands in the script that made its checkpoints. */
static struct signer *other_logs_signer(struct arena *arena, const char *dir)
{
  struct span script = read_whole(arena, arena_printf(arena, "%s/testdata/build_log.sh", dir));
  const char *key = memmem(script.p, script.n, "PRIVATE+KEY+", 12);
  struct signer *signer;
  struct error error = {0};
  assert_non_null(key);
  OK(signer_parse((struct span){key, strcspn(key, "\"\n")}, &signer, &error));
  assert_string_equal(signer_name(signer), "example.com/log/testdata");
  return signer;
}

static void same_file(struct arena *arena, const char *a, const char *b)
{
  if (!span_eq(read_whole(arena, a), read_whole(arena, b)))
    fail_msg("%s and %s differ", a, b);
}

static struct span signed_checkpoint(struct arena *arena, struct logdir *log, const struct signer *signer)
{
  struct merkle_edge edge;
  logdir_edge(log, &edge);
  struct checkpoint c = {span_of(signer_name(signer)), edge.size, merkle_root(&edge)};
  return note_sign(arena, checkpoint_text(arena, &c), signer);
}

/* What they signed is opened by their key, and says what ours says. */
static void open_theirs(struct arena *arena, const char *path, const struct signer *signer, int64_t size)
{
  struct error error = {0};
  struct span text;
  struct checkpoint c;
  OK(note_open(arena, read_whole(arena, path), signer_public(signer), &text, &error));
  assert_true(checkpoint_parse(arena, text, &c));
  assert_int_equal(c.size, size);
}

static void another_implementations_log_reproduces_byte_for_byte(void **state)
{
  (void)state;
  struct arena arena = {0};
  struct error error = {0};
  struct logdir *log;
  char *dir = vectors_unpack(&arena, "tessera-testdata-1811ae1.tar.gz");
  if (!dir)
    skip();
  struct signer *signer = other_logs_signer(&arena, dir);
  const char *ours = fresh(&arena), *theirs = arena_printf(&arena, "%s/testdata/log", dir);
  OK(logdir_append(ours, MERKLE_SHA256, 0, &log, &error));
  for (int i = 0; i <= 15; i++) {
    if (i > 0) {
      OK(logdir_add(log, span_of(words[i - 1]), NULL, &error));
      OK(logdir_commit(log, &error));
    }
    OK(logdir_publish(log, signed_checkpoint(&arena, log, signer), &error));
    const char *their_checkpoint = arena_printf(&arena, "%s/checkpoint.%d", theirs, i);
    same_file(&arena, arena_printf(&arena, "%s/checkpoint", ours), their_checkpoint);
    open_theirs(&arena, their_checkpoint, signer, i);
  }
  same_file(&arena, arena_printf(&arena, "%s/checkpoint", ours), arena_printf(&arena, "%s/checkpoint", theirs));
  assert_int_equal(system(arena_printf(&arena, "diff -r %s/tile %s/tile", ours, theirs)), 0);
  logdir_close(log);
  signer_free(signer);
  vectors_remove(ours);
  vectors_remove(dir);
  arena_release(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tiles_are_called_as_the_format_says),
      cmocka_unit_test(other_spellings_of_a_path_are_refused),
      cmocka_unit_test(a_tree_has_the_tiles_of_its_size),
      cmocka_unit_test(growing_step_by_step_tells_every_tile_once),
      cmocka_unit_test(bundles_hold_entries_of_any_length),
      cmocka_unit_test(logs_of_any_size_grow_in_any_steps),
      cmocka_unit_test(one_leaf_at_a_time_leaves_the_partial_files_of_the_last_tile_alone),
      cmocka_unit_test(adding_again_takes_equal_bytes_and_refuses_others),
      cmocka_unit_test(entries_that_are_too_long_are_refused),
      cmocka_unit_test(hash_tiles_come_back_from_the_bundles),
      cmocka_unit_test(every_flipped_byte_is_found),
      cmocka_unit_test(missing_longer_shorter_and_strange_files_are_found),
      cmocka_unit_test(a_directory_that_cannot_be_written_says_so),
      cmocka_unit_test(another_implementations_log_reproduces_byte_for_byte),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
