#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/text.h"
#include "ledger/note.h"

#define SECRET_BYTES NOTE_SECRET_BYTES
#define SM2_LABEL "gov/sm2-sm3/v1"
#define SM2_LABEL_BYTES (sizeof SM2_LABEL - 1)
#define SM2_POINT_BYTES 65
#define SM2_ID "1234567812345678" /* GM/T 0009: where the parties have agreed on none */
#define PUBLIC_MAX (1 + SM2_LABEL_BYTES + SM2_POINT_BYTES)
#define VKEY_MAX (NOTE_NAME_MAX + 128)
#define PRIVATE_PREFIX "PRIVATE+KEY+"

struct verifier {
  char name[NOTE_NAME_MAX + 1];
  enum note_algorithm algorithm;
  unsigned char keyid[NOTE_KEYID_BYTES];
  unsigned char public[PUBLIC_MAX]; /* the algorithm's byte and what follows it */
  size_t public_n;
  char vkey[VKEY_MAX];
  EVP_PKEY *key; /* a signer's holds the private half too */
};

struct signer {
  struct verifier public;
};

/* ---- what differs between the algorithms ---- */

static size_t label_bytes(enum note_algorithm algorithm)
{
  return algorithm == NOTE_SM2 ? SM2_LABEL_BYTES : 0;
}

static size_t public_bytes(enum note_algorithm algorithm)
{
  return algorithm == NOTE_SM2 ? SM2_POINT_BYTES : 32;
}

/* Takes «algorithm || label || n bytes» apart. */
static bool split_typed(struct span typed, size_t (*bytes_of)(enum note_algorithm), enum note_algorithm *ret_algorithm,
                        struct span *ret)
{
  unsigned type = typed.n ? (unsigned char)typed.p[0] : 0;
  if (type != NOTE_ED25519 && type != NOTE_COSIGNATURE && type != NOTE_SM2)
    return false;
  enum note_algorithm algorithm = (enum note_algorithm)type;
  size_t before = 1 + label_bytes(algorithm);
  if (typed.n != before + bytes_of(algorithm) || memcmp(typed.p + 1, SM2_LABEL, before - 1) != 0)
    return false;
  *ret_algorithm = algorithm;
  *ret = (struct span){typed.p + before, typed.n - before};
  return true;
}

static size_t join_typed(enum note_algorithm algorithm, const unsigned char *bytes, size_t n, unsigned char *out)
{
  size_t before = 1 + label_bytes(algorithm);
  out[0] = (unsigned char)algorithm;
  memcpy(out + 1, SM2_LABEL, before - 1);
  memcpy(out + before, bytes, n);
  return before + n;
}

static size_t secret_bytes(enum note_algorithm algorithm)
{
  (void)algorithm;
  return SECRET_BYTES;
}

/* An SM2 key of its point and, where secret is not NULL, its scalar; NULL where they are none. */
static EVP_PKEY *sm2_key(const unsigned char point[SM2_POINT_BYTES], const BIGNUM *secret)
{
  EVP_PKEY *key = NULL;
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
  if (!build || !ctx || !OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) ||
      !OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, SM2_POINT_BYTES) ||
      (secret && !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret)))
    abort();
  OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
  if (!params || EVP_PKEY_fromdata_init(ctx) != 1)
    abort();
  if (EVP_PKEY_fromdata(ctx, &key, secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1)
    key = NULL;
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(build);
  EVP_PKEY_CTX_free(ctx);
  return key;
}

/* NULL where the scalar is not 1 … n-2. */
static EVP_PKEY *sm2_from_secret(const unsigned char secret[SECRET_BYTES], unsigned char point[SM2_POINT_BYTES])
{
  EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
  BIGNUM *d = BN_bin2bn(secret, SECRET_BYTES, NULL), *last = group ? BN_dup(EC_GROUP_get0_order(group)) : NULL;
  EC_POINT *q = group ? EC_POINT_new(group) : NULL;
  EVP_PKEY *key = NULL;
  if (!d || !last || !q || !BN_sub_word(last, 1))
    abort();
  if (!BN_is_zero(d) && BN_cmp(d, last) < 0) {
    if (!EC_POINT_mul(group, q, d, NULL, NULL, NULL) ||
        EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED, point, SM2_POINT_BYTES, NULL) != SM2_POINT_BYTES)
      abort();
    key = sm2_key(point, d);
  }
  EC_POINT_free(q);
  BN_clear_free(d);
  BN_free(last);
  EC_GROUP_free(group);
  return key;
}

static EVP_PKEY *key_from_public(enum note_algorithm algorithm, const unsigned char *public)
{
  if (algorithm == NOTE_SM2)
    return public[0] == POINT_CONVERSION_UNCOMPRESSED ? sm2_key(public, NULL) : NULL;
  return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, 32);
}

