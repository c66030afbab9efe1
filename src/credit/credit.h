/*
 * credit.h: who was dishonest in a commitment (失信记录), until it is repaired (信用修复).
 *
 * One aggregate a person or company (kind "credit"), named by the HMAC of the identity number under the key of the accounts: the
 * same whether somebody applies by himself or at a window, and a stolen table tells nobody who it is. At most one record stands.
 *
 * Commands (data) → events:
 *   mark {subject, account?, case, reasons, basis}   supervisors → marked
 *   appeal {reasons}                                 the person, or a clerk for him at a window; once a record → appealed
 *   answer {upheld, reasons}                         a supervisor who did not make the record → answered; not upheld: it is lifted
 *   repair {reasons}                                 a supervisor who did not make the record → repaired
 *
 * While a record stands (also during an appeal) nobody is accepted with materials to follow: casework_command() asks
 * credit_barred() and the rules of the case refuse.
 */
#ifndef ONEVISIT_CREDIT_CREDIT_H
#define ONEVISIT_CREDIT_CREDIT_H

#include "engine/engine.h"

extern const struct kind credit_kind;
extern const struct migration credit_migrations[];

struct accounts;

/* The subject of an identity number: 64 hex digits, in the arena. */
const char *credit_subject(const struct accounts *accounts, struct arena *arena, struct span identity);
int64_t credit_id(const char *subject); /* the aggregate */

#define CREDIT_STATES(X)                                                                                                           \
  X(NONE, "none", "无记录", "no record")                                                                                           \
  X(STANDS, "stands", "失信记录生效中", "the record stands")                                                                       \
  X(APPEALED, "appealed", "申诉处理中，记录仍生效", "appealed, the record stands")                                                 \
  X(LIFTED, "lifted", "申诉成立，记录已撤销", "lifted after an appeal")                                                            \
  X(REPAIRED, "repaired", "信用已修复", "repaired")

enum credit_state {
#define X(name, word, zh, en) CREDIT_##name,
  CREDIT_STATES(X)
#undef X
};
const char *credit_state_word(enum credit_state state);

struct credit_row {
  int64_t id;
  const char *account, *case_number, *reasons, *basis, *by; /* account "" where only windows know him */
  enum credit_state state;
  moment marked;
  const char *appeal, *answer; /* what was said; "" */
  bool appealed;               /* once is all */
};

/* A record stands against him. False also where nobody is known. */
int credit_barred(struct db *db, const char *subject, bool *ret, struct error *error);
/* The newest record of a subject; ret_found false: there never was one. */
int credit_read(struct db *db, int64_t id, struct arena *arena, bool *ret_found, struct credit_row *ret, struct error *error);
/* Those that stand, the newest first; before: the last one shown, NULL to begin. */
int credit_standing(struct db *db, const struct credit_row *before, size_t max, struct arena *arena, struct credit_row **ret,
                    size_t *ret_n, struct error *error);

#endif
