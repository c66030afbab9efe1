/*
 * account.h: who people are: staff accounts, applicants, their sessions.
 *
 * One aggregate a person (kind "account"). Staff are «staff:LOGIN», made by an administrator; applicants are
 * «person:<16 hex digits>», made when an identity provider first vouches for them: the id is random and says nothing about
 * the identity number. The number itself is found again through its HMAC under a key that lies outside the store, so that
 * a stolen table of eighteen-digit numbers cannot be tried out (PIPL art. 6 and 51; GB/T 22239-2019, 8.1.4.11).
 *
 * Passwords are checked on the caller's thread, never on the writer's: the command that follows carries the stored string
 * the check was made against, and is refused when that has changed meanwhile.
 *
 * Commands (data) → events:
 *   create {login, name, roles: […], agency}   administrators → created
 *   register {name, identity, lookup}          the system, for an identity provider → registered
 *   set-password {password, keep}              oneself or administrators → password-set; ends the sessions but «keep»
 *   sign-in {session, against}                 oneself → signed-in {session, expires}
 *   sign-in-failed {}                          → sign-in-failed; the fifth in 15 minutes → locked {until}
 *   sign-out {session}, end-sessions {keep}    oneself → signed-out, sessions-ended
 *   set-roles {roles, agency}                  administrators, never for themselves → roles-set
 *   disable {}, enable {}                      administrators, never for themselves → disabled, enabled
 *   erase {ground}                             records officers, of an applicant → erased; everything before is destroyed
 *
 * session and keep are the hex SHA-256 of a token; the token itself is nowhere but in the browser.
 */
#ifndef ONEVISIT_ACCOUNT_ACCOUNT_H
#define ONEVISIT_ACCOUNT_ACCOUNT_H

#include "engine/engine.h"

/*
 * Roles as stored (accounts.roles): a bit never changes its meaning; events hold the names. Window staff (clerk, issuer)
 * and who oversees belong to the centre, officers to their department (Zhejiang's reform plan: 统一抽调人员).
 */
#define ACCOUNT_ROLES(X)                                                                                                           \
  X(CLERK, 1, "clerk", "窗口受理", "Clerk")                                                                                        \
  X(OFFICER, 2, "officer", "部门经办", "Officer")                                                                                  \
  X(ISSUER, 4, "issuer", "统一出件", "Issuer")                                                                                     \
  X(SUPERVISOR, 8, "supervisor", "监督", "Supervisor")                                                                             \
  X(ADMIN, 16, "admin", "系统管理", "Administrator")                                                                               \
  X(APPLICANT, 32, "applicant", "申请人", "Applicant")                                                                             \
  X(RECORDS, 64, "records", "档案管理", "Records officer")                                                                         \
  X(EDITOR, 128, "editor", "目录编辑", "Catalogue editor")                                                                         \
  X(LEGAL, 256, "legal", "合法性审查", "Legal reviewer")

enum account_role {
#define X(name, bit, word, zh, en) ACCOUNT_##name = (bit),
  ACCOUNT_ROLES(X)
#undef X
};
#define ACCOUNT_CENTRE "centre"

/* "clerk" → ACCOUNT_CLERK; 0 for another word. */
unsigned account_role(struct span word);

#define ACCOUNT_STAFF_LIFE (12 * HOUR_MS) /* of a session, whether used or not */
#define ACCOUNT_PERSON_LIFE (24 * HOUR_MS)
#define ACCOUNT_FAILURES_MAX 5        /* so many wrong passwords within ACCOUNT_LOCK … */
#define ACCOUNT_LOCK (15 * MINUTE_MS) /* … close the account for so long */
#define PASSWORD_MIN 10               /* characters */
#define PASSWORD_MAX 128
#define LOGIN_MAX 32

extern const struct kind account_kind;
extern const struct migration account_migrations[];

/* Lower-case ASCII letters, digits, '.', '_', '-', beginning with a letter, 2 to LOGIN_MAX; upper case is taken as lower. */
bool account_login(struct arena *arena, struct span typed, const char **ret);
int64_t account_staff_id(const char *login);            /* the aggregate */
bool account_id_of(const char *actor_id, int64_t *ret); /* of «staff:…» or «person:…» */

/* «3302**********1234»: how a public page shows an identity number. */
char *account_masked(struct arena *arena, const char *identity);

/* ---- passwords ---------------------------------------------------------------------------------------------- */

/* Error weak-password says which rule: PASSWORD_MIN to PASSWORD_MAX characters, not the login, not among the commonest. */
int password_check(const char *login, struct span password, struct error *error);

/* ---- the room while the program runs ------------------------------------------------------------------------ */

struct accounts;

/*
 * Opens KEY_DIR/identity.key (32 random bytes in hex, made when missing, mode 0600); key_dir NULL: for passwords only. At most
 * hashers passwords are hashed at once (19 MiB and about 30 ms of a core each); 0: one a core. Errors: bad-key-file, key-dir.
 */
int accounts_open(const char *key_dir, int hashers, struct accounts **ret, struct error *error);
void accounts_close(struct accounts *accounts);

