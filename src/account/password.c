/*
 * Passwords: what may be one, and Argon2id (RFC 9106) with the parameters of the OWASP Password Storage Cheat Sheet.
 */
#include "account/internal.h"

#include <argon2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"

#define MEMORY_KIB 19456
#define PASSES 2
#define LANES 1
#define SALT_BYTES 16
#define HASH_BYTES 32

/* The commonest of at least PASSWORD_MIN characters in public lists of leaked passwords, and what this place suggests. */
static const char *const commonest[] = {
    "1234567890",    "0123456789",    "0987654321",   "12345678910", "123456789a",    "a123456789",    "1234567891",
    "1q2w3e4r5t",    "1q2w3e4r5t6y",  "1qaz2wsx3edc", "qwertyuiop",  "qwertyuiop123", "qwerty12345",   "qwerty123456",
    "q1w2e3r4t5",    "q1w2e3r4t5y6",  "zaq12wsxcde3", "asdfghjkl1",  "asdfghjkl123",  "password12",    "password123",
    "password1234",  "password12345", "passw0rd123",  "p@ssw0rd123", "p@ssword123",   "administrator", "admin12345",
    "admin123456",   "admin@12345",   "iloveyou123",  "iloveyou12",  "abcd123456",    "abc1234567",    "abcdefghij",
    "1122334455",    "1234512345",    "12345qwert",   "5201314520",  "5201314521",    "woaini1314",    "woaini520",
    "woaini1314520", "woaini5201314", "1314520520",   "7758521521",  "147258369a",    "1472583690",    "123123123a",
    "123321123321",  "ningbo123456",  "ningbo12345",  "zhejiang123", "onevisit123",   "onevisit1234",  "zuiduopaoyici",
    "changeme123",   "welcome123",    "letmein1234",  "1q2w3e4r5t!", "qazwsxedcrfv",  "superadmin1",   "superman123",
};

static bool is_common(struct span password)
{
  for (size_t i = 0; i < sizeof commonest / sizeof *commonest; i++)
    if (password.n == strlen(commonest[i]) && strncasecmp(password.p, commonest[i], password.n) == 0)
      return true;
  size_t same = 1;
  while (same < password.n && password.p[same] == password.p[0])
    same++;
  return same == password.n;
}

/* What nobody can type into a form's one line is a mistake in a script. */
static bool one_line(struct span s)
{
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] < 0x20)
      return false;
  return text_plain(s);
}

int password_check(const char *login, struct span password, struct error *error)
{
  size_t n = text_length(password);
  if (!one_line(password) || n > PASSWORD_MAX)
    return error_set(error, ERROR_BAD_INPUT, "weak-password", "密码最多 %d 个字符，不能含有控制字符",
                     "A password has at most %d characters, and no control characters", PASSWORD_MAX);
  if (n < PASSWORD_MIN)
    return error_set(error, ERROR_BAD_INPUT, "weak-password", "密码至少 %d 个字符；几个不相干的词最容易记住",
                     "A password has at least %d characters; a few unrelated words are easiest to remember", PASSWORD_MIN);
  if (password.n == strlen(login) && strncasecmp(password.p, login, password.n) == 0)
    return error_set(error, ERROR_BAD_INPUT, "weak-password", "密码不能与登录名相同", "The password must not be the login name");
  if (is_common(password))
    return error_set(error, ERROR_BAD_INPUT, "weak-password", "这个密码太常见，容易被猜到，请换一个",
                     "This password is among the commonest and easily guessed: choose another");
  return 0;
}

/* ---- Argon2id ---- */

static void take_turn(struct accounts *accounts)
{
  while (sem_wait(&accounts->hashing) != 0)
    ; /* a signal */
}

const char *accounts_hash(struct accounts *accounts, struct arena *arena, struct span password)
{
  unsigned char salt[SALT_BYTES];
  char *text = arena_alloc(arena, argon2_encodedlen(PASSES, MEMORY_KIB, LANES, SALT_BYTES, HASH_BYTES, Argon2_id));
  random_bytes(salt, sizeof salt);
  take_turn(accounts);
  int bad =
      argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.p ? password.p : "", password.n, salt, sizeof salt, HASH_BYTES,
                            text, argon2_encodedlen(PASSES, MEMORY_KIB, LANES, SALT_BYTES, HASH_BYTES, Argon2_id));
  (void)sem_post(&accounts->hashing);
  if (bad != ARGON2_OK) /* only where the machine has no 19 MiB: as an arena that finds none */
    abort();
  return text;
}

/* Of no password: checked where there is none to check, so that the time does not tell which logins exist. */
static const char of_nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool accounts_verify(struct accounts *accounts, const char *stored, struct span password)
{
  bool exists = stored && *stored;
  take_turn(accounts);
  int answer = argon2id_verify(exists ? stored : of_nobody, password.p ? password.p : "", password.n);
  (void)sem_post(&accounts->hashing);
  return exists && answer == ARGON2_OK;
}

/* ---- the room's own secrets ---- */

#define IDENTITY_KEY "identity.key"

static int load_key(struct accounts *accounts, struct arena *arena, struct error *error)
{
  char *text, fresh[2 * DIGEST_BYTES + 2];
  unsigned char random[DIGEST_BYTES];
  if (secret_read(accounts->key_dir, IDENTITY_KEY, arena, &text, error))
    return -1;
  if (!text) {
    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, fresh);
    fresh[2 * DIGEST_BYTES] = '\n';
    if (secret_write(accounts->key_dir, IDENTITY_KEY, (struct span){fresh, 2 * DIGEST_BYTES + 1}, false, error) ||
        secret_read(accounts->key_dir, IDENTITY_KEY, arena, &text, error))
      return -1;
    explicit_bzero(fresh, sizeof fresh);
    explicit_bzero(random, sizeof random);
  }
  if (!text || !hex_decode(span_trim(span_of(text)), accounts->identity_key.b, DIGEST_BYTES)) {
    (void)error_set(error, ERROR_INTERNAL, "bad-key-file", "身份号码密钥文件已损坏，请从备份恢复",
                    "The key file of identity numbers is damaged: restore it from a backup");
    return error_at(error, "%s/" IDENTITY_KEY, accounts->key_dir);
  }
  return 0;
}

int accounts_open(const char *key_dir, int hashers, struct accounts **ret, struct error *error)
{
  struct accounts *accounts = calloc(1, sizeof *accounts);
  struct arena arena = {0};
  if (!accounts || (key_dir && !(accounts->key_dir = strdup(key_dir))))
    abort();
  long cores = hashers > 0 ? hashers : sysconf(_SC_NPROCESSORS_ONLN);
  (void)sem_init(&accounts->hashing, 0, cores > 0 ? (unsigned)cores : 1);
  pthread_mutex_init(&accounts->lock, NULL);
  int bad = key_dir ? load_key(accounts, &arena, error) : 0;
  arena_release(&arena);
  if (bad) {
    accounts_close(accounts);
    return -1;
  }
  *ret = accounts;
  return 0;
}

void accounts_close(struct accounts *accounts)
{
  if (!accounts)
    return;
  (void)sem_destroy(&accounts->hashing);
  pthread_mutex_destroy(&accounts->lock);
  free(accounts->key_dir);
  explicit_bzero(accounts, sizeof *accounts);
  free(accounts);
}
