#include "edit/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "store/blob.h"

#define PACK_MAX ((size_t)1 << 30)
#define HEAD "onevisit-catalogue 1\n"
#define GZIP 16 /* of zlib: added to the window's bits */

/* ---- bytes ---- */

static int write_all(int fd, struct span bytes)
{
  while (bytes.n) {
    ssize_t n = write(fd, bytes.p, bytes.n);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return -1;
    bytes.p += n;
    bytes.n -= (size_t)n;
  }
  return 0;
}

int vault_put(struct store *store, struct span bytes, struct hex *ret, struct error *error)
{
  struct digest digest;
  int fd = memfd_create("vault", MFD_CLOEXEC);
  if (fd < 0 || write_all(fd, bytes)) {
    if (fd >= 0)
      (void)close(fd);
    return error_set(error, ERROR_BUSY, "no-memory", "内存不足，请稍后再试", "There is no memory for it: please try again later");
  }
  int bad = blob_put(store, fd, &digest, NULL, error);
  (void)close(fd);
  if (!bad)
    hex_encode(digest.b, DIGEST_BYTES, ret->text);
  return bad;
}

static int damaged(struct error *error, const char *hex)
{
  return error_set(error, ERROR_INTERNAL, "vault-damaged", "保存的文件 %.64s 已损坏", "The stored file %.64s is damaged", hex);
}

int vault_get(struct store *store, const char *hex, struct arena *arena, struct span *ret, struct error *error)
{
  struct digest digest;
  int64_t size = 0;
  int fd;
  if (!hex_decode(span_of(hex), digest.b, DIGEST_BYTES))
    return damaged(error, hex);
  if (blob_open(store, &digest, &fd, &size, error))
    return -1;
  char *p = arena_alloc(arena, (size_t)size + 1);
  size_t got = 0;
  for (ssize_t n = 1; got < (size_t)size && n > 0; got += n > 0 ? (size_t)n : 0)
    n = read(fd, p + got, (size_t)size - got);
  (void)close(fd);
  struct digest found = sha256((struct span){p, got});
  if (got != (size_t)size || memcmp(found.b, digest.b, DIGEST_BYTES) != 0)
    return damaged(error, hex);
  *ret = (struct span){p, got};
  return 0;
}

/* ---- packs ---- */

static int squeeze(struct span plain, struct buf *out)
{
  z_stream z = {.next_in = (Bytef *)(uintptr_t)plain.p, .avail_in = (uInt)plain.n};
  if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return -1;
  char part[65536];
  int status = Z_OK;
  while (status == Z_OK) {
    z.next_out = (Bytef *)part;
    z.avail_out = sizeof part;
    status = deflate(&z, Z_FINISH);
    buf_bytes(out, part, sizeof part - z.avail_out);
  }
  (void)deflateEnd(&z);
  return status == Z_STREAM_END && !out->full ? 0 : -1;
}

/* Part by part; take() says whether it wants more. */
static int swell(struct span squeezed, bool (*take)(void *context, struct span part), void *context)
{
  z_stream z = {.next_in = (Bytef *)(uintptr_t)squeezed.p, .avail_in = (uInt)squeezed.n};
  if (inflateInit2(&z, MAX_WBITS + GZIP) != Z_OK)
    return -1;
  char part[65536];
  int status = Z_OK;
  bool more = true;
  while (status == Z_OK && more) {
    z.next_out = (Bytef *)part;
    z.avail_out = sizeof part;
    status = inflate(&z, Z_NO_FLUSH);
    more = take(context, (struct span){part, sizeof part - z.avail_out});
  }
  (void)inflateEnd(&z);
  return status == Z_STREAM_END || !more ? 0 : -1;
}

static bool take_all(void *context, struct span part)
{
  struct buf *out = context;
  buf_span(out, part);
  return !out->full;
}

int pack_put(struct store *store, const struct catalog_file *files, size_t n, struct hex *ret, struct error *error)
{
  struct buf plain, squeezed;
  buf_init(&plain, PACK_MAX);
  buf_init(&squeezed, PACK_MAX);
  buf_str(&plain, HEAD);
  for (size_t i = 0; i < n; i++)
    buf_printf(&plain, "%zu %s\n", files[i].content.n, files[i].name);
  buf_char(&plain, '\n');
  for (size_t i = 0; i < n; i++)
    buf_span(&plain, files[i].content);
  int bad = plain.full || squeeze(buf_view(&plain), &squeezed)
                ? error_set(error, ERROR_TOO_LARGE, "too-large", "事项目录过大，不能保存", "The catalogue is too large to be kept")
                : vault_put(store, buf_view(&squeezed), ret, error);
  buf_release(&plain);
  buf_release(&squeezed);
  return bad;
}

