/*
 * embed: puts files into the program, each also compressed, under a name that carries a hash of the content.
 *
 *   embed -o OUT.c FILE…
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/span.h"

static _Noreturn void fail(const char *path, const char *what)
{
  fprintf(stderr, "embed: %s: %s\n", path, what);
  exit(1);
}

static unsigned char *read_whole(const char *path, size_t *ret_n)
{
  FILE *in = fopen(path, "rb");
  if (!in)
    fail(path, strerror(errno));
  unsigned char *p = NULL;
  size_t n = 0, cap = 0, got;
  do {
    if (cap - n < 4096) {
      cap = cap ? cap * 2 : 65536;
      p = realloc(p, cap);
      if (!p)
        abort();
    }
    got = fread(p + n, 1, 4096, in);
    n += got;
  } while (got);
  fclose(in);
  *ret_n = n;
  return p;
}

static unsigned char *compress_gzip(const char *path, const unsigned char *p, size_t n, size_t *ret_n)
{
  z_stream z = {0};
  if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    fail(path, "zlib");
  size_t cap = deflateBound(&z, (uLong)n);
  unsigned char *out = malloc(cap);
  if (!out)
    abort();
  z.next_in = (unsigned char *)(uintptr_t)p;
  z.avail_in = (uInt)n;
  z.next_out = out;
  z.avail_out = (uInt)cap;
  if (deflate(&z, Z_FINISH) != Z_STREAM_END)
    fail(path, "zlib");
  *ret_n = z.total_out;
  deflateEnd(&z);
  return out;
}

static void put_bytes(FILE *out, const char *name, int i, const unsigned char *p, size_t n)
{
  fprintf(out, "static const unsigned char %s_%d[] = {", name, i);
  for (size_t k = 0; k < n; k++)
    fprintf(out, "%s%u,", k % 24 ? "" : "\n", p[k]);
  fputs("};\n", out);
}

static const char *type_of(const char *name)
{
  static const struct {
    const char *end, *type;
  } types[] = {{".css", "text/css; charset=utf-8"},
               {".js", "text/javascript; charset=utf-8"},
               {".mjs", "text/javascript; charset=utf-8"},
               {".py", "text/x-python; charset=utf-8"},
               {".svg", "image/svg+xml"},
               {".png", "image/png"},
               {".woff2", "font/woff2"}};
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
    if (!strcmp(dot, types[i].end))
      return types[i].type;
  fail(name, "no media type is known for this ending");
}

int main(int argc, char **argv)
{
  if (argc < 4 || strcmp(argv[1], "-o") != 0) {
    fputs("usage: embed -o OUT.c FILE…\n", stderr);
    return 2;
  }
  FILE *out = fopen(argv[2], "wb");
  if (!out)
    fail(argv[2], strerror(errno));
  fputs("/* Made by embed. */\n#include \"web/asset.h\"\n\n", out);
  char *rows = NULL;
  size_t rows_n = 0;
  FILE *table = open_memstream(&rows, &rows_n);
  if (!table)
    abort();
  for (int i = 3; i < argc; i++) {
    size_t n, zn;
    unsigned char *p = read_whole(argv[i], &n), *z = compress_gzip(argv[i], p, n, &zn);
    const char *slash = strrchr(argv[i], '/'), *name = slash ? slash + 1 : argv[i], *dot = strrchr(name, '.');
    put_bytes(out, "plain", i, p, n);
    put_bytes(out, "gzip", i, z, zn);
    unsigned long long hash = span_hash((struct span){(const char *)p, n});
    fprintf(table, "  {\"%s\", \"/assets/%.*s.%016llx%s\", \"%s\", plain_%d, sizeof plain_%d, gzip_%d, sizeof gzip_%d},\n", name,
            dot ? (int)(dot - name) : 0, name, hash, dot ? dot : "", type_of(name), i, i, i, i);
    free(p);
    free(z);
  }
  if (fclose(table))
    abort();
  fprintf(out, "\nconst size_t assets_n = %d;\nconst struct asset assets[] = {\n%s};\n", argc - 3, rows);
  free(rows);
  if (fclose(out))
    fail(argv[2], strerror(errno));
  return 0;
}
