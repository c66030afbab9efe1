#include <stdlib.h>
#include <string.h>

#include "witness/internal.h"

#define SM3_SUFFIX "/sm3"

enum merkle_hash tree_of(const char *origin)
{
  size_t n = strlen(origin), m = strlen(SM3_SUFFIX);
  return n > m && strcmp(origin + n - m, SM3_SUFFIX) == 0 ? MERKLE_SM3 : MERKLE_SHA256;
}

int trusted_key(const char *vkey, struct verifier **ret, struct error *error)
{
  struct verifier *key;
  if (verifier_open(span_of(vkey), &key, error))
    return error_at(error, "--log %.150s", vkey);
  if (verifier_algorithm(key) == NOTE_COSIGNATURE) {
    verifier_free(key);
    return error_set(error, ERROR_BAD_INPUT, "bad-key", "“%.150s”是见证者的公钥，不是账本的公钥",
                     "“%.150s” is the key of a witness, not of a log", vkey);
  }
  *ret = key;
  return 0;
}

void trusted_add(struct trusted *trusted, struct verifier *key)
{
  struct verifier **keys = realloc(trusted->keys, (trusted->n + 1) * sizeof(struct verifier *));
  if (!keys)
    abort();
  trusted->keys = keys;
  trusted->keys[trusted->n++] = key;
}

void trusted_release(struct trusted *trusted)
{
  for (size_t i = 0; i < trusted->n; i++)
    verifier_free(trusted->keys[i]);
  free(trusted->keys);
  *trusted = (struct trusted){0};
}

int trusted_signed(const struct trusted *trusted, const struct note *note, struct error *error)
{
  int any = 0;
  for (size_t i = 0; i < trusted->n; i++) {
    int one = note_signed_by(note, trusted->keys[i], NULL, error);
    if (one < 0)
      return -1;
    any |= one;
  }
  return any;
}

bool trusted_line(const struct trusted *trusted, const struct note_line *line)
{
  for (size_t i = 0; i < trusted->n; i++)
    if (span_is(line->name, verifier_name(trusted->keys[i])) &&
        memcmp(line->keyid, verifier_keyid(trusted->keys[i]), NOTE_KEYID_BYTES) == 0)
      return true;
  return false;
}
