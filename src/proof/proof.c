#include "proof/proof.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "catalog/report.h"
#include "proof/holdings.h"
#include "proof/live.h"

#define MILLISECONDS 10000

struct run {
  struct arena *arena;
  const struct catalog *catalog;
  const struct proof_options *options;
  struct holdings *holdings;
  struct live live;
  struct proof *proof;
  struct report report;
  struct error *error;
};

const char *proof_outcome_name(enum proof_outcome outcome)
{
  static const char *const names[] = {"proved", "failed", "excused", "unknown", "disagrees"};
  return names[outcome];
}

static int cannot_write(struct run *run, const char *path)
{
  return error_set(run->error, ERROR_BAD_INPUT, "cannot-write", "写不了「%s」：%s", "'%s' cannot be written: %s", path,
                   strerror(errno));
}

/* What the solver was asked, and what it said, for another solver to say the same. */
static int write_smt(struct run *run, const struct thing *thing, const struct property *property, enum verdict verdict,
                     const char *smt)
{
  char *path = arena_printf(run->arena, "%s/%s.%s.smt2", run->options->smt_dir, thing->id, property->id);
  FILE *file = fopen(path, "w");
  if (!file)
    return cannot_write(run, path);
  const char *status = verdict == PROVER_NEVER ? "unsat" : verdict == PROVER_FOUND ? "sat" : "unknown";
  int written = fprintf(file, "; catalogue %s\n; is there an applicant of %s for whom this fails: %s?\n(set-info :status %s)\n%s",
                        run->catalog->version.hex, thing->id, property->id, status, smt);
  if (fclose(file) != 0 || written < 0)
    return cannot_write(run, path);
  return 0;
}

static const struct exception *exception_of(const struct catalog *catalog, const struct thing *thing, const char *property)
{
  for (size_t i = 0; i < catalog->exception_count; i++)
    if (catalog->exceptions[i].thing == thing && strcmp(catalog->exceptions[i].property, property) == 0)
      return &catalog->exceptions[i];
  return NULL;
}

/* ---- one property of one thing ---- */

/* A chain: what was asked before, then this. */
static void add_question(struct proof *proof, const char *smt)
{
  const struct span parts[] = {{(const char *)proof->questions.b, DIGEST_BYTES}, span_of(smt)};
  proof->questions = sha256_parts(parts, 2);
}

static int settle(struct run *run, struct subject *subject, const struct property *property, formula violated,
                  struct proof_line *line)
{
  const struct thing *thing = subject->blueprint->thing;
  struct model model = {0};
  const char *smt = NULL;
  bool told = run->options->smt_dir || run->options->digest;
  enum verdict verdict = prover_ask(subject->prover, thing, violated, &model, told ? &smt : NULL);
  if (run->options->digest)
    add_question(run->proof, smt);
  line->outcome = verdict == PROVER_NEVER ? PROOF_PROVED : PROOF_UNKNOWN;
  if (verdict == PROVER_FOUND) {
    line->person = person_make(subject, property, violated, &model);
    line->outcome = line->person ? PROOF_FAILED : PROOF_DISAGREES;
    line->uncertain = line->person ? NULL : subject->prover->uncertain;
    if (!line->person && (subject->prover->uncertain || subject->prover->helpers))
      line->outcome = PROOF_UNKNOWN; /* an encoding that allows more than there is: no one was found, no one is excluded */
  }
  return run->options->smt_dir ? write_smt(run, thing, property, verdict, smt) : 0;
}

static int prove_line(struct run *run, struct subject *subject, struct statement *s, const struct property *property,
                      struct proof_line *line)
{
  formula violated = property_violation(property, s, run->holdings);
  *line = (struct proof_line){.property = property->id, .name = property->name, .by_structure = violated == s->prover->no};
  if (!line->by_structure && settle(run, subject, property, violated, line) < 0)
    return -1;
  line->exception = exception_of(run->catalog, s->blueprint->thing, property->id);
  if (line->outcome == PROOF_FAILED && line->exception)
    line->outcome = PROOF_EXCUSED;
  return 0;
}

static bool promised(const struct thing *thing, const struct property *property)
{
  return !property->channel || !thing->promise || (thing->promise & property->channel);
}

static int prove_thing(struct run *run, const struct thing *thing, struct proof_thing *ret)
{
  struct arena work = {0};
  struct prover prover;
  int64_t from = monotonic_us();
  const struct blueprint *b = blueprint_make(&work, thing);
  prover_open(&prover, &work, run->catalog, run->options->milliseconds ? run->options->milliseconds : MILLISECONDS);
  prover_meet(&prover, thing);
  struct statement *s = statement_make(&prover, b, run->options->today);
  struct subject subject = {.arena = run->arena, .prover = &prover, .blueprint = b, .candidates = candidates_make(&work, b)};
  subject.rerun = (struct rerun){
      .arena = &work, .catalog = run->catalog, .blueprint = b, .holdings = run->holdings, .today = run->options->today};
  *ret = (struct proof_thing){.thing = thing, .lines = arena_array(run->arena, property_count, sizeof *ret->lines)};
  int status = 0;
  for (size_t i = 0; i < property_count && status == 0; i++)
    if (promised(thing, &properties[i]))
      status = prove_line(run, &subject, s, &properties[i], &ret->lines[ret->line_count++]);
  if (status == 0 && !run->options->one)
    live_look(&run->live, &subject, s);
  ret->answers = candidates_cells(b, run->catalog);
  ret->asked = prover.asked;
  ret->us = monotonic_us() - from;
  prover_close(&prover);
  arena_release(&work);
  return status;
}

