/*
 * logtool: what the scripts of tests/ledger drive the library with.
 *
 *   logtool grow DIR KEYS ORIGIN SIZE STEP   appends leaves «leaf <n> …» up to SIZE, STEP at a time, publishing each time a
 *                                            checkpoint by the log's key, cosigned by a witness; prints the log's vkey
 *   logtool check DIR VKEY                   the checkpoint's signature and every file: exit 0 or 1, saying why
 *   logtool rebuild DIR SIZE                 the hash tiles from the bundles
 *   logtool flip DIR VKEY                    flips every byte of every file in turn; prints those that check did not find
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/cosign.h"
#include "ledger/logdir.h"

static int fail(const struct error *error)
{
  (void)fprintf(stderr, "%s: %s (%s)\n", error->name, error->en, error->where);
  return 1;
}

/* ---- growing ---- */

static struct span leaf_text(struct arena *arena, int64_t i)
{
  return span_of(arena_printf(arena, "leaf %lld %*s\n", (long long)i, (int)(i * 31 % 97), "."));
}

static int publish(struct logdir *log, const struct signer *signer, const struct signer *witness, struct error *error)
{
  struct arena arena = {0};
  struct merkle_edge edge;
  logdir_edge(log, &edge);
  struct checkpoint c = {span_of(signer_name(signer)), edge.size, merkle_root(&edge)};
  struct span text = checkpoint_text(&arena, &c), note = note_sign(&arena, text, signer);
  struct span line = cosign_line(&arena, text, witness, 1795000000 + edge.size);
  int bad = logdir_publish(log, span_of(arena_printf(&arena, "%s%s", note.p, line.p)), error);
  arena_release(&arena);
  return bad;
}

static int published_size(const char *dir, int64_t *ret, struct error *error)
{
  struct arena arena = {0};
  struct span note;
  struct note parsed;
  struct checkpoint c = {.size = 0};
  int bad = logdir_checkpoint(dir, &arena, &note, error);
  if (!bad && note.n)
    bad = note_parse(&arena, note, &parsed, error) || !checkpoint_parse(&arena, parsed.text, &c);
  *ret = c.size;
  arena_release(&arena);
  return bad;
}

static int grow_to(struct logdir *log, int64_t size, int64_t step, const struct signer *signer, const struct signer *witness,
                   struct error *error)
{
  struct arena arena = {0};
  int bad = 0;
  for (int64_t n = logdir_size(log); !bad && n < size; arena_reset(&arena)) {
    for (int64_t end = n + step < size ? n + step : size; !bad && n < end; n++)
      bad = logdir_add(log, leaf_text(&arena, n), NULL, error);
    bad = bad || logdir_commit(log, error) || publish(log, signer, witness, error);
  }
  arena_release(&arena);
  return bad;
}

static int grow(const char *dir, const char *keys, const char *origin, int64_t size, int64_t step)
{
  struct signer *signer, *witness;
  struct logdir *log;
  struct error error = {0};
  int64_t from;
  if (signer_open(keys, "log", origin, true, &signer, &error) ||
      signer_open_as(keys, "witness", "witness.example", NOTE_COSIGNATURE, true, &witness, &error) ||
      published_size(dir, &from, &error) || logdir_append(dir, MERKLE_SHA256, from, &log, &error))
    return fail(&error);
  int bad = grow_to(log, size, step, signer, witness, &error);
  (void)puts(signer_vkey(signer));
  logdir_close(log);
  signer_free(signer);
  signer_free(witness);
  return bad ? fail(&error) : 0;
}

/* ---- checking ---- */

static int check(const char *dir, const struct verifier *verifier, struct error *error)
{
  struct arena arena = {0};
  struct span note, text;
  struct checkpoint c;
  struct logdir_report report;
  int bad = logdir_checkpoint(dir, &arena, &note, error) || note_open(&arena, note, verifier, &text, error);
  if (!bad && (!checkpoint_parse(&arena, text, &c) || !span_is(c.origin, verifier_name(verifier))))
    bad = error_set(error, ERROR_BAD_INPUT, "bad-note", "不是检查点", "not a checkpoint");
  bad = bad || logdir_check(dir, MERKLE_SHA256, &c, &report, error);
  arena_release(&arena);
  return bad;
}

struct flipping {
  const char *dir;
  const struct verifier *verifier;
  long flips, missed;
};

static int flip_file(struct flipping *f, const char *path)
{
  struct error error = {0};
  struct stat st;
  int fd = open(path, O_RDWR);
  if (fd < 0 || fstat(fd, &st) != 0)
    return -1;
  for (off_t at = 0; at < st.st_size; at++, f->flips++) {
    unsigned char was, now;
    if (pread(fd, &was, 1, at) != 1)
      return -1;
    now = was ^ (unsigned char)(1U << (at % 8));
    if (pwrite(fd, &now, 1, at) != 1)
      return -1;
    if (check(f->dir, f->verifier, &error) == 0) {
      (void)printf("%s %lld\n", path + strlen(f->dir) + 1, (long long)at);
      f->missed++;
    }
    if (pwrite(fd, &was, 1, at) != 1)
      return -1;
  }
  return close(fd);
}

static int flip_all(struct flipping *f, const char *path)
{
  struct arena arena = {0};
  struct dirent **list;
  int n = scandir(path, &list, NULL, alphasort), bad = n < 0;
  for (int i = 0; i < n; i++) {
    struct stat st;
    const char *name = arena_printf(&arena, "%s/%s", path, list[i]->d_name);
    if (list[i]->d_name[0] != '.' && lstat(name, &st) == 0)
      bad = bad || (S_ISDIR(st.st_mode) ? flip_all(f, name) : flip_file(f, name));
    free(list[i]);
  }
  free(n < 0 ? NULL : list);
  arena_release(&arena);
  return bad;
}

int main(int argc, char **argv)
{
  struct error error = {0};
  struct verifier *verifier;
  struct digest root;
  if (argc == 7 && strcmp(argv[1], "grow") == 0)
    return grow(argv[2], argv[3], argv[4], atoll(argv[5]), atoll(argv[6]));
  if (argc == 4 && strcmp(argv[1], "rebuild") == 0)
    return logdir_rebuild(argv[2], MERKLE_SHA256, atoll(argv[3]), &root, &error) ? fail(&error) : 0;
  if (argc != 4 || verifier_open(span_of(argv[3]), &verifier, &error))
    return 2;
  int status = 2;
  if (strcmp(argv[1], "check") == 0)
    status = check(argv[2], verifier, &error) ? fail(&error) : 0;
  if (strcmp(argv[1], "flip") == 0) {
    struct flipping f = {.dir = argv[2], .verifier = verifier};
    status = flip_all(&f, argv[2]) ? 3 : f.missed ? 1 : 0;
    (void)fprintf(stderr, "%ld flips, %ld not found\n", f.flips, f.missed);
  }
  verifier_free(verifier);
  return status;
}
