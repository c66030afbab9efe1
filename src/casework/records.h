/*
 * records.h: what the records officer's pages show beside the file of a case.
 */
#ifndef ONEVISIT_CASEWORK_RECORDS_H
#define ONEVISIT_CASEWORK_RECORDS_H

#include "casework/staff.h"

struct records {
  day until;                          /* the file is kept by law; DAY_NONE */
  bool kept;                          /* still */
  const struct input_option *grounds; /* that may be chosen now */
  const struct ground_words *ground;  /* the one chosen; NULL */
  bool account;                       /* the applicant's account goes with his last case */
};

#endif
