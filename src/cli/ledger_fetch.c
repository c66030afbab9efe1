#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/ledger.h"
#include "ledger/logdir.h"

#define CHECKPOINT_MAX ((size_t)1 << 20)

struct fetch {
  CURL *curl;
  const char *url, *dir;
  struct arena arena; /* of one file */
};

static int make_parents(char *path, struct error *error)
{
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    bool bad = mkdir(path, 0700) != 0 && errno != EEXIST;
    *slash = '/';
    if (bad)
      return error_set(error, ERROR_BAD_INPUT, "log-unreachable", "无法建立 %s：%s", "%s cannot be made: %s", path,
                       strerror(errno));
  }
  return 0;
}

/* 1: there is no such file. */
static int fetch_file(struct fetch *f, const char *name, struct error *error)
{
  char *path = arena_printf(&f->arena, "%s/%s", f->dir, name);
  const char *url = arena_printf(&f->arena, "%s/%s", f->url, name);
  if (make_parents(path, error))
    return -1;
  FILE *out = fopen(path, "we");
  if (!out)
    return error_set(error, ERROR_BAD_INPUT, "log-unreachable", "无法写入 %s", "%s cannot be written", path);
  curl_easy_setopt(f->curl, CURLOPT_URL, url);
  curl_easy_setopt(f->curl, CURLOPT_WRITEDATA, out);
  CURLcode code = curl_easy_perform(f->curl);
  long status = 0;
  curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
  bool written = fclose(out) == 0 && code == CURLE_OK;
  if (written && status == 200)
    return 0;
  (void)remove(path);
  if (code == CURLE_OK && status == 404)
    return 1;
  return error_set(error, ERROR_BAD_INPUT, "log-unreachable", "无法取得 %s：%s（HTTP %ld）", "%s cannot be fetched: %s (HTTP %ld)",
                   url, curl_easy_strerror(code), status);
}

/* A partial tile may have given way to its full one (tlog-tiles). */
static int fetch_tile(struct fetch *f, struct tile tile, struct error *error)
{
  char name[TILE_PATH_MAX];
  tile_path(&tile, name);
  int missing = fetch_file(f, name, error);
  if (missing == 1 && tile.width < TILE_WIDTH) {
    tile.width = TILE_WIDTH;
    tile_path(&tile, name);
    missing = fetch_file(f, name, error);
  }
  arena_reset(&f->arena);
  return missing == 1 ? error_set(error, ERROR_CONFLICT, "log-unreadable", "账本缺少文件 %s", "The log lacks the file %s", name)
                      : missing;
}

static int fetch_all(struct fetch *f, struct error *error)
{
  struct span text;
  struct note note;
  struct checkpoint checkpoint;
  int missing = fetch_file(f, "checkpoint", error);
  if (missing < 0)
    return -1;
  if (missing || logdir_checkpoint(f->dir, &f->arena, &text, error) || note_parse(&f->arena, text, &note, error) ||
      !checkpoint_parse(&f->arena, note.text, &checkpoint))
    return error_set(error, ERROR_BAD_INPUT, "log-unreachable", "%s 不是一个账本", "There is no log at %s", f->url);
  struct tile_walk walk = tile_walk(0, checkpoint.size);
  for (struct tile tile; tile_walk_next(&walk, &tile);)
    if (fetch_tile(f, tile, error))
      return -1;
  return 0;
}

int ledger_fetch(const char *url, const char *dir, struct error *error)
{
  struct fetch f = {.curl = curl_easy_init(), .dir = dir};
  if (!f.curl)
    abort();
  size_t n = strlen(url);
  char *base = strndup(url, n && url[n - 1] == '/' ? n - 1 : n);
  f.url = base;
  curl_easy_setopt(f.curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(f.curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(f.curl, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(f.curl, CURLOPT_CONNECTTIMEOUT, 15L);
  curl_easy_setopt(f.curl, CURLOPT_LOW_SPEED_LIMIT, 100L);
  curl_easy_setopt(f.curl, CURLOPT_LOW_SPEED_TIME, 30L);
  curl_easy_setopt(f.curl, CURLOPT_NOSIGNAL, 1L);
  int bad = fetch_all(&f, error);
  curl_easy_cleanup(f.curl);
  arena_release(&f.arena);
  free(base);
  return bad;
}
