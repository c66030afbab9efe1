/*
 * fuzz_ledger.h: bytes from outside thrown at the readers of the ledger. Each subject is a fuzzer of its own and has a
 * corpus of its name; the suite feeds the corpora to the same functions (replay.c).
 */
#ifndef ONEVISIT_TESTS_FUZZ_LEDGER_H
#define ONEVISIT_TESTS_FUZZ_LEDGER_H

#include "base/span.h"

struct fuzz_subject {
  const char *name;
  void (*run)(struct span input); /* aborts where something does not hold */
};

extern const struct fuzz_subject fuzz_subjects[]; /* ended by {NULL} */

#endif
