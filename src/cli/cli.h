/*
 * cli.h: the subcommands of onevisit.
 *
 * One table, in main.c, feeds dispatch and --help. Each subcommand is a file of this room: it reads its options with
 * getopt_long, prints its own --help, writes results to stdout and messages to stderr, and returns the exit status.
 *
 * How to add one: write cli/NAME.c with its run function, declare it below, add a line to the table in main.c.
 */
#ifndef ONEVISIT_CLI_CLI_H
#define ONEVISIT_CLI_CLI_H

#include <stdbool.h>

#include "base/error.h"

struct subcommand {
  const char *name;
  const char *summary_zh, *summary_en;
  int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
};

#define EXIT_USAGE 2 /* the command line or the input cannot be used */

/* The language for messages: the one asked for («zh», «en»), else LANG's where it is English, else Chinese. */
bool cli_english(const char *asked);

/* false, and a message, where a --lang is neither zh nor en. */
bool cli_language(const char *asked, bool *ret_english);

/* One line on stderr: «onevisit: where: what». */
void cli_error(bool english, const struct error *error);

int cli_check(int argc, char **argv);

#endif