static EVP_PKEY *key_from_secret(enum note_algorithm algorithm, const unsigned char secret[SECRET_BYTES], unsigned char *ret_public)
{
  if (algorithm == NOTE_SM2)
    return sm2_from_secret(secret, ret_public);
  size_t n = 32;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, SECRET_BYTES);
  if (!key || EVP_PKEY_get_raw_public_key(key, ret_public, &n) != 1)
    abort();
  return key;
}

/* ---- names and ids ---- */

bool note_name_valid(struct span name)
{
  if (name.n == 0 || !text_utf8(name))
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

static void set_identity(struct verifier *v, struct span name, enum note_algorithm algorithm, const unsigned char *public)
{
  struct arena arena = {0};
  char hex[2 * NOTE_KEYID_BYTES + 1];
  v->algorithm = algorithm;
  memcpy(v->name, name.p, name.n);
  v->name[name.n] = '\0';
  v->public_n = join_typed(algorithm, public, public_bytes(algorithm), v->public);
  struct span parts[] = {name, SPAN("\n"), {(const char *)v->public, v->public_n}};
  struct digest d = sha256_parts(parts, 3);
  memcpy(v->keyid, d.b, NOTE_KEYID_BYTES);
  hex_encode(v->keyid, NOTE_KEYID_BYTES, hex);
  (void)snprintf(v->vkey, sizeof v->vkey, "%s+%s+%s", v->name, hex, base64_encode(&arena, v->public, v->public_n));
  arena_release(&arena);
}

static int bad_key(struct error *error, const char *why)
{
  return error_set(error, ERROR_BAD_INPUT, "bad-key", "签名密钥无效：%s", "The signing key is not valid: %s", why);
}

/* Splits «name+hex8+base64»; base64 itself may hold plus signs, names and hex may not. */
static bool split_key(struct arena *arena, struct span text, struct span *ret_name, unsigned char ret_keyid[NOTE_KEYID_BYTES],
                      struct span *ret_typed)
{
  struct span hex;
  return span_cut(&text, '+', ret_name) && span_cut(&text, '+', &hex) && note_name_valid(*ret_name) &&
         ret_name->n <= NOTE_NAME_MAX && hex_decode(hex, ret_keyid, NOTE_KEYID_BYTES) && base64_decode(arena, text, ret_typed);
}

/* ---- public keys ---- */

static int parse_public(struct arena *arena, struct span vkey, struct verifier *v, struct error *error)
{
  struct span name, typed, public;
  unsigned char keyid[NOTE_KEYID_BYTES];
  enum note_algorithm algorithm;
  if (!split_key(arena, vkey, &name, keyid, &typed) || !split_typed(typed, public_bytes, &algorithm, &public))
    return bad_key(error, "name+hex8+base64");
  set_identity(v, name, algorithm, (const unsigned char *)public.p);
  if (memcmp(keyid, v->keyid, NOTE_KEYID_BYTES) != 0)
    return bad_key(error, "key id");
  v->key = key_from_public(algorithm, (const unsigned char *)public.p);
  return v->key ? 0 : bad_key(error, "point");
}

int verifier_open(struct span vkey, struct verifier **ret, struct error *error)
{
  struct arena arena = {0};
  struct verifier *v = calloc(1, sizeof *v);
  if (!v)
    abort();
  int bad = parse_public(&arena, span_trim(vkey), v, error);
  arena_release(&arena);
  if (bad)
    verifier_free(v);
  else
    *ret = v;
  return bad;
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

const char *verifier_vkey(const struct verifier *verifier)
{
  return verifier->vkey;
}

enum note_algorithm verifier_algorithm(const struct verifier *verifier)
{
  return verifier->algorithm;
}

const unsigned char *verifier_keyid(const struct verifier *verifier)
{
  return verifier->keyid;
}

bool verifier_same_key(const struct verifier *a, const struct verifier *b)
{
  return EVP_PKEY_eq(a->key, b->key) == 1;
}

/* ---- private keys ---- */

/* NULL where the secret is none of the algorithm. */
static struct signer *from_secret(struct span name, enum note_algorithm algorithm, const unsigned char secret[SECRET_BYTES])
{
  unsigned char public[SM2_POINT_BYTES];
  EVP_PKEY *key = key_from_secret(algorithm, secret, public);
  if (!key)
    return NULL;
  struct signer *s = calloc(1, sizeof *s);
  if (!s)
    abort();
  s->public.key = key;
  set_identity(&s->public, name, algorithm, public);
  return s;
}

static int parse_private(struct arena *arena, struct span text, struct signer **ret, struct error *error)
{
  struct span name, typed, secret;
  unsigned char keyid[NOTE_KEYID_BYTES];
  enum note_algorithm algorithm;
  if (!span_starts(text, PRIVATE_PREFIX))
    return bad_key(error, "PRIVATE+KEY+…");
  text.p += strlen(PRIVATE_PREFIX);
  text.n -= strlen(PRIVATE_PREFIX);
  if (!split_key(arena, text, &name, keyid, &typed) || !split_typed(typed, secret_bytes, &algorithm, &secret))
    return bad_key(error, "PRIVATE+KEY+name+hex8+base64");
  struct signer *s = from_secret(name, algorithm, (const unsigned char *)secret.p);
  if (!s || memcmp(keyid, s->public.keyid, NOTE_KEYID_BYTES) != 0) {
    signer_free(s);
    return bad_key(error, "key id");
  }
  *ret = s;
  return 0;
}

int signer_from_secret(struct span name, enum note_algorithm algorithm, const unsigned char secret[NOTE_SECRET_BYTES],
                       struct signer **ret, struct error *error)
{
  struct signer *s = note_name_valid(name) && name.n <= NOTE_NAME_MAX ? from_secret(name, algorithm, secret) : NULL;
  if (!s)
    return bad_key(error, "name, secret");
  *ret = s;
  return 0;
}

int signer_parse(struct span text, struct signer **ret, struct error *error)
{
  struct arena arena = {0};
  int bad = parse_private(&arena, span_trim(text), ret, error);
  arena_release(&arena);
  return bad;
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
  return signer->public.vkey;
}

enum note_algorithm signer_algorithm(const struct signer *signer)
{
  return signer->public.algorithm;
}

const struct verifier *signer_public(const struct signer *signer)
{
  return &signer->public;
}

/* ---- key files ---- */

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

/* The text of a new key's file. */
static const char *new_key(struct arena *arena, struct span name, enum note_algorithm algorithm)
{
  unsigned char secret[SECRET_BYTES], typed[1 + SM2_LABEL_BYTES + SECRET_BYTES];
  struct signer *s = NULL;
  while (!s) {
    random_bytes(secret, sizeof secret);
    s = from_secret(name, algorithm, secret);
  }
  size_t n = join_typed(algorithm, secret, sizeof secret, typed);
  char hex[2 * NOTE_KEYID_BYTES + 1];
  hex_encode(s->public.keyid, NOTE_KEYID_BYTES, hex);
  signer_free(s);
  return arena_printf(arena, PRIVATE_PREFIX "%.*s+%s+%s\n", (int)name.n, name.p, hex, base64_encode(arena, typed, n));
}

/* Writes a new key under another name and links it into place: nobody ever reads half a key. */
static int create_key(struct arena *arena, const char *dir, const char *path, struct span name, enum note_algorithm algorithm,
                      struct error *error)
{
  const char *text = new_key(arena, name, algorithm);
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

static int check_key(const struct signer *s, const char *name, enum note_algorithm algorithm, struct error *error)
{
  if (strcmp(s->public.name, name) != 0)
    return error_set(error, ERROR_BAD_INPUT, "key-name", "密钥属于“%s”，不是“%s”", "The key belongs to “%s”, not to “%s”",
                     s->public.name, name);
  if (s->public.algorithm != algorithm)
    return error_set(error, ERROR_BAD_INPUT, "key-algorithm", "密钥的算法是 %02x，此处要 %02x",
                     "The key is of algorithm %02x, and %02x is wanted here", (unsigned)s->public.algorithm, (unsigned)algorithm);
  return 0;
}

static int open_signer(struct arena *arena, const char *dir, const char *path, const char *name, enum note_algorithm algorithm,
                       bool create, struct signer **ret, struct error *error)
{
  struct span text;
  struct signer *s = NULL;
  if (!note_name_valid(span_of(name)) || strlen(name) > NOTE_NAME_MAX)
    return bad_key(error, "name");
  if (create && access(path, F_OK) != 0) {
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
      return io_error(error, dir);
    if (create_key(arena, dir, path, span_of(name), algorithm, error))
      return -1;
  }
  if (read_key(arena, path, &text, error))
    return -1;
  if (parse_private(arena, text, &s, error) || !s)
    return error_at(error, "%s", path);
  if (check_key(s, name, algorithm, error)) {
    signer_free(s);
    return error_at(error, "%s", path);
  }
  *ret = s;
  return 0;
}

int signer_open_as(const char *dir, const char *file, const char *name, enum note_algorithm algorithm, bool create,
                   struct signer **ret, struct error *error)
{
  struct arena arena = {0};
  int bad = open_signer(&arena, dir, arena_printf(&arena, "%s/%s.key", dir, file), name, algorithm, create, ret, error);
  arena_release(&arena);
  return bad;
}

int signer_open(const char *dir, const char *file, const char *name, bool create, struct signer **ret, struct error *error)
{
  return signer_open_as(dir, file, name, NOTE_ED25519, create, ret, error);
}

/* ---- signatures ---- */

/* SM2 wants its digest and the signer's ID; Ed25519 neither. *ret_pkey is freed with pkey_ctx's owner, by finish(). */
static EVP_MD_CTX *begin(const struct verifier *v, bool sign, EVP_PKEY_CTX **ret_pkey)
{
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  EVP_PKEY_CTX *pkey = NULL;
  const EVP_MD *digest = NULL;
  if (!ctx)
    abort();
  if (v->algorithm == NOTE_SM2) {
    pkey = EVP_PKEY_CTX_new_from_pkey(NULL, v->key, NULL);
    if (!pkey || EVP_PKEY_CTX_set1_id(pkey, SM2_ID, sizeof SM2_ID - 1) != 1)
      abort();
    EVP_MD_CTX_set_pkey_ctx(ctx, pkey);
    digest = EVP_sm3();
  }
  int ok = sign ? EVP_DigestSignInit(ctx, NULL, digest, NULL, v->key) : EVP_DigestVerifyInit(ctx, NULL, digest, NULL, v->key);
  if (ok != 1)
    abort();
  *ret_pkey = pkey;
  return ctx;
}

static void finish(EVP_MD_CTX *ctx, EVP_PKEY_CTX *pkey)
{
  EVP_MD_CTX_free(ctx);
  EVP_PKEY_CTX_free(pkey);
}

#define SM2_DER_MAX 80 /* SEQUENCE { r, s } */

/* OpenSSL writes SEQUENCE { r, s }, the note r || s. */
static void from_der(const unsigned char *der, size_t n, unsigned char out[NOTE_SIGNATURE_BYTES])
{
  ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
  if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) != 32 || BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) != 32)
    abort();
  ECDSA_SIG_free(sig);
}

