#include "cli/prove.h"

#include <errno.h>
#include <string.h>

#include "cli/cli.h"

static const char *in(struct words words)
{
  return cli_chinese() ? words.zh : words.en;
}

static size_t count(const struct proof_thing *thing, enum proof_outcome outcome)
{
  size_t n = 0;
  for (size_t i = 0; i < thing->line_count; i++)
    n += thing->lines[i].outcome == outcome;
  return n;
}

static void print_excused(FILE *out, const struct proof_line *line)
{
  char review[DAY_TEXT];
  day_format(line->exception->review, review);
  (void)fprintf(out,
                cli_chinese() ? "  负面清单［%s］%s：%s\n    原因：%s；责任：%s；复核：%s\n"
                              : "  negative list [%s] %s: %s\n    reason: %s; owner: %s; review: %s\n",
                line->property, in(line->person->who), in(line->person->what), in(line->exception->reason),
                in(line->exception->owner->name), review);
}

static void print_thing(FILE *out, const struct proof_thing *thing)
{
  bool zh = cli_chinese();
  size_t proved = count(thing, PROOF_PROVED), excused = count(thing, PROOF_EXCUSED);
  size_t failed = thing->line_count - proved - excused;
  (void)fprintf(out, zh ? "%s %s（%s）：%zu 条性质已证明" : "%s %s (%s): %zu properties proved", failed ? "✗" : "✓",
                in(thing->thing->name), thing->thing->id, proved);
  if (excused)
    (void)fprintf(out, zh ? "，%zu 条在负面清单上" : ", %zu on the negative list", excused);
  if (failed)
    (void)fprintf(out, zh ? "，%zu 条不成立" : ", %zu not", failed);
  (void)fprintf(out, zh ? "；%.0f 种可能的回答\n" : "; %.0f possible answers\n", thing->answers);
  for (size_t i = 0; i < thing->line_count; i++)
    if (thing->lines[i].outcome == PROOF_EXCUSED)
      print_excused(out, &thing->lines[i]);
}

void prove_print(FILE *out, const struct proof *proof)
{
  for (size_t t = 0; t < proof->thing_count; t++)
    print_thing(out, &proof->things[t]);
  for (size_t i = 0; i < proof->hint_count; i++)
    (void)fprintf(out, cli_chinese() ? "提示：%s/%s:%d:%d: %s\n" : "hint: %s/%s:%d:%d: %s\n", proof->catalog->dir,
                  proof->hints[i].place.file, proof->hints[i].place.line, proof->hints[i].place.column, in(proof->hints[i].text));
}

void prove_print_time(FILE *out, const struct proof *proof)
{
  int64_t worst = 0;
  size_t asked = 0, structure = 0, lines = 0;
  for (size_t t = 0; t < proof->thing_count; t++) {
    const struct proof_thing *thing = &proof->things[t];
    worst = thing->us > worst ? thing->us : worst;
    asked += thing->asked;
    lines += thing->line_count;
    for (size_t i = 0; i < thing->line_count; i++)
      structure += thing->lines[i].by_structure;
  }
  (void)fprintf(out,
                cli_chinese() ? "%zu 件事、%zu 条性质，其中 %zu 条由结构即知；问求解器 %zu 次；共 %.2f 秒，最慢一件 %.3f 秒（%s）\n"
                              : "%zu things, %zu properties, %zu of them by structure; the solver was asked %zu times; %.2f s, the "
                                "slowest thing %.3f s (%s)\n",
                proof->thing_count, lines, structure, asked, (double)proof->us / 1e6, (double)worst / 1e6, proof->solver);
}

int prove_keep(const char *path, struct arena *arena, const struct proof *proof, struct error *error)
{
  struct span kept = proof_keep(arena, proof);
  FILE *file = fopen(path, "w");
  bool written = file && fwrite(kept.p, 1, kept.n, file) == kept.n;
  if (!file || (fclose(file) != 0) || !written)
    return error_set(error, ERROR_BAD_INPUT, "cannot-write", "写不了「%s」：%s", "'%s' cannot be written: %s", path,
                     strerror(errno));
  return 0;
}