/* ---- findings ---- */

static void find_line(struct run *run, const struct thing *thing, const struct proof_line *line)
{
  struct arena *a = run->arena;
  struct words wrong = {"", ""}, remedy = {"", ""};
  switch (line->outcome) {
  case PROOF_PROVED:
  case PROOF_EXCUSED:
    return;
  case PROOF_FAILED:
    wrong.zh = arena_printf(a, "%s：%s：%s", thing->name.zh, line->person->who.zh, line->person->what.zh);
    wrong.en = arena_printf(a, "%s: %s: %s", thing->name.en, line->person->who.en, line->person->what.en);
    remedy = (struct words){"改目录，或写进 negative.yaml（原因、责任部门、复核日期）",
                            "mend the catalogue, or put it into negative.yaml with reason, owner and review date"};
    break;
  case PROOF_UNKNOWN:
    wrong.zh =
        arena_printf(a, "%s：「%s」没有证明：%s", thing->name.zh, line->name.zh, line->uncertain ? line->uncertain : "求解超时");
    wrong.en = arena_printf(a, "%s: \"%s\" is not proved: %s", thing->name.en, line->name.en,
                            line->uncertain ? line->uncertain : "the solver gave up");
    remedy = (struct words){"把条件写得简单些", "write the condition in a simpler way"};
    break;
  case PROOF_DISAGREES:
    wrong.zh = arena_printf(a, "%s：「%s」：证明与编译结果不一致，这是程序的错误", thing->name.zh, line->name.zh);
    wrong.en =
        arena_printf(a, "%s: \"%s\": the proof and the compiler disagree: a mistake of the program", thing->name.en, line->name.en);
    remedy = (struct words){"请报告", "please report it"};
    break;
  }
  report_put(&run->report, thing->place, line->property, remedy, wrong);
}

static const struct proof_line *line_of(const struct proof *proof, const struct thing *thing, const char *property)
{
  for (size_t t = 0; t < proof->thing_count; t++)
    for (size_t i = 0; proof->things[t].thing == thing && i < proof->things[t].line_count; i++)
      if (strcmp(proof->things[t].lines[i].property, property) == 0)
        return &proof->things[t].lines[i];
  return NULL;
}

/* Where items wait for one another there is no plan, and what is proved then is proved of the other answers only. */
static bool is_unneeded(const struct proof *proof, const struct thing *thing, const struct proof_line *line)
{
  const struct proof_line *cycle = line_of(proof, thing, "no-cycle");
  return line->outcome == PROOF_PROVED && (line == cycle || !cycle || cycle->outcome == PROOF_PROVED);
}

static void find_exceptions(struct run *run)
{
  const struct catalog *c = run->catalog;
  for (size_t i = 0; i < c->exception_count; i++) {
    const struct exception *e = &c->exceptions[i];
    const struct proof_line *line = line_of(run->proof, e->thing, e->property);
    char due[DAY_TEXT];
    day_format(e->review, due);
    if (!line)
      report_add(&run->report, e->place, "negative-unknown", (struct words){"见 docs/proof.md", "see docs/proof.md"},
                 "没有性质「%s」", "there is no property '%s'", e->property);
    else if (is_unneeded(run->proof, e->thing, line))
      report_add(&run->report, e->place, "negative-unneeded", (struct words){"从负面清单删去", "remove it from the negative list"},
                 "「%s」已经证明", "'%s' is proved now", e->property);
    else if (e->review < run->options->today)
      report_add(&run->report, e->place, "negative-overdue",
                 (struct words){"复核，改目录或写新的复核日期", "look at it again: mend the catalogue or set a new date"},
                 "复核日期 %s 已过", "the review date %s has passed", due);
  }
}

static int answers_of(struct run *run, const struct person *person, struct answers *ret, const struct zone **ret_zone)
{
  struct raw_answer *raw = arena_array(run->arena, person->answer_count + 1, sizeof *raw);
  struct error error = {0};
  for (size_t i = 0; i < person->answer_count; i++) {
    struct span rest = span_of(person->answers[i]);
    (void)span_cut(&rest, '=', &raw[i].question);
    raw[i].text = rest;
  }
  *ret_zone = NULL;
  for (size_t z = 0; person->zone && z < run->catalog->zone_count; z++)
    if (strcmp(run->catalog->zones[z].id, person->zone) == 0)
      *ret_zone = &run->catalog->zones[z];
  return answers_read(run->arena, person->thing, raw, person->answer_count, ret, &error);
}

