#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "catalog/catalog.h"
#include "cli/cli.h"
#include "cli/prove.h"
#include "promise/promise.h"

#define JSON_MAX ((size_t)256 * 1024 * 1024)

static void help(void)
{
  (void)puts(
      !cli_chinese()
          ? "usage: onevisit check DIR [--json] [--thing ID] [--smt DIR] [--keep FILE] [--time] [--publish] [--proof FILE]\n"
            "                     [--lang zh|en]\n\n"
            "Loads the catalogue in DIR and reports every mistake: where, what is wrong, what to do. Then proves of every\n"
            "thing, over all answers, that the promise is kept, or names the applicant for whom it is not.\n\n"
            "  --json      findings and proof as JSON on stdout (docs/catalogue.md, docs/proof.md)\n"
            "  --thing ID  prove this thing alone\n"
            "  --smt DIR   write every question to the solver there, as SMT-LIB\n"
            "  --keep FILE write the applicants for whom it fails, for DIR/persons\n"
            "  --time      say how long each part took\n"
            "  --publish   when nothing is found, write the proof for serve: DIR/proof.json\n"
            "  --proof FILE write it there\n"
            "  --lang L    zh or en; by LANG, else zh\n\n"
            "exit 0: fit to publish · 1: findings · 2: not usable as a catalogue"
          : "用法：onevisit check 目录 [--json] [--thing 编号] [--smt 目录] [--keep 文件] [--time] [--publish] [--proof 文件]\n"
            "                    [--lang zh|en]\n\n"
            "读入事项目录，报告每一处错误：在哪里、错在哪里、怎么改；再对每一件事证明：不论申请人怎么回答，\n"
            "承诺都做得到；做不到的，说出是哪一位申请人。\n\n"
            "  --json       以 JSON 写到标准输出（见 docs/catalogue.md、docs/proof.md）\n"
            "  --thing 编号 只证明这一件事\n"
            "  --smt 目录   把问求解器的每个问题写成 SMT-LIB\n"
            "  --keep 文件  写下做不到的申请人，可放进 目录/persons\n"
            "  --time       说明各部分用时\n"
            "  --publish    没有错误时写下证明，供 serve 使用：目录/proof.json\n"
            "  --proof 文件 写到这个文件\n"
            "  --lang L     zh 或 en；默认按 LANG，否则中文\n\n"
            "退出码 0：可以发布 · 1：有错误 · 2：不能当作事项目录");
}

static void write_words(struct json_writer *w, const char *key, struct words words)
{
  json_begin_object(w, key);
  json_put_str(w, "zh", words.zh);
  json_put_str(w, "en", words.en);
  json_end(w);
}

void cli_write_finding(struct json_writer *w, const char *dir, const struct finding *f)
{
  json_begin_object(w, NULL);
  json_put_str(w, "dir", dir);
  json_put_str(w, "file", f->place.file);
  json_put_int(w, "line", f->place.line);
  json_put_int(w, "column", f->place.column);
  json_put_str(w, "rule", f->rule);
  write_words(w, "wrong", f->wrong);
  write_words(w, "fix", f->remedy);
  json_end(w);
}

static void write_counts(struct json_writer *w, const struct catalog *c)
{
  json_begin_object(w, "counts");
  json_put_int(w, "agencies", (int64_t)c->agency_count);
  json_put_int(w, "items", (int64_t)c->item_count);
  json_put_int(w, "things", (int64_t)c->thing_count);
  json_put_int(w, "materials", (int64_t)c->material_count);
  json_put_int(w, "fields", (int64_t)c->field_count);
  json_put_int(w, "certificates", (int64_t)c->certificate_count);
  json_put_int(w, "zones", (int64_t)c->zone_count);
  json_put_int(w, "halls", (int64_t)c->hall_count);
  json_put_int(w, "districts", (int64_t)c->district_count);
  json_end(w);
}

/* catalog and proof are NULL where it could not be loaded. */
static int write_json(const char *dir, const struct catalog *catalog, const struct findings *findings, const struct proof *proof)
{
  struct buf buf;
  buf_init(&buf, JSON_MAX);
  struct json_writer w = json_to(&buf);
  json_begin_object(&w, NULL);
  json_put_bool(&w, "fit", catalog != NULL && findings->n == 0);
  json_put_str(&w, "version", catalog ? catalog->version.hex : NULL);
  if (catalog)
    write_counts(&w, catalog);
  json_begin_array(&w, "findings");
  for (size_t i = 0; i < findings->n; i++)
    cli_write_finding(&w, dir, &findings->list[i]);
  json_end(&w);
  if (proof)
    proof_json(proof, &w, "proof");
  json_end(&w);
  struct span out = buf_view(&buf);
  bool written = !buf.full && fwrite(out.p, 1, out.n, stdout) == out.n && putchar('\n') != EOF && fflush(stdout) == 0;
  buf_release(&buf);
  return written ? 0 : -1;
}

void cli_print_findings(FILE *out, const char *dir, const struct findings *findings)
{
  bool zh = cli_chinese();
  for (size_t i = 0; i < findings->n; i++) {
    const struct finding *f = &findings->list[i];
    (void)fprintf(out, zh ? "%s/%s:%d:%d: %s [%s] — 怎么改：%s\n" : "%s/%s:%d:%d: %s [%s] — fix: %s\n", dir, f->place.file,
                  f->place.line, f->place.column, zh ? f->wrong.zh : f->wrong.en, f->rule, zh ? f->remedy.zh : f->remedy.en);
  }
}