static size_t to_der(const unsigned char signature[NOTE_SIGNATURE_BYTES], unsigned char der[SM2_DER_MAX])
{
  ECDSA_SIG *sig = ECDSA_SIG_new();
  BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);
  if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1)
    abort();
  int n = i2d_ECDSA_SIG(sig, &der);
  ECDSA_SIG_free(sig);
  return n > 0 ? (size_t)n : 0;
}

void signer_bare(const struct signer *signer, struct span bytes, unsigned char out[NOTE_SIGNATURE_BYTES])
{
  unsigned char der[SM2_DER_MAX];
  bool sm2 = signer->public.algorithm == NOTE_SM2;
  size_t n = sm2 ? sizeof der : NOTE_SIGNATURE_BYTES;
  EVP_PKEY_CTX *pkey;
  EVP_MD_CTX *ctx = begin(&signer->public, true, &pkey);
  if (EVP_DigestSign(ctx, sm2 ? der : out, &n, (const unsigned char *)bytes.p, bytes.n) != 1)
    abort();
  finish(ctx, pkey);
  if (sm2)
    from_der(der, n, out);
}

bool verifier_bare(const struct verifier *verifier, struct span bytes, const unsigned char signature[NOTE_SIGNATURE_BYTES])
{
  unsigned char der[SM2_DER_MAX];
  bool sm2 = verifier->algorithm == NOTE_SM2;
  size_t n = sm2 ? to_der(signature, der) : NOTE_SIGNATURE_BYTES;
  EVP_PKEY_CTX *pkey;
  EVP_MD_CTX *ctx = begin(verifier, false, &pkey);
  bool ok = EVP_DigestVerify(ctx, sm2 ? der : signature, n, (const unsigned char *)bytes.p, bytes.n) == 1;
  finish(ctx, pkey);
  return ok;
}

char *signer_sign(const struct signer *signer, struct arena *arena, struct span text)
{
  unsigned char blob[NOTE_KEYID_BYTES + NOTE_SIGNATURE_BYTES];
  memcpy(blob, signer->public.keyid, NOTE_KEYID_BYTES);
  signer_bare(signer, text, blob + NOTE_KEYID_BYTES);
  return base64_encode(arena, blob, sizeof blob);
}

bool verifier_check(const struct verifier *verifier, struct arena *arena, struct span text, struct span signature_base64)
{
  struct span blob;
  if (verifier->algorithm == NOTE_COSIGNATURE || !base64_decode(arena, signature_base64, &blob) ||
      blob.n != NOTE_KEYID_BYTES + NOTE_SIGNATURE_BYTES)
    return false;
  return memcmp(blob.p, verifier->keyid, NOTE_KEYID_BYTES) == 0 &&
         verifier_bare(verifier, text, (const unsigned char *)blob.p + NOTE_KEYID_BYTES);
}