/* KEY_DIR/web.key, made when missing: 64 hex digits that sign cookies and forms, the same on every node. In the arena. */
int account_web_secret(const char *key_dir, struct arena *arena, char **ret, struct error *error);
/* HMAC of an identity number: whose it is can be told only with the key. */
struct digest accounts_lookup(const struct accounts *accounts, struct span identity);

/* The Argon2id string (m=19456 KiB, t=2, p=1, 16 bytes of salt) to store; in the arena. Waits for its turn. */
const char *accounts_hash(struct accounts *accounts, struct arena *arena, struct span password);
/* stored NULL or "": false, after as long as it takes for one that exists. */
bool accounts_verify(struct accounts *accounts, const char *stored, struct span password);

/* What is needed of whoever sends a command. */
struct account_at {
  struct engine *engine;
  struct db *db; /* for reading */
  struct arena *arena;
  const char *channel; /* "web", "mobile", … */
  moment now;          /* 0: the engine's clock, for commands only */
};

#define TOKEN_TEXT 65
struct signed_in {
  char token[TOKEN_TEXT]; /* for the browser's cookie */
  const char *actor;      /* "staff:zhang", in the arena */
};

/*
 * Checks the password and begins a session. Errors: wrong-credentials (SIGN_IN: also for a login that does not exist, is
 * disabled or has no password; nothing tells which), account-locked (TOO_MANY), and the engine's.
 */
int accounts_sign_in(struct accounts *accounts, const struct account_at *at, struct span login, struct span password,
                     struct signed_in *ret, struct error *error);

/*
 * The same for a person an identity provider vouches for; the account is made on the first visit. Errors: bad-identity,
 * bad-name, other-name (the number is known under another name), account-disabled.
 */
int accounts_sign_in_person(struct accounts *accounts, const struct account_at *at, struct span name, struct span identity,
                            struct signed_in *ret, struct error *error);

/* Needs the password in use; ends all other sessions. Errors: wrong-password, weak-password, account-locked. */
int accounts_change_password(struct accounts *accounts, const struct account_at *at, const char *actor, struct span token,
                             struct span now_used, struct span wanted, struct error *error);

int account_sign_out(const struct account_at *at, const char *actor, struct span token, struct error *error);
int account_end_others(const struct account_at *at, const char *actor, struct span token, struct error *error);

/* ---- reading ------------------------------------------------------------------------------------------------ */

struct account_row {
  int64_t id;
  const char *actor, *login, *name, *agency; /* in the arena; "" where there is none */
  const char *identity;                      /* masked: rows never hold the number itself */
  const char *password;                      /* the stored string */
  unsigned roles;
  bool disabled;
  moment locked_until, created;
};

int account_read(struct db *db, struct arena *arena, int64_t id, struct account_row *ret, struct error *error); /* not-found */
/* The number itself, of a person; "" for staff and where there is no such account. For the person's own applications only. */
const char *account_identity(struct db *db, struct arena *arena, int64_t id);
/* The name of whoever acted, for pages; the id itself where there is no such account («system»). */
const char *account_name(struct db *db, struct arena *arena, const char *actor);
/* The same of several, asking as seldom as may be: ret[i] is the name of actors[i]. */
const char **account_names(struct db *db, struct arena *arena, const char *const *actors, size_t n);
int account_list(struct db *db, struct arena *arena, struct account_row **ret, size_t *ret_n,
                 struct error *error); /* staff by login */

/* Whose session this is: one indexed read. *ret_found false: there is none, it has expired, or the account is disabled. */
int account_of_session(struct db *db, struct arena *arena, struct span token, moment now, struct account_row *ret, bool *ret_found,
                       struct error *error);

struct session_row {
  moment created, expires;
  bool this_one;
};
/* The session of the token first, then the newest; at most 50. */
int account_sessions(struct db *db, struct arena *arena, int64_t id, struct span token, moment now, struct session_row **ret,
                     size_t *ret_n, struct error *error);

/* ---- the sample city ---------------------------------------------------------------------------------------- */

/*
 * Makes the sample city's staff where they are missing: chen and zhou (clerks), an officer for each agency of the catalogue
 * (the login is the agency's id), sun (issuer), wu (supervisor), xu (records), bian and tang (editors), fang (legal), admin; all
 * with one password: the one given, else the one kept in KEY_DIR/sample-password, made at the first start. KEY_DIR/sample-staff.txt
 * says so for people. Both mode 0600.
 */
struct catalog;
int account_sample(struct accounts *accounts, struct engine *engine, const struct catalog *catalog, const char *password_or_null,
                   struct error *error);

/* ---- the sample identity provider ---------------------------------------------------------------------------- */

struct sample_person {
  const char *name, *identity;
};
extern const struct sample_person sample_persons[]; /* ended by {0} */

/* The provider's one-time codes: given for who was vouched for, taken once within two minutes. In memory only. */
#define IDP_CODE_TEXT 33
int idp_give(struct accounts *accounts, struct span name, struct span identity, moment now, char ret_code[IDP_CODE_TEXT],
             struct error *error);
bool idp_take(struct accounts *accounts, struct arena *arena, struct span code, moment now, struct sample_person *ret);

#endif
