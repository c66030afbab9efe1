#include "cli/witnessing.h"

#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "witness/witness.h"

static const char *number(char out[32], int64_t n)
{
  if (n < 0)
    return "-";
  (void)snprintf(out, 32, "%lld", (long long)n);
  return out;
}

void witnessing_hello(struct witness *witness, const char *listen, int port)
{
  char text[32];
  for (size_t i = 0; i < witness_log_count(witness); i++)
    log_line("info", "witnessing", "origin", witness_log_origin(witness, i), "size", number(text, witness_log_size(witness, i)),
             NULL);
  log_line("info", "listening", "address", listen, "port", number(text, port), "vkey", witness_vkey(witness), NULL);
}

static const char *level(unsigned status)
{
  return status == 200 || status == 409 ? "info" : status == 422 || status >= 500 ? "error" : "warning";
}

void witnessing_answered(void *context, const struct witness_answer *answer)
{
  struct arena arena = {0};
  char size[32], before[32], status[32];
  (void)context;
  log_line(level(answer->status), "add-checkpoint", "status", number(status, answer->status), "origin",
           arena_dup(&arena, text_head(answer->origin, 120)), "size", number(size, answer->size), "before",
           number(before, answer->before), "why", answer->status == 200 ? "" : answer->error.en, NULL);
  arena_release(&arena);
}
