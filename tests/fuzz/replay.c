/* replay CORPUS: feeds CORPUS/<subject>/… to each subject's function, without a fuzzer: what was found once stays mended. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "fuzz_ledger.h"

static bool feed(const struct fuzz_subject *subject, const char *path)
{
  static char bytes[1 << 20];
  FILE *f = fopen(path, "r");
  if (!f)
    return false;
  size_t n = fread(bytes, 1, sizeof bytes, f);
  bool ok = !ferror(f);
  (void)fclose(f);
  char *exact = malloc(n + 1); /* of the input's own size, so that a sanitizer sees its end */
  if (!exact)
    abort();
  memcpy(exact, bytes, n);
  subject->run((struct span){exact, n});
  free(exact);
  return ok;
}

/* The fuzzers that are files of their own; each is built for here under another name (meson.build). */
#define FUZZERS(X) X(json) X(form) X(xes) X(feel) X(catalog) X(witness_request)
#define X(name)                                                                                                                    \
  int replayed_##name(const uint8_t *data, size_t n);                                                                              \
  static void run_##name(struct span input)                                                                                        \
  {                                                                                                                                \
    (void)replayed_##name((const uint8_t *)input.p, input.n);                                                                      \
  }
FUZZERS(X)
#undef X

static const struct fuzz_subject fuzzers[] = {
#define X(name) {#name, run_##name},
    FUZZERS(X)
#undef X
        {NULL, NULL},
};

static int replay(const struct fuzz_subject *subject, const char *corpus)
{
  struct arena arena = {0};
  int fed = 0;
  const char *dir = arena_printf(&arena, "%s/%s", corpus, subject->name);
  DIR *list = opendir(dir);
  for (struct dirent *entry; list && (entry = readdir(list));)
    if (entry->d_name[0] != '.')
      fed += feed(subject, arena_printf(&arena, "%s/%s", dir, entry->d_name));
  if (list)
    (void)closedir(list);
  arena_release(&arena);
  return fed;
}

static int replay_all(const struct fuzz_subject *subjects, const char *corpus)
{
  int bad = 0;
  for (const struct fuzz_subject *s = subjects; s->name; s++) {
    int fed = replay(s, corpus);
    (void)printf("%s: %d inputs\n", s->name, fed);
    bad |= fed == 0;
  }
  return bad;
}

int main(int argc, char **argv)
{
  return argc == 2 ? replay_all(fuzz_subjects, argv[1]) | replay_all(fuzzers, argv[1]) : 2;
}
