#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *place_of(struct arena *arena, const char *name)
{
  const char *source = getenv("ONEVISIT_SOURCE");
  const char *path = arena_printf(arena, "%s/../shared/vectors/%s", source ? source : ".", name);
  if (access(path, R_OK) == 0)
    return path;
  print_message("           (left out: no vectors beside this clone)\n");
  return NULL;
}

char *vectors_unpack(struct arena *arena, const char *archive)
{
  const char *path = place_of(arena, archive);
  if (!path)
    return NULL;
  char *dir = arena_str(arena, "/tmp/onevisit-vectors-XXXXXX");
  assert_non_null(mkdtemp(dir));
  assert_int_equal(system(arena_printf(arena, "tar -xzf '%s' -C %s", path, dir)), 0);
  return dir;
}

void vectors_remove(const char *dir)
{
  struct arena arena = {0};
  assert_int_equal(system(arena_printf(&arena, "rm -rf '%s'", dir)), 0);
  arena_release(&arena);
}

struct span vectors_file(struct arena *arena, const char *name)
{
  const char *path = place_of(arena, name);
  return path ? read_whole(arena, path) : (struct span){0};
}

struct span read_whole(struct arena *arena, const char *path)
{
  FILE *f = fopen(path, "r");
  struct stat st;
  if (!f || fstat(fileno(f), &st) != 0)
    fail_msg("%s cannot be read", path);
  char *bytes = arena_alloc(arena, (size_t)st.st_size + 1);
  size_t n = fread(bytes, 1, (size_t)st.st_size, f);
  assert_int_equal(fclose(f), 0);
  assert_int_equal(n, st.st_size);
  return (struct span){bytes, n};
}

static bool ends_in(const char *s, const char *ending)
{
  size_t n = strlen(s), k = strlen(ending);
  return n >= k && strcmp(s + n - k, ending) == 0;
}

size_t visit_files(const char *dir, const char *ending, file_visitor *visit, void *context)
{
  struct dirent **list;
  size_t visited = 0;
  int n = scandir(dir, &list, NULL, alphasort);
  assert_true(n >= 0);
  for (int i = 0; i < n; i++) {
    struct arena arena = {0};
    const char *path = arena_printf(&arena, "%s/%s", dir, list[i]->d_name);
    struct stat st;
    bool own = strcmp(list[i]->d_name, ".") == 0 || strcmp(list[i]->d_name, "..") == 0;
    if (!own && lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
      visited += visit_files(path, ending, visit, context);
    } else if (!own && S_ISREG(st.st_mode) && ends_in(path, ending)) {
      visit(context, path);
      visited++;
    }
    arena_release(&arena);
    free(list[i]);
  }
  free(list);
  return visited;
}