/* The applicants kept from before: what is expected of them still holds. */
static void find_persons(struct run *run)
{
  for (size_t i = 0; i < run->catalog->person_count; i++) {
    const struct person *person = &run->catalog->persons[i];
    const struct property *property = property_named(person->property);
    struct arena work = {0};
    struct rerun r = {.arena = &work, .catalog = run->catalog, .holdings = run->holdings, .today = run->options->today};
    if (!property || answers_of(run, person, &r.answers, &r.zone) < 0)
      report_add(&run->report, person->place, "person-outdated", (struct words){"改写或删去这个案例", "rewrite or remove the case"},
                 "案例「%s」的问题或性质已经没有了", "the questions or the property of the case '%s' are gone", person->id);
    else {
      r.blueprint = blueprint_make(&work, person->thing);
      rerun_compile(&r);
      if (property->fails(&r, NULL) != person->fails)
        report_add(&run->report, person->place, person->fails ? "person-mended" : "person-fails",
                   person->fails
                       ? (struct words){"写 fails: false，让它以后不再发生", "write fails: false, so that it does not come back"}
                       : (struct words){"改目录：这个人曾经办得好", "mend the catalogue: this applicant was well served"},
                   person->fails ? "案例「%s」已经没有问题了" : "案例「%s」又出了问题",
                   person->fails ? "nothing fails for the case '%s' any more" : "it fails again for the case '%s'", person->id);
    }
    arena_release(&work);
  }
}

static void hint(struct run *run, const struct live_condition *condition)
{
  struct proof *proof = run->proof;
  proof->hints[proof->hint_count++] = (struct proof_hint){
      condition->place,
      {arena_printf(run->arena, "%s的条件总是成立：%s", condition->of.zh, arena_dup(run->arena, feel_text(condition->when))),
       arena_printf(run->arena, "the condition of %s always holds: %s", condition->of.en,
                    arena_dup(run->arena, feel_text(condition->when)))}};
}

static void find_conditions(struct run *run)
{
  run->proof->hints = arena_array(run->arena, run->live.n + 1, sizeof *run->proof->hints);
  for (size_t i = 0; i < run->live.n; i++) {
    const struct live_condition *condition = &run->live.list[i];
    if (!condition->used || condition->unknown)
      continue;
    if (condition->holds && !condition->fails)
      hint(run, condition);
    if (condition->holds)
      continue;
    const char *text = arena_dup(run->arena, feel_text(condition->when));
    report_put(&run->report, condition->place, "never-holds",
               (struct words){"改条件，或删去这一行", "mend the condition or remove the line"},
               (struct words){arena_printf(run->arena, "%s的条件永远不会成立：%s", condition->of.zh, text),
                              arena_printf(run->arena, "the condition of %s can never hold: %s", condition->of.en, text)});
  }
}

static void count(struct run *run)
{
  struct proof *proof = run->proof;
  for (size_t t = 0; t < proof->thing_count; t++) {
    proof->asked += proof->things[t].asked;
    for (size_t i = 0; i < proof->things[t].line_count; i++) {
      const struct proof_line *line = &proof->things[t].lines[i];
      proof->proved += line->outcome == PROOF_PROVED;
      proof->excused += line->outcome == PROOF_EXCUSED;
      proof->failed += line->outcome != PROOF_PROVED && line->outcome != PROOF_EXCUSED;
      find_line(run, proof->things[t].thing, line);
    }
  }
}

static const char *solver_name(struct arena *arena)
{
  unsigned major = 0, minor = 0, build = 0, revision = 0;
  Z3_get_version(&major, &minor, &build, &revision);
  return arena_printf(arena, "Z3 %u.%u.%u", major, minor, build);
}

int proof_run(struct arena *arena, const struct catalog *catalog, const struct proof_options *options, struct proof *ret,
              struct error *error)
{
  int64_t from = monotonic_us();
  *ret = (struct proof){.catalog = catalog, .solver = solver_name(arena)};
  ret->things = arena_array(arena, catalog->thing_count + 1, sizeof *ret->things);
  struct run run = {.arena = arena, .catalog = catalog, .options = options, .proof = ret, .error = error};
  run.report = (struct report){arena, &ret->findings};
  run.holdings = holdings_make(arena, catalog);
  live_make(&run.live, arena, catalog);
  for (size_t t = 0; t < catalog->thing_count; t++) {
    if ((!options->one || options->one == &catalog->things[t]) &&
        prove_thing(&run, &catalog->things[t], &ret->things[ret->thing_count++]) < 0)
      return -1;
    if (options->progress && !options->progress(options->context, t + 1, catalog->thing_count))
      return error_set(error, ERROR_CONFLICT, "stopped", "证明已中止", "The proof was stopped");
  }
  count(&run);
  if (!options->one) {
    find_exceptions(&run);
    find_persons(&run);
    find_conditions(&run);
  }
  ret->us = monotonic_us() - from;
  return 0;
}
