/*
 * forger: a log to try witnesses with, honest or not, made with the project's own formats.
 *
 * Leaf i of a log is «leaf i»; of a log that forks at F under TAG, from leaf F on it is «TAG i». FORK is «F TAG», and may be left
 * out of a command.
 *
 *   forger key DIR FILE NAME [cosign]           makes DIR/FILE.key and prints its vkey
 *   forger checkpoint DIR FILE NAME SIZE FORK   a signed checkpoint
 *   forger request DIR FILE NAME OLD SIZE FORK  a request to add-checkpoint, with the proof from OLD in the same tree
 *   forger publish DIR FILE NAME LOGDIR SIZE FORK   grows LOGDIR to SIZE leaves and publishes it
 *   forger files LOGDIR SIZE FORK               the same without a checkpoint: a log on its way to publish
 *   forger cosign DIR FILE NAME TIME            the cosignature line of whatever note stands on stdin: a cheating witness
 *   forger judge POLICY                         does the note on stdin satisfy the policy? exit 0, 1, or 2 for a bad note
 *   forger tiles SIZE                           the paths of all files of a tree
 *   forger check LOGDIR VKEY                    every byte of LOGDIR against its checkpoint: exit 0 or 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ledger/cosign.h"
#include "ledger/logdir.h"
#include "ledger/policy.h"
#include "witness/witness.h"

static struct arena arena;
static struct error error;
static struct signer *signer; /* of this command */

static void fail(void)
{
  (void)fprintf(stderr, "forger: %s (%s)\n", error.en, error.where);
  exit(2);
}

static int64_t number(const char *s)
{
  int64_t n;
  if (!s || !span_int(span_of(s), &n) || n < 0) {
    (void)fprintf(stderr, "forger: «%s» is not a number\n", s ? s : "");
    exit(2);
  }
  return n;
}

static void print(struct span s)
{
  (void)fwrite(s.p, 1, s.n, stdout);
}

static struct span read_stdin(void)
{
  char *p = arena_alloc(&arena, 1 << 20);
  return (struct span){p, fread(p, 1, 1 << 20, stdin)};
}

/* ---- trees ---- */

struct fork {
  int64_t at;
  const char *tag; /* NULL: none */
};

static struct fork fork_of(char **argv)
{
  return argv[0] && argv[1] ? (struct fork){number(argv[0]), argv[1]} : (struct fork){0};
}

static struct span entry(struct fork fork, int64_t i)
{
  const char *tag = fork.tag && i >= fork.at ? fork.tag : "leaf";
  return span_of(arena_printf(&arena, "%s %lld", tag, (long long)i));
}

static struct merkle_tree tree(struct fork fork, int64_t size)
{
  struct digest *leaves = arena_array(&arena, (size_t)size + 1, sizeof *leaves);
  for (int64_t i = 0; i < size; i++)
    leaves[i] = merkle_leaf(entry(fork, i));
  struct merkle_tree tree;
  merkle_tree_build(&arena, MERKLE_SHA256, leaves, (size_t)size, &tree);
  return tree;
}

static const struct signer *key(char **argv, enum note_algorithm algorithm)
{
  if (signer_open_as(argv[0], argv[1], argv[2], algorithm, true, &signer, &error))
    fail();
  return signer;
}

static struct span signed_checkpoint(struct merkle_tree *tree, const struct signer *by)
{
  struct merkle_reader reader = merkle_tree_reader(tree);
  struct checkpoint c = {.origin = span_of(signer_name(by)), .size = tree->size};
  if (merkle_root_at(&reader, tree->size, &c.root, &error))
    fail();
  return note_sign(&arena, checkpoint_text(&arena, &c), by);
}

/* ---- commands: argv begins after the command's name and ends in NULL ---- */

static int run_key(int argc, char **argv)
{
  (void)puts(signer_vkey(key(argv, argc > 3 ? NOTE_COSIGNATURE : NOTE_ED25519)));
  return 0;
}

static int run_checkpoint(int argc, char **argv)
{
  (void)argc;
  struct merkle_tree t = tree(fork_of(argv + 4), number(argv[3]));
  print(signed_checkpoint(&t, key(argv, NOTE_ED25519)));
  return 0;
}