static void write_text(const char *dir, const struct catalog *c, const struct findings *findings, const struct proof *proof)
{
  if (proof)
    prove_print(stdout, proof);
  cli_print_findings(stdout, dir, findings);
  if (c && findings->n == 0)
    (void)printf(cli_chinese() ? "%s：%zu 个部门、%zu 个事项、%zu 件事、%zu 种材料，没有发现错误\n"
                               : "%s: %zu agencies, %zu items, %zu things, %zu materials: nothing found\n",
                 dir, c->agency_count, c->item_count, c->thing_count, c->material_count);
  else
    (void)printf(cli_chinese() ? "%s：%zu 处错误\n" : "%s: %zu findings\n", dir, findings->n);
}

struct request {
  const char *dir, *thing, *smt, *keep, *proof;
  bool json, time, publish;
};

static int say(const struct request *request, const char *dir, const struct catalog *catalog, const struct findings *findings,
               const struct proof *proof)
{
  if (!request->json)
    write_text(dir, catalog, findings, proof);
  else if (write_json(dir, catalog, findings, proof) < 0) {
    cli_say("onevisit：标准输出写不了", "onevisit: stdout cannot be written");
    return CLI_FAILED;
  }
  return findings->n ? CLI_NO : CLI_OK;
}

static int publish(const struct request *request, const char *dir, const struct proof *proof, struct arena *arena,
                   struct error *error)
{
  const char *path = request->proof ? request->proof : arena_printf(arena, "%s/" PROMISE_FILE, dir);
  if (promise_write(path, proof, moment_now(), error) < 0)
    return -1;
  cli_say("onevisit：证明已写入 %s，可以重新启动服务", "onevisit: the proof is in %s: serve may be started again", path);
  return 0;
}

static int check_loaded(const struct request *request, const char *dir, const struct catalog *catalog, struct arena *arena)
{
  struct proof proof;
  struct error error = {0};
  struct proof_options options = {.today = day_of(moment_now()), .smt_dir = request->smt, .digest = request->publish};
  if (request->thing && !(options.one = catalog_thing(catalog, span_of(request->thing)))) {
    cli_say("onevisit：目录里没有「%s」这件事", "onevisit: the catalogue has no thing '%s'", request->thing);
    return CLI_USAGE;
  }
  if (proof_run(arena, catalog, &options, &proof, &error) < 0 ||
      (request->keep && prove_keep(request->keep, arena, &proof, &error) < 0))
    return cli_fail(&error);
  if (request->time)
    prove_print_time(stderr, &proof);
  if (request->publish && proof.findings.n)
    cli_say("onevisit：有错误，没有发布；原来的证明没有动",
            "onevisit: nothing is published: see the findings. A proof that was there stays");
  else if (request->publish && publish(request, dir, &proof, arena, &error) < 0)
    return cli_fail(&error);
  return say(request, dir, catalog, &proof.findings, &proof);
}

static int check(const struct request *request)
{
  struct arena arena = {0};
  char *dir = arena_str(&arena, request->dir);
  for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
    dir[n - 1] = '\0';
  struct catalog *catalog = NULL;
  struct findings findings = {0};
  struct error error = {0};
  int status;
  if (catalog_load(dir, &catalog, &arena, &findings, &error) == 0)
    status = check_loaded(request, dir, catalog, &arena);
  else if (findings.n)
    status = say(request, dir, NULL, &findings, NULL);
  else {
    (void)cli_fail(&error);
    status = CLI_USAGE;
  }
  catalog_free(catalog);
  arena_release(&arena);
  return status;
}

int cli_check(int argc, char **argv)
{
  static const struct option options[] = {{"json", no_argument, NULL, 'j'},        {"lang", required_argument, NULL, 'l'},
                                          {"thing", required_argument, NULL, 't'}, {"smt", required_argument, NULL, 's'},
                                          {"keep", required_argument, NULL, 'k'},  {"time", no_argument, NULL, 'm'},
                                          {"publish", no_argument, NULL, 'p'},     {"proof", required_argument, NULL, 'f'},
                                          {"help", no_argument, NULL, 'h'},        {0}};
  struct request request = {0};
  bool asked_help = false;
  for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
    if (c == 'j')
      request.json = true;
    else if (c == 'm')
      request.time = true;
    else if (c == 'p')
      request.publish = true;
    else if (c == 'f')
      request.proof = optarg;
    else if (c == 't')
      request.thing = optarg;
    else if (c == 's')
      request.smt = optarg;
    else if (c == 'k')
      request.keep = optarg;
    else if (c == 'h')
      asked_help = true;
    else if (c == 'l' && (strcmp(optarg, "zh") == 0 || strcmp(optarg, "en") == 0))
      cli_language(optarg);
    else {
      if (c == 'l')
        cli_say("onevisit：--lang 只能是 zh | en", "onevisit: --lang is zh | en");
      return CLI_USAGE;
    }
  }
  if (asked_help) {
    help();
    return CLI_OK;
  }
  if (argc - optind != 1) {
    cli_say("onevisit：check 要一个目录，见 onevisit check --help", "onevisit: check takes one folder; see onevisit check --help");
    return CLI_USAGE;
  }
  if (request.thing && request.publish) {
    cli_say("onevisit：--publish 要证明整个目录，不能与 --thing 同用", "onevisit: --publish proves the whole: not with --thing");
    return CLI_USAGE;
  }
  request.dir = argv[optind];
  return check(&request);
}
