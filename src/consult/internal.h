/*
 * internal.h: what the files of the room share.
 */
#ifndef ONEVISIT_CONSULT_INTERNAL_H
#define ONEVISIT_CONSULT_INTERNAL_H

#include "consult/consult.h"

struct consult {
  int64_t id;
  enum consult_state state;
  const char *account;
  bool of_case;
  moment waiting;
  int messages;
};

void consult_project(const void *state, const struct event *events, size_t n, struct rowset *rows);
void consult_erase(const void *state, struct rowset *rows);

#endif
