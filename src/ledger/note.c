#include "ledger/note.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/text.h"

#define ED25519 1 /* the signature type of the note format */
#define KEY_BYTES 32
#define KEYID_BYTES 4
#define EM_DASH "\xe2\x80\x94 "

struct verifier {
  char name[NOTE_NAME_MAX + 1];
  unsigned char keyid[KEYID_BYTES];
  EVP_PKEY *key;
};

struct signer {
  struct verifier public; /* name and keyid; key holds the private half too */
  char vkey[NOTE_NAME_MAX + 64];
};

bool note_name_valid(struct span name)
{
  if (name.n == 0 || name.n > NOTE_NAME_MAX || !text_utf8(name))
    return false;
  while (name.n) {
    int32_t c = text_next(&name);
    bool space = c <= 0x20 || c == 0x7f || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
                 c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
    if (space || c == '+')
      return false;
  }
  return true;
}

static void compute_keyid(struct span name, const unsigned char *key, unsigned char out[KEYID_BYTES])
{
  struct span parts[] = {name, SPAN("\n\x01"), {(const char *)key, KEY_BYTES}};
  struct digest d = sha256_parts(parts, 3);
  memcpy(out, d.b, KEYID_BYTES);
}

static void set_identity(struct verifier *v, struct span name, const unsigned char *key)
{
  memcpy(v->name, name.p, name.n);
  v->name[name.n] = '\0';
  compute_keyid(name, key, v->keyid);
}

static int bad_key(struct error *error, const char *why)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-key", "签名密钥无效：%s", "The signing key is not valid: %s", why);
}

/* The key bytes of «…+base64(0x01 || key)» after its last plus signs. */
static bool key_bytes(struct arena *arena, struct span base64, struct span *ret)
{
  struct span bytes;
  if (!base64_decode(arena, base64, &bytes) || bytes.n != KEY_BYTES + 1 || bytes.p[0] != ED25519)
    return false;
  *ret = (struct span){bytes.p + 1, KEY_BYTES};
  return true;
}

/* Splits «name+hex8+base64»; base64 itself may hold plus signs, names and hex may not. */
static bool split_key(struct span text, struct span *name, unsigned char keyid[KEYID_BYTES], struct span *base64)
{
  struct span hex;
  if (!span_cut(&text, '+', name) || !span_cut(&text, '+', &hex) || !note_name_valid(*name))
    return false;
  *base64 = text;
  return hex_decode(hex, keyid, KEYID_BYTES);
}

int verifier_open(struct span vkey, struct verifier **ret, struct error *error)
{
  struct arena arena = {0};
  struct span name, base64, key;
  unsigned char keyid[KEYID_BYTES];
  if (!split_key(span_trim(vkey), &name, keyid, &base64) || !key_bytes(&arena, base64, &key)) {
    arena_release(&arena);
    return bad_key(error, "name+hex8+base64");
  }
  struct verifier *v = calloc(1, sizeof *v);
  if (!v)
    abort();
  set_identity(v, name, (const unsigned char *)key.p);
  v->key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)key.p, KEY_BYTES);
  bool right = v->key && memcmp(keyid, v->keyid, KEYID_BYTES) == 0;
  arena_release(&arena);
  if (!right) {
    verifier_free(v);
    return bad_key(error, "key id");
  }
  *ret = v;
  return 0;
}

void verifier_free(struct verifier *verifier)
{
  if (!verifier)
    return;
  EVP_PKEY_free(verifier->key);
  free(verifier);
}

const char *verifier_name(const struct verifier *verifier)
{
  return verifier->name;
}

static struct signer *signer_from_seed(struct span name, const unsigned char seed[KEY_BYTES])
{
  struct arena arena = {0};
  unsigned char key[KEY_BYTES + 1] = {ED25519};
  size_t n = KEY_BYTES;
  struct signer *s = calloc(1, sizeof *s);
  if (!s)
    abort();
  s->public.key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEY_BYTES);
  if (!s->public.key || EVP_PKEY_get_raw_public_key(s->public.key, key + 1, &n) != 1)
    abort();
  set_identity(&s->public, name, key + 1);
  char hex[2 * KEYID_BYTES + 1];
  hex_encode(s->public.keyid, KEYID_BYTES, hex);
  (void)snprintf(s->vkey, sizeof s->vkey, "%s+%s+%s", s->public.name, hex, base64_encode(&arena, key, sizeof key));
  arena_release(&arena);
  return s;
}

