/*
 * prove.h: the proof of a catalogue as people read it, for `onevisit check`.
 */
#ifndef ONEVISIT_CLI_PROVE_H
#define ONEVISIT_CLI_PROVE_H

#include <stdio.h>

#include "proof/proof.h"

/* A line a thing: proved or not, over how many possible answers; what is excused and hinted at below it. */
void prove_print(FILE *out, const struct proof *proof);
void prove_print_time(FILE *out, const struct proof *proof);

/* Writes the applicants for whom something fails. */
int prove_keep(const char *path, struct arena *arena, const struct proof *proof, struct error *error);

#endif
