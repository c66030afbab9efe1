/*
 * A catalogue looked at: load, prove, compare, lint, advise; everything told as JSON that pages read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "diff/diff.h"
#include "edit/draft.h"
#include "edit/study.h"
#include "proof/proof.h"

/* ---- files ---- */

static int take_release(struct study *s, struct db *db, const char *version, struct error *error)
{
  struct release release;
  if (release_read(db, version, &s->arena, &release, error))
    return -1;
  if (!*release.pack)
    return error_set(error, ERROR_CONFLICT, "version-not-kept", "这个版本的文件没有保存",
                     "The files of this version were not kept");
  return pack_get(s->store, release.pack, &s->arena, &s->files, &s->file_count, error);
}

int study_version(struct study *s, struct db *db, const char *version, struct error *error)
{
  return take_release(s, db, version, error);
}

/* Both lists are sorted by name: one pass. */
int study_draft(struct study *s, struct db *db, const struct draft *draft, struct error *error)
{
  if (take_release(s, db, draft->base, error))
    return -1;
  struct catalog_file *list = arena_array(&s->arena, s->file_count + draft->file_count + 1, sizeof *list);
  const char **changed = arena_array(&s->arena, draft->file_count + 1, sizeof *changed);
  size_t n = 0, b = 0;
  for (size_t d = 0; d < draft->file_count; d++) {
    const struct draft_file *file = &draft->files[d];
    while (b < s->file_count && strcmp(s->files[b].name, file->name) < 0)
      list[n++] = s->files[b++];
    b += b < s->file_count && strcmp(s->files[b].name, file->name) == 0;
    changed[d] = file->name;
    if (!*file->digest)
      continue;
    list[n].name = file->name;
    if (vault_get(s->store, file->digest, &s->arena, &list[n++].content, error))
      return -1;
  }
  while (b < s->file_count)
    list[n++] = s->files[b++];
  s->files = list;
  s->file_count = n;
  s->changed = changed;
  s->changed_count = draft->file_count;
  return 0;
}

/* ---- what is told ---- */

void report_words(struct json_writer *w, const char *key, struct words words)
{
  json_begin_object(w, key);
  json_put_str(w, "zh", words.zh);
  json_put_str(w, "en", words.en);
  json_end(w);
}

void report_place(struct json_writer *w, struct place place)
{
  json_put_str(w, "file", place.file);
  json_put_int(w, "line", place.line);
  json_put_int(w, "column", place.column);
}

static bool of_interest(const struct study *s, const char *file)
{
  for (size_t i = 0; i < s->changed_count; i++)
    if (strcmp(s->changed[i], file) == 0)
      return true;
  return s->changed == NULL;
}

static void put_findings(struct json_writer *w, const char *key, const struct findings *findings, const struct study *filter)
{
  json_begin_array(w, key);
  for (size_t i = 0; i < findings->n; i++) {
    const struct finding *f = &findings->list[i];
    if (filter && !of_interest(filter, f->place.file))
      continue;
    json_begin_object(w, NULL);
    report_place(w, f->place);
    json_put_str(w, "rule", f->rule);
    report_words(w, "wrong", f->wrong);
    report_words(w, "fix", f->remedy);
    json_end(w);
  }
  json_end(w);
}

void report_lint(struct study *s, struct json_writer *w, const char *key)
{
  struct findings findings = {0};
  catalog_lint(s->catalog, &s->arena, &findings);
  put_findings(w, key, &findings, s);
}

/* ---- loading and proving ---- */

bool study_load(struct study *s)
{
  struct error error;
  return s->progress(s->context, PHASE_LOADING, 0, 0) &&
         catalog_load_files("catalogue", s->files, s->file_count, &s->catalog, &s->arena, &s->findings, &error) == 0;
}

static bool on_proof(void *context, size_t done, size_t all)
{
  struct study *s = context;
  return s->progress(s->context, PHASE_PROVING, done, all);
}

static bool on_diff(void *context, size_t done, size_t all)
{
  struct study *s = context;
  return s->progress(s->context, PHASE_COMPARING, done, all);
}

static int prove(struct study *s, struct json_writer *w, struct error *error)
{
  const struct proof_options options = {.today = day_of(moment_now()), .digest = true, .progress = on_proof, .context = s};
  s->proof = arena_new(&s->arena, struct proof);
  if (proof_run(&s->arena, s->catalog, &options, s->proof, error))
    return -1;
  s->fit = s->proof->findings.n == 0 && s->proof->failed == 0;
  json_put_str(w, "version", s->catalog->version.hex);
  json_put_int(w, "things", (int64_t)s->proof->thing_count);
  json_put_int(w, "items", (int64_t)s->catalog->item_count);
  json_put_int(w, "proved", (int64_t)s->proof->proved);
  json_put_int(w, "excused", (int64_t)s->proof->excused);
  json_put_int(w, "failed", (int64_t)s->proof->failed);
  json_put_int(w, "ms", s->proof->us / 1000);
  json_put_str(w, "solver", s->proof->solver);
  return 0;
}

static int compare(struct study *s, struct json_writer *w, const struct catalog *before, struct error *error)
{
  struct diff diff;
  const struct diff_options options = {.today = day_of(moment_now()), .progress = on_diff, .context = s};
  if (diff_run(&s->arena, before, s->catalog, &options, &diff, error))
    return -1;
  diff_json(&diff, w, "diff");
  return 0;
}

static int tell(struct study *s, struct json_writer *w, const struct catalog *before, struct error *error)
{
  if (!study_load(s)) {
    if (!s->findings.n)
      return error_set(error, ERROR_CONFLICT, "stopped", "检查已中止", "The check was stopped");
    put_findings(w, "findings", &s->findings, NULL);
    return 0;
  }
  if (prove(s, w, error))
    return -1;
  put_findings(w, "findings", &s->proof->findings, NULL);
  report_lint(s, w, "lint");
  return before ? compare(s, w, before, error) : 0;
}

int report_end(struct study *s, struct error *error)
{
  return s->report.full ? error_set(error, ERROR_TOO_LARGE, "too-large", "结果过大", "The result is too large") : 0;
}

int study_run(struct study *s, const struct catalog *before, struct error *error)
{
  buf_init(&s->report, REPORT_MAX);
  struct json_writer w = json_to(&s->report);
  json_begin_object(&w, NULL);
  if (tell(s, &w, before, error))
    return -1;
  json_put_bool(&w, "fit", s->fit);
  json_end(&w);
  return report_end(s, error);
}

/* ---- publishing ---- */

int study_edition(struct study *s, struct hex *ret_pack, struct edition **ret, struct error *error)
{
  struct edition *e = calloc(1, sizeof *e);
  struct hex proof;
  struct buf text;
  if (!e)
    abort();
  buf_init(&text, PROMISE_MAX);
  int bad = promise_print(s->proof, moment_now(), &text, error) || vault_put(s->store, buf_view(&text), &proof, error) ||
            pack_put(s->store, s->files, s->file_count, ret_pack, error) ||
            promise_parse(arena_span(&e->arena, buf_view(&text)), s->catalog, &e->arena, &e->promise, error);
  buf_release(&text);
  if (bad) {
    edition_free(e);
    return -1;
  }
  e->catalog = s->catalog;
  s->catalog = NULL;
  *ret = e;
  return 0;
}

size_t study_found(const struct study *s)
{
  return s->proof ? s->proof->findings.n : s->findings.n;
}

void study_release(struct study *s)
{
  catalog_free(s->catalog);
  buf_release(&s->report);
  arena_release(&s->arena);
}