static bool read_names(struct span *rest, struct arena *arena, struct catalog_file **ret, size_t *ret_n)
{
  struct catalog_file *list = NULL;
  size_t n = 0, cap = 0;
  struct span line, size;
  while (span_cut(rest, '\n', &line) && line.n) {
    int64_t bytes;
    list = arena_grow(arena, list, n, &cap, sizeof *list);
    if (!span_cut(&line, ' ', &size) || !span_natural(size, &bytes) || !line.n)
      return false;
    list[n++] = (struct catalog_file){arena_dup(arena, line), {NULL, (size_t)bytes}};
  }
  *ret = list;
  *ret_n = n;
  return true;
}

static bool unpack(struct span plain, struct arena *arena, struct catalog_file **ret, size_t *ret_n)
{
  if (!span_starts(plain, HEAD))
    return false;
  struct span rest = {plain.p + sizeof HEAD - 1, plain.n - (sizeof HEAD - 1)};
  if (!read_names(&rest, arena, ret, ret_n))
    return false;
  for (size_t i = 0; i < *ret_n; i++) {
    struct span *content = &(*ret)[i].content;
    if (content->n > rest.n)
      return false;
    *content = arena_span(arena, (struct span){rest.p, content->n});
    rest = (struct span){rest.p + content->n, rest.n - content->n};
  }
  return rest.n == 0;
}

int pack_get(struct store *store, const char *hex, struct arena *arena, struct catalog_file **ret, size_t *ret_n,
             struct error *error)
{
  struct arena work = {0};
  struct buf plain;
  struct span squeezed;
  buf_init(&plain, PACK_MAX);
  int bad = vault_get(store, hex, &work, &squeezed, error);
  if (!bad && (swell(squeezed, take_all, &plain) || plain.full || !unpack(buf_view(&plain), arena, ret, ret_n)))
    bad = damaged(error, hex);
  buf_release(&plain);
  arena_release(&work);
  return bad;
}

/* ---- one file ---- */

struct member {
  const char *name;
  struct arena *work;
  struct arena *arena;
  struct buf head;
  bool headed, bad;
  size_t skip, n, got; /* bytes before it; its size, and how many of them are there */
  char *text;          /* NULL: there is none of that name */
};

/* Its place among the contents. */
static bool find_member(struct member *m, struct span head)
{
  struct catalog_file *files;
  size_t n;
  if (!span_starts(head, HEAD))
    return false;
  struct span rest = {head.p + sizeof HEAD - 1, head.n - (sizeof HEAD - 1)};
  if (!read_names(&rest, m->work, &files, &n))
    return false;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(files[i].name, m->name) == 0) {
      if (files[i].content.n > PACK_MAX)
        return false;
      m->n = files[i].content.n;
      m->text = arena_alloc(m->arena, m->n + 1);
      return true;
    }
    m->skip += files[i].content.n;
  }
  return true;
}

/* The contents begin after the first empty line. */
static bool take_head(struct member *m, struct span *part)
{
  buf_span(&m->head, *part);
  struct span held = buf_view(&m->head);
  const char *end = held.n ? memmem(held.p, held.n, "\n\n", 2) : NULL;
  *part = (struct span){0};
  m->bad = m->head.full;
  if (!end)
    return !m->bad;
  m->headed = true;
  m->bad = !find_member(m, (struct span){held.p, (size_t)(end + 2 - held.p)});
  *part = (struct span){end + 2, held.n - (size_t)(end + 2 - held.p)};
  return !m->bad && m->text;
}

static bool take_member(void *context, struct span part)
{
  struct member *m = context;
  if (!m->headed && (!take_head(m, &part) || !m->headed))
    return !m->bad && !m->headed;
  size_t skipped = m->skip < part.n ? m->skip : part.n;
  m->skip -= skipped;
  size_t n = part.n - skipped < m->n - m->got ? part.n - skipped : m->n - m->got;
  if (n)
    memcpy(m->text + m->got, part.p + skipped, n);
  m->got += n;
  return m->skip || m->got < m->n;
}

int pack_member(struct store *store, const char *hex, const char *name, struct arena *arena, struct span *ret, struct error *error)
{
  struct arena work = {0};
  struct span squeezed;
  struct member m = {.name = name, .work = &work, .arena = arena};
  buf_init(&m.head, PACK_MAX);
  int bad = vault_get(store, hex, &work, &squeezed, error);
  if (!bad && (swell(squeezed, take_member, &m) || m.bad || !m.headed || m.got < m.n))
    bad = damaged(error, hex);
  if (!bad)
    *ret = (struct span){m.text, m.n};
  buf_release(&m.head);
  arena_release(&work);
  return bad;
}

static int by_name(const void *name, const void *file)
{
  return strcmp(name, ((const struct catalog_file *)file)->name);
}

const struct catalog_file *pack_find(const struct catalog_file *files, size_t n, const char *name)
{
  return n ? bsearch(name, files, n, sizeof *files, by_name) : NULL;
}
