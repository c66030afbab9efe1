/*
 * Throws text at the parser of conditions. What it takes is evaluated with answers of every kind, as a condition and as a cell of a
 * table; what comes out, written and read again, must be the same value. What it refuses must say where.
 * Built with clang and -Dfuzz=true: build/tests/fuzz/fuzz_feel -max_total_time=60 -max_len=400 -dict=tests/fuzz/feel.dict
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feel/feel.h"

static struct feel_value lookup(void *context, struct span name)
{
  static const struct feel_entry entry[] = {{SPAN("amount"), {.type = FEEL_NUMBER, .number = {600000, 0, 0}}}};
  (void)context;
  switch (name.n % 6) {
  case 0:
    return (struct feel_value){.type = FEEL_NUMBER, .number = {320, 1, 0}};
  case 1:
    return (struct feel_value){.type = FEEL_BOOLEAN, .truth = true};
  case 2:
    return (struct feel_value){.type = FEEL_STRING, .string = SPAN("hot")};
  case 3:
    return (struct feel_value){.type = FEEL_DATE, .date = 20000};
  case 4:
    return (struct feel_value){.type = FEEL_CONTEXT, .entries = entry, .entry_count = 1};
  default:
    return (struct feel_value){.type = FEEL_NULL};
  }
}

static bool holds_context(struct feel_value v)
{
  if (v.type == FEEL_CONTEXT)
    return true;
  bool any = false;
  for (size_t i = 0; (v.type == FEEL_LIST || v.type == FEEL_RANGE) && i < v.n; i++)
    any = any || holds_context(v.list[i]);
  return any;
}

/* Contexts have no literal in S-FEEL, and a computed number may be longer than an expression may be. */
static void comes_back(struct arena *arena, struct feel_value v)
{
  struct span text = span_of(feel_value_text(arena, v));
  struct feel *again = NULL;
  struct error error = {0};
  if (holds_context(v) || text.n > 400)
    return;
  if (feel_parse(arena, text, &again, &error) < 0)
    abort();
  if (strcmp(feel_value_text(arena, feel_eval(again, arena, NULL, NULL)), text.p) != 0)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  struct arena arena = {0};
  struct feel *feel = NULL, *input = NULL;
  struct error error = {0};
  struct span text = {(const char *)data, n};
  if (feel_parse(&arena, text, &feel, &error) == 0)
    comes_back(&arena, feel_eval(feel, &arena, lookup, NULL));
  else if (!error.where[0] || !error.zh[0] || !error.en[0])
    abort();
  if (feel_parse(&arena, SPAN("area"), &input, &error) < 0)
    abort();
  if (feel_parse_test(&arena, input, text, NULL, &feel, &error) == 0) {
    struct feel_value v = feel_eval(feel, &arena, lookup, NULL);
    if (v.type != FEEL_BOOLEAN && v.type != FEEL_NULL)
      abort();
  }
  arena_release(&arena);
  return 0;
}
