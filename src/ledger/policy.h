/*
 * policy.h: whose signatures make a checkpoint good (c2sp.org/tlog-policy).
 *
 *   # comment
 *   log <vkey> [url]
 *   witness <name> <vkey> [url]
 *   group <name> all|any|<k> <member>…        members are witnesses and groups of lines before, each in one group at most
 *   quorum <name>|none                        exactly one
 *
 * A checkpoint is good when one of the logs has signed it (and its origin is that log's key name) and the quorum has
 * cosigned it. Log keys are of type 01 or ff, witness keys of type 04; a key may stand in one line only.
 */
#ifndef ONEVISIT_LEDGER_POLICY_H
#define ONEVISIT_LEDGER_POLICY_H

#include "ledger/note.h"

struct policy; /* long-lived; read by several threads at once */

#define POLICY_MAX 256 /* logs, witnesses, groups: of each */

struct policy_log {
  const struct verifier *key;
  const char *url; /* "" where none is given */
};

struct policy_witness {
  const char *name; /* in the policy; the key has a name of its own */
  const struct verifier *key;
  const char *url; /* the prefix of add-checkpoint; "" where none is given */
};

/* Error bad-policy (BAD_INPUT); its place is the line. */
int policy_parse(struct span text, struct policy **ret, struct error *error);
/* The same from a file; also no-policy where it cannot be read. */
int policy_load(const char *path, struct policy **ret, struct error *error);
void policy_free(struct policy *policy);

size_t policy_log_count(const struct policy *policy);
const struct policy_log *policy_log_at(const struct policy *policy, size_t i);
size_t policy_witness_count(const struct policy *policy);
const struct policy_witness *policy_witness_at(const struct policy *policy, size_t i);

struct policy_verdict {
  bool log_signed; /* by a log of the policy; true where the policy names none (the log is known from elsewhere) */
  bool quorum;     /* the witnesses suffice */
  size_t cosigned; /* witnesses who have */
  size_t missing;  /* the fewest further cosignatures that would make the quorum; 0 when there is one */
  int64_t
      *times; /* one for each witness of the policy: the Unix second of its cosignature, 0 for none (and second 0 counts as none) */
};

/*
 * Who has signed this note. -1 with bad-signature where a known key's line fails, bad-note where the text is not a
 * checkpoint: such a note is to be thrown away, whoever else has signed it.
 */
int policy_judge(const struct policy *policy, struct arena *arena, const struct note *note, struct policy_verdict *ret,
                 struct error *error);

/* 0 when log and quorum have signed, else unsigned-note or no-quorum. */
int policy_verdict_error(const struct policy_verdict *verdict, struct error *error);

/* Both as one question. */
int policy_satisfied(const struct policy *policy, struct arena *arena, const struct note *note, struct error *error);

#endif