void signer_free(struct signer *signer)
{
  if (!signer)
    return;
  EVP_PKEY_free(signer->public.key);
  free(signer);
}

const char *signer_name(const struct signer *signer)
{
  return signer->public.name;
}

const char *signer_vkey(const struct signer *signer)
{
  return signer->vkey;
}

static int io_error(struct error *error, const char *path)
{
  return error_set(error, ERROR_INTERNAL, "no-key", "密钥文件 %s：%s", "Key file %s: %s", path, strerror(errno));
}

static int sync_dir(const char *dir)
{
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int bad = fd < 0 ? -1 : fsync(fd);
  if (fd >= 0)
    close(fd);
  return bad;
}

/* Writes a new key under another name and links it into place: nobody ever reads half a key. */
static int create_key(struct arena *arena, const char *dir, const char *path, struct span name, struct error *error)
{
  unsigned char secret[KEY_BYTES + 1] = {ED25519};
  random_bytes(secret + 1, KEY_BYTES);
  struct signer *s = signer_from_seed(name, secret + 1);
  char hex[2 * KEYID_BYTES + 1];
  hex_encode(s->public.keyid, KEYID_BYTES, hex);
  signer_free(s);
  const char *text =
      arena_printf(arena, "PRIVATE+KEY+%.*s+%s+%s\n", (int)name.n, name.p, hex, base64_encode(arena, secret, sizeof secret));
  const char *fresh = arena_printf(arena, "%s.new", path);
  (void)unlink(fresh);
  int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return io_error(error, fresh);
  bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
  if (close(fd) != 0 || !written || link(fresh, path) != 0 || unlink(fresh) != 0 || sync_dir(dir) != 0)
    return io_error(error, path);
  return 0;
}

static int read_key(struct arena *arena, const char *path, struct span *ret, struct error *error)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return io_error(error, path);
  char *text = arena_alloc(arena, 1024);
  ssize_t n = read(fd, text, 1023);
  close(fd);
  if (n < 0)
    return io_error(error, path);
  *ret = span_trim((struct span){text, (size_t)n});
  return 0;
}

static int parse_private(struct arena *arena, struct span text, const char *name, struct signer **ret, struct error *error)
{
  const char prefix[] = "PRIVATE+KEY+";
  struct span found, base64, seed;
  unsigned char keyid[KEYID_BYTES];
  if (!span_starts(text, prefix))
    return bad_key(error, "PRIVATE+KEY+…");
  text.p += strlen(prefix);
  text.n -= strlen(prefix);
  if (!split_key(text, &found, keyid, &base64) || !key_bytes(arena, base64, &seed))
    return bad_key(error, "PRIVATE+KEY+name+hex8+base64");
  if (!span_is(found, name))
    return error_set(error, ERROR_BAD_INPUT, "key-name", "密钥属于“%.*s”，不是“%s”", "The key belongs to “%.*s”, not to “%s”",
                     (int)found.n, found.p, name);
  struct signer *s = signer_from_seed(found, (const unsigned char *)seed.p);
  if (memcmp(keyid, s->public.keyid, KEYID_BYTES) != 0) {
    signer_free(s);
    return bad_key(error, "key id");
  }
  *ret = s;
  return 0;
}

static int open_signer(struct arena *arena, const char *dir, const char *file, const char *name, bool create, struct signer **ret,
                       struct error *error)
{
  const char *path = arena_printf(arena, "%s/%s.key", dir, file);
  if (!note_name_valid(span_of(name)))
    return bad_key(error, "name");
  if (create && access(path, F_OK) != 0) {
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
      return io_error(error, dir);
    if (create_key(arena, dir, path, span_of(name), error))
      return -1;
  }
  struct span text;
  if (read_key(arena, path, &text, error))
    return -1;
  return parse_private(arena, text, name, ret, error) ? error_at(error, "%s", path) : 0;
}

