/*
 * ledger.h: `onevisit ledger ACTION`: one file an action, one line in the table of ledger.c.
 *
 * Exit codes of all of them: 0 it is as it should be · 1 something is wrong (said what and where) · 2 unusable input ·
 * 3 it cannot be vouched for: too few witnesses, or a store that could not be read.
 */
#ifndef ONEVISIT_CLI_LEDGER_H
#define ONEVISIT_CLI_LEDGER_H

#include "cli/cli.h"
#include "ledger/policy.h"

enum { LEDGER_GOOD = 0, LEDGER_WRONG = 1, LEDGER_UNUSABLE = 2, LEDGER_UNVOUCHED = 3 };

int ledger_verify(int argc, char **argv); /* argv[0] is the action's name */
int ledger_receipt(int argc, char **argv);
int ledger_audit(int argc, char **argv);

/* What the actions take; what an action does not know it refuses. */
struct ledger_options {
  const char *store, *key, *policy, *out, *log, *keys, *departments;
  bool json, help;
  const char *places[2]; /* arguments without a name */
  int place_count;
};
/* allowed: the letters of the options («skpolj»: store, key, policy, out, log, json). False: usage. */
bool ledger_parse(int argc, char **argv, const char *allowed, struct ledger_options *ret);

/*
 * Whom to believe: --key, --policy or both (then the key must be a log of the policy, or the policy names none). Error
 * bad-policy also where neither is given.
 */
int ledger_trust(const struct ledger_options *options, struct policy **ret, struct error *error);

/* Says an error of a check and gives the exit code: 1 for what is wrong with the thing, 2 for what cannot be read, 3 no-quorum. */
int ledger_verdict(const struct error *error);

/* «w1 2026-11-24 08:05, w2 …», or «nobody»; and who is missing. */
struct policy_verdict;
const char *ledger_cosigners(struct arena *arena, const struct policy *policy, const struct policy_verdict *verdict);

/* Fetches the log at URL as its checkpoint has it into an empty directory. Errors log-unreachable, log-unreadable (all BAD_INPUT).
 */
int ledger_fetch(const char *url, const char *dir, struct error *error);

#endif
