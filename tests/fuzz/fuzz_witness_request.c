/*
 * Throws bytes at the reader of add-checkpoint requests. What it takes is written again and must be the same bytes.
 * Built with clang and -Dfuzz=true: build/tests/fuzz/fuzz_witness_request -max_total_time=60 tests/fuzz/corpus/witness_request
 */
#include <stdlib.h>
#include <string.h>

#include "witness/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  struct arena arena = {0};
  struct witness_request request;
  struct error error = {0};
  struct span body = {(const char *)data, n};
  if (witness_request_parse(&arena, body, &request, &error) == 0) {
    if (!span_eq(witness_request_text(&arena, &request), body))
      abort();
    if (request.old_size < 0 || request.proof_n > WITNESS_PROOF_MAX || request.note.n == 0)
      abort();
  } else if (!error.name || !error.zh[0] || !error.en[0]) {
    abort();
  }
  arena_release(&arena);
  return 0;
}