int signer_open(const char *dir, const char *file, const char *name, bool create, struct signer **ret, struct error *error)
{
  struct arena arena = {0};
  int bad = open_signer(&arena, dir, file, name, create, ret, error);
  arena_release(&arena);
  return bad;
}

char *signer_sign(const struct signer *signer, struct arena *arena, struct span text)
{
  unsigned char blob[KEYID_BYTES + NOTE_SIGNATURE_BYTES];
  size_t n = NOTE_SIGNATURE_BYTES;
  memcpy(blob, signer->public.keyid, KEYID_BYTES);
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, signer->public.key) != 1 ||
      EVP_DigestSign(ctx, blob + KEYID_BYTES, &n, (const unsigned char *)text.p, text.n) != 1)
    abort();
  EVP_MD_CTX_free(ctx);
  return base64_encode(arena, blob, sizeof blob);
}

static bool blob_check(const struct verifier *v, struct span text, const unsigned char *signature)
{
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  if (!ctx)
    abort();
  bool ok = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, v->key) == 1 &&
            EVP_DigestVerify(ctx, signature, NOTE_SIGNATURE_BYTES, (const unsigned char *)text.p, text.n) == 1;
  EVP_MD_CTX_free(ctx);
  return ok;
}

bool verifier_check(const struct verifier *verifier, struct arena *arena, struct span text, struct span signature_base64)
{
  struct span blob;
  if (!base64_decode(arena, signature_base64, &blob) || blob.n != KEYID_BYTES + NOTE_SIGNATURE_BYTES)
    return false;
  return memcmp(blob.p, verifier->keyid, KEYID_BYTES) == 0 &&
         blob_check(verifier, text, (const unsigned char *)blob.p + KEYID_BYTES);
}

struct span note_sign(struct arena *arena, struct span text, const struct signer *signer)
{
  return span_of(
      arena_printf(arena, "%.*s\n" EM_DASH "%s %s\n", (int)text.n, text.p, signer->public.name, signer_sign(signer, arena, text)));
}

/* The last empty line divides text and signatures. */
static bool split_note(struct span note, struct span *text, struct span *lines)
{
  if (note.n < 2 || note.p[note.n - 1] != '\n' || !text_utf8(note))
    return false;
  for (size_t i = note.n - 1; i-- > 0;)
    if (note.p[i] == '\n' && note.p[i + 1] == '\n') {
      *text = (struct span){note.p, i + 1};
      *lines = (struct span){note.p + i + 2, note.n - i - 2};
      return lines->n > 0;
    }
  return false;
}

/* 1 signed by the verifier's key, 0 by another, -1 not a signature line or a failing one */
static int check_line(struct arena *arena, struct span line, struct span text, const struct verifier *v)
{
  struct span name, blob;
  if (!span_starts(line, EM_DASH))
    return -1;
  line.p += strlen(EM_DASH);
  line.n -= strlen(EM_DASH);
  if (!span_cut(&line, ' ', &name) || !note_name_valid(name) || !base64_decode(arena, line, &blob) || blob.n <= KEYID_BYTES)
    return -1;
  if (!span_is(name, v->name) || memcmp(blob.p, v->keyid, KEYID_BYTES) != 0)
    return 0;
  return blob.n == KEYID_BYTES + NOTE_SIGNATURE_BYTES && blob_check(v, text, (const unsigned char *)blob.p + KEYID_BYTES) ? 1 : -1;
}

int note_open(struct arena *arena, struct span note, const struct verifier *verifier, struct span *ret_text, struct error *error)
{
  struct span text, lines, line;
  if (!split_note(note, &text, &lines))
    return error_set(error, ERROR_BAD_INPUT, "bad-note", "签名文本格式无效", "The signed note is malformed");
  bool found = false;
  while (span_cut(&lines, '\n', &line)) {
    int signed_by = check_line(arena, line, text, verifier);
    if (signed_by < 0)
      return error_set(error, ERROR_BAD_INPUT, "bad-signature", "“%s”的签名无效", "The signature of “%s” is not valid",
                       verifier->name);
    found = found || signed_by > 0;
  }
  if (!found)
    return error_set(error, ERROR_BAD_INPUT, "unsigned-note", "没有“%s”的签名", "There is no signature of “%s”", verifier->name);
  *ret_text = text;
  return 0;
}