static int run_request(int argc, char **argv)
{
  (void)argc;
  struct merkle_tree t = tree(fork_of(argv + 5), number(argv[4]));
  struct merkle_reader reader = merkle_tree_reader(&t);
  struct merkle_proof proof;
  struct witness_request request = {.old_size = number(argv[3])};
  if (merkle_consistency(&reader, request.old_size, t.size, &proof, &error))
    fail();
  request.proof_n = proof.n;
  memcpy(request.proof, proof.path, proof.n * sizeof *proof.path);
  request.note = signed_checkpoint(&t, key(argv, NOTE_ED25519));
  print(witness_request_text(&arena, &request));
  return 0;
}

/* From the size of its checkpoint on, as a log that starts again after whatever happened to it. */
static struct logdir *grow(const char *dir, int64_t size, struct fork fork)
{
  struct logdir *log;
  struct span note;
  struct note parsed;
  struct checkpoint c = {0};
  if (logdir_checkpoint(dir, &arena, &note, &error) || (note.n && note_parse(&arena, note, &parsed, &error)))
    fail();
  if (note.n && !checkpoint_parse(&arena, parsed.text, &c))
    fail();
  if (logdir_append(dir, MERKLE_SHA256, c.size, &log, &error))
    fail();
  for (int64_t i = c.size; i < size; i++)
    if (logdir_add(log, entry(fork, i), NULL, &error))
      fail();
  if (logdir_commit(log, &error))
    fail();
  return log;
}

static int run_publish(int argc, char **argv)
{
  (void)argc;
  struct fork fork = fork_of(argv + 5);
  struct logdir *log = grow(argv[3], number(argv[4]), fork);
  struct merkle_tree t = tree(fork, number(argv[4]));
  if (logdir_publish(log, signed_checkpoint(&t, key(argv, NOTE_ED25519)), &error))
    fail();
  logdir_close(log);
  return 0;
}

static int run_files(int argc, char **argv)
{
  (void)argc;
  logdir_close(grow(argv[0], number(argv[1]), fork_of(argv + 2)));
  return 0;
}

static int run_cosign(int argc, char **argv)
{
  (void)argc;
  struct note note;
  if (note_parse(&arena, read_stdin(), &note, &error))
    fail();
  print(cosign_line(&arena, note.text, key(argv, NOTE_COSIGNATURE), number(argv[3])));
  return 0;
}

static int run_judge(int argc, char **argv)
{
  (void)argc;
  struct policy *policy;
  struct note note;
  if (policy_load(argv[0], &policy, &error) || note_parse(&arena, read_stdin(), &note, &error))
    fail();
  int bad = policy_satisfied(policy, &arena, &note, &error);
  policy_free(policy);
  if (bad)
    (void)puts(error.name);
  return !bad ? 0 : strcmp(error.name, "no-quorum") == 0 || strcmp(error.name, "unsigned-note") == 0 ? 1 : 2;
}

static int run_tiles(int argc, char **argv)
{
  (void)argc;
  struct tile_walk walk = tile_walk(0, number(argv[0]));
  char path[TILE_PATH_MAX];
  for (struct tile t; tile_walk_next(&walk, &t);) {
    tile_path(&t, path);
    (void)puts(path);
  }
  return 0;
}

static int run_check(int argc, char **argv)
{
  (void)argc;
  struct verifier *v;
  struct span note, text;
  struct checkpoint c;
  struct logdir_report report;
  if (verifier_open(span_of(argv[1]), &v, &error) || logdir_checkpoint(argv[0], &arena, &note, &error) ||
      note_open(&arena, note, v, &text, &error) || !checkpoint_parse(&arena, text, &c))
    fail();
  verifier_free(v);
  int bad = logdir_check(argv[0], MERKLE_SHA256, &c, &report, &error);
  (void)printf("%s\n", bad ? error.en : "intact");
  return bad ? 1 : 0;
}

static const struct command {
  const char *name;
  int least; /* arguments */
  int (*run)(int argc, char **argv);
} commands[] = {
    {"key", 3, run_key},         {"checkpoint", 4, run_checkpoint},
    {"request", 5, run_request}, {"publish", 5, run_publish},
    {"files", 2, run_files},     {"cosign", 4, run_cosign},
    {"judge", 1, run_judge},     {"tiles", 1, run_tiles},
    {"check", 2, run_check},     {0},
};

int main(int argc, char **argv)
{
  for (const struct command *c = commands; c->name; c++)
    if (argc > 1 && strcmp(argv[1], c->name) == 0 && argc - 2 >= c->least) {
      int code = c->run(argc - 2, argv + 2);
      signer_free(signer);
      arena_release(&arena);
      return code;
    }
  (void)fputs("forger: see the head of tests/ledger/forger.c\n", stderr);
  return 2;
}
