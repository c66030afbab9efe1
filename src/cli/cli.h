/*
 * cli.h: the subcommands of `onevisit`. One file a subcommand; one line in the table of main.c.
 *
 * Messages go to stderr in the reader's language (--lang, else LC_ALL, LC_MESSAGES, LANG; Chinese where it is not said),
 * data to stdout. Exit codes: 0 done · 1 the answer is no (findings, a broken ledger) · 2 unusable input or arguments · 3 failed.
 */
#ifndef ONEVISIT_CLI_CLI_H
#define ONEVISIT_CLI_CLI_H

#include <stdio.h>

#include "base/error.h"
#include "store/store.h"

enum cli_exit { CLI_OK = 0, CLI_NO = 1, CLI_USAGE = 2, CLI_FAILED = 3 };

struct subcommand {
  const char *name;
  int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name; returns the exit code */
  const char *zh, *en;               /* one line of help */
};
extern const struct subcommand subcommands[]; /* ended by {0} */

#define CLI_STORE_DEFAULT "sqlite:onevisit.db"
#define CLI_ORIGIN_DEFAULT "onevisit.example/log" /* the ledger's name */

int cli_advise(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_diff(int argc, char **argv);
int cli_lint(int argc, char **argv);
int cli_plan(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_ledger(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_restore(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_user(int argc, char **argv);
int cli_versions(int argc, char **argv);
int cli_monitor(int argc, char **argv); /* onevisit ledger monitor */
int cli_keys(int argc, char **argv);    /* onevisit ledger rotate|retire|witness */
int cli_witness(int argc, char **argv);
int cli_mirror(int argc, char **argv);

bool cli_chinese(void);                           /* the reader's language */
void cli_language(const char *lang);              /* --lang zh|en */
void cli_say(const char *zh, const char *en, ...) /* a line on stderr; the same arguments for both */
    __attribute__((format(printf, 1, 3), format(printf, 2, 3)));
int cli_fail(const struct error *error);       /* says it; CLI_USAGE for the sender's mistakes, else CLI_FAILED */
int cli_usage(const char *zh, const char *en); /* the usage text on stderr; CLI_USAGE */

/* For servers. Before any thread starts, so that all inherit it: only cli_wait_for_signal() hears SIGINT and SIGTERM. */
void cli_block_signals(void);
void cli_wait_for_signal(void);

/* «dir/file:line:column: what is wrong [rule] — what to do», a line each. */
struct findings;
struct finding;
struct json_writer;
void cli_write_finding(struct json_writer *w, const char *dir, const struct finding *f); /* an object of docs/catalogue.md, Check */
void cli_print_findings(FILE *out, const char *dir, const struct findings *findings);

/* Opens the store and brings its schema up to date, on a connection that is closed again. */
int cli_open_store(const char *url, struct store **ret, struct error *error);
/* Opens it for reading only; refuses one that has not been set up or is newer. */
int cli_read_store(const char *url, struct store **ret, struct db **ret_db, struct error *error);

/*
 * Registers the keys of the log, the centre and the departments that are not registered yet: whoever writes to a store does
 * this first, so that every entry is signed by a registered key.
 */
struct engine;
int cli_begin_registry(struct engine *engine, struct store *store, const char *key_dir, const char *origin,
                       const char *const *departments, size_t n, struct error *error);

/* Where signing keys lie when --keys does not say: beside a SQLite file «PATH.keys», else «onevisit.keys» here. */
char *cli_key_dir(struct arena *arena, const struct store *store);
/* The same for the public ledger's directory and --log: «PATH.log», «onevisit.log». */
char *cli_log_dir(struct arena *arena, const struct store *store);

#endif
