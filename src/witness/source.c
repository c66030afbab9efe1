#include "witness/source.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "witness/internal.h"

#define BUNDLE_MAX ((size_t)TILE_WIDTH * (2 + ENTRY_MAX))
#define SLOW_SECONDS 30L /* an answer that brings nothing for so long is given up */

struct source {
  char *base; /* without a slash at its end */
  CURL *curl; /* NULL: a directory */
  bool stopped;
};

int source_open(const char *from, struct source **ret, struct error *error)
{
  struct source *s = calloc(1, sizeof *s);
  size_t n = strlen(from);
  while (n > 1 && from[n - 1] == '/')
    n--;
  if (!s || !(s->base = strndup(from, n)))
    abort();
  bool http = strncmp(from, "http://", 7) == 0 || strncmp(from, "https://", 8) == 0;
  if (n == 0 || (!http && strstr(from, "://")) || (http && !(s->curl = curl_easy_init()))) {
    source_close(s);
    return error_set(error, ERROR_BAD_INPUT, "bad-source", "“%.200s”既不是 http(s) 地址，也不是目录",
                     "“%.200s” is neither an http(s) address nor a directory", from);
  }
  *ret = s;
  return 0;
}

void source_close(struct source *source)
{
  if (!source)
    return;
  if (source->curl)
    curl_easy_cleanup(source->curl);
  free(source->base);
  free(source);
}

void source_stop(struct source *source)
{
  __atomic_store_n(&source->stopped, true, __ATOMIC_RELAXED);
}

static bool stopped(const struct source *source)
{
  return __atomic_load_n(&source->stopped, __ATOMIC_RELAXED);
}

static int away(struct error *error, const char *where, const char *why)
{
  return error_set(error, ERROR_BUSY, "source-away", "取不到 %s：%s", "Cannot fetch %s: %s", where, why);
}

static size_t take(char *data, size_t size, size_t n, void *context)
{
  struct buf *buf = context;
  buf_bytes(buf, data, size * n);
  return buf->full ? 0 : size * n;
}

static int watch_stop(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
  (void)a, (void)b, (void)c, (void)d;
  return stopped(context);
}

static CURLcode perform(struct source *s, const char *url, struct buf *buf, long *ret_status)
{
  curl_easy_reset(s->curl); /* keeps the connection */
  curl_easy_setopt(s->curl, CURLOPT_URL, url);
  curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(s->curl, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(s->curl, CURLOPT_CONNECTTIMEOUT, 10L);
  curl_easy_setopt(s->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(s->curl, CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
  curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, buf);
  curl_easy_setopt(s->curl, CURLOPT_XFERINFOFUNCTION, watch_stop);
  curl_easy_setopt(s->curl, CURLOPT_XFERINFODATA, s);
  curl_easy_setopt(s->curl, CURLOPT_NOPROGRESS, 0L);
  CURLcode code = curl_easy_perform(s->curl);
  curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, ret_status);
  return code;
}

/* ret_missing: the server says that there is no such file. */
static int fetch(struct source *s, struct arena *arena, const char *url, size_t max, struct span *ret, bool *ret_missing,
                 struct error *error)
{
  struct buf buf;
  long status = 0;
  buf_init(&buf, max);
  CURLcode code = perform(s, url, &buf, &status);
  int bad = 0;
  *ret_missing = code == CURLE_OK && (status == 404 || status == 410);
  if (code != CURLE_OK)
    bad = away(error, url, buf.full ? "too large" : curl_easy_strerror(code));
  else if (status != 200)
    bad = away(error, url, arena_printf(arena, "HTTP %ld", status));
  else
    *ret = arena_span(arena, buf_view(&buf));
  buf_release(&buf);
  return bad;
}

static int get(struct source *s, struct arena *arena, const char *path, size_t max, struct span *ret, bool *ret_missing,
               struct error *error)
{
  *ret_missing = false;
  if (stopped(s))
    return away(error, path, "stopping");
  if (s->curl)
    return fetch(s, arena, arena_printf(arena, "%s/%s", s->base, path), max, ret, ret_missing, error);
  struct error why = {0};
  if (state_read(arena, s->base, path, max, ret, &why))
    return away(error, path, why.en);
  *ret_missing = !ret->p;
  return ret->p ? 0 : away(error, arena_printf(arena, "%s/%s", s->base, path), "no such file");
}

int source_checkpoint(struct source *s, struct arena *arena, struct span *ret, struct error *error)
{
  bool missing;
  return get(s, arena, "checkpoint", SOURCE_CHECKPOINT_MAX, ret, &missing, error);
}

/* The bytes of the first `width` entries; all of them where the bundle is broken: who checks hashes will say so. */
static struct span bundle_head(struct span bytes, int width)
{
  struct span rest = bytes, entry;
  for (int i = 0; i < width; i++)
    if (!bundle_next(&rest, &entry))
      return bytes;
  return (struct span){bytes.p, bytes.n - rest.n};
}

static struct span tile_head(const struct tile *tile, struct span bytes)
{
  size_t n = (size_t)tile->width * DIGEST_BYTES;
  if (tile->level == TILE_ENTRIES)
    return bundle_head(bytes, tile->width);
  return bytes.n > n ? (struct span){bytes.p, n} : bytes;
}

int source_tile(struct source *s, struct arena *arena, const struct tile *tile, struct span *ret, struct error *error)
{
  char path[TILE_PATH_MAX];
  bool missing;
  struct tile asked = *tile;
  tile_path(&asked, path);
  int bad = get(s, arena, path, BUNDLE_MAX, ret, &missing, error);
  if (bad && missing && asked.width < TILE_WIDTH) {
    asked.width = TILE_WIDTH;
    tile_path(&asked, path);
    bad = get(s, arena, path, BUNDLE_MAX, ret, &missing, error);
    if (!bad)
      *ret = tile_head(tile, *ret);
  }
  if (!bad && tile->level != TILE_ENTRIES && ret->n != (size_t)tile->width * DIGEST_BYTES)
    return away(error, path, "wrong length");
  return bad;
}
